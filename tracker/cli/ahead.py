"""`tracker forecast` and `tracker what-if`: what waiting costs, what would be different."""

from __future__ import annotations

from typing import Annotated

import typer

from tracker.cli.options import AsOf, Json, KnownAt, Language, schema_of
from tracker.cli.scoring import Documents, Facts, Unit

Until = Annotated[
    str,
    typer.Option(
        "--until", metavar="T",
        help="看到何时，默认本工作周末 / up to when, default the end of the working week",
    ),
]  # fmt: skip


def add_to(tree: typer.Typer) -> None:
    tree.command("forecast")(forecast)
    tree.command("what-if")(what_if)


def forecast(
    programme: Documents = "",
    facts: Facts = None,
    as_of: AsOf = "",
    known_at: KnownAt = "",
    until: Until = "",
    unit: Unit = "",
    item: Annotated[str, typer.Option("--item", metavar="N", help="只看此任务 / one item")] = "",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("forecast")] = False,
) -> None:
    """再等失多少、现在办保多少 / what waiting costs, what acting keeps.

    Lost so far, lost if nothing more happens until a date, lost if all is done now; by unit, item
    and obligation; and every jump that lies ahead: when, how much, by which rule.
    """
    from tracker.cli import boards, foresight

    with boards.board(programme, facts, as_of, known_at, lang) as seen:
        foresight.show_forecast(seen, until, unit=unit, item=item, as_json=json)


def _several(name: str, metavar: str, help: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(name, metavar=metavar, help=help)
    return option


def what_if(
    programme: Documents = "",
    facts: Facts = None,
    as_of: AsOf = "",
    known_at: KnownAt = "",
    until: Until = "",
    move: Annotated[
        list[str] | None, _several("--move", "KEY=T", "期限本来就是这一天 / another date")
    ] = None,
    extend: Annotated[
        list[str] | None, _several("--extend", "KEY=T", "现在批准延期 / an extension granted now")
    ] = None,
    done: Annotated[
        list[str] | None,
        _several("--done", "KEY[=N|N%]", "现在办完，或累计完成几个 / done now, all or so many"),
    ] = None,
    reading: Annotated[
        list[str] | None, _several("--reading", "ID=CHOICE", "换一种口径 / another reading")
    ] = None,
    set_: Annotated[
        list[str] | None,
        _several("--set", "PATH=VALUE", "改规则、事项、任务的一个字段 / a field of a rule or duty"),
    ] = None,
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("what-if")] = False,
) -> None:
    """假设改期、办了几个、换口径，分数差多少 / what would be different.

    Nothing is saved. KEY is an obligation as `tracker due` names it, 计分句/事项/单位, or its
    beginning for several at once. Each option can be given more than once, all of them together.
    """
    from tracker.cli import boards, foresight

    lists = {"move": move, "extend": extend, "done": done, "reading": reading, "set": set_}
    given = [(kind, text) for kind, texts in lists.items() for text in texts or ()]
    if not given:
        raise typer.BadParameter(
            "至少给一条假设 / give at least one",
            param_hint="--move --extend --done --reading --set",
        )
    with boards.board(programme, facts, as_of, known_at, lang) as seen:
        foresight.show_what_if(seen, until, given, as_json=json)
