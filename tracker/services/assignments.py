"""Who owes a clause and how several units make one amount: priced first, then a new version."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from sqlmodel import Session

from schedules.deadlines import closes_at
from tracker.domain.errors import NotFound, Refused
from tracker.domain.programme import Clause, Item, Programme, owing
from tracker.domain.readings import changed
from tracker.domain.whatif import Altered, WhatIf, what_if
from tracker.services import programmes, scoreboard, trail
from tracker.services.programmes import Published

Joins = Literal["all", "any", "lead", "each"]
JOINS: tuple[Joins, ...] = get_args(Joins)


@dataclass(frozen=True)
class Assignment:
    """`units` owe the clause; `joins` says how they make one amount."""

    clause: str
    units: tuple[str, ...]
    joins: Joins


@dataclass(frozen=True)
class Priced:
    """What the assignment would change: now, and at the cut-off if nothing more happens."""

    before: Assignment
    after: Assignment
    divided: bool
    price: WhatIf


def present(programme: Programme, clause: str) -> Assignment:
    """NotFound for a clause that there is not."""
    item, body = _place(programme, clause)
    return Assignment(clause, owing(item, body), body.joins)


def price(session: Session, slug: str, wanted: Assignment, *, now: datetime) -> Priced:
    """Nothing is saved. NotFound for an unknown unit, Refused where nothing would change."""
    board = scoreboard.board(session, slug, as_of=now)
    programme = board.programme
    changes = _changes(programme, wanted)
    until = max(closes_at(programme.closes_on, programme.tz), now)
    found = what_if(
        programme, board.context, board.facts, [Altered(*one) for one in changes.items()],
        as_of=now, known_at=now, until=until,
    )  # fmt: skip
    _, body = _place(programme, wanted.clause)
    return Priced(present(programme, wanted.clause), wanted, body.owed_by is not None, found)


def assign(
    session: Session, slug: str, wanted: Assignment, *, now: datetime, by: str, reason: str
) -> Published:
    """A new version of the programme in which it is so; facts on file stay, obligations of units
    that no longer owe it are withdrawn."""
    programme = programmes.current(session, slug)
    if not reason.strip():
        raise Refused("请写明理由 / an assignment takes a reason")
    new = changed(programme, _changes(programme, wanted))
    done = programmes.publish(session, new, now=now, by=by)
    body = {
        "clause": wanted.clause, "owed_by": list(wanted.units), "joins": wanted.joins,
        "version": done.version, "by": trail.traced(session, by),
    }  # fmt: skip
    trail.append(session, slug, "clause.assigned", wanted.clause, body, now=now)
    return done


def _changes(programme: Programme, wanted: Assignment) -> dict[str, object]:
    _, body = _place(programme, wanted.clause)
    unknown = [unit for unit in wanted.units if unit not in programme.unit_names]
    if unknown:
        raise NotFound(f"没有这个单位 / no unit {', '.join(unknown)} in programme {programme.id}")
    if not wanted.units:
        raise Refused("至少要有一个责任单位 / some unit has to owe it")
    if wanted.joins not in JOINS:
        raise NotFound(f"没有这种合并方式 / no such joining {wanted.joins!r}: {', '.join(JOINS)}")
    if body.owed_by == wanted.units and body.joins == wanted.joins:
        raise Refused(f"{body.id} 已经是这样 / it is so already")
    return {f"{body.id}.owed_by": list(wanted.units), f"{body.id}.joins": wanted.joins}


def ordered(programme: Programme, units: Sequence[str]) -> tuple[str, ...]:
    """In the programme's order, each once; unknown ones stay at the end, to be refused by name."""
    known = [unit for unit in programme.unit_names if unit in units]
    return (*known, *(unit for unit in units if unit not in programme.unit_names))


def _place(programme: Programme, clause: str) -> tuple[Item, Clause]:
    if clause not in programme.clauses:
        raise NotFound(f"没有这一计分句 / no clause {clause!r} in programme {programme.id}")
    _, item, body = programme.clauses[clause]
    return item, body
