"""People come and go: handovers, absences, digests that are left, and being forgotten."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlmodel import select

from tests.builders import a_contact, a_programme, at, item, 住建局, 生态分局
from tests.imapserver import ImapServer
from tests.stories.post import SECRET, Post
from tests.stories.test_replies import answer, bounce, poll
from tracker.domain.errors import Refused
from tracker.domain.silences import Mode, Scope
from tracker.runtime import environment
from tracker.services import absences, calls, links, people, silences, subscriptions, weekpost
from tracker.services.calls import Outcome
from tracker.services.people import Role
from tracker.settings import Settings
from tracker.store.database import Database
from tracker.store.tables import PersonRow, Table

KEY = f"1/done/{住建局}"
TEMPLATES = environment(Settings(secret=SECRET))


def person(post: Post, unit: str = 住建局, role: str = "contact") -> PersonRow:
    with post.database.read() as session:
        found = people.by_mail(session, a_contact(unit, role).mail)
    assert found is not None
    return found


def token_in(mail: Any, word: str = "/a/") -> str:
    return str(mail.text).partition(word)[2].split()[0]


def hand_over(post: Post, leaver: PersonRow, successor: PersonRow, on: date, **more: str) -> int:
    with post.database.write() as session:
        return people.handover(
            session, leaver=leaver.id or 0, successor=successor.id or 0, on=on,
            now=post.clock.now(), by="office", **more,
        )  # fmt: skip


def go_away(post: Post, who: PersonRow, deputy: PersonRow, days: str, **more: bool) -> None:
    first, back = (date.fromisoformat(f"2021-{day}") for day in days.split(" "))
    with post.database.write() as session:
        absences.begin(
            session, session.get_one(PersonRow, who.id), session.get_one(PersonRow, deputy.id),
            from_on=first, until_on=back, now=post.clock.now(), by="office",
            **{"copied": False, **more},
        )  # fmt: skip


def opens(post: Post, token: str) -> bool:
    with post.database.read() as session:
        try:
            links.check(session, SECRET, token, post.clock.now())
        except Refused:
            return False
    return True


# -- handovers -----------------------------------------------------------------------------------


async def test_the_next_rung_goes_to_the_successor_and_old_links_die(post: Post) -> None:
    post.publish(a_programme(item(due_on="2021-09-30")))
    await post.mornings("2021-09-27", "2021-09-27")
    old = token_in(post.server.messages[0])
    assert opens(post, old)
    hand_over(post, person(post), person(post, 生态分局), date(2021, 9, 28))
    assert await post.mornings("2021-09-28", "2021-09-29") == ["09-29 contact@env-branch"]
    assert not opens(post, old)
    assert opens(post, token_in(post.server.messages[-1]))


async def test_a_mail_that_waits_to_be_sent_goes_to_who_took_over_meanwhile(post: Post) -> None:
    post.publish(a_programme(item(due_on="2021-09-30")))
    post.to("2021-09-27 08:30")
    post.tick()
    hand_over(post, person(post), person(post, 生态分局), date(2021, 9, 27))
    await post.deliver()
    post.tick()
    await post.deliver()
    assert [mail.to for mail in post.server.messages] == [a_contact(生态分局).mail]


async def test_one_role_of_one_unit_is_handed_over_and_the_others_stay(post: Post) -> None:
    post.publish(a_programme(item(due_on="2021-09-30")))
    head = person(post, 住建局, "head")
    hand_over(post, person(post), head, date(2021, 9, 1), unit=住建局, role="contact")
    with pytest.raises(Refused, match="没有可移交"):
        hand_over(post, head, person(post), date(2021, 9, 2), unit=生态分局)
    hand_over(post, head, person(post), date(2021, 9, 2), unit=住建局, role="head")
    with post.database.read() as session:
        held = people.holders(session, post.slug, date(2021, 9, 3))
    assert {one.name: one.role for one in held if one.unit == 住建局 and one.role != "leader"} == {
        "住建局的contact": Role.HEAD, "住建局的head": Role.CONTACT,
    }  # fmt: skip


async def test_nobody_hands_over_to_themselves_or_to_somebody_forgotten(post: Post) -> None:
    post.publish(a_programme(item(due_on="2021-09-30")))
    with post.database.write() as session:
        gone = person(post, 生态分局)
        people.erase(session, gone.id or 0, on=date(2021, 9, 1), now=post.clock.now(), by="office")
    for successor in (person(post), gone):
        with pytest.raises(Refused, match="另选"):
            hand_over(post, person(post), successor, date(2021, 9, 2))


async def test_a_whole_unit_is_handed_over_and_the_history_keeps_both(post: Post) -> None:
    post.publish(a_programme(item(due_on="2021-09-30")))
    await post.mornings("2021-09-27", "2021-09-27")
    with post.database.write() as session:
        unfilled = people.handover_unit(
            session, post.slug, unit=住建局, to_unit=生态分局, on=date(2021, 9, 28),
            now=post.clock.now(), by="office",
        )  # fmt: skip
    assert unfilled == []
    assert await post.mornings("2021-09-28", "2021-10-12") == [
        "09-29 contact@env-branch", "09-30 contact@env-branch", "10-08 contact@env-branch",
        "10-12 contact@env-branch", "10-12 head@env-branch",
    ]  # fmt: skip
    with post.database.read() as session:
        before = people.holders(session, post.slug, date(2021, 9, 27))
        after = people.holders(session, post.slug, date(2021, 9, 28))
    assert {one.name for one in before if one.unit == 住建局} == {
        "住建局的contact", "住建局的head", "住建局的leader",
    }  # fmt: skip
    assert {one.name for one in after if one.unit == 住建局} == {
        "生态分局的contact", "生态分局的head", "生态分局的leader",
    }  # fmt: skip


async def test_what_was_put_off_for_the_leaver_is_put_off_for_the_successor(post: Post) -> None:
    post.publish(a_programme(item(due_on="2021-09-30")))
    await post.mornings("2021-09-27", "2021-09-27")
    with post.database.write() as session:
        silences.make(
            session, post.slug, scope=Scope.PERSON, subject=str(person(post).id),
            mode=Mode.SNOOZE, until=at("2021-09-30 08:00"), because="出差", by="office",
            now=post.clock.now(),
        )  # fmt: skip
    hand_over(post, person(post), person(post, 生态分局), date(2021, 9, 28))
    assert await post.mornings("2021-09-28", "2021-09-30") == ["09-30 contact@env-branch"]
    with post.database.read() as session:
        held = silences.of_programme(session, post.slug)
    assert {one.subject for one in held} == {str(person(post).id), str(person(post, 生态分局).id)}


# -- absences ------------------------------------------------------------------------------------


async def test_while_somebody_is_away_the_deputy_is_mailed_and_it_ends_by_itself(
    post: Post,
) -> None:
    post.publish(a_programme(item(due_on="2021-09-30")))
    go_away(post, person(post), person(post, 生态分局), "09-28 09-30")
    assert await post.mornings("2021-09-27", "2021-09-30") == [
        "09-27 contact@housing", "09-29 contact@env-branch", "09-30 contact@housing",
    ]  # fmt: skip
    mail = post.server.messages[1]
    assert opens(post, token_in(post.server.messages[0]))
    assert not opens(post, token_in(mail)), "the absence has ended"


async def test_the_deputy_s_links_work_while_it_lasts_and_the_mail_says_whose_it_is(
    post: Post,
) -> None:
    post.publish(a_programme(item(due_on="2021-09-30")))
    await post.mornings("2021-09-27", "2021-09-27")
    go_away(post, person(post), person(post, 生态分局), "09-28 10-08")
    await post.mornings("2021-09-28", "2021-09-29")
    mail = post.server.messages[-1]
    assert opens(post, token_in(mail))
    assert "代住建局的contact" in mail.text


async def test_with_a_copy_both_are_mailed(post: Post) -> None:
    post.publish(a_programme(item(due_on="2021-09-30")))
    await post.mornings("2021-09-27", "2021-09-27")
    go_away(post, person(post), person(post, 生态分局), "09-28 09-30", copied=True)
    assert sorted(await post.mornings("2021-09-28", "2021-09-29")) == [
        "09-29 contact@env-branch", "09-29 contact@housing",
    ]  # fmt: skip


async def test_a_deputy_who_is_away_too_is_stood_in_for_and_a_ring_for_nobody(
    post: Post,
) -> None:
    post.publish(a_programme(item(due_on="2021-09-30")))
    first, second, third = person(post), person(post, 生态分局), person(post, 生态分局, "head")
    go_away(post, first, second, "09-28 09-30")
    go_away(post, second, third, "09-28 09-30")
    with post.database.read() as session:
        away = absences.away(session, date(2021, 9, 28))
    assert {id_: one.deputy.id for id_, one in away.items()} == {
        first.id: third.id, second.id: third.id,
    }  # fmt: skip
    go_away(post, third, first, "09-28 09-29")
    with post.database.read() as session:
        assert absences.away(session, date(2021, 9, 28)) == {}


async def test_days_that_are_none_and_two_absences_at_once_are_refused(post: Post) -> None:
    post.publish(a_programme(item(due_on="2021-09-30")))
    who, deputy = person(post), person(post, 生态分局)
    go_away(post, who, deputy, "09-28 09-30")
    for days, other in (("09-30 09-30", deputy), ("09-29 10-08", deputy), ("11-01 11-02", who)):
        with pytest.raises(Refused):
            go_away(post, who, other, days)
    go_away(post, who, deputy, "09-30 10-08")


async def test_who_takes_over_stands_in_where_the_leaver_did(post: Post) -> None:
    post.publish(a_programme(item(due_on="2021-09-30")))
    await post.mornings("2021-09-27", "2021-09-27")
    go_away(post, person(post), person(post, 生态分局), "09-28 10-08")
    hand_over(post, person(post, 生态分局), person(post, 生态分局, "head"), date(2021, 9, 28))
    assert await post.mornings("2021-09-28", "2021-09-29") == ["09-29 head@env-branch"]


# -- digests that are left -----------------------------------------------------------------------


def digests(post: Post) -> None:
    with post.database.write() as session:
        weekpost.issue_and_post(
            session, post.slug, now=post.clock.now(), stationery=post.parts.stationery,
            templates=TEMPLATES,
        )  # fmt: skip


async def test_a_digest_can_be_left_with_one_click_and_reminders_go_on(post: Post) -> None:
    post.publish(a_programme(item(due_on="2021-09-30")), [a_contact(住建局, "head")])
    post.to("2021-10-11 09:00")
    digests(post)
    await post.deliver()
    [mail] = post.server.messages
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = str(mail["List-Unsubscribe"]).strip("<>")
    assert address in mail.text
    with post.database.write() as session:
        reader = subscriptions.person_of(session, SECRET, address.rpartition("/u/")[2])
        subscriptions.leave(session, reader, now=post.clock.now())
        subscriptions.leave(session, reader, now=post.clock.now())
    post.to("2021-10-18 09:00")
    digests(post)
    post.tick()
    await post.deliver()
    later = post.server.messages[1:]
    assert [mail["List-Unsubscribe"] for mail in later] == [None], "the reminder alone"
    with post.database.write() as session:
        reader = subscriptions.person_of(session, SECRET, address.rpartition("/u/")[2])
        subscriptions.join(session, reader, now=post.clock.now())
    post.to("2021-10-25 09:00")
    digests(post)
    await post.deliver()
    assert post.server.messages[-1]["List-Unsubscribe"] is not None


async def test_no_digest_goes_to_an_address_from_which_mails_come_back(post: Post) -> None:
    post.publish(a_programme(item(due_on="2021-09-30")), [a_contact(住建局, "head")])
    with post.database.write() as session:
        head = people.by_mail(session, a_contact(住建局, "head").mail)
        assert head is not None
        head.bounced_at = post.clock.now()
    post.to("2021-10-11 09:00")
    digests(post)
    assert post.dispatches() == []


async def test_a_reminder_has_no_way_to_leave_it(post: Post) -> None:
    post.publish(a_programme(item(due_on="2021-09-30")))
    await post.mornings("2021-09-27", "2021-09-27")
    [mail] = post.server.messages
    assert (mail["List-Unsubscribe"], mail["List-Unsubscribe-Post"]) == (None, None)


@pytest.mark.parametrize("token", ["", "x", "WzEsMF0.x"])
async def test_an_address_to_leave_that_is_not_ours_is_refused(post: Post, token: str) -> None:
    post.publish(a_programme(item(due_on="2021-09-30")))
    with post.database.read() as session, pytest.raises(Refused):
        subscriptions.person_of(session, SECRET, token)


# -- being forgotten -----------------------------------------------------------------------------


async def test_nothing_that_is_kept_names_who_was_erased(post: Post) -> None:
    post.publish(a_programme(item(due_on="2021-09-30")))
    await post.mornings("2021-09-27", "2021-09-29")
    who = person(post)
    first = post.server.messages[0]
    with ImapServer() as imap:
        imap.box.put(answer(first, f"请问我是{who.name}，何时验收？"))
        imap.box.put(bounce(first))
        poll(post, imap)
    await post.mornings("2021-09-30", "2021-09-30")
    with post.database.write() as session:
        calls.record(session, post.slug, who.id or 0, Outcome.REACHED, caller="李值班",
                     note=f"{who.name}说好", now=post.clock.now())  # fmt: skip
        people.erase(session, who.id or 0, on=date(2021, 10, 1), now=post.clock.now(), by="office")
    everything = rows(post.database)
    for trace in (who.name, who.mail, who.mobile + "x"):
        assert str(trace) not in everything


def rows(database: Database) -> str:
    """Every cell of every table, as text."""
    with database.read() as session:
        return "\n".join(
            str(tuple(row))
            for table in Table.metadata.sorted_tables
            for row in session.connection().execute(select(table))
        )
