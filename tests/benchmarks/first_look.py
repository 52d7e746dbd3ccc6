"""A new process scores one programme, then runs the bare loop over the same database.

`python -m tests.benchmarks.first_look URL` prints what both cost, as CPU seconds.
"""

from __future__ import annotations

import gc
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from tracker.services import scoreboard
from tracker.store.database import Database

END = datetime(2022, 3, 1, tzinfo=UTC)
"""Past every deadline."""
DAY = 86_400
SLUG = "many"

T = TypeVar("T")


@dataclass(frozen=True)
class Look:
    """`lost` in 0.0001 point, `peak` in MB. `first` is the first thing that the process does,
    `again` the same once more, with nothing remembered of the database."""

    lost: int
    bare_lost: int
    entries: int
    first: float
    again: float
    bare: float
    peak: float


def bare_loop(database: Database) -> int:
    """Points lost in 0.0001, over all units, each by itself first."""
    now = int(END.timestamp())
    lost: dict[int, int] = {}
    with database.read() as session:
        connection = session.connection().connection.driver_connection
        assert connection is not None
        for unit, rule, due, done in connection.execute("SELECT unit, rule, due, done FROM bare"):
            late = (now if done < 0 else done) - due
            if late <= 0:
                continue
            days = -(-late // DAY)
            if rule == 0:
                taken = days * 100
            elif rule < 3:
                taken = 1_000
            else:
                taken = (50_000 * days + 30) // 60 if days <= 30 else 40_000
            lost[unit] = lost.get(unit, 0) + taken
    return sum(lost.values())


def scored(url: str) -> tuple[int, int]:
    """Points lost in 0.0001, and the number of entries."""
    with closing(Database(url)) as database, database.read() as session:
        ledger = scoreboard.board(session, SLUG, as_of=END).ledger
    return int(ledger.lost), len(ledger.entries)


def megabytes() -> float:
    """At most, of this process since its program began: what `getrusage` tells counts from before
    that, when it was still a copy of whoever started it."""
    [peak] = re.findall(r"VmHWM:\s*(\d+)", Path("/proc/self/status").read_text(encoding="ascii"))
    return int(peak) / 1024


def cpu(work: Callable[[], T]) -> tuple[float, T]:
    gc.collect()
    began = time.process_time()
    found = work()
    return time.process_time() - began, found


def look(url: str) -> Look:
    first, (lost, entries) = cpu(lambda: scored(url))
    peak = megabytes()
    again, _ = cpu(lambda: scored(url))
    with closing(Database(url)) as database:
        bare, bare_lost = cpu(lambda: bare_loop(database))
    return Look(lost, bare_lost, entries, first, again, bare, peak)


def in_a_new_process(url: str) -> Look:
    told = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.first_look", url],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return Look(**json.loads(told.stdout))


if __name__ == "__main__":
    print(json.dumps(asdict(look(sys.argv[1]))))
