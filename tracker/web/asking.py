"""What a request asks: as of which instant, in which language, about which programme."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import cast
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from sqlmodel import Session
from starlette.requests import Request

from schedules.instants import typed_instant
from tracker.domain import facts as f
from tracker.domain.authority import About, Act, Who
from tracker.domain.errors import NotFound
from tracker.domain.obligations import Obligation
from tracker.domain.programme import Programme, reviewing
from tracker.domain.rules.base import Step
from tracker.runtime import Runtime
from tracker.services import factbook, programmes, scoreboard
from tracker.services.scoreboard import Board
from tracker.services.signins import SignedIn
from tracker.store.memory import Memory
from tracker.web.access import STRANGER, Forbidden, Gate
from tracker.web.assets import Assets
from tracker.web.intake import Unclear
from tracker.web.provider import Provider
from tracker.wording import LANGUAGES, Language, named

EARLIEST, LATEST = 1992, 2101
SHARED = 5
PARTS = 512
"""Rendered parts of pages that are kept, each some tens of kilobytes."""


@dataclass(frozen=True)
class Web:
    """What the application keeps while it runs."""

    runtime: Runtime
    gate: Gate
    assets: Assets
    provider: Provider
    parts: Memory = field(default_factory=lambda: Memory(PARTS))


@dataclass(frozen=True)
class Asked:
    """One request. `as_of` and `known_at` are as written, empty for now."""

    request: Request
    web: Web
    now: datetime
    language: Language
    as_of: str
    known_at: str
    session: str
    who: Who = STRANGER
    signed_in: SignedIn | None = None
    usual: Language | None = None
    """The language in which this person's pages are where the address names none."""

    @property
    def by(self) -> str:
        """How facts and the trail name whoever asks."""
        return self.who.by

    def may(self, act: Act | str, desk: Desk, one: Obligation | None = None) -> bool:
        """To this obligation, or to the programme as a whole."""
        about = About(desk.slug) if one is None else desk.about(one)
        return self.who.may(Act(act), about)

    def must(self, act: Act, about: About) -> None:
        """Forbidden for whoever may not."""
        if not self.who.may(act, about):
            raise Forbidden("role")

    @property
    def runtime(self) -> Runtime:
        return self.web.runtime

    @property
    def token(self) -> str:
        return self.web.gate.token(self.session)

    def link(self, path: str, **query: object) -> str:
        """A path of ours; the instant and the language that were asked for go along."""
        kept = {"as_of": self.as_of, "known_at": self.known_at, "lang": self._chosen_language}
        wanted = {**kept, **query}
        told = {name: str(value) for name, value in wanted.items() if value not in (None, "")}
        path, _, anchor = path.partition("#")
        return path + (f"?{urlencode(told)}" if told else "") + (f"#{anchor}" if anchor else "")

    @property
    def carried(self) -> tuple[str, str, str]:
        """What every link of the page takes along."""
        return self.as_of, self.known_at, self._chosen_language

    @property
    def _chosen_language(self) -> str:
        usual = self.usual or self.runtime.settings.language
        return self.language if self.language != usual else ""

    def here(self, **changes: object) -> str:
        """This very page with some of its query changed; an empty value takes a name out."""
        query = dict(self.request.query_params) | {name: str(v) for name, v in changes.items()}
        told = {name: value for name, value in query.items() if value}
        return self.request.url.path + (f"?{urlencode(told)}" if told else "")

    def query_without(self, *names: str) -> list[tuple[str, str]]:
        """What a form of this page has to bring along besides its own fields."""
        given = self.request.query_params.items()
        return [(name, value) for name, value in given if name not in names and value]

    def in_language(self, language: str) -> str:
        """This very page in another language."""
        query = dict(self.request.query_params) | {"lang": language}
        return f"{self.request.url.path}?{urlencode(query)}"


def asked(request: Request) -> Asked:
    web = cast(Web, request.app.state.web)
    query = request.query_params
    return Asked(
        request=request,
        web=web,
        now=web.runtime.clock.now(),
        language=language_of(query.get("lang", ""), web.runtime.settings.language),
        as_of=query.get("as_of", "").strip(),
        known_at=query.get("known_at", "").strip(),
        session=web.gate.session(request),
    )


def language_of(given: str, otherwise: Language) -> Language:
    return next((one for one in LANGUAGES if one == given), otherwise)


@dataclass(frozen=True)
class Desk:
    """A programme as of the instant that was asked for: the head of every page about it."""

    slug: str
    board: Board
    present: bool
    posted_by: datetime
    """Mails are shown that were made by then, and the year is closed that was closed by then: on
    the present page up to now, for nobody's score hangs on them and who has just sent one looks
    for it; on a page that looks back up to its instant."""

    @property
    def programme(self) -> Programme:
        return self.board.programme

    @property
    def zone(self) -> ZoneInfo:
        return self.programme.tz

    @property
    def as_of(self) -> datetime:
        return self.board.as_of

    @property
    def local(self) -> str:
        """For a field of the type datetime-local."""
        return self.board.as_of.astimezone(self.zone).strftime("%Y-%m-%dT%H:%M")

    def path(self, rest: str = "") -> str:
        return f"/p/{self.slug}/{rest}"

    def about(self, one: Obligation) -> About:
        """Whose it is, for the question who may do what to it."""
        return About(self.slug, one.unit, self.reviewers(one.clause))

    def reviewers(self, clause: str) -> frozenset[str]:
        _, item, found = self.programme.clauses[clause]
        return frozenset(reviewing(item, found))

    def unit(self, slug: str) -> str:
        return self.programme.unit_names.get(slug, slug)

    def named(self, told: Step) -> Step:
        return named(told, self.programme.called)

    def label(self, slug: str) -> str:
        """Its registered short name, for narrow places."""
        return next((one.label for one in self.programme.units if one.id == slug), slug)


THEN = "then"


def desk(session: Session, asked: Asked, slug: str) -> Desk:
    """NotFound for a programme that is not there; Unclear for an instant that is none.

    What is known now tells of a past instant too, as everywhere, unless `known_at` is an instant or
    `then` (THEN): what was known at that very instant.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,99}", slug):
        raise NotFound(f"没有这个方案：{slug[:40]} / no programme {slug[:40]!r}")
    programme = programmes.current(session, slug)
    present = not asked.as_of
    latest = _present(session, slug, asked.now)
    as_of = latest if present else instant(asked.as_of, programme.tz)
    if asked.known_at in ("", THEN):
        known_at = as_of if asked.known_at else latest
    else:
        known_at = instant(asked.known_at, programme.tz)
    board = scoreboard.board(session, slug, as_of=as_of, known_at=known_at)
    posted_by = asked.now if present else as_of
    return Desk(slug, board, present, posted_by=known_at if asked.known_at else posted_by)


def _present(session: Session, slug: str, now: datetime) -> datetime:
    """The last full five minutes, so that one score serves all who look in them; the moment of
    the last fact where that came later. The page says which instant it shows."""
    begun = now.replace(minute=now.minute - now.minute % SHARED, second=0, microsecond=0)
    recorded = (one.recorded_at for one in factbook.facts(session, slug)[-50:])
    return max([begun, *(at for at in recorded if begun < at <= now)])


def instant(text: str, zone: ZoneInfo) -> datetime:
    """`2021-10-18T08:00` in the zone, with an offset as it says, a day alone as its end."""
    # In a query a plus sign arrives as a space.
    told = re.sub(r"(T\S+) (\d\d:?\d\d)$", r"\1+\2", text.strip())
    try:
        at = typed_instant(told, zone)
    except (ValueError, OverflowError) as mistake:
        raise Unclear("as_of") from mistake
    return _sensible(at)


def _sensible(at: datetime) -> datetime:
    if not EARLIEST <= at.year <= LATEST:
        raise Unclear("as_of")
    return at


def day(text: str, otherwise: date) -> date:
    try:
        return date.fromisoformat(text.strip()) if text.strip() else otherwise
    except ValueError as mistake:
        raise Unclear("day") from mistake


def fact_named(facts: tuple[f.AnyFact, ...], name: str) -> f.AnyFact | None:
    return next((one for one in facts if one.id == name), None)
