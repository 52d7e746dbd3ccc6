"""Wordings of such documents, each with what it says; the table is wordings.txt."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from schedules.workdays import YearNotice, china
from tests.definitions.clauses.wordings import table, told
from tracker.definitions.clauses import Kind, read_clause


@pytest.mark.parametrize(("text", "said"), list(table()))
def test_a_sentence_says(text: str, said: list[str]) -> None:
    assert told(read_clause(text, year=2024)) == said


SAME = "每少百分之五扣零点二分，最多扣一分，于9月30日前完成。"
SPELLINGS = [
    "每少5%扣0.2分，最多扣1分，于9月30日前完成。",
    "每少５％扣０．２分，最多扣１分，于９月３０日前完成。",
    "每 少 5 % 扣 0 . 2 分 ， 最 多 扣 1 分 ， 于 9 月 3 0 日 前 完 成 。",
    "每少5﹪扣0.2分,最多扣1分,于9月30日前完成｡",
    "每少\u200b5%扣0.2分，最多扣一分，\n于九月三十日前完成。",
]


@pytest.mark.parametrize("text", SPELLINGS)
def test_a_spelling_changes_nothing_but_the_places(text: str) -> None:
    assert told(read_clause(text, year=2021)) == told(read_clause(SAME, year=2021))


def test_traditional_characters_are_read_and_the_text_is_given_back_as_it_was() -> None:
    text = "每發現一處問題扣0.2分，扣完為止。"
    reading = read_clause(text, year=2021)
    assert reading.text == text
    assert told(reading) == ["per_incident -0.2 per 1 place most item"]


def test_a_place_is_that_of_the_text_as_given() -> None:
    text = "督办件  １次 扣 ０．５ 分；8 月底前办结。"
    reading = read_clause(text, year=2021)
    [rule], [due] = reading.rules, reading.deadlines
    assert text[slice(*rule.span)] == "督办件  １次 扣 ０．５ 分"
    assert text[slice(*due.span)] == "8 月底前"


def test_the_main_sanction_comes_first_and_the_others_as_they_stand() -> None:
    text = "同一问题不重复扣分；迟报一次扣0.2分，拒报一次扣1分；因不可抗力的不扣分。"
    kinds = [one.kind for one in read_clause(text, year=2021).rules]
    assert kinds == [Kind.LATENESS, Kind.NO_DOUBLE, Kind.PER_MISSING, Kind.EXEMPTION]


def test_numbers_stay_as_exact_as_they_are_written() -> None:
    [rule] = read_clause("每少1个扣0.3333分", year=2021).rules
    assert rule.form()["deduct"] == "0.3333"
    [large] = read_clause("每少1,000万元扣0.10分", year=2021).rules
    assert (large.form()["step"], large.form()["deduct"]) == (
        {"n": "1000", "unit": "10k_yuan"},
        "0.1",
    )


@pytest.mark.parametrize(
    ("text", "on"),
    [
        ("8月底前完成", "2023-08-31"),
        ("2月底前完成", "2023-02-28"),
        ("6月中旬前完成", "2023-06-20"),
        ("5月上旬前完成", "2023-05-10"),
        ("上半年完成", "2023-06-30"),
        ("年底前完成", "2023-12-31"),
        ("三季度末前完成", "2023-09-30"),
        ("2024年1月15日前上报", "2024-01-15"),
        ("次年1月15日前上报", "2024-01-15"),
        ("二〇二三年十一月三十日前完成", "2023-11-30"),
        ("2023-09-30前完成", "2023-09-30"),
        ("截至10月31日未完成的扣1分", "2023-10-31"),
    ],
)
def test_a_deadline_ends_on(text: str, on: str) -> None:
    assert [one.form() for one in read_clause(text, year=2023).deadlines] == [on]


@pytest.mark.parametrize(
    "text",
    [
        "自3月1日起每次扣1分",
        "较2020年下降的扣1分",
        "4月15日印发的方案",
        "“六五”环境日活动",
        "13月45日前完成",
    ],
)
def test_no_deadline_is_made_of_other_days(text: str) -> None:
    assert read_clause(text, year=2023).deadlines == ()


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("每月5日前报送", "2021-01-05"),
        ("次月10日前报送", "2021-02-10"),
        ("每月底前报送", "2021-01-31"),
        ("每季度末月25日前报送", "2021-03-25"),
        ("季后首月10日前报送", "2021-04-10"),
        ("每季度结束后15日内报送", "2021-04-15"),
        ("每周五前报送", "2021-01-01"),
        ("每月最后一个工作日前报送", "2021-01-29"),
        ("每旬末报送", "2021-01-10"),
        ("每月报送一条", None),
        ("每半年召开一次会议", None),
    ],
)
def test_the_first_period_is_due_on(text: str, first: str | None) -> None:
    [period] = read_clause(text, year=2021).recurrences
    assert period.form()["first"] == first


def test_a_working_day_follows_the_calendar_that_is_given() -> None:
    notice = YearNotice.of(2031, "", off_days={date(2031, 1, 1): "元旦", date(2031, 1, 2): "元旦"})
    [plain] = read_clause("每月2个工作日内报送", year=2031, calendar=china()).recurrences
    [moved] = read_clause("每月2个工作日内报送", year=2031, calendar=china([notice])).recurrences
    assert (plain.first, moved.first) == (date(2031, 1, 2), date(2031, 1, 6))


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("超时的每件扣0.1分，每延后12小时加扣0.1分，扣完1分为止", 2),
        ("弄虚作假的，总得分记0分", 1),
        ("85%至90%扣1分，85%及以下扣2分", 1),
        ("6月底前完成50%，12月底前完成100%，每少1个扣0.2分", 2),
        ("同一问题不重复扣分", 1),
        ("情节严重的酌情扣分", 1),
        ("按排名先后分别扣0.1-1分，范围为倒数5名", 1),
        ("11月前完成", 1),
        ("每发现一起扣0.2分", 0),
    ],
)
def test_what_can_be_read_in_two_ways_is_asked(text: str, readings: int) -> None:
    questions = read_clause(text, year=2021).ambiguous
    assert len(questions) == readings
    assert all(len(one.readings) > 1 for one in questions)


@pytest.mark.parametrize(
    "text",
    [
        "缺报1期扣01分。",
        "工作不力的扣分。",
        "春节前完成慰问。",
        "每少1扣0.2分。",
        "每发现一起扣 分。",
        "按一定比例扣分。",
        "国家级0.5分/个，省级0.3分/个。",
    ],
)
def test_what_is_not_understood_is_said(text: str) -> None:
    reading = read_clause(text, year=2021)
    assert reading.needs_person
    assert all(text[slice(*one.span)] for one in reading.unread)


def test_the_worth_of_a_clause_is_no_sanction() -> None:
    reading = read_clause("完成规划编制，计1分，未完成的不得分。", year=2021, points=Decimal(1))
    assert told(reading) == ["all_or_nothing -item"]


def test_a_number_too_long_to_be_one_is_left_to_a_person() -> None:
    reading = read_clause("按99999999999999999999%扣分", year=2021)
    assert (reading.rules, reading.needs_person) == ((), True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("资料不全扣0.1分", "all_or_nothing -0.1"),
        ("扣其项目资金管理分2分", "all_or_nothing -2"),
        ("扣全年考核分2分", "all_or_nothing -2"),
    ],
)
def test_a_word_that_looks_like_all_is_not_all(text: str, said: str) -> None:
    assert told(read_clause(text, year=2021)) == [said]
