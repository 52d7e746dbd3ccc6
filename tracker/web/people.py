"""Who has which role, and what happens to people: handed over, away, back, unreachable, erased."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import Response

from schedules.deadlines import local_day
from tracker.definitions import sheets
from tracker.definitions.sheets import Contact
from tracker.domain.authority import TOLD, About, Act, Role
from tracker.domain.errors import DefinitionError, Problem, Refused, TrackerError
from tracker.exports.sheet import Kind
from tracker.services import absences, links, people, programmes
from tracker.services.people import EVERY_UNIT, Holder
from tracker.web.access import Forbidden
from tracker.web.asking import Asked, Desk, day
from tracker.web.entry import Looking, Received, Running
from tracker.web.evidence import shown_name
from tracker.web.intake import Form, Number, Unclear, number_in
from tracker.web.listing import Column, file_of, listing
from tracker.web.pages import opened
from tracker.web.rendering import go, page
from tracker.wording import text

router = APIRouter()

UNPROCESSABLE = 422
MOST_CONTACTS = 5000
MOST_OF_LIST = 2 * 1024 * 1024
"""Bytes of a file of contacts."""


@dataclass(frozen=True)
class Known:
    """A person with all roles that they have in the programme."""

    id: int
    name: str
    mail: str
    mobile: str
    bounced: bool
    posts: tuple[Holder, ...]

    def told(self, at: Desk, asked: Asked) -> list[str]:
        """Each post as a line: the unit, the role."""
        everywhere = text("people.everywhere", language=asked.language)
        return [
            f"{everywhere if one.unit == EVERY_UNIT else at.unit(one.unit)} · "
            f"{text(f'role.{one.role}', language=asked.language)}"
            for one in self.posts
        ]


def columns(at: Desk, asked: Asked) -> tuple[Column[Known], ...]:
    def state(one: Known) -> str:
        words = "people.bounces" if one.bounced else "" if one.mail else "people.no_mail"
        return text(words, language=asked.language) if words else ""

    return (
        Column("name", "people.name", lambda one: one.name, width=14),
        Column("posts", "people.posts", lambda one: "\n".join(one.told(at, asked)), Kind.LONG, 34),
        Column("mail", "people.mail", lambda one: one.mail, width=32),
        Column("mobile", "people.mobile", lambda one: one.mobile, width=14),
        Column("state", "people.state", state, width=10),
    )


@router.get("/p/{slug}/people")
def people_page(asked: Looking, slug: str, role: str = "") -> Response:
    """`role` shows those alone who have it."""
    with opened(asked, slug) as (session, at):
        return _people(asked, session, at, role)


def _with(known: list[Known], role: str) -> list[Known]:
    return [one for one in known if not role or any(post.role == role for post in one.posts)]


def _people(
    asked: Asked, session: Session, at: Desk, role: str = "", *, form: Form | None = None,
    trouble: str = "", problems: Sequence[Problem] = (),
) -> Response:  # fmt: skip
    """As the page, or as the file that is asked for."""
    on, known = local_day(asked.now, at.zone), _known(session, at, asked)
    table = listing(asked, columns(at, asked), _with(known, role))
    return file_of(asked, at, table, text("people.people", language=asked.language)) or page(
        asked, "people", desk=at, known=known, every=EVERY_UNIT, role=role, table=table,
        roles=[one for one in Role if any(post.role == one for who in known for post in who.posts)],
        absences=[one for one in absences.absences(session, since=on)
                  if any(one.person_id == who.id for who in known)],
        today=on, trouble=trouble,
        problems=problems, sent=form.fields if form else {}, wrong={}, given_roles=TOLD,
        done=_done(asked), status=UNPROCESSABLE if trouble or problems else 200,
    )  # fmt: skip


def _done(asked: Asked) -> tuple[int, ...]:
    """What a list changed, as the address says after it was taken: added, kept, ended."""
    told = asked.request.query_params.get("done", "")
    return tuple(map(int, told.split("-"))) if re.fullmatch(r"\d{1,5}(-\d{1,5}){2}", told) else ()


def _known(session: Session, at: Desk, asked: Asked) -> list[Known]:
    held: dict[int, list[Holder]] = {}
    for one in people.holders(session, at.slug, local_day(asked.now, at.zone)):
        held.setdefault(one.person_id, []).append(one)
    return [
        Known(id_, posts[0].name, posts[0].mail or "", posts[0].mobile, posts[0].bounced,
              tuple(posts))
        for id_, posts in held.items()
    ]  # fmt: skip


Appointing = Callable[[Session], str]
"""Writes, and says what was done."""


@router.post("/p/{slug}/people")
def change(asked: Running, slug: str, form: Received) -> Response:
    """One more person, a whole table of them, or a unit handed over to another."""
    wanted = _FORMS.get(form.text("act", most=20) or "unit_over")
    if wanted is None:
        raise Unclear("form")
    with opened(asked, slug) as (session, at):
        try:
            writes = wanted(asked, at, form)
            with asked.runtime.database.write() as writing:
                done = writes(writing)
        except DefinitionError as mistake:
            return _people(asked, session, at, form=form, problems=mistake.problems)
        except TrackerError as refusal:
            if isinstance(refusal, Unclear | Forbidden):
                raise
            return _people(asked, session, at, form=form, trouble=str(refusal))
    return go(asked, at.path("people"), done=done)


def _unit_over(asked: Asked, at: Desk, form: Form) -> Appointing:
    on = day(form.text("on", most=10), local_day(asked.now, at.zone))

    def write(session: Session) -> str:
        must_run_all_with(asked, session, form.text("unit"), on)
        people.handover_unit(
            session, at.slug, unit=form.text("unit"), to_unit=form.text("to_unit"), on=on,
            now=asked.now, by=asked.by,
        )  # fmt: skip
        return ""

    return write


def _appoint(asked: Asked, at: Desk, form: Form) -> Appointing:
    told = {name: form.text(name, most=100) for name in ("unit", "name", "role", "mail", "mobile")}
    on = local_day(asked.now, at.zone)

    def write(session: Session) -> str:
        done = people.appoint(session, Contact(**told, place=""), programme=at.slug,
                              now=asked.now, on=on, by=asked.by)  # fmt: skip
        return f"{done.added}-{done.kept}-{done.ended}"

    return write


def _load(asked: Asked, at: Desk, form: Form) -> Appointing:
    """As `tracker contacts load` takes a file; it lies on disk only while it is read."""
    if len(form.uploads) != 1:
        raise Refused(text("people.no_file", language=asked.language))
    given = form.uploads[0]
    given.file.seek(0)
    content = given.file.read(MOST_OF_LIST + 1)
    if len(content) > MOST_OF_LIST:
        raise _too_long(given.name)
    name, on = shown_name(given.name), local_day(asked.now, at.zone)
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"contacts{Path(name).suffix.lower()}"
        path.write_bytes(content)
        try:
            rows, already = sheets.read_contacts(path, asked.language)
        except DefinitionError as error:
            raise DefinitionError(
                [_named(one, path.name, name) for one in error.problems]
            ) from error
    if len(rows) > MOST_CONTACTS:
        raise _too_long(name)

    def write(session: Session) -> str:
        try:
            done = people.load_contacts(session, rows, now=asked.now, on=on, by=asked.by,
                                        programme=at.slug, already=already)  # fmt: skip
        except DefinitionError as error:
            raise DefinitionError(
                [_named(one, path.name, name) for one in error.problems]
            ) from error
        return f"{done.added}-{done.kept}-{done.ended}"

    return write


def _too_long(name: str) -> DefinitionError:
    """Each row is looked up while nobody else writes."""
    text = f"名单最多 {MOST_CONTACTS} 行 / a list has at most {MOST_CONTACTS} rows"
    return DefinitionError([Problem(shown_name(name), text, "请分成几份 / split it")])


def _named(problem: Problem, ours: str, theirs: str) -> Problem:
    """By the name that the sender gave to the file."""
    return replace(problem, place=problem.place.replace(ours, theirs))


_FORMS: dict[str, Callable[[Asked, Desk, Form], Appointing]] = {
    "unit_over": _unit_over,
    "appoint": _appoint,
    "load": _load,
}


@router.get("/p/{slug}/people/{number}")
def person_page(asked: Looking, slug: str, number: Number) -> Response:
    with opened(asked, slug) as (session, at):
        return _person(asked, session, at, number)


def _person(
    asked: Asked, session: Session, at: Desk, number: int, *, form: Form | None = None,
    trouble: str = "",
) -> Response:  # fmt: skip
    known, on = _known(session, at, asked), local_day(asked.now, at.zone)
    row = people.of_programme(session, at.slug, number)
    mine = next((one for one in known if one.id == number), None)
    return page(
        asked, "person", desk=at, name=row.name, mail=row.mail or "", mobile=row.mobile,
        bounce=row.bounce or "", bounced_at=row.bounced_at, left_at=row.digests_left_at,
        erased_at=row.erased_at, number=number, posts=mine.posts if mine else (),
        others=[one for one in known if one.id != number], every=EVERY_UNIT, today=on,
        absences=[one for one in absences.absences(session, since=on) if one.person_id == number],
        sent=form.fields if form else {}, wrong={}, trouble=trouble,
        status=UNPROCESSABLE if trouble else 200,
    )  # fmt: skip


@router.post("/p/{slug}/people/{number}")
def act(asked: Running, slug: str, number: Number, form: Received) -> Response:
    wanted = _ACTS.get(form.text("act", most=20))
    if wanted is None:
        raise Unclear("form")
    with opened(asked, slug) as (session, at):
        try:
            with asked.runtime.database.write() as writing:
                people.of_programme(writing, slug, number)
                wanted(asked, writing, at, number, form)
        except TrackerError as refusal:
            if isinstance(refusal, Unclear | Forbidden):
                raise
            return _person(asked, session, at, number, form=form, trouble=str(refusal))
    return go(asked, at.path(f"people/{number}"))


Doing = Callable[[Asked, Session, Desk, int, Form], None]


def _hand_over(asked: Asked, session: Session, at: Desk, number: int, form: Form) -> None:
    unit, _, role = form.text("post").partition("|")
    people.handover(
        session, leaver=number, unit=unit, role=role,
        successor=known_to(asked, session, at.slug, number_in(form, "successor")),
        on=day(form.text("on", most=10), local_day(asked.now, at.zone)), now=asked.now, by=asked.by,
        programme=None if asked.who.everywhere(Act.RUN) else at.slug,
    )  # fmt: skip


def must_run_all_of(asked: Asked, session: Session, number: int, on: date) -> None:
    """A deputy gets what the person has in every programme, so that whoever runs one of them
    appoints none for somebody who also works in another."""
    for programme in people.programmes_of(session, number, on):
        asked.must(Act.RUN, About(programme))


def must_run_all_with(asked: Asked, session: Session, unit: str, on: date) -> None:
    """Where somebody answers for the unit in every programme, whoever runs one of them hands it
    over in none: Refused."""
    every = programmes.slugs(session) if people.in_every_programme(session, unit, on) else []
    if not all(asked.who.may(Act.RUN, About(one)) for one in every):
        raise Refused(
            "这个单位的联络人等是各方案共用的，请由负责全部方案的考核办移交 / "
            "the people of this unit answer for it in every programme: "
            "whoever runs all of them hands it over"
        )


def known_to(asked: Asked, session: Session, slug: str, number: int) -> int:
    """Somebody of the programme; NotFound for anybody else, but whoever runs every programme knows
    them all."""
    if asked.who.everywhere(Act.RUN):
        return people.person(session, number).id or 0
    return people.of_programme(session, slug, number).id or 0


def _away(asked: Asked, session: Session, at: Desk, number: int, form: Form) -> None:
    today = local_day(asked.now, at.zone)
    must_run_all_of(asked, session, number, today)
    absences.begin(
        session, people.person(session, number),
        people.person(session, known_to(asked, session, at.slug, number_in(form, "deputy"))),
        from_on=day(form.text("from_on", most=10), today),
        until_on=day(form.text("until_on", most=10), today),
        copied=form.text("copied") == "yes", now=asked.now, by=asked.by,
    )  # fmt: skip


def _back(asked: Asked, session: Session, at: Desk, number: int, form: Form) -> None:
    absences.end(session, number_in(form, "absence"), of=number,
                 on=local_day(asked.now, at.zone), now=asked.now, by=asked.by)  # fmt: skip


def _reachable(asked: Asked, session: Session, at: Desk, number: int, form: Form) -> None:
    people.address_works(session, number, now=asked.now, by=asked.by)


def _revoke(asked: Asked, session: Session, at: Desk, number: int, form: Form) -> None:
    links.revoke_all(session, number, now=asked.now, by=asked.by)


def _erase(asked: Asked, session: Session, at: Desk, number: int, form: Form) -> None:
    erase(asked, session, number, form.text("name"), on=local_day(asked.now, at.zone))


def erase(asked: Asked, session: Session, number: int, name: str, *, on: date) -> None:
    """The name is typed again: what is erased does not come back."""
    asked.must(Act.RUN, About())  # people are forgotten in all programmes at once
    if name != people.person(session, number).name:
        raise Refused("姓名对不上，没有删除 / that is not the name: nothing was erased")
    people.erase(session, number, on=on, now=asked.now, by=asked.by)


_ACTS: dict[str, Doing] = {
    "handover": _hand_over,
    "away": _away,
    "back": _back,
    "reachable": _reachable,
    "revoke": _revoke,
    "erase": _erase,
}
