"""Signing in, in a real browser: with a password, through the office's own sign-in, after too many
guesses, and where somebody else ends the session; an administrator's day with accounts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Page, expect

from schedules.deadlines import local_day
from tests.builders import SHANGHAI
from tests.databases import SqliteModels
from tests.oidc import CLIENT, SECRET, Idp, provider
from tests.web.conftest import NOW, House, opened
from tests.web.staff import PASSWORD, staffed, with_evidence
from tests.web.test_browser import a_port, accessible, overhang, served
from tracker.services import accounts, tries

TWO_HOURS = timedelta(hours=2)

pytestmark = [pytest.mark.browser, pytest.mark.whole]


class Office(NamedTuple):
    house: House
    address: str
    idp: Idp


@pytest.fixture
def office(sqlite_models: SqliteModels, tmp_path: Path) -> Iterator[Office]:
    port = a_port()
    with_evidence(tmp_path / "data")
    with provider(lambda: NOW) as idp:
        house = opened(
            sqlite_models.copy(staffed, tmp_path / "web.sqlite"), tmp_path / "data",
            oidc_issuer=idp.url, oidc_client_id=CLIENT, oidc_client_secret=SECRET,
            base_url=f"http://127.0.0.1:{port.getsockname()[1]}",
        )  # fmt: skip
        for address in served(house, port):
            yield Office(house, address, idp)
        house.runtime.database.close()


def look(page: Page, at: str) -> None:
    """At the page on which that stands."""
    expect(page.locator(at).first).to_be_visible()
    assert overhang(page) <= 0, page.url
    accessible(page, page.url)


def words(login: str, password: str, page: Page) -> None:
    """Type them where the office's own sign-in stands first."""
    if not page.locator('input[name="login"]').is_visible():
        page.locator("details.form-box > summary").click()
    page.locator('input[name="login"]').fill(login)
    page.locator('input[name="password"]').fill(password)
    page.locator("main form button.btn").click()


def test_a_leader_comes_in_by_the_offices_sign_in_and_out_again(
    screen: Page, office: Office, language: str
) -> None:
    house, address, idp = office
    lang = language and "?lang=en"
    on = local_day(NOW, SHANGHAI)
    screen.goto(f"{address}/sign-in{lang}")
    look(screen, "main a.btn-main")
    screen.locator("main a.btn-main").click()
    expect(screen.locator("main .banner-late code")).to_have_text("u-1")  # no account knows it
    look(screen, "main .banner-late code")
    with house.runtime.database.write() as session:
        leader = accounts.named(session, "leader", on)
        accounts.set_subject(session, leader.id, "u-1", idp.url, now=NOW, on=on, by="cli")
    screen.locator("main a.btn-main").click()
    expect(screen.locator("figure.chart svg").first).to_be_visible()
    assert screen.url.startswith(f"{address}/p/small/leader")
    screen.goto(f"{address}/sign-out{lang}")
    screen.locator("main form button.btn-main").click()
    look(screen, ".banner-done a")
    screen.locator(".banner-done a").click()
    expect(screen).to_have_url(re.compile(re.escape(f"{idp.url}/end")))
    screen.goto(f"{address}/p/small/leader")
    assert "/sign-in" in screen.url, "nobody is in any more"
    idp.broken = 503
    house.clock.advance(TWO_HOURS)
    screen.goto(f"{address}/sign-in{lang}")
    with screen.expect_response(lambda answer: answer.status == 503):
        screen.locator("main a.btn-main").click()
    look(screen, "main .banner-late")
    words("leader", PASSWORD, screen)
    expect(screen.locator("figure.chart svg").first).to_be_visible()


def test_guesses_wait_and_a_session_that_is_ended_elsewhere_opens_nothing(
    screen: Page, office: Office
) -> None:
    house, address, _ = office
    on = local_day(NOW, SHANGHAI)
    with house.runtime.database.write() as session:
        for _ in range(tries.LOGIN.burst - 1):
            tries.take(session, "login|office", tries.LOGIN, NOW)
    screen.goto(f"{address}/p/small/cases")
    with screen.expect_response(lambda answer: answer.status == 403):
        words("office", "a guess", screen)
    expect(screen.locator("#wrong-code")).to_be_visible()
    assert screen.locator('input[name="login"]').input_value() == "office"
    look(screen, "#wrong-code")
    with screen.expect_response(lambda answer: answer.status == 429):
        words("office", "another guess", screen)
    look(screen, "main [role=alert] h1")
    house.clock.advance(TWO_HOURS)
    screen.goto(f"{address}/p/small/cases")
    words("office", PASSWORD, screen)
    expect(screen.locator("form.one-line")).to_be_visible()
    with house.runtime.database.write() as session:
        clerk = accounts.named(session, "office", on)
        accounts.end_sign_ins(session, clerk.id, now=house.clock.now())
    screen.locator('form.one-line input[name="title"]').fill("夜间施工噪声")
    before = len(house.facts())
    screen.locator("form.one-line button").click()
    expect(screen.locator('input[name="password"]')).to_be_attached()
    assert len(house.facts()) == before


def test_an_administrator_makes_an_account_gives_a_role_and_ends_it(
    screen: Page, office: Office
) -> None:
    _, address, _ = office
    screen.goto(f"{address}/admin")
    words("admin", PASSWORD, screen)
    look(screen, 'select[name="role"]')
    screen.locator('input[name="login"]').fill("newcomer")
    screen.locator('input[name="name"]').fill("新来的人")
    screen.locator('select[name="role"]').select_option("contact")
    screen.locator('select[name="where"]').select_option("small|housing")
    screen.locator("main form.narrow button.btn-main").click()
    look(screen, ".banner-done code")
    screen.locator('input[name="subject"]').fill("u-77")
    screen.locator('form:has(input[value="subject"]) button').click()
    expect(screen.locator("main .verdict")).to_contain_text("u-77")
    screen.locator('form:has(input[value="disable"]) summary').click()
    look(screen, 'form:has(input[value="disable"]) button')
    screen.locator('form:has(input[value="disable"]) button').click()
    look(screen, 'form:has(input[value="enable"]) button')
    for path in ("/account", "/account?lang=en", "/account/password", "/admin?lang=en",
                 "/health?lang=en", "/service"):  # fmt: skip
        answer = screen.goto(address + path)
        assert answer is not None
        assert answer.status == 200, path
        look(screen, "main h1")
