"""The weekly page and the audit of late items, as text, JSON and files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

import typer
from sqlmodel import Session

from schedules.deadlines import due_day
from tracker import runtime
from tracker.cli import show
from tracker.cli.boards import unit_of
from tracker.cli.house import House, meant, zone_of
from tracker.cli.instants import day, instant
from tracker.cli.words import heading, say
from tracker.exports import files, jsonform
from tracker.services import audit_evidence as audits
from tracker.services import (
    audit_files,
    bulletin_files,
    digest_files,
    digest_words,
    scoreboard,
    weekly,
)
from tracker.services import bulletin as bulletins
from tracker.services import dossier as dossiers
from tracker.services.audit import Audit
from tracker.services.digest import Audience, Digest
from tracker.services.scoreboard import Board
from tracker.wording.forms import instant as told_instant
from tracker.wording.forms import points


def digest(
    place: House,
    programme: str,
    as_of: str,
    known_at: str,
    *,
    out: Path | None,
    audience: str,
    unit: str,
    as_json: bool,
) -> None:
    for_whom = _audience(audience)
    if not for_whom.sees_all and not unit:
        raise typer.BadParameter(
            "给单位的周报须用 --unit 指明单位 / a digest for one unit needs --unit",
            param_hint="--unit",
        )
    with place.reading() as session:
        board = _board(place, session, programme, as_of, known_at)
        of = unit_of(board.programme, unit) if unit else ""
        page = weekly.digest_of(
            session,
            board.programme.id,
            as_of=board.as_of,
            known_at=board.known_at,
            audience=for_whom,
            unit=of,
        )
    if as_json:
        show.body(jsonform.body(Digest, page))
        return
    templates = runtime.environment(place.settings)
    if out is None:
        letter = digest_words.render_digest(templates, place.lang, page)
        show.echo(letter.text.rstrip("\n"))
        return
    parts = [f"{page.programme}-{due_day(page.as_of, board.programme.tz)}", for_whom.value, of]
    name = "-".join(part for part in parts if part)
    written = [out / f"{name}.{kind}" for kind in digest_files.KINDS]
    for path, kind in zip(written, digest_files.KINDS, strict=True):
        files.replace(path, digest_files.content(templates, place.lang, page, kind))
    show.echo(say("files", place.lang), *(f"  {path}" for path in written))


def _audience(name: str) -> Audience:
    try:
        return Audience(name)
    except ValueError as unknown:
        known = " ".join(one.value for one in Audience)
        raise typer.BadParameter(f"“{name}”：{known}", param_hint="--audience") from unknown


def _board(place: House, session: Session, programme: str, as_of: str, known_at: str) -> Board:
    zone = zone_of(session, programme, place.settings)
    at = instant(as_of, zone, "--as-of") if as_of else place.now
    slug = meant(session, programme, place.lang, year=due_day(at, zone).year)
    known = instant(known_at, zone, "--known-at") if known_at else place.now
    return scoreboard.board(session, slug, as_of=at, known_at=known)


# -- the audit -------------------------------------------------------------------------------------


def audit(
    place: House,
    programme: str,
    as_of: str,
    known_at: str,
    *,
    first: str,
    last: str,
    unit: str,
    out: Path | None,
    as_json: bool,
) -> None:
    with place.reading() as session:
        board = _board(place, session, programme, as_of, known_at)
        begins, ends = _period(board, first, last)
        asked = Asked(
            board.programme.id, begins, ends, board.as_of, board.known_at,
            unit_of(board.programme, unit) if unit else "",
        )  # fmt: skip
        if out is not None:
            _write(place, session, asked, out)
        if as_json or out is None:
            found = audits.of_period(session, **asked._asdict())
    if as_json:
        show.body(jsonform.body(Audit, found))
    elif out is not None:
        show.echo(say("files", place.lang), f"  {out}")
    else:
        show.echo(*_lines(place, board, found))


class Asked(NamedTuple):
    """Which audit: of which programme, period, instants and unit."""

    slug: str
    first: date
    last: date
    as_of: datetime
    known_at: datetime
    unit: str


def _write(place: House, session: Session, asked: Asked, out: Path) -> None:
    """Row by row, however many there are; a bar says how far it is, where somebody looks."""
    audit_files.kind_of(out, place.lang)
    templates = runtime.environment(place.settings)
    with show.counting(say("audit.writing", place.lang)) as counted:
        stream = audits.stream(session, **asked._asdict(), looked=counted)
        audit_files.write_stream(stream, out, environment=templates, language=place.lang)


def dossier(
    place: House, programme: str, key: str, as_of: str, known_at: str, *, out: Path | None
) -> None:
    with place.reading() as session:
        board = _board(place, session, programme, as_of, known_at)
        found = dossiers.of_obligation(
            session, board.programme.id, key, as_of=board.as_of, known_at=board.known_at
        )
    name = "".join(c if c.isalnum() or c in "-_." else "-" for c in key)
    path = out or Path(f"dossier-{name}.pdf")
    files.replace(path, dossiers.pdf(found, place.lang))
    show.echo(say("files", place.lang), f"  {path}")


# -- the bulletin ----------------------------------------------------------------------------------


def bulletin(
    place: House, programme: str, period: str, *, by: str, out: Path | None, as_json: bool
) -> None:
    first, last = bulletins.period(period)
    way = next((one for one in bulletins.WAYS if one == by), None)
    if by and way is None:
        raise typer.BadParameter(" ".join(bulletins.WAYS), param_hint="--by")
    if out is not None and out.suffix.removeprefix(".") not in bulletin_files.KINDS:
        raise typer.BadParameter(" ".join(f".{kind}" for kind in bulletin_files.KINDS),
                                 param_hint="--out")  # fmt: skip
    with place.reading() as session:
        slug = meant(session, programme, place.lang, year=first.year)
        made = bulletins.of_period(session, slug, first=first, last=last, now=place.now, by=way)
    if out is not None:
        name, mail = place.settings.sender_parts
        content = bulletin_files.content(
            runtime.environment(place.settings), place.lang, made, out.suffix.removeprefix("."),
            office=name or mail,
        )  # fmt: skip
        files.replace(out, content)
    if as_json:
        show.body(jsonform.body(bulletins.Bulletin, made))
    elif out is not None:
        show.echo(say("files", place.lang), f"  {out}")
    else:
        told = bulletin_files.values(made, place.lang, "")
        rows = [tuple(row) for row in (*told["rows"], *told["beside"])]
        table = show.table(told["heads"], rows, right=[])
        show.echo(told["title"], *told["overall"], *told["places"], *table)


def _period(board: Board, first: str, last: str) -> tuple[date, date]:
    """From 1 January of the programme's year to the day of the instant, unless told otherwise."""
    begins = day(first, "--from") if first else date(board.programme.year, 1, 1)
    ends = day(last, "--to") if last else due_day(board.as_of, board.programme.tz)
    if ends < begins:
        raise typer.BadParameter(
            f"--to {ends} 早于 --from {begins} / --to is before --from", param_hint="--to"
        )
    return begins, ends


def _lines(place: House, board: Board, found: Audit) -> Iterator[str]:
    lang, zone = place.lang, board.programme.tz
    at = told_instant(found.as_of, lang, zone, year=True)
    yield f"{found.title}  {found.first} – {found.last}  {say('as_of', lang, at=at)}"
    if not found.rows:
        yield say("audit.none", lang)
        return
    names = {unit.id: unit.label for unit in board.programme.units}
    rows = [
        (
            told_instant(row.due_at, lang, zone),
            row.clause,
            names.get(row.unit, row.unit),
            _done(row.done_at, place, board),
            say("audit.days", lang, days=row.days, workdays=row.workdays),
            points(row.lost) if row.lost else "",
            row.title,
        )
        for row in found.rows
    ]
    keys = ("due", "clause", "unit", "done", "late", "lost", "title")
    yield from show.table([heading(key, lang) for key in keys], rows, right=[5])
    totals = found.totals
    yield say(
        "audit.totals", lang,
        late=totals.late, finished=totals.finished, unfinished=totals.unfinished,
        lost=points(totals.lost), all=points(totals.programme_lost),
    )  # fmt: skip


def _done(at: datetime | None, place: House, board: Board) -> str:
    if at is None:
        return say("audit.not_finished", place.lang)
    return told_instant(at, place.lang, board.programme.tz)
