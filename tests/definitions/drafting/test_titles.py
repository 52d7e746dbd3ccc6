"""What duties are called: a verb and what it is done to, without the day."""

from __future__ import annotations

import re

import pytest

from tests.definitions.drafting.test_seeds import SEEDS
from tracker.definitions.documents import read_document
from tracker.definitions.drafting import draft, titles


@pytest.mark.parametrize(
    ("words", "title"),
    [
        ("1.2022年底前，建成智慧工地12个，每少1个扣1分。", "建成智慧工地12个"),
        ("台账整理完成计2分，未完成不得分；", "完成台账整理"),
        ("危旧房改造任务全部完成，计3分。", "全部完成危旧房改造任务"),
        ("热线工单48小时内没有办结的，每件扣0.1分。", "办结热线工单"),
        ("根据市里统一安排，开展防汛演练，未开展的不得分。", "开展防汛演练"),
        ("按照《河道管理办法》清理河道，未清理的扣1分。", "清理河道"),
        ("(20分)完成堤防加固工作。", "完成堤防加固工作"),
        ("(3)完成堤防加固工作。(20分)", "完成堤防加固工作"),
        ("推进《“清水润城，人人有责”三年行动》，计1分。", "推进《“清水润城，人人有责”三年行动》"),
        ("各乡镇应当成立防汛专班（至少一个），未成立的扣1分。", "成立防汛专班"),
        ("已完成定标的县市区，该项直接得1分。", "完成定标"),
        ("居民满意率调查，计1分，按比率折算。", "开展居民满意率调查"),
        ("未完成巡河任务或影响全市考核的，扣1分。", "完成巡河任务"),
        ("发生溺水事故的，每起扣5分。", ""),
        ("每少完成1个扣1分。", ""),
        ("达到力争目标值，得60分。", ""),
        ("全面完成的得50分。", ""),
        ("任务详见《防汛工作要点》。", ""),
    ],
)
def test_a_clause_is_called_by_the_first_thing_to_be_done(words: str, title: str) -> None:
    assert titles.duty_title(words) == title


def test_a_long_title_ends_where_a_thing_ends() -> None:
    listed = "、".join(f"第{n}片区雨污分流管网改造工程" for n in "一二三四")
    assert titles.duty_title(f"完成{listed}，计2分。") == (
        "完成第一片区雨污分流管网改造工程、第二片区雨污分流管网改造工程等"
    )


@pytest.mark.parametrize(
    ("name", "year"), [("zhongfang-2021.docx", 2021), ("000_90d5fdf41017c01e.txt", 2020)]
)
def test_no_duty_of_the_two_lists_is_called_by_a_day_points_or_half_a_bracket(
    name: str, year: int
) -> None:
    if not (SEEDS / name).exists():
        pytest.skip("the source documents are not beside the repository")
    made = draft(read_document(SEEDS / name, year=year), programme="list")
    named = [duty.title for _, item in made.items() for c in item.clauses for duty in c.duties]
    wrong = [
        title
        for title in named
        if (
            re.search(
                r"^[\d.．、]+\D{0,2}$|月\d+日|月底前|[扣计得]\d|^\d+[.．]?分|[，,]|未按|则$", title
            )
            and "《" not in title
        )
        or any(title.count(a) != title.count(b) for a, b in ("（）", "()", "《》", "“”"))
    ]
    assert wrong == []
    assert all(named)
