"""What no ledger may go beyond, reckoned from the document alone: rule, clause, pool, item, section
and the whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction

from tracker.domain.ledger import Entry, Ledger
from tracker.domain.points import fraction_of, rounded, units
from tracker.domain.programme import Clause, Item
from tracker.domain.readings import applied
from tracker.domain.rules import Cap, NoDouble
from tracker.domain.rules.base import Step
from tracker.domain.scoring import worth_of

ANY = 10**12


def out_of_bounds(ledger: Ledger) -> Iterator[str]:
    """One line for everything that is beyond its limit; nothing where all is well."""
    read = applied(ledger.programme, dict(ledger.readings))
    for _, item, clause in read.clauses.values():
        yield from _clause(ledger, item, clause)
    for _, item in read.items():
        yield from _item(ledger, item)
    for section in read.sections:
        if section.cap is not None:
            cap = units(section.cap)
            yield from _each(f"section {section.id}", ledger.of_section(section), cap, cap)
    top = units(read.points) + sum(units(i.bonus_cap) for _, i in read.items() if i.bonus_cap)
    if not 0 <= ledger.base <= top:
        yield f"the base is {ledger.base}"
    if ledger.worst_score > ledger.score:
        yield f"the worst score {ledger.worst_score} is over the score {ledger.score}"
    if ledger.score != ledger.base_points + sum(e.points for e in ledger.entries):
        yield "the score is not the sum"
    if ledger.lost != ledger.settled_lost + ledger.provisional_lost:
        yield "settled and provisional losses are not the loss"


def _clause(ledger: Ledger, item: Item, clause: Clause) -> Iterator[str]:
    mine = [e for e in ledger.of_clause(clause.id) if not _is_of_more(e)]
    # Points scaled up to the item's leave the limits of its clauses behind.
    within = item.unallocated != "scaled"
    if within and clause.points is not None and not clause.below_zero:
        yield from _net(f"clause {clause.id}", _inside(mine), units(clause.points), 0)
    for number, rule in enumerate(clause.rules, start=1):
        name = f"{clause.id}#{number}"
        if isinstance(rule, Cap):
            if rule.when is None:
                yield from _cap(name, ledger, item, clause, rule)
        elif rule.cap is not None and within:
            cap = _amount(rule.cap, item, clause)
            yield from _each(name, [e for e in mine if e.rule == name], cap, cap)


def _cap(name: str, ledger: Ledger, item: Item, clause: Clause, rule: Cap) -> Iterator[str]:
    limit = _amount(rule.limit, item, clause)
    ours = [e for e in ledger.entries if is_named(e, rule.rules, item) and not _voids_all(e)]
    if rule.net:
        yield from _net(name, ours, limit, 0)
    elif rule.gain:
        yield from _each(name, ours, ANY, limit)
    else:
        yield from _each(name, ours, limit, ANY)


def _item(ledger: Ledger, item: Item) -> Iterator[str]:
    mine = [e for e in ledger.of_item(item.id) if not _voids_all(e)]
    for pool in item.groups:
        ours = [e for e in mine if e.clause in _members(item, pool.id) and not _is_of_more(e)]
        cap = pool.cap if pool.cap is not None else pool.points
        if cap is not None:
            yield from _net(f"pool {pool.id}", _inside(ours), units(cap), ANY)
        if pool.bonus_cap is not None:
            yield from _each(f"pool {pool.id}", ours, ANY, units(pool.bonus_cap))
    if item.points is not None and not item.below_zero:
        top = units(item.bonus_cap) if item.bonus_cap is not None else 0
        yield from _net(f"item {item.id}", _inside(mine), units(item.points), top)


LATER = {"times_factor", "absorbed", "group_cap", "pool_cap", "item_cap", "section_cap", "vetoed",
         "veto", "unallocated"}  # fmt: skip
"""What comes after the limits of a clause, or may; past it nobody can tell what those left."""


def cut_for_nothing(ledger: Ledger) -> Iterator[str]:
    """Rules and clauses a limit of which cut something off although it is not used up."""
    for name, clause in ledger.programme.clauses.items():
        mine = _inside(ledger.of_clause(name))
        if LATER.isdisjoint(told.code for entry in mine for told in entry.steps):
            yield from _left_room(name, "clause_cap", mine)
            for number in range(1, len(clause[2].rules) + 1):
                ours = [e for e in mine if e.rule == f"{name}#{number}"]
                if not _told(ours, "clause_cap"):
                    yield from _left_room(f"{name}#{number}", "rule_cap", ours)


def _left_room(where: str, code: str, entries: Sequence[Entry]) -> Iterator[str]:
    for won in (False, True):
        ours = [e for e in entries if (e.raw > 0) is won]
        limits = [Fraction(told["limit"]) for told in _told(ours, code)]  # type: ignore[arg-type]
        used = Fraction(sum(abs(e.points) for e in ours), 10_000)
        if limits and used != limits[-1]:
            yield f"{where}: {code} {limits[-1]}, of which {used} is used"


def _told(entries: Sequence[Entry], code: str) -> list[Step]:
    return [told for e in entries for told in e.steps if told.code == code]


def charged_twice(ledger: Ledger) -> list[tuple[str, str]]:
    """Problems that count more than once among rules which may count them once: rule, problem.

    Where `only` some count once, none of these counts beside another of all."""
    read = applied(ledger.programme, dict(ledger.readings))
    found = []
    for name, clause, rule in read.rules():
        if isinstance(rule, NoDouble) and rule.same == "problem":
            item = read.clauses[clause.id][1]
            among = [
                e
                for e in ledger.entries
                if e.problem
                and e.points
                and is_named(e, rule.rules, item)
                and not (rule.besides and is_named(e, rule.besides, item))
            ]
            seen = Counter((e.problem, e.points > 0) for e in among)
            once = [e for e in among if not rule.only or is_named(e, rule.only, item)]
            found += sorted({(name, e.problem) for e in once if seen[e.problem, e.points > 0] > 1})
    return found


def is_named(entry: Entry, names: Sequence[str], item: Item) -> bool:
    """By rule, by clause or by what lies above it; nothing names the whole item, `*` everything."""
    if not names:
        return entry.item == item.id
    below = tuple(f"{name}{mark}" for name in names for mark in ".-")
    return "*" in names or entry.rule in names or f"{entry.clause}.".startswith(below)


def _amount(amount: str, item: Item, clause: Clause) -> int:
    whole = Fraction(item.points or 0)
    return rounded(fraction_of(amount, clause=worth_of(item, clause), item=whole))


def _each(where: str, entries: Sequence[Entry], down: int, up: int) -> Iterator[str]:
    lost = -sum(e.points for e in entries if e.points < 0)
    won = sum(e.points for e in entries if e.points > 0)
    if lost > down or won > up:
        yield f"{where}: lost {lost} of {down}, won {won} of {up}"


def _net(where: str, entries: Sequence[Entry], down: int, up: int) -> Iterator[str]:
    net = sum(e.points for e in entries)
    if not -down <= net <= up:
        yield f"{where}: {net} is not within -{down} and {up}"


def _inside(entries: Sequence[Entry]) -> list[Entry]:
    return [e for e in entries if not e.apart]


def _is_of_more(entry: Entry) -> bool:
    """What a veto, or points that no clause carries, take from the item stands in one clause."""
    return any(told.code in ("veto", "unallocated") for told in entry.steps)


def _voids_all(entry: Entry) -> bool:
    """A veto of the whole score takes what every item has left, in the clause that says so."""
    return any(told.code == "veto" and told["scope"] == "programme" for told in entry.steps)


def _members(item: Item, pool: str) -> set[str]:
    pools = {pool, *(one.id for one in item.groups if one.group == pool)}
    return {clause.id for clause in item.clauses if clause.group in pools}
