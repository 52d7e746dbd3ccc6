"""The worked examples of the design, by hand: facts, instant, points lost."""

from __future__ import annotations

import pytest

from tests.domain.small import BRANCH, HOUSING, History, a_programme, at, clause
from tracker.domain.obligations import Light
from tracker.domain.programme import Programme
from tracker.domain.rules import Status

STATION = a_programme(
    clause(
        points="5",
        duties=[{"kind": "milestone", "id": "built", "on": "2020-09-30"}],
        rules=[
            {
                "kind": "lateness",
                "duty": "built",
                "pieces": [{"until": 30, "rises_to": "50%"}, {"flat": "80%"}],
            }
        ],
    ),
    year=2020,
)


@pytest.mark.parametrize(
    ("done", "lost"),
    [
        ("2020-09-30 23:59", "0"),
        ("2020-09-30 24:00", "0"),
        ("2020-10-01 09:00", "0.0833"),
        ("2020-10-15 09:00", "1.25"),
        ("2020-10-30 09:00", "2.5"),
        ("2020-10-30 24:00", "2.5"),
        ("2020-10-31 00:01", "4"),
        ("2020-10-31 09:00", "4"),
        ("2020-12-29 09:00", "4"),
    ],
)
def test_a_station_built_late_loses_in_proportion_for_thirty_days_and_then_four_fifths(
    done: str, lost: str
) -> None:
    history = History()
    history.done(done)
    assert history.lost(STATION, "2020-12-31 12:00") == lost


CASE = a_programme(
    clause(
        points="0.3",
        duties=[
            {
                "kind": "case",
                "id": "closed",
                "case": "supervised",
                "within": {"n": 72, "unit": "hour"},
            }
        ],
        rules=[
            {
                "kind": "lateness",
                "duty": "closed",
                "base": "0.01",
                "every": {"n": 12, "unit": "hour"},
                "each": "0.01",
                "cap": "0.3",
            }
        ],
    ),
    worth="1",
    readings=[
        {
            "id": "blocks",
            "clause": "1",
            "question": "不满 12 小时算不算",
            "alternatives": [
                {"id": "completed", "says": "满 12 小时才算"},
                {"id": "started", "says": "起算", "set": {"1#1.steps": "started"}},
            ],
            "default": "completed",
        }
    ],
)


@pytest.mark.parametrize(
    ("closed", "lost", "started"),
    [
        ("2021-03-04 09:00", "0", "0"),
        ("2021-03-04 09:01", "0.01", "0.02"),
        ("2021-03-04 17:00", "0.01", "0.02"),  # 80 hours: 8 late, no full block
        ("2021-03-04 21:00", "0.02", "0.02"),
        ("2021-03-04 21:01", "0.02", "0.03"),
        ("2021-03-05 09:00", "0.03", "0.03"),
        ("2021-06-01 09:00", "0.3", "0.3"),
    ],
)
def test_a_case_loses_after_exactly_72_hours_and_then_per_block_of_twelve(
    closed: str, lost: str, started: str
) -> None:
    history = History()
    history.case("z01", "2021-03-01 09:00")
    history.done(closed, duty="closed", occurrence="z01")
    assert history.lost(CASE, "2021-12-31 12:00") == lost
    assert history.lost(CASE, "2021-12-31 12:00", readings={"blocks": "started"}) == started


def test_the_clause_of_cases_never_loses_more_than_its_cap_in_the_year() -> None:
    history = History()
    for number in range(1, 6):
        history.case(f"z{number:02d}", f"2021-0{number}-01 09:00")
    ledger = history.ledger(CASE, "2021-12-31 12:00")
    assert ledger.lost == 3000
    charged = [entry for entry in ledger.entries if entry.points]
    assert [entry.occurrence for entry in charged] == ["z01"]
    assert all(entry.steps[-1].code == "rule_cap" for entry in ledger.entries)


def test_a_running_case_is_provisional_and_a_closed_one_settled() -> None:
    history = History()
    history.case("z01", "2021-03-01 09:00")
    running = history.ledger(CASE, "2021-03-05 09:00")
    assert [e.status for e in running.entries] == [Status.PROVISIONAL]
    history.done("2021-03-05 09:00", duty="closed", occurrence="z01")
    settled = history.ledger(CASE, "2021-03-06 09:00")
    assert [e.status for e in settled.entries] == [Status.SETTLED]
    assert [e.points for e in settled.entries] == [-300]


DUE = a_programme(
    clause(
        points="5",
        duties=[{"kind": "milestone", "id": "done", "on": "2021-09-30"}],
        rules=[
            {"kind": "lateness", "duty": "done", "every": {"n": 1, "unit": "day"}, "each": "0.1"}
        ],
    )
)


def test_reviewing_time_does_not_count_against_the_unit() -> None:
    history = History()
    history.accept(history.report("2021-09-29 10:00"), "2021-10-12 09:00")
    standing = history.standing(DUE, "2021-10-20")
    assert (standing.light, standing.lateness.days) == (Light.DONE, 0)
    assert history.lost(DUE, "2021-10-20") == "0"


def test_a_returned_report_counts_from_its_return_to_the_next_submission() -> None:
    history = History()
    history.sent_back(history.report("2021-09-29 10:00"), "2021-10-08 12:00")
    history.accept(history.report("2021-10-09 12:00"), "2021-10-15 09:00")
    assert history.standing(DUE, "2021-10-20").lateness.days == 1
    assert history.lost(DUE, "2021-10-20") == "0.1"


def test_days_before_and_after_a_return_add_up() -> None:
    history = History()
    history.sent_back(history.report("2021-10-02 24:00"), "2021-10-05 12:00")
    history.accept(history.report("2021-10-06 12:00"), "2021-10-07 09:00")
    assert history.standing(DUE, "2021-10-20").lateness.days == 3


def test_a_suspension_moves_the_deadline_by_its_length() -> None:
    history = History()
    history.add(
        "suspension", "2021-09-28", clause="1", ends_at=at("2021-10-08"), reason="等上级批复"
    )
    history.done("2021-10-09 10:00")
    standing = history.standing(DUE, "2021-10-20")
    assert standing.lateness.days == 0
    assert standing.obligation.due_at == at("2021-10-10 24:00")
    assert standing.obligation.original is not None
    assert standing.obligation.original.due_at == at("2021-09-30 24:00")


def test_an_extension_forgives_from_its_decision_on_and_both_stay_visible() -> None:
    history = History()
    history.add(
        "extension", "2021-10-05 09:00", clause="1", unit=BRANCH, outcome="approved",
        until="2021-10-20", reason="汛情",
    )  # fmt: skip
    assert history.standing(DUE, "2021-10-04 12:00").light is Light.LATE
    assert history.lost(DUE, "2021-10-04 12:00") == "0.4"
    assert history.lost(DUE, "2021-10-06 12:00") == "0"
    standing = history.standing(DUE, "2021-10-06 12:00")
    assert [move.kind for move in standing.obligation.moves] == ["extended"]
    assert standing.obligation.version == 2


STAGES = a_programme(
    clause(
        points="5",
        duties=[
            {"kind": "milestone", "id": "s1", "on": "2021-09-30",
             "need": {"of": "projects", "share": "0.8"}},
            {"kind": "milestone", "id": "s2", "on": "2021-12-31", "need": {"of": "projects"}},
        ],
        rules=[
            {"kind": "per_missing", "duty": "s1", "each": "0.5", "cap": "all"},
            {"kind": "per_missing", "duty": "s2", "each": "0.5", "cap": "all"},
        ],
    ),
    targets=[{"id": "projects", "name": "治理项目", "value": "9", "measure_unit": "个"}],
    readings=[
        {
            "id": "rounding",
            "clause": "1",
            "question": "9 个的 80% 是几个",
            "alternatives": [
                {"id": "up", "says": "8 个"},
                {"id": "down", "says": "7 个", "set": {"1/s1.need.rounding": "down"}},
            ],
            "default": "up",
        }
    ],
)  # fmt: skip


def test_each_stage_charges_what_was_missing_at_its_own_date() -> None:
    history = History()
    history.done("2021-09-20", count=7)
    assert history.lost(STAGES, "2021-09-30 23:00") == "0"
    assert history.lost(STAGES, "2021-10-18") == "0.5"
    assert history.lost(STAGES, "2021-10-18", readings={"rounding": "down"}) == "0"
    history.done("2021-11-20", count=9)
    assert history.lost(STAGES, "2022-01-01") == "0.5"


def test_a_stage_explains_how_the_share_became_a_number() -> None:
    history = History()
    history.done("2021-09-20", count=7)
    (entry,) = history.ledger(STAGES, "2021-10-18").entries
    assert [one.code for one in entry.steps] == ["share", "short", "times"]
    assert entry.steps[0]["exact"] * 10 == 72
    assert entry.steps[1]["missing"] == 1


def test_a_share_of_an_unknown_target_is_unknown_and_not_zero() -> None:
    body = STAGES.model_dump(mode="json", by_alias=True)
    body["targets"][0]["value"] = None
    programme = Programme.model_validate(body)
    ledger = History().ledger(programme, "2021-10-18")
    assert {entry.status for entry in ledger.entries} == {Status.UNKNOWN}
    assert ledger.lost == 0
    assert ledger.worst_score == 0


MONTHLY = a_programme(
    clause(
        points="1",
        duties=[{"kind": "recurring", "id": "monthly", "freq": "monthly"}],
        rules=[{"kind": "per_missing", "duty": "monthly", "each": "0.1", "cap": "all"}],
    ),
    worth="1",
)


def test_a_month_without_its_report_costs_and_a_later_month_does_not_make_up_for_it() -> None:
    history = History()
    for month in (1, 2, 3, 4, 5, 7, 8):
        history.done(f"2021-{month:02d}-20", occurrence=f"2021-{month:02d}")
    history.done("2021-07-22", occurrence="2021-07")
    assert history.lost(MONTHLY, "2021-09-01") == "0.1"


LATE_OR_NEVER = a_programme(
    clause(
        points="0.5",
        duties=[{"kind": "milestone", "id": "sent", "on": "2021-06-30"}],
        rules=[{"kind": "lateness", "duty": "sent", "base": "0.1", "never": "all"}],
    ),
    worth="2",
)


@pytest.mark.parametrize(
    ("done", "as_of", "lost"),
    [
        ("2021-06-30 20:00", "2021-12-31", "0"),
        ("2021-07-02", "2021-12-31", "0.1"),
        (None, "2021-12-31 23:59", "0.1"),
        (None, "2021-12-31 24:00", "0.5"),
        ("2022-01-05", "2022-01-10", "0.1"),
    ],
)
def test_never_replaces_late_at_the_cut_off(done: str | None, as_of: str, lost: str) -> None:
    history = History()
    if done is not None:
        history.done(done)
    assert history.lost(LATE_OR_NEVER, as_of) == lost


ABSORBING = a_programme(
    clause(
        points="5",
        duties=[
            {"kind": "milestone", "id": "a", "on": "2021-03-31"},
            {"kind": "milestone", "id": "b", "on": "2021-06-30"},
            {"kind": "milestone", "id": "whole", "on": "2021-09-30"},
        ],
        rules=[
            {"kind": "per_incident", "duty": "a", "each": "0.5"},
            {"kind": "per_incident", "duty": "b", "each": "0.5"},
            {"kind": "lateness", "duty": "whole", "base": "2", "absorbs": ["1#1", "1#2"]},
        ],
    )
)


def test_the_flat_deduction_for_the_whole_absorbs_its_stages() -> None:
    history = History()
    assert history.lost(ABSORBING, "2021-07-15") == "1"
    assert history.lost(ABSORBING, "2021-10-15") == "2"


DOUBLED = a_programme(
    clause(
        points="20",
        duties=[{"kind": "milestone", "id": "node", "on": "2021-06-30"}],
        rules=[
            {"kind": "per_incident", "finding": "named", "classes": {"国": "4", "省": "2"}},
            {"kind": "multiplier", "factor": "2", "when": {"missed": "node"}, "rules": ["1#1"]},
            {"kind": "multiplier", "factor": "0.5", "same_problem": True,
             "when": {"recognition": "rectified"}, "rules": ["1#1"]},
        ],
    ),
    worth="20",
)  # fmt: skip


def test_a_missed_node_doubles_and_a_recognised_rectification_halves() -> None:
    history = History()
    history.add("finding", "2021-05-01", finding="named", level="省", problem="p1")
    assert history.lost(DOUBLED, "2021-06-01") == "2"
    assert history.lost(DOUBLED, "2021-07-15") == "4"
    history.add("recognition", "2021-08-01", recognition="rectified", problem="p1")
    assert history.lost(DOUBLED, "2021-08-15") == "2"


GAP = a_programme(
    clause(
        points="1",
        duties=[{"kind": "gap", "id": "login", "activity": "login",
                 "within": {"n": 1, "unit": "week"}}],
        rules=[{"kind": "per_incident", "duty": "login", "each": "0.1", "cap": "all"}],
    ),
    worth="1",
)  # fmt: skip


@pytest.mark.parametrize(
    ("logins", "as_of", "lost"),
    [
        (("2021-03-01 09:00", "2021-03-08 09:00"), "2021-03-09", "0"),
        (("2021-03-01 09:00", "2021-03-08 09:01"), "2021-03-09", "0.1"),
        (("2021-03-01 09:00", "2021-03-16 09:00"), "2021-03-17", "0.2"),
        (("2021-03-01 09:00",), "2021-03-08 09:00", "0"),
        (("2021-03-01 09:00",), "2021-03-08 09:01", "0.1"),
    ],
)
def test_each_full_week_without_a_login_counts(
    logins: tuple[str, ...], as_of: str, lost: str
) -> None:
    history = History()
    for login in logins:
        history.add("activity", login, activity="login")
    assert history.lost(GAP, as_of) == lost


def test_without_any_login_recorded_the_amount_is_unknown() -> None:
    (entry,) = History().ledger(GAP, "2021-03-16").entries
    assert (entry.status, entry.points) == (Status.UNKNOWN, 0)


def test_a_day_ends_with_its_deadline_missed_even_at_the_very_instant() -> None:
    assert History().lost(LATE_OR_NEVER, "2021-06-30 23:59") == "0"
    assert History().standing(LATE_OR_NEVER, "2021-06-30 24:00").light is Light.LATE


TWO_UNITS = a_programme(
    clause(
        points="1",
        duties=[{"kind": "milestone", "id": "done", "on": "2021-06-30"}],
        rules=[{"kind": "all_or_nothing", "duty": "done"}],
    ),
    worth="1",
    item={"responsible_units": [BRANCH, HOUSING]},
)


def test_several_units_make_one_amount_done_when_the_last_is_done() -> None:
    history = History()
    history.done("2021-06-20", unit=BRANCH)
    ledger = history.ledger(TWO_UNITS, "2021-07-01")
    (entry,) = ledger.entries
    assert (ledger.lost, entry.units) == (10000, (HOUSING,))
    assert len(ledger.standings) == 2


def test_a_waived_unit_owes_nothing() -> None:
    history = History()
    history.done("2021-06-20", unit=BRANCH)
    history.add("waiver", "2021-06-25", clause="1", unit=HOUSING, reason="不涉及")
    assert history.lost(TWO_UNITS, "2021-07-01") == "0"


def test_a_correction_supersedes_and_known_at_shows_what_we_knew() -> None:
    history = History()
    wrong = history.add("finding", "2021-05-01", finding="named", level="国", problem="p1")
    history.add("finding", "2021-05-01", recorded="2021-05-10", finding="named", level="省",
                problem="p1", supersedes=wrong)  # fmt: skip
    assert history.lost(DOUBLED, "2021-05-20") == "2"
    assert history.lost(DOUBLED, "2021-05-20", known="2021-05-05") == "4"


ONCE = a_programme(
    clause(
        id="1.1",
        points="2",
        rules=[
            {"kind": "per_incident", "finding": "criticised", "each": "0.5"},
            {"kind": "per_incident", "finding": "listed", "each": "1"},
            {"kind": "exemption", "when": {"recognition": "class_two"}, "rules": ["1.1#1"],
             "same_problem": True},
            {"kind": "no_double", "rules": ["1.1"]},
        ],
    ),
    clause(
        id="1.2",
        points="1",
        rules=[
            {"kind": "bonus", "recognition": "great_case", "award": "0.2"},
            {"kind": "bonus", "recognition": "good_case", "award": "0.1"},
            {"kind": "no_double", "rules": ["1.2"]},
            {"kind": "per_incident", "finding": "slip", "each": "1"},
        ],
    ),
    worth="3",
)  # fmt: skip


def test_the_same_problem_is_charged_once_and_the_highest_stays() -> None:
    history = History()
    history.add("finding", "2021-05-01", finding="criticised", problem="p1")
    history.add("finding", "2021-05-02", finding="listed", problem="p1")
    history.add("finding", "2021-05-03", finding="criticised", problem="p2")
    assert history.lost(ONCE, "2021-06-01") == "1.5"


def test_an_exemption_for_one_problem_leaves_the_others() -> None:
    history = History()
    history.add("finding", "2021-05-01", finding="criticised", problem="p1")
    history.add("finding", "2021-05-03", finding="criticised", problem="p2")
    history.add("recognition", "2021-05-04", recognition="class_two", problem="p1")
    assert history.lost(ONCE, "2021-06-01") == "0.5"


BY_SITE = a_programme(
    clause(
        points="5",
        rules=[
            {"kind": "per_step", "measure": "rate", "each": "1", "against": "100"},
            {"kind": "per_incident", "finding": "criticised", "each": "0.5"},
            {"kind": "exemption", "when": {"finding": "unlike"}, "rules": ["1"],
             "same_problem": True},
        ],
    ),
)  # fmt: skip


def test_an_exemption_for_one_site_or_subject_leaves_the_others() -> None:
    history = History()
    history.add("measurement", "2021-05-01", measure="rate", value="98", site="东")
    history.add("measurement", "2021-05-01", measure="rate", value="99", site="西")
    history.add("finding", "2021-05-01", finding="criticised", subject="东")
    history.add("finding", "2021-05-01", finding="criticised", subject="东", problem="p1")
    assert history.lost(BY_SITE, "2021-06-01") == "4"
    history.add("finding", "2021-05-04", finding="unlike", problem="东")
    assert history.lost(BY_SITE, "2021-06-01") == "1.5"  # 99 % in the west, and problem p1


def test_a_recognition_that_names_no_problem_reaches_nothing_of_one_problem() -> None:
    history = History()
    history.add("finding", "2021-05-01", finding="criticised")
    history.add("recognition", "2021-05-04", recognition="class_two")
    assert history.lost(ONCE, "2021-06-01") == "0.5"


def test_the_same_case_wins_once_and_gains_only_offset_losses_inside_the_item() -> None:
    history = History()
    history.add("recognition", "2021-05-01", recognition="great_case", problem="c1")
    history.add("recognition", "2021-05-02", recognition="good_case", problem="c1")
    assert history.ledger(ONCE, "2021-06-01").score == 30000
    history.add("finding", "2021-05-03", finding="slip")
    assert history.ledger(ONCE, "2021-06-01").score == 22000
