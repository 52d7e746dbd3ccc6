"""Rules that look at measured values, completion rates and ranks."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tracker.domain.facts import Measurement
from tracker.domain.points import Amount, Number
from tracker.domain.rules.base import (
    Charge,
    Definition,
    RuleBase,
    Scene,
    Step,
    When,
    because,
    bound_of,
    step,
    unknown,
)


def _measured(one: Measurement, amount: Fraction, *steps: Step) -> Charge:
    return Charge(
        amount,
        steps,
        units=(one.unit,) if one.unit else (),
        subject=one.site,
        facts=because(one),
        occurred_at=one.occurred_at,
    )


class PerStep(RuleBase):
    """Per unit of a quantitative gap: 每少1%扣0.1分, 每恶化1个百分点扣0.2分, 每上升1μg/m3扣0.2分.

    The gap is how far the value lies `direction` (below or above) the base: `target`, `target:key`,
    `baseline` or a number. With `relative` it is per cent of the base instead of a difference.
    `steps` counts completed or started steps, or in proportion (不足1的按比例). `free` is not
    charged. `gain` turns it into points won on the other side (每改善1微克加2分).
    """

    kind: Literal["per_step"] = "per_step"
    measure: str
    each: Amount
    per: Annotated[Number, Field(gt=0)] = Decimal(1)
    measured_in: str = ""
    against: str = "target"
    direction: Literal["below", "above"] = "below"
    relative: bool = False
    steps: Literal["completed", "started", "pro_rata"] = "completed"
    free: Annotated[Number, Field(ge=0)] = Decimal(0)
    gain: bool = False
    when: When | None = None

    def charges(self, scene: Scene) -> Sequence[Charge]:
        found = scene.measurements(self.measure)
        worst = -self.bound(scene) if self.gain else None
        if not found:
            return [] if self.gain else [unknown(self, scene, self.measure, worst=worst)]
        return [charge for one in found for charge in self._one(one, scene)]

    def _one(self, one: Measurement, scene: Scene) -> Sequence[Charge]:
        applies = self.when.holds(scene) if self.when is not None else True
        base = bound_of(self.against, one, scene)
        if base is None or one.value is None or applies is None:
            return [unknown(self, scene, f"{self.measure}:{self.against}")]
        gap = (
            base - Fraction(one.value) if self.direction == "below" else Fraction(one.value) - base
        )
        if self.relative and base:
            gap = gap / base * 100
        gap -= Fraction(self.free)
        if not applies or gap <= 0:
            return []
        times = self._times(gap / Fraction(self.per))
        each = self.worth(self.each, scene)
        amount = times * each
        told = step("gap", value=Fraction(one.value), base=base, gap=gap)
        many = step("steps", count=times, of=Fraction(self.per), each=each, amount=amount)
        return [_measured(one, amount if self.gain else -amount, told, many)] if times else []

    def _times(self, steps: Fraction) -> Fraction:
        if self.steps == "pro_rata":
            return steps
        whole = steps.numerator // steps.denominator
        return Fraction(whole + (1 if self.steps == "started" and steps != whole else 0))


class Threshold(RuleBase):
    """One cut-off decides: where the condition holds, `lose` is lost or `win` won, else nothing."""

    kind: Literal["threshold"] = "threshold"
    when: When
    lose: Amount | None = None
    win: Amount | None = None

    @model_validator(mode="after")
    def _loses_or_wins(self) -> Self:
        if (self.lose is None) == (self.win is None):
            raise ValueError("a threshold either loses or wins")
        return self

    def charges(self, scene: Scene) -> Sequence[Charge]:
        verdict = self.when.holds(scene)
        what = self.when.measure or self.when.recognition or self.when.finding or ""
        if self.win is not None:
            win = self.worth(self.win, scene)
            return [Charge(win, (step("win", amount=win),))] if verdict else []
        lose = self.worth(self.lose or "0", scene)
        if verdict is None:
            return [unknown(self, scene, what, worst=lose)]
        return [Charge(-lose, (step("lose", amount=lose),))] if verdict else []


class Tier(Definition):
    """One band. Bounds as the text says: at_least and at_most include the number, above and below
    do not; `grade` names a grade instead. The amount is lost (`lose`) or kept (`get`)."""

    grade: str | None = None
    at_least: Number | None = None
    above: Number | None = None
    at_most: Number | None = None
    below: Number | None = None
    lose: Amount | None = None
    get: Amount | None = None

    @property
    def names_a_number_exactly(self) -> bool:
        return self.at_least is not None and self.at_least == self.at_most

    def holds(self, one: Measurement) -> bool:
        if self.grade is not None:
            return one.grade == self.grade
        if one.value is None:
            return False
        value = one.value
        return (
            (self.at_least is None or value >= self.at_least)
            and (self.above is None or value > self.above)
            and (self.at_most is None or value <= self.at_most)
            and (self.below is None or value < self.below)
        )


class Tiered(RuleBase):
    """Several bands each with its own amount (优秀 60, 良好 45, ...).

    Where two bands match, the one that names the exact number wins, else the first.
    """

    kind: Literal["tiered"] = "tiered"
    measure: str
    tiers: Annotated[tuple[Tier, ...], Field(min_length=1)]
    gain: bool = False

    def charges(self, scene: Scene) -> Sequence[Charge]:
        found = scene.measurements(self.measure)
        if not found:
            return [] if self.gain else [unknown(self, scene, self.measure)]
        return [charge for one in found for charge in self._one(one, scene)]

    def _one(self, one: Measurement, scene: Scene) -> Sequence[Charge]:
        matching = [tier for tier in self.tiers if tier.holds(one)]
        if not matching:
            return []
        tier = next((tier for tier in matching if tier.names_a_number_exactly), matching[0])
        if tier.get is not None:
            kept = self.worth(tier.get, scene)
            amount = kept if self.gain else kept - scene.worth
        else:
            amount = -self.worth(tier.lose or "0", scene)
        told = step("tier", value=one.grade or Fraction(one.value or 0), amount=abs(amount))
        return [_measured(one, amount, told)] if amount else []


class Ratio(RuleBase):
    """In proportion to completion: 得分 = 率 x 分值; the rest is lost.

    `full_at` gives full points from that rate on (预算执行率≥80%得满分); below it points are the
    rate times the worth, as the documents write it.
    """

    kind: Literal["ratio"] = "ratio"
    measure: str
    full_at: Annotated[Number, Field(gt=0)] | None = None
    out_of: Annotated[Number, Field(gt=0)] = Decimal(100)
    of: Amount = "all"

    def charges(self, scene: Scene) -> Sequence[Charge]:
        found = scene.measurements(self.measure)
        worth = self.worth(self.of, scene)
        if not found:
            return [unknown(self, scene, self.measure, worst=worth)]
        return [charge for one in found for charge in self._one(one, worth)]

    def _one(self, one: Measurement, worth: Fraction) -> Sequence[Charge]:
        rate = Fraction(one.value or 0)
        if self.full_at is not None and rate >= Fraction(self.full_at):
            return []
        share = min(Fraction(1), rate / Fraction(self.out_of))
        told = step("ratio", rate=rate, worth=worth, got=share * worth)
        return [_measured(one, share * worth - worth, told)] if share < 1 else []


class Point(Definition):
    """A corner of a broken line: at value `at` the clause is worth `get`."""

    at: Number
    get: Amount


class Linear(RuleBase):
    """Interpolation between stated points (确保目标 54, 力争目标 60); flat outside them.

    Corners are numbers; where a target sets the value, `ends` names the target instead.
    """

    kind: Literal["linear"] = "linear"
    measure: str
    corners: tuple[Point, ...] = ()
    ends: dict[str, Amount] = Field(default_factory=dict)

    def charges(self, scene: Scene) -> Sequence[Charge]:
        found = scene.measurements(self.measure)
        corners = self._corners(scene)
        if not found or corners is None:
            return [unknown(self, scene, self.measure)]
        return [charge for one in found for charge in self._one(one, corners, scene)]

    def _corners(self, scene: Scene) -> list[tuple[Fraction, Fraction]] | None:
        known = [(Fraction(corner.at), self.worth(corner.get, scene)) for corner in self.corners]
        for key, get in self.ends.items():
            at = scene.target(key)
            if at is None:
                return None
            known.append((at, self.worth(get, scene)))
        return sorted(known)

    def _one(
        self, one: Measurement, corners: list[tuple[Fraction, Fraction]], scene: Scene
    ) -> Sequence[Charge]:
        value = Fraction(one.value or 0)
        got = between(value, corners)
        told = step("linear", value=value, got=got)
        return [_measured(one, got - scene.worth, told)] if got < scene.worth else []


def between(value: Fraction, corners: Sequence[tuple[Fraction, Fraction]]) -> Fraction:
    """The broken line through `corners` (sorted), flat beyond its ends."""
    if value <= corners[0][0]:
        return corners[0][1]
    for (x1, y1), (x2, y2) in pairwise(corners):
        if value <= x2:
            return y1 + (y2 - y1) * (value - x1) / (x2 - x1)
    return corners[-1][1]


class RankRule(RuleBase):
    """Depends on the place among peers.

    `places` gives an amount per place (第1名加5分), counted from the top or the bottom; or the
    points run in proportion between the worst and the best peer (`worst_gets` to all of `of`).
    """

    kind: Literal["rank"] = "rank"
    rank: str
    places: dict[int, Amount] = Field(default_factory=dict)
    beyond: Amount | None = Field(default=None, description="For every place after the last one.")
    from_end: Literal["top", "bottom"] = "top"
    of: Amount = "all"
    worst_gets: Amount | None = None
    gain: bool = False

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if bool(self.places) == (self.worst_gets is not None):
            raise ValueError("rank gives either places or worst_gets")
        return self

    def charges(self, scene: Scene) -> Sequence[Charge]:
        rank = scene.ranking(self.rank)
        if rank is None:
            return [] if self.gain else [unknown(self, scene, self.rank)]
        if self.worst_gets is not None:
            return self._between_peers(scene)
        place = rank.place
        if self.from_end == "bottom":
            if rank.of is None:
                return [unknown(self, scene, f"{self.rank}:of")]
            place = rank.of - rank.place + 1
        after_last = self.beyond if place > max(self.places) else None
        amount = self.worth(self.places.get(place, after_last or "0"), scene)
        told = (step("rank", place=rank.place, amount=amount),)
        signed = amount if self.gain else -amount
        return (
            [Charge(signed, told, facts=because(rank), occurred_at=rank.occurred_at)]
            if amount
            else []
        )

    def _between_peers(self, scene: Scene) -> Sequence[Charge]:
        rank = scene.ranking(self.rank)
        if rank is None or rank.value is None or rank.best is None or rank.worst is None:
            return [unknown(self, scene, f"{self.rank}:peers")]
        full, low = self.worth(self.of, scene), self.worth(self.worst_gets or "0", scene)
        best, worst, value = Fraction(rank.best), Fraction(rank.worst), Fraction(rank.value)
        share = Fraction(1) if best == worst else (value - worst) / (best - worst)
        got = low + (full - low) * max(Fraction(0), min(Fraction(1), share))
        told = (step("peers", value=value, worst=worst, best=best, got=got),)
        lost = got - full
        return (
            [Charge(lost, told, facts=because(rank), occurred_at=rank.occurred_at)] if lost else []
        )
