"""What neighbouring drafts make together: bands, a base and its steps, limits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest

from tracker.definitions.clauses.banding import banded, ordered
from tracker.definitions.clauses.drafts import Act, Draft
from tracker.definitions.clauses.leads import Assembly
from tracker.definitions.clauses.limiting import limited
from tracker.definitions.clauses.reading import Between, Kind, Points, Share, Whole
from tracker.definitions.clauses.triggers import CLOCK, COMPARING


def settled(made: Assembly) -> list[Draft]:
    """The rules of a clause in the order of the text."""
    drafts = _merged_bases(made.drafts)
    drafts = _filled(_without_clamps(_without_conversions(_without_told_ratios(drafts))))
    drafts = list(banded(list(ordered(drafts))))
    drafts = _without_worths(_judged(drafts), made)
    drafts = _without_weak(drafts)
    if made.vague and all(one.act is Act.SCORE for one in drafts):
        drafts = []
    drafts = limited(drafts, made.limits)
    return _once(_without_targets(drafts))


def _without_conversions(drafts: Sequence[Draft]) -> list[Draft]:
    """以市局通报为准，折算计入: the other document's result, only on another scale."""
    told = {one.part for one in drafts if one.kind is Kind.EXTERNAL}
    return [
        one
        for one in drafts
        if not (one.kind is Kind.RATIO and one.part in told and CONVERTED.search(one.said))
    ]


CONVERTED = re.compile(r"^，?折算")


def _without_clamps(drafts: Sequence[Draft]) -> list[Draft]:
    """超过10%的按10%计: the value is cut off there, nothing is scaled."""
    return [one for one in drafts if not (one.kind is Kind.MULTIPLIER and _is_clamp(one))]


def _is_clamp(one: Draft) -> bool:
    found = CLAMP.search(one.said)
    return found is not None and found[1] == found[2]


CLAMP = re.compile(
    r"(?:超过|超出|高于|大于|不足|不满|低于|少于)(\d[\d.]{0,8}%).{0,8}?按(\d[\d.]{0,8}%)"
)


def _filled(drafts: Sequence[Draft]) -> list[Draft]:
    """按内插法得50%至100%的分值: the range says what lies at the ends."""
    kept: list[Draft] = []
    for one in drafts:
        last = kept[-1] if kept else None
        if last is not None and last.kind is Kind.LINEAR and _fills(one, last):
            last.amount, last.act, last.end = one.amount, one.act, one.end
        else:
            kept.append(one)
    return kept


def _fills(one: Draft, last: Draft) -> bool:
    return isinstance(one.amount, Between) and one.start == last.end and last.amount is None


def _without_targets(drafts: Sequence[Draft]) -> list[Draft]:
    """指标由省厅下达 before 扣分标准另定: where a target stands is told by its number."""
    others = [one for one in drafts if one.kind is Kind.EXTERNAL and not _sets_a_target(one)]
    return [one for one in drafts if not (others and _sets_a_target(one))]


def _sets_a_target(one: Draft) -> bool:
    return one.kind is Kind.EXTERNAL and TARGET.search(one.said) is not None


TARGET = re.compile(r"(?:目标|任务|指标|基数|名单|计划)(?:数|值|量)?由[^，。；：]{1,20}$")


def _without_weak(drafts: Sequence[Draft]) -> list[Draft]:
    """根据完成情况计分 before 视情扣分, or before the rules of another document: said twice."""
    judged = [
        one
        for one in drafts
        if (one.kind is Kind.DISCRETIONARY and not one.weak)
        or (one.kind is Kind.EXTERNAL and _charges(one))
    ]
    said = [one for one in drafts if one.tiers or (one.amount is not None and not one.weak)]
    return [
        one
        for one in drafts
        if not (one.weak and (judged or any(_says_how_much(other, one) for other in said)))
    ]


def _says_how_much(one: Draft, weak: Draft) -> bool:
    """根据完成情况得分，全部完成得5分; no 每发现1起扣2分 says how much completion wins."""
    alike = (one.act is Act.LOSE) == (weak.act is Act.LOSE)
    return one.sentence == weak.sentence and (bool(one.tiers) or alike)


def worths(made: Assembly) -> list[Draft]:
    """A task that only prints what it is worth: done or not done."""
    if made.vague:
        return []
    told = [(one, start, end) for one, start, end in made.worths if isinstance(one, Points)]
    if len(told) > 2 and told[0][0].value == sum(one.value for one, _, _ in told[1:]):
        told = told[1:]
    return [
        Draft(Act.SCORE, Kind.ALL_OR_NOTHING, start, end, amount=amount, worth=True)
        for amount, start, end in told
    ]


# -- a first amount and steps on top of it


def _merged_bases(drafts: Sequence[Draft]) -> list[Draft]:
    """每件扣0.1分，每迟6小时加扣0.1分: one rule with a base."""
    kept: list[Draft] = []
    for one in drafts:
        before = kept[-1] if kept else None
        if before is not None and _is_on_top(one, before):
            one.base, one.start = before.amount, before.start
            kept[-1] = one
        else:
            kept.append(one)
    return kept


def _is_on_top(one: Draft, before: Draft) -> bool:
    if one.kind is not Kind.LATENESS or one.step is None or one.step.unit not in CLOCK:
        return False
    flat = before.step is None or before.step.unit not in CLOCK
    same = before.act is Act.LOSE and one.act is Act.LOSE and before.sentence == one.sentence
    if re.match(r"少|缺|漏|差", before.change) and not re.search(r"再|加扣|另扣", one.said):
        return False  # 少建一个扣3分；每延迟一个月扣1分: two losses, a number and a delay
    if before.kind is Kind.RATIO:
        return False  # 按未缴比例扣2分，每延迟30天加扣0.2分: no first amount, a share of it
    if one.part != before.part and OWN_LIMIT.search(one.trigger):
        return False  # 超时的每次扣0.02分；平均时间控制在15分钟以内，每超1分钟扣0.1分
    late = before.kind is Kind.LATENESS or re.search(r"再|加扣|另扣|每(?:再|多|延|超)", one.said)
    return flat and same and bool(late) and isinstance(before.amount, Points)


OWN_LIMIT = re.compile(
    r"(?:控制在|应当?在|须在|不超过|不得超过)[^，。；]{1,10}(?:内|分钟|小时|天|日)"
)


def _without_told_ratios(drafts: Sequence[Draft]) -> list[Draft]:
    """按比例扣分，每差1个点扣0.3分: the steps say how the proportion is meant."""
    return [
        one
        for one, after in zip_longest(drafts, drafts[1:])
        if one is not None
        and not (
            one.kind is Kind.RATIO
            and one.amount is None
            and after is not None
            and after.kind is Kind.PER_STEP
            and after.part == one.part
        )
    ]


# -- what is left of scores


def _judged(drafts: Sequence[Draft]) -> list[Draft]:
    """Kinds for full marks, no marks and single scores."""
    for one in drafts:
        if one.tiers:
            continue
        if one.act is Act.ZERO and one.kind is None:
            one.kind = _zero_kind(one)
        elif one.act is Act.FULL or (one.act is Act.SCORE and one.kind is None):
            one.kind = _score_kind(one)
        if one.act is Act.ZERO:
            one.act = Act.LOSE
        if one.kind is Kind.VETO and re.search(r"[本该此]项", one.said + one.trigger[-6:]):
            one.amount, one.act = Whole(), Act.LOSE
    return list(drafts)


def _zero_kind(one: Draft) -> Kind:
    if "总" in one.said and re.search(r"[该本]项总", one.said):
        return Kind.VETO
    if one.rank:
        return Kind.RANK
    if one.late:
        return Kind.LATENESS
    reached = one.bound or COMPARING.search(one.trigger)
    return Kind.THRESHOLD if reached else Kind.ALL_OR_NOTHING


def _score_kind(one: Draft) -> Kind:
    if one.rank:
        return Kind.RANK
    reached = re.search(r"达到|高于|低于|以上|以下|≥|≤", one.trigger)
    return Kind.THRESHOLD if one.bound or reached else Kind.ALL_OR_NOTHING


def _without_worths(drafts: Sequence[Draft], made: Assembly) -> list[Draft]:
    """计1分 before a sanction is what the clause is worth, no sanction of its own."""
    others = [one for one in drafts if not _is_worth(one)]
    charging = [one for one in others if one.kind is not Kind.EXTERNAL or _charges(one)]
    if charging:
        filled = any(limit.until and "加" in limit.words for limit in made.limits)
        return [
            one
            for one, after in zip_longest(drafts, drafts[1:])
            if one is not None
            and (not _is_worth(one) or (filled and one.bound) or _is_built_on(one, after))
        ]
    return list(drafts)


def _is_built_on(one: Draft, after: Draft | None) -> bool:
    """提升1个百分点得1分，每多提升1个百分点加0.5分: a first award, and more on top of it."""
    if after is None or after.step is None or after.sentence != one.sentence:
        return False
    gains = after.act is Act.GAIN or (after.act is Act.SCORE and "再" in after.said)
    more = re.search(r"在此基础|再|每多|较|增幅", after.trigger) is not None
    return gains and more and isinstance(one.amount, Points)


def _charges(one: Draft) -> bool:
    """根据评分规则扣分: the amounts stand elsewhere; 以……为准 only a date or a target does."""
    return one.said.endswith(("扣分", "计分", "得分", "加分", "赋分"))


def _is_worth(one: Draft) -> bool:
    """Also a first place that later places are measured from."""
    if one.kept or isinstance(one.amount, Share):
        return False
    return (
        one.act in (Act.SCORE, Act.FULL)
        and not one.tiers
        and one.step is None
        and (one.kind in (Kind.ALL_OR_NOTHING, Kind.THRESHOLD, Kind.RANK))
    )


def _once(drafts: Sequence[Draft]) -> list[Draft]:
    """按最高扣，不重复计算 says one thing twice; a veto has several words."""
    kept: list[Draft] = []
    for one in drafts:
        same = kept and kept[-1].kind is one.kind and kept[-1].part == one.part
        joined = one.kind is Kind.NO_DOUBLE or (
            one.kind is Kind.VETO and not re.search(r"的，", one.trigger)
        )
        if same and joined:
            kept[-1].end = max(kept[-1].end, one.end)
        else:
            kept.append(one)
    return kept
