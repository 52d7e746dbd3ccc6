"""The score from the whole down to the arithmetic: sections, items, clauses, entries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from tracker.domain.ledger import Entry
from tracker.domain.points import ZERO, Units, units
from tracker.domain.programme import Clause, Item, Section
from tracker.domain.rules.base import Status
from tracker.services import readings
from tracker.services.scoreboard import Board


@dataclass(frozen=True)
class Sums:
    """Losses positive. `open` bounds what pending and unknown amounts may still take."""

    lost: Units
    settled: Units
    provisional: Units
    open: Units
    won: Units

    @property
    def empty(self) -> bool:
        return not (self.lost or self.open or self.won)


@dataclass(frozen=True)
class ClauseLine:
    clause: Clause
    worth: Units | None
    sums: Sums
    entries: tuple[Entry, ...]


@dataclass(frozen=True)
class ItemLine:
    item: Item
    worth: Units | None
    left: Units | None
    sums: Sums
    clauses: tuple[ClauseLine, ...]


@dataclass(frozen=True)
class SectionLine:
    section: Section
    worth: Units | None
    left: Units | None
    sums: Sums
    items: tuple[ItemLine, ...]


@dataclass(frozen=True)
class Sheet:
    """`base` are the sections of the base score, `beside` the bonus and penalty parts."""

    base: tuple[SectionLine, ...]
    beside: tuple[SectionLine, ...]
    counts: dict[Status, int]


@dataclass(frozen=True)
class Sorted:
    """Open readings that move the score, the widest first; those that do not; decided ones."""

    moving: tuple[readings.Entry, ...]
    still: tuple[readings.Entry, ...]
    decided: tuple[readings.Entry, ...]


def by_price(register: Sequence[readings.Entry]) -> Sorted:
    open_ = [entry for entry in register if entry.open]
    moving = [entry for entry in open_ if entry.high != entry.low]
    return Sorted(
        tuple(sorted(moving, key=lambda entry: entry.low - entry.high)),
        tuple(entry for entry in open_ if entry.high == entry.low),
        tuple(entry for entry in register if not entry.open),
    )


def sheet(board: Board) -> Sheet:
    lines = [_section(board, section) for section in board.programme.sections]
    counts = dict.fromkeys(Status, 0)
    for entry in board.ledger.entries:
        if entry.points or entry.open:
            counts[entry.status] += 1
    return Sheet(
        tuple(line for line in lines if line.section.part == "base"),
        tuple(line for line in lines if line.section.part != "base"),
        counts,
    )


def _section(board: Board, section: Section) -> SectionLine:
    items = tuple(item_line(board, item) for item in section.items)
    sums = sums_of(board.ledger.entries, lambda e: e.section == section.id)
    sums = replace(sums, open=Units(sum(line.sums.open for line in items)))
    worth, left = _worth(section.points, sums)
    return SectionLine(section, worth, left, sums, items)


def item_line(board: Board, item: Item) -> ItemLine:
    entries = board.ledger.of_item(item.id)
    sums = sums_of(entries, lambda _: True)
    worth, left = _worth(item.points, sums)
    sums = _within(sums, left)
    clauses = tuple(_clause(clause, entries) for clause in item.clauses)
    return ItemLine(item, worth, left, sums, clauses)


def _clause(clause: Clause, entries: Iterable[Entry]) -> ClauseLine:
    own = tuple(entry for entry in entries if entry.clause == clause.id)
    worth = None if clause.points is None else units(clause.points)
    sums = sums_of(own, lambda _: True)
    return ClauseLine(clause, worth, _within(sums, _worth(clause.points, sums)[1]), own)


def _within(sums: Sums, left: Units | None) -> Sums:
    """What is open can take no more than is left."""
    return sums if left is None else replace(sums, open=Units(min(sums.open, max(left, 0))))


def _worth(points: object, sums: Sums) -> tuple[Units | None, Units | None]:
    if points is None:
        return None, None
    worth = units(str(points))
    return worth, Units(worth - sums.lost)


def sums_of(entries: Iterable[Entry], wanted: Callable[[Entry], bool]) -> Sums:
    """Bonus entries are won; everything else is the net loss of the base or of the penalty part."""
    lost = settled = open_ = won = 0
    for entry in entries:
        if not wanted(entry):
            continue
        if entry.part == "bonus":
            won += entry.points
            continue
        lost -= entry.points
        settled -= entry.points if entry.status is Status.SETTLED else 0
        open_ -= min(entry.worst, ZERO) if entry.open else 0
    return Sums(Units(lost), Units(settled), Units(lost - settled), Units(open_), Units(won))
