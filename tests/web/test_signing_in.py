"""Signing in with an account: sessions that rotate and end, cookies, tries, tokens of programs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import httpx2 as httpx
import pytest
from starlette.testclient import TestClient

from schedules.deadlines import local_day
from tests.builders import SHANGHAI, a_programme, clause, item, 住建局
from tests.databases import Prepare
from tests.web.conftest import House, form_of, opened
from tests.web.staff import FAR, KEY, PASSWORD, come_in, staffed
from tests.web.test_browser import served
from tracker.domain import facts as f
from tracker.domain.authority import Post, Role
from tracker.services import accounts, programmes, tokens, tries

Staffed = Callable[..., House]


@pytest.fixture
def a_staff(database_like: Callable[[Prepare], str], tmp_path: Path) -> Iterator[Staffed]:
    made: list[House] = []

    def build(**settings: object) -> House:
        made.append(opened(database_like(staffed), tmp_path / "data", **settings))
        return made[-1]

    yield build
    for one in made:
        one.runtime.database.close()


@pytest.fixture
def staff(a_staff: Staffed) -> House:
    return a_staff()


def sign_in(browser: TestClient, login: str, password: str = PASSWORD) -> int:
    hidden = form_of(browser.get("/sign-in", params={"next": "/"}))
    sent = hidden | {"login": login, "password": password}
    return browser.post("/sign-in", data=sent).status_code


def far(house: House, **settings: str) -> TestClient:
    return house.browser(client=FAR, host="tracker.example", **settings)


def test_with_accounts_nobody_is_the_office_unasked(staff: House, a_staff: Staffed) -> None:
    with staff.browser() as here:
        assert here.get("/p/small/").headers["location"].startswith("/sign-in")
    demonstrated = a_staff(local_office=True)
    with demonstrated.browser() as here:
        page = here.get("/p/small/")
        assert page.status_code == 200
        assert "未登录" in page.text
    with far(demonstrated) as there:
        assert there.get("/p/small/").status_code == 303


def test_other_machines_are_served_where_there_are_accounts(a_staff: Staffed) -> None:
    with far(a_staff(host="0.0.0.0")) as browser:
        assert sign_in(browser, "office") == 303
        assert browser.get("/p/small/").status_code == 200


def test_everybody_lands_where_they_work(staff: House) -> None:
    for login, place in [
        ("office", "/p/small/"), ("leader", "/p/small/leader"),
        ("contact", "/p/small/units/housing"), ("reviewer", "/p/small/reviews"),
        ("admin", "/admin"),
    ]:  # fmt: skip
        with come_in(staff, login) as browser:
            assert browser.get("/").headers["location"] == place
            assert browser.get(place).status_code == 200


def test_a_session_is_another_one_after_signing_in_and_dead_after_signing_out(
    staff: House,
) -> None:
    with far(staff) as browser:
        before = dict(browser.cookies) or dict(browser.get("/sign-in").cookies)
        assert sign_in(browser, "office") == 303
        kept = dict(browser.cookies)
        assert kept["tracker_sign_in"] not in before.values()
        old_token = form_of(browser.get("/sign-out"))["token"]
        browser.post("/sign-out", data={"token": old_token})
        assert browser.get("/p/small/").status_code == 303
    with far(staff) as replayed:
        replayed.cookies.update(kept)
        assert replayed.get("/p/small/").status_code == 303


def test_a_form_of_the_time_before_signing_in_is_worth_nothing_after(staff: House) -> None:
    with far(staff) as browser:
        before = form_of(browser.get("/sign-in"))["token"]
        sign_in(browser, "office")
        answer = browser.post("/p/small/cases", data={"token": before})
        assert answer.status_code == 403


def test_one_persons_form_is_worth_nothing_in_anothers_browser(staff: House) -> None:
    with come_in(staff, "office") as one, come_in(staff, "admin") as other:
        token = form_of(one.get("/p/small/cases"))["token"]
        assert other.post("/admin", data={"token": token}).status_code == 403


def test_a_disabled_account_and_a_changed_role_end_what_is_open(staff: House) -> None:
    on = local_day(staff.clock.now(), SHANGHAI)
    with come_in(staff, "office") as clerk, come_in(staff, "leader") as leader:
        with staff.runtime.database.write() as session:
            office = accounts.named(session, "office", on)
            accounts.disable(session, office.id, now=staff.clock.now(), on=on, by="cli")
            other = accounts.named(session, "leader", on)
            accounts.take(session, other.id, other.seats[0].id, now=staff.clock.now(), on=on,
                          by="cli")  # fmt: skip
        assert clerk.get("/p/small/").status_code == 303
        assert leader.get("/p/small/").status_code == 303
    with far(staff) as browser:
        assert sign_in(browser, "office") == 403
        assert sign_in(browser, "leader") == 303
        assert browser.get("/p/small/").status_code == 403


def test_an_invented_password_is_changed_before_anything_else(staff: House) -> None:
    on = local_day(staff.clock.now(), SHANGHAI)
    with staff.runtime.database.write() as session:
        one = accounts.named(session, "office", on)
        given = accounts.new_password(session, one.id, now=staff.clock.now(), on=on, by="cli")
    with far(staff) as browser:
        assert sign_in(browser, "office", given) == 303
        assert browser.get("/p/small/").headers["location"] == "/account/password"
        old = browser.cookies["tracker_sign_in"]
        hidden = form_of(browser.get("/account/password"))
        sent = hidden | {"old": given, "new": "a new sentence 42", "again": "a new sentence 42"}
        assert browser.post("/account/password", data=sent | {"again": "x"}).status_code == 422
        assert browser.post("/account/password", data=sent).status_code == 303
        assert browser.get("/p/small/").status_code == 200
    with far(staff) as replayed:
        replayed.cookies.set("tracker_sign_in", old)
        assert replayed.get("/p/small/").status_code == 303


def test_under_https_every_cookie_belongs_to_this_host_alone(a_staff: Staffed) -> None:
    house = a_staff(base_url="https://tracker.example")
    with house.browser(client=FAR, host="tracker.example") as browser:
        browser.base_url = "https://tracker.example"  # type: ignore[assignment]
        assert sign_in(browser, "office") == 303
        named = {cookie.name: cookie for cookie in browser.cookies.jar}
        assert {"__Host-tracker_sign_in", "__Host-tracker_device"} <= set(named)
        assert all(one.secure and one.name.startswith("__Host-") for one in named.values())
        assert browser.get("/p/small/").status_code == 200
        hidden = form_of(browser.get("/sign-out"))
        browser.post("/sign-out", data=hidden)
        assert "__Host-tracker_sign_in" not in browser.cookies


def test_too_many_wrong_passwords_wait_and_the_owner_comes_in_from_a_known_browser(
    staff: House,
) -> None:
    with far(staff) as known:
        assert sign_in(known, "office") == 303
        known.cookies.delete("tracker_sign_in")
        with far(staff) as guesser:
            seen = [sign_in(guesser, "office", f"guess {n}") for n in range(11)]
            assert seen == [403] * 10 + [429]
            assert sign_in(guesser, "office") == 429
        assert sign_in(known, "office") == 303


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("proxies", "told", "waits"),
    [
        ("", "10.9.9.{n}", True),
        ("203.0.113.0/24", "10.9.9.{n}", False),
        ("203.0.113.0/24", "10.9.9.{n}, 198.51.100.7", True),
        ("203.0.113.0/24", "10.9.9.{n}, 198.51.100.7, 203.0.113.8", True),
    ],
)
def test_only_what_a_trusted_proxy_says_of_an_address_is_believed(
    a_staff: Staffed, proxies: str, told: str, waits: bool
) -> None:
    """Two machines have one try left; which of them, if any, do the guesses count against?"""
    house = a_staff(trusted_proxies=proxies)
    with house.runtime.database.write() as session:
        for machine in (FAR[0], "198.51.100.7"):
            for _ in range(tries.ADDRESS.burst - 1):
                tries.take(session, f"address|{machine}", tries.ADDRESS, house.clock.now())
    with far(house) as guesser:
        hidden = form_of(guesser.get("/sign-in"))
        last = [
            guesser.post("/sign-in", data=hidden | {"login": f"name{n}", "password": "x"},
                         headers={"x-forwarded-for": told.format(n=n)}).status_code
            for n in range(2)
        ][-1]  # fmt: skip
    assert (last == 429) is waits


def test_of_fifty_guesses_at_the_same_moment_ten_reach_the_password(staff: House) -> None:
    """Against a running server, each with a connection and a forged address of its own."""

    def guess(n: int) -> int:
        with httpx.Client(base_url=address, headers={"x-forwarded-for": f"10.9.9.{n}"}) as guesser:
            hidden = form_of(guesser.get("/sign-in"))
            together.wait(timeout=30)
            sent = hidden | {"login": "office", "password": f"guess {n}"}
            return guesser.post("/sign-in", data=sent).status_code

    together = Barrier(50)
    with contextmanager(served)(staff) as address, ThreadPoolExecutor(50) as many:
        seen = Counter(many.map(guess, range(50)))
    print(f"\nFIGURE of 50 guesses at once {seen[403]} reached the password, {seen[429]} waited")
    assert seen == {403: tries.LOGIN.burst, 429: 50 - tries.LOGIN.burst}


# -- what people do under their own name ---------------------------------------------------------


def test_what_a_contact_reports_is_theirs_and_only_now(staff: House) -> None:
    """The office may enter what reached it earlier, and decide; a unit reports and asks."""
    with come_in(staff, "contact") as browser:
        page = browser.get("/p/small/extend", params={"key": KEY})
        sent = form_of(page) | {"until": "2021-11-30", "reason": "阴雨", "outcome": "approved"}
        assert browser.post("/p/small/extend", data=sent).status_code == 303
        asked = staff.last()
        assert isinstance(asked, f.Extension)
        assert asked.outcome == "requested"
        assert asked.by.startswith("person:")
        form = form_of(browser.get("/p/small/report", params={"key": KEY}))
        sent = form | {"state": "done", "at": "2021-09-30T10:00"}
        assert browser.post("/p/small/report", data=sent).status_code == 303
        assert staff.last().occurred_at == staff.clock.now()


def test_a_reviewer_cannot_review_another_report_through_an_own_obligation(staff: House) -> None:
    with come_in(staff, "reviewer") as browser:
        page = browser.get("/p/small/obligation", params={"key": KEY})
        form = form_of(page, action="/p/small/review")
        sent = form | {"outcome": "accepted", "report": "q1"}
        assert browser.post("/p/small/review", data=sent).status_code == 400
        assert (
            browser.post("/p/small/review", data=form | {"outcome": "accepted"}).status_code == 303
        )
        assert staff.last().by.startswith("person:")


def test_a_reviewer_finds_the_clauses_to_record_findings_about_where_nothing_waits(
    staff: House,
) -> None:
    counted = {"kind": "per_incident", "finding": "spill", "each": "0.1"}
    with_findings = a_programme(
        item("1", due_on="2021-09-30"),
        item("6", clause("6", rules=[counted])),
        names={"spill": "漏油"},
    )
    with staff.runtime.database.write() as session:
        programmes.publish(session, with_findings, now=staff.clock.now(), by="office")
    with come_in(staff, "reviewer") as browser, come_in(staff, "idle-reviewer") as idle:
        page = browser.get("/p/small/reviews").text
        assert 'href="/p/small/facts/6"' in page
        assert 'href="/p/small/facts/1"' not in page, "nothing is found about a report's day"
        form = form_of(browser.get("/p/small/facts/6"), action="/p/small/facts/6")
        answer = browser.post("/p/small/facts/6", data=form | {"count": "2"})
        assert answer.status_code == 303, answer.text
        assert isinstance(staff.last(), f.Finding)
        assert "/facts/" not in idle.get("/p/small/reviews").text


def test_a_leader_s_instruction_is_in_the_leader_s_name_unless_told_otherwise(staff: House) -> None:
    with come_in(staff, "leader") as leader, come_in(staff, "office") as office:
        assert 'value="某leader"' in leader.get("/p/small/instruct").text
        assert 'value="某office"' not in office.get("/p/small/instruct").text


def test_a_contact_does_not_read_of_other_units_on_the_own_pages(staff: House) -> None:
    """Item 3 is owed by two units."""
    with come_in(staff, "contact") as browser, come_in(staff, "office") as office:
        key = {"key": "3/bulletin/housing/2021-09"}
        other = "3/bulletin/env_branch"
        assert other.replace("/", "%2F") in office.get("/p/small/obligation", params=key).text
        assert other.replace("/", "%2F") not in browser.get("/p/small/obligation", params=key).text
        answer = browser.get("/api/v1/programmes/small/obligations").json()
        assert {one["unit"] for one in answer["obligations"]} == {"housing"}


def test_a_clerk_of_one_programme_hands_over_no_posts_of_another(staff: House) -> None:
    with staff.runtime.database.read() as session:
        on = local_day(staff.clock.now(), SHANGHAI)
        foreign = accounts.named(session, "foreign", on)
    with come_in(staff, "office") as browser:
        assert browser.get(f"/p/small/people/{foreign.person_id}").status_code == 404
        page = browser.get("/p/small/people")
        answer = browser.post(f"/p/small/people/{foreign.person_id}",
                              data=form_of(page) | {"act": "revoke"})  # fmt: skip
        assert answer.status_code in (404, 422)


# -- the pages of accounts -----------------------------------------------------------------------


def test_an_administrator_makes_accounts_and_gives_and_takes_roles(staff: House) -> None:
    on = local_day(staff.clock.now(), SHANGHAI)
    with come_in(staff, "admin") as browser:
        form = form_of(browser.get("/admin"), action="/admin")
        sent = form | {"login": "newcomer", "name": "新人", "role": "contact",
                       "where": "small|housing"}  # fmt: skip
        page = browser.post("/admin", data=sent)
        assert "密码只显示这一次" in page.text
        assert browser.post("/admin", data=sent).status_code == 422
        with staff.runtime.database.read() as session:
            one = accounts.named(session, "newcomer", on)
        assert [seat.post.unit for seat in one.seats] == ["housing"]
        act = form | {"act": "take", "seat": str(one.seats[0].id)}
        assert browser.post(f"/admin/{one.id}", data=act).status_code == 303
        act = form | {"act": "give", "role": "leader", "where": "small"}
        assert browser.post(f"/admin/{one.id}", data=act).status_code == 303
        assert browser.post(f"/admin/{one.id}", data=form | {"act": "password"}).status_code == 200
        for name in ("disable", "enable"):
            answer = browser.post(f"/admin/{one.id}", data=form | {"act": name})
            assert answer.status_code == 303
        page = browser.get(f"/admin/{one.id}").text
        assert "分管领导" in page
        assert '<span class="keep">联络员' not in page


def test_a_role_in_a_unit_for_every_programme_is_shown_with_the_units_name(staff: House) -> None:
    """As a list of contacts gives them where it is loaded for all programmes."""
    now, on = staff.clock.now(), local_day(staff.clock.now(), SHANGHAI)
    with staff.runtime.database.write() as session:
        one, _ = accounts.add(
            session, "newcomer", name="新人", post=Post(Role.CONTACT, None, 住建局),
            password=PASSWORD, now=now, on=on, by="cli",
        )  # fmt: skip
    with come_in(staff, "admin") as browser, come_in(staff, "newcomer") as own:
        for page in (browser.get("/admin"), browser.get(f"/admin/{one.id}"), own.get("/account")):
            assert page.status_code == 200
            assert "县住房和城乡建设局 · 所有方案" in page.text


def test_whoever_has_an_account_sees_and_ends_own_sessions_and_tokens(staff: House) -> None:
    with come_in(staff, "office") as here, come_in(staff, "office") as there:
        page = here.get("/account")
        assert page.text.count("a test") == 2
        sent = form_of(page, action="/account") | {"act": "token", "name": "OA", "s-read": "yes",
                                                   "days": "30"}  # fmt: skip
        made = here.post("/account", data=sent)
        value = made.text.partition("<code>trk_")[2].partition("</code>")[0]
        with far(staff) as program:
            key = {"authorization": f"Bearer trk_{value}"}
            assert program.get("/api/v1/programmes", headers=key).status_code == 200
            assert program.get("/p/small/", headers=key).status_code == 303, "no key to the pages"
            posted = program.post("/api/v1/programmes/small/facts", json=[], headers=key)
            assert posted.status_code == 403
        session = page.text.partition('name="session" value="')[2].partition('"')[0]
        assert (
            here.post("/account", data=sent | {"act": "end", "session": session}).status_code == 303
        )
        assert there.get("/p/small/").status_code == 303
        assert (
            here.post("/account", data=sent | {"act": "language", "language": "en"}).status_code
            == 303
        )
        assert "My account" in here.get("/account").text


def test_nobody_ends_anothers_session_or_token(staff: House) -> None:
    on = local_day(staff.clock.now(), SHANGHAI)
    with staff.runtime.database.write() as session:
        leader = accounts.named(session, "leader", on)
        token, _ = tokens.make(session, leader.id, name="x", scopes=["read"], days=3,
                               now=staff.clock.now(), on=on, by="x")  # fmt: skip
    with come_in(staff, "leader") as leading, come_in(staff, "contact") as browser:
        hidden = form_of(browser.get("/account"), action="/account")
        for sent in ({"act": "end", "session": "1"}, {"act": "revoke", "made": str(token.id)}):
            assert browser.post("/account", data=hidden | sent).status_code == 404
        assert leading.get("/p/small/").status_code == 200


def test_a_session_that_is_used_goes_on_and_one_that_rests_ends(staff: House) -> None:
    with come_in(staff, "leader") as browser:
        staff.clock.advance(timedelta(minutes=110))
        assert browser.get("/p/small/").status_code == 200
        staff.clock.advance(timedelta(minutes=110))
        assert browser.get("/p/small/").status_code == 200
        staff.clock.advance(timedelta(minutes=121))
        assert browser.get("/p/small/").status_code == 303
