from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from schedules.deadlines import fixed, within_days, within_hours, within_workdays
from schedules.workdays import china
from tracker.wording import counting

SHANGHAI = ZoneInfo("Asia/Shanghai")
CALENDAR = china()
RECEIVED = datetime(2021, 9, 28, 9, tzinfo=SHANGHAI)


def test_working_days_say_what_was_skipped_and_what_was_worked_instead() -> None:
    due = within_workdays(RECEIVED, 10, zone=SHANGHAI, calendar=CALENDAR)
    assert counting(due) == (
        "10 个工作日：09-28 收到不计，跳过国庆节 7 天、周末 3 天，"
        "10-09 调休计入，止于 10-18 周一 24:00"
    )
    assert counting(due, "en") == (
        "10 working days: 09-28 (receipt) not counted, 7 days of National Day, 3 weekend days "
        "skipped, 10-09 worked instead, counted, ends Mon 10-18 24:00"
    )


def test_calendar_days_say_that_a_rest_day_moved_the_end() -> None:
    due = within_days(RECEIVED, 7, zone=SHANGHAI, calendar=CALENDAR)
    assert counting(due) == (
        "7 日：09-28 收到不计，第 7 日 10-05 是休息日，顺延，止于 10-08 周五 24:00"
    )


def test_hours_run_from_receipt() -> None:
    due = within_hours(RECEIVED, 72, zone=SHANGHAI)
    assert counting(due) == "72 小时：09-28 周二 09:00 起算，节假日照算，止于 10-01 周五 09:00"


def test_a_fixed_date_quotes_its_wording() -> None:
    due = fixed(date(2021, 8, 31), zone=SHANGHAI, calendar=CALENDAR, wording="8月底前")
    assert counting(due) == "8月底前：固定日期，止于 08-31 周二 24:00"


def test_a_moved_deadline_keeps_its_first_reckoning() -> None:
    due = within_workdays(RECEIVED, 3, zone=SHANGHAI, calendar=CALENDAR)
    moved = due.moved_by(timedelta(days=8))
    assert counting(moved).endswith("止于 10-08 周五 24:00；原止于 10-08，已改至 10-16 周六 24:00")


def test_an_unknown_year_is_marked_provisional() -> None:
    received = RECEIVED.replace(year=2031)
    due = within_workdays(received, 3, zone=SHANGHAI, calendar=CALENDAR)
    assert counting(due).endswith("（相关年度放假通知未发布，暂定）")


def test_no_date_says_what_it_waits_for() -> None:
    assert counting(None, needs="20.4/done") == "日期待定：20.4/done"
