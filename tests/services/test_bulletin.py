"""The bulletin: units ranked by a stated rule, ties stated, small units not shamed or praised."""

from __future__ import annotations

import json
from datetime import date
from fractions import Fraction
from io import BytesIO
from typing import Any, get_args

import docx
import jsonschema
import pytest

from schedules.workdays import china
from tests.builders import (
    a_case_item,
    a_programme,
    a_report,
    an_acceptance,
    at,
    item,
    住建局,
    市生态环境局,
    生态分局,
)
from tests.exports.test_pdf import text_of
from tracker.domain import facts as f
from tracker.domain.errors import Refused
from tracker.domain.programme import Programme
from tracker.exports import jsonform
from tracker.runtime import environment as compiled
from tracker.services import bulletin_files
from tracker.services.bulletin import FEWEST, WAYS, Bulletin, UnitRow, bulletin, period
from tracker.services.scoreboard import of_documents
from tracker.settings import Settings
from tracker.wording import Language

SEPTEMBER = date(2021, 9, 1), date(2021, 9, 30)


def owed(unit: str, first: int, count: int) -> list[dict[str, Any]]:
    return [
        item(str(n), due_on=f"2021-09-{n % 28 + 1:02}", responsible=[unit], points="1")
        for n in range(first, first + count)
    ]


PROGRAMME = a_programme(
    *owed(住建局, 1, 6), *owed(生态分局, 11, 6), *owed(市生态环境局, 21, 2),
    item("31", due_on="2021-10-15"),
)  # fmt: skip


def done(*numbers: int, on: str = "2021-08-30") -> list[f.AnyFact]:
    return [
        fact
        for n in numbers
        for fact in (
            a_report(str(n), id=f"r{n}", on=on, unit=next(
                one.responsible_units[0] for _, one in PROGRAMME.items() if one.id == str(n)
            )),
            an_acceptance(f"r{n}", on=on, id=f"a{n}"),
        )
    ]  # fmt: skip


def made(facts: list[f.AnyFact], **more: Any) -> Bulletin:
    seen = of_documents(PROGRAMME, facts, china(), as_of=at("2021-09-30 24:00"))
    before = of_documents(PROGRAMME, facts, china(), as_of=at("2021-08-31 24:00"))
    return bulletin(seen, before, first=SEPTEMBER[0], last=SEPTEMBER[1], **more)


def of(told: Bulletin, unit: str) -> UnitRow:
    return next(one for one in told.units if one.unit == unit)


def test_what_fell_due_in_the_month_is_counted_with_what_was_in_time() -> None:
    told = made(done(1, 2, 3, 4, 5))
    row = of(told, 住建局)
    assert (row.due, row.in_time, row.late, row.unfinished) == (6, 5, 1, 1)
    assert row.timely.as_integer_ratio() == (5, 6)
    assert sum(one.due for one in told.units) == 14


def test_what_was_due_with_the_periods_last_day_and_not_done_was_not_in_time() -> None:
    """As of that very instant it is late by no time at all."""
    last = a_programme(*(item(str(n), due_on="2021-09-30") for n in (1, 2)))
    seen = of_documents(last, done(1), china(), as_of=at("2021-09-30 24:00"))
    told = bulletin(seen, seen, first=SEPTEMBER[0], last=SEPTEMBER[1])
    [row] = told.units
    assert (row.due, row.in_time, row.late, row.unfinished) == (2, 1, 1, 1)
    said = bulletin_files.values(told, "zh", "考核办")["late"]
    assert said == ["1. 住建局：2 任务2，09-30 周四 24:00 到期，未办"]


def test_a_delay_of_less_than_a_working_day_is_told_by_the_clock_and_not_as_none() -> None:
    saturday = a_programme(item("1", due_on="2021-09-25"), a_case_item("2"))
    given = {"case": "09", "kind": "handed", "by": "office"}
    opened, closed = (
        f.CaseEvent.model_validate({**given, **parts, "occurred_at": at(on), "recorded_at": at(on)})
        for on, parts in (
            ("2021-09-01 09:00", {"event": "opened", "unit": 住建局, "title": "督办件", "id": "o"}),
            ("2021-09-04 12:00", {"event": "closed", "id": "c"}),
        )
    )
    facts = [opened, closed, *done(1, on="2021-09-26 08:00")]
    seen = of_documents(saturday, facts, china(), as_of=at("2021-09-30 24:00"))
    said = bulletin_files.values(
        bulletin(seen, seen, first=SEPTEMBER[0], last=SEPTEMBER[1]), "zh", "考核办"
    )["late"]
    assert [one.rpartition("，")[2] for one in said] == ["迟 1 个工作日办结", "迟 3 小时办结"]


def test_losses_are_those_of_the_ledger() -> None:
    told = made(done(1, 2, 11))
    seen = of_documents(PROGRAMME, done(1, 2, 11), china(), as_of=at("2021-09-30 24:00"))
    assert told.lost == seen.ledger.lost
    assert sum(one.lost for one in told.units) == told.lost, "nothing is joint here"
    assert told.lost_in_period == sum(one.lost_in_period for one in told.units)
    row = of(told, 住建局)
    assert (row.worth, row.kept) == (110_000, 1 - Fraction(row.lost, 110_000))


@pytest.mark.parametrize("by", WAYS)
def test_equal_units_share_a_place_and_the_next_one_is_skipped(by: Any) -> None:
    whole = [*range(1, 7), *range(11, 17)]
    told = made(done(*whole), by=by)
    places = {one.unit: (one.place, one.tied) for one in told.units if one.due >= FEWEST}
    if by == "kept":
        assert {place for place, _ in places.values()} == {1}
    else:
        assert places == {住建局: (1, True), 生态分局: (1, True)}


def test_the_fewest_lost_the_most_kept_the_timeliest_comes_first() -> None:
    for by in WAYS:
        told = made(done(*range(1, 7), *range(11, 14)), by=by)
        ranked = [one.unit for one in told.ranked if one.unit in (住建局, 生态分局)]
        assert ranked == [住建局, 生态分局], by


def test_a_unit_with_few_matters_has_no_place_by_a_rate_but_its_counts() -> None:
    for facts in (done(21, 22), []):
        told = made([*facts, *done(*range(1, 7))], by="timely")
        small = of(told, 市生态环境局)
        assert (small.due, small.place) == (2, None)
        assert small in told.beside
    assert of(made([]), 市生态环境局).place is not None, "points lost are points lost"


def test_the_programme_says_what_ranks() -> None:
    assert made([]).by == "lost"
    timely = Programme.model_validate(
        {**PROGRAMME.model_dump(by_alias=True), "ranked_by": "timely"}
    )
    seen = of_documents(timely, [], china(), as_of=at("2021-09-30 24:00"))
    assert bulletin(seen, seen, first=SEPTEMBER[0], last=SEPTEMBER[1]).by == "timely"
    assert timely.hash != PROGRAMME.hash


@pytest.mark.parametrize(
    ("told", "first", "last"),
    [
        ("2021-09", date(2021, 9, 1), date(2021, 9, 30)),
        ("2021-12", date(2021, 12, 1), date(2021, 12, 31)),
        ("2021-Q1", date(2021, 1, 1), date(2021, 3, 31)),
        ("2021q4", date(2021, 10, 1), date(2021, 12, 31)),
    ],
)
def test_a_period_is_a_month_or_a_quarter(told: str, first: date, last: date) -> None:
    assert period(told) == (first, last)


@pytest.mark.parametrize("told", ["2021", "2021-13", "2021-Q5", "September", ""])
def test_any_other_period_is_refused(told: str) -> None:
    with pytest.raises(Refused, match="2021-Q3"):
        period(told)


@pytest.mark.parametrize("language", get_args(Language))
def test_the_document_has_the_offices_form_and_every_unit(language: Any) -> None:
    told = made(done(*range(1, 6)), by="timely")
    environment = compiled(Settings(secret="x" * 32))

    def content(kind: str) -> bytes:
        return bulletin_files.content(environment, language, told, kind, office="<考核办>")

    text = text_of(content("pdf")).replace("\n", "")
    page = content("html").decode()
    assert "<考核办>" in text
    assert "&lt;考核办&gt;" in page
    for one in told.units:
        assert one.name in text
        assert one.name in page
    assert f"({of(told, 住建局).in_time}/{of(told, 住建局).due})" in text.replace(" ", "")
    told_in = bulletin_files.values(told, language, "<考核办>")
    word = docx.Document(BytesIO(content("docx")))
    written = [one.text for one in word.paragraphs]
    numbered = [one.text for one in word.paragraphs if one.style and one.style.name == "一级标题"]
    assert written[:4] == ["<考核办>", told.title, told_in["title"], told_in["to"]]
    assert numbered == [told_in[f"{part}_title"] for part in ("overall", "places", "late")]
    assert set(written) >= {*told_in["overall"], *told_in["places"], *told_in["late"]}
    assert written[-3:] == [told_in["note"], "<考核办>", told_in["on"]]
    tables = [[[cell.text for cell in row.cells] for row in one.rows] for one in word.tables]
    assert tables == [[told_in["heads"], *rows] for rows in (told_in["rows"], told_in["beside"])]
    assert content("docx") == content("docx")
    jsonschema.validate(json.loads(content("json")), jsonform.schema(Bulletin))


def test_a_bulletin_of_which_nothing_can_be_said_says_so() -> None:
    """Nobody was late, and no unit owed enough for a rate."""
    few = a_programme(*owed(住建局, 1, 2))
    seen = of_documents(few, [], china(), as_of=at("2021-08-31 24:00"))
    told = bulletin(seen, seen, first=date(2021, 8, 1), last=date(2021, 8, 31), by="timely")
    said = bulletin_files.values(told, "zh", "考核办")
    assert (said["rows"], said["places"]) == ([], ["本期没有可以排名的单位。"])
    assert (said["late"], said["late_none"]) == ([], "本期到期的事项没有逾期。")
    environment = compiled(Settings(secret="x" * 32))
    for kind in bulletin_files.KINDS:
        assert bulletin_files.content(environment, "zh", told, kind, office="考核办")
