"""签定: a score as a named person signed it. Later facts and versions show as differences against
it and never rewrite it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select

from tracker.definitions.answers import ledger_answer
from tracker.domain import facts as f
from tracker.domain.comparison import Comparison, Side, compare_sides, side
from tracker.domain.errors import Misfit, NotFound, Refused
from tracker.domain.points import Units, points, units
from tracker.services import closings, programmes, pseudonyms, reporting, scoreboard, trail
from tracker.services.scoreboard import Board
from tracker.store.tables import SignoffRow
from tracker.wording import LANGUAGES, Language, arithmetic, named

BECAUSE = "终局签定第 {} 号 / final sign-off {}"
"""Why a final sign-off closes the year."""


@dataclass(frozen=True)
class KeptLine:
    """An entry as it was signed; the arithmetic in words is in `says`."""

    id: str
    section: str
    item: str
    clause: str
    rule: str
    part: str
    points: Units
    worst: Units
    units: tuple[str, ...]
    status: str
    says: Mapping[Language, str]


@dataclass(frozen=True)
class Signoff:
    """`final` where the programme's cut-off had passed. `intact` is False where the kept ledger is
    not the one that was signed: somebody changed the row."""

    number: int
    as_of: datetime
    known_at: datetime
    version: int
    programme_hash: str
    calendar: str
    engine: str
    readings: Mapping[str, str]
    score: Units
    lost: Units
    worst_score: Units
    pending: int
    unknown: int
    final: bool
    person: str
    note: str
    signed_at: datetime
    sha256: str
    intact: bool
    lines: tuple[KeptLine, ...]
    ledger: Mapping[str, Any]


@dataclass(frozen=True)
class Since:
    """What has become of a signed score.

    `facts` is the difference that later facts make under the version that was signed; `whole` the
    one to the current version with all that is known. `recorded` are the facts themselves.
    """

    facts: Comparison
    whole: Comparison
    version: int
    recorded: tuple[f.AnyFact, ...]


def sign(
    session: Session,
    slug: str,
    *,
    as_of: datetime,
    now: datetime,
    person: str,
    by: str,
    note: str = "",
) -> Signoff:
    """The score of the current version as of then, with everything known now. A final one closes
    the year: nobody is reminded after it.

    Unfit without a name or for an instant that has not come; Refused where this very ledger is
    signed already.
    """
    programmes.alone(session, slug)
    reporting.fit(
        {
            "person": None if person.strip() else Misfit.MISSING,
            "as_of": Misfit.FUTURE if as_of > now else None,
        }
    )
    board = scoreboard.board(session, slug, as_of=as_of, known_at=now)
    row = _row(board, person=person.strip(), note=note.strip(), by=by, now=now)
    row.number = _refuse_repeated(session, row) + 1
    session.add(row)
    session.flush()
    body = {
        "number": row.number, "sha256": row.sha256, "version": row.version,
        "programme_hash": row.programme_hash, "calendar": row.calendar, "engine": row.engine,
        "score": units(row.score), "final": row.final, "by": trail.traced(session, by),
    }  # fmt: skip
    trail.append(session, slug, "score.signed", str(row.number), body, now=now)
    if row.final and closings.closed(session, slug, now) is None:
        closings.close(
            session, slug, because=BECAUSE.format(row.number, row.number), now=now, by=by
        )
    return _signoff(row)


def signoffs(session: Session, slug: str) -> list[Signoff]:
    """The newest first."""
    wanted = select(SignoffRow).where(SignoffRow.programme == slug)
    return [_signoff(row) for row in session.exec(wanted.order_by(col(SignoffRow.number).desc()))]


def signoff(session: Session, slug: str, number: int) -> Signoff:
    wanted = select(SignoffRow).where(SignoffRow.programme == slug, SignoffRow.number == number)
    row = session.exec(wanted).first()
    if row is None:
        raise NotFound(f"没有第 {number} 号签定 / no sign-off {number} in programme {slug}")
    return _signoff(row)


def since(session: Session, slug: str, signed: Signoff, *, known_at: datetime) -> Since:
    """The same instant, looked at with what is known now."""
    under_it = scoreboard.board(
        session, slug, as_of=signed.as_of, known_at=known_at, version=signed.version
    )
    present = scoreboard.board(session, slug, as_of=signed.as_of, known_at=known_at)
    was = Side(signed.score, signed.lost, signed.worst_score, signed.lines)
    return Since(
        facts=compare_sides(was, side(under_it.ledger)),
        whole=compare_sides(was, side(present.ledger)),
        version=present.version,
        recorded=tuple(
            one for one in under_it.facts
            if one.recorded_at > signed.known_at and one.occurred_at <= signed.as_of
        ),
    )  # fmt: skip


def _refuse_repeated(session: Session, row: SignoffRow) -> int:
    """The last number so far."""
    alike = select(SignoffRow).where(
        SignoffRow.programme == row.programme,
        SignoffRow.as_of == row.as_of,
        SignoffRow.version == row.version,
        SignoffRow.score == row.score,
    )
    for one in session.exec(alike):
        if _is_alike(one, row):
            raise Refused(
                f"这份台账已经签定，第 {one.number} 号 / "
                f"this ledger is signed already: number {one.number}"
            )
    last = select(func.max(SignoffRow.number)).where(SignoffRow.programme == row.programme)
    return session.exec(last).one() or 0


def _is_alike(one: SignoffRow, other: SignoffRow) -> bool:
    """The same ledger, whether its names are forgotten, stand apart or stand in it as they did in
    an earlier release."""
    views = (pseudonyms.sealed, pseudonyms.named)
    return any(_content(view(one.body)) == _content(view(other.body)) for view in views)


def _content(body: Mapping[str, Any]) -> dict[str, Any]:
    """Without the name of the version, which an earlier release reckoned otherwise."""
    ledger = body["ledger"]
    return {**body, "ledger": {**ledger, "programme": {**ledger["programme"], "hash": ""}}}


def _row(board: Board, *, person: str, note: str, by: str, now: datetime) -> SignoffRow:
    ledger, programme, final = board.ledger, board.programme, board.final
    ledger, names = pseudonyms.referred(ledger)
    told = ledger_answer(ledger, version=board.version, final=final, retroactive=board.retroactive)
    kept = told.model_dump(mode="json", exclude={"known_at"})
    steps = {one.id: [named(it, programme.called) for it in one.steps] for one in ledger.entries}
    says = {
        language: {id_: arithmetic(those, language, programme.tz) for id_, those in steps.items()}
        for language in LANGUAGES
    }
    body = {"ledger": kept, "says": says, pseudonyms.NAMES: names}
    return SignoffRow(
        programme=programme.id, number=0, as_of=board.as_of, known_at=board.known_at,
        version=board.version, programme_hash=programme.hash, calendar=ledger.calendar_version,
        engine=ledger.engine, score=points(ledger.score), lost=points(ledger.lost), final=final,
        person=person, note=note, by=by, signed_at=now, sha256=pseudonyms.digest(body),
        body=body,
    )  # fmt: skip


def _signoff(row: SignoffRow) -> Signoff:
    body = pseudonyms.named(row.body)
    ledger = body["ledger"]
    return Signoff(
        number=row.number,
        as_of=row.as_of,
        known_at=row.known_at,
        version=row.version,
        programme_hash=row.programme_hash,
        calendar=row.calendar,
        engine=row.engine,
        readings=ledger["readings"],
        score=units(row.score),
        lost=units(row.lost),
        worst_score=units(ledger["worst_score"]),
        pending=ledger["pending"],
        unknown=ledger["unknown"],
        final=row.final,
        person=row.person or pseudonyms.FORGOTTEN,
        note=row.note,
        signed_at=row.signed_at,
        sha256=row.sha256,
        intact=pseudonyms.digest(row.body) == row.sha256
        and units(ledger["score"]) == units(row.score),
        lines=tuple(_line(one, body["says"]) for one in ledger["entries"]),
        ledger=ledger,
    )


def _line(entry: Mapping[str, Any], says: Mapping[Language, Mapping[str, str]]) -> KeptLine:
    return KeptLine(
        id=entry["id"], section=entry["section"], item=entry["item"], clause=entry["clause"],
        rule=entry["rule"], part=entry["part"], points=units(entry["points"]),
        worst=units(entry["worst"]), units=tuple(entry["units"]), status=entry["status"],
        says={language: told.get(entry["id"], "") for language, told in says.items()},
    )  # fmt: skip
