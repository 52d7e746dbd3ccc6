"""Who stands in for whom: while somebody is away their mails go to the deputy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select

from tracker.domain.errors import NotFound, Refused
from tracker.services import trail
from tracker.services.trail import reference, traced
from tracker.store.tables import AbsenceRow, PersonRow


@dataclass(frozen=True)
class Absence:
    """From `from_on` up to but not including `until_on`, the first day back. With `copied` the
    person gets the mails, too."""

    id: int
    person_id: int
    name: str
    deputy_id: int
    deputy: str
    from_on: date
    until_on: date
    copied: bool


@dataclass(frozen=True)
class StandIn:
    """Who gets the mails of somebody who is away."""

    deputy: PersonRow
    copied: bool


def begin(
    session: Session,
    person: PersonRow,
    deputy: PersonRow,
    *,
    from_on: date,
    until_on: date,
    copied: bool,
    now: datetime,
    by: str,
) -> Absence:
    """Refused for days that are none, for oneself, and where another absence has those days."""
    if until_on <= from_on:
        raise Refused(
            f"回来的日子 {until_on} 须晚于开始的 {from_on} / the first day back must come after "
            "the first day away"
        )
    if person.id == deputy.id or deputy.erased_at is not None or person.erased_at is not None:
        raise Refused("请另选代理人 / choose somebody else to stand in")
    if any(one.from_on < until_on and from_on < one.until_on for one in _of(session, person)):
        raise Refused(
            f"{person.name}这几天已有代理安排，请先结束它 / {person.name} is away already on some "
            "of these days: end that absence first"
        )
    assert person.id is not None
    assert deputy.id is not None
    row = AbsenceRow(person_id=person.id, deputy_id=deputy.id, from_on=from_on, until_on=until_on,
                     copied=copied, made_at=now, by=by)  # fmt: skip
    session.add(row)
    session.flush()
    body = {
        "person": reference(person), "deputy": reference(deputy), "from": from_on.isoformat(),
        "until": until_on.isoformat(), "copied": copied, "by": traced(session, by),
    }  # fmt: skip
    trail.append(session, trail.HOUSE, "absence.begun", reference(person), body, now=now)
    return _absence(row, person, deputy)


def end(session: Session, id_: int, *, of: int, on: date, now: datetime, by: str) -> None:
    """Back on the day `on`, earlier than was said; one that had not begun is as if never said.
    NotFound for an absence that is not this person's."""
    row = session.get(AbsenceRow, id_)
    person = None if row is None else session.get(PersonRow, row.person_id)
    if row is None or person is None or row.person_id != of:
        raise NotFound(f"没有这次代理 / no absence {id_}")
    if row.until_on > on:
        row.until_on = max(on, row.from_on)
        session.flush()
        body = {"until": row.until_on.isoformat(), "by": traced(session, by)}
        trail.append(session, trail.HOUSE, "absence.ended", reference(person), body, now=now)


def absences(session: Session, *, since: date) -> list[Absence]:
    """Those that run or are to come, and those that ended since; in the order of their days."""
    wanted = select(AbsenceRow).where(
        col(AbsenceRow.until_on) >= since, col(AbsenceRow.until_on) > col(AbsenceRow.from_on)
    )
    rows = session.exec(wanted.order_by(col(AbsenceRow.from_on), col(AbsenceRow.id))).all()
    people = _people(session, {id_ for row in rows for id_ in (row.person_id, row.deputy_id)})
    return [_absence(row, people[row.person_id], people[row.deputy_id]) for row in rows]


def away(session: Session, on: date) -> Mapping[int, StandIn]:
    """Who is away on that day, and who really gets their mails: a deputy who is away too is stood
    in for. A ring of deputies stands in for nobody."""
    wanted = select(AbsenceRow).where(col(AbsenceRow.from_on) <= on, col(AbsenceRow.until_on) > on)
    rows = {row.person_id: row for row in session.exec(wanted.order_by(col(AbsenceRow.id)))}
    last = {id_: _last(id_, rows) for id_ in rows}
    stand_in = {id_ for id_ in last.values() if id_ is not None}
    people = _people(session, stand_in) if stand_in else {}
    return {
        id_: StandIn(people[deputy], rows[id_].copied)
        for id_, deputy in last.items()
        if deputy is not None and people[deputy].erased_at is None
    }


def _last(person: int, rows: Mapping[int, AbsenceRow]) -> int | None:
    seen = {person}
    deputy = rows[person].deputy_id
    while deputy in rows:
        if deputy in seen:
            return None
        seen.add(deputy)
        deputy = rows[deputy].deputy_id
    return None if deputy in seen else deputy


def hand_over(
    session: Session, leaver: int, successor: int, *, on: date, follows: Callable[[int], bool]
) -> None:
    """Whoever the leaver stood in for, the successor does, where that follows; the leaver's own
    absence ends."""
    still = col(AbsenceRow.until_on) > on
    for row in session.exec(select(AbsenceRow).where(AbsenceRow.deputy_id == leaver, still)):
        if row.person_id == successor:
            row.until_on = max(on, row.from_on)
        elif follows(row.person_id):
            row.deputy_id = successor
    for row in session.exec(select(AbsenceRow).where(AbsenceRow.person_id == leaver, still)):
        row.until_on = max(on, row.from_on)
    session.flush()


def _of(session: Session, person: PersonRow) -> list[AbsenceRow]:
    return list(session.exec(select(AbsenceRow).where(AbsenceRow.person_id == person.id)))


def _people(session: Session, ids: set[int]) -> dict[int, PersonRow]:
    found = session.exec(select(PersonRow).where(col(PersonRow.id).in_(sorted(ids))))
    return {row.id or 0: row for row in found}


def _absence(row: AbsenceRow, person: PersonRow, deputy: PersonRow) -> Absence:
    assert row.id is not None
    return Absence(row.id, row.person_id, person.name, row.deputy_id, deputy.name, row.from_on,
                   row.until_on, row.copied)  # fmt: skip
