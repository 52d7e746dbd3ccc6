"""A unit hears of a review: of a return at once, of an acceptance with its next mail."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from schedules.workdays import china
from tests.domain.small import BRANCH, HOUSING, SHANGHAI, History, a_programme, at, clause
from tracker.domain.dispatches import Merged, Recipient, Waiting, leading, merge
from tracker.domain.programme import Programme
from tracker.domain.reminders import Notice, by_the_hour, lapsed, next_alarm, wanted
from tracker.domain.turns import View
from tracker.domain.verdicts import OF_REVIEWS, QUIET_LASTS, kind_of

DUE = [{"kind": "milestone", "id": "done", "on": "2021-09-30"}]
CASE = [{"kind": "case", "id": "c", "case": "supervised", "within": {"n": 72, "unit": "hour"}}]
KEY = f"1/done/{BRANCH}"
CASE_KEY = f"1/c/{BRANCH}/督办1"
BOTH = a_programme(clause(duties=DUE), item={"responsible_units": [BRANCH, HOUSING]})


def view(history: History, programme: Programme | None = None) -> View:
    return View(programme or a_programme(clause(duties=DUE)), china(), tuple(history.facts))


def reviews(seen: View, key: str = KEY, *, until: str = "2021-12-31") -> list[Notice]:
    found = wanted(seen, key, after=None, until=at(until))
    return [one for one in found if kind_of(one.rung) in OF_REVIEWS]


def sending(one: Notice) -> str:
    return f"{one.send_at.astimezone(SHANGHAI):%m-%d %H:%M}"


def sent_back(when: str = "2021-09-28 19:00") -> History:
    """Handed in at noon of the 27th, sent back."""
    history = History()
    history.sent_back(history.report("2021-09-27 12:00"), when)
    return history


@pytest.mark.parametrize(
    ("returned", "sent"),
    [
        ("2021-09-28 10:00", "09-28 10:00"),
        ("2021-09-28 19:00", "09-29 08:30"),
        ("2021-09-30 18:00", "10-08 08:30"),
    ],
)
def test_a_return_goes_to_the_contact_in_the_next_window(returned: str, sent: str) -> None:
    [notice] = reviews(view(sent_back(returned)))
    assert (notice.rung, notice.role, notice.unit) == ("returned:f002", "contact", BRANCH)
    assert notice.key == f"small|{KEY}|1|returned:f002|contact"
    assert sending(notice) == sent
    assert notice.silenced == ""


def test_every_return_is_told_for_itself() -> None:
    history = sent_back()
    history.sent_back(history.report("2021-09-29 10:00"), "2021-09-29 11:00")
    assert [one.rung for one in reviews(view(history))] == ["returned:f002", "returned:f004"]


def test_a_review_that_was_entered_later_is_told_when_it_is_known() -> None:
    history = History()
    report = history.report("2021-09-27 12:00")
    history.add("review", "2021-09-28 10:00", recorded="2021-09-29 09:00", report=report,
                outcome="returned", reason="材料不全")  # fmt: skip
    assert reviews(view(history), until="2021-09-29 08:00") == []
    [notice] = reviews(view(history))
    assert sending(notice) == "09-29 09:00"


def test_a_receipt_does_not_silence_a_return() -> None:
    history = History()
    history.add("receipt", "2021-09-27 08:00", clause="1", unit=BRANCH)
    history.sent_back(history.report("2021-09-27 12:00"), "2021-09-27 15:00")
    assert [one.silenced for one in reviews(view(history))] == [""]


@pytest.mark.parametrize("ending", ["waiver", "close_out"])
def test_what_is_off_the_list_is_not_to_be_handed_in_again(ending: str) -> None:
    history = History()
    report = history.report("2021-09-27 12:00")
    history.add(ending, "2021-09-27 13:00", clause="1", unit=BRANCH)
    history.sent_back(report, "2021-09-28 10:00")
    assert reviews(view(history)) == []


def test_a_history_entered_in_one_go_tells_only_how_it_ended() -> None:
    history = History()
    entered = "2021-09-29 16:00"
    first = history.report("2021-09-10 12:00", recorded=entered)
    history.add("review", "2021-09-12 10:00", recorded=entered, report=first,
                outcome="returned", reason="材料不全")  # fmt: skip
    second = history.report("2021-09-13 12:00", recorded=entered)
    history.add("review", "2021-09-15 10:00", recorded=entered, report=second,
                outcome="accepted")  # fmt: skip
    assert [one.rung for one in reviews(view(history))] == ["accepted:f004"]


def test_the_unit_that_reported_is_told_and_no_other() -> None:
    history = sent_back()
    seen = view(history, BOTH)
    assert len(reviews(seen)) == 1
    assert reviews(seen, f"1/done/{HOUSING}") == []


def test_a_correction_of_the_review_takes_the_place_of_what_it_corrects() -> None:
    history = sent_back("2021-09-28 10:00")
    history.add("review", "2021-09-28 10:00", recorded="2021-09-28 14:00", report="f001",
                outcome="accepted", supersedes="f002")  # fmt: skip
    assert [one.rung for one in reviews(view(history))] == ["returned:f002", "accepted:f003"]
    late = at("2021-09-28 15:00")
    told = lapsed(view(history), KEY, rung="returned:f002", version=1, role="contact", at=late)
    assert told == "done"


def test_no_look_is_missed_by_who_follows_the_alarms() -> None:
    seen, returned = view(sent_back()), at("2021-09-28 19:00")
    assert next_alarm(seen, KEY, after=returned - timedelta(seconds=1)) == returned
    history = History()
    history.done("2021-09-28 19:00")
    assert next_alarm(view(history), KEY, after=returned - timedelta(seconds=1)) == returned
    assert next_alarm(view(history), KEY, after=returned) is None


class TestBeforeItIsSent:
    def why(self, history: History, when: str, rung: str = "returned:f002") -> str:
        return lapsed(view(history), KEY, rung=rung, version=1, role="contact", at=at(when))

    def test_it_still_holds(self) -> None:
        assert self.why(sent_back(), "2021-09-29 08:30") == ""

    def test_a_report_that_was_handed_in_again_needs_no_more_asking(self) -> None:
        history = sent_back()
        history.report("2021-09-28 20:00")
        assert self.why(history, "2021-09-29 08:30") == "waiting"

    def test_a_review_that_was_taken_back_is_not_told(self) -> None:
        history = sent_back()
        history.add("withdrawal", "2021-09-28 20:00", supersedes="f002")
        assert self.why(history, "2021-09-29 08:30") == "waiting"
        accepted = History()
        accepted.done("2021-09-28 10:00")
        accepted.add("withdrawal", "2021-09-28 20:00", supersedes="f002")
        assert self.why(accepted, "2021-09-29 08:30", "accepted:f002") == "corrected"

    def test_an_extension_since_then_changes_nothing_about_it(self) -> None:
        history = sent_back()
        history.add("extension", "2021-09-28 20:00", clause="1", unit=BRANCH,
                    outcome="approved", until="2021-10-15")  # fmt: skip
        assert self.why(history, "2021-09-29 08:30") == ""


def case_sent_back(when: str) -> View:
    history = History()
    history.case("督办1", "2021-10-15 20:00")
    history.sent_back(history.report("2021-10-16 10:00", duty="c", occurrence="督办1"), when)
    return view(history, a_programme(clause(duties=CASE)))


def test_a_clock_of_hours_waits_for_the_morning_and_not_for_monday() -> None:
    seen = case_sent_back("2021-10-16 23:00")
    [notice] = reviews(seen, CASE_KEY)
    assert sending(notice) == "10-17 07:00"
    assert by_the_hour(seen, CASE_KEY, notice.rung, at("2021-10-17 07:00"))
    assert not by_the_hour(view(sent_back()), KEY, "returned:f002", at("2021-09-29"))
    assert not by_the_hour(seen, CASE_KEY, "accepted:12h", at("2021-10-17 07:00"))


# -- the merge -------------------------------------------------------------------------------------

MORNING = at("2021-10-18 08:30")


def due(rung: str, name: str = "1", **parts: Any) -> Waiting:
    nominal = parts.pop("nominal", MORNING)
    return Waiting(f"small|{name}|1|{rung}|contact", "small", name, BRANCH, "contact", rung,
                   nominal, nominal, **parts)  # fmt: skip


def merged(*notices: Waiting, now: Any = MORNING, used: tuple[str, ...] = ()) -> Merged:
    seen = view(History())
    return merge(lambda _: seen, notices, lambda _: [Recipient(1, "mail")], now=now,
                 used=lambda key: key in used)  # fmt: skip


def test_an_acceptance_makes_no_mail_of_its_own() -> None:
    found = merged(due("accepted:f1"))
    assert found.dispatches == ()
    assert [until for _, until in found.kept] == [at("2021-10-19 08:30")]


def test_it_goes_along_with_the_next_mail() -> None:
    [one] = merged(due("accepted:f1"), due("-3", "2")).dispatches
    assert [notice.rung for notice in one.notices] == ["accepted:f1", "-3"]


def test_where_no_mail_comes_it_is_told_no_more() -> None:
    old = due("accepted:f1", nominal=MORNING - QUIET_LASTS)
    assert merged(old).untold == (old,)
    assert merged(old).kept == ()


def test_a_return_does_not_wait_for_tomorrow_where_today_s_mail_has_gone() -> None:
    used = ("1|2021-10-18|mail",)
    found = merged(due("returned:f1"), now=at("2021-10-18 10:20"), used=used)
    assert [one.window for one in found.dispatches] == ["2021-10-18T10:00"]


def test_a_return_is_not_taken_in_by_a_rung_of_the_ladder() -> None:
    earlier = due("returned:f1", nominal=at("2021-10-17 10:00"))
    leads, taken_in = leading([due("+1"), earlier])
    assert {one.rung for one in leads} == {"+1", "returned:f1"}
    assert taken_in == {}
    again = due("returned:f2", nominal=at("2021-10-17 12:00"))
    leads, taken_in = leading([earlier, again])
    assert [one.rung for one in leads] == ["returned:f2"]
    assert taken_in == {earlier.key: "returned:f2"}
