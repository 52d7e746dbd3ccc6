"""年度收官: a programme's year is closed, and opened again. Nobody is reminded while it is closed;
scores, digests and audits are read as before."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from tracker.domain import facts as f
from tracker.domain.errors import Misfit, Refused
from tracker.services import reporting


def closed(session: Session, slug: str, at: datetime) -> f.Closing | None:
    """What closed the programme's year, as known at `at`; None where it is open."""
    told = f.standing(reporting.facts(session, slug), as_of=at, known_at=at)
    return next((one for one in told if isinstance(one, f.Closing)), None)


def close(session: Session, slug: str, *, because: str, now: datetime, by: str) -> f.Closing:
    """From now on. Unfit without a reason, Refused where it is closed already."""
    reporting.fit({"reason": None if because.strip() else Misfit.REASON})
    if closed(session, slug, now) is not None:
        raise Refused(f"年度已收官 / the year of {slug} is closed already")
    fact = f.Closing(reason=because, occurred_at=now, recorded_at=now)
    return reporting.recorded(session, slug, fact, now=now, by=by)


def reopen(session: Session, slug: str, *, because: str, now: datetime, by: str) -> f.Withdrawal:
    """The ladders go on from now; what they would have told meanwhile is not told any more. Unfit
    without a reason, Refused where the year is open."""
    reporting.fit({"reason": None if because.strip() else Misfit.REASON})
    closing = closed(session, slug, now)
    if closing is None:
        raise Refused(f"年度没有收官 / the year of {slug} is not closed")
    fact = f.Withdrawal(supersedes=closing.id, note=because, occurred_at=now, recorded_at=now)
    return reporting.recorded(session, slug, fact, now=now, by=by)
