"""The pages in a real browser: on a desk and on a telephone."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from html import unescape
from pathlib import Path

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.builders import at, 住建局, 生态分局
from tests.databases import SqliteModels
from tests.files import JPEG
from tests.web.conftest import House, form_of, furnished, opened
from tracker.domain import facts as f
from tracker.services import links, people, subscriptions
from tracker.services.links import Link, Purpose
from tracker.web.app import create

PAGES = [
    "/p/small/",
    "/p/small/?lang=en",
    "/p/small/items",
    f"/p/small/items?unit={住建局}&month=2021-09",
    f"/p/small/units/{住建局}",
    f"/p/small/obligation?key=1/done/{住建局}",
    f"/p/small/obligation?key=2/case/{生态分局}/07",
    f"/p/small/obligation?key=4/s1/{住建局}&lang=en",
    "/p/small/?by=items",
    "/p/small/leader",
    "/p/small/leader?lang=en",
    "/p/small/reviews",
    "/p/small/instruct",
    f"/p/small/instruct?about=1/done/{住建局}&lang=en",
    "/p/small/year",
    "/calendar",
    "/calendar?lang=en",
    "/service",
    "/service?lang=en",
    "/p/small/timeline",
    f"/p/small/timeline?unit={住建局}&lang=en",
    "/p/small/obligations?sort=-lost&lang=en",
    "/p/small/ranking",
    "/p/small/notices/table",
    "/p/small/mails",
    "/p/small/mails/1",
    "/p/small/entries?sort=points",
    "/p/small/items/4",
    "/p/small/clauses/4?lang=en",
    "/p/small/score",
    "/p/small/signoffs",
    "/p/small/policy",
    "/p/small/policy?at=item:1&see=1&before=5&head_from=never&rungs.0.at=50%25&rungs.0.deputy=1",
    "/p/small/assign",
    "/p/small/assign/3",
    f"/p/small/assign/3?joins=each&u={住建局}",
    "/p/small/forecast",
    "/p/small/facts",
    "/p/small/facts/3",
    "/p/small/facts/5",
    f"/p/small/forecast?s=move 1=2021-10-15&kind=done&key=4/s1/{住建局}&value=7&until=2021-10-31",
    "/p/small/cases",
    "/p/small/readings",
    "/p/small/notices",
    "/p/small/slips",
    "/p/small/slips/1",
    "/p/small/calls",
    "/p/small/replies",
    "/p/small/people",
    "/p/small/people/1",
    "/p/small/digest",
    "/p/small/audit",
    f"/p/small/report?key=4/s1/{住建局}",
    f"/p/small/extend?key=1/done/{住建局}",
    "/p/small/feeds",
    "/p/small/notices/ahead",
    "/p/small/silences?lang=en",
    f"/p/small/remind?key=1/done/{住建局}",
    "/import",
    "/hooks?lang=en",
    "/rules",
    "/health",
    "/sign-out",
]


@pytest.fixture
def house(sqlite_models: SqliteModels, tmp_path: Path) -> Iterator[House]:
    """One kind of database: what is shown here is the browser's doing."""
    made = opened(sqlite_models.copy(furnished, tmp_path / "web.sqlite"), tmp_path / "data")
    yield made
    made.runtime.database.close()


@pytest.fixture
def address(house: House) -> Iterator[str]:
    yield from served(house)


def a_port() -> socket.socket:
    """One of this machine that nobody else has, listening."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    return listener


def served(house: House, port: socket.socket | None = None) -> Iterator[str]:
    """The application on a real port of this machine."""
    with port or a_port() as listener:
        config = uvicorn.Config(create(house.runtime), log_level="warning", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        _wait(lambda: server.started)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(timeout=10)


def _wait(ready: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not ready():
        assert time.monotonic() < until, "the server did not start"
        time.sleep(0.01)


@pytest.fixture
def watched(page: Page) -> Iterator[Page]:
    yield from _without_complaints(page)


@pytest.fixture
def watched_phone(narrow_page: Page) -> Iterator[Page]:
    yield from _without_complaints(narrow_page)


def _without_complaints(page: Page) -> Iterator[Page]:
    """Nothing on the console: no missing file, nothing that our own policy forbids."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    yield page
    assert said == []


def overhang(page: Page) -> int:
    width: int = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return width


def accessible(page: Page, place: str) -> None:
    """axe finds nothing, serious or not."""
    found = Axe().run(page).response["violations"]
    told = [(one["id"], [node["html"][:160] for node in one["nodes"][:3]]) for one in found]
    assert told == [], place


def test_no_page_complains_scrolls_sideways_or_shuts_somebody_out_on_a_desk(
    watched: Page, address: str
) -> None:
    for path in PAGES:
        answer = watched.goto(address + path)
        assert answer is not None
        assert answer.status == 200, path
        assert overhang(watched) <= 0, path
        accessible(watched, path)


def test_no_page_complains_or_scrolls_sideways_on_a_telephone(
    watched_phone: Page, address: str
) -> None:
    for n, path in enumerate(PAGES):
        watched_phone.goto(address + path)
        assert overhang(watched_phone) <= 0, path
        if n % 9 == 0:  # the colours and words are the desk's; tables fold
            accessible(watched_phone, path)


def test_the_pages_that_a_mail_or_a_form_leads_to_shut_nobody_out(
    watched_phone: Page, address: str, house: House
) -> None:
    """Those that no address alone names: a mail to come, what its links open, receipt, sign-off."""
    secret = house.runtime.secret
    with house.runtime.database.read() as session:
        [person] = people.resolve(session, "small", 住建局, "contact", date(2021, 10, 18))
    assert person.id is not None
    until = house.clock.now() + timedelta(days=3)
    link = Link(Purpose.SIGN, person.id, "small", f"4/s1/{住建局}", until)
    with house.browser() as office:
        signing = form_of(office.get("/p/small/signoffs")) | {"person": "王主任"}
        signed = office.post("/p/small/signoffs", data=signing).headers["location"]
        path = f"/p/small/report?key=1/done/{住建局}"
        report = form_of(office.get(path)) | {"state": "done", "note": "已验收"}
        received = office.post("/p/small/report", data=report).headers["location"]
        by_mail = f"/a/{links.make(secret, link)}"
        receipt = office.post(by_mail, data=form_of(office.get(by_mail))).headers["location"]
        [letter, *_] = re.findall(r'href="([^"]*notices/letter[^"]*)"',
                                  office.get("/p/small/notices/ahead?lang=en").text)  # fmt: skip
    offered = links.offered("contact")
    behind = [f"/a/{links.make(secret, replace(link, purpose=one))}" for one in offered]
    leave = subscriptions.address("", secret, person)
    for path in (unescape(letter), signed, received, receipt, leave, *behind):
        answer = watched_phone.goto(address + path)
        assert answer is not None
        assert answer.status == 200, path
        assert overhang(watched_phone) <= 0, path
        accessible(watched_phone, path)


def test_what_a_finger_must_hit_is_large_enough(watched_phone: Page, address: str) -> None:
    for path in (f"/p/small/units/{住建局}", f"/p/small/report?key=1/done/{住建局}"):
        watched_phone.goto(address + path)
        for button in watched_phone.locator(".btn:visible, .in:visible").all():
            box = button.bounding_box()
            assert box is not None
            assert box["height"] >= 44, button.inner_text()


def test_the_score_opens_down_to_its_arithmetic(watched: Page, address: str) -> None:
    watched.goto(f"{address}/p/small/score")
    sum_ = watched.get_by_text("0.01 + 5 × 0.01 = 0.0600")
    expect(sum_).to_be_hidden()
    clause = watched.locator('details[id="c-2"]')
    clause.locator("> summary").click()
    clause.locator("details.entry > summary").first.click()
    expect(sum_).to_be_visible()


def test_the_matrix_leads_to_the_obligation_and_to_why_its_date_is_what_it_is(
    watched: Page, address: str
) -> None:
    watched.goto(f"{address}/p/small/")
    watched.locator(f'a.cell[href*="unit={住建局}"][href*="2021-09"]').click()
    watched.get_by_role("link", name="1 任务1").click()
    expect(watched.get_by_role("heading", name="期限是怎样来的")).to_be_visible()
    expect(watched.get_by_text("固定日期，止于 09-30 周四 24:00")).to_be_visible()


def test_another_instant_is_chosen_at_the_head_of_the_page(watched: Page, address: str) -> None:
    watched.goto(f"{address}/p/small/score")
    watched.locator("details.mast-at > summary").click()
    watched.locator('input[name="as_of"]').fill("2021-10-01T09:00")
    watched.get_by_role("button", name="看这一刻").click()
    expect(watched.locator(".mast-at b")).to_have_text("2021-10-01 周五 09:00")
    watched.get_by_role("link", name="总览").click()
    expect(watched.locator(".mast-at b")).to_have_text("2021-10-01 周五 09:00")


def test_a_contact_reports_from_the_mail_on_a_telephone(
    watched_phone: Page, address: str, house: House, tmp_path: Path
) -> None:
    with house.runtime.database.read() as session:
        [person] = people.resolve(session, "small", 住建局, "contact", date(2021, 10, 18))
    assert person.id is not None
    until = house.clock.now() + timedelta(days=3)
    link = Link(Purpose.REPORT, person.id, "small", f"4/s1/{住建局}", until)
    photo = tmp_path / "现场.jpg"
    photo.write_bytes(JPEG)

    watched_phone.goto(f"{address}/a/{links.make(house.runtime.secret, link)}")
    expect(watched_phone.get_by_role("heading", level=1)).to_contain_text("可保")
    expect(watched_phone.get_by_text("上次没有提交的内容")).to_be_hidden()
    watched_phone.get_by_label("还在办").check()
    watched_phone.get_by_label("累计完成").fill("7")
    watched_phone.reload()
    expect(watched_phone.get_by_text("上次没有提交的内容")).to_be_visible()
    watched_phone.get_by_label("说明").fill("第七个项目已验收")
    watched_phone.locator('input[type="file"]').set_input_files(photo)
    watched_phone.get_by_role("button", name="确认提交").click()

    expect(watched_phone.get_by_role("heading", level=1)).to_contain_text("回执")
    filed = house.last()
    assert isinstance(filed, f.Report)
    assert (str(filed.count), filed.note) == ("7", "第七个项目已验收")
    assert [one.name for one in filed.evidence] == ["现场.jpg"]


def test_a_head_looks_at_the_item_and_the_unit_on_a_telephone(
    watched_phone: Page, address: str, house: House
) -> None:
    with house.runtime.database.read() as session:
        [person] = people.resolve(session, "small", 住建局, "head", date(2021, 10, 18))
    assert person.id is not None
    until = house.clock.now() + timedelta(days=3)
    link = Link(Purpose.SIGN, person.id, "small", f"1/done/{住建局}", until)
    watched_phone.goto(f"{address}/a/{links.make(house.runtime.secret, link)}")
    for way, shows in (("看这件事", "任务1"), ("看这个单位", "任务1")):
        watched_phone.get_by_role("link", name=way).click()
        expect(watched_phone.locator("main")).to_contain_text(shows)
        assert overhang(watched_phone) <= 0, way
        assert Axe().run(watched_phone).response["violations"] == [], way


def test_the_office_reports_reviews_and_sees_it_done(
    watched: Page, address: str, house: House
) -> None:
    watched.goto(f"{address}/p/small/obligation?key=1/done/{住建局}")
    watched.get_by_role("link", name="代填进展").click()
    watched.get_by_label("已经办完").check()
    watched.get_by_role("button", name="确认提交").click()
    watched.get_by_role("link", name="看这件应办事项").click()
    house.clock.advance_to(at("2021-10-18 09:00"))
    watched.get_by_role("button", name="接受").click()
    expect(watched.get_by_role("heading", level=1)).to_contain_text("已办结")


def test_the_office_supposes_records_and_signs_on_a_telephone(
    watched_phone: Page, address: str, house: House
) -> None:
    phone = watched_phone
    phone.goto(f"{address}/p/small/forecast")
    phone.get_by_role("combobox", name="对象").fill("1")
    phone.get_by_role("button", name="试算").click()
    expect(phone.get_by_text("1 现在办完")).to_be_visible()
    phone.goto(f"{address}/p/small/facts")
    phone.goto(f"{address}/p/small/facts/5")
    phone.get_by_label("日期（含当天）").fill("2021-10-10")
    phone.get_by_role("button", name="录入", exact=True).click()
    expect(phone.get_by_text("已录入，回执")).to_be_visible()
    assert isinstance(house.last(), f.ExternalDate)
    phone.goto(f"{address}/p/small/signoffs")
    phone.get_by_label("签字人").fill("王主任")
    phone.get_by_role("button", name="签定得分").click()
    expect(phone.get_by_role("heading", level=1)).to_contain_text("此后没有变化")
    assert overhang(phone) <= 0
    assert Axe().run(phone).response["violations"] == []


def test_a_form_that_lacks_something_keeps_what_was_typed(page: Page, address: str) -> None:
    page.goto(f"{address}/p/small/extend?key=1/done/{住建局}")
    page.get_by_label("理由").fill("等设备")
    with page.expect_response(lambda answer: answer.status == 422):
        page.get_by_role("button", name="批准").first.click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("理由")).to_have_value("等设备")


def test_the_pages_are_accessible_in_the_dark(watched: Page, address: str) -> None:
    watched.emulate_media(color_scheme="dark")
    for path in PAGES[:6:2]:
        watched.goto(address + path)
        accessible(watched, path)


def test_the_page_is_usable_from_the_keyboard(watched: Page, address: str) -> None:
    watched.goto(f"{address}/p/small/")
    watched.keyboard.press("Tab")
    expect(watched.locator(".skip")).to_be_focused()
    watched.keyboard.press("Enter")
    assert watched.evaluate("location.hash") == "#main"


def test_the_dark_theme_follows_the_system(watched: Page, address: str) -> None:
    watched.emulate_media(color_scheme="dark")
    watched.goto(f"{address}/p/small/")
    assert watched.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(21, 23, 26)"
    watched.emulate_media(media="print", color_scheme="dark")
    assert (
        watched.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    )


def test_the_interface_is_read_and_tried_without_a_request_leaving_this_host(
    page: Page, address: str
) -> None:
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{address}/api/v1/docs")
    shown = page.locator("#operations-programmes-programme_list_api_v1_programmes_get")
    shown.locator(".opblock-summary").click()
    shown.get_by_role("button", name="Try it out").click()
    shown.get_by_role("button", name="Execute").click()
    expect(shown.locator(".live-responses-table")).to_contain_text('"small"')
    assert said == []
    assert len(asked) > 4
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []
