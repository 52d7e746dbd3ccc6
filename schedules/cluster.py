"""Several machines share one list of periodic work, over procrastinate on their PostgreSQL.

Each process says at every period that the work of that period is to be done; the database lets the
first one say so, and whoever is free does it. What a process left undone when it died is given to
another once its heartbeat has been missed. The queue holds no truth: every job is an idempotent
function of the instant it reads and of rows, so that a queue that is lost or emptied loses nothing.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from procrastinate import App, PsycopgConnector, exceptions, jobs, tasks

from schedules.clock import SystemClock
from schedules.ticker import Tick, Ticker

log = logging.getLogger(__name__)

SCHEMA = "tracker_jobs"
"""The tables of procrastinate have a schema of their own: they may be dropped and made anew."""

AGAIN = 2.0
"""Seconds until a process that lost its database tries to work again."""

KEPT_HOURS = 48
"""For how long a job that failed can be looked at."""

HOUSE, SHARED = "house", "shared"
AT_ONCE = {HOUSE: 8, SHARED: 1}
"""Jobs of a queue in one process: a long round of sending holds up no tick, and leaves the next
round to the next process."""


@dataclass(frozen=True)
class Job:
    """`more` asks whether what is there is worth another process's help, before it is begun; such
    work may be done by several at once. All other work is done by one at a time."""

    every: timedelta
    run: Tick
    more: Callable[[], Awaitable[bool]] | None = None

    @property
    def queue(self) -> str:
        return HOUSE if self.more is None else SHARED


class Cluster:
    """One process's part in the work; the alarm clock beside it rings for `own`, which is what
    every process does for itself. One that says nothing for `missed_after` is taken for dead."""

    def __init__(
        self,
        conninfo: str,
        work: Mapping[str, Job],
        own: Mapping[str, tuple[timedelta, Tick]],
        *,
        missed_after: timedelta,
    ) -> None:
        self._missed_after = missed_after.total_seconds()
        self._work = dict(work)
        self._app = App(connector=_connector(conninfo))
        self._tasks = {name: self._task(name, job) for name, job in self._work.items()}
        self._mind_the_dead()
        rings = {name: (job.every, self._call(name)) for name, job in self._work.items()}
        self._ticker = Ticker({**rings, **own})
        self._workers: list[asyncio.Task[None]] = []
        self._opened = False
        self._ends = False

    def start(self) -> None:
        """Needs a running event loop. The database may be away: it is tried until it is there."""
        self._workers = [asyncio.create_task(self._keep_working(queue)) for queue in AT_ONCE]
        self._ticker.start()

    async def stop(self) -> None:
        """Takes nothing more and returns when the running jobs have ended by themselves."""
        self._ends = True
        await self._ticker.stop()
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        if self._opened:
            with suppress(*_AWAY):
                await self._app.close_async()

    def _task(self, name: str, job: Job) -> tasks.Task[Any, Any, Any]:
        async def run(timestamp: int) -> None:
            if job.more is not None and await job.more():
                await self._ask_for_help(name)
            await job.run()

        lock = None if job.queue == SHARED else name
        return self._app.task(name=name, queue=job.queue, lock=lock, queueing_lock=name)(run)

    def _call(self, name: str) -> Tick:
        """Say that this period's work is to be done, unless somebody has said so."""

        async def call() -> None:
            if not self._opened:
                return
            period = max(1, round(self._work[name].every.total_seconds()))
            timestamp = int(SystemClock().now().timestamp()) // period * period
            asked = self._tasks[name].configure(task_kwargs={"timestamp": timestamp})
            try:
                await self._app.job_manager.defer_periodic_job(
                    asked.job, periodic_id="", defer_timestamp=timestamp
                )
            except exceptions.AlreadyEnqueued:
                pass  # the last period's is still waiting: one run afterwards is enough
            except _AWAY as failure:
                log.warning("cannot ask for %s: %s", name, type(failure).__name__)

        return call

    async def _ask_for_help(self, name: str) -> None:
        """One more process; it asks for the next one itself."""
        with suppress(exceptions.AlreadyEnqueued, *_AWAY):
            await self._tasks[name].defer_async(timestamp=0)

    async def _keep_working(self, queue: str) -> None:
        # A worker ends when it loses its database, and when one of its side tasks fails.
        while not self._ends:
            try:
                await self._open()
                await self._app.run_worker_async(
                    queues=[queue],
                    name=f"{socket.gethostname()}#{os.getpid()}",
                    concurrency=AT_ONCE[queue],
                    install_signal_handlers=False,
                    delete_jobs=jobs.DeleteJobCondition.SUCCESSFUL,
                    update_heartbeat_interval=self._missed_after / 3,
                    stalled_worker_timeout=self._missed_after,
                )
            except _AWAY as failure:
                log.warning("work waits for the database: %s", type(failure).__name__)
            if not self._ends:
                await asyncio.sleep(AGAIN)

    async def _open(self) -> None:
        await self._app.open_async()
        self._opened = True

    def _mind_the_dead(self) -> None:
        """As a periodic task of procrastinate's own: without any, its workers no longer notice
        that their heartbeat has failed (`Worker._monitor_side_tasks` ends with the first of its
        side tasks, and the one for periodic tasks ends at once)."""

        async def rescue(timestamp: int) -> None:
            await self._rescue()
            await self._app.job_manager.delete_old_jobs(
                KEPT_HOURS, include_failed=True, include_aborted=True, include_cancelled=True
            )

        task = self._app.task(name="rescue", queue=HOUSE, queueing_lock="rescue")(rescue)
        every = max(1, min(10, round(self._missed_after / 3)))
        self._app.periodic_registry.register_task(
            task=task, cron=f"* * * * * */{every}", periodic_id="", configure_kwargs={}
        )

    async def _rescue(self) -> None:
        """What dead processes had begun is to be done again, unless the next is waiting already."""
        manager = self._app.job_manager
        dead = await manager.get_stalled_jobs(seconds_since_heartbeat=self._missed_after)
        for job in dead:
            log.warning("%s was begun by a process that died: it is done again", job.task_name)
            try:
                await manager.retry_job(job)
            except exceptions.ConnectorException:
                # Two may not wait under one name; of idempotent work the one that waits will do.
                await manager.finish_job(job, status=jobs.Status.FAILED, delete_job=False)


_AWAY: tuple[type[Exception], ...] = (exceptions.ConnectorException, OSError)


def _connector(conninfo: str) -> PsycopgConnector:
    # A server whose machine went away says nothing: without these we would wait for hours.
    patience = {"keepalives_idle": 10, "keepalives_interval": 2, "keepalives_count": 3}
    return PsycopgConnector(
        conninfo=conninfo,
        kwargs={"options": f"-c search_path={SCHEMA}", "connect_timeout": 10, **patience},
        min_size=1,
        max_size=6,
        timeout=10,
        name="jobs",
    )
