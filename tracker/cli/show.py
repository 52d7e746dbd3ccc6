"""Plain text for terminals, files and pipes: aligned columns, Chinese counted two wide."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from tracker.definitions.answers import Answer

GAP = "  "


def width(text: str) -> int:
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        for sign in text
    )


def padded(text: str, to: int, *, right: bool = False) -> str:
    space = " " * max(0, to - width(text))
    return f"{space}{text}" if right else f"{text}{space}"


def table(
    headings: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()
) -> list[str]:
    """Lines of a table without frames; columns numbered in `right` are aligned to the right."""
    lines = [list(headings), *[[str(cell) for cell in row] for row in rows]]
    widths = [max(width(line[n]) for line in lines) for n in range(len(headings))]
    told = [_line(line, widths, right) for line in lines]
    rule = GAP.join("─" * one for one in widths)
    return [told[0], rule, *told[1:]]


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[int]) -> str:
    told = [padded(cell, widths[n], right=n in right) for n, cell in enumerate(cells)]
    return GAP.join(told).rstrip()


def echo(*lines: str) -> None:
    typer.echo("\n".join(lines))


def answer(value: Answer) -> None:
    echo(json.dumps(value.model_dump(mode="json"), ensure_ascii=False, indent=2))


def body(value: Any) -> None:
    echo(json.dumps(value, ensure_ascii=False, indent=2))


@contextmanager
def counting(what: str) -> Iterator[Callable[[], None]]:
    """A line on standard error that counts up, where a person looks at it."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn(what), BarColumn(), TextColumn("{task.completed:,.0f}"),
               TimeElapsedColumn())  # fmt: skip
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(what, total=None)
        yield lambda: bar.advance(task)
