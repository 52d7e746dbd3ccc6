"""The service itself through the interface: whether a channel works, backups."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from notifiers.message import WAYS
from tracker.definitions.answers import Answer
from tracker.definitions.channelanswers import ChannelAnswer, ChannelsAnswer
from tracker.services import backups, outlets
from tracker.web.entry import Administering
from tracker.web.house import back_up_now, tried_now
from tracker.web.interface import (
    NOTHING,
    PER_PAGE,
    RESPONSES,
    Bare,
    Body,
    Cursor,
    Limit,
    Sent,
    example,
    listed,
    read,
    takes,
    told,
)

router = APIRouter(prefix="/api/v1/service", tags=["service"], responses=RESPONSES)


class TryBody(Body):
    model_config = example(channel="mail", to="zhang@office.example")
    channel: Annotated[str, Field(pattern="^(" + "|".join(WAYS) + ")$")]
    to: Annotated[str, Field(max_length=200, pattern=r"^[^\x00]*$")] = ""


class TriedAnswer(Answer):
    """What a channel answered, or why it did not take the message."""

    channel: str
    accepted: bool
    told: str


class KeptAnswer(Answer):
    name: str
    size: int = Field(description="In bytes.")
    made_at: datetime


class BackupsAnswer(Answer):
    backups: list[KeptAnswer] = Field(description="The newest first.")


@router.get("/channels")
def channels(asked: Administering) -> ChannelsAnswer:
    return ChannelsAnswer(
        channels=[
            ChannelAnswer(name=one.way.name, order=one.order, public=one.way.public,
                          lacks=list(one.lacks))
            for one in outlets.outlets(asked.runtime.settings)
        ]
    )  # fmt: skip


@router.post("/try", status_code=200, response_model=TriedAnswer, openapi_extra=takes(TryBody))
async def try_channel(asked: Administering, sent: Sent) -> Response:
    """One message now, past the outbox: it says that it is a test."""
    body = read(sent, TryBody)
    found = await tried_now(asked, body.channel, body.to)
    return told(TriedAnswer(channel=found.channel, accepted=found.accepted, told=found.told))


@router.get("/backups", response_model=BackupsAnswer)
def backup_list(asked: Administering, limit: Limit = PER_PAGE, cursor: Cursor = "") -> Response:
    answer = BackupsAnswer(backups=[
        KeptAnswer(name=one.path.name, size=one.size, made_at=one.made_at)
        for one in backups.kept(asked.runtime.settings.data)
    ])  # fmt: skip
    return told(*listed(asked, answer, "backups", limit=limit, cursor=cursor,
                        name=lambda one: one.name))  # fmt: skip


@router.post("/backups", status_code=201, response_model=KeptAnswer,
             openapi_extra=NOTHING)  # fmt: skip
def back_up(asked: Administering, sent: Bare) -> Response:
    """One file into the folder of the house, verified."""
    made = back_up_now(asked)
    return told(KeptAnswer(name=made.path.name, size=made.size, made_at=asked.now), status=201)
