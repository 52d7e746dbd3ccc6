"""From the sanctions that were read to rules that compute, with the facts that they ask for.

What the reader says (kind, amounts, steps, caps) is kept; what it leaves to the text (which fact,
which target, which side) is taken from the words around the sanction. A sanction for which there is
no rule becomes a pending amount (酌情) and an open point, never a guess.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from pydantic import ValidationError

from tracker.definitions.clauses import (
    Between,
    Kind,
    Quantity,
    ReadClause,
    ReadRule,
    Share,
)
from tracker.definitions.drafting import bands, parts, passages, titles
from tracker.definitions.drafting.delays import added, every
from tracker.definitions.drafting.duties import Clock, Clocks
from tracker.definitions.drafting.making import (
    MEASURED,
    STARTED,
    TIME_UNITS,
    Choice,
    Mapped,
    Place,
)
from tracker.definitions.drafting.measuring import Measuring
from tracker.domain.programme import CaseDuty, Gap, Milestone, Need, Recurring
from tracker.domain.rules import (
    AllOrNothing,
    Bonus,
    Cap,
    Discretionary,
    DutyOnly,
    Exemption,
    External,
    Lateness,
    Multiplier,
    NoDouble,
    PerIncident,
    PerMissing,
    Rule,
    Veto,
    When,
)


def mapped(reading: ReadClause, clocks: Clocks, place: Place) -> Mapped:
    made = Mapped()
    _Mapping(reading, clocks, place, made).run()
    return made


@dataclass
class _Mapping(Measuring):
    """Dates, counts, gains, persons, relations; every kind has its maker here or above."""

    def run(self) -> None:
        joined = added(self.reading)
        for number, given in enumerate(self.reading.rules):
            if (
                self._only_of_target(given)
                or self._no_points(given)
                or self._goal(given)
                or self._leads(given)
            ):
                self.made.of[number] = []
                continue
            if number in joined.behind:
                self.made.of[number] = self.made.of[joined.behind[number]]
                continue
            read = joined.whole.get(number, given)
            capped = read.kind is Kind.CAP
            if capped and (self._cap_each(read, number) or self._cap_all(read, number)):
                continue
            found = self._sound(read, number)
            if not found:
                self.made.unsaid.append(read)
                most = bands.amount(read.deduct or read.award) or "all"
                gain = read.award is not None or self.place.bonus
                found = [Discretionary(most=most, gain=gain)]
            start = len(self.made.rules)
            says = passages.shortened(self.reading.text[slice(*read.span)].strip(), 80)
            limits = _each_limit(self.piece(read), bands.amount(read.cap))
            self.made.rules += [rule.model_copy(update={"says": says, **limits}) for rule in found]
            self.made.of[number] = list(range(start, len(self.made.rules)))
        self._never_beside_late()
        parts.joined(self)
        self._untaken()

    def _never_beside_late(self) -> None:
        """迟报一次扣0.5分，漏报一次扣1分: a period is late or never reported, not both."""
        late = {
            one.duty: n
            for n, one in enumerate(self.made.rules)
            if isinstance(one, Lateness) and one.never is None and self._once(one.duty)
        }
        for number, read in enumerate(self.reading.rules):
            at = self.made.of.get(number, [])
            rule = self.made.rules[at[0]] if len(at) == 1 else None
            if not isinstance(rule, PerMissing) or rule.duty not in late:
                continue
            if re.search(r"漏|[未缺不]报", self.piece(read)):
                n = late[rule.duty]
                self.made.rules[n] = self.made.rules[n].model_copy(update={"never": rule.each})
                self.made.without(at[0], instead=n)
                return

    def _once(self, duty: str) -> bool:
        owed = next((one for one in self.clocks.taken if one.id == duty), None)
        return isinstance(owed, Recurring) and owed.times == 1

    def _leads(self, read: ReadRule) -> bool:
        """按下表计分： says that the sanctions follow; it is none."""
        piece = self.piece(read).strip(" ：:，,。；;\n")
        led = re.fullmatch(r"(?:按照?|依照?|根据|参照)(?:下表|下列|以下|如下)\S{0,8}", piece)
        return bool(led) and len(self.reading.rules) > 1

    def _goal(self, read: ReadRule) -> bool:
        """在2018年基础上提高15%: what is to be reached scales no points."""
        text = self.piece(read)
        reached = re.search(
            r"(?:提高|增长|提升|降低|减少|下降)[^，,。；;]{0,6}\d+(?:\.\d+)?\s*%", text
        )
        scales = re.search(r"倍|减半|折|一半|免|不扣|[按以]\s*\d+\s*%|扣|加分|得分|计分", text)
        return read.kind is Kind.MULTIPLIER and bool(reached) and not scales

    def _no_points(self, read: ReadRule) -> bool:
        """取消评先资格: a consequence that no points say; a person sees to it."""
        text = self.piece(read)
        standing = re.search(r"资格|评优|评先|参评", text)
        if read.kind is not Kind.VETO or not standing or re.search(r"[总得计记]分|否决", text):
            return False
        self.made.apart.append(read)
        return True

    def _untaken(self) -> None:
        """A day or a period that no rule looks at is owed all the same: it is reminded of."""
        taken = {(duty.kind, duty.wording or duty.id) for duty in self.clocks.taken}
        for clock in self.clocks.found:
            duty = clock.duty
            if duty.kind not in ("milestone", "recurring"):
                continue
            if (duty.kind, duty.wording or duty.id) not in taken:
                title = titles.title_around(self.reading.text, clock.span)
                name = self.clocks.take(clock, title=title)
                self.made.rules.append(DutyOnly(duty=name, says=title))

    def _only_of_target(self, read: ReadRule) -> bool:
        """具体任务另行下达 beside a sanction: the target is unknown, not the amount."""
        if read.kind is not Kind.EXTERNAL or re.search(r"[扣得计减加]\s*分", self.piece(read)):
            return False
        return any(one.kind not in (Kind.EXTERNAL, Kind.DUTY) for one in self.reading.rules)

    def _sound(self, read: ReadRule, number: int) -> Sequence[Rule]:
        """Nothing where the parts that were read make no rule together."""
        try:
            return self._rules(read, number)
        except ValidationError:
            return []

    def _rules(self, read: ReadRule, number: int) -> Sequence[Rule]:
        makers: dict[Kind, Callable[[ReadRule, int], Sequence[Rule]]] = {
            Kind.ALL_OR_NOTHING: self.all_or_nothing,
            Kind.PER_MISSING: self.per_missing,
            Kind.PER_INCIDENT: self.per_incident,
            Kind.PER_STEP: self.per_step,
            Kind.THRESHOLD: self.threshold,
            Kind.TIERED: self.tiered,
            Kind.RATIO: self.ratio,
            Kind.LINEAR: self.linear,
            Kind.LATENESS: self.lateness,
            Kind.RANK: self.rank,
            Kind.BONUS: self.bonus,
            Kind.DISCRETIONARY: self.discretionary,
            Kind.MULTIPLIER: self.multiplier,
            Kind.VETO: self.veto,
            Kind.NO_DOUBLE: self.no_double,
            Kind.CAP: self.cap,
            Kind.EXEMPTION: self.exemption,
            Kind.DUTY: self.duty,
            Kind.EXTERNAL: self.external,
        }
        return makers[read.kind](read, number)

    # -- duties -------------------------------------------------------------------------------

    def all_or_nothing(self, read: ReadRule, number: int) -> Sequence[Rule]:
        if self.place.bonus and read.deduct is None:
            return self.bonus(read, number) if read.award is not None else []
        lose = bands.amount(read.deduct) or bands.amount(read.award) or "all"
        cap = self.cap_of(read)
        text = self.passage(read)
        must = self._rate(read, number, text)
        if must is not None:
            return [AllOrNothing(lose=lose, must=must, cap=cap)]
        if passages.happened(text) and not re.search(
            r"未[^，。；]{0,6}(?:完成|开展|制定|建立|报)", text
        ):
            return [AllOrNothing(lose=lose, finding=self.key(read, number), cap=cap)]
        clock = self.clocks.near(read.span)
        if isinstance(clock.duty, CaseDuty | Gap | Recurring):
            if not self._within(read, clock):
                clock = self.clocks.by_item
            if not isinstance(clock.duty, Milestone):
                return [PerIncident(each=lose, duty=self._take(clock, read), cap=cap or lose)]
        apart = self._late_apart()
        duty = self._take(clock, read, shared=apart)
        return [AllOrNothing(lose=lose, duty=duty, late="forgiven" if apart else "fails", cap=cap)]

    def _rate(self, read: ReadRule, number: int, text: str) -> When | None:
        """达到90%以上得分，未达到不得分: the rate that has to be reached."""
        limits = [b for b in passages.bounds(text) if b.unit in ("%", "百分点", "个百分点")]
        if not limits or not re.search(r"率|比例|占比|比重", text):
            return None
        limit = limits[0]
        side = {"below": "at_least", "above": "at_most"}.get(limit.side, limit.side)
        return When.model_validate({"measure": self.key(read, number), side: str(limit.number)})

    def _late_apart(self) -> bool:
        return any(one.kind is Kind.LATENESS for one in self.reading.rules)

    def _within(self, read: ReadRule, clock: Clock) -> bool:
        start = read.span[1] - len(self.passage(read))
        return start <= clock.span[0] < read.span[1]

    def _take(self, clock: Clock, read: ReadRule, *, need: Need | None = None,
              shared: bool = False) -> str:  # fmt: skip
        if shared and isinstance(clock.duty, Milestone):
            nodes = [one for one in self.clocks.taken if isinstance(one, Milestone)]
            for node in nodes:
                if node.need is None and node.on == clock.duty.on:
                    return node.id
        title = self._titled(clock, read)
        return self.clocks.take(clock, title=title, need=need)

    def _titled(self, clock: Clock, read: ReadRule) -> str:
        """A stage with a day of its own is called by the words around that day."""
        days = [one for one in self.clocks.found if isinstance(one.duty, Milestone)]
        if clock.own and len(days) > 1:
            return titles.title_around(self.reading.text, clock.span)
        return titles.deed(self.reading.text, read.span)

    def per_missing(self, read: ReadRule, number: int) -> Sequence[Rule]:
        each, cap = bands.amount(read.deduct), self.cap_of(read)
        if read.deduct is None and read.award is not None:
            return self._earned(read, number)
        if each is None:
            return []
        if read.step is not None and read.step.unit in MEASURED:
            return self.per_step(read, number)
        per = self._per(read.step)
        clock = self._nth(read) or self.clocks.near(read.span)
        if self._of_all_above(read):
            return self._each_above(read, each)
        above = bool(_ABOVE.search(self.passage(read)))
        quota = self._quota(read, clock)
        above = above or self._each_time(clock, read, quota)
        if above or (not clock.own and quota is None and not self._is_task(read)):
            return [PerMissing(each=each, per=per, finding=self.key(read, number), cap=cap)]
        if not isinstance(clock.duty, Milestone):
            # What came late is charged by the other sentence; missing is what never came.
            judged: Literal["now", "at_deadline"] = "now" if self._late_apart() else "at_deadline"
            duty = self._take(clock, read)
            return [PerMissing(each=each, per=per, duty=duty, judged=judged, cap=cap)]
        target = self.target(read, number, quota)
        stages = self._stages(read, clock)
        return [
            PerMissing(
                each=each, per=per, cap=cap,
                duty=self._take(stage, read, need=Need(of=target, share=_part(stage.share))),
            )
            for stage in stages
        ]  # fmt: skip

    def _each_time(self, clock: Clock, read: ReadRule, quota: Decimal | None) -> bool:
        """未开展检查的每次扣1分: each time that is found, no number that is owed; nor is a pause
        that is only spoken of after the sanction what it counts."""
        if isinstance(clock.duty, Gap) and clock.span[0] >= read.span[1]:
            return True
        unit = read.step.unit if read.step is not None else ""
        short = re.search(r"[少缺漏]", self.piece(read))
        return not clock.own and quota is None and unit == "occurrence" and not short

    def _earned(self, read: ReadRule, number: int) -> Sequence[Rule]:
        self.made.earned = not self.place.beside
        return self.bonus(read, number)

    def _of_all_above(self, read: ReadRule) -> bool:
        """上述工作未按要求完成的，每一项扣0.2分: each clause above, and this one."""
        text = self.passage(read)
        each = re.search(r"每[一1]?\s*[项条个]|[一1][项条]", self.piece(read))
        listed = bool(self.place.before and _ABOVE.search(text) and each)
        return listed and bool(re.search(r"未[^，。；]{0,8}(?:完成|落实|开展|达到)", text))

    def _each_above(self, read: ReadRule, each: str) -> Sequence[Rule]:
        self.made.above = each
        title = titles.duty_title(self.reading.text)
        duty = self.clocks.take(self.clocks.by_item, title=title)
        return [AllOrNothing(lose=each, duty=duty, cap=self.cap_of(read))]

    def _nth(self, read: ReadRule) -> Clock | None:
        """Three periods and 分别扣0.1分、0.05分、0.02分: each amount has its own."""
        alike = [one for one in self.reading.rules if one.kind is read.kind]
        clocks = self.clocks.found
        if "分别" not in self.reading.text or len(alike) < 2 or len(alike) != len(clocks):
            return None
        return clocks[alike.index(read)]

    def _is_task(self, read: ReadRule) -> bool:
        return passages.task(self.passage(read)) or passages.task(self.reading.text[: read.span[1]])

    def _stages(self, read: ReadRule, clock: Clock) -> list[Clock]:
        stages = self.clocks.stages()
        every = re.search(r"每[个一]?(?:阶段|节点|时段)|各(?:阶段|节点)", self.passage(read))
        return stages if every and len(stages) > 1 else [clock]

    def _quota(self, read: ReadRule, clock: Clock) -> Decimal | None:
        """The number of things wanted, where the text states one: 不少于2件."""
        if clock.number is not None:
            return clock.number
        for bound in passages.bounds(self.passage(read)):
            if bound.unit not in ("%", "百分点", "个百分点", "分") and bound.side != "above":
                return bound.number
        stated = passages.wanted(self.passage(read))
        if stated is not None and not self.reading.milestones:
            return stated
        unit = passages.counted_in(self.piece(read))
        alike = [one.number for one in passages.bounds(self.reading.text)
                 if unit and one.unit == unit and one.side == "at_least"]  # fmt: skip
        return alike[0] if len(set(alike)) == 1 else None

    def _per(self, step: Quantity | None) -> Decimal:
        return Decimal(1) if step is None or step.unit in TIME_UNITS else step.n

    def per_incident(self, read: ReadRule, number: int) -> Sequence[Rule]:
        each, cap = bands.amount(read.deduct), self.cap_of(read)
        classes = bands.classes(read.tiers) if read.tiers else {}
        if read.deduct is None and read.award is not None:
            return self._earned(read, number)
        if classes is None or (each is None and not classes):
            return []
        if each is not None and self._of_all_above(read):
            return self._each_above(read, each)
        clock = self.clocks.near(read.span, kinds=("gap",))
        if isinstance(clock.duty, Gap) and self._within(read, clock):
            return [PerIncident(each=each, classes=classes, duty=self._take(clock, read), cap=cap)]
        per = self._per(read.step)
        return [PerIncident(each=each, classes=classes, finding=self.key(read, number), cap=cap,
                            per=per if per != 1 else None)]  # fmt: skip

    def lateness(self, read: ReadRule, number: int) -> Sequence[Rule]:
        cap, base = self.cap_of(read), bands.amount(read.base)
        each = bands.amount(read.deduct)
        curve = bands.pieces(read.tiers, self.piece(read)) if read.tiers else ()
        if curve is None:
            return []
        clock = self.clocks.near(read.span)
        counted = read.step is not None and read.step.unit not in TIME_UNITS
        if counted and not curve and not isinstance(clock.duty, CaseDuty | Recurring):
            if each is None:
                return []
            return [PerIncident(each=each, finding=self.key(read, number), cap=cap)]
        duty = self._take(clock, read, shared=True)
        if curve:
            return [Lateness(duty=duty, pieces=curve, cap=cap)]
        block = every(read.step)
        if block is None:
            flat = each or base
            return [Lateness(duty=duty, base=flat, cap=cap)] if flat is not None else []
        if each is None:
            return []
        steps: Literal["completed", "started"] = (
            "started" if STARTED.search(self.reading.text) else "completed"
        )
        return [Lateness(duty=duty, base=base, every=block, each=each, steps=steps, cap=cap)]

    def duty(self, read: ReadRule, number: int) -> Sequence[Rule]:
        clock = self.clocks.near(read.span)
        nodes = [one for one in self.clocks.stages() if self._within(read, one)]
        return [DutyOnly(duty=self._take(one, read)) for one in nodes or [clock]]

    # -- gains, persons, other documents --------------------------------------------------------

    def bonus(self, read: ReadRule, number: int) -> Sequence[Rule]:
        award = bands.amount(read.award) or bands.amount(read.deduct)
        classes = bands.classes(read.tiers) if read.tiers else {}
        if isinstance(read.award, Between):
            return [Discretionary(least=read.award.least.form(), most=read.award.most.form(),
                                  gain=True, asked=self.key(read, number))]  # fmt: skip
        if read.step is not None and read.step.unit in MEASURED:
            return self.per_step(read, number)
        if classes is None or (award is None and not classes):
            return []
        n = read.step.n if read.step is not None and read.step.unit not in TIME_UNITS else 1
        cap = self.cap_of(read) or (award if read.step is None and not classes else None)
        return [Bonus(recognition=self.key(read, number), award=award, classes=classes,
                      per=max(1, int(n)), cap=cap)]  # fmt: skip

    def discretionary(self, read: ReadRule, number: int) -> Sequence[Rule]:
        given = read.deduct if read.deduct is not None else read.award
        gain = read.deduct is None and (
            read.award is not None or bool(re.search(r"加分|奖励", self.piece(read)))
        )
        least = given.least.form() if isinstance(given, Between) else None
        most = given.most.form() if isinstance(given, Between) else bands.amount(given)
        cap = bands.amount(read.cap)
        text = self.passage(read)
        asked = gain or passages.undone(text) or bool(re.search(r"差|不佳|不力|不好|问题|低", text))
        return [Discretionary(least=least, most=most or cap or "all", gain=gain,
                              asked=self.key(read, number) if asked else None)]  # fmt: skip

    def external(self, read: ReadRule, number: int) -> Sequence[Rule]:
        text = self.passage(read)
        found = re.search(r"《[^》]+》", text) or re.search(r"《[^》]+》", self.reading.text)
        document = found[0] if found else self.about(read)
        gets = bool(re.search(r"得分|计分|折算", text)) and not re.search(r"扣", text)
        factor = Decimal(2) if "加倍" in text or "双倍" in text else None
        return [External(measure=self.key(read, number), document=document, gets=gets,
                         factor=factor, cap=self.cap_of(read))]  # fmt: skip

    # -- relations ------------------------------------------------------------------------------

    def multiplier(self, read: ReadRule, number: int) -> Sequence[Rule]:
        factor = self._factor(read)
        if factor is None:
            return []
        when = When(recognition=self.key(read, number))
        return [Multiplier(factor=factor, when=when, same_problem=True,
                           rules=tuple(self._followed(read)))]  # fmt: skip

    def _followed(self, read: ReadRule) -> list[str]:
        """What a sentence doubles or halves: the sanctions that it stands in one sentence with,
        else all before it."""
        start = read.span[1] - len(self.passage(read))
        beside = {
            f"{self.place.clause}#{n + 1}"
            for at, made in self.made.of.items()
            for n in made
            if start <= self.reading.rules[at].span[0] < read.span[0]
        }
        return [one for one in self.earlier() if one in beside] or self.earlier()

    def _factor(self, read: ReadRule) -> Decimal | None:
        share = read.deduct if isinstance(read.deduct, Share) else read.award
        if isinstance(share, Share):
            return share.percent / 100
        text = self.piece(read)
        for pattern, factor in _FACTORS:
            if re.search(pattern, text):
                return factor
        found = re.search(r"(\d+(?:\.\d+)?)\s*[%％]", text)
        return Decimal(found[1]) / 100 if found else None

    def exemption(self, read: ReadRule, number: int) -> Sequence[Rule]:
        when = When(recognition=self.key(read, number))
        return [Exemption(when=when, rules=tuple(self.earlier()), same_problem=True)]

    def veto(self, read: ReadRule, number: int) -> Sequence[Rule]:
        text = self.piece(read)
        count = 1
        if found := re.search(rf"([\d一二三四五六七八九十]+)\s*{passages.COUNT}(?:及?以上)", text):
            count = passages.number(found[1]) or 1
        own = re.search(r"[本该此]项[^，,。；;]{0,4}(?:得分|分值|分数|总得?分)", text)
        wide = not own and re.search(
            r"总分|总得分|年度考核|考核结果|评优|评先|资格|整个|全部|不合格", text
        )
        before = [
            rule for rule in self.made.rules if isinstance(rule, PerIncident) and rule.finding
        ]
        key = before[-1].finding if before and count > 1 else self.key(read, number)
        if not wide and not re.search(r"[本该此]项|[本该此]条|任务|指标", text):
            scopes = (("本项总得分记0分", "item"), ("全年考核总得分记0分", "programme"))
            self.made.choices.append(
                Choice(number, "scope", f"“{text.strip('，,；;。 ')}”管到哪里？", scopes)
            )
        when = When(finding=key, count=count)
        return [Veto(when=when, scope="programme" if wide else "item")]

    def no_double(self, read: ReadRule, number: int) -> Sequence[Rule]:
        named = self._named_clauses(self.piece(read))
        return [NoDouble(rules=tuple(named))]

    def cap(self, read: ReadRule, number: int) -> Sequence[Rule]:
        limit = bands.amount(read.cap) or bands.amount(read.deduct) or bands.amount(read.award)
        if limit is None:
            return []
        text = self.passage(read)
        net = bool(re.search(r"不低于\s*0|最低\s*0|加扣|加分扣分|加分、?和?扣分", text))
        gain = not net and bool(re.search(r"加分|奖励|最多加|加满", text))
        named = self._named_clauses(self.piece(read))
        if not named and not _ABOVE.search(text):
            named = self.earlier()
        return [Cap(limit=limit, gain=gain, net=net, rules=tuple(named))]

    def _cap_each(self, read: ReadRule, number: int) -> bool:
        """每逾期1天扣0.2分。单件最多扣1分: the sanction before it takes so much of one thing."""
        limits = _each_limit(self.piece(read), bands.amount(read.cap))
        found = [n for n, rule in enumerate(self.made.rules) if rule.kind in _OF_MANY]
        if "cap_each" not in limits or not found:
            return False
        limits = {"cap_each": limits["cap_each"]}
        self.made.rules[found[-1]] = self.made.rules[found[-1]].model_copy(update=limits)
        self.made.of[number] = [found[-1]]
        return True

    def _cap_all(self, read: ReadRule, number: int) -> bool:
        """单件最多扣1分，全年最多扣3分: the second limit is that of the sanction itself, where it
        stands alone."""
        limit = bands.amount(read.cap)
        if limit is None or len(self.earlier()) != 1 or _ABOVE.search(self.passage(read)):
            return False
        at = int(self.earlier()[0].rpartition("#")[2]) - 1
        rule = self.made.rules[at]
        if rule.cap is not None or getattr(rule, "cap_each", None) is None:
            return False
        self.made.rules[at] = rule.model_copy(update={"cap": limit})
        self.made.of[number] = [at]
        return True

    def _named_clauses(self, text: str) -> list[str]:
        """1、2项, 2-7项: the clauses of this item with these numbers."""
        found = re.search(r"((?:第?\s*\d+\s*[、，,至到\-—–和]*\s*)+)[项条款](?!工作日)", text)
        if found is None:
            return []
        numbers: set[int] = set()
        for low, high in re.findall(r"(\d+)\s*(?:[-—–至到]\s*(\d+))?", found[1]):
            numbers |= set(range(int(low), min(int(high or low), int(low) + 99) + 1))
        known = {*self.place.before, self.place.clause}
        wanted = [f"{self.place.item}.{n}" for n in sorted(numbers)]
        return [one for one in wanted if one in known]


_OF_MANY = frozenset({"lateness", "per_incident", "per_missing", "per_step"})
_EACH_AT_MOST = re.compile(
    rf"(?:单(?:个|一)?|每[一1]?)\s*(?:{passages.COUNT}|案件|问题|期|点位|单位|项目)"
    r"[^，。；;\d]{0,6}?(?:最多|最高|至多|累计|不超过|上限)[^，。；;\d]{0,8}(\d+(?:\.\d+)?)\s*分"
)


def _each_limit(piece: str, cap: str | None) -> dict[str, str | None]:
    """单件最多扣1分: the most that one thing costs, no limit of the year."""
    plain = unicodedata.normalize("NFKC", piece)
    found = _EACH_AT_MOST.search(plain)
    if found is None:
        return {}
    each = f"{Decimal(found[1]).normalize():f}"
    limits: dict[str, str | None] = {"cap_each": each}
    if cap == each and len(re.findall(r"最多|最高|至多|不超过|上限|为止", plain)) == 1:
        limits["cap"] = None
    return limits


_FACTORS = (
    (r"不扣|免扣|免予|不予扣|不再扣", Decimal(0)),
    (r"减半|折半|一半", Decimal("0.5")),
    (r"加倍|双倍|翻倍|两倍|2倍", Decimal(2)),
    (r"三倍|3倍", Decimal(3)),
)


_ABOVE = re.compile(r"上述|以上(?:各|工作|任务|[^\d，。；]{0,6}(?:项|条|加|扣))|前述")


def _part(share: Decimal | None) -> Decimal | None:
    return share if share is not None and 0 < share <= 1 else None
