"""A mailbox that is looked at and left as it is: nothing is marked, moved or deleted.

Blocking: run it on a thread.
"""

import imaplib
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Literal

MOST_BYTES = 256 * 1024
"""Of one mail: what somebody wrote stands at its beginning, what they attached is not read."""


class MailboxError(Exception):
    """The mailbox could not be looked at; the text says who refused it and with which words."""


@dataclass(frozen=True)
class ImapSettings:
    host: str
    port: int
    tls: Literal["none", "starttls", "implicit"]
    username: str
    password: str
    folder: str = "INBOX"
    timeout: float = 30
    certificate: str = ""


@dataclass(frozen=True)
class Fetched:
    """`raw` is the mail's beginning; `uid` grows with every mail that comes in."""

    uid: int
    raw: bytes


@dataclass(frozen=True)
class Mailbox:
    """An opened folder. Its `name` changes when the server counts its mails anew."""

    name: str
    _server: imaplib.IMAP4

    def after(self, uid: int, *, limit: int) -> list[Fetched]:
        """The next mails with a higher number, oldest first."""
        with _told():
            # A server answers a range beyond its last mail with that last mail.
            found = _list(self._server.uid("SEARCH", "UID", f"{uid + 1}:*"))
            new = sorted(one for one in found if one > uid)[:limit]
            mails = ((one, self._beginning(one)) for one in new)
            return [Fetched(one, raw) for one, raw in mails if raw is not None]

    def _beginning(self, uid: int) -> bytes | None:
        """None for a mail that somebody took away since it was listed."""
        answer = self._server.uid("FETCH", str(uid), f"(BODY.PEEK[]<0.{MOST_BYTES}>)")
        parts = [part for part in _lines(answer) if isinstance(part, tuple)]
        return bytes(parts[0][1]) if parts else None


@contextmanager
def opened(settings: ImapSettings) -> Iterator[Mailbox]:
    """MailboxError where it cannot be reached, does not let us in, or has no such folder."""
    with _told():
        server = _connected(settings)
    try:
        with _told():
            server.login(settings.username, settings.password)
            _lines(server.select(_quoted(settings.folder), readonly=True))
            counted = server.response("UIDVALIDITY")[1][0] or b"0"
        yield Mailbox(f"{settings.host}/{settings.folder}/{counted.decode('ascii')}", server)
    finally:
        _leave(server)


def _connected(settings: ImapSettings) -> imaplib.IMAP4:
    where = (settings.host, settings.port)
    if settings.tls == "implicit":
        return imaplib.IMAP4_SSL(*where, ssl_context=_trust(settings), timeout=settings.timeout)
    server = imaplib.IMAP4(*where, timeout=settings.timeout)
    if settings.tls == "starttls":
        try:
            server.starttls(_trust(settings))
        except BaseException:
            _leave(server)
            raise
    return server


def _trust(settings: ImapSettings) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=settings.certificate or None)


def _leave(server: imaplib.IMAP4) -> None:
    try:
        server.logout()
    except (imaplib.IMAP4.error, OSError):
        with suppress(OSError):
            server.shutdown()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (imaplib.IMAP4.error, OSError, ValueError) as failure:
        raise MailboxError(f"{type(failure).__name__}: {failure}") from failure


def _lines(answer: tuple[str, list[Any]]) -> list[Any]:
    status, lines = answer
    if status != "OK":
        raise imaplib.IMAP4.error(f"{status} {lines!r}"[:300])
    return lines


def _list(answer: tuple[str, list[Any]]) -> list[int]:
    return [int(one) for line in _lines(answer) if line for one in re.findall(rb"\d+", line)]


def _quoted(folder: str) -> str:
    """RFC 3501 5.1.3 has its own way with names outside ASCII; those are refused, not guessed."""
    if not folder.isascii() or '"' in folder or "\\" in folder:
        raise MailboxError(f"not a folder name that is plain ASCII: {folder!r}")
    return f'"{folder}"'
