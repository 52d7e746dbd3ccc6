"""不重复: one problem counts once, and what a limit had cut off beside it counts where that leaves
room."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from tests.domain.bounds import charged_twice, cut_for_nothing, out_of_bounds
from tests.domain.pocket import added_up
from tests.domain.small import History, a_programme, clause
from tracker.domain.ledger import Entry, Ledger
from tracker.domain.points import points
from tracker.domain.programme import Programme
from tracker.domain.rules import Status


def each(finding: str, amount: str, **parts: Any) -> dict[str, Any]:
    return {"kind": "per_incident", "finding": finding, "each": amount, **parts}


def once(*names: str, **parts: Any) -> dict[str, Any]:
    return {"kind": "no_double", "rules": list(names), **parts}


def told(*findings: str) -> History:
    """Findings in order of time: "a" or "a p1", "a x3"."""
    history = History()
    for day, said in enumerate(findings, start=1):
        key, *more = said.split()
        parts: dict[str, Any] = {}
        for word in more:
            parts |= {"count": int(word[1:])} if word[0] == "x" else {"problem": word}
        history.add("finding", f"2021-03-{day:02d}", finding=key, **parts)
    return history


def lost(ledger: Ledger) -> dict[str, str]:
    """By clause."""
    found: dict[str, int] = {}
    for entry in ledger.entries:
        found[entry.clause] = found.get(entry.clause, 0) - entry.points
    return {name: str(points(amount)) for name, amount in found.items()}


def codes(entry: Entry) -> list[str]:
    assert added_up(entry) * 10_000 == abs(entry.points)
    return [one.code for one in entry.steps]


ONE_CLAUSE = a_programme(
    clause(points="15", rules=[each("late", "1", cap="all"), each("left", "1", cap="all"),
                               once("1")]),
    worth="15",
)  # fmt: skip


@pytest.mark.parametrize(("others", "amount"), [(13, "14"), (14, "15"), (15, "15")])
def test_what_is_charged_twice_in_a_clause_uses_its_points_up_once(
    others: int, amount: str
) -> None:
    history = told("late p1", "left p1", f"left x{others}")
    assert history.lost(ONE_CLAUSE, "2021-04-01") == amount


def two_clauses(*rules: dict[str, Any], limit: str = "2", **parts: Any) -> Programme:
    return a_programme(
        clause(id="1.1", points=limit, rules=[each("small", "2"), *rules], **parts),
        clause(id="1.2", points="20", rules=[each("big", "5"), once("1.1", "1.2")]),
        worth="30",
    )


def test_what_had_no_room_beside_a_charge_that_counts_elsewhere_is_charged_after_all() -> None:
    ledger = told("small p1", "small p2", "big p1").ledger(two_clauses(), "2021-04-01")
    assert lost(ledger) == {"1.1": "2", "1.2": "5"}
    first, second, _ = ledger.entries
    assert codes(first) == ["times", "same_problem"]
    assert codes(second) == ["times"]


def test_what_is_cut_off_put_back_and_cut_off_again_tells_the_last_cut_alone() -> None:
    history = told("small p1", "small p2", "small p3", "big p1")
    ledger = history.ledger(two_clauses(limit="3"), "2021-04-01")
    assert lost(ledger) == {"1.1": "3", "1.2": "5"}
    voided, whole, cut, _ = ledger.entries
    assert (codes(voided), codes(whole)) == (["times", "same_problem"], ["times"])
    assert codes(cut) == ["times", "clause_cap"]
    assert (cut.steps[1]["used"], cut.steps[1]["amount"]) == (2, 1)


def test_what_is_put_back_may_meet_its_own_problem_and_give_way_in_turn() -> None:
    history = told("small p1", "small p2", "small p3", "big p1", "big p2")
    ledger = history.ledger(two_clauses(), "2021-04-01")
    assert lost(ledger) == {"1.1": "2", "1.2": "10"}


def test_between_clauses_the_charge_stays_of_which_more_is_left() -> None:
    capped = two_clauses(each("huge", "9"), limit="4")
    ledger = told("huge p1", "big p1").ledger(capped, "2021-04-01")
    assert lost(ledger) == {"1.1": "0", "1.2": "5"}


def test_a_modifier_after_the_cap_scales_what_the_cap_leaves_of_what_is_put_back() -> None:
    halved = two_clauses(
        {"kind": "multiplier", "factor": "0.5", "order": "after_cap",
         "when": {"recognition": "mended"}, "rules": ["1.1#1"]},
    )  # fmt: skip
    history = told("small p1", "small p2", "big p1")
    history.add("recognition", "2021-03-20", recognition="mended")
    ledger = history.ledger(halved, "2021-04-01")
    assert lost(ledger) == {"1.1": "1", "1.2": "5"}
    assert codes(ledger.entries[1]) == ["times", "times_factor"]


def test_stages_that_the_whole_had_absorbed_count_where_the_whole_counts_elsewhere() -> None:
    staged = a_programme(
        clause(
            id="1.1", points="4",
            duties=[{"kind": "case", "id": "whole", "case": "work", "external": "期限"},
                    {"kind": "milestone", "id": "stage", "on": "2021-03-01"}],
            rules=[{"kind": "all_or_nothing", "duty": "stage", "lose": "1"},
                   {"kind": "lateness", "duty": "whole", "base": "2", "absorbs": ["1.1#1"]}],
        ),
        clause(id="1.2", points="20", rules=[each("big", "5"), once("1.1", "1.2")]),
        worth="30",
    )  # fmt: skip
    history = History()
    history.add("case", "2021-01-04", case="c1", kind="work", event="opened", unit="env_branch",
                due_on="2021-02-01")  # fmt: skip
    assert lost(history.ledger(staged, "2021-04-01")) == {"1.1": "2"}
    history.add("finding", "2021-03-05", finding="big", problem="c1")
    assert lost(history.ledger(staged, "2021-04-01")) == {"1.1": "1", "1.2": "5"}


MANY = a_programme(
    clause(id="1.1", points="6", rules=[each("a", "1", cap="3"), each("b", "2"), once("1.1")]),
    clause(id="1.2", points="5", rules=[each("c", "2.5", cap="5"), once("1.1", "1.2")]),
    clause(id="1.3", points="4", rules=[each("d", "1.5", cap="4"), each("e", "3"),
                                        once("1.2", "1.3", survives="first")]),
    worth="15",
)  # fmt: skip


def test_no_problem_is_charged_twice_and_no_limit_cuts_off_what_it_has_room_for() -> None:
    for seed in range(150):
        random = Random(seed)
        said = [f"{random.choice('abcde')} {random.choice(['p1', 'p2', 'p3', 'p4', 'x1', 'x2'])}"
                for _ in range(random.randrange(1, 14))]  # fmt: skip
        ledger = told(*said).ledger(MANY, "2021-04-01")
        assert (charged_twice(ledger), list(cut_for_nothing(ledger))) == ([], []), said
        assert list(out_of_bounds(ledger)) == [], said
        assert all(codes(entry) for entry in ledger.entries), said


# -- what is not decided yet -----------------------------------------------------------------------

ASKED = [{"kind": "discretionary", "asked": key, "most": most, "per": "each"}
         for key, most in (("a", "1"), ("b", "2"))]  # fmt: skip


@pytest.mark.parametrize(
    ("findings", "worst"),
    [
        (("a p1", "b p1"), "2"),  # one of them will count, at most the larger
        (("a p1", "b p2"), "3"),
        (("a", "b"), "3"),  # nobody says that it is one problem
        (("c p1", "a p1", "b p1"), "2"),  # 1.5 is charged and may make way for as much as 2
    ],
)
def test_questions_about_one_problem_are_bounded_by_the_largest(
    findings: tuple[str, ...], worst: str
) -> None:
    programme = a_programme(clause(rules=[*ASKED, each("c", "1.5"), once()]), worth="10")
    ledger = told(*findings).ledger(programme, "2021-04-01")
    assert str(points(ledger.score - ledger.worst_score)) == worst
    assert {entry.status for entry in ledger.entries if not entry.points} == {Status.PENDING}


def test_questions_of_two_items_keep_their_own_bounds_for_either_may_have_room() -> None:
    clauses = [clause(id="1", rules=[ASKED[0]]), clause(id="2", rules=[ASKED[1], once("1", "2")])]
    items = [{"id": one["id"], "title": "任务", "points": "5", "responsible_units": ["env_branch"],
              "clauses": [one]} for one in clauses]  # fmt: skip
    programme = a_programme(sections=[{"id": "1", "title": "板块", "points": "10", "items": items}],
                            points="10")  # fmt: skip
    ledger = told("a p1", "b p1").ledger(programme, "2021-04-01")
    assert str(points(ledger.score - ledger.worst_score)) == "3"


def test_a_question_that_another_bounds_says_so() -> None:
    programme = a_programme(clause(rules=[*ASKED, once()]), worth="10")
    first, second = told("a p1", "b p1").ledger(programme, "2021-04-01").entries
    assert (codes(first), points(first.worst)) == (["undecided", "one_question"], 0)
    assert (codes(second), points(second.worst)) == (["undecided"], -2)
