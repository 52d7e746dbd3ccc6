"""The log of a service: one event a line on standard error, with ids and no personal data.

What others write of a failure may quote what it was about, a mailbox or a name, so of an exception
only its kind and the places in the code are told; `TRACKER_DEBUG=1` shows all of it.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Literal

QUIET = ("apscheduler", "procrastinate", "alembic", "httpx2", "uvicorn")
"""Libraries that tell much: their warnings are enough."""

REPEATS = ("psycopg.pool",)
"""A warning at each try, while the database is away, of what we say ourselves."""

_OURS = frozenset(
    ("method", "route", "status", "ms", "trouble", "round", "job", "count", "channel", "sent",
     "failed", "later", "unknown", "suppressed", "claimed", "made", "dispatched")
)  # fmt: skip
"""What an event may carry beside its words."""


def begin(form: Literal["text", "json"], level: str, *, debug: bool = False) -> None:
    """For the whole process."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Json(debug=debug) if form == "json" else Text(debug=debug))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level.upper())))
    for name in REPEATS:
        logging.getLogger(name).setLevel(logging.ERROR)
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True


class _Careful(logging.Formatter):
    def __init__(self, *, debug: bool) -> None:
        super().__init__()
        self._debug = debug

    def fields(self, record: logging.LogRecord) -> dict[str, object]:
        ours = record.name.partition(".")[0] in ("tracker", "notifiers", "schedules")
        told: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            # Of others' words only the pattern: what they fill in may be anything.
            "event": record.getMessage() if ours or self._debug else str(record.msg)[:200],
        }
        told |= {name: value for name, value in vars(record).items() if name in _OURS}
        if record.exc_info and record.exc_info[0] is not None:
            told["error"] = self._failure(record.exc_info[1])
        return told

    def _failure(self, error: BaseException | None) -> str:
        if error is None or self._debug:
            return "".join(traceback.format_exception(error)) if error else ""
        kinds, places = [], traceback.extract_tb(error.__traceback__)
        cause: BaseException | None = error
        while cause is not None:
            kinds.append(type(cause).__name__)
            cause = cause.__cause__
        where = " < ".join(f"{one.filename}:{one.lineno}" for one in reversed(places[-6:]))
        return f"{' from '.join(kinds)} at {where}"


class Json(_Careful):
    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(self.fields(record), ensure_ascii=False, default=str)


class Text(_Careful):
    def format(self, record: logging.LogRecord) -> str:
        told = self.fields(record)
        at, level, origin, event = (told.pop(name) for name in ("at", "level", "from", "event"))
        more = "".join(f" {name}={value}" for name, value in told.items())
        return f"{at} {level} {origin}: {event}{more}"
