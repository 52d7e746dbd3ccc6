"""Signing in through the office's own identity provider: out to it, and back."""

from __future__ import annotations

import logging
from dataclasses import asdict

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from schedules.deadlines import local_day
from tracker.domain.errors import NotFound
from tracker.services import signins, tries
from tracker.services.tries import Allowance
from tracker.web.asking import Asked
from tracker.web.entry import Asking, doors, inside
from tracker.web.provider import NoEntry, Person

log = logging.getLogger("tracker.web.vouching")

router = APIRouter()

ONCE = Allowance(burst=1, per_hour=1)
"""An hour is longer than what was begun is good for."""
STATUS = {"down": 503, "unknown": 403, "disabled": 403}


@router.get("/sign-in/provider")
def out(asked: Asking, next: str = "/") -> Response:
    """To the provider; NotFound where the settings name none."""
    provider = asked.web.provider
    if not provider.there:
        raise NotFound("没有设置统一身份认证 / no identity provider is set")
    try:
        begun = provider.begin(asked.now)
    except NoEntry as trouble:
        return _nowhere(asked, trouble, next)
    response = RedirectResponse(begun.address, 303)
    kept = {**asdict(begun), "address": "", "next": inside(next)}
    asked.web.gate.keep_begun(asked.request, response, kept, asked.now)
    return response


@router.get("/sign-in/back")
def back(asked: Asking) -> Response:
    """What the provider answers lands here, in the browser that was sent to it and once."""
    request, gate = asked.request, asked.web.gate
    begun = gate.begun(request, asked.now)
    target = begun.get("next", "/")
    try:
        value, account = _enter(asked, _vouched(asked, begun))
    except NoEntry as trouble:
        response = _nowhere(asked, trouble, target)
    else:
        response = RedirectResponse(target, 303)
        gate.keep_sign_in(request, response, value)
        gate.keep_device(request, response, account)
    gate.end_begun(request, response)
    return response


def _vouched(asked: Asked, begun: dict[str, str]) -> Person:
    answer = dict(asked.request.query_params)
    if not asked.web.provider.there or not begun or answer.get("state") != begun["state"]:
        raise NoEntry("stale", "nothing of this was begun in this browser")
    address = f"address|{asked.web.gate.address(asked.request)}"
    with asked.runtime.database.write() as session:
        tries.take(session, address, tries.ADDRESS, asked.now)
        try:
            tries.take(session, f"state|{begun['state']}", ONCE, asked.now)
        except tries.TooOften as again:
            raise NoEntry("stale", "this answer was used before") from again
    try:
        person = asked.web.provider.finish(answer, begun, asked.now)
    except NoEntry as trouble:
        if trouble.kind == "down":  # no guess; the password has the same tries
            _give_back(asked, address)
        raise
    _give_back(asked, address)
    return person


def _give_back(asked: Asked, address: str) -> None:
    with asked.runtime.database.write() as session:
        tries.give_back(session, address, tries.ADDRESS)


def _enter(asked: Asked, person: Person) -> tuple[str, int]:
    try:
        return signins.enter(
            asked.runtime.database, person.subject, asked.runtime.settings.oidc_issuer, person.mail,
            browser=asked.request.headers.get("user-agent", ""), now=asked.now,
            on=local_day(asked.now, asked.runtime.settings.tz),
        )  # fmt: skip
    except signins.Unknown as stranger:
        raise NoEntry(str(stranger), subject=person.subject) from stranger


def _nowhere(asked: Asked, trouble: NoEntry, target: str) -> Response:
    """The page to sign in at, with what happened; the password is a way in as before."""
    if trouble.why:
        log.warning("no entry by the provider: %s (%s)", trouble.kind, trouble.why)
    return doors(asked, target, status=STATUS.get(trouble.kind, 400), trouble=trouble)
