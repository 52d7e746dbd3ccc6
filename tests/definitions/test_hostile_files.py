"""Files made to harm: refused in words, quickly, and before they are unpacked."""

from __future__ import annotations

import io
import resource
import struct
import time
import tracemalloc
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tracker.definitions import sheets, yamlform
from tracker.domain.errors import DefinitionError

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "application/vnd.openxmlformats-package.relationships+xml"
CONTENT = "http://schemas.openxmlformats.org/package/2006/content-types"
TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
SHEET = "xl/worksheets/sheet1.xml"

PARTS: Mapping[str, str] = {
    "[Content_Types].xml": f"<Types xmlns='{CONTENT}'>"
    f"<Default Extension='rels' ContentType='{PACKAGE}'/>"
    f"<Override PartName='/xl/workbook.xml' ContentType='{TYPES}.sheet.main+xml'/>"
    f"<Override PartName='/{SHEET}' ContentType='{TYPES}.worksheet+xml'/></Types>",
    "_rels/.rels": f"<Relationships xmlns='{RELATIONS}'><Relationship Id='rId1' "
    f"Type='{OFFICE}/officeDocument' Target='xl/workbook.xml'/></Relationships>",
    "xl/workbook.xml": f"<workbook xmlns='{MAIN}' xmlns:r='{OFFICE}'>"
    "<sheets><sheet name='s' sheetId='1' r:id='rId1'/></sheets></workbook>",
    "xl/_rels/workbook.xml.rels": f"<Relationships xmlns='{RELATIONS}'><Relationship Id='rId1' "
    f"Type='{OFFICE}/worksheet' Target='worksheets/sheet1.xml'/></Relationships>",
}  # fmt: skip


def cell(at: str, text: str) -> str:
    return f'<c r="{at}" t="inlineStr"><is><t>{text}</t></is></c>'


def sheet(more: str = "", *, name: str = "张三", doctype: str = "", merged: str = "") -> str:
    heading = cell("A1", "单位") + cell("B1", "姓名") + cell("C1", "角色")
    person = cell("A2", "住建局") + cell("B2", name) + cell("C2", "联系人")
    merges = f"<mergeCells>{merged}</mergeCells>" if merged else ""
    return (
        f"{doctype}<worksheet xmlns='{MAIN}'><sheetData><row r='1'>{heading}</row>"
        f"<row r='2'>{person}</row>{more}</sheetData>{merges}</worksheet>"
    )


def book(folder: Path, content: str | bytes, extra: Mapping[str, str] | None = None) -> Path:
    path = folder / "contacts.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in {**PARTS, **(extra or {})}.items():
            archive.writestr(name, part)
        archive.writestr(SHEET, content)
    return path


@contextmanager
def cheaply() -> Iterator[None]:
    """Within two seconds and 100 MB of Python's own memory."""
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < 100 * 2**20
    finally:
        tracemalloc.stop()
    assert time.process_time() - began < 8, "tracing makes it several times slower"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 * 1024


def refused(path: Path) -> str:
    with cheaply(), pytest.raises(DefinitionError) as refusal:
        sheets.contacts(path)
    return str(refusal.value)


def test_the_sound_one_is_read(tmp_path: Path) -> None:
    assert [one.name for one in sheets.contacts(book(tmp_path, sheet()))] == ["张三"]


@pytest.mark.parametrize("body", ["A" * 150_000_000, "<c><v>1</v></c>" * 4_000_000])
def test_a_workbook_that_grows_when_unpacked_is_refused(tmp_path: Path, body: str) -> None:
    path = book(tmp_path, sheet(f"<row>{body}</row>"))
    del body
    assert "contacts.xlsx" in refused(path)


def test_a_workbook_of_very_many_parts_is_refused(tmp_path: Path) -> None:
    path = book(tmp_path, sheet(), {f"xl/{n}": "" for n in range(20_000)})
    assert "contacts.xlsx" in refused(path)


@pytest.mark.parametrize("at", ["XFD1048576", "A4294967295", "ZZZZZZ1", "a999999999999"])
def test_one_cell_far_away_is_no_sheet_full_of_them(tmp_path: Path, at: str) -> None:
    path = book(tmp_path, sheet(f"<row>{cell(at, 'x')}</row>"))
    assert "contacts.xlsx" in refused(path)


def test_a_row_far_away_is_refused_too(tmp_path: Path) -> None:
    assert "contacts.xlsx" in refused(
        book(tmp_path, sheet("<row r='999999999'><c><v>1</v></c></row>"))
    )


@pytest.mark.parametrize("size", [5, 0, 0xFFFFFFF0])
def test_a_size_in_the_header_that_is_not_true_is_refused_or_harmless(
    tmp_path: Path, size: int
) -> None:
    path = book(tmp_path, sheet())
    content = bytearray(path.read_bytes())
    at = content.find(b"PK\x01\x02")
    while at >= 0:
        struct.pack_into("<I", content, at + 24, size)
        at = content.find(b"PK\x01\x02", at + 4)
    path.write_bytes(content)
    assert "contacts.xlsx" in refused(path)


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE w [<!ENTITY % p SYSTEM "http://127.0.0.1:1/x"> %p; <!ENTITY x "y">]>',
        '<!DOCTYPE w [<!ENTITY a "aaaaaaaaaa"><!ENTITY x "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
    ],
)
def test_no_part_defines_entities(tmp_path: Path, doctype: str) -> None:
    said = refused(book(tmp_path, sheet(name="&x;", doctype=doctype)))
    assert "root:" not in said
    assert "contacts.xlsx" in refused(book(tmp_path, sheet(doctype=doctype)))


def test_cells_merged_outside_the_sheet_merge_nothing(tmp_path: Path) -> None:
    far = "".join(
        f"<mergeCell ref='{at}'/>" for at in ("ZZ5:ZZ9", "F1:F2", "B9:B12", "A2:A1048576")
    )
    assert len(sheets.contacts(book(tmp_path, sheet(merged=far)))) == 1


def test_a_file_of_any_other_kind_is_refused_under_this_name(tmp_path: Path) -> None:
    path = tmp_path / "contacts.xlsx"
    old = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(4096)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    for content in (
        b"",
        b"PK\x03\x04",
        old,
        packed.getvalue(),
        book(tmp_path, sheet()).read_bytes()[:700],
    ):
        path.write_bytes(content)
        assert "contacts.xlsx" in refused(path)


def test_any_one_byte_may_be_wrong(tmp_path: Path) -> None:
    path = book(tmp_path, sheet())
    good = path.read_bytes()
    for at in range(0, len(good), 7):
        path.write_bytes(good[:at] + bytes([good[at] ^ 0x55]) + good[at + 1 :])
        with suppress(DefinitionError):
            sheets.contacts(path)


@pytest.mark.parametrize("name", ["facts.csv", "facts.yaml"])
def test_a_file_of_many_megabytes_is_not_even_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    with path.open("wb") as file:
        file.truncate(2**31)
    with cheaply(), pytest.raises(DefinitionError, match=name):
        sheets.facts(path)
    with cheaply():
        assert yamlform.check(path)


def test_one_long_text_named_a_thousand_times_counts_a_thousand_times(tmp_path: Path) -> None:
    path = tmp_path / "facts.yaml"
    entry = "- {fact: *x, note: *x, occurred_at: *x}\n"
    path.write_text(f"- {{fact: &x {'A' * 1_000_000}}}\n" + entry * 1000, encoding="utf-8")
    with cheaply(), pytest.raises(DefinitionError, match=r"facts\.yaml"):
        sheets.facts(path)


def test_text_with_a_nul_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "contacts.csv"
    path.write_text("单位,姓名,角色\n住建局,张\x00三,联系人\n", encoding="utf-8")
    with pytest.raises(DefinitionError, match=r"contacts\.csv"):
        sheets.contacts(path)


@pytest.mark.parametrize("count", ["1e999999999", "1e-999999999", "9" * 400, "0." + "1" * 400])
def test_a_number_that_nobody_could_reckon_with_is_refused(tmp_path: Path, count: str) -> None:
    path = tmp_path / "facts.yaml"
    path.write_text(
        "- {fact: report, clause: '1', unit: a, occurred_at: 2021-10-18T08:00+08:00, "
        f"count: {count}}}\n",
        encoding="utf-8",
    )
    with cheaply(), pytest.raises(DefinitionError, match=r"facts\.yaml"):
        sheets.facts(path)
