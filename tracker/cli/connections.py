"""A connection to the pages that is held open without a request is let go."""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

PATIENCE = 30.0
"""Seconds for the head of a request, and after an answer for the rest of a body that nobody reads.

Closed at once, such a connection loses the answer: a program that was still sending is told of a
reset and never of the 413. Kept for ever, a few hundred of them are all that a process may have.
"""


class Connection(H11Protocol):
    """uvicorn's, which waits without end for a first request and for what follows an answer."""

    patience = PATIENCE
    _last: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._wait()

    def handle_events(self) -> None:
        before = self.cycle
        super().handle_events()
        if self.cycle is not before and not self.cycle.response_complete:
            self._wait_no_more()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.cycle.response_complete and not self.transport.is_closing():
            self._wait()

    def send_400_response(self, msg: str) -> None:
        """Whoever has an answer already is not told what is wrong with the rest of the body:
        uvicorn tries, and its failure would be a trace in the log each time."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            super().send_400_response(msg)
        else:
            self._give_up()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_no_more()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._wait_no_more()
        self._last = self.loop.call_later(self.patience, self._give_up)

    def _wait_no_more(self) -> None:
        if self._last is not None:
            self._last.cancel()
            self._last = None

    def _give_up(self) -> None:
        if not self.transport.is_closing():
            self.transport.close()
