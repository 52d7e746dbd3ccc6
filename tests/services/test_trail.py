"""The chain: sealed in batches, and every change made behind its back is found."""

from __future__ import annotations

import random
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import Session

from tests.builders import JANUARY, a_database, migrated
from tracker.services import trail
from tracker.store.database import Database


def tell(database: Database, count: int, programme: str = "small") -> None:
    events = [
        trail.NewEvent("fact.report", f"1/done/housing/{n}", {"n": n, "what": "填报"})
        for n in range(count)
    ]
    with database.write() as session:
        trail.append_all(session, programme, events, now=JANUARY)


def seal(database: Database, programme: str = "small") -> int:
    with database.write() as session:
        return trail.seal(session, programme, now=JANUARY + timedelta(minutes=1))


def verdict(database: Database, programme: str = "small") -> trail.Verdict:
    with database.read() as session:
        return trail.verify(session, programme)


def execute(database: Database, statement: str) -> None:
    with database.write() as session:
        session.connection().execute(text(statement))


def test_an_empty_chain_is_whole(database: Database) -> None:
    assert verdict(database) == trail.Verdict(True, 0, None, trail.GENESIS, 0)


def test_what_is_not_sealed_yet_is_shown_as_such(database: Database) -> None:
    tell(database, 3)
    assert verdict(database).unsealed == 3
    assert seal(database) == 3
    assert (verdict(database).count, verdict(database).unsealed) == (3, 0)


def test_batches_continue_one_chain(database: Database) -> None:
    for count in (2, 3, 1):
        tell(database, count)
        seal(database)
    assert seal(database) == 0
    found = verdict(database)
    assert (found.ok, found.count) == (True, 6)
    with database.read() as session:
        assert [event.seq for event in trail.events(session, "small")] == [6, 5, 4, 3, 2, 1]
        assert trail.events(session, "small")[0].hash == found.head


def test_each_programme_has_its_own_chain(database: Database) -> None:
    tell(database, 2, "small")
    tell(database, 3, "large")
    with database.write() as session:
        assert trail.seal_all(session, now=JANUARY) == 5
    assert (verdict(database, "small").count, verdict(database, "large").count) == (2, 3)
    with database.read() as session:
        assert trail.chains(session) == ["large", "small"]


def test_the_chain_does_not_depend_on_the_database(database: Database) -> None:
    tell(database, 2)
    seal(database)
    assert verdict(database).head == (
        "57dc5dddec7c0733ecc1656c462010596f57b8336a2696524b4e9476bcdffdaa"
    )


def test_a_long_backlog_is_sealed_batch_by_batch(database: Database) -> None:
    tell(database, trail.BATCH + 5)
    assert [seal(database), seal(database), seal(database)] == [trail.BATCH, 5, 0]
    assert verdict(database).ok


CHANGES = {
    "body": """UPDATE event SET body = '{"n": -1, "what": "填报"}' WHERE seq = :n""",
    "time": "UPDATE event SET at = '2021-01-05 00:00:00.000000' WHERE seq = :n",
    "subject": "UPDATE event SET subject = 'other' WHERE seq = :n",
    "hash": "UPDATE event SET hash = prev_hash WHERE seq = :n",
    "one deleted": "DELETE FROM event WHERE seq = :n",
    "the end deleted": "DELETE FROM event WHERE seq >= :n",
    "two swapped": "UPDATE event SET body = (SELECT body FROM event AS other "
    "WHERE other.seq = 2 * :n + 1 - event.seq) WHERE seq IN (:n, :n + 1)",
}


@pytest.mark.parametrize("how", CHANGES)
def test_a_change_behind_its_back_is_found(database: Database, how: str) -> None:
    tell(database, 10)
    seal(database)
    n = random.Random(how).randint(1, 8)
    with database.write() as session:
        session.connection().execute(text(CHANGES[how]), {"n": n})
    found = verdict(database)
    assert (found.ok, found.first_bad) == (False, n)


def test_a_chain_that_was_reckoned_anew_after_a_change_no_longer_reaches_its_seals(
    database: Database,
) -> None:
    tell(database, 3)
    seal(database)
    execute(database, CHANGES["body"].replace(":n", "2"))

    def again(session: Session) -> None:
        execute_in = session.connection().execute
        execute_in(text("UPDATE event SET seq = NULL, hash = '', prev_hash = ''"))
        seals = execute_in(text("SELECT last_seq, head FROM seal")).all()
        execute_in(text("DELETE FROM seal"))
        trail.seal(session, "small", now=JANUARY)
        execute_in(text("DELETE FROM seal"))
        for last, head in seals:
            execute_in(
                text("INSERT INTO seal (programme, last_seq, head, sealed_at) "
                     "VALUES ('small', :last, :head, :at)"),
                {"last": last, "head": head, "at": "2021-01-04 01:00:00.000000+00:00"},
            )  # fmt: skip

    with database.write() as session:
        again(session)
    assert not verdict(database).ok


# -- against a head that was kept elsewhere --------------------------------------------------------


def against(database: Database, kept: trail.ChainHead) -> trail.Verdict:
    with database.read() as session:
        return trail.verify(session, "small", against=kept)


def test_a_head_that_was_printed_earlier_is_found_in_the_chain_that_grew_since(
    database: Database,
) -> None:
    tell(database, 3)
    seal(database)
    with database.read() as session:
        printed = trail.head(session, "small", at=JANUARY + timedelta(hours=1))
    assert printed == trail.ChainHead(3, verdict(database).head)
    tell(database, 4)
    seal(database)
    for kept in (printed, trail.ChainHead(0, printed.head)):
        found = against(database, kept)
        assert (found.ok, found.found, found.count) == (True, True, 7)


def test_a_chain_forged_whole_with_its_seals_does_not_pass_the_printed_head(
    database: Database,
) -> None:
    tell(database, 5)
    seal(database)
    printed = trail.ChainHead(5, verdict(database).head)
    with database.write() as session:
        run = session.connection().execute
        run(text(CHANGES["body"]), {"n": 2})
        run(text("UPDATE event SET seq = NULL, hash = '', prev_hash = ''"))
        run(text("DELETE FROM seal"))
    seal(database)
    assert verdict(database).ok, "nothing inside the database can tell"
    found = against(database, printed)
    assert (found.ok, found.found, found.first_bad) == (False, False, 5)


def test_a_head_that_never_was_is_not_found(database: Database) -> None:
    tell(database, 2)
    seal(database)
    for count in (0, 1, 2, 9):
        found = against(database, trail.ChainHead(count, "a" * 64))
        assert (found.ok, found.found) == (False, False)


# -- a thousand ways to change it ------------------------------------------------------------------

LONG = 60
EDITS = [
    """UPDATE event SET body = '{"n": -1, "what": "改"}' WHERE seq = :n""",
    "UPDATE event SET kind = 'fact.review' WHERE seq = :n",
    "UPDATE event SET subject = 'x' WHERE seq = :n",
    "UPDATE event SET at = '2021-03-01 00:00:00.000000' WHERE seq = :n",
    "UPDATE event SET hash = 'x' WHERE seq = :n",
    "UPDATE event SET prev_hash = 'x' WHERE seq = :n",
    "UPDATE event SET programme = 'other' WHERE seq = :n",
]
SLIP_IN = """
INSERT INTO event (programme, at, kind, subject, body, seq, prev_hash, hash, sealed_at)
SELECT programme, at, kind, 'slipped in', body, :n, prev_hash, hash, sealed_at FROM event
WHERE seq = :n + 1000"""


def tampered(session: Session, random: random.Random) -> str:
    """One change made directly in the tables, of a random kind at a random place."""
    run = session.connection().execute
    seq, other = random.sample(range(1, LONG + 1), 2)
    how = random.choice(["edit", "delete", "insert", "swap", "reseal"])
    values = {"n": seq, "m": other}
    match how:
        case "edit":
            run(text(random.choice(EDITS)), values)
        case "delete":
            run(text("DELETE FROM event WHERE seq = :n"), values)
        case "insert":
            run(text("UPDATE event SET seq = seq + 1000 WHERE seq >= :n"), values)
            run(text(SLIP_IN), values)
            run(text("UPDATE event SET seq = seq - 999 WHERE seq > 1000"))
        case "swap":
            run(text("UPDATE event SET seq = -1 WHERE seq = :n"), values)
            run(text("UPDATE event SET seq = :n WHERE seq = :m"), values)
            run(text("UPDATE event SET seq = :m WHERE seq = -1"), values)
        case _:
            run(text("UPDATE seal SET head = :head"), {"head": f"{random.getrandbits(256):064x}"})
    return f"{how} at {seq}"


def found_all(database: Database, count: int) -> None:
    tell(database, LONG)
    seal(database)
    chance = random.Random("a thousand ways")
    for number in range(count):
        with database.write() as session:
            how = tampered(session, chance)
            found = trail.verify(session, "small")
            assert not found.ok, f"{number}: {how}"
            assert found.first_bad is not None
            session.rollback()
    assert verdict(database).ok, "each was taken back"


def test_changes_made_directly_in_the_tables_are_found(database: Database) -> None:
    found_all(database, 50)


@pytest.mark.parametrize(
    "change", ["body = '{\"n\": 1'", "body = 'x'", "body = NULL", "at = 'yesterday'", "kind = ''"]
)
def test_what_is_no_event_any_more_is_a_broken_place_and_no_failure(
    tmp_path: Path, change: str
) -> None:
    """SQLite takes any text in any column."""
    database = opened(tmp_path)
    tell(database, 5)
    seal(database)
    database.close()
    with sqlite3.connect(tmp_path / "chain.db") as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        try:
            connection.execute("UPDATE event SET " + change + " WHERE seq = 3")  # noqa: S608  ours
        except sqlite3.IntegrityError:
            return  # the table itself does not take it
    again = opened(tmp_path)
    assert (verdict(again).ok, verdict(again).first_bad) == (False, 3)
    again.close()


def opened(folder: Path) -> Database:
    url = f"sqlite:///{folder / 'chain.db'}"
    migrated(url)
    return a_database(url)


@pytest.mark.full
def test_a_thousand_changes_made_directly_in_the_tables_are_all_found(database: Database) -> None:
    found_all(database, 1000)
