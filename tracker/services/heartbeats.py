"""Heartbeats: when each part of the service last did its work."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, insert, update
from sqlmodel import Session, col, select

from tracker.store import queries
from tracker.store.tables import HeartbeatRow, Table

TICK = "tick"
"""The heartbeat of the tick: when it last looked."""

DELIVER = "deliver"

PROCESS = "process|"
"""Begins the heartbeats of processes: `process|work|<machine>|<number>`."""

ALIVE_EVERY = timedelta(seconds=15)

FORGOTTEN_AFTER = timedelta(days=1)
"""A process that died is missed for so long; one that was to go says so itself."""


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


def alive(session: Session, name: str, now: datetime, detail: Mapping[str, Any]) -> None:
    """Say that this process is there, and forget those that died long ago."""
    beat(session, f"{PROCESS}{name}", now, detail)
    session.connection().execute(
        delete(HeartbeatRow).where(*_OF_PROCESSES, col(HeartbeatRow.at) < now - FORGOTTEN_AFTER)
    )


def leave(session: Session, name: str) -> None:
    """Say that this process ends by itself."""
    session.connection().execute(
        delete(HeartbeatRow).where(col(HeartbeatRow.name) == f"{PROCESS}{name}")
    )


def forget_processes(session: Session) -> None:
    """A restored database speaks of processes that were there before."""
    session.connection().execute(delete(HeartbeatRow).where(*_OF_PROCESSES))


def processes(session: Session) -> dict[str, HeartbeatRow]:
    """By name, without those that ended by themselves."""
    found = session.exec(select(HeartbeatRow).where(*_OF_PROCESSES).order_by(HeartbeatRow.name))
    return {row.name.removeprefix(PROCESS): row for row in found}


_OF_PROCESSES = (col(HeartbeatRow.name).startswith(PROCESS, autoescape=True),)

# Composed once: a look that finds nothing costs little more than composing these.
_BEAT = update(Table.metadata.tables["heartbeat"]).where(
    col(HeartbeatRow.name) == bindparam("whose")
)
