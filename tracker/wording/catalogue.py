"""The message catalogues: one TOML file per area and language, `zh/steps.toml`, `en/steps.toml`.

A key is the file's name and the key in it: `steps.lose`. A message has named placeholders with an
optional form, `{amount:p4}`; `FORMS` lists the forms. Messages are ours; what people typed only
ever arrives as a value, so that nothing in it is evaluated.
"""

from __future__ import annotations

import string
import tomllib
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from tracker.wording import forms
from tracker.wording.forms import Language

SHANGHAI = ZoneInfo("Asia/Shanghai")


class NoWords(LookupError):
    """A key that the catalogue of a language does not have: a mistake of ours, never a user's."""


@cache
def catalogue(language: Language) -> Mapping[str, str]:
    """Every message of a language by key."""
    messages: dict[str, str] = {}
    for file in (files("tracker.wording") / language).iterdir():
        if file.name.endswith(".toml"):
            area = file.name.removesuffix(".toml")
            entries = tomllib.loads(file.read_text(encoding="utf-8"))
            messages |= {f"{area}.{name}": text for name, text in entries.items()}
    return messages


def has(key: str, language: Language) -> bool:
    return key in catalogue(language)


def text(
    key: str,
    values: Mapping[str, Any] | None = None,
    *,
    language: Language = "zh",
    zone: ZoneInfo = SHANGHAI,
) -> str:
    """The message with its values filled in."""
    try:
        pieces = _pieces(key, language)
    except KeyError:
        raise NoWords(f"no {language} words for {key!r}") from None
    if isinstance(pieces, str):
        return pieces
    if not values:
        values = {}
    return "".join(
        [
            piece if isinstance(piece, str)
            else piece.form(values[piece.name], piece.argument, language, zone)
            for piece in pieces
        ]
    )  # fmt: skip


class _Blank(NamedTuple):
    """A placeholder in a message."""

    name: str
    form: Form
    argument: str


@cache
def _pieces(key: str, language: Language) -> str | tuple[str | _Blank, ...]:
    """The message taken apart once: a page has thousands of them. Itself where nothing is to be
    filled in."""
    found: list[str | _Blank] = []
    for words, name, spec, _ in string.Formatter().parse(catalogue(language)[key]):
        if words:
            found.append(words)
        if name is not None:
            form, _, argument = (spec or "").partition(" ")
            found.append(_Blank(name, FORMS[form], argument))
    return (
        tuple(found) if any(isinstance(one, _Blank) for one in found) else "".join(map(str, found))
    )


Form = Callable[[Any, str, Language, ZoneInfo], str]


def _plain(value: Any, _: str, language: Language, zone: ZoneInfo) -> str:
    match value:
        case str():
            return value
        case datetime():
            return forms.instant(value, language, zone)
        case date():
            return forms.day(value)
        case timedelta():
            return forms.span(value, language)
        case Fraction() | Decimal():
            return forms.number(value)
        case _:
            return str(value)


def _rule(value: str, _: str, language: Language, __: ZoneInfo) -> str:
    """`31.2#1` in words; `#0` is the clause or item itself."""
    clause, *place = value.split("#")
    if place in ([], ["0"]):
        return clause
    if language == "zh":
        return f"{clause} 第 {place[0]} 句"
    return f"{clause} sentence {place[0]}"


def _in(value: str, area: str, language: Language, zone: ZoneInfo) -> str:
    return text(f"{area}.{value}", language=language, zone=zone)


def _posts(value: str, _: str, language: Language, zone: ZoneInfo) -> str:
    """Lines of `unit<tab>role` as posts: 县水利局（单位负责人）."""
    told = []
    for line in value.splitlines():
        unit, _, role = line.partition("\t")
        held = _in(role, "role", language, zone)
        told.append(f"{unit}（{held}）" if language == "zh" else f"{unit} ({held})")
    return ("、" if language == "zh" else ", ").join(told)


def _missed(value: str, _: str, language: Language, __: ZoneInfo) -> str:
    """Lines of `role|machine|number|minutes` as processes: work on app2 (process 71, silent for
    3 h)."""
    told = []
    for line in value.splitlines():
        role, machine, number, minutes = line.split("|")
        silent = forms.span(timedelta(minutes=int(minutes)), language)
        told.append(
            f"{machine} 上的 {role}（进程 {number}，已 {silent}）" if language == "zh"
            else f"{role} on {machine} (process {number}, silent for {silent})"
        )  # fmt: skip
    return ("、" if language == "zh" else ", ").join(told)


def _plural(value: Any, words: str, _: Language, __: ZoneInfo) -> str:
    one, many = words.split("/")
    return one if value == 1 else many


def _exact(value: Fraction, _: str, __: Language, ___: ZoneInfo) -> str:
    """Six digits and an ellipsis where there would be more."""
    cut = forms.number_down(value, 6)
    return cut if (value * 10**6).denominator == 1 else f"{cut}…"


FORMS: Mapping[str, Form] = {
    "": _plain,
    "p2": lambda value, *_: forms.points(value),
    "p4": lambda value, *_: forms.points(value, 4),
    "p": lambda value, *_: forms.points_as_needed(value),
    "num": lambda value, *_: value if isinstance(value, str) else forms.number(value),
    "short": lambda value, *_: forms.number_short_of(value),
    "exact": _exact,
    "02": lambda value, *_: f"{value:02}",
    "pc": lambda value, *_: forms.per_cent(value),
    "day": lambda value, _, __, zone: forms.day(_local(value, zone)),
    "date": lambda value, _, __, zone: forms.day(_local(value, zone), year=True),
    "at": lambda value, _, language, zone: forms.instant(value, language, zone),
    "full": lambda value, _, language, zone: forms.instant(value, language, zone, year=True),
    "span": lambda value, _, language, __: forms.span(value, language),
    "rule": _rule,
    "in": _in,
    "pl": _plural,
    "posts": _posts,
    "missed": _missed,
    "or": lambda value, instead, *_: str(value) or instead,
}
"""How a placeholder is written. An int in the `p` forms is in ten-thousandths of a point."""


def _local(value: date, zone: ZoneInfo) -> date:
    return forms.wall_clock(value, zone)[0] if isinstance(value, datetime) else value
