"""What the papers cost: a week's digests for thousands of units against the template engine alone,
and verifying a long chain against hashing the same rows and nothing else."""

from __future__ import annotations

import gc
import resource
import sqlite3
import tracemalloc
from collections.abc import Iterator
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from time import perf_counter

import pytest
from jinja2 import Environment

from schedules.workdays import china
from tests.benchmarks.test_delivery import BARE, CELL, rounds
from tests.builders import JANUARY, a_monthly_item, a_programme, at, item, migrated
from tracker.domain.programme import Programme
from tracker.runtime import environment
from tracker.services import audit_files, readings, trail, weekly
from tracker.services.audit import NONE, AuditDesk, Row, without_rows
from tracker.services.audit_evidence import Stream
from tracker.services.digest import Audience, Digest
from tracker.services.digest_desk import Desk
from tracker.services.digest_words import render_digest
from tracker.services.scoreboard import of_documents
from tracker.settings import Settings
from tracker.store.database import Database

pytestmark = pytest.mark.bench

# -- digests ---------------------------------------------------------------------------------------


def large(units: int, each: int) -> Programme:
    """So many units, each of which owes so many single duties, due from week to week."""
    items = [
        item(f"{unit}.{n}", due_on=f"2021-{9 + n % 3:02}-{1 + (unit + 7 * n) % 28:02}",
             responsible=[f"u{unit}"], lead=f"u{unit}", points="1", reviewing_units=[f"u{unit}"])
        for unit in range(units)
        for n in range(each)
    ]  # fmt: skip
    named = [{"id": f"u{unit}", "name": f"第 {unit} 号镇人民政府"} for unit in range(units)]
    return a_programme(*items, units=named)


def desk_of(programme: Programme) -> Desk:
    now = at("2021-10-11 08:30")
    seen, before = (
        of_documents(programme, [], china(), as_of=when) for when in (now, now - timedelta(days=7))
    )
    return Desk(seen, before, weekly.outlook_of(seen), {}, (), readings.span_of(seen, ()))


def digests(units: int) -> tuple[float, list[Digest]]:
    desk = desk_of(large(units, 4))
    started = perf_counter()
    found = [desk.digest(Audience.HEAD, f"u{unit}") for unit in range(units)]
    return perf_counter() - started, found


def test_a_digest_for_each_of_many_units_costs_what_it_says_of_that_unit() -> None:
    """Three times the units take three times as long: nothing is looked at again for each."""
    few, many = grown_by(tmp_path, 5, 10), grown_by(tmp_path, 5, 40)
    for suffix, grown in many.items():
        print(f"\nFIGURE {suffix}: memory grew by {grown / 1e6:.1f} MB, by "
              f"{few[suffix] / 1e6:.1f} MB for a quarter of the rows")  # fmt: skip
        assert grown < 2 * few[suffix] + 2_000_000, suffix


def peak() -> int:
    """The most memory that this process has held, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@pytest.mark.full
def test_an_audit_of_a_hundred_thousand_rows_is_written_row_by_row(tmp_path: Path) -> None:
    stream = long_audit(300, 28)
    rows = stream.audit.totals.late
    assert rows > 100_000
    for suffix in ("csv", "json", "xlsx"):
        held, started = peak(), perf_counter()
        path = tmp_path / f"audit.{suffix}"
        audit_files.write_stream(stream, path, environment=environment(Settings(secret="x" * 32)))
        grown = peak() - held
        print(
            f"\nFIGURE {suffix} of {rows:,} rows: {perf_counter() - started:.0f} s, "
            f"{path.stat().st_size / 1e6:.0f} MB; memory grew by {grown / 1e6:.0f} MB, bound 64"
        )
        assert grown < 64_000_000
