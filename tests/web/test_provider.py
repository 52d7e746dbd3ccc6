"""Signing in through the office's identity provider: what it has to say, and whose account is
meant."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx2 as httpx
import pytest
from joserfc.jwk import ECKey
from starlette.testclient import TestClient

from schedules.deadlines import local_day
from tests.builders import SHANGHAI
from tests.databases import SqliteModels
from tests.oidc import CLIENT, SECRET, Idp, provider, rsa
from tests.web.conftest import NOW, House, form_of, opened
from tests.web.staff import FAR, PASSWORD, come_in, staffed
from tracker.domain.errors import DefinitionError
from tracker.services import accounts, tries
from tracker.settings import load

BASE = "http://tracker.example"


@pytest.fixture
def idp() -> Iterator[Idp]:
    with provider(lambda: NOW) as one:
        yield one


@pytest.fixture
def a_house(
    sqlite_models: SqliteModels, tmp_path: Path, idp: Idp
) -> Iterator[Callable[..., House]]:
    made: list[House] = []

    def build(**settings: object) -> House:
        url = sqlite_models.copy(staffed, tmp_path / f"{len(made)}.sqlite")
        asked = {"oidc_issuer": idp.url, "oidc_client_id": CLIENT, "oidc_client_secret": SECRET,
                 "base_url": BASE} | settings  # fmt: skip
        made.append(opened(url, tmp_path / "data", **asked))
        return made[-1]

    yield build
    for one in made:
        one.runtime.database.close()


@pytest.fixture
def staff(a_house: Callable[..., House]) -> House:
    return a_house()


def known_as(house: House, login: str, subject: str) -> None:
    on = local_day(NOW, SHANGHAI)
    with house.runtime.database.write() as session:
        one = accounts.named(session, login, on)
        issuer = house.runtime.settings.oidc_issuer
        accounts.set_subject(session, one.id, subject, issuer, now=NOW, on=on, by="cli")


def far(house: House) -> TestClient:
    return house.browser(client=FAR, host="tracker.example")


def sent_out(browser: TestClient, then: str = "/p/small/") -> httpx.Response:
    """The answer of the provider's page: where it sends the browser back to."""
    answer = browser.get("/sign-in/provider", params={"next": then})
    assert answer.status_code == 303, answer.text
    return httpx.get(answer.headers["location"])


def come_back(browser: TestClient, sent: httpx.Response) -> httpx.Response:
    return browser.get(sent.headers["location"].removeprefix(BASE))


def enter(browser: TestClient) -> httpx.Response:
    return come_back(browser, sent_out(browser))


def is_out(browser: TestClient) -> bool:
    return browser.get("/p/small/").headers.get("location", "").startswith("/sign-in")


def test_whom_the_provider_vouches_for_is_in_with_the_rights_of_the_account(staff: House) -> None:
    known_as(staff, "office", "u-1")
    with far(staff) as browser:
        assert (
            "/sign-in/provider?next=%2Fp%2Fsmall%2F" in browser.get("/sign-in?next=/p/small/").text
        )
        answer = enter(browser)
        assert (answer.status_code, answer.headers["location"]) == (303, "/p/small/")
        assert browser.get("/p/small/").status_code == 200
        assert browser.get("/admin").status_code == 403, "a clerk is no administrator by it"
        assert "tracker_way_in" not in browser.cookies


def test_what_goes_out_binds_the_answer_to_this_browser(staff: House) -> None:
    with far(staff) as browser:
        answer = browser.get("/sign-in/provider")
        query = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
        assert query["tenant"] == "office", "what the provider's address holds stays"
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        assert query["redirect_uri"] == f"{BASE}/sign-in/back"
        assert min(len(query[one]) for one in ("state", "nonce", "code_challenge")) >= 32
        again = browser.get("/sign-in/provider").headers["location"]
        other = dict(parse_qsl(urlsplit(again).query))
        assert not {other[one] for one in ("state", "nonce", "code_challenge")} & set(
            query.values()
        )
        kept = answer.headers["set-cookie"].lower()
        assert "httponly" in kept
        assert "samesite=lax" in kept


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"nonce": "another"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"aud": "another-client"}, "aud"),
        ({"aud": [CLIENT, "another-client"]}, "azp"),
        ({"aud": None}, "aud"),
        ({"azp": "another-client"}, "azp"),
        ({"iss": "https://elsewhere.example"}, "iss"),
        ({"iss": None}, "iss"),
        ({"exp": int(NOW.timestamp()) - 61}, "ExpiredTokenError"),
        ({"exp": None}, "exp"),
        ({"iat": int(NOW.timestamp()) + 3600}, "iat"),
        ({"nbf": int(NOW.timestamp()) + 3600}, "nbf"),
        ({"at_hash": "of-another-token"}, "at_hash"),
        ({"sub": None}, "sub"),
        ({"sub": 7}, "sub"),
        ({"sub": " "}, "sub"),
        ({"sub": "u-1\0"}, "sub"),
        ({"sub": "u-1 "}, "sub"),  # somebody else than u-1
        ({"sub": "u-1" + "0" * 300}, "sub"),
    ],
)
def test_a_token_that_is_not_for_us_now_opens_nothing(
    staff: House, idp: Idp, caplog: pytest.LogCaptureFixture, said: dict[str, object], why: str
) -> None:
    known_as(staff, "office", "u-1")
    idp.claims = said
    with far(staff) as browser, caplog.at_level(logging.WARNING):
        answer = enter(browser)
        assert answer.status_code == 400
        assert "核对不上" in answer.text
        assert is_out(browser)
    assert why in caplog.text, "the log says what was wrong with it"
    assert "u-1" not in caplog.text


def test_a_forged_key_a_shared_one_and_none_sign_nothing(staff: House, idp: Idp) -> None:
    known_as(staff, "office", "u-1")
    true = idp.keys[0]
    with far(staff) as browser:
        for key, alg in [
            (rsa("first", "again"), "RS256"),  # another key under the name of a true one
            (rsa("unheard-of"), "RS256"),
            (SECRET.encode(), "HS256"),
            (true.as_pem(private=False), "HS256"),  # the public key as a secret
            (b"", "none"),
        ]:
            idp.signs, idp.alg = key, alg
            assert enter(browser).status_code in (400, 503), alg
            assert is_out(browser)
        idp.signs, idp.alg = true, "RS256"
        staff.clock.advance(timedelta(seconds=20))
        assert enter(browser).status_code == 303


def test_a_new_key_of_the_provider_is_taken_when_it_signs(staff: House, idp: Idp) -> None:
    known_as(staff, "office", "u-1")
    with far(staff) as browser:
        assert enter(browser).status_code == 303
        new = ECKey.generate_key("P-256", {"kid": "second"})
        idp.keys, idp.signs, idp.alg = [new], new, "ES256"
        staff.clock.advance(timedelta(minutes=1))
        assert enter(browser).status_code == 303
        assert idp.asked.count("/jwks") == 2
        assert idp.asked.count("/.well-known/openid-configuration") == 1


def test_a_key_that_the_provider_has_withdrawn_signs_nothing_for_long(
    staff: House, idp: Idp
) -> None:
    known_as(staff, "office", "u-1")
    with far(staff) as browser:
        assert enter(browser).status_code == 303
        idp.keys, idp.now = [rsa("second")], staff.clock.now
        browser.cookies.delete("tracker_sign_in")
        staff.clock.advance(timedelta(minutes=31))
        assert enter(browser).status_code in (400, 503)
        assert is_out(browser)


@pytest.mark.parametrize("offered", [["HS256"], ["none"], []])
def test_a_provider_that_offers_no_signature_of_its_own_is_not_believed(
    staff: House, idp: Idp, offered: list[str]
) -> None:
    known_as(staff, "office", "u-1")
    idp.metadata = {"id_token_signing_alg_values_supported": offered}
    with far(staff) as browser:
        assert enter(browser).status_code == 400
        assert is_out(browser)


def test_an_answer_serves_once_and_in_its_own_browser(staff: House, idp: Idp) -> None:
    known_as(staff, "office", "u-1")
    with far(staff) as browser, far(staff) as other:
        sent = sent_out(browser)
        kept = browser.cookies["tracker_way_in"]
        stolen = come_back(other, sent)
        assert (stolen.status_code, "已经过期" in stolen.text) == (400, True)
        assert sent_out(other).status_code == 302
        assert come_back(other, sent).status_code == 400, "began another one itself"
        assert come_back(browser, sent).status_code == 303
        assert idp.asked.count("/token") == 1
        for one in (browser, other):
            one.cookies.delete("tracker_sign_in")
            one.cookies.set("tracker_way_in", kept, domain="tracker.example", path="/")
            again = come_back(one, sent)
            assert (again.status_code, "用过" in again.text) == (400, True)
            assert is_out(one)
        assert idp.asked.count("/token") == 1, "the provider is not even asked"


def test_a_way_in_that_took_too_long_or_was_made_up_is_begun_anew(staff: House) -> None:
    known_as(staff, "office", "u-1")
    with far(staff) as browser:
        sent = sent_out(browser)
        staff.clock.advance(timedelta(minutes=10, seconds=1))
        assert come_back(browser, sent).status_code == 400
        for made_up in ("", "?code=x", "?code=x&state=y", "?error=access_denied&state=y"):
            assert browser.get(f"/sign-in/back{made_up}").status_code == 400
        assert is_out(browser)


def test_an_answer_of_another_issuer_is_not_redeemed_here(staff: House, idp: Idp) -> None:
    with far(staff) as browser:
        sent = sent_out(browser).headers["location"].removeprefix(BASE)
        mixed = sent.partition("&iss=")[0] + "&iss=https%3A%2F%2Felsewhere.example"
        assert browser.get(mixed).status_code == 400
        assert "/token" not in idp.asked


def test_a_stranger_gets_no_account_and_is_told_what_to_give_an_administrator(
    staff: House, idp: Idp
) -> None:
    idp.claims = {"sub": "u-<99>", "email": "stranger@example.org", "email_verified": True}
    before = staff.everything()
    with far(staff) as browser:
        answer = enter(browser)
        assert answer.status_code == 403
        assert "<code>u-&lt;99&gt;</code>" in answer.text
        assert is_out(browser)
    after = staff.everything()
    assert {name for name in after if after[name] != before[name]} <= {"try"}


def test_the_same_subject_of_another_provider_is_somebody_else(
    sqlite_models: SqliteModels, tmp_path: Path, idp: Idp
) -> None:
    """Entered under one, or before any was known: it belongs to the first that vouches."""
    url, on = sqlite_models.copy(staffed, tmp_path / "one.sqlite"), local_day(NOW, SHANGHAI)

    def served(by: Idp) -> House:
        return opened(url, tmp_path / "data", oidc_issuer=by.url, oidc_client_id=CLIENT,
                      oidc_client_secret=SECRET, base_url=BASE)  # fmt: skip

    before = served(idp)
    known_as(before, "leader", "u-2")
    with before.runtime.database.write() as session:
        contact = accounts.named(session, "contact", on)
        accounts.set_subject(session, contact.id, "u-1", "", now=NOW, on=on, by="cli")
        assert accounts.account(session, contact.id, on).issuer == ""
    with far(before) as browser:
        assert come_back(browser, sent_out(browser)).status_code == 303
    before.runtime.database.close()
    with provider(lambda: NOW) as other:
        after = served(other)
        for subject in ("u-1", "u-2"):
            other.claims = {"sub": subject}
            with far(after) as browser:
                answer = come_back(browser, sent_out(browser))
                assert answer.status_code == 403, subject
                assert subject in answer.text, "to give to an administrator"
        with come_in(after, "admin") as admin, after.runtime.database.read() as session:
            number = accounts.named(session, "leader", on).id
            assert idp.url in admin.get(f"/admin/{number}").text
        known_as(after, "leader", "u-2")
        with far(after) as browser:
            assert come_back(browser, sent_out(browser)).status_code == 303
        after.runtime.database.close()


def test_a_disabled_account_stays_closed(staff: House) -> None:
    known_as(staff, "leader", "u-1")
    on = local_day(NOW, SHANGHAI)
    with staff.runtime.database.write() as session:
        one = accounts.named(session, "leader", on)
        accounts.disable(session, one.id, now=NOW, on=on, by="cli")
    with far(staff) as browser:
        answer = enter(browser)
        assert (answer.status_code, "已停用" in answer.text) == (403, True)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"email": "New@Example.gov.cn", "email_verified": True}, 303),
        ({"email": "new@example.gov.cn"}, 403),
        ({"email": "new@example.gov.cn", "email_verified": False}, 403),
        ({"email": "new@example.gov.cn", "email_verified": "true"}, 403),
        ({"email": ["new@example.gov.cn"], "email_verified": True}, 403),
        ({"email": "", "email_verified": True}, 403),
    ],
)
def test_a_verified_mail_address_finds_its_account_once_and_the_subject_from_then_on(
    staff: House, idp: Idp, said: dict[str, object], status: int
) -> None:
    on = local_day(NOW, SHANGHAI)
    with staff.runtime.database.write() as session:
        accounts.add(session, "newcomer", name="新人", mail="new@example.gov.cn", now=NOW, on=on,
                     by="cli")  # fmt: skip
    idp.claims = said
    with far(staff) as browser:
        assert enter(browser).status_code == status
    with staff.runtime.database.read() as session:
        one = accounts.named(session, "newcomer", on)
    assert one.subject == ("u-1" if status == 303 else "")
    if status == 303:
        idp.claims = {"sub": "u-2", **said}  # the address is somebody else's by now
        with far(staff) as browser:
            assert enter(browser).status_code == 403
        idp.claims = {}
        with far(staff) as browser:
            assert enter(browser).status_code == 303
            assert browser.get("/account").status_code == 200, "no password to change first"


def test_the_claim_that_names_people_is_the_offices_to_choose(
    a_house: Callable[..., House], idp: Idp
) -> None:
    house = a_house(oidc_claim="staff_number", oidc_scopes="openid staff")
    known_as(house, "office", "007")
    with far(house) as browser:
        assert enter(browser).status_code == 400, "the token has no such claim"
        idp.claims = {"staff_number": "007"}
        assert enter(browser).status_code == 303


def test_a_mail_address_names_nobody_until_it_is_verified(
    a_house: Callable[..., House], idp: Idp
) -> None:
    house = a_house(oidc_claim="email")
    known_as(house, "office", "office@example.gov.cn")
    with far(house) as browser:
        for verified in (None, False, "true"):
            idp.claims = {"email": "office@example.gov.cn", "email_verified": verified}
            assert enter(browser).status_code == 400
            assert is_out(browser)
        idp.claims["email_verified"] = True
        assert enter(browser).status_code == 303


def test_an_address_that_only_looks_like_another_is_not_it(staff: House, idp: Idp) -> None:
    with staff.runtime.database.write() as session:
        accounts.add(session, "kate", name="凯特", mail="kate@example.gov.cn", now=NOW,
                     on=local_day(NOW, SHANGHAI), by="cli")  # fmt: skip
    kelvin = "\N{KELVIN SIGN}ate@example.gov.cn"
    assert kelvin.lower() == "kate@example.gov.cn"
    idp.claims = {"email": kelvin, "email_verified": True}
    with far(staff) as browser:
        assert enter(browser).status_code == 403


def test_who_cancels_there_is_told_so_here(staff: House, idp: Idp) -> None:
    idp.refuses = "access_denied"
    with far(staff) as browser:
        answer = enter(browser)
        assert (answer.status_code, "没有放行" in answer.text) == (400, True)


def test_the_password_is_the_way_in_while_the_provider_is_down(staff: House, idp: Idp) -> None:
    known_as(staff, "office", "u-1")
    with far(staff) as browser:
        sent = sent_out(browser)
        idp.broken = 500
        answer = come_back(browser, sent)
        assert (answer.status_code, "连不上" in answer.text) == (503, True)
    with far(staff) as browser:
        staff.clock.advance(timedelta(hours=1))
        answer = browser.get("/sign-in/provider")
        assert (answer.status_code, "连不上" in answer.text) == (503, True)
        asked = len(idp.asked)
        assert browser.get("/sign-in/provider").status_code == 503
        assert len(idp.asked) == asked, "it is not asked at each click"
        sent_in = form_of(answer) | {"login": "office", "password": PASSWORD}
        assert browser.post("/sign-in", data=sent_in).status_code == 303
        assert browser.get("/p/small/").status_code == 200
        idp.broken = 0
        staff.clock.advance(timedelta(seconds=20))
        assert browser.get("/sign-in/provider").status_code == 303


def test_an_outage_of_the_provider_uses_up_nobodys_tries(staff: House, idp: Idp) -> None:
    with far(staff) as browser:
        for _ in range(tries.ADDRESS.burst + 1):
            sent = sent_out(browser)
            idp.broken = 500
            assert come_back(browser, sent).status_code == 503
            idp.broken = 0
        sent_in = form_of(browser.get("/sign-in")) | {"login": "office", "password": PASSWORD}
        assert browser.post("/sign-in", data=sent_in).status_code == 303


def test_a_provider_that_nobody_reaches_is_said_in_words(a_house: Callable[..., House]) -> None:
    house = a_house(oidc_issuer="http://127.0.0.1:9")
    with far(house) as browser:
        answer = browser.get("/sign-in/provider?lang=en")
        assert (answer.status_code, "cannot be reached" in answer.text) == (503, True)


@pytest.mark.parametrize(
    "said",
    [
        {"issuer": "https://elsewhere.example"},
        {"token_endpoint": "http://elsewhere.example/token"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": None},
    ],
)
def test_a_provider_that_says_strange_things_of_itself_is_not_used(
    staff: House, idp: Idp, said: dict[str, object]
) -> None:
    idp.metadata = said
    with far(staff) as browser:
        assert browser.get("/sign-in/provider").status_code in (400, 503)


def test_no_way_in_leads_to_another_site(staff: House) -> None:
    known_as(staff, "office", "u-1")
    with far(staff) as browser:
        answer = come_back(browser, sent_out(browser, "https://elsewhere.example/"))
        assert answer.headers["location"] == "/"


def test_signing_out_ends_the_session_and_offers_the_way_out_of_the_provider(
    staff: House, idp: Idp
) -> None:
    known_as(staff, "office", "u-1")
    with far(staff) as browser:
        enter(browser)
        kept = browser.cookies["tracker_sign_in"]
        left = browser.post("/sign-out", data=form_of(browser.get("/sign-out")))
        page = browser.get(left.headers["location"]).text
        assert f'href="{idp.url}/end?client_id={CLIENT}&amp;post_logout_redirect_uri=' in page
        browser.cookies.set("tracker_sign_in", kept)
        assert is_out(browser)


def test_under_https_what_was_begun_belongs_to_this_host_alone(
    a_house: Callable[..., House],
) -> None:
    house = a_house(base_url="https://tracker.example")
    with far(house) as browser:
        browser.base_url = "https://tracker.example"  # type: ignore[assignment]
        kept = browser.get("/sign-in/provider").headers["set-cookie"]
        assert kept.startswith("__Host-tracker_way_in=")
        assert "Secure" in kept


def test_guesses_at_answers_are_counted_as_guesses_at_passwords_are(staff: House) -> None:
    with staff.runtime.database.write() as session:
        for _ in range(tries.ADDRESS.burst - 1):
            tries.take(session, f"address|{FAR[0]}", tries.ADDRESS, NOW)
    with far(staff) as browser:
        seen = []
        for _ in range(2):
            location = browser.get("/sign-in/provider").headers["location"]
            state = dict(parse_qsl(urlsplit(location).query))["state"]
            seen.append(browser.get(f"/sign-in/back?code=guess&state={state}").status_code)
        assert seen == [400, 429]


def test_an_administrator_enters_who_somebody_is_there(staff: House) -> None:
    on = local_day(NOW, SHANGHAI)
    with come_in(staff, "admin") as browser:
        form = form_of(browser.get("/admin"), action="/admin")
        sent = form | {"login": "newcomer", "name": "新人", "subject": "u-1", "role": "leader",
                       "where": "small"}  # fmt: skip
        assert "密码只显示这一次" not in browser.post("/admin", data=sent).text
        with staff.runtime.database.read() as session:
            one = accounts.named(session, "newcomer", on)
            office = accounts.named(session, "office", on)
        assert (one.subject, one.must_change) == ("u-1", False)
        act = form | {"act": "subject", "subject": "u-1"}
        taken = browser.post(f"/admin/{office.id}", data=act)
        assert (taken.status_code, "newcomer" in taken.text) == (422, True)
        with far(staff) as person:
            assert enter(person).status_code == 303
            assert person.get("/p/small/leader").status_code == 200
            assert (
                browser.post(f"/admin/{one.id}", data=act | {"subject": "u-2"}).status_code == 303
            )
            assert is_out(person), "who is called otherwise signs in anew"
            assert enter(person).status_code == 403


def test_a_program_enters_it_too(staff: House) -> None:
    with come_in(staff, "admin") as browser:
        made = browser.post("/api/v1/accounts", json={"login": "newcomer", "name": "新人",
                                                      "subject": "u-1"})  # fmt: skip
        assert (made.json()["password"], made.json()["subject"]) == ("", "u-1")
        path = f"/api/v1/accounts/{made.json()['id']}"
        tag = browser.get(path).headers["etag"]
        browser.patch(path, json={"subject": ""}, headers={"if-match": tag}).raise_for_status()
        assert browser.get(path).json()["subject"] == ""


def test_without_a_provider_nothing_of_it_is_offered(a_house: Callable[..., House]) -> None:
    house = a_house(oidc_issuer="", oidc_client_id="")
    with far(house) as browser:
        assert "/sign-in/provider" not in browser.get("/sign-in").text
        assert browser.get("/sign-in/provider").status_code == 404
        assert browser.get("/sign-in/back?code=x&state=y").status_code == 400


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"oidc_issuer": "http://id.example.gov.cn"}, "OIDC_ISSUER"),
        ({"oidc_issuer": "https://id.example.gov.cn"}, "OIDC_CLIENT_ID"),
        ({"oidc_scopes": "email"}, "OIDC_SCOPES"),
        ({"oidc_certificate": "/nowhere.pem"}, "OIDC_CERTIFICATE"),
    ],
)
def test_settings_that_cannot_work_are_named(given: dict[str, str], named: str) -> None:
    with pytest.raises(DefinitionError, match=named):
        load(**given)
