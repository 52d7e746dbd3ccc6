"""Reminders seen to on pages: the next two weeks, snoozes and silences, one sent now, one again."""

from __future__ import annotations

import re
from urllib.parse import quote

from starlette.testclient import TestClient

from tests.builders import at, 住建局
from tests.web.conftest import House, form_of
from tracker.services import planning, silences

KEY = f"1/done/{住建局}"


def post(visitor: TestClient, path: str, form_at: str, **fields: str) -> str:
    """Where a filled-in form leads; the page itself where it is not taken."""
    hidden = form_of(visitor.get(form_at), action=path)
    answer = visitor.post(path, data={**hidden, **fields})
    return answer.headers.get("location", answer.text)


def test_the_next_two_weeks_say_who_will_hear_what_and_why(visitor: TestClient) -> None:
    page = visitor.get("/p/small/notices/ahead").text
    assert "今后两周将发" in page
    assert "住建局的contact" in page
    assert "逾期第" in page
    assert "读" not in page.partition("<main")[0]


def test_a_mail_to_come_can_be_read_and_its_links_are_dead(visitor: TestClient) -> None:
    ahead = visitor.get("/p/small/notices/ahead").text
    [key, *_] = re.findall(r'/p/small/notices/letter\?key=([^"]+)"', ahead)
    page = visitor.get(f"/p/small/notices/letter?key={key}").text
    assert "【催办】" in page
    html = visitor.get(f"/p/small/notices/letter?key={key}&form=html")
    assert "sandbox" in html.headers["content-security-policy"]
    [address, *_] = re.findall(r"https?://[^/]+(/a/[^\"&]+)", html.text)
    assert visitor.get(address).status_code in (403, 404, 410)
    assert visitor.get("/p/small/notices/letter?key=1|never|mail").status_code == 404


def test_a_silence_is_made_shown_and_ended_on_its_page(house: House, visitor: TestClient) -> None:
    path = "/p/small/silences"
    to = post(visitor, path, path, scope="obligation", subject=KEY, mode="silence",
              until="2021-10-25T12:00", because="<b>统一部署</b>")  # fmt: skip
    assert to == path
    page = visitor.get(path).text
    assert "&lt;b&gt;统一部署&lt;/b&gt;" in page
    assert "10-25" in page
    with house.runtime.database.read() as session:
        [made] = silences.of_programme(session, "small")
    assert (made.subject, made.until_at, made.by) == (KEY, at("2021-10-25 12:00"), "office")
    end = f"{path}/{made.number}/end"
    assert post(visitor, end, path) == path
    assert "没有推后，也没有静默" in visitor.get(path).text


def test_a_silence_without_end_or_reason_is_not_taken(house: House, visitor: TestClient) -> None:
    path = "/p/small/silences"
    page = post(visitor, path, path, scope="obligation", subject=KEY, mode="silence", until="",
                because="")  # fmt: skip
    assert 'id="wrong-until"' in page
    assert 'id="wrong-because"' in page
    assert KEY in page
    page = post(visitor, path, path, scope="unit", subject="没有的局", mode="snooze",
                until="2021-10-25T12:00", because="搬迁")  # fmt: skip
    assert "没有单位“没有的局”" in page
    with house.runtime.database.read() as session:
        assert silences.of_programme(session, "small") == []


def test_one_is_sent_by_hand_and_the_same_form_twice_makes_one(
    house: House, visitor: TestClient
) -> None:
    form_at = f"/p/small/remind?key={quote(KEY)}"
    hidden = form_of(visitor.get(form_at), action="/p/small/remind")
    fields = {**hidden, "role": "head", "because": "领导要求"}
    for _ in range(2):
        answer = visitor.post("/p/small/remind", data=fields)
        assert answer.status_code == 303
    assert "已交给待发件" in visitor.get(answer.headers["location"]).text
    planning.tick_all(house.runtime.database, house.clock.now())
    page = visitor.get(f"/p/small/obligation?key={quote(KEY)}").text
    assert page.count("即时催办") == 1


def test_a_mail_is_sent_again_from_the_ledger_of_notices(house: House, visitor: TestClient) -> None:
    to = post(visitor, "/p/small/notices/resend", "/p/small/notices?state=sent")
    assert to == "/p/small/notices?state=wanted"
    assert "即时催办" in visitor.get(to).text
