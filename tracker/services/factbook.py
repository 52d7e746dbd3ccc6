"""The stored facts of a programme as values, each parsed once however many pages ask."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlmodel import Session, func, select

from tracker.domain import facts as f
from tracker.domain.record import Record, record
from tracker.domain.shelf import shelved
from tracker.services import handins
from tracker.services.filing import Filing
from tracker.store import queries
from tracker.store.database import Reader
from tracker.store.memory import is_alone, memory, remembered
from tracker.store.tables import FactRow


def facts(session: Session, slug: str) -> tuple[f.AnyFact, ...]:
    """Every fact in the order in which it was stored, superseded ones too.

    Only what is new since the last time is read and parsed. Facts of one programme are stored by
    one writer at a time, so that a row's number tells what came before it.
    """
    return _up_to(session, slug, last_row(session, slug))


def _up_to(session: Session, slug: str, last: int) -> tuple[f.AnyFact, ...]:
    return _filing(session, slug, last).all(last)


def _filing(session: Session, slug: str, last: int) -> Filing:
    """With every fact up to that row."""
    known = cast(Filing | None, memory(session).get(_key(slug)))
    if known is None or (is_alone(session) and not known.alone):
        known = Filing(known, alone=is_alone(session))
        memory(session).put(_key(slug), known)
    if known.last < last:
        known.take(queries.facts_after(session, slug, known.last))
    return known


def _key(slug: str) -> tuple[str, str]:
    return ("facts", slug)


def _is_read(session: Session, slug: str) -> bool:
    """Whether somebody has asked for all facts already."""
    return memory(session).get(_key(slug)) is not None


def near(
    session: Session, slug: str, *, ids: Iterable[str] = (), clauses: Collection[str] = ()
) -> tuple[f.AnyFact, ...]:
    """The facts of these ids, all that are about these clauses, and all that may be about anything,
    in the order in which they were stored: they cost what they are, not what there is."""
    last = last_row(session, slug)
    if _is_read(session, slug):
        filing = _filing(session, slug, last)
        named = (filing.named(id_, last) for id_ in ids)
        found = dict(filing.uncommon(last))
        found |= dict(one for one in named if one is not None)
        for clause in clauses:
            found |= dict(filing.about(clause, last))
    else:
        found = handins.near(session, slug, ids, clauses)
    return tuple([found[number] for number in sorted(found)])


def named(session: Session, slug: str, ids: Iterable[str]) -> dict[str, f.AnyFact]:
    """The facts of these ids that are on file."""
    last = last_row(session, slug)
    if _is_read(session, slug):
        filing = _filing(session, slug, last)
        found = (filing.named(id_, last) for id_ in ids)
        return {one[1].id: one[1] for one in found if one is not None}
    return {one.id: one for one in handins.named(session, slug, ids).values()}


def names(one: f.AnyFact) -> Iterator[f.FactId]:
    """The ids by which it names facts: its own, what it replaces, the report of a review."""
    if one.id:
        yield one.id
    if one.supersedes is not None:
        yield one.supersedes
    if isinstance(one, f.Review):
        yield one.report


def _known(session: Session, slug: str, last: int, at: datetime) -> tuple[f.AnyFact, ...]:
    """Those up to that row that were recorded by then. How many they are names the state: none is
    taken away."""
    return tuple(one for one in _up_to(session, slug, last) if one.recorded_at <= at)


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
    if reader is None or _is_read(session, slug):
        facts = _known(session, slug, last, known_at)
        return Book(
            len(facts), lambda: record(facts, as_of=as_of, known_at=known_at), lambda: facts
        )

    def filed() -> Record:
        kept = handins.Kept(session, reader, slug, last, as_of=as_of, known_at=known_at)
        if not kept.whole:
            stored = _known(session, slug, last, known_at)
            return record(stored, as_of=as_of, known_at=known_at)
        few = remembered(session, ("uncommon", slug, last), lambda: handins.uncommon(session, slug))
        return shelved(few, kept, as_of=as_of, known_at=known_at)

    def later() -> tuple[f.AnyFact, ...]:
        with reader.reading() as another:
            return _known(another, slug, last, known_at)

    return Book(("row", last), filed, later)
