"""Who owes a clause, as text and JSON: the price first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from tracker.cli import show
from tracker.cli.boards import Seen, unit_of
from tracker.cli.comparing import comparison, signed
from tracker.cli.house import House, meant, zone_of
from tracker.cli.words import say
from tracker.services import answering, assignments, programmes, scoreboard
from tracker.services.assignments import Assignment, Joins, Priced
from tracker.wording import text
from tracker.wording.forms import points


def assigned(
    place: House, programme: str, clause: str, *, units: str, joins: str, reason: str, by: str,
    confirmed: bool, as_json: bool,
) -> None:  # fmt: skip
    """In one transaction: the price that is shown is that of what is saved."""
    with place.writing() if confirmed else place.reading() as session:
        zone = zone_of(session, programme, place.settings)
        slug = meant(session, programme, place.lang, year=place.now.astimezone(zone).year)
        known = programmes.current(session, slug)
        was = assignments.present(known, clause)
        given = [unit_of(known, one.strip()) for one in units.split(",") if one.strip()]
        wanted = Assignment(
            clause, assignments.ordered(known, given) or was.units, cast(Joins, joins or was.joins)
        )
        board = scoreboard.board(session, slug, as_of=place.now)
        priced = assignments.price(session, slug, wanted, now=place.now)
        version = None
        if confirmed:
            done = assignments.assign(session, slug, wanted, now=place.now, by=by, reason=reason)
            version = done.version
    if as_json:
        show.answer(answering.assign_answer(board, priced, version))
        return
    show.echo(*_told(Seen(board, place.lang), priced, version))


def _told(seen: Seen, priced: Priced, version: int | None) -> Iterator[str]:
    _, _, clause = seen.programme.clauses[priced.after.clause]
    yield f"{clause.id} {clause.title}"
    for key, one in (("before", priced.before), ("after", priced.after)):
        names = "、".join(seen.programme.unit_names[unit] for unit in one.units)
        yield f"  {text(f'ahead.{key}', language=seen.lang)}：{names}  [{one.joins}]"
    for key, found in (("now", priced.price.now), ("cut_off", priced.price.later)):
        yield ""
        yield say(
            f"assign.{key}", seen.lang, before=points(found.before.score),
            after=points(found.after.score), change=signed(found.change),
        )  # fmt: skip
        yield from comparison(seen, found)
    yield ""
    if version is None:
        yield say("assign.unsaved", seen.lang)
    else:
        yield say("assign.saved", seen.lang, version=version)
