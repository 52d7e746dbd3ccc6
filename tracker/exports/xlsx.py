"""Sheets as an Excel workbook: typed cells, filters, a header that stays, ready to print on A4.

Text is written as text, whatever it looks like: a workbook from here has no formula and no link.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from math import ceil
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from tracker.exports.sheet import NUMERIC, Cell, Column, Kind, Sheet

FONT = "微软雅黑"
HEADING_FONT = "宋体"
A4 = 9
LINE, TALLEST = 14.0, 400.0
"""Heights of one line and of the tallest row, in points."""
LONGEST = 32_767
"""Characters that a cell can hold."""

PATTERNS = {
    Kind.WHOLE: "0",
    Kind.NUMBER: "0.####",
    Kind.POINTS: "0.00##",
    Kind.DAY: "yyyy-mm-dd",
    Kind.INSTANT: "yyyy-mm-dd hh:mm",
}

Formats = Mapping[str, Any]


def xlsx_bytes(sheets: Iterable[Sheet], *, made_at: datetime) -> bytes:
    """The workbook; `made_at` is its date of creation, so that equal sheets are equal files."""
    stream = BytesIO()
    _fill(xlsxwriter.Workbook(stream, {**OPTIONS, "in_memory": True}), sheets, made_at)
    return stream.getvalue()


def write_xlsx(path: Path, sheets: Iterable[Sheet], *, made_at: datetime) -> None:
    """The same for sheets of any length: a row is written when it is made, and let go."""
    _fill(xlsxwriter.Workbook(path, {**OPTIONS, "constant_memory": True}), sheets, made_at)


OPTIONS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def _fill(book: Any, sheets: Iterable[Sheet], made_at: datetime) -> None:
    book.set_properties({"created": made_at.replace(tzinfo=None)})
    formats = _formats(book)
    for sheet in sheets:
        _write(book.add_worksheet(_name(sheet.name)), sheet, formats)
    book.close()


def _name(name: str) -> str:
    """Excel takes 31 characters and none of these."""
    return "".join(c for c in name if c not in "[]:*?/\\'")[:31] or "1"


def _formats(book: Any) -> Formats:
    plain = {"font_name": FONT, "font_size": 10, "valign": "top"}
    line = {"bottom": 4, "bottom_color": "#8b877c"}
    head = {**plain, "bold": True, "text_wrap": True, "bottom": 1, "bg_color": "#f3f1eb"}
    formats = {
        "heading": book.add_format({"font_name": HEADING_FONT, "font_size": 16, "bold": True}),
        "note": book.add_format({"font_name": FONT, "font_size": 9, "font_color": "#57544c"}),
    }
    for kind in Kind:
        more: dict[str, Any] = {"num_format": PATTERNS[kind]} if kind in PATTERNS else {}
        more |= {"text_wrap": True} if kind is Kind.LONG else {}
        side = {"align": "right"} if kind in NUMERIC else {"align": "left", "indent": 1}
        more |= side
        formats[f"head {kind}"] = book.add_format({**head, **side})
        formats[kind] = book.add_format({**plain, **line, **more})
        formats[f"total {kind}"] = book.add_format({**plain, **more, "bold": True, "top": 1})
    return formats


def _write(page: Worksheet, sheet: Sheet, formats: Formats) -> None:
    for number, line in enumerate(sheet.above):
        page.write_string(number, 0, _fitting(line), formats["note" if number else "heading"])
    head = len(sheet.above) + (1 if sheet.above else 0)
    for at, column in enumerate(sheet.columns):
        page.set_column(at, at, column.width)
        page.write_string(head, at, _fitting(column.title), formats[f"head {column.kind}"])
    row = head
    for row, cells in enumerate(sheet.checked(), start=head + 1):
        page.set_row(row, _height(cells, sheet.columns))
        _write_row(page, row, cells, sheet, formats, "")
    if row > head:
        page.autofilter(head, 0, row, len(sheet.columns) - 1)
    if sheet.total:
        row += 1
        _write_row(page, row, sheet.total, sheet, formats, "total ")
    for number, line in enumerate(sheet.below, start=row + 2):
        page.write_string(number, 0, _fitting(line), formats["note"])
    page.freeze_panes(head + 1, 0)
    _print_setup(page, sheet, head)


def _write_row(
    page: Worksheet, row: int, cells: Sequence[Cell], sheet: Sheet, formats: Formats, which: str
) -> None:
    for at, (cell, column) in enumerate(zip(cells, sheet.columns, strict=True)):
        _write_cell(page, row, at, cell, sheet, formats[f"{which}{column.kind}"])


def _write_cell(page: Worksheet, row: int, at: int, cell: Cell, sheet: Sheet, style: Any) -> None:
    match cell:
        case None:
            page.write_blank(row, at, None, style)
        case datetime():
            page.write_datetime(row, at, cell.astimezone(sheet.zone).replace(tzinfo=None), style)
        case date():
            page.write_datetime(row, at, cell, style)
        case int() | Decimal():
            assert sheet.columns[at].kind in NUMERIC, f"a number in {sheet.columns[at].title}"
            page.write_number(row, at, float(cell), style)
        case _:
            page.write_string(row, at, _fitting(cell), style)


def _fitting(text: str) -> str:
    if text.startswith("<r>") and text.rstrip("\n").endswith("</r>"):
        text += " "  # xlsxwriter would take it for XML and write it as it is
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


READABLE = 190
"""Characters of the standard font that fit side by side on A4 and can still be read (about 7.5
points)."""


def _across(sheet: Sheet) -> int:
    """How many pages stand beside each other, each with the columns that are kept."""
    widths = [column.width for column in sheet.columns]
    kept = sum(widths[: sheet.kept])
    return max(1, ceil((sum(widths) - kept) / (READABLE - kept)))


def _height(cells: Sequence[Cell], columns: Sequence[Column]) -> float:
    """Of the row's longest text, in points: not every program finds it by itself. A Chinese
    character takes two columns."""
    lines = [1]
    for cell, column in zip(cells, columns, strict=True):
        if column.kind is Kind.LONG and isinstance(cell, str):
            told = (sum(1 + (east_asian_width(c) in "WF") for c in line) for line in
                    cell.splitlines())  # fmt: skip
            lines.append(sum(max(1, ceil(n / column.width)) for n in told))
    return min(TALLEST, LINE * max(lines))


def _print_setup(page: Worksheet, sheet: Sheet, head: int) -> None:
    page.set_landscape()
    page.set_paper(A4)
    page.set_margins(left=0.47, right=0.47, top=0.47, bottom=0.6)
    page.fit_to_pages(_across(sheet), 0)
    page.repeat_rows(head)
    if sheet.kept:
        page.repeat_columns(0, sheet.kept - 1)
    heading = sheet.above[0] if sheet.above else sheet.name
    # An ampersand begins a code in a footer, doubled it is itself; digits would join the size.
    page.set_footer(f"&L&8 {heading.replace('&', '&&')[:180]}&R&8&P / &N")
