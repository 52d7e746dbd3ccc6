"""The row's own time is owed, whatever it looks like and whatever the sanctions are about."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from schedules.recurrence import periods
from tests.definitions.drafting.reading import clause, document, item
from tracker.definitions.clauses import read_clause
from tracker.definitions.drafting.drafts import draft
from tracker.domain.programme import Clause, Recurring


def drafted(words: str, *, day: str = "", cell: str = "", points: str = "") -> Clause:
    """The clause of a row whose cell for time is `cell`, of which the document read `day`."""
    read = clause("1", read_clause(words, year=2024), points)
    row = item("1", read, points="5", title="危房改造", deadline=day, deadline_text=cell)
    return draft(document(row), programme="list-2024").clauses["1"][2]


def owed(words: str, **row: str) -> list[dict[str, Any]]:
    made = drafted(words, **row).duties
    return [one.model_dump(mode="json", exclude_defaults=True, exclude={"title"}) for one in made]


@pytest.mark.parametrize(
    "words", ["发现虚报面积的，每起扣0.5分。", "群众满意率每低1个百分点扣0.1分。"]
)
def test_the_rows_day_is_owed_once_where_no_sanction_looks_at_it(words: str) -> None:
    made = drafted(words, day="2024-06-30", cell="6月30日前")
    assert [duty.title for duty in made.duties] == ["危房改造"]
    assert owed(words, day="2024-06-30", cell="6月30日前") == [
        {"on": "2024-06-30", "wording": "6月30日前"},
    ]
    assert made.rules[-1].kind == "duty"


def test_of_several_clauses_of_a_row_one_owes_its_day() -> None:
    clauses = [
        clause(n, read_clause(words, year=2024))
        for n, words in (("1.1", "发现虚报面积的，每起扣0.5分。"),
                         ("1.2", "发现重复申领的，每起扣0.5分。"))
    ]  # fmt: skip
    row = item("1", *clauses, deadline="2024-06-30", deadline_text="6月30日前")
    made = draft(document(row), programme="list-2024").clauses
    assert [len(made[name][2].duties) for name in ("1.1", "1.2")] == [1, 0]


def test_stages_in_the_cell_for_time_are_stages_of_the_target() -> None:
    target = "c1_1_target"
    made = owed("改造农房每少完成1户扣0.1分。", cell="6月底前完成50%，12月20日前完成100%")
    assert made == [
        {"on": "2024-12-20", "wording": "12月20日前完成100%",
         "need": {"of": target, "share": "1"}},
        {"id": "d2", "on": "2024-06-30", "wording": "6月底前完成50%",
         "need": {"of": target, "share": "0.5"}},
    ]  # fmt: skip


def test_a_stage_without_a_day_of_its_own_is_owed_beside_the_last() -> None:
    made = owed("未完成的扣2分。", cell="上半年完成700户，11月15日前全部完成")
    assert [one["on"] for one in made] == ["2024-11-15", "2024-06-30"]


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ("每季度末月25日前", {"freq": "quarterly", "due_day": 25}),
        ("每周五前", {"freq": "weekly", "due_day": 5}),
        ("每年5月31日前", {"freq": "yearly", "due_month": 5}),
        ("每季度首月10日前", {"freq": "quarterly", "due_day": 10, "due_month": 1}),
        ("每月5日前报送上月情况", {"freq": "monthly", "due_day": 5, "due_offset": 1}),
    ],
)
def test_periods_in_the_cell_for_time_are_periods(cell: str, wanted: dict[str, Any]) -> None:
    made = drafted("未按时报送的每次扣0.5分。", cell=cell)
    assert owed("未按时报送的每次扣0.5分。", cell=cell) == [{**wanted, "wording": cell}]
    assert [rule.kind for rule in made.rules] == ["lateness"]


def test_a_limit_for_each_case_in_the_cell_for_time_is_a_clock_of_cases() -> None:
    (made,) = owed("未办结的每件扣0.5分。", cell="收到交办件后15日内")
    assert made["within"] == {"n": 15, "unit": "day"}


def test_words_that_name_no_time_still_wait_for_their_day() -> None:
    (made,) = owed("未编制方案的扣1分。", cell="按上级通知时间")
    assert made["external"] == "按上级通知时间"


def test_last_months_report_is_due_in_the_next_month() -> None:
    (made,) = owed("每月5日前报送上月进展，未报送的每次扣0.2分。")
    assert (made["due_day"], made["due_offset"]) == (5, 1)
    (same_month,) = owed("每月25日前报送进展，未报送的每次扣0.2分。")
    assert "due_offset" not in same_month


def test_a_sanction_never_takes_the_time_of_a_later_sentence() -> None:
    made = owed("未编制方案的扣2分；未报送总结的扣1分，11月20日前报送总结。", day="2024-06-30")
    assert [one["on"] for one in made] == ["2024-06-30", "2024-11-20"]


def test_a_day_of_a_later_sentence_is_owed_without_the_sanction() -> None:
    words = "未编制方案的扣2分。11月20日前报送总结。"
    assert [one["on"] for one in owed(words, day="2024-06-30")] == ["2024-06-30", "2024-11-20"]
    made = drafted(words, day="2024-06-30")
    assert [rule.kind for rule in made.rules] == ["all_or_nothing", "duty"]


@pytest.mark.parametrize(
    "words",
    ["未完成的，扣3分；每推迟10天加扣1分。", "未按时完成的，扣3分。每逾期10天再扣1分。"],
)
def test_what_delay_adds_is_added_to_the_first_amount_and_never_instead_of_it(words: str) -> None:
    (rule,) = drafted(words, day="2024-06-30").rules
    told = rule.model_dump(mode="json", exclude_defaults=True, exclude={"says"})
    assert told == {"base": "3", "every": {"n": 10, "unit": "day"}, "each": "1", "duty": "done"}


def test_delay_of_another_matter_is_not_added_to_the_first_amount() -> None:
    made = drafted("未编制方案的扣3分；整改每推迟10天加扣1分。", day="2024-06-30").rules
    assert [rule.kind for rule in made] == ["all_or_nothing", "lateness"]


@pytest.mark.parametrize(
    ("words", "year"),
    [
        ("交办件15日内办结，每逾期1天扣0.2分，单件最多扣1分。", None),
        ("交办件15日内办结，每逾期1天扣0.2分。单件最多扣1分。", None),
        ("交办件回访失实的，每次扣0.2分，单件最多扣1分，全年最多扣3分。", "3"),
    ],
)
def test_the_most_that_one_case_costs_is_no_limit_of_the_year(words: str, year: str | None) -> None:
    rule = drafted(words, day="2024-06-30").rules[0]
    assert (rule.cap_each, rule.cap) == ("1", year)


def test_what_doubles_a_sanction_doubles_only_those_of_its_own_sentence() -> None:
    made = drafted(
        "发现无证上岗的，每起扣0.5分。发现隐患的每处扣0.2分，3日内未整改的加倍扣分。"
    ).rules
    (doubled,) = [rule.rules for rule in made if rule.kind == "multiplier"]
    assert doubled == ("1#2",)


@pytest.mark.parametrize(
    ("words", "days"),
    [
        ("每年5月31日前报送总结，未报送的扣1分。", ["2024-05-31"]),
        ("每年4月20日前报送要点，未报送的扣1分。", ["2024-04-20"]),
        (
            "每季度首月10日前报送情况，未报送的每次扣0.2分。",
            ["2024-01-10", "2024-04-10", "2024-07-10", "2024-10-10"],
        ),
        ("每半年首月15日前报送情况，未报送的每次扣0.2分。", ["2024-01-15", "2024-07-15"]),
    ],
)
def test_a_day_in_another_month_than_the_last_of_a_period_is_kept(
    words: str, days: list[str]
) -> None:
    made = drafted(words)
    (duty,) = [one for one in made.duties if isinstance(one, Recurring)]
    due = periods(duty.rhythm, first=date(2024, 1, 1), last=date(2024, 12, 31))
    assert [one.due_on.isoformat() for one in due] == days
    assert [one.kind for one in made.duties] == ["recurring"]


def test_what_is_owed_for_the_last_quarter_is_due_in_a_month_of_the_next() -> None:
    duty = owed("每季度首月10日前报送上季度情况，未报送的每次扣0.2分。")[0]
    assert (duty["due_day"], duty["due_month"], duty["due_offset"]) == (10, 1, 1)


def test_a_month_that_a_period_lacks_is_told() -> None:
    with pytest.raises(ValueError, match="no month 4"):
        _ = Recurring(freq="quarterly", due_month=4).rhythm
