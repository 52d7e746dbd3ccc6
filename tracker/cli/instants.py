"""Instants as people type them."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import typer

_LOCAL = re.compile(r"(\d{4}-\d{2}-\d{2})[ T](\d{1,2}):(\d{2})(?::(\d{2}))?")


def instant(text: str, zone: ZoneInfo, option: str) -> datetime:
    """A day means its end (24:00), a time without an offset the zone's clock. Wrong usage else."""
    from schedules.deadlines import closes_at
    from schedules.instants import as_utc, local_instant

    text = text.strip()
    try:
        local = _LOCAL.fullmatch(text)
        if local is not None:
            hour, minute, second = (int(part or 0) for part in local.groups()[1:])
            day = date.fromisoformat(local[1])
            if (hour, minute, second) == (24, 0, 0):
                return local_instant(day + timedelta(days=1), time(0), zone=zone)
            return local_instant(day, time(hour, minute, second), zone=zone)
        if len(text) == len("2021-10-18"):
            return closes_at(date.fromisoformat(text), zone)
        return as_utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError) as mistake:
        raise wrong(text, option) from mistake


def day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError as mistake:
        raise typer.BadParameter(
            f"“{text}”不是日期，请写成 2021-10-18 / not a day", param_hint=option
        ) from mistake


def wrong(text: str, option: str) -> typer.BadParameter:
    return typer.BadParameter(
        f"“{text}”不是时刻，请写成 2021-10-18、2021-10-18 08:00 或 2021-10-18T08:00+08:00 / "
        "not an instant",
        param_hint=option,
    )
