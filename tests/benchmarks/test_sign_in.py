"""F3: how long a sign-in takes does not tell whether there is such an account."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from statistics import median

import pytest

from tests.databases import SqliteModels
from tests.web.conftest import House, opened
from tests.web.staff import staffed
from tracker.services import signins

pytestmark = pytest.mark.bench

MOST = 1.10
PAIRS = 15


@pytest.fixture
def house(sqlite_models: SqliteModels, tmp_path: Path) -> Iterator[House]:
    made = opened(sqlite_models.copy(staffed, tmp_path / "web.sqlite"), tmp_path / "data")
    yield made
    made.runtime.database.close()


def took(house: House, login: str, n: int) -> float:
    begun = time.process_time()
    told = signins.sign_in(
        house.runtime.database, login, "not the password", address=f"10.0.0.{n}", device="",
        browser="", now=house.clock.now(),
    )  # fmt: skip
    assert told is None
    return time.process_time() - begun


def test_a_wrong_password_takes_as_long_for_a_name_that_nobody_has(house: House) -> None:
    """By turns, each at a time of its own and from its own address, so that no throttle is met;
    processor time, so that others' work tells nothing."""
    ratios = []
    took(house, "nobody-at-first", 0)
    for n in range(PAIRS):
        house.clock.advance(timedelta(hours=1))
        known = took(house, "office", n)
        ratios.append(took(house, f"nobody{n}", n) / known)
    ratio = median(ratios)
    print(f"known {known * 1000:.1f} ms, unknown x{ratio:.3f}, at most x{MOST}")
    assert 1 / MOST < ratio < MOST
