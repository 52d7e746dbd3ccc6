"""The webhook: signed, the same at every attempt, and every answer means one thing."""

from __future__ import annotations

import hmac
from base64 import b64encode
from datetime import UTC, datetime, timedelta

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
from notifiers.webhook import WebhookChannel
from tests.hooks import DROP, SILENCE, Hook, Reply
from tests.notifiers.letters import SENT_AT

LOCAL = networks("127.0.0.1")
SECRET = "whsec-0123456789"
NOTE = frozen(
    Note("0f3a@example.gov.cn", "张工", "【催办】1项将于9月30日到期", "请填报。\n", "2021-09-26")
)


def channel(hook: Hook) -> WebhookChannel:
    place = Place(hook.url, "webhook_url", timeout=0.5, allowed=LOCAL)
    return WebhookChannel(place, SECRET, lambda: SENT_AT)


async def sent(hook: Hook, raw: bytes = NOTE) -> Accepted:
    outlet = channel(hook)
    try:
        return await outlet.send_raw(raw, sender="", to="", message_id="0f3a@example.gov.cn")
    finally:
        await outlet.close()


async def refused(*answers: Reply | str) -> DeliveryError:
    with Hook(*answers) as hook, pytest.raises(DeliveryError) as failure:
        await sent(hook)
    return failure.value


async def test_a_note_arrives_as_it_was_frozen_with_a_signature_that_anyone_can_check() -> None:
    with Hook(Reply('{"queued": 7}', 202)) as hook:
        accepted = await sent(hook)
    assert accepted == Accepted("webhook", '202 {"queued": 7}')
    [request] = hook.requests
    assert (request.method, request.body) == ("POST", NOTE)
    assert request.json["person"] == "张工"
    stamp = request.headers["webhook-timestamp"]
    assert datetime.fromtimestamp(int(stamp), UTC) == SENT_AT
    signed = b"0f3a@example.gov.cn." + stamp.encode() + b"." + NOTE
    digest = b64encode(hmac.digest(SECRET.encode(), signed, "sha256")).decode()
    assert request.headers["webhook-signature"] == f"v1,{digest}"
    assert request.headers["webhook-id"] == "0f3a@example.gov.cn"
    assert SECRET.encode() not in request.body


async def test_what_is_about_the_note_is_refused_for_good() -> None:
    for status in (400, 413, 422):
        failure = await refused(Reply("no such person", status))
        assert isinstance(failure, PermanentFailure)
        assert f"{status} no such person" in str(failure)


async def test_what_is_about_our_settings_names_them_and_is_tried_again() -> None:
    for status in (301, 302, 401, 403, 404, 405):
        failure = await refused(Reply("", status, {"Location": "http://127.0.0.1/"}))
        assert isinstance(failure, TransientFailure)
        assert "webhook_url" in str(failure)
        assert SECRET not in str(failure)


@pytest.mark.parametrize(
    ("asked", "wait"),
    [("120", 120), ("999999999", 86400), ("Sun, 26 Sep 2021 00:31:00 GMT", 60), ("soon", None),
     ("Sun, 26 Sep 2021 00:00:00 GMT", 0), ("", None)],
)  # fmt: skip
async def test_a_busy_server_says_when_to_come_again(asked: str, wait: int | None) -> None:
    for status in (429, 503):
        failure = await refused(Reply("", status, {"Retry-After": asked}))
        assert isinstance(failure, TransientFailure)
        assert failure.retry_after == (None if wait is None else timedelta(seconds=wait))


async def test_what_may_have_arrived_is_unknown() -> None:
    for odd in (DROP, SILENCE, Reply("", 502), Reply("", 504)):
        assert isinstance(await refused(odd), UnknownOutcome)


async def test_the_same_note_is_sent_again_with_the_same_id_and_bytes() -> None:
    with Hook(DROP, Reply("", 204)) as hook:
        with pytest.raises(UnknownOutcome):
            await sent(hook)
        assert (await sent(hook)).reply == "204"
    first, second = hook.requests
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


def test_nothing_is_sent_unsigned() -> None:
    with pytest.raises(ValueError, match="webhook_secret"):
        WebhookChannel(Place("https://x.cn/", "webhook_url"), "", lambda: SENT_AT)
