"""`tracker rules`: the kinds of scoring rule, as they document themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.cli.options import Json, Language, schema_of

if TYPE_CHECKING:
    from tracker.cli import words
    from tracker.definitions.kindanswers import KindAnswer


def add_to(tree: typer.Typer) -> None:
    tree.command("rules")(rules)


def rules(
    kind: Annotated[
        str, typer.Argument(help="只看一种，如 lateness / one kind only, e.g. lateness")
    ] = "",
    as_json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("rules")] = False,
) -> None:
    """规则的种类：说法、事实、算法、例子 / the kinds of rules, explained.

    Every kind of sanction that a programme can hold: the words of a document that lead to it, the
    facts that it looks at, its formula, and examples in the shipped programmes.
    """
    from tracker.cli import show
    from tracker.cli.words import say
    from tracker.definitions.kindanswers import RulesAnswer
    from tracker.domain.errors import NotFound
    from tracker.settings import Settings

    language: words.Lang = lang.value if lang is not None else Settings().language
    known = list(_answers(language))
    wanted = [one for one in known if kind in ("", one.kind)]
    if not wanted:
        names = "、" if language == "zh" else ", "
        listed = names.join(one.kind for one in known)
        raise NotFound(say("rules.unknown", language, kind=kind, known=listed))
    if as_json:
        show.answer(RulesAnswer(rules=wanted))
        return
    show.echo(*(line for one in wanted for line in _lines(one, language)))


def _answers(language: words.Lang) -> Iterator[KindAnswer]:
    from tracker.definitions.kindanswers import KindAnswer, ShownAnswer
    from tracker.services.rulebook import explained

    for one in explained(language):
        yield KindAnswer(
            kind=one.kind,
            title=one.title,
            does=one.does,
            about=one.about,
            words=list(one.words),
            facts=list(one.fact_kinds),
            formula=one.formula,
            fields=list(one.fields),
            examples=[
                ShownAnswer(programme=e.programme, rule=e.rule, says=e.says) for e in one.examples
            ],
        )


def _lines(one: KindAnswer, language: words.Lang) -> Iterator[str]:
    from tracker.cli.words import say
    from tracker.wording.catalogue import text

    listed = "、" if language == "zh" else ", "
    yield f"{one.kind}  {one.title}"
    yield f"    {one.does if language == 'zh' else one.about}"
    yield f"    {say('rules.words', language)}{listed.join(one.words)}"
    if one.facts:
        facts = listed.join(text(f"kinds.fact_{name}", language=language) for name in one.facts)
        yield f"    {say('rules.facts', language)}{facts}"
    yield f"    {say('rules.formula', language)}{one.formula}"
    for example in one.examples:
        place = f"{example.programme} {example.rule}"
        yield f"    {say('rules.example', language)}{place}  {example.says}"
    yield ""
