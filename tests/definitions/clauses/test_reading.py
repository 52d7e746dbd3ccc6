"""The answer of the clause reader keeps its published form."""

from tracker.definitions.clauses import as_json, read_clause


def test_an_answer_has_every_member_also_where_nothing_was_read() -> None:
    assert as_json(read_clause("", year=2021)) == {
        "text": "",
        "rules": [],
        "deadlines": [],
        "milestones": [],
        "recurrences": [],
        "durations": [],
        "unread": [],
        "ambiguous": [],
        "needs_person": False,
    }
