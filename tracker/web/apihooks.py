"""Events told to other systems, through the interface: where, a test, what was answered."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import ConfigDict, Field
from starlette.responses import Response

from tracker.definitions.answers import Answer
from tracker.services import hooks, postings
from tracker.services.eventkinds import Group
from tracker.services.hooks import Hook
from tracker.services.outbox import Ending
from tracker.services.postings import Posting
from tracker.web.asking import Asked
from tracker.web.hooks import Hooking, made_in, mine, must_tend, own, try_now
from tracker.web.intake import Number
from tracker.web.interface import (
    NOTHING,
    PER_PAGE,
    RESPONSES,
    Bare,
    Body,
    Cursor,
    DoneAnswer,
    Limit,
    Sent,
    check_sender,
    done,
    part,
    read,
    takes,
    told,
    write,
)

router = APIRouter(prefix="/api/v1/hooks", tags=["hooks"], responses=RESPONSES)

MOST = 5000
"""Postings that can be paged through, the newest first."""


class HookBody(Body):
    """推送地址: `programme` for the events of one; without, an administrator's: of all of them and
    of the house. Signed as standardwebhooks.com describes; at least once, known by its id."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"programme": "small", "url": "https://oa.example.gov.cn/events",
                          "groups": ["facts", "scores"]}]
        }
    )  # fmt: skip
    programme: Annotated[str, Field(max_length=100, pattern=r"^[^\x00]*$")] | None = None
    url: Annotated[str, Field(min_length=1, max_length=500, pattern=r"^[^\x00]*$")]
    groups: Annotated[list[Group], Field(min_length=1, max_length=len(Group))]


class HookAnswer(Answer):
    id: int
    programme: str | None = Field(description="None: all of them, and the house.")
    server: str
    groups: list[Group]
    made_at: datetime
    ended_at: datetime | None
    secret: str = Field(default="", description="Where it was just made; told this once.")


class HooksAnswer(Answer):
    hooks: list[HookAnswer]


class PostingAnswer(Answer):
    """推送: an event on its way to the hook, and what was answered to it."""

    id: int
    kind: str = Field(examples=["fact.report"])
    at: datetime = Field(description="When it happened.")
    state: str = Field(description="pending, sending, sent, failed or suppressed.")
    attempts: int
    due_at: datetime
    settled_at: datetime | None
    reply: str


class PostingsAnswer(Answer):
    postings: list[PostingAnswer] = Field(description="The newest first.")


class TriedHookAnswer(Answer):
    ending: Ending
    reply: str


def owning(asked: Hooking, number: Number) -> Asked:
    """Whose hook it is comes before what is said about it."""
    check_sender(asked.request)
    with asked.runtime.database.read() as session:
        own(asked, session, number)
    return asked


Owning = Annotated[Asked, Depends(owning)]


def _told(one: Hook, secret: str = "") -> HookAnswer:
    return HookAnswer(id=one.id, programme=one.programme, server=one.server,
                      groups=list(one.groups), made_at=one.made_at, ended_at=one.ended_at,
                      secret=secret)  # fmt: skip


def _with_secret(asked: Asked, one: Hook) -> HookAnswer:
    return _told(one, hooks.secret_of(asked.runtime.secret, one))


@router.get("", response_model=HooksAnswer)
def hook_list(asked: Hooking, limit: Limit = PER_PAGE, cursor: Cursor = "") -> Response:
    """Those that work and that whoever asks may tend."""
    with asked.runtime.database.read() as session:
        every = mine(asked, session)
    found, headers = part(asked, every, limit=limit, cursor=cursor, name=lambda one: str(one.id))
    return told(HooksAnswer(hooks=[_told(one) for one in found]), headers)


@router.post("", status_code=201, response_model=HookAnswer, openapi_extra=takes(HookBody))
def make_hook(asked: Hooking, sent: Sent) -> Response:
    body = read(sent, HookBody)
    must_tend(asked, body.programme)
    return write(asked, sent, lambda session: _with_secret(asked, made_in(
        asked, session, body.programme, body.url, body.groups)), secret="secret")  # fmt: skip


@router.get("/{number}")
def hook(asked: Owning, number: Number) -> HookAnswer:
    with asked.runtime.database.read() as session:
        return _told(hooks.hook(session, number))


@router.get("/{number}/postings", response_model=PostingsAnswer)
def posting_list(
    asked: Owning, number: Number, limit: Limit = PER_PAGE, cursor: Cursor = ""
) -> Response:
    with asked.runtime.database.read() as session:
        every = postings.of_hook(session, number, limit=MOST)
    found, headers = part(asked, every, limit=limit, cursor=cursor,
                          name=lambda one: str(one.number))  # fmt: skip
    return told(PostingsAnswer(postings=[_posting(one) for one in found]), headers)


def _posting(one: Posting) -> PostingAnswer:
    return PostingAnswer(id=one.number, kind=one.kind, at=one.at, state=one.state.value,
                         attempts=one.attempt, due_at=one.due_at, settled_at=one.settled_at,
                         reply=one.reply)  # fmt: skip


@router.post("/{number}/renew", status_code=201, response_model=HookAnswer, openapi_extra=NOTHING)
def renew_hook(asked: Owning, number: Number, sent: Bare) -> Response:
    """Another secret; the old one signs nothing any more."""

    return write(asked, sent, lambda session: _with_secret(
        asked, hooks.renew(session, number, now=asked.now, by=asked.by),
    ), secret="secret")  # fmt: skip


@router.post("/{number}/end", status_code=201, response_model=DoneAnswer, openapi_extra=NOTHING)
def end_hook(asked: Owning, number: Number, sent: Bare) -> Response:
    return done(asked, sent, number, lambda session: hooks.end(
        session, number, now=asked.now, by=asked.by))  # fmt: skip


@router.post(
    "/{number}/try", status_code=200, response_model=TriedHookAnswer, openapi_extra=NOTHING
)
async def try_hook(asked: Owning, number: Number, sent: Bare) -> Response:
    """One event of the kind `test` now, past all that waits; its answer is told here."""
    found = await try_now(asked, number)
    return told(TriedHookAnswer(ending=found.ending, reply=found.reply))


@router.post("/{number}/postings/{one}/again", status_code=201, response_model=DoneAnswer,
             openapi_extra=NOTHING)  # fmt: skip
def post_again(asked: Owning, number: Number, one: Number, sent: Bare) -> Response:
    """With the same id, whatever became of it before."""

    return done(asked, sent, one, lambda session: postings.again(
        session, number, one, now=asked.now))  # fmt: skip
