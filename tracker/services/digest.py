"""周报: the weekly page as a value. First the verdict, then what proves it.

Every figure is the ledger's or the forecast's of the board that is passed in. A digest for one unit
counts what that unit caused, alone or with others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property

from schedules.deadlines import closes_at
from tracker.domain import facts as f
from tracker.domain.forecast import Forecast, Saving, acted
from tracker.domain.ledger import Entry
from tracker.domain.obligations import WORST_FIRST, Light, Obligation, Standing
from tracker.domain.points import ZERO, Units
from tracker.domain.programme import owing
from tracker.domain.rules.base import Status
from tracker.domain.scoring import score
from tracker.exports.jsonform import Amount, Arithmetic
from tracker.services import readings
from tracker.services.scoreboard import Board

MATTERING = 5
SOON = timedelta(days=14)
LIGHTS = (Light.LATE, Light.DUE, Light.SLOW, Light.OK, Light.DONE, Light.NONE)
"""The order in which lights are counted out."""


class Audience(StrEnum):
    """Who reads it. Leader and office see everything, head and contact their own unit."""

    LEADER = "leader"
    OFFICE = "office"
    HEAD = "head"
    CONTACT = "contact"

    @property
    def sees_all(self) -> bool:
        return self in (Audience.LEADER, Audience.OFFICE)


@dataclass(frozen=True)
class Verdict:
    """`new` is what was lost since the last digest (negative: won back); `recoverable` what acting
    now keeps until `until`; `low` and `high` the score over the open readings. Losses positive."""

    score: Amount
    lost: Amount
    new: Amount
    recoverable: Amount
    lost_if_nothing: Amount
    lost_if_all_done: Amount
    until: datetime
    low: Amount
    high: Amount


@dataclass(frozen=True)
class Line:
    """One obligation that can still be acted on. `days_late` in started days of 24 hours."""

    key: str
    unit: str
    unit_name: str
    item: str
    clause: str
    title: str
    light: Light
    due_at: datetime | None
    days_late: int
    late: timedelta
    lost: Amount
    keeps: Amount
    who: str
    signed_at: datetime | None
    waiting: bool


@dataclass(frozen=True)
class UnitLights:
    """`rank` is the place by points lost, the most first; equal losses share it, none has none."""

    unit: str
    name: str
    counts: tuple[tuple[Light, int], ...]
    total: int
    lost: Amount
    rank: int | None

    def count(self, light: Light) -> int:
        return dict(self.counts).get(light, 0)


@dataclass(frozen=True)
class Change:
    """An entry whose points changed since the last digest; `change` is what they changed by."""

    entry: str
    item: str
    clause: str
    title: str
    units: tuple[str, ...]
    unit_names: tuple[str, ...]
    subject: str
    change: Amount
    points: Amount
    steps: Arithmetic


@dataclass(frozen=True)
class LightChange:
    key: str
    unit_name: str
    clause: str
    title: str
    before: Light
    after: Light


@dataclass(frozen=True)
class OpenReading:
    """`low` and `high`: how far the score would be from what it is, over the alternatives."""

    id: str
    clause: str
    question: str
    low: Amount
    high: Amount


@dataclass(frozen=True)
class Pending:
    """What waits for a person: an amount to decide, a number to enter, a report, an extension.

    `worst` is what may be lost at most; several questions of one clause stand together.
    """

    kind: str
    clause: str
    title: str
    unit_names: tuple[str, ...] = ()
    worst: Amount = ZERO
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Health:
    """A finding about the service itself; the sentence belongs to `tracker.wording`."""

    name: str
    ok: bool
    code: str
    values: tuple[tuple[str, str | int], ...] = ()


@dataclass(frozen=True)
class Digest:
    programme: str
    title: str
    version: int
    zone: str
    audience: Audience
    unit: str
    unit_name: str
    as_of: datetime
    since: datetime
    verdict: Verdict
    lines: tuple[Line, ...]
    others: int
    others_keep: Amount
    together: Amount
    units: tuple[UnitLights, ...]
    whole: UnitLights
    changes: tuple[Change, ...]
    lights: tuple[LightChange, ...]
    soon: tuple[Line, ...]
    readings: tuple[OpenReading, ...]
    pending: tuple[Pending, ...]
    health: tuple[Health, ...]


def build(
    board: Board,
    before: Board,
    outlook: Forecast,
    *,
    audience: Audience,
    unit: str = "",
    who: Mapping[str, str] | None = None,
    register: Sequence[readings.Entry] = (),
    span: readings.Span | None = None,
    health: Sequence[Health] = (),
) -> Digest:
    """The digest of `board` against the board of the last one.

    `who` names the person who acts, by unit. `register` holds the readings with their prices,
    `span` how far they can move the score together, where the caller knows it already.
    """
    desk = _Desk(board, before, outlook, "" if audience.sees_all else unit, who or {})
    savings = desk.savings()
    lines = tuple(desk.priced(saving) for saving in savings[:MATTERING])
    rest = Units(sum(saving.keeps for saving in savings[MATTERING:]))
    open_readings = _open_readings([one for one in register if desk.owes(one.reading.clause)])
    verdict = desk.verdict(savings, open_readings, span or readings.span_of(board, register))
    known = sum(line.keeps for line in lines) + rest
    return Digest(
        programme=board.programme.id,
        title=board.programme.title,
        version=board.version,
        zone=board.programme.zone,
        audience=audience,
        unit=desk.unit,
        unit_name=desk.name(desk.unit) if desk.unit else "",
        as_of=board.as_of,
        since=before.as_of,
        verdict=verdict,
        lines=lines,
        others=len(savings) - len(lines),
        others_keep=rest,
        together=Units(verdict.recoverable - known),
        units=desk.units(),
        whole=desk.whole(),
        changes=desk.changes(),
        lights=desk.light_changes(),
        soon=desk.soon(),
        readings=open_readings,
        pending=desk.pending(),
        health=tuple(health),
    )


@dataclass(frozen=True)
class _Desk:
    """The two boards and the forecast, looked at for everybody (`unit` empty) or for one unit."""

    board: Board
    before: Board
    outlook: Forecast
    unit: str
    who: Mapping[str, str]

    def name(self, unit: str) -> str:
        return self._labels.get(unit, unit)

    @cached_property
    def _labels(self) -> Mapping[str, str]:
        return {unit.id: unit.label for unit in self.board.programme.units}

    def names(self, units: Iterable[str]) -> tuple[str, ...]:
        return tuple(self.name(unit) for unit in units)

    def mine(self, standing: Standing) -> bool:
        return not self.unit or standing.obligation.unit == self.unit

    def counted(self, entry: Entry) -> bool:
        """Part of `Ledger.lost`, or of the unit's share of it."""
        return entry.part != "bonus" and (not self.unit or self.unit in entry.units)

    def owes(self, clause: str) -> bool:
        """Whether the clause (or item) is the unit's."""
        return not self.unit or clause in self._owed_places

    @cached_property
    def _owed_places(self) -> frozenset[str]:
        """The clauses that the unit owes, and their items."""
        places = self.board.programme.clauses.values()
        mine = [(item, one) for _, item, one in places if self.unit in owing(item, one)]
        return frozenset(id_ for item, one in mine for id_ in (item.id, one.id))

    # -- the verdict -------------------------------------------------------------------------

    def savings(self) -> list[Saving]:
        return [saving for saving in self.outlook.savings if self.mine(saving.standing)]

    def verdict(
        self, savings: Sequence[Saving], open_: Sequence[OpenReading], span: readings.Span
    ) -> Verdict:
        ledger, outlook = self.board.ledger, self.outlook
        lost = ledger.lost_by(self.counted)
        nothing, best = outlook.lost_if_nothing, outlook.lost_if_all_done
        low, high = span.low, span.high
        if self.unit:
            nothing, best = self._own_outlook(savings)
            # A unit's own readings, within what all of them come to.
            low = Units(max(low, ledger.score + sum(one.low for one in open_)))
            high = Units(min(high, ledger.score + sum(one.high for one in open_)))
        return Verdict(
            score=ledger.score,
            lost=lost,
            new=Units(lost - self.before.ledger.lost_by(self.counted)),
            recoverable=Units(nothing - best),
            lost_if_nothing=nothing,
            lost_if_all_done=best,
            until=outlook.until,
            low=low,
            high=high,
        )

    def _own_outlook(self, savings: Sequence[Saving]) -> tuple[Units, Units]:
        """Lost by the unit at the forecast's end: if nothing happens, if it does all of its own."""
        items = frozenset(saving.standing.obligation.item for saving in savings)
        lost = self.board.ledger.lost_by(self.counted)
        if not items:
            return lost, lost
        done = [
            fact
            for saving in savings
            for fact in acted(saving.standing.obligation, self.board.as_of, self.board.known_at)
        ]
        now = self.board.ledger.lost_by(lambda e: self.counted(e) and e.item in items)
        nothing, best = self._later(items, []), self._later(items, done)
        return Units(lost - now + nothing), Units(lost - now + best)

    def _later(self, items: frozenset[str], more: Sequence[f.AnyFact]) -> Units:
        board = self.board
        later = score(
            board.programme, board.context, [*board.facts, *more],
            as_of=self.outlook.until, known_at=board.known_at, only_items=items,
        )  # fmt: skip
        return later.lost_by(self.counted)

    # -- lines -------------------------------------------------------------------------------

    def priced(self, saving: Saving) -> Line:
        return self.line(saving.standing, lost=saving.lost_now, keeps=saving.keeps)

    def line(self, standing: Standing, *, lost: Units = ZERO, keeps: Units = ZERO) -> Line:
        one = standing.obligation
        receipts = [receipt.occurred_at for receipt in standing.receipts]
        return Line(
            key=one.key,
            unit=one.unit,
            unit_name=self.name(one.unit),
            item=one.item,
            clause=one.clause,
            title=one.title,
            light=standing.light,
            due_at=one.due_at,
            days_late=standing.lateness.days,
            late=standing.lateness.elapsed,
            lost=lost,
            keeps=keeps,
            who=self.who.get(one.unit, ""),
            signed_at=max(receipts, default=None),
            waiting=standing.waiting,
        )

    def soon(self) -> tuple[Line, ...]:
        """Open and due within two weeks, the next one first."""
        until = self.board.as_of + SOON
        due = [
            (one.obligation.due_at, one.obligation.key, one)
            for one in self.board.ledger.standings
            if one.open and self.mine(one) and one.obligation.due_at is not None
            and self.board.as_of < one.obligation.due_at <= until
        ]  # fmt: skip
        return tuple(self.line(one) for _, _, one in sorted(due, key=lambda found: found[:2]))

    # -- units -------------------------------------------------------------------------------

    def units(self) -> tuple[UnitLights, ...]:
        """Units that owe or lost something, by points lost, then by the worst lights; one unit
        sees its own place among all."""
        lots: dict[str, list[Standing]] = {}
        for standing in self.board.ledger.standings:
            lots.setdefault(standing.obligation.unit, []).append(standing)
        lost: dict[str, int] = dict.fromkeys(lots, 0)
        for entry in self.board.ledger.entries:
            for unit in entry.units if entry.part != "bonus" else ():
                lost[unit] = lost.get(unit, 0) - entry.points
        ranked = [
            _lights(unit, self.name(unit), lots.get(unit, []), Units(amount), _place(amount, lost))
            for unit, amount in lost.items()
            if self.unit in ("", unit) and (amount or unit in lots)
        ]
        return tuple(sorted(ranked, key=_by_loss))

    def whole(self) -> UnitLights:
        standings = list(filter(self.mine, self.board.ledger.standings))
        lost = self.board.ledger.lost_by(self.counted)
        return _lights("", "", standings, lost, None)

    # -- since the last one ------------------------------------------------------------------

    def changes(self) -> tuple[Change, ...]:
        """The entries that make up `Verdict.new`, the greatest loss first."""
        was = {entry.id: entry for entry in self.before.ledger.entries if self.counted(entry)}
        now = {entry.id: entry for entry in self.board.ledger.entries if self.counted(entry)}
        found: list[Change] = []
        for id_ in [*now, *(id_ for id_ in was if id_ not in now)]:
            entry = now.get(id_) or was[id_]
            points = now[id_].points if id_ in now else ZERO
            change = points - (was[id_].points if id_ in was else 0)
            if change:
                found.append(self._change(entry, Units(change), points))
        return tuple(sorted(found, key=lambda one: (one.change, one.entry)))

    def _change(self, entry: Entry, change: Units, points: Units) -> Change:
        return Change(
            entry=entry.id,
            item=entry.item,
            clause=entry.clause,
            title=self._title(entry),
            units=entry.units,
            unit_names=self.names(entry.units),
            subject=entry.subject,
            change=change,
            points=points,
            steps=entry.steps,
        )

    def _title(self, entry: Entry) -> str:
        """Of the obligation where there is one, else of the clause."""
        owed = self._owed.get(entry.obligation)
        return owed.title if owed is not None else self.clause_title(entry.clause)

    def clause_title(self, clause: str) -> str:
        return self.board.programme.clauses[clause][2].title

    @cached_property
    def _owed(self) -> Mapping[str, Obligation]:
        return {one.obligation.key: one.obligation for one in self.board.ledger.standings}

    def light_changes(self) -> tuple[LightChange, ...]:
        """The worst news first. A light that only began to shine is no change."""
        was = {one.obligation.key: one.light for one in self.before.ledger.standings}
        found = [
            LightChange(
                one.obligation.key, self.name(one.obligation.unit), one.obligation.clause,
                one.obligation.title, was[one.obligation.key], one.light,
            )
            for one in self.board.ledger.standings
            if self.mine(one) and was.get(one.obligation.key, one.light) is not one.light
            and was[one.obligation.key] is not Light.NONE
        ]  # fmt: skip
        return tuple(sorted(found, key=lambda one: WORST_FIRST.index(one.after)))

    # -- what waits for a person -------------------------------------------------------------

    def pending(self) -> tuple[Pending, ...]:
        return (*self._amounts(), *self._reports(), *self._requests())

    def _amounts(self) -> Iterable[Pending]:
        """By clause, the dearest first."""
        found: dict[tuple[str, str], Pending] = {}
        for entry in self.board.ledger.entries:
            if not entry.open or (self.unit and self.unit not in entry.units):
                continue
            kind = "decide" if entry.status is Status.PENDING else "enter"
            worst = Units(max(0, -entry.worst))
            other = found.get((kind, entry.clause))
            if other is None or worst > other.worst:
                found[kind, entry.clause] = Pending(
                    kind, entry.clause, self.clause_title(entry.clause), self.names(entry.units),
                    worst, entry.occurred_at,
                )  # fmt: skip
        return sorted(found.values(), key=lambda one: (-one.worst, one.clause))

    def _reports(self) -> Iterable[Pending]:
        for one in filter(self.mine, self.board.ledger.standings):
            if one.waiting:
                owed = one.obligation
                yield Pending("review", owed.clause, owed.title, (self.name(owed.unit),),
                              since=one.submitted_at)  # fmt: skip

    def _until(self, asked: f.Extension) -> datetime | None:
        if asked.until is None:
            return asked.until_at
        return closes_at(asked.until, self.board.programme.tz)

    def _requests(self) -> Iterable[Pending]:
        """Extensions that were asked for and neither approved nor refused since."""
        last: dict[tuple[str, str, str, str], f.Extension] = {}
        for fact in self.board.true:
            if isinstance(fact, f.Extension) and (not self.unit or fact.unit == self.unit):
                last[fact.clause, fact.duty, fact.unit, fact.occurrence] = fact
        for asked in last.values():
            if asked.outcome == "requested":
                yield Pending("extend", asked.clause, self.clause_title(asked.clause),
                              self.names([asked.unit] if asked.unit else []),
                              since=asked.occurred_at, until=self._until(asked))  # fmt: skip


def _open_readings(register: Sequence[readings.Entry]) -> tuple[OpenReading, ...]:
    return tuple(
        OpenReading(
            entry.reading.id,
            entry.reading.clause,
            entry.reading.question,
            Units(min(choice.difference for choice in entry.choices)),
            Units(max(choice.difference for choice in entry.choices)),
        )
        for entry in register
        if entry.open
    )


def _lights(
    unit: str, name: str, standings: Sequence[Standing], lost: Units, rank: int | None
) -> UnitLights:
    counts = Counter(one.light for one in standings)
    shown = tuple((light, counts[light]) for light in LIGHTS if counts[light])
    return UnitLights(unit, name, shown, len(standings), lost, rank)


def _place(lost: int, all_: Mapping[str, int]) -> int | None:
    return 1 + sum(other > lost for other in all_.values()) if lost > 0 else None


def _by_loss(one: UnitLights) -> tuple[int, ...]:
    return (-one.lost, *(-one.count(light) for light in WORST_FIRST))
