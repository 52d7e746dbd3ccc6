"""The service watches itself: its office hears of what went wrong, once a day, and no more."""

from __future__ import annotations

from datetime import timedelta

import pytest
from jinja2 import Environment
from sqlmodel import select

from tests.builders import JANUARY, NEW_YEAR, a_contact, a_programme, at, item, the_cast, 住建局
from tests.stories.post import stationery
from tracker.domain.silences import Mode, Scope
from tracker.runtime import environment
from tracker.services import (
    heartbeats,
    outbox,
    people,
    planning,
    programmes,
    silences,
    trail,
    watch,
)
from tracker.services.watch import Gap
from tracker.settings import Settings
from tracker.store.database import Database
from tracker.store.tables import DispatchKind, DispatchRow, DispatchState

MORNING = at("2021-09-27 08:30")
KEY = f"1/done/{住建局}"


@pytest.fixture(scope="module")
def templates() -> Environment:
    return environment(Settings(secret="a secret of tests that is long enough"))


@pytest.fixture
def lonely(database: Database) -> Database:
    """住建局 has a head and no contact; the office is there; rungs of September are due."""
    with database.write() as session:
        programmes.publish(session, a_programme(item("1", due_on="2021-09-30")), now=JANUARY,
                           by="office")  # fmt: skip
        cast = [a_contact(住建局, "head"), a_contact("*", "office", mail="office@county.example")]
        people.load_contacts(session, cast, now=JANUARY, on=NEW_YEAR, by="office")
    return database


def look(database: Database, templates: Environment, when: str) -> int:
    with database.write() as session:
        return watch.watch(session, at(when), stationery=stationery(), templates=templates)


def mails(database: Database) -> list[DispatchRow]:
    with database.read() as session:
        wanted = select(DispatchRow).where(DispatchRow.kind == DispatchKind.OFFICE)
        return list(session.exec(wanted.order_by(DispatchRow.id)).all())


def test_a_rung_that_finds_nobody_is_told_to_the_office_once(
    lonely: Database, templates: Environment
) -> None:
    planning.tick_all(lonely, MORNING)
    assert look(lonely, templates, "2021-09-27 08:35") == 1
    assert look(lonely, templates, "2021-09-27 08:40") == 0
    [mail] = mails(lonely)
    assert mail.subject == "【值守】1 处催办找不到人"
    assert "县住房和城乡建设局 · 联络员" in mail.text
    assert "补上人和邮箱" in mail.text
    assert "县住房和城乡建设局 · 联络员" in mail.html
    when = at("2021-09-27 09:40")
    while when < at("2021-09-29 08:30"):
        with lonely.write() as session:
            heartbeats.beat(session, heartbeats.TICK, when, {})
            made = watch.watch(session, when, stationery=stationery(), templates=templates)
        assert made == 0, "told already"
        when += timedelta(hours=1)
    planning.tick_all(lonely, at("2021-09-29 08:30"))
    assert look(lonely, templates, "2021-09-29 08:45") == 1, "another rung found nobody"


def test_who_has_no_address_is_to_be_called_and_the_office_is_told_so(
    lonely: Database, templates: Environment
) -> None:
    with lonely.write() as session:
        cast = [a_contact(住建局, mail="")]
        people.load_contacts(session, cast, now=JANUARY, on=NEW_YEAR, by="office")
    planning.tick_all(lonely, MORNING)
    assert look(lonely, templates, "2021-09-27 08:35") == 1
    [mail] = mails(lonely)
    assert mail.subject == "【值守】1 处要打电话"
    for part in (mail.text, mail.html):
        assert "县住房和城乡建设局 · 联络员" in part
        assert "/p/small/calls" in part
        assert "找不到人" not in part


def test_a_mail_that_came_back_is_told_to_the_office(
    lonely: Database, templates: Environment
) -> None:
    a_stuck_mail(lonely, state=DispatchState.SENT, settled_at=MORNING, outcome="sent")
    with lonely.write() as session:
        [row] = session.exec(select(DispatchRow)).all()
        outbox.bounced(session, row, "5.1.1 no such user", at("2021-09-27 08:32"))
    assert look(lonely, templates, "2021-09-27 08:35") == 1
    [mail] = mails(lonely)
    assert mail.subject == "【值守】1 封信被退拒"
    assert "5.1.1 no such user" in mail.text
    assert "/p/small/calls" in mail.text


def test_what_another_channel_took_over_is_nobody_to_call(
    lonely: Database, templates: Environment
) -> None:
    body = {"reply": "93000 invalid webhook url", "next": "webhook"}
    with lonely.write() as session:
        trail.append(session, "small", "dispatch.failed", "1", body, now=MORNING)
    assert look(lonely, templates, "2021-09-27 08:35") == 1
    [mail] = mails(lonely)
    assert "1 封：93000 invalid webhook url。已改由网址推送告知" in mail.text
    for part in (mail.text, mail.html):
        assert "tracker channel test" in part
        assert "电话清单" not in part


def test_nothing_is_told_at_night_and_what_happened_then_in_the_morning(
    lonely: Database, templates: Environment
) -> None:
    planning.tick_all(lonely, MORNING)
    assert look(lonely, templates, "2021-09-27 20:00") == 0
    assert look(lonely, templates, "2021-09-28 08:30") == 1


def test_where_all_is_well_nobody_hears_of_it(database: Database, templates: Environment) -> None:
    with database.write() as session:
        programmes.publish(session, a_programme(item("1", due_on="2021-09-30")), now=JANUARY,
                           by="office")  # fmt: skip
        cast = [*the_cast(), a_contact("*", "office", mail="office@county.example")]
        people.load_contacts(session, cast, now=JANUARY, on=NEW_YEAR, by="office")
    planning.tick_all(database, MORNING)
    assert look(database, templates, "2021-09-27 08:35") == 0
    assert mails(database) == []


def test_a_service_that_stood_still_says_so_in_the_mail_and_in_the_digest(
    lonely: Database, templates: Environment
) -> None:
    look(lonely, templates, "2021-09-20 09:00")
    look(lonely, templates, "2021-09-20 10:59")
    look(lonely, templates, "2021-09-23 10:00")
    [mail] = mails(lonely)
    assert mail.subject == "【值守】服务停过 1 次"
    with lonely.read() as session:
        gap = Gap("watch", at("2021-09-20 10:59"), at("2021-09-23 10:00"))
        assert list(watch.gaps(session, at("2021-09-20"))) == [gap]
        told = watch.weekly(session, "small", at("2021-09-27 08:30"), Settings())
    assert [dict(one.values) for one in told if one.name == "silent"] == [
        {"from": "09-20 10:59", "hours": 71}
    ]


def test_a_part_that_stands_still_is_told_once(lonely: Database, templates: Environment) -> None:
    with lonely.write() as session:
        heartbeats.beat(session, heartbeats.DELIVER, at("2021-09-27 09:00"), {})
    for hour in range(9, 16):
        look(lonely, templates, f"2021-09-27 {hour:02d}:05")
    with lonely.read() as session:
        found = [one.part for one in watch.gaps(session, at("2021-09-27"))]
    assert found == ["deliver"]


def a_stuck_mail(database: Database, **parts: object) -> None:
    with database.write() as session:
        person = people.by_mail(session, "office@county.example")
        assert person is not None
        given: dict[str, object] = {
            "key": f"{len(parts)}|2021-09-27|mail", "person_id": person.id, "programme": "small",
            "window": "2021-09-27", "channel": "mail", "message_id": f"m{len(parts)}@x",
            "made_at": at("2021-09-27 08:30"), "due_at": at("2021-09-27 12:00"),
            "frozen_at": at("2021-09-27 08:30"), "attempt": 3, "outcome": "later",
            "state": DispatchState.PENDING, "server_reply": "451 try later", **parts,
        }  # fmt: skip
        session.add(DispatchRow.model_validate(given))


def test_a_channel_that_takes_nothing_is_told_after_an_hour(
    lonely: Database, templates: Environment
) -> None:
    a_stuck_mail(lonely)
    assert look(lonely, templates, "2021-09-27 09:00") == 0
    assert look(lonely, templates, "2021-09-27 09:40") == 1
    [mail] = mails(lonely)
    assert mail.subject == "【值守】1 封信发不出去"
    assert "451 try later" in mail.text


def test_a_channel_that_takes_some_is_not_failing(lonely: Database, templates: Environment) -> None:
    a_stuck_mail(lonely)
    a_stuck_mail(
        lonely, state=DispatchState.SENT, settled_at=at("2021-09-27 09:30"), outcome="sent"
    )
    assert look(lonely, templates, "2021-09-27 09:40") == 0


def test_a_silence_over_what_is_late_stands_in_the_digest(lonely: Database) -> None:
    now = at("2021-10-08 09:00")
    with lonely.write() as session:
        silences.make(session, "small", scope=Scope.UNIT, subject=住建局, mode=Mode.SILENCE,
                      until=now + timedelta(days=5), because="搬迁", by="office",
                      now=now)  # fmt: skip
        programmes.refresh_obligations(session, "small", now=now)
        told = watch.weekly(session, "small", now, Settings())
    [one] = [one for one in told if one.name == "silence"]
    assert one.code == "health.silence_unit"
    assert dict(one.values) == {
        "about": "县住房和城乡建设局", "because": "搬迁", "late": 1, "until": "10-13 09:00", "n": 1,
    }  # fmt: skip


def test_the_trail_knows_how_long_it_stood_still(lonely: Database, templates: Environment) -> None:
    look(lonely, templates, "2021-09-20 09:00")
    look(lonely, templates, "2021-09-20 12:00")
    with lonely.read() as session:
        [event] = [one for one in trail.events(session, trail.HOUSE)
                   if one.kind == "service.silent"]  # fmt: skip
    assert event.body["part"] == "watch"
