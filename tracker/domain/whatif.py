"""What if: a date moved, so many done, an extension granted, a reading or a rule changed.

Nothing is saved: a supposition is programme, readings and facts that differ from the real ones, and
both are scored by the one function.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, assert_never

from schedules.deadlines import closes_at
from tracker.domain import facts as f
from tracker.domain import readings
from tracker.domain.comparison import Comparison, compare
from tracker.domain.errors import NotFound, Refused
from tracker.domain.forecast import accepted, happened
from tracker.domain.ledger import Ledger
from tracker.domain.obligations import Obligation
from tracker.domain.programme import Programme
from tracker.domain.scoring import Context, score


@dataclass(frozen=True)
class Moved:
    """The date of what `key` names is this one instead: its end, or for hour clocks the instant.

    `key` is an obligation's, or the beginning of several (`20`, `20.2`, `20.2/s1`).
    """

    key: str
    to: date | datetime


@dataclass(frozen=True)
class Extended:
    """The same by an extension that is approved now: the new date must be later."""

    key: str
    to: date | datetime


@dataclass(frozen=True)
class Done:
    """Handed in now and accepted: all of it, or a cumulative number or share of the target."""

    key: str
    count: Decimal | None = None
    share: Decimal | None = None


@dataclass(frozen=True)
class Chosen:
    """Another alternative of a reading holds."""

    reading: str
    choice: str


@dataclass(frozen=True)
class Altered:
    """A field of a rule, duty, clause or item has another value; paths as in readings."""

    path: str
    value: Any


@dataclass(frozen=True)
class Filed:
    """A fact as it would be recorded now: a suspension, a waiver, an extension."""

    fact: f.AnyFact


Supposed = Moved | Extended | Done | Chosen | Altered | Filed


@dataclass(frozen=True)
class Redated:
    """An obligation whose date differs; None where a side has no date or not the obligation."""

    key: str
    before: datetime | None
    after: datetime | None


@dataclass(frozen=True)
class WhatIf:
    """The difference at once, and at `until` if nothing more happens."""

    supposed: tuple[Supposed, ...]
    as_of: datetime
    until: datetime
    now: Comparison
    later: Comparison
    dates: tuple[Redated, ...]


def what_if(
    programme: Programme,
    context: Context,
    facts: Sequence[f.AnyFact],
    supposed: Sequence[Supposed],
    *,
    as_of: datetime,
    known_at: datetime,
    until: datetime,
) -> WhatIf:
    """NotFound for a name that the programme does not have, Refused for what cannot be supposed,
    DefinitionError for a value that a rule cannot have."""
    real = happened(facts, as_of)
    changed, holding = _rewritten(programme, context, supposed)
    before = score(programme, context, real, as_of=as_of, known_at=known_at)
    plain = score(changed, holding, real, as_of=as_of, known_at=known_at)
    more = list(_facts(supposed, plain))
    after, then = plain, [*real, *more]
    if more:
        after = score(changed, holding, then, as_of=as_of, known_at=known_at)
    later = [
        score(one, with_, those, as_of=until, known_at=known_at)
        for one, with_, those in ((programme, context, real), (changed, holding, then))
    ]
    return WhatIf(
        tuple(supposed), as_of, until, compare(before, after), compare(*later),
        tuple(_redated(before, after)),
    )  # fmt: skip


def _rewritten(
    programme: Programme, context: Context, supposed: Sequence[Supposed]
) -> tuple[Programme, Context]:
    choices: dict[str, str] = dict(context.readings)
    for one in supposed:
        if isinstance(one, Chosen):
            readings.alternative(programme, one.reading, one.choice)
            choices[one.reading] = one.choice
    values = {one.path: one.value for one in supposed if isinstance(one, Altered)}
    changed = readings.changed(programme, values) if values else programme
    return changed, replace(context, readings=choices)


def _facts(supposed: Sequence[Supposed], ledger: Ledger) -> Iterator[f.AnyFact]:
    """The facts that would make it so, recorded at the ledger's own instants."""
    for number, one in enumerate(supposed, start=1):
        match one:
            case Moved() | Extended():
                for owed in named(ledger, one.key):
                    yield _dated(one, owed, ledger, number)
            case Done():
                for owed in named(ledger, one.key):
                    yield from _done(one, owed, ledger, number)
            case Filed():
                yield one.fact
            case Chosen() | Altered():
                pass
            case _:
                assert_never(one)


def named(ledger: Ledger, key: str) -> list[Obligation]:
    """The obligations of that key, or that begin with it; those of an item by its number."""
    found = [
        owed
        for one in ledger.standings
        if key in ((owed := one.obligation).key, owed.item) or owed.key.startswith(f"{key}/")
    ]
    if not found:
        raise NotFound(
            f"没有这个应办事项 / no obligation {key!r}; "
            "写作 计分句/事项/单位，见 tracker due / as tracker due --json lists them"
        )
    return found


def _dated(one: Moved | Extended, owed: Obligation, ledger: Ledger, number: int) -> f.AnyFact:
    about = _about(owed, ledger, f"if-{number}-{owed.key}")
    if owed.due_at is None:
        if isinstance(one, Extended) or owed.kind != "milestone" or isinstance(one.to, datetime):
            raise Refused(
                f"{owed.key} 还没有日期 / has no date yet, so it can only be moved to a day"
            )
        return f.ExternalDate(**about, on=one.to)
    at = one.to if isinstance(one.to, datetime) else closes_at(one.to, ledger.programme.tz)
    if isinstance(one, Extended) and at <= owed.due_at:
        raise Refused(
            f"{owed.key}：新期限要晚于现在的期限 / an extension ends after the present date"
        )
    return f.Extension(**about, outcome="approved", until_at=at)


def _done(one: Done, owed: Obligation, ledger: Ledger, number: int) -> list[f.AnyFact]:
    part = one.count is not None or one.share is not None
    if part and owed.needed is None and owed.share is None:
        raise Refused(f"{owed.key} 只有办完或没办完，不按数量算 / is done or not: no number")
    said: Mapping[str, Any] = {"count": one.count, "share": one.share} if part else {"done": True}
    about = _about(owed, ledger, f"if-{number}-{owed.key}")
    return accepted(f.Report(**about, **said))


def _about(owed: Obligation, ledger: Ledger, name: str) -> dict[str, Any]:
    return {
        "id": f.FactId(name), "occurred_at": ledger.as_of, "recorded_at": ledger.known_at,
        "clause": owed.clause, "duty": owed.duty, "unit": owed.unit,
        "occurrence": owed.occurrence,
    }  # fmt: skip


def _redated(before: Ledger, after: Ledger) -> Iterator[Redated]:
    was = {one.obligation.key: one.obligation.due_at for one in before.standings}
    will_be = {one.obligation.key: one.obligation.due_at for one in after.standings}
    for key in {**was, **will_be}:
        if (key in was) != (key in will_be) or was.get(key) != will_be.get(key):
            yield Redated(key, was.get(key), will_be.get(key))
