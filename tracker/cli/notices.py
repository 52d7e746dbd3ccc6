"""Reminders as a person sees to them: the mails to come, who is left in peace, one sent now."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from tracker.cli.options import By, Json, Language, Slug, group, schema_of

notices = group("notices", "催办：今后两周的信、推后与静默、现在催 / reminders seen to by hand")


class ScopeName(StrEnum):
    obligation = "obligation"
    unit = "unit"
    person = "person"
    programme = "programme"


Because = Annotated[str, typer.Option("--because", metavar="WHY", help="理由 / why")]
Until = Annotated[
    str, typer.Option("--until", metavar="T", help="到何时，默认两周 / until, two weeks by default")
]


def add_to(tree: typer.Typer) -> None:
    tree.add_typer(notices)


@notices.command("ahead")
def ahead(
    programme: Slug = "",
    until: Until = "",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("ahead")] = False,
) -> None:
    """今后两周每人会收到哪些信、为什么 / the mails of the next two weeks, and why.

    Played forward over what is known now. Nothing is made or sent.
    """
    from tracker.cli import noticing
    from tracker.cli.house import house

    with house(lang) as place:
        noticing.ahead(place, programme, until, as_json=json)


@notices.command("read")
def read(
    key: Annotated[str, typer.Argument(metavar="KEY", help="信的编号，见 ahead / its key")],
    programme: Slug = "",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("letter")] = False,
) -> None:
    """一封还没发的信会怎么写 / how a mail to come would read."""
    from tracker.cli import noticing
    from tracker.cli.house import house

    with house(lang) as place:
        noticing.read(place, programme, key, as_json=json)


@notices.command("silence")
def silence(
    scope: Annotated[
        ScopeName,
        typer.Argument(metavar="SCOPE", help="obligation、unit、person、programme / what"),
    ],
    subject: Annotated[
        str,
        typer.Argument(
            metavar="WHICH", help="事项编号、单位或邮箱 / obligation key, unit or address"
        ),
    ] = "",
    until: Annotated[
        str, typer.Option("--until", metavar="T", help="截止，最长 92 天 / its end, within 92 days")
    ] = "",
    because: Because = "",
    snooze: Annotated[
        bool, typer.Option("--snooze", help="推后：截止时一并发出 / sent together when it ends")
    ] = False,
    programme: Slug = "",
    by: By = "cli",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("silence")] = False,
) -> None:
    """让一件事、一个单位、一个人或整个方案清静一阵 / leave it, or somebody, in peace.

    It needs an end and a reason, ends by itself, and stands in the ledger and the digest.
    """
    from tracker.cli import noticing
    from tracker.cli.house import house

    with house(lang) as place:
        noticing.silence(
            place, programme, scope.value, subject, until=until, because=because, snooze=snooze,
            by=by, as_json=json,
        )  # fmt: skip


@notices.command("silences")
def listed(
    programme: Slug = "",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("silences")] = False,
) -> None:
    """推后与静默，结束的也列 / snoozes and silences, over ones too."""
    from tracker.cli import noticing
    from tracker.cli.house import house

    with house(lang) as place:
        noticing.silences_listed(place, programme, as_json=json)


@notices.command("resume")
def resume(
    number: Annotated[int, typer.Argument(metavar="N", help="它的号 / its number")],
    programme: Slug = "",
    by: By = "cli",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("silence")] = False,
) -> None:
    """提前结束推后或静默 / end a snooze or silence now."""
    from tracker.cli import noticing
    from tracker.cli.house import house

    with house(lang) as place:
        noticing.resumed(place, programme, number, by=by, as_json=json)


@notices.command("send")
def send(
    key: Annotated[str, typer.Argument(metavar="KEY", help="事项编号 / the obligation's key")],
    role: Annotated[
        str,
        typer.Option(
            "--role",
            help="催给谁：contact、deputy、head、lead、reviewer、leader、office / whom to tell",
        ),
    ] = "contact",
    because: Because = "",
    programme: Slug = "",
    by: By = "cli",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("sent")] = False,
) -> None:
    """现在就催一件事 / remind of one obligation now.

    The next tick puts it into a mail, outside of the window too, but not into the quiet hours.
    """
    from tracker.cli import noticing
    from tracker.cli.house import house

    with house(lang) as place:
        noticing.send(place, programme, key, role=role, because=because, by=by, as_json=json)


@notices.command("resend")
def resend(
    message_id: Annotated[
        str, typer.Argument(metavar="MESSAGE-ID", help="信的编号 / the mail's number")
    ],
    programme: Slug = "",
    by: By = "cli",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("sent")] = False,
) -> None:
    """把一封信里还没办的事再催一次 / tell again what a mail told and is still open."""
    from tracker.cli import noticing
    from tracker.cli.house import house

    with house(lang) as place:
        noticing.resend(place, programme, message_id, by=by, as_json=json)


@notices.command("mails")
def mails(
    kind: Annotated[
        str, typer.Option("--kind", help="只列一种：reminder、digest、office / one kind only")
    ] = "",
    last: Annotated[int, typer.Option("--last", min=1, max=1000, help="几封 / how many")] = 50,
    programme: Slug = "",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("mails")] = False,
) -> None:
    """发出的信，最近的在前：结果、编号、服务器的话 / mails that went out, newest first."""
    from tracker.cli import noticing
    from tracker.cli.house import house

    with house(lang) as place:
        noticing.mails(place, programme, kind, last, as_json=json)


@notices.command("mail")
def mail(
    number: Annotated[int, typer.Argument(metavar="N", help="它的号，见 mails / its number")],
    programme: Slug = "",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("mail")] = False,
) -> None:
    """一封发出的信当时怎么写 / how a mail read when it went."""
    from tracker.cli import noticing
    from tracker.cli.house import house

    with house(lang) as place:
        noticing.mail(place, programme, number, as_json=json)
