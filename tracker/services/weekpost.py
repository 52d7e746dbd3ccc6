"""The week's digests as mails: frozen when they are issued, sent by the same outbox."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from jinja2 import Environment
from sqlmodel import Session, select

from notifiers import mime
from notifiers.message import Address, Message, message_id, one_line
from schedules.deadlines import local_day
from tracker.services import letters, people, programmes, weekly
from tracker.services.digest import Digest
from tracker.services.letterbox import Stationery
from tracker.services.people import EVERY_UNIT, Role
from tracker.services.weekly import Issued
from tracker.store.tables import DispatchKind, DispatchRow, PersonRow
from tracker.wording import Language

MAIL = "mail"


def issue_and_post(
    session: Session, slug: str, *, now: datetime, stationery: Stationery, templates: Environment
) -> int:
    """This week's digests, made and put into the outbox if it has come so far; how many mails.

    Safe to repeat: a week is issued once, a person gets one digest of a programme and week.
    """
    issued = weekly.issue(session, slug, now=now)
    return post(session, slug, issued, now=now, stationery=stationery, templates=templates)


def post(
    session: Session,
    slug: str,
    issued: Iterable[Issued],
    *,
    now: datetime,
    stationery: Stationery,
    templates: Environment,
) -> int:
    """One mail to each person for the widest digest meant for them."""
    programme = programmes.current(session, slug)
    on = local_day(now, programme.tz)
    posted: set[int] = set()
    for one in issued:
        for person in _readers(session, slug, one, on):
            if person.id in posted or not person.mail:
                continue
            assert person.id is not None
            posted.add(person.id)
            row = _row(slug, one.week, one.digest, person, now, stationery, templates)
            if not _is_there(session, row.key):
                session.add(row)
    session.flush()
    return len(posted)


def _readers(session: Session, slug: str, one: Issued, on: date) -> list[PersonRow]:
    """The leader in charge, the office, or the head of the unit."""
    kind, _, unit = one.audience.partition(":")
    if unit:
        return people.resolve(session, slug, unit, Role.HEAD, on)
    return people.resolve(session, slug, EVERY_UNIT, Role(kind), on)


def _row(
    slug: str,
    week: str,
    digest: Digest,
    person: PersonRow,
    now: datetime,
    stationery: Stationery,
    templates: Environment,
) -> DispatchRow:
    key = f"{person.id}|digest {slug} {week}|{MAIL}"
    made_as = message_id(key, person.salt, domain=stationery.domain)
    thread = message_id("digest", slug, str(person.id), person.salt, domain=stationery.domain)
    language: Language = "en" if person.language == "en" else "zh"
    overview = f"{stationery.base_url}/p/{slug}/"
    letter = letters.render_digest(templates, language, digest, overview=overview)
    message = Message(
        message_id=made_as,
        sender=stationery.sender,
        to=Address(person.mail or "", one_line(person.name)),
        subject=one_line(letter.subject),
        text=letter.text,
        html=letter.html,
        date=now,
        in_reply_to=thread,
        references=(thread,),
    )
    assert person.id is not None
    return DispatchRow(
        key=key,
        person_id=person.id,
        programme=slug,
        window=f"digest {week}",
        channel=MAIL,
        kind=DispatchKind.DIGEST,
        message_id=made_as,
        made_at=now,
        due_at=now,
        frozen_at=now,
        recipient=person.mail or "",
        subject=one_line(letter.subject),
        text=letter.text,
        html=letter.html,
        raw=mime.build(message),
    )


def _is_there(session: Session, key: str) -> bool:
    return session.exec(select(DispatchRow.id).where(DispatchRow.key == key)).first() is not None
