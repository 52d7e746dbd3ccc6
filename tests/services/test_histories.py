"""Random histories of both shipped lists, told to the store batch by batch: what it shows at every
step is what is reckoned from all the facts at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from random import Random

import pytest
from sqlmodel import Session, col, delete, select

from tests.builders import JANUARY, a_database, migrated
from tests.databases import Prepare
from tests.domain.histories import Words, history
from tests.domain.small import CONTEXT
from tracker.definitions import yamlform
from tracker.domain import facts as f
from tracker.domain.ledger import Ledger
from tracker.domain.scoring import score
from tracker.programmes import SHIPPED, path_of
from tracker.services import factbook, handins, programmes, reporting, scoreboard
from tracker.store.database import Database
from tracker.store.tables import HandInRow, ObligationRow

QUICK, FULL = 3, 60
ANEW = 0.2
"""How often what is told so far is looked at by a process that has just begun."""


@cache
def words(name: str) -> Words:
    return Words(yamlform.load(path_of(name)))


def published(name: str) -> Prepare:
    def prepare(url: str) -> None:
        migrated(url)
        database = a_database(url)
        with database.write() as session:
            programmes.publish(session, words(name).programme, now=JANUARY, by="office")
        database.close()

    return prepare


PREPARED = {name: published(name) for name in SHIPPED}


@pytest.fixture
def opened(
    database_like: Callable[[Prepare], str],
) -> Iterator[Callable[[str], Database]]:
    made: list[Database] = []

    def fresh(name: str) -> Database:
        made.append(a_database(database_like(PREPARED[name])))
        return made[-1]

    yield fresh
    for database in made:
        database.close()


def batches(name: str, seed: str) -> Iterator[list[f.AnyFact]]:
    """The history in the order in which it was entered, a few facts at a time; what was entered at
    one instant comes together."""
    random = Random(f"{seed} batches")
    facts = sorted(history(words(name), seed), key=lambda one: one.recorded_at)
    while facts:
        size = random.randrange(1, 8)
        while size < len(facts) and facts[size].recorded_at == facts[size - 1].recorded_at:
            size += 1
        yield facts[:size]
        facts = facts[size:]


def tell(database: Database, name: str, new: list[f.AnyFact], now: datetime) -> None:
    with database.write() as session:
        reporting.load_facts(session, name, new, now=now)


def by_both_ways(
    database: Database, name: str, known: list[f.AnyFact], now: datetime
) -> tuple[Ledger, Ledger]:
    """As the store shows it, and from all the facts at once."""
    with database.read() as session:
        shown = scoreboard.board(session, name, as_of=now).ledger
    return shown, score(words(name).programme, CONTEXT, known, as_of=now, known_at=now)


def looked_at_anew(
    database: Database, name: str, known: list[f.AnyFact], as_of: datetime, known_at: datetime
) -> None:
    """As a process shows it that has read no fact yet, and from all the facts at once."""
    fresh = a_database(database.url.render_as_string(hide_password=False))
    with fresh.read() as session:
        board = scoreboard.board(session, name, as_of=as_of, known_at=known_at)
    reckoned = score(words(name).programme, CONTEXT, known, as_of=as_of, known_at=known_at)
    assert board.ledger.entries == reckoned.entries
    assert board.ledger.standings == reckoned.standings
    assert {one.id for one in board.facts} == {
        one.id for one in known if one.recorded_at <= known_at
    }
    fresh.close()


def moved_by_what_they_say(
    database: Database, name: str, known: list[f.AnyFact], new: list[f.AnyFact], now: datetime
) -> None:
    """What the last facts did to the score, from what they touch alone, is what all facts say."""
    with database.read() as session:
        found = scoreboard.moved(session, name, new, now=now)
    was, is_ = (
        score(words(name).programme, CONTEXT, facts, as_of=now, known_at=now).score
        for facts in (known[: -len(new)], known)
    )
    assert found.by == is_ - was


def handed_in(session: Session, name: str) -> dict[tuple[str, ...], tuple[object, ...]]:
    wanted = select(HandInRow).where(HandInRow.programme == name)
    return {
        (one.clause, one.duty, one.unit): (one.occurrences, one.instants, one.unclear, one.latest)
        for one in session.exec(wanted)
    }


def made_anew(database: Database, name: str) -> None:
    """What is kept of hand-ins, fact by fact, is what all the facts at once make of them."""
    with database.write() as session:
        kept = handed_in(session, name)
        session.connection().execute(delete(HandInRow))
        session.expunge_all()
        last = factbook.last_row(session, name)
        stored = factbook.facts(session, name)
        handins.follow(session, name, (), {}, lambda: stored, before=last, last=last)
        assert handed_in(session, name) == kept


def rows(session: Session, name: str) -> dict[str, bool]:
    """Whether each obligation of the store is open; pauses come with time, not with facts, and
    theirs are the tick's."""
    wanted = select(ObligationRow).where(
        ObligationRow.programme == name, col(ObligationRow.withdrawn_at).is_(None),
        ObligationRow.kind != "gap",
    )  # fmt: skip
    return {row.key: row.open for row in session.exec(wanted)}


def told_in_batches(opened: Callable[[str], Database], name: str, count: int) -> None:
    for number in range(count):
        database, known = opened(name), list[f.AnyFact]()
        lot = Random(f"{name} looks {number}")
        for new in batches(name, f"{name} store {number}"):
            known += new
            now = max(one.recorded_at for one in known)
            tell(database, name, new, now)
            shown, reckoned = by_both_ways(database, name, known, now)
            assert shown.entries == reckoned.entries, number
            assert shown.standings == reckoned.standings, number
            with database.read() as session:
                kept = rows(session, name)
            owed = [one for one in reckoned.standings if one.obligation.kind != "gap"]
            assert kept == {one.obligation.key: one.open for one in owed}, number
            if lot.random() < ANEW:
                moved_by_what_they_say(database, name, known, new, now)
                then = lot.choice(known).recorded_at
                for as_of, known_at in ((now, now), (then, now), (now, then)):
                    looked_at_anew(database, name, known, as_of, known_at)
        made_anew(database, name)


@pytest.mark.parametrize("name", SHIPPED)
def test_what_the_store_shows_at_every_step_is_what_all_the_facts_come_to(
    opened: Callable[[str], Database], name: str
) -> None:
    told_in_batches(opened, name, QUICK)


@pytest.mark.full
@pytest.mark.parametrize("name", SHIPPED)
def test_what_the_store_shows_at_every_step_of_many_histories(
    opened: Callable[[str], Database], name: str
) -> None:
    told_in_batches(opened, name, FULL)
