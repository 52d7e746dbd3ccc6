from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifiers.calendar import Entry, feed

SHANGHAI = ZoneInfo("Asia/Shanghai")
YEAR_END = datetime(2022, 1, 1, tzinfo=SHANGHAI).astimezone(UTC)
STAMP = datetime(2021, 9, 26, 0, 30, tzinfo=UTC)


def an_entry(**changes: Any) -> Entry:
    fields = {
        "uid": "obligation-7@example.gov.cn",
        "sequence": 2,
        "summary": "污水处理厂提标改造",
        "description": "责任单位：县住建局；分值 1 分。\n逾期每天扣 0.01 分。",
        "due_at": YEAR_END,
        "stamp": STAMP,
        "url": "https://tracker.example.gov.cn/items/20",
    }
    return Entry(**(fields | changes))


def read(content: bytes) -> icalendar.Calendar:
    return icalendar.Calendar.from_ical(content)


def events(content: bytes) -> list[icalendar.Event]:
    return list(read(content).events)


def test_each_due_date_is_one_event_that_a_calendar_can_read() -> None:
    content = feed([an_entry(), an_entry(uid="8@x.cn", sequence=0)], name="责任清单")
    assert read(content)["METHOD"] == "PUBLISH"
    assert read(content)["X-WR-CALNAME"] == "责任清单"
    first, second = events(content)
    assert (first["UID"], second["UID"]) == ("obligation-7@example.gov.cn", "8@x.cn")
    assert (first["SEQUENCE"], second["SEQUENCE"]) == (2, 0)
    assert first["SUMMARY"] == "污水处理厂提标改造"
    assert first["DESCRIPTION"] == an_entry().description
    assert first["URL"] == "https://tracker.example.gov.cn/items/20"
    assert first["DTSTAMP"].dt == STAMP


def test_a_deadline_at_the_end_of_a_day_stands_on_that_day() -> None:
    (event,) = events(feed([an_entry()]))
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (date(2021, 12, 31), date(2022, 1, 1))


def test_a_deadline_in_hours_stands_at_its_instant() -> None:
    due_at = datetime(2021, 9, 29, 9, 0, tzinfo=SHANGHAI)
    (event,) = events(feed([an_entry(due_at=due_at)]))
    assert event["DTSTART"].dt == due_at


def test_one_reminder_rings_on_the_day_before() -> None:
    due_at = datetime(2021, 9, 29, 9, 0, tzinfo=SHANGHAI)
    for entry, before in (
        (an_entry(), timedelta(hours=15)),  # 9:00 of the day before an all-day entry
        (an_entry(due_at=due_at), timedelta(days=1)),
    ):
        (alarm,) = events(feed([entry]))[0].walk("VALARM")
        assert alarm["TRIGGER"].dt == -before


def test_what_is_done_is_cancelled_and_rings_no_more() -> None:
    open_one, done = events(feed([an_entry(), an_entry(sequence=3, cancelled=True)]))
    assert (open_one["STATUS"], done["STATUS"]) == ("CONFIRMED", "CANCELLED")
    assert open_one["UID"] == done["UID"]
    assert done.walk("VALARM") == []


TEXTS = st.text(
    st.one_of(
        st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF),
        st.characters(min_codepoint=0x20000, max_codepoint=0x323AF),
        st.sampled_from('\\;,:"\n 🚨nN'),
    ),
    max_size=200,
)


@given(TEXTS, TEXTS)
def test_any_text_comes_back_and_no_line_is_too_long(summary: str, description: str) -> None:
    content = feed([an_entry(summary=summary, description=description)])
    (event,) = events(content)
    assert event["SUMMARY"] == summary
    assert event.get("DESCRIPTION", "") == description
    lines = content.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert all(line.decode() is not None for line in lines)  # no character is cut
    assert b"\n" not in content.replace(b"\r\n", b"")


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\x00"])
def test_no_text_can_add_a_line_to_the_calendar(end: str) -> None:
    payload = f"甲{end}END:VEVENT"
    (event,) = events(feed([an_entry(summary=payload, description=payload)], name=payload))
    assert event["SUMMARY"].endswith("END:VEVENT")
    for field in ("uid", "url"):
        with pytest.raises(ValueError, match="control character"):
            an_entry(**{field: payload})


def test_instants_need_a_time_zone() -> None:
    with pytest.raises(ValueError, match="without a time zone"):
        an_entry(due_at=datetime(2022, 1, 1))  # noqa: DTZ001
