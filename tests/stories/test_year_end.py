"""A year ends, is closed, and opened again: who still hears of it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlmodel import select

from tests.builders import a_programme, item, 住建局
from tests.stories.post import Post
from tracker.domain.errors import Refused, Unfit
from tracker.services import (
    audit_evidence,
    byhand,
    closings,
    programmes,
    reporting,
    signoffs,
    weekly,
)
from tracker.services.digest import Audience
from tracker.store.tables import AlarmRow, NoticeState

KEY = f"1/done/{住建局}"
ONE = a_programme(item("1", due_on="2021-09-30"))


def close(post: Post) -> None:
    with post.database.write() as session:
        closings.close(session, "small", because="已签定", now=post.clock.now(), by="office")


async def test_after_the_year_one_last_mail_each_says_so_and_none_follows(post: Post) -> None:
    post.publish(ONE)
    await post.mornings("2021-12-30", "2021-12-31")
    assert await post.mornings("2022-01-01", "2022-10-31") == [
        "01-04 contact@housing", "01-04 head@housing", "01-04 leader@housing",
    ]  # fmt: skip
    last = post.server.messages[-3:]
    assert {mail["Subject"] for mail in last} == {"【催办】考核期已过，1 项未办结"}
    assert all("这是最后一次催办" in mail.text for mail in last)
    with post.database.read() as session:
        assert session.exec(select(AlarmRow)).all() == []


async def test_a_year_that_is_closed_is_silent(post: Post) -> None:
    post.publish(ONE)
    await post.mornings("2021-10-08", "2021-10-08")
    post.to("2021-10-11 09:00")
    close(post)
    assert await post.mornings("2021-10-12", "2021-12-31") == []
    with post.database.write() as session, pytest.raises(Refused, match="年度已收官"):
        byhand.send_now(session, "small", KEY, now=post.clock.now(), by="office")


async def test_what_waited_when_the_year_was_closed_is_not_sent(post: Post) -> None:
    post.publish(ONE)
    await post.mornings("2021-10-08", "2021-10-08")
    post.to("2021-10-12 08:30")
    post.tick()
    close(post)
    assert (await post.deliver()).sent == 0
    told = {one.reason for one in post.notices() if one.nominal_at == post.clock.now()}
    assert told == {"year_closed"}


async def test_a_year_that_is_opened_again_goes_on_without_catching_up(post: Post) -> None:
    post.publish(ONE)
    await post.mornings("2021-10-08", "2021-10-08")
    close(post)
    await post.mornings("2021-10-09", "2021-10-18")
    with post.database.write() as session:
        closings.reopen(session, "small", because="有申诉", now=post.clock.now(), by="office")
    assert await post.mornings("2021-10-19", "2021-10-21") == [
        "10-20 contact@housing", "10-20 head@housing", "10-20 leader@housing",
    ]  # fmt: skip
    made = {one.rung for one in post.notices() if one.state is NoticeState.SENT}
    assert "+4" not in made, "its day lay in the time in which the year was closed"


async def test_who_reviews_is_left_in_peace_too(post: Post) -> None:
    post.publish(ONE)
    await post.mornings("2021-09-27", "2021-09-27")
    post.report(KEY, accepted=False)
    post.tick()
    assert [one.role for one in post.notices() if one.rung.startswith("waiting")] == ["reviewer"]
    close(post)
    post.to("2021-11-30 09:00")
    post.tick()
    assert len([one for one in post.notices() if one.rung.startswith("waiting")]) == 1


async def test_a_year_is_closed_once_with_a_reason_and_opened_once(post: Post) -> None:
    post.publish(ONE)
    now = post.clock.now()
    with post.database.write() as session:
        with pytest.raises(Unfit):
            closings.close(session, "small", because=" ", now=now, by="office")
        with pytest.raises(Refused, match="没有收官"):
            closings.reopen(session, "small", because="申诉", now=now, by="office")
    close(post)
    with post.database.write() as session, pytest.raises(Refused, match="已收官"):
        closings.close(session, "small", because="再来", now=now, by="office")
    assert [event.kind for event in post.events("fact.closing")] == ["fact.closing"]


async def test_a_final_signature_closes_the_year_and_everything_is_still_read(post: Post) -> None:
    post.publish(ONE)
    as_of = post.to("2022-01-10 09:00")
    later = as_of + timedelta(days=1)
    with post.database.write() as session:
        signed = signoffs.sign(session, "small", as_of=as_of, now=as_of, person="王主任", by="desk")
        assert signed.final
        closing = closings.closed(session, "small", later)
        assert closing is not None
        assert "签定第 1 号" in closing.reason
        assert weekly.issue(session, "small", now=later) == []
        digest = weekly.digest_of(session, "small", as_of=later, audience=Audience.LEADER)
        assert digest.whole.lost == signed.lost
        found = audit_evidence.of_period(
            session, "small", first=date(2021, 1, 1), last=date(2021, 12, 31), as_of=later
        )
        assert [one.key for one in found.rows] == [KEY]
        again = signoffs.sign(session, "small", as_of=later, now=later, person="王主任", by="desk")
        assert again.number == 2
        assert len([one for one in reporting.facts(session, "small") if one.fact == "closing"]) == 1
        assert programmes.standings(session, "small", now=later)[0].open


async def test_a_signature_of_an_interim_score_closes_nothing(post: Post) -> None:
    post.publish(ONE)
    now = post.to("2021-10-18 09:00")
    with post.database.write() as session:
        signoffs.sign(session, "small", as_of=now, now=now, person="王主任", by="desk")
        assert closings.closed(session, "small", now) is None
