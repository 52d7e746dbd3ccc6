"""From the text of one clause to what it says."""

from __future__ import annotations

from decimal import Decimal

from schedules.workdays import WorkCalendar
from tracker.definitions.clauses.reading import ReadClause, Unread


def read_clause(
    text: str,
    *,
    year: int,
    points: Decimal | None = None,
    zone: str = "Asia/Shanghai",
    calendar: WorkCalendar | None = None,
) -> ReadClause:
    """`points` is what the clause is worth, where the document says so; days without a year are of
    `year`. Nothing is refused: what matters and is not understood is `unread`."""
    whole = text.strip()
    unread = (Unread(whole, (0, len(text))),) if whole else ()
    return ReadClause(text, unread=unread)
