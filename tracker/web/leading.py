"""The leader's one page, what waits for a reviewer, and what a leader orders."""

from __future__ import annotations

from datetime import datetime, timedelta

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import Response

from schedules.deadlines import local_day
from tracker.domain.authority import Act
from tracker.domain.errors import Unfit
from tracker.domain.obligations import Light
from tracker.domain.pace import Pace, pace
from tracker.domain.points import ZERO
from tracker.services import instructions, reviewing, weekly
from tracker.store.memory import remembered
from tracker.web import factpages, lists, matter, overview
from tracker.web.asking import Asked, Desk
from tracker.web.entry import Instructing, Looking, Received, Seeing
from tracker.web.filing import Wrong, day_of, fact_id
from tracker.web.intake import Form
from tracker.web.outlook import mark, open_readings, outlook
from tracker.web.pages import opened
from tracker.web.rendering import go, page

router = APIRouter()

UNPROCESSABLE = 422
A_WEEK = timedelta(days=7)


@router.get("/p/{slug}/leader")
def leader_page(asked: Looking, slug: str) -> Response:
    with opened(asked, slug) as (session, at):
        look = outlook(session, at.board)
        contacts = weekly.who_acts(session, at.slug, at.board.as_of)
        drawn = paced(session, at)
    return page(
        asked, "leader", desk=at, outlook=look, contacts=contacts, late=_late(at),
        saving=overview.lines(at.board, look).first,
        late_before=sum(one.light is Light.LATE for one in look.before.ledger.standings),
        done_since=_done_since(at, look.before.as_of), readings=open_readings(at.board),
        ranked=lists.ranking(at, look), pace=drawn, final=at.board.final,
    )  # fmt: skip


def _done_since(at: Desk, since: datetime) -> int:
    done = (one.done_at for one in at.board.ledger.standings if one.light is Light.DONE)
    return sum(on is not None and on > since for on in done)


def paced(session: Session, at: Desk) -> Pace:
    return remembered(session, ("pace", mark(at.board)), lambda: pace(at.board.ledger))


def _late(at: Desk) -> list[lists.Owed]:
    """What is past its deadline and open, the dearest first: with its unit or with a reviewer."""
    gone = lists.lost_by_key(at)
    found = [
        lists.Owed(one, gone.get(one.obligation.key, ZERO), ZERO)
        for one in at.board.ledger.standings
        if one.light is Light.LATE
    ]
    return sorted(found, key=lambda row: (-row.lost, row.standing.obligation.due_at or at.as_of,
                                          row.standing.obligation.key))  # fmt: skip


@router.get("/p/{slug}/reviews")
def reviews_page(asked: Seeing, slug: str, unit: str = "") -> Response:
    with opened(asked, slug) as (session, at):
        look = outlook(session, at.board)
        every = [one for one in reviewing.queue(session, at.board)
                 if asked.may(Act.SEE, at, one.standing.obligation)]  # fmt: skip
        names = matter.names_of(session, {one.report.by for one in every}, at.board)
    shown = [one for one in every
             if unit in ("", *one.standing.obligation.reviewing_units)]  # fmt: skip
    reviewers = {name for one in every for name in one.standing.obligation.reviewing_units}
    return page(
        asked, "reviews", desk=at, queue=shown, every=len(every), unit=unit, names=names,
        reviewers=[one for one in at.programme.units if one.id in reviewers], outlook=look,
        found_by=[] if asked.may(Act.RUN, at) else factpages.found_by(asked, at),
        once=matter.fresh(), sent={}, wrong={},
    )  # fmt: skip


# -- instructions ----------------------------------------------------------------------------------


@router.get("/p/{slug}/instruct")
def instruct_page(asked: Instructing, slug: str, unit: str = "", about: str = "") -> Response:
    """`about` is an obligation that an explanation is asked for."""
    with opened(asked, slug) as (_, at):
        pass
    return _instruct(asked, at, unit=unit, about=about)


def _instruct(
    asked: Asked, at: Desk, *, unit: str, about: str, form: Form | None = None,
    wrong: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    found = {one.obligation.key: one for one in at.board.ledger.standings}
    once = form.text("once") if form else ""
    return page(
        asked, "instruct", desk=at, unit=unit, about=found.get(about),
        by=local_day(asked.now + A_WEEK, at.zone), sent=form.fields if form else {},
        wrong=wrong or {}, once=once or matter.fresh(), status=UNPROCESSABLE if wrong else 200,
    )  # fmt: skip


@router.post("/p/{slug}/instruct")
def instruct(asked: Instructing, slug: str, form: Received) -> Response:
    with opened(asked, slug) as (_, at):
        pass
    try:
        with asked.runtime.database.write() as session:
            given = instructions.give(
                session, slug, words=form.text("words", most=200), unit=form.text("unit", most=60),
                due_on=day_of(form, at, "due_on"), person=form.text("person", most=60),
                now=asked.now, by=asked.by, id_=fact_id(asked, form.text("once")),
            )  # fmt: skip
    except (Unfit, Wrong) as mistake:
        wrong = (mistake.fields if isinstance(mistake, Wrong)
                 else {part: one.value for part, one in mistake.parts.items()})  # fmt: skip
        return _instruct(asked, at, unit=form.text("unit"), about=form.text("about", most=300),
                         form=form, wrong=wrong)  # fmt: skip
    about = form.text("about", most=300)
    return go(asked, f"{at.path('cases')}#case-{given.case}", taken=given.case, by="instruct",
              about=about)  # fmt: skip
