"""People whom no mail reaches are called, from a list; who was reached has signed."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlmodel import select

from tests.builders import a_contact, a_programme, at, item, 住建局
from tests.exports.test_pdf import text_of
from tests.sinks import SmtpSink
from tests.stories.post import Post
from tracker.domain import facts as f
from tracker.domain.errors import Refused, Unfit
from tracker.domain.silences import Mode, Scope
from tracker.services import calls, outbox, people, reporting, silences
from tracker.services.calls import Call, Outcome
from tracker.store.tables import DispatchRow

KEY = f"1/done/{住建局}"


def listed(post: Post) -> list[Call]:
    with post.database.read() as session:
        return calls.call_list(session, post.slug, now=post.clock.now())


def called(post: Post, outcome: Outcome, **more: Any) -> int:
    given = {"caller": "李值班", **more}
    [call] = listed(post)
    with post.database.write() as session:
        return calls.record(
            session, post.slug, call.person_id, outcome, now=post.clock.now(), **given
        )


async def without_mail(post: Post, *items: Any) -> None:
    """The contact of 住建局 has a telephone only; it is the 27th of September, in the morning."""
    cast = [a_contact(住建局, mail=""), a_contact(住建局, "head")]
    post.publish(a_programme(*(items or [item(due_on="2021-09-30")])), cast)
    post.to("2021-09-27 08:30")
    post.tick()
    await post.deliver()


async def test_who_has_no_mail_is_on_the_list_with_what_they_must_hear(post: Post) -> None:
    await without_mail(post)
    [call] = listed(post)
    assert (call.name, call.mobile, call.tries) == ("住建局的contact", "13800000000", 0)
    assert call.units == ("县住房和城乡建设局",)
    assert [(one.subject, one.role) for one in call.matters] == [("1 任务1", "contact")]
    assert post.server.messages == []


async def test_the_list_on_paper_says_all_of_it(post: Post) -> None:
    await without_mail(post)
    with post.database.read() as session:
        pdf = calls.document(session, post.slug, now=post.clock.now())
        again = calls.document(session, post.slug, now=post.clock.now())
    text = text_of(pdf)
    for said in ("住建局的contact", "13800000000", "1 任务1", "09-30 周四 24:00", "□ 接通"):
        assert said in text
    assert again == pdf


async def test_who_was_reached_has_signed_and_leaves_the_list(post: Post) -> None:
    await without_mail(post)
    assert called(post, Outcome.REACHED) == 1
    with post.database.read() as session:
        [signed] = reporting.facts(session, post.slug)
        [made] = calls.made(session, post.slug, since=date(2021, 9, 27))
    assert isinstance(signed, f.Receipt)
    assert (signed.role, signed.note, signed.clause) == ("contact", "电话告知", "1")
    assert (made.caller, made.outcome, made.matters) == ("李值班", Outcome.REACHED, 1)
    assert listed(post) == []


async def test_who_was_not_reached_stays_on_the_list_with_the_tries(post: Post) -> None:
    await without_mail(post)
    called(post, Outcome.MISSED)
    post.to("2021-09-28 08:30")
    assert [call.tries for call in listed(post)] == [1]
    with post.database.read() as session:
        assert reporting.facts(session, post.slug) == ()


async def test_a_promised_date_is_kept_and_is_a_receipt(post: Post) -> None:
    await without_mail(post)
    called(post, Outcome.PROMISED, promised_on=date(2021, 9, 29))
    with post.database.read() as session:
        [made] = calls.made(session, post.slug, since=date(2021, 9, 27))
    assert made.promised_on == date(2021, 9, 29)
    [event] = post.events("call.made")
    assert (event.body["outcome"], event.body["promised_on"]) == ("promised", "2021-09-29")
    assert "李值班" not in str(event.body)


async def test_the_next_rung_is_told_by_the_next_call(post: Post) -> None:
    await without_mail(post)
    called(post, Outcome.REACHED)
    await post.mornings("2021-09-28", "2021-10-08")
    [call] = listed(post)
    assert [one.notice.split("|")[3] for one in call.matters] == ["+1"]


async def test_what_was_finished_meanwhile_is_not_said(post: Post) -> None:
    await without_mail(post)
    post.report(KEY)
    assert listed(post) == []


async def test_what_is_silenced_is_not_said_until_that_ends(post: Post) -> None:
    await without_mail(post)
    post.to("2021-09-27 09:00")
    with post.database.write() as session:
        silences.make(
            session, post.slug, scope=Scope.OBLIGATION, subject=KEY, mode=Mode.SILENCE,
            until=at("2021-09-29 08:00"), because="等新口径", by="office", now=post.clock.now(),
        )  # fmt: skip
    assert listed(post) == []
    post.to("2021-09-29 08:30")
    assert len(listed(post)) == 1


async def test_who_bounces_is_called_and_the_list_says_why(post: Post) -> None:
    post.publish(a_programme(item(due_on="2021-09-30")), [a_contact(住建局)])
    with post.database.write() as session:
        person = people.by_mail(session, a_contact(住建局).mail)
        assert person is not None
        person.bounced_at = at("2021-09-01")
    post.to("2021-09-27 08:30")
    post.tick()
    await post.deliver()
    assert [call.bounced for call in listed(post)] == [True]
    assert post.server.messages == []


@pytest.mark.parametrize(
    ("outcome", "more", "part"),
    [
        (Outcome.REACHED, {"caller": " "}, "caller"),
        (Outcome.PROMISED, {}, "promised_on"),
        (Outcome.PROMISED, {"promised_on": date(2021, 9, 1)}, "promised_on"),
    ],
)
async def test_a_call_needs_a_name_and_a_promise_its_day(
    post: Post, outcome: Outcome, more: dict[str, Any], part: str
) -> None:
    await without_mail(post)
    with pytest.raises(Unfit) as unfit:
        called(post, outcome, **more)
    assert set(unfit.value.parts) == {part}
    assert len(listed(post)) == 1


async def test_a_call_to_somebody_who_is_not_listed_is_refused(post: Post) -> None:
    await without_mail(post)
    with post.database.write() as session, pytest.raises(Refused):
        calls.record(session, post.slug, 4711, Outcome.REACHED, caller="李",
                     now=post.clock.now())  # fmt: skip


async def a_mail_that_fails(post: Post) -> None:
    post.publish(a_programme(item(due_on="2021-09-30")), [a_contact(住建局)])
    post.to("2021-09-27 08:30")
    post.tick()
    await post.deliver()


async def test_whose_mail_came_back_is_called_the_same_morning(post: Post) -> None:
    await a_mail_that_fails(post)
    assert listed(post) == []
    with post.database.write() as session:
        [row] = session.exec(select(DispatchRow)).all()
        outbox.bounced(session, row, "5.1.1", post.clock.now())
        people.person(session, row.person_id).bounced_at = post.clock.now()
    [call] = listed(post)
    assert (call.bounced, [one.subject for one in call.matters]) == (True, ["1 任务1"])
    assert called(post, Outcome.REACHED) == 1
    assert listed(post) == []


async def test_whose_mail_no_server_takes_is_called_until_a_mail_reaches_them(post: Post) -> None:
    assert isinstance(post.server, SmtpSink)
    post.server.refused = frozenset({a_contact(住建局).mail})
    await a_mail_that_fails(post)
    [call] = listed(post)
    assert (call.bounced, [one.subject for one in call.matters]) == (False, ["1 任务1"])
    post.server.refused = frozenset()
    await post.mornings("2021-09-28", "2021-09-29")
    assert listed(post) == []
