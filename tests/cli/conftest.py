"""The real command line on a real, migrated database in a folder of its own."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.builders import a_case_item, a_monthly_item, a_programme, item, migrated
from tests.databases import Models
from tracker.cli import app
from tracker.cli.schemas import of
from tracker.definitions import yamlform
from tracker.domain.programme import Programme


@dataclass(frozen=True)
class Told:
    """What a command answered. `error` is what it wrote to standard error."""

    code: int
    text: str
    error: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True)
class Installation:
    """A data folder, the file of its database, and the command line with its settings."""

    folder: Path
    settings: dict[str, str]

    @property
    def database(self) -> Path:
        return self.folder / "tracker.sqlite"

    def __call__(self, *arguments: str | Path, **settings: str) -> Told:
        given = {**self.settings, **{name.upper(): text for name, text in settings.items()}}
        environ = {f"TRACKER_{name}": text for name, text in given.items()}
        done = CliRunner().invoke(app, [str(one) for one in arguments], env=environ)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Told(done.exit_code, done.stdout, done.stderr)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def valid(self, schema: str, *arguments: str | Path) -> Any:
        """The command's JSON, which follows the published schema of that name."""
        from jsonschema import validate

        told = self(*arguments, "--json")
        assert told.error == ""
        validate(told.json, of(schema))
        return told.json

    def content(self) -> str:
        """A fingerprint of every row: what a refused command must leave as it was."""
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True) as connection:
            rows = "\n".join(connection.iterdump())
        connection.close()
        return hashlib.sha256(rows.encode()).hexdigest()


def small() -> Programme:
    """An item due on 30 September, one of cases, one of a monthly bulletin."""
    return a_programme(item(due_on="2021-09-30"), a_case_item(), a_monthly_item())


@pytest.fixture
def bare(tmp_path: Path) -> Installation:
    """An installation that was never migrated."""
    return Installation(tmp_path, {"DATA": str(tmp_path)})


@pytest.fixture
def tracker(bare: Installation, sqlite_models: Models) -> Installation:
    """A migrated installation without anything in it."""
    sqlite_models.copy(migrated, bare.database)
    return bare


@pytest.fixture
def loaded(tracker: Installation) -> Installation:
    """With the small programme published."""
    path = tracker.write("small.yaml", yamlform.dump(small()))
    assert tracker("programme", "load", path).code == 0
    return tracker
