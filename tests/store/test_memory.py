"""What sessions remember, and what they keep to themselves."""

from __future__ import annotations

from tracker.store.database import Database
from tracker.store.memory import Memory, memory, remember_alone, remembered


def test_a_value_is_computed_once_for_all_sessions(database: Database) -> None:
    computed = []

    def compute() -> str:
        computed.append(1)
        return "score"

    for _ in range(2):
        with database.read() as session:
            assert remembered(session, "key", compute) == "score"
    assert len(computed) == 1


def test_a_session_that_changed_something_tells_the_others_nothing(database: Database) -> None:
    with database.read() as session:
        remembered(session, "facts", lambda: "old")
        remember_alone(session)
        assert remembered(session, "facts", lambda: "never asked") == "old"
        memory(session).put("facts", "perhaps rolled back")
        assert memory(session).get("facts") == "perhaps rolled back"
    with database.read() as session:
        assert memory(session).get("facts") == "old"


def test_what_was_not_asked_for_in_a_long_time_is_forgotten() -> None:
    small = Memory(size=2)
    small.put("a", 1)
    small.put("b", 2)
    small.get("a")
    small.put("c", 3)
    assert [small.get(key) for key in "abc"] == [1, None, 3]
