"""Order slips: numbered, attached where the reminder climbs, made again byte for byte."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from hashlib import sha256
from typing import Any

import pytest

from tests.builders import a_case_item, a_database, a_programme, at, item, 住建局, 生态分局
from tests.exports.test_pdf import text_of
from tests.stories.post import Post
from tracker.domain.errors import NotFound, Refused, Unfit
from tracker.domain.policy import sent_as
from tracker.services import slips
from tracker.services.slips import Kind, Slip
from tracker.store.tables import SlipRow

KEY = f"1/done/{住建局}"


def issued(post: Post) -> list[Slip]:
    """Oldest first."""
    with post.database.read() as session:
        return list(reversed(slips.slips(session, post.slug)))


def by_hand(post: Post, kind: Kind, *, once: str, key: str = KEY) -> Slip:
    with post.database.write() as session:
        return slips.by_hand(
            session, post.slug, key, kind, once=once, office="考核办", now=post.clock.now(),
            by="office",
        )  # fmt: skip


def pdfs(mail: Any) -> dict[str, bytes]:
    parts = (part for part in mail.iter_attachments())
    return {
        part.get_filename(): part.get_content()
        for part in parts
        if part.get_content_type() == "application/pdf"
    }


async def test_a_head_is_urged_and_a_leader_told_of_a_supervision_with_a_slip_each(
    post: Post,
) -> None:
    post.publish(a_programme(item(due_on="2021-09-30")))
    await post.mornings("2021-09-27", "2021-10-29")
    told = [(post.told(mail), list(pdfs(mail))) for mail in post.server.messages if pdfs(mail)]
    # Fourth and seventh working day after 30 September: 1 to 7 October are off, the 9th is not.
    assert told == [
        ("10-12 head@housing", ["催办〔2021〕1号.pdf"]),
        ("10-15 leader@housing", ["督办〔2021〕1号.pdf"]),
    ]
    first = issued(post)[0]
    assert (first.kind, first.rung, first.obligation, first.unit) == (Kind.URGE, "+4", KEY, 住建局)


async def test_a_subject_begins_with_the_order_that_the_mail_brings(post: Post) -> None:
    post.publish(a_programme(item(due_on="2021-09-30")))
    await post.mornings("2021-09-27", "2021-10-15")
    begun = {post.told(mail): str(mail["Subject"])[:4] for mail in post.server.messages}
    assert begun["10-12 head@housing"] == "【催办】"
    assert begun["10-15 leader@housing"] == "【督办】"
    assert begun["10-08 contact@housing"] == "【催办】"


def test_a_mail_is_an_assignment_only_where_it_does_nothing_else() -> None:
    assign, urge, supervise = Kind
    assert sent_as([], matters=2) == urge
    assert sent_as([assign], matters=1) == sent_as([assign, assign], matters=2) == assign
    assert sent_as([assign], matters=2) == sent_as([assign, urge], matters=2) == urge
    assert sent_as([urge, supervise, assign], matters=9) == supervise


async def test_the_archive_makes_the_very_bytes_that_were_sent(post: Post) -> None:
    post.publish(a_programme(item(due_on="2021-09-30")))
    await post.mornings("2021-10-08", "2021-10-12")
    [sent] = [pdf for mail in post.server.messages for pdf in pdfs(mail).values()]
    post.to("2022-11-01 09:00")
    [slip] = issued(post)
    assert slips.document(slip) == sent
    [event] = post.events("slip.issued")
    assert (event.subject, event.body["sha256"]) == (KEY, sha256(sent).hexdigest())
    text = text_of(sent)
    assert "催办〔2021〕1号" in text
    assert "县住房和城乡建设局" in text
    assert "2021-09-30 周四 24:00" in text
    assert "（4 个工作日）" in text


async def test_the_mail_names_the_slip_that_it_brings(post: Post) -> None:
    post.publish(a_programme(item(due_on="2021-09-30")))
    await post.mornings("2021-10-08", "2021-10-12")
    [mail] = [mail for mail in post.server.messages if pdfs(mail)]
    assert "随信附上 催办〔2021〕1号" in mail.text
    assert "随信附上 催办〔2021〕1号" in mail.html


async def test_the_policy_says_with_whom_and_where_a_slip_goes_or_that_none_does(
    post: Post,
) -> None:
    policy = {"urge_slip": "+1", "supervise_slip": "never"}
    own = {"policy": {"urge_slip": "never", "supervise_slip": "head"}}
    post.publish(a_programme(item("1", due_on="2021-09-30"), item("2", due_on="2021-09-30", **own),
                             policy=policy))  # fmt: skip
    await post.mornings("2021-09-30", "2021-10-29")
    told = [(post.told(mail), list(pdfs(mail))) for mail in post.server.messages if pdfs(mail)]
    assert told == [
        ("10-08 contact@housing", ["催办〔2021〕1号.pdf"]),
        ("10-12 head@housing", ["督办〔2021〕1号.pdf"]),
    ]
    assert [slip.obligation[0] for slip in issued(post)] == ["1", "2"]


async def test_the_last_word_after_the_year_orders_nothing(post: Post) -> None:
    """The head hears for the first time, five working days after the deadline."""
    post.publish(a_programme(item(due_on="2021-12-24"), policy={"overdue_every": 9}))
    await post.mornings("2021-12-31", "2022-01-05")
    assert [post.told(mail) for mail in post.server.messages[-2:]] == [
        "01-04 contact@housing", "01-04 head@housing",
    ]  # fmt: skip
    assert issued(post) == []


async def test_a_case_is_assigned_with_a_slip_when_it_is_taken_in(post: Post) -> None:
    post.publish(a_programme(a_case_item("1", responsible=[生态分局])))
    post.to("2021-10-11 09:00")
    open_case(post, "07")
    post.tick()
    await post.deliver()
    [mail] = post.server.messages
    assert list(pdfs(mail)) == ["交办〔2021〕1号.pdf"]


def open_case(post: Post, case: str) -> None:
    from tracker.domain import facts as f
    from tracker.services import reporting

    now = post.clock.now()
    event = f.CaseEvent(
        case=case, kind="handed", event="opened", unit=生态分局, title="交办件", occurred_at=now,
        recorded_at=now,
    )  # fmt: skip
    with post.database.write() as session:
        reporting.load_facts(session, post.slug, [event], now=now)


async def test_doubled_ticks_and_later_rungs_make_no_second_slip(post: Post) -> None:
    post.publish(a_programme(item(due_on="2021-09-30")))
    post.to("2021-10-11 08:30")
    for _ in range(3):
        post.tick()
        await post.deliver()
    await post.play("2021-12-31 08:30")
    assert [slip.number for slip in issued(post)] == ["催办〔2021〕1号", "督办〔2021〕1号"]


async def test_numbers_run_in_a_kind_and_year_and_begin_again_in_the_next(post: Post) -> None:
    post.publish(a_programme(item(due_on="2021-09-30")))
    post.to("2021-12-30 09:00")
    made = [by_hand(post, Kind.SUPERVISE, once=str(n)) for n in range(2)]
    made.append(by_hand(post, Kind.URGE, once="2"))
    post.to("2022-01-04 09:00")
    made.append(by_hand(post, Kind.SUPERVISE, once="3"))
    assert [slip.number for slip in made] == [
        "督办〔2021〕1号", "督办〔2021〕2号", "催办〔2021〕1号", "督办〔2022〕1号",
    ]  # fmt: skip


async def test_two_at_once_take_numbers_without_a_hole_or_a_double(post: Post) -> None:
    """Two connections of their own, and one that gives up in between."""
    post.publish(a_programme(item(due_on="2021-09-30")))
    now = post.to("2021-10-11 09:00")

    def clerk(name: str) -> None:
        mine = a_database(post.database.url.render_as_string(hide_password=False))
        for number in range(6):
            with suppress(GaveUp), mine.write() as session:
                slips.by_hand(session, post.slug, KEY, Kind.URGE, once=f"{name}-{number}",
                              office="考核办", now=now, by=name)  # fmt: skip
                if number == 2:
                    raise GaveUp
        mine.close()

    await asyncio.gather(*(asyncio.to_thread(clerk, name) for name in ("a", "b")))
    made = issued(post)
    assert [one.n for one in made] == list(range(1, 11))
    assert {one.by for one in made} == {"a", "b"}
    with post.database.read() as session:
        assert slips.gaps(session, post.slug) == []


class GaveUp(Exception):
    """Somebody else's trouble in the middle of a transaction."""


async def test_a_request_that_is_sent_twice_makes_one_slip(post: Post) -> None:
    post.publish(a_programme(item(due_on="2021-09-30")))
    post.to("2021-10-11 09:00")
    first, again = (by_hand(post, Kind.URGE, once="form-1") for _ in range(2))
    assert again == first
    assert len(issued(post)) == 1


async def test_a_void_slip_keeps_its_number_and_says_why(post: Post) -> None:
    post.publish(a_programme(item(due_on="2021-09-30")))
    post.to("2021-10-11 09:00")
    first = by_hand(post, Kind.URGE, once="1")
    with post.database.write() as session:
        slips.void(session, post.slug, first.id, reason="发错单位", now=at("2021-10-11 10:00"),
                   by="office")  # fmt: skip
    assert by_hand(post, Kind.URGE, once="2").number == "催办〔2021〕2号"
    assert [slip.void_reason for slip in issued(post)] == ["发错单位", ""]
    assert [event.body["number"] for event in post.events("slip.voided")] == ["催办〔2021〕1号"]
    with post.database.write() as session, pytest.raises(Refused, match="已作废"):
        slips.void(session, post.slug, first.id, reason="again", now=post.clock.now(), by="office")
    with post.database.write() as session, pytest.raises(Unfit):
        slips.void(session, post.slug, first.id + 1, reason=" ", now=post.clock.now(), by="office")


async def test_a_number_whose_record_is_gone_is_told(post: Post) -> None:
    post.publish(a_programme(item(due_on="2021-09-30")))
    post.to("2021-10-11 09:00")
    made = [by_hand(post, Kind.URGE, once=str(n)) for n in range(3)]
    with post.database.write() as session:
        session.delete(session.get(SlipRow, made[1].id))
        session.flush()
        assert slips.gaps(session, post.slug) == [(Kind.URGE, 2021, 2)]
    assert by_hand(post, Kind.URGE, once="4").number == "催办〔2021〕4号"


async def test_what_is_finished_or_unknown_gets_no_slip(post: Post) -> None:
    post.publish(a_programme(item(due_on="2021-09-30")))
    post.to("2021-10-11 09:00")
    post.report(KEY)
    with pytest.raises(Refused, match="已办结"):
        by_hand(post, Kind.URGE, once="1")
    with pytest.raises(NotFound):
        by_hand(post, Kind.URGE, once="2", key="9/none/x")
    assert issued(post) == []


async def test_a_mail_takes_no_more_slips_than_a_reader_opens(post: Post) -> None:
    post.publish(a_programme(*(item(str(n), due_on="2021-09-30") for n in range(1, 13))))
    post.to("2021-10-15 08:30")
    post.tick()
    await post.deliver()
    [mail] = [mail for mail in post.server.messages if mail.to.startswith("leader")]
    assert len(pdfs(mail)) == 10
    assert "另有 2 份见页面" in mail.text
    assert len([slip for slip in issued(post) if slip.kind is Kind.SUPERVISE]) == 12
