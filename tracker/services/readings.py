"""口径: the register of ambiguous clauses, each alternative with its price."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from tracker.domain import facts as f
from tracker.domain.errors import Refused
from tracker.domain.points import Units
from tracker.domain.programme import Reading
from tracker.domain.scoring import Context, score
from tracker.services import factbook, reporting
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
    last = factbook.last_row(session, slug)
    key = ("readings", slug, seen.version, seen.ledger.calendar_version, last, as_of, seen.known_at)
    return remembered(session, key, lambda: of_board(seen))


def of_board(seen: Board) -> tuple[Entry, ...]:
    """The register priced for a board, with or without a database."""
    decided = {
        one.reading: one
        for one in f.standing(seen.facts, as_of=seen.as_of, known_at=seen.known_at)
        if isinstance(one, f.ReadingDecision)
    }
    holding = dict(seen.ledger.readings)
    return tuple(
        Entry(reading, holding[reading.id], _choices(seen, reading, holding[reading.id]),
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


def _choices(seen: Board, reading: Reading, holds: str) -> tuple[Choice, ...]:
    found = []
    for one in reading.alternatives:
        amount = seen.ledger.score if one.id == holds else _score_with(seen, reading.id, one.id)
        difference = Units(amount - seen.ledger.score)
        executable = bool(one.set) or one.id == reading.default
        found.append(Choice(one.id, one.says, amount, difference, executable))
    return tuple(found)


def _score_with(seen: Board, reading: str, choice: str) -> Units:
    context = Context(seen.context.calendar, {**seen.context.readings, reading: choice})
    ledger = score(seen.programme, context, seen.facts, as_of=seen.as_of, known_at=seen.known_at)
    return ledger.score
