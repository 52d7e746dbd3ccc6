"""YAML that keeps numbers as written, knows its lines and cannot be blown up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.definitions.yamltext import Unreadable, line_of, parse, plain, write


def values(text: str) -> object:
    return plain(parse(text)[0])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 0.5", {"a": "0.5"}),
        ("a: 0.10", {"a": "0.10"}),
        ("a: 12", {"a": "12"}),
        ("a: 2021-12-31", {"a": "2021-12-31"}),
        ("on: yes", {"on": "yes"}),
        ("a: true", {"a": True}),
        ('a: "true"', {"a": "true"}),
        ("a:", {"a": None}),
        ("a: ~", {"a": None}),
        ('a: ""', {"a": ""}),
        ("a: 08:30", {"a": "08:30"}),
        ("set: {x: 12, y: '12', z: 0.5}", {"set": {"x": 12, "y": "12", "z": "0.5"}}),
        ("- 1\n- [a, b]", ["1", ["a", "b"]]),
        ("a: &one {b: 1}\nc: *one", {"a": {"b": "1"}, "c": {"b": "1"}}),
    ],
)
def test_values_are_what_is_written(text: str, expected: object) -> None:
    assert values(text) == expected


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("", "empty", 1),
        ("a: [1", "yaml_bracket", 1),
        ("a: 1\nb: *gone", "no_anchor", 2),
        ("a: &a\n- *a", "alias_of_itself", 2),
        ("a: !!python/object:os.system x", "tagged", 1),
        ("a: 1\n---\nb: 2", "several_documents", 2),
        ("? [a]\n: b", "key_not_text", 1),
        ("a: \x07", "yaml_control", 1),
        ("[" * 100_000, "too_deep", 1),
    ],
)
def test_what_cannot_be_read_says_why_and_where(text: str, code: str, line: int) -> None:
    with pytest.raises(Unreadable) as refused:
        parse(text)
    [flaw] = refused.value.flaws
    assert (flaw.code, flaw.line) == (code, line)


def test_a_billion_laughs_are_refused_at_once() -> None:
    lines = ["a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    with pytest.raises(Unreadable) as refused:
        parse("\n".join(lines))
    assert refused.value.flaws[0].code == "too_large"


def test_a_key_given_twice_is_told_with_both_lines() -> None:
    root, flaws = parse("a: 1\nb: 2\na: 3")
    assert plain(root) == {"a": "1", "b": "2"}
    assert [(one.code, one.line, one.values["first"]) for one in flaws] == [("key_twice", 3, 1)]


def test_a_route_leads_to_its_line_or_to_the_nearest_that_exists() -> None:
    root, _ = parse("a: 1\nb:\n  - c: 2\n  - c:\n      d: 3")
    assert line_of(root, ("b", 1, "c", "d")) == 5
    assert line_of(root, ("b", 0, "missing")) == 3
    assert line_of(root, ("b", 7)) == 2
    assert line_of(root, ()) == 1


plain_text = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30)
things = st.recursive(
    st.none()
    | st.booleans()
    | plain_text
    | st.sampled_from(["0.5", "12", "null", "on", "- a", "#"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(plain_text.filter(bool), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from(["a", "on", "b-c", "中文"]), things, min_size=1))
def test_what_is_written_reads_back_equal(value: dict[str, object]) -> None:
    assert values(write(value)) == value
