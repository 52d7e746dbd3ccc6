"""Delay as it is charged: its blocks, and what it adds to a first amount."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from tracker.definitions.clauses import Kind, Points, Quantity, ReadClause, ReadRule, Share
from tracker.definitions.drafting.making import TIME_UNITS
from tracker.domain.rules.duties import Every


@dataclass(frozen=True)
class Joined:
    """Sanctions that are one together: the first with what is added to it, by their numbers."""

    whole: Mapping[int, ReadRule]
    behind: Mapping[int, int]


_MORE_BY_DELAY = re.compile(
    r"^[，,。；;\s]*(?:并|且|之?后|此后|以后|在此基础上|然后|另外?)?[，,]?"
    r"每再?(?:推迟|逾期|延后?|延迟|延期|迟延?|晚|超|过)"
)
_ADDED = re.compile(r"加扣|再扣|另扣|增扣|追加扣|累加扣")


def added(reading: ReadClause) -> Joined:
    """未完成的扣3分；每推迟10天加扣1分: coming late never gives the first amount back."""
    whole, behind = {}, {}
    order = sorted(range(len(reading.rules)), key=lambda n: reading.rules[n].span)
    for at, after in pairwise(order):
        first, more = reading.rules[at], reading.rules[after]
        if at not in behind and _flat(first) and _adds(more, reading.text):
            cap = more.cap if more.cap is not None else first.cap
            span = (first.span[0], more.span[1])
            whole[at] = replace(more, base=first.deduct, cap=cap, span=span)
            behind[after] = at
    return Joined(whole, behind)


def _flat(read: ReadRule) -> bool:
    once = read.kind in (Kind.ALL_OR_NOTHING, Kind.LATENESS) and read.step is None
    return once and isinstance(read.deduct, Points | Share) and read.base is None


def _adds(read: ReadRule, text: str) -> bool:
    piece = text[slice(*read.span)]
    timed = read.kind is Kind.LATENESS and read.base is None and every(read.step) is not None
    return timed and bool(_MORE_BY_DELAY.match(piece) and _ADDED.search(piece))


def every(step: Quantity | None) -> Every | None:
    """A block of delay; weeks as days."""
    if step is None or step.unit not in TIME_UNITS or step.unit == "minute":
        return None
    unit, times = {"week": ("day", 7)}.get(step.unit, (step.unit, 1))
    n = step.n * times
    if n != n.to_integral() or n < 1:
        return None
    return Every.model_validate({"n": int(n), "unit": unit})
