"""A draft with open points: listed one by one, refused until each is answered."""

from __future__ import annotations

import pytest

from tests.definitions.documents import SOUND, problems
from tracker.definitions import yamlform, yamltext
from tracker.definitions.openpoints import Draft, settle
from tracker.domain.errors import NotFound

OPEN = """\
open_points:
  - id: unread-20-2
    why: unread
    clause: "20.2"
    place: 表 1 第 3 行第 4 格
    text: 以办法为准
    question: 这一段没有读懂，怎样计分？
    choices:
      - {id: as_read, says: 照读出的规则}
      - {id: assessed, says: 由考核方认定, set: {"20.2.rules": [{kind: discretionary, most: all}]}}
"""


def with_open(chosen: str = "") -> str:
    return SOUND + OPEN + (f"    chosen: {chosen}\n" if chosen else "")


def draft() -> Draft:
    return Draft.model_validate(yamltext.plain(yamltext.parse(with_open())[0], numbers=True))


def test_an_open_point_is_a_problem_with_its_line_and_its_choices() -> None:
    (found,) = problems(with_open())
    line = with_open().splitlines().index("  - id: unread-20-2") + 1
    assert found.startswith(
        f"list.yaml 第 {line} 行，待定问题 unread-20-2: 尚未确定：这一段没有读懂"
    )
    assert "as_read、assessed、by_hand" in found


def test_an_answered_point_is_written_into_the_programme() -> None:
    programme = yamlform.loads(with_open("assessed"), "list.yaml")
    assert [rule.kind for rule in programme.clauses["20.2"][2].rules] == ["discretionary"]


@pytest.mark.parametrize("choice", ["as_read", "by_hand"])
def test_an_answer_that_changes_nothing_gives_the_same_programme_as_without_the_point(
    choice: str,
) -> None:
    assert yamlform.loads(with_open(choice), "list.yaml") == yamlform.loads(SOUND, "list.yaml")


def test_an_answer_that_is_no_choice_is_refused() -> None:
    (found,) = problems(with_open("whatever"))
    assert "选项 'whatever' 不在这个问题的 choices 里" in found


def test_answers_are_given_by_the_point_and_kept_in_the_document() -> None:
    answered = settle(draft(), {"unread-20-2": "assessed"})
    assert not answered.still_open
    programme = yamlform.loads(yamlform.dump(answered), "list.yaml")
    assert [rule.kind for rule in programme.clauses["20.2"][2].rules] == ["discretionary"]


@pytest.mark.parametrize(("point", "choice"), [("nothing", "as_read"), ("unread-20-2", "nothing")])
def test_an_answer_to_nothing_is_refused(point: str, choice: str) -> None:
    with pytest.raises(NotFound, match="nothing"):
        settle(draft(), {point: choice})


def test_what_is_wrong_beside_the_open_points_is_told_with_them() -> None:
    found = problems(with_open().replace("duty: s1, each", "duty: s2, each"))
    assert len(found) == 2


def test_open_points_stand_before_the_long_lists_of_a_document() -> None:
    keys = [line.split(":")[0] for line in yamlform.dump(draft()).splitlines() if line[0].isalpha()]
    assert keys.index("open_points") < keys.index("sections") < keys.index("readings")
