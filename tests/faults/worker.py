"""A delivering process as the product builds one, to be killed, stopped and starved."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from ctypes import c_double
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event

from tests.stories.post import SECRET
from tracker.domain.errors import TrackerError
from tracker.runtime import build
from tracker.services import delivery
from tracker.settings import Settings
from tracker.store.database import Database

IDLE = 0.05
"""Seconds between two looks at an empty outbox."""


@dataclass(frozen=True)
class SharedClock:
    """`start` when the machine had run for `began` seconds, and `ahead` of it by what the test has
    put it on: nobody waits for a lease to end. All processes of a test share one."""

    start: datetime
    ahead: c_double
    """Seconds. Without a lock, which who is killed could take with it."""
    began: float = field(default_factory=time.monotonic)

    def now(self) -> datetime:
        passed = time.monotonic() - self.began + self.ahead.value
        return self.start + timedelta(seconds=passed)

    def put_on(self, by: timedelta) -> None:
        self.ahead.value += by.total_seconds()


@dataclass(frozen=True)
class Plan:
    """What a worker is to do. `dies` names a commit in whose place, or after which, it is killed;
    `said` is a file for what went wrong."""

    database: str
    port: int
    clock: SharedClock
    data: Path
    connections: int = 1
    timeout: float = 5
    dies: str = ""
    full: bool = False

    @property
    def said(self) -> Path:
        return self.data / "said.txt"

    def there(self, number: int) -> Path:
        """What the process of this number leaves when it is ready to work."""
        return self.data / f"there-{number}"

    @property
    def space(self) -> Path:
        """While `full`, the database may grow only once this file is there."""
        return self.data / "space"


def work(plan: Plan) -> None:
    """Until killed, or told to stop."""
    asyncio.run(_work(plan))


async def _work(plan: Plan) -> None:
    runtime = build(_settings(plan), plan.clock)
    if plan.dies:
        _dies_at(runtime.database, plan.dies)
    if plan.full:
        _grows_only_where(runtime.database, plan.space)
    parts = delivery.parts_of(runtime)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    plan.there(os.getpid()).touch()
    while not stop.is_set():
        try:
            await delivery.deliver(parts, plan.clock.now(), stop=stop)
        except TrackerError as failure:  # as the alarm clock does: told, and run again
            with plan.said.open("a") as said:
                said.write(f"{type(failure).__name__}: {failure}\n")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), IDLE)
    await runtime.close()


def _settings(plan: Plan) -> Settings:
    return Settings(
        data=plan.data,
        database_url=plan.database,
        secret=SECRET,
        sender="考核办 <office@tracker.test>",
        smtp_host="127.0.0.1",
        smtp_port=plan.port,
        smtp_tls="none",
        smtp_timeout=plan.timeout,
        smtp_connections=plan.connections,
    )


CLAIMS = "dispatch.attempt +"
SETTLES = "INSERT INTO event"


def _dies_at(database: Database, moment: str) -> None:
    """kill -9 from inside: "before claim", "after claim", "before settle" or "after settle"."""
    when, _, which = moment.partition(" ")
    mark = CLAIMS if which == "claim" else SETTLES
    marked: set[int] = set()

    @event.listens_for(database.engine, "before_cursor_execute")
    def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if mark in statement:
            marked.add(id(connection.connection.dbapi_connection))

    @event.listens_for(database.engine, "commit")
    def before(connection: Any) -> None:
        if when == "before" and id(connection.connection.dbapi_connection) in marked:
            os.kill(os.getpid(), signal.SIGKILL)

    @event.listens_for(database.engine, "checkin")
    def after(connection: Any, record: Any) -> None:
        if when == "after" and id(connection) in marked:
            os.kill(os.getpid(), signal.SIGKILL)


def _grows_only_where(database: Database, space: Path) -> None:
    @event.listens_for(database.engine, "begin")
    def limit(connection: Any) -> None:
        pages = 1_000_000 if space.exists() else 1  # never fewer than there are
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")


if __name__ == "__main__":
    sys.exit("started by the tests of this folder")
