"""How far a token and a clerk of one programme reach: to its end, and not into the house."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from schedules.deadlines import local_day
from tests.builders import SHANGHAI, 住建局, 生态分局
from tests.databases import Prepare
from tests.web.conftest import NOW, House, opened
from tests.web.staff import EVIDENCE, come_in, staffed, token_of
from tests.web.test_interface import API, far_with, program
from tracker.domain.authority import Post, Role
from tracker.services import absences, accounts, people, tokens
from tracker.store.tables import PersonRow

V1 = "/api/v1"
TODAY = local_day(NOW, SHANGHAI)


@pytest.fixture
def staff(database_like: Callable[[Prepare], str], tmp_path: Path) -> Iterator[House]:
    house = opened(database_like(staffed), tmp_path / "data")
    yield house
    house.runtime.database.close()


def person_of(staff: House, login: str) -> int:
    with staff.runtime.database.read() as session:
        return accounts.named(session, login, TODAY).person_id


def stranger(staff: House) -> int:
    """Somebody who works in the other programme alone."""
    return person_of(staff, "foreign")


def token_for_small(staff: House) -> str:
    """Of somebody who administers and runs every programme, with every scope, for one of them."""
    with staff.runtime.database.write() as session:
        one = accounts.named(session, "admin", TODAY)
        accounts.give(session, one.id, Post(Role.OFFICE), now=NOW, on=TODAY, by="x")
        _, value = tokens.make(
            session, one.id, name="OA", scopes=[str(scope) for scope in tokens.Scope], days=9,
            programme="small", now=NOW, on=TODAY, by="x",
        )  # fmt: skip
    return value


def test_a_token_for_one_programme_does_nothing_to_the_house(staff: House) -> None:
    forgotten = person_of(staff, "contact")
    notice = {"year": 2027, "number": "x", "off_days": {"2027-01-01": "元旦"}}
    hook = {"url": "https://oa.example.gov.cn/events", "groups": ["facts"]}
    draft = {"name": "x.txt", "content": "eA==", "id": "new-one"}
    with far_with(staff, token_for_small(staff)) as client:
        client.get(f"{V1}/account")  # the token's use is noted once an hour
        before = staff.everything()
        asked = {
            "makes an account": client.post(f"{V1}/accounts", json={"login": "mine", "name": "我"}),
            "lists accounts": client.get(f"{V1}/accounts"),
            "gives a role": client.post(f"{V1}/accounts/1/roles", json={"role": "auditor"}),
            "loads a notice": client.post(f"{V1}/calendar", json=notice),
            "forgets a person": client.post(f"{API}/people/{forgotten}/erase",
                                            json={"name": "某contact"}),
            "makes a programme": client.post(f"{V1}/imports", json=draft),
            "hears of all programmes": client.post(f"{V1}/hooks", json=hook),
            "makes a backup": client.post(f"{V1}/service/backups", json={}),
        }  # fmt: skip
        assert {what: one.status_code for what, one in asked.items()} == dict.fromkeys(asked, 403)
        assert staff.everything() == before
        assert client.get(f"{API}/people").status_code == 200
        assert client.post(f"{V1}/hooks", json=hook | {"programme": "small"}).status_code == 201


def test_a_clerk_of_one_programme_hands_over_no_unit_of_the_house(staff: House) -> None:
    """The contacts of the furnished house answer for their unit in every programme."""
    before = staff.everything()["membership"]
    with program(staff, "office", "run") as client:
        sent = {"to_unit": 生态分局}
        assert client.post(f"{API}/units/{住建局}/handover", json=sent).status_code == 409
    with come_in(staff, "office") as browser:
        form = {"unit": 住建局, "to_unit": 生态分局, "token": token_of(browser, staff)}
        assert "各方案共用" in browser.post("/p/small/people", data=form).text
    assert staff.everything()["membership"] == before


def test_what_a_leaver_stood_in_for_elsewhere_does_not_pass_to_whom_a_clerk_chooses(
    staff: House,
) -> None:
    leaver, friend = person_of(staff, "deputy"), person_of(staff, "head")
    with staff.runtime.database.write() as session:
        for away in (stranger(staff), person_of(staff, "neighbour")):
            absences.begin(
                session, people.person(session, away), people.person(session, leaver), now=NOW,
                from_on=TODAY, until_on=date(2021, 12, 1), copied=False, by="x",
            )  # fmt: skip
    with program(staff, "office", "run") as client:
        sent = {"leaver": leaver, "successor": friend}
        assert client.post(f"{API}/handovers", json=sent).status_code == 201
    with staff.runtime.database.read() as session:
        found = {one.person_id: one.deputy_id for one in absences.absences(session, since=TODAY)}
    assert found == {stranger(staff): leaver, person_of(staff, "neighbour"): friend}
    with come_in(staff, "head") as browser:
        assert browser.get("/p/other/").status_code == 403


def test_a_clerk_learns_of_nobody_who_works_in_another_programme_alone(staff: House) -> None:
    other, mine = stranger(staff), person_of(staff, "deputy")
    with staff.runtime.database.write() as session:
        absences.begin(
            session, people.person(session, other), people.person(session, other - 1), now=NOW,
            from_on=date(2021, 11, 1), until_on=date(2021, 12, 1), copied=False, by="x",
        )  # fmt: skip
        session.get_one(PersonRow, other).name = "不在本方案的人"
    away = {"deputy": other, "from_on": "2021-10-20", "until_on": "2021-10-25"}
    quiet = {"scope": "person", "subject": str(other), "mode": "silence", "because": "x",
             "until": "2021-10-25T08:30:00+08:00"}  # fmt: skip
    before = staff.everything()
    with program(staff, "office", "run") as client, come_in(staff, "office") as browser:
        asked = [
            client.post(f"{API}/feeds", json={"person": other}),
            client.post(f"{API}/handovers", json={"leaver": mine, "successor": other}),
            client.post(f"{API}/people/{mine}/absences", json=away),
            client.post(f"{API}/silences", json=quiet),
        ]
        assert [one.status_code for one in asked] == [404] * 4
        form = {"token": token_of(browser, staff), "act": "person", "person": str(other)}
        assert browser.post("/p/small/feeds", data=form).status_code == 404
        seen = [browser.get(f"/p/small/{one}").text for one in ("people", "feeds", "silences")]
    assert not any("不在本方案的人" in one for one in (*seen, *(one.text for one in asked)))
    after = staff.everything()
    for table in ("feed", "membership", "absence", "silence"):
        assert after[table] == before[table], table


def test_whoever_knows_the_hash_of_anothers_file_is_not_given_it(staff: House) -> None:
    report = {
        "fact": "report", "id": "x1", "clause": "1", "duty": "done", "unit": 住建局, "done": True,
        "occurred_at": "2021-10-01T10:00:00+08:00",
        "evidence": [{"name": "mine.jpg", "sha256": EVIDENCE, "size": 5}],
    }  # fmt: skip
    with program(staff, "foreign", "run", "read") as client:
        told = client.post(f"{V1}/programmes/other/facts", json=[report])
        assert (told.status_code, "没有这份佐证材料" in told.text) == (422, True)
        assert client.get(f"{V1}/programmes/other/evidence/{EVIDENCE}").status_code == 404
    with program(staff, "office", "run") as client:
        assert client.post(f"{API}/facts", json=[report]).status_code == 200


def test_nobody_records_a_fact_in_anothers_name(staff: House) -> None:
    report = {"fact": "report", "clause": "1", "duty": "done", "unit": 住建局, "done": True,
              "occurred_at": "2021-10-01T10:00:00+08:00"}  # fmt: skip
    before = staff.facts()
    with program(staff, "office", "run") as client:
        for name in (f"person:{person_of(staff, 'reviewer')}", "office"):
            told = client.post(f"{API}/facts", json=[report | {"by": name}])
            assert (told.status_code, "他人名义" in told.text) == (422, True)
        assert staff.facts() == before
        assert client.post(f"{API}/facts", json=[report | {"by": 住建局}]).status_code == 200
        every = client.get(f"{API}/facts").json()["facts"]
        assert client.post(f"{API}/facts", json=every).json()["added"] == 0
