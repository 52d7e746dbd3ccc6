"""Every kind of rule documents itself, with examples that are what they are called."""

from __future__ import annotations

from typing import get_args

import pytest

from tracker.definitions import yamlform
from tracker.domain.facts import AnyFact
from tracker.domain.rules import Rule
from tracker.domain.rules.guide import Kind, kinds
from tracker.programmes import SHIPPED, path_of
from tracker.wording import LANGUAGES
from tracker.wording.catalogue import has, text

KINDS = [pytest.param(kind, id=kind.name) for kind in kinds()]
FACTS = {get_args(one.model_fields["fact"].annotation)[0] for one in get_args(get_args(AnyFact)[0])}


@pytest.fixture(scope="module")
def rules() -> dict[tuple[str, str], str]:
    """The kind of every sanction of the shipped programmes."""
    return {
        (name, rule): one.kind
        for name in SHIPPED
        for rule, _, one in yamlform.load(path_of(name)).rules()
    }


def test_the_guide_has_every_kind_of_the_union_once() -> None:
    assert len({kind.name for kind in kinds()}) == len(kinds()) == len(get_args(get_args(Rule)[0]))


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_says_what_leads_to_it_what_it_looks_at_and_how_it_counts(kind: Kind) -> None:
    assert kind.about.endswith((".", ")", "。"))
    assert kind.words
    assert kind.formula
    assert set(kind.facts) <= FACTS
    assert kind.facts or kind.name == "cap"  # which looks only at what others charged


@pytest.mark.parametrize("kind", KINDS)
def test_the_examples_of_a_kind_exist_and_are_of_that_kind(
    kind: Kind, rules: dict[tuple[str, str], str]
) -> None:
    assert len(kind.examples) == 2
    assert {rules.get((one.programme, one.rule)) for one in kind.examples} == {kind.name}


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_explained_in_both_languages_and_its_formula_is_the_engines(kind: Kind) -> None:
    for language in LANGUAGES:
        for part in ("", "_does", "_formula"):
            assert has(f"kinds.{kind.name}{part}", language)
        assert all(has(f"kinds.fact_{name}", language) for name in kind.facts)
    assert text(f"kinds.{kind.name}_formula", language="en") == kind.formula
