"""The kinds of rule as people read them: what leads to one, what it looks at, how it counts.

Made from what each kind says of itself (`tracker.domain.rules.guide`); pages and command line show
the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from tracker.definitions import yamlform
from tracker.domain.rules.guide import Kind, kinds
from tracker.programmes import SHIPPED, path_of
from tracker.wording import Language
from tracker.wording.catalogue import text


@dataclass(frozen=True)
class Instance:
    """A sanction of a shipped programme that is of the kind, and what its clause says."""

    programme: str
    title: str
    rule: str
    says: str


@dataclass(frozen=True)
class Explained:
    """`about` is the engine's own documentation, in English; `facts` are called as people call
    them, `fact_kinds` as documents do."""

    kind: str
    title: str
    does: str
    about: str
    words: tuple[str, ...]
    facts: tuple[str, ...]
    fact_kinds: tuple[str, ...]
    formula: str
    fields: tuple[str, ...]
    examples: tuple[Instance, ...]


def explained(language: Language) -> tuple[Explained, ...]:
    """Every kind, in the order of the engine."""
    return tuple(_explained(one, language) for one in kinds())


def _explained(kind: Kind, language: Language) -> Explained:
    said = _said()
    return Explained(
        kind=kind.name,
        title=text(f"kinds.{kind.name}", language=language),
        does=text(f"kinds.{kind.name}_does", language=language),
        about=kind.about,
        words=kind.words,
        facts=tuple(text(f"kinds.fact_{name}", language=language) for name in kind.facts),
        fact_kinds=kind.facts,
        formula=text(f"kinds.{kind.name}_formula", language=language),
        fields=kind.fields,
        examples=tuple(
            Instance(one.programme, *said[one.programme, one.rule]) for one in kind.examples
        ),
    )


@cache
def _said() -> dict[tuple[str, str], tuple[str, str, str]]:
    """Title of the programme, rule and what it says, of every sanction that is shipped."""
    return {
        (name, rule): (programme.title, rule, one.says or clause.text)
        for name in SHIPPED
        for programme in (yamlform.load(path_of(name)),)
        for rule, clause, one in programme.rules()
    }
