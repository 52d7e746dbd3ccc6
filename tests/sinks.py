"""SMTP servers on local ports: one that takes every mail, and one that misbehaves as told.

Each runs on a thread of its own, so that a test may itself run an event loop or none.
"""

import asyncio
import email
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, cast

HOST = "127.0.0.1"
_ANSWERS_WITHIN = 10  # seconds
_LONGEST_MAIL = 64 * 1024 * 1024


class Mail(EmailMessage):
    """A mail as it arrived: the parsed message and what its envelope said."""

    raw: bytes
    sender: str
    recipients: tuple[str, ...]

    @property
    def to(self) -> str:
        """The first (with this product the only) recipient of the envelope."""
        return self.recipients[0]

    @property
    def message_id(self) -> str:
        """Without angle brackets."""
        return str(self["Message-ID"]).strip("<>")

    @property
    def text(self) -> str:
        return self._body("plain")

    @property
    def html(self) -> str:
        return self._body("html")

    def _body(self, subtype: str) -> str:
        part = self.get_body((subtype,))
        return str(part.get_content()).replace("\r\n", "\n") if part else ""


def parse(raw: bytes, *, sender: str = "", recipients: tuple[str, ...] = ()) -> Mail:
    # The stubs do not believe in a message class of one's own together with a policy.
    mail = cast(Mail, email.message_from_bytes(raw, Mail, policy=policy.default))
    mail.raw, mail.sender, mail.recipients = raw, sender, recipients
    return mail


class _LocalServer:
    """An asyncio server on its own thread, on a port that the system picks."""

    def __init__(self) -> None:
        self.host = HOST
        self.port = 0
        self.connections = 0
        """How many were ever opened."""
        self.messages: list[Mail] = []
        """The mails accepted, in the order of their arrival."""
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def url(self) -> str:
        return f"smtp://{self.host}:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(_ANSWERS_WITHIN), "the server did not start"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        async with self._listening() as server:
            self.port = server.sockets[0].getsockname()[1]
            self._ready.set()
            await self._stop.wait()

    def _listening(self) -> Any:
        raise NotImplementedError

    def _call(self, act: Callable[[], Coroutine[Any, Any, None]]) -> None:
        asyncio.run_coroutine_threadsafe(act(), self._loop).result(_ANSWERS_WITHIN)


class SmtpSink(_LocalServer):
    """A real server (aiosmtpd) that takes every mail and keeps it in `messages`.

    With `login` it demands that user name and password; `refused` are the recipients it does not
    know (550). `implicit` and `starttls` need the server's side of an `Authority`.
    """

    def __init__(
        self,
        *,
        tls: Literal["none", "starttls", "implicit"] = "none",
        authority: "Authority | None" = None,
        login: tuple[str, str] | None = None,
        refused: frozenset[str] = frozenset(),
        port: int = 0,
    ) -> None:
        super().__init__()
        self.wanted_port = port
        self._tls = tls
        self._context = authority.server_side() if authority else None
        self._login = login
        self.refused = refused
        self._protocols: set[Any] = set()

    def drop_connections(self) -> None:
        """Hang up on every client, as a server does that was restarted or found them idle."""

        async def hang_up() -> None:
            for protocol in list(self._protocols):
                if protocol.transport is not None:
                    protocol.transport.close()

        self._call(hang_up)

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator[asyncio.Server]:
        server = await self._loop.create_server(
            self._conversation,
            HOST,
            self.wanted_port,
            ssl=self._context if self._tls == "implicit" else None,
        )
        async with server:
            yield server
            for protocol in list(self._protocols):
                if protocol.transport is not None:
                    with suppress(AttributeError):  # Python 3.11.2, where TLS was closed twice
                        protocol.transport.abort()

    def _conversation(self) -> Any:
        from aiosmtpd.smtp import SMTP

        self.connections += 1
        protocol = SMTP(
            self,
            hostname="sink.test",
            loop=self._loop,
            tls_context=self._context if self._tls == "starttls" else None,
            require_starttls=self._tls == "starttls",
            auth_require_tls=False,  # what needs a login is refused in handle_MAIL
            authenticator=self._authenticate if self._login else None,
        )
        self._protocols.add(protocol)
        return protocol

    def _authenticate(
        self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any
    ) -> Any:
        from aiosmtpd.smtp import AuthResult

        assert self._login is not None
        known = (data.login.decode(), data.password.decode()) == self._login
        return AuthResult(success=known, handled=False)

    async def handle_MAIL(
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if self._login and not session.authenticated:
            return "530 5.7.0 Authentication required"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return "550 5.1.1 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        recipients = tuple(envelope.rcpt_tos)
        mail = parse(envelope.content, sender=envelope.mail_from, recipients=recipients)
        self.messages.append(mail)
        return f"250 2.0.0 Ok: queued as {len(self.messages)}"


@dataclass(frozen=True)
class Wait:
    """Answer `reply` only after `seconds`."""

    seconds: float
    reply: str


DROP = ""
"""In place of an answer: hang up."""
SILENCE = Wait(3600, DROP)

Answer = str | Wait


@dataclass(frozen=True)
class Script:
    """What the server answers at each step: one answer, or several that are used up in turn.

    Of several the last one is repeated; they are counted over all connections of this script.
    `dot` answers the whole mail; a mail whose `dot` is not refused counts as accepted.
    """

    banner: Answer | tuple[Answer, ...] = "220 scripted.test ESMTP"
    ehlo: Answer | tuple[Answer, ...] = "250-scripted.test\r\n250-STARTTLS\r\n250 AUTH PLAIN"
    starttls: Answer | tuple[Answer, ...] = "454 4.7.0 TLS not available"
    auth: Answer | tuple[Answer, ...] = "235 2.7.0 welcome"
    mail: Answer | tuple[Answer, ...] = "250 2.1.0 Ok"
    rcpt: Answer | tuple[Answer, ...] = "250 2.1.5 Ok"
    data: Answer | tuple[Answer, ...] = "354 go ahead"
    dot: Answer | tuple[Answer, ...] = "250 2.0.0 Ok: queued as SCRIPTED"
    rset: Answer | tuple[Answer, ...] = "250 2.0.0 Ok"
    quit: Answer | tuple[Answer, ...] = "221 2.0.0 Bye"


PIPELINING = "250-scripted.test\r\n250-SIZE 10000000\r\n250 PIPELINING"
"""In place of `ehlo`: several commands may come at once (RFC 2920)."""

BANNER_TIMEOUT = Script(banner=SILENCE)
UNAVAILABLE_421 = Script(banner="421 4.3.2 shutting down")
GREYLISTED_450 = Script(rcpt=("450 4.2.0 greylisted, come back later", "250 2.1.5 Ok"))
BUSY_451 = Script(dot=("451 4.3.0 try again", "250 2.0.0 Ok: queued as SECOND"))
FULL_452 = Script(mail=("452 4.3.1 out of space", "250 2.1.0 Ok"))
UNKNOWN_550 = Script(rcpt="550 5.1.1 no such user")
OVER_QUOTA_552 = Script(rcpt="552 5.2.2 mailbox full")
REJECTED_554 = Script(dot="554 5.7.1 looks like spam")
DROP_AFTER_DATA = Script(data=DROP)
DROP_AFTER_DOT = Script(dot=DROP)
STARTTLS_REFUSED = Script()
AUTH_535 = Script(auth="535 5.7.8 bad credentials")


def slow_250(seconds: float) -> Script:
    return Script(dot=Wait(seconds, "250 2.0.0 Ok: queued as LATE"))


class ScriptedSmtp(_LocalServer):
    """Plays one script per connection, in the order given; the last one for all that follow.

    `verbs` are all commands heard, `commands` the whole lines.
    """

    def __init__(self, *scripts: Script) -> None:
        super().__init__()
        self.commands: list[str] = []
        self._scripts = scripts or (Script(),)
        self._used: Counter[tuple[int, str]] = Counter()
        self._open: dict[asyncio.StreamWriter, asyncio.Task[Any]] = {}

    @property
    def verbs(self) -> list[str]:
        return [command.split(" ")[0].upper() for command in self.commands]

    def wait_for(self, verb: str) -> None:
        """Block until a client has said `verb`."""
        deadline = time.monotonic() + _ANSWERS_WITHIN
        while verb not in self.verbs:
            assert time.monotonic() < deadline, f"nobody said {verb}"
            time.sleep(0.005)

    def drop_connections(self) -> None:
        """Hang up on every client, as a server does that was restarted or found them idle."""

        async def hang_up() -> None:
            for writer in list(self._open):
                writer.close()

        self._call(hang_up)

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator[asyncio.Server]:
        async with await asyncio.start_server(
            self._serve_client, HOST, 0, limit=_LONGEST_MAIL
        ) as server:
            yield server
            for writer, task in list(self._open.items()):
                task.cancel()
                writer.transport.abort()

    async def _serve_client(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        script = self._scripts[min(self.connections, len(self._scripts) - 1)]
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._open[writer] = task
        try:
            await _Conversation(self, script, reader, writer).play()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client hung up, or the test is over
        finally:
            del self._open[writer]
            writer.close()

    def answer(self, script: Script, step: str) -> Answer:
        answers: Answer | tuple[Answer, ...] = getattr(script, step)
        if not isinstance(answers, tuple):
            return answers
        used = self._used[id(script), step]
        self._used[id(script), step] += 1
        return answers[min(used, len(answers) - 1)]


@dataclass
class _Conversation:
    server: ScriptedSmtp
    script: Script
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    sender: str = ""
    recipients: list[str] = field(default_factory=list)

    async def play(self) -> None:
        listening = await self.reply("banner")
        while listening:
            line = (await self.reader.readuntil(b"\r\n")).decode().rstrip("\r\n")
            self.server.commands.append(line)
            listening = await self.obey(line)

    async def obey(self, line: str) -> bool:
        verb, _, rest = line.partition(" ")
        step = {"HELO": "ehlo"}.get(verb.upper(), verb.lower())
        if step not in Script.__dataclass_fields__:
            return await self.say("502 5.5.2 not in the script")
        if step == "mail":
            self.sender, self.recipients = _mailbox(rest), []
        if step == "rcpt":
            self.recipients.append(_mailbox(rest))
        if step != "data":
            return await self.reply(step) and step != "quit"
        if not await self.reply("data"):
            return False
        return await self.take_mail() if self.said.startswith("354") else True

    async def take_mail(self) -> bool:
        lines = []
        while (line := await self.reader.readuntil(b"\r\n")) != b".\r\n":
            lines.append(line)
        if not lines:
            return await self.say("554 5.5.1 no valid recipients")
        answer = self.server.answer(self.script, "dot")
        final = answer.reply if isinstance(answer, Wait) else answer
        if final[:1] not in ("4", "5"):
            raw = b"".join([line.removeprefix(b".") for line in lines])
            recipients = tuple(self.recipients)
            mail = parse(raw, sender=self.sender, recipients=recipients)
            self.server.messages.append(mail)
        return await self.say(answer)

    async def reply(self, step: str) -> bool:
        return await self.say(self.server.answer(self.script, step))

    async def say(self, answer: Answer) -> bool:
        """False when the conversation is over."""
        if isinstance(answer, Wait):
            await asyncio.sleep(answer.seconds)
            answer = answer.reply
        self.said = answer
        if answer == DROP:
            return False
        self.writer.write(f"{answer}\r\n".encode())
        await self.writer.drain()
        return not answer.startswith("421")


def _mailbox(rest: str) -> str:
    return rest.partition("<")[2].partition(">")[0]


@contextmanager
def deaf_server(
    after: str, context: ssl.SSLContext | None = None
) -> Iterator[tuple[int, threading.Event]]:
    """The port of a server that answers up to the command `after` and then neither reads, answers
    nor hangs up, and the event that it has come to that; with a `context` it speaks TLS from the
    first byte."""
    deaf, over = threading.Event(), threading.Event()

    def serve() -> None:
        client, _ = listening.accept()
        with context.wrap_socket(client, server_side=True) if context else client as line:
            line.sendall(b"220 deaf.test ESMTP\r\n")
            heard = b""
            while heard != after.encode():
                heard = line.recv(1000)[:4].rstrip()
                line.sendall(_DEAF.get(heard, b"250 Ok\r\n"))
            deaf.set()
            over.wait(_ANSWERS_WITHIN)

    with socket.create_server((HOST, 0)) as listening:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield int(listening.getsockname()[1]), deaf
        over.set()
        thread.join()


_DEAF = {b"DATA": b"354 go ahead\r\n", b"QUIT": b"221 bye\r\n"}


@contextmanager
def refusing_port() -> Iterator[int]:
    """A port where nobody listens, and nobody else will while the test runs."""
    with socket.socket() as bound:
        bound.bind((HOST, 0))
        yield int(bound.getsockname()[1])


class Authority:
    """A certificate authority of our own, with a certificate for the local servers."""

    def __init__(self) -> None:
        import trustme

        self._authority = trustme.CA()

    def server_side(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(HOST, "localhost").configure_cert(context)
        return context

    def write(self, path: Path) -> Path:
        """The file that a client needs to trust the local servers."""
        self._authority.cert_pem.write_to_path(str(path))
        return path
