"""Documents as PDF: from the locked packages alone, text as it was given, the same bytes again."""

from __future__ import annotations

import re
import subprocess
import sys
from hashlib import sha256
from typing import Any

import pypdfium2
import pytest

from tests.builders import at
from tracker.exports.glyphs import missing
from tracker.exports.pdf import FONTS, pdf_bytes

MADE_AT = at("2021-10-11 08:30")


def a_slip(**parts: Any) -> dict[str, Any]:
    return {
        "title": "督办单", "number": "督办〔2021〕7号", "office": "考核办", "language": "zh",
        "on": "2021年10月11日", "rows": [["承办单位", "县住房和城乡建设局"]],
        "paragraphs": ["请于3个工作日内报送。"], "blanks": ["承办单位意见"], "note": "", **parts,
    }  # fmt: skip


def text_of(pdf: bytes) -> str:
    return "\n".join(sheets_of(pdf))


def sheets_of(pdf: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(pdf)
    texts = [page.get_textpage().get_text_range() for page in document]
    document.close()
    return [text.replace("\r\n", "\n") for text in texts]


def test_what_is_copied_out_of_the_file_is_what_was_put_in() -> None:
    text = text_of(pdf_bytes("slip", a_slip(), made_at=MADE_AT))
    assert "督办〔2021〕7号" in text
    assert "请于3个工作日内报送。" in text
    assert "2021年10月11日" in text


@pytest.mark.parametrize(
    "typed",
    ["#panic(1)", "*强调* _斜_", "$x^2$", "@引用 <标签>", "= 标题", '"; #read("a")', "\\u{41}"],
)
def test_no_text_of_a_user_is_read_as_markup(typed: str) -> None:
    told = a_slip(rows=[["任务", typed], [typed, "x"]], paragraphs=[typed], title=typed, note=typed)
    text = text_of(pdf_bytes("slip", told, made_at=MADE_AT))
    assert text.count(typed) == 5


def test_the_same_values_give_the_same_bytes_in_another_process_on_another_day() -> None:
    here = pdf_bytes("slip", a_slip(), made_at=MADE_AT)
    program = (
        "import sys\nfrom hashlib import sha256\nfrom tests.exports.test_pdf import *\n"
        "print(sha256(pdf_bytes('slip', a_slip(), made_at=MADE_AT)).hexdigest())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == sha256(here).hexdigest()


def test_only_the_fonts_of_the_lock_file_are_used_and_they_are_in_the_file() -> None:
    pdf = pdf_bytes("slip", a_slip(), made_at=MADE_AT)
    used = set(re.findall(rb"/FontName\s*/[A-Z]{6}\+([A-Za-z-]+)", pdf))
    assert {name.partition(b"-")[0] for name in used} == {b"NotoSerifSC", b"NotoSansSC"}
    assert pdf.count(b"/FontFile3") == len(used)


def test_a_slip_longer_than_a_page_numbers_its_pages() -> None:
    rows = [["任务", f"第{n}项"] for n in range(60)]
    text = text_of(pdf_bytes("slip", a_slip(rows=rows), made_at=MADE_AT))
    assert re.findall(r"(\d) / 3", text) == ["1", "2", "3"]


def test_a_character_that_no_font_has_is_told_by_its_number_and_not_by_a_box(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("WARNING", logger="tracker.exports.pdf")
    rare, common = "𠮷", "督"
    text = text_of(pdf_bytes("slip", a_slip(title=f"{common}{rare}🚨"), made_at=MADE_AT))
    assert f"{common}〔U+20BB7〕〔U+1F6A8〕" in text.replace("\n", "")
    assert "U+1F6A8, U+20BB7" in caplog.text


def test_what_offices_write_is_drawn_and_only_what_the_fonts_lack_is_not() -> None:
    assert missing("县委组织部〔〕①㎡㏄々〇㐂é—…\U00030edd", FONTS) == set()
    assert missing("\n\t \u200b\ufe0f", FONTS) == set(), "nothing is drawn for these"
    assert missing("吉𠮷", FONTS) == {"𠮷"}


def right_edge(pdf: bytes) -> float:
    """How far the ink of any page comes from the left, as a share of the page's width."""
    document = pypdfium2.PdfDocument(pdf)
    found = 0.0
    for page in document:
        text = page.get_textpage()
        boxes = (text.get_charbox(at) for at in range(text.count_chars()))
        found = max(found, max(right for _, _, right, _ in boxes) / page.get_width())
    document.close()
    return found
