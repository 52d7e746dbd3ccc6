"""Reading through the interface; the answers are those of the command line's `--json`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field, ValidationError
from pydantic_core import ErrorDetails, to_json
from sqlmodel import Session
from starlette.responses import JSONResponse, Response

from tracker.definitions import answers, sheets, telling
from tracker.definitions.aheadanswers import WhatIfAnswer
from tracker.definitions.aheadforms import what_if_answer
from tracker.definitions.answers import (
    Answer,
    DueAnswer,
    LedgerAnswer,
    ObligationAnswer,
    amount,
)
from tracker.definitions.documentanswers import (
    LoadedAnswer,
    ProgrammesAnswer,
    PublishedAnswer,
    other_year_answers,
)
from tracker.domain import facts as f
from tracker.domain.authority import About, Act
from tracker.domain.errors import DefinitionError, Problem
from tracker.domain.obligations import Standing
from tracker.domain.points import Units
from tracker.services import factbook, programmes, reporting, scoreboard
from tracker.services.scoreboard import Board
from tracker.web import items, matter, overview, vitals
from tracker.web.asking import Asked
from tracker.web.entry import Entering, Looking, Running, Seeing, Tending
from tracker.web.interface import (
    MOST_PER_PAGE,
    PER_PAGE,
    RESPONSES,
    Cursor,
    Limit,
    Posted,
    Sent,
    part,
    told,
    version,
    write,
)
from tracker.web.lists import lost_by_key
from tracker.web.pages import opened
from tracker.web.pricing import price_of
from tracker.wording import arithmetic, counting

router = APIRouter(prefix="/api/v1", tags=["programmes"], responses=RESPONSES)


class FactsAnswer(Answer):
    facts: list[dict[str, Any]] = Field(description="Each as `tracker facts schema` says.")


@router.get("/programmes", response_model=ProgrammesAnswer)
def programme_list(asked: Entering, limit: Limit = PER_PAGE, cursor: Cursor = "") -> Response:
    """The current version of every programme in the database."""
    with asked.runtime.database.read() as session:
        mine = [slug for slug in programmes.slugs(session) if asked.who.ever(Act.SEE, slug)]
        found = [programmes.versions(session, slug)[0] for slug in mine]
    found, headers = part(asked, found, limit=limit, cursor=cursor, name=lambda one: one.slug)
    answer = ProgrammesAnswer(
        programmes=[
            PublishedAnswer(id=one.slug, version=one.version, hash=one.hash, title=one.title,
                            new=one.new)
            for one in found
        ],
        shipped=[],
    )  # fmt: skip
    return told(answer, headers)


@router.get("/programmes/{slug}/score")
def score(asked: Seeing, slug: str, unit: str = "") -> LedgerAnswer:
    """`as_of` and `known_at` as on the pages; `unit` lists the entries of one unit alone."""
    asked.must(Act.SEE if unit else Act.LOOK, About(slug, unit))
    with opened(asked, slug) as (_, at):
        board = at.board
    zone = board.programme.tz
    says = {
        one.id: arithmetic([at.named(it) for it in one.steps], asked.language, zone)
        for one in board.ledger.entries
    }
    return answers.ledger_answer(
        board.ledger, version=board.version, final=board.final, unit=unit, says=says,
        retroactive=board.retroactive,
    )  # fmt: skip


@router.get("/programmes/{slug}/obligations", response_model=DueAnswer)
def obligations(
    asked: Seeing, slug: str, unit: str = "", light: str = "", limit: Limit = MOST_PER_PAGE,
    cursor: Cursor = "",
) -> Response:  # fmt: skip
    """Obligations with lights and deadlines, of one unit or with one light if wanted: those that
    whoever asks may see. `lights` counts all of them, on every page."""
    wanted = items.Wanted(unit=unit, light=light)
    with opened(asked, slug) as (_, at):
        board = at.board
    chosen = [one for one in board.ledger.standings
              if wanted.takes(one, board) and asked.may(Act.SEE, at, one.obligation)]  # fmt: skip
    found, headers = part(asked, chosen, limit=limit, cursor=cursor,
                          name=lambda one: one.obligation.key)  # fmt: skip
    lost, zone = lost_by_key(at), board.programme.tz
    answer = DueAnswer(
        programme=answers.about(board.programme, board.version),
        as_of=answers.instant(board.as_of, zone),
        known_at=answers.instant(board.known_at, zone),
        lights={light.value: count for light, count in overview.light_counts(chosen)},
        obligations=[obligation_told(asked, board, one, lost) for one in found],
    )
    return JSONResponse(answer.model_dump(mode="json", by_alias=True), headers=headers)


def obligation_told(
    asked: Asked, board: Board, one: Standing, lost: Mapping[str, Units]
) -> ObligationAnswer:
    counted = counting(one.obligation.deadline, asked.language, needs=one.obligation.needs)
    return answers.obligation_answer(
        one, board.programme, lost=lost.get(one.obligation.key, 0), counted=counted
    )


@router.get("/programmes/{slug}/obligation", response_model=ObligationAnswer)
def obligation(asked: Seeing, slug: str, key: Annotated[str, Query(max_length=300)]) -> Response:
    """One obligation by its key. Its ETag is what If-Match takes when something is reported,
    reviewed or extended: 412 where somebody else was quicker. It is no reason to take the answer
    from a cache: a light changes with time alone."""
    with opened(asked, slug) as (_, at):
        board = at.board
    one = matter.find(board, key)
    asked.must(Act.SEE, at.about(one.obligation))
    tag = version(matter.version_of(board.programme, one.obligation, board.facts))
    return told(obligation_told(asked, board, one, lost_by_key(at)), {"etag": tag})


@router.get("/programmes/{slug}/facts", response_model=FactsAnswer)
def facts(asked: Looking, slug: str, limit: Limit = PER_PAGE, cursor: Cursor = "") -> Response:
    """Every fact in the order in which it was recorded, corrected ones included, as of when it was
    known (`known_at`)."""
    with opened(asked, slug) as (_, at):
        every = at.board.facts
    found, headers = part(asked, every, limit=limit, cursor=cursor, name=lambda one: one.id)
    rows = [one.model_dump(mode="json", by_alias=True, exclude_none=True) for one in found]
    return JSONResponse({"facts": rows}, headers=headers)


FACTS = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "array", "items": {"type": "object"},
                    "description": "as `tracker facts schema` says",
                    "examples": [[{"fact": "report", "id": "oa-1", "clause": "1",
                                   "duty": "done", "unit": "housing", "done": True,
                                   "occurred_at": "2021-10-18T09:00:00+08:00"}]],
                }
            }
        },
    }
}  # fmt: skip


@router.post(
    "/programmes/{slug}/facts", status_code=200, response_model=LoadedAnswer,
    openapi_extra=FACTS,
)  # fmt: skip
def record_facts(asked: Running, slug: str, sent: Sent) -> Response:
    """A list of facts as in a file (`tracker facts schema`), all or nothing. They become known now;
    one with an id that is on file with the same content is kept. `by` is a unit, or empty for
    whoever sends it; `evidence` names files that the programme has already. Units, findings,
    measures and duties go by id or by name, as in a file. A time without an offset is read on the
    programme's clock, a day alone as its end."""
    new = _facts(sent, asked.now, _terms(asked, slug))

    def act(session: Session) -> LoadedAnswer:
        before = factbook.named(session, slug, [one.id for one in new])
        _must_be_theirs(asked, session, slug, [one for one in new if one.id not in before])
        stored = reporting.record_facts(session, slug, new, now=asked.now, by=asked.by)
        added = [one for one in stored if one.id not in before]
        moved = scoreboard.moved(session, slug, added, now=asked.now)
        others = reporting.of_other_years(session, slug, stored, now=asked.now)
        return LoadedAnswer(file="", what="facts", rows=len(stored), added=len(added),
                            kept=len(stored) - len(added), moved=amount(moved.by),
                            other_years=other_year_answers(others))  # fmt: skip

    return write(asked, sent, act, status=200)


def _must_be_theirs(asked: Asked, session: Session, slug: str, new: list[f.AnyFact]) -> None:
    """DefinitionError for a fact in somebody else's name, and for one that names a file of another
    programme: who tells a file's hash would be given the file."""
    names = {"", asked.by, *programmes.current(session, slug).unit_names}
    wrong = [
        Problem(f"fact {one.id}, by", "不能以他人名义登记 / not in somebody else's name",
                "留空，或写单位 / leave it empty, or name a unit")
        for one in new if one.by not in names
    ]  # fmt: skip
    told = [(one.id, file.sha256) for one in new if isinstance(one, f.Report)
            for file in one.evidence]  # fmt: skip
    if told and not asked.who.everywhere(Act.RUN):
        known = {file.sha256 for one in factbook.facts(session, slug) if isinstance(one, f.Report)
                 for file in one.evidence}  # fmt: skip
        wrong += [
            Problem(f"fact {id_}, evidence",
                    f"方案里没有这份佐证材料 / no evidence {sha256[:12]} in the programme",
                    "随填报上传文件 / send the file along with a report")
            for id_, sha256 in told if sha256 not in known
        ]  # fmt: skip
    if wrong:
        raise DefinitionError(wrong)


@router.post(
    "/programmes/{slug}/facts/price", status_code=200, response_model=WhatIfAnswer,
    openapi_extra=FACTS,
)  # fmt: skip
def price_facts(asked: Running, slug: str, sent: Sent) -> Response:
    """What recording these would change, now and at the cut-off if nothing more happens; nothing
    is recorded."""
    new = _facts(sent, asked.now, _terms(asked, slug))
    with opened(asked, slug) as (_, at):
        found = price_of(at, *new)
    board = at.board
    ids = [one.id for one in new]
    return told(what_if_answer(found, board.programme, version=board.version,
                               known_at=board.known_at, supposed=ids))  # fmt: skip


def _terms(asked: Asked, slug: str) -> sheets.Terms:
    with asked.runtime.database.read() as session:
        return sheets.Terms.of(programmes.current(session, slug))


def _facts(sent: Posted, now: datetime, terms: sheets.Terms) -> list[f.AnyFact]:
    """DefinitionError names every fact and field that is wrong."""
    given = sent.content
    if not isinstance(given, list):
        raise DefinitionError([Problem("body", "应是事实的列表 / not a list of facts")])
    found: list[f.AnyFact] = []
    problems: list[Problem] = []
    for number, one in enumerate(given, start=1):
        stamped = one
        if isinstance(one, dict):
            stamped = {"recorded_at": now.isoformat(), **sheets.meant(one, terms)}
        try:
            found.append(f.FACT.validate_json(to_json(stamped)))
        except ValidationError as error:
            body = one if isinstance(one, dict) else {}
            problems += [_problem(number, fault, body) for fault in error.errors(include_url=False)]
    if problems:
        raise DefinitionError(problems)
    return found


def _problem(number: int, error: ErrorDetails, body: dict[str, Any]) -> Problem:
    where = ".".join(str(part) for part in error["loc"])
    place = f"fact {number}" + (f", {where}" if where else "")
    return telling.in_both(sheets.fault_in(error, body), place=place)


RED: dict[int | str, dict[str, Any]] = {
    503: {
        "description": "Something is red; the findings say what.",
        "content": {"application/json": {"schema": {"type": "object"}}},
    }
}


@router.get("/health", responses=RED)
def health(asked: Tending) -> Any:
    return vitals.for_machines(asked)
