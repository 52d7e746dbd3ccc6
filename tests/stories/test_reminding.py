"""A year of reminders on the whole service: real database, real templates, real mail server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta

import icalendar
import pytest

from notifiers.message import Accepted
from tests.builders import (
    a_case_item,
    a_contact,
    a_programme,
    at,
    clause,
    item,
    the_cast,
    住建局,
    生态分局,
)
from tests.sinks import (
    DROP_AFTER_DOT,
    GREYLISTED_450,
    UNKNOWN_550,
    Mail,
    Script,
    ScriptedSmtp,
)
from tests.stories.post import SECRET, Post
from tracker.domain import facts as f
from tracker.services import cases, delivery, feeds, outbox, people, planning, reporting
from tracker.store.database import Database
from tracker.store.tables import DispatchState, NoticeState

KEY = f"1/done/{住建局}"
ONE = a_programme(item("1", due_on="2021-09-30"))


def feed_of(mail: Mail) -> str:
    """The calendar that came with a mail."""
    [attached] = list(mail.iter_attachments())
    return str(attached.get_content())


def sequences(post: Post, key: str) -> list[int]:
    """The numbers of the obligation's entry in all the calendars that were sent, in order."""
    uid = feeds.uid_of("small", key, "tracker.test")
    found = []
    for mail in post.server.messages:
        for part in mail.iter_attachments():
            if part.get_content_type() != "text/calendar":
                continue
            calendar = icalendar.Calendar.from_ical(part.get_content())
            found += [int(one["SEQUENCE"]) for one in calendar.events if one["UID"] == uid]
    return found


@asynccontextmanager
async def posted(database: Database, *scripts: Script) -> AsyncIterator[Post]:
    """The service with a mail server that answers as written."""
    with ScriptedSmtp(*scripts) as server:
        post = Post(database, server, connections=1)
        yield post
        await post.close()


# -- the ladder ------------------------------------------------------------------------------------


async def test_before_at_and_after_the_deadline_up_to_head_and_leader(post: Post) -> None:
    post.publish(ONE)
    assert await post.mornings("2021-08-01", "2021-10-16") == [
        "08-19 contact@housing",
        "09-10 contact@housing",
        "09-22 contact@housing",
        "09-27 contact@housing",
        "09-29 contact@housing",
        "09-30 contact@housing",
        "10-08 contact@housing",
        "10-12 contact@housing",
        "10-12 head@housing",
        "10-15 contact@housing",
        "10-15 head@housing",
        "10-15 leader@housing",
    ]


async def test_the_mail_says_what_is_due_why_and_what_to_do(post: Post) -> None:
    post.publish(ONE)
    await post.mornings("2021-09-27", "2021-09-27")
    [mail] = post.server.messages
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "任务1" in mail.text
    assert "09-30" in mail.text
    assert mail.text.count("https://tracker.test/a/") == 3
    assert "任务1" in mail.html
    feed = feed_of(mail)
    assert "METHOD:PUBLISH" in feed
    assert "DTSTART;VALUE=DATE:20210930" in feed


async def test_mails_to_one_person_about_one_programme_are_one_thread(post: Post) -> None:
    post.publish(ONE)
    await post.mornings("2021-09-22", "2021-10-12")
    contact = [mail for mail in post.server.messages if mail.to.startswith("contact")]
    head = [mail for mail in post.server.messages if mail.to.startswith("head")]
    assert len({mail["References"] for mail in contact}) == 1
    assert contact[0]["References"] != head[0]["References"]
    assert len({mail.message_id for mail in post.server.messages}) == len(post.server.messages)


async def test_a_report_ends_the_reminders_of_its_duty(post: Post) -> None:
    post.publish(ONE)
    await post.mornings("2021-09-22", "2021-09-27")
    post.report(KEY)
    assert await post.mornings("2021-09-28", "2021-10-31") == []


async def test_a_returned_report_brings_them_back(post: Post) -> None:
    post.publish(ONE)
    await post.mornings("2021-09-22", "2021-09-27")
    made = post.report(KEY, accepted=False)
    assert await post.mornings("2021-09-28", "2021-10-11") == []
    with post.database.write() as session:
        reporting.review(session, "small", made, outcome="returned", reason="材料不全",
                         now=post.clock.now(), by="reviewer")  # fmt: skip
    assert await post.mornings("2021-10-12", "2021-10-12") == [
        "10-12 contact@housing",
        "10-12 head@housing",
    ]


async def test_a_receipt_silences_the_contact_for_three_working_days(post: Post) -> None:
    post.publish(ONE)
    await post.mornings("2021-10-08", "2021-10-11")
    with post.database.write() as session:
        reporting.sign_receipt(session, "small", KEY, now=post.clock.now(), by="unit")
    assert await post.mornings("2021-10-12", "2021-10-15") == [
        "10-12 head@housing",
        "10-15 contact@housing",
        "10-15 head@housing",
        "10-15 leader@housing",
    ]
    [silent] = [one for one in post.notices() if one.reason == "receipt"]
    assert (silent.rung, silent.role, silent.state) == ("+4", "contact", NoticeState.SUPPRESSED)


async def test_an_extension_moves_the_ladder_and_the_calendar_entry(post: Post) -> None:
    post.publish(ONE)
    await post.mornings("2021-09-29", "2021-09-29")
    with post.database.write() as session:
        reporting.grant_extension(session, "small", KEY, until=date(2021, 10, 15),
                                  reason="台风", now=post.clock.now(), by="office")  # fmt: skip
    assert await post.mornings("2021-09-30", "2021-10-18") == [
        "09-30 contact@housing",
        "10-12 contact@housing",
        "10-14 contact@housing",
        "10-15 contact@housing",
        "10-18 contact@housing",
    ]
    numbers = sequences(post, KEY)
    assert len(set(numbers)) == 2
    assert numbers == sorted(numbers)


async def test_what_is_settled_is_cancelled_in_the_calendar(post: Post) -> None:
    post.publish(a_programme(item("1", due_on="2021-09-30"), item("2", due_on="2021-10-15")))
    await post.mornings("2021-09-27", "2021-09-29")
    post.report(KEY)
    told = len(post.server.messages)
    await post.mornings("2021-09-30", "2021-10-15")
    feeds = [feed_of(mail) for mail in post.server.messages[told:]]
    assert [feed.count("STATUS:CANCELLED") for feed in feeds] == [1, 0, 0, 0]
    assert [feed.count("STATUS:CONFIRMED") for feed in feeds] == [1, 1, 1, 1]


async def test_an_entry_that_comes_back_stands_above_its_own_cancellation(post: Post) -> None:
    """Whatever happens at one instant, and in the subscription the same as in the mails."""
    post.publish(a_programme(item("1", due_on="2021-09-30"), item("2", due_on="2021-10-15")))
    await post.mornings("2021-09-27", "2021-09-29")
    weeks = ((("09-30", "10-08"), ("10-09", "10-12")), (("10-13", "10-14"), ("10-15", "10-15")))
    for done, undone in weeks:
        report = post.report(KEY)
        await post.mornings(*(f"2021-{day}" for day in done))
        with post.database.write() as session:
            now = post.clock.now()
            wrong = f.Withdrawal(supersedes=f.FactId(report), note="报错了", occurred_at=now,
                                 recorded_at=now)  # fmt: skip
            reporting.record_facts(session, "small", [wrong], now=now, by="office")
        await post.mornings(*(f"2021-{day}" for day in undone))
    numbers = sequences(post, KEY)
    assert numbers == sorted(numbers)
    assert len(set(numbers)) == 5, "open, done, open, done, open"
    with post.database.write() as session:
        house = feeds.House(SECRET, "https://tracker.test", "tracker.test")
        made = feeds.make_for_unit(session, "small", 住建局, house, now=now, by="office")
        late = feeds.content(session, made, house, now=at("2021-09-29 09:00"))
    assert f"SEQUENCE:{numbers[-1]}\r\n".encode() in late


async def test_a_case_is_told_by_the_hour_also_on_rest_days(post: Post) -> None:
    post.publish(a_programme(a_case_item("1", points="5")))
    post.to("2021-10-15 20:00")
    with post.database.write() as session:
        now = post.clock.now()
        cases.open_case(
            session, "small", "督办1", kind="handed", unit=住建局, title="扬尘", received_at=now,
            now=now, by="office",
        )  # fmt: skip
    post.tick()
    await post.deliver()
    await post.play("2021-10-18 20:00", every=timedelta(hours=1))
    rungs = [(one.rung, one.role) for one in sorted(post.notices(), key=lambda n: n.nominal_at)]
    assert rungs == [
        ("intake", "contact"),
        ("half", "contact"),
        ("-12h", "contact"),
        ("limit", "contact"),
        ("limit", "head"),
    ]
    windows = [row.window for row in post.dispatches() if row.recipient.startswith("contact")]
    assert windows == [
        "2021-10-15T20:00",
        "2021-10-17T08:00",
        "2021-10-18T08:00",
        "2021-10-18T20:00",
    ]


# -- one mail, not nine ----------------------------------------------------------------------------


async def test_thirty_items_due_the_same_day_are_one_mail(post: Post) -> None:
    items = [item(f"{n}", due_on="2021-09-30", points="1") for n in range(1, 31)]
    post.publish(a_programme(*items))
    assert await post.mornings("2021-09-27", "2021-09-27") == ["09-27 contact@housing"]
    [mail] = post.server.messages
    assert all(f"任务{n}" in mail.text for n in range(1, 31))


async def test_a_tick_in_many_batches_still_makes_one_mail(post: Post) -> None:
    items = [item(f"{n}", due_on="2021-09-30", points="1") for n in range(1, 31)]
    post.publish(a_programme(*items))
    post.to("2021-09-27 08:30")
    planning.tick_all(post.database, post.clock.now(), batch=7)
    await post.deliver()
    assert len(post.server.messages) == 1
    assert len([n for n in post.notices() if n.state is NoticeState.SENT]) == 30


@pytest.mark.parametrize("days", [3, 31])
async def test_after_an_outage_each_person_gets_one_catch_up(post: Post, days: int) -> None:
    items = [item(f"{n}", due_on=f"2021-10-{n:02d}", points="1") for n in range(8, 31)]
    post.to("2021-10-14 12:00")
    post.publish(a_programme(*items))
    await post.mornings("2021-10-15", "2021-10-15")
    sent = len(post.server.messages)
    post.clock.advance(timedelta(days=days, hours=1))
    post.tick()
    await post.deliver()
    caught_up = post.server.messages[sent:]
    assert sorted(mail.to for mail in caught_up) == sorted({mail.to for mail in caught_up})
    missed = [one for one in post.notices() if one.state is NoticeState.MERGED]
    assert bool(missed) == (days == 31)
    assert all(one.state in (NoticeState.SENT, NoticeState.MERGED) for one in post.notices())


async def test_a_notice_after_the_mail_of_the_day_waits_for_the_next_morning(post: Post) -> None:
    outside = {"kind": "milestone", "id": "done", "external": "省厅方案"}
    post.publish(
        a_programme(item("1", due_on="2021-09-30"), item("2", clause("2", duties=[outside])))
    )
    await post.mornings("2021-09-27", "2021-09-27")
    now = post.to("2021-09-27 10:00")
    with post.database.write() as session:
        entered = f.ExternalDate(
            clause="2",
            duty="done",
            unit=住建局,
            on=date(2021, 9, 30),
            occurred_at=now,
            recorded_at=now,
        )
        reporting.record_facts(session, "small", [entered], now=now, by="office")
    post.tick()
    await post.deliver()
    assert len(post.server.messages) == 1
    assert await post.mornings("2021-09-28", "2021-09-28") == ["09-28 contact@housing"]
    assert "任务2" in post.server.messages[-1].text


# -- people ----------------------------------------------------------------------------------------


async def test_two_contacts_of_a_unit_are_both_told(post: Post) -> None:
    second = a_contact(住建局, "contact", name="第二联络员", mail="second@housing.example.gov.cn")
    post.publish(ONE, [*the_cast(), second])
    assert await post.mornings("2021-09-27", "2021-09-27") == [
        "09-27 contact@housing",
        "09-27 second@housing",
    ]


async def test_a_rung_that_reaches_nobody_is_told_to_the_trail_and_not_an_error(post: Post) -> None:
    post.publish(ONE, [a_contact(生态分局)])
    assert await post.mornings("2021-09-27", "2021-09-27") == []
    assert {(one.state, one.reason) for one in post.notices()} >= {(NoticeState.NOBODY, "nobody")}
    [event] = [one for one in post.events("notice.nobody") if "|-3|" in one.body["key"]]
    assert event.body["unit"] == 住建局


async def test_a_person_without_mail_is_left_to_the_call_list(post: Post) -> None:
    post.publish(ONE, [a_contact(住建局, mail="")])
    assert await post.mornings("2021-09-27", "2021-09-27") == []
    assert post.notices()[-1].reason == "no_address"


async def test_after_a_handover_what_waits_goes_to_the_successor(post: Post) -> None:
    post.publish(ONE)
    post.to("2021-09-27 08:30")
    post.tick()
    with post.database.write() as session:
        old = people.by_mail(session, "contact@housing.example.gov.cn")
        new = people.by_mail(session, "contact@env-branch.example.gov.cn")
        assert old is not None
        assert new is not None
        people.handover(session, leaver=old.id or 0, successor=new.id or 0,
                        on=date(2021, 9, 27), now=post.clock.now(), by="office")  # fmt: skip
    await post.deliver()
    post.tick()
    await post.deliver()
    assert [mail.to for mail in post.server.messages] == ["contact@env-branch.example.gov.cn"]
    [stopped] = post.events("dispatch.suppressed")
    [sent] = post.events("dispatch.sent")
    assert stopped.body["notices"] == [], "what went to somebody else is not this mail's any more"
    assert f"small|{KEY}|1|-3|contact" in sent.body["notices"]


async def test_what_is_done_between_plan_and_sending_is_not_mailed(post: Post) -> None:
    post.to("2021-09-26 12:00")
    post.publish(ONE)
    post.to("2021-09-27 08:30")
    post.tick()
    post.report(KEY)
    result = await post.deliver()
    assert (result.sent, result.suppressed) == (0, 1)
    assert [(one.state, one.reason) for one in post.notices()][-1] == (
        NoticeState.SUPPRESSED, "done",
    )  # fmt: skip


# -- the mail server -------------------------------------------------------------------------------


async def test_a_greylisting_server_gets_the_mail_again_later(database: Database) -> None:
    async with posted(database, GREYLISTED_450) as post:
        post.to("2021-09-26 12:00")
        post.publish(ONE)
        post.to("2021-09-27 08:30")
        post.tick()
        assert (await post.deliver()).later == 1
        assert (await post.deliver()).later == 0
        post.clock.advance(timedelta(minutes=31))
        assert (await post.deliver()).sent == 1
        [row] = post.dispatches()
        assert (row.state, row.attempt) == (DispatchState.SENT, 2)
        assert post.server.messages[0].message_id == row.message_id


async def test_a_refused_mail_settles_as_failed_and_is_never_sent_again(
    database: Database,
) -> None:
    async with posted(database, UNKNOWN_550) as post:
        post.to("2021-09-26 12:00")
        post.publish(ONE)
        post.to("2021-09-27 08:30")
        post.tick()
        assert (await post.deliver()).failed == 1
        [row] = post.dispatches()
        assert (row.state, row.outcome) == (DispatchState.FAILED, "refused")
        assert "550" in row.server_reply
        assert "@" not in row.server_reply
        assert post.notices()[-1].state is NoticeState.FAILED
        post.clock.advance(timedelta(hours=5))
        await post.deliver()
        assert post.server.verbs.count("MAIL") == 1
        assert [event.body["notices"] for event in post.events("dispatch.failed")]


async def test_a_server_that_is_silent_after_the_mail_gets_the_same_one_again(
    database: Database,
) -> None:
    async with posted(database, DROP_AFTER_DOT, Script()) as post:
        post.publish(ONE)
        post.to("2021-09-27 08:30")
        post.tick()
        assert (await post.deliver()).unknown == 1
        post.clock.advance(timedelta(minutes=31))
        assert (await post.deliver()).sent == 1
        first, second = post.server.messages
        assert first.message_id == second.message_id
        assert first.raw == second.raw


async def test_it_gives_up_after_some_days_where_everybody_sees_it(database: Database) -> None:
    async with posted(database, Script(mail="451 4.3.0 not now")) as post:
        post.publish(ONE)
        post.to("2021-09-27 08:30")
        post.tick()
        for _ in range(50):
            await post.deliver()
            post.clock.advance(timedelta(hours=3))
        [row] = [one for one in post.dispatches() if one.window == "2021-09-27"]
        assert (row.state, row.outcome) == (DispatchState.FAILED, "given_up")


async def test_a_worker_that_dies_after_sending_has_the_same_mail_sent_again(post: Post) -> None:
    post.publish(ONE)
    now = post.to("2021-09-27 08:30")
    post.tick()
    with post.database.write() as session:
        claims = outbox.claim(session, now, limit=10, worker="one that dies")
        [ready], _ = delivery.prepare(
            session, claims, post.parts.stationery, now, as_of=now, retry=post.parts.retry
        )
    accepted = await post.channel.send_raw(
        ready.raw, sender=ready.sender, to=ready.to, message_id=ready.message_id
    )
    assert isinstance(accepted, Accepted)  # and here it died
    assert (await post.deliver()).sent == 0
    post.clock.advance(outbox.LEASE)
    assert (await post.deliver()).sent == 1
    first, second = post.server.messages
    assert (first.message_id, first.raw) == (second.message_id, second.raw)


async def test_a_worker_that_wakes_up_after_its_lease_changes_nothing(post: Post) -> None:
    post.publish(ONE)
    now = post.to("2021-09-27 08:30")
    post.tick()
    with post.database.write() as session:
        [claim] = outbox.claim(session, now, limit=10, worker="one that sleeps")
    post.clock.advance(outbox.LEASE)
    await post.deliver()
    late = outbox.Outcome(claim, outbox.Ending.REFUSED, "550 too late")
    with post.database.write() as session:
        assert outbox.settle(session, [late], post.clock.now(), post.parts.retry) == []
    assert post.dispatches()[0].state is DispatchState.SENT


async def test_the_trail_holds_the_proof_and_no_address(post: Post) -> None:
    post.to("2021-09-26 12:00")
    post.publish(ONE)
    await post.mornings("2021-09-27", "2021-09-27")
    [sent] = post.events("dispatch.sent")
    assert sent.body["message_id"] == post.server.messages[0].message_id
    assert sent.body["notices"] == [f"small|{KEY}|1|-3|contact"]
    assert "@" not in str({**sent.body, "message_id": ""})
