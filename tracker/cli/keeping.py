"""Keeping an office's data: backups, what a restore holds back, the move to another database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tracker.cli.options import By, Json, Language, Source, schema_of

held = typer.Typer(
    name="held",
    help="恢复后待定的邮件：补发，或认定已发 / mails that a restore holds",
    rich_markup_mode=None,
    invoke_without_command=True,
)

Numbers = Annotated[
    list[int] | None, typer.Argument(metavar="[NUMBER]...", help="编号 / as `tracker held` lists")
]
All = Annotated[bool, typer.Option("--all", help="全部 / all of them")]


def add_to(tree: typer.Typer) -> None:
    tree.command()(backup)
    tree.command()(restore)
    tree.command("export")(export)
    tree.command("import")(take)
    tree.add_typer(held)


def backup(
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            metavar="PATH",
            help="文件或目录，默认数据目录下 backups / file or folder, default backups in the data "
            "folder",
        ),
    ] = None,
    keep: Annotated[
        int,
        typer.Option("--keep", min=0, help="只留最新几个，0 全留 / keep the newest N, 0 keeps all"),
    ] = 0,
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("backup")] = False,
) -> None:
    """备份：数据库、佐证、密钥一个文件 / one file with everything.

    服务照常运行；写完即校验，只有本账户可读 / the service goes on; verified once it is written,
    readable by this account alone. Exit 1 where the trail is not what was sealed.
    """  # fmt: skip
    from tracker.cli import archives
    from tracker.cli.house import house

    with house(lang) as place:
        archives.backup(place, out, keep=keep, as_json=json)


def restore(
    file: Source,
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("restore")] = False,
) -> None:
    """恢复备份，什么都不发两次 / restore one; nothing is sent twice.

    只恢复到空库；备份之后可能已发的邮件先扣住，见 tracker held / into an empty database; mails that
    may have been sent since are held.
    """
    from tracker.cli import archives
    from tracker.cli.house import house

    with house(lang) as place:
        archives.restore(place, file, as_json=json)


def export(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="文件 / the file")],
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("moved")] = False,
) -> None:
    """导出：换数据库用，留痕链不断 / to move to another database.

    先停服务，否则其后的变动不在内 / stop the service first, or what it does next is not in it.
    """
    from tracker.cli import archives
    from tracker.cli.house import house

    with house(lang) as place:
        archives.export(place, out, as_json=json)


def take(
    file: Source,
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("moved")] = False,
) -> None:
    """导入到空库，全有或全无 / into an empty database, all or nothing.

    逐表行数、各链链头与导出时相同才算数 / it counts once every table and chain is what it was.
    """
    from tracker.cli import archives
    from tracker.cli.house import house

    with house(lang) as place:
        archives.take(place, file, as_json=json)


@held.callback()
def listed(
    ctx: typer.Context,
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("held")] = False,
) -> None:
    """恢复后待定的邮件：补发，或认定已发 / mails that a restore holds."""
    if ctx.invoked_subcommand is not None:
        return
    from tracker.cli import archives
    from tracker.cli.house import house

    with house(lang) as place:
        archives.held_listed(place, as_json=json)


@held.command("release")
def release(
    numbers: Numbers = None,
    everything: All = False,
    by: By = "cli",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("held-done")] = False,
) -> None:
    """补发，编号不变；已办结的不再催 / send them, under the same Message-ID."""
    from tracker.cli import archives
    from tracker.cli.house import house

    with house(lang) as place:
        archives.released(place, numbers, everything=everything, by=by, as_json=json)


@held.command("sent")
def sent(
    numbers: Numbers = None,
    everything: All = False,
    found_in: Annotated[
        list[Path] | None,
        typer.Option(
            "--found-in",
            metavar="PATH",
            help=".eml 目录或邮件服务器日志，找得到编号的算已发 / folder of .eml files or "
            "log of the mail server: those whose Message-ID is in it were sent",
        ),
    ] = None,
    by: By = "cli",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("held-done")] = False,
) -> None:
    """认定已发，不再发 / they were sent before, and do not go again."""  # fmt: skip
    from tracker.cli import archives
    from tracker.cli.house import house

    with house(lang) as place:
        archives.were_sent(
            place, numbers, everything=everything, found_in=found_in or [], by=by, as_json=json
        )
