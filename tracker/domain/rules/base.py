"""What every kind of rule shares: the scene that it looks at, the charges that it makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, NamedTuple, Protocol, Self

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


@dataclass(frozen=True, slots=True)
class Step:
    """One line of arithmetic, as code and values; `tracker.wording` puts it into words.

    Every code is listed in `tracker/wording` with both languages; a test compares the two.
    """

    code: str
    values: tuple[tuple[str, Value], ...] = ()

    def __getitem__(self, name: str) -> Value:
        return dict(self.values)[name]


HAPPENED = Step("happened")
"""Stands for what happened, which the cause tells when somebody reads it: few entries ever are."""

NOTHING = Fraction(0)


def step(code: str, **values: Value) -> Step:
    return Step(code, tuple(values.items()))


class Cause(NamedTuple):
    """What an amount is about: the units that caused it, the facts that say so, when it was."""

    units: tuple[str, ...] = ()
    obligation: str = ""
    occurrence: str = ""
    subject: str = ""
    problem: str = ""
    facts: tuple[FactId, ...] = ()
    occurred_at: datetime | None = None


NO_CAUSE = Cause()


class Charge(NamedTuple):
    """A raw amount in points (negative loses) before caps, with what led to it.

    `worst` bounds a pending or unknown amount (negative: may be lost, positive: may be won). Where
    `told` has HAPPENED, the occurrence that is the cause tells when and how late.
    """

    amount: Fraction
    told: tuple[Step, ...]
    status: Status = Status.SETTLED
    worst: Fraction = NOTHING
    cause: Cause | Joined = NO_CAUSE


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
        """The duty's occurrences, joined over the units that owe them, in order of time.

        `duty` is one of this clause, or `clause/duty`.
        """
        ...

    def troubled(self, duty: str) -> Sequence[Joined]:
        """Those of `owed` that may cost something: what is plainly not due yet, or was plainly
        handed in on time, is left out. Whoever only takes points off asks for these."""
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
    @property
    def once(self) -> bool:
        """Whether one problem counts once for this rule (不重复)."""
        ...

    def lost_by(self, rule: str) -> Fraction:
        """What an earlier rule (by id) has charged, as a positive number of points."""
        ...

    def problems_charged(self, rules: tuple[str, ...]) -> frozenset[str]:
        """Problem keys for which these rules (by rule, clause or item id) charge something."""
        ...


class Definition(BaseModel):
    """A part of a rule: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


@dataclass(frozen=True)
class Ground:
    """What a condition was judged by: a line for each thing that it looked at, the facts, and when
    the last of them happened."""

    steps: tuple[Step, ...] = ()
    cause: Cause = NO_CAUSE


class When(Definition):
    """A condition on exactly one thing: a missed duty, a finding, a recognition, a recognition that
    is not there (`without`), an earlier rule that charged something, a measured value, a place
    among peers (`rank`), the places risen since last year (`risen`); or on several conditions, all
    of which (`all_of`) or any of which (`any_of`) must hold.

    A value, a place or a rise is compared by one of at_least (以上, 达到), at_most (以内), above
    (超过), below (低于) with a number, a value also with `target` or `baseline`; the first two
    include the number. `change` compares the value's change from its baseline, in per cent of it
    (同比上升幅度低于7%).
    """

    missed: str | None = None
    finding: str | None = None
    count: Annotated[int, Field(ge=1)] = 1
    recognition: str | None = None
    without: str | None = None
    charged: str | None = None
    measure: str | None = None
    change: bool = False
    rank: str | None = None
    risen: str | None = None
    all_of: tuple[When, ...] = ()
    any_of: tuple[When, ...] = ()
    grade: str | None = None
    at_least: str | None = None
    at_most: str | None = None
    above: str | None = None
    below: str | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if len(self._named()) + bool(self.all_of) + bool(self.any_of) != 1:
            raise ValueError(
                "a condition names one of missed, finding, recognition, without, charged, measure, "
                "rank, risen, all_of, any_of"
            )
        bounds = [self.at_least, self.at_most, self.above, self.below, self.grade]
        compared = self.measure or self.rank or self.risen
        if (compared is not None) != (sum(bound is not None for bound in bounds) == 1):
            raise ValueError(
                "a measured value is compared by one of at_least, at_most, above, below, grade"
            )
        if self.grade is not None and (self.measure is None or self.change):
            raise ValueError("only a measured value has a grade")
        return self

    def _named(self) -> list[str]:
        things = [self.missed, self.finding, self.recognition, self.without, self.charged,
                  self.measure, self.rank, self.risen]  # fmt: skip
        return [thing for thing in things if thing is not None]

    @property
    def parts(self) -> tuple[When, ...]:
        """The conditions that it joins; itself where it joins none."""
        inside = self.all_of or self.any_of
        return tuple(part for one in inside for part in one.parts) if inside else (self,)

    def lacks(self, scene: Scene) -> str:
        """The key of the first thing that is not recorded yet, so that it cannot be judged."""
        part = next(part for part in self.parts if part.holds(scene) is None)
        if part.missed is not None:
            return next(one.unknown for one in scene.troubled(part.missed) if one.unknown)
        one = next((m for m in scene.measurements(part.measure or "") if m.value is not None), None)
        bound = part._bound if part.measure is not None and part.grade is None else ""
        if one is not None and bound.startswith("target") and bound_of(bound, one, scene) is None:
            return bound.partition(":")[2] or one.measure
        return part._named()[0]

    def holds(self, scene: Scene) -> bool | None:
        """True, False, or None where a number is missing."""
        if self.all_of:
            return all_hold([one.holds(scene) for one in self.all_of])
        if self.any_of:
            return any_holds([one.holds(scene) for one in self.any_of])
        if self.missed is not None:
            troubled = scene.troubled(self.missed)
            return any_holds([None if one.unknown else one.missed for one in troubled])
        if self.finding is not None:
            return sum(found.count for found in scene.findings(self.finding)) >= self.count
        if self.recognition is not None:
            return bool(scene.recognitions(self.recognition))
        if self.without is not None:
            return not scene.recognitions(self.without)
        if self.charged is not None:
            return scene.lost_by(self.charged) > 0
        return self._ranked(scene) if self.measure is None else self._measured(scene)

    def ground(self, scene: Scene) -> Ground:
        """What it was judged by, whether it holds or not."""
        seen = [one for part in self.parts for one in part._seen(scene)]
        whens = [fact.occurred_at for _, facts in seen for fact in facts]
        return Ground(
            tuple(told for told, _ in seen),
            Cause(
                facts=tuple(dict.fromkeys(fact.id for _, facts in seen for fact in facts)),
                occurred_at=max(whens, default=None),
            ),
        )

    def _seen(self, scene: Scene) -> Sequence[tuple[Step, Sequence[Fact]]]:
        if self.missed is not None:
            return [(joined.told(), ()) for joined in scene.troubled(self.missed) if joined.missed]
        if self.finding is not None:
            found = scene.findings(self.finding)
            return [(step("found", count=sum(one.count for one in found)), found)]
        key = self.recognition or self.without
        if key is not None:
            recognised = scene.recognitions(key)
            count = sum(one.count for one in recognised)
            return [(step("recognised", what=scene.called(key), count=count), recognised)]
        if self.charged is not None:
            return [(step("charged", rule=self.charged, amount=scene.lost_by(self.charged)), ())]
        if self.measure is None:
            return self._seen_rank(scene)
        return [(self._told(one, scene), [one]) for one in scene.measurements(self.measure)]

    def _seen_rank(self, scene: Scene) -> Sequence[tuple[Step, Sequence[Fact]]]:
        ranking = scene.ranking(self.rank or self.risen or "")
        if ranking is None:
            return []
        what = scene.called(self.rank or self.risen or "")
        sign, bound = self._sign, Fraction(self._bound)
        if self.rank is not None:
            told = step("placed", what=what, value=ranking.place, sign=sign, bound=bound)
        else:
            told = step("places_risen", what=what, value=ranking.risen or 0, sign=sign, bound=bound)
        return [(told, [ranking])]

    def _told(self, one: Measurement, scene: Scene) -> Step:
        what = scene.called(one.measure)
        if self.grade is not None:
            return step("graded", what=what, grade=one.grade, asked=self.grade)
        bound = bound_of(self._bound, one, scene)
        if bound is None or one.value is None or (self.change and not one.baseline):
            return step("missing", what=what, key=one.measure)
        value = Fraction(one.value)
        if not self.change:
            return step("compared", what=what, value=value, sign=self._sign, bound=bound)
        base = Fraction(one.baseline or 1)
        return step("changed", what=what, value=value, base=base, change=(value / base - 1) * 100,
                    sign=self._sign, bound=bound)  # fmt: skip

    @property
    def _sign(self) -> str:
        signs = {"at_least": "≥", "at_most": "≤", "above": ">", "below": "<"}
        return next(sign for name, sign in signs.items() if getattr(self, name) is not None)

    def _ranked(self, scene: Scene) -> bool | None:
        ranking = scene.ranking(self.rank or self.risen or "")
        if ranking is None:
            return None
        value = ranking.place if self.rank is not None else ranking.risen
        return None if value is None else self._compared(Fraction(value), Fraction(self._bound))

    def _measured(self, scene: Scene) -> bool | None:
        found = scene.measurements(self.measure or "")
        return all_hold([self._one(one, scene) for one in found]) if found else None

    def _one(self, one: Measurement, scene: Scene) -> bool | None:
        if self.grade is not None:
            return one.grade == self.grade
        bound = bound_of(self._bound, one, scene)
        if bound is None or one.value is None:
            return None
        if not self.change:
            return self._compared(Fraction(one.value), bound)
        if not one.baseline:
            return None
        return self._compared((Fraction(one.value) / Fraction(one.baseline) - 1) * 100, bound)

    @property
    def _bound(self) -> str:
        bounds = (self.at_least, self.at_most, self.above, self.below)
        return next(bound for bound in bounds if bound is not None)

    def _compared(self, value: Fraction, bound: Fraction) -> bool:
        if self.at_least is not None:
            return value >= bound
        if self.at_most is not None:
            return value <= bound
        return value > bound if self.above is not None else value < bound


def all_hold(verdicts: Sequence[bool | None]) -> bool | None:
    """False where one is false, None where one is not known, else true."""
    if False in verdicts:
        return False
    return None if None in verdicts else True


def any_holds(verdicts: Sequence[bool | None]) -> bool | None:
    if True in verdicts:
        return True
    return None if None in verdicts else False


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
    gives) in the year ("扣完0.3分为止": "0.3"; "扣完为止": "all"), `cap_each` the most that one
    case, period, finding or measured thing does.
    """

    says: str = ""
    cap: Amount | None = None
    cap_each: Amount | None = None

    def charges(self, scene: Scene) -> Sequence[Charge]:
        """Raw charges; caps, modifiers and rounding come after, in `tracker.domain.scoring`."""
        raise NotImplementedError

    def worth(self, amount: str, scene: Scene) -> Fraction:
        return fraction_of(amount, clause=scene.worth, item=scene.item_worth)

    def bound(self, scene: Scene) -> Fraction:
        """The most that this rule can take: its cap, else the clause's points."""
        return self.worth(self.cap, scene) if self.cap is not None else scene.worth

    def within_each(self, charge: Charge, scene: Scene) -> Charge:
        """The charge of one thing, no larger than `cap_each`."""
        if self.cap_each is None or abs(charge.amount) <= self.worth(self.cap_each, scene):
            return charge
        limit = self.worth(self.cap_each, scene)
        kept = limit if charge.amount > 0 else -limit
        told = (*charge.told, step("each_cap", limit=limit))
        return charge._replace(amount=kept, told=told)


def unknown(rule: RuleBase, scene: Scene, what: str, *, worst: Fraction | None = None) -> Charge:
    """The amount waits until `what` is recorded; counted in the range, not in the score."""
    bound = rule.bound(scene) if worst is None else worst
    told = step("missing", what=scene.called(what), key=what)
    return Charge(Fraction(0), (told,), Status.UNKNOWN, worst=-abs(bound))


def times_of(one: Finding | Recognition, scene: Scene) -> tuple[int, tuple[Step, ...]]:
    """How often it counts, and why, where that is less often than was recorded: what names one
    problem is one, in one fact as in several."""
    if one.count == 1 or not one.problem or not scene.once:
        return one.count, ()
    return 1, (step("one_problem", problem=one.problem, count=one.count),)


class Batches:
    """Full batches (每满3件) of what comes one fact after the other: what is left of one fact
    counts with the next."""

    def __init__(self, size: Fraction) -> None:
        self._size, self._seen = size, NOTHING

    def filled(self, count: Fraction) -> tuple[Fraction, tuple[Step, ...]]:
        """How many these fill, and how that was counted where a batch is more than one."""
        if self._size == 1:
            return count, ()
        before = self._seen // self._size
        self._seen += count
        now = self._seen // self._size
        told = step("batches", seen=self._seen, size=self._size, before=before)
        return Fraction(now - before), (told,)


def because(
    *facts: Fact, unit: str = "", subject: str = "", problem: str = "",
    occurred_at: datetime | None = None,
) -> Cause:  # fmt: skip
    """These facts, when the first of them happened, and the unit that they name, if any."""
    return Cause(
        units=(unit,) if unit else (),
        subject=subject,
        problem=problem,
        facts=tuple([fact.id for fact in facts]),
        occurred_at=occurred_at or facts[0].occurred_at,
    )
