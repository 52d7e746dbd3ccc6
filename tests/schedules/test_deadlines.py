import zoneinfo
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.deadlines import (
    Deadline,
    Span,
    blocks,
    closes_at,
    due_day,
    fixed,
    lateness,
    local_day,
    within_days,
    within_hours,
    within_workdays,
)
from schedules.instants import local_instant
from schedules.workdays import YearNotice, china

SHANGHAI = ZoneInfo("Asia/Shanghai")
BERLIN = ZoneInfo("Europe/Berlin")
CHINA = china()
START = datetime(2021, 1, 1, tzinfo=SHANGHAI)


def at(month: int, day: int, hour: int = 0, minute: int = 0, *, year: int = 2021) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=SHANGHAI)


def due_on(day: date) -> Deadline:
    return fixed(day, zone=SHANGHAI, calendar=CHINA)


class TestNamedDays:
    def test_a_deadline_includes_its_own_day(self) -> None:
        deadline = due_on(date(2021, 9, 30))
        assert deadline.due_at == datetime(2021, 9, 30, 16, 0, tzinfo=UTC)
        assert deadline.due_at.tzinfo is UTC
        assert deadline.on == date(2021, 9, 30)

    def test_midnight_is_the_end_of_the_day_for_a_due_instant_and_else_a_beginning(self) -> None:
        assert due_day(at(10, 1), SHANGHAI) == date(2021, 9, 30)
        assert local_day(at(10, 1), SHANGHAI) == date(2021, 10, 1)
        assert due_day(at(10, 1, 0, 1), SHANGHAI) == date(2021, 10, 1)

    def test_what_arrives_at_24_00_is_in_time_although_the_day_has_passed(self) -> None:
        deadline = due_on(date(2021, 9, 30))
        assert deadline.in_time(at(10, 1))
        assert not deadline.in_time(at(10, 1) + timedelta.resolution)
        assert not deadline.passed(at(9, 30, 23, 59))
        assert deadline.passed(at(10, 1))

    def test_a_fixed_date_stays_on_a_rest_day_and_in_an_unknown_year(self) -> None:
        sunday = due_on(date(2027, 10, 3))
        assert sunday.on == date(2027, 10, 3)
        assert (sunday.shift, sunday.provisional, sunday.days) == ("", False, ())

    def test_a_naive_instant_is_refused(self) -> None:
        naive = datetime(2021, 9, 30, 8, 0)  # noqa: DTZ001  what is refused
        with pytest.raises(ValueError, match="names no time zone"):
            within_hours(naive, 72, zone=SHANGHAI)
        with pytest.raises(ValueError, match="names no time zone"):
            within_workdays(naive, 3, zone=SHANGHAI, calendar=CHINA)


class TestHours:
    def test_exactly_72_hours_is_in_time_and_a_moment_more_is_not(self) -> None:
        deadline = within_hours(at(3, 5, 9), 72, zone=SHANGHAI, wording="72小时内")
        assert deadline.due_at == at(3, 8, 9)
        assert deadline.in_time(at(3, 8, 9))
        assert not deadline.passed(at(3, 8, 9))
        assert deadline.passed(at(3, 8, 9) + timedelta.resolution)
        assert not deadline.in_time(at(3, 8, 9, 1))
        assert (deadline.inclusive, deadline.kind, deadline.amount) == (True, "hours", 72)

    def test_hours_are_natural_hours_across_a_change_of_clocks(self) -> None:
        start = datetime(2021, 3, 27, 12, tzinfo=BERLIN)
        deadline = within_hours(start, 24, zone=BERLIN)
        assert deadline.due_at.astimezone(BERLIN).hour == 13


class TestWorkdays:
    def test_ten_working_days_from_2026_09_18_end_on_2026_10_09(self) -> None:
        deadline = within_workdays(at(9, 18, 15, year=2026), 10, zone=SHANGHAI, calendar=CHINA)
        assert deadline.on == date(2026, 10, 9)
        assert deadline.due_at == at(10, 10, year=2026)
        assert not deadline.provisional

    def test_every_day_on_the_way_is_explained(self) -> None:
        deadline = within_workdays(at(9, 30, 9), 2, zone=SHANGHAI, calendar=CHINA)
        assert deadline.on == date(2021, 10, 9)
        lines = [(day.on.day, day.counted, day.reason, day.name) for day in deadline.days]
        assert lines == [
            (30, None, "start", ""),
            *((n, None, "holiday", "国庆节") for n in range(1, 8)),
            (8, 1, "working", ""),
            (9, 2, "make_up", "国庆节"),
        ]
        assert deadline.calendar_version == CHINA.version

    def test_the_day_of_receipt_is_the_zones_day(self) -> None:
        late_in_utc = datetime(2021, 9, 27, 17, 0, tzinfo=UTC)  # 01:00 of the 28th in Shanghai
        deadline = within_workdays(late_in_utc, 1, zone=SHANGHAI, calendar=CHINA)
        assert deadline.on == date(2021, 9, 29)

    def test_2027_is_provisional_until_its_notice_is_loaded(self) -> None:
        received = at(12, 30, year=2026)
        guess = within_workdays(received, 3, zone=SHANGHAI, calendar=CHINA)
        assert guess.provisional
        notice = YearNotice(2027, "号", ((date(2027, 1, 1), "元旦"),))
        sure = within_workdays(received, 3, zone=SHANGHAI, calendar=china([notice]))
        assert not sure.provisional
        assert (guess.on, sure.on) == (date(2027, 1, 4), date(2027, 1, 5))
        assert guess.calendar_version != sure.calendar_version

    def test_a_term_that_ends_before_the_unknown_year_is_sure(self) -> None:
        deadline = within_workdays(at(12, 29, year=2026), 2, zone=SHANGHAI, calendar=CHINA)
        assert (deadline.on, deadline.provisional) == (date(2026, 12, 31), False)

    @given(st.datetimes(datetime(2020, 1, 1), datetime(2026, 6, 1)), st.integers(1, 60))  # noqa: DTZ001
    def test_the_last_day_counts_n_and_nothing_is_counted_twice(
        self, start: datetime, n: int
    ) -> None:
        start_at = start.replace(tzinfo=SHANGHAI)
        deadline = within_workdays(start_at, n, zone=SHANGHAI, calendar=CHINA)
        counted = [day.counted for day in deadline.days if day.counted is not None]
        assert counted == list(range(1, n + 1))
        assert deadline.days[-1].on == deadline.on
        assert deadline.days[-1].counted == n
        every = [day.on for day in deadline.days]
        assert every == [every[0] + timedelta(days=k) for k in range(len(every))]


class TestCalendarDays:
    def test_a_last_day_that_is_a_rest_day_moves_to_the_next_working_day(self) -> None:
        deadline = within_days(at(9, 24), 7, zone=SHANGHAI, calendar=CHINA)
        assert deadline.on == date(2021, 10, 8)
        assert (deadline.shift, deadline.shifted_from) == ("rest_day_moved", date(2021, 10, 1))
        assert [d.counted for d in deadline.days[:8]] == [None, 1, 2, 3, 4, 5, 6, 7]
        assert {d.counted for d in deadline.days[8:]} == {None}

    def test_a_made_up_sunday_is_no_rest_day(self) -> None:
        deadline = within_days(at(9, 19), 7, zone=SHANGHAI, calendar=CHINA)
        assert (deadline.on, deadline.shift) == (date(2021, 9, 26), "")

    def test_the_move_can_be_switched_off(self) -> None:
        deadline = within_days(at(9, 24), 7, zone=SHANGHAI, calendar=CHINA, roll=False)
        assert (deadline.on, deadline.shift) == (date(2021, 10, 1), "")

    @pytest.mark.parametrize(("roll", "provisional"), [(True, True), (False, False)])
    def test_only_the_last_day_can_make_it_provisional(self, roll: bool, provisional: bool) -> None:
        into_2027 = within_days(at(12, 28, year=2026), 7, zone=SHANGHAI, calendar=CHINA, roll=roll)
        assert into_2027.provisional is provisional
        within_2026 = within_days(
            at(12, 24, year=2026), 7, zone=SHANGHAI, calendar=CHINA, roll=roll
        )
        assert not within_2026.provisional

    def test_a_negative_limit_is_refused(self) -> None:
        with pytest.raises(ValueError, match="cannot be negative: -1"):
            within_days(START, -1, zone=SHANGHAI, calendar=CHINA)


class TestMoving:
    def test_a_suspension_moves_the_deadline_and_keeps_the_original_day(self) -> None:
        moved = due_on(date(2021, 9, 30)).moved_by(timedelta(days=10))
        assert moved.on == date(2021, 10, 10)
        assert (moved.shift, moved.shifted_from) == ("moved_by", date(2021, 9, 30))
        assert moved.moved_by(timedelta(days=1)).shifted_from == date(2021, 9, 30)

    def test_whole_days_end_a_day_again_across_a_change_of_clocks(self) -> None:
        deadline = fixed(date(2021, 3, 26), zone=BERLIN, calendar=CHINA)
        moved = deadline.moved_by(timedelta(days=7))
        assert moved.due_at == closes_at(date(2021, 4, 2), BERLIN)

    def test_hours_move_by_the_exact_time(self) -> None:
        moved = within_hours(at(3, 5, 9), 72, zone=SHANGHAI).moved_by(timedelta(minutes=90))
        assert moved.due_at == at(3, 8, 10, 30)
        assert moved.in_time(at(3, 8, 10, 30))


DUE = closes_at(date(2021, 9, 30), SHANGHAI)


class TestLateness:
    @pytest.mark.parametrize(
        ("held", "elapsed", "days", "workdays"),
        [
            # Submitted 9-29; that it was accepted only on 10-12 is the reviewer's time.
            ([(START, at(9, 29))], timedelta(), 0, 0),
            # Returned 10-08 12:00, resubmitted 10-09 12:00.
            (
                [(START, at(9, 29)), (at(10, 8, 12), at(10, 9, 12))],
                timedelta(days=1),
                1,
                1,
            ),
            # Submitted 10-02 24:00, returned 10-05, resubmitted 10-06: all of it holidays.
            ([(START, at(10, 3)), (at(10, 5), at(10, 6))], timedelta(days=3), 3, 0),
            ([(START, DUE)], timedelta(), 0, 0),
            ([(START, DUE + timedelta.resolution)], timedelta.resolution, 1, 0),
            ([(START, at(10, 8, 0, 1))], timedelta(days=7, minutes=1), 8, 1),
            ([(START, at(10, 9, 12))], timedelta(days=8, hours=12), 9, 2),
            ([(START, at(10, 12))], timedelta(days=11), 11, 3),
            # Disordered and overlapping spans are counted once.
            ([(at(10, 2), at(10, 4)), (START, at(10, 3))], timedelta(days=3), 3, 0),
            # A span that ends before it begins is nobody's fault.
            ([(at(10, 6), at(10, 3))], timedelta(), 0, 0),
            ([], timedelta(), 0, 0),
        ],
    )
    def test_only_the_time_the_ball_lay_with_the_unit_is_late(
        self, held: list[Span], elapsed: timedelta, days: int, workdays: int
    ) -> None:
        late = lateness(DUE, held, zone=SHANGHAI, calendar=CHINA)
        assert (late.elapsed, late.days, late.workdays) == (elapsed, days, workdays)

    def test_a_suspension_is_taken_out_by_moving_the_deadline(self) -> None:
        moved = due_on(date(2021, 9, 30)).moved_by(at(10, 8) - at(9, 28))
        late = lateness(moved.due_at, [(START, at(10, 9))], zone=SHANGHAI, calendar=CHINA)
        assert late.days == 0

    def test_hours_are_exact(self) -> None:
        late = lateness(DUE, [(START, at(10, 1, 0, 20))], zone=SHANGHAI, calendar=CHINA)
        assert late.hours == Fraction(1, 3)

    def test_a_short_and_a_long_day_are_one_working_day_each(self) -> None:
        for day in (date(2021, 3, 28), date(2021, 10, 31)):
            due_at = closes_at(day - timedelta(days=3), BERLIN)
            end = closes_at(day + timedelta(days=1), BERLIN)
            late = lateness(due_at, [(due_at, end)], zone=BERLIN, calendar=CHINA)
            assert late.workdays == CHINA.workdays_between(
                day - timedelta(days=3), day + timedelta(days=1)
            )

    INSTANTS = st.datetimes(datetime(2021, 9, 1), datetime(2021, 11, 30)).map(  # noqa: DTZ001
        lambda naive: naive.replace(tzinfo=SHANGHAI)
    )

    @given(st.lists(st.tuples(INSTANTS, INSTANTS), max_size=6))
    def test_order_and_repetition_of_spans_change_nothing(self, held: list[Span]) -> None:
        late = lateness(DUE, held, zone=SHANGHAI, calendar=CHINA)
        again = lateness(DUE, (held + held)[::-1], zone=SHANGHAI, calendar=CHINA)
        assert late == again
        assert late.workdays <= late.days
        assert timedelta() <= late.elapsed

    @given(INSTANTS)
    def test_submitted_once_the_working_days_are_those_touched(self, submitted: datetime) -> None:
        late = lateness(DUE, [(START, submitted)], zone=SHANGHAI, calendar=CHINA)
        last = due_day(submitted, SHANGHAI)
        assert late.workdays == CHINA.workdays_between(date(2021, 9, 30), last)
        assert late.days == max(0, (last - date(2021, 9, 30)).days)


@pytest.mark.parametrize(
    ("elapsed", "completed", "begun"),
    [
        (timedelta(hours=-1), 0, 0),
        (timedelta(), 0, 0),
        (timedelta(minutes=1), 0, 1),
        (timedelta(hours=12), 1, 1),
        (timedelta(hours=12, microseconds=1), 1, 2),
        (timedelta(hours=36), 3, 3),
    ],
)
def test_blocks_are_completed_or_started(elapsed: timedelta, completed: int, begun: int) -> None:
    step = timedelta(hours=12)
    assert blocks(elapsed, step, started=False) == completed
    assert blocks(elapsed, step, started=True) == begun


def test_a_step_of_no_length_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than nothing"):
        blocks(timedelta(hours=1), timedelta(), started=True)


def days_around_changes(zone: ZoneInfo, first: date, last: date) -> set[date]:
    """The days around every change of the zone's clocks, found by asking every tenth day."""

    def offset(day: date) -> timedelta | None:
        return datetime.combine(day, time(12), zone).utcoffset()

    found: set[date] = set()
    for number in range(first.toordinal(), last.toordinal(), 10):
        low, high = number, number + 10
        if offset(date.fromordinal(low)) == offset(date.fromordinal(high)):
            continue
        while high - low > 1:
            middle = (low + high) // 2
            same = offset(date.fromordinal(middle)) == offset(date.fromordinal(number))
            low, high = (middle, high) if same else (low, middle)
        found |= {date.fromordinal(n) for n in range(low - 1, high + 2)}
    return found


def each_day_fires_once_and_ends_where_the_next_begins(zone: ZoneInfo, day: date) -> bool:
    fires_at = local_instant(day, time(2, 30), zone=zone)
    ends_at = closes_at(day, zone)
    return (
        local_day(fires_at, zone) == day
        and closes_at(day - timedelta(days=1), zone) <= fires_at < ends_at
        and local_day(ends_at, zone) == day + timedelta(days=1)
        and due_day(ends_at, zone) == day
    )


def test_a_daily_instant_comes_once_a_day_in_every_zone_at_every_change_2020_to_2035() -> None:
    wrong, checked = [], 0
    for name in sorted(zoneinfo.available_timezones()):
        zone = ZoneInfo(name)
        for day in days_around_changes(zone, date(2020, 1, 1), date(2035, 12, 31)):
            checked += 1
            if not each_day_fires_once_and_ends_where_the_next_begins(zone, day):
                wrong.append((name, day))
    assert wrong == []
    assert checked > 10_000


def test_a_daily_instant_comes_once_a_day_in_shanghai_with_its_summer_times() -> None:
    first = date(1986, 1, 1).toordinal()
    days = [date.fromordinal(n) for n in range(first, date(1992, 1, 1).toordinal())]
    assert len({local_instant(day, time(0, 30), zone=SHANGHAI) for day in days}) == len(days)
    assert all(each_day_fires_once_and_ends_where_the_next_begins(SHANGHAI, d) for d in days)
