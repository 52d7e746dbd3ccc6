"""A list of which only the words are left, one behind the other with blanks between them."""

from __future__ import annotations

from pathlib import Path

from tracker.definitions.documents import ReadDocument, ReadItem, read_document

TITLE = "青溪区2022年度河道整治任务分解表"
HEADS = "序号 工作任务 评分标准 牵头单位 责任单位"
FILLING = "各相关单位要对照任务、细化措施、压实责任、按期完成，确保河道整治工作取得实效。" * 10


def flat(folder: Path, *pieces: str, heads: str = HEADS) -> ReadDocument:
    path = folder / "list.txt"
    body = " ".join([f"《{TITLE}》", heads, *pieces])
    path.write_text(f"{TITLE}\n\n{body}\n\n{FILLING}\n相关文章\n", encoding="utf-8")
    return read_document(path)


def clauses(item: ReadItem) -> list[str]:
    return [clause.id for clause in item.clauses]


RIVERS = (
    "一、河道清淤(基本分40分)",
    "1 完成年度清淤任务(30分) 每少完成1公里扣2分,扣完为止。未按月报送进度的,每次扣0.5分。",
    "区水务局 各镇街、平台",
    "2 清淤台账齐全(10分) 台账缺1项扣1分。",
    "二、岸线管护(基本分60分)",
    "1 岸线巡查(35分) (1)巡查制度健全。(15分) ①制定巡查方案。(5分)",
    "区城管局 区水务局、仁和街道,各有关镇街、平台",
    "②每月巡查不少于2次,少1次扣1分。(10分) (2)问题按期整改。(20分) 逾期一件扣2分。",
    "区水务局 /",
    "2 违建拆除(25分) 每漏拆1处扣5分。 区城管局 区综合 执法局、区住建局等相关部门",
)  # fmt: skip


def test_sections_and_their_sums_are_found_again(tmp_path: Path) -> None:
    document = flat(tmp_path, *RIVERS)
    assert [(one.id, one.title, one.points) for one in document.sections] == [
        ("1", "河道清淤", 40),
        ("2", "岸线管护", 60),
    ]
    assert [check.ok for check in document.checks] == [True, True, True]
    assert document.title == f"《{TITLE}》"


def test_items_keep_their_numbers_and_clauses_theirs(tmp_path: Path) -> None:
    document = flat(tmp_path, *RIVERS)
    assert [(item.id, clauses(item)) for item in document.items] == [
        ("1.1", ["1.1"]),
        ("1.2", ["1.2"]),
        ("2.1", ["2.1.1.1", "2.1.1.2"]),
        ("2.1", ["2.1.2"]),
        ("2.2", ["2.2"]),
    ]


def test_a_row_without_units_takes_those_printed_above_it(tmp_path: Path) -> None:
    document = flat(tmp_path, *RIVERS)
    units = [(item.lead_units, item.responsible_units) for item in document.items]
    assert units[0] == units[1] == (("区水务局",), ("各镇街、平台",))
    assert units[2] == (("区城管局",), ("区水务局", "仁和街道", "各有关镇街、平台"))
    assert units[3] == (("区水务局",), ())


def test_a_name_broken_by_a_blank_is_put_together(tmp_path: Path) -> None:
    document = flat(
        tmp_path,
        "1 违建拆除(25分) 每漏拆1处扣5分。 区城管局 区住建局、青山风景 名胜区管委会",
        "2 岸线巡查(10分) 每漏1次扣1分。 区水务局 /",
    )
    assert document.items[0].responsible_units == ("区住建局", "青山风景名胜区管委会")


def test_units_inside_a_text_are_no_part_of_it(tmp_path: Path) -> None:
    document = flat(tmp_path, *RIVERS)
    first = document.items[2].clauses[0]
    assert first.text == "①制定巡查方案。(5分)"
    text = (tmp_path / "list.txt").read_text(encoding="utf-8").split("\n")[2]
    assert text[slice(*first.source.span)] == first.text


def test_sections_without_numbers_stand_between_rows(tmp_path: Path) -> None:
    """As a table with points, days and proof reads once its cells have run together."""
    document = flat(
        tmp_path,
        "加强防汛工作（5分）",
        "1 防汛值守 2 一、值班制度 脱岗1次扣0.5分。 9月30日 值班台账 区水务局 区应急局 区气象局",
        "2 3 二、隐患排查 漏查1处扣1分。 6月底前 排查记录 区水务局",
        "加强抗旱工作（4分）",
        "3 抗旱调度 4 缺1次扣1分。 8月底前 调度资料 区水务局",
        FILLING,
        heads="序号 考核项目 分值 计分办法 完成时限 考核依据 责任单位",
    )
    assert [(one.title, one.points) for one in document.sections] == [
        ("加强防汛工作", 5),
        ("加强抗旱工作", 4),
    ]
    first, second, third = document.items[:3]
    assert (first.title, second.title, third.title) == ("防汛值守", "防汛值守", "抗旱调度")
    assert first.responsible_units == ("区水务局", "区应急局", "区气象局")
    assert [item.evidence for item in (first, second)] == ["值班台账", "排查记录"]
    assert [(clause.id, clause.text) for clause in second.clauses] == [("2", "漏查1处扣1分。")]
    assert [check.ok for check in document.checks] == [True, True, True]


def test_bonus_and_penalty_parts_are_sections_of_their_own(tmp_path: Path) -> None:
    document = flat(
        tmp_path,
        *RIVERS[:4],
        "二、附加分项和扣分项",
        "(一)加分项",
        "1 工作创新。 获省级推广的,每项加2分。 区水务局 /",
        "(二)扣分项",
        "1 被市级通报的,每次扣1分。 区水务局 /",
    )
    assert [one.id for one in document.sections] == ["1", "2.1", "2.2"]
    assert [item.id for item in document.items] == ["1.1", "1.2", "2.1.1", "2.2.1"]
    assert document.points == 40


def test_points_and_days_have_columns_of_their_own(tmp_path: Path) -> None:
    document = flat(
        tmp_path,
        "1 防汛值守 2 脱岗1次扣0.5分。 9月30日 区水务局、区应急局",
        "2 隐患排查 3 漏查1处扣1分,扣完为止。 6月底前 区水务局",
        FILLING,
        heads="序号 考核项目 分值 计分办法 完成时限 责任单位",
    )
    first, second = document.items[:2]
    assert [(item.id, item.points, str(item.deadline)) for item in (first, second)] == [
        ("1", 2, "2022-09-30"),
        ("2", 3, "2022-06-30"),
    ]
    assert first.responsible_units == ("区水务局", "区应急局")
    assert first.clauses[0].text == "脱岗1次扣0.5分。"
