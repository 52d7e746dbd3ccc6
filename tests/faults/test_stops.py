"""`tracker serve` is told to stop (SIGTERM) at random moments.

Quick: 2 stops over 120 mails. Full: 100 stops over 5,000 mails, in two runs.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from sqlmodel import select

from tests.databases import Prepare
from tests.faults.service import Service, running
from tests.faults.workshop import figure, opened, tally, until, with_mails
from tests.sinks import PIPELINING, SILENCE, Script, ScriptedSmtp, Wait
from tracker.store.database import Database
from tracker.store.tables import DispatchRow, DispatchState

Outbox = Callable[[Prepare], Database]
UNHURRIED = Script(ehlo=PIPELINING, dot=Wait(0.02, "250 2.0.0 Ok"))


def serving(
    database: Database, server: ScriptedSmtp, folder: Path
) -> AbstractContextManager[Service]:
    there = {"smtp_host": server.host, "smtp_port": server.port}
    return running(database, folder, "serve", deliver_seconds=0.5, **there)


@pytest.mark.parametrize(
    ("mails", "stops", "seed"),
    [
        pytest.param(120, 2, 8, id="quick"),
        pytest.param(2500, 50, 8, id="full-8", marks=pytest.mark.full),
        pytest.param(2500, 50, 9, id="full-9", marks=pytest.mark.full),
    ],
)
def test_a_service_that_is_stopped_at_any_moment_loses_and_doubles_nothing(
    outbox_of: Outbox, tmp_path: Path, mails: int, stops: int, seed: int
) -> None:
    database, rng, took = outbox_of(with_mails(mails)), random.Random(seed), []
    with ScriptedSmtp(UNHURRIED) as server:
        for number in range(1, stops + 1):
            with serving(database, server, tmp_path) as service:
                after = number * mails // (stops + 1)
                until(lambda after=after: len(server.messages) >= after)
                time.sleep(rng.uniform(0, 0.1))
                took.append(service.stopped())
            with database.read() as session:
                held = select(DispatchRow).where(DispatchRow.state == DispatchState.SENDING)
                assert session.exec(held).all() == []
        with serving(database, server, tmp_path) as service:
            until(lambda: opened(database) == 0)
            service.stopped()
        found = tally(database, server)
    figure(
        "told to stop", database, seed=seed, stops=stops, found=found,
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
        with serving(database, server, tmp_path) as service:
            until(lambda: len(server.messages) == 4)
            seconds = service.stopped()
        with database.read() as session:
            rows = session.exec(select(DispatchRow)).all()
    figure("told to stop while a server hangs", database, seconds=f"{seconds:.1f}")
    cut = [row for row in rows if row.server_reply == "the service stopped before the answer came"]
    assert len(cut) == 4
    assert all("unknown" in row.outcome for row in cut)
    assert sum(row.state is DispatchState.PENDING and row.attempt == 0 for row in rows) == 36
