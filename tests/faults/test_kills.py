"""A delivering process is killed with -9, at random and at each named step.

Quick: 20 kills over 500 mails. Full: 200 kills over 5,000 mails, three seeds.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.databases import Prepare
from tests.faults.conftest import url_of
from tests.faults.workshop import (
    KillingSmtp,
    Workers,
    figure,
    opened,
    tally,
    until,
    with_mails,
    with_reminders,
    working,
)
from tests.sinks import PIPELINING, Script, ScriptedSmtp
from tracker.store.database import Database

Outbox = Callable[[Prepare], Database]
FULL = pytest.mark.full
USUAL = Script(ehlo=PIPELINING)
"""As mail servers are: a mail is offered to them in one go."""


@pytest.mark.parametrize(
    ("mails", "kills", "seed"),
    [
        pytest.param(500, 20, 1, id="quick"),
        pytest.param(5000, 200, 1, id="full-1", marks=FULL),
        pytest.param(5000, 200, 2, id="full-2", marks=FULL),
        pytest.param(5000, 200, 3, id="full-3", marks=FULL),
    ],
)
def test_killed_at_random_nothing_is_lost_and_a_double_is_the_same_mail(
    outbox_of: Outbox, tmp_path: Path, mails: int, kills: int, seed: int
) -> None:
    database, rng = outbox_of(with_mails(mails)), random.Random(seed)
    with ScriptedSmtp(USUAL) as server, working(url_of(database), server, tmp_path) as workers:
        share = mails / (kills + 1)
        for number in range(1, kills + 1):
            _killed_once(workers, server, rng, after=int(number * share))
        workers.start()
        until(lambda: opened(database) == 0, why=workers.said)
        found = tally(database, server)
    figure("killed at random", database, seed=seed, kills=kills, found=found)
    assert (found.lost, found.strange, found.stuck) == (0, 0, 0)
    assert found.doubled <= kills
    assert found.told == mails


def _killed_once(workers: Workers, server: ScriptedSmtp, rng: random.Random, *, after: int) -> None:
    """At a random moment of the mail that follows the `after`-th, so that all kills meet work."""
    workers.start()
    until(lambda: len(server.messages) >= after, why=workers.said)
    time.sleep(rng.uniform(0, 0.2))
    workers.kill()


@pytest.mark.parametrize(
    ("mails", "kills"),
    [pytest.param(60, 8, id="quick"), pytest.param(2000, 200, id="full", marks=FULL)],
)
def test_killed_at_random_while_letters_are_written_each_stays_as_it_was_first(
    outbox_of: Outbox, tmp_path: Path, mails: int, kills: int
) -> None:
    database, rng = outbox_of(with_reminders(mails)), random.Random(4)
    with ScriptedSmtp(USUAL) as server, working(url_of(database), server, tmp_path) as workers:
        for number in range(kills):
            _killed_once(workers, server, rng, after=mails // (kills + 1) * number)
        workers.start()
        until(lambda: opened(database) == 0, why=workers.said)
        found = tally(database, server)
    figure("killed while writing", database, seed=4, kills=kills, found=found)
    assert (found.mails, found.lost, found.strange, found.stuck) == (mails, 0, 0, 0)
    assert found.doubled <= kills


COMMITS = ["before claim", "after claim", "before settle", "after settle"]
STEPS = {"connect": "banner", "MAIL": "mail", "RCPT": "rcpt", "DATA": "data", "final dot": "dot"}
MAY_DOUBLE = {"final dot", "before settle"}
_THIRTY = with_reminders(30)
"""Each written when it is claimed, in the transaction that claims it."""


@pytest.mark.parametrize("step", [*COMMITS, *STEPS])
def test_killed_at_a_step_nothing_is_lost_and_only_what_was_accepted_comes_again(
    outbox_of: Outbox, tmp_path: Path, step: str
) -> None:
    database = outbox_of(_THIRTY)
    killed: list[str] = []

    def kill() -> None:
        workers.kill()
        killed.append(step)

    with (
        KillingSmtp(STEPS.get(step, "none"), kill) as server,
        working(url_of(database), server, tmp_path) as workers,
    ):
        [first] = workers.start(dies="" if step in STEPS else step)
        if step in STEPS:
            until(lambda: bool(killed))
        else:
            first.join(60)
            assert first.exitcode == -9
            workers.kill()
        workers.start()
        until(lambda: opened(database) == 0, why=workers.said)
        found = tally(database, server)
    figure(f"killed at {step}", database, found=found)
    assert (found.lost, found.strange, found.stuck) == (0, 0, 0)
    assert found.doubled == (1 if step in MAY_DOUBLE else 0)
