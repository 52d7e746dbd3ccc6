"""Proofs with their figures: nobody is flooded, nothing is lost, only the right person is told.

Each has a quick form that always runs and a full one (`-m full`); each prints what it counted.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from notifiers.message import MAILING, Accepted, TransientFailure, Way
from schedules.clock import FakeClock
from tests.builders import (
    JANUARY,
    NEW_YEAR,
    a_contact,
    a_database,
    a_programme,
    at,
    item,
    migrated,
    the_cast,
    住建局,
    生态分局,
)
from tests.stories.post import stationery
from tracker.definitions.sheets import Contact
from tracker.domain import facts as f
from tracker.domain.programme import Programme
from tracker.domain.reminders import wanted
from tracker.runtime import environment
from tracker.services import delivery, people, planning, programmes, reporting, watch
from tracker.services.delivery import Parts
from tracker.settings import Settings
from tracker.store.tables import (
    DispatchRow,
    DispatchState,
    NoticeRow,
    NoticeState,
    ObligationRow,
)

ONE_DAY = timedelta(days=1)
FULL = pytest.mark.full


class Pile:
    """A channel that takes everything while it is up, and what it took."""

    name = "mail"
    way: Way = MAILING

    def __init__(self) -> None:
        self.up = True
        self.taken: list[tuple[str, str]] = []

    async def send_raw(self, raw: bytes, *, sender: str, to: str, message_id: str) -> Accepted:
        if not self.up:
            raise TransientFailure("451 try later")
        self.taken.append((to, message_id))
        return Accepted("mail", "250 ok")

    async def close(self) -> None:
        """Nothing is open."""


class House:
    """A database on a file, a clock that we move, the pile."""

    def __init__(self, folder: Path, programme: Programme, cast: list[Contact]) -> None:
        url = f"sqlite:///{folder / 'proof.sqlite'}"
        migrated(url)
        self.database, self.clock, self.pile = a_database(url), FakeClock(JANUARY), Pile()
        self.parts = Parts(self.database, self.pile, self.clock, stationery())
        with self.database.write() as session:
            programmes.publish(session, programme, now=JANUARY, by="office")
            people.load_contacts(session, cast, now=JANUARY, on=NEW_YEAR, by="office")

    def look(self, when: datetime) -> None:
        """One tick and one round of sending, with the clock wherever it stands."""
        self.clock.step_to(when)
        planning.tick_all(self.database, when)
        asyncio.run(delivery.deliver(self.parts, when))

    def notices(self) -> list[NoticeRow]:
        with self.database.read() as session:
            return list(session.exec(select(NoticeRow)).all())

    def dispatches(self) -> list[DispatchRow]:
        with self.database.read() as session:
            return list(session.exec(select(DispatchRow)).all())

    def pure(self, until: datetime, *, after: datetime = JANUARY) -> set[str]:
        """What the planner wants, asked once and without any tick."""
        with self.database.read() as session:
            seen = planning.view(session, "small")
            rows = session.exec(
                select(ObligationRow.key).where(ObligationRow.programme == "small")
            ).all()
        found = (wanted(seen, key, after=after, until=until) for key in rows)
        return {one.key for notices in found for one in notices}


def due_on_one_day(n: int) -> Programme:
    return a_programme(*(item(f"{k}", due_on="2021-09-30", points="1") for k in range(1, n + 1)))


def all_year(n: int) -> Programme:
    """Due on every day of August to October in turn."""
    days = [at("2021-08-01") + k * ONE_DAY for k in range(92)]
    items = (
        item(f"{k}", due_on=f"{days[k % 92] + ONE_DAY / 2:%Y-%m-%d}", points="1",
             responsible=[(住建局, 生态分局)[k % 2]])
        for k in range(1, n + 1)
    )  # fmt: skip
    return a_programme(*items)


@pytest.mark.parametrize("n", [60, pytest.param(400, marks=FULL)])
def test_everything_that_falls_due_on_a_day_is_one_mail_a_person(tmp_path: Path, n: int) -> None:
    """A5."""
    house = House(tmp_path, due_on_one_day(n), the_cast())
    for day in range(27, 31):
        for hour in (8.5, 9, 12, 17):
            house.look(at(f"2021-09-{day}") + timedelta(hours=hour))
    mails = Counter((row.recipient, row.window) for row in house.dispatches() if row.frozen_at)
    per_mail = Counter(one.dispatch_id for one in house.notices() if one.dispatch_id)
    print(f"A5: {n} items, {len(mails)} mails, {min(per_mail.values())} items in the smallest")
    assert set(mails.values()) == {1}
    assert {per_mail[row.id] for row in house.dispatches()} >= {n}
    assert min(per_mail.values()) >= n


OUTAGES = [timedelta(hours=3), timedelta(days=3), timedelta(days=30)]


@pytest.mark.parametrize("n", [80, pytest.param(2000, marks=FULL)])
@pytest.mark.parametrize("outage", OUTAGES, ids=str)
def test_after_an_outage_one_mail_a_person_has_everything_in_it(
    tmp_path: Path, outage: timedelta, n: int
) -> None:
    """B1: for moments that passed no mail of their own."""
    house = House(tmp_path, all_year(n), the_cast())
    last = at("2021-09-14 08:30")
    house.look(last)
    sent = len(house.pile.taken)
    back = last + outage + timedelta(minutes=5)
    house.look(back)
    caught_up = Counter(to for to, _ in house.pile.taken[sent:])
    missed = [one for one in house.notices() if one.made_at == back]
    states = Counter(one.state.value for one in missed)
    print(f"B1: {outage}, {n} items: {len(missed)} reminders missed, {dict(states)}, "
          f"{len(caught_up)} catch-ups, {max(caught_up.values(), default=0)} a person")  # fmt: skip
    assert max(caught_up.values(), default=1) == 1
    assert set(states) <= {"sent", "merged"}
    assert house.pure(back) == {one.key for one in house.notices()}
    assert bool(missed) == (outage > timedelta(hours=3))


STEPS = (timedelta(hours=-1), timedelta(seconds=-1), timedelta(hours=1), ONE_DAY, 400 * ONE_DAY)


@pytest.mark.parametrize("n", [40, pytest.param(1000, marks=FULL)])
def test_a_clock_that_steps_loses_and_doubles_nothing(tmp_path: Path, n: int) -> None:
    """B2: the clock is set wrong, a look is taken, and it is put right again."""
    house, draw = House(tmp_path, all_year(n), the_cast()), random.Random(5)
    looks, furthest, steps = at("2021-07-01 09:00"), JANUARY, 0
    wrong = {draw.randrange(200): step for step in STEPS}
    for number in range(200):
        when = looks + number * timedelta(hours=15)
        for instant in (when, when + wrong[number], when) if number in wrong else (when,):
            steps += instant != when
            furthest = max(furthest, instant)
            house.look(instant)
    keys = Counter(one.key for one in house.notices())
    ids = Counter(message_id for _, message_id in house.pile.taken)
    lost = house.pure(furthest) - set(keys)
    print(f"B2: {steps} steps in {n} items, {len(keys)} reminders: {len(lost)} lost, "
          f"{sum(ids.values()) - len(ids)} mails doubled")  # fmt: skip
    assert lost == set()
    assert set(keys.values()) == {1}
    assert set(ids.values()) == {1}
    assert not [one for one in house.notices() if one.state is NoticeState.WANTED
                and one.send_at <= furthest]  # fmt: skip


@pytest.mark.parametrize("rounds", [1, pytest.param(40, marks=FULL)])
def test_no_reminder_is_for_what_is_settled_or_to_who_has_left(
    tmp_path_factory: pytest.TempPathFactory, rounds: int
) -> None:
    """A6: each of 250 duties is handed in, waived or its contact replaced at a random moment
    around its rungs, while looks come at random moments."""
    wrong_matter = wrong_person = told = 0
    for seed in range(rounds):
        house, happened = interleaved(tmp_path_factory.mktemp("a6"), seed)
        for notice, row in sent(house):
            told += 1
            settled_at, person_changed_at = happened(notice.obligation_key, notice.unit)
            wrong_matter += settled_at is not None and settled_at <= row.frozen_at
            old = row.recipient.startswith("contact@")
            wrong_person += notice.role == "contact" and old is (person_changed_at <= row.frozen_at)
    print(f"A6: {250 * rounds} interleavings, {told} reminders told: {wrong_matter} of settled "
          f"matters, {wrong_person} to the wrong person")  # fmt: skip
    assert told > 100 * rounds
    assert (wrong_matter, wrong_person) == (0, 0)


Happened = Callable[[str, str], tuple[datetime | None, datetime]]


def sent(house: House) -> list[tuple[NoticeRow, DispatchRow]]:
    rows = {row.id: row for row in house.dispatches() if row.state is DispatchState.SENT}
    return [
        (one, rows[one.dispatch_id]) for one in house.notices()
        if one.state is NoticeState.SENT and one.dispatch_id in rows
    ]  # fmt: skip


def interleaved(folder: Path, seed: int) -> tuple[House, Happened]:
    draw = random.Random(seed)
    house = House(folder, all_year(250), the_cast())
    begin, days = at("2021-08-20 07:00"), 20

    def moment() -> datetime:
        return begin + timedelta(minutes=draw.randrange(days * 24 * 60))

    with house.database.read() as session:
        keys = list(session.exec(select(ObligationRow.key)).all())
        old = {unit: people.by_mail(session, a_contact(unit).mail) for unit in (住建局, 生态分局)}
        leavers = {unit: one.id or 0 for unit, one in old.items() if one is not None}
    changes = {unit: moment().replace(hour=0, minute=0) for unit in leavers}
    changes = {unit: when - timedelta(hours=8) for unit, when in changes.items()}
    settled = {key: moment() for key in keys if draw.random() < 0.8}
    acts: list[tuple[datetime, Callable[[], None]]] = [
        *((when, settle(house, key, when, waive=draw.random() < 0.3))
          for key, when in settled.items()),
        *((when, replaced(house, unit, leavers[unit], when)) for unit, when in changes.items()),
    ]  # fmt: skip
    looks = [moment() for _ in range(60)]
    acts += [(when, lambda when=when: half_a_look(house, when, draw)) for when in looks]  # type: ignore[misc]
    for when, act in sorted(acts, key=lambda one: one[0]):
        house.clock.step_to(when)
        act()
    return house, lambda key, unit: (settled.get(key), changes[unit])


def half_a_look(house: House, when: datetime, draw: random.Random) -> None:
    """Only planned, only sent, or both: what happens in between is what the proof is about."""
    if draw.random() < 0.7:
        planning.tick_all(house.database, when)
    if draw.random() < 0.7:
        asyncio.run(delivery.deliver(house.parts, when))


def settle(house: House, key: str, when: datetime, *, waive: bool) -> Callable[[], None]:
    def act() -> None:
        with house.database.write() as session:
            if waive:
                names = dict(zip(("clause", "duty", "unit"), key.split("/"), strict=True))
                waiver = f.Waiver(**names, reason="不涉及", occurred_at=when, recorded_at=when)
                reporting.record_facts(session, "small", [waiver], now=when, by="office")
            else:
                reporting.report_progress(session, "small", key, now=when, by="unit", done=True)

    return act


def replaced(house: House, unit: str, leaver: int, when: datetime) -> Callable[[], None]:
    def act() -> None:
        with house.database.write() as session:
            new = a_contact(unit, name=f"新{unit}", mail=f"new@{unit.replace('_', '-')}.example")
            people.load_contacts(session, [new], now=when, on=(when + ONE_DAY / 2).date(),
                                 by="office")  # fmt: skip

    return act


def test_a_server_that_is_down_for_six_days_is_given_up_where_everybody_sees_it(
    tmp_path: Path,
) -> None:
    """A7: each mail ends as failed after five days, on the page, in the digest, and the office
    hears of it through the mail that goes out first."""
    cast = [*the_cast(), a_contact("*", "office", mail="office@county.example")]
    house = House(tmp_path, due_on_one_day(20), cast)
    templates = environment(Settings(secret="a secret of tests that is long enough"))
    house.look(at("2021-09-24 09:00"))
    house.pile.up, tries = False, 0
    for hour in range(24 * 6):
        when = at("2021-09-27 08:30") + timedelta(hours=hour)
        house.look(when)
        tries += 1
        with house.database.write() as session:
            watch.watch(session, when, stationery=stationery(), templates=templates)
    failed = [row for row in house.dispatches() if row.state is DispatchState.FAILED]
    told = [row for row in house.dispatches() if row.window.startswith("office")]
    attempts = [row.attempt for row in failed]
    print(f"A7: {tries} looks, {len(failed)} mails given up after at most {max(attempts)} tries, "
          f"{len(told)} mails to the office")  # fmt: skip
    assert {row.outcome for row in failed} == {"given_up"}
    assert all(row.settled_at and row.frozen_at and row.settled_at - row.frozen_at
               >= timedelta(days=5) for row in failed)  # fmt: skip
    assert max(attempts) < 50
    assert "封信发不出去" in told[0].subject
    with house.database.read() as session:
        codes = [one.code for one in watch.weekly(session, "small", when, Settings())]
    assert "health.mails_failed" in codes
    house.pile.up = True
    house.look(at("2021-10-09 08:30"))
    assert house.pile.taken[-1][0]


@pytest.mark.parametrize("n", [60, pytest.param(2000, marks=FULL)])
def test_a_programme_that_is_loaded_in_mid_year_is_caught_up_with_once(
    tmp_path: Path, n: int
) -> None:
    """Published when all of it is overdue: the next morning one mail a person has everything in it,
    and no mail says the same again within the three working days of the ladder."""
    house = House(tmp_path, a_programme(item("x", due_on="2021-12-31"), id="other"), [])
    late = all_year(n)
    begin = at("2021-12-01 10:00")
    house.clock.step_to(begin)
    with house.database.write() as session:
        programmes.publish(session, late, now=begin, by="office")
        people.load_contacts(session, the_cast(), now=begin, on=NEW_YEAR, by="office")
    told: dict[str, Counter[str]] = {}
    for hour in range(24 * 7):
        house.look(begin + timedelta(hours=hour))
    for notice, row in sent(house):
        if notice.programme == "small":
            told.setdefault(row.recipient, Counter())[row.window] += 1
    first = min(window for windows in told.values() for window in windows)
    mails = sum(len(windows) for windows in told.values())
    caught_up = [windows[first] for windows in told.values()]
    print(f"mid-year: {n} overdue duties, {len(told)} people, {mails} mails in a week, "
          f"{min(caught_up)} to {max(caught_up)} duties in the catch-up")  # fmt: skip
    assert len(told) == 6, "contact, head and leader of two units"
    assert first == "2021-12-02"
    assert set(caught_up) == {n // 2}
    assert all(window == first or window >= "2021-12-07" for one in told.values() for window in one)
    last = begin + timedelta(hours=24 * 7 - 1)
    made = {one.key for one in house.notices() if one.programme == "small"}
    assert made == house.pure(last, after=begin)
