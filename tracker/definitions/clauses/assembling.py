"""From phrases to drafts of rules: each amount with the words that lead to it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from tracker.definitions.clauses import triggers
from tracker.definitions.clauses.amounts import amounts_of, figures, quantity_of, starts_with_number
from tracker.definitions.clauses.drafts import Act, Draft
from tracker.definitions.clauses.grammar import Phrase
from tracker.definitions.clauses.numerals import ARABIC, number_of
from tracker.definitions.clauses.reading import (
    Amount,
    Band,
    Between,
    Kind,
    Points,
    Quantity,
    Share,
    Whole,
)

VERBS = {"LOSE": Act.LOSE, "GAIN": Act.GAIN, "SCORE": Act.SCORE}
SPECIFIC = frozenset({"project", "enterprise", "case", "person", "place", "household"})
FARTHEST = 60
"""Phrases before an amount that may belong to it."""

MOVED = re.compile(r"前进|后退|倒退|跃升|后移|前移|下降|上升|降|升|退|进|提升")
PERCENT = re.compile(rf"({ARABIC})%")
LAST_FACTOR = re.compile(rf"(?:[×*]|乘以|乘)\(?({ARABIC})(?:分值?)?[”\"]?(?:计算)?(?:[计得]分)?$")
FIRST_FACTOR = re.compile(rf"(?:=|为)({ARABIC})分?[×*(]")
LOST_POINT = re.compile(r"(?<![\d.])0\d")
"""01分: scanning lost the decimal point."""

ASSESSED = re.compile(
    r"(?:的)?(?:之间|范围内?|以内|内)?(?:内)?(?:予以|进行|由[^，。；]{1,10}?)?(?:评定|打分|评分|裁量|掌握|赋分|核定)"
)
MARKED = re.compile(r"(?:之间)?的，?(?:得|计|记|扣|加|给|赋)")
"""70分至84分的得2分: the marks of a test are its condition."""
ABOVE = re.compile(r"以上|上述|本指标|各项")
WORTH_BEFORE = re.compile(r"(?:以|满分|基本分|分值|权重|标准分|计|共|占|各占|总分)(?:为)?$")


@dataclass(slots=True)
class Limit:
    """最多, 累计不超过, 扣完为止: a most, before it is known which rules it binds."""

    amount: Amount
    start: int
    end: int
    words: str
    sentence: int
    part: int
    opens: bool
    after: int
    until: bool = False


@dataclass(slots=True)
class Assembly:
    """All that was found, in the order of the text."""

    drafts: list[Draft] = field(default_factory=list)
    limits: list[Limit] = field(default_factory=list)
    worths: list[tuple[Amount, int, int]] = field(default_factory=list)
    loose: list[tuple[int, int]] = field(default_factory=list)
    vague: list[tuple[Act, int, int]] = field(default_factory=list)


class Assembler:
    """One pass over the phrases of a clause."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.made = Assembly()
        self.pending: list[Phrase] = []
        self.outer: list[list[Phrase]] = []
        self.sentence = 0
        self.part = 0
        self.fresh = True

    def run(self, row: Iterable[Phrase]) -> Assembly:
        for one in row:
            self._take(one)
        return self.made

    def _take(self, one: Phrase) -> None:
        match one.kind:
            case "BREAK" | "MARK":
                self._close(whole=True)
            case "SEMI":
                self._close(whole=False)
            case "OPEN":
                self.outer.append(self.pending)
                self.pending = []
            case "CLOSE":
                self.pending = self.outer.pop() if self.outer else self.pending
            case "effect":
                self._effect(one)
            case "bound" if one.of("POINTS") and self._is_given(one):
                self._charge(one, amounts_of(one))
            case "UNTIL":
                self._until(one)
            case "PROPORTION" if re.search(r"线性|直线|内插|插值", one.tokens[0].text):
                self._said(Phrase("INTERPOLATE", one.tokens))
            case "ZERO" | "FULL" | "FREE" | "TIMES" | "FORMULA" | "PROPORTION" | "INTERPOLATE":
                self._said(one)
            case "VETO" | "NODOUBLE" | "EXTERNAL":
                self._said(one)
            case "NONE":
                self.pending.clear()
            case _:
                self._wait(one)

    def _wait(self, one: Phrase) -> None:
        """Only what is near can lead to an amount; so a text without amounts stays cheap."""
        self.pending.append(one)
        if len(self.pending) > FARTHEST:
            del self.pending[: FARTHEST // 2]

    def _close(self, *, whole: bool) -> None:
        self.pending.clear()
        self.outer.clear()
        self.part += 1
        self.sentence += int(whole)
        self.fresh = True

    # -- the words before

    def _trigger(self, end: int) -> tuple[int, str, str]:
        """Where the words before begin, all of them, and those after the last comma."""
        if not self.pending:
            return end, "", ""
        start = self.pending[0].start
        last = start
        for one in self.pending:
            if one.kind in ("COMMA", "COLON"):
                last = one.end
        return start, self.text[start:end], self.text[last:end]

    def _draft(self, act: Act, kind: Kind | None, one: Phrase) -> Draft:
        start, trigger, said = self._trigger(one.start)
        return Draft(
            act, kind, start, one.end, trigger, said, sentence=self.sentence, part=self.part,
            aside=bool(self.outer), bound=self._has_bound() or bool(self._figure()),
            figure=self._figure(), rank=self._has("RANK"),
            grade=self._has("GRADE"),
        )  # fmt: skip

    def _has(self, *kinds: str) -> bool:
        return any(one.kind in kinds for one in self.pending)

    def _has_bound(self) -> bool:
        """A bound with a figure, or a comparison, not a quantity that only counts."""
        for one in self.pending:
            if one.kind == "bound" and (one.of("COMPARE") or self._measures(one)):
                return True
        return False

    def _figure(self) -> str:
        """The unit of a bound that names a number: 90%以上, 低于80%, 85分以上."""
        for one in self.pending:
            named = one.kind in ("bound", "short") and one.of("QUANTITY", "POINTS", "NUMBER")
            if named and (one.of("COMPARE") is not None or self._measures(one)):
                return self._unit(one) or "number"
        return ""

    def _measures(self, one: Phrase) -> bool:
        """以上 of a number, or a number of something that is measured and not counted."""
        beyond = one.of("BEYOND") is not None and one.of("QUANTITY", "POINTS") is not None
        return beyond or self._unit(one) in triggers.QUANTITATIVE

    def _keep(self, draft: Draft) -> None:
        self.made.drafts.append(draft)
        self.pending.clear()
        self.fresh = False

    # -- amounts

    def _effect(self, one: Phrase) -> None:
        verb = one.of(*VERBS)
        amounts = amounts_of(one)
        points = one.of("POINTS")
        if points is not None and LOST_POINT.search(points.text):
            self.made.loose.append((one.start, one.end))
        if self._is_limit(one, amounts):
            self._limit(one, amounts[-1])
        elif not amounts:
            self._vague(one, verb is not None)
        elif self._is_given(one):
            self._charge(one, amounts)
        elif verb is None and MARKED.match(self.text, one.end):
            self._wait(Phrase("bound", one.tokens))
        elif verb is None and not self._means_something(one):
            self._worth(one, amounts[0])
        else:
            self._charge(one, amounts)

    def _is_limit(self, one: Phrase, amounts: list[Amount]) -> bool:
        if not amounts:
            return False
        if one.of("MOST", "LIMIT") is not None:
            return True
        tail = [before.of("MOST") for before in self.pending[-2:] if before.kind == "effect"]
        return any(tail)

    def _means_something(self, one: Phrase) -> bool:
        """An amount without a verb: after a step, a place or an assessor's discretion it counts."""
        before = self.pending[-1] if self.pending else None
        said = self._trigger(one.start)[2]
        if before is not None and before.kind in ("step", "short"):
            return True
        if self.pending and self._discretion():
            return True
        if self.outer or WORTH_BEFORE.search(said):
            return False
        return bool(said.startswith(("其余", "其他", "其它"))) or (
            self._has("RANK") and bool(self.made.drafts)
        )

    def _is_interpolated(self, one: Phrase) -> bool:
        """在3分至5分之间按直线内插法计算."""
        near = self.text[max(0, one.start - 6) : one.end + 14]
        points = one.of("POINTS")
        ranged = points is not None and isinstance(amounts_of(one)[0], Between)
        return ranged and re.search(r"内插|插值|线性|直线", near) is not None

    def _is_given(self, one: Phrase) -> bool:
        """A range of points without a verb that a formula or an assessor fills."""
        return self._is_interpolated(one) or self._is_assessed(one)

    def _is_assessed(self, one: Phrase) -> bool:
        """由评审组在0至3分之间评定."""
        amounts = amounts_of(one)
        ranged = one.of(*VERBS) is None and amounts and isinstance(amounts[0], Between)
        return bool(ranged) and ASSESSED.match(self.text, one.end) is not None

    def _discretion(self) -> bool:
        return any(one.of("DISCRETION") for one in self.pending if one.kind == "effect")

    def _worth(self, one: Phrase, amount: Amount) -> None:
        filled = self.made.drafts[-1] if self.made.drafts else None
        if filled is not None and filled.step is not None and self._is_full_mark(one):
            filled.cap, filled.end = amount, one.end
            return
        if isinstance(amount, Whole):  # 分值 as a noun
            self._wait(one)
            return
        last = self.made.drafts[-1] if self.made.drafts else None
        if self.outer and isinstance(amount, Between) and last is not None and not last.amount:
            last.amount, last.end = amount, one.end
        elif (
            self.outer
            or (self.fresh and not self.pending)
            or WORTH_BEFORE.search(self._trigger(one.start)[2])
        ):
            self.made.worths.append((amount, one.start, one.end))
        else:
            self.made.loose.append((one.start, one.end))

    def _is_full_mark(self, one: Phrase) -> bool:
        """每完成1个得0.5分，满分3分."""
        last = self.made.drafts[-1]
        gains = last.act in (Act.SCORE, Act.GAIN) and last.part == self.part
        return gains and self._trigger(one.start)[2].endswith("满分")

    def _vague(self, one: Phrase, verb: bool) -> None:
        """酌情扣分 is a sanction; 扣分 alone waits for its amount."""
        if not verb:
            self._wait(one)
            return
        act = VERBS[(one.of(*VERBS) or one.tokens[0]).kind]
        judged = one.of("DISCRETION") is not None or self._discretion()
        assessed = act is Act.SCORE and re.search(r"(?:根据|按|视|依据)", self._trigger(one.end)[2])
        if judged or assessed:
            draft = self._draft(act, Kind.DISCRETIONARY, one)
            draft.weak = not judged
            self._keep(draft)
        elif re.match(r"[，。；、)\n]|$", self.text[one.end : one.end + 1]) is None:
            self._wait(one)
        else:
            self.made.vague.append((act, self._trigger(one.start)[0], one.end))
            self.pending.append(one)

    def _act(self, one: Phrase) -> Act:
        verb = one.of(*VERBS)
        if verb is not None:
            return VERBS[verb.kind]
        after = self.text[one.end : one.end + 6]
        if re.match(r"的?(?:奖励|加分)", after):
            return Act.GAIN
        words = self._trigger(one.start)[1]
        if re.search(r"加分|奖励", words):
            return Act.GAIN
        if re.search(r"打分|评分|计分|得分", words):
            return Act.SCORE
        last = self.made.drafts[-1] if self.made.drafts else None
        if last is not None and last.act in VERBS.values() and last.part >= self.part - 1:
            return last.act
        return Act.LOSE

    def _charge(self, one: Phrase, amounts: list[Amount]) -> None:
        act = self._act(one)
        drafts = [self._charged(act, one, amount) for amount in amounts]
        if len(drafts) > 1 and act is Act.SCORE and not self._has("step"):
            drafts = [self._by_class(drafts)]
        elif len(drafts) > 1:
            self._shared_out(drafts)
        for draft in drafts:
            if draft.counted and draft.step is None:
                self.made.loose.append((draft.start, draft.end))
            else:
                self.made.drafts.append(draft)
        self.pending.clear()
        self.fresh = False

    def _charged(self, act: Act, one: Phrase, amount: Amount) -> Draft:
        draft = self._draft(act, None, one)
        draft.amount = amount
        draft.late = triggers.is_late(draft.trigger)
        self._count(draft, one)
        if one.of("DISCRETION") is not None or self._discretion():
            draft.kind = Kind.DISCRETIONARY
        elif self._is_assessed(one) and not self._is_interpolated(one):
            draft.kind, draft.act = Kind.DISCRETIONARY, Act.SCORE
        elif self._is_interpolated(one):
            draft.kind = Kind.LINEAR
            later = self.text[one.end : one.end + 14]
            draft.act = Act.LOSE if "扣" in later and act is not Act.SCORE else Act.SCORE
        elif isinstance(amount, Between) and draft.step is None and not draft.rank:
            draft.kind = Kind.DISCRETIONARY
        elif act is Act.GAIN:
            draft.kind = Kind.BONUS
            self._in_a_row(draft)
        elif draft.step is not None:
            draft.kind = triggers.counted_kind(
                unit=draft.step.unit, measure=draft.measure, change=draft.change,
                found=draft.found, trigger=draft.trigger,
            )  # fmt: skip
        elif act is Act.LOSE and self._for_each_of_a_list(one, draft):
            draft.kind, draft.step = Kind.PER_MISSING, Quantity(Decimal(1), "item")
        elif act is Act.LOSE:
            draft.kind = triggers.flat_kind(draft.trigger, bound=draft.bound, rank=draft.rank)
            self._follow(draft)
        return draft

    def _for_each_of_a_list(self, one: Phrase, draft: Draft) -> bool:
        """未成立机构、未明确人员的，各扣0.2分."""
        each = one.of("EACHOF")
        listed = re.findall(r"未[^，。；、]{1,16}、", draft.trigger)
        return each is not None and each.text == "各" and bool(listed)

    def _in_a_row(self, draft: Draft) -> None:
        """每获得1项国家级荣誉加2分、省级荣誉加1分: one count for both."""
        last = self.made.drafts[-1] if self.made.drafts else None
        if last is not None and draft.step is None and draft.trigger.startswith("、"):
            draft.step, draft.measure = last.step, last.measure

    def _follow(self, draft: Draft) -> None:
        """跨省界的扣4分 after 每发现一起…扣2分: the same count, another class."""
        last = self.made.drafts[-1] if self.made.drafts else None
        plain = draft.kind is Kind.ALL_OR_NOTHING and not re.search(r"直接|一律", draft.said)
        late = last is not None and last.kind is Kind.LATENESS and last.sentence == draft.sentence
        if (
            late
            and draft.kind is Kind.THRESHOLD
            and re.search(r"超过\S{1,6}[天日月周时]", draft.said)
        ):
            draft.kind = Kind.LATENESS
            return
        if draft.trigger.startswith("、") and last is not None and last.step is not None:
            draft.kind, draft.step, draft.measure = last.kind, last.step, last.measure
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

    # -- what is counted

    def _count(self, draft: Draft, effect: Phrase) -> None:
        per = effect.of("PERHEAD")
        if per is not None:
            draft.step = quantity_of(per, self.text[effect.end : effect.end + 8])
            draft.measure = per.text.lstrip("/")
            return
        steps = [one for one in self.pending if one.kind in ("step", "short")]
        last = self.pending[-1] if self.pending else None
        if last is not None and self._falls_short(last):
            self._counted_by(draft, last)
            draft.change = "少"
            return
        if last is not None and self._counts_alone(last, effect):
            steps = []
        if not steps:
            self._bare_count(draft)
            return
        chosen = self._chosen(steps)
        if chosen.kind == "short" and chosen is not steps[-1]:
            return
        self._counted_by(draft, chosen)

    def _counts_alone(self, one: Phrase, effect: Phrase) -> bool:
        """每次会议缺席1人扣0.1分: what stands right before the amount is what is counted."""
        plain = one.kind == "bound" and len(one.tokens) == 1 and one.end == effect.start
        plain = plain and starts_with_number(one.tokens[0])
        measured = triggers.CLOCK | triggers.QUANTITATIVE | {""}
        return plain and self._unit(one) not in measured

    def _falls_short(self, one: Phrase) -> bool:
        """不足一个扣2.5分: counted, where 不足90% would be a bound."""
        compare = one.of("COMPARE") if one.kind == "bound" else None
        counts = compare is not None and compare.text in ("不足", "少于") and len(one.tokens) == 2
        return counts and self._unit(one) not in triggers.CLOCK | triggers.QUANTITATIVE | {""}

    def _chosen(self, steps: list[Phrase]) -> Phrase:
        """每个园区每少完成1项 counts tasks; 每个项目每次 counts projects."""
        last = steps[-1]
        if len(steps) > 1:
            unit, before = self._unit(last), self._unit(steps[-2])
            if unit == "occurrence" and before in SPECIFIC and last.start - steps[-2].end <= 4:
                return steps[-2]
        return last

    def _unit(self, one: Phrase) -> str:
        quantity = self._quantity(one)
        return "" if quantity is None else quantity.unit

    def _quantity(self, one: Phrase) -> Quantity | None:
        token = one.of("QUANTITY", "POINTS")
        if token is not None:
            return quantity_of(token, self.text[token.end : token.end + 12])
        if one.kind == "step" and one.of("NUMBER") is None:
            return Quantity(Decimal(1), "occurrence")
        return None

    def _beyond(self, one: Phrase) -> Quantity | None:
        """每低于98%一个百分点: the step follows the bound that it is measured from."""
        at = self.pending.index(one)
        after = self.pending[at + 1] if at + 1 < len(self.pending) else None
        if after is None or one.of("COMPARE") is None or one.of("QUANTITY") is None:
            return None
        plain = after.kind == "bound" and len(after.tokens) == 1 and after.start == one.end
        return self._quantity(after) if plain else None

    def _counted_by(self, draft: Draft, one: Phrase) -> None:
        quantity = self._beyond(one) or self._quantity(one)
        if one.kind == "short" and quantity is not None and self._is_length(one, quantity):
            return
        draft.counted, draft.place = True, (one.start, one.end)
        token = one.of("QUANTITY")
        draft.measure = "" if token is None else token.text.lstrip("0123456789.一二两三十")
        draft.step = self._with_subject(quantity, draft)
        if draft.step is not None and draft.step.unit in ("quarter", "year"):
            draft.step = Quantity(draft.step.n, "occurrence")
        change = one.of("CHANGE", "COMPARE")
        draft.change = "" if change is None else change.text
        if not draft.change and one.kind == "step":
            draft.change = self._change_in(one)
        draft.found = one.of("FOUND") is not None
        if draft.step is not None and draft.step.unit == "person" and MOVED.match(draft.change):
            draft.step = Quantity(draft.step.n, "rank")

    def _is_length(self, one: Phrase, quantity: Quantity) -> bool:
        """降低20%的 is a condition; 上升1个百分点加0.5分 is a step."""
        if quantity.unit not in triggers.CLOCK | triggers.QUANTITATIVE:
            return False
        if quantity.unit in triggers.CLOCK and quantity.n == 1 and self._is_absence(one):
            return False
        stepped = quantity.n == 1 and one is self.pending[-1] and one.of("BEYOND") is None
        change = one.of("CHANGE")
        late = change is not None and triggers.LATE_CHANGE.match(change.text) is not None
        return not stepped or (quantity.unit in triggers.CLOCK and not late)

    def _is_absence(self, one: Phrase) -> bool:
        """漏报一天: a day that is missing, no length of delay."""
        change = one.of("CHANGE")
        return change is not None and change.text[0] in "漏缺少"

    def _change_in(self, one: Phrase) -> str:
        """每迟报, 每漏统: the change as a word of prose."""
        prose = one.of("PROSE")
        if prose is None or prose.start != one.start + 1:
            return ""
        found = re.match(
            r"少|缺|漏|未|欠|迟|晚|逾|延|超|降|低|差|多|增|后移|上升|下降|推迟|推后|拖", prose.text
        )
        return found.group() if found else ""

    def _with_subject(self, quantity: Quantity | None, draft: Draft) -> Quantity | None:
        """项目……每个: the subject says what 个 counts."""
        if quantity is None or quantity.unit != "item" or not draft.measure.startswith("个"):
            return quantity
        if re.search(r"项目(?!标|组|部|负责|资料)", draft.trigger):
            return Quantity(quantity.n, "project")
        last = self.made.drafts[-1] if self.made.drafts else None
        alike = last is not None and last.part == draft.part and last.measure == draft.measure
        if alike and last is not None and last.step is not None:
            return Quantity(quantity.n, last.step.unit)
        return quantity

    def _bare_count(self, draft: Draft) -> None:
        """一次扣2分, 一项任务未达序时进度的扣1分: counted without 每."""
        while self.pending and self.pending[-1].kind == "COMMA":
            self.pending.pop()
        last_comma = max(
            (at for at, one in enumerate(self.pending) if one.kind in ("COMMA", "COLON")),
            default=-1,
        )
        said = self.pending[last_comma + 1 :]
        counts = [one for one in said if one.kind == "bound" and len(one.tokens) == 1]
        for one in reversed(counts):
            quantity = self._quantity(one)
            if quantity is None or quantity.unit in triggers.CLOCK | triggers.QUANTITATIVE:
                continue
            near = draft.end and not re.search(r"的", self.text[one.end : said[-1].end])
            if one is said[0] or near or re.match(r"有", said[0].tokens[0].text):
                self._counted_by(draft, one)
                return

    # -- limits and the rest

    def _limit(self, one: Phrase, amount: Amount) -> None:
        start, trigger, _ = self._trigger(one.start)
        words = self.text[start : one.end]
        judged = one.of("DISCRETION") is not None or self._discretion()
        drafts = self.made.drafts
        fault = re.search(r"[不未违错漏]|缺", trigger) and not re.search(r"扣分|加分", trigger)
        if judged or (fault and not re.search("超过", trigger) and trigger and self._own(trigger)):
            act = Act.GAIN if one.of("GAIN") else Act.SCORE if one.of("SCORE") else Act.LOSE
            draft = self._draft(act, Kind.DISCRETIONARY, one)
            draft.cap = amount
            self._keep(draft)
            return
        self.made.limits.append(
            Limit(amount, start, one.end, words, self.sentence, self.part, self.fresh, len(drafts))
        )
        self.pending.clear()
        self.fresh = False

    def _own(self, trigger: str) -> bool:
        return trigger.rstrip("，").endswith("的")

    def _until(self, one: Phrase) -> None:
        text = one.tokens[0].text
        numbers = (
            figures(re.sub(r"[零0]分", "", text))
            if re.search(r"[\d一二三四五六七八九十半]", text)
            else []
        )
        amount: Amount = Whole()
        if numbers and numbers[0]:
            amount = Share(numbers[0]) if "%" in text else Points(numbers[0])
        start, _, _ = self._trigger(one.start)
        words = self.text[start : one.end]
        self.made.limits.append(
            Limit(
                amount, start, one.end, words, self.sentence, self.part, self.fresh,
                len(self.made.drafts), until=True,
            )
        )  # fmt: skip
        self.pending.clear()

    def _defines(self, one: Phrase) -> bool:
        """化解率=化解数/交办数×100% says what a rate is, not what it costs."""
        said = self._trigger(one.end)[2] if self.pending else one.tokens[0].text
        left, equals, _ = said.partition("=")
        return bool(equals) and re.search(r"[得扣加计]分|分值|分数", left) is None

    def _said(self, one: Phrase) -> None:
        kinds = {
            "ZERO": (Act.ZERO, None), "FULL": (Act.FULL, None), "FREE": (Act.FREE, Kind.EXEMPTION),
            "TIMES": (Act.OTHER, Kind.MULTIPLIER), "FORMULA": (Act.SCORE, Kind.RATIO),
            "PROPORTION": (Act.OTHER, Kind.RATIO), "INTERPOLATE": (Act.OTHER, Kind.LINEAR),
            "VETO": (Act.OTHER, Kind.VETO), "NODOUBLE": (Act.OTHER, Kind.NO_DOUBLE),
            "EXTERNAL": (Act.OTHER, Kind.EXTERNAL),
        }  # fmt: skip
        act, kind = kinds[one.kind]
        if one.kind == "FORMULA" and self._defines(one):
            self.pending.clear()
            return
        if one.kind == "FREE" and "免扣" in one.tokens[0].text:
            act, kind = Act.OTHER, Kind.MULTIPLIER
        draft = self._draft(act, kind, one)
        if kind is Kind.NO_DOUBLE and one.tokens[0].text.startswith("不再"):
            draft.kind = _not_again(draft)
        draft.late = triggers.is_late(draft.trigger)
        draft.said += one.tokens[0].text
        draft.amount = _stated(one, draft)
        if kind is Kind.RATIO and _is_between(one, draft):
            draft.kind = Kind.LINEAR
        if re.search(r"[×÷*/]{2,}|=$|扣\d", one.tokens[0].text):
            self.made.loose.append((one.start, one.end))
        self._keep(draft)


def _not_again(draft: Draft) -> Kind:
    """整改合格的，不再扣分 excuses; 已在其他项扣分的，不再扣分 charges once."""
    once = re.search(r"扣|同|重复|其[他它余]|多|已在|[加得计]分|另", draft.trigger)
    return Kind.NO_DOUBLE if once or not draft.trigger else Kind.EXEMPTION


def _is_between(one: Phrase, draft: Draft) -> bool:
    """In proportion between two points that are named: 介于两者之间, (率-90%)÷10%."""
    between = re.search(r"之间|介于|中间", draft.trigger)
    return bool(between) or re.search(r"\((?!1-)[^()]*-[^()]*\)", one.tokens[0].text) is not None


def _scaled(text: str) -> Share | None:
    """What remains of the other amount: 上浮50% leaves 150% of it."""
    percent = PERCENT.search(text)
    if percent is None:
        return None
    number = number_of(percent[1])
    if re.search(r"(?:上浮|上调|提高|提|增加|加计)(?![至到])", text):
        number = 100 + number
    elif re.search(r"(?:下浮|下调)(?![至到])", text):
        number = 100 - number
    return Share(number)


def _stated(one: Phrase, draft: Draft) -> Amount | None:
    """The amount that a phrase of one token carries in itself."""
    text = one.tokens[0].text
    if one.kind in ("FULL", "ZERO"):
        return Whole()
    if one.kind == "TIMES":
        return _scaled(text)
    if one.kind == "FORMULA":
        factor, first = LAST_FACTOR.search(text), FIRST_FACTOR.search(text)
        found = factor or first
        return Points(number_of(found[1])) if found else None
    return None
