"""What runs the periodic work: an alarm clock in this process, or one process among several."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from schedules.ticker import Tick, Ticker
from tracker.services import rounds
from tracker.services.heartbeats import ALIVE_EVERY
from tracker.store import jobs
from tracker.store.database import StoreError

if TYPE_CHECKING:
    from tracker.runtime import Runtime


Own = dict[str, tuple[timedelta, Tick]]
"""What each process does for itself."""


class Engine(Protocol):
    def start(self) -> None:
        """Needs a running event loop."""

    async def stop(self) -> None:
        """Starts nothing more, and returns when what runs has ended by itself."""


def for_pages(parts: Runtime, stop: asyncio.Event) -> Engine:
    """Embedded, pages and clock are one process; in a cluster it only says that it is there."""
    if parts.settings.engine == "embedded":
        return _embedded(parts, stop)
    return _Member(parts, "serve", lambda own: Ticker(own))


def for_work(parts: Runtime, stop: asyncio.Event) -> Engine:
    """Refused where the cluster's queue is not there, or the library for it."""
    if parts.settings.engine == "embedded":
        return _embedded(parts, stop)
    jobs.require(parts.database)
    return _Member(parts, "work", lambda own: _cluster(parts, stop, own))


def _embedded(parts: Runtime, stop: asyncio.Event) -> Ticker:
    return Ticker({name: (one.every, one.run) for name, one in rounds.rounds(parts, stop).items()})


def _cluster(parts: Runtime, stop: asyncio.Event, own: Own) -> Engine:
    from schedules.cluster import Cluster, Job

    work = {
        name: Job(one.every, one.run, one.more) for name, one in rounds.rounds(parts, stop).items()
    }
    missed_after = timedelta(seconds=parts.settings.missed_seconds)
    return Cluster(jobs.address(parts.database), work, own, missed_after=missed_after)


class _Member:
    """One process of several: it says that it is there, and at its end that it is not to be
    missed."""

    def __init__(self, parts: Runtime, role: str, engine: Callable[[Own], Engine]) -> None:
        self._parts = parts
        self._name = f"{role}|{socket.gethostname()}|{os.getpid()}"
        self._engine = engine({"alive": (ALIVE_EVERY, self._say(rounds.say_alive))})

    def start(self) -> None:
        self._engine.start()

    async def stop(self) -> None:
        await self._engine.stop()
        await self._say(rounds.say_goodbye)()

    def _say(self, what: Callable[[Runtime, str], None]) -> Callable[[], Awaitable[None]]:
        async def say() -> None:
            with suppress(StoreError):  # while the database is away we are missed, and that is true
                await asyncio.to_thread(what, self._parts, self._name)

        return say
