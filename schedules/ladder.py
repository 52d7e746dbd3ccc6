"""The reminder ladder: which role is told at which instant. Pure; roles are opaque names.

A rung has the same name and the same nominal instant whenever it is asked for. Instants are UTC;
windows are wall-clock times of the deadline's zone.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from heapq import merge
from itertools import count, groupby, takewhile
from zoneinfo import ZoneInfo

from schedules.deadlines import ONE_DAY, Deadline, local_day
from schedules.instants import as_utc, local_instant
from schedules.workdays import WorkCalendar

URGENT = timedelta(hours=12)
MARGIN = timedelta(hours=1)
LIMIT, BEFORE_LIMIT = 0, -1
END = "end"
"""The rung that ends a ladder."""

# From which offset or step on a role is told; None: from the first rung.
Joins = Mapping[str, int | None]

# Whom a rung of this name tells.
Tells = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Window:
    """When messages may go out on working days (or, where `daily`, on all), and the quiet hours
    [quiet_from, quiet_until)."""

    opens: time = time(8, 30)
    closes: time = time(17, 30)
    quiet_from: time = time(22)
    quiet_until: time = time(7)
    daily: bool = False

    def __post_init__(self) -> None:
        if self.opens >= self.closes:
            raise ValueError(f"a window that opens at {self.opens} cannot close at {self.closes}")

    def open_on(self, day: date, calendar: WorkCalendar) -> bool:
        return self.daily or calendar.is_working(day)

    def next_day(self, day: date, calendar: WorkCalendar) -> date:
        """The first day from `day` on on which it opens."""
        return day if self.daily else calendar.next_working(day)

    def last_day(self, day: date, calendar: WorkCalendar) -> date:
        """The last day up to `day` on which it opens."""
        return day if self.daily else calendar.previous_working(day)


@dataclass(frozen=True)
class DayRung:
    """`offset` in working days from the deadline's day, negative before it."""

    offset: int
    roles: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.offset:+d}" if self.offset else "0"


@dataclass(frozen=True)
class DayLadder:
    """Offsets in working days. After the deadline: `after_first`, then every `after_every`, up to
    `after_last` where there is one; `extra` ones of either kind. `tells` names whom a rung tells
    instead of who has joined by then."""

    before: tuple[int, ...] = (-30, -14, -7, -3, -1, 0)
    after_first: int = 1
    after_every: int = 3
    after_last: int | None = None
    extra: tuple[int, ...] = ()
    tells: Tells = field(default_factory=dict, hash=False)
    joins: Joins = field(
        default_factory=lambda: {"contact": None, "head": 3, "leader": 7}, hash=False
    )

    def __post_init__(self) -> None:
        if any(offset > 0 for offset in self.before):
            raise ValueError(f"rungs before the deadline have offsets up to 0: {self.before}")
        if self.after_first < 1 or self.after_every < 1:
            raise ValueError("overdue rungs are at least one working day after what precedes them")

    def rung(self, offset: int) -> DayRung:
        named = DayRung(offset, ())
        told = self.tells.get(named.name) or _told(self.joins, offset)
        return DayRung(offset, tuple(told))


@dataclass(frozen=True)
class HourLadder:
    """Rungs of a case. Roles join by step: the limit is step 0, what precedes it lies below.

    `shares` are rungs at so many percent of the time; `tells` as on a ladder of days.
    """

    intake: bool = True
    half: bool = True
    hours_before: tuple[int, ...] = (12,)
    limit: bool = True
    every_step: bool = True
    shares: tuple[int, ...] = ()
    tells: Tells = field(default_factory=dict, hash=False)
    joins: Joins = field(
        default_factory=lambda: {"contact": None, "head": 0, "leader": 2}, hash=False
    )

    def __post_init__(self) -> None:
        if any(hours <= 0 for hours in self.hours_before):
            raise ValueError(f"hours before the limit are counted from 1: {self.hours_before}")


@dataclass(frozen=True)
class Planned:
    """One role to be told at one rung. `send_at` is `nominal_at` moved to where sending is allowed:
    earlier before the deadline, later after it."""

    rung: str
    role: str
    nominal_at: datetime
    send_at: datetime

    @property
    def wanted_at(self) -> datetime:
        """When it must have been planned: a rung moved earlier is wanted before its own instant."""
        return min(self.nominal_at, self.send_at)


def day_rungs(
    ladder: DayLadder,
    deadline: Deadline,
    *,
    start_at: datetime | None,
    until: datetime,
    calendar: WorkCalendar,
    window: Window,
    ends_at: datetime | None = None,
) -> Iterator[Planned]:
    """Every rung wanted at or before `until`, in order of `nominal_at`.

    Rungs lie at the opening of the window; "0" on the due day or the last working day before it.
    Rungs before `start_at` are dropped: the duty did not exist. From `ends_at`, which is no earlier
    than the deadline, there is one more, "end", at the next opening, for whoever has joined by
    then; unless the ladder had its last one before that.
    """
    anchor = _anchor(deadline, calendar, window=window)
    for offset in _offsets(ladder):
        day = calendar.add_workdays(anchor, offset)
        at = local_instant(day, window.opens, zone=deadline.zone)
        if at > until:
            return
        if ends_at is not None and at >= ends_at:
            break
        if start_at is None or at >= start_at:
            rung = ladder.rung(offset)
            # An opening on a working day needs no moving into the window.
            yield from (Planned(rung.name, role, at, at) for role in rung.roles)
    if ends_at is None:
        return
    at = later_in_window(ends_at, zone=deadline.zone, calendar=calendar, window=window)
    offset = calendar.workdays_between(anchor, local_day(at, deadline.zone))
    if at <= until and (ladder.after_last is None or offset <= ladder.after_last):
        told = ladder.tells.get(END) or _told(ladder.joins, offset)
        yield from (Planned(END, role, at, at) for role in told)


def hour_rungs(
    ladder: HourLadder,
    deadline: Deadline,
    *,
    step: timedelta | None,
    until: datetime,
    calendar: WorkCalendar,
    window: Window,
) -> Iterator[Planned]:
    """Every rung wanted at or before `until`, in order of `nominal_at`.

    `step` is the charged step after the limit; without one the ladder ends at the limit. Cases run
    on rest days too, so `calendar` decides nothing here: only quiet hours hold a rung back, and not
    even those in the last 12 hours up to the limit.
    """
    for planned in _up_to_limit(ladder, deadline, window=window):
        if planned.wanted_at <= until:
            yield planned
    if step is None or not ladder.every_step:
        return
    for number in range(1, (as_utc(until) - deadline.due_at) // step + 1):
        yield from _step_rung(ladder, deadline, number=number, step=step, window=window)


def later_in_window(
    instant: datetime, *, zone: ZoneInfo, calendar: WorkCalendar, window: Window
) -> datetime:
    """The first instant from `instant` on at which sending is allowed; `closes` itself still is."""
    local = as_utc(instant).astimezone(zone)
    if window.open_on(local.date(), calendar) and local.time() <= window.closes:
        return max(as_utc(instant), local_instant(local.date(), window.opens, zone=zone))
    day = window.next_day(local.date() + ONE_DAY, calendar)
    return local_instant(day, window.opens, zone=zone)


def earlier_in_window(
    instant: datetime, *, zone: ZoneInfo, calendar: WorkCalendar, window: Window
) -> datetime:
    """`instant` where sending is allowed then, else shortly before the last closing before it."""
    local = as_utc(instant).astimezone(zone)
    day = local.date()
    if window.open_on(day, calendar) and window.opens <= local.time() <= window.closes:
        return as_utc(instant)
    if local.time() < window.opens:
        day -= ONE_DAY
    last = window.last_day(day, calendar)
    opens = local_instant(last, window.opens, zone=zone)
    # Not at the closing itself: a look at the clock that comes a minute later would be too late.
    return max(opens, local_instant(last, window.closes, zone=zone) - MARGIN)


def timed_rungs(
    moments: Mapping[str, datetime],
    told: Mapping[str, tuple[str, ...]],
    *,
    start_at: datetime | None,
    until: datetime,
    zone: ZoneInfo,
    calendar: WorkCalendar,
    window: Window,
) -> Iterator[Planned]:
    """Rungs at instants before a deadline of days, moved earlier into the window.

    One that would have to be sent before the duty began is dropped.
    """
    for name, at in sorted(moments.items(), key=lambda one: one[1]):
        send_at = earlier_in_window(at, zone=zone, calendar=calendar, window=window)
        if send_at <= until and (start_at is None or send_at >= start_at):
            yield from (Planned(name, role, at, send_at) for role in told[name])


def _told(joins: Joins, place: int) -> tuple[str, ...]:
    return tuple(role for role, first in joins.items() if first is None or first <= place)


def _anchor(deadline: Deadline, calendar: WorkCalendar, *, window: Window) -> date:
    """The working day of rung "0"; the day before when the due day has no opening left in time."""
    on = deadline.on
    if local_instant(on, window.opens, zone=deadline.zone) >= deadline.due_at:
        on -= ONE_DAY
    return calendar.previous_working(on)


def _offsets(ladder: DayLadder) -> Iterator[int]:
    """In order, each once; without an end unless the ladder has one."""
    after: Iterable[int] = count(ladder.after_first, ladder.after_every)
    if ladder.after_last is not None:
        after = takewhile(lambda offset: offset <= (ladder.after_last or 0), after)
    ordered = merge(sorted(set(ladder.before)), sorted(set(ladder.extra)), after)
    return (offset for offset, _ in groupby(ordered))


def _up_to_limit(ladder: HourLadder, deadline: Deadline, *, window: Window) -> list[Planned]:
    """The finite part of an hour ladder, in order of `nominal_at`."""
    rungs = sorted(_nominal_up_to_limit(ladder, deadline))
    return [
        Planned(name, role, at, _outside_quiet(at, name, deadline=deadline, window=window))
        for at, name in rungs
        for role in ladder.tells.get(name)
        or _told(ladder.joins, LIMIT if name == "limit" else BEFORE_LIMIT)
    ]


def _nominal_up_to_limit(ladder: HourLadder, deadline: Deadline) -> Iterator[tuple[datetime, str]]:
    start_at, due_at = deadline.start_at, deadline.due_at
    if start_at is not None and ladder.intake:
        yield start_at, "intake"
    if start_at is not None and ladder.half:
        yield start_at + (due_at - start_at) / 2, "half"
    if start_at is not None:
        for share in set(ladder.shares):
            yield start_at + (due_at - start_at) * share / 100, f"{share}%"
    for hours in set(ladder.hours_before):
        at = due_at - timedelta(hours=hours)
        # A case shorter than that has its intake instead.
        if start_at is None or at > start_at:
            yield at, f"-{hours}h"
    if ladder.limit:
        yield due_at, "limit"


def _step_rung(
    ladder: HourLadder, deadline: Deadline, *, number: int, step: timedelta, window: Window
) -> Iterator[Planned]:
    name, at = f"step+{number}", deadline.due_at + number * step
    send_at = _outside_quiet(at, name, deadline=deadline, window=window)
    told = ladder.tells.get(name) or _told(ladder.joins, number)
    return (Planned(name, role, at, send_at) for role in told)


def _outside_quiet(at: datetime, name: str, *, deadline: Deadline, window: Window) -> datetime:
    """`at`, or the edge of the quiet hours around it: before the limit the earlier one.

    The later one where the earlier lies before the case began, above all for its intake.
    """
    if timedelta() <= deadline.due_at - at <= URGENT:
        return at
    quiet = _quiet_around(at, zone=deadline.zone, window=window)
    if quiet is None:
        return at
    begin, end = quiet
    began = deadline.start_at is None or begin >= deadline.start_at
    return begin if at < deadline.due_at and began and name != "intake" else end


def _quiet_around(
    at: datetime, *, zone: ZoneInfo, window: Window
) -> tuple[datetime, datetime] | None:
    """The quiet hours that `at` lies in, half-open; they may reach over midnight."""
    day = local_day(at, zone)
    overnight = window.quiet_from > window.quiet_until
    for first in (day - ONE_DAY, day) if overnight else (day,):
        begin = local_instant(first, window.quiet_from, zone=zone)
        end = local_instant(first + overnight * ONE_DAY, window.quiet_until, zone=zone)
        if begin <= at < end:
            return begin, end
    return None
