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

ABOVE = re.compile(r"以上|上述|本指标|各项")


def limit(lead: Lead, one: Phrase, amount: Amount) -> None:
    start, trigger, _ = lead.trigger(one.start)
    words = lead.text[start : one.end]
    judged = one.of("DISCRETION") is not None or lead.discretion()
    drafts = lead.made.drafts
    fault = re.search(r"[不未违错漏]|缺", trigger) and not re.search(r"扣分|加分", trigger)
    if judged or (fault and not re.search("超过", trigger) and trigger and _own(trigger)):
        act = Act.GAIN if one.of("GAIN") else Act.SCORE if one.of("SCORE") else Act.LOSE
        draft = lead.draft(act, Kind.DISCRETIONARY, one)
        draft.cap = amount
        lead.keep(draft)
        return
    lead.made.limits.append(
        Limit(amount, start, one.end, words, lead.sentence, lead.part, lead.fresh, len(drafts))
    )
    lead.pending.clear()
    lead.fresh = False


def _own(trigger: str) -> bool:
    return trigger.rstrip("，").endswith("的")


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
    start, _, _ = lead.trigger(one.start)
    words = lead.text[start : one.end]
    lead.made.limits.append(
        Limit(
            amount, start, one.end, words, lead.sentence, lead.part, lead.fresh,
            len(lead.made.drafts), until=True,
        )
    )  # fmt: skip
    lead.pending.clear()


# -- which rules they bind


def limited(drafts: list[Draft], limits: Sequence[Limit]) -> list[Draft]:
    starts = [one.start for one in drafts]
    caps: list[Draft] = []
    for limit in limits:
        at = bisect_left(starts, limit.start)
        bound = _bound_by(drafts[max(0, at - NEAR) : at], limit)
        for one in bound:
            one.cap, one.end = limit.amount, max(one.end, limit.end)
        if not bound and (not limit.until or not drafts):
            caps.append(Draft(Act.OTHER, Kind.CAP, limit.start, limit.end, cap=limit.amount))
    return sorted([*drafts, *caps], key=lambda one: (one.start, one.end))


def _bound_by(drafts: Sequence[Draft], limit: Limit) -> list[Draft]:
    before = [one for one in drafts if one.act in POINTED or one.tiers or one.kind in LIMITED]
    if not before:
        return []
    if limit.until:
        last = before[-1]
        return before[-2:] if last.aside and len(before) > 1 else [last]
    if before[-1].kind is Kind.DISCRETIONARY and before[-1].part == limit.part:
        return [before[-1]]
    return _bound_by_most(before, limit)


def _bound_by_most(before: Sequence[Draft], limit: Limit) -> list[Draft]:
    words = limit.words
    both = re.search(r"加扣分|加减分|加分扣分", words)
    if both and "均" in words:
        return list(before)
    acts = _direction(words) if not both else POINTED
    last = before[-1]
    scope = [one for one in before if one.act in acts]
    if ABOVE.search(words) or not scope or (limit.opens and last.sentence != limit.sentence):
        return []
    same_part = [one for one in scope if one.part == limit.part]
    whole = limit.opens or not same_part or re.search(r"合计|总", words)
    chosen = scope if whole else same_part
    if re.search(r"单|每", words):
        return [chosen[-1]]
    return chosen if len(chosen) == 1 else []


def _direction(words: str) -> tuple[Act, ...]:
    if re.search(r"加分|奖励|加", words) and "扣" not in words:
        return (Act.GAIN, Act.OTHER)
    if "扣" in words:
        return (Act.LOSE,)
    return POINTED
