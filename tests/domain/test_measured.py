"""What is measured at several sites, for parts of the year, or waits for its review."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.domain.pocket import added_up
from tests.domain.small import History, a_programme, clause
from tracker.domain.points import points, rounded
from tracker.domain.programme import Programme
from tracker.domain.rules import Status

RULES: dict[str, dict[str, Any]] = {
    "per_step": {"kind": "per_step", "measure": "rate", "each": "0.5", "against": "100"},
    "tiered": {"kind": "tiered", "measure": "rate",
               "tiers": [{"at_least": "98", "lose": "1"}, {"below": "98", "lose": "2"}]},
    "ratio": {"kind": "ratio", "measure": "rate"},
    "linear": {"kind": "linear", "measure": "rate",
               "corners": [{"at": "90", "get": "0"}, {"at": "100", "get": "all"}]},
}  # fmt: skip
BY_SITE = {
    # 99, 96 and 100 at three sites of a clause worth 5
    "per_step": {"each": "2.5", "best": "0", "worst": "2", "mean": "0.8333"},
    "tiered": {"each": "4", "best": "1", "worst": "2", "mean": "1.3333"},
    "ratio": {"each": "0.25", "best": "0", "worst": "0.2", "mean": "0.0834"},
    "linear": {"each": "2.5", "best": "0", "worst": "2", "mean": "0.8334"},
}


def one_rule(rule: dict[str, Any], **parts: Any) -> Programme:
    return a_programme(clause(points="5", rules=[rule]), **parts)


@pytest.mark.parametrize("kind", RULES)
@pytest.mark.parametrize("takes", ["each", "best", "worst", "mean"])
def test_several_sites_make_one_amount_in_the_way_that_the_rule_says(kind: str, takes: str) -> None:
    history = History()
    for site, rate in (("东", "99"), ("西", "96"), ("北", "100")):
        history.add("measurement", "2022-01-05", measure="rate", value=rate, site=site)
    ledger = history.ledger(one_rule({**RULES[kind], "takes": takes}), "2022-02-01")
    # Each site's part of a mean is rounded by itself.
    lost = Decimal(str(points(ledger.lost)))
    assert abs(lost - Decimal(BY_SITE[kind][takes])) <= Decimal("0.0001")
    for entry in ledger.entries:
        assert rounded(added_up(entry)) == abs(entry.points), entry.steps


YEARLY = one_rule({"kind": "per_step", "measure": "rate", "each": "0.5", "against": "100"})


def test_a_yearly_value_replaces_those_of_parts_of_the_year_whenever_it_is_entered() -> None:
    history = History()
    history.add("measurement", "2021-07-05", measure="rate", value="95", period="2021-06")
    assert history.lost(YEARLY, "2021-08-01") == "2.5"
    history.add("measurement", "2021-10-05", measure="rate", value="97", period="2021-09")
    assert history.lost(YEARLY, "2021-11-01") == "1.5"
    history.add("measurement", "2022-01-05", measure="rate", value="98", period="2021")
    assert history.lost(YEARLY, "2022-02-01") == "1"
    history.add("measurement", "2022-01-20", measure="rate", value="90", period="2021-12")
    assert history.lost(YEARLY, "2022-02-01") == "1"
    history.add("measurement", "2022-01-25", measure="rate", value="99")
    assert history.lost(YEARLY, "2022-02-01") == "0.5"


def test_what_a_part_of_the_year_costs_is_provisional_until_the_year_is_over() -> None:
    history = History()
    history.add("measurement", "2021-07-05", measure="rate", value="95", period="2021-06")
    [interim] = history.ledger(YEARLY, "2021-08-01").entries
    assert interim.status is Status.PROVISIONAL
    [last] = history.ledger(YEARLY, "2022-02-01").entries
    assert last.status is Status.SETTLED
    history.add("measurement", "2021-07-06", measure="rate", value="95", period="2021年")
    [yearly] = history.ledger(YEARLY, "2021-08-01").entries
    assert yearly.status is Status.SETTLED


# -- what was already charged elsewhere ------------------------------------------------------------

CHECKED = {"kind": "ratio", "finding": "untrue", "among": "checked", "excluding": ["2"]}


@pytest.mark.parametrize(
    ("excluded", "lost"),
    [("found", "1.25"), ("looked_at", "1.6667")],  # 1 ÷ 4 × 5; 1 ÷ (4 − 1) × 5
)
def test_what_was_charged_elsewhere_leaves_the_tasks_found_and_perhaps_those_looked_at(
    excluded: str, lost: str
) -> None:
    programme = a_programme(
        clause(points="5", rules=[{**CHECKED, "excluded": excluded}]),
        clause(id="2", rules=[{"kind": "per_incident", "finding": "criticised", "each": "0.5"}]),
        worth="10",
        targets=[{"id": "checked", "name": "受检任务", "value": "4"}],
    )
    history = History()
    for problem in ("甲", "乙"):
        history.add("finding", "2021-05-01", finding="untrue", problem=problem)
    history.add("finding", "2021-06-01", finding="criticised", problem="乙")
    [entry] = [e for e in history.ledger(programme, "2022-02-01").entries if e.rule == "1#1"]
    assert str(points(entry.points)) == f"-{lost}"
    assert rounded(added_up(entry)) == -entry.points


# -- what waits for its review ---------------------------------------------------------------------


def short_of(judged: str) -> Programme:
    return a_programme(
        clause(
            duties=[{"kind": "milestone", "id": "d", "on": "2021-09-30", "need": {"of": "works"}}],
            rules=[{"kind": "per_missing", "duty": "d", "each": "1", "judged": judged}],
        ),
        targets=[{"id": "works", "name": "工程", "value": "3"}],
    )


def status_of(history: History, programme: Programme, as_of: str) -> Status:
    [entry] = history.ledger(programme, as_of).entries
    return entry.status


@pytest.mark.parametrize(
    ("judged", "status"), [("at_deadline", Status.SETTLED), ("now", Status.PROVISIONAL)]
)
def test_a_shortfall_on_its_day_is_settled_though_a_later_report_waits_for_its_review(
    judged: str, status: Status
) -> None:
    history = History()
    history.done("2021-09-20", duty="d", count=1)
    history.report("2021-11-20", duty="d", count=2)
    assert status_of(history, short_of(judged), "2022-02-01") is status


def test_a_shortfall_is_provisional_while_the_report_in_time_may_be_sent_back() -> None:
    history, programme = History(), short_of("at_deadline")
    report = history.report("2021-09-20", duty="d", count=2)
    assert status_of(history, programme, "2022-02-01") is Status.PROVISIONAL
    history.accept(report, "2022-02-02")
    assert status_of(history, programme, "2022-02-03") is Status.SETTLED


@pytest.mark.parametrize(
    ("rule", "status"),
    [
        ({"kind": "all_or_nothing", "duty": "d", "lose": "1"}, Status.SETTLED),
        ({"kind": "per_incident", "duty": "d", "each": "1"}, Status.SETTLED),
        # Sent back, it would be late by more.
        ({"kind": "lateness", "duty": "d", "each": "0.1", "every": {"n": 1, "unit": "day"}},
         Status.PROVISIONAL),
    ],
)  # fmt: skip
def test_what_came_late_and_waits_is_settled_unless_a_return_would_cost_more(
    rule: dict[str, Any], status: Status
) -> None:
    duty = {"kind": "milestone", "id": "d", "on": "2021-09-30"}
    history = History()
    history.report("2021-10-05 10:00", duty="d")
    programme = a_programme(clause(duties=[duty], rules=[rule]))
    assert status_of(history, programme, "2022-02-01") is status


ABOVE_THE_MEAN = {"measure": "share", "above": "target:mean"}
NAMES = {"share": "问题占比", "place": "排名"}
TARGETS = [{"id": "mean", "name": "全省平均", "source": "通报"}]


@pytest.mark.parametrize(
    ("rule", "facts", "worst", "waits_for"),
    [
        ("rank", {"place": 2, "mean": 12}, "-0.2", "问题占比"),
        ("rank", {"place": 2, "share": 13}, "-0.2", "全省平均"),
        ("rank", {"share": 13, "mean": 12}, "-0.3", "排名"),
        ("threshold", {"share": 13}, "-1", "全省平均"),
        ("threshold", {"mean": 12}, "-1", "问题占比"),
        ("must", {"share": 13}, "-1", "全省平均"),
        ("per_step", {"mean": 12}, "-5", "问题占比"),
        ("per_step", {"share": 13}, "-5", "全省平均"),
    ],
)
def test_what_waits_for_a_number_names_it_and_what_it_may_cost(
    rule: str, facts: dict[str, int], worst: str, waits_for: str
) -> None:
    body = {
        "rank": {"kind": "rank", "rank": "place", "places": {1: "0.1", 2: "0.2", 3: "0.3"},
                 "when": ABOVE_THE_MEAN},
        "threshold": {"kind": "threshold", "lose": "1", "when": ABOVE_THE_MEAN},
        "must": {"kind": "all_or_nothing", "lose": "1", "must": ABOVE_THE_MEAN},
        "per_step": {"kind": "per_step", "measure": "share", "each": "1", "direction": "above",
                     "against": "target:mean"},
    }[rule]  # fmt: skip
    programme, history = one_rule(body, names=NAMES, targets=TARGETS), History()
    for key, value in facts.items():
        fact = {"place": "rank", "mean": "target", "share": "measurement"}[key]
        named = {"rank": "rank", "target": "target", "measurement": "measure"}[fact]
        figure = "place" if fact == "rank" else "value"
        history.add(fact, "2021-06-01", **{named: key, figure: value})
    [entry] = history.ledger(programme, "2022-02-01").entries
    assert (entry.status, entry.points) == (Status.UNKNOWN, 0)
    assert str(points(entry.worst)) == worst
    assert entry.steps[-1]["what"] == waits_for
