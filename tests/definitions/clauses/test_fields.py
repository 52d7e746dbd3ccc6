"""The reader on clauses of other fields, whose expectations were written before it saw them.

`fields_dev.yaml` and `fields_more.yaml` were used while the reader was built,
`fields_kept_back.yaml` was not: of that one only the figures are shown, so that nobody can build by
it. The figures print with `pytest -s`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest

from tests.corpus.comparing import (
    ExpectedClause,
    Figures,
    compare,
    expected_clauses,
    report,
    shortfalls,
)
from tracker.definitions.clauses import as_json, read_clause


def figures_of(clauses: Mapping[str, ExpectedClause]) -> Figures:
    def answer(clause: ExpectedClause) -> dict[str, object]:
        assert clause.year is not None
        return as_json(read_clause(clause.text, year=clause.year))

    return compare(clauses, {key: answer(clause) for key, clause in clauses.items()})


def test_clauses_of_other_fields_are_read_as_they_were_written_down_by_hand() -> None:
    figures = figures_of(expected_clauses("fields_dev.yaml"))
    print(report("fields, used while building", figures))
    assert shortfalls(figures) == []


@pytest.mark.parametrize("name", ["fields_dev.yaml", "fields_extra.yaml", "fields_kept_back.yaml"])
def test_each_table_of_fields_holds_every_kind_of_rule_often_enough(name: str) -> None:
    kinds = compare(expected_clauses(name), {}).kinds
    assert {kind for kind, tally in kinds.items() if tally.expected < 8} == set()
    assert len(kinds) == 19


def test_no_clause_stands_in_two_tables_of_fields_or_twice_in_one() -> None:
    names = ("fields_dev.yaml", "fields_more.yaml", "fields_extra.yaml", "fields_kept_back.yaml")
    texts = Counter(clause.text for name in names for clause in expected_clauses(name).values())
    assert [text for text, times in texts.items() if times > 1] == []
