"""周报: the weekly page as a value. First the verdict, then what proves it.

Every figure is the ledger's or the forecast's of the board that it was made from
(`tracker.services.digest_desk`). A digest for one unit counts what that unit caused, alone or with
others; one for who reviews counts the items that they review.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tracker.domain.obligations import Light
from tracker.domain.points import ZERO
from tracker.exports.jsonform import Amount, Arithmetic
from tracker.services.trail import ChainHead

LIGHTS = (Light.LATE, Light.DUE, Light.SLOW, Light.OK, Light.DONE, Light.NONE)
"""The order in which lights are counted out."""


class Audience(StrEnum):
    """Who reads it. Leader and office see everything, head and contact their own unit, a reviewer
    the items that the unit reviews (审核单位)."""

    LEADER = "leader"
    OFFICE = "office"
    HEAD = "head"
    CONTACT = "contact"
    REVIEWER = "reviewer"

    @property
    def sees_all(self) -> bool:
        return self in (Audience.LEADER, Audience.OFFICE)


@dataclass(frozen=True)
class Verdict:
    """`new` is what was lost since the last digest (negative: won back); `recoverable` what acting
    now keeps until `until`; `low` and `high` the score over the open readings. Losses positive.
    `bonus` is within the score and no part of what was lost. A programme that only has dates is not
    `scored`; past the cut-off the score is `final`."""

    score: Amount
    lost: Amount
    new: Amount
    recoverable: Amount
    lost_if_nothing: Amount
    lost_if_all_done: Amount
    until: datetime
    low: Amount
    high: Amount
    bonus: Amount = ZERO
    scored: bool = True
    final: bool = False


@dataclass(frozen=True)
class Line:
    """One obligation that can still be acted on. `days_late` in started days of 24 hours,
    `workdays_late` in started working days; `actor` is the number of the person who acts,
    `acting_too` those of the others where several units keep it only together."""

    key: str
    unit: str
    unit_name: str
    item: str
    clause: str
    title: str
    light: Light
    due_at: datetime | None
    days_late: int
    workdays_late: int
    hourly: bool
    late: timedelta
    lost: Amount
    keeps: Amount
    who: str
    actor: int | None
    signed_at: datetime | None
    waiting: bool
    acting_too: tuple[int, ...] = ()


@dataclass(frozen=True)
class UnitLights:
    """`rank` is the place by points lost, the most first; equal losses share it, none has none.
    `rank_before` and `lost_before` are those of the last digest."""

    unit: str
    name: str
    counts: tuple[tuple[Light, int], ...]
    total: int
    lost: Amount
    rank: int | None
    lost_before: Amount = ZERO
    rank_before: int | None = None

    def count(self, light: Light) -> int:
        return dict(self.counts).get(light, 0)


@dataclass(frozen=True)
class Change:
    """An entry whose points changed since the last digest; `change` is what they changed by."""

    entry: str
    item: str
    clause: str
    title: str
    units: tuple[str, ...]
    unit_names: tuple[str, ...]
    subject: str
    change: Amount
    points: Amount
    steps: Arithmetic


@dataclass(frozen=True)
class LightChange:
    key: str
    unit_name: str
    clause: str
    title: str
    before: Light
    after: Light


class EventKind(StrEnum):
    """What happened to an obligation, in the order in which it is told."""

    LATE = "late"
    RETURNED = "returned"
    DONE = "done"
    CLOSED_OUT = "closed_out"
    WAIVED = "waived"
    EXTENDED = "extended"
    REFUSED = "refused"
    SUSPENDED = "suspended"
    ENTERED = "entered"


@dataclass(frozen=True)
class Event:
    """What happened since the last digest, by what is known now. `workdays` is how late it became
    or was done, `until` the deadline that holds since, `reason` what was given as such."""

    kind: EventKind
    key: str
    unit: str
    unit_name: str
    item: str
    clause: str
    title: str
    at: datetime
    workdays: int = 0
    until: datetime | None = None
    reason: str = ""


@dataclass(frozen=True)
class Review:
    """A report that waits for who reads this. `due_at` is when the review is due, None where no
    term is set; `workdays_late` started working days beyond it."""

    key: str
    unit: str
    unit_name: str
    clause: str
    title: str
    submitted_at: datetime
    due_at: datetime | None
    workdays_late: int


@dataclass(frozen=True)
class OpenReading:
    """`low` and `high`: how far the score would be from what it is, over the alternatives."""

    id: str
    clause: str
    question: str
    low: Amount
    high: Amount


@dataclass(frozen=True)
class Pending:
    """What waits for a person: an amount to decide, a number to enter, a report, an extension.

    `worst` is what may be lost at most; several questions of one clause stand together.
    """

    kind: str
    clause: str
    title: str
    unit_names: tuple[str, ...] = ()
    worst: Amount = ZERO
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Health:
    """A finding about the service itself; the sentence belongs to `tracker.wording`."""

    name: str
    ok: bool
    code: str
    values: tuple[tuple[str, str | int], ...] = ()


@dataclass(frozen=True)
class ScorePoint:
    at: datetime
    score: Amount


@dataclass(frozen=True)
class MonthCell:
    """The worst light of a unit's obligations that are due in a month, and how many have it."""

    light: Light
    count: int


@dataclass(frozen=True)
class PictureRow:
    name: str
    cells: tuple[MonthCell | None, ...]


@dataclass(frozen=True)
class Picture:
    """`scores` of the last digests and now; `due` and `done` are counted up by the end of each of
    `months`, `done` up to now, of all the `total` that is owed, with a date or not; `units` by
    month, those that lost most first. A picture from before there was a `total` has none."""

    scores: tuple[ScorePoint, ...]
    months: tuple[str, ...]
    due: tuple[int, ...]
    done: tuple[int, ...]
    units: tuple[PictureRow, ...]
    total: int = 0


@dataclass(frozen=True)
class Digest:
    """`follows` says whether a digest was issued before it; else `since` is a week earlier."""

    programme: str
    title: str
    version: int
    zone: str
    audience: Audience
    unit: str
    unit_name: str
    as_of: datetime
    since: datetime
    verdict: Verdict
    lines: tuple[Line, ...]
    others: int
    others_keep: Amount
    together: Amount
    units: tuple[UnitLights, ...]
    whole: UnitLights
    whole_before: UnitLights
    changes: tuple[Change, ...]
    events: tuple[Event, ...]
    lights: tuple[LightChange, ...]
    soon: tuple[Line, ...]
    readings: tuple[OpenReading, ...]
    pending: tuple[Pending, ...]
    reviews: tuple[Review, ...]
    health: tuple[Health, ...]
    chain: ChainHead | None
    picture: Picture | None = None
    follows: bool = True
