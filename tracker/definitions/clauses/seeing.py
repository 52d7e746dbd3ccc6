"""A clause as it was read, for the looks at what was passed over."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from tracker.definitions.clauses.dates import Times
from tracker.definitions.clauses.drafts import Draft
from tracker.definitions.clauses.leads import Assembly
from tracker.definitions.clauses.normalising import Normal

Place = tuple[int, int]
STOP = re.compile(r"[，。；：\n]")


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

    plain: Normal
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
