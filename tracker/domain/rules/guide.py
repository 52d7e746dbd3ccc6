"""What each kind of rule says of itself: read from its docstring, so that nothing is said twice.

The docstring of a kind ends with four lines: Words (that lead to it), Facts (that it looks at),
Formula (of the raw amount, before caps), Examples (in the shipped programmes, by id).
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from functools import cache
from typing import get_args

from tracker.domain.rules import Rule, RuleBase

_LABELS = ("Words", "Facts", "Formula", "Examples")
_LABEL = re.compile(rf"^({'|'.join(_LABELS)}): *", re.MULTILINE)


@dataclass(frozen=True)
class Shown:
    """A sanction of a shipped programme that is of the kind."""

    programme: str
    rule: str


@dataclass(frozen=True)
class Kind:
    """`about` is the docstring without its last lines; `facts` are kinds of fact; `fields` are what
    a document may say of it, the kind and what every rule has left out."""

    name: str
    about: str
    words: tuple[str, ...]
    facts: tuple[str, ...]
    formula: str
    examples: tuple[Shown, ...]
    fields: tuple[str, ...]


@cache
def kinds() -> tuple[Kind, ...]:
    """Every kind of the union, in its order."""
    return tuple(_kind(one) for one in get_args(get_args(Rule)[0]))


def _kind(rule: type[RuleBase]) -> Kind:
    about, *rest = _LABEL.split(inspect.getdoc(rule) or "")
    told = {
        label: " ".join(text.split()) for label, text in zip(rest[::2], rest[1::2], strict=True)
    }
    (name,) = get_args(rule.model_fields["kind"].annotation)
    return Kind(
        name=name,
        about=" ".join(about.split()),
        words=_listed(told.get("Words", ""), ","),
        facts=_listed(told.get("Facts", ""), ","),
        formula=told.get("Formula", ""),
        examples=tuple(Shown(*one.split()) for one in _listed(told.get("Examples", ""), ";")),
        fields=tuple(
            one for one in rule.model_fields if one not in {*RuleBase.model_fields, "kind"}
        ),
    )


def _listed(text: str, mark: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(mark) if part.strip())
