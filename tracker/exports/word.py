"""A document for Word and WPS (.docx) in the form of official papers (GB/T 9704): A4, 28 characters
by 22 lines, red head, page numbers outside. An office goes on editing it.

Fonts are named and not embedded; the fonts to take where a machine lacks one stand beside it.
Equal blocks and instants give equal bytes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from io import BytesIO
from unicodedata import east_asian_width
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from docx import Document
from docx.document import Document as Paper
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Emu, Mm, Pt
from docx.table import Table as WordTable
from docx.text.paragraph import Paragraph as WordParagraph

TITLE, BODY, HEADING, FOOT = "方正小标宋简体", "仿宋_GB2312", "黑体", "宋体"
FONTS = {
    TITLE: ("方正小标宋_GBK", "STZhongsong", "SimSun", "Songti SC", "Noto Serif CJK SC"),
    BODY: ("FangSong", "仿宋", "STFangsong", "FangSong_GB2312", "Noto Serif CJK SC"),
    HEADING: ("SimHei", "Heiti SC", "Microsoft YaHei", "Noto Sans CJK SC"),
    FOOT: ("SimSun", "Songti SC", "Noto Serif CJK SC"),
}
"""Each with what to take instead where it is not installed, best first."""

RED = "B3261E"
SIZE = 16
"""三号, in points: the size of the text, and so the width of a character."""
WIDTH = Mm(156)


class Role(StrEnum):
    """What a paragraph is, by the standard's own word, which is also the name of its style in Word.
    `ABOUT` stands under the red head over the red rule."""

    OFFICE = "发文机关标志"
    ABOUT = "发文字号"
    TITLE = "公文标题"
    TO = "主送机关"
    TEXT = "公文正文"
    PART = "一级标题"
    SIGNATURE = "署名"
    NOTE = "附注"
    HEAD = "表头"
    CELL = "表内文字"
    NUMBER = "页码"


@dataclass(frozen=True)
class Paragraph:
    role: Role
    text: str


@dataclass(frozen=True)
class Table:
    """The head comes again on every page. `widths` are shares of the page's width; the columns of
    `left` stand left, the others right."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[float]
    left: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Signature:
    """署名与成文日期."""

    office: str
    on: str


Block = Paragraph | Table | Signature


def docx_bytes(
    blocks: Sequence[Block], *, title: str, author: str, language: str, made_at: datetime
) -> bytes:
    """`language` as Word knows it: zh-CN, en-GB. Characters that XML cannot hold are left out."""
    paper = Document()
    _styles(paper, language)
    _page(paper)
    for block in blocks:
        match block:
            case Paragraph():
                _paragraph(paper, block)
            case Table():
                _table(paper, block)
            case Signature():
                _signed(paper, block)
    about, stamp = paper.core_properties, made_at.replace(tzinfo=None)
    about.title, about.author, about.last_modified_by = _clean(title), _clean(author), ""
    about.comments, about.language = "", language
    about.created = about.modified = stamp
    return _packed(paper)


_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _clean(text: str) -> str:
    return _NOT_XML.sub("", text)


# -- paragraphs and tables -------------------------------------------------------------------------


def _paragraph(paper: Paper, block: Paragraph) -> None:
    made = paper.add_paragraph(_clean(block.text), style=block.role)
    if block.role is Role.OFFICE and made.runs:
        made.runs[0].font.size = Pt(_fitting(block.text))


def _fitting(office: str) -> float:
    """The size at which a red head stands on one line, between 36 and 16 points."""
    return max(SIZE, min(36, int(WIDTH.pt / max(characters(office), 1))))


def characters(text: str) -> float:
    """How wide, in Chinese characters."""
    return sum(1 if east_asian_width(one) in "WFA" else 0.5 for one in text)


def _table(paper: Paper, block: Table) -> None:
    if paper.paragraphs:
        paper.paragraphs[-1].paragraph_format.space_after = Pt(6)
        paper.paragraphs[-1].paragraph_format.keep_with_next = True
    made = paper.add_table(0, len(block.heads), style="Table Grid")
    made.autofit, made.alignment = False, WD_TABLE_ALIGNMENT.CENTER
    made._tbl.tblPr.find(qn("w:tblLook")).addprevious(parse_xml(_CELL_MARGIN))
    columns = [Emu(int(WIDTH * share / sum(block.widths))) for share in block.widths]
    for column, width in zip(made.columns, columns, strict=True):
        column.width = width
    head, cell = (paper.styles[role].style_id for role in (Role.HEAD, Role.CELL))
    _row(made, block.heads, columns, head, left=frozenset(range(len(columns))))
    made.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    for row in block.rows:
        _row(made, row, columns, cell, left=block.left)


_CELL_MARGIN = (
    f'<w:tblCellMar {nsdecls("w")}><w:left w:w="57" w:type="dxa"/><w:right w:w="57" w:type="dxa"/>'
    "</w:tblCellMar>"
)


def _row(
    table: WordTable, texts: Sequence[str], widths: Sequence[Emu], style: str, *,
    left: frozenset[int],
) -> None:  # fmt: skip
    """`style` by its id: to find it by its name for every cell takes longer than all the rest."""
    made = table.add_row()  # type: ignore[no-untyped-call]  # the library names no type
    made._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    for number, (cell, text, width) in enumerate(zip(made.cells, texts, widths, strict=True)):
        cell.width, cell.vertical_alignment = width, WD_CELL_VERTICAL_ALIGNMENT.CENTER
        told = cell.paragraphs[0]
        told._p.style, told.text = style, _clean(text)
        if number not in left:
            told.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _signed(paper: Paper, block: Signature) -> None:
    """The date begins two characters after the office and ends two before the margin or earlier,
    as GB/T 9704 has it for papers without a seal."""
    office, on = characters(block.office), characters(block.on)
    after = max(2, min(office - on, 20))
    first = paper.add_paragraph(_clean(block.office), style=Role.SIGNATURE)
    first.paragraph_format.right_indent = Pt(SIZE * max(0, after + on + 2 - office))
    first.paragraph_format.keep_with_next = True
    first.paragraph_format.space_before = Pt(2 * SIZE)
    paper.add_paragraph(_clean(block.on), style=Role.SIGNATURE).paragraph_format.right_indent = Pt(
        SIZE * after
    )


# -- page and styles -------------------------------------------------------------------------------


def _page(paper: Paper) -> None:
    [section] = paper.sections
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    section.footer_distance = Mm(25)
    paper.settings.odd_and_even_pages_header_footer = True
    for footer, side in (
        (section.footer, WD_ALIGN_PARAGRAPH.RIGHT),
        (section.even_page_footer, WD_ALIGN_PARAGRAPH.LEFT),
    ):
        _page_number(footer.paragraphs[0], side)


def _page_number(told: WordParagraph, side: WD_ALIGN_PARAGRAPH) -> None:
    told.style, told.alignment = Role.NUMBER, side
    told.paragraph_format.left_indent = told.paragraph_format.right_indent = Pt(14)
    told.add_run("— ")
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), " PAGE ")
    field.append(told.add_run("1")._r)
    told._p.append(field)
    told.add_run(" —")


def _styles(paper: Paper, language: str) -> None:
    under = f'<w:pBdr><w:bottom w:val="single" w:sz="18" w:space="6" w:color="{RED}"/></w:pBdr>'
    indent = '<w:ind w:firstLineChars="200" w:firstLine="640"/>'
    kept, outline = "<w:keepNext/>", '<w:outlineLvl w:val="0"/>'
    styles = paper.styles.element
    styles.remove(paper.styles["Normal"].element)
    for made in (
        _style("Normal", "Normal", BODY, SIZE, line=28, align="both"),
        _style(Role.OFFICE, "Office", TITLE, 36, colour=RED, align="center", after=12),
        _style(Role.ABOUT, "About", BODY, SIZE, align="center", before=6, borders=under),
        _style(Role.TITLE, "PaperTitle", TITLE, 22, align="center", before=28, after=28),
        _style(Role.TO, "To", BODY, SIZE, line=28),
        _style(Role.TEXT, "Text", BODY, SIZE, line=28, align="both", indent=indent),
        _style(Role.PART, "Part", HEADING, SIZE, line=28, kept=kept, indent=indent, end=outline),
        _style(Role.SIGNATURE, "Signed", BODY, SIZE, line=28, align="right"),
        _style(Role.NOTE, "PaperNote", BODY, 12, before=8, after=8),
        _style(Role.HEAD, "TableHead", HEADING, 9, align="center"),
        _style(Role.CELL, "TableCell", BODY, 9),
        _style(Role.NUMBER, "PageNo", FOOT, 14),
    ):
        styles.append(parse_xml(made))
    for spoken in styles.iter(qn("w:lang")):
        spoken.set(qn("w:eastAsia"), "zh-CN")
        if not language.startswith("zh"):
            spoken.set(qn("w:val"), language)


def _style(
    name: str, id: str, font: str, size: int, *, line: int = 0, align: str = "left",
    colour: str = "000000", before: int = 0, after: int = 0,
    kept: str = "", borders: str = "", indent: str = "", end: str = "",
) -> str:  # fmt: skip
    """Of paragraphs, as XML; sizes and spaces in points, `line` the exact height of one."""
    height = (
        f'w:line="{20 * line}" w:lineRule="exact"' if line else 'w:line="240" w:lineRule="auto"'
    )
    first = id == "Normal"
    default = ' w:default="1"' if first else ""
    based = "" if first else '<w:basedOn w:val="Normal"/>'
    return (
        f'<w:style {nsdecls("w")} w:type="paragraph" w:styleId="{id}"'
        f'{default}><w:name w:val="{name}"/>{based}<w:qFormat/>'
        f"<w:pPr>{kept}{borders}"
        f'<w:spacing w:before="{20 * before}" w:after="{20 * after}" {height}/>'
        f'{indent}<w:jc w:val="{align}"/>{end}</w:pPr>'
        f'<w:rPr><w:rFonts w:ascii="{font}" w:hAnsi="{font}" w:eastAsia="{font}" w:cs="{font}"/>'
        f'<w:color w:val="{colour}"/><w:sz w:val="{2 * size}"/><w:szCs w:val="{2 * size}"/></w:rPr>'
        "</w:style>"
    )


# -- the file --------------------------------------------------------------------------------------


def _packed(paper: Paper) -> bytes:
    """With our table of fonts, and without the time of packing."""
    loose, stream = BytesIO(), BytesIO()
    paper.save(loose)
    with ZipFile(loose) as before, ZipFile(stream, "w") as after:
        for name in before.namelist():
            part = ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            part.compress_type = ZIP_DEFLATED
            after.writestr(part, _fonts() if name == "word/fontTable.xml" else before.read(name))
    return stream.getvalue()


def _fonts() -> bytes:
    """Where a font is not installed, Word looks for the others, then for one of its kind."""
    fonts = "".join(
        f'<w:font w:name="{name}"><w:altName w:val="{",".join(others)}"/><w:charset w:val="86"/>'
        f'<w:family w:val="{"modern" if name == HEADING else "roman"}"/></w:font>'
        for name, others in FONTS.items()
    )
    return f"<w:fonts {nsdecls('w')}>{fonts}</w:fonts>".encode()
