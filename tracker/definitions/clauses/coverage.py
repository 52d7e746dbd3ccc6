"""A last look at a clause as read: what in its text decides an amount, and is in no rule?

The reader goes from words that it knows to rules. This module goes the other way, from the text to
the rules, with words of its own; so that what the reader has passed over is said and not lost.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tracker.definitions.clauses import doubts
from tracker.definitions.clauses.assembling import Assembly
from tracker.definitions.clauses.drafts import Act, Draft
from tracker.definitions.clauses.normalising import Normal
from tracker.definitions.clauses.numerals import NUMBER, number_of
from tracker.definitions.clauses.reading import Amount, Between, Kind, Points, Share, Unread
from tracker.definitions.clauses.times import Times
from tracker.definitions.clauses.vocabulary import FEN

Place = tuple[int, int]

STOP = re.compile(r"[，。；：\n]")
TORN_END = re.compile(r"[，、(《+×÷=/-]$")
DIGIT = "零〇一二两三四五六七八九十百半"
COUNTED = "场|次|个|项|篇|%|分|天|人|家|件|份|条|名|户|处|起|期"


class Spans:
    """Places covered by something, asked in logarithmic time."""

    def __init__(self, places: Iterable[Place]) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in sorted(places):
            self._starts.append(start)
            self._ends.append(max(end, self._ends[-1]) if self._ends else end)

    def has(self, place: int) -> bool:
        at = bisect_right(self._starts, place) - 1
        return at >= 0 and self._ends[at] > place


@dataclass(frozen=True, slots=True)
class Seen:
    """A clause as it was read, for the looks below."""

    text: str
    made: Assembly
    drafts: Sequence[Draft]
    times: Times
    ruled: Spans
    stops: Sequence[int]

    def piece(self, place: int) -> Place:
        """The part of a sentence, between two commas, in which a place stands."""
        at = bisect_right(self.stops, place)
        start = self.stops[at - 1] + 1 if at else 0
        end = self.stops[at] if at < len(self.stops) else len(self.text)
        return (
            (start, end) if self.text[place : place + 1] not in "，。；：\n" else (place, place + 1)
        )


Look = Callable[[Seen], Iterator[Place]]


def unread(
    plain: Normal, made: Assembly, drafts: Sequence[Draft], times: Times
) -> tuple[Unread, ...]:
    """What the reader knows that it did not read, and what no rule holds; each place once, in the
    order of the text."""
    stops = [one.start() for one in STOP.finditer(plain.text)]
    ruled = Spans((one.start, one.end) for one in drafts)
    seen = Seen(plain.text, made, drafts, times, ruled, stops)
    places = list(_apart(place for look in LOOKS for place in look(seen)))
    missed = [Unread(plain.text[start:end], plain.span(start, end)) for start, end in places]
    known = _not_inside(list(doubts.unread(plain, made, drafts)), missed)
    held = Spans(one.span for one in known)
    found = [*known, *(one for one in missed if not held.has(one.span[0]))]
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
    r"|(?<=每)(?=[，。；、)]|$)|每(?:低|高|少|多|超|迟|差)?若干"
    r"|(?:不少于|不低于|不超过|不高于|低于|高于|超过|少于|达到|不足|大于|小于)"
    rf"(?:{COUNTED})(?=[，。；、)的]|以[上下内]|$)"
    rf"|百分之(?![\d{DIGIT}])"
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
NO_LOSS = re.compile(r"[不免未无折增核递累]")
SAID_BEFORE = re.compile(r"按[^，。；]{0,8}(?:上述|前述|以上)")
TAKEN_UP = (Kind.NO_DOUBLE, Kind.EXEMPTION, Kind.MULTIPLIER, Kind.DISCRETIONARY, Kind.EXTERNAL)


def _bare(seen: Seen) -> Iterator[Place]:
    """每发现一起扣。 takes nothing, however it is read."""
    taken = Spans((one.end - 6, one.end) for one in seen.drafts if one.kind in TAKEN_UP)
    ends = {one.end for one in seen.made.drafts}
    for found in BARE.finditer(seen.text):
        before = seen.text[max(0, found.start() - 6) : found.start()]
        if NO_LOSS.search(before) or taken.has(found.start()):
            continue
        if found.end() in ends:
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
CONDITION = re.compile(r"个?分(?:\(含\)|（含）|及|或|含)?(?:以|之)?[上下内间]|个?分[-至到]")
BEFORE_CONDITION = re.compile(
    r"(?:低于|高于|达到|未达|不足|不到|超过|超出|少于|[<>≥≤=]|每|评分为?|百|满分为?|[-至到]|排名)[^，。；]{0,3}$"
)
WORTHS = re.compile(
    r"(?:分值|满分|权重|标准分|基本分|总分|共|占|合计|计|得|记|为|值|赋|\()(?:为|：)?$"
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


LOOKS: tuple[Look, ...] = (_holes, _slips, _torn, _bare, _vague, _figures)
