"""Delivering: one broken letter, one slow reader or one failing database hold up nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from sqlmodel import col, select

from notifiers.message import MAILING, Accepted, Channel, TransientFailure, Way
from notifiers.smtp import SmtpChannel, SmtpSettings
from schedules.clock import FakeClock
from tests.builders import (
    JANUARY,
    NEW_YEAR,
    a_programme,
    at,
    item,
    migrated,
    the_cast,
    住建局,
    生态分局,
)
from tests.databases import Prepare
from tests.faults.workshop import put_mails, until
from tests.slow_sink import SlowSink
from tests.stories.post import RENDER, stationery
from tracker.domain.dispatches import ReminderMail
from tracker.services import delivery, outbox, people, planning, programmes
from tracker.services.delivery import Parts
from tracker.services.letterbox import Letter
from tracker.store.database import Database, Locked
from tracker.store.tables import DispatchRow, DispatchState, HeartbeatRow
from tracker.wording import Language

MORNING = at("2021-09-27 08:30")
BOTH = a_programme(item("1", due_on="2021-09-30", responsible=(住建局, 生态分局)))


@dataclass
class Tray:
    """A channel into a list. `slow` readers take for ever, `odd` ones raise what they hold."""

    name: str = "tray"
    way: Way = MAILING
    sent: list[str] = field(default_factory=list)
    odd: dict[str, Exception] = field(default_factory=dict)
    slow: dict[str, asyncio.Event] = field(default_factory=dict)
    first: asyncio.Event = field(default_factory=asyncio.Event)
    at_once: int = 0
    most_at_once: int = 0

    async def send_raw(self, raw: bytes, *, sender: str, to: str, message_id: str) -> Accepted:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            who = to.partition(".")[0]
            if who in self.slow:
                await self.slow[who].wait()
            await asyncio.sleep(0)
            if who in self.odd:
                raise self.odd[who]
            self.sent.append(who)
            self.first.set()
            return Accepted(self.name, "250 taken")
        finally:
            self.at_once -= 1

    async def close(self) -> None:
        pass


def parts(database: Database, tray: Channel, **more: object) -> Parts:
    made = Parts(database, tray, FakeClock(MORNING), stationery(), connections=2)
    return replace(made, **more)


def due(database: Database) -> None:
    """Mails of one morning: the contacts of two units."""
    with database.write() as session:
        programmes.publish(session, BOTH, now=at("2021-09-24 12:00"), by="office")
        people.load_contacts(session, the_cast(), now=JANUARY, on=NEW_YEAR, by="office")
    planning.tick_all(database, MORNING)


def states(database: Database) -> list[DispatchState]:
    with database.read() as session:
        return list(session.exec(select(DispatchRow.state).order_by(DispatchRow.key)).all())


async def test_all_that_is_due_is_sent_and_the_heart_beats(database: Database) -> None:
    due(database)
    tray = Tray()
    result = await delivery.deliver(parts(database, tray), MORNING)
    assert result.sent == 2
    assert sorted(tray.sent) == ["contact@env-branch", "contact@housing"]
    assert (await delivery.deliver(parts(database, tray), MORNING)).sent == 0
    with database.read() as session:
        beat = session.get(HeartbeatRow, "deliver")
        assert beat is not None
        assert beat.at == MORNING


async def test_a_look_where_nothing_waits_is_a_heartbeat_and_one_where_mails_wait_is_none(
    database: Database,
) -> None:
    due(database)
    mine = parts(database, Tray())
    assert not delivery.idle(mine, MORNING)
    with database.read() as session:
        assert session.get(HeartbeatRow, "deliver") is None
    await delivery.deliver(mine, MORNING)
    assert delivery.idle(mine, MORNING + timedelta(minutes=1))
    with database.read() as session:
        beat = session.get(HeartbeatRow, "deliver")
        assert beat is not None
        assert beat.at == MORNING + timedelta(minutes=1)


async def test_one_letter_that_cannot_be_written_holds_up_no_other(database: Database) -> None:
    def render(language: Language, mail: ReminderMail) -> Letter:
        if "住房" in mail.unit:
            raise KeyError("a template without its word")
        return RENDER(language, mail)

    due(database)
    tray = Tray()
    result = await delivery.deliver(
        parts(database, tray, stationery=replace(stationery(), render=render)), MORNING
    )
    assert result.sent == 1
    with database.read() as session:
        [row] = session.exec(
            select(DispatchRow).where(DispatchRow.state == DispatchState.PENDING)
        ).all()
        assert row.outcome == "error"
        assert "a template without its word" in row.server_reply
        assert row.frozen_at is None
        assert row.next_try_at is not None


async def test_a_reader_who_hangs_holds_up_no_other(database: Database) -> None:
    due(database)
    tray = Tray(slow={"contact@env-branch": asyncio.Event()})
    running = asyncio.create_task(delivery.deliver(parts(database, tray), MORNING))
    await tray.first.wait()
    assert tray.sent == ["contact@housing"]
    tray.slow["contact@env-branch"].set()
    assert (await running).sent == 2


async def test_never_more_at_once_than_there_are_connections(database: Database) -> None:
    due(database)
    tray = Tray()
    await delivery.deliver(parts(database, tray, connections=1), MORNING)
    assert tray.most_at_once == 1


async def test_what_a_channel_did_not_foresee_is_an_unknown_outcome(database: Database) -> None:
    due(database)
    tray = Tray(odd={"contact@housing": RuntimeError("boom")})
    result = await delivery.deliver(parts(database, tray), MORNING)
    assert (result.sent, result.unknown) == (1, 1)


async def test_a_mail_that_comes_later_is_counted_as_that(database: Database) -> None:
    due(database)
    tray = Tray(odd={"contact@housing": TransientFailure("451 later")})
    result = await delivery.deliver(parts(database, tray), MORNING)
    assert (result.sent, result.later) == (1, 1)


async def test_cancelled_it_keeps_what_was_sent(database: Database) -> None:
    due(database)
    tray = Tray(slow={"contact@housing": asyncio.Event()})
    running = asyncio.create_task(delivery.deliver(parts(database, tray), MORNING))
    await tray.first.wait()
    running.cancel()
    await asyncio.sleep(0)
    tray.slow["contact@housing"].set()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert states(database) == [DispatchState.SENT, DispatchState.SENT]


async def test_told_to_stop_it_gives_back_at_once_what_it_has_not_begun(
    database: Database,
) -> None:
    due(database)
    stop = asyncio.Event()

    class Stopping(Tray):
        """The word to stop comes while the first mail is under way."""

        async def send_raw(self, raw: bytes, *, sender: str, to: str, message_id: str) -> Accepted:
            stop.set()
            return await super().send_raw(raw, sender=sender, to=to, message_id=message_id)

    tray = Stopping()
    result = await delivery.deliver(parts(database, tray, connections=1), MORNING, stop=stop)
    assert result.sent == 1
    with database.read() as session:
        [row] = session.exec(
            select(DispatchRow).where(DispatchRow.state != DispatchState.SENT)
        ).all()
    assert (row.state, row.attempt, row.lease_until) == (DispatchState.PENDING, 0, None)
    assert (await delivery.deliver(parts(database, tray), MORNING)).sent == 1


async def test_a_mail_under_way_at_the_stop_is_cut_short_and_counts_as_unknown(
    database: Database,
) -> None:
    due(database)
    stop = asyncio.Event()
    tray = Tray(slow={"contact@housing": asyncio.Event()})
    brief = parts(database, tray, grace=timedelta(milliseconds=50))
    running = asyncio.create_task(delivery.deliver(brief, MORNING, stop=stop))
    await tray.first.wait()
    stop.set()
    assert (await running).unknown == 1
    with database.read() as session:
        [row] = session.exec(
            select(DispatchRow).where(DispatchRow.state == DispatchState.UNKNOWN)
        ).all()
    assert row.server_reply == "the service stopped before the answer came"


async def test_what_was_held_up_longer_than_its_lease_is_left_to_others(
    database: Database,
) -> None:
    due(database)
    clock = FakeClock(MORNING)

    class Sleeper(Tray):
        """The machine is suspended while its first mail is under way."""

        async def send_raw(self, raw: bytes, *, sender: str, to: str, message_id: str) -> Accepted:
            clock.advance(outbox.LEASE)
            return await super().send_raw(raw, sender=sender, to=to, message_id=message_id)

    tray = Sleeper()
    result = await delivery.deliver(parts(database, tray, connections=1, clock=clock), MORNING)
    assert (result.sent, len(tray.sent)) == (1, 1)
    later = await delivery.deliver(parts(database, tray, clock=clock), clock.now())
    assert (later.sent, len(set(tray.sent))) == (1, 2)


async def test_results_wait_for_a_database_that_is_away_and_nothing_is_sent_twice(
    database_like: Callable[[Prepare], str],
) -> None:
    with closing(Database(database_like(migrated), synchronous="off", busy_seconds=0.1)) as held:
        due(held)

        class Blocking(Tray):
            """During its first mail somebody else begins to write and does not finish."""

            async def send_raw(
                self, raw: bytes, *, sender: str, to: str, message_id: str
            ) -> Accepted:
                if not self.sent:
                    await self.begin()
                return await super().send_raw(raw, sender=sender, to=to, message_id=message_id)

            async def begin(self) -> None:
                writing = held.engine.connect().execution_options(tracker_writes=True)
                writing.exec_driver_sql("UPDATE dispatch SET subject = subject")
                asyncio.get_running_loop().call_later(1, writing.close)

        tray = Blocking()
        with suppress(Locked):  # what it wanted to claim next
            await delivery.deliver(parts(held, tray, connections=1), MORNING)
        await delivery.deliver(parts(held, tray), MORNING)
        assert sorted(tray.sent) == ["contact@env-branch", "contact@housing"]
        assert states(held) == [DispatchState.SENT, DispatchState.SENT]


async def test_nobody_hears_more_where_results_cannot_be_kept(database: Database) -> None:
    due(database)

    class Closing(Tray):
        """After its first mail the tables are gone."""

        async def send_raw(self, raw: bytes, *, sender: str, to: str, message_id: str) -> Accepted:
            accepted = await super().send_raw(raw, sender=sender, to=to, message_id=message_id)
            with database.write() as session:
                session.connection().exec_driver_sql("ALTER TABLE dispatch RENAME TO gone")
            return accepted

    tray = Closing()
    with pytest.raises(Exception, match=r"dispatch|migrate"):
        await delivery.deliver(parts(database, tray, connections=1), MORNING)
    assert len(tray.sent) == 1
    with database.write() as session:
        session.connection().exec_driver_sql("ALTER TABLE gone RENAME TO dispatch")


async def test_mails_say_how_things_stood_when_the_run_began(database: Database) -> None:
    seen: list[ReminderMail] = []

    def render(language: Language, mail: ReminderMail) -> Letter:
        seen.append(mail)
        return RENDER(language, mail)

    due(database)
    await delivery.deliver(
        parts(database, Tray(), stationery=replace(stationery(), render=render)), MORNING
    )
    [mail] = [one for one in seen if "住房" in one.unit]
    assert mail.as_of == MORNING
    assert mail.window == "2021-09-27"
    assert mail.roles == ("contact",)
    [line] = mail.lines
    assert line.due_at == at("2021-09-30 24:00")
    assert [(why.rung, why.role) for why in line.why] == [("-3", "contact")]
    assert (line.next_at, line.next_role) == (at("2021-10-12 08:30"), "head")
    assert len({line.links.report, line.links.sign, line.links.extend}) == 3


async def test_who_keeps_a_connection_waiting_comes_after_the_others_and_is_told_once(
    database: Database,
) -> None:
    """Over real SMTP: what a mail server thinks long about is put aside before it has the mail, and
    tried again with all patience."""
    put_mails(database, 30)
    with database.write() as session:
        session.connection().exec_driver_sql("UPDATE dispatch SET recipient = 'r' || id || '@x.cn'")
        told = session.exec(select(DispatchRow).order_by(col(DispatchRow.id)))
        slow = [row.recipient for row in told][10:25:7]
    with SlowSink(pause=0, slow=dict.fromkeys(slow, 0.4)) as server:
        settings = SmtpSettings(server.host, server.port, tls="none", local_hostname="x.cn",
                                connections=2)  # fmt: skip
        channel = SmtpChannel(settings)
        result = await delivery.deliver(parts(database, channel), MORNING)
        await channel.close()
    assert result.sent == 30
    assert sorted(server.taken[-3:]) == sorted(slow)
    assert len(set(server.taken)) == len(server.taken)
    assert {server.asked[one] for one in slow} == {2}


async def test_whoever_was_put_aside_at_a_stop_is_due_at_once(database: Database) -> None:
    put_mails(database, 10)
    with SlowSink(pause=0, slow={"reader@tracker.test": 60}) as server:
        settings = SmtpSettings(server.host, server.port, tls="none", local_hostname="x.cn",
                                connections=2)  # fmt: skip
        stop = asyncio.Event()
        channel = SmtpChannel(settings)
        mine = parts(database, channel, grace=timedelta(milliseconds=100))
        run = asyncio.create_task(delivery.deliver(mine, MORNING, stop=stop))
        await asyncio.to_thread(until, lambda: server.asked["reader@tracker.test"] >= 4)
        stop.set()
        await run
        await channel.close()
    with database.read() as session:
        rows = list(session.exec(select(DispatchRow)))
    assert len([row for row in rows if row.state is DispatchState.PENDING]) >= 8
    assert not [row for row in rows if row.state is DispatchState.SENDING]
