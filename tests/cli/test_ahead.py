"""What waiting costs and what would be different, on the command line; nothing is ever saved."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import a_programme, item
from tests.cli.conftest import Installation, small
from tracker.definitions import yamlform
from tracker.programmes import path_of

AT = ("--as-of", "2021-10-18 08:00", "--known-at", "2021-10-18 08:00")


def test_the_forecast_says_what_waiting_costs_and_when_it_costs_more(
    loaded: Installation,
) -> None:
    told = loaded("forecast", *AT)
    assert told.code == 0
    # Eighteen started days by now, twenty-two by Friday's end; nine bulletins are gone.
    assert "已失 2.70；到 10-22 周五 24:00 若再无动作，失 3.10" in told.text
    assert "10-18 周一 24:00 起计第 19 个时段，再扣 0.10" in told.text
    found = loaded.valid("forecast", "forecast", *AT)
    assert (found["lost"], found["lost_if_nothing"], found["recoverable"]) == ("2.7", "3.1", "0.4")
    [saving] = found["obligations"]
    assert (saving["key"], saving["keeps"]) == ("1/done/housing", "0.4")
    assert saving["next"]["at"] == "2021-10-19T00:00:00+08:00"
    assert [one["id"] for one in found["items"]] == ["1", "3"]
    assert {one["obligation"] for one in found["cliffs"]} >= {"3/bulletin/housing/2021-12"}


def test_the_forecast_up_to_a_day_of_one_item_or_unit(loaded: Installation) -> None:
    found = loaded.valid("forecast", "forecast", *AT, "--until", "2021-10-31", "--item", "3")
    assert found["until"] == "2021-11-01T00:00:00+08:00"
    assert [one["key"] for one in found["obligations"]] == ["3/bulletin/housing/2021-10"]
    assert [one["id"] for one in found["items"]] == ["3"]
    other = loaded.valid("forecast", "forecast", *AT, "--unit", "组织部")
    assert (other["obligations"], other["units"], other["cliffs"]) == ([], [], [])
    told = loaded("forecast", *AT, "--item", "77")
    assert (told.code, "没有这项任务" in told.error) == (1, True)


def test_a_forecast_needs_no_database(bare: Installation) -> None:
    path = bare.write("small.yaml", yamlform.dump(small()))
    found = bare.valid("forecast", "forecast", "-p", path, *AT)
    assert (found["programme"]["version"], found["lost"]) == (0, "2.7")


def test_the_forecast_names_all_who_must_act_for_one_amount(bare: Installation) -> None:
    shared = item("1", due_on="2021-10-20", responsible=["housing", "env_branch"])
    path = bare.write("shared.yaml", yamlform.dump(a_programme(shared)))
    told = bare("forecast", "-p", path, *AT).text
    assert "须几个单位都办才能保住的" in told
    assert "住建局、生态分局" in told
    found = bare.valid("forecast", "forecast", "-p", path, *AT, "--unit", "housing")
    assert [len(one["acting"]) for one in found["together"]] == [2]


def test_suppositions_are_reckoned_together_and_nothing_is_saved(loaded: Installation) -> None:
    before = loaded.content()
    words = ("what-if", *AT, "--move", "1=2021-10-15", "--done", "3/bulletin/housing/2021-10",
             "--set", "3#1.each=0.2", "--until", "2021-10-31")  # fmt: skip
    told = loaded(*words)
    assert told.code == 0
    assert "假设 1 的期限改为 2021-10-15" in told.text
    assert "此刻：得分 12.30 → 12.90（+0.60）" in told.text
    assert "2021-09-30 周四 24:00 → 2021-10-15 周五 24:00" in told.text
    found = loaded.valid("what-if", *words)
    assert found["now"]["change"] == "0.6"
    assert [(one["id"], one["change"]) for one in found["now"]["items"]] == [
        ("1", "1.5"), ("3", "-0.9"),
    ]  # fmt: skip
    assert found["dates"][0]["key"] == "1/done/housing"
    assert loaded.content() == before


def test_handing_in_what_is_late_changes_the_countys_score_and_what_is_not_yet_due_saves_it(
    bare: Installation,
) -> None:
    def asked(at: str, *more: str) -> Any:
        county = ("-p", path_of("zhongfang-2021"), "--as-of", at, "--known-at", at)
        return bare.valid("what-if", "what-if", *county, *more)

    late = asked("2022-01-03", "--done", "35.1/report")["now"]
    # Late costs 0.1, never all of the clause's 0.5.
    assert [(one["id"], one["before"], one["after"]) for one in late["clauses"]] == [
        ("35.1", "-0.5", "-0.1")
    ]
    assert late["change"] == "0.4"
    found = asked("2021-12-20", "--done", "36.3/cases=1", "--done", "2/plan",
                  "--until", "2022-01-10")  # fmt: skip
    assert found["now"]["change"] == "0"
    assert [(one["id"], one["before"], one["after"]) for one in found["later"]["clauses"]] == [
        ("2", "-1", "-0.5"), ("36.3", "-0.9", "-0.55"),
    ]  # fmt: skip
    assert found["later"]["change"] == "0.85"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--move", "1=soon"), "move 1=soon"),
        (("--done", "1=many"), "done 1=many"),
        (("--done", "3=120%"), "done 3=120%"),
        (("--reading", "up"), "reading up"),
        (("--set", "1#1.pieces=["), "set 1#1.pieces=["),
        (("--set", "1#1.each=plenty"), "1#1.each：“plenty”不是分数"),
        (("--set", "1#1.colour=red"), "1#1.colour：不认识的键“colour”"),
        (("--set", "1#9.each=1"), "1#9.each 处没有可改的内容"),
        (("--set", "99#1.each=1"), "方案中没有任务或计分句“99”"),
        (("--set", "each=1"), "路径写作"),
        (("--done", "77"), "没有这个应办事项"),
    ],
)
def test_what_cannot_be_supposed_says_which_and_how(
    loaded: Installation, words: tuple[str, str], says: str
) -> None:
    told = loaded("what-if", *AT, *words)
    assert (told.code, says in told.error) == (1, True)
    assert "至少要有" not in told.error, "what follows from a fault is not told beside it"


def test_what_changes_nothing_yet_says_how_to_look_at_the_end_of_the_year(
    bare: Installation,
) -> None:
    words = ("what-if", "-p", path_of("zhongfang-2021"), "--as-of", "2021-12-01", "--done", "26")
    assert "加 --until 2021-12-31" in bare(*words).text
    told = bare(*words, "--until", "2022-01-05").text
    assert ("+2.00" in told, "加 --until" in told) == (True, False)


def test_supposing_nothing_is_wrong_usage(loaded: Installation) -> None:
    assert loaded("what-if", *AT).code == 2


def test_both_speak_english(loaded: Installation) -> None:
    assert "Only reckoned" in loaded("what-if", *AT, "--done", "1", "--lang", "en").text
    assert "What acting now keeps" in loaded("forecast", *AT, "--lang", "en").text
