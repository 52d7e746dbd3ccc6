"""Migrations: the models and the head agree, up and down, on both databases."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text

from tests.builders import JANUARY, a_database, a_programme, item, migrated
from tracker.domain.errors import Refused
from tracker.services import programmes, signoffs
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


def test_going_back_is_refused_where_the_schema_before_cannot_hold_what_is_there(
    database_url: str,
) -> None:
    migrate(database_url, "0002")
    engine = create_engine(parsed(database_url))
    names = (
        "key, programme, obligation_id, obligation_key, deadline_version, rung, role, unit, "
        "nominal_at, send_at, state, reason, made_at"
    )
    values = "'k', 'small', 9, 'o', 1, '+1', 'contact', 'u', :at, :at, 'sent', '', :at"
    with engine.begin() as connection:
        statement = text(f"INSERT INTO notice ({names}) VALUES ({values})")  # noqa: S608
        connection.execute(statement, {"at": JANUARY})
    with pytest.raises(Refused, match="before 0002: the obligations of 1 notices are gone"):
        revert(database_url, "0001")
    assert current_revision(database_url) == "0002"
    engine.dispose()


def test_sqlite_writes_ahead_so_that_readers_do_not_wait(sqlite_url: str) -> None:
    migrated(sqlite_url)
    database = a_database(sqlite_url)
    with database.read() as session:
        pragmas = ("journal_mode", "foreign_keys", "busy_timeout")
        found = [session.connection().execute(text(f"PRAGMA {p}")).scalar_one() for p in pragmas]
    database.close()
    assert found == ["wal", 1, 5000]


def test_the_wheel_has_its_migrations_and_can_migrate(tmp_path: Path) -> None:
    """As installed: run from elsewhere, with nothing of the checkout on the path."""
    root = Path(__file__).resolve().parents[2]
    built, unpacked = tmp_path / "built", tmp_path / "unpacked"
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(built)]
    subprocess.run(build, cwd=root, check=True, capture_output=True)
    [wheel] = built.glob("*.whl")
    with ZipFile(wheel) as packed:
        packed.extractall(unpacked)
    program = (
        "from tracker.store import database; from tracker.runtime import TEMPLATES; "
        f"print(database.__file__, database.migrate('sqlite:///{tmp_path}/t.sqlite'), "
        "TEMPLATES.is_dir())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, check=True, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(unpacked)},
    )  # fmt: skip
    assert done.stdout.split() == [
        str(unpacked / "tracker" / "store" / "database.py"), head_revision(), "True",
    ]  # fmt: skip


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


def test_published_versions_and_what_was_signed_are_named_anew_and_nothing_is_published_twice(
    database_url: str,
) -> None:
    migrated(database_url)
    database = a_database(database_url)
    programme = a_programme(item())
    with database.write() as session:
        programmes.publish(session, programme, now=JANUARY, by="office")
        signoffs.sign(session, "small", as_of=JANUARY, now=JANUARY, person="王主任", by="office")
        before = signoffs.signoff(session, "small", 1)
    database.close()
    revert(database_url, "0004")
    engine = create_engine(parsed(database_url))
    with engine.begin() as connection:
        connection.execute(text("UPDATE programme SET hash = 'as it was reckoned'"))
        connection.execute(text("UPDATE signoff SET programme_hash = 'as it was reckoned'"))
    engine.dispose()
    migrate(database_url)
    database = a_database(database_url)
    with database.write() as session:
        assert not programmes.publish(session, programme, now=JANUARY, by="office").new
        after = signoffs.signoff(session, "small", 1)
    database.close()
    assert (after.programme_hash, after.intact) == (programme.hash, True)
    assert after == before
