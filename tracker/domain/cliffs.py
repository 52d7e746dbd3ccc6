"""When waiting next begins to cost more, and how much: deadlines, blocks of time, 第30天到第31天.

The rules say at which instants they may jump; what a jump takes is the difference of two ledgers,
one second before and one second after, so that caps and modifiers have their say.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from schedules.deadlines import closes_at, local_day, months_after, months_late
from schedules.workdays import WorkCalendar
from tracker.domain import facts as f
from tracker.domain import rules
from tracker.domain.forecast import happened
from tracker.domain.ledger import Entry, Ledger, total
from tracker.domain.obligations import Standing
from tracker.domain.points import ZERO, Units
from tracker.domain.programme import Clause, Programme
from tracker.domain.record import Record, record
from tracker.domain.rules import Lateness, Rule
from tracker.domain.scoring import Context, score_filed

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)

Kind = Literal["due", "block", "day", "never"]


@dataclass(frozen=True)
class Cliff:
    """One jump of the loss that waiting brings.

    `due`: the deadline passes; `block`: the `n`-th block of time is charged; `day`: the `n`-th day
    late begins, in another stretch of the curve or a step of it; `never`: the cut-off, from which
    what is open was never done. `steep` where it takes more than any jump of the rule before it.
    """

    obligation: str
    rule: str
    at: datetime
    kind: Kind
    n: int
    takes: Units
    steep: bool = False


@dataclass(frozen=True)
class _Edge:
    at: datetime
    rule: str
    kind: Kind
    n: int


def cliffs(
    programme: Programme,
    context: Context,
    facts: Sequence[f.AnyFact],
    now: Ledger,
    *,
    until: datetime,
    keys: Collection[str] | None = None,
) -> tuple[Cliff, ...]:
    """What lies ahead of `now` until then if nothing more happens, in order of time.

    Of every open obligation (of these keys alone, where given): its deadline, the next block or
    day, the corners of its curve, the cut-off.
    """
    filed = record(happened(facts, now.as_of), as_of=now.as_of, known_at=now.known_at)
    edges: dict[tuple[str, datetime], list[_Edge]] = {}
    for one in now.standings:
        if keys is not None and one.obligation.key not in keys:
            continue
        for edge in _ahead(one, programme, context.calendar, until):
            edges.setdefault((one.obligation.item, edge.at), []).append(edge)
    found = [
        cliff
        for (item, at), those in edges.items()
        for cliff in _priced(programme, context, filed, item, at, those)
        if keys is None or cliff.obligation in keys
    ]
    return tuple(_steepened(sorted(found, key=lambda one: (one.at, one.obligation, one.rule))))


def next_of(ahead: Sequence[Cliff], obligation: str) -> Cliff | None:
    return next((one for one in ahead if one.obligation == obligation), None)


def _steepened(ahead: Sequence[Cliff]) -> Iterator[Cliff]:
    """Marks a jump that takes more than those of the same rule and obligation before it."""
    most: dict[tuple[str, str], int] = {}
    for one in ahead:
        before = most.get((one.obligation, one.rule))
        yield replace(one, steep=before is not None and one.takes > before)
        most[one.obligation, one.rule] = max(one.takes, before or 0)


# -- where the rules may jump --------------------------------------------------------------------


def _ahead(
    one: Standing, programme: Programme, calendar: WorkCalendar, until: datetime
) -> Iterator[_Edge]:
    due = one.obligation.due_at
    if due is None or not one.open or one.waiting or one.suspended:
        return
    _, _, clause = programme.clauses[one.obligation.clause]
    for name, rule in _rules_of(clause, one.obligation.duty):
        for edge in _edges(name, rule, one, due, programme, calendar):
            if one.as_of < edge.at <= until:
                yield edge


def _rules_of(clause: Clause, duty: str) -> Iterator[tuple[str, Rule]]:
    for number, rule in enumerate(clause.rules, start=1):
        if getattr(rule, "duty", None) == duty and not isinstance(rule, rules.DutyOnly):
            yield f"{clause.id}#{number}", rule


def _edges(
    name: str, rule: Rule, one: Standing, due: datetime, programme: Programme,
    calendar: WorkCalendar,
) -> Iterator[_Edge]:  # fmt: skip
    since = max(due, one.as_of - one.lateness.elapsed)
    if since > one.as_of:
        yield _Edge(due, name, "due", 0)
    if not isinstance(rule, Lateness):
        return
    if rule.every is not None:
        yield from _blocks(name, rule, rule.every, one, due, since, programme, calendar)
    for piece in rule.pieces[:-1]:
        if piece.until is not None:
            yield _Edge(since + piece.until * DAY, name, "day", piece.until + 1)
    if any(piece.rises_to is not None for piece in rule.pieces):
        late = max(0, -(-(one.as_of - since) // DAY))
        yield _Edge(since + late * DAY, name, "day", late + 1)
    if rule.never is not None:
        yield _Edge(closes_at(programme.closes_on, programme.tz), name, "never", 0)


def _blocks(
    name: str, rule: Lateness, every: rules.Every, one: Standing, due: datetime, since: datetime,
    programme: Programme, calendar: WorkCalendar,
) -> Iterator[_Edge]:  # fmt: skip
    """The next block; of working days every beginning of one until it must have come."""
    if every.unit == "workday":
        today = local_day(max(one.as_of, since), programme.tz)
        for ahead in range(1, every.n + 2):
            day = calendar.add_workdays(today, ahead)
            done = one.lateness.workdays + ahead
            yield _Edge(closes_at(day - DAY, programme.tz), name, "block", done // every.n)
        return
    started = rule.steps == "started"
    gone = max(timedelta(0), one.as_of - since)
    if every.unit == "day":
        # A started day is a day late, so a block of days is full as its last day begins.
        late = -(-gone // DAY)
        for number in (late // every.n, late // every.n + 1, late // every.n + 2):
            days = number * every.n if started else number * every.n - 1
            yield _Edge(since + days * DAY, name, "block", number + 1 if started else number)
        return
    if every.unit == "month":
        on = local_day(due - SECOND, programme.tz)
        passed = int(months_late(on, -(-gone // DAY))) // every.n
        for number in (passed, passed + 1, passed + 2):
            days = (months_after(on, number * every.n) - on).days - (0 if started else 1)
            yield _Edge(since + days * DAY, name, "block", number + 1 if started else number)
        return
    size = timedelta(hours=every.n)
    for number in (gone // size, gone // size + 1):
        charged = number + 1 if started else number
        if charged:
            yield _Edge(since + number * size, name, "block", charged)


# -- what they take ------------------------------------------------------------------------------


def _priced(
    programme: Programme, context: Context, filed: Record, item: str, at: datetime,
    edges: Sequence[_Edge],
) -> Iterator[Cliff]:  # fmt: skip
    before, after = (
        {entry.id: entry for entry in _scored(programme, context, filed, item, instant)}
        for instant in (max(at - SECOND, filed.as_of), at + SECOND)
    )
    by_rule = {edge.rule: edge for edge in edges}
    # What one entry takes may be trimmed from another: together they take what the item loses.
    left = total(before.values()) - total(after.values())
    for name, entry in after.items():
        more = (before[name].points if name in before else ZERO) - entry.points
        takes = Units(min(more, left))
        if takes > 0:
            left -= takes
            edge = by_rule.get(entry.rule, edges[0])
            yield Cliff(entry.obligation, entry.rule, at, edge.kind, edge.n, takes)


def _scored(
    programme: Programme, context: Context, filed: Record, item: str, at: datetime
) -> Sequence[Entry]:
    """No fact comes between: the record is the same, only its instant is later."""
    later = replace(filed, as_of=at)
    return score_filed(programme, context, later, only_items=frozenset({item})).entries
