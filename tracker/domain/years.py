"""Of which year a finding or a recognition is, and whether it counts in the programme's.

A day ends with its 24:00, which is of that day: a fact of a day alone is recorded there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import TypeVar

from schedules.deadlines import closes_at
from tracker.domain import facts as f
from tracker.domain.programme import Clause, Programme
from tracker.domain.record import Record
from tracker.domain.rules import Discretionary, Rule
from tracker.domain.rules.base import Charge, because, step
from tracker.domain.rules.gains import Bonus

Dated = f.Finding | f.Recognition
DatedKind = TypeVar("DatedKind", bound=Dated)


class Years:
    """What counts in a clause: only what happened in the year (`of_year`); else also what came
    after it, which may be a result of the year that was published later, but nothing from before
    it, unless the clause says that it counts (`of_year: false`)."""

    def __init__(self, programme: Programme) -> None:
        self.year = programme.year
        self._began = closes_at(date(self.year - 1, 12, 31), programme.tz)
        self._over = closes_at(date(self.year, 12, 31), programme.tz)

    def is_before(self, at: datetime) -> bool:
        return at <= self._began

    def is_after(self, at: datetime) -> bool:
        return at > self._over

    def counts(self, one: Dated, clause: Clause) -> bool:
        if clause.of_year is False:
            return True
        at = one.occurred_at
        return not self.is_before(at) and not (clause.of_year and self.is_after(at))

    def counting(self, found: Sequence[DatedKind], clause: Clause) -> Sequence[DatedKind]:
        """Those that count; the same sequence where all do."""
        if all(self.counts(one, clause) for one in found):
            return found
        return [one for one in found if self.counts(one, clause)]

    def left_out(self, rule: Rule, clause: Clause, record: Record) -> Iterator[Charge]:
        """A charge of nothing for each that the rule counts, had it happened in the year."""
        for one in _counted(rule, record):
            if not self.counts(one, clause):
                told = (step("other_year", year=self.year),)
                cause = because(one, unit=one.unit, problem=one.problem)
                yield Charge(Fraction(0), told, cause=cause)


@dataclass(frozen=True)
class Stray:
    """What was recorded for a programme and is not of its year; whether it counts in some clause
    all the same."""

    fact: Dated
    counts: bool

    @property
    def key(self) -> str:
        return _key(self.fact)


def strays(read: Programme, facts: Iterable[f.AnyFact]) -> list[Stray]:
    """In their order; `read` has its readings applied. What only a condition asks for is none, in
    whichever year it was recognised."""
    years = Years(read)
    found = [one for one in facts if isinstance(one, f.Finding | f.Recognition)
             and (years.is_before(one.occurred_at) or years.is_after(one.occurred_at))]  # fmt: skip
    looking = [(one, list(_looking_at(read, one))) for one in found]
    return [Stray(one, any(years.counts(one, clause) for clause in clauses))
            for one, clauses in looking if clauses]  # fmt: skip


def _looking_at(read: Programme, one: Dated) -> Iterator[Clause]:
    """The clauses that count it, or judge a condition by findings of its kind."""
    for _, _, clause in read.clauses.values():
        for rule in clause.rules:
            if isinstance(one, f.Recognition):
                wanted = one.recognition == recognitions_counted(rule)
            else:
                wanted = one.finding in {_finding(rule), *_findings_of_conditions(rule)}
            if wanted:
                yield clause
                break


def _findings_of_conditions(rule: Rule) -> Iterator[str]:
    for when in (getattr(rule, "when", None), getattr(rule, "must", None)):
        yield from (part.finding for part in when.parts if part.finding) if when else ()


def _key(one: Dated) -> str:
    return one.finding if isinstance(one, f.Finding) else one.recognition


def recognitions_counted(rule: Rule) -> str:
    """The recognition that the rule counts itself, beside those of its conditions."""
    match rule:
        case Bonus():
            return rule.recognition or ""
        case Discretionary():
            return rule.asked or ""
        case _:
            return ""


def _finding(rule: Rule) -> str:
    finding = rule.asked if isinstance(rule, Discretionary) else getattr(rule, "finding", None)
    return finding or ""


def _counted(rule: Rule, record: Record) -> Iterator[Dated]:
    yield from record.findings.get(_finding(rule), ())
    yield from record.recognitions.get(recognitions_counted(rule), ())
