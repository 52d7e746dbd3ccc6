"""A channel that fails gives way to the next, everything with it, and the ledger says so."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from sqlmodel import select

from notifiers.message import (
    DINGTALK,
    MAILING,
    WEBHOOK,
    WECOM,
    Accepted,
    PermanentFailure,
    TransientFailure,
    UnknownOutcome,
    Way,
)
from notifiers.notes import Note, frozen, thawed
from notifiers.posting import Place, networks
from notifiers.robots import WECOM as WECOM_DIALECT
from notifiers.robots import RobotChannel
from schedules.clock import FakeClock
from tests.builders import JANUARY, NEW_YEAR, a_programme, at, item, the_cast, 住建局, 生态分局
from tests.hooks import Hook, Reply
from tests.stories.post import stationery
from tracker.definitions.sheets import Contact
from tracker.services import (
    delivery,
    mailings,
    people,
    planning,
    programmes,
    reporting,
    trail,
)
from tracker.services.delivery import DeliverResult, Parts
from tracker.services.fallback import Route
from tracker.store.database import Database
from tracker.store.tables import DispatchRow, DispatchState, NoticeRow, NoticeState, PersonRow

MORNING = at("2021-09-27 08:30")
BOTH = a_programme(item("1", due_on="2021-09-30", responsible=(住建局, 生态分局)))
REFUSED = PermanentFailure("550 no such user")
LATER = TransientFailure("451 later")


@dataclass
class Tray:
    """A channel into a list; it raises `failure` instead while it has one."""

    way: Way = MAILING
    failure: Exception | None = None
    taken: list[bytes] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.way.name

    @property
    def notes(self) -> list[Note]:
        return [thawed(one) for one in self.taken]

    async def send_raw(self, raw: bytes, *, sender: str, to: str, message_id: str) -> Accepted:
        if self.failure is not None:
            raise self.failure
        self.taken.append(raw)
        return Accepted(self.name, "taken")

    async def close(self) -> None:
        pass


@dataclass
class House:
    database: Database
    parts: Parts
    clock: FakeClock

    async def deliver(self) -> DeliverResult:
        return await delivery.deliver(self.parts, self.clock.now())

    async def after(self, wait: timedelta) -> DeliverResult:
        self.clock.advance(wait)
        return await self.deliver()

    def rows(self) -> list[DispatchRow]:
        with self.database.read() as session:
            return list(session.exec(select(DispatchRow).order_by(DispatchRow.id)).all())

    def states(self) -> list[tuple[str, str, str]]:
        return [(row.channel, row.state.value, row.outcome) for row in self.rows()]

    def notices(self) -> list[NoticeRow]:
        with self.database.read() as session:
            return list(session.exec(select(NoticeRow).order_by(NoticeRow.key)).all())

    def by_rung(self) -> dict[str, set[NoticeState]]:
        found: dict[str, set[NoticeState]] = {}
        for notice in self.notices():
            found.setdefault(notice.rung, set()).add(notice.state)
        return found

    def told(self, kind: str) -> list[trail.Event]:
        with self.database.read() as session:
            return [one for one in trail.events(session, "small") if one.kind == kind]


def house(
    database: Database, *trays: object, cast: list[Contact] | None = None, now: datetime = MORNING
) -> House:
    """The mails of one morning, planned: the contacts of two units. The rung that had passed when
    the programme was loaded waits with the one of the morning, and is merged into it."""
    first, *rest = trays
    with database.write() as session:
        programmes.publish(session, BOTH, now=at("2021-09-24 12:00"), by="office")
        people.load_contacts(session, cast or the_cast(), now=JANUARY, on=NEW_YEAR, by="office")
    clock = FakeClock(now)
    parts = Parts(database, first, clock, stationery(), connections=2, fallbacks=tuple(rest))
    planning.tick_all(database, now, ways=parts.route.ways)
    return House(database, parts, clock)


async def test_what_the_first_channel_refuses_goes_out_on_the_next_at_once(
    database: Database,
) -> None:
    mail, robot = Tray(failure=REFUSED), Tray(WECOM)
    one = house(database, mail, robot)
    await one.deliver()
    await one.deliver()
    assert one.states() == [
        ("mail", "failed", "refused"), ("mail", "failed", "refused"),
        ("wecom", "sent", "sent"), ("wecom", "sent", "sent"),
    ]  # fmt: skip
    assert one.by_rung() == {"-7": {NoticeState.MERGED}, "-3": {NoticeState.SENT}}
    assert len(robot.notes) == 2


async def test_a_rung_that_was_merged_follows_the_mail_that_takes_it_in(
    database: Database,
) -> None:
    robot = Tray(WECOM)
    one = house(database, Tray(failure=REFUSED), robot)
    await one.deliver()
    await one.deliver()
    sent = {row.id for row in one.rows() if row.state is DispatchState.SENT}
    assert {notice.dispatch_id for notice in one.notices()} == sent
    assert {notice.reason for notice in one.notices() if notice.rung == "-7"} == {"-3"}
    assert len(robot.notes) == 2


async def test_a_rung_that_was_merged_into_a_refused_mail_goes_to_the_successor_with_it(
    database: Database,
) -> None:
    mail = Tray(failure=LATER)
    one = house(database, mail)
    await one.deliver()
    with database.write() as session:
        leaver, successor = (
            people.by_mail(session, f"{role}@housing.example.gov.cn")
            for role in ("contact", "head")
        )
        assert leaver is not None
        assert successor is not None
        people.handover(
            session, leaver=leaver.id or 0, successor=successor.id or 0, on=MORNING.date(),
            now=one.clock.now(), by="office",
        )  # fmt: skip
    mail.failure = None
    assert (await one.after(timedelta(minutes=31))).suppressed == 1
    planning.tick_all(database, one.clock.now())
    await one.deliver()
    [row] = [row for row in one.rows() if row.person_id == successor.id]
    mine = {n.rung: (n.state, n.reason) for n in one.notices() if n.dispatch_id == row.id}
    assert mine == {"-7": (NoticeState.MERGED, "-3"), "-3": (NoticeState.SENT, "")}


async def test_a_rung_that_was_merged_into_a_mail_with_nothing_left_to_say_is_settled_with_it(
    database: Database,
) -> None:
    one = house(database, Tray(failure=LATER))
    await one.deliver()
    for unit in (住建局, 生态分局):
        with database.write() as session:
            made = reporting.report_progress(
                session, "small", f"1/done/{unit}", now=one.clock.now(), by="unit", done=True
            )
            reporting.review(
                session, "small", made.id, outcome="accepted", now=one.clock.now(), by="reviewer"
            )
    assert (await one.after(timedelta(minutes=31))).suppressed == 2
    assert one.by_rung() == {"-7": {NoticeState.SUPPRESSED}, "-3": {NoticeState.SUPPRESSED}}


async def test_the_trail_names_the_next_channel_and_keeps_both_answers(database: Database) -> None:
    one = house(database, Tray(failure=REFUSED), Tray(WECOM))
    await one.deliver()
    await one.deliver()
    failed, sent = one.told("dispatch.failed"), one.told("dispatch.sent")
    assert [event.body["next"] for event in failed] == ["wecom", "wecom"]
    assert failed[0].body["reply"] == "550 no such user"
    assert sent[0].body["reply"] == "taken"
    assert [event.body["channel"] for event in sent] == ["wecom", "wecom"]
    assert failed[0].body["notices"] == sent[0].body["notices"]


async def test_the_message_says_that_another_channel_could_not_deliver_it(
    database: Database,
) -> None:
    robot, hook = Tray(WECOM, REFUSED), Tray(WEBHOOK)
    one = house(database, Tray(failure=REFUSED), robot, hook)
    for _ in range(3):
        await one.deliver()
    assert "原应由企业微信告知而未能送达" in hook.notes[0].text


async def test_a_channel_that_only_puts_off_gives_way_after_an_hour(database: Database) -> None:
    mail, robot = Tray(failure=LATER), Tray(WECOM)
    one = house(database, mail, robot)
    assert (await one.deliver()).later == 2
    assert (await one.after(timedelta(minutes=31))).later == 2
    assert robot.taken == []
    assert (await one.after(timedelta(minutes=61))).failed == 2
    await one.deliver()
    assert [outcome for _, _, outcome in one.states()] == ["passed_on"] * 2 + ["sent"] * 2
    mail.failure = None
    await one.after(timedelta(days=1))
    assert mail.taken == []


async def test_what_may_have_been_accepted_is_not_told_twice_on_another_channel(
    database: Database,
) -> None:
    robot = Tray(WECOM)
    one = house(database, Tray(failure=UnknownOutcome("gone after the dot")), robot)
    await one.deliver()
    for _ in one.parts.retry.waits[1:]:
        await one.after(timedelta(hours=3))
    assert robot.taken == []
    assert {state for _, state, _ in one.states()} == {"unknown"}
    await one.after(timedelta(days=6))  # given up at last: better twice than never
    await one.deliver()
    assert len(robot.taken) == 2


async def test_where_every_channel_has_failed_the_notice_has_failed(database: Database) -> None:
    one = house(database, Tray(failure=REFUSED), Tray(WECOM, REFUSED), Tray(DINGTALK, REFUSED))
    for _ in range(3):
        await one.deliver()
    assert [channel for channel, _, _ in one.states()] == ["mail"] * 2 + ["wecom"] * 2 + [
        "dingtalk"
    ] * 2
    assert one.by_rung() == {"-7": {NoticeState.MERGED}, "-3": {NoticeState.FAILED}}
    last = {row.id for row in one.rows() if row.channel == "dingtalk"}
    assert {notice.dispatch_id for notice in one.notices()} == last


async def test_what_was_settled_between_the_channels_is_not_told_any_more(
    database: Database,
) -> None:
    robot = Tray(WECOM, LATER)
    one = house(database, Tray(failure=REFUSED), robot)
    await one.deliver()
    await one.deliver()
    with database.write() as session:
        for unit in (住建局, 生态分局):
            made = reporting.report_progress(
                session, "small", f"1/done/{unit}", now=one.clock.now(), by="unit", done=True
            )
            reporting.review(
                session, "small", made.id, outcome="accepted", now=one.clock.now(), by="reviewer"
            )
    robot.failure = None
    assert (await one.after(timedelta(minutes=31))).suppressed == 2
    assert robot.taken == []


async def test_who_has_no_mailbox_is_told_on_the_first_channel_that_needs_none(
    database: Database,
) -> None:
    cast = [replace_mail(one) if one.unit == 住建局 else one for one in the_cast()]
    mail, hook = Tray(), Tray(WEBHOOK)
    one = house(database, mail, hook, cast=cast)
    await one.deliver()
    assert sorted(channel for channel, _, _ in one.states()) == ["mail", "webhook"]
    [note] = hook.notes
    assert note.mail == ""
    assert note.mobile == "13800000000"


def replace_mail(one: Contact) -> Contact:
    return replace(one, mail="", mobile="13800000000")


async def test_a_group_never_reads_a_link_that_acts_for_somebody(database: Database) -> None:
    private, group = Tray(WEBHOOK), Tray(WECOM)
    one = house(database, private, group)
    await one.deliver()
    assert len(private.notes) == 2
    assert all("/a/" in note.text for note in private.notes)
    private.failure = REFUSED
    other = replace(one.parts, channel=group, fallbacks=())
    with database.write() as session:
        for row in session.exec(select(DispatchRow)):
            row.state, row.due_at, row.channel = DispatchState.PENDING, MORNING, "wecom"
            row.frozen_at = row.raw = None
        for notice in session.exec(select(NoticeRow)):
            notice.state = NoticeState.DISPATCHED
    await delivery.deliver(other, MORNING)
    for note in group.notes:
        assert "/a/" not in note.text + note.url
        assert note.mail == ""
        assert "https://tracker.test/p/small/" in note.text
        assert note.person in note.text


async def test_a_channel_that_is_in_use_no_more_hands_everything_on(database: Database) -> None:
    one = house(database, Tray(WECOM))
    mail = Tray()
    one.parts = replace(one.parts, channel=mail)
    await one.deliver()
    await one.deliver()
    assert len(mail.taken) == 2
    assert [(c, o) for c, _, o in one.states()] == [("wecom", "no_channel")] * 2 + [
        ("mail", "sent")
    ] * 2


async def test_a_slow_robot_holds_up_no_mail(database: Database) -> None:
    reply = Reply({"errcode": 0, "errmsg": "ok"})
    cast = [replace_mail(one) if one.unit == 住建局 else one for one in the_cast()]
    mail = Tray()
    with Hook(reply) as hook:
        place = Place(hook.url, "wecom_url", allowed=networks("127.0.0.1"))
        robot = RobotChannel(WECOM_DIALECT, place, lambda: MORNING)
        one = house(database, mail, robot, cast=cast)
        assert (await one.deliver()).sent == 2
        await robot.close()
    assert len(mail.taken) == 1
    [request] = hook.requests
    assert "编号" in request.json["text"]["content"]
    [row] = [row for row in one.rows() if row.channel == "wecom"]
    assert row.server_reply == "200 0 ok"


async def test_an_erased_person_is_told_nothing_on_any_channel(database: Database) -> None:
    robot = Tray(WECOM)
    one = house(database, Tray(failure=REFUSED), robot)
    one.parts = replace(one.parts, fallbacks=())
    await one.deliver()
    with database.write() as session:
        ids = [row.id or 0 for row in session.exec(select(PersonRow))]
        for id_ in ids:
            people.erase(session, id_, on=MORNING.date(), now=MORNING, by="office")
    one.parts = replace(one.parts, channel=robot)
    await one.after(timedelta(days=1))
    assert robot.taken == []


async def test_the_history_of_an_obligation_shows_who_was_told_and_how(database: Database) -> None:
    one = house(database, Tray(failure=REFUSED), Tray(WECOM))
    await one.deliver()
    await one.deliver()
    with database.read() as session:
        found = mailings.of_obligation(session, "small", f"1/done/{住建局}", known_at=MORNING)
    assert [(mailing.state, mailing.reply) for mailing in found] == [
        ("merged", "taken"),
        ("sent", "taken"),
    ]


def test_a_note_is_json_that_says_who_and_what() -> None:
    note = Note("1@x.cn", "张工", "主题", "正文", "2021-09-27")
    with pytest.raises(PermanentFailure):
        thawed(b"[]")
    assert thawed(frozen(note)) == note
    assert json.loads(frozen(note))["person"] == "张工"


def test_who_has_no_address_is_told_by_the_next_channel_that_needs_none() -> None:
    route = Route((WECOM, MAILING, WEBHOOK))
    assert route.after("wecom", addressed=True) is MAILING
    assert route.after("wecom", addressed=False) is WEBHOOK
    assert route.after("webhook", addressed=False) is None
    assert route.after("feishu", addressed=False) is WECOM, "one that is in use no more"
