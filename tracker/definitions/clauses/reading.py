"""What one clause says (计分细则): typed rules and dates, each with its place in the text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from schedules.recurrence import Freq

Span = tuple[int, int]
"""Code points of the text as given, half-open."""


class Kind(StrEnum):
    ALL_OR_NOTHING = "all_or_nothing"
    PER_MISSING = "per_missing"
    PER_INCIDENT = "per_incident"
    PER_STEP = "per_step"
    THRESHOLD = "threshold"
    TIERED = "tiered"
    RATIO = "ratio"
    LINEAR = "linear"
    LATENESS = "lateness"
    RANK = "rank"
    BONUS = "bonus"
    DISCRETIONARY = "discretionary"
    MULTIPLIER = "multiplier"
    VETO = "veto"
    NO_DOUBLE = "no_double"
    CAP = "cap"
    EXEMPTION = "exemption"
    DUTY = "duty"
    EXTERNAL = "external"


@dataclass(frozen=True, slots=True)
class Points:
    """A fixed number of points."""

    value: Decimal

    def form(self) -> str:
        return plain(self.value)


@dataclass(frozen=True, slots=True)
class Share:
    """A share of the clause's points, in percent."""

    percent: Decimal

    def form(self) -> str:
        return f"{plain(self.percent)}%"


@dataclass(frozen=True, slots=True)
class Between:
    """A range, of which a person chooses the amount."""

    least: Points | Share
    most: Points | Share

    def form(self) -> dict[str, str]:
        return {"min": self.least.form(), "max": self.most.form()}


@dataclass(frozen=True, slots=True)
class Whole:
    """The item's whole points; as a cap: 扣完为止."""

    def form(self) -> str:
        return "item"


Amount = Points | Share | Between | Whole


@dataclass(frozen=True, slots=True)
class Quantity:
    """How much of what: a step of a rule, or a length of time."""

    n: Decimal
    unit: str

    def form(self) -> dict[str, str]:
        return {"n": plain(self.n), "unit": self.unit}


@dataclass(frozen=True, slots=True)
class Band:
    """One band (档): its condition in the words of the text, and what it takes or gives."""

    when: str
    deduct: Amount | None = None
    award: Amount | None = None

    def form(self) -> dict[str, Any]:
        amounts = {"deduct": self.deduct, "award": self.award}
        told = {name: one.form() for name, one in amounts.items() if one is not None}
        return {"when": self.when, **told}


@dataclass(frozen=True, slots=True)
class ReadRule:
    """One sanction; `base` is a first flat amount before the steps."""

    kind: Kind
    span: Span
    base: Amount | None = None
    deduct: Amount | None = None
    award: Amount | None = None
    step: Quantity | None = None
    cap: Amount | None = None
    tiers: tuple[Band, ...] | None = None

    def form(self) -> dict[str, Any]:
        return {
            "kind": str(self.kind),
            "base": _formed(self.base),
            "deduct": _formed(self.deduct),
            "award": _formed(self.award),
            "step": _formed(self.step),
            "cap": _formed(self.cap),
            "tiers": None if self.tiers is None else [one.form() for one in self.tiers],
            "span": list(self.span),
        }


@dataclass(frozen=True, slots=True)
class Due:
    """A day that the text names as a deadline."""

    on: date
    span: Span

    def form(self) -> str:
        return self.on.isoformat()


@dataclass(frozen=True, slots=True)
class ReadMilestone:
    """A share (0.8) or a number of things due by a day (进度节点)."""

    on: date
    span: Span
    share: Decimal | None = None
    number: Decimal | None = None

    def form(self) -> dict[str, str]:
        parts = {"share": self.share, "number": self.number}
        told = {name: plain(one) for name, one in parts.items() if one is not None}
        return {"on": self.on.isoformat(), **told}


@dataclass(frozen=True, slots=True)
class ReadRecurrence:
    """A duty owed `times` in each period; `first` is the due day of the year's first period, None
    where the text names no day."""

    freq: Freq
    span: Span
    interval: int = 1
    times: int = 1
    first: date | None = None

    def form(self) -> dict[str, Any]:
        return {
            "freq": str(self.freq),
            "interval": self.interval,
            "times": self.times,
            "first": None if self.first is None else self.first.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class ReadDuration:
    """A length of time that the text allows or counts (72小时内, 连续一周)."""

    length: Quantity
    span: Span

    def form(self) -> dict[str, str]:
        return self.length.form()


@dataclass(frozen=True, slots=True)
class Unread:
    """A piece of the text that matters and was not understood."""

    text: str
    span: Span

    def form(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Ambiguity:
    """A place that can be read in several ways (口径), each in Chinese words."""

    span: Span
    readings: tuple[str, ...]

    def form(self) -> dict[str, Any]:
        return {"span": list(self.span), "readings": list(self.readings)}


@dataclass(frozen=True, slots=True)
class ReadClause:
    """A clause as read: the main sanction first, the other rules in the order of the text."""

    text: str
    rules: tuple[ReadRule, ...] = ()
    deadlines: tuple[Due, ...] = ()
    milestones: tuple[ReadMilestone, ...] = ()
    recurrences: tuple[ReadRecurrence, ...] = ()
    durations: tuple[ReadDuration, ...] = ()
    unread: tuple[Unread, ...] = ()
    ambiguous: tuple[Ambiguity, ...] = ()

    @property
    def needs_person(self) -> bool:
        return bool(self.unread)


LISTS = (
    "rules",
    "deadlines",
    "milestones",
    "recurrences",
    "durations",
    "unread",
    "ambiguous",
)


def as_json(reading: ReadClause) -> dict[str, Any]:
    """The published answer: every member is there, numbers are decimal text."""
    lists: Mapping[str, Any] = {
        name: [one.form() for one in getattr(reading, name)] for name in LISTS
    }
    return {"text": reading.text, **lists, "needs_person": reading.needs_person}


def plain(number: Decimal) -> str:
    """`0.30` as "0.3", `1E+1` as "10"."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _formed(part: Amount | Quantity | None) -> Any:
    return None if part is None else part.form()
