"""What a database knows of passwords and people stays out of messages and logs."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tracker.store.database import Database, Unreachable, migrate

PASSWORD = "hun@ter2"


@pytest.mark.parametrize(
    "url",
    [
        f"office:{PASSWORD}@db/tracker",
        f"postgresql://office:{PASSWORD}@db:port/tracker",
        f"mysql://office:{PASSWORD}@db/tracker",
    ],
)
def test_an_address_that_is_none_is_told_without_its_password(url: str) -> None:
    with pytest.raises(Unreachable) as refusal:
        Database(url)
    assert "ter2" not in str(refusal.value)
    assert "hun" not in str(refusal.value)


def test_a_statement_that_fails_is_told_without_its_values(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'tracker.sqlite'}"
    migrate(url)
    database = Database(url)
    with pytest.raises(DBAPIError) as failure, database.write() as session:
        session.connection().execute(text("INSERT INTO person (id, name) VALUES (:id, :name)"),
                                     {"id": "张三", "name": "张三"})  # fmt: skip
    assert "张三" not in str(failure.value)
    database.close()


def test_nobody_else_reads_the_database_file(tmp_path: Path) -> None:
    path = tmp_path / "data" / "tracker.sqlite"
    migrate(f"sqlite:///{path}")
    assert path.stat().st_mode & 0o077 == 0
