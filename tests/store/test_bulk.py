"""Many rows in one go: as they were given, each key once, on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from tracker.store.bulk import insert_new
from tracker.store.database import Database
from tracker.store.tables import AlarmRow, NoticeRow, NoticeState

JUNE = datetime(2021, 6, 1, 0, 30, tzinfo=UTC)


def notice(number: int, **given: Any) -> dict[str, Any]:
    return {
        "key": f"县|{number}'\"{{}},\\", "programme": "small", "obligation_id": number,
        "obligation_key": f"{number}/done/housing", "deadline_version": 1, "rung": "+1",
        "role": "contact", "unit": "housing", "nominal_at": JUNE, "send_at": JUNE,
        "state": NoticeState.WANTED, "reason": "", "dispatch_id": None, "made_at": JUNE, **given,
    }  # fmt: skip


def on_file(session: Session) -> list[dict[str, Any]]:
    rows = session.exec(select(NoticeRow).order_by(col(NoticeRow.obligation_id))).all()
    return [row.model_dump(exclude={"id"}) for row in rows]


def kept(database: Database, rows: Sequence[dict[str, Any]]) -> int:
    with database.write() as session:
        return insert_new(session, NoticeRow, rows)


def test_rows_come_back_as_they_were_given(database: Database) -> None:
    given = [
        notice(
            number,
            send_at=JUNE + timedelta(microseconds=number),
            state=list(NoticeState)[number % 3],
            reason="" if number % 2 else "签收",
        )
        for number in range(50)
    ]
    assert kept(database, given) == 50
    with database.read() as session:
        assert on_file(session) == given


def test_a_row_alone_and_rows_that_share_all_but_the_key_come_back_too(database: Database) -> None:
    assert kept(database, [notice(1)]) == 1
    assert kept(database, [notice(2), notice(3)]) == 2
    with database.read() as session:
        assert on_file(session) == [notice(1), notice(2), notice(3)]


def test_a_key_that_is_there_is_left_as_it_is(database: Database) -> None:
    kept(database, [notice(1, reason="first")])
    assert kept(database, [notice(1, reason="second"), notice(2), notice(2)]) == 1
    with database.read() as session:
        assert [row["reason"] for row in on_file(session)] == ["first", ""]


def test_an_instant_is_kept_to_the_microsecond_whatever_its_zone(database: Database) -> None:
    china = JUNE.astimezone(ZoneInfo("Asia/Shanghai")) + timedelta(microseconds=1)
    kept(database, [notice(1, made_at=china), notice(2)])
    with database.read() as session:
        assert [row["made_at"] for row in on_file(session)] == [china, JUNE]


def test_nothing_is_inserted_where_nothing_is_given(database: Database) -> None:
    assert kept(database, []) == 0
    with database.write() as session:
        assert insert_new(session, AlarmRow, [{"at": 1, "obligation_id": 7}]) == 1
