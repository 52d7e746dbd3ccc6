"""The grammar of phrases: which tokens together make an amount, a step, a bound or a limit.

LALR, so that time is linear. Every row of tokens is a sentence of it: a phrase that breaks off is
a shorter phrase of the same kind, and what belongs to none is a phrase by itself. Where a token
may continue a phrase it does (shift before reduce).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import Any, NamedTuple

from lark import Lark, Token, Tree
from lark.lexer import Lexer

from tracker.definitions.clauses import lexing

GRAMMAR = r"""
start: _part*
_part: step | short | bound | effect | other

// 每发现1起, 每少完成1个, 每低于目标1个百分点; 发现一起, 少一次, 超过3天
step: EACH _middle* _counted? | EACH (CHANGE | COMPARE)? POINTS
_middle: FOUND | CHANGE | COMPARE | PROSE | ORDINAL | TIME | LATIN | TITLE | GRADE | EACHOF
_counted: QUANTITY | NUMBER
short: (FOUND | CHANGE) QUANTITY BEYOND?

// 低于90%, 90%以上, 80%-90%之间
bound: COMPARE (_counted | POINTS)? BEYOND? | (QUANTITY | POINTS) BEYOND | QUANTITY | BEYOND

// 酌情扣1-3分, 最多扣2分, 累计加分不超过3分, 分别扣0.1分, 以2分为限
effect: _how* _amount _tail
      | _how* _verb _how* (_amount | _share)? _tail
      | _how+
_how: DISCRETION | MOST | TOTAL | EACHOF
_verb: LOSE | GAIN | SCORE
_amount: POINTS | WORTH QUANTITY?
_share: QUANTITY WORTH? | NUMBER
_tail: PERHEAD? LIMIT?

other: PROSE | FOUND | CHANGE | NUMBER | LATIN | TITLE | TIME | RANK | GRADE | NODOUBLE | VETO
     | NONE | UNTIL | ZERO | FULL | FREE | TIMES | FORMULA | INTERPOLATE | PROPORTION | FLOOR
     | EXTERNAL | CAPPED | ORDINAL
     | PERHEAD | LIMIT | COMMA | COLON | SEMI | BREAK | OPEN | CLOSE | MARK
"""


TERMINALS = frozenset(re.findall(r"\b[A-Z]{2,}\b", re.sub(r"//.*", "", GRAMMAR)))


class Phrase(NamedTuple):
    """Neighbouring tokens that belong together. `kind` is the rule of the grammar, or the token's
    own kind for a phrase of one token that no rule names."""

    kind: str
    tokens: tuple[lexing.Token, ...]

    @property
    def start(self) -> int:
        return self.tokens[0].start

    @property
    def end(self) -> int:
        return self.tokens[-1].end

    def of(self, *kinds: str) -> lexing.Token | None:
        """The first token of one of these kinds."""
        for one in self.tokens:
            if one.kind in kinds:
                return one
        return None


class _Given(Lexer):
    """Hands the parser tokens that are made already; each carries its place in their row."""

    def __init__(self, conf: Any) -> None:
        self.conf = conf

    def lex(self, data: Any) -> Iterator[Token]:  # type: ignore[override]  # rows, not texts
        for at, kind in enumerate(data):
            yield Token(kind, "", at)


ALONE = frozenset(
    {
        "PROSE", "LATIN", "TITLE", "TIME", "RANK", "GRADE", "ORDINAL", "NUMBER", "NODOUBLE", "VETO",
        "NONE", "UNTIL", "ZERO", "FULL", "FREE", "TIMES", "FORMULA", "INTERPOLATE", "PROPORTION",
        "FLOOR", "EXTERNAL", "CAPPED", "PERHEAD", "LIMIT", "COMMA", "COLON", "SEMI", "BREAK",
        "OPEN", "CLOSE", "MARK",
    }
)  # fmt: skip
"""Terminals with which no phrase of several tokens begins."""

INSIDE = frozenset(
    {"PROSE", "ORDINAL", "LATIN", "TITLE", "TIME", "GRADE", "NUMBER", "PERHEAD", "LIMIT"}
)
"""Of those, the ones that may go on a phrase."""

LONGEST = 40
"""Tokens of a phrase at most; longer ones are cut, so that a repeated pattern is parsed once."""

Cut = tuple[str, int, int]


@cache
def _parser() -> Lark:
    return Lark(
        GRAMMAR + f"\n%declare {' '.join(sorted(TERMINALS))}",
        parser="lalr",
        lexer=_Given,
        maybe_placeholders=False,
    )


def phrases(row: Sequence[lexing.Token]) -> Iterator[Phrase]:
    """The row as phrases; every token is in exactly one."""
    at = 0
    while at < len(row):
        end = at + 1
        if row[at].kind in ALONE:
            yield Phrase(row[at].kind, (row[at],))
        else:
            while end < len(row) and end - at < LONGEST and _goes_on(row[end].kind):
                end += 1
            for kind, start, stop in _cuts(tuple(one.kind for one in row[at:end])):
                yield Phrase(kind, tuple(row[at + start : at + stop]))
        at = end


def _goes_on(kind: str) -> bool:
    return kind in INSIDE or kind not in ALONE


@lru_cache(maxsize=8192)
def _cuts(kinds: tuple[str, ...]) -> tuple[Cut, ...]:
    """Where the phrases of a row of terminals begin and end."""
    if len(kinds) == 1:
        return ((SINGLE.get(kinds[0], kinds[0]), 0, 1),)
    tree: Tree[Token] = _parser().parse(kinds)
    return tuple(_cut(part, kinds) for part in tree.children if isinstance(part, Tree))


def _cut(part: Tree[Token], kinds: Sequence[str]) -> Cut:
    places = [one.start_pos or 0 for one in part.children if isinstance(one, Token)]
    kind = str(part.data)
    return kinds[places[0]] if kind == "other" else kind, places[0], places[-1] + 1


SINGLE = {
    "EACH": "step", "COMPARE": "bound", "QUANTITY": "bound", "BEYOND": "bound",
    "POINTS": "effect", "WORTH": "effect", "LOSE": "effect", "GAIN": "effect", "SCORE": "effect",
    "DISCRETION": "effect", "MOST": "effect", "TOTAL": "effect", "EACHOF": "effect",
}  # fmt: skip
