"""A database of every head there has been, with data, is brought to the present one."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from tests.builders import a_database
from tests.cli.conftest import Installation
from tests.store import heads
from tracker.services import planning
from tracker.store import database
from tracker.store.database import head_revision, migrate
from tracker.store.tables import NoticeRow


@pytest.mark.parametrize("revision", heads.revisions())
def test_an_office_of_any_head_answers_after_its_upgrade_as_before_and_its_clock_goes_on(
    revision: str, database_url: str, tmp_path: Path
) -> None:
    assert migrate(database_url, revision) == revision
    heads.put(database_url, revision)
    assert migrate(database_url) == head_revision()
    with closing(a_database(database_url)) as office:
        with office.read() as session:
            last = max(row.made_at for row in session.exec(select(NoticeRow)))
        assert planning.tick_all(office, last).made == 0  # what was made before is not made again
    _answers_as_before(database_url, tmp_path, heads.kept(revision)["answers"])


def _answers_as_before(url: str, folder: Path, before: dict[str, Any]) -> None:
    tracker = Installation(folder, {"DATA": str(folder), "DATABASE_URL": url})
    score = tracker("score", "--as-of", "2021-11-01", "--json").json
    assert (score["score"], score["lost"]) == (before["score"], before["lost"])
    words = ("--from", "2021-01-01", "--to", "2021-10-31", "--as-of", "2021-11-01", "--json")
    late = tracker("audit", *words).json["rows"]
    assert sorted(one["key"] for one in late) == before["late"]
    found = tracker("trail", "verify", "--json").json
    assert found["ok"]
    chains = {one["programme"]: [one["count"], one["head"]] for one in found["chains"]}
    assert chains == before["chains"]
    assert tracker("tick").code == 0


NEVER_A_HEAD = {"0006"}
"""It landed together with the next."""


def test_every_head_that_an_office_could_have_has_one_here() -> None:
    """The present one, too: an office that has it will want the next."""
    versions = Path(database.__file__).parent / "migrations" / "versions"
    all_ = {path.name[:4] for path in versions.glob("[0-9]*.py")}
    assert all_ - NEVER_A_HEAD == set(heads.revisions())
