"""酌情认定的幅度: what a named person may decide for a discretionary rule, as points of its clause.

The score keeps every decision within it; what is entered beyond it is refused with these numbers.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from tracker.domain import facts as f
from tracker.domain.points import fraction_of
from tracker.domain.programme import Programme
from tracker.domain.rules import Discretionary
from tracker.domain.scoring import worth_of


@dataclass(frozen=True)
class Bounds:
    """In points; `per` year they hold for the sum of all decisions, per each for every one."""

    clause: str
    least: Fraction
    most: Fraction
    per: Literal["year", "each"]

    def over(self, points: Fraction, others: Fraction) -> bool:
        return points + (others if self.per == "year" else 0) > self.most

    def under(self, points: Fraction, others: Fraction) -> bool:
        """Where the bounds are a sum's, what was decided otherwise may have reached the least."""
        return points + (others if self.per == "year" else 0) < self.least


def bounds_of(read: Programme, name: str) -> Bounds | None:
    """Of the rule with this id in a programme with its readings applied; None where nobody decides
    its amount."""
    clause_id, _, number = name.rpartition("#")
    if clause_id not in read.clauses or not number.isdecimal():
        return None
    _, item, clause = read.clauses[clause_id]
    rule = clause.rules[int(number) - 1] if 0 < int(number) <= len(clause.rules) else None
    if not isinstance(rule, Discretionary):
        return None
    worth, whole = worth_of(item, clause), Fraction(item.points or 0)
    least, most = (
        fraction_of(amount, clause=worth, item=whole)
        for amount in (rule.least or "0", rule.most or rule.cap or "all")
    )
    return Bounds(clause_id, least, most, rule.per)


def decided(decisions: Iterable[f.Decision]) -> Fraction:
    """Their sum."""
    return sum((Fraction(one.points) for one in decisions), Fraction(0))
