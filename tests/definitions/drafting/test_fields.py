"""Clauses of other fields, as the reader reads them: each becomes a programme that loads and
scores, with and without a breach."""

from __future__ import annotations

import random

import pytest

from schedules.workdays import china
from tests.corpus.comparing import expected_clauses
from tests.definitions.drafting.reading import clause, document, item
from tracker.definitions import yamlform
from tracker.definitions.clauses import read_clause
from tracker.definitions.drafting import draft
from tracker.definitions.drafting.breach import breach, ends_at
from tracker.definitions.openpoints import settle
from tracker.domain.programme import Programme
from tracker.domain.scoring import Context, score

CALENDAR = china()
CLAUSES = expected_clauses("fields_dev.yaml")


def loaded(text: str, choice: int) -> Programme:
    row = item("1", clause("1", read_clause(text, year=2024), "5"))
    made = draft(document(row), programme="list")
    answers = {
        point.id: point.choices[min(choice, len(point.choices) - 1)].id
        for point in made.open_points
    }
    return yamlform.loads(yamlform.dump(settle(made, answers)), "draft.yaml")


@pytest.mark.parametrize("choice", [0, 1, 2])
def test_every_clause_of_other_fields_becomes_a_programme_that_loads(choice: int) -> None:
    for name, one in CLAUSES.items():
        programme = loaded(one.text, choice)
        assert programme.clauses["1"][2].rules, name


def test_no_breach_of_one_clause_costs_more_than_its_item_is_worth() -> None:
    for name, one in CLAUSES.items():
        programme = loaded(one.text, 0)
        facts = breach(programme, ("1",), CALENDAR)
        at = ends_at(programme)
        ledger = score(programme, Context(CALENDAR), facts, as_of=at, known_at=at)
        assert 0 <= ledger.lost <= 50_000, name


def test_a_text_cut_anywhere_becomes_a_draft_that_loads() -> None:
    chance = random.Random(20241231)
    texts = [one.text for one in CLAUSES.values()]
    for _ in range(300):
        first, second = chance.choice(texts), chance.choice(texts)
        text = first[: chance.randrange(1, len(first))] + second[chance.randrange(len(second)) :]
        assert list(loaded(text, 0).clauses) == ["1"], text
