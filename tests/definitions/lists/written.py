"""Documents made for a test: tables of cells as Word, Excel, text and page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter
from docx import Document

Cells = Sequence[Sequence[str | None]]
"""Rows of texts; None is merged with the cell above, and `<` with the one to its left."""

HEADINGS = ("序号", "工作任务", "分值", "评分标准", "完成时限", "责任单位")


def word(
    path: Path, *tables: Cells, title: str = "青溪县2023年防汛工作考核细则", between: str = ""
) -> Path:
    document = Document()
    document.add_paragraph(title)
    for number, rows in enumerate(tables):
        if number and between:
            document.add_paragraph(between)
        add_table(document, rows)
    document.save(str(path))
    return path


def add_table(document: Any, rows: Cells) -> Any:
    table = document.add_table(rows=len(rows), cols=max(map(len, rows)))
    for (at, column), text in _filled(rows).items():
        table.cell(at, column).text = text
    for (top, left), (bottom, right) in _merged(rows):
        text = table.cell(top, left).text
        table.cell(top, left).merge(table.cell(bottom, right)).text = text
    return table


def excel(path: Path, sheets: Mapping[str, Cells], *, formats: Any = None) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for (at, column), text in _filled(rows).items():
                sheet.write(at, column, text)
            for (top, left), (bottom, right) in _merged(rows):
                sheet.merge_range(top, left, bottom, right, rows[top][left] or "")
    return path


def text(path: Path, rows: Cells, *, title: str = "青溪县2023年防汛工作考核细则") -> Path:
    """A cell a line behind a tab, as copied from a word processor: merged cells come out empty."""
    lines = [title, ""]
    for row in rows:
        lines += [f"\t{cell or ''}" for cell in row if cell != "<"]
        lines.append("")
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def page(path: Path, rows: Cells, *, title: str = "青溪县2023年防汛工作考核细则") -> Path:
    spans = {top: (bottom, right) for top, (bottom, right) in _merged(rows)}
    told = []
    for at, row in enumerate(rows):
        cells = []
        for column, cell in enumerate(row):
            if cell is None or cell == "<":
                continue
            bottom, right = spans.get((at, column), (at, column))
            span = f' rowspan="{bottom - at + 1}" colspan="{right - column + 1}"'
            body = "<br/>".join(cell.split("\n"))
            cells.append(f"<td{span}>{body}</td>")
        told.append(f"<tr>{''.join(cells)}</tr>")
    path.write_text(
        f"<html><body><h1>{title}</h1><table>{''.join(told)}</table></body></html>",
        encoding="utf-8",
    )
    return path


def _filled(rows: Cells) -> dict[tuple[int, int], str]:
    return {
        (at, column): text
        for at, row in enumerate(rows)
        for column, text in enumerate(row)
        if text is not None and text != "<"
    }


def _merged(rows: Cells) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    found = []
    for at, column in _filled(rows):
        bottom, right = at, column
        while right + 1 < len(rows[at]) and rows[at][right + 1] == "<":
            right += 1
        while (
            bottom + 1 < len(rows)
            and column < len(rows[bottom + 1])
            and (rows[bottom + 1][column] is None)
        ):
            bottom += 1
        if (bottom, right) != (at, column):
            found.append(((at, column), (bottom, right)))
    return found
