"""The overview: units by months with their lights, clocks that run, the lines that matter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from schedules.deadlines import due_day, local_day
from tracker.domain.forecast import Joint
from tracker.domain.ledger import Ledger
from tracker.domain.obligations import WORST_FIRST, Light, Standing
from tracker.domain.points import Units
from tracker.domain.programme import Item, Programme
from tracker.domain.rules import Lateness
from tracker.services.scoreboard import Board
from tracker.web.outlook import Outlook

LINES = 5
Month = tuple[int, int]


@dataclass(frozen=True)
class Cell:
    """Obligations of one unit due in one month; `light` is the worst, `count` how many have it."""

    light: Light
    count: int
    counts: tuple[tuple[Light, int], ...]


@dataclass(frozen=True)
class Row:
    unit: str
    name: str
    short: str
    cells: tuple[Cell | None, ...]
    undated: Cell | None
    lost: Units
    keeps: Units


@dataclass(frozen=True)
class Matrix:
    """Rows by what is lost, then by what can be kept. A loss of several units stands with each."""

    months: tuple[Month, ...]
    current: Month
    rows: tuple[Row, ...]
    has_undated: bool
    total: int


def matrix(board: Board, outlook: Outlook) -> Matrix:
    programme, ledger = board.programme, board.ledger
    by_place: dict[str, dict[Month | None, list[Light]]] = {}
    for one in ledger.standings:
        months = by_place.setdefault(one.obligation.unit, {})
        months.setdefault(month_of(one, programme), []).append(one.light)
    columns = _columns(programme, by_place)
    rows = [
        _row(unit, lights, columns, board, outlook)
        for unit in programme.unit_names
        if (lights := by_place.get(unit)) or lost_by_unit(ledger, unit)
    ]
    rows.sort(key=lambda row: (-row.lost, -row.keeps, -sum(c.count for c in row.cells if c)))
    today = local_day(board.as_of, programme.tz)
    return Matrix(
        columns, (today.year, today.month), tuple(rows), any(row.undated for row in rows),
        len(ledger.standings),
    )  # fmt: skip


@dataclass(frozen=True)
class ByItem:
    """The same lights by item: a column for each that somebody owes something of."""

    items: tuple[Item, ...]
    rows: tuple[Row, ...]


def by_item(board: Board, outlook: Outlook) -> ByItem:
    """Rows in the order of the other matrix."""
    lights: dict[str, dict[str, list[Light]]] = {}
    for one in board.ledger.standings:
        owed = one.obligation
        lights.setdefault(owed.unit, {}).setdefault(owed.item, []).append(one.light)
    owing = {item for items in lights.values() for item in items}
    items = tuple(item for _, item in board.programme.items() if item.id in owing)
    rows = tuple(
        replace(row, undated=None,
                cells=tuple(cell(lights.get(row.unit, {}).get(item.id, ())) for item in items))
        for row in matrix(board, outlook).rows
    )  # fmt: skip
    return ByItem(items, rows)


def _columns(
    programme: Programme, by_place: dict[str, dict[Month | None, list[Light]]]
) -> tuple[Month, ...]:
    """The year's months, and those beyond it in which something is due."""
    due = {month for months in by_place.values() for month in months if month is not None}
    return tuple(sorted({(programme.year, month) for month in range(1, 13)} | due))


def _row(
    unit: str,
    lights: dict[Month | None, list[Light]] | None,
    columns: Sequence[Month],
    board: Board,
    outlook: Outlook,
) -> Row:
    known = next(one for one in board.programme.units if one.id == unit)
    lights = lights or {}
    return Row(
        unit, known.name, known.label, tuple(cell(lights.get(month, ())) for month in columns),
        cell(lights.get(None, ())), lost_by_unit(board.ledger, unit), outlook.keeps(unit),
    )  # fmt: skip


def cell(lights: Sequence[Light]) -> Cell | None:
    if not lights:
        return None
    counted = Counter(lights)
    counts = tuple((light, counted[light]) for light in WORST_FIRST if counted[light])
    return Cell(counts[0][0], counts[0][1], counts)


def month_of(one: Standing, programme: Programme) -> Month | None:
    due_at = one.obligation.due_at
    if due_at is None:
        return None
    on = due_day(due_at, programme.tz)
    return on.year, on.month


def lost_by_unit(ledger: Ledger, unit: str) -> Units:
    return ledger.lost_by(lambda entry: unit in entry.units)


def light_counts(standings: Sequence[Standing]) -> list[tuple[Light, int]]:
    """Every light, the worst first, also those that nothing has."""
    counted = Counter(one.light for one in standings)
    return [(light, counted[light]) for light in WORST_FIRST]


@dataclass(frozen=True)
class Clock:
    """A case's clock as a bar of 1000: `used` up to the limit, `over` beyond it, and the `ticks`
    at which a charged step is full; `limit` is where the limit stands."""

    standing: Standing
    used: int
    limit: int
    over: int
    ticks: tuple[int, ...]
    passed_ticks: tuple[int, ...]
    lost: Units


STEPS_SHOWN = 4


def clocks(board: Board) -> list[Clock]:
    """The open cases, the most pressing first."""
    running = [
        one
        for one in board.ledger.standings
        if one.open and one.obligation.kind == "case" and one.obligation.due_at is not None
    ]
    running.sort(key=lambda one: (one.obligation.due_at, one.obligation.key))
    return [clock(one, board) for one in running]


def clock(one: Standing, board: Board) -> Clock:
    owed = one.obligation
    assert owed.due_at is not None
    until = one.done_at or one.submitted_at or board.as_of
    whole = owed.due_at - owed.starts_at
    over = max(timedelta(0), until - owed.due_at)
    step = charged_step(board.programme, owed.clause, owed.duty)
    if over and step is not None:
        span = whole + max(over + step, STEPS_SHOWN * step)
    else:
        span = whole + over
    limit = _share(whole, span)
    beyond = [] if step is None or not over else _ticks(whole, step, span)
    end = limit + _share(over, span)
    return Clock(
        one,
        used=min(limit, _share(max(timedelta(0), until - owed.starts_at), span)),
        limit=limit,
        over=_share(over, span),
        ticks=tuple(at for at in beyond if at > end),
        passed_ticks=tuple(at for at in beyond if at <= end),
        lost=board.ledger.lost_by(lambda entry: entry.obligation == owed.key),
    )


@dataclass(frozen=True)
class CaseBoard:
    """The running clocks by how much time they have: over, within a day, later."""

    over: tuple[Clock, ...]
    today: tuple[Clock, ...]
    later: tuple[Clock, ...]

    @property
    def running(self) -> int:
        return len(self.over) + len(self.today) + len(self.later)


def case_board(board: Board) -> CaseBoard:
    found = clocks(board)
    soon = board.as_of + timedelta(days=1)
    due = {one.standing.obligation.key: _due(one.standing) for one in found}

    def between(after: datetime | None, until: datetime | None) -> tuple[Clock, ...]:
        return tuple(
            one
            for one in found
            if (after is None or due[one.standing.obligation.key] > after)
            and (until is None or due[one.standing.obligation.key] <= until)
        )

    return CaseBoard(between(None, board.as_of), between(board.as_of, soon), between(soon, None))


def closed_cases(board: Board) -> list[Standing]:
    """The case duties that are done, the last one first."""
    done = [one for one in board.ledger.standings if not one.open and one.obligation.kind == "case"]
    return sorted(done, key=lambda one: (one.done_at or board.as_of, one.obligation.key))[::-1]


def _share(part: timedelta, whole: timedelta) -> int:
    return 0 if whole <= timedelta(0) else min(1000, round(1000 * (part / whole)))


def _ticks(whole: timedelta, step: timedelta, span: timedelta) -> list[int]:
    count = int((span - whole) / step)
    if count > 60:
        return []
    return [_share(whole + n * step, span) for n in range(1, count + 1)]


def charged_step(programme: Programme, clause: str, duty: str) -> timedelta | None:
    """The block of delay that costs something once more."""
    for rule in programme.clauses[clause][2].rules:
        if isinstance(rule, Lateness) and rule.duty == duty and rule.every is not None:
            hours = {"hour": 1, "day": 24, "workday": 24, "month": 720}[rule.every.unit]
            return timedelta(hours=hours * int(rule.every.n))
    return None


@dataclass(frozen=True)
class Priced:
    """What acting keeps: of one obligation, or of one that others must act on as well (`also`)."""

    standing: Standing
    lost_now: Units
    keeps: Units
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Lines:
    """The obligations whose doing today keeps most, and the sums that they are part of."""

    first: tuple[Priced, ...]
    others: tuple[Priced, ...]

    @property
    def lost(self) -> Units:
        return Units(sum(one.lost_now for one in self.first))

    @property
    def keeps(self) -> Units:
        return Units(sum(one.keeps for one in self.first))

    @property
    def others_keep(self) -> Units:
        return Units(sum(one.keeps for one in self.others))


def lines(board: Board, outlook: Outlook) -> Lines:
    """In the order of the weekly page."""
    ahead = outlook.forecast
    alone = [Priced(one.standing, one.lost_now, one.keeps) for one in ahead.savings]
    joint = [_joint(board, one) for one in ahead.joint]
    every = tuple(sorted([*alone, *joint], key=lambda one: -one.keeps))
    return Lines(every[:LINES], every[LINES:])


def _joint(board: Board, one: Joint) -> Priced:
    """One amount, which stands with one of those that owe it."""
    keys = {standing.obligation.key for standing in one.standings}
    lost = board.ledger.lost_by(lambda entry: entry.obligation in keys)
    return Priced(one.standings[0], lost, one.keeps, one.units[1:])


def due_soon(board: Board, days: int = 14) -> list[Standing]:
    """Open, not yet past, due within so many days."""
    until = board.as_of + timedelta(days=days)
    found = [
        one
        for one in board.ledger.standings
        if one.open and not one.waiting and one.obligation.due_at is not None
        and board.as_of < one.obligation.due_at <= until
    ]  # fmt: skip
    return sorted(found, key=lambda one: (_due(one), one.obligation.key))


def _due(one: Standing) -> datetime:
    assert one.obligation.due_at is not None
    return one.obligation.due_at


def today(board: Board) -> date:
    return local_day(board.as_of, board.programme.tz)
