"""What is asked of the clause reader: one JSON object a line (design section 10)."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from schedules.workdays import WorkCalendar, YearNotice, china
from tracker.definitions.clauses.reader import read_clause
from tracker.definitions.clauses.reading import ReadClause


class Malformed(ValueError):
    """A request that cannot be answered; says what is wrong with which member."""


class Notice(BaseModel):
    """A year's notice on days off, as `tracker calendar load` takes it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    year: int
    number: str = ""
    off_days: dict[date, str]
    make_up_days: tuple[date, ...] = ()


class Request(BaseModel):
    """`points`: what the clause is worth. `calendar`: notices over those that are known."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    year: Annotated[int, Field(ge=1900, le=2999)]
    points: Decimal | None = None
    zone: str = "Asia/Shanghai"
    calendar: Literal["china"] | Notice | list[Notice] | None = None

    @field_validator("zone")
    @classmethod
    def _is_a_zone(cls, zone: str) -> str:
        if zone not in available_timezones():
            raise ValueError(f"no time zone {zone!r}")
        return zone

    def reading(self) -> ReadClause:
        return read_clause(
            self.text,
            year=self.year,
            points=self.points,
            zone=self.zone,
            calendar=_calendar(self.calendar),
        )


def _calendar(given: Literal["china"] | Notice | list[Notice] | None) -> WorkCalendar:
    notices = [] if given is None or given == "china" else given
    listed = [notices] if isinstance(notices, Notice) else notices
    try:
        return china(
            YearNotice.of(
                one.year, one.number, off_days=one.off_days, make_up_days=one.make_up_days
            )
            for one in listed
        )
    except ValueError as mistake:
        raise Malformed(f"calendar: {mistake}") from mistake


def request_of(line: str, *, year: int | None, points: Decimal | None) -> Request:
    """One line of JSON; `year` and `points` fill in what it leaves out.

    Malformed where it is no object, or a member is wrong."""
    try:
        given = json.loads(line, parse_float=Decimal)
    except (ValueError, RecursionError) as mistake:
        raise Malformed(f"JSON: {mistake}") from mistake
    if not isinstance(given, dict):
        raise Malformed("JSON: not an object")
    defaults = {"year": year, "points": points}
    filled = {**{key: one for key, one in defaults.items() if one is not None}, **given}
    try:
        return Request.model_validate(filled)
    except ValidationError as mistake:
        first = mistake.errors()[0]
        raise Malformed(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from mistake
