"""A policy of one's own: rungs, roles and softeners for a programme, a section or an item; and the
deadline of whoever reviews."""

from __future__ import annotations

from typing import Any

import pytest

from schedules.workdays import china
from tests.domain.small import BRANCH, SHANGHAI, History, a_programme, at, clause
from tracker.domain.policy import LINE, RANKS, Policy, PolicyChange, Role, signs_for
from tracker.domain.programme import Programme
from tracker.domain.reminders import by_the_hour, lapsed, next_alarm, review_deadline, wanted
from tracker.domain.turns import View

DUE = [{"kind": "milestone", "id": "done", "on": "2021-09-30"}]
KEY = f"1/done/{BRANCH}"
CASE = [{"kind": "case", "id": "c", "case": "supervised", "within": {"n": 72, "unit": "hour"}}]
CASE_KEY = f"1/c/{BRANCH}/督办1"


def view(programme: Programme, history: History | None = None) -> View:
    return View(programme, china(), tuple(history.facts if history else ()))


def told(
    programme: Programme,
    history: History | None = None,
    *,
    after: str = "2021-09-01",
    until: str = "2021-10-22 09:00",
    key: str = KEY,
) -> list[tuple[str, str, str]]:
    """Rung, instant of sending in Shanghai, roles."""
    rows: dict[tuple[str, str], list[str]] = {}
    for one in wanted(view(programme, history), key, after=at(after), until=at(until)):
        when = f"{one.send_at.astimezone(SHANGHAI):%m-%d %H:%M}"
        role = f"({one.role})" if one.silenced else one.role
        rows.setdefault((one.rung, when), []).append(role)
    return [(rung, when, " ".join(roles)) for (rung, when), roles in rows.items()]


def with_policy(item: dict[str, Any] | None = None, **policy: Any) -> Programme:
    more = {} if item is None else {"item": {"policy": item}}
    return a_programme(clause(duties=DUE), policy=policy, **more)


class TestRungs:
    def test_a_rung_of_ones_own_says_who_is_told_on_it(self) -> None:
        programme = with_policy(
            before=[-7], rungs=[{"at": "-2", "tells": ["contact", "head"]}, {"at": "+2"}]
        )
        assert told(programme, until="2021-10-12 09:00") == [
            ("-7", "09-22 08:30", "contact"),
            ("-2", "09-28 08:30", "contact head"),
            ("+1", "10-08 08:30", "contact"),
            ("+2", "10-09 08:30", "contact"),
            ("+4", "10-12 08:30", "contact head"),
        ]

    def test_a_rung_of_the_ladder_can_tell_others(self) -> None:
        programme = with_policy(before=[-7, -1], rungs=[{"at": "-1", "tells": ["head", "office"]}])
        assert told(programme, until="2021-09-30 09:00") == [
            ("-7", "09-22 08:30", "contact"),
            ("-1", "09-29 08:30", "head office"),
        ]

    def test_further_roles_join_where_the_policy_says(self) -> None:
        programme = with_policy(
            before=[0], joins={"deputy": 1, "lead": 4, "reviewer": 4, "office": 7}
        )
        assert told(programme, until="2021-10-16 09:00") == [
            ("0", "09-30 08:30", "contact"),
            ("+1", "10-08 08:30", "contact deputy"),
            ("+4", "10-12 08:30", "contact deputy head lead reviewer"),
            ("+7", "10-15 08:30", "contact deputy head lead reviewer leader office"),
        ]

    def test_who_never_joins_is_never_told(self) -> None:
        programme = with_policy(before=[0], head_from="never", leader_from="never")
        assert {roles for _, _, roles in told(programme)} == {"contact"}

    def test_after_the_last_overdue_rung_nothing_more_is_sent(self) -> None:
        programme = with_policy(before=[0], overdue_last=4)
        assert [rung for rung, *_ in told(programme)] == ["0", "+1", "+4"]
        assert next_alarm(view(programme), KEY, after=at("2021-10-13")) is None

    def test_a_share_of_the_time_is_told_in_the_window_before_it(self) -> None:
        # Half of the year up to 30 September ends on Monday 17 May at noon, 90 % on 3 September.
        programme = with_policy(before=[], rungs=[{"at": "50%"}, {"at": "90%"}])
        found = told(programme, after="2021-01-01", until="2021-10-01")
        assert found == [("50%", "05-17 12:00", "contact"), ("90%", "09-03 16:48", "contact")]

    def test_hours_before_the_end_of_a_day_are_told_before_the_window_closes(self) -> None:
        programme = with_policy(before=[], rungs=[{"at": "-4h", "tells": ["contact", "head"]}])
        [(rung, when, roles)] = told(programme, until="2021-10-01")
        assert (rung, when, roles) == ("-4h", "09-30 16:30", "contact head")
        assert not by_the_hour(view(programme), KEY, "-4h", at("2021-09-30 16:30"))

    def test_a_case_has_rungs_and_roles_of_its_own(self) -> None:
        programme = a_programme(
            clause(duties=CASE),
            policy={
                "case_hours_before": [24, 6], "case_head_from": "never", "case_joins": {"lead": 0},
                "rungs": [{"at": "25%"}, {"at": "half", "tells": ["contact", "deputy"]}],
            },
        )  # fmt: skip
        history = History()
        history.case("督办1", "2021-10-12 09:00")
        assert told(programme, history, until="2021-10-15 10:00", key=CASE_KEY) == [
            ("intake", "10-12 09:00", "contact"),
            ("25%", "10-12 22:00", "contact"),
            ("half", "10-13 21:00", "contact deputy"),
            ("-24h", "10-14 09:00", "contact"),
            ("-6h", "10-15 03:00", "contact"),
            ("limit", "10-15 09:00", "contact lead"),
        ]
        assert by_the_hour(view(programme, history), CASE_KEY, "25%", at("2021-10-12 22:00"))

    def test_mails_may_go_out_on_every_day_of_the_week(self) -> None:
        # 2 October 2021 is a holiday; the report comes back on its evening.
        history = History()
        history.sent_back(history.report("2021-09-29 10:00"), "2021-10-02 20:00")
        quiet, daily = with_policy(before=[0]), with_policy(before=[0], days="daily")

        def returned(programme: Programme) -> str:
            found = told(programme, history)
            return next(when for rung, when, _ in found if rung.startswith("returned"))

        assert (returned(quiet), returned(daily)) == ("10-08 08:30", "10-03 08:30")


class TestNearest:
    def test_what_an_item_says_counts_before_its_section_and_that_before_the_programme(
        self,
    ) -> None:
        policy = Policy(before=(-9,), head_from=2, overdue_every=5)
        section = PolicyChange(before=(-5,), head_from="never")
        item = PolicyChange(before=(-1,))
        nearest = policy.changed(section, item)
        assert (nearest.before, nearest.head_from, nearest.overdue_every) == ((-1,), "never", 5)
        assert policy.changed(None, None) is policy

    def test_an_item_has_a_ladder_of_its_own(self) -> None:
        programme = with_policy(item={"before": [-3], "leader_from": "never"}, before=[-9])
        assert [rung for rung, *_ in told(programme, until="2021-09-30 09:00")] == ["-3"]
        assert "leader" not in " ".join(roles for _, _, roles in told(programme))

    def test_who_says_nothing_has_the_ladder_that_always_was(self) -> None:
        policy = a_programme(clause(duties=DUE)).policies["1"]
        assert policy.before == (-30, -14, -7, -3, -1, 0)
        assert policy.joining() == {"contact": None, "head": 3, "leader": 7}
        assert policy.case_joining() == {"contact": None, "head": 0, "leader": 2}


class TestEnd:
    """The year ends on 31 December 2021; the next working day is 4 January 2022."""

    def test_the_ladder_ends_with_the_year_and_says_so_once(self) -> None:
        found = told(with_policy(), after="2021-12-24", until="2022-12-31")
        assert found == [
            ("+58", "12-27 08:30", "contact head leader"),
            ("+61", "12-30 08:30", "contact head leader"),
            ("end", "01-04 08:30", "contact head leader"),
        ]
        assert next_alarm(view(with_policy()), KEY, after=at("2022-01-04 09:00")) is None

    def test_what_falls_due_with_the_year_is_told_once_after_it(self) -> None:
        duties = [{**DUE[0], "on": "2021-12-31"}]
        found = told(a_programme(clause(duties=duties)), after="2021-12-29", until="2022-12-31")
        assert found == [
            ("-1", "12-30 08:30", "contact"),
            ("0", "12-31 08:30", "contact"),
            ("end", "01-04 08:30", "contact"),
        ]

    def test_what_falls_due_after_the_year_is_reminded_up_to_its_own_deadline(self) -> None:
        duties = [{**DUE[0], "on": "2022-01-10"}]
        found = told(a_programme(clause(duties=duties)), after="2022-01-01", until="2022-12-31")
        assert [rung for rung, *_ in found] == ["-3", "-1", "0", "end"]

    @pytest.mark.parametrize(
        ("ends_on", "last"),
        [("2021-11-30", "12-01 08:30"), ("2022-01-31", "02-07 08:30"), ("never", None)],
    )
    def test_a_policy_may_name_another_end(self, ends_on: str, last: str | None) -> None:
        found = told(with_policy(ends_on=ends_on), until="2023-01-01")
        assert (found[-1][:2] == ("end", last)) is (last is not None)

    def test_a_programme_has_its_own_last_day(self) -> None:
        programme = a_programme(clause(duties=DUE), cutoff="2021-11-30")
        assert told(programme, until="2022-12-31")[-1][:2] == ("end", "12-01 08:30")

    def test_the_last_rung_can_tell_others(self) -> None:
        programme = with_policy(rungs=[{"at": "end", "tells": ["office"]}])
        assert told(programme, until="2022-12-31")[-1] == ("end", "01-04 08:30", "office")

    def test_a_ladder_that_ended_before_has_no_further_rung(self) -> None:
        found = told(with_policy(overdue_last=10), until="2022-12-31")
        assert [rung for rung, *_ in found][-1] == "+10"

    def test_a_receipt_does_not_put_off_the_last_word(self) -> None:
        history = History()
        history.add("receipt", "2021-12-31 16:00", clause="1", unit=BRANCH)
        found = told(with_policy(), history, after="2021-12-31", until="2022-12-31")
        assert found == [("end", "01-04 08:30", "contact head leader")]
        assert not lapsed(
            view(with_policy(), history), KEY, rung="end", version=1, role="contact",
            at=at("2022-01-04 08:30"),
        )  # fmt: skip

    def test_what_becomes_known_after_the_end_is_no_news(self) -> None:
        duties = [{"kind": "milestone", "id": "done", "external": "另文"}]
        history = History()
        history.add("external_date", "2022-03-01 10:00", clause="1", duty="done", on="2021-09-30")
        assert told(a_programme(clause(duties=duties)), history, until="2022-12-31") == []

    def test_an_open_case_is_told_of_every_charged_step_and_then_until_the_year_ends(self) -> None:
        rule = {
            "kind": "lateness", "duty": "c", "each": "0.01", "every": {"n": 12, "unit": "hour"},
            "cap": "0.03",
        }  # fmt: skip
        history = History()
        history.case("督办1", "2021-12-30 09:00")
        programme = a_programme(clause(duties=CASE, rules=[rule]))
        found = told(programme, history, after="2022-01-01", until="2022-12-31", key=CASE_KEY)
        assert [rung for rung, *_ in found] == [
            "-12h", "limit", "step+1", "step+2", "step+3", "end",
        ]  # fmt: skip

    def test_who_reviews_has_another_month(self) -> None:
        history = History()
        report = history.report("2021-12-30 10:00")
        found = told(with_policy(), history, after="2022-01-17", until="2022-12-31")
        rungs = [(rung.rpartition(":")[2], when) for rung, when, _ in found]
        assert rungs[-1] == ("end", "02-07 08:30"), (
            "31 January is in the spring festival's days off"
        )
        assert all(rung.startswith(f"waiting:{report}:") for rung, *_ in found)


class TestSofteners:
    def test_progress_leaves_the_contact_in_peace_for_some_days(self) -> None:
        needs = [{**DUE[0], "need": {"of": "t", "number": "9"}}]
        targets = [{"id": "t", "name": "项目", "value": "9"}]

        def rungs(days: int) -> list[str]:
            programme = a_programme(
                clause(duties=needs), targets=targets,
                policy={"before": [-3, -1], "progress_silences": days},
            )  # fmt: skip
            history = History()
            report = history.report("2021-09-26 10:00", done=None, count="4")
            history.accept(report, "2021-09-26 12:00")
            found = told(programme, history, after="2021-09-26 13:00", until="2021-09-30")
            return [f"{rung} {roles}" for rung, _, roles in found if rung.startswith("-")]

        assert rungs(0) == ["-3 contact", "-1 contact"]
        assert rungs(2) == ["-3 (contact)", "-1 contact"]

    def test_a_request_for_more_time_can_soften_and_a_refusal_ends_that(self) -> None:
        programme = with_policy(before=[-3, -1], request_silences=5)
        history = History()
        history.add("extension", "2021-09-26 10:00", clause="1", unit=BRANCH, outcome="requested",
                    until="2021-10-15")  # fmt: skip
        assert [roles for _, _, roles in told(programme, history, until="2021-09-30")] == [
            "(contact)", "(contact)",
        ]  # fmt: skip

    def test_a_receipt_that_silences_nothing(self) -> None:
        history = History()
        history.add("receipt", "2021-09-26 10:00", clause="1", unit=BRANCH)
        programme = with_policy(before=[-3], receipt_silences=0)
        assert told(programme, history, until="2021-09-30")[0][2] == "contact"

    @pytest.mark.parametrize("signer", list(Role))
    @pytest.mark.parametrize("role", list(Role))
    def test_beside_the_line_each_signs_for_themselves_alone(
        self, signer: Role, role: Role
    ) -> None:
        both = signer in LINE and role in LINE
        expected = RANKS[signer] >= RANKS[role] if both else signer is role
        assert signs_for(signer, role) is expected


class TestReviews:
    """Handed in on Monday 27 September 2021; five working days later it is 9 October."""

    def test_who_reviews_is_told_when_a_report_waits_and_when_its_review_is_late(self) -> None:
        history = History()
        report = history.report("2021-09-27 19:00")
        found = told(with_policy(), history, after="2021-09-27 18:00", until="2021-10-19 09:00")
        assert found == [
            (f"waiting:{report}:in", "09-28 08:30", "reviewer"),
            (f"waiting:{report}:0", "10-09 08:30", "reviewer"),
            (f"waiting:{report}:+1", "10-11 08:30", "reviewer"),
            (f"waiting:{report}:+4", "10-14 08:30", "reviewer office"),
            (f"waiting:{report}:+7", "10-19 08:30", "reviewer office"),
        ]
        due = review_deadline(view(with_policy(), history), KEY, at("2021-09-28"))
        assert due is not None
        assert due.due_at == at("2021-10-09 24:00")

    def test_the_review_s_clock_starts_when_the_report_is_known(self) -> None:
        history = History()
        report = history.report("2021-09-20 10:00", recorded="2021-09-27 10:00")
        found = told(with_policy(), history, until="2021-10-10")
        assert (f"waiting:{report}:in", "09-27 10:00", "reviewer") in found
        assert (f"waiting:{report}:0", "10-09 08:30", "reviewer") in found

    def test_a_review_ends_its_reminders(self) -> None:
        history = History()
        report = history.report("2021-09-27 10:00")
        rung = f"waiting:{report}:0"
        seen = view(with_policy(), history)
        assert lapsed(seen, KEY, rung=rung, version=1, role="reviewer", at=at("2021-10-09")) == ""
        history.accept(report, "2021-10-08 10:00")
        assert [one for one, *_ in told(with_policy(), history) if one.endswith(":0")] == []
        seen = view(with_policy(), history)
        why = lapsed(seen, KEY, rung=rung, version=1, role="reviewer", at=at("2021-10-09"))
        assert why == "reviewed"

    def test_a_second_report_has_a_review_of_its_own(self) -> None:
        history = History()
        first = history.report("2021-09-27 10:00")
        history.sent_back(first, "2021-09-28 10:00")
        second = history.report("2021-09-29 10:00")
        rungs = [rung for rung, *_ in told(with_policy(), history, until="2021-10-15 09:00")]
        assert f"waiting:{second}:0" in rungs
        assert f"waiting:{first}:0" not in rungs
        assert {rung for rung in rungs if rung.endswith(":in")} == {
            f"waiting:{first}:in", f"waiting:{second}:in",
        }  # fmt: skip

    def test_where_no_day_is_set_nobody_is_told_to_review(self) -> None:
        history = History()
        history.report("2021-09-27 10:00")
        programme = with_policy(review_within="never")
        assert told(programme, history, after="2021-09-27 09:00", until="2021-12-01") == []
        assert review_deadline(view(programme, history), KEY, at("2021-09-28")) is None

    def test_following_the_alarms_finds_every_rung_of_a_review(self) -> None:
        history = History()
        history.report("2021-09-27 19:00")
        seen, look = view(with_policy(), history), at("2021-09-27 12:00")
        found = []
        while (following := next_alarm(seen, KEY, after=look)) is not None:
            if following > at("2021-10-20"):
                break
            found += [one.key for one in wanted(seen, KEY, after=look, until=following)]
            look = following
        whole = wanted(seen, KEY, after=at("2021-09-27 12:00"), until=at("2021-10-20"))
        assert found == [one.key for one in whole]
