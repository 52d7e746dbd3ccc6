"""Databases, a mail server and a folder for processes that are to fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.builders import a_database
from tests.databases import Prepare
from tracker.store.database import Database


@pytest.fixture
def outbox_of(
    database_like: Callable[[Prepare], str],
) -> Iterator[Callable[[Prepare], Database]]:
    """`outbox_of(prepare)` is an open database of each kind that `prepare` has filled."""
    made: list[Database] = []

    def open_(prepare: Prepare) -> Database:
        made.append(a_database(database_like(prepare)))
        return made[-1]

    yield open_
    for database in made:
        database.close()


def url_of(database: Database) -> str:
    return database.url.render_as_string(hide_password=False)
