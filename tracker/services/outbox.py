"""The outbox: dispatches claimed with a lease, and what became of them.

pending -> sending (leased) -> sent | failed | unknown; suppressed where nothing was left to say.
A lease that runs out is claimed again: at least once, and a second time with the same Message-ID.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, bindparam, select, text, update
from sqlmodel import Session, col
from sqlmodel import select as model_select

from notifiers.message import Way
from tracker.services import fallback, trail
from tracker.services.claims import SENT, Claim, Held, is_held, keep, keep_sent, look_up
from tracker.services.fallback import Route
from tracker.store import queries
from tracker.store.tables import (
    DispatchRow,
    DispatchState,
    NoticeRow,
    NoticeState,
    PersonRow,
)

LEASE = timedelta(minutes=15)
"""Longer than any mail takes, retries over a new connection included."""

LONGEST_WAIT = timedelta(days=1)
"""Between two tries of one mail, whatever a server asks for."""

OPEN = text("dispatch.state IN ('pending', 'sending', 'unknown')")
"""Written out, because only then is it the condition of the index on what is open."""


Sent = DispatchRow | Held
"""A dispatch as a row of the session or as a plain value."""

ALONE = Route()
"""Mail, and nothing to fall back to."""


@dataclass(frozen=True)
class Retry:
    """When to try again, and when to say that it failed: `waits` after the first tries, the last of
    them after every further one.

    Source: RFC 5321 4.5.4.1 (at least half an hour apart, two tries in the first hour, then one
    every two or three hours; give up after 4 to 5 days, both configurable).
    """

    waits: tuple[timedelta, ...] = (
        timedelta(minutes=30),
        timedelta(hours=1),
        timedelta(hours=2),
        timedelta(hours=3),
    )
    give_up_after: timedelta = timedelta(days=5)

    def wait(self, attempt: int, asked: timedelta | None) -> timedelta:
        """After the `attempt`-th try (from 1); a server that asked for more is given it, up to
        LONGEST_WAIT."""
        planned = self.waits[min(attempt, len(self.waits)) - 1]
        return min(max(planned, asked or planned), LONGEST_WAIT)

    def is_used_up(self, attempt: int, since: timedelta) -> bool:
        """Whether it was tried for long enough, and often enough: a clock that was put on says
        nothing about the server."""
        return since >= self.give_up_after and attempt > len(self.waits)


class Ending(StrEnum):
    """What a channel's answer means for the mail."""

    SENT = "sent"
    REFUSED = "refused"
    LATER = "later"
    UNKNOWN = "unknown"


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
    where: ColumnElement[bool] | None = None,
) -> list[Claim]:
    """Lease what is due at `now`, oldest first; nobody else gets it before the lease ends.

    A long run says how things stood when it began (`now`), and its leases begin later.
    """
    lease_until = (leased_at or now) + LEASE
    run, due = session.connection().execute, _DUE if where is None else _DUE.where(where)
    ids = [id_ or 0 for (id_,) in run(due, {"now": now, "most": limit}).all()]
    if not ids:
        _doubt(session, leased_at or now)  # a run may have begun long ago
        return []
    lease = {"ids": ids, "now": now, "who": worker, "until": lease_until}
    leased = {
        id_: Claim(id_ or 0, worker, attempt, lease_until) for id_, attempt in run(_TAKE, lease)
    }
    return [leased[id_] for id_ in ids if id_ in leased]


# Composed once: that takes longer than asking.
_IS_DUE = (OPEN, col(DispatchRow.due_at) <= bindparam("now"))
_DUE = (
    select(col(DispatchRow.id))
    .where(*_IS_DUE)
    .order_by(col(DispatchRow.due_at), col(DispatchRow.id))
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_TAKE = (
    update(DispatchRow)
    .where(col(DispatchRow.id).in_(bindparam("ids", expanding=True)), *_IS_DUE)
    .values(
        state=DispatchState.SENDING, worker=bindparam("who"), attempt=DispatchRow.attempt + 1,
        lease_until=bindparam("until"), due_at=bindparam("until"), next_try_at=None,
    )
    .returning(col(DispatchRow.id), col(DispatchRow.attempt))
)  # fmt: skip


def _doubt(session: Session, now: datetime) -> None:
    """What a clock that was ahead has put off for longer than anything is ever put off: leases last
    as long as a lease from now, and what nobody holds is due. Two machines never agree to the
    second, so that less than another lease is no reason to doubt."""
    run, longest = session.connection().execute, now + LEASE
    far = update(DispatchRow).where(OPEN, col(DispatchRow.due_at) > longest + LEASE)
    held = col(DispatchRow.state) == DispatchState.SENDING
    run(far.where(held).values(due_at=longest, lease_until=longest))
    put_off = col(DispatchRow.next_try_at) > now + LONGEST_WAIT
    run(far.where(put_off).values(due_at=now, next_try_at=now))


def waits(session: Session, now: datetime, *, beyond: int = 0) -> bool:
    """Whether more than `beyond` are due at `now`; nothing is claimed."""
    due = select(col(DispatchRow.id)).where(OPEN, col(DispatchRow.due_at) <= now)
    return session.connection().execute(due.offset(beyond).limit(1)).first() is not None


def held(session: Session, claims: Iterable[Claim]) -> dict[Claim, DispatchRow]:
    """Their rows, locked; without those whose lease ran out so that somebody else has them."""
    claims = list(claims)
    rows: dict[int | None, DispatchRow] = {}
    for some in queries.chunks({claimed.dispatch_id for claimed in claims}):
        wanted = model_select(DispatchRow).where(col(DispatchRow.id).in_(some))
        # In one order, so that two who settle at once wait for each other at most once.
        locked = wanted.order_by(col(DispatchRow.id)).with_for_update()
        found = session.exec(locked, execution_options={"populate_existing": True})
        rows |= {row.id: row for row in found}
    mine = {claimed: rows.get(claimed.dispatch_id) for claimed in claims}
    return {
        claimed: row for claimed, row in mine.items() if row is not None and is_held(row, claimed)
    }


def suppress(session: Session, row: Sent, reason: str, now: datetime) -> None:
    """Nothing is left to say, or nobody to say it to. What may have been taken by the server at an
    earlier attempt stays known as that."""
    if row.outcome == "unknown":
        reason = f"{reason}_unknown"
    row.state, row.outcome, row.settled_at = DispatchState.SUPPRESSED, reason, now
    row.lease_until = row.next_try_at = None
    _tell(session, [(row, "dispatch.suppressed", {"reason": reason})], now)


def put_back(row: Sent, reason: str, now: datetime, retry: Retry) -> None:
    """Our own fault: nothing was sent, and the reason stands on the row."""
    row.state, row.outcome, row.server_reply = DispatchState.PENDING, "error", reason
    row.next_try_at = row.due_at = now + retry.wait(row.attempt, None)
    row.lease_until = None


def give_back(session: Session, claims: Sequence[Claim], now: datetime) -> None:
    """Leases that were not used: due at once, as they were before. That is no try."""
    for claimed, row in held(session, claims).items():
        unknown = row.outcome == "unknown"
        row.state = DispatchState.UNKNOWN if unknown else DispatchState.PENDING
        row.attempt = claimed.attempt - 1
        row.due_at, row.lease_until = now, None


def settle(
    session: Session,
    outcomes: Sequence[Outcome],
    now: datetime,
    retry: Retry,
    route: Route = ALONE,
) -> list[DispatchState]:
    """Keep what became of these mails; an outcome of a lease that was lost changes nothing."""
    rows = look_up(session, (outcome.claim for outcome in outcomes), Held)
    settled: list[Held] = []
    for outcome in outcomes:
        row = rows.get(outcome.claim)
        if row is None or not is_held(row, outcome.claim):
            continue
        row.server_reply, row.lease_until = without_addresses(outcome.reply), None
        match outcome.ending:
            case Ending.SENT:
                _end(row, DispatchState.SENT, SENT, now)
            case Ending.REFUSED:
                _end(row, DispatchState.FAILED, "refused", now)
            case Ending.LATER | Ending.UNKNOWN:
                _again(row, outcome, now, retry)
        settled.append(row)
    _give_way(session, settled, now, route)
    keep_sent(session, [row for row in settled if row.state is DispatchState.SENT])
    keep(session, [row for row in settled if row.state is not DispatchState.SENT])
    return [row.state for row in settled]


def _give_way(session: Session, settled: Sequence[Sent], now: datetime, route: Route) -> None:
    """What has ended is told, and what a channel could not deliver goes to the next one."""
    stuck = [row for row in settled if row.state is DispatchState.FAILED
             or (row.outcome == "later" and route.is_out_of_patience(row, now))]  # fmt: skip
    ways = fallback.next_ways(session, stuck, route)
    for row in stuck:
        if row.id in ways and row.state is DispatchState.PENDING:
            _end(row, DispatchState.FAILED, "passed_on", now)
    ended = [row for row in settled if row.state in _NOTICE]
    _tell(session, [(row, f"dispatch.{row.state.value}", _proof(row, ways)) for row in ended], now)
    fallback.hand_on(session, stuck, ways, now)
    _settle_notices(session, settled)


def _proof(row: Sent, ways: Mapping[int, Way]) -> dict[str, str]:
    way = ways.get(row.id or 0)
    return {"reply": row.server_reply} | ({"next": way.name} if way is not None else {})


def pass_over(session: Session, row: Sent, now: datetime, route: Route) -> None:
    """Its channel is in use no more: it goes to the first that is, or has failed."""
    row.server_reply = "channel is not in use"
    _end(row, DispatchState.FAILED, "no_channel", now)
    _give_way(session, [row], now, route)


def _again(row: Sent, outcome: Outcome, now: datetime, retry: Retry) -> None:
    unknown = outcome.ending is Ending.UNKNOWN or row.outcome == "unknown"
    if retry.is_used_up(row.attempt, now - (row.frozen_at or now)):
        _end(row, DispatchState.FAILED, "given_up_unknown" if unknown else "given_up", now)
        return
    row.state = DispatchState.UNKNOWN if unknown else DispatchState.PENDING
    row.outcome = "unknown" if unknown else "later"
    row.next_try_at = row.due_at = now + retry.wait(row.attempt, outcome.retry_after)


_NOTICE = {DispatchState.SENT: NoticeState.SENT, DispatchState.FAILED: NoticeState.FAILED}


def _end(row: Sent, state: DispatchState, outcome: str, now: datetime) -> None:
    row.state, row.outcome, row.settled_at, row.next_try_at = state, outcome, now, None


def bounced(session: Session, row: DispatchRow, words: str, now: datetime) -> None:
    """A mail that a server had taken came back; `words` hold no address. Told once."""
    if row.state is DispatchState.BOUNCED:
        return
    row.server_reply = words
    _end(row, DispatchState.BOUNCED, "bounced", now)
    session.connection().execute(
        update(NoticeRow)
        .where(col(NoticeRow.dispatch_id) == row.id, col(NoticeRow.state) == NoticeState.SENT)
        .values(state=NoticeState.FAILED, reason="bounced")
    )
    _tell(session, [(row, "dispatch.bounced", {"reply": words})], now)


def _settle_notices(session: Session, settled: Iterable[Sent]) -> None:
    """Of each mail that has ended, the notices that it carried."""
    alike: dict[tuple[DispatchState, str], list[int]] = {}
    for row in settled:
        if row.state in _NOTICE:
            alike.setdefault((row.state, row.outcome), []).append(row.id or 0)
    for (state, outcome), ids in alike.items():
        reason = "" if state is DispatchState.SENT else outcome
        told = {"ids": ids, "new_state": _NOTICE[state], "new_reason": reason}
        session.connection().execute(_TOLD, told)


_TOLD = (
    update(NoticeRow)
    .where(
        col(NoticeRow.dispatch_id).in_(bindparam("ids", expanding=True)),
        col(NoticeRow.state) == NoticeState.DISPATCHED,
    )
    .values(state=bindparam("new_state"), reason=bindparam("new_reason"))
)


def _tell(
    session: Session, told: Sequence[tuple[Sent, str, Mapping[str, str]]], now: datetime
) -> None:
    """The proof, without a name or an address: who it was is a salted reference."""
    session.flush()  # a notice that has just gone to somebody else is not this mail's any more
    salts, keys = _named(session, [row.id or 0 for row, _, _ in told])
    events: dict[str, list[trail.NewEvent]] = {}
    for row, kind, more in told:
        body = {
            "message_id": row.message_id if row.frozen_at is not None else "",
            "person": trail.reference_of(row.person_id, salts[row.id or 0]),
            "window": row.window,
            "channel": row.channel,
            "attempt": row.attempt,
            "notices": sorted(keys.get(row.id or 0, ())),
            **more,
        }
        events.setdefault(row.programme, []).append(trail.NewEvent(kind, row.key, body))
    for programme, mine in events.items():
        trail.append_all(session, programme, mine, now=now)


_NAMED = (
    select(col(DispatchRow.id), col(PersonRow.salt), col(NoticeRow.key))
    .join(PersonRow, col(PersonRow.id) == col(DispatchRow.person_id))
    .join(NoticeRow, col(NoticeRow.dispatch_id) == col(DispatchRow.id), isouter=True)
    .where(col(DispatchRow.id).in_(bindparam("ids", expanding=True)))
)


def _named(
    session: Session, dispatches: Sequence[int]
) -> tuple[dict[int, str], dict[int, list[str]]]:
    """Of each dispatch, the salt of its reader and the keys of its notices; in one question,
    because each that is asked when results are kept is asked for eight mails."""
    salts: dict[int, str] = {}
    keys: dict[int, list[str]] = {}
    found = session.connection().execute(_NAMED, {"ids": list(dispatches)}).all()
    for id_, salt, key in found:
        salts[id_ or 0] = salt
        if key is not None:
            keys.setdefault(id_ or 0, []).append(key)
    return salts, keys


_ADDRESS = re.compile(r"[^\s<>:,;]+@[^\s<>:,;]+")


def without_addresses(reply: str) -> str:
    """A server's words without the mailbox that they are about: they outlive the person's data."""
    return _ADDRESS.sub("***", reply)
