"""The one score: the same from the database and from documents, cached and not."""

from __future__ import annotations

from tests.builders import (
    JANUARY,
    a_case_item,
    a_monthly_item,
    a_programme,
    a_report,
    an_acceptance,
    at,
    item,
)
from tracker.domain.points import shown
from tracker.services import calendars, programmes, reporting, scoreboard
from tracker.store.database import Database

PROGRAMME = a_programme(item(), a_case_item(), a_monthly_item())
FACTS = [a_report(on="2021-10-02 24:00", id="r"), an_acceptance("r", on="2021-10-08")]
NOVEMBER = at("2021-11-01")


def tell(database: Database) -> None:
    with database.write() as session:
        programmes.publish(session, PROGRAMME, now=JANUARY, by="office")
    with database.write() as session:
        reporting.load_facts(session, "small", FACTS, now=NOVEMBER)


def test_the_database_and_the_documents_give_the_same_ledger(database: Database) -> None:
    tell(database)
    with database.read() as session:
        kept = scoreboard.board(session, "small", as_of=NOVEMBER)
        calendar = calendars.calendar(session)
    plain = scoreboard.of_documents(PROGRAMME, kept.facts, calendar, as_of=NOVEMBER)
    assert plain.ledger.entries == kept.ledger.entries
    assert (plain.version, kept.version) == (0, 1)
    # Two days late at 0.1, and nine bulletins of January to September that never came, and October.
    assert shown(kept.ledger.lost) == "1.20"


def test_a_board_is_reckoned_once_and_again_when_something_is_new(database: Database) -> None:
    tell(database)
    with database.read() as session:
        first = scoreboard.board(session, "small", as_of=NOVEMBER)
    with database.read() as session:
        assert scoreboard.board(session, "small", as_of=NOVEMBER) is first
    with database.write() as session:
        report = a_report("3", on="2021-10-20", duty="bulletin", occurrence="2021-10")
        reporting.load_facts(session, "small", [report], now=NOVEMBER)
    with database.read() as session:
        second = scoreboard.board(session, "small", as_of=NOVEMBER)
    assert second.ledger.lost < first.ledger.lost


def test_what_was_not_known_yet_does_not_count(database: Database) -> None:
    tell(database)
    with database.read() as session:
        then = scoreboard.board(session, "small", as_of=at("2021-10-05"))
        later = scoreboard.board(session, "small", as_of=at("2021-10-05"), known_at=NOVEMBER)
    assert then.known_at == at("2021-10-05")
    assert then.ledger.standings[0].done_at is None
    assert later.ledger.standings[0].done_at is None  # accepted on 8 October, after `as_of`
    with database.read() as session:
        now = scoreboard.board(session, "small", as_of=NOVEMBER)
    assert now.ledger.standings[0].done_at == at("2021-10-02 24:00")


def test_a_calendar_notice_that_is_loaded_makes_another_board(database: Database) -> None:
    tell(database)
    with database.read() as session:
        before = scoreboard.board(session, "small", as_of=NOVEMBER)
    notice = {"year": 2027, "number": "甲〔2026〕1号", "off_days": {"2027-01-01": "元旦"}}
    with database.write() as session:
        assert calendars.load_notice(session, notice, now=NOVEMBER, by="office")
    with database.read() as session:
        after = scoreboard.board(session, "small", as_of=NOVEMBER)
    assert "2027 甲〔2026〕1号" in after.ledger.calendar_version
    assert before.ledger.calendar_version != after.ledger.calendar_version
