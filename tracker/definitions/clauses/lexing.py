"""Scoring text as tokens. What no terminal names is PROSE; every terminal is bounded in length, so
that lexing takes time linear in the text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tracker.definitions.clauses import vocabulary
from tracker.definitions.clauses.reading import Span


class Token(NamedTuple):
    """A terminal and where it stands in the normalised text."""

    kind: str
    text: str
    start: int
    end: int


_LEXER = vocabulary.lexer()
_KINDS = {name: name.removesuffix("_OF_N") for name in _LEXER.groupindex}


def tokens(text: str, times: Sequence[Span] = ()) -> Iterator[Token]:
    """Every code point of `text` is in exactly one token; `times` are spans read as TIME."""
    at = 0
    for start, end in times:
        yield from _between(text, at, start)
        yield Token("TIME", text[start:end], start, end)
        at = end
    yield from _between(text, at, len(text))


def _between(text: str, at: int, stop: int) -> Iterator[Token]:
    for found in _LEXER.finditer(text, at, stop):
        if found.start() > at:
            yield Token("PROSE", text[at : found.start()], at, found.start())
        yield Token(_KINDS[found.lastgroup or ""], found.group(), found.start(), found.end())
        at = found.end()
    if at < stop:
        yield Token("PROSE", text[at:stop], at, stop)
