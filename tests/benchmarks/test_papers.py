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
from time import perf_counter, process_time

import pytest

from schedules.workdays import china
from tests.benchmarks.test_delivery import dict_rows, rounds, values_in
from tests.builders import JANUARY, a_monthly_item, a_programme, at, item, migrated
from tracker.domain.programme import Programme
from tracker.runtime import environment
from tracker.services import audit_files, readings, trail, weekly
from tracker.services.audit import NONE, AuditDesk, Row, without_rows
from tracker.services.audit_evidence import Stream
from tracker.services.digest import Audience, Digest
from tracker.services.digest_desk import Desk
from tracker.services.digest_parts import digest
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
    started = process_time()
    found = [digest(desk, Audience.HEAD, f"u{unit}") for unit in range(units)]
    return process_time() - started, found


def test_a_digest_for_each_of_many_units_costs_what_it_says_of_that_unit() -> None:
    """Three times the units take three times as long: nothing is looked at again for each."""
    growth = min(digests(300)[0] / digests(100)[0] / 3 for _ in range(2))
    print(f"\nFIGURE digests of 300 units instead of 100: x{growth:.2f} for each, bound 1.5")
    assert growth <= 1.5


@pytest.mark.full
def test_three_thousand_unit_digests_against_bare_jinja() -> None:
    seconds, found = digests(3_000)
    templates = environment(Settings(secret="x" * 32))
    size = len(render_digest(templates, "zh", found[0]).html)
    bare, rows = dict_rows(values_in(found[0]), size)

    def ours() -> None:
        for one in found[:300]:
            render_digest(templates, "zh", one)

    def theirs() -> None:
        for _ in found[:300]:
            bare.render(rows=rows)

    started = perf_counter()
    for one in found:
        render_digest(templates, "zh", one)
    rendering = perf_counter() - started
    ratio = rounds(ours, theirs, times=1)
    print(
        f"\nFIGURE 3,000 unit digests of 12,000 obligations: made in {seconds:.1f} s, rendered in "
        f"{rendering:.1f} s ({size:,} characters each), peak {peak() / 1e6:.0f} MB; "
        f"rendering x{ratio:.2f} of bare Jinja2 with dict rows of as many values"
    )
    assert ratio <= 4, "a unit's digest is short: its words, text and subject weigh more"


# -- the chain -------------------------------------------------------------------------------------

COLUMNS = "SELECT seq, at, kind, subject, body, prev_hash, hash FROM event ORDER BY seq"


def a_long_chain(url: str, count: int) -> None:
    database = Database(url, synchronous="off", busy_seconds=5)
    for start in range(0, count, 20_000):
        events = [
            trail.NewEvent("fact.report", f"20.5/done/unit-{n % 300}", {
                "fact": f"f-{n}", "kind": "report", "sha256": f"{n:064x}", "by": "unit",
            })
            for n in range(start, min(start + 20_000, count))
        ]  # fmt: skip
        with database.write() as session:
            trail.append_all(session, "small", events, now=JANUARY + timedelta(seconds=start))
        with database.write() as session:
            while trail.seal(session, "small", now=JANUARY) == trail.BATCH:
                pass
    database.close()


def hashed(path: Path) -> str:
    """The same rows read by the driver and hashed one over the other, and nothing else."""
    head = "0" * 64
    with sqlite3.connect(path) as connection:
        for row in connection.execute(COLUMNS):
            head = sha256(f"{head}\\n{row}".encode()).hexdigest()
    return head


def verified(url: str) -> trail.Verdict:
    database = Database(url, synchronous="off", busy_seconds=5)
    with database.read() as session:
        found = trail.verify(session, "small")
    database.close()
    return found


def against_hashing(folder: Path, count: int) -> float:
    path = folder / "chain.db"
    url = f"sqlite:///{path}"
    migrated(url)
    a_long_chain(url, count)
    found = verified(url)
    assert (found.ok, found.count) == (True, count)
    return rounds(lambda: verified(url), lambda: hashed(path), times=1)


def test_verifying_a_chain_costs_at_most_three_times_hashing_its_rows(tmp_path: Path) -> None:
    ratio = against_hashing(tmp_path, 30_000)
    print(f"\nFIGURE a chain of 30,000 events verified: x{ratio:.2f} of hashing its rows, bound 3")
    assert ratio <= 3


@pytest.mark.full
def test_verifying_a_million_events_costs_at_most_three_times_hashing_them(tmp_path: Path) -> None:
    ratio = against_hashing(tmp_path, 1_000_000)
    print(f"\nFIGURE a chain of 1,000,000 events verified: x{ratio:.2f} of hashing them, bound 3")
    assert ratio <= 3


# -- long audits -----------------------------------------------------------------------------------


def a_long_year(units: int, items: int) -> Programme:
    """So many monthly duties of so many units: twelve rows of the audit for each of both."""
    names = [f"u{unit}" for unit in range(units)]
    named = [{"id": name, "name": f"第 {name} 号镇人民政府"} for name in names]
    return a_programme(
        *(a_monthly_item(str(n), responsible=names, lead=names[0], reviewing_units=names[:1])
          for n in range(1, items + 1)),
        units=named,
    )  # fmt: skip


def long_audit(units: int, items: int) -> Stream:
    seen = of_documents(a_long_year(units, items), [], china(), as_of=at("2022-01-10 08:30"))
    first, last = date(2021, 1, 1), date(2021, 12, 31)

    def rows() -> Iterator[Row]:
        return AuditDesk(seen, NONE).rows(first, last)

    return Stream(without_rows(seen, rows(), first=first, last=last), rows)


def grown_by(folder: Path, units: int, items: int) -> dict[str, int]:
    """By how many bytes memory grows at most while each kind of file is written."""
    stream, found = long_audit(units, items), {}
    templates = environment(Settings(secret="x" * 32))
    for suffix in ("csv", "json", "xlsx"):
        gc.collect()
        tracemalloc.start()
        audit_files.write_stream(stream, folder / f"audit.{suffix}", environment=templates)
        found[suffix] = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return found


def test_writing_a_longer_audit_takes_no_more_memory(tmp_path: Path) -> None:
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
