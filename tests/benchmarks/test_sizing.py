"""What one machine holds: a morning of an office of so many units, for the table in the README.

    python -m pytest tests/benchmarks/test_sizing.py -m "bench and not full" -s

Printed are seconds and sizes; asserted is that a mail takes its share of the disk and no more,
however many there are.
"""

from __future__ import annotations

import asyncio
import resource
from pathlib import Path
from time import perf_counter

import pytest
from sqlmodel import func, select

from tests.benchmarks.fast_sink import fast_sink
from tests.benchmarks.test_delivery import MORNING, an_office
from tracker.services import delivery, planning
from tracker.store.tables import DispatchRow, ObligationRow

pytestmark = pytest.mark.bench
SMALL = (50, 10)


def morning(folder: Path, units: int, each: int) -> float:
    """Bytes of the database for each mail of the morning."""
    office = an_office(folder, units, each)
    file = folder / f"{units}x{each}.sqlite"
    with office.database.read() as session:
        open_ = session.exec(select(func.count()).select_from(ObligationRow)).one()
    before = _size(file)
    idle = _seconds(lambda: planning.tick_all(office.database, MORNING))
    with fast_sink() as port:
        begun = perf_counter()

        async def send() -> delivery.DeliverResult:
            parts = office.parts(port)
            done = await delivery.deliver(parts, MORNING)
            await parts.channel.close()
            return done

        done = asyncio.run(send())
        seconds = perf_counter() - begun
    with office.database.read() as session:
        mails = session.exec(select(func.count()).select_from(DispatchRow)).one()
    grown = _size(file) - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"\nsizing: {units} units, {open_} obligations, {mails} mails of {each} matters: planned "
        f"in {office.planned:.2f} s, a tick with nothing to do {1000 * idle:.1f} ms, sent in "
        f"{seconds:.1f} s ({done.sent / seconds:.0f}/s), {grown / mails / 1024:.1f} KiB a mail, "
        f"{before / 2**20:.1f} MiB before, peak {peak:.0f} MiB"
    )
    assert done.sent == mails == units
    office.database.close()
    return grown / mails


def _size(file: Path) -> int:
    return sum(path.stat().st_size for path in file.parent.glob(f"{file.name}*"))


def _seconds(work: object) -> float:
    begun = perf_counter()
    work()  # type: ignore[operator]
    return perf_counter() - begun


def test_a_morning_of_an_office(tmp_path: Path) -> None:
    few, many = morning(tmp_path, *SMALL), morning(tmp_path, 500, 10)
    assert many <= 1.5 * few


@pytest.mark.full
def test_a_morning_of_a_large_office(tmp_path: Path) -> None:
    few, many = morning(tmp_path, *SMALL), morning(tmp_path, 2000, 30)
    assert many <= 6 * few
