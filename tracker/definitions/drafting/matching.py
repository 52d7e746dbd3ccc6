"""Which item or clause of the next issue is which one of the last: by its text, not its number."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

ENOUGH = 0.45
SAME_NUMBER = 0.15

Thing = TypeVar("Thing")


def plain(text: str) -> str:
    """Without what a new issue changes without meaning anything: width, spaces, a full stop."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).rstrip(";；。.,，")


def likeness(one: str, other: str) -> float:
    """0 to 1: how many pairs of neighbouring characters the texts share (Dice)."""
    if one == other:
        return 1.0
    a, b = Counter(_pairs(one)), Counter(_pairs(other))
    total = sum(a.values()) + sum(b.values())
    return 2 * sum((a & b).values()) / total if total else 0.0


def _pairs(text: str) -> list[str]:
    return [text[n : n + 2] for n in range(len(text) - 1)] or [text]


def matched(
    old: Mapping[str, Thing], new: Mapping[str, Thing], text_of: Callable[[Thing], str]
) -> dict[str, str]:
    """New id -> old id. The likest first; a number that stayed the same counts a little.

    Equal texts are matched at once, in order; the rest costs old times new.
    """
    before = {name: plain(text_of(one)) for name, one in old.items()}
    after = {name: plain(text_of(one)) for name, one in new.items()}
    found = _equal(before, after)
    left = [name for name in before if name not in set(found.values())]
    pairs = sorted(
        (
            (-_score(before[one], after[other], same=one == other), n, one, other)
            for n, other in enumerate(name for name in after if name not in found)
            for one in left
        ),
    )
    taken = set(found.values())
    for score, _, one, other in pairs:
        if -score < ENOUGH:
            break
        if one not in taken and other not in found:
            found[other] = one
            taken.add(one)
    return found


def _equal(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    found = {name: name for name, text in after.items() if before.get(name) == text}
    waiting: dict[str, list[str]] = {}
    for name, text in before.items():
        if name not in found:
            waiting.setdefault(text, []).append(name)
    for name, text in after.items():
        if name not in found and waiting.get(text):
            found[name] = waiting[text].pop(0)
    return found


def _score(one: str, other: str, *, same: bool) -> float:
    return likeness(one, other) + (SAME_NUMBER if same else 0.0)


def in_order(names: Sequence[str], known: Mapping[str, str], new: str) -> str:
    """The old id after which a new thing comes: that of its nearest neighbour before it."""
    before = names[: names.index(new)]
    return next((known[name] for name in reversed(before) if name in known), "")
