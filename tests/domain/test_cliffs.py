"""When waiting next costs more: deadlines, blocks of time, the corners of a curve, the cut-off."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from schedules.deadlines import closes_at
from schedules.workdays import china
from tests.builders import (
    SHANGHAI,
    a_case_item,
    a_monthly_item,
    a_programme,
    a_report,
    an_acceptance,
    at,
    clause,
    item,
    住建局,
    县委组织部,
    市生态环境局,
)
from tracker.definitions import yamlform
from tracker.domain import facts as f
from tracker.domain.cliffs import SECOND, Cliff, cliffs, next_of
from tracker.domain.forecast import forecast
from tracker.domain.programme import Programme
from tracker.domain.scoring import Context, score
from tracker.programmes import path_of

CONTEXT = Context(china())
CASE = f.CaseEvent(
    id=f.FactId("c"), case="07", kind="handed", event="opened", unit=住建局, title="件",
    occurred_at=at("2021-10-12 09:00"), recorded_at=at("2021-10-12 09:00"),
)  # fmt: skip


def ahead(
    programme: Programme, as_of: str, *facts: f.AnyFact, until: str = "2022-01-01 00:01"
) -> Sequence[Cliff]:
    now = score(programme, CONTEXT, facts, as_of=at(as_of), known_at=at(as_of))
    return cliffs(programme, CONTEXT, facts, now, until=at(until))


def told(found: Sequence[Cliff]) -> list[tuple[str, str, int, int, bool]]:
    return [
        (one.at.astimezone(SHANGHAI).strftime("%m-%d %H:%M"), one.kind, one.n, one.takes, one.steep)
        for one in found
    ]


def curve(**parts: object) -> Programme:
    """Half lost in proportion over thirty days, four fifths from the 31st, all at the cut-off."""
    rule = {
        "kind": "lateness", "duty": "done", "never": "all",
        "pieces": [{"until": 30, "rises_to": "50%"}, {"flat": "80%"}],
    }  # fmt: skip
    duty = {"kind": "milestone", "id": "done", "on": "2021-09-30"}
    return a_programme(item("1", clause("1", duties=[duty], rules=[rule]), **parts))


def test_from_the_thirtieth_to_the_thirty_first_day_is_named_with_its_price() -> None:
    # On 18 October it is day 18: the 19th begins at midnight, 1/30 of 2.5 points.
    assert told(ahead(curve(), "2021-10-18 08:00")) == [
        ("10-19 00:00", "day", 19, 833, False),
        ("10-31 00:00", "day", 31, 15_000, True),
        ("01-01 00:00", "never", 0, 10_000, False),
    ]


def test_before_the_deadline_the_deadline_comes_first() -> None:
    [first, *_] = told(ahead(curve(), "2021-09-20"))
    assert first == ("10-01 00:00", "day", 1, 833, False)


def test_an_hour_clock_is_charged_at_its_limit_and_at_each_block() -> None:
    programme = a_programme(a_case_item())
    before = told(ahead(programme, "2021-10-13 09:00", CASE))
    assert before == [
        ("10-15 09:00", "due", 0, 100, False),
        ("10-15 21:00", "block", 1, 100, False),
    ]
    late = told(ahead(programme, "2021-10-15 22:00", CASE))
    assert late == [("10-16 09:00", "block", 2, 100, False)]


def test_past_its_cap_waiting_costs_nothing_more() -> None:
    programme = a_programme(a_case_item())
    assert ahead(programme, "2021-12-01", CASE) == ()


def test_what_waits_for_review_or_is_done_runs_into_nothing() -> None:
    report = a_report("1", on="2021-10-10 09:00", id="r")
    assert ahead(curve(), "2021-10-18 08:00", report) == ()


def test_time_in_review_is_no_lateness_so_the_corner_comes_later() -> None:
    report = a_report("1", on="2021-10-03 00:00", id="r")
    returned = f.Review(
        id=f.FactId("v"), report=f.FactId("r"), outcome="returned", reason="缺签章",
        occurred_at=at("2021-10-13 00:00"), recorded_at=at("2021-10-13 00:00"),
    )  # fmt: skip
    found = told(ahead(curve(), "2021-10-18 08:00", report, returned))
    assert found[1] == ("11-10 00:00", "day", 31, 15_000, True)


def test_blocks_of_working_days_begin_on_working_days() -> None:
    rule = {"kind": "lateness", "duty": "done", "each": "0.1", "every": {"n": 1, "unit": "workday"}}
    duty = {"kind": "milestone", "id": "done", "on": "2021-09-30"}
    programme = a_programme(item("1", clause("1", duties=[duty], rules=[rule])))
    # 1 to 7 October are off; the 8th is the first working day late, Saturday the 9th is made up.
    found = told(ahead(programme, "2021-10-03 08:00"))
    assert [(when, takes) for when, _, _, takes, _ in found] == [
        ("10-08 00:00", 1000), ("10-09 00:00", 1000),
    ]  # fmt: skip


def test_each_period_is_its_own_cliff() -> None:
    found = ahead(a_programme(a_monthly_item()), "2021-10-18 08:00")
    assert [one.obligation[-7:] for one in found] == ["2021-10", "2021-11", "2021-12"]
    coming = next_of(found, f"3/bulletin/{住建局}/2021-11")
    assert coming is not None
    assert told([coming]) == [("11-26 00:00", "due", 0, 1000, False)]


def test_the_forecast_adds_up_by_item_and_by_unit() -> None:
    programme = a_programme(item(due_on="2021-09-30"), a_monthly_item())
    found = forecast(
        programme, CONTEXT, [], as_of=at("2021-10-18 08:00"), known_at=at("2021-10-18 08:00"),
        until=at("2021-10-23"),
    )  # fmt: skip
    assert [(one.id, one.lost_now, one.lost_if_nothing, one.lost_if_all_done)
            for one in found.items] == [
        ("1", 18_000, 22_000, 18_000), ("3", 9_000, 9_000, 9_000),
    ]  # fmt: skip
    assert sum(one.lost_if_nothing for one in found.items) == found.lost_if_nothing
    assert [(one.id, one.recoverable) for one in found.units] == [(住建局, found.recoverable)]


def test_what_two_units_keep_only_together_is_in_the_forecast_with_both() -> None:
    """One report of two units is handed in when the last has done its part."""
    shared = item("1", due_on="2021-10-20", responsible=[住建局, 县委组织部, 市生态环境局])
    programme, now = a_programme(shared), at("2021-10-18 08:00")
    done = [a_report(on="2021-10-15", id="r"), an_acceptance("r", on="2021-10-16")]
    found = forecast(
        programme, CONTEXT, done, as_of=now, known_at=now, until=at("2021-10-23"),
    )  # fmt: skip
    assert found.savings == ()
    [together] = found.joint
    assert together.units == (县委组织部, 市生态环境局)
    assert together.keeps == found.recoverable > 0


@pytest.mark.parametrize("slug", ["zhongfang-2021", "xx-2020"])
@pytest.mark.parametrize("month", [2, 6, 9, 11])
def test_the_jumps_ahead_never_take_more_than_waiting_loses(slug: str, month: int) -> None:
    """Of blocks and curves only the next step is named, so they may take less."""
    programme = yamlform.load(path_of(slug))
    as_of = at(f"{programme.year}-{month:02d}-18 08:00")
    end = closes_at(programme.closes_on, programme.tz) + SECOND
    now = score(programme, CONTEXT, [], as_of=as_of, known_at=as_of)
    later = score(programme, CONTEXT, [], as_of=end, known_at=as_of)
    found = cliffs(programme, CONTEXT, [], now, until=end)
    assert found
    assert 0 < sum(one.takes for one in found) <= later.lost - now.lost
    assert all(as_of < one.at <= end for one in found)


def test_where_the_item_has_no_more_to_lose_another_block_takes_nothing() -> None:
    """Its own charge grows, what came later is trimmed by as much: the item loses its one point."""
    old = {"kind": "milestone", "id": "old", "on": "2021-06-30"}
    new = {"kind": "milestone", "id": "new", "on": "2021-09-30"}
    blocks = {"kind": "lateness", "duty": "old", "every": {"n": 30, "unit": "day"}, "each": "0.1"}
    flat = {"kind": "lateness", "duty": "new", "base": "0.8"}
    programme = a_programme(
        item("1", clause("1.1", duties=[old], rules=[blocks]),
             clause("1.2", duties=[new], rules=[flat]), points="1"),
    )  # fmt: skip
    # On 20 September it is 82 days late; with the 90th day a third block is full.
    assert told(ahead(programme, "2021-09-20")) == [
        ("09-28 00:00", "block", 3, 1_000, False),
        ("10-01 00:00", "due", 0, 7_000, False),
    ]
    assert told(ahead(programme, "2021-10-10")) == []


def test_the_jumps_of_one_instant_are_what_the_item_loses_at_it() -> None:
    """Two deadlines of 0.8 on one day in an item of one point."""
    duty = {"kind": "milestone", "id": "done", "on": "2021-09-30"}
    rule = {"kind": "all_or_nothing", "duty": "done", "lose": "0.8"}
    both = [clause(name, duties=[duty], rules=[rule]) for name in ("1.1", "1.2")]
    found = ahead(a_programme(item("1", *both, points="1")), "2021-09-20")
    assert [(one.rule, one.takes) for one in found] == [("1.1#1", 8_000), ("1.2#1", 2_000)]
