"""The week's digests as mails: frozen when they are issued, sent by the same outbox."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from jinja2 import Environment
from sqlmodel import Session, col, select

from notifiers import mime
from notifiers.message import MAIL, Address, Attachment, Message, message_id, one_line
from schedules.deadlines import local_day
from tracker.services import (
    digest_picture,
    digest_words,
    programmes,
    readership,
    subscriptions,
    weekly,
)
from tracker.services.digest import Digest, Health
from tracker.services.letterbox import Stationery
from tracker.services.letters import Rendered
from tracker.services.weekly import Issued
from tracker.store import queries
from tracker.store.tables import DispatchKind, DispatchRow, PersonRow
from tracker.wording import Language

LARGEST = 100_000
"""Bytes of a mail, more than which some readers cut off and a phone fetches slowly: the lists of a
larger one are shortened until it fits, and its picture is left out where that is not enough."""


def issue_and_post(
    session: Session,
    slug: str,
    *,
    now: datetime,
    stationery: Stationery,
    templates: Environment,
    health: Sequence[Health] = (),
    by: str = "",
) -> int:
    """This week's digests, made and put into the outbox if it has come so far; how many mails.

    Safe to repeat: a week is issued once, a person gets one digest of a programme and week.
    """
    issued = weekly.issue(session, slug, now=now, health=health, by=by)
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
    """One mail to each person whose address works and who has not left digests, with every digest
    meant for them."""
    made = {one.audience: one for one in issued}
    if not made:
        return 0
    week = next(iter(made.values())).week
    programme = programmes.current(session, slug)
    units = [unit.id for unit in programme.units]
    wanted = [
        one for one in readership.readers(session, slug, units, local_day(now, programme.tz))
        if one.person.mail and one.person.bounced_at is None
        and one.person.digests_left_at is None and one.names(made)
    ]  # fmt: skip
    there = _there(session, [_key(slug, week, one.person) for one in wanted])
    for reader in wanted:
        if _key(slug, week, reader.person) not in there:
            digests = [made[name].digest for name in reader.names(made)]
            session.add(_row(slug, week, digests, reader.person, now, stationery, templates))
    session.flush()
    return len(wanted)


def _key(slug: str, week: str, person: PersonRow) -> str:
    return f"{person.id}|digest {slug} {week}|{MAIL}"


def _there(session: Session, keys: Iterable[str]) -> set[str]:
    """Those that are in the outbox already."""
    found: set[str] = set()
    for some in queries.chunks(keys):
        found |= set(session.exec(select(DispatchRow.key).where(col(DispatchRow.key).in_(some))))
    return found


def _row(
    slug: str,
    week: str,
    digests: Sequence[Digest],
    person: PersonRow,
    now: datetime,
    stationery: Stationery,
    templates: Environment,
) -> DispatchRow:
    digest, key = digests[0], _key(slug, week, person)
    made_as = message_id(key, person.salt, domain=stationery.domain)
    thread = message_id("digest", slug, str(person.id), person.salt, domain=stationery.domain)
    language: Language = "en" if person.language == "en" else "zh"
    overview = f"{stationery.base_url}/p/{slug}/"
    leave = subscriptions.address(stationery.base_url, stationery.secret, person)
    picture = _picture(digest, language, templates, stationery.domain)
    message = Message(
        message_id=made_as,
        sender=stationery.sender,
        to=Address(person.mail or "", one_line(person.name)),
        subject="",
        text="",
        date=now,
        in_reply_to=thread,
        references=(thread,),
        headers=subscriptions.headers(leave),
    )
    letter, raw = _fitted(
        message, digests, templates, language, overview=overview, leave=leave, picture=picture
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
        raw=raw,
    )


def _fitted(
    message: Message,
    digests: Sequence[Digest],
    templates: Environment,
    language: Language,
    *,
    overview: str,
    leave: str,
    picture: tuple[Attachment, ...],
) -> tuple[Rendered, bytes]:
    """The letter and its mail, cut until it weighs less than LARGEST."""
    digest, *further = digests
    for cut, shown in ((1, picture), (2, picture), (4, picture), (4, ()), (8, ())):
        letter = digest_words.render_digest(
            templates, language, digest, *further, overview=overview, leave=leave,
            picture=f"cid:{shown[0].content_id}" if shown else "",
            alt=digest_picture.alt(digest, language) if shown else "", cut=cut,
        )  # fmt: skip
        raw = mime.build(replace(message, subject=one_line(letter.subject), text=letter.text,
                                 html=letter.html, attachments=shown))  # fmt: skip
        if len(raw) < LARGEST:
            break
    return letter, raw


def _picture(
    digest: Digest, language: Language, templates: Environment, domain: str
) -> tuple[Attachment, ...]:
    """The digest's picture as a part of its mail, where it has one."""
    if digest.picture is None:
        return ()
    name = message_id(
        "picture", digest.programme, digest.as_of.isoformat(), language, domain=domain
    )
    content = digest_picture.png(templates, digest, language)
    return (Attachment("digest.png", "image/png", content, name),)
