"""How an obligation stands as of an instant: light, progress, lateness."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from datetime import datetime, timedelta
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple, overload

from schedules.deadlines import NO_TIME, Lateness, lateness
from schedules.instants import as_utc
from schedules.workdays import WorkCalendar
from tracker.domain import facts as f
from tracker.domain.handins import Answers, Dues
from tracker.domain.layout import Alike, Block, Rest, about, suspensions
from tracker.domain.obligations import (
    DONE,
    NO_LATENESS,
    Joined,
    Light,
    Obligation,
    Standing,
    join,
)
from tracker.domain.points import fraction
from tracker.domain.programme import CaseDuty, Clause, Milestone, Programme, leading
from tracker.domain.record import PLAIN, Record

NOTHING, ONE = Fraction(0), Fraction(1)


class _Course(NamedTuple):
    """What the reports and reviews of one obligation amount to."""

    done_at: datetime | None = None
    submitted_at: datetime | None = None
    returned: bool = False
    has: Fraction = NOTHING
    had_in_time: Fraction = NOTHING
    counted: Fraction = NOTHING
    unreviewed: bool = False
    unreviewed_in_time: bool = False
    held: tuple[tuple[datetime, datetime], ...] = ()
    facts: tuple[f.FactId, ...] = ()


class Standings(Sequence[Standing]):
    """How every obligation stands as of the record's instant.

    Each is worked out when it is first looked at: a score needs those alone that may cost
    something, and of a large programme most do not.
    """

    def __init__(
        self, blocks: Iterable[Block], programme: Programme, record: Record, calendar: WorkCalendar
    ) -> None:
        self._record = record
        self._blocks = {
            (block.clause.id, block.duty.id): _Stood(block, programme, record, calendar)
            for block in blocks
        }

    @cached_property
    def _all(self) -> list[Standing]:
        self._record.look_at_all()
        return [one for block in self._blocks.values() for one in block.all]

    def __iter__(self) -> Iterator[Standing]:
        return iter(self._all)

    def __len__(self) -> int:
        return sum(len(block.block.obligations) for block in self._blocks.values())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._all == list(other)

    @overload
    def __getitem__(self, at: int) -> Standing: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Standing]: ...
    def __getitem__(self, at: int | slice) -> Standing | Sequence[Standing]:
        return self._all[at]

    def owed(self, clause: str, duty: str) -> list[Joined]:
        """The duty's occurrences as the things that a rule charges, in order of time."""
        block = self._blocks.get((clause, duty))
        return [] if block is None else block.owed

    def troubled(self, clause: str, duty: str) -> list[Joined]:
        """Those of them that may cost something."""
        block = self._blocks.get((clause, duty))
        return [] if block is None else block.troubled

    def within(self, clauses: Iterable[str]) -> Standings:
        """Those of these clauses."""
        wanted = set(clauses)
        found = copy(self)
        found._blocks = {at: block for at, block in self._blocks.items() if at[0] in wanted}
        found.__dict__.pop("_all", None)
        return found


class _Stood:
    """A block as of an instant."""

    def __init__(
        self, block: Block, programme: Programme, record: Record, calendar: WorkCalendar
    ) -> None:
        self.block, self.programme, self.record, self.calendar = block, programme, record, calendar
        self._made: dict[int, Standing] = {}

    def at(self, place: int) -> Standing:
        made = self._made.get(place)
        if made is None:
            one = self.block.obligations[place]
            made = self._made[place] = stand(one, self.programme, self.record, self.calendar)
        return made

    @cached_property
    def all(self) -> list[Standing]:
        self.record.look(self.block.clause.id)
        return [self.at(place) for place in range(len(self.block.obligations))]

    @cached_property
    def owed(self) -> list[Joined]:
        return self._joined(self.all)

    @cached_property
    def troubled(self) -> list[Joined]:
        mine = self.block.obligations
        if not isinstance(mine, Alike):
            return self.owed
        may_cost = [number for number, one in enumerate(mine.asked) if self._may_cost(one)]
        if not may_cost:
            return []
        answers = self.record.answered(self.block.clause.id, self.block.duty.id)
        if answers is None or not all(_is_plain(mine.asked[number]) for number in may_cost):
            return self._of_everyone(mine, may_cost)
        dues = [(one.occurrence, due) for _, one, due in self._dues(mine, may_cost)]
        late = self._not_in_time(mine.units, dues, answers)
        if self.block.clause.joins == "each":
            return list(self._late(mine, may_cost, answers, late))
        return self._of_everyone(
            mine, [n for n, one, due in self._dues(mine, may_cost)
                   if self._not_in_time(late.values(), [(one.occurrence, due)], answers)]
        )  # fmt: skip

    def _dues(
        self, mine: Alike, numbers: Sequence[int]
    ) -> Iterator[tuple[int, Obligation, datetime]]:
        for number in numbers:
            one = mine.asked[number]
            if one.deadline is not None:
                yield number, one, one.deadline.due_at

    def _not_in_time(
        self, units: Iterable[str], dues: Iterable[tuple[str, datetime]], answers: Answers
    ) -> dict[int, str]:
        """The units, by their place among all, that have not plainly answered all in time."""
        asked = Dues(dues)
        return {n: unit for n, unit in enumerate(units) if not answers.in_time(unit, asked)}

    def _may_cost(self, one: Obligation) -> bool:
        return bool(one.needs) or one.deadline is None or one.deadline.passed(self.record.as_of)

    def _joined(self, standings: Sequence[Standing]) -> list[Joined]:
        _, item, clause = self.programme.clauses[self.block.clause.id]
        return join(standings, clause, leading(item, clause))

    def _of_everyone(self, mine: Alike, numbers: Sequence[int]) -> list[Joined]:
        """These occurrences of all units, which may stand together."""
        asked = len(mine.asked)
        starts = range(0, len(mine), asked)
        if numbers:
            self.record.look(self.block.clause.id)
        return self._joined([self.at(start + number) for start in starts for number in numbers])

    def _late(
        self, mine: Alike, numbers: Sequence[int], answers: Answers, late: Mapping[int, str]
    ) -> Iterator[Joined]:
        """What these units have not plainly handed in by its deadline, unit by unit."""
        dues = list(self._dues(mine, numbers))
        told = {place: (unit, answers.of(unit)) for place, unit in late.items()}
        unclear = [unit for unit, said in told.values() if said.unclear or "" in said.at]
        if unclear:
            self.record.look(self.block.clause.id, unclear)
        for place, (unit, said) in told.items():
            start = place * len(mine.asked)
            doubtful = bool(said.unclear) or "" in said.at
            for number, one, due in dues:
                at = said.at.get(one.occurrence)
                if doubtful and said.leaves_open(one.occurrence):
                    yield from self._joined([self.at(start + number)])
                elif at is None or at > due:
                    waits = one.occurrence in said.waiting
                    yield Late(self, start + number, unit, one, at, waits)


class Late(Joined):
    """One unit's occurrence that was plainly not handed in by its deadline.

    How it stands is worked out when somebody looks at it; what a rule asks is known without.
    """

    __slots__ = ("_asked", "_at", "_place", "_stood", "_unit", "_waits")

    unknown = ""

    def __init__(
        self, stood: _Stood, place: int, unit: str, asked: Obligation, at: datetime | None,
        waits: bool,
    ) -> None:  # fmt: skip
        self._stood, self._place, self._unit, self._asked = stood, place, unit, asked
        self._at, self._waits = at, waits

    def __getattr__(self, name: str) -> tuple[Standing, ...]:
        if name != "standings":
            raise AttributeError(name)
        self.standings = (self._stood.at(self._place),)
        return self.standings

    @property
    def units(self) -> tuple[str, ...]:
        return (self._unit,)

    @property
    def obligation(self) -> str:
        return self._stood.block.obligations[self._place].key

    @property
    def occurrence(self) -> str:
        return self._asked.occurrence

    @property
    def problem(self) -> str:
        return ""

    @property
    def occurred_at(self) -> datetime | None:
        return self._asked.due_at

    @property
    def missed(self) -> bool:
        return True

    @property
    def past(self) -> bool:
        return True

    @property
    def waived(self) -> bool:
        return False

    @property
    def overdue(self) -> bool:
        return self._at is None

    @property
    def open(self) -> bool:
        return self._at is None

    @property
    def waiting(self) -> bool:
        return self._waits

    @property
    def unreviewed(self) -> bool:
        return self._waits

    @property
    def unreviewed_in_time(self) -> bool:
        return False

    @property
    def lateness(self) -> Lateness:
        stood, due = self._stood, self._asked.deadline
        assert due is not None
        until = as_utc(self._at or stood.record.as_of)
        late = until - due.due_at
        spans = ((due.due_at, until),) if late else ()
        return Lateness(late, spans, stood.programme.tz, stood.calendar)


def _is_plain(one: Obligation) -> bool:
    """Whether it is done or not, at one moment, by a report."""
    dated = one.deadline is not None and one.starts_at <= one.deadline.due_at and not one.needs
    yes_or_no = one.needed is None and one.share is None
    return dated and yes_or_no and one.kind in ("milestone", "recurring")


def stand(
    one: Obligation, programme: Programme, record: Record, calendar: WorkCalendar
) -> Standing:
    """Light, lateness and progress as of the record's instant."""
    record.look(one.clause, (one.unit,))
    course = _course(one, programme, record)
    waivers: Sequence[f.Waiver | f.CaseEvent] = ()
    closed: Sequence[f.CloseOut] = ()
    rests: Sequence[Rest] = ()
    kinds = record.about.get(one.clause, ())
    if one.kind == "case" or not PLAIN.issuperset(kinds):
        waivers = [*_withdrawals(one, record), *about(record, one, f.Waiver)]
        closed = about(record, one, f.CloseOut)
        rests = suspensions(record, one)
    if closed and course.done_at is None:
        course = _taken_off(course, one, closed[0].occurred_at)
    past = one.deadline is not None and one.deadline.passed(record.as_of)
    late = _lateness(one, course, rests, record, programme, calendar) if past else NO_LATENESS
    standing = Standing(
        obligation=one,
        as_of=record.as_of,
        light=DONE if course.done_at is not None or closed or waivers else Light.OK,
        lateness=NO_LATENESS if waivers else late,
        done_at=course.done_at,
        off_since=min((fact.occurred_at for fact in (*waivers, *closed)), default=None),
        submitted_at=course.submitted_at,
        has=course.has,
        had_in_time=_in_time(one, course, late),
        counted=course.counted,
        unreviewed=course.unreviewed,
        unreviewed_in_time=course.unreviewed_in_time,
        past=past or late.elapsed > NO_TIME,
        waived=bool(waivers),
        closed_out=bool(closed),
        suspended=bool(rests) and any(end is None for _, end, _ in rests),
        returned=course.returned,
        receipts=tuple(about(record, one, f.Receipt)) if f.Receipt in kinds else (),
        facts=course.facts,
    )
    light = light_of(standing, programme)
    return standing if light is standing.light else standing._replace(light=light)


def _taken_off(course: _Course, one: Obligation, at: datetime) -> _Course:
    """The office holds it for settled from then on (销号)."""
    has = max(course.has, ONE if one.needed is None else one.needed)
    in_time = one.deadline is None or one.deadline.in_time(at)
    return course._replace(
        held=_clipped(course.held, at),
        has=has,
        had_in_time=has if in_time else course.had_in_time,
    )


def _in_time(one: Obligation, course: _Course, late: Lateness) -> Fraction:
    """A yes/no duty is in time where it was never late: one that is handed in again while the
    first submission waits stays so."""
    if one.kind == "gap" or one.needed is not None or one.share is not None:
        return course.had_in_time
    return course.has if late.elapsed <= NO_TIME else NOTHING


def _withdrawals(one: Obligation, record: Record) -> Sequence[f.CaseEvent]:
    events = record.cases.get(one.occurrence, ()) if one.kind == "case" else ()
    return [event for event in events if event.event == "withdrawn"]


def light_of(standing: Standing, programme: Programme) -> Light:
    """The light of design section 3; the first that matches wins."""
    one, as_of = standing.obligation, standing.as_of
    if standing.light is DONE:
        return DONE
    if one.deadline is None or as_of < one.starts_at:
        return Light.NONE
    if standing.missed:
        return Light.LATE
    if standing.waiting_in_time or standing.suspended:
        return Light.OK
    if not _behind(standing):
        return Light.OK
    used = _share_used(one, as_of)
    if used >= fraction(programme.thresholds.nearly):
        return Light.DUE
    silent = used >= fraction(programme.thresholds.silent)
    return Light.SLOW if silent or one.needed is not None else Light.OK


def _share_used(one: Obligation, as_of: datetime) -> Fraction:
    assert one.deadline is not None
    whole = one.deadline.due_at - one.starts_at
    if whole <= NO_TIME:
        return ONE
    return Fraction(
        (as_of - one.starts_at) // timedelta(seconds=1), whole // timedelta(seconds=1) or 1
    )


def _behind(standing: Standing) -> bool:
    """Below the pace (序时进度) for a quantity; nothing reported for a yes/no duty."""
    needed = standing.obligation.needed
    if needed is None:
        return standing.submitted_at is None and not standing.facts
    used = _share_used(standing.obligation, standing.as_of)
    return standing.has < needed * min(used, ONE)


def _lateness(
    one: Obligation, course: _Course, rests: Sequence[Rest], record: Record,
    programme: Programme, calendar: WorkCalendar,
) -> Lateness:  # fmt: skip
    if one.deadline is None:
        return NO_LATENESS
    after = [
        (start, end or record.as_of) for start, end, _ in rests if start >= one.deadline.due_at
    ]
    held = _without(course.held, after) if after else course.held
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


def _course(one: Obligation, programme: Programme, record: Record) -> _Course:
    if one.kind == "gap":
        return _gap_course(one, record)
    reports = _reports(one, programme, record)
    closed = _closed_by_office(one, programme, record)
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


def _reports(one: Obligation, programme: Programme, record: Record) -> Sequence[f.Report]:
    """Reports about this obligation; a quantity's stages share the reports of their target."""
    drawer = record.drawer(one.clause, f.Report)
    mine = drawer.about(one.duty, one.unit, one.occurrence)
    if not one.target:
        return mine
    stages = _stages(programme.clauses[one.clause][2], one.target) - {one.duty}
    shared = [
        report
        for stage in stages
        for report in drawer.about(stage, one.unit, one.occurrence)
        if report.duty == stage and report.done is None
    ]
    return sorted((*mine, *shared), key=f.in_order) if shared else mine


def _stages(clause: Clause, target: str) -> set[str]:
    return {
        duty.id
        for duty in clause.duties
        if isinstance(duty, Milestone) and duty.need and duty.need.of == target
    }


def _closed_by_office(one: Obligation, programme: Programme, record: Record) -> f.CaseEvent | None:
    events = record.cases.get(one.occurrence, ()) if one.kind == "case" else ()
    duty = programme.clauses[one.clause][2].duty(one.duty) if events else None
    alone = isinstance(duty, CaseDuty) and duty.settled_by == "own"
    settling = (one.duty,) if alone else ("", one.duty)
    return next((e for e in events if e.event == "closed" and e.duty in settling), None)


def _yes_no(
    one: Obligation, reports: Sequence[f.Report], closed: f.CaseEvent | None, record: Record
) -> _Course:
    """The ball lies with the unit while nothing that it handed in waits for review: from the start
    to a submission, and from a return on unless another submission is still unanswered.

    Who says afterwards that it is not done yet takes back what waits, as if it had not been handed
    in; what was accepted stays done until the review is taken back.
    """
    held: list[tuple[datetime, datetime]] = []
    since: datetime | None = one.starts_at
    before_it = one.starts_at  # since when the ball had lain with the unit as it handed in
    handed_in = one.starts_at, one.starts_at
    done_at = submitted_at = None
    returned = False
    seen: list[f.FactId] = []
    for report in reports:
        seen.append(report.id)
        if report.done is False or (report.done is None and (report.share or 0) < 1):
            if since is None and f.in_order(report)[:2] > handed_in:
                since, submitted_at = before_it, None
                held = [gone for gone in held if gone[0] < since]
            continue
        handed_in = f.in_order(report)[:2]
        if since is not None:
            before_it = since
        if since is not None and report.occurred_at > since:
            held.append((since, report.occurred_at))
        review = record.reviews.get(report.id)
        if review is None:
            since, submitted_at = None, submitted_at or report.occurred_at
            continue
        seen.append(review.id)
        if review.outcome == "accepted":
            done_at = report.occurred_at
            break
        returned = True
        since = None if since is None else max(since, review.occurred_at)
    if done_at is None and closed is not None:
        if since is not None and closed.occurred_at > since:
            held.append((since, closed.occurred_at))
        done_at, since = closed.occurred_at, None
        seen.append(closed.id)
    if done_at is None and since is not None and record.as_of > since:
        held.append((since, record.as_of))
    has = NOTHING if done_at is None and submitted_at is None else ONE
    waits = done_at is None and submitted_at is not None
    returned = returned and done_at is None and not waits
    return _Course(done_at, submitted_at, returned, has, unreviewed=waits, held=tuple(held),
                   facts=tuple(seen))  # fmt: skip


def _quantity(one: Obligation, reports: Sequence[f.Report], record: Record) -> _Course:
    """Cumulative numbers; a returned report does not count, one that waits does for now.

    A total never falls: one that is smaller puts right those before it, which were never reached.
    Were it believed from its own day on alone, to hand it in after the deadline would pay.
    """
    needed = one.needed if one.needed is not None else one.share or ONE
    has = told = had_in_time = counted = NOTHING
    done_at = one.starts_at if needed <= 0 else None  # nothing is asked for
    submitted_at = None
    returned = unreviewed = unreviewed_in_time = False
    seen: list[f.FactId] = []
    for report in reports:
        seen.append(report.id)
        review = record.reviews.get(report.id)
        if review is not None:
            seen.append(review.id)
        returned = review is not None and review.outcome == "returned"
        if returned:
            continue
        has, unreviewed = _amount(one, report, needed, told), review is None
        told = told if report.done else has
        if one.deadline is not None and one.deadline.in_time(report.occurred_at):
            unreviewed_in_time = unreviewed
            had_in_time, counted = has, NOTHING if report.count is None else has
        elif has < had_in_time:
            unreviewed_in_time = unreviewed_in_time or unreviewed
            had_in_time, counted = has, min(counted, has)
        if has < needed:
            done_at = submitted_at = None
        elif done_at is None and review is not None:
            done_at = report.occurred_at
        elif done_at is None:
            submitted_at = submitted_at or report.occurred_at
    until = done_at or submitted_at or record.as_of
    held = ((one.starts_at, until),) if until > one.starts_at else ()
    return _Course(done_at, submitted_at if done_at is None else None, returned, has, had_in_time,
                   counted, unreviewed, unreviewed_in_time, held, tuple(seen))  # fmt: skip


def _amount(one: Obligation, report: f.Report, needed: Fraction, told: Fraction) -> Fraction:
    """`told` is the number before it, which stands where one only says that not all is done."""
    if report.done:
        return needed
    if report.count is not None:
        # So many of a total that nobody has entered yet are no share of it.
        return NOTHING if one.needed is None else Fraction(report.count)
    if report.share is None:
        return told if told < needed else NOTHING
    share = Fraction(report.share)
    if one.total is not None:
        return share * one.total
    return share if one.needed is None else share * needed
