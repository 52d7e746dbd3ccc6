"""A web server on a local port that answers as told, and keeps what it was asked."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.sinks import DROP, HOST, SILENCE, Wait, _LocalServer


@dataclass(frozen=True)
class Reply:
    body: Any = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    def wire(self) -> bytes:
        plain = self.body if isinstance(self.body, str) else json.dumps(self.body)
        content = plain.encode()
        lines = [f"HTTP/1.1 {self.status} Told", f"Content-Length: {len(content)}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join([*lines, "", ""]).encode() + content


Answer = Reply | Wait | str
"""A reply; one that comes late; `DROP`: hang up in place of one."""

__all__ = ["DROP", "HOST", "SILENCE", "Hook", "Reply", "Request", "Wait"]


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Hook(_LocalServer):
    """Gives its answers in turn, the last one again and again; over TLS with a `context`."""

    context: ssl.SSLContext | None = None

    def __init__(self, *answers: Answer) -> None:
        super().__init__()
        self.requests: list[Request] = []
        self._answers = answers or (Reply(),)
        self._open: dict[asyncio.StreamWriter, asyncio.Task[Any]] = {}

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}/hook"

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator[asyncio.Server]:
        async with await asyncio.start_server(
            self._serve_client, HOST, 0, ssl=self.context
        ) as server:
            yield server
            for writer, task in list(self._open.items()):
                task.cancel()
                writer.transport.abort()

    async def _serve_client(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._open[writer] = task
        try:
            while await self._answer_one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client hung up, or the test is over
        finally:
            del self._open[writer]
            writer.close()

    async def _answer_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        first, *lines = head.strip().split("\r\n")
        method, target, _ = first.split(" ")
        headers = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in lines)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        split = urlsplit(target)
        at = asyncio.get_running_loop().time()
        query = dict(parse_qsl(split.query))
        answer = self._answers[min(len(self.requests), len(self._answers) - 1)]
        self.requests.append(Request(method, split.path, query, headers, body, at))
        if isinstance(answer, Wait):
            await asyncio.sleep(answer.seconds)
            answer = answer.reply
        if not isinstance(answer, Reply):
            return False
        writer.write(answer.wire())
        await writer.drain()
        return True
