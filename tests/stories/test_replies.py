"""Replies by mail and bounces, from a real IMAP server: what they prove, and what they do not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import pytest
from sqlmodel import select

from notifiers.imap import ImapSettings, MailboxError
from tests.builders import a_contact, a_programme, at, item, 住建局
from tests.imapserver import ACCOUNT, ImapServer
from tests.notifiers.test_incoming import OURS, a_dsn, a_mail
from tests.sinks import Authority, refusing_port
from tests.stories.post import Post
from tracker.domain import facts as f
from tracker.services import mailbox, people, replies, reporting
from tracker.services.health import Finding, health
from tracker.services.mailbox import PollResult
from tracker.services.replies import Reply
from tracker.settings import Settings
from tracker.store.tables import DispatchState, NoticeState, ReplyKind, ReplyRow

KEY = f"1/done/{住建局}"
CONTACT = "contact@housing.example.gov.cn"
OFFICE = a_contact("*", "office", mail="office@county.example.gov.cn")


@pytest.fixture
def imap() -> Iterator[ImapServer]:
    with ImapServer() as server:
        yield server


def settings(imap: ImapServer, **more: Any) -> ImapSettings:
    return ImapSettings(imap.host, imap.port, "none", *ACCOUNT, timeout=5, **more)


def poll(post: Post, imap: ImapServer) -> PollResult:
    return mailbox.poll(post.database, settings(imap), post.clock.now())


async def reminded(post: Post) -> Any:
    """The contact's mail of 30 September."""
    post.publish(a_programme(item(due_on="2021-09-30")))
    post.to("2021-09-30 08:30")
    post.tick()
    await post.deliver()
    [mail] = post.server.messages
    post.to("2021-09-30 10:00")
    return mail


def answer(mail: Any, text: str = "签收", **headers: str) -> EmailMessage:
    given = {"From": CONTACT, "In_Reply_To": f"<{mail.message_id}>", "References": ""}
    return a_mail(text, **given | headers)


def bounce(mail: Any, *told: str, about: str = CONTACT) -> bytes:
    return a_dsn(*told, about=about).replace(OURS.encode(), mail.message_id.encode())


def receipts(post: Post) -> list[f.Receipt]:
    with post.database.read() as session:
        return [one for one in reporting.facts(session, post.slug) if isinstance(one, f.Receipt)]


def waiting(post: Post) -> list[Reply]:
    with post.database.read() as session:
        return replies.waiting(session, post.slug)


@pytest.mark.parametrize("text", ["签收", "已签收。", "收到\n\n张三\n发自我的手机"])
async def test_a_reply_from_who_was_mailed_signs_for_what_the_mail_said(
    post: Post, imap: ImapServer, text: str
) -> None:
    imap.box.put(answer(await reminded(post), text))
    poll(post, imap)
    [signed] = receipts(post)
    assert (signed.clause, signed.unit, signed.role) == ("1", 住建局, "contact")
    assert signed.occurred_at == post.clock.now()
    assert signed.by.startswith("person:")


@pytest.mark.parametrize(
    "text",
    ["“签收”", "【签收】", "签收了", "已簽收", "收到，谢谢！", "签收\n\n发自我的iPhone",
     "已签收。\n\n住建局的contact\n县住房和城乡建设局\n电话：0745-2811234\n13800000000",
     "Received, thanks.\n\nSent from my iPhone"],
)  # fmt: skip
async def test_who_signs_and_signs_off_leaves_nothing_for_a_person_to_read(
    post: Post, imap: ImapServer, text: str
) -> None:
    imap.box.put(answer(await reminded(post), text))
    assert poll(post, imap) == PollResult(receipts=1)
    assert (len(receipts(post)), waiting(post)) == (1, [])


@pytest.mark.parametrize("text", ["签收。材料明天送到办公室", "签收\n\n住建局的contact\n另请延期"])
async def test_who_signs_and_says_more_is_read_by_a_person(
    post: Post, imap: ImapServer, text: str
) -> None:
    imap.box.put(answer(await reminded(post), text))
    assert poll(post, imap) == PollResult(comments=1)
    assert [(one.reason, one.text) for one in waiting(post)] == [("signed_and_more", text)]
    assert len(receipts(post)) == 1


@pytest.mark.parametrize("text", ["签收", "已办结"])
async def test_what_was_withdrawn_is_not_said_to_be_signed(
    post: Post, imap: ImapServer, text: str
) -> None:
    mail = await reminded(post)
    post.publish(a_programme(item("2", due_on="2021-12-31")))
    imap.box.put(answer(mail, text))
    poll(post, imap)
    assert [one.reason for one in waiting(post)] == ["nothing_open"]
    assert receipts(post) == []


async def test_an_answer_to_a_mail_that_asks_for_no_signature_says_so(
    post: Post, imap: ImapServer
) -> None:
    policy = {"rungs": [{"at": "0", "tells": ["office"]}]}
    post.publish(a_programme(item(due_on="2021-09-30"), policy=policy), [OFFICE])
    post.to("2021-09-30 08:30")
    post.tick()
    await post.deliver()
    [mail] = post.server.messages
    imap.box.put(answer(mail, From=mail.to))
    poll(post, imap)
    assert [one.reason for one in waiting(post)] == ["nothing_to_sign"]


@pytest.mark.parametrize("read", [True, False])
async def test_a_mail_says_that_an_answer_signs_only_where_answers_are_read(
    post: Post, read: bool
) -> None:
    stationery = replace(post.parts.stationery, answers=read)
    post.parts = replace(post.parts, stationery=stationery)
    mail = await reminded(post)
    assert ("回复本邮件“签收”即为签收" in mail.text) is read
    assert ("回复本邮件“签收”即为签收" in mail.html) is read


async def test_who_has_no_link_to_report_is_not_sent_to_one(post: Post) -> None:
    post.parts = replace(post.parts, stationery=replace(post.parts.stationery, answers=True))
    await reminded(post)
    await post.mornings("2021-10-08", "2021-10-12")
    [mail] = [one for one in post.server.messages if one.to.startswith("head@")]
    for part in (mail.text, mail.html):
        assert "回复本邮件“签收”即为签收" in part
        assert "上面的链接填报" not in part


async def test_a_receipt_by_mail_silences_the_ladder_as_one_by_link_does(
    post: Post, imap: ImapServer
) -> None:
    mail = await reminded(post)
    post.to("2021-10-08 08:30")
    post.tick()
    await post.deliver()
    imap.box.put(answer(mail))
    poll(post, imap)
    assert await post.mornings("2021-10-09", "2021-10-12") == ["10-12 head@housing"]


async def test_who_writes_that_it_is_done_has_signed_but_reported_nothing(
    post: Post, imap: ImapServer
) -> None:
    imap.box.put(answer(await reminded(post), "已办结，材料随后送到。"))
    assert poll(post, imap) == PollResult(comments=1)
    assert len(receipts(post)) == 1
    with post.database.read() as session:
        kinds = {one.fact for one in reporting.facts(session, post.slug)}
    assert kinds == {"receipt"}
    [asked] = waiting(post)
    assert (asked.reason, asked.obligations) == ("says_done", (("small", KEY),))
    assert asked.text == "已办结，材料随后送到。"


@pytest.mark.parametrize(
    "text", ["未办结", "没收到材料", "请问何时验收？", "不是我单位的事，请收回"]
)
async def test_anything_else_is_a_comment_for_the_clerk(
    post: Post, imap: ImapServer, text: str
) -> None:
    imap.box.put(answer(await reminded(post), text))
    assert poll(post, imap) == PollResult(comments=1)
    assert receipts(post) == []
    assert [(one.text, one.reason) for one in waiting(post)] == [(text, "says_more")]


async def test_from_another_address_nothing_is_signed(post: Post, imap: ImapServer) -> None:
    imap.box.put(answer(await reminded(post), From="stranger@example.org"))
    assert poll(post, imap) == PollResult(comments=1)
    assert receipts(post) == []
    assert [(one.reason, one.name) for one in waiting(post)] == [("other_sender", "")]


async def test_a_mail_that_answers_none_of_ours_is_shown_and_signs_nothing(
    post: Post, imap: ImapServer
) -> None:
    await reminded(post)
    imap.box.put(a_mail("签收", From=CONTACT))
    assert poll(post, imap) == PollResult(comments=1)
    assert (receipts(post), waiting(post)[0].reason) == ([], "no_match")


async def test_an_absence_note_is_ignored(post: Post, imap: ImapServer) -> None:
    imap.box.put(answer(await reminded(post), "收到，正在休假", Auto_Submitted="auto-replied"))
    assert poll(post, imap) == PollResult(ignored=1)
    assert (receipts(post), waiting(post)) == ([], [])


async def test_a_mail_is_taken_once_however_often_the_mailbox_is_looked_at(
    post: Post, imap: ImapServer
) -> None:
    imap.box.put(answer(await reminded(post)))
    assert poll(post, imap) == PollResult(receipts=1)
    assert poll(post, imap) == PollResult()
    imap.box.counted_anew()
    assert poll(post, imap) == PollResult(ignored=1)
    assert len(receipts(post)) == 1


async def test_two_polls_at_once_take_a_mail_once(post: Post, imap: ImapServer) -> None:
    raw = answer(await reminded(post)).as_bytes()
    taken = []
    for _ in range(2):
        with post.database.write() as session:
            mail = mailbox._read(raw)
            taken.append(replies.take(session, "box", 1, raw, mail, now=post.clock.now()))
    assert taken == [ReplyKind.RECEIPT, None]


# -- bounces -------------------------------------------------------------------------------------


async def test_a_bounce_is_proof_that_the_mail_was_not_had(post: Post, imap: ImapServer) -> None:
    mail = await reminded(post)
    imap.box.put(bounce(mail))
    assert poll(post, imap) == PollResult(bounces=1)
    [row] = post.dispatches()
    assert (row.state, row.outcome, row.message_id) == (
        DispatchState.BOUNCED, "bounced", mail.message_id,
    )  # fmt: skip
    told = [(one.state, one.reason) for one in post.notices() if one.rung == "0"]
    assert told == [(NoticeState.FAILED, "bounced")]
    [event] = post.events("dispatch.bounced")
    assert "5.1.1" in event.body["reply"]
    assert CONTACT not in str(event.body)


async def test_after_a_bounce_the_next_rung_finds_no_address_and_says_so(
    post: Post, imap: ImapServer
) -> None:
    mail = await reminded(post)
    imap.box.put(bounce(mail))
    poll(post, imap)
    post.to("2021-10-08 08:30")
    post.tick()
    await post.deliver()
    assert len(post.server.messages) == 1
    [event] = post.events("notice.nobody")
    assert (event.body["unit"], event.body["reason"]) == (住建局, "no_address")


async def test_an_address_that_works_again_is_written_to_again(
    post: Post, imap: ImapServer
) -> None:
    imap.box.put(bounce(await reminded(post)))
    poll(post, imap)
    with post.database.write() as session:
        person = people.by_mail(session, CONTACT)
        assert person is not None
        people.address_works(session, person.id or 0, now=post.clock.now(), by="office")
    assert await post.mornings("2021-10-08", "2021-10-08") == ["10-08 contact@housing"]


async def test_a_mail_that_is_only_late_stays_sent(post: Post, imap: ImapServer) -> None:
    mail = await reminded(post)
    imap.box.put(bounce(mail, "delayed", "4.4.1"))
    assert poll(post, imap) == PollResult(delays=1)
    assert [row.state for row in post.dispatches()] == [DispatchState.SENT]


async def test_a_bounce_of_an_address_that_it_was_forwarded_to_is_a_comment(
    post: Post, imap: ImapServer
) -> None:
    imap.box.put(bounce(await reminded(post), about="private@example.org"))
    assert poll(post, imap) == PollResult(comments=1)
    assert [row.state for row in post.dispatches()] == [DispatchState.SENT]
    [one] = waiting(post)
    assert one.reason == "bounce_elsewhere"
    assert "private@example.org" not in one.text


async def test_health_names_addresses_that_do_not_work_and_a_mailbox_that_is_not_read(
    post: Post, imap: ImapServer
) -> None:
    imap.box.put(bounce(await reminded(post)))
    poll(post, imap)
    assert not watched(post, "addresses").ok
    assert watched(post, "mailbox").ok
    imap.box.put(b"\x00")
    poll(post, imap)
    assert dict(watched(post, "mailbox").values)["n"] == 1
    post.to("2021-10-01 10:00")
    with refusing_port() as port, pytest.raises(MailboxError):
        mailbox.poll(post.database, replace(settings(imap), port=port), post.clock.now())
    assert watched(post, "mailbox").code == "health.mailbox_failed"


def watched(post: Post, name: str) -> Finding:
    with post.database.read() as session:
        found = health(session, post.clock.now(), Settings(secret="x" * 32, mailbox_host="imap"))
    return next(one for one in found if one.name == name)


# -- the server, and hostile mails ---------------------------------------------------------------


async def test_the_mailbox_is_left_as_it_was(post: Post, imap: ImapServer) -> None:
    imap.box.put(answer(await reminded(post)))
    poll(post, imap)
    verbs = [command.partition(" ")[0] for command in imap.commands]
    assert set(verbs) <= {"CAPABILITY", "LOGIN", "EXAMINE", "UID", "LOGOUT"}
    assert not [one for one in imap.commands if "STORE" in one or "BODY[" in one]


async def test_broken_mails_are_put_aside_and_the_next_one_is_taken(
    post: Post, imap: ImapServer
) -> None:
    mail = await reminded(post)
    broken = [b"", b"\x00\xff" * 50, b"From: \r\n\r\n", b"From: a\r\nContent-Type: multipart/mixed"]
    for raw in broken:
        imap.box.put(raw)
    imap.box.put(answer(mail))
    done = poll(post, imap)
    assert (done.receipts, done.quarantined) == (1, 4)
    assert {one.kind for one in waiting(post)} == {ReplyKind.QUARANTINED}


async def test_a_mail_that_somebody_takes_away_meanwhile_is_passed_over(
    post: Post, imap: ImapServer
) -> None:
    mail = await reminded(post)
    imap.box.gone = {imap.box.put(answer(mail, "签收", Message_ID="<gone@mua.test>"))}
    imap.box.put(answer(mail))
    assert poll(post, imap) == PollResult(receipts=1)


async def test_of_a_huge_mail_only_the_beginning_is_fetched(post: Post, imap: ImapServer) -> None:
    mail = answer(await reminded(post))
    mail.add_attachment(bytes(3 * 2**20), maintype="application", subtype="zip", filename="a.zip")
    imap.box.put(mail)
    assert poll(post, imap) == PollResult(receipts=1)


async def test_a_poll_that_was_cut_off_goes_on_where_it_stopped(post: Post) -> None:
    with ImapServer(hangs_up="FETCH") as imap:
        imap.box.put(answer(await reminded(post)))
        with pytest.raises(MailboxError):
            poll(post, imap)
        box = imap.box
    with ImapServer() as again:
        again.box = box
        assert poll(post, again) == PollResult(receipts=1)


@pytest.mark.parametrize("wrong", [{"password": "wrong"}, {"folder": "None"}, {"folder": "收件"}])
async def test_a_mailbox_that_does_not_let_us_in_is_told(
    post: Post, imap: ImapServer, wrong: dict[str, str]
) -> None:
    await reminded(post)
    with pytest.raises(MailboxError):
        mailbox.poll(post.database, replace(settings(imap), **wrong), at("2021-09-30 10:00"))


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
async def test_the_mailbox_is_read_over_tls_with_a_certificate_that_is_checked(
    post: Post, tls: Any, tmp_path: Any
) -> None:
    authority = Authority()
    context = authority.server_side()
    implicit = tls == "implicit"
    with ImapServer(context=context if implicit else None,
                    starttls=None if implicit else context) as imap:  # fmt: skip
        imap.box.put(answer(await reminded(post)))
        wanted = replace(settings(imap), tls=tls)
        with pytest.raises(MailboxError, match=r"(?i)certificate"):
            mailbox.poll(post.database, wanted, post.clock.now())
        trusted = replace(wanted, certificate=str(authority.write(tmp_path / "ca.pem")))
        done = mailbox.poll(post.database, trusted, post.clock.now())
    assert done == PollResult(receipts=1)


async def test_what_is_kept_of_a_mail_names_no_address(post: Post, imap: ImapServer) -> None:
    mail = await reminded(post)
    imap.box.put(bounce(mail))
    imap.box.put(answer(mail, From="stranger@example.org"))
    poll(post, imap)
    with post.database.read() as session:
        rows = [row.model_dump() for row in session.exec(select(ReplyRow))]
    assert CONTACT not in str(rows)
    assert "stranger@example.org" not in str(rows)
