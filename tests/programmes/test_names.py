"""What a rule names by key has a name for people."""

from __future__ import annotations

import json
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
        for name, value in thing.items():
            # A reading's path ends in the field that it sets.
            if name.rpartition(".")[2] in NAMING and isinstance(value, str):
                yield value
        yield from thing.get("classes") or ()
        for one in thing.values():
            yield from keys(one)


def test_every_key_of_a_rule_or_a_duty_has_a_name(programme: Programme) -> None:
    body = programme.model_dump(mode="json", exclude_defaults=True)
    places = [body["sections"], *(one["set"] for one in _alternatives(body) if "set" in one)]
    unnamed = {key for key in keys(places) if programme.called(key) == key}
    assert unnamed == set()


def test_every_name_is_used(programme: Programme) -> None:
    body = programme.model_dump(mode="json", exclude={"names"})
    text = json.dumps(body, ensure_ascii=False)
    assert [key for key in programme.names if f'"{key}"' not in text] == []


def _alternatives(body: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for reading in body["readings"] for one in reading["alternatives"]]
