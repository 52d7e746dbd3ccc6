"""The county list of 2021 as .docx, .xlsx and text, against what a perfect reader answers."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.corpus.comparing import clauses_of, compare, expected_clauses, report, shortfalls, table
from tests.corpus.comparing_documents import compare_document
from tracker.definitions.documents import as_json, read_document

SEEDS = Path(__file__).parents[3] / "shared" / "seeds"
FORMS = {
    "docx": "zhongfang-2021.docx",
    "xlsx": "zhongfang-2021.xlsx",
    "txt": "002_6033ced6d3235a21.txt",
}

# The two target tables stand behind the list in Word and text; the workbook holds the list alone.
WORKBOOK_TARGETS: list[Any] = []

pytestmark = pytest.mark.skipif(
    not all((SEEDS / name).exists() for name in FORMS.values()),
    reason="the county list itself is not here; it is not ours to keep in the repository",
)


@cache
def answer(form: str) -> dict[str, Any]:
    return dict(as_json(read_document(SEEDS / FORMS[form], year=2021)))


@pytest.mark.parametrize("form", FORMS)
def test_every_row_unit_date_sum_and_target_is_read(form: str) -> None:
    expected = table("county_2021_items.yaml")
    if form == "xlsx":
        expected["targets"] = WORKBOOK_TARGETS
    figures = compare_document(expected, answer(form), rows=form == "docx")
    told = [f"{form}: {figures.rows_right} of {figures.rows} rows right", *figures.differences]
    print("\n- ".join(told))
    assert figures.differences == ()


@pytest.mark.parametrize("form", FORMS)
def test_its_sanctions_are_read_as_promised(form: str) -> None:
    figures = compare(expected_clauses("county_2021.yaml"), clauses_of(answer(form)))
    print(report(f"county list, {form}", figures))
    assert shortfalls(figures) == []
    assert figures.marked <= figures.sanctions // 20, "who asks a person about all has read nothing"
    assert figures.questions_missed <= figures.questions // 4


@pytest.mark.parametrize("form", ["xlsx", "txt"])
def test_the_same_document_in_another_form_gives_the_same_answer(form: str) -> None:
    one, word = placeless(answer(form)), placeless(answer("docx"))
    if form == "xlsx":
        assert one.pop("targets") == WORKBOOK_TARGETS
        word.pop("targets")
    for part in {**one, **word}:
        assert one[part] == word[part], part


def placeless(value: Any) -> Any:
    """The answer without its rows and places, which are each file's own."""
    if isinstance(value, dict):
        return {key: placeless(part) for key, part in value.items() if key not in OWN}
    return [placeless(part) for part in value] if isinstance(value, list) else value


OWN = ("row", "source", "place")
