"""One item, one clause: the rule in words, its readings, the source's text, facts, entries."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import Response

from tracker.domain import facts as f
from tracker.domain.errors import NotFound
from tracker.domain.programme import Clause, Reading, owing, reviewing
from tracker.domain.questions import bearing
from tracker.services.scoreboard import Board
from tracker.web import scores
from tracker.web.asking import Asked, Desk
from tracker.web.entry import Looking
from tracker.web.factpages import place_of
from tracker.web.matter import kind_of, names_of
from tracker.web.outlook import Outlook, outlook
from tracker.web.overview import cell
from tracker.web.pages import opened
from tracker.web.rendering import page
from tracker.wording.catalogue import has
from tracker.wording.drafts import DraftWords

router = APIRouter()

LATEST = 40


@dataclass(frozen=True)
class Held:
    """A reading and the alternative that holds; `open` while nobody has decided."""

    reading: Reading
    holds: str
    open: bool


def readings_of(board: Board, clause: str) -> list[Held]:
    """Those that ask about the clause, and those of other clauses that change something of it."""
    chosen = dict(board.ledger.readings)
    decided = {one.reading for one in board.true if isinstance(one, f.ReadingDecision)}
    bears = bearing(board.programme).get(clause, ())
    return [
        Held(one, chosen.get(one.id, one.default), one.id not in decided)
        for one in board.programme.readings
        if one.id in bears
    ]


@router.get("/p/{slug}/items/{number}")
def item_page(asked: Looking, slug: str, number: str) -> Response:
    with opened(asked, slug) as (session, at):
        look = outlook(session, at.board)
    found = at.programme.numbered.get(number)
    if found is None:
        raise NotFound(f"没有这项任务：{number[:40]} / no item {number[:40]!r} in programme {slug}")
    _, section, item = found
    own = [one for one in at.board.ledger.standings if one.obligation.item == item.id]
    lights = {clause.id: cell([one.light for one in own if one.obligation.clause == clause.id])
              for clause in item.clauses}  # fmt: skip
    return page(
        asked, "item", desk=at, section=section, item=item, line=scores.item_line(at.board, item),
        standings=look.in_order(own), lights=lights, keeps=look.item_keeps(item.id),
        readings={one.id: readings_of(at.board, one.id) for one in item.clauses}, owing=owing,
        until=look.until,
    )  # fmt: skip


@router.get("/p/{slug}/clauses/{name}")
def clause_page(asked: Looking, slug: str, name: str) -> Response:
    with opened(asked, slug) as (session, at):
        look = outlook(session, at.board)
        return _clause(asked, session, at, look, name)


def _clause(asked: Asked, session: Session, at: Desk, look: Outlook, name: str) -> Response:
    section, item, clause = place_of(at, name)
    told = facts_of(at.board, clause)
    own = [one for one in at.board.ledger.standings if one.obligation.clause == name]
    line = next(one for one in scores.item_line(at.board, item).clauses if one.clause.id == name)
    return page(
        asked, "clause", desk=at, section=section, item=item, clause=clause, line=line,
        place=DraftWords(asked.language).where(clause.source.place),
        standings=look.in_order(own), keeps=look.clause_keeps(name), until=look.until,
        readings=readings_of(at.board, name), owing=owing(item, clause),
        reviewing=reviewing(item, clause), facts=told[:LATEST], facts_all=len(told),
        words={one.id: words_of(one) for one in told},
        names=names_of(session, {one.by for one in told[:LATEST]}, at.board),
    )  # fmt: skip


def words_of(fact: f.AnyFact) -> str:
    """The catalogue's key of what happened."""
    event = f"pages.event_{kind_of(fact)}"
    return event if has(event, "zh") else f"facts.kind_{fact.fact}"


def facts_of(board: Board, clause: Clause) -> list[f.AnyFact]:
    """What is on file about the clause and its entries, the last one first."""
    used = {fact for entry in board.ledger.of_clause(clause.id) for fact in entry.facts}
    reports = {one.id for one in board.true if isinstance(one, f.Report)
               and one.clause == clause.id}  # fmt: skip
    found = [
        one
        for one in board.true
        if one.id in used
        or (isinstance(one, f.About) and one.clause == clause.id)
        or (isinstance(one, f.Review) and one.report in reports)
    ]
    return found[::-1]
