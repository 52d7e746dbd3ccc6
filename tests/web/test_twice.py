"""What takes something away is pressed twice: the first press only says what it does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from schedules.deadlines import local_day
from tests.builders import SHANGHAI, 住建局
from tests.databases import SqliteModels
from tests.web.conftest import House, form_of, opened
from tests.web.staff import come_in, staffed
from tests.web.test_matrix import VALUES
from tracker.domain.silences import Mode, Scope
from tracker.services import accounts, silences, tokens


@pytest.fixture
def staff(sqlite_models: SqliteModels, tmp_path: Path) -> Iterator[House]:
    """One kind of database: what is asked here is in the templates."""
    house = opened(sqlite_models.copy(staffed, tmp_path / "web.sqlite"), tmp_path / "data")
    yield house
    house.runtime.database.close()


class Buttons(HTMLParser):
    """Of each button of a page's forms: what it does, and whether it is within a box to open."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.boxes, self.act, self.found = 0, "", dict[str, bool]()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "form":
            self.act = str(told.get("action", "")).partition("?")[0].rpartition("/")[2]
        elif tag == "input" and told.get("name") == "act":
            self.act = str(told["value"])
        elif tag == "details":
            self.boxes += 1
        elif tag == "button":
            self.found[str(told.get("value") or self.act)] = self.boxes > 0

    def handle_endtag(self, tag: str) -> None:
        self.boxes -= tag == "details"


def somebody(house: House) -> str:
    """The contact's account, with a token that works, as the administrator sees it."""
    now = house.clock.now()
    on = local_day(now, SHANGHAI)
    with house.runtime.database.write() as session:
        one = accounts.named(session, "contact", on)
        tokens.make(session, one.id, name="a test", scopes=["read"], days=9, now=now, on=on, by="x")
    return f"/admin/{one.id}"


def a_silence(house: House) -> str:
    now = house.clock.now()
    with house.runtime.database.write() as session:
        silences.make(session, "small", by="x", now=now, scope=Scope.UNIT, mode=Mode.SNOOZE,
                      subject=住建局, until=now.replace(hour=9), because="合并")  # fmt: skip
    return "/p/small/silences"


def a_feed(house: House) -> str:
    with come_in(house, "office") as office:
        form = form_of(office.get("/p/small/feeds"), action="/p/small/feeds")
        office.post("/p/small/feeds", data=form | {"act": "unit", "unit": 住建局})
    return "/p/small/feeds"


@pytest.mark.parametrize(
    ("login", "prepared", "acts"),
    [
        ("admin", somebody, {"take", "password", "disable", "revoke"}),
        ("office", a_silence, {"end"}),
        ("office", a_feed, {"renew", "revoke"}),
        ("admin", lambda _: "/hooks", {"renew", "end"}),
        ("office", lambda _: f"/import/{VALUES['id_']}", {"drop"}),
        ("office", lambda _: "/p/small/people/1", {"revoke"}),
        ("office", lambda _: "/p/small/people", {"unit_over"}),
    ],
)
def test_what_takes_something_away_asks_back(
    staff: House, login: str, prepared: Callable[[House], str], acts: set[str]
) -> None:
    path = prepared(staff)
    with come_in(staff, login) as browser:
        page = browser.get(path)
    assert page.status_code == 200, page.text
    found = Buttons(page.text).found
    assert {act for act in acts if found.get(act)} == acts, found
