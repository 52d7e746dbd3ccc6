"""Calendar feeds: whose dates they show, and what their address is worth."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import icalendar
import pytest
from sqlmodel import select

from tests.builders import (
    JANUARY,
    NEW_YEAR,
    a_case_item,
    a_contact,
    a_programme,
    at,
    item,
    住建局,
    生态分局,
)
from tracker.domain import facts as f
from tracker.domain.errors import NotFound, Refused
from tracker.services import closings, feeds, people, programmes, reporting, trail
from tracker.services.feeds import Feed, House
from tracker.store.database import Database
from tracker.store.tables import FeedRow, ObligationRow, PersonRow

HOUSE = House("a secret of tests that is long enough", "https://tracker.test", "tracker.test")
OCTOBER = at("2021-10-12 10:00")
BOTH = a_programme(
    item("1", due_on="2021-09-30", responsible=(住建局, 生态分局)),
    item("2", due_on="2021-12-31", responsible=(住建局,)),
    a_case_item("3", responsible=[生态分局]),
)


@pytest.fixture
def office(database: Database) -> Database:
    with database.write() as session:
        programmes.publish(session, BOTH, now=JANUARY, by="office")
        contacts = [
            a_contact(住建局),
            a_contact(生态分局),
            a_contact("*", "leader", mail="leader@x.cn"),
        ]
        people.load_contacts(session, contacts, now=JANUARY, on=NEW_YEAR, by="office")
    return database


def for_unit(office: Database, unit: str = 住建局) -> Feed:
    with office.write() as session:
        return feeds.make_for_unit(session, "small", unit, HOUSE, now=JANUARY, by="office")


def for_person(office: Database, name: str) -> Feed:
    with office.write() as session:
        row = session.exec(select(PersonRow).where(PersonRow.name == name)).one()
        return feeds.make_for_person(session, "small", row.id or 0, HOUSE, now=JANUARY, by="office")


def content(office: Database, token: str, now: datetime = OCTOBER) -> bytes:
    with office.read() as session:
        return feeds.content(session, feeds.find(session, token, HOUSE), HOUSE, now=now)


def events(raw: bytes) -> list[icalendar.Event]:
    return list(icalendar.Calendar.from_ical(raw).events)


def titles(raw: bytes) -> list[str]:
    return [str(one["SUMMARY"]) for one in events(raw)]


def test_a_unit_sees_its_own_dates_and_what_is_late_in_one_entry(office: Database) -> None:
    raw = content(office, for_unit(office).token)
    late, ahead = events(raw)
    assert late["SUMMARY"] == "1 项已逾期"
    assert (late["DTSTART"].dt, late["DTEND"].dt) == (date(2021, 10, 12), date(2021, 10, 13))
    assert "住房" in str(late["DESCRIPTION"])
    assert late.walk("VALARM") == []
    assert ahead["DTSTART"].dt == date(2021, 12, 31)
    assert str(ahead["SUMMARY"]).startswith("2 ")
    assert "生态" not in raw.decode()


def test_several_late_ones_are_one_entry_that_keeps_its_uid(office: Database) -> None:
    token = for_person(office, "*的leader").token
    monday, tuesday = (events(content(office, token, OCTOBER + timedelta(days=n))) for n in (0, 1))
    assert monday[0]["SUMMARY"] == "2 项已逾期"
    assert monday[0]["UID"] == tuesday[0]["UID"]
    assert monday[0]["SEQUENCE"] < tuesday[0]["SEQUENCE"]
    assert tuesday[0]["DTSTART"].dt == date(2021, 10, 13)


def test_a_case_stands_at_its_hour_and_a_duty_on_its_day(office: Database) -> None:
    opened = f.CaseEvent(
        id=f.FactId("o"), case="09", kind="handed", unit=生态分局, event="opened", title="督办",
        occurred_at=at("2021-10-12 09:30"), recorded_at=at("2021-10-12 09:30"),
    )  # fmt: skip
    with office.write() as session:
        reporting.load_facts(session, "small", [opened], now=OCTOBER)
    found = events(content(office, for_unit(office, 生态分局).token))
    timed = [one["DTSTART"].dt for one in found if isinstance(one["DTSTART"].dt, datetime)]
    assert timed == [at("2021-10-15 09:30")]
    assert len(found) == 2


def test_a_person_sees_the_units_in_which_they_have_a_role_today(office: Database) -> None:
    mine = for_person(office, "住建局的contact")
    successor = for_person(office, "生态分局的contact")
    assert [title[:1] for title in titles(content(office, mine.token))] == ["1", "2"]
    assert [title[:1] for title in titles(content(office, successor.token))] == ["1"]
    with office.write() as session:
        people.handover(
            session, leaver=mine.person_id or 0, successor=successor.person_id or 0,
            on=date(2021, 6, 1), now=JANUARY, by="office",
        )  # fmt: skip
    assert titles(content(office, mine.token)) == []
    assert titles(content(office, successor.token))[0] == "2 项已逾期"


def test_what_was_handed_in_in_time_is_not_late_while_it_waits_for_review(office: Database) -> None:
    token, early = for_unit(office).token, at("2021-09-29 10:00")
    with office.write() as session:
        made = reporting.report_progress(
            session, "small", f"1/done/{住建局}", now=early, by="unit", done=True
        )
    assert [one[:2] for one in titles(content(office, token))] == ["2 "]
    with office.write() as session:
        reporting.review(session, "small", made.id, outcome="returned", reason="缺签章",
                         now=OCTOBER, by="reviewer")  # fmt: skip
    late, *_ = titles(content(office, token, OCTOBER + timedelta(minutes=1)))
    assert late == "1 项已逾期"


def test_what_is_done_is_gone(office: Database) -> None:
    token, key = for_unit(office).token, f"2/done/{住建局}"
    before = events(content(office, token))[1]
    assert before["UID"] == feeds.uid_of("small", key, "tracker.test")
    with office.write() as session:
        made = reporting.report_progress(session, "small", key, now=OCTOBER, by="unit", done=True)
        reporting.review(session, "small", made.id, outcome="accepted", now=OCTOBER, by="reviewer")
    assert before["UID"] not in [one["UID"] for one in events(content(office, token))]


def test_a_date_that_moves_keeps_its_uid_with_a_higher_sequence(office: Database) -> None:
    token, key = for_unit(office).token, f"2/done/{住建局}"
    before = events(content(office, token))[1]
    asked = f.Extension(
        id=f.FactId("e"), clause="2", duty="done", unit=住建局, outcome="approved",
        until=date(2022, 1, 10), reason="雨季", occurred_at=OCTOBER, recorded_at=OCTOBER,
    )  # fmt: skip
    with office.write() as session:
        reporting.load_facts(session, "small", [asked], now=OCTOBER)
    after = events(content(office, token))[1]
    assert (before["DTSTART"].dt, after["DTSTART"].dt) == (date(2021, 12, 31), date(2022, 1, 10))
    assert before["UID"] == after["UID"] == feeds.uid_of("small", key, "tracker.test")
    assert before["SEQUENCE"] < after["SEQUENCE"]


def test_the_same_rows_give_the_same_bytes_all_day(office: Database) -> None:
    token = for_unit(office).token
    morning, evening = (content(office, token, at(f"2021-10-12 {h}")) for h in ("00:10", "23:50"))
    assert morning == evening
    assert content(office, token, at("2021-10-13 00:10")) != morning


def test_a_feed_that_has_no_room_for_all_says_so_at_its_end(office: Database) -> None:
    n = feeds.MOST + 40
    with office.write() as session:
        owed = session.exec(select(ObligationRow).where(ObligationRow.item == "2")).one()
        day = timedelta(days=1)
        for number in range(n - 1):
            more = owed.model_dump(exclude={"id"}) | {"key": f"2/done/x/{number}"}
            moved = at("2021-12-31 24:00") + number * day
            session.add(ObligationRow(**{**more, "due_at": moved}))
    late, *ahead, rest = events(content(office, for_unit(office).token))
    assert len(ahead) == feeds.MOST
    assert late["SUMMARY"] == "1 项已逾期"
    assert rest["SUMMARY"] == "之后还有 40 项未列出"
    assert rest["DTSTART"].dt == ahead[-1]["DTSTART"].dt


def test_many_late_ones_leave_room_for_what_is_ahead(office: Database) -> None:
    with office.write() as session:
        owed = session.exec(select(ObligationRow).where(ObligationRow.item == "1")).first()
        assert owed is not None
        for number in range(feeds.MOST * 2):
            more = owed.model_dump(exclude={"id"}) | {"key": f"1/done/housing/{number}"}
            session.add(ObligationRow(**{**more, "unit": 住建局}))
    late, ahead = events(content(office, for_unit(office).token))
    assert late["SUMMARY"] == f"{feeds.MOST * 2 + 1} 项已逾期"
    assert str(ahead["SUMMARY"]).startswith("2 ")


def test_what_was_late_is_no_entry_any_more_once_the_year_is_closed(office: Database) -> None:
    token = for_unit(office).token
    with office.write() as session:
        closings.close(session, "small", because="已签定", now=OCTOBER, by="office")
    assert [title[:1] for title in titles(content(office, token))] == ["2"]


# -- the address -----------------------------------------------------------------------------------


def test_an_address_has_more_than_128_bits_and_can_be_shown_again(office: Database) -> None:
    feed = for_unit(office)
    assert len(feed.token.partition("-")[2]) == 43  # 256 bits
    with office.read() as session:
        [again] = feeds.feeds(session, "small", HOUSE)
        assert again.token == feed.token
        assert feeds.address(HOUSE, again) == f"https://tracker.test/calendar/{feed.token}.ics"


def test_what_is_stored_does_not_open_it(office: Database) -> None:
    feed = for_unit(office)
    with office.read() as session:
        row = session.exec(select(FeedRow)).one()
        stored = "|".join(str(value) for value in row.model_dump().values())
        assert feed.token.partition("-")[2] not in stored
        other = House("another secret, of somebody else!", HOUSE.base_url, HOUSE.domain)
        with pytest.raises(NotFound):
            feeds.find(session, feed.token, other)


def test_a_wrong_an_old_and_a_revoked_address_are_told_in_the_same_words(office: Database) -> None:
    renewed, revoked = for_unit(office), for_unit(office, 生态分局)
    with office.write() as session:
        new = feeds.renew(session, "small", renewed.id, HOUSE, now=OCTOBER, by="office")
        feeds.revoke(session, "small", revoked.id, now=OCTOBER, by="office")
    assert new.token != renewed.token
    dead = [renewed.token, revoked.token, "x", "", f"{new.id}-{'A' * 43}", new.token[:-1],
            f"{new.token}A", f"0{new.token}",
            f"{'9' * 30}-{'A' * 43}", f"1-{'é' * 43}"]  # fmt: skip
    said = set()
    for token in dead:
        with office.read() as session, pytest.raises(NotFound) as refused:
            feeds.find(session, token, HOUSE)
        said.add(str(refused.value))
    assert len(said) == 1
    assert content(office, new.token)
    with office.write() as session, pytest.raises(Refused):
        feeds.revoke(session, "small", revoked.id, now=OCTOBER, by="office")


def test_the_address_of_a_person_who_was_erased_is_dead(office: Database) -> None:
    feed = for_person(office, "住建局的contact")
    with office.write() as session:
        people.erase(session, feed.person_id or 0, on=NEW_YEAR, now=OCTOBER, by="office")
    with office.read() as session, pytest.raises(NotFound):
        feeds.find(session, feed.token, HOUSE)


def test_the_trail_tells_of_feeds_without_their_address_or_a_name(office: Database) -> None:
    feed = for_person(office, "住建局的contact")
    with office.write() as session:
        feeds.renew(session, "small", feed.id, HOUSE, now=OCTOBER, by="office")
        feeds.revoke(session, "small", feed.id, now=OCTOBER, by="office")
    with office.read() as session:
        told = [one for one in trail.events(session, "small") if one.kind.startswith("feed.")]
    assert [one.kind for one in told] == ["feed.revoked", "feed.renewed", "feed.made"]
    for one in told:
        assert feed.token.partition("-")[2] not in str(one.body)
        assert "住建局的" not in str(one.body)


def test_a_feed_passes_a_parser_without_errors_and_folds_its_lines(
    office: Database, tmp_path: Path
) -> None:
    raw = content(office, for_person(office, "*的leader").token)
    parsed = icalendar.Calendar.from_ical(raw)
    assert [one.errors for one in parsed.walk() if one.errors] == []
    assert max(map(len, raw.split(b"\r\n"))) <= 75
    uids = [str(one["UID"]) for one in parsed.events]
    assert len(uids) == len(set(uids))
