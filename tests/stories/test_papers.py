"""Who gets which page on Monday: leader, office, head and contact, reviewer; each once."""

from __future__ import annotations

from datetime import timedelta

from sqlmodel import select

from tests.builders import a_contact, a_programme, item, the_cast, 住建局, 市生态环境局
from tests.stories.post import Post, stationery
from tracker.runtime import environment
from tracker.services import weekpost
from tracker.services.people import EVERY_UNIT
from tracker.settings import Settings
from tracker.store.tables import DispatchKind, DispatchRow

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
