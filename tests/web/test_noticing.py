"""Reminders seen to on pages: the next two weeks, snoozes and silences, one sent now, one again."""

from __future__ import annotations

import re
from urllib.parse import quote

from starlette.testclient import TestClient

from tests.builders import a_contact, at, 住建局
from tests.web.conftest import House, deliver, form_of, the_programme
from tracker.services import delivery, people, planning, silences, trail, watch, weekpost
from tracker.services.claims import letter_of
from tracker.store.tables import DispatchRow

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
    assert "已交给待发件，几分钟内发出" in visitor.get(answer.headers["location"]).text
    planning.tick_all(house.runtime.database, house.clock.now())
    page = visitor.get(f"/p/small/obligation?key={quote(KEY)}").text
    assert page.count("即时催办") == 1


def test_what_is_sent_by_hand_at_night_is_said_to_leave_in_the_morning(
    house: House, visitor: TestClient
) -> None:
    house.clock.advance_to(at("2021-10-18 23:10"))
    form_at = f"/p/small/remind?key={quote(KEY)}"
    hidden = form_of(visitor.get(form_at), action="/p/small/remind")
    answer = visitor.post("/p/small/remind", data={**hidden, "role": "head"})
    page = visitor.get(answer.headers["location"]).text
    assert "夜间不打扰，2021-10-19 周二 07:00 发出" in page


def test_a_mail_is_sent_again_from_the_ledger_of_notices(house: House, visitor: TestClient) -> None:
    to = post(visitor, "/p/small/notices/resend", "/p/small/notices?state=sent")
    assert to == "/p/small/notices?state=wanted"
    assert "即时催办" in visitor.get(to).text


# -- what went out ---------------------------------------------------------------------------------


def test_a_mail_is_read_as_it_went_with_what_it_told_and_nobody_can_sign_from_there(
    house: House, visitor: TestClient
) -> None:
    [number, *_] = re.findall(r'/p/small/mails/(\d+)"', visitor.get("/p/small/notices").text)
    page = visitor.get(f"/p/small/mails/{number}").text
    told = page.partition("<pre")[2]
    assert "逾期" in told
    assert "/a/…" in told
    assert "已被服务器接收" in page
    with house.runtime.database.read() as session:
        row = session.get_one(DispatchRow, int(number))
        raw = letter_of(session, int(number))
    assert row.message_id in page
    html = visitor.get(f"/p/small/mails/{number}?form=html")
    assert "sandbox" in html.headers["content-security-policy"]
    tokens = re.findall(r"/a/([^\s\"&<>]+)", (raw or b"").decode() + told + html.text)
    assert {one for one in tokens if one in told or one in html.text} == {"…"}


def test_a_digest_and_an_alarm_are_sent_again_from_the_list_of_mails(
    house: House, visitor: TestClient
) -> None:
    cast = [a_contact("*", role, mail=f"{role}@county.example") for role in ("leader", "office")]
    parts = delivery.parts_of(house.runtime)
    now = at("2021-10-18 09:00")
    house.clock.advance_to(now)
    with house.runtime.database.write() as session:
        people.load_contacts(session, cast, now=now, on=now.date(), by="office")
        weekpost.issue_and_post(session, "small", now=now, stationery=parts.stationery,
                                templates=house.runtime.templates)  # fmt: skip
        trail.append(session, "small", "notice.nobody", KEY, {"unit": 住建局, "role": "leader"},
                     now=now)  # fmt: skip
        watch.watch(session, now, stationery=parts.stationery, templates=house.runtime.templates)
    deliver(house)
    for kind, title in (("digest", "周报"), ("office", "值守提醒")):
        before = visitor.get(f"/p/small/mails?kind={kind}").text
        assert title in before
        [number, *_] = re.findall(r'/p/small/mails/(\d+)"', before)
        to = post(visitor, "/p/small/notices/resend", f"/p/small/mails/{number}")
        assert to == f"/p/small/mails?kind={kind}"
        numbers = re.findall(r'/p/small/mails/(\d+)"', visitor.get(to).text)
        assert len(numbers) == len(re.findall(r'/p/small/mails/(\d+)"', before)) + 1
        deliver(house)
        assert "已被服务器接收" in visitor.get(f"/p/small/mails/{numbers[0]}").text


def test_a_mail_of_another_programme_is_none_of_ours(visitor: TestClient) -> None:
    assert visitor.get("/p/small/mails/4711").status_code == 404
    assert visitor.get("/p/small/mails?kind=love").status_code == 400


def test_what_was_sent_again_is_in_the_list_at_once(house: House, visitor: TestClient) -> None:
    """The pages' scores are of the last full five minutes; what goes out is not."""
    house.clock.advance_to(at("2021-10-18 09:03"))
    to = post(visitor, "/p/small/notices/resend", "/p/small/notices?state=sent")
    assert "即时催办" in visitor.get(to).text
    planning.tick_all(house.runtime.database, house.clock.now())
    deliver(house)
    [newest, *_] = re.findall(r'/p/small/mails/(\d+)"', visitor.get("/p/small/mails").text)
    assert "即时催办" in visitor.get(f"/p/small/mails/{newest}").text
    assert visitor.get(f"/p/small/mails/{newest}?known_at=2021-10-18T09:00").status_code == 404


def test_the_form_of_a_silence_offers_what_it_can_be_of(visitor: TestClient) -> None:
    page = visitor.get("/p/small/silences").text
    for offered in (KEY, the_programme().unit_names[住建局], a_contact(住建局).mail):
        assert f'<option value="{offered}">' in page
    assert 'value="2021-11-01T08:00"' in page
