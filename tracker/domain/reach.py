"""What touches what: the items whose entries one fact, or one changed item, can move."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from tracker.domain import facts as f
from tracker.domain.programme import Clause, Held, Programme
from tracker.domain.scopes import NAMING, texts

_OWING = frozenset({"missed", "duty", "after"})
"""Fields that name a duty, of another clause where they have a slash."""

Ties = Mapping[str, frozenset[str]]


class Reach:
    """One programme's; its readings applied. None always stands for all of its items."""

    def __init__(self, programme: Programme) -> None:
        self._programme = programme
        self._ties = _ties(programme)
        self._mentions = _mentions(programme)

    def of_items(self, items: Iterable[str]) -> frozenset[str] | None:
        """These and all that are tied to them, however far."""
        if self._ties is None:
            return None
        reached: set[str] = set()
        waiting = set(items)
        while waiting:
            item = waiting.pop()
            reached.add(item)
            waiting |= self._ties[item] - reached
        return frozenset(reached)

    def of_clauses(self, clauses: Iterable[str]) -> frozenset[str] | None:
        found = self._programme.clauses
        return self.of_items({found[name][1].id for name in clauses if name in found})

    def of_key(self, key: str) -> frozenset[str] | None:
        """All that mention a finding, measure, target, rank, recognition, activity or case kind."""
        return self.of_items(self._mentions.get(key, frozenset()))


@lru_cache(maxsize=16)
def reach(held: Held) -> Reach:
    return Reach(held.programme)


def key_of(fact: f.AnyFact) -> str | None:
    """What rules and duties know the fact by; None for one that is about a clause, or no key."""
    match fact:
        case f.Finding():
            return fact.finding
        case f.Measurement():
            return fact.measure
        case f.Target():
            return fact.target
        case f.Rank():
            return fact.rank
        case f.Recognition():
            return fact.recognition
        case f.Activity():
            return fact.activity
        case _:
            return None


def _ties(programme: Programme) -> Ties | None:
    ties: dict[str, set[str]] = {item.id: set() for _, item in programme.items()}
    for section in programme.sections:
        if section.cap is not None:
            for item in section.items:
                ties[item.id] |= {one.id for one in section.items}
    for _, clause, rule in programme.rules():
        body = rule.model_dump()
        named = set(texts(body, NAMING))
        if "*" in named or body.get("scope") == "programme":
            return None
        named |= {duty.rpartition("/")[0] for duty in texts(body, _OWING) if "/" in duty}
        here = programme.clauses[clause.id][1].id
        for there in {item for name in named for item in _items_under(programme, name)}:
            ties[here].add(there)
            ties[there].add(here)
    return {name: frozenset(tied) for name, tied in ties.items()}


def _items_under(programme: Programme, name: str) -> Iterator[str]:
    """Items of the rule, the clause, or of what lies below it (`3.16` names `3.16.7.4`)."""
    own = name.partition("#")[0]
    for clause, (_, item, _) in programme.clauses.items():
        if own in (clause, item.id) or clause.startswith((f"{own}.", f"{own}-")):
            yield item.id


def _mentions(programme: Programme) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for _, item, clause in programme.clauses.values():
        for word in _words(clause):
            found.setdefault(word, set()).add(item.id)
    return found


def _words(clause: Clause) -> set[str]:
    """Every text and key in the clause's rules and duties; `target:key` by its key too."""
    body = clause.model_dump(include={"rules", "duties"})
    words = set(texts(body, None))
    return words | {word.partition(":")[2] for word in words if ":" in word}
