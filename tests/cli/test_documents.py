"""`tracker programme`: documents are checked, published, compared; a bad one changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Installation
from tests.definitions.documents import SOUND, with_change

UNSOUND = {
    "unknown clause kind": (
        with_change(("kind: per_missing", "kind: per_nothing")),
        "list.yaml 第 36 行，任务 20，计分句 20.2，规则 20.2#1：不认识的规则类型",
    ),
    "items that do not add up": (
        with_change(('points: "5"\n    items', 'points: "6"\n    items')),
        "list.yaml 第 13 行，板块 1：板块 1 的任务分值合计 5，应为 6",
    ),
    "a date outside the year": (
        with_change(("2021-08-31", "2022-08-31")),
        "list.yaml 第 26 行，任务 20，计分句 20.1，事项 list：on：2022-08-31",
    ),
    "no YAML": ("id: [", "list.yaml 第 2 行：不合 YAML 写法"),
}


@pytest.mark.parametrize("what", UNSOUND)
def test_an_unsound_document_is_refused_with_its_place_and_changes_nothing(
    loaded: Installation, what: str
) -> None:
    text, said = UNSOUND[what]
    path, before = loaded.write("list.yaml", text), loaded.content()
    for command in ("check", "load"):
        told = loaded("programme", command, path)
        assert (told.code, told.text) == (1, "")
        assert said in told.error
        assert "Traceback" not in told.error
    assert loaded.content() == before


def test_a_check_in_json_lists_the_problems(bare: Installation) -> None:
    path = bare.write("list.yaml", UNSOUND["items that do not add up"][0])
    found = bare.valid("check", "programme", "check", path, "--lang", "en")
    assert not found["ok"]
    [first, second] = found["problems"]
    assert first["place"] == "list.yaml line 4"
    assert second["place"] == "list.yaml line 13, section 1"


def test_a_sound_document_is_counted(bare: Installation) -> None:
    path = bare.write("list.yaml", SOUND)
    assert "1 项任务，2 条计分句，2 条规则，1 条口径" in bare("programme", "check", path).text
    found = bare.valid("check", "programme", "check", path)
    assert (found["ok"], found["items"], found["clauses"], found["readings"]) == (True, 1, 2, 1)


def test_a_shipped_programme_is_checked_by_its_name(bare: Installation) -> None:
    assert "zhongfang-2021.yaml：没有问题" in bare("programme", "check", "zhongfang-2021").text


def test_gb18030_is_taken_with_a_notice(bare: Installation) -> None:
    path = bare.folder / "list.yaml"
    path.write_bytes(SOUND.encode("gb18030"))
    told = bare("programme", "check", path)
    assert told.code == 0
    assert "已按 GB18030 读取" in told.error


def test_publishing_the_same_again_makes_no_version(tracker: Installation) -> None:
    path = tracker.write("list.yaml", SOUND)
    first = tracker.valid("published", "programme", "load", path)
    again = tracker.valid("published", "programme", "load", path)
    tracker.write("list.yaml", with_change(("2021-08-31", "2021-09-15")))
    moved = tracker.valid("published", "programme", "load", path)
    assert [(one["version"], one["new"]) for one in (first, again, moved)] == [
        (1, True), (1, False), (2, True),
    ]  # fmt: skip
    listed = tracker.valid("programmes", "programme", "list")
    assert [one["version"] for one in listed["programmes"]] == [1, 2]
    assert "zhongfang-2021" in listed["shipped"]
    assert "小方案" in tracker("programme", "list").text


def test_an_empty_database_lists_what_is_shipped(tracker: Installation) -> None:
    assert "zhongfang-2021" in tracker("programme", "list").text


def test_differences_in_words_and_json(bare: Installation) -> None:
    old = bare.write("old.yaml", SOUND)
    new = bare.write("new.yaml", with_change(("2021-08-31", "2021-09-15")))
    told = bare("programme", "diff", old, new)
    assert told.text.splitlines() == [
        "修改 事项 20.1/list 日期：2021-08-31 → 2021-09-15",
        "1 处不同",
    ]
    found = bare.valid("diff", "programme", "diff", old, new, "--lang", "en")
    [one] = found["differences"]
    assert (one["id"], one["field"], one["after"]) == ("20.1/list", "on", "2021-09-15")
    assert one["says"] == "changed duty 20.1/list on: 2021-08-31 → 2021-09-15"
    assert bare.valid("diff", "programme", "diff", old, old)["same"]


def test_a_missing_file_is_named(bare: Installation, tmp_path: Path) -> None:
    told = bare("programme", "check", tmp_path / "gone.yaml")
    assert told.code == 1
    assert "gone.yaml：文件不存在" in told.error


def test_loading_into_no_database_says_what_to_do(bare: Installation) -> None:
    told = bare("programme", "load", bare.write("list.yaml", SOUND))
    assert told.code == 1
    assert "tracker migrate" in told.error
    assert not bare.database.exists()
