"""工作日历: which years' notices are known, and loading one after seeing which dates it moves."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from sqlmodel import Session
from starlette.responses import Response

from schedules.workdays import Day, DayKind, WorkCalendar
from tracker.definitions import daysoff
from tracker.domain.authority import Act
from tracker.domain.errors import DefinitionError, Problem
from tracker.services import calendars, programmes
from tracker.services.programmes import MovedDate
from tracker.web import matter
from tracker.web.access import Forbidden
from tracker.web.asking import Asked
from tracker.web.entry import Entering, Received
from tracker.web.intake import Form
from tracker.web.pricing import LOOK
from tracker.web.rendering import go, page
from tracker.wording import Language, text

router = APIRouter()

UNPROCESSABLE = 422
BACK, AHEAD = 2, 2
"""Years shown before and after this one."""


@dataclass(frozen=True)
class Year:
    """`unusual` are the days that are not what their weekday says."""

    year: int
    known: bool
    number: str
    unusual: tuple[Day, ...]

    @property
    def off(self) -> tuple[Day, ...]:
        return tuple(one for one in self.unusual if one.kind is DayKind.HOLIDAY)

    @property
    def made_up(self) -> tuple[Day, ...]:
        return tuple(one for one in self.unusual if one.kind is DayKind.MAKE_UP)


def years(calendar: WorkCalendar, of: Sequence[int]) -> list[Year]:
    loaded = {one.year: one for one in calendar.notices}
    return [
        Year(one, calendar.known(one), loaded[one].number if one in loaded else "",
             tuple(_unusual(calendar, one)))
        for one in of
    ]  # fmt: skip


def _unusual(calendar: WorkCalendar, year: int) -> list[Day]:
    first = date(year, 1, 1)
    length = (date(year + 1, 1, 1) - first).days
    every = (calendar.day(first + timedelta(days=n)) for n in range(length))
    return [one for one in every if one.kind in (DayKind.HOLIDAY, DayKind.MAKE_UP)]


def may_load(asked: Asked) -> bool:
    """Dates move in all programmes, so that whoever runs only one of them may not."""
    return asked.who.everywhere(Act.RUN) or asked.who.everywhere(Act.ADMINISTER)


def reading(asked: Entering) -> Asked:
    if not (asked.who.somewhere(Act.LOOK) or may_load(asked)):
        raise Forbidden("role")
    return asked


def loading(asked: Entering) -> Asked:
    if not may_load(asked):
        raise Forbidden("role")
    return asked


Calendaring = Annotated[Asked, Depends(reading)]
LoadingDays = Annotated[Asked, Depends(loading)]


@router.get("/calendar")
def calendar_page(asked: Calendaring) -> Response:
    with asked.runtime.database.read() as session:
        return _calendar(asked, session)


def _calendar(
    asked: Asked, session: Session, *, form: Form | None = None, problems: Sequence[Problem] = (),
    moved: Sequence[MovedDate] | None = None, document: Mapping[str, Any] | None = None,
) -> Response:  # fmt: skip
    calendar = calendars.calendar(session)
    this = asked.now.astimezone(asked.runtime.settings.tz).year
    slugs = programmes.slugs(session)
    lots = [programmes.current(session, slug) for slug in slugs]
    shown = {*range(this - BACK, this + AHEAD), *(one.year for one in lots)}
    return page(
        asked, "calendar", years=years(calendar, sorted(shown)), version=calendar.version,
        sent=form.fields if form else {}, wrong={}, problems=problems, moved=moved, read=document,
        titles={one.id: one.title for one in lots}, next_year=this + 1, once=matter.fresh(),
        loads=may_load(asked), status=UNPROCESSABLE if problems else 200,
    )  # fmt: skip


@router.post("/calendar")
def load(asked: LoadingDays, form: Received) -> Response:
    """First which dates would move; then, once that is approved, it is loaded and they move."""
    with asked.runtime.database.read() as session:
        try:
            document = _document(form, asked.language)
            moved = programmes.would_move(session, document, now=asked.now)
        except DefinitionError as mistake:
            return _calendar(asked, session, form=form, problems=mistake.problems)
        if form.text("step") == LOOK:
            return _calendar(asked, session, form=form, moved=moved, document=document)
    with asked.runtime.database.write() as writing:
        approve(asked, writing, document)
    return go(asked, "/calendar", loaded=document["year"])


def approve(asked: Asked, session: Session, document: Mapping[str, Any]) -> bool:
    """Load the notice and move every date that it moves; False where it was loaded before."""
    loaded = calendars.load_notice(session, document, now=asked.now, by=asked.by)
    if loaded:
        for slug in programmes.slugs(session):
            programmes.refresh_obligations(session, slug, now=asked.now)
    return loaded


def _document(form: Form, language: Language) -> dict[str, Any]:
    year = unicodedata.normalize("NFKC", form.text("year", most=10))
    if not re.fullmatch(r"(19|20)\d\d", year):
        said = text("acts.wrong_year", language=language)
        raise DefinitionError([Problem(text("calendar.year", language=language), said)])
    return daysoff.notice(
        int(year), form.text("number", most=100), off_days=form.text("off_days", most=8000),
        make_up_days=form.text("make_up_days", most=2000), language=language,
    )  # fmt: skip
