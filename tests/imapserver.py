"""An IMAP server on a local port: as much of RFC 3501 as a poll speaks, and some misbehaviour."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from tests.sinks import HOST, _LocalServer

ACCOUNT = ("office@tracker.test", 'pass "word" \\ of tests')


@dataclass
class Box:
    """What the server holds: mails by their number, and what it counts them under."""

    mails: dict[int, bytes] = field(default_factory=dict)
    uidvalidity: int = 1
    next_uid: int = 1
    gone: set[int] = field(default_factory=set)
    """Listed, but taken away by somebody before they are fetched."""

    def put(self, mail: EmailMessage | bytes) -> int:
        raw = mail if isinstance(mail, bytes) else mail.as_bytes()
        uid, self.next_uid = self.next_uid, self.next_uid + 1
        self.mails[uid] = raw
        return uid

    def counted_anew(self) -> None:
        """As after a restore of the server: other numbers for the same mails."""
        kept = list(self.mails.values())
        self.mails, self.next_uid, self.uidvalidity = {}, 1, self.uidvalidity + 1
        for raw in kept:
            self.put(raw)


class ImapServer(_LocalServer):
    """One account with one folder. `commands` are the lines heard, without their tags; `hangs_up`
    is the command at which it drops the connection."""

    def __init__(
        self,
        *,
        context: ssl.SSLContext | None = None,
        starttls: ssl.SSLContext | None = None,
        hangs_up: str = "",
    ) -> None:
        super().__init__()
        self.box = Box()
        self.commands: list[str] = []
        self._context, self._starttls, self._hangs_up = context, starttls, hangs_up
        self._open: dict[asyncio.StreamWriter, asyncio.Task[Any]] = {}

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator[asyncio.Server]:
        server = await asyncio.start_server(self._client, HOST, 0, ssl=self._context)
        async with server:
            yield server
            for writer, task in list(self._open.items()):
                task.cancel()
                writer.transport.abort()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._open[writer] = task
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client hung up, or the test is over
        finally:
            del self._open[writer]
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK imap.test ready\r\n")
        known = False
        while line := (await reader.readline()).decode().rstrip("\r\n"):
            tag, _, command = line.partition(" ")
            self.commands.append(command)
            verb = command.upper().removeprefix("UID ").partition(" ")[0]
            if verb == self._hangs_up:
                return
            if verb == "LOGIN":
                known = _account(command) == ACCOUNT
            if verb not in ("CAPABILITY", "LOGIN", "LOGOUT", "STARTTLS") and not known:
                writer.write(f"{tag} NO log in first\r\n".encode())
                continue
            writer.write(self._answer(tag, verb, command, known=known))
            await writer.drain()
            if verb == "STARTTLS" and self._starttls is not None:
                await writer.start_tls(self._starttls)
            if verb == "LOGOUT":
                return

    def _answer(self, tag: str, verb: str, command: str, *, known: bool) -> bytes:
        done = f"{tag} OK done\r\n".encode()
        match verb:
            case "CAPABILITY":
                more = " STARTTLS" if self._starttls is not None else ""
                return f"* CAPABILITY IMAP4rev1{more}\r\n".encode() + done
            case "LOGIN" if not known:
                return f"{tag} NO [AUTHENTICATIONFAILED] wrong\r\n".encode()
            case "LOGIN" | "STARTTLS" | "NOOP":
                return done
            case "LOGOUT":
                return b"* BYE\r\n" + done
            case "EXAMINE" if '"INBOX"' not in command:
                return f"{tag} NO no such folder\r\n".encode()
            case "EXAMINE":
                told = f"* {len(self.box.mails)} EXISTS\r\n"
                told += f"* OK [UIDVALIDITY {self.box.uidvalidity}] valid\r\n"
                return told.encode() + f"{tag} OK [READ-ONLY] done\r\n".encode()
            case "SEARCH":
                return self._search(command) + done
            case "FETCH":
                return self._fetch(command) + done
        return f"{tag} BAD what\r\n".encode()

    def _search(self, command: str) -> bytes:
        """`n:*` names the last mail even where its number is below n (RFC 3501 6.4.8)."""
        wanted = re.fullmatch(r"UID SEARCH UID (\d+):\*", command)
        assert wanted is not None, command
        uids = sorted(self.box.mails)
        found = [uid for uid in uids if uid >= int(wanted[1])] or uids[-1:]
        return f"* SEARCH {' '.join(map(str, found))}\r\n".encode()

    def _fetch(self, command: str) -> bytes:
        wanted = re.fullmatch(r"UID FETCH (\d+) \(BODY\.PEEK\[\]<0\.(\d+)>\)", command)
        assert wanted is not None, command
        if int(wanted[1]) in self.box.gone:
            return b""
        raw = self.box.mails[int(wanted[1])]
        part = raw[: int(wanted[2])]
        head = f"* 1 FETCH (UID {wanted[1]} BODY[]<0> {{{len(part)}}}\r\n"
        return head.encode() + part + b")\r\n"


def _account(command: str) -> tuple[str, ...]:
    words = re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', command.partition(" ")[2])
    return tuple(re.sub(r"\\(.)", r"\1", quoted) if quoted else bare for quoted, bare in words)
