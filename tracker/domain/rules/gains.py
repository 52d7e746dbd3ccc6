"""Rules that add points, leave the amount to a person, or depend on another document."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from tracker.domain.facts import Finding, Recognition
from tracker.domain.points import Amount, Number
from tracker.domain.rules.base import (
    Batches,
    Cause,
    Charge,
    RuleBase,
    Scene,
    Status,
    Step,
    When,
    because,
    step,
    times_of,
)
from tracker.domain.rules.duties import charge_for

if TYPE_CHECKING:
    from tracker.domain.obligations import Joined


Asked = Finding | Recognition
"""What raises the question of a decision."""


class Bonus(RuleBase):
    """Points added per recognised thing: 每项加1分, 每一起案件加0.2分.

    `classes` gives an amount per class. `from_nth` starts to count there (一个(不含)以上: 2). With
    `duty` it counts what was done beyond that duty's quota by its deadline (每多20件加0.1分).
    `apart` keeps it out of the item's own cap; otherwise it offsets losses inside the item.

    Words: 每项加, 每一起加, 获得命名加, 每多20件加
    Facts: recognition, report, review
    Formula: ⌊max(0, count − from_nth + 1) ÷ per⌋ × award
    Examples: zhongfang-2021 37.7#1; xx-2020 4.1.9#1
    """

    kind: Literal["bonus"] = "bonus"
    recognition: str | None = None
    duty: str | None = None
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
        if (self.recognition is None) == (self.duty is None):
            raise ValueError("a bonus counts either a recognition or what is beyond a duty's quota")
        return self

    def charges(self, scene: Scene) -> Sequence[Charge]:
        if self.when is not None and not self.when.holds(scene):
            return []
        if self.duty is not None:
            return [charge for j in scene.owed(self.duty) for charge in self._beyond(j, scene)]
        charges: list[Charge] = []
        seen, batches = 0, Batches(Fraction(self.per))
        for one in scene.recognitions(self.recognition or ""):
            count, once = times_of(one, scene)
            first, seen = seen + 1, seen + count
            counted = max(0, seen - max(first, self.from_nth) + 1)
            charge = self._won(one, counted, batches, scene) if counted else None
            if charge is not None:
                cause = because(one, unit=one.unit, problem=one.problem)
                told = (*once, *self._from(seen, counted), *charge.told)
                charges.append(charge._replace(told=told, cause=cause))
        return charges

    def _from(self, seen: int, counted: int) -> tuple[Step, ...]:
        """Where counting starts later than with the first: how many were seen, from which on they
        count, how many of this fact do."""
        if self.from_nth == 1:
            return ()
        return (step("from_nth", seen=seen, first=self.from_nth, count=counted),)

    def _won(self, one: Recognition, counted: int, batches: Batches, scene: Scene) -> Charge | None:
        """None where it fills no batch yet; a class that has no amount waits for one that has."""
        amount = self.classes.get(one.class_) or self.award
        if amount is None:
            most = max(self.worth(known, scene) for known in self.classes.values()) * counted
            missing = step("missing_class", given=scene.called(one.class_))
            return Charge(Fraction(0), (missing,), Status.UNKNOWN, worst=most)
        each, (times, told) = self.worth(amount, scene), batches.filled(Fraction(counted))
        many = step("times", count=times, each=each, amount=times * each)
        return Charge(times * each, (*told, many)) if times else None

    def _beyond(self, joined: Joined, scene: Scene) -> Sequence[Charge]:
        over = joined.counted - joined.needed
        times = Fraction(over // self.per)
        if joined.unknown or times <= 0:
            return []
        each = self.worth(self.award or "0", scene)
        told = (
            step("over", had=joined.counted, needed=joined.needed, over=over),
            step("steps", count=times, of=Fraction(self.per), each=each, amount=times * each),
        )
        status = Status.SETTLED if joined.past else Status.PROVISIONAL
        return [charge_for(joined, times * each, told, status)]


class Discretionary(RuleBase):
    """酌情, 视情: a named person decides the amount with a reason, within `most` and `least`.

    Until then the entry is pending, never guessed. `asked` names the finding or recognition that
    raises the question; without one it stands open from the start. `per` says whether the bounds
    hold for the year, however many decisions make the amount up, or for each thing asked about,
    every one of which waits for its own decision, in order of time, and says when it happened, to
    which unit and which problem it is (每项每次扣2-5分). `gain` for points added.

    Words: 酌情, 视情, 根据完成情况
    Facts: decision, finding, recognition
    Formula: min(max(decided, least), most)
    Examples: zhongfang-2021 28.3#1; xx-2020 4.2.5#1
    """

    kind: Literal["discretionary"] = "discretionary"
    least: Amount | None = None
    most: Amount | None = None
    gain: bool = False
    asked: str | None = None
    per: Literal["year", "each"] = "year"

    @model_validator(mode="after")
    def _each_of_something(self) -> Self:
        if self.per == "each" and self.asked is None:
            raise ValueError("a decision for each thing asked about needs asked")
        return self

    def charges(self, scene: Scene) -> Sequence[Charge]:
        most = self.worth(self.most or self.cap or "all", scene)
        sign = 1 if self.gain else -1
        raised = self._raised(scene)
        decided = self._decided(scene, most, sign, raised if self.per == "each" else [])
        if self.asked is None:
            return decided or ([] if self.gain else [self._open(sign * most, Cause())])
        if self.per == "year":
            return decided or [
                self._open(sign * most, Cause(occurred_at=one.occurred_at)) for one in raised[:1]
            ]
        waiting = [
            (because(one, unit=one.unit, problem=one.problem), times_of(one, scene)[1])
            for one in raised[len(decided) :]
        ]
        return [*decided, *(self._open(sign * most, cause, *once) for cause, once in waiting)]

    def _raised(self, scene: Scene) -> list[Asked]:
        """Each thing asked about, in order of time, as often as it counts."""
        if self.asked is None:
            return []
        found: list[Asked] = [*scene.findings(self.asked), *scene.recognitions(self.asked)]
        found.sort(key=lambda one: (one.occurred_at, one.problem, one.id))
        return [one for one in found for _ in range(times_of(one, scene)[0])]

    def _decided(
        self, scene: Scene, most: Fraction, sign: int, about: Sequence[Asked]
    ) -> list[Charge]:
        """One charge per decision, in order of time; the bounds hold for each or for their sum."""
        least = self.worth(self.least, scene) if self.least is not None else Fraction(0)
        charges: list[Charge] = []
        left = most
        for number, one in enumerate(scene.decisions()):
            given = Fraction(one.points)
            # What was decided so far has reached the least already, where the bounds are a sum's.
            low = least if self.per == "each" or not charges else Fraction(0)
            amount = min(max(given, low), left)
            left = most if self.per == "each" else left - amount
            told = step("decided", person=one.person, reason=one.reason, amount=given, most=most)
            bounded = (step("bounded", amount=amount),) if amount != given else ()
            cause, once = because(one, unit=one.unit), tuple[Step, ...]()
            if number < len(about):
                of = about[number]
                cause = because(of, one, unit=one.unit or of.unit, problem=of.problem)
                once = times_of(of, scene)[1]
            charges.append(Charge(sign * amount, (*once, told, *bounded), cause=cause))
        return charges

    def _open(self, worst: Fraction, cause: Cause, *once: Step) -> Charge:
        told = (*once, step("undecided", most=abs(worst)))
        return Charge(Fraction(0), told, Status.PENDING, worst=worst, cause=cause)


class External(RuleBase):
    """The amount stands in another document's assessment: entered as a measurement of points lost
    (or, with `gain`, won), times `factor` (加倍: 2); unknown until then.

    Words: 按其他文件的评分规则扣分, 根据考核结果计分, 上级考核有扣分的加倍
    Facts: measurement
    Formula: given × factor, or worth − given
    Examples: xx-2020 3.1#1; xx-2020 3.16.1.2#1
    """

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
            if self.gets:
                told = (step("given_kept", document=self.document, value=given, worth=scene.worth,
                             factor=factor, amount=lost),)  # fmt: skip
            signed = lost if self.gain else -lost
            if signed:
                charges.append(Charge(signed, told, cause=because(one)))
        return charges
