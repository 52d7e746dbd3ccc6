"""Heartbeats: when each part of the service last did its work."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, update
from sqlmodel import Session, col

from tracker.store import queries
from tracker.store.tables import HeartbeatRow, Table

TICK = "tick"
"""The heartbeat of the tick: when it last looked."""

DELIVER = "deliver"


def beat(session: Session, name: str, now: datetime, detail: Mapping[str, Any]) -> None:
    """Say that this part of the service has just done its work."""
    mine = {"whose": name, "at": now, "detail": dict(detail)}
    run = session.connection().execute
    if not run(_BEAT, mine).rowcount:
        queries.one_at_a_time(session, f"heartbeat|{name}")
        if not run(_BEAT, mine).rowcount:
            run(insert(HeartbeatRow).values(name=name, at=now, detail=dict(detail)))


def fail(session: Session, name: str, now: datetime, why: str) -> None:
    """Say that it tried and could not; when it last did its work stays known."""
    row = session.get(HeartbeatRow, name)
    since = {} if row is None else {"worked_at": row.detail.get("worked_at", row.at.isoformat())}
    beat(session, name, now, {**since, "failed": why})


# Composed once: a look that finds nothing costs little more than composing these.
_BEAT = update(Table.metadata.tables["heartbeat"]).where(
    col(HeartbeatRow.name) == bindparam("whose")
)
