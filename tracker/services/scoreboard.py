"""The one place from which pages, mails and exports get a score: no two may disagree."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from sqlmodel import Session

from schedules.deadlines import closes_at
from schedules.workdays import WorkCalendar
from tracker.domain import facts as f
from tracker.domain import readings
from tracker.domain.ledger import Ledger
from tracker.domain.moved import Moved, reached
from tracker.domain.moved import moved as domain_moved
from tracker.domain.programme import Programme
from tracker.domain.record import Record, record
from tracker.domain.retroaction import Retroactive, retroaction
from tracker.domain.scoring import Context, score_filed
from tracker.services import calendars, factbook, programmes
from tracker.store import queries
from tracker.store.memory import remembered


@dataclass(frozen=True)
class Board:
    """A programme's ledger with everything that it was computed from.

    `programme` is as published; its readings are applied inside the ledger. `version` is 0 for
    documents that are in no database. `filed` are the facts that stand.
    """

    programme: Programme
    version: int
    context: Context
    filed: Record
    ledger: Ledger
    as_of: datetime
    known_at: datetime
    told: Callable[[], tuple[f.AnyFact, ...]] = field(repr=False)

    @cached_property
    def facts(self) -> tuple[f.AnyFact, ...]:
        """All that were recorded by `known_at`."""
        return self.told()

    @cached_property
    def true(self) -> tuple[f.AnyFact, ...]:
        """The facts that stand as of the board's instants, oldest first."""
        return tuple(f.standing(self.facts, as_of=self.as_of, known_at=self.known_at))

    @cached_property
    def read(self) -> Programme:
        """The programme with the readings that hold written into it."""
        return readings.applied(self.programme, dict(self.ledger.readings))

    @property
    def final(self) -> bool:
        """Past the cut-off: what is not done now is never done."""
        return self.as_of >= self._settles_at

    @property
    def _settles_at(self) -> datetime:
        return closes_at(self.programme.closes_on, self.programme.tz)

    @cached_property
    def retroactive(self) -> Retroactive | None:
        """The provisional score and what results that come until the cut-off would make of it."""
        return retroaction(
            self.programme, self.context, self.filed, self.ledger, settles_at=self._settles_at
        )


def board(
    session: Session,
    slug: str,
    *,
    as_of: datetime,
    known_at: datetime | None = None,
    version: int | None = None,
) -> Board:
    """The current version, or an earlier one, as of an instant; `known_at` is `as_of` unless given.

    A later look at the past is `as_of` then with `known_at` now. NotFound names the versions that
    there are.
    """
    found = queries.version_of(session, slug, version)
    calendar = calendars.calendar(session)
    known = as_of if known_at is None else known_at
    book = factbook.book(session, slug, as_of=as_of, known_at=known)
    key = ("board", slug, found.version, found.hash, calendar.version, book.state, as_of, known)
    return remembered(
        session,
        key,
        lambda: _board(
            programmes.parsed(session, found), found.version, calendar, book.filed(), book.facts
        ),
    )


def moved(session: Session, slug: str, new: Sequence[f.AnyFact], *, now: datetime) -> Moved:
    """What facts that are on file did to the score as it stands now.

    It looks at no other items than those that they can move, and at no other facts.
    """
    programme, context = programmes.current(session, slug), Context(calendars.calendar(session))
    ids = {one.id for one in new}
    named = {name for one in new for name in factbook.names(one)}
    named |= {
        name
        for one in factbook.named(session, slug, named).values()
        for name in factbook.names(one)
    }
    known: dict[str, f.AnyFact] = {one.id: one for one in factbook.near(session, slug, ids=named)}
    filed = record(known.values(), as_of=now, known_at=now)
    read = readings.as_read(programme, filed)[1]
    items = reached(read, new, known)
    facts = factbook.facts(session, slug) if items is None else factbook.near(
        session, slug, ids=known, clauses=read.clauses_in(items)
    )  # fmt: skip
    before, after = (
        record(some, as_of=now, known_at=now)
        for some in ((one for one in facts if one.id not in ids), facts)
    )
    return domain_moved(programme, context, before=before, after=after, items=items)


def of_documents(
    programme: Programme,
    facts: Iterable[f.AnyFact],
    calendar: WorkCalendar,
    *,
    as_of: datetime,
    known_at: datetime | None = None,
) -> Board:
    """The same from documents alone, without a database."""
    known = as_of if known_at is None else known_at
    told = tuple(one for one in facts if one.recorded_at <= known)
    filed = record(told, as_of=as_of, known_at=known)
    return _board(programme, 0, calendar, filed, lambda: told)


def _board(
    programme: Programme,
    version: int,
    calendar: WorkCalendar,
    filed: Record,
    facts: Callable[[], tuple[f.AnyFact, ...]],
) -> Board:
    context = Context(calendar)
    ledger = score_filed(programme, context, filed)
    return Board(programme, version, context, filed, ledger, filed.as_of, filed.known_at, facts)
