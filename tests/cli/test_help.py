"""Help, versions, schemas and exit codes: the stable surface."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from jsonschema import Draft202012Validator

from tests.cli.conftest import Installation
from tracker import __version__
from tracker.cli.app import COMMANDS, app

ROOT = typer.main.get_command(app)


def every() -> Iterator[tuple[str, Any]]:
    """Every command by its words: "programme check"."""
    commands: dict[str, Any] = ROOT.commands  # type: ignore[attr-defined]  # it is a group
    for name in COMMANDS:
        command = commands[name]
        below = getattr(command, "commands", {})
        if not below or command.invoke_without_command:
            yield name, command
        for word, one in below.items():
            yield f"{name} {word}", one


COMMAND = [pytest.param(name, command, id=name) for name, command in every()]


@pytest.mark.parametrize(("name", "command"), COMMAND)
def test_every_command_and_option_has_a_help_text_in_both_languages(
    name: str, command: Any
) -> None:
    assert " / " in (command.help or "").splitlines()[0], name
    silent = [one.name for one in command.params if not getattr(one, "help", None)]
    assert silent == []


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_their_help_says(name: str) -> None:
    command: Any = ROOT.commands[name]  # type: ignore[attr-defined]  # it is a group
    assert COMMANDS[name][1] == command.help.splitlines()[0].rstrip(".")


@pytest.mark.parametrize(("name", "command"), COMMAND)
def test_what_prints_json_publishes_its_schema(bare: Installation, name: str, command: Any) -> None:
    options = {option for one in command.params for option in one.opts}
    assert ("--json" in options) == ("--schema" in options)
    if "--schema" in options:
        told = bare(*name.split(), "--schema")
        assert told.code == 0
        Draft202012Validator.check_schema(json.loads(told.text))


@pytest.mark.parametrize(("words", "name"), [("programme", "programme"), ("facts", "facts")])
def test_what_goes_in_has_a_schema_too(bare: Installation, words: str, name: str) -> None:
    assert bare(words, "schema").json["$id"] == f"urn:tracker:{name}"


def test_the_version(bare: Installation) -> None:
    assert bare("--version").text == f"tracker {__version__}\n"


@pytest.mark.parametrize(
    "words",
    [["nothing"], ["programme", "nothing"], ["score", "--nothing"], ["programme", "check"],
     ["score", "--as-of", "tomorrow"], ["remind"], ["due", "--light", "pink"],
     ["audit", "--from", "soon"], ["score", "--facts", "f.csv"], ["digest", "--audience", "all"],
     ["digest", "--audience", "head"]],
)  # fmt: skip
def test_wrong_usage_exits_with_2_and_says_what_is_wrong(
    loaded: Installation, words: list[str]
) -> None:
    told = loaded(*words)
    assert (told.code, told.text) == (2, "")
    assert "Error" in told.error


def test_no_words_at_all_show_the_help(bare: Installation) -> None:
    told = bare()
    assert told.code == 2
    assert "programme" in told.text + told.error
