"""From programme, calendar and record to every obligation that exists as of an instant."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from itertools import zip_longest
from typing import assert_never, cast, overload
from zoneinfo import ZoneInfo

from schedules.deadlines import (
    Deadline,
    closes_at,
    fixed,
    within_days,
    within_hours,
    within_months,
    within_workdays,
)
from schedules.recurrence import periods
from schedules.workdays import WorkCalendar
from tracker.domain import facts as f
from tracker.domain.obligations import Move, Obligation
from tracker.domain.programme import (
    CaseDuty,
    Clause,
    Duration,
    Duty,
    Gap,
    Held,
    Item,
    Milestone,
    Programme,
    Recurring,
    TimeUnit,
    leading,
    owing,
    reviewing,
)
from tracker.domain.record import Record


def lay_out(
    programme: Programme,
    calendar: WorkCalendar,
    record: Record,
    *,
    clauses: Iterable[str] | None = None,
) -> list[Obligation]:
    """Every obligation that exists as of the record's instant, in the programme's order.

    `programme` has its readings applied. Cases and entered dates come from the record. `clauses`
    lays out only those, in the order given.
    """
    return [
        obligation
        for block in blocks(programme, calendar, record, clauses=clauses)
        for obligation in block.obligations
    ]


@dataclass(frozen=True, slots=True)
class Block:
    """What one duty of a clause asks of all its units: unit by unit, each in order of time."""

    clause: Clause
    duty: Duty
    obligations: Sequence[Obligation]


def blocks(
    programme: Programme,
    calendar: WorkCalendar,
    record: Record,
    *,
    clauses: Iterable[str] | None = None,
) -> Iterator[Block]:
    """The same by duty; one that no fact has shaped is made when it is first looked at."""
    layout = _Layout(programme, calendar, record, _kept(Held(programme), calendar))
    places = programme.clauses if clauses is None else clauses
    for section, item, clause in (programme.clauses[name] for name in places):
        for duty in clause.duties:
            yield Block(clause, duty, layout.of(section.id, item, clause, duty))


class Alike(Sequence[Obligation]):
    """The same few things asked of many units: `asked` has no unit yet."""

    def __init__(self, units: tuple[str, ...], asked: tuple[Obligation, ...]) -> None:
        self.units, self.asked = units, asked
        self._made: list[Obligation | None] = [None] * (len(units) * len(asked))
        self._whole = False

    def __len__(self) -> int:
        return len(self._made)

    def __iter__(self) -> Iterator[Obligation]:
        if not self._whole:
            self._made = [self[place] for place in range(len(self._made))]
            self._whole = True
        return iter(cast(list[Obligation], self._made))

    @overload
    def __getitem__(self, at: int) -> Obligation: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Obligation]: ...
    def __getitem__(self, at: int | slice) -> Obligation | Sequence[Obligation]:
        if isinstance(at, slice):
            return [self[place] for place in range(*at.indices(len(self)))]
        made = self._made[at]
        if made is None:
            unit, number = divmod(range(len(self._made))[at], len(self.asked))
            made = self._made[at] = _asked_of(self.units[unit], self.asked[number])
        return made


def _asked_of(unit: str, asked: Obligation) -> Obligation:
    tail = f"/{asked.occurrence}" if asked.occurrence else ""
    return asked._replace(unit=unit, key=f"{asked.clause}/{asked.duty}/{unit}{tail}")


@dataclass(frozen=True)
class _Kept:
    """What lies the same at every score, filled as it is asked for.

    `plain` by clause and duty, where no fact has shaped them; `pauses` by clause, duty, unit, the
    activity after which they began, and their number.
    """

    plain: dict[tuple[str, str], Alike] = field(default_factory=dict)
    pauses: dict[tuple[str, str, str, datetime, int], Obligation] = field(default_factory=dict)


@lru_cache(maxsize=256)
def _kept(held: Held, calendar: WorkCalendar) -> _Kept:
    """One programme's; may be thrown away at any time."""
    return _Kept()


@dataclass(frozen=True)
class _Layout:
    programme: Programme
    calendar: WorkCalendar
    record: Record
    kept: _Kept
    opened: dict[str, list[f.CaseEvent]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for events in self.record.cases.values():
            for event in events:
                if event.event == "opened":
                    self.opened.setdefault(event.kind, []).append(event)

    def of(self, section: str, item: Item, clause: Clause, duty: Duty) -> Sequence[Obligation]:
        place = (clause.id, duty.id)
        found: Sequence[Obligation]
        if self._is_shaped(duty):
            found = tuple(self._laid_out(section, item, clause, duty))
        elif place in self.kept.plain:
            found = self.kept.plain[place]
        else:
            asked = tuple(self._asked(section, item, clause, duty))
            found = self.kept.plain[place] = Alike(owing(item, clause), asked)
        return [*map(self._moved, found)] if self._may_move(clause, duty) else found

    def _may_move(self, clause: Clause, duty: Duty) -> bool:
        moving = (f.ExternalDate, f.Suspension, f.Extension)
        return duty.kind == "case" or any(self.record.of_clause(clause.id, kind) for kind in moving)

    def _is_shaped(self, duty: Duty) -> bool:
        """Whether facts that are about no clause say how many obligations there are, or how big."""
        match duty:
            case Milestone(need=need):
                known = self.record
                return need is not None and (
                    need.of in known.targets
                    or any(key in known.recognitions for key in (*need.scaled, *need.less))
                )
            case Recurring():
                return False
            case CaseDuty():
                return True
            case Gap():
                return duty.activity in self.record.activities or duty.starts is not None
            case _:
                assert_never(duty)

    def _asked(
        self, section: str, item: Item, clause: Clause, duty: Duty, unit: str = ""
    ) -> Iterator[Obligation]:
        """What the duty asks of one unit; of no matter which, where no fact has shaped it."""
        match duty:
            case Milestone():
                yield self._milestone(section, item, clause, duty, unit)
            case Recurring():
                yield from self._recurring(section, item, clause, duty, unit)
            case CaseDuty():
                yield from self._cases(section, item, clause, duty)
            case Gap():
                yield from self._gaps(section, item, clause, duty, unit)
            case _:
                assert_never(duty)

    def _laid_out(
        self, section: str, item: Item, clause: Clause, duty: Duty
    ) -> Iterator[Obligation]:
        if isinstance(duty, CaseDuty):
            yield from self._cases(section, item, clause, duty)
            return
        for unit in owing(item, clause):
            yield from self._asked(section, item, clause, duty, unit)

    def _base(
        self, section: str, item: Item, clause: Clause, duty: Duty, unit: str, *,
        occurrence: str, title: str, starts_at: datetime, deadline: Deadline | None,
    ) -> Obligation:  # fmt: skip
        tail = f"/{occurrence}" if occurrence else ""
        return Obligation(
            key=f"{clause.id}/{duty.id}/{unit}{tail}",
            section=section,
            item=item.id,
            clause=clause.id,
            duty=duty.id,
            kind=duty.kind,
            unit=unit,
            occurrence=occurrence,
            title=title,
            starts_at=starts_at,
            deadline=deadline,
            original=deadline,
            needs="" if deadline is not None else f"{clause.id}/{duty.id}",
            lead_units=leading(item, clause),
            reviewing_units=reviewing(item, clause),
        )

    def _milestone(
        self, section: str, item: Item, clause: Clause, duty: Milestone, unit: str
    ) -> Obligation:
        begins = duty.starts or date(self.programme.year, 1, 1)
        on = duty.on
        deadline = None
        if on is not None:
            deadline = _ending(on, self.programme.tz, self.calendar, duty.wording)
        title = f"{clause.title}：{duty.title}" if duty.title else clause.title
        plain = self._base(
            section, item, clause, duty, unit,
            occurrence="", title=title, starts_at=self._opens(begins), deadline=deadline,
        )  # fmt: skip
        return self._needing(plain, duty, unit)

    def _needing(self, plain: Obligation, duty: Milestone, unit: str) -> Obligation:
        need = duty.need
        if need is None:
            return plain
        total = self._total(need.of, unit)
        for key, factor in need.scaled.items():
            if total is not None and key in self.record.recognitions:
                total *= Fraction(factor)
        if total is not None and need.less:
            spared = min(total, self._recognised(need.less))
            total, plain = total - spared, plain._replace(spared=spared)
        if need.number is not None:
            return plain._replace(needed=Fraction(need.number), total=total, target=need.of)
        share = Fraction(need.share) if need.share is not None else Fraction(1)
        if total is None:
            return plain._replace(share=share, target=need.of, needs=need.of)
        exact = share * total
        needed = Fraction(math.ceil(exact) if need.rounding == "up" else math.floor(exact))
        if total != int(total):
            needed = exact
        return plain._replace(needed=needed, total=total, share=share, target=need.of)

    def _recognised(self, keys: Iterable[str]) -> Fraction:
        found = (one for key in keys for one in self.record.recognitions.get(key, ()))
        return Fraction(sum(one.count for one in found))

    def _total(self, target: str, unit: str) -> Fraction | None:
        entered = self.record.targets.get(target, [])
        own = [one for one in entered if one.unit == unit] or [
            one for one in entered if not one.unit
        ]
        if own:
            return Fraction(own[-1].value)
        value = self.programme.target_values[target].value
        return None if value is None else Fraction(value)

    def _recurring(
        self, section: str, item: Item, clause: Clause, duty: Recurring, unit: str
    ) -> Iterator[Obligation]:
        year = self.programme.year
        first, last = duty.first or date(year, 1, 1), duty.last or date(year, 12, 31)
        for period in periods(duty.rhythm, first=first, last=last):
            one = self._base(
                section, item, clause, duty, unit,
                occurrence=period.key,
                title=f"{clause.title}（{period.key}）",
                starts_at=self._opens(period.starts_on),
                deadline=_ending(period.due_on, self.programme.tz, self.calendar, duty.wording),
            )  # fmt: skip
            yield one._replace(needed=Fraction(duty.times)) if duty.times > 1 else one

    def _cases(
        self, section: str, item: Item, clause: Clause, duty: CaseDuty
    ) -> Iterator[Obligation]:
        for opened in self.opened.get(duty.case, ()):
            if opened.unit not in owing(item, clause):
                continue
            yield self._base(
                section, item, clause, duty, opened.unit,
                occurrence=opened.case,
                title=f"{_clock_of(clause, duty)}：{opened.title or opened.case}",
                starts_at=opened.occurred_at,
                deadline=self._limit(opened, duty),
            )  # fmt: skip

    def _limit(self, opened: f.CaseEvent, duty: CaseDuty) -> Deadline | None:
        if duty.within is not None:
            return self._within(opened.occurred_at, duty.within, duty.wording)
        if opened.due_on is None:
            return None
        return _ending(opened.due_on, self.programme.tz, self.calendar, duty.wording)

    def _within(self, start: datetime, within: Duration, wording: str) -> Deadline:
        zone, calendar = self.programme.tz, self.calendar
        match within.unit:
            case TimeUnit.HOUR:
                return within_hours(start, within.n, zone=zone, calendar=calendar, wording=wording)
            case TimeUnit.WORKDAY:
                return within_workdays(
                    start, within.n, zone=zone, calendar=calendar, wording=wording
                )
            case TimeUnit.DAY:
                return within_days(start, within.n, zone=zone, calendar=calendar, wording=wording)
            case TimeUnit.WEEK:
                days = within.n * 7
                return within_days(start, days, zone=zone, calendar=calendar, wording=wording)
            case TimeUnit.MONTH:
                return within_months(start, within.n, zone=zone, calendar=calendar, wording=wording)
            case _:
                assert_never(within.unit)

    def _gaps(
        self, section: str, item: Item, clause: Clause, duty: Gap, unit: str
    ) -> Iterator[Obligation]:
        """One obligation per full pause that was missed, and the one that runs now."""
        marks = [
            one.occurred_at
            for one in self.record.activities.get(duty.activity, ())
            if one.unit in ("", unit)
        ]
        if duty.starts is not None:
            begins = self._opens(duty.starts)
            marks = [begins, *(mark for mark in marks if mark > begins)]
        if not marks:
            begins = self._opens(date(self.programme.year, 1, 1))
            nothing_known = self._base(
                section, item, clause, duty, unit,
                occurrence="", title=clause.title, starts_at=begins, deadline=None,
            )  # fmt: skip
            yield nothing_known._replace(target=duty.activity, needs=duty.activity)
            return
        size = _elapsed(duty.within)
        closes = closes_at(self.programme.closes_on, self.programme.tz)
        for mark, following in zip_longest(marks, marks[1:]):
            for number in _pauses(mark, following, size, min(self.record.as_of, closes)):
                if mark + number * size > closes or (number > 1 and duty.counts == "once"):
                    break
                place = (clause.id, duty.id, unit, mark, number)
                if place not in self.kept.pauses:
                    pause = self._pause(section, item, clause, duty, unit, mark, number, size)
                    self.kept.pauses[place] = pause
                yield self.kept.pauses[place]

    def _pause(
        self, section: str, item: Item, clause: Clause, duty: Gap, unit: str, mark: datetime,
        number: int, size: timedelta,
    ) -> Obligation:  # fmt: skip
        since = mark.astimezone(self.programme.tz).strftime("%Y-%m-%dT%H%M")
        start = mark + (number - 1) * size
        pause = self._base(
            section, item, clause, duty, unit,
            occurrence=f"{since}+{number}",
            title=clause.title,
            starts_at=start,
            deadline=within_hours(start, int(size / timedelta(hours=1)), zone=self.programme.tz,
                                  calendar=self.calendar, wording=duty.wording),
        )  # fmt: skip
        return pause._replace(target=duty.activity)

    def _opens(self, day: date) -> datetime:
        return _beginning(day, self.programme.tz)

    def _moved(self, plain: Obligation) -> Obligation:
        """With entered dates, suspensions and extensions applied in order of time."""
        deadline = plain.deadline
        moves: list[Move] = []
        for fact in about(self.record, plain, f.ExternalDate):
            deadline = fixed(fact.on, zone=self.programme.tz, calendar=self.calendar,
                             wording=fact.note)  # fmt: skip
            moves.append(Move("entered", fact.occurred_at, deadline.due_at, fact.note, fact.id))
        if deadline is None:
            return plain
        original = plain.original or deadline
        needs = plain.needs if plain.needs != f"{plain.clause}/{plain.duty}" else ""
        for start, end, rest in suspensions(self.record, plain):
            if start >= deadline.due_at:
                continue
            deadline = deadline.moved_by((end or self.record.as_of) - start)
            moves.append(Move("suspended", start, deadline.due_at, rest.note, rest.id))
        for granted in about(self.record, plain, f.Extension):
            if granted.outcome != "approved":
                continue
            until = granted.until_at or closes_at(granted.until or deadline.on, self.programme.tz)
            deadline = deadline.moved_by(until - deadline.due_at)
            moves.append(Move("extended", granted.occurred_at, until, granted.reason, granted.id))
        if not moves:
            return plain
        moves.sort(key=lambda move: (move.at, move.fact))
        return plain._replace(deadline=deadline, original=original, moves=tuple(moves),
                       version=1 + len(moves), needs=needs)  # fmt: skip


def _clock_of(clause: Clause, duty: CaseDuty) -> str:
    """The clause's title; with the duty's where several clocks of the clause run at once."""
    several = sum(one.kind == "case" for one in clause.duties) > 1
    return f"{clause.title}（{duty.title}）" if several and duty.title else clause.title


@lru_cache(maxsize=4096)
def _ending(day: date, zone: ZoneInfo, calendar: WorkCalendar, wording: str) -> Deadline:
    """The same few days are asked for at every score."""
    return fixed(day, zone=zone, calendar=calendar, wording=wording)


@lru_cache(maxsize=4096)
def _beginning(day: date, zone: ZoneInfo) -> datetime:
    return closes_at(day - timedelta(days=1), zone)


def _pauses(mark: datetime, following: datetime | None, size: timedelta, until: datetime) -> range:
    """Numbers of the full pauses after `mark` that count; an activity at the very end of one is
    in time. Without a following activity the running pause counts too."""
    if following is not None:
        return range(1, math.ceil((following - mark) / size))
    return range(1, max(0, (until - mark) // size) + 2)


def _elapsed(within: Duration) -> timedelta:
    return {
        TimeUnit.HOUR: timedelta(hours=within.n),
        TimeUnit.DAY: timedelta(days=within.n),
        TimeUnit.WORKDAY: timedelta(days=within.n),
        TimeUnit.WEEK: timedelta(weeks=within.n),
        TimeUnit.MONTH: timedelta(
            days=30 * within.n
        ),  # of a pause, which has no day to come back to
    }[within.unit]


def about(record: Record, one: Obligation, kind: type[f.AboutKind]) -> Sequence[f.AboutKind]:
    """Facts of a kind about this obligation: its unit and duty, or all of them (empty)."""
    drawer = record.drawer(one.clause, kind)
    return drawer.about(one.duty, one.unit, one.occurrence) if drawer.facts else ()


Rest = tuple[datetime, datetime | None, f.Suspension | f.CaseEvent]
"""A span during which the clock rests, None where it has not ended; and the fact that says so."""


def suspensions(record: Record, one: Obligation) -> list[Rest]:
    """Oldest first; one that ends after the record's instant has no end yet."""
    if one.kind != "case" and not record.of_clause(one.clause, f.Suspension):
        return []
    spans: list[Rest] = [
        (fact.occurred_at, fact.ends_at, fact) for fact in about(record, one, f.Suspension)
    ]
    if one.kind == "case":
        resting: f.CaseEvent | None = None
        for event in record.cases.get(one.occurrence, ()):
            if event.event == "suspended" and resting is None:
                resting = event
            elif event.event == "resumed" and resting is not None:
                spans.append((resting.occurred_at, event.occurred_at, resting))
                resting = None
        if resting is not None:
            spans.append((resting.occurred_at, None, resting))
    spans.sort(key=lambda span: span[0])
    return [
        (start, None if end is None or end > record.as_of else end, fact)
        for start, end, fact in spans
    ]
