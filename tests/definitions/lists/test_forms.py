"""One list in every form of file gives one answer; each form keeps what it can carry."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.definitions.lists import written
from tests.definitions.lists.written import HEADINGS
from tracker.definitions.documents import ReadDocument, Role, as_json, mapped, read_document
from tracker.domain.errors import DefinitionError

FLOOD = (
    HEADINGS,
    ("一、组织领导（5分）", "<", "<", "<", "<", "<"),
    (
        "1",
        "健全防汛责任体系",
        "3",
        "1.5月底前公布责任人名单，计1分，未公布不得分；\n2.每少明确1个水库责任人扣0.2分，扣完为止。",
        "5月31日",
        "县水利局\n县应急管理局",
    ),
    ("2", "修订预案", "2", "预案未修订的扣1分。", "2023年4月底前", "县水利局、各乡镇"),
    ("二、值守响应（5分）", "<", "<", "<", "<", "<"),
    ("3", "汛期值班", "5", "1.每脱岗1次扣0.5分；", "9月30日", "县水利局"),
    (None, None, None, "2.预警信息迟报1次扣0.3分。", None, "县气象局"),
)  # fmt: skip


def forms(folder: Path) -> dict[str, Path]:
    title = "青溪县2023年防汛工作考核细则"
    headed = ((title, *["<"] * 5), *FLOOD)
    return {
        "docx": written.word(folder / "list.docx", FLOOD),
        "xlsx": written.excel(folder / "list.xlsx", {"考核": headed}),
        "txt": written.text(folder / "list.txt", FLOOD),
        "html": written.page(folder / "list.html", FLOOD),
    }


def placeless(value: Any) -> Any:
    if isinstance(value, dict):
        own = ("row", "source", "place")
        return {key: placeless(part) for key, part in value.items() if key not in own}
    return [placeless(part) for part in value] if isinstance(value, list) else value


def ids(document: ReadDocument) -> list[str]:
    return [clause.id for item in document.items for clause in item.clauses]


def test_word_excel_text_and_page_give_the_same_answer(tmp_path: Path) -> None:
    answers = {name: as_json(read_document(path)) for name, path in forms(tmp_path).items()}
    for name, answer in answers.items():
        assert placeless(answer) == placeless(answers["docx"]), name


def test_sections_items_rows_units_days_and_clauses_are_found(tmp_path: Path) -> None:
    document = read_document(forms(tmp_path)["docx"])
    assert (document.title, document.year) == ("青溪县2023年防汛工作考核细则", 2023)
    assert document.points == 10
    assert [(one.id, one.title, one.points) for one in document.sections] == [
        ("1", "组织领导", 5),
        ("2", "值守响应", 5),
    ]
    assert ids(document) == ["1.1", "1.2", "2", "3.1", "3.2"]
    first, second, third, fourth = document.items
    assert first.responsible_units == ("县水利局", "县应急管理局")
    assert [item.row for item in document.items] == [3, 4, 6, 7]
    assert first.deadline == date(2023, 5, 31)
    assert second.deadline == date(2023, 4, 30)
    assert (third.responsible_units, fourth.responsible_units) == (("县水利局",), ("县气象局",))
    assert fourth.title == "汛期值班"
    assert [(check.what, check.ok) for check in document.checks] == [
        ("items of section 1 add up to 5", True),
        ("items of section 2 add up to 5", True),
        ("sections add up to 10", True),
    ]


def test_a_clause_is_the_whole_text_at_its_place(tmp_path: Path) -> None:
    document = read_document(forms(tmp_path)["docx"])
    first, second = document.items[0].clauses
    cell = FLOOD[2][3]
    assert first.text == cell.split("\n")[0]
    assert second.source.place == "table 1 row 3 cell 4"
    assert cell[slice(*second.source.span)] == second.text


def test_what_a_clause_is_worth_stands_in_it_or_in_its_rows_cell(tmp_path: Path) -> None:
    document = read_document(forms(tmp_path)["docx"])
    points = {clause.id: clause.points for item in document.items for clause in item.clauses}
    assert points == {"1.1": 1, "1.2": None, "2": 2, "3.1": None, "3.2": None}


def test_a_section_whose_items_do_not_add_up_is_told(tmp_path: Path) -> None:
    rows = [list(row) for row in FLOOD]
    rows[3][2] = "2.5"
    document = read_document(written.word(tmp_path / "list.docx", rows))
    assert next((one.what, one.ok) for one in document.checks) == (
        "items of section 1 add up to 5.5, stated are 5",
        False,
    )


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig", "utf-16"])
def test_text_in_the_encodings_of_offices_is_read(tmp_path: Path, encoding: str) -> None:
    path = written.text(tmp_path / "list.txt", FLOOD)
    expected = as_json(read_document(path))
    path.write_bytes(path.read_text(encoding="utf-8").encode(encoding))
    assert as_json(read_document(path)) == expected


def test_rows_pasted_a_line_each_and_csv_are_read(tmp_path: Path) -> None:
    flat = [[cell if cell and cell != "<" else "" for cell in row] for row in FLOOD]
    quoted = [[f'"{cell}"' if "\n" in cell else cell for cell in row] for row in flat]
    tabs, commas = tmp_path / "list.txt", tmp_path / "list.csv"
    lines = ["\t".join(row) for row in quoted]
    tabs.write_text("\n".join(["青溪县2023年防汛工作考核细则", *lines]), encoding="utf-8")
    commas.write_text("\n".join(",".join(row) for row in quoted), encoding="gb18030")
    word = placeless(as_json(read_document(forms(tmp_path)["docx"])))
    assert placeless(as_json(read_document(tabs))) == word
    answer = placeless(as_json(read_document(commas, year=2023)))
    assert answer["items"] == word["items"]


def test_a_heading_that_nobody_knows_can_be_explained(tmp_path: Path) -> None:
    rows = [list(row) for row in FLOOD]
    rows[0][3] = "怎么算"
    path = written.word(tmp_path / "list.docx", rows)
    plain = read_document(path)
    explained = read_document(path, columns=mapped("怎么算=clause，责任单位=responsible"))
    assert ids(explained) == ["1.1", "1.2", "2", "3.1", "3.2"]
    assert ids(plain) != ids(explained)


def test_an_unknown_word_in_columns_names_those_that_are_known() -> None:
    assert mapped("计分=clause") == {"计分": Role.CLAUSE}
    with pytest.raises(DefinitionError, match="clause"):
        mapped("计分=rule")


def test_a_file_without_a_list_or_a_year_says_what_is_needed(tmp_path: Path) -> None:
    prose = tmp_path / "letter.txt"
    prose.write_text("各单位：请于月底前报送总结。", encoding="utf-8")
    with pytest.raises(DefinitionError, match="--columns"):
        read_document(prose)
    undated = written.word(tmp_path / "list.docx", FLOOD, title="青溪县防汛工作考核细则")
    with pytest.raises(DefinitionError, match="--year"):
        read_document(undated)
    assert read_document(undated, year=2024).items[0].deadline == date(2024, 5, 31)


def test_points_are_exact(tmp_path: Path) -> None:
    rows = [list(row) for row in FLOOD]
    rows[2][2], rows[3][2] = "2.75", "2.25分"
    document = read_document(written.word(tmp_path / "list.docx", rows))
    assert [item.points for item in document.items[:2]] == [Decimal("2.75"), Decimal("2.25")]
    assert document.checks[0].ok
