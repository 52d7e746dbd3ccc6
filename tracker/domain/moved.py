"""What facts did to the score: the items that they reach, scored without them and with them.

So one fact more costs what it touches, not what there is; the other items stand as they stood.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tracker.domain import facts as f
from tracker.domain.ledger import total
from tracker.domain.points import Units
from tracker.domain.programme import Held, Programme
from tracker.domain.reach import Reach, key_of, reach
from tracker.domain.record import Record
from tracker.domain.scoring import Context, score_filed


@dataclass(frozen=True)
class Moved:
    """`items` are those that were scored (None: all), `by` is what the score gained or lost."""

    items: frozenset[str] | None
    by: Units


def moved(
    programme: Programme,
    context: Context,
    *,
    before: Record,
    after: Record,
    items: frozenset[str] | None,
) -> Moved:
    """`before` is as of the same instants as `after`, without the new facts; both need hold no more
    than what is about `items`, and what may be about anything."""
    was, is_ = (
        score_filed(programme, context, filed, only_items=items) for filed in (before, after)
    )
    return Moved(items, Units(total(is_.entries) - total(was.entries)))


def reached(
    read: Programme, new: Iterable[f.AnyFact], known: Mapping[str, f.AnyFact]
) -> frozenset[str] | None:
    """The items whose entries these facts can move; None for all. `read` has its readings applied;
    `known` holds the facts themselves, all that they name, and the openings of cases."""
    found: set[str] = set()
    held = reach(Held(read))
    for fact in new:
        for one in (fact, known.get(fact.supersedes or fact.id, fact)):
            items = _touched(held, one, known)
            if items is None:
                return None
            found |= items
    return frozenset(found)


def _touched(held: Reach, fact: f.AnyFact, known: Mapping[str, f.AnyFact]) -> frozenset[str] | None:
    match fact:
        case f.About():
            return held.of_clauses([fact.clause])
        case f.Review():
            report = known.get(fact.report)
            return held.of_clauses([report.clause] if isinstance(report, f.Report) else [])
        case f.Decision():
            return held.of_clauses([fact.rule.partition("#")[0]])
        case f.CaseEvent():
            kinds = set(_kinds(fact, known))
            return held.of_key(kinds.pop()) if len(kinds) == 1 else None
        case f.Withdrawal():
            return frozenset()  # what it takes back is looked at beside it
        case _:
            key = key_of(fact)
            return None if key is None else held.of_key(key)


def _kinds(event: f.CaseEvent, known: Mapping[str, f.AnyFact]) -> Iterator[str]:
    for one in (event, *known.values()):
        if isinstance(one, f.CaseEvent) and one.case == event.case and one.kind:
            yield one.kind
