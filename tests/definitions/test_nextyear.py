"""The next year of a programme: sound, every date moved, what no rule can know left to a person."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.builders import a_programme, clause, item
from tracker.definitions import yamlform
from tracker.definitions.nextyear import successor
from tracker.definitions.openpoints import Draft, settle, settled
from tracker.domain.programme import Programme
from tracker.services.instructions import prepared

SHIPPED = Path(__file__).parents[2] / "tracker/programmes"


def gone_over(draft: Draft, *, last: bool) -> Programme:
    """Every open point answered by its first choice, or by its last one."""
    chosen = {one.id: one.choices[-1 if last else 0].id for one in draft.open_points}
    return settled(settle(draft, chosen))


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize(("name", "year"), [("zhongfang-2021", 2022), ("xx-2020", 2021)])
def test_a_shipped_programme_has_a_sound_next_year_with_no_day_of_the_old_one(
    name: str, year: int, *, last: bool
) -> None:
    programme = yamlform.load(SHIPPED / f"{name}.yaml")
    made = gone_over(successor(programme, year, {}), last=last)
    assert made.id == name.replace(str(programme.year), str(year))
    assert yamlform.loads(yamlform.dump(made), made.id, "zh") == made
    days = json.dumps([one.model_dump(mode="json") for _, _, body in made.clauses.values()
                       for one in body.duties])  # fmt: skip
    assert f'"{programme.year}-' not in days
    assert f'"{year}-' in days


def test_a_leap_day_becomes_the_last_of_february_and_the_reading_that_holds_the_default() -> None:
    due = clause("1", duties=[{"kind": "milestone", "id": "done", "on": "2024-02-29"}],
                 rules=[{"kind": "duty", "duty": "done"}])  # fmt: skip
    reading = {
        "id": "r", "clause": "1", "question": "怎样算？", "default": "a",
        "alternatives": [{"id": "a", "says": "甲"}, {"id": "b", "says": "乙"}],
    }  # fmt: skip
    programme = a_programme(item("1", due), year=2024, readings=[reading])
    made = successor(programme, 2025, {"r": "b"})
    [duty] = made.clauses["1"][2].duties
    assert duty.model_dump(mode="json")["on"] == "2025-02-28"
    assert made.readings[0].default == "b"
    assert (made.id, made.year) == ("small-2025", 2025)
    assert [one.id for one in made.open_points] == ["dates"]


def test_a_programme_with_a_place_for_instructions_is_sound_and_gets_no_second_one() -> None:
    ready = prepared(yamlform.load(SHIPPED / "zhongfang-2021.yaml"))
    assert yamlform.loads(yamlform.dump(ready), ready.id, "zh").hash == ready.hash
    assert prepared(ready) is ready
