"""A unit hears what became of its report: mail by a real server, on both databases."""

from __future__ import annotations

from tests.builders import a_case_item, a_contact, a_programme, at, item, 住建局
from tests.sinks import Mail
from tests.stories.post import Post
from tracker.services import cases, pastdue, reporting
from tracker.store.tables import NoticeRow, NoticeState

KEY = f"1/done/{住建局}"
OTHER = f"2/done/{住建局}"
TWO = a_programme(item("1", due_on="2021-09-30"), item("2", due_on="2021-10-15"))


def review(post: Post, report: str, outcome: str, reason: str = "") -> None:
    with post.database.write() as session:
        reporting.review(
            session, "small", report, outcome="returned" if outcome == "returned" else "accepted",
            reason=reason, now=post.clock.now(), by="reviewer",
        )  # fmt: skip


def of_kind(post: Post, kind: str) -> list[NoticeRow]:
    return [one for one in post.notices() if one.rung.startswith(f"{kind}:")]


async def look(post: Post, when: str) -> list[Mail]:
    """The mails of one look."""
    before = len(post.server.messages)
    post.to(when)
    post.tick()
    await post.deliver()
    return post.server.messages[before:]


async def test_a_return_reaches_the_contact_with_its_reason_and_the_way_back(post: Post) -> None:
    post.publish(TWO)
    await look(post, "2021-09-23 10:00")
    made = post.report(KEY, accepted=False)
    await look(post, "2021-09-23 20:00")
    review(post, made, "returned", "缺验收报告")
    assert await look(post, "2021-09-23 20:01") == [], "not in the evening"
    [mail] = await look(post, "2021-09-24 08:30")
    assert mail.to.startswith("contact@housing")
    assert str(mail["Subject"]) == "【退回】1 任务1 的填报被退回，须重报"
    for part in (mail.text, mail.html):
        assert "缺验收报告" in part
        assert "重新填报" in part
        assert "审核" in part or "退回" in part
    assert mail.text.index("重新填报") < mail.text.index("签收")
    [notice] = of_kind(post, "returned")
    assert notice.state is NoticeState.SENT
    assert await look(post, "2021-09-24 09:30") == [], "and once"


async def test_during_the_day_a_return_is_told_at_once(post: Post) -> None:
    post.publish(TWO)
    await post.mornings("2021-09-27", "2021-09-27")
    made = post.report(KEY, accepted=False)
    post.to("2021-09-27 10:00")
    review(post, made, "returned", "缺签章")
    [mail] = await look(post, "2021-09-27 10:01")
    assert "缺签章" in mail.text


async def test_a_return_and_a_rung_of_one_morning_are_one_mail(post: Post) -> None:
    post.publish(TWO)
    await look(post, "2021-09-24 10:00")
    made = post.report(KEY, accepted=False)
    post.to("2021-09-26 20:00")
    review(post, made, "returned", "缺签章")
    [mail] = await look(post, "2021-09-27 08:30")
    assert str(mail["Subject"]).startswith("【催办】")
    assert "1 件填报被退回" in str(mail["Subject"])
    assert mail.text.count("缺签章") == 1
    assert "填报退回（联络员）、到期前 3 个工作日（联络员）" in mail.text


async def test_what_was_handed_in_again_before_the_morning_is_not_asked_for(post: Post) -> None:
    post.publish(TWO)
    await look(post, "2021-09-23 10:00")
    made = post.report(KEY, accepted=False)
    post.to("2021-09-23 20:00")
    review(post, made, "returned", "缺签章")
    post.tick()
    post.to("2021-09-23 21:00")
    post.report(KEY, accepted=False)
    assert await look(post, "2021-09-24 08:30") == []
    [notice] = of_kind(post, "returned")
    assert (notice.state, notice.reason) == (NoticeState.SUPPRESSED, "waiting")


async def test_an_acceptance_alone_makes_no_mail(post: Post) -> None:
    post.publish(a_programme(item("1", due_on="2021-09-30")))
    await look(post, "2021-09-22 10:00")
    post.report(KEY)
    assert await post.mornings("2021-09-23", "2021-10-08") == []
    [waiting] = of_kind(post, "accepted")
    assert (waiting.state, waiting.reason) == (NoticeState.SUPPRESSED, "quiet")


async def test_an_acceptance_goes_along_with_a_reminder(post: Post) -> None:
    post.publish(TWO)
    await look(post, "2021-10-08 10:00")
    post.report(KEY)
    assert await post.mornings("2021-10-09", "2021-10-12") == ["10-12 contact@housing"]
    mail = post.server.messages[-1]
    for part in (mail.text, mail.html):
        assert "已接受" in part
        assert "任务1" in part
    assert str(mail["Subject"]) == "【催办】2 任务2 将于 10 月 15 日到期"
    [told] = of_kind(post, "accepted")
    assert told.state is NoticeState.SENT
    assert await post.mornings("2021-10-13", "2021-10-14") == ["10-14 contact@housing"]
    assert "已接受" not in post.server.messages[-1].text


async def test_a_review_that_moves_no_light_is_told_all_the_same(post: Post) -> None:
    post.publish(TWO)
    await look(post, "2021-02-01 10:00")
    made = post.report(OTHER, accepted=False)
    review(post, made, "returned", "材料不全")
    [mail] = await look(post, "2021-02-01 10:01")
    assert "材料不全" in mail.text


async def test_a_case_sent_back_on_a_rest_day_is_told_that_day(post: Post) -> None:
    post.publish(a_programme(a_case_item("1", points="5")))
    post.to("2021-10-15 20:00")
    with post.database.write() as session:
        cases.open_case(
            session, "small", "督办1", kind="handed", unit=住建局, title="扬尘",
            received_at=at("2021-10-15 20:00"), now=post.clock.now(), by="office",
        )  # fmt: skip
    await look(post, "2021-10-15 20:00")
    post.to("2021-10-16 10:00")
    made = post.report(f"1/case/{住建局}/督办1", accepted=False)
    review(post, made, "returned", "照片不清")
    [mail] = await look(post, "2021-10-16 10:05")
    assert "照片不清" in mail.text


async def test_heads_and_leaders_sign_and_look_and_do_not_report(post: Post) -> None:
    post.publish(TWO)
    await post.mornings("2021-10-15", "2021-10-15")
    mails = {mail.to.partition("@")[0]: mail for mail in post.server.messages}
    assert set(mails) == {"contact", "head", "leader"}
    for role in ("head", "leader"):
        text = mails[role].text
        assert "填报办结" not in text
        assert "申请延期" not in text
        assert text.index("签收:") < text.index("看这件事:") < text.index("看这个单位:")
    assert "填报办结" in mails["contact"].text
    assert "看这件事" not in mails["contact"].text


async def test_what_was_taken_as_done_when_the_list_came_is_no_news_to_anybody(post: Post) -> None:
    now = post.to("2021-10-08 08:00")
    with post.database.write() as session:
        owed = pastdue.before(session, TWO, now=now)
    post.publish(TWO)
    with post.database.write() as session:
        assert pastdue.settle(session, TWO, owed, "done", now=now, by="office") == 1
    told = await look(post, "2021-10-12 08:30")
    assert [mail.text.count("1 任务1") for mail in told] == [0]
    assert of_kind(post, "accepted") == []


async def test_who_reviews_is_led_to_what_waits_for_them_and_not_to_the_unit_s_page(
    post: Post,
) -> None:
    post.publish(TWO, [a_contact(住建局), a_contact("*", "reviewer", mail="reviewer@county.test")])
    post.to("2021-09-23 10:00")
    post.report(KEY, accepted=False)
    told = await look(post, "2021-09-23 10:05")
    [mail] = [one for one in told if one.to == "reviewer@county.test"]
    for part in (mail.text, mail.html):
        assert "/p/small/reviews" in part
        assert "/units/" not in part
