"""What every answer says to the browser, and how long a request may take to arrive."""

from __future__ import annotations

import asyncio

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tracker.domain.errors import TrackerError

POLICY = "; ".join(
    [
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "connect-src 'self'",
        "img-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
}


class SafeAnswers:
    """Adds the headers above to every answer that does not say otherwise itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, answer)


class TooSlow(TrackerError):
    """The body of a request does not arrive."""


class Patient:
    """Waits for a body `patience` seconds, and longer as it comes, a second for each `slowest`
    bytes: who sends a byte now and then holds no connection for long."""

    def __init__(self, app: ASGIApp, *, patience: float = 30, slowest: int = 1024) -> None:
        self.app, self.patience, self.slowest = app, patience, slowest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        clock = asyncio.get_running_loop().time
        until, more = clock() + self.patience, True

        async def arriving() -> Message:
            nonlocal until, more
            if not more:  # after the body there is only the end of the connection to wait for
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), max(0.0, until - clock()))
            except TimeoutError:
                raise TooSlow from None
            more = message.get("more_body", False)
            until += len(message.get("body", b"")) / self.slowest
            return message

        await self.app(scope, arriving, send)
