"""The published answer: its schema, and the same members for every kind of file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.definitions.documents import SOUND
from tests.definitions.lists import written
from tests.definitions.lists.test_forms import FLOOD, forms
from tracker.definitions import yamlform
from tracker.definitions.documents import as_json, mapped, read_document
from tracker.definitions.schema import schema
from tracker.domain.errors import DefinitionError
from tracker.programmes import SHIPPED, path_of

VALIDATOR = Draft202012Validator(schema("read"))


def test_every_form_of_file_answers_by_the_published_schema(tmp_path: Path) -> None:
    for name, path in forms(tmp_path).items():
        answer = json.loads(json.dumps(as_json(read_document(path))))
        assert [error.message for error in VALIDATOR.iter_errors(answer)] == [], name


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_programme_is_told_like_any_other_document(name: str) -> None:
    programme = yamlform.load(path_of(name))
    document = read_document(path_of(name))
    assert [clause.id for item in document.items for clause in item.clauses] == list(
        programme.clauses
    )
    assert [check.what for check in document.checks if not check.ok] == []
    assert [error.message for error in VALIDATOR.iter_errors(as_json(document))] == []


def test_a_programme_of_ours_names_its_units(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(SOUND, encoding="utf-8")
    [item, *_] = read_document(path).items
    assert item.responsible_units == ("县住建局",)
    assert item.reviewing_units == ("市生态环境局",)


def test_a_heading_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    path = written.word(tmp_path / "list.docx", FLOOD)
    with pytest.raises(DefinitionError, match="评分标准") as refusal:
        read_document(path, columns=mapped("计分法=clause"))
    assert "计分法" in str(refusal.value)


def test_text_that_belongs_to_no_item_is_told_with_its_place(tmp_path: Path) -> None:
    rows = (*FLOOD, ("注：本表由县防汛办解释。", *["<"] * 5))
    [unread] = read_document(written.word(tmp_path / "list.docx", rows)).unread
    assert (unread.place, unread.text) == ("table 1 row 8 cell 1", "注：本表由县防汛办解释。")
