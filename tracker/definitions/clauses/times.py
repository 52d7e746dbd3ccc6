"""Deadlines, periods and lengths of time in a text that is normalised.

Days without a year are of the programme's year; nothing is guessed from a calendar of the machine.
"""

from __future__ import annotations

import calendar as months
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from schedules.recurrence import Freq
from schedules.workdays import WorkCalendar
from tracker.definitions.clauses.measures import TIME_MEASURES, TIMES
from tracker.definitions.clauses.numerals import DIGITS, number_of
from tracker.definitions.clauses.numerals import NUMBER as N

YEAR = r"(?:\d{4}年?|二[〇零]\S{2}年|当年|本年|今年|次年|翌年|明年|上年|去年)(?:的|度)?"
MONTH = r"(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])"
DAY = r"(?:3[01]|[12]\d|0?[1-9]|三十一?|二?十[一二三四五六七八九]?|[一二三四五六七八九])"
PART = r"底|末|上旬|中旬|下旬|初"
BEFORE = r"(?:之前|以前|前|为止|止|截止)"
TIME = "|".join(sorted(map(re.escape, TIME_MEASURES), key=len, reverse=True))

DATE = re.compile(
    rf"(?P<year>{YEAR})?(?:"
    rf"(?P<month>(?<!\d){MONTH})月(?:份)?(?:(?P<day>{DAY})[日号]|(?P<part>{PART})|(?=(?:份)?{BEFORE}))"
    rf"|(?P<half>上半年|下半年)(?:底|末)?"
    rf"|(?:第)?(?P<quarter>[一二三四1-4])季度(?:末|底)?(?!{N})"
    rf"|(?P<end>年底|年末|年终|年内|年度内|年前|全年(?=累计?完成\D{{0,6}}\d|完成\D{{0,6}}\d|达))"
    rf")(?P<before>(?:24时|24:00|24点)?{BEFORE})?"
    rf"|(?P<iso>(?<!\d)(?P<y>\d{{4}})[-./年](?P<m>1[0-2]|0?[1-9])[-./月](?P<d>3[01]|[12]\d|0?[1-9])日?(?!\d))(?P<before2>{BEFORE})?"
    rf"|(?P<yearend>\d{{4}}年)(?:底|末)?(?P<before3>{BEFORE})"
    rf"|(?<=[日旬底末][、和及至与])(?P<alone>{DAY})[日号](?P<before4>{BEFORE})?"
)
PERIOD = r"季度|季|半年|年度|年|月份|月|周|星期|旬|日|天"
RECUR = re.compile(
    rf"(?:每逢?|各)(?:个)?(?:(?P<n>{N}|双|单|隔)个?)?(?P<unit>{PERIOD})(?!次|均|扣|底均)(?P<weekday>(?<=周)[一二三四五六日天]|(?<=星期)[一二三四五六日天])?"
    rf"|(?:按|逐)(?P<by>季度|季|半年|年度|年|月|周|旬|日)(?!份|均|期)"
    rf"|(?P<next>(?:次|下)个?月|次季度?(?:首月|第一个月)?|季后首月|季度后首月|下季度?首月)"
    r"|(?P<bare>(?<![\d一二三四五六七八九十每各])(?:当月|本月|月)(?=[底末]前)"
    r"|(?<![\d一二三四第每各])(?:当季|季度|季)(?=末前))"
    rf"|(?P<ended>季度|半年|年度|月度|月)(?=(?:终了|结束)后)"
    rf"|(?P<one>(?<![第\d])[一1](?:季度?|月|周|年))(?=[一1]次|一报|一调度|一通报|一例会|一总结|一研判)"
)
DUE_IN_PERIOD = re.compile(
    rf"(?:的)?(?:(?P<after>(?:度)?(?:结束|终了)?(?:之)?后|后)(?:的)?(?:首月|第一个月|次月)?)?"
    rf"(?:的)?(?P<which>(?:最)?后一个?月|末月|首月|第[一二三1-3]个?月|最后1个月)?(?:的)?"
    rf"(?:(?:最后(?:一|1)个?(?:星期|周)(?P<lastday>[一二三四五六日天])|(?P<last>最后|倒数第)?(?:第|前)?(?P<workday>{N})个?工作日|(?P<day>{DAY})(?:[日号]|(?=-))(?:[至到-](?P<to>{DAY})[日号])?(?P<more>(?:[、和及]{DAY}[日号]){{0,4}})|(?P<end>月?(?:底|末)|最后[一1][日天]|结束)|(?P<ten>[上中下]旬))"
    rf"(?P<before>(?:下班)?{BEFORE}|(?:之内|以内|内))?|(?P<within>{N})个?(?P<wunit>工作日|日|天)(?:之|以)?内)?"
)
TIMES_IN_PERIOD = re.compile(
    rf"[^，。；：()\n]{{0,30}}?(?P<n>{N})(?:次|篇|条|期|件|份|场|例|批|轮|节|回|个(?!月|工作|百分|小时))(?!的)"
)
DURATION = re.compile(
    rf"(?P<lead>连续|提前|(?:延长|缩短|压缩)[至到为]|在|于|超过|超|逾期|推迟|延迟)?(?P<n>{N})(?P<unit>{TIME})(?P<within>之内|以内|内|(?=不|没有|未|无|没))?"
)
LIMIT_BEFORE = re.compile(
    r"(?:(?:时限|期限)(?:为|是|压减[至到]|压缩[至到]|缩短[至到])|不得?[迟晚]于[^，。；、\d]{0,6})$"
)
NOT_DUE_AFTER = re.compile(
    r"(?:期间|之间|起|以来|开始|后|印发|召开|发布|至|-|的?(?:基础|数据|水平|同期|环境日|宣传))"
)
NOT_DUE_BEFORE = re.compile(r"(?:自|从|较|比|[低高优大小少多]于|与|对|截至)$")
DUTY_AFTER = re.compile(
    r"[^，。；]{0,24}(?:完成|报送|上报|提交|建成|达|开工|竣工|投入|制定|实现|办结|整改|到位|公布|公开|备案|印发|下发|销号|落实|启动|完工|验收|召开|开展|组织|编制|出台|建立|清理)"
)
DONE_THEN = re.compile(
    r"[^，。；“\"《]{0,4}(?:完成|报送|上报|提交|建成|达|开工|竣工|实现|办结|整改|到位|公布|销号|完工)"
)
SHARE = re.compile(
    rf"^，?(?:(?!提高|增长|下降|降低|减少|同比|每|提升)[^，。；()\n\d]){{0,30}}?(?P<share>\d{{1,9}}(?:\.\d+)?%|百分之{N}|{N}成(?!效|立|果|员|为|功))"
)
COUNT = re.compile(
    rf"(?:完成|建成|新建|新增|达到|不少于|至少|累计|整治|培育|开工|改造|引进|创建|销号|化解|办结)[^，。；()\n\d百分]{{0,10}}?(?P<n>{N})(?:个|项|家|座|处|公里|万亩|亩|条|件|户|所|套|台|人|万元|亿元|起|场|次|块|篇|名)(?!以上的|百分|月|工作日|小时)"
)
ALL = re.compile(
    r"[^，。；()\n\d]{0,10}(?:全部|全面)(?:完成|建成|办结|整改|到位|销号|竣工|[^，。；]{0,8}到位|[^，。；]{0,8}完成)|[^，。；()\n\d]{0,10}(?:完成|办结|销号)(?:全部|所有|100%)"
)


@dataclass(frozen=True, slots=True)
class Day:
    """A named day, in places of the normalised text."""

    on: date
    start: int
    end: int
    due: bool
    doubtful: date | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    on: date
    start: int
    end: int
    share: Decimal | None = None
    number: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Period:
    freq: Freq
    interval: int
    times: int
    first: date | None
    start: int
    end: int
    counted: bool = False


@dataclass(frozen=True, slots=True)
class Length:
    n: Decimal
    unit: str
    start: int
    end: int


Timed = Day | Period | Length


@dataclass(frozen=True, slots=True)
class Times:
    """Everything that a text says about time, in its order."""

    days: tuple[Day, ...]
    stages: tuple[Stage, ...]
    periods: tuple[Period, ...]
    lengths: tuple[Length, ...]

    def spans(self) -> list[tuple[int, int]]:
        due = [one for one in self.days if one.due]
        found: list[Timed] = [*due, *self.periods, *self.lengths]
        spans = [(one.start, one.end) for one in found]
        return overlapping(spans)


FREQ = {
    "季度": Freq.QUARTERLY, "季": Freq.QUARTERLY, "半年": Freq.HALF_YEARLY, "年度": Freq.YEARLY,
    "年": Freq.YEARLY, "月份": Freq.MONTHLY, "月": Freq.MONTHLY, "周": Freq.WEEKLY,
    "星期": Freq.WEEKLY, "旬": Freq.TEN_DAYS, "日": Freq.DAILY, "天": Freq.DAILY,
}  # fmt: skip
LENGTH_OF = {Freq.MONTHLY: 1, Freq.QUARTERLY: 3, Freq.HALF_YEARLY: 6, Freq.YEARLY: 12}
ENDS = {"上旬": 10, "中旬": 20}


def times_of(text: str, *, year: int, calendar: WorkCalendar) -> Times:
    periods = list(_periods(text, year, calendar))
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


def last_of(year: int, month: int) -> date:
    return date(year, month, months.monthrange(year, month)[1])


def _integer(text: str) -> int:
    return int(number_of(text))


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
    for found in DATE.finditer(text):
        named = _named(found, year, before)
        if named is None:
            continue
        on, doubtful = named
        before = on
        yield Day(on, found.start(), found.end(), _is_due(found, text), doubtful)


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
        return (before.replace(day=_integer(part["alone"])), None) if before else None
    if part["yearend"]:
        return date(_year(part["yearend"], year), 12, 31), None
    in_year = _year(part["year"], year)
    if part["half"]:
        return (date(in_year, 6, 30) if part["half"] == "上半年" else date(in_year, 12, 31)), None
    if part["quarter"]:
        return last_of(in_year, 3 * _integer(part["quarter"])), None
    if part["end"]:
        return date(in_year, 12, 31), None
    return _in_month(in_year, _integer(part["month"] or ""), part)


def _in_month(
    year: int, month: int, part: dict[str, str | None]
) -> tuple[date, date | None] | None:
    if part["day"]:
        return date(year, month, _integer(part["day"])), None
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
    lead = text[max(0, found.start() - 3) : found.start()]
    if NOT_DUE_AFTER.match(after) or NOT_DUE_BEFORE.search(lead):
        return bool(re.search(r"(?:截至|截止|不晚于|不迟于)$", lead)) and not after.startswith("的")
    if part["end"] in ("年内", "年度内"):
        return bool(re.match(r"(?:要|须|应)?(?:全部|全面)?(?:完成|建成|实现|达到)", after))
    if part["end"]:
        done = re.match(
            r"(?:要|须|应)?(?:全面|全部|基本)?(?:完成|建成|实现|达|竣工|投用|清零)", after
        )
        return lead.endswith(("到", "至", "在", "于")) or done is not None
    if part["part"] or part["half"] or part["quarter"]:
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
    for at, one in enumerate(days):
        if not one.due:
            continue
        stop = days[at + 1].start if at + 1 < len(days) else one.end + 80
        said = _before_sanction(text[one.end : min(stop, one.end + 80)])
        share = SHARE.search(said)
        if share is not None:
            yield Stage(one.on, one.start, one.end + share.end(), share=_share(share["share"]))
            continue
        count = COUNT.search(said)
        if count is not None:
            number = number_of(count["n"])
            yield Stage(one.on, one.start, one.end + count.end(), number=number)


def _before_sanction(text: str) -> str:
    return re.split(r"[。；\n每]|扣|得分|得满分|计\d|加\d|不得", text, maxsplit=1)[0]


def _share(text: str) -> Decimal:
    if text.endswith("%"):
        return Decimal(text[:-1]) / 100
    if text.startswith("百分之"):
        return number_of(text[3:]) / 100
    return number_of(text[:-1]) / 10


def _periods(text: str, year: int, calendar: WorkCalendar) -> Iterator[Period]:
    last_end = -1
    for found in RECUR.finditer(text):
        if found.start() < last_end:
            continue
        freq, interval = _rhythm(found)
        due = DUE_IN_PERIOD.match(text, found.end())
        end = found.end()
        first: date | None = None
        if found["weekday"]:
            first = _first_weekday(year, found["weekday"])
        elif due is not None and due.end() > found.end():
            first = _first(due, found, freq, year, calendar)
            end = due.end() if first is not None else found.end()
        if found["next"] and (first is None or text[found.start() - 1 : found.start()] == "至"):
            continue
        times = TIMES_IN_PERIOD.match(text, end)
        counted = times is not None and not _is_step(text, found, times)
        often = max(1, int(number_of(times["n"]))) if counted and times is not None else 1
        if first is not None and due is not None and due["more"]:
            often = 1 + len(re.findall("[日号]", due["more"]))
        if _is_step(text, found, None) and first is None:
            continue
        last_end = end
        yield Period(freq, interval, often, first, found.start(), end, counted)


STEP_AFTER = re.compile(
    r"(?:的)?(?:加|再|另)?扣|(?:每|少|缺|逾|延|迟|超|漏|下降|降低|增加|上升|提高|低|高|出现|发现|发生|未|减少)"
)
OF_SANCTION = re.compile(r"少于|少|缺|漏|未")


def _is_step(text: str, found: re.Match[str], times: re.Match[str] | None) -> bool:
    """每月扣1分, 每季度少一次扣1分: the period is what the sanction counts, no duty."""
    if times is not None:
        return bool(
            OF_SANCTION.search(
                text[found.end() : times.start("n")]
                .replace("不少于", "")
                .replace("至少", "")
                .replace("最少", "")
            )
        )
    return bool(STEP_AFTER.match(text, found.end()))


def _rhythm(found: re.Match[str]) -> tuple[Freq, int]:
    if found["next"]:
        return (Freq.QUARTERLY if "季" in found["next"] else Freq.MONTHLY), 1
    ended = (found["ended"] or found["bare"] or "").replace("月度", "月").lstrip("当本")
    unit = found["unit"] or found["by"] or ended or (found["one"] or "")[1:]
    freq = FREQ[unit]
    if not found["n"]:
        return freq, 1
    if found["n"] in ("双", "单", "隔"):
        return freq, 2
    return _whole_rhythm(freq, number_of(found["n"]))


def _whole_rhythm(freq: Freq, n: Decimal) -> tuple[Freq, int]:
    if n < 1:
        return (Freq.HALF_YEARLY, 1) if freq is Freq.YEARLY else (freq, 1)
    return freq, int(n)


def _first_weekday(year: int, name: str) -> date:
    """The first such day of the year."""
    wanted = "一二三四五六日".index("日" if name == "天" else name)
    first = date(year, 1, 1)
    return first + timedelta(days=(wanted - first.weekday()) % 7)


def _first(
    due: re.Match[str], found: re.Match[str], freq: Freq, year: int, calendar: WorkCalendar
) -> date | None:
    try:
        return _first_day(due, found, freq, year, calendar)
    except (ValueError, KeyError):
        return None


def _first_day(
    due: re.Match[str], found: re.Match[str], freq: Freq, year: int, calendar: WorkCalendar
) -> date | None:
    if freq in (Freq.WEEKLY, Freq.DAILY):
        return None
    if freq is Freq.TEN_DAYS:
        return date(year, 1, 10) if due["end"] else None
    month = _month_of(due, found, LENGTH_OF[freq])
    month += found["n"] == "双" and freq is Freq.MONTHLY
    first = date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)
    if due["within"] or due["workday"]:
        return _counted_day(due, first, calendar)
    return _named_day(due, first)


def _counted_day(due: re.Match[str], first: date, calendar: WorkCalendar) -> date | None:
    """结束后15日内, 前5个工作日, 最后一个工作日: counted from an end of the month of `first`."""
    before = first - timedelta(days=1)
    if due["workday"] and due["last"]:
        after = last_of(first.year, first.month) + timedelta(days=1)
        return calendar.add_workdays(after, -_integer(due["workday"]))
    if due["workday"] or due["wunit"] == "工作日":
        return calendar.add_workdays(before, _integer(due["workday"] or due["within"]))
    return before + timedelta(days=_integer(due["within"])) if due["after"] else None


def _named_day(due: re.Match[str], first: date) -> date | None:
    """25日, 月底, 中旬, 最后一个星期五 of the month of `first`."""
    last = last_of(first.year, first.month)
    if due["lastday"]:
        wanted = "一二三四五六日".index(due["lastday"].replace("天", "日"))
        return last - timedelta(days=(last.weekday() - wanted) % 7)
    if due["end"]:
        return last
    if due["ten"]:
        return first.replace(day=ENDS[due["ten"]]) if due["ten"] in ENDS else last
    if due["day"] is None:
        return None
    return min(first + timedelta(days=_integer(due["to"] or due["day"]) - 1), last)


def _month_of(due: re.Match[str], found: re.Match[str], size: int) -> int:
    """The month, from 1, in which the first period's due day falls."""
    if found["next"]:
        return size + 1
    if due["after"]:
        return size + 1
    which = due["which"] or ""
    if which.startswith(("首", "第一", "第1")):
        return 1
    if which.startswith(("第二", "第2")):
        return 2
    return size


def _lengths(text: str) -> Iterator[Length]:
    for found in DURATION.finditer(text):
        unit = TIME_MEASURES[found["unit"]]
        before = text[max(0, found.start() - 1) : found.start()]
        if unit in TIMES and before not in ("第", "每") and _is_length(found, before, text):
            yield Length(number_of(found["n"]), unit, found.start(), found.end())


def _is_length(found: re.Match[str], before: str, text: str) -> bool:
    lead, within = found["lead"], found["within"]
    if text[max(0, found.start() - 2) : found.start()] in ("以上", "之间"):
        return False
    if lead in ("逾期", "推迟", "延迟"):
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


def overlapping(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans without those that begin inside an earlier one."""
    kept: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return kept
