"""A document's answer (design section 11) held against a table written by hand: the differences.

The table of expectations (`*_items.yaml`) has `title`, `year`, `points`, `sections`, `items` (one
for each row that carries clauses), and where they are known `sums`, `parts`, `clause_points`,
`targets`. `clauses` are ids, or ids with the points printed at them. Only what an entry of the
table names is compared.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
LISTS = ("lead_units", "responsible_units", "reviewing_units", "clauses")


@dataclass(frozen=True)
class DocumentFigures:
    rows: int
    rows_right: int
    differences: tuple[str, ...]


def compare_document(
    expected: Mapping[str, Any], answer: Mapping[str, Any], *, rows: bool = False
) -> DocumentFigures:
    """`rows`: the row numbers of the table are those of this file, so they must agree too."""
    wrong = {at: list(lines) for at, lines in _items(expected["items"], answer["items"], rows=rows)}
    lines = [
        *_head(expected, answer),
        *_sections(expected.get("sections", []), answer["sections"]),
        *(line for lines in wrong.values() for line in lines),
        *_parts(expected.get("parts", []), answer["items"]),
        *_clause_points(expected.get("clause_points", {}), answer["items"]),
        *_targets(expected.get("targets", []), answer.get("targets", [])),
        *_sums(expected.get("sums", []), answer),
    ]
    right = sum(not lines for at, lines in wrong.items() if at is not None)
    return DocumentFigures(len(expected["items"]), right, tuple(lines))


def _head(expected: Mapping[str, Any], answer: Mapping[str, Any]) -> Iterator[str]:
    for name in ("title", "year", "points"):
        if name in expected and not _same(expected[name], answer.get(name)):
            yield f"{name}: {expected[name]} was read as {answer.get(name)}"


def _sections(
    expected: Sequence[Mapping[str, Any]], found: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    by_id = {section["id"]: section for section in found}
    for section in expected:
        other = by_id.get(section["id"], {})
        for name in ("title", "points"):
            got = other.get(name)
            if name in section and not _same(section[name], got):
                yield f"section {section['id']}: {name} {section[name]} was read as {got}"


def _items(
    expected: Sequence[Mapping[str, Any]], found: Sequence[Mapping[str, Any]], *, rows: bool
) -> Iterator[tuple[int | None, list[str]]]:
    """By place in the table; under None what the answer has beyond it, but for the parts."""
    left = [item for item in found if str(item["id"])[:1] not in "BP"]
    for at, item in enumerate(expected):
        other = _nearest(item, left)
        if other is None:
            yield at, [f"item {item['id']} ({' '.join(item['clauses'])}): not in the answer"]
            continue
        left.remove(other)
        yield at, list(_item(item, other, rows=rows))
    yield None, [f"item {item['id']}: invented, with {_ids(item)}" for item in left]


def _nearest(
    item: Mapping[str, Any], left: Sequence[Mapping[str, Any]]
) -> Mapping[str, Any] | None:
    """Of the answer's entries with this id the one with most of its clauses, or the first."""
    same = [other for other in left if str(other["id"]) == item["id"]]
    shared = [len(set(_ids(other)) & set(item["clauses"])) for other in same]
    return same[shared.index(max(shared))] if same else None


def _item(item: Mapping[str, Any], other: Mapping[str, Any], *, rows: bool) -> Iterator[str]:
    for name in item:
        if name in ("id", "note", *LISTS) or (name == "row" and not rows):
            continue
        if not _same(item[name], other.get(name)):
            yield f"item {_name(item)}: {name} {item[name]} was read as {other.get(name)}"
    for name in LISTS:
        got = _ids(other) if name == "clauses" else list(other.get(name) or [])
        if name in item and list(item[name]) != got:
            yield f"item {_name(item)}: {name} {list(item[name])} were read as {got}"
    if isinstance(item["clauses"], Mapping):
        stated = {key: points for key, points in item["clauses"].items() if points is not None}
        yield from _clause_points(stated, [other])


def _parts(parts: Sequence[Mapping[str, Any]], items: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Bonus and penalty parts: their clauses, in whatever entries the answer puts them."""
    for part in parts:
        found = [key for item in items for key in _ids(item) if key.split(".")[0] == part["id"]]
        if found != list(part["clauses"]):
            yield f"part {part['id']}: clauses {part['clauses']} were read as {found}"


def _clause_points(
    expected: Mapping[str, str], items: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    found = {clause["id"]: clause.get("points") for item in items for clause in item["clauses"]}
    for key, points in expected.items():
        if not _same(points, found.get(key)):
            yield f"clause {key}: points {points} were read as {found.get(key)}"


def _targets(
    expected: Sequence[Mapping[str, Any]], found: Sequence[Mapping[str, Any]]
) -> Iterator[str]:
    for target, other in zip(expected, found, strict=False):
        named = all(word in other["name"] for word in target["name"])
        same = all(
            _same(target[key], other.get(key)) for key in ("table", "subject", "value", "unit")
        )
        if not (named and same):
            yield f"target {' '.join(target['name'])} {target['value']} was read as {dict(other)}"
    if len(expected) != len(found):
        yield f"{len(expected)} targets were read as {len(found)}"


def _sums(sums: Sequence[Mapping[str, Any]], answer: Mapping[str, Any]) -> Iterator[str]:
    """Each sum of the document must be among the answer's checks, and hold."""
    checks = answer.get("checks", [])
    if len(checks) < len(sums):
        yield f"{len(sums)} sums, but only {len(checks)} checks"
    for check in checks:
        if not check["ok"]:
            yield f"check does not hold: {check['what']}"
    for each in sums:
        if sum(map(Decimal, each["parts"])) != Decimal(each["points"]):
            yield f"expectation of {each['of']} does not add up itself"


def _ids(item: Mapping[str, Any]) -> list[str]:
    return [str(clause["id"]) for clause in item["clauses"]]


def _name(item: Mapping[str, Any]) -> str:
    return (
        f"{item['id']} ({' '.join(item['clauses'])})" if len(item["clauses"]) else str(item["id"])
    )


def _same(wanted: Any, got: Any) -> bool:
    """Blanks and line breaks inside a text are no difference; 1.50 is 1.5."""
    if wanted is None or got is None:
        return wanted is got
    one, other = ("".join(str(each).split()) for each in (wanted, got))
    numeric = all(
        each.replace(".", "", 1).isascii() and each.replace(".", "", 1).isdigit()
        for each in (one, other)
    )
    return Decimal(one) == Decimal(other) if numeric else one == other
