"""What is left beside the rules: words behind an amount, times and figures that no part holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise

from tracker.definitions.clauses.drafts import Act, Draft
from tracker.definitions.clauses.reading import Kind, Points, Whole
from tracker.definitions.clauses.seeing import Look, Place, Seen, Spans

BEHIND = re.compile(
    r"[，。；：、()\n]|$|的|并|且|同时|但|而|执行|计算|处理|处罚|给予|予以|进行|直至|直到|至|为止|为端点|封顶|为限|/|每|之间|范围|以?内|[①-⑳分]|评定|打分|评分|裁量|核定|确定|赋分|取值|线性|内插|按"
    r"|[扣加计得]|以此|依此|依次"
)


def _run_on(seen: Seen) -> Iterator[Place]:
    """扣0.5分以上, 扣1分起: words behind an amount change it."""
    for end in seen.made.ends:
        if BEHIND.match(seen.text, end) is None and not seen.ruled.has(end):
            yield seen.piece(end)


POWER = re.compile(r"倍(?![数增])|等额|同步[扣加]|冲抵|抵扣(?!目)")


def _powers(seen: Seen) -> Iterator[Place]:
    """等额扣分, 递减: words that change an amount, and that no phrase has taken."""
    if not seen.drafts:
        return
    for start, end in seen.made.prose:
        for found in POWER.finditer(seen.text, start, end):
            yield seen.piece(found.start())


MONTH = re.compile(
    r"(?<![\d个第满过近前后零〇一二两三四五六七八九十])(?:1[0-2]|[1-9]|十[一二]?|[一二三四五六七八九])月[^，。；：、\n]{0,4}?(?<!以)(?<!之)前(?!期|后|[一二三四五六七八九十\d]|列|进|三|述|年|月)"
    r"|周[一二三四五六日][^，。；：、\n]{0,3}前(?!后)|季度?[首末]?月?[^，。；：、\n]{0,4}\d日前"
)


def _months(seen: Seen) -> Iterator[Place]:
    """A day that a deadline was not made of."""
    days = [(one.start, one.end) for one in seen.times.days]
    times = Spans([*days, *((one.start, one.end) for one in seen.times.periods)])
    for found in MONTH.finditer(seen.text):
        if not times.has(found.start()) and not times.has(found.end() - 1):
            yield seen.piece(found.start())


RANGE = re.compile(
    r"\d{1,2}月(?:\d{1,2}日)?[至到-](?:\d{1,2}月)?\d{1,2}日[^，。；\n]{0,4}(?:为|是)[^，。；\n]{0,10}(?:阶段|期|时段)"
)


def _stages(seen: Seen) -> Iterator[Place]:
    """8月20日至9月10日为整治阶段: is the end of a stage a deadline?"""
    for found in RANGE.finditer(seen.text):
        yield found.span()


SPACED = re.compile(r"(?<=[扣加减得计])分(?=[，。；、)\n]|$)")
NO_HOLE = re.compile(r"[不未免][予再得会能]?[扣加减得计]$")


def _spaced(seen: Seen) -> Iterator[Place]:
    """得 分: a gap in the source where the number stood."""
    for found in SPACED.finditer(seen.text):
        at = found.start()
        gap = seen.plain.places[at] - seen.plain.places[at - 1]
        if gap > 1 and NO_HOLE.search(seen.text, max(0, at - 4), at) is None:
            yield seen.piece(at)


def _cap_of_nothing(seen: Seen) -> Iterator[Place]:
    """工作滞后的，扣完为止: all of it, in what steps?"""
    if len(seen.drafts) == 1 and _is_bare_cap(seen.drafts[0], seen.text):
        yield seen.drafts[0].start, seen.drafts[0].end


def _is_bare_cap(one: Draft, text: str) -> bool:
    used_up = re.search(r"的，?(?:则|应|可)?[扣减直]", text[one.start : one.end]) is not None
    return one.kind is Kind.CAP and isinstance(one.cap, Whole) and used_up


def _lone_ends(seen: Seen) -> Iterator[Place]:
    """A line through one point."""
    for one in seen.drafts:
        if one.kind is Kind.LINEAR and one.tiers:
            told = [band for band in one.tiers if band.award or band.deduct]
            if len(told) < 2:
                yield one.start, one.end


WEIGHT = re.compile(r"系数|权数")
SUM = re.compile(r"=[^×÷/乘除]{1,40}$")
"""得分=基础分+加分-扣分: what else is in it?"""

FORMULA = re.compile(r"[×÷=]|乘以|除以")


def _weights(seen: Seen) -> Iterator[Place]:
    """×系数, with no number for it."""
    for one in seen.drafts:
        formula = one.kind in (Kind.RATIO, Kind.LINEAR) and FORMULA.search(one.said)
        if formula and SUM.search(one.said):
            yield one.start, one.end
        if formula and WEIGHT.search(one.said) and "见" not in seen.text[one.end :]:
            yield one.start, one.end


MANY = 40

BETTER = re.compile(
    r"(?:完成|合格|满意|达标|办结|覆盖|优良|销号|整改|公开|普及|支付|执行|化解|受理|开工|到位|利用|及格)"
    r"[^，。；\d]{0,3}(?:率|度|比例)"
)
FROM_ON = re.compile(r"(?:达到|不低于|高于|超过|≥)?(\d{1,9}(?:\.\d{1,9})?)%?(?:及?以上|的|$)")


def _less_for_more(seen: Seen) -> Iterator[Place]:
    """完成率90%以上得5分，95%以上得3分."""
    for one in seen.drafts:
        told = [
            (Decimal(figure[1]), band.award.value)
            for band in one.tiers
            if isinstance(band.award, Points) and (figure := FROM_ON.search(band.when))
        ]
        better = BETTER.search(seen.text, max(0, one.start - 40), one.end)
        if better and any(_falls(first, second) for first, second in pairwise(told)):
            yield one.start, one.end


def _falls(first: tuple[Decimal, Decimal], second: tuple[Decimal, Decimal]) -> bool:
    """The higher share wins fewer points."""
    higher, fewer = first[0] < second[0], first[1] > second[1]
    return first[0] != second[0] and first[1] != second[1] and higher is fewer


def _scores_lost(seen: Seen) -> Iterator[Place]:
    """Several scores of which none became a rule: 建成一座得3分，改造一座得1分，未完成的扣1分."""
    lost = [
        one
        for one in seen.made.drafts
        if one.act is Act.SCORE and isinstance(one.amount, Points) and not _is_kept(seen, one)
    ]
    if len(lost) > 1:
        yield from ((one.start, one.end) for one in lost)


def _is_kept(seen: Seen, one: Draft) -> bool:
    heads = any(o.act is Act.LOSE and o.part == one.part for o in seen.made.drafts[:MANY])
    return heads or seen.ruled.has(one.end - 1) or not seen.drafts


UNDONE = re.compile(r"[^，。；%\d]{0,6}(?:未|没有)[^，。；%\d半]{1,6}的")
DONE = re.compile(r"[^，。；%\d]{0,8}(?:完成|办结|上报|报送|建成|整改|到位|印发)(?=[，。；])")


def _too_early(seen: Seen) -> Iterator[Place]:
    """应于8月20日前完成，8月10日前未完成的扣0.5分: charged before it is due."""
    due = [one for one in seen.times.days if one.due]
    for day, earlier in pairwise(due):
        done = DONE.match(seen.text, day.end)
        undone = UNDONE.match(seen.text, earlier.end)
        if done and undone and earlier.on < day.on and earlier.start - done.end() <= 1:
            yield day.start, undone.end()


LOOKS: tuple[Look, ...] = (
    _less_for_more,
    _scores_lost,
    _run_on,
    _powers,
    _months,
    _too_early,
    _stages,
    _spaced,
    _cap_of_nothing,
    _lone_ends,
    _weights,
)
