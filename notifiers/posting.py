"""One POST to an address that an administrator set, and never to a machine behind our own walls.

A host is looked up once, each of its addresses is checked, and the connection goes to the very
address that was checked: a name that answers differently a moment later gains nothing. Redirects
are not followed, proxies of the environment not used. Private networks have to be allowed by name.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

import httpx2 as httpx

from notifiers.message import TransientFailure, UnknownOutcome, one_line

_CONNECT_SECONDS = 5.0
_LONGEST_ANSWER = 64 * 1024
_LONGEST_PAUSE = timedelta(days=1)
_WAITS = ("retry-after", "x-ogw-ratelimit-reset")
_NAT64 = ip_network("64:ff9b::/96")

# The library logs whole addresses, and a robot's address is its password.
logging.getLogger("httpx2").addFilter(lambda record: record.levelno >= logging.WARNING)

Network = IPv4Network | IPv6Network


@dataclass(frozen=True)
class Place:
    """Where to post. `setting` is named wherever the address turns out to be no good; `allowed` are
    the private networks that an administrator trusts; `timeout` is in seconds, per step.

    Raises ValueError for what is no plain http or https address.
    """

    url: str
    setting: str
    timeout: float = 10
    allowed: tuple[Network, ...] = ()
    certificate: str = ""

    def __post_init__(self) -> None:
        try:
            parsed = httpx.URL(self.url)
        except httpx.InvalidURL as mistake:
            raise ValueError(f"{self.setting}: not a web address") from mistake
        if parsed.scheme not in ("http", "https") or not parsed.host:
            raise ValueError(f"{self.setting}: write an address with http:// or https://")
        if parsed.userinfo:
            raise ValueError(f"{self.setting}: an account in the address is not sent; leave it out")

    @property
    def server(self) -> str:
        """Who is meant, without the path and the query, in which the password stands."""
        return httpx.URL(self.url).netloc.decode("ascii")


@dataclass(frozen=True)
class Answer:
    """Any answer of the server, a refusal too; the body up to 64 KB."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def retry_after(answer: Answer, now: datetime) -> timedelta | None:
    """What the server asked for, in seconds or as a date; at most a day. 飞书 has a header of its
    own for it, in seconds."""
    asked = next((answer.headers[name].strip() for name in _WAITS if name in answer.headers), "")
    if asked.isdigit():
        return min(timedelta(seconds=int(asked[:9])), _LONGEST_PAUSE)
    try:
        date = parsedate_to_datetime(asked)
    except ValueError:
        return None
    wait = date.replace(tzinfo=date.tzinfo or UTC) - now
    return max(timedelta(), min(wait, _LONGEST_PAUSE))


def networks(written: str) -> tuple[Network, ...]:
    """`10.0.0.0/8, 192.168.1.7`; ValueError names what is none."""
    found = []
    for one in written.replace(",", " ").split():
        try:
            found.append(ip_network(one))
        except ValueError as mistake:
            raise ValueError(f"{one!r} is no network such as 10.0.0.0/8: {mistake}") from mistake
    return tuple(found)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether it is one machine of the open internet, however its address is wrapped."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if address.is_site_local or address.teredo or (inner and not is_public(inner)):
            return False
        if inner:
            return True
    return address.is_global and not (address.is_multicast or address.is_reserved)


class Poster:
    """Belongs to one event loop from the first post to `close`; after that it can begin anew."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._client: httpx.AsyncClient | None = None

    async def post(
        self,
        content: bytes,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Answer:
        """TransientFailure where nothing was sent, UnknownOutcome where something may have been."""
        url = httpx.URL(self.place.url)
        if query:
            url = url.copy_merge_params(dict(query))
        literal = await self._address(url.host, url.port or (443 if url.scheme == "https" else 80))
        client = await self._opened()
        request = client.build_request(
            "POST",
            url.copy_with(host=literal),
            content=content,
            headers={
                "content-type": "application/json; charset=utf-8",
                "user-agent": "tracker",
                **(headers or {}),
                "host": url.netloc.decode("ascii"),
            },
            extensions={"sni_hostname": url.host},  # the certificate is the name's
        )
        return await self._exchange(client, request)

    async def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _exchange(self, client: httpx.AsyncClient, request: httpx.Request) -> Answer:
        try:
            # Three steps, each of which the library counts anew with every byte: a head that
            # trickled would have no end, and all other addresses wait for this one.
            async with asyncio.timeout(3 * self.place.timeout):
                response = await client.send(request, stream=True)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as failure:
            raise TransientFailure(self._trouble(failure)) from failure
        except (httpx.HTTPError, ssl.SSLError, OSError) as failure:
            raise UnknownOutcome(f"{self._trouble(failure)} after it was sent") from failure
        try:
            async with asyncio.timeout(self.place.timeout):
                body = await _first_octets(response)
        except (httpx.HTTPError, OSError) as failure:
            raise UnknownOutcome(f"{self._trouble(failure)} in its answer") from failure
        finally:
            await response.aclose()
        return Answer(response.status_code, response.headers, body)

    def _trouble(self, failure: BaseException) -> str:
        said = one_line(str(failure)) or type(failure).__name__
        return f"{self.place.server}: {said}; see setting {self.place.setting}"

    async def _address(self, host: str, port: int) -> str:
        """The first address of the host that may be connected to."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as failure:
            raise TransientFailure(self._trouble(failure)) from failure
        literals = [str(address[0]) for *_, address in found]
        open_ones = [one for one in literals if self._may_go_to(one)]
        if not open_ones:
            raise TransientFailure(
                f"{self.place.server} leads to {', '.join(dict.fromkeys(literals))}, which is no "
                f"public address; see settings {self.place.setting} and allowed_networks"
            )
        return open_ones[0]

    def _may_go_to(self, literal: str) -> bool:
        address = ip_address(literal.partition("%")[0])
        return is_public(address) or _within(address, self.place.allowed)

    async def _opened(self) -> httpx.AsyncClient:
        if self._client is None:
            place = self.place
            context = await asyncio.to_thread(
                ssl.create_default_context, cafile=place.certificate or None
            )
            self._client = httpx.AsyncClient(
                verify=context,
                timeout=httpx.Timeout(place.timeout, connect=min(_CONNECT_SECONDS, place.timeout)),
                follow_redirects=False,
                trust_env=False,
            )
        return self._client


def _within(address: IPv4Address | IPv6Address, allowed: Iterable[Network]) -> bool:
    inner = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return any((inner or address) in network for network in allowed)


async def _first_octets(response: httpx.Response) -> bytes:
    body = b""
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) >= _LONGEST_ANSWER:
            break
    return body[:_LONGEST_ANSWER]
