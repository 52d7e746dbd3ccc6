"""催办办法 through the interface: what counts where, what a change would do, and the change. The
same use cases as the page's."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import Field
from sqlmodel import Session
from starlette.responses import Response

from tracker.definitions.answers import Answer, InstantText
from tracker.definitions.answers import instant as iso
from tracker.domain.errors import Misfit, Unfit
from tracker.domain.programme import Programme
from tracker.services import policies, programmes
from tracker.services.policies import Foreseen, Kind, Place, Telling
from tracker.web.entry import Looking, LookingNow, Running
from tracker.web.interface import (
    PER_PAGE,
    RESPONSES,
    UNCHANGED,
    Body,
    Cursor,
    Limit,
    Sent,
    Text,
    example,
    listed,
    must_match,
    read,
    tagged,
    takes,
    told,
    version,
    write,
)

router = APIRouter(prefix="/api/v1/programmes/{slug}", tags=["notices"], responses=RESPONSES)


class StatedAnswer(Answer):
    """The policy of the programme, a section or an item; keys and values as in its document."""

    kind: Kind
    id: str = Field(description="Of the section or item; empty for the programme.")
    title: str
    own: dict[str, Any] = Field(description="What is said here; the rest is as it is above.")
    whole: dict[str, Any] = Field(description="What counts here all in all.")


class PolicyAnswer(Answer):
    policies: list[StatedAnswer] = Field(description="The programme's first.")


class TellingAnswer(Answer):
    """Somebody is told by a mail to come; nobody has no name."""

    at: InstantText
    name: str
    obligation: str
    unit: str
    rung: str
    role: str


class ForeseenAnswer(Answer):
    until: InstantText
    mails_now: int
    mails_then: int
    more: list[TellingAnswer] = Field(description="Who would be told besides.")
    fewer: list[TellingAnswer] = Field(description="Who would no longer be told.")


class PolicyChangedAnswer(Answer):
    version: int = Field(description="Of the programme.")
    policy: StatedAnswer


class PolicyBody(Body):
    """The whole own policy of the place: what is left out is as it is above."""

    model_config = example(
        kind="item", id="1", policy={"before": [-7, -1], "head_from": 2}, reason="按会议纪要"
    )
    kind: Kind = "programme"
    id: Annotated[str, Field(max_length=60)] = ""
    policy: Annotated[dict[str, Any], Field(max_length=60)]
    reason: Text = Field(default="", description="Needed to save it, not to see what it does.")

    @property
    def place(self) -> Place:
        return Place(self.kind, self.id)


@router.get("/policy", response_model=PolicyAnswer, responses=UNCHANGED)
def policy(asked: Looking, slug: str, limit: Limit = PER_PAGE, cursor: Cursor = "") -> Response:
    """催办办法 of the programme and of what says otherwise, with the ETag that If-Match takes."""
    with asked.runtime.database.read() as session:
        programme = programmes.current(session, slug)
    found = PolicyAnswer(policies=[_stated(one) for one in policies.stated(programme)])
    answer, headers = listed(asked, found, "policies", limit=limit, cursor=cursor,
                             name=lambda one: f"{one.kind}:{one.id}")  # fmt: skip
    whole = tagged(answer, version(programme.hash), asked)
    whole.headers.update(headers)
    return whole


@router.post("/policy/preview", status_code=200, response_model=ForeseenAnswer,
             openapi_extra=takes(PolicyBody))  # fmt: skip
def preview(asked: LookingNow, slug: str, sent: Sent) -> Response:
    """What it would do to the mails of the next two weeks; nothing is saved."""
    body = read(sent, PolicyBody)
    with asked.runtime.database.read() as session:
        programme = programmes.current(session, slug)
        found = policies.foresee(session, slug, body.place, body.policy, now=asked.now)
    return told(_foreseen(found, programme))


@router.post("/policy", status_code=201, response_model=PolicyChangedAnswer,
             openapi_extra=takes(PolicyBody))  # fmt: skip
def change(asked: Running, slug: str, sent: Sent) -> Response:
    """A new version of the programme in which it is so."""
    body = read(sent, PolicyBody)
    if not body.reason.strip():
        raise Unfit({"reason": Misfit.REASON}, "说明理由 / say why")

    def act(session: Session) -> PolicyChangedAnswer:
        programmes.alone(session, slug)
        must_match(asked, version(programmes.current(session, slug).hash))
        done = policies.change(session, slug, body.place, body.policy, now=asked.now,
                               by=asked.by, reason=body.reason)  # fmt: skip
        new = policies.stands_at(programmes.current(session, slug), body.place)
        return PolicyChangedAnswer(version=done.version, policy=_stated(new))

    return write(asked, sent, act)


def _stated(one: policies.Stated) -> StatedAnswer:
    return StatedAnswer(
        kind=one.place.kind, id=one.place.id, title=one.title, own=dict(one.own),
        whole=one.whole.model_dump(mode="json"),
    )  # fmt: skip


def _foreseen(one: Foreseen, programme: Programme) -> ForeseenAnswer:
    def telling(of: Telling) -> TellingAnswer:
        return TellingAnswer(
            at=iso(of.at, programme.tz), name=of.name, obligation=of.obligation, unit=of.unit,
            rung=of.rung, role=of.role,
        )  # fmt: skip

    return ForeseenAnswer(
        until=iso(one.until, programme.tz), mails_now=one.mails_now, mails_then=one.mails_then,
        more=[telling(each) for each in one.more], fewer=[telling(each) for each in one.fewer],
    )  # fmt: skip
