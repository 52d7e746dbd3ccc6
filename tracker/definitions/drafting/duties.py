"""From what a clause says about time to duties that can be laid out: nodes, periods, clocks, gaps.

A rule asks for the duty that it is about (`near`); what no rule asks for becomes no duty but what
the reader itself calls one.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from schedules.recurrence import MONTHS, Freq
from tracker.definitions.clauses import Due, ReadClause, ReadDuration, ReadRecurrence, Span
from tracker.definitions.drafting import passages, titles
from tracker.domain.programme import (
    CaseDuty,
    Duration,
    Duty,
    Gap,
    Milestone,
    Need,
    Recurring,
    TimeUnit,
)

NOWHERE: Span = (0, 0)


@dataclass(frozen=True)
class Deadline:
    """The item's own: a day, else the words that stand in its place."""

    on: date | None
    wording: str


@dataclass(frozen=True)
class Clock:
    """One piece of time of a clause, before a rule takes it: a duty and where it is written."""

    duty: Duty
    span: Span
    share: Decimal | None = None
    number: Decimal | None = None

    @property
    def own(self) -> bool:
        """Whether the clause itself says it; else it is the item's deadline."""
        return self.span != NOWHERE


@dataclass
class Clocks:
    """The clocks of a clause and the duties that its rules took from them."""

    clause: str
    text: str
    found: tuple[Clock, ...]
    by_item: Clock
    column: tuple[Clock, ...] = ()
    """The pieces of the row's own time, where it is more than one plain day."""
    sanctions: tuple[Span, ...] = ()
    taken: list[Duty] = field(default_factory=list)
    odd: list[tuple[Span, str]] = field(default_factory=list)
    """Pieces of time that no duty can say, with the unit that is missing."""

    def near(self, span: Span, *, kinds: tuple[str, ...] = ()) -> Clock:
        """The clock that a sanction is about: inside its own sentence, else the last before it,
        else the row's. One that stands in a later sentence is another matter's."""
        wanted = [one for one in self.found if not kinds or one.duty.kind in kinds]
        start = span[1] - len(passages.passage(self.text, span))
        here = [one for one in wanted if start <= one.span[0] < span[1]]
        behind = [one for one in wanted if self._follows(one, span)]
        before = [one for one in wanted if one.span[0] < span[0]]
        return (here[-1:] or behind[:1] or before[-1:] or [self.by_item])[0]

    def _follows(self, clock: Clock, span: Span) -> bool:
        """扣1分，11月20日前报送: behind the sanction, in its sentence, and no other's."""
        start = clock.span[0]
        if start < span[1] or passages.ends_between(self.text, span[1], start):
            return False
        return not any(span[1] <= other[0] <= start for other in self.sanctions)

    def stages(self) -> list[Clock]:
        found = [one for one in self.found if one.duty.kind == "milestone"]
        return found or [one for one in self.column if one.duty.kind == "milestone"]

    def take(self, clock: Clock, *, title: str, need: Need | None = None) -> str:
        """The id of a duty on this clock; clocks of periods and cases are shared, a node is each
        rule's own."""
        if not isinstance(clock.duty, Milestone):
            if clock.duty not in self.taken:
                self.taken.append(clock.duty)
            return clock.duty.id
        used = {duty.id for duty in self.taken}
        name = "done" if "done" not in used else f"d{len(used) + 1}"
        self.taken.append(clock.duty.model_copy(update={"id": name, "title": title, "need": need}))
        return name

    def duties(self) -> tuple[Duty, ...]:
        return tuple(self.taken)


def clocks(
    reading: ReadClause, clause: str, item: Deadline, *, year: int, column: ReadClause | None = None
) -> Clocks:
    """`column` is the row's cell for time as the reader of clauses understands it."""
    odd: list[tuple[Span, str]] = []
    reading = _each_year(reading)
    found = [
        *_nodes(reading, year, odd),
        *(_period(reading.text, one, n, year) for n, one in enumerate(reading.recurrences, 1)),
        *_spans(reading, clause, odd),
    ]
    told = tuple(_column(column, clause, item, year, found)) if column is not None else ()
    return Clocks(
        clause,
        reading.text,
        tuple(sorted(found, key=lambda one: one.span)),
        _main(told) or Clock(node(item, year), NOWHERE),
        told,
        tuple(rule.span for rule in reading.rules),
        odd=odd,
    )


_CASES = re.compile(r"[收接]到|交办|转办|督办|移交|受理|发现|反馈|批转|每件")


def _column(
    column: ReadClause, clause: str, item: Deadline, year: int, own: Sequence[Clock]
) -> Iterator[Clock]:
    """Nothing for one plain day or words that name no time: the item's own deadline says that."""
    column = _each_year(column)
    days = _nodes(column, year, [])
    periods = [
        _period(column.text, one, n, year)
        for n, one in enumerate(column.recurrences, 1 + _kinds(own, "recurring"))
    ]
    cases = [] if not _CASES.search(column.text) else _spans(column, clause, [])
    spare = _kinds(own, "case")
    if not (periods or cases or len(days) > 1 or any(one.share or one.number for one in days)):
        return
    told = {one.first for one in column.recurrences}
    told |= {getattr(one.duty, "on", None) for one in days}
    if item.on is not None and item.on not in told:
        days.append(Clock(node(item, year), NOWHERE))
    for one in (*days, *periods, *cases):
        duty = one.duty
        if isinstance(duty, CaseDuty) and spare:
            duty = duty.model_copy(update={"id": f"row_{duty.id}"})
        wording = passages.comma_part(column.text, one.span) if one.own else item.wording
        duty = duty.model_copy(update={"wording": wording})
        yield Clock(duty, NOWHERE, one.share, one.number)


def same(one: Duty, other: Duty) -> bool:
    """Whether both ask for the same time, whatever they are called."""
    apart = {"id", "title", "wording", "need", "case"}
    return one.model_dump(exclude=apart) == other.model_dump(exclude=apart)


def _kinds(found: Sequence[Clock], kind: str) -> int:
    return sum(1 for one in found if one.duty.kind == kind)


def _main(column: Sequence[Clock]) -> Clock | None:
    """What a sanction without a time of its own is about: the last day, else what comes first."""
    days = [one for one in column if isinstance(one.duty, Milestone) and one.duty.on is not None]
    if days:
        return max(days, key=lambda one: str(getattr(one.duty, "on", "")))
    return column[0] if column else None


def node(item: Deadline, year: int) -> Milestone:
    """The item's deadline. Words without a day name what sets it; no words mean the year's end."""
    if item.on is not None:
        return Milestone(id="done", on=item.on, wording=item.wording)
    if item.wording.strip():
        return Milestone(id="done", external=item.wording, wording=item.wording)
    return Milestone(id="done", on=date(year, 12, 31), wording="")


def _nodes(reading: ReadClause, year: int, odd: list[tuple[Span, str]]) -> list[Clock]:
    staged = {one.on: one for one in reading.milestones}
    found = []
    for due in reading.deadlines:
        part = staged.pop(due.on, None)
        share, number = (part.share, part.number) if part is not None else (None, None)
        found.append(Clock(_node(reading.text, due.on, due.span, year), due.span, share, number))
    found += [
        Clock(_node(reading.text, one.on, one.span, year), one.span, one.share, one.number)
        for one in staged.values()
    ]
    odd += [
        (one.span, "year") for one in found if isinstance(one.duty, Milestone) and not one.duty.on
    ]
    return found


def _each_year(reading: ReadClause) -> ReadClause:
    """每年5月31日前: a year and the day behind it are one duty of each year."""
    days = {due.span[0]: due for due in reading.deadlines}
    joined: dict[int, Due] = {}
    for n, one in enumerate(reading.recurrences):
        due = days.get(one.span[1])
        if one.freq is Freq.YEARLY and one.first is None and due is not None:
            joined[n] = due
    if not joined:
        return reading
    recurrences = tuple(
        replace(one, first=joined[n].on, span=(one.span[0], joined[n].span[1]))
        if n in joined else one
        for n, one in enumerate(reading.recurrences)
    )  # fmt: skip
    left = tuple(one for one in reading.deadlines if one not in joined.values())
    return replace(reading, recurrences=recurrences, deadlines=left)


def _node(text: str, on: date, span: Span, year: int) -> Milestone:
    """A day of another year is no day of this programme: it is entered when its time comes."""
    wording = text[slice(*span)]
    if on.year != year:
        return Milestone(id="done", external=f"{wording}（{on.isoformat()}）", wording=wording)
    return Milestone(id="done", on=on, wording=wording)


def _period(text: str, one: ReadRecurrence, n: int, year: int) -> Clock:
    day, offset, month = _rhythm(one, year)
    if day is not None and not offset and _of_last(text, one):
        offset = 1
    duty = Recurring(
        id="period" if n == 1 else f"period{n}",
        title="",
        freq=one.freq.value,
        interval=one.interval,
        times=one.times,
        due_day=day,
        due_offset=offset,
        due_month=month,
    )
    return Clock(duty, one.span)


def _rhythm(one: ReadRecurrence, year: int) -> tuple[int | None, int, int | None]:
    """Due day, offset and month of a duty, from the due day of the year's first period."""
    if one.first is None:
        return None, 0, None
    if one.freq is Freq.WEEKLY:
        return one.first.isoweekday(), 0, None
    months = MONTHS.get(one.freq, 0) * one.interval
    if not months:
        return None, 0, None
    day = None if _ends_month(one.first) else one.first.day
    offset, month = divmod((one.first.year - year) * 12 + one.first.month - 1, months)
    if offset < 0:
        return None, 0, None
    return day, offset, None if month + 1 == months else month + 1


_LAST = {Freq.MONTHLY: "月", Freq.QUARTERLY: "季", Freq.HALF_YEARLY: "半年", Freq.WEEKLY: "周"}


def _of_last(text: str, one: ReadRecurrence) -> bool:
    """每月5日前报送上月情况: what is owed for a month is due in the next."""
    unit = _LAST.get(one.freq)
    after = rf"[^，。；\n]{{0,14}}上(?:一个?)?{unit}"
    return unit is not None and re.match(after, text[one.span[1] :]) is not None


def _ends_month(day: date) -> bool:
    return monthrange(day.year, day.month)[1] == day.day


_UNITS = {"hour": (TimeUnit.HOUR, 1), "day": (TimeUnit.DAY, 1), "workday": (TimeUnit.WORKDAY, 1),
          "week": (TimeUnit.WEEK, 1), "month": (TimeUnit.MONTH, 1)}  # fmt: skip


def within(one: ReadDuration) -> Duration | None:
    """None for a length that no duty can have: minutes, a fraction."""
    unit, times = _UNITS.get(one.length.unit, (None, 1))
    n = one.length.n * times
    if unit is None or n != n.to_integral() or n < 1:
        return None
    return Duration(n=int(n), unit=unit)


def _spans(reading: ReadClause, clause: str, odd: list[tuple[Span, str]]) -> list[Clock]:
    found: list[Clock] = []
    slug = key_of(clause)
    for n, one in enumerate(reading.durations, start=1):
        length = within(one)
        wording = reading.text[slice(*one.span)]
        if length is None:
            odd.append((one.span, one.length.unit))
            continue
        number = "" if n == 1 else str(n)
        title = titles.title_around(reading.text, one.span)
        if _pauses(reading.text, one.span):
            if one.length.unit == "month":
                odd.append((one.span, "month"))
            said = _no_pause(reading.text, one.span)
            gap = Gap(id=f"gap{number}", title=said, activity=f"{slug}_activity{number}",
                      within=length, wording=wording)  # fmt: skip
            found.append(Clock(gap, one.span))
        else:
            case = CaseDuty(id=f"case{number}", title=title, case=f"{slug}_case", within=length,
                            wording=wording)  # fmt: skip
            found.append(Clock(case, one.span))
    return found


def _pauses(text: str, span: Span) -> bool:
    """连续一周不登录: counted between two events, not from a receipt."""
    around = text[max(0, span[0] - 3) : span[1]]
    return bool(re.search(r"连续|持续", around))


def _no_pause(text: str, span: Span) -> str:
    """连续两周未报的通报批评 -> 防止连续两周未报."""
    start = max(text.rfind(mark, 0, span[0]) for mark in "，,。；;\n") + 1
    said = re.match(r"[^，,。；;\n]*", text[start:])
    head = re.split(r"的|每次?扣|扣", said[0] if said else "")[0].strip()
    return f"防止{titles.title_of(head)}"


def key_of(clause: str) -> str:
    """A clause's id as the start of a key: `c20_5`, `cb_1`."""
    return "c" + re.sub(r"[^0-9a-z]+", "_", clause.lower()).strip("_")
