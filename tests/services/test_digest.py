"""The weekly page: every figure is the ledger's, and it is issued once a week."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import get_args

import pytest
from sqlmodel import select

from schedules.workdays import china
from tests.builders import (
    JANUARY,
    a_case_item,
    a_monthly_item,
    a_programme,
    a_report,
    an_acceptance,
    at,
    clause,
    item,
    the_cast,
    住建局,
    市生态环境局,
    生态分局,
)
from tracker.domain import facts as f
from tracker.domain.errors import NotFound
from tracker.domain.obligations import Light
from tracker.domain.points import Units, shown
from tracker.domain.programme import Programme
from tracker.exports import jsonform
from tracker.runtime import environment as compiled
from tracker.services import people, programmes, readings, reporting, weekly
from tracker.services.bulletin import bulletin
from tracker.services.bulletin_files import values
from tracker.services.digest import Audience, Digest, Event, EventKind
from tracker.services.digest_desk import Acting
from tracker.services.digest_parts import build
from tracker.services.digest_words import render_digest, values_of, verdict_of
from tracker.services.scoreboard import Board, of_documents
from tracker.settings import Settings
from tracker.store.database import Database
from tracker.store.tables import DigestRow
from tracker.wording import Language

MONDAY = at("2021-10-18 08:30")
CASE = {"case": "09", "kind": "handed", "by": "office"}


def case(event: str, on: str, **parts: str) -> f.CaseEvent:
    instant = at(on)
    given = {**CASE, **parts, "event": event}
    return f.CaseEvent.model_validate({**given, "occurred_at": instant, "recorded_at": instant})


PROGRAMME = a_programme(
    item("1", due_on="2021-10-15"),
    a_case_item("2", responsible=[生态分局]),
    a_monthly_item("3"),
    item("4", due_on="2021-10-20"),
    item("5", clause("5", duties=[], rules=[{"kind": "discretionary", "most": "0.5"}])),
)
FACTS: list[f.AnyFact] = [
    case("opened", "2021-10-12 11:30", unit=生态分局, title="督办件 09", id="opened"),
    *(
        fact
        for month in range(1, 10)
        for report in [
            a_report(
                "3",
                id=f"r{month}",
                on=f"2021-{month:02}-20",
                duty="bulletin",
                occurrence=f"2021-{month:02}",
            )
        ]
        for fact in [report, an_acceptance(f"r{month}", on=f"2021-{month:02}-21", id=f"a{month}")]
    ),
]


def board(on: str = "2021-10-18 08:30", facts: list[f.AnyFact] | None = None) -> Board:
    return of_documents(PROGRAMME, FACTS if facts is None else facts, china(), as_of=at(on))


def digest(audience: Audience = Audience.LEADER, unit: str = "", **more: object) -> Digest:
    now, before = board(), board("2021-10-11 08:30")
    return build(now, before, weekly.outlook_of(now), audience=audience, unit=unit, **more)  # type: ignore[arg-type]


def test_the_verdict_is_the_ledgers_and_the_forecasts() -> None:
    seen, before = board(), board("2021-10-11 08:30")
    verdict = digest().verdict
    outlook = weekly.outlook_of(seen)
    assert verdict.lost == seen.ledger.lost
    assert verdict.new == seen.ledger.lost - before.ledger.lost
    assert verdict.recoverable == outlook.lost_if_nothing - outlook.lost_if_all_done
    assert verdict.until == at("2021-10-22 24:00")
    # Three started days at 0.1, and 0.01 + 5 full blocks of the case's 69 hours.
    assert shown(verdict.lost) == "0.36"


def test_what_changed_adds_up_to_what_is_new() -> None:
    told = digest()
    assert -sum(change.change for change in told.changes) == told.verdict.new
    assert [change.clause for change in told.changes] == ["1", "2"]
    assert told.changes[0].title == "任务1"


def test_what_was_won_back_is_a_change_too() -> None:
    now = board(facts=[*FACTS, a_report("1", id="x", on="2021-10-15"),
                       an_acceptance("x", on="2021-10-17")])  # fmt: skip
    told = build(now, board(), weekly.outlook_of(now), audience=Audience.LEADER)
    assert told.verdict.new < 0
    assert [change.change > 0 for change in told.changes] == [True]


def test_the_lines_that_matter_come_dearest_first_and_add_up() -> None:
    told = digest()
    keeps = [line.keeps for line in told.lines]
    assert keeps == sorted(keeps, reverse=True)
    assert sum(keeps) + told.others_keep + told.together == told.verdict.recoverable
    assert told.lines[0].title == "任务1"
    assert told.lines[0].light is Light.LATE
    assert told.lines[0].days_late == 3


SHARED = a_programme(
    item("1", due_on="2021-10-20", responsible=[生态分局, 住建局]), item("2", due_on="2021-10-15")
)


@pytest.mark.parametrize("unit", ["", 住建局, 生态分局])
def test_what_several_units_keep_only_together_is_a_line_that_names_them_all(unit: str) -> None:
    now = of_documents(SHARED, [], china(), as_of=MONDAY)
    before = of_documents(SHARED, [], china(), as_of=MONDAY - timedelta(days=7))
    who = {住建局: Acting("王芳", 1), 生态分局: Acting("李强", 2)}
    audience = Audience.CONTACT if unit else Audience.LEADER
    told = build(now, before, weekly.outlook_of(now), audience=audience, unit=unit, who=who)
    [line] = [one for one in told.lines if one.clause == "1"]
    assert set(line.unit_name.split("、")) == {"生态分局", "住建局"}
    assert line.unit == (unit or 生态分局)
    assert set(line.who.split("、")) == {"王芳", "李强"}
    assert line.keeps > 0
    assert told.together == 0
    assert sum(one.keeps for one in told.lines) == told.verdict.recoverable


def test_there_are_never_more_than_five_lines_and_the_rest_is_summed() -> None:
    crowd = a_programme(*(item(str(n), due_on="2021-10-01") for n in range(1, 9)))
    now = of_documents(crowd, [], china(), as_of=MONDAY)
    before = of_documents(crowd, [], china(), as_of=MONDAY - timedelta(days=7))
    told = build(now, before, weekly.outlook_of(now), audience=Audience.LEADER)
    assert (len(told.lines), told.others) == (5, 3)
    assert sum(line.keeps for line in told.lines) + told.others_keep == told.verdict.recoverable


def test_where_nothing_more_can_be_kept_what_is_late_is_still_told() -> None:
    """A duty without a price: late, open, and no point to save."""
    duty = {"kind": "milestone", "id": "done", "on": "2021-09-30"}
    plain = a_programme(
        item("1", clause("1", duties=[duty], rules=[{"kind": "duty", "duty": "done"}]))
    )
    now, before = (of_documents(plain, [], china(), as_of=MONDAY - timedelta(days=back))
                   for back in (0, 7))  # fmt: skip
    told = build(now, before, weekly.outlook_of(now), audience=Audience.LEADER)
    [line] = told.lines
    assert (line.clause, line.light, line.keeps, told.others) == ("1", Light.LATE, 0, 0)
    # 10-08, 10-09 (made up), 10-11 to 10-15, and what has begun of 10-18.
    assert line.workdays_late == 8


def test_who_acts_is_named_by_unit() -> None:
    told = digest(who={住建局: Acting("张三")})
    assert {line.who for line in told.lines if line.unit == 住建局} == {"张三"}


def test_units_are_ranked_by_what_they_lost() -> None:
    told = digest()
    assert [(one.unit, one.rank) for one in told.units] == [(住建局, 1), (生态分局, 2)]
    assert sum(one.total for one in told.units) == told.whole.total
    assert told.units[0].count(Light.LATE) == 1


def test_a_unit_sees_its_own_part_only() -> None:
    own = digest(Audience.HEAD, 生态分局)
    assert shown(own.verdict.lost) == "0.06"
    assert {line.unit for line in own.lines} == {生态分局}
    assert [one.unit for one in own.units] == [生态分局]
    assert own.units[0].rank == 2
    assert {change.clause for change in own.changes} == {"2"}
    # Closed at once it costs 0.06; left alone until Friday midnight, 0.01 + 14 blocks.
    assert own.verdict.recoverable == own.verdict.lost_if_nothing - own.verdict.lost_if_all_done
    assert shown(own.verdict.lost_if_nothing) == "0.16"


def test_a_leader_is_told_everything_whatever_the_unit() -> None:
    assert digest(Audience.LEADER, 生态分局).unit == ""


def test_lights_that_changed_are_told_with_both_lights() -> None:
    changed = {one.key: (one.before, one.after) for one in digest().lights}
    assert changed["1/done/housing"][1] is Light.LATE


def test_what_is_due_within_two_weeks_comes_in_order_of_time() -> None:
    soon = digest().soon
    assert [line.key for line in soon] == ["4/done/housing", "3/bulletin/housing/2021-10"]


def test_what_a_person_must_decide_is_listed() -> None:
    asked = f.Extension(
        id=f.FactId("e"), clause="4", duty="done", unit=住建局, outcome="requested",
        until=at("2021-10-27").date(), occurred_at=MONDAY, recorded_at=MONDAY,
    )  # fmt: skip
    waiting = a_report("4", id="w", on="2021-10-17")
    now = board(facts=[*FACTS, asked, waiting])
    told = build(now, board("2021-10-11 08:30"), weekly.outlook_of(now), audience=Audience.OFFICE)
    assert [(one.kind, one.clause) for one in told.pending] == [
        ("decide", "5"), ("review", "4"), ("extend", "4"),
    ]  # fmt: skip
    assert told.pending[0].worst == Units(5000)


def test_open_readings_without_effect_are_no_range() -> None:
    reading = {
        "id": "name", "clause": "2", "question": "怎样理解？", "default": "one",
        "alternatives": [{"id": "one", "says": "甲"}, {"id": "other", "says": "乙", "set": {}}],
    }  # fmt: skip
    read = Programme.model_validate({**PROGRAMME.model_dump(by_alias=True), "readings": [reading]})
    now = of_documents(read, FACTS, china(), as_of=MONDAY)
    before = of_documents(read, FACTS, china(), as_of=MONDAY - timedelta(days=7))
    told = build(now, before, weekly.outlook_of(now), audience=Audience.LEADER,
                 register=readings.of_board(now))  # fmt: skip
    assert values_of(told, "zh")["range"] == "1 个口径未定，眼下哪种读法都不影响得分。"


def test_open_readings_give_a_range_around_the_score() -> None:
    reading = {
        "id": "steps", "clause": "2", "question": "满还是起？", "default": "completed",
        "alternatives": [
            {"id": "completed", "says": "满"},
            {"id": "started", "says": "起", "set": {"2#1.steps": "started"}},
        ],
    }  # fmt: skip
    read = Programme.model_validate({**PROGRAMME.model_dump(by_alias=True), "readings": [reading]})
    now = of_documents(read, FACTS, china(), as_of=MONDAY)
    before = of_documents(read, FACTS, china(), as_of=MONDAY - timedelta(days=7))
    register = readings.of_board(now)
    told = build(now, before, weekly.outlook_of(now), audience=Audience.LEADER, register=register)
    assert [(one.id, shown(one.low), shown(one.high)) for one in told.readings] == [
        ("steps", "−0.01", "0.00")
    ]
    assert values_of(told, "zh")["decide"][0].heading == "口径未定 1 个，眼下 1 个有分差"
    assert told.verdict.score - told.verdict.low == 100
    span = readings.span_of(now, register)
    assert (told.verdict.low, told.verdict.high) == (span.low, span.high)
    other = build(now, before, weekly.outlook_of(now), audience=Audience.HEAD, unit=住建局,
                  register=register)  # fmt: skip
    assert other.readings == ()


def test_a_digest_in_json_keeps_points_as_text() -> None:
    body = jsonform.body(Digest, digest())
    assert body["verdict"]["lost"] == "0.36"
    assert body["lines"][0]["light"] == "late"


# -- issued once a week --------------------------------------------------------------------------


def tell(database: Database) -> None:
    with database.write() as session:
        programmes.publish(session, PROGRAMME, now=JANUARY, by="office")
        people.load_contacts(
            session, the_cast(), now=JANUARY, on=JANUARY.date(), by="office", programme="small"
        )
    with database.write() as session:
        reporting.load_facts(session, "small", FACTS, now=MONDAY)


def issue(database: Database, on: str) -> list[weekly.Issued]:
    with database.write() as session:
        return weekly.issue(session, "small", now=at(on))


def test_a_week_is_issued_once_for_every_audience(database: Database) -> None:
    tell(database)
    made = issue(database, "2021-10-18 08:30")
    assert [(one.week, one.audience) for one in made] == [
        ("2021-W42", "leader"), ("2021-W42", "office"),
        ("2021-W42", "unit:env_branch"), ("2021-W42", "unit:housing"),
    ]  # fmt: skip
    assert issue(database, "2021-10-18 09:30") == []
    assert issue(database, "2021-10-22 09:30") == []
    assert made[0].digest.lines[0].who == "住建局的contact"


def test_a_digest_on_file_names_nobody(database: Database) -> None:
    tell(database)
    issue(database, "2021-10-18 08:30")
    with database.read() as session:
        rows = session.exec(select(DigestRow)).all()
    assert len(rows) == 4
    assert all("住建局的contact" not in str(row.body) for row in rows)
    assert rows[0].body["verdict"]["lost"] == "0.36"


def test_a_digest_follows_the_one_before(database: Database) -> None:
    tell(database)
    issue(database, "2021-10-18 08:30")
    [leader, *_] = issue(database, "2021-10-26 10:00")
    assert leader.digest.since == MONDAY
    assert "上期" in values_of(leader.digest, "zh")["trend"]


@pytest.mark.parametrize(
    ("before", "said"),
    [
        ("2021-10-11 08:30", "本周新增 0.36，"),
        ("2021-10-09 08:30", "2021-10-09 以来新增 0.36，"),  # nine days: a holiday was between
    ],
)
def test_new_this_week_is_said_of_a_week_and_no_longer_time(before: str, said: str) -> None:
    told = build(board(), board(before), weekly.outlook_of(board()), audience=Audience.LEADER)
    assert said in verdict_of(told, "zh")


@pytest.mark.parametrize(("language", "last"), [("zh", "上期"), ("en", "last")])
def test_the_first_digest_is_not_compared_with_one_that_never_was(
    database: Database, language: Language, last: str
) -> None:
    tell(database)
    [leader, *_] = issue(database, "2021-10-18 08:30")
    assert leader.digest.since == at("2021-10-11 08:30")
    letter = render_digest(compiled(Settings(secret="x" * 32)), language, leader.digest)
    assert last not in letter.text
    assert last not in letter.html


def test_the_verdict_of_a_programme_with_dates_and_no_points_is_about_dates() -> None:
    dates = a_programme(*(item(str(n), due_on=f"2021-10-{day}", points="0")
                          for n, day in enumerate((15, 16, 21, 25))))  # fmt: skip
    now, before = (of_documents(dates, [], china(), as_of=when)
                   for when in (MONDAY, MONDAY - timedelta(days=7)))  # fmt: skip
    told = build(now, before, weekly.outlook_of(now), audience=Audience.LEADER)
    assert verdict_of(told, "zh") == "在逾 2 项，新逾期 2 项，周五前到期 1 项。"
    assert verdict_of(told, "en") == "2 late, 2 of them newly so, 1 due by Fri."
    assert values_of(told, "zh")["score"] == "本方案不计分，只看期限。"
    assert [line.clause for line in told.lines] == ["0", "1", "2"]
    letter = render_digest(compiled(Settings(secret="x" * 32)), "zh", told)
    assert not re.search("0[.]00|失分|挽回", letter.text + letter.html)
    ranked = bulletin(now, before, first=date(2021, 10, 1), last=date(2021, 10, 31))
    assert ranked.by == "timely"
    paper = values(ranked, "zh", "考核办")
    assert {len(paper["heads"]), *map(len, paper["beside"])} == {6}
    assert not re.search("0[.]00|得分|失分", str(paper))


@pytest.mark.parametrize(
    ("instant", "comes"),
    [
        ("2021-10-18 08:29", False),  # the window is not open yet
        ("2021-10-19 11:00", True),  # the service stood still on Monday
        ("2021-10-04 09:00", False),  # a Monday in the National Day week
        ("2021-10-08 08:30", True),  # its first working day is a Friday
        ("2020-12-28 09:00", False),  # before the programme's year
        ("2022-01-10 09:00", True),  # the weeks after the cut-off still have one
        ("2022-02-14 09:00", False),
    ],
)
def test_it_comes_on_the_first_working_day_of_the_week(instant: str, comes: bool) -> None:
    assert weekly.due(PROGRAMME, china(), at(instant)) is comes


# -- what happened since the last one --------------------------------------------------------------


def since_the_last(*facts: f.AnyFact) -> dict[tuple[EventKind, str], Event]:
    now, before = board(facts=[*FACTS, *facts]), board("2021-10-11 08:30", [*FACTS, *facts])
    told = build(now, before, weekly.outlook_of(now), audience=Audience.LEADER)
    return {(one.kind, one.clause): one for one in told.events}


def decided(outcome: str, on: str = "2021-10-14 10:00", **parts: object) -> f.Extension:
    given = {"id": "e", "clause": "1", "duty": "done", "unit": 住建局, "outcome": outcome,
             "occurred_at": at(on), "recorded_at": at(on), "reason": "雨季停工"}  # fmt: skip
    return f.Extension.model_validate({**given, **parts})


def test_what_became_late_is_told_with_its_day_and_its_working_days() -> None:
    late = since_the_last()[EventKind.LATE, "1"]
    # Due on Friday the 15th; the weekend is no working day, and Monday's share is a started one.
    assert (late.at, late.workdays) == (at("2021-10-15 24:00"), 1)
    assert digest().lines[0].workdays_late == 1


def test_what_was_done_late_says_by_how_much() -> None:
    report = a_report("1", id="x", on="2021-10-17")
    done = since_the_last(report, an_acceptance("x", on="2021-10-17", id="y"))
    assert (EventKind.LATE, "1") not in done
    assert done[EventKind.DONE, "1"].at == at("2021-10-17")


def test_a_report_that_was_sent_back_is_told_with_the_reason() -> None:
    sent_back = f.Review(
        id=f.FactId("back"), report=f.FactId("x"), outcome="returned", reason="缺验收报告",
        occurred_at=at("2021-10-14"), recorded_at=at("2021-10-14"),
    )  # fmt: skip
    told = since_the_last(a_report("1", id="x", on="2021-10-13"), sent_back)
    assert told[EventKind.RETURNED, "1"].reason == "缺验收报告"


def test_a_deadline_that_moved_is_told_with_the_new_one_and_why() -> None:
    told = since_the_last(decided("approved", until="2021-10-27"))
    moved = told[EventKind.EXTENDED, "1"]
    assert (moved.until, moved.reason) == (at("2021-10-27 24:00"), "雨季停工")
    assert (EventKind.LATE, "1") not in told
    assert since_the_last(decided("refused"))[EventKind.REFUSED, "1"].reason == "雨季停工"


def test_what_happened_before_the_last_digest_is_not_told_again() -> None:
    early = decided("approved", "2021-10-08 10:00", until="2021-10-12")
    assert (EventKind.EXTENDED, "1") not in since_the_last(early)


def test_waiving_and_closing_out_are_told_with_their_reasons() -> None:
    parts = {"clause": "1", "duty": "done", "unit": 住建局, "reason": "不涉及",
             "occurred_at": at("2021-10-13"), "recorded_at": at("2021-10-13")}  # fmt: skip
    waived = f.Waiver.model_validate({"id": "w", **parts})
    assert since_the_last(waived)[EventKind.WAIVED, "1"].reason == "不涉及"
    closed = f.CloseOut.model_validate({"id": "c", **parts})
    assert since_the_last(closed)[EventKind.CLOSED_OUT, "1"].at == at("2021-10-13")


def test_the_ranking_has_last_weeks_places() -> None:
    assert [(one.unit, one.rank_before, one.lost_before) for one in digest().units] == [
        (住建局, None, 0), (生态分局, None, 0)
    ]  # fmt: skip
    now, before = board("2021-10-20 08:30"), board()
    told = build(now, before, weekly.outlook_of(now), audience=Audience.LEADER)
    assert [(one.rank, one.rank_before) for one in told.units] == [(1, 1), (2, 2)]
    assert told.whole_before.count(Light.LATE) == 2


def test_who_reviews_gets_the_queue_with_its_terms() -> None:
    waiting = a_report("4", id="w", on="2021-10-08 10:00")
    now = board(facts=[*FACTS, waiting])
    told = build(now, board("2021-10-11 08:30"), weekly.outlook_of(now),
                 audience=Audience.REVIEWER, unit=市生态环境局)  # fmt: skip
    [one] = told.reviews
    assert (one.clause, one.submitted_at) == ("4", at("2021-10-08 10:00"))
    # Five working days: 10-09 (a Saturday made up), 10-11 to 10-14; then the 15th and the 18th.
    assert (one.due_at, one.workdays_late) == (at("2021-10-14 24:00"), 2)
    assert verdict_of(told, "zh") == "待审 1 件，最早的 10-08 报来，其中 1 件已过审核时限。"
    nobody = build(now, board("2021-10-11 08:30"), weekly.outlook_of(now),
                   audience=Audience.REVIEWER, unit=生态分局)  # fmt: skip
    assert nobody.reviews == ()


# -- the archive -----------------------------------------------------------------------------------


def test_a_digest_on_file_is_set_again_byte_for_byte(database: Database) -> None:
    environment = compiled(Settings(secret="x" * 32))
    tell(database)
    made = issue(database, "2021-10-18 08:30")
    with database.write() as session:
        late_news = [a_report("1", id="x", on="2021-10-18 12:00")]
        reporting.load_facts(session, "small", late_news, now=at("2021-10-18 12:00"))
        newer = PROGRAMME.model_copy(update={"title": "小方案（修订）"})
        programmes.publish(session, newer, now=at("2021-10-19"), by="office")
    for one in made:
        with database.read() as session:
            again = weekly.archived(session, "small", one.week, one.audience)
        assert again == one.digest
        for language in get_args(Language):
            then = render_digest(environment, language, one.digest, overview="https://x.example/")
            assert (
                render_digest(environment, language, again, overview="https://x.example/") == then
            )


def test_who_was_erased_is_not_named_by_the_archive(database: Database) -> None:
    tell(database)
    issue(database, "2021-10-18 08:30")
    with database.write() as session:
        contact = people.resolve(session, "small", 住建局, people.Role.CONTACT, MONDAY.date())[0]
        people.erase(session, contact.id or 0, on=MONDAY.date(), now=MONDAY, by="office")
    with database.read() as session:
        again = weekly.archived(session, "small", "2021-W42", "leader")
        with pytest.raises(NotFound, match="2021-W42"):
            weekly.archived(session, "small", "2021-W43", "leader")
    assert {line.who for line in again.lines if line.unit == 住建局} == {""}


def test_a_score_with_a_bonus_says_so_since_it_is_not_what_the_losses_leave() -> None:
    prize = clause("6", rules=[{"kind": "bonus", "recognition": "praised", "award": "0.5",
                                "apart": True}])  # fmt: skip
    rich = a_programme(item("1", due_on="2021-10-15"), item("6", prize))
    praised = f.Recognition(id=f.FactId("p"), recognition="praised", unit=住建局,
                            occurred_at=at("2021-10-12"), recorded_at=at("2021-10-12"))  # fmt: skip
    now, before = (of_documents(rich, [praised], china(), as_of=when)
                   for when in (MONDAY, MONDAY - timedelta(days=7)))  # fmt: skip
    told = build(now, before, weekly.outlook_of(now), audience=Audience.LEADER)
    assert shown(told.verdict.lost) == "0.30"
    assert values_of(told, "zh")["score"] == "暂定得分 10.20（含加分 0.50）。"
