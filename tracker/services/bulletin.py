"""通报: the units of a programme ranked for a month or a quarter, with what the ranking rests on.

Rates come with their counts. A unit that owed too little in the period for a rate to say anything
is listed beside the ranking and not in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Literal

from sqlmodel import Session

from schedules.deadlines import closes_at, due_day
from tracker.domain.errors import Refused
from tracker.domain.ledger import Ledger
from tracker.domain.obligations import Standing
from tracker.domain.points import Units, rounded
from tracker.domain.programme import Programme, owing
from tracker.domain.scoring import worth_of
from tracker.exports.jsonform import Amount
from tracker.services.scoreboard import Board, board

By = Literal["lost", "kept", "timely"]
WAYS: tuple[By, ...] = ("lost", "kept", "timely")

FEWEST = 5
"""Obligations due in the period from which on a share says something about a unit."""


@dataclass(frozen=True)
class UnitRow:
    """One unit in the period; losses positive. `worth` are the points of the clauses that it owes,
    `lost` what it lost of them so far in the year, `lost_in_period` how much of it in the period.

    `place` is None for a unit that is not ranked; `tied` says that others share the place.
    """

    unit: str
    name: str
    place: int | None
    tied: bool
    due: int
    in_time: int
    late: int
    unfinished: int
    worth: Amount
    lost: Amount
    lost_in_period: Amount

    @property
    def timely(self) -> Fraction:
        return Fraction(self.in_time, self.due) if self.due else Fraction(1)

    @property
    def kept(self) -> Fraction:
        return 1 - Fraction(self.lost, self.worth) if self.worth else Fraction(1)


@dataclass(frozen=True)
class LateLine:
    """`late` is the delay by the clock, which tells it where the duty runs by hours (`hourly`) or
    no working day is full of it. Done, or handed in and `waiting`, or neither."""

    unit_name: str
    clause: str
    title: str
    due_at: datetime
    workdays: int
    late: timedelta
    hourly: bool
    done: bool
    waiting: bool


@dataclass(frozen=True)
class Bulletin:
    """`units` in order of their places, those without one last. A programme that only has dates is
    not `scored`."""

    programme: str
    title: str
    version: int
    zone: str
    first: date
    last: date
    as_of: datetime
    by: By
    score: Amount
    lost: Amount
    lost_in_period: Amount
    final: bool
    scored: bool
    units: tuple[UnitRow, ...]
    late: tuple[LateLine, ...]

    @property
    def ranked(self) -> tuple[UnitRow, ...]:
        return tuple(one for one in self.units if one.place is not None)

    @property
    def beside(self) -> tuple[UnitRow, ...]:
        return tuple(one for one in self.units if one.place is None)


_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
_QUARTER = re.compile(r"(\d{4})-?[Qq]([1-4])")


def period(told: str) -> tuple[date, date]:
    """The first and last day of "2021-09" or "2021-Q3"; Refused for anything else."""
    if month := _MONTH.fullmatch(told):
        year, first, months = int(month[1]), int(month[2]), 1
    elif quarter := _QUARTER.fullmatch(told):
        year, first, months = int(quarter[1]), 3 * int(quarter[2]) - 2, 3
    else:
        raise Refused(f"{told}：写 2021-09 或 2021-Q3 / write 2021-09 or 2021-Q3")
    begins, after = date(year, first, 1), first + months
    ends = date(year + after // 13, after % 13 + after // 13, 1) - timedelta(days=1)
    return begins, ends


def of_period(
    session: Session,
    slug: str,
    *,
    first: date,
    last: date,
    now: datetime,
    known_at: datetime | None = None,
    by: By | None = None,
) -> Bulletin:
    """As of the end of the period, or `now` while it runs, as known at `now` or at `known_at`."""
    known = known_at or now
    current = board(session, slug, as_of=now, known_at=known)
    ends = closes_at(last, current.programme.tz)
    seen = current if ends >= now else board(session, slug, as_of=ends, known_at=known)
    begins = closes_at(first - timedelta(days=1), seen.programme.tz)
    before = board(session, slug, as_of=min(begins, seen.as_of), known_at=known)
    return bulletin(seen, before, first=first, last=last, by=by)


def bulletin(
    seen: Board, before: Board, *, first: date, last: date, by: By | None = None
) -> Bulletin:
    """`before` is the board at the beginning of the period; ranked as the programme says unless
    told otherwise, without points by what was done in time."""
    programme = seen.programme
    way = by or (programme.ranked_by if programme.points else "timely")
    due = [one for one in seen.ledger.standings if _due(one, first, last, programme)]
    rows = [_row(unit.id, unit.label, seen, before, due) for unit in programme.units]
    rows = [one for one in rows if one.due or one.worth or one.lost]
    return Bulletin(
        programme=programme.id,
        title=programme.title,
        version=seen.version,
        zone=programme.zone,
        first=first,
        last=last,
        as_of=seen.as_of,
        by=way,
        score=seen.ledger.score,
        lost=seen.ledger.lost,
        lost_in_period=Units(seen.ledger.lost - before.ledger.lost),
        final=seen.final,
        scored=programme.points > 0,
        units=tuple(_placed(rows, way)),
        late=tuple(_late(seen, due)),
    )


def _due(one: Standing, first: date, last: date, programme: Programme) -> bool:
    at = one.obligation.due_at
    return at is not None and one.past and first <= due_day(at, programme.tz) <= last


def _row(unit: str, name: str, seen: Board, before: Board, due: Iterable[Standing]) -> UnitRow:
    mine = [one for one in due if one.obligation.unit == unit and not one.waived]
    late = [one for one in mine if one.missed]
    lost, was = _lost(seen.ledger, unit), _lost(before.ledger, unit)
    return UnitRow(
        unit=unit, name=name, place=None, tied=False, due=len(mine),
        in_time=len(mine) - len(late), late=len(late),
        unfinished=sum(one.overdue for one in late),
        worth=_worth(seen.programme, unit), lost=lost, lost_in_period=Units(lost - was),
    )  # fmt: skip


def _lost(ledger: Ledger, unit: str) -> Units:
    return ledger.lost_by(lambda entry: unit in entry.units)


def _worth(programme: Programme, unit: str) -> Units:
    """Points of the clauses that the unit owes; a pool or an item that several of them share counts
    once."""
    found: dict[str, Fraction] = {}
    for _, item, clause in programme.clauses.values():
        if unit in owing(item, clause):
            shared = clause.group or item.id
            place = clause.id if clause.points is not None else f"of {item.id} {shared}"
            found[place] = worth_of(item, clause)
    return rounded(sum(found.values(), Fraction(0)))


RANKING: dict[By, Callable[[UnitRow], Fraction]] = {
    "lost": lambda one: Fraction(one.lost_in_period),
    "kept": lambda one: -one.kept,
    "timely": lambda one: -one.timely,
}
"""What a unit is ranked by; the least comes first."""


def _placed(rows: Sequence[UnitRow], by: By) -> list[UnitRow]:
    """Equal units share a place, and the next place is as far on as there are units before it."""
    measure = RANKING[by]
    fair = [one for one in rows if by == "lost" or one.due >= FEWEST]
    ranked = sorted(fair, key=lambda one: (measure(one), one.name))
    values = [measure(one) for one in ranked]
    placed = [
        replace(one, place=values.index(value) + 1, tied=values.count(value) > 1)
        for one, value in zip(ranked, values, strict=True)
    ]
    beside = [one for one in rows if one not in fair]
    return [*placed, *sorted(beside, key=lambda one: one.name)]


def _late(seen: Board, due: Iterable[Standing]) -> Iterable[LateLine]:
    """The longest delay first."""
    names = {unit.id: unit.label for unit in seen.programme.units}
    found = [one for one in due if one.missed]
    found.sort(key=lambda one: (-one.lateness.elapsed, one.obligation.key))
    for one in found:
        owed = one.obligation
        assert owed.due_at is not None
        yield LateLine(
            names.get(owed.unit, owed.unit), owed.clause, owed.title, owed.due_at,
            one.lateness.workdays, one.lateness.elapsed,
            hourly=owed.deadline is not None and owed.deadline.kind == "hours",
            done=not one.open, waiting=one.waiting,
        )  # fmt: skip
