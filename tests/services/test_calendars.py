"""Notices on days off, as the office loads them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.builders import JANUARY
from tracker.domain.errors import DefinitionError
from tracker.services import calendars, trail
from tracker.store.database import Database

NOTICE: dict[str, Any] = {
    "year": 2027,
    "number": "甲〔2026〕1号",
    "off_days": {"2027-01-01": "元旦", "2027-02-08": "春节"},
    "make_up_days": ["2027-02-13"],
}


def load(database: Database, notice: dict[str, Any]) -> bool:
    with database.write() as session:
        return calendars.load_notice(session, notice, now=JANUARY, by="office")


def test_a_loaded_notice_makes_its_year_known(database: Database) -> None:
    with database.read() as session:
        assert not calendars.calendar(session).known(2027)
    assert load(database, NOTICE)
    with database.read() as session:
        calendar = calendars.calendar(session)
    assert calendar.known(2027)
    assert not calendar.is_working(date(2027, 2, 8))
    assert calendar.is_working(date(2027, 2, 13))


def test_the_same_notice_twice_is_one(database: Database) -> None:
    assert load(database, NOTICE)
    assert not load(database, NOTICE)
    with database.read() as session:
        assert len(calendars.notices(session)) == 1


def test_an_amended_notice_takes_the_place_of_the_first(database: Database) -> None:
    load(database, NOTICE)
    load(database, {**NOTICE, "number": "乙〔2027〕2号", "make_up_days": []})
    with database.read() as session:
        assert not calendars.calendar(session).is_working(date(2027, 2, 13))
        assert len(calendars.calendar(session).notices) == 1


def test_loading_is_on_the_trail_of_the_house(database: Database) -> None:
    load(database, NOTICE)
    with database.read() as session:
        [event] = trail.events(session, trail.HOUSE)
    assert (event.kind, event.subject) == ("calendar.loaded", "2027")


@pytest.mark.parametrize(
    ("part", "says"),
    [
        ({"off_days": {"2026-05-01": "劳动节"}}, "not a day of it"),
        ({"make_up_days": ["2027-02-10"]}, "no weekend day"),
        ({"off_days": {"1 May": "劳动节"}}, "isoformat"),
        ({"year": "next"}, "next"),
        ({"off_days": None}, "notice for 2027"),
    ],
)
def test_a_notice_that_cannot_be_one_is_refused(
    database: Database, part: dict[str, Any], says: str
) -> None:
    with pytest.raises(DefinitionError, match=says):
        load(database, {**NOTICE, **part})
