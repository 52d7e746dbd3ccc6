"""Signing a score on the command line, and two versions of a programme side by side."""

from __future__ import annotations

from tests.cli.conftest import Installation, small
from tracker.definitions import yamlform
from tracker.programmes import path_of

AT = ("--as-of", "2021-12-31")
BULLETIN = (
    "类型,编号,计分句,事项,单位,期次,发生时间,完成,填报编号,结果\n"
    "填报,b,3,bulletin,住建局,2021-01,2021-01-20T10:00+08:00,是,,\n"
    "审核,,,,,,2021-01-21T10:00+08:00,,b,通过\n"
)


def a_dearer_version(loaded: Installation) -> None:
    """Each missing bulletin now costs 0.2."""
    body = small().model_dump(mode="json", by_alias=True)
    body["sections"][0]["items"][2]["clauses"][0]["rules"][0]["each"] = "0.2"
    path = loaded.write("dearer.yaml", yamlform.dump(small().model_validate(body)))
    assert loaded("programme", "load", path).code == 0


def test_a_score_is_signed_and_later_facts_stand_beside_it(loaded: Installation) -> None:
    assert "尚无签定" in loaded("signoff").text
    told = loaded("signoff", "make", *AT, "--person", "王主任")
    # 0.1 for each day from 1 October on, capped by the item's 5 points; twelve bulletins.
    assert (told.code, "第 1 号签定：王主任" in told.text, "得分 8.80" in told.text) == (
        0,
        True,
        True,
    )
    assert loaded("facts", "load", loaded.write("facts.csv", BULLETIN)).code == 0
    told = loaded("signoff", "show", "1")
    assert "此后录入 2 条事实：按签定的第 1 版 8.80 → 8.90（+0.10）" in told.text
    found = loaded.valid("signoff", "signoff", "show", "1")
    assert found["signoff"]["score"] == "8.8"
    assert [(one["id"], one["change"]) for one in found["facts"]["clauses"]] == [("3", "0.1")]
    assert found["ledger"]["entries"]
    listed = loaded.valid("signoffs", "signoff")
    assert [(one["number"], one["person"], one["intact"]) for one in listed["signoffs"]] == [
        (1, "王主任", True)
    ]


def test_who_signs_is_told_what_the_score_does_not_hold_yet(tracker: Installation) -> None:
    assert tracker("programme", "load", path_of("xx-2020")).code == 0
    told = tracker("signoff", "make", "--as-of", "2021-01-20", "--person", "王主任").text
    assert "待认定 3 条、待数据 48 条没有计入" in told
    assert "最低可能 " in told


def test_what_cannot_be_signed_leaves_nothing(loaded: Installation) -> None:
    before = loaded.content()
    told = loaded("signoff", "make", "--as-of", "2099-12-31", "--person", "王主任")
    assert (told.code, "as_of" in told.error) == (1, True)
    assert loaded("signoff", "make", *AT).code == 2
    assert loaded("signoff", "show", "7").code == 1
    assert loaded.content() == before


def test_an_earlier_version_is_scored_with_the_current_one_beside_it(loaded: Installation) -> None:
    a_dearer_version(loaded)
    told = loaded("score", *AT, "--version", "1")
    assert "按第 1 版 8.80，按现行第 2 版 7.60（−1.20）" in told.text
    found = loaded.valid("ledger", "score", *AT, "--version", "1")
    assert (found["programme"]["version"], found["score"]) == (1, "8.8")
    assert (found["current"]["version"], found["current"]["score"]) == (2, "7.6")
    assert [(one["id"], one["change"]) for one in found["current"]["items"]] == [("3", "-1.2")]
    assert loaded.valid("ledger", "score", *AT)["current"] is None
    told = loaded("score", *AT, "--version", "9")
    assert (told.code, "1、2" in told.error) == (1, True)
