"""Points that stand elsewhere than in a column of their own."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

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
