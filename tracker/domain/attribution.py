"""责任划分: whose item lost the points, and which units caused it.

The lead unit answers for its item's whole loss; the units that missed something caused it. What
several units caused together is one amount and stands with each of them as `joint`, so that only
`alone` adds up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tracker.domain.ledger import Entry, Ledger
from tracker.domain.points import ZERO, Units
from tracker.domain.programme import Clause, Item, Programme, owing


@dataclass(frozen=True)
class Cause:
    """What a unit lost by itself, and together with others; positive, net of what it won back."""

    unit: str
    alone: Units
    joint: Units

    @property
    def most(self) -> Units:
        return Units(self.alone + self.joint)


@dataclass(frozen=True)
class ItemLoss:
    item: str
    lead_units: tuple[str, ...]
    lost: Units
    causes: tuple[Cause, ...]


@dataclass(frozen=True)
class UnitLoss:
    """`led` is what the items lost that the unit leads, whoever caused it."""

    unit: str
    alone: Units
    joint: Units
    led: Units


def item_losses(ledger: Ledger) -> tuple[ItemLoss, ...]:
    """Of the items that lost something, the largest loss first."""
    found = []
    for _, item in ledger.programme.items():
        counted = _counted(ledger.of_item(item.id))
        lost = Units(-sum(entry.points for entry in counted))
        if lost > 0:
            found.append(ItemLoss(item.id, item.lead_units, lost, _causes(counted)))
    return tuple(sorted(found, key=lambda one: (-one.lost, one.item)))


def unit_losses(ledger: Ledger) -> tuple[UnitLoss, ...]:
    """Of the units that lost something or lead an item that did, the largest first."""
    causes = {one.unit: one for one in _causes(_counted(ledger.entries))}
    led: dict[str, int] = {}
    for one in item_losses(ledger):
        for unit in one.lead_units:
            led[unit] = led.get(unit, 0) + one.lost
    nothing = Cause("", ZERO, ZERO)
    found = [
        UnitLoss(unit, mine.alone, mine.joint, Units(led.get(unit, 0)))
        for unit in ledger.programme.unit_names
        if unit in causes or unit in led
        for mine in [causes.get(unit, nothing)]
    ]
    return tuple(sorted(found, key=lambda one: (-one.alone - one.joint, -one.led, one.unit)))


def undivided(programme: Programme) -> list[tuple[Item, Clause]]:
    """The clauses that several units owe only because nobody has assigned them yet."""
    return [
        (item, clause)
        for _, item, clause in programme.clauses.values()
        if clause.owed_by is None and clause.duties and len(owing(item, clause)) > 1
    ]


def _counted(entries: Iterable[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry.part != "bonus" and entry.points]


def _causes(entries: Iterable[Entry]) -> tuple[Cause, ...]:
    alone: dict[str, int] = {}
    joint: dict[str, int] = {}
    for entry in entries:
        sums = alone if len(entry.units) == 1 else joint
        for unit in entry.units:
            sums[unit] = sums.get(unit, 0) - entry.points
    found = [
        Cause(unit, Units(alone.get(unit, 0)), Units(joint.get(unit, 0)))
        for unit in {**alone, **joint}
    ]
    return tuple(sorted(found, key=lambda one: (-one.most, one.unit)))
