"""Rules that add points, leave the amount to a person, or depend on another document."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tracker.domain.points import Amount, Number
from tracker.domain.rules.base import Charge, RuleBase, Scene, Status, When, because, step


class Bonus(RuleBase):
    """Points added per recognised thing: 每项加1分, 每一起案件加0.2分.

    `classes` gives an amount per class. `from_nth` starts to count there (一个(不含)以上: 2).
    `apart` keeps it out of the item's own cap; otherwise it offsets losses inside the item.
    """

    kind: Literal["bonus"] = "bonus"
    recognition: str
    award: Amount | None = None
    classes: dict[str, Amount] = Field(default_factory=dict)
    from_nth: Annotated[int, Field(ge=1)] = 1
    per: Annotated[int, Field(ge=1)] = 1
    apart: bool = False
    when: When | None = None

    @model_validator(mode="after")
    def _awards(self) -> Self:
        if self.award is None and not self.classes:
            raise ValueError("a bonus needs award or classes")
        return self

    def charges(self, scene: Scene) -> Sequence[Charge]:
        if self.when is not None and not self.when.holds(scene):
            return []
        charges: list[Charge] = []
        seen = 0
        for one in scene.recognitions(self.recognition):
            first, seen = seen + 1, seen + one.count
            counted = max(0, seen - max(first, self.from_nth) + 1) // self.per
            amount = self.classes.get(one.class_) or self.award
            if amount is None or not counted:
                continue
            each = self.worth(amount, scene)
            told = step("times", count=Fraction(counted), each=each, amount=counted * each)
            charges.append(
                Charge(
                    counted * each,
                    (told,),
                    units=(one.unit,) if one.unit else (),
                    problem=one.problem,
                    facts=because(one),
                    occurred_at=one.occurred_at,
                )
            )
        return charges


class Discretionary(RuleBase):
    """酌情, 视情: a named person decides the amount with a reason, within `most` (and `least`).

    Until then the entry is pending, never guessed. `asked` names the finding or recognition that
    raises the question; without one it stands open from the start. `gain` for points added.
    """

    kind: Literal["discretionary"] = "discretionary"
    least: Amount | None = None
    most: Amount | None = None
    gain: bool = False
    asked: str | None = None

    def charges(self, scene: Scene) -> Sequence[Charge]:
        most = self.worth(self.most or self.cap or "all", scene)
        sign = 1 if self.gain else -1
        decided = scene.decisions()
        if decided:
            return [
                Charge(
                    sign * min(Fraction(one.points), most),
                    (step("decided", person=one.person, reason=one.reason,
                          amount=Fraction(one.points), most=most),),
                    units=(one.unit,) if one.unit else (),
                    facts=because(one),
                    occurred_at=one.occurred_at,
                )
                for one in decided
            ]  # fmt: skip
        if self.asked is not None:
            raised = [*scene.findings(self.asked), *scene.recognitions(self.asked)]
            return [self._open(sign * most, raised[0].occurred_at)] if raised else []
        return [] if self.gain else [self._open(sign * most, None)]

    def _open(self, worst: Fraction, since: datetime | None) -> Charge:
        told = (step("undecided", most=abs(worst)),)
        return Charge(Fraction(0), told, Status.PENDING, worst=worst, occurred_at=since)


class External(RuleBase):
    """The amount stands in another document's assessment: entered as a measurement of points lost
    (or, with `gain`, won), times `factor` (加倍: 2); unknown until then."""

    kind: Literal["external"] = "external"
    measure: str
    document: str
    factor: Annotated[Number, Field(gt=0)] | None = None
    gain: bool = False
    gets: bool = Field(default=False, description="The measurement is the points kept, not lost.")

    def charges(self, scene: Scene) -> Sequence[Charge]:
        found = scene.measurements(self.measure)
        bound = self.bound(scene)
        if not found:
            if self.gain:
                return []
            told = (step("external", document=self.document),)
            return [Charge(Fraction(0), told, Status.UNKNOWN, worst=-bound)]
        factor = Fraction(self.factor or 1)
        charges: list[Charge] = []
        for one in found:
            given = Fraction(one.value or 0)
            lost = (scene.worth - given if self.gets else given) * factor
            told = (step("given", document=self.document, value=given, factor=factor, amount=lost),)
            signed = lost if self.gain else -lost
            if signed:
                charges.append(
                    Charge(signed, told, facts=because(one), occurred_at=one.occurred_at)
                )
        return charges
