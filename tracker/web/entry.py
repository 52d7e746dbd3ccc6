"""The doors: static files, signing in, what a route asks of whoever comes, health."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from schedules.deadlines import local_day
from tracker.domain.authority import Act
from tracker.services import accounts, signins, tokens
from tracker.services.signins import SignedIn
from tracker.web.access import (
    LOCAL_OFFICE,
    Forbidden,
    PasswordNeeded,
    SignInNeeded,
    code_of,
)
from tracker.web.asking import Asked, asked, language_of
from tracker.web.assets import FOREVER
from tracker.web.intake import Form, received, typed
from tracker.web.interface import only_what_is_known
from tracker.web.rendering import page
from tracker.web.vitals import for_machines, vitals

router = APIRouter()

Asking = Annotated[Asked, Depends(asked)]
Received = Annotated[Form, Depends(received)]
Typed = Annotated[Form, Depends(typed)]


Bearer = "bearer "


def identified(asked: Asking) -> Asked:
    """Who asks: by their token, by signing in, or, until there are accounts, from this machine or
    with the access code. SignInNeeded, Forbidden, or PasswordNeeded; of the interface, Unread."""
    found = _known(asked)
    mine = found.signed_in
    if mine is not None and mine.account.must_change and not mine.provided:
        raise PasswordNeeded
    only_what_is_known(asked.request)
    return found


def _known(asked: Asking) -> Asked:
    request, now = asked.request, asked.now
    database, gate = asked.runtime.database, asked.web.gate
    on = local_day(now, asked.runtime.settings.tz)
    if request.headers.get("authorization", "").lower().startswith(Bearer):
        return _by_token(asked, on)
    value = gate.signed_in(request)
    with database.read() as session:
        found = signins.find(session, value, now=now, on=on) if value else None
        closed = found is None and accounts.any_account(session)
    if found is not None:
        signins.note_use(database, value, now)
        return _as(asked, found)
    if closed:
        if not (asked.runtime.settings.local_office and gate.comes_from_here(request)):
            raise SignInNeeded
        return replace(asked, who=LOCAL_OFFICE)
    return replace(asked, who=gate.admit(request, now))


def _as(asked: Asked, found: SignedIn) -> Asked:
    usual = language_of(found.account.language, asked.runtime.settings.language)
    language = language_of(asked.request.query_params.get("lang", ""), usual)
    return replace(asked, who=found.who, signed_in=found, usual=usual, language=language)


def _by_token(asked: Asked, on: date) -> Asked:
    """A program: on the interface alone, where no browser's cookie counts."""
    request = asked.request
    value = request.headers["authorization"][len(Bearer) :].strip()
    with asked.runtime.database.read() as session:
        found = tokens.find(session, value, now=asked.now, on=on)
    if found is None or not request.url.path.startswith("/api/"):
        asked.web.gate.links.take(asked.web.gate.address(request), asked.now)
        raise SignInNeeded
    tokens.note_use(asked.runtime.database, found[0], asked.now)
    return replace(asked, who=found[1])


Known = Annotated[Asked, Depends(_known)]
Entering = Annotated[Asked, Depends(identified)]


def needs(act: Act) -> Any:
    """A dependency: somebody who may do this to something in the programme that the path names,
    else Forbidden. What it is about is asked again, once it has been found."""

    def check(asked: Entering) -> Asked:
        if not asked.who.ever(act, asked.request.path_params.get("slug")):
            raise Forbidden("role")
        return asked

    return Depends(check)


def needs_somewhere(act: Act) -> Any:
    """The same where the path names no programme: in any of them."""

    def check(asked: Entering) -> Asked:
        if not asked.who.somewhere(act):
            raise Forbidden("role")
        return asked

    return Depends(check)


def at_work(asked: Asked) -> Asked:
    """What is done is done now, whatever instant was looked at before."""
    return replace(asked, as_of="", known_at="")


Looking = Annotated[Asked, needs(Act.LOOK)]
Seeing = Annotated[Asked, needs(Act.SEE)]
Tending = Annotated[Asked, needs_somewhere(Act.TEND)]
Importing = Annotated[Asked, needs_somewhere(Act.RUN)]


def looking_now(asked: Looking) -> Asked:
    return at_work(asked)


def seeing_now(asked: Seeing) -> Asked:
    return at_work(asked)


def reporting(asked: Annotated[Asked, needs(Act.REPORT)]) -> Asked:
    return at_work(asked)


def reviewing(asked: Annotated[Asked, needs(Act.REVIEW)]) -> Asked:
    return at_work(asked)


def instructing(asked: Annotated[Asked, needs(Act.INSTRUCT)]) -> Asked:
    return at_work(asked)


def running(asked: Annotated[Asked, needs(Act.RUN)]) -> Asked:
    return at_work(asked)


def administering(asked: Entering) -> Asked:
    """Accounts and the service are the house's: a token for one programme does not reach them."""
    if not asked.who.everywhere(Act.ADMINISTER):
        raise Forbidden("role")
    return at_work(asked)


LookingNow = Annotated[Asked, Depends(looking_now)]
SeeingNow = Annotated[Asked, Depends(seeing_now)]
Reporting = Annotated[Asked, Depends(reporting)]
Reviewing = Annotated[Asked, Depends(reviewing)]
Instructing = Annotated[Asked, Depends(instructing)]
Running = Annotated[Asked, Depends(running)]
Administering = Annotated[Asked, Depends(administering)]


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
def sign_in_page(asked: Asking, next: str = "/", left: str = "") -> Response:
    """`left`: somebody has just signed out, of this service alone."""
    if not ways(asked):
        return RedirectResponse(inside(next), 303)
    return doors(asked, next, way_out=asked.web.provider.way_out() if left else "")


def doors(asked: Asked, target: str, *, status: int = 200, **told: Any) -> Response:
    """The page to sign in at, and what is told there of a try that led nowhere."""
    given: dict[str, Any] = {"wrong": False, "sent": {}, "trouble": None, "way_out": ""}
    given |= {"provider": asked.web.provider.there, **told}
    return page(asked, "sign_in", status=status, next=inside(target), ways=ways(asked),
                named=asked.runtime.settings.oidc_name, **given)  # fmt: skip


def ways(asked: Asked) -> tuple[str, ...]:
    """How one comes in: with an account, or, where nobody has one, with the access code."""
    with asked.runtime.database.read() as session:
        if accounts.any_account(session):
            return ("account",)
    return ("code",) if code_of(asked.runtime.settings) else ()


@router.post("/sign-in")
def sign_in(asked: Asking, form: Typed) -> Response:
    target = inside(form.text("next"))
    response = RedirectResponse(target, 303)
    if "account" in ways(asked):
        right = _with_account(asked, form, response)
    else:
        right = asked.web.gate.sign_in(asked.request, form.text("code"), asked.now)
        if right:
            asked.web.gate.give_pass(asked.request, response, asked.now)
    if not right:
        return doors(asked, target, status=403, wrong=True, sent=form.fields)
    return response


def _with_account(asked: Asked, form: Form, response: Response) -> bool:
    request, gate = asked.request, asked.web.gate
    found = signins.sign_in(
        asked.runtime.database, form.text("login"), form.fields.get("password", "")[:1000],
        address=gate.address(request), device=gate.device(request),
        browser=request.headers.get("user-agent", ""), now=asked.now,
    )  # fmt: skip
    if found is None:
        return False
    value, account = found
    gate.keep_sign_in(request, response, value)
    gate.keep_device(request, response, account)
    return True


@router.get("/sign-out")
def sign_out_page(asked: Asking) -> Response:
    return page(asked, "sign_out")


@router.post("/sign-out")
def sign_out(asked: Asking, form: Typed) -> Response:
    value = asked.web.gate.signed_in(asked.request)
    if value:
        with asked.runtime.database.write() as session:
            signins.end_value(session, value, now=asked.now)
    target = "/sign-in?left=1" if asked.web.provider.there else "/sign-in"
    response = RedirectResponse(target, 303)
    asked.web.gate.take_pass(asked.request, response)
    return response


def inside(target: str) -> str:
    """A path of ours, never another site."""
    inside = target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if inside and "\n" not in target and "\r" not in target else "/"


@router.get("/health.json")
def health_for_machines(asked: Asking) -> Response:
    """For a monitor: no names and no figures of a programme, so nobody is asked for a code."""
    return for_machines(asked)


@router.get("/health")
def health_page(asked: Asking) -> Response:
    """A program (Accept: application/json) gets the body of `/health.json`."""
    if "text/html" not in asked.request.headers.get("accept", "text/html"):
        return for_machines(asked)
    state, asked = vitals(asked), identified(asked)
    if not asked.who.somewhere(Act.TEND):
        raise Forbidden("role")
    return page(asked, "health", status=200 if state.ok else 503, state=state)
