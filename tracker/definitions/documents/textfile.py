"""Tables pasted as text: a cell a line behind a tab, a row a line, or only spaces left."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from tracker.definitions.documents.grid import Pages, plain_rows
from tracker.definitions.rows import separated

_APPENDIX = re.compile(
    r"^[\s　]*附\s*(?:表|件|录)\s*[0-9一二三四五六七八九十]{0,3}\s*[:：]?[\s　]*$"
)
_QUIET = 2
"""So many blank lines end a table; one may stand inside a cell."""


def read(text: str, name: str) -> Pages:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    pages = Pages()
    if _a_cell_a_line(lines):
        _by_cells(lines, pages)
    elif _a_row_a_line(lines):
        _by_rows(text, name, pages)
    else:
        for line in lines:
            pages.add_text(line)
    return pages


def _a_cell_a_line(lines: Sequence[str]) -> bool:
    """Cells begin with a tab, as a word processor copies a table."""
    led = sum(line.startswith("\t") for line in lines)
    return led >= 4 and led > sum("\t" in line[1:].rstrip("\t") for line in lines)


def _a_row_a_line(lines: Sequence[str]) -> bool:
    return sum(line.count("\t") >= 2 for line in lines) >= 2


def _by_cells(lines: Sequence[str], pages: Pages) -> None:
    rows: list[list[list[str]]] = []
    quiet = 0
    for line in lines:
        if not line.strip(" \u3000\u00a0\t") and not line.startswith("\t"):
            quiet += 1
            continue
        if line.startswith("\t"):
            if quiet or not rows:
                rows.append([])
            rows[-1].append([line[1:].replace("\t", " ")])
        elif not rows or quiet >= _QUIET or _APPENDIX.match(line):
            _end(rows, pages)
            pages.add_text(line)
        else:
            rows[-1][-1].append(line)
        quiet = 0
    _end(rows, pages)


def _end(rows: list[list[list[str]]], pages: Pages) -> None:
    if rows:
        told = [["\n".join(cell) for cell in row] for row in rows]
        pages.add_table(plain_rows(enumerate(told, start=1)))
        rows.clear()


def _by_rows(text: str, name: str, pages: Pages) -> None:
    """Lines without a tab are paragraphs; a quoted cell may hold several lines."""
    table: list[str] = []
    for piece in _pieces(text):
        if "\t" in piece:
            table.append(piece)
            continue
        _add(table, name, pages)
        pages.add_text(piece)
    _add(table, name, pages)


def _add(table: list[str], name: str, pages: Pages) -> None:
    if table:
        lines = separated("\n".join(table), name)
        pages.add_table(plain_rows((at, cells) for at, (_, cells) in enumerate(lines, start=1)))
        table.clear()


def _pieces(text: str) -> Iterator[str]:
    """Lines; those inside quotation marks of one cell stay together."""
    held: list[str] = []
    tabbed = quoted = False
    for line in text.split("\n"):
        held.append(line)
        tabbed |= "\t" in line
        quoted ^= line.count('"') % 2 == 1
        if tabbed and quoted:
            continue
        yield "\n".join(held)
        held, tabbed, quoted = [], False, False
    if held:
        yield "\n".join(held)
