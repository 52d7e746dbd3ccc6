"""Every kind of fact comes by file, in Chinese words, the same from .csv, .xlsx and YAML."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import get_args

import openpyxl
import pytest

from tracker.definitions import sheets
from tracker.domain import facts as f

WHEN = {"发生时间": "2021-10-15T09:00+08:00"}
ABOUT = {"计分句": "1", "事项": "done", "单位": "housing"}
ROWS: dict[str, dict[str, str]] = {
    "report": {"类型": "填报", **ABOUT, "数量": "4"},
    "review": {"类型": "审核", "填报编号": "r-1", "审核结果": "退回", "理由": "缺签章"},
    "case": {"类型": "交办件", "交办件": "07", "交办件类别": "handed", "事件": "收到",
             "单位": "housing", "限期": "2021-11-01"},
    "extension": {"类型": "延期", **ABOUT, "结果": "批准", "延至": "2021-11-01"},
    "suspension": {"类型": "挂账", **ABOUT, "止于": "2021-10-20T09:00+08:00", "理由": "停工"},
    "waiver": {"类型": "豁免", **ABOUT, "理由": "不涉及"},
    "close_out": {"类型": "销号", **ABOUT, "理由": "合并"},
    "receipt": {"类型": "签收", **ABOUT, "签收角色": "head"},
    "finding": {"类型": "发现问题", "发现问题": "fire", "数量": "2", "类别": "big", "问题": "f-1"},
    "measurement": {"类型": "监测", "指标": "pm25", "数值": "34.5", "基数": "36", "点位": "一中"},
    "target": {"类型": "目标", "目标": "goal", "数值": "30"},
    "rank": {"类型": "排名", "排名": "place", "名次": "3", "总数": "9", "上年名次": "5",
             "递补": "1"},
    "decision": {"类型": "认定", "规则": "4#1", "分值": "0.5", "认定人": "王主任", "理由": "通报"},
    "reading": {"类型": "口径", "口径": "round", "选项": "up", "认定人": "王主任", "理由": "从严"},
    "recognition": {"类型": "认可", "认可": "prize", "数量": "1"},
    "external_date": {"类型": "外部日期", **ABOUT, "日期": "2021-10-31"},
    "activity": {"类型": "活动", "活动": "login", "单位": "housing"},
    "closing": {"类型": "收官", "理由": "已签定"},
    "withdrawal": {"类型": "撤回", "更正": "f-1", "备注": "重复"},
}  # fmt: skip


def test_the_rows_are_of_every_kind_that_there_is() -> None:
    kinds = get_args(get_args(f.AnyFact)[0])
    assert set(ROWS) == {kind.model_fields["fact"].default for kind in kinds}


@pytest.mark.parametrize("kind", ROWS)
def test_a_fact_of_the_kind_is_the_same_from_each_file(kind: str, tmp_path: Path) -> None:
    row = {**ROWS[kind], **WHEN}
    with (tmp_path / "f.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([list(row), list(row.values())])
    book = openpyxl.Workbook()
    assert book.active is not None
    for cells in (list(row), list(row.values())):
        book.active.append(cells)
    book.save(tmp_path / "f.xlsx")
    lines = "\n  ".join(f'{name}: "{value}"' for name, value in row.items())
    (tmp_path / "f.yaml").write_text(f"- {lines}\n", encoding="utf-8")
    read = [sheets.facts(tmp_path / name) for name in ("f.csv", "f.xlsx", "f.yaml")]
    assert read[0] == read[1] == read[2]
    assert [one.fact for one in read[0]] == [kind]
