"""A crowd on one SQLite file: writers in the order in which they came, and few readers beside them.

SQLite lets one write at a time, and whoever finds it busy looks again after a pause that grows: the
last to come may be the first to go, and somebody waits for seconds. Here writers queue, the threads
of a process and the processes of a machine. And each thread that computes slows down the one that
writes, for which all others wait, so that readers wait for places while there are many.

Turns are manners, not safety, which is SQLite's own: where nobody has moved for long, whoever waits
goes on without.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

BESIDE_A_WRITER = 2
"""Readers while somebody writes; those who are reading already go on."""

AT_ONCE = 16
"""Readers while nobody does: more would make each slower, and none sooner ready."""

LOOK_AGAIN = 0.005
"""Seconds between two looks at a queue that another process holds."""


@dataclass
class _Line:
    """Who waits, the first to come first, each for a lock to be opened; and how many are inside."""

    waiting: deque[threading.Lock] = field(default_factory=deque)
    inside: int = 0
    moves: int = 0

    def call(self, *, at_most: int) -> None:
        while self.waiting and self.inside < at_most:
            self.move(1)
            self.waiting.popleft().release()

    def move(self, by: int) -> None:
        self.inside += by
        self.moves += 1


class _Mine(threading.local):
    """What this thread has already."""

    reads = 0
    writes = 0


class Threads:
    """The turns of the threads of one process. Who writes waits for nobody, and who reads only to
    write, with its place given up meanwhile: nobody waits in a circle."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._lock = threading.Lock()
        self._writers, self._readers = _Line(), _Line()
        self._mine = _Mine()

    @contextmanager
    def to_read(self) -> Iterator[None]:
        mine = self._mine
        with self._inside(self._readers, waits=not (mine.reads or mine.writes)):
            mine.reads += 1
            try:
                yield
            finally:
                mine.reads -= 1

    @contextmanager
    def to_write(self) -> Iterator[None]:
        mine = self._mine
        reads = 0 if mine.writes else mine.reads
        self._move(self._readers, -reads)
        try:
            with self._inside(self._writers, waits=not mine.writes):
                mine.writes += 1
                try:
                    yield
                finally:
                    mine.writes -= 1
        finally:
            self._move(self._readers, reads)

    @contextmanager
    def _inside(self, line: _Line, *, waits: bool) -> Iterator[None]:
        if waits:
            self._wait(line)
        else:
            self._move(line, 1)
        try:
            yield
        finally:
            self._move(line, -1)

    def _move(self, line: _Line, by: int) -> None:
        with self._lock:
            line.move(by)
            self._call()

    def _wait(self, line: _Line) -> None:
        called = threading.Lock()
        called.acquire()
        with self._lock:
            line.waiting.append(called)
            self._call()
            seen = line.moves
        while not called.acquire(timeout=self._patience):
            with self._lock:
                if line.moves == seen and called in line.waiting:
                    line.waiting.remove(called)
                    line.move(1)
                    return
                seen = line.moves

    def _call(self) -> None:
        self._writers.call(at_most=1)
        self._readers.call(at_most=BESIDE_A_WRITER if self._writers.inside else AT_ONCE)


class Processes:
    """The queue of the processes of a machine: a lock on a file of its own, held by whoever is to
    write next until it may. The system takes it back from a process that is killed."""

    def __init__(self, path: Path, patience: float) -> None:
        self._path = path
        self._patience = patience

    @contextmanager
    def first(self) -> Iterator[None]:
        """First in the queue; or not, where the file cannot be made or somebody in front sleeps."""
        place = self._opened()
        try:
            if place is not None:
                _wait_for(place, time.monotonic() + self._patience)
            yield
        finally:
            if place is not None:
                os.close(place)

    def _opened(self) -> int | None:
        try:
            return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            return None


def _wait_for(place: int, until: float) -> None:
    import fcntl  # here, because a PostgreSQL is also used from systems without it

    while True:
        try:
            return fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                return None
        except OSError:  # a file system without locks
            return None
        time.sleep(LOOK_AGAIN)
