"""People through the interface: who has which role, handovers, absences, addresses, calendars that
phones subscribe to."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter
from pydantic import ConfigDict, Field, model_validator
from sqlmodel import Session
from starlette.responses import Response

from schedules.deadlines import local_day
from tracker.definitions.answers import Answer
from tracker.definitions.channelanswers import FeedAnswer, FeedsAnswer
from tracker.definitions.postanswers import HolderAnswer, PeopleAnswer
from tracker.definitions.sheets import Contact
from tracker.domain.authority import TOLD, About, Act
from tracker.services import absences, answering, feeds, links, people, programmes
from tracker.services.absences import Absence
from tracker.web.asking import Asked
from tracker.web.entry import Looking, Running
from tracker.web.feeds import house_of
from tracker.web.intake import Number
from tracker.web.interface import (
    NOTHING,
    PER_PAGE,
    RESPONSES,
    Bare,
    Body,
    Cursor,
    DoneAnswer,
    Id,
    Limit,
    Sent,
    done,
    example,
    listed,
    part,
    read,
    takes,
    told,
    write,
)
from tracker.web.people import MOST_CONTACTS, erase, known_to, must_run_all_of, must_run_all_with

router = APIRouter(prefix="/api/v1/programmes/{slug}", tags=["people"], responses=RESPONSES)

Short = Annotated[str, Field(max_length=100, pattern=r"^[^\x00]*$")]


def _today(asked: Asked, session: Session, slug: str) -> date:
    return local_day(asked.now, programmes.current(session, slug).tz)


# -- who has which role --------------------------------------------------------------------------


class AbsenceAnswer(Answer):
    id: int
    person: int
    deputy: int
    from_on: date
    until_on: date = Field(description="The first day back.")
    copied: bool


class PersonAnswer(Answer):
    """Somebody with their roles in the programme today, and their absences from today on."""

    person: int
    name: str
    mail: str
    mobile: str
    bounced: bool
    roles: list[HolderAnswer]
    absences: list[AbsenceAnswer]


class ContactBody(Body):
    unit: Id
    name: Short = ""
    role: Annotated[str, Field(pattern="^(" + "|".join(TOLD) + ")$")]
    mail: Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")] = ""
    mobile: Short = ""


class ContactsBody(Body):
    """联络员名单: for each unit and role that it names the whole truth from today on."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"contacts": [{"unit": "housing", "name": "李四", "role": "contact",
                               "mail": "li@housing.example", "mobile": "13800000000"}]}
            ]
        }
    )  # fmt: skip
    contacts: Annotated[tuple[ContactBody, ...], Field(min_length=1, max_length=MOST_CONTACTS)]


class ContactsAnswer(Answer):
    added: int
    kept: int
    ended: int


@router.get("/people", response_model=PeopleAnswer)
def people_list(
    asked: Looking, slug: str, limit: Limit = PER_PAGE, cursor: Cursor = "",
) -> Response:  # fmt: skip
    with asked.runtime.database.read() as session:
        on = _today(asked, session, slug)
        held, away = people.holders(session, slug, on), absences.away(session, on)
    deputies = {id_: one.deputy.name for id_, one in away.items()}
    found, headers = part(
        asked, held, limit=limit, cursor=cursor,
        name=lambda one: f"{one.person_id}|{one.unit}|{one.role}|{one.from_on}",
    )  # fmt: skip
    holders = [answering.holder_answer(one, deputies.get(one.person_id, "")) for one in found]
    return told(PeopleAnswer(programme=slug, on=on, people=holders), headers)


@router.get("/people/{number}")
def person(asked: Looking, slug: str, number: Number) -> PersonAnswer:
    with asked.runtime.database.read() as session:
        row = people.of_programme(session, slug, number)
        on = _today(asked, session, slug)
        held = [one for one in people.holders(session, slug, on) if one.person_id == number]
        away = [one for one in absences.absences(session, since=on) if one.person_id == number]
        return PersonAnswer(
            person=number, name=row.name, mail=row.mail or "", mobile=row.mobile,
            bounced=row.bounced_at is not None,
            roles=[answering.holder_answer(one, "") for one in held],
            absences=[_absence(one) for one in away],
        )  # fmt: skip


def _absence(one: Absence) -> AbsenceAnswer:
    return AbsenceAnswer(id=one.id, person=one.person_id, deputy=one.deputy_id,
                         from_on=one.from_on, until_on=one.until_on, copied=one.copied)  # fmt: skip


@router.post("/contacts", status_code=201, response_model=ContactsAnswer,
             openapi_extra=takes(ContactsBody))  # fmt: skip
def load_contacts(asked: Running, slug: str, sent: Sent) -> Response:
    """As `tracker contacts load` takes a file: all of it or nothing."""
    rows = [
        Contact(one.unit, one.name, one.role, one.mail, one.mobile, f"contacts.{n}")
        for n, one in enumerate(read(sent, ContactsBody).contacts)
    ]

    def act(session: Session) -> ContactsAnswer:
        done = people.load_contacts(session, rows, now=asked.now, by=asked.by, programme=slug,
                                    on=_today(asked, session, slug))  # fmt: skip
        return ContactsAnswer(added=done.added, kept=done.kept, ended=done.ended)

    return write(asked, sent, act)


# -- what happens to people ----------------------------------------------------------------------


class HandoverBody(Body):
    """交接: all roles of the leaver, those in one unit, or one role; from today unless told."""

    model_config = example(leaver=1, successor=2, unit="housing", role="contact")
    leaver: Number
    successor: Number
    unit: Short = ""
    role: Annotated[str, Field(max_length=20, pattern=r"^[a-z]*$")] = ""
    on: date | None = None


class UnitHandoverBody(Body):
    model_config = example(to_unit="env_branch", on="2021-11-01")
    to_unit: Id
    on: date | None = None


class AbsenceBody(Body):
    model_config = example(deputy=2, from_on="2021-10-20", until_on="2021-10-25", copied=True)
    deputy: Number
    from_on: date
    until_on: date = Field(description="The first day back.")
    copied: bool = False


class ErasureBody(Body):
    """The name again: what is erased does not come back."""

    model_config = example(name="张三")
    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]


class HandedOverAnswer(Answer):
    roles: int


@router.post("/handovers", status_code=201, response_model=HandedOverAnswer,
             openapi_extra=takes(HandoverBody))  # fmt: skip
def hand_over(asked: Running, slug: str, sent: Sent) -> Response:
    body = read(sent, HandoverBody)

    def act(session: Session) -> HandedOverAnswer:
        people.of_programme(session, slug, body.leaver)
        return HandedOverAnswer(roles=people.handover(
            session, leaver=body.leaver, unit=body.unit, role=body.role,
            successor=known_to(asked, session, slug, body.successor),
            on=body.on or _today(asked, session, slug), now=asked.now, by=asked.by,
            programme=None if asked.who.everywhere(Act.RUN) else slug,
        ))  # fmt: skip

    return write(asked, sent, act)


@router.post("/units/{unit}/handover", status_code=201, response_model=HandedOverAnswer,
             openapi_extra=takes(UnitHandoverBody))  # fmt: skip
def hand_over_unit(asked: Running, slug: str, unit: Id, sent: Sent) -> Response:
    """机构改革: the people of another unit answer for this one."""
    body = read(sent, UnitHandoverBody)

    def act(session: Session) -> HandedOverAnswer:
        on = body.on or _today(asked, session, slug)
        must_run_all_with(asked, session, unit, on)
        return HandedOverAnswer(roles=len(people.handover_unit(
            session, slug, unit=unit, to_unit=body.to_unit, on=on, now=asked.now, by=asked.by,
        )))  # fmt: skip

    return write(asked, sent, act)


@router.post("/people/{number}/absences", status_code=201, response_model=AbsenceAnswer,
             openapi_extra=takes(AbsenceBody))  # fmt: skip
def begin_absence(asked: Running, slug: str, number: Number, sent: Sent) -> Response:
    body = read(sent, AbsenceBody)

    def act(session: Session) -> AbsenceAnswer:
        away = people.of_programme(session, slug, number)
        must_run_all_of(asked, session, number, _today(asked, session, slug))
        return _absence(absences.begin(
            session, away, people.person(session, known_to(asked, session, slug, body.deputy)),
            from_on=body.from_on,
            until_on=body.until_on, copied=body.copied, now=asked.now, by=asked.by,
        ))  # fmt: skip

    return write(asked, sent, act)


@router.post("/people/{number}/absences/{absence}/end", status_code=201, response_model=DoneAnswer,
             openapi_extra=NOTHING)  # fmt: skip
def end_absence(asked: Running, slug: str, number: Number, absence: Number, sent: Bare) -> Response:
    def act(session: Session) -> None:
        people.of_programme(session, slug, number)
        absences.end(session, absence, of=number, on=_today(asked, session, slug),
                     now=asked.now, by=asked.by)  # fmt: skip

    return done(asked, sent, absence, act)


@router.post("/people/{number}/reachable", status_code=201, response_model=DoneAnswer,
             openapi_extra=NOTHING)  # fmt: skip
def reachable(asked: Running, slug: str, number: Number, sent: Bare) -> Response:
    """A mail came back, but the address is right."""

    def act(session: Session) -> None:
        people.of_programme(session, slug, number)
        people.address_works(session, number, now=asked.now, by=asked.by)

    return done(asked, sent, number, act)


@router.post("/people/{number}/revoke-links", status_code=201, response_model=DoneAnswer,
             openapi_extra=NOTHING)  # fmt: skip
def revoke_links(asked: Running, slug: str, number: Number, sent: Bare) -> Response:
    """Every signed link in mails to this person is dead from now on."""

    def act(session: Session) -> None:
        people.of_programme(session, slug, number)
        links.revoke_all(session, number, now=asked.now, by=asked.by)

    return done(asked, sent, number, act)


@router.post("/people/{number}/erase", status_code=201, response_model=DoneAnswer,
             openapi_extra=takes(ErasureBody))  # fmt: skip
def erase_person(asked: Running, slug: str, number: Number, sent: Sent) -> Response:
    """In all programmes at once, so that whoever runs only one may not."""
    asked.must(Act.RUN, About())
    body = read(sent, ErasureBody)

    def act(session: Session) -> None:
        people.of_programme(session, slug, number)
        erase(asked, session, number, body.name, on=_today(asked, session, slug))

    return done(asked, sent, number, act)


# -- calendars that phones subscribe to ----------------------------------------------------------


class FeedBody(Body):
    """For a person or for a unit: exactly one of them."""

    model_config = example(unit="housing")
    person: Number | None = None
    unit: Short = ""

    @model_validator(mode="after")
    def _one(self) -> FeedBody:
        if (self.person is None) == (not self.unit):
            raise ValueError("person 与 unit 二选一 / person or unit, not both")
        return self


@router.get("/feeds", response_model=FeedsAnswer)
def feed_list(asked: Running, slug: str, limit: Limit = PER_PAGE, cursor: Cursor = "") -> Response:
    """With their secret addresses, as on the page."""
    house = house_of(asked)
    with asked.runtime.database.read() as session:
        programmes.current(session, slug)
        every = feeds.feeds(session, slug, house)
    answer = FeedsAnswer(feeds=[answering.feed_answer(one, house) for one in every])
    return told(*listed(asked, answer, "feeds", limit=limit, cursor=cursor,
                        name=lambda one: str(one.id)))  # fmt: skip


@router.post("/feeds", status_code=201, response_model=FeedAnswer, openapi_extra=takes(FeedBody))
def make_feed(asked: Running, slug: str, sent: Sent) -> Response:
    body, house = read(sent, FeedBody), house_of(asked)

    def act(session: Session) -> FeedAnswer:
        if body.person is not None:
            made = feeds.make_for_person(session, slug, body.person, house, now=asked.now,
                                         by=asked.by)  # fmt: skip
        else:
            made = feeds.make_for_unit(session, slug, body.unit, house, now=asked.now, by=asked.by)
        return answering.feed_answer(made, house)

    return write(asked, sent, act, secret="address")


@router.post("/feeds/{number}/renew", status_code=201, response_model=FeedAnswer,
             openapi_extra=NOTHING)  # fmt: skip
def renew_feed(asked: Running, slug: str, number: Number, sent: Bare) -> Response:
    """Another address; the old one is dead at once."""
    house = house_of(asked)
    return write(asked, sent, lambda session: answering.feed_answer(
        feeds.renew(session, slug, number, house, now=asked.now, by=asked.by), house,
    ), secret="address")  # fmt: skip


@router.post("/feeds/{number}/revoke", status_code=201, response_model=DoneAnswer,
             openapi_extra=NOTHING)  # fmt: skip
def revoke_feed(asked: Running, slug: str, number: Number, sent: Bare) -> Response:
    return done(asked, sent, number, lambda session: feeds.revoke(
        session, slug, number, now=asked.now, by=asked.by))  # fmt: skip
