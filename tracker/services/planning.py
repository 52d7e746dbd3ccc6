"""The tick: what is due becomes notices, notices become dispatches; nothing is sent here.

A tick is a function of `now` and rows that may be repeated, dropped or run twice at once. Its cost
follows what is due: the alarms of open obligations lie in a narrow queue of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import func
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from notifiers.message import BY_MAIL, Way
from tracker.domain import facts as f
from tracker.domain.obligations import Light, Obligation
from tracker.domain.reminders import Notice, armed_from, following_pause, next_alarm, wanted
from tracker.domain.turns import View
from tracker.domain.verdicts import known_from
from tracker.services import calendars, factbook, programmes, trail
from tracker.services.alarms import BATCH, SECOND, Due, claim, set_alarms
from tracker.services.dispatching import WANTED, Dispatched, Views, dispatch
from tracker.services.heartbeats import TICK, beat
from tracker.store import queries
from tracker.store.bulk import insert_new
from tracker.store.database import Database
from tracker.store.memory import remembered
from tracker.store.tables import AlarmRow, HeartbeatRow, NoticeRow, NoticeState, ObligationRow

TRACED = 200
"""Notice keys in one event of the trail."""


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
    done = Dispatched()
    more = early or len(due) == batch
    if not more and _anything_waits(session, now):
        done = dispatch(session, views, now, ways)
    result = TickResult(
        claimed=len(due),
        made=len(made),
        silenced=sum(bool(one.notice.silenced) for one in made),
        dispatched=done.dispatches,
        nobody=done.nobody,
        more=more,
    )
    beat(session, TICK, now, asdict(result))
    return result


def tick_all(
    database: Database,
    now: datetime,
    *,
    batch: int = BATCH,
    ways: Sequence[Way] = BY_MAIL,
    stop: Callable[[], bool] = lambda: False,
) -> TickResult:
    """Ticks, each in its own transaction, until nothing is due any more or it is to stop; the sum
    of them."""
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
        if not one.more or stop():
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
    seen = _near_view(session, slug, keys)
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
    row = queries.current_version(session, slug).row
    key = ("view", slug, row, programme.hash, calendar.version, factbook.last_row(session, slug))

    def look() -> View:
        facts, loaded = factbook.facts(session, slug), programmes.loaded(session, slug)
        return View(programme, calendar, facts, loaded)

    return remembered(session, key, look)


def _near_view(session: Session, slug: str, keys: Iterable[str]) -> View:
    """The same as far as these obligations are concerned."""
    programme = programmes.current(session, slug)
    clauses = {key.partition("/")[0] for key in keys}
    facts = factbook.near(session, slug, clauses=clauses)
    return View(programme, calendars.calendar(session), facts, programmes.loaded(session, slug))


_FIRST = sa_select(
    sa_select(func.min(col(AlarmRow.at))).scalar_subquery(),
    sa_select(func.min(col(NoticeRow.send_at))).where(WANTED).scalar_subquery(),
)


def _anything_waits(session: Session, now: datetime) -> bool:
    """Whether notices are due and no alarm is, not even one that another worker is busy with.

    The first of each is looked up: asked whether there is one, PostgreSQL may read on and on.
    """
    first_alarm, first_notice = session.connection().execute(_FIRST).one()
    busy = first_alarm is not None and first_alarm <= int(now.timestamp())
    return first_notice is not None and first_notice <= now and not busy


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
