"""The mails of the time ahead, person by person: why each will go, and how it would read.

The looks at the clock are played forward over what is known now: nobody reports anything, nobody
signs. Nothing is written.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from heapq import heapify, heappop, heappush
from itertools import count
from math import ceil

from sqlmodel import Session, col, select

from schedules.deadlines import local_day
from tracker.domain.dispatches import Merged, Planned, Waiting, merge
from tracker.domain.errors import NotFound
from tracker.domain.programme import Programme
from tracker.domain.reminders import lapsed, wanted
from tracker.domain.silences import Mode, Silence, over
from tracker.services import planning, silences
from tracker.services.alarms import SECOND
from tracker.services.claims import Draft, HeldNotice, addressees
from tracker.services.directory import Directory
from tracker.services.dispatching import waiting_of, waiting_row
from tracker.services.letterbox import Desk, Letter, Stationery
from tracker.store import queries
from tracker.store.tables import (
    AbsenceRow,
    AlarmRow,
    DispatchKind,
    DispatchRow,
    DispatchState,
    MembershipRow,
    NoticeRow,
    NoticeState,
    ObligationRow,
)

TWO_WEEKS = timedelta(days=14)
OPEN = (DispatchState.PENDING, DispatchState.SENDING, DispatchState.UNKNOWN)


@dataclass(frozen=True)
class Told:
    """A notice of a mail to come, or one that will not go out: `why_not` names the reason."""

    obligation: str
    rung: str
    role: str
    unit: str
    nominal_at: datetime
    why_not: str = ""


@dataclass(frozen=True)
class Coming:
    """A mail to come: it goes to the person at `at`, unless something happens before.

    `person` 0 has nobody: `told` say who was meant and why nobody hears.
    """

    key: str
    person: int
    name: str
    mail: str
    at: datetime
    window: str
    channel: str
    told: tuple[Told, ...]

    @property
    def matters(self) -> tuple[Told, ...]:
        """Each obligation once, as in the mail itself, by the last of its rungs: one that catches
        up brings many."""
        latest = {(one.obligation, one.unit): one for one in self.told}
        return tuple(latest.values())


def coming(
    session: Session, slug: str, *, now: datetime, until: datetime | None = None
) -> list[Coming]:
    """Every mail up to `until` (two weeks), by instant and person; what reaches nobody too."""
    return _mails(_Play(_Store(session, slug, now), until))


def compared(
    session: Session, slug: str, instead: Programme, *, now: datetime
) -> tuple[list[Coming], list[Coming]]:
    """The mails of the next two weeks, and those that there would be if `instead` were the
    programme's version."""
    store = _Store(session, slug, now)
    return _mails(_Play(store)), _mails(_Play(store, instead=instead))


def _mails(play: _Play) -> list[Coming]:
    found = [_coming(play.store, at, one) for at, one in play.through()]
    found += [_unheard(at, one, why) for at, one, why in play.unheard]
    return sorted(found, key=lambda one: (one.at, one.name, one.key))


def ahead(
    session: Session, slug: str, *, now: datetime
) -> tuple[list[Coming], list[tuple[datetime, Told]]]:
    """The mails of the next two weeks, and what would go out in them and does not: signed for,
    silenced."""
    play = _Play(_Store(session, slug, now))
    return _mails(play), sorted(play.hushed, key=lambda one: (one[0], one[1].obligation))


def letter(
    session: Session,
    slug: str,
    stationery: Stationery,
    *,
    now: datetime,
    key: str,
    until: datetime | None = None,
) -> tuple[Coming, Letter]:
    """One of those mails as it would read at its instant; NotFound where none has the key.

    Its links lead nowhere: only the reader of the real one can sign with it.
    """
    play = _Play(_Store(session, slug, now), until)
    found = next((one for one in play.through() if one[1].key == key), None)
    if found is None:
        raise NotFound(f"今后两周没有这封信 / no mail of the next two weeks has the key {key!r}")
    at, planned = found
    person = addressees(session, [planned.person])[planned.person]
    notices = [_as_held(one, play.versions[one.key]) for one in planned.notices]
    dead = replace(stationery, secret=secrets.token_hex(32))
    desk = Desk(session, dead, at, at)
    return _coming(play.store, at, planned), desk.written(_draft(planned, at), person, notices)


def titles(session: Session, slug: str, told: Iterable[Told]) -> dict[str, str]:
    """What the obligations of these are called, by key."""
    keys = sorted({one.obligation for one in told})
    found: dict[str, str] = {}
    for some in queries.chunks(keys):
        wanted_rows = select(ObligationRow.key, ObligationRow.title).where(
            ObligationRow.programme == slug, col(ObligationRow.key).in_(some)
        )
        found |= dict(session.exec(wanted_rows).all())
    return found


class _Store:
    """What plays of one programme read, each of it once."""

    def __init__(self, session: Session, slug: str, now: datetime) -> None:
        self.session, self.slug, self.now = session, slug, now
        self.view = planning.view(session, slug)
        self.silences = silences.of_programme(session, slug)
        self._directories: dict[date | None, Directory] = {}

    def directory(self, at: datetime) -> Directory:
        """Who has which role then: looked up anew only where somebody comes, goes or is away."""
        day = local_day(at, self.view.programme.tz)
        since = max((one for one in self._turns if one <= day), default=None)
        return self._directories.setdefault(since, Directory(self.session, at))

    @cached_property
    def _turns(self) -> set[date]:
        """The days on which a role or an absence begins or has ended."""
        days = (
            select(col(MembershipRow.from_on), col(MembershipRow.until_on))
            .where(MembershipRow.programme == self.slug)
            .union_all(select(col(AbsenceRow.from_on), col(AbsenceRow.until_on)))
        )
        found = self.session.connection().execute(days)
        return {day for row in found for day in row if day is not None}

    @cached_property
    def waiting(self) -> list[NoticeRow]:
        """What waits already, and still takes changes."""
        rows = select(NoticeRow).outerjoin(
            DispatchRow, col(DispatchRow.id) == NoticeRow.dispatch_id
        ).where(
            NoticeRow.programme == self.slug,
            (col(NoticeRow.state) == NoticeState.WANTED)
            | ((col(NoticeRow.state) == NoticeState.DISPATCHED)
               & col(DispatchRow.frozen_at).is_(None)
               & col(DispatchRow.state).in_(OPEN)),
        )  # fmt: skip
        return list(self.session.exec(rows))

    def armed(self, until: datetime) -> Iterable[str]:
        """The obligations that have a rung by then."""
        # No join: alarms are not found by their obligation, so that each would look at all of them.
        ring = select(AlarmRow.obligation_id).where(AlarmRow.at <= ceil(until.timestamp()))
        keys = (
            select(ObligationRow.key)
            .where(ObligationRow.programme == self.slug, col(ObligationRow.id).in_(ring))
            .order_by(ObligationRow.key)
        )
        return self.session.exec(keys).all()

    @cached_property
    def used(self) -> frozenset[str]:
        """The keys of today's and later mails that take in nothing more."""
        since = (self.now - timedelta(days=2)).date().isoformat()
        rows = select(DispatchRow.key, DispatchRow.state, DispatchRow.frozen_at)
        takes = (DispatchState.PENDING, DispatchState.SUPPRESSED)
        return frozenset(
            key
            for key, state, frozen_at in self.session.exec(rows.where(DispatchRow.window >= since))
            if state not in takes or frozen_at is not None
        )


class _Play:
    """The looks at the clock from `now` to `until`, each when something is due."""

    def __init__(
        self, store: _Store, until: datetime | None = None, instead: Programme | None = None
    ) -> None:
        self.store, self._now, self._until = store, store.now, until or store.now + TWO_WEEKS
        self._instead = instead
        self._view = store.view
        if instead is not None:
            self._view = replace(self._view, programme=instead, _scopes={})
        self._numbers = count()
        self.versions: dict[str, int] = {}
        self.hushed: list[tuple[datetime, Told]] = []
        self.unheard: list[tuple[datetime, Waiting, str]] = []

    def through(self) -> Iterator[tuple[datetime, Planned]]:
        used = set(self.store.used)
        queue = [(max(one.send_at, self._now), next(self._numbers), one) for one in self._due()]
        heapify(queue)
        while queue and queue[0][0] <= self._until:
            at = queue[0][0]
            batch = []
            while queue and queue[0][0] <= at:
                batch.append(heappop(queue)[2])
            merged, snoozed = self._merged(batch, at, used)
            for one, later in (*merged.kept, *snoozed):
                heappush(queue, (later, next(self._numbers), one))
            self.unheard += [(at, one, why) for one, why in merged.unheard]
            for planned in merged.dispatches:
                used.add(planned.key)
                yield at, planned

    def _merged(
        self, batch: Sequence[Waiting], at: datetime, used: set[str]
    ) -> tuple[Merged, list[tuple[Waiting, datetime]]]:
        alive, snoozed = [], []
        for one in batch:
            why = self._lapsed(one, at)
            silence = None if why else self._silence(one, at)
            if silence is not None and silence.mode is Mode.SNOOZE:
                snoozed.append((one, silence.ends_at))
            elif why or silence is not None:
                reason = why or silences.REASON.format(silence.number if silence else 0)
                self.hushed.append((at, _told(one, reason)))
            else:
                alive.append(one)
        directory = self.store.directory(at)
        merged = merge(lambda _: self._view, alive, directory.of, now=at,
                       used=lambda key: key in used)  # fmt: skip
        return merged, snoozed

    def _lapsed(self, one: Waiting, at: datetime) -> str:
        return lapsed(
            self._view, one.obligation, rung=one.rung, version=self.versions[one.key],
            role=one.role, at=at,
        )  # fmt: skip

    def _silence(self, one: Waiting, at: datetime) -> Silence | None:
        if not self.store.silences:
            return None
        found = self.store.directory(at).of(one)
        return over(self.store.silences, one, found[0].person if found else 0, at)

    def _due(self) -> Iterator[Waiting]:
        """What waits already, and what the rungs up to the end want."""
        made = {row.key for row in self.store.waiting}
        for row in self.store.waiting:
            if row.key.rpartition("|p")[0] in made:
                continue  # the copy for a further person: its first one is told to all of them here
            self.versions[row.key] = row.deadline_version
            yield waiting_row(self._view, row, max(row.send_at, self._now))
        for key in self._armed():
            yield from self._wanted(key, made)

    def _wanted(self, key: str, made: set[str]) -> Iterator[Waiting]:
        for notice in wanted(self._view, key, after=self._now - SECOND, until=self._until):
            if notice.key in made:
                continue
            self.versions[notice.key] = notice.deadline_version
            one = waiting_of(self._view, notice, max(notice.send_at, self._now))
            if notice.silenced:
                self.hushed.append((one.send_at, _told(one, notice.silenced)))
            else:
                yield one

    def _armed(self) -> Iterable[str]:
        """The obligations that have a rung in that time; of a version that is not there yet nobody
        knows it."""
        if self._instead is not None:
            return queries.open_keys(self.store.session, self.store.slug)
        return self.store.armed(self._until)


def _told(one: Waiting, why_not: str = "") -> Told:
    return Told(one.obligation, one.rung, one.role, one.unit, one.nominal_at, why_not)


def _coming(store: _Store, at: datetime, one: Planned) -> Coming:
    name, mail = store.directory(at).called(one.person)
    told = tuple(_told(notice) for notice in one.notices)
    return Coming(one.key, one.person, name, mail, at, one.window,
                  one.channel, told)  # fmt: skip


def _unheard(at: datetime, one: Waiting, why: str) -> Coming:
    return Coming(one.key, 0, "", "", at, "", "", (_told(one, why),))


def _draft(planned: Planned, at: datetime) -> Draft:
    return Draft(
        id=0, key=planned.key, person_id=planned.person, programme=planned.notices[0].programme,
        window=planned.window, channel=planned.channel, kind=DispatchKind.REMINDER,
        message_id=planned.key, frozen_at=None, worker="", attempt=0, state=DispatchState.PENDING,
        due_at=at, lease_until=None, next_try_at=None, settled_at=None, outcome="",
        server_reply="", recipient="", subject="", text="", html="", raw=None, follows_id=None,
    )  # fmt: skip


def _as_held(one: Waiting, version: int) -> HeldNotice:
    return HeldNotice(
        id=0, key=one.key, programme=one.programme, obligation_id=0, obligation_key=one.obligation,
        deadline_version=version, rung=one.rung, role=one.role, unit=one.unit,
        nominal_at=one.nominal_at, send_at=one.send_at, state=NoticeState.DISPATCHED, reason="",
        dispatch_id=None,
    )  # fmt: skip
