"""The register of readings as text and JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tracker.cli import show
from tracker.cli.house import House, meant, zone_of
from tracker.cli.instants import instant
from tracker.cli.words import say
from tracker.services import answering, readings, scoreboard
from tracker.wording.forms import points

if TYPE_CHECKING:
    from tracker.services.readings import Entry


def listed(place: House, programme: str, as_of: str, *, as_json: bool) -> None:
    with place.reading() as session:
        zone = zone_of(session, programme, place.settings)
        at = instant(as_of, zone, "--as-of") if as_of else place.now
        slug = meant(session, programme, place.lang, year=at.astimezone(zone).year)
        board = scoreboard.board(session, slug, as_of=at, known_at=place.now)
        register = readings.register(session, slug, as_of=at, known_at=place.now)
        span = readings.span(session, slug, as_of=at, known_at=place.now)
    if as_json:
        show.answer(answering.readings_answer(board, register, span))
        return
    show.echo(*(line for one in register for line in _lines(one, place)))
    if span.open:
        low, high = points(span.low), points(span.high)
        show.echo(say("readings.span", place.lang, n=span.open, low=low, high=high))


def _lines(one: Entry, place: House) -> Iterator[str]:
    mark = say("reading.open" if one.open else "reading.decided", place.lang)
    yield f"{one.reading.clause}  {one.reading.id}  [{mark}]  {one.reading.question}"
    for choice in one.choices:
        price = say("reading.unpriced", place.lang)
        if choice.executable:
            price = _price(choice.difference)
        holds = f"  ← {say('reading.holds', place.lang)}" if choice.id == one.holds else ""
        head = f"{show.padded(choice.id, 16)}{show.padded(price, 9, right=True)}"
        yield f"    {head}  {choice.says}{holds}"


def _price(difference: int) -> str:
    return f"+{points(difference)}" if difference > 0 else points(difference)
