"""Where a channel cannot deliver, the next one in the order takes over, and the trail says so.

A refusal gives way at once, being put off only after some patience. What may have been accepted
already stays where it is until it is given up: better late than twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select as sa_select
from sqlalchemy import update
from sqlmodel import Session, col

from notifiers.message import BY_MAIL, MAILING, WAYS, Way
from tracker.domain.dispatches import dispatch_key
from tracker.services.claims import Held
from tracker.services.directory import is_address
from tracker.store.tables import (
    DispatchKind,
    DispatchRow,
    NoticeRow,
    NoticeState,
    PersonRow,
)


@dataclass(frozen=True)
class Route:
    """The channels in use, in the order in which they are tried."""

    ways: tuple[Way, ...] = BY_MAIL
    patience: timedelta = timedelta(hours=1)

    def after(self, channel: str, *, addressed: bool) -> Way | None:
        """The next that reaches somebody with an address or without; of a channel that is not in
        use any more, the first."""
        names = [way.name for way in self.ways]
        later = self.ways[names.index(channel) + 1 :] if channel in names else self.ways
        return next((way for way in later if addressed or not way.needs_address), None)

    def is_out_of_patience(self, row: DispatchRow | Held, now: datetime) -> bool:
        return now - (row.frozen_at or now) >= self.patience


def way_of(row: DispatchRow | Held) -> Way:
    return WAYS.get(row.channel, MAILING)


def next_ways(session: Session, rows: Sequence[DispatchRow | Held], route: Route) -> dict[int, Way]:
    """Of each of these dispatches, by its number, the channel that can take over, if any."""
    if not rows or {row.channel for row in rows} == {route.ways[-1].name}:
        return {}
    wanted = sa_select(col(PersonRow.id), col(PersonRow.mail)).where(
        col(PersonRow.id).in_({row.person_id for row in rows}), col(PersonRow.erased_at).is_(None)
    )
    mails = {row.id: row.mail for row in session.connection().execute(wanted)}
    found: dict[int, Way] = {}
    for row in rows:
        if row.person_id in mails and row.id is not None:
            way = route.after(row.channel, addressed=is_address(mails[row.person_id]))
            if way is not None:
                found[row.id] = way
    return found


def hand_on(
    session: Session, rows: Sequence[DispatchRow | Held], ways: Mapping[int, Way], now: datetime
) -> None:
    """A new dispatch for each of these that another channel takes over, with all its notices.

    Rungs that the letter had merged into later ones go along and are told anew, so that their
    answer is that of the mail which takes them in.
    """
    for row in rows:
        way = ways.get(row.id or 0)
        if way is None:
            continue
        new = _successor(session, row, way, now)
        session.add(new)
        session.flush()
        session.connection().execute(
            update(NoticeRow)
            .where(
                col(NoticeRow.dispatch_id) == row.id,
                col(NoticeRow.state).in_((NoticeState.DISPATCHED, NoticeState.MERGED)),
            )
            .values(dispatch_id=new.id, state=NoticeState.DISPATCHED, reason="")
        )


def _successor(session: Session, row: DispatchRow | Held, way: Way, now: datetime) -> DispatchRow:
    """A digest is what it was when it was issued; a reminder is written again, as things stand."""
    key = dispatch_key(row.person_id, row.window, way.name)
    taken = sa_select(col(DispatchRow.id)).where(col(DispatchRow.key) == key)
    if session.connection().execute(taken).first() is not None:
        key = f"{key}|{row.id}"  # that channel has told the person something in this window already
    new = DispatchRow(
        key=key, person_id=row.person_id, programme=row.programme, window=row.window,
        channel=way.name, kind=row.kind, message_id=key, made_at=now, due_at=now,
        follows_id=row.id,
    )  # fmt: skip
    if row.kind is not DispatchKind.REMINDER:
        letter = sa_select(
            col(DispatchRow.subject), col(DispatchRow.text), col(DispatchRow.html)
        ).where(col(DispatchRow.id) == row.id)
        new.subject, new.text, new.html = session.connection().execute(letter).one()
    return new
