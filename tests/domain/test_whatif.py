"""What another date, number, reading or rule would change, before anything is saved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

import pytest

from schedules.workdays import china
from tests.builders import (
    a_case_item,
    a_monthly_item,
    a_programme,
    a_report,
    an_acceptance,
    at,
    clause,
    item,
    住建局,
    生态分局,
)
from tracker.domain import facts as f
from tracker.domain.comparison import compare
from tracker.domain.errors import DefinitionError, NotFound, Refused
from tracker.domain.programme import Programme
from tracker.domain.scoring import Context, score
from tracker.domain.whatif import Altered, Chosen, Done, Extended, Moved, Supposed, WhatIf, what_if

CONTEXT = Context(china())
NOW = at("2021-10-18 08:00")


def stages(**parts: object) -> dict[str, object]:
    """4 of 5 projects by 22 October, 0.5 for each that is missing."""
    duty = {
        "kind": "milestone", "id": "s1", "on": "2021-10-22",
        "need": {"of": "projects", "share": "0.8"},
    }  # fmt: skip
    rule = {"kind": "per_missing", "duty": "s1", "each": "0.5"}
    return clause("4", duties=[duty], rules=[rule], **parts)


def the_programme() -> Programme:
    return a_programme(
        item(due_on="2021-09-30", responsible=[住建局, 生态分局]),
        a_monthly_item(),
        item("4", stages(), points="3"),
        targets=[{"id": "projects", "name": "项目", "value": "9"}],
        readings=[
            {
                "id": "round", "clause": "4", "question": "几个？", "default": "up",
                "alternatives": [
                    {"id": "up", "says": "进一"},
                    {"id": "down", "says": "舍去", "set": {"4/s1.need.rounding": "down"}},
                ],
            }
        ],
    )  # fmt: skip


def supposing(
    *supposed: Supposed,
    programme: Programme | None = None,
    facts: Sequence[f.AnyFact] = (),
    as_of: datetime = NOW,
    until: str = "2021-10-23",
) -> WhatIf:
    return what_if(
        programme or the_programme(), CONTEXT, facts, supposed,
        as_of=as_of, known_at=as_of, until=at(until),
    )  # fmt: skip


def test_a_date_moved_changes_the_lateness_of_those_who_owe_it() -> None:
    found = supposing(Moved(f"1/done/{住建局}", date(2021, 10, 15)))
    # Joined, the other unit's 18 started days still count: the charge is that of the last.
    assert found.now.same
    found = supposing(Moved("1", date(2021, 10, 15)))
    assert (found.now.before.lost, found.now.after.lost) == (27_000, 12_000)
    assert [(one.id, one.change) for one in found.now.units] == [
        (生态分局, 15_000), (住建局, 15_000),
    ]  # fmt: skip
    assert {one.key for one in found.dates} == {f"1/done/{unit}" for unit in (住建局, 生态分局)}


def test_a_number_done_counts_from_the_stage_on() -> None:
    found = supposing(Done(f"4/s1/{住建局}", count=Decimal(6)))
    assert found.now.same
    # 9 x 80 % = 7.2 asks for 8: nothing done loses the item's 3 points, six of eight 2 x 0.5.
    assert [(one.id, one.before, one.after) for one in found.later.items] == [
        ("4", -30_000, -10_000)
    ]
    all_done = supposing(Done("4/s1"))
    assert [(one.id, one.after) for one in all_done.later.items] == [("4", 0)]


def test_an_extension_forgives_from_now_on_and_must_be_later() -> None:
    found = supposing(Extended("1", date(2021, 10, 25)))
    assert (found.now.before.lost, found.now.after.lost) == (27_000, 9_000)
    with pytest.raises(Refused, match="after the present date"):
        supposing(Extended("1", date(2021, 9, 1)))


def test_an_hour_clock_moves_to_an_instant() -> None:
    opened = f.CaseEvent(
        id=f.FactId("c"), case="07", kind="handed", event="opened", unit=住建局, title="件",
        occurred_at=at("2021-10-12 09:00"), recorded_at=at("2021-10-12 09:00"),
    )  # fmt: skip
    found = supposing(
        Moved(f"2/case/{住建局}/07", at("2021-10-18 09:00")),
        programme=a_programme(a_case_item()), facts=[opened], until="2021-11-10",
    )  # fmt: skip
    # 71 h over the 72 h: 0.01 and five completed blocks of 12 h.
    assert (found.now.before.lost, found.now.after.lost) == (600, 0)
    assert found.later.change == 0  # by then the case has cost its 0.30 either way


def test_another_reading_and_another_rule_are_priced_together() -> None:
    found = supposing(Chosen("round", "down"), Altered("4#1.each", "0.1"))
    assert [(one.id, one.before, one.after) for one in found.later.clauses] == [
        ("4", -30_000, -7_000)
    ]
    assert found.later.change == 23_000


def test_units_charged_together_stand_with_each_of_them() -> None:
    found = supposing(Altered("1.joins", "each"))
    assert [(one.id, one.change) for one in found.now.items] == [("1", -18_000)]
    assert found.now.units == ()  # either unit lost 1.8 before, with the other, and alone after
    assert [(one.before is None, one.points) for one in found.now.entries] == [(True, -18_000)]


def test_a_day_is_supposed_for_what_another_document_dates() -> None:
    waiting = clause(
        "5",
        duties=[{"kind": "milestone", "id": "done", "external": "另行通知"}],
        rules=[{"kind": "all_or_nothing", "duty": "done", "lose": "1"}],
    )
    programme = a_programme(item("5", waiting, points="1"))
    found = supposing(Moved("5", date(2021, 10, 10)), programme=programme)
    assert (found.now.before.worst_score, found.now.after.worst_score) == (0, 0)
    assert (found.now.before.lost, found.now.after.lost) == (0, 10_000)
    with pytest.raises(Refused, match="no date yet"):
        supposing(Extended("5", date(2021, 10, 10)), programme=programme)


def test_what_happened_later_is_no_part_of_the_past() -> None:
    later = at("2021-10-20 09:00")
    report = a_report("1", on="2021-10-20 09:00", id="r")
    facts = [report, an_acceptance("r", on="2021-10-20 10:00")]
    found = what_if(
        the_programme(), CONTEXT, facts, [Done("3")],
        as_of=NOW, known_at=later + (later - NOW), until=at("2021-10-23"),
    )  # fmt: skip
    assert found.later.before.lost == supposing(Done("3")).later.before.lost


@pytest.mark.parametrize(
    ("one", "error", "says"),
    [
        (Done("9"), NotFound, "no obligation '9'"),
        (Done("1", count=Decimal(2)), Refused, "no number"),
        (Chosen("round", "sideways"), NotFound, "up, down"),
        (Chosen("nothing", "up"), NotFound, "no reading 'nothing'"),
        (Altered("4#7.each", "1"), NotFound, "4#7.each"),
        (Altered("4#1.each", "plenty"), DefinitionError, "4#1.each"),
    ],
)
def test_what_cannot_be_supposed_is_refused_with_its_name(
    one: Supposed, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        supposing(one)


def test_a_ledger_compared_with_itself_shows_nothing() -> None:
    ledger = score(the_programme(), CONTEXT, [], as_of=NOW, known_at=NOW)
    found = compare(ledger, ledger)
    assert (found.same, found.units, found.items, found.clauses) == (True, (), (), ())
