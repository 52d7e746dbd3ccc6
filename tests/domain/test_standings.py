"""What is told from the reports alone is what the standings say."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest

from tests.domain.small import BRANCH, CONTEXT, HOUSING, a_programme, at, clause
from tracker.domain import facts as f
from tracker.domain.layout import Alike, blocks
from tracker.domain.obligations import Joined
from tracker.domain.points import ZERO
from tracker.domain.programme import Programme
from tracker.domain.record import record
from tracker.domain.scoring import score
from tracker.domain.standing import Standings

UNITS = (BRANCH, HOUSING)
MONTHLY = {"kind": "recurring", "id": "m", "freq": "monthly", "due_day": 10, "due_offset": 1}
YEARLY = {"kind": "milestone", "id": "y", "on": "2021-06-30"}
TOLD = (
    "unknown", "units", "obligation", "occurrence", "subject", "problem", "facts", "occurred_at",
    "missed", "overdue", "open", "waiting", "past", "waived", "lateness", "needed", "has",
    "had_in_time", "counted", "due_on", "unreviewed", "unreviewed_in_time",
)  # fmt: skip


def asking(joins: str) -> Programme:
    one = clause(joins=joins, duties=[MONTHLY, YEARLY])
    return a_programme(one, item={"responsible_units": [*UNITS], "lead_units": [BRANCH]})


def a_history(seed: int) -> list[f.AnyFact]:
    """Reports before, on and after the deadline, some in parts, some for all units or all periods,
    returned, accepted or waiting; now and then something that moves or closes an obligation."""
    lot = random.Random(seed)
    facts: list[f.AnyFact] = []
    for number in range(lot.randrange(4, 40)):
        when = at("2021-01-20") + timedelta(hours=lot.randrange(0, 24 * 300))
        duty = lot.choice(["m", "m", "m", "y", ""] if seed % 3 == 0 else ["m", "m", "y"])
        about: dict[str, Any] = {
            "id": f.FactId(f"f{number:03d}"), "occurred_at": when, "recorded_at": when,
            "clause": "1", "duty": duty,
            "unit": lot.choice([*UNITS, ""] if seed % 3 == 1 else UNITS),
            "occurrence": f"2021-{lot.randrange(1, 13):02d}" if duty == "m" else "",
        }  # fmt: skip
        if seed % 5 == 0 and lot.random() < 0.1:
            facts.append(lot.choice([f.Waiver, f.CloseOut, f.Suspension])(**about))
            continue
        said = {"done": True} if lot.random() < 0.8 else {"share": "0.5"}
        facts.append(f.Report(**about, **said))
        if lot.random() < 0.6:
            then = when + timedelta(hours=lot.randrange(1, 200))
            outcome = lot.choice(["accepted", "accepted", "returned"])
            facts.append(
                f.Review(id=f.FactId(f"r{number:03d}"), occurred_at=then, recorded_at=then,
                         report=about["id"], outcome=outcome, reason="材料不全")
            )  # fmt: skip
    return facts


def told(one: Joined) -> dict[str, Any]:
    return {name: getattr(one, name) for name in TOLD} | {"told": one.told()}


@pytest.mark.parametrize("joins", ["each", "all", "any", "lead"])
def test_what_may_cost_something_is_told_as_its_standings_tell_it_and_the_rest_costs_nothing(
    joins: str,
) -> None:
    programme = asking(joins)
    seen = 0
    for seed in range(60):
        now = at("2021-03-10") + timedelta(days=seed * 5)
        filed = record(a_history(seed), as_of=now, known_at=now)
        laid_out = list(blocks(programme, CONTEXT.calendar, filed))
        quick, slow = (
            Standings(laid_out, programme, filed, CONTEXT.calendar) for _ in range(2)
        )  # fmt: skip
        for duty in ("m", "y"):
            whole = {(one.obligation, one.occurrence): one for one in slow.owed("1", duty)}
            for one in quick.troubled("1", duty):
                same = whole.pop((one.obligation, one.occurrence))
                assert told(one) == told(Joined(same.standings, same.unknown))
                seen += 1
            for left in whole.values():
                assert not left.missed
                assert not left.unknown
                assert left.lateness.elapsed <= timedelta(0)
                assert not left.past or left.waived or left.had_in_time >= left.needed
    assert seen > 200


def test_a_score_makes_no_obligation_of_what_is_not_due_and_a_look_makes_them_all() -> None:
    programme = asking("each")
    early = at("2021-01-05")
    ledger = score(programme, CONTEXT, (), as_of=early, known_at=early)
    block = next(
        one.obligations
        for one in blocks(programme, CONTEXT.calendar, record((), as_of=early, known_at=early))
    )
    assert isinstance(block, Alike)
    assert ledger.lost == ZERO
    assert len(ledger.standings) == len(list(ledger.standings)) == 2 * 12 + 2
    assert [one.obligation for one in ledger.standings][:24] == list(block)
