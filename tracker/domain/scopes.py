"""The names in a rule, and what they reach: a rule, a clause, or what lies above it (`3.16` names
`3.16.7.4`)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Any

from tracker.domain.programme import Held

NAMING = frozenset({"rules", "absorbs", "excluding", "besides", "only", "charged"})
"""Fields of rules that name rules, clauses or what lies above them."""


def texts(body: Any, fields: Collection[str] | None, *, inside: bool = False) -> Iterator[str]:
    """The texts under these fields, at any depth (None: every text, keys too)."""
    taken = fields is None or inside
    if isinstance(body, dict):
        for name, value in body.items():
            if fields is None:
                yield str(name)
            named = fields is not None and name in fields
            yield from texts(value, fields, inside=taken or named)
    elif isinstance(body, list | tuple):
        for value in body:
            yield from texts(value, fields, inside=inside)
    elif isinstance(body, str) and taken:
        yield body


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
