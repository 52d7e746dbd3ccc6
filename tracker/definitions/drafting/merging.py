"""Writing accepted differences into the programme that is in force; the rest stays as it was.

A clause keeps its rules, duties and readings unless a difference of its meaning is accepted. Where
an item was renumbered, everything that names its clauses follows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pydantic import ValidationError

from tracker.definitions.drafting.issues import Compared, Revision, renumbered, shifted
from tracker.definitions.openpoints import Draft
from tracker.domain.errors import DefinitionError, NotFound, Problem
from tracker.domain.programme import Programme
from tracker.domain.scopes import NAMING

Body = dict[str, Any]


def merged(old: Programme, new: Draft, compared: Compared, accepted: Collection[str]) -> Draft:
    """`accepted` are ids of revisions; what hangs together with them comes along. NotFound for an
    id that is none.

    DefinitionError where the accepted ones cannot stand without others.
    """
    known = {one.id: one for one in compared.revisions}
    for name in accepted:
        if name not in known:
            raise NotFound(f"没有这处不同：{name} / no such difference: {name!r}")
    whole = {other for name in accepted for other in compared.together(name)}
    chosen = [one for one in compared.revisions if one.id in whole]
    return _Merging(old, new, compared, chosen).run()


@dataclass
class _Merging:
    old: Programme
    new: Draft
    compared: Compared
    chosen: list[Revision]
    body: Body = field(default_factory=dict)
    source: Body = field(default_factory=dict)
    fresh: set[str] = field(default_factory=set)
    """Clauses that came in from the new document, by their id in the result."""
    valued: dict[str, str] = field(default_factory=dict)
    """Items with other points: id in the new document -> id in the result."""
    chosen_before: dict[tuple[str, ...], Body] = field(default_factory=dict)
    """Readings of rules that were replaced, by what they ask."""
    names: dict[str, str] = field(default_factory=dict)
    """Old id -> new id of what was renumbered."""

    def run(self) -> Draft:
        self.body = self.old.model_dump(mode="json", by_alias=True)
        self.source = self.new.model_dump(mode="json", by_alias=True)
        self._gone()
        self._renumber()
        for what in ("programme", "section", "item", "clause", "target"):
            for one in self.chosen:
                if one.what == what and one.change not in ("renumbered", "gone"):
                    self._apply(one)
        self._bring_along()
        self._sections()
        try:
            return Draft.model_validate(self.body)
        except ValidationError as error:
            raise DefinitionError([Problem(self.old.id, str(error))]) from error

    # -- finding ------------------------------------------------------------------------------

    def _item(self, name: str) -> Body:
        """By the id that it had; it may have another by now."""
        now = self.names.get(name, name)
        return next(item for item in _items(self.body) if item["id"] == now)

    def _new_item(self, name: str) -> Body:
        return next(item for item in _items(self.source) if item["id"] == name)

    def _clause(self, name: str) -> Body:
        now = self.names.get(name, name)
        return next(c for item in _items(self.body) for c in item["clauses"] if c["id"] == now)

    def _new_clause(self, name: str) -> Body:
        return next(c for item in _items(self.source) for c in item["clauses"] if c["id"] == name)

    # -- applying -----------------------------------------------------------------------------

    def _apply(self, one: Revision) -> None:
        appliers: Mapping[str, Callable[[Revision], None]] = {
            "programme": self._programme,
            "section": self._section,
            "item": self._of_item,
            "clause": self._of_clause,
            "target": self._target,
        }
        appliers[one.what](one)

    def _programme(self, one: Revision) -> None:
        if one.field == "year":
            self._shift(self.new.year - self.old.year)
        self.body[one.field] = self.source[one.field]

    def _shift(self, years: int) -> None:
        """Every day of the old year becomes the same day of the new one."""
        for item in _items(self.body):
            _shift_day(item, "deadline", years)
            for clause in item["clauses"]:
                for duty in clause["duties"]:
                    for name in ("on", "starts", "first", "last"):
                        _shift_day(duty, name, years)
        for period in self.body["periods"]:
            for name in ("first", "last"):
                _shift_day(period, name, years)
        _shift_day(self.body, "cutoff", years)

    def _section(self, one: Revision) -> None:
        found = [section for section in self.body["sections"] if section["id"] == one.old]
        source = next(s for s in self.source["sections"] if s["id"] == one.new)
        if found:
            found[0][one.field] = source[one.field]
        else:
            self.body["sections"].append({**source, "items": []})

    def _of_item(self, one: Revision) -> None:
        if one.change == "added":
            self._add_item(one.new)
            return
        item, source = self._item(one.old), self._new_item(one.new)
        if one.field == "deadline":
            self._move(item, source)
            return
        item[one.field] = source[one.field]
        if one.field == "points":
            self.valued[one.new] = item["id"]

    def _add_item(self, name: str) -> None:
        section = next(s for s in self.source["sections"] for i in s["items"] if i["id"] == name)
        source = self._new_item(name)
        taken = {thing["id"] for item in _items(self.body) for thing in (item, *item["clauses"])}
        own = [thing["id"] for thing in (source, *source["clauses"], *source["groups"])]
        if taken & set(own):
            free = _free(name, taken)
            self._rename_new({one: renumbered(one, name, free) for one in own})
            source = self._new_item(free)
        self._home(section)["items"].append(source)
        self.fresh |= {clause["id"] for clause in source["clauses"]}

    def _rename_new(self, names: Mapping[str, str]) -> None:
        """A number that somebody else still bears, with what is recorded under it, is not taken:
        the new thing gets another."""
        for part in ("sections", "readings"):
            self.source[part] = _renamed(self.source[part], names)
        for point in self.source["open_points"]:
            point["clause"] = names.get(point["clause"], point["clause"])
            for choice in point["choices"]:
                choice["set"] = _renamed(choice["set"], names)

    def _home(self, section: Body) -> Body:
        """The section of the old programme that the new one's items lie in, by title, else id."""
        sections: list[Body] = self.body["sections"]
        for same in ("title", "id"):
            for one in sections:
                if one[same] == section[same] and one["part"] == section["part"]:
                    return one
        made: Body = {**section, "items": []}
        self.body["sections"].append(made)
        return made

    def _move(self, item: Body, source: Body) -> None:
        """The item's deadline, and the days of its clauses that stood on it."""
        was, wording = item["deadline"], item["deadline_text"]
        for name in ("deadline", "deadline_text"):
            item[name] = source[name]
        for clause in item["clauses"]:
            for duty in clause["duties"]:
                if duty["kind"] != "milestone":
                    continue
                if (was is not None and duty["on"] == was) or (
                    wording and duty["external"] == wording
                ):
                    duty["on"] = source["deadline"]
                    text = source["deadline_text"] or "原文没有写期限"
                    duty["external"] = "" if source["deadline"] else text
                    duty["wording"] = source["deadline_text"]

    def _of_clause(self, one: Revision) -> None:
        if one.change == "added":
            self._add_clause(one.new)
            return
        source = self._new_clause(one.new)
        clause = self._clause(one.old)
        if one.field == "points":
            clause["points"] = source["points"]
        elif one.change == "reworded" and one.meaning == "same":
            clause["text"], clause["source"] = source["text"], source["source"]
        elif one.change in ("reworded", "moved"):
            self._replace(clause, source, one)

    def _add_clause(self, name: str) -> None:
        above = next(i for i in _items(self.source) for c in i["clauses"] if c["id"] == name)
        home = self._item(self.compared.items.get(above["id"], above["id"]))
        taken = {clause["id"] for item in _items(self.body) for clause in item["clauses"]}
        wanted = renumbered(name, above["id"], home["id"])
        wanted = wanted if wanted not in taken else _free(wanted, taken)
        if wanted != name:
            self._rename_new({name: wanted})
        home["clauses"].append(self._new_clause(wanted))
        self.fresh.add(wanted)

    def _replace(self, clause: Body, source: Body, one: Revision) -> None:
        """Rules, duties and text are the new ones; who owes it stays as people settled it."""
        for name in ("title", "text", "duties", "rules", "base", "source"):
            clause[name] = source[name]
        self.body["readings"] = list(self._outliving(clause["id"]))
        self.fresh.add(clause["id"])

    def _outliving(self, clause: str) -> Iterator[Body]:
        """What was asked of other clauses too is asked of these alone; what was chosen about this
        one is kept in mind for the same question of its new rules."""
        for reading in self.body["readings"]:
            if not _about(reading, clause):
                yield reading
                continue
            self.chosen_before[_same_question(reading)] = reading
            for one in reading["alternatives"]:
                one["set"] = {p: v for p, v in one["set"].items() if not _names(p, clause)}
            left = [path for one in reading["alternatives"] for path in one["set"]]
            if left:
                yield {**reading, "clause": re.split(r"[#/]|\.(?=[a-z_]+$)", left[0])[0]}

    def _target(self, one: Revision) -> None:
        for target in self.body["targets"]:
            if target["id"] == one.old:
                target["value"] = one.after

    def _gone(self) -> None:
        for one in self.chosen:
            if one.change != "gone":
                continue
            if one.what == "item":
                clauses = [clause["id"] for clause in self._item(one.old)["clauses"]]
                for section in self.body["sections"]:
                    section["items"] = [i for i in section["items"] if i["id"] != one.old]
                self._forget([one.old, *clauses])
            elif one.what == "clause":
                for item in _items(self.body):
                    item["clauses"] = [c for c in item["clauses"] if c["id"] != one.old]
                self._forget([one.old])

    def _forget(self, names: Iterable[str]) -> None:
        """Rules and readings no longer name what is gone."""
        gone = frozenset(names)
        readings = [one for one in self.body["readings"] if one["clause"] not in gone]
        for reading in readings:
            for alternative in reading["alternatives"]:
                alternative["set"] = {
                    path: value
                    for path, value in alternative["set"].items()
                    if not any(_names(path, name) for name in gone)
                }
        self.body["sections"] = _without(self.body["sections"], gone)
        self.body["readings"] = _without(readings, gone)

    # -- numbers ------------------------------------------------------------------------------

    def _renumber(self) -> None:
        """All at once, so that two items may change places."""
        names: dict[str, str] = {}
        for one in self.chosen:
            if one.change == "renumbered" and one.what == "item":
                item = self._item(one.old)
                for thing in (item, *item["clauses"], *item["groups"]):
                    names[thing["id"]] = renumbered(thing["id"], one.old, one.new)
        for one in self.chosen:
            if one.change == "renumbered" and one.what == "clause":
                names[one.old] = one.new
        if names:
            self.names = names
            for part in ("sections", "readings"):
                self.body[part] = _renamed(self.body[part], names)

    # -- what comes along ---------------------------------------------------------------------

    def _bring_along(self) -> None:
        """Units, targets, names, readings and open points that the new clauses need."""
        self._free_keys()
        text = str([clause for clause in self._clauses() if clause["id"] in self.fresh])
        known = {one["id"] for one in self.body["targets"]}
        self.body["targets"] += [
            one for one in self.source["targets"] if one["id"] in text and one["id"] not in known
        ]
        self.body["names"] |= {
            key: name for key, name in self.source["names"].items() if f"'{key}'" in text
        }
        self._units()
        known_readings = {one["id"]: one for one in self.body["readings"]}
        for reading in self.source["readings"]:
            narrowed = _narrowed(reading, self.fresh)
            if narrowed is not None and not _extends(known_readings.get(reading["id"]), narrowed):
                self.body["readings"].append(self._as_chosen(narrowed, set(known_readings)))
        self._left_over()
        self.body["open_points"] = [
            point
            for point in self.source["open_points"]
            if point["clause"] in self.fresh or point["why"] in ("dirt", "cell")
        ]

    def _left_over(self) -> None:
        """What becomes of points that no clause of the item has, asked where they are new."""
        known = {one["id"] for one in self.body["readings"]}
        for reading in self.source["readings"]:
            now = self.valued.get(reading["clause"])
            if now is not None and _of_item_alone(reading) and reading["id"] not in known:
                self.body["readings"].append(_renamed(reading, {reading["clause"]: now}))

    def _as_chosen(self, reading: Body, taken: set[str]) -> Body:
        """With the choice that held for the same question of the last issue, under a free id."""
        before = self.chosen_before.get(_same_question(reading), {})
        kept: Body = {name: before[name] for name in ("default", "because") if name in before}
        if reading["id"] in taken:
            kept["id"] = _free(reading["id"], taken)
        return {**reading, **kept}

    def _free_keys(self) -> None:
        """Keys are made of clause numbers: where a number went to another clause, what was
        recorded under the old one's keys must not count for it."""
        kept = str([clause for clause in self._clauses() if clause["id"] not in self.fresh])
        keys = [*self.source["names"], *(one["id"] for one in self.source["targets"]),
                *_started(self.source)]  # fmt: skip
        again = {key: f"{key}_{self.new.year}b" for key in keys if _holds(kept, key)}
        if not again:
            return
        for item in _items(self.body):
            item["clauses"] = [
                _rekeyed(clause, again) if clause["id"] in self.fresh else clause
                for clause in item["clauses"]
            ]
        names = self.source["names"]
        self.source["names"] = names | {
            key: names[was] for was, key in again.items() if was in names
        }
        self.source["targets"] += [
            {**one, "id": again[one["id"]]} for one in self.source["targets"] if one["id"] in again
        ]
        self.source["readings"] = [_rekeyed(one, again) for one in self.source["readings"]]
        self.source["open_points"] = [_rekeyed(one, again) for one in self.source["open_points"]]

    def _units(self) -> None:
        known = {one["id"] for one in self.body["units"]}
        used = set(_named_units(self.body))
        self.body["units"] += [
            one for one in self.source["units"] if one["id"] in used and one["id"] not in known
        ]

    def _clauses(self) -> Iterator[Body]:
        for item in _items(self.body):
            yield from item["clauses"]

    def _sections(self) -> None:
        """Items in the order of the new document; empty sections are gone."""
        order = {item.id: n for n, (_, item) in enumerate(self.new.items())}
        for section in self.body["sections"]:
            section["items"].sort(key=lambda item: order.get(item["id"], len(order)))
        self.body["sections"] = [one for one in self.body["sections"] if one["items"]]


# -- small parts -----------------------------------------------------------------------------------


def _items(body: Body) -> Iterator[Body]:
    for section in body["sections"]:
        yield from section["items"]


def _started(body: Body) -> Iterator[str]:
    """Keys of cases and activities."""
    for item in _items(body):
        for clause in item["clauses"]:
            for duty in clause["duties"]:
                yield from (duty[name] for name in ("case", "activity") if duty.get(name))


def _holds(text: str, key: str) -> bool:
    return f"'{key}'" in text or f"target:{key}'" in text


def _rekeyed(thing: Any, keys: Mapping[str, str]) -> Any:
    match thing:
        case dict():
            return {keys.get(key, key): _rekeyed(one, keys) for key, one in thing.items()}
        case list():
            return [_rekeyed(one, keys) for one in thing]
        case str() if thing.startswith("target:"):
            key = thing.removeprefix("target:")
            return f"target:{keys.get(key, key)}"
        case str():
            return keys.get(thing, thing)
        case _:
            return thing


def _free(name: str, taken: Collection[str]) -> str:
    return next(one for one in (f"{name}-{n}" for n in range(2, 1000)) if one not in taken)


def _shift_day(body: Body, name: str, years: int) -> None:
    if body.get(name):
        body[name] = shifted(date.fromisoformat(body[name]), years).isoformat()


def _names(path: str, name: str) -> bool:
    return path == name or path.startswith((f"{name}#", f"{name}/", f"{name}."))


def _about(reading: Body, clause: str) -> bool:
    """Whether a reading changes rules or duties of the clause, and so cannot outlive them."""
    paths = [path for one in reading["alternatives"] for path in one["set"]]
    return any(path.startswith((f"{clause}#", f"{clause}/", f"{clause}.rules")) for path in paths)


def _narrowed(reading: Body, clauses: Collection[str]) -> Body | None:
    """The reading as far as it is about these clauses; None where it is about none of them."""
    own = [path for one in reading["alternatives"] for path in one["set"]
           if any(_names(path, name) for name in clauses)]  # fmt: skip
    if not own and reading["clause"] not in clauses:
        return None
    if any(one["set"] for one in reading["alternatives"]) and not own:
        return None
    alternatives = [
        {**one, "set": {path: value for path, value in one["set"].items() if path in own}}
        for one in reading["alternatives"]
    ]
    about = reading["clause"] if reading["clause"] in clauses else _owner(own[0], clauses)
    return {**reading, "clause": about, "alternatives": alternatives}


def _owner(path: str, clauses: Collection[str]) -> str:
    return max((name for name in clauses if _names(path, name)), key=len)


def _extends(known: Body | None, narrowed: Body) -> bool:
    """Whether the same question is asked already: then it is asked of these clauses too."""
    if known is None:
        return False
    says = [one["says"] for one in known["alternatives"]]
    if says != [one["says"] for one in narrowed["alternatives"]]:
        return False
    pairs = zip(known["alternatives"], narrowed["alternatives"], strict=True)
    for mine, theirs in pairs:
        mine["set"] = {**mine["set"], **theirs["set"]}
    return True


def _of_item_alone(reading: Body) -> bool:
    paths = {path for one in reading["alternatives"] for path in one["set"]}
    return paths == {f"{reading['clause']}.unallocated"}


def _same_question(reading: Body) -> tuple[str, ...]:
    """Of a group's question without the clauses that it lists."""
    asks = re.sub(r"（\d+ 条：[^）]*）$", "", reading["question"])
    return (asks, *(one["says"] for one in reading["alternatives"]))


def _named_units(body: Body) -> Iterator[str]:
    fields = ("lead_units", "responsible_units", "reviewing_units", "owed_by")
    for item in _items(body):
        for owner in (item, *item["clauses"]):
            for name in fields:
                yield from owner.get(name) or ()


def _renamed(thing: Any, names: Mapping[str, str]) -> Any:
    """The same with every id of an item or clause replaced, in ids, references and paths."""
    match thing:
        case dict():
            return {_path(key, names): _field(key, one, names) for key, one in thing.items()}
        case list():
            return [_renamed(one, names) for one in thing]
        case _:
            return thing


_REFERENCES = NAMING | {"id", "clause", "group"}


def _field(key: str, value: Any, names: Mapping[str, str]) -> Any:
    """`key` is a field, or the path of one in a reading (`20.10#1.excluding`)."""
    refers = key.rpartition(".")[2] in _REFERENCES
    if refers and isinstance(value, str):
        return _path(value, names)
    if refers and isinstance(value, list) and all(isinstance(v, str) for v in value):
        return [_path(one, names) for one in value]
    return _renamed(value, names)


def _without(thing: Any, gone: Set[str]) -> Any:
    """The same where no list of rules and clauses names what is gone."""
    match thing:
        case dict():
            return {key: _left(key, one, gone) for key, one in thing.items()}
        case list():
            return [_without(one, gone) for one in thing]
        case _:
            return thing


def _left(key: str, value: Any, gone: Set[str]) -> Any:
    field = key.rpartition(".")[2]
    if field not in NAMING or not isinstance(value, list):
        return _without(value, gone)
    left = [
        _without(one, gone)
        for one in value
        if not isinstance(one, str) or one.partition("#")[0] not in gone
    ]
    # A relation of nothing would be one of its whole item: its names stay for the check to tell.
    return left if left or field not in ("rules", "only") else value


def _path(text: str, names: Mapping[str, str]) -> str:
    """`20.5#1.steps` with its head replaced where it is one of the names: the longest first."""
    for name in sorted(names, key=len, reverse=True):
        if text == name or text.startswith((f"{name}#", f"{name}/")):
            return names[name] + text[len(name) :]
        if text.startswith(f"{name}.") and re.fullmatch(r"\.[a-z_.]+", text[len(name) :]):
            return names[name] + text[len(name) :]
    return text
