"""From two boards and a forecast to digests: what all have in common is worked out once, so that
a digest for each of thousands of units looks only at what is its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple, TypeVar

from schedules.deadlines import Deadline, closes_at, local_day
from tracker.domain import facts as f
from tracker.domain.forecast import Forecast, Saving, acted
from tracker.domain.ledger import Entry, Ledger
from tracker.domain.obligations import WORST_FIRST, Light, Obligation, Standing
from tracker.domain.points import ZERO, Units
from tracker.domain.programme import owing, reviewing
from tracker.domain.reminders import review_deadline
from tracker.domain.rules.base import Status
from tracker.domain.scoring import score
from tracker.domain.turns import View
from tracker.services import digest_events, digest_picture, readings
from tracker.services.digest import (
    LIGHTS,
    Audience,
    Change,
    Digest,
    Event,
    Health,
    LightChange,
    Line,
    OpenReading,
    Pending,
    Picture,
    Review,
    UnitLights,
    Verdict,
)
from tracker.services.scoreboard import Board
from tracker.services.trail import ChainHead

MATTERING = 5
SOON = timedelta(days=14)

Thing = TypeVar("Thing")


class Acting(NamedTuple):
    """Who acts for a unit; `person` is the number that is kept instead of the name."""

    name: str
    person: int | None = None


NOBODY = Acting("")


def build(
    board: Board,
    before: Board,
    outlook: Forecast,
    *,
    audience: Audience,
    unit: str = "",
    who: Mapping[str, Acting] | None = None,
    register: Sequence[readings.Entry] = (),
    span: readings.Span | None = None,
    health: Sequence[Health] = (),
    chain: ChainHead | None = None,
    scores: Sequence[tuple[datetime, Units]] = (),
) -> Digest:
    """The digest of `board` against the board of the last one.

    `who` names the person who acts, by unit. `register` holds the readings with their prices,
    `span` how far they can move the score together, where the caller knows it already. `scores` are
    those of earlier digests, in order of time, for the picture.
    """
    desk = Desk(
        board, before, outlook, who or {}, register,
        span or readings.span_of(board, register), health, chain, scores,
    )  # fmt: skip
    return desk.digest(audience, unit)


@dataclass(frozen=True)
class Desk:
    """The two boards and the forecast, and what every digest of one instant draws on."""

    board: Board
    before: Board
    outlook: Forecast
    who: Mapping[str, Acting]
    register: Sequence[readings.Entry]
    span: readings.Span
    health: Sequence[Health] = ()
    chain: ChainHead | None = None
    scores: Sequence[tuple[datetime, Units]] = ()

    def digest(self, audience: Audience, unit: str = "") -> Digest:
        """For one reader; `unit` counts for those who do not see everything."""
        if audience.sees_all:
            part = self._whole
        elif audience is Audience.REVIEWER:
            part = self._reviewed(unit)
        else:
            part = self._own(unit)
        return part.digest(audience)

    # -- whose part ----------------------------------------------------------------------------

    @cached_property
    def _whole(self) -> _Part:
        return _Part(
            self, "", list(self.board.ledger.standings), list(self.before.ledger.standings),
            list(self.outlook.savings), _losing(self.board.ledger), _losing(self.before.ledger),
            self.events, lambda _: True,
        )  # fmt: skip

    def _own(self, unit: str) -> _Part:
        return _Part(
            self, unit, self._standings.get(unit, []), self._standings_before.get(unit, []),
            self._savings.get(unit, []), self._entries.get(unit, []),
            self._entries_before.get(unit, []), self._events.get(unit, []),
            lambda place: place in self._places.get(unit, ()),
        )  # fmt: skip

    def _reviewed(self, unit: str) -> _Part:
        """What the unit reviews, whoever owes it; the losses are those of whole items."""
        clauses = {
            id_ for id_, (_, item, one) in self.board.programme.clauses.items()
            if unit in reviewing(item, one)
        }  # fmt: skip
        items = {self.board.programme.clauses[id_][1].id for id_ in clauses}
        whole = self._whole
        return _Part(
            self, unit,
            [one for one in whole.standings if one.obligation.clause in clauses],
            [one for one in whole.standings_before if one.obligation.clause in clauses],
            [one for one in whole.savings if one.standing.obligation.clause in clauses],
            [one for one in whole.entries if one.item in items],
            [one for one in whole.entries_before if one.item in items],
            [one for one in self.events if one.clause in clauses],
            lambda place: place in items or place in clauses,
            reviewing=True,
        )  # fmt: skip

    @cached_property
    def _standings(self) -> dict[str, list[Standing]]:
        return _by(self.board.ledger.standings, lambda one: (one.obligation.unit,))

    @cached_property
    def _standings_before(self) -> dict[str, list[Standing]]:
        return _by(self.before.ledger.standings, lambda one: (one.obligation.unit,))

    @cached_property
    def _savings(self) -> dict[str, list[Saving]]:
        return _by(self.outlook.savings, lambda one: (one.standing.obligation.unit,))

    @cached_property
    def _entries(self) -> dict[str, list[Entry]]:
        return _by(_losing(self.board.ledger), lambda one: one.units)

    @cached_property
    def _entries_before(self) -> dict[str, list[Entry]]:
        return _by(_losing(self.before.ledger), lambda one: one.units)

    @cached_property
    def events(self) -> list[Event]:
        return digest_events.between(self.before, self.board, self.labels)

    @cached_property
    def _events(self) -> dict[str, list[Event]]:
        return _by(self.events, lambda one: (one.unit,))

    @cached_property
    def _places(self) -> dict[str, set[str]]:
        """The clauses that each unit owes, and their items."""
        found: dict[str, set[str]] = {}
        for _, item, one in self.board.programme.clauses.values():
            for unit in owing(item, one):
                found.setdefault(unit, set()).update((item.id, one.id))
        return found

    # -- names -----------------------------------------------------------------------------------

    @cached_property
    def labels(self) -> Mapping[str, str]:
        return {unit.id: unit.label for unit in self.board.programme.units}

    def name(self, unit: str) -> str:
        return self.labels.get(unit, unit)

    def names(self, units: Iterable[str]) -> tuple[str, ...]:
        return tuple(self.name(unit) for unit in units)

    def clause_title(self, clause: str) -> str:
        return self.board.programme.clauses[clause][2].title

    @cached_property
    def owed(self) -> Mapping[str, Obligation]:
        return {one.obligation.key: one.obligation for one in self.board.ledger.standings}

    @cached_property
    def lights_before(self) -> Mapping[str, Light]:
        return {one.obligation.key: one.light for one in self.before.ledger.standings}

    @cached_property
    def view(self) -> View:
        """For the terms of reviews."""
        return View(self.board.programme, self.board.context.calendar, self.board.facts)

    # -- units -------------------------------------------------------------------------------

    @cached_property
    def units(self) -> dict[str, UnitLights]:
        """Units that owe or lost something, by points lost, then by the worst lights."""
        lost, lost_before = self._lost(self._entries), self._lost(self._entries_before)
        places, places_before = _places_of(lost), _places_of(lost_before)
        ranked = [
            _lights(
                unit, self.name(unit), self._standings.get(unit, []), Units(lost.get(unit, 0)),
                places.get(unit), Units(lost_before.get(unit, 0)), places_before.get(unit),
            )
            for unit in {**self._standings, **lost}
            if lost.get(unit) or unit in self._standings
        ]  # fmt: skip
        return {one.unit: one for one in sorted(ranked, key=_by_loss)}

    def _lost(self, entries: Mapping[str, list[Entry]]) -> dict[str, int]:
        return {unit: -sum(one.points for one in those) for unit, those in entries.items()}

    @cached_property
    def picture(self) -> Picture:
        scores = self.scores or [(self.before.as_of, self.before.ledger.score)]
        return digest_picture.picture_of(self.board, scores, list(self.units.values()))

    @cached_property
    def open_readings(self) -> tuple[OpenReading, ...]:
        return tuple(
            OpenReading(
                entry.reading.id,
                entry.reading.clause,
                entry.reading.question,
                Units(min(choice.difference for choice in entry.choices)),
                Units(max(choice.difference for choice in entry.choices)),
            )
            for entry in self.register
            if entry.open
        )

    @cached_property
    def open_entries(self) -> list[Entry]:
        return [one for one in self.board.ledger.entries if one.open]

    @cached_property
    def requests(self) -> list[f.Extension]:
        """Extensions that were asked for and neither approved nor refused since."""
        last: dict[tuple[str, str, str, str], f.Extension] = {}
        for fact in self.board.true:
            if isinstance(fact, f.Extension):
                last[fact.clause, fact.duty, fact.unit, fact.occurrence] = fact
        return [asked for asked in last.values() if asked.outcome == "requested"]


@dataclass(frozen=True)
class _Part:
    """What one reader answers for: everything (`unit` empty), one unit's own, or what it reviews.

    `entries` are those that make up the loss; `owes` tells its clauses and items.
    """

    desk: Desk
    unit: str
    standings: list[Standing]
    standings_before: list[Standing]
    savings: list[Saving]
    entries: list[Entry]
    entries_before: list[Entry]
    events: list[Event]
    owes: Callable[[str], bool]
    reviewing: bool = False

    def digest(self, audience: Audience) -> Digest:
        desk, board = self.desk, self.desk.board
        lines = (*[self.priced(saving) for saving in self.savings[:MATTERING]], *self._late())
        rest = Units(sum(saving.keeps for saving in self.savings[MATTERING:]))
        open_readings = tuple(one for one in desk.open_readings if self.owes(one.clause))
        verdict = self.verdict(open_readings)
        known = sum(line.keeps for line in lines) + rest
        return Digest(
            programme=board.programme.id,
            title=board.programme.title,
            version=board.version,
            zone=board.programme.zone,
            audience=audience,
            unit=self.unit,
            unit_name=desk.name(self.unit) if self.unit else "",
            as_of=board.as_of,
            since=desk.before.as_of,
            verdict=verdict,
            lines=lines,
            others=max(0, len(self.savings) - MATTERING),
            others_keep=rest,
            together=Units(verdict.recoverable - known),
            units=self.units(),
            whole=_lights("", "", self.standings, self.lost, None),
            whole_before=_lights("", "", self.standings_before, self.lost_before, None),
            changes=self.changes(),
            events=tuple(self.events),
            lights=self.light_changes(),
            soon=self.soon(),
            readings=open_readings,
            pending=self.pending(),
            reviews=self.reviews() if self.reviewing else (),
            health=tuple(desk.health),
            chain=desk.chain,
            picture=None if self.unit else desk.picture,
        )

    # -- the verdict -------------------------------------------------------------------------

    @cached_property
    def lost(self) -> Units:
        return Units(-sum(one.points for one in self.entries))

    @cached_property
    def lost_before(self) -> Units:
        return Units(-sum(one.points for one in self.entries_before))

    def verdict(self, open_: Sequence[OpenReading]) -> Verdict:
        ledger, outlook, span = self.desk.board.ledger, self.desk.outlook, self.desk.span
        nothing, best = outlook.lost_if_nothing, outlook.lost_if_all_done
        low, high = span.low, span.high
        if self.unit:
            nothing, best = self._reviewed_outlook() if self.reviewing else self._own_outlook()
            # A unit's own readings, within what all of them come to.
            low = Units(max(low, ledger.score + sum(one.low for one in open_)))
            high = Units(min(high, ledger.score + sum(one.high for one in open_)))
        return Verdict(
            score=ledger.score,
            lost=self.lost,
            new=Units(self.lost - self.lost_before),
            recoverable=Units(nothing - best),
            lost_if_nothing=nothing,
            lost_if_all_done=best,
            until=outlook.until,
            low=low,
            high=high,
        )

    def _reviewed_outlook(self) -> tuple[Units, Units]:
        """Whole items, so the forecast has them already."""
        mine = [one for one in self.desk.outlook.items if self.owes(one.id)]
        return (
            Units(sum(one.lost_if_nothing for one in mine)),
            Units(sum(one.lost_if_all_done for one in mine)),
        )

    def _own_outlook(self) -> tuple[Units, Units]:
        """Lost by the unit at the forecast's end: if nothing happens, if it does all of its own."""
        board = self.desk.board
        items = frozenset(saving.standing.obligation.item for saving in self.savings)
        if not items:
            return self.lost, self.lost
        done = [
            fact
            for saving in self.savings
            for fact in acted(saving.standing.obligation, board.as_of, board.known_at)
        ]
        now = -sum(one.points for one in self.entries if one.item in items)
        nothing, best = self._later(items, []), self._later(items, done)
        return Units(self.lost - now + nothing), Units(self.lost - now + best)

    def _later(self, items: frozenset[str], more: Sequence[f.AnyFact]) -> Units:
        board = self.desk.board
        later = score(
            board.programme, board.context, [*board.facts, *more],
            as_of=self.desk.outlook.until, known_at=board.known_at, only_items=items,
        )  # fmt: skip
        return later.lost_by(lambda entry: self.unit in entry.units)

    # -- lines -------------------------------------------------------------------------------

    def _late(self) -> Iterator[Line]:
        """Where fewer lines keep points: what is late and still with its unit, what cost most."""
        room = MATTERING - len(self.savings)
        if room <= 0 or self.reviewing:
            return
        priced = {saving.standing.obligation.key for saving in self.savings}
        lost: dict[str, int] = {}
        for entry in self.entries:
            lost[entry.obligation] = lost.get(entry.obligation, 0) - entry.points
        late = [one for one in self.standings
                if one.overdue and one.obligation.key not in priced]  # fmt: skip
        late.sort(key=lambda one: (-lost.get(one.obligation.key, 0), -one.lateness.elapsed,
                                   one.obligation.key))  # fmt: skip
        for one in late[:room]:
            yield self.line(one, lost=Units(lost.get(one.obligation.key, 0)))

    def priced(self, saving: Saving) -> Line:
        return self.line(saving.standing, lost=saving.lost_now, keeps=saving.keeps)

    def line(self, standing: Standing, *, lost: Units = ZERO, keeps: Units = ZERO) -> Line:
        one = standing.obligation
        receipts = [receipt.occurred_at for receipt in standing.receipts]
        who = self.desk.who.get(one.unit, NOBODY)
        return Line(
            key=one.key,
            unit=one.unit,
            unit_name=self.desk.name(one.unit),
            item=one.item,
            clause=one.clause,
            title=one.title,
            light=standing.light,
            due_at=one.due_at,
            days_late=standing.lateness.days,
            workdays_late=standing.lateness.workdays,
            hourly=one.deadline is not None and one.deadline.kind == "hours",
            late=standing.lateness.elapsed,
            lost=lost,
            keeps=keeps,
            who=who.name,
            actor=who.person,
            signed_at=max(receipts, default=None),
            waiting=standing.waiting,
        )

    def soon(self) -> tuple[Line, ...]:
        """Open and due within two weeks, the next one first."""
        now = self.desk.board.as_of
        due = [
            (one.obligation.due_at, one.obligation.key, one)
            for one in self.standings
            if one.open and one.obligation.due_at is not None
            and now < one.obligation.due_at <= now + SOON
        ]  # fmt: skip
        return tuple(self.line(one) for _, _, one in sorted(due, key=lambda found: found[:2]))

    def units(self) -> tuple[UnitLights, ...]:
        """One unit sees its own place among all; who reviews sees those that owe what it reviews,
        with their lights there."""
        ranked = self.desk.units
        if self.reviewing:
            mine = _by(self.standings, lambda one: (one.obligation.unit,))
            lost = _by(self.entries, lambda one: one.units)
            found = [
                _lights(unit, self.desk.name(unit), mine.get(unit, []),
                        Units(-sum(one.points for one in lost.get(unit, ()))), None)
                for unit in mine
            ]  # fmt: skip
            return tuple(sorted(found, key=_by_loss))
        if self.unit:
            return (ranked[self.unit],) if self.unit in ranked else ()
        return tuple(ranked.values())

    # -- since the last one ------------------------------------------------------------------

    def changes(self) -> tuple[Change, ...]:
        """The entries that make up `Verdict.new`, the greatest loss first."""
        was = {entry.id: entry for entry in self.entries_before}
        now = {entry.id: entry for entry in self.entries}
        found: list[Change] = []
        for id_ in [*now, *(id_ for id_ in was if id_ not in now)]:
            entry = now.get(id_) or was[id_]
            points = now[id_].points if id_ in now else ZERO
            change = points - (was[id_].points if id_ in was else 0)
            if change:
                found.append(self._change(entry, Units(change), points))
        return tuple(sorted(found, key=lambda one: (one.change, one.entry)))

    def _change(self, entry: Entry, change: Units, points: Units) -> Change:
        owed = self.desk.owed.get(entry.obligation)
        return Change(
            entry=entry.id,
            item=entry.item,
            clause=entry.clause,
            title=owed.title if owed is not None else self.desk.clause_title(entry.clause),
            units=entry.units,
            unit_names=self.desk.names(entry.units),
            subject=entry.subject,
            change=change,
            points=points,
            steps=entry.steps,
        )

    def light_changes(self) -> tuple[LightChange, ...]:
        """The worst news first. A light that only began to shine is no change."""
        was = self.desk.lights_before
        found = [
            LightChange(
                one.obligation.key, self.desk.name(one.obligation.unit), one.obligation.clause,
                one.obligation.title, was[one.obligation.key], one.light,
            )
            for one in self.standings
            if was.get(one.obligation.key, one.light) is not one.light
            and was[one.obligation.key] is not Light.NONE
        ]  # fmt: skip
        return tuple(sorted(found, key=lambda one: WORST_FIRST.index(one.after)))

    # -- what waits for a person -------------------------------------------------------------

    def reviews(self) -> tuple[Review, ...]:
        """The reports that wait for this reader, the one that waits longest first."""
        found = [self._review(one) for one in self.standings if one.waiting]
        return tuple(sorted(found, key=lambda one: (one.submitted_at, one.key)))

    def _review(self, one: Standing) -> Review:
        owed, board = one.obligation, self.desk.board
        assert one.submitted_at is not None
        term = review_deadline(self.desk.view, owed.key, board.as_of)
        return Review(
            owed.key, owed.unit, self.desk.name(owed.unit), owed.clause, owed.title,
            one.submitted_at, None if term is None else term.due_at,
            0 if term is None else self._beyond(term),
        )  # fmt: skip

    def _beyond(self, term: Deadline) -> int:
        """Working days since the term's day."""
        board = self.desk.board
        if not term.passed(board.as_of):
            return 0
        today = local_day(board.as_of, board.programme.tz)
        return board.context.calendar.workdays_between(term.on, today)

    def pending(self) -> tuple[Pending, ...]:
        return (*self._amounts(), *self._reports(), *self._requests())

    def _amounts(self) -> Iterable[Pending]:
        """By clause, the dearest first."""
        found: dict[tuple[str, str], Pending] = {}
        for entry in self.desk.open_entries:
            if not self._concerns(entry):
                continue
            kind = "decide" if entry.status is Status.PENDING else "enter"
            worst = Units(max(0, -entry.worst))
            other = found.get((kind, entry.clause))
            if other is None or worst > other.worst:
                found[kind, entry.clause] = Pending(
                    kind, entry.clause, self.desk.clause_title(entry.clause),
                    self.desk.names(entry.units), worst, entry.occurred_at,
                )  # fmt: skip
        return sorted(found.values(), key=lambda one: (-one.worst, one.clause))

    def _concerns(self, entry: Entry) -> bool:
        if self.reviewing:
            return self.owes(entry.item)
        return not self.unit or self.unit in entry.units

    def _reports(self) -> Iterator[Pending]:
        for one in self.standings:
            if one.waiting:
                owed = one.obligation
                yield Pending("review", owed.clause, owed.title, (self.desk.name(owed.unit),),
                              since=one.submitted_at)  # fmt: skip

    def _requests(self) -> Iterator[Pending]:
        for asked in self.desk.requests:
            mine = self.owes(asked.clause) if self.reviewing else self.unit in ("", asked.unit)
            if mine:
                units = self.desk.names([asked.unit] if asked.unit else [])
                yield Pending("extend", asked.clause, self.desk.clause_title(asked.clause), units,
                              since=asked.occurred_at, until=self._until(asked))  # fmt: skip

    def _until(self, asked: f.Extension) -> datetime | None:
        if asked.until is None:
            return asked.until_at
        return closes_at(asked.until, self.desk.board.programme.tz)


def _losing(ledger: Ledger) -> list[Entry]:
    """What makes up `Ledger.lost`."""
    return [entry for entry in ledger.entries if entry.part != "bonus"]


def _by(things: Iterable[Thing], names: Callable[[Thing], Iterable[str]]) -> dict[str, list[Thing]]:
    found: dict[str, list[Thing]] = {}
    for thing in things:
        for name in names(thing):
            found.setdefault(name, []).append(thing)
    return found


def _lights(
    unit: str,
    name: str,
    standings: Sequence[Standing],
    lost: Units,
    rank: int | None,
    lost_before: Units = ZERO,
    rank_before: int | None = None,
) -> UnitLights:
    counts = Counter([one.light for one in standings])
    shown = tuple([(light, counts[light]) for light in LIGHTS if counts[light]])
    return UnitLights(unit, name, shown, len(standings), lost, rank, lost_before, rank_before)


def _places_of(lost: Mapping[str, int]) -> dict[str, int]:
    """The most lost first; equal losses share a place, none has none."""
    places: dict[int, int] = {}
    ordered = sorted((amount for amount in lost.values() if amount > 0), reverse=True)
    for at, amount in enumerate(ordered, start=1):
        places.setdefault(amount, at)
    return {unit: places[amount] for unit, amount in lost.items() if amount > 0}


def _by_loss(one: UnitLights) -> tuple[int, ...]:
    return (-one.lost, *(-one.count(light) for light in WORST_FIRST))
