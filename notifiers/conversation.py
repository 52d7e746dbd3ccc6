"""An open connection to a mail server: commands out, replies in.

aiosmtplib opens it, secures it and logs in. For the mails themselves its transport is taken over:
that library asks four questions a mail, each with a lock, a timer and a wait of its own, which
costs four times what the rest of sending does, and it cannot ask several at once (RFC 2920).
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import cast

from aiosmtplib import (
    SMTP,
    SMTPReadTimeoutError,
    SMTPResponse,
    SMTPResponseException,
    SMTPServerDisconnected,
)

_LONGEST_REPLY = 32 * 1024
_NO_REPLY = -1  # as the library names what is no answer of a mail server


class Conversation(asyncio.Protocol):
    """Raises the library's errors: SMTPServerDisconnected, SMTPReadTimeoutError, and
    SMTPResponseException for what is no reply of a mail server."""

    def __init__(self, smtp: SMTP) -> None:
        if smtp.transport is None:
            raise SMTPServerDisconnected("Connection lost")
        self._transport = cast(asyncio.Transport, smtp.transport)
        self.takes_size = smtp.supports_extension("size")
        self.takes_several = smtp.supports_extension("pipelining")
        self._loop = asyncio.get_running_loop()
        self._rest = b""
        self._said: list[str] = []
        self._replies: deque[SMTPResponse] = deque()
        self._over: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._transport.set_protocol(self)

    @property
    def is_open(self) -> bool:
        return self._over is None and not self._transport.is_closing()

    def ask(self, commands: Sequence[str]) -> None:
        """Each will have one reply."""
        self.hand_over("".join([f"{command}\r\n" for command in commands]).encode("ascii"))

    def hand_over(self, content: bytes) -> None:
        """What was said unasked before is no reply to this."""
        if not self.is_open:
            raise self._over or SMTPServerDisconnected("Connection lost")
        self._rest = b""
        self._said.clear()
        self._replies.clear()
        self._transport.write(content)

    async def reply(self, patience: float) -> SMTPResponse:
        """The next one; `patience` is in seconds."""
        if not self._replies:
            await self._wait(patience)
        return self._replies.popleft()

    async def quit(self, patience: float) -> None:
        """Say goodbye, and close whatever comes of it."""
        try:
            self.ask(["QUIT"])
            await self.reply(patience)
        finally:
            self.close()

    def close(self) -> None:
        """At once: a server that does not read could keep us for ever."""
        self._transport.abort()

    async def _wait(self, patience: float) -> None:
        if self._over is not None:
            raise self._over
        self._waiter = waiter = self._loop.create_future()
        timer = self._loop.call_later(patience, self._give_up, waiter)
        try:
            await waiter
        finally:
            timer.cancel()
            self._waiter = None

    def _give_up(self, waiter: asyncio.Future[None]) -> None:
        if not waiter.done():
            waiter.set_exception(SMTPReadTimeoutError("Timed out waiting for server response"))

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is None or waiter.done():
            return
        if self._replies:
            waiter.set_result(None)
        elif self._over is not None:
            waiter.set_exception(self._over)

    def _end(self, reason: Exception) -> None:
        self._over = self._over or reason
        self._wake()

    # -- what the transport tells ------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if self._over is None:  # nobody knows what comes after a reply that is none answers
                self._hear(line)
        if len(self._rest) + sum(map(len, self._said)) > _LONGEST_REPLY:
            self._end(SMTPResponseException(_NO_REPLY, "Response too long"))
        self._wake()

    def _hear(self, line: bytes) -> None:
        said = line[4:].strip(b" \t\r").decode("utf-8", "surrogateescape")
        if not line[:3].isdigit():
            told = line.decode("utf-8", "ignore")
            self._end(SMTPResponseException(_NO_REPLY, f"Malformed SMTP response line: {told}"))
        elif line[3:4] == b"-":
            self._said.append(said)
        else:
            self._replies.append(SMTPResponse(int(line[:3]), "\n".join([*self._said, said])))
            self._said.clear()

    def eof_received(self) -> None:
        self._end(SMTPServerDisconnected("Unexpected EOF received"))

    def connection_lost(self, exc: Exception | None) -> None:
        lost = SMTPServerDisconnected("Connection lost")
        lost.__cause__ = exc
        self._end(lost)
