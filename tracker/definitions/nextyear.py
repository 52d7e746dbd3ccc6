"""下一年度: a programme for another year, as a draft that a person still has to go over."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from tracker.definitions.openpoints import Draft, OpenChoice, OpenPoint
from tracker.domain.programme import Programme

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def successor(programme: Programme, year: int, choices: Mapping[str, str]) -> Draft:
    """Every date moved by whole years (29 February to the 28th); `choices` are the readings that
    hold, which become the ones that the new year begins with. Open points ask for what no rule can
    know: whether the dates and the targets hold."""
    body = programme.model_dump(mode="json", by_alias=True)
    moved: dict[str, Any] = _moved(body, year - programme.year)
    moved |= {
        "id": _renamed(programme.id, programme.year, year, otherwise=f"{programme.id}-{year}"),
        "title": _renamed(programme.title, programme.year, year, otherwise=programme.title),
        "year": year,
    }
    for reading in moved["readings"]:
        reading["default"] = choices.get(reading["id"], reading["default"])
    points = [_dates(programme, year), *_targets(moved)]
    return Draft.model_validate({**moved, "open_points": points})


def _moved(value: Any, years: int) -> Any:
    match value:
        case dict():
            return {name: _moved(one, years) for name, one in value.items()}
        case list():
            return [_moved(one, years) for one in value]
        case str() if _DAY.fullmatch(value):
            return _later(date.fromisoformat(value), years).isoformat()
        case _:
            return value


def _later(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)


def _renamed(text: str, old: int, new: int, *, otherwise: str) -> str:
    return text.replace(str(old), str(new)) if str(old) in text else otherwise


def _dates(programme: Programme, year: int) -> OpenPoint:
    return OpenPoint(
        id="dates", why="date", text=f"{programme.year} → {year}",
        question=f"日期都从 {programme.year} 年移到了 {year} 年，逐条核对过了吗？ / "
        f"every date was moved from {programme.year} to {year}: are they right?",
        choices=(OpenChoice(id="right", says="都对 / they are right"),),
    )  # fmt: skip


def _targets(body: Mapping[str, Any]) -> list[OpenPoint]:
    """One question about all numbers that the old year counted from, where it had any."""
    known = [one for one in body["targets"] if one["value"] is not None]
    if not known:
        return []
    cleared = [{**one, "value": None} for one in body["targets"]]
    listed = "；".join(f"{one['name']} {one['value']}" for one in known)
    return [OpenPoint(
        id="targets", why="sum", text=listed[:500],
        question="上一年度的目标数还用吗？ / do the targets of the old year hold?",
        choices=(
            OpenChoice(id="keep", says="沿用 / they hold"),
            OpenChoice(id="clear", says="清空，等新文件 / empty them until the new document",
                       set={"programme.targets": cleared}),
        ),
    )]  # fmt: skip
