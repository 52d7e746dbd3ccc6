"""The outbox: dispatches claimed with a lease, and what became of them.

pending -> sending (leased) -> sent | failed | unknown; suppressed where nothing was left to say.
A lease that runs out is claimed again: at least once, and a second time with the same Message-ID.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select, text, update
from sqlmodel import Session, col

from tracker.services import people, trail
from tracker.store.tables import (
    DispatchRow,
    DispatchState,
    NoticeRow,
    NoticeState,
    PersonRow,
)

LEASE = timedelta(minutes=15)
"""Longer than any mail takes, retries over a new connection included."""

OPEN = text("dispatch.state IN ('pending', 'sending', 'unknown')")
"""Written out, because only then is it the condition of the index on what is open."""


@dataclass(frozen=True)
class Retry:
    """When to try again, and when to say that it failed.

    Source: RFC 5321 4.5.4.1 (some tries in the first hour, then every two or three hours; give up
    after 4 to 5 days, both configurable).
    """

    first: tuple[timedelta, ...] = (
        timedelta(minutes=10),
        timedelta(minutes=30),
        timedelta(hours=1),
    )
    then: timedelta = timedelta(hours=3)
    give_up_after: timedelta = timedelta(days=5)

    def wait(self, attempt: int, asked: timedelta | None) -> timedelta:
        """After the `attempt`-th try (from 1); a server that asked for more is given it."""
        planned = self.first[attempt - 1] if attempt <= len(self.first) else self.then
        return max(planned, asked) if asked is not None else planned


class Ending(StrEnum):
    """What a channel's answer means for the mail."""

    SENT = "sent"
    REFUSED = "refused"
    LATER = "later"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Claim:
    """A dispatch that this worker may send until the lease ends. A later claim has a higher
    `attempt`, so that an outcome of an earlier one changes nothing any more."""

    dispatch_id: int
    worker: str
    attempt: int


@dataclass(frozen=True)
class Outcome:
    claim: Claim
    ending: Ending
    reply: str
    retry_after: timedelta | None = None


def claim(
    session: Session,
    now: datetime,
    *,
    limit: int,
    worker: str,
    leased_at: datetime | None = None,
) -> list[Claim]:
    """Lease what is due at `now`, oldest first; nobody else gets it before the lease ends.

    A long run says how things stood when it began (`now`), and its leases begin later.
    """
    lease_until = (leased_at or now) + LEASE
    due = select(col(DispatchRow.id)).where(OPEN, col(DispatchRow.due_at) <= now)
    due = due.order_by(col(DispatchRow.due_at), col(DispatchRow.id)).limit(limit)
    ids = [
        id_ or 0 for (id_,) in session.connection().execute(due.with_for_update(skip_locked=True))
    ]
    claims = []
    for id_ in ids:
        taken = (
            update(DispatchRow)
            .where(col(DispatchRow.id) == id_, OPEN, col(DispatchRow.due_at) <= now)
            .values(
                state=DispatchState.SENDING, worker=worker, attempt=DispatchRow.attempt + 1,
                lease_until=lease_until, due_at=lease_until, next_try_at=None,
            )
            .returning(col(DispatchRow.attempt))
        )  # fmt: skip
        attempt = session.connection().execute(taken).scalar_one_or_none()
        if attempt is not None:
            claims.append(Claim(id_, worker, attempt))
    return claims


def held(session: Session, claimed: Claim) -> DispatchRow | None:
    """The row, locked; None where the lease ran out and somebody else has it."""
    row = session.get(
        DispatchRow, claimed.dispatch_id, with_for_update=True, populate_existing=True
    )
    if row is None or (row.worker, row.attempt) != (claimed.worker, claimed.attempt):
        return None
    return row if row.state is DispatchState.SENDING else None


def suppress(session: Session, row: DispatchRow, reason: str, now: datetime) -> None:
    """Nothing is left to say, or nobody to say it to. What may have been taken by the server at an
    earlier attempt stays known as that."""
    if row.outcome == "unknown":
        reason = f"{reason}_unknown"
    row.state, row.outcome, row.settled_at = DispatchState.SUPPRESSED, reason, now
    row.lease_until = row.next_try_at = None
    _tell(session, row, "dispatch.suppressed", {"reason": reason}, now)


def put_back(row: DispatchRow, reason: str, now: datetime, retry: Retry) -> None:
    """Our own fault: nothing was sent, and the reason stands on the row."""
    row.state, row.outcome, row.server_reply = DispatchState.PENDING, "error", reason
    row.next_try_at = row.due_at = now + retry.wait(row.attempt, None)
    row.lease_until = None


def settle(
    session: Session, outcomes: Iterable[Outcome], now: datetime, retry: Retry
) -> list[DispatchState]:
    """Keep what became of these mails; an outcome of a lease that was lost changes nothing."""
    states = []
    for outcome in outcomes:
        row = held(session, outcome.claim)
        if row is None:
            continue
        row.server_reply, row.lease_until = without_addresses(outcome.reply), None
        match outcome.ending:
            case Ending.SENT:
                _end(session, row, DispatchState.SENT, "sent", now)
            case Ending.REFUSED:
                _end(session, row, DispatchState.FAILED, "refused", now)
            case Ending.LATER | Ending.UNKNOWN:
                _again(session, row, outcome, now, retry)
        states.append(row.state)
    session.flush()
    return states


def _again(
    session: Session, row: DispatchRow, outcome: Outcome, now: datetime, retry: Retry
) -> None:
    unknown = outcome.ending is Ending.UNKNOWN or row.outcome == "unknown"
    if now - (row.frozen_at or now) >= retry.give_up_after:
        _end(session, row, DispatchState.FAILED, "given_up_unknown" if unknown else "given_up", now)
        return
    row.state = DispatchState.UNKNOWN if unknown else DispatchState.PENDING
    row.outcome = "unknown" if unknown else "later"
    row.next_try_at = row.due_at = now + retry.wait(row.attempt, outcome.retry_after)


_NOTICE = {DispatchState.SENT: NoticeState.SENT, DispatchState.FAILED: NoticeState.FAILED}


def _end(
    session: Session, row: DispatchRow, state: DispatchState, outcome: str, now: datetime
) -> None:
    row.state, row.outcome, row.settled_at, row.next_try_at = state, outcome, now, None
    session.connection().execute(
        update(NoticeRow)
        .where(col(NoticeRow.dispatch_id) == row.id, col(NoticeRow.state) == NoticeState.DISPATCHED)
        .values(state=_NOTICE[state], reason="" if state is DispatchState.SENT else outcome)
    )
    _tell(session, row, f"dispatch.{state.value}", {"reply": row.server_reply}, now)


def _tell(
    session: Session, row: DispatchRow, kind: str, more: dict[str, str], now: datetime
) -> None:
    """The proof, without a name or an address: who it was is a salted reference."""
    person = session.get(PersonRow, row.person_id)
    keys = select(col(NoticeRow.key)).where(col(NoticeRow.dispatch_id) == row.id)
    body = {
        "message_id": row.message_id if row.frozen_at is not None else "",
        "person": "" if person is None else people.reference(person),
        "window": row.window,
        "channel": row.channel,
        "attempt": row.attempt,
        "notices": sorted(key for (key,) in session.connection().execute(keys)),
        **more,
    }
    trail.append(session, row.programme, kind, row.key, body, now=now)


_ADDRESS = re.compile(r"[^\s<>:,;]+@[^\s<>:,;]+")


def without_addresses(reply: str) -> str:
    """A server's words without the mailbox that they are about: they outlive the person's data."""
    return _ADDRESS.sub("***", reply)
