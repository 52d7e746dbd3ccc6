"""What one person must hear in one window, as one dispatch; and the mail that it becomes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from schedules.deadlines import Deadline
from schedules.instants import local_instant
from schedules.ladder import END, later_in_window
from tracker.domain.obligations import Light
from tracker.domain.points import ZERO, Units
from tracker.domain.policy import SlipKind
from tracker.domain.reminders import awake
from tracker.domain.turns import View
from tracker.domain.verdicts import QUIET_LASTS, NoticeKind, kind_of

ABOVE = frozenset({"head", "leader", "lead", "reviewer", "office"})
"""Roles that are told so that others act."""

AT_ONCE = frozenset({NoticeKind.RETURNED, NoticeKind.ASKED})
"""Kinds that do not wait for the next day's mail."""

ONE_DAY = timedelta(days=1)
ONE_HOUR = timedelta(hours=1)
MIDNIGHT = time(0)


@dataclass(frozen=True)
class Slot:
    """When a notice may be sent: `window` names it, `at` is its first instant from now on.

    "2021-10-18" is that working day's window, "2021-10-18T03:00" an hour outside of it.
    """

    window: str
    at: datetime


@dataclass(frozen=True)
class Waiting:
    """A notice that is due. `by_the_hour` ones wait for nothing but the end of quiet hours;
    `prompt` ones (those, an intake, a return) do not wait for the next window when this one was
    used; `quiet` ones (an acceptance) make no mail of their own, they go along with one."""

    key: str
    programme: str
    obligation: str
    unit: str
    role: str
    rung: str
    nominal_at: datetime
    send_at: datetime
    by_the_hour: bool = False

    @property
    def prompt(self) -> bool:
        return self.by_the_hour or self.rung == "intake" or kind_of(self.rung) in AT_ONCE

    @property
    def quiet(self) -> bool:
        return kind_of(self.rung) is NoticeKind.ACCEPTED


@dataclass(frozen=True)
class Recipient:
    """A person in a role, and the channel that reaches them; without one they are told by the call
    list."""

    person: int
    channel: str = ""

    @property
    def reachable(self) -> bool:
        return bool(self.channel)


@dataclass(frozen=True)
class Planned:
    """One mail to be. A notice is told to each person in the role, so it may lie in several."""

    person: int
    window: str
    channel: str
    notices: tuple[Waiting, ...]

    @property
    def key(self) -> str:
        return dispatch_key(self.person, self.window, self.channel)


@dataclass(frozen=True)
class Merged:
    """What becomes of notices that are due.

    `unheard` have nobody to be told, with the reason (nobody, no_address). `kept` wait, each until
    an instant: nothing may be sent now, or the person has had their mail of this window. `untold`
    have waited long enough for a mail that they could go along with.
    """

    dispatches: tuple[Planned, ...]
    unheard: tuple[tuple[Waiting, str], ...]
    kept: tuple[tuple[Waiting, datetime], ...]
    untold: tuple[Waiting, ...] = ()


def dispatch_key(person: int, window: str, channel: str) -> str:
    return f"{person}|{window}|{channel}"


def slot(view: View, one: Waiting, *, now: datetime) -> Slot:
    """The window in which a notice that is due goes out: the present one where it is open."""
    zone, window = view.programme.tz, view.window
    opens = later_in_window(now, zone=zone, calendar=view.calendar, window=window)
    if opens <= now or not one.by_the_hour:
        return Slot(f"{opens.astimezone(zone):%Y-%m-%d}", max(now, opens))
    # What the ladder put into quiet hours is one of the last 12 hours: it waits for nothing.
    rests = awake(one.send_at, view) == one.send_at
    at = awake(now, view) if rests else now
    return Slot(_hour_window(at, view), at)


def merge(
    views: Callable[[str], View],
    notices: Iterable[Waiting],
    people: Callable[[Waiting], Sequence[Recipient]],
    *,
    now: datetime,
    used: Callable[[str], bool] = lambda key: False,
) -> Merged:
    """One dispatch for each person and window, however many notices and programmes.

    `used` says whether the dispatch of that key cannot take anything more. After an outage all
    that is due falls into the present window: one catch-up.
    """
    told: dict[tuple[int, str, str], list[Waiting]] = {}
    unheard: list[tuple[Waiting, str]] = []
    kept: list[tuple[Waiting, datetime]] = []
    untold: list[Waiting] = []
    for one in notices:
        found = people(one)
        reachable = [recipient for recipient in found if recipient.reachable]
        if not reachable:
            unheard.append((one, "no_address" if found else "nobody"))
            continue
        place = slot(views(one.programme), one, now=now)
        if place.at > now:
            kept.append((one, place.at))
            continue
        for who in reachable:
            told.setdefault((who.person, place.window, who.channel), []).append(one)
    dispatches: list[Planned] = []
    for (person, window, channel), mine in told.items():
        if all(one.quiet for one in mine):
            old = [one for one in mine if now - one.nominal_at >= QUIET_LASTS]
            untold += old
            tomorrow = _tomorrow(views(mine[0].programme), now)
            kept += [(one, tomorrow) for one in mine if one not in old]
            continue
        taken = _taken(person, channel, used)
        free = _free_window(views(mine[0].programme), window, mine, now, taken)
        if isinstance(free, datetime):
            kept += [(one, free) for one in mine]
        else:
            dispatches.append(Planned(person, free, channel, tuple(mine)))
    return Merged(tuple(dispatches), tuple(unheard), tuple(kept), tuple(untold))


def _taken(person: int, channel: str, used: Callable[[str], bool]) -> Callable[[str], bool]:
    return lambda window: used(dispatch_key(person, window, channel))


def _free_window(
    view: View,
    window: str,
    mine: Sequence[Waiting],
    now: datetime,
    taken: Callable[[str], bool],
) -> str | datetime:
    """The window for these notices, or until when they wait.

    Beside the day's one mail, what is prompt makes at most one an hour.
    """
    if not taken(window):
        return window
    zone = view.programme.tz
    if not any(one.prompt for one in mine):
        return _tomorrow(view, now)
    hour = _hour_window(now, view)
    if not taken(hour):
        return hour
    local = now.astimezone(zone)
    return (local.replace(minute=0, second=0, microsecond=0) + ONE_HOUR).astimezone(UTC)


def _tomorrow(view: View, now: datetime) -> datetime:
    """When the window opens next, today's left aside."""
    zone = view.programme.tz
    day = now.astimezone(zone).date() + ONE_DAY
    return later_in_window(
        local_instant(day, MIDNIGHT, zone=zone), zone=zone, calendar=view.calendar,
        window=view.window,
    )  # fmt: skip


def _hour_window(at: datetime, view: View) -> str:
    return f"{at.astimezone(view.programme.tz):%Y-%m-%dT%H:00}"


def leading(notices: Iterable[Waiting]) -> tuple[list[Waiting], dict[str, str]]:
    """The last rung of each obligation and kind, and of the others (by key) the rung that took
    them in."""
    last: dict[tuple[str, str, NoticeKind], Waiting] = {}
    ordered = sorted(notices, key=lambda one: (one.nominal_at, one.key))
    for one in ordered:
        last[one.programme, one.obligation, kind_of(one.rung)] = one
    leads: list[Waiting] = []
    merged: dict[str, str] = {}
    for one in ordered:
        final = last[one.programme, one.obligation, kind_of(one.rung)]
        if one.nominal_at < final.nominal_at:
            merged[one.key] = final.rung
        else:
            leads.append(one)
    return leads, merged


# -- the mail --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Why:
    """A rung on which the reader is told: "+4" for role "head"."""

    rung: str
    role: str
    nominal_at: datetime


@dataclass(frozen=True)
class Links:
    """Each opens a page that asks before it does anything; `view` and `unit` only show. What a line
    does not offer has no address."""

    report: str = ""
    sign: str = ""
    extend: str = ""
    view: str = ""
    unit: str = ""


@dataclass(frozen=True)
class ReminderLine:
    """One obligation. Points are 0.0001 point, positive: `lost` so far, `keeps` what acting now
    saves against doing nothing until the mail's `until`.

    `days_late` and `workdays_late` count started days. `next_at` is when `next_role` is told,
    should nothing happen. `programme` is its title, told where it is not the mail's. A report that
    was sent back was so at `returned_at`, because of `returned_because`.
    """

    key: str
    programme: str
    item: str
    clause: str
    title: str
    unit: str
    light: Light
    deadline: Deadline | None
    due_at: datetime | None
    original_due_at: datetime | None
    days_late: int
    workdays_late: int
    returned: bool
    lost: Units
    keeps: Units
    why: tuple[Why, ...]
    links: Links
    kind: str = "milestone"
    occurrence: str = ""
    slug: str = ""
    deadline_version: int = 1
    elapsed_late: timedelta = timedelta(0)
    lost_if_nothing: Units = ZERO
    next_at: datetime | None = None
    next_role: str = ""
    returned_at: datetime | None = None
    returned_because: str = ""

    @property
    def late(self) -> bool:
        return self.elapsed_late > timedelta(0)

    @property
    def sent_back(self) -> bool:
        """Whether the reader is told because of a return."""
        return any(kind_of(why.rung) is NoticeKind.RETURNED for why in self.why)

    @property
    def ended(self) -> bool:
        """Whether this is the last that the reader is told of it."""
        return any(why.rung == END for why in self.why)

    @property
    def acts(self) -> tuple[tuple[str, str], ...]:
        """What the reader does about it, with its address, the main act first: who answers for the
        unit reports, who is over them signs and looks."""
        ways = self.links
        if all(why.role in ABOVE for why in self.why):
            return (("sign", ways.sign), ("view", ways.view), ("unit", ways.unit))
        report = "report_again" if self.returned else "report"
        return ((report, ways.report), ("sign", ways.sign), ("extend", ways.extend))


@dataclass(frozen=True)
class AcceptedLine:
    """A report that was accepted; nothing is left to do about it."""

    key: str
    programme: str
    clause: str
    title: str
    unit: str
    accepted_at: datetime
    submitted_at: datetime


@dataclass(frozen=True)
class ReviewLine:
    """A report that waits for the reader's review since `submitted_at`; it is due by `deadline`,
    and `workdays_late` working days over it."""

    key: str
    programme: str
    clause: str
    title: str
    unit: str
    submitted_at: datetime
    deadline: Deadline
    workdays_late: int
    why: tuple[Why, ...]
    link: str


@dataclass(frozen=True)
class ReminderMail:
    """All that a person must hear in one window, dearest first.

    `person` and `unit` are names; `window` is the dispatch's; `until` ends the forecast behind
    `keeps`; links stop working at `expires_at`; `home` lists everything of the reader's unit.
    `caught_up` earlier notices are in it that had not gone out at their time.
    `instead` names the channel that could not deliver, where this one took over from it.
    """

    person: str
    unit: str
    programme: str
    version: int
    zone: ZoneInfo
    as_of: datetime
    window: str
    until: datetime
    lines: tuple[ReminderLine, ...]
    message_id: str
    expires_at: datetime
    home: str = ""
    attachment: str = ""
    roles: tuple[str, ...] = field(default=())
    accepted: tuple[AcceptedLine, ...] = ()
    instead: str = ""
    reviews: tuple[ReviewLine, ...] = ()
    caught_up: int = 0
    slips: tuple[str, ...] = ()
    """The numbers of the order slips that are attached; `more_slips` were made and are not."""
    more_slips: int = 0
    sent_as: SlipKind = SlipKind.URGE
    """What its subject begins with."""
    answers: bool = False
    """Whether to answer the mail signs for what it says."""
    stands_in_for: tuple[str, ...] = ()
    """Who is away and is stood in for by the reader."""

    @property
    def kind(self) -> NoticeKind:
        """A return where it tells of nothing else that is open; else a reminder."""
        only = (
            bool(self.lines)
            and not self.reviews
            and all(
                kind_of(why.rung) is NoticeKind.RETURNED for line in self.lines for why in line.why
            )
        )
        return NoticeKind.RETURNED if only else NoticeKind.REMINDER

    @property
    def lost(self) -> Units:
        return Units(sum(line.lost for line in self.lines))

    @property
    def keeps(self) -> Units:
        return Units(sum(line.keeps for line in self.lines))

    @property
    def late(self) -> tuple[ReminderLine, ...]:
        return tuple(line for line in self.lines if line.late)

    @property
    def ahead(self) -> tuple[ReminderLine, ...]:
        return tuple(line for line in self.lines if not line.late)

    @property
    def next_line(self) -> ReminderLine | None:
        """The line that climbs first, should nothing happen."""
        climbing = [line for line in self.lines if line.next_at is not None]
        return min(climbing, key=lambda line: (line.next_at, line.key), default=None)


def by_cost(line: ReminderLine) -> tuple[int, int, bool, datetime | None, str]:
    """What acting saves, then what is lost already, then the nearest date."""
    return (-line.keeps, -line.lost, line.due_at is None, line.due_at, line.key)
