"""Readings made by hand, so that what is drafted from them does not depend on the reader."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from schedules.recurrence import Freq
from tracker.definitions.clauses import (
    Ambiguity,
    Amount,
    Band,
    Between,
    Due,
    Kind,
    Points,
    Quantity,
    ReadClause,
    ReadDuration,
    ReadMilestone,
    ReadRecurrence,
    ReadRule,
    Share,
    Unread,
    Whole,
)
from tracker.definitions.documents import PlacedClause, ReadDocument, ReadItem, ReadSection, Source


class Text:
    """A clause's text and what is read in its pieces; pieces are found from the left."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._from = 0

    def at(self, piece: str) -> tuple[int, int]:
        start = self.text.find(piece, self._from)
        start = start if start >= 0 else self.text.index(piece)
        return start, start + len(piece)

    def rule(
        self,
        kind: str,
        piece: str,
        *,
        deduct: str = "",
        award: str = "",
        base: str = "",
        step: str = "",
        cap: str = "",
        tiers: tuple[tuple[str, str], ...] = (),
    ) -> ReadRule:
        """`step` is "12 hour"; a tier is (condition, "+3" won or "2" lost)."""
        span = self.at(piece)
        self._from = span[0]
        n, _, unit = step.partition(" ")
        return ReadRule(
            Kind(kind),
            span,
            amount(base),
            amount(deduct),
            amount(award),
            Quantity(Decimal(n), unit) if step else None,
            amount(cap),
            tuple(_band(*one) for one in tiers) or None,
        )

    def due(self, piece: str, on: str) -> Due:
        return Due(date.fromisoformat(on), self.at(piece))

    def part(self, piece: str, on: str, share: str) -> ReadMilestone:
        return ReadMilestone(date.fromisoformat(on), self.at(piece), Decimal(share))

    def every(self, piece: str, freq: str, first: str = "", times: int = 1) -> ReadRecurrence:
        day = date.fromisoformat(first) if first else None
        return ReadRecurrence(Freq(freq), self.at(piece), times=times, first=day)

    def lasts(self, piece: str, length: str) -> ReadDuration:
        n, _, unit = length.partition(" ")
        return ReadDuration(Quantity(Decimal(n), unit), self.at(piece))

    def asks(self, piece: str, *readings: str) -> Ambiguity:
        return Ambiguity(self.at(piece), readings)

    def left(self, piece: str) -> Unread:
        return Unread(piece, self.at(piece))

    def read(self, *parts: object) -> ReadClause:
        def of(kind: type) -> tuple[object, ...]:
            return tuple(part for part in parts if isinstance(part, kind))

        return ReadClause(
            self.text,
            rules=of(ReadRule),  # type: ignore[arg-type]
            deadlines=of(Due),  # type: ignore[arg-type]
            milestones=of(ReadMilestone),  # type: ignore[arg-type]
            recurrences=of(ReadRecurrence),  # type: ignore[arg-type]
            durations=of(ReadDuration),  # type: ignore[arg-type]
            unread=of(Unread),  # type: ignore[arg-type]
            ambiguous=of(Ambiguity),  # type: ignore[arg-type]
        )


def _band(when: str, given: str) -> Band:
    if given.startswith("+"):
        return Band(when, award=amount(given[1:]))
    return Band(when, deduct=amount(given))


def amount(text: str) -> Amount | None:
    """ "0.5", "50%", "item", "1-3", or "" for none."""
    if not text:
        return None
    if text == "item":
        return Whole()
    if text.endswith("%"):
        return Share(Decimal(text[:-1]))
    least, dash, most = text.partition("-")
    if dash:
        return Between(Points(Decimal(least)), Points(Decimal(most)))
    return Points(Decimal(text))


def clause(id_: str, reading: ReadClause, points: str = "") -> PlacedClause:
    place = Source("table 1 row 2 cell 4", (0, len(reading.text)))
    return PlacedClause(id_, reading.text, Decimal(points) if points else None, place, reading)


def item(
    id_: str,
    *clauses: PlacedClause,
    points: str = "5",
    section: str = "1",
    title: str = "",
    deadline: str = "2024-12-31",
    deadline_text: str = "",
    units: tuple[str, ...] = ("甲局",),
    own_points: bool = True,
) -> ReadItem:
    return ReadItem(
        id_, 2, section, title or f"任务{id_}", Decimal(points) if points else None,
        date.fromisoformat(deadline) if deadline else None, deadline_text, "台账", (), units,
        ("市级部门",), clauses, "table 1 row 2", own_points=own_points,
    )  # fmt: skip


def document(*items: ReadItem, points: str = "", **sections: str) -> ReadDocument:
    """Sections by id with their points (`s1="5"`); without any, one that adds up."""
    if not sections:
        total = sum((one.points or Decimal(0) for one in items), Decimal(0))
        sections = {"s1": str(total)}
    made = tuple(
        ReadSection(name[1:], f"板块{name[1:]}", Decimal(worth) if worth else None, True, "",
                    bonus=not worth)
        for name, worth in sections.items()
    )  # fmt: skip
    total = sum((one.points or Decimal(0) for one in made), Decimal(0))
    return ReadDocument("某县清单", 2024, Decimal(points) if points else total, made, items)
