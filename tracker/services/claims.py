"""Dispatches under a claim, and their notices, as plain values: without an object of the session
for each. Asked and kept by statements that are made once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Update, bindparam, delete, func, insert, select, update
from sqlmodel import Session

from tracker.store import queries
from tracker.store.letters import LetterRow
from tracker.store.tables import (
    DispatchKind,
    DispatchRow,
    DispatchState,
    NoticeRow,
    NoticeState,
    PersonRow,
)


@dataclass(frozen=True)
class Claim:
    """A dispatch that this worker may begin to send until the lease ends. A later claim has a
    higher `attempt`, so that an outcome of an earlier one changes nothing any more."""

    dispatch_id: int
    worker: str
    attempt: int
    lease_until: datetime


@dataclass(eq=False)
class Held:
    """Without its letter, which is most of a row. What is changed of it is kept by `keep`."""

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


@dataclass(eq=False)
class Draft(Held):
    """With its letter; one that is frozen meanwhile is kept by `keep_letters`."""

    recipient: str
    subject: str
    text: str
    html: str
    raw: bytes | None
    follows_id: int | None


@dataclass(eq=False)
class HeldNotice:
    """What is changed of it is kept by `keep_notices`, or taken back by `restore`."""

    id: int
    key: str
    programme: str
    obligation_id: int
    obligation_key: str
    deadline_version: int
    rung: str
    role: str
    unit: str
    nominal_at: datetime
    send_at: datetime
    state: NoticeState
    reason: str
    dispatch_id: int | None
    _kept: tuple[object, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.is_kept()

    @property
    def is_changed(self) -> bool:
        return self._kept != (self.send_at, self.state, self.reason, self.dispatch_id)

    def is_kept(self) -> None:
        self._kept = (self.send_at, self.state, self.reason, self.dispatch_id)

    def restore(self) -> None:
        self.send_at, self.state, self.reason, self.dispatch_id = self._kept  # type: ignore[assignment]  # as they were put there


@dataclass(eq=False)
class Addressee:
    """The person whom dispatches go to."""

    id: int
    name: str
    mail: str | None
    mobile: str
    language: str
    salt: str
    erased_at: datetime | None
    links_series: int | None


SENT = "sent"
"""The outcome of a dispatch that a channel took."""

_CHANGING = (
    "state", "due_at", "lease_until", "next_try_at", "settled_at", "outcome", "server_reply",
)  # fmt: skip
_LETTER = ("message_id", "frozen_at", "recipient", "subject")
_OF_NOTICE = ("send_at", "state", "reason", "dispatch_id")
_TABLE = DispatchRow.metadata.tables["dispatch"]
_NOTICES = NoticeRow.metadata.tables["notice"]
_LETTERS = LetterRow.metadata.tables["letter"]
_RAW = func.coalesce(
    select(_LETTERS.c.raw).where(_LETTERS.c.dispatch_id == _TABLE.c.id).scalar_subquery(),
    _TABLE.c.raw,
)
"""The letter that lies apart, or the one that was issued as it is."""

_THESE = {
    kind: select(*[_RAW if one.name == "raw" else _TABLE.c[one.name] for one in fields(kind)])
    .where(_TABLE.c.id.in_(bindparam("ids", expanding=True)))
    # In one order, so that two who settle at once wait for each other at most once.
    .order_by(_TABLE.c.id)
    .with_for_update()
    for kind in (Held, Draft)
}
_THEIRS = (
    select(*[_NOTICES.c[one.name] for one in fields(HeldNotice) if one.init])
    .where(
        _NOTICES.c.dispatch_id.in_(bindparam("ids", expanding=True)),
        _NOTICES.c.state.in_((NoticeState.DISPATCHED, NoticeState.MERGED)),
    )
    .order_by(_NOTICES.c.id)
)
_KEEP, _KEEP_LETTER = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("which"))
    .values({name: bindparam(f"new_{name}") for name in changing})
    for changing in (_CHANGING, _LETTER)
)
_PEOPLE = PersonRow.metadata.tables["person"]
_THEY = select(*[_PEOPLE.c[one.name] for one in fields(Addressee)]).where(
    _PEOPLE.c.id.in_(bindparam("ids", expanding=True))
)
_KEEP_SENT = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("which"))
    .values(
        state=DispatchState.SENT, lease_until=None, next_try_at=None, outcome=SENT,
        settled_at=bindparam("at"), server_reply=bindparam("said"),
    )
)  # fmt: skip
_DROP_LETTERS = delete(_LETTERS).where(_LETTERS.c.dispatch_id.in_(bindparam("ids", expanding=True)))
_KEEP_NOTICE = (
    update(_NOTICES)
    .where(_NOTICES.c.id == bindparam("which"))
    .values({name: bindparam(f"new_{name}") for name in _OF_NOTICE})
)

Row = TypeVar("Row", bound=Held)


def look_up(session: Session, claims: Iterable[Claim], kind: type[Row]) -> dict[Claim, Row]:
    """Locked; without those whose lease ran out so that somebody else has them."""
    claims = list(claims)
    rows: dict[int, Row] = {}
    for some in queries.chunks(sorted({claimed.dispatch_id for claimed in claims})):
        found = session.connection().execute(_THESE[kind], {"ids": some}).all()
        rows |= {row[0]: kind(*row) for row in found}
    mine = {claimed: rows.get(claimed.dispatch_id) for claimed in claims}
    return {
        claimed: row for claimed, row in mine.items() if row is not None and is_held(row, claimed)
    }


def notices_of(session: Session, dispatches: Iterable[int]) -> list[HeldNotice]:
    """Those that are still to be told by these dispatches, and those merged into them; the oldest
    first."""
    found: list[HeldNotice] = []
    for some in queries.chunks(sorted(dispatches)):
        rows = session.connection().execute(_THEIRS, {"ids": some}).all()
        found += [HeldNotice(*row) for row in rows]
    return found


def addressees(session: Session, persons: Iterable[int]) -> dict[int, Addressee]:
    found: dict[int, Addressee] = {}
    for some in queries.chunks(sorted(persons)):
        rows = session.connection().execute(_THEY, {"ids": some}).all()
        found |= {row[0]: Addressee(*row) for row in rows}
    return found


def keep(session: Session, changed: Iterable[Held]) -> None:
    _keep(session, _KEEP, _CHANGING, changed)


def keep_sent(session: Session, sent: Sequence[Held]) -> None:
    """Of those that were sent, which have more in common than not."""
    rows = [{"which": one.id, "at": one.settled_at, "said": one.server_reply} for one in sent]
    if rows:
        session.connection().execute(_KEEP_SENT, rows)


def keep_letters(session: Session, frozen: Sequence[Draft]) -> None:
    """One that is frozen anew takes the place of what was there."""
    _keep(session, _KEEP_LETTER, _LETTER, frozen)
    rows = [{"dispatch_id": one.id, "raw": one.raw} for one in frozen]
    if rows:
        run = session.connection().execute
        run(_DROP_LETTERS, {"ids": [one.id for one in frozen]})
        run(insert(_LETTERS), rows)


def letter_of(session: Session, dispatch_id: int) -> bytes | None:
    """None where it is not written yet, or where its reader was erased."""
    found = session.connection().execute(select(_RAW).where(_TABLE.c.id == dispatch_id))
    raw: bytes | None = found.scalar_one()
    return raw


def forget_letters(session: Session, person_id: int) -> None:
    """Those that lie apart."""
    theirs = select(_TABLE.c.id).where(_TABLE.c.person_id == person_id)
    session.connection().execute(
        delete(_LETTERS).where(_LETTERS.c.dispatch_id.in_(theirs.scalar_subquery()))
    )


def keep_notices(session: Session, notices: Iterable[HeldNotice]) -> None:
    """Those that have changed."""
    changed = [one for one in notices if one.is_changed]
    _keep(session, _KEEP_NOTICE, _OF_NOTICE, changed)
    for one in changed:
        one.is_kept()


def _keep(
    session: Session, how: Update, names: Sequence[str], changed: Iterable[Held | HeldNotice]
) -> None:
    rows = [
        {"which": one.id} | {f"new_{name}": getattr(one, name) for name in names} for one in changed
    ]
    if rows:
        session.connection().execute(how, rows)


def is_held(row: DispatchRow | Held, claimed: Claim) -> bool:
    """Whether it is still being sent under this claim."""
    same = (row.worker, row.attempt) == (claimed.worker, claimed.attempt)
    return same and row.state is DispatchState.SENDING
