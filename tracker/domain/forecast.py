"""What it costs to wait: lost if nothing more happens until a date, kept by acting today."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from schedules.deadlines import closes_at, local_day
from schedules.workdays import WorkCalendar
from tracker.domain import facts as f
from tracker.domain.ledger import Entry, Ledger
from tracker.domain.obligations import Obligation, Standing
from tracker.domain.points import Units
from tracker.domain.programme import Programme
from tracker.domain.rules.base import Status
from tracker.domain.scoring import Context, score

FRIDAY = 4


@dataclass(frozen=True)
class Saving:
    """One obligation's price: all as losses in 0.0001 point, positive, within its item.

    `keeps` is what doing it now saves against doing nothing until the forecast's end.
    """

    standing: Standing
    lost_now: Units
    lost_if_nothing: Units
    lost_if_done: Units

    @property
    def keeps(self) -> Units:
        return Units(self.lost_if_nothing - self.lost_if_done)


@dataclass(frozen=True)
class Joint:
    """What several keep only together: one occurrence of a duty that makes one amount for all who
    owe it (joins `all`). `standings` are those that must still act, each of which alone keeps
    nothing."""

    standings: tuple[Standing, ...]
    keeps: Units

    @property
    def units(self) -> tuple[str, ...]:
        return tuple(one.obligation.unit for one in self.standings)


@dataclass(frozen=True)
class Outcome:
    """The three losses of an item or a unit; what several units lost together stands with each."""

    id: str
    lost_now: Units
    lost_if_nothing: Units
    lost_if_all_done: Units

    @property
    def recoverable(self) -> Units:
        return Units(self.lost_if_nothing - self.lost_if_all_done)


@dataclass(frozen=True)
class Forecast:
    """The programme's losses now and at `until`; savings ordered by what acting keeps, then by
    time left. Obligations that save nothing by acting are left out, and stand in `joint` where they
    do with those of other units; so are items and units that lose nothing in any of the three."""

    until: datetime
    lost_now: Units
    lost_if_nothing: Units
    lost_if_all_done: Units
    savings: tuple[Saving, ...]
    items: tuple[Outcome, ...] = ()
    units: tuple[Outcome, ...] = ()
    joint: tuple[Joint, ...] = ()

    @property
    def recoverable(self) -> Units:
        return Units(self.lost_if_nothing - self.lost_if_all_done)


def end_of_working_week(as_of: datetime, calendar: WorkCalendar, zone: ZoneInfo) -> datetime:
    """The end of Friday of the week of `as_of`, or of its last working day; on the days after it,
    of the week that follows."""
    today = local_day(as_of, zone)
    friday = today + timedelta(days=FRIDAY - today.weekday())
    for monday_offset in (0, 7):
        last = calendar.previous_working(friday + timedelta(days=monday_offset))
        sunday = friday + timedelta(days=monday_offset + 2)
        made_up = [sunday - timedelta(days=back) for back in (0, 1)]
        last = next((day for day in made_up if calendar.is_working(day)), last)
        if closes_at(last, zone) > as_of:
            return closes_at(last, zone)
    return closes_at(friday + timedelta(days=7), zone)


def forecast(
    programme: Programme,
    context: Context,
    facts: Sequence[f.AnyFact],
    *,
    as_of: datetime,
    known_at: datetime,
    until: datetime,
    now: Ledger | None = None,
) -> Forecast:
    """Nothing more happens until `until`, against everything open being handed in at `as_of`.

    `now` is the ledger as of `as_of` where the caller has it already. A hypothetical report counts
    as accepted; what another document or a person decides stays as it is.
    """
    facts = happened(facts, as_of)
    now = now or score(programme, context, facts, as_of=as_of, known_at=known_at)
    later = score(programme, context, facts, as_of=until, known_at=known_at)
    prices = Prices(programme, context, facts, now, until=until, later=later)
    open_ones = list(prices.candidates.values())
    done = [fact for one in open_ones for fact in acted(one.obligation, as_of, known_at)]
    best = later
    if done:
        best = score(programme, context, [*facts, *done], as_of=until, known_at=known_at)
    kept = [saving for one in open_ones if (saving := prices.of(one)).keeps > 0]
    kept.sort(key=_by_price)
    alone = {saving.standing.obligation.key for saving in kept}
    three = (now, later, best)
    return Forecast(
        until, now.lost, later.lost, best.lost, tuple(kept),
        items=tuple(_outcomes(three, lambda entry: (entry.item,))),
        units=tuple(_outcomes(three, lambda entry: entry.units)),
        joint=tuple(_joint(prices, [one for one in open_ones if one.obligation.key not in alone])),
    )  # fmt: skip


def _joint(prices: Prices, idle: Sequence[Standing]) -> list[Joint]:
    """Of those that alone keep nothing; what keeps most comes first."""
    groups: dict[tuple[str, str, str], list[Standing]] = {}
    for one in idle:
        owed = one.obligation
        groups.setdefault((owed.clause, owed.duty, owed.occurrence), []).append(one)
    found = [Joint(tuple(those), prices.together(those))
             for those in groups.values() if len(those) > 1]  # fmt: skip
    return sorted((one for one in found if one.keeps > 0), key=lambda one: -one.keeps)


def _outcomes(
    ledgers: tuple[Ledger, Ledger, Ledger], names: Callable[[Entry], tuple[str, ...]]
) -> Iterator[Outcome]:
    """What acting keeps first, then what is lost."""
    sums: dict[str, list[int]] = {}
    for at, ledger in enumerate(ledgers):
        for entry in ledger.entries:
            if entry.part == "bonus" or not entry.points:
                continue
            for name in names(entry):
                sums.setdefault(name, [0, 0, 0])[at] -= entry.points
    found = [Outcome(name, *map(Units, those)) for name, those in sums.items() if any(those)]
    yield from sorted(found, key=lambda one: (-one.recoverable, -one.lost_if_nothing, one.id))


class Prices:
    """What acting at the instant of `now` keeps, for single obligations: what a mail needs of a
    forecast, at a fraction of its price. `later` is `waited` of the same instants, where the caller
    has it.

    No amount depends on which unit owes. Obligations of one duty and occurrence of which no fact
    tells anything are therefore priced once, however many units owe them.
    """

    def __init__(
        self,
        programme: Programme,
        context: Context,
        facts: Sequence[f.AnyFact],
        now: Ledger,
        *,
        until: datetime,
        later: Ledger | None = None,
    ) -> None:
        self._programme, self._context, self._now = programme, context, now
        self._facts = happened(facts, now.as_of)
        self._until = until
        self._later = later or waited(programme, context, self._facts, now, until=until)
        self._alike: dict[Hashable, Units] = {}

    @cached_property
    def candidates(self) -> dict[str, Standing]:
        return {one.obligation.key: one for one in candidates(self._now, self._later)}

    def savings(self, keys: Collection[str]) -> dict[str, Saving]:
        """Those that keep nothing are left out."""
        among = self.candidates
        priced = {key: self.of(among[key]) for key in sorted(keys) if key in among}
        return {key: saving for key, saving in priced.items() if saving.keeps > 0}

    def of(self, one: Standing) -> Saving:
        """Of one of the candidates."""
        key = _untouched(one)
        lost = self._lost_if_done(one.obligation) if key is None else self._alike.get(key)
        if lost is None:
            lost = self._alike[key] = self._lost_if_done(one.obligation)
        owed = one.obligation
        return Saving(
            standing=one,
            lost_now=Units(self._by_obligation[owed.key]),
            lost_if_nothing=Units(self._by_item[owed.item]),
            lost_if_done=lost,
        )

    def together(self, those: Sequence[Standing]) -> Units:
        """What these candidates of one item keep if all of them are done."""
        item = those[0].obligation.item
        done = self._lost_if_done(*(one.obligation for one in those))
        return Units(self._by_item[item] - done)

    def _lost_if_done(self, *those: Obligation) -> Units:
        now, item = self._now, those[0].item
        facts = [fact for one in those for fact in acted(one, now.as_of, now.known_at)]
        done = score(
            self._programme, self._context, [*self._facts, *facts],
            as_of=self._until, known_at=now.known_at, only_items=frozenset({item}),
        )  # fmt: skip
        return done.lost_by(lambda entry: entry.item == item)

    @cached_property
    def _by_obligation(self) -> Counter[str]:
        return _lost(self._now, lambda entry: entry.obligation)

    @cached_property
    def _by_item(self) -> Counter[str]:
        return _lost(self._later, lambda entry: entry.item)


def _lost(ledger: Ledger, name: Callable[[Entry], str]) -> Counter[str]:
    """Net losses by name; bonus part left out."""
    lost: Counter[str] = Counter()
    for entry in ledger.entries:
        if entry.part != "bonus":
            lost[name(entry)] -= entry.points
    return lost


def _untouched(one: Standing) -> Hashable | None:
    """Equal for obligations that differ in their unit alone, as long as no fact has moved any of
    them; None for one that a fact has."""
    owed = one.obligation
    moved = one.waived or one.closed_out or one.suspended or one.returned or owed.version > 1
    if moved or one.facts or one.receipts or owed.kind not in ("milestone", "recurring"):
        return None
    leads = owed.unit in owed.lead_units
    return owed._replace(key="", unit=""), leads, one.lateness.elapsed, one.light


def waited(
    programme: Programme,
    context: Context,
    facts: Sequence[f.AnyFact],
    now: Ledger,
    *,
    until: datetime,
    items: frozenset[str] | None = None,
) -> Ledger:
    """The ledger at `until` if nothing more happens after the instant of `now`."""
    return score(
        programme, context, happened(facts, now.as_of), as_of=until, known_at=now.known_at,
        only_items=items,
    )  # fmt: skip


def _by_price(saving: Saving) -> tuple[int, datetime, str]:
    due = saving.standing.obligation.due_at
    assert due is not None  # what has no date loses nothing by waiting
    return (-saving.keeps, due, saving.standing.obligation.key)


def candidates(now: Ledger, later: Ledger) -> list[Standing]:
    """Open obligations that an entry which acting may still change names, or that the same unit
    owes under the same clause by then."""
    moving = _moving(now, later)
    charged = {entry.obligation for entry in moving}
    causing = {(entry.clause, unit) for entry in moving for unit in entry.units}
    return [
        one
        for one in now.standings
        if one.open
        and not one.waiting
        and (due := one.obligation.due_at) is not None
        and (
            one.obligation.key in charged
            or (due <= later.as_of and (one.obligation.clause, one.obligation.unit) in causing)
        )
    ]


def _moving(now: Ledger, later: Ledger) -> list[Entry]:
    """Losses at the end of the forecast, without those that are settled by now: nothing that is
    done changes these, and pricing each of them is what a forecast spends its time on."""
    settled = {(entry.id, entry.points) for entry in now.entries if entry.status is Status.SETTLED}
    return [
        entry
        for entry in later.entries
        if entry.points < 0
        and not (entry.status is Status.SETTLED and (entry.id, entry.points) in settled)
    ]


def happened(facts: Sequence[f.AnyFact], as_of: datetime) -> Sequence[f.AnyFact]:
    """Without what came later: who looks back asks what would have been if nothing more had."""
    if all(one.occurred_at <= as_of for one in facts):
        return facts
    return [one for one in facts if one.occurred_at <= as_of]


def acted(one: Obligation, at: datetime, known_at: datetime) -> list[f.AnyFact]:
    """The facts that would exist if the unit handed it in at `at` and it was accepted."""
    report = f.Report(
        id=f.FactId(f"if-{one.key}"),
        occurred_at=at,
        recorded_at=known_at,
        clause=one.clause,
        duty=one.duty,
        unit=one.unit,
        occurrence=one.occurrence,
        done=True,
    )
    return accepted(report)


def accepted(report: f.Report) -> list[f.AnyFact]:
    """The report with the review that would accept it at once."""
    review = f.Review(
        id=f.FactId(f"{report.id}-accepted"),
        occurred_at=report.occurred_at,
        recorded_at=report.recorded_at,
        report=report.id,
        outcome="accepted",
    )
    return [report, review]
