"""A draft in the words of an office that reads English."""

from __future__ import annotations

import re

import pytest

from tests.definitions.drafting.reading import clause, document, item
from tests.definitions.drafting.test_questions import OPEN
from tracker.definitions.clauses import read_clause
from tracker.definitions.drafting import draft, wholes
from tracker.definitions.drafting.questions import TOGETHER
from tracker.wording.drafts import DraftWords

HAN = re.compile(r"[\u4e00-\u9fff]")
en, zh = DraftWords("en"), DraftWords("zh")


@pytest.mark.parametrize("words", [case[0] for case in OPEN if case[1] == ""])
def test_every_choice_of_a_question_has_english_words(words: str) -> None:
    made = draft(document(item("1", clause("1", read_clause(words, year=2024), "5"))),
                 programme="list")  # fmt: skip
    said = [one.says for reading in made.readings for one in reading.alternatives]
    assert said
    assert [one for one in said if HAN.search(en.said(one))] == []
    assert [zh.said(one) for one in said] == said


@pytest.mark.parametrize("asked", sorted(TOGETHER.values()))
def test_what_is_asked_of_many_has_english_words_and_names_the_clauses(asked: str) -> None:
    told = en.said(f"{asked}（3 条：1、2.1、B.1）")
    assert HAN.search(told) is None
    assert told.endswith("(1, 2.1, B.1)")


def test_units_side_by_side_are_asked_about_in_english() -> None:
    reading = wholes.joint(["1", "2"])
    assert HAN.search(en.said(reading.question)) is None
    assert [HAN.search(en.said(one.says)) for one in reading.alternatives] == [None, None]


def test_words_of_the_document_stay_as_they_are() -> None:
    assert en.said("“总得分记0分”管到哪里？") == "“总得分记0分”管到哪里？"
