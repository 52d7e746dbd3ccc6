"""Two ledgers side by side: what another date, reading, version or fact changes, and where."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from tracker.domain.ledger import Ledger
from tracker.domain.points import ZERO, Units


class Line(Protocol):
    """What is compared of an entry, computed now or kept since a sign-off."""

    @property
    def id(self) -> str: ...
    @property
    def item(self) -> str: ...
    @property
    def clause(self) -> str: ...
    @property
    def points(self) -> Units: ...
    @property
    def worst(self) -> Units: ...
    @property
    def units(self) -> tuple[str, ...]: ...
    @property
    def status(self) -> str: ...


@dataclass(frozen=True)
class Side:
    """One of the two: its sums and its entries."""

    score: Units
    lost: Units
    worst_score: Units
    lines: Sequence[Line]


@dataclass(frozen=True)
class Shift:
    """What the entries of a unit, an item or a clause come to on both sides; negative loses.

    An entry of several units stands with each of them, so the units' shifts may add up to more
    than the score's.
    """

    id: str
    before: Units
    after: Units

    @property
    def change(self) -> Units:
        """Positive: better on the second side."""
        return Units(self.after - self.before)


@dataclass(frozen=True)
class Change:
    """One entry that is not the same on both sides; None on the side that does not have it."""

    before: Line | None
    after: Line | None

    @property
    def line(self) -> Line:
        found = self.after or self.before
        assert found is not None  # one side has it
        return found

    @property
    def points(self) -> Units:
        before = ZERO if self.before is None else self.before.points
        return Units((ZERO if self.after is None else self.after.points) - before)


@dataclass(frozen=True)
class Comparison:
    """Shifts and changes are those that differ, the largest first."""

    before: Side
    after: Side
    units: tuple[Shift, ...]
    items: tuple[Shift, ...]
    clauses: tuple[Shift, ...]
    entries: tuple[Change, ...]

    @property
    def change(self) -> Units:
        """Of the score; positive: better on the second side."""
        return Units(self.after.score - self.before.score)

    @property
    def same(self) -> bool:
        return not self.entries and not self.change


def side(ledger: Ledger) -> Side:
    return Side(ledger.score, ledger.lost, ledger.worst_score, ledger.entries)


def compare(before: Ledger, after: Ledger) -> Comparison:
    return compare_sides(side(before), side(after))


def compare_sides(before: Side, after: Side) -> Comparison:
    return Comparison(
        before,
        after,
        units=_shifts(before, after, lambda line: line.units),
        items=_shifts(before, after, lambda line: (line.item,)),
        clauses=_shifts(before, after, lambda line: (line.clause,)),
        entries=_changes(before.lines, after.lines),
    )


def _shifts(
    before: Side, after: Side, names: Callable[[Line], tuple[str, ...]]
) -> tuple[Shift, ...]:
    was, will_be = _sums(before.lines, names), _sums(after.lines, names)
    everything = [
        Shift(name, was.get(name, ZERO), will_be.get(name, ZERO)) for name in {**was, **will_be}
    ]
    moved = [one for one in everything if one.change]
    return tuple(sorted(moved, key=lambda one: (-abs(one.change), one.id)))


def _sums(lines: Iterable[Line], names: Callable[[Line], tuple[str, ...]]) -> dict[str, Units]:
    sums: dict[str, Units] = {}
    for line in lines:
        for name in names(line):
            sums[name] = Units(sums.get(name, 0) + line.points)
    return sums


def _changes(before: Iterable[Line], after: Iterable[Line]) -> tuple[Change, ...]:
    was, will_be = _by_id(before), _by_id(after)
    pairs = [Change(was.get(name), will_be.get(name)) for name in {**was, **will_be}]
    changed = _renamed([one for one in pairs if _told(one.before) != _told(one.after)])
    return tuple(sorted(changed, key=lambda one: (-abs(one.points), one.line.id)))


def _renamed(changed: Sequence[Change]) -> list[Change]:
    """Without those that say the same under another name: what several units owe together is named
    after the last of them."""
    gone = [one for one in changed if one.after is None]
    left: list[Change] = []
    for one in changed:
        if one.before is not None:
            continue
        twin = next((other for other in gone if _alike(other.line, one.line)), None)
        if twin is None:
            left.append(one)
        else:
            gone.remove(twin)
    return [*(one for one in changed if one.before and one.after), *gone, *left]


def _alike(one: Line, other: Line) -> bool:
    rules = [line.id.partition("/")[0] for line in (one, other)]
    return rules[0] == rules[1] and one.units == other.units and _told(one) == _told(other)


def _by_id(lines: Iterable[Line]) -> dict[str, Line]:
    """An id that comes twice (two findings without a mark of their own) gets a number."""
    found: dict[str, Line] = {}
    for line in lines:
        name, number = line.id, 1
        while name in found:
            number += 1
            name = f"{line.id}~{number}"
        found[name] = line
    return found


def _told(line: Line | None) -> tuple[int, int, str] | None:
    """Nothing where it neither counts nor stands open."""
    if line is None or not (line.points or line.worst):
        return None
    return line.points, line.worst, str(line.status)
