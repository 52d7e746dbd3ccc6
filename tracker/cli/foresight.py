"""The forecast and what would be different, as text and JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial

from schedules.deadlines import closes_at
from tracker.cli import show
from tracker.cli.boards import Seen, unit_of
from tracker.cli.comparing import comparison, signed
from tracker.cli.instants import instant
from tracker.cli.words import heading
from tracker.definitions import suppositions
from tracker.definitions.aheadforms import forecast_answer, joint_of, takes, what_if_answer
from tracker.domain.cliffs import SECOND, Cliff, cliffs, next_of
from tracker.domain.errors import NotFound
from tracker.domain.forecast import Forecast, Joint, Outcome, Saving, end_of_working_week, forecast
from tracker.domain.programme import Programme
from tracker.domain.whatif import Redated, WhatIf
from tracker.wording import cliff, light, supposition, text
from tracker.wording.forms import points


def _until(seen: Seen, given: str) -> datetime:
    board, zone = seen.board, seen.programme.tz
    if not given:
        return end_of_working_week(board.as_of, board.context.calendar, zone)
    return max(instant(given, zone, "--until"), board.as_of)


def _said(seen: Seen, key: str, **values: object) -> str:
    return text(f"ahead.{key}", values, language=seen.lang, zone=seen.programme.tz)


# -- the forecast --------------------------------------------------------------------------------


def show_forecast(seen: Seen, until: str, *, unit: str, item: str, as_json: bool) -> None:
    board, programme = seen.board, seen.programme
    of = unit_of(programme, unit) if unit else ""
    if item and item not in {one.id for _, one in programme.items()}:
        raise NotFound(f"没有这项任务 / no item {item!r} in programme {programme.id}")
    ahead = forecast(
        programme, board.context, board.facts, as_of=board.as_of, known_at=board.known_at,
        until=_until(seen, until), now=board.ledger,
    )  # fmt: skip
    found = cliffs(programme, board.context, board.facts, board.ledger, until=_end(programme))
    if as_json:
        says = partial(cliff, language=seen.lang, zone=programme.tz)
        show.answer(
            forecast_answer(
                board.ledger, ahead, found, version=board.version, says=says, unit=of, item=item
            )
        )
        return
    show.echo(seen.headline(), *_forecast(seen, ahead, found, of, item))


def _end(programme: Programme) -> datetime:
    """The cut-off, what it takes included."""
    return closes_at(programme.closes_on, programme.tz) + SECOND


def _forecast(
    seen: Seen, ahead: Forecast, found: Sequence[Cliff], unit: str, item: str
) -> Iterator[str]:
    yield _said(
        seen, "forecast_line", lost=ahead.lost_now, until=ahead.until,
        nothing=ahead.lost_if_nothing, done=ahead.lost_if_all_done, keeps=ahead.recoverable,
    )  # fmt: skip
    yield from _savings(seen, ahead, found, unit, item)
    titles = {one.id: one.title for _, one in seen.programme.items()}
    yield from _outcomes(seen, "items", "item", ahead.items, titles, item)
    yield from _outcomes(seen, "units", "unit", ahead.units, seen.programme.unit_names, unit)
    yield from _cliffs(seen, found, unit, item)


def _savings(
    seen: Seen, ahead: Forecast, found: Sequence[Cliff], unit: str, item: str
) -> Iterator[str]:
    savings = [one for one in ahead.savings if takes(one.standing, unit, item)]
    joint = joint_of(ahead, unit, item)
    yield ""
    if not savings and not joint:
        yield _said(seen, "forecast_none", until=ahead.until)
        return
    names = {one.id: one.label for one in seen.programme.units}
    if savings:
        yield _said(seen, "obligations")
        yield from _alone(seen, savings, found, names)
    if joint:
        yield from ("", _said(seen, "together")) if savings else (_said(seen, "together"),)
        yield from _together(seen, joint, names)


def _together(seen: Seen, joint: Sequence[Joint], names: dict[str, str]) -> Iterator[str]:
    rows = []
    for one in joint:
        owed = one.standings[0].obligation
        acting = "、".join(names[unit] for unit in one.units)
        rows.append((owed.clause, points(one.keeps), owed.title, acting))
    heads = [heading("clause", seen.lang), _said(seen, "keeps")]
    heads += [heading(key, seen.lang) for key in ("title", "unit")]
    yield from show.table(heads, rows, right=[1])


def _alone(
    seen: Seen, savings: Sequence[Saving], found: Sequence[Cliff], names: dict[str, str]
) -> Iterator[str]:
    rows = []
    for one in savings:
        owed = one.standing.obligation
        coming = next_of(found, owed.key)
        told = "" if coming is None else cliff(coming, seen.lang, seen.programme.tz)
        rows.append((light(one.standing.light, seen.lang), owed.clause, names[owed.unit],
                     points(one.lost_now), points(one.keeps), owed.title, told))  # fmt: skip
    heads = [heading(key, seen.lang) for key in ("light", "clause", "unit")]
    heads += [_said(seen, "lost"), _said(seen, "keeps"), heading("title", seen.lang)]
    yield from show.table([*heads, _said(seen, "next")], rows, right=[3, 4])


def _outcomes(
    seen: Seen, title: str, head: str, found: Sequence[Outcome], names: dict[str, str], only: str
) -> Iterator[str]:
    rows = [
        (one.id, names.get(one.id, ""), points(one.lost_now), points(one.lost_if_nothing),
         points(one.lost_if_all_done), points(one.recoverable))
        for one in found
        if only in ("", one.id)
    ]  # fmt: skip
    if not rows:
        return
    heads = [heading(head, seen.lang), heading("title", seen.lang)]
    heads += [_said(seen, key) for key in ("lost", "if_nothing", "if_done", "keeps")]
    yield from ("", _said(seen, title))
    yield from show.table(heads, rows, right=[2, 3, 4, 5])


def _cliffs(seen: Seen, found: Sequence[Cliff], unit: str, item: str) -> Iterator[str]:
    keys = {
        one.obligation.key: one.obligation.title
        for one in seen.board.ledger.standings
        if unit in ("", one.obligation.unit) and item in ("", one.obligation.item)
    }
    wanted = [one for one in found if one.obligation in keys]
    yield ""
    yield _said(seen, "cliffs" if wanted else "cliffs_none")
    for one in wanted:
        mark = f"  ▲ {_said(seen, 'steep')}" if one.steep else ""
        told = cliff(one, seen.lang, seen.programme.tz)
        yield f"  {told}{mark}  {one.rule} {keys[one.obligation]}  {one.obligation}"


# -- what would be different ---------------------------------------------------------------------


def show_what_if(
    seen: Seen, until: str, given: Sequence[tuple[str, str]], *, as_json: bool
) -> None:
    board, programme = seen.board, seen.programme
    supposed = suppositions.read(given, programme.tz)
    found = suppositions.reckoned(
        programme, board.context, board.facts, supposed,
        as_of=board.as_of, known_at=board.known_at, until=_until(seen, until),
    )  # fmt: skip
    told = [supposition(one, seen.lang, programme.tz) for one in supposed]
    if as_json:
        show.answer(
            what_if_answer(
                found, programme, version=board.version, known_at=board.known_at, supposed=told
            )
        )
        return
    show.echo(seen.headline(), *_what_if(seen, found, told))


def _what_if(seen: Seen, found: WhatIf, told: Sequence[str]) -> Iterator[str]:
    yield from (f"{_said(seen, 'what_if')} {line}" for line in told)
    yield _said(seen, "nothing_saved")
    for key, one in (("compared_now", found.now), ("compared_later", found.later)):
        yield ""
        yield _said(
            seen, key, until=found.until, before=one.before.score, after=one.after.score,
            change=signed(one.change),
        )  # fmt: skip
        yield from comparison(seen, one)
    if found.later.same and found.until < closes_at(seen.programme.closes_on, seen.programme.tz):
        yield f"  {_said(seen, 'look_later', on=str(seen.programme.closes_on))}"
    if found.dates:
        yield from ("", _said(seen, "dates"))
        yield from (f"  {one.key}  {_redated(seen, one)}" for one in found.dates)


def _redated(seen: Seen, one: Redated) -> str:
    before, after = (
        _said(seen, "no_date") if at is None else seen.told(at) for at in (one.before, one.after)
    )
    return f"{before} → {after}"
