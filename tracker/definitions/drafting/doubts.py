"""How the sanctions of a clause stand to one another, where its words leave it open: in addition or
instead, inside the item or beside it, for the one problem or for all. Every alternative computes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tracker.definitions.clauses import ReadClause
from tracker.definitions.drafting import passages
from tracker.definitions.drafting.duties import key_of
from tracker.definitions.drafting.making import Mapped, Place
from tracker.domain.programme import Duty, Milestone
from tracker.domain.rules import (
    Bonus,
    DutyOnly,
    Linear,
    Multiplier,
    NoDouble,
    PerIncident,
    PerMissing,
    PerStep,
    Rule,
    Threshold,
    Veto,
)

Setting = dict[str, Any]


@dataclass(frozen=True)
class Doubt:
    """`about` says what kind of question it is; the first alternative is the one drafted. What sets
    a clause's rules anew only adds to them, or changes them in place: other readings name them."""

    about: str
    asks: str
    choices: tuple[tuple[str, Setting], ...]


def doubts(
    reading: ReadClause, mapped: Mapped, place: Place, duties: Sequence[Duty] = ()
) -> Iterator[Doubt]:
    look = _Looking(reading, mapped, place, duties)
    yield from look.instead()
    yield from look.inside()
    yield from look.which_problem()
    yield from look.once()
    yield from look.whose_veto()
    yield from look.equal()
    yield from look.segments()
    yield from look.rest_of_a_step()
    yield from look.missed_stage()


@dataclass(frozen=True)
class _Looking:
    reading: ReadClause
    mapped: Mapped
    place: Place
    duties: Sequence[Duty] = ()

    # -- in addition or instead ---------------------------------------------------------------

    def instead(self) -> Iterator[Doubt]:
        """申报加1分，获得命名，加2分; 每恶化1个点扣0.2分，超过10%的扣4分: are both charged?"""
        pairs = [
            (one, two)
            for (one, first), (two, second) in self._neighbours()
            if self._greater(first, second) and not _ADDED.search(second.says)
        ]
        if not pairs or any(isinstance(rule, NoDouble) for rule in self.mapped.rules):
            return  # 不重复加分 says it
        one, two = pairs[0]
        gain = isinstance(self.mapped.rules[two - 1], Bonus)
        waived = [
            {"kind": "exemption", "when": {"charged": self._id(b)}, "rules": [self._id(a)]}
            for a, b in pairs
        ]
        first, second = (_short(self.mapped.rules[n - 1].says) for n in (one, two))
        add = "加" if gain else "扣"
        yield Doubt("instead", f"“{second}”：在“{first}”之外另{add}，还是代替它？", (
            ("另外再加" if gain else "另外再扣", {}),
            ("只按后一笔加" if gain else "只按后一笔扣",
             {f"{self.place.clause}.rules": [*self._bodies(), *waived]}),
        ))  # fmt: skip

    def _neighbours(self) -> Iterator[tuple[tuple[int, Rule], tuple[int, Rule]]]:
        """Sanctions that follow each other in one sentence."""
        numbered = list(enumerate(self.mapped.rules, start=1))
        spans = self._spans()
        for (one, first), (two, second) in pairwise(numbered):
            a, b = spans.get(one), spans.get(two)
            if a is None or b is None or a == b:
                continue
            between = self.reading.text[a[0] : b[1]]
            if not re.search(r"[。；;\n]", between.rstrip("。；;\n ")):
                yield (one, first), (two, second)

    def _spans(self) -> dict[int, tuple[int, int]]:
        return {
            n + 1: self.reading.rules[read].span
            for read, made in self.mapped.of.items()
            for n in made
        }

    def _greater(self, first: Rule, second: Rule) -> bool:
        """Whether the second tells of the same matter gone further."""
        if isinstance(first, PerStep) and isinstance(second, Threshold):
            return not first.gain and second.lose is not None
        if isinstance(first, Bonus) and isinstance(second, Bonus):
            return _more(first.award, second.award) and not first.classes
        if isinstance(first, PerIncident) and isinstance(second, PerIncident):
            alike = _pairs(_tail(first.says)) & _pairs(_tail(second.says))
            return _more(first.each, second.each) and bool(alike)
        return False

    # -- inside the item ----------------------------------------------------------------------

    def inside(self) -> Iterator[Doubt]:
        """每多20件加0.1分, in the base part: does it make up for losses, or is it added apart?"""
        gains = [n for n, rule in self._numbered(Bonus)]
        if not gains or self.place.beside or self.mapped.earned:
            return
        pieces = "；".join(_short(self.mapped.rules[n - 1].says) for n in gains)
        yield Doubt("inside", f"“{pieces}”：加的分算在本任务里，还是另外加？", (
            ("算在本任务里，抵扣掉的分，不超过任务分值",
             {self._field(n, "apart"): False for n in gains}),
            ("另外加，可以超过任务分值", {self._field(n, "apart"): True for n in gains}),
        ))  # fmt: skip

    # -- which problem ------------------------------------------------------------------------

    def which_problem(self) -> Iterator[Doubt]:
        """表扬的减半扣分: what was charged for that problem, or all of the clause."""
        for n, rule in self._numbered(Multiplier):
            assert isinstance(rule, Multiplier)
            plain = re.search(r"该(?:问题|件|起|案)|此(?:类|项)|相应|月度|任务", rule.says)
            if not rule.same_problem or plain or not rule.rules:
                continue
            asks = f"“{_short(rule.says)}”：只改这一个问题的扣分，还是本条全部扣分？"
            yield Doubt("which", asks, (
                ("只改对应问题的那一笔", {self._field(n, "same_problem"): True}),
                ("改本条的全部扣分", {self._field(n, "same_problem"): False}),
            ))  # fmt: skip

    # -- once or each -------------------------------------------------------------------------

    def once(self) -> Iterator[Doubt]:
        """不足一个扣2.5分, 上升一名再加0.5分: without 每 it may be once; 只加一次."""
        for n, rule in self._numbered(PerMissing, PerIncident, Bonus):
            each = getattr(rule, "each", None) or getattr(rule, "award", None)
            if (
                each is None
                or rule.cap == str(each)
                or not _ONE_OF.search(rule.says)
                or "每" in rule.says
            ):
                continue
            yield self._once(n, rule, str(each))
        only_once = any(isinstance(rule, NoDouble) and "一次" in rule.says
                        for rule in self.mapped.rules)  # fmt: skip
        for n, rule in self._numbered(Bonus):
            if only_once and isinstance(rule, Bonus) and rule.cap is None and rule.award:
                asks = f"“{_short(rule.says)}”：只加一次，是同一事由一次，还是全年一次？"
                yield Doubt("once", asks, (
                    ("同一事由只加一次，别的事由另加", {self._field(n, "cap"): None}),
                    ("全年只加一次", {self._field(n, "cap"): rule.award}),
                ))  # fmt: skip

    def _once(self, n: int, rule: Rule, each: str) -> Doubt:
        asks = f"“{_short(rule.says)}”没有写“每”，按个数计还是只计一次？"
        return Doubt("once", asks, (
            ("按个数计", {self._field(n, "cap"): rule.cap}),
            ("只计一次", {self._field(n, "cap"): each}),
        ))  # fmt: skip

    # -- whose veto ---------------------------------------------------------------------------

    def whose_veto(self) -> Iterator[Doubt]:
        """该项总得分为零, in an item of several clauses: the clause or the item."""
        for n, rule in self._numbered(Veto):
            assert isinstance(rule, Veto)
            whole = (
                rule.scope == "item"
                and rule.when.finding is not None
                and re.search(r"[该本此]项", rule.says)
            )
            if not whole or not self.place.clause.startswith(f"{self.place.item}."):
                continue
            body = self._bodies()
            clause = {"kind": "all_or_nothing", "lose": "all", "finding": rule.when.finding,
                      "says": rule.says}  # fmt: skip
            asks = f"“{_short(rule.says)}”：管本条，还是管任务 {self.place.item} 的全部？"
            yield Doubt("whose", asks, (
                (f"任务 {self.place.item} 全部不得分", {}),
                ("只是本条不得分", {f"{self.place.clause}.rules": [
                    *body[: n - 1], clause, *body[n:]]}),
            ))  # fmt: skip

    # -- just so much -------------------------------------------------------------------------

    def equal(self) -> Iterator[Doubt]:
        """低于目标得20分，高于目标不得分: and a value that is just the target?"""
        told = re.search(r"低于[^，,。；;]*得.*高于|高于[^，,。；;]*得.*低于", self.reading.text)
        for n, rule in self._numbered(Threshold):
            assert isinstance(rule, Threshold)
            limit = rule.when.above or rule.when.below
            if not told or limit is None or rule.when.measure is None:
                continue
            side = "above" if rule.when.above else "below"
            whole = "at_least" if rule.when.above else "at_most"
            path = self._field(n, "when")
            yield Doubt("equal", "正好等于目标值的怎样算？", (
                ("算达到，不扣", {path: {"measure": rule.when.measure, side: limit}}),
                ("算没有达到", {path: {"measure": rule.when.measure, whole: limit}}),
            ))  # fmt: skip

    # -- segments -----------------------------------------------------------------------------

    def segments(self) -> Iterator[Doubt]:
        """超出5个的，每增加1个加1分: only what is beyond, or all of it at the higher rate."""
        steps = [(n, rule) for n, rule in self._numbered(PerStep) if isinstance(rule, PerStep)]
        if len(steps) != 2 or not steps[1][1].free or steps[0][1].measure != steps[1][1].measure:
            return
        (one, first), (two, second) = steps
        body = self._bodies()
        limit = f"{second.free:f}"
        low = {**body[one - 1], "when": {"measure": first.measure, "at_most": limit}}
        high = {**body[two - 1], "when": {"measure": first.measure, "above": limit}}
        high.pop("free", None)
        path = f"{self.place.clause}.rules"
        changed = [low if n == one else high if n == two else b for n, b in enumerate(body, 1)]
        yield Doubt("segments", f"超出 {limit} 的，{limit} 以内的部分按哪一档？", (
            ("分段计：以内按前一档，超出的部分按后一档", {}),
            ("全部按后一档", {path: changed}),
        ))  # fmt: skip

    def rest_of_a_step(self) -> Iterator[Doubt]:
        """每差1个百分点扣2分, beside what is counted in proportion: and half a point of it?"""
        steps = self._numbered(PerStep)
        whole = [n for n, rule in steps if isinstance(rule, PerStep) and _whole_ones(rule)]
        if not whole or not self._numbered(Linear):
            return
        ways = (("满一个步长才扣一次，不足的不计", "completed"),
                ("不足一个步长按一个步长计", "started"), ("按比例折算", "pro_rata"))  # fmt: skip
        yield Doubt("steps", "不足1的部分怎样计？", tuple(
            (says, {self._field(n, "steps"): steps for n in whole}) for says, steps in ways
        ))  # fmt: skip

    # -- stages -------------------------------------------------------------------------------

    def missed_stage(self) -> Iterator[Doubt]:
        """8月底前建清单；12月底前完成整治，每少1座扣0.1分: what is lost by missing the first?"""
        stages = {duty.id: duty for duty in self.duties if isinstance(duty, Milestone)}
        charged = {getattr(rule, "duty", None) for rule in self.mapped.rules
                   if not isinstance(rule, DutyOnly)}  # fmt: skip
        if self.place.beside or not charged & set(stages):
            return
        for n, rule in self._numbered(DutyOnly):
            assert isinstance(rule, DutyOnly)
            stage = stages.get(rule.duty)
            if stage is None or not stage.wording:
                continue
            lost = {self._field(n, "kind"): "all_or_nothing", self._field(n, "lose"): "all"}
            title = stage.title or _short(rule.says)
            key = f"{key_of(self.place.clause)}_{rule.duty}_missed"
            self.mapped.names[key] = f"{title}（误期）"
            path = f"{self.place.clause}.rules"
            decided = {"kind": "discretionary", "most": "all", "asked": key}
            asks = f"“{title}”（{stage.wording}）没有写误了怎样扣，怎样算？"
            yield Doubt("stage", asks, (
                ("不扣分，只跟踪催办", {}),
                ("失去本条分值", lost),
                ("由考核方在分值内认定", {path: [*self._bodies(), decided]}),
            ))  # fmt: skip

    # -- small ones ---------------------------------------------------------------------------

    def _numbered(self, *kinds: type[Rule]) -> list[tuple[int, Rule]]:
        rules: Sequence[Rule] = self.mapped.rules
        return [(n, rule) for n, rule in enumerate(rules, start=1) if isinstance(rule, kinds)]

    def _bodies(self) -> list[Setting]:
        return [one.model_dump(mode="json", exclude_defaults=True) | {"kind": one.kind}
                for one in self.mapped.rules]  # fmt: skip

    def _id(self, n: int) -> str:
        return f"{self.place.clause}#{n}"

    def _field(self, n: int, name: str) -> str:
        return f"{self.place.clause}#{n}.{name}"


_ADDED = re.compile(r"[再另][加扣]|加扣|追加|在此基础上")
_ONE_OF = re.compile(
    r"(?:不足|上升|提升|前进|提高|增加|超[过出]|下降|降低)\s*[一1]\s*[个名位项件条]"
)


def _whole_ones(rule: PerStep) -> bool:
    return rule.per == 1 and rule.steps == "completed"


def _more(one: str | None, other: str | None) -> bool:
    """Whether the other amount is more, in the same measure."""
    if not one or not other or one.endswith("%") != other.endswith("%"):
        return False
    if not (one + other).replace("%", "").replace(".", "").isdigit():
        return False
    return float(other.rstrip("%")) > float(one.rstrip("%"))


def _tail(says: str) -> str:
    """What was found, in the last words before the amount."""
    head = re.split(r"的?(?:每[^，,]{0,6})?(?:加扣|扣)", says.strip("，,；;。 "))[0]
    return re.split(r"[，,]", head)[-1][-12:]


def _pairs(text: str) -> set[str]:
    plain = re.sub(r"[每一次起件项个的被]|发生|发现|问题|情况|整改|约谈|未按要求", "#", text)
    return {plain[n : n + 2] for n in range(len(plain) - 1) if "#" not in plain[n : n + 2]}


def _short(says: str) -> str:
    return passages.shortened(says.strip(" \n，,；;。、"), 28)
