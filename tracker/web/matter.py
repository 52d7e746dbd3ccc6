"""One obligation with everything about it: history, how its date was counted, what it costs."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction

from sqlmodel import Session

from schedules.deadlines import CountedDay
from tracker.domain import facts as f
from tracker.domain.errors import NotFound
from tracker.domain.forecast import Saving
from tracker.domain.ledger import Entry
from tracker.domain.obligations import Light, Obligation, Standing
from tracker.domain.points import Units
from tracker.domain.programme import Clause, Item, Programme, Reading, Section, TargetValue
from tracker.services import people
from tracker.services.scoreboard import Board
from tracker.web.outlook import Outlook
from tracker.web.overview import Clock, clock


@dataclass(frozen=True)
class Event:
    """A line of the history: `kind` names its words, `light` its mark; `struck` is corrected."""

    kind: str
    at: datetime
    light: str
    fact: f.AnyFact | None = None
    by: str = ""
    struck: bool = False
    due_at: datetime | None = None

    @property
    def recorded_at(self) -> datetime | None:
        """Where it differs from when it happened by more than a minute."""
        if self.fact is None or abs(self.fact.recorded_at - self.at) < timedelta(minutes=1):
            return None
        return self.fact.recorded_at


@dataclass(frozen=True)
class Reason:
    """Why the light is what it is: `kind` names the words, shares are of time and of progress."""

    kind: str
    used: Fraction | None = None
    has: Fraction | None = None


@dataclass(frozen=True)
class Matter:
    standing: Standing
    section: Section
    item: Item
    clause: Clause
    entries: tuple[Entry, ...]
    saving: Saving | None
    reason: Reason
    history: tuple[Event, ...]
    days: tuple[CountedDay, ...]
    clock: Clock | None
    readings: tuple[tuple[Reading, str], ...]
    siblings: tuple[Standing, ...]
    target: TargetValue | None
    report: f.Report | None
    request: f.Extension | None
    worth: Units | None

    @property
    def obligation(self) -> Obligation:
        return self.standing.obligation

    @property
    def lost(self) -> Units:
        return Units(-sum(entry.points for entry in self.entries if entry.part != "bonus"))

    @property
    def reported_by(self) -> str:
        """Who sent the report that waits."""
        return next((e.by for e in self.history if e.fact is self.report and self.report), "")

    @property
    def sent_back(self) -> f.Review | None:
        """The review after which the unit has to hand in again."""
        if not self.standing.returned:
            return None
        return self.verdict

    @property
    def verdict(self) -> f.Review | None:
        """The last review that stands."""
        told = (e.fact for e in reversed(self.history) if not e.struck)
        return next((fact for fact in told if isinstance(fact, f.Review)), None)

    @property
    def asks_for(self) -> str:
        """What a report about it says: count, share or done."""
        if self.obligation.needed is not None:
            return "count"
        return "share" if self.obligation.share is not None else "done"


def find(board: Board, key: str) -> Standing:
    for one in board.ledger.standings:
        if one.obligation.key == key:
            return one
    raise NotFound(
        f"没有这个应办事项：{key} / no obligation {key!r} in programme {board.programme.id}"
    )


def matter(session: Session, board: Board, outlook: Outlook, key: str) -> Matter:
    one = find(board, key)
    owed = one.obligation
    section, item, clause = board.programme.clauses[owed.clause]
    events = history(session, board, one)
    chosen = dict(board.ledger.readings)
    return Matter(
        standing=one,
        section=section,
        item=item,
        clause=clause,
        entries=entries_of(board, owed),
        saving=outlook.saving(key),
        reason=reason(one, board),
        history=tuple(events),
        days=counted_days(owed),
        clock=clock(one, board) if owed.kind == "case" and owed.due_at is not None else None,
        readings=tuple(
            (reading, chosen[reading.id])
            for reading in board.programme.readings
            if reading.clause == owed.clause
        ),
        siblings=siblings(board, owed),
        target=board.programme.target_values.get(owed.target),
        report=waiting_report(events),
        request=open_request(events),
        worth=None if clause.points is None else Units(int(clause.points * 10_000)),
    )


def entries_of(board: Board, owed: Obligation) -> tuple[Entry, ...]:
    """What this obligation cost, alone or joined with the same one of other units."""
    return tuple(
        entry
        for entry in board.ledger.of_clause(owed.clause)
        if entry.obligation == owed.key
        or (
            entry.obligation.startswith(f"{owed.clause}/{owed.duty}/")
            and entry.occurrence == owed.occurrence
            and owed.unit in entry.units
        )
    )


def siblings(board: Board, owed: Obligation) -> tuple[Standing, ...]:
    """The other duties of the clause, the other units that owe it, the other clocks of a case."""
    return tuple(
        one
        for one in board.ledger.standings
        if (other := one.obligation).key != owed.key
        and (
            (other.clause == owed.clause and other.occurrence == owed.occurrence)
            or (owed.kind == "case" and other.kind == "case"
                and other.occurrence == owed.occurrence)
        )
    )  # fmt: skip


def counted_days(owed: Obligation) -> tuple[CountedDay, ...]:
    deadline = owed.original
    return () if deadline is None or len(deadline.days) > 70 else deadline.days


def reason(one: Standing, board: Board) -> Reason:
    """The first condition that held, in the order of the lights."""
    owed = one.obligation
    if one.light is Light.DONE:
        return Reason(
            "waived" if one.waived else "closed_out" if one.done_at is None else "accepted"
        )
    if owed.due_at is None:
        return Reason("no_date")
    if one.light is Light.NONE:
        return Reason("not_begun")
    if one.light is Light.LATE:
        return Reason("late")
    if one.waiting_in_time:
        return Reason("waiting")
    if one.suspended:
        return Reason("suspended")
    whole = owed.due_at - owed.starts_at
    used = _percent((board.as_of - owed.starts_at) / whole)
    if owed.needed:
        return Reason(f"pace_{one.light.value}", used, _percent(one.has / owed.needed))
    return Reason(f"share_{one.light.value}", used)


def _percent(share: float | Fraction) -> Fraction:
    """To whole per cent, downwards: 99.6 % of the time gone is not all of it."""
    return Fraction(int(share * 100), 100)


# -- history -------------------------------------------------------------------------------------

MARKS = {
    "report": "ok",
    "review_accepted": "done",
    "review_returned": "slow",
    "extension_requested": "slow",
    "extension_approved": "ok",
    "extension_refused": "slow",
    "case_closed": "done",
    "close_out": "done",
    "waiver": "done",
    "receipt": "ok",
    "withdrawal": "slow",
}


def history(session: Session, board: Board, one: Standing) -> list[Event]:
    """What happened up to the instant, oldest first; what was corrected since is struck."""
    known = [
        fact
        for fact in board.facts
        if fact.recorded_at <= board.known_at and fact.occurred_at <= board.as_of
    ]
    replaced = {fact.supersedes for fact in known if fact.supersedes is not None}
    about = facts_about(known, one.obligation)
    names = names_of(session, {fact.by for fact in about}, board)
    events = [
        Event(kind := kind_of(fact), fact.occurred_at, MARKS.get(kind, "none"), fact,
              names.get(fact.by, fact.by), fact.id in replaced)
        for fact in about
    ]  # fmt: skip
    due_at = one.obligation.due_at
    if due_at is not None and due_at <= board.as_of and one.missed:
        events.append(Event("missed", due_at, "late", due_at=due_at))
    events.sort(key=lambda event: (event.at, event.fact.recorded_at if event.fact else event.at))
    return events


def facts_about(known: Sequence[f.AnyFact], owed: Obligation) -> list[f.AnyFact]:
    """What was said about the obligation, the reviews of its reports, and what took them back."""
    about = [fact for fact in known if _concerns(fact, owed)]
    reports = {fact.id for fact in about if isinstance(fact, f.Report)}
    about += [fact for fact in known if isinstance(fact, f.Review) and fact.report in reports]
    named = {fact.id for fact in about}
    return about + [
        fact for fact in known if isinstance(fact, f.Withdrawal) and fact.supersedes in named
    ]


def version_of(programme: Programme, owed: Obligation, known: Sequence[f.AnyFact]) -> str:
    """Names the state of an obligation: another one after every fact about it, every move of its
    deadline and every version of the programme; the same while only time goes by."""
    said = sorted(fact.id for fact in facts_about(known, owed))
    return "|".join([programme.hash, owed.key, str(owed.version), *said])


def _concerns(fact: f.AnyFact, owed: Obligation) -> bool:
    if isinstance(fact, f.CaseEvent):
        return owed.kind == "case" and fact.case == owed.occurrence
    if isinstance(fact, f.Target):
        return fact.target == owed.target and fact.unit in ("", owed.unit)
    if not isinstance(fact, f.About) or fact.clause != owed.clause:
        return False
    shared = isinstance(fact, f.Report) and owed.target != "" and fact.done is None
    return (
        fact.unit in ("", owed.unit)
        and fact.occurrence in ("", owed.occurrence)
        and (fact.duty in ("", owed.duty) or shared)
    )


def kind_of(fact: f.AnyFact) -> str:
    match fact:
        case f.Review() | f.Extension():
            return f"{fact.fact}_{fact.outcome}"
        case f.CaseEvent():
            return f"case_{fact.event}"
        case _:
            return fact.fact


def names_of(session: Session, accounts: set[str], board: Board) -> Mapping[str, str]:
    """Accounts as people know them: a person's name, a unit's; others as they are."""
    found = dict(board.programme.unit_names)
    numbers = {int(one[7:]) for one in accounts if one.startswith("person:") and one[7:].isdigit()}
    known = people.names(session, numbers)
    return found | {f"person:{number}": known.get(number) or "—" for number in numbers}


def waiting_report(events: Sequence[Event]) -> f.Report | None:
    """The last report that claims something, which was not taken back and nobody has reviewed."""
    reviewed = {e.fact.report for e in events if isinstance(e.fact, f.Review) and not e.struck}
    waiting: list[f.Report] = []
    for event in events:
        if not isinstance(event.fact, f.Report) or event.struck or event.fact.id in reviewed:
            continue
        if event.fact.done is False:
            waiting = [one for one in waiting if not one.done]
        else:
            waiting.append(event.fact)
    return waiting[-1] if waiting else None


def open_request(events: Sequence[Event]) -> f.Extension | None:
    """The extension that was asked for and not answered yet."""
    asked = [e.fact for e in events if isinstance(e.fact, f.Extension) and not e.struck]
    return asked[-1] if asked and asked[-1].outcome == "requested" else None


def fresh() -> str:
    """Names one filling-in of a form: sent twice, it counts once."""
    return secrets.token_urlsafe(12)
