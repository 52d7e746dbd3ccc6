"""A valid message in one line, for the tests of the channels."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from notifiers.message import Address, Message

OFFICE = Address("tracker@example.gov.cn", "责任清单督办")
县委组织部 = Address("zuzhibu@example.gov.cn", "县委组织部")
SENT_AT = datetime(2021, 9, 26, 0, 30, tzinfo=UTC)


def a_letter(**changes: Any) -> Message:
    letter = Message(
        message_id="0f3a@example.gov.cn",
        sender=OFFICE,
        to=县委组织部,
        subject="【逾期3天】污水处理厂提标改造",
        text="请于今日内填报进展。\n",
        date=SENT_AT,
    )
    return replace(letter, **changes)
