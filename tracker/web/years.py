"""年度: a year is closed or opened again, and the next one begins from it as a draft."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import Response

from tracker.domain.errors import Refused, Unfit
from tracker.services import closings, drafts, signoffs
from tracker.web import matter
from tracker.web.asking import Asked, Desk
from tracker.web.entry import Looking, Received, Running
from tracker.web.intake import Form, Unclear, number_in
from tracker.web.pages import opened
from tracker.web.rendering import go, page

router = APIRouter()

UNPROCESSABLE = 422


@router.get("/p/{slug}/year")
def year_page(asked: Looking, slug: str) -> Response:
    with opened(asked, slug) as (session, at):
        return _year(asked, session, at)


def _year(
    asked: Asked, session: Session, at: Desk, *, form: Form | None = None,
    wrong: dict[str, str] | None = None, trouble: str = "",
) -> Response:  # fmt: skip
    ledger = at.board.ledger
    return page(
        asked, "year", desk=at, closed=closings.closed(session, at.slug, at.posted_by),
        signed=signoffs.signoffs(session, at.slug), final=at.board.final,
        open_ones=sum(one.open for one in ledger.standings), sent=form.fields if form else {},
        wrong=wrong or {}, trouble=trouble, once=matter.fresh(),
        status=UNPROCESSABLE if wrong or trouble else 200,
    )  # fmt: skip


@router.post("/p/{slug}/year")
def act(asked: Running, slug: str, form: Received) -> Response:
    """close, reopen: each with a reason; next: the draft of another year."""
    acts: dict[str, Callable[[Session], Response]] = {
        "close": lambda session: _closed(asked, slug, session, form, closings.close),
        "reopen": lambda session: _closed(asked, slug, session, form, closings.reopen),
        "next": lambda session: _next(asked, slug, session, form),
    }
    chosen = acts.get(form.text("act", most=10))
    if chosen is None:
        raise Unclear("form")
    try:
        with asked.runtime.database.write() as writing:
            return chosen(writing)
    except (Unfit, Refused) as refusal:
        wrong = {part: one.value for part, one in refusal.parts.items()} if isinstance(
            refusal, Unfit) else {}  # fmt: skip
        with opened(asked, slug) as (session, at):
            return _year(asked, session, at, form=form, wrong=wrong,
                         trouble="" if wrong else str(refusal))  # fmt: skip


def _closed(
    asked: Asked, slug: str, session: Session, form: Form, how: Callable[..., object]
) -> Response:
    how(session, slug, because=form.text("reason", most=500), now=asked.now, by=asked.by)
    return go(asked, f"/p/{slug}/year")


def _next(asked: Asked, slug: str, session: Session, form: Form) -> Response:
    made = drafts.begin_next(session, slug, number_in(form, "year"), now=asked.now, by=asked.by)
    return go(asked, f"/import/{made}")
