"""The facts that stand as of an instant, in the drawers where obligations and rules look."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any, Generic

from tracker.domain import facts as f
from tracker.domain.handins import Answers, FromFacts, Said

Whom = tuple[str, str, str]
"""Duty, unit and occurrence that a fact names; empty stands for every one."""


PLAIN = frozenset({f.Report, f.Receipt})
"""What may be about a clause without moving, waiving or closing anything."""


class Drawer(Generic[f.AboutKind]):
    """A clause's facts of one kind, oldest first, found by whom they are about."""

    def __init__(self, facts: Iterable[f.AboutKind] = ()) -> None:
        """In any order, where they are given."""
        self.facts: list[f.AboutKind] = sorted(facts, key=f.in_order)
        self._at: dict[Whom, list[int]] = {}
        self._blank: list[tuple[bool, bool, bool]] = []
        self._sorted = 0

    def _sort(self) -> None:
        """Only when asked for: many a record is filed for one clause of it. Put in place whole, for
        several may read one record at once."""
        at: dict[Whom, list[int]] = {}
        for place, fact in enumerate(self.facts):
            at.setdefault((fact.duty, fact.unit, fact.occurrence), []).append(place)
        blank = {(not duty, not unit, not occurrence) for duty, unit, occurrence in at}
        self._at, self._blank = at, sorted(blank)
        self._sorted = len(self.facts)

    def about(self, duty: str, unit: str, occurrence: str) -> Sequence[f.AboutKind]:
        """Those that name it, and those that name all of its duties, units or occurrences."""
        if self._sorted < len(self.facts):
            self._sort()
        if len(self._blank) == 1:
            [whom] = self._whom(duty, unit, occurrence)
            return [self.facts[place] for place in self._at.get(whom, ())]
        found = [self._at.get(one, ()) for one in {*self._whom(duty, unit, occurrence)}]
        return [self.facts[place] for place in sorted(chain.from_iterable(found))]

    def _whom(self, duty: str, unit: str, occurrence: str) -> list[Whom]:
        """The ways in which facts that are here would name it."""
        return [
            ("" if every_duty else duty, "" if every_unit else unit, "" if every else occurrence)
            for every_duty, every_unit, every in self._blank
        ]


NOTHING: Drawer[f.About] = Drawer()


@dataclass(frozen=True)
class Record:
    """Facts true at `as_of` as known at `known_at`, oldest first in every drawer."""

    as_of: datetime
    known_at: datetime
    about: dict[str, dict[type[f.About], Drawer[f.About]]] = field(default_factory=dict)
    reviews: dict[str, f.Review] = field(default_factory=dict)
    cases: dict[str, list[f.CaseEvent]] = field(default_factory=dict)
    findings: dict[str, list[f.Finding]] = field(default_factory=dict)
    measurements: dict[str, list[f.Measurement]] = field(default_factory=dict)
    targets: dict[str, list[f.Target]] = field(default_factory=dict)
    ranks: dict[str, list[f.Rank]] = field(default_factory=dict)
    decisions: dict[str, list[f.Decision]] = field(default_factory=dict)
    readings: dict[str, f.ReadingDecision] = field(default_factory=dict)
    recognitions: dict[str, list[f.Recognition]] = field(default_factory=dict)
    activities: dict[str, list[f.Activity]] = field(default_factory=dict)
    closings: list[f.Closing] = field(default_factory=list)
    _answered: dict[tuple[str, str], Answers | None] = field(default_factory=dict, repr=False)

    def drawer(self, clause: str, kind: type[f.AboutKind]) -> Drawer[f.AboutKind]:
        kinds = self.about.get(clause)
        # Filed by type; a cast would be a call for every look.
        return NOTHING if kinds is None else kinds.get(kind, NOTHING)  # type: ignore[return-value]

    def of_clause(self, clause: str, kind: type[f.AboutKind]) -> Sequence[f.AboutKind]:
        return self.drawer(clause, kind).facts

    def answered(self, clause: str, duty: str) -> Answers | None:
        """None where other facts are about the clause, or about all of its units or duties, so that
        nothing about it is plain."""
        if (clause, duty) not in self._answered:
            self._answered[clause, duty] = self._plainly(clause, duty)
        return self._answered[clause, duty]

    def _plainly(self, clause: str, duty: str) -> Answers | None:
        if not PLAIN.issuperset(self.about.get(clause, ())):
            return None
        found = FromFacts()
        for report in self.of_clause(clause, f.Report):
            # One look at all that it says: a model finds each of its attributes the long way.
            said = vars(report)
            if not said["duty"] or not said["unit"]:
                return None
            if said["duty"] == duty:
                self._answer(found, said)
        return found

    def _answer(self, found: FromFacts, told: Mapping[str, Any]) -> None:
        said = found.said.get(told["unit"])
        if said is None:
            said = found.said[told["unit"]] = Said()
        whom, review = told["occurrence"], self.reviews.get(told["id"])
        once = whom not in said.at and whom not in said.unclear
        if once and told["done"] is True and (review is None or review.outcome == "accepted"):
            said.at[whom] = told["occurred_at"]
            if review is None:
                said.waiting.add(whom)
            return
        said.at.pop(whom, None)
        said.waiting.discard(whom)
        said.unclear.add(whom)

    def look(self, clause: str, units: Collection[str] = ()) -> None:
        """Before the reports of the clause are read, of these units or all: here they lie ready."""

    def look_at_all(self) -> None:
        """The same of every clause."""


def record(facts: Iterable[f.AnyFact], *, as_of: datetime, known_at: datetime) -> Record:
    """File every standing fact; `facts` may come in any order."""
    filed = Record(as_of, known_at)
    for fact in f.standing(facts, as_of=as_of, known_at=known_at):
        file(filed, fact)
    return filed


def file(filed: Record, fact: f.AnyFact) -> None:
    """At the end of its drawer."""
    match fact:
        case f.About():
            kinds = filed.about.setdefault(fact.clause, {})
            drawer = kinds.get(type(fact))
            if drawer is None:
                drawer = kinds[type(fact)] = Drawer()
            drawer.facts.append(fact)
        case f.Review():
            filed.reviews[fact.report] = fact
        case f.CaseEvent():
            filed.cases.setdefault(fact.case, []).append(fact)
        case f.Finding():
            filed.findings.setdefault(fact.finding, []).append(fact)
        case f.Measurement():
            filed.measurements.setdefault(fact.measure, []).append(fact)
        case f.Target():
            filed.targets.setdefault(fact.target, []).append(fact)
        case f.Rank():
            filed.ranks.setdefault(fact.rank, []).append(fact)
        case f.Decision():
            filed.decisions.setdefault(fact.rule, []).append(fact)
        case f.ReadingDecision():
            filed.readings[fact.reading] = fact
        case f.Recognition():
            filed.recognitions.setdefault(fact.recognition, []).append(fact)
        case f.Activity():
            filed.activities.setdefault(fact.activity, []).append(fact)
        case f.Closing():
            filed.closings.append(fact)
        case f.Withdrawal():
            pass


def newest(measurements: Sequence[f.Measurement], year: int) -> list[f.Measurement]:
    """One value of each site: the last one of the year where there is one, else that of the last
    part of it (a month, a quarter), in the order in which the sites first appeared."""
    last: dict[tuple[str, str], f.Measurement] = {}
    for one in measurements:
        known = last.get((one.site, one.unit))
        if known is None or one.of_year(year) or not known.of_year(year):
            last[one.site, one.unit] = one
    return list(last.values())
