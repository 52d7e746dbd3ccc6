"""The facts that stand as of an instant, in the drawers where obligations and rules look."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tracker.domain import facts as f

Drawer = dict[str, list]  # type: ignore[type-arg]  # each drawer's content is typed at its property


@dataclass(frozen=True)
class Record:
    """Facts true at `as_of` as known at `known_at`, oldest first in every drawer."""

    as_of: datetime
    known_at: datetime
    about: dict[str, list[f.About]] = field(default_factory=dict)
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

    def of_clause(self, clause: str, kind: type[f.AboutKind]) -> list[f.AboutKind]:
        return [fact for fact in self.about.get(clause, ()) if isinstance(fact, kind)]


def record(facts: Iterable[f.AnyFact], *, as_of: datetime, known_at: datetime) -> Record:
    """File every standing fact; `facts` may come in any order."""
    drawers: defaultdict[str, Drawer] = defaultdict(lambda: defaultdict(list))
    reviews: dict[str, f.Review] = {}
    readings: dict[str, f.ReadingDecision] = {}
    for fact in f.standing(facts, as_of=as_of, known_at=known_at):
        match fact:
            case f.About():
                drawers["about"][fact.clause].append(fact)
            case f.Review():
                reviews[fact.report] = fact
            case f.CaseEvent():
                drawers["cases"][fact.case].append(fact)
            case f.Finding():
                drawers["findings"][fact.finding].append(fact)
            case f.Measurement():
                drawers["measurements"][fact.measure].append(fact)
            case f.Target():
                drawers["targets"][fact.target].append(fact)
            case f.Rank():
                drawers["ranks"][fact.rank].append(fact)
            case f.Decision():
                drawers["decisions"][fact.rule].append(fact)
            case f.ReadingDecision():
                readings[fact.reading] = fact
            case f.Recognition():
                drawers["recognitions"][fact.recognition].append(fact)
            case f.Activity():
                drawers["activities"][fact.activity].append(fact)
            case f.Withdrawal():
                pass
    filed = {name: dict(drawer) for name, drawer in drawers.items()}
    return Record(as_of, known_at, reviews=reviews, readings=readings, **filed)


def newest(measurements: Sequence[f.Measurement]) -> list[f.Measurement]:
    """The last value of each site and period, in the order in which those first appeared."""
    last: dict[tuple[str, str, str], f.Measurement] = {}
    for one in measurements:
        last[one.site, one.period, one.unit] = one
    return list(last.values())
