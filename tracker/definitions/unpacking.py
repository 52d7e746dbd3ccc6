"""A packed file from outside (.xlsx, .docx): only what was looked at is read.

Sizes are counted while unpacking, whatever the headers say; a part that defines entities is
refused; one cell far away makes no sheet full of empty ones.
"""

from __future__ import annotations

import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any
from xml.parsers import expat

MOST_BYTES = 32 * 1024 * 1024
"""Of a file as it lies there, and of all parts of a workbook together once unpacked."""

MOST_PARTS = 2_000
MOST_CELLS = 1_000_000
"""Rows times columns up to the last cell that is named, of all sheets together."""

MOST_TEXT = 32 * 1024 * 1024
"""Signs in all cells, a shared text counted as often as it is named."""

_ENTRY = b"PK\x01\x02"
MOST_ELEMENTS = 300_000
"""Of XML in a Word file, which is held in memory as a tree."""

_KEPT = re.compile(r"(?:\[Content_Types\]\.xml|_rels/.*|xl/.*)", re.IGNORECASE)
_WORD = re.compile(r"word/(?:document|numbering|styles)\.xml", re.IGNORECASE)
_XML = re.compile(r".*\.(?:xml|rels)", re.IGNORECASE)
_SHARED = re.compile(r"xl/.*sharedstrings.*", re.IGNORECASE)
_ENTITIES = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_CELL = re.compile(r"([A-Za-z]{0,3})([0-9]{1,7})")


class Suspicious(Exception):
    """The file is not taken; the text says why."""


class Encrypted(Suspicious):
    """It opens with a password only."""


class WithMacros(Suspicious):
    """It brings programs along."""


def repacked(content: bytes) -> bytes:
    """A workbook of the same XML parts, not compressed; Suspicious for what is none."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        for name, part in _unpacked(content, _KEPT).items():
            made.writestr(zipfile.ZipInfo(name), part)
    return packed.getvalue()


def word_parts(content: bytes) -> dict[str, bytes]:
    """The text, numbering and styles of a Word file by the names of their parts."""
    parts = _unpacked(content, _WORD)
    if "word/document.xml" not in parts:
        raise Suspicious("word/document.xml")
    return parts


def _unpacked(content: bytes, kept: re.Pattern[str]) -> dict[str, bytes]:
    count = content.count(_ENTRY)
    if count > MOST_PARTS:
        raise Suspicious(f"{count} > {MOST_PARTS} parts")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as given:
            return dict(_parts(given, kept))
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError,
            NotImplementedError, RuntimeError) as broken:  # fmt: skip
        raise Suspicious(str(broken) or type(broken).__name__) from broken


def _parts(given: zipfile.ZipFile, kept: re.Pattern[str]) -> Iterator[tuple[str, bytes]]:
    seen: set[str] = set()
    left = MOST_BYTES
    extent = _Extent()
    # Shared texts first: what a cell holds is known when it is met.
    for info in sorted(given.infolist(), key=lambda one: not _SHARED.fullmatch(one.filename)):
        name = info.filename
        if name.lower().endswith("vbaproject.bin"):
            raise WithMacros(name)
        if not _XML.fullmatch(name):
            continue
        if info.file_size > left or name in seen:
            raise Suspicious(f"{name}: {info.file_size} bytes" if name not in seen else name)
        seen.add(name)
        # Never more than the header says; when that is not all of it, the checksum is wrong.
        part = given.read(info)
        left -= len(part)
        if kept.fullmatch(name):
            _look_at(name, part, extent)
            yield name, part
        elif _ENTITIES.search(part.replace(b"\x00", b"")):
            raise Suspicious(f"{name}: <!DOCTYPE")


def _look_at(name: str, part: bytes, extent: _Extent) -> None:
    try:
        if name.lower().startswith("xl/"):
            extent.look(name, part)
        else:
            _Elements().look(name, part)
    except expat.ExpatError as broken:
        raise Suspicious(f"{name}: {broken}") from broken


class _Elements:
    """How many elements a part has; none may define entities."""

    def __init__(self) -> None:
        self.name = ""
        self._count = 0

    def look(self, name: str, part: bytes) -> None:
        self.name = name
        self._parser().Parse(part, True)

    def _parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._begin
        return parser

    def _doctype(self, *_: Any) -> None:
        raise Suspicious(f"{self.name}: <!DOCTYPE")

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MOST_ELEMENTS:
            raise Suspicious(f"{self.name}: > {MOST_ELEMENTS} elements")


class _Extent(_Elements):
    """How far the cells of all sheets reach and how much text they hold."""

    def __init__(self) -> None:
        super().__init__()
        self._cells = self._text = 0
        self._lengths: list[int] = []
        self._row = self._column = self._rows = self._columns = 0
        self._within = ""
        self._index = ""

    def look(self, name: str, part: bytes) -> None:
        self._cells += self._rows * max(1, self._columns)
        self._row = self._column = self._rows = self._columns = 0
        super().look(name, part)

    def _parser(self) -> expat.XMLParserType:
        parser = super()._parser()
        parser.EndElementHandler = self._finish
        parser.CharacterDataHandler = self._signs
        return parser

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        match name.rpartition(":")[2]:
            case "row":
                self._row, self._column = self._row_of(attributes.get("r")), 0
            case "c":
                self._cell(attributes.get("r"))
                self._within = "cell" if attributes.get("t") == "s" else ""
            case "v" if self._within == "cell":
                self._within, self._index = "index", ""
                return
            case "si":
                self._lengths.append(0)
                self._within = "shared"
                return
            case _:
                return
        self._rows = max(self._rows, self._row)
        self._columns = max(self._columns, self._column)
        if self._cells + self._rows * max(1, self._columns) > MOST_CELLS:
            raise Suspicious(f"{self.name}: {self._rows} x {self._columns} > {MOST_CELLS} cells")

    def _signs(self, signs: str) -> None:
        if self._within == "shared":
            self._lengths[-1] += len(signs)
        elif self._within == "index":
            self._index += signs

    def _finish(self, name: str) -> None:
        local = name.rpartition(":")[2]
        if local == "v" and self._within == "index":
            self._text += self._length_of(self._index.strip())
            if self._text > MOST_TEXT:
                raise Suspicious(f"{self.name}: > {MOST_TEXT} signs")
        if local in ("v", "c", "si"):
            self._within = ""

    def _length_of(self, index: str) -> int:
        if not re.fullmatch("[0-9]{1,9}", index) or int(index) >= len(self._lengths):
            raise Suspicious(f"{self.name}: {index[:40]!r}")
        return self._lengths[int(index)]

    def _cell(self, at: str | None) -> None:
        self._column += 1
        if at is None:
            return
        place = _CELL.fullmatch(at)
        if place is None:
            raise Suspicious(f"{self.name}: {at[:40]!r}")
        self._row = int(place[2])
        self._column = _number_of(place[1]) or self._column

    def _row_of(self, given: str | None) -> int:
        if given is None:
            return self._row + 1
        if not re.fullmatch("[0-9]{1,7}", given):
            raise Suspicious(f"{self.name}: {given[:40]!r}")
        return int(given)


def _number_of(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number
