"""A small REST interface; the answers are those of the command line's `--json`."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from tracker.definitions import answers
from tracker.definitions.answers import DueAnswer, LedgerAnswer, ProgrammesAnswer, PublishedAnswer
from tracker.domain.points import Units
from tracker.services import programmes
from tracker.services.scoreboard import Board
from tracker.web import items, overview, vitals
from tracker.web.entry import Office
from tracker.web.pages import final, opened
from tracker.wording import arithmetic, counting

router = APIRouter(prefix="/api/v1")


@router.get("/openapi.json", include_in_schema=False)
def description(request: Request, asked: Office) -> Response:
    return JSONResponse(request.app.openapi())


@router.get("/programmes")
def programme_list(asked: Office) -> ProgrammesAnswer:
    """The current version of every programme in the database."""
    with asked.runtime.database.read() as session:
        found = [programmes.versions(session, slug)[-1] for slug in programmes.slugs(session)]
    return ProgrammesAnswer(
        programmes=[
            PublishedAnswer(id=one.slug, version=one.version, hash=one.hash, title=one.title,
                            new=one.new)
            for one in found
        ],
        shipped=[],
    )  # fmt: skip


@router.get("/programmes/{slug}/score")
def score(asked: Office, slug: str, unit: str = "") -> LedgerAnswer:
    """`as_of` and `known_at` as on the pages; `unit` lists the entries of one unit alone."""
    with opened(asked, slug) as (_, at):
        board = at.board
    zone = board.programme.tz
    says = {one.id: arithmetic(one.steps, asked.language, zone) for one in board.ledger.entries}
    return answers.ledger_answer(
        board.ledger, version=board.version, final=final(board), unit=unit, says=says
    )


@router.get("/programmes/{slug}/obligations")
def obligations(asked: Office, slug: str, unit: str = "", light: str = "") -> DueAnswer:
    """Obligations with lights and deadlines, of one unit or with one light if wanted."""
    wanted = items.Wanted(unit=unit, light=light)
    with opened(asked, slug) as (_, at):
        board = at.board
    chosen = [one for one in board.ledger.standings if wanted.takes(one, board)]
    lost = _lost(board)
    zone = board.programme.tz
    return DueAnswer(
        programme=answers.about(board.programme, board.version),
        as_of=answers.instant(board.as_of, zone),
        known_at=answers.instant(board.known_at, zone),
        lights={light.value: count for light, count in overview.light_counts(chosen)},
        obligations=[
            answers.obligation_answer(
                one, board.programme, lost=lost.get(one.obligation.key, 0),
                counted=counting(one.obligation.deadline, asked.language,
                                 needs=one.obligation.needs),
            )
            for one in chosen
        ],
    )  # fmt: skip


def _lost(board: Board) -> dict[str, Units]:
    """What each obligation's own entries have cost, positive."""
    found: dict[str, Units] = {}
    for entry in board.ledger.entries:
        if entry.obligation and entry.part != "bonus":
            found[entry.obligation] = Units(found.get(entry.obligation, 0) - entry.points)
    return found


@router.get("/health")
def health(asked: Office) -> Any:
    state = vitals.vitals(asked)
    return JSONResponse(state.body(), status_code=200 if state.ok else 503)
