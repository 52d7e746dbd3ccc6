"""The hand-written tables of the district list agree with each other and with its print."""

from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from tests.corpus.comparing import expected_clauses, table

CHECKOUT = Path(__file__).parents[2]
DISTRICT = CHECKOUT.parent / "shared" / "seeds" / "000_90d5fdf41017c01e.txt"

CLAUSES = expected_clauses("district_2020.yaml")
LIST = table("district_2020_items.yaml")


def test_every_clause_of_the_table_of_items_has_its_expectation_and_the_reverse() -> None:
    printed = [clause for item in LIST["items"] for clause in item["clauses"]]
    assert printed == list(CLAUSES)


def test_items_add_up_to_their_sections_and_sections_to_the_whole() -> None:
    worth = {item["id"]: item for item in LIST["items"]}
    for section in LIST["sections"]:
        if section["points"] is None:
            continue
        items = [item for item in worth.values() if item["section"] == section["id"]]
        assert sum(Decimal(item["points"]) for item in items) == Decimal(section["points"])
    whole = sum(Decimal(each["points"]) for each in LIST["sections"] if each["points"])
    assert whole == Decimal(LIST["points"])


def test_items_run_in_order_and_keep_their_points_in_every_row() -> None:
    for section in LIST["sections"]:
        ids = [item["id"] for item in LIST["items"] if item["section"] == section["id"]]
        numbers = list(dict.fromkeys(int(each.rsplit(".", 1)[1]) for each in ids))
        assert numbers == list(range(1, len(numbers) + 1))
    points = {(item["id"], item["points"]) for item in LIST["items"]}
    assert len(points) == len({each for each, _ in points})


def test_an_award_for_the_whole_of_a_clause_is_the_worth_printed_at_it() -> None:
    worth = {c: p for item in LIST["items"] for c, p in item["clauses"].items() if p}
    for key, clause in CLAUSES.items():
        awards = [r.award for r in clause.rules if r.kind == "all_or_nothing" and r.award]
        whole = [Decimal(str(each)) for each in awards if not str(each).endswith("%")]
        if whole and key in worth:
            assert sum(whole) == Decimal(worth[key]), key


@pytest.mark.skipif(not DISTRICT.exists(), reason=f"the document is not here: {DISTRICT.name}")
def test_every_slip_stands_in_the_print_as_often_as_in_the_table() -> None:
    print_ = DISTRICT.read_text("utf-8")
    slips = Counter(slip["text"] for slip in LIST["dirt"])
    assert {text: print_.count(text) for text in slips} == dict(slips)
    assert [each["text"] for each in LIST["doubtful"] if each["text"] not in print_] == []


@pytest.mark.skipif(not DISTRICT.exists(), reason=f"the document is not here: {DISTRICT.name}")
def test_every_unit_of_the_table_is_printed_in_the_document() -> None:
    print_ = DISTRICT.read_text("utf-8").replace("风景 名胜", "风景名胜")
    units = {u for item in LIST["items"] for u in item["lead_units"] + item["responsible_units"]}
    assert sorted(each for each in units if each not in print_) == []
