"""What the district list of 2020 computes, against amounts reckoned by hand from the document."""

from __future__ import annotations

import pytest

from tests.domain.small import History
from tracker.definitions import yamlform
from tracker.domain.points import points
from tracker.domain.programme import Programme
from tracker.programmes import path_of
from tracker.wording import arithmetic


@pytest.fixture(scope="module")
def programme() -> Programme:
    return yamlform.load(path_of("xx-2020"))


def change(programme: Programme, history: History, clause: str, when: str = "2021-01-05") -> str:
    """What the clause has won or lost by then."""
    return str(points(sum(e.points for e in history.ledger(programme, when).of_clause(clause))))


@pytest.mark.parametrize(
    ("done", "lost"),
    [
        ("2020-09-30 24:00", "0"),
        ("2020-10-01 12:00", "-0.0833"),
        ("2020-10-15 12:00", "-1.25"),
        ("2020-10-30 12:00", "-2.5"),
        ("2020-10-31 12:00", "-4"),
        ("2020-12-29 12:00", "-4"),
    ],
)
@pytest.mark.parametrize("clause", ["3.16.7.4", "3.16.7.5"])
def test_a_station_built_late_loses_in_proportion_and_then_four_fifths(
    programme: Programme, clause: str, done: str, lost: str
) -> None:
    history = History()
    history.add("external_date", "2020-03-01", clause=clause, duty="built", on="2020-09-30")
    history.done(done, clause=clause)
    assert change(programme, history, clause) == lost


def test_a_station_whose_date_nobody_entered_is_unknown_and_costs_nothing(
    programme: Programme,
) -> None:
    entries = History().ledger(programme, "2021-01-05").of_clause("3.16.7.4")
    assert [(entry.points, entry.status) for entry in entries] == [(0, "unknown")]


def test_a_section_that_meets_its_annual_mean_is_forgiven_its_months(programme: Programme) -> None:
    history = History()
    for month, section in (("03", "s1"), ("04", "s2")):
        history.add(
            "finding", f"2020-{month}-28", finding="section_month_below_target", problem=section
        )
    history.add("finding", "2020-05-28", finding="section_month_worse_than_v", problem="s1")
    assert change(programme, history, "1.1") == "-20"
    history.add("recognition", "2020-12-20", recognition="section_annual_mean_met", problem="s1")
    assert change(programme, history, "1.1") == "-5"


@pytest.mark.parametrize(
    ("ratio", "lost"), [("90", "0"), ("88", "-3"), ("86", "-6"), ("83.5", "-10"), ("50", "-60")]
)
def test_good_air_days_run_from_54_to_60_and_then_lose_two_for_each_point(
    programme: Programme, ratio: str, lost: str
) -> None:
    history = History()
    history.add("target", "2020-02-01", target="good_air_days_assured", value="86")
    history.add("target", "2020-02-01", target="good_air_days_stretch", value="90")
    history.add("measurement", "2021-01-02", measure="good_air_days_ratio", value=ratio)
    assert change(programme, history, "2.2") == lost


@pytest.mark.parametrize(
    ("mean", "lost"), [("57", "0"), ("58", "0"), ("59.5", "-3"), ("60", "-4"), ("60.5", "-5.5")]
)
def test_pm10_starts_at_sixteen_and_gains_fill_it_up(
    programme: Programme, mean: str, lost: str
) -> None:
    history = History()
    history.add("target", "2020-02-01", target="pm10_annual", value="60")
    history.add("measurement", "2021-01-02", measure="pm10_annual_mean", value=mean)
    assert change(programme, history, "2.3") == lost


@pytest.mark.parametrize(
    ("mean", "as_of", "open_still"),
    [
        ("60", "2020-12-20", "4"),  # the year is not over
        ("60", "2021-01-05", "0"),
        (None, "2021-01-05", "4"),
    ],
)
def test_the_points_above_the_sixteen_are_lost_for_good_once_the_years_mean_is_known(
    programme: Programme, mean: str | None, as_of: str, open_still: str
) -> None:
    history = History()
    history.add("target", "2020-02-01", target="pm10_annual", value="60")
    if mean is not None:
        history.add("measurement", "2020-12-10", measure="pm10_annual_mean", value=mean)
    entries = history.ledger(programme, as_of).of_clause("2.3")
    waiting = [e for e in entries if e.status != "settled"]
    assert str(points(-sum(e.points for e in waiting))) == open_still


def told(programme: Programme, history: History, rule: str) -> list[str]:
    entries = history.ledger(programme, "2021-01-10").entries
    return [arithmetic(e.steps, "zh", programme.tz) for e in entries if e.rule == rule and e.points]


def test_an_arithmetic_says_from_which_project_on_one_counts(programme: Programme) -> None:
    history = History()
    for count, when in ((2, "2020-05-01"), (3, "2020-06-01"), (1, "2020-07-01")):
        history.add("recognition", when, recognition="innovation_project_listed", count=count)
    assert told(programme, history, "4.1.5#2") == [
        "累计 5 件，从第 4 件起计，这一笔计 2 件，2 × 3 = 6.0000",
        "累计 6 件，从第 4 件起计，这一笔计 1 件，1 × 3 = 3.0000",
    ]


def test_an_arithmetic_says_why_a_place_is_among_the_last(programme: Programme) -> None:
    history = History()
    history.add("rank", "2021-01-05", rank="green_development_index", place=81, of=90)
    assert told(programme, history, "4.2.6#1") == ["第 81 名，共 90 名，倒数第 10 名，计 5.00"]


def test_what_is_scaled_keeps_its_sign_in_the_arithmetic(programme: Programme) -> None:
    history = History()
    history.add("finding", "2020-05-01", finding="yangtze_problem_criticised", problem="甲")
    history.add("recognition", "2020-09-01", recognition="yangtze_rectification_praised",
                problem="甲")  # fmt: skip
    halved = "1 × 10 = 10.0000，按 3.14 第 2 句 × 0.5 = 5.0000"
    assert told(programme, history, "3.14#1") == [halved]


@pytest.mark.parametrize(
    ("growth", "lost"), [("0.1", "0"), ("0", "-2"), ("-10", "-6"), ("-20", "-10"), ("-30", "-10")]
)
def test_spending_as_last_year_keeps_four_fifths(
    programme: Programme, growth: str, lost: str
) -> None:
    history = History()
    history.add("measurement", "2021-01-02", measure="eco_spending_growth", value=growth)
    assert change(programme, history, "3.12.2") == lost


def test_the_whole_not_on_time_absorbs_its_stages_unless_read_as_a_sum(
    programme: Programme,
) -> None:
    history = History()
    history.add("external_date", "2020-03-01", clause="3.16.4.1", duty="whole", on="2020-06-30")
    history.add("case", "2020-03-01", case="阶段一", kind="permit_cleanup_stage", event="opened",
                unit="towns", due_on="2020-05-31")  # fmt: skip
    assert change(programme, history, "3.16.4.1", "2020-06-15") == "-0.5"
    assert change(programme, history, "3.16.4.1", "2020-07-15") == "-2"
    read = history.ledger(programme, "2020-07-15", readings={"3-16-4-1-whole": "sum"})
    assert str(points(sum(e.points for e in read.of_clause("3.16.4.1")))) == "-2.5"


def test_a_month_without_a_bulletin_costs_five_and_a_year_without_one_accepted_ten(
    programme: Programme,
) -> None:
    history = History()
    for month in range(1, 13):
        day = "28" if month != 7 else "31 25:00"  # July's comes an hour late
        history.done(
            f"2020-{month:02}-{day}", clause="3.18.3", unit="beautiful_group",
            duty="bulletin", occurrence=f"2020-{month:02}",
        )  # fmt: skip
    assert change(programme, history, "3.18.3", "2020-12-31 12:00") == "-5"
    assert change(programme, history, "3.18.3") == "-15"


def test_a_missed_node_of_the_central_inspection_doubles_and_a_rectification_halves(
    programme: Programme,
) -> None:
    history = History()
    for level, problem in (("national", "p1"), ("municipal", "p2")):
        history.add(
            "finding", "2020-05-01", finding="inspection_problem_notified",
            problem=problem, **{"class": level},
        )  # fmt: skip
    assert change(programme, history, "4.2.2", "2020-06-01") == "-25"
    history.add("external_date", "2020-03-01", clause="4.2.2", duty="central_node", on="2020-06-30")
    assert change(programme, history, "4.2.2", "2020-08-01") == "-50"
    history.add("recognition", "2020-09-01", recognition="notified_problem_rectified", problem="p1")
    assert change(programme, history, "4.2.2", "2020-10-01") == "-30"


def test_points_lost_in_a_superior_assessment_count_twice(programme: Programme) -> None:
    history = History()
    history.add("measurement", "2021-01-02", measure="enforcement_points_lost_above", value="1.5")
    assert change(programme, history, "3.16.1.2") == "-3"


def test_a_greater_weight_earns_half_a_point_each_and_beyond_five_a_whole_one(
    programme: Programme,
) -> None:
    for gain, won in (("3", "1.5"), ("5", "2.5"), ("7", "4.5"), ("12", "5")):
        history = History()
        history.add("measurement", "2021-01-02", measure="assessment_weight_gain", value=gain)
        assert change(programme, history, "4.1.4") == won


def test_news_reports_never_earn_more_than_eight_together(programme: Programme) -> None:
    history = History()
    for name, count in (("news_national_or_front_headline", 3), ("news_printed", 30)):
        history.add("recognition", "2020-05-02", recognition=name, count=count)
    entries = history.ledger(programme, "2021-01-05").of_item("4.1.16")
    assert str(points(sum(entry.points for entry in entries))) == "8"
