"""The facts that stand as of an instant, in the drawers where obligations and rules look."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from tracker.domain import facts as f


@dataclass(frozen=True)
class Record:
    """Facts true at `as_of` as known at `known_at`, oldest first in every drawer."""

    as_of: datetime
    known_at: datetime
    about: dict[str, dict[type[f.About], list[f.About]]] = field(default_factory=dict)
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

    def of_clause(self, clause: str, kind: type[f.AboutKind]) -> Sequence[f.AboutKind]:
        mine = self.about.get(clause)
        return () if mine is None else cast(Sequence[f.AboutKind], mine.get(kind, ()))


def record(facts: Iterable[f.AnyFact], *, as_of: datetime, known_at: datetime) -> Record:
    """File every standing fact; `facts` may come in any order."""
    filed = Record(as_of, known_at)
    for fact in f.standing(facts, as_of=as_of, known_at=known_at):
        _file(filed, fact)
    return filed


def _file(filed: Record, fact: f.AnyFact) -> None:
    match fact:
        case f.About():
            filed.about.setdefault(fact.clause, {}).setdefault(type(fact), []).append(fact)
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
        case f.Withdrawal():
            pass


def newest(measurements: Sequence[f.Measurement]) -> list[f.Measurement]:
    """The last value of each site and period, in the order in which those first appeared."""
    last: dict[tuple[str, str, str], f.Measurement] = {}
    for one in measurements:
        last[one.site, one.period, one.unit] = one
    return list(last.values())
