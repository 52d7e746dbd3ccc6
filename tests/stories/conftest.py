"""A service on a database of each kind, whose mails go to a real server on a local port."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator

import pytest
import pytest_asyncio

from tests.builders import a_database, migrated
from tests.databases import Prepare
from tests.sinks import SmtpSink
from tests.stories.post import Post
from tracker.store.database import Database


@pytest.fixture
def database(database_like: Callable[[Prepare], str]) -> Iterator[Database]:
    opened = a_database(database_like(migrated))
    yield opened
    opened.close()


@pytest.fixture
def sink() -> Iterator[SmtpSink]:
    with SmtpSink() as server:
        yield server


@pytest_asyncio.fixture
async def post(database: Database, sink: SmtpSink) -> AsyncIterator[Post]:
    opened = Post(database, sink)
    yield opened
    await opened.close()
