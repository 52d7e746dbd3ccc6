"""An outbox full of mails, processes that empty it, and a count of what arrived."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from multiprocessing.process import BaseProcess
from pathlib import Path

from sqlalchemy import func
from sqlmodel import col, select

from notifiers.message import Address, Message
from notifiers.mime import build
from tests.builders import (
    NEW_YEAR,
    a_contact,
    a_database,
    a_programme,
    at,
    item,
    migrated,
)
from tests.faults.forking import PROCESSES
from tests.faults.worker import Plan, SharedClock, work
from tests.sinks import Answer, Script, ScriptedSmtp
from tracker.services import outbox, people, planning, programmes
from tracker.store.database import Database
from tracker.store.tables import (
    DispatchKind,
    DispatchRow,
    DispatchState,
    EventRow,
    NoticeRow,
    NoticeState,
    PersonRow,
)

MORNING = at("2021-09-27 08:30")
PATIENCE = float(os.environ.get("TEST_PATIENCE", "300"))
"""Seconds until a test says that an outbox will never be empty; more for a slow machine."""


# -- the outbox ----------------------------------------------------------------------------------


def with_mails(count: int, *, due_at: datetime = MORNING) -> Callable[[str], None]:
    """For `database_like`: so many finished mails, due at one instant."""

    def prepare(url: str) -> None:
        migrated(url)
        database = a_database(url)
        put_mails(database, count, due_at=due_at)
        database.close()

    return prepare


def put_mails(database: Database, count: int, *, due_at: datetime = MORNING) -> None:
    with database.write() as session:
        person = PersonRow(name="某人", mail="reader@tracker.test", salt="s")
        session.add(person)
        session.flush()
        session.add_all([_mail(n, person.id or 0, due_at) for n in range(count)])


def _mail(number: int, person: int, due_at: datetime) -> DispatchRow:
    id_ = f"m{number:06}@tracker.test"
    message = Message(
        message_id=id_,
        sender=Address("office@tracker.test", "考核办"),
        to=Address("reader@tracker.test"),
        subject=f"第{number}封",
        text=f"第{number}封信的正文。\n" * 20,
        date=MORNING,
    )
    return DispatchRow(
        key=f"{person}|w{number}|mail", person_id=person, programme="small", window=f"w{number}",
        channel="mail", kind=DispatchKind.DIGEST, message_id=id_, made_at=MORNING, due_at=due_at,
        frozen_at=MORNING, raw=build(message), recipient="reader@tracker.test",
        subject=message.subject, text=message.text,
    )  # fmt: skip


def with_reminders(units: int) -> Callable[[str], None]:
    """For `database_like`: so many units with a reminder each, written when it is claimed."""

    def prepare(url: str) -> None:
        migrated(url)
        database = a_database(url)
        put_reminders(database, units)
        database.close()

    return prepare


def put_reminders(database: Database, units: int) -> None:
    ids = [f"unit{n}" for n in range(units)]
    owed = item("1", due_on="2021-09-30", responsible=ids, lead=ids[0], reviewing_units=[ids[0]])
    named = [{"id": id_, "name": f"{id_}单位", "short": id_} for id_ in ids]
    with database.write() as session:
        programme = a_programme(owed, units=named)
        programmes.publish(session, programme, now=at("2021-09-24 12:00"), by="office")
        cast = [a_contact(id_) for id_ in ids]
        people.load_contacts(session, cast, now=at("2021-01-04"), on=NEW_YEAR, by="office")
    planning.tick_all(database, MORNING)


def opened(database: Database) -> int:
    """How many mails have not ended yet."""
    with database.read() as session:
        return session.exec(select(func.count()).select_from(DispatchRow).where(outbox.OPEN)).one()


def snapshot(database: Database) -> list[tuple[object, ...]]:
    """Everything that a worker may change about mails, and how long the trail is."""
    with database.read() as session:
        columns = (
            DispatchRow.id, DispatchRow.state, DispatchRow.worker, DispatchRow.attempt,
            DispatchRow.settled_at, DispatchRow.outcome, DispatchRow.server_reply,
        )  # fmt: skip
        rows = session.connection().execute(select(*columns).order_by(DispatchRow.id))
        events = session.exec(select(func.count()).select_from(EventRow)).one()
        return [*(tuple(row) for row in rows), (events,)]


@dataclass(frozen=True)
class Tally:
    """What became of the mails. `strange` are doubles that differ from their first."""

    mails: int
    lost: int
    doubled: int
    strange: int
    stuck: int
    told: int
    """Events of the trail that say that a mail was sent."""
    shares: tuple[int, ...]
    """Mails settled by each worker, the busiest first."""


_THROUGH = (NoticeState.SENT, NoticeState.MERGED)
"""What is told by a mail, and what had passed before and was merged into that."""


def tally(database: Database, server: ScriptedSmtp) -> Tally:
    arrived: dict[str, list[bytes]] = {}
    for mail in server.messages:
        arrived.setdefault(mail.message_id, []).append(mail.raw)
    with database.read() as session:
        rows = session.exec(select(DispatchRow)).all()
        sent = select(func.count()).where(col(EventRow.kind) == "dispatch.sent")
        told = session.exec(sent.select_from(EventRow)).one()
        waiting = session.exec(
            select(func.count())
            .select_from(NoticeRow)
            .where(col(NoticeRow.dispatch_id).is_not(None), col(NoticeRow.state).not_in(_THROUGH))
        ).one()
    return Tally(
        mails=len(rows),
        lost=sum(row.message_id not in arrived for row in rows),
        doubled=sum(len(copies) - 1 for copies in arrived.values()),
        strange=sum(len(set(copies)) > 1 for copies in arrived.values()),
        stuck=sum(row.state is not DispatchState.SENT for row in rows) + waiting,
        told=told,
        shares=tuple(sorted(Counter(row.worker for row in rows).values(), reverse=True)),
    )


def figure(what: str, database: Database, *, seed: int | None = None, **numbers: object) -> None:
    """One line for the record: seed, database, commit."""
    kind = "SQLite" if database.is_sqlite else "PostgreSQL"
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()
    told = ", ".join(f"{name} {value}" for name, value in numbers.items())
    print(f"\n{what}: {told} [{kind}, seed {seed}, commit {commit or 'unknown'}]")


# -- the processes -------------------------------------------------------------------------------


class Workers:
    """Processes of one plan; whoever is left at the end is killed."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.alive: list[BaseProcess] = []

    def start(self, count: int = 1, **changes: object) -> list[BaseProcess]:
        plan = replace(self.plan, **changes)
        made: list[BaseProcess] = [
            PROCESSES.Process(target=work, args=(plan,), daemon=True) for _ in range(count)
        ]
        for process in made:
            process.start()
        self.alive += made
        return made

    def kill(self) -> None:
        """With -9; and on to the end of their leases."""
        for process in self.alive:
            process.kill()
            process.join()
            process.close()
        self.alive = []
        self.plan.clock.put_on(outbox.LEASE)

    def signal(self, number: signal.Signals) -> None:
        for process in self.alive:
            assert process.pid is not None
            os.kill(process.pid, number)

    @property
    def are_there(self) -> bool:
        return all(self.plan.there(one.pid or 0).exists() for one in self.alive)

    @property
    def said(self) -> str:
        return self.plan.said.read_text() if self.plan.said.exists() else ""


@contextmanager
def working(url: str, server: ScriptedSmtp | int, data: Path, **more: object) -> Iterator[Workers]:
    port = server if isinstance(server, int) else server.port
    clock = SharedClock(MORNING, PROCESSES.RawValue("d"))
    plan = Plan(url, port, clock, data, **more)
    workers = Workers(plan)
    try:
        yield workers
    finally:
        workers.kill()


def until(done: Callable[[], bool], *, within: float = PATIENCE, why: str = "") -> None:
    ends = time.monotonic() + within
    while not done():
        assert time.monotonic() < ends, why or "it never came to that"
        time.sleep(0.02)


class KillingSmtp(ScriptedSmtp):
    """Takes every mail; at one step of its `nth` mail it does something to whoever is sending."""

    def __init__(self, step: str, act: Callable[[], None], *scripts: Script) -> None:
        super().__init__(*scripts)
        self._step = step
        self._act: Callable[[], None] | None = act

    def answer(self, script: Script, step: str) -> Answer:
        if step == self._step and self._act is not None:
            act, self._act = self._act, None
            act()
        return super().answer(script, step)
