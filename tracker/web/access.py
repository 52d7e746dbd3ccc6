"""The door: who a request comes from, which cookies it brings, whether a form is ours.

With accounts everybody signs in. Until there are any, whoever sits at the machine is the
coordinating office on a server that only listens on this machine; on any other, an access code
(TRACKER_ACCESS_CODE) is asked for once and kept in a signed cookie. Forms carry a token that is
bound to the session's cookie.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from itsdangerous import BadData, URLSafeSerializer
from starlette.requests import Request
from starlette.responses import Response

from tracker.domain.authority import Post, Role, Who
from tracker.domain.errors import Refused, TrackerError
from tracker.services import signins
from tracker.services.tries import TooOften
from tracker.settings import Settings

SESSION = "tracker_session"
PASS = "tracker_access"
SIGN_IN = "tracker_sign_in"
DEVICE = "tracker_device"
BEGUN = "tracker_way_in"
BEGUN_LASTS = timedelta(minutes=10)
DEVICE_LASTS = timedelta(days=365)
PASS_LASTS = timedelta(days=30)
MOST_GUESSERS = 10_000
OFFICE = "office"
LOCAL_OFFICE = Who(OFFICE, (Post(Role.OFFICE), Post(Role.ADMINISTRATOR)))
"""Whoever sits at the machine could change the database itself."""
CODED_OFFICE = Who(OFFICE, (Post(Role.OFFICE),))
STRANGER = Who("", ())

_HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:[0-9]{1,5})?")
FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "x-forwarded-host", "via")


class SignInNeeded(TrackerError):
    """Nobody has signed in yet, or the access code has not been given."""


class PasswordNeeded(TrackerError):
    """The password was invented by somebody else and has to be changed first."""


class Forbidden(TrackerError):
    """Not from here: the text says why."""


def check_binding(settings: Settings, *, accounts: bool = False) -> None:
    """Refused where others could reach the pages and neither `accounts` nor an access code would
    stop them."""
    if not is_loopback(settings.host) and not code_of(settings) and not accounts:
        raise Refused(
            f"监听 {settings.host} 时他人也能访问，须先有账号或设访问码 / other machines can reach "
            f"{settings.host}: make an account (tracker user add), set TRACKER_ACCESS_CODE, "
            "or listen on 127.0.0.1"
        )


def code_of(settings: Settings) -> str:
    code = settings.access_code
    return "" if code is None else code.get_secret_value().strip()


def is_loopback(host: str) -> bool:
    name = host.strip("[]").lower()
    if name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


@dataclass
class Throttle:
    """At most `limit` tries from one address, or one network of IPv6, in `window`."""

    limit: int = 10
    window: timedelta = timedelta(minutes=10)
    _tries: dict[str, deque[datetime]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @property
    def kept(self) -> int:
        """How many addresses are remembered."""
        return len(self._tries)

    def take(self, who: str, now: datetime) -> None:
        """Count a try; TooOften, with the seconds to wait, when they are used up.

        Counted before its outcome is known, so that tries at the same moment are not free.
        """
        with self._lock:
            tries = self._tries.setdefault(_guesser(who), deque())
            while tries and tries[0] <= now - self.window:
                tries.popleft()
            if len(tries) >= self.limit:
                left = tries[0] + self.window - now
                raise TooOften(max(1, int(left.total_seconds())))
            tries.append(now)
            if len(self._tries) > MOST_GUESSERS:
                self._forget(now)

    def give_back(self, who: str) -> None:
        """The latest try was none: it succeeded."""
        with self._lock:
            tries = self._tries.get(_guesser(who))
            if tries:
                tries.pop()

    def _forget(self, now: datetime) -> None:
        """Who has not tried lately; where that is not enough, half of those who have."""
        fresh = {who: one for who, one in self._tries.items()
                 if one and one[-1] > now - self.window}  # fmt: skip
        if len(fresh) > MOST_GUESSERS:
            fresh = dict(list(fresh.items())[len(fresh) // 2 :])
        self._tries = fresh


def _guesser(who: str) -> str:
    """One machine may have 2^64 addresses of IPv6: they count as one."""
    try:
        address = ip_address(who)
    except ValueError:
        return who
    if isinstance(address, IPv4Address):
        return who
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(IPv6Network((int(address), 64), strict=False))


@dataclass
class Gate:
    """Knows the secret; answers who is asking and whether a form is ours."""

    settings: Settings
    secret: str
    codes: Throttle = field(default_factory=Throttle)
    links: Throttle = field(default_factory=lambda: Throttle(limit=60))

    def comes_from_here(self, request: Request) -> bool:
        """Somebody at this machine, on a server that only this machine can reach.

        Not through a proxy, and not through a foreign name that was made to point here. Where there
        is an access code everybody gives it: many a proxy does not say that it is one.
        """
        host = request.client.host if request.client else ""
        named = _HOST.fullmatch(request.headers.get("host", "").lower())
        return (
            not code_of(self.settings)
            and named is not None
            and is_loopback(named["name"])
            and is_loopback(self.settings.host)
            and is_loopback(host)
            and not any(name in request.headers for name in FORWARDED)
        )

    def admit(self, request: Request, now: datetime) -> Who:
        """Who asks where there are no accounts; SignInNeeded or Forbidden."""
        if self.comes_from_here(request):
            return LOCAL_OFFICE
        if self._has_pass(request, now):
            return CODED_OFFICE
        if not code_of(self.settings):
            raise Forbidden("no_code")
        raise SignInNeeded

    def address(self, request: Request) -> str:
        """Where the request comes from. What a trusted proxy says is believed, from the right up
        to the first address that is not a trusted proxy's: all before that can be made up."""
        peer = request.client.host if request.client else ""
        trusted = self.settings.proxies
        told = [one.strip() for one in request.headers.get("x-forwarded-for", "").split(",")]
        while told and told[-1] and _within(peer, trusted):
            peer = told.pop()
        return _guesser(peer)

    def sign_in(self, request: Request, code: str, now: datetime) -> bool:
        who = self.address(request)
        self.codes.take(who, now)
        wanted = code_of(self.settings)
        right = bool(wanted) and hmac.compare_digest(
            code.strip().encode(errors="replace"), wanted.encode()
        )
        if right:
            self.codes.give_back(who)
        return right

    def give_pass(self, request: Request, response: Response, now: datetime) -> None:
        value = {"code": self._code_mark(), "until": int((now + PASS_LASTS).timestamp())}
        self._set(request, response, PASS, self._signer("access").dumps(value), PASS_LASTS)

    def take_pass(self, request: Request, response: Response) -> None:
        for name in (PASS, SIGN_IN):
            self._delete(request, response, name)

    def signed_in(self, request: Request) -> str:
        """The value of the sign-in that the browser brings, empty for none."""
        return self._cookie(request, SIGN_IN)[:200]

    def keep_sign_in(self, request: Request, response: Response, value: str) -> None:
        self._set(request, response, SIGN_IN, value, signins.LASTS)

    def device(self, request: Request) -> str:
        """The account that signed in from this browser before and the browser's own number, as we
        signed them; empty for none."""
        try:
            return str(self._signer("device").loads(self._cookie(request, DEVICE)))
        except BadData:
            return ""

    def keep_device(self, request: Request, response: Response, account: int) -> None:
        known = self.device(request)
        if known.partition("|")[0] != str(account):
            known = f"{account}|{secrets.token_urlsafe(12)}"
        self._set(request, response, DEVICE, self._signer("device").dumps(known), DEVICE_LASTS)

    def keep_begun(
        self, request: Request, response: Response, begun: Mapping[str, str], now: datetime
    ) -> None:
        """What this browser began at the identity provider, so that it can be finished here."""
        value = {**begun, "until": int((now + BEGUN_LASTS).timestamp())}
        self._set(request, response, BEGUN, self._signer("way_in").dumps(value), BEGUN_LASTS)

    def begun(self, request: Request, now: datetime) -> dict[str, str]:
        """The same; empty for a browser that began nothing, or too long ago."""
        try:
            value = dict(self._signer("way_in").loads(self._cookie(request, BEGUN)))
        except BadData:
            return {}
        return value if value.pop("until") > now.timestamp() else {}

    def end_begun(self, request: Request, response: Response) -> None:
        self._delete(request, response, BEGUN)

    def session(self, request: Request) -> str:
        """The session that the cookie names, or a new one. Whoever signed in has another one than
        before, and another one after the sign-in was renewed."""
        if value := self.signed_in(request):
            return signins.mark(value)
        try:
            name = self._signer("session").loads(self._cookie(request, SESSION))
        except BadData:
            return secrets.token_urlsafe(18)
        return str(name)

    def keep_session(self, request: Request, response: Response, session: str) -> None:
        known = self.signed_in(request) or self._cookie(request, SESSION)
        if not known or self.session(request) != session:
            self._set(request, response, SESSION, self._signer("session").dumps(session), None)

    def token(self, session: str) -> str:
        """What a form has to bring back, worth nothing without the session's cookie."""
        return hmac.new(self.secret.encode(), f"form|{session}".encode(), "sha256").hexdigest()

    def check_form(self, request: Request, token: str) -> None:
        """Forbidden for a form that did not come from a page of ours in this browser."""
        if not self.same_origin(request):
            raise Forbidden("origin")
        expected = self.token(self.session(request))
        if not hmac.compare_digest(expected.encode(), token.encode(errors="replace")):
            raise Forbidden("token")

    def check_origin(self, request: Request) -> None:
        """Forbidden for a change that a page of another site asks for; a browser says from where
        it sends a DELETE."""
        if not self.same_origin(request):
            raise Forbidden("origin")

    def same_origin(self, request: Request) -> bool:
        if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return False
        origin = request.headers.get("origin")
        if origin is None:
            return True
        ours = {request.headers.get("host", "").lower(), urlsplit(self.settings.base_url).netloc}
        told = re.fullmatch(r"https?://([^/]+)", origin.lower())
        return told is not None and told[1] in ours - {""}

    def _has_pass(self, request: Request, now: datetime) -> bool:
        try:
            value: Any = self._signer("access").loads(self._cookie(request, PASS))
        except BadData:
            return False
        fresh = int(value["until"]) > now.timestamp()
        return bool(code_of(self.settings)) and fresh and value["code"] == self._code_mark()

    def _code_mark(self) -> str:
        """Changes with the code, so that a new code takes back every pass."""
        mixed = f"{self.secret}|{code_of(self.settings)}".encode()
        return hashlib.sha256(mixed).hexdigest()[:16]

    def _signer(self, use: str) -> URLSafeSerializer:
        return URLSafeSerializer(self.secret, salt=f"tracker.web.{use}")

    def _set(
        self, request: Request, response: Response, name: str, value: str, age: timedelta | None
    ) -> None:
        response.set_cookie(
            self._named(request, name),
            value,
            max_age=None if age is None else int(age.total_seconds()),
            path="/",
            httponly=True,
            samesite="lax",
            secure=self._secure(request),
        )

    def _delete(self, request: Request, response: Response, name: str) -> None:
        response.delete_cookie(self._named(request, name), path="/", httponly=True,
                               samesite="lax", secure=self._secure(request))  # fmt: skip

    def _cookie(self, request: Request, name: str) -> str:
        return request.cookies.get(self._named(request, name), "")

    def _named(self, request: Request, name: str) -> str:
        """`__Host-`: a browser takes it over https alone, and from this very host alone."""
        return f"__Host-{name}" if self._secure(request) else name

    def _secure(self, request: Request) -> bool:
        return request.url.scheme == "https" or self.settings.base_url.startswith("https:")


def _within(host: str, trusted: Sequence[IPv4Network | IPv6Network]) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return any(address in network for network in trusted)
