"""The service as a story of reminders needs it: a database, a moved clock, a real mail server."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import select

from notifiers.message import Address
from notifiers.smtp import SmtpChannel, SmtpSettings
from schedules.clock import FakeClock
from tests.builders import JANUARY, NEW_YEAR, at, the_cast
from tests.sinks import ScriptedSmtp, SmtpSink
from tracker.definitions.sheets import Contact
from tracker.domain.programme import Programme
from tracker.runtime import environment
from tracker.services import delivery, people, planning, programmes, reporting, trail
from tracker.services.delivery import DeliverResult, Parts
from tracker.services.letterbox import Stationery, rendered_by
from tracker.services.planning import TickResult
from tracker.settings import Settings
from tracker.store.database import Database
from tracker.store.tables import DispatchRow, NoticeRow

SECRET = "a secret of tests that is long enough"
RENDER = rendered_by(environment(Settings(secret=SECRET)))


def stationery() -> Stationery:
    return Stationery(
        sender=Address("office@tracker.test", "考核办"),
        domain="tracker.test",
        base_url="https://tracker.test",
        secret=SECRET,
        render=RENDER,
    )


class Post:
    """One slug "small", published in January 2021, with a contact, a head and a leader a unit."""

    slug = "small"

    def __init__(
        self, database: Database, server: SmtpSink | ScriptedSmtp, *, connections: int = 2
    ) -> None:
        self.database = database
        self.clock = FakeClock(JANUARY)
        self.server = server
        self.channel = SmtpChannel(
            SmtpSettings(
                server.host, server.port, tls="none", timeout=5, connections=connections,
                local_hostname="tracker.test",
            )
        )  # fmt: skip
        self.parts = Parts(
            database, self.channel, self.clock, stationery(), connections=connections
        )

    def publish(self, programme: Programme, cast: Sequence[Contact] | None = None) -> None:
        with self.database.write() as session:
            programmes.publish(session, programme, now=self.clock.now(), by="office")
            people.load_contacts(
                session, cast if cast is not None else the_cast(), now=self.clock.now(),
                on=NEW_YEAR, by="office",
            )  # fmt: skip

    def to(self, when: str) -> datetime:
        self.clock.advance_to(at(when))
        return self.clock.now()

    def tick(self) -> TickResult:
        return planning.tick_all(self.database, self.clock.now())

    async def deliver(self) -> DeliverResult:
        return await delivery.deliver(self.parts, self.clock.now())

    async def play(self, until: str, *, every: timedelta = timedelta(days=1)) -> None:
        """Tick and deliver at the clock's time of day, up to `until`."""
        while self.clock.now() + every <= at(until):
            self.clock.advance(every)
            self.tick()
            await self.deliver()

    async def mornings(self, first: str, last: str) -> list[str]:
        """From day to day at 08:30; who was mailed when, as "09-27 contact@housing". Mails of one
        moment go over several connections at once: a day's are told by name."""
        before = len(self.server.messages)
        self.clock.advance_to(at(f"{first} 08:30"))
        self.tick()
        await self.deliver()
        await self.play(f"{last} 08:30")
        told = [self.told(mail) for mail in self.server.messages[before:]]
        days = list(dict.fromkeys(one[:5] for one in told))
        return sorted(told, key=lambda one: (days.index(one[:5]), one))

    def told(self, mail: Any) -> str:
        on = mail["Date"].datetime.astimezone(at("2021-01-01").tzinfo) + timedelta(hours=8)
        return f"{on:%m-%d} {mail.to.partition('.')[0]}"

    def report(self, key: str, *, accepted: bool = True, **said: Any) -> str:
        """Reported at the clock's instant, and accepted at once unless told otherwise."""
        now = self.clock.now()
        with self.database.write() as session:
            made = reporting.report_progress(
                session, self.slug, key, now=now, by="unit", **(said or {"done": True})
            )
        if accepted:
            with self.database.write() as session:
                reporting.review(
                    session, self.slug, made.id, outcome="accepted", now=now, by="reviewer"
                )
        return made.id

    def notices(self) -> list[NoticeRow]:
        with self.database.read() as session:
            return list(session.exec(select(NoticeRow).order_by(NoticeRow.key)).all())

    def dispatches(self) -> list[DispatchRow]:
        with self.database.read() as session:
            return list(session.exec(select(DispatchRow).order_by(DispatchRow.key)).all())

    def events(self, kind: str) -> list[trail.Event]:
        with self.database.read() as session:
            found = trail.events(session, self.slug)
        return [event for event in found if event.kind == kind]

    async def close(self) -> None:
        await self.channel.close()
