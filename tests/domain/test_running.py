"""A score kept while facts come in is the score of all of them."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from schedules.workdays import china
from tests.domain.small import BRANCH, CONTEXT, HOUSING, History, a_programme, at, clause
from tracker.definitions import yamlform
from tracker.demo.courses import course_of, facts_of
from tracker.domain import facts as f
from tracker.domain.programme import Programme
from tracker.domain.running import Running
from tracker.domain.scoring import Context, score
from tracker.programmes import path_of

SHIPPED = ("zhongfang-2021", "xx-2020")
LOOKS = 12


@pytest.mark.parametrize("slug", SHIPPED)
@pytest.mark.parametrize("seed", [1, 2])
def test_facts_that_come_one_by_one_make_the_ledger_that_they_make_together(
    slug: str, seed: int
) -> None:
    programme = yamlform.load(path_of(slug))
    facts = facts_of(course_of(slug), programme, china())
    context = Context(china())
    end = max(one.recorded_at for one in facts) - timedelta(days=40 * seed)
    order = random.Random(seed)
    order.shuffle(facts)
    running = Running(programme, context, (), as_of=end, known_at=end)
    looks = {len(facts) * look // LOOKS for look in range(1, LOOKS + 1)}
    for number, fact in enumerate(facts, start=1):
        running.add(fact)
        if number in looks:
            whole = score(programme, context, facts[:number], as_of=end, known_at=end)
            assert running.score == whole.score
            assert running.entries == list(whole.entries)


def each_reports_monthly(**parts: object) -> Programme:
    duty = {"kind": "recurring", "id": "m", "freq": "monthly", "due_day": 10, "due_offset": 1}
    one = clause(joins="each", duties=[duty], **parts)
    return a_programme(one, worth="20", item={"responsible_units": [BRANCH, HOUSING]})


LATE_BY_THE_DAY = [
    {"kind": "lateness", "duty": "m", "every": {"n": 1, "unit": "day"}, "each": "0.1"}
]


def the_same_as_from_nothing(running: Running, programme: Programme, history: History) -> None:
    filed = running.filed
    whole = score(
        programme, CONTEXT, history.facts, as_of=filed.as_of, known_at=filed.known_at
    )  # fmt: skip
    assert running.entries == list(whole.entries)
    assert running.score == whole.score


def test_a_report_then_its_return_then_the_next_report_each_move_the_score() -> None:
    programme = each_reports_monthly(rules=LATE_BY_THE_DAY)
    history = History()
    end = at("2021-04-01")
    running = Running(programme, CONTEXT, (), as_of=end, known_at=end)
    about = {"clause": "1", "duty": "m", "occurrence": "2021-01"}
    first = history.report("2021-02-08 09:00", **about)
    history.sent_back(first, "2021-02-20 09:00")
    second = history.report("2021-02-22 09:00", **about)
    history.accept(second, "2021-02-23 09:00")
    moved = []
    for number in range(1, len(history.facts) + 1):
        moved.append(int(running.add(history.facts[number - 1]).by))
        so_far = History()
        so_far.facts = history.facts[:number]
        the_same_as_from_nothing(running, programme, so_far)
    assert [(one > 0) - (one < 0) for one in moved] == [1, -1, 1, 0]


def test_a_fact_that_replaces_another_is_scored_from_nothing_whichever_comes_first() -> None:
    programme = each_reports_monthly(rules=LATE_BY_THE_DAY)
    history = History()
    about = {"clause": "1", "duty": "m", "occurrence": "2021-01"}
    wrong = history.report("2021-02-08 09:00", **about)
    history.report("2021-02-15 09:00", supersedes=wrong, **about)
    end = at("2021-04-01")
    for facts in (history.facts, history.facts[::-1]):
        running = Running(programme, CONTEXT, (), as_of=end, known_at=end)
        for fact in facts:
            running.add(fact)
        the_same_as_from_nothing(running, programme, history)


def test_what_is_known_later_or_happens_later_does_not_count_yet() -> None:
    programme = each_reports_monthly(rules=LATE_BY_THE_DAY)
    history = History()
    about = {"clause": "1", "duty": "m", "occurrence": "2021-01"}
    history.report("2021-02-08 09:00", recorded="2021-05-01", **about)
    history.report("2021-04-08 09:00", **about)
    end = at("2021-04-01")
    running = Running(programme, CONTEXT, (), as_of=end, known_at=end)
    for fact in history.facts:
        change = running.add(fact)
        assert (change.items, change.by) == (frozenset(), 0)
    the_same_as_from_nothing(running, programme, history)


def test_a_fact_scores_the_items_again_that_it_reaches_and_no_others() -> None:
    programme = yamlform.load(path_of("xx-2020"))
    end = at("2021-01-01")
    running = Running(programme, CONTEXT, (), as_of=end, known_at=end)
    finding = next(
        rule.finding
        for _, _, rule in programme.rules()
        if rule.kind == "per_incident" and rule.finding is not None
    )
    fact = f.Finding(id=f.FactId("f-1"), finding=finding, occurred_at=end, recorded_at=end)
    items = running.add(fact).items
    assert items is None or 0 < len(items) < len(programme.numbered)
