"""Rules that look at measured values, completion rates and ranks."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tracker.domain.facts import Finding, Measurement, Rank
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
    return Charge(amount, steps, cause=because(one, unit=one.unit, subject=one.site))


class Measured(RuleBase):
    """A rule of a value that may be measured at several sites. `takes` says how they make one
    amount: each counts, the best or the worst alone, or their mean."""

    takes: Literal["each", "best", "worst", "mean"] = "each"

    def taken(self, made: Sequence[Sequence[Charge]]) -> list[Charge]:
        """What each site would be charged, as one amount."""
        if self.takes == "mean" and len(made) > 1:
            return [_part(charge, len(made)) for charges in made for charge in charges]
        if self.takes in ("best", "worst"):
            pick = max if self.takes == "best" else min
            made = [pick(made, key=lambda charges: sum(charge.amount for charge in charges))]
        return [charge for charges in made for charge in charges]


def _part(charge: Charge, of: int) -> Charge:
    """One site's part of a mean."""
    amount = charge.amount / of
    told = step("mean", of=of, amount=abs(amount))
    return charge._replace(amount=amount, told=(*charge.told, told), worst=charge.worst / of)


class PerStep(Measured):
    """Per unit of a quantitative gap: 每少1%扣0.1分, 每恶化1个百分点扣0.2分, 每上升1μg/m3扣0.2分.

    The gap is how far the value lies `direction` (below or above) the base: `target`, `target:key`,
    `baseline` or a number. With `relative` it is per cent of the base instead of a difference.
    `steps` counts completed or started steps, or in proportion (不足1的按比例). `free` is not
    charged. Between `low` and `high` only the part of the gap that lies there counts, so that two
    rules make a segmented rate (90%以上的部分每差1点扣1分). `gain` turns it into points won on the
    other side (每改善1微克加2分).

    Words: 每少1%扣, 每低1个百分点扣, 每上升1μg/m3扣, 每改善1微克加
    Facts: measurement, target
    Formula: ⌊(gap − free) ÷ per⌋ × each
    Examples: zhongfang-2021 9.2#1; xx-2020 2.3#1
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
    low: Number | None = None
    high: Number | None = None
    gain: bool = False
    when: When | None = None

    def charges(self, scene: Scene) -> Sequence[Charge]:
        found = scene.measurements(self.measure)
        worst = -self.bound(scene) if self.gain else None
        if not found:
            return [] if self.gain else [unknown(self, scene, self.measure, worst=worst)]
        return self.taken([self._one(one, scene) for one in found])

    def _one(self, one: Measurement, scene: Scene) -> Sequence[Charge]:
        applies = self.when.holds(scene) if self.when is not None else True
        base = bound_of(self.against, one, scene)
        if self.when is not None and applies is None:
            return [unknown(self, scene, self.when.lacks(scene))]
        if base is None or one.value is None:
            other = base is None and self.against.startswith("target:")
            what = self.against if other else f"{self.measure}:{self.against}"
            return [unknown(self, scene, what)]
        gap, told = self._gap(Fraction(one.value), base)
        if not applies or gap <= 0:
            return []
        times = self._times(gap / Fraction(self.per))
        each = self.worth(self.each, scene)
        amount = times * each
        many = step("steps", count=times, of=Fraction(self.per), each=each, amount=amount)
        return [_measured(one, amount if self.gain else -amount, *told, many)] if times else []

    def _gap(self, value: Fraction, base: Fraction) -> tuple[Fraction, list[Step]]:
        """How far the value lies on the charged side, negative on the other, and the steps."""
        below, above = (value, base) if self.direction == "below" else (base, value)
        gap = above - below
        told = [step("gap", value=value, base=base, gap=gap)]
        if self.low is not None or self.high is not None:
            low = below if self.low is None else max(below, Fraction(self.low))
            high = above if self.high is None else min(above, Fraction(self.high))
            gap = high - low
            told.append(step("gap_between", low=low, high=high, gap=gap))
        if self.relative and base:
            told.append(step("gap_share", gap=gap, base=base, share=gap / base * 100))
            gap = gap / base * 100
        if self.free:
            free = Fraction(self.free)
            told.append(step("gap_free", gap=gap, free=free, left=gap - free))
            gap -= free
        return gap, told

    def _times(self, steps: Fraction) -> Fraction:
        if self.steps == "pro_rata":
            return steps
        whole = steps.numerator // steps.denominator
        return Fraction(whole + (1 if self.steps == "started" and steps != whole else 0))


class Threshold(RuleBase):
    """One cut-off decides: where the condition holds, `lose` is lost or `win` won, else nothing.

    Words: 低于的扣, 超过的扣, 高于的不得分
    Facts: measurement, target, rank, finding, recognition
    Formula: lose or win, where when holds
    Examples: zhongfang-2021 12.1#1; xx-2020 2.4#1
    """

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
        if self.win is not None:
            win = self.worth(self.win, scene)
            return [self._charged(win, step("win", amount=win), scene)] if verdict else []
        lose = self.worth(self.lose or "0", scene)
        if verdict is None:
            return [unknown(self, scene, self.when.lacks(scene), worst=lose)]
        return [self._charged(-lose, step("lose", amount=lose), scene)] if verdict else []

    def _charged(self, amount: Fraction, told: Step, scene: Scene) -> Charge:
        ground = self.when.ground(scene)
        return Charge(amount, (*ground.steps, told), cause=ground.cause)


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


class Tiered(Measured):
    """Several bands each with its own amount (优秀 60, 良好 45, ...).

    Where two bands match, the one that names the exact number wins, else the first.

    Words: 优秀、良好、合格分别得, 达到的得多少、超过的得多少
    Facts: measurement
    Formula: get, or worth − lose, of the band
    Examples: zhongfang-2021 28.6#1; xx-2020 1.2.1#1
    """

    kind: Literal["tiered"] = "tiered"
    measure: str
    tiers: Annotated[tuple[Tier, ...], Field(min_length=1)]
    gain: bool = False

    def bound(self, scene: Scene) -> Fraction:
        """What the worst band takes."""
        taken = [
            scene.worth - self.worth(one.get, scene)
            if one.get is not None
            else self.worth(one.lose or "0", scene)
            for one in self.tiers
        ]
        return min(super().bound(scene), max(taken))

    def charges(self, scene: Scene) -> Sequence[Charge]:
        found = scene.measurements(self.measure)
        if not found:
            return [] if self.gain else [unknown(self, scene, self.measure)]
        return self.taken([self._one(one, scene) for one in found])

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
        value = one.grade or Fraction(one.value or 0)
        told = step("tier", value=value, amount=abs(amount))
        if tier.get is not None and not self.gain:
            told = step("tier_keeps", value=value, got=kept, worth=scene.worth, amount=-amount)
        return [_measured(one, amount, told)] if amount else []


class Ratio(Measured):
    """In proportion to completion: 得分 = 率 x 分值; the rest is lost.

    `full_at` gives full points from that rate on (预算执行率≥80%得满分); below it points are the
    rate times the worth, as the documents write it. With `finding` the share that failed is lost:
    what was found, of the number `among` that was looked at (a target). What the rules of
    `excluding` charge already is not counted (同一问题因通报、约谈等已被扣分的，不纳入计算), among
    what was found alone or among what was looked at too (`excluded`).

    Words: 按比例得分, 得分为完成率乘以, 按完成比例, 占总数比例扣分
    Facts: measurement, finding, target
    Formula: (1 − rate ÷ out_of) × of, or found ÷ among × of
    Examples: zhongfang-2021 28.8#1; xx-2020 3.16.6#1
    """

    kind: Literal["ratio"] = "ratio"
    measure: str | None = None
    full_at: Annotated[Number, Field(gt=0)] | None = None
    out_of: Annotated[Number, Field(gt=0)] = Decimal(100)
    of: Amount = "all"
    finding: str | None = None
    among: str | None = None
    excluding: tuple[str, ...] = ()
    excluded: Literal["found", "looked_at"] = "found"

    @model_validator(mode="after")
    def _one_rate(self) -> Self:
        if (self.measure is None) == (self.finding is None):
            raise ValueError("a ratio is of a measured rate or of findings")
        if (self.finding is None) != (self.among is None):
            raise ValueError("findings are a share of the number that was looked at (among)")
        return self

    def charges(self, scene: Scene) -> Sequence[Charge]:
        worth = self.worth(self.of, scene)
        if self.finding is not None and self.among is not None:
            return self._failed(scene.findings(self.finding), self.among, worth, scene)
        found = scene.measurements(self.measure or "")
        if not found:
            return [unknown(self, scene, self.measure or "", worst=worth)]
        return self.taken([self._one(one, worth) for one in found])

    def _one(self, one: Measurement, worth: Fraction) -> Sequence[Charge]:
        rate = Fraction(one.value or 0)
        if self.full_at is not None and rate >= Fraction(self.full_at):
            return []
        share = min(Fraction(1), rate / Fraction(self.out_of))
        told = step("ratio", rate=rate, out_of=Fraction(self.out_of), worth=worth,
                    got=share * worth, amount=worth - share * worth)  # fmt: skip
        return [_measured(one, share * worth - worth, told)] if share < 1 else []

    def _failed(
        self, found: Sequence[Finding], among: str, worth: Fraction, scene: Scene
    ) -> Sequence[Charge]:
        total = scene.target(among)
        if not total:
            return [unknown(self, scene, among, worst=worth)]
        charged = scene.problems_charged(self.excluding) if self.excluding else frozenset()
        counted = [one for one in found if one.problem not in charged]
        failed = sum(one.count for one in counted)
        if not failed:
            return []
        left_out = sum(one.count for one in found) - failed
        steps = [step("left_out", count=left_out)] if left_out else []
        if left_out and self.excluded == "looked_at":
            left = max(Fraction(failed), total - left_out)
            steps.append(step("looked_at", total=total, left_out=left_out, left=left))
            total = left
        lost = min(Fraction(1), failed / total) * worth
        told = step("failed_share", count=failed, total=total, worth=worth, amount=lost)
        units = tuple(sorted({one.unit for one in counted if one.unit}))
        cause = because(*counted, occurred_at=counted[-1].occurred_at)._replace(units=units)
        return [Charge(-lost, (*steps, told), cause=cause)]


class Point(Definition):
    """A corner of a broken line: at value `at` the clause is worth `get`."""

    at: Number
    get: Amount


class Linear(Measured):
    """Interpolation between stated points (确保目标 54, 力争目标 60); flat outside them.

    Corners are numbers; where a target sets the value, `ends` names the target instead.

    Words: 在两个值之间的按比例得分
    Facts: measurement, target
    Formula: worth − (low + (high − low) × (value − from) ÷ (to − from))
    Examples: xx-2020 2.2#1; xx-2020 1.4.1#1
    """

    kind: Literal["linear"] = "linear"
    measure: str
    corners: tuple[Point, ...] = ()
    ends: dict[str, Amount] = Field(default_factory=dict)

    def bound(self, scene: Scene) -> Fraction:
        """What its lowest corner leaves out."""
        kept = [*(one.get for one in self.corners), *self.ends.values()]
        lowest = min(self.worth(one, scene) for one in kept)
        return min(super().bound(scene), scene.worth - lowest)

    def charges(self, scene: Scene) -> Sequence[Charge]:
        found = scene.measurements(self.measure)
        corners = self._corners(scene)
        if not found or corners is None:
            return [unknown(self, scene, self.measure)]
        return self.taken([self._one(one, corners, scene) for one in found])

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
        (x1, y1), (x2, y2) = stretch(value, corners)
        if x1 == x2:
            got = y1
            told = step("linear_flat", value=value, got=got, worth=scene.worth,
                        amount=scene.worth - got)  # fmt: skip
        else:
            got = y1 + (y2 - y1) * (value - x1) / (x2 - x1)
            told = step("linear", value=value, start=x1, end=x2, low=y1, high=y2, got=got,
                        worth=scene.worth, amount=scene.worth - got)  # fmt: skip
        return [_measured(one, got - scene.worth, told)] if got < scene.worth else []


Corner = tuple[Fraction, Fraction]


def stretch(value: Fraction, corners: Sequence[Corner]) -> tuple[Corner, Corner]:
    """The two of `corners` (sorted) between which the value lies; beyond the ends, where the line
    is flat, twice the end."""
    if value <= corners[0][0]:
        return corners[0], corners[0]
    found = next(((a, b) for a, b in pairwise(corners) if value <= b[0]), None)
    return found or (corners[-1], corners[-1])


class RankRule(RuleBase):
    """Depends on the place among peers.

    `places` gives an amount per place (第1名加5分), counted from the top or the bottom; those
    passed over are left out (递补). Or the points run in proportion between the worst and the best
    peer (`worst_gets` to all of `of`), by value or by place (`by`). Or each place risen since last
    year counts `each_risen` (上升一名再加0.5分). `when` is the condition under which the rule
    applies at all.

    Words: 第1名加, 排名倒数后10位扣, 根据排名赋分, 上升一名再加, 递补
    Facts: rank, recognition
    Formula: places[place − passed_over], or of − (worst_gets + (of − worst_gets) × (value −
        worst) ÷ (best − worst)), or risen × each_risen
    Examples: zhongfang-2021 B.1#3; xx-2020 3.13.3#1
    """

    kind: Literal["rank"] = "rank"
    rank: str
    places: dict[int, Amount] = Field(default_factory=dict)
    beyond: Amount | None = Field(default=None, description="For every place after the last one.")
    from_end: Literal["top", "bottom"] = "top"
    of: Amount = "all"
    worst_gets: Amount | None = None
    by: Literal["value", "place"] = "value"
    each_risen: Amount | None = None
    gain: bool = False
    when: When | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if sum((bool(self.places), self.worst_gets is not None, self.each_risen is not None)) != 1:
            raise ValueError("rank gives one of places, worst_gets, each_risen")
        return self

    def bound(self, scene: Scene) -> Fraction:
        """What the worst place takes."""
        if self.worst_gets is not None:
            most = self.worth(self.of, scene) - self.worth(self.worst_gets, scene)
        else:
            amounts = [*self.places.values(), self.beyond or "0"]
            most = max(self.worth(one, scene) for one in amounts)
        return min(super().bound(scene), most)

    def charges(self, scene: Scene) -> Sequence[Charge]:
        applies = self.when.holds(scene) if self.when is not None else True
        if applies is False:
            return []
        rank = scene.ranking(self.rank)
        if rank is None:
            return [] if self.gain else [unknown(self, scene, self.rank)]
        made = self._at(rank, scene)
        if applies or self.when is None:
            return made
        if self.gain or not made:
            return []
        worst = sum((charge.amount + charge.worst for charge in made), Fraction(0))
        return [unknown(self, scene, self.when.lacks(scene), worst=worst)]

    def _at(self, rank: Rank, scene: Scene) -> Sequence[Charge]:
        """What the place costs or wins where the rule applies."""
        if self.worst_gets is not None:
            return self._between_peers(rank, scene)
        if self.each_risen is not None:
            return self._risen(rank, self.each_risen, scene)
        return self._placed(rank, scene)

    def _placed(self, rank: Rank, scene: Scene) -> Sequence[Charge]:
        place = rank.place - rank.passed_over
        if self.from_end == "bottom":
            if rank.of is None:
                return [unknown(self, scene, f"{self.rank}:of")]
            place = rank.of - rank.place + 1
        after_last = self.beyond if place > max(self.places) else None
        amount = self.worth(self.places.get(place, after_last or "0"), scene)
        told = [step("rank", place=place, amount=amount)]
        if self.from_end == "bottom":
            told = [step("rank", place=rank.place, of=rank.of or 0, last=place, amount=amount)]
        elif rank.passed_over:
            told.insert(0, step("moved_up", place=rank.place, over=rank.passed_over))
        return self._one(rank, amount, *told)

    def _risen(self, rank: Rank, each: str, scene: Scene) -> Sequence[Charge]:
        if rank.risen is None:
            return [unknown(self, scene, f"{self.rank}:previous", worst=Fraction(0))]
        one = self.worth(each, scene)
        amount = max(0, rank.risen) * one
        told = step("risen", previous=rank.previous or 0, place=rank.place, risen=rank.risen,
                    each=one, amount=amount)  # fmt: skip
        return self._one(rank, amount, told)

    def _one(self, rank: Rank, amount: Fraction, *told: Step) -> Sequence[Charge]:
        signed = amount if self.gain else -amount
        if not amount:
            return []
        return [Charge(signed, told, cause=because(rank))]

    def _between_peers(self, rank: Rank, scene: Scene) -> Sequence[Charge]:
        ends = self._ends(rank)
        if ends is None:
            return [unknown(self, scene, f"{self.rank}:peers")]
        full, low = self.worth(self.of, scene), self.worth(self.worst_gets or "0", scene)
        value, worst, best = ends
        share = Fraction(1) if best == worst else (value - worst) / (best - worst)
        got = low + (full - low) * max(Fraction(0), min(Fraction(1), share))
        lost = got - full
        told = (step("peers", value=value, worst=worst, best=best, low=low, got=got, worth=full,
                     amount=-lost),)  # fmt: skip
        return [Charge(lost, told, cause=because(rank))] if lost else []

    def _ends(self, rank: Rank) -> tuple[Fraction, Fraction, Fraction] | None:
        """Own, worst and best: values, or places where those count."""
        if self.by == "place":
            return (
                None if rank.of is None else (Fraction(rank.place), Fraction(rank.of), Fraction(1))
            )
        if rank.value is None or rank.worst is None or rank.best is None:
            return None
        return Fraction(rank.value), Fraction(rank.worst), Fraction(rank.best)
