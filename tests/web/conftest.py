"""A whole application on a real database, with a clock that we move."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, cached_property
from html import unescape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2 as httpx
import pytest
from fastapi import FastAPI
from jinja2 import Environment
from playwright.sync_api import Page
from sqlmodel import select
from starlette.testclient import TestClient

from schedules.clock import FakeClock
from tests.builders import (
    JANUARY,
    a_case_item,
    a_contact,
    a_database,
    a_monthly_item,
    a_programme,
    at,
    clause,
    item,
    migrated,
    住建局,
    生态分局,
)
from tests.databases import Prepare
from tracker.domain import facts as f
from tracker.domain.programme import Programme
from tracker.runtime import Runtime, build, environment
from tracker.services import delivery, people, planning, programmes, reporting, trail
from tracker.settings import Settings
from tracker.store.tables import Table
from tracker.web.app import create

HOSTILE = "<script>alert(1)</script>{{7*7}}"
FRIDAY = at("2021-10-15 09:00")
NOW = at("2021-10-18 08:00")
HERE = ("127.0.0.1", 50123)


def the_programme() -> Programme:
    """A yes/no duty, a case, a monthly duty, a quantity, a date that is missing, a reading."""
    projects = clause(
        "4",
        points="2",
        duties=[
            {
                "kind": "milestone", "id": "s1", "on": "2021-10-22", "title": "第一阶段",
                "need": {"of": "projects", "share": "0.8"},
            },
        ],
        rules=[{"kind": "per_missing", "duty": "s1", "each": "0.5"}],
    )  # fmt: skip
    waiting = clause(
        "5",
        duties=[{"kind": "milestone", "id": "done", "external": "另行通知"}],
        rules=[{"kind": "all_or_nothing", "duty": "done"}],
    )
    return a_programme(
        item("1", due_on="2021-09-30", evidence="验收报告"),
        a_case_item("2", responsible=[生态分局]),
        a_monthly_item("3", responsible=[生态分局, 住建局]),
        item("4", projects, points="2"),
        item("5", {**waiting, "title": HOSTILE, "text": HOSTILE}, points="1"),
        targets=[{"id": "projects", "name": "项目", "value": "9", "measure_unit": "个"}],
        readings=[
            {
                "id": "round", "clause": "4", "question": "9 个的 80% 取几个？", "default": "up",
                "alternatives": [
                    {"id": "up", "says": "进一", "set": {}},
                    {"id": "down", "says": "舍去", "set": {"4/s1.need.rounding": "down"}},
                ],
            }
        ],
    )  # fmt: skip


@dataclass(frozen=True)
class House:
    """A running application and what it stands on."""

    runtime: Runtime
    clock: FakeClock

    @cached_property
    def app(self) -> FastAPI:
        """One for all browsers: it describes its interface once."""
        return create(self.runtime)

    def browser(
        self, *, client: tuple[str, int] = HERE, host: str = "127.0.0.1:8000"
    ) -> TestClient:
        return TestClient(
            self.app, base_url=f"http://{host}", client=client, follow_redirects=False,
            headers={"accept": "text/html"},
        )  # fmt: skip

    def facts(self) -> tuple[f.AnyFact, ...]:
        with self.runtime.database.read() as session:
            return reporting.facts(session, "small")

    def last(self) -> f.AnyFact:
        return self.facts()[-1]

    def load(self, *new: f.AnyFact) -> list[f.AnyFact]:
        with self.runtime.database.write() as session:
            return reporting.load_facts(session, "small", new, now=self.clock.now())

    def everything(self) -> dict[str, list[Any]]:
        """Every row of every table."""
        with self.runtime.database.read() as session:
            return {
                table.name: [tuple(row) for row in session.connection().execute(select(table))]
                for table in Table.metadata.sorted_tables
            }


def furnished(url: str) -> None:
    """For `database_like`: the programme, its contacts, and what happened in its year."""
    migrated(url)
    database = a_database(url)
    with database.write() as session:
        programmes.publish(session, the_programme(), now=JANUARY, by="office")
        contacts = [a_contact(住建局), a_contact(生态分局), a_contact(住建局, "head")]
        people.load_contacts(session, contacts, now=JANUARY, on=date(2021, 1, 4), by="office")
    with database.write() as session:
        reporting.load_facts(session, "small", a_year(), now=NOW)
    planning.tick_all(database, FRIDAY)
    with TemporaryDirectory() as folder, ThreadPoolExecutor(1) as aside:
        # Aside, because Playwright may hold this thread's event loop.
        aside.submit(_deliver, opened(url, Path(folder)).runtime).result()
    planning.tick_all(database, NOW)
    with database.write() as session:
        while trail.seal_all(session, now=NOW):
            pass
    database.close()


def deliver(house: House) -> None:
    """The mails that wait go out now, as files."""
    asyncio.run(delivery.deliver(delivery.parts_of(house.runtime), house.clock.now()))


def _deliver(runtime: Runtime) -> None:
    """The mails of those mornings, as files that nobody needs."""

    async def deliver() -> None:
        for at_ in (FRIDAY, NOW):
            await delivery.deliver(delivery.parts_of(runtime), at_)
        await runtime.close()

    asyncio.run(deliver())


@cache
def templates() -> Environment:
    """Compiled once for all tests."""
    return environment(Settings(data=Path("unused")))


def opened(url: str, data: Path, **settings: Any) -> House:
    """The application on a furnished database, on 18 October 2021 at 08:00."""
    clock = FakeClock(NOW)
    chosen = Settings(data=data, database_url=url, sqlite_synchronous="off", **settings)
    return House(replace(build(chosen, clock), templates=templates()), clock)


def a_year() -> list[f.AnyFact]:
    """A late report that was returned once, two cases, some bulletins, a quantity on its way."""
    report = {"clause": "1", "duty": "done", "unit": 住建局, "by": 住建局}

    def when(text: str) -> dict[str, Any]:
        return {"occurred_at": at(text), "recorded_at": at(text)}

    def bulletin(month: int) -> f.Report:
        return f.Report(
            id=f.FactId(f"b{month}"), clause="3", duty="bulletin", unit=住建局, done=True,
            occurrence=f"2021-{month:02d}", **when(f"2021-{month:02d}-20 10:00"),
        )  # fmt: skip

    def opened(case: str, text: str) -> f.CaseEvent:
        return f.CaseEvent(
            id=f.FactId(f"c-{case}"), case=case, kind="handed", event="opened", unit=生态分局,
            title=f"督办{case}", **when(text),
        )  # fmt: skip

    return [
        *(bulletin(month) for month in (1, 2, 3, 4, 5, 7, 8)),
        f.Report(id=f.FactId("r1"), done=True, note=HOSTILE, **report, **when("2021-10-02 10:00")),
        f.Review(id=f.FactId("v1"), report=f.FactId("r1"), outcome="returned", reason="缺签章",
                 by="office", **when("2021-10-05 10:00")),
        f.Report(id=f.FactId("q1"), clause="4", duty="s1", unit=住建局, count="4",
                 **when("2021-10-08 10:00")),
        opened("07", "2021-10-12 11:30"),
        opened("08", "2021-10-17 20:00"),
    ]  # fmt: skip


@pytest.fixture
def a_house(
    database_like: Callable[[Prepare], str], tmp_path: Path
) -> Iterator[Callable[..., House]]:
    """`a_house(host=...)` is the application with these settings on a database of its own."""
    made: list[House] = []

    def build_one(**settings: Any) -> House:
        made.append(opened(database_like(furnished), tmp_path / "data", **settings))
        return made[-1]

    yield build_one
    for one in made:
        one.runtime.database.close()


@pytest.fixture
def house(a_house: Callable[..., House]) -> House:
    """The application on each kind of database in turn, served on this machine alone."""
    return a_house()


@pytest.fixture
def visitor(house: House) -> Iterator[TestClient]:
    """A browser at the server's own machine."""
    with house.browser() as client:
        yield client


@pytest.fixture(
    params=[
        pytest.param(("page", ""), id="desk"),
        pytest.param(("narrow_page", "en"), id="telephone-en"),
        pytest.param(("page", "en"), id="desk-en", marks=pytest.mark.full),
        pytest.param(("narrow_page", ""), id="telephone", marks=pytest.mark.full),
    ]
)
def seen(request: pytest.FixtureRequest) -> tuple[Page, str]:
    """Either width and either language, each once in the quick form and together in the full one;
    nothing on the page may fail, and nothing may leave this machine."""
    width, language = request.param
    return request.getfixturevalue(width), language


@pytest.fixture
def screen(seen: tuple[Page, str]) -> Page:
    return seen[0]


@pytest.fixture
def language(seen: tuple[Page, str]) -> str:
    """As `?lang=` says it; none for Chinese."""
    return seen[1]


def form_of(page: httpx.Response, *, action: str = "") -> dict[str, str]:
    """The hidden fields of the page's form; of the one with this action where there are more."""
    forms = re.findall(r"<form.*?</form>", page.text, re.S)
    chosen = next(one for one in forms if 'method="post"' in one and f'action="{action}' in one)
    return {
        unescape(name): unescape(value)
        for name, value in re.findall(
            r'<input type="hidden" name="([^"]*)" value="([^"]*)"', chosen
        )
    }
