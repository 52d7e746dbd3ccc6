"""What is wrong with facts is told by the names that people know, with what they probably meant."""

from __future__ import annotations

from typing import Any

import pytest

from schedules.workdays import china
from tests.domain.small import at
from tracker.definitions import yamlform
from tracker.domain import facts as f
from tracker.programmes import path_of
from tracker.services.vetting import Stock, Vocabulary, problems

COUNTY = Vocabulary(yamlform.load(path_of("zhongfang-2021")), china())
DISTRICT = Vocabulary(yamlform.load(path_of("xx-2020")), china())


def told(words: Vocabulary, **parts: Any) -> list[str]:
    when = at("2022-01-05 09:00")
    body = {"occurred_at": when, "recorded_at": when, **parts}
    found = problems({"row": f.FACT.validate_python(body)}, words, Stock.of(), now=when)
    return [f"{one.text}（{one.advice}）" for one in found]


@pytest.mark.parametrize(
    ("parts", "said", "advice"),
    [
        ({"fact": "finding", "finding": "straw_fire"}, "类别“straw_fire”",
         "straw_fire_point（秸秆焚烧卫星监测火点）"),
        ({"fact": "finding", "finding": "秸秆焚烧火点"}, "类别“秸秆焚烧火点”",
         "straw_fire_point（秸秆焚烧卫星监测火点）"),
        ({"fact": "report", "clause": "1.1", "done": True, "unit": "housing"},
         "责任单位“housing（县住建局）”", "party_org（县委组织部）, party_publicity（县委宣传部）"),
        ({"fact": "report", "clause": "20.2", "duty": "s3", "count": 4, "unit": "env_branch"},
         "事项“s3”", "s1（完成项目总数的80%）, s2（全面完成）"),
    ],
)  # fmt: skip
def test_what_nobody_knows_is_told_with_what_is_like_it(
    parts: dict[str, Any], said: str, advice: str
) -> None:
    [one] = told(COUNTY, **parts)
    assert said in one
    assert advice in one


@pytest.mark.parametrize(
    ("words", "parts", "wrong"),
    [
        (COUNTY, {"finding": "case_not_transferred", "class": "theft"}, "的类别“theft”"),
        (COUNTY, {"finding": "case_not_transferred", "class": "criminal"}, ""),
        (COUNTY, {"finding": "case_not_transferred"}, ""),
        (COUNTY, {"finding": "water_fund_project_failed", "class": "未验收"}, "的类别“未验收”"),
        (COUNTY, {"finding": "straw_fire_point", "class": "whatever"}, ""),
        (COUNTY, {"measure": "pm25_annual", "grade": "好"}, "没有写数值"),
        (COUNTY, {"measure": "pm25_annual", "value": 31}, ""),
        (DISTRICT, {"measure": "boundary_grade", "grade": "优"}, "的等级“优”"),
        (DISTRICT, {"measure": "boundary_grade", "value": 60}, "的等级"),
        (DISTRICT, {"measure": "boundary_grade", "grade": "excellent"}, ""),
        (DISTRICT, {"recognition": "national_honour", "class": "gold"}, "的类别“gold”"),
    ],
)
def test_a_class_a_grade_or_a_value_that_no_rule_can_count_is_refused(
    words: Vocabulary, parts: dict[str, Any], wrong: str
) -> None:
    fact = {"measure": "measurement"}.get(next(iter(parts)), next(iter(parts)))
    found = told(words, fact=fact, **parts)
    assert ([wrong in one for one in found] if wrong else found) == ([True] if wrong else [])


@pytest.mark.parametrize(
    "name",
    ["boundary_values_of_unlike_source", "notified_problem_rectified",
     "yangtze_rectification_praised", "section_annual_mean_met",
     "section_annual_mean_class_v_or_better"],
)  # fmt: skip
def test_what_changes_the_amount_of_one_problem_says_which(name: str) -> None:
    kind = "finding" if name in DISTRICT.findings else "recognition"
    [one] = told(DISTRICT, **{"fact": kind, kind: name})
    assert "没有写明是哪个问题" in one
    assert "请填“问题”（problem）" in one
    assert told(DISTRICT, **{"fact": kind, kind: name, "problem": "p1"}) == []


def test_it_need_not_say_which_where_it_is_read_to_change_all_amounts() -> None:
    when = at("2021-01-05 09:00")
    body = {"occurred_at": when, "recorded_at": when}
    read = {"fact": "reading", "id": "r1", "person": "甲", "reason": "会议", **body,
            "reading": "3-14-half", "choice": "all"}  # fmt: skip
    praised = {"fact": "recognition", "recognition": "yangtze_rectification_praised", **body}
    decided = f.FACT.validate_python(read)
    found = problems(
        {"row": f.FACT.validate_python(praised)}, DISTRICT, Stock.of([decided]), now=when
    )
    assert found == []


def test_one_that_is_put_right_with_its_problem_is_no_mistake_any_more() -> None:
    when = at("2021-01-05 09:00")
    body = {"occurred_at": when, "recorded_at": when, "fact": "recognition",
            "recognition": "notified_problem_rectified"}  # fmt: skip
    wrong = f.FACT.validate_python({**body, "id": "w"})
    right = f.FACT.validate_python({**body, "id": "r", "problem": "p1", "supersedes": "w"})
    stock = Stock.of([wrong, right])
    assert problems({"1": wrong, "2": right}, DISTRICT, stock, now=when) == []
