"""The service notices its own silence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from tests.builders import JANUARY, NEW_YEAR, a_contact, a_programme, at, item, 住建局
from tracker.services import health, heartbeats, people, planning, programmes, trail
from tracker.services.health import Finding
from tracker.store.database import Database
from tracker.store.tables import DispatchRow, DispatchState, PersonRow
from tracker.wording.catalogue import text

NOW = at("2021-05-10 09:00")


@dataclass(frozen=True)
class Beats:
    engine: str = "embedded"
    tick_seconds: float = 60
    deliver_seconds: float = 15
    mailbox_host: str = ""
    mailbox_seconds: float = 300
    data: Path = Path(__file__).parent


def found(
    database: Database, now: datetime = NOW, *, engine: str = "embedded"
) -> dict[str, Finding]:
    with database.read() as session:
        return {one.name: one for one in health.health(session, now, Beats(engine))}


def beat(database: Database, *, when: datetime = NOW) -> None:
    with database.write() as session:
        for name in ("tick", "deliver"):
            heartbeats.beat(session, name, when, {})


def test_a_service_that_works_is_well(database: Database) -> None:
    beat(database)
    assert all(one.ok for one in found(database).values())


def test_parts_that_never_worked_are_red(database: Database) -> None:
    seen = found(database)
    assert [seen[name].text_code for name in ("tick", "deliver")] == [
        "health.tick_never", "health.deliver_never",
    ]  # fmt: skip
    assert seen["tick"].red
    assert not seen["tick"].ok


def test_a_tick_that_stops_is_red_after_three_lengths(database: Database) -> None:
    beat(database)
    assert found(database, NOW + timedelta(minutes=3))["tick"].ok
    late = found(database, NOW + timedelta(minutes=4))["tick"]
    assert not late.ok
    assert dict(late.values)["minutes"] == 4


def a_dispatch(database: Database, **parts: object) -> None:
    with database.write() as session:
        person = PersonRow(name="某人", mail="a@b.example", salt="s")
        session.add(person)
        session.flush()
        given = {
            "key": "1|w|mail", "person_id": person.id, "programme": "small", "window": "w",
            "channel": "mail", "message_id": "m@t", "made_at": NOW, "due_at": NOW, **parts,
        }  # fmt: skip
        session.add(DispatchRow(**given))


def test_mail_that_waits_is_red_and_a_retry_that_is_planned_is_not(database: Database) -> None:
    beat(database)
    a_dispatch(database, due_at=NOW + timedelta(hours=3))
    assert found(database)["outbox"].ok
    waits = found(database, NOW + timedelta(hours=4))["outbox"]
    assert not waits.ok
    assert dict(waits.values)["minutes"] == 60


def test_a_mail_that_failed_is_told_without_turning_red(database: Database) -> None:
    a_dispatch(database, state=DispatchState.FAILED, settled_at=NOW)
    seen = found(database)["mails"]
    assert (seen.ok, seen.red, dict(seen.values)["n"]) == (False, False, 1)
    assert found(database, NOW + timedelta(days=31))["mails"].ok


def test_events_that_nobody_seals_are_red_after_an_hour(database: Database) -> None:
    with database.write() as session:
        trail.append(session, "small", "x", "", {}, now=NOW)
    assert found(database, NOW + timedelta(minutes=59))["trail"].ok
    assert not found(database, NOW + timedelta(minutes=61))["trail"].ok
    with database.write() as session:
        trail.seal(session, "small", now=NOW)
    assert found(database, NOW + timedelta(minutes=61))["trail"].ok


def test_rungs_that_found_nobody_are_named(database: Database) -> None:
    with database.write() as session:
        programme = a_programme(item("1", due_on="2021-05-10"))
        programmes.publish(session, programme, now=JANUARY, by="office")
        lonely = [a_contact(住建局, mail="")]
        people.load_contacts(session, lonely, now=JANUARY, on=NEW_YEAR, by="office")
    planning.tick_all(database, NOW)
    seen = found(database)["people"]
    assert (seen.ok, seen.red) == (False, False)
    assert dict(seen.values)["n"] == 1


def test_next_year_s_calendar_is_asked_for_from_october_on(database: Database) -> None:
    assert found(database, at("2030-09-30"))["calendar"].ok
    unknown = found(database, at("2030-10-02"))["calendar"]
    assert (unknown.ok, unknown.text_code) == (False, "health.calendar_unknown")


def test_a_unit_that_owes_something_and_has_no_contact_is_told_before_any_rung_finds_nobody(
    database: Database,
) -> None:
    with database.write() as session:
        programmes.publish(session, a_programme(item("1")), now=JANUARY, by="office")
    seen = found(database)["people"]
    assert (seen.ok, seen.red, seen.text_code) == (False, False, "health.no_contact")
    with database.write() as session:
        units = people.unheard(session, "small", NEW_YEAR)
        contacts = [a_contact(unit.id, mail=f"{unit.id}@example.gov.cn") for unit in units]
        people.load_contacts(session, contacts, now=JANUARY, on=NEW_YEAR, by="office")
    assert found(database)["people"].ok


def test_a_process_of_a_cluster_is_missed_until_it_is_forgotten(database: Database) -> None:
    def alive(name: str, when: datetime) -> None:
        with database.write() as session:
            heartbeats.alive(session, name, when, {})

    def workers(now: datetime) -> tuple[str, dict[str, str | int]]:
        one = found(database, now, engine="cluster")["workers"]
        return one.text_code, dict(one.values)

    assert workers(NOW)[0] == "health.workers_none"
    alive("work|a|1", NOW)
    alive("work|b|1", NOW)
    assert workers(NOW) == ("health.workers_ok", {"n": 2, "names": "", "hours": 24})
    later = NOW + timedelta(minutes=1)
    alive("work|b|1", later)
    assert workers(later) == (
        "health.workers_missed", {"n": 1, "names": "work|a|1|1", "hours": 24},
    )  # fmt: skip
    missed = found(database, later, engine="cluster")["workers"]
    assert not missed.red
    said = text(missed.text_code, dict(missed.values), language="en")
    assert "work on a (process 1, silent for 1 min)" in said
    assert "forgotten after 24 hours" in said
    assert workers(later + timedelta(minutes=1))[0] == "health.workers_gone"
    soon = NOW + timedelta(days=1) - timedelta(minutes=1)
    alive("work|b|1", soon)
    assert workers(soon)[1]["names"] == "work|a|1|1439"
    tomorrow = NOW + timedelta(days=1, minutes=1)
    alive("work|b|1", tomorrow)
    assert workers(tomorrow) == ("health.workers_ok", {"n": 1, "names": "", "hours": 24})
    with database.write() as session:
        heartbeats.leave(session, "work|b|1")
    assert workers(tomorrow)[0] == "health.workers_none"
    assert "workers" not in found(database)
