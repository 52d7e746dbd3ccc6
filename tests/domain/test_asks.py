"""What each clause asks for is read off its rules."""

from __future__ import annotations

import pytest

from tests.builders import a_programme, clause, item
from tracker.definitions import yamlform
from tracker.domain.asks import AskKind, asks, named
from tracker.domain.programme import Programme
from tracker.domain.rules import DutyOnly, Relation
from tracker.programmes import path_of


def asked(*rules: dict[str, object], **parts: object) -> list[tuple[str, str]]:
    programme = a_programme(item("1", clause("1", rules=list(rules), **parts)), targets=TARGETS)
    return [(one.kind, one.key) for one in asks(programme, programme.clauses["1"][2])]


TARGETS = [
    {"id": "known", "name": "已知", "value": "9"},
    {"id": "later", "name": "另定", "source": "另行下达"},
]


def test_conditions_inside_conditions_are_asked_for_too() -> None:
    both = {
        "all_of": [{"recognition": "reached"}, {"measure": "pm25", "change": True, "below": "7"}]
    }
    rule = {"kind": "exemption", "rules": ["1"], "when": both}
    assert asked(rule) == [("recognition", "reached"), ("measurement", "pm25")]


def test_a_target_is_asked_for_where_another_document_sets_it() -> None:
    rule = {"kind": "per_step", "measure": "done", "each": "0.1", "against": "target:later"}
    assert asked(rule) == [("measurement", "done"), ("target", "later")]
    rule["against"] = "target:known"
    assert asked(rule) == [("measurement", "done")]


def test_a_person_is_asked_for_an_amount_and_for_what_raises_the_question() -> None:
    rule = {"kind": "discretionary", "most": "2", "asked": "accident"}
    assert asked(rule) == [("finding", "accident"), ("decision", "1#1")]
    programme = a_programme(item("1", clause("1", rules=[rule])))
    [_, decision] = asks(programme, programme.clauses["1"][2])
    assert (decision.most, decision.gain) == ("2", False)


def test_duties_ask_for_their_dates_targets_and_activities() -> None:
    duties = [
        {"kind": "milestone", "id": "done", "external": "另行通知"},
        {
            "kind": "milestone",
            "id": "s1",
            "on": "2021-09-30",
            "need": {"of": "later", "share": "1"},
        },
        {
            "kind": "milestone",
            "id": "calls",
            "on": "2021-12-31",
            "need": {"of": "known", "scaled": {"zone": "0.5"}},
        },
        {"kind": "gap", "id": "pause", "activity": "login", "within": {"n": 1, "unit": "week"}},
    ]
    assert asked(duties=duties) == [
        ("external_date", "done"), ("target", "later"), ("recognition", "zone"),
        ("activity", "login"),
    ]  # fmt: skip


def test_what_a_rule_tells_apart_comes_with_the_question() -> None:
    rules = [
        {"kind": "per_incident", "finding": "case", "classes": {"criminal": "0.2", "held": "0.1"}},
        {"kind": "rank", "rank": "place", "worst_gets": "60%"},
        {"kind": "tiered", "measure": "grade", "tiers": [{"grade": "A", "get": "all"}]},
        {"kind": "per_step", "measure": "trend", "each": "0.1", "against": "baseline"},
    ]
    programme = a_programme(item("1", clause("1", rules=rules)))
    found = {one.key: one for one in asks(programme, programme.clauses["1"][2])}
    assert found["case"].classes == ("criminal", "held")
    assert found["place"].parts == {"peers"}
    assert found["grade"].grades == ("A",)
    assert found["trend"].parts == {"baseline"}


@pytest.mark.parametrize("slug", ["zhongfang-2021", "xx-2020"])
def test_only_clauses_that_change_others_ask_for_nothing(slug: str) -> None:
    programme = shipped(slug)
    silent = [
        body for _, _, body in programme.clauses.values()
        if not asks(programme, body) and not body.duties
    ]  # fmt: skip
    assert [
        body.id for body in silent
        if not all(isinstance(rule, Relation | DutyOnly) for rule in body.rules)
    ] == []  # fmt: skip


@pytest.mark.parametrize("slug", ["zhongfang-2021", "xx-2020"])
def test_every_key_of_the_shipped_programmes_is_asked_for_by_a_clause(slug: str) -> None:
    programme = shipped(slug)
    kinds: tuple[AskKind, ...] = ("finding", "measurement", "rank", "recognition")
    asked_for = {
        (one.kind, one.key) for _, _, body in programme.clauses.values()
        for one in asks(programme, body)
    }  # fmt: skip
    for kind in kinds:
        missing = {key for key in named(programme, kind) if (kind, key) not in asked_for}
        others = {key for found, key in asked_for if found in ("finding", "recognition")}
        assert missing <= others, kind


def shipped(slug: str) -> Programme:
    return yamlform.load(path_of(slug))
