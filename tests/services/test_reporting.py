"""Facts come in: all or nothing, each once, and the rows follow."""

from __future__ import annotations

from datetime import date, timedelta
from threading import Thread
from typing import Any

import pytest
from sqlmodel import Session, select

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
    住建局,
    市生态环境局,
)
from tracker.domain import facts as f
from tracker.domain.errors import DefinitionError, NotFound, Refused, Unfit
from tracker.services import cases, programmes, reporting, trail
from tracker.store.database import Database
from tracker.store.tables import ObligationRow

KEY = "1/done/housing"
OCTOBER = at("2021-10-02 24:00")


@pytest.fixture
def published(database: Database) -> Database:
    programme = a_programme(item(), a_case_item(), a_monthly_item())
    with database.write() as session:
        programmes.publish(session, programme, now=JANUARY, by="office")
    return database


def row(session: Session, key: str = KEY) -> ObligationRow:
    return session.exec(select(ObligationRow).where(ObligationRow.key == key)).one()


def facts(database: Database) -> tuple[f.AnyFact, ...]:
    with database.read() as session:
        return reporting.facts(session, "small")


def test_a_report_is_kept_and_the_row_follows(published: Database) -> None:
    with published.write() as session:
        report = reporting.report_progress(
            session, "small", KEY, now=at("2021-09-29"), by="housing", done=True
        )
        assert row(session).light == "ok"
    with published.write() as session:
        reporting.review(
            session, "small", report.id, outcome="accepted", now=OCTOBER, by=市生态环境局
        )
        assert (row(session).light, row(session).open) == ("done", False)
    assert [one.id for one in facts(published)] == ["f-0000001", "f-0000002"]
    assert all(one.recorded_at == one.occurred_at for one in facts(published))


def test_a_report_that_is_taken_back_opens_the_obligation_again(published: Database) -> None:
    with published.write() as session:
        report = reporting.report_progress(
            session, "small", KEY, now=at("2021-09-01"), by="housing", done=True
        )
        reporting.review(
            session, "small", report.id, outcome="accepted", now=at("2021-09-02"), by=市生态环境局
        )
        assert not row(session).open
        taken_back = f.Withdrawal(
            supersedes=report.id, occurred_at=at("2021-09-03"), recorded_at=at("2021-09-03")
        )
        reporting.record_facts(session, "small", [taken_back], now=at("2021-09-03"))
        assert row(session).open


def test_an_extension_moves_the_deadline_and_its_version(published: Database) -> None:
    with published.write() as session:
        reporting.grant_extension(
            session, "small", KEY, now=at("2021-09-20"), by="organisation",
            reason="汛期", until=at("2021-10-31").astimezone().date(),
        )  # fmt: skip
        moved = row(session)
    assert moved.deadline_version == 2
    assert moved.due_at is not None
    assert moved.due_at > at("2021-10-30")


def test_asking_for_an_extension_moves_nothing(published: Database) -> None:
    with published.write() as session:
        reporting.ask_extension(
            session, "small", KEY, now=at("2021-09-20"), by="housing", reason="汛期"
        )
        assert row(session).deadline_version == 1


def test_a_case_opens_and_closes_its_obligation(published: Database) -> None:
    received = at("2021-05-06 09:00")
    with published.write() as session:
        cases.open_case(
            session, "small", "X-17", kind="handed", unit=住建局, title="信访件",
            received_at=received, now=received + timedelta(hours=1), by="office",
        )  # fmt: skip
        opened = row(session, "2/case/housing/X-17")
        assert (opened.open, opened.due_at) == (True, received + timedelta(hours=72))
    with published.write() as session:
        cases.close_case(session, "small", "X-17", now=received + timedelta(hours=80), by="office")
        assert not row(session, "2/case/housing/X-17").open


def test_a_case_is_opened_once(published: Database) -> None:
    def open_it() -> None:
        with published.write() as session:
            cases.open_case(
                session, "small", "X-17", kind="handed", unit=住建局, title="信访件",
                received_at=at("2021-05-06"), now=at("2021-05-07"), by="office",
            )  # fmt: skip

    open_it()
    with pytest.raises(Refused, match="X-17"):
        open_it()
    again = f.CaseEvent(
        case="X-17", kind="handed", unit=住建局, event="opened",
        occurred_at=at("2021-05-08"), recorded_at=at("2021-05-08"),
    )  # fmt: skip
    with pytest.raises(DefinitionError, match="open already"), published.write() as session:
        reporting.record_facts(session, "small", [again], now=at("2021-05-08"))
    assert len(facts(published)) == 1


def test_a_receipt_is_kept_with_its_role(published: Database) -> None:
    with published.write() as session:
        signed = reporting.sign_receipt(
            session, "small", KEY, now=at("2021-09-20"), by="person:7", role="head"
        )
    assert (signed.role, signed.clause, signed.unit) == ("head", "1", 住建局)


def test_the_same_fact_twice_is_one_fact(published: Database) -> None:
    report = a_report(on="2021-09-01", id="r-1")
    for day in ("2021-09-02", "2021-09-03"):
        with published.write() as session:
            [stored] = reporting.record_facts(session, "small", [report], now=at(day), by="x")
    assert stored.recorded_at == at("2021-09-02")
    assert len(facts(published)) == 1


def test_a_history_keeps_when_it_was_known(published: Database) -> None:
    report = a_report(on="2021-09-01", id="r-1")
    for _ in range(2):
        with published.write() as session:
            reporting.load_facts(session, "small", [report], now=at("2021-12-01"))
    assert [one.recorded_at for one in facts(published)] == [at("2021-09-01")]


def test_an_id_with_other_content_is_refused(published: Database) -> None:
    with published.write() as session:
        reporting.record_facts(
            session, "small", [a_report(on="2021-09-01", id="r-1")], now=at("2021-09-02")
        )
    other = a_report(on="2021-09-01", id="r-1", done=False)
    with pytest.raises(Refused, match="r-1"), published.write() as session:
        reporting.record_facts(session, "small", [other], now=at("2021-09-02"))
    assert len(facts(published)) == 1


def test_an_id_given_twice_in_one_load_is_refused(published: Database) -> None:
    twins = [a_report(on="2021-09-01", id="r-1"), a_report(on="2021-09-02", id="r-1")]
    with pytest.raises(Refused, match="twice"), published.write() as session:
        reporting.record_facts(session, "small", twins, now=at("2021-09-03"))


def test_facts_of_one_load_may_refer_to_each_other(published: Database) -> None:
    together = [a_report(on="2021-09-01", id="r"), an_acceptance("r", on="2021-09-02")]
    with published.write() as session:
        reporting.load_facts(session, "small", together, now=at("2021-09-03"))
        assert not row(session).open


def test_one_wrong_fact_keeps_all_of_the_load_out(published: Database) -> None:
    load = [a_report(on="2021-09-01"), a_report("99", on="2021-09-01")]
    with pytest.raises(DefinitionError) as trouble, published.write() as session:
        reporting.load_facts(session, "small", load, now=at("2021-09-03"))
    [problem] = trouble.value.problems
    assert problem.place == "fact 2 (report, clause 99)"
    assert facts(published) == ()


def when(**parts: object) -> dict[str, object]:
    return {"occurred_at": at("2021-09-01"), "recorded_at": at("2021-09-01"), **parts}


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"fact": "report", "clause": "1", "duty": "dnoe", "done": True}, "duty"),
        ({"fact": "report", "clause": "1", "unit": "stranger", "done": True}, "unit"),
        ({"fact": "report", "clause": "1", "unit": "env_bureau", "done": True}, "owes the clause"),
        (
            {"fact": "report", "clause": "3", "duty": "bulletin", "occurrence": "2021-13",
             "done": True},
            "period",
        ),
        (
            {"fact": "report", "clause": "2", "duty": "case", "occurrence": "X-1", "done": True},
            "opened case",
        ),
        ({"fact": "report", "clause": "3", "duty": "bulletin", "done": True}, "which period"),
        ({"fact": "report", "clause": "3", "done": True}, "没有写明期次"),
        ({"fact": "report", "clause": "2", "duty": "case", "done": True}, "which case"),
        ({"fact": "review", "report": "f-9", "outcome": "accepted"}, "no report on file"),
        ({"fact": "case", "case": "X-1", "event": "closed"}, "opened case"),
        (
            {"fact": "case", "case": "X", "event": "opened", "kind": "odd", "unit": "housing"},
            "kind of case",
        ),
        (
            {"fact": "case", "case": "a/b", "event": "opened", "kind": "handed",
             "unit": "housing"},
            "no slash",
        ),
        ({"fact": "finding", "finding": "dust"}, "finding"),
        ({"fact": "measurement", "measure": "pm25", "value": "35"}, "measure"),
        ({"fact": "target", "target": "wells", "value": "9"}, "target"),
        ({"fact": "rank", "rank": "water", "place": 1}, "rank"),
        ({"fact": "recognition", "recognition": "praise"}, "recognition"),
        ({"fact": "activity", "activity": "login"}, "activity"),
        (
            {"fact": "decision", "rule": "1#7", "points": "1", "person": "甲", "reason": "乙"},
            "rule",
        ),
        (
            {"fact": "reading", "reading": "blocks", "choice": "x", "person": "甲", "reason": "乙"},
            "reading",
        ),
        ({"fact": "withdrawal", "supersedes": "f-9"}, "not on file"),
        ({"fact": "external_date", "clause": "1", "on": "2021-10-01"}, "name its duty"),
        (
            {"fact": "report", "clause": "1", "done": True, "occurred_at": at("2021-12-02")},
            "has not come yet",
        ),
    ],
)  # fmt: skip
def test_a_fact_about_what_the_programme_does_not_have_is_refused(
    published: Database, wrong: dict[str, object], says: str
) -> None:
    fact = f.FACT.validate_python(when(**wrong))
    with pytest.raises(DefinitionError, match=says), published.write() as session:
        reporting.load_facts(session, "small", [fact], now=at("2021-12-01"))
    assert facts(published) == ()


@pytest.mark.parametrize("key", ["99/done/housing", "1/done/stranger", "1", "", "1/dnoe/housing"])
def test_a_report_about_no_obligation_is_refused(published: Database, key: str) -> None:
    with pytest.raises(NotFound), published.write() as session:
        reporting.report_progress(session, "small", key, now=OCTOBER, by="x", done=True)


def test_what_is_rolled_back_was_never_seen(published: Database) -> None:
    def change_my_mind() -> None:
        with published.write() as session:
            reporting.record_facts(session, "small", [a_report(on="2021-09-01")], now=OCTOBER)
            assert len(reporting.facts(session, "small")) == 1
            raise RuntimeError("changed my mind")

    with pytest.raises(RuntimeError):
        change_my_mind()
    assert facts(published) == ()
    with published.write() as session:
        other = a_report(on="2021-09-02", note="另一条")
        [stored] = reporting.record_facts(session, "small", [other], now=OCTOBER)
    assert facts(published) == (stored,)


def test_an_earlier_state_stays_what_it_was_while_others_write(published: Database) -> None:
    with published.write() as session:
        reporting.record_facts(session, "small", [a_report(on="2021-09-01")], now=OCTOBER)
    with published.read() as earlier:
        assert len(reporting.facts(earlier, "small")) == 1
        with published.write() as session:
            reporting.record_facts(session, "small", [a_report(on="2021-09-02")], now=OCTOBER)
        assert len(facts(published)) == 2
        assert len(reporting.facts(earlier, "small")) == 1


def test_writers_at_the_same_time_get_different_ids(published: Database) -> None:
    def report() -> None:
        for _ in range(5):
            with published.write() as session:
                reporting.record_facts(session, "small", [a_report(on="2021-09-01")], now=OCTOBER)

    threads = [Thread(target=report) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.id for one in facts(published)) == [f"f-{n:07d}" for n in range(1, 21)]


def test_the_trail_has_the_digest_of_a_fact_and_no_words_of_it(published: Database) -> None:
    report = a_report(on="2021-09-01", note="张三已完成", by="张三")
    with published.write() as session:
        [stored] = reporting.load_facts(session, "small", [report], now=OCTOBER)
    with published.read() as session:
        event = trail.events(session, "small")[0]
    assert (event.kind, event.subject) == ("fact.report", "1/housing")
    assert event.body["sha256"] == trail.digest(stored.model_dump(mode="json", by_alias=True))
    assert "张三" not in trail.canonical(event.body)


# -- what a use case refuses, whoever asks --------------------------------------------------------


def report_once(session: Session, id_: str, when: str) -> f.Report:
    return reporting.report_progress(
        session, "small", KEY, now=at(when), by="housing", done=True, id_=id_
    )


def test_an_act_sent_twice_is_one_fact(published: Database) -> None:
    for when in ("2021-09-01", "2021-09-02"):
        with published.write() as session:
            report = report_once(session, "w-1", when)
    assert report.occurred_at == at("2021-09-01")
    assert len(facts(published)) == 1


def test_an_id_of_another_kind_of_act_is_refused(published: Database) -> None:
    with published.write() as session:
        report_once(session, "w-1", "2021-09-01")
    with pytest.raises(Refused, match="w-1"), published.write() as session:
        reporting.sign_receipt(session, "small", KEY, now=at("2021-09-02"), by="x", id_="w-1")
    assert len(facts(published)) == 1


def test_a_report_is_reviewed_once(published: Database) -> None:
    with published.write() as session:
        report_once(session, "w-1", "2021-09-01")
        reporting.review(
            session, "small", "w-1", outcome="accepted", now=at("2021-09-02"), by=市生态环境局
        )
    with pytest.raises(Refused, match="已经审核"), published.write() as session:
        reporting.review(
            session, "small", "w-1", outcome="returned", reason="材料不全", now=at("2021-09-03"),
            by=市生态环境局,
        )  # fmt: skip
    assert len(facts(published)) == 2


def test_a_history_in_which_a_report_is_reviewed_twice_is_not_taken(published: Database) -> None:
    twice = [
        a_report(on="2021-09-01", id="r"),
        an_acceptance("r", on="2021-09-02", id="v1"),
        an_acceptance("r", on="2021-09-03", id="v2"),
    ]
    with pytest.raises(DefinitionError, match="已经审核"), published.write() as session:
        reporting.load_facts(session, "small", twice, now=at("2021-09-04"))
    corrected = [*twice[:2], an_acceptance("r", on="2021-09-03", id="v2", supersedes="v1")]
    with published.write() as session:
        assert len(reporting.load_facts(session, "small", corrected, now=at("2021-09-04"))) == 3


def test_a_return_takes_a_reason(published: Database) -> None:
    with published.write() as session:
        report_once(session, "w-1", "2021-09-01")
    with pytest.raises(Unfit) as trouble, published.write() as session:
        reporting.review(
            session, "small", "w-1", outcome="returned", now=at("2021-09-02"), by="office"
        )
    assert trouble.value.parts == {"reason": "reason"}


@pytest.mark.parametrize(
    ("submitted", "code"), [("2021-09-03", "future"), ("2020-12-31", "before_start")]
)
def test_a_report_reached_the_office_after_the_duty_began_and_before_now(
    published: Database, submitted: str, code: str
) -> None:
    with pytest.raises(Unfit) as trouble, published.write() as session:
        reporting.report_progress(
            session, "small", KEY, now=at("2021-09-02"), by="office", done=True,
            submitted_at=at(submitted),
        )  # fmt: skip
    assert trouble.value.parts == {"at": code}
    assert facts(published) == ()


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        ({"until": date(2021, 9, 30)}, {"until": "not_later"}),
        ({"until_at": at("2021-09-30 24:00")}, {"until_at": "not_later"}),
        ({}, {"until": "missing"}),
        (
            {"until": date(2021, 10, 9), "until_at": at("2021-10-09 12:00")},
            {"until": "one_limit"},
        ),
        ({"until": date(2021, 10, 9), "reason": " "}, {"reason": "reason"}),
    ],
)
def test_an_extension_leads_to_a_later_limit_and_has_a_reason(
    published: Database, given: dict[str, Any], parts: dict[str, str]
) -> None:
    with pytest.raises(Unfit) as trouble, published.write() as session:
        reporting.grant_extension(
            session, "small", KEY, now=at("2021-09-02"), by="office", **{"reason": "汛期", **given}
        )
    assert trouble.value.parts == parts
    assert facts(published) == ()


def test_a_refused_extension_leaves_the_deadline(published: Database) -> None:
    with published.write() as session:
        asked = date(2021, 10, 31)
        reporting.ask_extension(
            session, "small", KEY, now=at("2021-09-19"), by="housing", reason="汛期", until=asked
        )
        reporting.refuse_extension(
            session, "small", KEY, now=at("2021-09-20"), by="organisation", reason="理由不足"
        )
        assert row(session).deadline_version == 1
    assert [one.outcome for one in facts(published) if isinstance(one, f.Extension)] == [
        "requested", "refused"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        ({"case": ""}, {"case": "missing"}),
        ({"case": "X/1"}, {"case": "no_slash"}),
        ({"kind": ""}, {"kind": "missing"}),
        ({"kind": "odd"}, {"kind": "choose"}),
        ({"unit": 市生态环境局}, {"unit": "not_owing"}),
        ({"unit": "", "title": ""}, {"unit": "missing", "title": "missing"}),
        ({"received_at": at("2021-05-08")}, {"at": "future"}),
        ({"due_on": date(2021, 5, 5)}, {"due_on": "before_receipt"}),
    ],
)
def test_a_case_that_makes_no_sense_is_not_opened(
    published: Database, given: dict[str, Any], parts: dict[str, str]
) -> None:
    case = {"case": "X-17", "kind": "handed", "unit": 住建局, "title": "信访件",
            "received_at": at("2021-05-06"), **given}  # fmt: skip
    number = case.pop("case")
    with pytest.raises(Unfit) as trouble, published.write() as session:
        cases.open_case(session, "small", number, now=at("2021-05-07"), by="office", **case)
    assert trouble.value.parts == parts
    assert facts(published) == ()


def test_a_case_ends_when_the_office_says_that_it_ended(published: Database) -> None:
    with published.write() as session:
        cases.open_case(
            session, "small", "X-17", kind="handed", unit=住建局, title="信访件",
            received_at=at("2021-05-06"), now=at("2021-05-06"), by="office",
        )  # fmt: skip
        closed = cases.close_case(
            session, "small", "X-17", now=at("2021-05-09"), closed_at=at("2021-05-08"), by="office"
        )
        assert closed.occurred_at == at("2021-05-08")
        with pytest.raises(Unfit):
            cases.close_case(
                session, "small", "X-17", now=at("2021-05-09"), closed_at=at("2021-05-10"), by="x"
            )


def test_a_number_belongs_to_one_kind_of_case(database: Database) -> None:
    other = a_case_item("4")
    other["clauses"][0]["duties"][0]["case"] = "petition"
    with database.write() as session:
        programmes.publish(session, a_programme(a_case_item(), other), now=JANUARY, by="office")
    opened = [
        f.CaseEvent(
            case="X-17", kind=kind, unit=住建局, event="opened", occurred_at=at("2021-05-06"),
            recorded_at=at("2021-05-06"),
        )
        for kind in ("handed", "petition")
    ]  # fmt: skip
    with pytest.raises(DefinitionError, match="另一类"), database.write() as session:
        reporting.load_facts(session, "small", opened, now=at("2021-05-07"))


# -- what a person decides keeps to what the text lets a person decide -----------------------------


def decided_by(published: Database, points: str, rule: str = "4#1", **parts: object) -> f.Decision:
    told = {"fact": "decision", "rule": rule, "points": points, "person": "甲", "reason": "看过"}
    fact = f.FACT.validate_python(when(**told, **parts))
    with published.write() as session:
        [stored] = reporting.load_facts(session, "small", [fact], now=at("2021-12-01"))
    assert isinstance(stored, f.Decision)
    return stored


@pytest.fixture
def deciding(database: Database) -> Database:
    """4#1 at most 2 points a year, 5#1 from 2 to 5 for each report, 6#1 half of what it is worth,
    6#2 only where the reading leaves it to a person."""
    each = {"kind": "discretionary", "least": "2", "most": "5", "asked": "report", "per": "each"}
    half = {"kind": "discretionary", "most": "50%"}
    flat = {"kind": "per_incident", "each": "1", "finding": "report"}
    programme = a_programme(
        item("4", clause("4", duties=[], rules=[{"kind": "discretionary", "most": "2"}])),
        item("5", clause("5", duties=[], rules=[each])),
        item("6", clause("6", points="3", duties=[], rules=[half, flat]), points="3"),
        readings=[
            {"id": "left", "clause": "6", "question": "谁定？", "default": "counted",
             "alternatives": [
                 {"id": "counted", "says": "按件数"},
                 {"id": "person", "says": "由人定",
                  "set": {"6.rules": [half, {"kind": "discretionary", "most": "1"}]}}]},
        ],
    )  # fmt: skip
    with database.write() as session:
        programmes.publish(session, programme, now=JANUARY, by="office")
    return database


@pytest.mark.parametrize(
    ("rule", "points", "says"),
    [
        ("4#1", "2.0001", "clause 4: 2.0001 decided, more than the 2 points allowed"),
        ("5#1", "5.5", "计分句 5 认定 5.5 分，超过上限 5 分"),
        ("5#1", "1", "clause 5: 1 decided, less than the 2 points asked"),
        ("6#1", "1.51", "between 0 and 1.5 points"),
        ("6#2", "0.5", "nobody decides the amount of 6#2"),
    ],
)
def test_a_decision_beyond_its_bound_is_refused_with_the_bound_and_the_clause(
    deciding: Database, rule: str, points: str, says: str
) -> None:
    with pytest.raises(DefinitionError) as refused:
        decided_by(deciding, points, rule)
    assert says in str(refused.value)
    assert facts(deciding) == ()


def test_decisions_that_make_one_amount_up_keep_to_its_bound_together(deciding: Database) -> None:
    first = decided_by(deciding, "1.5", id="d1")
    with pytest.raises(DefinitionError, match=r"1 decided with 1\.5 before"):
        decided_by(deciding, "1")
    decided_by(deciding, "2", id="d2", supersedes=first.id)
    with pytest.raises(DefinitionError, match="more than the 2 points allowed"):
        decided_by(deciding, "0.1")
    decided_by(deciding, "5", "5#1")
    decided_by(deciding, "4", "5#1")


def test_a_rule_that_a_reading_leaves_to_a_person_may_be_decided_then(deciding: Database) -> None:
    reading = {"fact": "reading", "reading": "left", "choice": "person", "person": "甲",
               "reason": "会议"}  # fmt: skip
    with deciding.write() as session:
        fact = f.FACT.validate_python(when(**reading))
        reporting.load_facts(session, "small", [fact], now=at("2021-12-01"))
    assert decided_by(deciding, "1", "6#2").points == 1
    with pytest.raises(DefinitionError, match="more than the 1 points allowed"):
        decided_by(deciding, "1.5", "6#2", id="again")
