"""Sanctions on measured values, rates and ranks: what they are measured from, and on which side."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from tracker.definitions.clauses import ReadRule
from tracker.definitions.drafting import bands, passages
from tracker.definitions.drafting.duties import key_of
from tracker.definitions.drafting.making import MEASURED, TO_COME, Choice, Making
from tracker.domain.programme import TargetValue
from tracker.domain.rules import (
    AllOrNothing,
    Bonus,
    Exemption,
    Linear,
    PerIncident,
    PerStep,
    RankRule,
    Ratio,
    Rule,
    Threshold,
    Tiered,
    When,
)
from tracker.domain.rules.measures import Point

_AIMED = re.compile(
    r"(高于|超过|大于|低于|小于)[^，,。；;]{0,8}目标值?[^，,。；;]{0,2}(?:不得|[扣失])"
)
_PRO_RATA = re.compile(r"不[足满][^，。；]{0,14}按比例")


class Measuring(Making):
    """Rules that look at a measurement or a place among peers."""

    def per_step(self, read: ReadRule, number: int) -> Sequence[Rule]:
        each = bands.amount(read.deduct) or bands.amount(read.award)
        if each is None:
            return []
        gain = read.deduct is None
        unit = read.step.unit if read.step is not None else ""
        text = self.passage(read)
        per = read.step.n if read.step is not None and read.step.n > 0 else Decimal(1)
        side = "above" if passages.rises(text) != gain else "below"
        against, relative = self._base(read, number, self._of_its_day(read), unit)
        steps = (
            "pro_rata" if re.search(r"不足[^，。；]{0,8}按比例|按比例[加扣]", text) else "completed"
        )
        return [
            PerStep.model_validate(
                {
                    "measure": self.key(read, number, name=self._rate_by_its_day(read)),
                    "each": each, "per": per,
                    "measured_in": MEASURED.get(unit, ""), "against": against,
                    "direction": side, "relative": relative, "steps": steps, "gain": gain,
                    "cap": self.cap_of(read),
                }
            )
        ]  # fmt: skip

    def _of_its_day(self, read: ReadRule) -> str:
        """The passage; of a sanction with a day of its own, nothing of what another day wants."""
        start = read.span[1] - len(self.passage(read))
        days = [
            one.span[0] for one in self.reading.deadlines if start <= one.span[0] < read.span[1]
        ]
        if any(day < read.span[0] for day in days) and days[-1] >= read.span[0]:
            return self.piece(read)
        return self.passage(read)

    def _rate_by_its_day(self, read: ReadRule) -> str | None:
        """整改率（11月底前）: each day's value under its own name; None where one day is named."""
        if self._of_its_day(read) == self.passage(read):
            return None
        found = re.findall(r"[^，。；、\d日月年]{2,16}?(?:率|比例|占比|比重)", self.passage(read))
        day = next(one for one in self.reading.deadlines if one.span[0] >= read.span[0])
        return f"{found[-1]}（{self.reading.text[slice(*day.span)]}）" if found else None

    def _base(self, read: ReadRule, number: int, text: str, unit: str) -> tuple[str, bool]:
        """What the gap is measured from, and whether in per cent of it."""
        percent = unit in ("percent", "percentage_point")
        kin = ("%", "百分点", "个百分点") if percent else ("",)
        stated = [b for b in passages.bounds(text) if (b.unit in kin) == percent]
        if read.deduct is None:
            # 增长5个百分点以内的，每增加1个加0.5分: what is within a limit does not begin at it.
            stated = [one for one in stated if one.side != "at_most"]
        if stated:
            return str(stated[-1].number), False
        named = passages.base_named(text)
        rate = percent and bool(re.search(r"率|比例|占比|比重|完成", text))
        if named == "baseline":
            return "baseline", unit == "percent"
        if named == "target" and not (rate and re.search(r"完成率|率每", text)):
            return f"target:{self.target(read, number, None)}", unit == "percent"
        if rate and not passages.rises(text):
            return self._of_all(read, number, text), False
        value = None if percent else passages.wanted(text)
        return f"target:{self.target(read, number, value)}", False

    def _of_all(self, read: ReadRule, number: int, text: str) -> str:
        """All of it, which a rate without a stated goal may mean; asked where no word says so."""
        own = self.goal(read)
        if own is not None and own.percent and own.number is not None:
            return str(own.number)
        if not re.search(r"100\s*[%％]|全部|全面", self.passage(read)):
            goal = f"target:{self.target(read, number, None)}"
            said = (
                re.findall(r"[^，。；、]{1,16}?(?:率|比例|占比|比重)", text) or [self.about(read)]
            )[-1]
            self.made.choices.append(
                Choice(number, "against", f"“{said}”从多少算起？", (
                    ("从100%算起", "100"), ("从另行下达的目标值算起（待录）", goal),
                ))
            )  # fmt: skip
        return "100"

    def threshold(self, read: ReadRule, number: int) -> Sequence[Rule]:
        lose, win = bands.amount(read.deduct), bands.amount(read.award)
        if lose is None and win is None:
            return []
        text = self.passage(read)
        own = next(iter(passages.bounds(self.piece(read))), None)
        goal = next(iter(passages.bounds(text)), None) if own is None else None
        if own is None and goal is not None and lose is not None and passages.undone(text):
            # 提高1%以上，没达到比例扣0.2分: the goal stands before the sanction.
            must = {"measure": self.key(read, number), goal.side: str(goal.number)}
            cap = self.cap_of(read)
            return [AllOrNothing(lose=lose, must=When.model_validate(must), cap=cap)]
        limit = own or goal
        if limit is not None:
            when = When.model_validate(
                {"measure": self.key(read, number), limit.side: str(limit.number)}
            )
        elif self.place.has_points and (aimed := _AIMED.search(text)):
            target = f"target:{self.target(read, number, None)}"
            beyond = "above" if aimed[1] in ("高于", "超过", "大于") else "below"
            when = When.model_validate({"measure": self.key(read, number), beyond: target})
        elif passages.against_baseline(text):
            side = "above" if re.search(r"升|增|反弹|恶化|超", text) else "below"
            when = When.model_validate({"measure": self.key(read, number), side: "baseline"})
        else:
            when = When(finding=self.key(read, number))
        return self._decided(when, lose, win, self.cap_of(read))

    def _decided(
        self, when: When, lose: str | None, win: str | None, cap: str | None
    ) -> Sequence[Rule]:
        """An award for what is the clause's own worth is lost where it is not reached."""
        if lose is not None:
            return [Threshold(when=when, lose=lose, cap=cap)]
        if self.place.has_points and when.measure is not None:
            return [AllOrNothing(lose=win or "all", must=when, cap=cap)]
        return [Threshold(when=when, win=win, cap=cap)]

    def tiered(self, read: ReadRule, number: int) -> Sequence[Rule]:
        tiers = bands.tiers(read.tiers or ())
        if tiers is None:
            return []
        gain = self.place.bonus and all(tier.get is not None for tier in tiers)
        return [Tiered(measure=self.key(read, number), tiers=tiers, gain=gain,
                       cap=self.cap_of(read))]  # fmt: skip

    def ratio(self, read: ReadRule, number: int) -> Sequence[Rule]:
        if self.place.bonus:  # it would take away what is not reached
            return []
        text = self.passage(read)
        full = next((b.number for b in passages.bounds(text) if b.side == "at_least"), None)
        of = bands.amount(read.award) or "all"
        return [Ratio(measure=self.key(read, number), full_at=full, of=of, cap=self.cap_of(read))]

    def linear(self, read: ReadRule, number: int) -> Sequence[Rule]:
        peers = self._between_peers(read, number)
        if peers:
            return peers
        if self.place.bonus:
            return []
        changed = bands.changes(read.tiers or ())
        if changed is not None:
            return self._by_change(read, number, *changed)
        corners = bands.corners(read.tiers or ())
        if corners is not None:
            return [Linear(measure=self.key(read, number), corners=corners, cap=self.cap_of(read))]
        return self._between_targets(read, number)

    def _by_change(
        self, read: ReadRule, number: int, corners: tuple[Point, ...], grown: bool
    ) -> Sequence[Rule]:
        """The measure is the change on the year before, in per cent; any growth loses nothing."""
        key = self.key(read, number, name=f"{self._grows(read)}（同比变化，%）")
        line = Linear(measure=key, corners=corners, cap=self.cap_of(read))
        here = f"{self.place.clause}#{len(self.made.rules) + 1}"
        growth = Exemption(when=When(measure=key, above="0"), rules=(here,))
        return [line, growth] if grown else [line]

    def _grows(self, read: ReadRule) -> str:
        head = re.split(r"较|比|同比|与|和", (read.tiers or ())[0].when)[0].strip("，,；; 的")
        return head if len(head) > 1 else self.about(read)

    def _between_targets(self, read: ReadRule, number: int) -> Sequence[Rule]:
        """力争目标值得60分，确保目标值得54分，之间按比例: the values are targets, entered later."""
        awards = [bands.amount(band.award) for band in read.tiers or ()]
        whens = [band.when for band in read.tiers or ()]
        if len(awards) < 2 or None in awards or not all(_is_target(when) for when in whens):
            return []
        ends: dict[str, str] = {}
        for n, (band, award) in enumerate(zip(read.tiers or (), awards, strict=True), start=1):
            key = f"{key_of(self.place.clause)}_{number + 1}_target{n}"
            name = band.when.strip("，,；; ") or self._worth(read, award or "")
            self.made.targets.append(TargetValue(id=key, name=name, source=TO_COME))
            ends[key] = award or "0"
        return [Linear(measure=self.key(read, number), ends=ends, cap=self.cap_of(read))]

    def _worth(self, read: ReadRule, award: str) -> str:
        """What gets so many points, in the words before them."""
        found = re.search(rf"([^，,。；;（(]+)[，,]?\s*得\s*{award}\s*分", self.piece(read))
        return passages.shortened(found[1] if found else f"{self.about(read)}（得{award}分）")

    def _between_peers(self, read: ReadRule, number: int) -> Sequence[Rule]:
        """最好的得满分，最差的得60%，介于其中按比例: of the points or of a share of them."""
        text = self.passage(read)
        worst = re.search(r"最[差低少][^，,。；;]{0,6}得\s*(\d+(?:\.\d+)?)\s*%", text)
        if worst is None or not re.search(r"最[好优高多][^，,。；;]{0,6}(?:满分|100%)", text):
            return []
        part = re.search(r"(\d+(?:\.\d+)?)\s*%的?(?:分数|分值)?根据", text)
        share = Fraction(part[1]) if part else Fraction(100)
        low = bands.decimal(share * Fraction(worst[1]) / 100)
        of = "all" if part is None else f"{part[1]}%"
        return [RankRule(rank=self.key(read, number), of=of, worst_gets=f"{low}%",
                         cap=self.cap_of(read))]  # fmt: skip

    def rank(self, read: ReadRule, number: int) -> Sequence[Rule]:
        text = self.piece(read) if read.tiers else self.passage(read)
        places = bands.places(read.tiers or (), text, read.deduct or read.award)
        gain = read.deduct is None and not (read.tiers and read.tiers[0].deduct is not None)
        if not places:
            peers = self._between_peers(read, number)
            return peers or self._counted_rank(read, number, gain=gain)
        whens = "".join(band.when for band in read.tiers or ())
        bottom = bands.from_end(whens or text)
        return [
            RankRule(
                rank=self.key(read, number),
                places=places,
                gain=gain,
                beyond=bands.beyond(read.tiers or ()),
                from_end="bottom" if bottom else "top",
                cap=self.cap_of(read),
            )
        ]

    def _counted_rank(self, read: ReadRule, number: int, *, gain: bool) -> Sequence[Rule]:
        """A place without a number (排名靠后的): what a person finds counts."""
        each = bands.amount(read.deduct or read.award)
        if each is None:
            return []
        if gain:
            return [Bonus(recognition=self.key(read, number), award=each, cap=self.cap_of(read))]
        return [PerIncident(finding=self.key(read, number), each=each, cap=self.cap_of(read))]


def _is_target(when: str) -> bool:
    """A stated value of another document, or nothing: 达到力争目标值. Not 和上年持平."""
    return not when.strip() or bool(re.search(r"目标|任务|计划|指标|值$", when))
