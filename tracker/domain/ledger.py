"""得分台账: the explained list of every point lost or won, and the sums that people read.

All amounts are integers of 0.0001 point; negative loses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Literal, NamedTuple

from tracker.domain.facts import FactId
from tracker.domain.obligations import Joined
from tracker.domain.points import ZERO, Units, units
from tracker.domain.programme import Item, Programme, Section
from tracker.domain.rules.base import HAPPENED, Cause, Status, Step
from tracker.domain.standing import Standings

ENGINE = "6"
"""Raised when the same programme and facts would give another ledger."""

Part = Literal["base", "bonus", "penalty"]


class Place(NamedTuple):
    """Where an entry stands; what all entries of one rule have in common. `units` owe it."""

    section: str
    item: str
    clause: str
    rule: str
    part: Part
    apart: bool
    units: tuple[str, ...]
    readings: tuple[str, ...]


class Entry(NamedTuple):
    """One line: `points` is what remains of the `raw` amount after caps and modifiers.

    `steps` are the arithmetic in the order in which it applied, rounding and caps included.
    `worst` bounds a pending or unknown amount, after the caps of its rule and clause. `number`
    counts the entries of its rule.
    """

    place: Place
    number: int
    points: Units
    raw: Units
    status: Status
    worst: Units
    told: tuple[Step, ...]
    cause: Cause | Joined

    @property
    def id(self) -> str:
        cause = self.cause
        mark = cause.obligation or "+".join(cause.facts) or str(self.number)
        return f"{self.place.rule}/{mark}"

    @property
    def section(self) -> str:
        return self.place.section

    @property
    def item(self) -> str:
        return self.place.item

    @property
    def clause(self) -> str:
        return self.place.clause

    @property
    def rule(self) -> str:
        return self.place.rule

    @property
    def part(self) -> Part:
        return self.place.part

    @property
    def apart(self) -> bool:
        return self.place.apart

    @property
    def readings(self) -> tuple[str, ...]:
        return self.place.readings

    @property
    def units(self) -> tuple[str, ...]:
        """Those that caused it; all that owe it where none is named."""
        return self.cause.units or self.place.units

    @property
    def obligation(self) -> str:
        return self.cause.obligation

    @property
    def occurrence(self) -> str:
        return self.cause.occurrence

    @property
    def subject(self) -> str:
        return self.cause.subject

    @property
    def problem(self) -> str:
        return self.cause.problem

    @property
    def facts(self) -> tuple[FactId, ...]:
        return self.cause.facts

    @property
    def occurred_at(self) -> datetime | None:
        return self.cause.occurred_at

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Entry):
            return False
        return tuple(self._replace(told=self.steps)) == tuple(other._replace(told=other.steps))

    def __hash__(self) -> int:
        return hash((self.id, self.points))

    @property
    def steps(self) -> tuple[Step, ...]:
        cause = self.cause
        if HAPPENED not in self.told or not isinstance(cause, Joined):
            return self.told
        return tuple([cause.told() if one is HAPPENED else one for one in self.told])

    @property
    def open(self) -> bool:
        return self.status in (Status.PENDING, Status.UNKNOWN)


def total(entries: Iterable[Entry]) -> Units:
    return Units(sum(entry.points for entry in entries))


@dataclass(frozen=True)
class Ledger:
    """The score of a programme as of an instant, as known at an instant."""

    programme: Programme
    as_of: datetime
    known_at: datetime
    calendar_version: str
    readings: tuple[tuple[str, str], ...]
    entries: tuple[Entry, ...]
    standings: Standings
    engine: str = ENGINE

    @cached_property
    def base_points(self) -> Units:
        return units(self.programme.points)

    @cached_property
    def base(self) -> Units:
        """What is left of the base points."""
        return Units(self.base_points + total(e for e in self.entries if e.part == "base"))

    @cached_property
    def bonus(self) -> Units:
        return total(e for e in self.entries if e.part == "bonus")

    @cached_property
    def penalty(self) -> Units:
        """Zero or negative."""
        return total(e for e in self.entries if e.part == "penalty")

    @cached_property
    def score(self) -> Units:
        return Units(self.base + self.bonus + self.penalty)

    @cached_property
    def lost(self) -> Units:
        """Points lost of the base plus penalties, as a positive number."""
        return Units(self.base_points - self.base - self.penalty)

    @cached_property
    def settled_lost(self) -> Units:
        return Units(-sum(e.points for e in self._losing() if e.status is Status.SETTLED))

    @cached_property
    def provisional_lost(self) -> Units:
        return Units(self.lost - self.settled_lost)

    def _losing(self) -> list[Entry]:
        return [e for e in self.entries if e.part != "bonus" and e.points]

    @cached_property
    def pending(self) -> tuple[Entry, ...]:
        return tuple(e for e in self.entries if e.status is Status.PENDING)

    @cached_property
    def unknown(self) -> tuple[Entry, ...]:
        return tuple(e for e in self.entries if e.status is Status.UNKNOWN)

    @cached_property
    def worst_score(self) -> Units:
        """If every pending and unknown amount went against us, within each item's points."""
        down = 0
        for _, item in self.programme.items():
            lost = -total(self.of_item(item.id))
            open_ = -sum(min(e.worst, 0) for e in self.of_item(item.id) if e.open)
            room = open_ if item.points is None else max(0, units(item.points) - lost)
            down += min(open_, room)
        return Units(self.score - down)

    @cached_property
    def _by_item(self) -> dict[str, list[Entry]]:
        found: dict[str, list[Entry]] = {}
        for entry in self.entries:
            found.setdefault(entry.item, []).append(entry)
        return found

    def of_item(self, item: str) -> list[Entry]:
        return self._by_item.get(item, [])

    def of_clause(self, clause: str) -> list[Entry]:
        return [e for e in self.entries if e.clause == clause]

    def of_section(self, section: Section) -> list[Entry]:
        return [e for item in section.items for e in self.of_item(item.id)]

    def of_unit(self, unit: str) -> list[Entry]:
        """Entries that the unit caused, alone or with others; joint ones stand with each unit."""
        return [e for e in self.entries if unit in e.units]

    def of_obligation(self, key: str) -> list[Entry]:
        return [e for e in self.entries if e.obligation == key]

    def lost_by(self, wanted: Callable[[Entry], bool]) -> Units:
        """Net loss of the entries, as a positive number; bonus part left out."""
        return Units(-sum(e.points for e in self.entries if e.part != "bonus" and wanted(e)))

    def item_score(self, item: Item) -> Units:
        worth = units(item.points) if item.points is not None else ZERO
        return Units(worth + total(self.of_item(item.id)))
