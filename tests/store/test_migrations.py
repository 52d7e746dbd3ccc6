"""Migrations: the models and the head agree, up and down, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from importlib.resources import files
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text

from tests.builders import a_database, migrated
from tracker.store.database import (
    Outdated,
    current_revision,
    head_revision,
    migrate,
    parsed,
    require_head,
    revert,
)
from tracker.store.tables import Table
from tracker.store.types import ENUM_LENGTH, EnumText


def test_the_tables_of_the_code_and_of_the_head_are_the_same(database_url: str) -> None:
    migrated(database_url)
    engine = create_engine(parsed(database_url))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        differences = compare_metadata(context, Table.metadata)
    engine.dispose()
    assert differences == []


def test_migrating_twice_is_migrating_once(database_url: str) -> None:
    assert migrate(database_url) == migrate(database_url) == head_revision()
    require_head(database_url)


def test_a_database_goes_back_to_nothing_and_up_again(database_url: str) -> None:
    migrated(database_url)
    revert(database_url, "base")
    engine = create_engine(parsed(database_url))
    assert inspect(engine).get_table_names() == ["alembic_version"]
    engine.dispose()
    assert current_revision(database_url) is None
    with pytest.raises(Outdated, match="tracker migrate"):
        require_head(database_url)
    assert migrate(database_url) == head_revision()


def test_sqlite_writes_ahead_so_that_readers_do_not_wait(sqlite_url: str) -> None:
    migrated(sqlite_url)
    database = a_database(sqlite_url)
    with database.read() as session:
        pragmas = ("journal_mode", "foreign_keys", "busy_timeout")
        found = [session.connection().execute(text(f"PRAGMA {p}")).scalar_one() for p in pragmas]
    database.close()
    assert found == ["wal", 1, 5000]


def test_migrations_are_inside_the_package_that_is_shipped() -> None:
    package = files("tracker.store") / "migrations"
    assert (package / "env.py").is_file()
    assert (package / "versions" / "0001_the_first_schema.py").is_file()


def closed_sets() -> Iterator[Any]:
    for table in Table.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, EnumText):
                yield pytest.param(column.type, id=f"{table.name}.{column.name}")


@pytest.mark.parametrize("kind", list(closed_sets()))
def test_every_member_of_a_closed_set_fits_its_column_and_comes_back(
    kind: EnumText[StrEnum], sqlite_url: str
) -> None:
    """A new member needs no migration: the column holds text, and the database checks nothing."""
    assert all(len(member.value) <= ENUM_LENGTH for member in kind.members)
    engine = create_engine("sqlite://")
    for member in kind.members:
        stored = kind.process_bind_param(member, engine.dialect)
        assert stored == member.value
        assert kind.process_result_value(stored, engine.dialect) is member


def test_a_word_outside_a_closed_set_is_refused() -> None:
    kind = next(closed_sets()).values[0]
    with pytest.raises(ValueError, match="not a valid"):
        kind.process_bind_param("perhaps", create_engine("sqlite://").dialect)
