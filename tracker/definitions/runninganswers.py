"""What `--json` prints of running the service: the clock, delivery, the trail, what is missing."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tracker.definitions.answers import Answer, InstantText


class ChainAnswer(Answer):
    programme: str = Field(description="Empty for the chain of what belongs to no programme.")
    ok: bool
    count: int
    first_bad: int | None
    head: str
    unsealed: int
    found: bool | None = Field(
        default=None,
        description="Whether the chain passes the head that was given; null where none was.",
    )


class TrailAnswer(Answer):
    """留痕: whether every chain is what was sealed."""

    ok: bool
    chains: list[ChainAnswer]


class TickAnswer(Answer):
    """What one look at the clock made."""

    at: InstantText
    claimed: int = Field(description="Obligations whose alarm went off.")
    made: int = Field(description="Notices made, silenced ones too.")
    silenced: int
    dispatched: int
    nobody: int = Field(description="Notices that found nobody to tell.")
    sealed: int = Field(description="Events of the trail chained.")


class DeliverAnswer(Answer):
    """What one round of sending came to."""

    at: InstantText
    channel: str
    sent: int
    failed: int
    later: int = Field(description="Will be tried again.")
    unknown: int = Field(description="May have been accepted; tried again under the same id.")
    suppressed: int = Field(description="Nothing was left to say.")


class MigrateAnswer(Answer):
    database: str
    before: str | None
    after: str


class FindingAnswer(Answer):
    name: str
    state: Literal["ok", "warning", "error"]
    text: str
    advice: str


class DoctorAnswer(Answer):
    """What is missing; `ok` where nothing is an error."""

    ok: bool
    at: InstantText
    findings: list[FindingAnswer]
