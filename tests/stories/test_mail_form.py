"""Mails as they leave: nothing that anybody typed adds a header, a reader or a command; every mail
is one that parsers take without a defect; and no machine answers to them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from notifiers.message import Address, Message, message_id, one_line
from notifiers.mime import build
from notifiers.smtp import SmtpChannel, SmtpSettings
from tests.builders import JANUARY, NEW_YEAR, a_contact, a_programme, item, 住建局
from tests.notifiers.letters import SENT_AT
from tests.sinks import Mail, ScriptedSmtp, SmtpSink, parse
from tests.stories.post import Post
from tracker.domain.errors import TrackerError
from tracker.services import people
from tracker.store.database import Database

ENDS = ["\r\n", "\n", "\r", "\x00", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\x1b[2K",
        "\r\n\t", "\r\n ", "\n\n", "\r\n\r\n", "\ud800", "\u202e", "\ufeff", " ",
        "=?utf-8?q?=0A?="]  # fmt: skip
WHATS = ["Bcc: x@evil.example", "Subject: ours", "X-Injected: 1", ".\r\nMAIL FROM:<x@evil.example>",
         ".\r\nRCPT TO:<x@evil.example>\r\nDATA", "Content-Type: text/html\r\n\r\n<b>",
         "To: x@evil.example,", "Auto-Submitted: no", "--=_m\r\n\r\n",
         "%0d%0aBcc: x@evil.example"]  # fmt: skip
PAYLOADS = [f"甲{end}{what}" for end in ENDS for what in WHATS]
EXPECTED = {"from", "to", "subject", "date", "message-id", "auto-submitted", "content-type",
            "x-auto-response-suppress", "mime-version", "in-reply-to", "references",
            "content-transfer-encoding"}  # fmt: skip


def headers(mail: EmailMessage) -> list[str]:
    return [name.lower() for name in mail.keys()]  # noqa: SIM118  each as often as it is there


async def test_no_payload_adds_a_header_a_reader_or_a_command() -> None:
    """200 payloads in the name, the subject and both bodies; as an address each is refused."""
    assert len(PAYLOADS) == 200
    sent = 0
    with ScriptedSmtp() as server:
        settings = SmtpSettings(server.host, server.port, tls="none", local_hostname="x.cn")
        channel = SmtpChannel(settings)
        for number, payload in enumerate(PAYLOADS):
            with pytest.raises(ValueError, match=r"address|domain"):
                Address(f"a@x.cn{payload}")
            with pytest.raises(ValueError, match=r"address|domain"):
                Address(f"{payload}@x.cn")
            clean = payload.replace("\ud800", "")
            message = Message(
                message_id(str(number), domain="x.cn"), Address("office@x.cn", "考核办"),
                Address("zhang@x.cn", one_line(payload)), one_line(payload), clean, SENT_AT,
                html=f"<p>{clean}</p>",
            )  # fmt: skip
            await channel.send_raw(
                build(message), sender="office@x.cn", to="zhang@x.cn", message_id=""
            )
            sent += 1
        await channel.close()
        mails, verbs = list(server.messages), list(server.verbs)
    assert len(mails) == sent
    assert verbs == ["EHLO", *["MAIL", "RCPT", "DATA"] * sent, "QUIT"]
    for mail in mails:
        assert mail.recipients == ("zhang@x.cn",)
        assert set(headers(mail)) <= EXPECTED
        assert len(headers(mail)) == len(set(headers(mail)))
        assert [address.addr_spec for address in mail["To"].addresses] == ["zhang@x.cn"]
    print(f"\nFIGURE E1 {len(PAYLOADS)} payloads: headers added 0, readers added 0, commands 0")


async def test_names_and_titles_from_outside_add_nothing_to_a_reminder(
    database: Database,
) -> None:
    """The same through loading, planning and sending, as far as it can be loaded at all."""
    loaded = 0
    with SmtpSink() as sink:
        post = Post(database, sink)
        post.publish(a_programme(item("1", due_on="2021-09-30"), title="责任 =?utf-8?q?x?= 清单"))
        for number, payload in enumerate(PAYLOADS[:: len(WHATS) + 1]):
            contact = a_contact(住建局, name=payload, mail=f"n{number}@x.cn", place=f"row {number}")
            try:
                with database.write() as session:
                    people.load_contacts(session, [contact], now=JANUARY, on=NEW_YEAR, by="office")
                loaded += 1
            except (TrackerError, UnicodeError, ValueError):
                continue
        post.to("2021-09-27 08:30")
        post.tick()
        await post.deliver()
        await post.close()
        mails = list(sink.messages)
    assert loaded
    assert mails
    for mail in mails:
        assert set(headers(mail)) <= EXPECTED
        assert len(mail.recipients) == 1
        assert mail.defects == []


# -- every mail is one -----------------------------------------------------------------------------

LETTERS = [(0x4E00, 0x9FFF), (0x20000, 0x2A6DF), (0x1F300, 0x1F64F), (0x20, 0x7E), (0xFF01, 0xFF5E)]


def some_text(lot: random.Random, longest: int) -> str:
    def one() -> str:
        low, high = lot.choice(LETTERS)
        return chr(lot.randint(low, high))

    return "".join(one() for _ in range(lot.randint(1, longest)))


def generated(lot: random.Random) -> Iterator[tuple[str, str, bytes]]:
    """Subject, text and bytes of 1,000 mails."""
    for number in range(1000):
        subject = one_line(some_text(lot, 300)) or "x"
        text = "\n".join(some_text(lot, 200) for _ in range(lot.randint(1, 8))) + "\n"
        reference = message_id("thread", str(number % 7), domain="x.cn")
        message = Message(
            message_id(str(number), domain="x.cn"), Address("office@x.cn", "考核办"),
            Address("zhang@x.cn", one_line(some_text(lot, 60))), subject, text, SENT_AT,
            html=f"<p>{text}</p>" if lot.random() < 0.8 else "",
            in_reply_to=reference, references=(reference,),
        )  # fmt: skip
        yield subject, text, build(message)


def test_a_thousand_generated_mails_parse_without_a_defect() -> None:
    longest = 0
    for subject, text, raw in generated(random.Random(20211018)):
        mail = parse(raw)
        assert [part.defects for part in mail.walk() if part.defects] == []
        assert not any(mail[name].defects for name in ("From", "To", "Date", "Message-ID"))
        assert mail["Subject"] == subject
        assert mail.text == text
        for name in ("message-id", "date", "from", "to", "subject", "auto-submitted"):
            assert headers(mail).count(name) == 1
        lines = raw.split(b"\r\n")
        longest = max(longest, *map(len, lines))
        assert b"\n" not in raw.replace(b"\r\n", b"")
        assert raw.isascii()
    assert longest <= 78
    print(f"\nFIGURE E2 1,000 mails, seed 20211018: 0 defects, longest line {longest} octets")


# -- nobody answers a machine ----------------------------------------------------------------------


def would_answer(mail: Mail) -> bool:
    """An absence note that keeps to RFC 3834 section 2."""
    automatic = str(mail.get("Auto-Submitted", "no")).lower() != "no"
    listed = "List-Id" in mail or str(mail.get("Precedence", "")).lower() in ("bulk", "list")
    return bool(mail.sender) and not automatic and not listed


async def test_no_absence_note_answers_a_reminder(database: Database) -> None:
    with SmtpSink() as sink:
        post = Post(database, sink)
        post.publish(a_programme(item("1", due_on="2021-09-30")))
        await post.mornings("2021-09-24", "2021-10-15")
        await post.close()
        mails = list(sink.messages)
    assert len(mails) > 5
    assert [mail for mail in mails if would_answer(mail)] == []
    assert all(mail["X-Auto-Response-Suppress"] == "All" for mail in mails)
    threads = {str(mail["References"]) for mail in mails if mail.to.startswith("contact")}
    assert len(threads) == 1
    print(f"\nFIGURE E3 {len(mails)} mails to somebody who is away: 0 answers")
