"""The register of readings: every alternative with its price, and the decision that settles one."""

from __future__ import annotations

from pathlib import Path

import pytest

from schedules.workdays import china
from tests.builders import JANUARY, a_programme, a_report, an_acceptance, at, clause, item
from tracker.definitions.yamlform import load
from tracker.domain.errors import DefinitionError, Refused
from tracker.domain.points import shown
from tracker.domain.scoring import Context, score
from tracker.services import programmes, readings, reporting, scoreboard, trail
from tracker.store.database import Database

BLOCKS = {
    "id": "blocks", "clause": "1", "question": "不满12小时怎么算？", "default": "completed",
    "alternatives": [
        {"id": "completed", "says": "满12小时才算", "set": {}},
        {"id": "started", "says": "不满12小时按一天算", "set": {"1#1.steps": "started"}},
        {"id": "asked", "says": "去问上级", "set": {}},
    ],
}  # fmt: skip
HOURS = {
    "duties": [{"kind": "milestone", "id": "done", "on": "2021-09-30"}],
    "rules": [
        {"kind": "lateness", "duty": "done", "each": "0.1", "every": {"n": 12, "unit": "hour"}}
    ],
}
NOVEMBER = at("2021-11-01")


@pytest.fixture
def published(database: Database) -> Database:
    """30 hours late: two blocks of 12 hours completed, three begun."""
    with database.write() as session:
        programme = a_programme(item("1", clause("1", **HOURS)), item("2"), readings=[BLOCKS])
        programmes.publish(session, programme, now=JANUARY, by="office")
    facts = [a_report(on="2021-10-02 06:00", id="r"), an_acceptance("r", on="2021-10-08")]
    with database.write() as session:
        reporting.load_facts(session, "small", facts, now=NOVEMBER)
    return database


def register(database: Database) -> readings.Entry:
    with database.read() as session:
        [entry] = readings.register(session, "small", as_of=NOVEMBER)
    return entry


def decide(database: Database, choice: str = "started") -> None:
    with database.write() as session:
        readings.decide(
            session, "small", "blocks", choice, person="王主任", reason="从严",
            now=at("2021-10-20"), by="organisation",
        )  # fmt: skip


def test_every_alternative_has_its_price(published: Database) -> None:
    entry = register(published)
    assert entry.open
    assert entry.holds == "completed"
    prices = {one.id: (shown(one.difference), one.executable) for one in entry.choices}
    assert prices == {
        "completed": ("0.00", True),
        "started": ("−0.10", True),
        "asked": ("0.00", False),
    }
    assert (shown(entry.high - entry.low)) == "0.10"


def test_a_decision_settles_it_and_moves_the_score(published: Database) -> None:
    with published.read() as session:
        before = scoreboard.board(session, "small", as_of=NOVEMBER).ledger.score
    decide(published)
    entry = register(published)
    assert (entry.open, entry.holds) == (False, "started")
    assert entry.decision is not None
    assert entry.decision.person == "王主任"
    with published.read() as session:
        after = scoreboard.board(session, "small", as_of=NOVEMBER).ledger.score
    assert shown(before - after) == "0.10"
    assert {one.id: shown(one.difference) for one in entry.choices}["completed"] == "0.10"


def test_the_same_decision_twice_is_refused_and_another_one_is_not(published: Database) -> None:
    decide(published)
    with pytest.raises(Refused, match="blocks"):
        decide(published)
    decide(published, "completed")
    assert register(published).holds == "completed"


def test_a_decision_on_what_is_no_alternative_is_refused(published: Database) -> None:
    with pytest.raises(DefinitionError, match="alternative"):
        decide(published, "perhaps")


def test_a_decision_is_on_the_trail_without_the_name(published: Database) -> None:
    decide(published)
    with published.read() as session:
        event = trail.events(session, "small")[0]
    assert event.kind == "fact.reading"
    assert "王主任" not in trail.canonical(event.body)


SHIPPED = sorted((Path(__file__).parents[2] / "tracker" / "programmes").glob("*.yaml"))


@pytest.mark.full
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_price_of_the_shipped_programmes_is_what_scoring_everything_gives(path: Path) -> None:
    """Only the items that a reading reaches are scored for its price; that must not show."""
    programme = load(path)
    seen = scoreboard.of_documents(
        programme, [], china(), as_of=at(f"{programme.year}-12-31 24:00")
    )
    for entry in readings.of_board(seen):
        for choice in entry.choices:
            context = Context(china(), {entry.reading.id: choice.id})
            whole = score(programme, context, [], as_of=seen.as_of, known_at=seen.known_at)
            assert (entry.reading.id, choice.score) == (entry.reading.id, whole.score)
