"""The district list of 2020, flattened to one line and full of slips, against tables typed by hand.

`-rP` or `-s` prints the figures and every difference.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.corpus.comparing import (
    clauses_of,
    compare,
    expected_clauses,
    report,
    shortfalls,
    table,
)
from tests.corpus.comparing_documents import compare_document
from tracker.definitions.documents import as_json, read_document

CHECKOUT = Path(__file__).resolve().parents[2]
DISTRICT = CHECKOUT.parent / "shared" / "seeds" / "000_90d5fdf41017c01e.txt"
LIST = table("district_2020_items.yaml")
# What is reported must be quoted: more than this of the text points at nothing.
LONGEST_QUOTE = 80
FALSE_ALARMS = 3

pytestmark = pytest.mark.skipif(
    not DISTRICT.exists(), reason=f"the document is not here: {DISTRICT.name}"
)


@pytest.fixture(scope="module")
def answer() -> dict[str, Any]:
    return as_json(read_document(DISTRICT, year=None))


def plain(text: str) -> str:
    """Without spaces and widths, so that a quote is found in the print however it is spaced."""
    return re.sub(r"\s", "", text).translate(str.maketrans("（），；：", "(),;:"))


def test_sections_items_units_and_points_are_found_again_in_the_flattened_line(
    answer: dict[str, Any],
) -> None:
    figures = compare_document(LIST, answer)
    print(f"{figures.rows_right} of {figures.rows} rows right", *figures.differences, sep="\n- ")
    assert figures.differences == ()


def test_every_clause_is_found_once_and_in_the_order_of_the_print(answer: dict[str, Any]) -> None:
    printed = [clause for item in LIST["items"] for clause in item["clauses"]]
    assert list(clauses_of(answer)) == printed


def test_sums_that_add_up_are_said_to_add_up(answer: dict[str, Any]) -> None:
    assert len(answer["checks"]) >= 4
    assert [check["what"] for check in answer["checks"] if not check["ok"]] == []


def test_sanctions_of_the_district_list_reach_the_promised_figures(answer: dict[str, Any]) -> None:
    figures = compare(expected_clauses("district_2020.yaml"), clauses_of(answer))
    print(report("district list", figures))
    assert shortfalls(figures) == []


# -- what is wrong with the print ----------------------------------------------------------------


def spans(part: str, whole: str) -> Iterator[range]:
    return (range(m.start(), m.end()) for m in re.finditer(re.escape(part), whole))


def told(slip: Mapping[str, str], dirt: list[str], print_: str) -> bool:
    """Whether one of the quotes stands, in the print, where the slip stands."""
    places = list(spans(plain(slip["text"]), print_))
    return any(
        place.start < quote.stop and quote.start < place.stop
        for entry in dirt
        for quote in spans(entry, print_)
        for place in places
    )


def quotes(answer: Mapping[str, Any]) -> list[str]:
    texts = [plain(entry["text"]) for entry in answer["dirt"]]
    return [text for text in texts if 0 < len(text) <= LONGEST_QUOTE]


def test_every_slip_and_the_stray_message_are_reported_with_place_and_problem(
    answer: dict[str, Any],
) -> None:
    print_ = plain(DISTRICT.read_text("utf-8"))
    unsaid = [slip for slip in LIST["dirt"] if not told(slip, quotes(answer), print_)]
    assert [(slip["at"], slip["text"]) for slip in unsaid] == []
    assert [entry for entry in answer["dirt"] if not entry["place"] or not entry["problem"]] == []


def test_nothing_clean_is_called_dirt(answer: dict[str, Any]) -> None:
    print_ = plain(DISTRICT.read_text("utf-8"))
    known = [*LIST["dirt"], *LIST["doubtful"]]
    alarms = [
        entry
        for entry in answer["dirt"]
        if not any(told(slip, [plain(entry["text"])], print_) for slip in known)
    ]
    print("\n".join(f"{each['place']}: {each['text']} ({each['problem']})" for each in alarms))
    assert len(alarms) <= FALSE_ALARMS
