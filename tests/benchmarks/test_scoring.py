"""What a score costs: of a million obligations, of one fact more, of a province.

The limit is a bare loop over integers read from the same database in the same run, which loses the
same points to the same 0.0001. Both are CPU seconds of this process, in turn; a figure is the
median of the rounds. Quick: 100 units. Full: 3,000 units, 1,008,000 obligations.

The bounds hold for the first look of a new process, which reads what it needs from the database;
and for facts that are filed already: where all is lost at the first look at them, where nothing is
at a later one. What filing all of them at once does is told beside it and has no bound.
"""

from __future__ import annotations

import gc
import random
import subprocess
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from sqlalchemy import insert, text

from schedules.workdays import china
from tests.benchmarks import first_look
from tests.builders import migrated
from tracker.definitions import yamlform
from tracker.demo.courses import course_of, facts_of
from tracker.domain import facts as f
from tracker.domain.forecast import forecast
from tracker.domain.layout import lay_out
from tracker.domain.ledger import Ledger
from tracker.domain.obligations import Obligation
from tracker.domain.programme import Programme
from tracker.domain.record import record
from tracker.domain.scoring import Context, score, score_filed
from tracker.domain.whatif import Done, what_if
from tracker.programmes import path_of
from tracker.services import factbook, handins, programmes, reporting, scoreboard
from tracker.store import queries
from tracker.store.database import Database
from tracker.store.tables import FactRow, ProgrammeRow

pytestmark = pytest.mark.bench

SEED = 20211130
SLUG = first_look.SLUG
CONTEXT = Context(china())
START = datetime(2021, 1, 1, tzinfo=UTC)
END = first_look.END
"""Past every deadline."""
ITEMS, CLAUSES, MONTHS = 7, 4, 12
ROUNDS = 5
DAY = first_look.DAY

NOTHING_LOST = 1.5
ALL_LOST = 10.0
GROWTH = 1.3

QUICK = pytest.param(100, id="quick")
FULL = pytest.param(3_000, id="full", marks=pytest.mark.full)

RULES: tuple[dict[str, Any], ...] = (
    {"kind": "lateness", "duty": "m", "every": {"n": 1, "unit": "day"}, "each": "0.01"},
    {"kind": "per_incident", "duty": "m", "each": "0.1"},
    {"kind": "all_or_nothing", "duty": "m", "lose": "0.1"},
    {
        "kind": "lateness",
        "duty": "m",
        "pieces": [{"until": 30, "rises_to": "50%"}, {"flat": "80%"}],
    },
)
"""One of each for the clauses of an item: by the day, by the miss, at once, along a curve."""


# -- what is scored --------------------------------------------------------------------------------


def a_programme(units: int, *, items: int = ITEMS, shared: bool = True) -> Programme:
    """Every clause asks for a report a month, each unit by itself: of all units, or (not `shared`)
    item n of unit n alone."""
    names = [f"u{number:04d}" for number in range(units)]
    worth = str(10**6)
    return Programme.model_validate(
        {
            "id": SLUG,
            "title": "规模方案",
            "year": 2021,
            "points": str(10**6 * items),
            "units": [{"id": one, "name": f"单位{one}", "short": one} for one in names],
            "sections": [
                {
                    "id": "1",
                    "title": "板块",
                    "points": str(10**6 * items),
                    "items": [
                        {
                            "id": str(number + 1),
                            "title": f"任务{number + 1}",
                            "points": worth,
                            "below_zero": True,
                            "responsible_units": names if shared else [names[number]],
                            "clauses": [a_clause(number + 1, one) for one in range(CLAUSES)],
                        }
                        for number in range(items)
                    ],
                }
            ],
        }
    )


def a_clause(item: int, number: int) -> dict[str, Any]:
    duty = {"kind": "recurring", "id": "m", "freq": "monthly", "due_day": 10, "due_offset": 1}
    return {
        "id": f"{item}.{number + 1}",
        "title": f"月报{item}.{number + 1}",
        "text": "每月报送一次",
        "joins": "each",
        "below_zero": True,
        "points": "5",
        "duties": [duty],
        "rules": [RULES[number]],
    }


Answered = tuple[Obligation, tuple[f.Report, f.Review] | tuple[()]]


def answered(programme: Programme, *, late: bool) -> Iterator[list[Answered]]:
    """Clause by clause: a report with its acceptance for every obligation in time; or for half of
    them, up to two months late, and nothing for the others."""
    lot = random.Random(SEED)
    nothing = record((), as_of=END, known_at=END)
    for clause in programme.clauses:
        owed = lay_out(programme, CONTEXT.calendar, nothing, clauses=[clause])
        yield [
            (one, () if late and lot.random() < 0.5 else in_and_accepted(one, lot, late=late))
            for one in owed
        ]


def in_and_accepted(
    one: Obligation, lot: random.Random, *, late: bool
) -> tuple[f.Report, f.Review]:
    assert one.due_at is not None
    away = lot.randrange(1, 60 * DAY) if late else -lot.randrange(0, 9 * DAY)
    at = one.due_at + timedelta(seconds=away)
    report = f.Report(
        id=f.FactId(f"f-{one.key}"), occurred_at=at, recorded_at=at, done=True, clause=one.clause,
        duty=one.duty, unit=one.unit, occurrence=one.occurrence,
    )  # fmt: skip
    return report, f.Review(id=f.FactId(f"r-{one.key}"), occurred_at=at, recorded_at=at,
                            report=report.id, outcome="accepted")  # fmt: skip


def handed_in(programme: Programme, *, late: bool) -> list[f.AnyFact]:
    return [one for owed in answered(programme, late=late) for _, facts in owed for one in facts]


# -- the limit -------------------------------------------------------------------------------------


@dataclass
class Bare:
    """The obligations as rows of integers: unit, kind of rule, due, done (-1: never)."""

    database: Database

    def keep(self, owed: Iterable[Answered]) -> None:
        rows = [
            {"unit": int(one.unit[1:]), "rule": int(one.clause[-1]) - 1,
             "due": int(one.due_at.timestamp()),
             "done": int(facts[0].occurred_at.timestamp())
             if facts and facts[0].occurred_at <= END else -1}
            for one, facts in owed
            if one.due_at is not None
        ]  # fmt: skip
        columns = "unit INTEGER, rule INTEGER, due BIGINT, done BIGINT"
        with self.database.write() as session:
            run = session.connection().execute
            run(text(f"CREATE TABLE IF NOT EXISTS bare ({columns})"))
            run(text("INSERT INTO bare VALUES (:unit, :rule, :due, :done)"), rows)

    def rows(self) -> Iterator[tuple[int, int, int, int]]:
        with self.database.read() as session:
            connection = session.connection().connection.driver_connection
            assert connection is not None
            yield from connection.execute("SELECT unit, rule, due, done FROM bare")

    def lost(self) -> int:
        return first_look.bare_loop(self.database)


def vectorised(np: Any, rows: Any) -> int:
    """The same over numpy's columns in memory: the best that is to be had, without a reason."""
    rule, due, done = rows[:, 1], rows[:, 2], rows[:, 3]
    late = np.where(done < 0, int(END.timestamp()), done) - due
    days = -(-late // DAY)
    curve = np.where(days <= 30, (50_000 * days + 30) // 60, 40_000)
    taken = np.where(rule == 0, days * 100, np.where(rule < 3, 1_000, curve))
    return int(np.where(late > 0, taken, 0).sum())


# -- measuring -------------------------------------------------------------------------------------


def cpu(work: Callable[[], object]) -> float:
    gc.collect()
    began = time.process_time()
    work()
    return time.process_time() - began


def turns(*works: Callable[[], object]) -> list[float]:
    """The median of each over the rounds, one after the other in every round."""
    rounds = [[cpu(work) for work in works] for _ in range(ROUNDS)]
    return [median(one) for one in zip(*rounds, strict=True)]


def commit() -> str:
    told = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        capture_output=True, text=True, check=False, cwd=Path(__file__).parent,
    )  # fmt: skip
    return told.stdout.strip() or "no commit"


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    def tell(line: str) -> None:
        with capsys.disabled():
            print(f"\nFIGURE {line} [{commit()}, SQLite, seed {SEED}]")

    return tell


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[Bare]:
    url = f"sqlite:///{tmp_path / 'bare.sqlite'}"
    migrated(url)
    database = Database(url, synchronous="normal")
    yield Bare(database)
    database.close()


def within(bound: float, measure: Callable[[], float]) -> None:
    """Measured again once where it is above: other work on the machine is no finding."""
    assert measure() <= bound or measure() <= bound


def lost_of(ledger: Ledger) -> int:
    return int(ledger.lost)


# -- a million -------------------------------------------------------------------------------------


@pytest.mark.parametrize("units", [QUICK, FULL])
@pytest.mark.parametrize("late", [False, True], ids=["nothing-lost", "all-lost"])
def test_a_score_of_very_many_against_a_bare_loop(
    units: int, late: bool, bare: Bare, told: Callable[[str], None]
) -> None:
    numpy = pytest.importorskip("numpy")
    programme = a_programme(units)
    facts: list[f.AnyFact] = []
    for owed in answered(programme, late=late):
        bare.keep(owed)
        facts += [one for _, some in owed for one in some]
    filed = record(facts, as_of=END, known_at=END)
    columns = numpy.array(list(bare.rows()), dtype=numpy.int64)
    ledger = score_filed(programme, CONTEXT, filed)
    assert lost_of(ledger) == bare.lost() == vectorised(numpy, columns)
    many = len(ledger.standings)
    assert len(ledger.entries) == (many if late else 0)
    assert all(one.steps for one in ledger.entries[:1_000])

    def measure() -> float:
        ours, again, first, limit, vector = turns(
            lambda: score_filed(programme, CONTEXT, replace(filed, _answered={})),
            lambda: score_filed(programme, CONTEXT, filed),
            lambda: score_filed(programme, CONTEXT, record(facts, as_of=END, known_at=END)),
            bare.lost,
            lambda: vectorised(numpy, columns),
        )
        what = "each an explained entry" if late else "nothing lost"
        told(
            f"{many:,} obligations, {what}: {again / many * 1e6:.2f} us each, "
            f"x{again / limit:.2f} of the bare loop ({limit / many * 1e6:.2f} us), at the first "
            f"look x{ours / limit:.2f}, with filing {len(facts):,} facts x{first / limit:.1f}; "
            f"x{again / vector:.0f} of numpy in memory"
        )
        return (ours if late else again) / limit

    within(ALL_LOST if late else NOTHING_LOST, measure)


# -- a first look ----------------------------------------------------------------------------------


def published(database: Database, programme: Programme) -> None:
    """Without the rows of obligations, which a score does not read."""
    with database.write() as session:
        session.add(
            ProgrammeRow(slug=programme.id, version=1, hash=programme.hash, title=programme.title,
                         year=programme.year, published_at=START,
                         document=programme.model_dump(mode="json", by_alias=True))
        )  # fmt: skip


def recorded(database: Database, facts: Sequence[f.AnyFact]) -> None:
    with database.write() as session:
        known = {one.id: one for one in facts}
        before = factbook.last_row(session, SLUG)
        for some in queries.chunks(facts):
            rows = [factbook.row(SLUG, one, known) for one in some]
            session.connection().execute(insert(FactRow), rows)
        last = factbook.last_row(session, SLUG)
        handins.follow(session, SLUG, facts, known, tuple, before=before, last=last)


@pytest.mark.parametrize("units", [pytest.param(300, id="quick"), FULL])
@pytest.mark.parametrize("late", [False, True], ids=["nothing-lost", "all-lost"])
def test_the_first_look_of_a_new_process_against_a_bare_loop_over_the_same_database(
    units: int, late: bool, database_url: str, told: Callable[[str], None]
) -> None:
    migrated(database_url)
    database = Database(database_url, synchronous="normal")
    programme = a_programme(units)
    published(database, programme)
    for owed in answered(programme, late=late):
        Bare(database).keep(owed)
        recorded(database, [one for _, some in owed for one in some])
    many = units * ITEMS * CLAUSES * MONTHS
    database.close()

    def measure() -> float:
        looks = [first_look.in_a_new_process(database_url) for _ in range(ROUNDS)]
        assert {look.lost for look in looks} == {looks[0].bare_lost}
        assert {look.entries for look in looks} == {many if late else 0}
        first, again = (
            median(getattr(look, name) / look.bare for look in looks) for name in ("first", "again")
        )
        what = "each an explained entry" if late else "nothing lost"
        told(
            f"first look of a new process on {database.url.get_backend_name()}, {many:,} "
            f"obligations, {what}, read from the database: "
            f"{median(look.first for look in looks) / many * 1e6:.2f} us each, x{first:.2f} of the "
            f"bare loop ({median(look.bare for look in looks) / many * 1e6:.2f} us), x{again:.2f} "
            f"with another connection; {median(look.peak for look in looks):,.0f} MB at the peak"
        )
        # To begin costs what a hundred thousand obligations do, and as much for a few.
        return first if units > 1_000 else again

    within(ALL_LOST if late else NOTHING_LOST, measure)


def test_memory_of_a_score(told: Callable[[str], None]) -> None:
    programme = a_programme(100)
    for late in (False, True):
        filed = record(handed_in(programme, late=late), as_of=END, known_at=END)
        score_filed(programme, CONTEXT, record((), as_of=datetime(2021, 1, 1, tzinfo=UTC),
                                               known_at=END))  # fmt: skip
        tracemalloc.start()
        ledger = score_filed(programme, CONTEXT, filed)
        kept, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        many = len(ledger.standings)
        what = "each an explained entry" if late else "nothing lost"
        told(
            f"memory of a score of {many:,}, {what}: {kept / many:,.0f} bytes each kept, "
            f"{peak / many:,.0f} at the peak; a million {kept / many * 1e6 / 2**20:,.0f} MB"
        )
        assert kept / many < (4_000 if late else 400)


# -- one fact more ---------------------------------------------------------------------------------


def of_own_items(units: int, url: str) -> Callable[[], float]:
    """CPU seconds of one more fact: recorded, and what it did to the score, through the service;
    every unit has its own item, and half of all duties are handed in already. The facts are of a
    hundred units in both, whose obligations are laid out."""
    migrated(url)
    database = Database(url, synchronous="off")
    programme = a_programme(units, items=units, shared=False)
    published(database, programme)
    lot = random.Random(SEED)
    owed = [one for some in answered(programme, late=False) for one in some]
    lot.shuffle(owed)
    recorded(database, [fact for _, facts in owed[::2] for fact in facts])
    some = set(lot.sample([one.id for one in programme.units], 100))
    waiting = iter([facts[0] for one, facts in owed[1::2] if facts and one.unit in some])
    items = frozenset(str(int(unit[1:]) + 1) for unit in some)
    with database.write() as session:
        programmes.refresh_obligations(session, SLUG, now=END, items=items)

    def one_more() -> None:
        with database.write() as session:
            [stored] = reporting.load_facts(session, SLUG, [next(waiting)], now=END)
            assert scoreboard.moved(session, SLUG, [stored], now=END).by

    for _ in range(5):
        one_more()
    return lambda: cpu(lambda: [one_more() for _ in range(10)]) / 10


def test_one_fact_more_costs_what_it_touches(tmp_path: Path, told: Callable[[str], None]) -> None:
    few, many = (of_own_items(n, f"sqlite:///{tmp_path / f'{n}.sqlite'}") for n in (100, 3_000))

    def measure() -> float:
        pairs = [(few(), many()) for _ in range(ROUNDS)]
        growth = median(after / before for before, after in pairs)
        told(
            f"one fact more among 3,000 units, recorded and scored: "
            f"{median(b for _, b in pairs) * 1e3:.1f} ms, x{growth:.2f} of that among 100 "
            f"(bound {GROWTH})"
        )
        return growth

    within(GROWTH, measure)


# -- the shipped programmes, and a province --------------------------------------------------------

COUNTIES, PROVINCE_CLAUSES = 3_000, 460


def played(slug: str) -> tuple[Programme, Sequence[f.AnyFact], datetime]:
    programme = yamlform.load(path_of(slug))
    facts = facts_of(course_of(slug), programme, CONTEXT.calendar)
    return programme, facts, max(one.recorded_at for one in facts)


@pytest.mark.parametrize("slug", ["zhongfang-2021", "xx-2020"])
def test_a_score_a_forecast_and_a_supposition_of_a_shipped_programme(
    slug: str, told: Callable[[str], None]
) -> None:
    programme, facts, end = played(slug)
    at = end - timedelta(days=90)
    until = at + timedelta(days=7)
    clock = {"as_of": at, "known_at": at}
    ledger = score(programme, CONTEXT, facts, **clock)
    open_ = next(one.obligation.key for one in ledger.standings if one.open)
    scored, foretold, supposed = turns(
        lambda: score(programme, CONTEXT, facts, **clock),
        lambda: forecast(programme, CONTEXT, facts, **clock, until=until),
        lambda: what_if(programme, CONTEXT, facts, [Done(open_)], **clock, until=until),
    )
    clauses = len(programme.clauses)
    province = scored * COUNTIES * PROVINCE_CLAUSES / clauses
    told(
        f"{slug}, {clauses} clauses, {len(facts)} facts: score {scored * 1e3:.1f} ms, "
        f"forecast x{foretold / scored:.1f}, what-if "
        f"x{supposed / scored:.1f} of a score; computed: a province of {COUNTIES:,} counties x "
        f"{PROVINCE_CLAUSES} clauses {province / 60:.1f} minutes of one core"
    )
    assert ledger.entries
