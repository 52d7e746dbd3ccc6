"""Signed links: looking at one changes nothing, however often; confirming it does."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Self

import pytest
from starlette.testclient import TestClient
from starlette.types import Message

from tests.builders import a_contact, at, 住建局
from tests.files import JPEG
from tests.web.conftest import House, form_of, the_programme
from tracker.domain import facts as f
from tracker.domain.policy import Policy
from tracker.services import links, people, programmes
from tracker.services.links import Link, Purpose
from tracker.web.app import create
from tracker.web.intake import FIELDS_LIMIT

LATE = f"1/done/{住建局}"


def link_to(house: House, purpose: Purpose, *, hours: int = 240, role: str = "") -> str:
    """The path that a mail to the unit's contact, or to its head, would hold."""
    role = role or ("contact" if purpose in links.offered("contact") else "head")
    with house.runtime.database.read() as session:
        [person] = people.resolve(session, "small", 住建局, role, date(2021, 10, 18))
        assert person.id is not None
        until = house.clock.now() + timedelta(hours=hours)
        token = links.make(house.runtime.secret, Link(purpose, person.id, "small", LATE, until))
    return f"/a/{token}"


def outside(house: House) -> TestClient:
    """Somebody's telephone: not at the server's machine, without an access code."""
    return house.browser(client=("203.0.113.9", 4711), host="tracker.example.gov.cn")


def test_scanners_that_open_every_link_trigger_nothing(house: House) -> None:
    before = house.everything()
    with outside(house) as scanner:
        for purpose in Purpose:
            path = link_to(house, purpose)
            assert scanner.get(path).status_code == 200
            scanner.head(path)
            scanner.options(path)
            scanner.get(path, headers={"purpose": "prefetch", "sec-purpose": "prefetch"})
            scanner.get(path, params={"state": "done", "outcome": "requested", "token": "x"})
            assert scanner.post(path, data={"state": "done"}).status_code == 403
            assert scanner.post(path, json={"state": "done"}).status_code == 403
    assert house.everything() == before


def test_the_page_behind_a_link_greets_its_person_and_offers_no_way_further_in(
    house: House,
) -> None:
    with outside(house) as phone:
        page = phone.get(link_to(house, Purpose.REPORT)).text
        assert "住建局的contact" in page
        assert "任务1" in page
        assert 'href="/p/small/' not in page
        assert phone.get("/p/small/").status_code == 403


def test_who_has_to_hand_in_again_reads_why_above_the_form(house: House) -> None:
    with outside(house) as phone:
        page = phone.get(link_to(house, Purpose.REPORT)).text
        assert page.index("10-05 周二 10:00 退回，要改的是：") < page.index("<form")
        assert page.index("缺签章") < page.index("<form")


def test_a_unit_reports_from_its_mail_and_gets_a_receipt(house: House) -> None:
    path = link_to(house, Purpose.REPORT)
    with outside(house) as phone:
        hidden = form_of(phone.get(path))
        given = {"state": "done", "note": "已完成", "at": "2021-10-15T09:00"}
        files = [("evidence", ("照片.jpg", JPEG, "image/jpeg"))]
        answer = phone.post(path, data=hidden | given, files=files)
        assert answer.status_code == 303
        thanks = phone.get(answer.headers["location"])
        assert thanks.status_code == 200
        assert "回执" in thanks.text
    filed = house.last()
    assert isinstance(filed, f.Report)
    assert filed.by.startswith("person:")
    assert filed.occurred_at == house.clock.now(), "a unit submits when it submits"
    assert "2021-10-15 09:00" in filed.note
    assert filed.evidence[0].name == "照片.jpg"


def test_sent_twice_from_a_telephone_it_counts_once(house: House) -> None:
    path = link_to(house, Purpose.REPORT)
    with outside(house) as phone:
        hidden = form_of(phone.get(path)) | {"state": "done"}
        answers = [phone.post(path, data=hidden) for _ in range(2)]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    assert sum(isinstance(one, f.Report) and one.by != "" for one in house.facts()) == 2


def test_a_receipt_is_signed_behind_its_page(house: House) -> None:
    path = link_to(house, Purpose.SIGN)
    with outside(house) as phone:
        answer = phone.post(path, data=form_of(phone.get(path)))
        assert "已签收" in phone.get(answer.headers["location"]).text
    filed = house.last()
    assert isinstance(filed, f.Receipt)
    assert filed.role == "contact"


def test_a_head_signs_as_the_head(house: House) -> None:
    path = link_to(house, Purpose.SIGN, role="head")
    with outside(house) as phone:
        phone.post(path, data=form_of(phone.get(path)))
    filed = house.last()
    assert isinstance(filed, f.Receipt)
    assert filed.role == "head"


@pytest.mark.parametrize(
    ("role", "days", "said"),
    [
        ("contact", 3, "3 个工作日内不再催办联络员、副联络员；期限不变。"),
        ("head", 5, "5 个工作日内不再催办联络员、副联络员、单位负责人；期限不变。"),
        ("head", 0, "催办照常；期限不变。"),
    ],
)
def test_who_signed_reads_whom_it_leaves_in_peace_and_for_how_long(
    house: House, role: str, days: int, said: str
) -> None:
    changed = the_programme().model_copy(update={"policy": Policy(receipt_silences=days)})
    with house.runtime.database.write() as session:
        programmes.publish(session, changed, now=house.clock.now(), by="office")
    path = link_to(house, Purpose.SIGN, role=role)
    with outside(house) as phone:
        answer = phone.post(path, data=form_of(phone.get(path)))
        assert said in phone.get(answer.headers["location"]).text


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (0, "催办照常；期限不变。"),
        (2, "2 个工作日内不再催办联络员、副联络员；期限不变。"),
    ],
)
def test_who_reported_progress_reads_that_nothing_waits_for_review_yet(
    house: House, days: int, said: str
) -> None:
    changed = the_programme().model_copy(update={"policy": Policy(progress_silences=days)})
    with house.runtime.database.write() as session:
        programmes.publish(session, changed, now=house.clock.now(), by="office")
    path = link_to(house, Purpose.REPORT)
    with outside(house) as phone:
        answer = phone.post(path, data=form_of(phone.get(path)) | {"state": "going"})
        told = phone.get(answer.headers["location"]).text
        assert "那时才送审核。" + said in told
        assert "已送审核" not in told
        assert "申请延期</a>" in told, "the mail's other links go on from here"
        done = phone.post(path, data=form_of(phone.get(path)) | {"state": "done"})
        told = phone.get(done.headers["location"]).text
        assert "已送审核" in told
        assert "申请延期</a>" not in told


def test_a_link_for_an_extension_only_asks_for_one(house: House) -> None:
    path = link_to(house, Purpose.EXTEND)
    with outside(house) as phone:
        hidden = form_of(phone.get(path))
        given = {"outcome": "approved", "until": "2021-10-29", "reason": "设备迟到"}
        assert phone.post(path, data=hidden | given).status_code == 303
    filed = house.last()
    assert isinstance(filed, f.Extension)
    assert filed.outcome == "requested"


def test_one_link_leads_to_the_other_two(house: House) -> None:
    with outside(house) as phone:
        page = phone.get(link_to(house, Purpose.SIGN)).text
        offered = page[page.index("还可以") :]
        ways = [part.split('"')[0] for part in offered.split('href="/a/')[1:]]
        assert len(ways) == 2
        for way in ways:
            assert phone.get(f"/a/{way}").status_code == 200


def test_a_head_is_offered_what_a_head_does(house: House) -> None:
    with outside(house) as phone:
        page = phone.get(link_to(house, Purpose.SIGN, role="head")).text
        offered = page[page.index("还可以") :]
        assert "看这件事" in offered
        assert "看这个单位" in offered
        assert "填报" not in offered
        assert "延期" not in offered


def test_a_head_looks_at_the_item_and_at_the_unit_without_an_account(house: House) -> None:
    with outside(house) as phone:
        item = phone.get(link_to(house, Purpose.VIEW, role="head")).text
        assert "任务1" in item
        assert "缺签章" in item, "why the report was sent back"
        assert "<form" not in item
        unit = phone.get(link_to(house, Purpose.UNIT, role="head")).text
        assert "县住房和城乡建设局" in unit
        assert "第一阶段" in unit
        for page in (item, unit):
            assert 'href="/p/small/' not in page
        way = unit.split('class="mi-name" href="')[1].split('"')[0]
        assert way.startswith("/a/")
        assert phone.get(way).status_code == 200


def test_behind_a_link_to_look_nothing_can_be_done(house: House) -> None:
    sign = link_to(house, Purpose.SIGN, role="head")
    before = house.everything()
    with outside(house) as phone:
        hidden = form_of(phone.get(sign)) | {"state": "done"}
        for purpose in (Purpose.VIEW, Purpose.UNIT):
            answer = phone.post(link_to(house, purpose, role="head"), data=hidden)
            assert answer.status_code == 400
    assert house.everything() == before


def test_what_cannot_be_taken_is_said_and_nothing_is_recorded(house: House) -> None:
    path = link_to(house, Purpose.REPORT)
    with outside(house) as phone:
        hidden = form_of(phone.get(path))
        before = house.everything()
        for given in ({}, {"state": "going", "at": "never"}):
            answer = phone.post(path, data=hidden | given)
            assert answer.status_code == 422
            assert "没有提交成功" in answer.text
    assert house.everything() == before


def test_a_link_that_expired_says_so_and_does_nothing(house: House) -> None:
    path = link_to(house, Purpose.REPORT, hours=1)
    with outside(house) as phone:
        hidden = form_of(phone.get(path))
        house.clock.advance_to(at("2021-10-18 09:01"))
        before = house.everything()
        answers = [phone.get(path), phone.post(path, data=hidden | {"state": "done"})]
    for answer in answers:
        assert answer.status_code == 403
        assert "链接" in answer.text
        assert "怎么办" in answer.text
    assert house.everything() == before


def test_a_link_that_was_changed_is_none_of_ours(house: House) -> None:
    path = link_to(house, Purpose.REPORT)
    with outside(house) as phone:
        assert phone.get(path[:-3] + "abc").status_code == 403
        assert phone.get("/a/x").status_code == 403


def test_guessing_links_is_slowed_down(house: House) -> None:
    good = link_to(house, Purpose.REPORT)
    with outside(house) as phone:
        tries = [phone.get(f"/a/guess{n}").status_code for n in range(70)]
        assert tries.count(429) == 10
        assert phone.get(good).status_code == 200, "a right link still opens"


def test_a_link_does_not_open_for_who_has_left(house: House) -> None:
    path = link_to(house, Purpose.REPORT)
    with house.runtime.database.write() as session:
        successor = a_contact(住建局, name="新来的", mail="new@housing.example.gov.cn")
        people.load_contacts(
            session, [successor], now=house.clock.now(), on=date(2021, 10, 18), by="office"
        )
    with outside(house) as phone:
        assert phone.get(path).status_code == 403


def test_a_link_shows_the_present_whatever_instant_is_asked_for(house: House) -> None:
    path = link_to(house, Purpose.REPORT)
    with outside(house) as phone:
        page = phone.get(path, params={"as_of": "2021-01-05"}).text
    assert "2021-10-18 周一 08:00" in page


def test_the_page_behind_a_link_is_there_in_english_too(house: House) -> None:
    for purpose in Purpose:
        with outside(house) as phone:
            page = phone.get(link_to(house, purpose), params={"lang": "en"})
        assert page.status_code == 200
        assert '<html lang="en">' in page.text


def test_every_form_of_the_application_goes_through_the_same_check(house: House) -> None:
    paths = create(house.runtime).openapi()["paths"]
    posts = [path for path, methods in paths.items() if "post" in methods]
    assert len(posts) >= 8
    with house.browser() as visitor:
        for path in posts:
            there = path.replace("{slug}", "small").replace("{token}", "x")
            assert visitor.post(there, data={"x": "y"}).status_code == 403, path


class Upload:
    """A POST whose body never ends; `taken` counts the bytes that the application asked for."""

    def __init__(self, house: House, path: str) -> None:
        self._app, self._path = create(house.runtime), path
        self._begun = False
        self.taken = 0
        self.status = 0

    async def __call__(self) -> Self:
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST",
            "scheme": "http", "path": self._path, "raw_path": self._path.encode(),
            "query_string": b"", "root_path": "", "client": ("203.0.113.9", 4711),
            "server": ("tracker.example.gov.cn", 80),
            "headers": [(b"host", b"tracker.example.gov.cn"),
                        (b"content-type", b"multipart/form-data; boundary=edge")],
        }  # fmt: skip
        await self._app(scope, self._give, self._keep)
        return self

    async def _give(self) -> Message:
        head = b'--edge\r\ncontent-disposition: form-data; name="f"; filename="f"\r\n\r\n'
        chunk = b"x" * 65536 if self._begun else head
        self._begun = True
        self.taken += len(chunk)
        return {"type": "http.request", "body": chunk, "more_body": True}

    async def _keep(self, message: Message) -> None:
        self.status = message.get("status", self.status)


async def test_a_link_that_opens_nothing_is_refused_before_its_body_is_read(house: House) -> None:
    for path in ("/a/nothing.of-ours", link_to(house, Purpose.REPORT, hours=-1)):
        done = await Upload(house, path)()
        assert (done.status, done.taken) == (403, 0)


async def test_a_form_without_files_takes_no_more_than_its_fields_need(house: House) -> None:
    done = await Upload(house, link_to(house, Purpose.SIGN))()
    assert done.status == 413
    assert done.taken <= FIELDS_LIMIT + 2 * 65536
