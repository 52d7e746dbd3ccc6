"""A notice of days off on the page: read back before it is approved, wrong lines told."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from tests.web.conftest import House, form_of

NOTICE = {"year": "2022", "off_days": "元旦：1月1日（周六）至3日（周一）放假",
          "make_up_days": "1-29 1-30", "step": "look"}  # fmt: skip


def test_what_was_read_of_a_notice_is_said_with_the_dates_that_move(
    house: House, visitor: TestClient
) -> None:
    fields = form_of(visitor.get("/calendar"))
    page = visitor.post("/calendar", data={**fields, **NOTICE}).text
    assert "2022 年读到：放假 3 天，调休上班 2 天" in page
    before = house.everything()["calendar_notice"]
    assert visitor.post("/calendar", data={**fields, **NOTICE, "step": ""}).status_code == 303
    assert len(house.everything()["calendar_notice"]) == len(before) + 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"year": "二〇二二"}, "年份写四位数"),
        ({"off_days": "1-1 元旦\n春节"}, "“春节”看不出是哪天"),
        ({"make_up_days": "1-28"}, "不是周末"),
    ],
)
def test_a_wrong_line_of_a_notice_is_told_and_nothing_typed_is_lost(
    visitor: TestClient, wrong: dict[str, str], said: str
) -> None:
    sent = {**NOTICE, **wrong}
    answer = visitor.post("/calendar", data={**form_of(visitor.get("/calendar")), **sent})
    assert (answer.status_code, said in answer.text) == (422, True)
    for name in ("year", "off_days", "make_up_days"):
        assert sent[name] in answer.text, name
