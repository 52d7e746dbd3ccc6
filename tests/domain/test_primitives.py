"""Primitives that one clause or another of the two documents needs, each by itself."""

from __future__ import annotations

from fractions import Fraction as F
from typing import Any

import pytest
from pydantic import ValidationError

from tests.domain.small import BRANCH, HOUSING, History, a_programme, at, clause
from tracker.domain.ledger import Ledger
from tracker.domain.obligations import Light
from tracker.domain.points import points
from tracker.domain.programme import Programme
from tracker.domain.rules import Status, When
from tracker.domain.rules.base import step


def one_clause(*rules: dict[str, Any], worth: str = "5", **parts: Any) -> Programme:
    """A programme of one clause of these rules."""
    body = {key: parts.pop(key) for key in ("duties", "below_zero") if key in parts}
    return a_programme(clause(points=worth, rules=list(rules), **body), worth=worth, **parts)


def codes(ledger: Ledger) -> list[list[str]]:
    return [[one.code for one in entry.steps] for entry in ledger.entries]


# -- conditions ----------------------------------------------------------------------------------

BOTH = one_clause(
    {"kind": "per_incident", "finding": "high", "each": "1"},
    {"kind": "exemption", "rules": ["1#1"],
     "when": {"all_of": [{"recognition": "class_two"},
                         {"measure": "pm", "change": True, "below": "7"}]}},
)  # fmt: skip


@pytest.mark.parametrize(
    ("recognised", "value", "lost"),
    [
        (True, "32", "0"),  # 32 / 30: 6.67 % more than last year
        (True, "32.1", "1"),  # exactly 7 % more is not below 7 %
        (False, "32", "1"),
        (True, None, "1"),
    ],
)
def test_a_condition_of_two_parts_holds_where_both_do(
    recognised: bool, value: str | None, lost: str
) -> None:
    history = History()
    history.add("finding", "2021-03-01", finding="high")
    if recognised:
        history.add("recognition", "2021-12-31", recognition="class_two")
    if value is not None:
        history.add("measurement", "2021-12-31", measure="pm", value=value, baseline="30")
    assert history.lost(BOTH, "2022-01-05") == lost


def test_an_exemption_tells_what_it_was_judged_by() -> None:
    history = History()
    history.add("finding", "2021-03-01", finding="high")
    history.add("recognition", "2021-12-31", recognition="class_two")
    history.add("measurement", "2021-12-31", measure="pm", value="32", baseline="30")
    [entry] = history.ledger(BOTH, "2022-01-05").entries
    assert [one.code for one in entry.steps] == ["times", "recognised", "changed", "exempt"]


@pytest.mark.parametrize(
    ("recognised", "measured", "status", "told"),
    [
        (True, False, Status.PROVISIONAL, ["times", "may_be_spared"]),
        (True, True, Status.SETTLED, ["times"]),
        (False, False, Status.SETTLED, ["times"]),  # whatever the value, it is not spared
    ],
)
def test_what_an_exemption_may_still_take_back_is_not_settled(
    recognised: bool, measured: bool, status: Status, told: list[str]
) -> None:
    history = History()
    history.add("finding", "2021-03-01", finding="high")
    if recognised:
        history.add("recognition", "2021-12-31", recognition="class_two")
    if measured:
        history.add("measurement", "2021-12-31", measure="pm", value="40", baseline="30")
    ledger = history.ledger(BOTH, "2022-01-05")
    [entry] = ledger.entries
    assert (entry.status, codes(ledger)) == (status, [told])
    assert ledger.provisional_lost == (10_000 if status is Status.PROVISIONAL else 0)


def test_neither_is_what_a_multiplier_may_still_make_less() -> None:
    halved = one_clause(
        {"kind": "per_incident", "finding": "high", "each": "1"},
        {"kind": "multiplier", "factor": "0.5", "rules": ["1#1"],
         "when": {"measure": "pm", "below": "35"}},
    )  # fmt: skip
    history = History()
    history.add("finding", "2021-03-01", finding="high")
    [entry] = history.ledger(halved, "2022-01-05").entries
    assert (points(entry.points), entry.status) == (-1, Status.PROVISIONAL)
    history.add("measurement", "2021-12-31", measure="pm", value="34")
    [entry] = history.ledger(halved, "2022-01-05").entries
    assert (str(points(entry.points)), entry.status) == ("-0.5", Status.SETTLED)


def test_a_condition_of_alternatives_holds_where_one_does() -> None:
    either = one_clause(
        {"kind": "threshold", "lose": "2",
         "when": {"any_of": [{"finding": "a"}, {"measure": "m", "above": "target"}]}},
        targets=[{"id": "m", "name": "目标", "value": "10"}],
    )  # fmt: skip
    history = History()
    (entry,) = history.ledger(either, "2021-03-01").entries
    assert (entry.status, entry.worst) == (Status.UNKNOWN, -20000)
    history.add("finding", "2021-03-02", finding="a")
    assert history.lost(either, "2021-03-03") == "2"


def test_a_condition_names_one_thing_or_joins_conditions_and_never_both() -> None:
    for wrong in (
        {},
        {"finding": "a", "recognition": "b"},
        {"rank": "r"},
        {"without": "a", "above": "1"},
    ):
        with pytest.raises(ValidationError):
            When.model_validate(wrong)
    with pytest.raises(ValidationError, match="only a measured value has a grade"):
        When.model_validate({"rank": "r", "grade": "good"})
    joined = When.model_validate({"all_of": [{"any_of": [{"without": "a"}]}, {"finding": "b"}]})
    assert [(part.without, part.finding) for part in joined.parts] == [("a", None), (None, "b")]


# -- places among peers --------------------------------------------------------------------------

INDEX = one_clause(
    {"kind": "rank", "rank": "index", "places": {1: "2"}, "gain": True},
    {"kind": "rank", "rank": "index", "each_risen": "0.5", "gain": True,
     "when": {"rank": "index", "at_most": "10"}},
    {"kind": "threshold", "win": "0.25",
     "when": {"all_of": [{"rank": "index", "above": "10"}, {"risen": "index", "at_least": "5"}]}},
    {"kind": "per_incident", "finding": "slip", "each": "5"},
)  # fmt: skip


@pytest.mark.parametrize(
    ("rank", "won"),
    [
        ({"place": 1}, "2"),
        ({"place": 2}, "0"),
        ({"place": 2, "passed_over": 1}, "2"),
        ({"place": 10, "previous": 13}, "1.5"),
        ({"place": 10, "previous": 9}, "0"),
        ({"place": 11, "previous": 16}, "0.25"),
        ({"place": 11, "previous": 15}, "0"),
        ({"place": 11}, "0"),
    ],
)
def test_places_count_without_those_passed_over_and_rises_from_last_year(
    rank: dict[str, int], won: str
) -> None:
    history = History()
    history.add("finding", "2021-03-01", finding="slip")
    history.add("rank", "2021-12-31", rank="index", **rank)
    assert str(points(history.ledger(INDEX, "2022-01-05").score)) == won


def test_nobody_is_passed_over_but_those_placed_above() -> None:
    with pytest.raises(ValidationError, match="placed above"):
        History().add("rank", "2021-12-31", rank="index", place=2, passed_over=2)


# -- amounts -------------------------------------------------------------------------------------


def test_a_segmented_rate_charges_each_part_of_the_gap_at_its_own() -> None:
    air = one_clause(
        {"kind": "per_step", "measure": "days", "each": "2", "high": "90"},
        {"kind": "per_step", "measure": "days", "each": "1", "low": "90"},
        worth="60",
        targets=[{"id": "days", "name": "优良率", "value": "93"}],
    )
    for value, lost in (("93", "0"), ("91", "2"), ("90", "3"), ("88", "7"), ("89.5", "3")):
        history = History()
        history.add("measurement", "2021-12-31", measure="days", value=value)
        assert history.lost(air, "2022-01-05") == lost, value


def test_a_share_that_failed_leaves_out_what_was_charged_elsewhere() -> None:
    checks = a_programme(
        clause(id="1.1", points="3", rules=[
            {"kind": "ratio", "finding": "untrue", "among": "checked", "excluding": ["1.2"]},
        ]),
        clause(id="1.2", rules=[{"kind": "per_incident", "finding": "criticised", "each": "0.5"}]),
        targets=[{"id": "checked", "name": "检查任务数", "source": "核查通报"}],
    )  # fmt: skip
    history = History()
    for problem in ("t1", "t2", "t3"):
        history.add("finding", "2021-09-01", finding="untrue", problem=problem)
    (entry,) = history.ledger(checks, "2021-10-01").entries
    assert (entry.status, entry.worst) == (Status.UNKNOWN, -30000)
    history.add("target", "2021-09-02", target="checked", value="12")
    assert history.lost(checks, "2021-10-01") == "0.75"  # 3 / 12 of 3 points
    history.add("finding", "2021-09-20", finding="criticised", problem="t2")
    ledger = history.ledger(checks, "2021-10-01")
    assert [str(points(e.points)) for e in ledger.entries] == ["-0.5", "-0.5"]
    assert codes(ledger)[0] == ["left_out", "failed_share"]


def test_each_case_loses_no_more_than_its_own_limit() -> None:
    cases = one_clause(
        {"kind": "lateness", "duty": "close", "base": "0.01", "cap_each": "0.03",
         "every": {"n": 12, "unit": "hour"}, "each": "0.01"},
        duties=[{"kind": "case", "id": "close", "case": "supervised",
                 "within": {"n": 72, "unit": "hour"}}],
    )  # fmt: skip
    history = History()
    history.case("z01", "2021-03-01 09:00")
    history.case("z02", "2021-03-10 09:00")
    history.done("2021-03-05 09:00", duty="close", occurrence="z01")  # 24 h late: 0.01 + 2 x 0.01
    assert history.lost(cases, "2021-06-01") == "0.06"
    assert codes(history.ledger(cases, "2021-06-01"))[1][-1] == "each_cap"


PHONE = one_clause(
    {"kind": "per_missing", "duty": "entered", "each": "0.1", "per": "20"},
    {"kind": "bonus", "duty": "entered", "award": "0.1", "per": 20, "cap": "0.3"},
    {"kind": "per_incident", "finding": "slip", "each": "0.5"},
    worth="1",
    duties=[{"kind": "milestone", "id": "entered", "on": "2021-12-31",
             "need": {"of": "calls", "scaled": {"zone": "0.5"}}}],
    targets=[{"id": "calls", "name": "电话举报", "value": "60"}],
)  # fmt: skip


@pytest.mark.parametrize(
    ("count", "of_sixty", "of_thirty"),
    [
        (9, "0.7", "0.6"),
        (10, "0.7", "0.6"),
        (13, "0.7", "0.5"),
        (41, "0.5", "0.5"),
        (79, "0.5", "0.3"),
        (80, "0.4", "0.3"),
        (200, "0.2", "0.2"),
    ],
)
def test_what_is_beyond_a_quota_wins_and_half_a_quota_is_asked_of_some(
    count: int, of_sixty: str, of_thirty: str
) -> None:
    history = History()
    history.add("finding", "2021-03-01", finding="slip")  # 0.5, so that what is won shows
    history.done("2021-12-20", count=count)
    assert history.lost(PHONE, "2022-01-05") == of_sixty
    history.add("recognition", "2021-01-02", recognition="zone")
    assert history.lost(PHONE, "2022-01-05") == of_thirty


@pytest.mark.parametrize("said", [{"done": True}, {"share": "1"}])
def test_units_that_each_say_done_have_done_no_more_than_the_quota(said: dict[str, Any]) -> None:
    body = PHONE.model_dump(mode="json", by_alias=True)
    body["sections"][0]["items"][0]["responsible_units"] = [BRANCH, HOUSING]
    history = History()
    history.add("finding", "2021-03-01", finding="slip")
    for unit in (BRANCH, HOUSING):
        history.done("2021-12-20", unit=unit, **said)
    assert history.lost(Programme.model_validate(body), "2022-01-05") == "0.5"


def test_a_quota_that_several_units_owe_together_is_met_by_what_they_have_together() -> None:
    reports = one_clause(
        {"kind": "all_or_nothing", "duty": "reports"},
        duties=[{"kind": "milestone", "id": "reports", "on": "2021-12-31",
                 "need": {"of": "news"}}],
        targets=[{"id": "news", "name": "新闻报道", "value": "50"}],
        item={"responsible_units": [BRANCH, HOUSING]},
    )  # fmt: skip
    history = History()
    history.done("2021-12-20", count=30)
    history.done("2021-12-21", count=19, unit=HOUSING)
    assert history.lost(reports, "2022-01-05") == "5"
    history.done("2021-12-22", count=20, unit=HOUSING)
    assert history.lost(reports, "2022-01-05") == "0"


def test_a_number_of_one_target_says_nothing_of_another_target_of_the_clause() -> None:
    both = one_clause(
        {"kind": "per_missing", "duty": "checks", "each": "0.1"},
        {"kind": "per_missing", "duty": "hazards", "each": "0.1"},
        duties=[
            {"kind": "milestone", "id": "checks", "on": "2021-12-31", "need": {"of": "checks"}},
            {"kind": "milestone", "id": "hazards", "on": "2021-12-31", "need": {"of": "hazards"}},
        ],
        targets=[{"id": "checks", "name": "检查", "value": "12"},
                 {"id": "hazards", "name": "隐患", "value": "8"}],
    )  # fmt: skip
    history = History()
    history.done("2021-12-20", duty="hazards", count=7)
    history.done("2021-12-21", duty="checks", count=12)
    assert history.lost(both, "2022-01-05") == "0.1"


# -- clocks --------------------------------------------------------------------------------------

PETITION = one_clause(
    {"kind": "per_incident", "duty": "settled", "each": "0.5", "cap": "all"},
    {"kind": "per_incident", "finding": "unhandled", "each": "1", "cap": "all"},
    {"kind": "no_double", "rules": ["1"]},
    duties=[{"kind": "case", "id": "settled", "case": "petition", "external": "信访办结期限"}],
)


def test_a_case_brings_its_own_last_day_where_another_document_sets_it() -> None:
    history = History()
    history.add("case", "2021-03-01 09:00", case="x1", kind="petition", event="opened", unit=BRANCH,
                due_on="2021-03-20")  # fmt: skip
    standing = history.standing(PETITION, "2021-03-10")
    assert standing.obligation.due_at == at("2021-03-20 24:00")
    assert history.lost(PETITION, "2021-03-20 23:59") == "0"
    assert history.lost(PETITION, "2021-03-21 00:00") == "0.5"


def test_a_case_without_its_last_day_is_unknown_until_that_is_entered() -> None:
    history = History()
    history.case("x1", "2021-03-01 09:00", kind="petition")
    (entry,) = history.ledger(PETITION, "2021-06-01").entries
    assert (entry.status, entry.points, entry.worst) == (Status.UNKNOWN, 0, -5000)
    assert (entry.units, entry.occurrence) == ((BRANCH,), "x1")
    history.add("external_date", "2021-03-02", clause="1", duty="settled", occurrence="x1",
                on="2021-03-15")  # fmt: skip
    assert history.lost(PETITION, "2021-03-16 00:01") == "0.5"


def test_a_late_case_and_a_finding_about_it_are_one_problem() -> None:
    history = History()
    history.add("case", "2021-03-01 09:00", case="x1", kind="petition", event="opened", unit=BRANCH,
                due_on="2021-03-20")  # fmt: skip
    history.add("finding", "2021-04-01", finding="unhandled", problem="x1")
    assert history.lost(PETITION, "2021-04-02") == "1"


def test_two_clocks_of_one_case_are_told_apart() -> None:
    clocks = one_clause(
        duties=[
            {"kind": "case", "id": name, "title": title, "case": "k", "external": "办理规定"}
            for name, title in (("accept", "受理"), ("close", "办结"))
        ]
    )
    history = History()
    history.case("x1", "2021-03-01 09:00", kind="k")
    told = [one.obligation.title for one in history.ledger(clocks, "2021-03-02").standings]
    assert told == ["计分句（受理）：x1", "计分句（办结）：x1"]


def test_a_limit_is_a_length_or_anothers_document_and_not_both() -> None:
    for limits in ({}, {"within": {"n": 3, "unit": "day"}, "external": "别的文件"}):
        with pytest.raises(ValidationError, match="either a time limit"):
            one_clause(duties=[{"kind": "case", "id": "c", "case": "k", **limits}])


def material(settled_by: str, after: str = "") -> Programme:
    return one_clause(
        {"kind": "lateness", "duty": "material", "base": "0.1", "after": after},
        duties=[
            {"kind": "case", "id": "close", "case": "k", "within": {"n": 72, "unit": "hour"}},
            {"kind": "case", "id": "material", "case": "k", "settled_by": settled_by,
             "within": {"n": 10, "unit": "workday"}},
        ],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("closed", "any_close", "own", "own_after_late"),
    [
        ("2021-03-03 09:00", "0", "0.1", "0"),
        ("2021-03-06 09:00", "0", "0.1", "0.1"),
        ("2021-03-30 09:00", "0.1", "0.1", "0.1"),
    ],
)
def test_the_close_of_a_case_settles_every_duty_unless_one_asks_for_its_own(
    closed: str, any_close: str, own: str, own_after_late: str
) -> None:
    history = History()
    history.case("z01", "2021-03-01 09:00", kind="k")
    history.add("case", closed, case="z01", event="closed")
    found = [
        history.lost(programme, "2021-06-01")
        for programme in (material("case"), material("own"), material("own", "1/close"))
    ]
    assert found == [any_close, own, own_after_late]


@pytest.mark.parametrize(
    ("gap", "lost"),
    [
        ({}, "0.3"),  # 3 full weeks between the two logins
        ({"counts": "once"}, "0.1"),
        ({"starts": "2021-01-01"}, "0.5"),  # and 2 full weeks before the first
        ({"starts": "2021-01-01", "counts": "once"}, "0.2"),
    ],
)
def test_a_pause_counts_each_full_week_or_once_and_from_a_day_or_the_first_login(
    gap: dict[str, str], lost: str
) -> None:
    login = one_clause(
        {"kind": "per_incident", "duty": "login", "each": "0.1"},
        duties=[{"kind": "gap", "id": "login", "activity": "login",
                 "within": {"n": 1, "unit": "week"}, **gap}],
    )  # fmt: skip
    history = History()
    history.add("activity", "2021-01-18 09:00", activity="login")
    history.add("activity", "2021-02-10 09:00", activity="login")
    assert history.lost(login, "2021-02-11") == lost


def test_where_nothing_is_recorded_yet_every_pause_that_it_may_tell_of_is_possible() -> None:
    login = one_clause(
        {"kind": "per_incident", "duty": "login", "each": "0.1"},
        duties=[{"kind": "gap", "id": "login", "activity": "login",
                 "within": {"n": 1, "unit": "week"}}],
        worth="1",
    )  # fmt: skip
    history = History()
    before = history.ledger(login, "2021-12-31")
    assert (before.score, before.worst_score) == (10_000, 0)
    history.add("activity", "2021-01-18 09:00", activity="login")
    assert history.ledger(login, "2021-12-31").score == before.worst_score


def test_a_pause_is_told_by_its_own_week_and_not_as_something_handed_in() -> None:
    login = one_clause(
        {"kind": "per_incident", "duty": "login", "each": "0.1"},
        duties=[{"kind": "gap", "id": "login", "activity": "login",
                 "within": {"n": 1, "unit": "week"}}],
    )  # fmt: skip
    history = History()
    history.add("activity", "2021-01-18 09:00", activity="login")
    history.add("activity", "2021-02-02 10:00", activity="login")
    told = [entry.steps[0] for entry in history.ledger(login, "2021-02-03").entries]
    weeks = [("2021-01-18 09:00", "2021-01-25 09:00"), ("2021-01-25 09:00", "2021-02-01 09:00")]
    assert told == [step("paused", since=at(a), due=at(b)) for a, b in weeks]


def test_a_year_without_any_login_is_charged_where_pauses_count_from_its_first_day() -> None:
    login = one_clause(
        {"kind": "per_incident", "duty": "login", "each": "0.1"},
        duties=[{"kind": "gap", "id": "login", "activity": "login", "starts": "2021-01-01",
                 "within": {"n": 1, "unit": "week"}}],
    )  # fmt: skip
    assert History().lost(login, "2021-01-22 00:01") == "0.3"
    lights = [one.light for one in History().ledger(login, "2021-01-22 00:01").standings]
    assert lights == [Light.DONE, Light.DONE, Light.DONE, Light.OK]


SITES = one_clause(
    {"kind": "per_missing", "duty": "open", "each": "1"},
    duties=[{"kind": "milestone", "id": "open", "on": "2021-12-31",
             "need": {"of": "kinds", "less": ["not_here"]}}],
    targets=[{"id": "kinds", "name": "设施种类", "value": "4"}],
)  # fmt: skip


@pytest.mark.parametrize(
    ("spared", "opened", "lost", "light"),
    [
        (0, 3, "1", Light.LATE),
        (1, 3, "0", Light.DONE),
        (1, 2, "1", Light.LATE),
        (4, 0, "0", Light.DONE),
        (5, 0, "0", Light.DONE),
    ],
)
def test_what_is_not_concerned_is_not_asked_for_thing_by_thing(
    spared: int, opened: int, lost: str, light: Light
) -> None:
    history = History()
    if spared:
        history.add("recognition", "2021-02-01", recognition="not_here", count=spared)
    if opened:
        history.done("2021-12-20", count=opened)
    assert history.lost(SITES, "2022-01-05") == lost
    assert history.standing(SITES, "2022-01-05").light is light


def test_what_was_not_asked_for_is_told_in_the_arithmetic() -> None:
    history = History()
    history.add("recognition", "2021-02-01", recognition="not_here", count=2)
    shared = one_clause(
        {"kind": "per_missing", "duty": "open", "each": "1"},
        duties=[{"kind": "milestone", "id": "open", "on": "2021-12-31",
                 "need": {"of": "kinds", "share": "1", "less": ["not_here"]}}],
        targets=[{"id": "kinds", "name": "设施种类", "value": "4"}],
    )  # fmt: skip
    ledger = history.ledger(shared, "2022-01-05")
    assert codes(ledger) == [["spared", "share", "short", "times"]]
    assert ledger.lost == 20_000


# -- relations -----------------------------------------------------------------------------------


def test_the_same_problem_of_one_month_is_one_and_of_two_months_two() -> None:
    rules = [
        {"kind": "per_incident", "finding": "a", "each": "2"},
        {"kind": "per_incident", "finding": "b", "each": "1"},
        {"kind": "no_double", "rules": ["1"], "same": "problem_and_month"},
    ]
    river = one_clause(*rules, worth="20")
    history = History()
    # The month ends with the 24:00 of its last day.
    for day, key in (("2021-03-05", "a"), ("2021-03-31 24:00", "b"), ("2021-04-28", "b")):
        history.add("finding", day, finding=key, problem="s1")
    assert history.lost(river, "2021-05-01") == "3"


def test_a_veto_can_void_one_clause_and_leave_the_others() -> None:
    two = a_programme(
        clause(id="1.1", points="2", rules=[
            {"kind": "per_incident", "finding": "slip", "each": "0.5"},
            {"kind": "veto", "when": {"finding": "ban"}, "scope": "clause"},
        ]),
        clause(id="1.2", points="3", rules=[{"kind": "per_incident", "finding": "x", "each": "1"}]),
    )  # fmt: skip
    history = History()
    history.add("finding", "2021-03-01", finding="slip")
    history.add("finding", "2021-03-02", finding="ban")
    history.add("finding", "2021-03-03", finding="x")
    assert history.lost(two, "2021-04-01") == "3"


def test_a_veto_of_the_whole_takes_what_was_won_besides_and_leaves_nothing_below_zero() -> None:
    whole = one_clause(
        {"kind": "per_incident", "finding": "slip", "each": "0.5"},
        {"kind": "bonus", "recognition": "a", "award": "1", "apart": True},
        {"kind": "veto", "when": {"finding": "ban"}, "scope": "programme"},
    )  # fmt: skip
    history = History()
    history.add("finding", "2021-03-01", finding="slip")
    history.add("recognition", "2021-03-02", recognition="a")
    before = history.ledger(whole, "2021-03-03")
    assert (before.base, before.bonus, before.score) == (45_000, 10_000, 55_000)
    history.add("finding", "2021-03-03", finding="ban")
    after = history.ledger(whole, "2021-04-01")
    assert (after.base, after.bonus, after.score) == (0, 0, 0)


def test_a_limit_of_gains_and_losses_tells_what_it_is_made_of() -> None:
    """County 37.8: between 0 and 1 point, where 0.3 are won and more than 1.3 would be lost."""
    net = one_clause(
        {"kind": "per_incident", "finding": "slip", "each": "0.2"},
        {"kind": "bonus", "recognition": "a", "award": "0.1", "apart": False},
        {"kind": "cap", "limit": "1", "net": True, "rules": ["1#1", "1#2"]},
    )  # fmt: skip
    history = History()
    history.add("recognition", "2021-03-01", recognition="a", count=3)
    [won] = history.ledger(net, "2021-04-01").entries
    assert won.steps[-1] == step("clause_cap", limit=F(0), used=F(0), lost=F(0), over=F(0),
                                 amount=F(0))  # fmt: skip
    history.add("finding", "2021-03-02", finding="slip", count=7)
    lost = history.ledger(net, "2021-04-01").entries[0]
    assert lost.steps[-1] == step("group_cap", limit=F("1.3"), used=F(0), own=F(1), won=F("0.3"),
                                  amount=F("1.3"))  # fmt: skip


def test_a_cap_with_a_condition_limits_only_where_that_holds() -> None:
    wins = one_clause(
        {"kind": "bonus", "recognition": "a", "award": "1", "apart": True},
        {"kind": "cap", "limit": "1", "gain": True, "rules": ["1#1"],
         "when": {"recognition": "class_two"}},
    )  # fmt: skip
    history = History()
    history.add("recognition", "2021-03-01", recognition="a", count=2)
    assert history.ledger(wins, "2021-04-01").bonus == 20000
    history.add("recognition", "2021-03-02", recognition="class_two")
    assert history.ledger(wins, "2021-04-01").bonus == 10000


# -- what a person decides -----------------------------------------------------------------------


def decided(history: History, *amounts: str) -> None:
    for number, amount in enumerate(amounts, start=1):
        history.add("decision", f"2021-06-0{number}", rule="1#1", points=amount, person="考核办",
                    reason="按后果轻重")  # fmt: skip


def test_decisions_together_stay_within_the_most_of_the_year() -> None:
    poor = one_clause({"kind": "discretionary", "most": "2", "asked": "poor"})
    history = History()
    history.add("finding", "2021-05-01", finding="poor")
    decided(history, "1.5", "1.5")
    assert history.lost(poor, "2021-07-01") == "2"
    assert codes(history.ledger(poor, "2021-07-01")) == [["decided"], ["decided", "bounded"]]


def test_each_thing_asked_about_waits_for_its_own_decision_within_its_own_bounds() -> None:
    report = one_clause(
        {"kind": "discretionary", "least": "2", "most": "5", "asked": "report", "per": "each"},
        worth="20",
    )
    history = History()
    for day in ("2021-05-01", "2021-05-02", "2021-05-03"):
        history.add("finding", day, finding="report")
    decided(history, "1", "6")
    ledger = history.ledger(report, "2021-07-01")
    assert [str(points(e.points)) for e in ledger.entries] == ["-2", "-5", "0"]
    assert [(e.status, e.worst) for e in ledger.entries][2] == (Status.PENDING, -50000)


def test_a_decision_for_each_thing_is_about_that_things_problem_unit_and_day() -> None:
    report = one_clause(
        {"kind": "discretionary", "most": "5", "asked": "report", "per": "each"},
        {"kind": "per_incident", "finding": "notified", "each": "4"},
        {"kind": "no_double", "rules": ["1"]},
        worth="20",
    )
    history = History()
    later = history.add("finding", "2021-05-02", finding="report", problem="p2", unit=HOUSING)
    first = history.add("finding", "2021-05-01", finding="report", problem="p1", unit=BRANCH)
    history.add("finding", "2021-05-03", finding="notified", problem="p1")
    decided(history, "3")
    one, waiting, notified = history.ledger(report, "2021-07-01").entries
    assert (one.problem, one.units, one.occurred_at) == ("p1", (BRANCH,), at("2021-05-01"))
    assert set(one.facts) > {first}
    assert (waiting.problem, waiting.units, waiting.facts) == ("p2", (HOUSING,), (later,))
    assert (one.points, notified.points) == (0, -40000)


def test_a_waived_unit_is_left_out_of_what_several_owe_each() -> None:
    two = one_clause(
        {"kind": "per_missing", "duty": "done", "each": "1"},
        duties=[{"kind": "milestone", "id": "done", "on": "2021-06-30"}],
        item={"responsible_units": [BRANCH, HOUSING]},
    )
    history = History()
    history.add("waiver", "2021-06-25", clause="1", unit=HOUSING, reason="不涉及")
    assert history.lost(two, "2021-07-01") == "1"
