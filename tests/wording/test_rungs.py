"""Rungs of the ladder and outcomes of reviews, in words."""

from __future__ import annotations

import pytest

from tracker.wording import LANGUAGES, notice_reason, rung

NAMES = ["-30", "0", "+4", "intake", "half", "-12h", "limit", "step+3", "returned:f-1",
         "accepted:w-2"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_every_rung_has_words_in_both_languages(name: str) -> None:
    told = [rung(name, language) for language in LANGUAGES]
    assert all(told)
    assert len(set(told)) == 2


def test_why_a_notice_did_not_go_out_on_its_own_is_said_in_words() -> None:
    assert notice_reason("receipt") == "已签收"
    assert notice_reason("+4", "en") == rung("+4", "en"), "merged into the mail of that rung"
    assert notice_reason("returned:f-1") == "填报退回"
    assert notice_reason("x:y") == "x:y", "what nobody has words for stays as it is"


def test_a_review_is_told_by_what_it_decided() -> None:
    assert rung("returned:f-1") == "填报退回"
    assert rung("accepted:f-1", "en") == "report accepted"
