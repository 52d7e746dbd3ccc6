"""What commands need of the installation: settings, database, clock, the programme meant."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tracker.cli.words import Lang, say

if TYPE_CHECKING:
    from sqlmodel import Session

    from tracker.cli import options
    from tracker.settings import Settings
    from tracker.store.database import Database


PATIENCE_SECONDS = 5
"""How long a person waits for another process that writes before being told of it."""


@dataclass(frozen=True)
class House:
    """One command's installation; `now` was read once."""

    settings: Settings
    database: Database
    now: datetime
    lang: Lang

    @contextmanager
    def reading(self) -> Iterator[Session]:
        with self.database.read() as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One transaction: all of it or nothing."""
        with self.database.write() as session:
            yield session


@contextmanager
def house(lang: options.Lang | None) -> Iterator[House]:
    from schedules.clock import SystemClock
    from tracker import settings
    from tracker.store.database import Database

    found = settings.load()
    database = Database(
        found.database, synchronous=found.sqlite_synchronous, busy_seconds=PATIENCE_SECONDS
    )
    try:
        yield House(found, database, SystemClock().now(), spoken(lang, found))
    finally:
        database.close()


def spoken(lang: options.Lang | None, settings: Settings | None = None) -> Lang:
    """The language asked for, else the installation's; for files alone no settings are needed."""
    if lang is not None:
        return lang.value
    if settings is not None:
        return settings.language
    import os

    return "en" if os.environ.get("TRACKER_LANGUAGE") == "en" else "zh"


def now() -> datetime:
    from schedules.clock import SystemClock

    return SystemClock().now()


def meant(session: Session, given: str, lang: Lang, *, year: int) -> str:
    """The programme's id: as given, else the only one, else the only one of that year."""
    from tracker.domain.errors import NotFound, Refused
    from tracker.services import programmes

    if given:
        programmes.current(session, given)
        return given
    known = programmes.slugs(session)
    if not known:
        raise NotFound(say("none_loaded", lang))
    fitting = [slug for slug in known if programmes.current(session, slug).year == year]
    for found in (known, fitting):
        if len(found) == 1:
            return found[0]
    raise Refused(say("which", lang, known="、".join(known)))


def zone_of(session: Session, given: str, settings: Settings) -> ZoneInfo:
    """The zone in which instants are typed: the programme's where one is named."""
    from tracker.services import programmes

    return programmes.current(session, given).tz if given else settings.tz
