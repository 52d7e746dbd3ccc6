"""What all digests of an instant have in common, worked out once from two boards and a forecast, so
that a digest for each of thousands of units looks only at what is its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple, TypeVar

from tracker.domain import facts as f
from tracker.domain.forecast import Forecast, Joint, Saving
from tracker.domain.ledger import Entry, Ledger
from tracker.domain.obligations import WORST_FIRST, Light, Obligation, Standing
from tracker.domain.points import ZERO, Units
from tracker.domain.programme import owing
from tracker.domain.turns import View
from tracker.services import digest_events, digest_picture, readings
from tracker.services.digest import (
    LIGHTS,
    Event,
    Health,
    OpenReading,
    Picture,
    UnitLights,
)
from tracker.services.scoreboard import Board
from tracker.services.trail import ChainHead

MATTERING = 5
SOON = timedelta(days=14)

Thing = TypeVar("Thing")


class Acting(NamedTuple):
    """Who acts for a unit; `person` is the number that is kept instead of the name."""

    name: str
    person: int | None = None


NOBODY = Acting("")


@dataclass(frozen=True)
class Desk:
    """The two boards and the forecast, and what every digest of one instant draws on."""

    board: Board
    before: Board
    outlook: Forecast
    who: Mapping[str, Acting]
    register: Sequence[readings.Entry]
    span: readings.Span
    health: Sequence[Health] = ()
    chain: ChainHead | None = None
    scores: Sequence[tuple[datetime, Units]] = ()
    follows: bool = True

    @cached_property
    def standings(self) -> dict[str, list[Standing]]:
        return by(self.board.ledger.standings, lambda one: (one.obligation.unit,))

    @cached_property
    def standings_before(self) -> dict[str, list[Standing]]:
        return by(self.before.ledger.standings, lambda one: (one.obligation.unit,))

    @cached_property
    def savings(self) -> dict[str, list[Saving]]:
        return by(self.outlook.savings, lambda one: (one.standing.obligation.unit,))

    @cached_property
    def joints(self) -> dict[str, list[Joint]]:
        """What each unit keeps only together with others."""
        return by(self.outlook.joint, lambda one: one.units)

    @cached_property
    def entries(self) -> dict[str, list[Entry]]:
        return by(losing(self.board.ledger), lambda one: one.units)

    @cached_property
    def entries_before(self) -> dict[str, list[Entry]]:
        return by(losing(self.before.ledger), lambda one: one.units)

    @cached_property
    def events(self) -> list[Event]:
        return digest_events.between(self.before, self.board, self.labels)

    @cached_property
    def events_of(self) -> dict[str, list[Event]]:
        return by(self.events, lambda one: (one.unit,))

    @cached_property
    def places(self) -> dict[str, set[str]]:
        """The clauses that each unit owes, and their items."""
        found: dict[str, set[str]] = {}
        for _, item, one in self.board.programme.clauses.values():
            for unit in owing(item, one):
                found.setdefault(unit, set()).update((item.id, one.id))
        return found

    # -- names -----------------------------------------------------------------------------------

    @cached_property
    def labels(self) -> Mapping[str, str]:
        return {unit.id: unit.label for unit in self.board.programme.units}

    def name(self, unit: str) -> str:
        return self.labels.get(unit, unit)

    def names(self, units: Iterable[str]) -> tuple[str, ...]:
        return tuple(self.name(unit) for unit in units)

    def clause_title(self, clause: str) -> str:
        return self.board.programme.clauses[clause][2].title

    @cached_property
    def owed(self) -> Mapping[str, Obligation]:
        return {one.obligation.key: one.obligation for one in self.board.ledger.standings}

    @cached_property
    def lights_before(self) -> Mapping[str, Light]:
        return {one.obligation.key: one.light for one in self.before.ledger.standings}

    @cached_property
    def view(self) -> View:
        """For the terms of reviews."""
        return View(self.board.programme, self.board.context.calendar, self.board.facts)

    # -- units -------------------------------------------------------------------------------

    @cached_property
    def units(self) -> dict[str, UnitLights]:
        """Units that owe or lost something, by points lost, then by the worst lights."""
        lost, lost_before = self._lost(self.entries), self._lost(self.entries_before)
        places, places_before = _places_of(lost), _places_of(lost_before)
        ranked = [
            lights_of(
                unit, self.name(unit), self.standings.get(unit, []), Units(lost.get(unit, 0)),
                places.get(unit), Units(lost_before.get(unit, 0)), places_before.get(unit),
            )
            for unit in {**self.standings, **lost}
            if lost.get(unit) or unit in self.standings
        ]  # fmt: skip
        return {one.unit: one for one in sorted(ranked, key=by_loss)}

    def _lost(self, entries: Mapping[str, list[Entry]]) -> dict[str, int]:
        return {unit: -sum(one.points for one in those) for unit, those in entries.items()}

    @cached_property
    def picture(self) -> Picture:
        scores = self.scores or [(self.before.as_of, self.before.ledger.score)]
        return digest_picture.picture_of(self.board, scores, list(self.units.values()))

    @cached_property
    def open_readings(self) -> tuple[OpenReading, ...]:
        return tuple(
            OpenReading(
                entry.reading.id,
                entry.reading.clause,
                entry.reading.question,
                Units(min(choice.difference for choice in entry.choices)),
                Units(max(choice.difference for choice in entry.choices)),
            )
            for entry in self.register
            if entry.open
        )

    @cached_property
    def open_entries(self) -> list[Entry]:
        return [one for one in self.board.ledger.entries if one.open]

    @cached_property
    def requests(self) -> list[f.Extension]:
        """Extensions that were asked for and neither approved nor refused since."""
        last: dict[tuple[str, str, str, str], f.Extension] = {}
        for fact in self.board.true:
            if isinstance(fact, f.Extension):
                last[fact.clause, fact.duty, fact.unit, fact.occurrence] = fact
        return [asked for asked in last.values() if asked.outcome == "requested"]


def losing(ledger: Ledger) -> list[Entry]:
    """What makes up `Ledger.lost`."""
    return [entry for entry in ledger.entries if entry.part != "bonus"]


def by(things: Iterable[Thing], names: Callable[[Thing], Iterable[str]]) -> dict[str, list[Thing]]:
    found: dict[str, list[Thing]] = {}
    for thing in things:
        for name in names(thing):
            found.setdefault(name, []).append(thing)
    return found


def lights_of(
    unit: str,
    name: str,
    standings: Sequence[Standing],
    lost: Units,
    rank: int | None,
    lost_before: Units = ZERO,
    rank_before: int | None = None,
) -> UnitLights:
    counts = Counter([one.light for one in standings])
    shown = tuple([(light, counts[light]) for light in LIGHTS if counts[light]])
    return UnitLights(unit, name, shown, len(standings), lost, rank, lost_before, rank_before)


def _places_of(lost: Mapping[str, int]) -> dict[str, int]:
    """The most lost first; equal losses share a place, none has none."""
    places: dict[int, int] = {}
    ordered = sorted((amount for amount in lost.values() if amount > 0), reverse=True)
    for at, amount in enumerate(ordered, start=1):
        places.setdefault(amount, at)
    return {unit: places[amount] for unit, amount in lost.items() if amount > 0}


def by_loss(one: UnitLights) -> tuple[int, ...]:
    return (-one.lost, *(-one.count(light) for light in WORST_FIRST))
