"""Things that count in batches, or by a class, however many facts tell of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tests.domain.pocket import added_up
from tests.domain.small import History, a_programme, clause
from tracker.domain.points import points
from tracker.domain.programme import Programme
from tracker.domain.rules import Status

MISSING = {"kind": "per_missing", "finding": "gap", "per": "3", "each": "1"}
INCIDENT = {"kind": "per_incident", "finding": "gap", "per": "3", "each": "1"}
BEYOND = {**INCIDENT, "allowance": "1"}
AWARD = {"kind": "bonus", "recognition": "gap", "per": 3, "award": "1", "apart": True}
FROM_SECOND = {**AWARD, "from_nth": 2}


def of(*rules: dict[str, Any]) -> Programme:
    return a_programme(clause(points="5", rules=list(rules)))


def told(rule: dict[str, Any], counts: Sequence[int], **parts: Any) -> History:
    history = History()
    fact = "recognition" if "recognition" in rule else "finding"
    for day, count in enumerate(counts, start=1):
        history.add(fact, f"2021-03-{day:02d}", **{fact: "gap", "count": count, **parts})
    return history


@pytest.mark.parametrize("counts", [[7], [1] * 7, [2, 2, 2, 1], [6, 1], [1, 6]])
@pytest.mark.parametrize(
    ("rule", "full"),
    [(MISSING, 2), (INCIDENT, 2), (BEYOND, 2), (AWARD, 2), (FROM_SECOND, 2)],
    ids=["missing", "incident", "beyond", "award", "from_second"],
)
def test_every_full_batch_counts_whether_one_fact_tells_of_it_or_several(
    rule: dict[str, Any], full: int, counts: list[int]
) -> None:
    ledger = told(rule, counts).ledger(of(rule), "2021-12-31")
    assert sum(abs(entry.points) for entry in ledger.entries) == full * 10_000


def test_what_is_won_for_a_class_that_nobody_knows_waits_for_one() -> None:
    rule = {"kind": "bonus", "recognition": "gap", "classes": {"named": "2", "applied": "1"}}
    history = told(rule, [2])
    [entry] = history.ledger(of(rule), "2021-12-31").entries
    assert (entry.status, entry.points, points(entry.worst)) == (Status.UNKNOWN, 0, 4)
    assert [one.code for one in entry.steps] == ["missing_class"]
    assert told(rule, [1], **{"class": "named"}).ledger(of(rule), "2021-12-31").score == 50_000


def test_what_fills_a_batch_is_told_so_that_a_calculator_follows_it() -> None:
    entries = told(INCIDENT, [2, 2, 2]).ledger(of(INCIDENT), "2021-12-31").entries
    assert [(one.points, added_up(one)) for one in entries] == [(-10_000, 1), (-10_000, 1)]
    assert [dict(one.steps[0].values) for one in entries] == [
        {"seen": 4, "size": 3, "before": 0},
        {"seen": 6, "size": 3, "before": 1},
    ]
