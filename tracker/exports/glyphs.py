"""Which characters the shipped fonts can draw: the others would be boxes that nobody can read.

Read from the fonts' own tables (OpenType cmap, format 12) by hand: it is one table of ranges, and
the library for it reads whole fonts.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from struct import iter_unpack, unpack_from

_UNSEEN = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp", "Mn"})
"""Categories of what is not drawn by a glyph of its own."""


def named(text: str, fonts: Path) -> tuple[str, list[str]]:
    """The text with each character that no font in the folder has told by its number, as
    〔U+20BB7〕; and those numbers."""
    lacking = sorted(missing(text, fonts))
    told = {ord(one): f"〔U+{ord(one):04X}〕" for one in lacking}
    return text.translate(told), [f"U+{ord(one):04X}" for one in lacking]


def missing(text: Iterable[str], fonts: Path) -> set[str]:
    drawn = _drawn(fonts)
    return {
        one for one in set(text) if ord(one) not in drawn
        and unicodedata.category(one) not in _UNSEEN
    }  # fmt: skip


@cache
def _drawn(fonts: Path) -> frozenset[int]:
    found: set[int] = set()
    for font in sorted(fonts.glob("*.otf")):
        found.update(_of_font(font.read_bytes()))
    return frozenset(found)


def _of_font(font: bytes) -> Iterable[int]:
    """The code points of its cmap, glyph 0 left out: that is the box."""
    cmap = _table(font, b"cmap")
    [count] = unpack_from(">H", font, cmap + 2)
    for number in range(count):
        [offset] = unpack_from(">I", font, cmap + 4 + 8 * number + 4)
        start = cmap + offset
        [form] = unpack_from(">H", font, start)
        if form != 12:
            continue
        [groups] = unpack_from(">I", font, start + 12)
        body = font[start + 16 : start + 16 + 12 * groups]
        for first, last, glyph in iter_unpack(">III", body):
            yield from range(first + (glyph == 0), last + 1)


def _table(font: bytes, tag: bytes) -> int:
    [count] = unpack_from(">H", font, 4)
    for number in range(count):
        name, _, offset, _ = unpack_from(">4sIII", font, 12 + 16 * number)
        if name == tag:
            return int(offset)
    raise ValueError(f"a font without a table {tag.decode()}")
