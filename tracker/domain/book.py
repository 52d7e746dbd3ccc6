"""The entries on their way through the pipeline, and the limits that trim them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction

from tracker.domain.ledger import Entry
from tracker.domain.points import ZERO, Units, rounded
from tracker.domain.rules.base import Status, Step, step

WRITTEN: Mapping[str, Units] = {}
"""A limit that stands in the document as it is."""


@dataclass(frozen=True)
class Scope:
    """Some of the entries: those of `clauses` that `wanted` takes."""

    clauses: tuple[str, ...]
    wanted: Callable[[Entry], bool]

    def within(self, clauses: Collection[str]) -> Scope:
        return Scope(tuple(name for name in self.clauses if name in clauses), self.wanted)


@dataclass
class Book:
    """Entries by clause; every stage replaces them in place."""

    held: dict[str, list[Entry]] = field(default_factory=dict)

    @property
    def entries(self) -> list[Entry]:
        return [entry for held in self.held.values() for entry in held]

    def of(self, scope: Scope) -> list[Entry]:
        return [e for name in scope.clauses for e in self.held.get(name, ()) if scope.wanted(e)]

    def replace(self, scope: Scope, change: Callable[[Entry], Entry]) -> None:
        for name in scope.clauses:
            held = self.held.get(name)
            if held:
                self.held[name] = [change(e) if scope.wanted(e) else e for e in held]

    def limit(
        self, scope: Scope, limit: Units, code: str, *, gains: bool = False,
        made_of: Mapping[str, Units] = WRITTEN,
    ) -> None:  # fmt: skip
        """Losses (or gains) in order of time until `limit` is used up; the rest is trimmed, and
        told with what the limit is `made_of` where it is not the written one."""
        sign = 1 if gains else -1
        held = self.of(scope)
        if sum(max(0, sign * e.points, sign * e.worst) for e in held) <= limit:
            return
        used = 0
        trimmed: dict[str, Entry] = {}
        for entry in sorted(held, key=in_time):
            amount = sign * entry.points
            if amount > 0:
                allowed = min(amount, max(0, limit - used))
                if allowed < amount:
                    cut = {"limit": limit, "used": used, **made_of}
                    trimmed[entry.id] = _trimmed(entry, Units(sign * allowed), code, cut)
                used += allowed
            elif entry.open and sign * entry.worst > limit:
                trimmed[entry.id] = entry._replace(worst=Units(sign * limit))
        self.replace(Scope(scope.clauses, among(set(trimmed))), lambda e: trimmed[e.id])

    def net(self, scope: Scope, down: Units, up: Units, code: str) -> None:
        """Gains offset losses first; then the sum stays within [-down, up]."""
        self.ceiling(scope, up, code)
        self.floor(scope, down, code)

    def ceiling(self, scope: Scope, up: Units, code: str) -> None:
        """Gains less losses stay within `up`."""
        mine = self.of(scope)
        lost = -sum(e.points for e in mine if e.points < 0)
        won = sum(e.points for e in mine if e.points > 0)
        if won > lost + up:
            room = Units(lost + up)
            self.limit(scope, room, code, gains=True, made_of={"lost": Units(lost), "over": up})

    def floor(self, scope: Scope, down: Units, code: str) -> None:
        """Losses less gains stay within `down`."""
        mine = self.of(scope)
        lost = -sum(e.points for e in mine if e.points < 0)
        won = sum(e.points for e in mine if e.points > 0)
        if lost - won > down:
            beside = {"own": down, "won": Units(won)} if won else WRITTEN
            self.limit(scope, Units(down + won), code, made_of=beside)
        if any(e.worst < -down for e in mine):
            self.replace(scope, lambda e: e._replace(worst=Units(max(e.worst, -down))))


def among(ids: set[str]) -> Callable[[Entry], bool]:
    return lambda entry: entry.id in ids


def everything(_: Entry) -> bool:
    return True


def in_time(entry: Entry) -> tuple[bool, datetime | None, str]:
    # What has no date of its own comes last, so that dated charges use up a cap in order.
    return (entry.occurred_at is None, entry.occurred_at, entry.id)


def voiding(*told: Step) -> Callable[[Entry], Entry]:
    """Takes the whole amount away and says why."""

    def void(entry: Entry) -> Entry:
        return entry._replace(points=ZERO, worst=ZERO, told=(*entry.told, *told))

    return void


def passing(told: Step) -> Callable[[Entry], Entry]:
    """What was charged stands only until it is known whether it counts."""

    def stand(entry: Entry) -> Entry:
        if not entry.points or entry.open:
            return entry
        return entry._replace(status=Status.PROVISIONAL, told=(*entry.told, told))

    return stand


def scaling(factor: Fraction, rule: str) -> Callable[[Entry], Entry]:
    def scale(entry: Entry) -> Entry:
        points = rounded(Fraction(entry.points, 10_000) * factor)
        worst = rounded(Fraction(entry.worst, 10_000) * factor)
        told = step("times_factor", rule=rule, factor=factor, amount=Fraction(abs(points), 10_000))
        return entry._replace(points=points, worst=worst, told=(*entry.told, told))

    return scale


def _trimmed(entry: Entry, points: Units, code: str, cut: Mapping[str, int]) -> Entry:
    values = {name: Fraction(value, 10_000) for name, value in cut.items()}
    told = step(code, **values, amount=Fraction(abs(points), 10_000))
    return entry._replace(points=points, told=(*entry.told, told))
