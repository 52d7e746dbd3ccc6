"""What a page costs: a handful of queries however much there is, under 200 KB in all."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from html import unescape

from sqlalchemy import event
from starlette.testclient import TestClient

from tests.builders import JANUARY, a_contact, a_programme, at, item, 住建局, 生态分局
from tests.web.conftest import NOW, House
from tests.web.test_browser import PAGES
from tracker.domain import facts as f
from tracker.domain.silences import Mode, Scope
from tracker.services import people, programmes, silences

HANDFUL = 16
UNDER = 200 * 1024
WATCHES_ALL = {"/health", "/service", "/service?lang=en", "/p/small/digest"}
"""They look at every part of the service: that is what they are for."""


@contextmanager
def counted(house: House) -> Iterator[list[str]]:
    """The statements that the application runs inside."""
    seen: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        if not statement.startswith(("PRAGMA", "BEGIN", "SET", "SHOW")):
            seen.append(statement)

    engine = house.runtime.database.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_a_page_asks_a_handful_of_questions_and_stays_light_with_its_sheet_script_and_mark(
    visitor: TestClient, house: House
) -> None:
    @cache
    def weight(part: str) -> int:
        return len(visitor.get(part).content)

    asked, heavy = {}, {}
    for path in PAGES:
        visitor.get(path)
        with counted(house) as statements:
            page = visitor.get(path)
        assert page.status_code == 200, path
        if path not in WATCHES_ALL and len(statements) > HANDFUL:
            asked[path] = statements
        parts = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text))
        assert len(parts) == 3, path
        whole = len(page.content) + sum(map(weight, parts))
        if whole >= UNDER:
            heavy[path] = f"{whole / 1024:.0f} KB"
    assert (asked, heavy) == ({}, {})


def test_the_questions_do_not_grow_with_what_happened(visitor: TestClient, house: House) -> None:
    paths = ("/p/small/", f"/p/small/units/{住建局}", "/p/small/cases", "/p/small/reviews",
             "/p/small/clauses/2")  # fmt: skip
    before = {path: _questions(visitor, house, path) for path in paths}
    house.load(*(
        f.CaseEvent(
            id=f.FactId(f"c-{n}"), case=f"n{n}", kind="handed", event="opened", unit=生态分局,
            title=f"第 {n} 件", occurred_at=at("2021-10-15 09:00"),
            recorded_at=at("2021-10-15 09:00"), by=f"person:{n}",
        )
        for n in range(60)
    ))  # fmt: skip
    assert {path: _questions(visitor, house, path) for path in paths} == before


def test_the_mails_of_a_large_programme_are_shown_in_parts_each_a_light_page(
    visitor: TestClient, house: House
) -> None:
    """90 units with two duties each: nobody heads a unit, and the first days are silent."""
    few = _questions(visitor, house, "/p/small/notices/ahead")
    units = [f"u{n}" for n in range(90)]
    with house.runtime.database.write() as session:
        duties = [item(str(n), due_on=f"2021-10-{n}", responsible=units) for n in (13, 25)]
        named = [{"id": unit, "name": f"第 {unit} 号单位"} for unit in units]
        programmes.publish(session, a_programme(*duties, id="large", units=named), now=JANUARY,
                           by="office")  # fmt: skip
        contacts = [a_contact(unit) for unit in units]
        people.load_contacts(session, contacts, programme="large", now=JANUARY,
                             on=JANUARY.date(), by="office")  # fmt: skip
        silences.make(session, "large", scope=Scope.PROGRAMME, mode=Mode.SILENCE, by="office",
                      until=at("2021-10-20 12:00"), because="汛期", now=NOW)  # fmt: skip
    path = "/p/large/notices/ahead"
    page = visitor.get(path).text
    assert len(page.encode()) < UNDER // 2
    assert "给 90 人" in page
    assert _questions(visitor, house, path) <= few
    [n] = re.findall(r"今后两周将发 (\d+) 封", page)
    assert f"{n} / {n}" in page
    [further] = re.findall(r'rel="next" href="([^"]+)"', page)
    keys = [re.findall(r'notices/letter\?key=([^"]+)"', it)
            for it in (page, visitor.get(unescape(further)).text)]  # fmt: skip
    assert len({*keys[0], *keys[1]}) == 60
    for of in ("unheard", "hushed"):
        assert f"{path}?of={of}" in page
        whole = visitor.get(f"{path}?of={of}").text
        assert len(whole.encode()) < UNDER // 2
        assert set(re.findall(r"第 (u\d+) 号单位", whole)) == set(units)
    one = visitor.get(f"{path}?q=第 u77 号单位").text
    assert set(re.findall(r"([^<>]*)的contact", one)) == {"u77"}


def _questions(visitor: TestClient, house: House, path: str) -> int:
    visitor.get(path)
    with counted(house) as statements:
        visitor.get(path)
    return len(statements)
