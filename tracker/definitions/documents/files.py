"""Which kind of file it is, whatever its name says; its blocks, or a message what to do with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tracker.definitions import words
from tracker.definitions.documents import htmlfile, oldword, textfile, wordfile
from tracker.definitions.documents.grid import Cell, Pages, Row, plain_rows, tidy
from tracker.definitions.rows import separated
from tracker.definitions.unpacking import Suspicious
from tracker.definitions.words import Language
from tracker.definitions.workbooks import Sheet, refusal, sheets_of
from tracker.definitions.yamlform import content_of, decoded
from tracker.domain.errors import DefinitionError, Problem

SUFFIXES = (".docx", ".xlsx", ".txt", ".csv", ".html", ".htm", ".yaml", ".yml", ".doc")
MOST_TEXT_BYTES = 8 * 1024 * 1024
"""Of a document that is nothing but text; the longest list known has a hundredth of it."""

_PACKED = b"PK\x03\x04"
_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_WORD = "WordDocument".encode("utf-16-le")


@dataclass(frozen=True)
class Opened:
    """`notices` say how it had to be read, as in which encoding."""

    pages: Pages
    notices: tuple[Problem, ...] = ()


def opened(path: Path, language: Language = "zh") -> Opened:
    """DefinitionError where nothing can be made of the file."""
    suffix = path.suffix.lower()
    content = content_of(path, language)
    if not content.strip():
        raise DefinitionError([words.say("empty", language, {}, place=path.name)])
    if content.startswith(_OLE):
        return Opened(_old(content, path.name, language))
    if suffix == ".docx" or (content.startswith(_PACKED) and b"word/document.xml" in content):
        return Opened(_word(content, path.name, language))
    if suffix == ".xlsx" or content.startswith(_PACKED):
        return Opened(_workbook(content, path.name, language))
    if suffix not in SUFFIXES:
        values = {"suffix": suffix or path.name, "known": " ".join(SUFFIXES)}
        raise DefinitionError([words.say("not_a_document", language, values, place=path.name)])
    if len(content) > MOST_TEXT_BYTES:
        most = {"most": MOST_TEXT_BYTES // 1024 // 1024}
        raise DefinitionError([words.say("file_too_large", language, most, place=path.name)])
    text, notices = decoded(content, path.name, language)
    return Opened(_text(text, suffix, path.name, language), notices)


def _old(content: bytes, name: str, language: Language) -> Pages:
    """Before Office 2007, or locked: the same outer form."""
    if _ENCRYPTED in content:
        raise DefinitionError([words.say("encrypted", language, {}, place=name)])
    if _WORD not in content:
        raise DefinitionError([words.say("old_sheet", language, {}, place=name)])
    try:
        return _word(oldword.converted(content), name, language)
    except oldword.NoConverter as error:
        raise DefinitionError([words.say("old_word", language, {}, place=name)]) from error
    except oldword.NotConverted as error:
        said = {"said": str(error)}
        raise DefinitionError([words.say("not_converted", language, said, place=name)]) from error


def _word(content: bytes, name: str, language: Language) -> Pages:
    try:
        return wordfile.read(content)
    except Suspicious as error:
        raise DefinitionError([refusal(error, "not_a_word_file", name, language)]) from error


def _workbook(content: bytes, name: str, language: Language) -> Pages:
    pages = Pages()
    for sheet in sheets_of(content, name, language):
        pages.add_table(_sheet_rows(sheet), sheet.name)
    return pages


def _sheet_rows(sheet: Sheet) -> Iterator[Row]:
    """Rows of the sheet as numbered there; empty ones are left out."""
    covered: dict[tuple[int, int], Cell] = {}
    for (top, left), (bottom, right) in sheet.merged:
        if top >= len(sheet.grid) or left >= len(sheet.grid[top]):
            continue
        cell = Cell(tidy(sheet.grid[top][left]), top + 1, left + 1)
        for row in range(top, min(bottom + 1, len(sheet.grid))):
            for column in range(left, min(right + 1, len(sheet.grid[row]))):
                covered[row, column] = cell
    for at, texts in enumerate(sheet.grid):
        cells = [
            covered.get((at, column), Cell(tidy(text), at + 1, column + 1))
            for column, text in enumerate(texts)
        ]
        if any(cells):
            yield Row(at + 1, tuple(cells))


def _text(text: str, suffix: str, name: str, language: Language) -> Pages:
    begins = text[:2000].lstrip().lower()
    if suffix in (".html", ".htm") or begins.startswith(("<!doctype html", "<html", "<table")):
        try:
            return htmlfile.read(text)
        except Suspicious as error:
            raise DefinitionError([refusal(error, "not_a_page", name, language)]) from error
    if suffix == ".csv":
        pages = Pages()
        pages.add_table(plain_rows(separated(text, name, language)))
        return pages
    return textfile.read(text, name)
