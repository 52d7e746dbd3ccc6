"""How an obligation stands as of an instant: light, progress, lateness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction

from schedules.deadlines import Lateness, lateness
from schedules.workdays import WorkCalendar
from tracker.domain import facts as f
from tracker.domain.layout import Rest, about, suspensions
from tracker.domain.obligations import NO_LATENESS, Light, Obligation, Standing
from tracker.domain.points import fraction
from tracker.domain.programme import CaseDuty, Milestone, Programme
from tracker.domain.record import Record

NOTHING, ONE = Fraction(0), Fraction(1)


@dataclass(frozen=True)
class _Course:
    """What the reports and reviews of one obligation amount to."""

    done_at: datetime | None = None
    submitted_at: datetime | None = None
    returned: bool = False
    has: Fraction = NOTHING
    had_in_time: Fraction = NOTHING
    counted: Fraction = NOTHING
    held: tuple[tuple[datetime, datetime], ...] = ()
    facts: tuple[f.FactId, ...] = ()


def stand(
    one: Obligation, programme: Programme, record: Record, calendar: WorkCalendar
) -> Standing:
    """Light, lateness and progress as of the record's instant."""
    course = _course(one, programme, record)
    withdrawn = _case_withdrawn(one, record)
    waived = withdrawn or bool(about(record, one, f.Waiver))
    closed = about(record, one, f.CloseOut)
    rests = suspensions(record, one)
    if closed and course.done_at is None:
        course = _taken_off(course, one, closed[0].occurred_at)
    past = one.deadline is not None and one.deadline.passed(record.as_of)
    late = _lateness(one, course, rests, record, programme, calendar) if past else NO_LATENESS
    standing = Standing(
        obligation=one,
        as_of=record.as_of,
        light=Light.DONE if course.done_at is not None or closed or waived else Light.OK,
        lateness=NO_LATENESS if waived else late,
        done_at=course.done_at,
        submitted_at=course.submitted_at,
        has=course.has,
        had_in_time=_in_time(one, course, late),
        counted=course.counted,
        past=past or late.elapsed > timedelta(0),
        waived=waived,
        closed_out=bool(closed),
        suspended=any(end is None for _, end, _ in rests),
        returned=course.returned,
        receipts=tuple(about(record, one, f.Receipt)),
        facts=course.facts,
    )
    light = light_of(standing, programme)
    return standing if light is standing.light else replace(standing, light=light)


def _taken_off(course: _Course, one: Obligation, at: datetime) -> _Course:
    """The office holds it for settled from then on (销号)."""
    has = max(course.has, ONE if one.needed is None else one.needed)
    in_time = one.deadline is None or one.deadline.in_time(at)
    return replace(
        course,
        held=_clipped(course.held, at),
        has=has,
        had_in_time=has if in_time else course.had_in_time,
    )


def _in_time(one: Obligation, course: _Course, late: Lateness) -> Fraction:
    """A yes/no duty is in time where it was never late: one that is handed in again while the
    first submission waits stays so."""
    if one.kind == "gap" or one.needed is not None or one.share is not None:
        return course.had_in_time
    return course.has if late.elapsed <= timedelta(0) else NOTHING


def _case_withdrawn(one: Obligation, record: Record) -> bool:
    events = record.cases.get(one.occurrence, ()) if one.kind == "case" else ()
    return any(event.event == "withdrawn" for event in events)


def light_of(standing: Standing, programme: Programme) -> Light:
    """The light of design section 3; the first that matches wins."""
    one, as_of = standing.obligation, standing.as_of
    if not standing.open:
        return Light.DONE
    if one.deadline is None or as_of < one.starts_at:
        return Light.NONE
    if standing.missed:
        return Light.LATE
    if standing.waiting_in_time or standing.suspended:
        return Light.OK
    if not _behind(standing):
        return Light.OK
    used = _share_used(one, as_of)
    if used >= fraction(programme.thresholds.nearly):
        return Light.DUE
    silent = used >= fraction(programme.thresholds.silent)
    return Light.SLOW if silent or one.needed is not None else Light.OK


def _share_used(one: Obligation, as_of: datetime) -> Fraction:
    assert one.deadline is not None
    whole = one.deadline.due_at - one.starts_at
    if whole <= timedelta(0):
        return ONE
    return Fraction(
        (as_of - one.starts_at) // timedelta(seconds=1), whole // timedelta(seconds=1) or 1
    )


def _behind(standing: Standing) -> bool:
    """Below the pace (序时进度) for a quantity; nothing reported for a yes/no duty."""
    needed = standing.obligation.needed
    if needed is None:
        return standing.submitted_at is None and not standing.facts
    used = _share_used(standing.obligation, standing.as_of)
    return standing.has < needed * min(used, ONE)


def _lateness(
    one: Obligation, course: _Course, rests: Sequence[Rest], record: Record,
    programme: Programme, calendar: WorkCalendar,
) -> Lateness:  # fmt: skip
    if one.deadline is None:
        return NO_LATENESS
    after = [
        (start, end or record.as_of) for start, end, _ in rests if start >= one.deadline.due_at
    ]
    held = _without(course.held, after)
    return lateness(one.deadline.due_at, held, zone=programme.tz, calendar=calendar)


def _clipped(
    spans: Sequence[tuple[datetime, datetime]], end: datetime
) -> tuple[tuple[datetime, datetime], ...]:
    return tuple((start, min(stop, end)) for start, stop in spans if start < end)


def _without(
    spans: Sequence[tuple[datetime, datetime]], rests: Sequence[tuple[datetime, datetime]]
) -> list[tuple[datetime, datetime]]:
    left = list(spans)
    for rest_start, rest_end in rests:
        cut: list[tuple[datetime, datetime]] = []
        for start, end in left:
            if start < rest_start:
                cut.append((start, min(end, rest_start)))
            if end > rest_end:
                cut.append((max(start, rest_end), end))
        left = [(start, end) for start, end in cut if start < end]
    return left


def _course(one: Obligation, programme: Programme, record: Record) -> _Course:
    if one.kind == "gap":
        return _gap_course(one, record)
    reports = _reports(one, programme, record)
    closed = _closed_by_office(one, programme, record)
    if one.needed is not None or one.share is not None:
        return _quantity(one, reports, record)
    return _yes_no(one, reports, closed, record)


def _gap_course(one: Obligation, record: Record) -> _Course:
    """A pause ends with the next activity."""
    if one.deadline is None:
        return _Course()
    limit = one.deadline.due_at
    ended = next(
        (mark.occurred_at for mark in record.activities.get(one.target, ())
         if mark.occurred_at > one.starts_at and mark.unit in ("", one.unit)),
        None,
    )  # fmt: skip
    if ended is not None and ended <= limit:
        return _Course(done_at=ended, held=((one.starts_at, ended),))
    if record.as_of > limit:
        # One full pause is one miss; what comes after it belongs to the next occurrence.
        over = limit + timedelta(seconds=1)
        return _Course(done_at=over, held=((one.starts_at, over),))
    return _Course(held=((one.starts_at, record.as_of),))


def _reports(one: Obligation, programme: Programme, record: Record) -> list[f.Report]:
    """Reports about this obligation; a quantity's stages share the reports of their target."""
    reports = record.of_clause(one.clause, f.Report)
    clause = programme.clauses[one.clause][2]
    stages = {
        duty.id
        for duty in clause.duties
        if isinstance(duty, Milestone) and duty.need and duty.need.of == one.target
    }
    return [
        report
        for report in reports
        if report.unit in ("", one.unit)
        and report.occurrence in ("", one.occurrence)
        and (report.duty in ("", one.duty) or (report.duty in stages and report.done is None))
    ]


def _closed_by_office(one: Obligation, programme: Programme, record: Record) -> f.CaseEvent | None:
    events = record.cases.get(one.occurrence, ()) if one.kind == "case" else ()
    duty = programme.clauses[one.clause][2].duty(one.duty) if events else None
    alone = isinstance(duty, CaseDuty) and duty.settled_by == "own"
    settling = (one.duty,) if alone else ("", one.duty)
    return next((e for e in events if e.event == "closed" and e.duty in settling), None)


def _yes_no(
    one: Obligation, reports: Sequence[f.Report], closed: f.CaseEvent | None, record: Record
) -> _Course:
    """The ball lies with the unit from the start to a submission, and from a return on."""
    held: list[tuple[datetime, datetime]] = []
    since: datetime | None = one.starts_at
    done_at = submitted_at = None
    returned = False
    seen: list[f.FactId] = []
    for report in reports:
        seen.append(report.id)
        if report.done is False or (report.done is None and (report.share or 0) < 1):
            continue
        if since is not None and report.occurred_at > since:
            held.append((since, report.occurred_at))
        since, submitted_at, returned = None, submitted_at or report.occurred_at, False
        review = record.reviews.get(report.id)
        if review is None:
            continue
        seen.append(review.id)
        if review.outcome == "accepted":
            done_at = report.occurred_at
            break
        since, submitted_at, returned = review.occurred_at, None, True
    if done_at is None and closed is not None:
        if since is not None and closed.occurred_at > since:
            held.append((since, closed.occurred_at))
        done_at, since = closed.occurred_at, None
        seen.append(closed.id)
    if done_at is None and since is not None and record.as_of > since:
        held.append((since, record.as_of))
    has = NOTHING if done_at is None and submitted_at is None else ONE
    return _Course(done_at, submitted_at, returned, has, held=tuple(held), facts=tuple(seen))


def _quantity(one: Obligation, reports: Sequence[f.Report], record: Record) -> _Course:
    """Cumulative counts; a returned report does not count, one that waits does for now."""
    needed = one.needed if one.needed is not None else one.share or ONE
    has = had_in_time = counted = NOTHING
    done_at = submitted_at = None
    returned = False
    seen: list[f.FactId] = []
    for report in reports:
        seen.append(report.id)
        review = record.reviews.get(report.id)
        if review is not None:
            seen.append(review.id)
        returned = review is not None and review.outcome == "returned"
        if returned:
            continue
        has = _amount(one, report, needed)
        if one.deadline is not None and one.deadline.in_time(report.occurred_at):
            had_in_time, counted = has, NOTHING if report.done else has
        if has >= needed and done_at is None:
            if review is not None:
                done_at = report.occurred_at
            else:
                submitted_at = submitted_at or report.occurred_at
    until = done_at or submitted_at or record.as_of
    held = ((one.starts_at, until),) if until > one.starts_at else ()
    return _Course(done_at, submitted_at if done_at is None else None, returned, has, had_in_time,
                   counted, held, tuple(seen))  # fmt: skip


def _amount(one: Obligation, report: f.Report, needed: Fraction) -> Fraction:
    if report.done:
        return needed
    if report.count is not None:
        return Fraction(report.count)
    share = Fraction(report.share or 0)
    if one.total is not None:
        return share * one.total
    return share if one.needed is None else share * needed
