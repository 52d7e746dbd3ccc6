"""Periods of recurring duties. Days are calendar days; every step is counted from the anchor."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import assert_never

from dateutil.relativedelta import relativedelta

DAYS_IN_WEEK = 7
MONTHS_IN_YEAR = 12
PARTS_IN_MONTH = 3
# date(1, 1, 1) is a Monday and has the ordinal 1.
FIRST_MONDAY = 1
JANUARY = date(1, 1, 1)


class Freq(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"
    TEN_DAYS = "ten_days"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    HALF_YEARLY = "half_yearly"
    YEARLY = "yearly"


MONTHS = {Freq.MONTHLY: 1, Freq.QUARTERLY: 3, Freq.HALF_YEARLY: 6, Freq.YEARLY: 12}


@dataclass(frozen=True)
class Recurrence:
    """A duty owed `times` in every period of `interval` units of `freq`.

    `due_day`: Monday = 1 for weeks, day of the part for ten days, else day of the month, where a
    day that the month lacks means its last; None is the period's last day. It falls in the last
    week, part or month of the period, or in its month number `due_month` (from 1), `due_offset`
    periods later: 次月10日前 is monthly, day 10, offset 1; 季后首月10日前 is quarterly, day 10,
    month 1, offset 1.
    """

    freq: Freq
    interval: int = 1
    times: int = 1
    due_day: int | None = None
    due_offset: int = 0
    due_month: int | None = None

    def __post_init__(self) -> None:
        if self.interval < 1 or self.times < 1 or self.due_offset < 0:
            raise ValueError(f"interval and times start at 1, the offset at 0: {self}")
        last_day = {Freq.DAILY: 1, Freq.WEEKLY: DAYS_IN_WEEK, Freq.TEN_DAYS: 11}.get(self.freq, 31)
        if self.due_day is not None and not 1 <= self.due_day <= last_day:
            raise ValueError(f"a {self.freq} duty has no day {self.due_day}")
        last_month = MONTHS.get(self.freq, 0) * self.interval
        if self.due_month is not None and not 1 <= self.due_month <= last_month:
            raise ValueError(f"a {self.freq} duty has no month {self.due_month}")


@dataclass(frozen=True)
class Period:
    """One period, first and last day included; `due_on` may lie after it.

    `key` names its first unit: "2021", "2021-H1", "2021-Q3", "2021-08", "2021-08-2" (the middle
    ten days), "2021-W35", "2021-08-31".
    """

    key: str
    starts_on: date
    ends_on: date
    due_on: date


def periods(recurrence: Recurrence, *, first: date, last: date) -> list[Period]:
    """Every period that starts in [first, last], in order; the anchor is the first of them."""
    freq, step = recurrence.freq, recurrence.interval
    anchor = _unit_of(freq, first)
    if _start(freq, anchor) < first:
        anchor += 1
    return [_period(recurrence, unit) for unit in range(anchor, _unit_of(freq, last) + 1, step)]


def _period(recurrence: Recurrence, unit: int) -> Period:
    freq, step = recurrence.freq, recurrence.interval
    starts_on = _start(freq, unit)
    ends_on = _start(freq, unit + step) - timedelta(days=1)
    due_on = _due(recurrence, unit + step * recurrence.due_offset)
    return Period(_key(freq, starts_on), starts_on, ends_on, due_on)


def _unit_of(freq: Freq, on: date) -> int:
    """The number of the unit that `on` falls in: days, weeks, parts or months since year 0 or 1."""
    months = on.year * MONTHS_IN_YEAR + on.month - 1
    match freq:
        case Freq.DAILY:
            return on.toordinal()
        case Freq.WEEKLY:
            return (on.toordinal() - FIRST_MONDAY) // DAYS_IN_WEEK
        case Freq.TEN_DAYS:
            return months * PARTS_IN_MONTH + _part(on) - 1
        case Freq.MONTHLY | Freq.QUARTERLY | Freq.HALF_YEARLY | Freq.YEARLY:
            return months // MONTHS[freq]
        case _:
            assert_never(freq)


def _start(freq: Freq, unit: int) -> date:
    match freq:
        case Freq.DAILY:
            return date.fromordinal(unit)
        case Freq.WEEKLY:
            return date.fromordinal(unit * DAYS_IN_WEEK + FIRST_MONDAY)
        case Freq.TEN_DAYS:
            return _month_start(unit // PARTS_IN_MONTH).replace(day=unit % PARTS_IN_MONTH * 10 + 1)
        case Freq.MONTHLY | Freq.QUARTERLY | Freq.HALF_YEARLY | Freq.YEARLY:
            return _month_start(unit * MONTHS[freq])
        case _:
            assert_never(freq)


def _due(recurrence: Recurrence, unit: int) -> date:
    """The due day belonging to the period that begins with `unit`."""
    freq, step, day = recurrence.freq, recurrence.interval, recurrence.due_day
    last = _start(freq, unit + step) - timedelta(days=1)
    if recurrence.due_month is not None:
        months = unit * MONTHS[freq] + recurrence.due_month
        last = _month_start(months) - timedelta(days=1)
    if day is None:
        return last
    opening = last.replace(day=1) if freq in MONTHS else _start(freq, unit + step - 1)
    if freq in MONTHS:
        return opening + relativedelta(day=day)  # a day that the month lacks means its last
    return min(opening + timedelta(days=day - 1), last)


def _month_start(months: int) -> date:
    return JANUARY + relativedelta(months=months - MONTHS_IN_YEAR)


def _part(on: date) -> int:
    """1, 2 or 3 for 上旬, 中旬, 下旬."""
    return min((on.day - 1) // 10 + 1, PARTS_IN_MONTH)


def _key(freq: Freq, on: date) -> str:
    match freq:
        case Freq.DAILY:
            return on.isoformat()
        case Freq.WEEKLY:
            return f"{on:%G-W%V}"
        case Freq.TEN_DAYS:
            return f"{on:%Y-%m}-{_part(on)}"
        case Freq.MONTHLY:
            return f"{on:%Y-%m}"
        case Freq.QUARTERLY:
            return f"{on:%Y}-Q{(on.month + 2) // 3}"
        case Freq.HALF_YEARLY:
            return f"{on:%Y}-H{(on.month + 5) // 6}"
        case Freq.YEARLY:
            return f"{on:%Y}"
        case _:
            assert_never(freq)
