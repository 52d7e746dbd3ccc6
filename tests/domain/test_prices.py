"""What acting keeps is the difference of two whole scores, however it is reckoned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from tests.builders import (
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
from tests.domain.histories import Teller, Words
from tests.domain.small import CONTEXT
from tracker.definitions import yamlform
from tracker.domain import facts as f
from tracker.domain.forecast import Prices, acted
from tracker.domain.programme import Programme
from tracker.domain.scoring import score
from tracker.programmes import path_of

UNITS = [f"u{n}" for n in range(7)]
AHEAD = timedelta(days=45)


def prices_of(programme: Programme, facts: Sequence[f.AnyFact], as_of: datetime) -> Prices:
    now = score(programme, CONTEXT, facts, as_of=as_of, known_at=as_of)
    return Prices(programme, CONTEXT, facts, now, until=as_of + AHEAD)


def one_by_one(
    programme: Programme, facts: Sequence[f.AnyFact], as_of: datetime, prices: Prices
) -> dict[str, tuple[int, int, int]]:
    """Lost by now, if nothing happens, if it is done: each candidate's item scored anew."""
    until = as_of + AHEAD
    known = [fact for fact in facts if fact.occurred_at <= as_of]
    now = score(programme, CONTEXT, known, as_of=as_of, known_at=as_of)
    later = score(programme, CONTEXT, known, as_of=until, known_at=as_of)
    found = {}
    for key, one in prices.candidates.items():
        name = one.obligation.item
        done = score(
            programme, CONTEXT, [*known, *acted(one.obligation, as_of, as_of)], as_of=until,
            known_at=as_of, only_items=frozenset({name}),
        )  # fmt: skip
        three = (
            now.lost_by(lambda e, key=key: e.obligation == key),  # type: ignore[misc]
            later.lost_by(lambda e, name=name: e.item == name),  # type: ignore[misc]
            done.lost_by(lambda e, name=name: e.item == name),  # type: ignore[misc]
        )
        if three[1] > three[2]:
            found[key] = three
    return found


def found_by(prices: Prices) -> dict[str, tuple[int, int, int]]:
    told = prices.savings(list(prices.candidates))
    return {key: (one.lost_now, one.lost_if_nothing, one.lost_if_done) for key, one in told.items()}


def each(**parts: Any) -> Any:
    duty = {"kind": "milestone", "id": "done", "on": "2021-09-30"}
    rule = {"kind": "lateness", "duty": "done", "each": "0.1", "every": {"n": 1, "unit": "day"}}
    return clause("1", duties=[duty], rules=[rule], **parts)


@pytest.mark.parametrize("joins", ["each", "all", "any", "lead"])
@pytest.mark.parametrize("reported", [0, 1, 6])
def test_units_that_stand_alike_have_one_price(joins: str, reported: int) -> None:
    programme = a_programme(
        item("1", each(joins=joins), points="5", responsible=UNITS, lead=UNITS[0]),
        a_monthly_item(),
        units=[{"id": name, "name": name} for name in (*UNITS, 县委组织部, 市生态环境局, 住建局)],
    )
    facts: list[f.AnyFact] = []
    for name in UNITS[:reported]:
        report = a_report(on="2021-10-02 08:00", unit=name, duty="done", id=f"r-{name}")
        facts += [report, an_acceptance(report.id, on="2021-10-03 08:00", id=f"a-{name}")]
    as_of = at("2021-10-18 08:00")
    prices = prices_of(programme, facts, as_of)
    assert found_by(prices) == one_by_one(programme, facts, as_of, prices)


@pytest.mark.parametrize("slug", ["zhongfang-2021", "xx-2020"])
@pytest.mark.parametrize("seed", range(4))
def test_whatever_happened_a_price_is_what_two_scores_say(slug: str, seed: int) -> None:
    programme = yamlform.load(path_of(slug))
    facts = Teller(Words(programme), Random(seed)).tell(20 * seed)
    as_of = at(f"{programme.year}-12-{10 + 5 * seed} 08:00")
    known = [fact for fact in facts if fact.recorded_at <= as_of]
    prices = prices_of(programme, known, as_of)
    assert prices.candidates
    assert found_by(prices) == one_by_one(programme, known, as_of, prices)
