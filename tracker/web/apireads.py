"""What the pages show, read through the interface: the programme itself, units side by side, the
history of an obligation, what waits for review, mails as they were sent."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field
from starlette.responses import Response

from tracker.definitions.answers import Answer, InstantText, amount
from tracker.definitions.answers import instant as iso
from tracker.definitions.noticeanswers import MailAnswer, MailsAnswer
from tracker.domain import facts as f
from tracker.domain.authority import About, Act
from tracker.domain.errors import NotFound
from tracker.services import answering, mailings, posted, programmes, reviewing
from tracker.web import matter
from tracker.web.apipost import MailingAnswer, mailing_told
from tracker.web.entry import Looking, Seeing
from tracker.web.intake import Number
from tracker.web.interface import (
    PER_PAGE,
    RESPONSES,
    UNCHANGED,
    Cursor,
    Limit,
    part,
    tagged,
    told,
    version,
)
from tracker.web.lists import ranking
from tracker.web.outlook import outlook
from tracker.web.pages import opened

router = APIRouter(prefix="/api/v1/programmes/{slug}", tags=["programmes"], responses=RESPONSES)

MOST_MAILS = 20_000


# -- the programme -------------------------------------------------------------------------------


class ProgrammeAnswer(Answer):
    """A version of the programme, whole: sections, items, clauses with their text and its place in
    the source, rules, readings, units, policy."""

    id: str
    version: int
    hash: str
    versions: list[int] = Field(description="Those that there are, the newest first.")
    document: dict[str, Any] = Field(description="As the programme's JSON Schema says.")


@router.get("", response_model=ProgrammeAnswer, responses=UNCHANGED)
def programme(
    asked: Looking, slug: str,
    version_: Annotated[int, Query(alias="version", ge=0, le=2**31 - 1)] = 0,
) -> Response:  # fmt: skip
    """The version in force, or the one that is named."""
    with asked.runtime.database.read() as session:
        known = [one.version for one in programmes.versions(session, slug)]
        chosen = version_ or next(iter(known), 0)
        found = programmes.published(session, slug, chosen)
    if found is None:
        raise NotFound(f"没有这一版方案 / no version {chosen} of programme {slug[:40]!r}")
    document = found.model_dump(mode="json", by_alias=True)
    answer = ProgrammeAnswer(id=slug, version=chosen, hash=found.hash, versions=known,
                             document=document)  # fmt: skip
    return tagged(answer, version(answer.hash, known), asked)


# -- units side by side --------------------------------------------------------------------------


class PlaceAnswer(Answer):
    rank: int | None = Field(description="None where nothing was lost.")
    unit: str
    name: str
    lost: str
    added: str = Field(description="Lost in the last seven days.")
    alone: str
    joint: str = Field(description="Shared with others.")
    led: str = Field(description="Of the items that it leads.")
    late: int
    done: int
    total: int
    keeps: str = Field(
        description="What the unit keeps by acting today, whatever the others do; what takes "
        "several units is `together` in the forecast."
    )


class RankingAnswer(Answer):
    units: list[PlaceAnswer]


@router.get("/ranking")
def ranking_list(asked: Looking, slug: str) -> RankingAnswer:
    """通报排名, in the order and with the places of the weekly page."""
    with opened(asked, slug) as (session, at):
        rows = ranking(at, outlook(session, at.board))
    return RankingAnswer(
        units=[
            PlaceAnswer(
                rank=one.lights.rank, unit=one.unit, name=one.name, lost=amount(one.lights.lost),
                added=amount(one.added), alone=amount(one.alone), joint=amount(one.joint),
                led=amount(one.led), late=one.overdue, done=one.done, total=one.lights.total,
                keeps=amount(one.keeps),
            )
            for one in rows
        ]
    )  # fmt: skip


# -- one obligation ------------------------------------------------------------------------------


class EventAnswer(Answer):
    kind: str = Field(examples=["report", "review_returned", "missed"])
    at: InstantText
    by: str
    struck: bool = Field(description="It was corrected or taken back since.")
    fact: dict[str, Any] | None = Field(description="As `tracker facts schema` says.")


class HistoryAnswer(Answer):
    """What happened to an obligation, oldest first, and what was told to whom about it."""

    obligation: str
    events: list[EventAnswer]
    notices: list[MailingAnswer]


@router.get("/obligation/history")
def history(asked: Seeing, slug: str, key: Annotated[str, Query(max_length=300)]) -> HistoryAnswer:
    with opened(asked, slug) as (session, at):
        one = matter.find(at.board, key)
        asked.must(Act.SEE, at.about(one.obligation))
        events = matter.history(session, at.board, one)
        sent = mailings.of_obligation(session, slug, key, known_at=at.posted_by)
    return HistoryAnswer(
        obligation=key,
        events=[
            EventAnswer(kind=it.kind, at=iso(it.at, at.zone), by=it.by, struck=it.struck,
                        fact=None if it.fact is None else _fact(it.fact))
            for it in events
        ],
        notices=[mailing_told(it, at.programme) for it in sent],
    )  # fmt: skip


def _fact(one: f.AnyFact) -> dict[str, Any]:
    return one.model_dump(mode="json", by_alias=True, exclude_none=True)


class AwaitingAnswer(Answer):
    """A report that waits for its review, of whoever may give it."""

    obligation: str
    unit: str
    report: dict[str, Any] = Field(description="As `tracker facts schema` says.")
    due_at: datetime | None = Field(description="The reviewer's own deadline.")
    late: bool


class QueueAnswer(Answer):
    reports: list[AwaitingAnswer]


@router.get("/reviews", response_model=QueueAnswer)
def review_queue(
    asked: Seeing, slug: str, limit: Limit = PER_PAGE, cursor: Cursor = ""
) -> Response:
    """待审核. What waits and whoever asks may see."""
    with opened(asked, slug) as (session, at):
        every = [one for one in reviewing.queue(session, at.board)
                 if asked.may(Act.SEE, at, one.standing.obligation)]  # fmt: skip
    found, headers = part(asked, every, limit=limit, cursor=cursor, name=lambda it: it.report.id)
    return told(
        QueueAnswer(
            reports=[
                AwaitingAnswer(
                    obligation=one.standing.obligation.key, unit=one.standing.obligation.unit,
                    report=_fact(one.report), due_at=one.due_at, late=one.late,
                )
                for one in found
            ]
        ),
        headers,
    )  # fmt: skip


# -- mails as they were sent ---------------------------------------------------------------------


@router.get("/mails", response_model=MailsAnswer)
def mail_list(asked: Looking, slug: str, limit: Limit = PER_PAGE, cursor: Cursor = "") -> Response:
    with opened(asked, slug) as (session, at):
        rows = posted.latest(session, slug, known_at=at.posted_by, limit=MOST_MAILS)
    found, headers = part(asked, rows, limit=limit, cursor=cursor, name=lambda it: str(it.number))
    mails = [answering.mail_answer(one, at.zone) for one in found]
    return told(MailsAnswer(mails=mails), headers)


@router.get("/mails/{number}")
def mail(asked: Looking, slug: str, number: Number) -> MailAnswer:
    """Forbidden where it also tells of a programme that is not for whoever asks."""
    with opened(asked, slug) as (session, at):
        sent = posted.as_sent(session, slug, number, known_at=at.posted_by)
    for other in sent.programmes:
        asked.must(Act.LOOK, About(other))
    return answering.mail_answer(sent.posted, at.zone, sent.text)
