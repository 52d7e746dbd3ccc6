"""The calendar moves dates on approval, a year ends and the next begins, a channel is tried."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.builders import at
from tests.web.conftest import House, form_of
from tracker.domain import facts as f
from tracker.services import calendars, drafts, programmes

NOTICE = {
    "year": "2021",
    "number": "试一号",
    "off_days": "10-18..10-22 大雪停工",
    "make_up_days": "",
}


def test_a_notice_is_loaded_only_after_it_was_seen_which_dates_it_moves(
    visitor: TestClient, house: House
) -> None:
    fields = form_of(visitor.get("/calendar"))
    before = house.everything()
    look = visitor.post("/calendar", data={**fields, **NOTICE, "step": "look"})
    assert look.status_code == 200
    assert house.everything() == before
    assert "没有期限会动" in look.text or "个期限会动" in look.text
    assert "大雪停工" in look.text
    assert visitor.post("/calendar", data={**fields, **NOTICE}).status_code == 303
    with house.runtime.database.read() as session:
        assert not calendars.calendar(session).is_working(at("2021-10-19").date())
    assert "试一号" in visitor.get("/calendar").text


def test_a_day_that_cannot_be_in_a_notice_is_told_and_nothing_is_loaded(
    visitor: TestClient, house: House
) -> None:
    fields = form_of(visitor.get("/calendar"))
    before = house.everything()
    answer = visitor.post("/calendar", data={**fields, **NOTICE, "off_days": "13-40 某节"})
    assert answer.status_code == 422
    assert "13-40" in answer.text
    assert house.everything() == before


def test_a_year_is_closed_with_a_reason_and_opened_again(visitor: TestClient, house: House) -> None:
    fields = form_of(visitor.get("/p/small/year"))
    without = visitor.post("/p/small/year", data=fields)
    assert without.status_code == 422
    assert visitor.post("/p/small/year", data={**fields, "reason": "已评定"}).status_code == 303
    assert isinstance(house.last(), f.Closing)
    page = visitor.get("/p/small/year")
    assert "收官" in page.text
    again = {**form_of(page), "reason": "复核"}
    assert again["act"] == "reopen"
    assert visitor.post("/p/small/year", data=again).status_code == 303
    assert house.last().fact == "withdrawal"


def test_the_next_year_begins_as_a_draft_with_every_date_moved_and_nothing_published(
    visitor: TestClient, house: House
) -> None:
    fields = form_of(visitor.get("/p/small/year"))
    answer = visitor.post("/p/small/year", data={**fields, "act": "next", "year": "2022"})
    assert answer.status_code == 303
    draft = answer.headers["location"]
    assert draft.startswith("/import/")
    page = visitor.get(draft).text
    assert "逐条核对过了吗？" in page
    assert "every date was moved" not in page
    english = visitor.get(draft, params={"lang": "en"}).text
    assert "every date was moved" in english
    assert "逐条核对过了吗？" not in english
    with house.runtime.database.read() as session:
        made = drafts.kept(session, int(draft.rsplit("/", 1)[1])).result
        assert programmes.slugs(session) == ["small"]
        old = programmes.current(session, "small")
    assert made.year == 2022
    assert "2021-" not in json.dumps(made.model_dump(mode="json", exclude={"open_points"}))
    assert [rule for _, _, rule in made.rules()] == [rule for _, _, rule in old.rules()]
    assert {one.id for one in made.still_open} == {"dates", "targets"}


def test_an_earlier_year_is_refused(visitor: TestClient) -> None:
    fields = form_of(visitor.get("/p/small/year"))
    answer = visitor.post("/p/small/year", data={**fields, "act": "next", "year": "2020"})
    assert answer.status_code == 422
    assert "年份要晚于 2021 年" in answer.text


def test_a_test_mail_goes_out_at_once_and_its_answer_is_shown(
    visitor: TestClient, house: House
) -> None:
    fields = form_of(visitor.get("/service"), action="/service/try")
    answer = visitor.post("/service/try", data={**fields, "channel": "mail", "to": "a@example.org"})
    assert answer.status_code == 200
    assert "收下了" in answer.text
    assert len(list(house.runtime.settings.mails.rglob("*.eml"))) == 1


def test_a_test_to_no_address_says_why_it_was_not_taken(visitor: TestClient) -> None:
    fields = form_of(visitor.get("/service"), action="/service/try")
    answer = visitor.post("/service/try", data={**fields, "channel": "mail", "to": "nobody"})
    assert answer.status_code == 422
    assert "没有收下" in answer.text
    assert "“nobody”不是邮箱地址" in answer.text
    assert "ValueError" not in answer.text


def test_no_key_is_shown_to_an_administrator(a_house: Callable[..., House]) -> None:
    house = a_house(smtp_host="mail.example.org", smtp_password="hidden-password")
    with house.browser() as client:
        assert "hidden-password" not in client.get("/service").text


@pytest.mark.usefixtures("tools")
def test_a_backup_is_made_from_the_page_and_listed(visitor: TestClient, house: House) -> None:
    fields = form_of(visitor.get("/service"), action="/service/backup")
    answer = visitor.post("/service/backup", data=fields)
    assert answer.status_code == 303
    page = visitor.get(answer.headers["location"]).text
    assert '<td class="id">tracker-20211018-000000.tar.gz</td>' in page
    assert "备份好了" in page
    assert len(list((house.runtime.settings.data / "backups").iterdir())) == 1


OLDER = """#!/bin/sh
echo 'pg_dump: error: aborting because of server version mismatch' >&2
echo 'pg_dump: detail: server version: 17.2; pg_dump version: 15.1' >&2
exit 1
"""


@pytest.mark.parametrize("database_kind", ["postgres"])
@pytest.mark.usefixtures("tools")
def test_a_client_that_is_older_than_the_server_is_said_with_what_to_do(
    visitor: TestClient, house: House, tmp_path: Path
) -> None:
    program = tmp_path / "older" / "pg_dump"
    program.parent.mkdir()
    program.write_text(OLDER)
    program.chmod(0o755)
    os.environ["PATH"] = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    fields = form_of(visitor.get("/service"), action="/service/backup")
    answer = visitor.post("/service/backup", data=fields)
    assert answer.status_code == 409
    assert "pg_dump 比服务器旧：安装与服务器同版或更新的 PostgreSQL 客户端" in answer.text
    assert "server version: 17.2" in answer.text
    assert not list((house.runtime.settings.data / "backups").glob("*.tar.gz"))
