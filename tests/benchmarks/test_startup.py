"""How soon the command line answers, against the library that it cannot do without.

Quick: a wire that trips where the database or the web is loaded to print a help text. Full: the
bound holds."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

QUICK = pytest.param(11, 2.0, id="quick")
FULL = pytest.param(21, 1.5, id="full", marks=pytest.mark.full)
PYTHON = sys.executable
LIMIT = [PYTHON, "-c", "import typer"]
TRACKER = Path(PYTHON).with_name("tracker")


def seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, capture_output=True, check=True)
    return time.perf_counter() - began


def ratio(option: str, rounds: int) -> float:
    """The median over interleaved runs, so that whatever else the machine does hits both."""
    command = [str(TRACKER), option]
    for warm_up in (LIMIT, command):
        seconds(warm_up)
    limit_and_ours = [(seconds(LIMIT), seconds(command)) for _ in range(rounds)]
    return statistics.median(ours / limit for limit, ours in limit_and_ours)


@pytest.mark.bench
@pytest.mark.parametrize(("rounds", "most"), [QUICK, FULL])
@pytest.mark.parametrize("option", ["--help", "--version"])
def test_the_command_line_starts_within_half_as_much_again_as_typer(
    option: str, rounds: int, most: float
) -> None:
    if not TRACKER.exists():
        pytest.skip("the project is not installed beside this Python")
    measured = ratio(option, rounds)
    if measured > most:  # once more, for a machine that was busy with something else
        measured = ratio(option, rounds)
    print(f"tracker {option}: {measured:.2f} x `python -c 'import typer'`, at most {most}")
    assert measured <= most
