"""The tick on both databases: repeated or stopped, it makes the same notices."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlmodel import col, select

from notifiers.message import BY_MAIL, MAILING, WEBHOOK
from tests.builders import (
    JANUARY,
    NEW_YEAR,
    a_case_item,
    a_contact,
    a_programme,
    at,
    clause,
    item,
    住建局,
    生态分局,
)
from tests.services.planned import GAP, SMALL, keys, notices, publish, tick
from tracker.domain import facts as f
from tracker.services import coming, people, planning, programmes, reporting, trail
from tracker.services.alarms import claim, set_alarms
from tracker.services.dispatching import dispatch
from tracker.services.planning import TickResult
from tracker.store.database import Database
from tracker.store.tables import (
    AlarmRow,
    DispatchRow,
    HeartbeatRow,
    NoticeRow,
    NoticeState,
    ObligationRow,
)

# -- one tick --------------------------------------------------------------------------------------


def test_a_tick_makes_what_is_due_and_sets_the_next_alarm(database: Database) -> None:
    publish(database, a_programme(item("1", due_on="2021-09-30")))
    assert tick(database, "2021-08-19 08:29").claimed == 0
    assert tick(database, "2021-08-19 08:30") == TickResult(claimed=1, made=1, dispatched=1)
    with database.read() as session:
        [alarm] = session.exec(select(AlarmRow)).all()
        assert alarm.at == int(at("2021-09-10 08:30").timestamp())
        [dispatch] = session.exec(select(DispatchRow)).all()
        assert dispatch.window == "2021-08-19"


def test_a_second_tick_at_the_same_instant_does_nothing(database: Database) -> None:
    publish(database, SMALL)
    tick(database, "2021-09-27 08:30")
    before = keys(database)
    assert tick(database, "2021-09-27 08:30") == TickResult()
    assert keys(database) == before


def test_every_tick_says_that_it_was_there(database: Database) -> None:
    publish(database, SMALL)
    tick(database, "2021-01-05 03:00")
    with database.read() as session:
        row = session.get(HeartbeatRow, "tick")
        assert row is not None
        assert row.at == at("2021-01-05 03:00")


def test_the_last_rung_before_the_programme_was_published_is_made_up_for(
    database: Database,
) -> None:
    publish(database, a_programme(item("1", due_on="2021-09-30")), when=at("2021-09-23 12:00"))
    tick(database, "2021-09-23 17:00")
    assert notices(database) == []
    tick(database, "2021-09-24 08:30")
    tick(database, "2021-09-27 08:30")
    assert {one.rung for one in notices(database)} == {"-7", "-3"}


def test_what_a_later_version_adds_is_made_up_for_and_nothing_else(database: Database) -> None:
    first, second = item("1", due_on="2021-09-30"), item("2", due_on="2021-09-30")
    publish(database, a_programme(first))
    tick(database, "2021-09-24 12:00")
    before = keys(database)
    publish(database, a_programme(first, second), when=at("2021-09-24 13:00"))
    tick(database, "2021-09-26 08:30")
    assert keys(database) - before == {f"small|2/done/{住建局}|1|-7|contact"}


def test_a_version_that_changes_nothing_but_the_ladder_is_followed_at_once(
    database: Database,
) -> None:
    """The first ladder ended long ago; that of the second goes on."""
    ended, open_end = (a_programme(item("1", due_on="2021-09-30"), policy=policy)
                       for policy in ({"overdue_last": 1}, {"overdue_last": "never"}))  # fmt: skip
    publish(database, ended)
    tick(database, "2021-10-14 09:00")
    before = keys(database)
    publish(database, open_end, when=at("2021-10-14 10:00"))
    tick(database, "2021-10-15 08:30")
    assert {key.split("|")[3] for key in keys(database) - before} == {"+7"}


def test_the_notices_of_a_tick_are_one_event_of_the_trail(database: Database) -> None:
    publish(database, SMALL)
    tick(database, "2021-01-15 08:30")
    tick(database, "2021-01-20 08:30")
    with database.read() as session:
        events = [e for e in trail.events(session, "small") if e.kind == "notices.made"]
    assert len(events) == 2
    assert {key for event in events for key in event.body["keys"]} == keys(database)


def test_facts_set_the_alarm_anew(database: Database) -> None:
    publish(database, a_programme(item("1", due_on="2021-09-30")))
    with database.write() as session:
        earlier = f.Extension(
            clause="1", duty="done", unit=住建局, outcome="approved", until=date(2021, 3, 31),
            reason="提前", occurred_at=JANUARY, recorded_at=JANUARY,
        )  # fmt: skip
        reporting.record_facts(session, "small", [earlier], now=JANUARY, by="office")
        times = set(session.exec(select(AlarmRow.at)))
    assert int(at("2021-02-18 08:30").timestamp()) in times


# -- what was entered between two looks ------------------------------------------------------------


def opened(when: str) -> f.CaseEvent:
    return f.CaseEvent(case="督办1", kind="handed", event="opened", unit=住建局,
                       occurred_at=at(when), recorded_at=at(when))  # fmt: skip


def load(database: Database, now: str, *facts: f.AnyFact) -> None:
    with database.write() as session:
        reporting.load_facts(session, "small", facts, now=at(now), by="office")


def rungs(database: Database) -> list[str]:
    return [one.rung for one in sorted(notices(database), key=lambda one: one.nominal_at)]


def test_what_was_entered_between_two_looks_is_told_at_the_next(database: Database) -> None:
    publish(database, a_programme(a_case_item("2")))
    tick(database, "2021-05-10 08:30")
    load(database, "2021-05-10 11:30", opened("2021-05-10 10:00"))
    tick(database, "2021-05-10 11:30")
    assert rungs(database) == ["intake"]


def test_a_return_entered_between_two_looks_is_told_at_the_next(database: Database) -> None:
    publish(database, a_programme(item("1", due_on="2021-09-30")))
    tick(database, "2021-05-10 08:30")
    when = at("2021-05-10 09:00")
    report = f.Report(id=f.FactId("r"), clause="1", duty="done", unit=住建局, done=True,
                      occurred_at=when, recorded_at=when)  # fmt: skip
    later = when + timedelta(hours=1)
    back = f.Review(id=f.FactId("v"), report=report.id, outcome="returned", reason="缺签章",
                    occurred_at=later, recorded_at=later)  # fmt: skip
    load(database, "2021-05-10 11:30", report, back)
    tick(database, "2021-05-10 11:30")
    assert rungs(database) == ["waiting:r:in", "returned:v"]


def test_an_extension_entered_between_two_looks_is_not_told_before_its_own_rungs(
    database: Database,
) -> None:
    publish(database, a_programme(item("1", due_on="2021-09-30")))
    tick(database, "2021-09-29 08:30")
    before = keys(database)
    when = at("2021-09-29 10:00")
    moved = f.Extension(clause="1", duty="done", unit=住建局, outcome="approved",
                        until=date(2021, 10, 15), reason="台风", occurred_at=when,
                        recorded_at=when)  # fmt: skip
    load(database, "2021-09-29 11:30", moved)
    tick(database, "2021-09-29 11:30")
    assert keys(database) == before
    tick(database, "2021-09-30 08:30")
    [new] = [one for one in notices(database) if one.key not in before]
    assert (new.rung, new.deadline_version) == ("-7", 2)


def test_a_history_raises_no_alarm_for_what_is_long_past(database: Database) -> None:
    publish(database, a_programme(a_case_item("2")))
    tick(database, "2021-05-10 08:30")
    load(database, "2021-05-10 11:30", opened("2021-03-01 15:00"))
    tick(database, "2021-05-10 11:30")
    assert notices(database) == []
    tick(database, "2021-05-13 08:30")
    assert {one.nominal_at > at("2021-05-10") for one in notices(database)} == {True}


def test_a_history_beside_news_stays_a_history(database: Database) -> None:
    publish(database, a_programme(a_case_item("2")))
    tick(database, "2021-05-10 08:30")
    old = opened("2021-03-01 15:00").model_copy(update={"case": "督办0"})
    load(database, "2021-05-10 11:30", old, opened("2021-05-10 10:00"))
    tick(database, "2021-05-10 11:30")
    told = [(one.obligation_key[-3:], one.rung) for one in notices(database)]
    assert told == [("督办1", "intake")]


def test_before_the_first_look_everything_is_history(database: Database) -> None:
    publish(database, a_programme(a_case_item("2")))
    load(database, "2021-05-10 11:30", opened("2021-05-10 10:00"))
    tick(database, "2021-05-10 11:30")
    assert notices(database) == []


def test_after_a_silence_what_was_entered_in_it_is_caught_up_with(database: Database) -> None:
    publish(database, a_programme(a_case_item("2")))
    tick(database, "2021-04-01 08:30")
    load(database, "2021-05-10 11:30", opened("2021-05-07 10:00"))
    tick(database, "2021-05-10 11:30")
    assert rungs(database) == ["intake", "half", "-12h", "limit", "limit"]
    with database.read() as session:
        assert len(session.exec(select(DispatchRow)).all()) == 2, "one mail a person"


def test_an_alarm_that_was_superseded_does_nothing_twice(database: Database) -> None:
    publish(database, a_programme(item("1", due_on="2021-09-30")))
    with database.write() as session:
        [id_] = session.exec(select(ObligationRow.id)).all()
        early = [(at(f"2021-09-{day} 03:00"), id_ or 0) for day in ("11", "12", "27")]
        set_alarms(session, early)
    for day in range(1, 31):
        tick(database, f"2021-09-{day:02d} 08:30")
    made = [one.rung for one in notices(database)]
    assert sorted(made) == ["-1", "-14", "-3", "-30", "-7", "0"]
    with database.read() as session:
        assert len(session.exec(select(AlarmRow)).all()) == 1


def test_a_pause_that_is_full_is_followed_by_the_next_one(database: Database) -> None:
    publish(database, a_programme(item("1", clause("1", duties=[GAP]))))
    with database.write() as session:
        login = f.Activity(activity="login", occurred_at=JANUARY, recorded_at=JANUARY)
        reporting.record_facts(session, "small", [login], now=JANUARY, by="portal")
    for day in range(5, 27):
        tick(database, f"2021-01-{day:02d} 12:00")
    limits = [one.obligation_key[-2:] for one in notices(database) if one.rung == "limit"]
    assert sorted(set(limits)) == ["+1", "+2", "+3"]


def test_every_notice_names_the_row_of_its_obligation(database: Database) -> None:
    """No foreign key says so: the batch that makes a notice has just read the row."""
    publish(database, SMALL)
    tick(database, "2021-09-30 12:00")
    publish(database, a_programme(item("1", due_on="2021-09-30")), when=at("2021-10-01 08:00"))
    tick(database, "2021-10-20 12:00")
    with database.read() as session:
        rows = dict(session.exec(select(ObligationRow.id, ObligationRow.key)).all())
    made = notices(database)
    assert {one.obligation_key.partition("/")[0] for one in made} >= {"1", "3"}
    assert [rows.get(one.obligation_id) for one in made] == [one.obligation_key for one in made]


def test_two_planners_never_share_an_alarm(database: Database) -> None:
    items = [item(f"{n}", due_on="2021-09-30", points="1") for n in range(1, 21)]
    publish(database, a_programme(*items))
    now = at("2021-09-27 08:30")
    with database.write() as session:
        first = claim(session, now, limit=12)
    with database.write() as session:
        second = claim(session, now, limit=12)
    ids = [one.obligation_id for one in [*first, *second]]
    assert len(ids) == len(set(ids)) == 20


def test_what_is_claimed_and_rolled_back_is_due_again(database: Database) -> None:
    publish(database, a_programme(item("1", due_on="2021-09-30")))
    with pytest.raises(ZeroDivisionError):
        _tick_and_fall_over(database, at("2021-09-27 08:30"))
    assert notices(database) == []
    assert tick(database, "2021-09-27 08:30").made == 4


def _tick_and_fall_over(database: Database, now: datetime) -> None:
    with database.write() as session:
        planning.tick(session, now)
        raise ZeroDivisionError


def test_without_anybody_to_tell_the_notice_says_so_and_the_tick_goes_on(
    database: Database,
) -> None:
    with database.write() as session:
        programmes.publish(session, SMALL, now=JANUARY, by="office")
        people.load_contacts(session, [a_contact(住建局, mail="")], now=JANUARY, on=NEW_YEAR, by="")
    result = tick(database, "2021-09-30 08:30")
    assert result.dispatched == 0
    assert result.nobody > 0
    reasons = {(one.unit, one.reason) for one in notices(database)}
    assert reasons == {(住建局, "no_address"), (生态分局, "nobody"), (住建局, "nobody")}


def test_an_idle_tick_looks_into_indexes_only(database: Database) -> None:
    publish(database, SMALL)
    asked: list[tuple[str, Any]] = []

    def listen(_: Any, __: Any, statement: str, values: Any, *rest: Any) -> None:
        asked.append((statement, values))

    event.listen(database.engine, "before_cursor_execute", listen)
    with database.write() as session:
        planning.tick(session, at("2021-01-05 03:00"))
    event.remove(database.engine, "before_cursor_execute", listen)
    about = [one for one in asked if "alarm" in one[0] or "notice" in one[0]]
    assert about
    if database.is_sqlite:
        for statement, values in about:
            with database.read() as session:
                plan = session.connection().exec_driver_sql(
                    f"EXPLAIN QUERY PLAN {statement}", values
                )
                lines = [str(row[-1]) for row in plan]
            assert not [line for line in lines if line.startswith("SCAN") and "CONST" not in line]


# -- previews --------------------------------------------------------------------------------------


def test_the_mails_ahead_go_through_the_alarms_once_and_not_for_each_obligation(
    database: Database,
) -> None:
    publish(database, SMALL)
    asked: list[tuple[str, Any]] = []

    def listen(_: Any, __: Any, statement: str, values: Any, *rest: Any) -> None:
        asked.append((statement, values))

    with database.read() as session:
        event.listen(database.engine, "before_cursor_execute", listen)
        assert coming.coming(session, "small", now=at("2021-09-24 09:00"))
        event.remove(database.engine, "before_cursor_execute", listen)
        [(statement, values)] = [one for one in asked if "alarm" in one[0]]
        if not database.is_sqlite:
            return
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        steps = {id_: (parent, told) for id_, parent, _, told in plan}
    [within] = [parent for parent, told in steps.values() if "alarm" in told]
    assert steps[within][1].startswith("LIST SUBQUERY")


# -- what is there already -------------------------------------------------------------------------


def test_notices_that_are_known_are_not_stored_twice(database: Database) -> None:
    publish(database, SMALL)
    tick(database, "2021-09-27 08:30")
    with database.write() as session:
        session.connection().execute(text("DELETE FROM alarm"))
        rows = session.exec(select(ObligationRow.id)).all()
        set_alarms(session, [(JANUARY, id_ or 0) for id_ in rows])
    before = len(notices(database))
    assert tick(database, "2021-09-27 08:31").made == 0
    assert len(notices(database)) == before
    assert {one.state for one in notices(database)} == {NoticeState.DISPATCHED}


def dispatched(database: Database) -> set[tuple[object, ...]]:
    """Each notice with what became of it, and the mail that it lies in."""
    with database.read() as session:
        told = select(NoticeRow, DispatchRow.key).outerjoin(
            DispatchRow, col(DispatchRow.id) == NoticeRow.dispatch_id
        )
        return {(one.key, one.state, one.reason, key) for one, key in session.exec(told)}


def test_people_one_after_the_other_get_the_mails_that_they_get_all_at_once(
    database: Database,
) -> None:
    publish(database, SMALL)
    shared = [a_contact(name=name, mail=f"{name}@x.example.cn") for name in ("a", "b")]
    with database.write() as session:
        people.load_contacts(session, shared, now=JANUARY, on=NEW_YEAR, by="office")
    now = at("2021-11-15 09:00")
    planning.tick_all(database, now)
    at_once = dispatched(database)
    with database.write() as session:
        run = session.connection().exec_driver_sql
        run("UPDATE notice SET state = 'wanted', reason = '', dispatch_id = NULL")
        run("DELETE FROM dispatch")
    with database.write() as session:
        views = cache(lambda slug: planning.view(session, slug))
        dispatch(session, views, now, BY_MAIL, at_once=1)
    assert dispatched(database) == at_once
    assert len({key for *_, key in at_once}) > 2


def test_a_programme_chooses_its_channels_among_those_in_use(database: Database) -> None:
    publish(database, a_programme(item("1", due_on="2021-09-30"), policy={"channels": ["webhook"]}))
    planning.tick_all(database, at("2021-09-27 08:30"), ways=(MAILING, WEBHOOK))
    with database.read() as session:
        assert set(session.exec(select(DispatchRow.channel))) == {"webhook"}


def test_a_channel_that_is_not_in_use_leaves_the_service_s_order(database: Database) -> None:
    publish(database, a_programme(item("1", due_on="2021-09-30"), policy={"channels": ["wecom"]}))
    planning.tick_all(database, at("2021-09-27 08:30"), ways=(MAILING, WEBHOOK))
    with database.read() as session:
        assert set(session.exec(select(DispatchRow.channel))) == {"mail"}


def test_a_tick_that_is_told_to_stop_ends_with_its_batch_and_the_next_one_makes_the_rest(
    database: Database,
) -> None:
    publish(database, SMALL)
    when = at("2021-09-30 08:30")
    stopped = planning.tick_all(database, when, batch=1, stop=lambda: True)
    before = keys(database)
    rest = planning.tick_all(database, when)
    assert (stopped.claimed, rest.claimed > 0) == (1, True)
    assert before < keys(database)
    assert planning.tick_all(database, when).claimed == 0
