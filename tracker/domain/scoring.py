"""The one function that scores: facts in, explained ledger out.

Order of the pipeline: each rule's raw charges, rounded once -> modifiers before the cap ->
exemptions -> the rule's cap -> absorption -> the clause's points -> modifiers after the cap ->
no double charge -> group caps -> pools -> the item -> the section's or part's cap -> veto.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction

from schedules.deadlines import closes_at
from schedules.workdays import WorkCalendar
from tracker.domain import facts as f
from tracker.domain import readings as readings_
from tracker.domain.ledger import Entry, Ledger
from tracker.domain.obligations import Joined, Standing, join, lay_out, stand
from tracker.domain.points import ZERO, Units, rounded, units
from tracker.domain.programme import Clause, Item, Programme, Section, leading, owing
from tracker.domain.record import Record, newest, record
from tracker.domain.rules import Cap, Exemption, Lateness, Multiplier, NoDouble, Rule, Status, Veto
from tracker.domain.rules.base import Charge, Step, step
from tracker.domain.rules.gains import Bonus


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
    choices = readings_.chosen(programme, filed) | dict(context.readings)
    read = readings_.applied(programme, choices)
    obligations = lay_out(read, context.calendar, filed, only_items=only_items)
    standings = tuple(stand(one, read, filed, context.calendar) for one in obligations)
    entries = _Engine(read, filed, standings, only_items).run()
    return Ledger(
        programme=programme,
        as_of=as_of,
        known_at=known_at,
        calendar_version=context.calendar.version,
        readings=tuple(sorted(choices.items())),
        entries=tuple(entries),
        standings=standings,
    )


@dataclass(frozen=True)
class _View:
    """A rule's `Scene`: one clause of one item against the record."""

    rule: str
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
        return Fraction(self.item.points or 0)

    def owed(self, duty: str) -> Sequence[Joined]:
        return self.engine.joined(self.item, self.clause, duty)

    def findings(self, key: str) -> Sequence[f.Finding]:
        return self.engine.record.findings.get(key, ())

    def measurements(self, key: str) -> Sequence[f.Measurement]:
        return newest(self.engine.record.measurements.get(key, ()))

    def target(self, key: str) -> Fraction | None:
        entered = self.engine.record.targets.get(key)
        if entered:
            return Fraction(entered[-1].value)
        known = self.engine.programme.target_values.get(key)
        return None if known is None or known.value is None else Fraction(known.value)

    def ranking(self, key: str) -> f.Rank | None:
        ranks = self.engine.record.ranks.get(key)
        return ranks[-1] if ranks else None

    def decisions(self) -> Sequence[f.Decision]:
        return self.engine.record.decisions.get(self.rule, ())

    def recognitions(self, key: str) -> Sequence[f.Recognition]:
        return self.engine.record.recognitions.get(key, ())

    def activities(self, key: str) -> Sequence[f.Activity]:
        return self.engine.record.activities.get(key, ())

    def lost_by(self, rule: str) -> Fraction:
        lost = sum(-e.points for e in self.engine.entries if _named(e, (rule,)) and e.points < 0)
        return Fraction(lost, 10_000)


def worth_of(item: Item, clause: Clause) -> Fraction:
    """Points of the clause; of its pool, or the item, where it has none of its own."""
    if clause.points is not None:
        return Fraction(clause.points)
    pool = next((group for group in item.groups if group.id == clause.group), None)
    if pool is not None and pool.points is not None:
        return Fraction(pool.points)
    return Fraction(item.points or 0)


class _Engine:
    """One scoring run. `entries` is the working list; every stage replaces entries in place."""

    def __init__(
        self,
        programme: Programme,
        filed: Record,
        standings: Sequence[Standing],
        only_items: frozenset[str] | None,
    ) -> None:
        self.programme = programme
        self.record = filed
        self.entries: list[Entry] = []
        self.final = filed.as_of >= closes_at(programme.closes_on, programme.tz)
        self.only_items = only_items
        self._standings: dict[tuple[str, str], list[Standing]] = {}
        self._joined: dict[tuple[str, str], list[Joined]] = {}
        for one in standings:
            key = (one.obligation.clause, one.obligation.duty)
            self._standings.setdefault(key, []).append(one)

    def run(self) -> list[Entry]:
        places = [
            (section, item, clause)
            for section, item, clause in self.programme.clauses.values()
            if self.only_items is None or item.id in self.only_items
        ]
        for section, item, clause in places:
            self._charge(section, item, clause)
        relations = [
            (self._view(item, clause, number), rule)
            for _, item, clause in places
            for number, rule in enumerate(clause.rules, start=1)
        ]
        self._modify(relations, "before_cap")
        self._exempt(relations)
        for _, item, clause in places:
            self._cap_rules(item, clause)
        self._absorb(relations)
        for _, _, clause in places:
            self._cap_clause(clause)
        self._modify(relations, "after_cap")
        self._no_double(relations)
        self._cap_named(relations)
        self._unallocated()
        self._cap_items()
        self._cap_sections()
        self._veto(relations)
        return self.entries

    def joined(self, item: Item, clause: Clause, duty: str) -> list[Joined]:
        key = (clause.id, duty)
        if key not in self._joined:
            standings = self._standings.get(key, [])
            self._joined[key] = join(standings, clause, leading(item, clause))
        return self._joined[key]

    def _view(self, item: Item, clause: Clause, number: int) -> _View:
        return _View(f"{clause.id}#{number}", clause, item, self)

    # -- raw charges -------------------------------------------------------------------------

    def _charge(self, section: Section, item: Item, clause: Clause) -> None:
        if clause.base is not None and clause.points is not None:
            below = Fraction(clause.base) - Fraction(clause.points)
            told = step("base", base=Fraction(clause.base), points=Fraction(clause.points))
            self._add(section, item, clause, f"{clause.id}#0", 0,
                      Charge(below, (told,), Status.PROVISIONAL), apart=False)  # fmt: skip
        for number, rule in enumerate(clause.rules, start=1):
            view = self._view(item, clause, number)
            for index, charge in enumerate(rule.charges(view)):
                apart = isinstance(rule, Bonus) and rule.apart
                self._add(section, item, clause, view.rule, index, charge, apart=apart)

    def _add(
        self, section: Section, item: Item, clause: Clause, rule: str, index: int,
        charge: Charge, *, apart: bool,
    ) -> None:  # fmt: skip
        raw = rounded(charge.amount)
        steps = charge.steps
        if Fraction(raw, 10_000) != charge.amount:
            steps = (*steps, step("rounded", exact=charge.amount, points=Fraction(raw, 10_000)))
        mark = charge.obligation or "+".join(charge.facts) or str(index)
        self.entries.append(
            Entry(
                id=f"{rule}/{mark}",
                section=section.id,
                item=item.id,
                clause=clause.id,
                rule=rule,
                part="bonus" if apart else section.part,
                points=raw,
                raw=raw,
                status=charge.status,
                steps=steps,
                worst=rounded(charge.worst),
                units=charge.units or owing(item, clause),
                obligation=charge.obligation,
                occurrence=charge.occurrence,
                subject=charge.subject,
                problem=charge.problem,
                facts=charge.facts,
                occurred_at=charge.occurred_at,
                apart=apart,
                readings=tuple(r.id for r in self.programme.readings if r.clause == clause.id),
            )
        )

    # -- stages ------------------------------------------------------------------------------

    def _modify(self, relations: Sequence[tuple[_View, Rule]], order: str) -> None:
        for view, rule in relations:
            if not isinstance(rule, Multiplier) or rule.order != order or not rule.when.holds(view):
                continue
            problems = None
            if rule.same_problem:
                recognised = view.recognitions(rule.when.recognition or "")
                problems = {one.problem for one in recognised}
            scale = _scaling(Fraction(rule.factor), view.rule, problems)
            self._change(self._targets(rule.rules, view), scale)

    def _exempt(self, relations: Sequence[tuple[_View, Rule]]) -> None:
        for view, rule in relations:
            if isinstance(rule, Exemption) and rule.when.holds(view):
                void = _voiding(step("exempt", rule=view.rule))
                self._change(self._targets(rule.rules, view), void)

    def _targets(self, named: Sequence[str], view: _View) -> Callable[[Entry], bool]:
        if not named:
            return lambda entry: entry.clause == view.clause.id and entry.rule != view.rule
        return _of_rules(named)

    def _change(self, wanted: Callable[[Entry], bool], change: Callable[[Entry], Entry]) -> None:
        self.entries = [
            change(e) if wanted(e) and (e.points or e.worst) else e for e in self.entries
        ]

    def _cap_rules(self, item: Item, clause: Clause) -> None:
        for number, rule in enumerate(clause.rules, start=1):
            if rule.cap is None or isinstance(rule, Cap):
                continue
            view = self._view(item, clause, number)
            limit = rounded(rule.worth(rule.cap, view))
            self._limit(_of_rules((view.rule,)), limit, "rule_cap")
            self._limit(_of_rules((view.rule,)), limit, "rule_cap", gains=True)

    def _absorb(self, relations: Sequence[tuple[_View, Rule]]) -> None:
        """The larger of a flat charge and the stages that it names, not the sum."""
        for view, rule in relations:
            if not isinstance(rule, Lateness) or not rule.absorbs:
                continue
            own = -sum(e.points for e in self.entries if e.rule == view.rule)
            parts = -sum(e.points for e in self.entries if _named(e, rule.absorbs))
            if not own or not parts:
                continue
            loser = rule.absorbs if own >= parts else (view.rule,)
            told = step("absorbed", rule=view.rule, whole=Fraction(own, 10_000),
                        parts=Fraction(parts, 10_000))  # fmt: skip
            self._change(_of_rules(loser), _voiding(told))

    def _cap_clause(self, clause: Clause) -> None:
        if clause.points is None or clause.below_zero:
            return
        worth = units(clause.points)
        self._net(_of_clauses({clause.id}), worth, ZERO, "clause_cap")

    def _no_double(self, relations: Sequence[tuple[_View, Rule]]) -> None:
        for view, rule in relations:
            if not isinstance(rule, NoDouble):
                continue
            charged = [e for e in self.entries if e.problem and e.points < 0
                       and self._same_scope(e, rule, view)]  # fmt: skip
            for problem in sorted({e.problem for e in charged}):
                same = [e for e in charged if e.problem == problem]
                kept = _survivor(same, rule.survives)
                told = step("same_problem", problem=problem, rule=kept.rule)
                gone = {e.id for e in same} - {kept.id}
                self._change(_among(gone), _voiding(told))

    def _same_scope(self, entry: Entry, rule: NoDouble, view: _View) -> bool:
        if rule.rules == ("*",):
            return True
        return _named(entry, rule.rules) if rule.rules else entry.item == view.item.id

    def _cap_named(self, relations: Sequence[tuple[_View, Rule]]) -> None:
        for view, rule in relations:
            if not isinstance(rule, Cap):
                continue
            limit = rounded(rule.worth(rule.limit, view))
            wanted = self._targets(rule.rules, view) if rule.rules else _in_item(view.item.id)
            if rule.net:
                self._net(wanted, limit, ZERO, "group_cap")
            else:
                self._limit(wanted, limit, "group_cap", gains=rule.gain)

    def _unallocated(self) -> None:
        for section, item in self.programme.items():
            skipped = self.only_items is not None and item.id not in self.only_items
            given = sum((units(c.points) for c in item.clauses if c.points is not None), 0)
            if skipped or item.unallocated == "kept" or item.points is None or not given:
                continue
            missing = units(item.points) - given
            if item.unallocated == "lost" and missing > 0:
                clause = item.clauses[0]
                charge = Charge(Fraction(-missing, 10_000), (step("unallocated"),))
                self._add(section, item, clause, f"{item.id}#0", 0, charge, apart=False)
            elif item.unallocated == "scaled":
                scale = _scaling(Fraction(units(item.points), given), f"{item.id}#0", None)
                self._change(_in_item(item.id), scale)

    def _cap_items(self) -> None:
        for _, item in self.programme.items():
            for pool in item.groups:
                members = _pool_members(item, pool.id)
                limit = pool.cap if pool.cap is not None else pool.points
                if limit is not None:
                    self._limit(_of_clauses(members), units(limit), "pool_cap")
                if pool.bonus_cap is not None:
                    cap = units(pool.bonus_cap)
                    self._limit(_of_clauses(members), cap, "pool_cap", gains=True)
            if item.bonus_cap is not None:
                self._limit(_in_item(item.id), units(item.bonus_cap), "item_cap", gains=True)
            if item.points is not None and not item.below_zero:
                room = units(item.bonus_cap) if item.bonus_cap is not None else ZERO
                self._net(_inside_item(item.id), units(item.points), room, "item_cap")

    def _cap_sections(self) -> None:
        for section in self.programme.sections:
            if section.cap is not None:
                gains = section.part == "bonus"
                self._limit(_in_section(section.id), units(section.cap), "section_cap", gains=gains)

    def _veto(self, relations: Sequence[tuple[_View, Rule]]) -> None:
        for view, rule in relations:
            if not isinstance(rule, Veto) or not rule.when.holds(view):
                continue
            wanted = _in_item(view.item.id) if rule.scope == "item" else _everything
            worth = view.item.points if rule.scope == "item" else self.programme.points
            left = units(worth or 0) + sum(e.points for e in self.entries if wanted(e))
            if left > 0:
                section, item, clause = self.programme.clauses[view.clause.id]
                charge = Charge(Fraction(-left, 10_000), (step("veto", scope=rule.scope),))
                self._add(section, item, clause, view.rule, 0, charge, apart=False)

    # -- limits ------------------------------------------------------------------------------

    def _limit(
        self, wanted: Callable[[Entry], bool], limit: Units, code: str, *, gains: bool = False
    ) -> None:
        """Losses (or gains) in order of time until `limit` is used up; the rest is trimmed."""
        sign = 1 if gains else -1
        used = 0
        trimmed: dict[str, Entry] = {}
        for entry in sorted((e for e in self.entries if wanted(e)), key=_in_time):
            amount = sign * entry.points
            if amount > 0:
                allowed = min(amount, max(0, limit - used))
                if allowed < amount:
                    trimmed[entry.id] = _trimmed(entry, Units(sign * allowed), code, limit, used)
                used += allowed
            elif entry.open and sign * entry.worst > limit:
                trimmed[entry.id] = replace(entry, worst=Units(sign * limit))
        if trimmed:
            self.entries = [trimmed.get(e.id, e) for e in self.entries]

    def _net(self, wanted: Callable[[Entry], bool], down: Units, up: Units, code: str) -> None:
        """Gains offset losses first; then the sum stays within [-down, up]."""
        mine = [e for e in self.entries if wanted(e)]
        lost = -sum(e.points for e in mine if e.points < 0)
        won: int = sum(e.points for e in mine if e.points > 0)
        if won > lost + up:
            self._limit(wanted, Units(lost + up), code, gains=True)
            won = lost + up
        if lost - won > down:
            self._limit(wanted, Units(down + won), code)
        else:
            self._bound_open(wanted, down)

    def _bound_open(self, wanted: Callable[[Entry], bool], down: Units) -> None:
        self.entries = [
            replace(e, worst=Units(max(e.worst, -down))) if e.open and wanted(e) else e
            for e in self.entries
        ]


def _named(entry: Entry, names: Sequence[str]) -> bool:
    """By rule id, by clause id, or by the id of what lies above it (`3.16` names `3.16.7.4`)."""
    return any(
        entry.rule == name
        or entry.clause == name
        or entry.clause.startswith((f"{name}.", f"{name}-"))
        for name in names
    )


def _in_item(item: str) -> Callable[[Entry], bool]:
    return lambda entry: entry.item == item


def _inside_item(item: str) -> Callable[[Entry], bool]:
    return lambda entry: entry.item == item and not entry.apart


def _in_section(section: str) -> Callable[[Entry], bool]:
    return lambda entry: entry.section == section


def _of_clauses(clauses: set[str]) -> Callable[[Entry], bool]:
    return lambda entry: entry.clause in clauses and not entry.apart


def _of_rules(names: Sequence[str]) -> Callable[[Entry], bool]:
    return lambda entry: _named(entry, names)


def _among(ids: set[str]) -> Callable[[Entry], bool]:
    return lambda entry: entry.id in ids


def _everything(_: Entry) -> bool:
    return True


def _pool_members(item: Item, pool: str) -> set[str]:
    """Clauses in the pool or in pools inside it."""
    inside = {pool}
    grown = True
    while grown:
        more = {group.id for group in item.groups if group.group in inside} - inside
        inside |= more
        grown = bool(more)
    return {clause.id for clause in item.clauses if clause.group in inside}


def _in_time(entry: Entry) -> tuple[bool, datetime | None, str]:
    # What has no date of its own comes last, so that dated charges use up a cap in order.
    return (entry.occurred_at is None, entry.occurred_at, entry.id)


def _voiding(told: Step) -> Callable[[Entry], Entry]:
    """Takes the whole amount away and says why."""

    def void(entry: Entry) -> Entry:
        return replace(entry, points=ZERO, worst=ZERO, steps=(*entry.steps, told))

    return void


def _scaling(factor: Fraction, rule: str, problems: set[str] | None) -> Callable[[Entry], Entry]:
    """Multiplies amounts; with `problems` only those charged for one of them."""

    def scale(entry: Entry) -> Entry:
        if problems is not None and entry.problem not in problems:
            return entry
        points = rounded(Fraction(entry.points, 10_000) * factor)
        worst = rounded(Fraction(entry.worst, 10_000) * factor)
        told = step("times_factor", rule=rule, factor=factor, amount=Fraction(points, 10_000))
        return replace(entry, points=points, worst=worst, steps=(*entry.steps, told))

    return scale


def _trimmed(entry: Entry, points: Units, code: str, limit: int, used: int) -> Entry:
    told = step(code, limit=Fraction(limit, 10_000), used=Fraction(used, 10_000),
                amount=Fraction(abs(points), 10_000))  # fmt: skip
    return replace(entry, points=points, steps=(*entry.steps, told))


def _survivor(same: Sequence[Entry], survives: str) -> Entry:
    if survives == "first":
        return min(same, key=_in_time)
    return min(same, key=lambda e: (e.points, *_in_time(e)))
