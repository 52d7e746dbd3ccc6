"""What went out: notices with the mail that carried each and what became of it, for people to read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select
from sqlmodel import Session, col, func, select

from tracker.store.tables import DispatchRow, NoticeRow, PersonRow


@dataclass(frozen=True)
class Mailing:
    """One notice. `at` is when its mail was settled, else when it is to go out; `state` is the
    mail's where there is one, `message_id` what proves it."""

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


def of_obligation(session: Session, slug: str, key: str, *, known_at: datetime) -> list[Mailing]:
    """Every notice about the obligation that was made by then, oldest first."""
    wanted = _wanted(slug, known_at).where(NoticeRow.obligation_key == key)
    ordered = wanted.order_by(col(NoticeRow.nominal_at), col(NoticeRow.id))
    return list(_lines(session, ordered))


def latest(
    session: Session, slug: str, *, known_at: datetime, limit: int, skip: int = 0, state: str = ""
) -> list[Mailing]:
    """Newest first, of one state or of all."""
    wanted = _wanted(slug, known_at)
    if state:
        wanted = wanted.where(NoticeRow.state == state)
    ordered = wanted.order_by(col(NoticeRow.send_at).desc(), col(NoticeRow.id).desc())
    return list(_lines(session, ordered.offset(skip).limit(limit)))


def counts(session: Session, slug: str, *, known_at: datetime) -> Counter[str]:
    """Notices by state."""
    wanted = (
        select(NoticeRow.state, func.count())
        .where(NoticeRow.programme == slug, col(NoticeRow.made_at) <= known_at)
        .group_by(col(NoticeRow.state))
    )
    return Counter({state.value: count for state, count in session.exec(wanted)})


Rows = Select[tuple[NoticeRow, DispatchRow, PersonRow]]


def _wanted(slug: str, known_at: datetime) -> Rows:
    return (
        select(NoticeRow, DispatchRow, PersonRow)
        .join(DispatchRow, col(DispatchRow.id) == NoticeRow.dispatch_id, isouter=True)
        .join(PersonRow, col(PersonRow.id) == DispatchRow.person_id, isouter=True)
        .where(NoticeRow.programme == slug, col(NoticeRow.made_at) <= known_at)
    )


def _lines(session: Session, wanted: Rows) -> Iterator[Mailing]:
    found: Sequence[tuple[NoticeRow, DispatchRow | None, PersonRow | None]]
    found = session.exec(wanted).all()  # type: ignore[call-overload]  # outer joins may give none
    for notice, dispatch, person in found:
        state = notice.state.value
        if state == "dispatched" and dispatch is not None:
            state = dispatch.state.value
        settled_at = dispatch.settled_at if dispatch is not None else None
        yield Mailing(
            obligation=notice.obligation_key,
            rung=notice.rung,
            role=notice.role,
            unit=notice.unit,
            name=person.name if person is not None else "",
            at=settled_at or notice.send_at,
            state=state,
            reason=notice.reason or (dispatch.outcome if dispatch is not None else ""),
            settled_at=settled_at,
            reply=dispatch.server_reply if dispatch is not None else "",
            message_id=dispatch.message_id if dispatch is not None else "",
        )
