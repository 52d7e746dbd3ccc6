"""Who may come to which route, and to whose things: every row of matrix.txt is tried by everybody.

A new route without a row, and a row without a route, fail.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx2 as httpx
import pytest
from starlette.testclient import TestClient

from schedules.deadlines import local_day
from tests.builders import SHANGHAI
from tests.databases import Prepare, SqliteModels
from tests.web.conftest import NOW, House, opened
from tests.web.staff import EVIDENCE, KEY, REPORT, STAFF, come_in, staffed, token_of, with_evidence
from tests.web.test_browser import PAGES
from tests.web.test_hardening import every_route
from tracker.domain.authority import Post, Role
from tracker.services import accounts
from tracker.wording.catalogue import text

TABLE = Path(__file__).with_name("matrix.txt")
WHO = ("", "contact", "deputy", "head", "neighbour", "reviewer", "idle-reviewer", "leader",
       "auditor", "office", "foreign", "admin")  # fmt: skip
VALUES = {"slug": "small", "unit": "housing", "clause": "1", "key": KEY, "report": REPORT,
          "case": "07", "reading": "round", "seat": "1", "sha256": EVIDENCE, "kind": "csv",
          "number": "1", "id_": "1", "reply": "1", "review": "v1", "hook": "1", "absence": "1",
          "one": "999", "token": "x", "name": "x"}  # fmt: skip


WIDEST = ("neighbour", "office", "foreign")
"""Who is tried on PostgreSQL in the quick form too: rights are one pure function, whatever the
database, and these three touch the most rows and the most of others."""
ON_BOTH = [
    pytest.param("sqlite", WHO, id="sqlite"),
    pytest.param("postgres", WIDEST, id="postgres", marks=pytest.mark.postgres),
    pytest.param(
        "postgres", WHO, id="postgres-all", marks=[pytest.mark.postgres, pytest.mark.full]
    ),
]


ELSEWHERE = ("", "neighbour", "foreign")
"""Their pages lead to the door and to things of their own, which the table's rows are not."""


@dataclass(frozen=True)
class Row:
    method: str
    path: str
    fields: str
    may: tuple[bool, ...]

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.fields}".strip()


@cache
def rows() -> list[Row]:
    found = []
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        named, marks = line[: -2 * len(WHO) + 1].split(), line[-2 * len(WHO) + 1 :].split()
        assert len(marks) == len(WHO), line
        assert set(marks) <= {"+", "."}, line
        fields = named[2] if len(named) > 2 else ""
        found.append(Row(named[0], named[1], fields, tuple(one == "+" for one in marks)))
    return found


def test_every_route_has_a_row_and_every_row_a_route(house: House) -> None:
    assert {(one.method, one.path) for one in rows()} == set(every_route(house))
    assert len(rows()) == len({str(one) for one in rows()})


def test_every_page_is_looked_at_in_a_browser() -> None:
    """At both widths, by axe, with its questions counted and its weight: they are in one list."""
    visited = {path_of(urlsplit(one).path) for one in PAGES}
    shown = {one.path for one in rows() if one.method == "GET" and "/api/" not in one.path}
    assert shown - visited == FILES | OTHERWISE


FILES = {
    "/static/{name}", "/favicon.ico", "/robots.txt", "/health.json", "/metrics",
    "/calendar/{token}.ics", "/p/{slug}/bulletin.{kind}", "/p/{slug}/digest.{kind}",
    "/p/{slug}/audit.{kind}", "/p/{slug}/dossier.pdf", "/p/{slug}/evidence/{sha256}",
    "/p/{slug}/slips/{number}/pdf", "/p/{slug}/calls/pdf",
}  # fmt: skip
OTHERWISE = {
    "/", "/p/{slug}", "/sign-in/provider", "/sign-in/back",  # lead elsewhere
    "/sign-in", "/account", "/account/password", "/admin", "/admin/{number}",  # test_doors
    "/a/{token}", "/u/{token}", "/p/{slug}/signoffs/{number}", "/import/{id_}",  # their stories
    "/p/{slug}/receipt", "/p/{slug}/notices/letter",
}  # fmt: skip


def test_the_staff_of_the_table_is_the_staff() -> None:
    assert set(WHO) == {"", *STAFF}


@pytest.mark.parametrize(("database_kind", "people"), ON_BOTH, indirect=["database_kind"])
def test_everybody_comes_where_the_table_says_and_is_offered_nothing_else(
    people: tuple[str, ...], database_like: Callable[[Prepare], str], tmp_path: Path
) -> None:
    """All look at one office, where whatever is refused changes nothing; each acts in another."""
    with_evidence(tmp_path / "data")
    office = opened(database_like(staffed), tmp_path / "data")
    wrong: list[str] = []
    for login in people:
        refused = [one for one in rows() if not one.may[WHO.index(login)]]
        mine = [one for one in rows() if one.may[WHO.index(login)]]
        acts = [one for one in mine if one.method not in ("GET", "HEAD")]
        with come_in(office, login) as client:
            token, before = token_of(client, office), office.everything()
            came = [one for one in refused if not turned_away(ask(client, one, token))]
            assert office.everything() == before, "what is refused changes nothing"
            able = {(one.method, one.path) for one in mine}
            away, dead = _looks(client, [one for one in mine if one not in acts], able)
        own = opened(database_like(staffed), tmp_path / "data")
        acts.sort(key=lambda one: one.path == "/sign-out")
        with come_in(own, login) as client:
            token = token_of(client, own)
            away += [one for one in acts if turned_away(ask(client, one, token))]
        own.runtime.database.close()
        wrong += [f"{login} came in: {one}" for one in came]
        wrong += [f"{login} was turned away: {one}" for one in away]
        wrong += [f"{login} is offered {what}" for what in dead if login not in ELSEWHERE]
    office.runtime.database.close()
    print(f"\nFIGURE {len(rows())} rows of the table x {len(people)} people: {len(wrong)} wrong")
    assert wrong == []


def test_who_runs_one_programme_is_not_offered_to_begin_another(
    sqlite_models: SqliteModels, tmp_path: Path
) -> None:
    """It would be refused after the file was sent."""
    house = opened(sqlite_models.copy(staffed, tmp_path / "web.sqlite"), tmp_path / "data")
    on, offered = local_day(NOW, SHANGHAI), []
    for everywhere in (False, True):
        if everywhere:
            with house.runtime.database.write() as session:
                one = accounts.named(session, "office", on)
                accounts.give(session, one.id, Post(Role.OFFICE), now=NOW, on=on, by="cli")
        with come_in(house, "office") as browser:
            page = browser.get("/import").text
        offered.append((page.count('<option value="">'), page.count('name="id"')))
    house.runtime.database.close()
    assert offered == [(0, 0), (1, 1)]


def _looks(
    client: TestClient, looks: list[Row], able: set[tuple[str, str]]
) -> tuple[list[Row], list[str]]:
    """What was shut though the table opens it, and what was offered that the table shuts."""
    away, dead = [], []
    looks.sort(key=lambda one: one.path == "/sign-out")
    for row in looks:
        answer = ask(client, row, "")
        if turned_away(answer):
            away.append(row)
        elif row.path.startswith(("/p/", "/a", "/c", "/s", "/h", "/i")):
            shut = {(method, path_of(target)) for method, target in offered(answer)} - able
            dead += [f"{method} {path} on {row}" for method, path in shut]
    return away, sorted(dead)


@cache
def path_of(target: str) -> str:
    """The route that serves it, as the table writes it; those without a name in the path win."""
    for path in sorted({one.path for one in rows()}, key=lambda one: "{" in one):
        if re.fullmatch(re.sub(r"\{\w+[^}]*\}", "[^/]+", path), target):
            return path
    return target


def offered(page: httpx.Response) -> Iterator[tuple[str, str]]:
    """The links of a page and its forms, by method and path."""
    if not page.headers.get("content-type", "").startswith("text/html"):
        return
    for method, action in re.findall(r'<form[^>]*method="(\w+)"[^>]*action="([^"]*)"', page.text):
        yield method.upper(), urlsplit(action).path or page.url.path
    for target in re.findall(r'href="(/[^"]*)"', page.text):
        yield "GET", urlsplit(target).path


def ask(client: TestClient, row: Row, token: str) -> httpx.Response:
    path = re.sub(r"\{(\w+)[^}]*\}", lambda part: VALUES[part[1]], row.path)
    fields = dict(parse_qsl(re.sub(r"\{(\w+)\}", lambda part: VALUES[part[1]], row.fields)))
    if row.method in ("GET", "HEAD"):
        return client.request(row.method, path, params=fields)
    if path.startswith("/api/"):
        sent = {name: value == "true" or value for name, value in fields.items()}
        return client.request(row.method, path, json=sent or [])
    return client.request(row.method, path, data={"token": token, **fields})


def turned_away(answer: httpx.Response) -> bool:
    assert answer.status_code < 500 or answer.url.path.startswith(("/health", "/api/v1/health"))
    if answer.status_code == 303:
        return answer.headers["location"].startswith("/sign-in?")
    if answer.status_code == 401:
        return True
    kinds = ("role", "metrics")
    words = [text(f"errors.forbidden_{kind}_what") for kind in kinds]
    words += [f"forbidden {kind}" for kind in kinds]
    return answer.status_code == 403 and any(one in answer.text for one in words)
