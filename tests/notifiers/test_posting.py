"""Posting to an address: never behind our own walls, and each failure says what it means."""

from __future__ import annotations

import asyncio
import logging
import socket
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from notifiers.message import TransientFailure, UnknownOutcome
from notifiers.posting import Answer, Place, Poster, is_public, networks
from tests.hooks import DROP, SILENCE, Hook, Reply
from tests.sinks import Authority, refusing_port

LOCAL = networks("127.0.0.0/8")

WALLED = [
    "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "fe80::1", "fc00::1", "fec0::1", "ff02::1",
    "64:ff9b::7f00:1", "2002:7f00:1::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1",
]  # fmt: skip
OPEN = ["8.8.8.8", "114.114.114.114", "2400:3200::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]

HOSTILE = [
    "http://127.0.0.1:{port}/", "http://localhost:{port}/", "http://2130706433:{port}/",
    "http://0x7f000001:{port}/", "http://017700000001:{port}/", "http://127.1:{port}/",
    "http://0:{port}/", "http://[::ffff:127.0.0.1]:{port}/", "http://[::1]:{port}/",
    "http://169.254.169.254/latest/meta-data/", "http://10.0.0.1:{port}/",
    "http://192.168.0.1:{port}/", "http://100.64.0.1:{port}/", "http://[fe80::1]:{port}/",
    "http://[64:ff9b::7f00:1]:{port}/", "http://[::127.0.0.1]:{port}/", "http://0x7f.1:{port}/",
    "http://[::]:{port}/", "http://[::ffff:7f00:1]:{port}/", "http://100.100.100.200/",
]  # fmt: skip


async def posted(place: Place, content: bytes = b"{}") -> Answer:
    poster = Poster(place)
    try:
        return await poster.post(content)
    finally:
        await poster.close()


def test_addresses_behind_walls_are_told_from_open_ones_however_they_are_wrapped() -> None:
    assert [one for one in WALLED if is_public(ip_address(one))] == []
    assert [one for one in OPEN if not is_public(ip_address(one))] == []


async def test_no_connection_is_made_to_a_walled_address_however_it_is_written() -> None:
    with Hook() as hook:
        for url in HOSTILE:
            place = Place(url.format(port=hook.port), "webhook_url", timeout=2)
            with pytest.raises(TransientFailure, match="webhook_url"):
                await posted(place)
        assert (hook.connections, hook.requests) == (0, [])
    print(f"\nFIGURE connections to {len(HOSTILE)} walled addresses: {hook.connections}")


class TwoFaced(asyncio.SelectorEventLoop):
    """A loop whose resolver answers differently each time that it is asked."""

    def __init__(self, *answers: str) -> None:
        super().__init__()
        self.answers, self.asked = list(answers), []  # type: ignore[var-annotated]

    async def getaddrinfo(self, host: Any, port: Any, **_: Any) -> Any:
        self.asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (self.answers.pop(0), port))]


@pytest.mark.parametrize(
    ("answers", "says"),
    [(["192.0.0.9", "127.0.0.1"], "rebinding.example"), (["127.0.0.1", "192.0.0.9"], "no public")],
)
def test_a_name_that_answers_differently_a_moment_later_gains_nothing(
    answers: list[str], says: str
) -> None:
    """Whichever comes first: it is asked once, and the connection goes where that answer led. The
    open address is one of a service that nobody runs (RFC 8155)."""
    loop = TwoFaced(*answers)
    with Hook() as inside, asyncio.Runner(loop_factory=lambda: loop) as runner:
        place = Place(f"http://rebinding.example:{inside.port}/", "webhook_url", timeout=0.5)
        with pytest.raises(TransientFailure, match=says):
            runner.run(posted(place))
    print(f"\nFIGURE a name that leads to {' then '.join(answers)}: asked {len(loop.asked)} time, "
          f"{inside.connections} connections inside")  # fmt: skip
    assert loop.asked == ["rebinding.example"]
    assert inside.connections == 0


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "gopher://x/", "ftp://x/", "x.cn/a", "http:///a", "http://0177.0.0.1/"],
)
def test_only_http_and_https_addresses_are_taken(url: str) -> None:
    with pytest.raises(ValueError, match="webhook_url"):
        Place(url, "webhook_url")


def test_an_account_in_the_address_is_refused_without_telling_it() -> None:
    with pytest.raises(ValueError, match="webhook_url") as refused:
        Place("https://a:secret@x.cn/", "webhook_url")
    assert "secret" not in str(refused.value)


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with Hook() as inside, Hook(Reply("", 302, {"Location": inside.url})) as hook:
        answer = await posted(Place(hook.url, "webhook_url", allowed=LOCAL))
        assert answer.status == 302
        assert inside.requests == []


async def test_what_was_not_sent_may_be_sent_again_and_what_was_is_unknown() -> None:
    with refusing_port() as port, pytest.raises(TransientFailure, match="webhook_url"):
        await posted(Place(f"http://127.0.0.1:{port}/", "webhook_url", allowed=LOCAL))
    with pytest.raises(TransientFailure, match="no-such-host"):
        await posted(Place("http://no-such-host.invalid/", "webhook_url"))
    for odd in (DROP, SILENCE):
        with Hook(odd) as hook, pytest.raises(UnknownOutcome, match="after it was sent"):
            await posted(Place(hook.url, "webhook_url", timeout=0.3, allowed=LOCAL))


async def test_a_long_answer_is_read_no_further_than_needed() -> None:
    with Hook(Reply("x" * 1_000_000)) as hook:
        answer = await posted(Place(hook.url, "webhook_url", allowed=LOCAL))
    assert len(answer.body) == 64 * 1024


async def test_a_head_that_trickles_is_given_up() -> None:
    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n")
        try:
            for n in range(200):
                writer.write(b"x-%d: y\r\n" % n)
                await writer.drain()
                await asyncio.sleep(0.05)
        except ConnectionError:
            pass  # it was given up
        finally:
            writer.close()

    async with await asyncio.start_server(trickle, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        place = Place(f"http://127.0.0.1:{port}/", "webhook_url", timeout=0.3, allowed=LOCAL)
        with pytest.raises(UnknownOutcome, match="after it was sent"):
            async with asyncio.timeout(5):
                await posted(place)


async def test_the_certificate_has_to_be_that_of_the_name(tmp_path: Path) -> None:
    authority = Authority()
    trusted = str(authority.write(tmp_path / "ca.pem"))

    class Secured(Hook):
        """The same behind TLS, as `localhost`."""

        context = authority.server_side()

    with Secured() as hook:
        url = f"https://localhost:{hook.port}/"
        answer = await posted(Place(url, "webhook_url", allowed=LOCAL, certificate=trusted))
        assert answer.status == 200
        with pytest.raises(TransientFailure, match="certificate"):
            await posted(Place(url, "webhook_url", allowed=LOCAL))


async def test_no_log_ever_holds_the_address(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with Hook() as hook:
        await posted(Place(f"{hook.url}?key=SECRET-KEY", "wecom_url", allowed=LOCAL))
        assert hook.requests[0].query == {"key": "SECRET-KEY"}
    assert "SECRET-KEY" not in caplog.text


def test_networks_are_read_from_a_list_and_a_wrong_one_is_named() -> None:
    assert [str(one) for one in networks("10.0.0.0/8, 192.168.1.7")] == [
        "10.0.0.0/8", "192.168.1.7/32",
    ]  # fmt: skip
    with pytest.raises(ValueError, match=r"10\.0\.0\.1/8"):
        networks("10.0.0.1/8")
