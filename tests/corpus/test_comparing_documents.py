"""The comparison of whole documents: one row for each entry, and nothing but differences told."""

from __future__ import annotations

from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest

from tests.corpus.comparing import expected_clauses, table
from tests.corpus.comparing_documents import compare_document


def expected() -> dict[str, Any]:
    row = {"id": "7", "section": "1", "points": "2", "deadline": "2021-12-31"}
    return {
        "title": "一份清单",
        "points": "4",
        "sections": [{"id": "1", "title": "水", "points": "4"}],
        "sums": [{"of": "1", "points": "4", "parts": ["2", "2"]}],
        "items": [
            {**row, "row": 3, "responsible_units": ["甲局"], "clauses": ["7.1"]},
            {**row, "row": 4, "responsible_units": ["乙局", "丙局"], "clauses": ["7.2", "7.3"]},
        ],
        "parts": [{"id": "B", "clauses": ["B", "B.1"]}],
        "clause_points": {"7.2": "0.5"},
        "targets": [
            {"table": "附表1", "subject": "甲县", "name": ["特护期"], "value": "42", "unit": "天"}
        ],
    }


def answer() -> dict[str, Any]:
    """What a perfect reader prints for it; the second row first, a number spelt otherwise."""
    found = deepcopy(expected())
    for item in found["items"]:
        item["clauses"] = [{"id": key, "points": "0.50"} for key in item["clauses"]]
    found["items"].reverse()
    found["items"].append({"id": "B", "clauses": [{"id": "B"}]})
    found["items"].append({"id": "B.1", "clauses": [{"id": "B.1"}]})
    found["title"], found["points"] = "一份 清单", "4.0"
    found["targets"][0]["name"] = "某浓度特护期目标"
    found["checks"] = [{"what": "items of section 1 add up to 4", "ok": True}]
    return found


def test_a_perfect_answer_has_no_differences() -> None:
    figures = compare_document(expected(), answer(), rows=True)
    assert figures.differences == ()
    assert (figures.rows, figures.rows_right) == (2, 2)


def test_rows_are_matched_by_their_clauses_so_that_units_are_compared_with_their_own() -> None:
    found = answer()
    found["items"][0]["responsible_units"] = ["乙局"]
    figures = compare_document(expected(), found)
    assert figures.rows_right == 1
    assert [line.split(":")[0] for line in figures.differences] == ["item 7 (7.2 7.3)"]


@pytest.mark.parametrize(
    ("at", "wrong"),
    [
        (("sections", 0, "points"), "5"),
        (("items", 1, "deadline"), None),
        (("items", 1, "row"), 9),
        (("items", 0, "clauses", 0, "points"), "1"),
        (("items", 2, "clauses"), []),
        (("targets", 0, "name"), "全年目标"),
        (("checks", 0, "ok"), False),
        (("checks",), []),
        (("points",), "100"),
    ],
)
def test_one_wrong_part_is_one_difference(at: tuple[Any, ...], wrong: Any) -> None:
    found = answer()
    place: Any = found
    for step in at[:-1]:
        place = place[step]
    place[at[-1]] = wrong
    assert len(compare_document(expected(), found, rows=True).differences) == 1


def test_a_row_that_is_missing_and_one_that_is_invented_are_both_told() -> None:
    found = answer()
    found["items"][0]["id"] = "8"
    lines = compare_document(expected(), found).differences
    assert [line.split(": ")[1].split(",")[0] for line in lines] == [
        "not in the answer",
        "invented",
    ]


def test_the_county_table_agrees_with_itself() -> None:
    """Every clause of its rows has expectations, and the sums hold."""
    county = table("county_2021_items.yaml")
    ids = [key for row in (*county["items"], *county["parts"]) for key in row["clauses"]]
    assert sorted(ids) == sorted(expected_clauses("county_2021.yaml"))
    assert len(ids) == len(set(ids))
    assert set(county["clause_points"]) <= set(ids)
    for each in county["sums"]:
        assert sum(map(Decimal, each["parts"])) == Decimal(each["points"])
    worth = {(row["section"], row["id"]): Decimal(row["points"]) for row in county["items"]}
    worth["2", "20"] = sum(Decimal(row["points"]) for row in county["items"] if row["id"] == "20")
    for section in county["sections"]:
        parts = [points for (of, _), points in worth.items() if of == section["id"]]
        assert sum(parts) == Decimal(section["points"])
    assert len(worth) == 39
