"""PostgreSQL is stopped under load, as when its machine is restarted.

Quick: twice, for 1 and 3 seconds. Full: ten times, for 1 to 120 seconds.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests import databases
from tests.builders import a_database, migrated
from tests.conftest import RUN, not_proven
from tests.faults.conftest import url_of
from tests.faults.workshop import (
    Workers,
    figure,
    opened,
    put_mails,
    tally,
    until,
    working,
)
from tests.sinks import PIPELINING, Script, ScriptedSmtp, Wait

pytestmark = pytest.mark.postgres
UNHURRIED = Script(ehlo=PIPELINING, dot=Wait(0.02, "250 2.0.0 Ok"))
"""So that mails are under way whenever the database goes."""


@pytest.fixture
def own_server() -> Iterator[databases.OwnServer]:
    try:
        with databases.own_server(Path(os.environ[RUN])) as server:
            yield server
    except databases.NoServer as none:
        not_proven("PostgreSQL going away", f"no server of our own could be had ({none})")
        pytest.skip(f"no PostgreSQL: {none}")


@pytest.mark.parametrize(
    ("mails", "outages"),
    [
        pytest.param(400, (1, 3), id="quick"),
        pytest.param(5000, (1, 1, 2, 3, 5, 10, 20, 40, 80, 120), id="full", marks=pytest.mark.full),
    ],
)
def test_a_database_that_goes_away_and_comes_back_loses_and_doubles_nothing(
    own_server: databases.OwnServer, tmp_path: Path, mails: int, outages: tuple[int, ...]
) -> None:
    url, rng, back = own_server.create(), random.Random(6), []
    migrated(url)
    with (
        closing(a_database(url)) as database,
        ScriptedSmtp(UNHURRIED) as server,
        working(url_of(database), server, tmp_path, connections=2) as workers,
    ):
        put_mails(database, mails)
        workers.start(2)
        for number, seconds in enumerate(outages, start=1):
            sent = number * mails // (len(outages) + 1)
            until(lambda sent=sent: len(server.messages) >= sent, why=workers.said)
            time.sleep(rng.uniform(0, 0.1))
            back.append(_away(own_server, server, workers, seconds))
        until(lambda: opened(database) == 0, why=workers.said)
        found = tally(database, server)
        assert all(process.is_alive() for process in workers.alive), workers.said
        figure(
            "database away", database, seed=6, outages=outages, found=found,
            recovered_after=[f"{seconds:.1f} s" for seconds in back],
        )  # fmt: skip
    assert (found.lost, found.doubled, found.stuck, found.told) == (0, 0, 0, mails)


def _away(
    postgres: databases.OwnServer, server: ScriptedSmtp, workers: Workers, seconds: float
) -> float:
    """Stopped for so long; how many seconds after its return the next mail arrived."""
    postgres.stop()
    time.sleep(seconds)
    postgres.start()
    arrived, back = len(server.messages), time.monotonic()
    until(lambda: len(server.messages) > arrived, why=workers.said)
    return time.monotonic() - back
