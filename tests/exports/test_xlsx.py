"""Workbooks, read back by another library."""

from __future__ import annotations

from io import BytesIO
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from tests.builders import JANUARY
from tracker.exports.sheet import Column, Kind, Sheet
from tracker.exports.xlsx import xlsx_bytes


@pytest.mark.parametrize("heading", ["2021年责任清单 · 排名", "排名"])
def test_the_footer_says_the_heading_small_also_where_that_begins_with_a_year(heading: str) -> None:
    """Digits after the code of a size would be a size of 82021 points."""
    sheet = Sheet("排名", (Column("名次", Kind.WHOLE),), [(1,)], ZoneInfo("UTC"), above=(heading,))
    book = openpyxl.load_workbook(BytesIO(xlsx_bytes([sheet], made_at=JANUARY)))
    told = book.worksheets[0].oddFooter.left
    assert (told.size, told.text.strip()) == (8, heading)


def test_numbers_stand_right_and_text_left_under_heads_that_do_the_same() -> None:
    columns = (Column("名次", Kind.WHOLE), Column("单位"), Column("到期日", Kind.DAY))
    rows = [(1, "住建局", JANUARY.date())]
    sheet = Sheet("排名", columns, rows, ZoneInfo("UTC"))
    page = openpyxl.load_workbook(BytesIO(xlsx_bytes([sheet], made_at=JANUARY))).worksheets[0]
    sides = [[cell.alignment.horizontal for cell in row] for row in page.iter_rows()]
    assert sides == [["right", "left", "left"]] * 2
