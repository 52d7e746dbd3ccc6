"""The queue of alarms: which obligations have to be looked at again, and when.

Narrow on purpose: claiming what is due costs what is due, however many obligations there are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil

from sqlalchemy import TextClause, text
from sqlmodel import Session

from tracker.store.bulk import insert_new
from tracker.store.tables import AlarmRow

BATCH = 1000
"""Alarms in one transaction."""

SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Due:
    """An obligation whose alarm went off; what came before `since` was looked at already."""

    obligation_id: int
    since: datetime


def claim(session: Session, now: datetime, *, limit: int = BATCH) -> list[Due]:
    """Take the alarms that are due off the queue; nobody else gets them.

    On SQLite the transaction is alone, so a range is taken as it was read. On PostgreSQL alarms
    that another worker is taking are passed over.
    """
    at = int(now.timestamp())
    postgres = session.connection().dialect.name == "postgresql"
    rows = (_claim_skipping if postgres else _claim_range)(session, at, limit)
    first: dict[int, int] = {}
    for moment, obligation_id in rows:
        first[obligation_id] = min(moment, first.get(obligation_id, moment))
    return [
        Due(obligation_id, datetime.fromtimestamp(moment, UTC) - SECOND)
        for obligation_id, moment in first.items()
    ]


_DUE = text(
    "SELECT at, obligation_id FROM alarm WHERE at <= :now ORDER BY at, obligation_id LIMIT :limit"
)
_TAKE_RANGE = text("DELETE FROM alarm WHERE (at, obligation_id) <= (:at, :obligation_id)")
_TAKE_SKIPPING = text(
    # By their place in the table, which holds while they are locked: a join could read all of it.
    "DELETE FROM alarm WHERE ctid = ANY (ARRAY (SELECT ctid FROM alarm WHERE at <= :now "
    "ORDER BY at, obligation_id LIMIT :limit FOR UPDATE SKIP LOCKED)) "
    "RETURNING at, obligation_id"
)


def _claim_range(session: Session, now: int, limit: int) -> list[tuple[int, int]]:
    rows = _pairs(session, _DUE, now, limit)
    if rows:
        at, obligation_id = rows[-1]
        taken = session.connection().execute(
            _TAKE_RANGE, {"at": at, "obligation_id": obligation_id}
        )
        assert taken.rowcount == len(rows)
    return rows


def _claim_skipping(session: Session, now: int, limit: int) -> list[tuple[int, int]]:
    return _pairs(session, _TAKE_SKIPPING, now, limit)


def _pairs(session: Session, statement: TextClause, now: int, limit: int) -> list[tuple[int, int]]:
    found = session.connection().execute(statement, {"now": now, "limit": limit})
    return [(at, obligation_id) for at, obligation_id in found]


def set_alarms(session: Session, alarms: Iterable[tuple[datetime, int]]) -> None:
    """Each obligation at the first whole second not before its instant; one there is, is kept."""
    rows = [
        {"at": ceil(at.timestamp()), "obligation_id": obligation_id} for at, obligation_id in alarms
    ]
    insert_new(session, AlarmRow, rows)
