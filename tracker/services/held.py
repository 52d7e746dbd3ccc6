"""After a restore: mails that may have gone out since the backup was made wait for a person.

The database knows nothing of what happened between its backup and now. What was waiting then, and
what became due since, the lost service may have sent; to send it again is a person's decision, or
the proof's: a mail whose Message-ID is found in the folder of `.eml` files or in the mail server's
log was sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, text, update
from sqlmodel import Session, col, select

from notifiers.message import message_id
from tracker.domain.errors import NotFound
from tracker.services import outbox, trail
from tracker.store import queries
from tracker.store.tables import DispatchRow, DispatchState, NoticeRow, NoticeState, PersonRow

RESTORED = "restored"
"""Why it is held."""


@dataclass(frozen=True)
class Held:
    """A mail that may have been sent; `recipient` is the person's name."""

    number: int
    programme: str
    recipient: str
    window: str
    channel: str
    subject: str
    due_at: datetime


def hold(session: Session, now: datetime) -> int:
    """Whatever may have been sent by `now`, or was being sent; how many."""
    may_be_sent = or_(
        col(DispatchRow.due_at) <= now, col(DispatchRow.state) == DispatchState.SENDING
    )
    done = session.connection().execute(
        update(DispatchRow)
        .where(outbox.OPEN, may_be_sent)
        .values(
            state=DispatchState.HELD, outcome=RESTORED, lease_until=None, next_try_at=None,
            worker="",
        )
    )  # fmt: skip
    return done.rowcount


def count(session: Session) -> int:
    return session.exec(select(func.count()).select_from(DispatchRow).where(_HELD)).one()


def listed(session: Session, *, limit: int | None = None) -> list[Held]:
    """In the order in which they were due."""
    wanted = (
        select(DispatchRow, PersonRow.name)
        .join(PersonRow, and_(col(PersonRow.id) == col(DispatchRow.person_id)))
        .where(_HELD)
        .order_by(col(DispatchRow.due_at), col(DispatchRow.id))
        .limit(limit)
    )
    return [
        Held(row.id or 0, row.programme, name, row.window, row.channel, row.subject, row.due_at)
        for row, name in session.exec(wanted)
    ]


def release(session: Session, numbers: Sequence[int] | None, now: datetime, by: str) -> int:
    """They are sent, under the Message-ID that they had; all of them where none is named. Each is
    looked at again before it goes: what is done meanwhile is not asked for."""
    rows = _rows(session, numbers)
    for row in rows:
        row.state, row.outcome, row.due_at = DispatchState.UNKNOWN, "unknown", now
    _tell(session, rows, "dispatch.released", {"by": trail.traced(session, by)}, now)
    return len(rows)


def were_sent(
    session: Session, numbers: Sequence[int] | None, now: datetime, by: str, *, proof: str = ""
) -> int:
    """They had been sent before the restore and do not go again; `proof` says how one knows."""
    rows = _rows(session, numbers)
    for row in rows:
        row.state, row.outcome, row.settled_at = DispatchState.SENT, RESTORED, now
    for some in queries.chunks([row.id for row in rows]):
        session.connection().execute(
            update(NoticeRow)
            .where(
                col(NoticeRow.dispatch_id).in_(some),
                col(NoticeRow.state) == NoticeState.DISPATCHED,
            )
            .values(state=NoticeState.SENT, reason="")
        )
    body = {"by": trail.traced(session, by), "proof": proof}
    _tell(session, rows, "dispatch.was_sent", body, now)
    return len(rows)


def found_in(session: Session, lines: Iterable[str], domain: str) -> list[int]:
    """Numbers of the held mails whose Message-ID stands in a line of a log, or names a mail."""
    wanted = select(DispatchRow, PersonRow.salt).join(
        PersonRow, and_(col(PersonRow.id) == col(DispatchRow.person_id))
    )
    rows = session.exec(wanted.where(_HELD))
    known = {_id_of(row, salt, domain): row.id or 0 for row, salt in rows}
    return sorted({known[seen] for line in lines for seen in _IDS.findall(line) if seen in known})


_HELD = text("dispatch.state = 'held'")
"""Written out, because only then is it the condition of the index on them."""
_IDS = re.compile(r"[0-9a-f]{40}@[^\s<>,;\"']+")


def _id_of(row: DispatchRow, salt: str, domain: str) -> str:
    """As the lost service made it, or would have made it."""
    frozen = row.frozen_at is not None
    return row.message_id if frozen else message_id(row.key, salt, domain=domain)


def _rows(session: Session, numbers: Sequence[int] | None) -> list[DispatchRow]:
    wanted = select(DispatchRow).where(_HELD).order_by(col(DispatchRow.id)).with_for_update()
    if numbers is None:
        return list(session.exec(wanted))
    rows = list(session.exec(wanted.where(col(DispatchRow.id).in_(numbers))))
    strange = sorted(set(numbers) - {row.id for row in rows})
    if strange:
        told = ", ".join(map(str, strange))
        raise NotFound(f"没有这样的待定邮件 / no mail that waits has this number: {told}")
    return rows


def _tell(
    session: Session,
    rows: Sequence[DispatchRow],
    kind: str,
    more: dict[str, str],
    now: datetime,
) -> None:
    salted = select(PersonRow).where(col(PersonRow.id).in_({row.person_id for row in rows}))
    persons = {row.id: trail.reference(row) for row in session.exec(salted)}
    events: dict[str, list[trail.NewEvent]] = {}
    for row in rows:
        body = {"person": persons.get(row.person_id, ""), "window": row.window, **more}
        events.setdefault(row.programme, []).append(trail.NewEvent(kind, row.key, body))
    for programme, mine in events.items():
        trail.append_all(session, programme, mine, now=now)
    session.flush()
