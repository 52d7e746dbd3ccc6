"""The parsed facts of a programme, found by id and by clause; it only grows.

Sessions that see an earlier state ask for the facts up to the last row that they see. One that has
stored facts which it may yet roll back puts its own on top of what is filed for all.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import islice
from threading import Lock

from tracker.domain import facts as f
from tracker.domain.shelf import SHELVED
from tracker.store.tables import FactRow

Numbered = tuple[int, f.AnyFact]
"""A fact and the number of its row."""


class Filing:
    """`alone` is one whose facts only the session that stored them sees."""

    def __init__(self, under: Filing | None = None, *, alone: bool = False) -> None:
        self.alone = alone
        self._under = under
        self._bottom: int = under.last if under is not None else 0
        self.last: int = self._bottom
        self._numbers: list[int] = []
        self._facts: list[f.AnyFact] = []
        self._by_id: dict[str, Numbered] = {}
        self._by_clause: dict[str, list[Numbered]] = {}
        self._uncommon: list[Numbered] = []
        self._told: tuple[f.AnyFact, ...] = ()
        self._lock = Lock()

    def take(self, rows: Iterable[FactRow]) -> None:
        """In the order in which they were stored; what is here already is left as it is."""
        with self._lock:
            for row in rows:
                if row.id is not None and row.id > self.last:
                    self._take(row.id, f.FACT.validate_python(row.body))

    def _take(self, number: int, fact: f.AnyFact) -> None:
        # The numbers come last: who looks at the same time sees all of a fact or nothing of it.
        self._by_id[fact.id] = (number, fact)
        self._facts.append(fact)
        if fact.fact not in SHELVED or fact.supersedes is not None:
            self._uncommon.append((number, fact))
        about = self._about(fact)
        if about:
            self._by_clause.setdefault(about, []).append((number, fact))
        self._numbers.append(number)
        self.last = number

    def _about(self, fact: f.AnyFact) -> str:
        """The clause that it is about; a review's is its report's."""
        if isinstance(fact, f.Review):
            known = self.named(fact.report, self.last)
            return self._about(known[1]) if known is not None else ""
        return fact.clause if isinstance(fact, f.About) else ""

    def all(self, last: int) -> tuple[f.AnyFact, ...]:
        """In the order in which they were stored, up to that row."""
        if len(self._told) < len(self._facts):
            self._told = tuple(islice(self._facts, len(self._numbers)))
        mine = self._told[: bisect_right(self._numbers, last)]
        return mine if self._under is None else self._under.all(min(last, self._bottom)) + mine

    def named(self, id_: str, last: int) -> Numbered | None:
        found = self._by_id.get(id_)
        if found is not None:
            return found if found[0] <= last else None
        return None if self._under is None else self._under.named(id_, min(last, self._bottom))

    def about(self, clause: str, last: int) -> list[Numbered]:
        under = [] if self._under is None else self._under.about(clause, min(last, self._bottom))
        return under + _up_to(self._by_clause.get(clause, ()), last)

    def uncommon(self, last: int) -> list[Numbered]:
        """Those that may be about anything, or replace another."""
        under = [] if self._under is None else self._under.uncommon(min(last, self._bottom))
        return under + _up_to(self._uncommon, last)


def _up_to(found: Sequence[Numbered], last: int) -> list[Numbered]:
    return [one for one in found if one[0] <= last]
