"""口径: the chosen interpretation of each ambiguous clause, applied to the programme.

An alternative changes fields of rules, duties or items. A path names the thing and then the field:
`31.2#1.steps` (rule), `20.2/s1.need.rounding` (duty), `3.13.unallocated` (item or clause).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from copy import deepcopy
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from tracker.domain.errors import DefinitionError, NotFound, Problem
from tracker.domain.programme import Alternative, Clause, Held, Item, Programme, Reading, Section
from tracker.domain.record import Record

PATH = re.compile(
    r"^(?P<owner>[\w.\-]+?)(?:#(?P<rule>\d+)|/(?P<duty>[\w\-]+))?\.(?P<field>[a-z_.]+)$"
)
"""The parts of a path, by name."""


def chosen(programme: Programme, record: Record) -> Mapping[str, str]:
    """The reading that holds, by reading id: a person's decision, else the shipped default."""
    return as_read(programme, record)[0]


def as_read(
    programme: Programme, record: Record, instead: Mapping[str, str] | None = None
) -> tuple[Mapping[str, str], Programme]:
    """The readings that hold, `instead` before what was decided, and the programme so read.

    Asked at every score and every look at a clause, of which few differ.
    """
    decided = {name: one.choice for name, one in record.readings.items()}
    return _as_read(Held(programme), _sorted(decided), _sorted(instead or {}))


def _sorted(choices: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(choices.items()))


@lru_cache(maxsize=1024)
def _as_read(
    held: Held, decided: tuple[tuple[str, str], ...], instead: tuple[tuple[str, str], ...]
) -> tuple[Mapping[str, str], Programme]:
    programme, by_person = held.programme, dict(decided)
    choices = {one.id: by_person.get(one.id, one.default) for one in programme.readings}
    choices |= dict(instead)
    return MappingProxyType(choices), applied(programme, choices)


def undecided(programme: Programme, record: Record) -> list[Reading]:
    """The readings that nobody has decided yet, in the programme's order."""
    return [reading for reading in programme.readings if reading.id not in record.readings]


def only_prices(paths: Iterable[str]) -> bool:
    """Whether changes at these paths, of rules and points, leave every obligation as it is."""
    return all("#" in path or path.rpartition(".")[2] in _PRICES for path in paths)


_PRICES = frozenset({"rules", "points", "unallocated", "bonus_cap", "below_zero", "of_year"})


def applied(programme: Programme, choices: Mapping[str, str]) -> Programme:
    """The programme with each reading's chosen alternative written into it.

    The result computes; its hash is not the published one.
    """
    return _applied(Held(programme), _sorted(choices))


@lru_cache(maxsize=1024)
def _applied(held: Held, choices: tuple[tuple[str, str], ...]) -> Programme:
    programme = held.programme
    sets = {name: _changes(programme, name, choice) for name, choice in choices}
    whole = {path: (name, value) for name, paths in sets.items() for path, value in paths.items()
             if path.endswith((".rules", ".duties"))}  # fmt: skip
    changes: dict[str, Any] = {}
    for name, paths in sets.items():
        others = {path: value for path, (by, value) in whole.items() if by != name}
        changes |= {path: value for path, value in paths.items()
                    if not (others and _gone(programme, others, path))}  # fmt: skip
    return changed(programme, changes) if changes else programme


def _gone(programme: Programme, others: Mapping[str, Any], path: str) -> bool:
    """Whether another reading puts rules or duties of another kind in the place of the one that
    the path names: of those it says nothing."""
    matched = PATH.match(path)
    if matched is None or not (matched["rule"] or matched["duty"]):
        return False
    owner = matched["owner"]
    new = others.get(f"{owner}.{'rules' if matched['rule'] else 'duties'}")
    if new is None or owner not in programme.clauses:
        return False
    clause, now = programme.clauses[owner][2], [one.get("kind") for one in new]
    if matched["rule"]:
        at = int(matched["rule"]) - 1
        return [str(one.kind) for one in clause.rules][at : at + 1] != now[at : at + 1]
    was = [str(one.kind) for one in clause.duties if one.id == matched["duty"]]
    return was != [one.get("kind") for one in new if one.get("id") == matched["duty"]]


def _changes(programme: Programme, name: str, choice: str) -> dict[str, Any]:
    return alternative(programme, name, choice).set


def alternative(programme: Programme, name: str, choice: str) -> Alternative:
    """NotFound for a reading or a choice that there is not."""
    reading = next((one for one in programme.readings if one.id == name), None)
    if reading is None:
        raise NotFound(f"方案中没有口径 / no reading {name!r} in programme {programme.id}")
    found = next((one for one in reading.alternatives if one.id == choice), None)
    if found is None:
        known = ", ".join(one.id for one in reading.alternatives)
        raise NotFound(
            f"口径没有这个选项 / reading {name!r} has no alternative {choice!r}; it has {known}"
        )
    return found


def changed(programme: Programme, changes: Mapping[str, Any]) -> Programme:
    """A copy of the programme with the fields at these paths replaced. Their items are validated
    again; all others are the same values in both."""
    bodies: dict[str, dict[str, Any]] = {}
    # A clause's rules or duties as a whole come before what another reading says of one of them.
    for path, value in sorted(changes.items(), key=lambda one: "#" in one[0] or "/" in one[0]):
        target, name = _target(bodies, path, programme)
        target[name] = deepcopy(value)  # which another path may write into
    try:
        return Programme.model_validate(_with_items(programme, bodies))
    except ValidationError as error:
        # In words where somebody reads it; `tracker.definitions.telling` has them.
        problems = [Problem(", ".join(changes), str(error))]
        raise DefinitionError(problems) from error


def _with_items(programme: Programme, bodies: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    """The programme's fields with these items instead of its own; whatever is no mapping is
    valid already and not looked at again."""
    sections = [
        {**_fields(section), "items": [bodies.get(item.id, item) for item in section.items]}
        if any(item.id in bodies for item in section.items)
        else section
        for section in programme.sections
    ]
    return {**_fields(programme), "sections": sections}


def _fields(part: Programme | Section) -> dict[str, Any]:
    """Without what was computed from them."""
    return {name: getattr(part, name) for name in type(part).model_fields}


def _target(
    bodies: dict[str, dict[str, Any]], path: str, programme: Programme
) -> tuple[dict[str, Any], str]:
    """Where the path's field lies; what it names is laid into `bodies`, by item."""
    matched = PATH.match(path)
    if matched is None:
        raise NotFound(
            f"路径写作 规则、事项、任务或计分句再加字段（31.2#1.each、20.2/s1.on），不是 {path} / "
            f"a path names a rule, duty, item or clause and then a field, not {path!r}"
        )
    of_item = not (matched["rule"] or matched["duty"])
    owner = _owner(bodies, matched["owner"], matched["field"] if of_item else "", programme)
    if owner is None:
        raise NotFound(
            f"方案中没有任务或计分句“{matched['owner']}”（{path}）/ "
            f"programme {programme.id} has no item or clause {matched['owner']!r} ({path})"
        )
    if matched["rule"]:
        owner = _at(owner["rules"], int(matched["rule"]) - 1, path)
    elif matched["duty"]:
        found = [duty for duty in owner["duties"] if duty["id"] == matched["duty"]]
        owner = _at(found, 0, path)
    *parents, name = matched["field"].split(".")
    for parent in parents:
        owner = owner[parent] if owner.get(parent) is not None else owner.setdefault(parent, {})
        if not isinstance(owner, dict):
            raise _nothing_at(path)
    if name == "id":
        raise NotFound(
            f"{path} 是名称，改了就是另一个方案 / "
            "names a thing: another name makes another programme"
        )
    return owner, name


def _at(things: list[dict[str, Any]], index: int, path: str) -> dict[str, Any]:
    if not 0 <= index < len(things):
        raise _nothing_at(path)
    return things[index]


def _nothing_at(path: str) -> NotFound:
    return NotFound(f"{path} 处没有可改的内容 / there is nothing at {path!r}")


def _owner(
    bodies: dict[str, dict[str, Any]], name: str, field: str, programme: Programme
) -> dict[str, Any] | None:
    """The clause of that id, or the item: an unnumbered only clause has its item's id, and then
    the field decides."""
    placed, clause = programme.numbered.get(name), programme.clauses.get(name)
    item = placed[2] if placed is not None else None
    if clause is not None and not (item is not None and field in _ITEM_FIELDS):
        clauses = _body(bodies, clause[1])["clauses"]
        return next((one for one in clauses if one["id"] == name), None)
    return _body(bodies, item) if item is not None else None


def _body(bodies: dict[str, dict[str, Any]], item: Item) -> dict[str, Any]:
    if item.id not in bodies:
        bodies[item.id] = item.model_dump(mode="json", by_alias=True)
    return bodies[item.id]


_ITEM_FIELDS = set(Item.model_fields) - set(Clause.model_fields)
