"""Several processes on one outbox: none doubles what another sends, nor when one was asleep.

Quick: 2 processes, 400 mails due in the same second. Full: 2 and 4 processes, 5,000 mails, 20 runs.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.databases import Prepare
from tests.faults.conftest import url_of
from tests.faults.workshop import (
    MORNING,
    KillingSmtp,
    Tally,
    figure,
    opened,
    snapshot,
    tally,
    until,
    with_mails,
    working,
)
from tests.sinks import ScriptedSmtp
from tracker.services import outbox
from tracker.store.database import Database

Outbox = Callable[[Prepare], Database]
FULL = pytest.mark.full
MANY = 5000
SAME_SECOND = MORNING + timedelta(hours=1)
"""All processes are there before it."""


@pytest.mark.parametrize(
    ("mails", "processes", "run"),
    [
        pytest.param(400, 2, 1, id="quick"),
        *(
            pytest.param(MANY, count, run, id=f"full-{count}-run{run:02}", marks=FULL)
            for count in (2, 4)
            for run in range(1, 21)
        ),
    ],
)
def test_many_processes_and_mails_due_in_the_same_second_double_nothing(
    outbox_of: Outbox, tmp_path: Path, mails: int, processes: int, run: int
) -> None:
    database = outbox_of(_due_in_the_same_second(mails))
    found = _emptied(database, tmp_path, processes)
    figure("due in the same second", database, seed=run, processes=processes, found=found)
    assert (found.lost, found.doubled, found.stuck, found.told) == (0, 0, 0, mails)
    if mails == MANY and not database.is_sqlite:
        assert len(found.shares) == processes
        assert found.shares[-1] >= mails / 10


def _emptied(database: Database, folder: Path, processes: int) -> Tally:
    with ScriptedSmtp() as server, working(url_of(database), server, folder) as workers:
        workers.start(processes)
        until(lambda: workers.are_there, why=workers.said)
        workers.plan.clock.put_on(SAME_SECOND - MORNING)
        until(lambda: opened(database) == 0, why=workers.said)
        return tally(database, server)


_PREPARED: dict[int, Prepare] = {}


def _due_in_the_same_second(mails: int) -> Prepare:
    """One and the same function for each number: it is what a copy is known by."""
    return _PREPARED.setdefault(mails, with_mails(mails, due_at=SAME_SECOND))


def test_a_process_that_was_asleep_longer_than_its_lease_changes_nothing_when_it_wakes(
    outbox_of: Outbox, tmp_path: Path
) -> None:
    database = outbox_of(with_mails(40))
    asleep: list[bool] = []

    def fall_asleep() -> None:
        workers.signal(signal.SIGSTOP)
        asleep.append(True)

    with (
        KillingSmtp("dot", fall_asleep) as server,
        working(url_of(database), server, tmp_path) as workers,
    ):
        workers.start(connections=1)
        until(lambda: bool(asleep))
        workers.plan.clock.put_on(3 * outbox.LEASE)
        sleeper, workers.alive = workers.alive, []
        workers.start()
        until(lambda: opened(database) == 0, why=workers.said)
        workers.kill()
        before, workers.alive = snapshot(database), sleeper
        workers.signal(signal.SIGCONT)
        workers.signal(signal.SIGTERM)
        sleeper[0].join(30)
        assert sleeper[0].exitcode == 0, workers.said
        found = tally(database, server)
        assert snapshot(database) == before
    figure("asleep for three leases", database, found=found)
    assert (found.lost, found.strange, found.stuck) == (0, 0, 0)
    assert found.doubled <= 1
    assert found.told == found.mails
