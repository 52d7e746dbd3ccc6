"""From phrases to drafts of rules: each amount with the words that lead to it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from tracker.definitions.clauses import triggers
from tracker.definitions.clauses.amounts import amounts_of
from tracker.definitions.clauses.counting import count
from tracker.definitions.clauses.drafts import Act, Draft
from tracker.definitions.clauses.grammar import Phrase
from tracker.definitions.clauses.leads import Assembly, Lead
from tracker.definitions.clauses.limiting import capped, limit, until
from tracker.definitions.clauses.numerals import NUMBER
from tracker.definitions.clauses.reading import Amount, Band, Between, Kind, Points, Quantity, Whole
from tracker.definitions.clauses.sayings import said

VERBS = {"LOSE": Act.LOSE, "GAIN": Act.GAIN, "SCORE": Act.SCORE}
LOSE_AFTER = re.compile(
    r"(?:的)?(?:(?:幅度|范围|区间)之?内)?(?:予以|进行)?(?:倒扣|扣减|扣罚|扣除|计扣|扣分|扣)(?![完满至到光\d])"
)
"""按该项分值的10%倒扣: the verb stands behind its amount."""

DELAY = re.compile(
    rf"[，；]?(?:超过|超出|达到?|满)?(?:{NUMBER}[-至到])?{NUMBER}个?(?:工作日|天|日|小时|周|月)(?:以[上内下]|的)"
)

SCORED_AFTER = re.compile(r"的?(?:分值|比例|标准)?(?:计分|得分|计算|赋分|计)(?=[，。；]|$)")

FROM_WHICH = re.compile(r"，?从[^，。；]{0,8}(?:分值|得分|总分|分数|分)中(?:予以)?")
FAR = 1_000
"""Characters that are searched for a verb at most."""

LOST_POINT = re.compile(r"(?<![\d.])0\d")
"""01分: scanning lost the decimal point."""

ASSESSED = re.compile(
    r"(?:的)?(?:之间|范围内?|以内|内)?(?:内)?(?:予以|进行|由[^，。；]{1,10}?)?(?:评定|打分|评分|裁量|掌握|赋分|核定"
    r"|确定(?:扣分|扣减|加分|得分)?(?:分值|分数|值|数))"
)
MARKED = re.compile(
    r"(?:之间)?的，?(?:得|计|记|扣|加|给|赋|按)|\((?:得|计|扣)|\(含\)[^，。；]{0,14}的，?[得计记扣按]"
)
"""70分至84分的得2分: the marks of a test are its condition."""
WORTH_BEFORE = re.compile(r"(?:以|满分|基本分|分值|权重|标准分|计|共|占|各占|总分)(?:为)?$")


class Assembler:
    """One pass over the phrases of a clause."""

    def __init__(self, text: str) -> None:
        self.lead = Lead(text)

    def run(self, row: Iterable[Phrase]) -> Assembly:
        for one in row:
            self._take(one)
            self.lead.made.prose += [
                (word.start, word.end) for word in one.tokens if word.kind == "PROSE"
            ]
        return self.lead.made

    def _take(self, one: Phrase) -> None:
        match one.kind:
            case "BREAK" | "MARK":
                self.lead.close(whole=True)
            case "SEMI":
                self.lead.close(whole=False)
            case "OPEN":
                self.lead.outer.append(self.lead.pending)
                self.lead.pending = []
            case "CLOSE":
                self.lead.pending = self.lead.outer.pop() if self.lead.outer else self.lead.pending
            case "effect":
                self._effect(one)
            case "bound" if one.of("POINTS") and self._is_given(one):
                self._charge(one, self._amounts(one))
            case "bound" if self._is_scale(one):
                self._charge(one, amounts_of(one))
            case "UNTIL":
                until(self.lead, one)
            case "CAPPED":
                capped(self.lead, one)
            case "PROPORTION" if re.search(r"线性|直线|内插|插值", one.tokens[0].text):
                said(self.lead, Phrase("INTERPOLATE", one.tokens))
            case "ZERO" | "FULL" | "FREE" | "TIMES" | "FORMULA" | "PROPORTION" | "INTERPOLATE":
                said(self.lead, one)
            case "VETO" | "NODOUBLE" | "EXTERNAL":
                said(self.lead, one)
            case "NONE":
                self.lead.pending.clear()
            case _:
                self.lead.wait(one)

    def _effect(self, one: Phrase) -> None:
        verb = one.of(*VERBS)
        amounts = self._amounts(one)
        points = one.of("POINTS")
        if points is not None and LOST_POINT.search(points.text):
            self.lead.made.loose.append((one.start, one.end))
        if self._is_limit(one, amounts):
            limit(self.lead, one, amounts[-1])
        elif self._fills_a_ratio(one, amounts):
            self._charge_in_proportion(one, amounts[0])
        elif not amounts:
            self._vague(one, verb is not None)
        elif self._is_given(one) or self._verb_behind(one) or self._is_scored_as(one):
            self._charge(one, amounts)
        elif self._is_counted_as(one):
            self.lead.made.worths += [(each, one.start, one.end) for each in amounts]
        elif self._names_a_worth(one):
            self.lead.wait(one)
        elif verb is None and MARKED.match(self.lead.text, one.end):
            self.lead.wait(Phrase("bound", one.tokens))
        elif verb is None and not self._means_something(one):
            self._worth(one, amounts[0])
        else:
            self._charge(one, amounts)

    def _is_limit(self, one: Phrase, amounts: list[Amount]) -> bool:
        if not amounts:
            return False
        if one.of("MOST", "LIMIT") is not None:
            return True
        tail = [before.of("MOST") for before in self.lead.pending[-2:] if before.kind == "effect"]
        return any(tail)

    def _fills_a_ratio(self, one: Phrase, amounts: list[Amount]) -> bool:
        """按未缴比例扣减2分, 按得分占80分的比例计2分: of what the proportion is taken."""
        last = self.lead.made.drafts[-1] if self.lead.made.drafts else None
        open_ = last is not None and last.kind is Kind.RATIO and last.amount is None
        near = last is not None and last.end == one.start
        return open_ and near and len(amounts) == 1 and isinstance(amounts[0], Points)

    def _charge_in_proportion(self, one: Phrase, amount: Amount) -> None:
        last = self.lead.made.drafts[-1]
        verb = one.of(*VERBS)
        if verb is not None:
            last.act = VERBS[verb.kind]
        elif re.search(r"扣[减除分]?$", last.said):
            last.act = Act.LOSE
        last.amount, last.end = amount, one.end
        self.lead.made.ends.append(one.end)
        self.lead.pending.clear()
        self.lead.fresh = False

    def _means_something(self, one: Phrase) -> bool:
        """An amount without a verb: after a step, a place or an assessor's discretion it counts."""
        before = self.lead.pending[-1] if self.lead.pending else None
        said = self.lead.trigger(one.start)[2]
        if before is not None and before.kind in ("step", "short"):
            return True
        if self.lead.pending and self.lead.discretion():
            return True
        if self._is_next_class(said):
            return True
        if self.lead.outer or WORTH_BEFORE.search(said):
            return False
        return bool(said.startswith(("其余", "其他", "其它"))) or (
            self.lead.has("RANK") and bool(self.lead.made.drafts)
        )

    def _is_next_class(self, said: str) -> bool:
        """国家级每次加3分，省级2分; 90%以上得3分，80%以上2分: the verb is said once."""
        last = self.lead.made.drafts[-1] if self.lead.made.drafts else None
        if last is None or last.amount is None or last.sentence != self.lead.sentence:
            return False
        name = said.strip("、，；")
        if last.act not in VERBS.values() or not name or WORTH_BEFORE.search(said):
            return False
        graded = self.lead.has("GRADE") and last.grade and len(name) <= 6
        return (
            bool(triggers.LEVEL.fullmatch(name))
            or graded
            or bool(last.figure and self.lead.figure())
        )

    def _is_interpolated(self, one: Phrase) -> bool:
        """在3分至5分之间按直线内插法计算."""
        near = self.lead.text[max(0, one.start - 6) : one.end + 14]
        points = one.of("POINTS")
        ranged = points is not None and isinstance(self._amounts(one)[0], Between)
        return ranged and re.search(r"内插|插值|线性|直线|按比例", near) is not None

    def _amounts(self, one: Phrase) -> list[Amount]:
        """Two numbers of points are a range where 之间 stands behind them."""
        amounts = amounts_of(one)
        points = one.of("POINTS")
        between = points is not None and self.lead.text.startswith("之间", points.end)
        if between and len(amounts) == 2 and all(isinstance(each, Points) for each in amounts):
            least, most = (each for each in amounts if isinstance(each, Points))
            return [Between(least, most)]
        return amounts

    def _is_given(self, one: Phrase) -> bool:
        """A range of points without a verb that a formula or an assessor fills."""
        return self._is_interpolated(one) or self._is_assessed(one)

    def _is_assessed(self, one: Phrase) -> bool:
        """由评审组在0至3分之间评定."""
        amounts = self._amounts(one)
        ranged = one.of(*VERBS) is None and amounts and isinstance(amounts[0], Between)
        return bool(ranged) and ASSESSED.match(self.lead.text, one.end) is not None

    def _act_assessed(self, one: Phrase) -> Act:
        """在0.5至2分之间确定扣分值 takes points, 评定 gives them."""
        told = ASSESSED.match(self.lead.text, one.end)
        return Act.LOSE if told is not None and "扣" in told.group() else Act.SCORE

    def _worth(self, one: Phrase, amount: Amount) -> None:
        filled = self.lead.made.drafts[-1] if self.lead.made.drafts else None
        if filled is not None and filled.step is not None and self._is_full_mark(one):
            filled.cap, filled.end = amount, one.end
            return
        if isinstance(amount, Whole):  # 分值 as a noun
            self.lead.wait(one)
            return
        last = self.lead.made.drafts[-1] if self.lead.made.drafts else None
        if self.lead.outer and isinstance(amount, Between) and last is not None and not last.amount:
            last.amount, last.end = amount, one.end
        elif (
            self.lead.outer
            or (self.lead.fresh and not self.lead.pending)
            or WORTH_BEFORE.search(self.lead.trigger(one.start)[2])
        ):
            self.lead.made.worths.append((amount, one.start, one.end))
        else:
            self.lead.made.loose.append((one.start, one.end))

    def _is_counted_as(self, one: Phrase) -> bool:
        """分别按1分、1分、0.5分计: what each is worth."""
        by = self.lead.trigger(one.start)[2].endswith(("按", "以"))
        return (
            by
            and re.match(r"(?:计算|计)(?:[，。；]|$)", self.lead.text[one.end : one.end + 4])
            is not None
        )

    def _is_scored_as(self, one: Phrase) -> bool:
        """95%以上按3分计: what a bound earns."""
        return self._is_counted_as(one) and bool(self.lead.figure())

    def _is_full_mark(self, one: Phrase) -> bool:
        """每完成1个得0.5分，满分3分."""
        last = self.lead.made.drafts[-1]
        gains = last.act in (Act.SCORE, Act.GAIN) and last.part == self.lead.part
        return gains and self.lead.trigger(one.start)[2].endswith("满分")

    def _vague(self, one: Phrase, verb: bool) -> None:
        """酌情扣分 is a sanction; 扣分 alone waits for its amount."""
        if not verb:
            self.lead.wait(one)
            return
        if self._closes_amount(one):
            return
        act = VERBS[(one.of(*VERBS) or one.tokens[0]).kind]
        judged = one.of("DISCRETION") is not None or self.lead.discretion()
        assessed = act is Act.SCORE and re.search(
            r"(?:根据|按|视|依据)", self.lead.trigger(one.end)[2]
        )
        if judged or assessed:
            draft = self.lead.draft(act, Kind.DISCRETIONARY, one)
            draft.weak = not judged
            self.lead.keep(draft)
        elif re.match(r"[，。；、)\n]|$", self.lead.text[one.end : one.end + 1]) is None:
            self.lead.wait(one)
        else:
            self.lead.made.vague.append((act, self.lead.trigger(one.start)[0], one.end))
            self.lead.pending.append(one)

    def _closes_amount(self, one: Phrase) -> bool:
        """每次按0.1分扣减; 每条0.05分，从本项分值中扣减: the verb stands behind its amount."""
        last = self.lead.made.drafts[-1] if self.lead.made.drafts else None
        if last is not None and last.kind is Kind.DISCRETIONARY and last.end == one.start:
            last.act, last.end = self._act(one), one.end  # 在5分以内酌情加分
            self.lead.pending.clear()
            return True
        if last is not None and last.end == one.start and last.act is Act.SCORE and one.of("SCORE"):
            last.end = one.end  # 分别按100%、80%、60%计分
            self.lead.pending.clear()
            return True
        if last is None or last.part != self.lead.part or one.of("LOSE") is None:
            return False
        behind = last.end == one.start or FROM_WHICH.fullmatch(self.lead.text[last.end : one.start])
        if not behind or (last.amount is None and last.cap is None) or last.act is Act.GAIN:
            return False
        last.act, last.end = Act.LOSE, one.end
        self.lead.pending.clear()
        return True

    def _act(self, one: Phrase) -> Act:
        verb = one.of(*VERBS)
        if verb is not None:
            return VERBS[verb.kind]
        after = self.lead.text[one.end : one.end + 6]
        if re.match(r"的?(?:奖励|加分)", after):
            return Act.GAIN
        if self._verb_behind(one):
            return Act.LOSE
        counted = one.kind == "bound" or self._is_counted_as(one)
        if counted and SCORED_AFTER.match(self.lead.text, one.end):
            return Act.SCORE
        words = self.lead.trigger(one.start)[1]
        if re.search(r"加分|奖励", words):
            return Act.GAIN
        if re.search(r"打分|评分|计分|得分", words):
            return Act.SCORE
        last = self.lead.made.drafts[-1] if self.lead.made.drafts else None
        if last is not None and last.act in VERBS.values() and last.part >= self.lead.part - 1:
            return last.act
        return self._act_of_clause()

    def _act_of_clause(self) -> Act:
        """命名国家级的每个3分……累计计分不超过6分: no verb but the one of the limit."""
        if re.search(r"[扣减罚]", self.lead.text[:FAR]):
            return Act.LOSE
        if re.search(r"加分|奖", self.lead.text[:FAR]):
            return Act.GAIN
        return Act.SCORE if re.search(r"[得计]分", self.lead.text[:FAR]) else Act.LOSE

    def _is_scale(self, one: Phrase) -> bool:
        """分别按100%、80%、60%、0计分: a share for each class."""
        several = len(one.tokens) == 1 and len(amounts_of(one)) > 2
        return several and SCORED_AFTER.match(self.lead.text, one.end) is not None

    def _verb_behind(self, one: Phrase) -> re.Match[str] | None:
        return None if one.of(*VERBS) else LOSE_AFTER.match(self.lead.text, one.end)

    def _names_a_worth(self, one: Phrase) -> bool:
        """分值5分: the number follows."""
        after = self.lead.text[one.end : one.end + 3]
        bare = one.of(*VERBS) is None and one.of("WORTH") is not None
        return bare and re.match(r"为?\d", after) is not None

    def _charge(self, one: Phrase, amounts: list[Amount]) -> None:
        behind = self._verb_behind(one)
        end = one.end if behind is None else behind.end()
        self.lead.made.ends.append(end)
        act = self._act(one)
        drafts = [self._charged(act, one, amount) for amount in amounts]
        if len(drafts) > 1 and act is Act.SCORE and not self.lead.has("step"):
            drafts = [self._by_class(drafts)]
        elif len(drafts) > 1:
            self._shared_out(drafts)
        for draft in drafts:
            if draft.counted and draft.step is None:
                self.lead.made.loose.append((draft.start, draft.end))
            else:
                draft.end = max(draft.end, end)
                self.lead.made.drafts.append(draft)
        self.lead.pending.clear()
        self.lead.fresh = False

    def _charged(self, act: Act, one: Phrase, amount: Amount) -> Draft:
        draft = self.lead.draft(act, None, one)
        draft.amount = amount
        draft.late = triggers.is_late(draft.trigger)
        count(self.lead, draft, one)
        alike = self._same_count(draft)
        if one.of("DISCRETION") is not None or self.lead.discretion():
            draft.kind = Kind.DISCRETIONARY
            if one.of(*VERBS) is None and WORTH_BEFORE.search(draft.said):
                draft.amount, draft.cap = None, amount
        elif self._is_assessed(one) and not self._is_interpolated(one):
            draft.kind, draft.act = Kind.DISCRETIONARY, self._act_assessed(one)
        elif self._is_interpolated(one):
            draft.kind = Kind.LINEAR
            later = self.lead.text[one.end : one.end + 14]
            draft.act = Act.LOSE if "扣" in later and act is not Act.SCORE else Act.SCORE
        elif isinstance(amount, Between) and draft.step is None and not draft.rank:
            draft.kind = Kind.DISCRETIONARY
        elif act is Act.GAIN:
            draft.kind = Kind.BONUS
        elif alike is not None:
            draft.kind = alike
        elif draft.step is not None:
            draft.kind = triggers.counted_kind(
                unit=draft.step.unit, measure=draft.measure, change=draft.change,
                found=draft.found, trigger=draft.trigger,
            )  # fmt: skip
            self._later_band(draft)
        elif act is Act.SCORE and self._for_each_of_a_list(one, draft):
            draft.kind, draft.step = Kind.PER_INCIDENT, Quantity(Decimal(1), "item")
        elif act is Act.LOSE and self._for_each_of_a_list(one, draft):
            draft.kind, draft.step = Kind.PER_MISSING, Quantity(Decimal(1), "item")
        elif act is Act.LOSE:
            draft.kind = triggers.flat_kind(draft.trigger, bound=draft.bound, rank=draft.rank)
            self._follow(draft)
        return draft

    def _later_band(self, draft: Draft) -> None:
        """6至10个工作日的每次 after 逾期1至5个工作日的每次: delays of another length."""
        last = self.lead.made.drafts[-1] if self.lead.made.drafts else None
        late = last is not None and last.kind is Kind.LATENESS and last.sentence == draft.sentence
        if late and draft.kind is Kind.PER_INCIDENT and DELAY.match(draft.trigger):
            draft.kind = Kind.LATENESS

    def _for_each_of_a_list(self, one: Phrase, draft: Draft) -> bool:
        """未成立机构、未明确人员的，各扣0.2分."""
        each = one.of("EACHOF")
        missing = r"未[^，。；、]{1,16}、" if draft.act is Act.LOSE else r"[^，。；、]{1,16}、"
        listed = re.findall(missing, draft.trigger)
        return each is not None and each.text == "各" and bool(listed)

    def _same_count(self, draft: Draft) -> Kind | None:
        """每获得1项国家级荣誉加2分、省级荣誉加1分: one count for both, and one kind."""
        last = self.lead.made.drafts[-1] if self.lead.made.drafts else None
        if last is None or last.step is None or draft.step is not None:
            return None
        if last.act is not draft.act or not self._is_class_of(last, draft):
            return None
        draft.step, draft.measure = last.step, last.measure
        return last.kind

    def _is_class_of(self, last: Draft, draft: Draft) -> bool:
        """、被省级通报的, 县级: another class of what the last amount counts."""
        if re.search(r"直接|一律|[未迟逾超少漏]", draft.said) or last.sentence != draft.sentence:
            return False
        name = draft.trigger.strip("、，；")
        alike = triggers.LEVEL.fullmatch(name) is not None and triggers.LEVEL_IN.search(
            last.trigger
        )
        direct = re.search(r"直接|一律", self.lead.text[draft.start : draft.end])
        return direct is None and (draft.trigger.startswith("、") or bool(alike))

    def _follow(self, draft: Draft) -> None:
        """跨省界的扣4分 after 每发现一起…扣2分: the same count, another class."""
        last = self.lead.made.drafts[-1] if self.lead.made.drafts else None
        plain = draft.kind is Kind.ALL_OR_NOTHING and not re.search(r"直接|一律|未|没", draft.said)
        late = last is not None and last.kind is Kind.LATENESS and last.sentence == draft.sentence
        if (
            late
            and draft.kind is Kind.THRESHOLD
            and re.search(r"超过\S{1,6}[天日月周时]", draft.said)
        ):
            draft.kind = Kind.LATENESS
            return
        if last is None or not plain or last.step is None or last.sentence != draft.sentence:
            return
        if (
            last.kind is Kind.PER_INCIDENT
            and last.found
            and (draft.aside or last.part == draft.part)
        ):
            draft.kind, draft.step, draft.measure = last.kind, last.step, last.measure

    def _by_class(self, drafts: list[Draft]) -> Draft:
        """优秀、良好、合格的，分别得…: a band for each class."""
        first = drafts[0]
        first.kind = Kind.RANK if first.rank else Kind.TIERED
        first.tiers = [Band(first.said.strip("，"), award=one.amount) for one in drafts]
        first.amount, first.step, first.counted = None, None, False
        return first

    def _shared_out(self, drafts: list[Draft]) -> None:
        """迟报、漏报、瞒报的，分别扣…: each class by its own word."""
        words = [word for word in re.split(r"、|和|及|与", drafts[0].trigger) if word]
        listed = re.findall(r"(?:迟|漏|瞒|谎|错|缺|拒|不|虚)报", drafts[0].trigger)
        if len(listed) != len(drafts) or len(words) < len(drafts):
            return
        for draft, word in zip(drafts, listed, strict=True):
            if word.startswith("迟"):
                draft.kind = Kind.LATENESS
            elif word[0] in "漏缺拒不":
                draft.kind = Kind.PER_MISSING
            else:
                draft.kind = Kind.PER_INCIDENT
