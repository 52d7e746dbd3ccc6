"""审核: what waits for a reviewer, the nearest review deadline first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from schedules.deadlines import Deadline
from tracker.domain import facts as f
from tracker.domain.obligations import Standing
from tracker.domain.reminders import review_deadline, waiting_report
from tracker.services import planning
from tracker.services.scoreboard import Board


@dataclass(frozen=True)
class Awaiting:
    """`deadline` is the reviewer's own; None where the programme sets none. `late` once it is
    over."""

    standing: Standing
    report: f.Report
    deadline: Deadline | None
    late: bool

    @property
    def due_at(self) -> datetime | None:
        return None if self.deadline is None else self.deadline.due_at


def queue(session: Session, board: Board, *, unit: str = "") -> list[Awaiting]:
    """The reports that wait as of the board's instant; with `unit` those that it reviews."""
    view = planning.view(session, board.programme.id)
    found = []
    for one in board.ledger.standings:
        owed = one.obligation
        if not one.waiting or (unit and unit not in owed.reviewing_units):
            continue
        report = waiting_report(view, owed.key, board.as_of)
        if report is None:
            continue
        deadline = review_deadline(view, owed.key, board.as_of)
        late = deadline is not None and deadline.due_at <= board.as_of
        found.append(Awaiting(one, report, deadline, late))
    return sorted(found, key=lambda one: (one.due_at is None, one.due_at or one.report.occurred_at,
                                          one.report.occurred_at, one.report.id))  # fmt: skip
