"""Instants in UTC, the instant a zone's clock shows a time, and instants as people type them."""

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

_TYPED = re.compile(
    r"(?P<day>\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}日?)"
    r"(?:(?:[T ]\s*|(?<=日))(\d{1,2})[:时](\d{1,2})分?(?::(\d{1,2})(?:\.(\d{1,6}))?)?)?"
)
_APART = re.compile(r"[-/.年月日]")


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


def typed_instant(text: str, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, that somebody typed: "2021-10-18 08:00" and "2021/10/18 8:00" by the
    clocks of `zone`, "2021-10-18T08:00+08:00" by its own offset, a day alone as its end (24:00).

    ValueError for what is no instant.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    told = _TYPED.fullmatch(plain)
    if told is None:
        return as_utc(datetime.fromisoformat(plain))
    day = date(*(int(part) for part in _APART.split(told["day"]) if part))
    hour, minute, second, fraction = told.groups()[1:]
    if hour is None or (hour, minute, second or "00", fraction) == ("24", "00", "00", None):
        return local_instant(day + timedelta(days=1), time(0), zone=zone)
    micros = int((fraction or "").ljust(6, "0"))
    at = time(int(hour), int(minute), int(second or 0), micros)
    return local_instant(day, at, zone=zone)


def names_a_day_alone(text: str) -> bool:
    """Whether somebody typed a day without a time."""
    told = _TYPED.fullmatch(unicodedata.normalize("NFKC", text).strip())
    return told is not None and told[2] is None
