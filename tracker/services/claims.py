"""Dispatches under a claim as plain values: without the letter, which is most of a row, and
without an object of the session for each. Asked and kept by statements that are made once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import bindparam, select, update
from sqlmodel import Session, col

from tracker.store import queries
from tracker.store.tables import DispatchKind, DispatchRow, DispatchState


@dataclass(frozen=True)
class Claim:
    """A dispatch that this worker may begin to send until the lease ends. A later claim has a
    higher `attempt`, so that an outcome of an earlier one changes nothing any more."""

    dispatch_id: int
    worker: str
    attempt: int
    lease_until: datetime


@dataclass
class Held:
    """What is changed of it is kept by `keep`."""

    id: int
    key: str
    person_id: int
    programme: str
    window: str
    channel: str
    kind: DispatchKind
    message_id: str
    frozen_at: datetime | None
    worker: str
    attempt: int
    state: DispatchState
    due_at: datetime
    lease_until: datetime | None
    next_try_at: datetime | None
    settled_at: datetime | None
    outcome: str
    server_reply: str


_CHANGING = (
    "state", "due_at", "lease_until", "next_try_at", "settled_at", "outcome", "server_reply",
)  # fmt: skip
_TABLE = DispatchRow.metadata.tables["dispatch"]
# In one order, so that two who settle at once wait for each other at most once.
_THESE = (
    select(*[_TABLE.c[one.name] for one in fields(Held)])
    .where(col(DispatchRow.id).in_(bindparam("ids", expanding=True)))
    .order_by(col(DispatchRow.id))
    .with_for_update()
)
_KEEP = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("which"))
    .values({name: bindparam(f"new_{name}") for name in _CHANGING})
)


def look_up(session: Session, claims: Iterable[Claim]) -> dict[Claim, Held]:
    """Locked; without those whose lease ran out so that somebody else has them."""
    claims = list(claims)
    rows: dict[int, Held] = {}
    for some in queries.chunks(sorted({claimed.dispatch_id for claimed in claims})):
        found = session.connection().execute(_THESE, {"ids": some})
        rows |= {row[0]: Held(*row) for row in found}
    mine = {claimed: rows.get(claimed.dispatch_id) for claimed in claims}
    return {
        claimed: row for claimed, row in mine.items() if row is not None and is_held(row, claimed)
    }


def keep(session: Session, changed: Iterable[Held]) -> None:
    rows = [
        {"which": one.id} | {f"new_{name}": getattr(one, name) for name in _CHANGING}
        for one in changed
    ]
    if rows:
        session.connection().execute(_KEEP, rows)


def is_held(row: DispatchRow | Held, claimed: Claim) -> bool:
    """Whether it is still being sent under this claim."""
    same = (row.worker, row.attempt) == (claimed.worker, claimed.attempt)
    return same and row.state is DispatchState.SENDING
