"""Lists made to harm: refused in words, or read, in a time that follows their length."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.definitions.test_hostile_files import cheaply
from tracker.definitions.documents import read_document
from tracker.definitions.documents.grid import tidy
from tracker.domain.errors import DefinitionError

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
MANY = 100_000


def word(folder: Path, table: str) -> Path:
    path = folder / "list.docx"
    body = f"<w:document xmlns:w='{W}'><w:body><w:tbl>{table}</w:tbl></w:body></w:document>"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", body)
    return path


def saved(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def refused(path: Path) -> str:
    with cheaply(), pytest.raises(DefinitionError) as told:
        read_document(path, year=2021)
    return str(told.value)


def test_rows_that_claim_cells_before_their_first_are_counted_like_cells(tmp_path: Path) -> None:
    row = (
        "<w:tr><w:trPr><w:gridBefore w:val='9999'/></w:trPr>"
        "<w:tc><w:p><w:r><w:t>x</w:t></w:r></w:p></w:tc></w:tr>"
    )
    assert "1000000 cells" in refused(word(tmp_path, row * 5_000))


def test_a_cell_that_hangs_over_empty_rows_is_counted_in_each(tmp_path: Path) -> None:
    page = "<table><tr><td colspan=2000 rowspan=99999>x</td></tr>" + "<tr>" * 20_000
    assert "1000000 cells" in refused(saved(tmp_path, "list.html", page))


def test_a_page_without_anything_is_refused_in_words(tmp_path: Path) -> None:
    assert "list.html" in refused(saved(tmp_path, "list.html", "<!-- nothing -->"))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(" " * MANY + "x" + " " * MANY + "x", id="blanks"),
        pytest.param("a\tb\tc\nd\te\tf\ng\t\"h\n" + "\n" * MANY, id="a quotation never ended"),
    ],
)  # fmt: skip
def test_text_that_is_no_list_is_refused_quickly(tmp_path: Path, text: str) -> None:
    assert "list.txt" in refused(saved(tmp_path, "list.txt", text))


def test_a_cell_is_tidied_as_before() -> None:
    assert tidy("　甲 \u00a0\n\n　 乙\t丙 \r\n 丁\u3000") == "甲\n乙\t丙\n丁"
