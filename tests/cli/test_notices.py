"""Reminders seen to on the command line: looked at, put off, silenced, sent by hand, sent again."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, timedelta

import pytest
from sqlmodel import select

from schedules.clock import SystemClock
from tests.builders import JANUARY, a_database, 住建局
from tests.cli.conftest import Installation, small
from tracker.definitions import yamlform
from tracker.domain.programme import Programme
from tracker.store.letters import LetterRow
from tracker.store.tables import DispatchRow, DispatchState, PersonRow

KEY = f"1/done/{住建局}"
CONTACTS = (
    "单位,姓名,角色,邮箱\n住建局,张工,contact,zhang@county.example\n"
    "住建局,李局,head,li@county.example\n"
)


def in_days(n: int) -> str:
    return f"{SystemClock().now().astimezone(UTC) + timedelta(days=n):%Y-%m-%d}"


@pytest.fixture
def staffed(loaded: Installation) -> Installation:
    """The year is over, and the office goes on asking for what is open."""
    open_end = {**small().model_dump(mode="json", by_alias=True), "policy": {"ends_on": "never"}}
    again = loaded.write("open.yaml", yamlform.dump(Programme.model_validate(open_end)))
    assert loaded("programme", "load", again).code == 0
    told = loaded("contacts", "load", loaded.write("contacts.csv", CONTACTS))
    assert told.code == 0, told.error
    return loaded


def test_the_mails_to_come_are_listed_and_read_and_nothing_is_written(
    staffed: Installation,
) -> None:
    """The duties of 2021 are overdue: each is asked for every three working days."""
    before = staffed.content()
    found = staffed.valid("ahead", "notices", "ahead")
    mail = next(one for one in found["mails"] if one["mail"] == "zhang@county.example")
    assert {one["role"] for one in mail["told"]} == {"contact"}
    assert all(one["why"] for one in mail["told"])
    assert "zhang" not in staffed("notices", "ahead").error
    letter = staffed.valid("letter", "notices", "read", mail["key"])
    assert letter["subject"].startswith("【催办】")
    assert letter["mail"] == "zhang@county.example"
    told = staffed("notices", "read", "1|never|mail")
    assert (told.code, "no mail of the next two weeks" in told.error) == (1, True)
    assert staffed.content() == before


def test_a_silence_is_made_listed_and_ended(staffed: Installation) -> None:
    until = in_days(20)
    made = staffed.valid(
        "silence", "notices", "silence", "obligation", KEY, "--until", until, "--because", "部署"
    )
    assert (made["number"], made["scope"], made["subject"], made["mode"], made["in_force"]) == (
        1, "obligation", KEY, "silence", True,
    )  # fmt: skip
    ahead = staffed.valid("ahead", "notices", "ahead")
    assert KEY not in {told["obligation"] for one in ahead["mails"] for told in one["told"]}
    [listed] = staffed.valid("silences", "notices", "silences")["silences"]
    assert listed["because"] == "部署"
    assert staffed.valid("silence", "notices", "resume", "1")["in_force"] is False
    again = staffed("notices", "resume", "1")
    assert (again.code, "is over already" in again.error) == (1, True)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["obligation", KEY, "--because", "x"], "--until"),
        (["obligation", KEY, "--until", "+9"], "needs a reason"),
        (["obligation", KEY, "--until", "+200", "--because", "x"], "at most 92 days"),
        (["unit", "没有的局", "--until", "+9", "--because", "x"], "no unit"),
        (["person", "nobody@x.example", "--until", "+9", "--because", "x"], "nobody has"),
    ],
)
def test_a_silence_that_cannot_be_leaves_nothing(
    staffed: Installation, words: list[str], says: str
) -> None:
    before = staffed.content()
    given = [in_days(int(word[1:])) if word[0] == "+" else word for word in words]
    told = staffed("notices", "silence", *given)
    assert (told.code, says in told.error) == (1, True), told.error
    assert staffed.content() == before


def test_one_is_sent_by_hand_and_the_next_tick_makes_its_mail(staffed: Installation) -> None:
    sent = staffed.valid("sent", "notices", "send", KEY, "--role", "head", "--because", "领导要求")
    [key] = sent["keys"]
    assert key.endswith("|head")
    told = staffed("notices", "send", KEY, "--role", "boss")
    assert (told.code, "no role 'boss'" in told.error) == (1, True)
    told = staffed("notices", "resend", "nobody@nowhere")
    assert (told.code, "no mail has the number" in told.error) == (1, True)


def test_the_mails_that_went_out_are_listed_and_read(staffed: Installation) -> None:
    assert "还没有发出的信" in staffed("notices", "mails", "--lang", "zh").text
    with (
        closing(a_database(f"sqlite:///{staffed.database}")) as database,
        database.write() as office,
    ):
        person = office.exec(select(PersonRow)).first()
        assert person is not None
        office.add(
            DispatchRow(
                key="k", person_id=person.id or 0, programme="small", window="2021-09-26/am",
                channel="mail", state=DispatchState.SENT, outcome="sent", made_at=JANUARY,
                due_at=JANUARY, settled_at=JANUARY, frozen_at=JANUARY, attempt=1,
                message_id="k@county.example", recipient="zhang@county.example",
                subject="【催办】1 项到期", server_reply="250 2.0.0 Ok",
            )
        )  # fmt: skip
        office.flush()
        raw = b"Content-Type: text/plain; charset=utf-8\r\n\r\nhttps://x.cn/a/secret\r\n"
        office.add(LetterRow(dispatch_id=1, raw=raw))
    [mail] = staffed.valid("mails", "notices", "mails")["mails"]
    assert (mail["state"], mail["reply"], mail["text"]) == ("sent", "250 2.0.0 Ok", "")
    assert "已被服务器接收" in staffed("notices", "mails", "--lang", "zh").text
    assert staffed.valid("mails", "notices", "mails", "--kind", "digest")["mails"] == []
    assert staffed.valid("mail", "notices", "mail", "1")["text"].strip() == "https://x.cn/a/…"
    told = staffed("notices", "mails", "--kind", "letter")
    assert (told.code, "no such kind" in told.error) == (1, True)
    assert staffed("notices", "mail", "9").code == 1
