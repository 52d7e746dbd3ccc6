"""`tracker clause`: one scoring sentence, or many as JSON Lines."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tracker.cli.options import Json, Language, schema_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tracker.cli.words import Lang
    from tracker.definitions.clauses import ReadClause
    from tracker.definitions.clauses.requests import Request


def add_to(tree: typer.Typer) -> None:
    tree.command("clause")(clause)


def clause(
    text: Annotated[
        str, typer.Argument(metavar="[TEXT]", help="计分句；不写则从标准输入读 JSON Lines")
    ] = "",
    year: Annotated[
        int | None, typer.Option("--year", metavar="Y", help="年份 / the year of its days")
    ] = None,
    points: Annotated[
        str, typer.Option("--points", metavar="N", help="本条分值 / what the clause is worth")
    ] = "",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("clause")] = False,
) -> None:
    """读一句计分细则：规则、期限、歧义 / read one scoring sentence.

    Without TEXT: JSON Lines on standard input, {"text": "...", "year": 2021} each, and one answer
    per line in the same order; nothing is answered where a line is wrong.
    """
    from tracker.cli import show
    from tracker.cli.house import spoken
    from tracker.definitions.clauses import as_json

    spoken_in = spoken(lang)
    worth = _worth(points, spoken_in)
    if not text:
        for request in _requests(year, worth, spoken_in):
            show.echo(_line(as_json(request.reading())))
        return
    if year is None:
        raise typer.BadParameter("--year")
    reading = _one(text, year, worth)
    show.echo(_line(as_json(reading)) if json else "\n".join(_told(reading, spoken_in)))


def _one(text: str, year: int, points: Decimal | None) -> ReadClause:
    from tracker.definitions.clauses import read_clause

    return read_clause(text, year=year, points=points)


def _worth(points: str, spoken: Lang) -> Decimal | None:
    from tracker.cli.words import say
    from tracker.domain.errors import Refused

    if not points:
        return None
    try:
        return Decimal(points)
    except InvalidOperation as mistake:
        raise Refused(say("clause.points", spoken, given=points)) from mistake


def _requests(year: int | None, points: Decimal | None, spoken: Lang) -> list[Request]:
    """All of them before the first is answered: a wrong line leaves nothing half done."""
    return list(_read_requests(year, points, spoken))


def _read_requests(year: int | None, points: Decimal | None, spoken: Lang) -> Iterator[Request]:
    from tracker.cli.words import say
    from tracker.definitions.clauses.requests import Malformed, request_of
    from tracker.domain.errors import Refused

    for number, line in enumerate(typer.get_text_stream("stdin", encoding="utf-8"), 1):
        if not line.strip():
            continue
        try:
            yield request_of(line, year=year, points=points)
        except Malformed as mistake:
            raise Refused(say("clause.line", spoken, line=number, why=mistake)) from mistake


def _line(answer: dict[str, Any]) -> str:
    import json

    text = json.dumps(answer, ensure_ascii=False)
    # Half a surrogate pair, which a request may escape, is no UTF-8.
    return text if text.isprintable() or _is_utf8(text) else json.dumps(answer)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _told(reading: ReadClause, spoken: Lang) -> list[str]:
    from tracker.cli import show
    from tracker.cli.words import heading

    columns = ("kind", "amount", "step", "cap", "said")
    rows = [_row(reading, at) for at in range(len(reading.rules))]
    lines = show.table([heading(name, spoken) for name in columns], rows) if rows else []
    return [*lines, *_notes(reading, spoken)]


def _row(reading: ReadClause, at: int) -> list[str]:
    one = reading.rules[at].form()
    amount = one["deduct"] or one["award"] or ""
    signed = f"{'+' if one['award'] else '-'}{_short(amount)}" if amount else ""
    base = f"{_short(one['base'])} " if one["base"] else ""
    bands = " ".join(
        f"{band['when']}:{_short(band.get('deduct') or band.get('award'))}"
        for band in one["tiers"] or ()
    )
    step = f"{one['step']['n']} {one['step']['unit']}" if one["step"] else ""
    start, end = one["span"]
    said = " ".join(reading.text[start:end].split())
    return [one["kind"], base + signed + bands, step, _short(one["cap"]), said]


def _short(amount: Any) -> str:
    if isinstance(amount, dict):
        return f"{amount['min']}..{amount['max']}"
    return amount or ""


def _notes(reading: ReadClause, spoken: Lang) -> Iterator[str]:
    from tracker.cli.words import say

    for one in reading.deadlines:
        yield say("clause.due", spoken, day=one.form())
    for stage in reading.milestones:
        told = stage.form()
        yield say("clause.stage", spoken, day=told["on"], n=told.get("share") or told["number"])
    for period in reading.recurrences:
        told = period.form()
        yield say("clause.period", spoken, **{**told, "first": told["first"] or "-"})
    for length in reading.durations:
        yield say("clause.length", spoken, **length.form())
    for question in reading.ambiguous:
        readings = " / ".join(question.readings)
        yield say("clause.open", spoken, readings=readings)
    for unread in reading.unread:
        yield say("clause.unread", spoken, text=unread.text)
