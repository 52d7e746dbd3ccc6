"""Pages and clock in one process and one event loop."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
import threading
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

import typer
import uvicorn
from uvicorn.importer import import_from_string

from schedules.ticker import Ticker
from tracker import logs, runtime, settings
from tracker.cli import engines
from tracker.cli.connections import Connection
from tracker.cli.engines import Engine
from tracker.cli.words import Lang, say
from tracker.domain.errors import Refused
from tracker.store.database import require_head

if TYPE_CHECKING:
    from tracker.runtime import Runtime

PAGES = "tracker.web.app:create"
"""By name: the command line and the pages do not import each other."""

DRAIN_SECONDS = 4
"""What visitors are given; mails under way have their own time meanwhile."""
AT_MOST_SECONDS = 14.0
"""After a signal the process ends within this, whatever hangs."""


def serve(*, host: str, port: int | None) -> None:
    """Until Ctrl-C or SIGTERM; what is under way is finished first."""
    # Into the environment, so that the pages and we see the same.
    if host:
        os.environ[settings.variable("host")] = host
    if port is not None:
        os.environ[settings.variable("port")] = str(port)
    found = settings.load()
    require_head(found.database)
    listening = _listening(found.host, found.port)
    if "base_url" not in found.model_fields_set:
        # Links in mails lead to the port that is served, where nobody has said another address.
        served = f"http://127.0.0.1:{listening.getsockname()[1]}"
        os.environ[settings.variable("base_url")] = served
        found = settings.load()
    logs.begin(found.log_format, found.log_level, debug=found.debug)
    parts = runtime.build(found)
    stop = asyncio.Event()
    asyncio.run(_serve(parts, listening, engines.for_pages(parts, stop), stop))
    _gone()


def work() -> None:
    """The clock and the mail without pages, until Ctrl-C or SIGTERM."""
    found = settings.load()
    require_head(found.database)
    logs.begin(found.log_format, found.log_level, debug=found.debug)
    asyncio.run(_work(runtime.build(found)))
    _gone()


async def _work(parts: Runtime) -> None:
    stop = asyncio.Event()
    for one in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(one, _end, stop)
    engine = engines.for_work(parts, stop)
    engine.start()
    typer.echo(say("work.at", parts.settings.language, place=parts.database.place))
    try:
        await stop.wait()
    finally:
        stop.set()
        await engine.stop()
        await parts.close()


def _end(stop: asyncio.Event) -> None:
    if not stop.is_set():
        _end_at_last()
    stop.set()


def show(parts: Runtime) -> None:
    """The pages alone, on a runtime whose clock stands still: nothing is planned or sent."""
    listening = _listening(parts.settings.host, parts.settings.port)
    asyncio.run(_serve(parts, listening, Ticker({}), asyncio.Event()))


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
    except OSError as failure:
        listening.close()
        raise Refused(
            f"不能在 {host}:{port} 上提供页面 / cannot listen on {host}:{port}: "
            f"{failure.strerror or failure}; TRACKER_HOST, TRACKER_PORT, --port"
        ) from failure
    return listening


async def _serve(
    parts: Runtime,
    listening: socket.socket,
    engine: Engine,
    stop: asyncio.Event,
) -> None:
    pages = import_from_string(PAGES)(parts)
    config = uvicorn.Config(
        pages,
        http=Connection,
        log_config=None,
        access_log=False,
        # Who asks is who connects: a forwarded address can be made up, and tries are counted by it.
        proxy_headers=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    server = _Server(config, parts.settings.language, stop)
    _ignore_echoes()
    engine.start()
    try:
        await server.serve(sockets=[listening])
    finally:
        stop.set()
        await engine.stop()
        await parts.close()
        listening.close()


class _Server(uvicorn.Server):
    """Says where the pages are as soon as they are there, and to all others when it ends."""

    def __init__(self, config: uvicorn.Config, language: Lang, stop: asyncio.Event) -> None:
        super().__init__(config)
        self.language = language
        self._stop = stop
        self._loop = asyncio.get_running_loop()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started and sockets:
            host, port = sockets[0].getsockname()[:2]
            shown = f"[{host}]" if ":" in host else host
            typer.echo(say("serve.at", self.language, url=f"http://{shown}:{port}"))

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Mails need not wait until the last page is served: they stop at the same time."""
        if not self.should_exit:
            _end_at_last()
        super().handle_exit(sig, frame)
        self._loop.call_soon_threadsafe(self._stop.set)


def _ignore_echoes() -> None:
    """uvicorn raises the signal again once it has stopped: by then ours is in place, so that the
    clock is stopped and the last mail settled, too."""

    def echo(_: int, __: FrameType | None) -> None: ...

    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, echo)


def _gone() -> NoReturn:
    """All is kept and closed. Left is the interpreter taking itself apart: half a second of work,
    many on a busy machine, in which nobody watches the time any more."""
    logging.shutdown()
    sys.stdout.flush()
    os._exit(0)


def _end_at_last() -> None:
    """A database or a disk that hangs would hold us up for ever. To end here is to be killed, which
    costs nothing: what was not kept is done again by whoever comes next."""
    last = threading.Timer(AT_MOST_SECONDS, os._exit, (1,))
    last.daemon = True
    last.start()
