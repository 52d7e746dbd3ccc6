"""Whatever is put in: an answer in the published form, with places that are in the text."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from jsonschema import Draft202012Validator

from tests.definitions.clauses import texts
from tracker.cli.schemas import of
from tracker.definitions.clauses import ReadClause, as_json, read_clause

FORM = Draft202012Validator(of("clause"))
QUICK, FULL = 400, 10_000


def spans(reading: ReadClause) -> Iterator[tuple[int, int]]:
    for name in ("rules", "deadlines", "milestones", "recurrences", "durations", "unread"):
        yield from (one.span for one in getattr(reading, name))
    yield from (one.span for one in reading.ambiguous)


def check(text: str) -> None:
    reading = read_clause(text, year=2024)
    assert reading.text == text
    for start, end in spans(reading):
        assert 0 <= start <= end <= len(text), (text, start, end)
    answer = as_json(reading)
    json.dumps(answer)
    assert answer["needs_person"] == bool(answer["unread"])


@pytest.mark.parametrize("many", [QUICK, pytest.param(FULL, marks=pytest.mark.full)])
def test_words_in_any_order_are_answered(many: int) -> None:
    for text in texts.scrambled(many, seed=many):
        check(text)


@pytest.mark.parametrize("many", [QUICK, pytest.param(FULL, marks=pytest.mark.full)])
def test_clauses_with_slips_are_answered(many: int) -> None:
    for text in texts.mutated(many, seed=many):
        check(text)


def test_answers_to_ordinary_and_spoilt_clauses_follow_the_published_form() -> None:
    for text in (*texts.ordinary(), *texts.mutated(50, seed=5), *texts.scrambled(50, seed=5)):
        FORM.validate(as_json(read_clause(text, year=2024)))


@pytest.mark.parametrize("pattern", texts.PATTERNS)
def test_one_pattern_over_and_over_is_answered(pattern: str) -> None:
    check(texts.repeated(pattern, 3_000))


@pytest.mark.full
@pytest.mark.parametrize("pattern", texts.PATTERNS)
def test_a_million_characters_of_one_pattern_are_answered(pattern: str) -> None:
    check(texts.repeated(pattern, 1_000_000))
