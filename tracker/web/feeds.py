"""Calendar feeds: the file at its secret address, and the page on which they are made and ended."""

from __future__ import annotations

from hashlib import sha256

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import Response

from schedules.deadlines import local_day
from tracker.domain.errors import NotFound
from tracker.services import feeds, people
from tracker.services.feeds import Feed, House
from tracker.web import matter
from tracker.web.asking import Asked
from tracker.web.entry import Asking, Received, Running
from tracker.web.intake import Form, Unclear
from tracker.web.pages import opened
from tracker.web.rendering import go, page

router = APIRouter()

TYPE = "text/calendar; charset=utf-8"


def house_of(asked: Asked) -> House:
    settings = asked.runtime.settings
    return House(asked.runtime.secret, settings.base_url, settings.mail_domain)


@router.head("/calendar/{token}.ics", include_in_schema=False)
@router.get("/calendar/{token}.ics")
def calendar_file(asked: Asking, token: str) -> Response:
    """No login: the address is the key. Wrong ones are counted, so that nobody tries many."""
    try:
        with asked.runtime.database.read() as session:
            house = house_of(asked)
            found = feeds.find(session, token, house)
            body = feeds.content(session, found, house, now=asked.now)
    except NotFound as missing:
        asked.web.gate.links.take(asked.web.gate.address(asked.request), asked.now)
        return Response(str(missing), 404, media_type="text/plain; charset=utf-8")
    etag = f'"{sha256(body).hexdigest()[:32]}"'
    headers = {"etag": etag, "cache-control": "private, no-cache", "x-robots-tag": "noindex",
               "content-disposition": 'inline; filename="tracker.ics"'}  # fmt: skip
    if _has(asked.request.headers.get("if-none-match", ""), etag):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=TYPE, headers=headers)


def _has(known: str, etag: str) -> bool:
    """RFC 9110 13.1.2: any of a list, weak ones compared as strong, or a star."""
    named = {one.strip().removeprefix("W/") for one in known.split(",")}
    return etag in named or "*" in named


@router.get("/p/{slug}/feeds")
def feeds_page(asked: Running, slug: str) -> Response:
    with opened(asked, slug) as (session, at):
        house = house_of(asked)
        on = local_day(asked.now, at.zone)
        holders = {one.person_id: one for one in people.holders(session, slug, on)}
        known = [(one, feeds.address(house, one)) for one in feeds.feeds(session, slug, house)]
        return page(asked, "feeds", desk=at, feeds=known, holders=list(holders.values()),
                    once=matter.fresh(), most=feeds.MOST)  # fmt: skip


@router.post("/p/{slug}/feeds")
def feeds_act(asked: Running, slug: str, form: Received) -> Response:
    """`act` is make, renew or revoke; a feed is made for `person` or else for `unit`."""
    with opened(asked, slug) as (_, at), asked.runtime.database.write() as session:
        _act(asked, session, slug, form)
    return go(asked, at.path("feeds"))


def _act(asked: Asked, session: Session, slug: str, form: Form) -> Feed | None:
    house, now = house_of(asked), asked.now
    match form.text("act", most=10):
        case "person":
            person = _number(form.text("person"))
            return feeds.make_for_person(session, slug, person, house, now=now, by=asked.by)
        case "unit":
            unit = form.text("unit", most=100)
            return feeds.make_for_unit(session, slug, unit, house, now=now, by=asked.by)
        case "renew":
            id_ = _number(form.text("feed"))
            return feeds.renew(session, slug, id_, house, now=now, by=asked.by)
        case "revoke":
            feeds.revoke(session, slug, _number(form.text("feed")), now=now, by=asked.by)
            return None
    raise Unclear("form")


def _number(given: str) -> int:
    if not given.isascii() or not given.isdigit() or len(given) > 9:
        raise Unclear("form")
    return int(given)
