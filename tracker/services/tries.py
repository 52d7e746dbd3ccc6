"""How often a password may be tried: counted before the outcome is known, in the database, so that
parallel guesses, several processes and a restart change nothing.

Each key refills steadily: of `burst` tries at once and `per_hour` more, no hour sees more than both
together. Who signed in from this browser before has tries of their own, so that a stranger who
guesses a name all day does not lock its owner out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import delete
from sqlmodel import Session, col

from tracker.domain.errors import TrackerError
from tracker.store import queries
from tracker.store.accounts import TryRow

HOUR = timedelta(hours=1)


class TooOften(TrackerError):
    """Tried too often; `seconds` until the next try."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(str(seconds))


@dataclass(frozen=True)
class Allowance:
    burst: int
    per_hour: int

    @property
    def each(self) -> timedelta:
        """What one try costs of the time that it takes to refill."""
        return HOUR / self.per_hour


LOGIN = Allowance(burst=10, per_hour=10)
"""Of strangers, for one login: twenty in any hour."""
DEVICE = Allowance(burst=10, per_hour=10)
ADDRESS = Allowance(burst=30, per_hour=60)
"""Of one machine for all logins: an office may share an address."""


def take(session: Session, name: str, allowance: Allowance, now: datetime) -> None:
    """Count a try; TooOften, with the seconds to wait, when they are used up."""
    key = _key(name)
    queries.one_at_a_time(session, f"try|{key}")
    row = session.get(TryRow, key)
    free_at = now if row is None else max(row.free_at, now)
    late = free_at - (now + allowance.each * (allowance.burst - 1))
    if late > timedelta(0):
        raise TooOften(int(late.total_seconds()) + 1)
    if row is None:
        session.add(TryRow(key=key, free_at=free_at + allowance.each))
    else:
        row.free_at = free_at + allowance.each
    session.flush()


def give_back(session: Session, name: str, allowance: Allowance) -> None:
    """The latest try was none: it succeeded."""
    queries.one_at_a_time(session, f"try|{_key(name)}")
    row = session.get(TryRow, _key(name))
    if row is not None:
        row.free_at -= allowance.each
        session.flush()


def tidy(session: Session, now: datetime) -> None:
    """Forget the keys that are full again."""
    session.connection().execute(delete(TryRow).where(col(TryRow.free_at) < now))


def _key(name: str) -> str:
    return sha256(name.encode(errors="replace")).hexdigest()
