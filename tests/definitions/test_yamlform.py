"""Programmes from YAML: every problem at once, with file, line, item and clause, and what to do."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.definitions.documents import SOUND, problems, with_change
from tracker import programmes
from tracker.definitions import words, yamlform
from tracker.domain.errors import DefinitionError
from tracker.domain.programme import Programme

ROOT = Path(__file__).parents[2]


def test_a_sound_document_loads() -> None:
    programme = yamlform.loads(SOUND, "list.yaml")
    assert list(programme.clauses) == ["20.1", "20.2"]
    assert str(programme.points) == "5"


# A change to the sound text, and what must be said about it: place, words.
CASES: list[tuple[str, tuple[tuple[str, str], ...], str]] = [
    ("an unknown kind of rule names the known ones and the nearest",
     (("kind: per_missing", "kind: per_misssing"),),
     r"^list.yaml 第 36 行，任务 20，计分句 20.2，规则 20.2#1: 不认识的规则类型“per_misssing”"
     r" \(是否想写“per_missing”？可用的类型：all_or_nothing、bonus、.*veto\)$"),
    ("a rule without a kind", (("{kind: duty, duty: list}", "{duty: list}"),),
     r"^list.yaml 第 28 行，任务 20，计分句 20.1，规则 20.1#1: 没有写明规则的类型（kind）"),
    ("an unknown kind of duty", (("kind: milestone, id: list", "kind: milestones, id: list"),),
     r"^list.yaml 第 26 行，.*，事项 list: 不认识的事项类型“milestones” \(是否想写“milestone”"),
    ("an unknown key", (("responsible_units: [housing]", "responsible_unit: [housing]"),),
     r"^list.yaml 第 18 行，任务 20: 不认识的键“responsible_unit” \(是否想写“responsible_units”"),
    ("a missing key", (("        title: 尾矿库整治\n", ""),),
     r"^list.yaml 第 15 行，任务 20: 缺少“title”"),
    ("a key given twice", (("year: 2021", "year: 2021\nyear: 2022"),),
     r"^list.yaml 第 4 行: 键“year”重复，第 3 行已有"),
    ("no number where one belongs", (('points: "2"', "points: zwei"),),
     r"^list.yaml 第 24 行，任务 20，计分句 20.1: 应是数字，而不是“zwei”"),
    ("no date where one belongs", (("on: 2021-08-31", "on: 8月底"),),
     r"^list.yaml 第 26 行，任务 20，计分句 20.1，事项 list: 应是日期，而不是“8月底”"),
    ("no amount where one belongs", (('each: "0.5"', "each: 半分"),),
     r"“半分”不是分数 .*all（本条全部分值）"),
    ("a slug that is none", (("id: small", "id: 小"),), r"^list.yaml 第 1 行: “小”不能作标识"),
    ("items that do not add up",
     (('points: "5"\n    items', 'points: "6"\n    items'),
      ('points: "5"\nunits', 'points: "6"\nunits')),
     r"^list.yaml 第 13 行，板块 1: 板块 1 的任务分值合计 5，应为 6（差 1）"),
    ("sections that do not add up", (('points: "5"\nunits', 'points: "7"\nunits'),),
     r"^list.yaml 第 4 行: 各板块分值合计 5，应为 7（差 2）"),
    ("a section without points", (('    points: "5"\n    items', "    items"),),
     r"^list.yaml 第 11 行，板块 1: 板块 1 没有分值"),
    ("a bonus part with points of its own", (("title: 板块", "title: 板块\n    part: bonus"),),
     r"板块 1 是加分部分，不应有分值|各板块分值合计 0，应为 5"),
    ("clauses worth more than their item", (('points: "2"', 'points: "4"'),),
     r"^list.yaml 第 17 行，任务 20: 计分句分值合计 7，超过任务 20 的 5"),
    ("points that no clause carries", (('points: "2"', 'points: "1.5"'),),
     r"任务 20: 计分句分值合计 4.5，少于任务 20 的 5，余下 0.5 分没有着落 "
     r"\(请补一条口径.*20.unallocated"),
    ("a date outside the year", (("on: 2021-08-31", "on: 2022-08-31"),),
     r"^list.yaml 第 26 行，任务 20，计分句 20.1，事项 list: on：2022-08-31 不在 2021 年内"),
    ("a duty that does not exist", (("{kind: duty, duty: list}", "{kind: duty, duty: lists}"),),
     r"规则 20.1#1: 计分句 20.1 没有事项“lists” \(是否想写“list”？已有事项：list\)"),
    ("a target that does not exist", (("of: ponds", "of: pond"),),
     r"^list.yaml 第 34 行，.*事项 s1: 目标“pond”不在 targets 里 \(是否想写“ponds”"),
    ("a unit that does not exist",
     (("responsible_units: [housing]", "responsible_units: [hosing]"),),
     r"^list.yaml 第 18 行，任务 20: responsible_units 中的单位“hosing”不在 units 里"),
    ("a rule that does not exist",
     (("{kind: duty, duty: list}",
       '{kind: cap, limit: "1", rules: [20.2#2]}'),),
     r"没有规则或计分句“20.2#2” \(是否想写“20.2#1”"),
    ("a reading of no clause", (('    clause: "20.2"', '    clause: "21.2"'),),
     r"口径 rounding: 没有任务或计分句“21.2”"),
    ("a reading that leads nowhere", (("20.2/s1.need.rounding", "20.2/s2.need.rounding"),),
     r"^list.yaml 第 44 行，口径 rounding，选项 down: 选项 down 的 set 不成立："
     r"20.2/s2.need.rounding 处没有可改的内容"),
    ("a reading with a value that does not fit", (("rounding: down}", "rounding: sideways}"),),
     r"选项 down 的 set 不成立：“sideways”不在可选值之内"),
    ("an id given twice", (('id: "20.2"', 'id: "20.1"'), ('clause: "20.2"', 'clause: "20.1"'),
                           (", set: {20.2/s1.need.rounding: down}", "")),
     r"^list.yaml 第 29 行，任务 20，计分句 20.1: 计分句 20.1 重复，第 21 行已有"),
    ("a clause id that does not follow its item's", (('id: "20.1"', 'id: "21.1"'),),
     r"^list.yaml 第 21 行，任务 20，计分句 21.1: 编号 21.1 不跟随任务 20 的编号"),
    ("an empty owed-by", (("text: 8月底前建立清单", "text: x\n            owed_by: []"),),
     r"^list.yaml 第 24 行，任务 20，计分句 20.1: 没有单位承担"),
    ("nobody owes it", (("        responsible_units: [housing]\n", ""),),
     r"任务 20，计分句 20.[12]: 没有单位承担"),
    ("a pool that no clause uses",
     (("        clauses:", "        groups: [{id: 20.9, title: 池}]\n        clauses:"),),
     r"任务 20，分值池 20.9: 分值池 20.9 没有计分句使用"),
    ("no such zone", (("year: 2021", "year: 2021\nzone: Asia/Nowhere"),),
     r"没有名为“Asia/Nowhere”的时区"),
    ("a day that the week does not have",
     (("{kind: milestone, id: list, on: 2021-08-31}",
       "{kind: recurring, id: list, freq: weekly, due_day: 9}"),),
     r"周期写法不成立"),
    ("a milestone without a date", ((", on: 2021-08-31", ""),),
     r"节点要么写日期（on），要么写定日期的文件（external），二者取一"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "said"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_what_is_wrong_is_said_with_its_place(
    changes: tuple[tuple[str, str], ...], said: str
) -> None:
    found = problems(with_change(*changes))
    assert [one for one in found if not re.search(said, one)] == []
    assert found


def test_the_same_in_english() -> None:
    [said] = problems(with_change(("kind: per_missing", "kind: per_misssing")), "en")
    assert said.startswith(
        'list.yaml line 36, item 20, clause 20.2, rule 20.2#1: unknown kind of rule "per_misssing" '
        '(did you mean "per_missing"? known kinds: all_or_nothing, bonus,'
    )


def test_all_problems_are_told_at_once_in_the_order_of_the_document() -> None:
    found = problems(
        with_change(
            ("year: 2021", "year: 2021\ncolour: blue"),
            ("reviewing_units: [env_bureau]", "reviewing_units: [env_buro]"),
            ("on: 2021-08-31", "on: 2020-08-31"),
            ("kind: per_missing", "kind: nothing"),
        )
    )
    lines = [int(re.findall(r"第 (\d+) 行", one)[0]) for one in found]
    assert len(found) == 4
    assert lines == sorted(lines)


def test_what_merely_follows_from_a_problem_is_not_told_as_another() -> None:
    text = with_change(
        ("{kind: milestone, id: s1, on: 2021-09-30", "{kind: milestone, id: s1, on: soon"),
        ("responsible_units", "responsible_unit"),
    )
    assert len(problems(text)) == 2


@pytest.mark.parametrize("name", programmes.SHIPPED)
def test_a_shipped_programme_is_sound_and_goes_round(name: str) -> None:
    path = programmes.path_of(name)
    if not path.exists():
        pytest.skip(f"{name} is not written yet")
    assert yamlform.check(path) == []
    programme = yamlform.load(path)
    again = yamlform.loads(yamlform.dump(programme), "canonical.yaml")
    assert again == programme
    assert again.hash == programme.hash


def test_the_canonical_form_quotes_numbers_and_leaves_defaults_out() -> None:
    text = yamlform.dump(yamlform.loads(SOUND, "list.yaml"))
    assert 'points: "5"' in text
    assert "on: 2021-08-31" in text
    assert "below_zero" not in text
    assert "kind: unit" not in text
    assert "kind: milestone" in text


def test_utf8_with_a_mark_and_gb18030_are_read(tmp_path: Path) -> None:
    marked, legacy = tmp_path / "marked.yaml", tmp_path / "legacy.yaml"
    marked.write_bytes(b"\xef\xbb\xbf" + SOUND.encode())
    legacy.write_bytes(SOUND.encode("gb18030"))
    assert yamlform.examine(marked).notices == ()
    examined = yamlform.examine(legacy)
    assert examined.programme == yamlform.load(marked)
    assert "GB18030" in examined.notices[0].text


def test_utf16_with_its_mark_is_read(tmp_path: Path) -> None:
    wide, plain = tmp_path / "wide.yaml", tmp_path / "plain.yaml"
    wide.write_bytes(SOUND.encode("utf-16"))
    plain.write_text(SOUND, encoding="utf-8")
    assert yamlform.load(wide) == yamlform.load(plain)


@pytest.mark.parametrize("content", [SOUND.encode("utf-16-le"), b"\xff\xff\x80"])
def test_other_encodings_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "list.yaml"
    path.write_bytes(content)
    with pytest.raises(DefinitionError, match="UTF-8"):
        yamlform.load(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    [problem] = yamlform.check(tmp_path / "gone.yaml")
    assert problem.place.endswith("gone.yaml")
    assert problem.text == "文件不存在"


def test_differences_are_told_thing_by_thing_and_field_by_field() -> None:
    old = yamlform.loads(SOUND, "old")
    new = yamlform.loads(
        with_change(
            ("on: 2021-08-31", "on: 2021-09-15"),
            ('points: "2"', 'points: "2.5"'),
            ('points: "3"', 'points: "2.5"'),
            ("{kind: duty, duty: list}", "{kind: duty, duty: list}\n"
             "              - {kind: all_or_nothing, duty: list}"),
            ("- {id: env_bureau, name: 市生态环境局}",
             "- {id: env_bureau, name: 市生态环境局}\n  - {id: police, name: 县公安局}"),
        ),
        "new",
    )  # fmt: skip
    told = {(one.what, one.id, one.change, one.field): one for one in yamlform.diff(old, new)}
    assert list(told) == [
        ("unit", "police", "added", ""),
        ("clause", "20.1", "changed", "points"),
        ("duty", "20.1/list", "changed", "on"),
        ("rule", "20.1#2", "added", ""),
        ("clause", "20.2", "changed", "points"),
    ]
    moved = told["duty", "20.1/list", "changed", "on"].as_json()
    assert (moved["before"], moved["after"]) == ("2021-08-31", "2021-09-15")
    assert [one.change for one in yamlform.diff(new, old) if one.what == "unit"] == ["gone"]
    assert yamlform.diff(old, old) == []


def test_every_refusal_of_the_domain_has_chinese_words() -> None:
    said = {text for text in _refusals() if text not in words.SAID}
    assert said == set()


def _refusals() -> set[str]:
    """The texts of ValueErrors raised in the domain's documents, holes as {}."""
    folder = ROOT / "tracker" / "domain"
    files = [folder / "programme.py", folder / "facts.py", folder / "points.py"]
    found: set[str] = set()
    for path in [*files, *(folder / "rules").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                name, arguments = node.exc.func, node.exc.args
                if isinstance(name, ast.Name) and name.id == "ValueError" and arguments:
                    found.add(_text(arguments[0]))
    return found


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        parts = node.values
        return "".join(str(p.value) if isinstance(p, ast.Constant) else "{}" for p in parts)
    assert isinstance(node, ast.Constant)
    return str(node.value)


def test_every_message_has_the_same_holes_in_both_languages() -> None:
    for code, (zh_text, zh_advice, en_text, en_advice) in words.WORDS.items():
        holes = [set(re.findall(r"\{(\w+)\}", text)) for text in (zh_text, en_text)]
        assert holes[0] == holes[1], code
        advice = [set(re.findall(r"\{(\w+)\}", text)) for text in (zh_advice, en_advice)]
        assert advice[0] == advice[1], code


def test_a_programme_made_in_code_goes_round(tmp_path: Path) -> None:
    from tests.builders import a_case_item, a_monthly_item, a_programme, item

    programme: Programme = a_programme(item(due_on="2021-09-30"), a_case_item(), a_monthly_item())
    path = tmp_path / "small.yaml"
    path.write_text(yamlform.dump(programme), encoding="utf-8")
    assert yamlform.load(path) == programme
