"""Tables of targets (附表): one number for each subject and heading."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tracker.definitions.documents.grid import Cell, Paragraph, Row, Table
from tracker.definitions.documents.reading import ReadTarget

_NUMBER = re.compile(r"[<>≤≥＜＞]?\s*-?[0-9]+(?:\.[0-9]+)?\s*%?")
_UNIT = re.compile(r"[（(]([^（）()]{1,12})[）)]")
_NAME = re.compile(r"附\s*[件表]\s*[0-9一二三四五六七八九十]{0,3}")


def targets_in(table: Table, caption: Sequence[Paragraph]) -> list[ReadTarget]:
    """Empty where the table has no row of numbers under headings."""
    first = next((at for at, row in enumerate(table.rows) if _is_counted(row)), None)
    if first is None or first == 0:
        return []
    name = _name(table, caption)
    headings = _headings(table.rows[:first])
    found: list[ReadTarget] = []
    for row in table.rows[first:]:
        found += _of_row(table, row, headings, name)
    return found


def _is_counted(row: Row) -> bool:
    """A subject, and numbers behind it."""
    cells = [cell for cell in row.distinct if cell.row == row.number]
    numbers = [cell for cell in cells if _NUMBER.fullmatch(cell.text)]
    return bool(numbers) and not _NUMBER.fullmatch(row.cells[0].text) and bool(row.cells[0])


def _name(table: Table, caption: Sequence[Paragraph]) -> str:
    for paragraph in reversed(caption):
        found = _NAME.search(paragraph.text)
        if found is not None:
            return "".join(found[0].split())
    return table.name or (caption[-1].text if caption else f"table {table.number}")


def _headings(rows: Sequence[Row]) -> list[tuple[str, str]]:
    """A name and a unit for each column, wider headings in front of the narrower ones."""
    upper = [row for row in rows if row.distinct]
    if not upper:
        return []
    if len(upper) > 1 and len(upper[0].cells) < len(upper[1].cells):
        upper = [_spread(upper[0], upper[1]), *upper[1:]]
    width = max(len(row.cells) for row in upper)
    return [_column([row.cell(at) for row in upper]) for at in range(width)]


def _spread(wide: Row, narrow: Row) -> Row:
    """Headings whose spans are lost: a word that comes again below begins the next one."""
    told: list[Cell] = []
    groups = [cell for cell in wide.cells if cell]
    at, seen = -1, {""}
    for cell in narrow.cells:
        text = "".join(cell.text.split())
        if text in seen or "" in seen:
            at, seen = min(at + 1, len(groups) - 1), set()
        seen.add(text)
        told.append(groups[at])
    return Row(wide.number, tuple(told))


def _column(cells: Sequence[Cell | None]) -> tuple[str, str]:
    parts: list[str] = []
    unit = ""
    for cell in cells:
        text = "" if cell is None else "".join(cell.text.split())
        measured = _UNIT.search(text)
        unit = measured[1] if measured is not None else unit
        bare = _UNIT.sub("", text)
        if bare and bare not in parts:
            parts.append(bare)
    return " ".join(parts), unit


def _of_row(
    table: Table, row: Row, headings: Sequence[tuple[str, str]], name: str
) -> Iterator[ReadTarget]:
    subject = row.cells[0].text
    for cell in row.cells[1:]:
        if cell.row != row.number or not _NUMBER.fullmatch(cell.text):
            continue
        at = cell.column - 1
        told, unit = headings[at] if at < len(headings) else ("", "")
        yield ReadTarget(name, subject, told, cell.text.rstrip("%"), unit or _percent(cell.text),
                         table.place(cell))  # fmt: skip


def _percent(text: str) -> str:
    return "%" if text.endswith("%") else ""
