"""The phrases that lead to the next amount, and what was made of those before them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import Decimal

from tracker.definitions.clauses import triggers
from tracker.definitions.clauses.amounts import quantity_of
from tracker.definitions.clauses.drafts import Act, Draft
from tracker.definitions.clauses.grammar import Phrase
from tracker.definitions.clauses.reading import Amount, Kind, Quantity

ONE_OF = re.compile(
    r"每(?:(?P<item>学校|校|医院|院|单位|部门|窗口|网点|平台|系统|网格|支部|社区|班级|班|站点|站|井|小区|路段|街道|片区)"
    r"|(?P<enterprise>企业)|(?P<person>学生|教师|干部|党员|职工|人员))(?=[扣加得计，每]|再)"
)
"""每校扣, 每企业扣: the noun is what is counted."""

FARTHEST = 60
"""Phrases before an amount that may belong to it."""


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
    """All that was found, in the order of the text. `ends`: of amounts; `prose`: words of no
    meaning to the reader."""

    drafts: list[Draft] = field(default_factory=list)
    limits: list[Limit] = field(default_factory=list)
    worths: list[tuple[Amount, int, int]] = field(default_factory=list)
    loose: list[tuple[int, int]] = field(default_factory=list)
    vague: list[tuple[Act, int, int]] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    prose: list[tuple[int, int]] = field(default_factory=list)


class Lead:
    """Filled phrase by phrase; emptied by each amount and at the end of each part of a sentence."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.made = Assembly()
        self.pending: list[Phrase] = []
        self.outer: list[list[Phrase]] = []
        self.sentence = 0
        self.part = 0
        self.fresh = True

    def wait(self, one: Phrase) -> None:
        """Only what is near can lead to an amount; so a text without amounts stays cheap."""
        self.pending.append(one)
        if len(self.pending) > FARTHEST:
            del self.pending[: FARTHEST // 2]

    def close(self, *, whole: bool) -> None:
        self.pending.clear()
        self.outer.clear()
        self.part += 1
        self.sentence += int(whole)
        self.fresh = True

    def trigger(self, end: int) -> tuple[int, str, str]:
        """Where the words before begin, all of them, and those after the last comma."""
        if not self.pending:
            return end, "", ""
        start = self.pending[0].start
        last = start
        for one in self.pending:
            if one.kind in ("COMMA", "COLON"):
                last = one.end
        return start, self.text[start:end], self.text[last:end]

    def draft(self, act: Act, kind: Kind | None, one: Phrase) -> Draft:
        start, trigger, said = self.trigger(one.start)
        return Draft(
            act, kind, start, one.end, trigger, said, sentence=self.sentence, part=self.part,
            aside=bool(self.outer), bound=self.has_bound() or bool(self.figure()),
            figure=self.figure(), rank=self.has("RANK"),
            grade=self.has("GRADE"),
        )  # fmt: skip

    def has(self, *kinds: str) -> bool:
        return any(one.kind in kinds for one in self.pending)

    def has_bound(self) -> bool:
        """A bound with a figure, or a comparison, not a quantity that only counts."""
        for one in self.pending:
            if one.kind == "bound" and (one.of("COMPARE") or self.measures(one)):
                return True
        return False

    def figure(self) -> str:
        """The unit of a bound that names a number: 90%以上, 低于80%, 85分以上."""
        for one in self.pending:
            if one.of("FOUND") is not None:
                continue
            named = one.kind in ("bound", "short") and one.of("QUANTITY", "POINTS", "NUMBER")
            if named and (one.of("COMPARE") is not None or self.measures(one)):
                return self.unit(one) or "number"
        return ""

    def measures(self, one: Phrase) -> bool:
        """以上 of a number, or a number of something that is measured and not counted."""
        beyond = one.of("BEYOND") is not None and one.of("QUANTITY", "POINTS") is not None
        return beyond or self.unit(one) in triggers.QUANTITATIVE

    def unit(self, one: Phrase) -> str:
        quantity = self.quantity(one)
        return "" if quantity is None else quantity.unit

    def quantity(self, one: Phrase) -> Quantity | None:
        token = one.of("QUANTITY", "POINTS")
        if token is not None:
            return quantity_of(token, self.text[token.end : token.end + 12])
        if one.kind == "step" and one.of("NUMBER") is None:
            named = ONE_OF.match(self.text, one.start)
            unit = "occurrence" if named is None else named.lastgroup or "item"
            return Quantity(Decimal(1), unit)
        return None

    def discretion(self) -> bool:
        return any(one.of("DISCRETION") for one in self.pending if one.kind == "effect")

    def keep(self, draft: Draft) -> None:
        self.made.drafts.append(draft)
        self.pending.clear()
        self.fresh = False
