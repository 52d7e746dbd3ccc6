"""A migrated, empty database of each kind in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.builders import a_database, migrated
from tests.databases import Prepare
from tracker.store.database import Database


@pytest.fixture
def database(database_like: Callable[[Prepare], str]) -> Iterator[Database]:
    opened = a_database(database_like(migrated))
    yield opened
    opened.close()
