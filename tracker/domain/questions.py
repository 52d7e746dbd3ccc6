"""Which readings bear on a clause: those that ask about it or its item, and those that ask about
another one and change something of it as well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from tracker.domain.programme import Held, Programme, Reading
from tracker.domain.rules import Relation
from tracker.domain.scopes import lying_in

_NAMING = frozenset({"rules", "absorbs", "excluding", "besides", "charged"})
"""Fields that name rules, clauses or what lies above them."""


def bearing(programme: Programme) -> Mapping[str, tuple[str, ...]]:
    """Ids of readings by clause, in the programme's order. One about all rules there are (`*`)
    stands with the clauses that it names."""
    return _bearing(Held(programme))


@lru_cache(maxsize=64)
def _bearing(held: Held) -> Mapping[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for reading in held.programme.readings:
        for clause in _clauses(reading, held):
            found.setdefault(clause, {})[reading.id] = None
    return {clause: tuple(ids) for clause, ids in found.items()}


def _clauses(reading: Reading, held: Held) -> Iterator[str]:
    yield from _named(reading.clause, held)
    for alternative in reading.alternatives:
        for path, value in alternative.set.items():
            yield from _written(path, value, held)


def _written(path: str, value: object, held: Held) -> Iterator[str]:
    owner, inside, rest = path.partition("#") if "#" in path else path.partition("/")
    field = rest.rpartition(".")[2] if inside else path.rpartition(".")[2]
    if not inside:
        owner = path.rpartition(".")[0]
    named = list(_named(owner, held))
    # What no clause has a share of is lost as a charge of the item's first.
    yield from named[:1] if (field, value) == ("unallocated", "lost") else named
    names = {*_names(field, value)}
    if "#" in path and owner in held.programme.clauses:
        rules = held.programme.clauses[owner][2].rules
        number = int(rest.partition(".")[0])
        rule = rules[number - 1] if number <= len(rules) else None
        names |= {*rule.rules} if isinstance(rule, Relation) else set()
    yield from lying_in(held, tuple(sorted(names - {"*"})))


def _named(name: str, held: Held) -> Iterator[str]:
    """The clause, or all clauses of the item."""
    if name in held.programme.clauses:
        yield name
        return
    placed = held.programme.numbered.get(name)
    yield from (one.id for one in placed[2].clauses) if placed is not None else ()


def _names(field: str, value: object) -> Iterator[str]:
    match value:
        case str() if field in _NAMING:
            yield value
        case dict():
            for name, inner in value.items():
                yield from _names(str(name), inner)
        case list() | tuple():
            for inner in value:
                yield from _names(field, inner)
