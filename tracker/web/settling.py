"""What a person settles: a score that is signed, and who owes a clause, priced before it is so."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import APIRouter, Query
from sqlmodel import Session
from starlette.responses import Response

from tracker.domain import attribution
from tracker.domain.errors import TrackerError, Unfit
from tracker.domain.programme import owing
from tracker.services import assignments, signoffs
from tracker.services.assignments import Assignment, Joins, Priced
from tracker.web import matter
from tracker.web.asking import Asked, Desk
from tracker.web.entry import Looking, LookingNow, Received, Running
from tracker.web.filing import Wrong, moment
from tracker.web.intake import Form, Number
from tracker.web.pages import opened
from tracker.web.rendering import go, page

router = APIRouter()

UNPROCESSABLE = 422


# -- signed scores -------------------------------------------------------------------------------


@router.get("/p/{slug}/signoffs")
def signoffs_page(asked: Looking, slug: str) -> Response:
    with opened(asked, slug) as (session, at):
        return _signoffs(asked, session, at)


def _signoffs(
    asked: Asked, session: Session, at: Desk, *, form: Form | None = None,
    wrong: dict[str, str] | None = None, trouble: str = "",
) -> Response:  # fmt: skip
    bad = bool(wrong or trouble)
    return page(
        asked, "signoffs", desk=at, signed=signoffs.signoffs(session, at.slug),
        final=at.board.final, sent=form.fields if form else {}, wrong=wrong or {},
        trouble=trouble, once=matter.fresh(), status=UNPROCESSABLE if bad else 200,
    )  # fmt: skip


@router.post("/p/{slug}/signoffs")
def sign(asked: Running, slug: str, form: Received) -> Response:
    """The same form sent twice is refused as signed already: one ledger is signed once."""
    with opened(asked, slug) as (session, at):
        try:
            as_of = moment(form.text("as_of"), at, "as_of") or asked.now
        except Wrong as mistake:
            return _signoffs(asked, session, at, form=form, wrong=mistake.fields)
        try:
            with asked.runtime.database.write() as writing:
                done = signoffs.sign(
                    writing, slug, as_of=as_of, now=asked.now, by=asked.by,
                    person=form.text("person", most=60), note=form.text("note", most=500),
                )  # fmt: skip
        except Unfit as unfit:
            wrong = {part: misfit.value for part, misfit in unfit.parts.items()}
            return _signoffs(asked, session, at, form=form, wrong=wrong)
        except TrackerError as refusal:
            return _signoffs(asked, session, at, form=form, trouble=str(refusal))
    return go(asked, at.path(f"signoffs/{done.number}"))


@router.get("/p/{slug}/signoffs/{number}")
def signoff_page(asked: LookingNow, slug: str, number: Number) -> Response:
    with opened(asked, slug) as (session, at):
        signed = signoffs.signoff(session, slug, number)
        since = signoffs.since(session, slug, signed, known_at=asked.now)
    items = {one.id: one for _, one in at.programme.items()}
    return page(asked, "signoff", desk=at, signed=signed, since=since, items=items)


# -- who owes a clause ---------------------------------------------------------------------------


@router.get("/p/{slug}/assign")
def assign_list(asked: Looking, slug: str) -> Response:
    """The clauses that several units owe, those that nobody has divided first."""
    with opened(asked, slug) as (_, at):
        pass
    loose = attribution.undivided(at.programme)
    open_ = {clause.id for _, clause in loose}
    divided = [
        (item, clause) for _, item, clause in at.programme.clauses.values()
        if clause.duties and clause.id not in open_
    ]  # fmt: skip
    return page(asked, "assign_list", desk=at, loose=loose, divided=divided, owing=owing)


@router.get("/p/{slug}/assign/{clause}")
def assign_page(
    asked: LookingNow, slug: str, clause: str, joins: str = "",
    u: Annotated[list[str] | None, Query()] = None,
) -> Response:  # fmt: skip
    """With `joins` the price of what was chosen; nothing is saved by looking."""
    with opened(asked, slug) as (session, at):
        was = assignments.present(at.programme, clause)
        wanted = _wanted(at, clause, u or [], joins) if joins else was
        return _assign(asked, session, at, wanted, priced=bool(joins))


def _wanted(at: Desk, clause: str, units: list[str], joins: str) -> Assignment:
    return Assignment(clause, assignments.ordered(at.programme, units), cast(Joins, joins))


def _assign(
    asked: Asked, session: Session, at: Desk, wanted: Assignment, *, priced: bool,
    trouble: str = "", wrong: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    found: Priced | None = None
    if priced:
        try:
            found = assignments.price(session, at.slug, wanted, now=at.as_of)
        except TrackerError as refusal:
            trouble = trouble or str(refusal)
    section, item, clause = at.programme.clauses[wanted.clause]
    concerned = [*owing(item, clause), *item.lead_units, *item.responsible_units]
    return page(
        asked, "assign", desk=at, section=section, item=item, clause=clause, wanted=wanted,
        was=assignments.present(at.programme, wanted.clause), found=found, trouble=trouble,
        wrong=wrong or {}, sent={}, joins=assignments.JOINS,
        near=[one for one in at.programme.units if one.id in concerned],
        others=[one for one in at.programme.units if one.id not in concerned],
        status=UNPROCESSABLE if trouble or wrong else 200,
    )  # fmt: skip


@router.post("/p/{slug}/assign/{clause}")
def assign(asked: Running, slug: str, clause: str, form: Received) -> Response:
    with opened(asked, slug) as (session, at):
        assignments.present(at.programme, clause)
        units = [one for one in form.text("units").split(",") if one]
        wanted = _wanted(at, clause, units, form.text("joins", most=10))
        reason = form.text("reason", most=500)
        if not reason:
            return _assign(asked, session, at, wanted, priced=True, wrong={"reason": "reason"})
        try:
            with asked.runtime.database.write() as writing:
                assignments.assign(writing, slug, wanted, now=asked.now, by=asked.by, reason=reason)
        except TrackerError as refusal:
            return _assign(asked, session, at, wanted, priced=False, trouble=str(refusal))
    return go(asked, at.path(f"assign/{clause}"))
