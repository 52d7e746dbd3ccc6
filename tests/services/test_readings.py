"""The register of readings: every alternative with its price, and the decision that settles one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.workdays import china
from tests.builders import JANUARY, a_programme, a_report, an_acceptance, at, clause, item
from tracker.definitions.yamlform import load
from tracker.domain import facts as f
from tracker.domain.errors import DefinitionError, Refused
from tracker.domain.points import Units, shown
from tracker.domain.programme import Programme
from tracker.domain.readings import applied
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


@pytest.mark.parametrize(
    ("rules", "kinds"),
    [
        ([{"kind": "discretionary", "most": "1"}], ["discretionary"]),
        ([{"kind": "all_or_nothing", "duty": "done"}, *HOURS["rules"]],
         ["all_or_nothing", "lateness"]),
    ],
)  # fmt: skip
def test_a_reading_says_nothing_of_a_rule_that_another_one_put_others_in_the_place_of(
    rules: list[dict[str, object]], kinds: list[str]
) -> None:
    whole = {
        "id": "whole", "clause": "1", "question": "怎样计分？", "default": "read",
        "alternatives": [
            {"id": "read", "says": "照读出的", "set": {}},
            {"id": "other", "says": "由人认定", "set": {"1.rules": rules}},
        ],
    }  # fmt: skip
    programme = a_programme(item("1", clause("1", **HOURS)), readings=[BLOCKS, whole])
    for steps in ("completed", "started"):
        read = applied(programme, {"whole": "other", "blocks": steps})
        assert [rule.kind for rule in read.clauses["1"][2].rules] == kinds
    same = [{**HOURS["rules"][0], "each": "0.2"}]
    whole["alternatives"][1]["set"] = {"1.rules": same}
    programme = a_programme(item("1", clause("1", **HOURS)), readings=[BLOCKS, whole])
    [rule] = applied(programme, {"whole": "other", "blocks": "started"}).clauses["1"][2].rules
    assert (str(rule.each), str(rule.steps)) == ("0.2", "started")


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


# -- how far all of them go together ---------------------------------------------------------------


def late_programme(each: str, *alternatives: tuple[str, str], worth: str = "1") -> Programme:
    """Two clauses of one item, each losing `each` for 12 hours of delay, each with an open reading
    under which it loses something else."""
    clauses = [
        clause(name, duties=HOURS["duties"], rules=[{**HOURS["rules"][0], "each": each}])
        for name in ("1.1", "1.2")
    ]
    open_ = [
        {
            "id": f"r{name}", "clause": f"1.{name}", "question": "扣多少？", "default": "printed",
            "alternatives": [
                {"id": "printed", "says": "照印的", "set": {}},
                {"id": "other", "says": "另一种", "set": {f"1.{name}#1.each": other}},
            ],
        }
        for name, other in alternatives
    ]  # fmt: skip
    return a_programme(item("1", *clauses, points=worth), item("2", points="9"), readings=open_)


def span_of(programme: Programme) -> readings.Span:
    """As of November; both clauses were met 30 hours late, two blocks of 12 hours."""
    facts = [
        fact
        for name in ("1.1", "1.2")
        for fact in (
            a_report(name, on="2021-10-02 06:00", id=f"r{name}"),
            an_acceptance(f"r{name}", on="2021-10-08", id=f"v{name}"),
        )
    ]
    seen = scoreboard.of_documents(programme, facts, china(), as_of=NOVEMBER)
    return readings.span_of(seen, readings.of_board(seen))


def test_readings_that_do_not_touch_each_other_add_up() -> None:
    found = span_of(late_programme("0.1", ("1", "0.2"), ("2", "0.05")))
    assert (shown(found.down), shown(found.up), found.open) == ("−0.20", "0.10", 2)


def test_what_two_readings_take_stops_at_the_item_s_points() -> None:
    """Each alone takes 0.6 more, together 1.2; but the item has only 0.6 left to lose."""
    found = span_of(late_programme("0.1", ("1", "0.4"), ("2", "0.4")))
    assert (shown(found.down), shown(found.up)) == ("−0.60", "0.00")


def test_what_two_readings_give_back_stops_at_what_was_lost() -> None:
    both = late_programme("0.5", ("1", "0"), ("2", "0"))
    assert shown(span_of(both).up) == "1.00"
    given = {"1.1#1.each": "0", "1.2#1.each": "0"}
    twice = [
        {
            "id": name, "clause": "1.1", "question": "扣不扣？", "default": "printed",
            "alternatives": [
                {"id": "printed", "says": "扣", "set": {}},
                {"id": "other", "says": "不扣", "set": given},
            ],
        }
        for name in ("r1", "r2")
    ]  # fmt: skip
    found = span_of(Programme.model_validate({**both.model_dump(by_alias=True), "readings": twice}))
    assert shown(found.up) == "1.00", "the same loss is given back once"


def test_a_cap_does_not_hide_what_two_readings_give_back_together() -> None:
    """Two times 1.6 is lost and capped at 1: neither reading alone changes that, both do."""
    found = span_of(late_programme("0.8", ("1", "0.2"), ("2", "0.2")))
    assert (shown(found.down), shown(found.up)) == ("0.00", "0.20")


@given(
    each=st.sampled_from(["0.1", "0.3", "0.8"]),
    others=st.tuples(*[st.sampled_from(["0", "0.05", "0.2", "0.5", "2"])] * 2),
)
def test_both_ends_are_scores_that_some_choice_gives(each: str, others: tuple[str, str]) -> None:
    programme = late_programme(each, ("1", others[0]), ("2", others[1]))
    found = span_of(programme)
    scores = [
        span_of(_decided(programme, first, second)).score
        for first in ("printed", "other")
        for second in ("printed", "other")
    ]
    assert (found.low, found.high) == (min(scores), max(scores))


def _decided(programme: Programme, first: str, second: str) -> Programme:
    """With the choices written into it, and nothing left open."""
    return applied(programme, {"r1": first, "r2": second}).model_copy(update={"readings": ()})


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


COUNTY = load(SHIPPED[-1])


def found(key: str, count: int = 1, problem: str = "e1") -> f.Finding:
    when = at("2021-06-15 09:00")
    return f.Finding(id=f.FactId(key), finding=key, count=count, problem=problem,
                     occurred_at=when, recorded_at=when)  # fmt: skip


@pytest.mark.parametrize(
    ("reading", "choice", "facts", "price"),
    [
        # 0.2 of item 29 goes, 0.5 of the penalties stays; what costs 0.1 goes, 0.2 stays
        ("p-scope", "everything", [found("permit_violation"), found("national_criticism")], "0.20"),
        ("p-scope", "everything",
         [found("permit_violation"), found("dispatch_material_misreported")], "0.10"),
        # 1 of item 5 goes, 2 of item 4 stay
        ("5-scope", "across",
         [found("state_section_short_of_class3"), found("province_section_short_of_class3")],
         "1.00"),
        # three breaches: item 30 has lost its 4, the whole loses the 96 left but 0.2
        ("30-6-veto", "programme",
         [found("enforcement_discipline_breach", 3), found("permit_violation")], "−95.80"),
    ],
)  # fmt: skip
def test_a_price_holds_what_an_alternative_changes_in_another_item(
    reading: str, choice: str, facts: list[f.AnyFact], price: str
) -> None:
    seen = scoreboard.of_documents(COUNTY, facts, china(), as_of=at("2021-06-30"))
    [entry] = [one for one in readings.of_board(seen) if one.reading.id == reading]
    [other] = [one for one in entry.choices if one.id == choice]
    # Nobody's monthly example has come (0.5 of item 37): it is lost with the rest.
    monthly = sum(e.points for e in seen.ledger.of_item("37")) if reading == "30-6-veto" else 0
    assert shown(Units(other.difference + monthly)) == price
    context = Context(china(), {reading: choice})
    whole = score(COUNTY, context, facts, as_of=seen.as_of, known_at=seen.known_at)
    assert other.score == whole.score
