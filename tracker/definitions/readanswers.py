"""What reading a clause and a document answers (design sections 10 and 11): the published form."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tracker.definitions.answers import Answer

Span = tuple[int, int]


class RangeAnswer(Answer):
    min: str
    max: str


Amount = str | RangeAnswer | None
"""Decimal text, a share of the clause's points ("50%"), a range, "item", or nothing."""


class QuantityAnswer(Answer):
    n: str
    unit: str


class TierAnswer(Answer):
    """A band: its condition, and what it takes or gives."""

    when: str
    deduct: Amount = None
    award: Amount = None


class RuleAnswer(Answer):
    kind: str
    base: Amount
    deduct: Amount
    award: Amount
    step: QuantityAnswer | None
    cap: Amount
    tiers: list[TierAnswer] | None
    span: Span


class MilestoneAnswer(Answer):
    on: str
    share: str | None = None
    number: str | None = None


class RecurrenceAnswer(Answer):
    freq: Literal["daily", "weekly", "ten_days", "monthly", "quarterly", "half_yearly", "yearly"]
    interval: int
    times: int
    first: str | None


class AmbiguityAnswer(Answer):
    span: Span
    readings: list[str]


class ClauseAnswer(Answer):
    """One scoring text as read."""

    text: str
    rules: list[RuleAnswer] = Field(description="The main sanction first.")
    deadlines: list[str]
    milestones: list[MilestoneAnswer]
    recurrences: list[RecurrenceAnswer]
    durations: list[QuantityAnswer]
    unread: list[str]
    ambiguous: list[AmbiguityAnswer]
    needs_person: bool


class SourceAnswer(Answer):
    place: str
    span: Span


class PlacedClauseAnswer(ClauseAnswer):
    id: str
    points: str | None
    source: SourceAnswer


class SectionAnswer(Answer):
    id: str
    title: str
    points: str | None


class ItemAnswer(Answer):
    """One row that carries clauses."""

    id: str
    row: int
    section: str
    title: str
    points: str | None
    deadline: str | None
    deadline_text: str
    evidence: str
    lead_units: list[str]
    responsible_units: list[str]
    reviewing_units: list[str]
    clauses: list[PlacedClauseAnswer]


class TargetAnswer(Answer):
    table: str
    subject: str
    name: str
    value: str
    unit: str


class DirtAnswer(Answer):
    place: str
    text: str
    problem: str


class SumAnswer(Answer):
    what: str
    ok: bool


class DocumentAnswer(Answer):
    """A document as read: what it says, what could not be read, what does not add up."""

    title: str
    year: int
    points: str | None
    sections: list[SectionAnswer]
    items: list[ItemAnswer]
    targets: list[TargetAnswer]
    dirt: list[DirtAnswer]
    unread: list[str]
    checks: list[SumAnswer]
