"""What went out: notices, the mail that carried each, and what became of it; for people."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, func, select

from tracker.store.tables import DispatchRow, NoticeRow, NoticeState, PersonRow


@dataclass(frozen=True)
class Mailing:
    """One notice. `at` is when its mail was settled, else when it is to go out; `state` is the
    mail's where there is one, `message_id` what proves it, `mail` its number among the mails."""

    programme: str
    obligation: str
    rung: str
    role: str
    unit: str
    name: str
    at: datetime
    state: str
    reason: str
    settled_at: datetime | None
    reply: str
    message_id: str
    mail: int | None = None


def of_obligation(session: Session, slug: str, key: str, *, known_at: datetime) -> list[Mailing]:
    """Every notice about the obligation that was made by then, oldest first."""
    wanted = (
        select(NoticeRow, DispatchRow, PersonRow)
        .join(DispatchRow, col(DispatchRow.id) == NoticeRow.dispatch_id, isouter=True)
        .join(PersonRow, col(PersonRow.id) == DispatchRow.person_id, isouter=True)
        .where(NoticeRow.programme == slug, col(NoticeRow.made_at) <= known_at)
        .where(col(NoticeRow.obligation_key) == key)
        .order_by(col(NoticeRow.nominal_at), col(NoticeRow.id))
    )
    return [_mailing(*row) for row in session.exec(wanted)]


def of_dispatch(session: Session, number: int) -> list[Mailing]:
    """Every notice that this mail tells, of whatever programme."""
    wanted = (
        select(NoticeRow, DispatchRow, PersonRow)
        .join(DispatchRow, col(DispatchRow.id) == NoticeRow.dispatch_id)
        .join(PersonRow, col(PersonRow.id) == DispatchRow.person_id)
        .where(NoticeRow.dispatch_id == number)
        .order_by(col(NoticeRow.obligation_key), col(NoticeRow.nominal_at), col(NoticeRow.id))
    )
    return [_mailing(*row) for row in session.exec(wanted)]


def latest(
    session: Session, slug: str, *, known_at: datetime, limit: int, skip: int = 0, state: str = ""
) -> list[Mailing]:
    """Newest first, of one state or of all."""
    wanted = (
        select(NoticeRow, DispatchRow, PersonRow)
        .join(DispatchRow, col(DispatchRow.id) == NoticeRow.dispatch_id, isouter=True)
        .join(PersonRow, col(PersonRow.id) == DispatchRow.person_id, isouter=True)
        .where(NoticeRow.programme == slug, col(NoticeRow.made_at) <= known_at)
        .order_by(col(NoticeRow.send_at).desc(), col(NoticeRow.id).desc())
    )
    if state:
        wanted = wanted.where(col(NoticeRow.state) == NoticeState(state))
    return [_mailing(*row) for row in session.exec(wanted.offset(skip).limit(limit))]


def counts(session: Session, slug: str, *, known_at: datetime) -> Counter[str]:
    """Notices by state."""
    wanted = (
        select(NoticeRow.state, func.count())
        .where(NoticeRow.programme == slug, col(NoticeRow.made_at) <= known_at)
        .group_by(col(NoticeRow.state))
    )
    return Counter({NoticeState(state).value: count for state, count in session.exec(wanted)})


def _mailing(notice: NoticeRow, dispatch: DispatchRow | None, person: PersonRow | None) -> Mailing:
    state, outcome, reply, message_id = notice.state.value, "", "", ""
    settled_at: datetime | None = None
    if dispatch is not None:
        state = dispatch.state.value if state == "dispatched" else state
        settled_at, outcome = dispatch.settled_at, dispatch.outcome
        reply, message_id = dispatch.server_reply, dispatch.message_id
    return Mailing(
        programme=notice.programme,
        obligation=notice.obligation_key,
        rung=notice.rung,
        role=notice.role,
        unit=notice.unit,
        name=person.name if person is not None else "",
        at=settled_at or notice.send_at,
        state=state,
        reason=notice.reason or ("" if outcome == state else outcome),
        settled_at=settled_at,
        reply=reply,
        message_id=message_id,
        mail=notice.dispatch_id,
    )
