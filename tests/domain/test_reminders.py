"""Who is told what and when: rungs against facts, and the merge into one dispatch a window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.workdays import china
from tests.domain.small import BRANCH, HOUSING, SHANGHAI, History, a_programme, at, clause
from tracker.domain.dispatches import (
    Merged,
    Recipient,
    Waiting,
    leading,
    merge,
)
from tracker.domain.layout import lay_out
from tracker.domain.programme import Programme
from tracker.domain.record import record
from tracker.domain.reminders import Notice, by_the_hour, lapsed, next_alarm, next_step, wanted
from tracker.domain.standing import stand
from tracker.domain.turns import View
from tracker.domain.verdicts import NoticeKind, kind_of

DUE = [{"kind": "milestone", "id": "done", "on": "2021-09-30"}]
KEY = f"1/done/{BRANCH}"
CASE = [{"kind": "case", "id": "c", "case": "supervised", "within": {"n": 72, "unit": "hour"}}]
CASE_RULE = [
    {
        "kind": "lateness",
        "duty": "c",
        "base": "0.01",
        "each": "0.01",
        "every": {"n": 12, "unit": "hour"},
        "cap": "0.05",
    }
]
DAY_CASE = [
    {"kind": "case", "id": "c", "case": "supervised", "within": {"n": 5, "unit": "workday"}}
]
CASE_KEY = f"1/c/{BRANCH}/督办1"


def milestone(**parts: Any) -> Programme:
    return a_programme(clause(duties=DUE, **parts))


def view(programme: Programme, history: History | None = None) -> View:
    return View(programme, china(), tuple(history.facts if history else ()))


def told(
    programme: Programme,
    history: History | None = None,
    *,
    after: str = "2021-01-01",
    until: str = "2021-10-22 09:00",
    key: str = KEY,
) -> list[tuple[str, str, str]]:
    """Of the ladder: rung, instant of sending in Shanghai, roles (in brackets where silenced)."""
    rows: list[tuple[str, str, str]] = []
    found = wanted(view(programme, history), key, after=at(after), until=at(until))
    for one in (one for one in found if kind_of(one.rung) is NoticeKind.REMINDER):
        when = f"{one.send_at.astimezone(SHANGHAI):%m-%d %H:%M}"
        role = f"({one.role})" if one.silenced else one.role
        if rows and rows[-1][:2] == (one.rung, when):
            rows[-1] = (one.rung, when, f"{rows[-1][2]} {role}")
        else:
            rows.append((one.rung, when, role))
    return rows


class TestCatchUp:
    """Loaded on Tuesday 12 October 2021 at 15:00, when the duty is four working days late."""

    LOADED = at("2021-10-12 15:00")

    def told(
        self, programme: Programme | None = None, history: History | None = None
    ) -> list[tuple[str, str, str]]:
        seen = replace(view(programme or milestone(), history), loaded={"1": self.LOADED})
        found = wanted(seen, KEY, after=self.LOADED, until=at("2021-10-26 09:00"))
        return [(one.rung, f"{one.send_at.astimezone(SHANGHAI):%m-%d %H:%M}", one.role)
                for one in found]  # fmt: skip

    def test_what_passed_before_the_loading_is_told_on_the_next_morning(self) -> None:
        assert self.told()[:2] == [
            ("+4", "10-13 08:30", "contact"),
            ("+4", "10-13 08:30", "head"),
        ]

    def test_what_would_say_the_same_within_the_steps_of_the_ladder_is_left_out(self) -> None:
        # +7 is on Friday 15 October, two working days after the catch-up: only the leader is new.
        assert [(rung, role) for rung, _, role in self.told()[2:6]] == [
            ("+7", "leader"), ("+10", "contact"), ("+10", "head"), ("+10", "leader"),
        ]  # fmt: skip

    def test_what_is_entered_on_the_day_of_the_loading_is_not_told(self) -> None:
        history = History()
        report = history.report("2021-09-20 09:00", recorded="2021-10-12 16:00")
        history.accept(report, "2021-10-12 16:00")
        assert [rung for rung, *_ in self.told(history=history)] == [f"accepted:{report[:1]}002"]

    def test_a_report_that_waited_then_is_told_to_who_reviews_it(self) -> None:
        history = History()
        report = history.report("2021-09-20 09:00")
        assert self.told(history=history)[0] == (f"waiting:{report}:+7", "10-13 08:30", "reviewer")

    def test_an_alarm_is_set_for_it(self) -> None:
        seen = replace(view(milestone()), loaded={"1": self.LOADED})
        assert next_alarm(seen, KEY, after=self.LOADED) == at("2021-10-13 08:30")

    def test_what_was_loaded_before_its_first_rung_has_nothing_to_catch_up_with(self) -> None:
        seen = replace(view(milestone()), loaded={"1": at("2021-08-01 09:00")})
        plain = wanted(view(milestone()), KEY, after=at("2021-01-01"), until=at("2021-12-31"))
        assert wanted(seen, KEY, after=at("2021-01-01"), until=at("2021-12-31")) == plain

    def test_a_year_that_was_over_when_it_was_loaded_is_silent(self) -> None:
        seen = replace(view(milestone()), loaded={"1": at("2022-03-01 09:00")})
        assert wanted(seen, KEY, after=at("2022-03-01"), until=at("2022-12-31")) == []


class TestMilestone:
    def test_an_open_duty_climbs_from_its_contact_to_head_and_leader(self) -> None:
        assert told(milestone()) == [
            ("-30", "08-19 08:30", "contact"),
            ("-14", "09-10 08:30", "contact"),
            ("-7", "09-22 08:30", "contact"),
            ("-3", "09-27 08:30", "contact"),
            ("-1", "09-29 08:30", "contact"),
            ("0", "09-30 08:30", "contact"),
            ("+1", "10-08 08:30", "contact"),
            ("+4", "10-12 08:30", "contact head"),
            ("+7", "10-15 08:30", "contact head leader"),
            ("+10", "10-20 08:30", "contact head leader"),
        ]

    def test_the_programme_sets_the_ladder(self) -> None:
        policy = {"before": [-2], "overdue_first": 2, "overdue_every": 5, "head_from": 2}
        found = told(a_programme(clause(duties=DUE), policy=policy), until="2021-10-19")
        assert [(rung, roles) for rung, _, roles in found] == [
            ("-2", "contact"),
            ("+2", "contact head"),
            ("+7", "contact head leader"),
        ]

    def test_nobody_is_told_while_a_report_waits_and_again_when_it_is_returned(self) -> None:
        history = History()
        first = history.report("2021-09-28 10:00")
        assert [rung for rung, *_ in told(milestone(), history, after="2021-09-23")] == ["-3"]
        history.sent_back(first, "2021-10-11 16:00")
        assert [rung for rung, *_ in told(milestone(), history, after="2021-09-23")] == [
            "-3", "+4", "+7", "+10",
        ]  # fmt: skip

    @pytest.mark.parametrize("ending", ["done", "waiver", "close_out"])
    def test_what_is_settled_ends_the_ladder(self, ending: str) -> None:
        history = History()
        if ending == "done":
            history.done("2021-09-28 10:00")
        else:
            history.add(ending, "2021-09-28 10:00", clause="1", unit=BRANCH)
        assert [rung for rung, *_ in told(milestone(), history)][-1] == "-3"
        assert next_alarm(view(milestone(), history), KEY, after=at("2021-09-28 11:00")) is None

    def test_the_facts_known_at_the_rung_decide_and_not_what_was_entered_later(self) -> None:
        history = History()
        report = history.report("2021-09-28 10:00", recorded="2021-10-09 10:00")
        history.accept(report, "2021-10-09 10:00")
        assert [rung for rung, *_ in told(milestone(), history)][-3:] == ["-1", "0", "+1"]

    def test_an_extension_plans_anew_from_its_decision(self) -> None:
        history = History()
        history.add("extension", "2021-09-29 15:00", clause="1", unit=BRANCH,
                    outcome="approved", until="2021-10-15")  # fmt: skip
        found = told(milestone(), history, after="2021-09-23", until="2021-10-19 09:00")
        assert [(rung, when) for rung, when, _ in found] == [
            ("-3", "09-27 08:30"),
            ("-1", "09-29 08:30"),
            ("-7", "09-30 08:30"),
            ("-3", "10-12 08:30"),
            ("-1", "10-14 08:30"),
            ("0", "10-15 08:30"),
            ("+1", "10-18 08:30"),
        ]
        notices = wanted(
            view(milestone(), history), KEY, after=at("2021-09-28"), until=at("2021-10-01")
        )
        assert [one.key for one in notices] == [
            f"small|{KEY}|1|-1|contact",
            f"small|{KEY}|2|-7|contact",
        ]

    def test_a_receipt_silences_the_contact_for_three_working_days_and_no_superior(self) -> None:
        history = History()
        history.add("receipt", "2021-10-08 10:00", clause="1", unit=BRANCH)
        assert told(milestone(), history, after="2021-10-08 09:00") == [
            ("+4", "10-12 08:30", "(contact) head"),
            ("+7", "10-15 08:30", "contact head leader"),
            ("+10", "10-20 08:30", "contact head leader"),
        ]

    def test_a_head_who_signs_speaks_for_the_contact_too(self) -> None:
        history = History()
        history.add("receipt", "2021-10-12 10:00", clause="1", unit=BRANCH, role="head")
        assert told(milestone(), history, after="2021-10-12 09:00")[0] == (
            "+7", "10-15 08:30", "(contact) (head) leader",
        )  # fmt: skip

    def test_the_clock_rests_while_suspended_and_the_ladder_follows_the_moved_date(self) -> None:
        history = History()
        history.add("suspension", "2021-09-28 00:00", clause="1", unit=BRANCH,
                    ends_at=at("2021-10-08"))  # fmt: skip
        found = told(milestone(), history, after="2021-09-23", until="2021-10-12 09:00")
        assert [(rung, when) for rung, when, _ in found] == [
            ("-3", "09-27 08:30"),
            ("-1", "10-08 08:30"),
            ("0", "10-09 08:30"),
            ("+1", "10-11 08:30"),
        ]

    def test_where_one_unit_is_enough_the_others_are_left_in_peace(self) -> None:
        both = {"item": {"responsible_units": [BRANCH, HOUSING]}}
        programme = a_programme(clause(duties=DUE, joins="any"), **both)
        history = History()
        history.done("2021-09-10 10:00", unit=HOUSING)
        assert [rung for rung, *_ in told(programme, history)] == ["-30", "-14"]

    def test_a_date_from_another_document_is_told_when_it_is_entered(self) -> None:
        duty = [{"kind": "milestone", "id": "done", "external": "省厅方案"}]
        programme = a_programme(clause(duties=duty))
        assert told(programme) == []
        history = History()
        history.add("external_date", "2021-09-17 15:00", clause="1", unit=BRANCH, on="2021-09-30")
        assert told(programme, history, until="2021-09-30 09:00")[:3] == [
            ("-14", "09-17 15:00", "contact"),
            ("-7", "09-22 08:30", "contact"),
            ("-3", "09-27 08:30", "contact"),
        ]
        alarm = next_alarm(view(programme, history), KEY, after=at("2021-09-17 14:59"))
        assert alarm == at("2021-09-17 15:00")


class TestCase:
    def test_a_clock_of_hours_is_told_at_intake_half_limit_and_each_charged_step(self) -> None:
        history = History()
        history.case("督办1", "2021-10-12 09:00")
        programme = a_programme(clause(duties=CASE, rules=CASE_RULE))
        assert told(programme, history, until="2021-10-20 00:00", key=CASE_KEY) == [
            ("intake", "10-12 09:00", "contact"),
            ("half", "10-13 21:00", "contact"),
            ("-12h", "10-14 21:00", "contact"),
            ("limit", "10-15 09:00", "contact head"),
            ("step+1", "10-15 21:00", "contact head"),
            ("step+2", "10-16 09:00", "contact head leader"),
            ("step+3", "10-16 21:00", "contact head leader"),
            ("step+4", "10-17 09:00", "contact head leader"),
            ("+1", "10-18 08:30", "contact"),
        ]

    def test_a_case_entered_late_is_told_at_once_where_it_stands(self) -> None:
        history = History()
        history.add("case", "2021-10-12 09:00", recorded="2021-10-14 10:00", case="督办1",
                    kind="supervised", event="opened", unit=BRANCH)  # fmt: skip
        programme = a_programme(clause(duties=CASE, rules=CASE_RULE))
        found = told(programme, history, until="2021-10-15 09:00", key=CASE_KEY)
        assert found == [
            ("half", "10-14 10:00", "contact"),
            ("-12h", "10-14 21:00", "contact"),
            ("limit", "10-15 09:00", "contact head"),
        ]
        seen = view(programme, history)
        assert next_alarm(seen, CASE_KEY, after=at("2021-10-14 09:59")) == at("2021-10-14 10:00")

    def test_a_case_of_working_days_is_told_at_its_intake_inside_the_window(self) -> None:
        history = History()
        history.case("督办1", "2021-10-08 20:00")
        programme = a_programme(clause(duties=DAY_CASE))
        assert told(programme, history, until="2021-10-19 09:00", key=CASE_KEY) == [
            ("intake", "10-09 08:30", "contact"),
            ("-3", "10-11 08:30", "contact"),
            ("-1", "10-13 08:30", "contact"),
            ("0", "10-14 08:30", "contact"),
            ("+1", "10-15 08:30", "contact"),
        ]
        seen = view(programme, history)
        assert not by_the_hour(seen, CASE_KEY, "intake", at("2021-10-09"))

    def test_a_closed_case_is_quiet(self) -> None:
        history = History()
        history.case("督办1", "2021-10-12 09:00")
        history.add("case", "2021-10-13 08:00", case="督办1", event="closed")
        programme = a_programme(clause(duties=CASE, rules=CASE_RULE))
        found = told(programme, history, key=CASE_KEY)
        assert [rung for rung, *_ in found] == ["intake"]

    def test_a_pause_is_told_before_and_at_its_limit_only(self) -> None:
        gap = [{"kind": "gap", "id": "g", "activity": "login", "within": {"n": 1, "unit": "week"}}]
        programme = a_programme(clause(duties=gap))
        history = History()
        history.add("activity", "2021-10-11 09:00", activity="login")
        known = record(history.facts, as_of=at("2021-10-12"), known_at=at("2021-10-12"))
        [key] = [one.key for one in lay_out(programme, china(), known)]
        assert told(programme, history, until="2021-11-30", key=key) == [
            ("-12h", "10-17 21:00", "contact"),
            ("limit", "10-18 09:00", "contact head"),
        ]


def test_facts_of_the_same_name_and_other_content_are_other_facts() -> None:
    """Ids are unique within one programme on one database; what is remembered outlives both."""
    programme = a_programme(clause(duties=CASE, rules=CASE_RULE))
    for day in ("2021-10-12", "2021-03-01"):
        history = History()
        history.case("督办1", f"{day} 09:00")
        first, *_ = told(programme, history, key=CASE_KEY)
        assert first == ("intake", f"{day[5:]} 09:00", "contact")


class TestLookingAgain:
    """What was planned is checked again when it is sent."""

    def reason(self, history: History, when: str, *, role: str = "contact") -> str:
        return lapsed(view(milestone(), history), KEY, rung="-3", version=1, role=role, at=at(when))

    def test_the_reason_says_what_has_changed_since(self) -> None:
        history = History()
        assert self.reason(history, "2021-09-20") == ""
        report = history.report("2021-09-21 10:00")
        assert self.reason(history, "2021-09-22") == "waiting"
        history.accept(report, "2021-09-23 10:00")
        assert self.reason(history, "2021-09-24") == "done"
        assert self.reason(history, "2021-09-20") == ""

    def test_a_moved_deadline_has_notices_of_its_own(self) -> None:
        history = History()
        history.add("extension", "2021-09-21 15:00", clause="1", unit=BRANCH,
                    outcome="approved", until="2021-10-15")  # fmt: skip
        assert self.reason(history, "2021-09-22") == "moved"

    def test_a_signature_since_then_counts_for_the_contact(self) -> None:
        history = History()
        history.add("receipt", "2021-09-21 15:00", clause="1", unit=BRANCH)
        assert self.reason(history, "2021-09-22") == "receipt"
        assert self.reason(history, "2021-09-22", role="head") == ""

    def test_a_clause_that_the_programme_has_not_is_gone(self) -> None:
        seen = view(milestone())
        assert (
            lapsed(seen, "9/done/x", rung="-3", version=1, role="contact", at=at("2021-09-20"))
            == "gone"
        )
        assert wanted(seen, "9/done/x", after=None, until=at("2022-01-01")) == []
        assert next_alarm(seen, "9/done/x", after=at("2021-01-01")) is None

    def test_the_next_role_up_is_known_beforehand(self) -> None:
        seen = view(milestone())
        after = at("2021-10-08 08:30")
        assert next_step(seen, KEY, role="contact", after=after) == (at("2021-10-12 08:30"), "head")
        assert next_step(seen, KEY, role="head", after=after) == (at("2021-10-15 08:30"), "leader")
        assert next_step(seen, KEY, role="leader", after=after) is None


# -- properties ------------------------------------------------------------------------------------

INSTANTS = st.integers(0, 400 * 24).map(lambda hours: at("2021-01-01") + timedelta(hours=hours))
PROGRAMMES = {
    KEY: milestone(),
    CASE_KEY: a_programme(clause(duties=CASE, rules=CASE_RULE)),
    f"1/m/{BRANCH}/2021-05": a_programme(
        clause(duties=[{"kind": "recurring", "id": "m", "freq": "monthly", "due_day": 25}])
    ),
}


@st.composite
def courses(draw: st.DrawFn) -> History:
    """Facts about clause 1 at any instant of the year, some entered days late."""
    history = History()
    reports: list[str] = []
    for _ in range(draw(st.integers(0, 6))):
        when = draw(INSTANTS)
        known = when + timedelta(hours=draw(st.sampled_from([0, 0, 0, 5, 60])))
        kind = draw(st.sampled_from(["report", "review", "receipt", "extension", "suspension",
                                     "waiver", "case"]))  # fmt: skip
        about = {"clause": "1", "unit": BRANCH}
        said: dict[str, Any] = {
            "report": {**about, "done": True},
            "receipt": {**about, "role": draw(st.sampled_from(["contact", "head"]))},
            "extension": {**about, "outcome": "approved",
                          "until": str((when + timedelta(days=9)).date())},
            "suspension": {**about, "ends_at": when + timedelta(days=draw(st.integers(1, 20)))},
            "waiver": about,
            "case": {"case": "督办1", "kind": "supervised", "event": "opened", "unit": BRANCH},
        }.get(kind, {})  # fmt: skip
        if kind == "review":
            if not reports:
                continue
            outcome = draw(st.sampled_from(["accepted", "returned"]))
            said = {"report": reports[-1], "outcome": outcome, "reason": "材料不全"}
        identity = history.add(kind, text_of(when), recorded=text_of(known), **said)
        if kind == "report":
            reports.append(identity)
    return history


def text_of(instant: datetime) -> str:
    return f"{instant.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


LAST = at("2022-02-01")


@given(history=courses(), key=st.sampled_from(sorted(PROGRAMMES)), cuts=st.lists(INSTANTS))
def test_asked_in_pieces_a_year_gives_the_same_notices(
    history: History, key: str, cuts: list[datetime]
) -> None:
    seen = view(PROGRAMMES[key], history)
    whole = [one.key for one in wanted(seen, key, after=None, until=LAST)]
    pieces: dict[str, Notice] = {}
    before = None
    for cut in [*sorted(cuts), LAST]:
        for one in wanted(seen, key, after=before, until=cut):
            pieces.setdefault(one.key, one)
        before = cut
    assert list(pieces) == whole


@given(history=courses(), key=st.sampled_from(sorted(PROGRAMMES)))
def test_following_the_alarms_misses_no_notice(history: History, key: str) -> None:
    seen = view(PROGRAMMES[key], history)
    found: dict[str, Notice] = {}
    alarm = next_alarm(seen, key, after=at("2020-12-01"))
    while alarm is not None and alarm <= LAST:
        for one in wanted(seen, key, after=alarm - timedelta(seconds=1), until=alarm):
            found.setdefault(one.key, one)
        alarm = next_alarm(seen, key, after=alarm)
    assert sorted(found) == sorted(
        {one.key for one in wanted(seen, key, after=at("2020-12-01"), until=LAST)}
    )


@given(history=courses(), key=st.sampled_from(sorted(PROGRAMMES)))
def test_every_rung_agrees_with_a_judgement_of_the_whole_programme_at_its_instant(
    history: History, key: str
) -> None:
    """The slow way: everything laid out at the rung's own instant with the facts known by then."""
    programme = PROGRAMMES[key]
    for notice in wanted(view(programme, history), key, after=None, until=LAST):
        at_ = min(notice.nominal_at, notice.send_at)
        if kind_of(notice.rung) is not NoticeKind.REMINDER:
            continue  # told by a review
        if not _known(history, at_):
            continue  # told late, at the instant at which it became known
        known = record(history.facts, as_of=at_, known_at=at_)
        one = next(o for o in lay_out(programme, china(), known) if o.key == key)
        standing = stand(one, programme, known, china())
        assert one.version == notice.deadline_version
        assert standing.open
        assert not standing.waiting
        assert not standing.suspended


def _known(history: History, at_: datetime) -> bool:
    opened = [fact for fact in history.facts if fact.fact == "case"]
    return not opened or min(fact.recorded_at for fact in opened) <= at_


# -- the merge -------------------------------------------------------------------------------------

MORNING = at("2021-10-18 08:30")
SUNDAY = at("2021-10-17 10:00")
PEOPLE = {
    "contact": [Recipient(1, "mail")],
    "head": [Recipient(2, "mail")],
    "leader": [Recipient(3)],
}


def due(
    name: str = "1",
    *,
    role: str = "contact",
    rung: str = "-3",
    nominal: datetime = MORNING,
    send: datetime | None = None,
    hours: bool = False,
) -> Waiting:
    return Waiting(
        f"small|{name}|1|{rung}|{role}", "small", name, BRANCH, role, rung, nominal,
        send or nominal, by_the_hour=hours,
    )  # fmt: skip


def merged(*notices: Waiting, now: datetime = MORNING, used: Sequence[str] = ()) -> Merged:
    seen = view(milestone())
    return merge(
        lambda _: seen, notices, lambda one: PEOPLE.get(one.role, []), now=now,
        used=lambda key: key in used,
    )  # fmt: skip


class TestMerge:
    def test_thirty_items_of_one_morning_are_one_dispatch(self) -> None:
        [one] = merged(*[due(f"{n}") for n in range(30)]).dispatches
        assert one.key == "1|2021-10-18|mail"
        assert len(one.notices) == 30

    def test_each_person_has_their_own(self) -> None:
        found = merged(due(), due(role="head")).dispatches
        assert [one.key for one in found] == ["1|2021-10-18|mail", "2|2021-10-18|mail"]

    def test_whoever_cannot_be_reached_is_named_with_the_reason(self) -> None:
        found = merged(due(role="leader"), due(role="reviewer"))
        assert [(one.role, why) for one, why in found.unheard] == [
            ("leader", "no_address"), ("reviewer", "nobody"),
        ]  # fmt: skip

    def test_after_an_outage_everything_falls_into_the_present_window(self) -> None:
        old = due("1", nominal=at("2021-09-20 08:30"))
        case = due("2", rung="half", nominal=at("2021-10-16 03:00"), hours=True)
        [one] = merged(old, due("3"), case).dispatches
        assert [notice.obligation for notice in one.notices] == ["1", "3", "2"]

    def test_a_rest_day_keeps_working_day_rungs_and_lets_a_clock_of_hours_run(self) -> None:
        found = merged(due("1", nominal=at("2021-10-15 08:30")),
                       due("2", rung="half", nominal=SUNDAY, hours=True), now=SUNDAY)  # fmt: skip
        assert [one.window for one in found.dispatches] == ["2021-10-17T10:00"]
        assert [(one.obligation, until) for one, until in found.kept] == [("1", MORNING)]

    def test_quiet_hours_hold_a_clock_of_hours_back_but_not_in_its_last_twelve(self) -> None:
        night = at("2021-10-17 23:30")
        early = due("1", rung="half", nominal=at("2021-10-17 20:00"), hours=True)
        last = due("2", rung="limit", nominal=at("2021-10-17 23:00"), hours=True)
        found = merged(early, last, now=night)
        assert [one.notices[0].obligation for one in found.dispatches] == ["2"]
        assert found.kept[0][1] == at("2021-10-18 07:00")

    def test_what_comes_after_the_mail_of_the_day_waits_for_the_next_one(self) -> None:
        found = merged(due(), now=at("2021-10-18 10:00"), used=["1|2021-10-18|mail"])
        assert found.dispatches == ()
        assert found.kept[0][1] == at("2021-10-19 08:30")

    def test_what_is_prompt_makes_at_most_one_more_mail_an_hour(self) -> None:
        case, now = due(rung="intake", hours=True), at("2021-10-18 10:20")
        used = ["1|2021-10-18|mail"]
        assert [one.window for one in merged(case, now=now, used=used).dispatches] == [
            "2021-10-18T10:00"
        ]
        again = merged(case, now=now, used=[*used, "1|2021-10-18T10:00|mail"])
        assert again.kept[0][1] == at("2021-10-18 11:00")

    def test_earlier_rungs_are_taken_in_by_the_last_one(self) -> None:
        first = due(rung="-3", nominal=at("2021-10-13 08:30"))
        last, head = due(rung="+1"), due(rung="+1", role="head")
        leads, taken_in = leading([head, first, last])
        assert [one.rung for one in leads] == ["+1", "+1"]
        assert taken_in == {first.key: "+1"}


def test_instants_are_utc() -> None:
    found = wanted(view(milestone()), KEY, after=None, until=at("2021-10-01"))
    assert {one.nominal_at.tzinfo for one in found} == {UTC}
