"""The board that a command looks at, from the database or from documents; what is due on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path

import typer

from tracker.cli import documents, show
from tracker.cli.house import house, meant, now, spoken, zone_of
from tracker.cli.instants import instant
from tracker.cli.options import Lang as LangOption
from tracker.cli.words import Lang, heading, say
from tracker.definitions import sheets
from tracker.definitions.answers import DueAnswer, about, obligation_answer
from tracker.definitions.answers import instant as iso
from tracker.domain import facts as f
from tracker.domain.errors import DefinitionError, NotFound
from tracker.domain.obligations import WORST_FIRST, Light, Standing, red_first
from tracker.domain.points import Units
from tracker.domain.programme import Programme
from tracker.services import scoreboard, vetting
from tracker.services.scoreboard import Board
from tracker.wording import counting, light
from tracker.wording.forms import instant as told_instant
from tracker.wording.forms import points


@dataclass(frozen=True)
class Seen:
    """A board and the language in which to tell it."""

    board: Board
    lang: Lang
    current: Board | None = None
    """The board of the current version, where an earlier one was asked for."""

    @property
    def programme(self) -> Programme:
        return self.board.programme

    @cached_property
    def true(self) -> Mapping[str, f.AnyFact]:
        """The facts that stand, by id."""
        return {one.id: one for one in self.board.true}

    def told(self, at: datetime) -> str:
        return told_instant(at, self.lang, self.programme.tz, year=True)

    def headline(self) -> str:
        board = self.board
        at = say("as_of", self.lang, at=self.told(board.as_of))
        if board.known_at < board.as_of:
            at += say("known", self.lang, at=self.told(board.known_at))
        return f"{self.programme.title}  {at}"


@contextmanager
def board(
    programme: str, facts: Path | None, as_of: str, known_at: str, lang: LangOption | None, *,
    version: int | None = None,
) -> Iterator[Seen]:  # fmt: skip
    """From files where a file is named, else from the database: the current version, or another
    one with the current one beside it."""
    if facts is not None or _is_document(programme):
        yield _of_documents(programme, facts, as_of, known_at, lang)
        return
    with house(lang) as place, place.reading() as session:
        zone = zone_of(session, programme, place.settings)
        at = instant(as_of, zone, "--as-of") if as_of else place.now
        known = instant(known_at, zone, "--known-at") if known_at else place.now
        slug = meant(session, programme, place.lang, year=at.astimezone(zone).year)
        present = scoreboard.board(session, slug, as_of=at, known_at=known)
        if version is None:
            yield Seen(present, place.lang)
            return
        asked = scoreboard.board(session, slug, as_of=at, known_at=known, version=version)
        yield Seen(asked, place.lang, present)


def _is_document(programme: str) -> bool:
    return programme.endswith((".yaml", ".yml")) or Path(programme).is_file()


def _of_documents(
    programme: str, facts: Path | None, as_of: str, known_at: str, lang: LangOption | None
) -> Seen:
    if not programme:
        raise typer.BadParameter(
            "用 --facts 时须同时给出方案文件 / --facts needs a programme file too",
            param_hint="--programme",
        )
    from schedules.workdays import china

    spoken_in = spoken(lang)
    document = documents.sound(documents.found(Path(programme)), spoken_in)
    terms = sheets.Terms.of(document)
    read = None if facts is None else sheets.read_facts(facts, spoken_in, terms=terms)
    rows = () if read is None else read.placed
    given = [row.fact for row in rows]
    present = now()
    at = instant(as_of, document.tz, "--as-of") if as_of else present
    known = instant(known_at, document.tz, "--known-at") if known_at else max(present, at)
    spoiled = frozenset() if read is None else read.spoiled
    words = vetting.Vocabulary(document, china())
    stock = vetting.Stock.of(given, spoiled=spoiled)
    told = {one.place: one for one in rows}
    vetted = {place: one.fact for place, one in told.items()}
    unfit = vetting.problems(vetted, words, stock, now=max(present, at, known))
    wrong = [replace(one, place=told[one.place].row.place_of(one.field)) for one in unfit]
    if read is not None and (wrong or read.problems):
        raise DefinitionError(sheets.by_row([*read.problems, *wrong]))
    found = scoreboard.of_documents(document, given, china(), as_of=at, known_at=known)
    return Seen(found, spoken_in)


def unit_of(programme: Programme, given: str) -> str:
    """The unit's id from its id, name or short name; NotFound names what there is."""
    for unit in programme.units:
        if given in (unit.id, unit.name, unit.short):
            return unit.id
    known = "、".join(f"{unit.id} {unit.label}" for unit in programme.units)
    raise NotFound(f"没有这个单位 / no unit {given!r}; {known}")


def show_due(
    seen: Seen, *, unit: str, lights: Sequence[str], open_only: bool, as_json: bool
) -> None:
    ledger = seen.board.ledger
    wanted = _lights(lights)
    of = unit_of(seen.programme, unit) if unit else ""
    standings = [
        one
        for one in ledger.standings
        if (not of or one.obligation.unit == of)
        and (not wanted or one.light in wanted)
        and (one.open or not open_only)
    ]
    lost: Counter[str] = Counter()
    for entry in ledger.entries:
        lost[entry.obligation] -= entry.points
    if as_json:
        show.answer(_answer(seen, standings, lost))
    else:
        show.echo(*_lines(seen, standings, lost))


def _lights(given: Sequence[str]) -> set[Light]:
    known = [one.value for one in Light]
    for name in given:
        if name not in known:
            raise typer.BadParameter(f"“{name}”：{' '.join(known)}", param_hint="--light")
    return {Light(name) for name in given}


def _answer(seen: Seen, standings: Sequence[Standing], lost: Counter[str]) -> DueAnswer:
    programme, zone = seen.programme, seen.programme.tz
    counts = Counter(one.light.value for one in standings)
    return DueAnswer(
        programme=about(programme, seen.board.version),
        as_of=iso(seen.board.as_of, zone),
        known_at=iso(seen.board.known_at, zone),
        lights={light_.value: counts[light_.value] for light_ in WORST_FIRST},
        obligations=[
            obligation_answer(
                one,
                programme,
                lost=Units(lost[one.obligation.key]),
                counted=counting(one.obligation.deadline, seen.lang, needs=one.obligation.needs),
            )
            for one in standings
        ],
    )


def _lines(seen: Seen, standings: Sequence[Standing], lost: Counter[str]) -> Iterator[str]:
    yield seen.headline()
    if not standings:
        yield say("due.none", seen.lang)
        return
    ordered = sorted(standings, key=red_first)
    names = {unit.id: unit.label for unit in seen.programme.units}
    rows = [
        (
            light(one.light, seen.lang),
            _due(seen, one),
            one.obligation.clause,
            names.get(one.obligation.unit, one.obligation.unit),
            _late(one, seen.lang),
            points(lost[one.obligation.key]) if lost[one.obligation.key] else "",
            one.obligation.title,
        )
        for one in ordered
    ]
    keys = ("light", "due", "clause", "unit", "late", "lost", "title")
    yield from show.table([heading(key, seen.lang) for key in keys], rows, right=[4, 5])
    counts = Counter(one.light for one in standings)
    told = "  ".join(f"{light(one, seen.lang)} {counts[one]}" for one in WORST_FIRST if counts[one])
    yield f"{say('due.count', seen.lang, n=len(standings))}：{told}"


def _due(seen: Seen, one: Standing) -> str:
    due = one.obligation.due_at
    if due is None:
        return "—"
    mark = "?" if one.obligation.deadline and one.obligation.deadline.provisional else ""
    return f"{told_instant(due, seen.lang, seen.programme.tz)}{mark}"


def _late(one: Standing, lang: Lang) -> str:
    if not one.missed:
        return ""
    hours = one.obligation.deadline is not None and one.obligation.deadline.kind == "hours"
    key, n = ("hours", int(one.lateness.hours)) if hours else ("days", one.lateness.days)
    return say(f"late.{key}", lang, n=n)
