"""Errors as pages that say what, why and what to do; as problem+json where a program asks."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from tracker.domain.errors import DefinitionError, NotFound, Refused, TrackerError, Unfit
from tracker.services.tries import TooOften
from tracker.store.database import StoreError
from tracker.web.access import Forbidden, PasswordNeeded, SignInNeeded
from tracker.web.asking import asked
from tracker.web.intake import FILE_LIMIT, TooLarge, Unclear
from tracker.web.interface import Changed, MatchNeeded, Unread, problem_of
from tracker.web.rendering import page
from tracker.web.security import HEADERS, TooSlow

log = logging.getLogger("tracker.web")


@dataclass(frozen=True)
class Trouble:
    """`kind` names its words: what it is, why, what to do. `reason` is what the service said."""

    status: int
    kind: str
    reason: str = ""
    details: tuple[str, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)


def trouble_of(error: Exception) -> Trouble:
    match error:
        case Forbidden():
            return Trouble(403, f"forbidden_{error}")
        case TooOften():
            return Trouble(429, "too_often", headers={"retry-after": str(error.seconds)})
        case TooLarge():
            return Trouble(413, "too_large", reason=f"{FILE_LIMIT // 1024 // 1024} MB")
        case TooSlow():
            return Trouble(408, "too_slow", headers={"connection": "close"})
        case ClientDisconnect():  # nobody reads the answer, and it is no fault of ours
            return Trouble(400, "unclear_form")
        case Unclear():
            return Trouble(400, f"unclear_{error}")
        case Unread():
            return Trouble(400, "unclear_form", details=(str(error),))
        case Unfit():
            told = (f"{part}: {misfit.value}" for part, misfit in error.parts.items())
            return Trouble(422, "definition", reason=str(error), details=tuple(told))
        case Changed():
            return Trouble(412, "changed")
        case MatchNeeded():
            return Trouble(428, "match_needed")
        case NotFound():
            return Trouble(404, "not_found", reason=str(error))
        case Refused():
            return Trouble(409, "refused", reason=str(error))
        case DefinitionError():
            problems = tuple(str(one) for one in error.problems)
            return Trouble(422, "definition", details=problems)
        case StoreError():
            return Trouble(503, "store", reason=error.advice, headers={"retry-after": "10"})
        case TrackerError():
            return Trouble(409, "refused", reason=str(error))
        case RequestValidationError():
            return Trouble(
                400,
                "unclear_form",
                details=tuple(str(problem_of(one)) for one in error.errors()),
            )
        case HTTPException():
            known = {404: "no_page", 405: "method", 413: "too_large"}
            return Trouble(error.status_code, known.get(error.status_code, "http"))
        case _:
            return Trouble(500, "internal", reason=secrets.token_hex(4))


def install(app: FastAPI) -> None:
    handler: Callable[[Request, Exception], Awaitable[Response]] = _answer
    for kind in (TrackerError, ClientDisconnect, RequestValidationError, HTTPException, Exception):
        app.add_exception_handler(kind, handler)


async def _answer(request: Request, error: Exception) -> Response:
    programs = request.url.path.startswith("/api/") or request.url.path == "/health.json"
    if isinstance(error, SignInNeeded):
        if programs:
            return _problem(Trouble(401, "sign_in"))
        return RedirectResponse(asked(request).link("/sign-in", next=_here(request)), 303)
    if isinstance(error, PasswordNeeded):
        if programs:
            return _problem(Trouble(403, "password_needed"))
        return RedirectResponse(asked(request).link("/account/password"), 303)
    trouble = trouble_of(error)
    if trouble.kind == "store":  # its words say all; a trace at each request would fill a disk
        log.warning("request waits: %s", error)
    elif trouble.status >= 500:
        log.error("request failed", exc_info=error, extra={"trouble": trouble.reason})
    answer = _problem(trouble) if programs else answer_page(request, trouble)
    for name, value in HEADERS.items():
        answer.headers.setdefault(name, value)  # a fault is answered outside of `SafeAnswers`
    return answer


def _here(request: Request) -> str:
    """Where to go after signing in: the page that was asked for, never a form's target."""
    if request.method not in ("GET", "HEAD"):
        return "/"
    query = f"?{request.url.query}" if request.url.query else ""
    return request.url.path + query


def answer_page(request: Request, trouble: Trouble) -> Response:
    answer = page(asked(request), "trouble", status=trouble.status, trouble=trouble)
    answer.headers.update(trouble.headers)
    return answer


def _problem(trouble: Trouble) -> Response:
    body: dict[str, object] = {
        "type": f"about:blank#{trouble.kind}",
        "title": trouble.kind.replace("_", " "),
        "status": trouble.status,
    }
    if trouble.reason:
        body["detail"] = trouble.reason
    if trouble.details:
        body["problems"] = list(trouble.details)
    return JSONResponse(body, trouble.status, trouble.headers, "application/problem+json")
