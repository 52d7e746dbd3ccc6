"""What a rule names by key has a name for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tracker.definitions import yamlform
from tracker.domain.programme import Programme
from tracker.programmes import SHIPPED, path_of

NAMING = ("finding", "measure", "recognition", "rank", "asked", "grade", "case", "activity")


@pytest.fixture(params=SHIPPED)
def programme(request: pytest.FixtureRequest) -> Programme:
    return yamlform.load(path_of(request.param))


def keys(thing: Any) -> Iterator[str]:
    """Every key in rules and duties, however deep."""
    if isinstance(thing, list):
        for one in thing:
            yield from keys(one)
    if isinstance(thing, dict):
        yield from (thing[name] for name in NAMING if isinstance(thing.get(name), str))
        yield from thing.get("classes") or ()
        for one in thing.values():
            yield from keys(one)


def test_every_key_of_a_rule_or_a_duty_has_a_name(programme: Programme) -> None:
    unnamed = {
        key
        for _, _, clause in programme.clauses.values()
        for key in keys(clause.model_dump(mode="json", exclude_defaults=True))
        if programme.called(key) == key
    }
    assert unnamed == set()


def test_every_name_is_used(programme: Programme) -> None:
    text = "".join(clause.model_dump_json() for _, _, clause in programme.clauses.values())
    assert [key for key in programme.names if f'"{key}"' not in text] == []
