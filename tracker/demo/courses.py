"""A written course of events, turned into facts.

A course says what is out of the ordinary: what came late or never, what was returned, extended,
found and measured. Everything that it does not mention is handed in a few days before its
deadline and accepted within three working days, by a rule that gives the same days every time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zlib import crc32

import yaml
from pydantic import BaseModel, ConfigDict, Field

from schedules.deadlines import local_day
from schedules.instants import local_instant
from schedules.workdays import WorkCalendar
from tracker.domain import facts as f
from tracker.domain.layout import lay_out
from tracker.domain.obligations import Obligation
from tracker.domain.programme import Programme, owing
from tracker.domain.record import record


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CaseCourse(_Part):
    """A case received at `received`; `done` gives hours to each duty's report (none: never)."""

    case: str
    kind: str
    unit: str
    title: str
    received: str
    done: dict[str, int | None]
    rests: tuple[str, str] | None = None
    due_on: date | None = None


class Exceptional(_Part):
    """One obligation that does not go the usual way; instants as "2021-08-31 16:00"."""

    key: str
    done: str | None = None
    returned: tuple[tuple[str, str, str], ...] = Field(
        default=(), description="(submitted, returned, reason), in order, before `done`."
    )
    accepted: str | None = None


class Series(_Part):
    """Cumulative counts of one clause's target."""

    clause: str
    unit: str
    duty: str = ""
    reports: tuple[tuple[str, str], ...]


class ExtensionCourse(_Part):
    key: str
    asked: str
    decided: str
    outcome: str
    until: date | None = None
    reason: str


class Course(_Part):
    """One programme's year. `opens` is the day on which the office publishes the list."""

    programme: str
    opens: date
    ends: str
    targets: tuple[tuple[str, str, str], ...] = ()
    dates: tuple[tuple[str, str, date, str], ...] = ()
    divided: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    series: tuple[Series, ...] = ()
    exceptional: tuple[Exceptional, ...] = ()
    extensions: tuple[ExtensionCourse, ...] = ()
    cases: tuple[CaseCourse, ...] = ()
    logins: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="activity: (unit, every n days, first, last[, skipped day...])",
    )
    facts: tuple[dict[str, Any], ...] = ()

    @property
    def mentioned(self) -> set[str]:
        return {one.key for one in self.exceptional} | {one.key for one in self.extensions}


COURSES = Path(__file__).parent.parent / "programmes" / "courses"


def course_of(programme: str) -> Course:
    path = COURSES / f"{programme}.yaml"
    return Course.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def facts_of(course: Course, programme: Programme, calendar: WorkCalendar) -> list[f.AnyFact]:
    """Every fact of the year in order of entry, each with its id and both instants."""
    told = [*_Teller(course, programme, calendar).tell()]
    told.sort(
        key=lambda body: (body["recorded_at"], body["occurred_at"], str(sorted(body.items())))
    )
    names: dict[str, str] = {}
    for number, body in enumerate(told, start=1):
        names[body.pop("mark", "")] = body["id"] = f"c{number:05d}"
    for body in told:
        if body["fact"] == "review":
            body["report"] = names[body["report"]]
    return [f.FACT.validate_python(body) for body in told]


class _Teller:
    """Tells the course as bodies of facts; a report's `mark` ties its review to it."""

    def __init__(self, course: Course, programme: Programme, calendar: WorkCalendar) -> None:
        self.course = course
        self.programme = programme
        self.calendar = calendar
        self._marks = 0

    def tell(self) -> Iterator[dict[str, Any]]:
        yield from self._given()
        yield from self._cases()
        for series in self.course.series:
            yield from self._series(series)
        for one in self.course.exceptional:
            yield from self._exceptional(one)
        for extension in self.course.extensions:
            yield from self._extension(extension)
        yield from self._logins()
        yield from self._usual()

    def at(self, text: str) -> datetime:
        """Local "2021-08-31 16:00"; 24:00 is the end of the day."""
        day, _, clock = text.partition(" ")
        hours, _, minutes = (clock or "09:00").partition(":")
        midnight = local_instant(date.fromisoformat(day), time(0), zone=self.programme.tz)
        return midnight + timedelta(hours=int(hours), minutes=int(minutes))

    def _fact(self, fact: str, at: datetime, **parts: Any) -> dict[str, Any]:
        entered = parts.pop("recorded_at", at)
        return {"fact": fact, "occurred_at": at, "recorded_at": entered, **parts}

    def _given(self) -> Iterator[dict[str, Any]]:
        for target, value, known in self.course.targets:
            yield self._fact("target", self.at(known), target=target, value=value)
        for clause, duty, day, known in self.course.dates:
            yield self._fact("external_date", self.at(known), clause=clause, duty=duty, on=day)
        for clause, keep in self.course.divided.items():
            yield from self._divided(clause, keep)
        for body in self.course.facts:
            given = dict(body)
            occurred = self.at(given.pop("at"))
            entered = self.at(given.pop("entered")) if "entered" in given else occurred
            yield self._fact(given.pop("fact"), occurred, recorded_at=entered, **given)

    def _divided(self, clause: str, keep: Sequence[str]) -> Iterator[dict[str, Any]]:
        """The office says who of the undivided units is meant; the others are waived."""
        _, item, body = self.programme.clauses[clause]
        decided = self.at(f"{self.course.opens + timedelta(days=7)} 15:00")
        for unit in owing(item, body):
            if unit not in keep:
                yield self._fact("waiver", decided, clause=clause, unit=unit, reason="分工：不涉及")

    def _cases(self) -> Iterator[dict[str, Any]]:
        for case in self.course.cases:
            received = self.at(case.received)
            entered = received + timedelta(minutes=12)
            yield self._fact("case", received, recorded_at=entered, case=case.case, kind=case.kind,
                             event="opened", unit=case.unit, title=case.title,
                             due_on=case.due_on)  # fmt: skip
            if case.rests is not None:
                yield self._fact("case", self.at(case.rests[0]), case=case.case, event="suspended")
                yield self._fact("case", self.at(case.rests[1]), case=case.case, event="resumed")
            for duty, hours in case.done.items():
                clause = self._clause_of(case.kind, duty)
                if hours is not None:
                    about = {
                        "clause": clause,
                        "duty": duty,
                        "unit": case.unit,
                        "occurrence": case.case,
                    }
                    yield from self._accepted(
                        received + timedelta(hours=hours), about, {"done": True}
                    )

    def _clause_of(self, kind: str, duty: str) -> str:
        for _, _, clause in self.programme.clauses.values():
            for one in clause.duties:
                if one.kind == "case" and one.id == duty and one.case == kind:
                    return clause.id
        raise KeyError(f"no duty {duty!r} for cases of kind {kind!r} in {self.programme.id}")

    def _series(self, series: Series) -> Iterator[dict[str, Any]]:
        about = {"clause": series.clause, "duty": series.duty, "unit": series.unit}
        for when, count in series.reports:
            yield from self._accepted(self.at(when), about, {"count": count})

    def _exceptional(self, one: Exceptional) -> Iterator[dict[str, Any]]:
        about = self._about(one.key)
        for submitted, returned, reason in one.returned:
            mark = self._mark()
            yield self._fact("report", self.at(submitted), mark=mark, done=True, **about)
            yield self._fact("review", self.at(returned), report=mark, outcome="returned",
                             reason=reason)  # fmt: skip
        if one.done is not None:
            accepted = self.at(one.accepted) if one.accepted is not None else None
            yield from self._accepted(self.at(one.done), about, {"done": True}, accepted=accepted)

    def _extension(self, one: ExtensionCourse) -> Iterator[dict[str, Any]]:
        about = self._about(one.key)
        yield self._fact(
            "extension", self.at(one.asked), outcome="requested", reason=one.reason, **about
        )
        until = {"until": one.until} if one.until is not None else {}
        yield self._fact("extension", self.at(one.decided), outcome=one.outcome, reason=one.reason,
                         **until, **about)  # fmt: skip

    def _logins(self) -> Iterator[dict[str, Any]]:
        for activity, (unit, every, first, last, *skipped) in self.course.logins.items():
            day = date.fromisoformat(first)
            while day <= date.fromisoformat(last):
                if day.isoformat() not in skipped:
                    yield self._fact(
                        "activity", self.at(f"{day} 08:40"), activity=activity, unit=unit
                    )
                day += timedelta(days=int(every))

    def _usual(self) -> Iterator[dict[str, Any]]:
        """Everything else: in time, accepted soon."""
        seen = [
            f.FACT.validate_python({**body, "id": f"x{n}"}) for n, body in enumerate(self._known())
        ]
        end = self.at(self.course.ends)
        counted = {(one.clause, one.unit) for one in self.course.series}
        cases = {one.case for one in self.course.cases}
        waived = {(b.clause, b.unit) for b in seen if isinstance(b, f.Waiver)}
        filed = record(seen, as_of=end, known_at=end)
        for one in lay_out(self.programme, self.calendar, filed):
            if (
                one.key not in self.course.mentioned
                and (one.clause, one.unit) not in counted | waived
                and one.occurrence not in cases
                and one.kind != "gap"
                and one.deadline is not None
            ):
                yield from self._in_time(one)

    def _known(self) -> Iterator[dict[str, Any]]:
        for body in self._given():
            if body["fact"] in ("target", "external_date", "waiver"):
                yield body

    def _in_time(self, one: Obligation) -> Iterator[dict[str, Any]]:
        assert one.deadline is not None
        dice = crc32(one.key.encode())
        lead = 1 + dice % (3 if one.occurrence else 12)
        day = self.calendar.previous_working(one.deadline.on - timedelta(days=lead))
        begins = local_day(one.starts_at, self.programme.tz)
        day = max(day, begins, self.course.opens + timedelta(days=8))
        at = self.at(f"{day} {9 + dice % 8:02d}:{dice % 60:02d}")
        about = {
            "clause": one.clause,
            "duty": one.duty,
            "unit": one.unit,
            "occurrence": one.occurrence,
        }
        yield from self._accepted(at, about, {"done": True})

    def _accepted(
        self, at: datetime, about: dict[str, Any], said: dict[str, Any], *,
        accepted: datetime | None = None,
    ) -> Iterator[dict[str, Any]]:  # fmt: skip
        mark = self._mark()
        yield self._fact("report", at, mark=mark, **about, **said)
        dice = crc32(f"{about}{said}".encode())
        day = self.calendar.add_workdays(local_day(at, self.programme.tz), 1 + dice % 3)
        reviewed = accepted or self.at(f"{day} 10:{dice % 60:02d}")
        yield self._fact("review", reviewed, report=mark, outcome="accepted")

    def _about(self, key: str) -> dict[str, Any]:
        clause, duty, unit, *rest = key.split("/")
        return {"clause": clause, "duty": duty, "unit": unit, "occurrence": "/".join(rest)}

    def _mark(self) -> str:
        self._marks += 1
        return f"r{self._marks}"
