"""The tree of commands, and what happens when one of them fails."""

from __future__ import annotations

import errno
import os
from typing import Annotated

import typer
from typer.core import TyperGroup

import tracker
from tracker.cli import documents, loading, running, scoring
from tracker.cli.options import Context


class Commands(TyperGroup):
    """Expected failures become one message on standard error and exit 1, without a traceback.

    `TRACKER_DEBUG=1` shows the traceback.
    """

    def invoke(self, ctx: Context) -> object:
        try:
            return super().invoke(ctx)
        except Exception as failure:
            from tracker.cli.failures import told

            if isinstance(failure, OSError) and failure.errno == errno.EPIPE:
                raise  # somebody reads only the first lines: typer ends quietly
            message = told(failure)
            if message is None or os.environ.get("TRACKER_DEBUG") == "1":
                raise
            typer.echo(message, err=True)
            raise typer.Exit(1) from failure


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tracker {tracker.__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="版本 / version")
    ] = False,
) -> None:
    """目标责任书的时限与进度：谁欠什么、何时到期、失多少分、为何被催办。

    Deadline and progress tracking for responsibility lists: who owes what by when, what it costs,
    who was told. Every command has --help; those that print data have --json and --schema.
    """


def _tree() -> typer.Typer:
    tree = typer.Typer(
        cls=Commands,
        callback=_root,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    for part in (documents, loading, scoring, running):
        part.add_to(tree)
    return tree


app = _tree()
