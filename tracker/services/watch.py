"""值守: the service watches itself and tells the coordinating office, in one mail a day.

What it tells: rungs that found nobody, people to call because there is no address, mails that no
server took or that came back, a channel that takes none, and how long the service stood still.
Where the first channel takes nothing the next one takes it over, as it does any other mail.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from jinja2 import Environment
from sqlmodel import Session, col, func, select

from notifiers.message import BY_MAIL, Way, one_line
from schedules.deadlines import local_day
from schedules.ladder import later_in_window
from tracker.domain.dispatches import dispatch_key
from tracker.domain.ladders import window_of
from tracker.domain.programme import Programme
from tracker.services import calendars, letters, outbox, people, programmes, silences, trail
from tracker.services.digest import Health
from tracker.services.health import Beats, health
from tracker.services.heartbeats import DELIVER, TICK, beat
from tracker.services.letterbox import Stationery
from tracker.services.people import EVERY_UNIT, Role
from tracker.store.tables import (
    DispatchKind,
    DispatchRow,
    DispatchState,
    EventRow,
    HeartbeatRow,
    ObligationRow,
    PersonRow,
)
from tracker.wording import Language, text

WATCH = "watch"
"""The heartbeat of the watch; its detail says up to which event each programme's office knows."""

SILENT = timedelta(hours=2)
"""A part that did nothing for so long stood still, and the digest names it."""

FAILING = timedelta(hours=1)
"""A channel takes nothing where mails have been refused for so long and none went out."""

WEEK = timedelta(days=7)
LISTED = 20


@dataclass(frozen=True)
class Gap:
    """`part` did nothing between two instants."""

    part: str
    from_at: datetime
    until_at: datetime


@dataclass(frozen=True)
class Unheard:
    """Rungs that reached nobody in a role of a unit since the office was last told."""

    unit: str
    role: str
    n: int


@dataclass(frozen=True)
class Refusal:
    """Mails that no server took, or that came back, by what it said; `next` is the channel that
    took them over."""

    reply: str
    n: int
    next: str = ""


@dataclass(frozen=True)
class Trouble:
    """What the office has to know; `calls` are the rungs of people without an address, `stuck`
    mails wait because a channel takes none."""

    gaps: tuple[Gap, ...] = ()
    unheard: tuple[Unheard, ...] = ()
    calls: tuple[Unheard, ...] = ()
    refused: tuple[Refusal, ...] = ()
    stuck: int = 0
    stuck_since: datetime | None = None
    stuck_reply: str = ""

    def __bool__(self) -> bool:
        return bool(self.gaps or self.unheard or self.calls or self.refused or self.stuck)


def watch(
    session: Session,
    now: datetime,
    *,
    stationery: Stationery,
    templates: Environment,
    ways: Sequence[Way] = BY_MAIL,
) -> int:
    """Look after the parts, and put the office's mails into the outbox; how many.

    Safe to repeat: a person hears of a programme's troubles once a day.
    """
    row = session.get(HeartbeatRow, WATCH)
    told: dict[str, int] = dict(row.detail.get("told", {})) if row is not None else {}
    _note_silences(session, now, None if row is None else row.at)
    made = 0
    for slug in programmes.slugs(session):
        found = trouble(session, slug, now, since_event=told.get(slug, 0))
        sent = _post(session, slug, found, now, stationery, templates, ways) if found else 0
        if sent:
            told[slug] = _last_event(session)
            made += sent
    beat(session, WATCH, now, {"told": told})
    return made


def trouble(session: Session, slug: str, now: datetime, *, since_event: int = 0) -> Trouble:
    """Everything after that event of the trail, of at most a week; and what is stuck now."""
    since = now - WEEK
    unheard: Counter[tuple[str, str]] = Counter()
    to_call: Counter[tuple[str, str]] = Counter()
    refused: Counter[tuple[str, str]] = Counter()
    for event in _events(session, slug, _TROUBLES, since, since_event):
        if event.kind == "notice.nobody":
            there = to_call if event.body.get("reason") == "no_address" else unheard
            there[str(event.body.get("unit", "")), str(event.body.get("role", ""))] += 1
        else:
            refused[str(event.body.get("reply", "")), str(event.body.get("next", ""))] += 1
    stuck, oldest, reply = _stuck(session, now)
    return Trouble(
        gaps=tuple(gaps(session, since, since_event=since_event)),
        unheard=_by_post(unheard),
        calls=_by_post(to_call),
        refused=tuple(Refusal(said, n, then) for (said, then), n in refused.most_common(LISTED)),
        stuck=stuck,
        stuck_since=oldest,
        stuck_reply=reply,
    )


_TROUBLES = ("notice.nobody", "dispatch.failed", "dispatch.bounced")


def _by_post(counted: Counter[tuple[str, str]]) -> tuple[Unheard, ...]:
    return tuple(Unheard(unit, role, n) for (unit, role), n in sorted(counted.items()))


def gaps(session: Session, since: datetime, *, since_event: int = 0) -> Iterator[Gap]:
    """When the service stood still since then, oldest first."""
    for event in _events(session, trail.HOUSE, ("service.silent",), since, since_event):
        body = event.body
        yield Gap(
            str(body["part"]), datetime.fromisoformat(str(body["from"])),
            datetime.fromisoformat(str(body["until"])),
        )  # fmt: skip


def weekly(session: Session, slug: str, now: datetime, settings: Beats) -> list[Health]:
    """What the digest says of the service: what is not well now, how long it stood still since a
    week ago, and whom somebody has silenced."""
    found = [one for one in health(session, now, settings) if not one.ok]
    zone = programmes.current(session, slug).tz
    told = [Health(one.name, one.ok, one.code, one.values) for one in found]
    for gap in gaps(session, now - WEEK):
        values = (
            ("from", f"{gap.from_at.astimezone(zone):%m-%d %H:%M}"),
            ("hours", round((gap.until_at - gap.from_at) / timedelta(hours=1))),
        )
        told.append(Health("silent", ok=False, code=f"health.was_silent_{gap.part}", values=values))
    return [*told, *_silenced(session, slug, now)]


# -- what happened ---------------------------------------------------------------------------------


def _note_silences(session: Session, now: datetime, last: datetime | None) -> None:
    """The whole service stood still where the watch did; else a part of it, told once."""
    parts = {WATCH: last}
    if last is None or now - last <= SILENT:
        rows = ((name, session.get(HeartbeatRow, name)) for name in (TICK, DELIVER))
        parts = {name: row.at for name, row in rows if row is not None}
    for part, at in parts.items():
        if at is None or now - at <= SILENT or _is_told(session, part, at):
            continue
        body = {"part": part, "from": at.isoformat(), "until": now.isoformat()}
        trail.append(session, trail.HOUSE, "service.silent", part, body, now=now)


def _is_told(session: Session, part: str, at: datetime) -> bool:
    """A part that stands still is told of when it is found out, not at every look after that."""
    since = _events(session, trail.HOUSE, ("service.silent",), at, 0)
    return any(event.body["part"] == part for event in since)


def _events(
    session: Session, slug: str, kinds: Sequence[str], since: datetime, after: int
) -> Sequence[EventRow]:
    wanted = select(EventRow).where(
        EventRow.programme == slug, col(EventRow.kind).in_(kinds), col(EventRow.id) > after,
        col(EventRow.at) > since,
    )  # fmt: skip
    return session.exec(wanted.order_by(col(EventRow.id))).all()


def _last_event(session: Session) -> int:
    return session.exec(select(func.max(EventRow.id))).one() or 0


def _stuck(session: Session, now: datetime) -> tuple[int, datetime | None, str]:
    """Mails that were tried and not taken, where none has gone out for a while; since when, and
    what was last said."""
    tried = select(
        func.count(), func.min(DispatchRow.frozen_at), func.max(DispatchRow.server_reply)
    ).where(outbox.OPEN, col(DispatchRow.attempt) > 0, col(DispatchRow.outcome) != "")
    n, oldest, reply = session.exec(tried).one()
    if not n or oldest is None or now - oldest < FAILING:
        return 0, None, ""
    went = select(DispatchRow.id).where(
        DispatchRow.state == DispatchState.SENT, col(DispatchRow.settled_at) > now - FAILING
    )
    if session.exec(went.limit(1)).first() is not None:
        return 0, None, ""
    return n, oldest, reply or ""


def _silenced(session: Session, slug: str, now: datetime) -> Iterator[Health]:
    programme = programmes.current(session, slug)
    late = select(ObligationRow.key, ObligationRow.unit).where(
        ObligationRow.programme == slug, col(ObligationRow.open), col(ObligationRow.due_at) < now
    )
    overdue = session.exec(late).all()
    for one in silences.in_force(session, slug, now):
        covered = [
            key for key, unit in overdue if one.subject in ("", key, unit)
        ]  # fmt: skip
        about = programme.unit_names.get(one.subject, one.subject)
        if one.scope == "person":
            about = people.person(session, int(one.subject)).name
        values: tuple[tuple[str, str | int], ...] = (
            ("about", about), ("because", one.because), ("late", len(covered)),
            ("until", f"{one.ends_at.astimezone(programme.tz):%m-%d %H:%M}"), ("n", one.number),
        )  # fmt: skip
        yield Health("silence", ok=False, code=f"health.{one.mode}_{one.scope}", values=values)


# -- the office's mail -----------------------------------------------------------------------------


def _post(
    session: Session,
    slug: str,
    found: Trouble,
    now: datetime,
    stationery: Stationery,
    templates: Environment,
    ways: Sequence[Way],
) -> int:
    """In the window only, and once a day to each person of the office."""
    programme = programmes.current(session, slug)
    calendar, window = calendars.calendar(session), window_of(programme.policy)
    if later_in_window(now, zone=programme.tz, calendar=calendar, window=window) > now:
        return 0
    on = local_day(now, programme.tz)
    made = 0
    for person in people.resolve(session, slug, EVERY_UNIT, Role.OFFICE, on):
        way = next((one for one in ways if person.mail or not one.needs_address), None)
        if way is None or _is_posted(session, person, f"office {slug} {on}"):
            continue
        made += 1
        session.add(_row(programme, way, person, found, now, stationery, templates))
    session.flush()
    return made


def _is_posted(session: Session, person: PersonRow, window: str) -> bool:
    """Whatever channel it went through."""
    there = select(DispatchRow.id).where(
        DispatchRow.person_id == person.id, DispatchRow.window == window
    )
    return session.exec(there.limit(1)).first() is not None


def _row(
    programme: Programme,
    way: Way,
    person: PersonRow,
    found: Trouble,
    now: datetime,
    stationery: Stationery,
    templates: Environment,
) -> DispatchRow:
    language: Language = "en" if (programme.policy.language or person.language) == "en" else "zh"
    letter = letters.rendered(
        templates, "notices/office", _values(programme, found, now, language, stationery)
    )
    window = f"office {programme.id} {local_day(now, programme.tz)}"
    key = dispatch_key(person.id or 0, window, way.name)
    return DispatchRow(
        key=key, person_id=person.id or 0, programme=programme.id, window=window, channel=way.name,
        kind=DispatchKind.OFFICE, message_id=key, made_at=now, due_at=now,
        subject=one_line(letter.subject), text=letter.text, html=letter.html,
    )  # fmt: skip


def _values(
    programme: Programme, found: Trouble, now: datetime, language: Language, stationery: Stationery
) -> dict[str, Any]:
    def say(key: str, **values: Any) -> str:
        return text(f"office.{key}", values, language=language, zone=programme.tz)

    def role(name: str) -> str:
        return text(f"role.{name}", language=language)

    names: Mapping[str, str] = programme.unit_names

    def posts(name: str, those: Sequence[Unheard]) -> list[str]:
        return [
            say(f"{name}_line", unit=names.get(one.unit, one.unit), role=role(one.role), n=one.n)
            for one in those
        ]

    lost = any(not one.next for one in found.refused)
    matters = []
    if found.stuck:
        matters.append(say("stuck", n=found.stuck))
    if found.unheard:
        matters.append(say("unheard", n=len(found.unheard)))
    if found.calls:
        matters.append(say("calls", n=len(found.calls)))
    if found.refused:
        matters.append(say("refused", n=sum(one.n for one in found.refused)))
    if found.gaps:
        matters.append(say("gaps", n=len(found.gaps)))
    told = say("joined").join(matters)
    return {
        "language": language,
        "zone": programme.tz,
        "programme": programme,
        "as_of": now,
        "subject": say("subject", matters=told),
        "verdict": say("verdict", matters=told),
        "trouble": found,
        "unheard": posts("unheard", found.unheard),
        "calls": posts("calls", found.calls),
        "refused": [
            say(
                "passed_on_line" if one.next else "refused_line",
                reply=one.reply,
                n=one.n,
                channel=text(f"channel.{one.next}", language=language) if one.next else "",
            )
            for one in found.refused
        ],
        "refused_do": say("refused_do" if lost else "passed_on_do"),
        "gaps": [
            say(f"gap_{one.part}", since=one.from_at, until=one.until_at) for one in found.gaps
        ],
        "stuck": say("stuck_line", n=found.stuck, since=found.stuck_since, reply=found.stuck_reply)
        if found.stuck_since is not None
        else "",
        "health": f"{stationery.base_url}/health",
        "notices": f"{stationery.base_url}/p/{programme.id}/notices",
        "call_list": f"{stationery.base_url}/p/{programme.id}/calls" if found.calls or lost else "",
    }
