"""The stored facts of a programme as values, each parsed once however many pages ask."""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime
from typing import cast

from sqlmodel import Session, func, select

from tracker.domain import facts as f
from tracker.store import queries
from tracker.store.memory import memory
from tracker.store.tables import FactRow

Known = tuple[tuple[int, ...], tuple[f.AnyFact, ...]]


def facts(session: Session, slug: str) -> tuple[f.AnyFact, ...]:
    """Every fact in the order in which it was stored, superseded ones too.

    Only what is new since the last time is read and parsed. Facts of one programme are stored by
    one writer at a time, so that a row's number tells what came before it.
    """
    last = last_row(session, slug)
    key = ("facts", slug)
    ids, values = cast(Known, memory(session).get(key) or ((), ()))
    if ids and ids[-1] > last:
        return values[: bisect_right(ids, last)]  # this session sees an earlier state
    if (ids[-1] if ids else 0) < last:
        rows = queries.facts_after(session, slug, ids[-1] if ids else 0)
        ids += tuple(row.id for row in rows if row.id is not None)
        values += tuple(f.FACT.validate_python(row.body) for row in rows)
        memory(session).put(key, (ids, values))
    return values


def known(session: Session, slug: str, at: datetime) -> tuple[f.AnyFact, ...]:
    """Those that were recorded by then. How many they are names the state: none is taken away."""
    return tuple(one for one in facts(session, slug) if one.recorded_at <= at)


def last_row(session: Session, slug: str) -> int:
    """The number of the programme's last fact row, 0 where there is none: it names the state."""
    wanted = select(func.max(FactRow.id)).where(FactRow.programme == slug)
    return session.exec(wanted).one() or 0
