"""The rule that counts: incidents found, by class and level, and missed occurrences of a duty."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tracker.domain.facts import Finding
from tracker.domain.points import Amount, Number
from tracker.domain.rules.base import (
    HAPPENED,
    Batches,
    Cause,
    Charge,
    RuleBase,
    Scene,
    Status,
    because,
    step,
    times_of,
    unknown,
)
from tracker.domain.rules.duties import charge_for


class PerIncident(RuleBase):
    """Per event, place, case or batch found: 每发现一起扣0.2分; a missed pace; a pause (连续一周).

    `classes` gives another amount per class (行政拘留 0.1, 刑事 0.2) or level (国 / 省 / 市).
    `allowance` (a number or `target:key`) is free: only what goes beyond it is charged.

    Words: 每发现一起扣, 每次扣, 每件扣, 每家扣
    Facts: finding, case, activity, report, review, target
    Formula: max(0, count − allowance) × each
    Examples: zhongfang-2021 29#1; xx-2020 3.15.2.4#1
    """

    kind: Literal["per_incident"] = "per_incident"
    each: Amount | None = None
    classes: dict[str, Amount] = Field(default_factory=dict)
    finding: str | None = None
    duty: str | None = None
    allowance: str | None = None
    per: Annotated[Number, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _counts_one_thing(self) -> Self:
        if (self.finding is None) == (self.duty is None):
            raise ValueError("per_incident counts either a finding or a duty's misses")
        if self.each is None and not self.classes:
            raise ValueError("per_incident needs each or classes")
        return self

    def charges(self, scene: Scene) -> Sequence[Charge]:
        if self.duty is not None:
            return self._missed(self.duty, scene)
        assert self.finding is not None
        found, batches = scene.findings(self.finding), Batches(Fraction(self.per or 1))
        if self.allowance is None:
            made = [self._once(one, batches, scene) for one in found]
            return [charge for charge in made if charge is not None]
        return self._beyond(self.allowance, found, batches, scene)

    def _missed(self, duty: str, scene: Scene) -> Sequence[Charge]:
        each = self.worth(self.each or "0", scene)
        taken, told = -each, (HAPPENED, step("lose", amount=each))
        charges: list[Charge] = []
        for joined in scene.troubled(duty):
            if joined.unknown:
                # One record may tell of many pauses before it and after.
                worst = None if joined.kind == "gap" else each
                waits = unknown(self, scene, joined.unknown, worst=worst)
                about = Cause(joined.units, occurrence=joined.occurrence, problem=joined.problem)
                charges.append(waits._replace(cause=about))
            elif joined.missed:
                charges.append(charge_for(joined, taken, told, Status.SETTLED))
        return charges

    def _once(self, found: Finding, batches: Batches, scene: Scene) -> Charge | None:
        count, told = times_of(found, scene)
        made = self._one(found, count, batches, scene)
        return made._replace(told=(*told, *made.told)) if made and told else made

    def _one(self, found: Finding, count: int, batches: Batches, scene: Scene) -> Charge | None:
        """None where it fills no batch yet."""
        amount = self.classes.get(found.class_) or self.classes.get(found.level) or self.each
        if amount is None:
            worst = -max(self.worth(one, scene) for one in self.classes.values()) * count
            missing = (step("missing_class", given=scene.called(found.class_ or found.level)),)
            return self._told(found, Charge(Fraction(0), missing, Status.UNKNOWN, worst=worst))
        each = self.worth(amount, scene)
        times, told = batches.filled(Fraction(count))
        many = step("times", count=times, each=each, amount=times * each)
        return self._told(found, Charge(-times * each, (*told, many))) if times else None

    def _told(self, found: Finding, charge: Charge) -> Charge:
        cause = because(found, unit=found.unit, subject=found.subject, problem=found.problem)
        return charge._replace(cause=cause)

    def _beyond(
        self, allowance: str, found: Sequence[Finding], batches: Batches, scene: Scene
    ) -> Sequence[Charge]:
        key = allowance.partition(":")[2]
        free = scene.target(key) if allowance.startswith("target:") else Fraction(allowance)
        if free is None:
            return [unknown(self, scene, key)] if found else []
        charges: list[Charge] = []
        seen = Fraction(0)
        for one in found:
            count, many = times_of(one, scene)
            over = min(Fraction(count), max(Fraction(0), seen + count - free))
            seen += count
            charge = self._one(one, int(over), batches, scene) if over > 0 else None
            if charge is not None:
                told = step("beyond", seen=seen, free=free, over=over)
                charges.append(charge._replace(told=(*many, told, *charge.told)))
        return charges
