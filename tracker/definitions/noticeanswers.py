"""What `--json` prints of notices: mails to come, silences, what was sent by hand."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tracker.definitions.answers import AboutProgramme, Answer, InstantText


class ToldAnswer(Answer):
    """A notice in a mail to come."""

    obligation: str
    title: str
    unit: str
    role: str
    rung: str
    why: str = Field(description="The rung in words, in the language asked for.")
    why_not: str = Field(description="Why it is not told; empty where it is.")


class ComingAnswer(Answer):
    """A mail to come, if nothing happens before; `person` 0 where nobody would hear."""

    key: str
    at: InstantText
    person: int
    name: str
    mail: str
    channel: str
    told: list[ToldAnswer]


class AheadAnswer(Answer):
    """今后两周: the mails of the time ahead, person by person. Nothing is made or sent."""

    programme: AboutProgramme
    now: InstantText
    until: InstantText
    mails: list[ComingAnswer]


class LetterAnswer(Answer):
    """One of those mails as it would read."""

    key: str
    at: InstantText
    name: str
    mail: str
    subject: str
    text: str


class SilenceAnswer(Answer):
    """推后 or 静默: who is left in peace, until when and why."""

    number: int
    scope: Literal["obligation", "unit", "person", "programme"]
    subject: str
    mode: Literal["snooze", "silence"]
    from_at: InstantText
    until_at: InstantText
    ended_at: InstantText | None
    in_force: bool
    because: str
    by: str


class SilencesAnswer(Answer):
    """The newest first, those that are over too."""

    programme: AboutProgramme
    silences: list[SilenceAnswer]


class SentAnswer(Answer):
    """Notices made by hand; the next look at the clock puts them into mails."""

    programme: AboutProgramme
    keys: list[str]


class MailAnswer(Answer):
    """发出的信: a mail or a robot's message. `state` sent means that the server took it: no more is
    known of it."""

    number: int
    kind: str = Field(description="reminder, digest or office.")
    name: str
    channel: str
    subject: str
    at: InstantText = Field(description="When it was settled, else when it is to go out.")
    state: str
    outcome: str
    attempts: int
    reply: str = Field(description="What the server said.")
    message_id: str
    text: str = Field(default="", description="As it was sent, where one alone is asked for.")


class MailsAnswer(Answer):
    mails: list[MailAnswer] = Field(description="The newest first.")
