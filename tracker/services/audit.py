"""逾期台账: the report of late items that stands in a dispute.

For a period, as of an instant: every obligation that came due in it and was late, what that cost
and by which arithmetic, or why it cost nothing, and how often who was told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cached_property

from sqlmodel import Session, col, select

from schedules.deadlines import due_day
from tracker.domain import facts as f
from tracker.domain.ledger import Entry
from tracker.domain.obligations import Light, Obligation, Standing
from tracker.domain.points import Units
from tracker.domain.rules import AllOrNothing, DutyOnly, PerMissing, Rule
from tracker.domain.rules.base import Status
from tracker.exports.jsonform import Amount, Arithmetic, Counted
from tracker.services import trail
from tracker.services.scoreboard import Board, board
from tracker.store import queries
from tracker.store.tables import DispatchRow, EventRow, NoticeRow


class State(StrEnum):
    """Where an obligation of the audit stands now."""

    OPEN = "open"
    WAITING = "waiting"
    DONE = "done"
    CLOSED_OUT = "closed_out"
    WAIVED = "waived"


@dataclass(frozen=True)
class NoticeLine:
    """One notice about an obligation and what became of it; `state` is the mail's where there is
    one, `message_id` what proves it."""

    obligation: str
    rung: str
    role: str
    nominal_at: datetime
    settled_at: datetime | None
    state: str
    reason: str = ""
    message_id: str = ""
    reply: str = ""


@dataclass(frozen=True)
class Chain:
    """The trail's chain when the audit was made: `tracker trail verify` must find the same."""

    count: int
    head: str
    ok: bool
    unsealed: int


@dataclass(frozen=True)
class Evidence:
    """What the database has beside the facts. `positions` in the chain by an event's subject: an
    obligation, a case or a fact."""

    notices: tuple[NoticeLine, ...] = ()
    chain: Chain | None = None
    positions: Mapping[str, int] = field(default_factory=dict)


NONE = Evidence()


@dataclass(frozen=True)
class Deduction:
    """A ledger entry that came of the lateness, negative. `shared` where another obligation of the
    same duty carries it: units that owe it together are charged once."""

    entry: str
    rule: str
    points: Amount
    status: Status
    steps: Arithmetic
    shared: bool
    obligation: str


@dataclass(frozen=True)
class Happening:
    """One line of an obligation's history: a submission, a return, an extension, a suspension."""

    at: datetime
    recorded_at: datetime
    kind: str
    reason: str = ""
    until: date | None = None
    fact: str = ""


@dataclass(frozen=True)
class Row:
    """One late obligation. Lateness counts against the unit, so reviewing time is not in it.

    `why_free` says why nothing was charged, as a key of the `audit` catalogue; empty where
    something was. `position` is its place in the trail, None where nothing of it is sealed.
    """

    key: str
    item: str
    clause: str
    clause_title: str
    title: str
    unit: str
    unit_name: str
    kind: str
    light: Light
    state: State
    due_at: datetime
    first_due_at: datetime
    counted: Counted
    done_at: datetime | None
    late: timedelta
    days: int
    workdays: int
    lost: Amount
    deductions: tuple[Deduction, ...]
    why_free: str
    history: tuple[Happening, ...]
    notices: tuple[NoticeLine, ...]
    receipts: tuple[datetime, ...]
    position: int | None


@dataclass(frozen=True)
class Totals:
    """`lost` counts an entry that several rows share once; `other_lost` is what was lost for other
    reasons than these, so that both add up to the programme's."""

    late: int
    unfinished: int
    finished: int
    lost: Amount
    settled: Amount
    provisional: Amount
    other_lost: Amount
    programme_lost: Amount


@dataclass(frozen=True)
class Audit:
    programme: str
    title: str
    version: int
    hash: str
    zone: str
    as_of: datetime
    known_at: datetime
    first: date
    last: date
    calendar_version: str
    engine: str
    rows: tuple[Row, ...]
    totals: Totals
    chain: Chain | None


def audit(
    seen: Board,
    *,
    first: date,
    last: date,
    evidence: Evidence = NONE,
) -> Audit:
    """What came due from `first` to `last` (days of the programme's zone, both included) and was
    late."""
    desk = _Desk(seen, evidence, _by_obligation(evidence.notices))
    rows = tuple(
        desk.row(one)
        for one in sorted(seen.ledger.standings, key=_by_due)
        if _within(one.obligation, first, last, seen) and desk.belongs(one)
    )
    return Audit(
        programme=seen.programme.id,
        title=seen.programme.title,
        version=seen.version,
        hash=seen.programme.hash,
        zone=seen.programme.zone,
        as_of=seen.as_of,
        known_at=seen.known_at,
        first=first,
        last=last,
        calendar_version=seen.ledger.calendar_version,
        engine=seen.ledger.engine,
        rows=rows,
        totals=_totals(rows, seen),
        chain=evidence.chain,
    )


def of_period(
    session: Session,
    slug: str,
    *,
    first: date,
    last: date,
    as_of: datetime,
    known_at: datetime | None = None,
) -> Audit:
    """The audit with everything that the database has to prove it."""
    seen = board(session, slug, as_of=as_of, known_at=known_at)
    return audit(seen, first=first, last=last, evidence=evidence_of(session, slug, seen))


def evidence_of(session: Session, slug: str, seen: Board) -> Evidence:
    """Notices made by `known_at`, and the chain as it is now."""
    keys = [one.obligation.key for one in seen.ledger.standings if one.past or one.waived]
    verdict = trail.verify(session, slug)
    chain = Chain(verdict.count, verdict.head, verdict.ok, verdict.unsealed)
    notices = tuple(_notices(session, slug, keys, seen))
    return Evidence(notices, chain, _positions(session, slug))


def _by_due(one: Standing) -> tuple[datetime, str]:
    due = one.obligation.due_at
    return (due or one.as_of, one.obligation.key)


def _within(one: Obligation, first: date, last: date, board: Board) -> bool:
    days = [due_day(deadline.due_at, board.programme.tz)
            for deadline in (one.deadline, one.original) if deadline is not None]  # fmt: skip
    return any(first <= day <= last for day in days)


def _by_obligation(notices: Iterable[NoticeLine]) -> dict[str, list[NoticeLine]]:
    found: dict[str, list[NoticeLine]] = {}
    for one in notices:
        found.setdefault(one.obligation, []).append(one)
    return found


def _totals(rows: Sequence[Row], board: Board) -> Totals:
    charged = {one.entry: one for row in rows for one in row.deductions}
    lost = -sum(one.points for one in charged.values())
    settled = -sum(one.points for one in charged.values() if one.status is Status.SETTLED)
    unfinished = sum(row.state in (State.OPEN, State.WAITING) for row in rows)
    return Totals(
        late=len(rows),
        unfinished=unfinished,
        finished=len(rows) - unfinished,
        lost=Units(lost),
        settled=Units(settled),
        provisional=Units(lost - settled),
        other_lost=Units(board.ledger.lost - lost),
        programme_lost=board.ledger.lost,
    )


@dataclass(frozen=True)
class _Desk:
    board: Board
    evidence: Evidence
    notices: Mapping[str, list[NoticeLine]]

    def belongs(self, one: Standing) -> bool:
        """Late; or late once, and then forgiven by a waiver or an extension that came after."""
        if one.lateness.elapsed > timedelta(0):
            return True
        return self._forgiven(one) != ""

    def _forgiven(self, one: Standing) -> str:
        owed = one.obligation
        due = owed.original.due_at if owed.original is not None else owed.due_at
        if due is None or due > self.board.as_of:
            return ""
        if one.done_at is not None and one.done_at <= due:
            return ""
        about = [fact for fact in self._about(owed) if fact.occurred_at > due]
        if one.waived:
            return "waived" if any(isinstance(fact, f.Waiver) for fact in about) else ""
        moved = any(isinstance(fact, f.Extension) and fact.outcome == "approved" for fact in about)
        return "extended" if moved else ""

    # -- one row -----------------------------------------------------------------------------

    def row(self, one: Standing) -> Row:
        owed, programme = one.obligation, self.board.programme
        assert owed.deadline is not None
        assert owed.original is not None
        deductions = tuple(self._deductions(owed))
        charged = any(deduction.points < 0 for deduction in deductions)
        return Row(
            key=owed.key,
            item=owed.item,
            clause=owed.clause,
            clause_title=programme.clauses[owed.clause][2].title,
            title=owed.title,
            unit=owed.unit,
            unit_name=programme.unit_names.get(owed.unit, owed.unit),
            kind=owed.kind,
            light=one.light,
            state=_state(one),
            due_at=owed.deadline.due_at,
            first_due_at=owed.original.due_at,
            counted=owed.deadline,
            done_at=one.done_at or one.submitted_at,
            late=one.lateness.elapsed,
            days=one.lateness.days,
            workdays=one.lateness.workdays,
            lost=Units(-sum(deduction.points for deduction in deductions)),
            deductions=deductions,
            why_free="" if charged else self._why_free(one, deductions),
            history=tuple(self._history(owed)),
            notices=tuple(self.notices.get(owed.key, ())),
            receipts=tuple(receipt.occurred_at for receipt in one.receipts),
            position=self._position(one),
        )

    def _deductions(self, owed: Obligation) -> Iterator[Deduction]:
        for entry in self.board.ledger.of_clause(owed.clause):
            shared = entry.obligation != owed.key
            if shared and not _shares(entry, owed):
                continue
            if entry.points <= 0 and entry.obligation:
                yield Deduction(entry.id, entry.rule, entry.points, entry.status, entry.steps,
                                shared, entry.obligation)  # fmt: skip

    def _why_free(self, one: Standing, deductions: Sequence[Deduction]) -> str:
        """The first that fits, from what a person did to what the rules say."""
        if forgiven := self._forgiven(one):
            return forgiven
        if one.waived or one.closed_out:
            return "waived" if one.waived else "closed_out"
        if deductions:
            return _trimmed(deductions[0])
        if one.waiting:
            return "waiting"
        return self._by_rules(one.obligation)

    def _by_rules(self, owed: Obligation) -> str:
        clause = self.board.programme.clauses[owed.clause][2]
        about = [rule for rule in clause.rules if getattr(rule, "duty", None) == owed.duty]
        charging = [rule for rule in about if not isinstance(rule, DutyOnly)]
        if not charging:
            return "duty_only"
        if clause.joins in ("any", "lead"):
            return f"joins_{clause.joins}"
        return "recovered" if any(map(_forgives, charging)) else "nothing_due"

    def _about(self, owed: Obligation) -> list[f.About]:
        return [
            fact for fact in self._by_clause.get(owed.clause, ())
            if fact.duty in ("", owed.duty) and fact.unit in ("", owed.unit)
            and fact.occurrence in ("", owed.occurrence)
        ]  # fmt: skip

    @cached_property
    def _by_clause(self) -> Mapping[str, list[f.About]]:
        found: dict[str, list[f.About]] = {}
        for fact in self.board.true:
            if isinstance(fact, f.About):
                found.setdefault(fact.clause, []).append(fact)
        return found

    def _history(self, owed: Obligation) -> Iterator[Happening]:
        about = self._about(owed)
        reports = {fact.id for fact in about if isinstance(fact, f.Report)}
        told: list[f.Fact] = [fact for fact in about if not isinstance(fact, f.Receipt)]
        for fact in self.board.true:
            match fact:
                case f.Review() if fact.report in reports:
                    told.append(fact)
                case f.CaseEvent() if owed.kind == "case" and _of_case(fact, owed):
                    told.append(fact)
                case _:
                    pass
        for happened in sorted(told, key=lambda one: (one.occurred_at, one.id)):
            yield _happening(happened)

    def _position(self, one: Standing) -> int | None:
        owed, positions = one.obligation, self.evidence.positions
        subjects = [owed.key, *one.facts, *([owed.occurrence] if owed.kind == "case" else [])]
        return max((positions[name] for name in subjects if name in positions), default=None)


def _state(one: Standing) -> State:
    if one.waived:
        return State.WAIVED
    if one.done_at is not None:
        return State.DONE
    if one.closed_out:
        return State.CLOSED_OUT
    return State.WAITING if one.waiting else State.OPEN


def _shares(entry: Entry, owed: Obligation) -> bool:
    """The entry charges the same occurrence of the duty, this unit among others."""
    clause, _, rest = entry.obligation.partition("/")
    duty, _, tail = rest.partition("/")
    occurrence = tail.partition("/")[2]
    return (clause, duty, occurrence) == (owed.clause, owed.duty, owed.occurrence) and (
        owed.unit in entry.units
    )


def _forgives(rule: Rule) -> bool:
    """Making up for it afterwards takes the charge back."""
    match rule:
        case AllOrNothing():
            return rule.late == "forgiven"
        case PerMissing():
            return rule.judged == "now"
        case _:
            return False


TRIMMING = frozenset({"exempt", "absorbed", "same_problem", "times_factor"})


def _trimmed(deduction: Deduction) -> str:
    """Why an entry came to nothing: what took its points away, else its own arithmetic."""
    last = deduction.steps[-1].code if deduction.steps else ""
    if last.endswith("_cap"):
        return "capped"
    if last in TRIMMING:
        return last
    if deduction.status is Status.PENDING:
        return "pending"
    return "unknown" if deduction.status is Status.UNKNOWN else "no_block"


def _of_case(fact: f.CaseEvent, owed: Obligation) -> bool:
    return fact.case == owed.occurrence and fact.duty in ("", owed.duty)


def _happening(fact: f.Fact) -> Happening:
    kind: str = getattr(fact, "fact", "")
    reason: str = getattr(fact, "reason", "") or fact.note
    until = None
    match fact:
        case f.Report():
            kind = "progress" if fact.done is False else "report"
        case f.Review():
            kind = f"review_{fact.outcome}"
        case f.Extension():
            kind, until = f"extension_{fact.outcome}", fact.until
        case f.CaseEvent():
            kind = f"case_{fact.event}"
        case f.ExternalDate():
            until = fact.on
        case _:
            pass
    return Happening(fact.occurred_at, fact.recorded_at, kind, reason, until, fact.id)


# -- rows ----------------------------------------------------------------------------------------


def _notices(session: Session, slug: str, keys: Sequence[str], seen: Board) -> Iterator[NoticeLine]:
    for some in queries.chunks(keys):
        wanted = (
            select(NoticeRow, DispatchRow)
            .join(DispatchRow, col(DispatchRow.id) == NoticeRow.dispatch_id, isouter=True)
            .where(NoticeRow.programme == slug, col(NoticeRow.obligation_key).in_(some))
            .where(col(NoticeRow.made_at) <= seen.known_at)
            .order_by(col(NoticeRow.nominal_at), col(NoticeRow.id))
        )
        for notice, dispatch in session.exec(wanted):
            yield _notice_line(notice, dispatch)


def _notice_line(notice: NoticeRow, dispatch: DispatchRow | None) -> NoticeLine:
    state = notice.state.value
    if state == "dispatched" and dispatch is not None:
        state = dispatch.state.value
    return NoticeLine(
        obligation=notice.obligation_key,
        rung=notice.rung,
        role=notice.role,
        nominal_at=notice.nominal_at,
        settled_at=dispatch.settled_at if dispatch is not None else None,
        state=state,
        reason=notice.reason,
        message_id=dispatch.message_id if dispatch is not None else "",
        reply=dispatch.server_reply if dispatch is not None else "",
    )


def _positions(session: Session, slug: str) -> dict[str, int]:
    """The last sealed event of each subject."""
    wanted = select(EventRow.subject, EventRow.seq).where(
        EventRow.programme == slug, col(EventRow.seq).is_not(None)
    )
    found: dict[str, int] = {}
    for subject, seq in session.exec(wanted.order_by(col(EventRow.seq))):
        if seq is not None:
            found[subject] = seq
    return found
