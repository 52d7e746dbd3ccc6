"""Programmes as published documents, and the projection of their obligations into rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session, col, select

from schedules.workdays import WorkCalendar
from tracker.definitions.drafting.matching import matched, plain
from tracker.domain import facts as f
from tracker.domain import readings
from tracker.domain.errors import Refused
from tracker.domain.layout import lay_out
from tracker.domain.obligations import Standing
from tracker.domain.programme import Programme
from tracker.domain.record import Record, record
from tracker.domain.standing import stand
from tracker.services import calendars, factbook, trail
from tracker.store import queries
from tracker.store.memory import remember_alone, remembered, remembered_by_all
from tracker.store.tables import ObligationRow, ProgrammeRow

SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Published:
    """A version of a programme; `new` is False where the same document was current already."""

    slug: str
    version: int
    hash: str
    title: str
    new: bool


@dataclass(frozen=True)
class Refreshed:
    """What a refresh did to the rows: `changed` keys have another deadline, light or state."""

    changed: tuple[str, ...]
    withdrawn: tuple[str, ...]
    total: int


def publish(session: Session, programme: Programme, *, now: datetime, by: str) -> Published:
    """Make the document the current version and lay out its obligations.

    The same content (hash) as the current version makes none. An older version that is loaded
    again becomes a new one: versions are never taken back, only followed.
    """
    alone(session, programme.id)
    last = next(iter(queries.versions(session, programme.id, limit=1)), None)
    if last is not None and last.hash == programme.hash:
        return Published(last.slug, last.version, last.hash, last.title, new=False)
    if last is not None:
        _must_keep_numbers(session, parsed(session, last), programme)
    row = ProgrammeRow(
        slug=programme.id,
        version=1 if last is None else last.version + 1,
        hash=programme.hash,
        title=programme.title,
        year=programme.year,
        document=programme.model_dump(mode="json", by_alias=True),
        published_at=now,
        published_by=by,
    )
    remember_alone(session)
    session.add(row)
    session.flush()
    queries.forget_version(session, programme.id)
    body = {"version": row.version, "hash": row.hash, "by": trail.traced(session, by)}
    trail.append(session, programme.id, "programme.published", programme.id, body, now=now)
    refresh_obligations(session, programme.id, now=now)
    # A ladder may be another one where no date has moved.
    _rearm(session, programme.id, queries.open_keys(session, programme.id), now, None)
    return Published(row.slug, row.version, row.hash, row.title, new=True)


def _must_keep_numbers(session: Session, was: Programme, now: Programme) -> None:
    """What is recorded is recorded under the number of a clause: it would count for whatever bears
    that number next. Refused where a clause that has records bears another number."""
    recorded = {one.clause for one in factbook.facts(session, was.id) if isinstance(one, f.About)}
    moved = {old: new for old, new in moved_clauses(was, now).items() if old in recorded}
    if moved:
        listed = "、".join(f"{old} → {new}" for old, new in list(moved.items())[:8])
        raise Refused(
            f"已有填报等记录的条文换了编号（{listed}），记录会记到别的条文上。请用 "
            "tracker programme diff 旧文件 新文件 --keep-numbers 合并，沿用原来的编号 / "
            "clauses with records bear other "
            f"numbers ({listed}): merge with `tracker programme diff OLD NEW --keep-numbers`"
        )


def moved_clauses(was: Programme, now: Programme) -> dict[str, str]:
    """Old id -> new id of the clauses whose text stands under another number."""
    before = {name: body for name, (_, _, body) in was.clauses.items()}
    after = {name: body for name, (_, _, body) in now.clauses.items()}
    changed = {name for name, body in before.items()
               if name not in after or plain(after[name].text) != plain(body.text)}  # fmt: skip
    if not changed:
        return {}
    fresh = {name: body for name, body in after.items() if name in changed or name not in before}
    old = {name: before[name] for name in changed}
    pairs = matched(old, fresh, lambda clause: clause.text)
    return {one: new for new, one in pairs.items() if one != new}


def alone(session: Session, slug: str) -> None:
    """Until the transaction ends nobody else publishes, records or signs in the programme."""
    queries.one_at_a_time(session, f"programme|{slug}")


def current(session: Session, slug: str) -> Programme:
    """NotFound where nothing of that name is published."""
    return parsed(session, queries.current_version(session, slug))


def published(session: Session, slug: str, version: int) -> Programme | None:
    """An earlier version, for what was scored under it."""
    found = (one for one in queries.versions(session, slug) if one.version == version)
    return next((parsed(session, one) for one in found), None)


def loaded(session: Session, slug: str) -> Mapping[str, datetime]:
    """When each clause was first published, in whatever version."""
    last = queries.current_version(session, slug)
    key = ("loaded", slug, last.row, last.hash, last.published_at)
    return remembered_by_all(session, key, lambda: _loaded(session, slug))


def _loaded(session: Session, slug: str) -> dict[str, datetime]:
    wanted = select(ProgrammeRow.published_at, ProgrammeRow.document).where(
        ProgrammeRow.slug == slug
    )
    found: dict[str, datetime] = {}
    for at, document in session.exec(wanted.order_by(col(ProgrammeRow.version))):
        for section in document["sections"]:
            for item in section["items"]:
                for clause in item["clauses"]:
                    found.setdefault(clause["id"], at)
    return found


def slugs(session: Session) -> list[str]:
    return queries.slugs(session)


def versions(session: Session, slug: str) -> list[Published]:
    """Newest first."""
    found = queries.versions(session, slug)
    return [Published(v.slug, v.version, v.hash, v.title, new=False) for v in found]


def refresh_obligations(
    session: Session,
    slug: str,
    *,
    now: datetime,
    items: Iterable[str] | None = None,
    since: datetime | None = None,
) -> Refreshed:
    """Rebuild the rows of the programme, or of these items, from programme, facts and calendar.

    New keys are added, changed ones updated, vanished ones withdrawn (never deleted) and, should
    they come back, taken up again. Whatever changed gets its next alarm, `since` on (default: now).
    """
    programme = current(session, slug)
    only = None if items is None else frozenset(items)
    wanted = {one.obligation.key: one for one in standings(session, slug, now=now, only_items=only)}
    known = {row.key: row for row in _rows(session, programme, only)}
    changed = [key for key, one in wanted.items() if _update(known.get(key), one, now)]
    _add(session, slug, [one for key, one in wanted.items() if key not in known], now)
    withdrawn = [key for key, row in known.items() if key not in wanted and _withdraw(row, now)]
    session.flush()
    _rearm(session, slug, [*changed, *withdrawn], now, since)
    return Refreshed(tuple(changed), tuple(withdrawn), len(wanted))


@dataclass(frozen=True)
class MovedDate:
    """An open obligation whose date another calendar would move, in the programme's order."""

    programme: str
    key: str
    before: datetime
    after: datetime


def would_move(
    session: Session, document: Mapping[str, Any], *, now: datetime
) -> tuple[MovedDate, ...]:
    """The dates that a calendar notice would move if it were loaded: what to approve first."""
    with_it = calendars.with_notice(session, document)
    moved = []
    for slug in slugs(session):
        before = {one.obligation.key: one for one in standings(session, slug, now=now)}
        for one in standings(session, slug, now=now, calendar=with_it):
            was, will_be = before[one.obligation.key].obligation.due_at, one.obligation.due_at
            if one.open and was is not None and will_be is not None and was != will_be:
                moved.append(MovedDate(slug, one.obligation.key, was, will_be))
    return tuple(moved)


def standings(
    session: Session,
    slug: str,
    *,
    now: datetime,
    only_items: frozenset[str] | None = None,
    calendar: WorkCalendar | None = None,
) -> list[Standing]:
    """How every obligation stands at `now`, readings applied; no scoring."""
    programme = current(session, slug)
    calendar = calendar or calendars.calendar(session)
    if only_items is None:
        facts = factbook.facts(session, slug)
    else:
        facts = factbook.near(session, slug, clauses=programme.clauses_in(only_items))
    filed = record(facts, as_of=now, known_at=now)
    read = readings.as_read(programme, filed)[1]
    obligations = lay_out(read, calendar, filed, clauses=read.clauses_in(only_items))
    return [stand(one, read, filed, calendar) for one in obligations]


def choices(session: Session, slug: str, *, now: datetime) -> dict[str, str]:
    """The reading that holds now, by reading id."""
    decided = [one for one in factbook.near(session, slug) if isinstance(one, f.ReadingDecision)]
    filed: Record = record(decided, as_of=now, known_at=now)
    return dict(readings.chosen(current(session, slug), filed))


def parsed(session: Session, version: queries.Version) -> Programme:
    """Its document, read once however many ask."""
    return remembered(
        session,
        ("programme", version.slug, version.hash),
        lambda: Programme.model_validate(queries.document(session, version.row)),
    )


def _rows(
    session: Session, programme: Programme, items: frozenset[str] | None
) -> Sequence[ObligationRow]:
    wanted = select(ObligationRow).where(ObligationRow.programme == programme.id)
    if items is not None:
        return queries.obligation_rows(session, programme.id, programme.clauses_in(items))
    return session.exec(wanted).all()


def _update(row: ObligationRow | None, one: Standing, now: datetime) -> bool:
    """True where the row is new or says something else than before."""
    if row is None:
        return True
    values: dict[str, object] = {**_values(one), "withdrawn_at": None}
    new = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in new.items():
        setattr(row, name, value)
    if new:
        row.laid_out_at = _later(row, now)
    return bool(new)


def _values(one: Standing) -> dict[str, object]:
    owed = one.obligation
    return {
        "section": owed.section,
        "item": owed.item,
        "clause": owed.clause,
        "duty": owed.duty,
        "kind": owed.kind,
        "unit": owed.unit,
        "occurrence": owed.occurrence,
        "title": owed.title,
        "starts_at": owed.starts_at,
        "due_at": owed.due_at,
        "deadline_version": owed.version,
        "provisional": owed.deadline is not None and owed.deadline.provisional,
        "open": one.open,
        "light": one.light.value,
    }


def _add(session: Session, slug: str, new: Sequence[Standing], now: datetime) -> None:
    rows = [
        {"programme": slug, "key": one.obligation.key, "laid_out_at": now, **_values(one)}
        for one in new
    ]
    for some in queries.chunks(rows):
        session.connection().execute(insert(ObligationRow), some)


def _withdraw(row: ObligationRow, now: datetime) -> bool:
    if row.withdrawn_at is not None:
        return False
    row.withdrawn_at, row.laid_out_at, row.open = now, _later(row, now), False
    return True


def _later(row: ObligationRow, now: datetime) -> datetime:
    """Never the second in which it last changed, nor one before it: calendars tell by it which of
    two entries is the newer one."""
    return max(now, row.laid_out_at + SECOND)


def _rearm(
    session: Session, slug: str, keys: Sequence[str], now: datetime, since: datetime | None
) -> None:
    from tracker.services import planning  # here: it asks us for the programme

    if keys:
        planning.rearm(session, slug, keys, now, since=since)
