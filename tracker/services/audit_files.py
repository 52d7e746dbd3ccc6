"""The audit of late items as files: xlsx, csv, pdf, html, json."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace as replaced
from decimal import Decimal
from pathlib import Path
from typing import Any, TextIO

from jinja2 import Environment

from tracker.domain.errors import Refused
from tracker.domain.points import points
from tracker.exports.csvfile import csv_bytes, write_csv
from tracker.exports.files import replace, replacing
from tracker.exports.jsonform import json_bytes
from tracker.exports.sheet import Cell, Column, Kind, Sheet
from tracker.exports.xlsx import write_xlsx, xlsx_bytes
from tracker.services import audit_pdf
from tracker.services.audit import Audit, Row
from tracker.services.audit_evidence import Stream
from tracker.services.audit_words import GAP, Words
from tracker.wording import Language, lines, rung, text
from tracker.wording.forms import wall_clock

SUFFIXES = (".xlsx", ".csv", ".pdf", ".html", ".json")


def write(audit: Audit, path: Path, *, environment: Environment, language: Language = "zh") -> Path:
    """The kind of file follows from the suffix; Refused, with those there are, for another one."""
    kind = kind_of(path, language)
    replace(path, content(audit, kind, environment=environment, language=language))
    return path


def kind_of(path: Path, language: Language = "zh") -> str:
    """By its suffix; Refused, with those that there are, for another one."""
    if path.suffix.lower() not in SUFFIXES:
        values = {"suffix": path.suffix.lower() or path.name, "known": " ".join(SUFFIXES)}
        raise Refused(text("audit.suffix", values, language=language))
    return path.suffix.lower().removeprefix(".")


def write_stream(
    stream: Stream, path: Path, *, environment: Environment, language: Language = "zh"
) -> Path:
    """The same for rows that are made while they are written; a document to read holds its own."""
    kind, audit = kind_of(path, language), stream.audit
    if kind not in STREAMED:
        too_long = kind == "pdf" and audit.totals.late > audit_pdf.LONGEST
        rows = () if too_long else tuple(stream.rows())
        return write(replaced(audit, rows=rows), path, environment=environment, language=language)
    with replacing(path) as beside:
        if kind == "xlsx":
            write_xlsx(beside, sheets(audit, language, stream.rows), made_at=audit.as_of)
        else:
            with beside.open("w", encoding="utf-8", newline="") as text:
                if kind == "csv":
                    write_csv(text, next(sheets(audit, language, stream.rows)))
                else:
                    _write_json(text, stream)
    return path


STREAMED = ("xlsx", "csv", "json")


def _write_json(text: TextIO, stream: Stream) -> None:
    """What `json_bytes` would write, a row at a time."""
    whole = json_bytes(Audit, stream.audit).decode()
    before, _, after = whole.partition('"rows": []')
    text.write(before)
    text.write('"rows": [')
    joint = "\n    "
    for row in stream.rows():
        text.write(joint + json_bytes(Row, row).decode().rstrip("\n").replace("\n", "\n    "))
        joint = ",\n    "
    text.write("\n  ]" if joint.startswith(",") else "]")
    text.write(after)


def content(audit: Audit, kind: str, *, environment: Environment, language: Language) -> bytes:
    """As a file of this kind: xlsx, csv, pdf, html or json."""
    match kind:
        case "xlsx":
            return xlsx_bytes(sheets(audit, language), made_at=audit.as_of)
        case "csv":
            return csv_bytes(next(sheets(audit, language)))
        case "pdf":
            return audit_pdf.pages(audit, Words(audit, language))
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


# -- sheets --------------------------------------------------------------------------------------


Rows = Callable[[], Iterable[Row]]
"""The rows, made anew for each sheet: there may be too many to be held."""


def sheets(audit: Audit, language: Language = "zh", rows: Rows | None = None) -> Iterator[Sheet]:
    """The rows, then every notice, every deduction step by step, every event, and the sums."""
    words = Words(audit, language)
    made = rows or (lambda: audit.rows)
    yield _rows(words, made())
    yield _notices(words, made())
    yield _deductions(words, made())
    yield _events(words, made())
    yield _sums(words)


def _columns(words: Words, *columns: tuple[str, Kind, int]) -> tuple[Column, ...]:
    return tuple(Column(words.say(key), kind, width) for key, kind, width in columns)


def _rows(words: Words, made: Iterable[Row]) -> Sheet:
    columns = _columns(
        words,
        ("number", Kind.WHOLE, 5), ("unit", Kind.TEXT, 22), ("item", Kind.TEXT, 6),
        ("clause", Kind.TEXT, 9), ("obligation", Kind.LONG, 32), ("due_on", Kind.DAY, 11),
        ("due_clock", Kind.TEXT, 8), ("counted", Kind.LONG, 30), ("state", Kind.TEXT, 9),
        ("done_at", Kind.INSTANT, 16), ("hours", Kind.NUMBER, 9), ("days", Kind.WHOLE, 9),
        ("workdays", Kind.WHOLE, 9), ("lost", Kind.POINTS, 8), ("arithmetic", Kind.LONG, 34),
        ("why_free", Kind.LONG, 18), ("history", Kind.LONG, 34), ("notices", Kind.WHOLE, 8),
        ("sent", Kind.WHOLE, 8), ("highest", Kind.TEXT, 10), ("signed", Kind.INSTANT, 16),
        ("slips", Kind.LONG, 18),
        ("last_id", Kind.LONG, 26), ("last_state", Kind.TEXT, 12), ("position", Kind.WHOLE, 8),
        ("key", Kind.LONG, 30),
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
        rows=(_row(words, at, row) for at, row in enumerate(made, start=1)),
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
        kept=5,
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
        lines_.join(one.number for one in row.slips),
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


def _notices(words: Words, made: Iterable[Row]) -> Sheet:
    columns = _columns(
        words,
        ("key", Kind.LONG, 30), ("rung", Kind.TEXT, 20), ("role", Kind.TEXT, 12),
        ("nominal_at", Kind.INSTANT, 16), ("settled_at", Kind.INSTANT, 16),
        ("outcome", Kind.TEXT, 12), ("reason", Kind.TEXT, 14), ("channel", Kind.TEXT, 8),
        ("recipient", Kind.LONG, 28), ("message_id", Kind.LONG, 40), ("reply", Kind.LONG, 30),
        ("heard", Kind.LONG, 20),
    )  # fmt: skip
    rows = (
        (
            one.obligation, rung(one.rung, words.language),
            text(f"role.{one.role}", language=words.language), one.nominal_at, one.settled_at,
            words.say(f"notice_{one.state}"), words.reason(one), one.channel, one.recipient,
            one.message_id, one.reply, one.outcome,
        )
        for row in made
        for one in row.notices
    )  # fmt: skip
    return Sheet(words.say("told"), columns, rows, words.zone, kept=1)


def _deductions(words: Words, made: Iterable[Row]) -> Sheet:
    columns = _columns(
        words,
        ("entry", Kind.TEXT, 36), ("key", Kind.TEXT, 30), ("rule", Kind.TEXT, 12),
        ("points", Kind.POINTS, 9), ("status", Kind.TEXT, 9), ("readings", Kind.TEXT, 20),
        ("steps", Kind.LONG, 70),
    )  # fmt: skip
    rows = (
        (
            one.entry, row.key, text("rules.of", {"rule": one.rule}, language=words.language),
            _decimal(one.points), words.say(f"status_{one.status}"),
            words.say("separator").join(one.readings),
            "\n".join(lines(one.steps, words.language, words.zone)),
        )
        for row in made
        for one in row.deductions
    )  # fmt: skip
    return Sheet(words.say("deductions"), columns, rows, words.zone)


def _events(words: Words, made: Iterable[Row]) -> Sheet:
    columns = _columns(
        words,
        ("key", Kind.TEXT, 30), ("at", Kind.INSTANT, 16), ("recorded_at", Kind.INSTANT, 16),
        ("what", Kind.TEXT, 14), ("until", Kind.DAY, 11), ("reason", Kind.LONG, 30),
        ("files", Kind.LONG, 40), ("position", Kind.WHOLE, 8), ("fact", Kind.TEXT, 26),
    )  # fmt: skip
    rows = (
        (
            row.key, one.at, one.recorded_at, words.say(f"kind_{one.kind}"), one.until, one.reason,
            "\n".join(f"{file.name} {file.sha256}" for file in one.files), one.position, one.fact,
        )
        for row in made
        for one in row.history
    )  # fmt: skip
    return Sheet(words.say("history"), columns, rows, words.zone)


def _sums(words: Words) -> Sheet:
    audit = words.audit
    columns = _columns(
        words,
        ("sum_by", Kind.TEXT, 10), ("sum_of", Kind.LONG, 40), ("late", Kind.WHOLE, 9),
        ("unfinished", Kind.WHOLE, 9), ("lost", Kind.POINTS, 9),
    )  # fmt: skip
    groups = (("unit", audit.by_unit), ("clause", audit.by_clause), ("by_reason", audit.by_reason))
    rows = tuple(
        (words.say(name), words.sum_name(one), one.late, one.unfinished, _decimal(one.lost))
        for name, those in groups
        for one in those
    )
    return Sheet(words.say("sums"), columns, rows, words.zone)
