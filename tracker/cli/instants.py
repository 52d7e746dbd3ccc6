"""Instants as people type them."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import typer


def instant(text: str, zone: ZoneInfo, option: str) -> datetime:
    """A day means its end (24:00), a time without an offset the zone's clock. Wrong usage else."""
    from schedules.instants import typed_instant

    try:
        return typed_instant(text, zone)
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
