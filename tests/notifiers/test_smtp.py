import asyncio
import gc
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from notifiers.message import (
    Accepted,
    Address,
    DeliveryError,
    Message,
    PermanentFailure,
    TransientFailure,
    UnknownOutcome,
    one_line,
)
from notifiers.mime import build
from notifiers.smtp import SmtpChannel, SmtpSettings
from tests.notifiers.letters import OFFICE, a_letter, 县委组织部
from tests.sinks import (
    AUTH_535,
    BANNER_TIMEOUT,
    BUSY_451,
    DROP,
    DROP_AFTER_DATA,
    DROP_AFTER_DOT,
    FULL_452,
    GREYLISTED_450,
    HOST,
    OVER_QUOTA_552,
    PIPELINING,
    REJECTED_554,
    SILENCE,
    STARTTLS_REFUSED,
    UNAVAILABLE_421,
    UNKNOWN_550,
    Authority,
    Script,
    ScriptedSmtp,
    SmtpSink,
    deaf_server,
    parse,
    refusing_port,
    slow_250,
)

PASSWORD = "s3cret-密码"
Result = TypeVar("Result")


def settings_for(server: SmtpSink | ScriptedSmtp | int, **changes: Any) -> SmtpSettings:
    port = server if isinstance(server, int) else server.port
    fields: dict[str, Any] = {"tls": "none", "timeout": 5, "local_hostname": "office.test"}
    return SmtpSettings(host=HOST, port=port, **(fields | changes))


def with_channel(settings: SmtpSettings, act: Callable[[SmtpChannel], Awaitable[Result]]) -> Result:
    async def run() -> Result:
        channel = SmtpChannel(settings)
        try:
            return await act(channel)
        finally:
            await channel.close()

    return asyncio.run(run())


def attempts(settings: SmtpSettings, *letters: Message) -> list[Accepted | DeliveryError]:
    """What became of each letter, sent one after the other on one channel."""

    async def act(channel: SmtpChannel) -> list[Accepted | DeliveryError]:
        outcomes: list[Accepted | DeliveryError] = []
        for letter in letters:
            try:
                outcomes.append(await channel.send(letter))
            except DeliveryError as failure:
                outcomes.append(failure)
        return outcomes

    return with_channel(settings, act)


def kinds(outcomes: list[Accepted | DeliveryError]) -> list[type]:
    """The classes of conventions, whatever finer class the channel keeps to itself."""
    contract = (Accepted, TransientFailure, PermanentFailure, UnknownOutcome)
    return [next(kind for kind in contract if isinstance(one, kind)) for one in outcomes]


# -- a server that takes mail ---------------------------------------------------------------------


def test_a_mail_arrives_as_it_was_built_and_the_servers_words_are_the_proof() -> None:
    letter = a_letter(html="<p>今日内</p>")
    with SmtpSink() as sink:
        outcomes = attempts(settings_for(sink), letter)
    (mail,) = sink.messages
    assert outcomes == [Accepted("smtp", "250 2.0.0 Ok: queued as 1")]
    assert (mail.sender, mail.recipients) == (OFFICE.mail, (县委组织部.mail,))
    assert mail.raw == build(letter)
    assert (mail.message_id, mail.text, mail.html) == (
        letter.message_id,
        letter.text,
        "<p>今日内</p>\n",
    )


def test_the_mails_of_one_channel_share_a_connection() -> None:
    with SmtpSink() as sink:
        attempts(settings_for(sink), *[a_letter(message_id=f"{n}@x.cn") for n in range(20)])
        assert (len(sink.messages), sink.connections) == (20, 1)


def test_many_at_once_use_no_more_connections_than_allowed() -> None:
    async def act(channel: SmtpChannel) -> list[Accepted]:
        letters = [a_letter(message_id=f"{n}@x.cn") for n in range(40)]
        return await asyncio.gather(*[channel.send(letter) for letter in letters])

    with SmtpSink() as sink:
        with_channel(settings_for(sink, connections=3), act)
        assert len({mail.message_id for mail in sink.messages}) == 40
        assert sink.connections == 3


def test_lines_that_begin_with_a_dot_arrive_and_stray_line_ends_hide_no_second_mail() -> None:
    raw = b"Subject: x\r\n\r\n.\r\n..b\r\n\n.\nMAIL FROM:<evil@example.cn>\n.\r\rend"

    async def act(channel: SmtpChannel) -> Accepted:
        return await channel.send_raw(raw, sender="a@x.cn", to="b@x.cn", message_id="1@x.cn")

    with ScriptedSmtp() as server:
        with_channel(settings_for(server), act)
    (mail,) = server.messages
    lines = [b"Subject: x", b"", b".", b"..b", b"", b".", b"MAIL FROM:<evil@example.cn>", b"."]
    assert mail.raw.split(b"\r\n") == [*lines, b"", b"end", b""]
    assert server.verbs == ["EHLO", "MAIL", "RCPT", "DATA", "QUIT"]


@pytest.mark.parametrize("address", ["b@x.cn>\r\nRCPT TO:<c@x.cn", "b@x.cn\x00", "b@x.cn SIZE=1"])
def test_no_address_can_add_a_command(address: str) -> None:
    async def act(channel: SmtpChannel) -> None:
        for sender, to in (("a@x.cn", address), (address, "b@x.cn")):
            with pytest.raises(ValueError, match=r"not a (mail address|domain)"):
                await channel.send_raw(b"", sender=sender, to=to, message_id="1@x.cn")

    with ScriptedSmtp() as server:
        with_channel(settings_for(server), act)
    assert server.commands == []


PAYLOADS = ["\r\nBcc: evil@x.cn", "\n.\nRCPT TO:<evil@x.cn>", "\r\n.\r\nQUIT", "\0", "\u2028To: x"]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_title_or_name_made_one_line_can_add_a_header_a_reader_or_a_command(
    payload: str,
) -> None:
    title = one_line(f"污水处理厂{payload} 改造{payload}")
    letter = a_letter(
        subject=title, to=Address("b@x.cn", title), text=payload * 3, html=payload * 3
    )
    with ScriptedSmtp() as server:
        attempts(settings_for(server), letter)
    (mail,) = server.messages
    assert server.verbs == ["EHLO", "MAIL", "RCPT", "DATA", "QUIT"]
    assert mail.recipients == ("b@x.cn",)
    assert sorted(mail.keys()) == sorted(parse(build(a_letter(html=" "))).keys())


def test_a_chinese_domain_travels_in_its_ascii_form() -> None:
    with SmtpSink() as sink:
        attempts(settings_for(sink), a_letter(to=Address("zhang@例子.中国")))
    assert sink.messages[0].to == "zhang@xn--fsqu00a.xn--fiqs8s"


def test_one_refused_recipient_costs_neither_the_connection_nor_the_next_mail() -> None:
    gone = Address("gone@example.cn")
    with SmtpSink(refused=frozenset({gone.mail})) as sink:
        outcomes = attempts(settings_for(sink), a_letter(to=gone), a_letter())
        assert kinds(outcomes) == [PermanentFailure, Accepted]
        assert sink.connections == 1


def test_a_mail_cut_short_by_cancelling_leaves_no_connection_for_the_next_to_trip_over() -> None:
    async def act(channel: SmtpChannel) -> Accepted:
        sending = asyncio.create_task(channel.send(a_letter()))
        await asyncio.to_thread(server.wait_for, "RCPT")
        sending.cancel()
        await asyncio.wait([sending])
        return await channel.send(a_letter())

    with ScriptedSmtp(Script(rcpt=SILENCE), Script()) as server:
        assert with_channel(settings_for(server), act).reply.startswith("250")
        assert server.connections == 2


def test_a_closed_channel_can_begin_anew() -> None:
    channel_of: list[SmtpChannel] = []

    async def send_and_close() -> None:
        await asyncio.gather(*[channel_of[0].send(a_letter()) for _ in range(5)])
        await channel_of[0].close()

    with SmtpSink() as sink:
        channel_of.append(SmtpChannel(settings_for(sink, connections=1)))
        asyncio.run(send_and_close())
        asyncio.run(send_and_close())
        assert (len(sink.messages), sink.connections) == (10, 2)


# -- servers that misbehave -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "scripts",
    [
        (BANNER_TIMEOUT, Script()),
        (UNAVAILABLE_421, Script()),
        (GREYLISTED_450,),
        (BUSY_451,),
        (FULL_452,),
        (DROP_AFTER_DATA, Script()),
    ],
    ids=["silent banner", "421", "450 greylisted", "451", "452", "dropped after DATA"],
)
def test_what_passes_is_a_transient_failure_and_the_next_attempt_succeeds(
    scripts: tuple[Script, ...],
) -> None:
    with ScriptedSmtp(*scripts) as server:
        outcomes = attempts(settings_for(server, timeout=1), a_letter(), a_letter())
    assert kinds(outcomes) == [TransientFailure, Accepted]
    assert len(server.messages) == 1
    assert f"{HOST}:{server.port}" in str(outcomes[0])


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (UNKNOWN_550, "550 5.1.1 no such user"),
        (OVER_QUOTA_552, "552 5.2.2 mailbox full"),
        (REJECTED_554, "554 5.7.1 looks like spam"),
        (Script(mail="553 5.1.8 sender not ours"), "553 5.1.8 sender not ours"),
        (Script(data="554 5.5.1 no valid recipients"), "554 5.5.1 no valid recipients"),
    ],
)
def test_what_the_server_will_never_take_is_a_permanent_failure(script: Script, words: str) -> None:
    with ScriptedSmtp(script) as server:
        outcomes = attempts(settings_for(server), a_letter())
    assert kinds(outcomes) == [PermanentFailure]
    assert words in str(outcomes[0])
    assert server.messages == []


@pytest.mark.parametrize(
    "script",
    [
        DROP_AFTER_DOT,
        slow_250(5),
        Script(dot="what?"),
        Script(dot="354 go on"),
    ],
    ids=["dropped after the dot", "slow 250", "gibberish", "another 354"],
)
def test_a_mail_that_may_have_been_accepted_is_of_unknown_outcome(script: Script) -> None:
    with ScriptedSmtp(script) as server:
        outcomes = attempts(settings_for(server, timeout=1), a_letter())
    assert kinds(outcomes) == [UnknownOutcome]
    assert len(server.messages) == 1


@pytest.mark.parametrize(
    ("step", "answer"),
    [
        ("banner", SILENCE),
        ("banner", DROP),
        ("banner", "554 5.3.2 no service here"),
        ("banner", "hello"),
        ("ehlo", SILENCE),
        ("ehlo", "550 5.7.1 we do not like your name"),
        ("mail", SILENCE),
        ("rcpt", DROP),
        ("rcpt", "421 4.7.0 too many mails"),
        ("data", "250 what mail?"),
        ("dot", "421 4.3.2 shutting down"),
    ],
)
def test_trouble_before_the_mail_was_taken_is_transient(step: str, answer: Any) -> None:
    script = Script(**{step: answer})
    with ScriptedSmtp(script) as server:
        outcomes = attempts(settings_for(server, timeout=0.3), a_letter())
    assert kinds(outcomes) == [TransientFailure]
    assert server.messages == []


def test_a_refused_connection_is_transient_and_names_the_settings() -> None:
    with refusing_port() as port:
        outcomes = attempts(settings_for(port), a_letter())
    assert kinds(outcomes) == [TransientFailure]
    assert "see setting host, port" in str(outcomes[0])


def test_a_host_without_a_name_is_transient() -> None:
    settings = SmtpSettings(host="..", port=25, tls="none", local_hostname="office.test")
    assert kinds(attempts(settings, a_letter())) == [TransientFailure]


def test_a_refused_login_settles_no_mail_names_the_settings_and_keeps_the_password() -> None:
    with ScriptedSmtp(AUTH_535) as server:
        settings = settings_for(server, username="tracker", password=PASSWORD)
        outcomes = attempts(settings, a_letter())
    assert kinds(outcomes) == [TransientFailure]
    assert "535 5.7.8 bad credentials" in str(outcomes[0])
    assert "see setting username and password" in str(outcomes[0])
    assert PASSWORD not in f"{settings!r} {outcomes!r}"


def test_a_server_that_wants_a_login_settles_no_mail() -> None:
    with ScriptedSmtp(Script(mail="530 5.7.0 authentication required")) as server:
        outcomes = attempts(settings_for(server), a_letter())
    assert kinds(outcomes) == [TransientFailure]
    assert "see setting username, password and tls" in str(outcomes[0])


@pytest.mark.parametrize(
    "script", [STARTTLS_REFUSED, Script(ehlo="250 no extensions")], ids=["refused", "not offered"]
)
def test_without_the_tls_that_was_asked_for_no_mail_leaves(script: Script) -> None:
    with ScriptedSmtp(script) as server:
        outcomes = attempts(settings_for(server, tls="starttls"), a_letter())
    assert kinds(outcomes) == [TransientFailure]
    assert "see setting tls" in str(outcomes[0])
    assert "MAIL" not in server.verbs


# -- servers that take several commands at once ----------------------------------------------------


def test_a_server_that_takes_several_commands_at_once_is_asked_once_for_each_mail() -> None:
    heard: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 quick.test\r\n")
        answers = {
            b"EHLO": b"250-quick.test\r\n250 PIPELINING\r\n",
            b"MAIL": b"250 Ok\r\n250 Ok\r\n354 go ahead\r\n",
            b"QUIT": b"221 Bye\r\n",
        }
        while said := await reader.read(100_000):
            heard.append(said)
            writer.write(answers.get(said[:4], b"250 2.0.0 Ok: queued as QUICK\r\n"))
        writer.close()

    async def act() -> Accepted:
        async with await asyncio.start_server(serve, HOST, 0) as server:
            channel = SmtpChannel(settings_for(server.sockets[0].getsockname()[1]))
            accepted = await channel.send(a_letter())
            await channel.close()
            return accepted

    assert asyncio.run(act()).reply == "250 2.0.0 Ok: queued as QUICK"
    _, offer, mail, _ = heard
    commands = [
        b"MAIL FROM:<%b>" % OFFICE.mail.encode(),
        b"RCPT TO:<%b>" % 县委组织部.mail.encode(),
    ]
    assert offer == b"\r\n".join([*commands, b"DATA", b""])
    assert mail == build(a_letter()) + b".\r\n"


MISBEHAVIOURS = {
    "greylisted": (GREYLISTED_450,),
    "full": (FULL_452,),
    "busy": (BUSY_451,),
    "unknown": (UNKNOWN_550,),
    "rejected": (REJECTED_554,),
    "sender refused": (Script(mail="553 5.1.8 sender not ours"),),
    "nobody to read it": (Script(rcpt="550 no", data="554 5.5.1 no valid recipients"),),
    "no data": (Script(data=("451 4.3.0 not now", "354 go ahead")),),
    "no answer to DATA": (Script(data="250 what mail?"),),
    "421 at RCPT": (Script(rcpt="421 4.7.0 too many mails"), Script()),
    "421 after the mail": (Script(dot="421 4.3.2 shutting down"), Script()),
    "leaves while idle": (Script(mail=("250 2.1.0 Ok", DROP)), Script()),
    "silent at RCPT": (Script(rcpt=SILENCE), Script()),
    "dropped at RCPT": (Script(rcpt=DROP), Script()),
    "dropped after DATA": (DROP_AFTER_DATA, Script()),
    "dropped after the dot": (DROP_AFTER_DOT, Script()),
    "gibberish": (Script(rcpt="what?"), Script()),
}


@pytest.mark.parametrize("name", MISBEHAVIOURS)
def test_asked_at_once_a_server_means_the_same_as_step_by_step(name: str) -> None:
    letters = [a_letter(message_id=f"{n}@x.cn") for n in range(3)]
    told, arrived = [], []
    for ehlo in (Script.ehlo, PIPELINING):
        scripts = [replace(script, ehlo=ehlo) for script in MISBEHAVIOURS[name]]
        with ScriptedSmtp(*scripts) as server:
            outcomes = attempts(settings_for(server, timeout=0.5), *letters)
        told.append([str(one).replace(f":{server.port}", "") for one in outcomes])
        arrived.append([mail.message_id for mail in server.messages])
    assert told[0] == told[1]
    assert arrived[0] == arrived[1]


def test_what_a_server_says_unasked_is_no_answer_to_a_mail() -> None:
    chatty = Script(ehlo=PIPELINING, data="354 go ahead\r\n250 2.0.0 taken already", dot=DROP)
    with ScriptedSmtp(chatty) as server:
        assert kinds(attempts(settings_for(server), a_letter())) == [UnknownOutcome]


# -- connections that died while idle -------------------------------------------------------------


def test_a_connection_that_the_server_closed_is_replaced_without_a_failure() -> None:
    async def act(channel: SmtpChannel) -> list[Accepted]:
        first = await channel.send(a_letter())
        await asyncio.to_thread(sink.drop_connections)
        return [first, await channel.send(a_letter())]

    with SmtpSink() as sink:
        assert len(with_channel(settings_for(sink), act)) == 2
        assert (len(sink.messages), sink.connections) == (2, 2)


@pytest.mark.parametrize("farewell", ["421 4.4.2 idle for too long", DROP], ids=["421", "dropped"])
def test_a_server_that_leaves_at_the_next_command_is_asked_once_more_anew(farewell: str) -> None:
    leaves_at_second = Script(mail=("250 2.1.0 Ok", farewell))
    with ScriptedSmtp(leaves_at_second, Script()) as server:
        outcomes = attempts(settings_for(server), a_letter(), a_letter())
    assert kinds(outcomes) == [Accepted, Accepted]
    assert (len(server.messages), server.connections) == (2, 2)


def test_it_is_asked_anew_once_not_for_ever() -> None:
    leaves_at_second = Script(mail=("250 2.1.0 Ok", DROP))
    with ScriptedSmtp(leaves_at_second) as server:
        outcomes = attempts(settings_for(server), a_letter(), a_letter())
        assert kinds(outcomes) == [Accepted, TransientFailure]
        assert server.connections == 2


def test_a_mail_already_handed_over_is_never_repeated_by_the_channel() -> None:
    drops_second = Script(dot=("250 2.0.0 Ok", DROP))
    with ScriptedSmtp(drops_second, Script()) as server:
        outcomes = attempts(settings_for(server), a_letter(), a_letter())
    assert kinds(outcomes) == [Accepted, UnknownOutcome]
    assert len(server.messages) == 2


# -- TLS, login and the probe ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def certificate(authority: Authority, tmp_path: Path) -> str:
    return str(authority.write(tmp_path / "authority.pem"))


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_mail_travels_encrypted_and_after_a_login(
    tls: Any, authority: Authority, certificate: str
) -> None:
    with SmtpSink(tls=tls, authority=authority, login=("tracker", PASSWORD)) as sink:
        settings = settings_for(
            sink, tls=tls, certificate=certificate, username="tracker", password=PASSWORD
        )
        assert kinds(attempts(settings, a_letter(), a_letter())) == [Accepted, Accepted]
        found = with_channel(settings, SmtpChannel.probe)
        assert (len(sink.messages), sink.connections) == (2, 2)
    assert found.startswith(f"{HOST}:{sink.port} is ready, TLSv1.3, logged in as tracker")


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_certificate_that_is_not_trusted_settles_no_mail(tls: Any, authority: Authority) -> None:
    with SmtpSink(tls=tls, authority=authority) as sink:
        outcomes = attempts(settings_for(sink, tls=tls), a_letter())
    assert kinds(outcomes) == [TransientFailure]
    assert "see setting tls and certificate" in str(outcomes[0])
    assert sink.messages == []


def test_a_certificate_file_that_is_not_there_is_named() -> None:
    outcomes = attempts(settings_for(25, tls="starttls", certificate="/no/such.pem"), a_letter())
    assert kinds(outcomes) == [TransientFailure]
    assert "see setting certificate" in str(outcomes[0])


def test_tls_from_the_start_with_a_server_that_speaks_plainly_is_explained() -> None:
    with SmtpSink() as sink:
        outcomes = attempts(settings_for(sink, tls="implicit", timeout=1), a_letter())
    assert kinds(outcomes) == [TransientFailure]
    assert "see setting tls and certificate" in str(outcomes[0])


def test_a_server_that_does_not_answer_the_end_of_tls_keeps_no_connection_of_ours(
    authority: Authority, certificate: str
) -> None:
    with deaf_server("QUIT", authority.server_side()) as (port, _):
        settings = settings_for(port, tls="implicit", certificate=certificate)
        assert "is ready" in with_channel(settings, SmtpChannel.probe)
        gc.collect()  # a socket that was left open fails this test here, and not a later one


def test_a_server_that_stops_reading_keeps_no_connection_of_ours() -> None:
    letter = a_letter(text="长" * 5_000_000)

    async def act(channel: SmtpChannel) -> None:
        sending = asyncio.create_task(channel.send(letter))
        await asyncio.to_thread(deaf.wait)
        await asyncio.sleep(0.3)  # as much as goes through is sent
        sending.cancel()
        await asyncio.wait([sending])

    with deaf_server("DATA") as (port, deaf):
        with_channel(settings_for(port), act)
        gc.collect()


def test_the_probe_says_what_it_found_and_leaves_no_mail() -> None:
    with SmtpSink() as sink:
        found = with_channel(settings_for(sink), SmtpChannel.probe)
    assert found == (
        f"{HOST}:{sink.port} is ready, not encrypted, no login, takes mails of up to "
        "33554432 octets"
    )
    assert sink.messages == []


def test_the_probe_fails_as_a_mail_would() -> None:
    with refusing_port() as port, pytest.raises(TransientFailure, match="see setting host"):
        with_channel(settings_for(port), SmtpChannel.probe)


@pytest.mark.parametrize(
    "wrong", [{"connections": 0}, {"timeout": 0}, {"local_hostname": "a\r\nQUIT"}]
)
def test_settings_that_could_never_send_are_refused_at_once(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"SMTP needs|not a host name"):
        settings_for(25, **wrong)


def test_a_machine_introduces_itself_by_a_name_or_by_its_address() -> None:
    with ScriptedSmtp() as server:
        attempts(settings_for(server, local_hostname=""), a_letter())
    name = server.commands[0].removeprefix("EHLO ")
    assert "." in name
    assert " " not in name
