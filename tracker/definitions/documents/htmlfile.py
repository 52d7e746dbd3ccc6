"""Tables of a page (.html), spans filled; nothing is fetched, no script is run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from tracker.definitions.documents.grid import Cell, Pages, Row, tidy
from tracker.definitions.unpacking import MOST_CELLS, MOST_ELEMENTS, Suspicious

_SILENT = {"script", "style", "head", "template", "noscript", "object", "iframe"}
_LINES = {
    "p",
    "div",
    "li",
    "tr",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "section",
    "article",
    "ul",
    "ol",
}
_WIDEST = 2_000
_BLANKS = re.compile(r"[ \t\r\n]+")


def read(text: str) -> Pages:
    from lxml import etree, html

    if text.count("<") > MOST_ELEMENTS:
        raise Suspicious(f"> {MOST_ELEMENTS} elements")
    parser = html.HTMLParser(
        encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )
    pages = Pages()
    if text.strip():
        try:
            root = html.document_fromstring(text.encode(), parser=parser)
        except (etree.ParserError, etree.XMLSyntaxError) as broken:
            raise Suspicious(str(broken)) from broken
        pages.add_text(_BLANKS.sub(" ", root.findtext(".//title") or ""))
        _Reader(pages).read(root)
    return pages


class _Reader:
    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._held: list[str] = []
        self._cells = 0

    def read(self, root: Any) -> None:
        self._walk(root)
        self._flush()

    def _flush(self) -> None:
        for line in "".join(self._held).split("\n"):
            self._pages.add_text(line)
        self._held = []

    def _walk(self, element: Any) -> None:
        if element.tag in _SILENT:
            return
        if element.tag == "table":
            self._flush()
            self._pages.add_table(self._rows(element))
            return
        self._held += ["\n"] if element.tag in _LINES or element.tag == "br" else []
        self._held.append(_one_line(element.text))
        for child in element:
            self._walk(child)
            self._held.append(_one_line(child.tail))
        self._held += ["\n"] if element.tag in _LINES else []

    def _rows(self, table: Any) -> list[Row]:
        found: list[Row] = []
        hanging: dict[int, tuple[Cell, int]] = {}
        for number, row in enumerate(_own(table, "tr"), start=1):
            found.append(Row(number, tuple(self._row(row, number, hanging))))
        return found

    def _row(self, row: Any, number: int, hanging: dict[int, tuple[Cell, int]]) -> list[Cell]:
        """`hanging` holds, by column, cells from above and for how many more rows."""
        cells: list[Cell] = []
        for element in row:
            if element.tag not in ("td", "th"):
                continue
            _hang(cells, hanging)
            width, height = _span(element, "colspan"), _span(element, "rowspan")
            one = Cell(tidy("".join(_text(element))), number, len(cells) + 1)
            for _ in range(width):
                if height > 1:
                    hanging[len(cells)] = (one, height - 1)
                cells.append(one)
        _hang(cells, hanging)
        self._cells += len(cells)
        if self._cells > MOST_CELLS:
            raise Suspicious(f"> {MOST_CELLS} cells")
        return cells


def _hang(cells: list[Cell], hanging: dict[int, tuple[Cell, int]]) -> None:
    while (at := len(cells)) in hanging:
        cell, left = hanging[at]
        cells.append(cell)
        if left > 1:
            hanging[at] = (cell, left - 1)
        else:
            del hanging[at]


def _own(table: Any, tag: str) -> Iterator[Any]:
    """Rows of this table, not of one inside it."""
    for child in table:
        if child.tag == tag:
            yield child
        elif child.tag in ("tbody", "thead", "tfoot"):
            yield from _own(child, tag)


def _span(element: Any, name: str) -> int:
    given = str(element.get(name, "1")).strip()
    return max(1, min(int(given), _WIDEST)) if given.isdecimal() and len(given) < 6 else 1


def _text(element: Any) -> Iterator[str]:
    if element.tag in _SILENT:
        return
    if element.tag in _LINES or element.tag == "br":
        yield "\n"
    yield _one_line(element.text)
    for child in element:
        yield from _text(child)
        yield _one_line(child.tail)
    if element.tag in _LINES:
        yield "\n"


def _one_line(text: str | None) -> str:
    return _BLANKS.sub(" ", text) if text else ""
