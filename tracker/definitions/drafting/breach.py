"""The worst case of one breach: facts under which each rule of some clauses is broken once.

One finding, one value a step and a half beyond its limit, one case a block and a half late, one
duty done or made up the day after; everything else as it should be. Only for prices: nothing of it
is ever recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from schedules.workdays import WorkCalendar
from tracker.domain import facts as f
from tracker.domain.layout import lay_out
from tracker.domain.obligations import Obligation
from tracker.domain.programme import CaseDuty, Clause, Milestone, Programme, owing
from tracker.domain.record import record
from tracker.domain.rules import (
    AllOrNothing,
    Bonus,
    Discretionary,
    External,
    Lateness,
    Linear,
    PerIncident,
    PerMissing,
    PerStep,
    RankRule,
    Ratio,
    Rule,
    Threshold,
    Tiered,
    When,
)

PROBLEM = "breach"
WANTED = Fraction(9)  # of a target that nobody has entered: 80 % of it is no whole number
EARLY = timedelta(hours=1)
_UNIT = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "workday": timedelta(days=1),
    "week": timedelta(weeks=1),
    "month": timedelta(days=31),
}


def breach(
    programme: Programme, clauses: Sequence[str], calendar: WorkCalendar
) -> tuple[f.AnyFact, ...]:
    """Facts of the programme's own year. `programme` has its readings applied."""
    made = _Breach(programme, clauses, calendar)
    found = [*made.counted(), *made.cases()]
    found += made.reports(found)
    return tuple(
        one.model_copy(update={"id": f.FactId(f"breach-{n}")}) for n, one in enumerate(found)
    )


def joined(first: Sequence[f.AnyFact], second: Sequence[f.AnyFact]) -> tuple[f.AnyFact, ...]:
    """The first breach, with what only the second one knows of."""
    known = {_name(one) for one in first}
    more = [one for one in second if _name(one) not in known]
    return tuple(
        one.model_copy(update={"id": f.FactId(f"breach-{n}")})
        for n, one in enumerate((*first, *more))
    )


def ends_at(programme: Programme) -> datetime:
    """An instant at which the year is over and every late report of a breach has come."""
    return datetime(programme.closes_on.year + 1, 12, 31, tzinfo=UTC)


@dataclass(frozen=True)
class _Breach:
    programme: Programme
    clauses: Sequence[str]
    calendar: WorkCalendar

    @property
    def at(self) -> datetime:
        return datetime(self.programme.year, 3, 1, 1, tzinfo=UTC)

    def _bodies(self) -> Iterator[Clause]:
        for name in self.clauses:
            yield self.programme.clauses[name][2]

    # -- what is counted and measured ---------------------------------------------------------

    def counted(self) -> list[f.AnyFact]:
        found: dict[str, f.AnyFact] = {}
        for clause in self._bodies():
            for duty in clause.duties:
                if isinstance(duty, Milestone) and duty.need is not None:
                    self._target(duty.need.of, found)
            for rule in clause.rules:
                for fact in self._of(rule):
                    found.setdefault(_name(fact), fact)
        return list(found.values())

    def _target(self, key: str, found: dict[str, f.AnyFact]) -> Fraction:
        known = self.programme.target_values.get(key)
        if known is not None and known.value is not None:
            return Fraction(known.value)
        fact = f.Target(
            target=key, value=_decimal(WANTED), occurred_at=self.at, recorded_at=self.at
        )
        found.setdefault(_name(fact), fact)
        return WANTED

    def _of(self, rule: Rule) -> Iterator[f.AnyFact]:
        match rule:
            case PerIncident() | PerMissing() | AllOrNothing() if rule.finding:
                worst = next(reversed(getattr(rule, "classes", None) or {"": ""}))
                yield self._finding(rule.finding, getattr(rule, "per", None) or 1, worst)
            case AllOrNothing() if rule.must is not None:
                yield from self._against(rule.must, held=False)
            case Threshold():
                yield from self._against(rule.when, held=True)
            case PerStep():
                yield from self._step(rule)
            case Tiered():
                yield from self._tiers(rule)
            case Ratio() if rule.measure is not None:
                yield self._measured(rule.measure, Fraction(rule.full_at or rule.out_of) / 2)
            case Linear():
                lows = [Fraction(corner.at) for corner in rule.corners]
                yield self._measured(rule.measure, sum(lows, Fraction(0)) / max(1, len(lows)))
            case External():
                yield self._measured(rule.measure, Fraction(1))
            case RankRule():
                place = max(rule.places, default=1) if rule.gain else min(rule.places, default=1)
                at = 101 - place if rule.from_end == "bottom" else place
                yield f.Rank(
                    rank=rule.rank,
                    place=at,
                    of=100,
                    value=Decimal(0),
                    best=Decimal(100),
                    worst=Decimal(0),
                    occurred_at=self.at,
                    recorded_at=self.at,
                )
            case Bonus() if rule.recognition is not None:
                worst = next(reversed(rule.classes or {"": ""}))
                yield f.Recognition(recognition=rule.recognition, count=rule.per * rule.from_nth,
                                    class_=worst, problem=PROBLEM, occurred_at=self.at,
                                    recorded_at=self.at)  # fmt: skip
            case Discretionary() if rule.asked is not None:
                yield self._finding(rule.asked, 1, "")
            case _:
                return

    def _finding(self, key: str, count: object, class_: str) -> f.Finding:
        whole = -(-Fraction(str(count)) // 1)
        return f.Finding(finding=key, count=max(1, int(whole)), class_=class_, problem=PROBLEM,
                         occurred_at=self.at, recorded_at=self.at)  # fmt: skip

    def _measured(self, key: str, value: Fraction, *, grade: str = "") -> f.Measurement:
        return f.Measurement(measure=key, value=_decimal(value), grade=grade, baseline=Decimal(100),
                             occurred_at=self.at, recorded_at=self.at)  # fmt: skip

    def _against(self, when: When, *, held: bool) -> Iterator[f.AnyFact]:
        """A fact under which the condition holds, or just fails to."""
        if when.finding is not None:
            if held:
                yield self._finding(when.finding, when.count, "")
        elif when.measure is not None:
            if when.grade is not None:
                yield self._measured(when.measure, Fraction(0), grade=when.grade if held else "?")
                return
            side = next(s for s in ("at_least", "at_most", "above", "below") if getattr(when, s))
            limit = self._limit(getattr(when, side), when.measure)
            upper = (side in ("at_least", "above")) is held
            yield self._measured(when.measure, limit + 1 if upper else limit - 1)

    def _limit(self, text: str, measure: str) -> Fraction:
        if text == "baseline":
            return Fraction(100)
        if text.startswith("target"):
            return self._target(text.partition(":")[2] or measure, {})
        return Fraction(text)

    def _step(self, rule: PerStep) -> Iterator[f.AnyFact]:
        base = self._limit(rule.against, rule.measure)
        if rule.against.startswith("target"):
            found: dict[str, f.AnyFact] = {}
            self._target(rule.against.partition(":")[2] or rule.measure, found)
            yield from found.values()
        gap = Fraction(rule.free) + Fraction(rule.per) * Fraction(3, 2)
        if rule.relative:
            gap = gap * base / 100
        yield self._measured(rule.measure, base - gap if rule.direction == "below" else base + gap)

    def _tiers(self, rule: Tiered) -> Iterator[f.AnyFact]:
        tier = rule.tiers[-1]
        limit = next((x for x in (tier.at_least, tier.at_most) if x is not None), None)
        if limit is None:
            near = tier.above if tier.above is not None else tier.below
            limit = None if near is None else near + (1 if tier.above is not None else -1)
        yield self._measured(rule.measure, Fraction(limit or 0), grade=tier.grade or "")

    # -- what is owed -------------------------------------------------------------------------

    def cases(self) -> list[f.AnyFact]:
        made: list[f.AnyFact] = []
        for clause in self._bodies():
            item = self.programme.clauses[clause.id][1]
            for duty in clause.duties:
                if isinstance(duty, CaseDuty):
                    made.append(
                        f.CaseEvent(case=f"{clause.id}-{duty.id}", kind=duty.case, event="opened",
                                    unit=owing(item, clause)[0], occurred_at=self.at,
                                    recorded_at=self.at)
                    )  # fmt: skip
        return made

    def reports(self, so_far: Iterable[f.AnyFact]) -> list[f.AnyFact]:
        end = ends_at(self.programme)
        filed = record(so_far, as_of=end, known_at=end)
        items = {self.programme.clauses[name][1].id for name in self.clauses}
        near = self.programme.clauses_in(items)
        owed = lay_out(self.programme, self.calendar, filed, clauses=near)
        first: dict[tuple[str, str], Obligation] = {}
        made: list[f.AnyFact] = []
        for one in owed:
            breached = first.setdefault((one.clause, one.duty), one)
            if one.due_at is None:
                continue
            if one is breached and one.clause in self.clauses:
                made += self._late(one, one.due_at)
            else:
                made.append(self._report(one, one.due_at - EARLY, one.needed))
        return made

    def _late(self, one: Obligation, due_at: datetime) -> Iterator[f.AnyFact]:
        """One short of a number at the deadline; all of it afterwards."""
        clause = self.programme.clauses[one.clause][2]
        late = (r for r in clause.rules if isinstance(r, Lateness) and r.duty == one.duty)
        delay = next((_delay(rule) for rule in late), timedelta(days=1))
        if one.needed is not None:
            short = Fraction(int(one.needed)) if one.needed.denominator > 1 else one.needed - 1
            yield self._report(one, due_at - EARLY, max(Fraction(0), short))
        yield self._report(one, due_at + delay, one.needed)

    def _report(self, one: Obligation, at: datetime, count: Fraction | None) -> f.Report:
        return f.Report(
            clause=one.clause,
            duty=one.duty,
            unit=one.unit,
            occurrence=one.occurrence,
            done=True if count is None else None,
            count=None if count is None else _decimal(count),
            occurred_at=at,
            recorded_at=at,
        )


def _delay(rule: Lateness) -> timedelta:
    if rule.pieces:
        days = rule.pieces[0].until or 1
        return timedelta(days=max(1, days // 2))
    if rule.every is None:
        return timedelta(days=1)
    return _UNIT[rule.every.unit] * rule.every.n * 1.5


def _decimal(value: Fraction) -> Decimal:
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal("0.0001"))


def _name(fact: f.AnyFact) -> str:
    """What makes another fact the same event."""
    if isinstance(fact, f.Report):
        return f"report:{fact.clause}/{fact.duty}/{fact.unit}/{fact.occurrence}"
    if isinstance(fact, f.CaseEvent):
        return f"case:{fact.case}"
    for field in ("finding", "measure", "rank", "recognition", "target"):
        name = getattr(fact, field, "")
        if name:
            return f"{fact.fact}:{name}"
    return fact.fact
