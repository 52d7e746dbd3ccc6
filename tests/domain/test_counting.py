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
        history.add(fact, f"2021-03-{day:02d} 09:00", **{fact: "gap", "count": count, **parts})
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


ONCE = {"kind": "no_double", "rules": ["1"]}
PLAIN = {"kind": "per_incident", "finding": "gap", "each": "1"}
MONTHLY = {**ONCE, "same": "problem_and_month"}


@pytest.mark.parametrize("counts", [[3], [1, 1, 1], [2, 1]])
@pytest.mark.parametrize(
    ("rule", "amount"),
    [(PLAIN, "-1"), ({**MISSING, "per": "1"}, "-1"), ({**PLAIN, "allowance": "0"}, "-1"),
     ({**AWARD, "per": 1}, "1")],
    ids=["incident", "missing", "beyond", "award"],
)  # fmt: skip
@pytest.mark.parametrize("once", [ONCE, MONTHLY], ids=["ever", "monthly"])
def test_one_problem_counts_once_however_many_times_one_fact_or_several_record_it(
    once: dict[str, Any], rule: dict[str, Any], amount: str, counts: Sequence[int]
) -> None:
    ledger = told(rule, counts, problem="p1").ledger(of(rule, once), "2021-04-01")
    assert str(points(ledger.score - ledger.base_points)) == amount
    for entry in ledger.entries:
        assert added_up(entry) * 10_000 == abs(entry.points)


def test_that_one_fact_counts_once_is_said_with_how_many_were_recorded() -> None:
    (entry,) = told(PLAIN, [3], problem="p1").ledger(of(PLAIN, ONCE), "2021-04-01").entries
    assert [one.code for one in entry.steps] == ["one_problem", "times"]
    assert (entry.steps[0]["count"], entry.steps[0]["problem"]) == (3, "p1")


def test_what_names_no_problem_counts_as_often_as_it_was_recorded() -> None:
    assert told(PLAIN, [3]).lost(of(PLAIN, ONCE), "2021-04-01") == "3"


def test_a_problem_counts_as_often_as_recorded_where_no_rule_says_once() -> None:
    besides = {**ONCE, "besides": ["1#1"]}
    assert told(PLAIN, [3], problem="p1").lost(of(PLAIN), "2021-04-01") == "3"
    assert told(PLAIN, [3], problem="p1").lost(of(PLAIN, besides), "2021-04-01") == "3"


def test_one_problem_waits_for_one_decision_however_often_it_was_recorded() -> None:
    asked = {"kind": "discretionary", "asked": "gap", "per": "each", "most": "2"}
    history = History()
    history.add("finding", "2021-03-01", finding="gap", count=3, problem="p1")
    (entry,) = history.ledger(of(asked, ONCE), "2021-04-01").entries
    assert [one.code for one in entry.steps] == ["one_problem", "undecided"]
    assert points(-entry.worst) == 2


@pytest.mark.parametrize(
    ("had", "full", "started"),
    [(0, 3, 3), (1, 2, 3), (20, 2, 2), (39, 1, 2), (40, 1, 1), (59, 0, 1), (60, 0, 0)],
)
def test_what_is_short_costs_by_full_batches_or_by_started_ones(
    had: int, full: int, started: int
) -> None:
    """每少20件扣1分, of sixty asked for: what makes a batch full starts no other."""
    history = History()
    history.done("2021-12-20", count=had)
    rule = {"kind": "per_missing", "duty": "calls", "each": "1", "per": "20"}
    duty = {"kind": "milestone", "id": "calls", "on": "2021-12-31", "need": {"of": "calls"}}
    asked = [{"id": "calls", "name": "电话举报", "value": "60"}]
    for steps, lost in (("completed", full), ("started", started)):
        body = clause(points="5", duties=[duty], rules=[{**rule, "steps": steps}])
        assert history.lost(a_programme(body, targets=asked), "2022-01-05") == str(lost)


@pytest.mark.parametrize(
    "rule",
    [{"kind": "all_or_nothing", "late": "forgiven", "lose": "1"},
     {"kind": "per_missing", "judged": "now", "each": "1"}],
    ids=["undone", "short"],
)  # fmt: skip
def test_what_can_still_be_made_up_for_is_provisional_until_the_cut_off(
    rule: dict[str, Any],
) -> None:
    duty = {"kind": "milestone", "id": "calls", "on": "2021-09-30"}
    body = clause(points="5", duties=[duty], rules=[{**rule, "duty": "calls"}])
    for as_of, status in (("2021-10-15", Status.PROVISIONAL), ("2022-01-05", Status.SETTLED)):
        [entry] = History().ledger(a_programme(body), as_of).entries
        assert (entry.points, entry.status) == (-10_000, status)
