from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.deadlines import Deadline, fixed, within_hours
from schedules.ladder import (
    DayLadder,
    DayRung,
    HourLadder,
    Planned,
    Window,
    day_rungs,
    hour_rungs,
    later_in_window,
)
from schedules.workdays import china

SHANGHAI = ZoneInfo("Asia/Shanghai")
CHINA = china()
WINDOW = Window()
STEP = timedelta(hours=12)


def at(month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2021, month, day, hour, minute, tzinfo=SHANGHAI)


def due_on(month: int, day: int) -> Deadline:
    return fixed(date(2021, month, day), zone=SHANGHAI, calendar=CHINA)


def days_of(
    deadline: Deadline,
    *,
    until: datetime,
    start_at: datetime | None = None,
    ladder: DayLadder | None = None,
) -> list[Planned]:
    ladder = ladder or DayLadder()
    return list(
        day_rungs(ladder, deadline, start_at=start_at, until=until, calendar=CHINA, window=WINDOW)
    )


def hours_of(
    deadline: Deadline, *, until: datetime, step: timedelta | None = STEP
) -> list[Planned]:
    return list(
        hour_rungs(HourLadder(), deadline, step=step, until=until, calendar=CHINA, window=WINDOW)
    )


def local(instant: datetime) -> str:
    return f"{instant.astimezone(SHANGHAI):%m-%d %H:%M}"


def table(planned: list[Planned]) -> list[tuple[str, str, list[str]]]:
    """Rung, instant of sending in Shanghai, and the roles told."""
    return [
        (name, local(send_at), [p.role for p in group])
        for (name, send_at), group in groupby(planned, key=lambda p: (p.rung, p.send_at))
    ]


class TestDayLadder:
    def test_the_default_ladder_climbs_in_working_days_over_the_national_days(self) -> None:
        assert table(days_of(due_on(9, 30), until=at(10, 22, 8, 30))) == [
            ("-30", "08-19 08:30", ["contact"]),
            ("-14", "09-10 08:30", ["contact"]),
            ("-7", "09-22 08:30", ["contact"]),
            ("-3", "09-27 08:30", ["contact"]),
            ("-1", "09-29 08:30", ["contact"]),
            ("0", "09-30 08:30", ["contact"]),
            ("+1", "10-08 08:30", ["contact"]),
            ("+4", "10-12 08:30", ["contact", "head"]),
            ("+7", "10-15 08:30", ["contact", "head", "leader"]),
            ("+10", "10-20 08:30", ["contact", "head", "leader"]),
        ]

    def test_a_deadline_on_a_rest_day_is_reminded_on_the_last_working_day_before(self) -> None:
        assert table(days_of(due_on(10, 3), until=at(10, 8, 9)))[-3:] == [
            ("-1", "09-29 08:30", ["contact"]),
            ("0", "09-30 08:30", ["contact"]),
            ("+1", "10-08 08:30", ["contact"]),
        ]

    def test_rungs_before_the_duty_existed_are_dropped(self) -> None:
        found = days_of(due_on(9, 30), start_at=at(9, 27, 9), until=at(10, 8))
        assert [p.rung for p in found] == ["-1", "0"]

    def test_a_rung_at_the_very_horizon_is_planned_and_one_after_it_is_not(self) -> None:
        assert days_of(due_on(9, 30), until=at(9, 30, 8, 30))[-1].rung == "0"
        assert days_of(due_on(9, 30), until=at(9, 30, 8, 29))[-1].rung == "-1"

    def test_a_deadline_in_the_morning_has_its_last_rung_the_day_before(self) -> None:
        morning = due_on(9, 29).moved_by(timedelta(hours=6))
        found = days_of(morning, until=at(10, 8))
        assert table(found)[-2:] == [
            ("0", "09-29 08:30", ["contact"]),
            ("+1", "09-30 08:30", ["contact"]),
        ]

    def test_a_role_joins_at_the_first_overdue_rung_from_its_offset_on(self) -> None:
        ladder = DayLadder(before=(-1,), after_every=2, joins={"head": 4, "leader": -1})
        found = days_of(due_on(9, 30), until=at(10, 14), ladder=ladder)
        assert [(p.rung, p.role) for p in found] == [
            ("-1", "leader"),
            ("+1", "leader"),
            ("+3", "leader"),
            ("+5", "head"),
            ("+5", "leader"),
        ]

    def test_a_rung_names_its_offset_and_its_roles(self) -> None:
        assert DayLadder().rung(4) == DayRung(4, ("contact", "head"))
        assert [DayRung(n, ()).name for n in (-30, 0, 7)] == ["-30", "0", "+7"]

    def test_equal_ladders_are_one_value(self) -> None:
        assert DayLadder() == DayLadder()
        assert hash(DayLadder()) == hash(DayLadder())
        assert DayLadder() != DayLadder(joins={"contact": None})

    @pytest.mark.parametrize("wrong", [{"before": (1,)}, {"after_first": 0}, {"after_every": 0}])
    def test_a_ladder_without_order_is_refused(self, wrong: dict[str, int]) -> None:
        with pytest.raises(ValueError, match="rungs"):
            DayLadder(**wrong)  # type: ignore[arg-type]  # the cases differ in their keys


class TestHourLadder:
    def test_a_case_of_72_hours_is_reminded_day_and_night_but_not_in_quiet_hours(self) -> None:
        case = within_hours(at(10, 1, 9), 72, zone=SHANGHAI)
        assert table(hours_of(case, until=at(10, 5, 22))) == [
            ("intake", "10-01 09:00", ["contact"]),
            ("half", "10-02 21:00", ["contact"]),
            ("-12h", "10-03 21:00", ["contact"]),
            ("limit", "10-04 09:00", ["contact", "head"]),
            ("step+1", "10-04 21:00", ["contact", "head"]),
            ("step+2", "10-05 09:00", ["contact", "head", "leader"]),
            ("step+3", "10-05 21:00", ["contact", "head", "leader"]),
        ]

    def test_quiet_hours_move_a_rung_earlier_before_the_limit_and_later_after_it(self) -> None:
        case = within_hours(at(10, 1, 23), 72, zone=SHANGHAI)
        rungs = {p.rung: p for p in hours_of(case, until=at(10, 6), step=timedelta(hours=24))}
        # The intake cannot be told before it happened.
        assert local(rungs["intake"].send_at) == "10-02 07:00"
        assert local(rungs["half"].send_at) == "10-03 11:00"
        # The limit is within the last 12 hours, the next charged step is not.
        assert local(rungs["limit"].send_at) == "10-04 23:00"
        assert local(rungs["step+1"].send_at) == "10-06 07:00"
        assert local(rungs["step+1"].nominal_at) == "10-05 23:00"

    def test_half_time_in_the_night_is_told_the_evening_before(self) -> None:
        case = within_hours(at(10, 1, 15), 72, zone=SHANGHAI)
        half = next(p for p in hours_of(case, until=at(10, 4)) if p.rung == "half")
        assert (local(half.nominal_at), local(half.send_at)) == ("10-03 03:00", "10-02 22:00")
        assert half.wanted_at == half.send_at

    def test_the_last_twelve_hours_know_no_quiet(self) -> None:
        case = within_hours(at(10, 1, 14), 72, zone=SHANGHAI)
        last = next(p for p in hours_of(case, until=at(10, 4, 14)) if p.rung == "-12h")
        assert last.send_at == last.nominal_at == at(10, 4, 2)

    def test_a_rung_moved_earlier_is_planned_when_it_is_to_be_sent(self) -> None:
        case = within_hours(at(10, 1, 15), 72, zone=SHANGHAI)
        assert [p.rung for p in hours_of(case, until=at(10, 2, 21, 59))] == ["intake"]
        assert [p.rung for p in hours_of(case, until=at(10, 2, 22))] == ["intake", "half"]

    def test_a_rung_is_not_moved_ahead_of_the_beginning_of_its_case(self) -> None:
        ladder = HourLadder(hours_before=(24,), half=False)
        case = within_hours(at(10, 1, 22, 30), 30, zone=SHANGHAI)
        found = hour_rungs(
            ladder, case, step=None, until=at(10, 3, 4, 30), calendar=CHINA, window=WINDOW
        )
        assert [(p.rung, local(p.send_at)) for p in found] == [
            ("intake", "10-02 07:00"),
            ("-24h", "10-02 07:00"),
            ("limit", "10-03 04:30"),
            ("limit", "10-03 04:30"),
        ]

    def test_a_short_case_has_no_rung_before_its_intake(self) -> None:
        case = within_hours(at(10, 1, 9), 8, zone=SHANGHAI)
        found = hours_of(case, until=at(10, 2), step=None)
        assert [p.rung for p in found if p.role == "contact"] == ["intake", "half", "limit"]

    def test_without_a_charged_step_the_ladder_ends_at_the_limit(self) -> None:
        case = within_hours(at(10, 1, 9), 72, zone=SHANGHAI)
        assert hours_of(case, until=at(12, 1), step=None)[-1].rung == "limit"

    def test_hours_before_the_limit_are_positive(self) -> None:
        with pytest.raises(ValueError, match="hours before the limit"):
            HourLadder(hours_before=(0,))


class TestWindow:
    @pytest.mark.parametrize(
        ("instant", "later"),
        [
            (at(9, 30, 8, 29), "09-30 08:30"),
            (at(9, 30, 8, 30), "09-30 08:30"),
            (at(9, 30, 12, 0), "09-30 12:00"),
            (at(9, 30, 17, 30), "09-30 17:30"),
            (at(9, 30, 17, 31), "10-08 08:30"),
            (at(10, 3, 12, 0), "10-08 08:30"),
            (at(10, 8, 7, 0), "10-08 08:30"),
            (at(9, 26, 10, 0), "09-26 10:00"),
        ],
    )
    def test_an_instant_moves_into_the_window(self, instant: datetime, later: str) -> None:
        moved = later_in_window(instant, zone=SHANGHAI, calendar=CHINA, window=WINDOW)
        assert local(moved) == later

    def test_a_window_that_closes_before_it_opens_is_refused(self) -> None:
        with pytest.raises(ValueError, match="cannot close"):
            Window(opens=time(18))


INSTANTS = st.datetimes(datetime(2021, 6, 1), datetime(2022, 3, 1)).map(  # noqa: DTZ001
    lambda naive: naive.replace(tzinfo=UTC)
)
DUE_DAYS = st.dates(date(2021, 8, 1), date(2021, 12, 31))
JOINS = st.dictionaries(st.sampled_from("abc"), st.none() | st.integers(-3, 9), max_size=3)
DAY_LADDERS = st.builds(
    DayLadder,
    before=st.lists(st.integers(-40, 0), max_size=5).map(tuple),
    after_first=st.integers(1, 4),
    after_every=st.integers(1, 6),
    joins=JOINS,
)
HOUR_LADDERS = st.builds(
    HourLadder,
    intake=st.booleans(),
    half=st.booleans(),
    hours_before=st.lists(st.integers(1, 80), max_size=3).map(tuple),
    limit=st.booleans(),
    every_step=st.booleans(),
    joins=JOINS,
)
FAR = datetime(2022, 8, 1, tzinfo=UTC)


@given(DAY_LADDERS, DUE_DAYS, INSTANTS, INSTANTS)
def test_a_later_look_at_days_adds_rungs_and_changes_none(
    ladder: DayLadder, due: date, one: datetime, two: datetime
) -> None:
    deadline = fixed(due, zone=SHANGHAI, calendar=CHINA)
    sooner = days_of(deadline, until=min(one, two), ladder=ladder)
    later = days_of(deadline, until=max(one, two), ladder=ladder)
    assert later[: len(sooner)] == sooner
    assert len({(p.rung, p.role) for p in later}) == len(later)
    assert later == sorted(later, key=lambda p: p.nominal_at)


@given(HOUR_LADDERS, INSTANTS, st.integers(1, 200), INSTANTS, INSTANTS)
def test_a_later_look_at_hours_adds_rungs_and_changes_none(
    ladder: HourLadder, start_at: datetime, hours: int, one: datetime, two: datetime
) -> None:
    deadline = within_hours(start_at, hours, zone=SHANGHAI)
    sooner, later = (
        list(hour_rungs(ladder, deadline, step=STEP, until=t, calendar=CHINA, window=WINDOW))
        for t in sorted((one, two))
    )
    assert [p for p in later if p in sooner] == sooner
    assert len({(p.rung, p.role) for p in later}) == len(later)
    assert later == sorted(later, key=lambda p: p.nominal_at)


@given(HOUR_LADDERS, INSTANTS, st.integers(1, 200))
def test_no_rung_is_sent_in_quiet_hours_but_in_the_last_twelve(
    ladder: HourLadder, start_at: datetime, hours: int
) -> None:
    case = within_hours(start_at, hours, zone=SHANGHAI)
    for p in hour_rungs(ladder, case, step=STEP, until=FAR, calendar=CHINA, window=WINDOW):
        wall = p.send_at.astimezone(SHANGHAI).time()
        urgent = timedelta() <= case.due_at - p.nominal_at <= timedelta(hours=12)
        # The evening's edge itself is when an earlier rung goes out.
        assert urgent or time(7) <= wall <= time(22)
        assert p.send_at >= start_at
        assert p.send_at <= case.due_at or p.nominal_at >= case.due_at
        assert p.nominal_at.tzinfo is UTC
