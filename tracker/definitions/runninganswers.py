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


class BackupAnswer(Answer):
    """A backup that was written and verified."""

    file: str
    bytes: int
    at: InstantText
    rows: int
    files: int = Field(description="Files of evidence.")
    ok: bool = Field(description="Every trail is what was sealed.")
    removed: int = Field(description="Older backups that were removed.")


class RestoreAnswer(Answer):
    """What was restored, and what waits for a person since."""

    at: InstantText = Field(description="Of the backup.")
    rows: int
    files: int
    held: int = Field(description="Mails that may have been sent since the backup.")
    other_secret: bool = Field(description="Links in mails that were sent before are dead.")


class HeldMailAnswer(Answer):
    number: int
    programme: str
    recipient: str
    window: str
    channel: str
    subject: str
    due_at: InstantText


class HeldAnswer(Answer):
    """Mails that may have been sent before a restore."""

    mails: list[HeldMailAnswer]


class HeldDoneAnswer(Answer):
    """How many were released or taken for sent."""

    released: int
    sent: int


class MovedAnswer(Answer):
    """What was exported or imported."""

    rows: int
    files: int
    chains: list[ChainAnswer]


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
