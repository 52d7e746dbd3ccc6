"""A4: readers about whom a mail server thinks for a minute hold up nobody else.

Each reader's mail goes through the whole of delivering over real SMTP. The peer is the same run
where every reader is answered for at once; told is the median of some pairs, since one may fall
into the machine's own work. Quick: 200 readers; full: 1,000.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from statistics import median

import pytest

from notifiers.smtp import SmtpChannel, SmtpSettings
from schedules.clock import FakeClock
from tests.builders import a_database, migrated
from tests.faults.workshop import MORNING, put_mails
from tests.slow_sink import SlowSink
from tests.stories.post import stationery
from tracker.services import delivery
from tracker.services.delivery import Parts
from tracker.store.database import Database

pytestmark = pytest.mark.bench

CONNECTIONS = 4
MINUTE = 60.0
PAUSE = 0.02
"""Seconds that the server takes for a mail: less than most do."""

BOUND = 1.5
QUICK = pytest.param(200, id="quick")
FULL = pytest.param(1000, id="full", marks=pytest.mark.full)
PAIRS = 3


def readers(database: Database, count: int) -> list[str]:
    """So many, with a mail each that is due."""
    put_mails(database, count)
    with database.write() as session:
        run = session.connection().exec_driver_sql
        run("UPDATE dispatch SET recipient = 'r' || id || '@tracker.test'")
        return [str(mail) for (mail,) in run("SELECT recipient FROM dispatch ORDER BY id")]


def until_the_others_are_told(
    folder: Path, name: str, count: int, pick: Callable[[list[str]], list[str]]
) -> tuple[float, SlowSink]:
    """Seconds until all but the slow ones have their mail, and what the server knows."""
    url = f"sqlite:///{folder / name}.sqlite"
    migrated(url)
    database = a_database(url)
    everybody = readers(database, count)
    slow = dict.fromkeys(pick(everybody), MINUTE)

    async def go(server: SlowSink) -> float:
        settings = SmtpSettings(server.host, server.port, tls="none", local_hostname="x.test",
                                connections=CONNECTIONS)  # fmt: skip
        channel = SmtpChannel(settings)
        parts = Parts(database, channel, FakeClock(MORNING), stationery(),
                      connections=CONNECTIONS, grace=timedelta(milliseconds=100))  # fmt: skip
        stop, clock = asyncio.Event(), asyncio.get_running_loop().time
        begun = clock()
        run = asyncio.create_task(delivery.deliver(parts, MORNING, stop=stop))
        while len(set(server.taken) - set(slow)) < count - len(slow):
            await asyncio.sleep(0.01)
            assert clock() - begun < MINUTE, f"{len(server.taken)} of {count} after a minute"
        stop.set()
        await run
        await channel.close()
        return server.at - begun

    with SlowSink(pause=PAUSE, slow=slow) as server:
        seconds = asyncio.run(go(server))
    database.close()
    return seconds, server


def times_as_long(folder: Path, count: int) -> float:
    """Of one pair."""
    plain, _ = until_the_others_are_told(folder, "plain", count, lambda _: [])
    hung, server = until_the_others_are_told(folder, "hung", count, lambda every: every[7::20])
    print(f"\n{plain:.2f} s without, {hung:.2f} s with, {server.connections} connections", end="")
    assert len(server.taken) == len(set(server.taken)), "nobody hears twice"
    return hung / plain


@pytest.mark.parametrize("count", [QUICK, FULL])
def test_five_per_cent_who_hang_cost_the_others_less_than_half_as_much_again(
    tmp_path_factory: pytest.TempPathFactory, count: int
) -> None:
    ratio = median(times_as_long(tmp_path_factory.mktemp("pair"), count) for _ in range(PAIRS))
    print(f"\nFIGURE A4 {count} readers, {count // 20} hang for 60 s, {CONNECTIONS} connections, "
          f"{PAUSE * 1000:.0f} ms a mail: {ratio:.2f} times as long, bound {BOUND}")  # fmt: skip
    assert ratio < BOUND
