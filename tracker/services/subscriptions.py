"""Leaving digests and coming back, by a signed address and without a login (RFC 8058).

Reminders are owed to people by their office: those cannot be left.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from itsdangerous import BadData, URLSafeSerializer
from sqlmodel import Session

from tracker.domain.errors import Refused
from tracker.services import people, trail
from tracker.services.claims import Addressee
from tracker.store.tables import PersonRow

SALT = "tracker.digests.1"
ONE_CLICK = "List-Unsubscribe=One-Click"
"""The whole body of a one-click request."""


def address(base_url: str, secret: str, person: PersonRow | Addressee) -> str:
    """Where the person leaves or comes back; dead when all their links are revoked."""
    token = _serializer(secret).dumps([person.id, person.links_series or 0])
    return f"{base_url}/u/{token}"


def headers(leave: str) -> tuple[tuple[str, str], ...]:
    """Of a mail that can be left; a GET of the address changes nothing."""
    return (("List-Unsubscribe", f"<{leave}>"), ("List-Unsubscribe-Post", ONE_CLICK))


def person_of(session: Session, secret: str, token: str) -> PersonRow:
    """Refused for a token that is not ours, was revoked, or whose person is forgotten."""
    try:
        person_id, series = _serializer(secret).loads(token)
        row = session.get(PersonRow, int(person_id))
    except (BadData, ValueError, TypeError) as broken:
        raise Refused(
            "链接无效或不完整，请从邮件里重新打开 / this link is not one of ours or is incomplete; "
            "open it from the mail again"
        ) from broken
    if row is None or row.erased_at is not None or series != (row.links_series or 0):
        raise Refused("链接已撤回 / this link was revoked")
    return row


def leave(session: Session, person: PersonRow, *, now: datetime) -> None:
    """No digest from now on; to leave twice is no mistake."""
    if person.digests_left_at is None:
        person.digests_left_at = now
        _tell(session, person, "digests.left", now)


def join(session: Session, person: PersonRow, *, now: datetime) -> None:
    if person.digests_left_at is not None:
        person.digests_left_at = None
        _tell(session, person, "digests.joined", now)


def _tell(session: Session, person: PersonRow, kind: str, now: datetime) -> None:
    session.flush()
    who = people.reference(person)
    trail.append(session, trail.HOUSE, kind, who, {"person": who}, now=now)


def _serializer(secret: str) -> URLSafeSerializer:
    return URLSafeSerializer(
        secret, salt=SALT, signer_kwargs={"digest_method": sha256, "key_derivation": "hmac"}
    )
