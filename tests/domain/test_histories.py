"""Random histories of both shipped lists and of a small programme: what holds for every score.

The quick form tells 300, the full form 10,000 of which 8,000 are of the shipped lists. A history
that fails is told by its seed; with `-s` each block says its seeds and how much it told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, cached_property
from random import Random

import pytest

from tests.domain.bounds import charged_twice, cut_for_nothing, out_of_bounds
from tests.domain.histories import Matter, Teller, Words, history, instants
from tests.domain.pocket import added_up, comparisons
from tests.domain.small import CONTEXT, at
from tests.domain.test_scoring_properties import PROGRAMME as SMALL
from tracker.definitions import yamlform
from tracker.definitions.answers import ledger_answer
from tracker.domain import facts as f
from tracker.domain.ledger import Entry, Ledger
from tracker.domain.points import rounded
from tracker.domain.rules import DutyOnly, Relation
from tracker.domain.scoring import score
from tracker.programmes import SHIPPED, path_of

BLOCK = 50
QUICK = {"small": 2, "zhongfang-2021": 2, "xx-2020": 2}
FULL = {"small": 40, "zhongfang-2021": 80, "xx-2020": 80}


@cache
def words(name: str) -> Words:
    return Words(SMALL if name == "small" else yamlform.load(path_of(name)))


@dataclass(frozen=True)
class Told:
    """One history and its ledger."""

    name: str
    seed: str

    @cached_property
    def facts(self) -> list[f.AnyFact]:
        return history(words(self.name), self.seed)

    @cached_property
    def instants(self) -> tuple[datetime, datetime]:
        return instants(words(self.name), self.seed)

    @cached_property
    def ledger(self) -> Ledger:
        return self.scored(self.facts)

    def scored(self, facts: Sequence[f.AnyFact]) -> Ledger:
        as_of, known_at = self.instants
        return score(words(self.name).programme, CONTEXT, facts, as_of=as_of, known_at=known_at)

    def random(self, what: str) -> Random:
        return Random(f"{self.seed} {what}")

    def shuffled(self, facts: Sequence[f.AnyFact]) -> list[f.AnyFact]:
        return self.random("shuffled").sample(facts, len(facts))


Block = list[Told]


def blocks(counts: dict[str, int], *marks: pytest.MarkDecorator) -> list[object]:
    start = 0 if not marks else QUICK["small"]  # the full form begins after the quick one
    return [
        pytest.param((name, number), marks=marks, id=f"{name}-{number}")
        for name, count in counts.items()
        for number in range(start, start + count)
    ]


@pytest.fixture(scope="module", params=[*blocks(QUICK), *blocks(FULL, pytest.mark.full)])
def block(request: pytest.FixtureRequest) -> Iterator[Block]:
    name, number = request.param
    told = [Told(name, f"{name} {number}.{one}") for one in range(BLOCK)]
    yield told
    facts = sum(len(one.facts) for one in told)
    entries = sum(len(one.ledger.entries) for one in told)
    print(
        f"\nFIGURE {BLOCK} histories, seeds {told[0].seed} to {told[-1].seed}:"
        f" {facts} facts, {entries} entries"
    )


def as_bytes(ledger: Ledger) -> bytes:
    """The ledger as `tracker score --json` prints it."""
    return ledger_answer(ledger, version=1, final=False).model_dump_json().encode()


def test_neither_the_order_of_arrival_nor_what_is_learnt_later_changes_a_ledger_by_a_byte(
    block: Block,
) -> None:
    """The same instants a year later: more facts, some of them corrections, in another order."""
    for one in block:
        grown = one.shuffled([*one.facts, *learnt_since(one)])
        assert as_bytes(one.scored(grown)) == as_bytes(one.ledger), one.seed


def learnt_since(one: Told) -> list[f.AnyFact]:
    """Another history about the same time, all of it entered after the instant of knowledge; some
    of it corrects what was known then."""
    _, known_at = one.instants
    random = one.random("since")
    found: list[f.AnyFact] = []
    for fact in history(words(one.name), f"{one.seed} since"):
        entered = max(fact.recorded_at, known_at + timedelta(minutes=1))
        body = fact.model_dump(by_alias=True) | {"id": f"x{fact.id}", "recorded_at": entered}
        if fact.supersedes is not None or random.random() < 0.1:
            body["supersedes"] = random.choice(one.facts).id
        found.append(f.FACT.validate_python(body))
    return found


def test_nothing_goes_below_its_floor_or_over_its_cap_at_any_level(block: Block) -> None:
    for one in block:
        assert list(out_of_bounds(one.ledger)) == [], one.seed


def test_the_same_problem_counts_once_where_the_document_says_so(block: Block) -> None:
    for one in block:
        assert charged_twice(one.ledger) == [], one.seed


def test_what_a_limit_cuts_off_had_no_room(block: Block) -> None:
    for one in block:
        assert list(cut_for_nothing(one.ledger)) == [], one.seed


# -- every entry is explained ----------------------------------------------------------------------


def test_every_entry_names_its_facts_and_dates_and_its_steps_add_up_to_it(block: Block) -> None:
    for one in block:
        as_of, known_at = one.instants
        true = {fact.id: fact for fact in f.standing(one.facts, as_of=as_of, known_at=known_at)}
        for entry in one.ledger.entries:
            where = (one.seed, entry.id, entry.steps)
            assert rounded(added_up(entry)) == abs(entry.points), where
            assert is_grounded(entry), where
            assert set(entry.facts) <= set(true), where
            happened = {true[name].occurred_at for name in entry.facts}
            assert entry.obligation or not happened or entry.occurred_at in happened, where
            assert compares_rightly(entry), where


def is_grounded(entry: Entry) -> bool:
    """Every amount rests on a fact, on an obligation, or on what the document itself says."""
    codes = {one.code for one in entry.steps}
    said = {"base", "unallocated", "recognised", "charged"}
    return not entry.points or bool(entry.facts or entry.obligation or codes & said)


def compares_rightly(entry: Entry) -> bool:
    """A comparison that is told is true, or one of them is not where a condition failed."""
    told = comparisons(entry)
    failed = any(one.code == "condition_failed" for one in entry.steps)
    return not told or (not all(told) if failed else any(told))


# -- later is never better -------------------------------------------------------------------------


def test_with_all_else_fixed_a_later_submission_never_scores_higher(block: Block) -> None:
    for one in block:
        for moved in handed_in_later(one):
            assert one.scored(moved).score <= one.ledger.score, one.seed


def handed_in_later(one: Told) -> list[list[f.AnyFact]]:
    """The same history with one submission moved, up to its review, the next number of its clause
    or the next word that it is not done, for the last one counts, and of two of one instant the one
    that is filed last; at most one such history for each telling, for the time that it takes."""
    random = one.random("later")
    reports = [fact for fact in one.facts if isinstance(fact, f.Report) and is_moved(fact, one)]
    if not reports:
        return []
    report = random.choice(reports)
    until = min(bounds_of(report, one), default=report.occurred_at + timedelta(days=120))
    room = (until - report.occurred_at) // timedelta(minutes=1)
    when = report.occurred_at + random.randrange(1, room + 1) * timedelta(minutes=1)
    later = report.model_copy(update={"occurred_at": when})
    return [[later if fact is report else fact for fact in one.facts]]


def is_moved(report: f.Report, one: Told) -> bool:
    """Who says that it is not done hands nothing in."""
    if report.done is False:
        return False
    until = min(bounds_of(report, one), default=at("2100-01-01"))
    return until - report.occurred_at >= timedelta(minutes=1)


def bounds_of(report: f.Report, one: Told) -> list[datetime]:
    later = [
        fact for fact in one.facts
        if isinstance(fact, f.Report) and fact.clause == report.clause
        and f.in_order(fact) > f.in_order(report)
    ]  # fmt: skip
    reviewed = [fact.occurred_at for fact in one.facts
                if isinstance(fact, f.Review) and fact.report == report.id]  # fmt: skip
    numbers = [fact.occurred_at for fact in later if report.done is None]
    not_done = [fact.occurred_at - timedelta(minutes=1) for fact in later if fact.done is False]
    return [*reviewed, *numbers, *not_done]


# -- the histories reach everything ----------------------------------------------------------------


@pytest.mark.parametrize("name", SHIPPED)
def test_every_sanction_of_a_shipped_list_is_charged_in_some_history(name: str) -> None:
    told = words(name)
    missed = [rule for matter in told.matters for rule in uncharged(told, matter)]
    assert missed == []


def uncharged(told: Words, matter: Matter) -> set[str]:
    """Rules of the clause that charge something by themselves and that no history made charge."""
    wanted = {
        f"{matter.clause.id}#{number}"
        for number, rule in enumerate(matter.clause.rules, start=1)
        if not isinstance(rule, Relation | DutyOnly)
    }
    when = at(f"{told.programme.year + 1}-04-01")
    only = frozenset({matter.item.id})
    for attempt in range(200):
        if not wanted:
            break
        teller = Teller(told, Random(f"{matter.clause.id} {attempt}"))
        facts = teller.tell_of(matter, 1 + attempt % 14)
        ledger = score(told.programme, CONTEXT, facts, as_of=when, known_at=when, only_items=only)
        wanted -= {entry.rule for entry in ledger.entries if entry.raw}
    return wanted
