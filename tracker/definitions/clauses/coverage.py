"""A last look at a clause as read: what in its text decides an amount, and is in no rule?

The reader goes from words that it knows to rules. This module goes the other way, from the text to
the rules, with words of its own; so that what the reader has passed over is said and not lost.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import pairwise

from tracker.definitions.clauses import doubts, residues
from tracker.definitions.clauses.dates import Times
from tracker.definitions.clauses.drafts import Act, Draft
from tracker.definitions.clauses.leads import Assembly
from tracker.definitions.clauses.normalising import Normal
from tracker.definitions.clauses.numerals import NUMBER, number_of
from tracker.definitions.clauses.reading import Amount, Between, Kind, Points, Share, Unread
from tracker.definitions.clauses.seeing import STOP, Look, Place, Seen, Spans
from tracker.definitions.clauses.vocabulary import FEN

TORN_END = re.compile(r"[，、(《+×÷=/-]$")
DIGIT = "零〇一二两三四五六七八九十百半"
COUNTED = "场|次|个|项|篇|%|分|天|人|家|件|份|条|名|户|处|起|期"


def unread(
    plain: Normal, made: Assembly, drafts: Sequence[Draft], times: Times
) -> tuple[Unread, ...]:
    """What the reader knows that it did not read, and what no rule holds; each place once, in the
    order of the text."""
    stops = [one.start() for one in STOP.finditer(plain.text)]
    drafts = sorted(drafts, key=lambda one: (one.start, one.end))
    ruled = Spans((one.start, one.end) for one in drafts)
    seen = Seen(plain, plain.text, made, drafts, times, ruled, stops)
    places = list(_apart(place for look in LOOKS for place in look(seen)))
    missed = [Unread(plain.text[start:end], plain.span(start, end)) for start, end in places]
    known = _not_inside(list(doubts.unread(plain, made, drafts)), missed)
    held = Spans(one.span for one in known)
    found = [*known, *(one for one in missed if not held.has(one.span[0]))]
    if not found and _nothing(seen):
        found = [Unread(plain.text, plain.span(0, len(plain.text)))]
    return tuple(sorted(found, key=lambda one: one.span))


def _not_inside(known: Sequence[Unread], missed: Sequence[Unread]) -> list[Unread]:
    """`missed` do not overlap; the piece of a sentence says more than the figure in it."""
    starts = [one.span[0] for one in missed]
    kept = []
    for one in known:
        at = bisect_right(starts, one.span[0]) - 1
        if at < 0 or missed[at].span[1] < one.span[1]:
            kept.append(one)
    return kept


def _apart(places: Iterable[Place]) -> Iterator[Place]:
    """Overlapping places as one."""
    last: Place | None = None
    for start, end in sorted(set(places)):
        if last is not None and start < last[1]:
            last = (last[0], max(last[1], end))
            continue
        if last is not None:
            yield last
        last = (start, end)
    if last is not None:
        yield last


# -- amounts that are not there

HOLE = re.compile(
    r"\(\)|_+|[□■◻☐]+|(?<=[扣减加得计奖])(?:[×XxNn?]{1,4}|若干|几|某)个?分(?![值数])"
    r"|(?<=每)(?=[，。；、)]|$)|每(?:低|高|少|多|超|迟|差)?(?:若干|每)"
    r"|(?:不少于|不低于|不超过|不高于|低于|高于|超过|少于|达到|不足|大于|小于)"
    rf"(?:{COUNTED})(?=[，。；、)的]|以[上下内]|$)"
    rf"|百分之(?![\d{DIGIT}])"
    rf"|每(?:低|高|少|多|超|迟|晚|差|延|推迟|延迟|拖延|延期|超期|逾期|缺|漏)?[\d{DIGIT}]{{1,3}}(?=[，。；])"
    r"|\((?:原文|此处|原件|原稿|底稿|扫描件?|字迹|文字|数字|分值)[^()的]{0,6}"
    r"(?:缺|漏|不清|模糊|残|空|辨|损|污)[^()的]{0,4}\)"
)
SLIP = re.compile(
    r"\d\.+(?=[^\d.]{0,2}分)(?!\d)|\d\.\.+\d|\d\.\d*[零〇一二三四五六七八九]|\d\.\d+\.\d+(?=个?分)"
    r"|[OoQ]\.\d+|\d[OolI](?=分|%|个|次)|\d\.\d*[OolI]+\d*|\.[OolI](?=分|%)"
    r"|\d。分|(?<=[扣加减得])-\d[\d.]*|\d/\d+(?:\.\d+)?分(?!之)"
    rf"|[\d{DIGIT}]个?[百千](?=[，。；、])|(?<=[，。；、])分(?=[，。；、扣加]|$)"
    rf"|分[至到](?![\d{DIGIT}多少])"
)


def _holes(seen: Seen) -> Iterator[Place]:
    """扣（ ）分, 每低若干个百分点, 不少于 场: a number that was left open."""
    for found in HOLE.finditer(seen.text):
        start, end = seen.piece(min(found.start(), max(0, len(seen.text) - 1)))
        yield min(start, found.start()), max(end, found.end())


def _slips(seen: Seen) -> Iterator[Place]:
    """O.5分, 0.l分, 0..1分: no number, and not to be put right in silence."""
    for found in SLIP.finditer(seen.text):
        start, end = seen.piece(found.start())
        yield start, max(end, found.end())


# -- sentences that break off


def _torn(seen: Seen) -> Iterator[Place]:
    """Ends in the middle, or with a bracket that is open around an amount."""
    text = seen.text.rstrip("\n ")
    if TORN_END.search(text):
        yield seen.piece(max(0, len(text) - 2))[0], len(text)
    opened: list[int] = []
    for found in re.finditer(r"[()]", text):
        if found.group() == "(":
            opened.append(found.start())
        elif opened:
            opened.pop()
    for place in opened:
        yield place, min(len(text), place + 40)


# -- verbs without an amount

BARE = re.compile(
    r"(?:扣|减|(?<!处)罚|扣除)(?=[，。；)\n]|$)|(?<=[，的者类])(?:得|加|计|奖|记)(?=[，。；)\n]|$)"
    r"|(?<=每[项次个处件家人])(?=[，。；\n]|$)|酌(?=[，。；]|$)|视情(?=[，。；]|$)"
)
AMOUNT_BEFORE = re.compile(r"(?:分|%|分值中|得分中)(?:予以|进行)?[扣计倒罚]?$")
NO_LOSS = re.compile(r"[不免][予再得会能重复另]{0,3}$|[折增核递累]$")
SAID_BEFORE = re.compile(r"按[^，。；]{0,8}(?:上述|前述|以上)")
TAKEN_UP = (Kind.NO_DOUBLE, Kind.EXEMPTION, Kind.MULTIPLIER, Kind.DISCRETIONARY, Kind.EXTERNAL)


def _bare(seen: Seen) -> Iterator[Place]:
    """每发现一起扣。 takes nothing, however it is read."""
    taken = Spans(
        (one.start if one.kind is Kind.NO_DOUBLE else one.end - 6, one.end)
        for one in seen.drafts
        if one.kind in TAKEN_UP
    )
    ends = {one.end for one in seen.made.drafts}
    for found in BARE.finditer(seen.text):
        before = seen.text[max(0, found.start() - 6) : found.start()]
        if AMOUNT_BEFORE.search(before) and seen.ruled.has(found.start() - 1):
            continue
        explained = taken.has(found.start()) or found.end() in ends
        if NO_LOSS.search(before) or (explained and found.group() != "酌"):
            continue
        yield seen.piece(max(0, found.end() - 1))


def _vague(seen: Seen) -> Iterator[Place]:
    """扣分 without an amount, and no amount after it."""
    last = max((one.start for one in seen.drafts), default=-1)
    ends = sorted(one.end for one in seen.drafts)
    for _, start, end in seen.made.vague:
        piece, _ = seen.piece(end - 1)
        inside = bisect_right(ends, end) > bisect_right(ends, piece)
        referring = SAID_BEFORE.search(seen.text, piece, end) and seen.drafts
        if start >= last and not inside and not referring and not seen.ruled.has(end - 1):
            yield start, end


# -- figures of points

FIGURE = re.compile(
    rf"(?!百分)(?P<n>{NUMBER})(?=个?{FEN}(?!制|之|点|比|百))|(?<=[扣减奖])(?P<bare>\d+(?:\.\d+)?)(?=[，。；、)]|$)"
)
CONDITION = re.compile(
    r"个?分(?:\(含\)|（含）|及|或|含)?(?:以|之)?[上下内间]|个?分的?基础上|个?分\([得计扣]|个?分(?:\(含\))?[-至到]|分[为是](?:优|良|中|合格|基本|较|差|不)"
)
BEFORE_CONDITION = re.compile(
    r"(?:低于|高于|达到|未达|不足|不到|超过|超出|少于|[<>≥≤=]|每|评分为?|百|满分为?|[-至到]|排名)[^，。；]{0,3}$"
)
WORTHS = re.compile(
    r"(?:分值|满分|权重|标准分|基本分|总分|共|占|合计|计|得|记|为|值|赋|折算为本项|\()(?:为|：)?$"
)


def _figures(seen: Seen) -> Iterator[Place]:
    """Every number of points is an amount of a rule, a worth, a bound or a step."""
    used = _used(seen.drafts)
    worth = _used([one for one in seen.made.drafts if one.act in (Act.SCORE, Act.FULL)])
    for amount, start, end in seen.made.worths:
        for value in _values(amount):
            worth[value].append((start, end))
    spans = {value: Spans(places) for value, places in used.items()}
    told = {value: Spans(places) for value, places in worth.items()}
    for found in FIGURE.finditer(seen.text):
        value = number_of(found["n"] or found["bare"])
        if seen.text.startswith("一半", found.start() - 1):
            continue
        if not value or re.search(r"[时点]$", seen.text[max(0, found.start() - 1) : found.start()]):
            continue
        held = spans.get(value)
        place = found.start()
        if held is not None and held.has(place):
            continue
        priced = told.get(value)
        if priced is not None and priced.has(place):
            continue
        if not _is_condition(seen.text, found):
            yield seen.piece(place)


def _is_condition(text: str, found: re.Match[str]) -> bool:
    before = text[max(0, found.start() - 12) : found.start()]
    if CONDITION.match(text, found.end()) or BEFORE_CONDITION.search(before):
        return True
    return not re.search(r"[扣减加奖罚]", before) and bool(WORTHS.search(before))


def _used(drafts: Iterable[Draft]) -> dict[Decimal, list[Place]]:
    """Where each number of points is an amount of a rule."""
    used: dict[Decimal, list[Place]] = defaultdict(list)
    for one in drafts:
        bands = [amount for band in one.tiers for amount in (band.deduct, band.award)]
        for amount in (one.amount, one.base, one.cap, *bands):
            for value in _values(amount):
                used[value].append((one.start, one.end))
        if one.step is not None and one.step.unit == "point":
            used[one.step.n].append((one.start, one.end))
    return used


def _values(amount: Amount | None) -> Iterator[Decimal]:
    match amount:
        case Points(value):
            yield value
        case Share(percent):
            yield percent
        case Between(least, most):
            yield from (*_values(least), *_values(most))


# -- words of sanction that stand in no rule

SANCTION = re.compile(
    rf"(?<=[项分值块数])[^，。；]{{0,2}}(?:清零|归零)|一票否|(?:上浮|上调|下调|下浮)(?=[\d一二两三]|至|幅度)|降低?[^，。；]{{0,6}}(?:等次|档次|等级)"
    rf"|翻番|翻倍|双倍|双份|加倍|减半|半数|[{DIGIT}\d]倍(?:扣|计|分)|打[{DIGIT}]折|按[{DIGIT}]成(?:计|扣)"
    r"|(?<=得分)乘以|系数为|返还|扣回|抵减|予以免除|裁量(?!理由)|酌[情减扣]|比照|[扣减]除(?=[。；，])|剔除"
    r"|按[一1][起次件个]计|只计|一并取消|不计扣|择[^，。；]{0,4}重|从[高重](?:扣|计|处)"
    r"|(?<=[的时])不扣|取高值|以上不封顶"
)
SCORING = re.compile(
    r"[扣加减计得评打赋]分|分值|系数|权重|等次|否决|折算|酌情|视情|比照|不计扣|占\d+%|取高值|参照|得\d|扣\d|\d分"
)
OPEN = re.compile(
    r"(?<=[扣加减得计])\d{1,9}(?:\.\d{1,9})?分?或(?:者)?\d|[按以][“\"][^”\"\n×÷/+=]{0,30}\d[^”\"\n×÷/+=]{0,30}[”\"][计扣加得]|待定|待明确|另议|不受(?:上述|前述|以上|该|此)[^，。；]{0,8}(?:幅度|限额|范围|标准|区间|限制)|(?<=[扣得加减计])\d{1,9}(?:\.\d{1,9})?分以上(?!\d)|加权(?:计算|平均)(?!后)"
)
REFERRING = re.compile(
    r"同上(?!级)|比照|上一?条|前页|[见如](?:上|前)(?:页|条|款|项)?|参照(?:上|前|第[^，。；]{1,3}[条款项]|同类)|表中未列"
)
CHAT = re.compile(
    r"请回复|收到请|[发到][^，。；]{0,3}群[里中内]|[今明昨]天|发我|发给我|辛苦|谢谢|您好|你好|大家好|麻烦[您你大]|@[^，。；]"
    r"|我们?(?:这边|领导|跟|和|已经|先)|打过招呼|(?:说|问|看|改)一下(?:吧|。|，|$)|好几个"
)


def _unruled(seen: Seen) -> Iterator[Place]:
    """翻番, 清零, 按一起计: they change an amount, and no rule says so."""
    for found in SANCTION.finditer(seen.text):
        if not seen.ruled.has(found.end() - 1) and not seen.ruled.has(found.start()):
            yield seen.piece(found.start())


def _nothing(seen: Seen) -> bool:
    """A clause that speaks of points, and of which nothing was read."""
    timed = seen.times.periods or seen.times.lengths or any(one.due for one in seen.times.days)
    head = seen.text.rstrip().endswith("：")
    told = seen.drafts or seen.made.limits or timed or head
    return not told and SCORING.search(seen.text) is not None


def _open(seen: Seen) -> Iterator[Place]:
    """待定, 扣0.5分以上: settled by nobody yet; 比照上条: in a clause that is not at hand."""
    external = Spans((one.start, one.end) for one in seen.drafts if one.kind is Kind.EXTERNAL)
    for found in OPEN.finditer(seen.text):
        yield seen.piece(found.start())
    for found in REFERRING.finditer(seen.text):
        if not external.has(found.start()):
            yield seen.piece(found.start())


def _chat(seen: Seen) -> Iterator[Place]:
    """收到请回复: a message that fell into the document."""
    for found in CHAT.finditer(seen.text):
        yield seen.piece(found.start())


# -- conditions without an amount

LEFT = re.compile(
    r"(?:的|时|者)(?=[。；]|$)|[一1][次项个件处](?=$)|(?<=，)(?![并另同下])[^，。；：()]{1,3}(?=。?$)"
)


def _left_over(seen: Seen) -> Iterator[Place]:
    """A class among others that has lost its amount."""
    starts = [one.start for one in seen.drafts]
    if not starts or "：" in seen.text[seen.drafts[0].start : seen.drafts[0].end + 1][-1:]:
        return
    for found in LEFT.finditer(seen.text):
        place = found.start()
        start, end = seen.piece(place)
        before = bisect_right(starts, place)
        told = before and seen.drafts[before - 1]
        if not told or seen.ruled.has(place) or seen.text[start - 1 : start] == "：":
            continue
        if "。" not in seen.text[told.end : place] and "：" not in seen.text[told.end : place]:
            yield start, end


# -- amounts that contradict one another

LISTED = re.compile(r"分别[^，。；\d]{0,8}(?P<amounts>\d[\d.]*分?(?:(?:、|和|及|与)\d[\d.]*分?)+)")
EACH = ("每次", "每起", "每件", "每人", "每项", "每处", "每家", "每个", "一次", "每人次")
JOINED = re.compile(r"、|和|及|与")
ON_TOP = re.compile(r"再|另|加扣|追加|仍")
REACHED = re.compile(r"(?:到位|达标|合格|完成|符合要求|落实|按时)(?:任务|目标)?的?，?$")
COUNT = re.compile(r"，?[每一][^，。；]{0,6}$")
NEGATIVE = re.compile(r"[未没不无缺差低少迟逾慢晚拖延超前内应须]|除外")


def _twice(seen: Seen) -> Iterator[Place]:
    """One condition with two amounts; done and not done at the same price."""
    for before, one in pairwise(seen.drafts):
        first, second = (each.trigger.strip("，；。、的") for each in (before, one))
        near = before.part == one.part or (first == second and before.trigger != "")
        alike = before.act is one.act and near and before.start < one.start
        if not alike or ON_TOP.search(one.trigger) or len(second) < 3:
            continue
        same = first.endswith(second) and not first[: -len(second)][-1:].isascii()
        if (same or first == second) and _differ(before, one):
            yield before.start, one.end


def _differ(one: Draft, other: Draft) -> bool:
    return None not in (one.amount, other.amount) and one.amount != other.amount


def _same_bands(seen: Seen) -> Iterator[Place]:
    """不足8场扣0.5分；超过8场扣0.5分."""
    for one in seen.drafts:
        amounts = [band.deduct for band in one.tiers if band.deduct is not None]
        if any(first == second for first, second in pairwise(amounts)):
            yield one.start, one.end


def _for_success(seen: Seen) -> Iterator[Place]:
    """发放到位的扣0.1分."""
    for one in seen.drafts:
        losing = one.act is Act.LOSE and isinstance(one.amount, Points)
        trigger = one.trigger.strip("，；。")[-30:]
        said = COUNT.sub("", trigger)
        said = said[said.rfind("，") + 1 :]
        if losing and _is_lesser(seen, one):
            continue
        if losing and REACHED.search(said) and not NEGATIVE.search(trigger, trigger.find(said)):
            yield one.start, one.end


MENDED = re.compile(r"整改|处理|及时|主动|纠正|挽回|补报|补办")


def _is_lesser(seen: Seen, one: Draft) -> bool:
    """每起扣1分；整改到位的，扣0.5分: so much less."""
    return any(
        MENDED.search(one.trigger) is not None
        and other.end <= one.start
        and isinstance(other.amount, Points)
        and isinstance(one.amount, Points)
        and other.amount.value > one.amount.value
        for other in seen.drafts[:20]
    )


def _respectively(seen: Seen) -> Iterator[Place]:
    """迟报、漏报、瞒报的分别扣0.3分、0.5分: three classes and two amounts."""
    for found in LISTED.finditer(seen.text):
        start, end = seen.piece(found.start())
        before = seen.text[max(0, start - 60) : found.start()]
        listed = [part for part in re.split(r"[，。；：]", before) if part and part not in EACH]
        classes = len(JOINED.findall("".join(listed[-1:]).strip("、"))) + 1
        if classes > 1 and classes != len(JOINED.findall(found["amounts"])) + 1:
            yield start, end


# -- times without a date

OCCASION = re.compile(
    r"(?:[^，。；、]节(?:假日)?|汛期?|学期|学年|暑期|寒假|暑假|假期|假日|开学|入冬|入夏|供暖期?|采暖季?|农忙|春耕|秋收|两会|高考"
    r"|换届|阶段|时段|旺季|特护期|防火期)(?:结束|开始|启动|到来|来临)?之?前"
    r"|学[期年][初末中]|逢[\d一二三四五六七八九]{1,2}日?|旬[^，。；]{0,2}首日|年[末底]最后一个工作日"
    r"|\d{1,2}月[、和]\d{1,2}月(?![底末上中下初\d、和及]|份|的\d|[^，。；]{0,3}日)"
)


def _undated(seen: Seen) -> Iterator[Place]:
    """节前, 汛期前, 学期末: a day that no calendar of the programme names."""
    days = Spans((one.start, one.end) for one in seen.times.days if one.due)
    for found in OCCASION.finditer(seen.text):
        if not days.has(found.end() - 1):
            yield seen.piece(found.start())


BARE_OF_WORDS = re.compile(r"[，。；：、的]*的[，。；：、的]*$")
VERB = re.compile(r"[扣减加奖得计记罚赋评给]")


PRICED = (Kind.BONUS, Kind.RATIO, Kind.LINEAR)


def _unsaid(seen: Seen) -> Iterator[Place]:
    """的扣0.2分: for what? 每少一人0.1分: lost or won?"""
    wordless = not VERB.search(seen.text)
    for one in seen.drafts:
        points = isinstance(one.amount, Points) and one.kind not in PRICED and not one.worth
        if points and (wordless or BARE_OF_WORDS.match(one.trigger)):
            yield one.start, one.end


LOOKS: tuple[Look, ...] = (
    _holes,
    _slips,
    _torn,
    _bare,
    _vague,
    _figures,
    _unruled,
    _open,
    _chat,
    _left_over,
    _twice,
    _same_bands,
    _for_success,
    _respectively,
    _undated,
    _unsaid,
    *residues.LOOKS,
)
