"""What an act would cost or save, shown before it is confirmed."""

from __future__ import annotations

from datetime import datetime

from schedules.deadlines import closes_at
from tracker.domain import facts as f
from tracker.domain.whatif import Filed, WhatIf, what_if
from tracker.web.asking import Desk

LOOK = "look"
"""The value of a form's `step` that only asks for the price."""


def price_of(at: Desk, *given: f.AnyFact) -> WhatIf:
    """The difference that these facts would make, now and at the cut-off if nothing more happens;
    nothing is recorded. Refused, NotFound and DefinitionError as for any supposition."""
    board = at.board
    programme = board.programme
    until = max(closes_at(programme.closes_on, programme.tz), board.as_of)
    supposed = [Filed(_seen(one, board.as_of, board.known_at)) for one in given]
    return what_if(
        programme, board.context, board.facts, supposed, as_of=board.as_of,
        known_at=board.known_at, until=until,
    )  # fmt: skip


def _seen(fact: f.AnyFact, as_of: datetime, known_at: datetime) -> f.AnyFact:
    """The page's score is of the last full minutes: what is done now counts at that instant."""
    return fact.model_copy(
        update={
            "id": fact.id or f.FactId("if-this"),
            "occurred_at": min(fact.occurred_at, as_of),
            "recorded_at": known_at,
        }
    )
