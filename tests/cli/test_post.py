"""Order slips and the mailbox on the command line."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest

from schedules.clock import SystemClock
from tests.builders import a_database, 住建局
from tests.cli.conftest import Installation
from tests.imapserver import ACCOUNT, ImapServer
from tests.notifiers.test_incoming import a_mail
from tracker.store import queries
from tracker.store.tables import NoticeRow, NoticeState

KEY = f"1/done/{住建局}"


def test_a_slip_is_issued_shown_written_and_made_void(loaded: Installation, tmp_path: Path) -> None:
    assert "还没有制发过" in loaded("slips").text
    made = loaded.valid("slip", "slips", "issue", KEY, "--kind", "supervise")
    assert (made["kind"], made["obligation"], made["intact"]) == ("supervise", KEY, True)
    out = tmp_path / "slip.pdf"
    told = loaded("slips", "show", made["number"], "-o", out)
    assert "与留痕中的指纹相符" in told.text
    assert sha256(out.read_bytes()).hexdigest() == made["sha256"]
    void = loaded.valid("slip", "slips", "void", made["number"], "--reason", "发错单位")
    assert void["void"] == "发错单位"
    again = loaded.valid("slip", "slips", "issue", KEY, "--kind", "supervise")
    listed = loaded.valid("slips", "slips")
    assert [one["number"] for one in listed["slips"]] == [again["number"], made["number"]]
    assert listed["missing"] == []


@pytest.mark.parametrize(
    "words",
    [["slips", "show", "督办〔1999〕1号"], ["slips", "issue", "no/such/thing"],
     ["slips", "void", "督办〔1999〕1号", "--reason", "x"], ["mailbox", "poll"],
     ["mailbox", "settle", "7"]],
)  # fmt: skip
def test_what_is_not_there_is_refused_and_leaves_nothing(
    loaded: Installation, words: list[str]
) -> None:
    before = loaded.content()
    told = loaded(*words)
    assert (told.code, told.text) == (1, "")
    assert told.error
    assert loaded.content() == before


def test_the_mailbox_is_polled_and_what_waits_is_listed_and_settled(loaded: Installation) -> None:
    with ImapServer() as imap:
        imap.box.put(a_mail("请问何时验收？"))
        loaded.settings.update(
            MAILBOX_HOST=imap.host, MAILBOX_PORT=str(imap.port), MAILBOX_TLS="none",
            MAILBOX_USERNAME=ACCOUNT[0], MAILBOX_PASSWORD=ACCOUNT[1],
        )  # fmt: skip
        assert loaded.valid("poll", "mailbox", "poll")["comments"] == 1
        assert "来信 0" in loaded("mailbox", "poll").text
    [reply] = loaded.valid("replies", "mailbox", "list")["replies"]
    assert (reply["text"], reply["reason"]) == ("请问何时验收？", "no_match")
    assert "不是回复我们的信" in loaded("mailbox", "list").text
    assert loaded("mailbox", "settle", str(reply["id"])).code == 0
    assert loaded.valid("replies", "mailbox", "list")["replies"] == []


def test_a_mailbox_that_cannot_be_reached_is_said(loaded: Installation) -> None:
    told = loaded("mailbox", "poll", mailbox_host="127.0.0.1", mailbox_port="1", mailbox_tls="none")
    assert (told.code, "收信邮箱打不开" in told.error) == (1, True)


CONTACTS = (
    "单位,姓名,角色,邮箱,手机\n"
    "住建局,张三,联络员,zhang@example.gov.cn,13800000001\n"
    "住建局,李四,单位负责人,li@example.gov.cn,13800000002\n"
    "生态分局,王五,联络员,,13800000003\n"
)


@pytest.fixture
def staffed(loaded: Installation) -> Installation:
    assert loaded("contacts", "load", loaded.write("contacts.csv", CONTACTS)).code == 0
    return loaded


def who(staffed: Installation) -> dict[str, str]:
    listed = staffed.valid("people", "contacts", "list")["people"]
    return {f"{one['unit']} {one['role']}": one["name"] for one in listed}


def test_people_are_listed_and_hand_over_roles(staffed: Installation) -> None:
    assert "没有邮箱" in staffed("contacts", "list").text
    told = staffed("contacts", "handover", "张三", "--to", "王五")
    assert (told.code, "移交 1 项任职：张三 → 王五" in told.text) == (0, True)
    assert who(staffed)[f"{住建局} contact"] == "王五"


def test_a_whole_unit_is_handed_over(staffed: Installation) -> None:
    told = staffed("contacts", "handover-unit", "住建局", "--to", "生态分局")
    assert "没有人接手：单位负责人" in told.text
    assert who(staffed) == {f"{住建局} contact": "王五", "env_branch contact": "王五"}


def test_somebody_is_away_and_back(staffed: Installation) -> None:
    told = staffed("contacts", "away", "张三", "--deputy", "李四", "--until", "2099-01-01")
    assert (told.code, "由 李四 代理" in told.text) == (0, True)
    assert "李四 代理" in staffed("contacts", "list").text
    assert staffed("contacts", "back", "张三").code == 0
    assert "李四 代理" not in staffed("contacts", "list").text


def test_links_are_revoked_and_data_erased(staffed: Installation) -> None:
    assert staffed("contacts", "revoke-links", "zhang@example.gov.cn").code == 0
    assert staffed("contacts", "erase", "张三").code == 2
    assert staffed("contacts", "erase", "张三", "--confirm").code == 0
    assert f"{住建局} contact" not in who(staffed)
    assert "张三".encode() not in staffed.database.read_bytes().replace(b"\x00", b"")


@pytest.mark.parametrize(
    "words",
    [["contacts", "handover", "张三", "--to", "nobody"],
     ["contacts", "handover", "x", "--to", "李四"],
     ["contacts", "handover", "张三", "--to", "张三"], ["contacts", "back", "张三"],
     ["contacts", "away", "张三", "--deputy", "李四", "--until", "1999-01-01"],
     ["contacts", "revoke-links", "http://x/a/y.z"], ["contacts", "reachable", "nobody"],
     ["contacts", "handover-unit", "住建局", "--to", "组织部"],
     ["calls", "record", "张三", "--outcome", "reached", "--caller", "李"]],
)  # fmt: skip
def test_what_cannot_be_done_to_people_is_refused_and_leaves_nothing(
    staffed: Installation, words: list[str]
) -> None:
    before = staffed.content()
    told = staffed(*words)
    assert (told.code, told.text) == (1, "")
    assert told.error
    assert staffed.content() == before


def unheard(staffed: Installation) -> None:
    """A rung of an hour ago has found no address of 住建局's contact."""
    at = SystemClock().now() - timedelta(hours=1)
    database = a_database(f"sqlite:///{staffed.database}")
    with database.write() as session:
        ids = queries.obligation_ids(session, "small", [KEY])
        session.add(
            NoticeRow(
                key=f"small|{KEY}|1|+1|contact", programme="small", obligation_id=ids[KEY],
                obligation_key=KEY, deadline_version=1, rung="+1", role="contact", unit=住建局,
                nominal_at=at, send_at=at, state=NoticeState.NOBODY, reason="no_address",
                made_at=at,
            )
        )  # fmt: skip
    database.close()


def test_the_call_list_is_printed_and_a_call_recorded(loaded: Installation, tmp_path: Path) -> None:
    without = CONTACTS.replace("zhang@example.gov.cn", "")
    assert loaded("contacts", "load", loaded.write("contacts.csv", without)).code == 0
    unheard(loaded)
    out = tmp_path / "calls.pdf"
    [call] = loaded.valid("calls", "calls", "-o", out)["calls"]
    assert (call["name"], call["mobile"], call["bounced"]) == ("张三", "13800000001", False)
    assert [one["obligation"] for one in call["matters"]] == [KEY]
    assert out.read_bytes().startswith(b"%PDF")
    told = loaded("calls", "record", "张三", "--outcome", "reached", "--caller", "李值班")
    assert (told.code, "张三：接通" in told.text) == (0, True)
    assert loaded.valid("calls", "calls")["calls"] == []
