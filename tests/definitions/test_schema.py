"""The published schemas: files and code say the same, and what is shipped follows them."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from tests.definitions.documents import SOUND
from tracker import programmes
from tracker.cli import schemas
from tracker.definitions import schema, yamltext

REMAKE = 'python -c "from tracker.cli.schemas import publish; publish()"'


@pytest.mark.parametrize("name", schemas.names())
def test_the_file_of_a_schema_is_what_the_code_says(name: str) -> None:
    path = programmes.SCHEMAS / f"{name}.json"
    assert path.exists(), REMAKE
    kept = json.loads(path.read_text(encoding="utf-8"))
    assert kept == schemas.of(name), f"{path.name} is old: {REMAKE}"
    Draft202012Validator.check_schema(kept)


def test_no_schema_is_kept_that_nobody_publishes() -> None:
    kept = {path.stem for path in programmes.SCHEMAS.glob("*.json")}
    assert kept == set(schemas.names())


@pytest.mark.parametrize("name", programmes.SHIPPED)
def test_a_shipped_programme_follows_the_schema(name: str) -> None:
    text = programmes.path_of(name).read_text(encoding="utf-8")
    body = yamltext.plain(yamltext.parse(text)[0], numbers=True)
    assert list(Draft202012Validator(schema.schema("programme")).iter_errors(body)) == []


def test_an_editor_is_told_what_a_rule_lacks() -> None:
    body = yamltext.plain(yamltext.parse(SOUND)[0], numbers=True)
    del body["sections"][0]["items"][0]["clauses"][0]["rules"][0]["kind"]
    validator = Draft202012Validator(schema.schema("programme"))
    assert [list(error.path)[-2:] for error in validator.iter_errors(body)] == [["rules", 0]]


def test_what_is_wrong_with_a_fact_is_seen_by_its_schema() -> None:
    validator = Draft202012Validator(schema.schema("facts"))
    sound = {"fact": "activity", "activity": "login", "occurred_at": "2021-01-01T00:00:00Z",
             "recorded_at": "2021-01-01T00:00:00Z"}  # fmt: skip
    assert validator.is_valid([sound])
    assert not validator.is_valid([{**sound, "colour": "blue"}])
    assert not validator.is_valid([{key: sound[key] for key in sound if key != "fact"}])
