"""What happened to obligations between two boards, with its reason; for everybody at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from schedules.deadlines import closes_at
from tracker.domain import facts as f
from tracker.domain.obligations import Light, Move, Standing
from tracker.domain.verdicts import concerns
from tracker.services.digest import Event, EventKind
from tracker.services.scoreboard import Board

ORDER = {kind: at for at, kind in enumerate(EventKind)}
MOVED = {"suspended": EventKind.SUSPENDED, "entered": EventKind.ENTERED}
"""Moves of a deadline beside extensions, which are told by their decisions."""


def between(before: Board, now: Board, names: Mapping[str, str]) -> list[Event]:
    """What became late, was done, returned, extended or moved; the worst news first."""
    was = {one.obligation.key: one for one in before.ledger.standings}
    telling = _Telling(before, now, names)
    found = [
        event
        for one in now.ledger.standings
        for event in telling.of(was.get(one.obligation.key), one)
    ]
    return sorted(found, key=lambda one: (ORDER[one.kind], -one.workdays, one.at, one.key))


class _Telling:
    def __init__(self, before: Board, now: Board, names: Mapping[str, str]) -> None:
        self._now, self._names = now, names
        known = {fact.id for fact in before.true}
        self._decided: dict[str, list[f.Extension]] = {}
        self._returned: dict[f.FactId, f.Review] = {}
        for fact in now.true:
            if fact.id in known:
                continue
            if isinstance(fact, f.Extension) and fact.outcome != "requested":
                self._decided.setdefault(fact.clause, []).append(fact)
            if isinstance(fact, f.Review) and fact.outcome == "returned":
                self._returned[fact.report] = fact
        self._reports = self._returned_reports()
        self._endings: dict[str, list[f.Waiver | f.CloseOut]] = {}
        for fact in now.true:
            if isinstance(fact, f.Waiver | f.CloseOut):
                self._endings.setdefault(fact.clause, []).append(fact)

    def _returned_reports(self) -> dict[str, list[f.Report]]:
        found: dict[str, list[f.Report]] = {}
        for fact in self._now.true if self._returned else ():
            if isinstance(fact, f.Report) and fact.id in self._returned:
                found.setdefault(fact.clause, []).append(fact)
        return found

    def of(self, was: Standing | None, one: Standing) -> Iterator[Event]:
        yield from self._ended(was, one)
        owed = one.obligation
        if one.light is Light.LATE and (was is None or was.light is not Light.LATE):
            yield self._event(EventKind.LATE, one, owed.due_at or one.as_of,
                              workdays=one.lateness.workdays)  # fmt: skip
        for report in _about(self._reports.get(owed.clause, ()), one):
            review = self._returned[report.id]
            yield self._event(EventKind.RETURNED, one, review.occurred_at, reason=review.reason)
        for fact in _about(self._decided.get(owed.clause, ()), one):
            yield self._extension(fact, one)
        known = () if was is None else was.obligation.moves
        for move in owed.moves:
            if move.kind in MOVED and move not in known:
                yield self._moved(move, one)

    def _ended(self, was: Standing | None, one: Standing) -> Iterator[Event]:
        if one.open or (was is not None and not was.open):
            return
        if one.done_at is not None:
            late = one.lateness.workdays if one.lateness.elapsed > timedelta(0) else 0
            yield self._event(EventKind.DONE, one, one.done_at, workdays=late)
        elif one.waived or one.closed_out:
            kind = EventKind.WAIVED if one.waived else EventKind.CLOSED_OUT
            wanted = f.Waiver if one.waived else f.CloseOut
            about = _about(self._endings.get(one.obligation.clause, ()), one)
            ending = next((fact for fact in reversed(about) if isinstance(fact, wanted)), None)
            at, reason = (one.as_of, "") if ending is None else (ending.occurred_at, ending.reason)
            yield self._event(kind, one, at, reason=reason)

    def _extension(self, fact: f.Extension, one: Standing) -> Event:
        until = fact.until_at
        if until is None and fact.until is not None:
            until = closes_at(fact.until, self._now.programme.tz)
        kind = EventKind.EXTENDED if fact.outcome == "approved" else EventKind.REFUSED
        return self._event(kind, one, fact.occurred_at, until=until, reason=fact.reason)

    def _moved(self, move: Move, one: Standing) -> Event:
        return self._event(MOVED[move.kind], one, move.at, until=move.due_at, reason=move.reason)

    def _event(
        self,
        kind: EventKind,
        one: Standing,
        at: datetime,
        *,
        workdays: int = 0,
        until: datetime | None = None,
        reason: str = "",
    ) -> Event:
        owed = one.obligation
        return Event(
            kind, owed.key, owed.unit, self._names.get(owed.unit, owed.unit), owed.item,
            owed.clause, owed.title, at, workdays, until, reason,
        )  # fmt: skip


def _about(facts: Iterable[f.AboutKind], one: Standing) -> list[f.AboutKind]:
    return [fact for fact in facts if concerns(fact, one.obligation)]
