"""卷宗: everything about one obligation in one document, for a third person who has no access to
the system: what was asked, how the date was counted, what happened, what it cost and why, who was
told, and how each of these can be checked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session

from schedules.deadlines import CountedDay, Deadline
from tracker.domain.errors import NotFound
from tracker.domain.obligations import Standing
from tracker.domain.programme import Clause, Item, Section
from tracker.exports.pdf import pdf_bytes
from tracker.services import audit_evidence, readings, trail
from tracker.services.audit import Audit, AuditDesk, Evidence, Row, audit
from tracker.services.audit_words import GAP, HOUR_CLOCK, Words
from tracker.services.scoreboard import Board, board
from tracker.wording import Language, lines, rung, text
from tracker.wording.forms import day_and_weekday, instant, points_as_needed, span
from tracker.wording.rules import describe_rule
from tracker.wording.templating import light

HEADINGS = (
    "dossier", "obligation", "unit", "clause", "due", "state", "lost", "proof", "proof_programme",
    "proof_chain", "dossier_asked", "dossier_text", "dossier_rules", "dossier_counting",
    "dossier_events", "dossier_cost", "dossier_readings", "dossier_told", "dossier_files",
    "dossier_trail", "dossier_none", "at", "recorded_at", "what", "files", "position", "nominal_at",
    "rung", "role", "outcome", "settled_at",
)  # fmt: skip


@dataclass(frozen=True)
class Dossier:
    """`audit` is that of the whole programme without rows: it carries version, hash and chain."""

    audit: Audit
    board: Board
    standing: Standing
    row: Row
    register: tuple[readings.Entry, ...]
    trail: tuple[trail.Event, ...]


def of_obligation(
    session: Session, slug: str, key: str, *, as_of: datetime, known_at: datetime | None = None
) -> Dossier:
    """Whether it was late or not. NotFound where the programme has no such obligation by then."""
    seen = board(session, slug, as_of=as_of, known_at=known_at)
    one = next((one for one in seen.ledger.standings if one.obligation.key == key), None)
    if one is None or one.obligation.deadline is None:
        raise NotFound(
            f"没有这项应办事项，或尚无期限 / no obligation {key!r} with a date in {slug}"
        )
    evidence = audit_evidence.evidence_of(session, slug, seen, key=key)
    row = AuditDesk(seen, evidence).row(one)
    whole = audit(seen, first=date.max, last=date.min, evidence=Evidence(chain=evidence.chain))
    about = [entry for entry in readings.of_board(seen) if entry.reading.clause in _places(one)]
    told = {happened.fact for happened in row.history} | set(one.facts)
    events = [
        event
        for subject in dict.fromkeys(audit_evidence.subjects_of(one))
        for event in trail.events(session, slug, subject=subject)
        if event.at <= seen.known_at and (subject == key or event.body.get("fact") in told)
    ]
    events.sort(key=lambda event: (event.at, event.seq or 0))
    return Dossier(whole, seen, one, row, tuple(about), tuple(events))


def _places(one: Standing) -> set[str]:
    return {one.obligation.clause, one.obligation.item}


def pdf(dossier: Dossier, language: Language) -> bytes:
    values = _Telling(dossier, Words(dossier.audit, language), language).values()
    return pdf_bytes("dossier", values, made_at=dossier.board.as_of)


@dataclass(frozen=True)
class _Telling:
    dossier: Dossier
    words: Words
    language: Language

    def at(self, value: datetime | None) -> str:
        return "" if value is None else instant(value, self.language, self.words.zone, year=True)

    def values(self) -> dict[str, Any]:
        found, row = self.dossier, self.dossier.row
        version = "version" if found.audit.version else "version_file"
        return {
            "language": self.language,
            "title": found.audit.title,
            "key": row.key,
            "made": self.at(found.board.as_of),
            "words": {key: self.words.say(key) for key in HEADINGS},
            "verdict": self.verdict(),
            "facts": list(self.facts()),
            "asked": list(self.asked()),
            "rules": list(self.rules()),
            "counted": self.words.told(row).counted,
            "days": list(self.days()),
            "events": list(self.events()),
            "cost": list(self.cost()),
            "readings": [self.reading(entry) for entry in found.register],
            "sent_as": " · ".join(map(self.words.say, ("recipient", "message_id", "reply"))),
            "notices": [list(self.notice(at)) for at in range(len(row.notices))],
            "told": [*self.words.told(row).notices, *self.words.told(row).slips],
            "files": [[file.name, file.sha256, str(file.size)] for one in row.history
                      for file in one.files],
            "trail": [[str(one.seq or "—"), self.at(one.at), one.kind, one.hash or "—"]
                      for one in found.trail],
            "version": f"{self.words.say(version, version=found.audit.version)} "
            f"sha256 {found.audit.hash}",
            "calendar": row.calendar_version,
            "chain": self.words.chain(),
        }  # fmt: skip

    def verdict(self) -> str:
        row = self.dossier.row
        return self.words.say(
            f"dossier_verdict_{self.lateness()}", unit=row.unit_name, due=row.due_at,
            state=self.state, title=f"{row.clause} {row.title}", days=row.days,
            workdays=row.workdays, late=span(row.late, self.language), lost=row.lost,
        )  # fmt: skip

    @property
    def state(self) -> str:
        row = self.dossier.row
        return self.words.say(f"state_{GAP if row.kind == GAP else row.state}")

    def lateness(self) -> str:
        """By which clock it is late, if at all: a pause is not late, it was too long."""
        row = self.dossier.row
        if row.kind == GAP:
            return "gap"
        if not row.late:
            return "in_time"
        hourly = row.counted is not None and row.counted.kind == HOUR_CLOCK
        return "late_hours" if hourly else "late"

    def facts(self) -> Iterator[list[str]]:
        row, say = self.dossier.row, self.words.say
        yield [say("unit"), row.unit_name]
        yield [say("clause"), f"{row.clause} {row.clause_title}"]
        yield [say("due"), self.at(row.due_at)]
        if row.first_due_at != row.due_at:
            yield [say("dossier_first_due"), self.at(row.first_due_at)]
        shown = light(row.light, self.language)
        told = shown if shown.endswith(self.state) else f"{shown} {self.state}"
        yield [say("state"), f"{told} {self.at(row.done_at)}" if row.done_at else told]
        yield [say("lost"), points_as_needed(row.lost)]

    @property
    def place(self) -> tuple[Section, Item, Clause]:
        return self.dossier.board.read.clauses[self.dossier.row.clause]

    def asked(self) -> Iterator[list[str]]:
        section, item, clause = self.place
        names = self.dossier.board.programme.unit_names
        yield [self.words.say("dossier_section"), f"{section.id} {section.title}"]
        yield [self.words.say("item"), f"{item.id} {item.title}"]
        if item.points is not None:
            yield [self.words.say("dossier_worth"), f"{item.points}"]
        yield [self.words.say("dossier_text"), clause.text]
        owing = self.dossier.standing.obligation
        reviewing = [names.get(unit, unit) for unit in owing.reviewing_units]
        if reviewing:
            yield [self.words.say("dossier_reviewing"), self.words.say("separator").join(reviewing)]

    def rules(self) -> Iterator[str]:
        _, _, clause = self.place
        for rule in clause.rules:
            yield describe_rule(rule, self.language, clause=clause,
                                programme=self.dossier.board.programme)  # fmt: skip

    def days(self) -> Iterator[list[str]]:
        """Day by day, where days were counted; those of the date as it first was."""
        deadline: Deadline | None = self.dossier.standing.obligation.original
        for one in deadline.days if deadline is not None else ():
            yield [day_and_weekday(one.on, self.language, year=True), self.reason(one),
                   "" if one.counted is None else str(one.counted)]  # fmt: skip

    def reason(self, one: CountedDay) -> str:
        name = f" {one.name}" if one.name else ""
        return self.words.say(f"day_{one.reason}") + name

    def events(self) -> Iterator[list[str]]:
        for one in self.dossier.row.history:
            what = self.words.say(f"kind_{one.kind}")
            until = self.words.say("happened_until", until=one.until) if one.until else ""
            reason = self.words.say("happened_reason", reason=one.reason) if one.reason else ""
            position = "—" if one.position is None else str(one.position)
            yield [self.at(one.at), self.at(one.recorded_at), what + until + reason,
                   self.words.files(one), position]  # fmt: skip

    def cost(self) -> Iterator[dict[str, Any]]:
        row = self.dossier.row
        for one in row.deductions:
            status = self.words.say(f"status_{one.status}")
            notes = [status, *one.readings]
            if one.shared:
                notes.append(self.words.say("shared", owed=one.obligation))
            yield {
                "entry": one.entry,
                "points": points_as_needed(one.points),
                "steps": lines(one.steps, self.language, self.words.zone),
                "notes": self.words.say("separator").join(notes),
            }
        if row.why_free:
            why = self.words.say("free", why=self.words.why(row))
            yield {"entry": "", "points": points_as_needed(0), "steps": [why], "notes": ""}

    def reading(self, entry: readings.Entry) -> dict[str, Any]:
        chosen = entry.decision
        by = self.words.say("dossier_default")
        if chosen is not None:
            by = self.words.say("dossier_decided", by=chosen.by, at=chosen.occurred_at)
        return {
            "question": f"{entry.reading.id} · {entry.reading.question}",
            "by": by,
            "choices": [[("● " if one.id == entry.holds else "○ ") + one.says,
                         points_as_needed(one.difference)] for one in entry.choices],
        }  # fmt: skip

    def notice(self, at: int) -> Iterator[str]:
        one = self.dossier.row.notices[at]
        yield self.at(one.nominal_at)
        yield f"{self._rung(one.rung)} · {text(f'role.{one.role}', language=self.language)}"
        yield self.words.outcome(one)
        yield self.at(one.settled_at)
        sent = (one.recipient, one.message_id, one.reply, one.outcome)
        yield "\n".join(part for part in sent if part)

    def _rung(self, name: str) -> str:
        return rung(name, self.language)
