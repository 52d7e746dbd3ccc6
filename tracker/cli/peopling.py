"""People and calls as text and JSON."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from sqlmodel import Session

from schedules.deadlines import local_day
from tracker import runtime
from tracker.cli import show
from tracker.cli.boards import unit_of
from tracker.cli.house import House, meant, zone_of
from tracker.cli.instants import day
from tracker.definitions.answers import instant as iso
from tracker.definitions.postanswers import (
    CallListAnswer,
    PeopleAnswer,
)
from tracker.domain.errors import NotFound, Refused
from tracker.exports import files
from tracker.services import absences, answering, calls, links, people, programmes
from tracker.services.calls import Call, Outcome
from tracker.services.people import EVERY_UNIT, Holder
from tracker.wording import light_word, text


def _say(place: House, key: str, **values: object) -> str:
    return text(key, values, language=place.lang, zone=place.settings.tz)


def _meant(place: House, session: Session, programme: str) -> str:
    zone = zone_of(session, programme, place.settings)
    return meant(session, programme, place.lang, year=place.now.astimezone(zone).year)


def _today(place: House, session: Session, slug: str, given: str = "") -> date:
    if given:
        return day(given, "--on")
    return local_day(place.now, programmes.current(session, slug).tz)


def _person(place: House, session: Session, slug: str, given: str) -> Holder:
    """Whoever has a role in the programme today; Refused where the name is that of several."""
    wanted = given.strip().lower()
    held = people.holders(session, slug, _today(place, session, slug))
    found = {
        one.person_id: one for one in held
        if wanted in (one.name.lower(), (one.mail or "").lower(), str(one.person_id))
    }  # fmt: skip
    if not found:
        raise NotFound(f"没有这个人 / nobody called {given!r} has a role in {slug}")
    if len(found) > 1:
        known = "、".join(f"{one.person_id} {one.unit} {one.mail or ''}" for one in found.values())
        raise Refused(f"不止一个{given}，请用邮箱或编号 / several: {known}")
    return next(iter(found.values()))


# -- people --------------------------------------------------------------------------------------


def listed(place: House, programme: str, *, as_json: bool) -> None:
    with place.reading() as session:
        slug = _meant(place, session, programme)
        on = _today(place, session, slug)
        held, away = people.holders(session, slug, on), absences.away(session, on)
        names = programmes.current(session, slug).unit_names
    deputies = {id_: one.deputy.name for id_, one in away.items()}
    if as_json:
        answers = [answering.holder_answer(one, deputies.get(one.person_id, "")) for one in held]
        show.answer(PeopleAnswer(programme=slug, on=on, people=answers))
        return
    show.echo(
        *([_line(place, one, names, deputies) for one in held] or [_say(place, "people.none")])
    )


def _line(place: House, one: Holder, names: dict[str, str], deputies: dict[int, str]) -> str:
    where = names.get(one.unit, one.unit)
    if one.unit == EVERY_UNIT:
        where = _say(place, "people.everywhere")
    marks = [_say(place, "people.bounces")] if one.bounced else []
    if one.person_id in deputies:
        marks.append(_say(place, "people.stands_in", name=deputies[one.person_id]))
    role = text(f"role.{one.role}", language=place.lang)
    mail = one.mail or _say(place, "people.no_mail")
    return "  ".join([str(one.person_id), where, role, one.name, mail, one.mobile, *marks]).rstrip()


def handed_over(
    place: House, programme: str, leaver: str, successor: str, *, unit: str, role: str, on: str,
    by: str,
) -> None:  # fmt: skip
    with place.writing() as session:
        slug = _meant(place, session, programme)
        old, new = (_person(place, session, slug, one) for one in (leaver, successor))
        of = unit_of(programmes.current(session, slug), unit) if unit else ""
        begins = _today(place, session, slug, on)
        n = people.handover(
            session, leaver=old.person_id, successor=new.person_id, on=begins, now=place.now,
            by=by, unit=of, role=role,
        )  # fmt: skip
    show.echo(_say(place, "people.moved", n=n, leaver=old.name, successor=new.name, on=begins))


def unit_handed_over(place: House, programme: str, unit: str, to: str, *, on: str, by: str) -> None:
    with place.writing() as session:
        slug = _meant(place, session, programme)
        lot = programmes.current(session, slug)
        begins = _today(place, session, slug, on)
        old, new = unit_of(lot, unit), unit_of(lot, to)
        unfilled = people.handover_unit(
            session, slug, unit=old, to_unit=new, on=begins, now=place.now, by=by
        )
    names = lot.unit_names
    show.echo(_say(place, "people.unit_moved", unit=names[old], to=names[new], on=begins))
    if unfilled:
        roles = "、".join(text(f"role.{role}", language=place.lang) for role in unfilled)
        show.echo(_say(place, "people.unit_unfilled", roles=roles))


def set_away(
    place: House, programme: str, person: str, deputy: str, *, on: str, until: str, copied: bool,
    by: str,
) -> None:  # fmt: skip
    with place.writing() as session:
        slug = _meant(place, session, programme)
        who, stands_in = (_person(place, session, slug, one) for one in (person, deputy))
        made = absences.begin(
            session, people.person(session, who.person_id),
            people.person(session, stands_in.person_id),
            from_on=_today(place, session, slug, on), until_on=day(until, "--until"),
            copied=copied, now=place.now, by=by,
        )  # fmt: skip
    show.echo(_say(place, "people.set_away", name=made.name, deputy=made.deputy,
                   first=made.from_on, back=made.until_on))  # fmt: skip


def set_back(place: House, programme: str, person: str, *, on: str, by: str) -> None:
    with place.writing() as session:
        slug = _meant(place, session, programme)
        who, begins = _person(place, session, slug, person), _today(place, session, slug, on)
        mine = [one for one in absences.absences(session, since=begins)
                if one.person_id == who.person_id]  # fmt: skip
        if not mine:
            raise NotFound(f"{who.name}没有请假 / {who.name} is not away")
        absences.end(session, mine[0].id, of=who.person_id, on=begins, now=place.now, by=by)
    show.echo(_say(place, "people.set_back"))


def set_reachable(place: House, programme: str, person: str, *, by: str) -> None:
    with place.writing() as session:
        slug = _meant(place, session, programme)
        who = _person(place, session, slug, person)
        people.address_works(session, who.person_id, now=place.now, by=by)
    show.echo(_say(place, "people.set_reachable", name=who.name))


def revoked(place: House, programme: str, which: str, *, by: str) -> None:
    """One link where it looks like one, else all of the person."""
    with place.writing() as session:
        if "/a/" in which:
            secret = runtime.secret_of(place.settings)
            links.revoke(session, secret, which, now=place.now, by=by)
            told = _say(place, "people.one_revoked")
        else:
            slug = _meant(place, session, programme)
            who = _person(place, session, slug, which)
            links.revoke_all(session, who.person_id, now=place.now, by=by)
            told = _say(place, "people.set_revoked", name=who.name)
    show.echo(told)


def erased(place: House, programme: str, person: str, *, by: str) -> None:
    with place.writing() as session:
        slug = _meant(place, session, programme)
        who = _person(place, session, slug, person)
        people.erase(session, who.person_id, on=_today(place, session, slug), now=place.now, by=by)
    show.echo(_say(place, "people.set_erased", id=who.person_id))


# -- calls ---------------------------------------------------------------------------------------


def calls_listed(place: House, programme: str, *, out: Path | None, as_json: bool) -> None:
    with place.reading() as session:
        slug = _meant(place, session, programme)
        found = calls.call_list(session, slug, now=place.now)
        if out is not None:
            files.replace(out, calls.document(session, slug, now=place.now, language=place.lang))
    if as_json:
        at = iso(place.now, place.settings.tz)
        show.answer(
            CallListAnswer(
                programme=slug, at=at, calls=[answering.call_answer(one) for one in found]
            )
        )
        return
    lines = [line for one in found for line in _call_lines(place, one)]
    show.echo(*(lines or [_say(place, "calls.none")]), *([str(out)] if out else []))


def _call_lines(place: House, one: Call) -> list[str]:
    number = one.mobile or _say(place, "calls.no_number")
    marks = [_say(place, "calls.bounced")] if one.bounced else []
    marks += [_say(place, "calls.tries", n=one.tries)] if one.tries else []
    units = "、".join(one.units)
    return [
        "  ".join([str(one.person_id), one.name, number, units, *marks]),
        *(f"    {matter.subject}  {light_word(matter.standing.light, place.lang)}"
          for matter in one.matters),
    ]  # fmt: skip


def call_recorded(
    place: House, programme: str, person: str, outcome: str, *, caller: str, promised: str,
    note: str,
) -> None:  # fmt: skip
    with place.writing() as session:
        slug = _meant(place, session, programme)
        who = _person(place, session, slug, person)
        n = calls.record(
            session, slug, who.person_id, Outcome(outcome), caller=caller, now=place.now,
            promised_on=day(promised, "--promised") if promised else None, note=note,
        )  # fmt: skip
    told = _say(place, f"calls.{outcome}")
    show.echo(_say(place, "calls.recorded", name=who.name, outcome=told, n=n))
