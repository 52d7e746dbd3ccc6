"""Who comes in: the machine itself, or whoever has the code; and what every answer says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.builders import at
from tests.web.conftest import House, form_of
from tracker.domain.errors import Refused
from tracker.settings import Settings
from tracker.web.access import check_binding, is_loopback
from tracker.web.app import create

CODE = "生态-2021"
FAR = ("203.0.113.9", 4711)


@pytest.fixture
def coded(a_house: Callable[..., House]) -> House:
    """Served on every address, with an access code."""
    return a_house(host="0.0.0.0", access_code=CODE)


def test_other_machines_are_only_served_with_an_access_code(tmp_path: Path) -> None:
    def bound(host: str, code: str | None = None) -> Settings:
        return Settings(data=tmp_path, host=host, access_code=code)  # type: ignore[arg-type]

    for host in ("127.0.0.1", "localhost", "::1", "127.0.0.2"):
        check_binding(bound(host))
    for host in ("0.0.0.0", "::", "192.168.1.5", "tracker.example"):
        check_binding(bound(host, CODE))
        for none in (None, "", "   "):
            with pytest.raises(Refused, match="TRACKER_ACCESS_CODE"):
                check_binding(bound(host, none))


def test_an_application_that_anybody_could_reach_is_not_even_made(
    a_house: Callable[..., House],
) -> None:
    house = a_house(host="0.0.0.0")
    with pytest.raises(Refused):
        create(house.runtime)


@pytest.mark.parametrize(
    ("host", "local"),
    [("127.0.0.1", True), ("[::1]", True), ("localhost", True), ("127.0.0.1.evil.example", False),
     ("10.0.0.1", False), ("", False)],
)  # fmt: skip
def test_loopback_is_told_from_what_only_looks_like_it(host: str, local: bool) -> None:
    assert is_loopback(host) is local


def test_whoever_sits_at_the_machine_comes_in(house: House) -> None:
    for host in ("127.0.0.1:8000", "localhost:8000", "[::1]:8000"):
        with house.browser(host=host) as visitor:
            assert visitor.get("/p/small/").status_code == 200


def test_nobody_else_does_on_a_server_without_a_code(house: House) -> None:
    with house.browser(client=FAR) as stranger:
        answer = stranger.get("/p/small/")
        assert answer.status_code == 403
        assert "TRACKER_ACCESS_CODE" in answer.text


def test_a_foreign_name_that_points_here_does_not_open_the_door(house: House) -> None:
    with house.browser(host="evil.example") as rebound:
        assert rebound.get("/p/small/").status_code == 403


def test_a_host_that_is_none_does_not_open_the_door_and_breaks_nothing(house: House) -> None:
    with house.browser() as visitor:
        for host in ("[", "[::1", "evil@127.0.0.1", "127.0.0.1/.evil", "127.0.0.1#x", "", "a b"):
            answer = visitor.get("/p/small/", headers={"host": host})
            assert answer.status_code == 403, host
            assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_proxy_on_the_machine_does_not_open_the_door(house: House) -> None:
    with house.browser() as proxy:
        for header in ("x-forwarded-for", "forwarded", "x-real-ip", "via"):
            answer = proxy.get("/p/small/", headers={header: "203.0.113.9"})
            assert answer.status_code == 403, header


def sign_in(visitor: TestClient, code: str, next: str = "/p/small/") -> int:
    hidden = form_of(visitor.get("/sign-in", params={"next": next}))
    return visitor.post("/sign-in", data=hidden | {"code": code}).status_code


def test_the_code_is_asked_for_once(coded: House) -> None:
    with coded.browser(client=FAR, host="tracker.example") as visitor:
        answer = visitor.get("/p/small/score?as_of=2021-10-01")
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in?")
        door = visitor.get(answer.headers["location"])
        assert visitor.post("/sign-in", data=form_of(door) | {"code": "guess"}).status_code == 403
        answer = visitor.post("/sign-in", data=form_of(door) | {"code": CODE})
        assert answer.headers["location"] == "/p/small/score?as_of=2021-10-01"
        assert visitor.get(answer.headers["location"]).status_code == 200
        coded.clock.advance_to(at("2021-11-16 08:00"))
        assert visitor.get("/p/small/").status_code == 200
        coded.clock.advance_to(at("2021-11-18 08:00"))
        assert visitor.get("/p/small/").status_code == 303


def test_a_machine_on_an_open_address_is_asked_too(coded: House) -> None:
    with coded.browser() as visitor:
        assert visitor.get("/p/small/").status_code == 303


def test_too_many_wrong_codes_have_to_wait(coded: House) -> None:
    with coded.browser(client=FAR, host="tracker.example") as visitor:
        assert [sign_in(visitor, f"guess{n}") for n in range(10)] == [403] * 10
        hidden = form_of(visitor.get("/sign-in"))
        answer = visitor.post("/sign-in", data=hidden | {"code": CODE})
        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) == 600
        coded.clock.advance_to(at("2021-10-18 08:11"))
        assert sign_in(visitor, CODE) == 303


def test_a_new_code_takes_back_every_pass(coded: House, a_house: Callable[..., House]) -> None:
    with coded.browser(client=FAR, host="tracker.example") as visitor:
        sign_in(visitor, CODE)
        cookies = dict(visitor.cookies)
    changed = a_house(host="0.0.0.0", access_code="another")
    with changed.browser(client=FAR, host="tracker.example") as visitor:
        visitor.cookies.update(cookies)
        assert visitor.get("/p/small/").status_code == 303


def test_signing_out_asks_for_the_code_again(coded: House) -> None:
    with coded.browser(client=FAR, host="tracker.example") as visitor:
        sign_in(visitor, CODE)
        page = visitor.get("/sign-out")
        assert visitor.get("/p/small/").status_code == 200, "looking at the page signs nobody out"
        visitor.post("/sign-out", data=form_of(page))
        assert visitor.get("/p/small/").status_code == 303


def test_signing_in_never_leads_to_another_site(coded: House) -> None:
    targets = ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
    with coded.browser(client=FAR, host="tracker.example") as visitor:
        for target in targets:
            hidden = form_of(visitor.get("/sign-in", params={"next": target}))
            answer = visitor.post("/sign-in", data=hidden | {"code": CODE, "next": target})
            assert answer.headers["location"] == "/"


def test_cookies_are_out_of_reach_of_scripts_and_of_other_sites(coded: House) -> None:
    with coded.browser(client=FAR, host="tracker.example") as visitor:
        hidden = form_of(visitor.get("/sign-in"))
        answer = visitor.post("/sign-in", data=hidden | {"code": CODE})
        for cookie in answer.headers.get_list("set-cookie"):
            assert "HttpOnly" in cookie
            assert "SameSite=lax" in cookie


def test_a_cookie_is_for_https_alone_where_the_pages_are(a_house: Callable[..., House]) -> None:
    house = a_house(base_url="https://tracker.example")
    with house.browser() as visitor:
        assert "Secure" in visitor.get("/p/small/").headers["set-cookie"]


def test_every_answer_tells_the_browser_to_be_strict(house: House) -> None:
    with house.browser() as visitor:
        for path in ["/p/small/", "/nowhere", "/health.json", "/api/v1/programmes"]:
            headers = visitor.get(path).headers
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "same-origin"
            assert headers["cache-control"] == "no-store"


def test_a_fault_of_ours_has_a_number_and_no_innards(house: House) -> None:
    app = create(house.runtime)

    @app.get("/broken")
    def broken() -> None:
        raise ZeroDivisionError("a secret inside")

    with TestClient(app, client=("127.0.0.1", 1), base_url="http://127.0.0.1:8000",
                    raise_server_exceptions=False) as visitor:  # fmt: skip
        answer = visitor.get("/broken")
    assert answer.status_code == 500
    assert "什么都没有改变" in answer.text
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_database_that_cannot_be_used_is_said_in_words(house: House) -> None:
    place = house.runtime.database.url.database or ""
    if not house.runtime.database.is_sqlite:
        pytest.skip("a file is moved away here")
    Path(place).rename(f"{place}.away")
    with house.browser() as visitor:
        answer = visitor.get("/p/small/")
    assert answer.status_code == 503
    assert "tracker doctor" in answer.text
    assert "retry-after" in answer.headers
