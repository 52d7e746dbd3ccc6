"""The audit of late items as files: xlsx, csv, html, json; and the words of its rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment

from tracker.domain.errors import Refused
from tracker.domain.points import points
from tracker.exports.csvfile import csv_bytes
from tracker.exports.files import replace
from tracker.exports.jsonform import json_bytes
from tracker.exports.sheet import Cell, Column, Kind, Sheet
from tracker.exports.xlsx import xlsx_bytes
from tracker.services.audit import Audit, Deduction, Happening, NoticeLine, Row
from tracker.wording import Language, arithmetic, counting, lines, notice_reason, rung, text
from tracker.wording.forms import span, wall_clock

SUFFIXES = (".xlsx", ".csv", ".html", ".json")
HOUR_CLOCK = "hours"
GAP = "gap"
RANK = ("contact", "deputy", "head", "leader")


def write(audit: Audit, path: Path, *, environment: Environment, language: Language = "zh") -> Path:
    """The kind of file follows from the suffix; Refused, with those there are, for another one."""
    if path.suffix.lower() not in SUFFIXES:
        values = {"suffix": path.suffix.lower() or path.name, "known": " ".join(SUFFIXES)}
        raise Refused(text("audit.suffix", values, language=language))
    kind = path.suffix.lower().removeprefix(".")
    replace(path, content(audit, kind, environment=environment, language=language))
    return path


def content(audit: Audit, kind: str, *, environment: Environment, language: Language) -> bytes:
    """As a file of this kind: xlsx, csv, html or json."""
    match kind:
        case "xlsx":
            return xlsx_bytes(sheets(audit, language), made_at=audit.as_of)
        case "csv":
            return csv_bytes(sheets(audit, language)[0])
        case "html":
            return render_audit(environment, language, audit).encode()
        case "json":
            return json_bytes(Audit, audit)
        case other:
            raise ValueError(f"no such kind of file: {other}")


def render_audit(environment: Environment, language: Language, audit: Audit) -> str:
    """A page that stands alone: no script, nothing fetched, prints on A4 landscape."""
    return environment.get_template("audit/audit.html.j2").render(page_values(audit, language))


def page_values(audit: Audit, language: Language) -> dict[str, Any]:
    """What `audit/_fragment.html.j2` needs: the audit and its rows with their sentences."""
    words = Words(audit, language)
    return {
        "language": language,
        "zone": words.zone,
        "audit": audit,
        "rows": [(row, words.told(row)) for row in audit.rows],
        "verdict": words.verdict(),
        "scope": " ".join(words.scope()) if language == "en" else "".join(words.scope()),
        "chain": words.chain(),
    }


@dataclass(frozen=True)
class Told:
    """The sentences of one row."""

    counted: str
    done: str
    delay: tuple[str, str]
    arithmetic: tuple[str, ...]
    history: tuple[str, ...]
    notices: tuple[str, ...]
    last: NoticeLine | None


@dataclass(frozen=True)
class Words:
    audit: Audit
    language: Language

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.audit.zone)

    def say(self, key: str, **values: Any) -> str:
        return text(f"audit.{key}", values, language=self.language, zone=self.zone)

    def verdict(self) -> str:
        totals = self.audit.totals
        if not totals.late:
            return self.say("none")
        key = "verdict"
        if not totals.finished:
            key = "verdict_all_open"
        elif not totals.unfinished:
            key = "verdict_all_done"
        return self.say(key, n=totals.late, lost=totals.lost, open=totals.unfinished,
                        done=totals.finished)  # fmt: skip

    def scope(self) -> Iterator[str]:
        audit, totals = self.audit, self.audit.totals
        yield self.say("scope", first=audit.first.isoformat(), last=audit.last.isoformat(),
                       as_of=audit.as_of)  # fmt: skip
        if audit.known_at != audit.as_of:
            yield self.say("known", known_at=audit.known_at)
        if totals.other_lost:
            yield self.say("other", other=totals.other_lost, whole=totals.programme_lost)

    def chain(self) -> str:
        chain = self.audit.chain
        if chain is None:
            return self.say("proof_chain_none")
        told = self.say("proof_chain_ok" if chain.ok else "proof_chain_bad",
                        count=chain.count, head=chain.head)  # fmt: skip
        if chain.unsealed:
            told += self.say("proof_chain_unsealed", unsealed=chain.unsealed)
        return told

    # -- one row -----------------------------------------------------------------------------

    def told(self, row: Row) -> Told:
        deadline = row.counted
        return Told(
            counted=counting(deadline, self.language),
            done=self.say("state_gap" if row.kind == GAP else f"state_{row.state}"),
            delay=self.delay(row),
            arithmetic=tuple(self.arithmetic(row)),
            history=tuple(self.happened(one) for one in row.history),
            notices=tuple(self.notified(row)),
            last=_last(row.notices),
        )

    def delay(self, row: Row) -> tuple[str, str]:
        """Calendar and working days; a case by its own hours; a pause that is over has none."""
        if row.kind == GAP or not row.late:
            return "—", "—"
        if row.counted is not None and row.counted.kind == HOUR_CLOCK:
            return span(row.late, self.language), "—"
        return str(row.days), str(row.workdays)

    def arithmetic(self, row: Row) -> Iterator[str]:
        for one in row.deductions:
            if one.points or not row.why_free:
                yield self.deduction(one)
        if row.why_free:
            yield self.say("free", why=self.why(row))

    def deduction(self, one: Deduction) -> str:
        told = arithmetic(one.steps, self.language, self.zone)
        notes = [self.say("provisional")] if one.status.value == "provisional" else []
        notes += [self.say("shared", owed=one.obligation)] if one.shared else []
        return self.say("comma").join([told, *notes])

    def why(self, row: Row) -> str:
        return self.say(f"why_{row.why_free}") if row.why_free else ""

    def happened(self, one: Happening) -> str:
        until = self.say("happened_until", until=one.until) if one.until is not None else ""
        reason = self.say("happened_reason", reason=one.reason) if one.reason else ""
        return self.say("happened", at=one.at, what=self.say(f"kind_{one.kind}"), until=until,
                        reason=reason)  # fmt: skip

    def outcome(self, notice: NoticeLine) -> str:
        state = self.say(f"notice_{notice.state}")
        return f"{state}（{self.reason(notice)}）" if notice.reason else state

    def reason(self, notice: NoticeLine) -> str:
        return notice_reason(notice.reason, self.language)

    def notified(self, row: Row) -> Iterator[str]:
        if not row.notices:
            yield self.say("told_none")
        else:
            counts = Counter(self.say(f"notice_{one.state}") for one in row.notices)
            states = self.say("comma").join(
                self.say("told_state", state=state, n=n) for state, n in counts.items()
            )
            yield self.say("told_counts", n=len(row.notices), states=states)
        climbed = self.climbed(row)
        if climbed is not None:
            role = text(f"role.{climbed.role}", language=self.language)
            yield self.say("told_climbed", role=role, at=climbed.nominal_at)
        if row.receipts:
            yield self.say("told_signed", at=row.receipts[-1])
        elif row.notices:
            yield self.say("told_unsigned")

    def climbed(self, row: Row) -> NoticeLine | None:
        """The first notice to the highest role beyond the contact."""
        above = [one for one in row.notices if one.role in RANK[2:]]
        if not above:
            return None
        highest = max(RANK.index(one.role) for one in above)
        return next(one for one in above if one.role == RANK[highest])


def _last(notices: Sequence[NoticeLine]) -> NoticeLine | None:
    """The last letter that can be proved by its number, else the last notice."""
    numbered = [one for one in notices if one.message_id]
    return next(iter([*numbered[-1:], *notices[-1:]]), None)


# -- sheets --------------------------------------------------------------------------------------


def sheets(audit: Audit, language: Language = "zh") -> list[Sheet]:
    """The rows, then every notice, then every deduction step by step."""
    words = Words(audit, language)
    return [_rows(words), _notices(words), _deductions(words)]


def _columns(words: Words, *columns: tuple[str, Kind, int]) -> tuple[Column, ...]:
    return tuple(Column(words.say(key), kind, width) for key, kind, width in columns)


def _rows(words: Words) -> Sheet:
    columns = _columns(
        words,
        ("number", Kind.WHOLE, 5), ("unit", Kind.TEXT, 22), ("item", Kind.TEXT, 6),
        ("clause", Kind.TEXT, 9), ("obligation", Kind.LONG, 32), ("due_on", Kind.DAY, 11),
        ("due_clock", Kind.TEXT, 8), ("counted", Kind.LONG, 30), ("state", Kind.TEXT, 9),
        ("done_at", Kind.INSTANT, 16), ("hours", Kind.NUMBER, 9), ("days", Kind.WHOLE, 9),
        ("workdays", Kind.WHOLE, 9), ("lost", Kind.POINTS, 8), ("arithmetic", Kind.LONG, 34),
        ("why_free", Kind.LONG, 18), ("history", Kind.LONG, 34), ("notices", Kind.WHOLE, 8),
        ("sent", Kind.WHOLE, 8), ("highest", Kind.TEXT, 10), ("signed", Kind.INSTANT, 16),
        ("last_id", Kind.TEXT, 26), ("last_state", Kind.TEXT, 12), ("position", Kind.WHOLE, 8),
        ("key", Kind.TEXT, 30),
    )  # fmt: skip
    audit, totals = words.audit, words.audit.totals
    total: list[Cell] = [None] * len(columns)
    total[1] = words.say("sum", n=totals.late)
    total[13] = _decimal(totals.lost)
    total[14] = words.say("sum_split", settled=totals.settled, provisional=totals.provisional)
    version = "version" if audit.version else "version_file"
    return Sheet(
        name=words.say("title"),
        columns=columns,
        rows=tuple(_row(words, at, row) for at, row in enumerate(audit.rows, start=1)),
        zone=words.zone,
        above=(f"{words.say('title')} · {audit.title}", words.verdict(), *words.scope()),
        below=(
            f"{words.say('proof_programme')}：{words.say(version, version=audit.version)} "
            f"{audit.hash}",
            f"{words.say('proof_due')}："
            f"{words.say('proof_due_text', version=audit.calendar_version)}",
            f"{words.say('proof_chain')}：{words.chain()}",
        ),
        total=tuple(total),
    )


def _row(words: Words, at: int, row: Row) -> tuple[Cell, ...]:
    told = words.told(row)
    due_on, due_clock = wall_clock(row.due_at, words.zone)
    climbed = words.climbed(row)
    role = text(f"role.{climbed.role}", language=words.language) if climbed is not None else ""
    lines_ = words.say("separator")
    return (
        at, row.unit_name, row.item, row.clause, row.title, due_on, due_clock, told.counted,
        told.done, row.done_at, *_late(row), _decimal(row.lost),
        lines_.join(words.deduction(one) for one in row.deductions), words.why(row),
        lines_.join(told.history), len(row.notices),
        sum(one.state == "sent" for one in row.notices), role,
        row.receipts[-1] if row.receipts else None,
        told.last.message_id if told.last is not None else "",
        words.outcome(told.last) if told.last is not None else "", row.position, row.key,
    )  # fmt: skip


def _late(row: Row) -> tuple[Cell, Cell, Cell]:
    if row.kind == GAP:
        return None, None, None
    return _hours(row), row.days, row.workdays


def _hours(row: Row) -> Decimal:
    """To a hundredth of an hour, which is finer than anybody submits."""
    seconds = Decimal(int(row.late.total_seconds()))
    return (seconds / 3600).quantize(Decimal("0.01")).normalize() + Decimal(0)


def _decimal(amount: int) -> Decimal:
    return points(amount)


def _notices(words: Words) -> Sheet:
    columns = _columns(
        words,
        ("key", Kind.TEXT, 30), ("rung", Kind.TEXT, 20), ("role", Kind.TEXT, 12),
        ("nominal_at", Kind.INSTANT, 16), ("settled_at", Kind.INSTANT, 16),
        ("outcome", Kind.TEXT, 12), ("reason", Kind.TEXT, 14), ("message_id", Kind.TEXT, 40),
        ("reply", Kind.LONG, 30),
    )  # fmt: skip
    rows = tuple(
        (
            one.obligation, rung(one.rung, words.language),
            text(f"role.{one.role}", language=words.language), one.nominal_at, one.settled_at,
            words.say(f"notice_{one.state}"), words.reason(one), one.message_id, one.reply,
        )
        for row in words.audit.rows
        for one in row.notices
    )  # fmt: skip
    return Sheet(words.say("told"), columns, rows, words.zone)


def _deductions(words: Words) -> Sheet:
    columns = _columns(
        words,
        ("entry", Kind.TEXT, 36), ("key", Kind.TEXT, 30), ("rule", Kind.TEXT, 12),
        ("points", Kind.POINTS, 9), ("status", Kind.TEXT, 9), ("steps", Kind.LONG, 70),
    )  # fmt: skip
    rows = tuple(
        (
            one.entry, row.key, text("rules.of", {"rule": one.rule}, language=words.language),
            _decimal(one.points), words.say(f"status_{one.status}"),
            "\n".join(lines(one.steps, words.language, words.zone)),
        )
        for row in words.audit.rows
        for one in row.deductions
    )  # fmt: skip
    return Sheet(words.say("deductions"), columns, rows, words.zone)
