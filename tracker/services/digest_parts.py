"""From a desk to digests: what one reader answers for, all of it together, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

from schedules.deadlines import Deadline, closes_at, local_day
from tracker.domain import facts as f
from tracker.domain.forecast import Forecast, Joint, Saving, acted
from tracker.domain.ledger import Entry
from tracker.domain.obligations import WORST_FIRST, Light, Standing
from tracker.domain.points import ZERO, Units
from tracker.domain.programme import reviewing
from tracker.domain.reminders import review_deadline
from tracker.domain.rules.base import Status
from tracker.domain.scoring import score
from tracker.services import readings
from tracker.services.digest import (
    Audience,
    Change,
    Digest,
    Event,
    Health,
    LightChange,
    Line,
    OpenReading,
    Pending,
    Review,
    UnitLights,
    Verdict,
)
from tracker.services.digest_desk import (
    NOBODY,
    Acting,
    Desk,
    by,
    by_loss,
    lights_of,
    losing,
)
from tracker.services.scoreboard import Board
from tracker.services.trail import ChainHead

MATTERING = 5
SOON = timedelta(days=14)
NAMED = 4
"""How many units a digest of several names before it counts them."""
WIDE = 12
"""So many characters of the names of those who keep something only together fit a line."""


def digest(desk: Desk, audience: Audience, *units: str) -> Digest:
    """For one reader; `units` count for those who do not see everything: all that this reader
    answers for, or for whose review reports wait."""
    if audience.sees_all:
        part = _whole(desk)
    elif audience is Audience.REVIEWER:
        part = _reviewed(desk, units)
    else:
        part = _own(desk, units)
    return part.digest(audience)


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
    return digest(desk, audience, *([unit] if unit else []))


# -- whose part ----------------------------------------------------------------------------------


def _whole(desk: Desk) -> _Part:
    return _Part(
        desk, (), list(desk.board.ledger.standings), list(desk.before.ledger.standings),
        list(desk.outlook.savings), list(desk.outlook.joint), losing(desk.board.ledger),
        losing(desk.before.ledger), desk.events, lambda _: True,
    )  # fmt: skip


def _own(desk: Desk, units: tuple[str, ...]) -> _Part:
    """What the units owe and lost; looked up for one, since there are thousands of those."""
    if len(units) == 1:
        [unit] = units
        return _Part(
            desk, units, desk.standings.get(unit, []), desk.standings_before.get(unit, []),
            desk.savings.get(unit, []), desk.joints.get(unit, []), desk.entries.get(unit, []),
            desk.entries_before.get(unit, []), desk.events_of.get(unit, []),
            lambda place: place in desk.places.get(unit, ()),
        )  # fmt: skip
    mine = frozenset(units)
    places = frozenset(place for unit in units for place in desk.places.get(unit, ()))
    return _of_whole(
        desk, units,
        owed=lambda unit, _: unit in mine,
        lost=lambda one: not mine.isdisjoint(one.units),
        owes=lambda place: place in places,
    )  # fmt: skip


def _reviewed(desk: Desk, units: tuple[str, ...]) -> _Part:
    """What the units review, whoever owes it; the losses are those of whole items."""
    clauses = {
        id_ for id_, (_, item, one) in desk.board.programme.clauses.items()
        if not set(units).isdisjoint(reviewing(item, one))
    }  # fmt: skip
    items = {desk.board.programme.clauses[id_][1].id for id_ in clauses}
    return _of_whole(
        desk, units,
        owed=lambda _, clause: clause in clauses,
        lost=lambda one: one.item in items,
        owes=lambda place: place in items or place in clauses,
        reviewing=True,
    )  # fmt: skip


def _of_whole(
    desk: Desk,
    units: tuple[str, ...],
    *,
    owed: Callable[[str, str], bool],
    lost: Callable[[Entry], bool],
    owes: Callable[[str], bool],
    reviewing: bool = False,
) -> _Part:
    """What of everything is `owed`, by unit and clause, and `lost`, each once."""

    def mine(one: Standing) -> bool:
        return owed(one.obligation.unit, one.obligation.clause)

    whole = _whole(desk)
    return _Part(
        desk, units,
        [one for one in whole.standings if mine(one)],
        [one for one in whole.standings_before if mine(one)],
        [one for one in whole.savings if mine(one.standing)],
        [one for one in whole.joints if any(mine(standing) for standing in one.standings)],
        [one for one in whole.entries if lost(one)],
        [one for one in whole.entries_before if lost(one)],
        [one for one in desk.events if owed(one.unit, one.clause)],
        owes, reviewing,
    )  # fmt: skip


@dataclass(frozen=True)
class _Part:
    """What one reader answers for: everything (no `units`), what units owe, or what they review.

    `entries` are those that make up the loss; `owes` tells the clauses and items.
    """

    desk: Desk
    units: tuple[str, ...]
    standings: list[Standing]
    standings_before: list[Standing]
    savings: list[Saving]
    joints: list[Joint]
    entries: list[Entry]
    entries_before: list[Entry]
    events: list[Event]
    owes: Callable[[str], bool]
    reviewing: bool = False

    def digest(self, audience: Audience) -> Digest:
        desk, board = self.desk, self.desk.board
        lines = (*[self.priced(one) for one in self.keeping[:MATTERING]], *self._late())
        rest = Units(sum(one.keeps for one in self.keeping[MATTERING:]))
        open_readings = tuple(one for one in desk.open_readings if self.owes(one.clause))
        verdict = self.verdict(open_readings)
        known = sum(line.keeps for line in lines) + rest
        return Digest(
            programme=board.programme.id,
            title=board.programme.title,
            version=board.version,
            zone=board.programme.zone,
            audience=audience,
            unit=",".join(self.units),
            unit_name=self.name(),
            as_of=board.as_of,
            since=desk.before.as_of,
            verdict=verdict,
            lines=lines,
            others=max(0, len(self.keeping) - MATTERING),
            others_keep=rest,
            together=Units(verdict.recoverable - known),
            units=self.ranked(),
            whole=lights_of("", "", self.standings, self.lost, None),
            whole_before=lights_of("", "", self.standings_before, self.lost_before, None),
            changes=self.changes(),
            events=tuple(self.events),
            lights=self.light_changes(),
            soon=self.soon(),
            readings=open_readings,
            pending=self.pending(),
            reviews=self.reviews() if self.reviewing else (),
            health=tuple(desk.health) if audience.sees_all else (),
            chain=desk.chain,
            picture=None if self.units else desk.picture,
            follows=desk.follows,
        )

    def name(self) -> str:
        return _few(self.desk.names(self.units), NAMED)

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
        if self.units:
            nothing, best = self._reviewed_outlook() if self.reviewing else self._own_outlook()
            # The part's own readings, within what all of them come to.
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
            bonus=ledger.bonus,
            scored=self.desk.board.programme.points > 0,
            final=self.desk.board.final,
        )

    def _reviewed_outlook(self) -> tuple[Units, Units]:
        """Whole items, so the forecast has them already."""
        mine = [one for one in self.desk.outlook.items if self.owes(one.id)]
        return (
            Units(sum(one.lost_if_nothing for one in mine)),
            Units(sum(one.lost_if_all_done for one in mine)),
        )

    def _own_outlook(self) -> tuple[Units, Units]:
        """Lost by the units at the forecast's end: if nothing happens, if they do all of their
        own, and others with them what they keep only together."""
        board = self.desk.board
        owed = [saving.standing.obligation for saving in self.savings]
        owed += [standing.obligation for one in self.joints for standing in one.standings]
        items = frozenset(one.item for one in owed)
        if not items:
            return self.lost, self.lost
        done = [fact for one in owed for fact in acted(one, board.as_of, board.known_at)]
        now = -sum(one.points for one in self.entries if one.item in items)
        nothing, best = self._later(items, []), self._later(items, done)
        return Units(self.lost - now + nothing), Units(self.lost - now + best)

    def _later(self, items: frozenset[str], more: Sequence[f.AnyFact]) -> Units:
        board = self.desk.board
        later = score(
            board.programme, board.context, [*board.facts, *more],
            as_of=self.desk.outlook.until, known_at=board.known_at, only_items=items,
        )  # fmt: skip
        return later.lost_by(lambda entry: not self._mine.isdisjoint(entry.units))

    @cached_property
    def _mine(self) -> frozenset[str]:
        return frozenset(self.units)

    # -- lines -------------------------------------------------------------------------------

    @cached_property
    def keeping(self) -> list[Saving | Joint]:
        """What acting keeps, the most first: alone, or of several who must all act."""
        return sorted([*self.savings, *self.joints], key=lambda one: -one.keeps)

    def _late(self) -> Iterator[Line]:
        """Where fewer lines keep points: what is late and still with its unit, what cost most;
        without points what falls due next as well."""
        room = MATTERING - len(self.keeping)
        if room <= 0 or self.reviewing:
            return
        priced = {saving.standing.obligation.key for saving in self.savings}
        priced |= {standing.obligation.key for one in self.joints for standing in one.standings}
        lost: dict[str, int] = {}
        for entry in self.entries:
            lost[entry.obligation] = lost.get(entry.obligation, 0) - entry.points
        dates = not self.desk.board.programme.points
        late = [one for one in self.standings if one.obligation.key not in priced
                and (one.overdue or (dates and self._falls_due(one)))]  # fmt: skip
        late.sort(key=lambda one: (-lost.get(one.obligation.key, 0), -one.lateness.elapsed,
                                   one.obligation.key))  # fmt: skip
        for one in late[:room]:
            yield self.line(one, lost=Units(lost.get(one.obligation.key, 0)))

    def _falls_due(self, one: Standing) -> bool:
        due_at = one.obligation.due_at
        open_ = one.light not in (Light.DONE, Light.NONE) and one.submitted_at is None
        return open_ and due_at is not None and due_at <= self.desk.outlook.until

    def priced(self, one: Saving | Joint) -> Line:
        if isinstance(one, Saving):
            return self.line(one.standing, lost=one.lost_now, keeps=one.keeps)
        own = [standing for standing in one.standings if standing.obligation.unit in self._mine]
        line = self.line((own or one.standings)[0], lost=self._lost_for(one), keeps=one.keeps)
        others = dict.fromkeys(self.desk.who.get(unit, NOBODY) for unit in one.units)
        others.pop(Acting(line.who, line.actor), None)
        people = [name for name in (line.who, *(who.name for who in others)) if name]
        return replace(
            line,
            unit_name=_short([line.unit_name, *self.desk.names(one.units)]),
            who=_short(people),
            acting_too=tuple(who.person for who in others if who.person is not None),
        )

    def _lost_for(self, one: Joint) -> Units:
        """One amount, which stands with one of those that owe it."""
        keys = {standing.obligation.key for standing in one.standings}
        return Units(-sum(entry.points for entry in self.entries if entry.obligation in keys))

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

    def ranked(self) -> tuple[UnitLights, ...]:
        """A unit sees its own place among all; who reviews sees those that owe what is reviewed,
        with their lights there."""
        if self.reviewing:
            mine = by(self.standings, lambda one: (one.obligation.unit,))
            lost = by(self.entries, lambda one: one.units)
            found = [
                lights_of(unit, self.desk.name(unit), mine.get(unit, []),
                          Units(-sum(one.points for one in lost.get(unit, ()))), None)
                for unit in mine
            ]  # fmt: skip
            return tuple(sorted(found, key=by_loss))
        ranked = self.desk.units
        if len(self.units) == 1:
            return tuple(ranked[unit] for unit in self.units if unit in ranked)
        return tuple(one for one in ranked.values() if not self.units or one.unit in self._mine)

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
        return not self.units or not self._mine.isdisjoint(entry.units)

    def _reports(self) -> Iterator[Pending]:
        for one in self.standings:
            if one.waiting:
                owed = one.obligation
                yield Pending("review", owed.clause, owed.title, (self.desk.name(owed.unit),),
                              since=one.submitted_at)  # fmt: skip

    def _requests(self) -> Iterator[Pending]:
        for asked in self.desk.requests:
            mine = (
                self.owes(asked.clause)
                if self.reviewing
                else not self.units or asked.unit in self.units
            )
            if mine:
                units = self.desk.names([asked.unit] if asked.unit else [])
                yield Pending("extend", asked.clause, self.desk.clause_title(asked.clause), units,
                              since=asked.occurred_at, until=self._until(asked))  # fmt: skip

    def _until(self, asked: f.Extension) -> datetime | None:
        if asked.until is None:
            return asked.until_at
        return closes_at(asked.until, self.desk.board.programme.tz)


def _few(names: Iterable[str], most: int) -> str:
    """Each once; how many there are where that is more than `most`."""
    found = list(dict.fromkeys(names))
    named = "、".join(found[:most])
    return named if len(found) <= most else f"{named}…（{len(found)}）"


def _short(names: Iterable[str]) -> str:
    found = list(dict.fromkeys(names))
    return _few(found, len(found) if len("、".join(found)) <= WIDE else 1)
