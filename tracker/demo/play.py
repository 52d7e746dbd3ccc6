"""Plays a course: facts come in when they were entered, ticks go off, mails go out, weeks end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from schedules.clock import FakeClock
from schedules.instants import local_instant
from schedules.workdays import WorkCalendar
from tracker.demo.cast import cast_of
from tracker.demo.courses import Course, course_of, facts_of
from tracker.domain import facts as f
from tracker.domain.programme import Programme
from tracker.runtime import Runtime
from tracker.services import calendars, people, planning, programmes, reporting, trail

LOOKS = (time(7, 0), time(8, 30), time(11, 30), time(14, 30), time(17, 30), time(21, 30))
"""When the simulated clock looks each day; what falls between is due at the next look."""

DIGEST_AT = time(8, 30)
BY = "demo"

Week = Callable[[str, datetime], None]
"""What is done on the first working day of a week: slug, now."""

Send = Callable[[datetime], None]


@dataclass
class Played:
    """What happened while a course was played."""

    programme: Programme
    ended_at: datetime
    facts: int = 0
    ticks: int = 0
    notices: int = 0
    weeks: int = 0
    kinds: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Player:
    """One programme's year on one database; `clock` is the runtime's."""

    runtime: Runtime
    clock: FakeClock
    programme: Programme
    course: Course
    calendar: WorkCalendar
    send: Send
    week: Week

    def play(self, *, progress: Callable[[datetime], None]) -> Played:
        """From publication to the course's end; `progress` is called once a day."""
        course_facts = facts_of(self.course, self.programme, self.calendar)
        played = Played(self.programme, self.at(self.course.ends))
        self._publish()
        waiting = iter(_batches(course_facts, list(self._looks())))
        for now, batch in waiting:
            self.clock.advance_to(now)
            self._look(now, batch, played)
            if self._is_digest_time(now):
                self.week(self.programme.id, now)
                played.weeks += 1
            if now.astimezone(self.programme.tz).time() == LOOKS[-1]:
                with self.runtime.database.write() as session:
                    trail.seal_all(session, now=now)
                progress(now)
        return played

    def _publish(self) -> None:
        opens = self.at(f"{self.course.opens} 08:00")
        self.clock.advance_to(opens)
        with self.runtime.database.write() as session:
            programmes.publish(session, self.programme, now=opens, by=BY)
            people.load_contacts(session, cast_of(self.programme), now=opens, on=self.course.opens,
                                 by=BY, programme=self.programme.id)  # fmt: skip

    def _look(self, now: datetime, batch: Sequence[f.AnyFact], played: Played) -> None:
        if batch:
            with self.runtime.database.write() as session:
                reporting.load_facts(session, self.programme.id, batch, now=now, by=BY)
            played.facts += len(batch)
        done = planning.tick_all(self.runtime.database, now)
        played.ticks += 1
        played.notices += done.made
        self.send(now)

    def _looks(self) -> Iterator[datetime]:
        """Every look from the day of publication to the course's end, which is the last one."""
        end = self.at(self.course.ends)
        day = self.course.opens
        while True:
            for clock in LOOKS:
                look = local_instant(day, clock, zone=self.programme.tz)
                if look >= end:
                    yield end
                    return
                if look > self.clock.now():
                    yield look
            day += timedelta(days=1)

    def _is_digest_time(self, now: datetime) -> bool:
        """The first working day of its week, at the opening of the window."""
        local = now.astimezone(self.programme.tz)
        monday = local.date() - timedelta(days=local.weekday())
        return local.time() == DIGEST_AT and self.calendar.next_working(monday) == local.date()

    def at(self, text: str) -> datetime:
        day, _, clock = text.partition(" ")
        return local_instant(
            date.fromisoformat(day), time.fromisoformat(clock or "09:00"), zone=self.programme.tz
        )


def _batches(
    told: Sequence[f.AnyFact], looks: Sequence[datetime]
) -> Iterator[tuple[datetime, list[f.AnyFact]]]:
    """Each look with the facts that were entered since the one before."""
    index = 0
    for look in looks:
        batch: list[f.AnyFact] = []
        while index < len(told) and told[index].recorded_at <= look:
            batch.append(told[index])
            index += 1
        yield look, batch


def player(
    runtime: Runtime, clock: FakeClock, programme: Programme, *, send: Send, week: Week
) -> Player:
    with runtime.database.read() as session:
        calendar = calendars.calendar(session)
    return Player(runtime, clock, programme, course_of(programme.id), calendar, send, week)
