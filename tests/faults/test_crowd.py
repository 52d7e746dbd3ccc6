"""Eight writers and fifty readers on one SQLite file: nobody is told that it is locked.

Quick: 5 seconds. Full: 10 minutes.
"""

from __future__ import annotations

import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from schedules.clock import SystemClock
from tests.builders import migrated
from tests.faults.workshop import figure
from tracker.services import health, heartbeats, trail
from tracker.settings import Settings
from tracker.store.database import Database

WRITERS, READERS = 8, 50


class Crowd:
    """Threads that write and read until the time is over; what each write took, what went wrong."""

    def __init__(self, database: Database, seconds: float) -> None:
        self.database = database
        self.over = time.monotonic() + seconds
        self.writes: list[float] = []
        self.reads = 0
        self.failures: list[str] = []

    def work(self) -> None:
        threads = [
            threading.Thread(target=self._all, args=(self._write, n)) for n in range(WRITERS)
        ]
        threads += [
            threading.Thread(target=self._all, args=(self._read, n)) for n in range(READERS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _all(self, act: object, number: int) -> None:
        assert callable(act)
        while time.monotonic() < self.over:
            try:
                act(number)
            except Exception as failure:  # noqa: BLE001  whatever somebody would be told
                self.failures.append(f"{type(failure).__name__}: {failure}")

    def _write(self, number: int) -> None:
        """As the pages do: look first, then write in the same transaction."""
        begun, now = time.monotonic(), SystemClock().now()
        with self.database.write() as session:
            health.health(session, now, Settings())
            heartbeats.beat(session, f"writer{number}", now, {})
            trail.append(session, "small", "x", str(number), {}, now=now)
        self.writes.append(time.monotonic() - begun)

    def _read(self, number: int) -> None:
        with self.database.read() as session:
            health.health(session, SystemClock().now(), Settings())
        self.reads += 1


@pytest.mark.parametrize(
    "seconds", [pytest.param(5, id="quick"), pytest.param(600, id="full", marks=pytest.mark.full)]
)
def test_in_a_crowd_nobody_is_told_that_the_database_is_locked(
    tmp_path: Path, seconds: float
) -> None:
    url = f"sqlite:///{tmp_path / 'tracker.sqlite'}"
    migrated(url)
    with closing(Database(url)) as database:
        crowd = Crowd(database, seconds)
        crowd.work()
        with database.read() as session:
            kept = len(trail.events(session, "small"))
        slow = sorted(crowd.writes)[int(len(crowd.writes) * 0.99)]
        figure(
            "crowd", database, writers=WRITERS, readers=READERS, seconds=seconds, reads=crowd.reads,
            writes=len(crowd.writes), p99=f"{slow:.2f} s", failures=len(crowd.failures),
        )  # fmt: skip
    assert crowd.failures == []
    assert kept == len(crowd.writes) > 0
