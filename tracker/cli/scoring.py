"""What is due, what it costs, who would be told: the questions of every day."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tracker.cli.options import AsOf, Json, KnownAt, Language, Slug, schema_of

Unit = Annotated[
    str, typer.Option("--unit", "-u", metavar="U", help="单位标识或名称 / a unit's id or name")
]
Documents = Annotated[
    str,
    typer.Option(
        "--programme", "-p", metavar="ID|FILE",
        help="方案标识；或方案文件（不用数据库）/ id, or a file: then no database is needed",
    ),
]  # fmt: skip
Facts = Annotated[
    Path | None,
    typer.Option(
        "--facts", metavar="FILE", help="事实文件，与方案文件同用 / facts, with a programme file"
    ),
]


audits = typer.Typer(
    name="audit", help="逾期台账：逾期、失分、催办与签收 / the audit of late items",
    rich_markup_mode=None,
)  # fmt: skip


def add_to(tree: typer.Typer) -> None:
    for command in (due, score, remind, digest, bulletin):
        tree.command()(command)
    tree.add_typer(audits)


def due(
    programme: Documents = "",
    facts: Facts = None,
    as_of: AsOf = "",
    known_at: KnownAt = "",
    unit: Unit = "",
    light: Annotated[
        list[str] | None,
        typer.Option("--light", metavar="L", help="只列这些灯 / only: late due slow ok none done"),
    ] = None,
    open_only: Annotated[
        bool, typer.Option("--open", help="不列已办结的 / leave out what is done")
    ] = False,
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("due")] = False,
) -> None:
    """应办事项：谁欠什么、何时到期、亮什么灯 / obligations with lights."""
    from tracker.cli import boards

    with boards.board(programme, facts, as_of, known_at, lang) as seen:
        boards.show_due(seen, unit=unit, lights=light or [], open_only=open_only, as_json=json)


def score(
    programme: Documents = "",
    facts: Facts = None,
    as_of: AsOf = "",
    known_at: KnownAt = "",
    unit: Unit = "",
    explain: Annotated[
        bool, typer.Option("--explain", help="逐条列出算式 / every entry with its arithmetic")
    ] = False,
    version: Annotated[
        int | None,
        typer.Option(
            "--version",
            metavar="N",
            help="按方案第 N 版计算，并与现行版对照 / under version N, beside the current one",
        ),
    ] = None,
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("ledger")] = False,
) -> None:
    """得分台账：每一分失在哪里、怎么算的 / the ledger and its arithmetic."""
    from tracker.cli import boards, ledgers

    with boards.board(programme, facts, as_of, known_at, lang, version=version) as seen:
        ledgers.show_score(seen, unit=unit, explain=explain, as_json=json)


def remind(
    programme: Slug = "",
    as_of: AsOf = "",
    since: Annotated[
        str,
        typer.Option(
            "--since", metavar="T", help="从何时算起，默认当日零时 / default that midnight"
        ),
    ] = "",
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="只看不发（必填；发送由 tick 和 deliver 做）/ required"),
    ] = False,
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("remind")] = False,
) -> None:
    """此时谁会收到什么催办、为什么 / who would be told what, and why.

    Nothing is made or sent: `tracker tick` makes notices, `tracker deliver` sends them.
    """
    if not dry_run:
        raise typer.BadParameter(
            "只能与 --dry-run 同用；发送请用 tracker tick 和 tracker deliver / only with --dry-run",
            param_hint="--dry-run",
        )
    from tracker.cli import reminding
    from tracker.cli.house import house

    with house(lang) as place:
        reminding.show(place, programme, as_of, since, as_json=json)


def digest(
    programme: Slug = "",
    as_of: AsOf = "",
    known_at: KnownAt = "",
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="DIR", help="写入此目录 / write the files there"),
    ] = None,
    audience: Annotated[
        str,
        typer.Option(
            "--audience",
            metavar="A",
            help="leader、office、head、contact 或 reviewer / who reads it",
        ),
    ] = "leader",
    unit: Unit = "",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("digest")] = False,
) -> None:
    """周报：一句结论、五条要紧事、各单位的灯 / the weekly page.

    Prints the text; with -o writes it as text, HTML, PDF and JSON.
    """
    from tracker.cli import reports
    from tracker.cli.house import house

    with house(lang) as place:
        reports.digest(
            place, programme, as_of, known_at, out=out, audience=audience, unit=unit, as_json=json
        )  # fmt: skip


def bulletin(
    period: Annotated[str, typer.Argument(help="2021-09、2021-Q3 / a month or a quarter")],
    programme: Slug = "",
    by: Annotated[
        str,
        typer.Option(
            "--by",
            metavar="lost|kept|timely",
            help="按失分、保有率或按期率排；不写按方案 / ranked by; else as the programme says",
        ),
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="FILE", help="写入 .docx .pdf .html 或 .json / write the file"
        ),
    ] = None,
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("bulletin")] = False,
) -> None:
    """通报：一月或一季的排名 / units ranked for a month or a quarter."""
    from tracker.cli import reports
    from tracker.cli.house import house

    with house(lang) as place:
        reports.bulletin(place, programme, period, by=by, out=out, as_json=json)


@audits.callback(invoke_without_command=True)
def audit(
    context: typer.Context,
    first: Annotated[
        str, typer.Option("--from", metavar="DAY", help="自（含）/ first day of the period")
    ] = "",
    last: Annotated[
        str, typer.Option("--to", metavar="DAY", help="至（含）/ last day of the period")
    ] = "",
    programme: Slug = "",
    as_of: AsOf = "",
    known_at: KnownAt = "",
    unit: Unit = "",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help="写入 .xlsx .csv .pdf .html 或 .json / write the file",
        ),
    ] = None,
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("audit")] = False,
) -> None:
    """逾期台账：逾期、失分、催办与签收 / the audit of late items.

    `tracker audit dossier OBLIGATION` 一项的全部凭证 / everything about one obligation.
    """
    if context.invoked_subcommand is not None:
        return
    from tracker.cli import reports
    from tracker.cli.house import house

    with house(lang) as place:
        reports.audit(
            place, programme, as_of, known_at,
            first=first, last=last, unit=unit, out=out, as_json=json,
        )  # fmt: skip


@audits.command("dossier")
def dossier(
    obligation: Annotated[
        str,
        typer.Argument(help="应办编号，如 20.5/done/unit / its key, as `tracker due` prints it"),
    ],
    programme: Slug = "",
    as_of: AsOf = "",
    known_at: KnownAt = "",
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="写入 .pdf / write the PDF there"),
    ] = None,
    lang: Language = None,
) -> None:
    """一项争议的卷宗，一份 PDF / one obligation as one PDF, for a third person."""
    from tracker.cli import reports
    from tracker.cli.house import house

    with house(lang) as place:
        reports.dossier(place, programme, obligation, as_of, known_at, out=out)
