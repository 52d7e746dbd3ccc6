"""Fourteen ways of a mail server to misbehave, through the whole outbox, on a moved clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from notifiers.smtp import SmtpChannel, SmtpSettings
from schedules.clock import FakeClock
from tests.databases import Prepare
from tests.faults.workshop import MORNING, figure, with_mails
from tests.sinks import (
    AUTH_535,
    BANNER_TIMEOUT,
    BUSY_451,
    DROP_AFTER_DATA,
    DROP_AFTER_DOT,
    FULL_452,
    GREYLISTED_450,
    HOST,
    OVER_QUOTA_552,
    REJECTED_554,
    STARTTLS_REFUSED,
    UNAVAILABLE_421,
    UNKNOWN_550,
    Authority,
    Mail,
    Script,
    ScriptedSmtp,
    SmtpSink,
    refusing_port,
    slow_250,
)
from tests.stories.post import stationery
from tracker.services import delivery, health
from tracker.services.delivery import Parts
from tracker.services.outbox import Retry
from tracker.settings import Settings
from tracker.store.database import Database
from tracker.store.tables import DispatchRow, DispatchState

Outbox = Callable[[Prepare], Database]
ONE_MAIL = with_mails(1)
LOGIN = ("tracker", "a password")


@dataclass
class Office:
    """One mail to send, on a clock that goes from try to try; `tries` count from the first."""

    database: Database
    settings: SmtpSettings
    retry: Retry = field(default_factory=Retry)
    clock: FakeClock = field(default_factory=lambda: FakeClock(MORNING))
    tries: list[timedelta] = field(default_factory=list)

    async def attempt(self) -> DispatchState:
        """One round of delivery, and on to the instant of the next try."""
        channel = SmtpChannel(self.settings)
        parts = Parts(
            self.database, channel, self.clock, stationery(), connections=1, retry=self.retry
        )
        try:
            await delivery.deliver(parts, self.clock.now())
        finally:
            await channel.close()
        self.tries.append(self.clock.now() - MORNING)
        row = self.row
        self.clock.advance_to(row.next_try_at or self.clock.now())
        return row.state

    @property
    def row(self) -> DispatchRow:
        with self.database.read() as session:
            return session.exec(select(DispatchRow)).one()


@dataclass(frozen=True)
class Trouble:
    """A misbehaviour and the settings it needs; `scripts` None means that nobody listens."""

    scripts: tuple[Script, ...] | None
    settings: dict[str, Any] = field(default_factory=dict)
    state: DispatchState = DispatchState.PENDING
    outcome: str = "later"


@contextmanager
def bad_server(trouble: Trouble) -> Iterator[tuple[int, list[Mail], list[str]]]:
    """Its port, the mails it took in spite of all, and the verbs it heard."""
    if trouble.scripts is None:
        with refusing_port() as port:
            yield port, [], []
        return
    with ScriptedSmtp(*trouble.scripts) as server:
        yield server.port, server.messages, server.commands


def settings_for(port: int, trouble: Trouble, authority: Authority, folder: Path) -> SmtpSettings:
    given: dict[str, Any] = {"tls": "none", "timeout": 3, **trouble.settings}
    if given["tls"] != "none":
        given["certificate"] = str(authority.write(folder / "authority.pem"))
    return SmtpSettings(HOST, port, local_hostname="tracker.test", connections=1, **given)


def good_server(port: int, trouble: Trouble, authority: Authority) -> SmtpSink:
    """The same server, put right."""
    return SmtpSink(
        port=port,
        tls=trouble.settings.get("tls", "none"),
        authority=authority if "tls" in trouble.settings else None,
        login=LOGIN if "username" in trouble.settings else None,
    )


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


PASSES = {
    "connection refused": Trouble(None),
    "no banner": Trouble((BANNER_TIMEOUT,)),
    "421 at once": Trouble((UNAVAILABLE_421,)),
    "450 greylisted": Trouble((Script(rcpt="450 4.2.0 greylisted"),)),
    "451 busy": Trouble((Script(dot="451 4.3.0 try again"),)),
    "452 no space": Trouble((Script(mail="452 4.3.1 out of space"),)),
    "dropped after DATA": Trouble((DROP_AFTER_DATA,)),
    "STARTTLS refused": Trouble((STARTTLS_REFUSED,), {"tls": "starttls"}),
    "535 at the login": Trouble((AUTH_535,), {"username": LOGIN[0], "password": LOGIN[1]}),
}


@pytest.mark.parametrize("name", PASSES)
async def test_what_passes_is_tried_again_and_delivered_once_when_the_server_is_well(
    outbox_of: Outbox, authority: Authority, tmp_path: Path, name: str
) -> None:
    trouble, database = PASSES[name], outbox_of(ONE_MAIL)
    with bad_server(trouble) as (port, taken, _):
        office = Office(database, settings_for(port, trouble, authority, tmp_path))
        for _ in range(2):
            assert await office.attempt() is DispatchState.PENDING
            assert office.row.outcome == "later"
            assert str(port) in office.row.server_reply
        assert taken == []
    with good_server(port, trouble, authority) as server:
        assert await office.attempt() is DispatchState.SENT
        assert len(server.messages) == 1
    figure(name, database, tries=[str(one) for one in office.tries], state="sent", doubled=0)


@pytest.mark.parametrize(
    "script", [GREYLISTED_450, BUSY_451, FULL_452], ids=["greylisted", "busy", "no space"]
)
async def test_a_server_that_only_wants_to_be_asked_again_is_asked_once_more(
    outbox_of: Outbox, authority: Authority, tmp_path: Path, script: Script
) -> None:
    trouble = Trouble((script,))
    with bad_server(trouble) as (port, taken, _):
        office = Office(outbox_of(ONE_MAIL), settings_for(port, trouble, authority, tmp_path))
        assert await office.attempt() is DispatchState.PENDING
        assert await office.attempt() is DispatchState.SENT
        assert len(taken) == 1


REFUSED = {
    "550 no such user": UNKNOWN_550,
    "552 mailbox full": OVER_QUOTA_552,
    "554 at the mail": REJECTED_554,
}


@pytest.mark.parametrize("name", REFUSED)
async def test_what_is_refused_for_good_is_never_tried_again(
    outbox_of: Outbox, authority: Authority, tmp_path: Path, name: str
) -> None:
    trouble, database = Trouble((REFUSED[name],)), outbox_of(ONE_MAIL)
    with bad_server(trouble) as (port, taken, heard):
        office = Office(database, settings_for(port, trouble, authority, tmp_path))
        assert await office.attempt() is DispatchState.FAILED
        assert office.row.outcome == "refused"
        assert name[:3] in office.row.server_reply
        for _ in range(10):
            office.clock.advance(timedelta(days=1))
            assert await office.attempt() is DispatchState.FAILED
        assert sum(command.startswith("RCPT") for command in heard) == 1
        assert taken == []
    figure(name, database, tries=1, state="failed", doubled=0)


MAY_HAVE_ARRIVED = {"dropped after the dot": DROP_AFTER_DOT, "a 250 that comes late": slow_250(10)}


@pytest.mark.parametrize("name", MAY_HAVE_ARRIVED)
async def test_what_may_have_arrived_is_called_unknown_and_comes_again_as_the_same_mail(
    outbox_of: Outbox, authority: Authority, tmp_path: Path, name: str
) -> None:
    trouble, database = Trouble((MAY_HAVE_ARRIVED[name], Script())), outbox_of(ONE_MAIL)
    with bad_server(trouble) as (port, taken, _):
        office = Office(database, settings_for(port, trouble, authority, tmp_path))
        assert await office.attempt() is DispatchState.UNKNOWN
        assert await office.attempt() is DispatchState.SENT
        first, second = taken
    assert first.raw == second.raw
    figure(name, database, tries=2, state="sent", doubled=1)


# -- when it is tried again, and when it is given up -----------------------------------------------


async def test_a_server_that_is_away_for_six_days_is_asked_as_the_standard_says(
    outbox_of: Outbox, authority: Authority, tmp_path: Path
) -> None:
    """RFC 5321 4.5.4.1: at least 30 minutes apart, two tries in the first hour, then one every two
    or three hours, for four to five days."""
    trouble, database = Trouble(None), outbox_of(ONE_MAIL)
    with bad_server(trouble) as (port, _, _):
        office = Office(database, settings_for(port, trouble, authority, tmp_path))
        while await office.attempt() is not DispatchState.FAILED:
            assert office.clock.now() - MORNING < timedelta(days=6)
    gaps = [after - before for before, after in zip(office.tries, office.tries[1:], strict=False)]
    assert min(gaps) >= timedelta(minutes=30)
    assert sum(one < timedelta(hours=1) for one in office.tries) == 2
    late = [
        gap for gap, since in zip(gaps, office.tries, strict=False) if since > timedelta(hours=3)
    ]
    assert all(timedelta(hours=2) <= gap <= timedelta(hours=3) for gap in late)
    assert timedelta(days=4) <= office.tries[-1] <= timedelta(days=5, hours=3)
    assert office.row.outcome == "given_up"
    figure("away for six days", database, tries=len(office.tries), last=office.tries[-1])


async def test_an_office_may_choose_other_times(
    outbox_of: Outbox, authority: Authority, tmp_path: Path
) -> None:
    hour = timedelta(hours=1)
    trouble = Trouble(None)
    with bad_server(trouble) as (port, _, _):
        office = Office(
            outbox_of(ONE_MAIL),
            settings_for(port, trouble, authority, tmp_path),
            Retry((hour, 2 * hour), give_up_after=6 * hour),
        )
        while await office.attempt() is not DispatchState.FAILED:
            pass
    assert office.tries == [0 * hour, hour, 3 * hour, 5 * hour, 7 * hour]


async def test_a_mail_server_that_is_away_is_seen_and_forgotten_when_it_is_back(
    outbox_of: Outbox, authority: Authority, tmp_path: Path
) -> None:
    database, trouble = outbox_of(ONE_MAIL), Trouble(None)

    def outbox_finding() -> tuple[bool, str]:
        with database.read() as session:
            found = health.health(session, office.clock.now(), Settings())
        [one] = [one for one in found if one.name == "outbox"]
        return one.ok, one.text_code

    with bad_server(trouble) as (port, _, _):
        office = Office(database, settings_for(port, trouble, authority, tmp_path))
        await office.attempt()
        assert outbox_finding()[0]  # half an hour is nothing
        while office.clock.now() - MORNING < timedelta(hours=2):
            await office.attempt()
        assert outbox_finding() == (False, "health.outbox_retries")
    with good_server(port, trouble, authority):
        assert await office.attempt() is DispatchState.SENT
    assert outbox_finding() == (True, "health.outbox_ok")
