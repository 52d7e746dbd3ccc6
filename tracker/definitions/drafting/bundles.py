"""Differences of the next issue that hang together: points that add up only all at once.

An item's points go into its section's, and these into the programme's; the points of its clauses go
into the item's. One of them alone would leave a sum that is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from tracker.domain.programme import Clause, Item, Programme, Section

if TYPE_CHECKING:
    from tracker.definitions.drafting.issues import Revision

Bundle = tuple[str, ...]
"""Ids of revisions, in their order."""


def bundles(
    old: Programme, new: Programme, revisions: Sequence[Revision], items: Mapping[str, str]
) -> tuple[Bundle, ...]:
    """Those of two or more; whatever is in none stands for itself. `items` leads from new ids of
    items to old ones."""
    return _Hanging(old, new, revisions, items).found()


class _Hanging:
    def __init__(
        self, old: Programme, new: Programme, revisions: Sequence[Revision],
        items: Mapping[str, str],
    ) -> None:  # fmt: skip
        self.revisions = revisions
        self.items = items
        self.before = _homes(old)
        self.after = _homes(new)
        self.clauses_before = _owners(old)
        self.clauses_after = _owners(new)
        self.above: dict[str, str] = {one.id: one.id for one in revisions}

    def found(self) -> tuple[Bundle, ...]:
        self._clauses()
        self._sections()
        self._whole()
        groups: dict[str, list[str]] = {}
        for one in self.revisions:
            groups.setdefault(self._root(one.id), []).append(one.id)
        return tuple(tuple(group) for group in groups.values() if len(group) > 1)

    def _clauses(self) -> None:
        """Points of clauses with one another's and their item's."""
        of: dict[str, list[str]] = {}
        for one in self.revisions:
            if one.what == "clause":
                item = self._item_of(one)
                if item is not None:
                    of.setdefault(item, []).append(one.id)
            elif one.what == "item" and one.field == "points":
                of.setdefault(one.new, []).append(one.id)
        for group in of.values():
            self._join(group)

    def _item_of(self, one: Revision) -> str | None:
        """The new id of the item whose points the difference of a clause moves."""
        if one.change == "added":
            item, clause = self.clauses_after[one.new]
            return item.id if clause.points is not None else None
        if one.change == "gone":
            item, clause = self.clauses_before[one.old]
            now = next((new for new, old in self.items.items() if old == item.id), item.id)
            return now if clause.points is not None else None
        if one.field == "points":
            return self.clauses_after[one.new][0].id
        return None

    def _sections(self) -> None:
        """What moves the sum of a section, with the section's own points."""
        of: dict[str, list[str]] = {}
        for one in self.revisions:
            if one.what == "section" and one.field == "points":
                of.setdefault(one.old, []).append(one.id)
            home = self._home(one) if one.what == "item" else None
            if home is not None:
                of.setdefault(home, []).append(one.id)
        for group in of.values():
            self._join(group)

    def _home(self, one: Revision) -> str | None:
        """The old id of the section whose sum the difference moves, else the new one's."""
        if one.change == "added":
            section, item = self.after[one.new]
            same = (s.id for s, _ in self.before.values() if s.title == section.title)
            home = next(same, section.id)
            return home if item.points else None
        if one.change == "gone" or one.field == "points":
            section, item = self.before[one.old]
            return section.id if section.part == "base" and (item.points or one.after) else None
        return None

    def _whole(self) -> None:
        """Sections' points with the programme's; where that stands, with one another's."""
        whole = [
            one.id
            for one in self.revisions
            if one.field == "points" and one.what in ("programme", "section")
        ]
        self._join(whole)

    def _join(self, group: Iterable[str]) -> None:
        first, *rest = group or [""]
        for one in rest:
            self.above[self._root(one)] = self._root(first)

    def _root(self, name: str) -> str:
        while self.above[name] != name:
            name = self.above[name]
        return name


def _homes(programme: Programme) -> dict[str, tuple[Section, Item]]:
    return {item.id: (section, item) for section, item in programme.items()}


def _owners(programme: Programme) -> dict[str, tuple[Item, Clause]]:
    return {c.id: (item, c) for _, item in programme.items() for c in item.clauses}
