"""A score that is kept while facts come in: each costs what it touches, not what there is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from tracker.domain import facts as f
from tracker.domain.ledger import Entry, Ledger, total
from tracker.domain.points import Units
from tracker.domain.programme import Held, Programme
from tracker.domain.reach import Reach, key_of, reach
from tracker.domain.readings import as_read
from tracker.domain.record import Record, record
from tracker.domain.scoring import Context, score_filed


@dataclass(frozen=True)
class Change:
    """What one fact did: the items that were scored again (None: all), and by how much the score
    moved."""

    items: frozenset[str] | None
    by: Units


class Running:
    """As of one instant, as known at one. The same as scoring all of the facts from nothing."""

    def __init__(
        self,
        programme: Programme,
        context: Context,
        facts: Iterable[f.AnyFact],
        *,
        as_of: datetime,
        known_at: datetime,
    ) -> None:
        self._programme, self._context = programme, context
        self._facts = list(facts)
        self._as_of, self._known_at = as_of, known_at
        self._begin()

    def _begin(self) -> None:
        self._filed = record(self._facts, as_of=self._as_of, known_at=self._known_at)
        self._reports = {one.id: one for one in self._facts if isinstance(one, f.Report)}
        self._awaited = {one.supersedes for one in self._facts if one.supersedes is not None}
        read = as_read(self._programme, self._filed, self._context.readings)[1]
        self._reach: Reach = reach(Held(read))
        ledger = score_filed(self._programme, self._context, self._filed)
        self._entries: dict[str, list[Entry]] = {}
        for entry in ledger.entries:
            self._entries.setdefault(entry.item, []).append(entry)
        self.score = ledger.score

    @property
    def filed(self) -> Record:
        return self._filed

    @property
    def entries(self) -> list[Entry]:
        """In the document's order."""
        return [one for _, item in self._programme.items() for one in self.of_item(item.id)]

    def of_item(self, item: str) -> list[Entry]:
        return self._entries.get(item, [])

    def ledger(self) -> Ledger:
        """Whole, with every standing; it costs what there is."""
        return score_filed(self._programme, self._context, self._filed)

    def add(self, fact: f.AnyFact) -> Change:
        """One fact more. What replaces another, or decides a reading, is scored from nothing."""
        before = self.score
        self._facts.append(fact)
        if isinstance(fact, f.ReadingDecision) or fact.supersedes or fact.id in self._awaited:
            self._begin()
            return Change(None, Units(self.score - before))
        if isinstance(fact, f.Report):
            self._reports[fact.id] = fact
        if fact.occurred_at > self._as_of or fact.recorded_at > self._known_at:
            return Change(frozenset(), Units(0))
        reviewed = self._reports.get(fact.report) if isinstance(fact, f.Review) else None
        self._filed.add(fact, report=reviewed)
        items = self._touched(fact, reviewed)
        self._score_again(items)
        return Change(items, Units(self.score - before))

    def _touched(self, fact: f.AnyFact, reviewed: f.Report | None) -> frozenset[str] | None:
        match fact:
            case f.About():
                return self._reach.of_clauses([fact.clause])
            case f.Review():
                return self._reach.of_clauses([reviewed.clause] if reviewed is not None else [])
            case f.Decision():
                return self._reach.of_clauses([fact.rule.partition("#")[0]])
            case f.CaseEvent():
                opened = [one.kind for one in self._filed.cases[fact.case] if one.kind]
                return self._reach.of_key(opened[0]) if len(set(opened)) == 1 else None
            case _:
                key = key_of(fact)
                return None if key is None else self._reach.of_key(key)

    def _score_again(self, items: frozenset[str] | None) -> None:
        if items is not None and not items:
            return
        ledger = score_filed(self._programme, self._context, self._filed, only_items=items)
        if items is None:
            items, self._entries = frozenset(self._programme.numbered), {}
            self.score = ledger.base_points
        before = sum(one.points for name in items for one in self.of_item(name))
        self._entries |= {name: ledger.of_item(name) for name in items}
        self.score = Units(self.score - before + total(ledger.entries))
