"""口径: the register of ambiguous clauses, each alternative with its price."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from sqlmodel import Session

from tracker.domain import facts as f
from tracker.domain.errors import DefinitionError, NotFound, Refused
from tracker.domain.ledger import Entry as LedgerEntry
from tracker.domain.ledger import total
from tracker.domain.points import ZERO, Units
from tracker.domain.programme import Held, Programme, Reading
from tracker.domain.questions import names_written
from tracker.domain.reach import reach
from tracker.domain.readings import only_prices
from tracker.domain.record import record
from tracker.domain.scopes import lying_in
from tracker.domain.scoring import Context, score_filed
from tracker.domain.standing import Standings
from tracker.services import reporting
from tracker.services.scoreboard import Board, board
from tracker.store.memory import remembered


@dataclass(frozen=True)
class Choice:
    """One alternative: the score with it (all other readings as they hold), and how far that is
    from the score with the one that holds; `raw` is the same before any cap. `executable` is False
    where the alternative sets nothing although it is not the default: its price is not known, and 0
    would be a lie."""

    id: str
    says: str
    score: Units
    difference: Units
    executable: bool
    raw: Units = ZERO


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

    def furthest(self, sign: int) -> Choice:
        """The choice with the highest (1) or lowest (-1) score, a cap aside where that hides what
        it does; the one that holds where none goes further."""

        def reach(one: Choice) -> tuple[int, int, bool]:
            return sign * one.score, sign * one.raw, one.id == self.holds

        return max(self.choices, key=reach)

    @property
    def low(self) -> Units:
        return min(choice.score for choice in self.choices)

    @property
    def high(self) -> Units:
        return max(choice.score for choice in self.choices)


@dataclass(frozen=True)
class Span:
    """How far the score can go once every open reading is decided.

    Both ends are scores that some choice of all open readings together gives, so that no end
    passes what clause, item, section or part allow.
    """

    open: int
    score: Units
    low: Units
    high: Units

    @property
    def down(self) -> Units:
        """From the score to the low end, never positive."""
        return Units(self.low - self.score)

    @property
    def up(self) -> Units:
        return Units(self.high - self.score)


def register(
    session: Session, slug: str, *, as_of: datetime, known_at: datetime | None = None
) -> tuple[Entry, ...]:
    """Every reading of the programme in its order, decided ones too."""
    seen = board(session, slug, as_of=as_of, known_at=known_at)
    key = ("readings", slug, seen.version, seen.ledger.calendar_version, len(seen.facts), as_of,
           seen.known_at)  # fmt: skip
    return remembered(session, key, lambda: of_board(seen))


def span(session: Session, slug: str, *, as_of: datetime, known_at: datetime | None = None) -> Span:
    """Of every open reading of the programme."""
    seen = board(session, slug, as_of=as_of, known_at=known_at)
    entries = register(session, slug, as_of=as_of, known_at=known_at)
    key = ("span", slug, seen.version, seen.ledger.calendar_version, len(seen.facts), as_of,
           seen.known_at)  # fmt: skip
    return remembered(session, key, lambda: span_of(seen, entries))


def span_of(seen: Board, entries: Iterable[Entry]) -> Span:
    """Over the open ones of these entries, which are the board's."""
    open_ = [entry for entry in entries if entry.open]
    pricing = _Pricing(seen)
    low, high = (pricing.extreme(open_, sign) for sign in (-1, 1))
    return Span(len(open_), seen.ledger.score, low, high)


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
    try:
        [stored] = reporting.record_facts(session, slug, [decision], now=now, by=by)
    except DefinitionError as error:
        # One decision of one reading is no row of a file.
        raise DefinitionError([replace(one, place=reading) for one in error.problems]) from error
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
        self._tied = reach(Held(seen.programme))

    def choices(self, reading: Reading, holds: str) -> tuple[Choice, ...]:
        items = self._reach(reading)
        base, raw = self._present(items), self._raw(items)
        found = []
        for one in reading.alternatives:
            other, pulls = base, raw
            if one.id != holds:
                other, pulls = self._score({reading.id: one.id}, items)
            difference = Units(other - base)
            executable = bool(one.set) or one.id == reading.default
            score_ = Units(self._seen.ledger.score + difference)
            found.append(
                Choice(one.id, one.says, score_, difference, executable, Units(pulls - raw))
            )
        return tuple(found)

    def extreme(self, open_: Sequence[Entry], sign: int) -> Units:
        """The highest (`sign` 1) or lowest (-1) score that was found over the choices together."""
        moving = [entry for entry in open_ if entry.furthest(sign).id != entry.holds]
        moving.sort(key=lambda entry: (-sign * entry.furthest(sign).difference, entry.reading.id))
        changes = (self._furthest(items, those, sign) for items, those in self._touching(moving))
        return Units(self._seen.ledger.score + sum(changes))

    def _touching(self, moving: Iterable[Entry]) -> list[tuple[frozenset[str] | None, list[Entry]]]:
        """Readings that reach the same items stand together, with all that they reach."""
        groups: list[tuple[frozenset[str] | None, list[Entry]]] = []
        for entry in moving:
            items, mine = self._reach(entry.reading), [entry]
            for other in [one for one in groups if _overlap(one[0], items)]:
                groups.remove(other)
                items = None if items is None or other[0] is None else items | other[0]
                mine = [*other[1], *mine]
            groups.append((items, mine))
        return groups

    def _furthest(self, items: frozenset[str] | None, those: Sequence[Entry], sign: int) -> int:
        """Each reading's own furthest choice at once, where they add up to no less. Where they do
        not (two that give back the same loss), one after the other, as long as none goes back."""
        furthest = {entry.reading.id: entry.furthest(sign) for entry in those}
        if len(those) == 1:
            return furthest[those[0].reading.id].difference
        base = self._present(items)
        best = {name: choice.id for name, choice in furthest.items()}
        together = self._score(best, items)[0] - base
        if sign * together >= sign * sum(one.difference for one in furthest.values()):
            return together
        reached, chosen = 0, dict[str, str]()
        for entry in those:
            for choice in (one for one in entry.choices if one.id != entry.holds):
                with_it = {**chosen, entry.reading.id: choice.id}
                found = self._score(with_it, items)[0] - base
                same = found == reached and choice == furthest[entry.reading.id]
                if sign * found > sign * reached or same:
                    reached, chosen = found, with_it
        return sign * max(sign * reached, sign * together)

    def _present(self, items: frozenset[str] | None) -> int:
        return self._seen.ledger.base_points + total(self._entries(items))

    def _raw(self, items: frozenset[str] | None) -> int:
        return sum([entry.raw for entry in self._entries(items)])

    def _entries(self, items: frozenset[str] | None) -> Sequence[LedgerEntry]:
        ledger = self._seen.ledger
        if items is None:
            return ledger.entries
        return [entry for item in items for entry in ledger.of_item(item)]

    def _standings(
        self, choice: Mapping[str, str], items: frozenset[str] | None
    ) -> Standings | None:
        """The board's own, where the choice changes no more than prices."""
        if not all(self._only_prices[name] for name in choice):
            return None
        return self._seen.ledger.standings.within(self._seen.programme.clauses_in(items))

    @cached_property
    def _only_prices(self) -> dict[str, bool]:
        return {
            reading.id: only_prices(path for one in reading.alternatives for path in one.set)
            for reading in self._seen.programme.readings
        }

    def _score(self, choice: Mapping[str, str], items: frozenset[str] | None) -> tuple[int, int]:
        """The score of these items with the choice, and its sum before any cap."""
        seen = self._seen
        context = Context(seen.context.calendar, {**seen.context.readings, **choice})
        ledger = score_filed(
            seen.programme, context, self._filed, only_items=items,
            standings=self._standings(choice, items),
        )  # fmt: skip
        return ledger.score, sum([entry.raw for entry in ledger.entries])

    def _reach(self, reading: Reading) -> frozenset[str] | None:
        """None for all of the programme's items."""
        programme = self._seen.programme
        written = [one for choice in reading.alternatives for one in choice.set.items()]
        names = {name for path, value in written for name in names_written(path, value)}
        if "*" in names:
            return None
        named = self._tied.of_clauses(lying_in(Held(programme), tuple(sorted(names))))
        items = self._tied.of_items({_item_of(programme, path) for path, _ in written})
        return None if named is None or items is None else named | items


def _overlap(one: frozenset[str] | None, other: frozenset[str] | None) -> bool:
    """None reaches everything."""
    return one is None or other is None or not one.isdisjoint(other)


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
