"""The audit as a document: a cover with what it comes to, then unit by unit, to print and sign."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tracker.domain.errors import Refused
from tracker.exports.pdf import pdf_bytes
from tracker.services.audit import Audit, Row, Sum
from tracker.services.audit_words import Words
from tracker.wording import text
from tracker.wording.forms import instant, points, points_as_needed
from tracker.wording.templating import light

LONGEST = 3_000
"""Rows that a document to read may have; the tables have no such bound."""

HEADINGS = (
    "title", "sums", "unit", "clause", "by_reason", "late", "unfinished", "lost", "number",
    "obligation", "due", "done", "days_short", "workdays_short", "arithmetic", "told", "position",
    "proof", "proof_ids", "proof_ids_text", "proof_due", "proof_done", "proof_done_text",
    "proof_programme", "proof_chain", "signatures", "sign_made", "sign_checked", "sign_approved",
    "sign_date", "sign_note",
)  # fmt: skip


def pages(audit: Audit, words: Words) -> bytes:
    """A4 landscape. Refused for more rows than anybody reads."""
    if audit.totals.late > LONGEST:
        values = {"n": audit.totals.late, "most": LONGEST}
        raise Refused(text("audit.too_long", values, language=words.language))
    return pdf_bytes("audit", _values(audit, words), made_at=audit.as_of)


def _values(audit: Audit, words: Words) -> dict[str, Any]:
    version = "version" if audit.version else "version_file"
    return {
        "language": words.language,
        "title": audit.title,
        "words": {key: words.say(key) for key in HEADINGS},
        "verdict": words.verdict(),
        "scope": list(words.scope()),
        "at": instant(audit.as_of, words.language, words.zone, year=True),
        "sums": [
            [words.say(name), [_sum(words, one) for one in those]]
            for name, those in (
                ("unit", audit.by_unit), ("clause", audit.by_clause), ("by_reason", audit.by_reason)
            )
        ],
        "total": [str(audit.totals.late), str(audit.totals.unfinished), points(audit.totals.lost)],
        "split": words.say("sum_split", settled=audit.totals.settled,
                           provisional=audit.totals.provisional),
        "joint": _joint(audit, words),
        "units": list(_units(audit, words)),
        "calendar": words.say("proof_due_text", version=audit.calendar_version),
        "version": f"{words.say(version, version=audit.version)} sha256 {audit.hash}",
        "chain": words.chain(),
    }  # fmt: skip


def _joint(audit: Audit, words: Words) -> str:
    several = sum(one.lost for one in audit.by_unit) != audit.totals.lost
    return text("digest.joint", language=words.language) if several else ""


def _sum(words: Words, one: Sum) -> list[str]:
    return [words.sum_name(one), str(one.late), str(one.unfinished), points(one.lost)]


def _units(audit: Audit, words: Words) -> Iterator[dict[str, Any]]:
    """In the order of the sums: what lost most first."""
    numbered = list(enumerate(audit.rows, start=1))
    for one in audit.by_unit:
        rows = [_row(words, number, row) for number, row in numbered if row.unit == one.id]
        values = {"n": one.late, "open": one.unfinished, "lost": one.lost}
        yield {"name": one.name, "told": words.say("unit_sum", **values), "rows": rows}


def _row(words: Words, number: int, row: Row) -> dict[str, Any]:
    told = words.told(row)
    done = f" {instant(row.done_at, words.language, words.zone)}" if row.done_at else ""
    number_of_last = told.last.message_id if told.last is not None else ""
    return {
        "n": str(number),
        "title": f"{row.clause} {row.title}",
        "history": list(told.history),
        "due": instant(row.due_at, words.language, words.zone, year=True),
        "counted": told.counted,
        "light": light(row.light, words.language),
        "done": told.done + done,
        "days": told.delay[0],
        "workdays": told.delay[1],
        "lost": points_as_needed(row.lost),
        "arithmetic": list(told.arithmetic),
        "notices": [*told.notices, *told.slips],
        "last": number_of_last,
        "position": "—" if row.position is None else str(row.position),
    }
