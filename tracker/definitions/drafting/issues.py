"""The next issue of the same table: what it changes in a programme, to be accepted one by one.

A clause that was reworded keeps its rules, its readings and whatever people settled about it where
the reader understands the same of both wordings; where it does not, it is told as changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from tracker.definitions.clauses import ReadClause, as_json, read_clause
from tracker.definitions.drafting.bundles import bundles
from tracker.definitions.drafting.making import MEASURED, TIME_UNITS
from tracker.definitions.drafting.matching import matched, plain
from tracker.definitions.openpoints import Draft
from tracker.domain.programme import Clause, Item, Programme, Section

Change = Literal["added", "gone", "renumbered", "changed", "moved", "reworded"]
What = Literal["programme", "section", "item", "clause", "target"]


@dataclass(frozen=True)
class Revision:
    """One difference. `id` names it for acceptance; `old` and `new` are the ids of the thing.

    `meaning` says of a reworded clause whether it reads the same ("same", "other"), else "".
    """

    what: What
    change: Change
    old: str
    new: str
    title: str
    field: str = ""
    before: Any = None
    after: Any = None
    meaning: Literal["", "same", "other"] = ""

    @property
    def id(self) -> str:
        name = self.new or self.old
        tail = self.field if self.change in ("changed", "moved") else self.change
        return f"{self.what}:{name}:{tail}"


@dataclass(frozen=True)
class Compared:
    """The differences, and which item and clause is which: new id -> old id.

    `bundles` are the ids of differences that hang together: they are accepted together.
    """

    revisions: tuple[Revision, ...]
    items: Mapping[str, str]
    clauses: Mapping[str, str]
    bundles: tuple[tuple[str, ...], ...] = ()

    def with_numbers_kept(self) -> Compared:
        """Without the differences that give things other numbers: what is recorded under a number
        stays with its matter, and what is new gets a free one."""
        left = tuple(one for one in self.revisions if one.change != "renumbered")
        return replace(self, revisions=left)

    def together(self, name: str) -> tuple[str, ...]:
        """All that is accepted with this difference, itself included."""
        return next((bundle for bundle in self.bundles if name in bundle), (name,))


MEASURED_AND_TIME = frozenset({*TIME_UNITS, *MEASURED})
Reader = Callable[[str], ReadClause]


def compare(old: Programme, new: Draft) -> Compared:
    """In the order of the new document; what is gone comes last."""
    return _Comparing(old, new, lambda text: read_clause(text, year=new.year)).run()


@dataclass(frozen=True)
class _Comparing:
    old: Programme
    new: Draft
    read: Reader

    def run(self) -> Compared:
        before = {item.id: item for _, item in self.old.items()}
        after = {item.id: item for _, item in self.new.items()}
        items = matched(before, after, _text_of_item)
        clauses: dict[str, str] = {}
        found = [*self._whole(), *self._sections(), *self._targets()]
        for name, item in after.items():
            if name not in items:
                found.append(Revision("item", "added", "", name, item.title))
                continue
            found += self._item(before[items[name]], item, clauses)
        kept = set(items.values())
        found += [
            Revision("item", "gone", name, "", item.title)
            for name, item in before.items()
            if name not in kept
        ]
        hanging = bundles(self.old, self.new, found, items)
        return Compared(tuple(found), items, clauses, hanging)

    def _whole(self) -> Iterator[Revision]:
        for field in ("title", "year", "points"):
            before, after = getattr(self.old, field), getattr(self.new, field)
            if before != after:
                yield Revision("programme", "changed", self.old.id, self.old.id, self.new.title,
                               field, _told(before), _told(after))  # fmt: skip

    def _sections(self) -> Iterator[Revision]:
        before = {one.id: one for one in self.old.sections}
        after = {one.id: one for one in self.new.sections}
        pairs = matched(before, after, lambda section: section.title)
        for name, section in after.items():
            if name not in pairs:
                yield Revision("section", "added", "", name, section.title)
            else:
                yield from self._section(before[pairs[name]], section)
        for name, section in before.items():
            if name not in pairs.values():
                yield Revision("section", "gone", name, "", section.title)

    def _section(self, was: Section, now: Section) -> Iterator[Revision]:
        for field in ("title", "points"):
            before, after = getattr(was, field), getattr(now, field)
            if (plain(before) != plain(after)) if field == "title" else before != after:
                yield Revision("section", "changed", was.id, now.id, now.title, field,
                               _told(before), _told(after))  # fmt: skip

    def _targets(self) -> Iterator[Revision]:
        """Numbers of the target tables, by table, subject and name."""
        known = {(t.source, t.subject, plain(t.name)): t for t in self.old.targets}
        for target in self.new.targets:
            was = known.get((target.source, target.subject, plain(target.name)))
            if was is not None and target.subject and was.value != target.value:
                yield Revision("target", "changed", was.id, target.id, target.name, "value",
                               _told(was.value), _told(target.value))  # fmt: skip

    # -- an item ------------------------------------------------------------------------------

    def _item(self, was: Item, now: Item, clauses: dict[str, str]) -> Iterator[Revision]:
        if was.id != now.id:
            yield Revision("item", "renumbered", was.id, now.id, now.title, "id", was.id, now.id)
        if plain(was.title) != plain(now.title):
            yield Revision("item", "changed", was.id, now.id, now.title, "title", was.title,
                           now.title)  # fmt: skip
        if was.points != now.points:
            yield Revision("item", "changed", was.id, now.id, now.title, "points",
                           _told(was.points), _told(now.points))  # fmt: skip
        yield from self._deadline(was, now)
        for field in ("lead_units", "responsible_units", "reviewing_units"):
            before = _names(self.old, getattr(was, field))
            after = _names(self.new, getattr(now, field))
            if set(map(plain, before)) != set(map(plain, after)):
                yield Revision("item", "changed", was.id, now.id, now.title, field, before, after)
        if now.evidence and plain(was.evidence) != plain(now.evidence):
            yield Revision("item", "changed", was.id, now.id, now.title, "evidence", was.evidence,
                           now.evidence)  # fmt: skip
        yield from self._clauses(was, now, clauses)

    def _deadline(self, was: Item, now: Item) -> Iterator[Revision]:
        if was.deadline != now.deadline and not self._only_the_year(was.deadline, now.deadline):
            yield Revision("item", "moved", was.id, now.id, now.title, "deadline",
                           _told(was.deadline), _told(now.deadline))  # fmt: skip
        elif now.deadline is None and plain(was.deadline_text) != plain(now.deadline_text):
            yield Revision("item", "moved", was.id, now.id, now.title, "deadline",
                           was.deadline_text, now.deadline_text)  # fmt: skip

    def _only_the_year(self, was: date | None, now: date | None) -> bool:
        shift = self.new.year - self.old.year
        return was is not None and now is not None and shifted(was, shift) == now

    def _clauses(self, was: Item, now: Item, clauses: dict[str, str]) -> Iterator[Revision]:
        before = {clause.id: clause for clause in was.clauses}
        after = {clause.id: clause for clause in now.clauses}
        pairs = matched(before, after, lambda clause: clause.text)
        if len(before) == len(after) == 1 and not pairs:
            pairs = {next(iter(after)): next(iter(before))}
        clauses |= pairs
        for name, clause in after.items():
            if name not in pairs:
                yield Revision("clause", "added", "", name, clause.title, "text", None, clause.text)
            else:
                yield from self._clause(was, before[pairs[name]], now, clause)
        for name, clause in before.items():
            if name not in pairs.values():
                yield Revision("clause", "gone", name, "", clause.title, "text", clause.text, None)

    def _clause(self, above: Item, was: Clause, here: Item, now: Clause) -> Iterator[Revision]:
        if was.id != now.id and renumbered(was.id, above.id, here.id) != now.id:
            yield Revision("clause", "renumbered", was.id, now.id, now.title, "id", was.id, now.id)
        if was.points != now.points:
            yield Revision("clause", "changed", was.id, now.id, now.title, "points",
                           _told(was.points), _told(now.points))  # fmt: skip
        if plain(was.text) == plain(now.text):
            return
        first, second = self.read(was.text), self.read(now.text)
        dates = (_dates(first), _dates(second))
        if dates[0] != dates[1]:
            yield Revision("clause", "moved", was.id, now.id, now.title, "dates", *dates)
        same = meaning(first) == meaning(second)
        yield Revision("clause", "reworded", was.id, now.id, now.title, "text", was.text, now.text,
                       "same" if same else "other")  # fmt: skip


def meaning(reading: ReadClause) -> dict[str, Any]:
    """What was understood, without where it stands and how it is worded."""
    told = as_json(reading)
    for rule in told["rules"]:
        del rule["span"]
        if rule["step"] is not None and rule["step"]["unit"] not in MEASURED_AND_TIME:
            rule["step"]["unit"] = "count"  # 每个断面, 每个: the same number of the same things
        for band in rule["tiers"] or ():
            band["when"] = plain(band["when"])
    told["ambiguous"] = [one["readings"] for one in told["ambiguous"]]
    del told["text"]
    return told


def renumbered(name: str, old: str, new: str) -> str:
    """A clause's id under its item's new number: 20.5 -> 21.5."""
    if name == old:
        return new
    for mark in (".", "-"):
        if name.startswith(f"{old}{mark}"):
            return new + name[len(old) :]
    return name


def shifted(day: date, years: int) -> date:
    """The same day of another year; 29 February becomes the 28th."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)


def _dates(reading: ReadClause) -> list[str]:
    told = as_json(reading)
    return sorted({*told["deadlines"], *(one["on"] for one in told["milestones"])})


def _names(programme: Programme, ids: Sequence[str]) -> list[str]:
    return [programme.unit_names.get(one, one) for one in ids]


def _text_of_item(item: Item) -> str:
    return item.title + "".join(clause.text for clause in item.clauses)


def _told(value: Any) -> Any:
    return None if value is None else str(value)
