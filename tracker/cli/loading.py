"""People, facts, calendars and readings into the database."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tracker.cli import contacting
from tracker.cli.options import (
    AsOf,
    By,
    ForProgramme,
    Json,
    Language,
    Slug,
    Source,
    group,
    schema_of,
)

if TYPE_CHECKING:
    from tracker.cli.house import House
    from tracker.definitions.sheets import Placed
    from tracker.domain.errors import Problem
    from tracker.domain.moved import Moved
    from tracker.domain.programme import Programme
    from tracker.domain.years import Stray

contacts = group("contacts", "联系人与角色 / people and their roles")
facts = group("facts", "事实：填报、审核、交办、监测等 / facts")
calendar = group("calendar", "工作日历 / the working calendar")
readings = typer.Typer(
    name="readings",
    help="口径登记：有歧义的计分句、各选项的分差 / the register of readings",
    rich_markup_mode=None,
    invoke_without_command=True,
)


def add_to(tree: typer.Typer) -> None:
    contacting.add_to(contacts)
    for commands in (contacts, facts, calendar, readings):
        tree.add_typer(commands)


@contacts.command("load")
def load_contacts(
    file: Source,
    programme: ForProgramme = "",
    by: By = "cli",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("loaded")] = False,
) -> None:
    """载入联系人表：单位、姓名、角色、邮箱、手机 / load contacts, all or nothing.

    .xlsx, .csv or YAML; columns in any order, Chinese or English headings.
    For each unit and role in the list it is the whole truth from today.
    """
    from schedules.deadlines import local_day
    from tracker.cli.house import house
    from tracker.definitions import sheets
    from tracker.services import people

    with house(lang) as place:
        rows, wrong = sheets.read_contacts(file, place.lang)
        with place.writing() as session:
            today = local_day(place.now, place.settings.tz)
            done = people.load_contacts(
                session, rows, now=place.now, on=today, by=by, programme=programme or None,
                already=wrong,
            )  # fmt: skip
        counts = {"added": done.added, "kept": done.kept, "ended": done.ended}
        _loaded(place, json, str(file), "contacts", len(rows), counts)


@facts.command("load")
def load_facts(
    file: Source,
    programme: Slug = "",
    by: By = "cli",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("loaded")] = False,
) -> None:
    """载入事实，全部或不动 / load facts, all or nothing.

    YAML, .csv or .xlsx; one fact per row, columns are the fields of the facts. A time without an
    offset is read on the programme's clock, a day alone means its end (24:00). Units, findings and
    measures by id or by name. What is wrong in a workbook is told with its cell. Facts that do not
    say when they were entered (recorded_at) are entered now. The same row is never stored twice.
    """
    from tracker.cli.house import house, meant
    from tracker.definitions import sheets
    from tracker.domain.errors import DefinitionError
    from tracker.services import factbook, programmes, reporting

    with house(lang) as place, place.writing() as session:
        year = place.now.astimezone(place.settings.tz).year
        slug = meant(session, programme, place.lang, year=year)
        terms = sheets.Terms.of(programmes.current(session, slug))
        read = sheets.read_facts(file, place.lang, terms=terms, entered_at=place.now)
        rows = read.placed
        if read.problems:
            given = [one.fact for one in rows]
            more = reporting.mistakes(session, slug, given, now=place.now, spoiled=read.spoiled)
            raise DefinitionError(sheets.by_row([*read.problems, *_placed(more, rows)]))
        before = factbook.named(session, slug, [one.fact.id for one in rows])
        keep = reporting.load_facts if any(one.entered for one in rows) else reporting.record_facts
        try:
            stored = keep(session, slug, [one.fact for one in rows], now=place.now, by=by)
        except DefinitionError as error:
            raise DefinitionError(_placed(error.problems, rows)) from error
        added = sum(one.id not in before for one in stored)
        others = reporting.of_other_years(session, slug, stored, now=place.now)
        known = programmes.current(session, slug)
    counts = {"added": added, "kept": len(stored) - added}
    _loaded(place, json, str(file), "facts", len(rows), counts, others=others, of=known)


@facts.command("add")
def add_fact(
    kind: Annotated[
        str,
        typer.Argument(metavar="类型", help="发现问题、监测数据、排名、认定…… / finding, rank ..."),
    ],
    fields: Annotated[
        list[str] | None,
        typer.Argument(metavar="栏目=值", help="栏目同事实文件的表头 / FIELD=VALUE as in a file"),
    ] = None,
    at: Annotated[
        str, typer.Option("--at", metavar="T", help="何时发生，默认现在 / when, default now")
    ] = "",
    programme: Slug = "",
    by: By = "cli",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("loaded")] = False,
) -> None:
    """录入一条任何类型的事实 / record one fact of any kind.

    tracker facts add 发现问题 发现问题=straw_burning 数量=2 单位=住建局. What is wrong is said and
    nothing is recorded.
    """
    from tracker.cli.house import house, meant
    from tracker.cli.instants import instant
    from tracker.definitions import sheets
    from tracker.domain.errors import DefinitionError
    from tracker.services import factbook, programmes, reporting, scoreboard

    pairs = [("fact", kind), *(_field(one) for one in fields or ())]
    with house(lang) as place, place.writing() as session:
        year = place.now.astimezone(place.settings.tz).year
        slug = meant(session, programme, place.lang, year=year)
        known = programmes.current(session, slug)
        if at:
            when = instant(at, known.tz, "--at").astimezone(known.tz)
            pairs.append(("occurred_at", when.isoformat()))
        terms = sheets.Terms.of(known)
        one = sheets.typed(pairs, place.lang, terms=terms, entered_at=place.now)
        before = factbook.named(session, slug, [one.fact.id])
        try:
            [stored] = reporting.record_facts(session, slug, [one.fact], now=place.now, by=by)
        except DefinitionError as error:
            raise DefinitionError(_placed(error.problems, [one])) from error
        added = int(stored.id not in before)
        did = scoreboard.moved(session, slug, [stored] * added, now=place.now)
        others = reporting.of_other_years(session, slug, [stored], now=place.now)
    counts = {"added": added, "kept": 1 - added}
    _loaded(place, json, "", "facts", 1, counts, did=did, others=others, of=known)


def _field(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not (name and sign):
        raise typer.BadParameter(f"“{text}”：写作 栏目=值 / FIELD=VALUE", param_hint="FIELD=VALUE")
    return name, value.strip()


@facts.command("schema")
def schema() -> None:
    """事实文件的 JSON Schema / the schema of a file of facts."""
    from tracker.cli.schemas import printed

    typer.echo(printed("facts"))


@calendar.command("load")
def load_calendar(
    file: Source,
    by: By = "cli",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("loaded")] = False,
) -> None:
    """载入某年的放假通知 / load a year's notice on days off.

    放假日与调休上班日 / days off, and weekend days that are worked instead.
    YAML: year, number, off_days {2027-01-01: 元旦}, make_up_days [2027-02-06].
    """
    from tracker.cli import show
    from tracker.cli.house import house
    from tracker.cli.words import say
    from tracker.services import calendars, programmes

    with house(lang) as place:
        document = _notice(file, place)
        with place.writing() as session:
            new = calendars.load_notice(session, document, now=place.now, by=by)
            for slug in programmes.slugs(session) if new else ():
                programmes.refresh_obligations(session, slug, now=place.now)
        if json:
            counts = {"added": int(new), "kept": int(not new)}
            _loaded(place, json, str(file), "calendar", 1, counts)
            return
        key = "calendar.loaded" if new else "calendar.same"
        show.echo(say(key, place.lang, year=document["year"]))


@readings.callback()
def list_readings(
    ctx: typer.Context,
    programme: Slug = "",
    as_of: AsOf = "",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("readings")] = False,
) -> None:
    """口径登记：有歧义的计分句、各选项的分差 / the register of readings."""
    if ctx.invoked_subcommand is not None:
        return
    from tracker.cli import readings as register
    from tracker.cli.house import house

    with house(lang) as place:
        register.listed(place, programme, as_of, as_json=json)


@readings.command("decide")
def decide(
    reading: Annotated[str, typer.Argument(metavar="ID", help="口径标识 / the reading")],
    choice: Annotated[str, typer.Argument(metavar="CHOICE", help="选项标识 / the alternative")],
    person: Annotated[str, typer.Option("--person", help="谁定的 / who decided")],
    reason: Annotated[str, typer.Option("--reason", help="理由 / why")],
    programme: Slug = "",
    by: By = "cli",
    lang: Language = None,
) -> None:
    """定下一条口径，自此刻起有效 / from now on this reading holds."""
    from tracker.cli import show
    from tracker.cli.house import house, meant
    from tracker.cli.words import say
    from tracker.services import readings as service

    with house(lang) as place:
        with place.writing() as session:
            year = place.now.astimezone(place.settings.tz).year
            slug = meant(session, programme, place.lang, year=year)
            service.decide(
                session, slug, reading, choice, person=person, reason=reason, now=place.now, by=by
            )
        show.echo(say("reading.done", place.lang, reading=reading, choice=choice))


def _loaded(
    place: House, as_json: bool, file: str, what: Any, rows: int, counts: dict[str, int], *,
    did: Moved | None = None, others: Sequence[Stray] = (), of: Programme | None = None,
) -> None:  # fmt: skip
    from tracker.cli import show
    from tracker.cli.comparing import signed
    from tracker.cli.words import say
    from tracker.definitions.answers import amount
    from tracker.definitions.documentanswers import LoadedAnswer, other_year_answers

    if as_json:
        by = None if did is None else amount(did.by)
        outside = other_year_answers(others)
        show.answer(
            LoadedAnswer(file=file, what=what, rows=rows, moved=by, other_years=outside, **counts)
        )
        return
    show.echo(say(f"{what}.loaded", place.lang, rows=rows, **counts))
    if did is not None and did.by:
        show.echo(say("facts.moved", place.lang, by=signed(did.by)))
    if of is not None:
        show.echo(*_outside(place, others, of))


SHOWN = 5
"""So many facts of other years; `--json` has all of them."""


def _outside(place: House, others: Sequence[Stray], of: Programme) -> Iterator[str]:
    from tracker.cli.words import say
    from tracker.wording.forms import instant

    for one in others[:SHOWN]:
        yield say(
            "facts.other_year_counts" if one.counts else "facts.other_year", place.lang,
            when=instant(one.fact.occurred_at, place.lang, of.tz, year=True),
            what=of.called(one.key), id=one.fact.id, year=of.year,
        )  # fmt: skip
    if len(others) > SHOWN:
        yield say("facts.other_years", place.lang, n=len(others), year=of.year)


_NUMBERED = re.compile(r"fact (\d+)\b")


def _placed(problems: Iterable[Problem], rows: Sequence[Placed]) -> list[Problem]:
    """The problems at their rows: the service counts facts, the reader of the file counts lines."""
    told = []
    for one in problems:
        number = _NUMBERED.match(one.place)
        told.append(
            replace(one, place=_where(rows[int(number[1]) - 1], one.field)) if number else one
        )
    return told


def _where(placed: Placed, field: str) -> str:
    clause, place = getattr(placed.fact, "clause", ""), placed.row.place_of(field)
    return f"{place}，{clause}" if clause else place


def _notice(file: Any, place: House) -> dict[str, Any]:
    from tracker.definitions import words, yamlform, yamltext
    from tracker.domain.errors import DefinitionError

    text, _ = yamlform.read(file, place.lang)
    try:
        root, flaws = yamltext.parse(text)
    except yamltext.Unreadable as unreadable:
        root, flaws = yamltext.Node(1), unreadable.flaws
    problems = [
        words.say(flaw.code, place.lang, flaw.values, place=f"{file.name}:{flaw.line}")
        for flaw in flaws
    ]
    if not problems and root.kind != "mapping":
        problems = [words.say("not_mapping", place.lang, {}, place=file.name)]
    if problems:
        raise DefinitionError(problems)
    body: dict[str, Any] = yamltext.plain(root)
    return body
