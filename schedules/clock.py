"""The only place of the product that asks the machine for the time."""

from datetime import UTC, datetime, timedelta
from typing import Protocol

from schedules.instants import as_utc


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)


class FakeClock:
    """Stands still until told to move; ValueError for naive instants."""

    def __init__(self, start: datetime) -> None:
        self._now = as_utc(start)

    def now(self) -> datetime:
        return self._now

    def advance_to(self, instant: datetime) -> None:
        """ValueError when `instant` lies in the past of this clock; see `step_to`."""
        target = as_utc(instant)
        if target < self._now:
            raise ValueError(f"cannot advance from {self._now} back to {target}")
        self._now = target

    def advance(self, delta: timedelta) -> None:
        self.advance_to(self._now + delta)

    def step_to(self, instant: datetime) -> None:
        """Set the clock, backwards too: what happens when somebody corrects a machine's time."""
        self._now = as_utc(instant)
