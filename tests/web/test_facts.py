"""The office records what a clause asks for, sees what it did, corrects it or takes it back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from starlette.testclient import TestClient

from tests.builders import JANUARY, a_database, a_programme, at, clause, item, migrated, 住建局
from tests.databases import Prepare
from tests.web.conftest import HOSTILE, NOW, House, form_of, opened
from tracker.domain import facts as f
from tracker.domain.programme import Programme
from tracker.services import programmes, scoreboard

KEY = f"7/done/{住建局}"


def asking() -> Programme:
    """One clause for each kind of fact that a clause can ask for."""
    incidents = {
        "kind": "per_incident",
        "finding": "fire",
        "classes": {"big": "0.5", "small": "0.1"},
    }
    measured = {"kind": "per_step", "measure": "pm25", "each": "0.1", "against": "target:goal"}
    ranked = {"kind": "rank", "rank": "place", "worst_gets": "60%"}
    decided = {"kind": "discretionary", "most": "2"}
    bonus = {"kind": "bonus", "recognition": "prize", "award": "0.5"}
    dated = {"kind": "milestone", "id": "done", "external": "另行通知"}
    pause = {"kind": "gap", "id": "pause", "activity": "login", "within": {"n": 1, "unit": "week"}}
    case = {"kind": "case", "case": "letter", "within": {"n": 15, "unit": "day"}}
    return a_programme(
        item("1", clause("1", rules=[incidents])),
        item("2", clause("2", rules=[measured])),
        item("3", clause("3", rules=[ranked])),
        item("4", clause("4", rules=[decided])),
        item("5", clause("5", rules=[bonus, {
            "kind": "multiplier", "factor": "0.5", "rules": ["5#1"], "same_problem": True,
            "when": {"recognition": "mended"}}])),
        item("6", clause("6", duties=[dated], rules=[{"kind": "all_or_nothing", "duty": "done"}])),
        item("7", due_on="2021-10-31"),
        item("8", clause("8", duties=[pause], rules=[
            {"kind": "per_incident", "duty": "pause", "each": "0.1"}])),
        item("9", clause("9", duties=[case], rules=[{"kind": "lateness", "duty": "case",
                                                      "base": "0.5"}])),
        targets=[{"id": "goal", "name": "年度目标", "source": "另行下达", "measure_unit": "微克"}],
        names={"fire": "火点", "big": "大火", "small": "小火", "pm25": "细颗粒物"},
    )  # fmt: skip


def furnished(url: str) -> None:
    migrated(url)
    database = a_database(url)
    with database.write() as session:
        programmes.publish(session, asking(), now=JANUARY, by="office")
    database.close()


@pytest.fixture
def house(database_like: Callable[[Prepare], str], tmp_path: Path) -> Iterator[House]:
    made = opened(database_like(furnished), tmp_path / "data")
    yield made
    made.runtime.database.close()


def record(visitor: TestClient, name: str, kind: str, **given: str) -> httpx.Response:
    """The form of this kind on the clause's page, filled in and sent."""
    page = visitor.get(f"/p/small/facts/{name}")
    assert f'value="{kind}"' in page.text
    hidden = form_of(page, action=f"/p/small/facts/{name}")
    return visitor.post(f"/p/small/facts/{name}", data={**hidden, "kind": kind, **given})


def lost(house: House, item: str) -> int:
    with house.runtime.database.read() as session:
        board = scoreboard.board(session, "small", as_of=house.clock.now())
    return board.ledger.lost_by(lambda entry: entry.item == item)


@pytest.mark.parametrize(
    ("name", "kind", "given", "says", "costs"),
    [
        ("1", "finding", {"key": "fire", "count": "2", "class": "big", "problem": "f-1"}, {
            "finding": "fire", "count": 2, "class_": "big", "problem": "f-1"}, 10_000),
        ("2", "target", {"key": "goal", "value": "３２．5"}, {"target": "goal"}, 0),
        ("3", "rank", {"key": "place", "place": "3", "of": "9", "value": "80", "best": "90",
                       "worst": "70"}, {"rank": "place", "place": 3}, 10_000),
        ("4", "decision", {"key": "4#1", "points": "0.5", "person": "王主任", "reason": "通报"},
         {"rule": "4#1", "person": "王主任"}, 5_000),
        ("5", "recognition", {"key": "prize", "count": "1"}, {"recognition": "prize"}, 0),
        ("6", "external_date", {"key": "done", "on": "2021-10-10"}, {"duty": "done"}, 50_000),
        ("7", "suspension", {"key": KEY, "reason": "停工", "ends_at": "2021-10-30T08:00"},
         {"clause": "7", "unit": 住建局, "ends_at": at("2021-10-30 08:00")}, 0),
        ("7", "waiver", {"key": KEY, "reason": "不涉及"}, {"reason": "不涉及"}, 0),
        ("7", "close_out", {"key": KEY, "reason": "合并考核"}, {"reason": "合并考核"}, 0),
        ("8", "activity", {"key": "login"}, {"activity": "login"}, 0),
    ],
)  # fmt: skip
def test_every_kind_of_fact_that_a_clause_asks_for_is_recorded(
    house: House, visitor: TestClient, name: str, kind: str, given: dict[str, str],
    says: dict[str, Any], costs: int,
) -> None:  # fmt: skip
    answer = record(visitor, name, kind, **given)
    assert answer.status_code == 303
    filed = house.last()
    assert (filed.fact, filed.by, filed.occurred_at) == (kind, "office", NOW)
    assert {field: getattr(filed, field) for field in says} == says
    assert lost(house, name) == costs
    told = visitor.get(answer.headers["location"]).text
    assert "已录入，回执" in told


def test_what_recording_did_to_the_score_is_said(house: House, visitor: TestClient) -> None:
    record(visitor, "2", "target", key="goal", value="30")
    answer = record(visitor, "2", "measurement", key="pm25", value="20", at="2021-10-17T09:00")
    told = visitor.get(answer.headers["location"]).text
    assert "得分 45.00 → 44.00，" in told
    assert "<b>−1.00</b>" in told
    assert house.last().occurred_at == at("2021-10-17 09:00")
    assert lost(house, "2") == 10_000


def test_sent_twice_it_counts_once(house: House, visitor: TestClient) -> None:
    page = visitor.get("/p/small/facts/1")
    sent = {**form_of(page, action="/p/small/facts/1"), "count": "1", "class": "big"}
    for _ in range(2):
        assert visitor.post("/p/small/facts/1", data=sent).status_code == 303
    assert len(house.facts()) == 1


def test_a_correction_takes_the_place_of_a_fact_and_both_stay_on_file(
    house: House, visitor: TestClient
) -> None:
    record(visitor, "1", "finding", key="fire", count="2", **{"class": "big"})
    wrong = house.last()
    form = visitor.get("/p/small/facts/1", params={"correct": wrong.id})
    assert 'name="count" value="2"' in form.text
    sent = form_of(form, action="/p/small/facts/1")
    if "supersedes" not in sent:
        sent["supersedes"] = wrong.id
    visitor.post("/p/small/facts/1", data={**sent, "kind": "finding", "key": "fire", "count": "1",
                                           "class": "small"})  # fmt: skip
    assert house.last().supersedes == wrong.id
    assert (len(house.facts()), lost(house, "1")) == (2, 1_000)


def test_a_fact_is_taken_back_with_a_reason(house: House, visitor: TestClient) -> None:
    record(visitor, "4", "decision", key="4#1", points="2", person="王主任", reason="通报")
    wrong = house.last()
    assert lost(house, "4") == 20_000
    answer = record(visitor, "4", "withdrawal", supersedes=wrong.id)
    assert (answer.status_code, lost(house, "4")) == (422, 20_000)
    assert record(visitor, "4", "withdrawal", supersedes=wrong.id, note="重复").status_code == 303
    assert (house.last().fact, lost(house, "4")) == ("withdrawal", 0)


def test_what_cannot_be_taken_is_said_at_its_field_and_nothing_is_recorded(
    house: House, visitor: TestClient
) -> None:
    before = house.everything()
    for name, kind, given, says in (
        ("1", "finding", {"key": "fire", "count": "several"}, "不小于 0 的数"),
        ("1", "finding", {"key": "fire", "count": "0"}, "不小于 0 的数"),
        ("1", "finding", {"key": "flood", "count": "1"}, "方案中没有发现问题的类别"),
        ("2", "measurement", {"key": "pm25"}, "这一项必须填"),
        ("2", "measurement", {"key": "pm25", "value": "1e5"}, "不小于 0 的数"),
        ("2", "measurement", {"key": "pm25", "value": "3", "at": "2021-10-19T08:00"}, "还没有到"),
        ("2", "measurement", {"key": "pm25", "value": "3", "at": "soon"}, "2021-10-18 08:40"),
        ("3", "rank", {"key": "place", "place": "-1"}, "不小于 0 的数"),
        ("4", "decision", {"key": "4#1", "points": "1", "person": ""}, "这一项必须填"),
        (
            "4",
            "decision",
            {"key": "4#1", "points": "2.1", "person": "王主任", "reason": "通报"},
            "计分句 4 认定 2.1 分，超过上限 2 分",
        ),
        ("6", "external_date", {"key": "done", "on": "soon"}, "2021-10-18"),
        ("7", "waiver", {"key": "elsewhere", "reason": "x"}, "请选一项"),
        ("7", "waiver", {"key": KEY}, "这一项必须填"),
    ):
        answer = record(visitor, name, kind, **{**given, "note": HOSTILE})
        assert answer.status_code == 422, (name, given)
        assert says in answer.text, (name, given)
        assert HOSTILE not in answer.text
    assert house.everything() == before


def test_what_waits_is_listed_by_what_it_may_cost_and_leads_to_its_clause(
    visitor: TestClient,
) -> None:
    page = visitor.get("/p/small/facts").text
    assert "处等着录入或认定" in page
    assert page.index("/p/small/facts/2") < page.index("/p/small/facts/4")
    assert visitor.get("/p/small/facts/99").status_code == 404


# -- the interface for programs ------------------------------------------------------------------


def post(visitor: TestClient, body: Any, **headers: str) -> httpx.Response:
    return visitor.post("/api/v1/programmes/small/facts", json=body, headers=headers)


FIRE = {"fact": "finding", "id": "x-1", "finding": "fire", "count": 2, "class": "big",
        "occurred_at": "2021-10-17T09:00:00+08:00"}  # fmt: skip


def test_a_program_records_facts_of_every_kind_all_or_nothing(
    house: House, visitor: TestClient
) -> None:
    rank = {"fact": "rank", "rank": "place", "place": 1, "occurred_at": FIRE["occurred_at"]}
    answer = post(visitor, [FIRE, rank])
    assert (answer.status_code, answer.json()["added"]) == (200, 2)
    assert house.last().recorded_at == NOW
    assert post(visitor, [FIRE]).json()["kept"] == 1
    before = house.everything()
    answer = post(visitor, [{**FIRE, "id": "x-2"}, {**rank, "place": 0}, 7])
    assert answer.status_code == 422
    assert [text.partition(":")[0] for text in answer.json()["problems"]] == [
        "fact 2, rank.place", "fact 3",
    ]  # fmt: skip
    assert "“0”超出范围" in answer.json()["problems"][0]
    assert "is out of range" in answer.json()["problems"][0]
    assert post(visitor, [{**FIRE, "id": "x-3", "finding": "flood"}]).status_code == 422
    assert post(visitor, {"fact": "finding"}).status_code == 422
    over = {"fact": "decision", "rule": "4#1", "points": "2.1", "person": "甲", "reason": "乙",
            "occurred_at": FIRE["occurred_at"]}  # fmt: skip
    answer = post(visitor, [FIRE, over])
    assert (answer.status_code, "clause 4" in answer.text) == (422, True)
    assert answer.json()["problems"][0].startswith("fact 2")
    assert house.everything() == before


def test_what_changes_the_amount_of_one_problem_says_which_on_the_page_and_from_a_program(
    house: House, visitor: TestClient
) -> None:
    before = house.everything()
    refused = record(visitor, "5", "recognition", key="mended", count="1")
    assert refused.status_code == 422
    assert "没有写明是哪个问题" in refused.text
    assert "请填“问题”" in refused.text
    body = {"fact": "recognition", "recognition": "mended", "occurred_at": FIRE["occurred_at"]}
    answer = post(visitor, [FIRE, body])
    assert (answer.status_code, house.everything()) == (422, before)
    [problem] = answer.json()["problems"]
    assert problem.startswith("fact 2")
    assert "does not say which problem" in problem
    assert (
        record(visitor, "5", "recognition", key="mended", count="1", problem="p1").status_code
        == 303
    )
    assert post(visitor, [{**body, "problem": "p2"}]).status_code == 200
    page = visitor.get("/p/small/facts/5").text
    assert page.count("问题编号（可不填）") == 1
    assert "它只改这一个问题的那一笔" in page


def test_a_program_may_use_the_names_that_people_use(house: House, visitor: TestClient) -> None:
    """As a file and the command line take them."""
    named = {**FIRE, "id": "x-9", "fact": "发现问题", "finding": "火点", "class": "大火",
             "unit": "县住房和城乡建设局"}  # fmt: skip
    assert post(visitor, [named]).status_code == 200
    told = house.last()
    assert isinstance(told, f.Finding)
    assert (told.finding, told.class_, told.unit) == ("fire", "big", 住建局)
    priced = visitor.post("/api/v1/programmes/small/facts/price", json=[{**named, "id": ""}])
    assert priced.status_code == 200


@pytest.mark.parametrize(
    ("day", "says"), [("2020-12-30", "不在 2021 年内，不计分"), ("2021-10-01", "")]
)
def test_what_is_not_of_the_year_is_said_when_it_is_recorded_and_wherever_it_is_listed(
    house: House, visitor: TestClient, day: str, says: str
) -> None:
    answer = record(
        visitor, "1", "finding", key="fire", count="1", **{"class": "big", "at": f"{day}T09:00"}
    )
    told = visitor.get(answer.headers["location"]).text
    assert told.count("不在 2021 年内") == (2 if says else 0)
    assert (day in told) == bool(says), "the day of another year is told with its year"
    assert says in told
    assert lost(house, "1") == (0 if says else 5_000)
    sent = {**FIRE, "id": "x-7", "occurred_at": f"{day}T09:00:00+08:00"}
    found = post(visitor, [sent]).json()["other_years"]
    assert found == (
        [{"id": "x-7", "key": "fire", "occurred_at": f"{day}T09:00:00+08:00", "counts": False}]
        if says
        else []
    )


def test_a_form_of_another_site_reaches_no_interface(house: House, visitor: TestClient) -> None:
    path = "/api/v1/programmes/small/facts"
    before = house.everything()
    assert visitor.post(path, data={"a": "b"}).status_code == 403
    plain = {"content-type": "text/plain"}
    assert visitor.post(path, content=b"[]", headers=plain).status_code == 403
    assert post(visitor, [FIRE], origin="http://evil.example").status_code == 403
    assert post(visitor, [FIRE], **{"sec-fetch-site": "cross-site"}).status_code == 403
    assert house.everything() == before


def test_a_clause_that_counts_by_its_duties_is_not_called_one_that_only_changes_others(
    visitor: TestClient,
) -> None:
    page = visitor.get("/p/small/facts/9").text
    assert "只调整别的计分句" not in page
    assert "现在没有要录入的" in page


def test_what_a_reading_looks_at_is_recorded_before_it_holds_and_asked_for_once_it_does(
    house: House, visitor: TestClient
) -> None:
    counted = {"kind": "ratio", "measure": "tasks_done"}
    programme = a_programme(
        item("1", clause("1", points="5", duties=[], rules=[{"kind": "discretionary"}])),
        names={"tasks_done": "任务完成率"},
        readings=[
            {"id": "share", "clause": "1", "question": "怎样失分？", "default": "assessed",
             "alternatives": [{"id": "assessed", "says": "由人认定"},
                              {"id": "by_share", "says": "按比例", "set": {"1.rules": [counted]}}]},
        ],
    )  # fmt: skip
    with house.runtime.database.write() as session:
        programmes.publish(session, programme, now=NOW, by="office")
    done = {"fact": "measurement", "measure": "tasks_done", "value": "80",
            "occurred_at": FIRE["occurred_at"]}  # fmt: skip
    assert post(visitor, [done]).status_code == 200
    assert "任务完成率" not in visitor.get("/p/small/facts/1").text
    chosen = {"fact": "reading", "reading": "share", "choice": "by_share", "person": "甲",
              "reason": "会议", "occurred_at": FIRE["occurred_at"]}  # fmt: skip
    assert post(visitor, [chosen]).status_code == 200
    assert "任务完成率" in visitor.get("/p/small/facts/1").text
    assert lost(house, "1") == 10_000
