"""The ten lines of the README do what they say, as they stand there, against a running server."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.databases import SqliteModels
from tests.web.conftest import House, opened
from tests.web.staff import staffed
from tests.web.test_browser import served
from tests.web.test_described import key_to_everything

ROOT = Path(__file__).parents[2]


@pytest.fixture
def staff(sqlite_models: SqliteModels, tmp_path: Path) -> Iterator[House]:
    house = opened(sqlite_models.copy(staffed, tmp_path / "web.sqlite"), tmp_path / "data")
    yield house
    house.runtime.database.close()


def lines(name: str) -> str:
    [code] = re.findall(r"```python\n(.*?)```", (ROOT / name).read_text(encoding="utf-8"), re.S)
    return str(code)


def test_the_client_of_the_readme_reads_and_reports(staff: House) -> None:
    code, before = lines("README.md"), len(staff.facts())
    assert len([line for line in code.splitlines() if line]) == 10
    assert code == lines("README.zh-CN.md")
    token = key_to_everything(staff).removeprefix("Bearer ")
    with contextmanager(served)(staff) as address:
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60,
            env={**os.environ, "TRACKER_SITE": address, "TRACKER_TOKEN": token},
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert re.match(r"[\d.]+ \[\('1/done/housing', 'housing', '[\d.]+'\)", done.stdout), done.stdout
    assert len(staff.facts()) == before + 1
