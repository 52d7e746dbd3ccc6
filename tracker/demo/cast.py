"""Invented people for the units of a programme; the same programme always gets the same ones."""

from __future__ import annotations

from collections.abc import Iterator
from zlib import crc32

from tracker.definitions.sheets import Contact
from tracker.domain.programme import Programme, leading, owing, reviewing

SURNAMES = "沈陆顾程许方季岑温乔骆韩梁邹宋白纪简严卫"
GIVEN = (
    "予安",
    "知行",
    "若水",
    "明远",
    "晓岚",
    "思齐",
    "怀瑾",
    "清越",
    "一鸣",
    "望舒",
    "景行",
    "子衿",
    "北辰",
    "云起",
)
EVERYWHERE = "*"


def cast_of(programme: Programme) -> list[Contact]:
    """A contact and a head for every unit that owes or leads, a contact for every reviewing unit,
    one leader in charge and one coordinating office."""
    return list(_cast(programme))


def _cast(programme: Programme) -> Iterator[Contact]:
    owed: dict[str, None] = {}
    reviewers: dict[str, None] = {}
    for _, item, clause in programme.clauses.values():
        owed |= dict.fromkeys((*owing(item, clause), *leading(item, clause)))
        reviewers |= dict.fromkeys(reviewing(item, clause))
    for unit in owed:
        yield _person(programme, unit, "contact")
        yield _person(programme, unit, "head")
    for unit in reviewers:
        yield _person(programme, unit, "reviewer")
    yield _person(programme, EVERYWHERE, "leader")
    yield _person(programme, EVERYWHERE, "office")


def _person(programme: Programme, unit: str, role: str) -> Contact:
    dice = crc32(f"{programme.id} {unit} {role}".encode())
    name = SURNAMES[dice % len(SURNAMES)] + GIVEN[dice // 97 % len(GIVEN)]
    local = "all" if unit == EVERYWHERE else unit.replace("_", "-")
    return Contact(
        unit=unit,
        name=name,
        role=role,
        mail=f"{role}.{local}.{programme.year}@demo.example",
        mobile=f"1390000{dice % 10_000:04d}",
        place=f"{programme.id}: {unit} {role}",
    )
