"""Signed links of mails: 签收, 填报进展, 申请延期, and to look at the item or at the unit, each for
one person and one obligation.

A link carries what it is for and until when, signed; nothing is stored until it is used or revoked.
Opening one changes nothing: the page asks first.
"""

from __future__ import annotations

import hmac
import json
from binascii import b2a_base64
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256

from itsdangerous import BadData, URLSafeSerializer
from sqlmodel import Session

from tracker.domain.dispatches import ABOVE
from tracker.domain.errors import Refused
from tracker.services import absences, people, programmes, trail
from tracker.store.tables import LinkRow, PersonRow

SALT = "tracker.links.1"


class Purpose(StrEnum):
    REPORT = "report"
    SIGN = "sign"
    EXTEND = "extend"
    VIEW = "view"
    UNIT = "unit"


@dataclass(frozen=True)
class Link:
    """What a token says. It stops working at `expires_at`, which is whole seconds."""

    purpose: Purpose
    person_id: int
    programme: str
    obligation: str
    expires_at: datetime
    series: int = 0
    """Of its person's links; all of an older series are dead."""

    @property
    def unit(self) -> str:
        return self.obligation.split("/")[2]


def make(secret: str, link: Link) -> str:
    """The token; the same link always gives the same."""
    return make_each(secret, link, [link.purpose])[link.purpose]


def make_each(secret: str, link: Link, purposes: Iterable[Purpose]) -> dict[Purpose, str]:
    """The tokens of links that differ in their purpose only: a mail has nine."""
    body = [link.person_id, link.programme, link.obligation, int(link.expires_at.timestamp())]
    if link.series:
        body.append(link.series)
    same = _COMPACT.encode(body)[1:]
    return {to: _signed(secret, f'["{to.value}",{same}') for to in purposes}


def _signed(secret: str, body: str) -> str:
    content = _base64(body.encode("ascii"))
    seal = _seal(secret).copy()
    seal.update(content)
    return f"{content.decode()}.{_base64(seal.digest()).decode()}"


def _base64(content: bytes) -> bytes:
    """As links are written: for addresses, and without padding."""
    return b2a_base64(content, newline=False).translate(_FOR_ADDRESSES).rstrip(b"=")


_FOR_ADDRESSES = bytes.maketrans(b"+/", b"-_")


def read(secret: str, token: str, now: datetime) -> Link:
    """Refused for a token that we did not sign, or that has expired."""
    try:
        purpose, person_id, programme, obligation, expires, *series = _serializer(secret).loads(
            token
        )
        expires_at = datetime.fromtimestamp(expires, UTC)
        link = Link(
            Purpose(purpose), int(person_id), programme, obligation, expires_at, *map(int, series)
        )
    except (BadData, ValueError, TypeError) as broken:
        raise Refused(
            "链接无效或不完整，请从邮件里重新打开 / this link is not one of ours or is incomplete; "
            "open it from the mail again"
        ) from broken
    if now >= link.expires_at:
        raise Refused(
            "链接已过期，请用最近一封邮件里的，或从页面上打开这件事 / this link stopped working at "
            f"{link.expires_at:%Y-%m-%d %H:%M} UTC; "
            "use the one in the newest mail, or open the obligation in the pages"
        )
    return link


def check(session: Session, secret: str, token: str, now: datetime) -> Link:
    """The link, for a person who has a role in the unit to whose mails it belongs; Refused where it
    was revoked.

    A link that was used works again: to report progress twice is no mistake. Whoever hands a role
    over and keeps another one loses what only the first one's mails offer.
    """
    link = read(secret, token, now)
    row = session.get(LinkRow, token_hash(token))
    person = session.get(PersonRow, link.person_id)
    gone = row is not None and row.revoked_at is not None
    if gone or (person is not None and link.series != (person.links_series or 0)):
        raise Refused(
            "链接已撤回，请用最近一封邮件里的 / this link was revoked; "
            "use the one in the newest mail"
        )
    if role_of(session, link, now) is None:
        raise Refused(
            "收信人已不在这个单位任职，请用接手人邮件里的链接 / "
            "the person this link was sent to no longer has a role in the unit; "
            "the successor's mail has one of its own"
        )
    return link


_HIGHEST_FIRST = (
    people.Role.LEADER, people.Role.HEAD, people.Role.CONTACT, people.Role.DEPUTY,
)  # fmt: skip


def role_of(session: Session, link: Link, now: datetime) -> str | None:
    """The highest role that the link's person has in its unit today, or stands in for, and whose
    mails offer such a link; None where they have none."""
    on = now.astimezone(programmes.current(session, link.programme).tz).date()
    away = absences.away(session, on)
    for role in _HIGHEST_FIRST:
        holders = people.resolve(session, link.programme, link.unit, role, on)
        deputies = (away[row.id or 0].deputy for row in holders if row.id in away)
        has_it = any(row.id == link.person_id for row in (*holders, *deputies))
        if has_it and link.purpose in offered(role.value):
            return role.value
    return None


def offered(role: str) -> tuple[Purpose, ...]:
    """What a mail to this role offers: who answers for the unit reports, who is over them looks."""
    if role in ABOVE:
        return (Purpose.SIGN, Purpose.VIEW, Purpose.UNIT)
    return (Purpose.REPORT, Purpose.SIGN, Purpose.EXTEND)


def offered_to(roles: Iterable[str]) -> tuple[Purpose, ...]:
    """The same for somebody who is told in several roles: who answers for the unit reports."""
    below = [role for role in roles if role not in ABOVE]
    return offered(below[0] if below else next(iter(ABOVE)))


def note_use(session: Session, token: str, link: Link, now: datetime) -> None:
    """Remember the first time that the link was acted on."""
    row = _row(session, token, link)
    row.used_at = row.used_at or now


def revoke(session: Session, secret: str, given: str, *, now: datetime, by: str) -> Link:
    """Kill one link, given as its address or its token; Refused for one that is not ours."""
    token = given.strip().rstrip("/").rpartition("/a/")[2]
    link = read(secret, token, now)
    row = _row(session, token, link)
    row.revoked_at = row.revoked_at or now
    body = {"links": "one", "purpose": link.purpose.value, "by": people.traced(session, by)}
    trail.append(session, link.programme, "links.revoked", link.obligation, body, now=now)
    return link


def revoke_all(session: Session, person_id: int, *, now: datetime, by: str) -> None:
    """Kill every link that was made for the person so far; later mails have new ones."""
    person = people.person(session, person_id)
    person.links_series = (person.links_series or 0) + 1
    session.flush()
    body = {"links": "all", "person": people.reference(person), "by": people.traced(session, by)}
    trail.append(session, trail.HOUSE, "links.revoked", people.reference(person), body, now=now)


def address(base_url: str, token: str) -> str:
    return f"{base_url}/a/{token}"


def token_hash(token: str) -> str:
    """What is stored of a token: it opens nothing.

    Of what was signed, not of the signature: that can be written in several ways.
    """
    return sha256(token.rpartition(".")[0].encode()).hexdigest()


def _row(session: Session, token: str, link: Link) -> LinkRow:
    row = session.get(LinkRow, token_hash(token))
    if row is None:
        if session.get(PersonRow, link.person_id) is None:
            raise Refused("收信人已不在册 / the person this link was sent to is not on file")
        row = LinkRow(
            token_hash=token_hash(token), person_id=link.person_id, purpose=link.purpose.value
        )
        session.add(row)
    return row


_COMPACT = json.JSONEncoder(separators=(",", ":"))


@lru_cache(maxsize=4)
def _seal(secret: str) -> hmac.HMAC:
    """With its key, to be copied: the serializer derives the key anew for each token, and tries to
    compress each, which took longer than sending the mail."""
    return hmac.new(bytes(_serializer(secret).make_signer(SALT).derive_key()), digestmod=sha256)


@lru_cache(maxsize=4)
def _serializer(secret: str) -> URLSafeSerializer:
    return URLSafeSerializer(
        secret, salt=SALT, signer_kwargs={"digest_method": sha256, "key_derivation": "hmac"}
    )
