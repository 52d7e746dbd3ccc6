"""How the service itself is doing: it notices its own silence.

Findings are values; their sentences belong to the catalogues under their `text_code`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Protocol

from sqlalchemy import func, select
from sqlmodel import Session, col

from schedules.deadlines import local_day
from tracker.services import calendars, heartbeats, held, outbox, people, postings, programmes
from tracker.store.tables import (
    DispatchRow,
    DispatchState,
    EventRow,
    HeartbeatRow,
    NoticeRow,
    NoticeState,
    PersonRow,
    ReplyRow,
)

MISSED = 3
"""So many beats may be missed before a part counts as silent."""

LEAST = timedelta(minutes=2)
WAITS_AT_MOST = timedelta(minutes=30)
RETRIES_AT_MOST = timedelta(hours=1)
UNSEALED_AT_MOST = timedelta(hours=1)
RECENT = timedelta(days=30)
OCTOBER = 10
SKEW = timedelta(minutes=2)
"""By how much the clocks of two machines may differ."""
LITTLE = 50 * 2**20
"""Octets of free disk below which there is trouble ahead."""

Value = str | int


class Beats(Protocol):
    """The settings that say how often the parts work."""

    @property
    def engine(self) -> str: ...
    @property
    def tick_seconds(self) -> float: ...
    @property
    def deliver_seconds(self) -> float: ...
    @property
    def mailbox_host(self) -> str: ...
    @property
    def mailbox_seconds(self) -> float: ...
    @property
    def data(self) -> Path: ...


@dataclass(frozen=True)
class Finding:
    """`red` findings mean that the service fails to do its work while they are not ok; of the
    others a person should know."""

    name: str
    ok: bool
    text_code: str
    values: tuple[tuple[str, Value], ...] = ()
    red: bool = True

    @property
    def code(self) -> str:
        return self.text_code


def health(session: Session, now: datetime, settings: Beats) -> list[Finding]:
    """Everything that is watched, in a fixed order."""
    return [
        _beating(session, "tick", now, settings.tick_seconds),
        _beating(session, "deliver", now, settings.deliver_seconds),
        *_workers(session, now, settings),
        _outbox(session, now),
        _failed(session, now),
        *_held(session),
        _sealed(session, now),
        _heard(session, now),
        _addresses(session),
        *_mailbox(session, now, settings),
        *_hooks(session, now),
        *space(settings.data),
        _calendar(session, now),
    ]


def _finding(name: str, ok: bool, code: str, *, red: bool = True, **values: Value) -> Finding:
    return Finding(name, ok, f"health.{code}", tuple(values.items()), red)


def _beating(session: Session, name: str, now: datetime, seconds: float) -> Finding:
    row = session.get(HeartbeatRow, name)
    if row is None:
        return _finding(name, False, f"{name}_never")
    age = now - row.at
    silent = age > max(LEAST, timedelta(seconds=seconds) * MISSED)
    code = f"{name}_silent" if silent else f"{name}_ok"
    return _finding(name, not silent, code, minutes=_minutes(age), at=row.at.isoformat())


def _workers(session: Session, now: datetime, settings: Beats) -> Iterator[Finding]:
    """The processes that share the work of a cluster: some are missed, or none is there.

    Of each that is missed a line: role, machine, number and minutes without a word."""
    if settings.engine != "cluster":
        return
    found = heartbeats.processes(session)
    ages = {name: now - row.at for name, row in found.items()}
    missed = {name: age for name, age in ages.items() if age > heartbeats.ALIVE_EVERY * MISSED}
    working = [name for name in found if name.startswith("work|") and name not in missed]
    code = "workers_missed" if missed else "workers_ok"
    if not working:
        code = "workers_gone" if missed else "workers_none"
    yield _finding(
        "workers", bool(working) and not missed, code, red=not working, n=len(missed or working),
        names="\n".join(f"{name}|{_minutes(age)}" for name, age in missed.items()),
        hours=heartbeats.FORGOTTEN_AFTER // timedelta(hours=1),
    )  # fmt: skip


def _outbox(session: Session, now: datetime) -> Finding:
    """How long the mail that waits longest has waited for us, or for a server that takes it."""
    oldest = (
        select(col(DispatchRow.due_at), col(DispatchRow.made_at))
        .where(outbox.OPEN, col(DispatchRow.due_at) <= now)
        .order_by(col(DispatchRow.due_at))
        .limit(1)
    )
    row = session.connection().execute(oldest).first()
    waits = timedelta() if row is None else now - row.due_at
    retried = select(func.count()).select_from(DispatchRow).where(
        outbox.OPEN, col(DispatchRow.due_at) > now
    )  # fmt: skip
    later = session.connection().execute(retried).scalar_one()
    tries = _retries(session, now)
    if waits > WAITS_AT_MOST:
        return _finding("outbox", False, "outbox_waits", minutes=_minutes(waits), later=later)
    if tries > RETRIES_AT_MOST:
        return _finding("outbox", False, "outbox_retries", minutes=_minutes(tries), later=later)
    return _finding("outbox", True, "outbox_ok", minutes=_minutes(waits), later=later)


def _retries(session: Session, now: datetime) -> timedelta:
    """For how long the first mail has been tried that no server has taken yet."""
    tried = select(func.min(col(DispatchRow.frozen_at))).where(
        outbox.OPEN, col(DispatchRow.outcome).in_(["later", "unknown"])
    )
    first = session.connection().execute(tried).scalar_one()
    return timedelta() if first is None else now - first


def _failed(session: Session, now: datetime) -> Finding:
    """Mails that no server took, lately; each is listed with its reason."""
    failed = select(func.count()).select_from(DispatchRow).where(
        col(DispatchRow.state).in_([DispatchState.FAILED, DispatchState.BOUNCED]),
        col(DispatchRow.settled_at) >= now - RECENT,
    )  # fmt: skip
    n = session.connection().execute(failed).scalar_one()
    code = "mails_failed" if n else "mails_ok"
    return _finding("mails", not n, code, red=False, n=n, days=RECENT.days)


def _held(session: Session) -> Iterator[Finding]:
    """Nothing where no mail waits for what a person says of a restore."""
    n = held.count(session)
    if n:
        yield _finding("held", False, "held", red=False, n=n)


def _sealed(session: Session, now: datetime) -> Finding:
    waiting = select(func.count(), func.min(col(EventRow.at))).where(col(EventRow.seq).is_(None))
    n, oldest = session.connection().execute(waiting).one()
    age = now - oldest if n else timedelta()
    ok = age <= UNSEALED_AT_MOST
    return _finding("trail", ok, "trail_ok" if ok else "trail_unsealed", n=n, minutes=_minutes(age))


def _heard(session: Session, now: datetime) -> Finding:
    """Units that owe a duty and have no contact; rungs that found nobody to tell, lately (a person
    without mail)."""
    where = (
        select(col(NoticeRow.programme), col(NoticeRow.unit), col(NoticeRow.role))
        .where(col(NoticeRow.state) == NoticeState.NOBODY, col(NoticeRow.send_at) >= now - RECENT)
        .distinct()
        .order_by(col(NoticeRow.programme), col(NoticeRow.unit), col(NoticeRow.role))
    )
    found = session.connection().execute(where).all()
    silent = [unit.label for slug in programmes.slugs(session)
              for unit in people.unheard(session, slug, _today(session, slug, now))]  # fmt: skip
    if silent and not found:
        listed = "、".join(silent[:8]) + "…" * (len(silent) > 8)
        return _finding("people", False, "no_contact", red=False, n=len(silent), names=listed)
    posts = [f"{_unit_name(session, slug, unit)}\t{role}" for slug, unit, role in found[:10]]
    code = "nobody" if found else "everybody"
    return _finding("people", not found, code, red=False, n=len(found), where="\n".join(posts))


def _today(session: Session, slug: str, now: datetime) -> date:
    return local_day(now, programmes.current(session, slug).tz)


def _unit_name(session: Session, slug: str, unit: str) -> str:
    return programmes.current(session, slug).unit_names.get(unit, unit)


def _addresses(session: Session) -> Finding:
    """People whose mails came back."""
    bad = select(func.count()).select_from(PersonRow).where(
        col(PersonRow.bounced_at).is_not(None), col(PersonRow.erased_at).is_(None)
    )  # fmt: skip
    n = session.connection().execute(bad).scalar_one()
    code = "addresses_bounced" if n else "addresses_ok"
    return _finding("addresses", not n, code, red=False, n=n)


def _mailbox(session: Session, now: datetime, settings: Beats) -> Iterator[Finding]:
    """Nothing where none is read."""
    if not settings.mailbox_host:
        return
    row = session.get(HeartbeatRow, "mailbox")
    silent = now - row.at > timedelta(seconds=settings.mailbox_seconds) * MISSED if row else True
    if row is None or silent or row.detail.get("failed"):
        why = str(row.detail.get("failed", "")) if row else ""
        code = "mailbox_failed" if why else "mailbox_silent"
        yield _finding("mailbox", False, code, red=False, why=why)
        return
    waiting = select(func.count()).select_from(ReplyRow).where(col(ReplyRow.settled_at).is_(None))
    n = session.connection().execute(waiting).scalar_one()
    yield _finding("mailbox", True, "mailbox_waits" if n else "mailbox_ok", red=False, n=n)


def _hooks(session: Session, now: datetime) -> Iterator[Finding]:
    """Nothing where no event is told to another system. That one takes none is no fault of the
    service; that none is posted is."""
    found = postings.stuck(session, since=now - RECENT)
    if found is None:
        return
    names = "、".join(found.servers)
    waits = now - found.due_at if found.due_at else timedelta()
    tries = now - found.tried_since if found.tried_since else timedelta()
    if waits > WAITS_AT_MOST:
        yield _finding("hooks", False, "hooks_wait", minutes=_minutes(waits))
    elif found.failed:
        yield _finding("hooks", False, "hooks_failed", red=False, n=found.failed, days=RECENT.days,
                       names=names)  # fmt: skip
    elif tries > RETRIES_AT_MOST:
        yield _finding("hooks", False, "hooks_retried", red=False, minutes=_minutes(tries),
                       names=names)  # fmt: skip
    else:
        yield _finding("hooks", True, "hooks_ok", red=False)


def space(folder: Path, *, little: int = LITTLE) -> Iterator[Finding]:
    """Nothing where there is room on the disk, in octets."""
    free = free_octets(folder)
    if free < little:
        yield _finding("disk", False, "disk_full", left=f"{free // 2**20} MiB")


def ahead(session: Session, now: datetime) -> Iterator[Finding]:
    """Nothing where the newest record is from before `now`; else a clock is wrong, or was. Only for
    those who look at the present."""
    newest = select(col(EventRow.at)).order_by(col(EventRow.id).desc()).limit(1)
    at = session.connection().execute(newest).scalar_one_or_none()
    if at is not None and at - now > SKEW:
        yield _finding("clock", False, "clock_behind", minutes=_minutes(at - now))


def free_octets(folder: Path) -> int:
    """On the disk where the folder is, or will be."""
    return shutil.disk_usage(standing(folder)).free


def standing(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    return next(one for one in (folder, *folder.absolute().parents) if one.exists())


def _calendar(session: Session, now: datetime) -> Finding:
    """From October on next year's days off should be known."""
    year = now.year + 1
    known = calendars.calendar(session).known(year)
    ok = known or now.month < OCTOBER
    code = "calendar_ok" if known else "calendar_unknown"
    return _finding("calendar", ok, code, red=False, year=year)


def _minutes(age: timedelta) -> int:
    return max(0, int(age / timedelta(minutes=1)))
