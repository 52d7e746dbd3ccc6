"""The power fails while mails are settled: what was committed stays, and the file stays sound.

Quick: 25 cuts. Full: 100 cuts of each of three runs.
"""

from __future__ import annotations

import multiprocessing
import random
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import event

from tests.builders import a_database, migrated
from tests.conftest import not_proven
from tests.faults.powercut import cuts, laid_out, listen
from tests.faults.workshop import MORNING, figure, put_mails
from tracker.services import outbox
from tracker.services.outbox import Ending, Outcome, Retry
from tracker.settings import Settings
from tracker.store.database import Database, Synchronous

MAILS = 120
_PROCESSES = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Found:
    """Of all cuts: unsound files, acknowledged commits that were gone, and cuts in all."""

    unsound: int
    lost: int
    cuts: int


def _cut(home: Path, mode: Synchronous, number: int, seed: int) -> None:
    """In a process of its own, because it listens to all that SQLite does; leaves its findings."""
    path, rng = home / "tracker.sqlite", random.Random(seed)
    before = {str(path): bytearray(path.read_bytes())}
    try:
        notes = listen()
    except OSError as none:
        (home / "found.txt").write_text(f"none {none}")
        return
    kept = _settled(f"sqlite:///{path}", mode, notes.acts)
    acts = list(notes.acts)
    moments = [rng.randrange(1, len(acts) + 1) for _ in range(number)]
    unsound = lost = 0
    for n, (moment, files) in enumerate(cuts(before, acts, moments, rng)):
        folder = home / f"cut{n}"
        folder.mkdir()
        laid_out(files, home, folder)
        sound, sent = _read(folder / "tracker.sqlite")
        unsound += not sound
        lost += sum(when <= moment and id_ not in sent for id_, when in kept.items())
    (home / "found.txt").write_text(f"{unsound} {lost} {number}")


def _settled(url: str, mode: Synchronous, acts: list[object]) -> dict[int, int]:
    """Mails claimed and settled one by one; each with how much had been written when its commit was
    acknowledged."""
    kept: dict[int, int] = {}
    with closing(Database(url, synchronous=mode)) as database:

        @event.listens_for(database.engine, "connect")
        def often(connection: sqlite3.Connection, _: object) -> None:
            connection.execute("PRAGMA wal_autocheckpoint = 40")  # so that many cuts meet one

        for _ in range(MAILS):
            with database.write() as session:
                [claim] = outbox.claim(session, MORNING, limit=1, worker="one")
            with database.write() as session:
                sent = Outcome(claim, Ending.SENT, "250 2.0.0 Ok")
                outbox.settle(session, [sent], MORNING, Retry())
            kept[claim.dispatch_id] = len(acts)
    return kept


def _read(path: Path) -> tuple[bool, set[int]]:
    """Whether SQLite finds the file sound, and the mails that are settled in it."""
    try:
        with closing(sqlite3.connect(f"file:{path}?vfs=unix", uri=True)) as connection:
            verdict = connection.execute("PRAGMA integrity_check").fetchone()[0]
            rows = connection.execute("SELECT id FROM dispatch WHERE state = 'sent'").fetchall()
    except sqlite3.DatabaseError:
        return False, set()
    return verdict == "ok", {id_ for (id_,) in rows}


def found(home: Path, mode: Synchronous, number: int, seed: int) -> Found:
    url = f"sqlite:///{home / 'tracker.sqlite'}"
    migrated(url)
    with closing(a_database(url)) as database:
        put_mails(database, MAILS)
    process = _PROCESSES.Process(target=_cut, args=(home, mode, number, seed))
    process.start()
    process.join()
    assert process.exitcode == 0
    process.close()
    told = (home / "found.txt").read_text()
    if told.startswith("none"):
        not_proven("power cuts", f"SQLite cannot be listened to here ({told[5:]})")
        pytest.skip(told)
    result = Found(*map(int, told.split()))
    with closing(a_database(url)) as database:
        figure(f"power cuts, synchronous={mode}", database, seed=seed, found=result)
    return result


@pytest.mark.parametrize(
    ("number", "seed"),
    [
        pytest.param(25, 1, id="quick"),
        *(pytest.param(100, n, id=f"full-{n}", marks=pytest.mark.full) for n in (1, 2, 3)),
    ],
)
def test_a_power_cut_loses_nothing_that_was_committed(
    tmp_path: Path, number: int, seed: int
) -> None:
    chosen = Settings().sqlite_synchronous
    assert found(tmp_path, chosen, number, seed) == Found(0, 0, number)


def test_a_mode_that_does_not_wait_for_the_disk_would_be_found_out(tmp_path: Path) -> None:
    """The proof itself can fail: a simulation's mode loses commits in it."""
    assert found(tmp_path, "off", 25, 1).lost > 0
