"""Eight writers and fifty readers on one SQLite file: nobody is told that it is locked, and nobody
waits while all others pass by again and again.

Quick: 4 seconds. Full: 10 minutes as threads, a minute as processes.
"""

from __future__ import annotations

import multiprocessing
import threading
import time
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Any

import pytest

from schedules.clock import SystemClock
from tests.builders import migrated
from tests.faults.workshop import figure
from tracker.services import health, heartbeats, trail
from tracker.settings import Settings
from tracker.store.database import Database

WRITERS, READERS = 8, 50
PASSED_BY = {1: 2 * WRITERS, 4: 8 * WRITERS}
"""Writes of others between one's coming and its own, at most; by how many processes write."""
FULL = pytest.mark.full
_PROCESSES = multiprocessing.get_context("spawn")
_written: Synchronized[int]


@dataclass
class Crowd:
    """Threads that write and read until the time is over; how long each waited, how many writes
    (`written` counts all) went before it, what went wrong."""

    database: Database
    written: Synchronized[int]
    seconds: float
    writers: int
    readers: int
    writes: list[float] = field(default_factory=list)
    passed_by: list[int] = field(default_factory=list)
    reads: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def work(self) -> None:
        over = time.monotonic() + self.seconds
        acts = [self._write] * self.writers + [self._read] * self.readers
        threads = [
            threading.Thread(target=self._all, args=(act, number, over))
            for number, act in enumerate(acts)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _all(self, act: object, number: int, over: float) -> None:
        assert callable(act)
        while time.monotonic() < over:
            try:
                act(number)
            except Exception as failure:  # noqa: BLE001  whatever somebody would be told
                self.failures.append(f"{type(failure).__name__}: {failure}")

    def _write(self, number: int) -> None:
        """As the pages do: look first, then write in the same transaction."""
        begun, now, before = time.monotonic(), SystemClock().now(), self.written.value
        with self.database.write() as session:
            passed_by = self.written.value - before
            health.health(session, now, Settings())
            heartbeats.beat(session, f"writer{number}", now, {})
            trail.append(session, "small", "x", str(number), {}, now=now)
        with self.written.get_lock():
            self.written.value += 1
        self.passed_by.append(passed_by)
        self.writes.append(time.monotonic() - begun)

    def _read(self, number: int) -> None:
        begun = time.monotonic()
        with self.database.read() as session:
            health.health(session, SystemClock().now(), Settings())
        self.reads.append(time.monotonic() - begun)


@pytest.mark.parametrize(
    ("processes", "seconds"),
    [
        pytest.param(1, 4, id="threads-quick"),
        pytest.param(4, 4, id="processes-quick"),
        pytest.param(1, 600, id="threads-full", marks=FULL),
        pytest.param(4, 60, id="processes-full", marks=FULL),
    ],
)
def test_in_a_crowd_nobody_is_told_that_the_database_is_locked(
    tmp_path: Path, processes: int, seconds: float
) -> None:
    url = f"sqlite:///{tmp_path / 'tracker.sqlite'}"
    migrated(url)
    with _PROCESSES.Pool(processes, _count_with, (_PROCESSES.Value("q"),)) as pool:
        found = pool.starmap(_crowd, [(url, seconds, processes)] * processes)
    writes, passed_by, reads, failures = (list(chain(*some)) for some in zip(*found, strict=True))
    with closing(Database(url)) as database:
        with database.read() as session:
            kept = len(trail.events(session, "small"))
        figure(
            "crowd", database, processes=processes, writers=WRITERS, readers=READERS,
            seconds=seconds, writes=_told(writes), reads=_told(reads), failures=len(failures),
            passed_by=f"p99 {_share(passed_by, 0.99)}, most {max(passed_by)}",
        )  # fmt: skip
    assert failures == []
    assert kept == len(writes) > 0
    assert _share(passed_by, 0.99) <= PASSED_BY[processes]


def _count_with(written: Synchronized[int]) -> None:
    """In each process: the one count of all writes."""
    global _written
    _written = written


def _crowd(
    url: str, seconds: float, processes: int
) -> tuple[list[float], list[int], list[float], list[str]]:
    """One process's part of it."""
    with closing(Database(url)) as database:
        crowd = Crowd(database, _written, seconds, WRITERS // processes, READERS // processes)
        crowd.work()
    return crowd.writes, crowd.passed_by, crowd.reads, crowd.failures


def _share(waits: list[Any], share: float) -> Any:
    return sorted(waits)[int(len(waits) * share)]


def _told(waits: list[float]) -> str:
    half, most, last = (_share(waits, share) for share in (0.5, 0.99, 0.999999))
    return f"{len(waits)} (median {half:.2f} s, p99 {most:.2f} s, slowest {last:.2f} s)"
