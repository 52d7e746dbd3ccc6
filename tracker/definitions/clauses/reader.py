"""From the text of one clause to what it says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from schedules.workdays import WorkCalendar, china
from tracker.definitions.clauses import coverage, doubts
from tracker.definitions.clauses.assembling import Assembler
from tracker.definitions.clauses.dates import Timed, Times
from tracker.definitions.clauses.drafts import Draft
from tracker.definitions.clauses.grammar import Phrase, phrases
from tracker.definitions.clauses.leads import Assembly
from tracker.definitions.clauses.lexing import Token, tokens
from tracker.definitions.clauses.normalising import Normal, normal
from tracker.definitions.clauses.reading import (
    Ambiguity,
    Due,
    Kind,
    Quantity,
    ReadClause,
    ReadDuration,
    ReadMilestone,
    ReadRecurrence,
    ReadRule,
)
from tracker.definitions.clauses.settling import settled, worths
from tracker.definitions.clauses.times import times_of

ROW = 1_000
"""Tokens that are parsed together at most, so that memory follows the answer, not the text."""

SECONDARY = (
    Kind.CAP,
    Kind.NO_DOUBLE,
    Kind.EXEMPTION,
    Kind.MULTIPLIER,
    Kind.DUTY,
    Kind.EXTERNAL,
)


def read_clause(
    text: str,
    *,
    year: int,
    points: Decimal | None = None,
    zone: str = "Asia/Shanghai",
    calendar: WorkCalendar | None = None,
) -> ReadClause:
    """`points` is what the clause is worth, where the document says so. Days are days of `zone`,
    and of `year` where the text names none. Nothing is refused: what matters and is not understood
    is `unread`."""
    plain = normal(text)
    times = times_of(plain.text, year=year, calendar=calendar or china())
    made = Assembler(plain.text).run(_phrases(plain.text, times))
    rules = settled(made) or worths(made)
    found = _Found(plain, times, made, _in_order(rules), points)
    return found.answer(text)


def _phrases(text: str, times: Times) -> Iterator[Phrase]:
    row: list[Token] = []
    for one in tokens(text, times.spans()):
        row.append(one)
        if one.kind == "BREAK" or len(row) == ROW:
            yield from phrases(row)
            row = []
    yield from phrases(row)


def _in_order(drafts: Sequence[Draft]) -> list[Draft]:
    """The main sanction first, the others in the order of the text."""
    main = next((one for one in drafts if one.kind not in SECONDARY), None)
    if main is None:
        return list(drafts)
    return [main, *(one for one in drafts if one is not main)]


class _Found:
    """What was found, on its way back to the places of the text as given."""

    def __init__(
        self,
        plain: Normal,
        times: Times,
        made: Assembly,
        drafts: list[Draft],
        points: Decimal | None,
    ) -> None:
        self.plain = plain
        self.times = times
        self.made = made
        self.drafts = drafts
        self.points = points

    def answer(self, text: str) -> ReadClause:
        span = self.plain.span
        rules = [one.rule(span(one.start, one.end)) for one in self.drafts]
        due = [one for one in self.times.days if one.due]
        if not rules:
            rules = list(self._duty())
        return ReadClause(
            text,
            rules=tuple(rules),
            deadlines=tuple(Due(one.on, span(one.start, one.end)) for one in due),
            milestones=tuple(
                ReadMilestone(one.on, span(one.start, one.end), one.share, one.number)
                for one in self.times.stages
            ),
            recurrences=tuple(
                ReadRecurrence(
                    one.freq, span(one.start, one.end), one.interval, one.times, one.first
                )
                for one in self.times.periods
            ),
            durations=tuple(
                ReadDuration(Quantity(one.n, one.unit), span(one.start, one.end))
                for one in self.times.lengths
            ),
            unread=coverage.unread(self.plain, self.made, self.drafts, self.times),
            ambiguous=tuple(self._doubts()),
        )

    def _doubts(self) -> Iterator[Ambiguity]:
        scene = doubts.Scene(self.plain.text, self.drafts, self.times, self.points)
        return doubts.ambiguous(self.plain, scene)

    def _duty(self) -> Iterator[ReadRule]:
        """A deadline, a period or a limit of time without a sanction."""
        due = [one for one in self.times.days if one.due]
        found: list[Timed] = [*due, *self.times.periods, *self.times.lengths]
        if found and not self.made.vague:
            start, end = min(one.start for one in found), max(one.end for one in found)
            yield ReadRule(Kind.DUTY, self.plain.span(start, end))
