"""The working calendar: the library's years, overlaid by the notices that the office loaded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, func, select

from schedules.workdays import WorkCalendar, YearNotice, china
from tracker.domain.errors import DefinitionError, Problem
from tracker.services import trail
from tracker.store.memory import remember_alone, remembered
from tracker.store.tables import CalendarNoticeRow


def calendar(session: Session) -> WorkCalendar:
    """The calendar of now; its `version` names every notice in it."""
    last = session.exec(select(func.max(CalendarNoticeRow.id))).one()
    return remembered(session, ("calendar", last), lambda: china(notices(session)))


def notices(session: Session) -> list[YearNotice]:
    """The loaded notices in order of loading; of several for one year the last one counts."""
    rows = session.exec(select(CalendarNoticeRow).order_by(col(CalendarNoticeRow.id))).all()
    return [_notice(row.document) for row in rows]


def load_notice(session: Session, document: Mapping[str, Any], *, now: datetime, by: str) -> bool:
    """Load a year's notice; False where the very same one is already the one that counts.

    `document`: {"year": 2027, "number": "国办发明电〔2026〕…号",
    "off_days": {"2027-01-01": "元旦"}, "make_up_days": ["2027-02-06"]}.
    """
    notice = _notice(document)
    if notice in calendar(session).notices:
        return False
    remember_alone(session)
    session.add(
        CalendarNoticeRow(
            year=notice.year, number=notice.number, document=_document(notice), loaded_at=now, by=by
        )
    )
    session.flush()
    body = {
        "year": notice.year, "number": notice.number, "digest": notice.digest,
        "by": trail.traced(session, by),
    }  # fmt: skip
    trail.append(session, trail.HOUSE, "calendar.loaded", str(notice.year), body, now=now)
    return True


def with_notice(session: Session, document: Mapping[str, Any]) -> WorkCalendar:
    """The calendar as it would be if this notice were loaded."""
    return china([*notices(session), _notice(document)])


def _notice(document: Mapping[str, Any]) -> YearNotice:
    try:
        return YearNotice.of(
            int(document["year"]),
            str(document.get("number", "")),
            off_days={
                date.fromisoformat(str(on)): str(name)
                for on, name in dict(document["off_days"]).items()
            },
            make_up_days=[date.fromisoformat(str(on)) for on in document.get("make_up_days", ())],
        )
    except (KeyError, TypeError, ValueError) as mistake:
        place = f"放假通知 / notice for {document.get('year', '?')}"
        advice = "year, number, off_days {day: name} and make_up_days [day], days as 2027-01-01"
        raise DefinitionError([Problem(place, str(mistake), advice)]) from mistake


def _document(notice: YearNotice) -> dict[str, Any]:
    return {
        "year": notice.year,
        "number": notice.number,
        "off_days": {on.isoformat(): name for on, name in notice.off_days},
        "make_up_days": [on.isoformat() for on in notice.make_up_days],
    }
