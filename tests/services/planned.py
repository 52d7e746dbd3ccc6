"""A small programme that is planned tick by tick, and what came of it."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import col, select

from tests.builders import (
    JANUARY,
    NEW_YEAR,
    a_case_item,
    a_monthly_item,
    a_programme,
    at,
    clause,
    item,
    the_cast,
    住建局,
    生态分局,
)
from tracker.demo.cast import cast_of
from tracker.domain.programme import Programme
from tracker.services import people, planning, programmes
from tracker.services.directory import is_copy
from tracker.services.planning import TickResult
from tracker.store.database import Database
from tracker.store.tables import NoticeRow

KEY = f"1/done/{住建局}"
GAP = {"kind": "gap", "id": "gap", "activity": "login", "within": {"n": 7, "unit": "day"}}
SMALL = a_programme(
    item("1", due_on="2021-09-30", responsible=(住建局, 生态分局)),
    a_case_item("2"),
    a_monthly_item("3"),
    item("4", clause("4", duties=[GAP])),
)


def publish(database: Database, programme: Programme, *, when: datetime = JANUARY) -> None:
    with database.write() as session:
        programmes.publish(session, programme, now=when, by="office")
        cast = the_cast() if programme.id == "small" else cast_of(programme)
        people.load_contacts(session, cast, now=when, on=NEW_YEAR, by="office")


def tick(database: Database, when: str) -> TickResult:
    return planning.tick_all(database, at(when))


def notices(database: Database) -> list[NoticeRow]:
    with database.read() as session:
        return list(session.exec(select(NoticeRow).order_by(col(NoticeRow.key))).all())


def keys(database: Database) -> set[str]:
    """Without the copies for further people in a role."""
    return {one.key for one in notices(database) if not is_copy(one.key)}
