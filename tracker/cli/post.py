"""Order slips, and the mailbox: what goes along with a reminder, and what comes back."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tracker.cli.options import By, Json, Language, Slug, group, schema_of

slips = typer.Typer(
    name="slips",
    help="交办单、催办单、督办单：编号、PDF、作废 / order slips, numbered",
    rich_markup_mode=None,
    invoke_without_command=True,
)
calls = typer.Typer(
    name="calls",
    help="电话清单：没有邮箱或退信的人 / whom to call, and what became of it",
    rich_markup_mode=None,
    invoke_without_command=True,
)
mailbox = group("mailbox", "收信：回信签收、退信、来信 / replies and bounces by mail")

Number = Annotated[
    str, typer.Argument(metavar="NUMBER", help="编号，如 督办〔2021〕7号 / as printed")
]


class Outcome(StrEnum):
    reached = "reached"
    promised = "promised"
    missed = "missed"


class Kind(StrEnum):
    assign = "assign"
    urge = "urge"
    supervise = "supervise"


def add_to(tree: typer.Typer) -> None:
    tree.add_typer(slips)
    tree.add_typer(calls)
    tree.add_typer(mailbox)


@slips.callback()
def listed(
    ctx: typer.Context,
    programme: Slug = "",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("slips")] = False,
) -> None:
    """交办单、催办单、督办单：编号、PDF、作废 / order slips, numbered."""
    if ctx.invoked_subcommand is not None:
        return
    from tracker.cli import posting
    from tracker.cli.house import house

    with house(lang) as place:
        posting.slips_listed(place, programme, as_json=json)


@slips.command("show")
def show(
    number: Number,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="写成 PDF / write the PDF")
    ] = None,
    programme: Slug = "",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("slip")] = False,
) -> None:
    """一份单；可写成 PDF，与发出时逐字节相同 / one slip, its PDF as it was issued."""
    from tracker.cli import posting
    from tracker.cli.house import house

    with house(lang) as place:
        posting.slip_shown(place, programme, number, out=out, as_json=json)


@slips.command("issue")
def issue(
    obligation: Annotated[
        str, typer.Argument(metavar="OBLIGATION", help="应办事项 / its key, as in `due --json`")
    ],
    kind: Annotated[
        Kind,
        typer.Option("--kind", help="assign 交办、urge 催办、supervise 督办 / which kind"),
    ] = Kind.supervise,
    programme: Slug = "",
    by: By = "cli",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("slip")] = False,
) -> None:
    """手工制发一份 / issue one by hand, for what is not finished."""
    from tracker.cli import posting
    from tracker.cli.house import house

    with house(lang) as place:
        posting.slip_issued(place, programme, obligation, kind.value, by=by, as_json=json)


@slips.command("void")
def void(
    number: Number,
    reason: Annotated[str, typer.Option("--reason", help="理由 / why")],
    programme: Slug = "",
    by: By = "cli",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("slip")] = False,
) -> None:
    """作废一份；编号保留不再用 / make one void; its number stays taken."""
    from tracker.cli import posting
    from tracker.cli.house import house

    with house(lang) as place:
        posting.slip_voided(place, programme, number, reason=reason, by=by, as_json=json)


@calls.callback()
def call_list(
    ctx: typer.Context,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="写成 PDF / write a PDF")
    ] = None,
    programme: Slug = "",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("calls")] = False,
) -> None:
    """电话清单：没有邮箱或退信的人 / whom to call, and what became of it."""
    if ctx.invoked_subcommand is not None:
        return
    from tracker.cli import peopling
    from tracker.cli.house import house

    with house(lang) as place:
        peopling.calls_listed(place, programme, out=out, as_json=json)


@calls.command("record")
def call_record(
    person: Annotated[
        str, typer.Argument(metavar="PERSON", help="姓名、邮箱或编号 / name, mail or number")
    ],
    outcome: Annotated[
        Outcome,
        typer.Option("--outcome", help="reached 接通、promised 承诺日期、missed 未接通 / result"),
    ],
    caller: Annotated[str, typer.Option("--caller", help="谁打的 / who called")],
    promised: Annotated[
        str, typer.Option("--promised", metavar="DAY", help="承诺哪天办结 / finished on")
    ] = "",
    note: Annotated[str, typer.Option("--note", help="说了什么 / what was said")] = "",
    programme: Slug = "",
    lang: Language = None,
) -> None:
    """登记一个电话的结果；接通即作签收 / whoever was reached has signed."""
    from tracker.cli import peopling
    from tracker.cli.house import house

    with house(lang) as place:
        peopling.call_recorded(
            place, programme, person, outcome.value, caller=caller, promised=promised, note=note
        )


@mailbox.command("poll")
def poll(
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("poll")] = False,
) -> None:
    """看一次收信邮箱：签收、退信、来信 / look at the mailbox once; it is left as it is."""
    from tracker.cli import posting
    from tracker.cli.house import house

    with house(lang) as place:
        posting.polled(place, as_json=json)


@mailbox.command("list")
def replies(
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("replies")] = False,
) -> None:
    """等人处理的来信 / mails that wait for a person."""
    from tracker.cli import posting
    from tracker.cli.house import house

    with house(lang) as place:
        posting.replies_listed(place, as_json=json)


@mailbox.command("settle")
def settle(
    reply: Annotated[int, typer.Argument(metavar="ID", help="来信号 / its number in the list")],
    by: By = "cli",
    lang: Language = None,
) -> None:
    """一封来信已处理 / a mail was dealt with."""
    from tracker.cli import posting
    from tracker.cli.house import house

    with house(lang) as place:
        posting.reply_settled(place, reply, by=by)
