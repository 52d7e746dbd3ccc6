"""Channels on the command line: which there are, and whether one takes a message."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Installation
from tests.hooks import Hook, Reply
from tests.sinks import SmtpSink

OK = Reply({"errcode": 0, "errmsg": "ok"})
HERE = {"allowed_networks": "127.0.0.1"}


def test_without_settings_there_is_mail_alone(tracker: Installation) -> None:
    found = tracker.valid("channels", "channel", "list")["channels"]
    assert [(one["name"], one["order"]) for one in found] == [
        ("mail", 1), ("webhook", 0), ("wecom", 0), ("dingtalk", 0), ("feishu", 0),
    ]  # fmt: skip
    assert found[1]["lacks"] == ["TRACKER_WEBHOOK_URL", "TRACKER_WEBHOOK_SECRET"]


def test_the_order_is_as_set_and_no_address_is_shown(tracker: Installation) -> None:
    told = tracker(
        "channel", "list", channels="wecom mail", wecom_url="https://x.cn/hook?key=SECRET-KEY"
    )
    first, second = [line for line in told.text.splitlines() if line[:1] in "12"]
    assert ("wecom" in first, "mail" in second) == (True, True)
    assert "SECRET-KEY" not in told.text + told.error


def test_a_robot_that_accepts_shows_its_answer(tracker: Installation) -> None:
    with Hook(OK) as hook:
        told = tracker("channel", "test", "wecom", "--json", wecom_url=hook.url, **HERE)
    assert json.loads(told.text) == {"channel": "wecom", "by": "wecom", "reply": "200 0 ok"}
    assert "【测试】" in hook.requests[0].json["text"]["content"]


def test_a_robot_that_refuses_inside_http_200_is_a_failure(tracker: Installation) -> None:
    with Hook(Reply({"errcode": 93000, "errmsg": "invalid webhook url"})) as hook:
        url = f"{hook.url}?key=SECRET-KEY"
        told = tracker("channel", "test", "wecom", wecom_url=url, **HERE)
    assert told.code == 1
    assert "93000 invalid webhook url" in told.error
    assert "wecom_url" in told.error
    assert "SECRET-KEY" not in told.error


def test_a_private_address_is_refused_unless_it_is_allowed(tracker: Installation) -> None:
    with Hook(OK) as hook:
        told = tracker("channel", "test", "wecom", wecom_url=hook.url)
        assert told.code == 1
        assert "allowed_networks" in told.error
        assert hook.connections == 0


def test_a_channel_without_its_settings_says_which(tracker: Installation) -> None:
    told = tracker("channel", "test", "webhook")
    assert told.code == 1
    assert "TRACKER_WEBHOOK_URL" in told.error
    told = tracker("channel", "test", "webhook", webhook_url="https://x.cn/")
    assert "webhook_secret" in told.error


def test_a_mail_is_tried_with_a_real_server(tracker: Installation) -> None:
    assert tracker("channel", "test", "mail").code == 1
    with SmtpSink() as sink:
        there = {"smtp_host": sink.host, "smtp_port": str(sink.port), "smtp_tls": "none"}
        told = tracker("channel", "test", "mail", "--to", "a@example.gov.cn", **there)
        assert told.code == 0
        assert "queued as 1" in told.text
        assert sink.messages[0].to == "a@example.gov.cn"


def test_a_channel_that_is_none_is_named(tracker: Installation) -> None:
    assert "dingtalk" in tracker("channel", "test", "pigeon").error
    told = tracker("channel", "list", channels="mail, pigeon")
    assert told.code == 1
    assert "TRACKER_CHANNELS" in told.error


def test_a_secret_may_stand_in_a_file(tracker: Installation, tmp_path: Path) -> None:
    with Hook(OK) as hook:
        (tmp_path / "url").write_text(hook.url + "\n")
        told = tracker("channel", "test", "wecom", wecom_url_file=str(tmp_path / "url"), **HERE)
    assert told.code == 0
