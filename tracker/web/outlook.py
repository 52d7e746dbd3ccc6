"""What a board comes to: what is lost, what a week has added, what acting now would still keep."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from sqlmodel import Session

from tracker.domain import facts as f
from tracker.domain import readings
from tracker.domain.forecast import Forecast, Saving
from tracker.domain.ledger import Entry
from tracker.domain.obligations import Standing, red_first
from tracker.domain.points import ZERO, Units
from tracker.domain.programme import Reading
from tracker.domain.record import record
from tracker.services import scoreboard, weekly
from tracker.services.scoreboard import Board
from tracker.store.memory import remembered


@dataclass(frozen=True)
class Outlook:
    """`added` is what the last seven days have cost, as both days' pages said it."""

    forecast: Forecast
    before: Board
    added: Units

    @property
    def acts(self) -> int:
        """How many obligations there are to act on, those that need others among them."""
        joint = sum(len(one.standings) for one in self.forecast.joint)
        return len(self.forecast.savings) + joint

    @property
    def until(self) -> datetime:
        return self.forecast.until

    def saving(self, key: str) -> Saving | None:
        return next(
            (one for one in self.forecast.savings if one.standing.obligation.key == key), None
        )

    def of_unit(self, unit: str) -> list[Saving]:
        return [one for one in self.forecast.savings if one.standing.obligation.unit == unit]

    @cached_property
    def kept(self) -> dict[str, Units]:
        """What acting on an obligation keeps, by its key; those that keep nothing are left out."""
        return {one.standing.obligation.key: one.keeps for one in self.forecast.savings}

    def in_order(self, standings: Iterable[Standing]) -> list[Standing]:
        """As every list has them."""
        kept = self.kept
        return sorted(standings, key=lambda one: red_first(one, kept.get(one.obligation.key, 0)))

    def item_keeps(self, item: str) -> Units:
        """What the item keeps if all who can act for it do: what takes several of them as well."""
        return Units(sum(one.recoverable for one in self.forecast.items if one.id == item))

    def clause_keeps(self, clause: str) -> Units:
        """Of the clause's obligations one by one, and what they keep only together."""
        alone = [one.keeps for one in self.forecast.savings
                 if one.standing.obligation.clause == clause]  # fmt: skip
        joint = [one.keeps for one in self.forecast.joint
                 if one.standings[0].obligation.clause == clause]  # fmt: skip
        return Units(sum(alone) + sum(joint))

    def keeps(self, unit: str) -> Units:
        """By the unit itself, whatever the others do; what takes several is in the forecast."""
        return Units(sum(one.keeps for one in self.of_unit(unit)))


def mark(board: Board) -> Hashable:
    """Names a board exactly: facts are only ever appended."""
    return (board.programme.hash, board.context.calendar.version, len(board.facts), board.as_of,
            board.known_at)  # fmt: skip


def outlook(session: Session, board: Board) -> Outlook:
    """Computed once for a board, however many pages ask."""
    return remembered(session, ("outlook", mark(board)), lambda: _outlook(session, board))


def _outlook(session: Session, board: Board) -> Outlook:
    before = scoreboard.board(session, board.programme.id, as_of=board.as_of - weekly.WEEK)
    added = Units(board.ledger.lost - before.ledger.lost)
    return Outlook(weekly.outlook_of(board), before, added)


@dataclass(frozen=True)
class Waiting:
    """Something that only a person can settle. `kind`: review, extension, decision."""

    kind: str
    clause: str
    obligation: str
    unit: str
    title: str
    at: datetime | None
    most: Units = ZERO
    extension: f.Extension | None = None


def waiting(board: Board) -> list[Waiting]:
    """Extensions to grant, reports to review, amounts to set; of each the oldest first."""

    def by_age(one: Waiting) -> tuple[datetime, str]:
        return one.at or board.as_of, one.obligation

    amounts = [_decision(board, entry) for entry in board.ledger.pending]
    return [*sorted(_extensions(board), key=by_age), *sorted(_reviews(board), key=by_age), *amounts]


def _reviews(board: Board) -> list[Waiting]:
    return [
        Waiting("review", one.obligation.clause, one.obligation.key, one.obligation.unit,
                one.obligation.title, one.submitted_at)
        for one in board.ledger.standings
        if one.waiting
    ]  # fmt: skip


def _extensions(board: Board) -> list[Waiting]:
    by_key: dict[tuple[str, str, str, str], f.Extension] = {}
    for fact in board.true:
        if isinstance(fact, f.Extension):
            by_key[fact.clause, fact.duty, fact.unit, fact.occurrence] = fact
    places = {
        (owed.clause, owed.duty, owed.unit, owed.occurrence): one
        for one in board.ledger.standings
        for owed in [one.obligation]
    }
    return [
        Waiting("extension", fact.clause, one.obligation.key, fact.unit, one.obligation.title,
                fact.occurred_at, extension=fact)
        for place, fact in by_key.items()
        if fact.outcome == "requested" and (one := places.get(place)) is not None and one.open
    ]  # fmt: skip


def _decision(board: Board, entry: Entry) -> Waiting:
    _, _, clause = board.programme.clauses[entry.clause]
    unit = entry.units[0] if entry.units else ""
    most = Units(abs(entry.worst))
    return Waiting("decision", entry.clause, entry.obligation, unit, clause.title, None, most)


def open_readings(board: Board) -> list[Reading]:
    filed = record(
        (one for one in board.facts if isinstance(one, f.ReadingDecision)),
        as_of=board.as_of, known_at=board.known_at,
    )  # fmt: skip
    return readings.undecided(board.programme, filed)
