"""Slips of a document are shown with their place, and never on a clean one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.corpus.comparing import expected_clauses
from tests.definitions.lists import written
from tests.definitions.lists.test_forms import FLOOD, forms
from tracker.definitions.documents import Dirt, read_document
from tracker.definitions.documents.dirt import Passage, dirt_in

RIGHT = "水库巡查按年度考核要求执行；未按规定巡查的，每次扣1分。"


def codes(text: str, *others: str) -> list[str]:
    passages = [Passage(text, "here"), *(Passage(other, "there") for other in others)]
    return [one.code for one in dirt_in(passages) if one.place == "here"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("完成“清河2022专项行动任务，未完成扣2分。", "unclosed"),
        ("预案（含演练方案未备案的扣1分。", "unclosed"),
        ("台账齐全）的得2分。", "unclosed"),
        ("每月这个可以的 我跟我们主任说一下，好几个报送一次。", "chat"),
        ("出勤标准按得分=10分(出勤率-90%)÷÷%率计算。", "formula"),
        ("出勤率90%标率低的不得分。", "word_cut"),
        ("未按定上报的，每次扣1分。", "word_cut"),
        ("未上报的，最多扣0.5；迟报的扣1分。", "no_unit"),
        ("在市级媒体刊发的,每次0.2分。", "no_verb"),
        ("迟报一次扣0。5分。", "digit"),
        ("迟报一次扣O.5分。", "digit"),
        ("漏报一次扣05分。", "digit"),
        ("11月31日前完成整改。", "no_day"),
        ("13月5日前完成整改。", "no_day"),
        ("开展河道巡查整治工作,开展河道巡查整治工作,少1次扣1分。", "twice"),
        ("优良天数(AQI天优良天的天数)比例达标。", "stray"),
        ("完成指标得60%分数，其X40%按排名计分。", "placeholder"),
    ],
)  # fmt: skip
def test_a_slip_is_told_by_its_kind(text: str, code: str) -> None:
    assert code in codes(text, RIGHT)


def test_a_wrong_character_is_known_by_the_right_ones_elsewhere() -> None:
    assert codes("达到年度考核考求的得满分。", RIGHT, RIGHT) == ["word_wrong"]
    assert codes("达到年度考核考求的得满分。") == []


def test_half_a_verb_is_known_by_the_whole_one_elsewhere() -> None:
    assert codes("实河道管护责任，明确河长。", "落实河道管护责任，公示牌齐全。") == ["word_cut"]
    assert codes("实施河道管护，明确河长。", "落实河道管护责任。") == []


def test_what_is_merely_odd_counts_beside_a_plain_slip_only() -> None:
    odd = "(包括“清河”河段未销号的)每处扣1分。"
    assert codes(odd) == []
    assert codes(f"完成“清河2022任务。{odd}")[-1] == "stray"


def test_a_slip_says_where_what_and_what_to_do() -> None:
    [slip] = dirt_in([Passage("11月31日前完成整改。", "table 1 row 3 cell 4")])
    assert (slip.place, slip.text) == ("table 1 row 3 cell 4", "11月31日前完成整改。")
    assert slip.problem == "“11月31日”没有这一天"
    [english] = dirt_in([Passage("11月31日前完成整改。", "here")], "en")
    assert english.problem == 'there is no day "11月31日"'


def test_clauses_of_seven_fields_raise_no_alarm() -> None:
    """Three hundred clean clauses, read as if they were one document."""
    clauses = expected_clauses("fields_dev.yaml")
    assert dirt_in([Passage(clause.text, key) for key, clause in clauses.items()]) == []


def test_a_clean_list_raises_no_alarm_in_any_form(tmp_path: Path) -> None:
    for path in forms(tmp_path).values():
        assert read_document(path).dirt == ()


def dirt_of(folder: Path, *changes: tuple[int, int, str]) -> list[Dirt]:
    rows = [list(row) for row in FLOOD]
    for row, column, text in changes:
        rows[row][column] = text
    return list(read_document(written.word(folder / "list.docx", rows)).dirt)


def test_numbers_that_jump_are_shown(tmp_path: Path) -> None:
    [item] = dirt_of(tmp_path, (5, 0, "5"))
    assert (item.code, item.place) == ("gap", "table 1 row 6")
    [clause] = dirt_of(tmp_path, (6, 3, "4.预警信息迟报1次扣0.3分。"))
    assert (clause.code, clause.place) == ("gap", "table 1 row 7 cell 4")


def test_points_that_are_no_number_and_sums_that_do_not_hold_are_shown(tmp_path: Path) -> None:
    slips = dirt_of(tmp_path, (2, 2, "3,0"))
    assert [one.code for one in slips] == ["points", "sum"]
    assert slips[0].place == "table 1 row 3 cell 3"
