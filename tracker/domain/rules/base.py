"""What every kind of rule shares: the scene that it looks at, the charges that it makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Protocol, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tracker.domain.facts import (
    Decision,
    Fact,
    FactId,
    Finding,
    Measurement,
    Rank,
    Recognition,
)
from tracker.domain.points import Amount, fraction_of

if TYPE_CHECKING:
    from tracker.domain.obligations import Joined

Value = int | str | Fraction | Decimal | datetime


class Status(StrEnum):
    """How sure an entry is.

    settled: no later fact about the same event changes it but a correction. provisional: it runs on
    or may be recovered. pending: a person decides. unknown: a number or a document is missing.
    """

    SETTLED = "settled"
    PROVISIONAL = "provisional"
    PENDING = "pending"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Step:
    """One line of arithmetic, as code and values; `tracker.wording` puts it into words.

    Every code is listed in `tracker/wording` with both languages; a test compares the two.
    """

    code: str
    values: tuple[tuple[str, Value], ...] = ()

    def __getitem__(self, name: str) -> Value:
        return dict(self.values)[name]


def step(code: str, **values: Value) -> Step:
    return Step(code, tuple(values.items()))


@dataclass(frozen=True)
class Charge:
    """A raw amount in points (negative loses) before caps, with what led to it.

    `worst` bounds a pending or unknown amount (negative: may be lost, positive: may be won).
    """

    amount: Fraction
    steps: tuple[Step, ...]
    status: Status = Status.SETTLED
    worst: Fraction = Fraction(0)
    units: tuple[str, ...] = ()
    obligation: str = ""
    occurrence: str = ""
    subject: str = ""
    problem: str = ""
    facts: tuple[FactId, ...] = ()
    occurred_at: datetime | None = None


class Scene(Protocol):
    """What one rule of one clause may see: facts as of an instant, and what they are worth."""

    @property
    def rule(self) -> str: ...
    @property
    def as_of(self) -> datetime: ...
    @property
    def final(self) -> bool:
        """Past the cut-off: what is not done now is never done."""
        ...

    @property
    def worth(self) -> Fraction:
        """Points of the clause; of its pool or item where the document gives it none."""
        ...

    @property
    def item_worth(self) -> Fraction: ...
    def owed(self, duty: str) -> Sequence[Joined]:
        """The duty's occurrences, joined over the units that owe them, in order of time."""
        ...

    def findings(self, key: str) -> Sequence[Finding]: ...
    def measurements(self, key: str) -> Sequence[Measurement]:
        """The last one of each site and period."""
        ...

    def target(self, key: str) -> Fraction | None: ...
    def called(self, key: str) -> str:
        """What people call the thing that a rule names by key."""
        ...

    def ranking(self, key: str) -> Rank | None: ...
    def decisions(self) -> Sequence[Decision]: ...
    def recognitions(self, key: str) -> Sequence[Recognition]: ...
    def lost_by(self, rule: str) -> Fraction:
        """What an earlier rule (by id) has charged, as a positive number of points."""
        ...


class Definition(BaseModel):
    """A part of a rule: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class When(Definition):
    """A condition on exactly one thing: a missed duty, a finding, a recognition, a measured value,
    an earlier rule that charged something.

    A measured value is compared by one of at_least (以上, 达到), at_most (以内), above (超过),
    below (低于) with a number, with `target` or with `baseline`; the first two include the number.
    """

    missed: str | None = None
    finding: str | None = None
    count: Annotated[int, Field(ge=1)] = 1
    recognition: str | None = None
    charged: str | None = None
    measure: str | None = None
    grade: str | None = None
    at_least: str | None = None
    at_most: str | None = None
    above: str | None = None
    below: str | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        things = [self.missed, self.finding, self.recognition, self.charged, self.measure]
        if sum(thing is not None for thing in things) != 1:
            raise ValueError(
                "a condition names one of missed, finding, recognition, charged, measure"
            )
        bounds = [self.at_least, self.at_most, self.above, self.below, self.grade]
        if (self.measure is not None) != (sum(bound is not None for bound in bounds) == 1):
            raise ValueError(
                "a measured value is compared by one of at_least, at_most, above, below, grade"
            )
        return self

    def holds(self, scene: Scene) -> bool | None:
        """True, False, or None where a number is missing."""
        if self.missed is not None:
            return any(joined.missed for joined in scene.owed(self.missed))
        if self.finding is not None:
            return sum(found.count for found in scene.findings(self.finding)) >= self.count
        if self.recognition is not None:
            return bool(scene.recognitions(self.recognition))
        if self.charged is not None:
            return scene.lost_by(self.charged) > 0
        return self._measured(scene)

    def _measured(self, scene: Scene) -> bool | None:
        found = scene.measurements(self.measure or "")
        if not found:
            return None
        verdicts = [self._compare(one, scene) for one in found]
        return None if None in verdicts else all(verdicts)

    def _compare(self, one: Measurement, scene: Scene) -> bool | None:
        if self.grade is not None:
            return one.grade == self.grade
        text = next(
            b for b in (self.at_least, self.at_most, self.above, self.below) if b is not None
        )
        bound = bound_of(text, one, scene)
        if bound is None or one.value is None:
            return None
        value = Fraction(one.value)
        if self.at_least is not None:
            return value >= bound
        if self.at_most is not None:
            return value <= bound
        return value > bound if self.above is not None else value < bound


def bound_of(text: str, one: Measurement, scene: Scene) -> Fraction | None:
    """`target` (the measurement's own key), `target:key`, `baseline`, or a number as text."""
    if text == "baseline":
        return None if one.baseline is None else Fraction(one.baseline)
    if text == "target" or text.startswith("target:"):
        return scene.target(text.partition(":")[2] or one.measure)
    return Fraction(text)


class RuleBase(Definition):
    """One amount-deciding sentence (规则).

    `says` restates it where the clause has several. `cap` is the most that this rule takes (or
    gives) in the year ("扣完0.3分为止": "0.3"; "扣完为止": "all"). `source` says why it reads so.
    """

    says: str = ""
    cap: Amount | None = None

    def charges(self, scene: Scene) -> Sequence[Charge]:
        """Raw charges; caps, modifiers and rounding come after, in `tracker.domain.scoring`."""
        raise NotImplementedError

    def worth(self, amount: str, scene: Scene) -> Fraction:
        return fraction_of(amount, clause=scene.worth, item=scene.item_worth)

    def bound(self, scene: Scene) -> Fraction:
        """The most that this rule can take: its cap, else the clause's points."""
        return self.worth(self.cap, scene) if self.cap is not None else scene.worth


def unknown(rule: RuleBase, scene: Scene, what: str, *, worst: Fraction | None = None) -> Charge:
    """The amount waits until `what` is recorded; counted in the range, not in the score."""
    bound = rule.bound(scene) if worst is None else worst
    told = step("missing", what=scene.called(what), key=what)
    return Charge(Fraction(0), (told,), Status.UNKNOWN, worst=-abs(bound))


def because(*facts: Fact) -> tuple[FactId, ...]:
    return tuple(fact.id for fact in facts)
