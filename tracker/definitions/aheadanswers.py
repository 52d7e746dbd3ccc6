"""What `--json` prints of what lies ahead: the forecast, and what would be different."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from tracker.definitions.answers import (
    AboutProgramme,
    Answer,
    InstantText,
    PointsText,
    ShiftAnswer,
)


class CliffAnswer(Answer):
    """One jump of the loss that waiting brings."""

    obligation: str
    rule: str
    at: InstantText
    kind: Literal["due", "block", "day", "never"] = Field(
        description="The deadline passes; the n-th block is charged; the n-th day late begins; "
        "the cut-off, after which what is open was never done."
    )
    n: int
    takes: PointsText
    steep: bool = Field(description="Takes more than any jump of the rule before it.")
    says: str


class OutcomeAnswer(Answer):
    """The three losses of an item or a unit."""

    id: str
    title: str
    lost: PointsText
    lost_if_nothing: PointsText
    lost_if_all_done: PointsText
    recoverable: PointsText


class SavingAnswer(Answer):
    """An obligation that acting now would save something of."""

    key: str
    item: str
    clause: str
    unit: str
    unit_name: str
    title: str
    due_at: InstantText | None
    lost: PointsText = Field(description="What the obligation itself has cost.")
    item_lost_if_nothing: PointsText
    item_lost_if_done: PointsText
    keeps: PointsText
    next: CliffAnswer | None = Field(description="When waiting costs more the next time.")


class ActingAnswer(Answer):
    """Whose move it is too."""

    unit: str
    unit_name: str
    key: str


class JointAnswer(Answer):
    """What several units keep only if all of them act: one amount for all who owe it."""

    item: str
    clause: str
    title: str
    due_at: InstantText | None
    keeps: PointsText
    acting: list[ActingAnswer]


class ForecastAnswer(Answer):
    """What it costs to wait until a date, and what acting now keeps."""

    programme: AboutProgramme
    as_of: InstantText
    known_at: InstantText
    until: InstantText
    unit: str
    item: str
    score: PointsText
    lost: PointsText
    lost_if_nothing: PointsText
    lost_if_all_done: PointsText
    recoverable: PointsText
    items: list[OutcomeAnswer]
    units: list[OutcomeAnswer] = Field(
        description="What several units lost together stands with each of them."
    )
    obligations: list[SavingAnswer]
    together: list[JointAnswer]
    cliffs: list[CliffAnswer] = Field(description="Every jump up to the programme's cut-off.")


class ChangeAnswer(Answer):
    """An entry that is not the same on both sides; null on the side that does not have it."""

    id: str
    item: str
    clause: str
    units: list[str]
    before: PointsText | None
    after: PointsText | None
    status_before: str | None
    status_after: str | None


class ComparisonAnswer(Answer):
    """Two ledgers side by side; only what differs is listed."""

    score_before: PointsText
    score_after: PointsText
    change: PointsText
    lost_before: PointsText
    lost_after: PointsText
    worst_before: PointsText
    worst_after: PointsText
    units: list[ShiftAnswer]
    items: list[ShiftAnswer]
    clauses: list[ShiftAnswer]
    entries: list[ChangeAnswer]


class RedatedAnswer(Answer):
    key: str
    before: InstantText | None
    after: InstantText | None


class WhatIfAnswer(Answer):
    """What the suppositions would change; nothing was saved."""

    programme: AboutProgramme
    as_of: InstantText
    known_at: InstantText
    until: InstantText
    supposed: list[str]
    now: ComparisonAnswer
    later: ComparisonAnswer = Field(description="At `until`, if nothing more happens.")
    dates: list[RedatedAnswer]


# -- signed scores -------------------------------------------------------------------------------


class SignoffAnswer(Answer):
    """签定: a score as a named person signed it."""

    number: int
    as_of: InstantText
    known_at: InstantText
    signed_at: InstantText
    person: str
    note: str
    final: bool = Field(description="The programme's cut-off had passed.")
    version: int
    programme_hash: str
    calendar: str
    engine: str
    readings: dict[str, str]
    score: PointsText
    lost: PointsText
    worst_score: PointsText
    pending: int
    unknown: int
    sha256: str
    intact: bool = Field(description="What is kept is what was signed.")


class SignoffsAnswer(Answer):
    """The signed scores of a programme, the newest first."""

    programme: AboutProgramme
    signoffs: list[SignoffAnswer]


class SignoffSinceAnswer(Answer):
    """A signed score, and what has become of it since: by later facts under the version that was
    signed, and in all under the current one."""

    programme: AboutProgramme
    signoff: SignoffAnswer
    known_at: InstantText
    recorded: list[str] = Field(description="Ids of the facts that came later.")
    facts: ComparisonAnswer
    whole: ComparisonAnswer
    ledger: dict[str, Any] = Field(description="The ledger as it was signed.")


class AssignAnswer(Answer):
    """责任划分: who owes a clause, before and after, with the price."""

    programme: AboutProgramme
    clause: str
    units_before: list[str]
    joins_before: str
    units: list[str]
    joins: str
    now: ComparisonAnswer
    at_cut_off: ComparisonAnswer
    version: int | None = Field(description="The new version; null while nothing was saved.")
