"""A table as a value: typed columns and rows, before it becomes a file of one kind or another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo


class Kind(StrEnum):
    """What a column holds. `points` has two places, up to four; `day` and `instant` are dates of
    the sheet's zone; `long` is text that wraps."""

    TEXT = "text"
    LONG = "long"
    WHOLE = "whole"
    NUMBER = "number"
    POINTS = "points"
    DAY = "day"
    INSTANT = "instant"


NUMERIC = frozenset({Kind.WHOLE, Kind.NUMBER, Kind.POINTS})

Cell = str | int | Decimal | date | datetime | None


@dataclass(frozen=True)
class Column:
    """`width` in characters of the standard font."""

    title: str
    kind: Kind = Kind.TEXT
    width: int = 12


@dataclass(frozen=True)
class Sheet:
    """`above` are the lines over the table, the first one its heading; `below` the notes under it.

    A row has one cell per column; `total` is a last row that is no data. Rows may be made one at a
    time while they are written: a writer goes over them once.
    """

    name: str
    columns: tuple[Column, ...]
    rows: Iterable[tuple[Cell, ...]]
    zone: ZoneInfo
    above: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    total: tuple[Cell, ...] = ()
    kept: int = 0
    """How many of the first columns stand on every page of a print that is more than one wide."""

    def checked(self) -> Iterator[tuple[Cell, ...]]:
        """The rows; ValueError for one that does not fit the columns."""
        for row in self.rows:
            self._check(row)
            yield row

    def __post_init__(self) -> None:
        if self.total:
            self._check(self.total)

    def _check(self, row: tuple[Cell, ...]) -> None:
        if len(row) != len(self.columns):
            raise ValueError(f"{len(row)} cells for {len(self.columns)} columns of {self.name}")
