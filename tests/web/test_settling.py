"""A score is signed from a page and stays; an assignment shows its price before it is made."""

from __future__ import annotations

import httpx2 as httpx
from starlette.testclient import TestClient

from tests.builders import at, 住建局, 生态分局
from tests.web.conftest import HOSTILE, House, form_of
from tracker.services import programmes, signoffs


def sign(visitor: TestClient, **given: str) -> httpx.Response:
    page = visitor.get("/p/small/signoffs")
    return visitor.post("/p/small/signoffs", data=form_of(page) | given)


def test_a_score_is_signed_and_what_comes_later_stands_beside_it(
    house: House, visitor: TestClient
) -> None:
    answer = sign(visitor, person="王主任", note=HOSTILE)
    assert answer.headers["location"] == "/p/small/signoffs/1"
    shown = visitor.get("/p/small/signoffs/1").text
    assert "此后没有变化" in shown
    assert HOSTILE not in shown
    house.clock.advance_to(at("2021-10-18 09:00"))
    form = form_of(visitor.get("/p/small/facts/3"), action="/p/small/facts/3")
    key = f"3/bulletin/{生态分局}/2021-01"
    waived = visitor.post(
        "/p/small/facts/3", data={**form, "kind": "waiver", "key": key, "reason": "不涉及",
                                  "at": "2021-10-18T07:00"},
    )  # fmt: skip
    assert waived.status_code == 303
    shown = visitor.get("/p/small/signoffs/1").text
    assert "此后录入 1 条事实" in shown
    with house.runtime.database.read() as session:
        [signed] = signoffs.signoffs(session, "small")
    assert (signed.person, signed.final, signed.intact) == ("王主任", False, True)


def test_what_cannot_be_signed_is_said_and_leaves_nothing(
    house: House, visitor: TestClient
) -> None:
    before = house.everything()
    for given, says in (
        ({"person": ""}, "这一项必须填"),
        ({"person": "王主任", "as_of": "2021-12-31T08:00"}, "还没有到"),
        ({"person": "王主任", "as_of": "soon"}, "2021-10-18 08:40"),
    ):
        answer = sign(visitor, **given)
        assert (answer.status_code, says in answer.text) == (422, True), given
    assert house.everything() == before
    sign(visitor, person="王主任")
    again = sign(visitor, person="王主任")
    assert (again.status_code, "第 1 号" in again.text) == (422, True)
    assert visitor.get("/p/small/signoffs/2").status_code == 404


def test_an_assignment_shows_its_price_and_is_made_by_confirming(
    house: House, visitor: TestClient
) -> None:
    before = house.everything()
    assert "未划分" in visitor.get("/p/small/assign").text
    priced = visitor.get("/p/small/assign/3", params={"joins": "each", "u": [住建局, 生态分局]})
    assert "这样划分，此刻" in priced.text
    assert house.everything() == before
    form = form_of(priced)
    assert form["units"].split(",") == [生态分局, 住建局]
    refused = visitor.post("/p/small/assign/3", data=form)
    assert (refused.status_code, "请写明理由" in refused.text) == (422, True)
    assert house.everything() == before
    done = visitor.post("/p/small/assign/3", data=form | {"reason": "分工会议"})
    assert done.headers["location"] == "/p/small/assign/3"
    with house.runtime.database.read() as session:
        clause = programmes.current(session, "small").clauses["3"][2]
    assert (clause.owed_by, clause.joins) == ((生态分局, 住建局), "each")
    beside = visitor.get("/p/small/score", params={"version": 1}).text
    assert "第 1 版与现行第 2 版" in beside


def test_what_cannot_be_assigned_is_said(visitor: TestClient) -> None:
    for given, says in (
        ({"joins": "each"}, "至少要有一个责任单位"),
        ({"joins": "each", "u": "nobody"}, "nobody"),
        ({"joins": "sideways", "u": 住建局}, "没有这种合并方式"),
    ):
        answer = visitor.get("/p/small/assign/3", params=given)
        assert (answer.status_code, says in answer.text) == (422, True), given
    assert visitor.get("/p/small/assign/99").status_code == 404
    assert visitor.get("/p/small/score", params={"version": 9}).status_code == 404


def test_the_score_says_whose_loss_it_is(visitor: TestClient) -> None:
    text = visitor.get("/p/small/score").text
    assert "失分归谁" in text
    assert "共同" in text
