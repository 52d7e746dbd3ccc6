"""What a person settles, through the interface: readings, who owes a clause, signed scores, the
year, instructions; each with its price before it is done, where it has one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import partial
from typing import Annotated, cast

from fastapi import APIRouter
from pydantic import ConfigDict, Field
from sqlmodel import Session
from starlette.responses import Response

from tracker.definitions.aheadanswers import (
    AssignAnswer,
    ForecastAnswer,
    SignoffAnswer,
    SignoffsAnswer,
    SignoffSinceAnswer,
    WhatIfAnswer,
)
from tracker.definitions.aheadforms import forecast_answer, what_if_answer
from tracker.definitions.answers import Answer, ReadingsAnswer, about
from tracker.domain import facts as f
from tracker.domain.errors import Misfit, Unfit
from tracker.services import (
    answering,
    assignments,
    closings,
    drafts,
    instructions,
    programmes,
    readings,
    scoreboard,
    signoffs,
)
from tracker.services.assignments import Assignment, Joins
from tracker.web.ahead import MOST, ahead_of, until_of, what_if_of
from tracker.web.apiwrites import RecordedAnswer, recorded
from tracker.web.asking import Asked
from tracker.web.entry import Instructing, Looking, LookingNow, Running
from tracker.web.intake import Number
from tracker.web.interface import (
    PER_PAGE,
    RESPONSES,
    UNCHANGED,
    Body,
    Cursor,
    Id,
    Limit,
    Person,
    Reason,
    Sent,
    Text,
    example,
    listed,
    must_match,
    on_the_clock,
    part,
    read,
    tagged,
    takes,
    told,
    version,
    write,
    zone_of,
)
from tracker.web.pages import opened
from tracker.wording import cliff

router = APIRouter(prefix="/api/v1/programmes/{slug}", tags=["settling"], responses=RESPONSES)


# -- readings, what lies ahead -------------------------------------------------------------------


@router.get("/readings", response_model=ReadingsAnswer)
def reading_list(
    asked: Looking, slug: str, limit: Limit = PER_PAGE, cursor: Cursor = ""
) -> Response:
    """口径: every ambiguous clause, its alternatives with their prices, what holds."""
    with opened(asked, slug) as (session, at):
        seen = {"as_of": at.as_of, "known_at": at.board.known_at}
        register = readings.register(session, slug, **seen)
        span = readings.span(session, slug, **seen)
        answer = answering.readings_answer(at.board, register, span)
    return told(*listed(asked, answer, "readings", limit=limit, cursor=cursor,
                        name=lambda one: one.id))  # fmt: skip


@router.get("/forecast")
def forecast(asked: Looking, slug: str, until: str = "") -> ForecastAnswer:
    """Until the end of the working week unless a day is told."""
    with opened(asked, slug) as (session, at):
        ahead, found = ahead_of(session, at.board, until_of(at, until))
    says = partial(cliff, language=asked.language, zone=at.zone)
    return forecast_answer(at.board.ledger, ahead, found, version=at.board.version, says=says)


class WhatIfBody(Body):
    """As `tracker what-if` takes them: `done KEY`, `move KEY=2021-11-30`, `extend KEY=...`,
    `reading ID=CHOICE`, `set PATH=VALUE`."""

    model_config = example(suppose=["done 1/done/housing"])
    suppose: Annotated[tuple[Text, ...], Field(min_length=1, max_length=MOST)]
    until: date | None = None


@router.post("/what-if", status_code=200, response_model=WhatIfAnswer,
             openapi_extra=takes(WhatIfBody))  # fmt: skip
def what_if(asked: Looking, slug: str, sent: Sent) -> Response:
    """Nothing is saved."""
    body = read(sent, WhatIfBody)
    with opened(asked, slug) as (_, at):
        found = what_if_of(at, body.suppose, until_of(at, str(body.until or "")))
    board = at.board
    return told(what_if_answer(found, board.programme, version=board.version,
                               known_at=board.known_at, supposed=body.suppose))  # fmt: skip


# -- who owes a clause ---------------------------------------------------------------------------


class AssignBody(Body):
    """责任划分: `units` owe the clause; `joins` says how they make one amount."""

    model_config = example(units=["housing", "env_branch"], joins="all", reason="按分工方案")
    units: Annotated[tuple[Id, ...], Field(min_length=1, max_length=200)]
    joins: Annotated[str, Field(pattern="^(" + "|".join(assignments.JOINS) + ")$")]
    reason: Text = Field(default="", description="Needed to save it, not for its price.")


class OwedAnswer(Answer):
    clause: str
    title: str
    units: list[str]
    joins: str
    divided: bool = Field(description="A person has said who owes it.")


class OwedByAnswer(Answer):
    clauses: list[OwedAnswer] = Field(description="Those with a duty, in the programme's order.")


@router.get("/assignments", response_model=OwedByAnswer, responses=UNCHANGED)
def owed_by(asked: Looking, slug: str, limit: Limit = PER_PAGE, cursor: Cursor = "") -> Response:
    """With the ETag that If-Match takes when it is changed."""
    with asked.runtime.database.read() as session:
        programme = programmes.current(session, slug)
    found = []
    for name, (_, _, clause) in programme.clauses.items():
        if clause.duties:
            now = assignments.present(programme, name)
            found.append(
                OwedAnswer(clause=name, title=clause.title, units=list(now.units),
                           joins=now.joins, divided=clause.owed_by is not None)
            )  # fmt: skip
    answer, headers = listed(asked, OwedByAnswer(clauses=found), "clauses", limit=limit,
                             cursor=cursor, name=lambda one: one.clause)  # fmt: skip
    whole = tagged(answer, version(programme.hash), asked)
    whole.headers.update(headers)
    return whole


def _wanted(session: Session, slug: str, clause: str, body: AssignBody) -> Assignment:
    programme = programmes.current(session, slug)
    units = assignments.ordered(programme, list(body.units))
    return Assignment(clause, units, cast(Joins, body.joins))


@router.post("/assignments/{clause}/price", status_code=200, response_model=AssignAnswer,
             openapi_extra=takes(AssignBody))  # fmt: skip
def price_assignment(asked: LookingNow, slug: str, clause: Id, sent: Sent) -> Response:
    """What it would change; nothing is saved."""
    body = read(sent, AssignBody)
    with opened(asked, slug) as (session, at):
        priced = assignments.price(session, slug, _wanted(session, slug, clause, body),
                                   now=at.as_of)  # fmt: skip
    return told(answering.assign_answer(at.board, priced, None))


@router.post("/assignments/{clause}", status_code=201, response_model=AssignAnswer,
             openapi_extra=takes(AssignBody))  # fmt: skip
def assign(asked: Running, slug: str, clause: Id, sent: Sent) -> Response:
    """A new version of the programme in which it is so."""
    body = read(sent, AssignBody)
    if not body.reason.strip():
        raise Unfit({"reason": Misfit.REASON}, "说明理由 / say why")

    def act(session: Session) -> AssignAnswer:
        programmes.alone(session, slug)
        must_match(asked, version(programmes.current(session, slug).hash))
        board = scoreboard.board(session, slug, as_of=asked.now)
        wanted = _wanted(session, slug, clause, body)
        priced = assignments.price(session, slug, wanted, now=asked.now)
        done = assignments.assign(session, slug, wanted, now=asked.now, by=asked.by,
                                  reason=body.reason)  # fmt: skip
        return answering.assign_answer(board, priced, done.version)

    return write(asked, sent, act)


# -- signed scores and the year ------------------------------------------------------------------


class SignBody(Body):
    """签定 of the score as of an instant, now unless told; by the programme's clock where it has no
    offset."""

    model_config = example(person="王主任", as_of="2021-10-01T00:00:00+08:00")
    person: Person
    as_of: datetime | None = None
    note: Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")] = ""


@router.get("/signoffs", response_model=SignoffsAnswer)
def signoff_list(
    asked: Looking, slug: str, limit: Limit = PER_PAGE, cursor: Cursor = "",
) -> Response:  # fmt: skip
    with opened(asked, slug) as (session, at):
        every = signoffs.signoffs(session, slug)
    found, headers = part(asked, every, limit=limit, cursor=cursor,
                          name=lambda one: str(one.number))  # fmt: skip
    signed = [answering.signoff_answer(one, at.zone) for one in found]
    return told(SignoffsAnswer(programme=about(at.programme, at.board.version), signoffs=signed),
                headers)  # fmt: skip


@router.get("/signoffs/{number}")
def signoff(asked: LookingNow, slug: str, number: Number) -> SignoffSinceAnswer:
    """With what has become of it since."""
    with asked.runtime.database.read() as session:
        one = signoffs.signoff(session, slug, number)
        since = signoffs.since(session, slug, one, known_at=asked.now)
        board = scoreboard.board(session, slug, as_of=one.as_of, known_at=asked.now)
    return answering.since_answer(one, since, board)


@router.post("/signoffs", status_code=201, response_model=SignoffAnswer,
             openapi_extra=takes(SignBody))  # fmt: skip
def sign(asked: Running, slug: str, sent: Sent) -> Response:
    body, zone = read(sent, SignBody), zone_of(asked, slug)
    as_of = on_the_clock(body.as_of, zone, "as_of") if body.as_of else asked.now
    return write(asked, sent, lambda session: answering.signoff_answer(
        signoffs.sign(session, slug, as_of=as_of, now=asked.now, by=asked.by, person=body.person,
                      note=body.note), zone,
    ))  # fmt: skip


class ReasonBody(Body):
    model_config = example(reason="全年考核结束")
    reason: Reason


class NextYearBody(Body):
    model_config = example(year=2022)
    year: Annotated[int, Field(ge=1990, le=2100)]


class BegunAnswer(Answer):
    draft: int = Field(description="Its number under /imports.")


class YearAnswer(Answer):
    """年度: whether it is closed."""

    year: int
    closed: RecordedAnswer | None


@router.get("/year")
def year(asked: Looking, slug: str) -> YearAnswer:
    with opened(asked, slug) as (session, at):
        closed = closings.closed(session, slug, at.posted_by)
    return YearAnswer(year=at.programme.year, closed=None if closed is None else recorded(closed))


def _year(
    asked: Asked, slug: str, sent: Sent, how: Callable[..., f.AnyFact],
) -> Response:  # fmt: skip
    body = read(sent, ReasonBody)
    return write(asked, sent, lambda session: recorded(how(
        session, slug, because=body.reason, now=asked.now, by=asked.by)))  # fmt: skip


@router.post("/year/close", status_code=201, response_model=RecordedAnswer,
             openapi_extra=takes(ReasonBody))  # fmt: skip
def close_year(asked: Running, slug: str, sent: Sent) -> Response:
    return _year(asked, slug, sent, closings.close)


@router.post("/year/reopen", status_code=201, response_model=RecordedAnswer,
             openapi_extra=takes(ReasonBody))  # fmt: skip
def reopen_year(asked: Running, slug: str, sent: Sent) -> Response:
    return _year(asked, slug, sent, closings.reopen)


@router.post("/year/next", status_code=201, response_model=BegunAnswer,
             openapi_extra=takes(NextYearBody))  # fmt: skip
def next_year(asked: Running, slug: str, sent: Sent) -> Response:
    """The draft of another year of this programme."""
    body = read(sent, NextYearBody)
    return write(asked, sent, lambda session: BegunAnswer(draft=drafts.begin_next(
        session, slug, body.year, now=asked.now, by=asked.by)))  # fmt: skip


# -- instructions --------------------------------------------------------------------------------


class InstructionBody(Body):
    """批示: the words of `person`, a leader; it becomes a case of that unit with its own clock."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"words": "月底前完成清淤", "unit": "housing", "due_on": "2021-10-29",
                 "person": "李县长"}
            ]
        }
    )  # fmt: skip
    words: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
    unit: Id
    due_on: date
    person: Person


@router.post("/instructions", status_code=201, response_model=RecordedAnswer,
             openapi_extra=takes(InstructionBody))  # fmt: skip
def instruct(asked: Instructing, slug: str, sent: Sent) -> Response:
    body = read(sent, InstructionBody)
    return write(asked, sent, lambda session: recorded(instructions.give(
        session, slug, words=body.words, unit=body.unit, due_on=body.due_on, person=body.person,
        now=asked.now, by=asked.by,
    )))  # fmt: skip
