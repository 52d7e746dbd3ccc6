"""核对: what a clerk holds against the source before a draft is published. Nothing of it hinders
publishing; each says where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from tracker.domain.programme import Item, Milestone
from tracker.services.drafts import Kept, Row

Kind = Literal["number_twice", "other_year", "no_reviewer", "elsewhere", "target", "group"]

_DEADLINES = re.compile("时限|节点|时间|期限|日期|进度")
_YEAR = re.compile(r"(?<!\d)(20\d\d)年(?=\d{1,2}月)")


@dataclass(frozen=True)
class Remark:
    """`about` is an item, a clause or a unit; `place` "" where it is no one place."""

    kind: Kind
    about: str
    place: str = ""
    values: Mapping[str, object] = field(default_factory=dict)


def remarks(one: Kept) -> list[Remark]:
    return [*_numbers(one), *_years(one), *_reviewers(one), *_elsewhere(one), *_targets(one),
            *_groups(one)]  # fmt: skip


def _numbers(one: Kept) -> Iterator[Remark]:
    """Rows of one number that are titled otherwise: one task in two rows, or a slip."""
    first: dict[str, Row] = {}
    for row in one.rows:
        known = first.setdefault(row.item, row)
        if known.title != row.title:
            yield Remark("number_twice", row.item, row.place,
                         {"title": row.title, "other": known.title})  # fmt: skip


def _years(one: Kept) -> Iterator[Remark]:
    """A deadline's own year is another than the programme's; one remark a row."""
    of = one.document.year
    for row in one.rows:
        columns = [text for head, text in row.cells if _DEADLINES.search(head)]
        other = [text for text in columns if any(int(y) != of for y in _YEAR.findall(text))]
        if other:
            said = " ".join(other[0].split())[:40]
            yield Remark("other_year", row.item, row.place, {"text": said, "of": of})


def _reviewers(one: Kept) -> Iterator[Remark]:
    """Items that nobody reviews, in a document that names who does."""
    base = [section for section in one.document.sections if section.part == "base"]
    items: list[Item] = [item for section in base for item in section.items]
    places = {row.item: row.place for row in reversed(one.rows)}
    lacking = [item for item in items if not item.reviewing_units]
    if len(lacking) == len(items):
        return
    for item in lacking:
        yield Remark("no_reviewer", item.id, places.get(item.id, ""), {"title": item.title})


def _elsewhere(one: Kept) -> Iterator[Remark]:
    for _, _, clause in one.document.clauses.values():
        nodes = [duty for duty in clause.duties if isinstance(duty, Milestone)]
        for said in dict.fromkeys(duty.external for duty in nodes if duty.on is None):
            yield Remark("elsewhere", clause.id, clause.source.place, {"said": said})


def _targets(one: Kept) -> Iterator[Remark]:
    """Numbers that are not in the document, with the first clause that needs them."""
    unknown = [target for target in one.document.targets if target.value is None]
    if not unknown:
        return
    clauses = [clause for _, _, clause in one.document.clauses.values()]
    bodies = [(clause, clause.model_dump_json()) for clause in clauses]
    for target in unknown:
        needs = next((clause for clause, body in bodies if f'"{target.id}"' in body), None)
        about, place = (needs.id, needs.source.place) if needs is not None else ("", "")
        yield Remark("target", about, place, {"name": target.name})


def _groups(one: Kept) -> Iterator[Remark]:
    for unit in one.document.units:
        if unit.kind == "group":
            yield Remark("group", "", "", {"name": unit.name})
