"""Notices to dispatches: what one person must hear in one window becomes one mail of the outbox."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import insert, text
from sqlalchemy import select as sa_select
from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from notifiers.message import Way
from tracker.domain.dispatches import Merged, Recipient, Waiting, merge
from tracker.domain.reminders import Notice, by_the_hour
from tracker.domain.silences import Mode, Silence, over
from tracker.domain.turns import View
from tracker.services import silences, trail
from tracker.services.claims import HeldNotice
from tracker.services.directory import Directory, Told, is_copy
from tracker.store import queries
from tracker.store.bulk import insert_new
from tracker.store.tables import (
    DispatchKind,
    DispatchRow,
    DispatchState,
    NoticeRow,
    NoticeState,
)

Views = Callable[[str], View]
"""The view of a programme, looked up once in a tick."""

WANTED = text("notice.state = 'wanted'")
"""Written out, because only then is it the condition of the index on what waits."""

AT_ONCE = 2_000
"""Notices: a morning of a province is never held whole."""


@dataclass(frozen=True)
class Dispatched:
    """How many mails were begun or added to, and how many notices reach nobody."""

    dispatches: int = 0
    nobody: int = 0


def dispatch(
    session: Session,
    views: Views,
    now: datetime,
    ways: Sequence[Way],
    *,
    at_once: int = AT_ONCE,
) -> Dispatched:
    """Give every notice that is due its dispatch; one planner at a time, or a mail would be two.

    Some people after the others, each with all that is due to them: no more than `at_once` notices
    are held, unless one person is told of more.
    """
    queries.one_at_a_time(session, "dispatches")
    directory = Directory(session, now, ways)
    _spread(session, directory, now)
    made = nobody = 0
    for ids in _by_person(session, directory, now, at_once):
        merged = _dispatch_these(session, views, directory, _notices(session, ids), now)
        made += len(merged.dispatches)
        nobody += len(merged.unheard)
    return Dispatched(made, nobody)


def _dispatch_these(
    session: Session, views: Views, directory: Directory, rows: Sequence[NoticeRow], now: datetime
) -> Merged:
    by_key = {row.key: row for row in rows}
    waiting = [waiting_row(views(row.programme), row, now) for row in rows]
    waiting = _left_in_peace(session, waiting, by_key, directory, now)
    found = {who.person for one in waiting for who in _first(directory, one)}
    taken = _dispatches_of(session, found, now)
    merged = merge(
        views, waiting, lambda one: _first(directory, one), now=now,
        used=lambda key: key in taken and not _takes_more(taken[key]),
    )  # fmt: skip
    _attach(session, merged, by_key, taken, now)
    _put_off(session, merged, by_key)
    _untold(session, merged, by_key)
    _unheard(session, merged, by_key, now)
    return merged


class _Due(NamedTuple):
    """As much of a notice that is due as says who is told."""

    id: int
    key: str
    programme: str
    unit: str
    role: str
    obligation: str


_DUE = sa_select(
    col(NoticeRow.id), col(NoticeRow.key), col(NoticeRow.programme), col(NoticeRow.unit),
    col(NoticeRow.role), col(NoticeRow.obligation_key),
).where(WANTED).order_by(col(NoticeRow.nominal_at), col(NoticeRow.id))  # fmt: skip


def _due(session: Session, now: datetime) -> Iterator[_Due]:
    """One after the other: nothing is to be written before the last one was taken."""
    due = _DUE.where(col(NoticeRow.send_at) <= now)
    found = session.connection().execute(due, execution_options={"yield_per": AT_ONCE})
    return (_Due(id_ or 0, *said) for id_, *said in found)


def _by_person(
    session: Session, directory: Directory, now: datetime, at_once: int
) -> Iterator[list[int]]:
    """The notices that are due, by number: of as many people at once as have so many of them."""
    theirs: dict[int, list[int]] = {}
    for one in _due(session, now):
        person = next((who.person for who in _first(directory, one)), 0)
        theirs.setdefault(person, []).append(one.id)
    some: list[int] = []
    for part in (*queries.chunks(theirs.pop(0, ()), at_once), *theirs.values()):
        some += part
        if len(some) >= at_once:
            yield some
            some = []
    if some:
        yield some


def _notices(session: Session, ids: Iterable[int]) -> list[NoticeRow]:
    found: list[NoticeRow] = []
    for some in queries.chunks(ids):
        found += session.exec(select(NoticeRow).where(col(NoticeRow.id).in_(some)))
    return sorted(found, key=lambda row: (row.nominal_at, row.id or 0))


def _first(directory: Directory, one: Told) -> list[Recipient]:
    """A row is told to one person: the first who has an address. The others have copies."""
    found = directory.of(one)
    return [who for who in found if who.reachable][:1] or found[:1]


def _spread(session: Session, directory: Directory, now: datetime) -> None:
    """A role that several people have: a copy of the notice for each further one."""
    further: dict[int, list[int]] = {}
    for one in _due(session, now):
        if is_copy(one.key):
            continue
        found = directory.having(one.programme, one.unit, one.role, one.obligation)
        others = [who.person for who in found if who.reachable][1:]
        if others:
            further[one.id] = others
    for ids in queries.chunks(further, AT_ONCE):
        copies = [
            {**row.model_dump(exclude={"id"}), "key": f"{row.key}|p{person}", "made_at": now}
            for row in _notices(session, ids)
            for person in further[row.id or 0]
        ]
        insert_new(session, NoticeRow, copies)


def waiting_row(seen: View, row: NoticeRow, now: datetime) -> Waiting:
    return Waiting(
        row.key, row.programme, row.obligation_key, row.unit, row.role, row.rung, row.nominal_at,
        row.send_at, by_the_hour(seen, row.obligation_key, row.rung, now),
    )  # fmt: skip


def waiting_of(seen: View, notice: Notice, now: datetime) -> Waiting:
    return Waiting(
        notice.key, notice.programme, notice.obligation, notice.unit, notice.role, notice.rung,
        notice.nominal_at, notice.send_at, by_the_hour(seen, notice.obligation, notice.rung, now),
    )  # fmt: skip


def _dispatches_of(
    session: Session, persons: Iterable[int], now: datetime
) -> dict[str, DispatchRow]:
    """The dispatches of these people from today on (windows sort as days, but for those of weekly
    digests), without their letters, held until we commit."""
    since = (now - timedelta(days=2)).date().isoformat()
    found: dict[str, DispatchRow] = {}
    for some in queries.chunks(sorted(persons)):
        theirs = select(DispatchRow).where(
            col(DispatchRow.person_id).in_(some), col(DispatchRow.window) >= since,
            col(DispatchRow.kind) != DispatchKind.DIGEST,
        )  # fmt: skip
        lean = theirs.options(*_WITHOUT_LETTERS).with_for_update()
        found |= {row.key: row for row in session.exec(lean)}
    return found


_WITHOUT_LETTERS = [defer(getattr(DispatchRow, name)) for name in ("raw", "text", "html")]


def _takes_more(row: DispatchRow) -> bool:
    """Not frozen yet; one that had become empty is taken up again."""
    open_states = (DispatchState.PENDING, DispatchState.SUPPRESSED)
    return row.frozen_at is None and row.state in open_states


def _attach(
    session: Session,
    merged: Merged,
    rows: Mapping[str, NoticeRow],
    taken: Mapping[str, DispatchRow],
    now: datetime,
) -> None:
    new = [
        {
            "key": one.key, "person_id": one.person, "programme": one.notices[0].programme,
            "window": one.window, "channel": one.channel, "message_id": one.key, "made_at": now,
            "due_at": now, **_EMPTY,
        }
        for one in merged.dispatches if one.key not in taken
    ]  # fmt: skip
    if new:
        session.connection().execute(insert(DispatchRow), new)
    for one in merged.dispatches:
        if one.key in taken:
            taken[one.key].state, taken[one.key].due_at = DispatchState.PENDING, now
            taken[one.key].settled_at, taken[one.key].outcome = None, ""
    session.flush()
    ids = _dispatch_ids(session, [one.key for one in merged.dispatches])
    for one in merged.dispatches:
        for notice in one.notices:
            row = rows[notice.key]
            row.state, row.dispatch_id, row.reason = NoticeState.DISPATCHED, ids[one.key], ""
    session.flush()


_EMPTY: Mapping[str, Any] = {
    "kind": "reminder", "state": DispatchState.PENDING, "worker": "", "attempt": 0,
    "recipient": "", "subject": "", "text": "", "html": "", "outcome": "", "server_reply": "",
}  # fmt: skip


def _dispatch_ids(session: Session, keys: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for some in queries.chunks(keys):
        pairs = select(DispatchRow.key, DispatchRow.id).where(col(DispatchRow.key).in_(some))
        found |= {key: id_ for key, id_ in session.exec(pairs) if id_ is not None}
    return found


def _left_in_peace(
    session: Session,
    waiting: Sequence[Waiting],
    rows: Mapping[str, NoticeRow],
    directory: Directory,
    now: datetime,
) -> list[Waiting]:
    """The notices that nobody has silenced; the others wait for the end of it, or are not sent."""
    slugs = {one.programme for one in waiting}
    silences_ = [one for slug in slugs for one in silences.of_programme(session, slug)]
    if not silences_:
        return list(waiting)
    told: list[Waiting] = []
    for one in waiting:
        found = _first(directory, one)
        silence = over(silences_, one, found[0].person if found else 0, now)
        if silence is None:
            told.append(one)
        else:
            hush(rows[one.key], silence)
    session.flush()
    return told


def hush(row: NoticeRow | HeldNotice, silence: Silence) -> None:
    """Put off until the snooze ends, or not sent at all; the reason names which silence it was."""
    row.reason, row.dispatch_id = silences.REASON.format(silence.number), None
    if silence.mode is Mode.SNOOZE:
        row.state, row.send_at = NoticeState.WANTED, silence.ends_at
    else:
        row.state = NoticeState.SUPPRESSED


def _put_off(session: Session, merged: Merged, rows: Mapping[str, NoticeRow]) -> None:
    for one, until in merged.kept:
        rows[one.key].send_at = until
    session.flush()


def _untold(session: Session, merged: Merged, rows: Mapping[str, NoticeRow]) -> None:
    for one in merged.untold:
        rows[one.key].state, rows[one.key].reason = NoticeState.SUPPRESSED, "quiet"
    session.flush()


def _unheard(
    session: Session, merged: Merged, rows: Mapping[str, NoticeRow], now: datetime
) -> None:
    """A rung that reaches nobody is no failure of the tick; the trail and health say so."""
    events: dict[str, list[trail.NewEvent]] = {}
    for one, reason in merged.unheard:
        rows[one.key].state, rows[one.key].reason = NoticeState.NOBODY, reason
        body = {"key": one.key, "unit": one.unit, "role": one.role, "reason": reason}
        event = trail.NewEvent("notice.nobody", one.obligation, body)
        events.setdefault(one.programme, []).append(event)
    session.flush()
    for slug, mine in events.items():
        trail.append_all(session, slug, mine, now=now)
