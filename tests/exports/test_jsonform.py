from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction

import jsonschema

from tracker.domain.points import Units
from tracker.domain.rules.base import step
from tracker.exports import jsonform
from tracker.exports.jsonform import Amount, Arithmetic


@dataclass(frozen=True)
class Thing:
    points: Amount
    steps: Arithmetic
    at: datetime


THING = Thing(
    Units(-833),
    (step("rounded", exact=Fraction(1, 12), points=Fraction("0.0833"), n=3),),
    datetime(2021, 10, 18, tzinfo=UTC),
)


def test_points_and_arithmetic_are_exact_text_in_json() -> None:
    assert jsonform.body(Thing, THING) == {
        "points": "-0.0833",
        "steps": [{"code": "rounded", "values": {"exact": "1/12", "points": "0.0833", "n": 3}}],
        "at": "2021-10-18T00:00:00Z",
    }


def test_the_body_is_what_its_schema_says() -> None:
    jsonschema.validate(jsonform.body(Thing, THING), jsonform.schema(Thing))


def test_whole_points_are_not_written_with_an_exponent() -> None:
    hundred = Thing(Units(1_000_000), (), THING.at)
    assert jsonform.body(Thing, hundred)["points"] == "100"
