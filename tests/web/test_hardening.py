"""The pages against requests that no browser sends, and against what a browser may be made to."""

from __future__ import annotations

import asyncio
import re
import time
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, repeat
from typing import Any

import httpx2 as httpx
import pytest
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message

from tests.builders import at, 住建局
from tests.web.conftest import HERE, NOW, House, form_of
from tracker.web.access import Throttle, TooOften
from tracker.web.app import create
from tracker.web.intake import FILE_LIMIT
from tracker.web.security import HEADERS, Patient

STRANGE_HOSTS = ("[", "[::1", "evil@127.0.0.1", "127.0.0.1/.evil", "127.0.0.1?x", "127.0.0.1#x",
                 "127.0.0.1\\evil", "")  # fmt: skip


def untroubled(house: House, **parts: Any) -> TestClient:
    """A browser that is shown what breaks, as a real one would be."""
    return TestClient(
        house.app, base_url="http://127.0.0.1:8000", client=parts.get("client", HERE),
        follow_redirects=False, headers={"accept": "text/html"}, raise_server_exceptions=False,
    )  # fmt: skip


def strict(answer: httpx.Response) -> None:
    """The page to try the interface may write styles, as its program does, and nothing more."""
    for name in HEADERS:
        assert name in answer.headers, f"{answer.request.url}: no {name}"
    policy = answer.headers["content-security-policy"]
    if answer.request.url.path == "/api/v1/docs":
        assert "script-src 'self';" in policy
        policy = policy.replace("style-src 'self' 'unsafe-inline';", "")
    assert "unsafe" not in policy


@pytest.fixture
def browser(house: House) -> Iterator[TestClient]:
    with untroubled(house) as client:
        yield client


def every_route(house: House) -> list[tuple[str, str]]:
    """Method and path of each route, those of included routers too."""
    found: list[tuple[str, str]] = []

    def walk(routes: Any, prefix: str) -> None:
        for route in routes:
            inner = getattr(route, "original_router", None) or getattr(route, "router", None)
            if inner is not None:
                walk(inner.routes, prefix)
            elif hasattr(route, "methods"):
                found.extend((method, prefix + route.path) for method in sorted(route.methods))

    walk(house.app.routes, "")
    return found


def filled(path: str) -> str:
    values = {"slug": "small", "unit": "housing", "kind": "csv", "sha256": "0" * 64, "token": "x",
              "name": "x"}  # fmt: skip
    values |= dict.fromkeys(("number", "seat", "one", "reply", "absence", "review"), "1")
    return re.sub(r"\{(\w+)[^}]*\}", lambda part: values.get(part[1], "small"), path)


ACTING = {"key": f"1/done/{住建局}", "outcome": "accepted", "state": "done"}
"""What a form would bring, in an address."""


def test_every_form_of_every_route_needs_its_token(house: House, browser: TestClient) -> None:
    """A DELETE has no form: a browser says which site asks for it."""
    acting = [one for one in every_route(house) if one[0] not in ("GET", "HEAD")]
    assert len(acting) >= 9, "the walk finds the routes"
    before = house.everything()
    for method, path in acting:
        said = {"origin": "http://elsewhere.example"} if method == "DELETE" else {}
        for sent in ({}, {"token": "0" * 64}, {"token": ""}):
            answer = browser.request(method, filled(path), data=sent, headers=said)
            assert answer.status_code == 403, (method, path)
            strict(answer)
    assert house.everything() == before
    print(f"\nFIGURE {len(acting)} acts, each asked without a token, with another's and with an "
          "empty one: all refused, 0 rows changed")  # fmt: skip


def test_no_get_or_head_of_any_route_changes_a_row(house: House, browser: TestClient) -> None:
    showing = [path for method, path in every_route(house) if method == "GET"]
    assert len(showing) >= 20, "the walk finds the routes"
    before = house.everything()
    for path in showing:
        answer = browser.get(filled(path))
        assert answer.status_code < 500 or "health" in path, path
        strict(answer)
        strict(browser.head(filled(path)))
        browser.get(filled(path), params=ACTING)
    assert house.everything() == before
    print(f"\nFIGURE {len(showing)} addresses looked at: all with every header, 0 rows changed")


def test_a_fault_of_ours_is_as_strict_as_a_page(house: House) -> None:
    app = create(house.runtime)

    @app.get("/broken")
    @app.get("/api/v1/broken")
    def broken() -> None:
        raise ZeroDivisionError

    with TestClient(app, client=HERE, base_url="http://127.0.0.1:8000",
                    raise_server_exceptions=False) as client:  # fmt: skip
        for path in ("/broken", "/api/v1/broken"):
            answer = client.get(path)
            assert answer.status_code == 500
            strict(answer)


@pytest.mark.parametrize("host", STRANGE_HOSTS)
def test_a_host_that_is_none_opens_no_door(browser: TestClient, host: str) -> None:
    answer = browser.get("/p/small/", headers={"host": host})
    assert answer.status_code == 403
    strict(answer)


@pytest.mark.parametrize("origin", ["http://[", "null", "", "http://evil@127.0.0.1:8000"])
def test_an_origin_that_is_none_is_not_ours(browser: TestClient, origin: str) -> None:
    page = browser.get("/p/small/cases")
    answer = browser.post("/p/small/cases", data=form_of(page), headers={"origin": origin})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "path",
    ["/p/%00/", "/api/v1/programmes/%00/score", "/p/small/notices?skip=99999999999999999999999",
     "/p/small/notices?skip=x", "/p/small/obligation?key=%00", "/a/%00", "/p/small/units/%00",
     "/p/small/evidence/%00", "/p/small/slips/75863451208/pdf", "/p/small/slips/75863451208",
     "/p/small/people/75863451208", "/p/small/mails/75863451208", "/p/small/signoffs/75863451208",
     "/api/v1/programmes/small/slips/75863451208/pdf", "/admin/75863451208",
     "/p/small/evidence/..%2f..%2fsecret", "/p/small/?as_of=%00"],
)  # fmt: skip
def test_a_path_that_leads_nowhere_is_said_in_words(browser: TestClient, path: str) -> None:
    assert 400 <= browser.get(path).status_code < 500


@pytest.mark.parametrize("charset", ["undefined", "unicode_escape", "utf-7", "nonsense"])
def test_a_form_in_a_strange_writing_is_refused(browser: TestClient, charset: str) -> None:
    kind = f"multipart/form-data; boundary=x; charset={charset}"
    body = b'--x\r\ncontent-disposition: form-data; name="token"\r\n\r\n\\ud800\xff\r\n--x--\r\n'
    answer = browser.post("/p/small/cases", content=body, headers={"content-type": kind})
    assert answer.status_code in (400, 403)


def test_controls_in_a_field_are_left_out(house: House, browser: TestClient) -> None:
    """PostgreSQL keeps no NUL, and no mail header takes any of them."""
    form = form_of(browser.get("/p/small/report?key=1/done/housing"))
    sent = form | {"state": "done", "note": "甲\x00乙\x1b\r\n丙"}
    assert browser.post("/p/small/report", data=sent).status_code == 303
    assert house.last().note.splitlines() == ["甲乙", "丙"]


def test_where_there_is_a_code_a_silent_proxy_on_the_machine_is_asked_for_it_too(
    a_house: Callable[..., House],
) -> None:
    house = a_house(access_code="生态-2021")
    with untroubled(house) as proxied:
        assert proxied.get("/p/small/").status_code == 303


# -- the access code -----------------------------------------------------------------------------


def test_tries_at_the_same_moment_do_not_pass_the_limit_together() -> None:
    throttle = Throttle(limit=10)

    def one(_: int) -> bool:
        try:
            throttle.take("203.0.113.9", NOW)
        except TooOften:
            return False
        return True

    with ThreadPoolExecutor(50) as many:
        assert sum(many.map(one, range(500))) == 10


def test_a_network_of_the_new_protocol_is_one_guesser() -> None:
    throttle = Throttle(limit=10)
    for number in range(10):
        throttle.take(f"2001:db8:1:2::{number:x}", NOW)
    with pytest.raises(TooOften):
        throttle.take("2001:db8:1:2:ffff::1", NOW)
    throttle.take("2001:db8:1:3::1", NOW)
    throttle.take("::ffff:203.0.113.9", NOW)


def test_many_guessers_do_not_fill_the_memory() -> None:
    throttle = Throttle(limit=10)
    for number in range(30_000):
        throttle.take(f"10.{number // 65536}.{number // 256 % 256}.{number % 256}", NOW)
    throttle.take("203.0.113.9", at("2021-10-18 09:00"))
    assert throttle.kept < 10_001


def test_forged_forwarding_does_not_make_another_guesser(
    a_house: Callable[..., House],
) -> None:
    house = a_house(host="0.0.0.0", access_code="生态-2021")
    with untroubled(house, client=("203.0.113.9", 1)) as stranger:
        hidden = form_of(stranger.get("/sign-in"))
        seen = [
            stranger.post("/sign-in", data=hidden | {"code": f"guess{n}"},
                          headers={"x-forwarded-for": f"10.0.0.{n}", "x-real-ip": f"10.0.0.{n}",
                                   "forwarded": f"for=10.0.0.{n}"}).status_code
            for n in range(12)
        ]  # fmt: skip
    assert seen == [403] * 10 + [429] * 2


# -- bodies (F8) ---------------------------------------------------------------------------------


class Sender:
    """A POST that sends what it is given, part by part, with a pause before each; `taken` counts
    the bytes that were asked for."""

    def __init__(self, parts: Iterator[bytes], *, pause: float = 0) -> None:
        self._parts, self._pause = parts, pause
        self.taken, self.status = 0, 0

    async def to(self, app: ASGIApp, path: str, **headers: str) -> int:
        told = [(b"host", b"127.0.0.1:8000"),
                *((name.replace("_", "-").encode(), value.encode())
                  for name, value in headers.items())]  # fmt: skip
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST",
            "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"",
            "root_path": "", "client": HERE, "server": ("127.0.0.1", 8000), "headers": told,
        }  # fmt: skip
        await app(scope, self._give, self._keep)
        return self.status

    async def _give(self) -> Message:
        await asyncio.sleep(self._pause)
        body = next(self._parts, b"")
        self.taken += len(body)
        return {"type": "http.request", "body": body, "more_body": bool(body)}

    async def _keep(self, message: Message) -> None:
        self.status = message.get("status", self.status)


ONE_KIND = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
FORM = "multipart/form-data; boundary=edge"
PART = b'--edge\r\ncontent-disposition: form-data; name="f"; filename="f"\r\n\r\n'


@ONE_KIND
async def test_two_gigabytes_are_refused_before_or_while_they_come(house: House) -> None:
    app = create(house.runtime)
    announced = Sender(iter([b"x"] * 9))
    size = str(2 << 30)
    assert await announced.to(app, "/p/small/report", content_type=FORM, content_length=size) == 413
    assert announced.taken == 0
    chunk = bytes(1 << 20)
    silent = Sender(chain([PART], repeat(chunk, 2048)))
    tracemalloc.start()
    assert await silent.to(app, "/p/small/report", content_type=FORM) == 413
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert silent.taken <= FILE_LIMIT + 3 * len(chunk)
    assert peak < 50 << 20
    as_json = Sender(repeat(chunk, 2048))
    assert await as_json.to(app, "/api/v1/programmes/small/facts",
                            content_type="application/json") == 413  # fmt: skip
    assert as_json.taken < 20 << 20
    print(f"\nFIGURE of 2 GB {silent.taken >> 20} MB were taken, {peak >> 20} MB of memory used")


@ONE_KIND
async def test_of_who_has_not_said_who_they_are_no_file_is_taken(house: House) -> None:
    app = create(house.runtime)
    chunk = bytes(64 * 1024)
    for path in ("/sign-in", "/sign-out"):
        sender = Sender(chain([PART], repeat(chunk, 1600)))
        assert await sender.to(app, path, content_type=FORM) == 413, path
        assert sender.taken < 512 * 1024


@ONE_KIND
async def test_a_body_in_small_pieces_costs_in_proportion_to_its_length(house: House) -> None:
    app = create(house.runtime)
    path, kind = "/api/v1/programmes/small/facts", "application/json"

    async def seconds(n: int) -> float:
        begun = time.process_time()
        assert await Sender(repeat(bytes(128), n)).to(app, path, content_type=kind) == 422
        return time.process_time() - begun

    await seconds(100)
    once, twice = await seconds(20_000), await seconds(40_000)
    assert twice / once < 3
    print(
        f"\nFIGURE 5 MB in pieces of 128 bytes: {twice:.1f} s, {twice / once:.1f} times half of it"
    )


@ONE_KIND
async def test_ten_thousand_parts_are_no_form(house: House) -> None:
    part = b'--edge\r\ncontent-disposition: form-data; name="f%d"\r\n\r\nx\r\n'
    sender = Sender(part % n for n in range(10_000))
    assert await sender.to(create(house.runtime), "/p/small/report", content_type=FORM) == 400
    assert sender.taken < 200 * len(part)


@ONE_KIND
async def test_who_hangs_up_while_sending_is_no_fault_of_ours(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """A telephone that lost its network: no trace in the log, nothing taken."""

    class Lost(Sender):
        async def _give(self) -> Message:
            told = await super()._give()
            return told if told["more_body"] else {"type": "http.disconnect"}

    before = house.everything()
    sender = Lost(iter([PART]))
    assert await sender.to(create(house.runtime), "/p/small/report", content_type=FORM) == 400
    assert [one for one in caplog.records if one.levelname == "ERROR"] == []
    assert house.everything() == before


@ONE_KIND
async def test_a_body_that_does_not_come_or_trickles_is_given_up(house: House) -> None:
    app = create(house.runtime)
    before = house.everything()
    impatient = Patient(app, patience=0.05, slowest=1 << 20)
    for pause in (60.0, 0.02):
        sender = Sender(chain([PART], repeat(b"x")), pause=pause)
        assert await sender.to(impatient, "/p/small/report", content_type=FORM) == 408
        assert sender.taken < len(PART) + 10
    fast = Sender(chain([PART], repeat(bytes(1 << 20), 3)), pause=0.001)
    assert await fast.to(impatient, "/p/small/report", content_type=FORM) == 400, "it is cut off"
    assert house.everything() == before
