"""Rules that look at duties: deadlines, stages, periods, clocks."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from schedules.deadlines import NO_TIME, months_late
from schedules.deadlines import Lateness as Delay
from tracker.domain.points import Amount, Number
from tracker.domain.rules.base import (
    HAPPENED,
    NOTHING,
    Batches,
    Charge,
    Definition,
    RuleBase,
    Scene,
    Status,
    Step,
    When,
    because,
    step,
    times_of,
    unknown,
)

if TYPE_CHECKING:
    from tracker.domain.obligations import Joined


def charge_for(joined: Joined, amount: Fraction, told: tuple[Step, ...], status: Status) -> Charge:
    return Charge(amount, told, status, NOTHING, joined)


class DutyOnly(RuleBase):
    """A deadline, period or time limit with no sanction of its own: tracked, reminded, reported
    late, 0 points (尾矿库清单 8月底前, county 20.5).

    Words: 时限, 进度节点（没有写扣分）
    Facts: report, review, extension, suspension, waiver, close_out
    Formula: 0
    Examples: zhongfang-2021 20.5#2; xx-2020 3.1#2
    """

    kind: Literal["duty"] = "duty"
    duty: str

    def charges(self, scene: Scene) -> Sequence[Charge]:
        return []


class AllOrNothing(RuleBase):
    """One yes/no test; failing costs `lose`: 未完成不得分, 未开展扣0.2分.

    The test is a duty, a finding (any one fails), or a condition that must hold. A duty that was
    done late fails where `late` is "fails" (未按时完成); where it is "forgiven" only what is still
    open counts (未开展).

    Words: 未完成不得分, 未开展的扣, 否则不得分, 未按时完成的扣
    Facts: report, review, finding, measurement
    Formula: lose
    Examples: zhongfang-2021 3#1; xx-2020 3.5.1#1
    """

    kind: Literal["all_or_nothing"] = "all_or_nothing"
    lose: Amount = "all"
    duty: str | None = None
    late: Literal["fails", "forgiven"] = "fails"
    finding: str | None = None
    must: When | None = None

    @model_validator(mode="after")
    def _one_test(self) -> Self:
        if sum(test is not None for test in (self.duty, self.finding, self.must)) != 1:
            raise ValueError("all_or_nothing tests one of duty, finding, must")
        return self

    def bound(self, scene: Scene) -> Fraction:
        return self.worth(self.lose, scene)

    def charges(self, scene: Scene) -> Sequence[Charge]:
        lose = self.worth(self.lose, scene)
        if self.duty is not None:
            owed, taken = scene.troubled(self.duty), -lose
            told = (HAPPENED, step("lose", amount=lose))
            return [charge for j in owed for charge in self._duty(j, taken, told, scene)]
        if self.finding is not None:
            return self._finding(self.finding, lose, scene)
        return self._condition(lose, scene)

    def _duty(
        self, joined: Joined, taken: Fraction, told: tuple[Step, ...], scene: Scene
    ) -> Sequence[Charge]:
        if joined.unknown:
            return [unknown(self, scene, joined.unknown, worst=-taken)]
        failed = joined.missed if self.late == "fails" else joined.overdue
        if not failed:
            return []
        recoverable = self.late == "forgiven" and not scene.final
        status = Status.PROVISIONAL if recoverable else Status.SETTLED
        return [charge_for(joined, taken, told, status)]

    def _finding(self, key: str, lose: Fraction, scene: Scene) -> Sequence[Charge]:
        found = scene.findings(key)
        if not found:
            return []
        first = found[0]
        steps = (step("found", count=sum(one.count for one in found)), step("lose", amount=lose))
        return [Charge(-lose, steps, cause=because(*found, unit=first.unit, problem=first.problem))]

    def _condition(self, lose: Fraction, scene: Scene) -> Sequence[Charge]:
        assert self.must is not None
        verdict = self.must.holds(scene)
        if verdict is None:
            return [unknown(self, scene, self.must.lacks(scene), worst=lose)]
        if verdict:
            return []
        ground = self.must.ground(scene)
        steps = (*ground.steps, step("condition_failed"), step("lose", amount=lose))
        return [Charge(-lose, steps, cause=ground.cause)]


class PerMissing(RuleBase):
    """Per thing short of a quota or not submitted: 每少完成1个扣0.5分, 每少一件扣0.1分.

    A quantity is judged at its stage's deadline (`at_deadline`: what comes later does not help) or
    as it stands (`now`: catching up recovers). A period is short by what was not submitted in it;
    no offset between periods. `per` is how many missing things make one `each` (每少20件); `steps`
    says whether only full ones count or a started one too. With `finding` the things are counted by
    findings of that key instead of by a duty.

    Words: 每少1个扣, 每少完成1项扣, 每缺一件扣
    Facts: report, review, target, finding
    Formula: ⌊(needed − had) ÷ per⌋ × each
    Examples: zhongfang-2021 20.2#1; xx-2020 3.11.3#1
    """

    kind: Literal["per_missing"] = "per_missing"
    each: Amount
    per: Annotated[Number, Field(gt=0)] = Decimal(1)
    duty: str | None = None
    finding: str | None = None
    judged: Literal["at_deadline", "now"] = "at_deadline"
    steps: Literal["completed", "started"] = "completed"

    @model_validator(mode="after")
    def _one_count(self) -> Self:
        if (self.duty is None) == (self.finding is None):
            raise ValueError("per_missing counts either a duty or a finding")
        return self

    def charges(self, scene: Scene) -> Sequence[Charge]:
        if self.finding is not None:
            return counted(self, scene, self.finding, self.each, per=Fraction(self.per))
        assert self.duty is not None
        return [charge for j in scene.troubled(self.duty) for charge in self._short(j, scene)]

    def _short(self, joined: Joined, scene: Scene) -> Sequence[Charge]:
        each = self.worth(self.each, scene)
        if joined.unknown:
            # Where only its day is missing, no more than all that it asks for can be short.
            number = joined.worst.obligation.needed
            most = None if number is None else self._times(number) * each
            return [unknown(self, scene, joined.unknown, worst=most)]
        if not joined.past or joined.waived:
            return []
        had = joined.had_in_time if self.judged == "at_deadline" else joined.has
        missing = joined.needed - had
        if missing <= 0:
            return []
        times = self._times(missing)
        steps = (
            *joined.needing(),
            step("short", needed=joined.needed, had=had, missing=missing),
            step("times", count=Fraction(times), each=each, amount=times * each),
        )
        in_time = self.judged == "at_deadline"
        open_ = joined.unreviewed_in_time if in_time else joined.unreviewed or not scene.final
        status = Status.PROVISIONAL if open_ else Status.SETTLED
        return [charge_for(joined, -times * each, steps, status)] if times else []

    def _times(self, missing: Fraction) -> int:
        full, rest = divmod(missing, Fraction(self.per))
        return full + 1 if self.steps == "started" and rest else full


def counted(
    rule: RuleBase, scene: Scene, key: str, each: str, *, per: Fraction = Fraction(1)
) -> Sequence[Charge]:
    """One charge per finding, `each` for every `per` that it makes full."""
    amount, batches = rule.worth(each, scene), Batches(per)
    charges: list[Charge] = []
    for found in scene.findings(key):
        count, once = times_of(found, scene)
        times, told = batches.filled(Fraction(count))
        if times:
            many = step("times", count=times, each=amount, amount=times * amount)
            cause = because(found, unit=found.unit, subject=found.subject, problem=found.problem)
            charges.append(Charge(-times * amount, (*once, *told, many), cause=cause))
    return charges


class Piece(Definition):
    """One stretch of a curve over the delay, from the end of the piece before to `until`, included.

    Loses `flat`; or rises in proportion from the piece before to `rises_to` at `until` (推迟1-30天
    按比例). The last piece has no `until`.
    """

    until: Annotated[int, Field(ge=1)] | None = None
    flat: Amount | None = None
    rises_to: Amount | None = None

    @model_validator(mode="after")
    def _one_shape(self) -> Self:
        if (self.flat is None) == (self.rises_to is None):
            raise ValueError("a piece is either flat or rises_to an amount")
        if self.rises_to is not None and self.until is None:
            raise ValueError("a piece that rises ends somewhere (until)")
        return self


class Every(Definition):
    """A time block: 每延后12小时."""

    n: Annotated[int, Field(ge=1)]
    unit: Literal["hour", "day", "workday", "month"]


Price = tuple[Fraction, tuple[Step, ...]]
"""What a delay takes, negative, and the arithmetic."""


def _measured(joined: Joined, late: Delay, every: Every | None) -> int | Fraction:
    """The delay in the unit of the block; in days where there is none."""
    match every and every.unit:
        case "hour":
            return late.hours
        case "workday":
            return late.workdays
        case "month":
            return months_late(joined.due_on, late.days)
        case _:
            return late.days


class Lateness(RuleBase):
    """Loses by being late: flat (`base`), plus `each` per completed or started block of `every`,
    or along a curve of `pieces` over the days late; `never` instead where it was never done.

    Exactly at the limit is in time. `absorbs` names rules whose charges the larger of the two
    replaces (整体工作未按时完成扣2分 over the stages: the larger, not the sum). `after` names a
    duty (`clause/duty`): only cases that missed that one too are charged (办结不及时，又没报材料).
    Sources: county 31.2 (72 h, then 12 h blocks), district 3.16.7.4 (30-day curve).

    Words: 每延后12小时加扣, 推迟1-30天按比例扣, 未按时的扣, 没有报的不得分
    Facts: case, report, review, external_date, extension, suspension
    Formula: base + blocks × each, or along pieces
    Examples: zhongfang-2021 31.2#1; xx-2020 3.16.7.4#1
    """

    kind: Literal["lateness"] = "lateness"
    duty: str
    base: Amount | None = None
    every: Every | None = None
    each: Amount | None = None
    steps: Literal["completed", "started"] = "completed"
    pieces: tuple[Piece, ...] = ()
    never: Amount | None = None
    absorbs: tuple[str, ...] = ()
    after: str = ""

    @model_validator(mode="after")
    def _computes(self) -> Self:
        if (self.every is None) != (self.each is None):
            raise ValueError("a block (every) and its amount (each) go together")
        if not self.pieces and self.base is None and self.each is None:
            raise ValueError("lateness needs base, every and each, or pieces")
        if self.pieces and (self.base is not None or self.each is not None):
            raise ValueError("pieces already say everything: no base or each beside them")
        return self

    def bound(self, scene: Scene) -> Fraction:
        """What the longest delay takes; without end where it grows with the delay."""
        if self.each is not None:
            return super().bound(scene)
        curve = [piece.flat or piece.rises_to for piece in self.pieces]
        amounts = [self.worth(one, scene) for one in (*curve, self.base, self.never) if one]
        return min(super().bound(scene), max(amounts))

    def charges(self, scene: Scene) -> Sequence[Charge]:
        owed = scene.troubled(self.duty)
        if self.after:
            missed = {joined.occurrence for joined in scene.troubled(self.after) if joined.missed}
            owed = [joined for joined in owed if joined.occurrence in missed]
        # Many are late by the same days: one reckoning tells of all of them.
        known: dict[int | Fraction, Price] = {}
        return [charge for j in owed for charge in self._late(j, known, scene)]

    def _late(
        self, joined: Joined, known: dict[int | Fraction, Price], scene: Scene
    ) -> Sequence[Charge]:
        if joined.unknown:
            return [unknown(self, scene, joined.unknown)]
        if joined.overdue and scene.final and self.never is not None:
            never = self.worth(self.never, scene)
            told = (HAPPENED, step("never"), step("lose", amount=never))
            return [charge_for(joined, -never, told, Status.SETTLED)]
        late = joined.lateness
        if late.elapsed <= NO_TIME:
            return []
        measured = _measured(joined, late, self.every)
        price = known.get(measured)
        if price is None:
            price = self._curve(late.days, scene) if self.pieces else self._blocks(measured, scene)
            known[measured] = price
        amount, steps = price
        runs = joined.waiting or (joined.open and not scene.final)
        status = Status.PROVISIONAL if runs else Status.SETTLED
        return [charge_for(joined, amount, steps, status)]

    def _blocks(self, late: int | Fraction, scene: Scene) -> Price:
        base = self.worth(self.base, scene) if self.base is not None else Fraction(0)
        if self.every is None or self.each is None:
            return -base, (HAPPENED, step("flat", amount=base))
        each = self.worth(self.each, scene)
        # The deadline is a day's end, so a started day is a day late.
        whole, rest = divmod(late, self.every.n)
        count = int(whole) + (1 if rest and self.steps == "started" else 0)
        amount = base + count * each
        return -amount, (
            HAPPENED,
            step(f"blocks_{self.steps}", size=self.every.n, unit=self.every.unit, count=count,
                 late=Fraction(late)),
            step("base_plus", base=base, count=count, each=each, amount=amount),
        )  # fmt: skip

    def _curve(self, days: int, scene: Scene) -> Price:
        start, level = 0, Fraction(0)
        for piece in self.pieces:
            end = self.worth(piece.flat or piece.rises_to or "0", scene)
            if piece.until is None or days <= piece.until:
                break
            start, level = piece.until, end
        if piece.flat is not None:
            return -end, (HAPPENED, step("curve_flat", days=days, beyond=start, amount=end))
        assert piece.until is not None
        amount = level + (end - level) * Fraction(days - start, piece.until - start)
        return -amount, (
            HAPPENED,
            step("curve_rise", days=days - start, of=piece.until - start, low=level, high=end,
                 amount=amount),
        )  # fmt: skip
