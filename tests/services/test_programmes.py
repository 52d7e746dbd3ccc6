"""Publishing, and the rows of obligations that can be rebuilt at any time."""

from __future__ import annotations

import pytest
from sqlmodel import Session, select

from tests.builders import (
    JANUARY,
    a_case_item,
    a_monthly_item,
    a_programme,
    a_report,
    an_acceptance,
    at,
    clause,
    item,
    住建局,
    生态分局,
)
from tracker.domain import facts as f
from tracker.domain.errors import NotFound, Refused
from tracker.services import programmes, reporting, trail
from tracker.store.database import Database
from tracker.store.tables import ObligationRow


def publish(database: Database, *items: dict[str, object]) -> programmes.Published:
    with database.write() as session:
        return programmes.publish(session, a_programme(*items), now=JANUARY, by="office")


def rows(session: Session) -> dict[str, ObligationRow]:
    return {row.key: row for row in session.exec(select(ObligationRow))}


def test_a_published_programme_comes_back_as_it_was(database: Database) -> None:
    publish(database, item(), a_case_item(), a_monthly_item())
    with database.read() as session:
        found = programmes.current(session, "small")
    assert found == a_programme(item(), a_case_item(), a_monthly_item())


def test_the_same_document_is_the_same_version(database: Database) -> None:
    first, again = publish(database), publish(database)
    assert (first.version, first.new) == (1, True)
    assert (again.version, again.new) == (1, False)


def test_an_older_document_that_is_loaded_again_follows_the_newer_one(database: Database) -> None:
    publish(database, item(due_on="2021-09-30"))
    publish(database, item(due_on="2021-10-31"))
    third = publish(database, item(due_on="2021-09-30"))
    assert (third.version, third.new) == (3, True)
    with database.read() as session:
        assert [one.version for one in programmes.versions(session, "small")] == [3, 2, 1]
        assert programmes.current(session, "small") == programmes.published(session, "small", 1)


def test_a_programme_that_is_not_there_is_named_with_those_that_are(database: Database) -> None:
    publish(database)
    with database.read() as session, pytest.raises(NotFound, match=r"'large'.*small"):
        programmes.current(session, "large")


def test_every_obligation_gets_a_row(database: Database) -> None:
    publish(database, item(responsible=(住建局, 生态分局)), a_monthly_item())
    with database.read() as session:
        found = rows(session)
    assert [key for key in found if key.startswith("1/")] == ["1/done/housing", "1/done/env_branch"]
    assert len([key for key in found if key.startswith("3/")]) == 12
    row = found["3/bulletin/housing/2021-08"]
    assert (row.due_at, row.open, row.light) == (at("2021-08-25 24:00"), True, "none")


def test_a_vanished_obligation_is_withdrawn_and_comes_back_as_the_same_row(
    database: Database,
) -> None:
    publish(database, item("1"), item("2"))
    publish(database, item("1"))
    with database.read() as session:
        gone = rows(session)["2/done/housing"]
    assert (gone.open, gone.withdrawn_at) == (False, JANUARY)
    publish(database, item("1"), item("2"))
    with database.read() as session:
        back = rows(session)["2/done/housing"]
    assert (back.id, back.open, back.withdrawn_at) == (gone.id, True, None)


def test_rows_can_be_thrown_away_and_rebuilt(database: Database) -> None:
    publish(database, item(), a_case_item(), a_monthly_item())
    with database.write() as session:
        report = a_report(on="2021-09-01", id="r")
        reporting.load_facts(
            session, "small", [report, an_acceptance("r", on="2021-09-02")], now=at("2021-09-02")
        )
    with database.write() as session:
        before = {k: r.model_dump(exclude={"id", "laid_out_at"}) for k, r in rows(session).items()}
        for row in rows(session).values():
            row.due_at, row.open, row.light, row.title = None, False, "late", "wrong"
        session.flush()
        programmes.refresh_obligations(session, "small", now=at("2021-09-02"))
        after = {k: r.model_dump(exclude={"id", "laid_out_at"}) for k, r in rows(session).items()}
    changed = {key for key in before if before[key] != after[key]}
    assert all(after[key]["due_at"] == before[key]["due_at"] for key in before)
    assert {after[key]["light"] for key in changed} <= {"ok", "slow", "due", "late"}


def test_a_refresh_that_changes_nothing_says_so(database: Database) -> None:
    publish(database, item(), a_monthly_item())
    with database.write() as session:
        done = programmes.refresh_obligations(session, "small", now=JANUARY)
    assert (done.changed, done.withdrawn, done.total) == ((), (), 13)


def test_publishing_is_on_the_trail(database: Database) -> None:
    published = publish(database)
    with database.read() as session:
        [event] = trail.events(session, "small")
    assert event.kind == "programme.published"
    assert event.body == {"version": 1, "hash": published.hash, "by": "office"}


def test_facts_of_a_vanished_clause_do_no_harm(database: Database) -> None:
    publish(database, item("1"), item("2"))
    with database.write() as session:
        reporting.load_facts(
            session, "small", [a_report("2", on="2021-05-01")], now=at("2021-05-01")
        )
    publish(database, item("1"))
    with database.read() as session:
        assert [one.fact for one in reporting.facts(session, "small")] == ["report"]
        standing = programmes.standings(session, "small", now=at("2021-06-01"))
    assert [one.obligation.key for one in standing] == ["1/done/housing"]


def test_choices_follow_decisions(database: Database) -> None:
    reading = {
        "id": "blocks", "clause": "1", "question": "几天算一天？", "default": "completed",
        "alternatives": [
            {"id": "completed", "says": "满一天", "set": {}},
            {"id": "started", "says": "不满一天也算", "set": {"1#1.steps": "started"}},
        ],
    }  # fmt: skip
    decision = f.ReadingDecision(
        reading="blocks", choice="started", person="主任", reason="从严",
        occurred_at=at("2021-03-01"), recorded_at=at("2021-03-01"),
    )  # fmt: skip
    with database.write() as session:
        programmes.publish(session, a_programme(readings=[reading]), now=JANUARY, by="office")
    with database.write() as session:
        reporting.record_facts(session, "small", [decision], now=at("2021-03-01"))
    with database.read() as session:
        assert programmes.choices(session, "small", now=at("2021-02-01")) == {"blocks": "completed"}
        assert programmes.choices(session, "small", now=at("2021-03-02")) == {"blocks": "started"}


def test_the_dates_that_a_calendar_notice_would_move_are_listed_first(database: Database) -> None:
    duty = {"kind": "case", "id": "c", "case": "handed", "within": {"n": 5, "unit": "workday"}}
    rule = {"kind": "duty", "duty": "c"}
    programme = a_programme(item("1", clause("1", duties=[duty], rules=[rule])), year=2027)
    notice = {"year": 2027, "number": "甲1号", "off_days": {"2027-03-03": "某节"}}
    opened = f.CaseEvent(
        case="X-1", kind="handed", unit=住建局, event="opened",
        occurred_at=at("2027-03-01"), recorded_at=at("2027-03-01"),
    )  # fmt: skip
    with database.write() as session:
        programmes.publish(session, programme, now=at("2027-01-04"), by="office")
    with database.write() as session:
        reporting.record_facts(session, "small", [opened], now=at("2027-03-01"))
    with database.read() as session:
        assert rows(session)["1/c/housing/X-1"].provisional
        [moved] = programmes.would_move(session, notice, now=at("2027-03-02"))
        assert rows(session)["1/c/housing/X-1"].due_at == moved.before
    assert (moved.before, moved.after) == (at("2027-03-08 24:00"), at("2027-03-09 24:00"))


def texts(**words: str) -> list[dict[str, object]]:
    return [
        item(name[1:], clause(name[1:], text=text, duties=[
            {"kind": "milestone", "id": "done", "on": "2021-09-30"}
        ], rules=[{"kind": "all_or_nothing", "duty": "done"}]))
        for name, text in words.items()
    ]  # fmt: skip


PLAN, DRILL, CLEAR = "编制年度巡查方案", "组织防汛应急演练", "清理河道内的碍洪物"


def test_a_clause_with_records_keeps_its_number(database: Database) -> None:
    publish(database, *texts(c1=PLAN, c2=CLEAR))
    with database.write() as session:
        reporting.load_facts(
            session, "small", [a_report("2", on="2021-03-01")], now=at("2021-03-02")
        )
    with pytest.raises(Refused, match="2 → 3"):
        publish(database, *texts(c1=PLAN, c2=DRILL, c3=CLEAR))
    kept = publish(database, *texts(c1=PLAN, c2=CLEAR, c3=DRILL))
    assert kept.version == 2


def test_a_clause_without_records_may_have_another_number(database: Database) -> None:
    publish(database, *texts(c1=PLAN, c2=CLEAR))
    with database.write() as session:
        reporting.load_facts(
            session, "small", [a_report("1", on="2021-03-01")], now=at("2021-03-02")
        )
    assert publish(database, *texts(c1=PLAN, c2=DRILL, c3=CLEAR)).version == 2


def test_a_reworded_clause_is_the_same_clause(database: Database) -> None:
    publish(database, *texts(c1=PLAN, c2=CLEAR))
    with database.write() as session:
        reporting.load_facts(
            session, "small", [a_report("2", on="2021-03-01")], now=at("2021-03-02")
        )
    assert publish(database, *texts(c1=DRILL, c2=f"{CLEAR}和垃圾")).version == 2
