"""The whole demonstration: a fresh folder, two years, files to look at, a summary."""

from __future__ import annotations

import asyncio
import gc
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from sqlmodel import Session, func, select

from notifiers.message import MAIL
from schedules.clock import FakeClock
from tracker.definitions import yamlform
from tracker.demo.play import Played, player
from tracker.demo.visitors import Visitors, invite
from tracker.domain.errors import Refused
from tracker.programmes import path_of
from tracker.runtime import Runtime, build
from tracker.services import (
    audit_evidence,
    audit_files,
    delivery,
    digest_files,
    weekly,
    weekpost,
)
from tracker.settings import Settings
from tracker.store.database import migrate
from tracker.store.tables import DispatchRow
from tracker.wording import Language

ORDER = ("xx-2020", "zhongfang-2021")
MARK = ".tracker-demo"
"""Says that a folder was made by the demonstration and may be made anew."""

BEFORE_EVERYTHING = datetime(2019, 12, 31, tzinfo=UTC)
AUDIT_FILES = ("xlsx", "csv", "pdf", "html", "json")


@dataclass(frozen=True)
class Shown:
    """What was played, where the files are, how long it took (seconds)."""

    folder: Path
    runtime: Runtime
    played: tuple[Played, ...]
    mails: Counter[str]
    visitors: Visitors
    seconds: float

    @property
    def now(self) -> datetime:
        return self.played[-1].ended_at


def prepare(folder: Path, *, host: str, port: int, language: Language) -> Settings:
    """An empty folder of our own; Refused where something else is in it."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARK).exists():
            raise Refused(
                f"{folder} 里有别的东西，用 --data 换一个目录 / holds other files, name another one"
            )
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).touch()
    return Settings(
        data=folder,
        host=host,
        port=port,
        base_url=f"http://{host}:{port}",
        language=language,
        sender="示例考核办 <office@demo.example>",
        # Whatever the office has set up: a simulation writes files and reaches nobody.
        smtp_host="",
        channels=MAIL,
        local_office=True,
        # A simulation may be lost; a second of a real office may not.
        sqlite_synchronous="off",
    )


def play(settings: Settings, console: Console, programmes: Sequence[str] = ORDER) -> Shown:
    """The years of these programmes on one database, one after the other."""
    began = time.monotonic()
    migrate(settings.database)
    clock = FakeClock(BEFORE_EVERYTHING)
    runtime = build(settings, clock)
    with asyncio.Runner() as loop, _bar(console) as bar, _few_collections():
        played = tuple(_play_one(name, runtime, clock, loop, bar) for name in programmes)
        loop.run(runtime.channel.close())
    for one in played:
        _write_audit(one, runtime)
    with runtime.database.read() as session:
        mails = _mails(session)
    visitors = invite(runtime.database, played[-1].programme, played[-1].ended_at)
    return Shown(settings.data, runtime, played, mails, visitors, time.monotonic() - began)


def _play_one(
    name: str, runtime: Runtime, clock: FakeClock, loop: asyncio.Runner, bar: Progress
) -> Played:
    programme = yamlform.load(path_of(name))
    parts = delivery.parts_of(runtime)

    def send(now: datetime) -> None:
        if not delivery.idle(parts, now):
            loop.run(delivery.deliver(parts, now))

    def week(slug: str, now: datetime) -> None:
        with runtime.database.write() as session:
            issued = weekly.issue(session, slug, now=now)
            weekpost.post(session, slug, issued, now=now,
                          stationery=parts.stationery, templates=runtime.templates)  # fmt: skip
        for one in issued:
            if one.audience == "leader":
                _write_digest(one, runtime)

    actor = player(runtime, clock, programme, send=send, week=week)
    days = (actor.at(actor.course.ends).date() - actor.course.opens).days
    task = bar.add_task(programme.title, total=days, at="")

    def progress(now: datetime) -> None:
        bar.update(task, advance=1, at=now.astimezone(programme.tz).date().isoformat())

    played = actor.play(progress=progress)
    bar.update(task, completed=days)
    return played


@contextmanager
def _few_collections() -> Iterator[None]:
    """A year makes many objects and hardly a cycle: looking for cycles as often as Python does by
    itself takes a sixth of its time."""
    young, *older = gc.get_threshold()
    gc.set_threshold(100 * young, *older)
    try:
        yield
    finally:
        gc.set_threshold(young, *older)


@contextmanager
def _bar(console: Console) -> Iterator[Progress]:
    columns = (
        TextColumn("{task.fields[at]:>10}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=console) as bar:
        yield bar


def _write_digest(issued: weekly.Issued, runtime: Runtime) -> None:
    """The leader's page of this week as files."""
    language = runtime.settings.language
    folder = runtime.settings.data / "digests" / issued.digest.programme
    folder.mkdir(parents=True, exist_ok=True)
    for kind in ("html", "txt", "pdf"):
        content = digest_files.content(runtime.templates, language, issued.digest, kind)
        (folder / f"{issued.week}.{kind}").write_bytes(content)


def _write_audit(played: Played, runtime: Runtime) -> None:
    programme = played.programme
    first, last = date(programme.year, 1, 1), programme.closes_on
    with runtime.database.read() as session:
        found = audit_evidence.of_period(session, programme.id, first=first, last=last,
                                as_of=played.ended_at)  # fmt: skip
    folder = runtime.settings.data / "audit"
    folder.mkdir(exist_ok=True)
    for suffix in AUDIT_FILES:
        path = folder / f"{programme.id}.{suffix}"
        audit_files.write(found, path, environment=runtime.templates,
                          language=runtime.settings.language)  # fmt: skip


def _mails(session: Session) -> Counter[str]:
    counted = select(DispatchRow.kind, DispatchRow.state, func.count()).group_by(
        DispatchRow.kind, DispatchRow.state
    )
    return Counter({f"{kind} {state}": n for kind, state, n in session.exec(counted)})
