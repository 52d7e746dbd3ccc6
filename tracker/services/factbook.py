"""The stored facts of a programme as values, each parsed once however many pages ask."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlmodel import Session, func, select

from tracker.domain import facts as f
from tracker.domain.record import Record, record
from tracker.domain.shelf import shelved
from tracker.services import handins
from tracker.store import queries
from tracker.store.database import Reader
from tracker.store.memory import memory, remembered
from tracker.store.tables import FactRow

Known = tuple[tuple[int, ...], tuple[f.AnyFact, ...]]


def facts(session: Session, slug: str) -> tuple[f.AnyFact, ...]:
    """Every fact in the order in which it was stored, superseded ones too.

    Only what is new since the last time is read and parsed. Facts of one programme are stored by
    one writer at a time, so that a row's number tells what came before it.
    """
    return _up_to(session, slug, last_row(session, slug))


def _up_to(session: Session, slug: str, last: int) -> tuple[f.AnyFact, ...]:
    key = ("facts", slug)
    ids, values = cast(Known, memory(session).get(key) or ((), ()))
    if (ids[-1] if ids else 0) < last:
        rows = queries.facts_after(session, slug, ids[-1] if ids else 0)
        ids += tuple(row.id for row in rows if row.id is not None)
        values += tuple(f.FACT.validate_python(row.body) for row in rows)
        memory(session).put(key, (ids, values))
    # Another session may have seen a later state.
    return values[: bisect_right(ids, last)] if ids and ids[-1] > last else values


def known(session: Session, slug: str, at: datetime) -> tuple[f.AnyFact, ...]:
    """Those that were recorded by then. How many they are names the state: none is taken away."""
    return tuple(one for one in facts(session, slug) if one.recorded_at <= at)


def last_row(session: Session, slug: str) -> int:
    """The number of the programme's last fact row, 0 where there is none: it names the state."""
    wanted = select(func.max(FactRow.id)).where(FactRow.programme == slug)
    return session.exec(wanted).one() or 0


def row(slug: str, one: f.AnyFact, known: Mapping[str, f.AnyFact]) -> dict[str, Any]:
    """To be stored; `known` has the report that a review is of."""
    about = known[one.report] if isinstance(one, f.Review) else one
    return {
        "fact_id": one.id,
        "programme": slug,
        "kind": one.fact,
        "clause": getattr(about, "clause", ""),
        "duty": getattr(about, "duty", ""),
        "unit": getattr(about, "unit", ""),
        "occurrence": getattr(about, "occurrence", ""),
        "occurred_at": one.occurred_at,
        "recorded_at": one.recorded_at,
        "by": one.by,
        "supersedes": one.supersedes,
        "body": one.model_dump(mode="json", by_alias=True),
    }


@dataclass(frozen=True)
class Book:
    """The facts that were recorded by an instant, filed or to be fetched as somebody looks.

    `state` names them: whoever has the same has the same facts.
    """

    state: Hashable
    filed: Callable[[], Record]
    facts: Callable[[], tuple[f.AnyFact, ...]]


def book(session: Session, slug: str, *, as_of: datetime, known_at: datetime) -> Book:
    """Facts that are read already are filed; else hand-ins tell of them, as far as they go."""
    last = last_row(session, slug)
    reader = Reader.of(session)
    if reader is None or memory(session).get(("facts", slug)) is not None:
        facts = known(session, slug, known_at)
        return Book(
            len(facts), lambda: record(facts, as_of=as_of, known_at=known_at), lambda: facts
        )

    def filed() -> Record:
        kept = handins.Kept(session, reader, slug, last, as_of=as_of, known_at=known_at)
        if not kept.whole:
            return record(known(session, slug, known_at), as_of=as_of, known_at=known_at)
        few = remembered(session, ("uncommon", slug, last), lambda: handins.uncommon(session, slug))
        return shelved(few, kept, as_of=as_of, known_at=known_at)

    def later() -> tuple[f.AnyFact, ...]:
        with reader.reading() as another:
            return tuple(one for one in _up_to(another, slug, last) if one.recorded_at <= known_at)

    return Book(("row", last), filed, later)
