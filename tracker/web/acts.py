"""What people do from the pages: every POST is a form of ours, GET changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import FileResponse, Response

from tracker.domain import facts as f
from tracker.domain.authority import About, Act
from tracker.domain.errors import NotFound
from tracker.domain.policy import Role, signs_for
from tracker.domain.whatif import WhatIf
from tracker.services import cases, readings
from tracker.web import evidence, filing, matter, overview, scores
from tracker.web.asking import Asked, Desk
from tracker.web.entry import Looking, Received, Reporting, Reviewing, Running, Seeing, SeeingNow
from tracker.web.filing import Wrong
from tracker.web.intake import FILE_LIMIT, FILES, Form, Unclear
from tracker.web.outlook import outlook
from tracker.web.pages import obligation, opened
from tracker.web.pricing import LOOK, price_of
from tracker.web.rendering import go, page

router = APIRouter()

UNPROCESSABLE = 422


def looked_at(asked: Asked, slug: str, key: str, act: Act) -> tuple[Desk, matter.Matter]:
    """The obligation, for somebody who may do this to it; Forbidden for anybody else."""
    with opened(asked, slug) as (session, at):
        it = matter.matter(session, at.board, outlook(session, at.board), key)
    asked.must(act, at.about(it.obligation))
    return at, it


# -- reports -------------------------------------------------------------------------------------


@router.get("/p/{slug}/report")
def report_page(asked: Reporting, slug: str, key: str = "") -> Response:
    at, it = looked_at(asked, slug, key, Act.REPORT)
    return report_form(asked, at, it, target=at.path("report"), backdated=asked.may(Act.RUN, at))


def report_form(
    asked: Asked, at: Desk, it: matter.Matter, *, target: str, backdated: bool,
    form: Form | None = None, wrong: dict[str, str] | None = None, visitor: Any = None,
) -> Response:  # fmt: skip
    """The form, empty or with what was sent and what is wrong with it."""
    once = form.text("once") if form else ""
    return page(
        asked, "report", desk=at, it=it, target=target, backdated=backdated,
        sent=form.fields if form else {}, wrong=wrong or {}, once=once or matter.fresh(),
        limit=FILE_LIMIT // 1024 // 1024, files=FILES,
        visitor=visitor, bare=visitor is not None, status=UNPROCESSABLE if wrong else 200,
    )  # fmt: skip


@router.post("/p/{slug}/report")
def report(asked: Reporting, slug: str, form: Received) -> Response:
    at, it = looked_at(asked, slug, form.text("key"), Act.REPORT)
    backdated = asked.may(Act.RUN, at)
    try:
        id_ = filing.report(asked, at, it, form, by=asked.by, backdated=backdated)
    except Wrong as mistake:
        return report_form(asked, at, it, target=at.path("report"), backdated=backdated, form=form,
                           wrong=mistake.fields)  # fmt: skip
    return go(asked, at.path("receipt"), fact=id_, key=it.obligation.key)


@router.get("/p/{slug}/receipt")
def receipt_page(asked: SeeingNow, slug: str, fact: str = "", key: str = "") -> Response:
    at, it = looked_at(asked, slug, key, Act.SEE)
    return receipt_of(asked, at, it, fact)


def receipt_of(
    asked: Asked, at: Desk, it: matter.Matter, fact: str, *, visitor: Any = None
) -> Response:
    """Thanks with a number, for a fact about this very obligation, and what it brings about: a
    report that does not say it is done waits for nobody."""
    known = next((event.fact for event in it.history if event.fact and event.fact.id == fact), None)
    if known is None:
        raise NotFound(f"没有这个回执 / no receipt {fact[:40]!r}")
    going = (isinstance(known, f.Report) and not known.done
             and it.standing.open and not it.standing.waiting)  # fmt: skip
    policy = at.programme.policies[it.obligation.clause]
    signed = known.role if isinstance(known, f.Receipt) else "contact" if going else ""
    return page(
        asked, "receipt", desk=at, it=it, fact=known, going=going,
        rest=policy.progress_silences if going else policy.receipt_silences,
        rested=[role for role in Role if signed and signs_for(signed, role)],
        number=filing.receipt_number(fact), visitor=visitor, bare=visitor is not None,
    )  # fmt: skip


# -- reviews and extensions ----------------------------------------------------------------------


@router.post("/p/{slug}/review")
def review(asked: Reviewing, slug: str, form: Received) -> Response:
    key = form.text("key")
    at, it = looked_at(asked, slug, key, Act.REVIEW)
    about = form.text("review" if form.text("outcome") == "taken_back" else "report")
    if not any(event.fact and event.fact.id == about for event in it.history):
        raise Unclear("form")  # about something else, which others may have to review
    try:
        filing.review(asked, at, form, by=asked.by)
    except Wrong as mistake:
        with opened(asked, slug) as (session, at):
            return obligation(asked, session, at, key, sent=form.fields, wrong=mistake.fields)
    if form.text("back") == "reviews":
        return go(asked, at.path("reviews"))
    return go(asked, at.path("obligation"), key=key)


@router.get("/p/{slug}/extend")
def extension_page(asked: Reporting, slug: str, key: str = "") -> Response:
    at, it = looked_at(asked, slug, key, Act.REPORT)
    office = asked.may(Act.RUN, at)
    asked_for = filing.as_granted(asked, at, it) if office else None
    return extension_form(asked, at, it, target=at.path("extend"), office=office,
                          price=None if asked_for is None else price_of(at, asked_for))  # fmt: skip


def extension_form(
    asked: Asked, at: Desk, it: matter.Matter, *, target: str, office: bool,
    form: Form | None = None, wrong: dict[str, str] | None = None, visitor: Any = None,
    price: WhatIf | None = None,
) -> Response:  # fmt: skip
    once = form.text("once") if form else ""
    return page(
        asked, "extend", desk=at, it=it, target=target, office=office, price=price,
        hourly=filing.hourly(it),
        sent=form.fields if form else {}, wrong=wrong or {}, once=once or matter.fresh(),
        visitor=visitor, bare=visitor is not None, status=UNPROCESSABLE if wrong else 200,
    )  # fmt: skip


@router.post("/p/{slug}/extend")
def extend(asked: Reporting, slug: str, form: Received) -> Response:
    at, it = looked_at(asked, slug, form.text("key"), Act.REPORT)
    office = asked.may(Act.RUN, at)
    given = form if office else filing.only_asking(form)
    try:
        if office and form.text("step") == LOOK:
            price = price_of(at, filing.supposed_extension(asked, at, it, form))
            return extension_form(asked, at, it, target=at.path("extend"), office=True, form=form,
                                  price=price)  # fmt: skip
        filing.extension(asked, at, it, given, by=asked.by)
    except Wrong as mistake:
        return extension_form(asked, at, it, target=at.path("extend"), office=office, form=form,
                              wrong=mistake.fields)  # fmt: skip
    return go(asked, at.path("obligation"), key=it.obligation.key)


# -- cases ---------------------------------------------------------------------------------------


@router.get("/p/{slug}/cases")
def cases_page(asked: Looking, slug: str) -> Response:
    with opened(asked, slug) as (_, at):
        return _cases(asked, at)


def _cases(
    asked: Asked, at: Desk, form: Form | None = None, wrong: dict[str, str] | None = None
) -> Response:
    once = form.text("once") if form else ""
    taken = "" if form else asked.request.query_params.get("taken", "")
    known = any(one.fact == "case" and one.case == taken for one in at.board.facts)
    return page(
        asked, "cases", desk=at, taken=taken if known else "", board=overview.case_board(at.board),
        seen_at=asked.now if at.present else at.as_of,
        closed=overview.closed_cases(at.board), kinds=cases.kinds(at.programme),
        sent=form.fields if form else {}, wrong=wrong or {}, once=once or matter.fresh(),
        status=UNPROCESSABLE if wrong else 200,
    )  # fmt: skip


@router.post("/p/{slug}/cases")
def open_case(asked: Running, slug: str, form: Received) -> Response:
    with opened(asked, slug) as (_, at):
        pass
    try:
        case = filing.open_case(asked, at, form, by=asked.by)
    except Wrong as mistake:
        return _cases(asked, at, form, mistake.fields)
    return go(asked, at.path("cases"), taken=case)


@router.post("/p/{slug}/cases/close")
def close_case(asked: Running, slug: str, form: Received) -> Response:
    with opened(asked, slug) as (_, at):
        pass
    try:
        filing.close_case(asked, at, form, by=asked.by)
    except Wrong as mistake:
        return _cases(asked, at, form, mistake.fields)
    return go(asked, at.path("cases"))


# -- readings ------------------------------------------------------------------------------------


@router.get("/p/{slug}/readings")
def readings_page(asked: Looking, slug: str) -> Response:
    with opened(asked, slug) as (session, at):
        return _readings(asked, session, at)


def _readings(
    asked: Asked, session: Session, at: Desk,
    form: Form | None = None, wrong: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    register = readings.register(session, at.slug, as_of=at.as_of, known_at=at.board.known_at)
    return page(
        asked, "readings", desk=at, register=register, ordered=scores.by_price(register),
        sent=form.fields if form else {}, wrong=wrong or {},
        status=UNPROCESSABLE if wrong else 200,
    )  # fmt: skip


@router.post("/p/{slug}/readings")
def decide(asked: Running, slug: str, form: Received) -> Response:
    with opened(asked, slug) as (session, at):
        try:
            name = filing.decided(asked, at, form, by=asked.by)
        except Wrong as mistake:
            return _readings(asked, session, at, form, mistake.fields)
    return go(asked, f"{at.path('readings')}#r-{name}")


# -- evidence ------------------------------------------------------------------------------------


def _to_see(asked: Asked, at: Desk) -> Iterator[f.Report]:
    """The reports whose obligations they may see."""
    for fact in at.board.facts:
        if isinstance(fact, f.Report):
            about = About(at.slug, fact.unit, at.reviewers(fact.clause))
            if asked.who.may(Act.SEE, about):
                yield fact


@router.get("/p/{slug}/evidence/{sha256}")
def evidence_file(asked: Seeing, slug: str, sha256: str) -> Response:
    """As an attachment, whatever it is: a browser never shows it as a page of ours."""
    with opened(asked, slug) as (_, at):
        folder = evidence.folder_of(asked.runtime.settings.data)
        try:
            place, name = evidence.find(folder, _to_see(asked, at), sha256)
        except NotFound:
            # Not there, or not theirs: whoever sees only a part is not told which.
            asked.must(Act.LOOK, About(slug))
            raise
    return FileResponse(
        place,
        media_type="application/octet-stream",
        headers={
            "content-disposition": evidence.disposition(name),
            "content-security-policy": "default-src 'none'; sandbox",
        },
    )
