"""Limits: 最多, 累计不超过, 扣完为止, before it is known which rules they bind."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence

from tracker.definitions.clauses.amounts import figures
from tracker.definitions.clauses.drafts import Act, Draft
from tracker.definitions.clauses.grammar import Phrase
from tracker.definitions.clauses.leads import Lead, Limit
from tracker.definitions.clauses.reading import Amount, Kind, Points, Share, Whole

POINTED = (Act.LOSE, Act.GAIN, Act.SCORE, Act.ZERO, Act.FULL)
LIMITED = (Kind.RATIO, Kind.DISCRETIONARY, Kind.MULTIPLIER)
NEAR = 40
"""Drafts before a limit that it may bind."""


GROUP = re.compile(
    r"以上|上述|本指标|各项|各款|(?:两|三|四|几|\d)(?:项|款|类|条|者|种|部分)|合并|之和|总和|相加"
)
"""Words for several rules together."""

OF_ONE_THING = re.compile(r"(?:单个|同一|每个|一个)[^，。；]{1,6}?(?:累计|合计|总计|共)")
"""单个项目累计: all that is charged to one thing, for whatever reason."""

ALL = re.compile(r"合计|总|累计|合并|之和")
PROPOSED = re.compile(r"建议|研究|审定|评议|掌握|裁量|核定|认定")


def limit(lead: Lead, one: Phrase, amount: Amount) -> None:
    start, trigger, said = lead.trigger(one.start)
    words = lead.text[start : one.end]
    judged = one.of("DISCRETION") is not None or lead.discretion()
    drafts = lead.made.drafts
    if judged or _is_own(lead, trigger, said):
        act = _act_of(lead, one)
        draft = lead.draft(act, Kind.DISCRETIONARY, one)
        draft.cap = amount
        lead.keep(draft)
        return
    lead.made.limits.append(
        Limit(amount, start, one.end, words, lead.sentence, lead.part, lead.fresh, len(drafts))
    )
    lead.pending.clear()
    lead.fresh = False


def _act_of(lead: Lead, one: Phrase) -> Act:
    after = lead.text[one.end : one.end + 6]
    before = lead.trigger(one.start)[2]
    if one.of("GAIN") or re.match(r"的?(?:奖励|加分)", after) or "加分" in before:
        return Act.GAIN
    return Act.SCORE if one.of("SCORE") else Act.LOSE


def _is_own(lead: Lead, trigger: str, said: str) -> bool:
    """资料不全的，最多扣1分; 成效突出的可给予不超过0.5分的奖励: the bound is all that is said."""
    last = lead.made.drafts[-1] if lead.made.drafts else None
    if not trigger or re.search(r"累计|合计|总(?!河|工|队)|单(?!位)|每|超过", trigger):
        return False
    if "幅度" in trigger and lead.made.vague and last is None:
        return True  # 优秀的加分，较差的减分，幅度不超过1分
    if PROPOSED.search(trigger) and (last is None or last.kind is Kind.DISCRETIONARY):
        return True
    if said in ("扣分", "加分", "、加分", "、扣分") and last is not None:
        return last.kind is Kind.DISCRETIONARY and last.end == lead.pending[0].start
    fresh = last is None or last.sentence != lead.sentence
    given = re.search(r"的，?(?:可|可以)?(?:给予|予以|视情)?，?$", trigger)
    if given is None or re.search(r"扣分|加分", trigger):
        return False
    return fresh or (
        re.search(r"[不未违错漏缺]", trigger) is not None and trigger[-2:].startswith("的")
    )


def until(lead: Lead, one: Phrase) -> None:
    text = one.tokens[0].text
    numbers = (
        figures(re.sub(r"[零0]分", "", text))
        if re.search(r"[\d一二三四五六七八九十半]", text)
        else []
    )
    amount: Amount = Whole()
    if numbers and numbers[0]:
        amount = Share(numbers[0]) if "%" in text else Points(numbers[0])
    elif lead.made.loose and lead.made.loose[-1][1] == one.start:  # 0.5分扣完为止
        named = figures(lead.text[slice(*lead.made.loose.pop())])
        amount = Points(named[0]) if len(named) == 1 else amount
    start, _, _ = lead.trigger(one.start)
    words = lead.text[start : one.end]
    lead.made.limits.append(
        Limit(
            amount, start, one.end, words, lead.sentence, lead.part, lead.fresh,
            len(lead.made.drafts), until=True,
        )
    )  # fmt: skip
    lead.pending.clear()


def capped(lead: Lead, one: Phrase) -> None:
    """加分超过5分的部分不予计入; 得分区间为0至2分."""
    amount = Points(figures(one.tokens[0].text)[-1])
    start, _, _ = lead.trigger(one.start)
    words = lead.text[start : one.end]
    lead.made.limits.append(
        Limit(amount, start, one.end, words, lead.sentence, lead.part, True, len(lead.made.drafts))
    )
    lead.pending.clear()
    lead.fresh = False


# -- which rules they bind


def limited(drafts: list[Draft], limits: Sequence[Limit]) -> list[Draft]:
    starts = [one.start for one in drafts]
    caps: list[Draft] = []
    for limit in limits:
        at = bisect_left(starts, limit.start)
        bound = _bound_by(drafts[max(0, at - NEAR) : at], limit)
        if any(_is_bound(one, limit) for one in bound):
            if not limit.until:  # 单次不超过2分，全年不超过5分
                caps.append(Draft(Act.OTHER, Kind.CAP, limit.start, limit.end, cap=limit.amount))
            continue
        for one in bound:
            one.cap, one.end = limit.amount, max(one.end, limit.end)
        if not bound and (not limit.until or not drafts or GROUP.search(limit.words)):
            caps.append(Draft(Act.OTHER, Kind.CAP, limit.start, limit.end, cap=limit.amount))
    return sorted([*drafts, *caps], key=lambda one: (one.start, one.end))


def _is_bound(one: Draft, limit: Limit) -> bool:
    """最高3分，最低0分 adds nothing; a second number is a second limit."""
    return isinstance(one.cap, Points) and one.cap != limit.amount


def _bound_by(drafts: Sequence[Draft], limit: Limit) -> list[Draft]:
    before = [one for one in drafts if one.act in POINTED or one.tiers or one.kind in LIMITED]
    if not before:
        return []
    if limit.until:
        return _bound_by_until(before, limit)
    if before[-1].kind is Kind.DISCRETIONARY and before[-1].part == limit.part:
        return [before[-1]]
    return _bound_by_most(before, limit)


def _bound_by_until(before: Sequence[Draft], limit: Limit) -> list[Draft]:
    last = before[-1]
    near = [one for one in before if one.sentence == last.sentence]
    if len(near) > 1 and GROUP.search(limit.words):
        return list(near) if re.search(r"分别|各自|均", limit.words) else []
    return list(before[-2:]) if last.aside and len(before) > 1 else [last]


def _bound_by_most(before: Sequence[Draft], limit: Limit) -> list[Draft]:
    words = limit.words
    both = re.search(r"加扣分|加减分|加分扣分", words)
    if both and "均" in words:
        return list(before)
    acts = _direction(words) if not both else POINTED
    last = before[-1]
    scope = [one for one in before if one.act in acts or (one is last and one.kind is Kind.RATIO)]
    if GROUP.search(words) or not scope or (limit.opens and last.sentence != limit.sentence):
        return []
    same_part = [one for one in scope if one.part == limit.part]
    whole = limit.opens or not same_part or ALL.search(words)
    chosen = scope if whole else same_part
    if len(chosen) == 2 and chosen[0].act is Act.SCORE and _steps(chosen) == [False, True]:
        chosen = chosen[1:]  # 达到80%得1分，每提高1%加0.1分，最高得1.5分
    if "累计" in words and not limit.opens:
        counted = [one for one in chosen if one.step is not None or one.kind in LIMITED]
        chosen = counted or chosen
    if OF_ONE_THING.search(words) and len(chosen) > 1 and len({one.part for one in chosen}) == 1:
        return []
    if re.search(r"单|每", words):
        return [chosen[-1]]
    return chosen if len(chosen) == 1 else []


def _steps(drafts: Sequence[Draft]) -> list[bool]:
    return [one.step is not None for one in drafts]


def _direction(words: str) -> tuple[Act, ...]:
    if re.search(r"加分|奖励|加", words) and "扣" not in words:
        return (Act.GAIN, Act.OTHER)
    if "扣" in words:
        return (Act.LOSE,)
    return POINTED
