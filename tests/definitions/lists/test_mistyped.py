"""Words and units that were typed wrongly are told with what was meant, and never changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.definitions.lists import written
from tracker.definitions.documents import ReadDocument, mistyped, read_document


def listed(folder: Path, *rows: tuple[str, str, str]) -> ReadDocument:
    """Rows of task, scoring text and units."""
    table = [written.HEADINGS]
    table += [(str(n), task, "2", words, "12月31日", units)
              for n, (task, words, units) in enumerate(rows, start=1)]  # fmt: skip
    return read_document(written.word(folder / "list.docx", table))


def told(document: ReadDocument, code: str) -> list[tuple[str, str]]:
    return [(one.problem, one.suggestion) for one in document.dirt if one.code == code]


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("未按时完城预案的扣1分。", "完成"),
        ("未开站演练的扣1分。", "开展"),
        ("未捡查的扣1分。", "检查"),
    ],
)
def test_a_word_of_an_input_method_is_told_with_the_one_that_was_meant(
    tmp_path: Path, words: str, meant: str
) -> None:
    document = listed(tmp_path, ("防汛", words, "县水利局"))
    ((_, advice),) = told(document, "word_typed")
    assert f"“{meant}”" in advice
    assert document.items[0].clauses[0].text == words


@pytest.mark.parametrize(
    "words",
    ["建完城区管网", "调整该项任务", "传达表扬决定", "各处制定方案", "储备按规定", "竣工座谈"],
)
def test_where_two_words_meet_nothing_is_mistyped(words: str) -> None:
    assert list(mistyped.words_in(words)) == []


def test_neighbours_that_changed_places_are_told_where_the_list_has_them_right(
    tmp_path: Path,
) -> None:
    right = [(f"任务{n}", f"未落实生态环境保护第{n}项要求的扣1分。", "县水利局") for n in range(3)]
    document = listed(tmp_path, *right, ("巡查", "未开展生环态境巡查的扣1分。", "县水利局"))
    assert told(document, "word_wrong") == [
        ("“生环态境”疑有错字", "别处写作“生态环境”，请核对"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [("县水局利", "县水利局"), ("县应急应急管理局", ""), ("县生态环竟局", "县生态环境局")],
)
def test_a_unit_that_stands_once_and_is_one_key_off_another_is_told(
    tmp_path: Path, wrong: str, meant: str
) -> None:
    rows = [(f"任务{n}", "未完成的扣1分。", "县水利局") for n in range(4)]
    document = listed(tmp_path, *rows, ("巡查", "未巡查的扣1分。", wrong))
    found = [advice for _, advice in told(document, "unit_typed")]
    assert [f"“{meant}”" in advice for advice in found] == [True] * bool(meant)
    assert document.items[-1].responsible_units == (wrong,)


def test_offices_that_there_are_are_no_slips_of_one_another(tmp_path: Path) -> None:
    rows = [(f"任务{n}", "未完成的扣1分。", "县教育局") for n in range(4)]
    others = [("任务", "未完成的扣1分。", name) for name in
              ("县体育局", "县林业局", "县农业局", "第一街道办", "第二街道办")]  # fmt: skip
    assert told(listed(tmp_path, *rows, *others), "unit_typed") == []
