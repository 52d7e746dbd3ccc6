"""The doors: static files, the access code, health."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response

from tracker.web.access import code_of
from tracker.web.asking import Asked, asked
from tracker.web.assets import FOREVER
from tracker.web.intake import Form, received
from tracker.web.rendering import page
from tracker.web.vitals import vitals

router = APIRouter()

Asking = Annotated[Asked, Depends(asked)]
Received = Annotated[Form, Depends(received)]


def office(asked: Asking) -> Asked:
    """The coordinating office, or whoever has the access code; anybody else is sent to the door."""
    asked.web.gate.admit(asked.request, asked.now)
    return asked


Office = Annotated[Asked, Depends(office)]


def acting(asked: Office) -> Asked:
    """The office at work: what is done is done now, whatever instant was looked at before."""
    return replace(asked, as_of="", known_at="")


Acting = Annotated[Asked, Depends(acting)]


@router.get("/static/{name}")
def static(name: str, request: Request) -> Response:
    asset = request.app.state.web.assets.by_name.get(name)
    if asset is None:
        raise HTTPException(404)
    return Response(asset.body, media_type=asset.media_type, headers={"cache-control": FOREVER})


@router.get("/favicon.ico")
def favicon(request: Request) -> Response:
    return RedirectResponse(f"/static/{request.app.state.web.assets.mark}", 301)


@router.get("/robots.txt")
def robots() -> Response:
    return Response("User-agent: *\nDisallow: /\n", media_type="text/plain")


@router.get("/sign-in")
def sign_in_page(asked: Asking, next: str = "/") -> Response:
    if not code_of(asked.runtime.settings):
        return RedirectResponse(_inside(next), 303)
    return page(asked, "sign_in", next=_inside(next), wrong=False)


@router.post("/sign-in")
def sign_in(asked: Asking, form: Received) -> Response:
    target = _inside(form.text("next"))
    if not asked.web.gate.sign_in(asked.request, form.text("code"), asked.now):
        return page(asked, "sign_in", status=403, next=target, wrong=True)
    response = RedirectResponse(target, 303)
    asked.web.gate.give_pass(asked.request, response, asked.now)
    return response


@router.get("/sign-out")
def sign_out_page(asked: Asking) -> Response:
    return page(asked, "sign_out")


@router.post("/sign-out")
def sign_out(asked: Asking, form: Received) -> Response:
    response = RedirectResponse("/sign-in", 303)
    asked.web.gate.take_pass(response)
    return response


def _inside(target: str) -> str:
    """A path of ours, never another site."""
    inside = target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if inside and "\n" not in target and "\r" not in target else "/"


@router.get("/health.json")
def health_for_machines(asked: Asking) -> Response:
    """For a monitor: no names and no figures of a programme, so nobody is asked for a code."""
    state = vitals(asked)
    return JSONResponse(state.body(), status_code=200 if state.ok else 503)


@router.get("/health")
def health_page(asked: Asking) -> Response:
    """A program (Accept: application/json) gets the body of `/health.json`."""
    state = vitals(asked)
    if "text/html" not in asked.request.headers.get("accept", "text/html"):
        return JSONResponse(state.body(), status_code=200 if state.ok else 503)
    office(asked)
    return page(asked, "health", status=200 if state.ok else 503, state=state)
