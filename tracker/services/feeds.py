"""日历订阅: due dates as a calendar at a secret address, for a person or for a unit.

The address is signed over the feed's number and a mark that changes when it is renewed, so that it
can be shown again, and none can be made from what the database holds. Fetching one changes nothing.
"""

from __future__ import annotations

import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from urllib.parse import quote

from sqlalchemy import ColumnElement, Row, Select
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, func, select

from notifiers import calendar
from notifiers.calendar import Entry
from notifiers.message import message_id
from schedules.deadlines import local_day
from schedules.instants import local_instant
from tracker.domain.errors import NotFound, Refused
from tracker.domain.programme import Programme
from tracker.domain.reminders import standing_reason
from tracker.domain.turns import RESTING
from tracker.services import closings, people, planning, programmes, trail
from tracker.services.people import EVERY_UNIT
from tracker.store.tables import FeedRow, ObligationRow, PersonRow
from tracker.wording import Language, text

MOST = 2000
"""Dates of one feed, the nearest first: a calendar program takes no more with grace."""

CENTURY = datetime(2000, 1, 1, tzinfo=UTC)

NAMED = 30
"""Late ones that the entry for them lists."""

_TOKEN = re.compile(r"([1-9][0-9]{0,17})-[A-Za-z0-9_-]{43}")


@dataclass(frozen=True)
class Feed:
    """`who` is the name of the person or of the unit whose dates it shows."""

    id: int
    programme: str
    person_id: int | None
    unit: str
    who: str
    made_at: datetime
    revoked_at: datetime | None
    token: str


@dataclass(frozen=True)
class House:
    """What an address and an entry need: the secret, where pages are, the domain of UIDs."""

    secret: str
    base_url: str
    domain: str


def make_for_person(
    session: Session, slug: str, person_id: int, house: House, *, now: datetime, by: str
) -> Feed:
    """A feed of what the person has a role in, whatever roles those are on the day of looking."""
    programmes.current(session, slug)
    if people.of_programme(session, slug, person_id).erased_at is not None:
        raise NotFound(f"没有这个人 / no person {person_id}")
    return _made(
        session, FeedRow(programme=slug, person_id=person_id, mark=_fresh(), made_at=now), house, by
    )


def make_for_unit(
    session: Session, slug: str, unit: str, house: House, *, now: datetime, by: str
) -> Feed:
    if unit not in programmes.current(session, slug).unit_names:
        raise NotFound(f"方案中没有这个单位 / no unit {unit!r} in programme {slug}")
    return _made(session, FeedRow(programme=slug, unit=unit, mark=_fresh(), made_at=now), house, by)


def renew(session: Session, slug: str, id_: int, house: House, *, now: datetime, by: str) -> Feed:
    """Another address for the same feed; the old one is dead at once."""
    row = _alive(session, slug, id_)
    row.mark = _fresh()
    session.flush()
    _trace(session, row, "feed.renewed", now, by)
    return _feed(session, row, house)


def revoke(session: Session, slug: str, id_: int, *, now: datetime, by: str) -> None:
    row = _alive(session, slug, id_)
    row.revoked_at = now
    session.flush()
    _trace(session, row, "feed.revoked", now, by)


def feeds(session: Session, slug: str, house: House) -> list[Feed]:
    """Those that work, oldest first."""
    wanted = select(FeedRow).where(FeedRow.programme == slug, col(FeedRow.revoked_at).is_(None))
    return [_feed(session, row, house) for row in session.exec(wanted.order_by(col(FeedRow.id)))]


def address(house: House, feed: Feed) -> str:
    return f"{house.base_url}/calendar/{feed.token}.ics"


def find(session: Session, token: str, house: House) -> Feed:
    """NotFound, and the same words, for whatever is no address of ours that works."""
    told = _TOKEN.fullmatch(token)
    row = session.get(FeedRow, int(told[1])) if told else None
    right = row is not None and hmac.compare_digest(_token(house, row), token)
    if row is None or not right or row.revoked_at is not None or _is_gone(session, row):
        raise NotFound(
            "没有这个日历，地址可能已更换或停用；请向考核办要新的 / "
            "no such calendar: its address may have been renewed or revoked; ask the office"
        )
    return _feed(session, row, house)


def content(session: Session, feed: Feed, house: House, *, now: datetime) -> bytes:
    """The calendar file. The same rows give the same bytes all day, so that an ETag can spare it.

    What is late and still with the unit stands in one entry on the present day, until the year is
    closed; the others each on theirs, and one at the end says how many there is no room for.
    """
    programme = programmes.current(session, feed.programme)
    today = local_day(now, programme.tz)
    units = _units(session, feed, programme, now)
    language = _language(session, feed)
    midnight = local_instant(today, time(0), zone=programme.tz)
    late = _owed_late(session, feed.programme, units, now)
    ahead, m = _ahead(session, feed.programme, units, now)
    entries = [_entry(row, programme, house, language) for row in ahead]
    if late:
        entries.insert(0, _late(late[:NAMED], len(late), feed, programme, house, midnight,
                                language))  # fmt: skip
    if m > len(ahead):
        entries.append(_rest(m - len(ahead), feed, programme, house, ahead[-1].due_at, midnight,
                             language))  # fmt: skip
    name = text("feed.name", {"title": programme.title, "who": feed.who}, language=language)
    return calendar.feed(entries, zone_name=programme.tz.key, name=name)


# -- the address -----------------------------------------------------------------------------------


def _fresh() -> str:
    return secrets.token_hex(16)


def _token(house: House, row: FeedRow) -> str:
    signed = hmac.digest(house.secret.encode(), f"calendar|{row.id}|{row.mark}".encode(), "sha256")
    return f"{row.id}-{urlsafe_b64encode(signed).decode().rstrip('=')}"


def _made(session: Session, row: FeedRow, house: House, by: str) -> Feed:
    session.add(row)
    session.flush()
    _trace(session, row, "feed.made", row.made_at, by)
    return _feed(session, row, house)


def _alive(session: Session, slug: str, id_: int) -> FeedRow:
    row = session.get(FeedRow, id_)
    if row is None or row.programme != slug:
        raise NotFound(f"没有这个订阅 / no calendar feed {id_}")
    if row.revoked_at is not None:
        raise Refused(f"订阅 {id_} 已停用 / calendar feed {id_} was revoked")
    return row


def _is_gone(session: Session, row: FeedRow) -> bool:
    if row.person_id is None:
        return False
    person = session.get(PersonRow, row.person_id)
    return person is None or person.erased_at is not None


def _feed(session: Session, row: FeedRow, house: House) -> Feed:
    assert row.id is not None
    if row.person_id is not None:
        who = people.person(session, row.person_id).name
    else:
        who = programmes.current(session, row.programme).unit_names.get(row.unit, row.unit)
    return Feed(
        row.id, row.programme, row.person_id, row.unit, who, row.made_at, row.revoked_at,
        _token(house, row),
    )  # fmt: skip


def _trace(session: Session, row: FeedRow, kind: str, now: datetime, by: str) -> None:
    """Whose it is, never where: the address would open it."""
    whose = row.unit
    if row.person_id is not None:
        whose = trail.reference(people.person(session, row.person_id))
    body = {"feed": row.id, "whose": whose, "by": trail.traced(session, by)}
    trail.append(session, row.programme, kind, "", body, now=now)


# -- what it shows ---------------------------------------------------------------------------------


def _language(session: Session, feed: Feed) -> Language:
    if feed.person_id is None:
        return "zh"
    return "en" if people.person(session, feed.person_id).language == "en" else "zh"


def _units(
    session: Session, feed: Feed, programme: Programme, now: datetime
) -> Sequence[str] | None:
    """None for all of them: the person is over every unit, or coordinates."""
    if feed.person_id is None:
        return [feed.unit]
    today = local_day(now, programme.tz)
    mine = [one for one in people.holders(session, feed.programme, today)
            if one.person_id == feed.person_id]  # fmt: skip
    if any(one.unit == EVERY_UNIT or one.role is people.Role.OFFICE for one in mine):
        return None
    return sorted({one.unit for one in mine})


Owed = Row[tuple[str, str, str, str, datetime, bool, datetime]]


def _owed_late(
    session: Session, slug: str, units: Sequence[str] | None, now: datetime
) -> list[Owed]:
    """Past their date and with the unit: neither waiting for review nor suspended."""
    if closings.closed(session, slug, now) is not None:
        return []
    past = _open(slug, units, col(ObligationRow.due_at) <= now)
    found = session.connection().execute(past).all()
    view = planning.view(session, slug) if found else None
    return [row for row in found if view and standing_reason(view, row.key, now) not in RESTING]


def _ahead(
    session: Session, slug: str, units: Sequence[str] | None, now: datetime
) -> tuple[Sequence[Owed], int]:
    """The first `MOST` that are yet to come, and how many there are."""
    wanted = _open(slug, units, col(ObligationRow.due_at) > now)
    run = session.connection().execute
    found: Sequence[Owed] = run(wanted.limit(MOST + 1)).all()
    if len(found) <= MOST:
        return found, len(found)
    counted = sa_select(func.count()).select_from(wanted.order_by(None).subquery())
    return found[:MOST], run(counted).scalar_one()


def _open(
    slug: str, units: Sequence[str] | None, when: ColumnElement[bool]
) -> Select[tuple[str, str, str, str, datetime, bool, datetime]]:
    table = ObligationRow
    where = [col(table.programme) == slug, col(table.open), when,
             col(table.withdrawn_at).is_(None)]  # fmt: skip
    if units is not None:
        where.append(col(table.unit).in_(units))
    return sa_select(  # type: ignore[return-value]  # due_at is set
        col(table.key), col(table.clause), col(table.title), col(table.unit), col(table.due_at),
        col(table.provisional), col(table.laid_out_at),
    ).where(*where).order_by(col(table.due_at), col(table.key))  # fmt: skip


def _entry(row: Owed, programme: Programme, house: House, language: Language) -> Entry:
    unit = programme.unit_names.get(row.unit, row.unit)
    told = [unit, programme.title]
    if row.provisional:
        told.append(text("feed.provisional", language=language))
    return Entry(
        uid=uid_of(programme.id, row.key, house.domain),
        sequence=sequence_of(row.laid_out_at),
        summary=f"{row.clause} {row.title}",
        description="\n".join(told),
        due_at=row.due_at,
        stamp=row.laid_out_at,
        url=f"{house.base_url}/p/{programme.id}/obligation?key={quote(row.key)}",
    )


def uid_of(slug: str, key: str, domain: str) -> str:
    """The same in every mail and every feed: a calendar keeps one entry for an obligation."""
    return message_id("obligation", slug, key, domain=domain)


@lru_cache(maxsize=512)  # a programme is laid out at a few instants
def sequence_of(laid_out_at: datetime) -> int:
    """Rises for ever, whatever becomes of the obligation: the seconds of this century at which its
    row last changed. A calendar keeps what has the highest one, be it a date or a cancellation."""
    return max(0, int((laid_out_at - CENTURY).total_seconds()))


def _late(
    late: Sequence[Owed], n: int, feed: Feed, programme: Programme, house: House,
    midnight: datetime, language: Language,
) -> Entry:  # fmt: skip
    """Of `n`, the first of which are named."""
    lines = list(_named(late, programme, language))
    if n > len(late):
        lines.append(text("feed.more", {"n": n - len(late)}, language=language))
    return Entry(
        uid=message_id("late", feed.programme, str(feed.id), domain=house.domain),
        sequence=local_day(midnight, programme.tz).toordinal(),
        summary=text("feed.late", {"n": n}, language=language),
        description="\n".join(lines),
        due_at=midnight + timedelta(days=1),
        stamp=midnight,
        url=f"{house.base_url}/p/{programme.id}/",
        rings=False,
    )


def _rest(
    n: int, feed: Feed, programme: Programme, house: House, due_at: datetime, midnight: datetime,
    language: Language,
) -> Entry:  # fmt: skip
    """On the last day that is shown: what comes after it is not."""
    return Entry(
        uid=message_id("rest", feed.programme, str(feed.id), domain=house.domain),
        sequence=sequence_of(midnight),
        summary=text("feed.rest", {"n": n}, language=language),
        description=text("feed.rest_note", {"most": MOST}, language=language),
        due_at=due_at,
        stamp=midnight,
        url=f"{house.base_url}/p/{programme.id}/",
        rings=False,
    )


def _named(late: Sequence[Owed], programme: Programme, language: Language) -> Iterator[str]:
    for row in late:
        unit = programme.unit_names.get(row.unit, row.unit)
        values = {"clause": row.clause, "title": row.title, "unit": unit, "at": row.due_at}
        yield text("feed.late_line", values, language=language, zone=programme.tz)
