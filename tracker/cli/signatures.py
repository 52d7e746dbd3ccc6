"""Signed scores as text and JSON."""

from __future__ import annotations

from collections.abc import Iterator

from sqlmodel import Session

from tracker.cli import show
from tracker.cli.boards import Seen
from tracker.cli.comparing import comparison, signed
from tracker.cli.house import House, meant, zone_of
from tracker.cli.instants import instant
from tracker.cli.words import say
from tracker.definitions.aheadanswers import SignoffsAnswer
from tracker.definitions.answers import about
from tracker.services import answering, programmes, scoreboard, signoffs
from tracker.services.signoffs import Signoff, Since
from tracker.wording.forms import points


def listed(place: House, programme: str, *, as_json: bool) -> None:
    with place.reading() as session:
        slug = _meant(place, session, programme)
        seen = Seen(scoreboard.board(session, slug, as_of=place.now), place.lang)
        found = signoffs.signoffs(session, slug)
    if as_json:
        programme_ = about(seen.programme, seen.board.version)
        answers = [answering.signoff_answer(one, seen.programme.tz) for one in found]
        show.answer(SignoffsAnswer(programme=programme_, signoffs=answers))
        return
    show.echo(*([_line(seen, one) for one in found] or [say("signoff.none", place.lang)]))


def made(
    place: House, programme: str, as_of: str, *, person: str, note: str, by: str, as_json: bool
) -> None:
    with place.writing() as session:
        slug = _meant(place, session, programme)
        zone = programmes.current(session, slug).tz
        at = instant(as_of, zone, "--as-of") if as_of else place.now
        done = signoffs.sign(
            session, slug, as_of=at, now=place.now, person=person, note=note, by=by
        )
    if as_json:
        shown(place, slug, done.number, as_json=True)
        return
    with place.reading() as session:
        seen = Seen(scoreboard.board(session, slug, as_of=at, known_at=place.now), place.lang)
    show.echo(
        say(
            "signoff.done", place.lang, number=done.number, person=done.person,
            at=seen.told(done.as_of), score=points(done.score), version=done.version,
            sha=done.sha256[:12],
        ),
        *_not_known(seen),
    )  # fmt: skip


def _not_known(seen: Seen) -> Iterator[str]:
    """Who signs should know what the score does not hold yet."""
    ledger = seen.board.ledger
    if ledger.pending or ledger.unknown:
        yield say(
            "signoff.not_known", seen.lang, pending=len(ledger.pending),
            unknown=len(ledger.unknown), worst=points(ledger.worst_score),
        )  # fmt: skip


def shown(place: House, programme: str, number: int, *, as_json: bool) -> None:
    with place.reading() as session:
        slug = _meant(place, session, programme)
        one = signoffs.signoff(session, slug, number)
        since = signoffs.since(session, slug, one, known_at=place.now)
        board = scoreboard.board(session, slug, as_of=one.as_of, known_at=place.now)
    if as_json:
        show.answer(answering.since_answer(one, since, board))
        return
    show.echo(*_told(Seen(board, place.lang), one, since))


def _meant(place: House, session: Session, programme: str) -> str:
    zone = zone_of(session, programme, place.settings)
    return meant(session, programme, place.lang, year=place.now.astimezone(zone).year)


def _line(seen: Seen, one: Signoff) -> str:
    state = "" if one.final else say("signoff.interim", seen.lang)
    broken = "" if one.intact else say("signoff.broken", seen.lang)
    return say(
        "signoff.line", seen.lang, number=one.number, score=points(one.score),
        lost=points(one.lost), at=seen.told(one.as_of), person=one.person,
        signed=seen.told(one.signed_at), state=state + broken,
    )  # fmt: skip


def _told(seen: Seen, one: Signoff, since: Since) -> Iterator[str]:
    yield _line(seen, one)
    parts = [("facts", one.version, since.facts), ("whole", since.version, since.whole)]
    for key, version, found in parts:
        yield ""
        yield say(
            f"signoff.{key}", seen.lang, n=len(since.recorded), version=version,
            before=points(found.before.score), after=points(found.after.score),
            change=signed(found.change),
        )  # fmt: skip
        yield from comparison(seen, found)
