"""How soon the command line answers, against the library that it cannot do without."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROUNDS = 21
MOST = 1.5
PYTHON = sys.executable
LIMIT = [PYTHON, "-c", "import typer"]
TRACKER = Path(PYTHON).with_name("tracker")


def seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, capture_output=True, check=True)
    return time.perf_counter() - began


def ratio(option: str) -> float:
    """The median over interleaved runs, so that whatever else the machine does hits both."""
    command = [str(TRACKER), option]
    for warm_up in (LIMIT, command):
        seconds(warm_up)
    limit_and_ours = [(seconds(LIMIT), seconds(command)) for _ in range(ROUNDS)]
    return statistics.median(ours / limit for limit, ours in limit_and_ours)


@pytest.mark.bench
@pytest.mark.parametrize("option", ["--help", "--version"])
def test_the_command_line_starts_within_half_as_much_again_as_typer(option: str) -> None:
    if not TRACKER.exists():
        pytest.skip("the project is not installed beside this Python")
    measured = ratio(option)
    if measured > MOST:  # once more, for a machine that was busy with something else
        measured = ratio(option)
    print(f"tracker {option}: {measured:.2f} x `python -c 'import typer'`, at most {MOST}")
    assert measured <= MOST
