"""The tick: what is due becomes notices, notices become dispatches; nothing is sent here.

A tick is a function of `now` and rows that may be repeated, dropped or run twice at once. Its cost
follows what is due: the alarms of open obligations lie in a narrow queue of their own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from math import ceil
from typing import Any

from sqlalchemy import TextClause, bindparam, func, insert, text, update
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from notifiers.message import BY_MAIL, Address, Way
from tracker.domain import facts as f
from tracker.domain.dispatches import Merged, Recipient, Waiting, merge
from tracker.domain.obligations import Light, Obligation
from tracker.domain.reminders import (
    Notice,
    View,
    armed_from,
    by_the_hour,
    following_pause,
    next_alarm,
    wanted,
)
from tracker.domain.verdicts import known_from
from tracker.services import calendars, factbook, people, programmes, trail
from tracker.store import queries
from tracker.store.bulk import insert_new
from tracker.store.database import Database
from tracker.store.memory import remembered
from tracker.store.tables import (
    AlarmRow,
    DispatchRow,
    DispatchState,
    HeartbeatRow,
    NoticeRow,
    NoticeState,
    ObligationRow,
    Table,
)

TICK = "tick"
"""The heartbeat of the tick: when it last looked."""

BATCH = 1000
"""Alarms in one transaction."""

TRACED = 200
"""Notice keys in one event of the trail."""

SECOND = timedelta(seconds=1)

Views = Callable[[str], View]
"""The view of a programme, looked up once in a tick."""

WANTED = text("notice.state = 'wanted'")
"""Written out, because only then is it the condition of the index on what waits."""


@dataclass(frozen=True)
class TickResult:
    """`more`: more may be due, so tick again at once; dispatches are made by the last one."""

    claimed: int = 0
    made: int = 0
    silenced: int = 0
    dispatched: int = 0
    nobody: int = 0
    more: bool = False


@dataclass(frozen=True)
class Due:
    """An obligation whose alarm went off; what came before `since` was looked at already."""

    obligation_id: int
    since: datetime


@dataclass(frozen=True)
class Intent:
    """A notice to be kept, and the row of its obligation."""

    notice: Notice
    obligation_id: int


def tick(
    session: Session, now: datetime, *, batch: int = BATCH, ways: Sequence[Way] = BY_MAIL
) -> TickResult:
    """One batch of what is due, in the caller's transaction; `ways` in the order of preference.

    Dispatches are made only when nothing is due any more, so that a person's mail of a window
    holds all that is due in it.
    """
    due = claim(session, now, limit=batch)
    views = cache(lambda slug: view(session, slug))
    made, early = _plan(session, due, views, now) if due else ([], False)
    merged = Merged((), (), ())
    more = early or len(due) == batch
    if not more and _anything_waits(session, now):
        merged = _dispatch(session, views, now, ways)
    result = TickResult(
        claimed=len(due),
        made=len(made),
        silenced=sum(bool(one.notice.silenced) for one in made),
        dispatched=len(merged.dispatches),
        nobody=len(merged.unheard),
        more=more,
    )
    beat(session, TICK, now, asdict(result))
    return result


def tick_all(
    database: Database, now: datetime, *, batch: int = BATCH, ways: Sequence[Way] = BY_MAIL
) -> TickResult:
    """Ticks, each in its own transaction, until nothing is due any more; the sum of them."""
    total = TickResult()
    while True:
        with database.write() as session:
            one = tick(session, now, batch=batch, ways=ways)
        total = TickResult(
            total.claimed + one.claimed,
            total.made + one.made,
            total.silenced + one.silenced,
            total.dispatched + one.dispatched,
            total.nobody + one.nobody,
        )
        if not one.more:
            return total


def rearm(
    session: Session,
    slug: str,
    keys: Sequence[str],
    now: datetime,
    *,
    since: datetime | None = None,
) -> int:
    """Set the next alarm of obligations whose facts or deadlines have changed; returns how many.

    `since` is from when on the change was known, where no look came after that. An alarm that this
    one supersedes stays: it will find nothing new to do.
    """
    known = now if since is None else min(since, now)
    seen = view(session, slug)
    ids = queries.obligation_ids(session, slug, keys)
    alarms = [
        (at, ids[key])
        for key in keys
        if key in ids
        and (
            at := next_alarm(seen, key, after=armed_from(seen, key, now=now, since=known) - SECOND)
        )
        is not None
    ]
    set_alarms(session, alarms)
    return len(alarms)


def unheard_since(session: Session, facts: Iterable[f.AnyFact], now: datetime) -> datetime:
    """From when on the first of these facts was known that no look has seen; `now` without one.

    What was known at the last look belongs to a history: it is not told as if it were news.
    """
    last = session.get(HeartbeatRow, TICK)
    if last is None:
        return now
    return min((at for one in facts if last.at < (at := known_from(one)) < now), default=now)


def view(session: Session, slug: str) -> View:
    """The programme with everything known about it, as the planner looks at it."""
    programme = programmes.current(session, slug)
    calendar = calendars.calendar(session)
    key = ("view", slug, programme.hash, calendar.version, factbook.last_row(session, slug))
    return remembered(
        session, key, lambda: View(programme, calendar, factbook.facts(session, slug))
    )


def preview(session: Session, slug: str, *, after: datetime, until: datetime) -> Merged:
    """Who would be told what by the rungs in (after, until], with nothing written or claimed."""
    seen = view(session, slug)
    wanted_keys = select(ObligationRow.key).where(
        ObligationRow.programme == slug, col(ObligationRow.withdrawn_at).is_(None)
    )
    found = [
        notice
        for key in session.exec(wanted_keys.order_by(col(ObligationRow.id))).all()
        for notice in wanted(seen, key, after=after, until=until)
        if not notice.silenced
    ]
    waiting = [_waiting_of(seen, one, until) for one in found]
    directory = Directory(session, until)
    return merge(lambda _: seen, waiting, directory.of, now=until)


def beat(session: Session, name: str, now: datetime, detail: Mapping[str, Any]) -> None:
    """Say that this part of the service has just done its work."""
    mine = {"whose": name, "at": now, "detail": dict(detail)}
    run = session.connection().execute
    if not run(_BEAT, mine).rowcount:
        queries.one_at_a_time(session, f"heartbeat|{name}")
        if not run(_BEAT, mine).rowcount:
            run(insert(HeartbeatRow).values(name=name, at=now, detail=dict(detail)))


# Composed once: a look that finds nothing costs little more than composing these.
_BEAT = update(Table.metadata.tables["heartbeat"]).where(
    col(HeartbeatRow.name) == bindparam("whose")
)
_FIRST = sa_select(
    sa_select(func.min(col(AlarmRow.at))).scalar_subquery(),
    sa_select(func.min(col(NoticeRow.send_at))).where(WANTED).scalar_subquery(),
)


# -- the queue ----------------------------------------------------------------------------------


def claim(session: Session, now: datetime, *, limit: int = BATCH) -> list[Due]:
    """Take the alarms that are due off the queue; nobody else gets them.

    On SQLite the transaction is alone, so a range is taken as it was read. On PostgreSQL alarms
    that another worker is taking are passed over.
    """
    at = int(now.timestamp())
    postgres = session.connection().dialect.name == "postgresql"
    rows = (_claim_skipping if postgres else _claim_range)(session, at, limit)
    first: dict[int, int] = {}
    for moment, obligation_id in rows:
        first[obligation_id] = min(moment, first.get(obligation_id, moment))
    return [
        Due(obligation_id, datetime.fromtimestamp(moment, UTC) - SECOND)
        for obligation_id, moment in first.items()
    ]


_DUE = text(
    "SELECT at, obligation_id FROM alarm WHERE at <= :now ORDER BY at, obligation_id LIMIT :limit"
)
_TAKE_RANGE = text("DELETE FROM alarm WHERE (at, obligation_id) <= (:at, :obligation_id)")
_TAKE_SKIPPING = text(
    # By their place in the table, which holds while they are locked: a join could read all of it.
    "DELETE FROM alarm WHERE ctid = ANY (ARRAY (SELECT ctid FROM alarm WHERE at <= :now "
    "ORDER BY at, obligation_id LIMIT :limit FOR UPDATE SKIP LOCKED)) "
    "RETURNING at, obligation_id"
)


def _claim_range(session: Session, now: int, limit: int) -> list[tuple[int, int]]:
    rows = _pairs(session, _DUE, now, limit)
    if rows:
        at, obligation_id = rows[-1]
        taken = session.connection().execute(
            _TAKE_RANGE, {"at": at, "obligation_id": obligation_id}
        )
        assert taken.rowcount == len(rows)
    return rows


def _claim_skipping(session: Session, now: int, limit: int) -> list[tuple[int, int]]:
    return _pairs(session, _TAKE_SKIPPING, now, limit)


def _pairs(session: Session, statement: TextClause, now: int, limit: int) -> list[tuple[int, int]]:
    found = session.connection().execute(statement, {"now": now, "limit": limit})
    return [(at, obligation_id) for at, obligation_id in found]


def _anything_waits(session: Session, now: datetime) -> bool:
    """Whether notices are due and no alarm is, not even one that another worker is busy with.

    The first of each is looked up: asked whether there is one, PostgreSQL may read on and on.
    """
    first_alarm, first_notice = session.connection().execute(_FIRST).one()
    busy = first_alarm is not None and first_alarm <= int(now.timestamp())
    return first_notice is not None and first_notice <= now and not busy


def set_alarms(session: Session, alarms: Iterable[tuple[datetime, int]]) -> None:
    """Each obligation at the first whole second not before its instant; one there is, is kept."""
    rows = [
        {"at": ceil(at.timestamp()), "obligation_id": obligation_id} for at, obligation_id in alarms
    ]
    insert_new(session, AlarmRow, rows)


# -- alarms to notices --------------------------------------------------------------------------


def _plan(
    session: Session, due: Sequence[Due], views: Views, now: datetime
) -> tuple[list[Intent], bool]:
    """The notices of the obligations that are due, kept; and their next alarms set.

    Also whether one of those is due already: of a pause that began and went on unnoticed.
    """
    rows = _obligations(session, [one.obligation_id for one in due])
    intents: list[Intent] = []
    alarms = _next_pauses(session, rows.values(), views, now)
    early = bool(alarms)
    for one in due:
        row = rows.get(one.obligation_id)
        if row is None:
            continue
        seen = views(row.programme)
        found = wanted(seen, row.key, after=one.since, until=now)
        intents += [Intent(notice, one.obligation_id) for notice in found]
        following = next_alarm(seen, row.key, after=now)
        if following is not None:
            alarms.append((following, one.obligation_id))
    set_alarms(session, alarms)
    return keep(session, intents, now), early


@dataclass(frozen=True)
class _Owed:
    programme: str
    key: str
    item: str
    kind: str
    due_at: datetime | None


def _obligations(session: Session, ids: Sequence[int]) -> dict[int, _Owed]:
    """Withdrawn ones too: what was wanted before that is still to be told of, or to be settled."""
    found: dict[int, _Owed] = {}
    table = ObligationRow
    for some in queries.chunks(ids):
        columns = sa_select(
            col(table.id), col(table.programme), col(table.key), col(table.item),
            col(table.kind), col(table.due_at),
        )  # fmt: skip
        for row in session.connection().execute(columns.where(col(table.id).in_(some))):
            found[row.id] = _Owed(row.programme, row.key, row.item, row.kind, row.due_at)
    return found


def _next_pauses(
    session: Session, rows: Iterable[_Owed], views: Views, now: datetime
) -> list[tuple[datetime, int]]:
    """Where a pause (gap) has reached its limit the next one begins: its row, and its alarm."""
    full = [row for row in rows if row.kind == "gap" and row.due_at and row.due_at <= now]
    for slug in {row.programme for row in full}:
        items = {row.item for row in full if row.programme == slug}
        programmes.refresh_obligations(session, slug, now=now, items=items)
    alarms = []
    for row in full:
        assert row.due_at is not None
        seen = views(row.programme)
        following = following_pause(seen, row.key, row.due_at)
        if following is None:
            continue
        at = next_alarm(seen, following.key, after=following.starts_at - SECOND)
        if at is not None and at <= now:
            alarms.append((at, _row_of(session, row.programme, following, now)))
    return alarms


def _row_of(session: Session, slug: str, one: Obligation, now: datetime) -> int:
    """The row of a pause; one that began and ended unnoticed gets it now, withdrawn as it is."""
    known = queries.obligation_ids(session, slug, [one.key])
    if one.key in known:
        return known[one.key]
    row = ObligationRow(
        programme=slug, key=one.key, section=one.section, item=one.item, clause=one.clause,
        duty=one.duty, kind=one.kind, unit=one.unit, occurrence=one.occurrence, title=one.title,
        starts_at=one.starts_at, due_at=one.due_at, deadline_version=one.version, open=False,
        light=Light.DONE.value, withdrawn_at=now, laid_out_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    assert row.id is not None
    return row.id


def keep(session: Session, intents: Sequence[Intent], now: datetime) -> list[Intent]:
    """Store the notices that are not on file yet, and say so in the trail; returns those."""
    new = list({one.notice.key: one for one in intents}.values())
    rows = [_row(one.notice, one.obligation_id, now) for one in new]
    if insert_new(session, NoticeRow, rows) < len(new):
        known = _known(session, [one.notice.key for one in new], before=now)
        new = [one for one in new if one.notice.key not in known]
    by_programme: dict[str, list[Intent]] = {}
    for one in new:
        by_programme.setdefault(one.notice.programme, []).append(one)
    for slug, mine in by_programme.items():
        events = [
            trail.NewEvent("notices.made", "", {"keys": [_traced(one.notice) for one in some]})
            for some in queries.chunks(mine, TRACED)
        ]
        trail.append_all(session, slug, events, now=now)
    return new


def _known(session: Session, keys: Sequence[str], *, before: datetime) -> set[str]:
    """Those that an earlier tick has made."""
    found: set[str] = set()
    for some in queries.chunks(keys):
        there = select(NoticeRow.key).where(col(NoticeRow.key).in_(some))
        found |= set(session.exec(there.where(col(NoticeRow.made_at) < before)))
    return found


def _row(notice: Notice, obligation_id: int, now: datetime) -> dict[str, Any]:
    return {
        "key": notice.key,
        "programme": notice.programme,
        "obligation_id": obligation_id,
        "obligation_key": notice.obligation,
        "deadline_version": notice.deadline_version,
        "rung": notice.rung,
        "role": notice.role,
        "unit": notice.unit,
        "nominal_at": notice.nominal_at,
        "send_at": notice.send_at,
        "state": NoticeState.SUPPRESSED if notice.silenced else NoticeState.WANTED,
        "reason": notice.silenced,
        "made_at": now,
    }


def _traced(notice: Notice) -> str:
    return f"{notice.key} ({notice.silenced})" if notice.silenced else notice.key


# -- notices to dispatches ---------------------------------------------------------------------


class Directory:
    """Who has which role today, each programme looked up once."""

    def __init__(self, session: Session, now: datetime, ways: Sequence[Way] = BY_MAIL) -> None:
        self._session = session
        self._now = now
        self._ways = ways
        self._known: dict[str, dict[tuple[str, str], list[Recipient]]] = {}

    def of(self, one: Waiting) -> list[Recipient]:
        """The people to tell, in order of appointment; a deputy where there is no contact."""
        copy = _COPY.search(one.key)
        found = self.having(one.programme, one.unit, one.role)
        return [who for who in found if copy is None or who.person == int(copy[1])]

    def having(self, programme: str, unit: str, role: str) -> list[Recipient]:
        roles = self._roles(programme)
        found = [*roles.get((unit, role), ()), *roles.get((people.EVERY_UNIT, role), ())]
        if not found and role == people.Role.CONTACT:
            return self.having(programme, unit, people.Role.DEPUTY)
        return list({who.person: who for who in found}.values())

    def _roles(self, programme: str) -> dict[tuple[str, str], list[Recipient]]:
        if programme not in self._known:
            roles: dict[tuple[str, str], list[Recipient]] = {}
            zone = programmes.current(self._session, programme).tz
            on: date = self._now.astimezone(zone).date()
            for holder in people.holders(self._session, programme, on):
                who = Recipient(holder.person_id, way_to(holder.mail, self._ways))
                roles.setdefault((holder.unit, holder.role), []).append(who)
            self._known[programme] = roles
        return self._known[programme]


_COPY = re.compile(r"\|p(\d+)$")


def is_copy(key: str) -> bool:
    """Whether the notice is the copy for a further person in the role."""
    return _COPY.search(key) is not None


def way_to(mail: str | None, ways: Sequence[Way]) -> str:
    """The first channel that reaches a person with this address or none; empty where none does."""
    reached = is_address(mail)
    return next((way.name for way in ways if reached or not way.needs_address), "")


def is_address(mail: str | None) -> bool:
    try:
        return bool(mail and Address(mail))
    except ValueError:
        return False


def _dispatch(session: Session, views: Views, now: datetime, ways: Sequence[Way]) -> Merged:
    """Give every notice that is due its dispatch; one planner at a time, or a mail would be two."""
    queries.one_at_a_time(session, "dispatches")
    directory = Directory(session, now, ways)
    rows = _due_notices(session, now)
    if _spread(session, rows, directory, now):
        rows = _due_notices(session, now)
    by_key = {row.key: row for row in rows}
    waiting = [_waiting_row(views(row.programme), row, now) for row in rows]
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


def _first(directory: Directory, one: Waiting) -> list[Recipient]:
    """A row is told to one person: the first who has an address. The others have copies."""
    found = directory.of(one)
    return [who for who in found if who.reachable][:1] or found[:1]


def _due_notices(session: Session, now: datetime) -> list[NoticeRow]:
    due = select(NoticeRow).where(WANTED, col(NoticeRow.send_at) <= now)
    return list(session.exec(due.order_by(col(NoticeRow.nominal_at), col(NoticeRow.id))).all())


def _spread(
    session: Session, rows: Sequence[NoticeRow], directory: Directory, now: datetime
) -> int:
    """A role that several people have: a copy of the notice for each further one."""
    copies = []
    for row in rows:
        if is_copy(row.key):
            continue
        found = directory.having(row.programme, row.unit, row.role)
        for who in [one for one in found if one.reachable][1:]:
            copy = row.model_dump(exclude={"id"})
            copies.append({**copy, "key": f"{row.key}|p{who.person}", "made_at": now})
    return insert_new(session, NoticeRow, copies)


def _waiting_row(seen: View, row: NoticeRow, now: datetime) -> Waiting:
    return Waiting(
        row.key, row.programme, row.obligation_key, row.unit, row.role, row.rung, row.nominal_at,
        row.send_at, by_the_hour(seen, row.obligation_key, row.rung, now),
    )  # fmt: skip


def _waiting_of(seen: View, notice: Notice, now: datetime) -> Waiting:
    return Waiting(
        notice.key, notice.programme, notice.obligation, notice.unit, notice.role, notice.rung,
        notice.nominal_at, notice.send_at, by_the_hour(seen, notice.obligation, notice.rung, now),
    )  # fmt: skip


def _dispatches_of(
    session: Session, persons: Iterable[int], now: datetime
) -> dict[str, DispatchRow]:
    """The dispatches of these people from today on (windows sort as days), held until we commit."""
    since = (now - timedelta(days=2)).date().isoformat()
    found: dict[str, DispatchRow] = {}
    for some in queries.chunks(sorted(persons)):
        theirs = select(DispatchRow).where(
            col(DispatchRow.person_id).in_(some), col(DispatchRow.window) >= since
        )
        found |= {row.key: row for row in session.exec(theirs.with_for_update())}
    return found


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
