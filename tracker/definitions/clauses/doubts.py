"""What was not understood, and what can be read in several ways."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tracker.definitions.clauses.assembling import Assembly
from tracker.definitions.clauses.drafts import Draft
from tracker.definitions.clauses.normalising import Normal
from tracker.definitions.clauses.reading import Ambiguity, Kind, Unread
from tracker.definitions.clauses.times import Times


def unread(plain: Normal, made: Assembly, drafts: Sequence[Draft]) -> Iterator[Unread]:
    charged = [one for one in drafts if one.kind is not Kind.NO_DOUBLE]
    for _, start, end in made.vague:
        if not charged:
            yield _unread(plain, start, end)
    for start, end in made.loose:
        yield _unread(plain, start, end)


def _unread(plain: Normal, start: int, end: int) -> Unread:
    return Unread(plain.text[start:end], plain.span(start, end))


def ambiguous(
    plain: Normal, made: Assembly, drafts: Sequence[Draft], times: Times
) -> Iterator[Ambiguity]:
    yield from ()
