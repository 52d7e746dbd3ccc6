"""The REST interface answers what the command line prints; its refusals are problem+json."""

from __future__ import annotations

from collections.abc import Callable

from starlette.testclient import TestClient

from tests.builders import 住建局
from tests.web.conftest import House
from tracker.definitions.answers import DueAnswer, LedgerAnswer
from tracker.definitions.documentanswers import ProgrammesAnswer


def test_programmes_are_listed(visitor: TestClient) -> None:
    answer = ProgrammesAnswer.model_validate(visitor.get("/api/v1/programmes").json())
    assert [(one.id, one.version) for one in answer.programmes] == [("small", 1)]


def test_a_score_is_the_published_ledger(visitor: TestClient) -> None:
    body = visitor.get("/api/v1/programmes/small/score", params={"lang": "en"}).json()
    answer = LedgerAnswer.model_validate(body)
    assert answer.as_of == "2021-10-18T08:00:00+08:00"
    assert any("0.01 + 5 × 0.01" in entry.says for entry in answer.entries)


def test_obligations_are_narrowed_like_the_page(visitor: TestClient) -> None:
    path = "/api/v1/programmes/small/obligations"
    everything = DueAnswer.model_validate(visitor.get(path).json())
    late = DueAnswer.model_validate(
        visitor.get(path, params={"light": "late", "unit": 住建局}).json()
    )
    assert 0 < len(late.obligations) < len(everything.obligations)
    assert {one.light for one in late.obligations} == {"late"}


def test_an_instant_is_taken_as_on_the_pages(visitor: TestClient) -> None:
    path = "/api/v1/programmes/small/score"
    body = visitor.get(path, params={"as_of": "2021-09-30"}).json()
    assert body["as_of"] == "2021-10-01T00:00:00+08:00"


def test_a_refusal_is_a_problem_that_programs_can_read(visitor: TestClient) -> None:
    for path, status in [
        ("/api/v1/programmes/other/score", 404),
        ("/api/v1/programmes/small/score?as_of=soon", 400),
        ("/api/v1/programmes/small/obligations?light=pink", 400),
        ("/api/v1/nothing", 404),
    ]:
        answer = visitor.get(path)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status


def test_programs_are_told_to_sign_in_rather_than_shown_a_page(
    a_house: Callable[..., House],
) -> None:
    house = a_house(host="0.0.0.0", access_code="code")
    with house.browser() as stranger:
        answer = stranger.get("/api/v1/programmes")
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"


def test_the_interface_describes_itself(visitor: TestClient) -> None:
    body = visitor.get("/api/v1/openapi.json").json()
    assert "/api/v1/programmes/{slug}/score" in body["paths"]


def test_a_monitor_needs_no_code_and_learns_no_figures(house: House) -> None:
    with house.browser(client=("203.0.113.9", 1)) as monitor:
        answer = monitor.get("/health.json")
    assert answer.status_code in (200, 503)
    assert answer.json()["live"] is True
    assert "small" not in answer.text
