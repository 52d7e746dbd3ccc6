"""Leases, fences and retries of the outbox, on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.builders import at
from tracker.services import outbox, trail
from tracker.services.claims import Claim
from tracker.services.outbox import Ending, Outcome, Retry
from tracker.store.database import Database
from tracker.store.tables import DispatchRow, DispatchState, PersonRow

NOW = at("2021-09-27 08:30")
RETRY = Retry()


@pytest.fixture
def dispatches(database: Database) -> list[int]:
    """Five frozen mails that are due, to one person."""
    with database.write() as session:
        person = PersonRow(name="某人", mail="a@b.example", salt="s")
        session.add(person)
        session.flush()
        rows = [
            DispatchRow(
                key=f"{person.id}|w{n}|mail", person_id=person.id or 0, programme="small",
                window=f"w{n}", channel="mail", message_id=f"m{n}@tracker.test", made_at=NOW,
                due_at=NOW + timedelta(seconds=n), frozen_at=NOW, raw=b"x", recipient="a@b.example",
            )
            for n in range(5)
        ]  # fmt: skip
        session.add_all(rows)
        session.flush()
        return [row.id or 0 for row in rows]


def claim(
    database: Database, when: datetime, *, limit: int = 10, worker: str = "one"
) -> list[Claim]:
    with database.write() as session:
        return outbox.claim(session, when, limit=limit, worker=worker)


def settle(
    database: Database, one: Claim, ending: Ending, when: datetime, reply: str = ""
) -> list[DispatchState]:
    with database.write() as session:
        return outbox.settle(session, [Outcome(one, ending, reply)], when, RETRY)


def row(database: Database, id_: int) -> DispatchRow:
    with database.read() as session:
        found = session.get(DispatchRow, id_)
        assert found is not None
        return found


def test_what_is_due_is_leased_oldest_first_and_to_one_worker(
    database: Database, dispatches: list[int]
) -> None:
    later = NOW + timedelta(seconds=3)
    first = claim(database, later, limit=3)
    second = claim(database, later, worker="two")
    assert [one.dispatch_id for one in first] == dispatches[:3]
    assert [one.dispatch_id for one in second] == dispatches[3:4]
    assert claim(database, later, worker="three") == []


def test_a_lease_that_ran_out_is_claimed_again_with_a_higher_attempt(
    database: Database, dispatches: list[int]
) -> None:
    [first] = claim(database, NOW, limit=1)
    assert (
        claim(database, NOW + outbox.LEASE - timedelta(seconds=1), limit=1, worker="two")[
            0
        ].dispatch_id
        != first.dispatch_id
    )
    again = claim(database, NOW + outbox.LEASE + timedelta(hours=1), worker="two")
    [same] = [one for one in again if one.dispatch_id == first.dispatch_id]
    assert same.attempt == 2
    assert settle(database, first, Ending.SENT, NOW) == []
    assert settle(database, same, Ending.SENT, NOW) == [DispatchState.SENT]


AHEAD = timedelta(days=400)
"""By how much somebody has put the clock wrong."""


def test_a_lease_taken_while_the_clock_was_ahead_is_believed_for_its_length_and_no_longer(
    database: Database, dispatches: list[int]
) -> None:
    claim(database, NOW + AHEAD, worker="gone")
    assert claim(database, NOW, worker="two") == []
    assert claim(database, NOW + outbox.LEASE - timedelta(seconds=1), worker="two") == []
    again = claim(database, NOW + outbox.LEASE, worker="two")
    assert [(one.dispatch_id, one.attempt) for one in again] == [(id_, 2) for id_ in dispatches]


def test_a_run_that_began_long_ago_doubts_no_lease_that_was_taken_since(
    database: Database, dispatches: list[int]
) -> None:
    later = NOW + 4 * outbox.LEASE
    assert len(claim(database, later, worker="two")) == len(dispatches)
    with database.write() as session:
        assert outbox.claim(session, NOW, limit=10, worker="one", leased_at=later) == []
    assert claim(database, later + timedelta(seconds=1), worker="one") == []


def test_who_holds_a_lease_from_a_clock_that_was_ahead_may_still_settle_it(
    database: Database, dispatches: list[int]
) -> None:
    [first, *_] = claim(database, NOW + AHEAD)
    assert claim(database, NOW, worker="two") == []
    assert settle(database, first, Ending.SENT, NOW) == [DispatchState.SENT]


def test_a_try_put_off_while_the_clock_was_ahead_is_not_put_off_until_then(
    database: Database, dispatches: list[int]
) -> None:
    [first, second, *_] = claim(database, NOW + AHEAD)
    assert settle(database, first, Ending.LATER, NOW + AHEAD) == [DispatchState.PENDING]
    assert settle(database, second, Ending.UNKNOWN, NOW + AHEAD) == [DispatchState.UNKNOWN]
    assert claim(database, NOW, worker="two") == []
    again = claim(database, NOW, worker="two")
    assert [one.dispatch_id for one in again] == dispatches[:2]


def test_a_try_that_a_server_put_off_for_a_day_is_not_made_before(
    database: Database, dispatches: list[int]
) -> None:
    [first, *_] = claim(database, NOW)
    day = timedelta(days=1)
    with database.write() as session:
        outbox.settle(session, [Outcome(first, Ending.LATER, "", 30 * day)], NOW, RETRY)
    assert row(database, first.dispatch_id).next_try_at == NOW + outbox.LONGEST_WAIT
    for _ in range(2):
        found = claim(database, NOW + timedelta(minutes=1), worker="two")
        assert first.dispatch_id not in [one.dispatch_id for one in found]


def test_no_mail_is_given_up_by_a_clock_before_it_was_tried_as_often_as_there_are_waits(
    database: Database, dispatches: list[int]
) -> None:
    for attempt in range(1, len(RETRY.waits) + 2):
        [first, *_] = claim(database, NOW + attempt * AHEAD)
        assert first.attempt == attempt
        [state] = settle(database, first, Ending.LATER, NOW + attempt * AHEAD)
        gives_up = attempt > len(RETRY.waits)
        assert state is (DispatchState.FAILED if gives_up else DispatchState.PENDING)


def test_the_same_outcome_told_twice_counts_once(database: Database, dispatches: list[int]) -> None:
    [one] = claim(database, NOW, limit=1)
    assert settle(database, one, Ending.SENT, NOW) == [DispatchState.SENT]
    assert settle(database, one, Ending.REFUSED, NOW) == []
    with database.read() as session:
        events = [e for e in trail.events(session, "small") if e.kind.startswith("dispatch.")]
    assert [event.kind for event in events] == ["dispatch.sent"]


@pytest.mark.parametrize(
    ("ending", "state", "outcome"),
    [
        (Ending.SENT, DispatchState.SENT, "sent"),
        (Ending.REFUSED, DispatchState.FAILED, "refused"),
        (Ending.LATER, DispatchState.PENDING, "later"),
        (Ending.UNKNOWN, DispatchState.UNKNOWN, "unknown"),
    ],
)
def test_each_ending_has_its_state(
    database: Database, dispatches: list[int], ending: Ending, state: DispatchState, outcome: str
) -> None:
    [one] = claim(database, NOW, limit=1)
    settle(database, one, ending, NOW, "251 <a@b.example> says no")
    found = row(database, one.dispatch_id)
    assert (found.state, found.outcome, found.lease_until) == (state, outcome, None)
    assert found.server_reply == "251 <***> says no"
    assert (found.settled_at is None) == (ending in (Ending.LATER, Ending.UNKNOWN))


def test_tries_lie_further_apart_until_it_gives_up(
    database: Database, dispatches: list[int]
) -> None:
    when, tries = NOW, []
    for _ in range(80):
        mine = [one for one in claim(database, when) if one.dispatch_id == dispatches[0]]
        if not mine:
            break
        tries.append(when - NOW)
        settle(database, mine[0], Ending.LATER, when)
        when = row(database, dispatches[0]).next_try_at or when
    minutes = [int(gap / timedelta(minutes=1)) for gap in tries[:5]]
    assert minutes == [0, 30, 90, 210, 390]
    assert tries[-1] >= RETRY.give_up_after
    found = row(database, dispatches[0])
    assert (found.state, found.outcome) == (DispatchState.FAILED, "given_up")


def test_once_unknown_it_is_never_called_unsent(database: Database, dispatches: list[int]) -> None:
    [one] = claim(database, NOW, limit=1)
    settle(database, one, Ending.UNKNOWN, NOW)
    when = NOW + timedelta(minutes=30)
    [again] = [c for c in claim(database, when) if c.dispatch_id == one.dispatch_id]
    settle(database, again, Ending.LATER, when)
    assert row(database, one.dispatch_id).state is DispatchState.UNKNOWN


def test_a_server_that_asks_for_more_time_is_given_it() -> None:
    assert RETRY.wait(1, timedelta(hours=2)) == timedelta(hours=2)
    assert RETRY.wait(9, timedelta(minutes=1)) == timedelta(hours=3)


def test_suppressing_says_why_and_remembers_what_may_have_gone_out(
    database: Database, dispatches: list[int]
) -> None:
    [one] = claim(database, NOW, limit=1)
    settle(database, one, Ending.UNKNOWN, NOW)
    with database.write() as session:
        found = session.get(DispatchRow, one.dispatch_id)
        assert found is not None
        outbox.suppress(session, found, "lapsed", NOW)
    assert row(database, one.dispatch_id).outcome == "lapsed_unknown"
    assert claim(database, NOW + timedelta(days=1))[0].dispatch_id != one.dispatch_id


def test_the_claim_reads_an_index_and_no_table(database: Database, dispatches: list[int]) -> None:
    explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
    with database.write() as session:
        run = session.connection().exec_driver_sql
        if not database.is_sqlite:
            run("SET LOCAL enable_seqscan = off")  # five rows are read quicker without an index
        plan = run(
            f"{explain} SELECT id FROM dispatch WHERE {outbox.OPEN} "  # noqa: S608
            "AND due_at <= '2021-01-01' ORDER BY due_at, id LIMIT 10"
        )
        assert "ix_dispatch_open_due_at" in str(plan.all())
