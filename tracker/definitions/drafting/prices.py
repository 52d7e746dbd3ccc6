"""What an alternative costs: on the recorded facts where there are any, else the worst case of one
breach."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schedules.workdays import WorkCalendar
from tracker.definitions.drafting.breach import breach, ends_at, joined
from tracker.definitions.openpoints import Draft, OpenChoice, OpenPoint
from tracker.domain import facts as f
from tracker.domain import readings
from tracker.domain.errors import DefinitionError, NotFound
from tracker.domain.ledger import Ledger
from tracker.domain.points import Units
from tracker.domain.programme import Programme, Reading
from tracker.domain.scoring import Context, score


@dataclass(frozen=True)
class Price:
    """What is lost by the clauses concerned: surely, and at the most (a person decides, a number
    is missing). None where the engine cannot compute the alternative."""

    choice: str
    says: str
    lost: Units | None
    most: Units | None


def of_reading(
    programme: Programme,
    reading: Reading,
    calendar: WorkCalendar,
    *,
    facts: Sequence[f.AnyFact] = (),
) -> tuple[Price, ...]:
    executable = {
        one.id: dict(one.set)
        for one in reading.alternatives
        if one.set or (one.id == reading.default and any(o.set for o in reading.alternatives))
    }
    named = [path for one in executable.values() for path in one]
    says = {one.id: one.says for one in reading.alternatives}
    return _priced(programme, says, executable, named, calendar, facts)


def of_point(
    draft: Draft, point: OpenPoint, calendar: WorkCalendar, *, facts: Sequence[f.AnyFact] = ()
) -> tuple[Price, ...]:
    """The prices of an open point's choices; a choice about sums has none."""
    says = {one.id: one.says for one in point.choices}
    below = {one.id: dict(one.set) for one in point.choices if _below(one)}
    if not any(below.values()) or point.clause not in draft.clauses:
        return tuple(Price(name, text, None, None) for name, text in says.items())
    return _priced(draft, says, below, [f"{point.clause}.rules"], calendar, facts)


def _below(choice: OpenChoice) -> bool:
    return all(not path.startswith(("programme.", "sections/", "items/")) for path in choice.set)


def _priced(
    programme: Programme,
    says: Mapping[str, str],
    choices: Mapping[str, Mapping[str, Any]],
    named: Sequence[str],
    calendar: WorkCalendar,
    facts: Sequence[f.AnyFact],
) -> tuple[Price, ...]:
    clauses = _clauses(programme, named)
    plain = _plain(programme)
    found = []
    for name, text in says.items():
        setting = choices.get(name)
        cost = None if setting is None else _cost(plain, setting, clauses, calendar, facts)
        low, high = cost if cost is not None else (None, None)
        found.append(Price(name, text, low, high))
    return tuple(found)


def _plain(programme: Programme) -> Programme:
    """Without readings, so that only the alternative in question is written in."""
    beside = {"readings", "open_points"}
    body = programme.model_dump(mode="json", by_alias=True, exclude=beside)
    return Programme.model_validate(body)


def _cost(
    programme: Programme,
    setting: Mapping[str, Any],
    clauses: Sequence[str],
    calendar: WorkCalendar,
    facts: Sequence[f.AnyFact],
) -> tuple[Units, Units] | None:
    try:
        read = readings.changed(programme, setting) if setting else programme
    except (DefinitionError, NotFound):
        return None
    told = tuple(facts) or joined(
        breach(programme, clauses, calendar), breach(read, clauses, calendar)
    )
    at = max((one.recorded_at for one in facts), default=ends_at(read))
    ledger = _ledger(read, told, calendar, at, clauses)
    entries = [one for one in ledger.entries if one.clause in clauses]
    lost = -sum(one.points for one in entries)
    most = lost + sum(max(0, -one.worst) for one in entries if one.open)
    return Units(lost), Units(max(lost, most))


def _ledger(
    programme: Programme,
    facts: Sequence[f.AnyFact],
    calendar: WorkCalendar,
    at: Any,
    clauses: Sequence[str],
) -> Ledger:
    items = frozenset(programme.clauses[name][1].id for name in clauses)
    return score(programme, Context(calendar), facts, as_of=at, known_at=at, only_items=items)


def _clauses(programme: Programme, paths: Sequence[str]) -> tuple[str, ...]:
    """The clauses that the paths are about; all of an item where a path names the item."""
    found: dict[str, None] = {}
    for path in paths:
        owner = re.split(r"[#/]", path)[0]
        if owner == path:
            owner = path.rpartition(".")[0] if path not in programme.clauses else path
        if owner in programme.clauses:
            found[owner] = None
            continue
        for _, item in programme.items():
            if item.id == owner:
                found |= dict.fromkeys(clause.id for clause in item.clauses)
    return tuple(found)
