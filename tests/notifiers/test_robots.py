"""Robots of chat groups: what the vendors' documents say that they answer, on a local server."""

from __future__ import annotations

import asyncio
import hmac
from base64 import b64encode
from datetime import timedelta
from typing import Any

import pytest

from notifiers.message import (
    Accepted,
    DeliveryError,
    PermanentFailure,
    TransientFailure,
    UnknownOutcome,
)
from notifiers.notes import Note, frozen
from notifiers.posting import Place, networks
from notifiers.robots import DIALECTS, DINGTALK, FEISHU, WECOM, Dialect, Limit, RobotChannel, fitted
from tests.hooks import DROP, SILENCE, Hook, Reply
from tests.notifiers.letters import SENT_AT

LOCAL = networks("127.0.0.1")
SECRET = "SEC-0123456789"
OK = {
    "wecom": {"errcode": 0, "errmsg": "ok"},
    "dingtalk": {"errcode": 0, "errmsg": "ok"},
    "feishu": {
        "StatusCode": 0,
        "StatusMessage": "success",
        "code": 0,
        "data": {},
        "msg": "success",
    },
}
LIMITED = [
    (WECOM, Reply({"errcode": 45009, "errmsg": "api freq out of limit"}), 1),
    (WECOM, Reply("", 429), 1),
    (DINGTALK, Reply({"errcode": 130101, "errmsg": "send too fast"}), 10),
    (DINGTALK, Reply({"errcode": 410100, "errmsg": "发送速度太快而限流"}), 10),
    (FEISHU, Reply({"code": 9499, "msg": "too many request", "data": {}}), 1),
    (FEISHU, Reply({"code": 99991400, "msg": "request trigger frequency limit"}, 429), 1),
    (
        FEISHU,
        Reply(
            {"code": 99991400, "msg": "request trigger frequency limit"},
            400,
            {"x-ogw-ratelimit-limit": "100", "x-ogw-ratelimit-reset": "180"},
        ),
        3,
    ),
    (FEISHU, Reply({"code": 9499, "msg": "too many request", "data": {}}, 400), 1),
    (FEISHU, Reply({"code": 11233, "msg": "frequency limited"}, 400), 1),
    (
        DINGTALK,
        Reply(
            {
                "status": 1111,
                "wait": 5,
                "source": "x5",
                "punish": "deny",
                "errcode": 130101,
                "errmsg": "send too fast, exceed 20 times per minute",
            }
        ),
        10,
    ),
    (WECOM, Reply({"errcode": 45033, "errmsg": "api concurrent out of limit"}), 1),
]
ABOUT_US = [
    (
        WECOM,
        Reply(
            {
                "errcode": 93000,
                "errmsg": "invalid webhook url, hint: [1755605200], from ip: 192.0.2.1",
            }
        ),
    ),
    (DINGTALK, Reply({"errcode": 310000, "errmsg": "sign not match"})),
    (DINGTALK, Reply({"errcode": 300001, "errmsg": "token is not exist"})),
    (FEISHU, Reply({"code": 19021, "msg": "sign match fail or timestamp is not within one hour"})),
    (FEISHU, Reply({"code": 19024, "msg": "Key Words Not Found"})),
    (WECOM, Reply("", 404)),
    (FEISHU, Reply("", 302, {"Location": "http://127.0.0.1/"})),
]
ABOUT_THE_MESSAGE = [
    (FEISHU, Reply({"code": 9499, "msg": "Bad Request", "data": {}})),
    (FEISHU, Reply({"code": 19002, "msg": "params error, msg_type need"})),
    (WECOM, Reply({"errcode": 40058, "errmsg": "text.content exceed max length 2048"})),
    (DINGTALK, Reply({"errcode": 430102, "errmsg": "含有不合适的文本"})),
    (FEISHU, Reply({"code": 19003, "msg": "bad content"})),
]
BUSY = [
    (WECOM, Reply({"errcode": -1, "errmsg": "system busy"})),
    (DINGTALK, Reply({"errcode": -1, "errmsg": "系统繁忙"})),
    (FEISHU, Reply("", 503)),
]


def a_note(number: int = 1, **parts: Any) -> bytes:
    given: dict[str, Any] = {
        "id": f"{number}@x.cn", "person": f"张{number}", "subject": f"【催办】第{number}项到期",
        "text": f"第{number}项：今天办，保住 1 分。\n", "made_at": "2021-09-26",
        "mobile": f"1380000000{number}", "rest": "其余见网页",
    }  # fmt: skip
    return frozen(Note(**{**given, **parts}))


def robot(hook: Hook, dialect: Dialect, *limits: Limit, secret: str = SECRET) -> RobotChannel:
    place = Place(f"{hook.url}?key=KEY", f"{dialect.way.name}_url", timeout=0.5, allowed=LOCAL)
    return RobotChannel(dialect, place, lambda: SENT_AT, secret=secret, limits=limits)


async def sent(channel: RobotChannel, *notes: bytes) -> list[Accepted | BaseException]:
    try:
        return await asyncio.gather(
            *[channel.send_raw(one, sender="", to="", message_id="") for one in notes],
            return_exceptions=True,
        )
    finally:
        await channel.close()


async def refused(dialect: Dialect, *answers: Reply | str) -> DeliveryError:
    with Hook(*answers) as hook:
        [failure] = await sent(robot(hook, dialect), a_note())
    assert isinstance(failure, DeliveryError)
    assert SECRET not in str(failure)
    assert "KEY" not in str(failure)
    return failure


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
async def test_the_answer_of_the_robot_is_the_proof(dialect: Dialect) -> None:
    with Hook(Reply(OK[dialect.way.name])) as hook:
        [accepted] = await sent(robot(hook, dialect), a_note())
    assert isinstance(accepted, Accepted)
    assert accepted.channel == dialect.way.name
    assert accepted.reply in ("200 0 ok", "200 0 success")
    [request] = hook.requests
    assert "【催办】第1项到期\\n第1项：今天办，保住 1 分。" in request.body.decode()
    assert request.query["key"] == "KEY"


async def test_each_is_spoken_to_and_signed_as_its_vendor_says() -> None:
    with Hook(Reply(OK["wecom"])) as hook:
        await sent(robot(hook, WECOM), a_note())
    [request] = hook.requests
    assert request.json["msgtype"] == "text"
    assert request.json["text"]["mentioned_mobile_list"] == ["13800000001"]
    with Hook(Reply(OK["dingtalk"])) as hook:
        await sent(robot(hook, DINGTALK), a_note())
    [request] = hook.requests
    stamp = str(int(SENT_AT.timestamp() * 1000))
    sign = hmac.digest(SECRET.encode(), f"{stamp}\n{SECRET}".encode(), "sha256")
    assert request.query == {"key": "KEY", "timestamp": stamp, "sign": b64encode(sign).decode()}
    assert request.json["at"] == {"atMobiles": ["13800000001"], "isAtAll": False}
    with Hook(Reply(OK["feishu"])) as hook:
        await sent(robot(hook, FEISHU), a_note())
    [request] = hook.requests
    stamp = str(int(SENT_AT.timestamp()))
    sign = hmac.digest(f"{stamp}\n{SECRET}".encode(), b"", "sha256")
    assert request.json["timestamp"] == stamp
    assert request.json["sign"] == b64encode(sign).decode()


async def test_a_robot_without_a_secret_is_not_signed() -> None:
    for dialect in (DINGTALK, FEISHU):
        with Hook(Reply(OK[dialect.way.name])) as hook:
            await sent(robot(hook, dialect, secret=""), a_note())
        [request] = hook.requests
        assert "sign" not in {**request.query, **request.json}


async def test_what_a_crowded_half_hour_refuses_comes_again_between_two_of_them() -> None:
    """Not on the next one, when everybody sends again, and not all at one minute."""
    waits = []
    for _ in range(3):
        failure = await refused(FEISHU, Reply({"code": 11232, "msg": "frequency limited"}, 400))
        assert isinstance(failure, TransientFailure)
        assert failure.retry_after is not None
        waits.append(failure.retry_after)
    for wait in waits:
        past = (SENT_AT + wait).minute % 30
        assert wait >= timedelta(minutes=30)
        assert 5 <= past < 25
    assert len(set(waits)) > 1


@pytest.mark.parametrize(("dialect", "reply", "minutes"), LIMITED)
async def test_too_many_messages_are_tried_again_when_the_vendor_listens_again(
    dialect: Dialect, reply: Reply, minutes: int
) -> None:
    failure = await refused(dialect, reply)
    assert isinstance(failure, TransientFailure)
    assert failure.retry_after == timedelta(minutes=minutes)


@pytest.mark.parametrize(("dialect", "reply"), ABOUT_US)
async def test_what_is_about_our_settings_names_them_and_is_tried_again(
    dialect: Dialect, reply: Reply
) -> None:
    failure = await refused(dialect, reply)
    assert isinstance(failure, TransientFailure)
    assert f"{dialect.way.name}_url" in str(failure)


@pytest.mark.parametrize(("dialect", "reply"), ABOUT_THE_MESSAGE)
async def test_what_is_about_the_message_is_refused_for_good(
    dialect: Dialect, reply: Reply
) -> None:
    failure = await refused(dialect, reply)
    assert isinstance(failure, PermanentFailure)
    assert str(reply.body["code" if "code" in reply.body else "errcode"]) in str(failure)


@pytest.mark.parametrize(("dialect", "reply"), BUSY)
async def test_a_busy_robot_is_tried_again(dialect: Dialect, reply: Reply) -> None:
    assert isinstance(await refused(dialect, reply), TransientFailure)


async def test_what_may_have_arrived_is_unknown() -> None:
    for odd in (DROP, SILENCE, Reply("", 502), Reply("<html>sign in to the network</html>")):
        assert isinstance(await refused(WECOM, odd), UnknownOutcome)


# -- limits ----------------------------------------------------------------------------------------


async def test_notes_that_come_together_go_together_and_each_has_its_proof() -> None:
    with Hook(Reply(OK["dingtalk"])) as hook:
        found = await sent(robot(hook, DINGTALK), *[a_note(n) for n in range(1, 6)])
    assert [one.reply for one in found if isinstance(one, Accepted)] == ["200 0 ok (5 in one)"] * 5
    [request] = hook.requests
    assert all(f"第{n}项：" in request.json["text"]["content"] for n in range(1, 6))
    assert len(request.json["at"]["atMobiles"]) == 5


async def test_two_hundred_notes_keep_the_limit_and_none_is_lost() -> None:
    limit, notes = Limit(4, 0.5), [a_note(n, text=f"<{n}> " + "字" * 20) for n in range(200)]
    with Hook(Reply(OK["wecom"])) as hook:
        found = await sent(robot(hook, WECOM, limit), *notes)
    assert all(isinstance(one, Accepted) for one in found)
    text = "".join(request.json["text"]["content"] for request in hook.requests)
    assert [n for n in range(200) if f"<{n}> " not in text] == []
    times = [request.at for request in hook.requests]
    spans = [after - before for before, after in zip(times, times[limit.count :], strict=False)]
    assert min(spans) >= limit.seconds
    sizes = [len(request.json["text"]["content"].encode()) for request in hook.requests]
    assert max(sizes) <= WECOM.longest
    print(f"\nFIGURE 200 notes in {len(times)} messages, lost 0, longest {max(sizes)} octets")


async def test_once_told_to_send_less_the_robot_is_not_asked_again() -> None:
    with Hook(Reply({"errcode": 130101, "errmsg": "send too fast"})) as hook:
        channel = robot(hook, DINGTALK)
        first = await asyncio.gather(
            channel.send_raw(a_note(), sender="", to="", message_id=""), return_exceptions=True
        )
        second = await sent(channel, a_note(2))
    assert len(hook.requests) == 1
    for one in (*first, *second):
        assert isinstance(one, TransientFailure)
        assert one.retry_after is not None
        assert timedelta(minutes=9) < one.retry_after <= timedelta(minutes=10)


async def test_one_note_that_is_refused_takes_no_other_with_it() -> None:
    bad = {"errcode": 430102, "errmsg": "含有不合适的文本"}
    ok = OK["dingtalk"]
    with Hook(*map(Reply, (bad, ok, bad, ok))) as hook:
        found = await sent(robot(hook, DINGTALK), a_note(1), a_note(2), a_note(3))
    assert len(hook.requests) == 4
    assert [type(one) for one in found] == [Accepted, PermanentFailure, Accepted]


async def test_a_note_too_long_for_the_robot_says_where_the_rest_is() -> None:
    with Hook(Reply(OK["wecom"])) as hook:
        await sent(robot(hook, WECOM), a_note(text="一行十个字左右的内容\n" * 200))
    content = hook.requests[0].json["text"]["content"]
    assert len(content.encode()) <= WECOM.longest
    assert content.endswith("一行十个字左右的内容\n其余见网页")


def test_a_first_line_that_alone_is_too_long_is_cut_between_characters() -> None:
    assert fitted("字" * 100, "见网页", 50) == "字" * 13 + "\n见网页"
    assert fitted("短", "见网页", 50) == "短"


async def test_a_title_cannot_call_everybody_in_a_group() -> None:
    with Hook(Reply(OK["feishu"])) as hook:
        await sent(robot(hook, FEISHU), a_note(text='<at user_id="all">所有人</at>'))
    assert "<at" not in hook.requests[0].json["content"]["text"]


async def test_bytes_that_are_no_note_are_refused_for_good() -> None:
    with Hook() as hook:
        [failure] = await sent(robot(hook, WECOM), b"From: x@y.cn\r\n\r\n")
    assert isinstance(failure, PermanentFailure)
    assert hook.requests == []
