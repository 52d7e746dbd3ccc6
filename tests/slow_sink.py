"""A mail server with a pace: a pause before each mail is taken, and readers about whom it thinks
for long, as one does that asks their own servers first. It offers PIPELINING.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.sinks import HOST, _LocalServer

EHLO = b"250-slow\r\n250-PIPELINING\r\n250 SIZE 100000000\r\n"
ANSWERS = {b"EHLO": EHLO, b"DATA": b"354 go\r\n", b"QUIT": b"221 bye\r\n"}


class SlowSink(_LocalServer):
    """`slow`: the readers, and the seconds until each is answered for. `taken` are those of the
    mails that were taken, `at` when the last of the others was, `asked` how often for each."""

    def __init__(self, *, pause: float, slow: dict[str, float]) -> None:
        super().__init__()
        self.pause, self.slow = pause, slow
        self.taken: list[str] = []
        self.asked: Counter[str] = Counter()
        self.at = 0.0
        self.open: set[asyncio.Transport] = set()

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator[asyncio.Server]:
        async with await self._loop.create_server(lambda: _Talk(self), HOST, 0) as server:
            yield server
            for one in list(self.open):
                one.abort()


class _Talk(asyncio.Protocol):
    def __init__(self, sink: SlowSink) -> None:
        self.sink, self.rest, self.reader = sink, b"", ""
        self.reads_mail = self.thinks = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.sink.connections += 1
        self.sink.open.add(transport)
        transport.write(b"220 slow\r\n")

    def connection_lost(self, exc: Exception | None) -> None:
        self.sink.open.discard(self.transport)

    def data_received(self, data: bytes) -> None:
        self.rest += data
        self.go_on()

    def go_on(self) -> None:
        while not self.thinks:
            end = b"\r\n.\r\n" if self.reads_mail else b"\r\n"
            said, found, rest = self.rest.partition(end)
            if not found:
                return
            self.rest = rest
            self.hear(said)

    def hear(self, said: bytes) -> None:
        if self.reads_mail:
            self.reads_mail = False
            self.think(self.sink.pause, b"250 2.0.0 Ok\r\n", is_taken=True)
            return
        verb = said[:4].upper()
        if verb == b"RCPT":
            self.reader = said.decode().partition("<")[2].partition(">")[0]
            self.sink.asked[self.reader] += 1
            if self.reader in self.sink.slow:
                self.think(self.sink.slow[self.reader], b"250 Ok\r\n")
                return
        self.reads_mail = verb == b"DATA"
        self.transport.write(ANSWERS.get(verb, b"250 Ok\r\n"))

    def think(self, seconds: float, answer: bytes, *, is_taken: bool = False) -> None:
        self.thinks = True
        asyncio.get_running_loop().call_later(seconds, self.answer, answer, is_taken)

    def answer(self, answer: bytes, is_taken: bool) -> None:
        if self.transport.is_closing():
            return
        if is_taken:
            self.sink.taken.append(self.reader)
            if self.reader not in self.sink.slow:
                self.sink.at = asyncio.get_running_loop().time()
        self.thinks = False
        self.transport.write(answer)
        self.go_on()
