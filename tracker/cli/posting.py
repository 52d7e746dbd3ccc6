"""Order slips and the mailbox as text and JSON."""

from __future__ import annotations

import secrets
from dataclasses import asdict
from pathlib import Path

from sqlmodel import Session

from notifiers.imap import MailboxError
from tracker.cli import show
from tracker.cli.house import House, meant, zone_of
from tracker.definitions.answers import instant as iso
from tracker.definitions.postanswers import (
    PollAnswer,
    RepliesAnswer,
    SlipsAnswer,
)
from tracker.domain.errors import Refused
from tracker.exports import files
from tracker.services import answering, mailbox, programmes, replies, slips
from tracker.services.replies import Reply
from tracker.services.slips import Kind, Slip
from tracker.wording import rung, text
from tracker.wording.forms import instant as told_instant

# -- order slips ---------------------------------------------------------------------------------


def slips_listed(place: House, programme: str, *, as_json: bool) -> None:
    with place.reading() as session:
        slug = _meant(place, session, programme)
        found, gaps = slips.slips(session, slug), slips.gaps(session, slug)
        names = programmes.current(session, slug).unit_names
    missing = [slips.number_of(kind, year, n) for kind, year, n in gaps]
    if as_json:
        answers = [answering.slip_answer(one, place.settings.tz) for one in found]
        show.answer(SlipsAnswer(programme=slug, slips=answers, missing=missing))
        return
    lines = [_line(place, one, names.get(one.unit, one.unit)) for one in found]
    gone = [f"{number}  {_say(place, 'slip.gap')}：{_say(place, 'slip.gap_why')}"
            for number in missing]  # fmt: skip
    show.echo(*(lines + gone or [_say(place, "slip.slips_none")]))


def slip_shown(
    place: House, programme: str, number: str, *, out: Path | None, as_json: bool
) -> None:
    with place.reading() as session:
        slug = _meant(place, session, programme)
        one = slips.numbered(session, slug, number)
        unit = programmes.current(session, slug).unit_names.get(one.unit, one.unit)
    if out is not None:
        files.replace(out, slips.document(one))
    if as_json:
        show.answer(answering.slip_answer(one, place.settings.tz))
        return
    proof = "slip.intact" if slips.is_intact(one) else "slip.broken"
    rows = [f"{name}：{value}" for name, value in one.values["rows"]]
    show.echo(_line(place, one, unit), *rows, *one.values["paragraphs"],
              f"{one.sha256}  {_say(place, proof)}", *([str(out)] if out else []))  # fmt: skip


def slip_issued(
    place: House, programme: str, key: str, kind: str, *, by: str, as_json: bool
) -> None:
    with place.writing() as session:
        slug = _meant(place, session, programme)
        name, mail = place.settings.sender_parts
        made = slips.by_hand(
            session, slug, key, Kind(kind), once=secrets.token_hex(8), office=name or mail,
            now=place.now, by=by, language=place.settings.language,
        )  # fmt: skip
        unit = programmes.current(session, slug).unit_names.get(made.unit, made.unit)
    _told(place, made, unit, as_json=as_json)


def slip_voided(
    place: House, programme: str, number: str, *, reason: str, by: str, as_json: bool
) -> None:
    with place.writing() as session:
        slug = _meant(place, session, programme)
        found = slips.numbered(session, slug, number)
        done = slips.void(session, slug, found.id, reason=reason, now=place.now, by=by)
        unit = programmes.current(session, slug).unit_names.get(done.unit, done.unit)
    _told(place, done, unit, as_json=as_json)


def _told(place: House, one: Slip, unit: str, *, as_json: bool) -> None:
    if as_json:
        show.answer(answering.slip_answer(one, place.settings.tz))
    else:
        show.echo(_line(place, one, unit))


def _line(place: House, one: Slip, unit: str) -> str:
    state = _say(place, "slip.valid")
    if one.voided_at is not None:
        state = _say(place, "slip.void_because", reason=one.void_reason)
    if one.rung:
        why = _say(place, "slip.by_ladder", rung=rung(one.rung, place.lang))
    else:
        why = _say(place, "slip.by_hand", by=one.by)
    at = told_instant(one.made_at, place.lang, place.settings.tz, year=True)
    return f"{one.number}  {at}  {unit}  {one.obligation}  {why}  {state}"


# -- the mailbox ---------------------------------------------------------------------------------


def polled(place: House, *, as_json: bool) -> None:
    """Refused where no mailbox is set up or it cannot be looked at."""
    try:
        done = mailbox.poll(place.database, mailbox.settings_of(place.settings), place.now)
    except MailboxError as failure:
        raise Refused(f"收信邮箱打不开 / the mailbox cannot be read: {failure}") from failure
    if as_json:
        show.answer(PollAnswer(at=iso(place.now, place.settings.tz), **asdict(done)))
    else:
        show.echo(_say(place, "reply.polled", **asdict(done)))


def replies_listed(place: House, *, as_json: bool) -> None:
    with place.reading() as session:
        found = replies.waiting(session)
    if as_json:
        show.answer(
            RepliesAnswer(replies=[answering.reply_answer(one, place.settings.tz) for one in found])
        )
        return
    show.echo(*([_reply_line(place, one) for one in found] or [_say(place, "reply.none")]))


def reply_settled(place: House, reply: int, *, by: str) -> None:
    with place.writing() as session:
        replies.settle(session, reply, now=place.now, by=by)
    show.echo(_say(place, "reply.settled", id=reply))


def _reply_line(place: House, one: Reply) -> str:
    at = told_instant(one.received_at, place.lang, place.settings.tz, year=True)
    why = _say(place, f"reply.reason_{one.reason}") if one.kind == "comment" else one.reason
    said = " ".join(one.text.split())[:80] or one.subject
    kind = _say(place, f"reply.{one.kind.value}")
    return f"{one.id}  {at}  {kind}  {one.name}  {why}  {said}"


def _say(place: House, key: str, **values: object) -> str:
    return text(key, values, language=place.lang, zone=place.settings.tz)


def _meant(place: House, session: Session, programme: str) -> str:
    zone = zone_of(session, programme, place.settings)
    return meant(session, programme, place.lang, year=place.now.astimezone(zone).year)
