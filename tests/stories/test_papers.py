"""Who gets which page on Monday: leader, office, head and contact, reviewer; each once."""

from __future__ import annotations

from datetime import date, timedelta
from hashlib import sha256

from sqlmodel import select

from tests.builders import (
    a_contact,
    a_programme,
    item,
    the_cast,
    住建局,
    县委组织部,
    市生态环境局,
    生态分局,
)
from tests.stories.post import Post, stationery
from tracker.definitions.sheets import Contact
from tracker.runtime import environment
from tracker.services import absences, people, weekly, weekpost
from tracker.services.people import EVERY_UNIT
from tracker.settings import Settings
from tracker.store.tables import DigestRow, DispatchKind, DispatchRow

KEY = f"1/done/{住建局}"
TEMPLATES = environment(Settings(secret="x" * 32))
CAST = [
    *the_cast("contact", "head"),
    a_contact(EVERY_UNIT, "leader", mail="leader@county.example"),
    a_contact(EVERY_UNIT, "office", mail="office@county.example"),
    a_contact(市生态环境局, "reviewer"),
]


def monday(post: Post, when: str) -> dict[str, DispatchRow]:
    """The digests that are in the outbox after that look, by who gets them."""
    now = post.to(when)
    with post.database.write() as session:
        weekpost.issue_and_post(
            session, post.slug, now=now, stationery=stationery(), templates=TEMPLATES
        )
    with post.database.read() as session:
        wanted = select(DispatchRow).where(DispatchRow.kind == DispatchKind.DIGEST)
        rows = session.exec(wanted.where(DispatchRow.made_at == now)).all()
        return {row.recipient.partition(".")[0]: row for row in rows}


def test_each_role_gets_its_own_page_and_once(post: Post) -> None:
    post.publish(a_programme(item("1", due_on="2021-10-15"), item("2", due_on="2021-10-20")), CAST)
    post.to("2021-10-08 10:00")
    post.report(KEY, accepted=False)
    sent = monday(post, "2021-10-18 08:30")
    assert set(sent) == {
        "leader@county", "office@county", "contact@housing", "head@housing", "reviewer@env-bureau"
    }  # fmt: skip
    assert sent["contact@housing"].html.count("住建局") > 0
    assert "等您审核的" in sent["reviewer@env-bureau"].text
    assert sent["reviewer@env-bureau"].subject.startswith("【周报】待审 1 件")
    for name in ("leader@county", "office@county"):
        raw = sent[name].raw or b""
        assert b"Content-ID" in raw, name
        assert b"image/png" in raw, name
    assert b"image/png" not in (sent["head@housing"].raw or b"")
    assert monday(post, "2021-10-18 09:30") == {}
    post.clock.advance(timedelta(days=1))
    assert monday(post, "2021-10-20 09:30") == {}


def test_nobody_is_mailed_about_a_queue_that_is_empty(post: Post) -> None:
    post.publish(a_programme(item("1", due_on="2021-10-15")), CAST)
    assert "reviewer@env-bureau" not in monday(post, "2021-10-18 08:30")


def test_a_line_leads_to_its_obligation(post: Post) -> None:
    post.publish(a_programme(item("1", due_on="2021-10-15")), CAST)
    leader = monday(post, "2021-10-18 08:30")["leader@county"]
    address = "https://tracker.test/p/small/obligation?key=1%2Fdone%2Fhousing"
    assert address in leader.text
    assert address in leader.html


# -- one person with several posts ---------------------------------------------------------------

LIST = a_programme(
    item("1", due_on="2021-10-15", responsible=[住建局, 生态分局]),
    item("2", due_on="2021-10-13"),
    item("3", due_on="2021-10-11", responsible=[生态分局]),
    item("4", due_on="2021-10-12", responsible=[市生态环境局]),
)


def one_and_the_same(*posts: tuple[str, str]) -> list[Contact]:
    """张三 in each of these posts, unit and role."""
    return [a_contact(unit, role, name="张三", mail="zhang@county.example")
            for unit, role in posts]  # fmt: skip


def page_of(post: Post, *cast: Contact) -> DispatchRow:
    """The only digest that goes to 张三 on that Monday."""
    post.publish(LIST, list(cast))
    post.to("2021-10-14 10:00")
    post.report(KEY, accepted=False)
    sent = monday(post, "2021-10-18 08:30")
    with post.database.read() as session:
        wanted = select(DispatchRow).where(DispatchRow.kind == DispatchKind.DIGEST)
        mine = wanted.where(DispatchRow.recipient == "zhang@county.example")
        assert len(session.exec(mine).all()) == 1
    return sent["zhang@county"]


def test_who_is_contact_of_several_units_is_told_of_all_of_them_at_once(post: Post) -> None:
    mine = page_of(post, *one_and_the_same((住建局, "contact"), (生态分局, "head")))
    # The two lost 0.3 together on item 1, 0.7 on item 3, 0.5 on item 2.
    assert mine.subject.startswith("【周报】失分 1.50，本周新增 1.50，")
    assert "生态分局、住建局" in mine.html
    for told in (mine.text, mine.html):
        assert all(f"{n} 任务{n}" in told for n in "123")
        assert "任务4" not in told
    with post.database.read() as session:
        kept = select(DigestRow).where(DigestRow.audience == "unit:env_branch,housing")
        assert session.exec(kept).one().body["verdict"]["lost"] == "1.5"


def test_who_owes_and_reviews_has_both_in_one_mail(post: Post) -> None:
    mine = page_of(post, *one_and_the_same((市生态环境局, "reviewer"), (市生态环境局, "contact")))
    assert mine.subject.startswith("【周报】失分 0.60，")
    for told in (mine.text, mine.html):
        assert told.count("待审 1 件，最早的 10-14 报来") == 2  # at once, and over its part
        assert "4 任务4" in told
        assert "住建局 1 任务1" in told


def test_who_sees_everything_has_the_own_units_and_the_own_queue_behind_it(post: Post) -> None:
    posts = [(EVERY_UNIT, "leader"), (EVERY_UNIT, "office"), (生态分局, "contact"),
             (市生态环境局, "reviewer")]  # fmt: skip
    mine = page_of(post, *one_and_the_same(*posts))
    assert mine.subject.startswith("【周报】失分 2.10，")
    announced, whole, own, queue = (
        mine.text.partition("小方案")[0], *mine.text.partition("小方案")[2].split("──────────")
    )  # fmt: skip
    assert "生态分局：失分 1.00，" in announced
    assert "市局：待审 1 件" in announced
    assert "任务4" in whole
    assert "任务3" in own
    assert "任务4" not in own
    assert "住建局 1 任务1" in queue


def test_a_leader_in_charge_of_some_units_has_the_whole_page_and_theirs(post: Post) -> None:
    mine = page_of(post, *one_and_the_same((生态分局, "leader")))
    assert mine.subject.startswith("【周报】失分 2.10，")
    assert "生态分局：失分 1.00，" in mine.text


def test_who_stands_in_has_the_own_units_and_those_of_who_is_away(post: Post) -> None:
    post.publish(LIST, [a_contact(住建局), *one_and_the_same((生态分局, "contact"))])
    with post.database.write() as session:
        away, there = (people.resolve(session, post.slug, unit, "contact", date(2021, 10, 18))[0]
                       for unit in (住建局, 生态分局))  # fmt: skip
        absences.begin(session, away, there, from_on=date(2021, 10, 18), copied=False,
                       until_on=date(2021, 10, 22), now=post.clock.now(), by="office")  # fmt: skip
    sent = monday(post, "2021-10-18 08:30")
    assert set(sent) == {"zhang@county"}
    assert "生态分局、住建局" in sent["zhang@county"].text


def test_who_is_in_charge_of_hundreds_of_units_has_one_page_of_them_in_the_archive(
    post: Post,
) -> None:
    ids = [sha256(str(n).encode()).hexdigest()[:30] for n in range(200)]
    named = [{"id": one, "name": f"{one} 镇"} for one in ids]
    own = [{"id": one, "name": one} for one in (县委组织部, 市生态环境局)]
    many = a_programme(item("1", due_on="2021-10-15", responsible=ids), units=[*named, *own])
    post.publish(many, one_and_the_same(*((one, "leader") for one in ids)))
    sent = monday(post, "2021-10-18 08:30")
    assert "（200）" in sent["zhang@county"].html
    with post.database.read() as session:
        assert weekly.archived(session, post.slug, "2021-W42", f"unit:{','.join(sorted(ids))}")
