"""How the service itself is doing, for people and for a monitor."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session
from starlette.responses import JSONResponse

from tracker import __version__
from tracker.services import digest, health
from tracker.services.health import Finding
from tracker.store.database import StoreError
from tracker.store.memory import remembered
from tracker.web.asking import Asked

log = logging.getLogger("tracker.web")

AGES = frozenset({"minutes", "later", "n"})
"""What a monitor learns of a finding: ages and counts, no names."""


@dataclass(frozen=True)
class Vitals:
    at: datetime
    findings: Sequence[Finding]

    @property
    def ok(self) -> bool:
        return all(one.ok or not one.red for one in self.findings)

    def body(self) -> dict[str, Any]:
        return {
            "live": True,
            "ok": self.ok,
            "at": self.at.isoformat(),
            "version": __version__,
            "findings": [
                {"name": one.name, "ok": one.ok, "red": one.red}
                | {name: value for name, value in one.values if name in AGES}
                for one in self.findings
            ],
        }

    def told(self) -> list[digest.Health]:
        """For the weekly page."""
        return [digest.Health(one.name, one.ok, one.code, one.values) for one in self.findings]


def vitals(asked: Asked) -> Vitals:
    with asked.runtime.database.read() as session:
        return _looked(session, asked)


def for_machines(asked: Asked) -> JSONResponse:
    """What a monitor is told, also where the database is gone; 503 where something is red."""
    try:
        state = vitals(asked)
    except StoreError as failure:
        log.warning("health waits: %s", failure)
        state = Vitals(asked.now, [Finding("database", False, "health.database_away")])
    return JSONResponse(state.body(), status_code=200 if state.ok else 503)


def recent(session: Session, asked: Asked) -> Vitals:
    """The same as of the first look in this minute: for pages that many look at."""
    minute = asked.now.replace(second=0, microsecond=0)
    return remembered(session, ("vitals", minute), lambda: _looked(session, asked))


def _looked(session: Session, asked: Asked) -> Vitals:
    found = health.health(session, asked.now, asked.runtime.settings)
    return Vitals(asked.now, (*found, *health.ahead(session, asked.now)))
