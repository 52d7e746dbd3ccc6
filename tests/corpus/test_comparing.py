"""The comparison itself: what counts as right, silently wrong, missing and invented."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from tests.corpus.comparing import (
    HERE,
    ExpectedClause,
    Figures,
    Tally,
    clauses_of,
    compare,
    expected_clauses,
    report,
    shortfalls,
    table,
)

MISSING = {"kind": "per_missing", "deduct": "0.1", "step": ["1", "item"], "cap": "1"}
LATE = {"kind": "lateness", "deduct": "0.2"}
BONUS = {"kind": "bonus", "award": "0.5"}


def expecting(*rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"1.1": ExpectedClause.model_validate({"rules": list(rules), **more})}


def read(*rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"1.1": {"rules": list(rules), "needs_person": False, **more}}


def answered(rule: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The rule as the reader would print it: every key there, a step as an object."""
    empty = dict.fromkeys(("base", "deduct", "award", "step", "cap", "tiers"))
    step = rule.get("step")
    spelt = {"step": {"n": step[0], "unit": step[1]}} if step else {}
    return {**empty, **rule, **spelt, "span": [0, 3], **changes}


def counts(figures: Figures) -> tuple[int, int, int, int]:
    return figures.kind_right, figures.amounts_right, figures.silently_wrong, figures.missing


def test_the_same_amount_may_be_written_otherwise() -> None:
    figures = compare(expecting(MISSING), read(answered(MISSING, deduct="0.10", cap="1.0")))
    assert counts(figures) == (1, 1, 0, 0)
    assert figures.differences == ()
    assert shortfalls(figures) == []


@pytest.mark.parametrize(
    "changed",
    [
        {"deduct": "0.2"},
        {"deduct": "0.1%"},
        {"cap": None},
        {"cap": "item"},
        {"step": {"n": "1", "unit": "case"}},
        {"base": "0.1"},
        {"tiers": [{"deduct": "0.1", "when": "x"}]},
    ],
)
def test_another_amount_is_silently_wrong(changed: dict[str, Any]) -> None:
    figures = compare(expecting(MISSING), read(answered(MISSING, **changed)))
    assert counts(figures) == (1, 0, 1, 0)
    assert "was read as" in figures.differences[0]


def test_another_kind_is_silently_wrong_although_the_amounts_agree() -> None:
    figures = compare(expecting(MISSING), read(answered(MISSING, kind="per_incident")))
    assert counts(figures) == (0, 1, 1, 0)


def test_a_wrong_answer_that_asks_for_a_person_is_honest() -> None:
    figures = compare(expecting(MISSING), read(answered(MISSING, deduct="2"), needs_person=True))
    assert (figures.silently_wrong, figures.unmarked, figures.marked) == (0, 0, 1)
    assert figures.marked_in_vain == 1


def test_silence_where_a_person_is_needed_is_silently_wrong() -> None:
    assert compare(expecting(needs_person=True), read()).silently_wrong == 1
    assert compare(expecting(needs_person=True), read(needs_person=True)).silently_wrong == 0


def test_one_missing_rule_does_not_shift_the_rest() -> None:
    figures = compare(expecting(MISSING, LATE, BONUS), read(answered(MISSING), answered(BONUS)))
    assert counts(figures) == (2, 2, 1, 1)
    assert figures.extra == 0


def test_an_invented_rule_counts_as_silently_wrong() -> None:
    figures = compare(expecting(MISSING), read(answered(BONUS), answered(MISSING)))
    assert (figures.extra, figures.silently_wrong, figures.misplaced) == (1, 1, 1)


def test_rules_with_nothing_in_common_are_not_taken_for_each_other() -> None:
    figures = compare(expecting(MISSING), read(answered(BONUS)))
    assert (figures.missing, figures.extra) == (1, 1)


def test_a_wrong_date_makes_one_sanction_of_its_clause_wrong() -> None:
    expected = expecting(MISSING, LATE, deadlines=["2021-09-30"], durations=[["72", "hour"]])
    answer = read(answered(MISSING), answered(LATE), deadlines=["2021-10-31"],
                  durations=[{"n": "72", "unit": "hour"}])  # fmt: skip
    figures = compare(expected, answer)
    assert counts(figures) == (2, 1, 1, 0)
    assert figures.times_wrong == 1


def test_recurrences_and_milestones_are_compared_by_what_they_state() -> None:
    expected = expecting(
        LATE,
        recurrences=[{"freq": "monthly", "first": "2021-02-10"}],
        milestones=[{"on": "2021-09-30", "share": "0.8"}],
    )
    recurrence = {"freq": "monthly", "interval": 1, "times": 1, "first": "2021-02-10"}
    node = {"on": "2021-09-30", "share": "0.80"}
    right = read(answered(LATE), recurrences=[recurrence], milestones=[node])
    assert compare(expected, right).times_wrong == 0
    wrong = read(answered(LATE), recurrences=[{**recurrence, "first": None}], milestones=[])
    assert compare(expected, wrong).times_wrong == 2


def test_bands_are_compared_by_their_amounts_in_order() -> None:
    bands = {"kind": "tiered", "tiers": [{"deduct": "1", "when": "late"}, {"deduct": "3"}]}
    same = answered({"kind": "tiered"}, tiers=[{"when": "a", "deduct": "1.0"}, {"deduct": "3"}])
    turned = answered({"kind": "tiered"}, tiers=[{"deduct": "3"}, {"deduct": "1"}])
    assert compare(expecting(bands), read(same)).amounts_right == 1
    assert compare(expecting(bands), read(turned)).amounts_right == 0


def test_a_band_that_leaves_nothing_or_everything_may_say_so_either_way() -> None:
    bands = {"kind": "tiered", "tiers": [{"award": "item"}, {"award": "2"}, {"award": "0"}]}
    same = answered({"kind": "tiered"}, tiers=[{"deduct": "0"}, {"award": "2"}, {"deduct": "item"}])
    turned = answered({"kind": "tiered"}, tiers=[{"deduct": "0"}, {"award": "2"}, {"deduct": "2"}])
    assert compare(expecting(bands), read(same)).amounts_right == 1
    assert compare(expecting(bands), read(turned)).amounts_right == 0


def test_an_open_question_that_is_not_raised_is_listed_but_is_no_wrong_sanction() -> None:
    figures = compare(expecting(MISSING, ambiguous=True), read(answered(MISSING)))
    assert (figures.questions_missed, figures.silently_wrong) == (1, 0)
    assert any("question" in line for line in figures.differences)


def test_where_the_form_leaves_two_answers_open_both_are_right() -> None:
    either = {
        "kind": "per_step|per_missing",
        "deduct": "0.1",
        "step": ["20", "item|case"],
        "cap": "none|item",
    }
    for kind, unit, cap in (("per_step", "case", None), ("per_missing", "item", "item")):
        found = answered(MISSING, kind=kind, step={"n": "20", "unit": unit}, cap=cap)
        assert counts(compare(expecting(either), read(found))) == (1, 1, 0, 0)
    found = answered(MISSING, kind="bonus", step={"n": "20", "unit": "place"}, cap="1")
    assert counts(compare(expecting(either), read(found))) == (0, 0, 1, 0)


def test_an_optional_rule_is_neither_missed_nor_invented() -> None:
    expected = expecting(MISSING, {"kind": "duty", "optional": True})
    duty = answered({"kind": "duty"})
    assert compare(expected, read(answered(MISSING))).silently_wrong == 0
    assert compare(expected, read(answered(MISSING), duty)).silently_wrong == 0
    assert compare(expected, read(answered(MISSING), duty, duty)).extra == 1


def test_another_whole_form_of_a_clause_may_be_right() -> None:
    bands = {"kind": "tiered", "tiers": [{"deduct": "0.2"}, {"deduct": "1"}]}
    apart = [{"kind": "per_incident", "deduct": "0.2"}, {"kind": "per_incident", "deduct": "1"}]
    expected = expecting(bands, other=[apart])
    assert compare(expected, read(*(answered(rule) for rule in apart))).silently_wrong == 0
    assert compare(expected, read(answered(bands))).silently_wrong == 0
    assert compare(expected, read(answered(apart[0]))).silently_wrong == 1
    assert compare(expecting(*apart, other=[[bands]]), read()).missing == 2


def test_a_full_share_by_a_date_says_no_more_than_the_date() -> None:
    nodes = [{"on": "2021-09-30", "share": "80%"}, {"on": "2021-12-31", "share": "1"}]
    expected = expecting(LATE, milestones=[{"on": "2021-09-30", "share": "0.8"}])
    assert compare(expected, read(answered(LATE), milestones=nodes)).times_wrong == 0
    assert compare(expecting(LATE), read(answered(LATE), milestones=nodes)).times_wrong == 1


def test_a_clause_that_the_answer_lacks_misses_all_its_rules() -> None:
    figures = compare(expecting(MISSING, LATE), {})
    assert counts(figures) == (0, 0, 2, 2)
    assert compare({}, read(answered(LATE))).extra == 1


def test_figures_add_up_and_say_which_promise_is_not_kept() -> None:
    right = compare(expecting(MISSING), read(answered(MISSING)))
    wrong = compare(expecting(LATE), read(answered(LATE, kind="bonus")))
    both = right + wrong
    assert both.kinds == {"per_missing": Tally(1, 1, 1), "lateness": Tally(1, 0, 0)}
    assert len(shortfalls(both)) == 2
    assert "lateness" in report("two clauses", both)


def test_a_second_clause_of_one_id_is_not_lost() -> None:
    item = {"clauses": [{"id": "1.1"}, {"id": "1.1"}]}
    assert list(clauses_of({"items": [item]})) == ["1.1", "1.1 (2)"]


def test_a_slip_in_the_expectations_is_refused(tmp_path: Path) -> None:
    def of(text: str) -> Any:
        (tmp_path / "slip.yaml").write_text(text, "utf-8")
        return expected_clauses(str(tmp_path / "slip.yaml"))

    node = '"1": {rules: [], milestones: [{on: 2021-08-31, share: "1"}], ambiguous: true}'
    assert of(node)["1"].milestones == [{"on": "2021-08-31", "share": "1"}]
    assert of(node)["1"].ambiguous
    with pytest.raises(ValidationError, match="no kind of rule"):
        of('"1": {rules: [{kind: per_event}]}')
    with pytest.raises(ValidationError, match="deducts"):
        of('"1": {rules: [{kind: duty, deducts: "1"}]}')
    with pytest.raises(yaml.YAMLError, match="twice"):
        of('"1": {rules: []}\n"1": {rules: []}')


CLAUSES = [path.name for path in HERE.glob("*.yaml") if not path.stem.endswith("_items")]


@pytest.mark.parametrize("name", sorted(CLAUSES))
def test_an_answer_that_says_what_a_table_expects_has_no_differences(name: str) -> None:
    expected = expected_clauses(name)
    figures = compare(expected, {key: perfect(clause) for key, clause in expected.items()})
    assert figures.differences == ()
    assert (figures.silently_wrong, figures.questions_missed, figures.misplaced) == (0, 0, 0)
    assert figures.kind_right == figures.sanctions > 0


def perfect(clause: ExpectedClause) -> dict[str, Any]:
    """Each rule in the first of the ways that the expectation allows."""
    said = clause.model_dump()
    return {**said, "rules": [{**rule, **first_ways(rule)} for rule in said["rules"]]}


def first_ways(rule: dict[str, Any]) -> dict[str, Any]:
    words = {key: value.split("|")[0] for key, value in rule.items() if isinstance(value, str)}
    number, unit = rule["step"] or (None, "none")
    step = {"n": number, "unit": unit.split("|")[0]}
    said = {**words, "step": None if step["unit"] == "none" else step}
    return {key: None if value == "none" else value for key, value in said.items()}


@pytest.mark.parametrize("path", sorted(HERE.glob("*.yaml")), ids=lambda p: p.stem)
def test_every_table_of_expectations_is_well_formed(path: Path) -> None:
    entries = table(path.name) if path.stem.endswith("_items") else expected_clauses(path.name)
    assert entries
