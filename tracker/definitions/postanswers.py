"""What the commands about order slips, replies, calls and people answer as JSON."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from tracker.definitions.answers import Answer, InstantText, PointsText


class SlipAnswer(Answer):
    """交办单, 催办单, 督办单."""

    id: int
    number: str = Field(description="As printed: 督办〔2021〕7号.")
    kind: Literal["assign", "urge", "supervise"]
    obligation: str
    unit: str
    rung: str = Field(description="The rung that brought it; empty for one issued by hand.")
    made_at: InstantText
    by: str
    sha256: str = Field(description="Of the PDF, as it stands in the trail.")
    intact: bool = Field(description="Whether the PDF made now has those very bytes.")
    void: str = Field(description="Why it is void; empty where it is valid.")


class SlipsAnswer(Answer):
    programme: str
    slips: list[SlipAnswer] = Field(description="The newest first.")
    missing: list[str] = Field(description="Numbers that were used and whose record is gone.")


class PollAnswer(Answer):
    """What one look at the mailbox came to."""

    at: InstantText
    receipts: int
    comments: int = Field(description="Wait for a person.")
    bounces: int
    delays: int = Field(description="A server still tries.")
    ignored: int = Field(description="Written by a machine, or read before.")
    quarantined: int = Field(description="Could not be read; wait for a person.")


class ReplyAnswer(Answer):
    id: int
    kind: Literal["receipt", "comment", "bounce", "delay", "ignored", "quarantined"]
    programme: str
    name: str = Field(description="Whose mail it answers; empty where that is not certain.")
    subject: str
    text: str
    reason: str
    received_at: InstantText
    obligations: list[str]


class RepliesAnswer(Answer):
    replies: list[ReplyAnswer] = Field(description="What waits for a person, oldest first.")


class CallMatterAnswer(Answer):
    obligation: str
    role: str
    subject: str
    light: str
    lost: PointsText
    keeps: PointsText


class CallAnswer(Answer):
    """Somebody whom no mail reaches."""

    person: int
    name: str
    mobile: str
    units: list[str]
    bounced: bool = Field(description="There is an address, but mails come back from it.")
    tries: int = Field(description="Calls of before that reached nobody.")
    matters: list[CallMatterAnswer]


class CallListAnswer(Answer):
    programme: str
    at: InstantText
    calls: list[CallAnswer] = Field(description="The dearest first.")


class HolderAnswer(Answer):
    person: int
    name: str
    unit: str = Field(description="* for every unit.")
    role: str
    mail: str
    mobile: str
    from_on: date
    until_on: date | None = Field(description="The first day without the role.")
    bounced: bool
    deputy: str = Field(description="Who stands in today; empty where nobody has to.")


class PeopleAnswer(Answer):
    """Who has which role on the day, by unit and role."""

    programme: str
    on: date
    people: list[HolderAnswer]
