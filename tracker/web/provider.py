"""统一身份认证: the office's own identity provider, spoken to as OpenID Connect says: authorization
code with PKCE, everything that it answers checked before it is believed.

What was asked for lies in a signed cookie of the browser that asked, and answers once: an answer
that somebody else's browser was given, or that is shown a second time, opens nothing.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from tracker.domain.errors import TrackerError
from tracker.services.accounts import SUBJECT
from tracker.settings import Settings, is_safe_address

if TYPE_CHECKING:
    from authlib.integrations.httpx_client import OAuth2Client
    from joserfc.jwk import KeySet

log = logging.getLogger("tracker.web.provider")

DISCOVERY = "/.well-known/openid-configuration"
TIMEOUT = 5.0
"""Seconds for each step of an answer: somebody waits at the page."""
KNOWN_FOR = timedelta(minutes=30)
AGAIN_AFTER = timedelta(seconds=15)
"""A provider that is down is not asked at each click, and unknown keys are not fetched at each."""
VERIFIED = {"email": "email_verified", "phone_number": "phone_number_verified"}
"""Claims that people may write themselves, and what says that they are true."""
LEEWAY = 60
"""Seconds by which its clock and ours may differ."""
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512",
              "EdDSA", "Ed25519")  # fmt: skip
"""Signatures that only who holds the private key can make: never `none`, never a shared secret."""


class NoEntry(TrackerError):
    """The provider's way in led nowhere: `down`, `refused`, `stale`, `untrusted`, `unknown` or
    `disabled`. `why` is for the log and names nobody; `subject` is who was vouched for."""

    def __init__(self, kind: str, why: str = "", *, subject: str = "") -> None:
        super().__init__(kind)
        self.kind, self.why, self.subject = kind, why, subject


class Metadata(BaseModel):
    """What the provider says of itself; the rest of it is not used."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str = ""
    id_token_signing_alg_values_supported: tuple[str, ...] = ("RS256",)
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)

    @property
    def addresses(self) -> tuple[str, ...]:
        told = (self.authorization_endpoint, self.token_endpoint, self.jwks_uri)
        return (*told, self.end_session_endpoint) if self.end_session_endpoint else told


@dataclass(frozen=True)
class Person:
    """Whom the provider vouches for: `subject` is the claim that the settings name; `mail` is empty
    unless the provider says that it was verified."""

    subject: str
    mail: str


@dataclass(frozen=True)
class Begun:
    """A way in that was begun: where the browser goes, and what has to come back with it."""

    address: str
    state: str
    nonce: str
    verifier: str


@dataclass
class Provider:
    """One for the process; what it knows of the provider is fetched when first needed."""

    settings: Settings
    _lock: Lock = field(default_factory=Lock)
    _metadata: Metadata | None = None
    _keys: KeySet | None = None
    _fetched_at: datetime | None = None
    _failed_at: datetime | None = None
    _keys_at: datetime | None = None

    @property
    def there(self) -> bool:
        return bool(self.settings.oidc_issuer)

    @property
    def back(self) -> str:
        """Where the provider sends people back to; registered with it."""
        return f"{self.settings.base_url}/sign-in/back"

    def begin(self, now: datetime) -> Begun:
        """NoEntry where the provider cannot be reached."""
        from authlib.common.security import generate_token

        metadata = self._known(now)
        nonce, verifier = generate_token(32), generate_token(64)
        with self._client(metadata) as client:
            address, state = client.create_authorization_url(
                metadata.authorization_endpoint, state=generate_token(32), nonce=nonce,
                code_verifier=verifier,
            )  # fmt: skip
        return Begun(address, state, nonce, verifier)

    def finish(self, answer: Mapping[str, str], begun: Mapping[str, str], now: datetime) -> Person:
        """Who signed in, by the provider's answer to what was begun; NoEntry otherwise."""
        metadata = self._known(now)
        if answer.get("iss", metadata.issuer) != metadata.issuer:  # RFC 9207: another provider's
            raise NoEntry("untrusted", "the answer names another issuer")
        if "error" in answer:
            raise NoEntry("refused", f"the provider answered {answer['error'][:80]!r}")
        token = self._redeem(metadata, answer.get("code", ""), begun["verifier"])
        claims = self._claims(metadata, token, begun["nonce"], now)
        return Person(_subject(claims, self.settings.oidc_claim), _mail(claims))

    def way_out(self) -> str:
        """Where one also signs out of the provider; empty where it has no such place, or nothing
        is known of it: nobody waits for it to sign out here."""
        if self._metadata is None or not self._metadata.end_session_endpoint:
            return ""
        from authlib.common.urls import add_params_to_uri

        query = {"client_id": self.settings.oidc_client_id,
                 "post_logout_redirect_uri": f"{self.settings.base_url}/sign-in"}  # fmt: skip
        return str(add_params_to_uri(self._metadata.end_session_endpoint, list(query.items())))

    def _redeem(self, metadata: Metadata, code: str, verifier: str) -> Mapping[str, Any]:
        from authlib.integrations.base_client import OAuthError

        with self._client(metadata) as client, _reached():
            try:
                found = client.fetch_token(
                    metadata.token_endpoint, grant_type="authorization_code", code=code,
                    code_verifier=verifier,
                )  # fmt: skip
            except OAuthError as refusal:
                raise NoEntry("refused", f"the code was refused: {refusal.error}") from refusal
        return dict(found)

    def _claims(
        self, metadata: Metadata, token: Mapping[str, Any], nonce: str, now: datetime
    ) -> Mapping[str, Any]:
        """Of the ID token, once its signature, issuer, audience, times and nonce are right."""
        from authlib.oidc.core import CodeIDToken
        from joserfc import jwt
        from joserfc.errors import InvalidKeyIdError, JoseError

        signed = token.get("id_token")
        if not isinstance(signed, str):
            raise NoEntry("untrusted", "no ID token came")
        allowed = [one for one in metadata.id_token_signing_alg_values_supported
                   if one in ALGORITHMS]  # fmt: skip
        if not allowed:  # an empty list would let the library choose
            raise NoEntry("untrusted", "the provider offers no signature that only it can make")
        us = self.settings.oidc_client_id
        wanted: Any = {"iss": {"essential": True, "value": metadata.issuer},
                       "aud": {"essential": True, "value": us}}  # fmt: skip
        about = {"nonce": nonce, "client_id": us, "access_token": token.get("access_token")}
        try:
            try:
                read = jwt.decode(signed, self._key_set(metadata, now), algorithms=allowed)
            except InvalidKeyIdError:  # it signs with a new key
                read = jwt.decode(signed, self._key_set(metadata, now, new=True),
                                  algorithms=allowed)  # fmt: skip
            claims = CodeIDToken(read.claims, read.header, wanted, about)
            claims.validate(now=int(now.timestamp()), leeway=LEEWAY)
        except (JoseError, ValueError, TypeError, KeyError) as mistake:
            raise NoEntry("untrusted", f"ID token: {_brief(mistake)}") from mistake
        return dict(claims)

    def _known(self, now: datetime) -> Metadata:
        with self._lock:
            if self._metadata and self._fetched_at and now - self._fetched_at < KNOWN_FOR:
                return self._metadata
            self._rested(self._failed_at, now)
            try:
                found = Metadata.model_validate(self._get(self.settings.oidc_issuer + DISCOVERY))
                self._fits(found)
            except (NoEntry, ValidationError) as failure:
                self._failed_at = now
                if isinstance(failure, NoEntry):
                    raise
                raise NoEntry("down", f"{DISCOVERY}: {failure.error_count()} errors") from failure
            self._metadata, self._fetched_at, self._failed_at = found, now, None
            self._keys = None  # one that was withdrawn is believed no longer than this
            return found

    def _fits(self, found: Metadata) -> None:
        if found.issuer.rstrip("/") != self.settings.oidc_issuer:
            raise NoEntry("untrusted", "the provider calls itself by another issuer")
        if not all(map(is_safe_address, found.addresses)):
            raise NoEntry("untrusted", "the provider names an address without https")

    def _key_set(self, metadata: Metadata, now: datetime, *, new: bool = False) -> KeySet:
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        with self._lock:
            if self._keys is not None and not new:
                return self._keys
            self._rested(self._keys_at if new else None, now)
            self._keys_at = now
            try:
                self._keys = KeySet.import_key_set(self._get(metadata.jwks_uri))
            except (JoseError, KeyError, ValueError, TypeError) as mistake:
                raise NoEntry("down", f"its keys: {_brief(mistake)}") from mistake
            return self._keys

    def _rested(self, last: datetime | None, now: datetime) -> None:
        if last is not None and timedelta(0) <= now - last < AGAIN_AFTER:
            raise NoEntry("down", "it was asked a moment ago")

    def _get(self, address: str) -> Any:
        import httpx2 as httpx

        with httpx.Client(**self._ways()) as client, _reached():
            return client.get(address).raise_for_status().json()

    def _client(self, metadata: Metadata) -> OAuth2Client:
        from authlib.integrations.httpx_client import OAuth2Client

        secret = self.settings.secret_setting("oidc_client_secret")
        basic = "client_secret_basic" in metadata.token_endpoint_auth_methods_supported
        way = ("client_secret_basic" if basic else "client_secret_post") if secret else "none"
        return OAuth2Client(
            self.settings.oidc_client_id, secret or None, token_endpoint_auth_method=way,
            scope=self.settings.oidc_scopes, redirect_uri=self.back, code_challenge_method="S256",
            **self._ways(),
        )  # fmt: skip

    def _ways(self) -> dict[str, Any]:
        """No proxy of the environment: the provider stands in the office's own network."""
        trusted = ssl.create_default_context(cafile=self.settings.oidc_certificate or None)
        return {"timeout": TIMEOUT, "trust_env": False, "verify": trusted}


def _subject(claims: Mapping[str, Any], name: str) -> str:
    """Exactly as it was told: cut or trimmed it could be somebody else's."""
    subject = claims.get(name)
    if not isinstance(subject, str) or not subject.isprintable() or subject.strip() != subject:
        raise NoEntry("untrusted", f"the ID token has no claim {name!r} that could name a person")
    if not 0 < len(subject) <= SUBJECT:
        raise NoEntry("untrusted", f"its {name!r} is empty or too long")
    if name in VERIFIED and claims.get(VERIFIED[name]) is not True:
        raise NoEntry("untrusted", f"its {name!r} is not verified: anybody could write it")
    return subject


def _mail(claims: Mapping[str, Any]) -> str:
    """Empty for one that is not verified, and for letters that become others in lower case."""
    mail = claims.get("email") if claims.get("email_verified") is True else ""
    plain = isinstance(mail, str) and mail.isascii() and mail.isprintable()
    return str(mail) if plain else ""


@contextmanager
def _reached() -> Iterator[None]:
    """NoEntry for a provider that does not answer, or not with what was asked for."""
    import httpx2 as httpx

    try:
        yield
    except httpx.HTTPError as failure:
        raise NoEntry("down", _brief(failure)) from failure
    except ValueError as mistake:  # no JSON; the library has no name of its own for it
        raise NoEntry("down", f"no JSON: {_brief(mistake)}") from mistake


def _brief(mistake: Exception) -> str:
    """Its kind and, of what is wrong with a claim, the claim's name: no value of a person's."""
    return f"{type(mistake).__name__} {getattr(mistake, 'claim', '') or ''}".strip()
