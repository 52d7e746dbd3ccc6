"""A record of which only the uncommon facts are filed: the rest is fetched where it is looked at.

Who plainly handed in what is told by its hand-ins; a score in which nothing is lost looks at no
report. What lies on the shelf is fixed, so it does not matter when somebody looks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from typing import Protocol

from tracker.domain import facts as f
from tracker.domain.handins import Answers
from tracker.domain.record import PLAIN, Drawer, Record, file

SHELVED = frozenset({"report", "review", "receipt"})
"""Kinds of fact that may lie on the shelf, unless they replace another."""

ALWAYS_FILED = frozenset(kind.model_fields["fact"].default for kind in f.About.__subclasses__()) - {
    *SHELVED
}
"""The other kinds that are about a clause: they move, waive or close."""


class Shelf(Protocol):
    def answers(self, clause: str, duty: str) -> Answers | None:
        """What it says of the duty; None where that takes the facts of all units to say."""
        ...

    def facts(self, clause: str, units: Collection[str]) -> Iterable[f.AnyFact]:
        """Reports, their reviews, and receipts about these units of the clause; about all units
        where none is named, all clauses where no clause is."""
        ...


@dataclass(frozen=True)
class Shelved(Record):
    """`replaced` are the facts that a known one takes the place of; those are all filed."""

    replaced: frozenset[f.FactId] = frozenset()
    shelf: Shelf | None = field(default=None, repr=False)
    _fetched: set[tuple[str, str]] = field(default_factory=set, repr=False)
    """Clauses and units; an empty name stands for all."""
    _one_at_a_time: Lock = field(default_factory=Lock, repr=False, compare=False)

    def _plainly(self, clause: str, duty: str) -> Answers | None:
        assert self.shelf is not None
        others = PLAIN.issuperset(self.about.get(clause, ()))
        return self.shelf.answers(clause, duty) if others else None

    def look(self, clause: str, units: Collection[str] = ()) -> None:
        if ("", "") in self._fetched or (clause, "") in self._fetched:
            return
        new = [unit for unit in units if (clause, unit) not in self._fetched]
        if new or not units:
            # One unit after the other would be a fetch for each: who looks at one looks at more.
            self._fetch(clause, new if len(units) > 1 else ())

    def look_at_all(self) -> None:
        if ("", "") not in self._fetched:
            self._fetch("", ())

    def _fetch(self, clause: str, units: Collection[str]) -> None:
        assert self.shelf is not None
        with self._one_at_a_time:
            found = [one for one in self.shelf.facts(clause, units) if self._stands(one)]
            self._put(sorted(found, key=f.in_order))
            self._fetched.update((clause, unit) for unit in units or ("",))

    def _stands(self, fact: f.AnyFact) -> bool:
        known = fact.recorded_at <= self.known_at and fact.occurred_at <= self.as_of
        return known and fact.id not in self.replaced

    def _put(self, new: list[f.AnyFact]) -> None:
        """In place whole: whoever reads at the same time sees a drawer with them or without."""
        about: dict[str, list[f.About]] = {}
        for fact in new:
            if isinstance(fact, f.About):
                about.setdefault(fact.clause, []).append(fact)
            elif isinstance(fact, f.Review):
                known = self.reviews.get(fact.report, fact)
                self.reviews[fact.report] = max(known, fact, key=f.in_order)
        for clause, facts in about.items():
            drawers = dict(self.about.get(clause, {}))
            for kind in {type(one) for one in facts}:
                mine = [one for one in facts if type(one) is kind]
                there = drawers[kind].facts if kind in drawers else []
                drawers[kind] = Drawer({one.id: one for one in (*there, *mine)}.values())
            self.about[clause] = drawers


def shelved(
    filed: Iterable[f.AnyFact], shelf: Shelf, *, as_of: datetime, known_at: datetime
) -> Shelved:
    """`filed`: every fact of another kind than those SHELVED, and all that replace another."""
    known = [one for one in filed if one.recorded_at <= known_at]
    replaced = frozenset(one.supersedes for one in known if one.supersedes is not None)
    found = Shelved(as_of, known_at, replaced=replaced, shelf=shelf)
    for fact in f.standing(known, as_of=as_of, known_at=known_at):
        file(found, fact)
    return found
