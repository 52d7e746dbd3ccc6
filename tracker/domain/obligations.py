"""Obligations (应办事项): who owes what by when, and how each stands as of an instant.

`lay_out` derives them from programme, calendar and record; nothing here is stored. An obligation's
key, `clause/duty/unit[/occurrence]`, is its identity across programme versions.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction
from itertools import zip_longest
from typing import assert_never

from schedules.deadlines import (
    Deadline,
    Lateness,
    closes_at,
    fixed,
    lateness,
    within_days,
    within_hours,
    within_workdays,
)
from schedules.recurrence import Freq, Recurrence, periods
from schedules.workdays import WorkCalendar
from tracker.domain import facts as f
from tracker.domain.programme import (
    CaseDuty,
    Clause,
    Duration,
    Duty,
    Gap,
    Item,
    Milestone,
    Programme,
    Recurring,
    TimeUnit,
    leading,
    owing,
    reviewing,
)
from tracker.domain.record import Record
from tracker.domain.rules.base import Step, step


class Light(StrEnum):
    """红黄绿灯, computed; the first that matches wins, in the order of `light_of`."""

    DONE = "done"
    NONE = "none"
    LATE = "late"
    DUE = "due"
    SLOW = "slow"
    OK = "ok"


WORST_FIRST = (Light.LATE, Light.DUE, Light.SLOW, Light.OK, Light.NONE, Light.DONE)

NO_LATENESS = Lateness(timedelta(0), 0, 0)


@dataclass(frozen=True)
class Move:
    """One change of a deadline: an extension, a suspension, a date that was entered."""

    kind: str
    at: datetime
    due_at: datetime
    reason: str
    fact: f.FactId


@dataclass(frozen=True)
class Obligation:
    """One unit x one milestone, or one period, or one case.

    `deadline` is None while the document that sets the date is not known. `version` counts its
    moves from 1; `original` is never overwritten. `needed` is a number of the target's own unit
    (None: a yes/no duty); `needs` names the missing target or date, empty where nothing is missing.
    """

    key: str
    section: str
    item: str
    clause: str
    duty: str
    kind: str
    unit: str
    occurrence: str
    title: str
    starts_at: datetime
    deadline: Deadline | None
    original: Deadline | None
    version: int = 1
    moves: tuple[Move, ...] = ()
    needed: Fraction | None = None
    total: Fraction | None = None
    share: Fraction | None = None
    target: str = ""
    needs: str = ""
    lead_units: tuple[str, ...] = ()
    reviewing_units: tuple[str, ...] = ()

    @property
    def due_at(self) -> datetime | None:
        return None if self.deadline is None else self.deadline.due_at


@dataclass(frozen=True)
class Standing:
    """How an obligation stands as of an instant.

    `done_at` is the submission of the report that was accepted; `submitted_at` of one that waits
    for review, during which the ball does not lie with the unit. `has` and `had_in_time` are
    quantities in the unit of `needed`. `lateness` is what counts against the unit so far.
    """

    obligation: Obligation
    as_of: datetime
    light: Light
    lateness: Lateness = NO_LATENESS
    done_at: datetime | None = None
    submitted_at: datetime | None = None
    has: Fraction = Fraction(0)
    had_in_time: Fraction = Fraction(0)
    past: bool = False
    waived: bool = False
    closed_out: bool = False
    suspended: bool = False
    returned: bool = False
    receipts: tuple[f.Receipt, ...] = ()
    facts: tuple[f.FactId, ...] = ()

    @property
    def open(self) -> bool:
        """Neither accepted nor taken off the list; one that waits for review is still open."""
        return self.light is not Light.DONE

    @property
    def waiting(self) -> bool:
        return self.open and self.submitted_at is not None

    @property
    def waiting_in_time(self) -> bool:
        """Submitted before the deadline and not reviewed yet: nothing for the unit to do."""
        return self.waiting and self.lateness.elapsed <= timedelta(0)

    @property
    def missed(self) -> bool:
        """The deadline has passed without a submission in time, whether done since or not."""
        unfinished = self.open and not self.waiting
        return (
            not self.waived and self.past and (self.lateness.elapsed > timedelta(0) or unfinished)
        )

    @property
    def overdue(self) -> bool:
        """Missed, and still with the unit."""
        return self.missed and self.open and not self.waiting


@dataclass(frozen=True)
class Joined:
    """The standings of the units that owe one occurrence, as the one thing that a rule charges."""

    standings: tuple[Standing, ...]
    unknown: str = ""

    @property
    def worst(self) -> Standing:
        return max(self.standings, key=lambda one: (one.missed, one.lateness.elapsed, one.open))

    @property
    def causing(self) -> tuple[str, ...]:
        """The units that missed it; all of them where none did."""
        missed = tuple(one.obligation.unit for one in self.standings if one.missed)
        return missed or tuple(one.obligation.unit for one in self.standings)

    @property
    def key(self) -> str:
        return self.worst.obligation.key

    @property
    def occurrence(self) -> str:
        return self.worst.obligation.occurrence

    @property
    def due_at(self) -> datetime | None:
        return self.worst.obligation.due_at

    @property
    def facts(self) -> tuple[f.FactId, ...]:
        return tuple(fact for one in self.standings for fact in one.facts)

    @property
    def missed(self) -> bool:
        return any(one.missed for one in self.standings)

    @property
    def overdue(self) -> bool:
        return any(one.overdue for one in self.standings)

    @property
    def open(self) -> bool:
        return any(one.open and not one.waiting for one in self.standings)

    @property
    def waiting(self) -> bool:
        return not self.open and any(one.waiting for one in self.standings)

    @property
    def past(self) -> bool:
        return all(one.past or not one.open for one in self.standings) and any(
            one.past for one in self.standings
        )

    @property
    def lateness(self) -> Lateness:
        return self.worst.lateness

    @property
    def needed(self) -> Fraction:
        needed = self.worst.obligation.needed
        return Fraction(1) if needed is None else needed

    @property
    def has(self) -> Fraction:
        return sum((one.has for one in self.standings if not one.waived), Fraction(0))

    @property
    def had_in_time(self) -> Fraction:
        return sum((one.had_in_time for one in self.standings if not one.waived), Fraction(0))

    def told(self) -> Step:
        """What happened, for the arithmetic: due, done, how late."""
        worst = self.worst
        due = worst.obligation.due_at or worst.as_of
        done = worst.done_at or worst.submitted_at
        hours, days = worst.lateness.hours, worst.lateness.days
        if done is not None:
            return step("done_late", due=due, done=done, hours=hours, days=days)
        return step("still_open", due=due, as_of=worst.as_of, hours=hours, days=days)

    def needing(self) -> Sequence[Step]:
        """How the number asked for follows from a share of a target."""
        first = self.standings[0].obligation
        if first.share is None or first.total is None or first.needed is None:
            return ()
        exact = first.share * first.total
        return (
            step("share", total=first.total, share=first.share, exact=exact, needed=first.needed),
        )


def lay_out(
    programme: Programme,
    calendar: WorkCalendar,
    record: Record,
    *,
    only_items: frozenset[str] | None = None,
) -> list[Obligation]:
    """Every obligation that exists as of the record's instant, in the programme's order.

    `programme` has its readings applied. Cases and entered dates come from the record.
    """
    layout = _Layout(programme, calendar, record)
    return [
        obligation
        for section, item, clause in programme.clauses.values()
        if only_items is None or item.id in only_items
        for duty in clause.duties
        for obligation in layout.of(section.id, item, clause, duty)
    ]


@dataclass(frozen=True)
class _Layout:
    programme: Programme
    calendar: WorkCalendar
    record: Record
    opened: dict[str, list[f.CaseEvent]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for events in self.record.cases.values():
            for event in events:
                if event.event == "opened":
                    self.opened.setdefault(event.kind, []).append(event)

    def of(self, section: str, item: Item, clause: Clause, duty: Duty) -> Iterator[Obligation]:
        for one in self._plain(section, item, clause, duty):
            yield self._moved(one)

    def _plain(self, section: str, item: Item, clause: Clause, duty: Duty) -> Iterator[Obligation]:
        match duty:
            case Milestone():
                for unit in owing(item, clause):
                    yield self._milestone(section, item, clause, duty, unit)
            case Recurring():
                for unit in owing(item, clause):
                    yield from self._recurring(section, item, clause, duty, unit)
            case CaseDuty():
                yield from self._cases(section, item, clause, duty)
            case Gap():
                for unit in owing(item, clause):
                    yield from self._gaps(section, item, clause, duty, unit)
            case _:
                assert_never(duty)

    def _base(
        self, section: str, item: Item, clause: Clause, duty: Duty, unit: str, *,
        occurrence: str, title: str, starts_at: datetime, deadline: Deadline | None,
    ) -> Obligation:  # fmt: skip
        tail = f"/{occurrence}" if occurrence else ""
        return Obligation(
            key=f"{clause.id}/{duty.id}/{unit}{tail}",
            section=section,
            item=item.id,
            clause=clause.id,
            duty=duty.id,
            kind=duty.kind,
            unit=unit,
            occurrence=occurrence,
            title=title,
            starts_at=starts_at,
            deadline=deadline,
            original=deadline,
            lead_units=leading(item, clause),
            reviewing_units=reviewing(item, clause),
        )

    def _milestone(
        self, section: str, item: Item, clause: Clause, duty: Milestone, unit: str
    ) -> Obligation:
        begins = duty.starts or date(self.programme.year, 1, 1)
        on = duty.on
        deadline = None
        if on is not None:
            deadline = fixed(
                on, zone=self.programme.tz, calendar=self.calendar, wording=duty.wording
            )
        title = f"{clause.title}：{duty.title}" if duty.title else clause.title
        plain = self._base(
            section, item, clause, duty, unit,
            occurrence="", title=title, starts_at=self._opens(begins), deadline=deadline,
        )  # fmt: skip
        return self._needing(plain, duty, unit)

    def _needing(self, plain: Obligation, duty: Milestone, unit: str) -> Obligation:
        need = duty.need
        if need is None:
            return plain
        total = self._total(need.of, unit)
        if need.number is not None:
            return replace(plain, needed=Fraction(need.number), total=total, target=need.of)
        share = Fraction(need.share) if need.share is not None else Fraction(1)
        if total is None:
            return replace(plain, share=share, target=need.of, needs=need.of)
        exact = share * total
        needed = Fraction(math.ceil(exact) if need.rounding == "up" else math.floor(exact))
        if total != int(total):
            needed = exact
        return replace(plain, needed=needed, total=total, share=share, target=need.of)

    def _total(self, target: str, unit: str) -> Fraction | None:
        entered = self.record.targets.get(target, [])
        own = [one for one in entered if one.unit == unit] or [
            one for one in entered if not one.unit
        ]
        if own:
            return Fraction(own[-1].value)
        value = self.programme.target_values[target].value
        return None if value is None else Fraction(value)

    def _recurring(
        self, section: str, item: Item, clause: Clause, duty: Recurring, unit: str
    ) -> Iterator[Obligation]:
        year = self.programme.year
        rhythm = Recurrence(
            Freq(duty.freq), duty.interval, duty.times, duty.due_day, duty.due_offset
        )
        first, last = duty.first or date(year, 1, 1), duty.last or date(year, 12, 31)
        for period in periods(rhythm, first=first, last=last):
            yield replace(
                self._base(
                    section, item, clause, duty, unit,
                    occurrence=period.key,
                    title=f"{clause.title}（{period.key}）",
                    starts_at=self._opens(period.starts_on),
                    deadline=fixed(period.due_on, zone=self.programme.tz, calendar=self.calendar,
                                   wording=duty.wording),
                ),
                needed=Fraction(duty.times) if duty.times > 1 else None,
            )  # fmt: skip

    def _cases(
        self, section: str, item: Item, clause: Clause, duty: CaseDuty
    ) -> Iterator[Obligation]:
        for opened in self.opened.get(duty.case, ()):
            if opened.unit not in owing(item, clause):
                continue
            yield self._base(
                section, item, clause, duty, opened.unit,
                occurrence=opened.case,
                title=f"{clause.title}：{opened.title or opened.case}",
                starts_at=opened.occurred_at,
                deadline=self._within(opened.occurred_at, duty.within, duty.wording),
            )  # fmt: skip

    def _within(self, start: datetime, within: Duration, wording: str) -> Deadline:
        zone, calendar = self.programme.tz, self.calendar
        match within.unit:
            case TimeUnit.HOUR:
                return within_hours(start, within.n, zone=zone, calendar=calendar, wording=wording)
            case TimeUnit.WORKDAY:
                return within_workdays(
                    start, within.n, zone=zone, calendar=calendar, wording=wording
                )
            case TimeUnit.DAY:
                return within_days(start, within.n, zone=zone, calendar=calendar, wording=wording)
            case TimeUnit.WEEK:
                days = within.n * 7
                return within_days(start, days, zone=zone, calendar=calendar, wording=wording)
            case _:
                assert_never(within.unit)

    def _gaps(
        self, section: str, item: Item, clause: Clause, duty: Gap, unit: str
    ) -> Iterator[Obligation]:
        """One obligation per full pause that has passed, and the one that runs now."""
        marks = [
            one.occurred_at for one in self.record.activities.get(duty.activity, ())
            if one.unit in ("", unit)
        ]  # fmt: skip
        if not marks:
            nothing_known = self._base(
                section, item, clause, duty, unit,
                occurrence="", title=clause.title, starts_at=self._opens(
                    date(self.programme.year, 1, 1)), deadline=None,
            )  # fmt: skip
            yield replace(nothing_known, target=duty.activity, needs=duty.activity)
            return
        size = _elapsed(duty.within)
        end = min(self.record.as_of, closes_at(self.programme.closes_on, self.programme.tz))
        for mark, following in zip_longest(marks, marks[1:]):
            count = (min(following or end, end) - mark) // size
            running = 1 if following is None else 0
            for number in range(1, max(0, count) + 1 + running):
                since = mark.astimezone(self.programme.tz).strftime("%Y-%m-%dT%H%M")
                start = mark + (number - 1) * size
                hours = int(size / timedelta(hours=1))
                pause = self._base(
                    section, item, clause, duty, unit,
                    occurrence=f"{since}+{number}",
                    title=clause.title,
                    starts_at=start,
                    deadline=within_hours(start, hours, zone=self.programme.tz,
                                          calendar=self.calendar, wording=duty.wording),
                )  # fmt: skip
                yield replace(pause, target=duty.activity)

    def _opens(self, day: date) -> datetime:
        return closes_at(day - timedelta(days=1), self.programme.tz)

    def _moved(self, plain: Obligation) -> Obligation:
        """With entered dates, suspensions and extensions applied in order of time."""
        deadline = plain.deadline
        moves: list[Move] = []
        for fact in _about(self.record, plain, f.ExternalDate):
            deadline = fixed(fact.on, zone=self.programme.tz, calendar=self.calendar,
                             wording=fact.note)  # fmt: skip
            moves.append(Move("entered", fact.occurred_at, deadline.due_at, fact.note, fact.id))
        original = plain.original or deadline
        if deadline is None:
            return replace(plain, needs=plain.needs or f"{plain.clause}/{plain.duty}")
        for start, end, rest in suspensions(self.record, plain):
            if start >= deadline.due_at:
                continue
            deadline = deadline.moved_by((end or self.record.as_of) - start)
            moves.append(Move("suspended", start, deadline.due_at, rest.note, rest.id))
        for granted in _about(self.record, plain, f.Extension):
            if granted.outcome != "approved":
                continue
            until = granted.until_at or closes_at(granted.until or deadline.on, self.programme.tz)
            deadline = deadline.moved_by(until - deadline.due_at)
            moves.append(Move("extended", granted.occurred_at, until, granted.reason, granted.id))
        moves.sort(key=lambda move: (move.at, move.fact))
        return replace(plain, deadline=deadline, original=original, moves=tuple(moves),
                       version=1 + len(moves))  # fmt: skip


def _elapsed(within: Duration) -> timedelta:
    return {
        TimeUnit.HOUR: timedelta(hours=within.n),
        TimeUnit.DAY: timedelta(days=within.n),
        TimeUnit.WORKDAY: timedelta(days=within.n),
        TimeUnit.WEEK: timedelta(weeks=within.n),
    }[within.unit]


def _about(record: Record, one: Obligation, kind: type[f.AboutKind]) -> list[f.AboutKind]:
    """Facts of a kind about this obligation: its unit and duty, or all of them (empty)."""
    return [
        fact
        for fact in record.of_clause(one.clause, kind)
        if fact.duty in ("", one.duty)
        and fact.unit in ("", one.unit)
        and fact.occurrence in ("", one.occurrence)
    ]


def suspensions(
    record: Record, one: Obligation
) -> list[tuple[datetime, datetime | None, f.Suspension | f.CaseEvent]]:
    """The spans during which the clock rests, oldest first; an open end is None."""
    spans: list[tuple[datetime, datetime | None, f.Suspension | f.CaseEvent]] = [
        (fact.occurred_at, fact.ends_at, fact) for fact in _about(record, one, f.Suspension)
    ]
    if one.kind == "case":
        resting: f.CaseEvent | None = None
        for event in record.cases.get(one.occurrence, ()):
            if event.event == "suspended" and resting is None:
                resting = event
            elif event.event == "resumed" and resting is not None:
                spans.append((resting.occurred_at, event.occurred_at, resting))
                resting = None
        if resting is not None:
            spans.append((resting.occurred_at, None, resting))
    spans.sort(key=lambda span: span[0])
    return [
        (start, None if end is None or end > record.as_of else end, fact)
        for start, end, fact in spans
    ]


@dataclass(frozen=True)
class _Course:
    """What the reports and reviews of one obligation amount to."""

    done_at: datetime | None = None
    submitted_at: datetime | None = None
    returned: bool = False
    has: Fraction = Fraction(0)
    had_in_time: Fraction = Fraction(0)
    held: tuple[tuple[datetime, datetime], ...] = ()
    facts: tuple[f.FactId, ...] = ()


def stand(
    one: Obligation, programme: Programme, record: Record, calendar: WorkCalendar
) -> Standing:
    """Light, lateness and progress as of the record's instant."""
    course = _course(one, record)
    waived = bool(_about(record, one, f.Waiver))
    closed = _about(record, one, f.CloseOut)
    withdrawn = _case_withdrawn(one, record)
    if closed and course.done_at is None:
        course = replace(course, held=_clipped(course.held, closed[0].occurred_at))
    past = one.deadline is not None and one.deadline.passed(record.as_of)
    late = _lateness(one, course, record, programme, calendar)
    standing = Standing(
        obligation=one,
        as_of=record.as_of,
        light=Light.OK,
        lateness=NO_LATENESS if waived or withdrawn else late,
        done_at=course.done_at,
        submitted_at=course.submitted_at,
        has=course.has,
        had_in_time=course.had_in_time,
        past=past or late.elapsed > timedelta(0),
        waived=waived or withdrawn,
        closed_out=bool(closed),
        suspended=any(end is None for _, end, _ in suspensions(record, one)),
        returned=course.returned,
        receipts=tuple(_about(record, one, f.Receipt)),
        facts=course.facts,
    )
    return replace(standing, light=light_of(standing, programme))


def _case_withdrawn(one: Obligation, record: Record) -> bool:
    events = record.cases.get(one.occurrence, ()) if one.kind == "case" else ()
    return any(event.event == "withdrawn" for event in events)


def light_of(standing: Standing, programme: Programme) -> Light:
    """The light of design section 3; the first that matches wins."""
    one, as_of = standing.obligation, standing.as_of
    if standing.done_at is not None or standing.closed_out or standing.waived:
        return Light.DONE
    if one.deadline is None or as_of < one.starts_at:
        return Light.NONE
    if standing.missed:
        return Light.LATE
    if standing.waiting_in_time or standing.suspended:
        return Light.OK
    used = _share_used(one, as_of)
    behind = _behind(standing, used)
    if used >= Fraction(programme.thresholds.nearly) and behind:
        return Light.DUE
    if one.needed is not None:
        return Light.SLOW if behind else Light.OK
    silent = used >= Fraction(programme.thresholds.silent) and behind
    return Light.SLOW if silent else Light.OK


def _share_used(one: Obligation, as_of: datetime) -> Fraction:
    assert one.deadline is not None
    whole = one.deadline.due_at - one.starts_at
    if whole <= timedelta(0):
        return Fraction(1)
    return Fraction(
        (as_of - one.starts_at) // timedelta(seconds=1), whole // timedelta(seconds=1) or 1
    )


def _behind(standing: Standing, used: Fraction) -> bool:
    """Below the pace (序时进度) for a quantity; nothing reported for a yes/no duty."""
    needed = standing.obligation.needed
    if needed is None:
        return standing.submitted_at is None and not standing.facts
    return standing.has < needed * min(used, Fraction(1))


def _lateness(
    one: Obligation, course: _Course, record: Record, programme: Programme, calendar: WorkCalendar
) -> Lateness:
    if one.deadline is None:
        return NO_LATENESS
    rests = [(start, end or record.as_of) for start, end, _ in suspensions(record, one)
             if start >= one.deadline.due_at]  # fmt: skip
    held = _without(course.held, rests)
    return lateness(one.deadline.due_at, held, zone=programme.tz, calendar=calendar)


def _clipped(
    spans: Sequence[tuple[datetime, datetime]], end: datetime
) -> tuple[tuple[datetime, datetime], ...]:
    return tuple((start, min(stop, end)) for start, stop in spans if start < end)


def _without(
    spans: Sequence[tuple[datetime, datetime]], rests: Sequence[tuple[datetime, datetime]]
) -> list[tuple[datetime, datetime]]:
    left = list(spans)
    for rest_start, rest_end in rests:
        cut: list[tuple[datetime, datetime]] = []
        for start, end in left:
            if start < rest_start:
                cut.append((start, min(end, rest_start)))
            if end > rest_end:
                cut.append((max(start, rest_end), end))
        left = [(start, end) for start, end in cut if start < end]
    return left


def _course(one: Obligation, record: Record) -> _Course:
    if one.kind == "gap":
        return _gap_course(one, record)
    reports = _reports(one, record)
    closed = _closed_by_office(one, record)
    if one.needed is not None or one.share is not None:
        return _quantity(one, reports, record)
    return _yes_no(one, reports, closed, record)


def _gap_course(one: Obligation, record: Record) -> _Course:
    """A pause ends with the next activity."""
    if one.deadline is None:
        return _Course()
    limit = one.deadline.due_at
    ended = next(
        (mark.occurred_at for mark in record.activities.get(one.target, ())
         if mark.occurred_at > one.starts_at and mark.unit in ("", one.unit)),
        None,
    )  # fmt: skip
    if ended is not None and ended <= limit:
        return _Course(done_at=ended, held=((one.starts_at, ended),))
    if record.as_of > limit:
        # One full pause is one miss; what comes after it belongs to the next occurrence.
        over = limit + timedelta(seconds=1)
        return _Course(done_at=over, held=((one.starts_at, over),))
    return _Course(held=((one.starts_at, record.as_of),))


def _reports(one: Obligation, record: Record) -> list[f.Report]:
    """Reports about this obligation; a quantity's stages share the reports of their target."""
    reports = record.of_clause(one.clause, f.Report)
    shares_target = one.target != ""
    return [
        report
        for report in reports
        if report.unit in ("", one.unit)
        and report.occurrence in ("", one.occurrence)
        and (report.duty in ("", one.duty) or (shares_target and report.done is None))
    ]


def _closed_by_office(one: Obligation, record: Record) -> f.CaseEvent | None:
    events = record.cases.get(one.occurrence, ()) if one.kind == "case" else ()
    return next(
        (event for event in events if event.event == "closed" and event.duty in ("", one.duty)),
        None,
    )


def _yes_no(
    one: Obligation, reports: Sequence[f.Report], closed: f.CaseEvent | None, record: Record
) -> _Course:
    """The ball lies with the unit from the start to a submission, and from a return on."""
    held: list[tuple[datetime, datetime]] = []
    since: datetime | None = one.starts_at
    done_at = submitted_at = None
    returned = False
    seen: list[f.FactId] = []
    for report in reports:
        seen.append(report.id)
        if report.done is False or (report.done is None and (report.share or 0) < 1):
            continue
        if since is not None and report.occurred_at > since:
            held.append((since, report.occurred_at))
        since, submitted_at, returned = None, report.occurred_at, False
        review = record.reviews.get(report.id)
        if review is None:
            continue
        seen.append(review.id)
        if review.outcome == "accepted":
            done_at = report.occurred_at
            break
        since, submitted_at, returned = review.occurred_at, None, True
    if done_at is None and closed is not None:
        if since is not None and closed.occurred_at > since:
            held.append((since, closed.occurred_at))
        done_at, since = closed.occurred_at, None
        seen.append(closed.id)
    if done_at is None and since is not None and record.as_of > since:
        held.append((since, record.as_of))
    return _Course(done_at, submitted_at, returned, *_yes_no_amounts(one, done_at or submitted_at),
                   held=tuple(held), facts=tuple(seen))  # fmt: skip


def _yes_no_amounts(one: Obligation, submitted_at: datetime | None) -> tuple[Fraction, Fraction]:
    if submitted_at is None:
        return Fraction(0), Fraction(0)
    in_time = one.deadline is None or one.deadline.in_time(submitted_at)
    return Fraction(1), Fraction(1 if in_time else 0)


def _quantity(one: Obligation, reports: Sequence[f.Report], record: Record) -> _Course:
    """Cumulative counts; a returned report does not count, one that waits does for now."""
    needed = one.needed if one.needed is not None else one.share or Fraction(1)
    has = had_in_time = Fraction(0)
    done_at = submitted_at = None
    returned = False
    seen: list[f.FactId] = []
    for report in reports:
        seen.append(report.id)
        review = record.reviews.get(report.id)
        if review is not None:
            seen.append(review.id)
        returned = review is not None and review.outcome == "returned"
        if returned:
            continue
        has = _amount(one, report, needed)
        if one.deadline is not None and one.deadline.in_time(report.occurred_at):
            had_in_time = has
        if has >= needed and done_at is None:
            if review is not None:
                done_at = report.occurred_at
            else:
                submitted_at = submitted_at or report.occurred_at
    until = done_at or submitted_at or record.as_of
    held = ((one.starts_at, until),) if until > one.starts_at else ()
    return _Course(done_at, submitted_at if done_at is None else None, returned, has, had_in_time,
                   held, tuple(seen))  # fmt: skip


def _amount(one: Obligation, report: f.Report, needed: Fraction) -> Fraction:
    if report.done:
        return needed
    if report.count is not None:
        return Fraction(report.count)
    share = Fraction(report.share or 0)
    if one.total is not None:
        return share * one.total
    return share if one.needed is None else share * needed


def join(standings: Sequence[Standing], clause: Clause, leads: Sequence[str]) -> list[Joined]:
    """One duty's standings as the things that a rule charges, in order of time.

    all: charged once, done when the last is done. any: done when the first is done. lead: only the
    lead unit counts. each: every unit by itself.
    """
    if clause.joins == "each":
        return [_joined([one]) for one in standings]
    occurrences: dict[str, list[Standing]] = {}
    for one in standings:
        if clause.joins == "lead" and one.obligation.unit not in leads:
            continue
        occurrences.setdefault(one.obligation.occurrence, []).append(one)
    if clause.joins == "any":
        return [_joined([_best(group)]) for group in occurrences.values()]
    return [_joined(group) for group in occurrences.values()]


def _best(group: Sequence[Standing]) -> Standing:
    return min(group, key=lambda one: (one.open, one.missed, one.lateness.elapsed))


def _joined(group: Sequence[Standing]) -> Joined:
    counted = [one for one in group if not one.waived] or list(group)
    unknown = next(
        (one.obligation.needs for one in counted if one.obligation.needs and one.open), ""
    )
    return Joined(tuple(counted), unknown)
