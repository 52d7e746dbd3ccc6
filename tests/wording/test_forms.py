from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction as F
from zoneinfo import ZoneInfo

import pytest

from schedules.deadlines import closes_at
from tracker.wording import forms
from tracker.wording.templating import breakable

SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_the_end_of_a_day_is_that_day_at_24_00() -> None:
    due = closes_at(date(2021, 10, 18), SHANGHAI)
    assert forms.instant(due, "zh", SHANGHAI) == "10-18 周一 24:00"
    assert forms.instant(due, "en", SHANGHAI, year=True) == "Mon 2021-10-18 24:00"


def test_an_instant_is_told_by_the_programmes_clock() -> None:
    at = datetime(2021, 10, 15, 3, 30, tzinfo=UTC)
    assert forms.instant(at, "zh", SHANGHAI) == "10-15 周五 11:30"


@pytest.mark.parametrize(
    ("value", "two", "four", "as_needed"),
    [
        (F("0.3"), "0.30", "0.3000", "0.30"),
        (3000, "0.30", "0.3000", "0.30"),
        (833, "0.08", "0.0833", "0.0833"),
        (-26, "0.00", "−0.0026", "−0.0026"),
        (-34200, "−3.42", "−3.4200", "−3.42"),
        (Decimal("1.125"), "1.13", "1.1250", "1.125"),
    ],
)
def test_points_have_two_places_on_a_page_and_four_in_a_sum(
    value: forms.Figure, two: str, four: str, as_needed: str
) -> None:
    assert forms.points(value) == two
    assert forms.points(value, 4) == four
    assert forms.points_as_needed(value) == as_needed


@pytest.mark.parametrize(
    ("value", "text"),
    [(F(46, 12), "3.8333"), (F(8), "8"), (F("-0.5"), "−0.5"), (Decimal("0.10"), "0.1"), (0, "0")],
)
def test_a_number_is_as_short_as_it_is_exact(value: forms.Figure, text: str) -> None:
    assert forms.number(value) == text


@pytest.mark.parametrize(
    ("elapsed", "zh", "en"),
    [
        (F(46), "46 小时", "46 h"),
        (F("68.5"), "68 小时 30 分", "68 h 30 min"),
        (timedelta(days=18), "18 天", "18 d"),
        (timedelta(days=18, hours=3, minutes=9), "18 天 3 小时", "18 d 3 h"),
        (timedelta(days=30, minutes=1), "30 天 1 分", "30 d 1 min"),
        (timedelta(seconds=59), "不足 1 分", "under 1 min"),
        (timedelta(0), "0 分", "0 min"),
    ],
)
def test_a_span_is_told_in_hours_until_days_read_better(
    elapsed: timedelta | F, zh: str, en: str
) -> None:
    assert forms.span(elapsed, "zh") == zh
    assert forms.span(elapsed, "en") == en


def test_a_line_ends_in_an_address_before_the_at_or_after_a_dot_alone() -> None:
    assert breakable("<d-1.a@b.cn>") == "&lt;d-1.<wbr>a<wbr>@b.<wbr>cn&gt;"
