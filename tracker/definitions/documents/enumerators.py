"""Numbers that begin a piece of text: 一、 （一） 1. (1) ①, and what they count."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

_CN = "零〇一二三四五六七八九十百"
_DIGITS = {sign: value for value, sign in enumerate("零一二三四五六七八九")} | {"〇": 0}
_WIDE = str.maketrans("０１２３４５６７８９", "0123456789")


class Style(StrEnum):
    """Shapes of numbers; the outer ones usually come first in this order."""

    CHINESE = "一、"
    CHINESE_BRACKETS = "（一）"
    ORDINAL = "第一"
    DIGITS = "1."
    BRACKETS = "(1)"
    CIRCLE = "①"


@dataclass(frozen=True)
class Enumerator:
    """`start` and `end` are where it stands in the text, blanks after it included; `tight` where
    digits follow its stop, so that `5.8月` may be a number of its own."""

    style: Style
    value: int
    start: int
    end: int
    tight: bool = False


_SIGNS = [
    # the first sign, how many there are, what the first one counts, what they look like
    ("①", 20, 1, Style.CIRCLE),
    ("㉑", 15, 21, Style.CIRCLE),
    ("⑴", 20, 1, Style.BRACKETS),
    ("⒈", 20, 1, Style.DIGITS),
    ("㈠", 10, 1, Style.CHINESE_BRACKETS),
]
_SIGN = {
    chr(ord(first) + n): (style, begin + n)
    for first, count, begin, style in _SIGNS
    for n in range(count)
}

_NUMBER = re.compile(
    rf"""
      (?P<cn>[{_CN}]{{1,4}})[、.．]\s*
    | [（(]\s*(?P<cnp>[{_CN}]{{1,4}})\s*[）)]\s*、?\s*
    | 第(?P<ord>[{_CN}]{{1,4}})[、，,：:]\s*
    | (?P<num>[0-9０-９]{{1,3}})\s*(?P<stop>[.．、)）])\s*
    | [（(]\s*(?P<par>[0-9０-９]{{1,3}})\s*[）)]\s*、?\s*
    | (?P<sign>[①-⑳⑴-⒇⒈-⒛㈠-㈩㉑-㉟])\s*
    """,
    re.VERBOSE,
)
_STYLES = {
    "cn": Style.CHINESE,
    "cnp": Style.CHINESE_BRACKETS,
    "ord": Style.ORDINAL,
    "num": Style.DIGITS,
    "par": Style.BRACKETS,
}


def at(text: str, position: int) -> Enumerator | None:
    """The number that begins at `position`."""
    found = _NUMBER.match(text, position)
    if found is None:
        return None
    if found["sign"]:
        style, count = _SIGN[found["sign"]]
        return Enumerator(style, count, position, found.end())
    kind = next(name for name in _STYLES if found[name])
    value = _value(found[kind])
    if value is None:
        return None
    stopped = kind == "num" and text[found.end() - 1] in ".．"
    tight = stopped and text[found.end() : found.end() + 1].isdigit()
    return Enumerator(_STYLES[kind], value, position, found.end(), tight)


def _value(given: str) -> int | None:
    if given[0] in _CN:
        return chinese(given)
    return int(given.translate(_WIDE))


def chinese(given: str) -> int | None:
    """二十三 is 23; None for what is no number."""
    total, digit = 0, None
    for sign in given:
        if sign in "十百":
            total += (1 if digit is None else digit) * (10 if sign == "十" else 100)
            digit = None
        elif sign in _DIGITS:
            if digit not in (None, 0):
                return None
            digit = _DIGITS[sign]
        else:
            return None
    return total + (digit or 0)
