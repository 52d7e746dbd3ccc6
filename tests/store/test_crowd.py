"""Who may write and read next on a SQLite file."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlmodel import select

from tests.builders import JANUARY, migrated
from tracker.store.crowd import AT_ONCE, BESIDE_A_WRITER, Processes, Threads
from tracker.store.database import Database
from tracker.store.tables import HeartbeatRow

PATIENCE = 20.0
"""Seconds that no test waits for, unless something is wrong."""

Turn = Callable[[], AbstractContextManager[None]]


@contextmanager
def comers(*turns: Turn, say: Callable[[int], None]) -> Iterator[None]:
    """Threads that come one after the other, each saying its number once it is inside."""

    def come(number: int, turn: Turn, here: Event) -> None:
        here.set()
        with turn():
            say(number)

    threads = []
    for number, turn in enumerate(turns):
        here = Event()
        threads.append(Thread(target=come, args=(number, turn, here)))
        threads[-1].start()
        here.wait(PATIENCE)
        time.sleep(0.01)  # so that they stand in this order
    yield
    for thread in threads:
        thread.join()


def test_writers_go_in_the_order_in_which_they_came() -> None:
    turns, went = Threads(PATIENCE), list[int]()
    with ExitStack() as ends, turns.to_write():
        ends.enter_context(comers(*[turns.to_write] * 8, say=went.append))
        assert went == []
    assert went == list(range(8))


def test_beside_a_writer_few_begin_to_read_and_all_others_when_it_has_ended() -> None:
    turns, reading, over = Threads(PATIENCE), list[int](), Event()

    def read(number: int) -> None:
        reading.append(number)
        over.wait(PATIENCE)

    with ExitStack() as ends:
        with turns.to_write():
            ends.enter_context(comers(*[turns.to_read] * (AT_ONCE + 1), say=read))
            assert reading == list(range(BESIDE_A_WRITER))
        until(lambda: len(reading) == AT_ONCE)
        over.set()
    assert sorted(reading) == list(range(AT_ONCE + 1))


def test_who_reads_already_keeps_no_writer_waiting() -> None:
    turns, wrote = Threads(PATIENCE), list[int]()
    with turns.to_read(), comers(turns.to_write, say=wrote.append):
        until(lambda: wrote == [0])


def test_who_has_a_turn_to_write_needs_no_other() -> None:
    turns, begun = Threads(PATIENCE), time.monotonic()
    with turns.to_write(), turns.to_write(), ExitStack() as many:
        for _ in range(AT_ONCE + 1):
            many.enter_context(turns.to_read())
        with turns.to_write():
            pass
    assert time.monotonic() - begun < PATIENCE


def test_who_reads_and_waits_to_write_holds_no_reader_up() -> None:
    turns, wrote, read = Threads(PATIENCE), list[int](), list[int]()

    @contextmanager
    def look_first() -> Iterator[None]:
        with turns.to_read(), turns.to_write():
            yield

    with ExitStack() as ends, turns.to_write():
        ends.enter_context(comers(*[look_first] * (BESIDE_A_WRITER + 1), say=wrote.append))
        ends.enter_context(comers(*[turns.to_read] * 3, say=read.append))
        until(lambda: len(read) == 3)
        assert wrote == []
    assert wrote == [0, 1, 2]


def test_who_has_waited_for_long_goes_on_and_nobody_is_forgotten() -> None:
    turns, went = Threads(0.05), list[int]()
    with turns.to_write(), comers(*[turns.to_write] * 3, say=went.append):
        until(lambda: len(went) == 3)
    again = Threads(0.05)
    with again.to_write(), comers(again.to_write, say=went.append):
        pass
    with again.to_write():
        pass


def test_who_waits_in_a_line_that_moves_goes_before_nobody() -> None:
    threads, went = Threads(1), list[int]()

    def stay(number: int) -> None:
        time.sleep(0.3)
        went.append(number)

    with comers(*[threads.to_write] * 8, say=stay):
        pass
    assert went == list(range(8))


def test_an_error_ends_a_turn() -> None:
    turns = Threads(PATIENCE)
    for turn in (turns.to_write, turns.to_read):
        with pytest.raises(RuntimeError), turn():
            raise RuntimeError
    went = list[int]()
    with comers(turns.to_write, turns.to_read, say=went.append):
        until(lambda: sorted(went) == [0, 1])


# -- processes -------------------------------------------------------------------------------------

_PROCESSES = multiprocessing.get_context("spawn")


def hold(path: Path) -> None:
    """First in the queue until killed, after saying so."""
    with Processes(path, PATIENCE).first():
        path.with_name("held").touch()
        time.sleep(10 * PATIENCE)


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[multiprocessing.process.BaseProcess]:
    """A process that stands first in the queue of a database, and does not move."""
    migrated(f"sqlite:///{tmp_path / 'tracker.sqlite'}")
    process = _PROCESSES.Process(target=hold, args=(tmp_path / "tracker.sqlite-queue",))
    process.start()
    until((tmp_path / "held").exists)
    yield process
    process.kill()
    process.join()


def beat(database: Database) -> None:
    with database.write() as session:
        session.add(HeartbeatRow(name="tick", at=JANUARY))


def beats(database: Database) -> int:
    with database.read() as session:
        return len(session.exec(select(HeartbeatRow.name)).all())


def test_a_place_in_the_queue_ends_with_the_process_that_was_killed(
    tmp_path: Path, holder: multiprocessing.process.BaseProcess
) -> None:
    with closing(Database(f"sqlite:///{tmp_path / 'tracker.sqlite'}", busy_seconds=60)) as database:
        writer = Thread(target=beat, args=(database,))
        writer.start()
        time.sleep(0.1)
        assert beats(database) == 0
        holder.kill()
        writer.join(PATIENCE)
        assert beats(database) == 1


def test_a_process_that_sleeps_in_the_queue_holds_up_but_stops_nobody(
    tmp_path: Path, holder: multiprocessing.process.BaseProcess
) -> None:
    assert holder.pid is not None
    os.kill(holder.pid, signal.SIGSTOP)
    with closing(Database(f"sqlite:///{tmp_path / 'tracker.sqlite'}", busy_seconds=1)) as database:
        beat(database)
        assert beats(database) == 1


def test_where_no_file_can_be_made_for_the_queue_it_is_done_without(tmp_path: Path) -> None:
    with Processes(tmp_path / "none" / "queue", PATIENCE).first():
        pass
    assert not (tmp_path / "none").exists()


def until(done: Callable[[], bool]) -> None:
    ends = time.monotonic() + PATIENCE
    while not done():
        assert time.monotonic() < ends
        time.sleep(0.005)
