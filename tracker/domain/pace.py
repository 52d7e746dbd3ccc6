"""序时进度 of a whole programme: what was due, what was done by each day, what it had cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from schedules.deadlines import closes_at, local_day
from tracker.domain.ledger import Ledger
from tracker.domain.obligations import Standing
from tracker.domain.points import Units

WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Step:
    """`due` deadlines had passed by `at`, `done` obligations were done, `lost` was lost; `on` is
    the day that ends then."""

    at: datetime
    on: date
    due: int
    done: int
    lost: Units


@dataclass(frozen=True)
class Pace:
    """A step for each week of the year up to the ledger's instant, the last one at it. The course
    of `due` goes on to the cut-off in `ahead`, where nothing is known yet of the rest. What is
    `waived` is owed by nobody: neither `due` nor `done` nor of the `total`."""

    steps: tuple[Step, ...]
    ahead: tuple[Step, ...]
    total: int
    waived: int = 0

    @property
    def behind(self) -> int:
        """How many more were due than are done."""
        return max(0, self.steps[-1].due - self.steps[-1].done) if self.steps else 0


def pace(ledger: Ledger) -> Pace:
    """A loss stands from the instant of its cause; what has none stands at the last step only, so
    that the last step is the ledger's own sum."""
    programme, zone = ledger.programme, ledger.programme.tz
    first = date(programme.year, 1, 1)
    instants = _weeks(first, max(programme.closes_on, local_day(ledger.as_of, zone)))
    ends = [closes_at(on, zone) for on in instants]
    past = [at for at in ends if at < ledger.as_of]
    steps = [_step(ledger, at) for at in past]
    last = _step(ledger, ledger.as_of)
    steps.append(Step(last.at, last.on, last.due, last.done, ledger.lost))
    ahead = [_step(ledger, at) for at in ends if at >= ledger.as_of]
    waived = sum(one.waived for one in ledger.standings)
    return Pace(tuple(steps), tuple(ahead), len(ledger.standings) - waived, waived)


def _weeks(first: date, last: date) -> Sequence[date]:
    days = [first + WEEK * n - timedelta(days=1) for n in range(1, (last - first).days // 7 + 1)]
    return [*days, last] if not days or days[-1] < last else days


def due_and_done(ledger: Ledger, at: datetime) -> tuple[int, int]:
    """How many deadlines had passed by then, and how many obligations were done; none of those
    that are waived by now."""
    standings = [one for one in ledger.standings if not one.waived]
    due = sum((one.obligation.due_at or at + WEEK) <= at for one in standings)
    done = sum(not one.open and _settled_at(one) <= at for one in standings)
    return due, done


def _step(ledger: Ledger, at: datetime) -> Step:
    due, done = due_and_done(ledger, at)
    lost = ledger.lost_by(lambda entry: entry.occurred_at is not None and entry.occurred_at <= at)
    on = local_day(at - timedelta(microseconds=1), ledger.programme.tz)
    return Step(at, on, due, done, lost)


def _settled_at(one: Standing) -> datetime:
    """What has no hand-in counts from the day on which it was taken off the list."""
    return one.done_at or one.off_since or one.as_of
