"""Random histories of both shipped lists, told to the store batch by batch: what it shows at every
step is what is reckoned from all the facts at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from random import Random

import pytest
from sqlmodel import Session, col, select

from tests.builders import JANUARY, a_database, migrated
from tests.databases import Prepare
from tests.domain.histories import Words, history
from tests.domain.small import CONTEXT
from tracker.definitions import yamlform
from tracker.domain import facts as f
from tracker.domain.ledger import Ledger
from tracker.domain.scoring import score
from tracker.programmes import SHIPPED, path_of
from tracker.services import programmes, reporting, scoreboard
from tracker.store.database import Database
from tracker.store.tables import ObligationRow

QUICK, FULL = 3, 60


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
