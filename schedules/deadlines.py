"""Deadlines that explain themselves, and lateness.

Instants are UTC; a deadline given as a day is the end of that day (24:00) in its zone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from schedules.instants import as_utc, local_instant
from schedules.workdays import WorkCalendar

NO_TIME = timedelta()
ONE_DAY = timedelta(days=1)
DAY_LONG = ONE_DAY // timedelta.resolution
"""Microseconds of a day on which no clocks change."""
MIDNIGHT = time(0)

Kind = Literal["fixed", "hours", "workdays", "days", "months"]
Reason = Literal["start", "working", "make_up", "weekend", "holiday"]
Shift = Literal["", "rest_day_moved", "moved_by"]
Span = tuple[datetime, datetime]


def closes_at(day: date, zone: ZoneInfo) -> datetime:
    """The instant `day` ends in `zone`, in UTC: a deadline includes its own day."""
    return local_instant(day + ONE_DAY, MIDNIGHT, zone=zone)


def local_day(instant: datetime, zone: ZoneInfo) -> date:
    """The day that `instant` falls on in `zone`; midnight begins a day."""
    return as_utc(instant).astimezone(zone).date()


def due_day(due_at: datetime, zone: ZoneInfo) -> date:
    """The day that a deadline names: one at midnight is the 24:00 of the day that ends."""
    return local_day(as_utc(due_at) - timedelta.resolution, zone)


@dataclass(frozen=True)
class CountedDay:
    """One line of the reckoning: `counted` is the day's number, None where it is passed over."""

    on: date
    counted: int | None
    reason: Reason
    name: str = ""


@dataclass(frozen=True)
class Deadline:
    """A due instant and how it was found.

    `inclusive`: the instant itself is still before the deadline has passed (exactly 72 hours).
    `days`: every day from the start to the due day as first reckoned, empty for fixed dates and
    hours. `shifted_from`: the named day before the shift. `provisional`: a day of it lies in a
    year whose notice is not known.
    """

    due_at: datetime
    zone: ZoneInfo
    inclusive: bool = False
    wording: str = ""
    kind: Kind = "fixed"
    start_at: datetime | None = None
    amount: int | None = None
    days: tuple[CountedDay, ...] = ()
    shift: Shift = ""
    shifted_from: date | None = None
    provisional: bool = False
    calendar_version: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "due_at", as_utc(self.due_at))
        if self.start_at is not None:
            object.__setattr__(self, "start_at", as_utc(self.start_at))

    @property
    def on(self) -> date:
        """The named day, in the deadline's zone."""
        return due_day(self.due_at, self.zone)

    def passed(self, at: datetime) -> bool:
        return at > self.due_at if self.inclusive else at >= self.due_at

    def in_time(self, submitted_at: datetime) -> bool:
        """True up to and including the due instant: 24:00 of the day, or exactly 72 hours."""
        return submitted_at <= self.due_at

    def moved_by(self, delta: timedelta) -> "Deadline":
        """This deadline moved by a suspension or an extension.

        A deadline at the end of a day that moves by whole days ends a day again, also across a
        change of clocks. `days` keep explaining the original, `shifted_from` keeps its day.
        """
        due_at = self.due_at + delta
        if self.due_at == closes_at(self.on, self.zone) and not delta % ONE_DAY:
            due_at = closes_at(self.on + delta, self.zone)
        first = self.on if self.shifted_from is None else self.shifted_from
        return replace(self, due_at=due_at, shift="moved_by", shifted_from=first)


def fixed(
    day: date,
    *,
    zone: ZoneInfo,
    calendar: WorkCalendar,
    wording: str = "",
    start_at: datetime | None = None,
) -> Deadline:
    """A named date: it does not move off rest days, so no notice can make it provisional."""
    return Deadline(
        due_at=closes_at(day, zone),
        zone=zone,
        wording=wording,
        start_at=start_at,
        calendar_version=calendar.version,
    )


def within_hours(
    start_at: datetime,
    hours: int,
    *,
    zone: ZoneInfo,
    calendar: WorkCalendar | None = None,
    wording: str = "",
) -> Deadline:
    """Natural hours from receipt, day and night; exactly the last of them is in time."""
    _refuse_negative(hours)
    start_at = as_utc(start_at)
    return Deadline(
        due_at=start_at + timedelta(hours=hours),
        zone=zone,
        inclusive=True,
        wording=wording,
        kind="hours",
        start_at=start_at,
        amount=hours,
        calendar_version="" if calendar is None else calendar.version,
    )


def within_workdays(
    start_at: datetime, n: int, *, zone: ZoneInfo, calendar: WorkCalendar, wording: str = ""
) -> Deadline:
    """The end of the n-th working day after the day of `start_at`, which is not counted."""
    _refuse_negative(n)
    start = local_day(start_at, zone)
    due = calendar.add_workdays(start, n)
    return Deadline(
        due_at=closes_at(due, zone),
        zone=zone,
        wording=wording,
        kind="workdays",
        start_at=start_at,
        amount=n,
        days=tuple(_count_workdays(start, due, calendar=calendar)),
        provisional=_leans_on_unknown(start, due, calendar=calendar),
        calendar_version=calendar.version,
    )


def within_days(
    start_at: datetime,
    n: int,
    *,
    zone: ZoneInfo,
    calendar: WorkCalendar,
    roll: bool = True,
    wording: str = "",
) -> Deadline:
    """The end of the n-th calendar day after the day of `start_at`, which is not counted.

    With `roll`, a last day that is a rest day moves to the next working day.

    Source: 民法典 第二百零一条, 第二百零三条.
    """
    _refuse_negative(n)
    start = local_day(start_at, zone)
    last = start + n * ONE_DAY
    due = calendar.next_working(last) if roll else last
    return Deadline(
        due_at=closes_at(due, zone),
        zone=zone,
        wording=wording,
        kind="days",
        start_at=start_at,
        amount=n,
        days=tuple(_count_days(start, due, n=n, calendar=calendar)),
        shift="rest_day_moved" if due != last else "",
        shifted_from=last if due != last else None,
        # Only the last day's fate depends on a notice; the days before it count in any case.
        provisional=roll and _leans_on_unknown(last - ONE_DAY, due, calendar=calendar),
        calendar_version=calendar.version,
    )


def within_months(
    start_at: datetime,
    n: int,
    *,
    zone: ZoneInfo,
    calendar: WorkCalendar,
    roll: bool = True,
    wording: str = "",
) -> Deadline:
    """The end of the same day `n` months later, or of that month's last day where it has no such
    day (31 January + 1 month). With `roll`, a rest day moves to the next working day.

    Source: 民法典 第二百零二条, 第二百零三条.
    """
    _refuse_negative(n)
    start = local_day(start_at, zone)
    last = months_after(start, n)
    due = calendar.next_working(last) if roll else last
    return Deadline(
        due_at=closes_at(due, zone),
        zone=zone,
        wording=wording,
        kind="months",
        start_at=start_at,
        amount=n,
        days=tuple(_count_days(start, due, n=(last - start).days, calendar=calendar)),
        shift="rest_day_moved" if due != last else "",
        shifted_from=last if due != last else None,
        provisional=roll and _leans_on_unknown(last - ONE_DAY, due, calendar=calendar),
        calendar_version=calendar.version,
    )


def months_after(day: date, n: int) -> date:
    """The same day `n` months on; the last of a month that has no such day."""
    return day + relativedelta(months=n)


def months_late(due_on: date, days: int) -> Fraction:
    """How many months `days` after `due_on` are: whole ones, and a part of the one that runs."""
    end = due_on + days * ONE_DAY
    whole = 0
    while months_after(due_on, whole + 1) <= end:
        whole += 1
    begun, full = months_after(due_on, whole), months_after(due_on, whole + 1)
    return whole + Fraction((end - begun).days, (full - begun).days)


class Lateness(NamedTuple):
    """How long the ball lay with the unit after the deadline, and when; empty `spans`: never."""

    elapsed: timedelta
    spans: tuple[Span, ...]
    zone: ZoneInfo
    calendar: WorkCalendar

    @property
    def days(self) -> int:
        """Started blocks of 24 hours."""
        return max(0, -(-self.elapsed // ONE_DAY))

    @property
    def workdays(self) -> int:
        """Started working days: one counts by the share of it that was late, a rest day not."""
        if not self.spans:
            return 0
        worked = [_worked(*span, zone=self.zone, calendar=self.calendar) for span in self.spans]
        return int(-(-sum(worked) // DAY_LONG))

    @property
    def hours(self) -> Fraction:
        """Exact, not rounded."""
        return Fraction(self.elapsed // timedelta.resolution, 3_600_000_000)


NOT_LATE = Lateness(NO_TIME, (), ZoneInfo("UTC"), WorkCalendar(""))


def lateness(
    due_at: datetime, held: Sequence[Span], *, zone: ZoneInfo, calendar: WorkCalendar
) -> Lateness:
    """How long after `due_at` the ball lay with the unit.

    `held` are the half-open spans in which it did: from the start to the first submission, from
    each return to the next submission. They may overlap and come in any order; one that ends
    before it begins is empty.
    """
    # In UTC, because differences within one zone would be taken from its wall clock.
    due_at = as_utc(due_at)
    spans = [(max(as_utc(begin), due_at), as_utc(end)) for begin, end in held]
    late = _merged([span for span in spans if span[0] < span[1]])
    elapsed = NO_TIME
    for begin, end in late:
        elapsed += end - begin
    return Lateness(elapsed, tuple(late), zone, calendar)


def blocks(elapsed: timedelta, step: timedelta, *, started: bool) -> int:
    """How many steps have begun (`started`) or are completed; 0 where nothing has elapsed."""
    if step <= timedelta():
        raise ValueError(f"a step must be longer than nothing, not {step}")
    if elapsed <= timedelta():
        return 0
    return -(-elapsed // step) if started else elapsed // step


def _merged(spans: list[Span]) -> list[Span]:
    if len(spans) < 2:
        return spans
    merged: list[Span] = []
    for begin, end in sorted(spans):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged


def _worked(
    begin: datetime, end: datetime, *, zone: ZoneInfo, calendar: WorkCalendar
) -> Fraction | int:
    """The working days in [begin, end), DAY_LONG each; a part of a day counts by its share of that
    day's own length."""
    first, last = local_day(begin, zone), local_day(end, zone)
    whole = calendar.workdays_between(first - ONE_DAY, last - ONE_DAY) * DAY_LONG
    before = _gone(begin, first, zone) if calendar.is_working(first) else 0
    after = _gone(end, last, zone) if calendar.is_working(last) else 0
    return whole - before + after


def _gone(instant: datetime, day: date, zone: ZoneInfo) -> Fraction | int:
    opened, length = _lasting(day, zone)
    gone = (instant - opened) // timedelta.resolution
    return gone if length == DAY_LONG else Fraction(gone * DAY_LONG, length)


@lru_cache(maxsize=4096)
def _lasting(day: date, zone: ZoneInfo) -> tuple[datetime, int]:
    """When the day begins and its microseconds; the same few days are asked for all the time."""
    opened = local_instant(day, MIDNIGHT, zone=zone)
    return opened, (closes_at(day, zone) - opened) // timedelta.resolution


def _count_workdays(start: date, due: date, *, calendar: WorkCalendar) -> Iterator[CountedDay]:
    counted = 0
    yield CountedDay(start, None, "start", calendar.day(start).name)
    for on in _days_after(start, due):
        day = calendar.day(on)
        counted += day.is_working
        yield CountedDay(on, counted if day.is_working else None, day.kind.value, day.name)


def _count_days(start: date, due: date, *, n: int, calendar: WorkCalendar) -> Iterator[CountedDay]:
    yield CountedDay(start, None, "start", calendar.day(start).name)
    for number, on in enumerate(_days_after(start, due), start=1):
        day = calendar.day(on)
        yield CountedDay(on, number if number <= n else None, day.kind.value, day.name)


def _days_after(start: date, due: date) -> Iterator[date]:
    return (start + ahead * ONE_DAY for ahead in range(1, (due - start).days + 1))


def _leans_on_unknown(after: date, until: date, *, calendar: WorkCalendar) -> bool:
    return any(not calendar.day(on).known for on in _days_after(after, until))


def _refuse_negative(amount: int) -> None:
    if amount < 0:
        raise ValueError(f"a time limit cannot be negative: {amount}")
