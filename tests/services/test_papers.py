"""Digest, audit and bulletin of random histories of both shipped lists: every figure is the
ledger's."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from random import Random

import pytest

from schedules.workdays import china
from tests.builders import at
from tests.domain.histories import Words, history
from tests.exports.test_pdf import sheets_of
from tracker.definitions import yamlform
from tracker.domain.obligations import Light
from tracker.domain.scoring import Context, score
from tracker.exports import jsonform
from tracker.programmes import SHIPPED, path_of
from tracker.runtime import environment
from tracker.services import weekly
from tracker.services.audit import audit
from tracker.services.bulletin import bulletin
from tracker.services.digest import Audience, Digest, EventKind
from tracker.services.digest_files import pdf
from tracker.services.digest_parts import build
from tracker.services.digest_words import values_of
from tracker.services.scoreboard import Board, of_documents
from tracker.settings import Settings
from tracker.wording import LANGUAGES

QUICK, FULL = 3, 500


@cache
def words(name: str) -> Words:
    return Words(yamlform.load(path_of(name)))


def boards(name: str, number: int) -> tuple[Board, Board]:
    """At a random instant of the year, and a week earlier."""
    programme = words(name).programme
    facts = history(words(name), f"papers {number}")
    chance = Random(f"{name} papers {number}")
    now = at(f"{programme.year}-01-11 08:30") + timedelta(days=chance.randrange(365))
    seen, before = (
        of_documents(programme, facts, china(), as_of=when)
        for when in (now, now - timedelta(days=7))
    )
    return seen, before


def agree(name: str, number: int) -> None:
    seen, before = boards(name, number)
    ledger, was = (
        score(one.programme, Context(china()), one.facts, as_of=one.as_of, known_at=one.known_at)
        for one in (seen, before)
    )
    told = build(seen, before, weekly.outlook_of(seen), audience=Audience.LEADER)
    verdict = told.verdict
    assert (verdict.score, verdict.lost) == (ledger.score, ledger.lost)
    assert verdict.new == ledger.lost - was.lost == -sum(one.change for one in told.changes)
    for row in told.units:
        assert row.lost == ledger.lost_by(lambda entry, of=row.unit: of in entry.units)  # type: ignore[misc]
        assert row.lost_before == was.lost_by(lambda entry, of=row.unit: of in entry.units)  # type: ignore[misc]
    assert told.whole.total == len(ledger.standings)
    late = {one.obligation.key for one in ledger.standings if one.light is Light.LATE}
    assert told.whole.count(Light.LATE) == len(late)
    assert {one.key for one in told.events if one.kind is EventKind.LATE} <= late
    assert jsonform.restored(Digest, jsonform.kept(Digest, told)) == told

    year = seen.programme.year
    found = audit(seen, first=date(year, 1, 1), last=date(year + 1, 12, 31))
    assert found.totals.lost + found.totals.other_lost == ledger.lost
    assert sum(one.late for one in found.by_unit) == found.totals.late == len(found.rows)
    entries = {entry.id: entry for entry in ledger.entries}
    for late_row in found.rows:
        for one in late_row.deductions:
            assert entries[one.entry].points == one.points
            assert entries[one.entry].steps == one.steps

    month = (before.as_of + timedelta(hours=8)).date().replace(day=1)
    ranked = bulletin(seen, before, first=month, last=month.replace(day=28))
    assert (ranked.score, ranked.lost_in_period) == (ledger.score, verdict.new)
    assert all(one.in_time + one.late == one.due for one in ranked.units)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_figures_of_every_paper_are_the_ledgers(name: str) -> None:
    for number in range(QUICK):
        agree(name, number)


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("number", [2, 4])
def test_a_leader_has_verdict_lines_picture_and_units_on_the_first_sheet(
    name: str, number: int
) -> None:
    seen, before = boards(name, number)
    told = build(seen, before, weekly.outlook_of(seen), audience=Audience.LEADER)
    for language in LANGUAGES:
        first, *others = sheets_of(pdf(environment(Settings()), language, told))
        assert len(others) == 1
        last_row = f"\n{values_of(told, language)['words']['whole']} "
        assert last_row in first


@pytest.mark.full
@pytest.mark.parametrize("name", SHIPPED)
def test_the_figures_of_every_paper_are_the_ledgers_in_a_thousand_histories(name: str) -> None:
    for number in range(FULL):
        agree(name, number)
    print(f"\nFIGURE {name}: {FULL} random histories, no figure but the ledger's")
