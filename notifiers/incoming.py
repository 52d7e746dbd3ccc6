"""A mail that came in: what it answers to, who wrote it, and whether a person or a machine did.

Nothing in it is trusted here: it is only put into order.
"""

import email
import re
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage, MIMEPart
from email.utils import parseaddr
from enum import StrEnum
from html import unescape
from typing import cast

MOST_TEXT = 2000
"""Characters of what somebody wrote that are kept."""

MOST_ANSWERED = 50
"""Message-IDs looked at: a thread may be long, a hostile header longer."""


class Malformed(ValueError):
    """The bytes are no mail; the text says what is missing."""


class Nature(StrEnum):
    """What wrote the mail. `delay` says that the server still tries."""

    PERSON = "person"
    BOUNCE = "bounce"
    DELAY = "delay"
    MACHINE = "machine"


@dataclass(frozen=True)
class Incoming:
    """`answers` are the Message-IDs that it speaks of, nearest first, without angle brackets.

    `text` is what was written, without what it quotes. A bounce has the `status` of RFC 3463
    ("5.1.1"), the server's words and the address that it is about.
    """

    nature: Nature
    message_id: str
    sender: str
    subject: str
    text: str
    answers: tuple[str, ...]
    status: str = ""
    words: str = ""
    about: str = ""


def read(raw: bytes) -> Incoming:
    """Bytes may end early: a long mail is read in its first part only. Malformed for no mail."""
    mail = email.message_from_bytes(raw, policy=policy.default)
    sender = parseaddr(_field(mail, "From"))[1].lower()
    if "@" not in sender:
        raise Malformed("no sender")
    report = _report(mail)
    if report is not None:
        return _bounced(mail, sender, report)
    if _is_undelivered(mail, sender):
        return _told_of_failure(mail, sender)
    nature = Nature.MACHINE if _is_automatic(mail) else Nature.PERSON
    return Incoming(
        nature=nature,
        message_id=_one_id(_field(mail, "Message-ID")),
        sender=sender,
        subject=_short(_field(mail, "Subject"), 200),
        text=_short(_written(_body(mail)), MOST_TEXT),
        answers=_ids(_field(mail, "In-Reply-To"), _backwards(_field(mail, "References"))),
    )


# -- machines ------------------------------------------------------------------------------------


_ABSENT = re.compile(
    r"(自动[回答]复|自動回[覆復]|auto(matic)?[ -]?(reply|response)|out of( the)? office)\b",
    re.I,
)


def _is_automatic(mail: EmailMessage) -> bool:
    """An absence note, a read receipt, a newsletter: nobody wrote it (RFC 3834, and older ways)."""
    if _ABSENT.match(_field(mail, "Subject").strip()):
        return True
    submitted = _field(mail, "Auto-Submitted").partition(";")[0].strip().lower()
    if submitted not in ("", "no"):
        return True
    if mail.get_content_type() == "multipart/report":
        return True
    if _field(mail, "Precedence").strip().lower() in ("bulk", "junk", "list", "auto_reply"):
        return True
    return any(
        name in mail for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress")
    )


def _report(mail: EmailMessage) -> EmailMessage | None:
    """The delivery status part of RFC 3464."""
    if mail.get_content_type() != "multipart/report":
        return None
    return next(
        (one for one in mail.walk() if one.get_content_type() == "message/delivery-status"), None
    )


def _bounced(mail: EmailMessage, sender: str, report: EmailMessage) -> Incoming:
    """Only the first failed recipient counts: our mails have one."""
    fields = [
        cast(EmailMessage, part) for part in report.get_payload() if not isinstance(part, str)
    ]
    failed = [one for one in fields if _action(one) in ("failed", "delayed")]
    told = next((one for one in failed if _action(one) == "failed"), failed[0] if failed else None)
    nature = Nature.MACHINE
    if told is not None:
        nature = Nature.BOUNCE if _action(told) == "failed" else Nature.DELAY
    about = _field(told, "Original-Recipient") or _field(told, "Final-Recipient")
    return Incoming(
        nature=nature,
        message_id=_one_id(_field(mail, "Message-ID")),
        sender=sender,
        subject=_short(_field(mail, "Subject"), 200),
        text="",
        answers=_ids(*_returned(mail), _field(mail, "X-Original-Message-ID"),
                     _field(mail, "In-Reply-To"), _backwards(_field(mail, "References"))),
        status=_short(_field(told, "Status"), 20),
        words=_short(_field(told, "Diagnostic-Code"), 500),
        about=about.rpartition(";")[2].strip().lower(),
    )  # fmt: skip


def _action(fields: EmailMessage) -> str:
    return _field(fields, "Action").strip().lower()


_MACHINES = re.compile(r"(mailer-daemon|postmaster|mail-daemon|mailerdaemon)@", re.I)


def _is_undelivered(mail: EmailMessage, sender: str) -> bool:
    """A bounce in a server's own words, as many a provider still writes them."""
    null = _field(mail, "Return-Path").strip() == "<>"
    return bool(_MACHINES.match(sender)) or (null and _field(mail, "Auto-Submitted") == "")


def _told_of_failure(mail: EmailMessage, sender: str) -> Incoming:
    words = _body(mail)
    status = re.search(r"\b([45])\.\d{1,3}\.\d{1,3}\b", words) or re.search(
        r"\b([45])[0-5]\d\b", words
    )
    nature = Nature.MACHINE
    if status is not None:
        nature = Nature.BOUNCE if status[1] == "5" else Nature.DELAY
    return Incoming(
        nature=nature,
        message_id=_one_id(_field(mail, "Message-ID")),
        sender=sender,
        subject=_short(_field(mail, "Subject"), 200),
        text="",
        answers=_ids(*_returned(mail), _field(mail, "In-Reply-To"),
                     _backwards(_field(mail, "References")), words),
        status=status[0] if status is not None else "",
        words=_short(words, 500),
    )  # fmt: skip


def _returned(mail: EmailMessage) -> list[str]:
    """The Message-IDs of the mails, or of their headers, that came back."""
    found = []
    for part in mail.walk():
        kind = part.get_content_type()
        if kind == "message/rfc822":
            inside = part.get_payload()
            found += [_field(cast(EmailMessage, one), "Message-ID") for one in inside
                      if not isinstance(one, str)]  # fmt: skip
        elif kind in ("text/rfc822-headers", "message/rfc822-headers"):
            headers = _text_of(part)
            found += re.findall(r"^message-id:\s*(\S+)", headers, re.I | re.M)
    return found


# -- people --------------------------------------------------------------------------------------

_QUOTES = re.compile(
    r"^\s*(>"
    r"|-{2,}(\s|&nbsp;)*(原始邮件|原邮件|回复的?原?邮件|转发"
    r"|Original( Message)?\s*-|Forwarded message)"
    r"|_{10,}\s*$"
    r"|(发件人|寄件者|From)\s*[:：]"
    r"|(在|On|于)\s?.{0,120}(写道|wrote|寫道)\s*[:：]?\s*$"
    r"|[^<\"“]{0,120}[<\"“].{0,200}(写道|wrote|寫道)\s*[:：]\s*$)",
    re.I,
)

_WHO_WROTE = re.compile(
    r"\s*(On\b.{0,120}\d|(在|于).{0,120}\d|.{0,120}<[^<>\s]+@[^<>\s]+>\s*$)", re.I
)
"""The first line of "… wrote:" where a mail program broke it in two."""

_WROTE = re.compile(r"(写道|wrote|寫道)\s*[:：]?\s*$", re.I)


def _written(body: str) -> str:
    """The lines before the first that is quoted."""
    kept: list[str] = []
    for line in body.splitlines():
        if _QUOTES.match(line):
            if kept and _WROTE.search(line) and _WHO_WROTE.match(kept[-1]):
                kept.pop()
            break
        kept.append(line.rstrip())
    return "\n".join(kept).strip()


def _body(mail: EmailMessage) -> str:
    part = mail.get_body(("plain", "html"))
    if part is None:
        return ""
    text = _text_of(part)
    return _without_tags(text) if part.get_content_subtype() == "html" else text


def _text_of(part: MIMEPart) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    charset = part.get_content_charset() or "utf-8"
    # What is sent as GB 2312 often holds characters of its larger successors.
    charset = "gb18030" if charset.lower() in ("gb2312", "gbk", "gb_2312-80") else charset
    try:
        return payload.decode(charset, errors="replace")
    except LookupError:
        return payload.decode("utf-8", errors="replace")


def _without_tags(html: str) -> str:
    """Enough for a first line: no tag, no style, quotations in blocks left out."""
    text = re.sub(r"(?is)<(script|style|blockquote)\b.*?(</\1>|$)", " ", html)
    text = re.sub(r"(?i)<(br|/p|/div|/tr|hr)[^>]*>", "\n", text)
    return unescape(re.sub(r"<[^>]*>", "", text)).replace("\xa0", " ")


# -- fields --------------------------------------------------------------------------------------

_ID = re.compile(r"<([^<>\s@]{1,250}@[^<>\s@]{1,250})>")


def _ids(*texts: str) -> tuple[str, ...]:
    found = (match[1] for text in texts for match in _ID.finditer(text))
    return tuple(dict.fromkeys(found))[:MOST_ANSWERED]


def _one_id(text: str) -> str:
    return next(iter(_ids(text)), "")


def _backwards(references: str) -> str:
    """The last reference is the mail that was answered."""
    return " ".join(reversed(references.split()))


def _field(mail: EmailMessage | None, name: str) -> str:
    return "" if mail is None else str(mail.get(name, ""))


_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2060\ufeff\ud800-\udfff]")


def _short(text: str, most: int) -> str:
    """Without what no database has to hold."""
    return _UNSEEN.sub("", text).strip()[:most]
