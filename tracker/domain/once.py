"""不重复: one problem counts once among the rules that say so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from zoneinfo import ZoneInfo

from schedules.deadlines import due_day
from tracker.domain.book import Book, Scope, among, in_time, voiding
from tracker.domain.ledger import Entry
from tracker.domain.points import ZERO
from tracker.domain.programme import Held, Item
from tracker.domain.rules import NoDouble
from tracker.domain.rules.base import Step, step
from tracker.domain.scopes import lying_in, named

Asked = tuple[NoDouble, Scope]
Alike = tuple[str, str, bool]
"""Problem, month where the rule goes by it, whether it was won."""


@dataclass
class Once:
    """Takes every charge of one problem but one out of the book, rule after rule."""

    book: Book
    asked: Sequence[Asked]
    zone: ZoneInfo
    _crossing: list[Asked] = field(default_factory=list)

    def inside_clauses(self) -> None:
        for one in self.asked:
            found = [_by_clause(same) for same in self._alike(one).values()]
            for clauses in found:
                for same in clauses.values():
                    self._keep_one(same, one[0])
            if any(len(clauses) > 1 for clauses in found):
                self._crossing.append(one)

    def between_clauses(self) -> list[tuple[Entry, Step]]:
        """What was taken out, and why. Looks only where a problem was in several clauses."""
        return [
            taken
            for one in self._crossing
            for same in self._alike(one).values()
            for taken in self._keep_one(same, one[0])
        ]

    def questions(self) -> None:
        """Of what is open about one problem in one item one thing will count: what it can take at
        most stands for all of them."""
        for rule, scope in self.asked:
            open_: dict[tuple[str, Alike], list[Entry]] = {}
            for entry in self.book.of(scope):
                asks = entry.open and entry.worst and entry.problem
                if asks and _counts_once(rule, entry.rule, entry.clause):
                    about = self._about(rule, entry, entry.worst)
                    open_.setdefault((entry.item, about), []).append(entry)
            for same in open_.values():
                self._bound_once(same)

    def _bound_once(self, same: Sequence[Entry]) -> None:
        most = min(same, key=lambda e: (-abs(e.worst), *in_time(e)))
        rest = {entry.id for entry in same} - {most.id}
        if rest:
            told = step("one_question", problem=most.problem, rule=most.rule)
            scope = Scope(tuple(_by_clause(same)), among(rest))
            self.book.replace(scope, lambda e: e._replace(worst=ZERO, told=(*e.told, told)))

    def _alike(self, one: Asked) -> Mapping[Alike, list[Entry]]:
        rule, scope = one
        found: dict[Alike, list[Entry]] = {}
        for entry in self.book.of(scope):
            if entry.points and entry.problem:
                about = self._about(rule, entry, entry.points)
                found.setdefault(about, []).append(entry)
        return dict(sorted(found.items()))

    def _about(self, rule: NoDouble, entry: Entry, amount: int) -> Alike:
        return entry.problem, self._month(rule, entry), amount > 0

    def _month(self, rule: NoDouble, entry: Entry) -> str:
        if rule.same == "problem" or entry.occurred_at is None:
            return ""
        return due_day(entry.occurred_at, self.zone).strftime("%Y-%m")

    def _keep_one(self, same: Sequence[Entry], rule: NoDouble) -> list[tuple[Entry, Step]]:
        once = [entry for entry in same if _counts_once(rule, entry.rule, entry.clause)]
        if len(same) < 2 or not once:
            return []
        kept = _survivor(same, rule.survives)
        gone = [entry for entry in (same if kept in once else once) if entry.id != kept.id]
        told = step("same_problem", problem=kept.problem, rule=kept.rule)
        scope = Scope(tuple(_by_clause(gone)), among({entry.id for entry in gone}))
        self.book.replace(scope, voiding(told))
        return [(entry, told) for entry in gone]


def _by_clause(entries: Iterable[Entry]) -> Mapping[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        found.setdefault(entry.clause, []).append(entry)
    return found


def _survivor(same: Sequence[Entry], survives: str) -> Entry:
    if survives == "first":
        return min(same, key=in_time)
    return min(same, key=lambda e: (-abs(e.points), *in_time(e)))


@lru_cache(maxsize=64)
def rules_once(held: Held) -> frozenset[str]:
    """Rules that count one problem once, however many were recorded of it."""
    return frozenset(
        f"{name}#{number}"
        for _, item, clause in held.programme.clauses.values()
        for rule in clause.rules
        if isinstance(rule, NoDouble)
        for name in clauses_among(rule, item, held)
        for number, _ in enumerate(held.programme.clauses[name][2].rules, start=1)
        if is_among(rule, f"{name}#{number}", name) and _counts_once(rule, f"{name}#{number}", name)
    )


def _counts_once(once: NoDouble, rule: str, clause: str) -> bool:
    return not once.only or named(rule, clause, once.only)


def clauses_among(once: NoDouble, item: Item, held: Held) -> tuple[str, ...]:
    """Those that may have charges of which one stays for each problem."""
    if once.rules == ("*",):
        return tuple(held.programme.clauses)
    return lying_in(held, once.rules) if once.rules else tuple(one.id for one in item.clauses)


def is_among(once: NoDouble, rule: str, clause: str) -> bool:
    among = once.rules in ((), ("*",)) or named(rule, clause, once.rules)
    return among and not named(rule, clause, once.besides)
