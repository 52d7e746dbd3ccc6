"""A mail server that takes everything and keeps nothing, as fast as one process can be.

`python -m tests.benchmarks.fast_sink` prints its port and serves until its input ends. A real test
server (aiosmtpd) costs more than a sender, so that every sender would look alike against it. It
offers PIPELINING, as Postfix, Exim and Exchange do.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class Taking(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.rest, self.reads_mail = transport, b"", False
        transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        self.rest += data
        answers = []
        while (answer := self.next()) is not None:
            answers.append(answer)
        if answers:
            self.transport.write(b"".join(answers))

    def next(self) -> bytes | None:
        """The answer to the next whole command or mail; None where none is whole yet."""
        end = self.rest.find(b"\r\n.\r\n" if self.reads_mail else b"\r\n")
        if end < 0:
            return None
        verb = self.rest[:4].upper()
        self.rest = self.rest[end + (5 if self.reads_mail else 2) :]
        if self.reads_mail:
            self.reads_mail = False
            return b"250 2.0.0 Ok\r\n"
        self.reads_mail = verb == b"DATA"
        extended = b"250-sink\r\n250-PIPELINING\r\n250 SIZE 100000000\r\n"
        return {b"DATA": b"354 go\r\n", b"QUIT": b"221 bye\r\n", b"EHLO": extended}.get(
            verb, b"250 Ok\r\n"
        )


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Taking, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


@contextmanager
def fast_sink() -> Iterator[int]:
    """The port of one in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.fast_sink"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield int(process.stdout.readline())
        process.stdin.close()


if __name__ == "__main__":
    asyncio.run(_serve())
