"""A list of which only the words are left, one behind the other: the columns are found again by
what a piece of text looks like and by the order of the headings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby, pairwise

from tracker.definitions.documents import enumerators
from tracker.definitions.documents.cutting import SCORES
from tracker.definitions.documents.dates import due
from tracker.definitions.documents.enumerators import Style
from tracker.definitions.documents.grid import Paragraph
from tracker.definitions.documents.headings import Role, role_of
from tracker.definitions.documents.outline import (
    Line,
    Outline,
    Section,
    Slip,
    Text,
    kind_of_bonus,
    number_in,
    split_points,
)
from tracker.definitions.documents.units import looks_like_units, units

_PIECE = re.compile(r"\S+")
_ROW_NUMBER = re.compile(r"[0-9]{1,3}[.、．]?")
_WORTH = re.compile(r"[（(]\s*[0-9.]+\s*分\s*[）)][。；;]?$")
_EXTRA = re.compile("附加|加分|扣分")
_DATED = re.compile("[月日年底季]")
_CLOSED = re.compile(r"[。；;：:！!）)】”]$")
_PROOF = re.compile(
    r"(?:材料|台账|资料|数据|文件|报告|方案|佐证|记录|凭证|证明|文本|情况|通报|照片|档案|清单)$"
)
_SUBROWS = (Style.BRACKETS, Style.CIRCLE)
_UNIT_ROLES = (Role.LEAD, Role.RESPONSIBLE, Role.REVIEWING)


@dataclass(frozen=True)
class _Piece:
    """Signs without a blank between them."""

    text: str
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@dataclass
class _Units:
    """What one row's cells for units say, by role; `at` is the index of the first piece."""

    cells: dict[Role, str]
    start: int
    end: int


@dataclass
class _Item:
    number: str
    section: Section | None
    title: str = ""
    points: Decimal | None = None
    deadline: str = ""
    evidence: str = ""
    pieces: list[_Piece] = field(default_factory=list)
    units: list[_Units] = field(default_factory=list)
    small: list[_Piece] = field(default_factory=list)


@dataclass(frozen=True)
class _Heads:
    """The headings in their order, and where the text behind them begins."""

    roles: tuple[Role, ...]
    start: int
    end: int

    @property
    def of_units(self) -> tuple[Role, ...]:
        return tuple(role for role in self.roles if role in _UNIT_ROLES)


def outlined(paragraph: Paragraph, wanted: Mapping[str, Role]) -> Outline | None:
    """None where the text has no headings in a row."""
    heads = _heads(paragraph.text, wanted)
    if heads is None:
        return None
    outline = Outline(title=paragraph.text[: heads.start].strip())
    reader = _Reader(paragraph, heads, outline)
    reader.read(list(_pieces(paragraph.text, heads.end)))
    return outline


def _pieces(text: str, start: int = 0) -> Iterator[_Piece]:
    for found in _PIECE.finditer(text, start):
        yield _Piece(found[0], found.start())


def _heads(text: str, wanted: Mapping[str, Role]) -> _Heads | None:
    """The first run of at least three pieces that are headings; one may be broken by a blank."""
    pieces = list(_pieces(text[:3000]))
    at = 0
    while at < len(pieces):
        roles: list[Role] = []
        begins = at
        while at < len(pieces):
            role, used = _role_at(pieces, at, wanted)
            if role is None:
                break
            roles.append(role)
            at += used
        if len(roles) >= 3 and {Role.CLAUSE, Role.TITLE} & set(roles):
            return _Heads(tuple(roles), pieces[begins].start, pieces[at - 1].end)
        at = max(at, begins + 1)
    return None


def _role_at(
    pieces: Sequence[_Piece], at: int, wanted: Mapping[str, Role]
) -> tuple[Role | None, int]:
    """Two pieces together are a heading where the first alone is none."""
    if _WORTH.search(pieces[at].text):  # a section's title
        return None, 0
    for used in (1, 2):
        name = "".join(piece.text for piece in pieces[at : at + used])
        role = wanted.get(name) or role_of(name)
        if role is not None and len(name) <= 12:
            return role, used
    return None, 0


class _Reader:
    def __init__(self, paragraph: Paragraph, heads: _Heads, outline: Outline) -> None:
        self._text = paragraph.text
        self._place = paragraph.place
        self._heads = heads
        self._outline = outline
        self._numbers: list[int] = []
        self._item: _Item | None = None
        self._items: list[_Item] = []
        self._section: Section | None = None

    def read(self, pieces: Sequence[_Piece]) -> None:
        at = 0
        while at < len(pieces):
            at += self._take(pieces, at)
        self._write()

    # -- pieces to items --

    def _take(self, pieces: Sequence[_Piece], at: int) -> int:
        """How many pieces were understood together."""
        piece = pieces[at]
        if self._opens_section(piece) or self._headline(pieces, at):
            return 1
        if self._opens_item(piece):
            self._item = _Item(piece.text.rstrip(".、．"), self._section)
            self._items.append(self._item)
            return 1
        item = self._item
        if item is None:
            return 1
        run = self._units_at(pieces, at)
        if run is not None:
            item.units.append(run[0])
            return run[1]
        (item.small if self._small_cell(item, piece) else item.pieces).append(piece)
        return 1

    def _opens_section(self, piece: _Piece) -> bool:
        mark = enumerators.at(piece.text, 0)
        if mark is None or mark.style not in (Style.CHINESE, Style.CHINESE_BRACKETS):
            return False
        depth = 0 if mark.style is Style.CHINESE else 1
        if depth > len(self._numbers) or len(piece.text) > 60:
            return False
        before = self._numbers[depth] if depth < len(self._numbers) else 0
        if mark.value != before + 1:
            return False
        title, points = split_points(piece.text[mark.end :])
        if points is None and not _EXTRA.search(title) and not self._row_is_whole():
            return False
        if depth and points is None and not kind_of_bonus(title):
            return False
        self._numbers[depth:] = [mark.value]
        self._open(title, points, piece)
        return True

    def _row_is_whole(self) -> bool:
        """Whether the last cells of a row were printed, so that something else may begin."""
        return self._item is None or bool(self._item.units) or not self._heads.of_units

    def _headline(self, pieces: Sequence[_Piece], at: int) -> bool:
        """A section without a number: its title with points, between two rows."""
        title, points = split_points(pieces[at].text)
        if points is None or len(title) > 40 or SCORES.search(title) or not self._row_is_whole():
            return False
        if at + 1 == len(pieces) or not _ROW_NUMBER.fullmatch(pieces[at + 1].text):
            return False
        self._numbers = [len(self._outline.sections) + 1]
        self._open(title, points, pieces[at])
        return True

    def _open(self, title: str, points: Decimal | None, piece: _Piece) -> None:
        """A section that only holds sections is none of its own."""
        holder = self._section
        sections = self._outline.sections
        empty = all(item.section is not holder for item in self._items)
        if len(self._numbers) == 2 and holder in sections and empty:
            sections.remove(holder)
        name = ".".join(map(str, self._numbers))
        part = bool(kind_of_bonus(title)) and points is None
        self._section = Section(name, title, points, f"{self._place} at {piece.start}", bonus=part)
        sections.append(self._section)
        self._item = None

    def _opens_item(self, piece: _Piece) -> bool:
        if not _ROW_NUMBER.fullmatch(piece.text):
            return False
        item = self._item
        if item is not None and not item.pieces and not item.units:
            return False
        if item is not None and self._wants_points(item):
            return False
        value = int(piece.text.rstrip(".、．"))
        if item is None:
            goes_on = bool(self._items) and value == int(self._items[-1].number) + 1
            return value == 1 or goes_on
        return value == int(item.number) + 1

    def _wants_points(self, item: _Item) -> bool:
        return Role.POINTS in self._heads.roles and item.points is None and len(item.pieces) < 3

    def _small_cell(self, item: _Item, piece: _Piece) -> bool:
        """Points, a day, or what is to be shown, where there is a column for it."""
        roles = self._heads.roles
        number = number_in(piece.text)
        if number is not None and self._wants_points(item):
            item.points = number
            if not item.pieces and len(self._items) > 1:  # a merged title, printed above
                item.title = self._items[-2].title or self._title_of(self._items[-2])
            return True
        dated = (
            _DATED.search(piece.text)
            and Role.DEADLINE in roles
            and not item.deadline
            and len(item.pieces) > 1
        )
        if dated and len(piece.text) <= 20 and not SCORES.search(piece.text):
            item.deadline = piece.text if due(piece.text, 2000) is not None else ""
            return bool(item.deadline)
        if Role.EVIDENCE in roles and item.deadline and _PROOF.search(piece.text):
            item.evidence = f"{item.evidence} {piece.text}".strip()
            return True
        return False

    def _units_at(self, pieces: Sequence[_Piece], at: int) -> tuple[_Units, int] | None:
        """The cells for units of one row; a name may be broken by a blank."""
        roles = self._heads.of_units
        cells: list[str] = []
        position = at
        while len(cells) < len(roles) and position < len(pieces):
            used = _units_from(pieces, position)
            if not used:
                break
            cells.append("".join(piece.text for piece in pieces[position : position + used]))
            position += used
        position = _more_lines(pieces, position, cells) if len(cells) == len(roles) else position
        if not roles or len(cells) < len(roles):
            return None
        told = dict(zip(roles, cells, strict=True))
        self._note_breaks(pieces[at:position], cells)
        return _Units(told, pieces[at].start, pieces[position - 1].end), position - at

    def _note_breaks(self, pieces: Sequence[_Piece], cells: Sequence[str]) -> None:
        """A name with a blank in it; units in the middle of a bracket."""
        lines = [line for cell in cells for line in cell.split("\n")]
        if len(pieces) > len(lines):
            broken = next(n for n, piece in enumerate(pieces) if piece.text not in lines)
            first, second = pieces[broken].text, pieces[broken + 1].text
            begin = re.split("[、,，]", first)[-1]
            finish = re.split("[、,，]", second)[0]
            values = {"word": f"{begin} {finish}", "meant": f"{begin}{finish}"}
            self._slip("blank_in_name", pieces[broken], f"{begin} {finish}", values)
        before = self._item.pieces[-1].text if self._item and self._item.pieces else ""
        if before.count("(") + before.count("（") > before.count(")") + before.count("）"):
            shown = f"{before[-8:]} {pieces[0].text} {pieces[-1].text}"
            self._slip("cut_in_two", pieces[0], shown, {})

    def _slip(self, code: str, piece: _Piece, shown: str, values: Mapping[str, str]) -> None:
        place = f"{self._place} at {piece.start}"
        self._outline.slips.append(Slip(code, place, shown, values))

    # -- items to lines --

    def _write(self) -> None:
        above: dict[Role, str] = {}
        for number, item in enumerate(self._items):
            following = self._items[number + 1] if number + 1 < len(self._items) else None
            above = self._write_item(item, above, following)

    def _write_item(
        self, item: _Item, above: dict[Role, str], following: _Item | None
    ) -> dict[Role, str]:
        """One line for each run of rows with the same units."""
        self._entitle(item)
        end = self._end_of(item)
        rows = list(_rows(item, end, self._text))
        shared = [_units_of(row, item, above) for row in rows]
        for _, group in groupby(zip(rows, shared, strict=True), key=lambda pair: str(pair[1])):
            several = list(group)
            begin, finish = several[0][0][0], several[-1][0][1]
            self._line(item, begin, finish, several[0][1])
        return item.units[-1].cells if item.units else above

    def _title_of(self, item: _Item) -> str:
        return split_points(item.pieces[0].text)[0] if item.pieces else ""

    def _entitle(self, item: _Item) -> None:
        """The first pieces up to their points, or the first one where more follows."""
        pieces = item.pieces
        if item.title:
            return
        if not pieces or _begins_row(pieces[0].text):
            item.title = pieces[0].text[:40] if pieces else ""
            return
        used = next((n + 1 for n, one in enumerate(pieces[:3]) if _WORTH.search(one.text)), 1)
        if any(SCORES.search(_WORTH.sub("", one.text)) for one in pieces[: used - 1]):
            used = 1
        told = "".join(piece.text for piece in pieces[:used])
        item.title, points = split_points(told.rstrip("。"))
        item.points = item.points if item.points is not None else points
        if len(pieces) > used and not SCORES.search(_WORTH.sub("", told)):
            del pieces[:used]

    def _end_of(self, item: _Item) -> int:
        return max((one.end for one in item.pieces), default=0)

    def _line(self, item: _Item, begin: int, end: int, cells: Mapping[Role, str]) -> None:
        text = _masked(self._text, begin, end, item)
        section = item.section
        self._outline.lines.append(
            Line(
                row=len(self._outline.lines) + 1,
                item=item.number,
                section=section.id if section is not None else "",
                title=item.title,
                clause=Text(text, self._place, begin, gaps=True),
                points=item.points,
                shared=any(
                    one.item == item.number and one.section == (section.id if section else "")
                    for one in self._outline.lines[-1:]
                ),
                deadline=item.deadline,
                evidence=item.evidence,
                lead=cells.get(Role.LEAD, ""),
                responsible=cells.get(Role.RESPONSIBLE, ""),
                reviewing=cells.get(Role.REVIEWING, ""),
                place=f"{self._place} at {begin}",
                raw={},
            )
        )


def _units_from(pieces: Sequence[_Piece], at: int) -> int:
    """How many pieces make one cell of units; 0 where there is none."""
    if looks_like_units(pieces[at].text):
        return 1
    parts = units(pieces[at].text)
    if len(parts) > 1 and at + 1 < len(pieces) and all(map(looks_like_units, parts[:-1])):
        joined = pieces[at].text + pieces[at + 1].text
        if looks_like_units(joined) and not looks_like_units(pieces[at + 1].text[:2]):
            return 2
    return 0


def _more_lines(pieces: Sequence[_Piece], position: int, cells: list[str]) -> int:
    """Units in further lines of the last cell."""
    while cells and position < len(pieces) and looks_like_units(pieces[position].text):
        cells[-1] += f"\n{pieces[position].text}"
        position += 1
    return position


def _begins_row(text: str) -> bool:
    mark = enumerators.at(text, 0)
    return mark is not None and mark.style in _SUBROWS


def _marked(item: _Item) -> list[tuple[_Piece, Style]]:
    """The pieces that begin with the number of a row or of a part of it."""
    marks = [(piece, enumerators.at(piece.text, 0)) for piece in item.pieces]
    return [(piece, mark.style) for piece, mark in marks if mark and mark.style in _SUBROWS]


def _rows(item: _Item, end: int, text: str) -> Iterator[tuple[int, int]]:
    """Where the rows of an item begin and end: at its outermost numbers, and at inner ones once
    units were printed."""
    marks = _marked(item)
    starts = [piece.start for piece in item.pieces[:1]]
    outer = starts[0] if starts else 0
    for piece, style in marks:
        if style is marks[0][1]:
            outer = piece.start
        elif not any(outer <= one.end <= piece.start for one in item.units):
            continue
        if piece.start != starts[0]:
            starts.append(piece.start)
    for begin, finish in pairwise([*starts, end]):
        yield begin, len(text[:finish].rstrip())


def _stray(item: _Item) -> tuple[int, int] | None:
    """Where the rest of a cell stands that was cut by the rows beside it: behind units, where the
    text before them is complete, and the words above the row's parts are not."""
    marks = _marked(item)
    for (outer, style), (inner, other) in pairwise(marks):
        head = [one for one in item.pieces if outer.start <= one.start < inner.start]
        if style is not marks[0][1] or other is style or _CLOSED.search(head[-1].text):
            continue
        ends = [one.start for one, _ in marks if one.start > inner.start]
        for one in item.units:
            until = next((end for end in ends if end > one.end), None)
            after = [p for p in item.pieces if one.end < p.start < (until or p.start + 1)]
            before = [p for p in item.pieces if inner.start <= p.start < one.start]
            if after and before and _CLOSED.search(before[-1].text):
                return after[0].start, after[-1].end
    return None


def _units_of(row: tuple[int, int], item: _Item, above: Mapping[Role, str]) -> Mapping[Role, str]:
    """The cells printed in the row; where there are none, a merged cell's from above; the first
    ones of an item count for all rows before them."""
    begin, end = row
    inside = [one for one in item.units if begin <= one.start <= end + 1]
    before = [one for one in item.units if one.start < begin]
    if inside:
        return inside[0].cells
    if before:
        return before[-1].cells
    return item.units[0].cells if item.units else above


def _masked(text: str, begin: int, end: int, item: _Item) -> str:
    """The text without its units and without what belongs to another cell: blanks in their place,
    so that places stay true."""
    told = text[begin:end]
    stray = _stray(item)
    gaps = [(one.start, one.end) for one in item.units]
    gaps += [(one.start, one.end) for one in item.small]
    gaps += [stray] if stray else []
    for start, finish in gaps:
        first, last = max(start, begin) - begin, min(finish, end) - begin
        if first < last:
            told = told[:first] + " " * (last - first) + told[last:]
    return told
