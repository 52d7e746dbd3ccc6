"""What reading scoring text costs: against bare lexing, with the length, at the worst, in memory.

CPU time of this process, the best of a few runs; ratios only.
"""

from __future__ import annotations

import gc
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from tests.definitions.clauses import texts
from tracker.definitions.clauses import read_clause
from tracker.definitions.clauses.lexing import tokens
from tracker.definitions.clauses.normalising import normal

OVER_LEXING = 8.0
DOUBLE = 2.3
WORST = 50.0
LONG = 2_000
ORDINARY = 40
"""Characters of an ordinary clause at least: a whole sentence, not 扣1分."""

# The high-water mark of this program alone: what getrusage says begins with the parent's.
MEMORY = """
import re
from pathlib import Path
from tests.definitions.clauses import texts
from tracker.definitions.clauses import as_json, read_clause
for text in texts.ordinary() * 4:
    as_json(read_clause(text, year=2024))
for pattern in ("每月5日前", "90%以上得1分，", "、"):
    as_json(read_clause(texts.repeated(pattern, 50_000), year=2024))
print(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024)
"""


def seconds(work: Callable[[], object], rounds: int = 5) -> float:
    work()
    gc.collect()
    return min(once(work) for _ in range(rounds))


def once(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def reading(text: str) -> Callable[[], object]:
    return lambda: read_clause(text, year=2024)


@pytest.mark.bench
def test_a_thousand_ordinary_clauses_against_bare_lexing() -> None:
    clauses = (texts.ordinary() * 4)[:1_000]
    read = seconds(lambda: [read_clause(one, year=2024) for one in clauses], 3)
    lexed = seconds(lambda: [list(tokens(normal(one).text)) for one in clauses], 3)
    ratio = read / lexed
    print(f"1,000 clauses: {ratio:.1f} x bare lexing, at most {OVER_LEXING}")
    assert ratio <= OVER_LEXING


@pytest.mark.bench
@pytest.mark.parametrize("pattern", texts.PATTERNS)
def test_twice_the_text_takes_twice_the_time(pattern: str) -> None:
    short, long = (reading(texts.repeated(pattern, n)) for n in (8_000, 16_000))
    ratio = seconds(long, 2) / seconds(short, 2)
    for _ in range(3):  # again, for a machine that was busy with something else
        if ratio > DOUBLE:
            ratio = min(ratio, seconds(long) / seconds(short))
    print(f"{pattern!r}: {ratio:.2f}, at most {DOUBLE}")
    assert ratio <= DOUBLE


@pytest.mark.bench
def test_the_worst_text_is_no_trap() -> None:
    clauses = [one for one in texts.ordinary() if len(one) >= ORDINARY]
    repeated = {one: reading(texts.repeated(one, LONG)) for one in (*texts.PATTERNS, *clauses[:20])}
    worst = max(repeated, key=lambda one: once(repeated[one]))

    def measure() -> float:
        ordinary = statistics.median(seconds(reading(one), 3) for one in clauses)
        return seconds(repeated[worst]) / ordinary

    cost = measure()
    for _ in range(2):  # again, for a machine that was busy with something else
        if cost > WORST:
            cost = min(cost, measure())
    print(f"{LONG} characters of {worst[:12]!r}: {cost:.0f} x the median, at most {WORST:.0f}")
    assert cost <= WORST


@pytest.mark.bench
def test_memory_stays_under_200_mb() -> None:
    done = subprocess.run([sys.executable, "-c", MEMORY], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    print(f"{done.stdout.strip()} MB at most while reading")
    assert int(done.stdout) < 200
