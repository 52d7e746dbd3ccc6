"""What was not understood, and what can be read in several ways (口径)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from tracker.definitions.clauses.dates import Times
from tracker.definitions.clauses.drafts import Act, Draft
from tracker.definitions.clauses.leads import Assembly
from tracker.definitions.clauses.normalising import Normal
from tracker.definitions.clauses.numerals import NUMBER, number_of
from tracker.definitions.clauses.reading import Ambiguity, Kind, Points, Unread, Whole, plain

Doubt = tuple[int, int, tuple[str, ...]]
VAGUE_SHARE = re.compile(r"一定(?:的)?比例|相应(?:的)?比例|适当比例")
SCORING = re.compile(r"扣|[得加计减]分|否决")
FEASTS = re.compile(
    r"[“\"]?(?:春节|清明|端午|中秋|国庆|元旦|五一|七一|十一|两节)节?[”\"]?(?:假期)?(?:之|以)?前(?!后)"
)
"""A day that a calendar has and the text does not."""

APART = re.compile(r"\d{1,2}月\d{1,2}日|\d[\d.]{0,9}(?:%|分)?\(不含")
BORDER = re.compile(
    rf"(?P<strict>不足|低于|不到|超过|小于|大于|未达到?|[<>])?(?P<figure>{NUMBER})(?P<sign>%|分钟|分|个?[日天月周]|个?工作日|小时)?"
)


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that a doubt may look at."""

    text: str
    drafts: Sequence[Draft]
    times: Times
    points: Decimal | None


def unread(plain: Normal, made: Assembly, drafts: Sequence[Draft]) -> Iterator[Unread]:
    """Amounts without a meaning, sanctions without an amount, proportions without a measure."""
    charged = [one for one in drafts if one.kind is not Kind.NO_DOUBLE]
    head = plain.text.rstrip().endswith("：")
    for _, start, end in made.vague:
        if not charged and not head:
            yield _unread(plain, start, end)
    scoring = SCORING.search(plain.text)
    if not drafts and not made.vague and not made.loose and scoring and not head:
        yield _unread(plain, 0, len(plain.text))
    for found in FEASTS.finditer(plain.text):
        yield _unread(plain, found.start(), found.end())
    for start, end in made.loose:
        yield _unread(plain, start, end)
    if any(one.kind is Kind.RATIO and one.amount is None for one in drafts):
        for found in VAGUE_SHARE.finditer(plain.text):
            yield _unread(plain, found.start(), found.end())


def _unread(plain: Normal, start: int, end: int) -> Unread:
    return Unread(plain.text[start:end], plain.span(start, end))


def ambiguous(plain: Normal, scene: Scene) -> Iterator[Ambiguity]:
    for question in QUESTIONS:
        for start, end, readings in question(scene):
            yield Ambiguity(plain.span(start, end), readings)


def _blocks(scene: Scene) -> Iterator[Doubt]:
    """每延后12小时: whole or started."""
    if re.search(r"不足[^，。；]{0,8}按|不满[^，。；]{0,8}(?:按|不)|按比例加?扣", scene.text):
        return
    for one in scene.drafts:
        if one.step is not None and one.step.n != 1 and one.step.unit != "rank":
            readings = ("满一个步长才扣一次，不足的不计", "不足一个步长按一个步长计", "按比例折算")
            yield *(one.place or (one.start, one.end)), readings


def _cap_scope(scene: Scene) -> Iterator[Doubt]:
    """扣完0.3分为止, with a loss per case: of each case or of the year."""
    for one in scene.drafts:
        if one.base is not None and one.cap is not None:
            yield one.start, one.end, ("上限按全年累计", "上限按每件计算")


def _total_zero(scene: Scene) -> Iterator[Doubt]:
    """总得分记0分: of the item or of the whole programme."""
    for one in scene.drafts:
        said = one.said + scene.text[one.start : one.end]
        if one.kind is Kind.VETO and re.search(r"总(?:得)?分", said):
            if re.search(r"(?:板块|[本该]项)总", said):
                continue
            yield one.start, one.end, ("本项总得分记0分", "全年考核总得分记0分")


def _overlapping(scene: Scene) -> Iterator[Doubt]:
    """80%至90%, 80%及以下: a border that two bands both name."""
    for one in scene.drafts:
        if one.kind in (Kind.TIERED, Kind.LATENESS, Kind.THRESHOLD):
            shared = _shared_border([band.when for band in one.tiers])
            if shared:
                readings = (f"{shared}归前一档", f"{shared}归后一档")
                yield one.start, one.end, readings


def _shared_border(conditions: Sequence[str]) -> str:
    holding: set[str] = set()
    for when in conditions:
        named = {
            f"{plain(number_of(found['figure']))}{found['sign'] or ''}"
            for found in BORDER.finditer(APART.sub("", when))
            if not found["strict"]
        }
        both: list[str] = sorted(named & holding)
        if both:
            return both[0]
        holding |= named
    return ""


def _staged(scene: Scene) -> Iterator[Doubt]:
    """Two dates and one amount for each that is missing: is a shortfall counted at both?"""
    stages = scene.times.stages
    dates = [one for one in scene.times.days if one.due]
    staged = len(stages) > 1 or (stages and "阶段" in scene.text) or "仍未" in scene.text
    if len(dates) < 2 or not staged:
        return
    for one in scene.drafts:
        if one.kind in (Kind.PER_MISSING, Kind.PER_STEP, Kind.LATENESS) and one.step is not None:
            yield one.start, one.end, ("同一缺口只在一个节点扣", "同一缺口在每个节点各扣一次")
            return


def _share_of_whole(scene: Scene) -> Iterator[Doubt]:
    """80% of nine things: rounded up or down."""
    counts = any(one.kind is Kind.PER_MISSING for one in scene.drafts)
    for stage in scene.times.stages:
        if counts and stage.share is not None and stage.share < 1:
            yield stage.start, stage.end, ("应完成数有小数时进一", "应完成数有小数时舍去")
            return


def _two_periods(scene: Scene) -> Iterator[Doubt]:
    """每季度不少于1次，全年不少于6次: does one gap count in both?"""
    found = re.search(r"全年[^，。；]{0,6}(?:不少于|至少|累计)", scene.text)
    if found and scene.times.periods:
        yield found.start(), found.end(), ("各期与全年分别计缺", "只按全年计缺")


def _which_stays(scene: Scene) -> Iterator[Doubt]:
    """不重复扣分 without saying which of the two deductions stays."""
    for one in scene.drafts:
        said = scene.text[one.start : one.end]
        if one.kind is Kind.NO_DOUBLE and not re.search(
            r"最高|最重|较高|较重|就高|从高|一次", said
        ):
            act = "加" if "加" in said and "扣" not in said else "扣"
            yield one.start, one.end, (f"只按{act}分最高的一条{act}", f"只按先发生的一条{act}")


def _which_scaled(scene: Scene) -> Iterator[Doubt]:
    """弄虚作假的加倍扣分。in a sentence of its own, after several deductions: which of them?"""
    for one in scene.drafts:
        if one.kind is not Kind.MULTIPLIER or ALL_OF_IT.search(one.said + one.trigger):
            continue
        before = [o for o in scene.drafts if o.start < one.start and o.act is Act.LOSE]
        near = [o for o in before if o.sentence == one.sentence]
        if len(before) > 1 and not near:
            yield one.start, one.end, ("只对前一句的扣分", "对本条前面所有的扣分")


ALL_OF_IT = re.compile(r"以上|上述|各项|所有|均|本条|本项|全部|同一|同类|总分|总得分|系数|得分")


def _unbounded(scene: Scene) -> Iterator[Doubt]:
    """酌情扣分 without a bound."""
    for one in scene.drafts:
        if one.kind is Kind.DISCRETIONARY and one.amount is None and one.cap is None:
            yield one.start, one.end, ("以本条全部分值为限", "以本项全部分值为限")


def _order_of_places(scene: Scene) -> Iterator[Doubt]:
    """按排名先后分别扣0.1-1分: from which end, and in what steps."""
    goes_on = "以此类推" in scene.text
    for one in scene.drafts:
        told = one.amount is not None and "先后" in scene.text[one.start : one.end]
        if one.kind is Kind.RANK and (told or goes_on):
            yield one.start, one.end, ("名次越靠后扣得越多", "名次越靠前扣得越多")


def _only_worth(scene: Scene) -> Iterator[Doubt]:
    """A task that says what it is worth, and not how it is lost."""
    for one in [one for one in scene.drafts if one.worth][:1]:
        yield one.start, one.end, ("未完成的全扣", "按完成比例得分", "由审核单位酌情计分")


def _none_all_year(scene: Scene) -> Iterator[Doubt]:
    """每月一条……全年未被录用一条的扣10分: on top of the monthly loss, or instead of it."""
    yearly = re.search(r"全年[^，。；]{0,4}(?:未|没有|无)", scene.text)
    losing = [one for one in scene.drafts if one.act is Act.LOSE]
    if yearly and scene.times.periods and len(losing) > 1:
        yield yearly.start(), yearly.end(), ("与逐月扣分并扣", "代替逐月扣分")


def _no_direct_step(scene: Scene) -> Iterator[Doubt]:
    """未按要求整改到位的 after a first amount: on top of it, or instead of it."""
    for before, one in pairwise(scene.drafts):
        again = re.match(
            r"[，；]?(?:未按要求)?(?:整改不到位|未整改到位|未按要求整改|仍未)", one.trigger
        )
        if again and before.act is Act.LOSE and one.act is Act.LOSE:
            yield one.start, one.end, ("在前一笔之外再扣", "代替前一笔")
            return


def _absorbed(scene: Scene) -> Iterator[Doubt]:
    """每少一项扣……，整体未按时完成扣2分: both, or the larger."""
    for before, one in pairwise(scene.drafts):
        if "整体" in one.trigger and before.act is Act.LOSE and one.act is Act.LOSE:
            yield one.start, one.end, ("与分项扣分合并计", "取两者中较大的")


def _more_than_all(scene: Scene) -> Iterator[Doubt]:
    """扣2分 of a clause that is worth one."""
    for one in scene.drafts:
        lost = one.amount if one.act is Act.LOSE else None
        if scene.points and isinstance(lost, Points) and lost.value > scene.points:
            yield one.start, one.end, ("以本条分值为限", "超出部分在本项内扣")


def _proportion_of_what(scene: Scene) -> Iterator[Doubt]:
    """按比例扣分 where the clause says neither its points nor the measure."""
    for one in scene.drafts:
        bare = one.kind is Kind.RATIO and one.amount is None and not isinstance(one.cap, Whole)
        if bare and re.search(r"按(?:一定|相应|完成)?比例", scene.text[one.start : one.end]):
            yield one.start, one.end, ("按未完成比例乘以本条分值扣", "按未完成比例乘以本项分值扣")


def _equal(scene: Scene) -> Iterator[Doubt]:
    """低于目标得20分，高于目标不得分: what is exactly at it?"""
    threshold = next((one for one in scene.drafts if one.kind is Kind.THRESHOLD), None)
    if threshold is None:
        return
    below, above = (
        re.search(rf"{word}(?![^，。；]{{0,30}}\d)", scene.text) for word in ("低于", "高于")
    )
    if below and above:
        yield threshold.start, threshold.end, ("等于时按达到计", "等于时按未达到计")


def _respectively(scene: Scene) -> Iterator[Doubt]:
    """分别提高15%、12% for one subject: whose figure is which."""
    found = re.search(r"分别[^，。；]{0,12}?\d+(?:\.\d+)?%(?:、|和|及)\d+(?:\.\d+)?%", scene.text)
    if found:
        yield found.start(), found.end(), ("按文中所列对象的先后对应", "各对象都适用两个数")


def _before_month(scene: Scene) -> Iterator[Doubt]:
    """11月前: before the month begins, or before it ends."""
    for one in scene.times.days:
        if one.due and one.doubtful is not None:
            yield one.start, one.end, (f"截至{one.on:%-m月%-d日}", f"截至{one.doubtful:%-m月%-d日}")


QUESTIONS: tuple[Callable[[Scene], Iterator[Doubt]], ...] = (
    _blocks,
    _cap_scope,
    _total_zero,
    _overlapping,
    _staged,
    _share_of_whole,
    _two_periods,
    _which_stays,
    _which_scaled,
    _unbounded,
    _order_of_places,
    _only_worth,
    _none_all_year,
    _no_direct_step,
    _absorbed,
    _more_than_all,
    _proportion_of_what,
    _respectively,
    _equal,
    _before_month,
)
