"""The pages of order slips, mails that came in, calls and people; and leaving digests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.builders import a_contact, at, 住建局, 生态分局
from tests.notifiers.test_incoming import a_mail
from tests.web.conftest import House, form_of
from tests.web.test_feeds import SCANNERS
from tests.web.test_mailed import LATE, link_to, outside
from tracker.services import links, mailbox, people, replies, slips, subscriptions
from tracker.services.links import Purpose
from tracker.store.tables import PersonRow

PAGE = "/p/small"


def person(house: House, unit: str = 住建局, role: str = "contact") -> PersonRow:
    with house.runtime.database.read() as session:
        found = people.by_mail(session, a_contact(unit, role).mail)
    assert found is not None
    return found


def sent(client: TestClient, page: str, *, to: str = "", action: str = "", **fields: Any) -> Any:
    """The form of that page, filled in and sent."""
    hidden = form_of(client.get(page), action=action)
    return client.post(to or page, data=hidden | {k: str(v) for k, v in fields.items()})


# -- order slips ---------------------------------------------------------------------------------


def test_a_slip_is_issued_looked_at_and_made_void(house: House, visitor: TestClient) -> None:
    page = visitor.get(f"{PAGE}/slips").text
    assert "已制发 3 份" in page, "the head's reminder of that morning brought them"
    assert "催办〔2021〕1号" in page
    answer = sent(visitor, f"{PAGE}/slips", kind="supervise", key=LATE)
    assert answer.status_code == 303
    place = answer.headers["location"]
    page = visitor.get(place).text
    assert "督办〔2021〕1号" in page
    assert "与留痕中的指纹相符" in page
    pdf = visitor.get(f"{place}/pdf")
    assert pdf.content.startswith(b"%PDF")
    assert pdf.headers["content-type"] == "application/pdf"
    assert sent(visitor, place, reason=" ").status_code == 422
    assert sent(visitor, place, reason="发错单位").status_code == 303
    assert "作废：发错单位" in visitor.get(f"{PAGE}/slips").text


def test_the_page_of_an_obligation_leads_to_its_slips(house: House, visitor: TestClient) -> None:
    page = visitor.get(f"{PAGE}/obligation", params={"key": LATE}).text
    with house.runtime.database.read() as session:
        [slip] = slips.of_obligation(session, "small", LATE)
    assert f'href="{PAGE}/slips/{slip.id}">{slip.number}' in page
    assert f'href="{PAGE}/slips?key=' in page


def test_a_form_of_a_slip_sent_twice_makes_one(house: House, visitor: TestClient) -> None:
    hidden = form_of(visitor.get(f"{PAGE}/slips"))
    given = hidden | {"kind": "urge", "key": LATE}
    places = {visitor.post(f"{PAGE}/slips", data=given).headers["location"] for _ in range(2)}
    assert len(places) == 1


def test_a_slip_of_nothing_is_refused_in_words(house: House, visitor: TestClient) -> None:
    answer = sent(visitor, f"{PAGE}/slips", kind="urge", key="no/such/thing")
    assert (answer.status_code, "没有这件应办事项" in answer.text) == (422, True)
    assert visitor.get(f"{PAGE}/slips/4711").status_code == 404


# -- mails that came in --------------------------------------------------------------------------


def test_a_mail_that_waits_is_shown_as_text_and_settled(house: House, visitor: TestClient) -> None:
    raw = a_mail("<script>alert(1)</script> 何时验收？").as_bytes()
    with house.runtime.database.write() as session:
        replies.take(session, "box", 1, raw, mailbox._read(raw), now=house.clock.now())
    page = visitor.get(f"{PAGE}/replies").text
    assert "1 封来信等人处理" in page
    assert "<script>alert(1)" not in page
    assert "不是回复我们的信" in page
    assert sent(visitor, f"{PAGE}/replies").status_code == 303
    assert "没有等人处理的来信" in visitor.get(f"{PAGE}/replies").text


# -- calls ---------------------------------------------------------------------------------------


@pytest.fixture
def unreachable(house: House) -> House:
    """The contact of 住建局 bounces; the tick of that morning has found it out."""
    from tracker.services import planning

    with house.runtime.database.write() as session:
        session.get_one(PersonRow, person(house).id).bounced_at = at("2021-10-15")
    house.clock.advance_to(at("2021-10-20 09:00"))
    planning.tick_all(house.runtime.database, house.clock.now())
    return house


def test_a_call_is_recorded_and_leaves_the_list(unreachable: House, visitor: TestClient) -> None:
    page = visitor.get(f"{PAGE}/calls").text
    assert "1 人要打电话" in page
    assert "邮箱退信" in page
    assert visitor.get(f"{PAGE}/calls/pdf").content.startswith(b"%PDF")
    assert sent(visitor, f"{PAGE}/calls", outcome="reached", caller=" ").status_code == 422
    assert sent(visitor, f"{PAGE}/calls", outcome="promised", caller="李").status_code == 422
    assert sent(visitor, f"{PAGE}/calls", outcome="reached", caller="李值班").status_code == 303
    page = visitor.get(f"{PAGE}/calls").text
    assert "今天没有要打电话的人" in page
    assert "李值班" in page


# -- people --------------------------------------------------------------------------------------


def test_people_are_listed_with_what_they_are_and_how_they_are_reached(
    unreachable: House, visitor: TestClient
) -> None:
    page = visitor.get(f"{PAGE}/people").text
    assert "3 人，1 人的邮箱退信" in page
    assert "住建局的head" in page
    assert "单位负责人" in page


def act(client: TestClient, house: House, what: str, **fields: Any) -> Any:
    """One of the forms of the page of 住建局's contact."""
    page = f"{PAGE}/people/{person(house).id}"
    token = form_of(client.get(page))["token"]
    return client.post(page, data={"token": token, "act": what, **fields})


def test_a_role_is_handed_over_from_the_page_and_the_old_link_dies(
    house: House, visitor: TestClient
) -> None:
    old = link_to(house, Purpose.REPORT)
    successor = person(house, 生态分局).id
    answer = act(visitor, house, "handover", successor=successor, post="", on="2021-10-18")
    assert answer.status_code == 303
    with outside(house) as phone:
        assert phone.get(old).status_code == 403
    again = act(visitor, house, "handover", successor=successor, post="", on="2021-10-18")
    assert (again.status_code, "没有可移交的任职" in again.text) == (422, True)


def test_a_role_handed_over_on_a_later_day_names_the_first_day_without_it(
    house: House, visitor: TestClient
) -> None:
    successor = person(house, 生态分局).id
    act(visitor, house, "handover", successor=successor, post="", on="2021-10-20")
    assert "2021-10-20 起不再担任" in visitor.get(f"{PAGE}/people/{person(house).id}").text


def test_an_absence_begins_and_ends_from_the_page(house: House, visitor: TestClient) -> None:
    deputy = person(house, 生态分局).id
    given = {"deputy": deputy, "from_on": "2021-10-18", "until_on": "2021-10-25"}
    assert act(visitor, house, "away", **given).status_code == 303
    page = visitor.get(f"{PAGE}/people/{person(house).id}").text
    assert "生态分局的contact 代理" in page
    absence = re.search(r'name="absence" value="(\d+)"', page)
    assert absence is not None
    assert act(visitor, house, "back", absence=absence[1]).status_code == 303
    assert "生态分局的contact 代理" not in visitor.get(f"{PAGE}/people").text
    wrong = {"deputy": deputy, "from_on": "2021-10-18", "until_on": "2021-10-18"}
    assert act(visitor, house, "away", **wrong).status_code == 422


def test_links_are_revoked_and_an_address_is_trusted_again_from_the_page(
    unreachable: House, visitor: TestClient
) -> None:
    old = link_to(unreachable, Purpose.REPORT)
    assert act(visitor, unreachable, "revoke").status_code == 303
    with outside(unreachable) as phone:
        assert phone.get(old).status_code == 403
    assert act(visitor, unreachable, "reachable").status_code == 303
    assert person(unreachable).bounced_at is None


def test_somebody_is_erased_only_where_the_name_is_typed(house: House, visitor: TestClient) -> None:
    who = person(house)
    refused = act(visitor, house, "erase", name="别人")
    assert (refused.status_code, "姓名对不上" in refused.text) == (422, True)
    assert act(visitor, house, "erase", name=who.name).status_code == 303
    assert "已删除的人" in visitor.get(f"{PAGE}/people/{who.id}").text


def test_a_whole_unit_is_handed_over_from_the_page(house: House, visitor: TestClient) -> None:
    parts = {"unit": 住建局, "to_unit": 生态分局, "on": "2021-10-18"}
    answer = sent(visitor, f"{PAGE}/people", act="unit_over", **parts)
    assert answer.status_code == 303
    with house.runtime.database.read() as session:
        held = people.holders(session, "small", date(2021, 10, 18))
    assert {one.name for one in held if one.unit == 住建局} == {"生态分局的contact"}


def test_an_act_that_no_form_has_is_not_understood(house: House, visitor: TestClient) -> None:
    assert act(visitor, house, "promote").status_code == 400
    assert act(visitor, house, "handover", successor="x").status_code == 400


# -- leaving digests -----------------------------------------------------------------------------


def way(house: House) -> str:
    """The path in the head's digest."""
    secret = house.runtime.secret
    return subscriptions.address("", secret, person(house, role="head"))


def has_left(house: House) -> bool:
    return person(house, role="head").digests_left_at is not None


@pytest.fixture
def reader(house: House) -> Iterator[TestClient]:
    with outside(house) as phone:
        yield phone


def test_opening_the_address_changes_nothing_and_says_what_cannot_be_left(
    house: House, reader: TestClient
) -> None:
    before = house.everything()
    page = reader.get(way(house))
    assert page.status_code == 200
    assert "催办是法定通知，不能退订" in page.text
    assert 'href="/"' not in page.text
    reader.head(way(house))
    reader.get(way(house), params={"List-Unsubscribe": "One-Click"})
    assert house.everything() == before


def test_nothing_that_a_link_scanner_does_leaves_the_digests(
    house: House, reader: TestClient
) -> None:
    before = house.everything()
    for method, headers in SCANNERS:
        answer = reader.request(method, way(house), headers=headers)
        assert answer.status_code in (200, 405), (method, headers)
    assert house.everything() == before
    print(f"\nFIGURE {len(SCANNERS)} scanner patterns on the way out of digests: 0 rows changed")


def test_one_click_of_a_mail_program_leaves_without_a_cookie_or_a_form(
    house: House, reader: TestClient
) -> None:
    for _ in range(2):
        answer = reader.post(way(house), data={"List-Unsubscribe": "One-Click"})
        assert (answer.status_code, answer.content) == (200, b"")
    assert has_left(house)


def test_a_reader_leaves_and_comes_back_with_a_button_each(
    house: House, reader: TestClient
) -> None:
    for left in (True, False):
        hidden = form_of(reader.get(way(house)))
        assert reader.post(way(house), data=hidden).status_code == 303
        assert has_left(house) is left


def test_another_site_s_form_does_nothing(house: House, reader: TestClient) -> None:
    answer = reader.post(way(house), data={"act": "leave"})
    assert answer.status_code == 403
    assert not has_left(house)


def test_an_address_that_is_not_ours_or_was_revoked_is_refused(
    house: House, reader: TestClient
) -> None:
    mine = way(house)
    assert reader.get("/u/nothing.of-ours").status_code == 403
    assert reader.post("/u/x", data={"List-Unsubscribe": "One-Click"}).status_code == 403
    with house.runtime.database.write() as session:
        who = person(house, role="head").id or 0
        links.revoke_all(session, who, now=house.clock.now(), by="office")
    assert reader.post(mine, data={"List-Unsubscribe": "One-Click"}).status_code == 403
    assert not has_left(house)
    assert reader.post(way(house), content=b"x" * 10_000).status_code == 413
