"""Backups, restores and moves of an office that mails: nothing is lost, nothing is sent twice."""

from __future__ import annotations

import asyncio
import io
import json
import shutil
import sqlite3
import tarfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select as core_select
from sqlalchemy import text

from schedules.clock import FakeClock
from tests.builders import NEW_YEAR, a_monthly_item, a_programme, at, item, the_cast
from tests.databases import Prepare
from tests.faults.workshop import put_mails
from tests.sinks import SmtpSink
from tracker.domain.errors import DefinitionError, Refused
from tracker.runtime import Runtime, build
from tracker.services import backups, delivery, held, moving, people, programmes, rounds, trail
from tracker.settings import Settings
from tracker.store.database import Database, head_revision, migrate
from tracker.store.tables import DispatchRow, DispatchState, Table

NIGHT, MORNING, TEN = at("2021-09-24 02:00"), at("2021-09-24 08:30"), at("2021-09-24 10:30")


def quiet(done: int, all_: int) -> None: ...


@dataclass
class Office:
    """A runtime with a clock that we move, on a database and a folder of its own."""

    runtime: Runtime
    clock: FakeClock
    sink: SmtpSink

    @property
    def database(self) -> Database:
        return self.runtime.database

    @property
    def settings(self) -> Settings:
        return self.runtime.settings

    def tick(self) -> None:
        """Everything that the service does of itself but for sending."""

        async def work() -> None:
            listed = rounds.rounds(self.runtime, asyncio.Event())
            for name in ("tick", "digest", "watch", "seal"):
                await listed[name].run()

        asyncio.run(work())

    def deliver(self) -> None:
        async def send() -> None:
            parts = delivery.parts_of(build(self.settings, self.clock))
            await delivery.deliver(parts, self.clock.now())
            await parts.channel.close()
            parts.database.close()

        asyncio.run(send())

    def mornings(self, until: datetime) -> None:
        while self.clock.now() < until:
            self.clock.advance(timedelta(days=1))
            self.tick()
            self.deliver()

    def ids(self) -> Counter[str]:
        return Counter(mail.message_id for mail in self.sink.messages)

    def backup(self, folder: Path) -> backups.Written:
        folder.mkdir(exist_ok=True)
        return backups.backup(
            self.database, self.settings.data, folder, self.clock.now(), progress=quiet
        )

    def held(self) -> list[held.Held]:
        with self.database.read() as session:
            return held.listed(session)


def settings_of(url: str, data: Path, sink: SmtpSink) -> Settings:
    return Settings(
        data=data, database_url=url, sender="考核办 <office@tracker.test>",
        smtp_host=sink.host, smtp_port=sink.port, smtp_tls="none", sqlite_synchronous="off",
    )  # fmt: skip


Places = Callable[[str], Settings]


@pytest.fixture
def places(
    request: pytest.FixtureRequest, database_kind: str, tmp_path: Path, sink: SmtpSink, tools: None
) -> Iterator[Places]:
    """Settings of an installation that is not there yet, by name."""
    made: list[str] = []

    def place(name: str) -> Settings:
        url = f"sqlite:///{tmp_path / name / 'tracker.sqlite'}"
        if database_kind == "postgres":
            url = request.getfixturevalue("postgres_server").create()
            made.append(url)
        return settings_of(url, tmp_path / name, sink)

    yield place
    for url in made:
        request.getfixturevalue("postgres_server").drop(url)


class Begun:
    """Makes the office's database and, beside it, its folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def data(self, url: str) -> Path:
        return self._folder / url.partition(":")[0]

    def prepared(self, url: str) -> None:
        migrate(url)
        with SmtpSink() as sink:
            made = Office(build(settings_of(url, self.data(url), sink), clock := FakeClock(NIGHT)),
                          clock, sink)  # fmt: skip
            with made.database.write() as session:
                owed = (item(due_on="2021-09-30"), a_monthly_item())
                programmes.publish(session, a_programme(*owed), now=at("2021-09-06"), by="office")
                people.load_contacts(
                    session, the_cast(), now=at("2021-09-06"), on=NEW_YEAR, by="office"
                )
            made.tick()
            made.deliver()
            made.database.close()


@pytest.fixture
def sink() -> Iterator[SmtpSink]:
    with SmtpSink() as server:
        yield server


@pytest.fixture
def opened(sink: SmtpSink) -> Iterator[Callable[[Settings, datetime], Office]]:
    made: list[Office] = []

    def open_(settings: Settings, now: datetime) -> Office:
        clock = FakeClock(now)
        made.append(Office(build(settings, clock), clock, sink))
        return made[-1]

    yield open_
    for one in made:
        one.database.close()


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Begun:
    """The office as it was in the night, made once for each kind of database."""
    return Begun(tmp_path_factory.mktemp("begun"))


@pytest.fixture
def office(
    begun: Begun,
    places: Places,
    opened: Callable[[Settings, datetime], Office],
    database_like: Callable[[Prepare], str],
) -> Office:
    """Two duties and everybody to hear of them; its first mails are out."""
    settings = places("office")
    url = database_like(begun.prepared)
    shutil.copytree(begun.data(url), settings.data)
    return opened(settings.model_copy(update={"database_url": url}), NIGHT)


@pytest.mark.parametrize("moment", ["before the morning", "planned", "being sent", "sent"])
def test_after_a_restore_nothing_is_sent_twice(
    office: Office,
    places: Places,
    opened: Callable[[Settings, datetime], Office],
    tmp_path: Path,
    moment: str,
) -> None:
    evidence = office.settings.data / "evidence" / "e3" / ("e3b0c44298fc1c149afbf4c8996fb92427ae"
        "41e4649b934ca495991b7852b855")  # fmt: skip
    evidence.parent.mkdir(parents=True)
    evidence.touch()
    if moment == "before the morning":
        kept = office.backup(tmp_path / "kept")
    office.clock.advance_to(MORNING)
    office.tick()
    if moment == "being sent":
        with office.database.write() as session:
            session.connection().execute(
                text("UPDATE dispatch SET state = 'sending', worker = 'lost', attempt = 1 "
                     "WHERE state = 'pending'")
            )  # fmt: skip
    if moment in ("planned", "being sent"):
        kept = office.backup(tmp_path / "kept")
    if moment == "being sent":
        with office.database.write() as session:
            session.connection().execute(
                text("UPDATE dispatch SET state = 'pending' WHERE state = 'sending'")
            )
    before = len(office.sink.messages)
    office.deliver()
    sent = len(office.sink.messages)
    assert sent > before
    if moment == "sent":
        kept = office.backup(tmp_path / "kept")

    again = places("again")
    done = backups.restore(kept.path, again, lambda: build(again, FakeClock(TEN)), TEN)
    assert (again.data / "secret").read_text() == (office.settings.data / "secret").read_text()
    assert (again.data / evidence.relative_to(office.settings.data)).is_file()
    other = opened(again, TEN)
    other.tick()
    other.deliver()
    assert len(office.sink.messages) == sent
    assert done.held == len(other.held()) == (0 if moment == "sent" else sent - before)

    other.mornings(at("2021-09-28 02:00"))  # a Monday's digest, and three days before the end
    ids = office.ids()
    assert len(office.sink.messages) > sent
    assert set(ids.values()) == {1}
    with other.database.read() as session:
        assert all(trail.verify(session, name).ok for name in trail.chains(session))


def test_held_mails_go_when_a_person_says_so_and_those_with_proof_do_not(
    office: Office, places: Places, opened: Callable[[Settings, datetime], Office], tmp_path: Path
) -> None:
    office.clock.advance_to(MORNING)
    office.tick()
    kept = office.backup(tmp_path / "kept")
    before = len(office.sink.messages)
    office.deliver()
    mails = office.sink.messages[before:]

    again = places("again")
    backups.restore(kept.path, again, lambda: build(again, FakeClock(TEN)), TEN)
    other = opened(again, TEN)
    with other.database.write() as session:
        log = [f"sent <{mails[0].message_id}> 250 Ok", "nothing", f"<{'0' * 40}@tracker.test>"]
        proven = held.found_in(session, log, again.mail_domain)
        assert len(proven) == 1
        held.were_sent(session, proven, TEN, "office", proof="mail.log")
    assert len(other.held()) == len(mails) - 1
    with other.database.write() as session:
        assert held.release(session, None, TEN, "office") == len(mails) - 1
    other.deliver()
    assert office.ids() == Counter(
        {mail.message_id: 1 for mail in office.sink.messages[:before]}
        | {mail.message_id: 2 for mail in mails[1:]} | {mails[0].message_id: 1}
    )  # fmt: skip
    with other.database.read() as session:
        states = core_select(DispatchRow.state).distinct()
        assert set(session.connection().execute(states).scalars()) == {DispatchState.SENT}


def test_a_backup_is_private_and_appears_when_it_is_whole(office: Office, tmp_path: Path) -> None:
    kept = office.backup(tmp_path / "kept")
    assert kept.path.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in (tmp_path / "kept").iterdir()] == [kept.path.name]
    assert kept.manifest.sound
    with pytest.raises(Refused, match="already"):
        office.backup(tmp_path / "kept")
    for day in range(3):
        office.clock.advance(timedelta(days=1 + day))
        office.backup(tmp_path / "kept")
    removed = backups.forget_older(tmp_path / "kept", 2)
    assert kept.path in removed
    assert len(list((tmp_path / "kept").iterdir())) == 2


def test_a_damaged_backup_restores_nothing(office: Office, places: Places, tmp_path: Path) -> None:
    """Wherever the damage is: in what is packed, in a sum over it, in the name of a part."""
    kept = office.backup(tmp_path / "kept")
    sound = kept.path.read_bytes()
    again = places("again")
    spots = [len(sound) * n // 40 for n in range(1, 40)] + [len(sound) - n for n in range(1, 9)]
    for spot in spots:
        kept.path.write_bytes(sound[:spot] + bytes([sound[spot] ^ 0x55]) + sound[spot + 1 :])
        with pytest.raises((DefinitionError, Refused)):
            backups.restore(kept.path, again, lambda: build(again), TEN)
        assert not (again.data / "tracker.sqlite").exists()


def test_a_part_that_would_lie_outside_of_the_data_folder_is_no_backup(
    office: Office, places: Places, tmp_path: Path
) -> None:
    kept, again, content = office.backup(tmp_path / "kept"), places("again"), b"* * * * * x"
    name = f"evidence/../../{sha256(content).hexdigest()}"
    made = kept.path.with_name("hostile.tar.gz")
    with tarfile.open(kept.path) as sound, tarfile.open(made, "w:gz") as tar:
        for one in sound:
            part = sound.extractfile(one)
            assert part is not None
            told = part.read()
            if one.name == "manifest.json":
                told = json.dumps(json.loads(told) | {"files": kept.manifest.files + 1}).encode()
            one.size = len(told)
            tar.addfile(one, io.BytesIO(told))
        one = tarfile.TarInfo(name)
        one.size = len(content)
        tar.addfile(one, io.BytesIO(content))
    with pytest.raises(DefinitionError, match="与清单不符"):
        backups.restore(made, again, lambda: build(again), TEN)
    assert not (again.data / name).exists()


def test_a_restore_into_a_database_in_use_is_refused(office: Office, tmp_path: Path) -> None:
    kept = office.backup(tmp_path / "kept")
    before = rows(office.database)
    with pytest.raises(Refused, match="not empty"):
        backups.restore(kept.path, office.settings, lambda: office.runtime, TEN)
    assert rows(office.database) == before


def test_a_backup_that_is_taken_while_others_write_is_of_one_state(
    office: Office, places: Places, opened: Callable[[Settings, datetime], Office], tmp_path: Path
) -> None:
    put_mails(office.database, 2000, due_at=at("2022-01-01"))
    ends = threading.Event()

    def write() -> None:
        number = 0
        while not ends.is_set():
            number += 1
            with suppress(sqlite3.OperationalError), office.database.write() as session:
                trail.append(session, "small", "test", str(number), {}, now=NIGHT)
                trail.append(session, "", "test", str(number), {}, now=NIGHT)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        kept = office.backup(tmp_path / "kept")
    finally:
        ends.set()
        writer.join()
    again = places("again")
    backups.restore(kept.path, again, lambda: build(again, FakeClock(TEN)), TEN)
    other = opened(again, TEN)
    with other.database.read() as session:
        found = Counter(
            session.connection().execute(
                text("SELECT programme FROM event WHERE kind = 'test'")
            ).scalars()
        )  # fmt: skip
    assert found["small"] == found[""] > 0


# -- from one database to another ------------------------------------------------------------------


def rows(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    with database.read() as session:
        return {
            table.name: [
                tuple(row)
                for row in session.connection().execute(
                    core_select(table).order_by(*table.primary_key.columns)
                )
            ]
            for table in Table.metadata.sorted_tables
        }


@pytest.mark.parametrize("to", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def test_an_office_moves_to_another_database_with_nothing_lost(
    office: Office,
    request: pytest.FixtureRequest,
    opened: Callable[[Settings, datetime], Office],
    tmp_path: Path,
    to: str,
) -> None:
    office.mornings(at("2021-10-01 02:00"))
    file, data = tmp_path / "office.jsonl.gz", tmp_path / "moved"
    sent = moving.export(office.database, office.settings.data, file, office.clock.now())
    assert file.stat().st_mode & 0o777 == 0o600
    url: str = request.getfixturevalue(f"{to}_url")
    taken = moving.take(file, url, data)
    assert (taken, taken.revision) == (sent, head_revision())
    settings = office.settings.model_copy(update={"database_url": url, "data": data})
    other = opened(settings, office.clock.now())
    assert rows(other.database) == rows(office.database)
    with pytest.raises(Refused, match="not empty"):
        moving.take(file, url, data)

    for one in (office, other):
        one.clock.advance_to(at("2021-10-12 08:30"))
        one.tick()
    assert planned(other.database) == planned(office.database)


def planned(database: Database) -> set[tuple[Any, ...]]:
    """Every notice with its mail. In which order a batch took them is the database's affair."""
    wanted = (
        "SELECT n.key, n.state, n.reason, n.send_at, d.key, d.state, d.message_id "
        "FROM notice n LEFT JOIN dispatch d ON d.id = n.dispatch_id"
    )
    with database.read() as session:
        found = session.connection().execute(text(wanted))
        return {(*row[:3], str(row[3])[:19], *row[4:]) for row in found}


@pytest.mark.parametrize("what", ["cut short", "a row less", "no end"])
def test_an_export_that_is_not_whole_changes_nothing(
    office: Office, sqlite_url: str, tmp_path: Path, what: str
) -> None:
    import gzip

    file = tmp_path / "office.jsonl.gz"
    moving.export(office.database, office.settings.data, file, NIGHT)
    lines = gzip.decompress(file.read_bytes()).decode().splitlines(keepends=True)
    if what == "cut short":
        file.write_bytes(file.read_bytes()[:-2000])
    else:
        last = max(n for n, line in enumerate(lines) if line.startswith("["))
        left = lines[:-1] if what == "no end" else [*lines[:last], *lines[last + 1 :]]
        file.write_bytes(gzip.compress("".join(left).encode()))
    with pytest.raises((DefinitionError, Refused)):
        moving.take(file, sqlite_url, tmp_path / "moved")
    with closing(Database(sqlite_url)) as database:
        assert not any(rows(database).values())
