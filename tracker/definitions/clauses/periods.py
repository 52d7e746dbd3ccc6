"""Periods (周期): what is owed each month, quarter or week, and the due day of the year's first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from schedules.recurrence import Freq
from schedules.workdays import WorkCalendar
from tracker.definitions.clauses.dates import (
    ALSO,
    BEFORE,
    DAY,
    ENDS,
    MONTH,
    Period,
    integer,
    last_of,
)
from tracker.definitions.clauses.numerals import NUMBER as N
from tracker.definitions.clauses.numerals import number_of

PERIOD = r"季度|季|半年|年度|年|月份|月|周|星期|旬|日|天|学期|学年"
WEEKDAY = r"[一二三四五六日天]"
RECUR = re.compile(
    rf"(?:每逢?|各|逢(?!周末|节|会|年过节|[日天]))(?:个)?(?:(?P<n>{N}|双|单|隔)个?)?(?P<unit>(?>{PERIOD}))(?!次(?!月)|均|扣|底均)"
    rf"(?P<weekday>(?<=[周期]){WEEKDAY}(?:{ALSO}(?:每?周|每?星期)?{WEEKDAY}(?![\d个项次])){{0,6}})?"
    rf"|(?:按|逐)(?P<by>季度|季|半年|年度|年|月|周|旬|日)(?!份|均|期|分解|结算|折算|计[分算扣]|扣|[^，。；]{{0,8}}?(?:预算|总额|收入|支出|产值|工资)(?:总额)?的)"
    rf"|(?P<next>(?:次|下)个?月|次季度?(?:首月|第一个月)?|季后首月|季度后首月|下季度?首月|(?:次|下)周(?P<nextday>{WEEKDAY}))"
    r"|(?P<bare>(?<![\d一二三四五六七八九十每各])(?:当月|本月|月)(?=[底末]前)"
    r"|(?<![\d一二三四第每各])(?:当季|季度|季)(?=末前))"
    rf"|(?P<ended>季度|半年|年度|月度|月|(?<![\d一二三四第])季)(?=(?:终了|结束)后)"
    rf"|(?P<after>(?<![\d一二三四五六七八九十个第])(?:季度?|月度?))(?=后(?:的)?{N}个?(?:日|天|工作日))"
    rf"|(?P<one>(?<![第\d])[一1](?:季度?|月|周|年|旬)|(?<![上下个\d])半年)(?=[一1]次|一报|一调度|一通报|一例会|一总结|一研判)"
)
DUE_IN_PERIOD = re.compile(
    rf"(?:的)?(?:(?P<after>(?:度)?(?:结束|终了)?(?:之)?后|后)(?:的)?(?:首月|第一个月|次月)?|(?P<nextmonth>(?:的)?(?:次月|下个?月)))?"
    rf"(?:的)?(?P<which>(?:最)?后一个?月|末月|首月|第[一二三1-6]个?月|最后1个月|中间月|次月)?(?:的)?(?:[末底]的?(?=最后))?"
    rf"(?P<month>{MONTH}月(?:份)?)?"
    rf"(?:(?:最后(?:一|1)个?(?:星期|周)(?P<lastday>{WEEKDAY})|第?(?P<nth>[一二三四1-4])个?(?:星期|周)(?P<nthday>{WEEKDAY})"
    rf"|(?P<last>最后|倒数第)?(?:第|前)?(?P<workday>{N})个?工作日|逢?(?P<day>{DAY})(?:[日号]|(?=-))(?:[至到-](?P<to>{DAY})[日号])?(?P<more>(?:{BEFORE}?{ALSO}(?:{DAY}[日号]|{MONTH}月(?:份)?{DAY}[日号])){{0,4}})"
    rf"|(?P<end>月?(?:底|末)|最后[一1][日天]|结束)(?P<ends>(?:{BEFORE}?{ALSO}{MONTH}月(?:份)?[底末]){{0,4}})|(?P<ten>[上中下]旬))"
    rf"(?P<before>(?:下班)?{BEFORE}|(?:之内|以内|内))?|(?P<within>{N})个?(?P<wunit>工作日|日|天)(?:之|以)?内)?"
)
TIMES_IN_PERIOD = re.compile(
    rf"[^，。；：()\n]{{0,30}}?(?P<n>{N})(?:次|篇|条|期|件|份|场|例|批|轮|节|回|个(?!月|工作|百分|小时))(?!的)"
)

FREQ = {
    "季度": Freq.QUARTERLY, "季": Freq.QUARTERLY, "半年": Freq.HALF_YEARLY, "年度": Freq.YEARLY,
    "年": Freq.YEARLY, "月份": Freq.MONTHLY, "月": Freq.MONTHLY, "周": Freq.WEEKLY,
    "星期": Freq.WEEKLY, "旬": Freq.TEN_DAYS, "日": Freq.DAILY, "天": Freq.DAILY,
    "学期": Freq.HALF_YEARLY, "学年": Freq.YEARLY,
}  # fmt: skip
LENGTH_OF = {Freq.MONTHLY: 1, Freq.QUARTERLY: 3, Freq.HALF_YEARLY: 6, Freq.YEARLY: 12}


def periods_of(text: str, year: int, calendar: WorkCalendar) -> Iterator[Period]:
    last_end = -1
    for found in RECUR.finditer(text):
        if found.start() < last_end:
            continue
        freq, interval = _rhythm(found)
        due = DUE_IN_PERIOD.match(text, found.end())
        firsts = list(_firsts(found, due, freq, year, calendar))
        named = due is not None and firsts and not found["weekday"] and not found["nextday"]
        end = due.end() if named and due is not None else found.end()
        if found["next"] and (not firsts or text[found.start() - 1 : found.start()] == "至"):
            continue
        times = TIMES_IN_PERIOD.match(text, end)
        counted = times is not None and not _is_step(text, found, times)
        often = max(1, int(number_of(times["n"]))) if counted and times is not None else 1
        if _is_step(text, found, None) and not firsts:
            continue
        last_end = end
        days: list[date | None] = [*firsts] or [None]
        for first in days:
            yield Period(freq, interval, often, first, found.start(), end, counted)


def _firsts(
    found: re.Match[str],
    due: re.Match[str] | None,
    freq: Freq,
    year: int,
    calendar: WorkCalendar,
) -> Iterator[date]:
    """The due days of the year's first period: one, or one for each day of a list."""
    if found["weekday"]:
        yield from (_first_weekday(year, name) for name in _weekdays(found["weekday"]))
        return
    if found["nextday"]:
        yield _next_weekday(year, found["nextday"])
        return
    first = (
        None
        if due is None or due.end() == found.end()
        else _first(due, found, freq, year, calendar)
    )
    if first is None or due is None:
        return
    yield first
    for month, day in LISTED.findall(due["more"] or ""):
        yield first.replace(month=integer(month) if month else first.month, day=integer(day))
    for month in MONTHS.findall(due["ends"] or ""):
        yield last_of(first.year, integer(month))


LISTED = re.compile(rf"(?:({MONTH})月(?:份)?)?({DAY})[日号]")
MONTHS = re.compile(rf"({MONTH})月")


def _weekdays(listed: str) -> list[str]:
    return re.findall(rf"{WEEKDAY}", re.sub("周|星期", "", listed))


STEP_AFTER = re.compile(
    r"(?:的)?(?:加|再|另)?扣|(?:累计|合计|全部)?(?:最高|最多|奖励|加分|奖|加|计|得|不超过|限)|(?:每|少|缺|逾|延|迟|超|漏|下降|降低|增加|上升|提高|低|高|出现|发现|发生|未|减少)"
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
        if found["nextday"]:
            return Freq.WEEKLY, 1
        return (Freq.QUARTERLY if "季" in found["next"] else Freq.MONTHLY), 1
    ended = (found["ended"] or found["bare"] or found["after"] or "").replace("月度", "月")
    once = found["one"] or ""
    unit = found["unit"] or found["by"] or ended.lstrip("当本") or once.lstrip("一1")
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


def _next_weekday(year: int, name: str) -> date:
    """次周一: of the week after the one that holds the first of January."""
    first = date(year, 1, 1)
    monday = first + timedelta(days=7 - first.weekday())
    return monday + timedelta(days="一二三四五六日".index("日" if name == "天" else name))


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
    if freq in (Freq.WEEKLY, Freq.DAILY) or found["unit"] in ("学期", "学年"):
        return None
    if freq is Freq.TEN_DAYS:
        return date(year, 1, 10) if due["end"] else _named_day(due, date(year, 1, 1))
    if due["month"] and freq is Freq.YEARLY:
        return _named_day(due, date(year, integer(due["month"].rstrip("月份")), 1))
    if due["month"]:
        return None
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
        return calendar.add_workdays(after, -integer(due["workday"]))
    if due["workday"] or due["wunit"] == "工作日":
        return calendar.add_workdays(before, integer(due["workday"] or due["within"]))
    return before + timedelta(days=integer(due["within"])) if due["after"] else None


def _named_day(due: re.Match[str], first: date) -> date | None:
    """25日, 月底, 中旬, 最后一个星期五 of the month of `first`."""
    last = last_of(first.year, first.month)
    if due["lastday"]:
        wanted = "一二三四五六日".index(due["lastday"].replace("天", "日"))
        return last - timedelta(days=(last.weekday() - wanted) % 7)
    if due["nthday"]:
        wanted = "一二三四五六日".index(due["nthday"].replace("天", "日"))
        ahead = (wanted - first.weekday()) % 7
        return first + timedelta(days=ahead + 7 * (integer(due["nth"]) - 1))
    if due["end"]:
        return last
    if due["ten"]:
        return first.replace(day=ENDS[due["ten"]]) if due["ten"] in ENDS else last
    if due["day"] is None:
        return None
    return min(first + timedelta(days=integer(due["to"] or due["day"]) - 1), last)


def _month_of(due: re.Match[str], found: re.Match[str], size: int) -> int:
    """The month, from 1, in which the first period's due day falls."""
    if found["next"]:
        return size + 1
    if due["after"] or due["nextmonth"]:
        return size + 1
    which = due["which"] or ""
    if which.startswith(("首", "第一", "第1")):
        return 1
    if which.startswith(("第二", "第2", "中间")):
        return 2
    if which.startswith("第"):
        return integer(which.strip("第个月"))
    return size
