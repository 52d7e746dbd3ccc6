"""The two lists of 2020 and 2021 as an office has them: read, drafted, settled by choice, sound."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from schedules.workdays import china
from tracker import programmes
from tracker.definitions import yamlform
from tracker.definitions.documents import read_document
from tracker.definitions.drafting.drafts import draft
from tracker.definitions.openpoints import Draft, settle
from tracker.domain.programme import Milestone, Programme
from tracker.domain.readings import applied
from tracker.domain.scoring import Context, score

SEEDS = Path(__file__).parents[4] / "shared" / "seeds"
COUNTY = SEEDS / "zhongfang-2021.docx"
FORMS = ("zhongfang-2021.docx", "zhongfang-2021.xlsx", "002_6033ced6d3235a21.txt")
DISTRICT = "000_90d5fdf41017c01e.txt"

needs_seeds = pytest.mark.skipif(not SEEDS.exists(), reason="the source documents are not here")


def drafted(name: str, year: int) -> Draft:
    return draft(read_document(SEEDS / name, year=year), programme="list")


def loaded(made: Draft) -> Programme:
    """Every open point settled by its first choice, written down and loaded again."""
    answers = {point.id: point.choices[0].id for point in made.open_points}
    return yamlform.loads(yamlform.dump(settle(made, answers)), "draft.yaml")


@needs_seeds
@pytest.mark.parametrize(("name", "year"), [(FORMS[0], 2021), (DISTRICT, 2020)])
def test_the_draft_of_the_list_is_sound_once_its_open_points_are_settled(
    name: str, year: int
) -> None:
    made = drafted(name, year)
    assert len(made.open_points) < 40
    programme = loaded(made)
    assert len(programme.clauses) > 130


@needs_seeds
@pytest.mark.parametrize(("name", "year"), [(FORMS[0], 2021), (DISTRICT, 2020)])
def test_every_choice_of_a_reading_can_be_taken_beside_every_other(name: str, year: int) -> None:
    programme = loaded(drafted(name, year))
    chosen = {one.id: one.default for one in programme.readings}
    last = {one.id: one.alternatives[-1].id for one in programme.readings}
    for others in (chosen, last):
        for reading in programme.readings:
            for choice in reading.alternatives:
                assert applied(programme, {**others, reading.id: choice.id}).id == programme.id


@needs_seeds
@pytest.mark.parametrize("name", FORMS[1:])
def test_every_form_of_the_county_list_gives_the_same_programme(name: str) -> None:
    word, other = (loaded(drafted(one, 2021)) for one in (FORMS[0], name))
    found = [one for one in yamlform.diff(word, other) if one.field != "source"]
    if name.endswith("xlsx"):  # it has no target tables
        found = [one for one in found if not one.id.startswith("table_")]
    assert found == []


@needs_seeds
@pytest.mark.parametrize(("name", "shipped"), [(FORMS[0], "zhongfang-2021"), (DISTRICT, "xx-2020")])
def test_the_drafted_sums_are_those_of_the_programme_that_was_written_by_hand(
    name: str, shipped: str
) -> None:
    by_hand = yamlform.load(programmes.path_of(shipped))
    read = loaded(drafted(name, by_hand.year))
    assert read.points == by_hand.points
    assert worth(read) == worth(by_hand)


def worth(programme: Programme) -> dict[str, tuple[str, str]]:
    """Points and part of every item by id."""
    return {
        item.id: (section.part, str(item.points))
        for section, item in programme.items()
        if section.part == "base"
    }


@needs_seeds
def test_the_drafted_deadlines_of_the_county_list_are_those_written_by_hand() -> None:
    by_hand = yamlform.load(programmes.path_of("zhongfang-2021"))
    read = loaded(drafted(FORMS[0], 2021))
    missing = {name: days(by_hand, name) - days(read, name) for name in read.clauses
               if name in by_hand.clauses}  # fmt: skip
    early = [name for name, left in missing.items() if any(day < "2021-12-31" for day in left)]
    assert early == []
    clocks = Counter(kind for name in read.clauses for kind in kinds(read, name))
    assert (clocks["case"], clocks["gap"], clocks["recurring"]) == (2, 1, 1)


def days(programme: Programme, name: str) -> set[str]:
    duties = programme.clauses[name][2].duties
    return {str(duty.on) for duty in duties if isinstance(duty, Milestone) and duty.on is not None}


def kinds(programme: Programme, name: str) -> list[str]:
    return [duty.kind for duty in programme.clauses[name][2].duties]


@needs_seeds
def test_the_units_that_owe_the_county_list_are_those_written_by_hand() -> None:
    by_hand = yamlform.load(programmes.path_of("zhongfang-2021"))
    read = loaded(drafted(FORMS[0], 2021))
    for name in read.clauses:
        if name in by_hand.clauses and not name.startswith(("B", "P")):
            assert owing(read, name) == owing(by_hand, name), name


def owing(programme: Programme, name: str) -> set[str]:
    _, item, clause = programme.clauses[name]
    own = clause.responsible_units
    return {programme.unit_names[unit] for unit in (own or item.responsible_units)}


@needs_seeds
def test_a_year_without_a_report_costs_by_october_what_the_programme_written_by_hand_says() -> None:
    by_hand = yamlform.load(programmes.path_of("zhongfang-2021"))
    read = loaded(drafted(FORMS[0], 2021))
    begun, october = datetime(2021, 1, 2, tzinfo=UTC), datetime(2021, 10, 2, tzinfo=UTC)
    assert lost(read, begun) == lost(by_hand, begun) == 0
    assert lost(read, october) == lost(by_hand, october) > 0


def lost(programme: Programme, at: datetime) -> int:
    return score(programme, Context(china()), [], as_of=at, known_at=at).lost
