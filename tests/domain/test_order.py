"""One order for every list of obligations: red first, then what acting keeps, then the date."""

from __future__ import annotations

import pytest

from schedules.deadlines import fixed
from schedules.workdays import china
from tests.domain.small import SHANGHAI, at
from tracker.domain.obligations import Light, Obligation, Standing, red_first


def standing(key: str, light: Light, due: str = "2021-09-30") -> Standing:
    deadline = fixed(at(due).date(), zone=SHANGHAI, calendar=china()) if due else None
    owed = Obligation(
        key, "1", "1", "1", "done", "milestone", "housing", "", key, at("2021-01-01"), deadline,
        deadline,
    )  # fmt: skip
    return Standing(owed, at("2021-10-18"), light)


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ((Light.LATE, 0, "2021-09-30"), (Light.SLOW, 900, "2021-10-01")),
        ((Light.DUE, 0, "2021-10-20"), (Light.OK, 900, "2021-10-19")),
        ((Light.DUE, 500, "2021-10-20"), (Light.LATE, 100, "2021-09-30")),
        ((Light.LATE, 0, "2021-09-30"), (Light.LATE, 0, "2021-10-01")),
        ((Light.SLOW, 100, "2021-12-31"), (Light.SLOW, 0, "2021-10-20")),
        ((Light.NONE, 0, "2021-12-31"), (Light.NONE, 0, "")),
        ((Light.NONE, 0, ""), (Light.DONE, 0, "2021-01-31")),
    ],
)
def test_red_comes_first_then_what_acting_keeps_then_the_nearest_date(
    first: tuple[Light, int, str], then: tuple[Light, int, str]
) -> None:
    a, b = (
        red_first(standing(key, light, due), keeps)
        for key, (light, keeps, due) in (("b", first), ("a", then))
    )
    assert a < b
