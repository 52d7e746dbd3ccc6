"""The interface is what its document says: requests made from the document meet no fault of ours,
and every answer is one that it names, in the form that it gives.

`pytest -m full` makes many requests for each operation, the usual run a few.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
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
from tests.builders import SHANGHAI, at
from tests.databases import Models, Prepare
from tests.web.conftest import House, opened
from tests.web.staff import FAR, staffed
from tests.web.test_browser import served
from tests.web.test_matrix import VALUES
from tracker.domain.authority import Post, Role
from tracker.services import accounts, tokens

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance,
          response_schema_conformance]  # fmt: skip
FEW, MANY = 6, 100
PATIENT = 120
"""Seconds: on a busy machine an answer may be long in coming, which is not what is asked here."""


@pytest.fixture
def staff(database_like: Callable[[Prepare], str], tmp_path: Path) -> Iterator[House]:
    house = opened(database_like(staffed), tmp_path / "data")
    yield house
    house.runtime.database.close()


@pytest.fixture
def staff_of_both(
    sqlite_models: Models, postgres_models: Models, tmp_path: Path
) -> Iterator[tuple[House, House]]:
    """The same requests for both databases: making one costs as much as answering it."""
    lite = opened(sqlite_models.copy(staffed, tmp_path / "web.sqlite"), tmp_path / "lite")
    post = opened(postgres_models.copy(staffed, tmp_path), tmp_path / "post")
    yield lite, post
    lite.runtime.database.close()
    post.runtime.database.close()
    postgres_models.drop(post.runtime.database.engine.url.render_as_string(hide_password=False))


def key_to_everything(house: House) -> str:
    """A token of somebody who runs every programme and administers, so that no door is in the
    way."""
    now = house.clock.now()
    on = local_day(now, SHANGHAI)
    with house.runtime.database.write() as session:
        one = accounts.named(session, "admin", on)
        if len(one.seats) == 1:
            accounts.give(session, one.id, Post(Role.OFFICE), now=now, on=on, by="x")
        _, value = tokens.make(session, one.id, name="a test", days=9, now=now, on=on, by="x",
                               scopes=[scope.value for scope in tokens.Scope])  # fmt: skip
    return f"Bearer {value}"


class Sent:
    """A document's operations asked of offices again and again, and what they answered. In this
    process, but for a `served` one, which is asked at the address of its document."""

    def __init__(self, houses: Sequence[House], most: int, *, served: bool = False) -> None:
        self.houses, self.most, self.served = houses, most, served
        self.answers: dict[str, Counter[int]] = {}

    def ask(self, operations: Iterable[Any]) -> None:
        for found in operations:
            operation = found.ok()
            # A request may revoke the very token that it shows: the next operation has another.
            self._ask(operation, [
                {"headers": {"authorization": key_to_everything(one), "host": "tracker.example"}}
                | ({"timeout": PATIENT} if self.served else {"app": one.app})
                for one in self.houses
            ])  # fmt: skip

    def _ask(self, operation: Any, ways: Sequence[dict[str, Any]]) -> None:
        seen = self.answers[operation.label] = Counter()

        @seed(1)
        @settings(max_examples=self.most, deadline=None, database=None, phases=[Phase.generate],
                  suppress_health_check=list(HealthCheck))  # fmt: skip
        @given(case=operation.as_strategy())
        def asked(case: Any) -> None:
            if "slug" in (case.path_parameters or {}):
                case.path_parameters["slug"] = "small"
            for way in ways:
                answer = case.call(**way)
                seen[answer.status_code] += 1
                # Health that is red is no fault of the answer: 503 is how a monitor is told.
                case.validate_response(answer, checks=CHECKS[case.path.endswith("/health") :])

        asked()

    def __str__(self) -> str:
        whole: Counter[int] = sum(self.answers.values(), Counter())
        told = ", ".join(f"{status}: {whole[status]}" for status in sorted(whole))
        return f"{len(self.answers)} operations, {whole.total()} answers ({told})"


@pytest.mark.postgres
def test_every_answer_is_one_that_the_document_names(
    staff_of_both: tuple[House, House],
) -> None:
    one = staff_of_both[0]
    headers = {"authorization": key_to_everything(one), "host": "tracker.example"}
    sent = Sent(staff_of_both, FEW)
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", one.app, headers=headers)
    sent.ask(schema.get_all_operations())
    assert len(sent.answers) > 90
    shut = {name for name, seen in sent.answers.items() if set(seen) <= {401, 403}}
    assert shut <= ONLY_ONES_OWN, "answers that say nothing but that the door is shut"


ONLY_ONES_OWN = {"POST /api/v1/programmes/{slug}/people/{number}/erase"}


PARTS = 4
"""Of the operations, each with an office of its own: a part takes some minutes."""


@pytest.mark.full
@pytest.mark.parametrize("part", range(PARTS))
def test_every_answer_of_a_running_server_is_one_that_the_document_names(
    staff: House, part: int
) -> None:
    """`pytest -m full tests/web/test_described.py -s`"""
    headers = {"authorization": key_to_everything(staff), "host": "tracker.example"}
    sent = Sent([staff], MANY, served=True)
    with contextmanager(served)(staff) as address:
        where = f"{address}/api/v1/openapi.json"
        schema = schemathesis.openapi.from_url(where, headers=headers, timeout=PATIENT)
        sent.ask(list(schema.get_all_operations())[part::PARTS])
    print(f"\n{staff.runtime.database.engine.dialect.name}, part {part + 1}: {sent}")
    assert len(sent.answers) > 90 / PARTS


def shown(document: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Method, path and body of each example."""
    for path, operations in document["paths"].items():
        for method, one in operations.items():
            body = one.get("requestBody", {}).get("content", {}).get("application/json", {})
            for example in body.get("schema", {}).get("examples", []):
                yield method, path, example


def filled(path: str) -> str:
    return re.sub(r"\{(\w+)\}", lambda part: VALUES[part[1]], path)


def test_every_body_that_the_document_shows_is_one_that_is_taken(staff: House) -> None:
    """Refused it may be, as things stand: what it shows is no mistake of form."""
    staff.clock.advance_to(at("2021-10-20 08:00"))
    key = {"authorization": key_to_everything(staff)}
    wrong = []
    with staff.browser(client=FAR, host="tracker.example") as client:
        document = client.get("/api/v1/openapi.json", headers=key).json()
        for method, path, example in shown(document):
            answer = client.request(method, filled(path), json=example, headers=key)
            if answer.status_code in (400, 422):
                wrong.append(f"{method} {path}: {answer.text}")
    wrong = [one for one in wrong if not one.startswith(OF_A_DOCUMENT)]
    assert wrong == [], "\n".join(wrong)


def with_nul(content: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """The content with a NUL in one of its texts, for each of them; and the text's place."""
    match content:
        case str():
            yield place.lstrip("."), content + "\0"
        case dict():
            for name, value in content.items():
                for at_, changed in with_nul(value, f"{place}.{name}"):
                    yield at_, content | {name: changed}
        case list():
            for n, value in enumerate(content):
                for at_, changed in with_nul(value, f"{place}.{n}"):
                    yield at_, [*content[:n], changed, *content[n + 1 :]]


def test_a_text_that_no_database_keeps_is_refused_with_its_place_by_every_operation(
    staff: House,
) -> None:
    """PostgreSQL takes no NUL, not even in a question."""
    key = {"authorization": key_to_everything(staff)}
    told = []
    with staff.browser(client=FAR, host="tracker.example") as client:
        document = client.get("/api/v1/openapi.json", headers=key).json()
        for method, path, example in shown(document):
            for place, body in with_nul(example):
                answer = client.request(method, filled(path), json=body, headers=key)
                places = [one.partition(":")[0] for one in answer.json().get("problems", [])]
                told.append((answer.status_code, places))
                assert told[-1] == (422, [place]), f"{method} {path}: {answer.text}"
    assert len(told) > 100


OF_A_DOCUMENT = ("post /api/v1/imports:", "post /api/v1/imports/{number}/decisions:")
"""Their examples are abridged: a whole file, and points that another file has."""


def test_every_reference_of_the_document_leads_somewhere(staff: House) -> None:
    with staff.browser(client=FAR, host="tracker.example") as client:
        key = {"authorization": key_to_everything(staff)}
        whole = client.get("/api/v1/openapi.json", headers=key).json()
    named = set(re.findall(r'"\$ref": "([^"]*)"', json.dumps(whole)))
    assert len(named) > 50
    known = {f"#/components/schemas/{name}" for name in whole["components"]["schemas"]}
    assert named <= known
