"""What a person settles: a score that is signed, and who owes a clause."""

from __future__ import annotations

from typing import Annotated

import typer

from tracker.cli.options import AsOf, By, Json, Language, Slug, schema_of

signoff = typer.Typer(
    name="signoff",
    help="签定：把得分按当时的样子留存 / a score is signed and kept as it was",
    rich_markup_mode=None,
    invoke_without_command=True,
)


def add_to(tree: typer.Typer) -> None:
    tree.add_typer(signoff)
    tree.command()(assign)


def assign(
    clause: Annotated[str, typer.Argument(metavar="CLAUSE", help="计分句 / the clause")],
    units: Annotated[
        str,
        typer.Option("--units", metavar="U,U", help="责任单位，逗号分开 / the units that owe it"),
    ] = "",
    joins: Annotated[
        str,
        typer.Option(
            "--joins",
            metavar="J",
            help="合并：all 都完成才算、any 一家即可、lead 只看牵头、each 各算各的 / how they join",
        ),
    ] = "",
    confirm: Annotated[
        bool, typer.Option("--confirm", help="生效：成为方案的新一版 / make it a new version")
    ] = False,
    reason: Annotated[str, typer.Option("--reason", help="理由 / why")] = "",
    programme: Slug = "",
    by: By = "cli",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("assign")] = False,
) -> None:
    """责任划分：先看价，确认才生效 / who owes a clause, priced first.

    Without --confirm it only says what would change, now and at the cut-off. What is left out stays
    as it is.
    """
    from tracker.cli import assigning
    from tracker.cli.house import house

    with house(lang) as place:
        assigning.assigned(
            place,
            programme,
            clause,
            units=units,
            joins=joins,
            reason=reason,
            by=by,
            confirmed=confirm,
            as_json=json,
        )


@signoff.callback()
def listed(
    ctx: typer.Context,
    programme: Slug = "",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("signoffs")] = False,
) -> None:
    """签定：把得分按当时的样子留存 / a score is signed and kept as it was."""
    if ctx.invoked_subcommand is not None:
        return
    from tracker.cli import signatures
    from tracker.cli.house import house

    with house(lang) as place:
        signatures.listed(place, programme, as_json=json)


@signoff.command("make")
def make(
    person: Annotated[str, typer.Option("--person", help="谁签的 / who signs")],
    programme: Slug = "",
    as_of: AsOf = "",
    note: Annotated[str, typer.Option("--note", help="说明 / a note")] = "",
    by: By = "cli",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("signoff")] = False,
) -> None:
    """签定此刻（或 --as-of）的得分 / sign the score of now, or of --as-of.

    Ledger, programme hash, calendar, readings, engine, instants and person are kept as they are;
    later facts never rewrite it. Before the cut-off it is an interim one.
    """
    from tracker.cli import signatures
    from tracker.cli.house import house

    with house(lang) as place:
        signatures.made(place, programme, as_of, person=person, note=note, by=by, as_json=json)


@signoff.command("show")
def show(
    number: Annotated[int, typer.Argument(metavar="N", help="签定号 / its number")],
    programme: Slug = "",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("signoff")] = False,
) -> None:
    """一份签定，以及此后的差别 / a signed score, and the differences since."""
    from tracker.cli import signatures
    from tracker.cli.house import house

    with house(lang) as place:
        signatures.shown(place, programme, number, as_json=json)
