"""The disk is full while mails are sent, a programme is loaded and an audit is written; then it is
not. Without a mount: SQLite may not grow, or no file may grow beyond a size (RLIMIT_FSIZE)."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.builders import a_database, a_programme, migrated
from tests.faults.workshop import (
    figure,
    opened,
    put_reminders,
    tally,
    until,
    with_mails,
    working,
)
from tests.sinks import ScriptedSmtp
from tracker.definitions import yamlform
from tracker.services import programmes, trail
from tracker.store.database import Database

ROOT = Path(__file__).parents[2]
SMALL = 33_000
"""Octets: SQLite's shared index fits, a programme or an audit does not."""


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """A data folder with a database."""
    migrated(f"sqlite:///{tmp_path / 'tracker.sqlite'}")
    return tmp_path


def database(office: Path) -> Database:
    return a_database(f"sqlite:///{office / 'tracker.sqlite'}")


def tracker(office: Path, *words: str, limit: int | None = None) -> subprocess.CompletedProcess:
    """The command line as a process of its own, whose files grow to `limit` octets at most."""
    begin = "from tracker.cli import main; main()"
    if limit is not None:
        begin = f"import resource as r; r.setrlimit(r.RLIMIT_FSIZE, ({limit}, {limit})); {begin}"
    return subprocess.run(
        [sys.executable, "-B", "-c", begin, *words],
        env={**os.environ, "TRACKER_DATA": str(office), "TRACKER_LANGUAGE": "en"},
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_full_disk_while_sending_holds_mails_back_and_doubles_none(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'tracker.sqlite'}"
    with_mails(300)(url)
    with (
        closing(a_database(url)) as kept,
        ScriptedSmtp() as server,
        working(url, server, tmp_path, full=True) as workers,
    ):
        workers.start()
        until(lambda: _stands_still(server))
        held_back = opened(kept)
        workers.plan.space.touch()
        until(lambda: opened(kept) == 0, why=workers.said)
        found = tally(kept, server)
        assert all(process.is_alive() for process in workers.alive), workers.said
        figure("full disk while sending", kept, held_back=held_back, found=found)
        assert held_back > 0
        assert (found.lost, found.doubled, found.stuck, found.told) == (0, 0, 0, 300)
        with kept.write() as session:
            trail.seal_all(session, now=workers.plan.clock.now())
        with kept.read() as session:
            assert all(trail.verify(session, name).ok for name in trail.chains(session))


def _stands_still(server: ScriptedSmtp) -> bool:
    before = len(server.messages)
    time.sleep(2)
    return before > 0 and len(server.messages) == before


def test_a_full_disk_while_loading_leaves_the_programmes_as_they_were(office: Path) -> None:
    file = office / "small.yaml"
    file.write_text(yamlform.dump(a_programme()), encoding="utf-8")
    told = tracker(office, "programme", "load", str(file), limit=SMALL)
    assert told.returncode == 1
    assert "the disk" in told.stderr or "no space left" in told.stderr
    assert "Traceback" not in told.stderr
    with closing(database(office)) as kept, kept.read() as session:
        assert programmes.slugs(session) == []
    assert tracker(office, "programme", "load", str(file)).returncode == 0
    with closing(database(office)) as kept, kept.read() as session:
        assert programmes.slugs(session) == ["small"]


def test_a_full_disk_while_exporting_leaves_no_part_of_a_file(office: Path) -> None:
    with closing(database(office)) as kept:
        put_reminders(kept, 60)
    before = sorted(path.name for path in office.iterdir())
    words = ("audit", "--as-of", "2021-12-31", "-o", str(office / "audit.html"))
    told = tracker(office, *words, limit=SMALL)
    assert told.returncode == 1
    assert "audit.html" in told.stderr
    assert "Traceback" not in told.stderr
    after = {path.name for path in office.iterdir()}
    assert not {name for name in after if name.startswith((".", "audit"))} - set(before)
    assert tracker(office, *words).returncode == 0
    assert (office / "audit.html").stat().st_size > SMALL
