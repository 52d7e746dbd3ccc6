"""The digests of a week: made once, on its first working day, and kept as they were issued."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from schedules.deadlines import local_day
from schedules.instants import local_instant
from schedules.workdays import WorkCalendar
from tracker.domain.errors import NotFound, Refused
from tracker.domain.forecast import Forecast, end_of_working_week, forecast
from tracker.domain.points import Units, units
from tracker.domain.programme import Programme
from tracker.exports import jsonform
from tracker.services import (
    calendars,
    closings,
    digest_parts,
    people,
    programmes,
    readership,
    readings,
    trail,
)
from tracker.services.digest import Audience, Digest, Health, Line
from tracker.services.digest_desk import Acting, Desk
from tracker.services.digest_picture import WEEKS
from tracker.services.readership import OWN, REVIEWED
from tracker.services.scoreboard import Board, board
from tracker.store import queries
from tracker.store.tables import DigestRow, PersonRow

WEEK = timedelta(days=7)
AFTERWARDS = timedelta(days=14)
"""How long after the programme's cut-off its weeks still have a digest."""


@dataclass(frozen=True)
class Issued:
    """A digest as it was issued; `audience` is "leader", "office", "unit:<unit>" or
    "reviewer:<unit>", with several units where one person answers for them."""

    week: str
    audience: str
    digest: Digest


def issue(
    session: Session, slug: str, *, now: datetime, health: Sequence[Health] = (), by: str = ""
) -> list[Issued]:
    """The digests of this week, if it has come so far and they are not there yet; else none. A year
    that is closed has none. `by` is who asked for them; nobody where the service came to it.

    Due from the opening of the window on the week's first working day, so that a service that
    stood still on that day catches up. One look at the table where there is nothing to do.
    """
    programme = programmes.current(session, slug)
    if not _comes(session, programme, now):
        return []
    week = week_of(now, programme)
    queries.one_at_a_time(session, f"digest|{slug}")
    if _issued(session, slug, week):
        return []
    desk = _desk_at(session, slug, now, health)
    made = [Issued(week, name, one) for name, one in _all(desk).items()]
    made += [Issued(week, name, one) for name, one in _joint(session, desk, made)]
    for one in made:
        session.add(
            DigestRow(
                programme=slug, week=week, as_of=now, audience=readership.shelved(one.audience),
                body=_kept(one.digest), made_at=now,
            )
        )  # fmt: skip
    session.flush()
    body: dict[str, Any] = {"week": week, "audiences": len(made)}
    if by:
        body["by"] = trail.traced(session, by)
    trail.append(session, slug, "digest.issued", week, body, now=now)
    return made


def _comes(session: Session, programme: Programme, now: datetime) -> bool:
    """Whether this week has digests and their time has come."""
    if not due(programme, calendars.calendar(session), now):
        return False
    return closings.closed(session, programme.id, now) is None


def missing(session: Session, slug: str, now: datetime) -> str:
    """The week whose digests should be there by now and are not; "" where nothing is missing."""
    programme = programmes.current(session, slug)
    week = week_of(now, programme)
    waits = _comes(session, programme, now) and not _issued(session, slug, week)
    return week if waits else ""


def to_publish(session: Session, slug: str, now: datetime) -> str:
    """The same; Refused before its time, in a year that is over, and where it is on file."""
    week = missing(session, slug, now)
    if not week:
        raise Refused(
            "本周周报已签发，或还不到签发的时候 / "
            "this week's digest is on file already, or its time has not come"
        )
    return week


def due(programme: Programme, calendar: WorkCalendar, now: datetime) -> bool:
    """Whether this week's digests should be there by now."""
    today = local_day(now, programme.tz)
    first = first_working_day(today, calendar)
    begins, ends = date(programme.year, 1, 1), programme.closes_on + AFTERWARDS
    if first is None or not begins <= today <= ends:
        return False
    return now >= local_instant(first, programme.policy.opens, zone=programme.tz)


def first_working_day(today: date, calendar: WorkCalendar) -> date | None:
    """Of the week from Monday to Sunday; None where the whole week is off."""
    monday = today - timedelta(days=today.weekday())
    days = (monday + timedelta(days=ahead) for ahead in range(7))
    return next((day for day in days if calendar.is_working(day)), None)


def week_of(at: datetime, programme: Programme) -> str:
    """The ISO week of the programme's day, "2021-W42"."""
    year, week, _ = local_day(at, programme.tz).isocalendar()
    return f"{year}-W{week:02d}"


def digest_of(
    session: Session,
    slug: str,
    *,
    as_of: datetime,
    known_at: datetime | None = None,
    audience: Audience,
    unit: str = "",
    health: Sequence[Health] = (),
) -> Digest:
    """One digest at any instant, against the last one issued before it (or a week earlier)."""
    seen = board(session, slug, as_of=as_of, known_at=known_at)
    register = readings.register(session, slug, as_of=as_of, known_at=known_at)
    span = readings.span(session, slug, as_of=as_of, known_at=known_at)
    desk = _desk(session, slug, seen, register, span, health)
    return digest_parts.digest(desk, audience, *([unit] if unit else []))


def _desk(
    session: Session,
    slug: str,
    seen: Board,
    register: Sequence[readings.Entry],
    span: readings.Span,
    health: Sequence[Health],
) -> Desk:
    last = _last(session, slug, seen.as_of)
    return Desk(
        seen,
        board(session, slug, as_of=last or seen.as_of - WEEK),
        outlook_of(seen),
        who_acts(session, slug, seen.as_of),
        register,
        span,
        health,
        trail.head(session, slug, at=seen.known_at),
        _scores(session, slug, seen.as_of),
        follows=last is not None,
    )


def _scores(session: Session, slug: str, at: datetime) -> list[tuple[datetime, Units]]:
    """The scores of the digests that were issued in the weeks that the picture shows."""
    wanted = select(DigestRow.as_of, DigestRow.body).where(
        DigestRow.programme == slug, DigestRow.audience == Audience.LEADER,
        col(DigestRow.as_of) >= at - WEEKS, col(DigestRow.as_of) < at,
    )  # fmt: skip
    rows = session.exec(wanted.order_by(col(DigestRow.as_of))).all()
    return [(as_of, units(body["verdict"]["score"])) for as_of, body in rows]


def outlook_of(seen: Board) -> Forecast:
    """What waiting costs until the end of the working week."""
    programme, context = seen.programme, seen.context
    return forecast(
        programme, context, seen.facts, as_of=seen.as_of, known_at=seen.known_at,
        until=end_of_working_week(seen.as_of, context.calendar, programme.tz), now=seen.ledger,
    )  # fmt: skip


def who_acts(session: Session, slug: str, at: datetime) -> dict[str, Acting]:
    """The contact of each unit on that day; a deputy stands in where there is none."""
    programme = programmes.current(session, slug)
    holders = people.holders(session, slug, local_day(at, programme.tz))
    found: dict[str, Acting] = {}
    for role in (people.Role.CONTACT, people.Role.DEPUTY):
        for holder in holders:
            if holder.role is role:
                found.setdefault(holder.unit, Acting(holder.name, holder.person_id))
    return found


def _desk_at(session: Session, slug: str, now: datetime, health: Sequence[Health]) -> Desk:
    seen = board(session, slug, as_of=now)
    register = readings.of_board(seen)
    return _desk(session, slug, seen, register, readings.span_of(seen, register), health)


def _all(desk: Desk) -> dict[str, Digest]:
    """For the leader, the office, every unit that owes something and every unit for whose review
    something waits."""
    made = {name: digest_parts.digest(desk, Audience(name)) for name in ("leader", "office")}
    for unit in desk.board.programme.units:
        if unit.id in desk.standings and unit.kind == "unit":
            own = digest_parts.digest(desk, Audience.HEAD, unit.id)
            if _says_something(own):
                made[f"{OWN}{unit.id}"] = own
    waited_for = {unit for one in desk.board.ledger.standings if one.waiting
                  for unit in one.obligation.reviewing_units}  # fmt: skip
    for id_ in sorted(waited_for):
        made[f"{REVIEWED}{id_}"] = digest_parts.digest(desk, Audience.REVIEWER, id_)
    return made


def _joint(session: Session, desk: Desk, made: Sequence[Issued]) -> Iterator[tuple[str, Digest]]:
    """For the units that one person answers for, together."""
    there = {one.audience for one in made}
    on = local_day(desk.board.as_of, desk.board.programme.tz)
    wanted = {name for reader in readership.readers(session, desk.board.programme.id, [
                  unit.id for unit in desk.board.programme.units], on)
              for name in reader.names(there)}  # fmt: skip
    for name in sorted(wanted - there):
        audience, units = readership.units_of(name)
        yield name, digest_parts.digest(desk, audience, *units)


def _says_something(one: Digest) -> bool:
    """A unit that has nothing late, changed, to save or due soon gets no page about it."""
    return bool(one.lines or one.changes or one.events or one.soon or one.pending)


# -- the archive -----------------------------------------------------------------------------------


def archived(session: Session, slug: str, week: str, audience: str) -> Digest:
    """The digest as it was issued, with the names of those who acted as they are on file now: who
    was erased since has none. NotFound names the weeks that there are."""
    wanted = select(DigestRow).where(DigestRow.programme == slug)
    row = session.exec(
        wanted.where(DigestRow.week == week, DigestRow.audience == readership.shelved(audience))
    ).one_or_none()
    if row is None:
        known = ", ".join(one for one, _ in on_file(session, slug)) or "none yet"
        raise NotFound(
            f"没有这一期周报：{week} / no digest {week} for {audience}; on file: {known}"
        )
    kept = jsonform.restored(Digest, row.body)
    if kept is None:
        raise Refused(
            f"{week} 的周报由较早的版本存档，不能重排；当时发出的信件仍在寄送记录里 / "
            f"the digest of {week} was kept by an earlier version and cannot be set again; "
            "the mails that went out are still among the dispatches"
        )
    return _named(session, kept)


def on_file(session: Session, slug: str) -> list[tuple[str, list[str]]]:
    """The weeks that were issued, the newest first, each with its audiences."""
    found: dict[str, list[str]] = {}
    wanted = select(DigestRow.week, DigestRow.audience).where(DigestRow.programme == slug)
    for week, audience in session.exec(wanted.order_by(col(DigestRow.id))):
        found.setdefault(week, []).append(audience)
    return sorted(found.items(), reverse=True)


def _kept(one: Digest) -> dict[str, Any]:
    """What stays on file: numbers instead of the names of those who act, because people can be
    erased."""
    lines, soon = (
        tuple(replace(line, who="") for line in those) for those in (one.lines, one.soon)
    )
    return jsonform.kept(Digest, replace(one, lines=lines, soon=soon))


def _named(session: Session, one: Digest) -> Digest:
    numbers = {person for line in (*one.lines, *one.soon) for person in _acting(line)}
    wanted = select(PersonRow.id, PersonRow.name).where(col(PersonRow.id).in_(numbers))
    names = dict(session.exec(wanted).all())

    def named(those: tuple[Line, ...]) -> tuple[Line, ...]:
        return tuple(replace(line, who=joined(line)) for line in those)

    def joined(line: Line) -> str:
        return "、".join(names[person] for person in _acting(line) if person in names)

    return replace(one, lines=named(one.lines), soon=named(one.soon))


def _acting(line: Line) -> tuple[int, ...]:
    return (*(() if line.actor is None else (line.actor,)), *line.acting_too)


def _issued(session: Session, slug: str, week: str) -> bool:
    wanted = select(DigestRow.id).where(DigestRow.programme == slug, DigestRow.week == week)
    return session.exec(wanted.limit(1)).first() is not None


def _last(session: Session, slug: str, now: datetime) -> datetime | None:
    """The instant of the last digest: each week follows on what was known then."""
    wanted = select(DigestRow.as_of).where(DigestRow.programme == slug, col(DigestRow.as_of) < now)
    return session.exec(wanted.order_by(col(DigestRow.as_of).desc()).limit(1)).first()
