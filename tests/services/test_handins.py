"""Hand-ins that are kept beside the facts: a first look that reads no report, and one that must."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import Thread

from sqlalchemy import event, insert
from sqlmodel import Session, select

from tests.builders import (
    JANUARY,
    a_database,
    a_monthly_item,
    a_programme,
    a_report,
    an_acceptance,
    at,
    住建局,
)
from tracker.domain import facts as f
from tracker.domain.ledger import Ledger
from tracker.domain.scoring import Context, score
from tracker.services import calendars, factbook, programmes, reporting, scoreboard
from tracker.services.scoreboard import Board
from tracker.store.database import Database
from tracker.store.tables import FactRow, HandInRow

PROGRAMME = a_programme(a_monthly_item(points="4"), a_monthly_item("4", points="4"))
MARCH = at("2021-03-20")
NOVEMBER = at("2021-11-01")


def bulletin(month: int, *, on: str = "", unit: str = 住建局, clause: str = "3") -> f.Report:
    return a_report(
        clause, on=on or f"2021-{month:02d}-20", duty="bulletin", occurrence=f"2021-{month:02d}",
        unit=unit, id=f"b{clause}-{month}-{unit}-{on}",
    )  # fmt: skip


def tell(database: Database, *facts: f.AnyFact, now: datetime = NOVEMBER) -> None:
    with database.write() as session:
        programmes.publish(session, PROGRAMME, now=JANUARY, by="office")
        reporting.load_facts(session, "small", facts, now=now)


def of_all_facts(session: Session, as_of: datetime) -> Ledger:
    facts = factbook.facts(session, "small")
    context = Context(calendars.calendar(session))
    return score(PROGRAMME, context, facts, as_of=as_of, known_at=as_of)


@contextmanager
def a_new_process(database: Database) -> Iterator[Database]:
    fresh = a_database(database.url.render_as_string(hide_password=False))
    try:
        yield fresh
    finally:
        fresh.close()


@contextmanager
def reports_read(database: Database) -> Iterator[list[str]]:
    """The statements that ask for reports while this lasts."""
    seen: list[str] = []

    @event.listens_for(database.engine, "before_cursor_execute")
    def look(_: object, __: object, statement: str, parameters: object, *rest: object) -> None:
        if "report" in str(parameters):
            seen.append(statement)

    yield seen
    event.remove(database.engine, "before_cursor_execute", look)


def looked_at(database: Database, as_of: datetime) -> Board:
    with database.read() as session:
        return scoreboard.board(session, "small", as_of=as_of)


def test_where_all_was_handed_in_in_time_a_first_look_reads_no_report(database: Database) -> None:
    told = [bulletin(month, on=f"2021-0{month}-20", clause=one) for one in "34" for month in (1, 2)]
    tell(database, *told, an_acceptance(told[0].id, on="2021-02-01"))
    with a_new_process(database) as fresh, reports_read(fresh) as read:
        ledger = looked_at(fresh, MARCH).ledger
        assert ledger.lost == 0
        assert not read
        assert len(list(ledger.standings)) == 2 * 12
        assert read


def test_what_was_returned_is_read_of_its_clause_alone(database: Database) -> None:
    told = [bulletin(1, on="2021-01-20"), bulletin(2, on="2021-02-20")]
    in_time = [bulletin(month, on=f"2021-0{month}-20", clause="4") for month in (1, 2)]
    sent_back = an_acceptance(told[1].id, on="2021-03-05").model_copy(
        update={"outcome": "returned", "reason": "缺表"}
    )
    tell(database, *told, *in_time, sent_back)
    with a_new_process(database) as fresh, reports_read(fresh) as read:
        shown = looked_at(fresh, MARCH).ledger
        assert len(read) == 1
    with database.read() as session:
        assert shown.entries == of_all_facts(session, MARCH).entries
    assert shown.lost


def test_a_look_at_the_standings_shows_them_as_they_were_whoever_looks_and_when(
    database: Database,
) -> None:
    tell(database, bulletin(1), now=MARCH)
    with a_new_process(database) as fresh:
        board = looked_at(fresh, MARCH)
        tell(database, bulletin(2, on="2021-02-20"), now=NOVEMBER)
        with fresh.read() as session:
            then = score(PROGRAMME, Context(calendars.calendar(session)), [bulletin(1)],
                         as_of=MARCH, known_at=MARCH)  # fmt: skip
            seen: list[object] = []
            looks = [Thread(target=lambda: seen.append(list(board.ledger.standings)))
                     for _ in range(4)]  # fmt: skip
            for one in looks:
                one.start()
            for one in looks:
                one.join()
        assert seen == [list(then.standings)] * 4
        assert [one.id for one in board.facts] == [bulletin(1).id]


def test_hand_ins_that_lag_behind_the_facts_are_not_used_and_made_anew_with_the_next(
    database: Database,
) -> None:
    """As an older release leaves them, which stores facts and knows no hand-ins."""
    tell(database, bulletin(1))
    with database.write() as session:
        row = factbook.row("small", bulletin(2, on="2021-02-20"), {})
        session.connection().execute(insert(FactRow), [row])
    with a_new_process(database) as fresh:
        shown = looked_at(fresh, NOVEMBER).ledger
        with fresh.read() as session:
            assert shown.entries == of_all_facts(session, NOVEMBER).entries
    with a_new_process(database) as fresh, fresh.write() as session:
        reporting.load_facts(session, "small", [bulletin(3)], now=NOVEMBER)
        [kept] = session.exec(select(HandInRow).where(HandInRow.unit == 住建局))
        assert kept.occurrences == '["2021-01", "2021-02", "2021-03"]'


def test_a_report_of_all_units_leaves_its_clause_to_the_facts(database: Database) -> None:
    tell(database, bulletin(1), bulletin(2, unit=""))
    with a_new_process(database) as fresh, fresh.read() as session:
        shown = scoreboard.board(session, "small", as_of=NOVEMBER).ledger
        wanted = select(HandInRow.clause).where(HandInRow.unit == "", HandInRow.clause != "")
        assert session.exec(wanted).all() == ["3"]
        assert shown.entries == of_all_facts(session, NOVEMBER).entries
