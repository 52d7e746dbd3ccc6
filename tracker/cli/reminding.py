"""Who would be told what at an instant: the ladder looked at, nothing written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time

from sqlmodel import Session

from schedules.deadlines import due_day
from schedules.instants import local_instant
from tracker.cli import show as showing
from tracker.cli.house import House, meant, zone_of
from tracker.cli.instants import instant
from tracker.cli.words import heading, say
from tracker.definitions.answers import NoticeAnswer, RemindAnswer, about
from tracker.definitions.answers import instant as iso
from tracker.domain.obligations import Obligation
from tracker.domain.programme import Programme
from tracker.domain.reminders import Notice, wanted
from tracker.domain.silences import over
from tracker.domain.turns import View
from tracker.services import people, planning, scoreboard, silences
from tracker.services.directory import Directory
from tracker.services.dispatching import waiting_of
from tracker.services.scoreboard import Board
from tracker.wording import notice_reason, rung, text
from tracker.wording.forms import instant as told_instant


@dataclass(frozen=True)
class Intent:
    notice: Notice
    obligation: Obligation
    people: tuple[str, ...]


def show(place: House, programme: str, as_of: str, since: str, *, as_json: bool) -> None:
    with place.reading() as session:
        zone = zone_of(session, programme, place.settings)
        at = instant(as_of, zone, "--as-of") if as_of else place.now
        slug = meant(session, programme, place.lang, year=at.astimezone(zone).year)
        board = scoreboard.board(session, slug, as_of=at, known_at=at)
        document = board.programme
        after = instant(since, zone, "--since") if since else _midnight(at, document)
        intents = list(_intents(session, board, after, at))
    if as_json:
        showing.answer(
            RemindAnswer(
                programme=about(document, board.version),
                as_of=iso(at, document.tz),
                notices=[_answer(one, document, place) for one in intents],
            )
        )
    else:
        showing.echo(*_lines(intents, document, at, place))


def _midnight(at: datetime, programme: Programme) -> datetime:
    """The beginning of the day that ends at or holds the instant."""
    return local_instant(due_day(at, programme.tz), time(0), zone=programme.tz)


def _intents(session: Session, board: Board, after: datetime, until: datetime) -> Iterator[Intent]:
    slug = board.programme.id
    seen: View = planning.view(session, slug)
    owed = {one.obligation.key: one.obligation for one in board.ledger.standings}
    found = [one for key in owed for one in wanted(seen, key, after=after, until=until)]
    directory = Directory(session, until)
    hushed = silences.of_programme(session, slug)
    for notice in sorted(found, key=lambda one: (one.send_at, one.unit, one.key)):
        having = directory.having(slug, notice.unit, notice.role, notice.obligation)
        holders = [people.person(session, one.person) for one in having]
        told = tuple(f"{one.name} <{one.mail}>" if one.mail else one.name for one in holders)
        waiting = waiting_of(seen, notice, until)
        silence = over(hushed, waiting, having[0].person if having else 0, until)
        if silence is not None and not notice.silenced:
            notice = replace(notice, silenced=silences.REASON.format(silence.number))
        yield Intent(notice, owed[notice.obligation], told)


def _answer(one: Intent, programme: Programme, place: House) -> NoticeAnswer:
    notice, owed, zone = one.notice, one.obligation, programme.tz
    return NoticeAnswer(
        key=notice.key,
        obligation=notice.obligation,
        title=owed.title,
        unit=notice.unit,
        unit_name=programme.unit_names.get(notice.unit, notice.unit),
        role=notice.role,
        rung=notice.rung,
        why=rung(notice.rung, place.lang),
        nominal_at=iso(notice.nominal_at, zone),
        send_at=iso(notice.send_at, zone),
        due_at=None if owed.due_at is None else iso(owed.due_at, zone),
        silenced=notice.silenced,
        people=list(one.people),
    )


def _lines(
    intents: Sequence[Intent], programme: Programme, at: datetime, place: House
) -> Iterator[str]:
    lang, zone = place.lang, programme.tz
    yield f"{programme.title}  {say('as_of', lang, at=told_instant(at, lang, zone, year=True))}"
    if not intents:
        yield say("remind.none", lang)
        return
    names = {unit.id: unit.label for unit in programme.units}
    rows = [
        (
            told_instant(one.notice.send_at, lang, zone),
            names.get(one.notice.unit, one.notice.unit),
            text(f"role.{one.notice.role}", language=lang),
            "、".join(one.people) or say("remind.nobody", lang),
            rung(one.notice.rung, lang),
            notice_reason(one.notice.silenced, lang) if one.notice.silenced else "",
            f"{one.obligation.clause} {one.obligation.title}",
        )
        for one in intents
    ]
    keys = ("send", "unit", "role", "who", "why", "silenced", "title")
    yield from showing.table([heading(key, lang) for key in keys], rows)
    told = {person for one in intents if not one.notice.silenced for person in one.people}
    silenced = sum(bool(one.notice.silenced) for one in intents)
    yield say("remind.count", lang, n=len(intents) - silenced, people=len(told), silenced=silenced)
