"""Names of units to ids that stay: numbered in the order in which the document names them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from tracker.domain.programme import Unit

NOBODY = "（原文未列责任单位）"

_GROUP = re.compile(r"成员单位|领导小组|^各|有关|相关|牵头单位|等部门|其他")


@dataclass
class Units:
    """`known` are ids that an earlier issue of the list gave to its units, by name."""

    known: dict[str, str] = field(default_factory=dict)
    found: dict[str, Unit] = field(default_factory=dict)

    def ids(self, names: Iterable[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.id_of(name) for name in names if name.strip()))

    def id_of(self, name: str) -> str:
        plain = re.sub(r"\s+", "", name)
        unit = self.found.get(plain)
        if unit is None:
            unit = Unit(id=self._new(plain), name=plain, kind=_kind(plain))
            self.found[plain] = unit
        return unit.id

    def _new(self, name: str) -> str:
        if name in self.known:
            return self.known[name]
        taken = {*self.known.values(), *(unit.id for unit in self.found.values())}
        return next(f"u{n}" for n in range(1, len(taken) + 2) if f"u{n}" not in taken)

    @property
    def all(self) -> tuple[Unit, ...]:
        return tuple(self.found.values())


def _kind(name: str) -> Literal["unit", "group"]:
    return "group" if name == NOBODY or _GROUP.search(name) else "unit"
