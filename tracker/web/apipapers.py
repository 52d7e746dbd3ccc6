"""The papers of a programme through the interface: the same files as on the pages, by the same
functions, for whoever may read them there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from pydantic import Field
from starlette.responses import Response

from tracker.definitions.answers import Answer, DueAnswer, about, instant
from tracker.services import weekly
from tracker.web import acts, overview, post, reports
from tracker.web.api import obligation_told
from tracker.web.entry import Looking, Running
from tracker.web.interface import (
    NOTHING,
    PER_PAGE,
    RESPONSES,
    Bare,
    Cursor,
    Limit,
    part,
    told,
    write,
)
from tracker.web.lists import lost_by_key
from tracker.web.pages import opened

router = APIRouter(prefix="/api/v1/programmes/{slug}", tags=["papers"], responses=RESPONSES)

A_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The file.",
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}}
            for kind in sorted(set(reports.KINDS.values()))
        },
    }
}


class WeekAnswer(Answer):
    week: str = Field(examples=["2021-W42"])
    audiences: list[str] = Field(description="`leader`, `office`, `unit:...`, `reviewer:...`.")


class WeeksAnswer(Answer):
    weeks: list[WeekAnswer] = Field(description="The newest first.")


@router.get("/digests", response_model=WeeksAnswer)
def digests(asked: Looking, slug: str, limit: Limit = PER_PAGE, cursor: Cursor = "") -> Response:
    """周报 on file: each is read at `digest.json` with its `week` and `audience`, and one at any
    instant with `as_of`."""
    with opened(asked, slug) as (session, _):
        every = weekly.on_file(session, slug)
    found, headers = part(asked, every, limit=limit, cursor=cursor, name=lambda one: one[0])
    weeks = [WeekAnswer(week=week, audiences=to) for week, to in found]
    return told(WeeksAnswer(weeks=weeks), headers)


class IssuedAnswer(Answer):
    week: str = Field(examples=["2021-W42"])


@router.post("/digests", status_code=201, response_model=IssuedAnswer, openapi_extra=NOTHING)
def publish_digests(asked: Running, slug: str, sent: Bare) -> Response:
    """签发周报: this week's, where the service has not come to them; on file, and sent. Refused
    before their time and where they are on file."""
    return write(
        asked, sent, lambda session: IssuedAnswer(week=reports.publish(asked, session, slug))
    )


@router.get("/cases", response_model=DueAnswer)
def cases(asked: Looking, slug: str, limit: Limit = PER_PAGE, cursor: Cursor = "") -> Response:
    """交办件: their obligations with light and limit, those that are closed too."""
    with opened(asked, slug) as (_, at):
        board = at.board
    chosen = [one for one in board.ledger.standings if one.obligation.kind == "case"]
    found, headers = part(asked, chosen, limit=limit, cursor=cursor,
                          name=lambda one: one.obligation.key)  # fmt: skip
    lost, zone = lost_by_key(at), board.programme.tz
    answer = DueAnswer(
        programme=about(board.programme, board.version),
        as_of=instant(board.as_of, zone), known_at=instant(board.known_at, zone),
        lights={light.value: count for light, count in overview.light_counts(chosen)},
        obligations=[obligation_told(asked, board, one, lost) for one in found],
    )  # fmt: skip
    return told(answer, headers)


def _file(path: str, made_by: Callable[..., Response]) -> None:
    router.add_api_route(path, made_by, methods=["GET"], response_class=Response, responses=A_FILE)


_file("/digest.{kind}", reports.digest_file)
_file("/audit.{kind}", reports.audit_file)
_file("/bulletin.{kind}", reports.bulletin_file)
_file("/dossier.pdf", reports.dossier_file)
_file("/slips/{number}/pdf", post.slip_file)
_file("/calls/pdf", post.calls_file)
_file("/evidence/{sha256}", acts.evidence_file)
