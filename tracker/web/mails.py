"""发出的信: what went out, one line a mail, how it read, and the button to send it again."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from tracker.domain.authority import About, Act
from tracker.services import posted
from tracker.web import matter
from tracker.web.entry import Looking
from tracker.web.intake import Number, Unclear
from tracker.web.noticing import SANDBOX
from tracker.web.pages import PER_PAGE, Skip, opened
from tracker.web.rendering import page

router = APIRouter()


@router.get("/p/{slug}/mails")
def mails_page(asked: Looking, slug: str, kind: str = "", skip: Skip = 0) -> Response:
    if kind not in ("", *posted.KINDS):
        raise Unclear("form")
    with opened(asked, slug) as (session, at):
        rows = posted.latest(session, slug, known_at=at.posted_by, limit=PER_PAGE + 1,
                             skip=skip, kind=kind)  # fmt: skip
    return page(asked, "mails", desk=at, rows=rows[:PER_PAGE], kinds=posted.KINDS, kind=kind,
                skip=skip, more=len(rows) > PER_PAGE, per_page=PER_PAGE)  # fmt: skip


@router.get("/p/{slug}/mails/{number}")
def mail_page(asked: Looking, slug: str, number: Number, form: str = "") -> Response:
    """As it was sent; with `form=html` as it looked, with nothing alive in it. Forbidden where it
    also tells of a programme that is not for whoever asks."""
    with opened(asked, slug) as (session, at):
        sent = posted.as_sent(session, slug, number, known_at=at.posted_by)
    for other in sent.programmes:
        asked.must(Act.LOOK, About(other))
    if form == "html":
        return HTMLResponse(sent.html, headers={"content-security-policy": SANDBOX})
    titles = {one.obligation.key: one.obligation for one in at.board.ledger.standings}
    return page(asked, "mail", desk=at, mail=sent.posted, sent=sent, titles=titles,
                once=matter.fresh())  # fmt: skip
