"""What people suppose, as they write it: `20.2/s1=2021-10-15`, `20.2/s1/housing=4`, `x=up`."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from schedules.instants import typed_instant
from tracker.definitions import telling
from tracker.domain import facts as f
from tracker.domain.errors import DefinitionError, Problem
from tracker.domain.programme import Programme
from tracker.domain.scoring import Context
from tracker.domain.whatif import (
    Altered,
    Chosen,
    Done,
    Extended,
    Moved,
    Supposed,
    WhatIf,
    what_if,
)

EARLIEST, LATEST = 1990, 2200


def read(given: Iterable[tuple[str, str]], zone: ZoneInfo) -> list[Supposed]:
    """From pairs of kind (move, extend, done, reading, set) and text. DefinitionError names every
    one that cannot be read."""
    found: list[Supposed] = []
    problems: list[Problem] = []
    for kind, text in given:
        reader, advice = _READERS[kind]
        try:
            found.append(reader(_plain(text), zone))
        except (ValueError, OverflowError):
            problems.append(Problem(f"{kind} {text}", "看不懂这一条假设 / cannot be read", advice))
    if problems:
        raise DefinitionError(problems)
    return found


def reckoned(
    programme: Programme, context: Context, facts: Sequence[f.AnyFact],
    supposed: Sequence[Supposed], **instants: datetime,
) -> WhatIf:  # fmt: skip
    """`what_if`, with what a field cannot be in words and at the path that was typed."""
    try:
        return what_if(programme, context, facts, supposed, **instants)
    except DefinitionError as error:
        paths = [one.path for one in supposed if isinstance(one, Altered)]
        raise telling.of_changes(error, paths) from error


KINDS = ("move", "extend", "done", "reading", "set")


def _plain(text: str) -> str:
    """Full-width signs as people type them, except inside a value."""
    return text.replace("＝", "=").strip()


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.rpartition("=")
    if not (name.strip() and sign and value.strip()):
        raise ValueError(text)
    return name.strip(), value.strip()


def _moved(text: str, zone: ZoneInfo) -> Supposed:
    name, value = _pair(text)
    return Moved(name, _day_or_instant(value, zone))


def _extended(text: str, zone: ZoneInfo) -> Supposed:
    name, value = _pair(text)
    return Extended(name, _day_or_instant(value, zone))


def _day_or_instant(text: str, zone: ZoneInfo) -> date | datetime:
    """ValueError for a year that no list has: reckoning far ahead takes as long as it is far."""
    found = _read_day_or_instant(text, zone)
    if not EARLIEST <= found.year <= LATEST:
        raise ValueError(text)
    return found


def _read_day_or_instant(text: str, zone: ZoneInfo) -> date | datetime:
    if len(text) == len("2021-10-15"):
        return date.fromisoformat(text)
    return typed_instant(text, zone)


def _done(text: str, zone: ZoneInfo) -> Supposed:
    if "=" not in text:
        if not text:
            raise ValueError(text)
        return Done(text)
    name, value = _pair(text)
    number = unicodedata.normalize("NFKC", value)
    if not re.fullmatch(r"\d{1,12}(\.\d{1,6})?%?", number):
        raise ValueError(text)
    if not number.endswith("%"):
        return Done(name, count=Decimal(number))
    share = Decimal(number[:-1]) / 100
    if share > 1:
        raise ValueError(text)
    return Done(name, share=share)


def _chosen(text: str, zone: ZoneInfo) -> Supposed:
    return Chosen(*_pair(text))


def _altered(text: str, zone: ZoneInfo) -> Supposed:
    path, sign, value = text.partition("=")
    if not (path.strip() and sign):
        raise ValueError(text)
    return Altered(path.strip(), _value(value.strip()))


def _value(text: str) -> Any:
    """Lists, mappings, true, false and null as JSON; anything else as text, so that 0.02 stays
    exactly that."""
    if text[:1] in "[{" or text in ("true", "false", "null"):
        try:
            return json.loads(text or "null", parse_float=str)
        except (ValueError, RecursionError) as error:
            raise ValueError(text) from error
    return text


_DATED = "写作 20.2/s1/housing=2021-10-15；按小时计的写 …=2021-10-15T09:00 / KEY=DAY or KEY=INSTANT"
_READERS: dict[str, tuple[Callable[[str, ZoneInfo], Supposed], str]] = {
    "move": (_moved, _DATED),
    "extend": (_extended, _DATED),
    "done": (
        _done,
        "写作 20.2/s1/housing（全部办完）、…=4（累计 4）或 …=60% / KEY, KEY=4 or KEY=60%",
    ),
    "reading": (_chosen, "写作 口径标识=选项，见 tracker readings / READING=CHOICE"),
    "set": (_altered, "写作 31.2#1.each=0.02、20.2/s1.on=2021-10-15 / PATH=VALUE"),
}
