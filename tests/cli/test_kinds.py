"""`tracker rules`: the kinds of rule in both languages, without any database."""

from __future__ import annotations

from tests.cli.conftest import Installation


def test_a_kind_is_explained_with_its_words_facts_formula_and_examples(bare: Installation) -> None:
    told = bare("rules", "lateness").text
    assert told.startswith("lateness  逾期扣分\n")
    for line in ("说法：每延后12小时加扣", "事实：交办件、填报", "算法：先扣 base + 段数",
                 "例：zhongfang-2021 31.2#1  每条扣0.01分"):  # fmt: skip
        assert line in told
    english = bare("rules", "lateness", "--lang", "en").text
    assert "Exactly at the limit is in time." in english
    assert "facts: case, report" in english
    assert "base + blocks × each, or along pieces" in english


def test_every_kind_is_listed_for_other_programs(bare: Installation) -> None:
    found = bare.valid("rules", "rules")["rules"]
    assert [one["kind"] for one in found][:3] == ["duty", "all_or_nothing", "per_missing"]
    assert all(one["words"] and one["formula"] and one["examples"] for one in found)


def test_a_kind_that_is_none_is_answered_with_those_that_are(bare: Installation) -> None:
    told = bare("rules", "per_nothing")
    assert (told.code, told.text) == (1, "")
    assert "没有 per_nothing 这种规则" in told.error
    assert "per_missing" in told.error
