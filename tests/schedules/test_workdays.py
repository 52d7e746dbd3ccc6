from datetime import date, timedelta

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.workdays import Day, DayKind, WorkCalendar, YearNotice, china

CHINA = china()
FIRST, LAST = date(2004, 1, 1), date(2030, 12, 31)
DAYS = st.dates(FIRST, LAST)

NOTICE_2027 = YearNotice.of(
    2027,
    "国办发明电〔2026〕9号",
    off_days={
        date(2026, 12, 31): "元旦",
        date(2027, 1, 1): "元旦",
        date(2027, 10, 1): "国庆节",
        date(2027, 10, 4): "国庆节",
    },
    make_up_days=[date(2027, 10, 9), date(2026, 12, 27)],
)


def stretch(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


@pytest.mark.parametrize(
    ("on", "kind", "name"),
    [
        (date(2021, 9, 26), DayKind.MAKE_UP, "国庆节"),
        (date(2021, 10, 9), DayKind.MAKE_UP, "国庆节"),
        (date(2021, 9, 25), DayKind.WEEKEND, ""),
        (date(2021, 9, 21), DayKind.HOLIDAY, "中秋节"),
        (date(2021, 4, 5), DayKind.HOLIDAY, "清明节"),
        (date(2021, 6, 14), DayKind.HOLIDAY, "端午节"),
        (date(2021, 1, 1), DayKind.HOLIDAY, "元旦"),
        (date(2021, 2, 12), DayKind.HOLIDAY, "春节"),
        (date(2021, 5, 3), DayKind.HOLIDAY, "劳动节"),
        (date(2021, 10, 10), DayKind.WEEKEND, ""),
        (date(2021, 10, 11), DayKind.WORKING, ""),
        (date(2020, 1, 31), DayKind.HOLIDAY, "春节"),
        (date(2018, 12, 29), DayKind.MAKE_UP, "元旦"),
        (date(2026, 10, 10), DayKind.MAKE_UP, "国庆节"),
    ],
)
def test_a_day_is_what_the_notice_of_its_year_says(on: date, kind: DayKind, name: str) -> None:
    assert CHINA.day(on) == Day(on, kind, name, known=True)


def test_the_national_days_of_2021_are_off() -> None:
    week = stretch(date(2021, 10, 1), date(2021, 10, 7))
    assert [CHINA.day(on).name for on in week] == ["国庆节"] * 7
    assert not any(CHINA.is_working(on) for on in week)


def test_another_library_says_the_same_of_every_day_from_2020_to_2026() -> None:
    other = holidays.country_holidays("CN", years=range(2020, 2027))
    days = stretch(date(2020, 1, 1), date(2026, 12, 31))
    assert [on for on in days if CHINA.is_working(on) != other.is_working_day(on)] == []
    assert len(days) == 2557


def test_an_unknown_year_is_plain_monday_to_friday_and_says_so() -> None:
    assert not CHINA.known(2027)
    assert CHINA.known(2026)
    for on in stretch(date(2027, 1, 1), date(2027, 12, 31)):
        day = CHINA.day(on)
        assert (day.is_working, day.name, day.known) == (on.weekday() < 5, "", False)


def test_a_loaded_notice_makes_its_year_known_and_reaches_into_december() -> None:
    calendar = china([NOTICE_2027])
    assert calendar.known(2027)
    assert calendar.day(date(2027, 10, 4)) == Day(date(2027, 10, 4), DayKind.HOLIDAY, "国庆节")
    assert calendar.day(date(2027, 10, 9)) == Day(date(2027, 10, 9), DayKind.MAKE_UP)
    assert not calendar.is_working(date(2026, 12, 31))
    assert calendar.is_working(date(2026, 12, 27))
    assert CHINA.is_working(date(2026, 12, 31))


def test_a_notice_replaces_what_the_library_says_of_its_year_but_not_of_others() -> None:
    calendar = china([YearNotice(2021, "改", ((date(2021, 10, 1), "国庆节"),))])
    assert calendar.is_working(date(2021, 10, 4))
    assert not calendar.is_working(date(2021, 10, 9))
    assert not calendar.is_working(date(2020, 10, 5))
    assert not calendar.is_working(date(2022, 10, 5))


def test_the_days_that_the_next_new_year_takes_from_december_belong_to_its_notice() -> None:
    amended = china([YearNotice(2018, "改", ((date(2018, 1, 1), "元旦"),))])
    assert amended.is_working(date(2018, 12, 29))
    assert not amended.is_working(date(2018, 12, 31))


def test_the_last_notice_given_for_a_year_counts() -> None:
    first = YearNotice(2027, "一", ((date(2027, 3, 1), "甲"),))
    second = YearNotice(2027, "二", ((date(2027, 3, 2), "乙"),))
    calendar = china([first, second])
    assert calendar.notices == (second,)
    assert calendar.is_working(date(2027, 3, 1))
    assert not calendar.is_working(date(2027, 3, 2))


def test_calendars_of_the_same_notices_are_one_value_in_any_order() -> None:
    other = YearNotice(2028, "国办发明电〔2027〕9号")
    one, two = china([NOTICE_2027, other]), china(iter([other, NOTICE_2027]))
    assert one == two
    assert hash(one) == hash(two)
    assert one != CHINA
    assert {one: 1}[two] == 1


def test_the_version_names_library_and_notices_and_changes_with_their_days() -> None:
    assert CHINA.version.startswith("chinesecalendar 1.")
    version = china([NOTICE_2027]).version
    assert version.startswith(f"{CHINA.version}; 2027 国办发明电〔2026〕9号 #")
    amended = YearNotice(2027, NOTICE_2027.number, NOTICE_2027.off_days[:-1])
    assert china([amended]).version != version
    retyped = YearNotice(2027, NOTICE_2027.number, NOTICE_2027.off_days[::-1])
    retyped = YearNotice(2027, retyped.number, retyped.off_days, NOTICE_2027.make_up_days[::-1])
    assert china([retyped]).version == version


@pytest.mark.parametrize(
    ("off", "made_up", "complaint"),
    [
        ([date(2028, 1, 1)], [], "2028-01-01 is not a day of it"),
        ([date(2026, 11, 30)], [], "2026-11-30 is not a day of it"),
        ([date(2027, 10, 1), date(2027, 10, 1)], [], "named twice"),
        ([date(2027, 10, 9)], [date(2027, 10, 9)], "named twice"),
        ([], [date(2027, 10, 8)], "no weekend day"),
    ],
)
def test_a_mistyped_notice_is_refused(off: list[date], made_up: list[date], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        YearNotice(2027, "号", tuple((on, "节") for on in off), tuple(made_up))


@pytest.mark.parametrize(
    ("on", "n", "expected"),
    [
        (date(2026, 9, 18), 10, date(2026, 10, 9)),
        (date(2021, 9, 30), 1, date(2021, 10, 8)),
        (date(2021, 10, 8), -1, date(2021, 9, 30)),
        (date(2021, 10, 3), 0, date(2021, 10, 3)),
        (date(2021, 10, 3), 1, date(2021, 10, 8)),
        (date(2021, 10, 3), -1, date(2021, 9, 30)),
        (date(2021, 9, 25), 1, date(2021, 9, 26)),
        (date(2020, 12, 31), 1, date(2021, 1, 4)),
        (date(2021, 1, 4), -1, date(2020, 12, 31)),
    ],
)
def test_working_days_are_counted_from_the_next_day(on: date, n: int, expected: date) -> None:
    assert CHINA.add_workdays(on, n) == expected


def walked(calendar: WorkCalendar, on: date, n: int) -> date:
    """The n-th working day found by going there day by day."""
    step = timedelta(days=1 if n > 0 else -1)
    left = abs(n)
    while left:
        on += step
        left -= calendar.is_working(on)
    return on


@given(DAYS, st.integers(-600, 600))
def test_counting_finds_what_walking_finds(on: date, n: int) -> None:
    assert CHINA.add_workdays(on, n) == walked(CHINA, on, n)


@given(DAYS, DAYS)
def test_the_days_between_are_those_after_the_first_up_to_the_second(one: date, two: date) -> None:
    expected = sum(CHINA.is_working(on) for on in stretch(one, two)[1:])
    assert CHINA.workdays_between(one, two) == expected


@given(DAYS, st.integers(1, 300))
def test_adding_and_counting_working_days_undo_each_other(on: date, n: int) -> None:
    assert CHINA.workdays_between(on, CHINA.add_workdays(on, n)) == n


@given(DAYS)
def test_the_nearest_working_days_are_working_days_with_none_between(on: date) -> None:
    before, after = CHINA.previous_working(on), CHINA.next_working(on)
    assert before <= on <= after
    assert CHINA.is_working(before)
    assert CHINA.is_working(after)
    assert (before == on) == (after == on) == CHINA.is_working(on)
    assert CHINA.workdays_between(before, after) == (before != after)
