"""Who owes a clause: the price comes first, and assigning it is a new version of the programme."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from sqlmodel import select

from tests.builders import JANUARY, a_programme, at, item, 住建局, 市生态环境局, 生态分局
from tracker.domain.errors import NotFound, Refused
from tracker.services import assignments, programmes, scoreboard, trail
from tracker.services.assignments import Assignment, Joins, Priced
from tracker.store.database import Database
from tracker.store.tables import ObligationRow

NOW = at("2021-10-04 08:00")


@pytest.fixture
def published(database: Database) -> Database:
    """Two units owe one clause, due on 30 September; nobody has divided it."""
    both = item("1", due_on="2021-09-30", responsible=[住建局, 生态分局])
    with database.write() as session:
        programmes.publish(session, a_programme(both), now=JANUARY, by="office")
    return database


def price(database: Database, units: Sequence[str], joins: Joins = "all") -> Priced:
    with database.read() as session:
        return assignments.price(session, "small", Assignment("1", tuple(units), joins), now=NOW)


def assign(database: Database, units: Sequence[str], joins: Joins = "all", **given: Any) -> int:
    wanted = Assignment("1", tuple(units), joins)
    said = {"now": NOW, "by": "office", "reason": "分工会议", **given}
    with database.write() as session:
        return assignments.assign(session, "small", wanted, **said).version


def test_the_price_is_known_before_anything_is_saved(published: Database) -> None:
    found = price(published, [住建局, 生态分局], "each")
    assert not found.divided
    # Four started days, 0.1 each: once for both, or once for each of them.
    assert (found.price.now.before.lost, found.price.now.after.lost) == (4_000, 8_000)
    assert found.price.later.change == 0  # by the year's end the item's five points are gone anyway
    with published.read() as session:
        assert len(programmes.versions(session, "small")) == 1


def test_assigning_is_a_new_version_and_withdraws_what_is_no_longer_owed(
    published: Database,
) -> None:
    assert assign(published, [住建局]) == 2
    with published.read() as session:
        board = scoreboard.board(session, "small", as_of=NOW)
        rows = session.exec(select(ObligationRow)).all()
        old = scoreboard.board(session, "small", as_of=NOW, version=1)
        event = trail.events(session, "small", subject="1")[0]
    assert [entry.units for entry in board.ledger.entries] == [(住建局,)]
    assert {row.unit: row.withdrawn_at is None for row in rows} == {住建局: True, 生态分局: False}
    assert len(old.ledger.entries[0].units) == 2
    assert (event.kind, event.body["owed_by"], event.body["version"]) == (
        "clause.assigned", [住建局], 2,
    )  # fmt: skip


def test_what_was_undivided_is_divided_by_saying_so(published: Database) -> None:
    assert price(published, [住建局, 生态分局]).price.now.same
    assign(published, [住建局, 生态分局])
    with pytest.raises(Refused, match="已经是这样"):
        price(published, [住建局, 生态分局])


@pytest.mark.parametrize(
    ("units", "joins", "error", "says"),
    [
        (["nobody"], "all", NotFound, "nobody"),
        ([], "all", Refused, "至少"),
        ([市生态环境局], "some", NotFound, "each"),
    ],
)
def test_what_cannot_be_assigned_changes_nothing(
    published: Database, units: list[str], joins: Any, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        assign(published, units, joins)
    with published.read() as session:
        assert len(programmes.versions(session, "small")) == 1


def test_an_assignment_takes_a_reason_and_a_clause_that_there_is(published: Database) -> None:
    with pytest.raises(Refused, match="理由"):
        assign(published, [住建局], reason=" ")
    with published.read() as session, pytest.raises(NotFound, match="99"):
        assignments.price(session, "small", Assignment("99", (住建局,), "all"), now=NOW)
