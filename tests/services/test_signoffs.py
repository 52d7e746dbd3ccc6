"""A signed score stays as it was signed; what comes later stands beside it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import select

from tests.builders import (
    JANUARY,
    a_contact,
    a_monthly_item,
    a_programme,
    a_report,
    an_acceptance,
    at,
    clause,
    item,
    住建局,
)
from tracker.domain import facts as f
from tracker.domain.errors import NotFound, Refused, Unfit
from tracker.services import (
    people,
    programmes,
    pseudonyms,
    reporting,
    scoreboard,
    signoffs,
    trail,
)
from tracker.services.signoffs import Signoff, Since
from tracker.store.database import Database
from tracker.store.tables import PersonRow, SignoffRow

YEAR_END = at("2021-12-31 24:00")
SIGNED = at("2022-01-05 09:00")
LATER = at("2022-02-01 09:00")


def small(**parts: Any) -> Any:
    return a_programme(item(due_on="2021-09-30"), a_monthly_item(), **parts)


@pytest.fixture
def published(database: Database) -> Database:
    """Done three started days late: 0.3; no bulletin all year: 1.2."""
    with database.write() as session:
        programmes.publish(session, small(), now=JANUARY, by="office")
    facts = [a_report(on="2021-10-03 10:00", id="r"), an_acceptance("r", on="2021-10-08")]
    with database.write() as session:
        reporting.load_facts(session, "small", facts, now=at("2021-11-01"))
    return database


def sign(database: Database, **given: Any) -> Signoff:
    said = {"as_of": YEAR_END, "now": SIGNED, "person": "王主任", "by": "office", **given}
    with database.write() as session:
        return signoffs.sign(session, "small", **said)


def since(database: Database, number: int = 1) -> Since:
    with database.read() as session:
        signed = signoffs.signoff(session, "small", number)
        return signoffs.since(session, "small", signed, known_at=LATER)


def late_report(database: Database) -> None:
    """The January bulletin turns out to have come in time; it is entered in February."""
    report = a_report("3", duty="bulletin", occurrence="2021-01", on="2021-01-20", id="b",
                      unit=住建局)  # fmt: skip
    accepted = an_acceptance("b", on="2021-01-21")
    entered = {"recorded_at": LATER - timedelta(days=1)}
    facts = [one.model_copy(update=entered) for one in (report, accepted)]
    with database.write() as session:
        reporting.load_facts(session, "small", facts, now=LATER - timedelta(days=1))


def test_what_is_signed_keeps_everything_that_it_was_computed_from(published: Database) -> None:
    signed = sign(published, note="班子会议审定")
    with published.read() as session:
        board = scoreboard.board(session, "small", as_of=YEAR_END, known_at=SIGNED)
    assert signed.number == 1
    assert (signed.score, signed.lost) == (board.ledger.score, 15_000)
    assert (signed.version, signed.programme_hash) == (1, board.programme.hash)
    assert (signed.calendar, signed.engine) == (board.ledger.calendar_version, board.ledger.engine)
    assert (signed.final, signed.person, signed.note) == (True, "王主任", "班子会议审定")
    assert [line.points for line in signed.lines] == [one.points for one in board.ledger.entries]
    assert "3 × 0.1" in signed.lines[0].says["zh"]
    assert signed.lines[0].says["en"] != signed.lines[0].says["zh"]
    assert signed.intact


def test_later_facts_are_differences_and_never_rewrite_it(published: Database) -> None:
    before = sign(published)
    assert since(published).facts.same
    late_report(published)
    with published.read() as session:
        assert signoffs.signoff(session, "small", 1) == before
    found = since(published)
    assert [one.fact for one in found.recorded] == ["report", "review"]
    assert (found.facts.before.score, found.facts.change) == (before.score, 1_000)
    assert [(one.id, one.change) for one in found.facts.clauses] == [("3", 1_000)]
    assert found.whole.change == found.facts.change


def test_a_new_version_stands_beside_the_version_that_was_signed(published: Database) -> None:
    signed = sign(published)
    changed = small()
    body = changed.model_dump(mode="json", by_alias=True)
    body["sections"][0]["items"][1]["clauses"][0]["rules"][0]["each"] = "0.2"
    with published.write() as session:
        programmes.publish(session, changed.model_validate(body), now=LATER, by="office")
    found = since(published)
    assert found.facts.same
    assert (found.version, found.whole.change) == (2, -12_000)
    with published.read() as session:
        old = scoreboard.board(session, "small", as_of=YEAR_END, known_at=LATER, version=1)
        new = scoreboard.board(session, "small", as_of=YEAR_END, known_at=LATER)
        with pytest.raises(NotFound, match="1、2"):
            scoreboard.board(session, "small", as_of=YEAR_END, version=3)
    assert (old.version, old.ledger.score) == (1, signed.score)
    assert (new.version, new.ledger.score) == (2, signed.score - 12_000)


def test_the_same_ledger_is_signed_once_and_another_one_has_the_next_number(
    published: Database,
) -> None:
    sign(published)
    with pytest.raises(Refused, match="第 1 号"):
        sign(published, now=SIGNED + timedelta(days=1), person="李主任")
    late_report(published)
    second = sign(published, now=LATER)
    assert (second.number, second.lost) == (2, 14_000)
    with published.read() as session:
        assert [one.number for one in signoffs.signoffs(session, "small")] == [2, 1]


def test_before_the_cut_off_it_is_an_interim_one(published: Database) -> None:
    assert not sign(published, as_of=at("2021-06-30 24:00"), now=at("2021-11-02")).final


def test_nobody_and_the_future_cannot_be_signed(published: Database) -> None:
    with pytest.raises(Unfit) as unfit:
        sign(published, person=" ", as_of=SIGNED + timedelta(days=1))
    assert set(unfit.value.parts) == {"person", "as_of"}
    with published.read() as session:
        assert signoffs.signoffs(session, "small") == []
        with pytest.raises(NotFound, match="第 1 号"):
            signoffs.signoff(session, "small", 1)


def test_signing_is_an_event_of_the_trail_that_names_nobody(published: Database) -> None:
    signed = sign(published)
    with published.read() as session:
        [event] = [one for one in trail.events(session, "small") if one.kind == "score.signed"]
    assert event.subject == "1"
    assert event.body["sha256"] == signed.sha256
    assert "王主任" not in trail.canonical(event.body)


def test_a_row_that_somebody_changed_is_seen(published: Database) -> None:
    sign(published)
    with published.write() as session:
        body = dict(session.exec(select(SignoffRow.body)).one())
        body["ledger"] = {**body["ledger"], "score": "99"}
        session.connection().execute(update(SignoffRow).values(body=body))
    with published.read() as session:
        assert not signoffs.signoff(session, "small", 1).intact


# -- names ----------------------------------------------------------------------------------------


@pytest.fixture
def decided(database: Database) -> Database:
    """张三 of 住建局 decided 0.5 points and signs; 李四 decided 0.2."""
    rule = {"kind": "discretionary", "most": "2", "asked": "poor", "per": "each"}
    programme = a_programme(item("4", clause("4", duties=[], rules=[rule])))
    with database.write() as session:
        programmes.publish(session, programme, now=JANUARY, by="office")
        people.load_contacts(session, [a_contact(name="张三", mail="z@example.gov.cn")],
                             on=JANUARY.date(), now=JANUARY, by="office")  # fmt: skip
        said = [("张三", "0.5"), ("李四", "0.2")]
        told = {"fact": "decision", "rule": "4#1", "reason": "看过", "recorded_at": SIGNED,
                "occurred_at": at("2021-05-01")}  # fmt: skip
        facts = [f.FACT.validate_python({**told, "person": one, "points": points})
                 for one, points in said]  # fmt: skip
        reporting.load_facts(session, "small", facts, now=SIGNED)
    return database


def forget(database: Database) -> None:
    with database.write() as session:
        [known] = session.exec(select(PersonRow).where(PersonRow.name == "张三")).all()
        assert known.id is not None
        people.erase(session, known.id, on=LATER.date(), now=LATER, by="office")


def row(database: Database) -> SignoffRow:
    with database.read() as session:
        found = session.exec(select(SignoffRow)).one()
        session.expunge(found)
        return found


def test_a_person_who_is_forgotten_is_in_no_signed_score_and_the_seal_holds(
    decided: Database,
) -> None:
    signed = sign(decided, person="张三")
    assert (signed.person, signed.lost, signed.intact) == ("张三", 7_000, True)
    assert "张三认定" in signed.lines[0].says["zh"]
    forget(decided)
    with decided.read() as session:
        after = signoffs.signoff(session, "small", 1)
    assert (after.person, after.intact, after.sha256) == ("已删除 / erased", True, signed.sha256)
    assert "⟦1⟧认定" in after.lines[0].says["zh"]
    assert "李四 decided" in after.lines[1].says["en"]
    assert "张三" not in json.dumps([row(decided).body, row(decided).person], ensure_ascii=False)
    with pytest.raises(Refused, match="第 1 号"):
        sign(decided, person="李四")


def test_a_score_that_was_signed_with_names_in_it_is_rewritten_once_and_the_trail_says_so(
    decided: Database,
) -> None:
    sign(decided, person="王主任")
    with decided.write() as session:
        old = session.exec(select(SignoffRow)).one()
        old.body = pseudonyms.named(old.body)
        was = old.sha256 = trail.digest(old.body)
    with pytest.raises(Refused, match="第 1 号"):
        sign(decided)
    forget(decided)
    with decided.read() as session:
        after = signoffs.signoff(session, "small", 1)
        told = [one for one in trail.events(session, "small") if one.kind == "score.forgot"]
    assert (after.intact, after.person) == (True, "王主任")
    assert "张三" not in json.dumps(row(decided).body, ensure_ascii=False)
    assert [(one.body["was"], one.body["sha256"]) for one in told] == [(was, after.sha256)]


def test_a_name_that_somebody_else_on_file_has_stays(decided: Database) -> None:
    with decided.write() as session:
        people.load_contacts(session, [a_contact(name="张三", mail="other@example.gov.cn")],
                             on=JANUARY.date(), now=JANUARY, by="office")  # fmt: skip
        known = session.exec(select(PersonRow).where(PersonRow.mail == "z@example.gov.cn")).one()
    assert known.id is not None
    sign(decided, person="张三")
    with decided.write() as session:
        people.erase(session, known.id, on=LATER.date(), now=LATER, by="office")
    with decided.read() as session:
        assert signoffs.signoff(session, "small", 1).person == "张三"
