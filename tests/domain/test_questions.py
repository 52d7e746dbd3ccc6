"""Which questions an amount names: those whose answer may change it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import a_programme, clause, item
from tracker.domain.programme import Programme
from tracker.domain.questions import bearing

SEEN = {"kind": "per_incident", "finding": "seen", "each": "0.5"}


def asked(path: str, value: Any) -> Programme:
    once = {"kind": "no_double", "rules": ["1"]}
    items = [item(name, clause(name, duties=[], rules=[SEEN, *more]))
             for name, more in (("1", []), ("2", []), ("3", [once]))]  # fmt: skip
    choices = [
        {"id": "plain", "says": "照旧"},
        {"id": "other", "says": "另读", "set": {path: value}},
    ]
    reading = {"id": "r", "clause": "3", "question": "怎么读", "alternatives": choices,
               "default": "plain", "because": "照旧"}  # fmt: skip
    return a_programme(*items, readings=[reading])


@pytest.mark.parametrize("field", ["rules", "only", "besides"])
def test_a_question_bears_on_what_its_alternative_names_and_on_what_the_rule_named(
    field: str,
) -> None:
    assert set(bearing(asked(f"3#2.{field}", ["2"]))) == {"1", "2", "3"}


def test_a_question_of_an_amount_bears_on_its_clause_alone() -> None:
    assert set(bearing(asked("3#1.each", "1"))) == {"3"}


def test_a_question_that_writes_where_nothing_is_bears_on_what_it_is_asked_about() -> None:
    assert set(bearing(asked("nowhere", "1"))) == {"3"}


def test_an_amount_that_looks_like_a_number_of_the_list_is_none() -> None:
    """Whole rules with an amount of 1 or 2 do not bear on item 1 or 2; what they name does."""
    rules = [{**SEEN, "each": "1", "cap": "2"}]
    assert set(bearing(asked("3.rules", rules))) == {"3"}
    named = [*rules, {"kind": "no_double", "rules": ["2"]}]
    assert set(bearing(asked("3.rules", named))) == {"2", "3"}
