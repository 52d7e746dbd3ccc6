"""What was read of a document, in figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tracker.definitions.documents import ReadDocument, ReadItem
from tracker.definitions.openpoints import Draft
from tracker.domain.programme import Duty, Milestone, Recurring


@dataclass(frozen=True)
class Summary:
    """`off` are the sums that are wrong; `beside` the items of the bonus and penalty parts."""

    title: str
    year: int
    points: Decimal
    sections: int
    off: int
    items: int
    rows: int
    beside: int
    leading: int
    owing: int
    reviewing: int
    groups: int
    dated: int
    external: int
    recurring: int
    clocks: int
    clauses: int
    kinds: dict[str, int]
    targets_given: int
    targets_open: int
    unvalued: int = 0
    """Items of the base without points."""
    unused: Sequence[str] = ()
    """Headings of columns from which nothing is read."""
    absent: Sequence[str] = ()
    """Tables that clauses name and the file has not."""

    @property
    def duties(self) -> int:
        return self.dated + self.external + self.recurring + self.clocks

    @property
    def rules(self) -> int:
        return sum(self.kinds.values())


def summary(document: ReadDocument, draft: Draft) -> Summary:
    base = [one for one in draft.sections if one.part == "base"]
    inside = {item.id for section in base for item in section.items}
    duties = [duty for _, _, clause in draft.clauses.values() for duty in clause.duties]
    nodes = [duty for duty in duties if isinstance(duty, Milestone)]
    kinds = Counter(
        str(rule.kind) for item in document.items for one in item.clauses
        for rule in one.reading.rules
    )  # fmt: skip
    return Summary(
        title=draft.title,
        year=draft.year,
        points=draft.points,
        sections=len(base),
        off=sum(1 for check in document.checks if not check.ok),
        items=len(inside),
        rows=sum(1 for item in document.items if item.id in inside),
        beside=sum(1 for _, item in draft.items() if item.id not in inside),
        leading=len(_units(document.items, "lead_units")),
        owing=len(_units(document.items, "responsible_units")),
        reviewing=len(_units(document.items, "reviewing_units")),
        groups=sum(1 for unit in draft.units if unit.kind == "group"),
        dated=sum(1 for duty in nodes if duty.on is not None),
        external=sum(1 for duty in nodes if duty.on is None),
        recurring=sum(1 for duty in duties if isinstance(duty, Recurring)),
        clocks=sum(1 for duty in duties if _is_clock(duty)),
        clauses=len(draft.clauses),
        kinds=dict(kinds.most_common()),
        targets_given=sum(1 for target in draft.targets if target.value is not None),
        targets_open=sum(1 for target in draft.targets if target.value is None),
        unused=document.unused,
        absent=document.absent,
        unvalued=sum(1 for one in base for item in one.items if item.points is None),
    )


def _units(items: Iterable[ReadItem], field: str) -> set[str]:
    return {name for item in items for name in getattr(item, field)}


def _is_clock(duty: Duty) -> bool:
    return duty.kind in ("case", "gap")
