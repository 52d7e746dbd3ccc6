"""口径: the register of ambiguous clauses, each alternative with its price."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from tracker.domain import facts as f
from tracker.domain.errors import NotFound, Refused
from tracker.domain.ledger import total
from tracker.domain.obligations import Standing
from tracker.domain.points import Units
from tracker.domain.programme import Programme, Reading
from tracker.domain.readings import only_prices
from tracker.domain.record import record
from tracker.domain.rules.base import When
from tracker.domain.scoring import Context, score_filed
from tracker.services import reporting
from tracker.services.scoreboard import Board, board
from tracker.store.memory import remembered


@dataclass(frozen=True)
class Choice:
    """One alternative: the score with it (all other readings as they hold), and how far that is
    from the score with the one that holds. `executable` is False where the alternative sets
    nothing although it is not the default: its price is not known, and 0 would be a lie."""

    id: str
    says: str
    score: Units
    difference: Units
    executable: bool


@dataclass(frozen=True)
class Entry:
    """A line of the register. `decision` is None while the shipped default holds."""

    reading: Reading
    holds: str
    choices: tuple[Choice, ...]
    decision: f.ReadingDecision | None

    @property
    def open(self) -> bool:
        return self.decision is None

    @property
    def low(self) -> Units:
        return min(choice.score for choice in self.choices)

    @property
    def high(self) -> Units:
        return max(choice.score for choice in self.choices)


def register(
    session: Session, slug: str, *, as_of: datetime, known_at: datetime | None = None
) -> tuple[Entry, ...]:
    """Every reading of the programme in its order, decided ones too."""
    seen = board(session, slug, as_of=as_of, known_at=known_at)
    key = ("readings", slug, seen.version, seen.ledger.calendar_version, len(seen.facts), as_of,
           seen.known_at)  # fmt: skip
    return remembered(session, key, lambda: of_board(seen))


def of_board(seen: Board) -> tuple[Entry, ...]:
    """The register priced for a board, with or without a database."""
    decided = {one.reading: one for one in seen.true if isinstance(one, f.ReadingDecision)}
    holding = dict(seen.ledger.readings)
    pricing = _Pricing(seen)
    return tuple(
        Entry(reading, holding[reading.id], pricing.choices(reading, holding[reading.id]),
              decided.get(reading.id))
        for reading in seen.programme.readings
    )  # fmt: skip


def decide(
    session: Session,
    slug: str,
    reading: str,
    choice: str,
    *,
    person: str,
    reason: str,
    now: datetime,
    by: str,
) -> f.ReadingDecision:
    """From now on this reading holds. Refused where it holds by decision already."""
    for one in reversed(reporting.facts(session, slug)):
        if isinstance(one, f.ReadingDecision) and one.reading == reading:
            if one.choice == choice:
                raise Refused(
                    f"口径已定 / reading {reading!r} is {choice!r} since {one.occurred_at}"
                )
            break
    decision = f.ReadingDecision(
        reading=reading, choice=choice, person=person, reason=reason,
        occurred_at=now, recorded_at=now,
    )  # fmt: skip
    [stored] = reporting.record_facts(session, slug, [decision], now=now, by=by)
    assert isinstance(stored, f.ReadingDecision)
    return stored


class _Pricing:
    """A board's facts filed once, to be scored once for each alternative that does not hold.

    Only the items whose entries an alternative can change are scored. An item is tied to those
    that its relations name, and to its section's where the section has a cap.
    """

    def __init__(self, seen: Board) -> None:
        self._seen = seen
        self._filed = record(seen.facts, as_of=seen.as_of, known_at=seen.known_at)
        self._ties = _ties(seen.programme)

    def choices(self, reading: Reading, holds: str) -> tuple[Choice, ...]:
        items = self._reach(reading)
        base = self._present(items)
        prices = only_prices(path for one in reading.alternatives for path in one.set)
        standings = self._standings(items) if prices else None
        found = []
        for one in reading.alternatives:
            other = base
            if one.id != holds:
                other = self._score({reading.id: one.id}, items, standings)
            difference = Units(other - base)
            executable = bool(one.set) or one.id == reading.default
            score_ = Units(self._seen.ledger.score + difference)
            found.append(Choice(one.id, one.says, score_, difference, executable))
        return tuple(found)

    def _present(self, items: frozenset[str] | None) -> int:
        ledger = self._seen.ledger
        counted = [e for e in ledger.entries if items is None or e.item in items]
        return ledger.base_points + total(counted)

    def _standings(self, items: frozenset[str] | None) -> list[Standing]:
        standings = self._seen.ledger.standings
        return [one for one in standings if items is None or one.obligation.item in items]

    def _score(
        self,
        choice: Mapping[str, str],
        items: frozenset[str] | None,
        standings: Sequence[Standing] | None,
    ) -> int:
        seen = self._seen
        context = Context(seen.context.calendar, {**seen.context.readings, **choice})
        return score_filed(
            seen.programme, context, self._filed, only_items=items, standings=standings
        ).score

    def _reach(self, reading: Reading) -> frozenset[str] | None:
        """None for all of the programme's items."""
        if self._ties is None:
            return None
        programme = self._seen.programme
        reached: set[str] = set()
        waiting = {_item_of(programme, path) for one in reading.alternatives for path in one.set}
        while waiting:
            item = waiting.pop()
            reached.add(item)
            waiting |= self._ties[item] - reached
        return frozenset(reached)


def _ties(programme: Programme) -> dict[str, set[str]] | None:
    ties: dict[str, set[str]] = {item.id: set() for _, item in programme.items()}
    for section in programme.sections:
        if section.cap is not None:
            for item in section.items:
                ties[item.id] |= {one.id for one in section.items}
    for _, clause, rule in programme.rules():
        named = set(getattr(rule, "rules", ())) | set(getattr(rule, "absorbs", ()))
        when = getattr(rule, "when", None)
        named |= {when.charged} if isinstance(when, When) and when.charged else set()
        if "*" in named or getattr(rule, "scope", "item") == "programme":
            return None
        here = programme.clauses[clause.id][1].id
        for there in (_item_of(programme, name) for name in named):
            ties[here].add(there)
            ties[there].add(here)
    return ties


def _item_of(programme: Programme, path: str) -> str:
    """The item of a reading's path, a rule's id or a clause's id."""
    owner = path.partition("#")[0].partition("/")[0]
    while owner not in programme.clauses:
        if any(item.id == owner for _, item in programme.items()):
            return owner
        if not owner:
            raise NotFound(f"programme {programme.id} has no item or clause at {path!r}")
        owner = owner.rpartition(".")[0]
    return programme.clauses[owner][1].id
