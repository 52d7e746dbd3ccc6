"""Instants in UTC, and the instant a zone's wall clock shows a time."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo


def as_utc(instant: datetime) -> datetime:
    """The same instant in UTC; ValueError for a naive one, which names no instant."""
    if instant.tzinfo is UTC:
        return instant
    if instant.utcoffset() is None:
        raise ValueError(f"{instant.isoformat(sep=' ')} names no time zone: give an aware datetime")
    return instant.astimezone(UTC)


def local_instant(day: date, at: time, *, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, at which clocks in `zone` show `at` on `day`.

    A time that a change of clocks skips is moved on by the length of the gap (02:30 becomes
    03:30), one shown twice means its first showing: every day has each time exactly once.
    """
    return datetime.combine(day, at, zone).astimezone(UTC)
