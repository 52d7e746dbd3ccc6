import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from schedules.ticker import Ticker, runs_too_late

SHORT = timedelta(milliseconds=50)
LONG = timedelta(hours=1)
PATIENCE = 20.0
"""Seconds that no test waits for, unless something is wrong."""


async def until(done: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not done():  # noqa: ASYNC110  a ticker tells nobody that it ran
            await asyncio.sleep(0.005)


async def test_a_job_runs_at_once_and_then_every_interval() -> None:
    often: list[str] = []
    seldom: list[str] = []

    async def tick() -> None:
        often.append("tick")

    async def digest() -> None:
        seldom.append("digest")

    ticker = Ticker({"tick": (SHORT, tick), "digest": (LONG, digest)})
    begun = time.monotonic()
    ticker.start()
    await until(lambda: len(often) > 3)
    await ticker.stop()
    assert len(often) <= (time.monotonic() - begun) / SHORT.total_seconds() + 1
    assert seldom == ["digest"]


async def test_nothing_runs_after_the_stop() -> None:
    runs: list[int] = []

    async def tick() -> None:
        runs.append(1)

    ticker = Ticker({"tick": (SHORT, tick)})
    ticker.start()
    await until(lambda: runs)
    await ticker.stop()
    stopped_with = len(runs)
    await asyncio.sleep(0.15)
    assert len(runs) == stopped_with


async def test_a_stop_waits_for_what_is_running_and_cancels_nothing() -> None:
    ends: list[str] = []

    async def deliver() -> None:
        try:
            await asyncio.sleep(0.2)
            ends.append("done")
        except asyncio.CancelledError:
            ends.append("cancelled")
            raise

    ticker = Ticker({"deliver": (LONG, deliver)})
    ticker.start()
    await asyncio.sleep(0.05)
    await ticker.stop()
    assert ends == ["done"]


async def test_a_slow_job_does_not_run_twice_at_a_time() -> None:
    inside, most = 0, 0

    async def slow() -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0.12)
        inside -= 1

    ticker = Ticker({"slow": (SHORT, slow)})
    ticker.start()
    await asyncio.sleep(0.3)
    await ticker.stop()
    assert (inside, most) == (0, 1)


async def test_a_job_that_raises_runs_again_and_leaves_the_others_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    runs: list[str] = []

    async def broken() -> None:
        runs.append("broken")
        raise RuntimeError("the database is away")

    async def sound() -> None:
        runs.append("sound")

    ticker = Ticker({"broken": (SHORT, broken), "sound": (SHORT, sound)})
    ticker.start()
    await until(lambda: runs.count("broken") > 1 and runs.count("sound") > 1)
    await ticker.stop()
    assert "the database is away" in caplog.text


async def test_runs_missed_while_the_process_stood_still_are_one_run_afterwards() -> None:
    runs: list[int] = []

    async def tick() -> None:
        runs.append(1)

    ticker = Ticker({"tick": (SHORT, tick)})
    ticker.start()
    await until(lambda: runs)
    before = len(runs)
    # A process that is suspended: nothing of the loop runs for twenty intervals.
    time.sleep(1)  # noqa: ASYNC251  that is what is tested
    await until(lambda: len(runs) > before)
    await ticker.stop()
    assert len(runs) < before + 5


async def test_starting_twice_is_refused_and_stopping_twice_is_not() -> None:
    async def tick() -> None: ...

    ticker = Ticker({"tick": (LONG, tick)})
    await ticker.stop()
    ticker.start()
    with pytest.raises(RuntimeError, match="already"):
        ticker.start()
    await ticker.stop()
    await ticker.stop()
    ticker.start()
    await ticker.stop()


async def test_a_job_that_stops_its_own_ticker_is_refused(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def once() -> None:
        await ticker.stop()

    ticker = Ticker({"once": (LONG, once)})
    ticker.start()
    await asyncio.sleep(0.05)
    await ticker.stop()
    assert "a job cannot stop the ticker that runs it" in caplog.text


async def test_a_clock_set_back_does_not_silence_a_job() -> None:
    runs: list[int] = []

    async def tick() -> None:
        runs.append(1)

    ticker = Ticker({"tick": (SHORT, tick)})
    ticker.start()
    await until(lambda: runs)
    # What the scheduler sees after the machine's clock went back by an hour.
    assert ticker._scheduler is not None
    job = ticker._scheduler.get_job("tick")
    job.modify(next_run_time=job.next_run_time + LONG)
    before = len(runs)
    await until(lambda: len(runs) > before)
    await ticker.stop()


@pytest.mark.parametrize(
    ("ahead", "late"),
    [
        (timedelta(seconds=-5), False),
        (timedelta(minutes=1), False),
        (timedelta(minutes=1, seconds=1), False),
        (timedelta(hours=1), True),
    ],
)
def test_a_run_further_ahead_than_its_interval_shows_a_clock_set_back(
    ahead: timedelta, late: bool
) -> None:
    now = datetime(2021, 9, 30, tzinfo=UTC)
    assert runs_too_late(now + ahead, now=now, interval=timedelta(minutes=1)) is late
