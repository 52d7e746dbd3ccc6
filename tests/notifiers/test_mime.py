"""What the hand-made builder writes is what EmailMessage means by the same values."""

import email
import re
from base64 import b64decode
from dataclasses import replace
from email import policy
from email.header import decode_header, make_header
from email.headerregistry import Address as LibraryAddress
from email.message import EmailMessage, MIMEPart
from typing import cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from notifiers.message import Address, Attachment, Message
from notifiers.mime import build, readdressed
from tests.notifiers.letters import a_letter

# What people write: Chinese (the rare planes too), emoji, and what would be syntax in a header.
CHINESE = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF)
RARE = st.characters(min_codepoint=0x20000, max_codepoint=0x323AF)
EMOJI = st.sampled_from([*"🚨✅📅🏞", "👨‍👩‍👧", "🇨🇳"])
SYNTAX = st.sampled_from([*" \"\\()<>@,;:=?_'%", "=?", "?=", "=?utf-8?b?", "\xa0", "\u3000"])
LETTERS = st.one_of(CHINESE, CHINESE, RARE, EMOJI, SYNTAX, st.characters(categories=["L", "N"]))
LINES = st.lists(LETTERS, max_size=300).map("".join)
NAMES = st.lists(LETTERS, max_size=60).map("".join)
BODIES = st.lists(st.one_of(LETTERS, st.sampled_from("\n\t.")), max_size=400).map("".join)


def read(raw: bytes) -> EmailMessage:
    return email.message_from_bytes(raw, policy=policy.default)


def by_library(message: Message) -> EmailMessage:
    """The same values as EmailMessage puts them, read back as any mail program would."""
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"] = _by_library(message.sender)
    mail["To"] = _by_library(message.to)
    mail["Subject"] = message.subject
    mail["Date"] = message.date
    mail["Message-ID"] = f"<{message.message_id}>"
    if message.in_reply_to:
        mail["In-Reply-To"] = f"<{message.in_reply_to}>"
    if message.references:
        mail["References"] = " ".join(f"<{one}>" for one in message.references)
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    for name, value in message.headers:
        mail[name] = value
    mail.set_content(message.text)
    if message.html:
        mail.add_alternative(message.html, subtype="html")
    for file in message.attachments:
        main, _, sub = file.content_type.partition(";")[0].partition("/")
        if file.content_id:
            page = cast(EmailMessage, mail.get_payload()[-1])
            page.add_related(file.content, main, sub, cid=f"<{file.content_id}>",
                             filename=file.filename, disposition="inline")  # fmt: skip
            continue
        mail.add_attachment(file.content, main, sub, filename=file.filename)
        for parameter in file.content_type.split(";")[1:]:
            name, _, value = parameter.strip().partition("=")
            cast(EmailMessage, mail.get_payload()[-1]).set_param(name, value)
    return read(mail.as_bytes())


def _by_library(address: Address) -> LibraryAddress:
    return LibraryAddress(address.name, addr_spec=address.wire)


def assert_same(ours: MIMEPart, theirs: MIMEPart) -> None:
    assert _headers(ours) == _headers(theirs)
    assert ours.get_content_type() == theirs.get_content_type()
    assert ours.get_filename() == theirs.get_filename()
    assert ours.get_content_disposition() == theirs.get_content_disposition()
    assert ours["Content-ID"] == theirs["Content-ID"]
    if not ours.is_multipart():
        assert ours.get_payload(decode=True).splitlines() == (
            theirs.get_payload(decode=True).splitlines()
        )
    parts = list(ours.iter_parts()), list(theirs.iter_parts())
    for our_part, their_part in zip(*parts, strict=True):
        assert_same(our_part, their_part)


def _headers(part: MIMEPart) -> dict[str, str]:
    """All but the form of a body, which each builder may choose, and the blanks at the edges."""
    return {
        name.lower(): str(value).strip()
        for name, value in part.items()
        if not name.lower().startswith(("content-", "mime-version"))
    }


def assert_well_formed(raw: bytes) -> None:
    assert raw.isascii()
    assert raw.endswith(b"\r\n")
    assert raw.count(b"\r\n") == raw.count(b"\n") == raw.count(b"\r")
    assert not any(line.startswith(b".") for line in raw.split(b"\r\n"))  # sent as it is
    head, _, _ = raw.partition(b"\r\n\r\n")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    # A longer line is one word, after its field's name at most.
    assert all(len(line) <= 78 or len(line.split()) <= 2 for line in head.split(b"\r\n"))
    assert all(len(word) <= 75 for word in re.findall(rb"=\?\S*\?=", head))
    for word in re.findall(rb"=\?utf-8\?b\?(\S*)\?=", head):
        b64decode(word).decode("utf-8")  # no character is cut
    for part in read(raw).walk():
        assert part.defects == []
        assert [value.defects for _, value in part.items() if value.defects] == []


FULL = a_letter(
    html='<p style="color:#b00">请于<b>今日</b>内填报进展。</p>',
    in_reply_to="thread@example.gov.cn",
    references=tuple(f"{n:040d}@mail.example.gov.cn" for n in range(12)),
    headers=(
        ("List-Unsubscribe", f"<https://tracker.example.gov.cn/leave/{'a' * 180}>, <mailto:x@y.z>"),
        ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
        ("List-Id", "county list of 2021 <2021.tracker.example.gov.cn>"),
        ("X-Programme", "某县2021年度责任清单"),
    ),
    attachments=(
        Attachment(
            "责任清单 “任务”.ics", "text/calendar; method=PUBLISH; charset=utf-8", b"BEGIN\r\n"
        ),
        Attachment(f"{'逾期台账' * 30}.pdf", "application/pdf", bytes(range(256)) * 40),
        Attachment('late "items" (1).csv', "application/octet-stream", b""),
        Attachment("plain.bin", "application/octet-stream", b"\n.\n--=_m\n"),
    ),
)

PICTURE = Attachment("图.png", "image/png", b"\x89PNG" * 90, "p@x.cn")


@pytest.mark.parametrize(
    "message",
    [
        a_letter(),
        a_letter(html="<p>甲</p>"),
        a_letter(attachments=FULL.attachments[:1]),
        FULL,
        a_letter(text="", subject=""),
        a_letter(text="a\r\nb\rc\n.\n..\nFrom here\n", html="<p>\n.\n</p>"),
        a_letter(text=f"{'没有换行' * 5000}"),
        a_letter(sender=Address("a@b.cn"), to=Address("zhang@例子.中国", "张三")),
        a_letter(to=Address("a@b.cn", 'Li "Si", Esq. (retired) \\ <x@y.z>')),
        a_letter(to=Address(f"{'a' * 60}@{'b' * 60}.cn", "a rather long name in plain letters")),
        a_letter(html='<img src="cid:p@x.cn">', attachments=(PICTURE,)),
        a_letter(html='<img src="cid:p@x.cn">', attachments=(PICTURE, *FULL.attachments)),
        a_letter(subject="plain ASCII"),
        a_letter(subject="a" * 400),
    ],
)
def test_a_mail_reads_as_the_one_of_the_library(message: Message) -> None:
    raw = build(message)
    assert_well_formed(raw)
    assert_same(read(raw), by_library(message))


@given(subject=LINES, name=NAMES, filename=NAMES, text=BODIES, html=BODIES)
@example(subject="𠮷" * 300, name="𠮷" * 80, filename="𠮷" * 80, text="𠮷", html="👨‍👩‍👧")
@example(subject="污" * 300, name="责" * 80, filename="a", text="\n", html=" ")
def test_whatever_people_write_comes_back_as_written(
    subject: str, name: str, filename: str, text: str, html: str
) -> None:
    filename = re.sub(r"[/\\]|^\s*$", "_", filename)
    message = a_letter(
        subject=subject,
        to=Address("a@example.cn", name),
        text=text,
        html=html,
        attachments=(Attachment(filename, "text/plain; charset=utf-8", text.encode()),),
    )
    raw = build(message)
    assert_well_formed(raw)
    mail = read(raw)
    assert mail["Subject"] == subject
    assert mail["To"].addresses[0].addr_spec == "a@example.cn"
    assert len(mail["To"].addresses) == 1
    assert _display_name(raw) == name
    attachment = next(mail.iter_attachments())
    assert attachment.get_filename() == filename.strip()  # the reader strips it
    assert attachment.get_payload(decode=True) == text.encode()
    plain = mail.get_body(("plain",))
    assert plain is not None
    assert plain.get_content() == text.removesuffix("\n").replace("\n", "\r\n") + "\r\n"


def _display_name(raw: bytes) -> str:
    """Not by `policy.default`: it puts a blank between the encoded words of a long name."""
    to = cast(str, email.message_from_bytes(raw)["To"])
    phrase = to.rpartition("<")[0].strip()
    if phrase.startswith('"'):
        return email.utils.unquote(phrase)
    return str(make_header(decode_header(phrase)))


@given(subject=LINES.filter(lambda text: "=?" not in text), text=BODIES)
def test_what_the_library_can_write_is_read_the_same(subject: str, text: str) -> None:
    message = a_letter(subject=subject, text=text, html=f"<p>{text}</p>")
    assert_same(read(build(message)), by_library(message))


def test_every_mail_says_that_no_machine_need_answer_it() -> None:
    mail = read(build(a_letter()))
    assert mail.get_all("Auto-Submitted") == ["auto-generated"]
    assert mail.get_all("X-Auto-Response-Suppress") == ["All"]


@pytest.mark.parametrize("field", ["Message-ID", "Date", "From", "To", "Subject", "MIME-Version"])
def test_the_fields_that_must_be_there_are_there_once(field: str) -> None:
    assert len(read(build(FULL)).get_all(field, [])) == 1


def test_the_date_is_the_instant_given() -> None:
    message = a_letter()
    assert read(build(message))["Date"].datetime == message.date


def test_the_same_message_always_gives_the_same_bytes() -> None:
    assert build(FULL) == build(replace(FULL))


def test_a_body_that_quotes_the_boundary_does_not_end_its_part() -> None:
    boundary = read(build(FULL)).get_boundary()
    text = f"--{boundary}\r\n\r\nfaked\r\n--{boundary}--\r\n"
    mail = read(build(replace(FULL, text=text)))
    plain = mail.get_body(("plain",))
    assert mail.get_boundary() == boundary
    assert plain is not None
    assert plain.get_content() == text


def test_half_a_surrogate_pair_is_refused_not_sent() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        build(a_letter(text="\ud800"))


@pytest.mark.parametrize("name", ["", "王主任", "王" * 60])
def test_a_mail_that_is_readdressed_is_the_mail_as_it_would_be_to_that_reader(name: str) -> None:
    """Long names fold their field, before and after."""
    first = a_letter(to=Address("old@x.cn", "李" * 50), in_reply_to="t@x.cn", html="<p>一</p>")
    other = replace(first, message_id="1b@x.cn", to=Address("new@x.cn", name),
                    date=first.date.replace(year=2022))  # fmt: skip
    again = readdressed(build(first), message_id="1b@x.cn", to=other.to, date=other.date)
    head, _, body = again.partition(b"\r\n\r\n")
    assert body == build(first).partition(b"\r\n\r\n")[2]
    fields, wanted = read(again), read(build(other))
    assert [(one, fields[one]) for one in fields if one != "Content-Type"] == [
        (one, wanted[one]) for one in wanted if one != "Content-Type"
    ]
    assert not fields.defects
    assert max(len(line) for line in head.split(b"\r\n")) <= 78
