"""What is taken as evidence: by its content, and by what is in it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tests.files import DOCX, JPEG, OLE, PDF, PNG, ftyp, packed
from tests.web.conftest import House, form_of
from tracker.web.evidence import Strange, keep
from tracker.web.filekinds import TEXT_HEAD, Fault, fault
from tracker.web.intake import Upload

LOCKED = OLE + "EncryptedPackage".encode("utf-16-le")
MACROS = OLE + "_VBA_PROJECT_CUR".encode("utf-16-le")
EXE = b"MZ\x90\x00" + bytes(128)
HTML = b"<!DOCTYPE html><script>alert(1)</script>"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("现场.jpg", JPEG), ("IMG_1.JPEG", JPEG), ("a.png", PNG), ("a.gif", b"GIF89a" + bytes(32)),
        ("IMG_2.HEIC", ftyp(b"heic")), ("IMG_3.heic", ftyp(b"mif1")), ("a.heif", ftyp(b"heix")),
        ("a.bmp", b"BM" + bytes(64)), ("a.webp", b"RIFF\x24\0\0\0WEBPVP8 " + bytes(32)),
        ("扫描.tif", b"II*\x00" + bytes(32)), ("扫描.tiff", b"MM\x00*" + bytes(32)),
        ("报告.pdf", PDF), ("报告.docx", DOCX), ("附表.xlsx", packed("xl/workbook.xml")),
        ("汇报.pptx", packed("ppt/presentation.xml")), ("公文.ofd", packed("OFD.xml")),
        ("旧.doc", OLE), ("旧.xls", OLE), ("旧.wps", OLE), ("a.odt", packed("mimetype", "x.xml")),
        ("照片.zip", packed("1.jpg", "2.jpg")), ("片.mp4", ftyp(b"isom")),
        ("片.mp4", ftyp(b"mp42")),
        ("片.mov", ftyp(b"qt  ")), ("片.3gp", ftyp(b"3gp4")), ("音.m4a", ftyp(b"M4A ")),
        ("音.mp3", b"ID3\x03\0" + bytes(64)), ("音.mp3", b"\xff\xfb\x90\0" + bytes(64)),
        ("音.wav", b"RIFF\x24\0\0\0WAVEfmt " + bytes(32)), ("音.amr", b"#!AMR\n" + bytes(32)),
        ("说明.txt", "情况说明\r\n".encode()), ("说明.txt", "情况说明".encode("gb18030")),
        ("说明.txt", "情况说明".encode("utf-16")), ("表.csv", "甲,1\n".encode()),
        ("长.txt", ("说" * TEXT_HEAD).encode()), ("空.txt", b""),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else str(value),
)  # fmt: skip
def test_what_is_what_it_says_is_taken(name: str, content: bytes) -> None:
    assert fault(name, io.BytesIO(content)) is None


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("照片.jpg", EXE, Fault.MISMATCH), ("照片.jpg", HTML, Fault.MISMATCH),
        ("照片.jpg", PNG, Fault.MISMATCH), ("照片.jpg", b"", Fault.MISMATCH),
        ("照片.png", b'<svg xmlns="http://www.w3.org/2000/svg">', Fault.MISMATCH),
        ("报告.pdf", DOCX, Fault.MISMATCH), ("报告.pdf", HTML, Fault.MISMATCH),
        ("报告.docx", PDF, Fault.MISMATCH), ("报告.docx", OLE, Fault.MISMATCH),
        ("报告.docx", packed("xl/workbook.xml"), Fault.MISMATCH),
        ("报告.docx", DOCX[:40], Fault.MISMATCH), ("公文.ofd", packed("x"), Fault.MISMATCH),
        ("旧.doc", b"{\\rtf1 ", Fault.MISMATCH), ("旧.xls", HTML, Fault.MISMATCH),
        ("说明.txt", EXE, Fault.MISMATCH), ("说明.txt", b"\x81", Fault.MISMATCH),
        ("片.mp4", ftyp(b"heic"), Fault.MISMATCH), ("照片.heic", ftyp(b"isom"), Fault.MISMATCH),
        ("打包.zip", b"Rar!\x1a\x07\x01\0", Fault.MISMATCH),
        ("报告.docx", LOCKED, Fault.LOCKED), ("旧.doc", LOCKED, Fault.LOCKED),
        ("旧.xls", MACROS, Fault.MACRO), ("表.xlsm", packed("xl/workbook.xml"), Fault.MACRO),
        ("表.xlsx", packed("xl/workbook.xml", "xl/vbaProject.bin"), Fault.MACRO),
        ("打包.zip", packed("照片/1.jpg", "装.EXE"), Fault.PROGRAM),
        ("打包.rar", b"Rar!\x1a\x07\x01\0", Fault.PACKED), ("a.tar.gz", b"\x1f\x8b", Fault.PACKED),
        ("a.html", HTML, Fault.UNKNOWN), ("a.svg", b"<svg/>", Fault.UNKNOWN),
        ("a.exe", EXE, Fault.UNKNOWN), ("a.pdf.exe", EXE, Fault.UNKNOWN),
        ("没有扩展名", PDF, Fault.UNKNOWN), (".jpg", JPEG, Fault.UNKNOWN),
        ("", JPEG, Fault.UNKNOWN),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else str(value),
)  # fmt: skip
def test_what_is_not_is_refused_for_its_own_reason(name: str, content: bytes, why: Fault) -> None:
    assert fault(name, io.BytesIO(content)) is why


def test_no_file_of_the_set_is_kept_where_one_is_strange(tmp_path: Path) -> None:
    files = [Upload("a.jpg", io.BytesIO(JPEG)), Upload("b\u202egpj.exe", io.BytesIO(EXE))]
    with pytest.raises(Strange) as said:
        keep(tmp_path, files)
    assert said.value.name == "bgpj.exe"
    assert list(tmp_path.iterdir()) == []


def test_a_contact_is_told_which_file_and_why_and_loses_nothing_typed(house: House) -> None:
    with house.browser() as browser:
        form = form_of(browser.get("/p/small/report?key=1/done/housing"))
        files = [("evidence", ("好.jpg", JPEG, "image/jpeg")),
                 ("evidence", ("清单.xlsm", packed("xl/workbook.xml"), "x/y"))]  # fmt: skip
        before = house.everything()
        sent = form | {"state": "done", "note": "写了很久的说明"}
        answer = browser.post("/p/small/report?lang=zh", data=sent, files=files)
        assert answer.status_code == 422
        assert "“清单.xlsm”里有宏" in answer.text
        assert "写了很久的说明" in answer.text
        assert house.everything() == before
        assert not (house.runtime.settings.data / "evidence").exists()
