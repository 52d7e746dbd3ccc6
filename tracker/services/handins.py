"""The projection of what units have plainly handed in: written with each fact, read by a score.

It is the programme's facts folded into a few numbers (`domain.handins`); one that lags behind the
facts is not used, and made anew when the next fact is recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, or_, select, text, union_all
from sqlmodel import Session, col

from tracker.domain import facts as f
from tracker.domain.handins import Answers, FromHandIns, HandIns, Open
from tracker.domain.shelf import ALWAYS_FILED, SHELVED
from tracker.store import queries
from tracker.store.database import Reader
from tracker.store.tables import FactRow, HandInRow

Place = tuple[str, str, str]
"""Clause, duty, unit; without a unit the clause has reports about all units or duties."""

EXTENT: Place = ("", "", "")

NOTHING = Open().kept()

_COLUMNS = (
    col(HandInRow.clause), col(HandInRow.duty), col(HandInRow.unit), col(HandInRow.occurrences),
    col(HandInRow.instants), col(HandInRow.unclear), col(HandInRow.latest),
)  # fmt: skip

_FORGET = text("DELETE FROM handin WHERE programme = :slug")
_KEEP = text(
    "INSERT INTO handin (programme, clause, duty, unit, occurrences, instants, unclear, latest) "
    "VALUES (:programme, :clause, :duty, :unit, :occurrences, :instants, :unclear, :latest) "
    "ON CONFLICT (programme, clause, duty, unit) DO UPDATE SET occurrences = "
    "excluded.occurrences, instants = excluded.instants, unclear = excluded.unclear, "
    "latest = excluded.latest"
)


def follow(
    session: Session,
    slug: str,
    fresh: Collection[f.AnyFact],
    known: Mapping[str, f.AnyFact],
    everything: Callable[[], Iterable[f.AnyFact]],
    *,
    before: int,
    last: int,
) -> None:
    """Take in facts that have just been stored; `known` holds them and all that they name.

    `before` and `last` are the numbers of the programme's last fact before them and of them; where
    the projection lags, it is made anew of `everything`.
    """
    told = _told(fresh, known)
    kept = _kept(session, slug, [EXTENT, *told])
    if kept.get(EXTENT, NOTHING).latest != (before or NOTHING.latest):
        session.connection().execute(_FORGET, {"slug": slug})
        known = {one.id: one for one in everything()}
        kept, told = {}, _told(known.values(), known)
    rows = [(place, _with(kept.get(place), acts)) for place, acts in told.items()]
    rows.append((EXTENT, NOTHING._replace(latest=last)))
    values = [_row(slug, place, one) for place, one in rows]
    for some in queries.chunks(values):
        session.connection().execute(_KEEP, some)


@dataclass
class _Acts:
    """What facts say about one place: reports come first, whatever the order of the facts."""

    reports: list[f.Report]
    reviews: list[tuple[f.Report, f.Review]]
    doubts: list[str]


def _told(facts: Iterable[f.AnyFact], known: Mapping[str, f.AnyFact]) -> dict[Place, _Acts]:
    told: dict[Place, _Acts] = {}

    def acts(report: f.Report) -> _Acts:
        plain = report.duty and report.unit
        place = (report.clause, *((report.duty, report.unit) if plain else ("", "")))
        return told.setdefault(place, _Acts([], [], []))

    for one in facts:
        if isinstance(one, f.Report):
            acts(one).reports.append(one)
        elif isinstance(one, f.Review):
            report = _report_of(one, known)
            if report is not None:
                acts(report).reviews.append((report, one))
        if one.supersedes is not None:
            replaced = _report_of(known[one.supersedes], known)
            if replaced is not None:
                acts(replaced).doubts.append(replaced.occurrence)
    return told


def _report_of(fact: f.AnyFact, known: Mapping[str, f.AnyFact]) -> f.Report | None:
    """The report that it is, or that it is a review of."""
    about = known[fact.report] if isinstance(fact, f.Review) else fact
    return about if isinstance(about, f.Report) else None


def _with(known: HandIns | None, acts: _Acts) -> HandIns:
    found = Open(known)
    for report in acts.reports:
        found.report(report)
    for report, review in acts.reviews:
        found.review(report, review)
    for occurrence in acts.doubts:
        found.doubt(occurrence)
    return found.kept()


def _kept(session: Session, slug: str, places: Iterable[Place]) -> dict[Place, HandIns]:
    found: dict[Place, HandIns] = {}
    for some in queries.chunks(places, 200):
        # Not a row of values IN a list: SQLite looks through the whole programme for it.
        wanted = select(*_COLUMNS).where(or_(*(_at(slug, *place) for place in some)))
        rows: Iterable[Any] = session.connection().execute(wanted)
        found |= {(clause, duty, unit): HandIns(*kept) for clause, duty, unit, *kept in rows}
    return found


def _at(slug: str, clause: str, duty: str, unit: str) -> ColumnElement[bool]:
    return and_(
        col(HandInRow.programme) == slug, col(HandInRow.clause) == clause,
        col(HandInRow.duty) == duty, col(HandInRow.unit) == unit,
    )  # fmt: skip


def _row(slug: str, place: Place, one: HandIns) -> dict[str, object]:
    clause, duty, unit = place
    return {"programme": slug, "clause": clause, "duty": duty, "unit": unit, **one._asdict()}


# -- for a score ---------------------------------------------------------------------------------


class Kept:
    """A `Shelf`: hand-ins as of two instants, and the facts behind them as long as anybody asks."""

    def __init__(
        self, session: Session, reader: Reader, slug: str, last: int, *, as_of: datetime,
        known_at: datetime,
    ) -> None:  # fmt: skip
        self._reader, self._slug, self._last = reader, slug, last
        self._as_of, self._known_at = as_of, known_at
        self._kept: dict[tuple[str, str], dict[str, HandIns]] = {}
        wanted = select(*_COLUMNS).where(col(HandInRow.programme) == slug)
        rows: Iterable[Any] = session.connection().execute(wanted)
        for clause, duty, unit, *kept in rows:
            self._kept.setdefault((clause, duty), {})[unit] = HandIns(*kept)
        extent = self._kept.get(EXTENT[:2], {}).get("", NOTHING)
        self.whole = extent.latest == (last or NOTHING.latest)

    def answers(self, clause: str, duty: str) -> Answers | None:
        if (clause, "") in self._kept:
            return None
        kept = self._kept.get((clause, duty), {})
        return FromHandIns(kept, as_of=self._as_of, known_at=self._known_at)

    def facts(self, clause: str, units: Collection[str]) -> Iterator[f.AnyFact]:
        wanted = _facts(self._slug).where(
            col(FactRow.kind).in_(sorted(SHELVED)), col(FactRow.supersedes).is_(None),
            col(FactRow.clause) == clause if clause else col(FactRow.clause) != "",
        )  # fmt: skip
        with self._reader.reading() as session:
            lots = list(queries.chunks({*units, ""})) if units else [[]]
            for some in lots:
                mine = wanted.where(col(FactRow.unit).in_(some)) if some else wanted
                rows = session.connection().execute(mine)
                yield from [
                    f.FACT.validate_python(row.body) for row in rows if row.id <= self._last
                ]


def uncommon(session: Session, slug: str) -> list[f.AnyFact]:
    """The facts that are on no shelf, in the order in which they were stored."""
    found = _uncommon(session, slug)
    return [found[number] for number in sorted(found)]


def near(
    session: Session, slug: str, ids: Iterable[str], clauses: Iterable[str]
) -> dict[int, f.AnyFact]:
    """The same, and those of these ids and about these clauses, by the number of the row."""
    found = _uncommon(session, slug) | named(session, slug, ids)
    for some in queries.chunks(clauses):
        found |= _read(session, _facts(slug).where(col(FactRow.clause).in_(some)))
    return found


def named(session: Session, slug: str, ids: Iterable[str]) -> dict[int, f.AnyFact]:
    found: dict[int, f.AnyFact] = {}
    for some in queries.chunks(ids):
        found |= _read(session, _facts(slug).where(col(FactRow.fact_id).in_(some)))
    return found


def _uncommon(session: Session, slug: str) -> dict[int, f.AnyFact]:
    wanted = _facts(slug)
    return _read(
        session,
        union_all(
            wanted.where(col(FactRow.clause) == ""),
            wanted.where(col(FactRow.kind).in_(sorted(ALWAYS_FILED))),
            wanted.where(col(FactRow.supersedes).is_not(None)),
        ),
    )


def _read(session: Session, wanted: Select[Any] | CompoundSelect[Any]) -> dict[int, f.AnyFact]:
    rows = {row.id: row.body for row in session.connection().execute(wanted)}
    return {number: f.FACT.validate_python(body) for number, body in rows.items()}


def _facts(slug: str) -> Select[tuple[int | None, dict[str, object]]]:
    return select(col(FactRow.id), col(FactRow.body)).where(col(FactRow.programme) == slug)
