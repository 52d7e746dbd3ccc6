"""Of which year something must be to count in a programme's."""

from __future__ import annotations

from typing import Any

import pytest

from tests.domain.pocket import added_up
from tests.domain.small import History, a_programme, clause
from tracker.domain.points import points
from tracker.domain.programme import Programme
from tracker.domain.years import strays

BEFORE, FIRST, LAST, AFTER = (
    "2020-12-31 24:00", "2021-01-01 00:01", "2021-12-31 24:00", "2022-01-01 00:01",
)  # fmt: skip


def of(*rules: dict[str, Any], **parts: Any) -> Programme:
    return a_programme(clause(rules=list(rules), **parts), worth="20")


@pytest.mark.parametrize(
    ("of_year", "counted"),
    [(None, [FIRST, LAST, AFTER]), (True, [FIRST, LAST]), (False, [BEFORE, FIRST, LAST, AFTER])],
)
@pytest.mark.parametrize("when", [BEFORE, FIRST, LAST, AFTER])
def test_what_happened_before_the_year_does_not_count_unless_the_clause_says_so(
    of_year: bool | None, counted: list[str], when: str
) -> None:
    programme = of({"kind": "per_incident", "finding": "gap", "each": "1"}, of_year=of_year)
    history = History()
    fact = history.add("finding", when, finding="gap", unit="housing")
    [entry] = history.ledger(programme, "2022-02-01").entries
    assert points(entry.points) == (-1 if when in counted else 0)
    assert entry.facts == (fact,)
    if when not in counted:
        assert [(one.code, one["year"]) for one in entry.steps] == [("other_year", 2021)]
        assert added_up(entry) == 0


GAP = {"finding": "gap"}


@pytest.mark.parametrize(
    ("rule", "lost"),
    [
        ({"kind": "per_incident", **GAP, "each": "1", "allowance": "2"}, "0"),
        ({"kind": "per_incident", **GAP, "each": "1", "per": "2"}, "0"),
        ({"kind": "per_missing", **GAP, "each": "1"}, "1"),
        ({"kind": "ratio", **GAP, "among": "all", "of": "10"}, "1"),
        ({"kind": "threshold", "lose": "1", "when": {**GAP, "count": 2}}, "0"),
        ({"kind": "discretionary", "most": "3", "asked": "gap", "per": "each"}, "0"),
    ],
    ids=lambda one: one["kind"] if isinstance(one, dict) else "",
)
def test_last_years_findings_use_up_no_allowance_fill_no_batch_and_meet_no_condition(
    rule: dict[str, Any], lost: str
) -> None:
    history = History()
    history.add("target", "2021-01-05", target="all", value="10")
    history.add("finding", "2020-11-01", finding="gap", count=2)
    history.add("finding", "2021-11-01", finding="gap")
    ledger = history.ledger(of(rule), "2022-02-01")
    assert str(points(ledger.lost)) == lost
    assert len(ledger.pending) == (1 if rule["kind"] == "discretionary" else 0)


def test_a_case_of_last_year_is_not_the_first_of_this_years() -> None:
    from_the_second = {"kind": "bonus", "recognition": "won", "award": "1", "from_nth": 2}
    programme = of({**from_the_second, "apart": True})
    history = History()
    for when in ("2020-11-01", "2021-03-01"):
        history.add("recognition", when, recognition="won")
    assert history.ledger(programme, "2022-02-01").bonus == 0
    history.add("recognition", "2021-04-01", recognition="won")
    assert points(history.ledger(programme, "2022-02-01").bonus) == 1


def test_what_a_condition_asks_for_may_have_been_recognised_in_any_year() -> None:
    history = History()
    history.add("recognition", "2018-05-01", recognition="high_tech_zone")
    history.add("finding", "2021-11-01", finding="gap")
    spared = {"kind": "exemption", "rules": ["1"], "when": {"recognition": "high_tech_zone"}}
    counted = {"kind": "per_incident", **GAP, "each": "1"}
    assert history.lost(of(counted, spared), "2022-02-01") == "0"


@pytest.mark.parametrize(
    ("fact", "key", "told"),
    [
        ("finding", "gap", False),
        ("finding", "unlike", False),
        ("recognition", "won", False),
        ("recognition", "praised", None),
        ("finding", "asked_for_nowhere", None),
    ],
)
def test_what_counts_or_would_is_told_when_it_is_of_another_year_and_what_spares_is_not(
    fact: str, key: str, told: bool | None
) -> None:
    spared = {"kind": "exemption", "rules": ["1#1"], "same_problem": True}
    programme = of(
        {"kind": "per_incident", **GAP, "each": "1"},
        {"kind": "bonus", "recognition": "won", "award": "1"},
        {**spared, "when": {"recognition": "praised"}},
        {**spared, "when": {"finding": "unlike"}},
    )
    history = History()
    history.add(fact, BEFORE, **{fact: key}, problem="p1")
    found = [one.counts for one in strays(programme, history.facts)]
    assert found == ([] if told is None else [told])
    history.facts.clear()
    history.add(fact, AFTER, **{fact: key}, problem="p1")
    assert [one.counts for one in strays(programme, history.facts)] == [True] * len(found)
