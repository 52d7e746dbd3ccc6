"""Where events are told to other systems: registered, tried, looked after, by page and program."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.databases import Prepare
from tests.hooks import Hook, Reply
from tests.web.conftest import House, form_of, opened
from tests.web.staff import KEY, come_in, staffed
from tests.web.test_interface import API, program
from tracker.services import health, hookpost, trail

HOOKS = "/api/v1/hooks"


@pytest.fixture
def staff(database_like: Callable[[Prepare], str], tmp_path: Path) -> Iterator[House]:
    house = opened(database_like(staffed), tmp_path / "data", allowed_networks="127.0.0.1",
                   channel_timeout=1)  # fmt: skip
    yield house
    house.runtime.database.close()


def posted(house: House) -> None:
    """What a running service does between two looks at the clock."""
    with house.runtime.database.write() as session:
        while trail.seal_all(session, now=house.clock.now()):
            pass
    parts = hookpost.parts_of(house.runtime)
    with ThreadPoolExecutor(1) as aside:
        aside.submit(lambda: asyncio.run(hookpost.post(parts, house.clock.now()))).result()


def test_a_program_registers_an_address_and_reads_what_was_answered(staff: House) -> None:
    with Hook(Reply("thanks")) as receiver, program(staff, "office", "run", "read") as office:
        body = {"programme": "small", "url": receiver.url, "groups": ["facts"]}
        sent = {"idempotency-key": "once"}
        made = office.post(HOOKS, json=body, headers=sent)
        assert made.status_code == 201, made.text
        assert made.json()["secret"].startswith("whsec_")
        assert office.post(HOOKS, json=body, headers=sent).json()["secret"] == ""
        path = f"{HOOKS}/{made.json()['id']}"
        assert office.post(f"{path}/try", json={}).json() == {
            "ending": "sent", "reply": "200 thanks"}  # fmt: skip
        done = {"obligation": KEY, "done": True}
        assert office.post(f"{API}/reports", json=done).status_code == 201
        posted(staff)
        [one] = office.get(f"{path}/postings").json()["postings"]
        assert (one["kind"], one["state"], one["reply"]) == ("fact.report", "sent", "200 thanks")
        assert office.post(f"{path}/postings/{one['id']}/again", json={}).status_code == 201
        posted(staff)
        assert office.post(f"{path}/end", json={}).status_code == 201
        assert [it["id"] for it in office.get(HOOKS).json()["hooks"]] == [1]
    kinds = [request.json["type"] for request in receiver.requests]
    assert kinds == ["test", "fact.report", "fact.report"]
    ids = [request.headers["webhook-id"] for request in receiver.requests]
    assert ids[1] == ids[2] != ids[0]


def test_an_office_has_its_own_programme_and_an_administrator_everything(staff: House) -> None:
    body = {"url": "https://oa.example.gov.cn/events", "groups": ["facts"]}
    with (
        program(staff, "office", "run") as office,
        program(staff, "foreign", "run") as foreign,
        program(staff, "admin", "administer") as admin,
    ):
        assert office.post(HOOKS, json=body).status_code == 403
        assert foreign.post(HOOKS, json=body | {"programme": "small"}).status_code == 403
        assert admin.post(HOOKS, json=body).status_code == 201
        private = admin.post(HOOKS, json=body | {"url": "http://10.0.0.7/"})
        assert (private.status_code, private.json()["problems"][0][:4]) == (422, "url:")
        assert [len(one.get(HOOKS).json()["hooks"]) for one in (office, foreign, admin)] == [
            1,
            0,
            2,
        ]


def test_what_another_system_does_not_take_is_told_by_health_until_it_is_seen_to(
    staff: House,
) -> None:
    def told() -> str:
        with staff.runtime.database.read() as session:
            found = health.health(session, staff.clock.now(), staff.runtime.settings)
        [(ok, code, red)] = [(it.ok, it.code, it.red) for it in found if it.name == "hooks"]
        assert ok == (code == "health.hooks_ok")
        assert red == (code == "health.hooks_wait")
        return code.removeprefix("health.hooks_")

    answers = [Reply("not now", 503), Reply("no such field", 422), Reply("thanks")]
    with Hook(*answers) as receiver, program(staff, "office", "run", "read") as office:
        body = {"programme": "small", "url": receiver.url, "groups": ["facts"]}
        path = f"{HOOKS}/{office.post(HOOKS, json=body).json()['id']}"
        assert told() == "ok"
        office.post(f"{API}/reports", json={"obligation": KEY, "done": True})
        posted(staff)
        assert told() == "ok", "it is tried again in a minute"
        staff.clock.advance(timedelta(minutes=40))
        assert told() == "wait", "nobody has tried it since"
        posted(staff)
        assert told() == "failed"
        with come_in(staff, "office") as browser:
            page = browser.get("/health").text
        assert receiver.url.split("/")[2] in page
        [one] = office.get(f"{path}/postings").json()["postings"]
        office.post(f"{path}/postings/{one['id']}/again", json={})
        posted(staff)
        assert told() == "ok"


def test_a_receiver_that_stays_away_is_told_while_it_is_still_tried(staff: House) -> None:
    with Hook(*[Reply("not now", 503)] * 9) as receiver, program(staff, "office", "run") as office:
        body = {"programme": "small", "url": receiver.url, "groups": ["facts"]}
        office.post(HOOKS, json=body)
        office.post(f"{API}/reports", json={"obligation": KEY, "done": True})
        for wait in (0, 2, 6, 40, 20):
            staff.clock.advance(timedelta(minutes=wait))
            posted(staff)
        with staff.runtime.database.read() as session:
            found = health.health(session, staff.clock.now(), staff.runtime.settings)
        [one] = [it for it in found if it.name == "hooks"]
        assert (one.code, one.red, dict(one.values)["minutes"]) == (
            "health.hooks_retried", False, 68)  # fmt: skip


def act(browser: TestClient, **fields: str) -> str:
    """The page after the form."""
    sent = browser.post("/hooks", data=form_of(browser.get("/hooks")) | fields)
    return browser.get(sent.headers["location"]).text if sent.status_code == 303 else sent.text


def test_the_page_registers_tries_and_shows_the_answers(staff: House) -> None:
    with (
        Hook(Reply("谢谢"), Reply("no such field", 422)) as receiver,
        come_in(staff, "office") as browser,
    ):
        page = act(browser, act="make", programme="small", url=receiver.url,
                   **{"group-facts": "1"})  # fmt: skip
        assert "whsec_" in page
        number = re.findall(r'name="hook" value="(\d+)"', page)[-1]
        for again in ("/hooks", f"/hooks?made={number}"):
            assert "whsec_" not in browser.get(again).text
        assert "200 谢谢" in act(browser, act="try", hook=number)
        with program(staff, "contact", "report") as unit:
            unit.post(f"{API}/reports", json={"obligation": KEY, "done": True})
        posted(staff)
        page = browser.get("/hooks").text
        assert "422 no such field" in page
        assert "fact.report" in page
        posting = re.findall(r'name="posting" value="(\d+)"', page)[0]
        act(browser, act="again", hook=number, posting=posting)
        posted(staff)
        assert "whsec_" in act(browser, act="renew", hook=number)
        assert receiver.url.split("/")[2] not in act(browser, act="end", hook=number)
        assert "内网" in act(browser, act="make", programme="small", url="http://10.0.0.7/",
                             **{"group-facts": "1"})  # fmt: skip
    assert len(receiver.requests) == 3
