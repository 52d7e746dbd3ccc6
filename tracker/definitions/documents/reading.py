"""What a document says, with the place of every part (design section 11)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from tracker.definitions.clauses import ReadClause
from tracker.definitions.clauses import as_json as clause_json
from tracker.domain.errors import Problem

Span = tuple[int, int]


@dataclass(frozen=True)
class Source:
    """Where a text stands; `span` are code points of its cell, half-open."""

    place: str
    span: Span


@dataclass(frozen=True)
class PlacedClause:
    """`points` are those that the text or the row's own cell names for it."""

    id: str
    text: str
    points: Decimal | None
    source: Source
    reading: ReadClause


@dataclass(frozen=True)
class ReadSection:
    """`points` as stated, else as its items add up to; None for what is not part of the base."""

    id: str
    title: str
    points: Decimal | None
    stated: bool
    place: str
    bonus: bool = False


@dataclass(frozen=True)
class ReadItem:
    """One row with clauses. `own_points`: the row has points of its own, not the item's, which
    several rows share. `heading` names it among rows of one title. `open_units`: the units end in
    等, so that some are not named. `goal` is the row's own target (目标值). `raw` has the cells by
    their headings, as they stand."""

    id: str
    row: int
    section: str
    title: str
    points: Decimal | None
    deadline: date | None
    deadline_text: str
    evidence: str
    lead_units: tuple[str, ...]
    responsible_units: tuple[str, ...]
    reviewing_units: tuple[str, ...]
    clauses: tuple[PlacedClause, ...]
    place: str
    heading: str = ""
    own_points: bool = True
    open_units: bool = False
    goal: str = ""
    raw: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ReadTarget:
    """A number of one of the tables at the end (附表)."""

    table: str
    subject: str
    name: str
    value: str
    unit: str
    place: str


@dataclass(frozen=True)
class Dirt:
    """Something that cannot be as meant; never repaired, only shown. `code` is the kind of slip."""

    code: str
    place: str
    text: str
    problem: str
    suggestion: str


@dataclass(frozen=True)
class Check:
    """`of` is "section", "total" of the sections, or "items" where there are no sections; `stated`
    is what the document says the sum is."""

    of: str
    id: str
    sum: Decimal
    stated: Decimal
    place: str

    @property
    def ok(self) -> bool:
        return self.sum == self.stated

    @property
    def what(self) -> str:
        whole = {"section": f"items of section {self.id}", "total": "sections", "items": "items"}
        whose = whole[self.of]
        told = f"{whose} add up to {plain(self.sum)}"
        return told if self.ok else f"{told}, stated are {plain(self.stated)}"


@dataclass(frozen=True)
class Unread:
    """A part of the document that belongs to no item and was not understood."""

    place: str
    text: str


@dataclass(frozen=True)
class ReadDocument:
    title: str
    year: int
    points: Decimal | None
    sections: tuple[ReadSection, ...]
    items: tuple[ReadItem, ...]
    targets: tuple[ReadTarget, ...] = ()
    dirt: tuple[Dirt, ...] = ()
    unread: tuple[Unread, ...] = ()
    checks: tuple[Check, ...] = ()
    notices: tuple[Problem, ...] = ()
    unused: tuple[str, ...] = ()
    """Headings of columns from which nothing is read."""
    absent: tuple[str, ...] = ()
    """附表 that clauses name and the file has not."""


def as_json(document: ReadDocument) -> dict[str, Any]:
    """The published answer."""
    return {
        "title": document.title,
        "year": document.year,
        "points": _points(document.points),
        "sections": [
            {"id": one.id, "title": one.title, "points": _points(one.points)}
            for one in document.sections
        ],
        "items": [_item(one) for one in document.items],
        "targets": [
            {"table": one.table, "subject": one.subject, "name": one.name, "value": one.value,
             "unit": one.unit}
            for one in document.targets
        ],
        "dirt": [
            {"place": one.place, "text": one.text, "problem": f"{one.problem}；{one.suggestion}"}
            for one in document.dirt
        ],
        "unread": [one.text for one in document.unread],
        "checks": [{"what": one.what, "ok": one.ok} for one in document.checks],
    }  # fmt: skip


def _item(item: ReadItem) -> dict[str, Any]:
    return {
        "id": item.id,
        "row": item.row,
        "section": item.section,
        "title": item.title,
        "points": _points(item.points),
        "deadline": None if item.deadline is None else item.deadline.isoformat(),
        "deadline_text": item.deadline_text,
        "evidence": item.evidence,
        "lead_units": list(item.lead_units),
        "responsible_units": list(item.responsible_units),
        "reviewing_units": list(item.reviewing_units),
        "clauses": [_clause(one) for one in item.clauses],
    }


def _clause(clause: PlacedClause) -> dict[str, Any]:
    source = {"place": clause.source.place, "span": list(clause.source.span)}
    read = clause_json(clause.reading)
    head = {"id": clause.id, "text": clause.text, "points": _points(clause.points)}
    return {**head, "source": source, **{key: read[key] for key in read if key != "text"}}


def _points(points: Decimal | None) -> str | None:
    return None if points is None else plain(points)


def plain(number: Decimal) -> str:
    """`1.50` as 1.5."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
