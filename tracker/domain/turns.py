"""How an obligation stands between two turns. Pure: no row, no clock.

What may change about an obligation changes at an instant of one of its facts (a turn); between two
turns it is judged once, and its ladder is one against one deadline.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from itertools import pairwise

from schedules.deadlines import MIDNIGHT, closes_at, local_day
from schedules.instants import local_instant
from schedules.ladder import Planned, Window, later_in_window
from schedules.workdays import WorkCalendar
from tracker.domain import facts as f
from tracker.domain import readings
from tracker.domain.ladders import (
    DAWN,
    NEXT,
    Course,
    ReviewCourse,
    Timeline,
    closing,
    course_of,
    window_of,
)
from tracker.domain.layout import lay_out
from tracker.domain.obligations import Obligation, Standing
from tracker.domain.programme import (
    CaseDuty,
    Clause,
    Gap,
    Held,
    Milestone,
    Programme,
    TimeUnit,
)
from tracker.domain.record import Record, record
from tracker.domain.standing import stand
from tracker.domain.verdicts import PRESUMED, UNTOLD, NoticeKind, concerns, known_from

ONE_DAY = timedelta(days=1)
ELAPSED = {
    TimeUnit.HOUR: timedelta(hours=1),
    TimeUnit.DAY: ONE_DAY,
    TimeUnit.WORKDAY: ONE_DAY,
    TimeUnit.WEEK: timedelta(weeks=1),
    TimeUnit.MONTH: timedelta(days=30),
}

RESTING = frozenset({"waiting", "suspended"})
"""Reasons to say nothing that may pass without a new deadline: the ladder goes on underneath."""

YEAR_CLOSED = "year_closed"
"""Why nobody is told of what was open when the programme's year was closed."""


@dataclass(frozen=True, eq=False)
class View:
    """A programme, its calendar and every fact, filed by what each can move.

    Make one for each state of the facts and ask it for many obligations. `loaded` says of each
    clause when it was first published; of one that is not in it nothing went by before that.
    """

    programme: Programme
    calendar: WorkCalendar
    facts: tuple[f.AnyFact, ...]
    loaded: Mapping[str, datetime] = field(default_factory=dict)
    _scopes: dict[str, Scope] = field(default_factory=dict, repr=False)

    @cached_property
    def window(self) -> Window:
        return window_of(self.programme.policy)

    @cached_property
    def plans(self) -> _Plans:
        return _plans(Held(self.programme), self.calendar)

    @cached_property
    def drawers(self) -> dict[str, list[f.AnyFact]]:
        return _drawers(self.facts)

    def catch_up(self, clause: str) -> CatchUp | None:
        loaded_at = self.loaded.get(clause)
        if loaded_at is None:
            return None
        zone, calendar = self.programme.tz, self.calendar
        ends_at = closes_at(local_day(loaded_at, zone), zone)
        at = later_in_window(ends_at, zone=zone, calendar=calendar, window=self.window)
        every = self.programme.policies[clause].overdue_every
        first = calendar.add_workdays(local_day(at, zone), every)
        return CatchUp(loaded_at, at, local_instant(first, MIDNIGHT, zone=zone))

    def scope(self, key: str) -> Scope | None:
        """What concerns the obligation's clause; None for a clause that the programme has not."""
        clause = key.partition("/")[0]
        if clause not in self.programme.clauses:
            return None
        if clause not in self._scopes:
            self._scopes[clause] = Scope(self, clause)
        return self._scopes[clause]


@dataclass(frozen=True)
class CatchUp:
    """补催: people are told `at` once of the rungs that passed before a clause was loaded: when the
    window opens on a later day, so that an office has a day to enter what was done already. What
    follows before `until` would say the same again."""

    loaded_at: datetime
    at: datetime
    until: datetime

    def of(self, ladder: Timeline) -> Sequence[Planned]:
        """The last rung that passed, unless a later one was told of by itself."""
        last = ladder.last_before(self.at + NEXT)
        return last if last and last[0].wanted_at < self.loaded_at else ()


@dataclass(frozen=True)
class Judged:
    """One obligation from a turn to the next; `reason` says why its unit is not told about it.

    `acts` are reports of progress and requests for an extension; `waits` is the report whose
    review is due, where `reason` is "waiting".
    """

    obligation: Obligation | None
    reason: str = ""
    receipts: tuple[f.Receipt, ...] = ()
    acts: tuple[f.About, ...] = ()
    waits: f.Report | None = None

    @property
    def runs(self) -> bool:
        """Whether its ladder has to be watched, even where it rests for now."""
        return self.obligation is not None and (not self.reason or self.reason in RESTING)

    def ladder(self, view: View, scope: Scope) -> Timeline:
        assert self.obligation is not None
        return view.plans.timeline(self.obligation, scope)

    def review(self, view: View, scope: Scope) -> Timeline | None:
        """The ladder of whoever reviews; None where no report waits or none has to be reviewed
        by a day."""
        return None if self.waits is None else view.plans.review(self.waits, scope)


def untold(kind: NoticeKind, judged: Judged) -> str:
    """Why a review is not told as things stand; "" where it is."""
    return judged.reason if judged.reason in UNTOLD[kind] else ""


class Scope:
    """One clause, the facts that can move its obligations, and the turns that they make."""

    def __init__(self, view: View, clause: str) -> None:
        self._view = view
        _, self.item, self.clause = view.programme.clauses[clause]
        self.facts = _facts_of(view, self.clause)
        self.catch_up = view.catch_up(clause)
        self.turns = sorted(self._turns())
        self._states: dict[datetime, _State] = {}

    def epochs(
        self, begin: datetime, end: datetime | None
    ) -> Iterator[tuple[datetime, datetime | None]]:
        """[begin, end) cut at the turns; open where `end` is None."""
        first = bisect_right(self.turns, begin)
        last = len(self.turns) if end is None else bisect_left(self.turns, end)
        cuts = [begin, *self.turns[first:last]]
        for start, following in zip(cuts, [*cuts[1:], end], strict=True):
            if following is None or start < following:
                yield start, following

    def judge(self, key: str, at: datetime) -> Judged:
        return self._state(at).judge(key)

    def begins(self, key: str, at: datetime) -> bool:
        """Whether the obligation, or its date, became known exactly at `at`."""
        where = bisect_left(self.turns, at)
        if where == len(self.turns) or self.turns[where] != at:
            return False
        return self.judge(key, at - NEXT).reason in ("gone", "no_date")

    def reviews(self, key: str, at: datetime) -> list[f.Review]:
        """Those that become known exactly at `at` and are to be told to the obligation's unit."""
        found = self._reviews.get(at, ())
        return [one for one in found if self._is_told(key, one, at)]

    def _is_told(self, key: str, review: f.Review, at: datetime) -> bool:
        judged = self.judge(key, at)
        report = self._reports.get(review.report)
        if judged.obligation is None or report is None or not self.stands(review.id, at):
            return False
        if report.id.startswith(PRESUMED):
            return False
        told = concerns(report, judged.obligation)
        return told and not untold(NoticeKind(review.outcome), judged)

    def stands(self, review: str, at: datetime) -> bool:
        """Whether the review holds at `at`, of a report that does."""
        filed = self._state(at).filed
        reports = {one.id for one in filed.of_clause(self.clause.id, f.Report)}
        return any(one.id == review and one.report in reports for one in filed.reviews.values())

    @cached_property
    def _reviews(self) -> dict[datetime, list[f.Review]]:
        found: dict[datetime, list[f.Review]] = {}
        for fact in self.facts:
            if isinstance(fact, f.Review):
                found.setdefault(known_from(fact), []).append(fact)
        return found

    @cached_property
    def _reports(self) -> dict[f.FactId, f.Report]:
        return {fact.id: fact for fact in self.facts if isinstance(fact, f.Report)}

    def _state(self, at: datetime) -> _State:
        where = bisect_right(self.turns, at)
        turn = self.turns[where - 1] if where else DAWN
        if turn not in self._states:
            filed = record(self.facts, as_of=turn, known_at=turn)
            self._states[turn] = _State(self._view, self, filed)
        return self._states[turn]

    def _turns(self) -> Iterator[datetime]:
        if self.catch_up is not None:
            yield self.catch_up.at
        for fact in self.facts:
            yield fact.occurred_at.astimezone(UTC)
            yield fact.recorded_at.astimezone(UTC)
            if isinstance(fact, f.Suspension) and fact.ends_at is not None:
                yield fact.ends_at.astimezone(UTC)
        for duty in self.clause.duties:
            if isinstance(duty, Gap):
                yield from self._pauses(duty)

    def _pauses(self, duty: Gap) -> Iterator[datetime]:
        """When one full pause ends and the next begins."""
        size = ELAPSED[duty.within.unit] * duty.within.n
        closes = closes_at(self._view.programme.closes_on, self._view.programme.tz)
        marks = sorted(
            fact.occurred_at for fact in self._view.drawers.get(f"a:{duty.activity}", ())
        )
        for mark, following in pairwise([*marks, closes]):
            for number in range(1, max(0, (following - mark) // size) + 1):
                yield (mark + number * size).astimezone(UTC)


class _State:
    """The obligations of a clause as they stand from one turn to the next."""

    def __init__(self, view: View, scope: Scope, filed: Record) -> None:
        self._scope = scope
        self.filed = filed
        self._calendar = view.calendar
        self._read = readings.as_read(view.programme, filed)[1]
        self._judged: dict[str, Judged] = {}
        self._obligations = view.plans.obligations(self._read, scope, filed)

    def judge(self, key: str) -> Judged:
        if key not in self._judged:
            self._judged[key] = self._judge(key)
        return self._judged[key]

    def _judge(self, key: str) -> Judged:
        one = self._obligations.get(key)
        if one is None:
            return Judged(None, "gone")
        if one.deadline is None:
            return Judged(one, "no_date")
        standing = self._stand(one)
        reason = _reason(standing)
        if not reason and self._scope.clause.joins == "any" and self._another_did(one):
            reason = "done"
        if self.filed.closings and (not reason or reason in RESTING):
            reason = YEAR_CLOSED
        acts = (*self._progress(one), *self._about(one, f.Extension))
        waits = self._waits(one, standing) if reason == "waiting" else None
        return Judged(one, reason, standing.receipts, acts, waits)

    def _progress(self, one: Obligation) -> list[f.Report]:
        """The reports that nobody sent back."""
        sent_back = {id_ for id_, it in self.filed.reviews.items() if it.outcome == "returned"}
        return [fact for fact in self._about(one, f.Report) if fact.id not in sent_back]

    def _about(self, one: Obligation, kind: type[f.AboutKind]) -> list[f.AboutKind]:
        found = self.filed.of_clause(self._scope.clause.id, kind)
        return [fact for fact in found if concerns(fact, one)]

    def _waits(self, one: Obligation, standing: Standing) -> f.Report | None:
        """The last report that nobody has reviewed; a quantity's may be about a sister stage."""
        reports = self._about(one, f.Report) or list(
            self.filed.of_clause(self._scope.clause.id, f.Report)
        )
        open_ = [
            fact for fact in reports
            if fact.id not in self.filed.reviews and fact.unit in ("", one.unit)
        ]  # fmt: skip
        return max(open_, key=lambda fact: (fact.occurred_at, fact.id), default=None)

    def _stand(self, one: Obligation) -> Standing:
        return stand(one, self._read, self.filed, self._calendar)

    def _another_did(self, one: Obligation) -> bool:
        return any(
            not self._stand(other).open
            for other in self._obligations.values()
            if (other.duty, other.occurrence) == (one.duty, one.occurrence) and other is not one
        )


def _reason(standing: Standing) -> str:
    if standing.waived:
        return "waived"
    if standing.closed_out:
        return "closed"
    if not standing.open:
        return "done"
    if standing.waiting:
        return "waiting"
    return "suspended" if standing.suspended else ""


# -- the facts that can move a clause's obligations ----------------------------------------------


def _drawers(facts: Sequence[f.AnyFact]) -> dict[str, list[f.AnyFact]]:
    """By what a fact is about: c:clause, k:case kind, t:target, a:activity, r: all clauses.

    A fact that replaces another lies in the other's drawers too, or the other would still count.
    """
    kinds = {fact.case: fact.kind for fact in facts if isinstance(fact, f.CaseEvent) and fact.kind}
    drawers: dict[f.FactId, set[str]] = {}
    filed: dict[str, list[f.AnyFact]] = {}
    for fact in sorted(facts, key=_after_what_it_names):
        mine = _places(fact, kinds, drawers)
        if fact.supersedes is not None:
            mine |= drawers.get(fact.supersedes, set())
        drawers[fact.id] = mine
        for place in mine:
            filed.setdefault(place, []).append(fact)
    return filed


def _after_what_it_names(fact: f.AnyFact) -> tuple[bool, datetime]:
    return fact.supersedes is not None or isinstance(fact, f.Review), fact.recorded_at


def _places(fact: f.AnyFact, kinds: dict[str, str], drawers: dict[f.FactId, set[str]]) -> set[str]:
    match fact:
        case f.About():
            return {f"c:{fact.clause}"}
        case f.Review():
            return set(drawers.get(fact.report, ()))
        case f.CaseEvent():
            return {f"k:{kinds.get(fact.case, '')}"}
        case f.Target():
            return {f"t:{fact.target}"}
        case f.Activity():
            return {f"a:{fact.activity}"}
        case f.ReadingDecision() | f.Closing():
            return {"r:"}
        case _:
            return set()


def _facts_of(view: View, clause: Clause) -> tuple[f.AnyFact, ...]:
    wanted = {f"c:{clause.id}", "r:"}
    for duty in clause.duties:
        match duty:
            case CaseDuty():
                wanted.add(f"k:{duty.case}")
            case Gap():
                wanted.add(f"a:{duty.activity}")
            case Milestone(need=need) if need is not None:
                wanted.add(f"t:{need.of}")
            case _:
                pass
    found = {id(fact): fact for place in sorted(wanted) for fact in view.drawers.get(place, ())}
    return tuple(found.values())


# -- what is reckoned once for all views of a programme ------------------------------------------


class _Plans:
    """Layouts and timelines of one programme under one calendar; may be thrown away at any time."""

    ROOM = 20_000

    def __init__(self, programme: Programme, calendar: WorkCalendar) -> None:
        self._programme = programme
        self._calendar = calendar
        self._layouts: dict[tuple[object, ...], dict[str, Obligation]] = {}
        self._timelines: dict[Course | ReviewCourse, Timeline] = {}
        self._of_duties: dict[tuple[object, ...], Timeline] = {}

    def obligations(self, read: Programme, scope: Scope, filed: Record) -> dict[str, Obligation]:
        """The scope's clause laid out as the record has it."""
        key = (scope.clause.id, Held(read), *_moving(scope.clause, filed))
        if key not in self._layouts:
            if len(self._layouts) > self.ROOM:
                self._layouts.clear()
            laid_out = lay_out(read, self._calendar, filed, clauses=(scope.clause.id,))
            self._layouts[key] = {one.key: one for one in laid_out}
        return self._layouts[key]

    def timeline(self, one: Obligation, scope: Scope) -> Timeline:
        """Units that owe the same by the same day are asked for one after the other."""
        assert one.deadline is not None
        due = one.deadline
        key = (scope.clause.id, one.duty, one.kind, due.kind, due.due_at, one.starts_at)
        known = self._of_duties.get(key)
        if known is None:
            if len(self._of_duties) > self.ROOM:
                self._of_duties.clear()
            course = course_of(one, scope.clause, self._programme, self._calendar)
            known = self._of_duties[key] = self._run(course)
        return known

    def review(self, report: f.Report, scope: Scope) -> Timeline | None:
        course = self.review_course(report, scope)
        return None if course is None else self._run(course)

    def review_course(self, report: f.Report, scope: Scope) -> ReviewCourse | None:
        policy = self._programme.policies[scope.clause.id]
        if policy.review_within == "never":
            return None
        return ReviewCourse(
            policy, self._calendar, self._programme.tz, policy.mark, known_from(report), report.id,
            closing(self._programme, policy),
        )  # fmt: skip

    def _run(self, course: Course | ReviewCourse) -> Timeline:
        if course not in self._timelines:
            if len(self._timelines) > self.ROOM:
                self._timelines.clear()
            self._timelines[course] = Timeline(course)
        return self._timelines[course]


@lru_cache(maxsize=8)
def _plans(held: Held, calendar: WorkCalendar) -> _Plans:
    return _Plans(held.programme, calendar)


def _moving(clause: Clause, filed: Record) -> Iterator[object]:
    """What the layout of a clause depends on beside the programme; nothing for most clauses.

    The facts themselves and not their ids: another database has other facts of the same name.
    """
    yield from filed.of_clause(clause.id, f.ExternalDate)
    yield from filed.of_clause(clause.id, f.Extension)
    for rest in filed.of_clause(clause.id, f.Suspension):
        # While it lasts, the deadline moves with every instant.
        yield rest, filed.as_of
    for drawer in (filed.cases, filed.targets, filed.activities):
        for facts in drawer.values():
            yield from facts
    if filed.activities or any(
        event.event == "suspended" for case in filed.cases.values() for event in case
    ):
        yield filed.as_of
