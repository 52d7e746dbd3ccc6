"""催办办法 on a page and through the interface: seen in words, seen before it is so, made so."""

from __future__ import annotations

from datetime import timedelta

from starlette.testclient import TestClient

from tests.web.conftest import NOW, House, form_of
from tracker.domain.policy import Policy
from tracker.services import coming, planning, policies, programmes
from tracker.services.policies import Place
from tracker.web import policy

PAGE = "/p/small/policy"
API = "/api/v1/programmes/small/policy"


def counted(house: House, item: str) -> policies.Stated:
    with house.runtime.database.read() as session:
        return policies.stands_at(programmes.current(session, "small"), Place("item", item))


def test_the_page_says_in_words_what_counts(visitor: TestClient) -> None:
    page = visitor.get(PAGE).text
    assert "到期前 30 个工作日；到期前 14 个工作日" in page
    assert "逾期第 3 个工作日" in page
    assert "When" not in page
    assert "30 working days before" in visitor.get(PAGE, params={"lang": "en"}).text


def test_a_change_is_seen_first_and_made_by_confirming(visitor: TestClient, house: House) -> None:
    given = {"at": "item:4", "see": "1", "before": "8, 3", "head_from": "从不", "joins.office": "2",
             "rungs.0.at": "50%", "rungs.0.deputy": "1", "assign_slip": "never"}  # fmt: skip
    seen = visitor.get(PAGE, params=given)
    assert "还没有保存" in seen.text
    assert "到期前 8 个工作日；到期前 3 个工作日" in seen.text
    assert "时间用去 50%通知副联络员" in seen.text
    assert counted(house, "4").own == {}, "looking saves nothing"
    form = form_of(seen) | {"reason": ""}
    assert visitor.post(PAGE, data=form).status_code == 422
    done = visitor.post(PAGE, data=form | {"reason": "会议纪要"})
    assert done.headers["location"] == PAGE
    assert counted(house, "4").own == {
        "before": [-8, -3], "head_from": "never", "joins": {"office": 2},
        "rungs": [{"at": "50%", "tells": ["deputy"]}], "assign_slip": "never",
    }  # fmt: skip
    again = visitor.get(PAGE, params={"at": "item:4"})
    assert 'value="8, 3"' in again.text
    assert "已经是这样" in visitor.get(PAGE, params=given).text


def test_what_is_foreseen_is_what_the_next_two_weeks_then_hold(house: House) -> None:
    """Nothing that comes after the change is told otherwise than it said."""
    database, now = house.runtime.database, NOW
    planning.tick_all(database, now)
    every = {"before": [-20, -15, -12, -9, -6], "overdue_every": 2, "leader_from": 1}
    with database.read() as session:
        before = coming.coming(session, "small", now=now)
        found = policies.foresee(session, "small", Place(), every, now=now)
    assert found.more
    assert found.fewer
    assert found.mails_now == sum(one.person != 0 for one in before)
    with database.write() as session:
        policies.change(session, "small", Place(), every, now=now, by="office", reason="试")
    planning.tick_all(database, now + timedelta(minutes=1))
    with database.read() as session:
        after = coming.coming(session, "small", now=now + timedelta(minutes=1))
        told = set(policies._tellings(after))
    assert sum(one.person != 0 for one in after) == found.mails_then
    assert {one for one in found.more if one.at > now} <= told
    assert not {one for one in found.fewer if one.at > now} & told


def test_what_cannot_be_a_policy_is_said_at_its_field(visitor: TestClient, house: House) -> None:
    for given, told in (
        ({"before": "bald"}, "到期前提醒"),
        ({"head_from": "0"}, "单位负责人加入"),
        ({"rungs.0.at": "in 3 days"}, "自己的档"),
        ({"overdue_first": "9", "overdue_last": "2"}, "逾期后最后一次"),
        ({}, "已经是这样"),
    ):
        answer = visitor.get(PAGE, params={"at": "item:4", "see": "1", **given})
        assert (answer.status_code, told in answer.text) == (422, True), given
    assert visitor.get(PAGE, params={"at": "item:99"}).status_code == 404
    assert visitor.get(PAGE, params={"at": "thing"}).status_code == 400
    assert counted(house, "4").own == {}


def test_a_policy_typed_is_the_policy_read_back() -> None:
    own = {
        "before": [-7, 0], "overdue_last": "never", "ends_on": "cutoff", "joins": {},
        "rungs": [{"at": "-4h", "tells": ["leader", "office"]}, {"at": "end", "tells": []}],
        "case_joins": {"lead": 0}, "case_hours_before": [24, 12], "opens": "08:30",
        "channels": ["mail", "wecom"], "language": "en",
    }  # fmt: skip
    for language in ("zh", "en"):
        read = policy.said(policy.typed_of(own, language))
        assert set(read) == set(own)
        assert Policy.model_validate(read) == Policy.model_validate(own)


def test_programs_see_it_first_and_change_it_too(visitor: TestClient, house: House) -> None:
    listed = visitor.get(API)
    assert listed.json()["policies"][0]["whole"]["before"] == [-30, -14, -7, -3, -1, 0]
    body = {"kind": "item", "id": "4", "policy": {"before": [-8], "language": "en"}}
    wrong = visitor.post(f"{API}/preview", json=body)
    assert wrong.status_code == 422
    assert "language" in wrong.text, "a person gets one mail: its language is the programme's"
    body["policy"] = {"before": [-8]}
    seen = visitor.post(f"{API}/preview", json=body)
    assert set(seen.json()) == {"until", "mails_now", "mails_then", "more", "fewer"}
    assert visitor.post(API, json=body).status_code == 422
    tag = {"if-match": listed.headers["etag"]}
    done = visitor.post(API, json=body | {"reason": "会议"}, headers=tag)
    assert (done.status_code, done.json()["policy"]["own"]) == (201, {"before": [-8]})
    assert visitor.post(API, json=body | {"reason": "会议"}, headers=tag).status_code == 412
    assert counted(house, "4").own == {"before": [-8]}
