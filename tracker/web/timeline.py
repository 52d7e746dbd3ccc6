"""The year's deadlines as strips, one for each clause that asks for something by a date."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from fastapi import APIRouter
from starlette.responses import Response

from schedules.deadlines import closes_at, due_day
from tracker.domain.obligations import WORST_FIRST, Light, Standing
from tracker.domain.programme import Clause, Item, Section
from tracker.services.scoreboard import Board
from tracker.web import items as items_
from tracker.web import overview
from tracker.web.entry import Looking
from tracker.web.items import Wanted
from tracker.web.pages import opened
from tracker.web.rendering import page

router = APIRouter()

CLOSE = 1.4
"""Marks nearer than so many per cent of the strip stand as one."""


@dataclass(frozen=True)
class Mark:
    """Deadlines that fall together: `x` is where, in per cent; `light` the worst, `count` how many
    have it, `standings` all of them, the first due first."""

    x: float
    light: Light
    count: int
    standings: tuple[Standing, ...]

    @property
    def one(self) -> Standing | None:
        return self.standings[0] if len(self.standings) == 1 else None

    @property
    def first(self) -> datetime | None:
        return self.standings[0].obligation.due_at

    @property
    def last(self) -> datetime | None:
        return self.standings[-1].obligation.due_at


@dataclass(frozen=True)
class Strip:
    """`undated` wait for a date from elsewhere."""

    clause: Clause
    marks: tuple[Mark, ...]
    undated: tuple[Standing, ...]


@dataclass(frozen=True)
class Rows:
    section: Section
    items: tuple[tuple[Item, tuple[Strip, ...]], ...]


@dataclass(frozen=True)
class Month:
    year: int
    month: int
    x: float
    width: float


@dataclass(frozen=True)
class Timeline:
    """`today` in per cent, None outside of the strip."""

    months: tuple[Month, ...]
    today: float | None
    sections: tuple[Rows, ...]
    standings: tuple[Standing, ...]


@dataclass(frozen=True)
class _Scale:
    begins: datetime
    ends: datetime

    def of(self, at: datetime) -> float:
        return round(100 * ((at - self.begins) / (self.ends - self.begins)), 2)


def timeline(board: Board, wanted: Wanted) -> Timeline:
    chosen = [one for one in board.ledger.standings if wanted.takes(one, board)]
    months = _months(board, chosen)
    zone = board.programme.tz
    begins = datetime.combine(date(*months[0], 1), time(0), zone)
    year, month = months[-1]
    scale = _Scale(begins, closes_at(date(year, month, _length(year, month)), zone))
    by_clause: dict[str, list[Standing]] = {}
    for one in chosen:
        by_clause.setdefault(one.obligation.clause, []).append(one)
    inside = scale.begins <= board.as_of <= scale.ends
    return Timeline(
        tuple(_month(scale, board, *one) for one in months),
        scale.of(board.as_of) if inside else None,
        tuple(_sections(board, wanted, by_clause, scale)),
        tuple(chosen),
    )


def _months(board: Board, chosen: Iterable[Standing]) -> list[tuple[int, int]]:
    """The year's, and those after it until the last deadline."""
    year = board.programme.year
    last = max(
        (due_day(one.obligation.due_at, board.programme.tz)
         for one in chosen if one.obligation.due_at is not None),
        default=date(year, 12, 31),
    )  # fmt: skip
    beyond = max(0, (last.year - year) * 12 + last.month - 12)
    return [(year + n // 12, n % 12 + 1) for n in range(12 + min(beyond, 12))]


def _length(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]


def _month(scale: _Scale, board: Board, year: int, month: int) -> Month:
    zone = board.programme.tz
    begins = scale.of(datetime.combine(date(year, month, 1), time(0), zone))
    ends = scale.of(closes_at(date(year, month, _length(year, month)), zone))
    return Month(year, month, begins, round(ends - begins, 2))


def _sections(
    board: Board, wanted: Wanted, by_clause: dict[str, list[Standing]], scale: _Scale
) -> Iterable[Rows]:
    for section in board.programme.sections:
        if wanted.section not in ("", section.id):
            continue
        rows = tuple(
            (item, strips)
            for item in section.items
            if (strips := tuple(_strips(item, by_clause, scale)))
        )
        if rows:
            yield Rows(section, rows)


def _strips(item: Item, by_clause: dict[str, list[Standing]], scale: _Scale) -> Iterable[Strip]:
    for clause in item.clauses:
        if not (owed := by_clause.get(clause.id)):
            continue
        dated = sorted((one for one in owed if one.obligation.due_at), key=_due)
        yield Strip(
            clause, tuple(_marks(dated, scale)),
            tuple(one for one in owed if one.obligation.due_at is None),
        )  # fmt: skip


def _due(one: Standing) -> tuple[datetime, str]:
    assert one.obligation.due_at is not None
    return one.obligation.due_at, one.obligation.key


def _marks(dated: Sequence[Standing], scale: _Scale) -> Iterable[Mark]:
    group: list[Standing] = []
    for one in dated:
        if group and scale.of(_due(one)[0]) - scale.of(_due(group[0])[0]) > CLOSE:
            yield _mark(group, scale)
            group = []
        group.append(one)
    if group:
        yield _mark(group, scale)


def _mark(group: Sequence[Standing], scale: _Scale) -> Mark:
    worst = min((one.light for one in group), key=WORST_FIRST.index)
    count = sum(one.light is worst for one in group)
    # A day's end is the next day's beginning: the mark stands inside its own day.
    x = min(max(scale.of(_due(group[0])[0]), 0.0), 100.0)
    return Mark(x, worst, count, tuple(group))


@router.get("/p/{slug}/timeline")
def timeline_page(
    asked: Looking, slug: str, unit: str = "", light: str = "", section: str = ""
) -> Response:
    wanted = Wanted(unit, light, section)
    with opened(asked, slug) as (_, at):
        drawn = timeline(at.board, wanted)
    return page(asked, "timeline", desk=at, wanted=wanted, drawn=drawn,
                units=items_.owing_units(at.board),
                soon=overview.due_soon(at.board),
                lights=overview.light_counts(drawn.standings))  # fmt: skip
