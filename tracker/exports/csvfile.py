"""A sheet as CSV that opens in a spreadsheet: UTF-8 with BOM, no text that could be a formula."""

from __future__ import annotations

import csv
import unicodedata
from datetime import date, datetime
from decimal import Decimal
from io import StringIO
from typing import TextIO

from tracker.exports.sheet import Cell, Column, Sheet

BOM = "\ufeff"
RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""A spreadsheet takes a cell that begins like this for a formula, whatever follows."""


def csv_bytes(sheet: Sheet) -> bytes:
    text = StringIO()
    write_csv(text, sheet)
    return text.getvalue().encode("utf-8")


def write_csv(text: TextIO, sheet: Sheet) -> None:
    """The table alone: headings, rows, total; what stands above and below is for readers. A row is
    written when it is made. `text` must leave line ends as they are (`newline=""`)."""
    text.write(BOM)
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(neutral(column.title) for column in sheet.columns)
    for row in sheet.checked():
        writer.writerow(_line(sheet, row))
    if sheet.total:
        writer.writerow(_line(sheet, sheet.total))


def neutral(text: str) -> str:
    """Text as itself, with an apostrophe before what would be a formula."""
    begins = next((c for c in text if c in RISKY or not _unseen(c)), "")
    return f"'{text}" if begins in RISKY and begins else text


def _unseen(character: str) -> bool:
    """A blank or a control: a spreadsheet may leave it out, and begin with what follows."""
    return character.isspace() or unicodedata.category(character)[0] == "C"


def _line(sheet: Sheet, row: tuple[Cell, ...]) -> list[str]:
    return [_cell(cell, column, sheet) for cell, column in zip(row, sheet.columns, strict=True)]


def _cell(cell: Cell, _: Column, sheet: Sheet) -> str:
    match cell:
        case None:
            return ""
        case datetime():
            return f"{cell.astimezone(sheet.zone):%Y-%m-%d %H:%M}"
        case date():
            return cell.isoformat()
        case int() | Decimal():
            return f"{cell:f}" if isinstance(cell, Decimal) else str(cell)
        case _:
            return neutral(cell)
