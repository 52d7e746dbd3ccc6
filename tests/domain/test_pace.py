"""序时进度: what was due and done by each week, what it had cost; the last step is the ledger's."""

from __future__ import annotations

from schedules.workdays import china
from tests.builders import a_programme, a_report, an_acceptance, at, item, 住建局
from tracker.domain import facts as f
from tracker.domain.ledger import Ledger
from tracker.domain.pace import Step, pace
from tracker.domain.scoring import Context, score

PROGRAMME = a_programme(item("1", due_on="2021-03-31"), item("2", due_on="2021-06-30"))
HANDED_IN = (
    a_report("1", on="2021-04-02 10:00", id="r1"),
    an_acceptance("r1", on="2021-04-06 09:00", id="v1"),
)


def ledger(as_of: str, *facts: f.AnyFact) -> Ledger:
    return score(PROGRAMME, Context(china()), facts, as_of=at(as_of), known_at=at(as_of))


def on(steps: tuple[Step, ...], day: str) -> Step:
    return next(one for one in steps if one.on.isoformat() == day)


def test_what_is_due_and_done_is_counted_at_the_end_of_each_week() -> None:
    drawn = pace(ledger("2021-07-05 08:00", *HANDED_IN))
    assert [(one.due, one.done) for one in (on(drawn.steps, "2021-03-25"),
            on(drawn.steps, "2021-04-01"), on(drawn.steps, "2021-04-08"),
            drawn.steps[-1])] == [(0, 0), (1, 0), (1, 1), (2, 1)]  # fmt: skip
    assert drawn.behind == 1
    assert drawn.total == 2


def off_the_list(ending: type[f.Waiver | f.CloseOut], on: str) -> f.AnyFact:
    return ending(clause="2", unit=住建局, occurred_at=at(on), recorded_at=at(on), reason="不涉及")


def test_what_was_taken_off_the_list_is_done_from_that_day_on_and_not_from_now() -> None:
    drawn = pace(ledger("2021-07-05 08:00", off_the_list(f.CloseOut, "2021-02-01 09:00")))
    assert on(drawn.steps, "2021-01-28").done == 0
    assert {one.done for one in drawn.steps if one.on.isoformat() > "2021-02-01"} == {1}


def test_what_is_waived_is_neither_owed_nor_done() -> None:
    drawn = pace(ledger("2021-07-05 08:00", off_the_list(f.Waiver, "2021-02-01 09:00")))
    last = drawn.steps[-1]
    assert (last.due, last.done, drawn.total, drawn.waived) == (1, 0, 1, 1)


def test_the_last_step_is_the_ledger_s_own_loss() -> None:
    told = ledger("2021-07-05 08:00", *HANDED_IN)
    drawn = pace(told)
    assert drawn.steps[-1].lost == told.lost > 0
    assert on(drawn.steps, "2021-03-25").lost == 0
    assert all(a.lost <= b.lost for a, b in zip(drawn.steps, drawn.steps[1:], strict=False))


def test_the_course_of_what_is_due_goes_on_to_the_cut_off() -> None:
    drawn = pace(ledger("2021-02-01"))
    assert drawn.ahead[-1].on == PROGRAMME.closes_on
    assert drawn.ahead[-1].due == drawn.total
    over = pace(ledger("2022-03-01"))
    assert over.steps[-1].due == 2
    assert over.steps[-1].at == at("2022-03-01")
