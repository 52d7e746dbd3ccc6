"""Documents for Word, read back by a library that did not write their table of fonts."""

from __future__ import annotations

from io import BytesIO
from zipfile import ZipFile

import docx
import pytest
from docx.oxml.ns import qn
from docx.shared import Pt

from tests.builders import JANUARY
from tracker.exports.word import (
    BODY,
    Block,
    Paragraph,
    Role,
    Signature,
    Table,
    characters,
    docx_bytes,
)

TABLE = Table(("名次", "单位"), [(str(n), f"第 {n} 号镇") for n in range(60)], (1, 4))


def made(*blocks: Block) -> bytes:
    return docx_bytes(blocks, title="通报", author="考核办", language="zh-CN", made_at=JANUARY)


def test_a_table_over_several_pages_repeats_its_head_and_breaks_no_row() -> None:
    [table] = docx.Document(BytesIO(made(TABLE))).tables
    assert [bool(row._tr.xpath("./w:trPr/w:tblHeader")) for row in table.rows] == [
        True,
        *[False] * 60,
    ]
    assert all(row._tr.xpath("./w:trPr/w:cantSplit") for row in table.rows)


def test_the_page_is_that_of_an_official_paper_with_numbers_outside() -> None:
    word = docx.Document(BytesIO(made(Paragraph(Role.TEXT, "正文"))))
    [section] = word.sections
    assert [round(one.mm) for one in (section.page_width, section.page_height)] == [210, 297]
    beside = section.left_margin.mm + section.right_margin.mm
    assert round(section.page_width.mm - beside) == 156
    assert word.settings.odd_and_even_pages_header_footer
    for footer in (section.footer, section.even_page_footer):
        [field] = footer._element.iter(qn("w:fldSimple"))
        assert field.get(qn("w:instr")).strip() == "PAGE"


def test_fonts_are_named_each_with_what_to_take_instead() -> None:
    content = made(Paragraph(Role.TEXT, "正文"))
    named = ZipFile(BytesIO(content)).read("word/fontTable.xml").decode()
    style = docx.Document(BytesIO(content)).styles[Role.TEXT]
    used = style.element.find(f".//{qn('w:rFonts')}").get(qn("w:eastAsia"))
    assert used == BODY
    assert f'w:name="{BODY}"><w:altName w:val="FangSong,' in named


def test_what_xml_cannot_hold_is_left_out_and_markup_is_text() -> None:
    told = "a\x00\x0b\ufffe<w:p/>&amp;b"
    blocks = (Paragraph(Role.TITLE, told), Table((told,), [(told,)], (1,)), Signature(told, told))
    word = docx.Document(BytesIO(made(*blocks)))
    assert [one.text for one in word.paragraphs] == ["a<w:p/>&amp;b"] * 3
    assert word.tables[0].rows[1].cells[0].text == "a<w:p/>&amp;b"


@pytest.mark.parametrize(("office", "size"), [("考核办", 36), ("某" * 20, 22), ("某" * 60, 16)])
def test_a_red_head_stands_on_one_line_as_long_as_it_can_be_read(office: str, size: int) -> None:
    [head] = docx.Document(BytesIO(made(Paragraph(Role.OFFICE, office)))).paragraphs
    assert head.runs[0].font.size == Pt(size)


@pytest.mark.parametrize("office", ["考核办", "县落实生态环境保护工作考核细则领导小组办公室"])
def test_the_date_begins_two_characters_after_the_office_that_signs(office: str) -> None:
    on = "2026 年 11 月 29 日"
    first, second = docx.Document(BytesIO(made(Signature(office, on)))).paragraphs
    ends = [Pt(442) - (one.paragraph_format.right_indent or 0) for one in (first, second)]
    begins = [end - Pt(16 * characters(text)) for end, text in zip(ends, (office, on), strict=True)]
    assert begins[1] - begins[0] == Pt(32)
    assert Pt(442) - ends[1] >= Pt(32)


def test_equal_papers_have_equal_bytes() -> None:
    assert made(TABLE) == made(TABLE)
