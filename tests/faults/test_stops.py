"""`tracker serve` is told to stop (SIGTERM) at random moments.

Quick: 2 stops over 120 mails. Full: 100 stops over 5,000 mails.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlmodel import select

from tests.databases import Prepare
from tests.faults.conftest import url_of
from tests.faults.workshop import figure, opened, tally, until, with_mails
from tests.sinks import PIPELINING, SILENCE, Script, ScriptedSmtp, Wait
from tests.stories.post import SECRET
from tracker.store.database import Database
from tracker.store.tables import DispatchRow, DispatchState

Outbox = Callable[[Prepare], Database]
ROOT = Path(__file__).parents[2]
AT_MOST = 15
"""Seconds in which a service that was told to stop has ended."""

UNHURRIED = Script(ehlo=PIPELINING, dot=Wait(0.02, "250 2.0.0 Ok"))


@contextmanager
def serving(database: Database, server: ScriptedSmtp, folder: Path) -> Iterator[subprocess.Popen]:
    """The service as an office runs it, with the pages on a free port."""
    settings = {
        "data": str(folder), "database_url": url_of(database), "secret": SECRET, "port": "0",
        "sender": "office@tracker.test", "deliver_seconds": "0.5", "smtp_host": server.host,
        "smtp_port": str(server.port), "smtp_tls": "none",
    }  # fmt: skip
    environ = {f"TRACKER_{name.upper()}": value for name, value in settings.items()}
    command = [sys.executable, "-c", "from tracker.cli import main; main()", "serve"]
    with subprocess.Popen(
        command, env={**os.environ, **environ, "PYTHONUNBUFFERED": "1"}, cwd=ROOT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            assert "http://" in process.stdout.readline(), process.communicate()
            yield process
        finally:
            process.kill()


def stopped(process: subprocess.Popen) -> float:
    """Told to stop; how many seconds it took to end well."""
    begun = time.monotonic()
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=AT_MOST)
    assert process.returncode == 0, errors
    return time.monotonic() - begun


@pytest.mark.parametrize(
    ("mails", "stops"),
    [
        pytest.param(120, 2, id="quick"),
        pytest.param(5000, 100, id="full", marks=pytest.mark.full),
    ],
)
def test_a_service_that_is_stopped_at_any_moment_loses_and_doubles_nothing(
    outbox_of: Outbox, tmp_path: Path, mails: int, stops: int
) -> None:
    database, rng, took = outbox_of(with_mails(mails)), random.Random(8), []
    with ScriptedSmtp(UNHURRIED) as server:
        for number in range(1, stops + 1):
            with serving(database, server, tmp_path) as process:
                after = number * mails // (stops + 1)
                until(lambda after=after: len(server.messages) >= after)
                time.sleep(rng.uniform(0, 0.1))
                took.append(stopped(process))
            with database.read() as session:
                held = select(DispatchRow).where(DispatchRow.state == DispatchState.SENDING)
                assert session.exec(held).all() == []
        with serving(database, server, tmp_path) as process:
            until(lambda: opened(database) == 0)
            stopped(process)
        found = tally(database, server)
    figure(
        "told to stop", database, seed=8, stops=stops, found=found,
        slowest=f"{max(took):.1f} s",
    )  # fmt: skip
    assert (found.lost, found.doubled, found.stuck, found.told) == (0, 0, 0, mails)


@pytest.mark.parametrize(
    "database_kind",
    ["sqlite", pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.full])],
    indirect=True,
)
def test_a_mail_server_that_hangs_holds_up_no_stop(outbox_of: Outbox, tmp_path: Path) -> None:
    database = outbox_of(with_mails(40))
    with ScriptedSmtp(Script(dot=SILENCE)) as server:
        with serving(database, server, tmp_path) as process:
            until(lambda: len(server.messages) == 4)
            seconds = stopped(process)
        with database.read() as session:
            rows = session.exec(select(DispatchRow)).all()
    figure("told to stop while a server hangs", database, seconds=f"{seconds:.1f}")
    cut = [row for row in rows if row.server_reply == "the service stopped before the answer came"]
    assert len(cut) == 4
    assert all("unknown" in row.outcome for row in cut)
    assert sum(row.state is DispatchState.PENDING and row.attempt == 0 for row in rows) == 36
