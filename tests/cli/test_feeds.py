"""Calendar feeds on the command line."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Installation

LIST = "单位,姓名,角色,邮箱,手机\n住建局,张工,联络员,zhang@example.gov.cn,\n"


def test_a_feed_is_made_shown_renewed_and_ended(loaded: Installation) -> None:
    assert loaded.valid("feeds", "feed", "list") == {"feeds": []}
    [made] = loaded.valid("feeds", "feed", "make", "--unit", "housing")["feeds"]
    assert made["address"].startswith("http://127.0.0.1:8000/calendar/1-")
    assert loaded.valid("feeds", "feed", "list")["feeds"] == [made]
    [renewed] = loaded.valid("feeds", "feed", "renew", "1")["feeds"]
    assert renewed["address"] != made["address"]
    assert loaded("feed", "revoke", "1").code == 0
    assert loaded.valid("feeds", "feed", "list") == {"feeds": []}
    assert loaded("feed", "revoke", "1").code == 1


def test_a_person_is_named_by_their_mailbox(loaded: Installation) -> None:
    assert loaded("contacts", "load", loaded.write("c.csv", LIST)).code == 0
    told = loaded("feed", "make", "--person", "zhang@example.gov.cn")
    assert "张工" in told.text
    assert "nobody@x.cn" in loaded("feed", "make", "--person", "nobody@x.cn").error


def test_a_unit_is_named_as_everywhere_by_its_name_too(loaded: Installation) -> None:
    [made] = loaded.valid("feeds", "feed", "make", "--unit", "县住房和城乡建设局")["feeds"]
    assert made["unit"] == "housing"


@pytest.mark.parametrize("words", [[], ["--unit", "housing", "--person", "zhang@example.gov.cn"]])
def test_a_feed_is_for_one_of_both(loaded: Installation, words: list[str]) -> None:
    before = loaded.content()
    told = loaded("feed", "make", *words)
    assert (told.code, told.text) == (1, "")
    assert "--unit" in told.error
    assert loaded.content() == before
