"""The pages that show: nothing here changes anything."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlmodel import Session
from starlette.responses import RedirectResponse, Response

from tracker.domain import attribution
from tracker.domain import facts as f
from tracker.domain.authority import About, Act
from tracker.domain.comparison import compare
from tracker.services import (
    cases,
    mailings,
    programmes,
    readings,
    rulebook,
    scoreboard,
    slips,
    weekly,
)
from tracker.services.digest_desk import NOBODY
from tracker.services.scoreboard import Board
from tracker.store.memory import remembered
from tracker.web import items as items_
from tracker.web import matter, overview, scores, vitals
from tracker.web.asking import Asked, Desk, desk
from tracker.web.entry import Entering, Looking, Seeing
from tracker.web.intake import Unclear
from tracker.web.outlook import Outlook, mark, open_readings, outlook, waiting
from tracker.web.rendering import page, part

router = APIRouter()

PER_PAGE = 100
Skip = Annotated[int, Query(ge=0, le=1_000_000)]
NOTHING: Mapping[str, str] = MappingProxyType({})


@contextmanager
def opened(asked: Asked, slug: str) -> Iterator[tuple[Session, Desk]]:
    """A programme's desk, and the session that it was read with."""
    with asked.runtime.database.read() as session:
        yield session, desk(session, asked, slug)


@router.get("/")
def programme_list(asked: Entering) -> Response:
    """The programmes; where there is only one, on to it."""
    with asked.runtime.database.read() as session:
        every = programmes.slugs(session)
        slugs = [slug for slug in every if asked.who.ever(Act.LOOK, slug)]
        own = [place for slug in every for place in own_places(session, asked, slug)]
        if (only := _only_place(asked, slugs, own)) is not None:
            return RedirectResponse(asked.link(only), 303)
        desks = [desk(session, asked, slug) for slug in slugs]
        looks = [outlook(session, one.board) for one in desks]
    return page(asked, "programmes", rows=list(zip(desks, looks, strict=True)), own=own)


@dataclass(frozen=True)
class Place:
    """Where somebody works who does not see the whole programme: own units, own reviews."""

    title: str
    kind: str
    name: str
    path: str


def own_places(session: Session, asked: Asked, slug: str) -> list[Place]:
    if not asked.who.ever(Act.SEE, slug) or asked.who.ever(Act.LOOK, slug):
        return []
    programme = programmes.current(session, slug)
    units = [
        Place(programme.title, "unit", programme.unit_names[unit], f"/p/{slug}/units/{unit}")
        for unit in asked.who.units(Act.SEE, slug)
        if unit in programme.unit_names
    ]
    if asked.who.ever(Act.REVIEW, slug):
        units.append(Place(programme.title, "reviews", "", f"/p/{slug}/reviews"))
    return units


def _only_place(asked: Asked, slugs: list[str], own: list[Place]) -> str | None:
    """Where there is only one way to go: on to it."""
    if len(slugs) + len(own) == 1:
        return _first_page(asked, slugs[0]) if slugs else own[0].path
    if not slugs and not own and asked.who.somewhere(Act.ADMINISTER):
        return "/admin"
    return None


def _first_page(asked: Asked, slug: str) -> str:
    """A leader's is the one that is made for leaders."""
    about = About(slug)
    leads = asked.who.may(Act.INSTRUCT, about) and not asked.who.may(Act.RUN, about)
    return f"/p/{slug}/leader" if leads else f"/p/{slug}/"


@router.get("/rules")
def rule_kinds(asked: Entering) -> Response:
    """The kinds of rule, explained; `/rules#lateness` is one of them."""
    return page(asked, "rules", kinds=rulebook.explained(asked.language))


@router.get("/p/{slug}")
def to_overview(asked: Looking, slug: str) -> Response:
    return RedirectResponse(asked.link(f"/p/{slug}/"), 308)


@router.get("/p/{slug}/")
def overview_page(asked: Looking, slug: str, by: str = "", q: str = "") -> Response:
    """`by=items` shows the lights by item instead of by month; `q` names units."""
    if by not in ("", "items"):
        raise Unclear("form")
    words = q.strip()[:60]
    with opened(asked, slug) as (session, at):
        look = outlook(session, at.board)
        contacts = weekly.who_acts(session, at.slug, at.board.as_of)
        state = vitals.recent(session, asked)
        values = remembered(session, ("overview", by, mark(at.board)),
                            lambda: _overview(at, look, by))  # fmt: skip
    seen = part(
        asked, "overview", desk=at, outlook=look, contacts=contacts, health=state, by=by, q=words,
        of=(mark(at.board), tuple(contacts.items()), state, by, words), **values,
    )  # fmt: skip
    return page(asked, "overview", desk=at, seen=seen)


def _overview(at: Desk, look: Outlook, by: str) -> Mapping[str, Any]:
    """What the overview shows of a board."""
    board = at.board
    return {
        "lines": overview.lines(board, look), "matrix": overview.matrix(board, look),
        "by_item": overview.by_item(board, look) if by else None,
        "clocks": overview.clocks(board), "has_cases": bool(cases.kinds(at.programme)),
        "lights": overview.light_counts(board.ledger.standings), "waiting": waiting(board),
        "readings": open_readings(board), "week": week(board), "soon": overview.due_soon(board),
        "final": board.final,
    }  # fmt: skip


@dataclass(frozen=True)
class Week:
    reports: int
    reviews: int
    cases: int


def week(board: Board) -> Week:
    """What came in during the last seven days."""
    since = board.as_of - weekly.WEEK
    until = min(board.as_of, board.known_at)
    fresh = [one for one in board.facts if since < one.recorded_at <= until]
    return Week(
        sum(isinstance(one, f.Report) for one in fresh),
        sum(isinstance(one, f.Review) for one in fresh),
        sum(isinstance(one, f.CaseEvent) and one.event == "opened" for one in fresh),
    )


@router.get("/p/{slug}/items")
def items_page(
    asked: Looking, slug: str, unit: str = "", light: str = "", section: str = "", month: str = ""
) -> Response:
    wanted = items_.Wanted(unit, light, section, month)
    with opened(asked, slug) as (session, at):
        look = outlook(session, at.board)
    found = items_.items(at.board, look, wanted)
    return page(asked, "items", desk=at, wanted=wanted, sections=found,
                units=items_.owing_units(at.board), outlook=look,
                lights=overview.light_counts(items_.standings(found)))  # fmt: skip


@router.get("/p/{slug}/units/{unit}")
def unit_page(asked: Seeing, slug: str, unit: str) -> Response:
    asked.must(Act.SEE, About(slug, unit))
    with opened(asked, slug) as (session, at):
        look = outlook(session, at.board)
        who = weekly.who_acts(session, at.slug, at.board.as_of).get(unit, NOBODY).name
        mine = remembered(session, ("mine", unit, mark(at.board)),
                          lambda: items_.mine(at.board, look, unit))  # fmt: skip
    reports = asked.who.may(Act.REPORT, About(slug, unit))
    whole = asked.may(Act.LOOK, at)
    seen = part(asked, "unit", desk=at, mine=mine, who=who, outlook=look, bare=False,
                reports=reports, whole=whole,
                of=(unit, mark(at.board), who, reports, whole))  # fmt: skip
    return page(asked, "unit", desk=at, mine=mine, seen=seen)


@router.get("/p/{slug}/score")
def score_page(asked: Looking, slug: str, version: int | None = None) -> Response:
    """With `version` an earlier one stands beside the current one, under the same facts."""
    with opened(asked, slug) as (session, at):
        look = outlook(session, at.board)
        known_at = at.board.known_at
        span = readings.span(session, slug, as_of=at.as_of, known_at=known_at)
        versions = programmes.versions(session, slug)
        older = None
        if version is not None:
            older = scoreboard.board(
                session, slug, as_of=at.as_of, known_at=known_at, version=version
            )
    ledger = at.board.ledger
    return page(
        asked, "score", desk=at, outlook=look, sheet=scores.sheet(at.board), span=span,
        final=at.board.final, retroactive=at.board.retroactive,
        item_losses=attribution.item_losses(ledger), unit_losses=attribution.unit_losses(ledger),
        item_titles=[(one.id, one.title) for _, one in at.programme.items()],
        versions=versions, beside_version=version,
        beside=None if older is None else compare(older.ledger, ledger),
    )  # fmt: skip


@router.get("/p/{slug}/obligation")
def obligation_page(asked: Seeing, slug: str, key: str = "") -> Response:
    with opened(asked, slug) as (session, at):
        return obligation(asked, session, at, key)


def _to_see(asked: Asked, at: Desk, it: matter.Matter) -> matter.Matter:
    """Without what other units owe of the same clause, for whoever sees only the own unit's."""
    if asked.may(Act.LOOK, at):
        return it
    owed = it.obligation
    entries = tuple(
        one for one in it.entries
        if one.obligation in ("", owed.key) and (not one.units or owed.unit in one.units)
    )  # fmt: skip
    siblings = tuple(one for one in it.siblings if asked.may(Act.SEE, at, one.obligation))
    return replace(it, entries=entries, siblings=siblings)


def obligation(
    asked: Asked, session: Session, at: Desk, key: str, *,
    sent: Mapping[str, str] = NOTHING, wrong: Mapping[str, str] = NOTHING,
) -> Response:  # fmt: skip
    """The obligation's page; `sent` and `wrong` are a form's that could not be taken."""
    look = outlook(session, at.board)
    it = matter.matter(session, at.board, look, key)
    asked.must(Act.SEE, at.about(it.obligation))
    it = _to_see(asked, at, it)
    return page(
        asked, "obligation", desk=at, it=it,
        notices=mailings.of_obligation(session, at.slug, key, known_at=at.posted_by),
        slips=slips.of_obligation(session, at.slug, key), until=look.until, once=matter.fresh(),
        sent=sent, wrong=wrong,
        status=422 if wrong else 200,
    )  # fmt: skip


@router.get("/p/{slug}/notices")
def notices_page(asked: Looking, slug: str, state: str = "", skip: Skip = 0) -> Response:
    with opened(asked, slug) as (session, at):
        known = at.posted_by
        counted = mailings.counts(session, slug, known_at=known)
        if state not in ("", *counted):
            raise Unclear("form")
        rows = mailings.latest(session, slug, known_at=known, limit=PER_PAGE + 1,
                               skip=skip, state=state)  # fmt: skip
    titles = {one.obligation.key: one.obligation for one in at.board.ledger.standings}
    return page(asked, "notices", desk=at, rows=rows[:PER_PAGE], counted=counted, state=state,
                titles=titles, skip=skip, more=len(rows) > PER_PAGE, once=matter.fresh(),
                per_page=PER_PAGE)  # fmt: skip
