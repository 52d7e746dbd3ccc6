"""Points as scaled integers on both databases."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import Column, MetaData, Table, func, select
from sqlalchemy.exc import StatementError

from tracker.store.database import Database
from tracker.store.types import PointsColumn

ledger = Table("points_of_a_test", MetaData(), Column("points", PointsColumn))


@pytest.fixture(autouse=True)
def a_table(database: Database) -> None:
    with database.write() as session:
        ledger.create(session.connection())


@pytest.mark.parametrize("written", ["0", "0.0001", "-3.42", "100", "99999999.9999"])
def test_points_come_back_as_written(database: Database, written: str) -> None:
    with database.write() as session:
        session.connection().execute(ledger.insert().values(points=Decimal(written)))
    with database.read() as session:
        kept = session.connection().execute(select(ledger.c.points)).scalar_one()
    assert kept == Decimal(written)


def test_three_tenths_are_three_tenths(database: Database) -> None:
    with database.write() as session:
        session.connection().execute(ledger.insert(), [{"points": Decimal("0.1")}] * 3)
    with database.read() as session:
        total = session.connection().execute(select(func.sum(ledger.c.points))).scalar_one()
    assert total == Decimal("0.3")


def test_more_digits_than_we_keep_are_refused(database: Database) -> None:
    with pytest.raises(StatementError, match="more digits"), database.write() as session:
        session.connection().execute(ledger.insert().values(points=Decimal("0.00001")))
