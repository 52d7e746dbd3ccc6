"""Left in peace for a while, and reminded by hand: a person decides, the ledger keeps both."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import select

from tests.builders import a_case_item, a_contact, a_programme, at, item, 住建局, 生态分局
from tests.stories.post import SECRET, Post, stationery
from tracker.domain.errors import NotFound, Refused
from tracker.domain.silences import Mode, Scope, Silence
from tracker.runtime import environment
from tracker.services import byhand, cases, people, silences, weekpost
from tracker.settings import Settings
from tracker.store.tables import NoticeState, PersonRow

KEY = f"1/done/{住建局}"
OTHER = f"2/done/{住建局}"
TWO = a_programme(item("1", due_on="2021-09-30"), item("2", due_on="2021-09-30"))


def hush(
    post: Post,
    until: str,
    scope: Scope = Scope.OBLIGATION,
    subject: str = KEY,
    mode: Mode = Mode.SILENCE,
    because: str = "县里统一部署，月底再催",
) -> Silence:
    with post.database.write() as session:
        return silences.make(
            session, post.slug, scope=scope, subject=subject, mode=mode, until=at(until),
            because=because, by="office", now=post.clock.now(),
        )  # fmt: skip


def by_rung(post: Post, key: str = KEY) -> dict[str, tuple[str, str]]:
    """Of the contact: what became of each rung from September on, and why."""
    return {
        one.rung: (one.state.value, one.reason)
        for one in post.notices()
        if one.obligation_key == key and one.role == "contact" and one.nominal_at > at("2021-09-01")
    }


async def test_a_silenced_obligation_is_not_mailed_and_the_ledger_says_so(post: Post) -> None:
    post.publish(a_programme(item("1", due_on="2021-09-30")))
    post.to("2021-09-25 09:00")
    made = hush(post, "2021-09-29 00:00")
    assert await post.mornings("2021-09-27", "2021-09-28") == []
    assert by_rung(post)["-3"] == ("suppressed", f"silenced:{made.number}")
    assert await post.mornings("2021-09-29", "2021-09-29") == ["09-29 contact@housing"]
    [event] = post.events("silence.made")
    assert (event.subject, event.body["because"]) == (KEY, "县里统一部署，月底再催")


async def test_a_snooze_brings_what_fell_due_in_one_mail_when_it_ends(post: Post) -> None:
    post.publish(TWO)
    post.to("2021-09-25 09:00")
    hush(post, "2021-09-29 12:00", Scope.UNIT, "住建局", Mode.SNOOZE)
    assert await post.mornings("2021-09-27", "2021-09-29") == []
    post.to("2021-09-29 12:00")
    post.tick()
    await post.deliver()
    [mail] = post.server.messages
    text = mail.get_body().get_content()
    assert "任务1" in text
    assert "任务2" in text
    assert by_rung(post)["-3"] == ("merged", "-1")
    assert by_rung(post)["-1"] == ("sent", "")


async def test_what_is_silenced_between_plan_and_sending_is_not_mailed(post: Post) -> None:
    post.publish(a_programme(item("1", due_on="2021-09-30")))
    post.to("2021-09-27 08:30")
    post.tick()
    made = hush(post, "2021-10-10 00:00")
    assert (await post.deliver()).suppressed == 1
    assert post.server.messages == []
    assert by_rung(post)["-3"] == ("suppressed", f"silenced:{made.number}")


async def test_what_is_snoozed_between_plan_and_sending_waits(post: Post) -> None:
    post.publish(a_programme(item("1", due_on="2021-09-30")))
    post.to("2021-09-27 08:30")
    post.tick()
    hush(post, "2021-09-28 10:00", mode=Mode.SNOOZE)
    await post.deliver()
    assert post.server.messages == []
    post.to("2021-09-28 10:00")
    post.tick()
    assert (await post.deliver()).sent == 1


async def test_a_snooze_that_is_ended_early_lets_the_mail_go_at_once(post: Post) -> None:
    post.publish(a_programme(item("1", due_on="2021-09-30")))
    post.to("2021-09-25 09:00")
    made = hush(post, "2021-10-20 00:00", mode=Mode.SNOOZE)
    await post.mornings("2021-09-27", "2021-09-27")
    post.to("2021-09-27 14:00")
    with post.database.write() as session:
        silences.end(session, post.slug, made.number, by="office", now=post.clock.now())
    post.tick()
    assert (await post.deliver()).sent == 1
    with post.database.write() as session, pytest.raises(Refused, match="is over already"):
        silences.end(session, post.slug, made.number, by="office", now=post.clock.now())


@pytest.mark.parametrize(
    ("scope", "subject", "heard"),
    [
        (Scope.PROGRAMME, "", []),
        (Scope.UNIT, 住建局, ["09-27 contact@env-branch"]),
        (Scope.PERSON, "contact@housing.example.gov.cn", ["09-27 contact@env-branch"]),
        (Scope.OBLIGATION, KEY, ["09-27 contact@env-branch"]),
    ],
)
async def test_a_silence_is_for_what_it_names_and_for_nothing_else(
    post: Post, scope: Scope, subject: str, heard: list[str]
) -> None:
    post.publish(a_programme(item("1", due_on="2021-09-30", responsible=(住建局, 生态分局))))
    post.to("2021-09-25 09:00")
    hush(post, "2021-10-25 00:00", scope, subject)
    assert sorted(await post.mornings("2021-09-27", "2021-09-27")) == heard


async def test_the_trail_knows_a_silenced_person_by_reference_only(post: Post) -> None:
    post.publish(TWO)
    hush(post, "2021-02-01", Scope.PERSON, "contact@housing.example.gov.cn")
    [event] = post.events("silence.made")
    with post.database.read() as session:
        person = people.by_mail(session, "contact@housing.example.gov.cn")
        assert person is not None
        assert event.body["subject"] == people.reference(person)
    assert "住建局的contact" not in str(event.body)


@pytest.mark.parametrize(
    ("until", "because", "scope", "subject", "said"),
    [
        ("2021-02-01", " ", Scope.PROGRAMME, "", "needs a reason"),
        ("2021-01-01", "x", Scope.PROGRAMME, "", "has to lie ahead"),
        ("2021-12-31", "x", Scope.PROGRAMME, "", "at most 92 days"),
        ("2021-02-01", "x", Scope.UNIT, "nobody", "no unit 'nobody'"),
        ("2021-02-01", "x", Scope.OBLIGATION, "9/done/x", "no obligation '9/done/x'"),
        ("2021-02-01", "x", Scope.PERSON, "nobody@example.com", "nobody has the address"),
    ],
)
async def test_a_silence_has_an_end_a_reason_and_something_to_silence(
    post: Post, until: str, because: str, scope: Scope, subject: str, said: str
) -> None:
    post.publish(TWO)
    with pytest.raises((Refused, NotFound), match=said):
        hush(post, until, scope, subject, because=because)
    with post.database.read() as session:
        assert silences.of_programme(session, post.slug) == []


# -- by hand ---------------------------------------------------------------------------------------


def send_now(post: Post, key: str = KEY, **more: str) -> str:
    with post.database.write() as session:
        return byhand.send_now(
            session, post.slug, key, now=post.clock.now(), by="office", **more
        )  # fmt: skip


async def test_one_sent_by_hand_goes_out_at_once_and_says_that_it_is(post: Post) -> None:
    post.publish(TWO)
    post.to("2021-09-25 20:00")
    hush(post, "2021-10-25 00:00", Scope.PROGRAMME, "")
    send_now(post, because="领导要求", once="a1")
    send_now(post, because="领导要求", once="a1")
    post.tick()
    await post.deliver()
    [mail] = post.server.messages
    assert "即时催办" in mail.get_body().get_content()
    assert "任务2" not in mail.get_body().get_content()
    [event] = post.events("notice.asked")
    assert event.body["because"] == "领导要求"
    [made] = [one for one in post.notices() if one.rung == "asked:a1"]
    assert made.state is NoticeState.SENT


async def test_one_sent_by_hand_at_night_waits_for_the_morning(post: Post) -> None:
    post.publish(TWO)
    post.to("2021-09-25 23:30")
    send_now(post)
    post.tick()
    await post.deliver()
    assert post.server.messages == []
    post.to("2021-09-26 07:00")
    post.tick()
    assert (await post.deliver()).sent == 1


async def test_nobody_is_reminded_by_hand_of_what_is_settled(post: Post) -> None:
    post.publish(TWO)
    post.to("2021-09-25 10:00")
    post.report(KEY)
    with pytest.raises(Refused, match="it is done"):
        send_now(post)
    post.report(OTHER, accepted=False)
    with pytest.raises(Refused, match="waits for review"):
        send_now(post, OTHER)
    with pytest.raises(Refused, match="no role 'boss'"):
        send_now(post, role="boss")
    with pytest.raises(NotFound):
        send_now(post, "7/done/nobody")


async def test_what_is_done_before_it_goes_is_not_sent_by_hand_either(post: Post) -> None:
    post.publish(TWO)
    post.to("2021-09-25 10:00")
    send_now(post)
    post.tick()
    post.report(KEY)
    await post.deliver()
    assert post.server.messages == []


async def test_a_mail_that_is_sent_again_tells_what_is_still_open_today(post: Post) -> None:
    post.publish(TWO)
    await post.mornings("2021-09-27", "2021-09-27")
    [first] = post.server.messages
    post.to("2021-09-28 10:00")
    post.report(KEY)
    with post.database.write() as session:
        sent = byhand.resend(session, post.slug, first["Message-ID"].strip("<>"),
                             now=post.clock.now(), by="office")  # fmt: skip
    assert [key.split("|")[1] for key in sent] == [OTHER]
    post.tick()
    await post.deliver()
    again = post.server.messages[-1]
    assert again["Message-ID"] != first["Message-ID"]
    assert "任务2" in again["Subject"]
    assert "任务1" not in again["Subject"]
    post.report(OTHER)
    with post.database.write() as session, pytest.raises(Refused, match="nothing in it is left"):
        byhand.resend(session, post.slug, first["Message-ID"].strip("<>"),
                      now=post.clock.now(), by="office")  # fmt: skip
    with post.database.write() as session, pytest.raises(NotFound):
        byhand.resend(session, post.slug, "x@y", now=post.clock.now(), by="office")


async def test_a_digest_is_sent_again_as_it_was_to_its_readers_present_address(post: Post) -> None:
    leader = a_contact("*", "leader", mail="leader@old.cn")
    post.publish(TWO, [leader])
    monday = post.to("2021-09-27 09:00")
    templates = environment(Settings(secret=SECRET))
    with post.database.write() as session:
        made = weekpost.issue_and_post(session, post.slug, now=monday, stationery=stationery(),
                                       templates=templates)  # fmt: skip
    assert made == 1
    await post.deliver()
    [first] = post.server.messages
    number = first["Message-ID"].strip("<>")

    def again(once: str) -> list[str]:
        with post.database.write() as session:
            return byhand.resend(session, post.slug, number, now=post.clock.now(), by="office",
                                 once=once)  # fmt: skip

    post.to("2021-09-28 10:00")
    with post.database.write() as session:
        row = session.exec(select(PersonRow)).one()
        row.mail = "leader@new.cn"
    assert again("form-1") == again("form-1")
    await post.deliver()
    [_, second] = post.server.messages
    assert second.to == "leader@new.cn"
    assert second["Message-ID"] != first["Message-ID"]
    assert (second["Subject"], second.text, second.html) == (
        first["Subject"], first.text, first.html,
    )  # fmt: skip
    [event] = post.events("dispatch.asked")
    assert number in event.body["because"]
    with post.database.write() as session:
        row = session.exec(select(PersonRow)).one()
        row.digests_left_at = post.clock.now()
    with pytest.raises(Refused, match="has left digests"):
        again("form-2")


async def test_a_case_can_be_urged_by_hand_to_a_leader(post: Post) -> None:
    post.publish(a_programme(a_case_item("2")))
    post.to("2021-05-10 10:00")
    with post.database.write() as session:
        now = post.clock.now()
        cases.open_case(
            session, post.slug, "07", kind="handed", unit=住建局, title="督办07", received_at=now,
            now=now, by="office",
        )  # fmt: skip
    key = f"2/case/{住建局}/07"
    send_now(post, key, role="leader")
    post.tick()
    await post.deliver()
    post.clock.advance(timedelta(minutes=1))
    assert sorted(mail.to.partition(".")[0] for mail in post.server.messages) == [
        "contact@housing", "leader@housing",
    ]  # fmt: skip
