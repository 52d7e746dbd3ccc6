"""What was due before a list came here, asked about once when it is published in mid-year: still
owed, or done in time before anybody counted. Anything between is entered as facts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal, assert_never

from sqlmodel import Session, select

from tracker.domain import facts as f
from tracker.domain import readings
from tracker.domain.layout import lay_out
from tracker.domain.obligations import Standing
from tracker.domain.programme import Programme
from tracker.domain.record import record
from tracker.domain.standing import stand
from tracker.domain.verdicts import PRESUMED
from tracker.services import calendars, factbook, reporting
from tracker.store.tables import ObligationRow

Past = Literal["owed", "done"]
EARLY = timedelta(seconds=1)


def before(session: Session, programme: Programme, *, now: datetime) -> list[Standing]:
    """Obligations of a document about to be published that are past their day, are open, and were
    none of the version in force."""
    filed = record(factbook.facts(session, programme.id), as_of=now, known_at=now)
    calendar = calendars.calendar(session)
    read = readings.as_read(programme, filed)[1]
    known = set(session.exec(select(ObligationRow.key)
                             .where(ObligationRow.programme == programme.id)).all())  # fmt: skip
    owed = (
        one
        for one in lay_out(read, calendar, filed)
        if one.key not in known and one.due_at is not None and one.due_at < now
        and one.kind in ("milestone", "recurring")
    )  # fmt: skip
    found = (stand(one, read, filed, calendar) for one in owed)
    return [one for one in found if one.open]


def settle(
    session: Session, programme: Programme, past: Sequence[Standing], choice: Past, *,
    now: datetime, by: str,
) -> int:  # fmt: skip
    """How many were recorded as done in time: reported at the end of their day and accepted. For
    those of the published programme that `past` named before it was published."""
    match choice:
        case "owed":
            return 0
        case "done":
            facts = list(_done(past, now))
            reporting.record_facts(session, programme.id, facts, now=now, by=by)
            return len(past)
        case _:
            assert_never(choice)


def _done(past: Collection[Standing], now: datetime) -> Iterator[f.AnyFact]:
    for one in past:
        owed = one.obligation
        assert owed.due_at is not None
        at = max(owed.starts_at, owed.due_at - EARLY)
        name = f.FactId(f"{PRESUMED}{owed.key}")
        yield f.Report(
            id=name,
            clause=owed.clause,
            duty=owed.duty,
            unit=owed.unit,
            occurrence=owed.occurrence,
            done=True if owed.needed is None else None,
            share=None if owed.needed is None else Decimal(1),
            occurred_at=at,
            recorded_at=now,
        )
        yield f.Review(id=f.FactId(f"{name}:ok"), report=name, outcome="accepted", occurred_at=at,
                       recorded_at=now)  # fmt: skip
