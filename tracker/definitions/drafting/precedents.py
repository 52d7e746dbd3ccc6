"""What was decided about the last issue and is asked again: the same question of the same clause,
with the same choices, keeps its answer until somebody changes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracker.definitions.drafting.issues import Compared
from tracker.definitions.drafting.matching import plain
from tracker.definitions.openpoints import Draft, OpenPoint


def precedents(
    last: Draft, answers: Mapping[str, str], new: Draft, compared: Compared
) -> dict[str, str]:
    """Answers by the new draft's point ids. `compared` is between the programme in force and the
    new draft; what the last issue asked was asked of the clauses in force."""
    known = {
        _asked(point, point.clause): answers[point.id]
        for point in last.open_points
        if point.id in answers
    }
    was = {**compared.items, **compared.clauses}
    found = {}
    for point in new.open_points:
        answer = known.get(_asked(point, was.get(point.clause, point.clause)))
        if answer is not None and point.takes(answer):
            found[point.id] = answer
    return found


def _asked(point: OpenPoint, clause: str) -> tuple[Any, ...]:
    """Without its place and id, which move with the rows."""
    choices = tuple((one.id, one.says) for one in point.choices)
    question = plain(point.question).replace(point.clause or "\0", clause)
    return point.why, clause, question, plain(point.text), choices
