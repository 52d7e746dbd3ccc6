"""What a mail costs from due to sent, against a bare client with ready bytes in the same run.

The goal is 0.6 of that ceiling. The figure is printed, 0.7 to 0.8 where little else runs; what is
asserted is that it stays above a tripwire, that a mail costs the same however many units there are,
and a fixed number of statements. A morning of many obligations is measured as it grows: quick with
100 units, full with 3,000.
"""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
from base64 import encodebytes
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import pytest
from aiosmtplib import SMTP
from jinja2 import Environment, Template, pass_eval_context
from jinja2.nodes import EvalContext
from sqlalchemy import event
from sqlmodel import select

from notifiers.message import Attachment
from notifiers.mime import build
from notifiers.smtp import SmtpChannel, SmtpSettings
from schedules.clock import FakeClock
from tests.benchmarks.fast_sink import fast_sink
from tests.benchmarks.first_look import megabytes
from tests.builders import JANUARY, NEW_YEAR, a_programme, at, item, migrated
from tests.faults.workshop import figure
from tests.notifiers.letters import a_letter
from tests.stories.post import RENDER, stationery
from tests.templates import samples
from tracker.definitions.sheets import Contact
from tracker.domain.dispatches import ReminderMail
from tracker.domain.points import Units
from tracker.runtime import environment
from tracker.services import delivery, letters, people, planning, programmes
from tracker.services.digest import Audience, Digest
from tracker.services.digest_words import render_digest
from tracker.services.letterbox import Letter, Render
from tracker.settings import Settings
from tracker.store.database import Database
from tracker.store.letters import LetterRow
from tracker.wording import Language

pytestmark = pytest.mark.bench

MORNING = at("2021-09-27 08:30")
POOL = 8
ROUNDS = 5


@dataclass
class Office:
    """So many units with so many open obligations each, all of them due to be told of; each costs
    points if nothing happens until the end of the week."""

    database: Database
    units: int
    planned: float
    before: float
    """Megabytes that the process had taken before anything was planned."""

    def again(self) -> None:
        """As before anything was sent."""
        with self.database.write() as session:
            run = session.connection().exec_driver_sql
            run("UPDATE notice SET state = 'dispatched' WHERE dispatch_id IS NOT NULL")
            run("DELETE FROM letter")
            run("UPDATE dispatch SET state = 'pending', outcome = '', frozen_at = NULL,"
                " message_id = key, due_at = made_at, attempt = 0, settled_at = NULL")  # fmt: skip

    def parts(self, port: int, render: Render | None = None) -> delivery.Parts:
        settings = SmtpSettings(
            "127.0.0.1", port, tls="none", connections=POOL, local_hostname="tracker.test"
        )
        clock = FakeClock(MORNING)
        paper = stationery()
        return delivery.Parts(
            self.database, SmtpChannel(settings), clock,
            paper if render is None else replace(paper, render=render), connections=POOL,
        )  # fmt: skip

    def mails(self) -> list[bytes]:
        with self.database.read() as session:
            return list(session.exec(select(LetterRow.raw)))


def an_office(folder: Path, units: int, each: int) -> Office:
    url = f"sqlite:///{folder / f'{units}x{each}.sqlite'}"
    migrated(url)
    database = Database(url, synchronous="normal")
    names = [f"u{n}" for n in range(units)]
    owed = [item(str(n + 1), due_on="2021-09-28", responsible=tuple(names)) for n in range(each)]
    told = [{"id": name, "name": f"第{n}号单位"} for n, name in enumerate(names)]
    contacts = [
        Contact(name, f"张{n}", "contact", f"c{n}@x.example.cn", "", f"row {n}")
        for n, name in enumerate(names)
    ]
    with database.write() as session:
        programmes.publish(session, a_programme(*owed, units=told), now=JANUARY, by="office")
        people.load_contacts(session, contacts, now=JANUARY, on=NEW_YEAR, by="office")
    before = megabytes()
    planning.tick_all(database, at("2021-09-24 18:00"))
    with database.write() as session:
        session.connection().exec_driver_sql("UPDATE notice SET state = 'suppressed'")
        session.connection().exec_driver_sql("DELETE FROM dispatch")
    begun = process_time()
    planning.tick_all(database, MORNING)
    return Office(database, units, process_time() - begun, before)


@dataclass(frozen=True)
class Took:
    """Of one mail, in milliseconds: on the clock, and of this process's own time."""

    wall: float
    cpu: float


async def delivered(office: Office, port: int, render: Render | None = None) -> Took:
    parts = office.parts(port, render)
    wall, cpu = perf_counter(), process_time()
    done = await delivery.deliver(parts, MORNING)
    took = Took(
        1000 * (perf_counter() - wall) / done.sent, 1000 * (process_time() - cpu) / done.sent
    )
    await parts.channel.close()
    assert (done.sent, done.failed, done.later, done.unknown) == (office.units, 0, 0, 0)
    return took


async def ceiling(mails: list[bytes], port: int) -> Took:
    """The same bytes through a bare pool of the same client library."""
    waiting = iter(mails)

    async def one() -> None:
        client = SMTP(hostname="127.0.0.1", port=port, start_tls=False, local_hostname="x.cn")
        await client.connect()
        for raw in waiting:
            await client.sendmail("a@x.cn", ["b@x.cn"], raw)
        await client.quit()

    wall, cpu = perf_counter(), process_time()
    await asyncio.gather(*[one() for _ in range(POOL)])
    count = len(mails)
    return Took(1000 * (perf_counter() - wall) / count, 1000 * (process_time() - cpu) / count)


TRIPWIRE = 0.5
"""Of the ceiling by CPU: below the goal, for a machine that is busy with something else."""


def each_by_itself(language: Language, mail: ReminderMail) -> Letter:
    """As if no two mails of a morning read alike."""
    letters._FORMS.forget()
    return RENDER(language, mail)


def test_a_mail_costs_the_same_however_many_units_there_are(tmp_path: Path) -> None:
    few, many = an_office(tmp_path, 150, 3), an_office(tmp_path, 600, 3)
    by_cpu, by_clock, growth, alone = [], [], [], []
    with fast_sink() as port:
        for _ in range(3):
            small, large = (asyncio.run(delivered(one, port)) for one in (few, many))
            bare = asyncio.run(ceiling(many.mails(), port))
            few.again()
            own = asyncio.run(delivered(few, port, each_by_itself))
            few.again()
            many.again()
            by_cpu.append(bare.cpu / large.cpu)
            by_clock.append(bare.wall / large.wall)
            growth.append(large.cpu / small.cpu)
            alone.append(bare.cpu / own.cpu)
    figure(
        "FIGURE P1 delivery with 3 obligations and a calendar, of the pool's ceiling (goal 0.6)",
        many.database, mails=many.units, cpu=f"{median(by_cpu):.2f}",
        clock=f"{median(by_clock):.2f}", no_two_alike=f"{median(alone):.2f}",
        now=f"{large.cpu:.2f} ms CPU a mail, bare {bare.cpu:.2f}",
        growth_150_to_600=f"{median(growth):.2f}",
    )  # fmt: skip
    for office in (few, many):
        office.database.close()
    assert median(growth) <= 1.5
    assert median(by_cpu) >= TRIPWIRE


def test_a_batch_of_letters_asks_a_fixed_number_of_questions(tmp_path: Path) -> None:
    office = an_office(tmp_path, 50, 3)
    asked: list[str] = []

    def listen(_: Any, __: Any, statement: str, *rest: Any) -> None:
        asked.append(statement)

    event.listen(office.database.engine, "before_cursor_execute", listen)
    with fast_sink() as port:
        asyncio.run(delivered(office, port))
    event.remove(office.database.engine, "before_cursor_execute", listen)
    office.database.close()
    reading = [one for one in asked if one.lstrip().startswith("SELECT")]
    print(f"\nFIGURE {len(asked)} statements for 50 mails, {len(reading)} of them questions")
    assert len(reading) < 50 * 6, "one commit each would ask eight times a mail"


@dataclass(frozen=True)
class Morning:
    """Seconds of CPU a unit: to plan it, to write and send its mail. Megabytes that planning took
    at most, and all of it with the sending, beyond what the process had before."""

    planned: float
    sent: float
    planning: float
    megabytes: float


def a_morning(folder: Path, units: int) -> Morning:
    """Of so many units with 60 obligations each, in a process of its own."""
    told = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.test_delivery", str(folder), str(units)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return Morning(*map(float, told.stdout.split()))


def play_a_morning(folder: Path, units: int) -> None:
    office = an_office(folder, units, 60)
    planning_took = megabytes() - office.before
    with fast_sink() as port:
        took = asyncio.run(delivered(office, port))
    office.database.close()
    took_all = megabytes() - office.before
    print(office.planned / units, took.cpu / 1000, planning_took, took_all)


@pytest.mark.parametrize(
    "units", [pytest.param(100, id="quick"), pytest.param(3000, id="full", marks=pytest.mark.full)]
)
def test_a_morning_grows_with_its_units_and_not_with_their_square(
    tmp_path: Path, units: int
) -> None:
    tenth, whole = (a_morning(tmp_path, count) for count in (units // 10, units))
    print(
        f"\nFIGURE morning of {units} units x 60 obligations: planned in "
        f"{whole.planned * units:.1f} s CPU, {whole.sent * 1000:.0f} ms CPU a mail of 60 lines, "
        f"{whole.sent * units:.0f} s for all; {whole.planning:.0f} MB more to plan it, "
        f"{whole.megabytes:.0f} MB more in all; a unit against one of {units // 10}: planned "
        f"x{whole.planned / tenth.planned:.2f}, sent x{whole.sent / tenth.sent:.2f}"
    )
    assert whole.planned <= 2 * tenth.planned
    assert whole.sent <= 2 * tenth.sent


# -- MIME ------------------------------------------------------------------------------------------


def timed(act: Callable[[], object], times: int) -> float:
    begun = process_time()
    for _ in range(times):
        act()
    return process_time() - begun


def rounds(ours: Callable[[], object], theirs: Callable[[], object], *, times: int = 200) -> float:
    """Median ratio of interleaved rounds, in each of which either is done so many times."""
    ours(), theirs()
    gc.collect()
    gc.disable()
    try:
        return median(timed(ours, times) / timed(theirs, times) for _ in range(ROUNDS))
    finally:
        gc.enable()


def letters_() -> Iterator[Any]:
    """A mail as it really goes out, another text each time: nothing comes from a cache."""
    mail = samples.a_mail(*[samples.late(str(n)) for n in range(3)])
    letter = RENDER("zh", mail)
    number = 0
    while True:
        number += 1
        calendar = Attachment(
            "tracker.ics", "text/calendar; method=PUBLISH; charset=utf-8", b"x" * 1500
        )
        yield a_letter(
            message_id=f"{number}@example.gov.cn", subject=letter.subject, attachments=(calendar,),
            text=f"{letter.text}{number}", html=f"{letter.html}{number}",
        )  # fmt: skip


def by_hand(message: Any) -> bytes:
    """The same parts put together as one would for this one message, without any care."""
    edge = message.message_id.replace("@", "")
    parts = "".join(
        f"--a{edge}\r\nContent-Type: text/{kind}; charset=utf-8\r\n"
        f"Content-Transfer-Encoding: base64\r\n\r\n{encodebytes(text.encode()).decode()}\r\n"
        for kind, text in (("plain", message.text), ("html", message.html))
    )
    [file] = message.attachments
    return (
        f"From: {message.sender.mail}\r\nTo: {message.to.mail}\r\n"
        f"Subject: =?utf-8?b?{encodebytes(message.subject.encode()).decode().strip()}?=\r\n"
        f"Message-ID: <{message.message_id}>\r\nMIME-Version: 1.0\r\n"
        f"Content-Type: multipart/mixed; boundary=m{edge}\r\n\r\n--m{edge}\r\n"
        f"Content-Type: multipart/alternative; boundary=a{edge}\r\n\r\n{parts}--a{edge}--\r\n"
        f"--m{edge}\r\nContent-Type: {file.content_type}\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n"
        f"{encodebytes(file.content).decode()}\r\n--m{edge}--\r\n"
    ).encode()


def test_building_a_mail_costs_at_most_three_times_the_bare_minimum() -> None:
    source = letters_()
    ratio = rounds(lambda: build(next(source)), lambda: by_hand(next(source)))
    if ratio > 3:
        ratio = rounds(lambda: build(next(source)), lambda: by_hand(next(source)))
    print(f"\nFIGURE P3 MIME building: x{ratio:.2f} of the hand-assembled reference, bound 3")
    assert ratio <= 3


# -- the digest ------------------------------------------------------------------------------------

CELLS = 6
CELL = "县水利局 3.42"


def dict_rows(values: int, size: int) -> tuple[Template, list[dict[str, str]]]:
    """Bare Jinja2 with dict rows: so many values between so much constant HTML."""
    style = "s" * max(0, size // values - len("<td></td>") - len(CELL))
    cells = "".join(f"<td>{style}{{{{ row.c{n} }}}}</td>" for n in range(CELLS))
    bare = Environment(autoescape=True).from_string(
        f"<table>{{% for row in rows %}}<tr>{cells}</tr>{{% endfor %}}</table>"
    )
    return bare, [{f"c{n}": CELL for n in range(CELLS)}] * max(1, values // CELLS)


def values_in(digest: Digest) -> int:
    """How many values its HTML is filled with; those of its text come on top."""
    count = 0

    @pass_eval_context
    def counted(context: EvalContext, value: object) -> object:
        nonlocal count
        count += context.autoescape
        return value

    templates = environment(Settings(secret="x" * 32))
    templates.finalize = counted
    render_digest(templates, "zh", digest)  # compiled: constants are counted once
    count = 0
    render_digest(templates, "zh", digest)
    return count


def a_long_digest() -> Digest:
    digest = samples.a_digest(Audience.LEADER)
    unit = digest.units[0]
    many = tuple(
        replace(unit, unit=f"u{n}", name=f"第{n}号单位", lost=Units(100 + n)) for n in range(60)
    )
    return replace(digest, units=many)


def test_the_digest_against_bare_jinja() -> None:
    """As many values between as many bytes of HTML, from dict rows: what the template engine itself
    takes. Ours makes its words, a text and a subject beside."""
    templates = environment(Settings(secret="x" * 32))
    digest = a_long_digest()
    values, size = values_in(digest), len(render_digest(templates, "zh", digest).html)
    bare, rows = dict_rows(values, size)
    ratio = rounds(lambda: render_digest(templates, "zh", digest), lambda: bare.render(rows=rows))
    if ratio > 2:  # once more, for a machine that was busy with something else
        ratio = rounds(
            lambda: render_digest(templates, "zh", digest), lambda: bare.render(rows=rows)
        )
    print(
        f"\nFIGURE P8 digest of 60 units ({size:,} characters of HTML with {values} values, "
        f"and its text and subject): x{ratio:.2f} of bare Jinja2 with dict rows (goal 1.5)"
    )
    assert ratio <= 2.5, "an environment, an inliner or a macro for each cell would cost more"


if __name__ == "__main__":
    play_a_morning(Path(sys.argv[1]), int(sys.argv[2]))
