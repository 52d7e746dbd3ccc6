"""What a programme's shape cannot say: sums, dates, ids and references that have to hold.

Every function yields faults; a fault is at a route into the document, so that the reader of the
document finds its line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ValidationError

from schedules.recurrence import periods
from tracker.definitions import policies
from tracker.definitions.complaints import fault_of
from tracker.definitions.faults import Fault, near
from tracker.definitions.yamltext import Route
from tracker.domain.errors import DefinitionError, NotFound
from tracker.domain.programme import (
    Clause,
    Duty,
    Item,
    Milestone,
    Programme,
    Recurring,
    owing,
)
from tracker.domain.readings import changed
from tracker.domain.rules import NoDouble, Rule, When
from tracker.domain.scopes import NAMING

# Rules that take nothing away by themselves, so that a clause of these alone carries no points.
_TAKES_NOTHING = frozenset({"duty", "bonus", "multiplier", "exemption", "no_double", "cap", "veto"})
_UNIT_FIELDS = ("lead_units", "responsible_units", "reviewing_units", "owed_by")


def faults(programme: Programme) -> list[Fault]:
    """Everything wrong that the fields alone do not show, in the order of the document."""
    sound = _Soundness(programme)
    return [
        *sound.whole(),
        *sound.lists(),
        *policies.faults(programme),
        *sound.sections(),
        *sound.readings(),
    ]


def text(points: Decimal) -> str:
    """Points without needless zeros."""
    whole = points.normalize()
    return str(whole.quantize(Decimal(1)) if whole == whole.to_integral() else whole)


@dataclass(frozen=True)
class _Soundness:
    programme: Programme

    @cached_property
    def units(self) -> set[str]:
        return {unit.id for unit in self.programme.units}

    @cached_property
    def targets(self) -> set[str]:
        return {target.id for target in self.programme.targets}

    @cached_property
    def items(self) -> set[str]:
        return {item.id for _, item in self.programme.items()}

    @cached_property
    def clauses(self) -> set[str]:
        return {clause.id for _, item in self.programme.items() for clause in item.clauses}

    @cached_property
    def rules(self) -> set[str]:
        return {
            f"{clause.id}#{number}"
            for _, item in self.programme.items()
            for clause in item.clauses
            for number in range(1, len(clause.rules) + 1)
        }

    # -- the whole ---------------------------------------------------------------------------

    def whole(self) -> Iterator[Fault]:
        programme = self.programme
        try:
            ZoneInfo(programme.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            yield Fault(("zone",), "no_zone", {"zone": programme.zone})
        if programme.cutoff is not None and programme.cutoff.year not in (
            programme.year,
            programme.year + 1,
        ):
            yield self._outside(("cutoff",), "cutoff", programme.cutoff)
        base = [section for section in programme.sections if section.part == "base"]
        given = [section.points for section in base if section.points is not None]
        if len(given) == len(base):
            yield from _sum(("points",), "sections_do_not_add_up", given, programme.points, {})

    def lists(self) -> Iterator[Fault]:
        programme = self.programme
        yield from _twice(("units",), "unit", [unit.id for unit in programme.units])
        yield from _twice(("targets",), "target", [target.id for target in programme.targets])
        yield from _twice(("periods",), "period", [period.id for period in programme.periods])
        for number, period in enumerate(programme.periods):
            if period.last < period.first:
                values = {"first": period.first, "last": period.last}
                yield Fault(("periods", number, "last"), "ends_before_it_begins", values)
        yield from _twice(("sections",), "section", [one.id for one in programme.sections])
        routed_items: list[tuple[Route, str]] = []
        routed_clauses: list[tuple[Route, str]] = []
        for s, section in enumerate(programme.sections):
            for i, item in enumerate(section.items):
                route: Route = ("sections", s, "items", i)
                routed_items.append((route, item.id))
                routed_clauses += [
                    ((*route, "clauses", c), clause.id) for c, clause in enumerate(item.clauses)
                ]
        yield from _twice_routed("item", routed_items)
        yield from _twice_routed("clause", routed_clauses)

    def sections(self) -> Iterator[Fault]:
        for s, section in enumerate(self.programme.sections):
            route: Route = ("sections", s)
            if section.part != "base" and section.points is not None:
                values = {"section": section.id, "part": section.part}
                yield Fault((*route, "points"), "part_with_points", values)
            elif section.part == "base":
                points = [item.points for item in section.items if item.points is not None]
                if section.points is None:
                    yield Fault(route, "section_without_points", {"section": section.id})
                elif len(points) == len(section.items):
                    yield from _sum(
                        (*route, "points"), "items_do_not_add_up", points, section.points,
                        {"section": section.id},
                    )  # fmt: skip
            for i, item in enumerate(section.items):
                here: Route = (*route, "items", i)
                if section.part == "base" and item.points is None:
                    yield Fault(here, "item_without_points", {"item": item.id})
                yield from self._item(here, item)

    # -- one item ----------------------------------------------------------------------------

    def _item(self, route: Route, item: Item) -> Iterator[Fault]:
        yield from self._unit_names(route, item)
        if item.deadline is not None and item.deadline.year != self.programme.year:
            yield self._outside((*route, "deadline"), "deadline", item.deadline)
        yield from self._pools(route, item)
        yield from self._allocation(route, item)
        for c, clause in enumerate(item.clauses):
            yield from self._clause((*route, "clauses", c), item, clause)

    def _pools(self, route: Route, item: Item) -> Iterator[Fault]:
        names = [group.id for group in item.groups]
        yield from _twice((*route, "groups"), "group", names)
        parents = {group.id: group.group for group in item.groups}
        used = {clause.group for clause in item.clauses} | set(parents.values())
        for g, group in enumerate(item.groups):
            here: Route = (*route, "groups", g)
            yield from _follows(here, group.id, item)
            if group.group and group.group not in parents:
                yield _absent((*here, "group"), "no_such_group", group.group, names, item=item.id)
            if _in_itself(group.id, parents):
                yield Fault((*here, "group"), "group_in_itself", {"name": group.id})
            if group.id not in used:
                yield Fault(here, "group_unused", {"name": group.id})
            inside = _carried(item, group.id)
            if group.points is not None and inside > group.points:
                values = {"group": group.id, "sum": text(inside), "points": text(group.points)}
                yield Fault((*here, "points"), "clauses_above_group", values)

    def _allocation(self, route: Route, item: Item) -> Iterator[Fault]:
        """What the clauses carry against what the item is worth."""
        if item.points is None:
            return
        carried = _carried(item, "")
        values = {
            "item": item.id,
            "sum": text(carried),
            "points": text(item.points),
            "gap": text(abs(item.points - carried)),
        }
        if carried > item.points and not item.below_zero:
            yield Fault((*route, "points"), "clauses_above_item", values)
        elif 0 < carried < item.points and not _has_open_clause(item):
            path = f"{item.id}.unallocated"
            if not any(path in one.set for r in self.programme.readings for one in r.alternatives):
                yield Fault((*route, "points"), "clauses_below_item", values)

    def _unit_names(self, route: Route, owner: Item | Clause) -> Iterator[Fault]:
        for name in _UNIT_FIELDS:
            for n, unit in enumerate(getattr(owner, name, None) or ()):
                if unit not in self.units:
                    yield _absent((*route, name, n), "no_such_unit", unit, self.units, field=name)

    # -- one clause --------------------------------------------------------------------------

    def _clause(self, route: Route, item: Item, clause: Clause) -> Iterator[Fault]:
        yield from self._unit_names(route, clause)
        yield from _follows(route, clause.id, item)
        names = [group.id for group in item.groups]
        if clause.group and clause.group not in names:
            yield _absent((*route, "group"), "no_such_group", clause.group, names, item=item.id)
        if clause.owed_by == () or (clause.owed_by is None and not owing(item, clause)):
            at: Route = (*route, "owed_by") if clause.owed_by is not None else route
            yield Fault(at, "owed_by_nobody")
        duties = [duty.id for duty in clause.duties]
        yield from _twice((*route, "duties"), "duty", duties)
        for d, duty in enumerate(clause.duties):
            yield from self._duty((*route, "duties", d), duty)
        for r, rule in enumerate(clause.rules):
            yield from self._rule((*route, "rules", r), clause, rule)

    def _duty(self, route: Route, duty: Duty) -> Iterator[Fault]:
        match duty:
            case Milestone():
                yield from self._days(route, duty, ("starts", "on"))
                if duty.need is not None and duty.need.of not in self.targets:
                    at: Route = (*route, "need", "of")
                    yield _absent(at, "no_such_target", duty.need.of, self.targets)
            case Recurring():
                yield from self._days(route, duty, ("first", "last"))
                yield from self._rhythm(route, duty)
            case _:
                return

    def _days(self, route: Route, duty: Duty, names: tuple[str, str]) -> Iterator[Fault]:
        days: list[date] = []
        for name in names:
            day: date | None = getattr(duty, name)
            if day is None:
                continue
            days.append(day)
            if day.year != self.programme.year:
                yield self._outside((*route, name), name, day)
        if len(days) == 2 and days[1] < days[0]:
            values = {"first": days[0], "last": days[1]}
            yield Fault((*route, names[1]), "ends_before_it_begins", values)

    def _rhythm(self, route: Route, duty: Recurring) -> Iterator[Fault]:
        year = self.programme.year
        try:
            periods(
                duty.rhythm,
                first=duty.first or date(year, 1, 1),
                last=duty.last or date(year, 12, 31),
            )
        except ValueError as error:
            yield Fault(route, "no_rhythm", {"said": str(error)})

    def _rule(self, route: Route, clause: Clause, rule: Rule) -> Iterator[Fault]:
        duties = [duty.id for duty in clause.duties]
        for at, name in _named_duties(rule):
            if name not in duties:
                where: Route = (*route, *at)
                yield _absent(where, "no_such_duty", name, duties, clause=clause.id)
        for at, name in _named_targets(rule):
            if name not in self.targets:
                yield _absent((*route, *at), "no_such_target", name, self.targets)
        for at, name in _named_rules(rule):
            if not self._names_a_rule(name):
                known = self.rules | self.clauses
                yield _absent((*route, *at), "no_such_rule", name, known)

    def _names_a_rule(self, name: str) -> bool:
        """A rule, a clause, or what lies above clauses, as the scorer reads it."""
        if name in self.rules or name in self.clauses:
            return True
        return any(one.startswith((f"{name}.", f"{name}-")) for one in self.clauses)

    # -- readings ----------------------------------------------------------------------------

    def readings(self) -> Iterator[Fault]:
        readings = self.programme.readings
        yield from _twice(("readings",), "reading", [reading.id for reading in readings])
        known = self.clauses | self.items
        for r, reading in enumerate(readings):
            route: Route = ("readings", r)
            if reading.clause not in known:
                at: Route = (*route, "clause")
                yield _absent(at, "no_such_clause", reading.clause, known)
            names = [one.id for one in reading.alternatives]
            yield from _twice((*route, "alternatives"), "alternative", names)
            for a, one in enumerate(reading.alternatives):
                inner = self._does_not_apply(one.set) if one.set else None
                if inner is not None:
                    path = next((p for p in one.set if p in str(inner.values)), "")
                    yield Fault(
                        (*route, "alternatives", a, "set", path),
                        "reading_does_not_apply",
                        {"choice": one.id, "paths": list(one.set)},
                        inner=inner,
                    )

    def _does_not_apply(self, changes: Mapping[str, Any]) -> Fault | None:
        try:
            changed(self.programme, changes)
        except NotFound as error:
            return Fault((), "said", {"said": str(error)})
        except DefinitionError as error:
            if isinstance(error.__cause__, ValidationError):
                return fault_of(error.__cause__.errors()[0], Programme)
            return Fault((), "said", {"said": str(error)})
        except (AttributeError, KeyError, TypeError):
            return Fault((), "said", {"said": ", ".join(changes)})
        return None

    def _outside(self, route: Route, name: str, day: date) -> Fault:
        values = {"field": name, "day": day, "year": self.programme.year}
        return Fault(route, "outside_year", values)


# -- small questions -------------------------------------------------------------------------------


def _sum(
    route: Route, code: str, points: Sequence[Decimal], wanted: Decimal, values: dict[str, Any]
) -> Iterator[Fault]:
    total = sum(points, Decimal(0))
    if total != wanted:
        said = {"sum": text(total), "points": text(wanted), "gap": text(abs(total - wanted))}
        yield Fault(route, code, {**values, **said})


def _twice(route: Route, what: str, ids: Sequence[str]) -> Iterator[Fault]:
    yield from _twice_routed(what, [((*route, n), one) for n, one in enumerate(ids)])


def _twice_routed(what: str, routed: Sequence[tuple[Route, str]]) -> Iterator[Fault]:
    first: dict[str, Route] = {}
    for route, one in routed:
        if one in first:
            yield Fault(route, "id_twice", {"what": what, "id": one}, twin=first[one])
        first.setdefault(one, route)


def _absent(route: Route, code: str, name: str, known: Iterable[str], **values: Any) -> Fault:
    listed = sorted(known)
    shown = {"name": name, "near": near(name, listed), "known": listed}
    return Fault(route, code, {**shown, **values})


def _follows(route: Route, name: str, item: Item) -> Iterator[Fault]:
    if name != item.id and not name.startswith((f"{item.id}.", f"{item.id}-")):
        yield Fault((*route, "id"), "id_not_of_item", {"id": name, "item": item.id})


def _in_itself(name: str, parents: Mapping[str, str]) -> bool:
    seen: set[str] = set()
    above = parents.get(name, "")
    while above and above not in seen:
        if above == name:
            return True
        seen.add(above)
        above = parents.get(above, "")
    return False


def _carried(item: Item, pool: str) -> Decimal:
    """Points that clauses and pools directly inside `pool` ("": the item) have of their own."""
    pools = {group.id for group in item.groups}
    total = sum(
        (
            clause.points
            for clause in item.clauses
            if clause.points is not None and (clause.group if clause.group in pools else "") == pool
        ),
        Decimal(0),
    )
    for group in item.groups:
        if group.group == pool and group.id != pool:
            inside = _carried(item, group.id) if not _in_itself(group.id, _parents(item)) else 0
            total += group.points if group.points is not None else inside
    return total


def _parents(item: Item) -> dict[str, str]:
    return {group.id: group.group for group in item.groups}


def _has_open_clause(item: Item) -> bool:
    """Whether a clause without points of its own can take what the others leave."""
    pooled = {group.id for group in item.groups if group.points is not None}
    return any(
        clause.points is None
        and clause.group not in pooled
        and any(_takes(rule) for rule in clause.rules)
        for clause in item.clauses
    )


def _takes(rule: Rule) -> bool:
    return rule.kind not in _TAKES_NOTHING and not getattr(rule, "gain", False)


def _conditions(rule: Rule) -> Iterator[tuple[Route, When]]:
    for name in ("when", "must"):
        when = getattr(rule, name, None)
        if isinstance(when, When):
            yield from _joined_conditions((name,), when)


def _joined_conditions(route: Route, when: When) -> Iterator[tuple[Route, When]]:
    yield route, when
    for name in ("all_of", "any_of"):
        for n, one in enumerate(getattr(when, name)):
            yield from _joined_conditions((*route, name, n), one)


def _named_duties(rule: Rule) -> Iterator[tuple[Route, str]]:
    duty = getattr(rule, "duty", None)
    if isinstance(duty, str):
        yield ("duty",), duty
    for route, when in _conditions(rule):
        if when.missed is not None:
            yield (*route, "missed"), when.missed


def _named_targets(rule: Rule) -> Iterator[tuple[Route, str]]:
    """`target:key` anywhere, bare `target` for the measure's own key, and the ends of a line."""
    if isinstance(among := getattr(rule, "among", None), str):
        yield ("among",), among
    for name in ("allowance", "against"):
        yield from _bound((name,), getattr(rule, name, None), getattr(rule, "measure", ""))
    for route, when in _conditions(rule):
        for name in ("at_least", "at_most", "above", "below"):
            yield from _bound((*route, name), getattr(when, name), when.measure or "")
    ends = getattr(rule, "ends", None)
    if isinstance(ends, dict):
        for key in ends:
            yield ("ends", key), key


def _bound(route: Route, bound: object, measure: str) -> Iterator[tuple[Route, str]]:
    if isinstance(bound, str) and bound.startswith("target:"):
        yield route, bound.partition(":")[2]
    elif bound == "target":
        yield route, measure


def _named_rules(rule: Rule) -> Iterator[tuple[Route, str]]:
    for name in sorted(NAMING):
        for n, one in enumerate(getattr(rule, name, ())):
            if not (one == "*" and isinstance(rule, NoDouble)):
                yield (name, n), one
    for route, when in _conditions(rule):
        if when.charged is not None:
            yield (*route, "charged"), when.charged
