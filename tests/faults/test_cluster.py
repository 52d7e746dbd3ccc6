"""Several `tracker work` on one PostgreSQL, as an office with several machines runs them.

Quick: two processes. Full: four, and more mails.
"""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing
from pathlib import Path

import pytest
from sqlalchemy import text

from schedules.cluster import AT_ONCE
from tests import databases
from tests.builders import a_database
from tests.conftest import RUN, not_proven
from tests.faults.service import Service, running
from tests.faults.workshop import figure, opened, put_mails, tally, until
from tests.sinks import PIPELINING, Script, ScriptedSmtp, Wait
from tracker.services import heartbeats
from tracker.store import jobs
from tracker.store.database import Database, Outdated, migrate

pytestmark = pytest.mark.postgres

UNHURRIED = Script(ehlo=PIPELINING, dot=Wait(0.02, "250 2.0.0 Ok"))
MISSED = 3
"""Seconds until a process that says nothing counts as dead."""


@pytest.fixture
def cluster(postgres_url: str) -> Iterator[Database]:
    with closing(_cluster(postgres_url)) as database:
        yield database


def _cluster(url: str) -> Database:
    """Migrated, with its queue, which writes down whatever a process begins to do."""
    migrate(url)
    jobs.prepare(url)
    database = a_database(url)
    with database.write() as session:
        for statement in _WRITTEN_DOWN:
            session.connection().execute(text(statement))
    return database


_WRITTEN_DOWN = (
    "CREATE TABLE tracker_jobs.begun (name text, at bigint)",
    "CREATE FUNCTION tracker_jobs.write_down() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "INSERT INTO tracker_jobs.begun VALUES (new.task_name, (new.args->>'timestamp')::bigint); "
    "RETURN new; END $$",
    "CREATE TRIGGER begun AFTER UPDATE OF status ON tracker_jobs.procrastinate_jobs FOR EACH ROW "
    "WHEN (new.status = 'doing') EXECUTE FUNCTION tracker_jobs.write_down()",
)


def begun(database: Database, name: str) -> Counter[int]:
    """How often the work of each period was begun."""
    with database.read() as session:
        wanted = text("SELECT at FROM tracker_jobs.begun WHERE name = :name AND at > 0")
        return Counter(session.connection().execute(wanted, {"name": name}).scalars())


def member(
    database: Database, folder: Path, role: str = "work", **settings: object
) -> AbstractContextManager[Service]:
    usual = {"tick_seconds": 1, "deliver_seconds": 1, "missed_seconds": MISSED}
    return running(database, folder, role, engine="cluster", **usual, **settings)


def ticked_at(database: Database) -> object:
    with database.read() as session:
        return session.connection().execute(
            text("SELECT at FROM heartbeat WHERE name = 'tick'")
        ).scalar_one_or_none()  # fmt: skip


def ticks_again(database: Database) -> Callable[[], bool]:
    before = ticked_at(database)
    return lambda: ticked_at(database) != before


def test_the_work_of_a_period_is_done_once_however_many_processes_there_are(
    cluster: Database, tmp_path: Path
) -> None:
    with ExitStack() as running:
        processes = [running.enter_context(member(cluster, tmp_path)) for _ in range(2)]
        until(lambda: len(_there(cluster)) == 2, within=60)
        before = len(begun(cluster, "tick"))
        until(lambda: len(begun(cluster, "tick")) >= before + 5, within=60)
        assert len(_there(cluster)) == 2
        took = [process.stopped() for process in processes]
    ticks = begun(cluster, "tick")
    figure("the work of a period", cluster, periods=len(ticks), slowest_stop=f"{max(took):.1f} s")
    assert set(ticks.values()) == {1}
    assert set(begun(cluster, "seal").values()) == {1}
    assert _there(cluster) == set()  # they said that they went


def _there(database: Database) -> set[str]:
    with database.read() as session:
        return set(heartbeats.processes(session))


def test_what_a_killed_process_had_begun_is_done_by_another(
    cluster: Database, tmp_path: Path
) -> None:
    """It is killed in the middle of a tick, which nobody else may do meanwhile."""
    with member(cluster, tmp_path) as first, member(cluster, tmp_path, role="serve"):
        until(lambda: ticked_at(cluster) is not None, within=60)
        with cluster.engine.connect() as held:
            held.execute(text("COMMIT"))
            held.execute(text("BEGIN"))
            held.execute(text("SELECT * FROM heartbeat WHERE name = 'tick' FOR UPDATE"))
            until(lambda: _doing(cluster) > 0, within=30)
            first.kill()
        assert _doing(cluster) > 0
        again, since = ticks_again(cluster), time.monotonic()
        with member(cluster, tmp_path) as second:
            until(again, within=60)
            seconds = time.monotonic() - since
            second.stopped()
    figure("a tick after kill -9", cluster, done_again_after=f"{seconds:.1f} s")
    assert seconds < 10 * MISSED


def _doing(database: Database) -> int:
    wanted = (
        "SELECT count(*) FROM tracker_jobs.procrastinate_jobs "
        "WHERE task_name = 'tick' AND status = 'doing'"
    )
    with database.read() as session:
        return int(session.connection().execute(text(wanted)).scalar_one())


def _queues_served(database: Database) -> int:
    """Each process serves every queue."""
    wanted = text("SELECT count(*) FROM tracker_jobs.procrastinate_workers")
    with database.read() as session:
        return int(session.connection().execute(wanted).scalar_one())


@pytest.mark.parametrize(
    ("mails", "count", "each"),
    [
        pytest.param(300, 2, 1, id="quick"),
        pytest.param(5000, 4, 8, id="full", marks=pytest.mark.full),
    ],
)
def test_many_mails_are_shared_and_none_goes_twice(
    postgres_url: str, tmp_path: Path, mails: int, count: int, each: int
) -> None:
    """All are there before there is anything to send, and few go over one connection after another:
    else the first could be done with it before the last has begun. `each` has so many."""
    with closing(_cluster(postgres_url)) as database, ScriptedSmtp(UNHURRIED) as server:
        there = {
            "smtp_host": server.host, "smtp_port": server.port, "smtp_connections": each,
        }  # fmt: skip
        with ExitStack() as running:
            for _ in range(count):
                running.enter_context(member(database, tmp_path, **there))
            until(lambda: _queues_served(database) == count * len(AT_ONCE), within=60)
            put_mails(database, mails)
            until(lambda: opened(database) == 0)
        found = tally(database, server)
    figure("mails shared in a cluster", database, found=found)
    assert (found.lost, found.doubled, found.stuck, found.told) == (0, 0, 0, mails)
    assert len(found.shares) == count
    assert found.shares[-1] >= mails / 10 / count


def test_a_database_that_goes_away_ends_no_process_and_the_work_goes_on(tmp_path: Path) -> None:
    try:
        server = databases.own_server(Path(os.environ[RUN]))
        own = server.__enter__()
    except databases.NoServer as none:
        not_proven("a cluster without its database", str(none))
        pytest.skip(f"no PostgreSQL: {none}")
    with ExitStack() as closing_up:
        closing_up.push(server)
        database = closing_up.enter_context(closing(_cluster(own.create())))
        process = closing_up.enter_context(member(database, tmp_path))
        until(lambda: ticked_at(database) is not None, within=60)
        own.stop()
        time.sleep(2 * MISSED)
        own.start()
        again, since = ticks_again(database), time.monotonic()
        until(again, within=60)
        seconds = time.monotonic() - since
        assert process.process.is_alive()
        figure("the cluster's database was away", database, works_after=f"{seconds:.1f} s")
        process.stopped()


def test_work_without_its_queue_is_refused_with_what_to_do(
    postgres_url: str, tmp_path: Path
) -> None:
    migrate(postgres_url)
    with closing(a_database(postgres_url)) as database:
        with pytest.raises(Outdated, match="tracker migrate"):
            jobs.require(database)
        jobs.prepare(postgres_url)
        jobs.require(database)
        with database.write() as session:
            session.connection().execute(text("COMMENT ON SCHEMA tracker_jobs IS '3.0.0'"))
        with pytest.raises(Outdated, match=r"has 3\.0\.0"):
            jobs.require(database)
        jobs.prepare(postgres_url)
        jobs.require(database)


def test_a_process_that_is_interrupted_at_the_keyboard_ends_well(
    cluster: Database, tmp_path: Path
) -> None:
    with member(cluster, tmp_path) as process:
        until(lambda: ticked_at(cluster) is not None, within=60)
        process.stopped(signal.SIGINT)
