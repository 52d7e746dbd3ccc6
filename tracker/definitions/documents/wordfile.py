"""Word tables (.docx): the text as somebody sees it, merged cells whole, numbers that Word sets by
itself written out.

The XML is walked itself: libraries pass over cells in content controls and inserted text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tracker.definitions.documents.grid import Cell, Pages, Row, tidy
from tracker.definitions.documents.wordnumbers import Numbers, W
from tracker.definitions.unpacking import MOST_CELLS, Suspicious, word_parts

_WRAPPERS = {
    f"{W}{name}"
    for name in ("sdt", "sdtContent", "ins", "moveTo", "smartTag", "customXml", "hyperlink", "r",
                 "fldSimple", "dir", "bdo", "ruby", "rubyBase")
}  # fmt: skip
"""Elements whose content counts as their parent's; deleted text and text boxes are left out."""

_COMPATIBLE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_SIGNS = {f"{W}tab": "\t", f"{W}br": "\n", f"{W}cr": "\n", f"{W}noBreakHyphen": "-"}


def read(content: bytes) -> Pages:
    """Suspicious for what is no Word file, or a harmful one."""
    parts = word_parts(content)
    body = next(_parsed(parts["word/document.xml"]).iter(f"{W}body"), None)
    if body is None:
        raise Suspicious("word/document.xml: no body")
    reader = _Reader(Numbers(*(_optional(parts, name) for name in ("numbering", "styles"))))
    reader.read(body)
    return reader.pages


def _optional(parts: dict[str, bytes], name: str) -> Any:
    part = parts.get(f"word/{name}.xml")
    return None if part is None else _parsed(part)


def _parsed(part: bytes) -> Any:
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True,
        remove_pis=True, huge_tree=False,
    )  # fmt: skip
    try:
        return etree.fromstring(part, parser)
    except (etree.XMLSyntaxError, ValueError) as broken:
        raise Suspicious(str(broken)) from broken


def _children(element: Any, *wanted: str) -> Iterator[Any]:
    """Children of these names, those in content controls and insertions among them."""
    for child in element:
        if child.tag in wanted:
            yield child
        elif child.tag in _WRAPPERS:
            yield from _children(child, *wanted)


class _Reader:
    def __init__(self, numbers: Numbers) -> None:
        self.pages = Pages()
        self._numbers = numbers
        self._cells = 0

    def read(self, body: Any) -> None:
        for block in _children(body, f"{W}p", f"{W}tbl"):
            if block.tag == f"{W}p":
                self.pages.add_text(self._paragraph(block))
            else:
                self.pages.add_table(self._rows(block))

    def _paragraph(self, paragraph: Any) -> str:
        text = "".join(_signs(paragraph))
        number = self._numbers.of(paragraph)
        # A number before nothing is seen in a column of numbers, but Word counts an empty one too.
        return f"{number}{text.lstrip()}" if number else text

    def _rows(self, table: Any) -> Iterator[Row]:
        above: list[Cell] = []
        for number, row in enumerate(_children(table, f"{W}tr"), start=1):
            above = self._row(row, number, above)
            yield Row(number, tuple(above))

    def _row(self, row: Any, number: int, above: list[Cell]) -> list[Cell]:
        cells: list[Cell] = []
        skipped = _setting(row, "trPr", "gridBefore")
        self._count(skipped)
        cells += [Cell("", number, 1)] * skipped
        for cell in _children(row, f"{W}tc"):
            width = max(1, _setting(cell, "tcPr", "gridSpan"))
            self._count(width)
            if _goes_on(cell) and len(cells) < len(above):
                cells += [above[len(cells)]] * width
            else:
                one = Cell(tidy(self._text(cell)), number, len(cells) + 1)
                cells += [one] * width
        return cells

    def _count(self, cells: int) -> None:
        """Before they are made: a row of a few signs may claim ten thousand."""
        self._cells += cells
        if self._cells > MOST_CELLS:
            raise Suspicious(f"word/document.xml: > {MOST_CELLS} cells")

    def _text(self, cell: Any) -> str:
        """Paragraphs, and the rows of tables inside the cell, one a line."""
        lines: list[str] = []
        for block in _children(cell, f"{W}p", f"{W}tbl"):
            if block.tag == f"{W}p":
                lines.append(self._paragraph(block))
                continue
            for row in _children(block, f"{W}tr"):
                inside = [tidy(self._text(one)) for one in _children(row, f"{W}tc")]
                lines.append("\t".join(one.replace("\n", " ") for one in inside if one))
        return "\n".join(lines)


def _signs(element: Any) -> Iterator[str]:
    for child in element:
        if child.tag == f"{W}t":
            yield child.text or ""
        elif child.tag in _SIGNS:
            yield _SIGNS[child.tag]
        elif child.tag == f"{W}sym":
            yield from _symbol(child)
        elif child.tag in _WRAPPERS:
            yield from _signs(child)
        elif child.tag == f"{_COMPATIBLE}AlternateContent":
            for choice in child:
                if choice.tag == f"{_COMPATIBLE}Choice":
                    yield from _signs(choice)


def _symbol(element: Any) -> Iterator[str]:
    code = element.get(f"{W}char", "")
    if len(code) == 4 and not code.upper().startswith("F"):
        yield chr(int(code, 16))


def _setting(element: Any, properties: str, name: str) -> int:
    """A whole number among an element's properties; 0 where there is none."""
    holder = element.find(f"{W}{properties}/{W}{name}")
    given = "" if holder is None else str(holder.get(f"{W}val", ""))
    return int(given) if given.isdecimal() and len(given) < 5 else 0


def _goes_on(cell: Any) -> bool:
    """Whether the cell is part of the one above (vMerge without restart)."""
    merge = cell.find(f"{W}tcPr/{W}vMerge")
    return merge is not None and merge.get(f"{W}val", "continue") == "continue"
