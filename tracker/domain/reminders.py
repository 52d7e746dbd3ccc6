"""Who is told what, when and why. Pure: no row, no clock.

A rung of the ladder is judged at its own instant with the facts known by then, so that whoever asks
early, late or twice gets the same notices under the same keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from schedules.deadlines import Deadline, closes_at, local_day
from schedules.instants import local_instant
from schedules.ladder import END, Planned, later_in_window
from tracker.domain import facts as f
from tracker.domain.ladders import DAWN, NEXT, Timeline
from tracker.domain.obligations import Obligation
from tracker.domain.policy import signs_for
from tracker.domain.turns import YEAR_CLOSED, Judged, Scope, View, untold
from tracker.domain.verdicts import (
    OF_REVIEWS,
    ROLE,
    NoticeKind,
    kind_of,
    known_from,
    review_of,
    rung_of,
    waiting_for,
)

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Notice:
    """An intent to tell a role something about an obligation.

    `nominal_at` is the rung's place on the ladder, `send_at` from when it may be sent. `silenced`
    is why it is not sent although it was due ("receipt"); "" where it is.
    """

    key: str
    programme: str
    obligation: str
    deadline_version: int
    rung: str
    role: str
    unit: str
    nominal_at: datetime
    send_at: datetime
    silenced: str = ""


def wanted(view: View, key: str, *, after: datetime | None, until: datetime) -> list[Notice]:
    """The notices of the rungs wanted in (after, until], in order; silenced ones too.

    Asked in pieces it gives the same notices. What became known late (a case entered a day after
    its receipt) is told at once, by the rung on which it then stands; a review when it is known.
    What had passed when the programme was loaded is told on the next morning, all of it together.
    """
    scope = view.scope(key)
    if scope is None:
        return []
    found: dict[str, Notice] = {}
    for begin, end in scope.epochs((after or DAWN) + NEXT, until + NEXT):
        assert end is not None
        for notice in _wanted_between(view, scope, key, begin, end):
            found.setdefault(notice.key, notice)
    return list(found.values())


def next_alarm(view: View, key: str, *, after: datetime) -> datetime | None:
    """When to look at the obligation again: its first rung or review after `after`.

    None where its ladder has ended, is done with, or has no date yet: a new fact arms it again.
    """
    scope = view.scope(key)
    if scope is None:
        return None
    for begin, end in scope.epochs(after + NEXT, None):
        if scope.reviews(key, begin):
            return begin
        judged = scope.judge(key, begin)
        if _missed(view, scope, judged, begin):
            return begin
        if not judged.runs:
            continue
        if scope.begins(key, begin) and judged.ladder(view, scope).last_before(begin):
            return begin
        ladders = (judged.ladder(view, scope), judged.review(view, scope))
        found = [at for one in ladders if one and (at := one.first_from(begin)) is not None]
        if found and (end is None or min(found) < end):
            return min(found)
    return None


def armed_from(view: View, key: str, *, now: datetime, since: datetime) -> datetime:
    """From when on an obligation has to be looked at `now` that facts known `since` have changed.

    A pause (gap) from its beginning, because it may come to be known of only later.
    """
    scope = view.scope(key)
    one = None if scope is None else scope.judge(key, now).obligation
    return since if one is None or one.kind != "gap" else min(since, one.starts_at)


def following_pause(view: View, key: str, limit: datetime) -> Obligation | None:
    """The pause that begins where this one reaches its limit; None where an activity ended it."""
    scope = view.scope(key)
    before, plus, number = key.rpartition("+")
    if scope is None or not plus:
        return None
    return scope.judge(f"{before}+{int(number) + 1}", limit).obligation


def lapsed(view: View, key: str, *, rung: str, version: int, role: str, at: datetime) -> str:
    """Why a notice made earlier is not to be sent at `at`; "" where it still is.

    gone, no_date, done, waived, closed, year_closed, waiting, suspended; moved (there is a newer
    deadline, with notices of its own); receipt (signed since); corrected (the review that it tells
    of).
    """
    scope = view.scope(key)
    if scope is None:
        return "gone"
    judged = scope.judge(key, at)
    kind = kind_of(rung)
    if kind in OF_REVIEWS:
        return untold(kind, judged) or ("" if scope.stands(review_of(rung), at) else "corrected")
    if kind is NoticeKind.WAITING:
        return _reviewed(rung, judged)
    if judged.reason:
        return judged.reason
    if judged.obligation is not None and judged.obligation.version != version:
        return "moved"
    if kind is NoticeKind.ASKED or rung == END:
        return ""
    return _silenced(judged, role, at, view)


def standing_reason(view: View, key: str, at: datetime) -> str:
    """Why nobody is told of the obligation at `at`, as far as it was known then; "" where it is
    open and with the unit."""
    scope = view.scope(key)
    return "gone" if scope is None else scope.judge(key, at).reason


def deadline_version(view: View, key: str, at: datetime) -> int:
    """Which version of its deadline the obligation has at `at`; 1 where it has none."""
    scope = view.scope(key)
    one = None if scope is None else scope.judge(key, at).obligation
    return 1 if one is None else one.version


def next_step(view: View, key: str, *, role: str, after: datetime) -> tuple[datetime, str] | None:
    """When and which role above `role` will be told, should nothing happen until then."""
    scope = view.scope(key)
    judged = None if scope is None else scope.judge(key, after)
    if scope is None or judged is None or not judged.runs:
        return None
    first = judged.ladder(view, scope).climbs(role, after)
    return None if first is None else (first.send_at, first.role)


def review_deadline(view: View, key: str, at: datetime) -> Deadline | None:
    """Until when the report that waits at `at` is to be reviewed; None where none does, or where
    no day is set for it."""
    scope = view.scope(key)
    waits = None if scope is None else scope.judge(key, at).waits
    if scope is None or waits is None:
        return None
    course = view.plans.review_course(waits, scope)
    return None if course is None else course.deadline


def waiting_report(view: View, key: str, at: datetime) -> f.Report | None:
    """The report about the obligation that waits for review at `at`."""
    scope = view.scope(key)
    return None if scope is None else scope.judge(key, at).waits


def by_the_hour(view: View, key: str, rung: str, at: datetime) -> bool:
    """Whether the rung belongs to a clock of hours, which runs at night and on rest days too."""
    kind = kind_of(rung)
    if kind in (NoticeKind.ACCEPTED, NoticeKind.WAITING):
        return False
    if kind is NoticeKind.ASKED:
        return True
    if rung in ("half", "limit") or rung.startswith("step+"):
        return True
    if kind is NoticeKind.REMINDER and rung != "intake" and rung[-1] not in "h%":
        return False
    scope = view.scope(key)
    judged = None if scope is None else scope.judge(key, at)
    return judged is not None and judged.obligation is not None and _hourly(judged.obligation)


def _wanted_between(
    view: View, scope: Scope, key: str, begin: datetime, end: datetime
) -> Iterator[Notice]:
    judged = scope.judge(key, begin)
    for review in scope.reviews(key, begin):
        yield _notice(_told_of(review, judged, view), judged, begin, view)
    for planned in _missed(view, scope, judged, begin):
        yield _notice(replace(planned, send_at=begin), judged, begin, view)
    yield from _waiting(view, scope, judged, begin, end)
    if judged.reason or judged.obligation is None:
        return
    ladder = judged.ladder(view, scope)
    if scope.begins(key, begin):
        for planned in ladder.last_before(begin):
            late = _told_late(planned, begin, judged.obligation, view)
            yield _notice(late, judged, begin, view)
    just_told = _just_told(view, scope, key, ladder, begin)
    for planned in ladder.between(begin, end):
        if not just_told(planned):
            yield _notice(planned, judged, planned.wanted_at, view)


def _missed(view: View, scope: Scope, judged: Judged, at: datetime) -> Sequence[Planned]:
    """What the catch-up at `at` tells of the obligation, or of its report that waits."""
    if scope.catch_up is None or scope.catch_up.at != at:
        return ()
    review = judged.review(view, scope)
    if review is not None:
        return scope.catch_up.of(review)
    told = judged.runs and not judged.reason
    return scope.catch_up.of(judged.ladder(view, scope)) if told else ()


def _just_told(
    view: View, scope: Scope, key: str, ladder: Timeline, at: datetime
) -> Callable[[Planned], bool]:
    """Whether a rung after the deadline comes so soon after a catch-up that it would say the same
    to the same role."""
    catch_up = scope.catch_up
    if catch_up is None or not catch_up.at <= at < catch_up.until:
        return lambda _: False
    missed = _missed(view, scope, scope.judge(key, catch_up.at), catch_up.at)
    told, until = {one.role for one in missed if one.rung.startswith("+")}, catch_up.until
    return lambda one: one.rung.startswith("+") and one.role in told and one.wanted_at < until


def _waiting(
    view: View, scope: Scope, judged: Judged, begin: datetime, end: datetime
) -> Iterator[Notice]:
    """Who reviews is told of the report that waits for them."""
    ladder = judged.review(view, scope)
    if ladder is not None:
        for planned in ladder.between(begin, end):
            yield _notice(planned, judged, planned.wanted_at, view)


def _reviewed(rung: str, judged: Judged) -> str:
    """Why nobody has to review any more; "" where the report still waits."""
    if judged.waits is not None and judged.waits.id == waiting_for(rung)[0]:
        return ""
    ended = judged.reason in ("gone", "waived", "closed", YEAR_CLOSED)
    return judged.reason if ended else "reviewed"


def _told_late(planned: Planned, at: datetime, one: Obligation, view: View) -> Planned:
    """The rung told at `at`, when it became known, or as soon after it as may be sent."""
    send_at = _sendable(at, view, hourly=_hourly(one))
    return Planned(planned.rung, planned.role, planned.nominal_at, send_at)


def _told_of(review: f.Review, judged: Judged, view: View) -> Planned:
    """The review told when it is known, or as soon after it as may be sent."""
    rung, at = rung_of(review), known_from(review)
    assert judged.obligation is not None
    hourly = kind_of(rung) is NoticeKind.RETURNED and _hourly(judged.obligation)
    return Planned(rung, ROLE, at, _sendable(at, view, hourly=hourly))


def _hourly(one: Obligation) -> bool:
    return one.deadline is not None and one.deadline.kind == "hours"


def _sendable(at: datetime, view: View, *, hourly: bool) -> datetime:
    """`at` or the next instant that the window allows; a clock of hours waits for the morning."""
    if hourly:
        return awake(at, view)
    return later_in_window(
        at, zone=view.programme.tz, calendar=view.calendar, window=view.window
    )  # fmt: skip


def _notice(planned: Planned, judged: Judged, at: datetime, view: View) -> Notice:
    one = judged.obligation
    assert one is not None
    slug = view.programme.id
    # Nothing comes after a last word, so a signature does not put it off.
    put_off = kind_of(planned.rung) is NoticeKind.REMINDER and planned.rung != END
    return Notice(
        key=f"{slug}|{one.key}|{one.version}|{planned.rung}|{planned.role}",
        programme=slug,
        obligation=one.key,
        deadline_version=one.version,
        rung=planned.rung,
        role=planned.role,
        unit=one.unit,
        nominal_at=planned.nominal_at,
        send_at=planned.send_at,
        silenced=_silenced(judged, planned.role, at, view) if put_off else "",
    )


def _silenced(judged: Judged, role: str, at: datetime, view: View) -> str:
    """Why the role is left in peace at `at`: it signed, reported progress or asked for more time
    no longer ago than the policy's number of working days; "" where it is not."""
    assert judged.obligation is not None
    policy = view.programme.policies[judged.obligation.clause]
    for receipt in judged.receipts:
        days = policy.receipt_silences
        if signs_for(receipt.role, role) and _within(receipt, days, at, view):
            return "receipt"
    for act in judged.acts:
        if isinstance(act, f.Extension) and act.outcome != "requested":
            continue
        report = isinstance(act, f.Report)
        days = policy.progress_silences if report else policy.request_silences
        if signs_for("contact", role) and _within(act, days, at, view):
            return "progress" if report else "requested"
    return ""


def _within(act: f.About, days: int, at: datetime, view: View) -> bool:
    """Whether `at` lies in the so many working days after the day of the act."""
    if not days:
        return False
    zone = view.programme.tz
    last = view.calendar.add_workdays(local_day(act.occurred_at, zone), days)
    return act.occurred_at <= at < closes_at(last, zone)


def awake(at: datetime, view: View) -> datetime:
    """`at`, or the end of the quiet hours around it."""
    window, zone = view.window, view.programme.tz
    local = at.astimezone(zone)
    overnight = window.quiet_from > window.quiet_until
    if overnight and local.time() >= window.quiet_from:
        return local_instant(local.date() + ONE_DAY, window.quiet_until, zone=zone)
    begins_today = window.quiet_from <= local.time() if not overnight else True
    if begins_today and local.time() < window.quiet_until:
        return local_instant(local.date(), window.quiet_until, zone=zone)
    return at
