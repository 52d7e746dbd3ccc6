"""Mails to come, silences, and what is sent by hand, as text and JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from sqlmodel import Session

from tracker.cli import show
from tracker.cli.house import House, meant, zone_of
from tracker.cli.instants import instant
from tracker.cli.words import heading
from tracker.definitions.answers import AboutProgramme, about
from tracker.definitions.answers import instant as iso
from tracker.definitions.noticeanswers import (
    AheadAnswer,
    LetterAnswer,
    MailsAnswer,
    SentAnswer,
    SilencesAnswer,
)
from tracker.domain.errors import Refused
from tracker.domain.programme import Programme
from tracker.domain.silences import Mode, Scope, Silence
from tracker.services import answering, byhand, coming, posted, programmes, silences
from tracker.services.coming import Coming, Told
from tracker.services.posted import Posted
from tracker.wording import notice_reason, rung, text
from tracker.wording.forms import instant as told_instant


def ahead(place: House, programme: str, until: str, *, as_json: bool) -> None:
    with place.reading() as session:
        slug, document = _meant(place, session, programme)
        end = instant(until, document.tz, "--until") if until else place.now + coming.TWO_WEEKS
        found = coming.coming(session, slug, now=place.now, until=end)
        known = _about(session, slug)
        titles = coming.titles(session, slug, (it for one in found for it in one.told))
    if as_json:
        mails = [answering.coming_answer(one, document.tz, titles, place.lang) for one in found]
        show.answer(
            AheadAnswer(programme=known, now=iso(place.now, document.tz),
                        until=iso(end, document.tz), mails=mails)
        )  # fmt: skip
        return
    show.echo(*_mails(found, document, titles, place))


def read(place: House, programme: str, key: str, *, as_json: bool) -> None:
    from tracker import runtime
    from tracker.services import delivery

    stationery = delivery.parts_of(runtime.build(place.settings)).stationery
    with place.reading() as session:
        slug, document = _meant(place, session, programme)
        one, letter = coming.letter(session, slug, stationery, now=place.now, key=key)
    if as_json:
        at = iso(one.at, document.tz)
        show.answer(LetterAnswer(key=key, at=at, name=one.name, mail=one.mail,
                                 subject=letter.subject, text=letter.text))  # fmt: skip
        return
    at_ = told_instant(one.at, place.lang, document.tz, year=True)
    show.echo(f"{at_}  {one.name} <{one.mail}>", letter.subject, "", letter.text)


def mails(place: House, programme: str, kind: str, last: int, *, as_json: bool) -> None:
    if kind not in ("", *posted.KINDS):
        raise Refused(f"没有这一种 / no such kind {kind!r}: {', '.join(posted.KINDS)}")
    with place.reading() as session:
        slug, document = _meant(place, session, programme)
        found = posted.latest(session, slug, known_at=place.now, limit=last, kind=kind)
    if as_json:
        answers = [answering.mail_answer(one, document.tz) for one in found]
        show.answer(MailsAnswer(mails=answers))
    elif found:
        show.echo(*(line for one in found for line in _posted(one, document.tz, place)))
    else:
        show.echo(text("notices.mails_none", language=place.lang))


def mail(place: House, programme: str, number: int, *, as_json: bool) -> None:
    with place.reading() as session:
        slug, document = _meant(place, session, programme)
        sent = posted.as_sent(session, slug, number, known_at=place.now)
    if as_json:
        show.answer(answering.mail_answer(sent.posted, document.tz, sent.text))
        return
    show.echo(*_posted(sent.posted, document.tz, place), "", sent.text)


def _posted(one: Posted, zone: ZoneInfo, place: House) -> Iterator[str]:
    at_ = told_instant(one.at, place.lang, zone, year=True)
    state = text(f"pages.notice_{one.state}", language=place.lang)
    yield f"{one.number}  {at_}  {one.name}  {state}  {one.subject}"
    if one.is_written:
        yield f"    <{one.message_id}>  {one.reply}".rstrip()


def silence(
    place: House,
    programme: str,
    scope: str,
    subject: str,
    *,
    until: str,
    because: str,
    snooze: bool,
    by: str,
    as_json: bool,
) -> None:
    with place.writing() as session:
        slug, document = _meant(place, session, programme)
        if not until:
            raise Refused("请用 --until 写明截止 / say with --until when it ends")
        made = silences.make(
            session, slug, scope=Scope(scope), subject=subject,
            mode=Mode.SNOOZE if snooze else Mode.SILENCE,
            until=instant(until, document.tz, "--until"), because=because, by=by, now=place.now,
        )  # fmt: skip
    _told(place, made, document.tz, as_json=as_json)


def silences_listed(place: House, programme: str, *, as_json: bool) -> None:
    with place.reading() as session:
        slug, document = _meant(place, session, programme)
        found = silences.of_programme(session, slug)
        known = _about(session, slug)
    if as_json:
        answers = [answering.silence_answer(one, document.tz, place.now) for one in found]
        show.answer(SilencesAnswer(programme=known, silences=answers))
    elif found:
        show.echo(*(_line(one, document.tz, place) for one in found))
    else:
        show.echo(text("notices.silences_none", language=place.lang))


def resumed(place: House, programme: str, number: int, *, by: str, as_json: bool) -> None:
    with place.writing() as session:
        slug, document = _meant(place, session, programme)
        ended = silences.end(session, slug, number, by=by, now=place.now)
    _told(place, ended, document.tz, as_json=as_json)


def send(
    place: House, programme: str, key: str, *, role: str, because: str, by: str, as_json: bool
) -> None:
    with place.writing() as session:
        slug, _ = _meant(place, session, programme)
        made = byhand.send_now(
            session, slug, key, role=role, now=place.now, by=by, because=because
        )  # fmt: skip
        known = _about(session, slug)
    _sent(place, known, [made], as_json=as_json)


def resend(place: House, programme: str, message_id: str, *, by: str, as_json: bool) -> None:
    with place.writing() as session:
        slug, _ = _meant(place, session, programme)
        made = byhand.resend(session, slug, message_id.strip("<> "), now=place.now, by=by)
        known = _about(session, slug)
    _sent(place, known, made, as_json=as_json)


# -- words -----------------------------------------------------------------------------------------


def _meant(place: House, session: Session, programme: str) -> tuple[str, Programme]:
    zone = zone_of(session, programme, place.settings)
    slug = meant(session, programme, place.lang, year=place.now.astimezone(zone).year)
    return slug, programmes.current(session, slug)


def _about(session: Session, slug: str) -> AboutProgramme:
    return about(programmes.current(session, slug), programmes.versions(session, slug)[0].version)


def _mails(
    found: Sequence[Coming], programme: Programme, titles: dict[str, str], place: House
) -> Iterator[str]:
    lang = place.lang
    mails = [one for one in found if one.person]
    people = len({one.person for one in mails})
    key = "notices.ahead_verdict" if mails else "notices.ahead_none"
    yield text(key, {"n": len(mails), "people": people}, language=lang)
    rows = [_row(one, it, programme, titles, place) for one in found for it in one.told]
    if rows:
        keys = ("send", "who", "role", "unit", "why", "title", "key")
        yield from show.table([heading(name, lang) for name in keys], rows)


def _row(
    one: Coming, it: Told, programme: Programme, titles: dict[str, str], place: House
) -> tuple[str, ...]:
    lang = place.lang
    units = {unit.id: unit.label for unit in programme.units}
    return (
        told_instant(one.at, lang, programme.tz),
        one.name or notice_reason(it.why_not, lang),
        text(f"role.{it.role}", language=lang),
        units.get(it.unit, it.unit),
        rung(it.rung, lang),
        f"{it.obligation.partition('/')[0]} {titles.get(it.obligation, '')}",
        one.key,
    )


def _told(place: House, one: Silence, zone: ZoneInfo, *, as_json: bool) -> None:
    if as_json:
        show.answer(answering.silence_answer(one, zone, place.now))
    else:
        show.echo(_line(one, zone, place))


def _line(one: Silence, zone: ZoneInfo, place: House) -> str:
    lang = place.lang
    mode = text(f"notices.mode_{one.mode}", language=lang)
    word = text("notices.word", {"mode": mode, "n": one.number}, language=lang)
    scope = text(f"notices.scope_{one.scope}", language=lang)
    until = text("notices.until_at", {"until": one.ends_at}, language=lang, zone=zone)
    over = "" if one.holds(place.now) else f"  {text('notices.over', language=lang)}"
    return f"{word}  {scope} {one.subject}  {until}  {one.because}  {one.by}{over}"


def _sent(place: House, known: AboutProgramme, keys: list[str], *, as_json: bool) -> None:
    if as_json:
        show.answer(SentAnswer(programme=known, keys=keys))
    else:
        show.echo(*keys, text("notices.sent", language=place.lang))
