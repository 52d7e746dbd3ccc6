"""What neighbouring drafts make together: bands, a base and its steps, limits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import zip_longest

from tracker.definitions.clauses.drafts import Act, Draft
from tracker.definitions.clauses.leads import Assembly
from tracker.definitions.clauses.limiting import limited
from tracker.definitions.clauses.reading import Band, Between, Kind, Points, Share, Whole
from tracker.definitions.clauses.triggers import CLOCK, COMPARING, is_late

SCORED = (Act.SCORE, Act.ZERO, Act.FULL)
PROPORTIONAL = (Kind.RATIO, Kind.LINEAR)
NOTHING = Points(Decimal(0))
MOST_BANDS = 40


def settled(made: Assembly) -> list[Draft]:
    """The rules of a clause in the order of the text."""
    drafts = _merged_bases(made.drafts)
    drafts = list(_banded(_without_told_ratios(drafts)))
    drafts = _without_worths(_judged(drafts), made)
    drafts = _without_weak(drafts)
    if made.vague and all(one.act is Act.SCORE for one in drafts):
        drafts = []
    drafts = limited(drafts, made.limits)
    return _once(_without_targets(drafts))


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
    return [one for one in drafts if not (one.weak and judged)]


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
    late = before.kind is Kind.LATENESS or re.search(r"再|加扣|另扣|每(?:再|多|延|超)", one.said)
    return flat and same and bool(late) and isinstance(before.amount, Points)


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


# -- bands


def _banded(drafts: Sequence[Draft]) -> Iterator[Draft]:
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


def _may_band(one: Draft) -> bool:
    if one.kind is Kind.DISCRETIONARY:
        return False
    if one.kind in (Kind.RATIO, Kind.LINEAR):
        return True
    if one.act is Act.FREE:
        return one.bound or one.rank
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
        bool(re.search(r"\d(?:天|日|个月|个工作日|小时|周)(?:以|之)?[内上下]?", one.said))
        and one.step is None
    )


def _fold(run: list[Draft]) -> Iterator[Draft]:
    linear = next((one for one in run if one.kind is Kind.LINEAR), None)
    if linear is not None:
        yield _linear(run, linear)
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
    if len(lost) < 2 or len(bands) < len(run) - 1 or not rising:
        yield from run
        return
    late = any(_short_bound(one) or is_late(one.trigger) for one in run)
    yield _tiers(run, Kind.LATENESS if late else Kind.TIERED)


def _scored(run: list[Draft]) -> Iterator[Draft]:
    if any(one.act is Act.LOSE for one in run):
        yield from (one for one in run if one.act in (Act.SCORE, Act.FULL))
        yield from _losing([one for one in run if one.act not in (Act.SCORE, Act.FULL)])
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
    first.kind, first.amount, first.step = kind, None, None
    first.end = max(one.end for one in run)
    if first.act in (Act.ZERO, Act.FREE):
        first.act = next((one.act for one in run if one.act not in (Act.ZERO, Act.FREE)), first.act)
    return first


def _bands(one: Draft, kind: Kind, acts: Sequence[Act]) -> Iterator[Band]:
    when = one.said.strip("，：的")
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
        kept = [one for one in drafts if not _is_worth(one) or (filled and one.bound)]
        return kept if filled else others
    return list(drafts)


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
