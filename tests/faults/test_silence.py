"""A service that stands still, a clock that is put wrong and a disk that may only be read are seen,
do no harm and are recovered from."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from notifiers.smtp import SmtpChannel, SmtpSettings
from schedules.clock import FakeClock
from tests.databases import Prepare
from tests.faults.workshop import MORNING, KillingSmtp, figure, opened, tally, with_mails
from tests.sinks import ScriptedSmtp
from tests.stories.post import SECRET, stationery
from tracker.runtime import build
from tracker.services import delivery, health, heartbeats, outbox, rounds, trail
from tracker.services.delivery import Parts
from tracker.settings import Settings
from tracker.store.database import Database, ReadOnly
from tracker.wording.catalogue import text

Outbox = Callable[[Prepare], Database]
LENGTH = timedelta(minutes=1)
TWENTY = with_mails(20)
EVERY_MINUTE = Settings(tick_seconds=60, deliver_seconds=60)


def reds(database: Database, clock: FakeClock) -> list[str]:
    with database.read() as session:
        found = health.health(session, clock.now(), EVERY_MINUTE)
    return [one.name for one in found if one.name in ("tick", "deliver") and not one.ok]


def beat(database: Database, clock: FakeClock) -> None:
    with database.write() as session:
        for name in ("tick", "deliver"):
            heartbeats.beat(session, name, clock.now(), {})


@pytest.mark.parametrize(
    "beats", [pytest.param(144, id="quick"), pytest.param(1440, id="full", marks=pytest.mark.full)]
)
def test_a_day_of_late_beats_is_never_red_and_a_stop_is_within_three_lengths(
    outbox_of: Outbox, beats: int
) -> None:
    database, rng, clock = outbox_of(with_mails(0)), random.Random(8), FakeClock(MORNING)
    false = 0
    for _ in range(beats):
        beat(database, clock)
        clock.advance(LENGTH * rng.uniform(0.5, 2.9))
        false += bool(reds(database, clock))
    beat(database, clock)
    stopped = clock.now()
    while not reds(database, clock):
        clock.advance(timedelta(seconds=5))
    seen_after = clock.now() - stopped
    figure("silence", database, seed=8, beats=beats, false_reds=false, seen_after=seen_after)
    assert false == 0
    assert reds(database, clock) == ["tick", "deliver"]
    assert seen_after <= 3 * LENGTH + timedelta(seconds=5)
    beat(database, clock)
    assert reds(database, clock) == []


def parts(database: Database, server: ScriptedSmtp, clock: FakeClock) -> Parts:
    settings = SmtpSettings(server.host, server.port, tls="none", local_hostname="tracker.test")
    return Parts(database, SmtpChannel(settings), clock, stationery(), connections=2)


STEPS = {
    "an hour back": timedelta(hours=-1),
    "a second back": timedelta(seconds=-1),
    "an hour on": timedelta(hours=1),
    "a day on": timedelta(days=1),
    "400 days on": timedelta(days=400),
}


@pytest.mark.parametrize("name", STEPS)
async def test_a_clock_that_is_put_wrong_while_mails_go_out_loses_and_doubles_none(
    outbox_of: Outbox, name: str
) -> None:
    database, clock = outbox_of(TWENTY), FakeClock(MORNING)

    def put_wrong() -> None:
        clock.step_to(MORNING + STEPS[name])

    with KillingSmtp("rcpt", put_wrong) as server:
        wrong = parts(database, server, clock)
        await delivery.deliver(wrong, clock.now())
        clock.step_to(MORNING)  # somebody has noticed
        for _ in range(3):
            clock.advance(outbox.LEASE)
            await delivery.deliver(wrong, clock.now())
        await wrong.channel.close()
        found = tally(database, server)
    figure(f"clock {name}", database, found=found)
    assert (found.lost, found.doubled, found.stuck, found.told) == (0, 0, 0, 20)


def test_a_clock_that_is_behind_what_was_recorded_is_red_until_it_is_right(
    outbox_of: Outbox,
) -> None:
    database = outbox_of(with_mails(0))
    with database.write() as session:
        trail.append(session, "small", "x", "1", {}, now=MORNING)

    def told(now: datetime) -> list[str]:
        with database.read() as session:
            return [text(one.text_code, dict(one.values)) for one in health.ahead(session, now)]

    [behind] = told(MORNING - timedelta(hours=3))
    assert "180" in behind
    assert told(MORNING - timedelta(minutes=1)) == told(MORNING + timedelta(days=400)) == []


async def test_a_database_that_cannot_be_written_is_one_line_in_each_round_and_ends_none(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "tracker.sqlite"
    TWENTY(f"sqlite:///{file}")
    sealed = f"sqlite:///file:{file}?mode=ro&uri=true"
    runtime = build(Settings(data=tmp_path, database_url=sealed, secret=SECRET), FakeClock(MORNING))
    for one in rounds.rounds(runtime, asyncio.Event()).values():
        await one.run()
    await runtime.close()
    told = [record for record in caplog.records if record.name == rounds.__name__]
    assert {"tick", "deliver", "watch"} <= {record.getMessage().split()[0] for record in told}
    assert all("may only be read" in record.getMessage() for record in told)
    assert all(record.exc_info is None for record in told)


def test_a_disk_with_little_room_is_red_before_it_is_full(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "made" / "yet"
    free = health.free_octets(folder)
    assert list(health.space(folder, little=free // 2)) == []
    [red] = health.space(folder, little=2 * free)
    assert (red.name, red.ok, red.red) == ("disk", False, True)
    assert "MiB" in text(red.text_code, dict(red.values))


async def test_a_disk_that_may_only_be_read_is_told_and_no_mail_leaves(tmp_path: Path) -> None:
    file = tmp_path / "tracker.sqlite"
    TWENTY(f"sqlite:///{file}")
    clock = FakeClock(MORNING)
    with ScriptedSmtp() as server:
        with closing(Database(f"sqlite:///file:{file}?mode=ro&uri=true")) as sealed:
            with pytest.raises(ReadOnly, match="may only be read"):
                await delivery.deliver(parts(sealed, server, clock), clock.now())
            assert server.messages == []
            assert opened(sealed) == 20
        with closing(Database(f"sqlite:///{file}")) as again:
            well = parts(again, server, clock)
            await delivery.deliver(well, clock.now())
            await well.channel.close()
            found = tally(again, server)
    assert (found.lost, found.doubled, found.stuck) == (0, 0, 0)
