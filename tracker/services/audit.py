"""逾期台账: the report of late items that stands in a dispute.

For a period, as of an instant: every obligation that came due in it and was late, what that cost
and by which arithmetic, or why it cost nothing, and how often who was told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple, TypeVar

from schedules.deadlines import closes_at, due_day
from tracker.domain import facts as f
from tracker.domain.ledger import Entry
from tracker.domain.obligations import Light, Obligation, Standing
from tracker.domain.points import Units
from tracker.domain.rules import AllOrNothing, DutyOnly, PerMissing, Rule
from tracker.domain.rules.base import Status
from tracker.exports.jsonform import Amount, Arithmetic, Counted
from tracker.services.scoreboard import Board


class State(StrEnum):
    """Where an obligation of the audit stands now; open at the programme's cut-off is never."""

    OPEN = "open"
    NEVER = "never"
    WAITING = "waiting"
    DONE = "done"
    CLOSED_OUT = "closed_out"
    WAIVED = "waived"


UNFINISHED = frozenset({State.OPEN, State.NEVER, State.WAITING})


@dataclass(frozen=True)
class NoticeLine:
    """One notice about an obligation and what became of it; `state` is the mail's where there is
    one, `message_id` what proves it, `recipient` the address it went to, `outcome` what was heard
    of it later (a bounce)."""

    obligation: str
    rung: str
    role: str
    nominal_at: datetime
    settled_at: datetime | None
    state: str
    reason: str = ""
    message_id: str = ""
    reply: str = ""
    recipient: str = ""
    channel: str = ""
    outcome: str = ""


@dataclass(frozen=True)
class SlipLine:
    """An order slip (交办单, 催办单, 督办单) about an obligation."""

    obligation: str
    number: str
    made_at: datetime
    void_reason: str = ""


@dataclass(frozen=True)
class FileLine:
    """佐证材料: a file that backed a report; who has the file can compare its SHA-256."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Chain:
    """The trail's chain when the audit was made: `tracker trail verify` must find the same."""

    count: int
    head: str
    ok: bool
    unsealed: int


@dataclass(frozen=True)
class Evidence:
    """What the database has beside the facts. `positions` in the chain by an event's subject, an
    obligation or a case; `recorded` by the fact that an event recorded."""

    notices: tuple[NoticeLine, ...] = ()
    chain: Chain | None = None
    positions: Mapping[str, int] = field(default_factory=dict)
    slips: tuple[SlipLine, ...] = ()
    recorded: Mapping[str, int] = field(default_factory=dict)


NONE = Evidence()


@dataclass(frozen=True)
class Deduction:
    """A ledger entry that came of the lateness, negative. `shared` where another obligation of the
    same duty carries it: units that owe it together are charged once. `readings` are those that it
    rests on, as "reading: choice"."""

    entry: str
    rule: str
    points: Amount
    status: Status
    steps: Arithmetic
    shared: bool
    obligation: str
    readings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Happening:
    """One line of an obligation's history: a submission, a return, an extension, a suspension."""

    at: datetime
    recorded_at: datetime
    kind: str
    reason: str = ""
    until: date | None = None
    fact: str = ""
    files: tuple[FileLine, ...] = ()
    position: int | None = None


@dataclass(frozen=True)
class Row:
    """One late obligation. Lateness counts against the unit, so reviewing time is not in it.

    `why_free` says why nothing was charged, as a key of the `audit` catalogue; empty where
    something was. `position` is its place in the trail, None where nothing of it is sealed.
    `skipped` are the days that were passed over when the due date was counted, by the calendar of
    `calendar_version`.
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
    slips: tuple[SlipLine, ...]
    skipped: tuple[date, ...]
    calendar_version: str


@dataclass(frozen=True)
class Sum:
    """What the rows of one unit, clause or reason come to. `id` of a reason is a key of the `audit`
    catalogue, "charged" where something was."""

    id: str
    name: str
    late: int
    unfinished: int
    lost: Amount


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
    unit: str = ""
    by_unit: tuple[Sum, ...] = ()
    by_clause: tuple[Sum, ...] = ()
    by_reason: tuple[Sum, ...] = ()


def audit(
    seen: Board,
    *,
    first: date,
    last: date,
    unit: str = "",
    evidence: Evidence = NONE,
) -> Audit:
    """What came due from `first` to `last` (days of the programme's zone, both included) and was
    late; of one unit, or all."""
    rows = tuple(AuditDesk(seen, evidence).rows(first, last, unit))
    bare = without_rows(seen, rows, first=first, last=last, unit=unit, chain=evidence.chain)
    return replace(bare, rows=rows)


def without_rows(
    seen: Board,
    rows: Iterable[Row],
    *,
    first: date,
    last: date,
    unit: str = "",
    chain: Chain | None = None,
) -> Audit:
    """What the rows come to. They may be too many to be held: each is looked at once and let go."""
    slim = [_slim(row) for row in rows]
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
        rows=(),
        totals=_totals(slim, seen),
        chain=chain,
        unit=unit,
        by_unit=_sums(slim, lambda one: one.unit),
        by_clause=_sums(slim, lambda one: one.clause),
        by_reason=_sums(slim, lambda one: (one.reason, "")),
    )


class _Slim(NamedTuple):
    """What a row adds to the sums; `charged` are its entries with their points, settled or not."""

    unit: tuple[str, str]
    clause: tuple[str, str]
    reason: str
    unfinished: bool
    charged: tuple[tuple[str, Units, bool], ...]


def _slim(row: Row) -> _Slim:
    return _Slim(
        (row.unit, row.unit_name), (row.clause, row.clause_title), row.why_free or CHARGED,
        row.state in UNFINISHED,
        tuple((one.entry, one.points, one.status is Status.SETTLED) for one in row.deductions),
    )  # fmt: skip


def _by_due(one: Standing) -> tuple[datetime, str]:
    due = one.obligation.due_at
    return (due or one.as_of, one.obligation.key)


def _within(one: Obligation, first: date, last: date, board: Board) -> bool:
    days = [due_day(deadline.due_at, board.programme.tz)
            for deadline in (one.deadline, one.original) if deadline is not None]  # fmt: skip
    return any(first <= day <= last for day in days)


Proof = TypeVar("Proof", NoticeLine, SlipLine)


def _by_obligation(proofs: Iterable[Proof]) -> dict[str, list[Proof]]:
    found: dict[str, list[Proof]] = {}
    for one in proofs:
        found.setdefault(one.obligation, []).append(one)
    return found


def _totals(rows: Sequence[_Slim], board: Board) -> Totals:
    charged = {one[0]: one for row in rows for one in row.charged}
    lost = -sum(points for _, points, _ in charged.values())
    settled = -sum(points for _, points, is_settled in charged.values() if is_settled)
    unfinished = sum(row.unfinished for row in rows)
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


CHARGED = "charged"


def _sums(rows: Sequence[_Slim], group_of: Callable[[_Slim], tuple[str, str]]) -> tuple[Sum, ...]:
    """The dearest first. An entry that several rows of a group share counts once in it."""
    lots: dict[tuple[str, str], list[_Slim]] = {}
    for row in rows:
        lots.setdefault(group_of(row), []).append(row)
    found = [
        Sum(id_, name, len(those), sum(row.unfinished for row in those), _lost(those))
        for (id_, name), those in lots.items()
    ]
    return tuple(sorted(found, key=lambda one: (-one.lost, -one.late, one.id)))


def _lost(rows: Iterable[_Slim]) -> Units:
    charged = {entry: points for row in rows for entry, points, _ in row.charged}
    return Units(-sum(charged.values()))


@dataclass(frozen=True)
class AuditDesk:
    """A board and what the database has beside it, from which rows are made one at a time."""

    board: Board
    evidence: Evidence

    @cached_property
    def notices(self) -> Mapping[str, list[NoticeLine]]:
        return _by_obligation(self.evidence.notices)

    @cached_property
    def slips(self) -> Mapping[str, list[SlipLine]]:
        return _by_obligation(self.evidence.slips)

    def rows(self, first: date, last: date, unit: str = "") -> Iterator[Row]:
        """In order of the due dates."""
        return map(self.row, self.late(first, last, unit))

    def late(self, first: date, last: date, unit: str = "") -> Iterator[Standing]:
        for one in sorted(self.board.ledger.standings, key=_by_due):
            mine = unit in ("", one.obligation.unit)
            if mine and _within(one.obligation, first, last, self.board) and self.belongs(one):
                yield one

    def belongs(self, one: Standing) -> bool:
        """Late; or late once, and then forgiven by a waiver or an extension that came after."""
        if one.missed or one.lateness.elapsed > timedelta(0):
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
            state=self._state(one),
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
            slips=tuple(self.slips.get(owed.key, ())),
            skipped=tuple(day.on for day in owed.original.days
                          if day.counted is None and day.reason in RESTING),
            calendar_version=owed.deadline.calendar_version or self.board.ledger.calendar_version,
        )  # fmt: skip

    @cached_property
    def _charges(self) -> Mapping[tuple[str, str, str, str], list[Entry]]:
        """The entries of each occurrence of a duty, by each unit that caused them."""
        found: dict[tuple[str, str, str, str], list[Entry]] = {}
        for entry in self.board.ledger.entries:
            if entry.obligation and entry.points <= 0:
                clause, duty, unit, occurrence = _parts(entry.obligation)
                for name in {*entry.units, unit}:
                    found.setdefault((clause, duty, occurrence, name), []).append(entry)
        return found

    def _deductions(self, owed: Obligation) -> Iterator[Deduction]:
        for entry in self._charges.get((owed.clause, owed.duty, owed.occurrence, owed.unit), ()):
            shared = entry.obligation != owed.key
            yield Deduction(entry.id, entry.rule, entry.points, entry.status, entry.steps,
                            shared, entry.obligation, self._read(entry))  # fmt: skip

    def _read(self, entry: Entry) -> tuple[str, ...]:
        chosen = dict(self.board.ledger.readings)
        return tuple(f"{id_}: {chosen.get(id_, '')}" for id_ in entry.readings)

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

    @cached_property
    def _reviews(self) -> Mapping[f.FactId, list[f.Review]]:
        found: dict[f.FactId, list[f.Review]] = {}
        for fact in self.board.true:
            if isinstance(fact, f.Review):
                found.setdefault(fact.report, []).append(fact)
        return found

    @cached_property
    def _cases(self) -> Mapping[str, list[f.CaseEvent]]:
        found: dict[str, list[f.CaseEvent]] = {}
        for fact in self.board.true:
            if isinstance(fact, f.CaseEvent):
                found.setdefault(fact.case, []).append(fact)
        return found

    def _history(self, owed: Obligation) -> Iterator[Happening]:
        about = self._about(owed)
        told: list[f.Fact] = [fact for fact in about if not isinstance(fact, f.Receipt)]
        for fact in about:
            if isinstance(fact, f.Report):
                told += self._reviews.get(fact.id, ())
        if owed.kind == "case":
            told += [one for one in self._cases.get(owed.occurrence, ())
                     if one.duty in ("", owed.duty)]  # fmt: skip
        for happened in sorted(told, key=lambda one: (one.occurred_at, one.id)):
            yield _happening(happened, self.evidence.recorded.get(happened.id))

    def _state(self, one: Standing) -> State:
        if one.waived:
            return State.WAIVED
        if one.done_at is not None:
            return State.DONE
        if one.closed_out:
            return State.CLOSED_OUT
        if one.waiting:
            return State.WAITING
        programme = self.board.programme
        over = self.board.as_of >= closes_at(programme.closes_on, programme.tz)
        return State.NEVER if over else State.OPEN

    def _position(self, one: Standing) -> int | None:
        owed, positions = one.obligation, self.evidence.positions
        subjects = [owed.key, *([owed.occurrence] if owed.kind == "case" else [])]
        found = [positions[name] for name in subjects if name in positions]
        found += [seq for fact in one.facts if (seq := self.evidence.recorded.get(fact))]
        return max(found, default=None)


def _parts(key: str) -> tuple[str, str, str, str]:
    """Clause, duty, unit and occurrence of an obligation's key."""
    clause, _, rest = key.partition("/")
    duty, _, tail = rest.partition("/")
    unit, _, occurrence = tail.partition("/")
    return clause, duty, unit, occurrence


def _forgives(rule: Rule) -> bool:
    """Making up for it afterwards takes the charge back."""
    match rule:
        case AllOrNothing():
            return rule.late == "forgiven"
        case PerMissing():
            return rule.judged == "now"
        case _:
            return False


RESTING = frozenset({"weekend", "holiday"})
TRIMMING = frozenset({"exempt", "absorbed", "same_problem", "times_factor", "vetoed"})


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


def _happening(fact: f.Fact, position: int | None) -> Happening:
    kind: str = getattr(fact, "fact", "")
    reason: str = getattr(fact, "reason", "") or fact.note
    until: date | None = None
    files: tuple[FileLine, ...] = ()
    match fact:
        case f.Report():
            kind = "progress" if fact.done is False else "report"
            files = tuple(FileLine(one.name, one.sha256, one.size) for one in fact.evidence)
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
    return Happening(
        fact.occurred_at, fact.recorded_at, kind, reason, until, fact.id, files, position
    )
