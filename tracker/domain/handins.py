"""What units have plainly handed in: once, as done, and not sent back.

That is the whole course of most duties, and a few numbers say it. They can be kept beside the facts
and tell, without them, who answered in time; what takes more to say is unclear, and left to them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from operator import le
from struct import Struct
from typing import NamedTuple, Protocol

from tracker.domain import facts as f

NEVER = 2**62
"""Later than every instant."""

COURSE = Struct("<4q")
"""What is kept of one answer."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def number_of(at: datetime) -> int:
    """Microseconds since 1970 (UTC)."""
    return (at - _EPOCH) // _MICROSECOND


@dataclass(slots=True)
class Said:
    """One unit's answers by occurrence: handed in when; which of those wait for review; and what is
    unclear."""

    at: dict[str, datetime] = field(default_factory=dict)
    waiting: set[str] = field(default_factory=set)
    unclear: set[str] = field(default_factory=set)

    def leaves_open(self, occurrence: str) -> bool:
        """Whether the facts must be looked at; a report that names no occurrence is about all."""
        if occurrence in self.unclear:
            return True
        return bool(occurrence) and ("" in self.at or "" in self.unclear)


NOTHING_SAID = Said()


class Dues:
    """Occurrences of a duty, each with the last instant that is in time."""

    def __init__(self, dues: Iterable[tuple[str, datetime]]) -> None:
        self.dues = tuple(dues)
        self.size = COURSE.size * len(self.dues)
        """Bytes that hand-ins of all of them take at least."""
        self._limits: dict[str, tuple[Struct, tuple[int, ...]] | None] = {}

    def limits(self, occurrences: str) -> tuple[Struct, tuple[int, ...]] | None:
        """How to read the instants of these occurrences, and the limit of each; None where they do
        not answer all that is due. Most units have answered the same ones."""
        if occurrences not in self._limits:
            self._limits[occurrences] = self._limits_of(_listed(occurrences))
        return self._limits[occurrences]

    def _limits_of(self, answered: Sequence[str]) -> tuple[Struct, tuple[int, ...]] | None:
        due = {occurrence: number_of(at) for occurrence, at in self.dues}
        if not due.keys() <= set(answered) or ("" in answered and due.keys() != {""}):
            return None
        return _run(len(answered)), tuple([due.get(one, NEVER) for one in answered])


class Answers(Protocol):
    """What all units have plainly said of one duty."""

    def of(self, unit: str) -> Said: ...

    def in_time(self, unit: str, dues: Dues) -> bool:
        """Whether all of them were plainly handed in by their limits."""
        ...


@dataclass(frozen=True)
class FromFacts:
    """As the reports that are filed say it."""

    said: dict[str, Said] = field(default_factory=dict)

    def of(self, unit: str) -> Said:
        return self.said.get(unit, NOTHING_SAID)

    def in_time(self, unit: str, dues: Dues) -> bool:
        said = self.said.get(unit)
        if said is None or "" in said.unclear:
            return not dues.dues
        at = said.at
        for occurrence, due in dues.dues:
            handed_in = at.get(occurrence)
            if handed_in is None or handed_in > due or (occurrence and "" in at):
                return False
        return True


# -- kept beside the facts -----------------------------------------------------------------------


class HandIns(NamedTuple):
    """One unit's answers to a duty, whatever the instant at which one looks.

    `instants` are four runs of numbers (`number_of`, NEVER where there is none), each in the order
    of `occurrences`: handed in, entered, accepted, acceptance entered. `latest` is the last of the
    first two. `occurrences` and `unclear` are JSON lists, sorted.
    """

    occurrences: str
    instants: bytes
    unclear: str
    latest: int


Course = tuple[int, int, int, int]

REVIEWED = 2


class Open:
    """Hand-ins that are being written: facts are added in any order, each report before what is
    about it."""

    def __init__(self, known: HandIns | None = None) -> None:
        self._plain: dict[str, Course] = {} if known is None else dict(_courses(known))
        self._unclear = set() if known is None else set(_listed(known.unclear))

    def report(self, report: f.Report) -> None:
        whom = report.occurrence
        once = whom not in self._plain and whom not in self._unclear
        if not once or report.done is not True or report.supersedes is not None:
            self.doubt(whom)
            return
        at, entered = number_of(report.occurred_at), number_of(report.recorded_at)
        self._plain[whom] = (at, entered, NEVER, NEVER)

    def review(self, report: f.Report, review: f.Review) -> None:
        whom = report.occurrence
        plain = self._plain.get(whom)
        first = plain is not None and plain[REVIEWED] == NEVER
        if plain is None or not first or review.outcome != "accepted" or review.supersedes:
            self.doubt(whom)
            return
        at, entered = number_of(review.occurred_at), number_of(review.recorded_at)
        self._plain[whom] = (plain[0], plain[1], at, entered)

    def doubt(self, occurrence: str) -> None:
        """It takes the facts to say how that one went."""
        self._plain.pop(occurrence, None)
        self._unclear.add(occurrence)

    def kept(self) -> HandIns:
        names = sorted(self._plain)
        runs = [[self._plain[name][run] for name in names] for run in range(4)]
        numbers = [number for run in runs for number in run]
        return HandIns(
            json.dumps(names, ensure_ascii=False),
            _run(len(numbers)).pack(*numbers),
            json.dumps(sorted(self._unclear), ensure_ascii=False),
            max((*runs[0], *runs[1]), default=-NEVER),
        )


class FromHandIns:
    """As what is kept says it, as of an instant, as known at an instant."""

    def __init__(self, kept: Mapping[str, HandIns], *, as_of: datetime, known_at: datetime) -> None:
        self._kept = kept
        self._as_of, self._known_at = number_of(as_of), number_of(known_at)
        self._all_known = min(self._as_of, self._known_at)

    def of(self, unit: str) -> Said:
        known = self._kept.get(unit)
        if known is None:
            return NOTHING_SAID
        said = Said(unclear=set(_listed(known.unclear)))
        for name, (at, entered, accepted, acceptance_entered) in _courses(known):
            if at <= self._as_of and entered <= self._known_at:
                said.at[name] = _EPOCH + timedelta(microseconds=at)
                if accepted > self._as_of or acceptance_entered > self._known_at:
                    said.waiting.add(name)
        return said

    def in_time(self, unit: str, dues: Dues) -> bool:
        known = self._kept.get(unit)
        if known is None:
            return not dues.dues
        occurrences, instants, unclear, latest = known
        if latest > self._all_known or len(instants) < dues.size or '""' in unclear:
            return False
        limits = dues.limits(occurrences)
        return limits is not None and all(map(le, limits[0].unpack_from(instants), limits[1]))


def _courses(known: HandIns) -> Iterable[tuple[str, Course]]:
    names = _listed(known.occurrences)
    many = len(names)
    numbers = _run(4 * many).unpack(known.instants)
    runs = (numbers[start : start + many] for start in range(0, 4 * many, many or 1))
    return zip(names, zip(*runs, strict=True), strict=True) if many else ()


@lru_cache(maxsize=1024)
def _run(many: int) -> Struct:
    return Struct(f"<{many}q")


@lru_cache(maxsize=4096)
def _listed(names: str) -> tuple[str, ...]:
    return tuple(json.loads(names))
