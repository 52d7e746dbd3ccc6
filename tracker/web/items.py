"""Items with their lights and losses; one unit's own obligations, ordered by what they cost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tracker.domain.errors import NotFound
from tracker.domain.ledger import Entry
from tracker.domain.obligations import RED, Light, Standing
from tracker.domain.points import ZERO, Units, units
from tracker.domain.programme import Item, Section, Unit
from tracker.services.scoreboard import Board
from tracker.web.intake import Unclear
from tracker.web.outlook import Outlook
from tracker.web.overview import Cell, cell, lost_by_unit, month_of


@dataclass(frozen=True)
class Wanted:
    """What the list is narrowed to; empty means everything. `month`: 2021-09, or none."""

    unit: str = ""
    light: str = ""
    section: str = ""
    month: str = ""
    clause: str = ""
    item: str = ""

    def __post_init__(self) -> None:
        if self.light and self.light not in {one.value for one in Light}:
            raise Unclear("light")

    @property
    def narrowed(self) -> bool:
        return bool(self.unit or self.light or self.month or self.clause or self.item)

    def takes(self, one: Standing, board: Board) -> bool:
        month = month_of(one, board.programme)
        named = "none" if month is None else f"{month[0]}-{month[1]:02d}"
        return (
            (not self.unit or one.obligation.unit == self.unit)
            and (not self.light or one.light.value == self.light)
            and (not self.month or named == self.month)
            and (not self.clause or one.obligation.clause == self.clause)
            and (not self.item or one.obligation.item == self.item)
        )


@dataclass(frozen=True)
class ItemRow:
    """`lost` and `left` are the whole item's, whatever the list is narrowed to."""

    item: Item
    worth: Units | None
    lost: Units
    provisional: Units
    keeps: Units
    lights: Cell | None
    standings: tuple[Standing, ...]


@dataclass(frozen=True)
class SectionRow:
    section: Section
    worth: Units | None
    lost: Units
    items: tuple[ItemRow, ...]


def items(board: Board, outlook: Outlook, wanted: Wanted) -> list[SectionRow]:
    """Sections with the items in which something matches."""
    by_item: dict[str, list[Standing]] = {}
    for one in board.ledger.standings:
        if wanted.takes(one, board):
            by_item.setdefault(one.obligation.item, []).append(one)
    found = []
    for section in board.programme.sections:
        if wanted.section not in ("", section.id):
            continue
        rows = tuple(
            _item(item, by_item.get(item.id, []), board, outlook)
            for item in section.items
            if item.id in by_item or not wanted.narrowed
        )
        if rows:
            found.append(SectionRow(section, _worth(section), _lost_in(board, section), rows))
    return found


def _item(item: Item, standings: list[Standing], board: Board, outlook: Outlook) -> ItemRow:
    ledger = board.ledger
    lost = ledger.lost_by(lambda entry: entry.item == item.id)
    settled = ledger.lost_by(
        lambda entry: entry.item == item.id and entry.status.value == "settled"
    )
    return ItemRow(
        item, _worth(item), lost, Units(lost - settled), outlook.item_keeps(item.id),
        cell([one.light for one in standings]), tuple(outlook.in_order(standings)),
    )  # fmt: skip


def _worth(part: Item | Section) -> Units | None:
    return None if part.points is None else units(part.points)


def _lost_in(board: Board, section: Section) -> Units:
    return board.ledger.lost_by(lambda entry: entry.section == section.id)


def standings(found: Iterable[SectionRow]) -> list[Standing]:
    return [one for section in found for row in section.items for one in row.standings]


def owing_units(board: Board) -> list[Unit]:
    """The units that owe something, in the programme's order."""
    owing = {one.obligation.unit for one in board.ledger.standings}
    return [unit for unit in board.programme.units if unit.id in owing]


@dataclass(frozen=True)
class Urgent:
    """An obligation to act on: red, or one that still keeps points; `lost` is gone already."""

    standing: Standing
    keeps: Units
    lost: Units


@dataclass(frozen=True)
class Mine:
    """One unit's own, each list in the order of all lists; `others` are open and not urgent. `sums`
    are the entries that make up `lost` and `won`, the dearest first."""

    unit: Unit
    urgent: tuple[Urgent, ...]
    others: tuple[Standing, ...]
    done: tuple[Standing, ...]
    lost: Units
    keeps: Units
    sums: tuple[Entry, ...]
    keys: frozenset[str]

    @property
    def count(self) -> int:
        return len(self.urgent) + len(self.others)

    @property
    def won(self) -> Units:
        return Units(sum(one.points for one in self.sums if one.part == "bonus"))


def mine(board: Board, outlook: Outlook, unit: str) -> Mine:
    """NotFound for a unit that the programme has not."""
    known = next((one for one in board.programme.units if one.id == unit), None)
    if known is None:
        raise NotFound(
            f"方案中没有这个单位：{unit} / no unit {unit!r} in programme {board.programme.id}"
        )
    own = outlook.in_order(one for one in board.ledger.standings if one.obligation.unit == unit)
    still = [one for one in own if one.open]
    urgent = [one for one in still if _urgent(one, outlook)]
    sums = [one for one in board.ledger.of_unit(unit) if one.points]
    return Mine(
        known,
        tuple(_priced(one, board, outlook) for one in urgent),
        tuple(one for one in still if one not in urgent),
        tuple(one for one in own if not one.open),
        lost_by_unit(board.ledger, unit),
        outlook.keeps(unit),
        tuple(sorted(sums, key=lambda one: (one.points, one.id))),
        frozenset(one.obligation.key for one in own),
    )


def _urgent(one: Standing, outlook: Outlook) -> bool:
    red = one.light in RED and not one.waiting
    return red or one.obligation.key in outlook.kept


def _priced(one: Standing, board: Board, outlook: Outlook) -> Urgent:
    key = one.obligation.key
    lost = board.ledger.lost_by(lambda entry: entry.obligation == key)
    return Urgent(one, outlook.kept.get(key, ZERO), lost)
