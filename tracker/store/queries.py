"""Questions that several services ask of the tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any, TypeVar

from sqlalchemy import select as core_select
from sqlalchemy import text
from sqlmodel import Session, col, select

from tracker.domain.errors import NotFound
from tracker.store.tables import FactRow, ObligationRow, ProgrammeRow

Thing = TypeVar("Thing")

CHUNK = 500
"""Rows or names for one statement: well below what SQLite takes."""


def one_at_a_time(session: Session, name: str) -> None:
    """Until the transaction ends nobody else passes this line with the same name.

    PostgreSQL only; on SQLite a transaction that writes is alone anyway.
    """
    if session.connection().dialect.name != "postgresql":
        return
    number = int.from_bytes(sha256(name.encode()).digest()[:8], "big", signed=True)
    session.connection().execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})


def chunks(things: Iterable[Thing], size: int = CHUNK) -> Iterator[list[Thing]]:
    whole = list(things)
    for start in range(0, len(whole), size):
        yield whole[start : start + size]


@dataclass(frozen=True)
class Version:
    """A published version of a programme, without its document."""

    row: int
    slug: str
    version: int
    hash: str
    title: str
    published_at: datetime


CURRENT = "tracker_current_versions"


def current_version(session: Session, slug: str) -> Version:
    """The one with the highest number; NotFound names the programmes that there are.

    Looked up once in a transaction; `forget_version` after publishing.
    """
    seen: dict[str, Version] = session.info.setdefault(CURRENT, {})
    if slug not in seen:
        found = versions(session, slug, limit=1)
        if not found:
            known = ", ".join(slugs(session)) or "none yet"
            raise NotFound(f"没有这个方案：{slug} / no programme {slug!r}; loaded: {known}")
        seen[slug] = found[0]
    return seen[slug]


def version_of(session: Session, slug: str, number: int | None) -> Version:
    """The version of that number, the current one where none is given."""
    if number is None:
        return current_version(session, slug)
    known = versions(session, slug)
    found = next((one for one in known if one.version == number), None)
    if found is None:
        current_version(session, slug)  # says so where there is no such programme
        told = "、".join(str(one.version) for one in reversed(known))
        raise NotFound(
            f"没有第 {number} 版 / no version {number} of {slug!r}; 有 / there are: {told}"
        )
    return found


def forget_version(session: Session, slug: str) -> None:
    session.info.get(CURRENT, {}).pop(slug, None)


def versions(session: Session, slug: str, *, limit: int | None = None) -> list[Version]:
    """Newest first."""
    table = ProgrammeRow
    wanted = (
        core_select(col(table.id), col(table.slug), col(table.version))
        .add_columns(col(table.hash), col(table.title), col(table.published_at))
        .where(col(table.slug) == slug)
        .order_by(col(table.version).desc())
        .limit(limit)
    )
    return [Version(*row) for row in session.connection().execute(wanted)]


def document(session: Session, row: int) -> dict[str, Any]:
    """The programme's document; it is large."""
    found = session.exec(select(ProgrammeRow.document).where(ProgrammeRow.id == row)).one()
    return dict(found)


def slugs(session: Session) -> list[str]:
    return list(session.exec(select(ProgrammeRow.slug).distinct().order_by(ProgrammeRow.slug)))


def obligation_rows(session: Session, slug: str, clauses: Iterable[str]) -> list[ObligationRow]:
    """The rows of these clauses, withdrawn ones too."""
    found: list[ObligationRow] = []
    for some in chunks(clauses):
        wanted = select(ObligationRow).where(ObligationRow.programme == slug)
        found += session.exec(wanted.where(col(ObligationRow.clause).in_(some))).all()
    return found


def obligation_ids(session: Session, slug: str, keys: Sequence[str]) -> dict[str, int]:
    """Row ids by obligation key; keys that have no row are left out."""
    found: dict[str, int] = {}
    for some in chunks(keys):
        wanted = select(ObligationRow.key, ObligationRow.id).where(
            ObligationRow.programme == slug, col(ObligationRow.key).in_(some)
        )
        found |= {key: id_ for key, id_ in session.exec(wanted) if id_ is not None}
    return found


def open_keys(session: Session, slug: str) -> list[str]:
    """Keys of the obligations that are still open."""
    wanted = select(ObligationRow.key).where(
        ObligationRow.programme == slug,
        col(ObligationRow.open),
        col(ObligationRow.withdrawn_at).is_(None),
    )
    return list(session.exec(wanted.order_by(col(ObligationRow.id))))


def facts_after(session: Session, slug: str, row_id: int) -> list[FactRow]:
    """In the order in which they were stored."""
    wanted = select(FactRow).where(FactRow.programme == slug, col(FactRow.id) > row_id)
    return list(session.exec(wanted.order_by(col(FactRow.id))))
