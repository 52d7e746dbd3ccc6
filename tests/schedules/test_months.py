"""个月: to the same day of a later month, the last day of one that has no such day."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from schedules.deadlines import months_late, within_months
from schedules.workdays import china
from tests.domain.small import BRANCH, SHANGHAI, History, a_programme, at, clause
from tracker.domain.ledger import Ledger
from tracker.domain.points import points
from tracker.wording import counting


@pytest.mark.parametrize(
    ("received", "months", "due"),
    [
        ("2021-03-15 10:00", 1, "2021-04-15"),
        ("2021-03-15 23:59", 1, "2021-04-15"),
        ("2021-05-31 10:00", 1, "2021-06-30"),
        ("2021-12-31 10:00", 2, "2022-02-28"),
        ("2019-12-30 10:00", 2, "2020-03-02"),  # 29 February is a Saturday
        ("2021-09-03 10:00", 1, "2021-10-08"),  # 3 October is a holiday
        ("2021-08-26 10:00", 1, "2021-09-26"),  # a Sunday that is worked
    ],
)
def test_a_month_ends_on_its_day_or_the_working_day_after(
    received: str, months: int, due: str
) -> None:
    deadline = within_months(at(received), months, zone=SHANGHAI, calendar=china())
    assert deadline.due_at == at(f"{due} 24:00")


def test_how_a_month_was_counted_is_told() -> None:
    plain = within_months(at("2021-03-15 10:00"), 1, zone=SHANGHAI, calendar=china())
    assert counting(plain) == "1 个月：03-15 收到不计，止于 04-15 周四 24:00"
    moved = within_months(at("2021-09-03 10:00"), 1, zone=SHANGHAI, calendar=china())
    assert "10-03 是休息日，顺延，止于 10-08 周五 24:00" in counting(moved)
    assert counting(plain, "en").startswith("1 month: ")


@pytest.mark.parametrize(
    ("due_on", "days", "months"),
    [
        ("2021-01-31", 27, Fraction(27, 28)),
        ("2021-01-31", 28, 1),
        ("2021-01-31", 59, 2),  # 31 March, not 28
        ("2021-09-30", 30, 1),
        ("2021-09-30", 31, 1 + Fraction(1, 31)),
    ],
)
def test_months_of_delay_are_counted_from_the_day(due_on: str, days: int, months: Fraction) -> None:
    assert months_late(date.fromisoformat(due_on), days) == months


MONTHLY = {"kind": "lateness", "duty": "c", "base": "0.1", "each": "0.5",
           "every": {"n": 1, "unit": "month"}}  # fmt: skip
CLOCK = {"kind": "case", "id": "c", "case": "letter", "within": {"n": 1, "unit": "month"}}


def closed(when: str, **parts: str) -> Ledger:
    history = History()
    history.case("x", "2021-05-31 10:00", kind="letter", unit=BRANCH)
    history.add("case", when, case="x", event="closed")
    programme = a_programme(clause(duties=[CLOCK], rules=[{**MONTHLY, **parts}]))
    return history.ledger(programme, "2022-03-01")


@pytest.mark.parametrize(
    ("when", "completed", "started"),
    [
        ("2021-06-30 24:00", "0", "0"),
        ("2021-07-01 00:01", "0.1", "0.6"),
        ("2021-07-29 10:00", "0.1", "0.6"),
        ("2021-07-30 10:00", "0.6", "0.6"),
        ("2021-07-31 10:00", "0.6", "1.1"),
        ("2021-08-30 10:00", "1.1", "1.1"),
    ],
)
def test_a_case_of_one_month_that_costs_more_with_every_month_of_delay(
    when: str, completed: str, started: str
) -> None:
    assert str(points(closed(when).lost)) == completed
    assert str(points(closed(when, steps="started").lost)) == started
