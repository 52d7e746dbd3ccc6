"""目标值: the row's own column of targets, for the clauses that name none."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tests.definitions.lists import written
from tracker.definitions.documents import read_document
from tracker.definitions.drafting import draft
from tracker.definitions.drafting.goals import goal_of
from tracker.definitions.openpoints import Draft


@pytest.mark.parametrize(
    ("cell", "number", "unit"),
    [
        ("95%", "95", "%"),
        ("≥95%", "95", "%"),
        ("达到９０％以上", "90", "%"),
        ("百分之九十五", "95", "%"),
        ("12个", "12", "个"),
        ("1,200户", "1200", "户"),
        ("不超过32微克/立方米", "32", "微克/立方米"),
        ("0.5万亩", "0.5", "万亩"),
        ("全覆盖", "100", "%"),
        ("应收尽收", "100", "%"),
        ("县城12个，乡镇30个", None, ""),
        ("按市里下达任务", None, ""),
    ],
)
def test_a_cell_is_one_number_with_its_unit_or_none(
    cell: str, number: str | None, unit: str
) -> None:
    goal = goal_of(cell)
    assert goal is not None
    assert (goal.number, goal.unit) == (None if number is None else Decimal(number), unit)


@pytest.mark.parametrize("cell", ["", "—", "无", "/"])
def test_an_empty_cell_sets_no_goal(cell: str) -> None:
    assert goal_of(cell) is None


def drafted(folder: Path, *rows: tuple[str, str, str], heading: str = "目标值") -> Draft:
    """Rows of task, goal and scoring text."""
    table = [("序号", "工作任务", heading, "分值", "评分标准", "责任单位")]
    table += [(str(n), task, goal, "5", words, "住建局") for n, (task, goal, words)
              in enumerate(rows, start=1)]  # fmt: skip
    return draft(read_document(written.word(folder / "list.docx", table)), programme="list")


def targets(made: Draft) -> list[tuple[str, Decimal | None, str]]:
    return [(one.id, one.value, one.measure_unit) for one in made.targets]


@pytest.mark.parametrize("heading", ["目标值", "年度目标", "目标任务", "任务数", "2023年目标值"])
def test_a_clause_that_speaks_of_the_target_is_measured_from_the_rows_own(
    tmp_path: Path, heading: str
) -> None:
    made = drafted(
        tmp_path,
        ("危房改造", "120户", "未完成年度任务的，每少1户扣0.5分。"),
        ("污水收集", "70%", "收集率每低于目标值1个百分点扣0.1分。"),
        ("公厕建设", "12个", "完成不足12个的，每少1个扣0.2分。"),
        heading=heading,
    )
    assert targets(made) == [
        ("c1_1_target", Decimal(120), "户"), ("c3_1_target", Decimal(12), ""),
    ]  # fmt: skip
    assert made.clauses["2"][2].rules[0].model_dump()["against"] == "70"
    assert [point.why for point in made.open_points] == []
    assert [body.title for body in (made.clauses[n][1] for n in "12")] == ["危房改造", "污水收集"]


def test_a_rate_is_measured_from_the_rows_own_goal_and_not_asked_about(tmp_path: Path) -> None:
    made = drafted(
        tmp_path,
        ("管网普查", "95%", "普查率每低1个百分点扣0.1分。"),
        ("建档", "300份", "未建档的扣1分。"),
    )
    assert made.clauses["1"][2].rules[0].model_dump()["against"] == "95"
    assert made.readings == ()


def test_a_goal_of_several_numbers_is_asked_about_where_a_clause_counts_by_it(
    tmp_path: Path,
) -> None:
    made = drafted(
        tmp_path,
        ("公厕建设", "县城2个，乡镇3个", "未完成目标任务的，每少1个扣0.2分。"),
        ("建档", "300份", "未建档的扣1分。"),
    )
    (point,) = made.open_points
    assert (point.why, point.clause, point.text) == ("cell", "1", "县城2个，乡镇3个")
    assert targets(made) == [("c1_1_target", None, "")]


def test_a_column_of_tasks_in_words_stays_the_task(tmp_path: Path) -> None:
    made = drafted(
        tmp_path,
        ("防汛", "修订防汛预案", "未修订预案的扣1分。"),
        ("值班", "落实24小时值班", "发现脱岗的，每次扣0.5分。"),
        heading="目标任务",
    )
    assert made.targets == ()
