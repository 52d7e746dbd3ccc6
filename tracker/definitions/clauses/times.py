"""Deadlines, periods and lengths of time in a text that is normalised.

Days without a year are of the programme's year; nothing is guessed from a calendar of the machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal

from schedules.workdays import WorkCalendar
from tracker.definitions.clauses.dates import (
    ALSO,
    BEFORE,
    DAY,
    ENDS,
    MONTH,
    PART,
    TIME,
    YEAR,
    Day,
    Length,
    Stage,
    Timed,
    Times,
    integer,
    last_of,
)
from tracker.definitions.clauses.measures import TIME_MEASURES, TIMES
from tracker.definitions.clauses.numerals import DIGITS, number_of
from tracker.definitions.clauses.numerals import NUMBER as N
from tracker.definitions.clauses.periods import periods_of

DATE = re.compile(
    rf"(?P<year>{YEAR})?(?:"
    rf"(?P<month>(?<!\d){MONTH})月(?:份)?(?:的?(?P<day>{DAY})[日号]|(?P<part>{PART})|(?=(?:份)?{BEFORE}))"
    rf"|(?P<upto>(?<!\d)1月?(?:份)?[-至到]{MONTH}月(?:份)?|前三季度)(?=[^，。；\d]{{0,8}}?(?:完成|达|实现|不低于|不少于))"
    rf"|(?P<half>上半年|下半年)(?:底|末)?"
    rf"|(?:第)?(?P<quarter>[一二三四1-4])季度(?:末|底)?(?!{N})"
    rf"|(?P<end>年底|年末|年终|年内|年度内|年前|全年(?=累计?完成\D{{0,6}}\d|完成\D{{0,6}}\d|达))"
    rf")(?P<before>(?:24时|24:00|24点)?{BEFORE})?"
    rf"|(?P<iso>(?<!\d)(?P<y>\d{{4}})[-./年](?P<m>1[0-2]|0?[1-9])[-./月](?P<d>3[01]|[12]\d|0?[1-9])日?(?!\d))(?P<before2>{BEFORE})?"
    rf"|(?P<yearend>\d{{4}}年)(?:底|末)?(?P<before3>{BEFORE})"
    rf"|(?<=[日旬底末][、和及至与])(?P<alone>{DAY})[日号](?P<before4>{BEFORE})?"
)
MONTHS_BEFORE = re.compile(
    rf"(?P<mark>^|(?<=[。；\n]))?(?<![\d.一二三四五六七八九十])(?:{MONTH}月?(?:份)?(?:{PART})?{ALSO}){{1,11}}$"
)
MONTH_NAME = re.compile(MONTH)
DURATION = re.compile(
    rf"(?P<lead>连续|提前|(?:延长|缩短|压缩)[至到为]|在|于|超过|超|逾期|推迟|延迟)?(?P<n>{N})(?P<unit>{TIME})(?P<within>之内|以内|内|(?=不|没有|未|无|没))?"
)
LIMIT_BEFORE = re.compile(
    r"(?:(?:时限|期限)(?:为|是|压减[至到]|压缩[至到]|缩短[至到])|不得?[迟晚]于[^，。；、\d]{0,6})$"
)
NOT_DUE_AFTER = re.compile(
    r"(?:期间|之间|起|以来|开始|后|(?:印发|召开|发布)(?![^，。；]{0,8}次)|至|-|的?(?:基础|数据|水平|同期|环境日|宣传|基数|存量|在册))"
)
NO_DEADLINE = re.compile(
    r"(?:的)?(?:考核|评价|督查|检查|通报|排名|测评|考评|余额|总量|人口|资产|总结|述职|绩效|奖|决算)(?!前|不|每)"
)
"""年终考核, 12月末余额: named by a day, not due on it."""
NOT_DUE_BEFORE = re.compile(r"(?:自|从|较|比|[低高优大小少多]于|与|对|截至)$")
DUTY_AFTER = re.compile(
    r"[^，。；]{0,24}(?:完成|报送|上报|提交|建成|达|开工|竣工|投入|制定|实现|办结|整改|到位|公布|公开|备案|印发|下发|销号|落实|启动|完工|验收|召开|开展|组织|编制|出台|建立|清理)"
)
DONE_THEN = re.compile(
    r"[^，。；“\"《]{0,4}(?:完成|报送|上报|提交|建成|达|开工|竣工|实现|办结|整改|到位|公布|销号|完工)"
)
SHARE = re.compile(
    rf"^，?(?:(?!提高|增长|下降|降低|减少|同比|每|提升)[^，。；()\n\d]){{0,30}}?(?P<share>\d{{1,9}}(?:\.\d+)?%|百分之{N}|{N}成[一二三四五六七八九五]?(?!效|立|果|员|为|功))"
)
SHARES = re.compile(rf"\d{{1,9}}(?:\.\d+)?%|百分之{N}|{N}成(?!效|立|果|员|为|功)")
JOINED = re.compile(rf"月?(?:份)?(?:{PART})?{ALSO}")
COUNT = re.compile(
    rf"(?:完成|建成|新建|新增|达到|不少于|至少|累计|整治|培育|开工|改造|引进|创建|销号|化解|办结)[^，。；()\n\d百分]{{0,10}}?(?P<n>{N})(?:个|项|家|座|处|公里|万亩|亩|条|件|户|所|套|台|人|万元|亿元|起|场|次|块|篇|名)(?!以上的|百分|月|工作日|小时)"
)
ALL = re.compile(
    r"[^，。；()\n\d]{0,10}(?:全部|全面)(?:完成|建成|办结|整改|到位|销号|竣工|[^，。；]{0,8}到位|[^，。；]{0,8}完成)|[^，。；()\n\d]{0,10}(?:完成|办结|销号)(?:全部|所有|100%)"
)


def times_of(text: str, *, year: int, calendar: WorkCalendar) -> Times:
    periods = list(periods_of(text, year, calendar))
    taken = _Taken(periods)
    days = _listed([one for one in _days(text, year) if not taken.has(one.start)], text)
    lengths = [one for one in _lengths(text) if not taken.has(one.start)]
    in_days = _Taken(days)
    lengths = [one for one in lengths if not in_days.has(one.start)]
    return Times(tuple(days), tuple(_stages(days, text)), tuple(periods), tuple(lengths))


class _Taken:
    """Places already read; asked in the order of the text, so that all questions together are
    linear."""

    def __init__(self, found: Sequence[Timed]) -> None:
        self._spans = [(one.start, one.end) for one in found]
        self._at = 0

    def has(self, place: int) -> bool:
        while self._at < len(self._spans) and self._spans[self._at][1] <= place:
            self._at += 1
        return self._at < len(self._spans) and self._spans[self._at][0] <= place


def _year(text: str | None, year: int) -> int:
    if not text:
        return year
    digits = text.rstrip("的年度")
    if digits.isdecimal():
        return int(digits)
    if digits[0] == "二":
        return int("".join(str(DIGITS[sign]) for sign in digits if sign in DIGITS) or year)
    if digits in ("次", "翌", "明"):
        return year + 1
    return year - 1 if digits in ("上", "去") else year


def _days(text: str, year: int) -> Iterator[Day]:
    before: date | None = None
    last = 0
    for found in DATE.finditer(text):
        named = _named(found, year, before)
        if named is None:
            continue
        on, doubtful = named
        before = on
        due = _is_due(found, text)
        if found["month"] and not found["year"]:
            yield from _months_before(found, text, last, due=due, year=year)
        last = found.end()
        yield Day(on, found.start(), found.end(), due, doubtful)


def _months_before(
    found: re.Match[str], text: str, last: int, *, due: bool, year: int
) -> Iterator[Day]:
    """3、6、9、12月底前: months that share the day which the last of them names."""
    listed = MONTHS_BEFORE.search(text, max(last, found.start() - 40), found.start())
    if listed is None or not (found["part"] or found["day"]):
        return
    names = list(MONTH_NAME.finditer(text, listed.start(), found.start()))
    numbers = [integer(one.group()) for one in names]
    marked = len(names) == 1 and "月" not in listed.group() and listed["mark"] is not None
    if marked or sorted({*numbers, integer(found["month"])}) != [*numbers, integer(found["month"])]:
        return
    for one, number in zip(names, numbers, strict=True):
        day = _in_month(year, number, found.groupdict())
        if day is not None:
            yield Day(day[0], one.start(), one.end(), due)


def _named(found: re.Match[str], year: int, before: date | None) -> tuple[date, date | None] | None:
    part = found.groupdict()
    try:
        return _day_of(part, year, before)
    except ValueError:
        return None


def _day_of(
    part: dict[str, str | None], year: int, before: date | None
) -> tuple[date, date | None] | None:
    if part["iso"]:
        return date(int(part["y"] or 0), int(part["m"] or 0), int(part["d"] or 0)), None
    if part["alone"]:
        return (before.replace(day=integer(part["alone"])), None) if before else None
    if part["yearend"]:
        return date(_year(part["yearend"], year), 12, 31), None
    in_year = _year(part["year"], year)
    if part["upto"]:
        named = re.search(rf"[-至到]({MONTH})月", part["upto"])
        return last_of(in_year, integer(named[1]) if named else 9), None
    if part["half"]:
        return (date(in_year, 6, 30) if part["half"] == "上半年" else date(in_year, 12, 31)), None
    if part["quarter"]:
        return last_of(in_year, 3 * integer(part["quarter"])), None
    if part["end"]:
        return date(in_year, 12, 31), None
    return _in_month(in_year, integer(part["month"] or ""), part)


def _in_month(
    year: int, month: int, part: dict[str, str | None]
) -> tuple[date, date | None] | None:
    if part["day"]:
        return date(year, month, integer(part["day"])), None
    if part["part"] == "初":
        return date(year, month, 10), None
    if part["part"]:
        day = ENDS.get(part["part"])
        return (date(year, month, day) if day else last_of(year, month)), None
    first = date(year, month, 1)
    return first - timedelta(days=1), last_of(year, month)


def _is_due(found: re.Match[str], text: str) -> bool:
    part = found.groupdict()
    after = text[found.end() : found.end() + 40]
    if any(part[name] for name in ("before", "before2", "before3", "before4")):
        return re.match(r"的(?![，。；])", after) is None
    if part["upto"]:
        return True
    lead = text[max(0, found.start() - 3) : found.start()]
    if NOT_DUE_AFTER.match(after) or NOT_DUE_BEFORE.search(lead):
        return bool(re.search(r"(?:截至|截止|不晚于|不迟于)$", lead)) and not after.startswith("的")
    if part["end"] in ("年内", "年度内"):
        return bool(re.match(r"(?:要|须|应)?(?:全部|全面)?(?:完成|建成|实现|达到)", after))
    if part["end"]:
        done = re.match(
            r"(?:要|须|应)?(?:分别|累计|力争|确保)?(?:全面|全部|基本)?"
            r"(?:完成|建成|实现|达|竣工|投用|清零)",
            after,
        )
        return lead.endswith(("到", "至", "在", "于")) or done is not None
    if part["part"] or found.group().endswith(("末", "底")):
        return part["part"] != "初" and NO_DEADLINE.match(after) is None
    if part["half"] or part["quarter"]:
        return bool(DUTY_AFTER.match(after)) or lead.endswith(("到", "至", "在"))
    if re.search(r"(?:截至|截止|截止到|不晚于|不迟于|不超过|[到至于在])$", lead):
        return True
    return bool(DONE_THEN.match(after)) and part["day"] is not None


def _listed(days: list[Day], text: str) -> list[Day]:
    """7月5日、10月10日前: the last of a list says of all that they are deadlines."""
    told: list[Day] = []
    for later in reversed(days):
        told.append(later)
    told.reverse()
    for at in range(len(told) - 2, -1, -1):
        one, after = told[at], told[at + 1]
        between = text[one.end : after.start]
        if after.due and not one.due and between in ("、", "和", "及", "与", "以及"):
            told[at] = Day(one.on, one.start, one.end, True, one.doubtful)
    return told


def _stages(days: Sequence[Day], text: str) -> Iterator[Stage]:
    due = [one for one in days if one.due]
    groups = _groups(due, text)
    for at, group in enumerate(groups):
        last = group[-1]
        stop = groups[at + 1][0].start if at + 1 < len(groups) else last.end + 80
        said = _before_sanction(text[last.end : min(stop, last.end + 80)])
        told = [found.group() for found in SHARES.finditer(said)]
        if len(group) > 1 and "分别" in said:
            if len(told) == len(group):
                for one, share in zip(group, told, strict=True):
                    yield Stage(one.on, one.start, last.end, share=_share(share))
            continue
        for one in group:
            yield from _stage(one, last.end, said)


def _groups(days: Sequence[Day], text: str) -> list[list[Day]]:
    """Days of one list: 3、6、9月底前, 7月5日、10月10日前."""
    groups: list[list[Day]] = []
    for one in days:
        if groups and JOINED.fullmatch(text[groups[-1][-1].end : one.start]):
            groups[-1].append(one)
        else:
            groups.append([one])
    return groups


def _stage(one: Day, after: int, said: str) -> Iterator[Stage]:
    share = SHARE.search(said)
    if share is not None:
        yield Stage(one.on, one.start, after + share.end(), share=_share(share["share"]))
        return
    count = COUNT.search(said)
    if count is not None:
        number = number_of(count["n"])
        yield Stage(one.on, one.start, after + count.end(), number=number)


def _before_sanction(text: str) -> str:
    return re.split(r"[。；\n每]|扣|得分|得满分|计\d|加\d|不得", text, maxsplit=1)[0]


def _share(text: str) -> Decimal:
    if text.endswith("%"):
        return Decimal(text[:-1]) / 100
    if text.startswith("百分之"):
        return number_of(text[3:]) / 100
    whole, _, rest = text.partition("成")
    return number_of(whole) / 10 + (number_of(rest) / 100 if rest else 0)


def _lengths(text: str) -> Iterator[Length]:
    exceeded: list[Length] = []
    told = 0
    for found in DURATION.finditer(text):
        unit = TIME_MEASURES[found["unit"]]
        before = text[max(0, found.start() - 1) : found.start()]
        if unit not in TIMES or before in ("第", "每") or AGAIN.match(text, found.end()):
            continue
        one = Length(number_of(found["n"]), unit, found.start(), found.end())
        if _is_length(found, before, text) or _in_a_row(found, text):
            told += 1
            yield one
        elif found["lead"] in ("超过", "超") or before == "过":
            exceeded.append(one)
    if not told and len(exceeded) == 1 and _is_limit(exceeded[0], text):
        yield exceeded[0]


AGAIN = re.compile(
    r"(?:之内|以内|内)?(?:复发|再次|再犯|再度|重复|又|累计|多次|两次|二次|发生|出现|被)"
)
"""一个月内复发的: a while that is looked back on, no time to do something in."""

LATER = re.compile(
    r"按时|按期|如期|及时|扣|逾期|迟|延|滞后|拖|晚于|超期|超时|以内|以上|以下|日前|底前|末前|时限|期限"
)


def _is_limit(one: Length, text: str) -> bool:
    """到场超过30分钟的: the time that was given, where the clause names no other."""
    around = text[max(0, one.start - 30) : one.start] + text[one.end : one.end + 2]
    clock = one.unit in ("minute", "hour", "workday", "day")
    return clock and LATER.search(around) is None and text[one.end : one.end + 1] in "的，未仍没"


DELAYED = re.compile(r"(?:迟|逾期|延误|超时|超期|滞后|晚)(?!于)[^，。；于]{0,2}$")
"""迟报30分钟以内: a length of delay."""

ROW_OF_LIMITS = re.compile(r"(?:限时|时限|期限)(?:办结|办理|要求)?(?:：|分别为|分别|为)[^。；]*$")


def _in_a_row(found: re.Match[str], text: str) -> bool:
    """限时办结：一般件48小时、紧急件4小时: limits behind one word."""
    ends = text[found.end() : found.end() + 1] in "、，；。和"
    return ends and bool(ROW_OF_LIMITS.search(text, max(0, found.start() - 60), found.start()))


def _is_length(found: re.Match[str], before: str, text: str) -> bool:
    lead, within = found["lead"], found["within"]
    if text[max(0, found.start() - 2) : found.start()] in ("以上", "之间"):
        return False
    if lead in ("逾期", "推迟", "延迟") or DELAYED.search(
        text, max(0, found.start() - 5), found.start()
    ):
        return False
    if LIMIT_BEFORE.search(text, max(0, found.start() - 16), found.start()):
        return True
    if lead in ("超过", "超"):
        return before in ("不", "得") or bool(
            re.match(r"仍?(?:未|没有|不)", text[found.end() : found.end() + 3])
        )
    if lead in ("连续", "提前") or (lead and lead[:2] in ("延长", "缩短", "压缩")):
        return True
    if within is None:
        return False
    unit = TIME_MEASURES[found["unit"]]
    return bool(within) or lead in ("在", "于") or unit not in ("month", "day")
