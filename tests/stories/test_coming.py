"""What a page says will be mailed in the next two weeks is what is mailed, if nothing happens."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from tests.builders import (
    a_case_item,
    a_contact,
    a_monthly_item,
    a_programme,
    at,
    item,
    the_cast,
    住建局,
    生态分局,
)
from tests.sinks import parse
from tests.stories.post import Post
from tracker.domain.errors import NotFound
from tracker.domain.silences import Mode, Scope
from tracker.services import cases, coming, silences
from tracker.services.claims import letter_of

HALF_HOUR = timedelta(minutes=30)
BUSY = a_programme(
    item("1", due_on="2021-09-30", responsible=(住建局, 生态分局)),
    a_case_item("2"),
    a_monthly_item("3"),
)


def a_busy_week(post: Post) -> None:
    """Two contacts in one unit, a case on its clock, a report that waits for review."""
    post.publish(BUSY, [*the_cast(), a_contact(住建局, mail="second@housing.example.gov.cn",
                                               name="第二联络员")])  # fmt: skip
    post.to("2021-09-24 09:00")
    post.tick()
    now = post.to("2021-09-24 09:30")
    with post.database.write() as session:
        cases.open_case(
            session, post.slug, "07", kind="handed", unit=住建局, title="扬尘", received_at=now,
            now=now, by="office",
        )  # fmt: skip
    post.report(f"1/done/{生态分局}", accepted=False)


async def test_the_mails_foreseen_are_those_that_go_out(post: Post) -> None:
    a_busy_week(post)
    now = post.clock.now()
    with post.database.read() as session:
        foreseen = coming.coming(session, post.slug, now=now)
    told = [(one.at, one.mail, one.window) for one in foreseen if one.person]
    assert len(told) > 8
    post.tick()
    await post.deliver()
    await post.play("2021-10-08 09:30", every=HALF_HOUR)
    sent = [
        (row.frozen_at, row.recipient, row.window)
        for row in post.dispatches() if row.frozen_at is not None and row.frozen_at >= now
    ]  # fmt: skip
    assert sorted(told) == sorted(sent)


def unlinked(html: str) -> str:
    return re.sub(r"/a/[^\"]+", "/a/", html)


async def test_a_mail_foreseen_reads_as_it_will(post: Post) -> None:
    post.publish(a_programme(item("1", due_on="2021-09-30")))
    now = post.to("2021-09-24 09:00")
    post.tick()
    await post.deliver()
    with post.database.read() as session:
        first = next(one for one in coming.coming(session, post.slug, now=now) if one.person)
        _, letter = coming.letter(
            session, post.slug, post.parts.stationery, now=now, key=first.key
        )  # fmt: skip
        with pytest.raises(NotFound):
            coming.letter(session, post.slug, post.parts.stationery, now=now, key="1|never|mail")
    assert first.at == at("2021-09-27 08:30")
    await post.mornings("2021-09-27", "2021-09-27")
    [row] = [row for row in post.dispatches() if row.key == first.key]
    with post.database.read() as session:
        sent = letter_of(session, row.id or 0)
    assert sent is not None
    html = parse(sent).html
    assert (row.subject, unlinked(html)) == (letter.subject, unlinked(f"{letter.html}\n"))
    assert html.strip() != letter.html.strip(), "a link of a preview opens nothing"
    assert letter.subject == "【催办】1 任务1 将于 9 月 30 日到期"


async def test_what_a_mail_catches_up_with_is_listed_once_by_its_last_rung(post: Post) -> None:
    a_busy_week(post)
    now = post.to("2021-10-20 09:00")
    with post.database.read() as session:
        foreseen = coming.coming(session, post.slug, now=now)
    mail = next(one for one in foreseen if f"1/done/{住建局}" in [it.obligation for it in one.told])
    rungs = [one for one in mail.told if one.obligation == f"1/done/{住建局}"]
    assert len(rungs) > 1
    [listed] = [one for one in mail.matters if one.obligation == f"1/done/{住建局}"]
    assert listed.nominal_at == max(one.nominal_at for one in rungs)


async def test_looking_ahead_writes_nothing(post: Post) -> None:
    a_busy_week(post)
    before = (post.notices(), post.dispatches(), post.events("notices.made"))
    with post.database.read() as session:
        coming.coming(session, post.slug, now=post.clock.now())
    assert (post.notices(), post.dispatches(), post.events("notices.made")) == before


async def test_what_is_silenced_or_put_off_is_shown_as_that(post: Post) -> None:
    a_busy_week(post)
    now = post.clock.now()
    key, bulletin = f"1/done/{住建局}", f"3/bulletin/{住建局}/2021-09"
    later = at("2021-09-29 10:00")
    with post.database.write() as session:
        silences.make(session, post.slug, scope=Scope.OBLIGATION, subject=key, mode=Mode.SILENCE,
                      until=at("2021-09-29"), because="部署", by="office", now=now)  # fmt: skip
        silences.make(session, post.slug, scope=Scope.OBLIGATION, subject=bulletin,
                      mode=Mode.SNOOZE, until=later, because="搬迁", by="office",
                      now=now)  # fmt: skip
    with post.database.read() as session:
        mails, hushed = coming.ahead(session, post.slug, now=now)
    about = [one for one in mails if key in {told.obligation for told in one.told}]
    assert {one.at for one in about if one.at < at("2021-09-29")} == set()
    assert ("-3", "silenced:1") in {(told.rung, told.why_not) for _, told in hushed}
    late = [one.at for one in mails if bulletin in {told.obligation for told in one.told}]
    assert min(late) >= later


async def test_who_reaches_nobody_is_shown_with_the_reason(post: Post) -> None:
    post.publish(a_programme(item("1", due_on="2021-09-30")), the_cast("head"))
    now = post.to("2021-09-24 09:00")
    post.tick()
    with post.database.read() as session:
        found = coming.coming(session, post.slug, now=now)
    assert {(one.person, one.told[0].rung, one.told[0].why_not) for one in found} >= {
        (0, "-3", "nobody")
    }
