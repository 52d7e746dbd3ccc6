"""An item's loss is its lead unit's to answer for; the units that caused it have their part."""

from __future__ import annotations

from schedules.workdays import china
from tests.builders import a_programme, a_report, at, clause, item, 住建局, 县委组织部, 生态分局
from tracker.domain import facts as f
from tracker.domain.attribution import item_losses, undivided, unit_losses
from tracker.domain.ledger import Ledger
from tracker.domain.programme import Programme
from tracker.domain.scoring import Context, score

NOW = at("2021-10-04 08:00")
TWO = (住建局, 生态分局)


def scored(programme: Programme, *facts: f.AnyFact) -> Ledger:
    return score(programme, Context(china()), facts, as_of=NOW, known_at=NOW)


def test_joint_losses_stand_with_each_and_only_what_is_alone_adds_up() -> None:
    programme = a_programme(item("1", due_on="2021-09-30", responsible=TWO), item("2"))
    ledger = scored(programme)
    [first, second] = item_losses(ledger)
    assert (first.item, first.lead_units, first.lost) == ("1", (县委组织部,), 4_000)
    assert [(one.unit, one.alone, one.joint) for one in first.causes] == [
        (生态分局, 0, 4_000), (住建局, 0, 4_000),
    ]  # fmt: skip
    assert [(one.unit, one.alone, one.joint) for one in second.causes] == [(住建局, 4_000, 0)]
    assert {one.unit: (one.alone, one.joint, one.led) for one in unit_losses(ledger)} == {
        住建局: (4_000, 4_000, 0),
        生态分局: (0, 4_000, 0),
        县委组织部: (0, 0, 8_000),
    }


def test_who_handed_in_did_not_cause_it() -> None:
    programme = a_programme(item("1", due_on="2021-09-30", responsible=TWO))
    [one] = item_losses(scored(programme, a_report("1", on="2021-09-29", unit=住建局, id="r")))
    assert [(cause.unit, cause.alone) for cause in one.causes] == [(生态分局, 4_000)]


def test_each_by_itself_is_charged_by_itself() -> None:
    body = item("1", due_on="2021-09-30", responsible=TWO)
    body["clauses"][0]["joins"] = "each"
    [one] = item_losses(scored(a_programme(body)))
    assert [(cause.alone, cause.joint) for cause in one.causes] == [(4_000, 0), (4_000, 0)]
    assert sum(cause.alone for cause in one.causes) == one.lost


def test_what_nobody_assigned_is_undivided() -> None:
    assigned = clause("2", owed_by=[住建局])
    programme = a_programme(
        item("1", due_on="2021-09-30", responsible=TWO), item("2", assigned, responsible=TWO)
    )
    assert [body.id for _, body in undivided(programme)] == ["1"]


def test_an_item_that_won_back_what_it_lost_lost_nothing() -> None:
    assert item_losses(scored(a_programme(item("1", due_on="2021-12-31")))) == ()
