"""Contacts and facts from sheets: columns in any order, every row's error with its place."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from tracker.definitions import sheets, yamlform
from tracker.domain import facts as f
from tracker.domain.errors import DefinitionError
from tracker.programmes import path_of

Cells = Sequence[Sequence[object]]


def xlsx(path: Path, rows: Cells, *, merged: str = "") -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    if merged:
        sheet.merge_cells(merged)
    book.save(path)
    return path


def csv(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(text.encode(encoding))
    return path


def said(error: DefinitionError) -> list[str]:
    return [str(one) for one in error.problems]


# -- contacts --------------------------------------------------------------------------------------


def test_contacts_are_read_under_a_title_in_any_order_with_other_columns(tmp_path: Path) -> None:
    path = xlsx(
        tmp_path / "contacts.xlsx",
        [
            ["全县联系人通讯录", None, None, None, None, None],
            ["姓 名", "手机号码", "单位（全称）", "职务", "邮箱*", "角色"],
            ["张三", 13800000000, "县住建局", "科员", "zhang@example.cn", "联系人"],
            [None] * 6,
            ["李四", None, "县交通局", "局长", None, "单位负责人"],
        ],
    )
    assert sheets.contacts(path) == [
        sheets.Contact("县住建局", "张三", "contact", "zhang@example.cn", "13800000000",
                       "contacts.xlsx 第 3 行"),
        sheets.Contact("县交通局", "李四", "head", "", "", "contacts.xlsx 第 5 行"),
    ]  # fmt: skip


def test_a_unit_merged_over_several_rows_counts_for_each(tmp_path: Path) -> None:
    rows = [["单位", "姓名", "角色"], ["县住建局", "张三", "联系人"], [None, "李四", "负责人"]]
    found = sheets.contacts(xlsx(tmp_path / "c.xlsx", rows, merged="A2:A3"))
    assert [(one.unit, one.name) for one in found] == [("县住建局", "张三"), ("县住建局", "李四")]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_csv_is_read_as_programs_write_it(tmp_path: Path, encoding: str, mark: str) -> None:
    text = "单位,姓名,角色,邮箱\r\n县住建局,张三,contact,a@b.cn\r\n".replace(",", mark)
    [one] = sheets.contacts(csv(tmp_path / "c.csv", text, encoding))
    assert (one.unit, one.name, one.role, one.mail) == ("县住建局", "张三", "contact", "a@b.cn")


def test_contacts_from_yaml(tmp_path: Path) -> None:
    text = "contacts:\n- {unit: housing, name: 张三, role: head, mobile: 013800000000}\n"
    [one] = sheets.contacts(csv(tmp_path / "c.yaml", text))
    assert (one.role, one.mobile, one.place) == ("head", "013800000000", "c.yaml 第 2 行")


def test_every_wrong_row_of_contacts_is_told(tmp_path: Path) -> None:
    path = csv(tmp_path / "c.csv", "单位,姓名,角色\n县住建局,,联系人\n县交通局,李四,\n")
    with pytest.raises(DefinitionError) as refused:
        sheets.contacts(path)
    assert [one.split(" (")[0] for one in said(refused.value)] == [
        "c.csv 第 2 行: 缺少“姓名”",
        "c.csv 第 3 行: 缺少“角色”",
    ]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("c.csv", "单位,姓名\n甲,乙\n", "c.csv 第 1 行: 缺少“角色 / role”列"),
        ("c.csv", "单位,姓名,角色,姓名\n", "c.csv 第 1 行: 表头“姓名”重复"),
        ("c.csv", "单位,姓名,角色\n甲,乙,丙,丁\n", "c.csv 第 2 行: 有 4 个单元格，表头只有 3 列"),
        ("c.csv", '单位,姓名,角色\n甲,"乙,丙\n', "c.csv 第 2 行: CSV 写法有误"),
        ("c.csv", "", "c.csv: 文件是空的"),
        ("c.xlsx", "no", "c.xlsx: 不是可读的 xlsx 文件"),
        ("c.pdf", "no", "不能从 .pdf 文件读取表格"),
        ("c.yaml", "a: 1\nb: 2\n", "c.yaml 第 1 行: 此处应是列表"),
        ("c.yaml", "- 甲\n", "c.yaml 第 1 行: 此处应是“键: 值”的映射"),
        ("c.yaml", "- {a: [}\n", "c.yaml 第 1 行: 不合 YAML 写法"),
    ],
)
def test_a_malformed_file_is_refused_with_its_place(
    tmp_path: Path, name: str, text: str, expected: str
) -> None:
    with pytest.raises(DefinitionError) as refused:
        sheets.contacts(csv(tmp_path / name, text))
    assert expected in said(refused.value)[0]


def test_a_missing_file_is_named_in_english_too(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=r"gone\.xlsx: there is no such file"):
        sheets.contacts(tmp_path / "gone.xlsx", "en")


# -- facts -----------------------------------------------------------------------------------------

HEAD = "类型,编号,计分句,事项,单位,发生时间,完成,延至,结果,数值,指标,填报编号,理由\n"


def facts(tmp_path: Path, *rows: str, **parts: object) -> list[f.AnyFact]:
    path = csv(tmp_path / "facts.csv", HEAD + "\n".join(rows) + "\n")
    return sheets.facts(path, **parts)  # type: ignore[arg-type]  # passed on


def test_facts_of_several_kinds_with_chinese_words(tmp_path: Path) -> None:
    report, review, extension, measured = facts(
        tmp_path,
        "填报,r1,20.5,list,住建局,2021-08-30T10:00+08:00,是,,,,,,",
        "审核,,,,,2021-09-01T10:00+08:00,,,退回,,,r1,缺附件",
        "延期,,20.5,,,2021-08-30T02:00Z,,44561,批准,,,,",
        "监测数据,,,,,2021-09-01T00:00+08:00,,,,0.10,pm25,,",
        terms=sheets.Terms(units={"住建局": "housing"}),
    )
    assert isinstance(report, f.Report)
    assert (report.id, report.clause, report.unit, report.done) == ("r1", "20.5", "housing", True)
    assert isinstance(review, f.Review)
    assert (review.outcome, review.report, review.reason) == ("returned", "r1", "缺附件")
    assert isinstance(extension, f.Extension)
    assert (extension.until, extension.outcome) == (date(2021, 12, 31), "approved")
    assert isinstance(measured, f.Measurement)
    assert measured.value == Decimal("0.10")
    assert str(measured.value) == "0.10"


def test_typed_cells_of_a_workbook_are_read_as_written(tmp_path: Path) -> None:
    rows: Cells = [
        ["fact", "clause", "occurred_at", "count", "done", "until", "outcome"],
        ["report", 20.5, "2021-08-30T10:00+08:00", 12, None, None, None],
        ["report", 20, "2021-08-30T10:00+08:00", 0.1, True, None, None],
        ["extension", "20.5", "2021-08-30T10:00+08:00", None, None, date(2021, 12, 31), "approved"],
    ]
    first, second, third = sheets.facts(xlsx(tmp_path / "f.xlsx", rows))
    assert isinstance(first, f.Report)
    assert (first.clause, first.count) == ("20.5", Decimal(12))
    assert isinstance(second, f.Report)
    assert (second.clause, str(second.count), second.done) == ("20", "0.1", True)
    assert isinstance(third, f.Extension)
    assert third.until == date(2021, 12, 31)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("交办,,,,,2021-08-30,,,,,,,",
         "facts.csv 第 2 行: 发生时间：2021-08-30 没有写几点几分，时限按小时算的从这一刻起算 "
         "(请写成 2021-08-30 09:00)"),
        ("填报,,20.5,,,44438.4,是,,,,,,",
         "facts.csv 第 2 行: 发生时间：“44438.4”不是时刻 (请写成 2021-10-18 08:00（方案时区），"),
        ("填报,,20.5,,,2021-08-30 25:00,是,,,,,,", "发生时间：“2021-08-30 25:00”不是时刻"),
        ("填报,,20.5,,,八月底,是,,,,,,", "facts.csv 第 2 行: 发生时间：“八月底”不是时刻"),
        ("填报,,20.5,,,2021-08-30T10:00+08:00,,,,,,,",
         "填报须写 done（完成）、count（数量）或 share（比例）之一"),
        ("填报,,20.5,,,2021-08-30T10:00+08:00,大概,,,,,,",
         "facts.csv 第 2 行: 完成：应是 true 或 false，而不是“大概”"),
        ("填报,,,,,2021-08-30T10:00+08:00,是,,,,,,", "facts.csv 第 2 行: 缺少“计分句”"),
        ("填报,,20.5,,,,是,,,,,,", "facts.csv 第 2 行: 缺少“发生时间”"),
        ("汇报,,20.5,,,2021-08-30T10:00+08:00,是,,,,,,",
         "facts.csv 第 2 行: 不认识的事实类型“汇报”"),
        (",,20.5,,,2021-08-30T10:00+08:00,是,,,,,,",
         "facts.csv 第 2 行: 没有写明是哪类事实 (表里要有一栏，表头写“类型”或 fact"),
        ("审核,,,,,2021-08-30T10:00+08:00,,,退回,,,r1,", "退回须写明理由（reason）"),
        ("审核,,,,,2021-08-30T10:00+08:00,,,大概,,,r1,",
         "结果：“大概”不在可选值之内 (可选：通过、退回)"),
        ("审核,,20.5,,,2021-08-30T10:00+08:00,,,通过,,,r1,", "没有“计分句”一栏"),
    ],
)  # fmt: skip
def test_a_wrong_row_is_refused_with_its_place(tmp_path: Path, row: str, expected: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        facts(tmp_path, row)
    assert any(expected in one for one in said(refused.value))


@pytest.mark.parametrize(
    ("typed", "means"),
    [
        ("2021-08-30 10:00", "2021-08-30T10:00:00+08:00"),
        ("2021/8/30 9:05", "2021-08-30T09:05:00+08:00"),
        ("2021年8月30日9时05分", "2021-08-30T09:05:00+08:00"),
        ("２０２１－０８－３０　１０：００", "2021-08-30T10:00:00+08:00"),
        ("2021-08-30 24:00", "2021-08-31T00:00:00+08:00"),
        ("2021-08-30", "2021-08-31T00:00:00+08:00"),
        ("2021-08-30T02:00Z", "2021-08-30T10:00:00+08:00"),
    ],
)
def test_a_time_without_an_offset_is_the_programmes_and_a_day_alone_its_end(
    tmp_path: Path, typed: str, means: str
) -> None:
    [one] = facts(tmp_path, f"填报,,20.5,,,{typed},是,,,,,,")
    assert one.occurred_at == datetime.fromisoformat(means)
    [again] = facts(tmp_path, f"填报,,20.5,,,{means},是,,,,,,")
    assert one.id == again.id or "Z" in typed, "the same fact, however its time is written"


def test_a_date_cell_of_a_workbook_is_read_on_the_programmes_clock(tmp_path: Path) -> None:
    rows: Cells = [
        ["fact", "clause", "occurred_at", "done"],
        ["report", "20.5", datetime(2021, 8, 30, 10, 0), True],  # noqa: DTZ001
    ]
    urumqi = sheets.Terms(zone=ZoneInfo("Asia/Urumqi"))
    [one] = sheets.facts(xlsx(tmp_path / "f.xlsx", rows), terms=urumqi)
    assert one.occurred_at == datetime.fromisoformat("2021-08-30T10:00+06:00")


def test_what_a_programme_has_is_written_by_its_name_unless_two_have_it(tmp_path: Path) -> None:
    county = yamlform.load(path_of("zhongfang-2021"))
    path = csv(
        tmp_path / "f.csv",
        "类型,发生时间,发现问题,类别,单位,指标,数值\n"
        "发现问题,2021-07-02,移送案件公安未及时查办,刑事案件,公安局,,\n"
        "监测,2022-01-05,,,市生态环境局中方分局,COD年度减排量,150\n",
    )
    found, measured = sheets.facts(path, terms=sheets.Terms.of(county))
    assert isinstance(found, f.Finding)
    assert (found.finding, found.class_, found.unit) == (
        "transferred_case_not_accepted", "criminal", "police",
    )  # fmt: skip
    assert isinstance(measured, f.Measurement)
    assert (measured.measure, measured.unit) == ("cod_reduction", "env_branch")
    district = sheets.Terms.of(yamlform.load(path_of("xx-2020")))
    assert "国土绿化年度任务" not in district.keys, "nine districts have a target of that name"


def test_a_duty_is_named_by_its_title_within_its_clause(tmp_path: Path) -> None:
    county = yamlform.load(path_of("zhongfang-2021"))
    path = csv(
        tmp_path / "f.csv",
        "类型,发生时间,计分句,事项,单位,件数\n"
        "填报,2021-09-28 16:00,20.2,完成项目总数的80%,中方分局,7\n"
        "填报,2021-12-28 16:00,20.3,完成项目总数的80%,中方分局,7\n",
    )
    first, second = sheets.facts(path, terms=sheets.Terms.of(county))
    assert isinstance(first, f.Report)
    assert (first.duty, first.count) == ("s1", 7)
    assert isinstance(second, f.Report)
    assert second.duty == "完成项目总数的80%", "another clause has no duty of that title"


def test_headings_are_told_in_the_reader_s_language(tmp_path: Path) -> None:
    path = csv(tmp_path / "f.csv", "类型,发生时间,数目,数量,件数\n填报,2021-09-28 16:00,1,1,1\n")
    with pytest.raises(DefinitionError) as refused:
        sheets.facts(path)
    unknown, twice = map(str, refused.value.problems)
    assert "计分句、事项、单位" in unknown
    assert "clause" not in unknown
    assert "表头“数量、件数”重复" in twice
    with pytest.raises(DefinitionError) as refused:
        sheets.facts(path, "en")
    assert "clause, count" in str(refused.value.problems[0])


def test_the_errors_of_every_row_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError) as refused:
        facts(
            tmp_path,
            "填报,,20.5,,,8-30,是,,,,,,",
            "填报,,20.5,,,2021-08-31T00:00Z,是,,,,,,",
            "填报x,,,,,,,,,,,,",
        )
    assert [str(one).partition(" (")[0] for one in refused.value.problems] == [
        "facts.csv 第 2 行: 发生时间：“8-30”不是时刻",
        "facts.csv 第 4 行: 不认识的事实类型“填报x”",
        "facts.csv 第 4 行: 缺少“发生时间”",
    ]


def test_headings_and_rows_are_told_of_in_one_go(tmp_path: Path) -> None:
    text = (
        "类型,计分,发生时间,完成\n"
        "填报,20.5,8-30,是\n"
        "填报,20.5,2021-08-30T10:00+08:00,大概\n"
        "填报,20.5,2021-08-30T10:00+08:00,是,多一格\n"
    )
    with pytest.raises(DefinitionError) as refused:
        sheets.facts(csv(tmp_path / "facts.csv", text))
    assert [one.partition(" (")[0] for one in said(refused.value)] == [
        "facts.csv 第 1 行: 不认识的表头“计分”",
        "facts.csv 第 2 行: 发生时间：“8-30”不是时刻",
        "facts.csv 第 3 行: 完成：应是 true 或 false，而不是“大概”",
        "facts.csv 第 4 行: 有 5 个单元格，表头只有 4 列",
    ], "what stands under an unknown heading is not missed in every row"


def test_yaml_entries_that_are_none_hide_no_others(tmp_path: Path) -> None:
    text = "- {unit: 甲, name: 乙}\n- 丙\n- {unit: 丁, unit: 戊, role: head}\n"
    with pytest.raises(DefinitionError) as refused:
        sheets.contacts(csv(tmp_path / "c.yaml", text))
    assert [one.partition(" (")[0] for one in said(refused.value)] == [
        "c.yaml 第 1 行: 缺少“角色”",
        "c.yaml 第 2 行: 此处应是“键: 值”的映射",
        "c.yaml 第 3 行: 键“unit”重复，第 3 行已有",
        "c.yaml 第 3 行: 缺少“姓名”",
    ]


def test_what_is_right_is_given_beside_what_is_wrong(tmp_path: Path) -> None:
    text = (
        "类型,编号,计分句,发生时间,完成,填报编号,结果\n"
        "填报,r1,20.5,8-30,是,,\n"
        "填报,r2,20.5,2021-08-30T10:00+08:00,是,,\n"
    )
    read = sheets.read_facts(csv(tmp_path / "facts.csv", text))
    assert [one.fact.id for one in read.placed] == ["r2"]
    assert read.spoiled == {"r1"}
    assert len(read.problems) == 1


def test_an_unknown_heading_is_refused_with_the_nearest(tmp_path: Path) -> None:
    path = csv(tmp_path / "f.csv", "类型,发生时间,计分\n")
    with pytest.raises(DefinitionError, match=r"不认识的表头“计分”.*是否想写“计分句”"):
        sheets.facts(path)


def test_facts_from_yaml_may_hold_lists(tmp_path: Path) -> None:
    text = (
        "facts:\n- fact: report\n  clause: 20.10\n  occurred_at: 2021-08-30T10:00+08:00\n"
        f"  done: true\n  evidence:\n  - {{name: 清单.pdf, sha256: {'a' * 64}, size: 12}}\n"
    )
    [report] = sheets.facts(csv(tmp_path / "f.yaml", text))
    assert isinstance(report, f.Report)
    assert (report.clause, report.evidence[0].size) == ("20.10", 12)


def test_what_does_not_say_when_it_was_entered_was_entered_as_it_happened_or_as_told(
    tmp_path: Path,
) -> None:
    row = "填报,,20.5,,,2021-08-30T10:00+08:00,是,,,,,,"
    [alone] = facts(tmp_path, row)
    assert alone.recorded_at == alone.occurred_at
    later = alone.occurred_at + timedelta(days=3)
    [one] = sheets.placed(tmp_path / "facts.csv", entered_at=later)
    assert (one.fact.recorded_at, one.entered) == (later, False)


def test_a_fact_without_an_id_gets_one_of_its_content(tmp_path: Path) -> None:
    """So that the same row loaded again is the same fact, and two equal rows are two."""
    row = "填报,,20.5,,,2021-08-30T10:00+08:00,是,,,,,,"
    first, second, third = facts(tmp_path, row, row, row.replace("20.5", "20.6"))
    assert len({first.id, second.id, third.id}) == 3
    again = sheets.placed(tmp_path / "facts.csv", entered_at=first.occurred_at + timedelta(days=9))
    assert [one.fact.id for one in again] == [first.id, second.id, third.id]


def test_an_empty_cell_is_named_as_its_column_is_headed(tmp_path: Path) -> None:
    path = tmp_path / "contacts.csv"
    path.write_text("单位,姓名,角色\n县水利局,,审核\n", encoding="utf-8")
    with pytest.raises(DefinitionError, match="缺少“姓名”"):
        sheets.contacts(path)
    path.write_text("单位,姓名,角色\n县水利局,赵一,审核\n", encoding="utf-8")
    assert sheets.contacts(path)[0].role == "reviewer"
