"""Documents made to harm: refused in words, quickly, without reading or fetching anything else."""

from __future__ import annotations

import io
import random
import struct
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from textwrap import dedent

import pytest

from tests.definitions import test_hostile_files as sheets
from tests.definitions.lists import written
from tests.definitions.lists.test_forms import FLOOD
from tracker.definitions.documents import read_document
from tracker.domain.errors import DefinitionError

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
DOCUMENT = "word/document.xml"
PARTS = (
    "[Content_Types].xml",
    "_rels/.rels",
    "word/_rels/document.xml.rels",
    DOCUMENT,
    "word/styles.xml",
    "word/numbering.xml",
    "docProps/core.xml",
)
DOCTYPES = (
    '<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    '<!DOCTYPE w [<!ENTITY x SYSTEM "http://127.0.0.1:1/x">]>',
    '<!DOCTYPE w [<!ENTITY % p SYSTEM "http://127.0.0.1:1/x"> %p;]>',
    '<!DOCTYPE w [<!ENTITY a "aaaaaaaaaa"><!ENTITY x "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
)


def paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def body(inside: str, *, doctype: str = "") -> str:
    return f'{doctype}<w:document xmlns:w="{W}"><w:body>{inside}</w:body></w:document>'


def packed(folder: Path, parts: Mapping[str, str | bytes], name: str = "list.docx") -> Path:
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, content in parts.items():
            archive.writestr(part, content)
    return path


def refused(path: Path) -> str:
    with sheets.cheaply(), pytest.raises(DefinitionError) as refusal:
        read_document(path, year=2023)
    assert path.name in str(refusal.value)
    return str(refusal.value)


def changed(path: Path, part: str, content: str | bytes) -> Path:
    """The same package with one part put in place of another, or added."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    return packed(path.parent, {**parts, part: content}, path.name)


def word(folder: Path) -> Path:
    return written.word(folder / "list.docx", FLOOD)


def excel(folder: Path) -> Path:
    return written.excel(folder / "list.xlsx", {"list": FLOOD})


# -- unpacking -------------------------------------------------------------------------------------


@pytest.mark.parametrize("inside", [paragraph("A" * 150_000_000), "<w:p/>" * 4_000_000])
def test_a_word_file_that_grows_when_unpacked_is_refused(tmp_path: Path, inside: str) -> None:
    path = packed(tmp_path, {DOCUMENT: body(inside)})
    del inside
    refused(path)


def test_more_elements_than_any_list_has_are_refused(tmp_path: Path) -> None:
    refused(packed(tmp_path, {DOCUMENT: body("<w:p/>" * 400_000)}))


def test_very_many_parts_are_refused(tmp_path: Path) -> None:
    parts = {f"word/{n}.bin": "" for n in range(20_000)}
    refused(packed(tmp_path, {DOCUMENT: body(""), **parts}))


def test_packages_inside_packages_are_not_opened(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0.xml", "A" * 50_000_000)
    layers = {f"word/{n}.docx": inner.getvalue() for n in range(16)}
    refused(packed(tmp_path, {**layers, "word/document.txt": b""}))


@pytest.mark.parametrize("size", [5, 0, 0xFFFFFFF0])
def test_a_size_in_the_header_that_is_not_true_is_refused(tmp_path: Path, size: int) -> None:
    path = word(tmp_path)
    content = bytearray(path.read_bytes())
    at = content.find(b"PK\x01\x02")
    while at >= 0:
        struct.pack_into("<I", content, at + 24, size)
        at = content.find(b"PK\x01\x02", at + 4)
    path.write_bytes(content)
    refused(path)


def test_one_part_named_twice_is_refused(tmp_path: Path) -> None:
    path = word(tmp_path)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(DOCUMENT, body(paragraph("other")))
    refused(path)


# -- entities --------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("doctype", DOCTYPES)
def test_no_part_of_a_word_file_defines_entities(tmp_path: Path, part: str, doctype: str) -> None:
    content = body(paragraph("&x;"), doctype=doctype)
    said = refused(changed(word(tmp_path), part, content))
    assert "root:" not in said


@pytest.mark.parametrize(
    "part",
    ["[Content_Types].xml", "_rels/.rels", "xl/workbook.xml", "xl/worksheets/sheet1.xml",
     "xl/sharedStrings.xml", "docProps/core.xml"],
)  # fmt: skip
@pytest.mark.parametrize("doctype", DOCTYPES)
def test_no_part_of_a_workbook_does(tmp_path: Path, part: str, doctype: str) -> None:
    refused(changed(excel(tmp_path), part, f"{doctype}<x>&x;</x>"))


def test_nothing_else_is_opened_and_nobody_is_called(tmp_path: Path) -> None:
    """Told by the interpreter itself, in a process of its own."""
    for n, doctype in enumerate(DOCTYPES):
        packed(tmp_path, {DOCUMENT: body(paragraph("&x;"), doctype=doctype)}, f"{n}.docx")
        (tmp_path / f"{n}.html").write_text(
            f'{doctype}<html><img src="http://127.0.0.1:1/x"/><table><tr><td>&x;</td></tr></table>'
            '<iframe src="file:///etc/passwd"></iframe></html>',
            encoding="utf-8",
        )
    program = dedent(
        """
        import pathlib, sys
        from tracker.definitions.documents import read_document
        import lxml.etree, lxml.html, python_calamine
        seen = []
        def heard(event, values):
            if event == "socket.connect" or (event == "open" and "passwd" in str(values[0])):
                seen.append((event, values))
        sys.addaudithook(heard)
        for path in sorted(pathlib.Path(sys.argv[1]).iterdir()):
            try:
                read_document(path, year=2023)
            except Exception as refusal:
                assert type(refusal).__name__ == "DefinitionError", (path, refusal)
        print(seen)
        """
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr


# -- files that are not what they seem -------------------------------------------------------------

OLE = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)


@pytest.mark.parametrize("name", ["list.doc", "list.docx", "list.xlsx", "list.txt"])
def test_a_locked_file_asks_for_one_without_a_password(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(OLE + "EncryptedPackage".encode("utf-16-le") + bytes(4096))
    assert "密码" in refused(path)


def test_an_old_word_file_under_a_new_name_says_how_to_save_it(tmp_path: Path) -> None:
    path = tmp_path / "list.docx"
    path.write_bytes(OLE + "WordDocument".encode("utf-16-le") + bytes(4096))
    assert ".docx" in refused(path)


def test_an_old_workbook_says_how_to_save_it(tmp_path: Path) -> None:
    path = tmp_path / "list.xlsx"
    path.write_bytes(OLE + "Workbook".encode("utf-16-le") + bytes(4096))
    assert ".xlsx" in refused(path)


def test_macros_are_refused_whatever_the_name(tmp_path: Path) -> None:
    for path, part in (
        (word(tmp_path), "word/vbaProject.bin"),
        (excel(tmp_path), "xl/vbaProject.bin"),
    ):
        assert "宏" in refused(changed(path, part, b"\x00" * 100))


@pytest.mark.parametrize("name", ["list.pdf", "list.docm", "list", "list.exe"])
def test_other_kinds_of_files_are_told_which_ones_are_read(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"%PDF-1.7 ...")
    assert ".docx" in refused(path)


def test_empty_files_of_every_kind_are_refused(tmp_path: Path) -> None:
    for suffix in (".docx", ".xlsx", ".txt", ".csv", ".html", ".doc"):
        path = tmp_path / f"list{suffix}"
        path.write_bytes(b"  \n")
        refused(path)


def test_text_of_many_megabytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes("序号 任务 评分标准 责任单位 ".encode() * 1_000_000)
    refused(path)


# -- shapes ----------------------------------------------------------------------------------------


def test_spans_that_go_on_for_ever_are_refused_or_cut(tmp_path: Path) -> None:
    cell = '<w:tc><w:tcPr><w:gridSpan w:val="9999"/></w:tcPr><w:p/></w:tc>'
    rows = f"<w:tr>{cell * 3}</w:tr>" * 200
    refused(packed(tmp_path, {DOCUMENT: body(f"<w:tbl>{rows}</w:tbl>")}))
    page = tmp_path / "list.html"
    wide = '<td colspan="99999" rowspan="99999">x</td>'
    page.write_text(f"<table>{f'<tr>{wide * 5}</tr>' * 300}</table>", encoding="utf-8")
    refused(page)


def test_merged_cells_that_cover_one_another_are_refused(tmp_path: Path) -> None:
    merged = '<mergeCell ref="A1:C2"/>' * 50_000
    refused(sheets.book(tmp_path, sheets.sheet(merged=merged)))


def test_one_long_text_named_by_very_many_cells_is_refused(tmp_path: Path) -> None:
    """Shared strings: a hundred thousand cells of one long text each."""
    path = excel(tmp_path)
    cells = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 100_000))
    main = f'xmlns="{sheets.MAIN}"'
    changed(path, "xl/sharedStrings.xml", f"<sst {main}><si><t>{'A' * 30_000}</t></si></sst>")
    changed(
        path,
        "xl/worksheets/sheet1.xml",
        f"<worksheet {main}><sheetData>{cells}</sheetData></worksheet>",
    )
    refused(path)


@pytest.mark.parametrize("depth", [100, 300, 5000])
def test_tables_inside_tables_inside_tables_end_somewhere(tmp_path: Path, depth: int) -> None:
    inner = "<w:tbl><w:tr><w:tc>" * depth + "<w:p/>" + "</w:tc></w:tr></w:tbl>" * depth
    refused(packed(tmp_path, {DOCUMENT: body(inner)}))
    page = tmp_path / "list.html"
    page.write_text("<table><tr><td>" * depth + "<div>" * depth, encoding="utf-8")
    refused(page)


# -- broken ----------------------------------------------------------------------------------------


def broken(good: bytes, count: int) -> Iterator[bytes]:
    """With one byte changed, or cut short."""
    chance = random.Random(2021)
    for n in range(count):
        at = chance.randrange(len(good))
        yield good[:at] if n % 5 == 0 else good[:at] + bytes([good[at] ^ 0x55]) + good[at + 1 :]


@pytest.mark.parametrize("make", [word, excel])
def test_any_byte_may_be_wrong_or_missing(tmp_path: Path, make: object) -> None:
    """Two hundred and fifty of each: read, or refused in words that name the file."""
    assert callable(make)
    path = make(tmp_path)
    refusals: list[str] = []
    for content in broken(path.read_bytes(), 250):
        path.write_bytes(content)
        try:
            read_document(path, year=2023)
        except DefinitionError as refusal:
            refusals.append(str(refusal))
    assert len(refusals) > 50
    assert [refusal for refusal in refusals if path.name not in refusal] == []


def test_random_text_is_read_or_refused(tmp_path: Path) -> None:
    chance = random.Random(2020)
    signs = "序号任务评分标准责任单位 \t\n一、（一）1.①2扣分每县局（）“”。；0.5月日<table><td>\"',"
    for suffix in (".txt", ".csv", ".html"):
        path = tmp_path / f"list{suffix}"
        for _ in range(100):
            path.write_text("".join(chance.choices(signs, k=600)), encoding="utf-8")
            with suppress(DefinitionError):
                read_document(path, year=2023)
