"""What a rung tells, by its name. Pure.

审核结果: the unit is told of a return (退回) at once, for the ball is with it again; of an
acceptance (接受) beside what is mailed next. The rung names the review, "returned:f-0000017", so
that each is told once. 待审核: who reviews is told of a report that waits, "waiting:f-0000016:+1",
one working day after the review was due. 即时催办: what somebody had sent by hand, "asked:3f2c".
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum

from tracker.domain import facts as f
from tracker.domain.obligations import Obligation

ROLE = "contact"

PRESUMED = "before:"
"""How the ids of reports begin that nobody handed in: what was due before the list came here, and
was taken as done in time. Nobody waits to hear that they were accepted."""

QUIET_LASTS = timedelta(days=14)
"""Where no mail goes out for so long an acceptance is told no more: pages and digest have it."""


class NoticeKind(StrEnum):
    REMINDER = "reminder"
    RETURNED = "returned"
    ACCEPTED = "accepted"
    WAITING = "waiting"
    ASKED = "asked"


OF_REVIEWS = frozenset({NoticeKind.RETURNED, NoticeKind.ACCEPTED})
NAMED = frozenset(NoticeKind) - {NoticeKind.REMINDER}
"""Kinds whose rungs name something after a colon."""

SETTLED = frozenset({"gone", "waived", "closed", "done", "waiting", "year_closed"})
"""Why nothing is left to do for whoever got a report back: it was sent again, say."""

UNTOLD: dict[NoticeKind, frozenset[str]] = {
    NoticeKind.RETURNED: SETTLED,
    NoticeKind.ACCEPTED: frozenset({"gone", "waived", "year_closed"}),
}
"""The reasons for which a review is not told."""


def kind_of(rung: str) -> NoticeKind:
    if ":" not in rung:  # most of them
        return NoticeKind.REMINDER
    name, _, _ = rung.partition(":")
    return NoticeKind(name) if name in NAMED else NoticeKind.REMINDER


def review_of(rung: str) -> str:
    """The id of the review that the rung tells of."""
    return rung.partition(":")[2]


def rung_of(review: f.Review) -> str:
    return f"{review.outcome}:{review.id}"


def waiting_rung(report: str, rung: str) -> str:
    """The rung of a review's own ladder: "in" when the report is there, "0" when it is due."""
    return f"{NoticeKind.WAITING}:{report}:{rung}"


def waiting_for(rung: str) -> tuple[str, str]:
    """The report that waits, and the rung of its review."""
    report, _, place = rung.partition(":")[2].rpartition(":")
    return report, place


def known_from(fact: f.AnyFact) -> datetime:
    """From when on the fact is true as far as we know."""
    return max(fact.occurred_at, fact.recorded_at).astimezone(UTC)


def concerns(report: f.About, one: Obligation) -> bool:
    """Whether the fact names the obligation, or all of its clause's, unit's or duty's."""
    return (
        report.unit in ("", one.unit)
        and report.duty in ("", one.duty)
        and report.occurrence in ("", one.occurrence)
    )
