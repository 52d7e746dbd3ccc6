"""Words of the calendar, and what a text says about time, in places of the normalised text."""

from __future__ import annotations

import calendar as months
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from schedules.recurrence import Freq
from tracker.definitions.clauses.measures import TIME_MEASURES
from tracker.definitions.clauses.numerals import number_of

YEAR = r"(?:\d{4}年?|二[〇零]\S{2}年|当年|本年|今年|次年|翌年|明年|上年|去年)(?:的|度)?"
MONTH = r"(?:1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])"
DAY = r"(?:3[01]|[12]\d|0?[1-9]|三十一?|二?十[一二三四五六七八九]?|[一二三四五六七八九])"
PART = r"底|末|上旬|中旬|下旬|初"
ALSO = r"(?:、|和|及|与|以及)"
BEFORE = r"(?:之前|以前|前|为止|止|截止)"
TIME = "|".join(sorted(map(re.escape, TIME_MEASURES), key=len, reverse=True))
ENDS = {"上旬": 10, "中旬": 20}


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


def last_of(year: int, month: int) -> date:
    return date(year, month, months.monthrange(year, month)[1])


def integer(text: str) -> int:
    return int(number_of(text))


def overlapping(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans without those that begin inside an earlier one."""
    kept: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return kept
