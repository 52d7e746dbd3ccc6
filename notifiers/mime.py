"""A message as the bytes of a mail.

Assembled by hand: `email.message.EmailMessage` costs about fifty times as much, more than all the
rest of sending a mail. The tests hold this builder to what EmailMessage makes of the same values.
Every body travels as base64: Chinese text is shortest so, no server has to speak 8BITMIME, and a
boundary with "=_" in it cannot occur in base64.
"""

import re
from binascii import b2a_base64
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache
from hashlib import blake2s
from struct import Struct
from urllib.parse import quote

from notifiers.message import Address, Attachment, Message

_LINE = 78  # of a header, without its line end (RFC 5322 2.1.1)
_WORD_OCTETS = 45  # what an encoded word of at most 75 characters can carry (RFC 2047 2)
_WORD_FRAME = len("=?utf-8?b??=")
_BODY_LINE = 76  # RFC 2045 6.8
_AT_ONCE = 64  # lines of a body

# RFC 3834: nobody's absence note shall answer a machine.
_FIXED = "Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All\r\nMIME-Version: 1.0\r\n"


class Wired(bytes):
    """Pure ASCII whose lines all end in CRLF and never begin with a dot, so that they travel as
    they are: looking them through again would cost as much as putting them together."""


def build(message: Message) -> Wired:
    """The same message always gives the same bytes.

    Raises ValueError for text that cannot be encoded (half a surrogate pair).
    """
    mark = blake2s(message.message_id.encode("ascii"), digest_size=12).hexdigest()
    body = _readable(message, mark)
    files = [one for one in message.attachments if not one.content_id]
    if files:
        body = _multipart("mixed", f"=_m{mark}", (body, *map(_attached, files)))
    return Wired(_headers(message).encode("ascii") + body)


def readdressed(raw: bytes, *, message_id: str, to: Address, date: datetime) -> bytes:
    """A mail that `build` made, once more: under another number, of another date, to its reader's
    present address; all else, to the byte, as it was."""
    ascii_head, blank, body = raw.partition(b"\r\n\r\n")
    head = ascii_head.decode("ascii")
    for line in (_mailbox("To", to), _date(date), f"Message-ID: <{message_id}>\r\n"):
        field = re.escape(line.partition(":")[0])
        old = re.compile(rf"^{field}: [^\r]*(?:\r\n[ \t][^\r]*)*", re.MULTILINE)
        found = old.search(head)
        assert found is not None  # `build` writes all three
        head = head[: found.start()] + line.removesuffix("\r\n") + head[found.end() :]
    return head.encode("ascii") + blank + body


def _readable(message: Message, mark: str) -> bytes:
    text = _text("plain", message.text)
    if not message.html:
        return text
    page = _text("html", message.html)
    pictures = [one for one in message.attachments if one.content_id]
    if pictures:
        page = _multipart("related", f"=_r{mark}", (page, *map(_attached, pictures)))
    return _multipart("alternative", f"=_a{mark}", (text, page))


def _multipart(kind: str, boundary: str, parts: Sequence[bytes]) -> bytes:
    head = f'Content-Type: multipart/{kind};\r\n boundary="{boundary}"\r\n\r\n'
    edge = f"--{boundary}".encode("ascii")
    opened = b"".join([b"%b\r\n%b" % (edge, part) for part in parts])
    return b"%b%b%b--\r\n" % (head.encode("ascii"), opened, edge)


def _text(subtype: str, text: str) -> bytes:
    content = text.encode()
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    lines = content.removesuffix(b"\n").replace(b"\n", b"\r\n") + b"\r\n"
    head = f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: base64\r\n'
    return b"%b\r\n%b" % (head.encode("ascii"), _base64(lines))


@lru_cache(maxsize=8)  # one file often goes to all recipients; few are kept, for they can be large
def _attached(attachment: Attachment) -> bytes:
    inline = attachment.content_id
    head = (
        f"{_folded('Content-Type', attachment.content_type)}"
        "Content-Transfer-Encoding: base64\r\n"
        f"Content-Disposition: {'inline' if inline else 'attachment'};\r\n"
        f" {_filename(attachment.filename)}\r\n"
    )
    if inline:
        head += f"Content-ID: <{inline}>\r\n"
    return b"%b\r\n%b" % (head.encode("ascii"), _base64(attachment.content))


def _base64(content: bytes) -> bytes:
    whole = b2a_base64(content, newline=False)
    full, rest = divmod(len(whole), _BODY_LINE)
    lines: list[bytes] = []
    for first in range(0, full, _AT_ONCE):
        block = _lines(min(_AT_ONCE, full - first))
        lines += block.unpack_from(whole, first * _BODY_LINE)
    return b"\r\n".join([*lines, whole[-rest:], b""] if rest else [*lines, b""])


@lru_cache(maxsize=_AT_ONCE)
def _lines(count: int) -> Struct:
    """So many, cut at once: one by one that costs four times the encoding."""
    return Struct(f"{_BODY_LINE}s" * count)


def _headers(message: Message) -> str:
    fields = [
        _mailbox("From", message.sender),
        _mailbox("To", message.to),
        _subject(message.subject),
        _date(message.date),
        f"Message-ID: <{message.message_id}>\r\n",
    ]
    if message.in_reply_to:
        fields.append(f"In-Reply-To: <{message.in_reply_to}>\r\n")
    if message.references:
        listed = "\r\n ".join([f"<{one}>" for one in message.references])
        fields.append(f"References: {listed}\r\n")
    fields.append(_FIXED)
    fields += [_extra(name, value) for name, value in message.headers]
    return "".join(fields)


@lru_cache(maxsize=4)  # a whole batch bears one date
def _date(date: datetime) -> str:
    return f"Date: {format_datetime(date.astimezone(UTC))}\r\n"


def _mailbox(field: str, address: Address) -> str:
    if not address.name:
        return f"{field}: {address.wire}\r\n"
    phrase = _phrase(address.name, used=len(field) + 2)
    mail = f"<{address.wire}>"
    column = len(phrase) - (phrase.rfind("\n") + 1)
    if "\n" not in phrase:
        column += len(field) + 2
    gap = " " if column + 1 + len(mail) <= _LINE else "\r\n "
    return f"{field}: {phrase}{gap}{mail}\r\n"


def _phrase(name: str, *, used: int) -> str:
    quoted = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if _plain(name) and used + len(quoted) <= _LINE:
        return quoted
    return _encoded(name, used=used)


def _subject(text: str) -> str:
    used = len("Subject: ")
    if _plain(text) and used + len(text) <= _LINE:
        return f"Subject: {text}\r\n"
    return f"Subject: {_encoded(text, used=used)}\r\n"


def _extra(name: str, value: str) -> str:
    if value.isascii():  # never encoded: these are mostly links, which no reader would decode
        return _folded(name, value.strip())
    return f"{name}: {_encoded(value, used=len(name) + 2)}\r\n"


def _plain(text: str) -> bool:
    """Whether a reader would see `text` itself, not take it for encoded or drop its edges."""
    return text.isascii() and "=?" not in text and text == text.strip()


def _encoded(text: str, *, used: int) -> str:
    """Encoded words of whole characters, one a line; `used` columns of the first are taken."""
    content = text.encode()
    room = (_LINE - used - _WORD_FRAME) // 4 * 3
    words = []
    start = 0
    while start < len(content):
        end = character_start(content, start + room)
        words.append(f"=?utf-8?b?{b2a_base64(content[start:end], newline=False).decode()}?=")
        start, room = end, _WORD_OCTETS
    return "\r\n ".join(words)


def character_start(content: bytes, at: int) -> int:
    """The last place not after `at` where no UTF-8 character is cut."""
    if at >= len(content):
        return len(content)
    while content[at] & 0xC0 == 0x80:
        at -= 1
    return at


def _folded(name: str, value: str) -> str:
    """A field broken before spaces only, so that unfolding gives `value` back."""
    line = f"{name}: {value}"
    if len(line) <= _LINE:
        return f"{line}\r\n"
    lines = [f"{name}:"]
    for word in value.split(" "):
        # A line of blanks alone would end the fold, so a run of spaces stays on its line.
        if word and len(lines[-1]) + 1 + len(word) > _LINE and lines[-1] != f"{name}:":
            lines.append("")
        lines[-1] += f" {word}"
    return "\r\n".join(lines) + "\r\n"


def _filename(name: str) -> str:
    """RFC 2231 for names beyond plain ASCII or one line: percent-encoded, in numbered pieces."""
    quoted = name.replace('"', '\\"')
    if _plain(name) and len(quoted) < 60:
        return f'filename="{quoted}"'
    pieces = [""]
    for letter in name:
        coded = quote(letter, safe="")
        if len(pieces[-1]) + len(coded) > 52:
            pieces.append("")
        pieces[-1] += coded
    pieces[0] = f"utf-8''{pieces[0]}"
    if len(pieces) == 1:
        return f"filename*={pieces[0]}"
    return ";\r\n ".join(f"filename*{n}*={piece}" for n, piece in enumerate(pieces))
