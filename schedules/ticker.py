"""An alarm clock: runs coroutines every so often. It keeps no schedule that could be lost."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from schedules.clock import SystemClock

if TYPE_CHECKING:
    from apscheduler.schedulers.asyncio import AsyncIOScheduler

Tick = Callable[[], Awaitable[None]]

# How far a clock may run behind the plan before it counts as set back.
SLACK = timedelta(seconds=1)


class Ticker:
    """Runs each job at once and then every interval, one run of a job at a time.

    Runs missed while the machine slept are one run afterwards; a job that raises is logged by the
    scheduler and runs again. Jobs are to be idempotent functions of the instant they read.
    """

    def __init__(self, jobs: Mapping[str, tuple[timedelta, Tick]]) -> None:
        self._jobs = dict(jobs)
        self._running: set[asyncio.Task[object]] = set()
        self._scheduler: AsyncIOScheduler | None = None
        self._watch: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Needs a running event loop; RuntimeError when already started."""
        if self._scheduler is not None:
            raise RuntimeError("the ticker has been started already")
        self._scheduler = _scheduler()
        for name, (interval, tick) in self._jobs.items():
            self._scheduler.add_job(
                self._run,
                _every(interval),
                args=(tick,),
                id=name,
                name=name,
                next_run_time=SystemClock().now(),
                # Its default of one second would drop a late run with no more than a log line.
                misfire_grace_time=None,
                coalesce=True,
                max_instances=1,
            )
        self._scheduler.start()
        self._watch = asyncio.create_task(self._mind_the_clock(self._scheduler))

    async def stop(self) -> None:
        """Starts nothing more and returns when the running jobs have ended by themselves.

        RuntimeError from inside a job: it would wait for its own end.
        """
        if asyncio.current_task() in self._running:
            raise RuntimeError("a job cannot stop the ticker that runs it")
        scheduler, self._scheduler = self._scheduler, None
        if scheduler is None:
            return
        if self._watch is not None:
            self._watch.cancel()
        scheduler.pause()
        # Awaited here, because the scheduler's own shutdown cancels coroutines, waiting or not.
        if self._running:
            await asyncio.wait(self._running)
        scheduler.shutdown(wait=False)
        # The shutdown itself is done in the loop's next round.
        await asyncio.sleep(0)

    async def _run(self, tick: Tick) -> None:
        task = asyncio.current_task()
        if task is None or self._scheduler is None:
            return
        self._running.add(task)
        try:
            await tick()
        finally:
            self._running.discard(task)

    async def _mind_the_clock(self, scheduler: "AsyncIOScheduler") -> None:
        # The scheduler compares wall clocks: set back by an hour, it would sleep for an hour.
        pause = min((interval for interval, _ in self._jobs.values()), default=SLACK)
        while True:
            await asyncio.sleep(pause.total_seconds())
            now = SystemClock().now()
            for job in scheduler.get_jobs():
                interval, _ = self._jobs[job.id]
                if runs_too_late(job.next_run_time, now=now, interval=interval):
                    job.modify(next_run_time=now)


def runs_too_late(next_run_at: datetime, *, now: datetime, interval: timedelta) -> bool:
    """Whether a run lies further ahead than an interval, so that the clock must have gone back."""
    return next_run_at - now > interval + SLACK


def _scheduler() -> "AsyncIOScheduler":
    # Inside, because most commands never ring.
    from apscheduler.schedulers.asyncio import AsyncIOScheduler

    # UTC said outright, or it would look for the machine's zone and fail where there is none.
    return AsyncIOScheduler(timezone=UTC)


def _every(interval: timedelta) -> object:
    from apscheduler.triggers.base import BaseTrigger

    class Every(BaseTrigger):  # type: ignore[misc]  # apscheduler has no types
        """The next run is an interval from now: its own interval trigger would list every run
        missed since the last, millions after a step of the clock."""

        def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
            return now + interval

    return Every()
