"""Rules in words: one short sentence for each kind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, assert_never

from tracker.domain.programme import Clause, Programme
from tracker.domain.rules import (
    AllOrNothing,
    Bonus,
    Cap,
    Discretionary,
    DutyOnly,
    Exemption,
    External,
    Lateness,
    Linear,
    Measured,
    Multiplier,
    NoDouble,
    PerIncident,
    PerMissing,
    PerStep,
    RankRule,
    Ratio,
    Rule,
    Threshold,
    Tier,
    Tiered,
    Veto,
    When,
)
from tracker.wording import forms
from tracker.wording.catalogue import text
from tracker.wording.forms import Language

HAN = "[一-鿿]"


def describe_rule(
    rule: Rule,
    language: Language = "zh",
    *,
    clause: Clause | None = None,
    programme: Programme | None = None,
) -> str:
    """What the rule does, in one sentence without a full stop.

    `clause` gives its duties their titles, `programme` its targets their names; without them the
    ids stand.
    """
    words = _Words(language, clause, programme)
    sentence = words.sentence(rule)
    if rule.cap_each is not None:
        sentence = words("capped_each", sentence=sentence, cap=words.amount(rule.cap_each))
    if rule.cap is not None and not isinstance(rule, Cap):
        sentence = words("capped", sentence=sentence, cap=words.amount(rule.cap))
    return _spaced(sentence) if language == "zh" else sentence


def _spaced(sentence: str) -> str:
    """One space between a figure and the Chinese beside it, none between two Chinese characters or
    after a comma."""
    apart = re.sub(rf"(?<={HAN})(?=[0-9])|(?<=[0-9%])(?={HAN})", " ", sentence)
    joined = re.sub(rf"(?<=[{HAN[1:-1]}」，：（]) +(?=[{HAN[1:-1]}「，：）])", "", apart)
    return re.sub(r"(?<=，) +(?=[0-9])", "", joined)


@dataclass(frozen=True)
class _Words:
    language: Language
    clause: Clause | None
    programme: Programme | None

    def __call__(self, key: str, **values: Any) -> str:
        return text(f"rules.{key}", values, language=self.language)

    def sentence(self, rule: Rule) -> str:
        said = self.of_kind(rule)
        if isinstance(rule, Measured) and rule.takes != "each":
            return said + self(f"takes_{rule.takes}")
        return said

    def of_kind(self, rule: Rule) -> str:
        match rule:
            case DutyOnly():
                return self("duty", duty=self.duty(rule.duty))
            case AllOrNothing():
                return self.all_or_nothing(rule)
            case PerMissing():
                return self.per_missing(rule)
            case PerIncident():
                return self.per_incident(rule)
            case PerStep():
                return self.per_step(rule)
            case Threshold():
                verb = "lose" if rule.lose is not None else "win"
                amount = self.amount(rule.lose or rule.win or "0")
                return self(f"threshold_{verb}", when=self.when(rule.when), amount=amount)
            case Tiered():
                tiers = self.listed(self.tier(tier) for tier in rule.tiers)
                return self("tiered", measure=self.named(rule.measure), tiers=tiers)
            case Ratio():
                return self.ratio(rule)
            case Linear():
                return self.linear(rule)
            case Lateness():
                return self.lateness(rule)
            case RankRule():
                return self.rank(rule)
            case Bonus():
                return self.bonus(rule)
            case Discretionary():
                return self.discretionary(rule)
            case External():
                return self.external(rule)
            case Multiplier() | Exemption() | Veto() | NoDouble() | Cap():
                return self.relation(rule)
            case _:
                assert_never(rule)

    # -- the kinds ----------------------------------------------------------------------------

    def all_or_nothing(self, rule: AllOrNothing) -> str:
        lose = self.amount(rule.lose)
        if rule.duty is not None:
            return self(f"all_or_nothing_duty_{rule.late}", duty=self.duty(rule.duty), lose=lose)
        if rule.finding is not None:
            return self("all_or_nothing_finding", thing=self.named(rule.finding), lose=lose)
        assert rule.must is not None
        return self("all_or_nothing_must", when=self.when(rule.must), lose=lose)

    def per_missing(self, rule: PerMissing) -> str:
        thing = self.duty(rule.duty) if rule.duty is not None else self.named(rule.finding or "")
        return self("per_missing", thing=thing, per=self.per(rule.per),
                    each=self.amount(rule.each),
                    judged=self(f"per_missing_{rule.judged}"),
                    steps=self("steps_started") if rule.steps == "started" else "")  # fmt: skip

    def per_incident(self, rule: PerIncident) -> str:
        thing = self.duty(rule.duty) if rule.duty is not None else self.named(rule.finding or "")
        if rule.allowance is not None:
            thing = self("allowance", thing=thing, free=self.bound(rule.allowance))
        which = "both" if rule.each and rule.classes else "each" if rule.each else "classes"
        return self(f"per_incident_{which}", thing=thing, per=self.per(rule.per or 1),
                    each=self.amount(rule.each or "0"),
                    classes=self.classes(rule.classes))  # fmt: skip

    def per_step(self, rule: PerStep) -> str:
        per = self("per_unit", n=rule.per, unit=rule.measured_in) if rule.measured_in else None
        if rule.relative:
            per = self("per_relative", n=rule.per)
        return self(
            f"per_step_{rule.direction}",
            measure=self.named(rule.measure),
            base=self.bound(rule.against),
            per=per or self("per_many", n=rule.per),
            verb=self("verb_win" if rule.gain else "verb_lose"),
            each=self.amount(rule.each),
            steps=self(f"steps_{rule.steps}"),
            free=self("free", free=rule.free) if rule.free else "",
            part=self.part(rule),
            when=self.condition(rule.when),
        )

    def part(self, rule: PerStep) -> str:
        told = [
            self(f"part_{side}", n=value)
            for side, value in (("low", rule.low), ("high", rule.high))
            if value is not None
        ]
        return "".join(told)  # fmt: skip

    def tier(self, tier: Tier) -> str:
        verb = "get" if tier.get is not None else "lose"
        amount = self.amount(tier.get or tier.lose or "0")
        band = self.called(tier.grade) if tier.grade else self.bounds(tier)
        return self(f"band_amount_{verb}", band=band, amount=amount)

    def ratio(self, rule: Ratio) -> str:
        if rule.finding is not None:
            both = "_both" if rule.excluded == "looked_at" else ""
            left_out = self(f"ratio_less{both}", rules=self.rules(rule.excluding))
            less = left_out if rule.excluding else ""
            return self("ratio_failed", thing=self.named(rule.finding), less=less,
                        among=self.named(rule.among or ""), of=self.amount(rule.of))  # fmt: skip
        full = "" if rule.full_at is None else self("ratio_full", full_at=rule.full_at)
        return self("ratio", measure=self.named(rule.measure or ""), out_of=rule.out_of,
                    of=self.amount(rule.of), full=full)  # fmt: skip

    def linear(self, rule: Linear) -> str:
        corners = [(forms.number(corner.at), corner.get) for corner in rule.corners]
        corners += [(self.target(key), get) for key, get in rule.ends.items()]
        told = self.listed(self("corner", at=at, get=self.amount(get)) for at, get in corners)
        return self("linear", measure=self.named(rule.measure), corners=told)

    def lateness(self, rule: Lateness) -> str:
        never = "" if rule.never is None else self("lateness_never", never=self.amount(rule.never))
        absorbs = ""
        if rule.absorbs:
            absorbs = self("lateness_absorbs", rules=self.rules(rule.absorbs))
        after = self("lateness_after", duty=self.named(self.called(rule.after)))
        tail = {"duty": self.duty(rule.duty), "never": never, "absorbs": absorbs,
                "after": after if rule.after else ""}  # fmt: skip
        if rule.pieces:
            return self("lateness_pieces", pieces=self.listed(self.pieces(rule)), **tail)
        return self("lateness_blocks", parts=self.listed(self.blocks(rule)), **tail)

    def blocks(self, rule: Lateness) -> Iterable[str]:
        if rule.base is not None:
            yield self("lateness_base", base=self.amount(rule.base))
        if rule.every is not None and rule.each is not None:
            more = self("lateness_more") if rule.base is not None else ""
            yield self(f"lateness_{rule.steps}", n=rule.every.n, unit=rule.every.unit, more=more,
                       each=self.amount(rule.each))  # fmt: skip

    def pieces(self, rule: Lateness) -> Iterable[str]:
        first = 1
        for piece in rule.pieces:
            span = "piece_beyond" if piece.until is None else "piece_until"
            kind = "piece_flat" if piece.flat is not None else "piece_rise"
            yield self(kind, span=self(span, first=first, until=piece.until),
                       amount=self.amount(piece.flat or piece.rises_to or "0"))  # fmt: skip
            first = (piece.until or first) + 1

    def rank(self, rule: RankRule) -> str:
        told = self.ranked(rule)
        return told if rule.when is None else told + self.condition(rule.when)

    def ranked(self, rule: RankRule) -> str:
        named, verb = self.named(rule.rank), self("verb_win" if rule.gain else "verb_lose")
        if rule.each_risen is not None:
            return self("rank_risen", rank=named, verb=verb, each=self.amount(rule.each_risen))
        if rule.worst_gets is not None:
            worst, full = self.amount(rule.worst_gets), self.amount(rule.of)
            by = self("rank_by_place") if rule.by == "place" else ""
            return self("rank_peers", rank=named, by=by, worst=worst, of=full)
        places = self.listed(
            self("place", place=place, amount=self.amount(amount))
            for place, amount in rule.places.items()
        )
        key = "rank_places" if rule.from_end == "top" else "rank_bottom"
        return self(key, rank=named, verb=verb, places=places)

    def bonus(self, rule: Bonus) -> str:
        key = "bonus_classes" if rule.classes else "bonus"
        nth = self("bonus_nth", n=rule.from_nth) if rule.from_nth > 1 else ""
        if rule.duty is not None:
            thing = self("beyond_quota", duty=self.duty(rule.duty))
        else:
            thing = self.named(rule.recognition or "")
        return self(key, thing=thing, per=self.per(rule.per),
                    each=self.amount(rule.award or "0"), classes=self.classes(rule.classes),
                    from_nth=nth, when=self.condition(rule.when))  # fmt: skip

    def discretionary(self, rule: Discretionary) -> str:
        bound = ""
        if rule.most is not None:
            key = "discretionary_bound" if rule.least is not None else "discretionary_most"
            least, most = self.amount(rule.least or "0"), self.amount(rule.most)
            bound = self(key, least=least, most=most)
        each = self("discretionary_each") if rule.per == "each" else ""
        verb = self("verb_win" if rule.gain else "verb_lose")
        return self("discretionary", verb=verb, each=each, bound=bound)

    def external(self, rule: External) -> str:
        factor = "" if rule.factor is None else self("external_factor", factor=rule.factor)
        return self("external", document=rule.document, factor=factor,
                    verb=self("verb_win" if rule.gain else "verb_lose"))  # fmt: skip

    def relation(self, rule: Multiplier | Exemption | Veto | NoDouble | Cap) -> str:
        rules = self.rules(rule.rules, among=isinstance(rule, NoDouble | Cap))
        if isinstance(rule, NoDouble) and rule.besides:
            rules = self("rules_besides", rules=rules, besides=self.rules(rule.besides))
        if isinstance(rule, NoDouble) and rule.only:
            rules = self("rules_only", rules=rules, only=self.rules(rule.only))
        match rule:
            case Multiplier():
                special = {Decimal("0.5"): "_half", Decimal(2): "_double", Decimal(0): "_zero"}
                key = f"multiplier{special.get(rule.factor, '')}"
                return self(key, when=self.when(rule.when), rules=rules, factor=rule.factor)
            case Exemption():
                return self("exemption", when=self.when(rule.when), rules=rules)
            case Veto():
                return self(f"veto_{rule.scope}", when=self.when(rule.when))
            case NoDouble():
                month = self("no_double_month") if rule.same == "problem_and_month" else ""
                return self(f"no_double_{rule.survives}", rules=rules, month=month)
            case Cap():
                kind = "_".join(name for name in ("net", "gain") if getattr(rule, name)) or "lose"
                told = self(f"cap_{kind}", rules=rules, limit=self.amount(rule.limit))
                return told + self.condition(rule.when)
            case _:
                assert_never(rule)

    # -- the parts ----------------------------------------------------------------------------

    def amount(self, amount: str) -> str:
        if amount in ("all", "item"):
            return self(f"amount_{amount}")
        if amount.endswith("%"):
            return self("amount_share", n=Fraction(amount[:-1]))
        return self("amount_points", n=Fraction(amount))

    def named(self, name: str) -> str:
        return self("named", name=self.called(name))

    def called(self, key: str) -> str:
        return self.programme.called(key) if self.programme is not None else key

    def duty(self, name: str) -> str:
        duty = self.clause.duty(name) if self.clause is not None else None
        title = duty.title if duty is not None else ""
        return self.named(title or (self.clause.title if self.clause is not None else name))

    def target(self, key: str) -> str:
        return self("base_named", name=self.named(key))

    def bound(self, bound: str) -> str:
        if bound in ("target", "baseline"):
            return self(f"base_{bound}")
        name = bound.partition(":")[2]
        return self.target(name) if name else f" {forms.number(Fraction(bound))} "

    def per(self, n: Decimal | int) -> str:
        return self("per_one") if n == 1 else self("per_many", n=n)

    def classes(self, classes: Mapping[str, str]) -> str:
        return self.listed(
            self("class_amount", name=self.called(name), amount=self.amount(amount))
            for name, amount in classes.items()
        )

    def rules(self, rules: Sequence[str], *, among: bool = False) -> str:
        if not rules:
            return self("item_here" if among else "here")
        if "*" in rules:
            return self("everything")
        return self.listed(self("of", rule=rule)
                           for rule in rules)  # fmt: skip

    def condition(self, when: When | None) -> str:
        return "" if when is None else self("if", when=self.when(when))

    def when(self, when: When) -> str:
        if when.all_of or when.any_of:
            joint = self("when_all" if when.all_of else "when_any")
            return joint.join(self.when(one) for one in when.all_of or when.any_of)
        if when.without is not None:
            return self("when_without", thing=self.named(when.without))
        if when.missed is not None:
            return self("when_missed", duty=self.duty(when.missed.rpartition("/")[2]))
        if when.charged is not None:
            return self("when_charged", rules=self.rules((when.charged,)))
        if when.recognition is not None:
            return self("when_recognition", thing=self.named(when.recognition))
        if when.finding is not None:
            key = "when_finding_one" if when.count == 1 else "when_finding"
            return self(key, thing=self.named(when.finding), count=when.count)
        measure = self.compared(when)
        if when.grade is not None:
            return self("when_grade", measure=measure, grade=self.called(when.grade))
        return self("when_measure", measure=measure, bounds=self.bounds(when))

    def compared(self, when: When) -> str:
        if when.rank is not None:
            return self("place_of", rank=self.named(when.rank))
        if when.risen is not None:
            return self("risen_of", rank=self.named(when.risen))
        measure = self.named(when.measure or "")
        return self("change_of", measure=measure) if when.change else measure

    def bounds(self, banded: Tier | When) -> str:
        """The bounds of a band as the text says them; `banded` is a tier or a condition."""
        told = []
        for name in ("at_least", "above", "at_most", "below"):
            value = getattr(banded, name)
            if value is not None:
                told.append(self(name, n=self.bound(str(value)).strip()))
        return self("band_joined").join(told)

    def listed(self, parts: Iterable[str]) -> str:
        return self("listed").join(parts)
