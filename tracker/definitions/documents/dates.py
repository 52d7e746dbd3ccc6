"""The day that a cell for deadlines names, whatever the way."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta

_FIRST_SERIAL = date(1899, 12, 30)
_YEAR = r"(?:(?P<y>20\d\d)\s*[年./-]\s*)?"
_DAY = re.compile(
    rf"{_YEAR}(?P<m>1[0-2]|0?[1-9])\s*[月./-]\s*(?P<d>3[01]|[12]\d|0?[1-9])(?!\d)\s*[日号]?"
)
_MONTH = re.compile(rf"{_YEAR}(?P<m>1[0-2]|0?[1-9])\s*月\s*(?P<part>上旬|中旬|下旬|月?底|末|初)?")
_NAMED = (
    (re.compile("年底|年末|全年|年内|年终|本年度?|当年"), (12, 31)),
    (re.compile("上半年|半年"), (6, 30)),
    (re.compile("(?:一|1)季度"), (3, 31)),
    (re.compile("(?:二|2)季度"), (6, 30)),
    (re.compile("(?:三|3)季度"), (9, 30)),
    (re.compile("(?:四|4)季度"), (12, 31)),
)
_RECURRING = re.compile("每|次月|逐月|按月|按季|月报|季报|经常|长期|持续|适时|常态")
_WIDE = str.maketrans("０１２３４５６７８９．／－", "0123456789./-")


def due(text: str, year: int) -> date | None:
    """The last day that the cell names; None for what recurs or names no day."""
    told = text.translate(_WIDE)
    plain = "".join(told.split())
    if re.fullmatch(r"[34]\d{4}(?:\.0)?", plain):
        return _FIRST_SERIAL + timedelta(days=int(float(plain)))
    if _RECURRING.search(plain):
        return None
    found = [*_days(plain, year), *_months(_DAY.sub("", plain), year)]
    if found:
        return max(found)
    years = [int(one) for one in re.findall(r"(20\d\d)年?", plain)]
    named = [
        date(years[-1] if years else year, *day) for wording, day in _NAMED if wording.search(plain)
    ]
    return max(named, default=None)


def _days(text: str, year: int) -> list[date]:
    found = []
    for one in _DAY.finditer(text):
        try:
            found.append(date(int(one["y"] or year), int(one["m"]), int(one["d"])))
        except ValueError:
            continue
    return found


def _months(text: str, year: int) -> list[date]:
    return [
        _within(int(one["y"] or year), int(one["m"]), one["part"]) for one in _MONTH.finditer(text)
    ]


def _within(year: int, month: int, part: str | None) -> date:
    """月底 and a month alone end on its last day, 上旬 on the 10th, 中旬 on the 20th."""
    day = {"上旬": 10, "初": 10, "中旬": 20}.get(part or "") or calendar.monthrange(year, month)[1]
    return date(year, month, day)
