"""From the outline to what is answered: items with units, days and clauses, and their sums."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby

from tracker.definitions.clauses import ReadClause, read_clause
from tracker.definitions.documents import enumerators
from tracker.definitions.documents.cutting import Cut, Piece, cut
from tracker.definitions.documents.dates import due
from tracker.definitions.documents.dirt import Passage
from tracker.definitions.documents.enumerators import Style
from tracker.definitions.documents.outline import Line, Outline, Section, Slip
from tracker.definitions.documents.reading import (
    Check,
    PlacedClause,
    ReadItem,
    ReadSection,
    Source,
    Unread,
)
from tracker.definitions.documents.units import labelled, open_ended, units

_WORTH = re.compile(r"[（(]\s*(?:共|计|满分)?\s*([0-9]+(?:\.[0-9]+)?)\s*分\s*[）)]")
_COUNTED = re.compile(r"(?<![合累])[计值]\s*([0-9]+(?:\.[0-9]+)?)\s*分")
_HEADING = 60
_GAP = re.compile(" {3,}")
_MODES = re.compile(r"(?:扣|加|减|得|计)\s*$")


@dataclass(frozen=True)
class Assembled:
    sections: tuple[ReadSection, ...]
    items: tuple[ReadItem, ...]
    checks: tuple[Check, ...]
    points: Decimal | None
    passages: tuple[Passage, ...]
    slips: tuple[Slip, ...]
    unread: tuple[Unread, ...]


def assembled(outline: Outline, year: int) -> Assembled:
    lines = outline.lines
    qualified = _restarts(lines)
    items: list[ReadItem] = []
    passages: list[Passage] = []
    slips = list(outline.slips)
    used: set[str] = set()
    unread = [Unread(one.place, one.text) for one in outline.unread]
    for (section, number), rows in groupby(lines, key=lambda one: (one.section, one.item)):
        name = f"{section}.{number}" if _needs_section(section, number, qualified, used) else number
        used.add(name)
        several = list(rows)
        cuts = cut([line.clause.text for line in several])
        items += _valued(tuple(_of_item(several, cuts, name, year)), outline)
        passages += _passages(several, cuts)
        slips += _gaps(several, cuts)
        unread += [
            Unread(several[row].clause.place, text)
            for row, text in cuts.headings.items()
            if len(text) > _HEADING
        ]
    items = _unique(items)
    sections = tuple(_section(one, items) for one in outline.sections)
    checks = tuple(_checks(outline, sections, items))
    if outline.numbered:
        slips += _jumps(lines)
    points = _whole(sections, items)
    return Assembled(
        sections, tuple(items), checks, points, tuple(passages), tuple(slips), tuple(unread)
    )


def _restarts(lines: Sequence[Line]) -> bool:
    """Whether the items' numbers begin anew in each section: only both together name one."""
    seen: dict[str, set[str]] = {}
    for line in lines:
        if line.section not in ("B", "P"):
            seen.setdefault(line.item, set()).add(line.section)
    return any(len(sections) > 1 for sections in seen.values())


def _needs_section(section: str, number: str, restarts: bool, used: set[str]) -> bool:
    """A part for bonus or penalty may count anew where nothing else does."""
    if section in ("B", "P"):
        return number in used and number != section
    return restarts and bool(section)


# -- one item --------------------------------------------------------------------------------------


def _of_item(lines: Sequence[Line], pieces: Cut, name: str, year: int) -> Iterator[ReadItem]:
    ids = _ids(pieces.pieces, name)
    by_row: dict[int, list[tuple[Piece, str]]] = {}
    for piece, key in zip(pieces.pieces, ids, strict=True):
        by_row.setdefault(piece.row, []).append((piece, key))
    for row, line in enumerate(lines):
        own = by_row.get(row, [])
        shared = line.shared or any(one.shared for one in lines[row + 1 : row + 2])
        points = line.points if len(own) == 1 and not shared else None
        clauses = tuple(_clause(line, piece, key, points, year) for piece, key in own)
        if clauses:
            yield _item(line, name, clauses, pieces, row, year)


def _valued(rows: tuple[ReadItem, ...], outline: Outline) -> tuple[ReadItem, ...]:
    """An item without points of its own is worth what its clauses are, if each says it."""
    beside = {one.id for one in outline.sections if one.bonus} | {"B", "P"}
    clauses = [clause for row in rows for clause in row.clauses]
    silent = any(clause.points is None for clause in clauses)
    if silent or any(row.points is not None or row.section in beside for row in rows):
        return rows
    return tuple(
        replace(row, points=sum((one.points or Decimal(0) for one in row.clauses), Decimal(0)))
        for row in rows
    )


def _ids(pieces: Sequence[Piece], name: str) -> list[str]:
    """The source's own numbers behind the item's; those without one are counted where there are
    several."""
    part = name in ("B", "P")
    unnumbered = sum(not piece.path for piece in pieces)
    found: list[str] = []
    count = 0
    for piece in pieces:
        path = piece.path
        if part and piece.styles[:1] == (Style.CHINESE,):
            path = path[1:]
        if piece.path:
            found.append(".".join([name, *map(str, path)]))
            continue
        count += 1
        found.append(f"{name}-{count}" if unnumbered > 1 else f"{name}.1" if part else name)
    return _apart(found)


def _apart(ids: Sequence[str]) -> list[str]:
    """Where a source gives one number twice, the second is marked."""
    seen: dict[str, int] = {}
    told = []
    for one in ids:
        seen[one] = seen.get(one, 0) + 1
        told.append(one if seen[one] == 1 else f"{one}-{seen[one]}")
    return told


def _clause(line: Line, piece: Piece, key: str, alone: Decimal | None, year: int) -> PlacedClause:
    """`alone` are the row's points where it has this clause only."""
    text = line.clause.text[piece.start : piece.end]
    begins = line.clause.offset + piece.start
    source = Source(line.clause.place, (begins, begins + len(text)))
    if line.clause.gaps:
        text = _GAP.sub(" ", text)
    points = worth(text[piece.body - piece.start :])
    if points is None or (alone is not None and not piece.path):
        points = alone if alone is not None else points
    reading = read(text, piece.body - piece.start, year, points)
    return PlacedClause(key, text, points, source, reading)


def read(text: str, body: int, year: int, points: Decimal | None) -> ReadClause:
    """The clause as read, its own number passed over: `5.8月底前` is no 5.8."""
    blank = " " * body + text[body:]
    return replace(read_clause(blank, year=year, points=points), text=text)


def worth(text: str) -> Decimal | None:
    """What the text says that its clause is worth: 计0.5分 once, or （5分）; parts of it add up."""
    counted = _COUNTED.findall(text)
    if counted:
        return Decimal(counted[0]) if len(counted) == 1 else None
    stated = [
        Decimal(one[1]) for one in _WORTH.finditer(text) if not _MODES.search(text[: one.start()])
    ]
    if not stated:
        return None
    rest = sum(stated[1:], Decimal(0))
    return stated[0] if rest == stated[0] else stated[0] + rest


def _item(
    line: Line, name: str, clauses: tuple[PlacedClause, ...], pieces: Cut, row: int, year: int
) -> ReadItem:
    lead, rest = labelled(line.responsible)
    return ReadItem(
        id=name,
        row=line.row,
        section=line.section,
        title=line.title or _entitled(clauses[0].text, _heading(pieces, row)),
        points=line.points,
        deadline=due(line.deadline, year),
        deadline_text=line.deadline,
        evidence=line.evidence,
        goal=line.goal,
        lead_units=units(line.lead or lead),
        responsible_units=units(rest),
        reviewing_units=units(line.reviewing),
        clauses=clauses,
        place=line.place,
        heading=_heading(pieces, row) or line.part,
        own_points=not line.shared,
        open_units=open_ended(line.responsible),
        raw=line.raw,
    )


def _heading(pieces: Cut, row: int) -> str:
    """A longer text in front of the clauses is no heading; it is among the unread."""
    text = pieces.headings.get(row, "")
    return text if len(text) <= _HEADING else ""


def _entitled(text: str, heading: str) -> str:
    """A title for an item without one: the heading of its text, or how it begins."""
    mark = enumerators.at(text, 0)
    body = text[mark.end :] if mark is not None and not mark.tight else text
    return heading or re.split("[，。；：:,;（(\n]", body.strip(), maxsplit=1)[0][:30]


def _unique(items: Sequence[ReadItem]) -> list[ReadItem]:
    """No two clauses of one id, even where the source numbers two items alike."""
    keys = _apart([clause.id for item in items for clause in item.clauses])
    told = iter(keys)
    return [
        replace(item, clauses=tuple(replace(clause, id=next(told)) for clause in item.clauses))
        for item in items
    ]


# -- what is odd -----------------------------------------------------------------------------------


def _passages(lines: Sequence[Line], cuts: Cut) -> Iterator[Passage]:
    """Every text of an item once: its title, each clause, what stands between them, its other
    cells."""
    titles: set[str] = set()
    by_row: dict[int, list[Piece]] = {}
    for piece in sorted(cuts.pieces, key=lambda one: one.start):
        by_row.setdefault(piece.row, []).append(piece)
    for row, line in enumerate(lines):
        others = (line.title, line.evidence, line.responsible, line.lead, line.reviewing)
        for text in others:
            if text and text not in titles:
                titles.add(text)
                yield Passage(text, line.place)
        text, position = line.clause.text, 0
        for piece in by_row.get(row, []):
            yield from _passage(line, position, piece.start, 0)
            yield from _passage(line, piece.start, piece.end, piece.body - piece.start)
            position = max(position, piece.end)
        yield from _passage(line, position, len(text), 0)


def _passage(line: Line, start: int, end: int, body: int) -> Iterator[Passage]:
    text = line.clause.text[start:end]
    if text.strip():
        mark = enumerators.at(text, 0)
        body = body or (mark.end if mark is not None else 0)
        place = f"{line.clause.place} at {line.clause.offset + start}"
        flat = line.clause.gaps
        yield Passage(
            _GAP.sub(" ", text) if flat else text, place if flat else line.clause.place, body
        )


def _gaps(lines: Sequence[Line], cuts: Cut) -> Iterator[Slip]:
    """Numbers of clauses that jump."""
    last: dict[tuple[int, ...], int] = {}
    for piece in cuts.pieces:
        for depth in range(1, len(piece.path) + 1):
            holder, number = piece.path[: depth - 1], piece.path[depth - 1]
            before = last.get(holder)
            if before is not None and number > before + 1:
                line = lines[piece.row]
                shown = line.clause.text[piece.start : piece.start + 20]
                values = {"before": str(before), "after": str(number)}
                yield Slip("gap", line.clause.place, shown, values)
            last[holder] = number


def _jumps(lines: Sequence[Line]) -> Iterator[Slip]:
    """Numbers of items that jump, within their section or through the whole list."""
    before = 0
    for number, line in ((int(one.item), one) for one in lines if one.item.isdigit()):
        if number > before + 1 and before:
            values = {"before": str(before), "after": str(number)}
            yield Slip("gap", line.place, f"{line.item} {line.title[:20]}", values)
        before = number


# -- sums ------------------------------------------------------------------------------------------


def _section(section: Section, items: Sequence[ReadItem]) -> ReadSection:
    stated = section.points is not None
    points = section.points
    if not stated and not section.bonus:
        points = _sum(items, section.id)
    return ReadSection(section.id, section.title, points, stated, section.place, section.bonus)


def _sum(items: Sequence[ReadItem], section: str) -> Decimal | None:
    """Of the points that the section's rows name; one that several rows share counts once."""
    own = [
        one.points
        for one in items
        if one.section == section and one.own_points and one.points is not None
    ]
    return sum(own, Decimal(0)) if own else None


def _checks(
    outline: Outline, sections: Sequence[ReadSection], items: Sequence[ReadItem]
) -> Iterator[Check]:
    stated: Mapping[str, tuple[Decimal, str]] = {
        whose: (points, place) for whose, points, place in outline.totals
    }
    for one in sections:
        total = _sum(items, one.id)
        claim = stated.get(one.id)
        if one.stated and one.points is not None and total is not None and not one.bonus:
            yield Check("section", one.id, total, one.points, one.place)
        elif claim is not None and total is not None:
            yield Check("section", one.id, total, *claim)
    base = [one for one in sections if not one.bonus]
    parts = [one.points for one in base if one.points is not None]
    whole = sum(parts, Decimal(0))
    if "" in stated:
        total = whole or _sum(items, "") or Decimal(0)
        yield Check("total" if parts else "items", "", total, *stated[""])
    elif parts and len(parts) == len(base) and any(one.stated for one in base):
        yield Check("total", "", whole, whole, "")


def _whole(sections: Sequence[ReadSection], items: Sequence[ReadItem]) -> Decimal | None:
    parts = [one.points for one in sections if one.points is not None and not one.bonus]
    return sum(parts, Decimal(0)) if parts else _sum(items, "")
