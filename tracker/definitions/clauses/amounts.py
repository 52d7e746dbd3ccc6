"""Amounts and steps out of phrases."""

from __future__ import annotations

import re
from decimal import Decimal

from tracker.definitions.clauses.grammar import Phrase
from tracker.definitions.clauses.lexing import Token
from tracker.definitions.clauses.measures import MEASURES, unit_of
from tracker.definitions.clauses.numerals import LARGE, NUMBER, number_of
from tracker.definitions.clauses.reading import Amount, Between, Points, Quantity, Share, Whole

FIGURES = re.compile(NUMBER)
ANY = "|".join(sorted(map(re.escape, MEASURES), key=len, reverse=True))
MEASURED = re.compile(
    rf"(?P<n>{NUMBER})?余?(?:(?P<unit>{ANY})|(?P<large>[万亿])(?P<counted>{ANY}))$"
)
RANGE = re.compile(rf"{NUMBER}分?(?:[-至到或]|或者|以上){NUMBER}")


def figures(text: str) -> list[Decimal]:
    return [number_of(found) for found in FIGURES.findall(text)]


def amounts_of(effect: Phrase) -> list[Amount]:
    """What an effect takes or gives: one amount, one range, or one amount for each of a list."""
    points = effect.of("POINTS")
    if points is not None:
        return _points(points.text)
    bare = effect.of("NUMBER")
    if bare is not None:
        return [Points(one) for one in figures(bare.text)]
    share = effect.of("QUANTITY")
    if share is not None:
        return _share(share.text)
    return [Whole()] if effect.of("WORTH") is not None else []


def _points(text: str) -> list[Amount]:
    found = [Points(number) for number in figures(text)]
    if RANGE.match(text) and len(found) == 2:
        return [Between(*found)]
    return list(found)


def _share(text: str) -> list[Amount]:
    percents = [Share(one) for one in _percents(text)]
    if re.search(r"[、和及与/]", text):
        return list(percents)
    return [Between(percents[0], percents[1])] if len(percents) == 2 else list(percents[:1])


def _percents(text: str) -> list[Decimal]:
    if text == "一半":
        return [Decimal(50)]
    if text.startswith("百分之"):
        return [number_of(text[3:])]
    if text.endswith("%") or re.search(r"%.[0零]$", text):
        return figures(text)
    if text.endswith("成"):
        return [one * 10 for one in figures(text)]
    return []


def quantity_of(token: Token, after: str) -> Quantity | None:
    """The quantity of a token; `after` is the text that follows it, where a noun may say more."""
    text = token.text
    if token.kind == "POINTS":
        named = figures(text)
        return Quantity(named[0], "point") if named else None
    if text.startswith(("百分之", "千分之")):
        return Quantity(number_of(text[3:]), "percent" if text[0] == "百" else "permille")
    found = MEASURED.search(text)
    if found is None:
        return None
    number = Decimal(1) if found["n"] is None else number_of(found["n"])
    if found["large"]:
        return Quantity(number * LARGE[found["large"]], unit_of(found["counted"], after))
    return Quantity(number, unit_of(found["unit"], after))


def starts_with_number(token: Token) -> bool:
    """1人, not the bare measure of 每人."""
    return FIGURES.match(token.text) is not None
