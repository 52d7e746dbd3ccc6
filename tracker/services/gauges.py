"""The service in figures for a monitor: ages and counts, no names and nothing of a programme."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlmodel import Session, col

from tracker.services import health, heartbeats, held, outbox
from tracker.services.health import Beats
from tracker.store.tables import DispatchRow, EventRow, HeartbeatRow, SealRow

PARTS = ("tick", "deliver", "watch", "mailbox")


@dataclass(frozen=True)
class Gauges:
    """Ages in seconds; None where a thing never was. `sends` are by process, channel, outcome."""

    live: bool
    beats: Mapping[str, float]
    outbox: Mapping[str, int]
    oldest_due: float
    unsealed: int
    oldest_unsealed: float
    head_age: float | None
    findings: Mapping[str, bool]
    sends: Mapping[tuple[str, str, str], int]
    processes: Mapping[str, float]


def gauges(
    session: Session, now: datetime, settings: Beats, mine: Counter[tuple[str, str]]
) -> Gauges:
    """`mine` are this process's own sends; those of others are as old as their heartbeats."""
    count = func.count()
    run = session.connection().execute
    states = run(select(col(DispatchRow.state), count).where(outbox.OPEN)
                 .group_by(col(DispatchRow.state)))  # fmt: skip
    waits = outbox.OPEN, col(DispatchRow.due_at) <= now
    waits = outbox.OPEN, col(DispatchRow.due_at) <= now
    due: datetime | None = run(select(func.min(col(DispatchRow.due_at))).where(*waits)).scalar()
    loose = col(EventRow.seq).is_(None)
    unsealed = run(select(count).select_from(EventRow).where(loose)).scalar_one()
    oldest: datetime | None = run(select(func.min(col(EventRow.at))).where(loose)).scalar()
    head = run(select(col(SealRow.sealed_at)).order_by(col(SealRow.id).desc()).limit(1)).first()
    rows = [row for row in (session.get(HeartbeatRow, name) for name in PARTS) if row is not None]
    others = heartbeats.processes(session)
    return Gauges(
        live=True,
        beats={row.name: _seconds(now - row.at) for row in rows},
        outbox={"held": held.count(session)} | {state.value: n for state, n in states},
        oldest_due=0.0 if due is None else _seconds(now - due),
        unsealed=unsealed,
        oldest_unsealed=0.0 if oldest is None else _seconds(now - oldest),
        head_age=None if head is None else _seconds(now - head[0]),
        findings={one.name: one.ok for one in health.health(session, now, settings)},
        sends={("this", *what): n for what, n in mine.items()}
        | {
            (name, channel, outcome): n
            for name, row in others.items()
            for channel, outcome, n in row.detail.get("sends", [])
        },
        processes={name: _seconds(now - row.at) for name, row in others.items()},
    )


def _seconds(age: timedelta) -> float:
    return max(0.0, age.total_seconds())
