"""A programme of ours (.yaml), told as a document that was read: the same answer for every kind of
file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import groupby

from tracker.definitions.clauses import read_clause
from tracker.definitions.documents.reading import (
    Check,
    PlacedClause,
    ReadDocument,
    ReadItem,
    ReadSection,
    ReadTarget,
    Source,
)
from tracker.domain.programme import Clause, Item, Programme, Section

_Units = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]


def told(programme: Programme, *, year: int | None = None) -> ReadDocument:
    """Clauses are read from their texts; the rules that the programme has are not looked at."""
    of = programme.year if year is None else year
    names = {unit.id: unit.name for unit in programme.units}
    items = [
        entry
        for section in programme.sections
        for item in section.items
        for entry in _entries(item, section, names, of)
    ]
    return ReadDocument(
        title=programme.title,
        year=of,
        points=programme.points,
        sections=tuple(_section(one) for one in programme.sections),
        items=tuple(items),
        targets=tuple(
            ReadTarget(
                one.source, one.subject, one.name, str(one.value), one.measure_unit, one.source
            )
            for one in programme.targets
            if one.value is not None
        ),
        checks=tuple(_checks(programme)),
    )


def _section(section: Section) -> ReadSection:
    stated = section.points is not None
    place = f"section {section.id}"
    return ReadSection(
        section.id, section.title, section.points, stated, place, section.part != "base"
    )


def _entries(item: Item, section: Section, names: dict[str, str], year: int) -> Iterator[ReadItem]:
    """One for each run of clauses that the same units owe."""
    runs = groupby(item.clauses, key=lambda one: _units(one, item, names))
    for number, (units, clauses) in enumerate(runs):
        lead, responsible, reviewing = units
        placed = tuple(_clause(one, year) for one in clauses)
        yield ReadItem(
            id=item.id,
            row=number + 1,
            section=section.id,
            title=item.title,
            points=item.points,
            deadline=item.deadline,
            deadline_text=item.deadline_text,
            evidence=item.evidence,
            lead_units=lead,
            responsible_units=responsible,
            reviewing_units=reviewing,
            clauses=placed,
            place=f"item {item.id}",
            own_points=not number,
        )


def _units(clause: Clause, item: Item, names: dict[str, str]) -> _Units:
    def named(own: Sequence[str] | None, of_item: Sequence[str]) -> tuple[str, ...]:
        return tuple(names.get(one, one) for one in (of_item if own is None else own))

    return (
        named(clause.lead_units, item.lead_units),
        named(clause.responsible_units, item.responsible_units),
        named(clause.reviewing_units, item.reviewing_units),
    )


def _clause(clause: Clause, year: int) -> PlacedClause:
    text = clause.text.strip()
    source = Source(clause.source.place or f"clause {clause.id}", (0, len(text)))
    reading = read_clause(text, year=year, points=clause.points)
    return PlacedClause(clause.id, text, clause.points, source, reading)


def _checks(programme: Programme) -> Iterator[Check]:
    base = [one for one in programme.sections if one.part == "base"]
    for section in base:
        if section.points is not None:
            total = sum((item.points or Decimal(0) for item in section.items), Decimal(0))
            yield Check("section", section.id, total, section.points, f"section {section.id}")
    whole = sum((one.points or Decimal(0) for one in base), Decimal(0))
    yield Check("total", "", whole, programme.points, "")
