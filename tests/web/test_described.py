"""The interface is what its document says: requests made from the document meet no fault of ours,
and every answer is one that it names, in the form that it gives.

`pytest -m full` makes many requests for each operation, the usual run a few.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from schedules.deadlines import local_day
from tests.builders import SHANGHAI
from tests.databases import Prepare
from tests.web.conftest import House, opened
from tests.web.staff import staffed
from tracker.domain.authority import Post, Role
from tracker.services import accounts, tokens
from tracker.web.app import create

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance,
          response_schema_conformance]  # fmt: skip
FEW, MANY = 6, 100


@pytest.fixture
def staff(database_like: Callable[[Prepare], str], tmp_path: Path) -> Iterator[House]:
    house = opened(database_like(staffed), tmp_path / "data")
    yield house
    house.runtime.database.close()


def key_to_everything(house: House) -> str:
    """A token of somebody who runs every programme and administers, so that no door is in the
    way."""
    now = house.clock.now()
    on = local_day(now, SHANGHAI)
    with house.runtime.database.write() as session:
        one = accounts.named(session, "admin", on)
        accounts.give(session, one.id, Post(Role.OFFICE), now=now, on=on, by="x")
        _, value = tokens.make(session, one.id, name="a test", days=9, now=now, on=on, by="x",
                               scopes=[scope.value for scope in tokens.Scope])  # fmt: skip
    return f"Bearer {value}"


@pytest.mark.parametrize("most", [FEW, pytest.param(MANY, marks=pytest.mark.full)])
def test_every_answer_is_one_that_the_document_names(staff: House, most: int) -> None:
    headers = {"authorization": key_to_everything(staff), "host": "tracker.example"}
    app: Any = create(staff.runtime)
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", app, headers=headers)
    tried = 0
    for found in schema.get_all_operations():
        operation = found.ok()

        @seed(1)
        @settings(max_examples=most, deadline=None, database=None, phases=[Phase.generate],
                  suppress_health_check=list(HealthCheck))  # fmt: skip
        @given(case=operation.as_strategy())
        def asked(case: Any) -> None:
            if "small" not in str(case.path_parameters) and "slug" in (case.path_parameters or {}):
                case.path_parameters["slug"] = "small"
            answer = case.call(headers=headers)
            # Health that is red is no fault of the answer: 503 is how a monitor is told.
            case.validate_response(answer, checks=CHECKS[case.path.endswith("/health") :])

        asked()
        tried += 1
    assert tried > 20
