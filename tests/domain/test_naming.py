"""A version of a programme is named by what its document says."""

from __future__ import annotations

from tests.domain.small import a_programme, clause
from tracker.domain.programme import Programme

DUTY = {"kind": "milestone", "id": "done", "on": "2021-09-30"}
FLAT = {"kind": "all_or_nothing", "duty": "done"}


class Later(Programme):
    """The programme of a later release, which knows one more field."""

    motto: str = ""


def test_a_field_that_a_later_release_knows_makes_no_other_version() -> None:
    now = a_programme(clause(duties=[DUTY], rules=[FLAT]))
    document = now.model_dump(mode="json", by_alias=True)
    assert Later.model_validate(document).hash == now.hash
    assert Later.model_validate({**document, "motto": "绿水青山"}).hash != now.hash


def test_a_default_that_is_written_out_says_nothing_new() -> None:
    plain = a_programme(clause(duties=[DUTY], rules=[FLAT]))
    told = a_programme(clause(duties=[{**DUTY, "title": ""}], rules=[{**FLAT, "late": "fails"}]))
    assert told.hash == plain.hash
    other = a_programme(clause(duties=[DUTY], rules=[{**FLAT, "late": "forgiven"}]))
    assert other.hash != plain.hash


def test_rules_of_two_kinds_that_say_the_same_are_two_rules() -> None:
    """Both name a duty and nothing else."""
    fails = a_programme(clause(duties=[DUTY], rules=[FLAT]))
    only_due = a_programme(clause(duties=[DUTY], rules=[{"kind": "duty", "duty": "done"}]))
    assert fails.hash != only_due.hash


def test_where_a_rule_stands_counts() -> None:
    rules = [FLAT, {"kind": "duty", "duty": "done"}]
    one = a_programme(clause(duties=[DUTY], rules=rules))
    other = a_programme(clause(duties=[DUTY], rules=rules[::-1]))
    assert one.hash != other.hash
