"""The one function that scores: facts in, explained ledger out.

Order of the pipeline: what is of another year left out -> each rule's raw charges, rounded once ->
modifiers before the cap -> exemptions -> no double charge inside a clause -> the rule's cap ->
absorption -> the clause's points -> modifiers after the cap -> no double charge between clauses,
each of which is limited anew without what it lost -> group caps -> pools -> the item -> the
section's or part's cap -> veto.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from functools import cached_property

from schedules.deadlines import closes_at
from schedules.workdays import WorkCalendar
from tracker.domain import facts as f
from tracker.domain import readings as readings_
from tracker.domain.book import Book, Scope, everything, passing, scaling, voiding
from tracker.domain.layout import blocks
from tracker.domain.ledger import Entry, Ledger, Place
from tracker.domain.obligations import Joined
from tracker.domain.once import Once, clauses_among, is_among, rules_once
from tracker.domain.points import SCALE, ZERO, Units, fraction, rounded, units
from tracker.domain.programme import Clause, Held, Item, Programme, Section, owing
from tracker.domain.questions import bearing
from tracker.domain.record import Record, newest, record
from tracker.domain.rules import (
    Cap,
    Exemption,
    Lateness,
    Multiplier,
    NoDouble,
    Relation,
    Rule,
    Status,
    Veto,
)
from tracker.domain.rules.base import Charge, Step, When, step
from tracker.domain.rules.gains import Bonus
from tracker.domain.scopes import lies_in, lying_in, named
from tracker.domain.standing import Standings
from tracker.domain.years import Years, recognitions_counted


@dataclass(frozen=True)
class Context:
    """What a score depends on beside programme and facts.

    `readings` overrides the decided readings, for pricing alternatives.
    """

    calendar: WorkCalendar
    readings: Mapping[str, str] = field(default_factory=dict)


def score(
    programme: Programme,
    context: Context,
    facts: Iterable[f.AnyFact],
    *,
    as_of: datetime,
    known_at: datetime,
    only_items: frozenset[str] | None = None,
) -> Ledger:
    """The ledger as of an instant, as known at an instant.

    `only_items` computes the entries of these items alone (the others have none); the sums are
    then differences, not a score.
    """
    filed = record(facts, as_of=as_of, known_at=known_at)
    return score_filed(programme, context, filed, only_items=only_items)


def score_filed(
    programme: Programme,
    context: Context,
    filed: Record,
    *,
    only_items: frozenset[str] | None = None,
    standings: Standings | None = None,
) -> Ledger:
    """The same from facts that are filed already, for whoever scores one record many times.

    `standings` are those of `only_items`, where they are known and no other reading moves them.
    """
    choices, read = readings_.as_read(programme, filed, context.readings)
    if standings is None:
        laid_out = blocks(read, context.calendar, filed, clauses=read.clauses_in(only_items))
        standings = Standings(laid_out, read, filed, context.calendar)
    with _making_many():
        entries = _Engine(read, filed, standings, only_items, bearing(programme)).run()
    return Ledger(
        programme=programme,
        as_of=filed.as_of,
        known_at=filed.known_at,
        calendar_version=context.calendar.version,
        readings=tuple(sorted(choices.items())),
        entries=tuple(entries),
        standings=standings,
    )


MANY = 50_000
"""Objects, new since the collector's last look, before it looks again."""


@contextmanager
def _making_many() -> Iterator[None]:
    """Entries are many objects that all stay: the collector, which otherwise looks through
    everything whenever a few hundred are new, took half of the time of a score."""
    young, *older = gc.get_threshold()
    if not 0 < young < MANY:  # it rests already, for whoever makes many scores or at our own hands
        yield
        return
    gc.set_threshold(MANY, *older)
    try:
        yield
    finally:
        gc.set_threshold(young, *older)


@dataclass(frozen=True)
class _View:
    """A rule's `Scene`: one clause of one item against the record."""

    rule: str
    number: int
    clause: Clause
    item: Item
    engine: _Engine

    @property
    def as_of(self) -> datetime:
        return self.engine.record.as_of

    @property
    def final(self) -> bool:
        return self.engine.final

    @property
    def worth(self) -> Fraction:
        return worth_of(self.item, self.clause)

    @property
    def item_worth(self) -> Fraction:
        return fraction(self.item.points or 0)

    def owed(self, duty: str) -> Sequence[Joined]:
        return self.engine.owed(*self._owing(duty))

    def troubled(self, duty: str) -> Sequence[Joined]:
        return self.engine.troubled(*self._owing(duty))

    def _owing(self, duty: str) -> tuple[str, str]:
        clause, _, name = duty.rpartition("/")
        return clause or self.clause.id, name

    def findings(self, key: str) -> Sequence[f.Finding]:
        found = self.engine.record.findings.get(key, ())
        return self.engine.years.counting(found, self.clause)

    def measurements(self, key: str) -> Sequence[f.Measurement]:
        return newest(self.engine.record.measurements.get(key, ()), self.engine.programme.year)

    def target(self, key: str) -> Fraction | None:
        entered = self.engine.record.targets.get(key)
        if entered:
            return Fraction(entered[-1].value)
        known = self.engine.programme.target_values.get(key)
        return None if known is None or known.value is None else Fraction(known.value)

    def called(self, key: str) -> str:
        return self.engine.programme.called(key)

    def ranking(self, key: str) -> f.Rank | None:
        ranks = self.engine.record.ranks.get(key)
        return ranks[-1] if ranks else None

    def decisions(self) -> Sequence[f.Decision]:
        return self.engine.record.decisions.get(self.rule, ())

    def recognitions(self, key: str) -> Sequence[f.Recognition]:
        found = self.engine.record.recognitions.get(key, ())
        if key != recognitions_counted(self.clause.rules[self.number - 1]):
            return found  # what a condition asks for may have been recognised at any time
        return self.engine.years.counting(found, self.clause)

    @property
    def once(self) -> bool:
        return self.rule in rules_once(self.engine.held)

    def lost_by(self, rule: str) -> Fraction:
        return self.engine.lost_by(rule)

    def problems_charged(self, rules: tuple[str, ...]) -> frozenset[str]:
        return self.engine.problems_charged(rules)


def worth_of(item: Item, clause: Clause) -> Fraction:
    """Points of the clause; of its pool, or the item, where it has none of its own."""
    if clause.points is not None:
        return fraction(clause.points)
    pool = next((group for group in item.groups if group.id == clause.group), None)
    if pool is not None and pool.points is not None:
        return fraction(pool.points)
    return fraction(item.points or 0)


class _Engine:
    """One scoring run. Entries are held by clause; every stage replaces them in place."""

    def __init__(
        self,
        programme: Programme,
        filed: Record,
        standings: Standings,
        only_items: frozenset[str] | None,
        asked: Mapping[str, tuple[str, ...]],
    ) -> None:
        """`asked`: the readings that bear on each clause."""
        self._asked = asked
        self.programme, self.held = programme, Held(programme)
        self.record = filed
        self.final = filed.as_of >= closes_at(programme.closes_on, programme.tz)
        placed = programme.items_among(only_items)
        self._items = [item for _, item in placed]
        self._places = [(part, item, clause) for part, item in placed for clause in item.clauses]
        self.book = Book({clause.id: [] for _, _, clause in self._places})
        self._standings = standings
        self.years = Years(programme)

    def run(self) -> list[Entry]:
        for section, item, clause in self._places:
            self._charge(section, item, clause)
        relations = [
            (self._view(item, clause, number), rule)
            for _, item, clause in self._places
            for number, rule in enumerate(clause.rules, start=1)
            if isinstance(rule, Relation | Lateness)
        ]
        self._modify(relations, "before_cap", self.book.held)
        self._exempt(relations)
        self._count_once(relations)
        self._cap_named(relations)
        self._unallocated()
        for item in self._items:
            self._cap_item(item)
        self._cap_sections()
        self._veto(relations)
        return self.book.entries

    def lost_by(self, rule: str) -> Fraction:
        lost = sum(-e.points for e in self.book.of(self._rules((rule,))) if e.points < 0)
        return Fraction(lost, 10_000)

    def problems_charged(self, names: tuple[str, ...]) -> frozenset[str]:
        """From the raw charges of these rules, so that it depends on no order and on no item that
        this run leaves out."""
        return frozenset(
            charge.cause.problem
            for name in lying_in(self.held, names)
            for charge in self._raw(name, names)
            if charge.cause.problem and charge.amount
        )

    def _raw(self, clause_id: str, names: tuple[str, ...]) -> Iterator[Charge]:
        _, item, clause = self.programme.clauses[clause_id]
        for number, rule in enumerate(clause.rules, start=1):
            view = self._view(item, clause, number)
            if view.rule in names or lies_in(clause_id, names):
                yield from rule.charges(view)

    # -- scopes ------------------------------------------------------------------------------

    def _rules(self, names: tuple[str, ...]) -> Scope:
        """By rule id, by clause id, or by what lies above it (`3.16` names `3.16.7.4`)."""
        lying = lying_in(self.held, names)
        charged = tuple(name for name in lying if self.book.held.get(name))
        return Scope(charged, lambda entry: named(entry.rule, entry.clause, names))

    def _item(self, item: Item) -> Scope:
        return Scope(tuple(clause.id for clause in item.clauses), everything)

    def owed(self, clause: str, duty: str) -> Sequence[Joined]:
        return self._standings.owed(clause, duty)

    def troubled(self, clause: str, duty: str) -> Sequence[Joined]:
        return self._standings.troubled(clause, duty)

    def _view(self, item: Item, clause: Clause, number: int) -> _View:
        return _View(f"{clause.id}#{number}", number, clause, item, self)

    # -- raw charges -------------------------------------------------------------------------

    def _charge(self, section: Section, item: Item, clause: Clause) -> None:
        if clause.base is not None and clause.points is not None:
            below = Fraction(clause.base) - Fraction(clause.points)
            told = step("base", base=Fraction(clause.base), points=Fraction(clause.points))
            charge = Charge(below, (told,), Status.PROVISIONAL)
            self._add(self._place(section, item, clause, "#0"), [charge])
        for number, rule in enumerate(clause.rules, start=1):
            view = self._view(item, clause, number)
            charges = rule.charges(view)
            if left_out := list(self.years.left_out(rule, clause, self.record)):
                charges = [*charges, *left_out]
            if rule.cap_each is not None:
                charges = [rule.within_each(charge, view) for charge in charges]
            if charges and self._of_part:
                charges = [self._until_the_years(charge) for charge in charges]
            if charges:
                place = self._place(section, item, clause, f"#{number}")
                bonus = isinstance(rule, Bonus) and rule.apart
                self._add(place._replace(part="bonus", apart=True) if bonus else place, charges)
        if self.final:
            self._settle_base(clause)

    def _settle_base(self, clause: Clause) -> None:
        """Once the year is over and nothing of the clause waits, no gain fills it up any more."""
        held = self.book.held[clause.id]
        if clause.base is not None and held and not any(entry.open for entry in held):
            held[0] = held[0]._replace(status=Status.SETTLED)

    @cached_property
    def _of_part(self) -> frozenset[f.FactId]:
        """Values of a part of the year, before the cut-off."""
        filed = () if self.final else self.record.measurements.values()
        year = self.programme.year
        return frozenset(one.id for some in filed for one in some if not one.of_year(year))

    def _until_the_years(self, charge: Charge) -> Charge:
        """It stands only until the whole year's value is entered."""
        passing = charge.status is Status.SETTLED and not self._of_part.isdisjoint(
            charge.cause.facts
        )
        return charge._replace(status=Status.PROVISIONAL) if passing else charge

    def _place(self, section: Section, item: Item, clause: Clause, rule: str) -> Place:
        return Place(
            section.id, item.id, clause.id, f"{clause.id}{rule}", section.part, False,
            owing(item, clause), self._asked.get(clause.id, ()),
        )  # fmt: skip

    def _add(self, place: Place, charges: Sequence[Charge]) -> None:
        held = self.book.held[place.clause]
        rounding: dict[int, tuple[Units, tuple[Step, ...]]] = {}
        for number, (amount, told, status, worst, cause) in enumerate(charges):
            # The same amount taken many times over is one object, and rounded once.
            known = rounding.get(id(amount))
            if known is None:
                known = rounding[id(amount)] = _rounded(amount)
            raw, steps = known
            bound = rounded(worst) if worst else ZERO
            held.append(Entry(place, number, raw, raw, status, bound, told + steps, cause))

    # -- stages ------------------------------------------------------------------------------

    def _modify(
        self, relations: Sequence[tuple[_View, Rule]], order: str, clauses: Collection[str]
    ) -> None:
        for view, rule in relations:
            if not isinstance(rule, Multiplier) or rule.order != order:
                continue
            held = rule.when.holds(view)
            scope = self._recognised(rule, view).within(clauses)
            if held:
                self.book.replace(scope, scaling(Fraction(rule.factor), view.rule))
            elif held is None and rule.factor < 1:
                self.book.replace(scope, passing(self._waits(rule.when, view)))
            elif held is None and rule.factor > 1:
                self._may_scale(rule, view)

    def _may_scale(self, rule: Multiplier, view: _View) -> None:
        """What it would add to the losses, as long as nobody knows whether it holds."""
        held, scope = self.book.held[view.clause.id], self._recognised(rule, view)
        held[:] = [entry for entry in held if entry.rule != view.rule]
        lost = sum(min(e.points, e.worst if e.open else 0, 0) for e in self.book.of(scope))
        more = Fraction(lost, SCALE) * (Fraction(rule.factor) - 1)
        if more >= 0:
            return
        what = rule.when.lacks(view)
        told = (
            step("missing", what=view.called(what), key=what),
            step("may_scale", lost=Fraction(-lost, SCALE), factor=Fraction(rule.factor),
                 amount=-more),
        )  # fmt: skip
        section, item, clause = self.programme.clauses[view.clause.id]
        charge = Charge(Fraction(0), told, Status.UNKNOWN, worst=more)
        self._add(self._place(section, item, clause, f"#{view.number}"), [charge])

    def _exempt(self, relations: Sequence[tuple[_View, Rule]]) -> None:
        for view, rule in relations:
            if not isinstance(rule, Exemption):
                continue
            held = rule.when.holds(view)
            scope = self._recognised(rule, view)
            if held:
                ground = () if rule.same_problem else rule.when.ground(view).steps
                self.book.replace(scope, voiding(*ground, step("exempt", rule=view.rule)))
            elif held is None:
                self.book.replace(scope, passing(self._waits(rule.when, view)))

    def _waits(self, when: When, view: _View) -> Step:
        return step("may_be_spared", what=view.called(when.lacks(view)), rule=view.rule)

    def _recognised(self, rule: Multiplier | Exemption, view: _View) -> Scope:
        """What the relation names; with `same_problem` only where the problem was recognised."""
        scope = self._targets(rule.rules, view)
        if not rule.same_problem:
            return scope
        problems = {one.problem for one in view.recognitions(rule.when.recognition or "")}
        problems |= {one.problem for one in view.findings(rule.when.finding or "")}
        problems.discard("")
        return Scope(
            scope.clauses, lambda e: (e.problem or e.subject) in problems and scope.wanted(e)
        )

    def _targets(self, named: tuple[str, ...], view: _View) -> Scope:
        if named:
            return self._rules(named)
        return Scope((view.clause.id,), lambda entry: entry.rule != view.rule)

    def _count_once(self, relations: Sequence[tuple[_View, Rule]]) -> None:
        """One charge of each problem, and within the limits of the clauses.

        In a clause it is chosen before its limits, by the whole amount; between clauses by what
        their limits leave. A clause that loses a charge to another is limited anew, so that what
        had no room beside it counts, until none is lost: the lost ones only grow in number.
        """
        asked = [(r, self._same(r, view)) for view, r in relations if isinstance(r, NoDouble)]
        once = Once(self.book, asked, self.programme.tz)
        once.inside_clauses()
        unlimited = dict(self.book.held)
        self._limit(relations, unlimited)
        lost: dict[str, Step] = {}
        while more := once.between_clauses():
            lost |= {entry.id: told for entry, told in more}
            again = self._reckoned_with({entry.clause for entry, _ in more}, relations)
            for name in again:
                self.book.held[name] = [
                    voiding(lost[e.id])(e) if e.id in lost else e for e in unlimited[name]
                ]
            self._limit(relations, again)
        once.questions()

    def _same(self, rule: NoDouble, view: _View) -> Scope:
        among = clauses_among(rule, view.item, self.held)
        charged = tuple(name for name in among if self.book.held.get(name))
        return Scope(charged, lambda e: is_among(rule, e.rule, e.clause))

    def _reckoned_with(
        self, clauses: set[str], relations: Sequence[tuple[_View, Rule]]
    ) -> Collection[str]:
        """These and those whose stages are absorbed, or whose charges are scaled, by what these
        come to."""
        ties = [self._tied(view, rule) for view, rule in relations]
        found, more = set[str](), clauses
        while more:
            found |= more
            more = {name for tied in ties if tied & found for name in tied} - found
        return found & self.book.held.keys()

    def _tied(self, view: _View, rule: Rule) -> frozenset[str]:
        names: tuple[str, ...] = ()
        if isinstance(rule, Lateness):
            names = rule.absorbs
        elif isinstance(rule, Multiplier) and rule.order == "after_cap":
            charged = tuple(one.charged for one in rule.when.parts if one.charged)
            names = (*charged, *rule.rules) if charged else ()
        return frozenset((view.clause.id, *lying_in(self.held, names))) if names else frozenset()

    def _limit(self, relations: Sequence[tuple[_View, Rule]], clauses: Collection[str]) -> None:
        """Of each rule and clause by itself."""
        limited = [(item, clause) for _, item, clause in self._places if clause.id in clauses]
        for item, clause in limited:
            self._cap_rules(item, clause)
        self._absorb([one for one in relations if one[0].clause.id in clauses])
        for _, clause in limited:
            self._cap_clause(clause)
        self._modify(relations, "after_cap", clauses)

    def _cap_rules(self, item: Item, clause: Clause) -> None:
        if not self.book.held[clause.id]:
            return
        for number, rule in enumerate(clause.rules, start=1):
            if rule.cap is None or isinstance(rule, Cap):
                continue
            view = self._view(item, clause, number)
            limit = rounded(rule.worth(rule.cap, view))
            scope = Scope((clause.id,), _of_rule(view.rule))
            self.book.limit(scope, limit, "rule_cap")
            self.book.limit(scope, limit, "rule_cap", gains=True)

    def _absorb(self, relations: Sequence[tuple[_View, Rule]]) -> None:
        """The larger of a flat charge and the stages that it names, not the sum."""
        for view, rule in relations:
            if not isinstance(rule, Lateness) or not rule.absorbs:
                continue
            whole, stages = self._rules((view.rule,)), self._rules(rule.absorbs)
            own = -sum(e.points for e in self.book.of(whole))
            parts = -sum(e.points for e in self.book.of(stages))
            if not own or not parts:
                continue
            told = step("absorbed", rule=view.rule, whole=Fraction(own, 10_000),
                        parts=Fraction(parts, 10_000))  # fmt: skip
            self.book.replace(stages if own >= parts else whole, voiding(told))

    def _cap_clause(self, clause: Clause) -> None:
        if clause.points is not None and not clause.below_zero:
            scope = Scope((clause.id,), _not_apart)
            self.book.net(scope, units(clause.points), ZERO, "clause_cap")

    def _cap_named(self, relations: Sequence[tuple[_View, Rule]]) -> None:
        for view, rule in relations:
            if not isinstance(rule, Cap) or (rule.when and not rule.when.holds(view)):
                continue
            limit = rounded(rule.worth(rule.limit, view))
            scope = self._rules(rule.rules) if rule.rules else self._item(view.item)
            if rule.net and rule.gain:
                self.book.ceiling(scope, limit, "group_cap")
            elif rule.net:
                self.book.net(scope, limit, ZERO, "group_cap")
            else:
                self.book.limit(scope, limit, "group_cap", gains=rule.gain)

    def _unallocated(self) -> None:
        for item in self._items:
            given = sum((units(c.points) for c in item.clauses if c.points is not None), 0)
            if item.unallocated == "kept" or item.points is None or not given:
                continue
            missing = units(item.points) - given
            if item.unallocated == "lost" and missing > 0:
                section, _, clause = self.programme.clauses[item.clauses[0].id]
                lost = Fraction(missing, 10_000)
                told = step("unallocated", points=fraction(item.points),
                            given=Fraction(given, 10_000), amount=lost)  # fmt: skip
                charge = Charge(-lost, (told,))
                place = self._place(section, item, clause, "#0")
                self._add(place._replace(rule=f"{item.id}#0"), [charge])
            elif item.unallocated == "scaled":
                scale = scaling(Fraction(units(item.points), given), f"{item.id}#0")
                self.book.replace(self._item(item), scale)

    def _cap_item(self, item: Item) -> None:
        for pool in item.groups:
            scope = Scope(_pool_members(item, pool.id), _not_apart)
            if pool.bonus_cap is not None:
                self.book.limit(scope, units(pool.bonus_cap), "pool_cap", gains=True)
            limit = pool.cap if pool.cap is not None else pool.points
            if limit is not None:
                self.book.floor(scope, units(limit), "pool_cap")
        if item.bonus_cap is not None:
            self.book.limit(self._item(item), units(item.bonus_cap), "item_cap", gains=True)
        if item.points is not None and not item.below_zero:
            room = units(item.bonus_cap) if item.bonus_cap is not None else ZERO
            inside = Scope(self._item(item).clauses, _not_apart)
            self.book.net(inside, units(item.points), room, "item_cap")

    def _cap_sections(self) -> None:
        capped = {part.id: part for part, _, _ in self._places if part.cap is not None}
        for section in capped.values():
            if section.cap is not None:
                clauses = tuple(one.id for part, _, one in self._places if part is section)
                gains = section.part == "bonus"
                scope = Scope(clauses, everything)
                self.book.limit(scope, units(section.cap), "section_cap", gains=gains)

    def _veto(self, relations: Sequence[tuple[_View, Rule]]) -> None:
        for view, rule in relations:
            if not isinstance(rule, Veto) or not rule.when.holds(view):
                continue
            if rule.scope == "programme":
                won = Scope(tuple(self.book.held), lambda entry: entry.part == "bonus")
                self.book.replace(won, voiding(step("vetoed", rule=view.rule)))
            worth, held = self._at_stake(rule.scope, view)
            left = worth + sum(entry.points for entry in held)
            if left > 0:
                section, item, clause = self.programme.clauses[view.clause.id]
                told = step("veto", scope=rule.scope, left=Fraction(left, 10_000))
                ground = rule.when.ground(view)
                charge = Charge(Fraction(-left, SCALE), (*ground.steps, told), cause=ground.cause)
                place = self._place(section, item, clause, "")
                self._add(place._replace(rule=view.rule), [charge])

    def _at_stake(self, scope: str, view: _View) -> tuple[Units, list[Entry]]:
        match scope:
            case "clause":
                return rounded(view.worth), self.book.of(Scope((view.clause.id,), everything))
            case "item":
                return units(view.item.points or 0), self.book.of(self._item(view.item))
            case _:
                return units(self.programme.points), self.book.entries


def _rounded(amount: Fraction) -> tuple[Units, tuple[Step, ...]]:
    """With the step that tells of it, where anything was rounded."""
    raw = rounded(amount)
    if raw * amount.denominator == amount.numerator * SCALE:
        return raw, ()
    return raw, (step("rounded", exact=abs(amount), points=Fraction(abs(raw), SCALE)),)


def _of_rule(rule: str) -> Callable[[Entry], bool]:
    return lambda entry: entry.rule == rule


def _not_apart(entry: Entry) -> bool:
    return not entry.apart


def _pool_members(item: Item, pool: str) -> tuple[str, ...]:
    """Clauses in the pool or in pools inside it."""
    inside = {pool}
    grown = True
    while grown:
        more = {group.id for group in item.groups if group.group in inside} - inside
        inside |= more
        grown = bool(more)
    return tuple(clause.id for clause in item.clauses if clause.group in inside)
