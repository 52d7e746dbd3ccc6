"""What every channel is given and what it answers.

DeliveryError        the root of this package
  TransientFailure   may be accepted later           -> try again, after `retry_after` if given
    KeptWaiting      takes longer than others        -> try again once they have gone
  PermanentFailure   will not be accepted as it is   -> settle; tell a person
  UnknownOutcome     may already have been accepted  -> try again with the same bytes and id
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Protocol, runtime_checkable


class DeliveryError(Exception):
    """The message was not provably accepted; the text says who refused it and with which words."""


class TransientFailure(DeliveryError):
    def __init__(self, text: str, retry_after: timedelta | None = None) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class KeptWaiting(TransientFailure):
    """Longer than the others need, and before the mail had left us: they can go first."""


class PermanentFailure(DeliveryError):
    pass


class UnknownOutcome(DeliveryError):
    pass


# C0, DEL and C1 controls, the Unicode line ends, and halves of surrogate pairs.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_BLANKS = re.compile("[\\s\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
MAIL = "mail"
"""The channel of mails, whether a server takes them or a folder."""

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL_PART = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_TOKEN = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
_PARAMETER = rf'{_TOKEN}=(?:{_TOKEN}|"[ !#-\[\]-~]*")'
_CONTENT_TYPE = re.compile(rf"(?!multipart/|message/){_TOKEN}/{_TOKEN}(?:; ?{_PARAMETER})*", re.I)
_HEADER_NAME = re.compile(r"[A-Za-z0-9-]{1,40}")
# Header fields that the builder writes itself, or that would add readers.
_OWNED = re.compile(
    r"from|sender|to|cc|bcc|reply-to|subject|date|message-id|in-reply-to|references|mime-version"
    r"|auto-submitted|x-auto-response-suppress|return-path|(?:content|resent)-.*",
    re.I,
)
_LONGEST_WORD = 900  # a header line ends at 998 octets and cannot be folded inside a word


def one_line(text: str) -> str:
    """`text` made fit for a header: runs of blanks, line ends and controls become one space."""
    return _BLANKS.sub(" ", text).strip()


def message_id(*parts: str, domain: str) -> str:
    """The same parts always give the same id (without angle brackets), other parts another."""
    key = "".join([f"{len(part)}:{part}" for part in parts])
    return f"{sha256(key.encode()).hexdigest()[:40]}@{_ascii_domain(domain)}"


@dataclass(frozen=True)
class Address:
    """A mailbox; intranet domains without a dot are fine, as are domains such as 例子.中国.

    Raises ValueError for anything else. A local part outside ASCII is refused too: few servers
    take one, and the mail would be lost late instead of here.
    """

    mail: str
    name: str = ""

    def __post_init__(self) -> None:
        refuse_unprintable("name", self.name)
        local, _, domain = self.mail.rpartition("@")
        if not _LOCAL_PART.fullmatch(local) or len(local) > 64:
            raise ValueError(f"not a mail address: {self.mail!r}")
        _ascii_domain(domain)

    @property
    def wire(self) -> str:
        """The address as it travels: the domain in its ASCII form."""
        if self.mail.isascii():
            return self.mail
        local, _, domain = self.mail.rpartition("@")
        return f"{local}@{_ascii_domain(domain)}"


@dataclass(frozen=True)
class Attachment:
    """`content_type` with its parameters, as in `text/calendar; method=PUBLISH; charset=utf-8`.

    With a `content_id` (without angle brackets) it is part of the page, which finds it at
    `cid:<content_id>`; else it is a file beside it.
    """

    filename: str
    content_type: str
    content: bytes
    content_id: str = ""

    def __post_init__(self) -> None:
        refuse_unprintable("filename", self.filename)
        if not self.filename.strip() or "/" in self.filename or "\\" in self.filename:
            raise ValueError(f"not a file name: {self.filename!r}")
        if not _CONTENT_TYPE.fullmatch(self.content_type):
            raise ValueError(f"not the content type of a file: {self.content_type!r}")
        if self.content_id:
            _require_id(self.content_id)


@dataclass(frozen=True)
class Message:
    """One mail to one person. Ids stand without angle brackets; `date` is an aware instant.

    Raises ValueError where a value could end its header line or is not what its field holds.
    """

    message_id: str
    sender: Address
    to: Address
    subject: str
    text: str
    date: datetime
    html: str = ""
    attachments: tuple[Attachment, ...] = ()
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    headers: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        refuse_unprintable("subject", self.subject)
        if self.date.utcoffset() is None:
            raise ValueError(f"date without a time zone: {self.date}")
        for one in (self.message_id, *self.references):
            _require_id(one)
        if self.in_reply_to:
            _require_id(self.in_reply_to)
        for name, value in self.headers:
            _require_header(name, value)


@dataclass(frozen=True)
class Accepted:
    """Proof: the server's last words ("250 2.0.0 Ok: queued as 4ZK2"), or the path written."""

    channel: str
    reply: str


@dataclass(frozen=True)
class Way:
    """A channel as a planner sees it. One that `needs_address` takes mails and reaches only who has
    a mailbox; the others take notes. What goes to a `public` one is read by a whole group."""

    name: str
    needs_address: bool = False
    public: bool = False


MAILING = Way(MAIL, needs_address=True)
WEBHOOK = Way("webhook")
WECOM = Way("wecom", public=True)
DINGTALK = Way("dingtalk", public=True)
FEISHU = Way("feishu", public=True)

WAYS = {way.name: way for way in (MAILING, WEBHOOK, WECOM, DINGTALK, FEISHU)}
"""Every channel that there is; those in use are a matter of settings."""

BY_MAIL = (MAILING,)


class Channel(Protocol):
    """Sending raises only DeliveryError (and ValueError for an address that is none).

    `name` says what it is made of; dispatches go by the name of its `way`.
    """

    @property
    def name(self) -> str: ...
    @property
    def way(self) -> Way: ...

    async def send_raw(self, raw: bytes, *, sender: str, to: str, message_id: str) -> Accepted:
        """Send bytes frozen at an earlier attempt; they must be the same at every retry."""

    async def close(self) -> None: ...


@runtime_checkable
class Hasty(Protocol):
    """A channel that can let others go first where one reader's mail takes long."""

    async def send_hastily(
        self, raw: bytes, *, sender: str, to: str, message_id: str, within: float
    ) -> Accepted:
        """As `send_raw`; KeptWaiting where an answer before the mail itself takes longer than
        `within` seconds."""


def refuse_unprintable(what: str, text: str) -> None:
    found = _UNPRINTABLE.search(text)
    if found:
        raise ValueError(f"{what} holds the control character U+{ord(found[0]):04X}: {text!r}")


@lru_cache(maxsize=256)  # an office has few
def _ascii_domain(domain: str) -> str:
    try:
        # Only 例子.中国 needs the codec, which is slow and refuses the underscore.
        ascii_form = domain if domain.isascii() else domain.encode("idna").decode("ascii")
    except UnicodeError as error:
        raise ValueError(f"not a domain: {domain!r}") from error
    if not _DOMAIN.fullmatch(ascii_form) or len(ascii_form) > 253:
        raise ValueError(f"not a domain: {domain!r}")
    return ascii_form


def _require_id(text: str) -> None:
    local, _, domain = text.rpartition("@")
    if not (_LOCAL_PART.fullmatch(local) and _DOMAIN.fullmatch(domain)) or len(text) > 320:
        raise ValueError(f"not a message id (without <>): {text!r}")


def _require_header(name: str, value: str) -> None:
    if not _HEADER_NAME.fullmatch(name) or _OWNED.fullmatch(name):
        raise ValueError(f"not a header that can be added: {name!r}")
    refuse_unprintable(name, value)
    if any(len(word) > _LONGEST_WORD for word in value.split(" ")):
        raise ValueError(f"{name} holds a word longer than {_LONGEST_WORD} characters")
