"""发出的信: each mail or robot message of a programme, reminders, digests and alarms alike, and how
it read when it went.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

from sqlmodel import Session, col, select

from notifiers.notes import thawed
from tracker.domain.errors import NotFound
from tracker.services.claims import letter_of
from tracker.services.fallback import way_of
from tracker.services.mailings import Mailing, of_dispatch
from tracker.store.tables import DispatchKind, DispatchRow, NoticeRow, PersonRow

_SECRET = re.compile(r"(?<=/[au]/)[\w.~-]+")
"""What makes a link in a mail its reader's own: who only looks at the mail gets it without."""

KINDS = tuple(kind.value for kind in DispatchKind)


@dataclass(frozen=True)
class Posted:
    """One mail or message. `at` is when it was settled, else when it is to go out."""

    number: int
    kind: str
    name: str
    recipient: str
    channel: str
    subject: str
    at: datetime
    state: str
    outcome: str
    attempts: int
    reply: str
    message_id: str
    is_written: bool


@dataclass(frozen=True)
class AsSent:
    """`html` is empty where it went over a channel of plain text; the links in it lead nowhere."""

    posted: Posted
    text: str
    html: str
    told: tuple[Mailing, ...]
    programmes: frozenset[str]


def latest(
    session: Session, slug: str, *, known_at: datetime, limit: int, skip: int = 0, kind: str = ""
) -> list[Posted]:
    """Newest first, of one kind or of all; what tells of several programmes is in each's list."""
    told = select(NoticeRow.id).where(
        NoticeRow.dispatch_id == DispatchRow.id, NoticeRow.programme == slug
    )
    wanted = (
        select(DispatchRow, PersonRow)
        .join(PersonRow, col(PersonRow.id) == DispatchRow.person_id)
        .where((col(DispatchRow.programme) == slug) | told.exists())
        .where(col(DispatchRow.made_at) <= known_at)
        .order_by(col(DispatchRow.id).desc())
    )
    if kind:
        wanted = wanted.where(col(DispatchRow.kind) == DispatchKind(kind))
    return [_posted(*row) for row in session.exec(wanted.offset(skip).limit(limit))]


def kind_of(session: Session, message_id: str) -> str:
    """Of the mail that has this Message-ID, which has to be there."""
    wanted = select(DispatchRow.kind).where(DispatchRow.message_id == message_id)
    return DispatchKind(session.exec(wanted).one()).value


def as_sent(session: Session, slug: str, number: int, *, known_at: datetime) -> AsSent:
    """NotFound for a mail that tells nothing of this programme."""
    row = session.get(DispatchRow, number)
    told = of_dispatch(session, number)
    programmes = {one.programme for one in told}
    if row is None or row.made_at > known_at or slug not in {row.programme, *programmes}:
        raise NotFound(f"没有这封信 / no mail has the number {number}")
    person = session.get_one(PersonRow, row.person_id)
    plain, html = (_SECRET.sub("…", part) for part in _parts(session, row))
    return AsSent(_posted(row, person), plain, html, tuple(told),
                  frozenset(programmes | {row.programme}))  # fmt: skip


def _parts(session: Session, row: DispatchRow) -> tuple[str, str]:
    """As it went; a letter that is still to go, as it was issued; a reminder is not written yet."""
    raw = letter_of(session, row.id or 0)
    if raw is None:
        return row.text, row.html
    if not way_of(row).needs_address:
        return thawed(raw).text, ""
    mail = message_from_bytes(raw, policy=policy.default)
    return _body(mail, "plain"), _body(mail, "html")


def _body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    return "" if part is None else str(part.get_content())


def _posted(row: DispatchRow, person: PersonRow) -> Posted:
    return Posted(
        number=row.id or 0,
        kind=row.kind.value,
        name=person.name,
        recipient=row.recipient,
        channel=row.channel,
        subject=row.subject,
        at=row.settled_at or row.due_at,
        state=row.state.value,
        outcome="" if row.outcome == row.state else row.outcome,
        attempts=row.attempt,
        reply=row.server_reply,
        message_id=row.message_id,
        is_written=row.frozen_at is not None,
    )
