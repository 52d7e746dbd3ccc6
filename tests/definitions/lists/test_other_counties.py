"""Lists as clerks of other counties write them, each held against its whole answer: what was put
down before anything read the document."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docx import Document

from tests.definitions.lists import written
from tests.definitions.lists.written import Cells
from tracker.definitions.documents import ReadDocument, as_json, read_document
from tracker.definitions.drafting import draft

Row = tuple[str, str, str, str | None, str | None, list[str], list[tuple[str, str]]]


def answered(document: ReadDocument) -> list[Row]:
    """Per row: id, section, title, points, day, who owes it, and each clause with its kinds and
    amounts."""
    told = as_json(document)
    return [
        (
            item["id"], item["section"], item["title"], item["points"], item["deadline"],
            [*item["lead_units"], *item["responsible_units"]],
            [(one["id"], " ".join(map(_rule, one["rules"]))) for one in item["clauses"]],
        )
        for item in told["items"]
    ]  # fmt: skip


def _rule(rule: dict[str, Any]) -> str:
    amount = rule["deduct"] or rule["award"] or ""
    step = "" if rule["step"] is None else f"/{rule['step']['n']}{rule['step']['unit']}"
    cap = f"<{rule['cap']}" if rule["cap"] else ""
    bands = "" if not rule["tiers"] else f"[{len(rule['tiers'])}]"
    return f"{rule['kind']}:{amount}{step}{cap}{bands}"


def targets(document: ReadDocument) -> list[tuple[str, str, str, str]]:
    return [(one.subject, one.name, one.value, one.unit) for one in document.targets]


def test_columns_in_another_order_with_the_units_first(tmp_path: Path) -> None:
    rows: Cells = (
        ("责任单位", "完成时限", "评分标准", "分值", "重点任务", "序号"),
        ("县住建局", "6月30日", "未制定方案的扣2分。", "4", "制定燃气整治方案", "1"),
        ("县住建局、县城管局", "11月底前", "每少改造1公里扣0.5分，扣完为止。", "6",
         "改造老旧管道12公里", "2"),
        ("县市场监管局", "全年", "发现无证经营的，每起扣1分。", "5", "查处违法经营", "3"),
    )  # fmt: skip
    path = written.word(tmp_path / "gas.docx", rows, title="白石县2025年燃气安全考核细则")
    document = read_document(path)
    assert answered(document) == [
        ("1", "", "制定燃气整治方案", "4", "2025-06-30", ["县住建局"], [("1", "all_or_nothing:2")]),
        ("2", "", "改造老旧管道12公里", "6", "2025-11-30", ["县住建局", "县城管局"],
         [("2", "per_step:0.5/1km<item")]),
        ("3", "", "查处违法经营", "5", "2025-12-31", ["县市场监管局"],
         [("3", "per_incident:1/1occurrence")]),
    ]  # fmt: skip
    assert document.points == 15


def test_an_item_over_several_rows_with_points_units_and_days_of_their_own(tmp_path: Path) -> None:
    rows: Cells = (
        ("序号", "重点工作", "考核内容", "分值", "计分办法", "完成时限", "责任单位"),
        ("1", "防汛备汛", "修订预案", "2", "未修订的扣2分。", "4月底前", "县水利局"),
        (None, None, "储备物资", "3", "每缺1类扣0.5分。", "5月15日前", "县应急局"),
        (None, None, "开展演练", "5", "未开展的不得分。", "5月底前", "各乡镇"),
        ("2", "值班值守", "落实24小时值班", "10", "发现脱岗的，每次扣1分。", "9月30日前",
         "县水利局\n县应急局"),
    )  # fmt: skip
    path = written.word(tmp_path / "flood.docx", rows, title="青溪县2024年防汛考核办法")
    document = read_document(path)
    assert answered(document) == [
        ("1", "", "防汛备汛", "2", "2024-04-30", ["县水利局"], [("1-1", "all_or_nothing:2")]),
        ("1", "", "防汛备汛", "3", "2024-05-15", ["县应急局"], [("1-2", "per_missing:0.5/1item")]),
        ("1", "", "防汛备汛", "5", "2024-05-31", ["各乡镇"], [("1-3", "all_or_nothing:item")]),
        ("2", "", "值班值守", "10", "2024-09-30", ["县水利局", "县应急局"],
         [("2", "per_incident:1/1occurrence")]),
    ]  # fmt: skip
    assert document.points == 20
    assert [item.heading for item in document.items] == [
        "修订预案", "储备物资", "开展演练", "落实24小时值班",
    ]  # fmt: skip


def test_headings_again_in_the_middle_and_a_table_torn_over_two_pages(tmp_path: Path) -> None:
    head = ("序号", "任务", "分值", "扣分标准", "责任单位")
    first: Cells = (
        head,
        ("一、基础工作（10分）", "<", "<", "<", "<"),
        ("1", "建立台账", "4", "未建立的扣4分。", "县司法局"),
        head,
        ("2", "报送信息", "6", "每少报1篇扣1分。", "县司法局"),
    )
    second: Cells = (
        ("二、重点工作（20分）", "<", "<", "<", "<"),
        ("3", "人民调解", "20", "成功率每低1个百分点扣0.5分，扣完为止。", "各乡镇司法所"),
    )
    path = written.word(tmp_path / "law.docx", first, second, title="云岭县2024年法治建设考核细则")
    document = read_document(path)
    assert [(one.id, one.title, str(one.points)) for one in document.sections] == [
        ("1", "基础工作", "10"), ("2", "重点工作", "20"),
    ]  # fmt: skip
    assert answered(document) == [
        ("1", "1", "建立台账", "4", None, ["县司法局"], [("1", "all_or_nothing:4")]),
        ("2", "1", "报送信息", "6", None, ["县司法局"], [("2", "per_missing:1/1item")]),
        ("3", "2", "人民调解", "20", None, ["各乡镇司法所"],
         [("3", "per_step:0.5/1percentage_point<item")]),
    ]  # fmt: skip
    assert all(check.ok for check in document.checks)


def test_two_sheets_with_targets_in_the_second(tmp_path: Path) -> None:
    tasks: Cells = (
        ("编号", "工作任务", "目标值", "分值", "评分细则", "牵头单位", "责任单位"),
        ("1", "污水收集", "70%", "10", "收集率每低于目标值1个百分点扣0.5分。", "县住建局",
         "县水务公司"),
        ("2", "黑臭水体", "5条", "10", "每少整治1条扣2分，扣完为止。", "县住建局", "各街道办"),
    )  # fmt: skip
    annex: Cells = (
        ("乡镇", "2025年污水收集率目标（%）", "整治河道目标（条）"),
        ("东城街道", "72", "2"),
        ("西城街道", "68", "3"),
    )
    path = written.excel(tmp_path / "water.xlsx", {"任务": tasks, "附表1": annex})
    document = read_document(path, year=2025)
    assert answered(document) == [
        ("1", "", "污水收集", "10", None, ["县住建局", "县水务公司"],
         [("1", "per_step:0.5/1percentage_point")]),
        ("2", "", "黑臭水体", "10", None, ["县住建局", "各街道办"],
         [("2", "per_missing:2/1item<item")]),
    ]  # fmt: skip
    assert [item.goal for item in document.items] == ["70%", "5条"]
    assert targets(document) == [
        ("东城街道", "2025年污水收集率目标", "72", "%"),
        ("东城街道", "整治河道目标", "2", "条"),
        ("西城街道", "2025年污水收集率目标", "68", "%"),
        ("西城街道", "整治河道目标", "3", "条"),
    ]


def test_roles_stand_in_the_place_of_units(tmp_path: Path) -> None:
    rows: Cells = (
        ("序号", "工作事项", "分值", "考核标准", "责任主体"),
        ("1", "包案领导接访", "5", "未按要求接访的，每次扣0.5分。", "县级包案领导"),
        ("2", "化解积案", "10", "每少化解1件扣1分。", "牵头部门主要负责人、属地乡镇"),
        ("3", "日常排查", "5", "每月少排查1次扣0.2分。", "各村（社区）网格员"),
    )
    path = written.word(tmp_path / "petition.docx", rows, title="红河县2025年信访工作考核细则")
    assert answered(read_document(path)) == [
        ("1", "", "包案领导接访", "5", None, ["县级包案领导"],
         [("1", "per_missing:0.5/1occurrence")]),
        ("2", "", "化解积案", "10", None, ["牵头部门主要负责人", "属地乡镇"],
         [("2", "per_missing:1/1case")]),
        ("3", "", "日常排查", "5", None, ["各村（社区）网格员"],
         [("3", "per_missing:0.2/1occurrence")]),
    ]  # fmt: skip


def test_a_nested_table_of_bands_in_the_scoring_cell(tmp_path: Path) -> None:
    document = Document()
    document.add_paragraph("南山县2025年营商环境考核细则")
    table = written.add_table(document, (
        ("序号", "指标", "分值", "计分方法", "责任单位"),
        ("1", "企业满意率", "10", "按下表计分：", "县发改局"),
        ("2", "政策兑现", "5", "未兑现的，每件扣1分。", "县财政局"),
    ))  # fmt: skip
    inner = table.cell(1, 3).add_table(rows=3, cols=2)
    for at, (when, points) in enumerate(
        (("95%以上", "得10分"), ("90%-95%", "得8分"), ("90%以下", "不得分"))
    ):
        inner.cell(at, 0).text, inner.cell(at, 1).text = when, points
    document.save(str(tmp_path / "business.docx"))
    told = read_document(tmp_path / "business.docx")
    assert [one[:6] for one in answered(told)] == [
        ("1", "", "企业满意率", "10", None, ["县发改局"]),
        ("2", "", "政策兑现", "5", None, ["县财政局"]),
    ]
    made = draft(told, programme="business")
    bands, *others = made.clauses["1"][2].rules
    assert [one["get"] or one["lose"] for one in bands.model_dump()["tiers"]] == ["10", "8", "0"]
    assert [rule.kind for rule in others] == ["duty"]


def test_a_page_with_merged_rows(tmp_path: Path) -> None:
    path = tmp_path / "party.html"
    path.write_text(
        "<html><head><title>西江县2024年党建考核细则</title></head><body>"
        "<table><tr><th>序号</th><th>考核项目</th><th>考核要点</th><th>分值</th><th>评分办法</th>"
        "<th>完成时间</th><th>责任单位</th></tr>"
        "<tr><td rowspan=2>1</td><td rowspan=2>组织生活</td><td>三会一课</td><td>4</td>"
        "<td>每少开1次扣0.5分</td><td rowspan=2>12月底</td><td rowspan=2>各党支部</td></tr>"
        "<tr><td>主题党日</td><td>2</td><td>每少1次扣0.2分</td></tr>"
        "<tr><td>2</td><td>发展党员</td><td>程序规范</td><td>4</td><td>发现1例不规范扣1分</td>"
        "<td>全年</td><td>县委组织部</td></tr></table></body></html>",
        encoding="gb18030",
    )
    assert answered(read_document(path)) == [
        ("1", "", "组织生活", "4", "2024-12-31", ["各党支部"],
         [("1-1", "per_missing:0.5/1occurrence")]),
        ("1", "", "组织生活", "2", "2024-12-31", ["各党支部"],
         [("1-2", "per_missing:0.2/1occurrence")]),
        ("2", "", "发展党员", "4", "2024-12-31", ["县委组织部"], [("2", "per_incident:1/1case")]),
    ]  # fmt: skip


def test_weights_in_per_cent_and_cells_with_line_breaks_as_csv(tmp_path: Path) -> None:
    path = tmp_path / "statistics.csv"
    path.write_text(
        "东阳县2025年统计工作考核细则\n"
        "序号,考核指标,权重,扣分标准,报送时限,责任科室\n"
        '1,月报报送,40%,"1.迟报1次扣1分；\n2.漏报1次扣2分。",每月5日前,"综合科、\n工业科"\n'
        "2,数据质量,60%,差错率每高0.1个百分点扣0.5分。,,综合科\n",
        encoding="gb18030",
    )
    document = read_document(path)
    assert answered(document) == [
        ("1", "", "月报报送", "40", None, ["综合科", "工业科"],
         [("1.1", "lateness:1/1occurrence"), ("1.2", "per_missing:2/1occurrence")]),
        ("2", "", "数据质量", "60", None, ["综合科"],
         [("2", "per_step:0.5/0.1percentage_point")]),
    ]  # fmt: skip
    assert document.points == 100
    assert [item.deadline_text for item in document.items] == ["每月5日前", ""]


def test_a_cell_that_says_the_same_as_above(tmp_path: Path) -> None:
    rows: Cells = (
        ("序号", "工作任务", "分值", "评分标准", "完成时限", "责任单位", "审核单位"),
        ("1", "拆除违建", "10", "每少拆1处扣1分。", "10月31日", "县自然资源局", "县纪委监委"),
        ("2", "复耕复绿", "10", "每少复耕1亩扣0.5分。", "同上", "同上", "同上"),
    )
    path = written.word(tmp_path / "land.docx", rows, title="北塬县2025年耕地保护考核细则")
    document = read_document(path)
    assert answered(document) == [
        (
            "1",
            "",
            "拆除违建",
            "10",
            "2025-10-31",
            ["县自然资源局"],
            [("1", "per_missing:1/1place")],
        ),
        ("2", "", "复耕复绿", "10", "2025-10-31", ["县自然资源局"], [("2", "per_step:0.5/1mu")]),
    ]
    assert [item.reviewing_units for item in document.items] == [("县纪委监委",)] * 2


def test_units_by_their_part_in_one_cell(tmp_path: Path) -> None:
    rows: Cells = (
        ("序号", "工作任务", "分值", "评分标准", "责任分工"),
        (
            "1",
            "项目开工",
            "10",
            "每少开工1个扣2分。",
            "牵头单位：县发改局；责任单位：县住建局、各乡镇",
        ),
        ("2", "投资入库", "10", "完成率每低1%扣0.2分。", "县统计局（牵头），县发改局"),
    )
    path = written.word(tmp_path / "invest.docx", rows, title="南浦县2025年项目建设考核细则")
    document = read_document(path)
    assert [(one.lead_units, one.responsible_units) for one in document.items] == [
        (("县发改局",), ("县住建局", "各乡镇")), (("县统计局",), ("县发改局",)),
    ]  # fmt: skip
