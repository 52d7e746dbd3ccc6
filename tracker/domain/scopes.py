"""What the names in a rule reach: a rule, a clause, or what lies above it (`3.16` names
`3.16.7.4`)."""

from __future__ import annotations

from functools import lru_cache

from tracker.domain.programme import Held


@lru_cache(maxsize=4096)
def lying_in(held: Held, names: tuple[str, ...]) -> tuple[str, ...]:
    """Clauses that may have entries of these rules, in the document's order."""
    own = {name.partition("#")[0] for name in names}
    above = _above(names)
    return tuple(name for name in held.programme.clauses if name in own or name.startswith(above))


def named(rule: str, clause: str, names: tuple[str, ...]) -> bool:
    return rule in names or lies_in(clause, names)


def lies_in(clause: str, names: tuple[str, ...]) -> bool:
    return clause in names or clause.startswith(_above(names))


@lru_cache(maxsize=1024)
def _above(names: tuple[str, ...]) -> tuple[str, ...]:
    """How the ids of what lies below these begin."""
    return tuple(f"{name}{mark}" for name in names for mark in ".-")
