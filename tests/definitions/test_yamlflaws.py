"""YAML that is none: what was done wrong, on which line, and what to do, Chinese first."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.definitions import words, yamlform
from tracker.definitions.yamlflaws import WORDS
from tracker.definitions.yamltext import Unreadable, parse

MISTAKES = [
    ("a:\n\tb: 1\n", "yaml_tab", 2),
    ("a:\n  b: 1\n\tc: 2\n", "yaml_tab", 3),
    ("a:\n  -\tb: 1\n   c: 2\n", "yaml_tab", 2),
    ('a: "甲\nb: 2\n', "yaml_quote", 1),
    ("a: '甲\nb: 2\n", "yaml_quote", 1),
    ('x: 1\na: "甲\nb: "乙"\n', "yaml_quote", 2),
    ('- "甲\n- "乙"\n', "yaml_quote", 1),
    ('a: "甲" 乙\n', "yaml_after_quote", 1),
    ("a: [1, 2\nb: 3\n", "yaml_bracket", 1),
    ("a: {b: 1\nc: 3\n", "yaml_bracket", 1),
    ("a: 1\nb: ]\n", "yaml_bracket", 2),
    ("a: 1\nb：2\nc: 3\n", "yaml_wide_colon", 2),
    ("标题：甲\nb: 2\n", "yaml_wide_colon", 1),
    ("a: 1\nb:2\nc: 3\n", "yaml_tight_colon", 2),
    ("b:2\nc: 3\n", "yaml_tight_colon", 1),
    ("a: 1\nb 2\nc: 3\n", "yaml_no_colon", 2),
    ("title 甲\nb: 2\n", "yaml_no_colon", 1),
    ("a: 甲: 乙\n", "yaml_two_colons", 1),
    ("- title: 甲: 乙\n", "yaml_two_colons", 1),
    ("a: 1\n  b: 2\n", "yaml_indent", 2),
    ("a:\n    b: 1\n  c: 2\n", "yaml_indent", 3),
    ("a:\n  - b: 1\n    c: 2\n   d: 3\n", "yaml_indent", 4),
    ("a:\n  - b\n  c: 1\n", "yaml_indent", 3),
    ("- a: 1\n b: 2\n", "yaml_indent", 2),
    ("a: @b\n", "yaml_sign", 1),
    ("a: `b`\n", "yaml_sign", 1),
    ("a: *\n", "yaml_sign", 1),
    ('a: "\\d"\n', "yaml_escape", 1),
    ("a: 1\nb: \x07", "yaml_control", 2),
    ("a: |x\n  b\n", "not_yaml", 1),
]


@pytest.mark.parametrize(("text", "code", "line"), MISTAKES)
def test_the_mistake_is_named_with_its_line(text: str, code: str, line: int) -> None:
    with pytest.raises(Unreadable) as refused:
        parse(text)
    [flaw] = refused.value.flaws
    assert (flaw.code, flaw.line) == (code, line)


def test_every_mistake_that_is_named_was_made_above() -> None:
    assert {code for _, code, _ in MISTAKES} == set(WORDS)


@pytest.mark.parametrize("text", [text for text, *_ in MISTAKES])
def test_it_is_said_in_chinese_first_with_place_and_advice(tmp_path: Path, text: str) -> None:
    path = tmp_path / "list.yaml"
    path.write_text(text, encoding="utf-8")
    [problem] = yamlform.check(path)
    assert problem.text.startswith("不合 YAML 写法")
    assert problem.place.startswith("list.yaml 第 ")
    assert problem.advice.startswith(("请", "同一级"))
    [english] = yamlform.check(path, "en")
    assert english.text.startswith("this is not YAML")
    assert english.text.isascii()


def test_an_example_in_full() -> None:
    with pytest.raises(Unreadable) as refused:
        parse("title: 甲\n标题：乙\nyear: 2021\n")
    [flaw] = refused.value.flaws
    told = words.say(flaw.code, "zh", flaw.values, place="list.yaml 第 2 行")
    assert str(told) == (
        "list.yaml 第 2 行: 不合 YAML 写法：冒号是全角的“：” "
        "(请改成半角冒号加一个空格，如 title: 名称)"
    )


@given(st.text(st.sampled_from(list("ab:：-[]{}\"'\n\t #&*|@中\\")), max_size=60))
def test_whatever_is_typed_the_answer_is_a_document_or_a_named_mistake(text: str) -> None:
    try:
        parse(text)
    except Unreadable as unreadable:
        for flaw in unreadable.flaws:
            assert flaw.code in words.WORDS
            assert 0 < flaw.line <= max(1, len(text.splitlines()) + 1)
            words.say(flaw.code, "zh", flaw.values, place="x")
