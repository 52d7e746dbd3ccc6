"""Numbers as they are written in scoring text: 0.2, 1,000, 十五, 二〇二一, 零点五, 半."""

from __future__ import annotations

from decimal import Decimal

DIGITS = {
    "零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7,
    "八": 8, "九": 9,
}  # fmt: skip
TENS = {"十": 10, "百": 100, "千": 1000}
LARGE = {"万": 10_000, "亿": 100_000_000}

# Bounded, so that a page of digits takes time linear in its length; and never the end of a number.
ARABIC = r"(?<![\d.])(?:\d{1,3}(?:,\d{3}){1,4}(?![\d,])|\d{1,15}(?:\.\d{1,15})?(?!\d))"
CHINESE = (
    r"(?<![零〇一二两三四五六七八九十百千])"
    r"(?>[零〇一二两三四五六七八九十百千]{1,12}(?:点[零〇一二三四五六七八九]{1,8})?)"
)
NUMBER = rf"(?:{ARABIC}|{CHINESE}|半)"
"""A pattern; every text that it matches is a number of `number_of`."""


def number_of(text: str) -> Decimal:
    """ValueError for a text that `NUMBER` does not match whole."""
    if text == "半":
        return Decimal("0.5")
    if text[0] in "0123456789":
        return Decimal(text.replace(",", ""))
    whole, _, part = text.partition("点")
    value = Decimal(_whole(whole))
    if part:
        value += Decimal("0." + "".join(str(DIGITS[sign]) for sign in part))
    return value


def _whole(text: str) -> int:
    if not any(sign in TENS for sign in text):
        return int("".join(str(DIGITS[sign]) for sign in text))
    total, digit = 0, None
    for sign in text:
        if sign in TENS:
            total += (1 if digit is None else digit) * TENS[sign]
            digit = None
        else:
            digit = DIGITS[sign]
    return total + (digit or 0)
