"""Connections to the pages that send nothing, or go on sending what nobody reads (F8)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from tracker.cli.connections import Connection

HEAD = b"POST %b HTTP/1.1\r\nhost: x\r\ncontent-length: 5000000000\r\n\r\n"


class Hurried(Connection):
    patience = 0.5


async def answers(scope: Scope, receive: Receive, send: Send) -> None:
    """`/slow` takes longer than anybody waits for a head, `/refused` reads nothing of the body."""
    if scope["path"] == "/slow":
        await asyncio.sleep(2 * Hurried.patience)
    body = b"told"
    head = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 413, "headers": head})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def served() -> AsyncIterator[int]:
    config = uvicorn.Config(answers, port=0, http=Hurried, lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        await server.shutdown()


async def closes(reader: asyncio.StreamReader) -> bool:
    """Within four times the patience, whatever else it says before."""
    try:
        async with asyncio.timeout(4 * Hurried.patience):
            await reader.read()
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    return True


async def test_who_sends_no_request_is_let_go() -> None:
    async with served() as port:
        for sent in (b"", b"POST / HTTP/1.1\r\nhost: x\r\n"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(sent)
            assert await closes(reader), sent
            writer.close()


async def test_the_rest_of_a_refused_body_is_read_for_a_while_so_that_the_answer_arrives() -> None:
    async with served() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HEAD % b"/refused")
        assert (await reader.readuntil(b"told")).startswith(b"HTTP/1.1 413")

        async def trickle() -> None:
            while True:
                writer.write(b"x")
                await asyncio.sleep(0.05)

        sending = asyncio.create_task(trickle())
        assert await closes(reader)
        sending.cancel()
        writer.close()


async def test_a_request_under_way_and_the_next_one_are_waited_for() -> None:
    async with served() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(2):
            writer.write(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n")
            assert (await reader.readuntil(b"told")).startswith(b"HTTP/1.1 413")
        assert await closes(reader)
        writer.close()


async def test_a_body_that_breaks_off_its_form_after_the_answer_is_no_trace_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with served() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
        await reader.readuntil(b"told")
        writer.write(b"no length\r\n")
        assert await closes(reader)
        writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"no request\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.1 400")
        writer.close()
    assert [one for one in caplog.records if one.levelname == "ERROR"] == []
