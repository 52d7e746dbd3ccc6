from calendar import monthrange
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from dateutil import rrule
from hypothesis import given
from hypothesis import strategies as st

from schedules.recurrence import Freq, Period, Recurrence, periods
from schedules.workdays import china


def in_2021(recurrence: Recurrence) -> list[Period]:
    return periods(recurrence, first=date(2021, 1, 1), last=date(2021, 12, 31))


@pytest.mark.parametrize(
    ("wording", "recurrence", "first_due", "owed"),
    [
        ("每月5日前", Recurrence(Freq.MONTHLY, due_day=5), date(2021, 1, 5), 12),
        ("次月10日前", Recurrence(Freq.MONTHLY, due_day=10, due_offset=1), date(2021, 2, 10), 12),
        ("每季度末月25日前", Recurrence(Freq.QUARTERLY, due_day=25), date(2021, 3, 25), 4),
        (
            "每季度结束后首月10日前",
            Recurrence(Freq.QUARTERLY, due_day=10, due_offset=1, due_month=1),
            date(2021, 4, 10),
            4,
        ),
        ("每半年", Recurrence(Freq.HALF_YEARLY), date(2021, 6, 30), 2),
        ("每年3月底前", Recurrence(Freq.YEARLY, due_month=3), date(2021, 3, 31), 1),
        ("年底前", Recurrence(Freq.YEARLY), date(2021, 12, 31), 1),
        ("每周五前", Recurrence(Freq.WEEKLY, due_day=5), date(2021, 1, 8), 52),
        ("每周", Recurrence(Freq.WEEKLY), date(2021, 1, 10), 52),
        ("次周周一前", Recurrence(Freq.WEEKLY, due_day=1, due_offset=1), date(2021, 1, 11), 52),
        ("每旬", Recurrence(Freq.TEN_DAYS), date(2021, 1, 10), 36),
        ("每日", Recurrence(Freq.DAILY), date(2021, 1, 1), 365),
        ("每两个月", Recurrence(Freq.MONTHLY, interval=2), date(2021, 2, 28), 6),
        ("每两周", Recurrence(Freq.WEEKLY, interval=2), date(2021, 1, 17), 26),
    ],
)
def test_a_wording_gives_its_first_due_day_and_its_number_of_periods(
    wording: str, recurrence: Recurrence, first_due: date, owed: int
) -> None:
    found = in_2021(recurrence)
    assert found[0].due_on == first_due, wording
    assert len(found) == owed, wording


@pytest.mark.parametrize(
    ("freq", "keys"),
    [
        (Freq.YEARLY, ["2021"]),
        (Freq.HALF_YEARLY, ["2021-H1", "2021-H2"]),
        (Freq.QUARTERLY, ["2021-Q1", "2021-Q2", "2021-Q3", "2021-Q4"]),
        (Freq.MONTHLY, [f"2021-{month:02}" for month in range(1, 13)]),
        (Freq.TEN_DAYS, [f"2021-{m:02}-{part}" for m in range(1, 13) for part in (1, 2, 3)]),
        (Freq.WEEKLY, [f"2021-W{week:02}" for week in range(1, 53)]),
    ],
)
def test_periods_of_a_year_are_each_there_once(freq: Freq, keys: list[str]) -> None:
    assert [period.key for period in in_2021(Recurrence(freq))] == keys


def test_days_are_named_by_their_date_and_the_week_by_its_iso_year() -> None:
    assert in_2021(Recurrence(Freq.DAILY))[242].key == "2021-08-31"
    week = periods(Recurrence(Freq.WEEKLY), first=date(2024, 12, 30), last=date(2024, 12, 31))
    assert week == [Period("2025-W01", date(2024, 12, 30), date(2025, 1, 5), date(2025, 1, 5))]
    found = periods(Recurrence(Freq.WEEKLY), first=date(2020, 12, 28), last=date(2020, 12, 31))
    assert [period.key for period in found] == ["2020-W53"]


def test_only_periods_that_start_in_the_range_are_given() -> None:
    found = periods(Recurrence(Freq.MONTHLY), first=date(2021, 1, 2), last=date(2021, 3, 1))
    assert [period.key for period in found] == ["2021-02", "2021-03"]
    assert periods(Recurrence(Freq.YEARLY), first=date(2021, 1, 2), last=date(2021, 12, 31)) == []
    assert periods(Recurrence(Freq.DAILY), first=date(2021, 1, 2), last=date(2021, 1, 1)) == []


def test_the_last_ten_days_run_to_the_end_of_the_month() -> None:
    february = in_2021(Recurrence(Freq.TEN_DAYS, due_day=10))[3:6]
    assert [(p.starts_on.day, p.ends_on.day, p.due_on.day) for p in february] == [
        (1, 10, 10),
        (11, 20, 20),
        (21, 28, 28),
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"freq": Freq.MONTHLY, "interval": 0},
        {"freq": Freq.MONTHLY, "times": 0},
        {"freq": Freq.MONTHLY, "due_offset": -1},
        {"freq": Freq.MONTHLY, "due_day": 32},
        {"freq": Freq.WEEKLY, "due_day": 8},
        {"freq": Freq.DAILY, "due_day": 2},
        {"freq": Freq.QUARTERLY, "due_month": 4},
        {"freq": Freq.WEEKLY, "due_month": 1},
    ],
)
def test_a_recurrence_that_makes_no_sense_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"start at 1|has no"):
        Recurrence(**wrong)  # type: ignore[arg-type]  # the cases differ in their keys


RECURRENCES = st.builds(
    Recurrence,
    st.sampled_from(Freq),
    interval=st.integers(1, 5),
    due_day=st.none() | st.just(1),
    due_offset=st.integers(0, 2),
)


@given(RECURRENCES, st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.integers(0, 900))
def test_periods_follow_each_other_without_gap_and_have_unique_keys(
    recurrence: Recurrence, first: date, length: int
) -> None:
    last = first + timedelta(days=length)
    found = periods(recurrence, first=first, last=last)
    for before, after in pairwise(found):
        assert before.ends_on + timedelta(days=1) == after.starts_on
        assert before.due_on < after.due_on
    assert len({period.key for period in found}) == len(found)
    assert all(first <= period.starts_on <= min(last, period.ends_on) for period in found)
    assert all(period.due_on >= period.starts_on for period in found)


CENTURY = (date(2000, 1, 1), date(2100, 12, 31))


def rule(**parts: object) -> list[date]:
    """The dates of an RFC 5545 rule over the century, from an independent implementation."""
    start, end = (datetime(day.year, day.month, day.day) for day in CENTURY)  # noqa: DTZ001
    return [instant.date() for instant in rrule.rrule(dtstart=start, until=end, **parts)]  # type: ignore[arg-type]


def due_days(recurrence: Recurrence) -> list[date]:
    first, last = CENTURY
    return [period.due_on for period in periods(recurrence, first=first, last=last)]


def test_five_thousand_month_ends_agree_with_an_independent_table() -> None:
    compared = 0
    for day in (28, 29, 30, 31):
        expected = rule(freq=rrule.MONTHLY, bymonthday=tuple(range(28, day + 1)), bysetpos=-1)
        assert due_days(Recurrence(Freq.MONTHLY, due_day=day)) == expected
        compared += len(expected)
    expected = rule(freq=rrule.MONTHLY, bymonthday=-1)
    assert due_days(Recurrence(Freq.MONTHLY)) == expected
    compared += len(expected)
    for day in (28, 30, 31):
        expected = rule(
            freq=rrule.YEARLY,
            bymonth=(3, 6, 9, 12),
            bymonthday=tuple(range(28, day + 1)),
        )
        expected = [on for on in expected if on.day == min(day, monthrange(on.year, on.month)[1])]
        assert due_days(Recurrence(Freq.QUARTERLY, due_day=day)) == expected
        compared += len(expected)
    assert compared >= 5000


def test_every_second_month_is_counted_from_the_anchor_and_does_not_drift() -> None:
    expected = rule(freq=rrule.MONTHLY, interval=2, bymonthday=-1)
    anchored = Recurrence(Freq.MONTHLY, interval=2, due_month=1, due_day=31)
    assert due_days(anchored) == expected


def test_the_last_working_day_of_a_month_agrees_where_there_is_no_notice() -> None:
    calendar = china()
    weekdays = (rrule.MO, rrule.TU, rrule.WE, rrule.TH, rrule.FR)
    expected = rule(freq=rrule.MONTHLY, byweekday=weekdays, bysetpos=-1)
    found = [calendar.previous_working(on) for on in due_days(Recurrence(Freq.MONTHLY))]
    unknown = [not calendar.known(on.year) for on in found]
    assert [a for a, u in zip(found, unknown, strict=True) if u] == [
        b for b, u in zip(expected, unknown, strict=True) if u
    ]
    assert sum(unknown) > 800


def test_weeks_agree_with_an_independent_table() -> None:
    fridays = rule(freq=rrule.WEEKLY, byweekday=rrule.FR)
    # 2000 and 2100 begin and end within a week: its Friday belongs to the week's Monday.
    assert fridays == due_days(Recurrence(Freq.WEEKLY, due_day=5))
