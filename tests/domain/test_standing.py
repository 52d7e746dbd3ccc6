"""What a unit handed in, was spared or had taken off, by the rules that look at it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.domain.small import BRANCH, HOUSING, History, a_programme, at, clause
from tracker.domain.obligations import Light
from tracker.domain.programme import Programme
from tracker.domain.rules import Status

DUTIES: dict[str, dict[str, Any]] = {
    "yes or no": {"kind": "milestone", "id": "d", "on": "2021-09-30"},
    "a number": {"kind": "milestone", "id": "d", "on": "2021-09-30", "need": {"of": "works"}},
    "a period": {"kind": "recurring", "id": "d", "freq": "yearly"},
}
RULES: dict[str, dict[str, Any]] = {
    "per_missing": {"kind": "per_missing", "duty": "d", "each": "1"},
    "per_missing now": {"kind": "per_missing", "duty": "d", "each": "1", "judged": "now"},
    "all_or_nothing": {"kind": "all_or_nothing", "duty": "d", "lose": "1"},
    "lateness": {"kind": "lateness", "duty": "d", "base": "1"},
    "per_incident": {"kind": "per_incident", "duty": "d", "each": "1"},
}


def programme(duty: str, rule: str, **parts: Any) -> Programme:
    one = clause(duties=[DUTIES[duty]], rules=[RULES[rule]], **parts)
    return a_programme(one, targets=[{"id": "works", "name": "工程", "value": "3"}])


def of(duty: str) -> dict[str, str]:
    return {"clause": "1", "duty": "d", "occurrence": "2021" if duty == "a period" else ""}


@pytest.mark.parametrize("duty", DUTIES)
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("what", ["waiver", "close_out"])
def test_what_is_waived_or_taken_off_the_list_in_time_costs_nothing_by_any_rule(
    duty: str, rule: str, what: str
) -> None:
    history = History()
    assert history.lost(programme(duty, rule), "2022-02-01") != "0"
    history.add(what, "2021-09-01", unit=BRANCH, **of(duty))
    assert history.lost(programme(duty, rule), "2022-02-01") == "0"


def test_what_is_taken_off_late_was_missed_and_is_not_missing_any_more() -> None:
    history = History()
    history.add("close_out", "2021-10-05", unit=BRANCH, **of("a number"))
    assert history.lost(programme("a number", "per_missing"), "2022-02-01") == "3"
    assert history.lost(programme("a number", "per_missing now"), "2022-02-01") == "0"


def test_a_duty_that_is_asked_of_one_of_two_units_is_owed_by_the_other() -> None:
    owed = programme("a number", "per_missing", owed_by=[BRANCH, HOUSING])
    history = History()
    history.add("waiver", "2021-09-01", unit=HOUSING, **of("a number"))
    assert history.lost(owed, "2022-02-01") == "3"
    history.done("2021-09-20", count=2, duty="d")
    assert history.lost(owed, "2022-02-01") == "1"


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("outcome", ["waits", "accepted"])
def test_what_is_handed_in_again_after_the_deadline_while_the_first_waits_stays_in_time(
    rule: str, outcome: str
) -> None:
    history = History()
    first = history.report("2021-09-20", duty="d")
    again = history.report("2021-10-02", duty="d")
    if outcome == "accepted":
        history.accept(again, "2021-10-08")
    assert history.lost(programme("yes or no", rule), "2022-02-01") == "0"
    history.sent_back(first, "2021-10-01 12:00")
    late = "0" if rule == "per_missing now" else "1"
    assert history.lost(programme("yes or no", rule), "2022-02-01") == late


@pytest.mark.parametrize("rule", RULES)
def test_what_waits_for_review_stays_in_time_though_a_later_hand_in_came_back(rule: str) -> None:
    history = History()
    first = history.report("2021-09-20", duty="d")
    history.sent_back(history.report("2021-09-22", duty="d"), "2021-09-25")
    asked = programme("yes or no", rule)
    assert history.lost(asked, "2022-02-01") == "0"
    assert history.standing(asked, "2022-02-01").waiting
    history.sent_back(first, "2021-10-05")
    assert history.lost(asked, "2022-02-01") == "1"
    assert history.standing(asked, "2022-02-01").returned


def test_the_ball_lies_with_the_unit_from_the_last_of_several_returns_on() -> None:
    history = History()
    first = history.report("2021-09-20", duty="d")
    history.sent_back(history.report("2021-09-22", duty="d"), "2021-10-02")
    history.sent_back(first, "2021-10-08 12:00")
    history.accept(history.report("2021-10-09 12:00", duty="d"), "2021-10-15")
    assert history.standing(programme("yes or no", "lateness"), "2021-10-20").lateness.days == 1


@pytest.mark.parametrize("when", ["2021-09-20", "2021-10-05"])
def test_a_number_of_a_target_that_nobody_has_entered_yet_is_neither_all_nor_too_little(
    when: str,
) -> None:
    unknown = a_programme(
        clause(duties=[DUTIES["a number"]], rules=[RULES["per_missing"]]),
        targets=[{"id": "works", "name": "工程"}],
    )
    history = History()
    history.done(when, duty="d", count=2)
    [entry] = history.ledger(unknown, "2021-10-10").entries
    assert (entry.status, entry.points) == (Status.UNKNOWN, 0)
    assert history.standing(unknown, "2021-10-10").open
    history.add("target", "2021-10-11", target="works", value=2)
    assert history.lost(unknown, "2021-10-12") == ("0" if when < "2021-10" else "2")


# -- a number that is put right ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "short", "failed"),
    [
        ([("2021-09-10", 3)], "0", False),
        ([("2021-09-10", 3), ("2021-09-20", 2)], "1", True),  # put right before its day
        ([("2021-09-10", 3), ("2021-09-20", 2), ("2021-09-28", 3)], "0", False),
        ([("2021-09-10", 5), ("2021-09-20", 4)], "0", False),
        ([("2021-09-10", 3), ("2021-10-08", 2)], "1", True),  # a total that is less was never more
        ([("2021-09-10", 3), ("2021-10-08", 2), ("2021-10-20", 3)], "1", True),
        ([("2021-09-10", 2), ("2021-10-08", 1)], "2", True),
    ],
)
def test_a_smaller_total_says_that_the_larger_one_before_it_never_was(
    told: list[tuple[str, int]], short: str, failed: bool
) -> None:
    history = History()
    for day, count in told:
        history.done(day, duty="d", count=count)
    assert history.lost(programme("a number", "per_missing"), "2022-02-01") == short
    flat = history.lost(programme("a number", "all_or_nothing"), "2022-02-01")
    assert flat == ("1" if failed else "0")


def test_who_says_that_it_is_not_done_yet_takes_back_what_waits() -> None:
    history, yes = History(), programme("yes or no", "lateness")
    history.report("2021-09-10", duty="d", done=True)
    assert history.standing(yes, "2021-09-15").waiting
    history.report("2021-09-20", duty="d", done=False)
    taken_back = history.standing(yes, "2021-10-05")
    assert (taken_back.light, taken_back.waiting) == (Light.LATE, False)
    history.report("2021-10-08", duty="d", done=True)
    again = history.standing(yes, "2021-10-10")
    assert (again.waiting, again.submitted_at) == (True, at("2021-10-08"))
    assert again.lateness.days == taken_back.lateness.days + 3
    assert history.lost(yes, "2022-02-01") == "1"


def test_what_is_said_in_the_same_instant_takes_nothing_back() -> None:
    history, yes = History(), programme("yes or no", "lateness")
    history.report("2021-09-10", duty="d", done=True)
    history.report("2021-09-10", duty="d", done=False)
    assert history.standing(yes, "2021-09-15").waiting


def test_what_was_accepted_stays_done_whatever_the_unit_says_later() -> None:
    history, yes = History(), programme("yes or no", "lateness")
    history.done("2021-09-10", duty="d")
    history.report("2021-09-20", duty="d", done=False)
    assert history.standing(yes, "2021-10-05").light is Light.DONE
    assert history.lost(yes, "2022-02-01") == "0"


def test_what_is_put_right_is_open_again_and_late_until_it_is_done() -> None:
    history, now = History(), programme("a number", "per_missing now")
    history.done("2021-09-10", duty="d", count=3)
    history.done("2021-09-20", duty="d", count=2)
    assert history.standing(now, "2021-09-25").light is not Light.DONE
    assert history.standing(now, "2021-10-05").light is Light.LATE
    history.done("2021-10-08", duty="d", count=3)
    standing = history.standing(now, "2021-10-10")
    assert (standing.light, standing.done_at) == (Light.DONE, at("2021-10-08"))
    assert history.lost(now, "2021-10-10") == "0"


def test_a_smaller_total_that_is_sent_back_puts_nothing_right() -> None:
    history = History()
    history.done("2021-09-10", duty="d", count=3)
    history.sent_back(history.report("2021-09-20", duty="d", count=2), "2021-09-21")
    assert history.lost(programme("a number", "per_missing"), "2022-02-01") == "0"


def test_what_rests_on_a_smaller_total_that_waits_for_review_is_provisional() -> None:
    history = History()
    history.done("2021-09-10", duty="d", count=3)
    history.report("2021-10-08", duty="d", count=2)
    (entry,) = history.ledger(programme("a number", "per_missing"), "2022-02-01").entries
    assert (entry.status, entry.points) == (Status.PROVISIONAL, -10_000)


def test_that_not_all_is_done_takes_back_that_all_was_and_leaves_the_number() -> None:
    history = History()
    history.done("2021-09-10", duty="d", count=2)
    history.done("2021-09-15", duty="d", done=True)
    assert history.lost(programme("a number", "per_missing"), "2022-02-01") == "0"
    history.done("2021-09-20", duty="d", done=False)
    assert history.lost(programme("a number", "per_missing"), "2022-02-01") == "1"


@pytest.mark.parametrize("rule", RULES)
def test_where_nothing_is_asked_for_nothing_is_late_or_missing_by_any_rule(rule: str) -> None:
    history, asked = History(), programme("a number", rule)
    history.add("target", "2021-02-01", target="works", value="0")
    assert history.lost(asked, "2022-02-01") == "0"
    [standing] = history.ledger(asked, "2022-02-01").standings
    assert (standing.light, standing.missed, standing.facts) == (Light.DONE, False, ())
    history.done("2021-10-08", duty="d", count=0)
    assert history.lost(asked, "2022-02-01") == "0"
    history.add("target", "2021-10-09", target="works", value="1")
    assert history.lost(asked, "2022-02-01") == "1"
