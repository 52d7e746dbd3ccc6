"""Signed links: for one person, one obligation, one purpose, until an instant."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.builders import JANUARY, NEW_YEAR, a_programme, at, item, the_cast, 住建局
from tracker.domain.errors import Refused
from tracker.services import links, people, programmes
from tracker.services.links import Link, Purpose
from tracker.store.database import Database
from tracker.store.tables import LinkRow

SECRET = "a secret of tests that is long enough"
UNTIL = at("2021-10-01")
LINK = Link(Purpose.SIGN, 7, "small", f"1/done/{住建局}", UNTIL)


def test_a_link_says_again_what_was_put_into_it() -> None:
    token = links.make(SECRET, LINK)
    assert links.read(SECRET, token, at("2021-09-30")) == LINK
    assert links.make(SECRET, LINK) == token
    assert links.address("https://tracker.test", token) == f"https://tracker.test/a/{token}"
    assert LINK.unit == 住建局


def test_a_link_stops_working_at_its_instant() -> None:
    token = links.make(SECRET, LINK)
    links.read(SECRET, token, UNTIL - timedelta(seconds=1))
    with pytest.raises(Refused, match="过期"):
        links.read(SECRET, token, UNTIL)


@pytest.mark.parametrize("broken", ["", "x", "a.b", "{token}x", "x{token}", "🙂", "é" * 40])
def test_what_we_did_not_sign_is_refused(broken: str) -> None:
    token = broken.format(token=links.make(SECRET, LINK))
    with pytest.raises(Refused, match="无效"):
        links.read(SECRET, token, at("2021-09-30"))


def test_every_changed_letter_of_a_token_is_noticed() -> None:
    token = links.make(SECRET, LINK)
    for place in range(len(token) - 1):  # the last letter carries two bits that mean nothing
        other = "A" if token[place] != "A" else "B"
        with pytest.raises(Refused):
            links.read(SECRET, token[:place] + other + token[place + 1 :], at("2021-09-30"))


def test_another_installation_s_link_is_refused() -> None:
    with pytest.raises(Refused):
        links.read("another secret", links.make(SECRET, LINK), at("2021-09-30"))


@pytest.fixture
def person(database: Database) -> int:
    """The contact of 住建局."""
    with database.write() as session:
        programme = a_programme(item("1", due_on="2021-09-30"))
        programmes.publish(session, programme, now=JANUARY, by="office")
        people.load_contacts(session, the_cast(), now=JANUARY, on=NEW_YEAR, by="office")
        row = people.by_mail(session, "contact@housing.example.gov.cn")
        assert row is not None
        assert row.id is not None
        return row.id


def test_a_link_works_for_whoever_has_a_role_in_the_unit(database: Database, person: int) -> None:
    link = Link(Purpose.REPORT, person, "small", f"1/done/{住建局}", UNTIL)
    token = links.make(SECRET, link)
    with database.read() as session:
        assert links.check(session, SECRET, token, at("2021-09-01")) == link
        assert links.role_of(session, link, at("2021-09-01")) == "contact"


def test_after_a_handover_the_leaver_s_link_no_longer_works(
    database: Database, person: int
) -> None:
    link = Link(Purpose.REPORT, person, "small", f"1/done/{住建局}", UNTIL)
    token, now = links.make(SECRET, link), at("2021-09-01")
    with database.write() as session:
        successor = people.by_mail(session, "contact@env-branch.example.gov.cn")
        assert successor is not None
        people.handover(
            session, leaver=person, successor=successor.id or 0, on=now.date(), now=now, by="office"
        )
    with database.read() as session, pytest.raises(Refused, match="接手人"):
        links.check(session, SECRET, token, at("2021-09-02"))


def test_a_used_link_works_again_and_a_revoked_one_does_not(
    database: Database, person: int
) -> None:
    link = Link(Purpose.REPORT, person, "small", f"1/done/{住建局}", UNTIL)
    token, now = links.make(SECRET, link), at("2021-09-01")
    with database.write() as session:
        links.note_use(session, token, link, now)
        links.note_use(session, token, link, now + timedelta(hours=1))
    with database.read() as session:
        row = session.get(LinkRow, links.token_hash(token))
        assert row is not None
        assert row.used_at == now
        assert token not in str(row.model_dump())
        assert links.check(session, SECRET, token, at("2021-09-02")) == link
    with database.write() as session:
        links.revoke(session, SECRET, f"https://tracker.test/a/{token}", now=now, by="office")
    for written in every_writing_of(token):
        with database.read() as session, pytest.raises(Refused, match="撤回"):
            links.check(session, SECRET, written, at("2021-09-02"))


def every_writing_of(token: str) -> list[str]:
    """With each last letter under which the signature still is the same."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    found = []
    for letter in letters:
        try:
            links.read(SECRET, token[:-1] + letter, at("2021-09-02"))
        except Refused:
            continue
        found.append(token[:-1] + letter)
    assert token in found
    return found


def test_all_links_of_a_person_are_revoked_at_once_and_new_ones_work(
    database: Database, person: int
) -> None:
    link = Link(Purpose.REPORT, person, "small", f"1/done/{住建局}", UNTIL)
    now = at("2021-09-01")
    with database.write() as session:
        links.revoke_all(session, person, now=now, by="office")
    with database.read() as session:
        for purpose in links.offered("contact"):
            with pytest.raises(Refused, match="撤回"):
                links.check(
                    session, SECRET, links.make(SECRET, replace(link, purpose=purpose)), now
                )
        fresh = replace(link, series=1)
        assert links.check(session, SECRET, links.make(SECRET, fresh), now) == fresh


@pytest.mark.parametrize("purpose", [Purpose.VIEW, Purpose.UNIT])
def test_who_was_head_and_is_now_contact_no_longer_looks_at_the_whole_unit(
    database: Database, person: int, purpose: Purpose
) -> None:
    """The head hands over to another, and becomes the unit's contact."""
    now = at("2021-09-01")
    with database.write() as session:
        head = people.by_mail(session, "head@housing.example.gov.cn")
        other = people.by_mail(session, "head@env-branch.example.gov.cn")
        assert head is not None
        assert other is not None
        link = Link(purpose, head.id or 0, "small", f"1/done/{住建局}", UNTIL)
        token = links.make(SECRET, link)
        links.check(session, SECRET, token, now)
        people.handover(session, leaver=head.id or 0, successor=other.id or 0, on=now.date(),
                        now=now, by="office")  # fmt: skip
        people.handover(session, leaver=person, successor=head.id or 0, on=now.date(), now=now,
                        by="office")  # fmt: skip
    with database.read() as session:
        with pytest.raises(Refused, match="接手人"):
            links.check(session, SECRET, token, at("2021-09-02"))
        mine = links.make(SECRET, replace(link, purpose=Purpose.REPORT))
        assert links.check(session, SECRET, mine, at("2021-09-02")).purpose is Purpose.REPORT
