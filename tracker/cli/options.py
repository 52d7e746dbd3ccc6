"""Options that commands share. Help texts are Chinese first, English after the stroke."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from typer._click import Context as Context
else:
    Context = Any


class Lang(StrEnum):
    zh = "zh"
    en = "en"


def group(name: str, text: str) -> typer.Typer:
    """A command with commands below it."""
    return typer.Typer(name=name, help=text, rich_markup_mode=None, no_args_is_help=True)


def schema_of(name: str) -> Any:
    """`--schema`: print the published schema of the command's JSON and do nothing else."""

    def show(wanted: bool) -> None:
        if wanted:
            from tracker.cli.schemas import printed

            typer.echo(printed(name))
            raise typer.Exit

    return typer.Option(
        "--schema",
        callback=show,
        is_eager=True,
        help="打印 --json 输出的 JSON Schema / print the schema of --json",
    )


Json = Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")]
Language = Annotated[
    Lang | None,
    typer.Option("--lang", help="语言：zh 或 en，默认取设置 / language, default by settings"),
]
AsOf = Annotated[
    str,
    typer.Option(
        "--as-of",
        metavar="T",
        help="时点：2021-10-18（当日终）、2021-10-18 08:00（方案时区）或带时差的 ISO 时刻；"
        "默认现在 / instant: a day (its end), a local time, or ISO with offset; default now",
    ),
]
KnownAt = Annotated[
    str,
    typer.Option(
        "--known-at",
        metavar="T",
        help="按何时已录入的事实计算，默认现在 / with the facts entered by then, default now",
    ),
]
Slug = Annotated[
    str,
    typer.Option(
        "--programme",
        "-p",
        metavar="ID",
        help="方案标识；只有一个方案或年度相符时可省略 / programme id; not needed where there is "
        "only one, or one of that year",
    ),
]
ForProgramme = Annotated[
    str,
    typer.Option(
        "--programme", "-p", metavar="ID", help="只用于此方案，默认全部 / for this one only"
    ),
]
Source = Annotated[Path, typer.Argument(metavar="FILE", help="文件 / the file", show_default=False)]
By = Annotated[
    str,
    typer.Option("--by", help="由谁操作，记入留痕 / who does it, for the trail"),
]
