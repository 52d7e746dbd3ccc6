"""The ground of the interface: strict bodies, places of mistakes, versions, answers given again."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier
from typing import Any

import httpx2 as httpx
import pytest
from starlette.testclient import TestClient

from schedules.deadlines import local_day
from tests.builders import SHANGHAI
from tests.databases import Prepare
from tests.files import JPEG
from tests.web.conftest import House, opened
from tests.web.staff import FAR, KEY, REPORT, come_in, staffed
from tests.web.test_matrix import VALUES
from tracker.domain import facts as f
from tracker.services import accounts, tokens

API = "/api/v1/programmes/small"


@pytest.fixture
def staff(database_like: Callable[[Prepare], str], tmp_path: Path) -> Iterator[House]:
    house = opened(database_like(staffed), tmp_path / "data")
    yield house
    house.runtime.database.close()


def program(house: House, login: str, *scopes: str) -> TestClient:
    """A program with a token of that account."""
    now = house.clock.now()
    on = local_day(now, SHANGHAI)
    with house.runtime.database.write() as session:
        one = accounts.named(session, login, on)
        _, value = tokens.make(session, one.id, name="a test", scopes=scopes, days=9, now=now,
                               on=on, by="x")  # fmt: skip
    client = house.browser(client=FAR, host="tracker.example")
    client.headers["authorization"] = f"Bearer {value}"
    return client


@pytest.mark.parametrize(
    ("said", "place"),
    [({}, "done"), ({"note": "在办"}, "done"), ({"done": True, "count": "7"}, "count")],
)
def test_a_report_says_how_far_it_is_and_says_it_once(
    staff: House, said: dict[str, Any], place: str
) -> None:
    before = len(staff.facts())
    with program(staff, "contact", "report") as unit:
        answer = unit.post(f"{API}/reports", json={"obligation": KEY, **said})
    assert answer.status_code == 422, answer.text
    [problem] = answer.json()["problems"]
    assert problem.startswith(f"{place}: ")
    assert "exactly one of done, count, share" in problem
    assert len(staff.facts()) == before


def test_a_member_that_is_not_known_is_told_beside_those_that_are(staff: House) -> None:
    with program(staff, "contact", "report") as unit:
        answer = unit.post(f"{API}/reports", json={"obligation": KEY, "cuont": "7"})
    [problem] = answer.json()["problems"]
    assert problem.startswith("cuont: ")
    assert "count" in problem
    assert "recorded_at" not in problem, "that is of facts, not of this body"


def test_a_unit_reports_with_a_file_and_its_reviewer_returns_it(staff: House) -> None:
    file = {"name": "照片.jpg", "content": base64.b64encode(JPEG).decode()}
    with program(staff, "contact", "report") as unit, program(staff, "reviewer", "review") as judge:
        body = {"obligation": "4/s1/housing", "count": "7", "note": "七个", "files": [file]}
        made = unit.post(f"{API}/reports", json=body)
        assert made.status_code == 201, made.text
        report = staff.last()
        assert isinstance(report, f.Report)
        assert (report.id, report.count, len(report.evidence)) == (made.json()["id"], 7, 1)
        verdict = {"obligation": "4/s1/housing", "report": report.id, "outcome": "returned"}
        told = judge.post(f"{API}/reviews", json=verdict)
        assert told.status_code == 422
        assert "reason" in str(told.json()["problems"]) or "reason" in told.text
        assert judge.post(f"{API}/reviews", json=verdict | {"reason": "缺件"}).status_code == 201
        wrong = verdict | {"report": REPORT}
        assert judge.post(f"{API}/reviews", json=wrong).status_code == 404


def test_a_unit_asks_and_only_the_office_grants(staff: House) -> None:
    body = {"obligation": KEY, "until": "2021-11-30", "reason": "阴雨"}
    with program(staff, "contact", "report") as unit, program(staff, "office", "run") as office:
        assert (
            unit.post(f"{API}/extensions", json=body | {"outcome": "approved"}).status_code == 403
        )
        assert unit.post(f"{API}/extensions", json=body).status_code == 201
        granted = office.post(f"{API}/extensions", json=body | {"outcome": "approved"})
        assert granted.status_code == 201, granted.text
        earlier = {"obligation": KEY, "done": True, "submitted_at": "2021-10-11T09:00:00+08:00"}
        assert unit.post(f"{API}/reports", json=earlier).status_code == 403
        assert office.post(f"{API}/reports", json=earlier).status_code == 201


def test_a_case_is_opened_and_closed(staff: House) -> None:
    with program(staff, "office", "run") as office:
        body = {"case": "09", "kind": "handed", "unit": "env_branch", "title": "督办九",
                "received_at": "2021-10-18T07:00:00+08:00"}  # fmt: skip
        assert office.post(f"{API}/cases", json=body).status_code == 201
        assert office.post(f"{API}/cases/09/close", json={}).status_code == 201


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"obligation": KEY, "done": "yes"}, "done"),
        ({"obligation": KEY, "done": 1}, "done"),
        ({"obligation": KEY, "donne": True}, "donne"),
        ({"done": True}, "obligation"),
        ({"obligation": KEY, "count": "-1"}, "count"),
        ({"obligation": KEY, "done": True, "note": "a\x00b"}, "note"),
        ({"obligation": KEY, "done": True, "a\x00b": ""}, "body"),
        ({"obligation": KEY, "done": True, "files": [{"name": "x"}]}, "files.0.content"),
        ([], "body"),
        ("nothing", "body"),
    ],
)
def test_nothing_is_taken_for_something_else(staff: House, body: Any, place: str) -> None:
    before = len(staff.facts())
    with program(staff, "contact", "report") as unit:
        told = unit.post(f"{API}/reports", json=body)
    assert told.status_code == 422
    assert told.headers["content-type"] == "application/problem+json"
    assert any(one.startswith(place) for one in told.json()["problems"]), told.text
    assert len(staff.facts()) == before


def test_an_answer_is_given_again_and_nothing_is_done_again(staff: House) -> None:
    key = {"idempotency-key": "oa-77"}
    body = {"obligation": KEY, "done": True}
    before = len(staff.facts())
    with program(staff, "contact", "report") as unit, program(staff, "office", "run") as office:
        first = unit.post(f"{API}/reports", json=body, headers=key)
        again = unit.post(f"{API}/reports", json=body, headers=key)
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert again.headers["idempotency-replayed"] == "true"
        other = unit.post(f"{API}/reports", json=body | {"note": "x"}, headers=key)
        assert other.status_code == 409
        assert len(staff.facts()) == before + 1
        theirs = office.post(f"{API}/reports", json=body, headers=key)
        assert "idempotency-replayed" not in theirs.headers


def test_a_secret_is_told_once_however_often_it_is_asked_for(staff: House) -> None:
    key = {"idempotency-key": "k1"}
    body = {"login": "newcomer", "name": "新人", "role": {"role": "office"}}
    with program(staff, "admin", "administer") as admin:
        made = admin.post("/api/v1/accounts", json=body, headers=key)
        again = admin.post("/api/v1/accounts", json=body, headers=key)
    assert len(made.json()["password"]) == 23
    assert again.json() == made.json() | {"password": ""}
    assert made.json()["password"] not in str(staff.everything())


def test_whoever_was_slower_is_told_so(staff: House) -> None:
    with program(staff, "contact", "report") as unit:
        shown = unit.get(f"{API}/obligation", params={"key": KEY})
        tag = shown.headers["etag"]
        same = unit.get(f"{API}/obligation", params={"key": KEY}, headers={"if-none-match": tag})
        assert (same.status_code, same.headers["etag"]) == (200, tag), "lights change with time"
        body = {"obligation": "4/s1/housing", "count": "5"}
        other = unit.get(f"{API}/obligation", params={"key": "4/s1/housing"}).headers["etag"]
        sent = {"if-match": other}
        assert unit.post(f"{API}/reports", json=body, headers=sent).status_code == 201
        late = unit.post(f"{API}/reports", json=body | {"count": "6"}, headers=sent)
        assert late.status_code == 412
        assert late.json()["title"] == "changed"


def test_an_account_is_changed_by_its_version_alone(staff: House) -> None:
    with program(staff, "admin", "administer") as admin:
        [one] = [one for one in admin.get("/api/v1/accounts").json()["accounts"]
                 if one["login"] == "leader"]  # fmt: skip
        path = f"/api/v1/accounts/{one['id']}"
        tag = admin.get(path).headers["etag"]
        assert admin.patch(path, json={"disabled": True}).status_code == 428
        sent = {"if-match": tag}
        assert admin.patch(path, json={"disabled": True}, headers=sent).json()["disabled"] is True
        assert admin.patch(path, json={"disabled": False}, headers=sent).status_code == 412
        seat = admin.post(f"{path}/roles", json={"role": "auditor", "programme": "small"})
        number = seat.json()["roles"][-1]["id"]
        assert admin.delete(f"{path}/roles/{number}").status_code == 204
        assert admin.delete(f"{path}/roles/{number}").status_code == 404


def test_a_review_is_taken_back_through_the_interface_and_the_report_waits_again(
    staff: House,
) -> None:
    with program(staff, "contact", "report") as unit, program(staff, "reviewer", "review") as judge:
        report = unit.post(f"{API}/reports", json={"obligation": KEY, "done": True}).json()["id"]
        verdict = {"obligation": KEY, "report": report, "outcome": "accepted"}
        review = judge.post(f"{API}/reviews", json=verdict).json()["id"]
        back = f"{API}/reviews/{review}/take-back"
        elsewhere = judge.post(back, json={"obligation": "4/s1/housing", "reason": "点错"})
        assert elsewhere.status_code == 404
        assert judge.post(back, json={"obligation": KEY, "reason": ""}).status_code == 422
        taken = judge.post(back, json={"obligation": KEY, "reason": "点错了"})
        assert (taken.status_code, taken.json()["fact"]) == (201, "withdrawal"), taken.text
        assert judge.post(back, json={"obligation": KEY, "reason": "再来"}).status_code == 409
        assert judge.post(f"{API}/reviews", json=verdict).status_code == 201


def test_who_heard_nothing_asks_again_with_the_version_of_before(staff: House) -> None:
    with program(staff, "contact", "report", "read") as unit:
        tag = unit.get(f"{API}/obligation?key={KEY}").headers["etag"]
        sent = {"if-match": tag, "idempotency-key": "once"}
        body = {"obligation": KEY, "done": True}
        assert unit.post(f"{API}/reports", json=body, headers=sent).status_code == 201
        again = unit.post(f"{API}/reports", json=body, headers=sent)
        assert (again.status_code, again.headers["idempotency-replayed"]) == (201, "true")
        late = unit.post(f"{API}/reports", json=body, headers={"if-match": tag})
        assert late.status_code == 412


AT_ONCE = 4


def at_once(ask: Callable[[int], httpx.Response]) -> list[int]:
    """The answers to as many requests of as many threads, which all set off together."""
    gate = Barrier(AT_ONCE)

    def one(number: int) -> int:
        gate.wait()
        return ask(number).status_code

    with ThreadPoolExecutor(AT_ONCE) as many:
        return sorted(many.map(one, range(AT_ONCE)))


def test_of_many_who_change_the_same_version_at_once_one_succeeds(staff: House) -> None:
    before = len(staff.facts())
    with program(staff, "contact", "report", "read") as unit:
        tag = {"if-match": unit.get(f"{API}/obligation?key={KEY}").headers["etag"]}
        body = {"obligation": KEY, "done": True}
        told = at_once(lambda n: unit.post(
            f"{API}/reports", json=body | {"note": str(n)}, headers=tag))  # fmt: skip
    assert told == [201] + [412] * (AT_ONCE - 1)
    assert len(staff.facts()) == before + 1
    with program(staff, "admin", "administer") as admin:
        [leader] = [one["id"] for one in admin.get("/api/v1/accounts").json()["accounts"]
                    if one["login"] == "leader"]  # fmt: skip
        path = f"/api/v1/accounts/{leader}"
        tag = {"if-match": admin.get(path).headers["etag"]}
        told = at_once(lambda _: admin.patch(path, json={"new_password": True}, headers=tag))
    assert told == [200] + [412] * (AT_ONCE - 1)


def test_the_same_request_many_times_at_once_is_done_once(staff: House) -> None:
    before = len(staff.facts())
    key, body = {"idempotency-key": "oa-1"}, {"obligation": KEY, "done": True}
    with program(staff, "contact", "report") as unit:
        told = at_once(lambda _: unit.post(f"{API}/reports", json=body, headers=key))
    assert told == [201] * AT_ONCE
    assert len(staff.facts()) == before + 1


def test_the_list_of_programmes_names_the_version_in_force(staff: House) -> None:
    with program(staff, "office", "run", "read") as office:
        body = {"units": ["env_branch"], "joins": "all", "reason": "分工"}
        assert office.post(f"{API}/assignments/1", json=body).json()["version"] == 2
        assert [
            one["version"] for one in office.get("/api/v1/programmes").json()["programmes"]
        ] == [2]


@pytest.mark.parametrize(
    ("query", "place"),
    [("facts?limit=x", "query.limit"), ("facts?cursor=nonsense", "cursor"),
     ("obligation", "query.key"), ("slips/0", "path.number")],
)  # fmt: skip
def test_what_cannot_be_read_around_the_body_is_named_too(
    staff: House, query: str, place: str
) -> None:
    with program(staff, "office", "read") as office:
        told = office.get(f"{API}/{query}")
    assert told.status_code == 400
    assert [one.partition(":")[0] for one in told.json()["problems"]] == [place]


@pytest.mark.parametrize(
    ("query", "place"),
    [("obligations?limt=3", "query.limt"), ("facts?limit=3&limit=4", "query.limit"),
     ("score?lang=fr", "query.lang"), ("what-if?until=2021-11-01", "query.until"),
     ("reports?dry_run=true", "query.dry_run")],
)  # fmt: skip
def test_what_an_operation_does_not_take_in_its_address_is_refused_by_name(
    staff: House, query: str, place: str
) -> None:
    acts = query.startswith(("what-if", "reports"))
    with program(staff, "office", "run") as office:
        before = len(staff.facts())
        body = {"obligation": KEY, "done": True}
        told = office.post(f"{API}/{query}", json=body) if acts else office.get(f"{API}/{query}")
    assert told.status_code == 400
    assert told.headers["content-type"] == "application/problem+json"
    assert [one.partition(":")[0] for one in told.json()["problems"]] == [place]
    assert len(staff.facts()) == before


def test_every_operation_takes_what_its_document_says_and_every_long_list_comes_in_parts(
    staff: House,
) -> None:
    with program(staff, "office", "run") as office:
        document = office.get("/api/v1/openapi.json").json()
        schemas, wrong, lists = document["components"]["schemas"], [], 0
        for path, operations in document["paths"].items():
            if "get" not in operations:
                continue
            names = [one["name"] for one in operations["get"]["parameters"] if one["in"] == "query"]
            given = re.sub(r"\{(\w+)\}", lambda part: VALUES[part[1]], path)
            told = office.get(given, params=dict.fromkeys(names, "1") | {"lang": "en"}).text
            if "not one of" in told:
                wrong.append(f"{path}: {told}")
            answer = operations["get"]["responses"].get("200", {}).get("content", {})
            kind = answer.get("application/json", {}).get("schema", {}).get("$ref", "/")
            members = schemas.get(kind.rpartition("/")[2], {}).get("properties", {})
            lists += "cursor" in names
            if (
                "cursor" not in names
                and path not in AS_ONE
                and any(one.get("type") == "array" for one in members.values())
            ):
                wrong.append(f"{path}: a list without pages")
    assert wrong == []
    assert lists > 25


AS_ONE = {
    f"/api/v1{path}"
    for path in (
        "/programmes/{slug}", "/programmes/{slug}/score", "/programmes/{slug}/obligation",
        "/programmes/{slug}/obligation/history", "/programmes/{slug}/ranking",
        "/programmes/{slug}/calls", "/programmes/{slug}/people/{number}",
        "/programmes/{slug}/forecast", "/programmes/{slug}/signoffs/{number}", "/calendar",
        "/imports/{number}", "/accounts/{number}", "/service/channels", "/hooks/{number}",
        "/programmes/{slug}/policy",
    )
}  # fmt: skip
"""One thing with its parts, or as many as there are units, years asked for or channels: half of it
would be no answer."""


def test_lists_come_in_parts_that_nothing_shifts(staff: House) -> None:
    with program(staff, "office", "run") as office:
        whole = [one["id"] for one in office.get(f"{API}/facts?limit=1000").json()["facts"]]
        found, path, pages = [], f"{API}/facts?limit=5", 0
        while path:
            answer = office.get(path)
            found += [one["id"] for one in answer.json()["facts"]]
            link = answer.headers.get("link", "")
            path = link.partition("<")[2].partition(">")[0]
            pages += 1
            if pages == 1:
                body = {"obligation": KEY, "done": True}
                assert office.post(f"{API}/reports", json=body).status_code == 201
        assert found[: len(whole)] == whole
        assert len(found) == len(whole) + 1
        assert office.get(f"{API}/facts?cursor=nonsense").status_code == 400
        assert office.get(f"{API}/facts?limit=0").status_code == 400
        few = office.get(f"{API}/obligations?limit=3")
        assert len(few.json()["obligations"]) == 3
        assert sum(few.json()["lights"].values()) > 3
        assert 'rel="next"' in few.headers["link"]


def test_own_tokens_are_made_by_a_person_and_revoked_by_either(staff: House) -> None:
    with come_in(staff, "office") as person:
        made = person.post("/api/v1/tokens", json={"name": "OA", "scopes": ["read"]})
        assert made.status_code == 201, made.text
    with far_with(staff, made.json()["value"]) as other:
        assert (
            other.post("/api/v1/tokens", json={"name": "x", "scopes": ["run"]}).status_code == 409
        )
        [one] = other.get("/api/v1/tokens").json()["tokens"]
        assert one["value"] == ""
        assert other.delete(f"/api/v1/tokens/{one['id']}").status_code == 204
        assert other.get("/api/v1/tokens").status_code == 401


def far_with(house: House, value: str) -> TestClient:
    client = house.browser(client=FAR, host="tracker.example")
    client.headers["authorization"] = f"Bearer {value}"
    return client


def test_a_page_of_another_site_changes_nothing_through_a_browser(staff: House) -> None:
    elsewhere = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
    before = staff.everything()
    with come_in(staff, "office") as person:
        before = staff.everything()
        body = {"name": "x", "scopes": ["run"]}
        assert person.post("/api/v1/tokens", json=body, headers=elsewhere).status_code == 403
        assert person.post("/api/v1/tokens", data=body).status_code == 403
        assert person.delete("/api/v1/tokens/1", headers=elsewhere).status_code == 403
    assert staff.everything() == before


def test_the_document_says_what_every_operation_takes_and_answers(staff: House) -> None:
    with program(staff, "contact", "read") as unit:
        told = unit.get("/api/v1/openapi.json").json()
    assert told["openapi"].startswith("3.1")
    assert told["security"] == [{"token": []}]
    assert all(path.startswith("/api/v1/") for path in told["paths"])
    for path, operations in told["paths"].items():
        for method, one in operations.items():
            assert {"401", "403", "429"} <= set(one["responses"]), path
            if method == "post":
                schema = one["requestBody"]["content"]["application/json"]["schema"]
                assert schema["examples"], path


def test_the_pages_to_try_it_come_from_here_alone(staff: House) -> None:
    with come_in(staff, "office") as person:
        shown = person.get("/api/v1/docs")
        policy = shown.headers["content-security-policy"]
        assert "script-src 'self';" in policy
        assert "http" not in policy
        assert "://" not in shown.text
        for name in ("swagger-ui.css", "swagger-ui-bundle.js", "start.js"):
            answer = person.get(f"/api/v1/docs/{name}")
            assert answer.status_code == 200
            assert len(answer.content) > 200
        assert person.get("/api/v1/docs/secret").status_code == 404


def test_a_time_without_an_offset_is_read_by_the_programmes_clock(staff: House) -> None:
    fact = {"fact": "report", "clause": "4", "duty": "s1", "unit": "housing", "count": "3"}
    with program(staff, "office", "run") as office:
        body = {"obligation": KEY, "done": True, "submitted_at": "2021-10-11T09:00:00"}
        assert office.post(f"{API}/reports", json=body).status_code == 201
        assert staff.last().occurred_at == datetime(2021, 10, 11, 1, tzinfo=UTC)
        sent = [fact | {"occurred_at": "2021-10-12 09:00"}, fact | {"occurred_at": "2021-10-12"}]
        assert office.post(f"{API}/facts", json=sent).json()["added"] == 2
        found = [one.occurred_at.astimezone(SHANGHAI) for one in staff.facts()[-2:]]
        assert sorted(f"{one:%d %H:%M}" for one in found) == ["12 09:00", "13 00:00"]
