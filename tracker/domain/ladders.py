"""The rungs of one obligation's ladder, against its deadline and with its charged steps."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import cached_property
from zoneinfo import ZoneInfo

from schedules.deadlines import Deadline, closes_at, within_workdays
from schedules.ladder import (
    DayLadder,
    HourLadder,
    Planned,
    Window,
    day_rungs,
    hour_rungs,
    later_in_window,
    timed_rungs,
)
from schedules.workdays import WorkCalendar
from tracker.domain.obligations import Obligation
from tracker.domain.points import fraction_of
from tracker.domain.policy import RANKS, Policy, Role
from tracker.domain.programme import Clause, Item, Programme
from tracker.domain.rules import Lateness
from tracker.domain.scoring import worth_of
from tracker.domain.verdicts import waiting_rung

DAWN = datetime(1970, 1, 1, tzinfo=UTC)
"""Before everything."""

NEXT = timedelta.resolution

ASSESSED_WITHIN = timedelta(days=31)
"""So long after the last day of the ladders who reviews is still told of what came in until then:
the month in which a year is assessed."""


def window_of(policy: Policy) -> Window:
    return Window(
        policy.opens, policy.closes, policy.quiet_from, policy.quiet_until,
        daily=policy.days == "daily",
    )  # fmt: skip


class Timeline:
    """The rungs of one ladder against one deadline, made as far ahead as was asked for."""

    def __init__(self, course: Course | ReviewCourse) -> None:
        self._course = course
        self._reach = DAWN
        self._rungs: list[Planned] = []
        self._at: list[datetime] = []
        self._climb: tuple[str, datetime, Planned | None] = ("", DAWN, None)

    def between(self, begin: datetime, end: datetime) -> Sequence[Planned]:
        """Wanted in [begin, end)."""
        self._extend(end)
        return self._rungs[bisect_left(self._at, begin) : bisect_left(self._at, end)]

    def first_from(self, at: datetime) -> datetime | None:
        first = next(self.from_(at), None)
        return None if first is None else first.wanted_at

    def from_(self, at: datetime) -> Iterator[Planned]:
        """Wanted at or after `at`, for some years."""
        ahead = self._course.stride
        self._extend(at + ahead)
        where = bisect_left(self._at, at)
        while True:
            yield from self._rungs[where:]
            where = len(self._rungs)
            if self.over(self._reach) or self._reach > at + 16 * ahead:
                return
            self._extend(self._reach + ahead)

    def climbs(self, role: str, after: datetime) -> Planned | None:
        """The first rung after `after` that a role above this one is told on. The last answer is
        kept: a morning's mails ask the same of many units whose ladder this is."""
        if self._climb[:2] != (role, after):
            higher = (
                one for one in self.from_(after + NEXT) if RANKS[one.role] > RANKS.get(role, 0)
            )
            self._climb = role, after, next(higher, None)
        return self._climb[2]

    def over(self, at: datetime) -> bool:
        """Whether no rung is wanted after `at`."""
        ends_at = self._course.ends_at
        return ends_at is not None and ends_at < at

    def last_before(self, at: datetime) -> Sequence[Planned]:
        """The last rung wanted before `at`, once for each role told on it; none of a ladder that
        was over by then: what becomes known so late is no news."""
        if self.over(at):
            return []
        self._extend(at)
        passed = self._rungs[: bisect_left(self._at, at)]
        return [one for one in passed if one.rung == passed[-1].rung]

    def _extend(self, until: datetime) -> None:
        if until <= self._reach:
            return
        self._reach = max(until, self._reach + self._course.stride)
        self._rungs = sorted(self._course.rungs(self._reach), key=lambda one: one.wanted_at)
        self._at = [one.wanted_at for one in self._rungs]


@dataclass(frozen=True)
class Course:
    """What decides an obligation's rungs; equal courses share a timeline.

    `step` is the charged step after the limit of a clock of hours, charged `steps` times at most.
    `closes_at` ends all ladders of the programme; this one not before its deadline and last step.
    """

    deadline: Deadline = field(compare=False)
    policy: Policy = field(compare=False)
    calendar: WorkCalendar = field(compare=False)
    mark: str
    due_at: datetime
    start_at: datetime
    kind: str
    step: timedelta | None
    steps: int
    closes_at: datetime | None

    @cached_property
    def last_step_at(self) -> datetime:
        return self.due_at + self.steps * (self.step or timedelta())

    @cached_property
    def ends_at(self) -> datetime | None:
        """When its last rung is wanted; None where it is asked for until it is done."""
        if self.kind == "gap":
            return self.last_step_at
        closes = self._closes_at
        return None if closes is None else self._sendable(closes)

    @property
    def _closes_at(self) -> datetime | None:
        return None if self.closes_at is None else max(self.closes_at, self.last_step_at)

    def _sendable(self, at: datetime) -> datetime:
        return later_in_window(
            at, zone=self.deadline.zone, calendar=self.calendar, window=window_of(self.policy)
        )

    @property
    def stride(self) -> timedelta:
        """Long enough to find an overdue rung in."""
        return timedelta(days=60 + 3 * self.policy.overdue_every)

    def rungs(self, until: datetime) -> Iterator[Planned]:
        """Wanted up to `until`."""
        if self.deadline.kind != "hours":
            yield from self._intake()
            yield from self._days(self.policy.before, self.start_at, until)
            yield from self._timed(until)
            return
        yield from self._hours(min(until, self.last_step_at))
        if self.kind != "gap":
            # Beyond the last charged step an open case costs no more, but it is still asked for.
            yield from self._days((), self.last_step_at + NEXT, until)

    def _intake(self) -> Iterator[Planned]:
        if self.kind == "case":
            yield Planned("intake", "contact", self.start_at, self._sendable(self.start_at))

    def _days(
        self, before: tuple[int, ...], start_at: datetime, until: datetime
    ) -> Iterator[Planned]:
        policy = self.policy
        own = tuple(policy.offsets())
        last = policy.overdue_last
        ladder = DayLadder(
            before=before,
            after_first=policy.overdue_first,
            after_every=policy.overdue_every,
            after_last=None if last == "never" else last,
            extra=own if before else tuple(one for one in own if one > 0),
            tells=policy.telling(),
            joins=policy.joining(),
        )
        return day_rungs(
            ladder, self.deadline, start_at=start_at, until=until, calendar=self.calendar,
            window=window_of(policy), ends_at=self._closes_at,
        )  # fmt: skip

    def _timed(self, until: datetime) -> Iterator[Planned]:
        """The policy's rungs at a share of the time and some hours before a deadline of days."""
        policy, whole = self.policy, self.due_at - self.start_at
        moments = {at: self.start_at + whole * share / 100 for at, share in policy.shares()}
        moments |= {f"-{hours}h": self.due_at - timedelta(hours=hours) for hours in policy.hours()}
        told = {at: policy.telling().get(at, ("contact",)) for at in moments}
        return timed_rungs(
            moments, told, start_at=self.start_at, until=until, zone=self.deadline.zone,
            calendar=self.calendar, window=window_of(policy),
        )  # fmt: skip

    def _hours(self, until: datetime) -> Iterator[Planned]:
        """A pause (gap) begins with every login: nobody is told of that, nor of its half."""
        policy = self.policy
        ladder = HourLadder(
            intake=self.kind == "case",
            half=self.kind == "case",
            hours_before=(*policy.case_hours_before, *policy.hours()),
            shares=tuple(share for _, share in policy.shares()),
            tells=policy.telling(),
            joins=policy.case_joining(),
        )
        return hour_rungs(
            ladder, self.deadline, step=self.step, until=until, calendar=self.calendar,
            window=window_of(self.policy),
        )  # fmt: skip


@dataclass(frozen=True)
class ReviewCourse:
    """审核时限: the rungs of whoever reviews the report that came in at `since`, on file as
    `report`."""

    policy: Policy = field(compare=False)
    calendar: WorkCalendar = field(compare=False)
    zone: ZoneInfo = field(compare=False)
    mark: str
    since: datetime
    report: str
    closes_at: datetime | None

    @cached_property
    def ends_at(self) -> datetime | None:
        closes = self._closes_at
        if closes is None:
            return None
        return later_in_window(
            closes, zone=self.zone, calendar=self.calendar, window=window_of(self.policy)
        )

    @property
    def _closes_at(self) -> datetime | None:
        if self.closes_at is None:
            return None
        return max(self.closes_at + ASSESSED_WITHIN, self.deadline.due_at)

    @property
    def stride(self) -> timedelta:
        return timedelta(days=60 + 3 * self.policy.review_every)

    @property
    def deadline(self) -> Deadline:
        within = self.policy.review_within
        assert within != "never"
        return within_workdays(self.since, within, zone=self.zone, calendar=self.calendar)

    def rungs(self, until: datetime) -> Iterator[Planned]:
        """Told when the report is there, on the day on which the review is due, and after it."""
        window = window_of(self.policy)
        comes = later_in_window(
            self.since, zone=self.zone, calendar=self.calendar, window=window
        )  # fmt: skip
        yield Planned(waiting_rung(self.report, "in"), Role.REVIEWER, self.since, comes)
        office = self.policy.review_office_from
        joins: dict[str, int | None] = {Role.REVIEWER: None}
        if office != "never":
            joins[Role.OFFICE] = office
        ladder = DayLadder(
            before=(0,), after_first=1, after_every=self.policy.review_every, joins=joins
        )
        for one in day_rungs(
            ladder, self.deadline, start_at=self.since, until=until, calendar=self.calendar,
            window=window, ends_at=self._closes_at,
        ):  # fmt: skip
            rung = waiting_rung(self.report, one.rung)
            yield Planned(rung, one.role, one.nominal_at, one.send_at)


def closing(programme: Programme, policy: Policy) -> datetime | None:
    """When the ladders of the programme end; None where they do not."""
    last = policy.last_day(programme.closes_on)
    return None if last is None else closes_at(last, programme.tz)


def course_of(
    one: Obligation, clause: Clause, programme: Programme, calendar: WorkCalendar
) -> Course:
    assert one.deadline is not None
    policy, step, steps = programme.policies[clause.id], None, 0
    if one.kind == "case":
        step, steps = _charged_steps(one.duty, programme.clauses[clause.id][1], clause)
    return Course(
        one.deadline,
        policy,
        calendar,
        policy.mark,
        one.deadline.due_at,
        one.starts_at,
        one.kind,
        step,
        steps,
        closing(programme, policy),
    )


def _charged_steps(duty: str, item: Item, clause: Clause) -> tuple[timedelta | None, int]:
    """The block of the clause's lateness rule and how often it is charged before the cap."""
    for rule in clause.rules:
        if isinstance(rule, Lateness) and rule.duty == duty and rule.every and rule.each:
            hours = {"hour": 1, "day": 24, "workday": 24, "month": 720}[rule.every.unit]
            worth, whole = worth_of(item, clause), Fraction(item.points or 0)
            each, base, cap = (
                fraction_of(amount, clause=worth, item=whole)
                for amount in (rule.each, rule.base or "0", rule.cap or "all")
            )
            steps = int((cap - base) / each) if each else 0
            return timedelta(hours=hours * rule.every.n), max(0, steps)
    return None, 0
