"""What facts did to the score, from the items that they reach alone, is what all items say."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from schedules.workdays import china
from tests.domain.small import BRANCH, CONTEXT, HOUSING, History, a_programme, at, clause
from tracker.definitions import yamlform
from tracker.demo.courses import course_of, facts_of
from tracker.domain import facts as f
from tracker.domain.moved import Moved, moved, reached
from tracker.domain.programme import Programme
from tracker.domain.readings import as_read
from tracker.domain.record import record
from tracker.domain.scoring import Context, score_filed
from tracker.programmes import path_of

SHIPPED = ("zhongfang-2021", "xx-2020")
LOOKS = 25


def told(
    programme: Programme, context: Context, old: list[f.AnyFact], new: list[f.AnyFact],
    *, as_of: object,
) -> Moved:  # fmt: skip
    """Compared with the whole: the items that were not reached stand as they stood."""
    clock = {"as_of": as_of, "known_at": as_of}
    before, after = record(old, **clock), record([*old, *new], **clock)  # type: ignore[arg-type]
    known = {one.id: one for one in (*old, *new)}
    items = reached(as_read(programme, after)[1], new, known)
    found = moved(programme, context, before=before, after=after, items=items)
    was, is_ = (score_filed(programme, context, filed) for filed in (before, after))
    assert found.by == is_.score - was.score
    if items is not None:
        left_alone = [[e for e in one.entries if e.item not in items] for one in (was, is_)]
        assert left_alone[0] == left_alone[1]
    return found


@pytest.mark.parametrize("slug", SHIPPED)
def test_a_few_facts_of_a_played_year_move_the_score_by_what_their_items_say(slug: str) -> None:
    programme = yamlform.load(path_of(slug))
    facts = facts_of(course_of(slug), programme, china())
    end = max(one.recorded_at for one in facts) - timedelta(days=40)
    lot = random.Random(slug)
    lot.shuffle(facts)
    some = 0
    for _ in range(LOOKS):
        cut = lot.randrange(len(facts) - 3)
        many = lot.randrange(1, 4)
        found = told(
            programme, Context(china()), facts[:cut], facts[cut : cut + many], as_of=end
        )  # fmt: skip
        some += found.items is not None and len(found.items) < len(programme.numbered)
    assert some > LOOKS // 2


def each_reports_monthly(**parts: object) -> Programme:
    duty = {"kind": "recurring", "id": "m", "freq": "monthly", "due_day": 10, "due_offset": 1}
    one = clause(joins="each", duties=[duty], **parts)
    return a_programme(one, worth="20", item={"responsible_units": [BRANCH, HOUSING]})


LATE_BY_THE_DAY = [
    {"kind": "lateness", "duty": "m", "every": {"n": 1, "unit": "day"}, "each": "0.1"}
]
ABOUT = {"clause": "1", "duty": "m", "occurrence": "2021-01"}


def test_a_report_then_its_return_then_the_next_report_each_move_the_score() -> None:
    programme = each_reports_monthly(rules=LATE_BY_THE_DAY)
    history = History()
    first = history.report("2021-02-08 09:00", **ABOUT)
    history.sent_back(first, "2021-02-20 09:00")
    second = history.report("2021-02-22 09:00", **ABOUT)
    history.accept(second, "2021-02-23 09:00")
    end = at("2021-04-01")
    by = [
        int(told(programme, CONTEXT, history.facts[:n], [history.facts[n]], as_of=end).by)
        for n in range(len(history.facts))
    ]
    assert [(one > 0) - (one < 0) for one in by] == [1, -1, 1, 0]


def test_a_fact_that_replaces_another_moves_what_both_are_about() -> None:
    programme = each_reports_monthly(rules=LATE_BY_THE_DAY)
    history = History()
    wrong = history.report("2021-02-08 09:00", **ABOUT)
    history.report("2021-02-15 09:00", supersedes=wrong, **ABOUT)
    old, new = history.facts[:1], history.facts[1:]
    assert told(programme, CONTEXT, old, new, as_of=at("2021-04-01")).by < 0


def test_what_is_known_later_or_happens_later_moves_nothing_yet() -> None:
    programme = each_reports_monthly(rules=LATE_BY_THE_DAY)
    history = History()
    history.report("2021-02-08 09:00", recorded="2021-05-01", **ABOUT)
    history.report("2021-04-08 09:00", **ABOUT)
    assert told(programme, CONTEXT, [], history.facts, as_of=at("2021-04-01")).by == 0
