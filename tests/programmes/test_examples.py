"""Both lists' sanctions against amounts reckoned by hand from the documents, at least one each."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import pytest

from tests.domain.small import History
from tests.programmes.examples import Example, Told, examples, shown, told_numbers, without
from tracker.definitions import yamlform
from tracker.domain.asks import AskKind, named, named_in_any_reading
from tracker.domain.ledger import Entry
from tracker.domain.programme import Alternative, Programme
from tracker.domain.questions import bearing
from tracker.domain.readings import applied, changed
from tracker.programmes import SHIPPED, path_of

TABLES = {
    name: examples(
        (Path(__file__).parent / f"{name.replace('-', '_')}_examples.txt").read_text("utf-8")
    )
    for name in SHIPPED
}
PROGRAMMES = {name: yamlform.load(path_of(name)) for name in SHIPPED}

SAID_TWICE = {
    "zhongfang-2021": {
        "30.7#1": "between 0 and 4 points, which is what the item is worth",
        "34.3#2": "2 points at most, which is what the item is worth",
        "B.2#2": "one document is one event, and an event counts once in the whole bonus part",
    },
    "xx-2020": {
        "1.2.3#1": "10 points at most, which is what the item can win above its own",
        "3.16.2#3": "each restriction costs 5 points, which is what the clause is worth",
        "4.1.1-3#2": "a work counts once, as an honour does in the whole item",
    },
}
"""Sanctions that take nothing that the item's own points would not."""


LINES = [
    pytest.param(name, example, id=f"{name}-{example.line}")
    for name, table in TABLES.items()
    for example in table
]


def amount(entries: list[Entry], example: Example) -> int:
    return sum(e.worst if example.open else e.points for e in entries)


@pytest.mark.parametrize(("name", "example"), LINES)
def test_the_ledger_comes_to_what_a_person_reckons(name: str, example: Example) -> None:
    entries = shown(Told(PROGRAMMES[name], example).ledger, example.scope)
    assert amount(entries, example) == example.expected, str(example)
    assert example.reckoned == abs(example.expected), str(example)
    assert any(entry.open for entry in entries) or not example.open


@pytest.mark.parametrize(("name", "example"), LINES)
def test_every_number_of_the_hand_is_a_number_of_the_explanation(
    name: str, example: Example
) -> None:
    found = shown(Told(PROGRAMMES[name], example).ledger, example.scope)
    entries = [e for e in found if e.points]
    if len(entries) == 1:
        assert example.numbers - told_numbers(found) == set(), str(example)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_sanction_has_an_example_that_fails_without_it(name: str) -> None:
    programme = PROGRAMMES[name]
    sanctions = {rule for rule, _, one in programme.rules() if one.kind != "duty"}
    body = programme.model_dump(mode="json", by_alias=True)
    dead = {rule for rule in sanctions - set(SAID_TWICE[name]) if not _moves(rule, name, body)}
    assert sorted(dead) == []


def _moves(rule: str, name: str, body: dict[str, object]) -> bool:
    """Whether an amount of the table is another one where the sanction is silenced."""
    mute: Programme | None = None
    for example in TABLES[name]:
        if rule not in example.rules or example.readings:
            continue
        mute = mute or without(body, rule)
        if amount(shown(Told(mute, example).ledger, example.scope), example) != example.expected:
            return True
    return False


@pytest.mark.parametrize("name", SHIPPED)
def test_examples_name_sanctions_that_exist(name: str) -> None:
    known = {rule for rule, _, _ in PROGRAMMES[name].rules()}
    assert {rule for example in TABLES[name] for rule in example.rules} <= known


def test_at_least_a_hundred_and_fifty_examples_each_said_once() -> None:
    assert sum(map(len, TABLES.values())) >= 150
    for table in TABLES.values():
        said = [(example.facts, example.scope) for example in table]
        assert len(said) == len(set(said))


ASKED_FOR = {
    "zhongfang-2021": {
        "31-2-blocks",  # whole or started 12 hours
        "31-2-cap",  # 0.30 of one case or of the year
        "31-3-once",
        "31-3-trigger",
        "20-2-stages",  # whether what is short at two stages counts twice
        "20-3-stages",
        "30-6-veto",  # the item or the year scores nothing
        "4-survivor",  # which deduction survives
        "survivor",
        "36-unallocated",
        "37-2-gap",
        "37-2-start",
        "b-1-moved-up",
    },
    "xx-2020": {
        "3-18-3-accepted",  # a month without bulletin, and none accepted all year
        "3-16-4-1-whole",  # the flat deduction that absorbs the stages
        "3-16-7-4-never",
        "3-13-2-worst",
        "3-12-1-below-zero",
        "3-16-2-scope",
        "4-2-2-node-scope",
        "3-14-order",
    },
}


@pytest.mark.parametrize("name", SHIPPED)
def test_what_can_be_read_in_two_ways_is_in_the_register(name: str) -> None:
    assert ASKED_FOR[name] <= {reading.id for reading in PROGRAMMES[name].readings}


@pytest.mark.parametrize("name", SHIPPED)
def test_every_alternative_of_every_reading_has_its_price(name: str) -> None:
    """Nothing handed in all year: each alternative gives a ledger of its own instant."""
    programme, history = PROGRAMMES[name], History()
    after = f"{programme.year + 1}-01-10"
    for reading in programme.readings:
        for one in reading.alternatives:
            ledger = history.ledger(programme, after, readings={reading.id: one.id})
            assert dict(ledger.readings)[reading.id] == one.id
            assert 0 <= ledger.base <= ledger.base_points, (reading.id, one.id)


@pytest.mark.parametrize("name", SHIPPED)
def test_what_any_alternative_looks_at_may_be_recorded_before_it_is_decided(name: str) -> None:
    """Else nobody could say what it costs, nor work with it once it holds."""
    programme = PROGRAMMES[name]
    kinds: tuple[AskKind, ...] = ("finding", "measurement", "recognition", "rank")
    known = {kind: named_in_any_reading(programme, kind) for kind in kinds}
    for reading in programme.readings:
        for one in reading.alternatives:
            read = applied(programme, {reading.id: one.id})
            for kind in kinds:
                assert named(read, kind) <= known[kind], (reading.id, one.id)


@pytest.mark.parametrize(
    ("name", "clause", "reading"),
    [
        ("zhongfang-2021", "20.2", "20-2-stages"),  # asked of it
        ("zhongfang-2021", "36.2", "36-unallocated"),  # of its item
        ("zhongfang-2021", "25", "year-end-late"),  # of another clause, which it changes too
        ("zhongfang-2021", "12.3", "12-3-both"),  # a relation of another clause that names it
        ("xx-2020", "3.13.3", "3-13-2-by"),
        ("xx-2020", "3.15.2.4", "4-2-2-elsewhere"),
    ],
)
def test_an_amount_names_every_question_whose_answer_may_change_it(
    name: str, clause: str, reading: str
) -> None:
    assert reading in bearing(PROGRAMMES[name])[clause]


@pytest.mark.parametrize("name", SHIPPED)
def test_what_an_alternative_changes_in_a_year_without_any_work_is_among_its_questions(
    name: str,
) -> None:
    """Nothing handed in: whatever an answer moves is a clause that names the question."""
    programme, history = PROGRAMMES[name], History()
    after, bears = f"{programme.year + 1}-01-10", bearing(programme)
    plain = {one.id: one.raw for one in history.ledger(programme, after).entries}
    for reading in programme.readings[::4]:
        choice = {reading.id: reading.alternatives[-1].id}
        found = history.ledger(programme, after, readings=choice).entries
        moved = {one.clause for one in found if plain.get(one.id) != one.raw}
        assert {one for one in moved if reading.id not in bears.get(one, ())} == set()


# -- readings hold together ------------------------------------------------------------------------

Choice = tuple[str, Alternative]


def pairs(programme: Programme) -> list[tuple[Choice, Choice]]:
    """Alternatives of two questions, each of which changes something."""
    choices = [
        (reading.id, one)
        for reading in programme.readings
        for one in reading.alternatives
        if one.set
    ]
    return [(one, other) for one, other in combinations(choices, 2) if one[0] != other[0]]


@pytest.mark.parametrize("name", SHIPPED)
def test_no_two_questions_answer_the_same_thing(name: str) -> None:
    same = {
        (one, other)
        for (one, this), (other, that) in pairs(PROGRAMMES[name])
        if this.set.keys() & that.set.keys()
    }
    assert same == set()


@pytest.mark.parametrize("name", SHIPPED)
def test_what_one_question_writes_into_the_rules_of_another_leaves_the_other_as_it_is(
    name: str,
) -> None:
    """Else every score after a price would be of a list that nobody published."""
    programme = PROGRAMMES[name]
    before = programme.model_dump_json()
    for (_, this), (_, that) in pairs(programme):
        whole = {
            path.rpartition(".")[0] for path in this.set if path.endswith((".rules", ".duties"))
        }
        if whole & {re.split("[#/]", path)[0] for path in that.set}:
            changed(programme, {**this.set, **that.set})
    assert programme.model_dump_json() == before


@pytest.mark.full
@pytest.mark.parametrize("name", SHIPPED)
def test_any_two_questions_about_a_clause_can_be_decided_together(name: str) -> None:
    for (_, this), (_, that) in pairs(PROGRAMMES[name]):
        if clauses_of(this) & clauses_of(that):
            changed(PROGRAMMES[name], {**this.set, **that.set})


@pytest.mark.parametrize("name", SHIPPED)
def test_a_list_that_is_read_otherwise_is_what_it_says_read_as_a_whole(name: str) -> None:
    """Only what a reading changes is looked at again, else each of them costs a whole list."""
    programme = PROGRAMMES[name]
    sections = {one.id: one for one in programme.sections}
    for reading in programme.readings[::8]:
        read = changed(programme, reading.alternatives[-1].set)
        whole = Programme.model_validate(read.model_dump(mode="json", by_alias=True))
        assert (read, read.hash) == (whole, whole.hash)
        assert any(one is sections[one.id] for one in read.sections)


def clauses_of(one: Alternative) -> set[str]:
    paths = (re.split("[#/]", path) for path in one.set)
    return {path[0] if len(path) > 1 else path[0].rpartition(".")[0] for path in paths}
