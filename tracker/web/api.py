"""A small REST interface; the answers are those of the command line's `--json`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import ValidationError
from pydantic_core import ErrorDetails, from_json, to_json
from starlette.responses import JSONResponse, Response

from tracker.definitions import answers, sheets, telling
from tracker.definitions.answers import DueAnswer, LedgerAnswer, amount
from tracker.definitions.documentanswers import LoadedAnswer, ProgrammesAnswer, PublishedAnswer
from tracker.domain import facts as f
from tracker.domain.authority import About, Act
from tracker.domain.errors import DefinitionError, Problem
from tracker.domain.points import Units
from tracker.services import factbook, programmes, reporting, scoreboard
from tracker.services.scoreboard import Board
from tracker.web import items, overview, vitals
from tracker.web.access import Forbidden
from tracker.web.entry import Entering, Running, Seeing, Tending
from tracker.web.intake import TooLarge
from tracker.web.pages import final, opened
from tracker.wording import arithmetic, counting

router = APIRouter(prefix="/api/v1")

MOST_BYTES = 8 * 1024 * 1024


@router.get("/openapi.json", include_in_schema=False)
def description(request: Request, asked: Entering) -> Response:
    return JSONResponse(request.app.openapi())


@router.get("/programmes")
def programme_list(asked: Entering) -> ProgrammesAnswer:
    """The current version of every programme in the database."""
    with asked.runtime.database.read() as session:
        mine = [slug for slug in programmes.slugs(session) if asked.who.ever(Act.SEE, slug)]
        found = [programmes.versions(session, slug)[-1] for slug in mine]
    return ProgrammesAnswer(
        programmes=[
            PublishedAnswer(id=one.slug, version=one.version, hash=one.hash, title=one.title,
                            new=one.new)
            for one in found
        ],
        shipped=[],
    )  # fmt: skip


@router.get("/programmes/{slug}/score")
def score(asked: Seeing, slug: str, unit: str = "") -> LedgerAnswer:
    """`as_of` and `known_at` as on the pages; `unit` lists the entries of one unit alone."""
    asked.must(Act.SEE if unit else Act.LOOK, About(slug, unit))
    with opened(asked, slug) as (_, at):
        board = at.board
    zone = board.programme.tz
    says = {one.id: arithmetic(one.steps, asked.language, zone) for one in board.ledger.entries}
    return answers.ledger_answer(
        board.ledger, version=board.version, final=final(board), unit=unit, says=says,
        retroactive=board.retroactive,
    )  # fmt: skip


@router.get("/programmes/{slug}/obligations")
def obligations(asked: Seeing, slug: str, unit: str = "", light: str = "") -> DueAnswer:
    """Obligations with lights and deadlines, of one unit or with one light if wanted."""
    wanted = items.Wanted(unit=unit, light=light)
    with opened(asked, slug) as (_, at):
        board = at.board
    chosen = [one for one in board.ledger.standings
              if wanted.takes(one, board) and asked.may(Act.SEE, at, one.obligation)]  # fmt: skip
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


async def _posted(request: Request) -> bytes:
    """Forbidden for what a form of another site could send, TooLarge above the limit."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" or not request.app.state.web.gate.same_origin(request):
        raise Forbidden("origin")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise TooLarge
    return body


@router.post("/programmes/{slug}/facts")
def record_facts(
    asked: Running, slug: str, posted: Annotated[bytes, Depends(_posted)]
) -> LoadedAnswer:
    """A list of facts as in a file (`tracker facts schema`), all or nothing. They become known now;
    one with an id that is on file with the same content is kept."""
    new = _facts(posted, asked.now)
    with asked.runtime.database.write() as session:
        before = factbook.named(session, slug, [one.id for one in new])
        stored = reporting.record_facts(session, slug, new, now=asked.now, by=asked.by)
        added = [one for one in stored if one.id not in before]
        moved = scoreboard.moved(session, slug, added, now=asked.now)
    return LoadedAnswer(file="", what="facts", rows=len(stored), added=len(added),
                        kept=len(stored) - len(added), moved=amount(moved.by))  # fmt: skip


def _facts(body: bytes, now: datetime) -> list[f.AnyFact]:
    """DefinitionError names every fact and field that is wrong."""
    try:
        given = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise DefinitionError([Problem("body", f"不是 JSON / not JSON: {error}")]) from error
    if not isinstance(given, list):
        raise DefinitionError([Problem("body", "应是事实的列表 / not a list of facts")])
    found: list[f.AnyFact] = []
    problems: list[Problem] = []
    for number, one in enumerate(given, start=1):
        stamped = {"recorded_at": now.isoformat(), **one} if isinstance(one, dict) else one
        try:
            found.append(f.FACT.validate_json(to_json(stamped)))
        except ValidationError as error:
            told = one if isinstance(one, dict) else {}
            problems += [_problem(number, fault, told) for fault in error.errors(include_url=False)]
    if problems:
        raise DefinitionError(problems)
    return found


def _problem(number: int, error: ErrorDetails, body: dict[str, Any]) -> Problem:
    where = ".".join(str(part) for part in error["loc"])
    place = f"fact {number}" + (f", {where}" if where else "")
    return telling.in_both(sheets.fault_in(error, body), place=place)


@router.get("/health")
def health(asked: Tending) -> Any:
    state = vitals.vitals(asked)
    return JSONResponse(state.body(), status_code=200 if state.ok else 503)
