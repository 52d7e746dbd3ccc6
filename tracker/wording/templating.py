"""Words and figures for templates: `t("area.key", n=3)` and filters, in the language of the render.

A render names `language` and `zone` (the programme's) in its context; what it does not name is what
`install` was given. So one environment, compiled once, serves every language.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from schedules.deadlines import Deadline
from tracker.domain.obligations import Light
from tracker.domain.programme import Clause, Programme
from tracker.domain.rules import Rule
from tracker.domain.rules.base import Step
from tracker.domain.verdicts import NoticeKind, kind_of, waiting_for
from tracker.wording import forms, steps
from tracker.wording.catalogue import SHANGHAI, has, text
from tracker.wording.deadlines import counting
from tracker.wording.forms import Figure, Language
from tracker.wording.rules import describe_rule

MARKS: dict[Light, str] = {
    Light.LATE: "■",
    Light.DUE: "□",
    Light.SLOW: "▲",
    Light.OK: "●",
    Light.DONE: "√",
    Light.NONE: "○",
}
"""The shape of a light as one character; all of them are in GB 2312."""


def light_mark(value: Light | str) -> str:
    return MARKS[value]  # type: ignore[index]  # a light is its own name


def score_word(final: bool, language: Language = "zh") -> str:
    """What a score is called before and after the cut-off."""
    return text(f"pages.score_is_{'final' if final else 'provisional'}", language=language)


def light_word(value: Light | str, language: Language = "zh") -> str:
    return text(f"light.{Light(value).value}", language=language)


def light(value: Light | str, language: Language = "zh") -> str:
    """Shape and word: "■ 逾期"."""
    return f"{light_mark(value)} {light_word(value, language)}"


def install(
    environment: Environment, language: Language = "zh", zone: ZoneInfo = SHANGHAI
) -> Environment:
    """Give the environment's templates `t` and the filters below; returns it."""
    environment.globals |= {"language": language, "zone": zone, "t": _t}
    environment.filters |= {
        "points2": forms.points,
        "points4": lambda value: forms.points(value, 4),
        "points": forms.points_as_needed,
        "number": forms.number,
        "percent": forms.per_cent,
        "signed": _signed,
        "light_mark": light_mark,
        "light": _light,
        "light_word": _light_word,
        "day": _day,
        "date": _date,
        "instant": _instant,
        "instant_full": _instant_full,
        "span": _span,
        "step": _step,
        "arithmetic": _arithmetic,
        "counting": _counting,
        "whole_dates": whole_dates,
        "breakable": breakable,
        "code": code,
        "rule": _rule,
        "role": _role,
        "rung": _rung,
    }
    return environment


def rung(name: str, language: Language = "zh") -> str:
    """A rung of the reminder ladder in words: "-3" is 到期前 3 个工作日; a review's outcome."""
    kind = kind_of(name)
    if kind is NoticeKind.WAITING:
        return _review_rung(waiting_for(name)[1], language)
    if kind is not NoticeKind.REMINDER:
        return text(f"rung.{kind.value}", language=language)
    if name.endswith("%"):
        return text("rung.share", {"n": int(name[:-1])}, language=language)
    if name in ("intake", "half", "limit", "end", "0"):
        return text(f"rung.{'due' if name == '0' else name}", language=language)
    if name.startswith("step+"):
        return text("rung.step", {"n": int(name[5:])}, language=language)
    if name.endswith("h"):
        return text("rung.hours_before", {"n": abs(int(name[:-1]))}, language=language)
    offset = int(name)
    key = "rung.after" if offset > 0 else "rung.before"
    return text(key, {"n": abs(offset)}, language=language)


def _review_rung(place: str, language: Language) -> str:
    if place in _OF_REVIEW:
        return text(f"rung.{_OF_REVIEW[place]}", language=language)
    return text("rung.review_after", {"n": int(place)}, language=language)


def notice_reason(code: str, language: Language = "zh") -> str:
    """Why a notice did not go out on its own; for one that was merged the rung that took it in.
    The code itself where nobody has words for it."""
    name, told, number = code.partition(":")
    if told and name == "silenced":
        return text("audit.reason_silenced", {"n": int(number)}, language=language)
    if has(f"audit.reason_{code}", language):
        return text(f"audit.reason_{code}", language=language)
    return rung(code, language) if _is_rung(code) else code


def _is_rung(name: str) -> bool:
    return kind_of(name) is not NoticeKind.REMINDER or _RUNG.fullmatch(name) is not None


_OF_REVIEW = {"in": "waiting", "0": "review_due", "end": "review_end"}

_RUNG = re.compile(r"intake|half|limit|end|0|step\+\d+|-\d+h|\d+%|[+-]\d+")


def _language(context: Context) -> Language:
    language: Language = context.get("language", "zh")
    return language


def _zone(context: Context) -> ZoneInfo:
    zone: ZoneInfo = context.get("zone", SHANGHAI)
    return zone


@lru_cache(maxsize=16)
def words(language: Language, zone: ZoneInfo) -> Callable[..., str]:
    """The `t` of one language and zone: for letters, which ask it hundred times each."""

    def t(key: str, **values: Any) -> str:
        return text(key, values, language=language, zone=zone)

    return t


@pass_context
def _t(context: Context, key: str, **values: Any) -> str:
    return text(key, values, language=_language(context), zone=_zone(context))


_DATES = re.compile(r"(?:\d{4}-)?\d\d-\d\d(?:[ T]\d\d:\d\d)?")
_ENDS = re.compile(r"(?=@)|(?<=\.)")
_CODE = re.compile(r"`([^`]+)`")


def whole_dates(sentence: str) -> Markup:
    """The sentence as HTML in which no line ends at the hyphen of a date."""
    return Markup(_DATES.sub(r'<span class="keep">\g<0></span>', str(escape(sentence))))


def breakable(address: str) -> Markup:
    """A mail address or Message-ID as HTML in which a line may end before an @ and after a dot."""
    return Markup(_ENDS.sub("<wbr>", str(escape(address))))


def code(sentence: str) -> Markup:
    """The sentence as HTML, with what stands in backticks as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(sentence))))


def _signed(value: Figure, places: int = 2) -> str:
    """Points with their sign; nothing is neither won nor lost."""
    told = forms.points(value, places)
    return f"+{told}" if value > 0 else told


@pass_context
def _light(context: Context, value: Light | str) -> str:
    return light(value, _language(context))


@pass_context
def _light_word(context: Context, value: Light | str) -> str:
    return light_word(value, _language(context))


def _on(context: Context, value: date) -> date:
    return forms.wall_clock(value, _zone(context))[0] if isinstance(value, datetime) else value


@pass_context
def _day(context: Context, value: date) -> str:
    return forms.day(_on(context, value))


@pass_context
def _date(context: Context, value: date) -> str:
    return forms.day(_on(context, value), year=True)


@pass_context
def _instant(context: Context, value: datetime) -> str:
    return forms.instant(value, _language(context), _zone(context))


@pass_context
def _instant_full(context: Context, value: datetime) -> str:
    return forms.instant(value, _language(context), _zone(context), year=True)


@pass_context
def _span(context: Context, value: timedelta | Fraction) -> str:
    return forms.span(value, _language(context))


@pass_context
def _step(context: Context, value: Step) -> str:
    return steps.say(value.code, value.values, _language(context), _zone(context))


@pass_context
def _arithmetic(context: Context, value: Sequence[Step]) -> str:
    return steps.arithmetic(value, _language(context), _zone(context))


@pass_context
def _counting(context: Context, value: Deadline | None, needs: str = "") -> str:
    return counting(value, _language(context), needs=needs)


@pass_context
def _rule(
    context: Context, value: Rule, clause: Clause | None = None, programme: Programme | None = None
) -> str:
    return describe_rule(value, _language(context), clause=clause, programme=programme)


@pass_context
def _role(context: Context, value: str) -> str:
    return text(f"role.{value}", language=_language(context))


@pass_context
def _rung(context: Context, value: str) -> str:
    return rung(value, _language(context))
