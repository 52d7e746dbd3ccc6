"""A service whose mail server is away waits; it does not try all the time.

A minute of its own time is measured, so that this is a full form.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func
from sqlmodel import col, select

from tests.databases import Prepare
from tests.faults.service import running
from tests.faults.workshop import figure, until, with_mails
from tracker.store.database import Database
from tracker.store.tables import DispatchRow

Outbox = Callable[[Prepare], Database]
MAILS = 500
SECONDS = 60
BOUND = 0.01
"""Of one CPU (A7)."""


def used(process: int) -> float:
    """Seconds of CPU that the process has taken."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.full
def test_a_service_whose_mail_server_is_away_takes_less_than_a_hundredth_of_a_processor(
    outbox_of: Outbox, tmp_path: Path
) -> None:
    database = outbox_of(with_mails(MAILS))
    with socket.socket() as taken:  # bound and not listened on: whoever connects is refused
        taken.bind(("127.0.0.1", 0))
        there = {"smtp_host": "127.0.0.1", "smtp_port": taken.getsockname()[1]}
        with running(database, tmp_path, "serve", **there) as service:
            until(lambda: tried(database) == MAILS)
            time.sleep(5)  # what begins with the service has begun
            number = service.process.pid or 0
            before, begun = used(number), time.monotonic()
            time.sleep(SECONDS)
            share = (used(number) - before) / (time.monotonic() - begun)
            service.stopped()
    figure("A7 its mail server is away", database, mails=MAILS, cpu=f"{100 * share:.2f} %")
    assert share < BOUND
    assert tried(database) == MAILS


def tried(database: Database) -> int:
    with database.read() as session:
        once = select(func.count()).select_from(DispatchRow).where(
            col(DispatchRow.attempt) == 1, col(DispatchRow.outcome) == "later"
        )  # fmt: skip
        return session.exec(once).one()
