"""Numbers that Word sets by itself in front of paragraphs, written out as they are seen."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_CN = "零一二三四五六七八九"
_PLACE = re.compile("%([1-9])")
_MOST = 5000  # a number that no list reaches is a broken file's


@dataclass
class _Level:
    start: int = 1
    form: str = "decimal"
    text: str = ""


@dataclass
class _List:
    """One list; those that share an abstract one go on counting together."""

    levels: dict[int, _Level]
    counts: dict[int, int] = field(default_factory=dict)

    def next(self, level: int) -> str:
        kind = self.levels.get(level)
        if kind is None or kind.form in ("bullet", "none"):
            return ""
        self.counts[level] = min(self.counts.get(level, kind.start - 1) + 1, _MOST)
        for deeper in [one for one in self.counts if one > level]:
            del self.counts[deeper]
        return _PLACE.sub(self._count, kind.text)

    def _count(self, place: re.Match[str]) -> str:
        at = int(place[1]) - 1
        level = self.levels.get(at, _Level())
        return written(self.counts.get(at, level.start), level.form)


class Numbers:
    def __init__(self, numbering: Any, styles: Any) -> None:
        self._lists: dict[str, _List] = {}
        self._styles: dict[str, tuple[str, int]] = {}
        if numbering is not None:
            self._read(numbering)
        if styles is not None:
            self._read_styles(styles)

    def of(self, paragraph: Any) -> str:
        """The number in front of the next paragraph, or nothing."""
        properties = paragraph.find(f"{W}pPr")
        if properties is None:
            return ""
        found = _numbered(properties)
        style = properties.find(f"{W}pStyle")
        name, level = self._styles.get(_value(style), ("", 0))
        if found is not None:
            name, level = found[0] or name, found[1] or level
        one = self._lists.get(name)
        return "" if one is None else one.next(level)

    def _read(self, numbering: Any) -> None:
        kinds = {
            one.get(f"{W}abstractNumId"): _levels(one)
            for one in numbering.findall(f"{W}abstractNum")
        }
        shared: dict[str, _List] = {}
        for one in numbering.findall(f"{W}num"):
            abstract = _value(one.find(f"{W}abstractNumId"))
            levels = kinds.get(abstract, {})
            changed = {
                int(over.get(f"{W}ilvl", "0") or 0): _over(over, levels)
                for over in one.findall(f"{W}lvlOverride")
                if str(over.get(f"{W}ilvl", "0")).isdecimal()
            }
            own = _List({**levels, **changed}) if changed else None
            name = str(one.get(f"{W}numId"))
            self._lists[name] = own or shared.setdefault(abstract, _List(levels))

    def _read_styles(self, styles: Any) -> None:
        for style in styles.findall(f"{W}style"):
            found = _numbered(style.find(f"{W}pPr"))
            if found is not None and found[0]:
                self._styles[str(style.get(f"{W}styleId"))] = found


def _numbered(properties: Any) -> tuple[str, int] | None:
    holder = None if properties is None else properties.find(f"{W}numPr")
    if holder is None:
        return None
    level = _value(holder.find(f"{W}ilvl"))
    return _value(holder.find(f"{W}numId")), int(level) if level.isdecimal() else 0


def _levels(abstract: Any) -> dict[int, _Level]:
    return {
        int(one.get(f"{W}ilvl")): _level(one)
        for one in abstract.findall(f"{W}lvl")
        if str(one.get(f"{W}ilvl", "")).isdecimal()
    }


def _level(one: Any) -> _Level:
    start = _value(one.find(f"{W}start"))
    return _Level(
        int(start) if start.isdecimal() and len(start) < 5 else 1,
        _value(one.find(f"{W}numFmt")) or "decimal",
        _value(one.find(f"{W}lvlText")),
    )


def _over(over: Any, levels: dict[int, _Level]) -> _Level:
    own = over.find(f"{W}lvl")
    given = str(over.get(f"{W}ilvl", "0"))
    level = _level(own) if own is not None else levels.get(int(given), _Level())
    start = _value(over.find(f"{W}startOverride"))
    begins = int(start) if start.isdecimal() and len(start) < 5 else level.start
    return _Level(begins, level.form, level.text)


def _value(element: Any) -> str:
    return "" if element is None else str(element.get(f"{W}val", ""))


def written(count: int, form: str) -> str:
    """A count as Word writes it in a form of its lists."""
    match form:
        case "decimalEnclosedCircle" | "decimalEnclosedCircleChinese" if 1 <= count <= 20:
            return chr(0x2460 + count - 1)
        case (
            "chineseCounting" | "chineseCountingThousand" | "japaneseCounting" | "ideographDigital"
        ):
            return chinese(count)
        case "taiwaneseCounting" | "taiwaneseCountingThousand" | "koreanCounting":
            return chinese(count)
        case "upperLetter" | "lowerLetter":
            letter = chr(ord("a") + (count - 1) % 26) * ((count - 1) // 26 + 1)
            return letter.upper() if form == "upperLetter" else letter
        case "upperRoman" | "lowerRoman":
            roman = _roman(count)
            return roman if form == "upperRoman" else roman.lower()
        case "decimalZero":
            return f"{count:02}"
        case _:
            return str(count)


def chinese(count: int) -> str:
    """Up to 99 as counted in words; above that digit by digit."""
    if count < 10:
        return _CN[count] if count >= 0 else str(count)
    if count < 100:
        tens, ones = divmod(count, 10)
        return ("" if tens == 1 else _CN[tens]) + "十" + (_CN[ones] if ones else "")
    return "".join(_CN[int(digit)] for digit in str(count))


def _roman(count: int) -> str:
    signs = [(1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"),
             (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"),
             (4, "IV"), (1, "I")]  # fmt: skip
    told = ""
    for worth, sign in signs:
        times, count = divmod(count, worth)
        told += sign * times
    return told
