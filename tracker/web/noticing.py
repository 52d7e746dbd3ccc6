"""Reminders seen to: the mails of the next two weeks, who is left in peace, one sent now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import HTMLResponse, Response

from schedules.deadlines import local_day
from tracker.domain.errors import NotFound, Refused
from tracker.domain.obligations import Light
from tracker.domain.policy import Role
from tracker.domain.reminders import awake
from tracker.domain.silences import Mode, Scope
from tracker.exports.sheet import Kind
from tracker.services import byhand, coming, delivery, people, planning, posted, silences
from tracker.services.coming import Coming, Told
from tracker.web import matter
from tracker.web.asking import Asked, Desk
from tracker.web.entry import Looking, LookingNow, Received, Running
from tracker.web.filing import Wrong, moment
from tracker.web.intake import Form, Number, Unclear
from tracker.web.listing import Column, Listing, file_of, listing
from tracker.web.pages import opened
from tracker.web.rendering import go, page
from tracker.wording import notice_reason, rung, text

router = APIRouter()

UNPROCESSABLE = 422
LEAST = 8
FEW = 8
"""So many matters of a mail are listed; the mail itself has all."""
AT_ONCE = 30
"""So many mails are one part: each lists up to `FEW` matters, and the page stays light."""
FIRST = 10
"""So many lines of what is not sent stand below the mails; the rest has a page of its own."""
SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""For the HTML of a mail: it is shown as it will look and can do nothing."""


# -- the next two weeks ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Unsaid:
    """Rungs that tell nobody; `obligation` is empty where a unit's are counted together."""

    obligation: str
    unit: str
    role: str
    why: str
    n: int


def _unsaid(mails: list[Coming], hushed: list[tuple[datetime, Told]]) -> dict[str, list[Unsaid]]:
    """What finds nobody and what is held back, the same ones counted together, in order."""
    unheard = Counter(
        ("", it.unit, it.role, it.why_not) for one in mails if not one.person for it in one.told
    )
    quiet = Counter((it.obligation, it.unit, it.role, it.why_not) for _, it in hushed)
    both = {"unheard": unheard, "hushed": quiet}
    return {of: [Unsaid(*one, n) for one, n in sorted(found.items())] for of, found in both.items()}


def _titles(session: Session, at: Desk, told: list[Told]) -> dict[str, str]:
    known = {one.obligation.key: one.obligation.title for one in at.board.ledger.standings}
    # What the instant looked at does not know yet: a case of today, seen from yesterday.
    later = [one for one in told if one.obligation not in known]
    return known | coming.titles(session, at.slug, later)


@router.get("/p/{slug}/notices/ahead")
def ahead_page(asked: Looking, slug: str, of: str = "") -> Response:
    """From now on, whatever instant the other pages look at; `of` shows one of the two lists of
    what is not sent, whole."""
    with opened(asked, slug) as (session, at):
        mails, hushed = coming.ahead(session, slug, now=asked.now)
        everything = [*(it for one in mails for it in one.told), *(it for _, it in hushed)]
        titles = _titles(session, at, everything)
    told, unsaid = [one for one in mails if one.person], _unsaid(mails, hushed)
    if of and of not in unsaid:
        raise Unclear("form")
    table: Listing[Any] = (
        listing(asked, unsaid_columns(asked, at, titles), unsaid[of])
        if of
        else listing(asked, coming_columns(asked, at, titles), told, per_page=AT_ONCE)
    )
    name = text(f"notices.ahead_{of}" if of else "notices.ahead", language=asked.language)
    return file_of(asked, at, table, name) or page(
        asked, "ahead_mails", desk=at, table=table, of=of, name=name, unsaid=unsaid, titles=titles,
        few=FEW, first=FIRST, mails=len(told), people=len({one.person for one in told}),
        until=asked.now + coming.TWO_WEEKS,
    )  # fmt: skip


def coming_columns(asked: Asked, at: Desk, titles: Mapping[str, str]) -> tuple[Column[Coming], ...]:
    def matters(row: Coming) -> str:
        return "\n".join(
            f"{_matter(told.obligation, titles)} · {at.unit(told.unit)} · "
            f"{rung(told.rung, asked.language)} {_role(told.role, asked)}"
            for told in row.matters
        )

    return (
        Column("at", "notices.at", lambda row: row.at, Kind.INSTANT, 17),
        Column("to", "notices.to", lambda row: row.name, width=16),
        Column("mail", "people.mail", lambda row: row.mail, width=32),
        Column("matter", "notices.matter", matters, Kind.LONG, 60),
    )


def unsaid_columns(asked: Asked, at: Desk, titles: Mapping[str, str]) -> tuple[Column[Unsaid], ...]:
    def matter(row: Unsaid) -> str:
        return _matter(row.obligation, titles) if row.obligation else ""

    def why(row: Unsaid) -> str:
        return notice_reason(row.why, asked.language)

    return (
        Column("unit", "pages.unit", lambda row: at.unit(row.unit), width=24),
        Column("matter", "notices.matter", matter, Kind.LONG, 40),
        Column("role", "notices.to", lambda row: _role(row.role, asked), width=14),
        Column("why", "notices.why", why, Kind.LONG, 30),
        Column("n", "pages.notice_rung", lambda row: row.n, Kind.WHOLE, 8),
    )


def _matter(obligation: str, titles: Mapping[str, str]) -> str:
    return f"{obligation.split('/')[0]} {titles.get(obligation, '')}"


def _role(role: str, asked: Asked) -> str:
    return text(f"role.{role}", language=asked.language)


@router.get("/p/{slug}/notices/letter")
def letter_page(asked: Running, slug: str, key: str = "", form: str = "") -> Response:
    """A mail to come in words; with `form=html` as it will look, with nothing alive in it."""
    stationery = delivery.parts_of(asked.runtime).stationery
    with opened(asked, slug) as (session, at):
        one, letter = coming.letter(session, slug, stationery, now=asked.now, key=key)
    if form == "html":
        headers = {"content-security-policy": SANDBOX}
        return HTMLResponse(letter.html, headers=headers)
    return page(asked, "letter", desk=at, one=one, letter=letter)


# -- snoozes and silences --------------------------------------------------------------------------


@router.get("/p/{slug}/silences")
def silences_page(asked: LookingNow, slug: str, scope: str = "", subject: str = "") -> Response:
    with opened(asked, slug) as (session, at):
        return _silences(asked, session, at, sent={"scope": scope, "subject": subject})


def _silences(
    asked: Asked, session: Session, at: Desk, *, sent: dict[str, str],
    wrong: dict[str, str] | None = None, trouble: str = "",
) -> Response:  # fmt: skip
    found = silences.of_programme(session, at.slug)
    names = {
        one.subject: people.person(session, int(one.subject)).name
        for one in found if one.scope is Scope.PERSON
    }  # fmt: skip
    bad = bool(wrong or trouble)
    until = (asked.now.astimezone(at.zone) + coming.TWO_WEEKS).strftime("%Y-%m-%dT%H:00")
    return page(
        asked, "silences", until=until, subjects=_subjects(session, at, asked.now),
        desk=at, now=asked.now, names=names, scopes=list(Scope),
        modes=list(Mode), sent={name: value for name, value in sent.items() if value},
        current=[one for one in found if one.holds(asked.now)],
        over=[one for one in found if not one.holds(asked.now)],
        wrong=wrong or {}, trouble=trouble, status=UNPROCESSABLE if bad else 200,
    )  # fmt: skip


def _subjects(session: Session, at: Desk, now: datetime) -> list[tuple[str, str]]:
    """What may stand in the form's field, and how it is called: what is open, units, people."""
    standings = at.board.ledger.standings
    held = people.holders(session, at.slug, local_day(now, at.zone))
    return [
        *((one.obligation.key,
           f"{one.obligation.clause} {one.obligation.title} · {at.label(one.obligation.unit)}")
          for one in standings if one.light is not Light.DONE),
        *((unit.name, unit.label) for unit in at.programme.units),
        *dict.fromkeys((one.mail, one.name) for one in held if one.mail),
    ]  # fmt: skip


@router.post("/p/{slug}/silences")
def silence(asked: Running, slug: str, form: Received) -> Response:
    with opened(asked, slug) as (session, at):
        try:
            given = _silence(at, form)
            with asked.runtime.database.write() as writing:
                silences.make(writing, slug, by=asked.by, now=asked.now, **given)
        except Wrong as mistake:
            return _silences(asked, session, at, sent=form.fields, wrong=mistake.fields)
        except (Refused, NotFound) as refusal:
            return _silences(asked, session, at, sent=form.fields, trouble=str(refusal))
    return go(asked, at.path("silences"))


def _silence(at: Desk, form: Form) -> dict[str, Any]:
    """Wrong where a field is empty or cannot be read."""
    wrong: dict[str, str] = {}
    until: datetime | None = None
    try:
        until = moment(form.text("until"), at, "until")
    except Wrong as mistake:
        wrong |= mistake.fields
    if until is None and not wrong:
        wrong["until"] = "missing"
    because = form.text("because", most=500)
    if not because:
        wrong["because"] = "reason"
    scope, mode = form.text("scope", most=20), form.text("mode", most=20)
    if scope not in set(Scope) or mode not in set(Mode):
        raise Unclear("form")
    subject = form.text("subject", most=300)
    if not subject and scope != Scope.PROGRAMME:
        wrong["subject"] = "missing"
    if wrong:
        raise Wrong(wrong)
    return {"scope": Scope(scope), "mode": Mode(mode), "subject": subject, "until": until,
            "because": because}  # fmt: skip


@router.post("/p/{slug}/silences/{number}/end")
def end_silence(asked: Running, slug: str, number: Number, form: Received) -> Response:
    with opened(asked, slug) as (session, at):
        try:
            with asked.runtime.database.write() as writing:
                silences.end(writing, slug, number, by=asked.by, now=asked.now)
        except Refused as refusal:
            return _silences(asked, session, at, sent={}, trouble=str(refusal))
    return go(asked, at.path("silences"))


# -- by hand ---------------------------------------------------------------------------------------


@router.get("/p/{slug}/remind")
def remind_page(asked: Running, slug: str, key: str = "", sent: str = "") -> Response:
    with opened(asked, slug) as (session, at):
        goes = awake(asked.now, planning.view(session, slug)) if sent else None
        return _remind(asked, at, key, goes=goes)


def _remind(
    asked: Asked, at: Desk, key: str, *, form: Form | None = None, trouble: str = "",
    goes: datetime | None = None,
) -> Response:  # fmt: skip
    """`goes` is when what was just asked for leaves: at night, in the morning."""
    return page(
        asked, "remind", desk=at, it=matter.find(at.board, key), roles=list(Role), goes=goes,
        waits=goes is not None and goes > asked.now,
        sent=form.fields if form else {}, wrong={}, trouble=trouble, once=matter.fresh(),
        status=UNPROCESSABLE if trouble else 200,
    )  # fmt: skip


@router.post("/p/{slug}/remind")
def remind(asked: Running, slug: str, form: Received) -> Response:
    """The same form sent twice makes one mail."""
    key = form.text("key", most=300)
    with opened(asked, slug) as (_, at):
        try:
            with asked.runtime.database.write() as writing:
                byhand.send_now(
                    writing, slug, key, role=form.text("role", most=20), now=asked.now, by=asked.by,
                    because=form.text("because", most=500), once=_once(form),
                )  # fmt: skip
        except Refused as refusal:
            return _remind(asked, at, key, form=form, trouble=str(refusal))
    return go(asked, at.path("remind"), key=key, sent=1)


@router.post("/p/{slug}/notices/resend")
def resend(asked: Running, slug: str, form: Received) -> Response:
    """What a reminder told and is still open, any other mail as it was; where nothing is left to
    say, a page that says so."""
    number = form.text("message_id", most=300)
    with opened(asked, slug) as (session, at), asked.runtime.database.write() as writing:
        byhand.resend(writing, slug, number, now=asked.now, by=asked.by, once=_once(form))
        kind = posted.kind_of(session, number)
    if kind == "reminder":
        return go(asked, at.path("notices"), state="wanted")
    return go(asked, at.path("mails"), kind=kind)


def _once(form: Form) -> str:
    """What the same form, sent twice, says twice."""
    once = form.text("once", most=64)
    if len(once) < LEAST:
        raise Unclear("form")
    return sha256(once.encode()).hexdigest()[:16]
