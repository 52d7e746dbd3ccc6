"""交办件: the office registers a case, which starts the clocks of its kind, and its end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from itertools import count

from sqlmodel import Session

from tracker.domain import facts as f
from tracker.domain.errors import Misfit
from tracker.domain.programme import CaseDuty, Clause, Programme, owing
from tracker.services import factbook, programmes
from tracker.services.reporting import fit, once, recorded


@dataclass
class Kind:
    """A kind of case: the units that may get one, the clauses whose clocks it starts."""

    units: list[str]
    clauses: list[Clause]


def kinds(programme: Programme) -> dict[str, Kind]:
    """In the programme's order."""
    found: dict[str, Kind] = {}
    for _, item, clause in programme.clauses.values():
        for duty in clause.duties:
            if isinstance(duty, CaseDuty):
                kind = found.setdefault(duty.case, Kind([], []))
                kind.units += [unit for unit in owing(item, clause) if unit not in kind.units]
                kind.clauses += [clause] if clause not in kind.clauses else []
    return found


def open_case(
    session: Session,
    slug: str,
    case: str,
    *,
    kind: str,
    unit: str,
    title: str,
    received_at: datetime,
    now: datetime,
    by: str,
    id_: str = "",
    due_on: date | None = None,
    note: str = "",
) -> f.CaseEvent:
    """The clocks of the kind start at `received_at`. Unfit, among others, where a case of this
    number is on file: closing one would close the other. `due_on` is the last day that came with
    the case, where the programme leaves the limit to another document."""
    if known := once(session, slug, id_, f.CaseEvent):
        return known
    takes = kinds(programmes.current(session, slug)).get(kind)
    wrong = {
        "kind": None if takes else Misfit.CHOOSE if kind else Misfit.MISSING,
        "unit": _unit_mistake(unit, takes),
        "case": _number_mistake(session, slug, case),
        "title": None if title else Misfit.MISSING,
        "at": Misfit.FUTURE if received_at > now else None,
        "due_on": _day_mistake(session, slug, due_on, received_at),
    }
    fit(wrong, about=case)
    opened = f.CaseEvent(
        id=f.FactId(id_), case=case, kind=kind, unit=unit, title=title, event="opened",
        due_on=due_on, note=note, occurred_at=received_at, recorded_at=now,
    )  # fmt: skip
    return recorded(session, slug, opened, now=now, by=by)


def free_number(session: Session, slug: str, received_at: datetime, stem: str = "") -> str:
    """A number that no case has: the day of receipt in the programme's zone and a count."""
    zone = programmes.current(session, slug).tz
    taken = {one.case for one in factbook.near(session, slug) if isinstance(one, f.CaseEvent)}
    day = f"{stem}{received_at.astimezone(zone):%m%d}"
    return next(name for n in count(1) if (name := f"{day}-{n}") not in taken)


def _day_mistake(
    session: Session, slug: str, due_on: date | None, received_at: datetime
) -> Misfit | None:
    zone = programmes.current(session, slug).tz
    before = due_on is not None and due_on < received_at.astimezone(zone).date()
    return Misfit.BEFORE_RECEIPT if before else None


def _unit_mistake(unit: str, takes: Kind | None) -> Misfit | None:
    if not unit:
        return Misfit.MISSING
    return Misfit.NOT_OWING if takes and unit not in takes.units else None


def _number_mistake(session: Session, slug: str, case: str) -> Misfit | None:
    if not case:
        return Misfit.MISSING
    if "/" in case:
        return Misfit.NO_SLASH
    on_file = factbook.near(session, slug)
    known = any(isinstance(one, f.CaseEvent) and one.case == case for one in on_file)
    return Misfit.CASE_KNOWN if known else None


def close_case(
    session: Session,
    slug: str,
    case: str,
    *,
    now: datetime,
    by: str,
    closed_at: datetime | None = None,
    duty: str = "",
    note: str = "",
    id_: str = "",
) -> f.CaseEvent:
    """The office records that the case (its duty; empty: each) was met, now or at `closed_at`."""
    if known := once(session, slug, id_, f.CaseEvent):
        return known
    at = closed_at or now
    fit({"at": Misfit.FUTURE if at > now else None}, about=case)
    closed = f.CaseEvent(
        id=f.FactId(id_), case=case, event="closed", duty=duty, note=note, occurred_at=at,
        recorded_at=now,
    )  # fmt: skip
    return recorded(session, slug, closed, now=now, by=by)
