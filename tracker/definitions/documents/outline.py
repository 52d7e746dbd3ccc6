"""Rows of a list before they are read: sections, items, and what each row's cells say.

Both kinds of source, tables and flattened text, are brought into this form.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

_POINTS = re.compile(
    r"[（(【\[]\s*(?:基本分|满分|分值|共|总分|计|权重|最高(?:加|扣)?|合计|基础分)?\s*[:：]?\s*([0-9]+(?:\.[0-9]+)?)\s*分?\s*(?:分值|满分)?\s*[)）】\]]"
)
_BONUS = re.compile("加分|附加|奖励|激励")
_PENALTY = re.compile("扣分|减分|惩处|倒扣")


@dataclass(frozen=True)
class Text:
    """A piece of the document with its place; `gaps` where other cells stood inside it, of which
    long blanks are left."""

    text: str
    place: str
    offset: int = 0
    gaps: bool = False


@dataclass
class Section:
    id: str
    title: str
    points: Decimal | None
    place: str
    bonus: bool = False


@dataclass
class Line:
    """One row that carries scoring text; `shared` points belong to the item, not to the row."""

    row: int
    item: str
    section: str
    title: str
    clause: Text
    points: Decimal | None = None
    shared: bool = False
    deadline: str = ""
    evidence: str = ""
    goal: str = ""
    part: str = ""
    """What the row is called among those of its item."""
    lead: str = ""
    responsible: str = ""
    reviewing: str = ""
    place: str = ""
    raw: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Slip:
    """Something odd that was met while the rows were told apart; `code` as in `slips`."""

    code: str
    place: str
    text: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Outline:
    """`totals` are sums that the document states, by section or "" for the whole; `numbered` where
    the items' numbers are the source's own; `headings` are those of its columns, as printed,
    `unused` those from which nothing is read."""

    title: str = ""
    sections: list[Section] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    totals: list[tuple[str, Decimal, str]] = field(default_factory=list)
    unread: list[Text] = field(default_factory=list)
    slips: list[Slip] = field(default_factory=list)
    numbered: bool = True
    headings: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)


def split_points(title: str) -> tuple[str, Decimal | None]:
    """`水环境质量(基本分200分)` as its title and 200."""
    found = list(_POINTS.finditer(title))
    if not found or ("分" not in found[-1][0] and len(found[-1][1]) > 3):
        return title.strip(), None
    last = found[-1]
    rest = title[: last.start()] + title[last.end() :]
    return rest.strip(" \t　:：,，"), Decimal(last[1])


def number_in(text: str) -> Decimal | None:
    """The points of a cell: `1.5`, `1.5分`, `（3）`, of a weight `40%`; None for words."""
    found = re.fullmatch(
        r"[（(+＋]?\s*([0-9]{1,4}(?:\.[0-9]+)?)\s*[分%％]?\s*(?:[)）]|[（(][^()（）]*[)）])?",
        text.strip(),
    )
    return Decimal(found[1]) if found else None


def kind_of_bonus(text: str) -> str:
    """ "B" for a part that gives points beyond the base, "P" for one that takes them, else ""."""
    gives, takes = _BONUS.search(text), _PENALTY.search(text)
    if gives and takes:
        return ""
    return "B" if gives else "P" if takes else ""


def one_line(text: str) -> str:
    return "".join(text.split("\n"))
