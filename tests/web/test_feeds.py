"""The calendar at its secret address: what calendar programs and scanners may do, and the page."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from html import unescape

import icalendar
import pytest
from starlette.testclient import TestClient

from tests.web.conftest import House, form_of
from tests.web.test_access import CODE, FAR
from tests.web.test_mailed import link_to
from tracker.services import trail
from tracker.services.links import Purpose

SCANNERS = [
    ("GET", {"user-agent": "Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1) SafeLinks"}),
    ("HEAD", {"user-agent": "Barracuda Sentinel"}),
    ("GET", {"purpose": "prefetch"}),
    ("GET", {"sec-purpose": "prefetch;prerender"}),
    ("GET", {"x-moz": "prefetch"}),
    ("GET", {"x-purpose": "preview"}),
    ("GET", {"range": "bytes=0-1023"}),
    ("OPTIONS", {}),
    ("GET", {"user-agent": "Slackbot-LinkExpanding 1.0", "accept": "*/*"}),
    ("GET", {"user-agent": "WeChat", "accept": "text/html,application/xhtml+xml"}),
]


def made(visitor: TestClient, act: str = "unit", **fields: str) -> list[str]:
    """The addresses on the page after making one."""
    page = visitor.get("/p/small/feeds")
    given = {"unit": "housing"} | fields
    sent = visitor.post("/p/small/feeds", data=form_of(page) | {"act": act} | given)
    assert sent.status_code == 303
    text = unescape(visitor.get("/p/small/feeds").text)
    return re.findall(r"http://127\.0\.0\.1:8000(/calendar/\S+?\.ics)", text)


def test_a_feed_is_made_renewed_and_ended_on_its_page(visitor: TestClient) -> None:
    [path] = made(visitor)
    assert visitor.get(path).status_code == 200
    [other] = made(visitor, "renew", feed="1")
    assert other != path
    assert (visitor.get(path).status_code, visitor.get(other).status_code) == (404, 200)
    assert made(visitor, "revoke", feed="1") == []
    assert visitor.get(other).status_code == 404


def test_a_calendar_program_gets_a_calendar_and_asks_again_for_nothing(
    visitor: TestClient,
) -> None:
    [path] = made(visitor)
    first = visitor.get(path)
    assert first.headers["content-type"] == "text/calendar; charset=utf-8"
    assert first.headers["cache-control"] == "private, no-cache"
    assert icalendar.Calendar.from_ical(first.content)["METHOD"] == "PUBLISH"
    etag = first.headers["etag"]
    for known in (etag, f"W/{etag}", f'"x", {etag}', "*"):
        again = visitor.get(path, headers={"if-none-match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == etag
    assert visitor.get(path, headers={"if-none-match": '"x"'}).status_code == 200
    head = visitor.head(path)
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", etag)


def test_nothing_that_a_link_scanner_does_changes_a_row(house: House, visitor: TestClient) -> None:
    """Feeds, signed links of mails, and the pages behind them alike."""
    [feed] = made(visitor)
    links = [link_to(house, purpose) for purpose in Purpose]
    assert len(links) > 3
    before = house.everything()
    for method, headers in SCANNERS:
        for path in (feed, *links):
            answer = visitor.request(method, path, headers=headers)
            assert answer.status_code in (200, 206, 304, 405), answer.text
    assert house.everything() == before
    print(
        f"\nFIGURE {len(SCANNERS)} scanner patterns on {len(links) + 1} addresses: 0 rows changed"
    )


def test_the_address_stands_nowhere_else(
    house: House, visitor: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    [path] = made(visitor)
    key = path.partition("-")[2].partition(".")[0]
    visitor.get(path)
    visitor.get(path.replace(".ics", "x.ics"))
    pages = [visitor.get(page).text for page in ("/p/small/notices", "/p/small/audit", "/health")]
    export = visitor.get("/p/small/audit.csv").text
    wrong = visitor.get(path.replace(key, key[:-1] + "A"))
    with house.runtime.database.read() as session:
        events = str([one.body for one in trail.events(session, "small")])
    rows = str(house.everything())
    logged = str([one.getMessage() for one in caplog.records if one.name != "httpx2"])
    for told in (logged, *pages, export, wrong.text, events, rows):
        assert key not in told
    assert visitor.get(path).headers["referrer-policy"] in ("same-origin", "no-referrer")


def test_strangers_reach_a_calendar_by_its_address_alone(a_house: Callable[..., House]) -> None:
    house = a_house(host="0.0.0.0", access_code=CODE)
    with house.browser(client=FAR, host="tracker.example") as stranger:
        assert stranger.get("/p/small/feeds").status_code == 303
        answers = [stranger.get(f"/calendar/1-{'A' * 42}{n}.ics").status_code for n in range(9)]
        assert answers == [404] * 9
        codes = {stranger.get(f"/calendar/{n}-x.ics").status_code for n in range(60)}
        assert 429 in codes
