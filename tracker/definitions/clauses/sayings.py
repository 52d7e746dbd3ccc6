"""Phrases that say all by themselves: 不得分, 满分, 加倍, 一票否决, 按比例, 另行通知."""

from __future__ import annotations

import re

from tracker.definitions.clauses import triggers
from tracker.definitions.clauses.drafts import Act, Draft
from tracker.definitions.clauses.grammar import Phrase
from tracker.definitions.clauses.leads import Lead
from tracker.definitions.clauses.numerals import ARABIC, number_of
from tracker.definitions.clauses.reading import Amount, Kind, Points, Share, Whole

PERCENT = re.compile(rf"({ARABIC})%")
LAST_FACTOR = re.compile(
    rf"(?:[×*]|乘以|乘)\(?(?:本项|该项|本指标|对应)?(?:分值|满分|基本分|标准分|权重分)?(?:为|的)?({ARABIC})(?:分值?)?\)?[”\"]?"
    r"(?:计算|折算)?(?:即?为|作为)?(?:最终|本项|最后)?(?:[计得]分?)?$"
)
FIRST_FACTOR = re.compile(rf"(?:=|为)({ARABIC})分?[×*(]")


def _defines(lead: Lead, one: Phrase) -> bool:
    """化解率=化解数/交办数×100% says what a rate is, not what it costs."""
    said = lead.trigger(one.end)[2] if lead.pending else one.tokens[0].text
    left, equals, _ = said.partition("=")
    return bool(equals) and re.search(r"[得扣加计]分|分值|分数", left) is None


def said(lead: Lead, one: Phrase) -> None:
    kinds = {
        "ZERO": (Act.ZERO, None), "FULL": (Act.FULL, None), "FREE": (Act.FREE, Kind.EXEMPTION),
        "TIMES": (Act.OTHER, Kind.MULTIPLIER), "FORMULA": (Act.SCORE, Kind.RATIO),
        "PROPORTION": (Act.OTHER, Kind.RATIO), "INTERPOLATE": (Act.OTHER, Kind.LINEAR),
        "VETO": (Act.OTHER, Kind.VETO), "NODOUBLE": (Act.OTHER, Kind.NO_DOUBLE),
        "EXTERNAL": (Act.OTHER, Kind.EXTERNAL),
    }  # fmt: skip
    act, kind = kinds[one.kind]
    if one.kind == "FORMULA" and _defines(lead, one):
        lead.pending.clear()
        return
    if one.kind == "FREE" and "免扣" in one.tokens[0].text:
        act, kind = Act.OTHER, Kind.MULTIPLIER
    draft = lead.draft(act, kind, one)
    draft.said += one.tokens[0].text
    if kind is Kind.NO_DOUBLE and one.tokens[0].text.startswith("不再"):
        draft.kind = _not_again(draft)
    if kind is Kind.NO_DOUBLE and HEAVIER.match(one.tokens[0].text) and _is_alone(draft):
        draft.act, draft.kind = Act.LOSE, Kind.DISCRETIONARY
    draft.late = triggers.is_late(draft.trigger)
    draft.amount = _stated(one, draft)
    if kind is Kind.RATIO and _is_between(one, draft):
        draft.kind = Kind.LINEAR
    if re.search(r"[×÷*/]{2,}|=$|扣\d", one.tokens[0].text):
        lead.made.loose.append((one.start, one.end))
    lead.keep(draft)


def _not_again(draft: Draft) -> Kind:
    """整改合格的，不再扣分 excuses; 已在其他项扣分的，不再扣分 charges once."""
    once = "重复" in draft.said or re.search(
        r"扣|同|重复|其[他它余]|多|已在|[加得计]分|另", draft.trigger
    )
    return Kind.NO_DOUBLE if once or not draft.trigger else Kind.EXEMPTION


HEAVIER = re.compile(r"从[重严]")


def _is_alone(draft: Draft) -> bool:
    """造成后果的，从重扣分 leaves the amount open; 多次通报的，从重扣分 chooses one of several."""
    return re.search(r"同|多|两|既|又|并|不同|各|重复", draft.trigger) is None


def _is_between(one: Phrase, draft: Draft) -> bool:
    """In proportion between two points that are named: 介于两者之间, (率-90%)÷10%."""
    between = one.kind != "FORMULA" and re.search(r"之间|介于|中间", draft.trigger)
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
    if one.kind == "FORMULA" and re.search(r"-\d[\d.]*\)", text):
        return None  # (率×100-80)×0.1: no factor of the whole
    if one.kind == "FORMULA":
        factor, first = LAST_FACTOR.search(text), FIRST_FACTOR.search(text)
        found = factor or first
        return Points(number_of(found[1])) if found else None
    return None
