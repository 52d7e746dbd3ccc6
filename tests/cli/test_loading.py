"""Contacts, facts, calendars, readings: all or nothing, every error with its row."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import openpyxl
import pytest

from tests.builders import a_programme, clause, item
from tests.cli.conftest import Installation
from tracker.definitions import yamlform
from tracker.programmes import path_of

HEAD = "单位,姓名,角色,邮箱,手机\n"
FACTS = "类型,编号,计分句,事项,单位,发生时间,完成\n"
REPORT = "填报,r1,1,done,住建局,2021-09-20T10:00+08:00,是\n"


def test_contacts_are_loaded_and_loading_again_changes_nothing(loaded: Installation) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["单位", "姓名", "角色", "邮箱", "手机"],
                ["住建局", "张三", "联系人", "zhang@example.cn", 13800000000],
                ["县住房和城乡建设局", "李四", "单位负责人", "li@example.cn", None]):  # fmt: skip
        sheet.append(row)
    path = loaded.folder / "contacts.xlsx"
    book.save(path)
    first = loaded.valid("loaded", "contacts", "load", path)
    assert (first["rows"], first["added"], first["kept"]) == (2, 2, 0)
    assert "新增 0 项任职，保留 2" in loaded("contacts", "load", path).text


CONTACTS = {
    "two contacts with one address": (
        HEAD + "住建局,张三,联系人,a@example.cn,\n生态分局,李四,联系人,a@example.cn,\n",
        ("contacts.csv 第 3 行：", "a@example.cn", "contacts.csv 第 2 行"),
    ),
    "a unit that no programme has": (
        HEAD + "县交通局,张三,联系人,a@example.cn,\n", ("contacts.csv 第 2 行：", "县交通局"),
    ),
    "no such role": (HEAD + "住建局,张三,主任,,\n", ("contacts.csv 第 2 行：", "主任")),
    "an address that is none": (HEAD + "住建局,张三,联系人,a@,\n", ("contacts.csv 第 2 行：",)),
    "a malformed row": (HEAD + "住建局,张三,联系人,,,,,x\n", ("第 2 行：有 8 个单元格",)),
    "a column missing": ("单位,姓名\n住建局,张三\n", ("contacts.csv 第 1 行：", "角色 / role")),
}  # fmt: skip


@pytest.mark.parametrize("what", CONTACTS)
def test_wrong_contacts_are_refused_with_their_row_and_change_nothing(
    loaded: Installation, what: str
) -> None:
    text, said = CONTACTS[what]
    path, before = loaded.write("contacts.csv", text), loaded.content()
    told = loaded("contacts", "load", path)
    assert (told.code, told.text) == (1, "")
    assert [part for part in said if part not in told.error] == []
    assert loaded.content() == before


def test_facts_are_loaded_and_the_same_row_never_twice(loaded: Installation) -> None:
    path = loaded.write("facts.csv", FACTS + REPORT + REPORT.replace("r1", ""))
    first = loaded.valid("loaded", "facts", "load", path)
    again = loaded.valid("loaded", "facts", "load", path)
    assert (first["added"], first["kept"]) == (2, 0)
    assert (again["added"], again["kept"]) == (0, 2)


def test_a_history_keeps_when_it_was_entered(loaded: Installation) -> None:
    text = FACTS.replace("完成", "完成,录入时间") + REPORT.replace(
        "是", "是,2021-10-05T10:00+08:00"
    )
    assert loaded("facts", "load", loaded.write("facts.csv", text)).code == 0
    early = loaded.valid("due", "due", "--as-of", "2021-10-02", "--known-at", "2021-10-02")
    late = loaded.valid("due", "due", "--as-of", "2021-10-02")
    lights = [[one["light"] for one in found["obligations"] if one["clause"] == "1"]
              for found in (early, late)]  # fmt: skip
    assert lights == [["late"], ["ok"]]


WRONG_FACTS = {
    "no instant": (REPORT.replace("2021-09-20T10:00+08:00", "九月底"),
                   "facts.csv 第 2 行：发生时间：“九月底”不是时刻（请写成 2021-10-18 08:00"),
    "a clause that the programme has not": (REPORT.replace(",1,", ",9.9,"),
                                            "facts.csv 第 2 行，9.9：方案中没有计分句“9.9”"),
    "a unit that does not owe it": (REPORT.replace("住建局", "生态分局"), "facts.csv 第 2 行，"),
    "a malformed row": (REPORT + "填报,r2,1\n填报,r3,1,done,,2021-09-20T10:00+08:00,也许\n",
                        "facts.csv 第 4 行：完成：应是 true 或 false，而不是“也许”"),
    "what has not come yet": (REPORT.replace("2021-", "2121-"), "has not come yet"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG_FACTS)
def test_wrong_facts_are_refused_with_their_row_and_change_nothing(
    loaded: Installation, what: str
) -> None:
    rows, said = WRONG_FACTS[what]
    path, before = loaded.write("facts.csv", FACTS + rows), loaded.content()
    told = loaded("facts", "load", path)
    assert (told.code, told.text) == (1, "")
    assert said in told.error
    assert loaded.content() == before


def test_what_is_wrong_in_a_workbook_is_told_by_its_cell(loaded: Installation) -> None:
    """Below a title, beside an empty column: as the program that wrote it counts cells."""
    head, cells = FACTS.strip().split(","), REPORT.strip().split(",")
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["", "九月填报"])
    sheet.append(["", *head])
    for n in range(4):
        sheet.append(["", cells[0], f"w{n}", *cells[2:]])
    columns = {name: "BCDEFGH"[at] for at, name in enumerate(head)}
    for row, name, value in ((4, "计分句", "9.9"), (5, "发生时间", "九月底"), (6, "完成", "也许")):
        sheet[f"{columns[name]}{row}"] = value
    path, before = loaded.folder / "facts.xlsx", loaded.content()
    book.save(path)
    told = loaded("facts", "load", path).error
    assert [line.partition("：")[0] for line in told.splitlines() if "xlsx" in line] == [
        f"facts.xlsx 第 4 行 {columns['计分句']}4，9.9",
        f"facts.xlsx 第 5 行 {columns['发生时间']}5",
        f"facts.xlsx 第 6 行 {columns['完成']}6",
    ]
    assert loaded.content() == before


def test_of_several_sheets_the_one_that_was_read_is_named(loaded: Installation) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "九月"
    for line in FACTS.strip(), REPORT.strip().replace(",1,", ",9.9,"):
        sheet.append(line.split(","))
    book.create_sheet("说明")["A1"] = "每月五日前填"
    path = loaded.folder / "facts.xlsx"
    book.save(path)
    assert "facts.xlsx「九月」 第 2 行" in loaded("facts", "load", path).error


def test_an_id_that_is_taken_by_another_fact_is_refused(loaded: Installation) -> None:
    assert loaded("facts", "load", loaded.write("facts.csv", FACTS + REPORT)).code == 0
    before = loaded.content()
    other = FACTS + REPORT.replace("是", "否")
    told = loaded("facts", "load", loaded.write("facts.csv", other))
    assert (told.code, "r1" in told.error) == (1, True)
    assert loaded.content() == before


NOTICE = (
    "year: 2031\nnumber: 国办发明电〔2030〕1号\noff_days: {2031-01-01: 元旦}\nmake_up_days: []\n"
)


def test_a_years_notice_is_loaded_once(loaded: Installation) -> None:
    path = loaded.write("2031.yaml", NOTICE)
    assert loaded.valid("loaded", "calendar", "load", path)["added"] == 1
    assert loaded.valid("loaded", "calendar", "load", path)["kept"] == 1
    assert "2031" in loaded("calendar", "load", path).text


@pytest.mark.parametrize(
    "text", [NOTICE.replace("2031-01-01", "2033-01-01"), "- 1\n", "year: [\n", "year: 2031\n"]
)
def test_a_wrong_notice_is_refused_and_changes_nothing(loaded: Installation, text: str) -> None:
    path, before = loaded.write("2031.yaml", text), loaded.content()
    told = loaded("calendar", "load", path)
    assert told.code == 1
    assert told.error
    assert loaded.content() == before


def test_readings_are_listed_with_their_prices_and_decided_with_a_reason(
    tracker: Installation,
) -> None:
    from tests.definitions.documents import SOUND

    assert tracker("programme", "load", tracker.write("list.yaml", SOUND)).code == 0
    found = tracker.valid("readings", "readings", "--as-of", "2021-12-31")
    assert found["open"] == 1
    low, score, high = (Decimal(found[name]) for name in ("low", "score", "high"))
    assert low <= score <= high
    assert "1 条口径未定" in tracker("readings", "--as-of", "2021-12-31").text
    [reading] = found["readings"]
    assert [(one["id"], one["holds"], one["difference"]) for one in reading["choices"]] == [
        ("up", True, "0"), ("down", False, "0"),
    ]  # fmt: skip
    told = tracker(
        "readings", "decide", "rounding", "down", "--person", "张三", "--reason", "会议纪要"
    )
    assert told.text == "口径 rounding 定为 down\n"
    [reading] = tracker.valid("readings", "readings")["readings"]
    assert (reading["holds"], reading["decided_by"], reading["open"]) == ("down", "张三", False)
    decided = tracker("readings").text
    assert "已定" in decided
    assert "口径未定" not in decided


@pytest.mark.parametrize("words", [("nothing", "down"), ("rounding", "sideways")])
def test_a_decision_about_nothing_is_refused(tracker: Installation, words: tuple[str, str]) -> None:
    from tests.definitions.documents import SOUND

    assert tracker("programme", "load", tracker.write("list.yaml", SOUND)).code == 0
    before = tracker.content()
    told = tracker("readings", "decide", *words, "--person", "张三", "--reason", "x")
    assert told.code == 1
    assert "fact 1" not in told.error, "one decision is no row of a file"
    assert tracker.content() == before


def test_every_kind_of_mistake_in_a_list_of_contacts_is_told_in_one_go(
    loaded: Installation,
) -> None:
    text = (
        HEAD + "住建局,,联络员,a@b.cn,\n"
        "不存在局,李四,联络员,c@d.cn,\n"
        "住建局,王五,大王,not an address,\n"
        "住建局,赵六,联络员,e@f.cn,,多\n"
        "生态分局,钱七,,e@f.cn,\n"
        "生态分局,孙八,单位负责人,e@f.cn,\n"
    )
    before = loaded.content()
    told = loaded("contacts", "load", loaded.write("contacts.csv", text))
    assert told.code == 1
    for line, what in (
        (2, "缺少“姓名”"), (3, "没有单位“不存在局”"), (4, "没有角色“大王”"),
        (4, "邮箱地址有误"), (5, "有 6 个单元格"), (6, "缺少“角色”"), (7, "e@f.cn 已是钱七的"),
    ):  # fmt: skip
        assert any(f"第 {line} 行" in one and what in one for one in told.error.splitlines()), what
    assert loaded.content() == before


def test_every_kind_of_mistake_in_a_file_of_facts_is_told_in_one_go(
    loaded: Installation,
) -> None:
    text = (
        "类型,编号,计分句,事项,单位,发生时间,完成,填报编号,结果\n"
        "填报,r1,1,done,住建局,9-20,是,,\n"
        "填报,r2,99,done,住建局,2021-09-20T10:00+08:00,是,,\n"
        "审核,,,,,2021-09-21T10:00+08:00,,r1,通过\n"
        "审核,,,,,2021-09-21T10:00+08:00,,r9,通过\n"
    )
    before = loaded.content()
    told = loaded("facts", "load", loaded.write("facts.csv", text))
    assert told.code == 1
    lines = [one for one in told.error.splitlines() if "第 " in one]
    for line, what in ((2, "不是时刻"), (3, "没有计分句“99”"), (5, "没有填报 r9")):
        assert any(f"第 {line} 行" in one and what in one for one in lines), what
    assert not any("第 4 行" in one for one in lines), "the report it reviews is only misspelt"
    assert loaded.content() == before


MANY_MISTAKES = (
    "类型,发生时间,指标,数值,发现问题,理由,共几个,哪里\n"
    "监测,2020-13-02,PM10年均浓度,58,,,,\n"
    "监测,2021-01-05,PM10年均浓度,一百,,,,\n"
    "监测,2021-01-05,降尘量,3.9,,,,\n"
    "发现问题,2020-08-12,,,生态保护红线监管问题,不知道,,\n"
)


@pytest.mark.parametrize("with_database", [True, False])
def test_mistakes_of_the_heading_of_cells_and_of_names_are_told_in_one_go(
    tracker: Installation, with_database: bool
) -> None:
    path = tracker.write("facts.csv", MANY_MISTAKES)
    shipped = path_of("xx-2020")
    if with_database:
        assert tracker("programme", "load", shipped).code == 0
        told = tracker("facts", "load", path)
    else:
        told = tracker("score", "--programme", shipped, "--facts", path, "--as-of", "2021-01-20")
    lines = told.error.splitlines()
    for line, what in (
        (1, "不认识的表头“共几个”"), (1, "不认识的表头“哪里”"), (2, "不是时刻"), (3, "应是数字"),
        (4, "没有指标“降尘量”"), (5, "没有“理由”一栏"),
    ):  # fmt: skip
        assert any(f"第 {line} 行" in one and what in one for one in lines), what
    assert sum("可用的表头" in one for one in lines) == 1
    assert "reason" not in told.error


def test_of_a_few_units_that_would_be_right_all_are_named(bare: Installation) -> None:
    rows = "类型,发生时间,单位,计分句,事项,完成\n填报,2020-12-21,规划资源分局,3.6.1,done,是\n"
    told = bare("score", "--programme", path_of("xx-2020"), "--as-of", "2021-01-20",
                "--facts", bare.write("facts.csv", rows))  # fmt: skip
    assert "没有这一计分句的责任单位" in told.error
    assert all(
        one in told.error for one in ("env_branch", "agriculture", "forestry_water", "towns")
    )


def test_one_fact_of_any_kind_is_recorded_on_one_line(loaded: Installation) -> None:
    told = loaded("facts", "add", "活动", "活动=login", "单位=住建局")
    assert (told.code, "login" in told.error) == (1, True)
    words = ("facts", "add", "豁免", "计分句=1", "事项=done", "单位=住建局", "理由=不涉及",
             "--at", "2021-10-01")  # fmt: skip
    assert loaded(*words).code == 0
    [one] = [
        one for one in loaded("due", "--as-of", "2021-10-02", "--json").json["obligations"]
        if one["clause"] == "1"
    ]  # fmt: skip
    assert one["light"] == "done"
    found = loaded.valid("loaded", *words)
    assert (found["added"], found["kept"]) == (0, 1)


def test_a_fact_of_another_year_is_recorded_and_told_of(tracker: Installation) -> None:
    assert tracker("programme", "load", path_of("xx-2020")).code == 0
    words = ("facts", "add", "发现问题", "发现问题=重大环境或群体性事件", "--at")
    assert "不在 2020 年内，不计分" in tracker(*words, "2019-12-31").text
    assert "注意" not in tracker(*words, "2020-12-31").text
    rows = "类型,发生时间,认可\n认可,2021-01-05,建成再生资源分拣中心\n"
    path = tracker.write("late.csv", rows)
    assert "不在 2020 年内，仍计分" in tracker("facts", "load", path).text
    [late] = tracker.valid("loaded", "facts", "load", path)["other_years"]
    assert (late["key"], late["counts"]) == ("sorting_centre_built", True)


def test_when_a_fact_happened_is_said_as_in_a_file_or_by_the_option_and_once(
    loaded: Installation,
) -> None:
    words = ("facts", "add", "豁免", "计分句=1", "事项=done", "单位=住建局")
    assert loaded(*words, "发生时间=2021-10-01").code == 0
    # The very fact that the option would record.
    told = loaded.valid("loaded", *words, "--at", "2021-10-01")
    assert (told["added"], told["kept"]) == (0, 1)
    for twice in (("发生时间=2021-10-01", "--at", "2021-10-02"), ("单位=住建局",)):
        told_off = loaded(*words, *twice)
        assert (told_off.code, "重复" in told_off.error) == (1, True), told_off.error


def test_a_fact_that_lacks_something_says_what_and_is_not_recorded(loaded: Installation) -> None:
    before = loaded.content()
    for words, says in (
        (("洪水",), "洪水"),
        (("审核", "填报编号=r", "结果=退回"), "reason"),
        (("豁免", "计分句=1", "颜色=红"), "颜色"),
        (("豁免", "计分句=99"), "99"),
    ):
        told = loaded("facts", "add", *words)
        assert (told.code, says in told.error) == (1, True), (words, told.error)
    assert loaded("facts", "add", "豁免", "计分句").code == 2
    assert loaded.content() == before


DECIDED = (
    "类型,规则,分值,认定人,理由,发生时间\n"
    "认定,4#1,1,甲,看过,2021-05-01T10:00+08:00\n"
    "认定,4#1,1.5,甲,又看过,2021-06-01T10:00+08:00\n"
)


def test_a_decision_beyond_its_bound_is_refused_with_its_row_with_and_without_a_database(
    tracker: Installation,
) -> None:
    rule = {"kind": "discretionary", "most": "2"}
    for told in both_ways(tracker, [rule], DECIDED):
        assert "facts.csv 第 3 行" in told
        assert "计分句 4 认定 1.5 分，连同已认定的 1 分，超过上限 2 分" in told


def both_ways(tracker: Installation, rules: list[dict[str, Any]], facts: str) -> Iterator[str]:
    """What is told of a file that is refused: loaded, and scored without a database."""
    programme = a_programme(item("4", clause("4", duties=[], rules=rules)))
    document = tracker.write("small.yaml", yamlform.dump(programme))
    assert tracker("programme", "load", document).code == 0
    path, before = tracker.write("facts.csv", facts), tracker.content()
    for words in (("facts", "load", path), ("score", "--programme", document, "--facts", path)):
        told = tracker(*words)
        assert told.code == 1
        yield told.error
    assert tracker.content() == before


MENDED = (
    "类型,认可,问题,发生时间\n"
    "认可,mended,p1,2021-05-01T10:00+08:00\n"
    "认可,mended,,2021-06-01T10:00+08:00\n"
)


def test_a_recognition_that_changes_one_amount_says_which_in_a_file_and_on_a_line(
    tracker: Installation,
) -> None:
    rules = [
        {"kind": "per_incident", "finding": "named", "each": "1"},
        {"kind": "multiplier", "factor": "0.5", "rules": ["4#1"], "same_problem": True,
         "when": {"recognition": "mended"}},
    ]  # fmt: skip
    for error in both_ways(tracker, rules, MENDED):
        assert "facts.csv 第 3 行" in error
        assert "没有写明是哪个问题" in error
        assert "请填“问题”" in error
    before = tracker.content()
    told = tracker("facts", "add", "认可", "认可=mended", "--at", "2021-05-01")
    assert (told.code, "没有写明是哪个问题" in told.error) == (1, True)
    assert tracker.content() == before
    assert tracker("facts", "add", "认可", "认可=mended", "问题=p1", "--at", "2021-05-01").code == 0
