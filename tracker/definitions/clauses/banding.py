"""Bands (档): neighbouring amounts, each with a condition of the same sort, as one rule."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise, takewhile

from tracker.definitions.clauses.drafts import Act, Draft
from tracker.definitions.clauses.numerals import NUMBER, number_of
from tracker.definitions.clauses.reading import Band, Between, Kind, Points, Share, Whole
from tracker.definitions.clauses.triggers import is_late

SCORED = (Act.SCORE, Act.ZERO, Act.FULL)
PROPORTIONAL = (Kind.RATIO, Kind.LINEAR)
NOTHING = Points(Decimal(0))
MOST_BANDS = 40
FORMULA = re.compile(r"[×÷=*]|乘")
AGAIN = re.compile(r"连续|再次|多次|累计")
DATED = re.compile(r"\d月|季度末|年底|上半年|[月季]末")


def banded(drafts: Sequence[Draft]) -> Iterator[Draft]:
    """Runs of amounts that each have a condition of the same sort become one rule."""
    at = 0
    while at < len(drafts):
        run = _run(drafts, at)
        if len(run) > 1:
            yield from _fold(run)
        else:
            yield drafts[at]
        at += max(1, len(run))


def _run(drafts: Sequence[Draft], at: int) -> list[Draft]:
    """The longest row of neighbours from `at` that may be bands of one rule."""
    run: list[Draft] = []
    for one in drafts[at : at + MOST_BANDS]:
        if not _may_band(one) or (run and not _goes_on(run, one)):
            break
        run.append(one)
    return run


def ordered(drafts: Sequence[Draft]) -> Iterator[Draft]:
    """前进1位加0.2分，前进2位加0.4分，前进3位及以上加0.6分: how far is the condition, no step."""
    at = 0
    while at < len(drafts):
        end = _end_of_order(drafts, at)
        if end > at + 1:
            yield _tiers(drafts[at:end], _kind_of_order(drafts[at]))
        else:
            yield drafts[at]
        at = end


def _end_of_order(drafts: Sequence[Draft], at: int) -> int:
    first = drafts[at]
    opens = first.step is not None and first.change and first.act in (Act.LOSE, Act.GAIN)
    far = _how_far(first, first.change) if opens else None
    end = at + 1
    while far is not None and end < min(len(drafts), at + MOST_BANDS):
        one = drafts[end]
        further = _how_far(one, first.change)
        alike = one.part == first.part and one.act in (first.act, Act.ZERO)
        if further is None or not far < further <= 2 * far or not alike:
            break
        far, end = further, end + 1
    return end


def _how_far(one: Draft, change: str) -> Decimal | None:
    found = re.search(rf"{re.escape(change)}(?:了)?({NUMBER})", one.said)
    return number_of(found[1]) if found and "每" not in one.said else None


def _kind_of_order(one: Draft) -> Kind:
    if one.act is Act.LOSE and is_late(one.trigger):
        return Kind.LATENESS
    return Kind.RANK if one.step is not None and one.step.unit == "rank" else Kind.TIERED


def _may_band(one: Draft) -> bool:
    if one.kind is Kind.DISCRETIONARY:
        return False
    if one.kind in (Kind.RATIO, Kind.LINEAR):
        return True
    if one.act is Act.FREE:
        return one.bound or one.rank or one.grade
    if one.kind is Kind.MULTIPLIER:
        return isinstance(one.amount, Share) and is_late(one.trigger) and _short_bound(one)
    if one.act is Act.LOSE:
        return one.step is None or _is_ordinal(one)
    if one.act is Act.GAIN:
        return (one.rank or one.grade or bool(one.figure)) and one.step is None
    return one.act in SCORED and (one.step is None or _is_ordinal(one))


def _is_ordinal(one: Draft) -> bool:
    """有一项未达标扣0.5分, 两项…扣1分: how many there are is the condition."""
    return one.step is not None and one.counted and not one.change and "每" not in one.said


def _goes_on(run: Sequence[Draft], one: Draft) -> bool:
    first = next((other for other in run if other.kind not in PROPORTIONAL), run[0])
    if one.counted and one.step is not None and one.step == run[-1].step:
        return False  # 国家级采用一篇计2分，省级采用一篇计1分: each counts
    if one.start == run[-1].start and one.act is not Act.SCORE and not one.rank:
        return False  # 分别扣0.4分、0.6分: each class has its own
    if _is_of_another(one, run[-1]):
        return False  # 受理率低于95%扣1分，办结率低于90%扣2分: two measures
    if one.rank and one.part != run[-1].part and {one.act, run[-1].act} == {Act.LOSE, Act.GAIN}:
        return False  # the last places lose, the first ones win
    if one.rank and AGAIN.search(one.said) and not AGAIN.search(first.said):
        return False  # 末位扣1分，连续两次末位的再扣1分: on top of a place, no place
    if one.act is Act.LOSE and DATED.search(one.said) and DATED.search(run[-1].said):
        return False  # 到6月30日低于50%扣1分，到9月30日低于75%扣1分: each day by itself
    if one.act is Act.ZERO and run[-1].act is Act.ZERO and not one.bound:
        return False  # the bands have ended
    apart = one.sentence - run[-1].sentence
    if apart > 1 or (one.kind is Kind.RATIO and (apart or "排名" in one.said)):
        return False
    if first.kind in PROPORTIONAL and one.act in SCORED:
        return True
    if one.kind in (Kind.RATIO, Kind.LINEAR) or run[-1].kind is Kind.LINEAR:
        return True
    scored = first.act in SCORED
    if scored and one.act in SCORED:
        return True
    if first.rank and re.match(r"[，；]?(?:其余|其他|其它|以后)", one.said):
        return True
    ordinal = _is_ordinal(one) and _is_ordinal(first)
    return ordinal or _sort(one) == _sort(first) or one.act is Act.ZERO


SUBJECT = re.compile(
    r"([^，。；、：\d%≤≥<>]{1,14}?(?:率|度|比例|占比|面积|指数))"
    r"(?:未?达|[低高大小少多]于|不|超|在|为|[≥≤<>\d])"
)


def _is_of_another(one: Draft, before: Draft) -> bool:
    names = _subject(one), _subject(before)
    return all(names) and not (names[0].endswith(names[1]) or names[1].endswith(names[0]))


def _subject(one: Draft) -> str:
    """What is measured, where the words of the condition name it."""
    found = SUBJECT.search(one.said)
    return found[1] if found else ""


def _sort(one: Draft) -> str:
    if one.rank:
        return "rank"
    if one.grade:
        return "grade"
    if one.act is Act.GAIN and one.figure:
        return one.figure
    return "bound" if one.figure or _short_bound(one) else "plain"


def _short_bound(one: Draft) -> bool:
    """推迟30天, 逾期3天以内: a length of delay as a condition."""
    return (
        bool(
            re.search(
                r"(?<![月\d])\d+(?:天|日|个月|个工作日|小时|周|分钟)(?:以|之)?[内上下]?", one.said
            )
        )
        and one.step is None
    )


def _fold(run: list[Draft]) -> Iterator[Draft]:
    linear = next((one for one in run if one.kind is Kind.LINEAR), None)
    if linear is not None:
        stated = [one for one in run if one.kind is Kind.RATIO and FORMULA.search(one.said)]
        yield _linear([one for one in run if one not in stated], linear)
        yield from stated
        return
    ratio = next((one for one in run if one.kind is Kind.RATIO), None)
    if ratio is not None and _runs_between(run, ratio):
        yield _linear(run, ratio)
        return
    if ratio is not None:
        yield from _with_ratio(run, ratio)
        return
    sorts = {_sort(one) for one in run}
    if sorts == {"grade"} and len({one.act for one in run}) > 1 and len(run) > 2:
        yield _tiers(run, Kind.TIERED)
        return
    if all(one.act is Act.GAIN for one in run) and "rank" not in sorts:
        yield _tiers(run, Kind.BONUS)
        return
    if "rank" in sorts and sum(one.rank for one in run) >= 1:
        yield _tiers(run, Kind.RANK)
        return
    if all(one.act in (Act.LOSE, Act.ZERO, Act.FREE) for one in run):
        yield from _losing(run)
        return
    if any(one.kind is Kind.MULTIPLIER for one in run):
        yield _tiers(run, Kind.LATENESS)
        return
    yield from _scored(run)


def _runs_between(run: Sequence[Draft], ratio: Draft) -> bool:
    """20%-0%之间按比例得分, with points stated for both ends."""
    if FORMULA.search(ratio.said):
        return False  # 完成80%至100%的，得分=完成率×分值
    stated = [one for one in run if one.act in SCORED and one is not ratio]
    return len(stated) > 1 and re.search(r"\d%?[-至到]\d", ratio.trigger) is not None


def _linear(run: Sequence[Draft], linear: Draft) -> Draft:
    told = [one for one in run if one is not linear]
    if isinstance(linear.amount, Between):
        told = list(run)
    folded = _tiers(told, Kind.LINEAR) if told else linear
    peers = any(re.search(r"最好|最差|最优|最高的|最低的", one.trigger) for one in run)
    folded.kind = Kind.RANK if peers else Kind.LINEAR
    folded.start = min(one.start for one in run)
    folded.end = max(one.end for one in run)
    return folded


def _with_ratio(run: list[Draft], ratio: Draft) -> Iterator[Draft]:
    heads = [one for one in run if one is not ratio and one.act in SCORED]
    others = [one for one in run if one is not ratio and one.act not in SCORED]
    late = [one for one in others if is_late(one.trigger) or _short_bound(one)]
    if (late and not heads) or (late and ratio.act is Act.OTHER and _short_bound(ratio)):
        ratio.amount = None
        yield _tiers(others, Kind.LATENESS)
        return
    yield from others
    yield from (one for one in heads if one.act is Act.ZERO)
    scores = [one for one in heads if one.act is Act.SCORE]
    if len(scores) == 1 and _is_full(scores[0]):
        if ratio.amount is None:
            ratio.amount, ratio.act = scores[0].amount, Act.SCORE
        ratio.start = min(ratio.start, scores[0].start)
    elif scores:
        for one in scores:
            one.kept = True
        yield from _scored(scores)
    yield ratio


def _is_full(one: Draft) -> bool:
    """Reaching all of it: the proportion says the same."""
    return not one.bound or "100%" in one.trigger


def _losing(run: list[Draft]) -> Iterator[Draft]:
    lost = [one for one in run if one.act is Act.LOSE]
    bands = [one for one in run if _sort(one) != "plain" or _is_ordinal(one)]
    counts = [one.step.n for one in run if one.step is not None and _is_ordinal(one)]
    rising = sorted(set(counts)) == counts
    if len(lost) < 2 or len(bands) < max(len(run) - 1, 2) or not rising:
        yield from run
        return
    late = any(_short_bound(one) or is_late(one.trigger) for one in run)
    yield _tiers(run, Kind.LATENESS if late else Kind.TIERED)


def _scored(run: list[Draft]) -> Iterator[Draft]:
    if any(one.act is Act.LOSE for one in run):
        won = [one for one in run if one.act in (Act.SCORE, Act.FULL)]
        several = len(won) > 1 and _alternatives(won)
        rest = _rest_of(run) if several else []
        yield from [_tiers([*won, *rest], Kind.TIERED)] if several else won
        yield from _losing([one for one in run if one not in won and one not in rest])
        return
    gives = [one for one in run if one.act in (Act.SCORE, Act.FULL)]
    zeros = [one for one in run if one.act is Act.ZERO]
    if len(run) == 1:
        yield run[0]
    elif len(gives) == 1 and len(zeros) == 1 and not isinstance(gives[0].amount, Share):
        yield _yes_or_no(gives[0], zeros[0])
    elif len(run) >= 2 and gives and _alternatives(gives):
        late = sum(is_late(one.trigger) for one in run) > 1
        yield _tiers(run, Kind.LATENESS if late else Kind.TIERED)
    else:
        for one in run:
            one.kept = len(gives) > 1
        yield from run


def _rest_of(run: Sequence[Draft]) -> list[Draft]:
    """办结三项的计1.5分，办结不足两项的不计分，弄虚作假的倒扣2分: the band that gets nothing."""
    scored = takewhile(lambda one: one.act is not Act.LOSE, run)
    return [one for before, one in pairwise(scored) if one.act is Act.ZERO and before.act in SCORED]


def _alternatives(gives: Sequence[Draft]) -> bool:
    """Bands give different amounts; equal ones are several things that each count."""
    amounts = [one.amount for one in gives]
    return len(set(amounts)) == len(amounts)


def _yes_or_no(give: Draft, zero: Draft) -> Draft:
    """完成得2分，未完成不得分: what counts is the loss."""
    bound = zero.bound or (give.bound and not zero.trigger.startswith("未"))
    zero.kind = Kind.THRESHOLD if bound else zero.kind
    zero.start = zero.start if zero.trigger else give.start
    return zero


def _tiers(run: Sequence[Draft], kind: Kind) -> Draft:
    first = run[0]
    gains = [one.act for one in run]
    first.tiers = [band for one in run for band in one.tiers or _bands(one, kind, gains)]
    if kind is Kind.LINEAR:
        first.tiers = _each_once(first.tiers)
    first.kind, first.amount, first.step = kind, None, None
    first.end = max(one.end for one in run)
    if first.act in (Act.ZERO, Act.FREE):
        first.act = next((one.act for one in run if one.act not in (Act.ZERO, Act.FREE)), first.act)
    return first


def _each_once(bands: Sequence[Band]) -> list[Band]:
    """在1分与3分之间线性变化，达到95%得3分: an end that is told twice."""
    kept: list[Band] = []
    for band in bands:
        if all((band.deduct, band.award) != (one.deduct, one.award) for one in kept):
            kept.append(band)
    return kept


def _bands(one: Draft, kind: Kind, acts: Sequence[Act]) -> Iterator[Band]:
    when = one.said.strip("，：的")
    if not re.search(r"[\d一二三四五六七八九十]", when):
        when = one.trigger[-24:].strip("，：；的")
    scored = any(act in (Act.SCORE, Act.FULL, Act.OTHER) for act in acts)
    if one.act is Act.ZERO:
        gaining = scored or (kind is Kind.LINEAR and Act.LOSE not in acts)
        yield Band(when, award=NOTHING) if gaining else Band(when, deduct=Whole())
    elif one.act is Act.FREE:
        yield Band(when, deduct=NOTHING)
    elif isinstance(one.amount, Between) and kind is Kind.LINEAR:
        for end in (one.amount.least, one.amount.most):
            yield Band(when, deduct=end) if one.act is Act.LOSE else Band(when, award=end)
    elif one.act is Act.LOSE:
        yield Band(when, deduct=one.amount)
    elif one.amount is not None:
        yield Band(when, award=one.amount)
