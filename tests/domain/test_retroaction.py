"""A later result takes back what was charged: the score without it, as it stands, and with it."""

from __future__ import annotations

from schedules.workdays import china
from tests.builders import a_programme, at, clause, item
from tracker.domain import facts as f
from tracker.domain.programme import Programme
from tracker.domain.record import record
from tracker.domain.retroaction import Retroactive, retroaction
from tracker.domain.scoring import Context, score_filed

CONTEXT = Context(china())
CLOSES = at("2021-12-31 24:00")


def the_programme() -> Programme:
    """0.5 for each month above its limit; none of it where the annual mean is at most 35."""
    monthly = {"kind": "per_incident", "finding": "month_over", "each": "0.5"}
    annual = {"kind": "exemption", "rules": ["1"], "when": {"measure": "mean", "at_most": "35"}}
    return a_programme(item("1", clause("1", rules=[monthly]), clause("1.2", rules=[annual])))


def month_over(count: int = 2) -> f.Finding:
    when = at("2021-08-31 10:00")
    return f.Finding(id=f.FactId("m"), finding="month_over", count=count, occurred_at=when,
                     recorded_at=when)  # fmt: skip


def mean(value: str, on: str = "2022-01-05 10:00") -> f.Measurement:
    return f.Measurement(id=f.FactId("a"), measure="mean", value=value, occurred_at=at(on),
                         recorded_at=at(on))  # type: ignore[arg-type]  # fmt: skip


def looked_at(as_of: str, *facts: f.AnyFact) -> Retroactive | None:
    filed = record(facts, as_of=at(as_of), known_at=at(as_of))
    ledger = score_filed(the_programme(), CONTEXT, filed)
    return retroaction(the_programme(), CONTEXT, filed, ledger, settles_at=CLOSES)


def test_until_the_result_is_known_the_score_is_provisional() -> None:
    found = looked_at("2021-10-18", month_over())
    assert found is not None
    assert (found.provisional, found.standing, found.reached) == (40_000, 40_000, 50_000)
    assert not found.final
    [one] = found.rules
    assert (one.rule, one.applies, one.takes_back) == ("1.2#1", False, 10_000)
    [entry] = found.entries
    assert (entry.entry, entry.provisional, entry.standing, entry.reached) == (
        "1#1/m", -10_000, -10_000, 0,
    )  # fmt: skip


def test_the_result_takes_back_what_was_charged_and_both_scores_stay_visible() -> None:
    found = looked_at("2022-01-10", month_over(), mean("34.9"))
    assert found is not None
    assert (found.provisional, found.standing, found.final) == (40_000, 50_000, True)
    assert [(one.provisional, one.standing) for one in found.entries] == [(-10_000, 0)]
    assert found.rules[0].applies


def test_a_result_that_is_missed_leaves_it_as_it_was() -> None:
    found = looked_at("2022-01-10", month_over(), mean("35.1"))
    assert found is not None
    assert (found.provisional, found.standing, found.reached) == (40_000, 40_000, 50_000)


def test_what_asks_for_the_same_result_turns_with_it() -> None:
    """County 5.1: the first three pay only for what goes beyond 3 %, the others for all of it."""
    worse = {"kind": "per_step", "measure": "worse", "each": "0.2", "against": "0",
             "direction": "above"}  # fmt: skip
    top3 = {"recognition": "top3"}
    rules = [worse, {"kind": "exemption", "rules": ["1#1"], "when": top3},
             {**worse, "free": "3", "when": top3}]  # fmt: skip
    programme = a_programme(item("1", clause("1", rules=rules)))
    when = at("2022-01-05 10:00")
    value = f.Measurement(id=f.FactId("w"), measure="worse", value="5.6", occurred_at=when,
                          recorded_at=when)  # type: ignore[arg-type]  # fmt: skip
    recognised = f.Recognition(id=f.FactId("t"), recognition="top3", occurred_at=when,
                               recorded_at=when)  # fmt: skip
    filed = record([value, recognised], as_of=when, known_at=when)
    ledger = score_filed(programme, CONTEXT, filed)
    found = retroaction(programme, CONTEXT, filed, ledger, settles_at=CLOSES)
    assert found is not None
    assert (found.provisional, found.standing, found.reached) == (40_000, 46_000, 46_000)
    assert [(one.rule, one.takes_back) for one in found.rules] == [("1#2", 6_000)]


def test_where_nothing_was_charged_there_is_nothing_to_take_back() -> None:
    assert looked_at("2021-10-18") is None
