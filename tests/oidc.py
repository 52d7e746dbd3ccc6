"""An identity provider as OpenID Connect describes one, on a local port, that can be told to lie.

Codes serve once and for the PKCE challenge and address that they were asked with; clients name
themselves by their secret.
"""

from __future__ import annotations

import hmac
import json
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_urlsafe
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

CLIENT, SECRET = "tracker", "a secret of the client"


@dataclass
class Idp:
    """`claims` replace those of the ID token (None leaves one out); `signs` and `alg` with what it
    is signed, bytes being a shared secret; `refuses` is the error that the authorization ends
    with; `broken` the status that every request is answered with."""

    now: Callable[[], datetime]
    url: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    signs: RSAKey | ECKey | bytes = field(default_factory=lambda: rsa("first"))
    keys: list[RSAKey | ECKey] = field(default_factory=list)
    alg: str = "RS256"
    metadata: dict[str, Any] = field(default_factory=dict)
    refuses: str = ""
    broken: int = 0
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.keys and not isinstance(self.signs, bytes):
            self.keys = [self.signs]

    def configuration(self) -> dict[str, Any]:
        return {
            "issuer": self.url, "authorization_endpoint": f"{self.url}/authorize?tenant=office",
            "token_endpoint": f"{self.url}/token", "jwks_uri": f"{self.url}/jwks",
            "end_session_endpoint": f"{self.url}/end",
            "id_token_signing_alg_values_supported": ["RS256", "ES256", "HS256", "none"],
            **self.metadata,
        }  # fmt: skip

    def jwks(self) -> Any:
        return KeySet(self.keys).as_dict(private=False)

    def authorize(self, query: dict[str, str]) -> str:
        """Where the browser is sent back to."""
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        assert query["client_id"] == CLIENT
        code = token_urlsafe(16)
        self.codes[code] = query
        told = {"error": self.refuses} if self.refuses else {"code": code}
        told |= {"state": query["state"], "iss": self.url}
        return f"{query['redirect_uri']}?{urlencode(told)}"

    def token(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        kind, _, told = authorization.partition(" ")
        client, _, secret = b64decode(told).decode().partition(":")
        if (kind, client, unquote(secret)) != ("Basic", CLIENT, SECRET):
            return 401, {"error": "invalid_client"}
        asked = self.codes.pop(form.get("code", ""), {})
        challenge = _part(sha256(form.get("code_verifier", "").encode()).digest())
        same = asked.get("redirect_uri") == form.get("redirect_uri")
        if not same or asked["code_challenge"] != challenge:
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "unused", "token_type": "Bearer", "expires_in": 60,
                     "id_token": self.id_token(asked["nonce"])}  # fmt: skip

    def id_token(self, nonce: str) -> str:
        now = int(self.now().timestamp())
        claims = {"iss": self.url, "aud": CLIENT, "sub": "u-1", "iat": now, "exp": now + 300,
                  "nonce": nonce} | self.claims  # fmt: skip
        kept = {name: value for name, value in claims.items() if value is not None}
        if isinstance(self.signs, bytes):
            return by_hand(self.alg, kept, self.signs)
        header = {"alg": self.alg, "kid": self.signs.kid}
        return jwt.encode(header, kept, self.signs, algorithms=[self.alg])


@cache
def rsa(kid: str, which: str = "") -> RSAKey:
    """`which` tells keys of the same name apart."""
    return RSAKey.generate_key(2048, {"kid": kid})


def by_hand(alg: str, claims: dict[str, Any], secret: bytes) -> str:
    """HS256, or no signature at all: libraries refuse to write what a forger would."""
    told = ".".join(_part(json.dumps(one).encode()) for one in ({"alg": alg, "typ": "JWT"}, claims))
    mark = hmac.digest(secret, told.encode(), "sha256") if alg == "HS256" else b""
    return f"{told}.{_part(mark)}"


def _part(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")


@contextmanager
def provider(now: Callable[[], datetime]) -> Iterator[Idp]:
    """`now` is by which clock its tokens are dated."""
    idp = Idp(now)

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            place = urlsplit(self.path)
            idp.asked.append(place.path)
            if idp.broken:
                self.said(idp.broken, "text/plain", b"out of order")
            elif place.path == "/authorize":
                self.send_response(302)
                self.send_header("location", idp.authorize(dict(parse_qsl(place.query))))
                self.end_headers()
            elif place.path == "/end":
                self.said(200, "text/html", b"<title>out</title>signed out of the office")
            else:
                known = {"/.well-known/openid-configuration": idp.configuration,
                         "/jwks": idp.jwks}  # fmt: skip
                self.told(200, known[place.path]())

        def do_POST(self) -> None:
            idp.asked.append(self.path)
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            if idp.broken:
                self.said(idp.broken, "text/plain", b"out of order")
            else:
                form = dict(parse_qsl(body))
                self.told(*idp.token(form, self.headers.get("authorization", "")))

        def told(self, status: int, body: object) -> None:
            self.said(status, "application/json", json.dumps(body).encode())

        def said(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    idp.url = f"http://127.0.0.1:{server.server_port}"
    serving = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    serving.start()
    try:
        yield idp
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
