"""The written courses name only what exists, and are the same every time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from schedules.workdays import china
from tracker.definitions import yamlform
from tracker.demo.cast import cast_of
from tracker.demo.courses import course_of, facts_of
from tracker.domain import facts as f
from tracker.domain.layout import lay_out
from tracker.domain.programme import Programme
from tracker.domain.record import record
from tracker.programmes import SHIPPED, path_of


@pytest.fixture(params=SHIPPED)
def programme(request: pytest.FixtureRequest) -> Programme:
    return yamlform.load(path_of(request.param))


def test_every_obligation_that_the_course_names_exists(programme: Programme) -> None:
    course = course_of(programme.id)
    end = datetime(programme.year + 1, 6, 1, tzinfo=UTC)
    facts = facts_of(course, programme, china())
    filed = record(facts, as_of=end, known_at=end)
    laid_out = {one.key for one in lay_out(programme, china(), filed)}
    assert course.mentioned <= laid_out


def test_every_name_in_the_course_is_one_of_the_programme(programme: Programme) -> None:
    text = programme.model_dump_json()
    for fact in facts_of(course_of(programme.id), programme, china()):
        match fact:
            case f.About():
                assert fact.clause in programme.clauses
                _, _, clause = programme.clauses[fact.clause]
                assert not fact.duty or clause.duty(fact.duty)
            case f.Finding():
                assert f'"{fact.finding}"' in text
            case f.Measurement():
                assert f'"{fact.measure}"' in text
            case f.Recognition():
                assert f'"{fact.recognition}"' in text
            case f.Target():
                assert fact.target in programme.target_values
            case _:
                pass


def test_telling_a_course_twice_gives_the_same_facts(programme: Programme) -> None:
    course = course_of(programme.id)
    assert facts_of(course, programme, china()) == facts_of(course, programme, china())


def test_every_unit_that_owes_something_has_a_contact_and_a_head(programme: Programme) -> None:
    cast = cast_of(programme)
    mails = [person.mail for person in cast]
    assert len(mails) == len(set(mails))
    roles = {"contact", "head", "leader", "office"}
    if any(item.reviewing_units for _, item in programme.items()):
        roles |= {"reviewer"}
    assert {person.role for person in cast} == roles
