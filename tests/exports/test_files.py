"""Files that leave the house: typed, whole, and nothing in them that runs."""

import csv
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from tracker.exports.csvfile import csv_bytes, neutral
from tracker.exports.files import replace
from tracker.exports.sheet import Column, Kind, Sheet
from tracker.exports.xlsx import xlsx_bytes

SHANGHAI = ZoneInfo("Asia/Shanghai")
MADE = datetime(2021, 10, 18, tzinfo=UTC)
COLUMNS = (
    Column("单位"),
    Column("失分", Kind.POINTS),
    Column("件数", Kind.WHOLE),
    Column("到期日", Kind.DAY),
    Column("办结", Kind.INSTANT),
    Column("经过", Kind.LONG),
)
EVIL = '=HYPERLINK("http://evil.example","x")'
ROWS = (
    ("住建局", Decimal("0.0833"), 3, date(2021, 9, 30), datetime(2021, 10, 2, 16, tzinfo=UTC), ""),
    (EVIL, Decimal("-0.5"), 0, None, None, "+1 催办\n第二行"),
    ("http://example.org/", None, None, None, None, "\x01 控制符 <script>"),
)
SHEET = Sheet("逾期/台账", COLUMNS, ROWS, SHANGHAI, ("标题 & 说明", "第二行"), ("注",),
              ("合计", Decimal("0.4167"), 3, None, None, ""))  # fmt: skip


def workbook() -> openpyxl.Workbook:
    return openpyxl.load_workbook(BytesIO(xlsx_bytes([SHEET], made_at=MADE)))


def test_a_workbook_has_typed_cells_and_no_formula() -> None:
    page = workbook()["逾期台账"]
    cells = {cell.coordinate: cell for row in page.iter_rows() for cell in row}
    assert cells["A1"].value == "标题 & 说明"
    head = next(row for row in page.iter_rows() if row[0].value == "单位")[0].row
    first, second, third = (head + n for n in (1, 2, 3))
    assert cells[f"B{first}"].value == 0.0833
    assert cells[f"C{first}"].value == 3
    assert cells[f"D{first}"].value == datetime(2021, 9, 30)  # noqa: DTZ001  # Excel knows no zone
    assert cells[f"E{first}"].value == datetime(2021, 10, 3)  # noqa: DTZ001  # by the wall clock
    assert cells[f"A{second}"].value == EVIL
    assert cells[f"B{second}"].value == -0.5
    assert cells[f"A{third}"].hyperlink is None
    assert {cell.data_type for cell in cells.values()} <= {"s", "n", "d"}


def test_a_workbook_can_be_filtered_and_printed() -> None:
    page = workbook()["逾期台账"]
    assert page.auto_filter.ref == "A4:F7"
    assert page.freeze_panes == "A5"
    assert page.page_setup.orientation == "landscape"
    assert str(page.page_setup.paperSize) == "9"
    assert page.print_title_rows == "$4:$4"
    assert page["A5"].font.name == "微软雅黑"


def test_the_same_sheets_are_the_same_file() -> None:
    assert xlsx_bytes([SHEET], made_at=MADE) == xlsx_bytes([SHEET], made_at=MADE)


def test_a_text_too_long_for_a_cell_is_cut_and_says_so() -> None:
    long = Sheet("x", (Column("a", Kind.LONG),), (("字" * 40_000,),), SHANGHAI)
    page = openpyxl.load_workbook(BytesIO(xlsx_bytes([long], made_at=MADE)))["x"]
    assert len(page["A2"].value) == 32_767
    assert page["A2"].value.endswith("…")


def test_text_that_looks_like_the_inside_of_a_workbook_is_text() -> None:
    """xlsxwriter writes a string between <r> and </r> as XML, as it is."""
    rows = tuple((text,) for text in ("<r></t></si><si>x</r>", "<r>&</r>\n", "<r>"))
    sheet = Sheet("x", (Column("<r><t>单位</t></r>"),), rows, SHANGHAI)
    page = openpyxl.load_workbook(BytesIO(xlsx_bytes([sheet], made_at=MADE))).worksheets[0]
    shown = [str(row[0].value).strip() for row in page.iter_rows()]
    assert shown == ["<r><t>单位</t></r>", "<r></t></si><si>x</r>", "<r>&</r>", "<r>"]


def test_csv_opens_in_a_spreadsheet_as_what_it_is() -> None:
    content = csv_bytes(SHEET)
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(StringIO(content.decode("utf-8-sig"), newline="")))
    assert rows[0] == ["单位", "失分", "件数", "到期日", "办结", "经过"]
    assert rows[1] == ["住建局", "0.0833", "3", "2021-09-30", "2021-10-03 00:00", ""]
    assert rows[2][:2] == [f"'{EVIL}", "-0.5"]
    assert rows[2][5].startswith("'+1")
    assert rows[4][0] == "合计"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "＝1", "  =1", "\u3000＋1",
                                  "\x00=1", "\x0b=1", "\u200b=1", "\u2028=1"])  # fmt: skip
def test_what_could_be_a_formula_is_neutralised(text: str) -> None:
    assert neutral(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "31.2#1", "住建局", "0.5", "a=b"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert neutral(text) == text


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="1 cells for 6 columns"):
        csv_bytes(Sheet("x", COLUMNS, (("only one",),), SHANGHAI))
    with pytest.raises(ValueError, match="1 cells for 6 columns"):
        xlsx_bytes([Sheet("x", COLUMNS, (("only one",),), SHANGHAI)], made_at=MADE)
    with pytest.raises(ValueError, match="1 cells for 6 columns"):
        Sheet("x", COLUMNS, (), SHANGHAI, total=("only one",))


def test_a_file_is_replaced_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "audit.csv"
    replace(path, b"one")
    replace(path, b"two")
    assert path.read_bytes() == b"two"
    assert [found.name for found in path.parent.iterdir()] == ["audit.csv"]


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "taken"
    folder.mkdir()
    with pytest.raises(IsADirectoryError):
        replace(folder, b"x")
    assert [found.name for found in tmp_path.iterdir()] == ["taken"]
