"""Notices through the interface: what will go out and what went, order slips, calls, mails that
came in, who is left in peace. The same use cases as the pages'."""

from __future__ import annotations

import secrets
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import ConfigDict, Field
from sqlmodel import Session
from starlette.responses import Response

from schedules.deadlines import local_day
from tracker.definitions.answers import Answer, InstantText, about
from tracker.definitions.answers import instant as iso
from tracker.definitions.noticeanswers import AheadAnswer, SentAnswer, SilenceAnswer, SilencesAnswer
from tracker.definitions.postanswers import (
    CallListAnswer,
    RepliesAnswer,
    SlipAnswer,
    SlipsAnswer,
)
from tracker.domain.policy import Role
from tracker.domain.programme import Programme
from tracker.domain.silences import Mode, Scope
from tracker.services import (
    answering,
    byhand,
    calls,
    coming,
    mailings,
    programmes,
    replies,
    silences,
    slips,
)
from tracker.services.calls import Outcome
from tracker.services.mailings import Mailing
from tracker.services.slips import Kind
from tracker.web.entry import Looking, LookingNow, Running
from tracker.web.intake import Number
from tracker.web.interface import (
    NOTHING,
    PER_PAGE,
    RESPONSES,
    Bare,
    Body,
    Cursor,
    DoneAnswer,
    Key,
    Limit,
    Person,
    Reason,
    Sent,
    done,
    example,
    listed,
    on_the_clock,
    part,
    read,
    takes,
    told,
    write,
    zone_of,
)
from tracker.web.lists import MOST_NOTICES
from tracker.web.pages import opened
from tracker.web.post import LATELY

router = APIRouter(prefix="/api/v1/programmes/{slug}", tags=["notices"], responses=RESPONSES)


def known(session: Session, slug: str) -> Programme:
    return programmes.current(session, slug)


def once() -> str:
    """Names one request of a program; that it is not done twice is the Idempotency-Key's."""
    return secrets.token_hex(8)


# -- what went out and what will -----------------------------------------------------------------


class MailingAnswer(Answer):
    """A notice with its outcome and its proof."""

    obligation: str
    rung: str
    role: str
    unit: str
    name: str
    at: InstantText
    state: str
    reason: str
    settled_at: InstantText | None
    reply: str
    message_id: str


class MailingsAnswer(Answer):
    notices: list[MailingAnswer] = Field(description="The newest first.")


@router.get("/notices", response_model=MailingsAnswer)
def notice_list(
    asked: Looking, slug: str, limit: Limit = PER_PAGE, cursor: Cursor = "",
) -> Response:  # fmt: skip
    with opened(asked, slug) as (session, at):
        rows = mailings.latest(session, slug, known_at=at.posted_by, limit=MOST_NOTICES)
    found, headers = part(
        asked, rows, limit=limit, cursor=cursor,
        name=lambda one: f"{one.obligation}|{one.rung}|{one.role}|{one.name}|{one.at.isoformat()}",
    )  # fmt: skip
    return told(MailingsAnswer(notices=[mailing_told(one, at.programme) for one in found]), headers)


def mailing_told(one: Mailing, programme: Programme) -> MailingAnswer:
    return MailingAnswer(
        obligation=one.obligation, rung=one.rung, role=one.role, unit=one.unit, name=one.name,
        at=iso(one.at, programme.tz), state=one.state, reason=one.reason,
        settled_at=None if one.settled_at is None else iso(one.settled_at, programme.tz),
        reply=one.reply, message_id=one.message_id,
    )  # fmt: skip


@router.get("/notices/ahead", response_model=AheadAnswer)
def ahead(asked: LookingNow, slug: str, limit: Limit = PER_PAGE, cursor: Cursor = "") -> Response:
    """今后两周: from now on, if nothing happens before."""
    with opened(asked, slug) as (session, at):
        mails = coming.coming(session, slug, now=asked.now)
        titles = coming.titles(session, slug, (it for one in mails for it in one.told))
    zone = at.zone
    answer = AheadAnswer(
        programme=about(at.programme, at.board.version), now=iso(asked.now, zone),
        until=iso(asked.now + coming.TWO_WEEKS, zone),
        mails=[answering.coming_answer(one, zone, titles, asked.language) for one in mails],
    )  # fmt: skip
    return told(*listed(asked, answer, "mails", limit=limit, cursor=cursor,
                        name=lambda one: one.key))  # fmt: skip


class RemindBody(Body):
    model_config = example(obligation="1/done/housing", role="contact", because="分管领导要求")
    obligation: Key
    role: Role = Role.CONTACT
    because: Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")] = ""


class ResendBody(Body):
    model_config = example(message_id="<d-1@tracker.example>")
    message_id: Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[^\x00]*$")]


def _sent(session: Session, slug: str, keys: list[str]) -> SentAnswer:
    version = programmes.versions(session, slug)[0].version
    return SentAnswer(programme=about(known(session, slug), version), keys=keys)


@router.post("/reminders", status_code=201, response_model=SentAnswer,
             openapi_extra=takes(RemindBody))  # fmt: skip
def remind(asked: Running, slug: str, sent: Sent) -> Response:
    """立即催办: whoever has the role now."""
    body = read(sent, RemindBody)
    return write(asked, sent, lambda session: _sent(session, slug, [byhand.send_now(
        session, slug, body.obligation, role=body.role, now=asked.now, by=asked.by,
        because=body.because, once=once(),
    )]))  # fmt: skip


@router.post("/resendings", status_code=201, response_model=SentAnswer,
             openapi_extra=takes(ResendBody))  # fmt: skip
def resend(asked: Running, slug: str, sent: Sent) -> Response:
    """A mail that went out, told again as far as it is still open."""
    body = read(sent, ResendBody)
    return write(asked, sent, lambda session: _sent(session, slug, byhand.resend(
        session, slug, body.message_id, now=asked.now, by=asked.by, once=once(),
    )))  # fmt: skip


# -- order slips ---------------------------------------------------------------------------------


class SlipBody(Body):
    model_config = example(obligation="1/done/housing", kind="urge")
    obligation: Key
    kind: Kind


class VoidBody(Body):
    model_config = example(reason="开错单位")
    reason: Reason


@router.get("/slips", response_model=SlipsAnswer)
def slip_list(asked: Looking, slug: str, limit: Limit = PER_PAGE, cursor: Cursor = "") -> Response:
    with asked.runtime.database.read() as session:
        zone = known(session, slug).tz
        every = slips.slips(session, slug)
        missing = [slips.number_of(*gap) for gap in slips.gaps(session, slug)]
    found, headers = part(asked, every, limit=limit, cursor=cursor, name=lambda one: str(one.id))
    return told(SlipsAnswer(programme=slug, missing=missing,
                            slips=[answering.slip_answer(one, zone) for one in found]),
                headers)  # fmt: skip


@router.get("/slips/{number}")
def slip(asked: Looking, slug: str, number: Number) -> SlipAnswer:
    with asked.runtime.database.read() as session:
        one = slips.slip(session, slug, number)
        return answering.slip_answer(one, known(session, slug).tz)


@router.post("/slips", status_code=201, response_model=SlipAnswer, openapi_extra=takes(SlipBody))
def issue_slip(asked: Running, slug: str, sent: Sent) -> Response:
    """交办单, 催办单, 督办单 by hand."""
    body = read(sent, SlipBody)
    sender = asked.runtime.sender

    def act(session: Session) -> SlipAnswer:
        made = slips.by_hand(
            session, slug, body.obligation, body.kind, once=once(), by=asked.by,
            office=sender.name or sender.mail, now=asked.now,
            language=asked.runtime.settings.language,
        )  # fmt: skip
        return answering.slip_answer(made, known(session, slug).tz)

    return write(asked, sent, act)


@router.post("/slips/{number}/void", status_code=201, response_model=SlipAnswer,
             openapi_extra=takes(VoidBody))  # fmt: skip
def void_slip(asked: Running, slug: str, number: Number, sent: Sent) -> Response:
    """作废: the number stays taken."""
    body = read(sent, VoidBody)
    return write(asked, sent, lambda session: answering.slip_answer(
        slips.void(session, slug, number, reason=body.reason, now=asked.now, by=asked.by),
        known(session, slug).tz,
    ))  # fmt: skip


# -- calls ---------------------------------------------------------------------------------------


class CallBody(Body):
    """`promised_on` where the outcome is promised."""

    model_config = example(person=1, outcome="promised", caller="小王", promised_on="2021-10-25")
    person: Number
    outcome: Outcome
    caller: Person
    promised_on: date | None = None
    note: Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")] = ""


class MadeCallAnswer(Answer):
    name: str
    outcome: Outcome
    promised_on: date | None
    caller: str
    note: str
    called_at: InstantText
    matters: int


class CallsAnswer(CallListAnswer):
    """Who is to be called now, and the calls of the last two weeks."""

    made: list[MadeCallAnswer] = Field(description="The newest first.")


class CalledAnswer(Answer):
    matters: int = Field(description="For how many it counts as signed for.")


@router.get("/calls")
def call_list(asked: LookingNow, slug: str) -> CallsAnswer:
    with asked.runtime.database.read() as session:
        zone = known(session, slug).tz
        found = calls.call_list(session, slug, now=asked.now)
        made = calls.made(session, slug, since=local_day(asked.now, zone) - LATELY)
    return CallsAnswer(
        programme=slug, at=iso(asked.now, zone),
        calls=[answering.call_answer(one) for one in found],
        made=[
            MadeCallAnswer(name=one.name, outcome=one.outcome, promised_on=one.promised_on,
                           caller=one.caller, note=one.note, matters=one.matters,
                           called_at=iso(one.called_at, zone))
            for one in made
        ],
    )  # fmt: skip


@router.post("/calls", status_code=201, response_model=CalledAnswer, openapi_extra=takes(CallBody))
def record_call(asked: Running, slug: str, sent: Sent) -> Response:
    body = read(sent, CallBody)
    return write(asked, sent, lambda session: CalledAnswer(matters=calls.record(
        session, slug, body.person, body.outcome, caller=body.caller, now=asked.now,
        promised_on=body.promised_on, note=body.note,
    )))  # fmt: skip


# -- mails that came in --------------------------------------------------------------------------


@router.get("/replies", response_model=RepliesAnswer)
def reply_list(asked: Looking, slug: str, limit: Limit = PER_PAGE, cursor: Cursor = "") -> Response:
    """What waits for a person."""
    with asked.runtime.database.read() as session:
        zone = known(session, slug).tz
        every = replies.waiting(session, slug)
    found, headers = part(asked, every, limit=limit, cursor=cursor, name=lambda one: str(one.id))
    answer = RepliesAnswer(replies=[answering.reply_answer(one, zone) for one in found])
    return told(answer, headers)


@router.post("/replies/{reply}/settle", status_code=201, response_model=DoneAnswer,
             openapi_extra=NOTHING)  # fmt: skip
def settle_reply(asked: Running, slug: str, reply: Number, sent: Bare) -> Response:
    """A person has looked at it."""
    return done(asked, sent, reply, lambda session: replies.settle(
        session, reply, of=slug, now=asked.now, by=asked.by))  # fmt: skip


# -- snoozes and silences ------------------------------------------------------------------------


class SilenceBody(Body):
    """推后 (snooze) or 静默 (silence), with an end and a reason. `subject` is an obligation's key,
    a unit or a person's number; empty for the whole programme. `until` without an offset is by the
    programme's clock."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"scope": "unit", "subject": "housing", "mode": "snooze",
                 "until": "2021-10-25T08:30:00+08:00", "because": "等上级文件"}
            ]
        }
    )  # fmt: skip
    scope: Scope
    subject: Annotated[str, Field(max_length=300, pattern=r"^[^\x00]*$")] = ""
    mode: Mode
    until: datetime
    because: Reason


@router.get("/silences", response_model=SilencesAnswer)
def silence_list(
    asked: LookingNow, slug: str, limit: Limit = PER_PAGE, cursor: Cursor = "",
) -> Response:  # fmt: skip
    """The newest first, those that are over too."""
    with asked.runtime.database.read() as session:
        programme = known(session, slug)
        every = silences.of_programme(session, slug)
        version = programmes.versions(session, slug)[0].version
    found, headers = part(asked, every, limit=limit, cursor=cursor,
                          name=lambda one: str(one.number))  # fmt: skip
    answer = SilencesAnswer(
        programme=about(programme, version),
        silences=[answering.silence_answer(one, programme.tz, asked.now) for one in found],
    )
    return told(answer, headers)


@router.post("/silences", status_code=201, response_model=SilenceAnswer,
             openapi_extra=takes(SilenceBody))  # fmt: skip
def silence(asked: Running, slug: str, sent: Sent) -> Response:
    body = read(sent, SilenceBody)
    until = on_the_clock(body.until, zone_of(asked, slug), "until")
    return write(asked, sent, lambda session: answering.silence_answer(
        silences.make(session, slug, scope=body.scope, subject=body.subject, mode=body.mode,
                      until=until, because=body.because, by=asked.by, now=asked.now),
        known(session, slug).tz, asked.now,
    ))  # fmt: skip


@router.post("/silences/{number}/end", status_code=201, response_model=DoneAnswer,
             openapi_extra=NOTHING)  # fmt: skip
def end_silence(asked: Running, slug: str, number: Number, sent: Bare) -> Response:
    return done(asked, sent, number, lambda session: silences.end(
        session, slug, number, by=asked.by, now=asked.now))  # fmt: skip
