"""推送: events on their way to other systems, as rows under a lease.

pending -> sending (leased) -> sent | failed; suppressed where the hook ended before. They are
planned in the transaction that seals their events, claimed, posted outside of any transaction, and
settled. A lease that runs out is claimed again: at least once, a second time with the same id.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import case, delete, select, update
from sqlmodel import Session, col, func
from sqlmodel import select as model_select

from tracker.domain.errors import NotFound
from tracker.services.outbox import LEASE, Ending, Retry
from tracker.store.hooks import OPEN_POSTING, HookRow, PostingRow
from tracker.store.tables import DispatchState, EventRow

RETRY = Retry(
    waits=(
        timedelta(minutes=1),
        timedelta(minutes=5),
        timedelta(minutes=30),
        timedelta(hours=2),
        timedelta(hours=6),
    )
)
"""Sooner than a mail: what is told here is waited for by a machine."""

KEPT = timedelta(days=90)
"""What was taken is put away after this; what was not stays until somebody has seen to it."""


@dataclass(frozen=True)
class Posting:
    """`id` of the event is what the receiver knows it by, the same at every attempt."""

    number: int
    kind: str
    at: datetime
    state: DispatchState
    attempt: int
    due_at: datetime
    settled_at: datetime | None
    reply: str


@dataclass(frozen=True)
class Claimed:
    """A posting that this worker may post until the lease ends, with all that is posted."""

    number: int
    worker: str
    attempt: int
    made_at: datetime
    event: str
    body: bytes


def waiting(session: Session, now: datetime) -> list[int]:
    """The hooks for which something is due."""
    due = select(col(PostingRow.hook_id)).where(OPEN_POSTING, col(PostingRow.due_at) <= now)
    return [hook for (hook,) in session.connection().execute(due.distinct())]


def claim(
    session: Session, hook: int, now: datetime, *, limit: int, worker: str, leased_at: datetime
) -> list[Claimed]:
    """Lease what is due, in the order in which it happened; nobody else gets it before the lease
    ends."""
    wanted = (
        select(col(PostingRow.id))
        .where(OPEN_POSTING, col(PostingRow.hook_id) == hook, col(PostingRow.due_at) <= now)
        .order_by(col(PostingRow.event_id))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = [id_ for (id_,) in session.connection().execute(wanted)]
    if not ids:
        return []
    taken = update(PostingRow).where(col(PostingRow.id).in_(ids))
    session.connection().execute(
        taken.values(
            state=DispatchState.SENDING.value, worker=worker, attempt=PostingRow.attempt + 1,
            due_at=leased_at + LEASE,
        )
    )  # fmt: skip
    rows = (
        model_select(PostingRow, EventRow)
        .join(EventRow, col(EventRow.id) == PostingRow.event_id)
        .where(col(PostingRow.id).in_(ids))
        .order_by(col(PostingRow.event_id))
    )
    return [
        Claimed(row.id or 0, worker, row.attempt, row.made_at, name_of(event), body_of(event))
        for row, event in session.exec(rows)
    ]


def name_of(event: EventRow) -> str:
    """By its hash in the chain, so that a receiver can hold it against an audit."""
    return f"evt_{event.hash[:40]}"


def body_of(event: EventRow) -> bytes:
    """The same bytes at every attempt: an event that is sealed never changes. People appear as
    references, as in the trail."""
    at = event.at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    told = {
        "type": event.kind,
        "timestamp": at,
        "data": {
            "programme": event.programme,
            "sequence": event.seq,
            "hash": event.hash,
            "subject": event.subject,
            "body": event.body,
        },
    }
    return frozen(told)


def frozen(told: Mapping[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def settle(
    session: Session, one: Claimed, ending: Ending, reply: str, now: datetime,
    asked: timedelta | None = None,
) -> None:  # fmt: skip
    """What became of the attempt; nothing where somebody else has the posting by now."""
    values: dict[str, Any] = {"reply": reply[:500], "worker": ""}
    over = RETRY.is_used_up(one.attempt, now - one.made_at)
    if ending is Ending.SENT:
        values |= {"state": DispatchState.SENT.value, "settled_at": now}
    elif ending is Ending.REFUSED or over:
        values |= {"state": DispatchState.FAILED.value, "settled_at": now}
    else:
        wait = RETRY.wait(one.attempt, asked)
        values |= {"state": DispatchState.PENDING.value, "due_at": now + wait}
    _change(session, one, values)


def give_back(session: Session, some: Sequence[Claimed], due_at: datetime) -> None:
    """Not tried: another one of the hook has just failed, or the service stops."""
    for one in some:
        _change(session, one, {"state": DispatchState.PENDING.value, "due_at": due_at,
                               "attempt": one.attempt - 1, "worker": ""})  # fmt: skip


def _change(session: Session, one: Claimed, values: Mapping[str, Any]) -> None:
    held = update(PostingRow).where(
        col(PostingRow.id) == one.number, col(PostingRow.worker) == one.worker,
        col(PostingRow.attempt) == one.attempt,
        col(PostingRow.state) == DispatchState.SENDING.value,
    )  # fmt: skip
    session.connection().execute(held.values(**values))


def of_hook(session: Session, hook: int, *, limit: int, before: int = 0) -> list[Posting]:
    """The newest first, those before this number."""
    wanted = (
        model_select(PostingRow, EventRow.kind, EventRow.at)
        .join(EventRow, col(EventRow.id) == PostingRow.event_id)
        .where(PostingRow.hook_id == hook)
        .order_by(col(PostingRow.id).desc())
        .limit(limit)
    )
    if before:
        wanted = wanted.where(col(PostingRow.id) < before)
    return [
        Posting(row.id or 0, kind, at, DispatchState(row.state), row.attempt, row.due_at,
                row.settled_at, row.reply)
        for row, kind, at in session.exec(wanted)
    ]  # fmt: skip


def counts(session: Session) -> dict[int, dict[str, int]]:
    """How many of each state a hook has."""
    found: dict[int, dict[str, int]] = {}
    wanted = model_select(PostingRow.hook_id, PostingRow.state, func.count()).group_by(
        col(PostingRow.hook_id), col(PostingRow.state)
    )
    for hook, state, n in session.exec(wanted):
        found.setdefault(hook, {})[state] = n
    return found


@dataclass(frozen=True)
class Stuck:
    """Of the hooks that work: how many postings nobody took lately, since when the first one that
    was refused for now is being tried, when the one that waits longest was due; at which servers.
    """

    failed: int
    tried_since: datetime | None
    due_at: datetime | None
    servers: tuple[str, ...]


def stuck(session: Session, *, since: datetime) -> Stuck | None:
    """None where there is no hook."""
    working = col(HookRow.ended_at).is_(None)
    if session.exec(model_select(HookRow.id).where(working).limit(1)).first() is None:
        return None
    lost = (col(PostingRow.state) == DispatchState.FAILED.value) & (
        col(PostingRow.settled_at) >= since
    )
    tried = case((col(PostingRow.attempt) > 0, col(PostingRow.made_at)))
    found = session.connection().execute(
        select(col(HookRow.url), col(PostingRow.state), func.count(), func.min(tried),
               func.min(col(PostingRow.due_at)))
        .join(HookRow, col(HookRow.id) == col(PostingRow.hook_id))
        .where(working, lost | OPEN_POSTING)
        .group_by(col(HookRow.url), col(PostingRow.state))
    ).all()  # fmt: skip
    failed = [row for row in found if row.state == DispatchState.FAILED.value]
    open_ = [row for row in found if row not in failed]
    begun = [first for *_, first, _ in open_ if first is not None]
    servers = {urlsplit(row.url).netloc.rpartition("@")[2] for row in found
               if row in failed or row[3] is not None}  # fmt: skip
    return Stuck(
        failed=sum(row[2] for row in failed),
        tried_since=min(begun, default=None),
        due_at=min((due for *_, due in open_), default=None),
        servers=tuple(sorted(servers)),
    )


def again(session: Session, hook: int, number: int, *, now: datetime) -> None:
    """Post it once more, whatever became of it; NotFound for one of another hook."""
    wanted = update(PostingRow).where(
        col(PostingRow.id) == number, col(PostingRow.hook_id) == hook,
        col(PostingRow.state) != DispatchState.SENDING.value,
    )  # fmt: skip
    fresh = {"state": DispatchState.PENDING.value, "due_at": now, "made_at": now, "attempt": 0,
             "settled_at": None}  # fmt: skip
    if session.connection().execute(wanted.values(**fresh)).rowcount != 1:
        raise NotFound(f"没有这次推送 / no posting {number} that is at rest")


def suppress(session: Session, hook: int, *, now: datetime) -> None:
    """Nothing goes to a hook that has ended."""
    wanted = update(PostingRow).where(OPEN_POSTING, col(PostingRow.hook_id) == hook)
    session.connection().execute(
        wanted.values(state=DispatchState.SUPPRESSED.value, settled_at=now, worker="")
    )


def tidy(session: Session, now: datetime) -> None:
    old = delete(PostingRow).where(
        col(PostingRow.state) == DispatchState.SENT.value,
        col(PostingRow.settled_at) < now - KEPT,
    )
    session.connection().execute(old)
