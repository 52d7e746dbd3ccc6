"""Fifty people at once on one process and one SQLite file: the overview and "my items" against one
row read bare, in the same run.

Quick: 4,000 obligations and 40,000 events, figures printed. Full: 100,000 and 1,000,000, and the
bound holds.
"""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

import pytest
from sqlmodel import Session, text

from tests.benchmarks.serving import AT
from tests.builders import JANUARY, a_database, migrated
from tracker.definitions import yamlform
from tracker.domain.programme import Programme
from tracker.services import programmes
from tracker.settings import variable

pytestmark = pytest.mark.bench

BOUND = 10
USERS = 50
ROUNDS = 6
COPIES = 5
"""Programmes that people look at; the rest of the rows is of others."""

SHIPPED = Path(__file__).parents[2] / "tracker/programmes/zhongfang-2021.yaml"
FULL = pytest.param((100_000, 1_000_000), id="full", marks=pytest.mark.full)
QUICK = pytest.param((4_000, 40_000), id="quick")


@dataclass(frozen=True)
class Served:
    port: int
    obligations: int
    events: int

    def seconds(self, path: str) -> float:
        """One visitor's wait for a page, over a connection of their own."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            return self.waited(connection, path)

    def waited(self, connection: http.client.HTTPConnection, path: str) -> float:
        begun = time.perf_counter()
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, (path, answer.status, body[:300])
        return time.perf_counter() - begun

    def crowd(self, paths: list[str]) -> list[float]:
        """USERS visitors at the same time, each with ROUNDS looks; the waits of all."""
        ready = threading.Barrier(USERS)

        def visitor(number: int) -> list[float]:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            connection.connect()
            ready.wait()
            waits = [
                self.waited(connection, paths[(number + turn) % len(paths)])
                for turn in range(ROUNDS)
            ]
            connection.close()
            return waits

        with ThreadPoolExecutor(USERS) as pool:
            return [wait for waits in pool.map(visitor, range(USERS)) for wait in waits]


def p95(waits: list[float]) -> float:
    return quantiles(waits, n=20)[-1]


@pytest.fixture(params=[QUICK, FULL])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    obligations, events = request.param
    url = f"sqlite:///{tmp_path}/tracker.sqlite"
    migrated(url)
    database = a_database(url)
    shipped = yamlform.load(SHIPPED)
    with database.write() as session:
        for copy in range(COPIES):
            body = shipped.model_dump(by_alias=True) | {"id": f"county-{copy}"}
            programmes.publish(session, Programme.model_validate(body), now=JANUARY, by="bench")
    with database.write() as session:
        _filled(session, obligations, events)
    database.close()
    yield from running(url, tmp_path, obligations, events)


def _filled(session: Session, obligations: int, events: int) -> None:
    """Rows of other programmes, so many that there are that many in all."""
    have = session.connection().execute(text("SELECT count(*) FROM obligation")).scalar_one()
    columns = _columns(session, "obligation")
    others = ", ".join(
        "'other-' || (n.n % 480)" if name == "programme"
        else f"o.{name} || '/' || n.n" if name == "key" else f"o.{name}"
        for name in columns
    )  # fmt: skip
    session.connection().execute(text(
        f"WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {obligations}) "  # noqa: S608
        f"INSERT INTO obligation ({', '.join(columns)}) SELECT {others} FROM n "
        "JOIN obligation o ON o.id = (SELECT min(id) FROM obligation) + n.n % 100 "
        f"LIMIT {max(0, obligations - have)}"
    ))  # fmt: skip
    have = session.connection().execute(text("SELECT count(*) FROM event")).scalar_one()
    columns = _columns(session, "event")
    told = ", ".join("'other-' || (n.n % 480)" if name == "programme" else f"e.{name}"
                     for name in columns)  # fmt: skip
    session.connection().execute(text(
        f"WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {events}) "  # noqa: S608
        f"INSERT INTO event ({', '.join(columns)}) SELECT {told} FROM n "
        "JOIN event e ON e.id = (SELECT min(id) FROM event) "
        f"LIMIT {max(0, events - have)}"
    ))  # fmt: skip


def _columns(session: Session, table: str) -> list[str]:
    rows = session.connection().execute(text(f"PRAGMA table_info({table})"))
    return [row[1] for row in rows if row[1] != "id"]


def running(url: str, data: Path, obligations: int, events: int) -> Iterator[Served]:
    """The pages of that database in a process of their own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = {
        AT: "2021-10-18T08:00:00+08:00", variable("database_url"): url, variable("data"): str(data),
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "tests.benchmarks.serving:create", "--factory",
         "--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"],
        env=os.environ | told, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    try:
        _wait(port)
        yield Served(port, obligations, events)
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait(port: int) -> None:
    until = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < until, "the server did not start"
            time.sleep(0.05)
        else:
            return


def test_fifty_people_wait_for_a_page_no_longer_than_ten_bare_rows(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"/bare/{number}" for number in range(1, 51)]
    overviews = [f"/p/county-{copy}/" for copy in range(COPIES)]
    mine = [f"/p/county-{copy}/units/env_branch" for copy in range(COPIES)]
    for path in (*rows[:2], *overviews, *mine):
        served.seconds(path)
    bare = p95(served.crowd(rows) + served.crowd(rows))
    figures = {"overview": p95(served.crowd(overviews)), "my items": p95(served.crowd(mine))}
    with capsys.disabled():
        print(f"\n{served.obligations:,} obligations, {served.events:,} events, {USERS} people: "
              f"bare row p95 {bare * 1000:.0f} ms", end="")  # fmt: skip
        for name, wait in figures.items():
            print(f"; {name} {wait * 1000:.0f} ms ({wait / bare:.1f} x)", end="")
        print()
    if served.obligations >= 100_000:
        assert all(wait <= BOUND * bare for wait in figures.values()), figures
