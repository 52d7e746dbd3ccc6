"""不重复: one problem counts once among the rules that say so."""

from __future__ import annotations

from functools import lru_cache

from tracker.domain.programme import Held, Item
from tracker.domain.rules import NoDouble
from tracker.domain.scopes import lying_in, named


@lru_cache(maxsize=64)
def rules_once(held: Held) -> frozenset[str]:
    """Rules that count one problem once, however many were recorded of it."""
    return frozenset(
        f"{name}#{number}"
        for _, item, clause in held.programme.clauses.values()
        for rule in clause.rules
        if isinstance(rule, NoDouble)
        for name in clauses_among(rule, item, held)
        for number, _ in enumerate(held.programme.clauses[name][2].rules, start=1)
        if is_among(rule, f"{name}#{number}", name)
    )


def clauses_among(once: NoDouble, item: Item, held: Held) -> tuple[str, ...]:
    """Those that may have charges of which one stays for each problem."""
    if once.rules == ("*",):
        return tuple(held.programme.clauses)
    return lying_in(held, once.rules) if once.rules else tuple(one.id for one in item.clauses)


def is_among(once: NoDouble, rule: str, clause: str) -> bool:
    among = once.rules in ((), ("*",)) or named(rule, clause, once.rules)
    return among and not named(rule, clause, once.besides)
