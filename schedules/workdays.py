"""Working days: weekends, statutory days off, and weekend days that are worked instead (调休)."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from functools import cache, cached_property, lru_cache
from hashlib import sha256
from importlib import import_module
from importlib.metadata import version

SATURDAY = 5
DECEMBER = 12

# The names as the State Council's notices write them, where the library's are shorter.
OFFICIAL_NAMES = {"清明": "清明节", "端午": "端午节", "中秋": "中秋节"}


class DayKind(StrEnum):
    WORKING = "working"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    MAKE_UP = "make_up"


@dataclass(frozen=True)
class Day:
    """`name` is the holiday taken or made up for, "" for a plain day and where a notice names
    none; `known` is False where the year's notice is not known and Monday-Friday is assumed."""

    on: date
    kind: DayKind
    name: str = ""
    known: bool = True

    @property
    def is_working(self) -> bool:
        return self.kind in (DayKind.WORKING, DayKind.MAKE_UP)


@dataclass(frozen=True)
class YearNotice:
    """One year's notice of the State Council on days off; `number` is its official number.

    It may name days of the December before (元旦 often starts there). ValueError for what cannot
    be in a notice: days of another year, a day named twice, a made-up day that is no weekend day.
    """

    year: int
    number: str
    off_days: tuple[tuple[date, str], ...] = ()
    make_up_days: tuple[date, ...] = ()

    def __post_init__(self) -> None:
        # Sorted, so that two typings of one notice are the same value and the same version.
        object.__setattr__(self, "off_days", tuple(sorted(self.off_days)))
        object.__setattr__(self, "make_up_days", tuple(sorted(self.make_up_days)))
        for mistake in self._mistakes():
            raise ValueError(f"notice {self.number or '(no number)'} for {self.year}: {mistake}")

    @classmethod
    def of(
        cls,
        year: int,
        number: str,
        *,
        off_days: Mapping[date, str],
        make_up_days: Iterable[date] = (),
    ) -> "YearNotice":
        return cls(year, number, tuple(off_days.items()), tuple(make_up_days))

    @cached_property
    def digest(self) -> str:
        """Eight hexadecimal digits that change whenever a day or a name does."""
        content = [f"{on}={name}" for on, name in self.off_days]
        content += [f"{on}+" for on in self.make_up_days]
        return sha256("\n".join(content).encode()).hexdigest()[:8]

    def _mistakes(self) -> Iterable[str]:
        named = [on for on, _ in self.off_days] + list(self.make_up_days)
        for on in named:
            if on.year != self.year and notice_year(on) != self.year:
                yield f"{on} is not a day of it"
            if named.count(on) > 1:
                yield f"{on} is named twice"
        for on in self.make_up_days:
            if on.weekday() < SATURDAY:
                yield f"{on} cannot be made up, it is no weekend day"


def notice_year(on: date) -> int:
    """The year whose notice decides over an unusual day: December's belong to the next 元旦."""
    return on.year + (on.month == DECEMBER)


@dataclass(frozen=True)
class WorkCalendar:
    """Which days are worked; equal to another of the same base and notices.

    Total: a year without a notice is plain Monday to Friday, marked `known=False`. The last days
    of December can still be changed by the next year's notice, which is then a new version.
    """

    base: str
    notices: tuple[YearNotice, ...] = ()
    _years: frozenset[int] = field(default=frozenset(), compare=False, repr=False)
    _unusual: Mapping[date, Day] = field(default_factory=dict, compare=False, repr=False)
    # Worked days per year, filled as asked for: the value of the calendar does not depend on it.
    _worked: dict[int, list[date]] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    @cached_property
    def version(self) -> str:
        """The base library and its version, then each notice: year, number, digest of its days."""
        loaded = [f"{n.year} {n.number} #{n.digest}" for n in self.notices]
        return "; ".join([self.base, *loaded])

    def known(self, year: int) -> bool:
        return year in self._years

    def day(self, on: date) -> Day:
        unusual = self._unusual.get(on)
        if unusual is not None:
            return unusual
        kind = DayKind.WORKING if on.weekday() < SATURDAY else DayKind.WEEKEND
        return Day(on, kind, known=self.known(on.year))

    def is_working(self, on: date) -> bool:
        unusual = self._unusual.get(on)
        return on.weekday() < SATURDAY if unusual is None else unusual.is_working

    def next_working(self, on: date) -> date:
        """The first working day on or after `on`."""
        return on if self.is_working(on) else self.add_workdays(on, 1)

    def previous_working(self, on: date) -> date:
        """The last working day on or before `on`."""
        return on if self.is_working(on) else self.add_workdays(on, -1)

    def add_workdays(self, on: date, n: int) -> date:
        """The n-th working day after `on` (before it for a negative n); `on` itself for 0."""
        if n == 0:
            return on
        return self._nth_after(on, n) if n > 0 else self._nth_before(on, -n)

    def workdays_between(self, after: date, until: date) -> int:
        """Working days in (after, until]; 0 when `until` is not after `after`."""
        if until <= after:
            return 0
        count = bisect_right(self._worked_in(until.year), until)
        count -= bisect_right(self._worked_in(after.year), after)
        return count + sum(len(self._worked_in(y)) for y in range(after.year, until.year))

    def _nth_after(self, on: date, n: int) -> date:
        year = on.year
        at = bisect_right(self._worked_in(year), on) + n - 1
        while at >= len(self._worked_in(year)):
            at -= len(self._worked_in(year))
            year += 1
        return self._worked_in(year)[at]

    def _nth_before(self, on: date, n: int) -> date:
        year = on.year
        at = bisect_left(self._worked_in(year), on) - n
        while at < 0:
            year -= 1
            at += len(self._worked_in(year))
        return self._worked_in(year)[at]

    def _worked_in(self, year: int) -> list[date]:
        worked = self._worked.get(year)
        if worked is None:
            first, length = date(year, 1, 1), date(year, 12, 31).timetuple().tm_yday
            every = (first + timedelta(days=n) for n in range(length))
            worked = self._worked[year] = [on for on in every if self.is_working(on)]
        return worked


def china(notices: Iterable[YearNotice] = ()) -> WorkCalendar:
    """China's calendar: the library's years, each replaced by the notice loaded for it.

    Of several notices for one year the last given counts, so that an amended one can follow.
    """
    latest = {notice.year: notice for notice in notices}
    return _china(tuple(latest[year] for year in sorted(latest)))


@lru_cache(maxsize=16)
def _china(notices: tuple[YearNotice, ...]) -> WorkCalendar:
    base, years, unusual = _library()
    replaced = {notice.year for notice in notices}
    days = {on: day for on, day in unusual.items() if notice_year(on) not in replaced}
    for notice in notices:
        days |= {on: Day(on, DayKind.HOLIDAY, name) for on, name in notice.off_days}
        days |= {on: Day(on, DayKind.MAKE_UP) for on in notice.make_up_days}
    return WorkCalendar(base, notices, years | replaced, days)


@cache
def _library() -> tuple[str, frozenset[int], dict[date, Day]]:
    # Here and by name: a command that counts no days should not pay for reading twenty years, and
    # whoever imports this module for its values should not thereby depend on the library.
    chinese_calendar = import_module("chinese_calendar")
    names = {h.value: OFFICIAL_NAMES.get(h.chinese, h.chinese) for h in chinese_calendar.Holiday}
    off, made_up = chinese_calendar.holidays, chinese_calendar.workdays
    days = {on: Day(on, DayKind.HOLIDAY, names[holiday]) for on, holiday in off.items()}
    days |= {on: Day(on, DayKind.MAKE_UP, names[holiday]) for on, holiday in made_up.items()}
    years = frozenset(range(min(off).year, max(off).year + 1))
    return f"chinesecalendar {version('chinesecalendar')}", years, days
