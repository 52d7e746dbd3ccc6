"""推后, 静默: a person leaves somebody in peace for a while, with an end and a reason. Pure.

推后 (snooze): what falls due waits until the end and goes out then, together. 静默 (silence): what
falls due is not sent, and the ledger says so. Neither changes which notices there are, and both end
by themselves. What was sent by hand goes out all the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tracker.domain.dispatches import Waiting
from tracker.domain.verdicts import NoticeKind, kind_of

LONGEST = timedelta(days=92)
"""No silence lasts longer: whoever means more than a quarter says so again."""


class Scope(StrEnum):
    """What is silenced; `subject` is its key, unit or person, empty for the programme."""

    OBLIGATION = "obligation"
    UNIT = "unit"
    PERSON = "person"
    PROGRAMME = "programme"


class Mode(StrEnum):
    SNOOZE = "snooze"
    SILENCE = "silence"


@dataclass(frozen=True)
class Silence:
    """In force in [from_at, until_at), or up to when somebody ended it. `by` is who made it."""

    number: int
    programme: str
    scope: Scope
    subject: str
    mode: Mode
    from_at: datetime
    until_at: datetime
    because: str
    by: str
    ended_at: datetime | None = None

    @property
    def ends_at(self) -> datetime:
        return self.until_at if self.ended_at is None else min(self.until_at, self.ended_at)

    def holds(self, at: datetime) -> bool:
        return self.from_at <= at < self.ends_at

    def covers(self, one: Waiting, person: int) -> bool:
        """Whether the notice to this person is meant."""
        if one.programme != self.programme or kind_of(one.rung) is NoticeKind.ASKED:
            return False
        match self.scope:
            case Scope.PROGRAMME:
                return True
            case Scope.UNIT:
                return one.unit == self.subject
            case Scope.OBLIGATION:
                return one.obligation == self.subject
            case Scope.PERSON:
                return str(person) == self.subject


def over(silences: Iterable[Silence], one: Waiting, person: int, now: datetime) -> Silence | None:
    """What keeps the notice from this person: a silence of its own instant, also where nobody
    looked then, or a snooze of now, the longest first."""
    meant = [silence for silence in silences if silence.covers(one, person)]
    silenced = (
        it for it in meant if it.mode is Mode.SILENCE
        and (it.holds(now) or it.holds(max(one.nominal_at, one.send_at)))
    )  # fmt: skip
    snoozed = (it for it in meant if it.mode is Mode.SNOOZE and it.holds(now))
    last = max(snoozed, key=lambda it: it.ends_at, default=None)
    return next(silenced, last)
