"""A program's year: what the pages' forms do, done through the interface, with the same outcome."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from schedules.deadlines import local_day
from tests.builders import SHANGHAI, at
from tests.databases import Prepare
from tests.web.conftest import NOW, House, opened
from tests.web.staff import EVIDENCE, KEY, REPORT, come_in, staffed, token_of, with_evidence
from tests.web.test_described import key_to_everything
from tests.web.test_imports import document
from tests.web.test_interface import API, far_with, program
from tracker.services import absences, accounts, people, weekly

V1 = "/api/v1"


@pytest.fixture
def staff(database_like: Callable[[Prepare], str], tmp_path: Path) -> Iterator[House]:
    with_evidence(tmp_path / "data")
    house = opened(database_like(staffed), tmp_path / "data")
    yield house
    house.runtime.database.close()


@pytest.fixture
def office(staff: House) -> Iterator[TestClient]:
    with program(staff, "office", "run") as client:
        yield client


def made(client: TestClient, path: str, **body: Any) -> Any:
    answer = client.post(path, json=body)
    assert answer.status_code in (200, 201), f"{path}: {answer.text}"
    return answer.json()


def test_reminders_slips_silences_and_calls(office: TestClient) -> None:
    slip = made(office, f"{API}/slips", obligation=KEY, kind="urge")
    assert slip["intact"]
    assert office.get(f"{API}/slips/{slip['id']}/pdf").content.startswith(b"%PDF")
    void = made(office, f"{API}/slips/{slip['id']}/void", reason="开错单位")
    assert void["void"] == "开错单位"
    assert office.get(f"{API}/slips?limit=1").json()["slips"] == [void]
    assert made(office, f"{API}/reminders", obligation="4/s1/housing")["keys"]
    quiet = made(office, f"{API}/silences", scope="unit", subject="housing", mode="silence",
                 until="2021-10-25T08:30:00+08:00", because="等文件")  # fmt: skip
    made(office, f"{API}/silences/{quiet['number']}/end")
    assert not office.get(f"{API}/silences").json()["silences"][0]["in_force"]
    assert office.get(f"{API}/notices?limit=2").json()["notices"]
    assert office.get(f"{API}/notices/ahead").json()["mails"]
    assert office.get(f"{API}/calls").json()["programme"] == "small"


def test_people_change_and_their_feeds_with_them(office: TestClient) -> None:
    known = office.get(f"{API}/people").json()["people"]
    leaver = next(one for one in known if one["name"] == "某contact")
    new = {"unit": "housing", "name": "新联络员", "role": "deputy", "mail": "new@housing.example"}
    assert made(office, f"{API}/contacts", contacts=[new])["added"] == 1
    after = office.get(f"{API}/people").json()["people"]
    deputy = next(one["person"] for one in after if one["name"] == "新联络员")
    away = made(office, f"{API}/people/{leaver['person']}/absences", deputy=deputy,
                from_on="2021-10-20", until_on="2021-10-25")  # fmt: skip
    shown = office.get(f"{API}/people/{leaver['person']}").json()
    assert [one["id"] for one in shown["absences"]] == [away["id"]]
    made(office, f"{API}/people/{leaver['person']}/absences/{away['id']}/end")
    roles = made(office, f"{API}/handovers", leaver=leaver["person"], successor=deputy,
                 unit="housing", role="contact")  # fmt: skip
    assert roles == {"roles": 1}
    feed = made(office, f"{API}/feeds", unit="housing")
    again = made(office, f"{API}/feeds/{feed['id']}/renew")
    assert feed["address"] != again["address"]
    assert office.post(f"{API}/feeds", json={}).status_code == 422


def test_an_absence_is_ended_by_the_office_of_its_own_person_alone(
    staff: House, office: TestClient
) -> None:
    on = local_day(NOW, SHANGHAI)
    with staff.runtime.database.write() as session:
        elsewhere = accounts.named(session, "foreign", on).person_id
        away = absences.begin(
            session, people.person(session, elsewhere), people.person(session, 1), now=NOW,
            from_on=date(2021, 10, 20), until_on=date(2021, 10, 25), copied=False, by="x",
        )  # fmt: skip
    known = office.get(f"{API}/people").json()["people"]
    mine = next(one["person"] for one in known if one["person"] != elsewhere)
    before = staff.everything()["absence"]
    ended = office.post(f"{API}/people/{mine}/absences/{away.id}/end", json={})
    assert ended.status_code == 404
    with come_in(staff, "office") as browser:
        sent = {"act": "back", "absence": str(away.id), "token": token_of(browser, staff)}
        assert browser.post(f"/p/small/people/{mine}", data=sent).status_code == 422
    assert staff.everything()["absence"] == before


def test_an_office_makes_nobody_deputy_of_whoever_also_works_in_another_programme(
    staff: House, office: TestClient
) -> None:
    on = local_day(NOW, SHANGHAI)
    with staff.runtime.database.read() as session:
        mine = accounts.named(session, "office", on)
        theirs = accounts.named(session, "foreign", on)
        mail = people.person(session, theirs.person_id).mail
    if not mail:
        with staff.runtime.database.write() as session:
            mail = "foreign@other.example"
            people.person(session, theirs.person_id).mail = mail
    row = {"unit": "housing", "name": theirs.name, "role": "deputy", "mail": mail}
    made(office, f"{API}/contacts", contacts=[row])
    away = {"deputy": mine.person_id, "from_on": "2021-10-18", "until_on": "2021-10-25"}
    told = office.post(f"{API}/people/{theirs.person_id}/absences", json=away)
    with come_in(staff, "office") as browser:
        sent = {**away, "act": "away", "token": token_of(browser, staff)}
        seen = browser.post(f"/p/small/people/{theirs.person_id}", data=sent)
        other = browser.get("/p/other/").status_code
    assert (told.status_code, seen.status_code, other) == (403, 403, 403)


def test_a_token_for_reading_ends_nothing_but_itself(staff: House) -> None:
    with come_in(staff, "office") as person, program(staff, "office", "read") as reader:
        made = person.post(f"{V1}/tokens", json={"name": "OA", "scopes": ["run"]}).json()
        [session] = reader.get(f"{V1}/account/sessions").json()["sessions"]
        assert reader.delete(f"{V1}/account/sessions/{session['id']}").status_code == 403
        assert reader.delete(f"{V1}/tokens/{made['id']}").status_code == 403
        chosen = reader.post(f"{V1}/account/language", json={"language": "en"})
        assert chosen.status_code == 403
        assert person.get("/p/small/").status_code == 200
        own = next(one for one in reader.get(f"{V1}/tokens").json()["tokens"]
                   if one["id"] != made["id"])  # fmt: skip
        assert reader.delete(f"{V1}/tokens/{own['id']}").status_code == 204
        assert reader.get(f"{V1}/tokens").status_code == 401


def test_a_price_is_told_before_anything_is_done(staff: House, office: TestClient) -> None:
    office.get(f"{V1}/account")  # the token's use is noted once an hour
    before = staff.everything()
    fact = {"fact": "waiver", "id": "w1", "clause": "1", "duty": "done", "unit": "housing",
            "occurred_at": "2021-10-18T07:00:00+08:00", "reason": "不涉及"}  # fmt: skip
    priced = office.post(f"{API}/facts/price", json=[fact]).json()
    assert float(priced["now"]["change"]) > 0
    same = made(office, f"{API}/what-if", suppose=[f"done {KEY}"])
    assert float(same["later"]["change"]) >= 0
    owed = made(office, f"{API}/assignments/1/price", units=["env_branch"], joins="all")
    assert (owed["units_before"], owed["version"]) == (["housing"], None)
    assert staff.everything() == before
    assert office.post(f"{API}/assignments/1", json={"units": ["env_branch"], "joins": "all"}
                       ).status_code == 422  # fmt: skip
    done = made(office, f"{API}/assignments/1", units=["env_branch"], joins="all", reason="分工")
    assert done["version"] == 2


def test_a_score_is_signed_and_the_year_closed_and_opened_again(office: TestClient) -> None:
    signed = made(office, f"{API}/signoffs", person="王主任")
    ancient = {"person": "王主任", "as_of": "0168-08-01T21:33:04+18:11"}
    told = office.post(f"{API}/signoffs", json=ancient)
    assert (told.status_code, told.json()["problems"][0][:6]) == (422, "as_of:")
    since = office.get(f"{API}/signoffs/{signed['number']}").json()
    assert since["signoff"]["sha256"] == signed["sha256"]
    made(office, f"{API}/year/close", reason="年度结束")
    assert office.get(f"{API}/year").json()["closed"]["fact"] == "closing"
    assert office.post(f"{API}/year/close", json={"reason": "再来"}).status_code == 409
    made(office, f"{API}/year/reopen", reason="上级复核")
    assert office.get(f"{API}/year").json()["closed"] is None
    assert made(office, f"{API}/year/next", year=2022)["draft"]


def test_a_document_becomes_a_draft_and_is_published(
    staff: House, office: TestClient, tmp_path: Path
) -> None:
    file = document(tmp_path)
    content = base64.b64encode(file.read_bytes()).decode()
    draft = made(office, f"{V1}/imports", name=file.name, content=content, programme="small",
                 year=2024)  # fmt: skip
    path = f"{V1}/imports/{draft['id']}"
    wrong = office.post(f"{path}/decisions", json={"answers": {"none-such": "x"}})
    assert wrong.status_code == 422
    assert "answers.none-such" in wrong.text
    answers = {one["id"]: one["choices"][0]["id"] for one in draft["points"] if one["choices"]}
    decided = made(office, f"{path}/decisions", answers=answers, accepted=[])
    assert decided["open"] <= draft["open"]
    made(office, f"{path}/drop")
    assert office.get(path).json()["dropped_at"]
    body = {"name": "x.exe", "content": content, "programme": "small"}
    assert office.post(f"{V1}/imports", json=body).status_code == 422


def test_papers_come_as_files_and_only_to_whom_they_are_open(
    staff: House, office: TestClient
) -> None:
    for name in ("digest.json", "audit.csv", "audit.xlsx", f"dossier.pdf?key={KEY}",
                 f"evidence/{EVIDENCE}"):  # fmt: skip
        answer = office.get(f"{API}/{name}")
        assert answer.status_code == 200, name
        assert answer.headers["content-disposition"].startswith("attachment"), name
    assert office.get(f"{API}/audit.exe").status_code == 404
    assert office.get(f"{API}/cases").json()["obligations"]
    with program(staff, "neighbour", "read") as neighbour:
        assert neighbour.get(f"{API}/evidence/{EVIDENCE}").status_code == 403


def test_a_paper_is_of_the_week_the_period_and_the_unit_that_the_address_names(
    staff: House, office: TestClient
) -> None:
    with staff.runtime.database.write() as session:
        weekly.issue(session, "small", now=at("2021-10-18 08:30"))
    on_file = office.get(f"{API}/digests").json()["weeks"][0]
    week = {"week": on_file["week"], "audience": "unit:housing"}
    issued = office.get(f"{API}/digest.json", params=week)
    assert (issued.status_code, issued.json()["unit"]) == (200, "housing"), issued.text
    assert office.get(f"{API}/digest.json?unit=housing").json()["unit"] == "housing"
    period = {"from": "2021-09-01", "to": "2021-09-30", "unit": "housing"}
    late = office.get(f"{API}/audit.json", params=period).json()
    assert (late["first"], late["last"], late["unit"]) == ("2021-09-01", "2021-09-30", "housing")
    for astray in ("digest.json?unit=nobody", "digest.json?week=1999-W01", "audit.json?unit=nobody",
                   "audit.json?from=someday", "bulletin.html?by=luck"):  # fmt: skip
        assert office.get(f"{API}/{astray}").status_code in (400, 404), astray


def test_a_leader_instructs_and_an_administrator_tends_the_house(staff: House) -> None:
    words = {
        "words": "月底前完成清淤",
        "unit": "housing",
        "due_on": "2021-10-29",
        "person": "李县长",
    }
    with program(staff, "leader", "run") as leader:
        made(leader, f"{API}/instructions", **words)
    with program(staff, "admin", "administer") as admin:
        assert admin.get(f"{V1}/service/channels").json()["channels"]
        tried = made(admin, f"{V1}/service/try", channel="mail", to="no address")
        assert tried["accepted"] is False
        number = admin.get(f"{V1}/account").json()["account"]["id"]
        assert made(admin, f"{V1}/account/language", language="en") == {"done": "en"}
        assert admin.get(f"{V1}/accounts/{number}/sessions").json() == {"sessions": []}
        assert len(admin.get(f"{V1}/accounts/{number}/tokens").json()["tokens"]) == 1


def test_a_notice_of_days_off_tells_what_it_moves_before_it_does(staff: House) -> None:
    notice = {"year": 2027, "number": "国办发明电〔2026〕1号", "off_days": {"2027-01-01": "元旦"},
              "make_up_days": []}  # fmt: skip
    with (
        program(staff, "office", "run") as one,
        far_with(staff, key_to_everything(staff).removeprefix("Bearer ")) as every,
    ):
        assert one.post(f"{V1}/calendar", json=notice).status_code == 403
        every.get(f"{V1}/account")  # the token's use is noted once an hour
        before = staff.everything()
        assert made(every, f"{V1}/calendar/price", **notice) == {"moves": [], "loaded": False}
        assert staff.everything() == before
        assert made(every, f"{V1}/calendar", **notice)["loaded"]
        shown = every.get(f"{V1}/calendar?first=2027&last=2027").json()["years"]
    assert [(one["known"], one["off"]) for one in shown] == [(True, ["2027-01-01"])]


def test_what_the_pages_show_is_read(staff: House, office: TestClient) -> None:
    whole = office.get(API)
    assert whole.json()["document"]["title"] == "小方案"
    tag = {"if-none-match": whole.headers["etag"]}
    assert office.get(API, headers=tag).status_code == 304
    made(office, f"{API}/assignments/1", units=["env_branch"], joins="all", reason="分工")
    after = office.get(API, headers=tag).json()
    assert (after["version"], after["versions"]) == (2, [2, 1])
    assert office.get(f"{API}?version=1").json()["hash"] == whole.json()["hash"]
    assert office.get(f"{API}?version=9").status_code == 404
    ranked = office.get(f"{API}/ranking").json()["units"]
    assert [one["rank"] for one in ranked] == sorted(one["rank"] for one in ranked)
    mails = office.get(f"{API}/mails?limit=1")
    assert 'rel="next"' in mails.headers["link"]
    [mail] = mails.json()["mails"]
    shown = office.get(f"{API}/mails/{mail['number']}").json()
    assert shown["text"]
    assert shown["message_id"] == mail["message_id"]


def test_a_reviewer_finds_what_waits_and_what_happened_to_it(staff: House) -> None:
    with (
        program(staff, "reviewer", "review", "read") as judge,
        program(staff, "idle-reviewer", "review", "read") as idle,
    ):
        before = judge.get(f"{API}/reviews").json()["reports"]
        assert (KEY, REPORT) in [(one["obligation"], one["report"]["id"]) for one in before]
        assert idle.get(f"{API}/reviews").json()["reports"] == []
        body = {"obligation": KEY, "report": REPORT, "outcome": "accepted"}
        assert judge.post(f"{API}/reviews", json=body).status_code == 201
        assert len(judge.get(f"{API}/reviews").json()["reports"]) == len(before) - 1
        told = judge.get(f"{API}/obligation/history", params={"key": KEY}).json()
        assert told["events"][-1]["kind"] == "review_accepted"
        assert told["notices"]


def test_of_two_who_change_a_draft_or_an_assignment_the_slower_is_told(
    staff: House, office: TestClient
) -> None:
    draft = f"{V1}/imports/1"
    tag = {"if-match": office.get(draft).headers["etag"]}
    point = next(one for one in office.get(draft).json()["readings"] if one["choices"])
    body = {"readings": {point["id"]: point["choices"][-1]["id"]}}
    assert office.post(f"{draft}/decisions", json=body, headers=tag).status_code == 201
    assert office.post(f"{draft}/decisions", json=body, headers=tag).status_code == 412
    assert office.post(f"{draft}/drop", json={}, headers=tag).status_code == 412
    tag = {"if-match": office.get(f"{API}/assignments").headers["etag"]}
    owed = {"units": ["env_branch"], "joins": "all", "reason": "分工"}
    assert office.post(f"{API}/assignments/1", json=owed, headers=tag).status_code == 201
    assert office.post(f"{API}/assignments/4", json=owed, headers=tag).status_code == 412


LISTS = ("people", "silences", "cases", "slips", "mails", "notices", "obligations", "facts")


@pytest.mark.parametrize("name", LISTS)
def test_every_list_goes_on_where_it_stopped(office: TestClient, name: str) -> None:
    for unit in ("housing", "env_branch"):
        made(office, f"{API}/silences", scope="unit", subject=unit, mode="snooze",
             because="等文件", until="2021-10-25T08:30:00")  # fmt: skip
        made(office, f"{API}/slips", obligation=KEY, kind="urge")
    [member] = [key for key, one in office.get(f"{API}/{name}").json().items()
                if isinstance(one, list) and key != "missing"]  # fmt: skip
    whole = in_parts(office, name, member, 1000)
    assert len(whole) > 1
    assert in_parts(office, name, member, max(1, len(whole) // 3)) == whole


def in_parts(office: TestClient, name: str, member: str, limit: int) -> list[object]:
    found, path = [], f"{API}/{name}?limit={limit}"
    while path:
        answer = office.get(path)
        assert len(answer.json()[member]) <= limit
        found += answer.json()[member]
        path = answer.headers.get("link", "").partition("<")[2].partition(">")[0]
    return found
