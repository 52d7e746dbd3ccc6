"""A year's notice of days off as an office types it or copies it from the paper:
`10-01..10-07 国庆节`, `元旦：1月1日（周五）至3日（周日）放假调休，共3天。1月9日（周六）上班。`
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from tracker.definitions import words
from tracker.definitions.words import Language
from tracker.domain.errors import DefinitionError, Problem

_DAY = r"(?:(?P<{0}y>\d{{4}})[-年./])?(?P<{0}m>\d{{1,2}})[-月./](?P<{0}d>\d{{1,2}})(?:日|号)?"
_LAST = _DAY.format("l").replace(r"(?P<lm>\d{1,2})[-月./]", r"(?:(?P<lm>\d{1,2})[-月./])?")
_SPAN = re.compile(rf"(?<!\d){_DAY.format('f')}(?:\s*(?:\.\.|至|到|~|–|—+|-)\s*{_LAST})?(?![\d月])")
_ASIDE = re.compile(r"\([^)]*\)")
_NUMBERED = re.compile(r"^\s*[一二三四五六七八九十]+、|^\s*\d{1,2}、")
_IDLE = re.compile(r"放假(?:调休)?|调休|共\d+天|与周末连休|[,，、:：;；。\s]+")
_LENGTH = 15
"""Days off in a row are never more."""


def notice(
    year: int, number: str, *, off_days: str, make_up_days: str, language: Language = "zh"
) -> dict[str, Any]:
    """The document that the calendar takes. DefinitionError names each line that is wrong."""
    made = _Notice(year, language)
    made.off(off_days)
    made.worked(make_up_days)
    if not made.days_off and not made.problems:
        made.wrong("off_none", "off_place", n=1)
    if made.problems:
        raise DefinitionError(made.problems)
    return {"year": year, "number": number, "off_days": made.days_off,
            "make_up_days": made.made_up}  # fmt: skip


class _Notice:
    def __init__(self, year: int, language: Language) -> None:
        self.year = year
        self.language = language
        self.days_off: dict[str, str] = {}
        self.made_up: list[str] = []
        self.problems: list[Problem] = []

    def wrong(self, code: str, place: str, **values: object) -> None:
        said = words.say(place, self.language, values, place="").text
        self.problems.append(words.say(code, self.language, values, place=said))

    def off(self, text: str) -> None:
        for n, line in enumerate(text.splitlines(), start=1):
            if not line.strip():
                continue
            plain, name, found = _plain(line), "", False
            for sentence in re.split(r"[。;；]", plain):
                spans = list(_SPAN.finditer(sentence))
                found = found or bool(spans)
                works = "上班" in sentence
                name = name if works else _IDLE.sub(" ", _SPAN.sub(" ", sentence)).strip() or name
                for on in self._days(spans, n, "off_place"):
                    if works:
                        self._work(on, n, "off_place")
                    elif on.isoformat() in self.days_off:
                        self.wrong("day_twice", "off_place", n=n, day=on.isoformat())
                    else:
                        self.days_off[on.isoformat()] = name
            if not found:
                self.wrong("day_unread", "off_place", n=n, text=line.strip()[:40])

    def worked(self, text: str) -> None:
        for token in re.split(r"[\s,，、;；。]+", _plain(text).replace("上班", " ")):
            found = _SPAN.fullmatch(token)
            if token and found is None:
                self.wrong("day_unread", "make_up_place", text=token[:40])
            for on in self._days([found] if found else [], 0, "make_up_place"):
                self._work(on, 0, "make_up_place")

    def _work(self, on: date, n: int, place: str) -> None:
        if on.weekday() < 5:
            self.wrong("no_weekend", place, n=n, day=on.isoformat())
        elif on.isoformat() in (*self.made_up, *self.days_off):
            self.wrong("day_twice", place, n=n, day=on.isoformat())
        else:
            self.made_up.append(on.isoformat())

    def _days(self, spans: list[re.Match[str]], n: int, place: str) -> Iterator[date]:
        for one in spans:
            try:
                first = date(int(one["fy"] or self.year), int(one["fm"]), int(one["fd"]))
                last = first if one["ld"] is None else date(
                    int(one["ly"] or first.year), int(one["lm"] or first.month), int(one["ld"])
                )  # fmt: skip
            except ValueError:
                self.wrong("day_unread", place, n=n, text=one[0])
                continue
            if not 0 <= (last - first).days < _LENGTH:
                self.wrong("days_run", place, n=n, text=one[0], before=self.year - 1)
            elif self.year not in {first.year, last.year} and (first.year, first.month) != (
                self.year - 1, 12,
            ):  # fmt: skip
                self.wrong("other_year", place, n=n, text=one[0], year=self.year)
            else:
                yield from (first + timedelta(days=k) for k in range((last - first).days + 1))


def _plain(text: str) -> str:
    """Digits and signs of one width, and nothing in brackets: they name the day of the week."""
    return _NUMBERED.sub("", _ASIDE.sub("", unicodedata.normalize("NFKC", text)))
