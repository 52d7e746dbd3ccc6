"""Mails that come in: who wrote them, what they answer, and what a server says of ours."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP

import pytest

from notifiers.incoming import MOST_TEXT, Incoming, Malformed, Nature, read

OURS = "0123456789abcdef@tracker.test"


def a_mail(text: str = "签收", **headers: str) -> EmailMessage:
    mail = EmailMessage(policy=SMTP)
    given = {
        "From": "联络员 <contact@housing.example.gov.cn>", "To": "office@tracker.test",
        "Subject": "回复：【催办】", "Message-ID": "<r1@mua.test>",
        "In-Reply-To": f"<{OURS}>", "References": f"<thread@tracker.test> <{OURS}>",
    }  # fmt: skip
    for name, value in {**given, **{k.replace("_", "-"): v for k, v in headers.items()}}.items():
        mail[name] = value
    mail.set_content(text)
    return mail


def a_dsn(
    action: str = "failed", status: str = "5.1.1", *, about: str = "contact@housing.example.gov.cn"
) -> bytes:
    """As Postfix writes it (RFC 3464), with the headers of our mail."""
    return (
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example.gov.cn (Mail Delivery System)\r\n"
        "To: office@tracker.test\r\nSubject: Undelivered Mail Returned to Sender\r\n"
        "Message-ID: <d1@mx.example.gov.cn>\r\nAuto-Submitted: auto-replied\r\n"
        "MIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nI'm sorry.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        "Reporting-MTA: dns; mx.example.gov.cn\r\n\r\n"
        f"Final-Recipient: rfc822; {about}\r\nAction: {action}\r\nStatus: {status}\r\n"
        f"Diagnostic-Code: smtp; 550 {status} <{about}>: user unknown\r\n\r\n"
        "--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
        f"From: office@tracker.test\r\nMessage-ID: <{OURS}>\r\nSubject: x\r\n\r\n--b--\r\n"
    ).encode()


def got(mail: EmailMessage | bytes) -> Incoming:
    return read(mail if isinstance(mail, bytes) else mail.as_bytes())


def test_a_reply_says_who_wrote_it_what_it_answers_and_what_is_new_in_it() -> None:
    mail = got(a_mail("已办结\n\n张三\n\n-----原始邮件-----\n发件人: 考核办\n> 签收\n"))
    assert mail == Incoming(
        Nature.PERSON, "r1@mua.test", "contact@housing.example.gov.cn", "回复：【催办】",
        "已办结\n\n张三", (OURS, "thread@tracker.test"),
    )  # fmt: skip


@pytest.mark.parametrize(
    "quoting",
    ["> 原文", "------------------ 原始邮件 ------------------", "发件人：考核办",
     "在 2021年10月11日 08:30，考核办 写道：", "On Mon, Oct 11, 2021 at 8:30 AM Office wrote:",
     "From: Office", "-----Original Message-----", "________________________________",
     "------------------&nbsp;原始邮件&nbsp;------------------", "---Original---",
     "考核办 <office@tracker.test> 于2021年10月11日周一 08:30写道：",
     "考核办 <office@tracker.test>\n于2021年10月11日周一 08:30写道：",
     "On Mon, Oct 11, 2021 at 8:30 AM 考核办\n<office@tracker.test> wrote:"],
)  # fmt: skip
def test_what_is_quoted_is_not_taken_for_what_was_written(quoting: str) -> None:
    assert got(a_mail(f"收到\n{quoting}\n已办结")).text == "收到"


def test_who_quotes_somebody_else_in_their_own_words_is_read_on() -> None:
    said = "收到。李局长写道：同意。\n他写道：\n再等三天"
    assert got(a_mail(said)).text == said


def test_marks_that_nobody_sees_are_not_in_the_way() -> None:
    assert got(a_mail("\ufeff\u200b签收\u200b")).text == "签收"


def test_a_mail_in_html_alone_and_in_an_old_charset_is_read() -> None:
    mail = a_mail()
    mail.set_content(
        "<style>p{}</style><div>签收&nbsp;</div><blockquote>已办结</blockquote>",
        subtype="html", charset="gb18030",
    )  # fmt: skip
    mail.replace_header("Content-Type", 'text/html; charset="gb2312"')
    assert got(mail).text == "签收"


def test_a_bounce_names_our_mail_the_address_and_the_server_s_words() -> None:
    mail = got(a_dsn())
    assert (mail.nature, mail.answers, mail.status) == (Nature.BOUNCE, (OURS,), "5.1.1")
    assert mail.about == "contact@housing.example.gov.cn"
    assert "user unknown" in mail.words


def test_a_delay_and_a_success_are_no_bounces() -> None:
    assert got(a_dsn("delayed", "4.4.1")).nature is Nature.DELAY
    assert got(a_dsn("delivered", "2.0.0")).nature is Nature.MACHINE


def test_a_bounce_with_the_whole_mail_in_it_is_matched_by_that_mail() -> None:
    whole = a_dsn().replace(b"text/rfc822-headers", b"message/rfc822")
    assert got(whole).answers == (OURS,)


@pytest.mark.parametrize(
    ("words", "nature"),
    [("550 5.1.1 User unknown", Nature.BOUNCE), ("452 4.2.2 mailbox full", Nature.DELAY),
     ("退信原因：550 用户不存在", Nature.BOUNCE), ("已放入垃圾箱", Nature.MACHINE)],
)  # fmt: skip
def test_a_bounce_in_a_provider_s_own_words_is_known_by_its_status(
    words: str, nature: Nature
) -> None:
    mail = a_mail(f"{words}\nMessage-ID: <{OURS}>", From="PostMaster@mail.example.cn",
                  In_Reply_To="", References="")  # fmt: skip
    told = got(mail)
    assert (told.nature, OURS in told.answers) == (nature, True)


@pytest.mark.parametrize(
    "header",
    [{"Auto_Submitted": "auto-replied"}, {"Auto_Submitted": "auto-generated; x"},
     {"Precedence": "bulk"}, {"X_Autoreply": "yes"}, {"X_Auto_Response_Suppress": "All"}],
)  # fmt: skip
def test_an_absence_note_was_written_by_nobody(header: dict[str, str]) -> None:
    assert got(a_mail("收到，我在休假", **header)).nature is Nature.MACHINE
    assert got(a_mail("收到", Auto_Submitted="no")).nature is Nature.PERSON


@pytest.mark.parametrize(
    "subject",
    ["自动回复: 【催办】", "自动回复：回复：x", "自動回覆: x", "Automatic reply: x",
     "Auto-reply: x", "Out of Office: x", "Out of Office Re: x"],
)  # fmt: skip
def test_an_absence_note_without_the_header_is_known_by_its_subject(subject: str) -> None:
    assert got(a_mail("收到，我在休假", Subject=subject)).nature is Nature.MACHINE
    assert got(a_mail("收到", Subject=f"回复：{subject}")).nature is Nature.PERSON


def test_a_read_receipt_of_a_mail_program_is_no_receipt() -> None:
    raw = a_dsn().replace(b"delivery-status", b"disposition-notification")
    assert got(raw).nature is Nature.MACHINE


def test_a_mail_that_was_cut_off_is_read_as_far_as_it_goes() -> None:
    mail = a_mail("签收")
    mail.add_attachment(b"x" * 5000, maintype="application", subtype="pdf", filename="佐证.pdf")
    assert got(mail.as_bytes()[:3000]).text == "签收"


@pytest.mark.parametrize("raw", [b"", b"\x00\xff" * 100, b"hello", b"Subject: x\r\n\r\ny"])
def test_what_has_no_sender_is_no_mail(raw: bytes) -> None:
    with pytest.raises(Malformed):
        read(raw)


def test_nothing_kept_is_long_or_holds_what_a_database_cannot() -> None:
    ids = " ".join(f"<{n}@x.test>" for n in range(5000))
    mail = got(a_mail("a\x00b" * 5000).as_bytes().replace(f"<{OURS}>".encode(), ids.encode(), 1))
    assert len(mail.text) == MOST_TEXT
    assert "\x00" not in mail.text
    assert len(mail.answers) <= 50
