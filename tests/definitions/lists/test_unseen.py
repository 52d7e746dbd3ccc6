"""Lists of other offices, as they come: other columns, other headings, other ways to number."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from tests.definitions.lists import written
from tests.definitions.lists.written import Cells
from tracker.definitions.documents import ReadDocument, ReadItem, read_document
from tracker.definitions.documents.units import units


def clauses(item: ReadItem) -> list[str]:
    return [clause.id for clause in item.clauses]


def numbered(document: ReadDocument) -> list[tuple[str, list[str]]]:
    return [(item.id, clauses(item)) for item in document.items]


def sections(document: ReadDocument) -> list[tuple[str, str, str]]:
    return [(one.id, one.title, str(one.points)) for one in document.sections]


SAFETY: Cells = (
    ("序号", "考核项目", "考核内容", "标准分", "评分标准", "考核方式", "考核单位", "备注"),
    (
        "1",
        "组织领导（20分）",
        "定期研究安全生产",
        "10",
        "每季度少1次扣2分。",
        "查纪要",
        "县应急局",
        "",
    ),
    ("2", None, "签订责任书", "10", "每少签1家扣1分，扣完为止。", "查文件", "县应急局", ""),
    (
        "3",
        "隐患整治（30分）",
        "隐患挂牌督办",
        "30",
        "1.每处扣3分；\n2.被通报的扣5分。",
        "看现场",
        "",
        "",
    ),
    ("合计", "<", "<", "50", "", "", "", ""),
)


def test_a_merged_column_of_wider_headings_makes_sections(tmp_path: Path) -> None:
    """Work safety: points in the merged cell, a row of totals, how it is checked beside how it is
    scored."""
    title = "云岭县2024年度安全生产目标管理考核细则"
    document = read_document(written.word(tmp_path / "list.docx", SAFETY, title=title))
    assert sections(document) == [("1", "组织领导", "20"), ("2", "隐患整治", "30")]
    assert [item.title for item in document.items] == [
        "定期研究安全生产",
        "签订责任书",
        "隐患挂牌督办",
    ]
    assert numbered(document) == [("1", ["1"]), ("2", ["2"]), ("3", ["3.1", "3.2"])]
    assert document.items[0].evidence == "查纪要"
    assert document.items[0].reviewing_units == ("县应急局",)
    assert [check.ok for check in document.checks] == [True, True, True]


PARTY: Any = (
    ("云岭县2024年党建工作考核指标体系", *["<"] * 6),
    ("一级指标", "二级指标", "三级指标", "权重", "评分标准", "数据来源", "责任单位"),
    ("党的建设（40分）", "政治建设", "第一议题制度", 15, "每少1次扣1分。", "会议记录", "各党支部"),
    (None, None, "理论学习", 10, "每少1次扣0.5分。", "台账", "机关党委等"),
    (None, "组织建设", "三会一课", 15, "未开展的，每次扣1分。", "工作手册", "各党支部"),
    ("党风廉政（60分）", "作风", "整治形式主义", 60, "被通报的，每起扣10分。", "通报", "纪检组"),
)


def test_items_without_numbers_are_counted_in_their_section(tmp_path: Path) -> None:
    """Party building: three grades of indicators in a workbook, points as numbers."""
    document = read_document(written.excel(tmp_path / "list.xlsx", {"指标": PARTY}))
    assert document.title == "云岭县2024年党建工作考核指标体系"
    assert [item.id for item in document.items] == ["1.1", "1.2", "1.3", "2.1"]
    assert document.points == 100
    assert document.items[1].open_units
    assert document.items[1].responsible_units == ("机关党委",)


HEADS = ("编号", "工作任务", "赋分", "计分细则", "责任部门")


def test_a_table_split_over_pages_goes_on_with_and_without_its_headings(tmp_path: Path) -> None:
    """Statistics: numbers begin anew in each section, headings are repeated on one page only."""
    first = (
        HEADS,
        ("（一）组织保障（10分）", *["<"] * 4),
        ("1.", "成立专班", "6", "未成立的不得分。", "办公室"),
        ("2.", "制定方案", "4", "未制定的扣4分。", "办公室"),
        ("（二）业务工作（20分）", *["<"] * 4),
        ("1.", "信息报送", "10", "每月不少于3条，每少1条扣0.5分。", "各科室"),
    )
    second = (HEADS, ("2.", "统计数据", "6", "迟报一次扣0.2分，拒报一次扣1分。", "统计科"))
    third = (("3.", "资料归档", "4", "缺1份扣0.1分。", "档案室"),)
    path = written.word(tmp_path / "list.docx", first, second, third, title="2022年统计考核办法")
    document = read_document(path)
    assert [item.id for item in document.items] == ["1.1", "1.2", "2.1", "2.2", "2.3"]
    assert [check.ok for check in document.checks] == [True, True, True]
    assert document.items[4].clauses[0].source.place == "table 3 row 1 cell 4"


def test_headings_in_two_rows_are_put_together(tmp_path: Path) -> None:
    """Open government: who leads and who joins stand below one wide heading."""
    rows = (
        ("序号", "重点任务", "责任分工", "<", "完成时限", "考评", "<"),
        (None, None, "牵头单位", "配合单位", None, "分值", "评分办法"),
        (
            "1",
            "公开平台建设",
            "县政府办",
            "大数据局、各乡镇",
            "2023年6月底前",
            "5",
            "未建成扣5分。",
        ),
        ("2", "主动公开", "县政府办", "各乡镇、县直各单位", "12月20日前", "5", "每漏1条扣0.1分。"),
    )
    title = "2023年政务公开任务分解表"
    for path in (
        written.word(tmp_path / "list.docx", rows, title=title),
        written.excel(tmp_path / "list.xlsx", {"表": ((title, *["<"] * 6), *rows)}),
        written.page(tmp_path / "list.html", rows, title=title),
    ):
        document = read_document(path)
        assert document.title == title
        assert document.items[0].lead_units == ("县政府办",)
        assert document.items[0].responsible_units == ("大数据局", "各乡镇")
        assert [item.deadline for item in document.items] == [date(2023, 6, 30), date(2023, 12, 20)]
        assert document.points == 10


def test_a_sheet_for_each_section_with_days_as_serial_numbers(tmp_path: Path) -> None:
    """River chiefs: no titles in the sheets, numbers as text and as numbers, 等 among the units."""
    heads = ("序号", "考核内容", "分值", "评分标准", "完成时间", "责任单位")
    sheets: dict[str, Any] = {
        "一、河长制（30分）": (
            heads,
            ("1", "巡河", "15", "每少巡1次扣0.5分。", 44561, "县水利局等"),
            (2, "清四乱", 15, "每处未整改扣1分。", 44377, "县水利局、县自然资源局等单位"),
        ),
        "二、湖长制（20分）": (heads, ("1", "巡湖", "20", "每少1次扣0.5分。", "44561", "县水利局")),
    }
    document = read_document(written.excel(tmp_path / "list.xlsx", sheets), year=2021)
    assert sections(document) == [("1", "河长制", "30"), ("2", "湖长制", "20")]
    assert [item.id for item in document.items] == ["1.1", "1.2", "2.1"]
    assert document.items[0].deadline == document.items[2].deadline == date(2021, 12, 31)
    assert document.items[1].deadline == date(2021, 6, 30)
    assert document.items[1].responsible_units == ("县水利局", "县自然资源局")


def test_a_chinese_number_with_points_opens_a_section(tmp_path: Path) -> None:
    """Fire safety: sections are rows like any other, but have nothing to score."""
    rows = (
        ("序号", "考核内容", "分值", "考核标准", "牵头科室"),
        ("一", "组织领导", "20", "", ""),
        ("1", "领导重视", "10", "未研究部署的扣2分。", "综合科"),
        ("2", "经费保障", "10", "未落实的扣5分。", "财务科"),
        ("二", "日常管理", "30", "", ""),
        ("3", "值班备勤", "28", "脱岗一次扣1分。", "值班室"),
    )
    path = written.word(tmp_path / "list.docx", rows, title="2025年度消防工作考核表")
    document = read_document(path)
    assert sections(document) == [("1", "组织领导", "20"), ("2", "日常管理", "30")]
    assert [item.lead_units for item in document.items] == [("综合科",), ("财务科",), ("值班室",)]
    assert [check.what for check in document.checks if not check.ok] == [
        "items of section 2 add up to 28, stated are 30"
    ]


def test_a_list_of_tasks_without_any_scoring_is_a_list_too(tmp_path: Path) -> None:
    """Business climate: what is to be done, by whom, by when."""
    rows = (
        ("序号", "重点任务", "具体举措", "牵头单位", "责任单位", "完成时限"),
        ("1", "企业开办", "6月底前实现半日办结。", "县市监局", "县税务局", "2024年6月30日"),
        ("2", "工程审批", "每季度召开1次调度会。", "县住建局", "各乡镇", "持续推进"),
    )
    path = written.word(tmp_path / "list.docx", rows, title="2024年营商环境重点任务清单")
    document = read_document(path)
    assert [clause.text for item in document.items for clause in item.clauses] == [
        "6月底前实现半日办结。",
        "每季度召开1次调度会。",
    ]
    assert [item.deadline for item in document.items] == [date(2024, 6, 30), None]
    assert document.items[1].deadline_text == "持续推进"


def test_a_scoring_text_merged_over_several_items_counts_for_each(tmp_path: Path) -> None:
    rows = (
        HEADS,
        ("1", "信息报送", "10", "每少1条扣0.5分，扣完为止。", "办公室"),
        ("2", "数据报送", "5", None, "统计科"),
        ("3", "归档", "5", "", "档案室"),
    )
    path = written.word(tmp_path / "list.docx", rows, title="2022年考核办法")
    document = read_document(path)
    assert [(item.id, item.clauses[0].text) for item in document.items] == [
        ("1", "每少1条扣0.5分，扣完为止。"),
        ("2", "每少1条扣0.5分，扣完为止。"),
        ("3", "归档"),
    ]
    assert document.points == 20


def test_bonus_and_penalty_as_sections_of_the_table(tmp_path: Path) -> None:
    rows = (
        HEADS,
        ("一、基础工作（90分）", *["<"] * 4),
        ("1", "信息报送", "90", "每少1条扣0.5分。", "各科室"),
        ("二、加分项（不超过5分）", *["<"] * 4),
        ("1", "获省级表彰", "", "每项加1分。", "各科室"),
        ("三、扣分项", *["<"] * 4),
        ("1", "被通报", "", "每次扣2分。", "各科室"),
    )
    path = written.word(tmp_path / "list.docx", rows, title="2022年考核办法")
    document = read_document(path)
    assert document.points == 90
    assert numbered(document) == [
        ("1", ["1"]),
        ("B", ["B"]),
        ("B.1", ["B.1"]),
        ("P.1", ["P.1"]),
    ]


def test_bonus_and_penalty_as_one_cell_of_the_last_row(tmp_path: Path) -> None:
    text = (
        "一、有下列情形的，予以加分，累计不超过3分：\n1.获省级表彰的，每项加1分；\n2.经验推广的，加0.5分。\n"
        "二、有下列情形的，予以扣分：\n1.被省级通报的，每次扣1分。\n三、同一事项以最高分计。"
    )
    rows = (
        HEADS,
        ("1", "信息报送", "10", "每少1条扣0.5分。", "各科室"),
        ("加扣分项", text, "<", "<", "<"),
    )
    path = written.word(tmp_path / "list.docx", rows, title="2022年考核办法")
    document = read_document(path)
    assert numbered(document)[1:] == [("B", ["B", "B.1", "B.2"]), ("P", ["P.1"])]
    assert text[slice(*document.items[2].clauses[0].source.span)] == "1.被省级通报的，每次扣1分。"
    assert [one.text for one in document.unread] == ["三、同一事项以最高分计。"]


def word_numbered(path: Path) -> Path:
    """Numbers that Word sets by itself, in the column of numbers and in a cell."""
    document = Document()
    document.add_paragraph("2023年信访工作考核细则")
    numbering = document.part.numbering_part.element
    for name, form, shown in (("90", "decimal", "%1"), ("91", "decimal", "%1."),
                              ("92", "decimalEnclosedCircle", "%1")):  # fmt: skip
        numbering.insert(0, parse_xml(
            f'<w:abstractNum {nsdecls("w")} w:abstractNumId="{name}"><w:lvl w:ilvl="0">'
            f'<w:start w:val="1"/><w:numFmt w:val="{form}"/><w:lvlText w:val="{shown}"/>'
            "</w:lvl></w:abstractNum>"
        ))  # fmt: skip
        numbering.append(parse_xml(
            f'<w:num {nsdecls("w")} w:numId="{name}"><w:abstractNumId w:val="{name}"/></w:num>'
        ))  # fmt: skip
    table = written.add_table(
        document,
        (
            ("序号", "考核内容", "分值", "评分标准"),
            ("", "初信初访", "6", "未按期受理的，每件扣0.5分。\n未按期答复的，每件扣1分。"),
            ("", "领导接访", "4", "未公示的扣1分；\n缺席一次扣0.5分。"),
        ),
    )
    for row, list_ in ((1, "91"), (2, "92")):
        cell = table.cell(row, 3)
        lines = cell.text.split("\n")
        cell.text = lines[0]
        cell.add_paragraph(lines[1])
        for paragraph, name in ((table.cell(row, 0).paragraphs[0], "90"),
                                *((one, list_) for one in cell.paragraphs)):  # fmt: skip
            paragraph._p.get_or_add_pPr().append(parse_xml(
                f'<w:numPr {nsdecls("w")}><w:ilvl w:val="0"/><w:numId w:val="{name}"/></w:numPr>'
            ))  # fmt: skip
    document.save(str(path))
    return path


def test_numbers_that_word_sets_by_itself_are_seen(tmp_path: Path) -> None:
    document = read_document(word_numbered(tmp_path / "list.docx"))
    assert numbered(document) == [("1", ["1.1", "1.2"]), ("2", ["2.1", "2.2"])]
    texts = [clause.text for clause in document.items[1].clauses]
    assert texts == ["①未公示的扣1分；", "②缺席一次扣0.5分。"]


def test_a_table_inside_a_cell_is_part_of_its_text(tmp_path: Path) -> None:
    rows = (
        ("序号", "工作任务", "计分办法", "责任单位"),
        ("1", "养老服务", "分档计分：", "牵头单位：县民政局\n配合单位：县财政局、县卫健局"),
    )
    document = Document()
    document.add_paragraph("2023年度民政工作考核")
    inner = written.add_table(document, rows).cell(1, 2).add_table(rows=2, cols=2)
    for at, (share, points) in enumerate((("90%以上", "得5分"), ("80%以下", "得0分"))):
        inner.cell(at, 0).text, inner.cell(at, 1).text = share, points
    document.save(str(tmp_path / "list.docx"))
    item = read_document(tmp_path / "list.docx").items[0]
    assert item.clauses[0].text == "分档计分：\n90%以上\t得5分\n80%以下\t得0分"
    assert (item.lead_units, item.responsible_units) == (("县民政局",), ("县财政局", "县卫健局"))


def test_task_and_scoring_in_one_column_give_a_title_too(tmp_path: Path) -> None:
    rows = (
        ("序号", "考核内容及评分标准", "分值", "被考核单位"),
        ("1", "按时报送月报。每迟报1次扣0.5分，扣完为止。", "5", "各镇（街道）、园区"),
        ("2", "二、联网直报\n（1）上报率每低1%扣0.2分；\n（2）差错扣2分。", "10", "各镇"),
    )  # fmt: skip
    path = written.word(tmp_path / "list.docx", rows, title="2024年统计工作考核评分表")
    document = read_document(path)
    assert [item.title for item in document.items] == ["按时报送月报", "联网直报"]
    assert numbered(document) == [("1", ["1"]), ("2", ["2.1", "2.2"])]
    assert document.items[0].responsible_units == ("各镇（街道）", "园区")


def test_targets_at_the_end_keep_their_headings_and_units(tmp_path: Path) -> None:
    targets = (
        ("乡镇", "粮食产量（吨）", "<", "新增市场主体（户）"),
        (None, "早稻", "晚稻", None),
        ("青山镇", "120", "98.5", "30"),
        ("白水镇", "80", "60", "25"),
    )
    tasks = (HEADS, ("1", "粮食生产", "10", "每低1%扣0.5分。", "各乡镇"))
    path = written.word(
        tmp_path / "list.docx", tasks, targets, title="2022年考核办法", between="附件2 目标分解表"
    )
    told = read_document(path).targets
    assert [(one.table, one.subject, one.name, one.value, one.unit) for one in told[:3]] == [
        ("附件2", "青山镇", "粮食产量 早稻", "120", "吨"),
        ("附件2", "青山镇", "粮食产量 晚稻", "98.5", "吨"),
        ("附件2", "青山镇", "新增市场主体", "30", "户"),
    ]
    assert len(told) == 6


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("县发改局、县财政局,县住建局", ["县发改局", "县财政局", "县住建局"]),
        ("县水利局；县公安局/县司法局", ["县水利局", "县公安局", "县司法局"]),
        ("县委组织部\n县委宣传部", ["县委组织部", "县委宣传部"]),
        ("市生态环\n境局、市公安局", ["市生态环境局", "市公安局"]),
        ("县人大\n环资委", ["县人大环资委"]),
        ("区教育局等有关部门,各镇街、平台", ["区教育局", "有关部门", "各镇街、平台"]),
        ("其他各有关部门和各镇街", ["其他各有关部门", "各镇街"]),
        ("仁和街道、区环境(水务)集团", ["仁和街道", "区环境(水务)集团"]),
        ("县林业局等", ["县林业局"]),
        ("牵头领导、具体经办人", ["牵头领导", "具体经办人"]),
        ("/", []),
        ("无", []),
    ],
)  # fmt: skip
def test_units_are_parted_as_they_are_written(text: str, names: list[str]) -> None:
    assert list(units(text)) == names
