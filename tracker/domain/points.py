"""Points, exactly: rational inside a rule, integers of 0.0001 point from there on."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Annotated, NewType

from pydantic import AfterValidator, BeforeValidator, StringConstraints

SCALE = 10_000
PLACES = 50

Units = NewType("Units", int)
"""An amount in ten-thousandths of a point; negative is a loss."""

ZERO = Units(0)


def exact(value: object) -> object:
    """A number as written: text, an integer or a Decimal; a binary float is refused.

    A float has already lost what the document said (0.1 is not 0.1).
    """
    if isinstance(value, bool | float):
        raise ValueError(f"write the number as text, exactly: {value!r} is a binary float")
    return str(value) if isinstance(value, int) else value


def reckonable(number: Decimal) -> Decimal:
    """Refused where exact arithmetic would need thousands of digits: 1e-999999999."""
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and (number.adjusted() > PLACES or exponent < -PLACES):
        raise ValueError(f"at most {PLACES} digits before and after the point")
    return number


Points = Annotated[Decimal, BeforeValidator(exact), AfterValidator(reckonable)]
Number = Annotated[Decimal, BeforeValidator(exact), AfterValidator(reckonable)]


def _text(value: object) -> object:
    return str(value) if isinstance(value, int | Decimal) and not isinstance(value, bool) else value


Amount = Annotated[
    str, BeforeValidator(_text), StringConstraints(pattern=r"^(\d+(\.\d+)?%?|all|item)$")
]
"""What a sanction costs or wins: "0.5" points, "50%" of the clause's points, "all" the clause's
points, "item" the item's points."""


def rounded(amount: Fraction) -> Units:
    """A raw amount to 0.0001 point, half up (away from zero), once in its life."""
    over, under = amount.numerator, amount.denominator
    whole = (2 * SCALE * abs(over) + under) // (2 * under)
    return Units(whole if over >= 0 else -whole)


@lru_cache(maxsize=4096)
def fraction(number: Decimal | int | str) -> Fraction:
    """A number as written, exactly; every score asks for the same few."""
    return Fraction(number)


@lru_cache(maxsize=1024)
def units(points: Decimal | Fraction | int | str) -> Units:
    """Points as written in a document to 0.0001 point."""
    return rounded(Fraction(points))


def points(amount: int) -> Decimal:
    """0.0001 points back to points, with the digits that it needs and no more."""
    value = (Decimal(amount) / SCALE).normalize()
    return value.quantize(Decimal(1)) if value == value.to_integral() else value


def shown(amount: int, places: int = 2) -> str:
    """For people: two places on a page, four in the arithmetic; half up; U+2212 for minus."""
    step = 10 ** (4 - places)
    whole = (abs(amount) + step // 2) // step if step > 1 else abs(amount)
    digits = f"{whole:0{places + 1}d}"
    text = f"{digits[:-places]}.{digits[-places:]}" if places else digits
    return f"−{text}" if amount < 0 and whole else text


def fraction_of(amount: str, *, clause: Fraction, item: Fraction) -> Fraction:
    """An `Amount` as points; `clause` and `item` are what those are worth."""
    if amount == "all":
        return clause
    if amount == "item":
        return item
    if amount.endswith("%"):
        return clause * fraction(amount[:-1]) / 100
    return fraction(amount)
