from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from schedules.clock import Clock, FakeClock, SystemClock

SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_the_system_clock_answers_in_utc_and_does_not_go_back() -> None:
    clock: Clock = SystemClock()
    first, second = clock.now(), clock.now()
    assert first.tzinfo is UTC
    assert first <= second


def test_a_fake_clock_stands_still_until_it_is_moved() -> None:
    clock = FakeClock(datetime(2021, 9, 30, 8, 0, tzinfo=SHANGHAI))
    assert clock.now() == clock.now() == datetime(2021, 9, 30, 0, 0, tzinfo=UTC)
    clock.advance(timedelta(hours=1))
    clock.advance_to(datetime(2021, 9, 30, 10, 0, tzinfo=SHANGHAI))
    assert clock.now() == datetime(2021, 9, 30, 2, 0, tzinfo=UTC)
    assert clock.now().tzinfo is UTC


def test_a_fake_clock_goes_back_only_when_it_is_stepped() -> None:
    noon = datetime(2021, 9, 30, 12, tzinfo=UTC)
    clock = FakeClock(noon)
    with pytest.raises(ValueError, match="cannot advance"):
        clock.advance(timedelta(seconds=-1))
    clock.step_to(noon - timedelta(hours=1))
    assert clock.now() == noon - timedelta(hours=1)


def test_a_naive_instant_is_refused_with_its_own_text() -> None:
    naive = datetime(2021, 9, 30, 8, 0)  # noqa: DTZ001  what is refused
    clock = FakeClock(datetime(2021, 1, 1, tzinfo=UTC))
    for give in (FakeClock, clock.advance_to, clock.step_to):
        with pytest.raises(ValueError, match="2021-09-30 08:00:00 names no time zone"):
            give(naive)
