"""Sheets of a workbook (.xlsx) as text, read without running or following anything in it."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time

from tracker.definitions import words
from tracker.definitions.unpacking import Encrypted, Suspicious, WithMacros, repacked
from tracker.definitions.words import Language
from tracker.domain.errors import DefinitionError, Problem

Range = tuple[tuple[int, int], tuple[int, int]]
"""Upper left and lower right cell, row before column, counted from 0."""


@dataclass(frozen=True)
class Sheet:
    name: str
    grid: list[list[str]]
    merged: tuple[Range, ...]


def sheets_of(content: bytes, place: str, language: Language = "zh") -> Iterator[Sheet]:
    """DefinitionError for what is no workbook, or a harmful one."""
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(repacked(content)))
        sheets = [book.get_sheet_by_index(n) for n in range(len(book.sheet_names))]
        if not sheets:
            raise Suspicious("no sheet")
        found = [
            Sheet(
                sheet.name,
                [[text_of(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)],
                _apart(sheet.merged_cell_ranges or (), sheet.height, sheet.width),
            )
            for sheet in sheets
        ]
    except (CalamineError, Suspicious) as error:
        raise DefinitionError([refusal(error, "not_a_workbook", place, language)]) from error
    yield from found


def _apart(ranges: Iterable[Range], height: int, width: int) -> tuple[Range, ...]:
    """Merged cells that do not cover one another: together no more than the sheet has."""
    told = tuple(ranges)
    area = sum(
        max(0, min(bottom + 1, height) - top) * max(0, min(right + 1, width) - left)
        for (top, left), (bottom, right) in told
    )
    if area > height * width:
        raise Suspicious("merged cells cover one another")
    return told


def refusal(error: Exception, code: str, place: str, language: Language) -> Problem:
    """Why a packed file is not taken, and what to do."""
    match error:
        case Encrypted():
            code = "encrypted"
        case WithMacros():
            code = "with_macros"
    return words.say(code, language, {"said": str(error)}, place=place)


def text_of(cell: object) -> str:
    """A cell as somebody would have typed it: 20.5, 13800000000, 2021-10-18."""
    match cell:
        case bool():
            return "true" if cell else "false"
        case float():
            return str(int(cell)) if cell.is_integer() else repr(cell)
        case datetime():
            return str(cell.date()) if cell.time() == time(0) else cell.isoformat(sep=" ")
        case date() | time():
            return cell.isoformat()
        case _:
            return str(cell).strip()
