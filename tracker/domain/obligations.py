"""Obligations (应办事项): who owes what by when.

`tracker.domain.layout` derives them from programme, calendar and record; `tracker.domain.standing`
says how each stands. Nothing here is stored. An obligation's key, `clause/duty/unit[/occurrence]`,
is its identity across programme versions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from typing import NamedTuple

from schedules.deadlines import (
    NO_TIME,
    NOT_LATE,
    Deadline,
    Lateness,
)
from tracker.domain import facts as f
from tracker.domain.programme import (
    Clause,
)
from tracker.domain.rules.base import Step, step


class Light(StrEnum):
    """红黄绿灯, computed; the first that matches wins, in the order of `light_of`."""

    DONE = "done"
    NONE = "none"
    LATE = "late"
    DUE = "due"
    SLOW = "slow"
    OK = "ok"


WORST_FIRST = (Light.LATE, Light.DUE, Light.SLOW, Light.OK, Light.NONE, Light.DONE)

DONE = Light.DONE

NO_LATENESS = NOT_LATE


@dataclass(frozen=True)
class Move:
    """One change of a deadline: an extension, a suspension, a date that was entered."""

    kind: str
    at: datetime
    due_at: datetime
    reason: str
    fact: f.FactId


class Obligation(NamedTuple):
    """One unit x one milestone, or one period, or one case.

    `deadline` is None while the document that sets the date is not known. `version` counts its
    moves from 1; `original` is never overwritten. `needed` is a number of the target's own unit
    (None: a yes/no duty), `total` what is left of the target after what was `spared`. `needs` names
    the missing target or date, empty where nothing is missing.
    """

    key: str
    section: str
    item: str
    clause: str
    duty: str
    kind: str
    unit: str
    occurrence: str
    title: str
    starts_at: datetime
    deadline: Deadline | None
    original: Deadline | None
    version: int = 1
    moves: tuple[Move, ...] = ()
    needed: Fraction | None = None
    total: Fraction | None = None
    share: Fraction | None = None
    target: str = ""
    needs: str = ""
    lead_units: tuple[str, ...] = ()
    reviewing_units: tuple[str, ...] = ()
    spared: Fraction = Fraction(0)

    @property
    def due_at(self) -> datetime | None:
        return None if self.deadline is None else self.deadline.due_at


class Standing(NamedTuple):
    """How an obligation stands as of an instant.

    `done_at` is the submission of the report that was accepted; `submitted_at` of one that waits
    for review, during which the ball does not lie with the unit; `off_since` the waiver, the
    withdrawal or the close-out that took it off the list. `has` and `had_in_time` are
    quantities in the unit of `needed`; `counted` is the part of `had_in_time` that was given as a
    number, for "done" says nothing of what is beyond a quota. `lateness` is what counts against
    the unit so far. What `has` or `had_in_time` rests on may still be sent back where it is
    `unreviewed` or `unreviewed_in_time`.
    """

    obligation: Obligation
    as_of: datetime
    light: Light
    lateness: Lateness = NO_LATENESS
    done_at: datetime | None = None
    submitted_at: datetime | None = None
    off_since: datetime | None = None
    has: Fraction = Fraction(0)
    had_in_time: Fraction = Fraction(0)
    counted: Fraction = Fraction(0)
    unreviewed: bool = False
    unreviewed_in_time: bool = False
    past: bool = False
    waived: bool = False
    closed_out: bool = False
    suspended: bool = False
    returned: bool = False
    receipts: tuple[f.Receipt, ...] = ()
    facts: tuple[f.FactId, ...] = ()

    @property
    def open(self) -> bool:
        """Neither accepted nor taken off the list; one that waits for review is still open."""
        return self.light is not DONE

    @property
    def waiting(self) -> bool:
        return self.light is not DONE and self.submitted_at is not None

    @property
    def waiting_in_time(self) -> bool:
        """Submitted before the deadline and not reviewed yet: nothing for the unit to do."""
        return self.waiting and self.lateness.elapsed <= NO_TIME

    @property
    def missed(self) -> bool:
        """The deadline has passed without a submission in time, whether done since or not."""
        if self.waived or not self.past:
            return False
        return self.lateness.elapsed > NO_TIME or (
            self.light is not DONE and self.submitted_at is None
        )

    @property
    def overdue(self) -> bool:
        """Missed, and still with the unit."""
        return self.light is not DONE and self.submitted_at is None and self.missed


RED = frozenset({Light.LATE, Light.DUE})


def red_first(one: Standing, keeps: int = 0) -> tuple[int, int, bool, datetime, str]:
    """The order of every list of obligations: red (逾期, 将逾), amber, green, grey, done; then what
    acting now keeps, where the caller knows it; then the nearest date, none last."""
    owed = one.obligation
    light = Light.LATE if one.light in RED else one.light
    due = owed.due_at or owed.starts_at
    return (WORST_FIRST.index(light), -keeps, owed.due_at is None, due, owed.key)


@dataclass(slots=True)
class Joined:
    """The standings of the units that owe one occurrence, as the one thing that a rule charges."""

    standings: tuple[Standing, ...]
    unknown: str = ""
    _units: tuple[str, ...] = field(default=(), init=False, repr=False, compare=False)

    @property
    def worst(self) -> Standing:
        if len(self.standings) == 1:
            return self.standings[0]
        return max(self.standings, key=lambda one: (one.missed, one.lateness.elapsed, one.open))

    @property
    def units(self) -> tuple[str, ...]:
        """The units that missed it; all of them where none did."""
        if not self._units:
            missed = tuple([one.obligation.unit for one in self.standings if one.missed])
            everyone = tuple([one.obligation.unit for one in self.standings])
            self._units = missed or everyone
        return self._units

    @property
    def facts(self) -> tuple[f.FactId, ...]:
        if len(self.standings) == 1:
            return self.standings[0].facts
        return tuple(fact for one in self.standings for fact in one.facts)

    @property
    def obligation(self) -> str:
        return self.worst.obligation.key

    @property
    def kind(self) -> str:
        """Of the duty."""
        return self.worst.obligation.kind

    @property
    def occurrence(self) -> str:
        return self.worst.obligation.occurrence

    @property
    def subject(self) -> str:
        return ""

    @property
    def problem(self) -> str:
        """The case that it belongs to; empty where it is none."""
        one = self.worst.obligation
        return one.occurrence if one.kind == "case" else ""

    @property
    def occurred_at(self) -> datetime | None:
        return self.worst.obligation.due_at

    @property
    def due_on(self) -> date:
        """The day that the deadline names."""
        deadline = self.worst.obligation.deadline
        assert deadline is not None  # what has none is late by nothing
        return deadline.on

    @property
    def missed(self) -> bool:
        missed = True in [one.missed for one in self.standings]
        return missed and not (self._jointly and self.had_in_time >= self.needed)

    @property
    def overdue(self) -> bool:
        overdue = True in [one.overdue for one in self.standings]
        return overdue and not (self._jointly and self.has >= self.needed)

    @property
    def _jointly(self) -> bool:
        """Whether several units owe a number together, which all that they have makes up."""
        return len(self.standings) > 1 and self.worst.obligation.needed is not None

    @property
    def open(self) -> bool:
        return True in [one.open and one.submitted_at is None for one in self.standings]

    @property
    def waiting(self) -> bool:
        return not self.open and any(one.waiting for one in self.standings)

    @property
    def unreviewed(self) -> bool:
        return any(one.unreviewed for one in self.standings)

    @property
    def unreviewed_in_time(self) -> bool:
        return any(one.unreviewed_in_time for one in self.standings)

    @property
    def past(self) -> bool:
        return all(one.past or not one.open for one in self.standings) and any(
            one.past for one in self.standings
        )

    @property
    def lateness(self) -> Lateness:
        return self.worst.lateness

    @property
    def waived(self) -> bool:
        """Asked of nobody."""
        return all(one.waived for one in self.standings)

    @property
    def needed(self) -> Fraction:
        needed = self.worst.obligation.needed
        return Fraction(1) if needed is None else needed

    @property
    def has(self) -> Fraction:
        return sum((one.has for one in self.standings if not one.waived), Fraction(0))

    @property
    def had_in_time(self) -> Fraction:
        return sum((one.had_in_time for one in self.standings if not one.waived), Fraction(0))

    @property
    def counted(self) -> Fraction:
        return sum((one.counted for one in self.standings if not one.waived), Fraction(0))

    def told(self) -> Step:
        """What happened, for the arithmetic: due, done, how late."""
        worst = self.worst
        due = worst.obligation.due_at or worst.as_of
        if worst.obligation.kind == "gap":
            return step("paused", since=worst.obligation.starts_at, due=due)
        done = worst.done_at or worst.submitted_at
        hours, days = worst.lateness.hours, worst.lateness.days
        if done is not None:
            return step("done_late", due=due, done=done, hours=hours, days=days)
        return step("still_open", due=due, as_of=worst.as_of, hours=hours, days=days)

    def needing(self) -> Sequence[Step]:
        """How the number asked for follows from a share of a target."""
        first = self.standings[0].obligation
        if first.share is None or first.total is None or first.needed is None:
            return ()
        exact = first.share * first.total
        whole = first.total + first.spared
        spared = step("spared", total=whole, spared=first.spared, left=first.total)
        return (
            *([spared] if first.spared else []),
            step("share", total=first.total, share=first.share, exact=exact, needed=first.needed),
        )


def join(standings: Sequence[Standing], clause: Clause, leads: Sequence[str]) -> list[Joined]:
    """One duty's standings as the things that a rule charges, in order of time.

    all: charged once, done when the last is done. any: done when the first is done. lead: only the
    lead unit counts. each: every unit by itself.
    """
    if clause.joins == "each":
        return [_joined([one]) for one in standings]
    occurrences: dict[str, list[Standing]] = {}
    for one in standings:
        if clause.joins == "lead" and one.obligation.unit not in leads:
            continue
        occurrences.setdefault(one.obligation.occurrence, []).append(one)
    if clause.joins == "any":
        return [_joined([_best(group)]) for group in occurrences.values()]
    return [_joined(group) for group in occurrences.values()]


def _best(group: Sequence[Standing]) -> Standing:
    return min(group, key=lambda one: (one.open, one.missed, one.lateness.elapsed))


def _joined(group: Sequence[Standing]) -> Joined:
    counted = [one for one in group if not one.waived] or group
    for one in counted:
        if one.obligation.needs and one.open:
            return Joined(tuple(counted), one.obligation.needs)
    return Joined(tuple(counted))
