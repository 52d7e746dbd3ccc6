"""Transactions, and what a database in trouble says."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing
from datetime import datetime
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, StatementError
from sqlmodel import Session, select

from tests.builders import JANUARY, a_database, at, migrated
from tests.databases import Prepare
from tracker.domain.errors import TrackerError
from tracker.store.database import (
    Database,
    Locked,
    Outdated,
    ReadOnly,
    Unreachable,
    place_of,
)
from tracker.store.tables import HeartbeatRow, NoticeRow


def beat(database: Database, name: str = "tick", when: datetime = JANUARY) -> None:
    with database.write() as session:
        session.add(HeartbeatRow(name=name, at=when))


def add(session: Session) -> None:
    session.add(HeartbeatRow(name="tick", at=JANUARY))
    session.flush()


def names(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.exec(select(HeartbeatRow.name).order_by(HeartbeatRow.name)))


def test_what_is_written_is_there_afterwards(database: Database) -> None:
    beat(database)
    assert names(database) == ["tick"]


def test_an_exception_leaves_everything_as_it_was(database: Database) -> None:
    def change_my_mind() -> None:
        with database.write() as session:
            add(session)
            raise RuntimeError("changed my mind")

    with pytest.raises(RuntimeError):
        change_my_mind()
    assert names(database) == []


def test_a_reading_session_cannot_write(database: Database) -> None:
    with pytest.raises(ReadOnly), database.read() as session:
        add(session)
    beat(database)
    assert names(database) == ["tick"]


def test_a_reading_session_sees_one_state_whatever_is_written_meanwhile(database: Database) -> None:
    with database.read() as session:
        before = session.exec(select(HeartbeatRow.name)).all()
        beat(database)
        assert session.exec(select(HeartbeatRow.name)).all() == before


def test_instants_come_back_exactly_and_in_utc(database: Database) -> None:
    when = at("2021-09-30 24:00").replace(microsecond=123456)
    beat(database, when=when)
    with database.read() as session:
        kept = session.exec(select(HeartbeatRow.at)).one()
    assert kept == when
    assert kept.utcoffset() is not None


def test_a_naive_instant_is_refused(database: Database) -> None:
    naive = datetime(2021, 9, 30)  # noqa: DTZ001 - the point of the test
    with pytest.raises(StatementError, match="timezone"):
        beat(database, when=naive)


def test_a_foreign_key_is_kept(database: Database) -> None:
    notice = NoticeRow(
        key="k", programme="small", obligation_id=1, obligation_key="1/done/housing",
        deadline_version=1, rung="day-1", role="contact", unit="housing", dispatch_id=404,
        nominal_at=JANUARY, send_at=JANUARY, made_at=JANUARY,
    )  # fmt: skip
    with pytest.raises(IntegrityError), database.write() as session:
        session.add(notice)


def test_writers_wait_for_each_other_and_lose_nothing(database: Database) -> None:
    with database.write() as session:
        session.add(HeartbeatRow(name="count", at=JANUARY, detail={"n": 0}))

    def count() -> None:
        for _ in range(20):
            with database.write() as session:
                row = session.exec(
                    select(HeartbeatRow).where(HeartbeatRow.name == "count").with_for_update()
                ).one()
                row.detail = {"n": row.detail["n"] + 1}

    threads = [Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as session:
        assert session.exec(select(HeartbeatRow.detail)).one() == {"n": 80}


def test_a_writer_that_does_not_finish_is_named_as_the_trouble(database: Database) -> None:
    impatient = Database(database.url.render_as_string(hide_password=False), busy_seconds=0.2)
    beat(database)
    with database.write() as session:
        row = session.exec(select(HeartbeatRow)).one()
        row.detail = {"busy": True}
        session.flush()
        with pytest.raises(Locked, match="another process is writing"), impatient.write() as other:
            other.connection().execute(text("UPDATE heartbeat SET name = 'mine'"))
    impatient.close()
    assert names(database) == ["tick"]


def test_a_missing_file_is_named_with_what_to_do(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'no' / 'tracker.sqlite'}"
    with pytest.raises(Unreachable, match="tracker migrate") as trouble, Database(url).read():
        pass
    assert str(tmp_path / "no" / "tracker.sqlite") in str(trouble.value)
    assert not (tmp_path / "no").exists()


def test_a_file_that_is_no_database_is_said_to_be_none(tmp_path: Path) -> None:
    path = tmp_path / "tracker.sqlite"
    path.write_text("县委组织部" * 1000)
    with pytest.raises(Unreachable, match="not a database"), Database(f"sqlite:///{path}").read():
        pass


def test_a_server_that_is_not_there_is_named_without_its_password() -> None:
    url = "postgresql://tracker:hush@127.0.0.1:1/tracker"
    database = Database(url, busy_seconds=2)
    with pytest.raises(Unreachable) as trouble, database.read():
        pass
    database.close()
    assert "127.0.0.1:1" in str(trouble.value)
    assert "hush" not in str(trouble.value)


def test_a_server_whose_connections_are_all_taken_is_said_to_be_out_of_reach(
    postgres_url: str,
) -> None:
    migrated(postgres_url)
    with closing(Database(postgres_url, busy_seconds=0.2)) as database, ExitStack() as many:

        def take_all() -> None:
            for _ in range(50):
                many.enter_context(database.read())

        with pytest.raises(Unreachable, match="connection timed out"):
            take_all()
        many.close()
        assert names(database) == []


@pytest.mark.parametrize("url", ["", "tracker.sqlite", "://"])
def test_what_is_no_database_url_is_refused_in_words(url: str) -> None:
    with pytest.raises(Unreachable, match="not a database URL"):
        Database(url)


@pytest.mark.parametrize("password", ["p@hush", "p@hush/word", "p@hush:word"])
def test_a_password_with_an_at_sign_is_not_taken_for_a_server_and_told(password: str) -> None:
    with pytest.raises(Unreachable, match="%40") as trouble:
        Database(f"postgresql://tracker:{password}@127.0.0.1:1/tracker")
    assert "hush" not in str(trouble.value)
    assert "127.0.0.1:1" in str(trouble.value)


def test_a_driver_that_we_do_not_have_is_refused_in_words() -> None:
    with pytest.raises(Unreachable, match="sqlite or postgresql"):
        Database("mysql://127.0.0.1/tracker")


def test_a_read_only_sqlite_file_says_so_and_stays_as_it_was(
    sqlite_url: str, tmp_path: Path
) -> None:
    migrated(sqlite_url)
    path = tmp_path / "tracker.sqlite"
    before = path.read_bytes()
    database = a_database(f"sqlite:///file:{path}?mode=ro&uri=true")
    assert names(database) == []
    with pytest.raises(ReadOnly, match="writable") as trouble:
        beat(database)
    database.close()
    assert str(path) in str(trouble.value)
    assert path.read_bytes() == before


def test_a_read_only_server_says_so(postgres_url: str) -> None:
    migrated(postgres_url)
    database = a_database(postgres_url)
    with database.engine.begin() as connection:
        connection.execute(text("SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE"))
    name = database.url.database
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
    database.close()
    with pytest.raises(ReadOnly):
        beat(database)
    database.close()


def test_a_database_without_our_tables_asks_for_a_migration(
    database_kind: str, database_url: str, tmp_path: Path
) -> None:
    (tmp_path / "tracker.sqlite").touch()
    database = a_database(database_url)
    with pytest.raises(Outdated, match="tracker migrate"):
        names(database)
    database.close()


def test_every_trouble_is_for_the_user() -> None:
    assert issubclass(Locked, TrackerError)


def test_the_place_of_a_database_is_its_file_or_its_server(
    database_like: Callable[[Prepare], str], database_kind: str
) -> None:
    database = a_database(database_like(migrated))
    shown = place_of(database.url)
    assert shown.endswith(".sqlite") if database_kind == "sqlite" else "tracker_test_" in shown
    database.close()


def test_a_connection_that_a_thread_still_holds_closes_when_it_comes_back(
    database: Database,
) -> None:
    late = Database(database.url.render_as_string(hide_password=False))
    with late.read() as session:
        held = session.connection().connection.dbapi_connection
        late.close()
    assert held is not None
    with pytest.raises(Exception, match="closed"):
        held.cursor().execute("SELECT 1")
