"""Tables that sort, narrow and are taken along as a file, by query parameters alone.

`sort=lost` or `sort=-lost`, `q=words`, `file=xlsx` or `file=csv`: a page declares its columns once,
and what it shows is what the file holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from starlette.responses import Response

from tracker.domain.errors import NotFound
from tracker.exports.csvfile import csv_bytes
from tracker.exports.sheet import Cell, Kind, Sheet
from tracker.exports.sheet import Column as SheetColumn
from tracker.exports.xlsx import xlsx_bytes
from tracker.web.asking import Asked, Desk
from tracker.web.evidence import disposition
from tracker.web.intake import Unclear
from tracker.wording import text

PER_PAGE = 200
FILES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}

Row = TypeVar("Row")


@dataclass(frozen=True)
class Column(Generic[Row]):
    """`words` is the catalogue's key of its heading; `value` is what is exported, and what sorts
    unless `sorts` does."""

    key: str
    words: str
    value: Callable[[Row], Cell]
    kind: Kind = Kind.TEXT
    width: int = 12
    sorts: Callable[[Row], Cell] | None = None


@dataclass(frozen=True)
class Heading:
    """`way` is the way that the rows go by it: ascending, descending or none; `then` is the sort
    that a click on it asks for."""

    key: str
    title: str
    way: str
    then: str
    numeric: bool


@dataclass(frozen=True)
class Listing(Generic[Row]):
    """`rows` are those of this page, `found` how many match, `all` how many there are."""

    columns: tuple[Column[Row], ...]
    rows: tuple[Row, ...]
    headings: tuple[Heading, ...]
    matching: tuple[Row, ...]
    all: int
    q: str
    skip: int
    per_page: int

    @property
    def found(self) -> int:
        return len(self.matching)

    def told(self, row: Row) -> dict[str, Cell]:
        """What the row's cells say, by column, for a page that shows them as they are."""
        return {column.key: column.value(row) for column in self.columns}

    @property
    def more(self) -> bool:
        return self.skip + self.per_page < self.found


def listing(
    asked: Asked,
    columns: Sequence[Column[Row]],
    rows: Iterable[Row],
    *,
    per_page: int = PER_PAGE,
) -> Listing[Row]:
    """In the given order unless the query asks for another; Unclear for a column that is none."""
    query = asked.request.query_params
    sort, q = query.get("sort", ""), query.get("q", "").strip()
    skip = _number(query.get("skip", "0"))
    every = tuple(rows)
    known = {column.key: column for column in columns}
    if sort and sort.removeprefix("-") not in known:
        raise Unclear("form")
    matching = tuple(row for row in every if _has(row, columns, q))
    if sort:
        by = known[sort.removeprefix("-")]
        matching = _in_order(matching, by.sorts or by.value, downwards=sort.startswith("-"))
    headings = tuple(_heading(column, sort, asked) for column in columns)
    return Listing(
        tuple(columns), matching[skip : skip + per_page], headings, matching, len(every), q, skip,
        per_page,
    )  # fmt: skip


def _number(told: str) -> int:
    if not (told.isascii() and told.isdigit() and len(told) < 8):
        raise Unclear("form")
    return int(told)


def _has(row: Row, columns: Sequence[Column[Row]], q: str) -> bool:
    """Every word is somewhere in the row's text."""
    if not q:
        return True
    told = " ".join(cell for column in columns if isinstance(cell := column.value(row), str))
    return all(word in told.casefold() for word in q.casefold().split())


def _in_order(
    rows: tuple[Row, ...], value: Callable[[Row], Cell], *, downwards: bool
) -> tuple[Row, ...]:
    """Empty cells come last, whichever way it goes."""
    filled = [(cell, row) for row in rows if (cell := value(row)) is not None]
    empty = [row for row in rows if value(row) is None]
    filled.sort(key=lambda pair: cast(Any, pair[0]), reverse=downwards)
    return (*(row for _, row in filled), *empty)


def _heading(column: Column[Row], sort: str, asked: Asked) -> Heading:
    numeric = column.kind in (Kind.WHOLE, Kind.NUMBER, Kind.POINTS)
    up, down = column.key, f"-{column.key}"
    way = "ascending" if sort == up else "descending" if sort == down else "none"
    first = down if numeric else up
    then = {up: down, down: up}.get(sort, first)
    return Heading(column.key, text(column.words, language=asked.language), way, then, numeric)


def file_of(asked: Asked, at: Desk, table: Listing[Row], name: str) -> Response | None:
    """The listing as the file that the query asks for; None where it asks for none."""
    kind = asked.request.query_params.get("file", "")
    if not kind:
        return None
    if kind not in FILES:
        known = ", ".join(FILES)
        raise NotFound(
            f"没有这种文件：{kind[:20]}；有 {known} / no such kind of file: {kind[:20]}; {known}"
        )
    sheet = _sheet(asked, at, table, name)
    body = xlsx_bytes([sheet], made_at=at.as_of) if kind == "xlsx" else csv_bytes(sheet)
    filename = f"{name} {at.slug} {at.local[:10]}.{kind}"
    return Response(body, media_type=FILES[kind],
                    headers={"content-disposition": disposition(filename)})  # fmt: skip


def _sheet(asked: Asked, at: Desk, table: Listing[Row], name: str) -> Sheet:
    columns = tuple(
        SheetColumn(heading.title, column.kind, column.width)
        for heading, column in zip(table.headings, table.columns, strict=True)
    )
    rows = tuple(tuple(column.value(row) for column in table.columns) for row in table.matching)
    told = text(
        "work.as_of_zone", {"at": at.as_of, "zone": at.programme.zone, "n": table.found},
        language=asked.language, zone=at.zone,
    )  # fmt: skip
    return Sheet(name, columns, rows, at.zone, above=(f"{at.programme.title} · {name}", told))
