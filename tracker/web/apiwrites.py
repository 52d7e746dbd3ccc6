"""Writing through the interface: what the pages' forms do, by the same use cases."""

from __future__ import annotations

import io
import secrets
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import ConfigDict, Field
from sqlmodel import Session
from starlette.responses import Response

from tracker.definitions.answers import Answer
from tracker.domain import facts as f
from tracker.domain.authority import About, Act
from tracker.domain.errors import DefinitionError, NotFound, Problem
from tracker.services import cases, factbook, programmes, readings, reporting
from tracker.web import matter
from tracker.web.asking import Asked, Desk
from tracker.web.entry import Reporting, Reviewing, Running
from tracker.web.evidence import folder_of, keep
from tracker.web.intake import FILES, Upload
from tracker.web.interface import (
    RESPONSES,
    Body,
    DoneAnswer,
    Id,
    Key,
    Person,
    Posted,
    Reason,
    Sent,
    Text,
    content_of,
    done,
    example,
    must_match,
    on_the_clock,
    read,
    takes,
    version,
    write,
    zone_of,
)
from tracker.web.pages import opened

router = APIRouter(prefix="/api/v1", tags=["recording"], responses=RESPONSES)

Count = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=6)]


class RecordedAnswer(Answer):
    """A fact as it was recorded."""

    id: str
    fact: str
    occurred_at: datetime
    recorded_at: datetime
    by: str = Field(description="Who: an account, a unit, or the office.")


class FileBody(Body):
    name: Id
    content: str = Field(description="The file in base64.")


class ReportBody(Body):
    """填报: exactly one of done, count (of the target, so far) and share (0 to 1, so far)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"obligation": "1/done/housing", "done": True, "note": "已验收"},
                {"obligation": "4/s1/housing", "count": "7"},
            ]
        }
    )
    obligation: Key
    done: bool | None = None
    count: Count | None = None
    share: Annotated[Decimal, Field(ge=0, le=1, decimal_places=6)] | None = None
    note: Text = ""
    submitted_at: datetime | None = Field(
        default=None,
        description="When it reached the office, by the programme's clock where it has no offset; "
        "only the office may say so.",
    )
    files: Annotated[tuple[FileBody, ...], Field(max_length=FILES)] = ()


PROGRESS = ("done", "count", "share")


class ExtensionBody(Body):
    """延期: asked for by a unit; approved, refused or asked for by the office. `until` is the new
    last day, `until_at` the new limit of a clock of hours."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"obligation": "1/done/housing", "until": "2021-11-30", "reason": "阴雨停工"}
            ]
        }
    )
    obligation: Key
    outcome: Literal["requested", "approved", "refused"] = "requested"
    until: date | None = None
    until_at: datetime | None = None
    reason: Text


class ReviewBody(Body):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"obligation": "1/done/housing", "report": "r1", "outcome": "returned",
                 "reason": "缺验收签章"}
            ]
        }
    )  # fmt: skip
    obligation: Key
    report: Id
    outcome: Literal["accepted", "returned"]
    reason: Text = ""


class TakingBackBody(Body):
    model_config = example(obligation="1/done/housing", reason="点错了")
    obligation: Key
    reason: Reason


class CaseBody(Body):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"case": "2021-08", "kind": "handed", "unit": "env_branch", "title": "河道督办",
                 "received_at": "2021-10-18T09:00:00+08:00"}
            ]
        }
    )  # fmt: skip
    case: Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\x00]*$")]
    kind: Id
    unit: Id
    title: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$")]
    received_at: datetime
    due_on: date | None = None


class ClosingBody(Body):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"closed_at": "2021-10-19T16:00:00+08:00"}]}
    )
    closed_at: datetime | None = None
    duty: Text = ""
    note: Text = ""


class DecisionBody(Body):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"choice": "up", "person": "王主任", "reason": "按通知第三条"}]
        }
    )
    choice: Id
    person: Person
    reason: Reason


def _owed(asked: Asked, slug: str, key: str, act: Act) -> Desk:
    """The programme, for somebody who may do this to that obligation."""
    with opened(asked, slug) as (_, at):
        found = matter.find(at.board, key)
    asked.must(act, at.about(found.obligation))
    return at


def _record(
    asked: Asked, sent: Posted, slug: str, key: str, act: Callable[[Session], f.AnyFact]
) -> Response:
    """The fact about the obligation, unless it is another one than If-Match names. Whether it is
    is seen in the transaction that records, when nobody else can be quicker any more."""

    def acted(session: Session) -> RecordedAnswer:
        if "if-match" in asked.request.headers:
            programmes.alone(session, slug)
            owed = reporting.owing(session, slug, key, now=asked.now)
            known = factbook.near(session, slug, clauses=[owed.clause])
            current = programmes.current(session, slug)
            must_match(asked, version(matter.version_of(current, owed, known)))
        return recorded(act(session))

    return write(asked, sent, acted)


def _fresh() -> str:
    return f"a-{secrets.token_hex(8)}"


def recorded(fact: f.AnyFact) -> RecordedAnswer:
    return RecordedAnswer(
        id=fact.id, fact=fact.fact, occurred_at=fact.occurred_at, recorded_at=fact.recorded_at,
        by=fact.by,
    )  # fmt: skip


@router.post(
    "/programmes/{slug}/reports", status_code=201, response_model=RecordedAnswer,
    openapi_extra=takes(ReportBody),
)  # fmt: skip
def report(asked: Reporting, slug: str, sent: Sent) -> Response:
    """填报. If-Match takes the ETag of the obligation."""
    body = read(sent, ReportBody)
    _only_one(body)
    at, key = _owed(asked, slug, body.obligation, Act.REPORT), body.obligation
    if body.submitted_at is not None:
        asked.must(Act.RUN, About(slug))
    uploads = [
        Upload(one.name, io.BytesIO(content_of(one.content, f"files.{n}.content")))
        for n, one in enumerate(body.files)
    ]
    evidence = keep(folder_of(asked.runtime.settings.data), uploads)
    return _record(asked, sent, slug, key, lambda session: reporting.report_progress(
        session, slug, key, now=asked.now, by=asked.by, id_=_fresh(),
        submitted_at=body.submitted_at and on_the_clock(body.submitted_at, at.zone, "submitted_at"),
        done=body.done, count=body.count,
        share=body.share, note=body.note, evidence=evidence,
    ))  # fmt: skip


def _only_one(body: ReportBody) -> None:
    """DefinitionError where it says nothing of how far it is, or says it twice."""
    said = [name for name in PROGRESS if getattr(body, name) is not None]
    if len(said) != 1:
        text = (
            f"{'、'.join(PROGRESS)} 只说一个，也必须说一个 / exactly one of {', '.join(PROGRESS)}"
        )
        raise DefinitionError([Problem(said[1] if said else PROGRESS[0], text)])


@router.post(
    "/programmes/{slug}/extensions", status_code=201, response_model=RecordedAnswer,
    openapi_extra=takes(ExtensionBody),
)  # fmt: skip
def extend(asked: Reporting, slug: str, sent: Sent) -> Response:
    """延期. If-Match takes the ETag of the obligation."""
    body = read(sent, ExtensionBody)
    at, key = _owed(asked, slug, body.obligation, Act.REPORT), body.obligation
    if body.outcome != "requested":
        asked.must(Act.RUN, About(slug))
    until_at = body.until_at and on_the_clock(body.until_at, at.zone, "until_at")

    def act(session: Session) -> f.AnyFact:
        # Each value is of its parameter's type; of a dictionary mypy knows one type for all.
        said = {"now": asked.now, "by": asked.by, "reason": body.reason, "id_": _fresh()}
        if body.outcome == "refused":
            return reporting.refuse_extension(session, slug, key, **said)  # type: ignore[arg-type]
        how = reporting.ask_extension if body.outcome == "requested" else reporting.grant_extension
        return how(session, slug, key, until=body.until, until_at=until_at, **said)  # type: ignore[arg-type]

    return _record(asked, sent, slug, key, act)


@router.post(
    "/programmes/{slug}/reviews", status_code=201, response_model=RecordedAnswer,
    openapi_extra=takes(ReviewBody),
)  # fmt: skip
def review(asked: Reviewing, slug: str, sent: Sent) -> Response:
    """审核 of a report about this obligation, whose ETag If-Match takes."""
    body = read(sent, ReviewBody)
    _reported(_owed(asked, slug, body.obligation, Act.REVIEW), body.obligation, body.report)
    return _record(asked, sent, slug, body.obligation, lambda session: reporting.review(
        session, slug, body.report, outcome=body.outcome, reason=body.reason, now=asked.now,
        by=asked.by, id_=_fresh(),
    ))  # fmt: skip


@router.post(
    "/programmes/{slug}/reviews/{review}/take-back", status_code=201,
    response_model=RecordedAnswer, openapi_extra=takes(TakingBackBody),
)  # fmt: skip
def take_back(asked: Reviewing, slug: str, review: Id, sent: Sent) -> Response:
    """撤回审核: the report waits again. If-Match takes the ETag of the obligation."""
    body = read(sent, TakingBackBody)
    at = _owed(asked, slug, body.obligation, Act.REVIEW)
    verdict = next((one for one in at.board.facts if one.id == review), None)
    if not isinstance(verdict, f.Review):
        raise NotFound(f"没有这次审核 / no review {review!r}")
    _reported(at, body.obligation, verdict.report)
    return _record(asked, sent, slug, body.obligation, lambda session: reporting.take_back_review(
        session, slug, review, reason=body.reason, now=asked.now, by=asked.by, id_=_fresh(),
    ))  # fmt: skip


def _reported(at: Desk, key: str, report: str) -> None:
    """NotFound for a report about something else, which others may have to review."""
    place = reporting.names_of(matter.find(at.board, key).obligation)
    if not any(
        isinstance(one, f.Report) and one.id == report
        and {name: getattr(one, name) for name in place} == place
        for one in at.board.facts
    ):  # fmt: skip
        raise NotFound(f"没有这次填报 / no report {report!r} about {key}")


@router.post(
    "/programmes/{slug}/cases", status_code=201, response_model=RecordedAnswer,
    openapi_extra=takes(CaseBody),
)  # fmt: skip
def open_case(asked: Running, slug: str, sent: Sent) -> Response:
    """交办件登记."""
    body = read(sent, CaseBody)
    received_at = on_the_clock(body.received_at, zone_of(asked, slug), "received_at")
    return write(asked, sent, lambda session: recorded(cases.open_case(
        session, slug, body.case, kind=body.kind, unit=body.unit, title=body.title,
        received_at=received_at, now=asked.now, by=asked.by, id_=_fresh(),
        due_on=body.due_on,
    )))  # fmt: skip


@router.post(
    "/programmes/{slug}/cases/{case}/close", status_code=201, response_model=RecordedAnswer,
    openapi_extra=takes(ClosingBody),
)  # fmt: skip
def close_case(asked: Running, slug: str, case: str, sent: Sent) -> Response:
    body = read(sent, ClosingBody)
    closed_at = body.closed_at and on_the_clock(body.closed_at, zone_of(asked, slug), "closed_at")
    return write(asked, sent, lambda session: recorded(cases.close_case(
        session, slug, case, closed_at=closed_at, duty=body.duty, note=body.note,
        now=asked.now, by=asked.by, id_=_fresh(),
    )))  # fmt: skip


@router.post(
    "/programmes/{slug}/readings/{reading}", status_code=201, response_model=DoneAnswer,
    openapi_extra=takes(DecisionBody),
)  # fmt: skip
def decide(asked: Running, slug: str, reading: str, sent: Sent) -> Response:
    """口径: decided by a named person with a reason."""
    body = read(sent, DecisionBody)

    return done(asked, sent, reading, lambda session: readings.decide(
        session, slug, reading, body.choice, person=body.person, reason=body.reason,
        now=asked.now, by=asked.by,
    ))  # fmt: skip
