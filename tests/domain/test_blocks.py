"""Blocks of days and working days: counted and shown by the same measure."""

from __future__ import annotations

from typing import Any

import pytest

from tests.domain.small import History, a_programme, clause
from tracker.domain.programme import Programme


def a_late_clause(unit: str, n: int, steps: str) -> Programme:
    every = {"n": n, "unit": unit}
    rule: dict[str, Any] = {"kind": "lateness", "duty": "done", "every": every, "each": "0.1",
                            "steps": steps}  # fmt: skip
    duty = {"kind": "milestone", "id": "done", "on": "2020-09-30"}
    return a_programme(clause(points="5", duties=[duty], rules=[rule]), year=2020)


@pytest.mark.parametrize(
    ("unit", "n", "steps", "lost", "late"),
    [
        # The holidays to 8 October leave the 9th and 10th (made up) as working days.
        ("workday", 1, "completed", "0.2", 2),
        ("workday", 3, "started", "0.1", 2),
        ("day", 7, "completed", "0.1", 10),
        ("day", 7, "started", "0.2", 10),
        ("day", 1, "started", "1", 10),
    ],
)
def test_a_block_is_charged_and_told_in_its_own_unit(
    unit: str, n: int, steps: str, lost: str, late: int
) -> None:
    programme = a_late_clause(unit, n, steps)
    history = History()
    history.done("2020-10-10 24:00")
    assert history.lost(programme, "2020-12-31 12:00") == lost
    [entry] = [one for one in history.ledger(programme, "2020-12-31 12:00").entries if one.points]
    told = next(step for step in entry.steps if step.code.startswith("blocks_"))
    assert told["late"] == late
