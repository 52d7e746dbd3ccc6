"""What goes along with reminders and what comes back: order slips, mails that came in, calls."""

from __future__ import annotations

from datetime import timedelta

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import Response

from schedules.deadlines import local_day
from tracker.domain.errors import TrackerError, Unfit
from tracker.domain.obligations import Light
from tracker.services import calls, replies, slips
from tracker.services.calls import Outcome
from tracker.services.slips import Kind, Slip
from tracker.web import matter
from tracker.web.asking import Asked, Desk, day
from tracker.web.entry import Looking, LookingNow, Received, Running
from tracker.web.evidence import disposition
from tracker.web.intake import Form, Number, Unclear, number_in
from tracker.web.pages import opened
from tracker.web.rendering import go, page

router = APIRouter()

UNPROCESSABLE = 422
LATELY = timedelta(days=14)
PDF = "application/pdf"


# -- order slips ---------------------------------------------------------------------------------


@router.get("/p/{slug}/slips")
def slips_page(asked: Looking, slug: str, key: str = "") -> Response:
    with opened(asked, slug) as (session, at):
        return _slips(asked, session, at, chosen=key)


def _slips(
    asked: Asked, session: Session, at: Desk, *, chosen: str = "", trouble: str = ""
) -> Response:
    open_ = [one.obligation for one in at.board.ledger.standings if one.light is not Light.DONE]
    gaps = [slips.number_of(*gap) for gap in slips.gaps(session, at.slug)]
    return page(
        asked, "slips", desk=at, found=slips.slips(session, at.slug), gaps=gaps, kinds=list(Kind),
        open=open_, titles=_titles(at), chosen=chosen, trouble=trouble, once=matter.fresh(),
        status=UNPROCESSABLE if trouble else 200,
    )  # fmt: skip


@router.post("/p/{slug}/slips")
def issue(asked: Running, slug: str, form: Received) -> Response:
    with opened(asked, slug) as (session, at):
        once, kind = form.text("once", most=64), form.text("kind", most=20)
        if len(once) < 8 or kind not in set(Kind):
            raise Unclear("form")
        try:
            with asked.runtime.database.write() as writing:
                made = slips.by_hand(
                    writing, slug, form.text("key"), Kind(kind), once=once, by=asked.by,
                    office=asked.runtime.sender.name or asked.runtime.sender.mail, now=asked.now,
                    language=asked.runtime.settings.language,
                )  # fmt: skip
        except TrackerError as refusal:
            return _slips(asked, session, at, chosen=form.text("key"), trouble=str(refusal))
    return go(asked, at.path(f"slips/{made.id}"))


@router.get("/p/{slug}/slips/{number}")
def slip_page(asked: Looking, slug: str, number: Number) -> Response:
    with opened(asked, slug) as (session, at):
        return _slip(asked, at, slips.slip(session, slug, number))


def _slip(asked: Asked, at: Desk, one: Slip, wrong: dict[str, str] | None = None) -> Response:
    return page(
        asked, "slip", desk=at, slip=one, intact=slips.is_intact(one), titles=_titles(at),
        sent={}, wrong=wrong or {}, status=UNPROCESSABLE if wrong else 200,
    )  # fmt: skip


@router.get("/p/{slug}/slips/{number}/pdf")
def slip_file(asked: Looking, slug: str, number: Number) -> Response:
    with opened(asked, slug) as (session, _):
        one = slips.slip(session, slug, number)
    return _pdf(slips.document(one), one.filename)


@router.post("/p/{slug}/slips/{number}")
def void(asked: Running, slug: str, number: Number, form: Received) -> Response:
    with opened(asked, slug) as (session, at):
        try:
            with asked.runtime.database.write() as writing:
                slips.void(writing, slug, number, reason=form.text("reason", most=500),
                           now=asked.now, by=asked.by)  # fmt: skip
        except Unfit as unfit:
            wrong = {part: misfit.value for part, misfit in unfit.parts.items()}
            return _slip(asked, at, slips.slip(session, slug, number), wrong)
    return go(asked, at.path(f"slips/{number}"))


# -- mails that came in --------------------------------------------------------------------------


@router.get("/p/{slug}/replies")
def replies_page(asked: Looking, slug: str) -> Response:
    with opened(asked, slug) as (session, at):
        waiting, latest = replies.waiting(session, slug), replies.latest(session, slug)
    return page(
        asked, "replies", desk=at, waiting=waiting, titles=_titles(at),
        recent=[one for one in latest if one.settled_at is not None],
        polled=bool(asked.runtime.settings.mailbox_host),
    )  # fmt: skip


@router.post("/p/{slug}/replies")
def settle(asked: Running, slug: str, form: Received) -> Response:
    with opened(asked, slug) as (_, at):
        pass
    with asked.runtime.database.write() as session:
        replies.settle(session, number_in(form, "reply"), of=slug, now=asked.now, by=asked.by)
    return go(asked, at.path("replies"))


# -- calls ---------------------------------------------------------------------------------------


@router.get("/p/{slug}/calls")
def calls_page(asked: LookingNow, slug: str) -> Response:
    with opened(asked, slug) as (session, at):
        return _calls(asked, session, at)


def _calls(
    asked: Asked, session: Session, at: Desk, *, form: Form | None = None,
    wrong: dict[str, str] | None = None, trouble: str = "",
) -> Response:  # fmt: skip
    since = local_day(asked.now, at.zone) - LATELY
    return page(
        asked, "calls", desk=at, listed=calls.call_list(session, at.slug, now=asked.now),
        made=calls.made(session, at.slug, since=since), outcomes=list(Outcome),
        sent=form.fields if form else {}, wrong=wrong or {}, trouble=trouble,
        status=UNPROCESSABLE if wrong or trouble else 200,
    )  # fmt: skip


@router.get("/p/{slug}/calls/pdf")
def calls_file(asked: LookingNow, slug: str) -> Response:
    with opened(asked, slug) as (session, at):
        made = calls.document(session, slug, now=asked.now, language=asked.language)
    return _pdf(made, f"calls-{slug}-{local_day(asked.now, at.zone)}.pdf")


@router.post("/p/{slug}/calls")
def record(asked: Running, slug: str, form: Received) -> Response:
    outcome = form.text("outcome", most=20)
    if outcome not in set(Outcome):
        raise Unclear("form")
    promised = form.text("promised_on", most=10)
    with opened(asked, slug) as (session, at):
        today = local_day(asked.now, at.zone)
        try:
            with asked.runtime.database.write() as writing:
                calls.record(
                    writing, slug, number_in(form, "person"), Outcome(outcome), now=asked.now,
                    caller=form.text("caller", most=60), note=form.text("note", most=500),
                    promised_on=day(promised, today) if promised else None,
                )  # fmt: skip
        except Unfit as unfit:
            wrong = {part: misfit.value for part, misfit in unfit.parts.items()}
            return _calls(asked, session, at, form=form, wrong=wrong)
        except TrackerError as refusal:
            return _calls(asked, session, at, form=form, trouble=str(refusal))
    return go(asked, at.path("calls"))


def _titles(at: Desk) -> dict[str, str]:
    """What people call each obligation."""
    those = (one.obligation for one in at.board.ledger.standings)
    return {one.key: f"{one.clause} {one.title}" for one in those}


def _pdf(content: bytes, name: str) -> Response:
    return Response(content, media_type=PDF, headers={"content-disposition": disposition(name)})
