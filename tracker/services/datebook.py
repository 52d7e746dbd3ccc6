"""日历附件: the calendar file of a mail.

It updates the entry of each obligation that the mail names and cancels what its reader was told of
before and is settled since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlmodel import Session, col

from notifiers import calendar
from tracker.domain.dispatches import ReminderLine, ReminderMail
from tracker.domain.ladders import NEXT
from tracker.domain.reminders import standing_reason
from tracker.domain.turns import RESTING, View
from tracker.services.feeds import sequence_of, uid_of
from tracker.store import queries
from tracker.store.tables import DispatchRow, DispatchState, NoticeRow, ObligationRow


@dataclass(frozen=True)
class _Settled:
    """What a person was told of before their last mail, at `last`, and is settled since."""

    programme: str
    key: str
    title: str
    due_at: datetime
    laid_out_at: datetime
    last: datetime


# Composed once: each batch of mails asks them.
_LAID_OUT = select(
    col(ObligationRow.programme), col(ObligationRow.key), col(ObligationRow.laid_out_at)
).where(col(ObligationRow.id).in_(bindparam("ids", expanding=True)))
_SENT = (
    col(DispatchRow.person_id).in_(bindparam("persons", expanding=True)),
    col(DispatchRow.state) == DispatchState.SENT,
)
_LATEST = (
    select(col(DispatchRow.person_id), func.max(col(DispatchRow.frozen_at)))
    .where(*_SENT)
    .group_by(col(DispatchRow.person_id))
)
_TOLD = (
    select(col(DispatchRow.person_id), col(NoticeRow.programme), col(NoticeRow.obligation_key),
           col(ObligationRow.title), col(ObligationRow.due_at), col(ObligationRow.laid_out_at))
    .join(NoticeRow, col(NoticeRow.dispatch_id) == DispatchRow.id)
    .join(ObligationRow, col(ObligationRow.id) == NoticeRow.obligation_id)
    .where(
        *_SENT, col(ObligationRow.open).is_(False), col(ObligationRow.due_at).is_not(None),
        col(ObligationRow.laid_out_at) >= bindparam("since"),
    )
    .distinct()
)  # fmt: skip


class Datebook:
    """For the letters of one batch."""

    def __init__(
        self, session: Session, domain: str, now: datetime, view: Callable[[str], View]
    ) -> None:
        self._session = session
        self._domain = domain
        self._now = now
        self._view = view
        self._settled: dict[int, list[_Settled]] = {}
        self._laid_out: dict[tuple[str, str], datetime] = {}

    def gather(self, persons: set[int], obligations: Iterable[int]) -> None:
        """Look up at once what the letters to all these people about all these rows need."""
        self._settled = self._settled_since(persons)
        run = self._session.connection().execute
        for some in queries.chunks(set(obligations)):
            found = run(_LAID_OUT, {"ids": some}).all()
            self._laid_out |= {(slug, key): at for slug, key, at in found}

    def file(self, mail: ReminderMail, person: int) -> bytes:
        entries = [self._entry(line) for line in mail.lines if line.due_at is not None]
        entries += [
            self._cancelled(one) for one in self._settled.get(person, ()) if self._was_open(one)
        ]
        return calendar.feed(entries, zone_name=mail.zone.key, name=mail.programme)

    def _entry(self, line: ReminderLine) -> calendar.Entry:
        assert line.due_at is not None
        return calendar.Entry(
            uid=uid_of(line.slug, line.key, self._domain),
            sequence=sequence_of(self._laid_out[line.slug, line.key]),
            summary=f"{line.clause} {line.title}",
            description=f"{line.unit}\n{line.programme}",
            due_at=line.due_at,
            stamp=self._now,
        )

    def _cancelled(self, one: _Settled) -> calendar.Entry:
        clause = one.key.partition("/")[0]
        return calendar.Entry(
            uid=uid_of(one.programme, one.key, self._domain),
            sequence=sequence_of(one.laid_out_at),
            summary=f"{clause} {one.title}",
            description="",
            due_at=one.due_at,
            stamp=self._now,
            cancelled=True,
        )

    def _was_open(self, one: _Settled) -> bool:
        """When the last mail was written; or it was cancelled by that one already."""
        before = standing_reason(self._view(one.programme), one.key, one.last - NEXT)
        return not before or before in RESTING

    def _settled_since(self, persons: set[int]) -> dict[int, list[_Settled]]:
        """What each of them was told of, and was settled since their last mail."""
        run, whose = self._session.connection().execute, {"persons": sorted(persons)}
        last = {person: at for person, at in run(_LATEST, whose).all() if at is not None}
        if not last:
            return {}
        told = run(_TOLD, whose | {"since": min(last.values())})
        found: dict[int, list[_Settled]] = {}
        for person, slug, key, title, due_at, at in told:
            if due_at is not None and at >= last[person]:
                settled = _Settled(slug, key, title, due_at, at, last[person])
                found.setdefault(person, []).append(settled)
        return found
