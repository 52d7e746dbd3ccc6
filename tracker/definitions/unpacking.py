"""A workbook from outside, packed anew: only what was looked at is read.

Sizes are counted while unpacking, whatever the headers say; a part that defines entities is
refused; one cell far away makes no sheet full of empty ones.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from typing import Any
from xml.parsers import expat

MOST_BYTES = 32 * 1024 * 1024
"""Of a file as it lies there, and of all parts of a workbook together once unpacked."""

MOST_PARTS = 2_000
MOST_CELLS = 1_000_000
"""Rows times columns up to the last cell that is named."""

_ENTRY = b"PK\x01\x02"
_KEPT = re.compile(r"(?:\[Content_Types\]\.xml|_rels/.*|xl/.*)", re.IGNORECASE)
_XML = re.compile(r".*\.(?:xml|rels)", re.IGNORECASE)
_CELL = re.compile(r"([A-Za-z]{0,3})([0-9]{1,7})")


class Suspicious(Exception):
    """The file is not taken; the text says why."""


def repacked(content: bytes) -> bytes:
    """A workbook of the same XML parts, not compressed; Suspicious for what is none."""
    count = content.count(_ENTRY)
    if count > MOST_PARTS:
        raise Suspicious(f"{count} > {MOST_PARTS} parts")
    packed = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as given, zipfile.ZipFile(packed, "w") as made:
            for name, part in _parts(given):
                made.writestr(zipfile.ZipInfo(name), part)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError,
            NotImplementedError, RuntimeError) as broken:  # fmt: skip
        raise Suspicious(str(broken) or type(broken).__name__) from broken
    return packed.getvalue()


def _parts(given: zipfile.ZipFile) -> list[tuple[str, bytes]]:
    found: dict[str, bytes] = {}
    left = MOST_BYTES
    for info in given.infolist():
        name = info.filename
        if not _KEPT.fullmatch(name) or not _XML.fullmatch(name):
            continue
        if info.file_size > left or name in found:
            raise Suspicious(f"{name}: {info.file_size} bytes" if name not in found else name)
        # Never more than the header says; when that is not all of it, the checksum is wrong.
        found[name] = given.read(info)
        left -= len(found[name])
        _look_at(name, found[name])
    return list(found.items())


def _look_at(name: str, part: bytes) -> None:
    try:
        _Extent(name).read(part)
    except expat.ExpatError as broken:
        raise Suspicious(f"{name}: {broken}") from broken


class _Extent:
    """How far a sheet's cells reach. Other parts have none, or fewer."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._row = self._column = self._rows = self._columns = 0

    def read(self, part: bytes) -> None:
        parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._element
        parser.Parse(part, True)

    def _doctype(self, *_: Any) -> None:
        raise Suspicious(f"{self.name}: <!DOCTYPE")

    def _element(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        if local == "row":
            self._row, self._column = self._row_of(attributes.get("r")), 0
        elif local == "c":
            self._cell(attributes.get("r"))
        else:
            return
        self._rows = max(self._rows, self._row)
        self._columns = max(self._columns, self._column)
        if self._rows * max(1, self._columns) > MOST_CELLS:
            raise Suspicious(f"{self.name}: {self._rows} x {self._columns} > {MOST_CELLS} cells")

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
