"""Which readings bear on a clause: those that ask about it or its item, and those that ask about
another one and change something of it as well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

from tracker.domain.programme import Held, Programme, Reading
from tracker.domain.readings import PATH
from tracker.domain.rules import Relation
from tracker.domain.scopes import NAMING, lying_in, texts


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
    """Clauses whose amounts the alternative may change by what it writes there."""
    found = PATH.match(path)
    if found is None:  # which is told where the alternative is checked or chosen
        return
    owner, field = found["owner"], found["field"].rpartition(".")[2]
    own = list(_named(owner, held))
    # What no clause has a share of is lost as a charge of the item's first.
    yield from own[:1] if (field, value) == ("unallocated", "lost") else own
    names = names_written(path, value)
    if found["rule"] is not None:
        names |= _related(owner, int(found["rule"]), held)
    yield from lying_in(held, tuple(sorted(names - {"*"})))


def names_written(path: str, value: object) -> set[str]:
    """Rules, clauses or items that the value names, `*` for all: those of a rule's own field, or of
    the rules that a clause gets. A rule that rules on the whole names all too."""
    found = PATH.match(path)
    field = "" if found is None else found["field"].rpartition(".")[2]
    body = value if found is None or found["rule"] is None else {field: value}
    whole = "programme" in texts(body, {"scope"})
    return {*texts(body, NAMING), *(("*",) if whole else ())}


def _related(clause: str, number: int, held: Held) -> frozenset[str]:
    """What the relation of that number names."""
    rules = held.programme.clauses[clause][2].rules if clause in held.programme.clauses else ()
    rule = rules[number - 1] if number <= len(rules) else None
    return frozenset(rule.rules) if isinstance(rule, Relation) else frozenset()


def _named(name: str, held: Held) -> Iterator[str]:
    """The clause, or all clauses of the item."""
    if name in held.programme.clauses:
        yield name
        return
    placed = held.programme.numbered.get(name)
    yield from (one.id for one in placed[2].clauses) if placed is not None else ()
