"""Points that stand elsewhere than in a column of their own."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from docx import Document

from tests.definitions.lists import written
from tracker.definitions import yamlform
from tracker.definitions.documents import read_document
from tracker.definitions.drafting.drafts import draft
from tracker.definitions.drafting.summary import summary
from tracker.definitions.openpoints import Draft, OpenChoice, OpenPoint, settle
from tracker.domain.errors import DefinitionError, NotFound
from tracker.domain.programme import Programme
from tracker.wording.drafts import DraftWords

HEADINGS = ("序号", "工作任务", "责任单位", "完成时限", "评分标准")
TITLE = "青溪县2024年护林责任清单"


def drafted(path: Path) -> Draft:
    return draft(read_document(path), programme="forest")


def listed(folder: Path, *rows: tuple[str, ...]) -> Path:
    return written.word(folder / "list.docx", (HEADINGS, *rows), title=TITLE)


def published(made: Draft, **chosen: str) -> Programme:
    return yamlform.loads(yamlform.dump(settle(made, chosen)), "draft.yaml")


def worth(made: Programme) -> list[Decimal | None]:
    return [item.points for _, item in made.items()]


def test_an_item_takes_the_points_that_its_title_says(tmp_path: Path) -> None:
    path = listed(tmp_path, ("1", "巡山护林（10分）", "县林业局", "12月底前", "少巡一次扣1分。"))
    programme = published(drafted(path))
    (item,) = (item for _, item in programme.items())
    assert (item.title, item.points, programme.points) == ("巡山护林", 10, 10)


def test_an_item_without_points_is_worth_what_its_clauses_are(tmp_path: Path) -> None:
    clauses = "1.少巡一次扣1分。（6分）\n2.少建一处瞭望台扣2分。（4分）"
    path = listed(tmp_path, ("1", "巡山护林", "县林业局", "12月底前", clauses))
    assert worth(published(drafted(path))) == [10]


def test_a_number_settles_what_an_item_is_worth_and_the_sums_follow(tmp_path: Path) -> None:
    path = listed(
        tmp_path,
        ("1", "巡山护林（10分）", "县林业局", "12月底前", "少巡一次扣1分。"),
        ("2", "防火宣传", "县林业局", "12月底前", "少讲一场扣1分。"),
    )
    made = drafted(path)
    (point,) = made.open_points
    programme = published(made, **{point.id: "7.5"})
    assert (worth(programme), programme.points) == ([10, Decimal("7.5")], Decimal("17.5"))
    assert worth(published(made, **{point.id: "none"})) == [10, 0]
    with pytest.raises(NotFound, match="15"):
        settle(made, {point.id: "seven"})


def test_only_a_question_about_points_takes_a_number() -> None:
    choice = OpenChoice(id="none", set={"items/1.points": "0"})
    asked = {"id": "a", "question": "?", "choices": (choice,)}
    assert OpenPoint(why="points", **asked).takes("7.5")
    assert not OpenPoint(why="sum", **asked).takes("7.5")
    assert not OpenPoint(why="points", **asked).takes("seven")


def test_a_stated_sum_does_not_grow_with_an_answer(tmp_path: Path) -> None:
    section = ("一、护林（12分）", "<", "<", "<", "<")
    first = ("1", "巡山护林（10分）", "县林业局", "12月底前", "少巡一次扣1分。")
    second = ("2", "防火宣传", "县林业局", "12月底前", "少讲一场扣1分。")
    made = drafted(listed(tmp_path, section, first, second))
    noted = {one.id: one.choices[0].id for one in made.open_points if one.why != "points"}
    (point,) = (one for one in made.open_points if one.why == "points")
    assert published(made, **noted, **{point.id: "2"}).points == 12
    with pytest.raises(DefinitionError):
        published(made, **noted, **{point.id: "5"})


def test_the_summary_does_not_say_that_all_adds_up_where_an_item_has_no_points(
    tmp_path: Path,
) -> None:
    path = listed(tmp_path, ("1", "防火宣传", "县林业局", "12月底前", "少讲一场扣1分。"))
    told = "\n".join(DraftWords("zh").summary(summary(read_document(path), drafted(path))))
    assert "相符" not in told
    assert "1 项任务没有分值" in told


def test_a_total_is_held_against_the_sum_without_a_column_of_points(tmp_path: Path) -> None:
    row = ("1", "巡山护林（10分）", "县林业局", "12月底前", "少巡一次扣1分。")
    path = listed(tmp_path, row, ("合计", "", "", "", "12分"))
    told = "\n".join(DraftWords("zh").summary(summary(read_document(path), drafted(path))))
    assert "1 处加不拢" in told


NUMBERED = ("序号", "工作任务", "分值", "责任单位", "评分标准")


def sections(folder: Path) -> Path:
    rows = (
        ("一、护林（10分）", "<", "<", "<", "<"),
        ("1", "巡山护林", "5", "县林业局", "少巡一次扣1分。"),
        ("2", "防火宣传", "3", "县林业局、县应急局等", "少讲一场扣1分。"),
    )
    return written.word(folder / "list.docx", (NUMBERED, *rows), title=TITLE)


def test_a_section_that_does_not_add_up_is_asked_about_once_with_both_sides(
    tmp_path: Path,
) -> None:
    made = drafted(sections(tmp_path))
    (point,) = (one for one in made.open_points if one.why != "unit")
    assert [one.id for one in point.choices] == ["sum", "item-1", "item-2"]
    others = {one.id: "no_more" for one in made.open_points if one.why == "unit"}
    assert worth(published(made, **others, **{point.id: "sum"})) == [5, 3]
    stated = published(made, **others, **{point.id: "item-2"})
    assert (worth(stated), stated.points) == ([5, 5], 10)


def test_a_slip_in_a_sum_is_told_in_the_language_of_the_page(tmp_path: Path) -> None:
    (slip,) = (one for one in read_document(sections(tmp_path)).dirt if one.code == "sum")
    assert (slip.problem, slip.text) == ("板块 1 各项合计 8 分，标明 10 分", "")


def test_a_total_that_disagrees_is_asked_about(tmp_path: Path) -> None:
    row = ("1", "巡山护林（10分）", "县林业局", "12月底前", "少巡一次扣1分。")
    made = drafted(listed(tmp_path, row, ("合计", "", "", "", "12分")))
    (point,) = made.open_points
    assert "合计栏写 12 分" in point.question
    assert published(made, **{point.id: "sum"}).points == 10


def test_units_that_end_in_others_are_asked_about(tmp_path: Path) -> None:
    made = drafted(sections(tmp_path))
    (point,) = (one for one in made.open_points if one.why == "unit")
    assert (point.clause, point.text) == ("2", "县林业局、县应急局等")
    assert DraftWords("en").question(point).startswith("The cell ends in 等")


@pytest.mark.parametrize(
    ("above", "title"),
    [
        (("青石县2026年护林目标责任清单",
          "各乡镇：现将2026年护林目标责任清单印发给你们，请认真抓好任务落实。"),
         "青石县2026年护林目标责任清单"),
        (("青石县人民政府办公室", "关于印发《青石县2026年护林责任清单》的通知", "各乡镇："),
         "青石县2026年护林责任清单"),
        (("2026年护林考核", "考核结果作为评优依据，具体任务如下"), "2026年护林考核"),
    ],
)  # fmt: skip
def test_the_title_is_no_salutation(tmp_path: Path, above: tuple[str, ...], title: str) -> None:
    document = Document()
    for line in above:
        document.add_paragraph(line)
    row = ("1", "巡山护林（10分）", "县林业局", "12月底前", "少巡一次扣1分。")
    written.add_table(document, (HEADINGS, row))
    document.save(str(tmp_path / "list.docx"))
    assert read_document(tmp_path / "list.docx").title == title


def test_columns_of_which_nothing_is_read_are_told(tmp_path: Path) -> None:
    headings = (
        "序号",
        "督查事项",
        "目标值",
        "责任领导",
        "责任单位",
        "督导单位",
        "色标",
        "扣分标准",
    )
    row = ("1", "巡山护林（10分）", "12次", "张三", "县林业局", "县督查室", "红", "少一次扣1分。")
    path = written.word(tmp_path / "list.docx", (headings, row), title=TITLE)
    document = read_document(path)
    assert document.unused == ("色标",)
    assert document.items[0].reviewing_units == ("县督查室",)
    assert document.items[0].goal == "12次"
    told = "\n".join(DraftWords("zh").summary(summary(document, drafted(path))))
    assert "没有用上的栏：色标" in told


def test_a_table_that_a_clause_names_and_the_file_lacks_is_told(tmp_path: Path) -> None:
    row = ("1", "巡山护林（10分）", "县林业局", "12月底前", "未完成附表2任务的，扣1分。")
    document = read_document(listed(tmp_path, row))
    assert document.absent == ("附表2",)
    told = summary(document, draft(document, programme="forest"))
    assert "文件里没有的：附表2" in "\n".join(DraftWords("zh").summary(told))
    rows = (HEADINGS, row)
    numbers = (("乡镇", "面积（亩）"), ("东乡", "12"))
    path = written.word(tmp_path / "both.docx", rows, numbers, title=TITLE, between="附表2 面积")
    assert read_document(path).absent == ()
