"""Mail over SMTP: a few long-lived connections, each with one mail at a time.

What settles a mail as failed is only what the server says about this mail. Trouble with reaching
the server, its certificate or our login concerns every mail: it is transient, and its text names
the setting to look at.
"""

import asyncio
import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from aiosmtplib import SMTP, SMTPException, SMTPResponse, SMTPResponseException

from notifiers.conversation import Conversation
from notifiers.message import (
    MAILING,
    Accepted,
    Address,
    DeliveryError,
    KeptWaiting,
    Message,
    PermanentFailure,
    TransientFailure,
    UnknownOutcome,
    one_line,
)
from notifiers.mime import Wired, build

_TROUBLE = (SMTPException, OSError, UnicodeError)  # ssl.SSLError and TimeoutError are OSErrors
_ABOUT_OUR_LOGIN = frozenset({530, 534, 535, 538})  # RFC 4954: said of every mail alike
_UNAVAILABLE = 421
_GO_ON = 354
_WANTED = {"MAIL FROM": (250,), "RCPT TO": (250, 251), "DATA": (_GO_ON,)}
_IDLE_SECONDS = 60  # servers hang up after 5 minutes and firewalls forget sooner
_FAREWELL_SECONDS = 1  # a courtesy: whoever stops does not wait for a server that hangs
_SLOWEST_LINE = 50_000  # octets per second that a large mail is given time for
_LINE_END = re.compile(rb"\r\n|\r|\n")
_ON_ONE_COMMAND = re.compile(r"[!-~]*")
_HOST = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")


@dataclass(frozen=True)
class SmtpSettings:
    """`timeout` is in seconds, per answer of the server.

    `local_hostname` is what we call ourselves (default: the name of this machine); `certificate`
    is a file of certificate authorities to trust in place of the system's.
    """

    host: str
    port: int = 25
    tls: Literal["none", "starttls", "implicit"] = "starttls"
    username: str = ""
    password: str = field(default="", repr=False)
    timeout: float = 30
    connections: int = 4
    local_hostname: str = ""
    certificate: str = ""

    def __post_init__(self) -> None:
        if self.connections < 1 or self.timeout <= 0:
            raise ValueError("SMTP needs at least one connection and a timeout above zero")
        if not _ON_ONE_COMMAND.fullmatch(self.local_hostname):
            raise ValueError(f"not a host name: {self.local_hostname!r}")


class SmtpChannel:
    """Belongs to one event loop from the first mail to `close`; after that it can begin anew.

    As many mails travel at once as `connections` says; further ones wait their turn.
    """

    name = "smtp"
    way = MAILING

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings
        self._server = f"{settings.host}:{settings.port}"
        self._slots = asyncio.Semaphore(settings.connections)
        self._idle: list[tuple[Conversation, float]] = []
        self._tls_context: ssl.SSLContext | None = None
        self._local_hostname = settings.local_hostname

    async def send(self, message: Message) -> Accepted:
        return await self.send_raw(
            build(message),
            sender=message.sender.mail,
            to=message.to.mail,
            message_id=message.message_id,
        )

    async def send_raw(self, raw: bytes, *, sender: str, to: str, message_id: str) -> Accepted:
        return await self._send(raw, sender, to, self._settings.timeout)

    async def send_hastily(
        self, raw: bytes, *, sender: str, to: str, message_id: str, within: float
    ) -> Accepted:
        """KeptWaiting costs its connection: only then has the server no mail of ours in hand."""
        return await self._send(raw, sender, to, min(within, self._settings.timeout))

    async def _send(self, raw: bytes, sender: str, to: str, patience: float) -> Accepted:
        mail = _Mail(_with_wire_lines(raw), _on_the_wire(sender), _on_the_wire(to), patience)
        async with self._slots:
            waiting = self._take_idle()
            if waiting is not None:
                try:
                    return await self._transfer(waiting, mail)
                except _Lost:
                    pass  # hung up while idle: the mail has not left us, so a new one takes it
            return await self._transfer(await self._line(), mail)

    async def close(self) -> None:
        """Say goodbye on all idle connections; to be called when no mail is under way."""
        idle, self._idle = self._idle, []
        self._slots = asyncio.Semaphore(self._settings.connections)
        await asyncio.gather(*[_part(line) for line, _ in idle])

    async def probe(self) -> str:
        """Connect, negotiate TLS, log in and leave, without a mail; what was found, in words.

        Raises TransientFailure with the setting to look at.
        """
        smtp = await self._connect()
        try:
            with self._trouble("host, port and tls"):
                return self._seen(smtp)
        finally:
            await _quit(smtp)

    def _seen(self, smtp: SMTP) -> str:
        secured = smtp.get_transport_info("ssl_object")
        found = [
            f"{self._server} is ready",
            secured.version() if secured else "not encrypted",
            f"logged in as {self._settings.username}" if self._settings.username else "no login",
        ]
        if smtp.esmtp_extensions.get("size"):
            found.append(f"takes mails of up to {smtp.esmtp_extensions['size']} octets")
        return one_line(", ".join(found))

    def _take_idle(self) -> Conversation | None:
        """The connection used last: the others may grow old and be dropped here one by one."""
        oldest = asyncio.get_running_loop().time() - _IDLE_SECONDS
        while self._idle:
            line, since = self._idle.pop()
            if line.is_open and since >= oldest:
                return line
            line.close()
        return None

    def _keep(self, line: Conversation) -> None:
        self._idle.append((line, asyncio.get_running_loop().time()))

    async def _line(self) -> Conversation:
        smtp = await self._connect()
        with self._trouble("host, port and tls"):
            return Conversation(smtp)

    async def _connect(self) -> SMTP:
        settings = self._settings
        smtp = _Line(
            hostname=settings.host,
            port=settings.port,
            timeout=settings.timeout,
            local_hostname=await self._own_name(),
            use_tls=settings.tls == "implicit",
            start_tls=False,
            tls_context=await self._trusted(),
        )
        try:
            await self._open(smtp)
        except BaseException:
            smtp.close()
            raise
        return smtp

    async def _open(self, smtp: SMTP) -> None:
        """One step at a time, to know which setting a refusal is about."""
        settings = self._settings
        with self._trouble("host, port and tls"):
            await smtp.connect()
        if settings.tls == "starttls":
            with self._trouble("tls and certificate"):
                await smtp.starttls()
        with self._trouble("local_hostname"):
            await smtp.ehlo()
        if settings.username:
            with self._trouble("username and password"):
                await smtp.login(settings.username, settings.password)

    @contextmanager
    def _trouble(self, setting: str) -> Iterator[None]:
        try:
            yield
        except _TROUBLE as error:
            if isinstance(error.__cause__ or error, ssl.SSLError):
                setting = "tls and certificate"
            said = _said_by(error)
            raise TransientFailure(f"{self._server}: {said}; see setting {setting}") from error

    async def _trusted(self) -> ssl.SSLContext | None:
        if self._settings.tls == "none":
            return None
        if self._tls_context is None:
            authorities = self._settings.certificate or None
            with self._trouble("certificate"):
                self._tls_context = await asyncio.to_thread(
                    ssl.create_default_context, cafile=authorities
                )
        return self._tls_context

    async def _own_name(self) -> str:
        if not self._local_hostname:
            name = await asyncio.to_thread(socket.getfqdn)
            # RFC 5321 4.1.4: an address literal for a machine without a proper name
            self._local_hostname = name if _HOST.fullmatch(name) else "[127.0.0.1]"
        return self._local_hostname

    async def _transfer(self, line: Conversation, mail: "_Mail") -> Accepted:
        try:
            await self._offer(line, mail)
            reply = await self._hand_over(line, mail.raw)
        except _Refused as refusal:
            await self._start_over(line)
            raise refusal.failure from None
        except BaseException:
            line.close()
            raise
        self._keep(line)
        return Accepted(self.name, _words(reply))

    async def _offer(self, line: Conversation, mail: "_Mail") -> None:
        """Everything before the mail itself; whatever goes wrong here, it has not left us."""
        size = f" SIZE={len(mail.raw)}" if line.takes_size else ""
        commands = [f"MAIL FROM:<{mail.sender}>{size}", f"RCPT TO:<{mail.to}>", "DATA"]
        refused: DeliveryError | None = None
        for some in [commands] if line.takes_several else [[one] for one in commands]:
            for step in await self._ask(line, some, mail.patience):
                refused = refused or self._answered(*step)
            if refused is not None:
                raise _Refused(refused)

    async def _ask(self, line: Conversation, commands: list[str], patience: float) -> "list[_Step]":
        """The answers to all of these, which are on their way at once."""
        steps: list[_Step] = []
        try:
            line.ask(commands)
            for command in commands:
                steps.append((command, await line.reply(patience)))
                if steps[-1][1].code == _UNAVAILABLE:
                    break  # it hangs up now
            if len(steps) == len(commands) > 1:
                await self._take_back(line, steps)
        except _TROUBLE as error:
            step = _verb(commands[min(len(steps), len(commands) - 1)])
            # A slow server is not a lost connection: a new one would wait as long again.
            slow = KeptWaiting if patience < self._settings.timeout else TransientFailure
            failure = slow if isinstance(error, TimeoutError) else _Lost
            raise failure(f"{self._server}: {_said_by(error)} at {step}") from error
        return steps

    async def _take_back(self, line: Conversation, steps: "list[_Step]") -> None:
        """A server that wants a mail of which it refused the reader gets an empty one, which it
        refuses too (RFC 2920 3.1)."""
        if steps[-1][1].code == _GO_ON and not all(_goes_along(*step) for step in steps):
            line.hand_over(b".\r\n")
            await line.reply(self._settings.timeout)

    def _answered(self, command: str, reply: SMTPResponse) -> DeliveryError | None:
        """None where the server goes along."""
        if reply.code == _UNAVAILABLE:
            raise _Lost(f"{self._server}: {_words(reply)}")
        return None if _goes_along(command, reply) else self._refusal(reply, _verb(command))

    async def _hand_over(self, line: Conversation, raw: bytes) -> SMTPResponse:
        if not line.is_open:
            raise _Lost(f"{self._server}: connection lost before the mail")
        try:
            line.hand_over(raw)
            reply = await line.reply(self._settings.timeout + len(raw) / _SLOWEST_LINE)
        except _TROUBLE as error:
            said = _said_by(error)
            raise UnknownOutcome(f"{self._server}: {said} after the mail was sent") from error
        if reply.code // 100 == 2:
            return reply
        if reply.code == _UNAVAILABLE:
            raise _Lost(f"{self._server}: {_words(reply)}")
        if reply.code // 100 in (4, 5):
            raise _Refused(self._refusal(reply, "the mail"))
        raise UnknownOutcome(f"{self._server}: {_words(reply)} is no answer to a mail")

    def _refusal(self, reply: SMTPResponse, step: str) -> DeliveryError:
        text = f"{self._server}: {_words(reply)} (to {step})"
        if reply.code in _ABOUT_OUR_LOGIN:
            return TransientFailure(f"{text}; see setting username, password and tls")
        if reply.code // 100 == 5:
            return PermanentFailure(text)
        return TransientFailure(text)

    async def _start_over(self, line: Conversation) -> None:
        """A refused mail costs no connection, unless the server will not forget it."""
        try:
            line.ask(["RSET"])
            reply = await line.reply(self._settings.timeout)
        except _TROUBLE:
            line.close()
            return
        except BaseException:
            line.close()
            raise
        if reply.code == 250:
            self._keep(line)
        else:
            line.close()


_Step = tuple[str, SMTPResponse]


@dataclass(frozen=True)
class _Mail:
    """`patience` is in seconds, for each answer before the mail itself."""

    raw: bytes
    sender: str
    to: str
    patience: float


class _Lost(TransientFailure):
    """The connection ended, and the mail was certainly not accepted."""


class _Refused(Exception):
    """The server said no to this mail and listens on."""

    def __init__(self, failure: DeliveryError) -> None:
        super().__init__(failure)
        self.failure = failure


class _Line(SMTP):
    """A connection that is gone once it is closed, however it came to that.

    The library's own close waits, without end, for a server to read what is still to be sent and
    to answer the end of TLS; the loop may have ended before.
    """

    def close(self) -> None:
        transport = self.transport
        super().close()
        if isinstance(transport, asyncio.WriteTransport):
            transport.abort()


async def _quit(smtp: SMTP) -> None:
    try:
        await smtp.quit(timeout=_FAREWELL_SECONDS)
    except _TROUBLE:
        pass  # it has left already
    finally:
        smtp.close()


def _verb(command: str) -> str:
    """Without its address: the texts of failures name no person."""
    return command.partition(":")[0]


def _goes_along(command: str, reply: SMTPResponse) -> bool:
    return reply.code in _WANTED[_verb(command)]


async def _part(line: Conversation) -> None:
    with suppress(*_TROUBLE):  # it has left already
        await line.quit(_FAREWELL_SECONDS)


@lru_cache(maxsize=64)  # one sender, and a reader whose mail is tried again
def _on_the_wire(mail: str) -> str:
    return Address(mail).wire


def _with_wire_lines(raw: bytes) -> bytes:
    """`raw` as DATA sends it: CRLF everywhere, leading dots doubled, the final dot."""
    if isinstance(raw, Wired):
        return raw + b".\r\n"
    ends = raw.count(b"\r\n")
    if raw.count(b"\n") != ends or raw.count(b"\r") != ends:
        # A lone CR or LF is read as a line end by some servers and could hide a second mail.
        raw = _LINE_END.sub(b"\r\n", raw)
    if raw.startswith(b".") or b"\r\n." in raw:
        raw = (b"\r\n" + raw).replace(b"\r\n.", b"\r\n..")[2:]
    return raw + (b".\r\n" if raw.endswith(b"\r\n") else b"\r\n.\r\n")


def _words(reply: SMTPResponse) -> str:
    return one_line(f"{reply.code} {reply.message}")


def _said_by(error: BaseException) -> str:
    if isinstance(error, SMTPResponseException):
        return one_line(f"{error.code} {error.message}")
    return one_line(str(error)) or type(error).__name__
