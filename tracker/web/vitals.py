"""How the service itself is doing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tracker import __version__
from tracker.web.asking import Asked


@dataclass(frozen=True)
class Vitals:
    at: datetime
    findings: Sequence[Any]

    @property
    def ok(self) -> bool:
        return all(one.ok for one in self.findings)

    def body(self) -> dict[str, Any]:
        """What a monitor gets."""
        return {
            "live": True,
            "ok": self.ok,
            "at": self.at.isoformat(),
            "version": __version__,
            "findings": [{"name": one.name, "ok": one.ok} for one in self.findings],
        }


def vitals(asked: Asked) -> Vitals:
    with asked.runtime.database.read():
        return Vitals(asked.now, ())
