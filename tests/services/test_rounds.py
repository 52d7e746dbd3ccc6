"""The periodic work of a service: when each part of it comes."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

from sqlmodel import select

from schedules.clock import FakeClock
from tests.builders import NEW_YEAR, a_programme, at, item, migrated, the_cast
from tests.stories.post import SECRET
from tracker.runtime import build
from tracker.services import people, programmes, rounds
from tracker.settings import Settings
from tracker.store.tables import DispatchKind, DispatchRow

OPENS = at("2021-09-27 08:30")
"""A Monday's window."""


async def test_mondays_digest_comes_when_the_window_opens_also_where_the_service_began_just_before(
    tmp_path: Path,
) -> None:
    migrated(f"sqlite:///{tmp_path / 'tracker.sqlite'}")
    clock = FakeClock(OPENS - timedelta(minutes=8))
    runtime = build(Settings(data=tmp_path, secret=SECRET), clock)
    with runtime.database.write() as session:
        owed = a_programme(item(due_on="2021-09-30"))
        programmes.publish(session, owed, now=at("2021-09-06"), by="office")
        people.load_contacts(session, the_cast(), now=at("2021-09-06"), on=NEW_YEAR, by="office")

    def digests() -> int:
        with runtime.database.read() as session:
            mine = select(DispatchRow).where(DispatchRow.kind == DispatchKind.DIGEST)
            return len(session.exec(mine).all())

    digest = rounds.rounds(runtime, asyncio.Event())["digest"]
    while clock.now() < OPENS:
        await digest.run()
        assert digests() == 0
        clock.advance(digest.every)
    await digest.run()
    assert digests() > 0
    assert clock.now() - OPENS <= timedelta(minutes=5)
    await runtime.close()
