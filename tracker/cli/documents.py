"""`tracker programme`: check, load, compare and list documents."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.cli.options import By, Json, Language, Source, group, schema_of

if TYPE_CHECKING:
    from tracker.definitions.documents import ReadDocument
    from tracker.definitions.words import Language as Spoken
    from tracker.definitions.yamlform import Examined
    from tracker.domain.programme import Programme
    from tracker.services.programmes import Published

commands = group("programme", "方案文件：校验、发布、比较 / programme documents")

Force = Annotated[bool, typer.Option("--force", help="覆盖已有的文件 / overwrite what is there")]


class Past(StrEnum):
    OWED = "owed"
    DONE = "done"


Second = Annotated[Path, typer.Argument(metavar="NEW", help="新文件 / the newer file")]


def add_to(tree: typer.Typer) -> None:
    tree.add_typer(commands)


@commands.command("read")
def read(
    file: Source,
    year: Annotated[
        int | None,
        typer.Option("--year", metavar="Y", help="年份，默认取标题里的 / default: the title's"),
    ] = None,
    columns: Annotated[
        str,
        typer.Option(
            "--columns",
            metavar="表头=栏目,...",
            help="表头特殊时指明栏目，如 计分=clause；栏目：number section title points clause "
            "deadline goal evidence lead responsible reviewing / what unusual headings mean",
        ),
    ] = "",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="写出草稿 / write the draft"),
    ] = None,
    name: Annotated[
        str, typer.Option("--id", metavar="ID", help="方案标识，默认取文件名 / the programme's id")
    ] = "",
    facts: Annotated[
        Path | None,
        typer.Option(
            "--facts", metavar="FILE", help="按这些事实给口径算价 / price readings on them"
        ),
    ] = None,
    force: Force = False,
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("read")] = False,
) -> None:
    """读单位自己的表格（docx、xlsx、txt、csv、html、yaml） / read an office's own document.

    Tells sections, items, units, days and clauses, what could not be read, and what does not add
    up.
    """
    from tracker.cli import show
    from tracker.cli.failures import problem_text
    from tracker.cli.house import spoken
    from tracker.definitions import documents

    language: Spoken = "en" if spoken(lang) == "en" else "zh"
    roles = documents.mapped(columns, language)
    found_document = documents.read_document(file, year=year, columns=roles, language=language)
    for notice in found_document.notices:
        typer.echo(problem_text(notice), err=True)
    if json and output is None:
        show.body(documents.as_json(found_document))
        return
    _drafted(found_document, file, output, name, facts, force=force, json=json, language=language)


def _drafted(
    document: ReadDocument,
    file: Path,
    output: Path | None,
    name: str,
    facts: Path | None,
    *,
    force: bool,
    json: bool,
    language: Spoken,
) -> None:
    from schedules.workdays import china
    from tracker.cli import drafts, show
    from tracker.definitions import documents, sheets, yamlform
    from tracker.definitions.drafting import draft, slug_of

    stems = [one.stem for one in (output, file) if one is not None]
    made = draft(document, programme=slug_of(name, *stems, year=document.year))
    if output is not None:
        drafts.write(output, yamlform.dump(made), force=force)
    if json:
        show.body(documents.as_json(document))
        return
    told = [] if facts is None else sheets.facts(facts, language, terms=sheets.Terms.of(made))
    lines = drafts.report(
        document, made, language=language, calendar=china(), facts=told, written=output
    )
    show.echo(*lines)


@commands.command("settle")
def settle(
    file: Source,
    choices: Annotated[
        list[str] | None, typer.Argument(metavar="POINT=CHOICE...", help="问题=选项 / answers")
    ] = None,
    every: Annotated[
        str,
        typer.Option("--all", metavar="CHOICE", help="其余有此选项的都选它 / for all that have it"),
    ] = "",
    lang: Language = None,
) -> None:
    """逐处确定草稿里的待定问题；不带参数则列出 / settle the open points, or list them."""
    from schedules.workdays import china
    from tracker.cli import drafts, show
    from tracker.cli.house import spoken
    from tracker.definitions import openpoints, yamlform

    language: Spoken = "en" if spoken(lang) == "en" else "zh"
    before = yamlform.load_draft(file, language)
    chosen = drafts.answers(choices or [], before, every)
    after = openpoints.settle(before, chosen)
    if chosen:
        openpoints.settled(after)
        drafts.write(file, yamlform.dump(after), force=True)
    drafts.settled(file, before, after, language)
    show.echo(*drafts.listed(after, language, china()))


@commands.command("check")
def check(
    file: Source,
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("check")] = False,
) -> None:
    """校验方案文件，指出文件、行、任务、计分句和改法 / validate a document.

    Every problem is told at once. FILE is a path, or the name of a shipped programme.
    """
    from tracker.cli import show
    from tracker.cli.failures import problem_text
    from tracker.cli.house import spoken
    from tracker.cli.words import say

    spoken_in = spoken(lang)
    path = found(file)
    examined = _examined(path, spoken_in)
    if json:
        show.answer(_check_answer(path, examined))
    elif examined.programme is not None:
        for notice in examined.notices:
            typer.echo(problem_text(notice), err=True)
        show.echo(say("check.sound", spoken_in, file=path.name, **_counts(examined.programme)))
    else:
        for problem in (*examined.notices, *examined.problems):
            typer.echo(problem_text(problem), err=True)
        count = len(examined.problems)
        typer.echo(say("check.problems", spoken_in, file=path.name, n=count), err=True)
    if examined.programme is None:
        raise typer.Exit(1)


@commands.command("load")
def load(
    file: Source,
    past: Annotated[
        Past,
        typer.Option(
            "--past",
            help="今天以前到期的事项：owed 仍欠着，done 都已按期办结 / duties that were due before "
            "today",
        ),
    ] = Past.OWED,
    by: By = "cli",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("published")] = False,
) -> None:
    """发布方案的新版本并排出应办事项 / publish a version and lay out its obligations.

    The same content again makes no new version. FILE is a path, or the name of a shipped programme.
    """
    from tracker.cli import show
    from tracker.cli.house import house
    from tracker.cli.words import say
    from tracker.definitions.documentanswers import PublishedAnswer
    from tracker.services import pastdue, programmes

    with house(lang) as place:
        programme = sound(found(file), place.lang)
        with place.writing() as session:
            over = pastdue.before(session, programme, now=place.now)
            done = programmes.publish(session, programme, now=place.now, by=by)
            pastdue.settle(session, programme, over, past.value, now=place.now, by=by)
        if json:
            show.answer(
                PublishedAnswer(
                    id=done.slug, version=done.version, hash=done.hash, title=done.title,
                    new=done.new,
                )
            )  # fmt: skip
            return
        key = "load.new" if done.new else "load.same"
        show.echo(say(key, place.lang, slug=done.slug, version=done.version, title=done.title))
        if over:
            show.echo(say(f"load.past_{past.value}", place.lang, n=len(over)))


@commands.command("diff")
def diff(
    old: Annotated[Path, typer.Argument(metavar="OLD", help="旧文件 / the older file")],
    new: Second,
    accept: Annotated[
        list[str] | None,
        typer.Option("--accept", metavar="ID", help="接受这处不同，all 为全部 / accept this one"),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="写出合并后的方案 / write the result"),
    ] = None,
    keep_numbers: Annotated[
        bool,
        typer.Option(
            "--keep-numbers",
            help="沿用原来的编号，已有的记录不会错位 / numbers stay, and with them what is "
            "recorded",
        ),
    ] = False,
    force: Force = False,
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("diff")] = False,
) -> None:
    """两份方案的不同：增、删、改、日期移动、分值变化 / what changed between two documents.

    NEW may be the office's own table (docx, xlsx, ...), the next issue of the programme OLD: then
    its differences are accepted one by one, and the rest of OLD stays as it is.
    """
    from tracker.cli import show
    from tracker.cli.house import spoken
    from tracker.cli.words import say
    from tracker.definitions import yamlform
    from tracker.definitions.differences import told
    from tracker.definitions.documentanswers import DiffAnswer, DifferenceAnswer

    spoken_in = spoken(lang)
    before = sound(found(old), spoken_in)
    if found(new).suffix.lower() not in (".yaml", ".yml"):
        from tracker.cli import drafts

        drafts.next_issue(
            before, new, accept or [], output, language=spoken_in, json=json, force=force,
            keep_numbers=keep_numbers,
        )  # fmt: skip
        return
    after = sound(found(new), spoken_in)
    differences = yamlform.diff(before, after)
    if json:
        listed = [
            DifferenceAnswer(
                what=one.what, id=one.id, change=one.change, field=one.field, before=one.before,
                after=one.after, title=one.title, says=told(one, spoken_in),
            )
            for one in differences
        ]  # fmt: skip
        show.answer(
            DiffAnswer(before=before.hash, after=after.hash, same=not listed, differences=listed)
        )
    elif differences:
        show.echo(
            *(told(one, spoken_in) for one in differences),
            say("diff.count", spoken_in, n=len(differences)),
        )
    else:
        show.echo(say("diff.same", spoken_in))


@commands.command("list")
def list_(
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("programmes")] = False,
) -> None:
    """已发布的方案及其版本，以及随附的方案 / programmes in the database and shipped ones."""
    from tracker import programmes as shipped
    from tracker.cli import show
    from tracker.cli.house import house
    from tracker.cli.words import heading, say
    from tracker.definitions.documentanswers import ProgrammesAnswer, PublishedAnswer
    from tracker.services import programmes

    with house(lang) as place:
        with place.reading() as session:
            versions = [
                one
                for slug in programmes.slugs(session)
                for one in sorted(programmes.versions(session, slug), key=_version)
            ]
        if json:
            listed = [
                PublishedAnswer(
                    id=one.slug, version=one.version, hash=one.hash, title=one.title, new=False
                )
                for one in versions
            ]
            show.answer(ProgrammesAnswer(programmes=listed, shipped=list(shipped.SHIPPED)))
        elif versions:
            names = ("id", "version", "hash", "title")
            rows = [(one.slug, str(one.version), one.hash[:12], one.title) for one in versions]
            show.echo(*show.table([heading(name, place.lang) for name in names], rows, right=[1]))
        else:
            show.echo(say("list.none", place.lang, shipped="、".join(shipped.SHIPPED)))


@commands.command("schema")
def schema() -> None:
    """方案文件的 JSON Schema，供编辑器补全和校验 / the schema of a document, for editors."""
    from tracker.cli.schemas import printed

    typer.echo(printed("programme"))


def _version(one: Published) -> int:
    return one.version


def found(file: Path) -> Path:
    """The file, or the shipped programme of that name."""
    from tracker.programmes import SHIPPED, path_of

    return path_of(str(file)) if str(file) in SHIPPED and not file.exists() else file


def sound(path: Path, lang: str) -> Programme:
    """The programme; DefinitionError with every problem where there is any."""
    from tracker.cli.failures import problem_text
    from tracker.domain.errors import DefinitionError

    examined = _examined(path, lang)
    for notice in examined.notices:
        typer.echo(problem_text(notice), err=True)
    if examined.programme is None:
        raise DefinitionError(examined.problems)
    return examined.programme


def _examined(path: Path, lang: str) -> Examined:
    from tracker.definitions import yamlform

    return yamlform.examine(path, "en" if lang == "en" else "zh")


def _counts(programme: Programme) -> dict[str, object]:
    return {
        "title": programme.title,
        "items": sum(1 for _ in programme.items()),
        "clauses": len(programme.clauses),
        "rules": sum(1 for _ in programme.rules()),
        "readings": len(programme.readings),
    }


def _check_answer(path: Path, examined: Examined) -> CheckAnswer:
    from tracker.definitions.documentanswers import CheckAnswer, problem_answers

    programme = examined.programme
    counts = {} if programme is None else _counts(programme)
    return CheckAnswer(
        file=str(path),
        ok=programme is not None,
        programme="" if programme is None else programme.id,
        hash="" if programme is None else programme.hash,
        items=int(str(counts.get("items", 0))),
        clauses=int(str(counts.get("clauses", 0))),
        rules=int(str(counts.get("rules", 0))),
        readings=int(str(counts.get("readings", 0))),
        problems=problem_answers(examined.problems),
        notices=problem_answers(examined.notices),
    )


if TYPE_CHECKING:
    from tracker.definitions.documentanswers import CheckAnswer
