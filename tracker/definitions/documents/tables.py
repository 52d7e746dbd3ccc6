"""A list in tables: which row is a heading, a section, an item, a further row of one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import pairwise

from tracker.definitions.documents import enumerators
from tracker.definitions.documents.enumerators import Style
from tracker.definitions.documents.grid import Block, Cell, Paragraph, Row, Table
from tracker.definitions.documents.headings import TOTAL, Layout, Role, layout_of
from tracker.definitions.documents.outline import (
    Line,
    Outline,
    Section,
    Slip,
    Text,
    kind_of_bonus,
    number_in,
    one_line,
    split_points,
)

_NOTE = re.compile(r"^(?:备\s*注|注|说\s*明|填表说明|附注)\s*[0-9]?\s*[:：]")
_OUTER = re.compile(r"^\s*[（(]?[一二三四五六七八九十]{1,3}[)）]?[、.．]?(?:\s|$|[^0-9月日])")
_LIMIT = re.compile("不超过|最高|上限|封顶|累计|不重复")
_PORTION = re.compile(r"^第[一二三四五六七八九十0-9]+(?:部分|章|篇|板块|大类|类)[\s、:：]*")
_PART = re.compile(r"^[^0-9]{0,12}(?:加分|扣分|附加分|奖励|减分)[^0-9]{0,8}$")
_NUMBER = re.compile(r"[0-9０-９]{1,3}(?:[.．\-—][0-9０-９]{1,3}){0,3}[.．、]?")
_ISSUED = re.compile(r"^.*印发《(.{4,60})》.*通知$")
_ENTITLED = re.compile(
    r"^[^。：:；;]*(?:清单|责任书|责任状|方案|细则|分解表|一览表|台账|办法|体系)"
    r"\s*(?:[（(][^（）()]{1,12}[）)])?$"
)
_ADDRESS = re.compile("[。：:；;]$|现将|如下")
_IN_TITLE = re.compile(r"[0-9]\s*分(?:值|满分)?\s*[)）】\]]")
_WIDE = str.maketrans("０１２３４５６７８９．—", "0123456789.-")


@dataclass
class _Heap:
    """What the rows above said, for the cells that are empty or merged below them."""

    section: Section | None = None
    number: str = ""
    title: str = ""
    item_title: str = ""
    counted: int = 0
    texts: dict[Role, str] = field(default_factory=dict)


class TableReader:
    def __init__(self, wanted: Mapping[str, Role]) -> None:
        self.outline = Outline()
        self.targets: list[tuple[Table, list[Paragraph]]] = []
        self.lists: list[tuple[Table, Layout]] = []
        self._wanted = wanted
        self._heap = _Heap()
        self._caption: list[Paragraph] = []
        self._layout: Layout | None = None
        self._width = self._sheets = 0

    def read(self, blocks: Sequence[Block]) -> None:
        """Tables with the headings of a list, those that go on with one, and the others."""
        tables = [block for block in blocks if isinstance(block, Table) and block.name]
        self._sheets = sum(layout_of(table, self._wanted) is not None for table in tables)
        for block in blocks:
            if isinstance(block, Paragraph):
                self._caption.append(block)
            else:
                self._table(block)
                self._caption = []
        self.outline.unread += [Text(one.text, one.place) for one in self._caption]

    def _table(self, table: Table) -> None:
        layout = layout_of(table, self._wanted)
        if layout is None and self._goes_on(table):
            assert self._layout is not None
            layout = replace(self._layout, top=0, begins=0)
        if layout is None or (self.lists and not layout.scored):
            self.targets.append((table, self._caption))
            return
        first = not self.lists
        self.lists.append((table, layout))
        known = self.outline.headings
        known += [name for name in layout.names if name and name not in known]
        unused = self.outline.unused
        unused += [name for name in layout.unused if name not in unused]
        self._layout, self._width = layout, table.width
        self._begin(table, layout, first)
        rows = _Rows(self.outline, self._heap, table, layout)
        for row in table.rows[layout.begins :]:
            rows.read(row)

    def _goes_on(self, table: Table) -> bool:
        """A table split over pages: the same columns, and no caption of its own."""
        captions = [one for one in self._caption if len(one.text) > 3]
        return self._layout is not None and table.width == self._width and not captions

    def _begin(self, table: Table, layout: Layout, first: bool) -> None:
        """What stands above the headings: the title; a section, where each has its own table."""
        above = [cell for row in table.rows[: layout.top] for cell in row.distinct]
        lines = [one_line(cell.text) for cell in above]
        captions = [one.text for one in self._caption] + lines
        if first:
            self.outline.title = title_among(captions)
        caption = captions[-1] if captions else ""
        if captions and (not first or caption != self.outline.title):
            self._captioned(caption, table)
        if table.name and self._sheets > 1 and not caption:
            self._captioned(table.name, table)

    def _captioned(self, caption: str, table: Table) -> None:
        title, points = split_points(one_line(caption))
        mark = enumerators.at(title, 0)
        numbered = mark is not None and mark.style is Style.CHINESE
        of_sheet = bool(table.name) and caption == table.name
        if points is None and not numbered and not of_sheet:
            return
        _open_section(self.outline, self._heap, title, points, f"table {table.number}")


def title_among(texts: Sequence[str]) -> str:
    """The line that names the list, among those above it."""
    lines = [line.strip() for text in texts for line in text.split("\n") if line.strip()]
    lines = [
        line
        for line in lines
        if not re.fullmatch(r"附\s*[件表录]\s*[0-9一二三四五六七八九十]*\s*[:：]?", line)
    ]
    lines = [_ISSUED.sub(r"\1", line) for line in lines]
    entitled = [line for line in lines if _ENTITLED.search(line) and len(line) <= 80]
    if entitled:
        return max(entitled, key=len)
    lines = [line for line in lines if not _ADDRESS.search(line)] or lines
    words = re.compile("清单|责任书|责任状|分解表|考核|细则|办法|方案|目标|任务|评分|一览表|考评")
    named = [line for line in lines if words.search(line) and len(line) <= 80]
    return max(named or [line for line in lines if len(line) <= 80], key=len, default="")


def _open_section(
    outline: Outline, heap: _Heap, title: str, points: Decimal | None, place: str
) -> Section:
    mark = enumerators.at(title, 0)
    name = title[mark.end :].strip() if mark is not None and not mark.tight else title
    name = _PORTION.sub("", name)
    part = kind_of_bonus(name) if len(name) <= 20 else ""
    plain = [one for one in outline.sections if not one.bonus]
    number = str(len(plain) + 1)
    if part and any(one.id == part for one in outline.sections):
        part = ""
    section = Section(part or number, name, points, place, bonus=bool(part))
    outline.sections.append(section)
    heap.section, heap.number, heap.title, heap.counted = section, "", "", 0
    heap.texts = {}
    return section


_DITTO = re.compile(r"\s*(?:同上|同前|〃|″|〞|'')\s*")


class _Rows:
    """Rows of one table, read in order."""

    def __init__(self, outline: Outline, heap: _Heap, table: Table, layout: Layout) -> None:
        self._outline = outline
        self._heap = heap
        self._table = table
        self._layout = layout
        self._group: Cell | None = None
        self._above: Row | None = None

    def _said_again(self, row: Row) -> Row:
        """同上 is what stands in the cell above it."""
        above, self._above = self._above, row
        if above is None or not any(_DITTO.fullmatch(cell.text) for cell in row.cells):
            return row
        cells = [
            replace(cell, text=over.text)
            if _DITTO.fullmatch(cell.text) and (over := above.cell(at)) is not None
            else cell
            for at, cell in enumerate(row.cells)
        ]
        self._above = Row(row.number, tuple(cells))
        return self._above

    def read(self, row: Row) -> None:
        row = self._said_again(row)
        filled = row.distinct
        if not filled or self._is_heading(row):
            return
        if self._total(row, filled) or self._note(filled):
            return
        if self._part(row, filled) or self._section(row, filled):
            return
        self._grouped(row)
        self._entry(row)

    # -- rows that are no entries --

    def _is_heading(self, row: Row) -> bool:
        names = self._layout.names
        same = sum(
            bool(cell) and "".join(cell.text.split()) == names[at]
            for at, cell in enumerate(row.cells[: len(names)])
        )
        return same >= 2 and same * 2 > sum(bool(cell) for cell in row.cells)

    def _total(self, row: Row, filled: Sequence[Cell]) -> bool:
        if not TOTAL.match(filled[0].text.strip()):
            return False
        column = self._layout.column(Role.POINTS)
        cells = [row.cell(column)] if column is not None else filled[1:]
        told = [cell for cell in cells if cell is not None and number_in(cell.text) is not None]
        cell = told[0] if len(told) == 1 else None
        stated = number_in(cell.text) if cell is not None else None
        if stated is not None and cell is not None:
            whose = ""
            if "小" in filled[0].text and self._heap.section is not None:
                whose = self._heap.section.id
            self._outline.totals.append((whose, stated, self._table.place(cell)))
        return True

    def _note(self, filled: Sequence[Cell]) -> bool:
        if len(filled) > 1 or not _NOTE.match(filled[0].text):
            return False
        self._outline.unread.append(Text(filled[0].text, self._table.place(filled[0])))
        return True

    def _section(self, row: Row, filled: Sequence[Cell]) -> bool:
        """One filled cell over the row, or a Chinese number with a title and nothing to score."""
        title, points, head = self._headline(row, filled)
        if head is None or len(title) > 80:
            return False
        place = self._table.place(head)
        section = _open_section(self._outline, self._heap, title, points, place)
        if section.bonus and _LIMIT.search(head.text):
            text = Text(head.text, place)
            self._outline.lines.append(
                Line(row.number, section.id, section.id, section.title, text, place=place)
            )
        return True

    def _headline(
        self, row: Row, filled: Sequence[Cell]
    ) -> tuple[str, Decimal | None, Cell | None]:
        """The title, points and cell of a row that opens a section; no cell where it does not."""
        head = filled[0]
        title, points = split_points(one_line(head.text))
        if len(filled) == 1:
            clause = self._cell(row, Role.CLAUSE)
            inside = clause is head and not _spans(row, head)
            named = self._names_section(row, head, title, points is not None)
            bare = number_in(title) is not None
            return title, points, head if named and not inside and not bare else None
        columns = (Role.NUMBER, Role.SECTION, Role.TITLE, Role.POINTS)
        known = [cell for role in columns if (cell := self._cell(row, role)) is not None and cell]
        numbered = _OUTER.match(head.text) is not None
        if not numbered or any(all(cell is not one for one in known) for cell in filled):
            return title, points, None
        name = self._cell(row, Role.TITLE)
        if name is not None and name and name is not head:
            title, points = split_points(one_line(name.text))
            head = name
        stated = self._cell(row, Role.POINTS)
        if points is None and stated is not None:
            points = number_in(stated.text)
        return title, points, head

    def _names_section(self, row: Row, head: Cell, title: str, has_points: bool) -> bool:
        mark = enumerators.at(title, 0)
        numbered = mark is not None and mark.style in (
            Style.CHINESE,
            Style.ORDINAL,
            Style.CHINESE_BRACKETS,
        )
        title_column = self._layout.column(Role.TITLE)
        lone_title = title_column is not None and row.cell(title_column) is head
        return _spans(row, head) or numbered or has_points or not lone_title

    def _part(self, row: Row, filled: Sequence[Cell]) -> bool:
        """A row for bonus and penalty: a word for them, and text in place of the columns."""
        if len(filled) != 2 or not _PART.match(one_line(filled[0].text)):
            return False
        head, body = filled
        if len(body.text) < 10:
            return False
        for part, text, offset in parts_of(body.text, one_line(head.text)):
            if part in ("B", "P"):
                title = {"B": "加分项", "P": "扣分项"}[part]
                if all(one.id != part for one in self._outline.sections):
                    place = self._table.place(body)
                    self._outline.sections.append(Section(part, title, None, place, bonus=True))
                clause = Text(text, self._table.place(body), offset)
                self._outline.lines.append(
                    Line(row.number, part, part, title, clause, place=self._table.place(head))
                )
            else:
                self._outline.unread.append(Text(text, self._table.place(body), offset))
        return True

    def _grouped(self, row: Row) -> None:
        """A column of wider headings opens a section where it changes."""
        if not self._layout.groups:
            return
        cell = row.cell(self._layout.groups[0])
        if cell is None or not cell or cell is self._group:
            return
        if self._group is not None and cell.text == self._group.text:
            self._group = cell
            return
        self._group = cell
        title, points = split_points(one_line(cell.text))
        _open_section(self._outline, self._heap, title, points, self._table.place(cell))

    # -- entries --

    def _entry(self, row: Row) -> None:
        heap = self._heap
        before = heap.number
        title = self._title(row)
        clause = self._scoring(row, heap.number != before)
        if clause is None:
            self._without_text(row)
            return
        points, shared = self._points(row)
        if points is None:
            title, points, shared = self._in_title(row, title)
        line = Line(
            row=row.number,
            item=heap.number,
            section=heap.section.id if heap.section is not None else "",
            title=title,
            clause=Text(clause.text, self._table.place(clause)),
            points=points,
            shared=shared,
            deadline=self._kept(row, Role.DEADLINE),
            evidence=self._kept(row, Role.EVIDENCE),
            goal=self._kept(row, Role.GOAL),
            part=self._part_of(row),
            lead=self._kept(row, Role.LEAD),
            responsible=self._responsible(row),
            reviewing=self._kept(row, Role.REVIEWING),
            place=f"table {self._table.number} row {row.number}",
            raw=self._raw(row),
        )
        self._outline.lines.append(line)

    def _part_of(self, row: Row) -> str:
        at = self._layout.inner
        cell = None if at is None else row.cell(at)
        return one_line(cell.text) if cell is not None and cell.row == row.number else ""

    def _scoring(self, row: Row, new: bool) -> Cell | None:
        """The cell that says how the row is scored: one merged over several items counts for each;
        where it is empty, the task itself is what is owed."""
        clause, title = self._cell(row, Role.CLAUSE), self._cell(row, Role.TITLE)
        if clause is not None and clause and (clause.row == row.number or new):
            return clause
        owed = (Role.POINTS, Role.LEAD, Role.RESPONSIBLE, Role.DEADLINE)
        if (clause is not None and clause) or title is None or title.row != row.number:
            return None
        return title if title and any(self._own(row, role) for role in owed) else None

    def _without_text(self, row: Row) -> None:
        """A row of an item whose scoring text is merged from above: its units still count there."""
        clause = self._cell(row, Role.CLAUSE)
        own = [cell for cell in row.distinct if cell.row == row.number]
        if clause is not None and clause.text and self._outline.lines:
            last = self._outline.lines[-1]
            last.responsible = _joined(last.responsible, self._own(row, Role.RESPONSIBLE))
            last.lead = _joined(last.lead, self._own(row, Role.LEAD))
            last.reviewing = _joined(last.reviewing, self._own(row, Role.REVIEWING))
            return
        text = " ".join(one_line(cell.text) for cell in own)
        self._outline.unread.append(Text(text, f"table {self._table.number} row {row.number}"))

    def _cell(self, row: Row, role: Role) -> Cell | None:
        column = self._layout.column(role)
        return None if column is None else row.cell(column)

    def _own(self, row: Row, role: Role) -> str:
        cell = self._cell(row, role)
        return cell.text if cell is not None and cell.row == row.number else ""

    def _title(self, row: Row) -> str:
        """The item's title; sets its number in the heap."""
        heap = self._heap
        number, title = self._own(row, Role.NUMBER), self._own(row, Role.TITLE)
        name = one_line(title)
        told = number_of(number)
        inside = "" if told else self._number_in_title(name)
        if inside:
            mark = enumerators.at(name, 0)
            assert mark is not None
            name = name[mark.end :].strip()
        new = told or inside
        if self._layout.column(Role.NUMBER) is None and not inside and name and name != heap.title:
            heap.counted += 1
            new = str(heap.counted)
            self._outline.numbered = False
        if new and new != heap.number:
            heap.number = new
            heap.texts = {}
        heap.title = name or heap.title
        return heap.title

    def _number_in_title(self, name: str) -> str:
        mark = enumerators.at(name, 0)
        if mark is None or mark.tight or self._layout.column(Role.NUMBER) is not None:
            return ""
        return str(mark.value)

    def _points(self, row: Row) -> tuple[Decimal | None, bool]:
        """Points of the row, or the item's where the cell is empty or merged from above."""
        heap, cell = self._heap, self._cell(row, Role.POINTS)
        own = number_in(cell.text) if cell is not None and cell.row == row.number else None
        if own is None and cell is not None and cell.row == row.number:
            self._odd_points(cell)
        if own is not None:
            heap.texts[Role.POINTS] = str(own)
            return own, False
        held = heap.texts.get(Role.POINTS, "")
        return (Decimal(held), True) if held else (None, False)

    def _in_title(self, row: Row, title: str) -> tuple[str, Decimal | None, bool]:
        """群众满意度（10分）: points that stand behind the title, where no cell has them."""
        name, points = split_points(title)
        if points is None or not _IN_TITLE.search(title):
            return title, None, False
        return name, points, not self._own(row, Role.TITLE)

    def _odd_points(self, cell: Cell) -> None:
        if any(sign.isdigit() for sign in cell.text):
            place = self._table.place(cell)
            self._outline.slips.append(Slip("points", place, cell.text, {"word": cell.text}))

    def _kept(self, row: Row, role: Role) -> str:
        """The cell's text, or that of the row above in the same item."""
        text = self._own(row, role) or (
            cell.text if (cell := self._cell(row, role)) is not None else ""
        )
        if text:
            self._heap.texts[role] = text
        return text or self._heap.texts.get(role, "")

    def _responsible(self, row: Row) -> str:
        columns = self._layout.roles.get(Role.RESPONSIBLE, ())
        told = [cell.text for at in columns if (cell := row.cell(at)) is not None and cell.text]
        text = "\n".join(dict.fromkeys(told))
        if text:
            self._heap.texts[Role.RESPONSIBLE] = text
        return text or self._heap.texts.get(Role.RESPONSIBLE, "")

    def _raw(self, row: Row) -> dict[str, str]:
        names = self._layout.names
        return {
            name: cell.text for name, cell in zip(names, row.cells, strict=False) if name and cell
        }


def _spans(row: Row, head: Cell) -> bool:
    return sum(cell is head for cell in row.cells) * 2 >= max(2, len(row.cells))


def _joined(before: str, after: str) -> str:
    return f"{before}\n{after}" if before and after and after not in before else before or after


def number_of(text: str) -> str:
    """`3`, `3.16`, `（三）` or `（一）1` as 3, 3.16, 3 and 1.1; "" for words."""
    bare = "".join(text.split()).translate(_WIDE)
    if _NUMBER.fullmatch(bare):
        return bare.rstrip(".、").replace("-", ".")
    parts: list[str] = []
    position = 0
    while position < len(bare):
        mark = enumerators.at(bare, position)
        if mark is None:
            rest = bare[position:]
            return ".".join([*parts, rest]) if parts and rest.isdigit() else _alone(bare)
        parts.append(str(mark.value))
        position = mark.end
    return ".".join(parts)


def _alone(text: str) -> str:
    value = enumerators.chinese(text) if 0 < len(text) <= 4 else None
    return str(value) if value else ""


def parts_of(text: str, label: str) -> list[tuple[str, str, int]]:
    """A text for bonus and penalty in its parts: "B", "P" or "" for what is neither, with the
    part's text and where it begins."""
    starts = [
        mark.start
        for mark in (enumerators.at(text, at) for at in _line_starts(text))
        if mark is not None and mark.style is Style.CHINESE
    ]
    if not starts:
        return [(kind_of_bonus(label) or kind_of_bonus(text) or "B", text, 0)]
    bounds = [*starts, len(text)]
    found: list[tuple[str, str, int]] = []
    for begin, end in pairwise(bounds):
        body = text[begin:end].rstrip()
        head = body.partition("\n")[0]
        found.append((kind_of_bonus(head), body, begin))
    if text[: starts[0]].strip():
        found.insert(0, ("", text[: starts[0]].rstrip(), 0))
    return found


def _line_starts(text: str) -> list[int]:
    return [0, *(at + 1 for at, sign in enumerate(text) if sign == "\n")]
