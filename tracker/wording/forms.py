"""How figures and instants look: points, numbers, days, instants, spans of time.

A due instant at midnight is the 24:00 of the day that it ends.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from schedules.deadlines import due_day, local_day
from tracker.domain.points import rounded, shown

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")

MINUS = "−"
WEEKDAYS: dict[Language, tuple[str, ...]] = {
    "zh": ("周一", "周二", "周三", "周四", "周五", "周六", "周日"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
HOURS_ALONE = 96
"""Up to here a span is told in hours: the clocks that run in hours are at most this long."""

Figure = int | Fraction | Decimal


def points(value: Figure, places: int = 2) -> str:
    """An int is in ten-thousandths of a point, anything else in points."""
    return shown(_units(value), places)


def points_as_needed(value: Figure) -> str:
    """Two places, up to four where two would hide something."""
    amount = _units(value)
    places = next(places for places in (2, 3, 4) if amount % 10 ** (4 - places) == 0)
    return shown(amount, places)


def _units(value: Figure) -> int:
    return value if isinstance(value, int) else rounded(Fraction(value))


def number(value: Figure, places: int = 4) -> str:
    """As short as it is exact, at most `places` digits behind the point, half up."""
    scaled = abs(Fraction(value)) * 10**places + Fraction(1, 2)
    return _signed(value, scaled.numerator // scaled.denominator, places)


def number_down(value: Figure, places: int = 4) -> str:
    """The same cut off instead of rounded."""
    scaled = abs(Fraction(value)) * 10**places
    return _signed(value, scaled.numerator // scaled.denominator, places)


def number_short_of(value: Fraction, places: int = 4) -> str:
    """Rounded, but never up to a whole number: 3.99996 blocks must not look like 4."""
    told = number(value, places)
    return number_down(value, places) if "." not in told else told


def _signed(value: Figure, digits: int, places: int) -> str:
    whole, rest = divmod(digits, 10**places)
    behind = f"{rest:0{places}d}".rstrip("0")
    text = f"{whole}.{behind}" if behind else str(whole)
    return f"{MINUS}{text}" if value < 0 and digits else text


def per_cent(share: Figure) -> str:
    return f"{number(Fraction(share) * 100)}%"


def day(value: date, *, year: bool = False) -> str:
    """`10-18`, or `2021-10-18` with `year`; a datetime is taken by its own wall clock."""
    return f"{value:%Y-%m-%d}" if year else f"{value:%m-%d}"


def weekday(value: date, language: Language) -> str:
    return WEEKDAYS[language][value.weekday()]


def day_and_weekday(value: date, language: Language, *, year: bool = False) -> str:
    text, name = day(value, year=year), weekday(value, language)
    return f"{text} {name}" if language == "zh" else f"{name} {text}"


@lru_cache(maxsize=2048)  # a morning's mails tell the same few instants many thousand times
def instant(value: datetime, language: Language, zone: ZoneInfo, *, year: bool = False) -> str:
    """`10-18 周一 24:00`, `Mon 10-18 24:00`."""
    on, at = wall_clock(value, zone)
    return f"{day_and_weekday(on, language, year=year)} {at}"


def wall_clock(value: datetime, zone: ZoneInfo) -> tuple[date, str]:
    """The day and the time that `zone` shows; midnight is the 24:00 of the day before."""
    local = value.astimezone(zone)
    if (local.hour, local.minute, local.second, local.microsecond) == (0, 0, 0, 0):
        return due_day(value, zone), "24:00"
    return local_day(value, zone), f"{local:%H:%M}"


def span(elapsed: timedelta | Fraction, language: Language) -> str:
    """A length of time; a Fraction is in hours. Started minutes are not shown, and beside days none
    at all unless they alone are beyond full days: a minute after day 30 is not 30 days."""
    minutes = _minutes(elapsed)
    if not minutes and elapsed:
        return "不足 1 分" if language == "zh" else "under 1 min"
    hours, minute = divmod(minutes, 60)
    if hours <= HOURS_ALONE:
        parts = [(hours, "小时", " h"), (minute, "分", " min")]
    else:
        rest = hours % 24
        beyond = (rest, "小时", " h") if rest else (minute, "分", " min")
        parts = [(hours // 24, "天", " d"), beyond]
    told = [(amount, zh, en) for amount, zh, en in parts if amount] or [(0, "分", " min")]
    if language == "zh":
        return " ".join(f"{amount} {zh}" for amount, zh, _ in told)
    return " ".join(f"{amount}{en}" for amount, _, en in told)


def _minutes(elapsed: timedelta | Fraction) -> int:
    if isinstance(elapsed, timedelta):
        return elapsed // timedelta(minutes=1)
    return int(elapsed * 60)
