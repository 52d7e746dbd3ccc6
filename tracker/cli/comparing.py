"""Two scores side by side as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tracker.cli import show
from tracker.cli.boards import Seen
from tracker.cli.words import heading
from tracker.domain.comparison import Comparison, Shift
from tracker.wording import text
from tracker.wording.forms import points


def signed(change: int) -> str:
    return f"+{points(change)}" if change > 0 else points(change)


def _said(seen: Seen, key: str) -> str:
    return text(f"ahead.{key}", language=seen.lang)


def comparison(seen: Seen, found: Comparison) -> Iterator[str]:
    """Units, items and clauses that differ; nothing where nothing does."""
    if found.same:
        yield f"  {_said(seen, 'same')}"
        return
    programme = seen.programme
    titles = {one.id: one.title for _, one in programme.items()}
    clauses = {name: clause.title for name, (_, _, clause) in programme.clauses.items()}
    yield from _shifts(seen, "unit", found.units, programme.unit_names)
    yield from _shifts(seen, "item", found.items, titles)
    yield from _shifts(seen, "clause", found.clauses, clauses)


def _shifts(seen: Seen, head: str, found: Sequence[Shift], titles: dict[str, str]) -> Iterator[str]:
    if not found:
        return
    rows = [
        (one.id, titles.get(one.id, ""), points(one.before), points(one.after),
         signed(one.change))
        for one in found
    ]  # fmt: skip
    heads = [heading(head, seen.lang), heading("title", seen.lang)]
    heads += [_said(seen, key) for key in ("before", "after", "change")]
    yield from show.table(heads, rows, right=[2, 3, 4])
