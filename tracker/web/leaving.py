"""The address by which a reader leaves digests or comes back: GET asks, POST does (RFC 8058)."""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qsl

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tracker.domain.errors import Refused
from tracker.services import subscriptions
from tracker.web.asking import Asked
from tracker.web.entry import Asking
from tracker.web.intake import TooLarge
from tracker.web.rendering import go, page
from tracker.web.troubles import Trouble, answer_page

router = APIRouter()

MOST = 4096
"""Bytes of the body of such a request."""


@router.get("/u/{token}")
def ask(asked: Asking, token: str) -> Response:
    with asked.runtime.database.read() as session:
        try:
            person = subscriptions.person_of(session, asked.runtime.secret, token)
        except Refused as refusal:
            return _refused(asked, refusal)
        name, left_at = person.name, person.digests_left_at
    return page(asked, "leave", name=name, left_at=left_at, target=f"/u/{token}", bare=True)


@router.post("/u/{token}")
async def act(asked: Asking, token: str) -> Response:
    """A mail program's one click has no cookie and no form of ours: the address is enough."""
    try:
        await asyncio.to_thread(_known, asked, token)
    except Refused as refusal:
        return _refused(asked, refusal)
    body = await _body(asked.request)
    if body.strip() == subscriptions.ONE_CLICK:
        await asyncio.to_thread(_do, asked, token, "leave")
        return Response(status_code=200, media_type="text/plain")
    fields = dict(parse_qsl(body, keep_blank_values=True, max_num_fields=20))
    if fields.get("List-Unsubscribe") == "One-Click":
        await asyncio.to_thread(_do, asked, token, "leave")
        return Response(status_code=200, media_type="text/plain")
    asked.web.gate.check_form(asked.request, fields.get("token", ""))
    await asyncio.to_thread(_do, asked, token, fields.get("act", ""))
    return go(asked, f"/u/{token}")


def _known(asked: Asked, token: str) -> None:
    with asked.runtime.database.read() as session:
        subscriptions.person_of(session, asked.runtime.secret, token)


def _do(asked: Asked, token: str, act: str) -> None:
    with asked.runtime.database.write() as session:
        person = subscriptions.person_of(session, asked.runtime.secret, token)
        if act == "join":
            subscriptions.join(session, person, now=asked.now)
        else:
            subscriptions.leave(session, person, now=asked.now)


async def _body(request: Request) -> str:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST:
            raise TooLarge
    return body.decode("utf-8", errors="replace")


def _refused(asked: Asked, refusal: Refused) -> Response:
    """Counted, so that nobody tries addresses by the thousand."""
    asked.web.gate.links.take(asked.web.gate.address(asked.request), asked.now)
    return answer_page(asked.request, Trouble(403, "forbidden_link", reason=str(refusal)))
