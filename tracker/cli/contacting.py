"""`tracker contacts`: who is there, handed over, away, unreachable, erased."""

from __future__ import annotations

from typing import Annotated

import typer

from tracker.cli.options import By, Json, Language, Slug, schema_of

Person = Annotated[
    str, typer.Argument(metavar="PERSON", help="姓名、邮箱或编号 / name, mail or number")
]
On = Annotated[str, typer.Option("--on", metavar="DAY", help="自哪天起，默认今天 / from which day")]


def add_to(contacts: typer.Typer) -> None:
    contacts.command("list")(listed)
    contacts.command("handover")(handover)
    contacts.command("handover-unit")(handover_unit)
    contacts.command("away")(away)
    contacts.command("back")(back)
    contacts.command("reachable")(reachable)
    contacts.command("revoke-links")(revoke)
    contacts.command("erase")(erase)


def listed(
    programme: Slug = "",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("people")] = False,
) -> None:
    """今天谁在什么单位任什么职 / who has which role today."""
    from tracker.cli import peopling
    from tracker.cli.house import house

    with house(lang) as place:
        peopling.listed(place, programme, as_json=json)


def handover(
    leaver: Person,
    successor: Annotated[str, typer.Option("--to", metavar="PERSON", help="接手的人 / successor")],
    unit: Annotated[
        str, typer.Option("--unit", metavar="U", help="只移交在此单位的 / in this unit only")
    ] = "",
    role: Annotated[
        str, typer.Option("--role", metavar="R", help="只移交此角色 / this role only")
    ] = "",
    on: On = "",
    programme: Slug = "",
    by: By = "cli",
    lang: Language = None,
) -> None:
    """移交：在办事项、催办和链接归接手的人 / hand over roles, and all that follows them."""
    from tracker.cli import peopling
    from tracker.cli.house import house

    with house(lang) as place:
        peopling.handed_over(
            place, programme, leaver, successor, unit=unit, role=role, on=on, by=by
        )


def handover_unit(
    unit: Annotated[str, typer.Argument(metavar="UNIT", help="移出的单位 / the unit")],
    to: Annotated[str, typer.Option("--to", metavar="UNIT", help="接手的单位 / taken over by")],
    on: On = "",
    programme: Slug = "",
    by: By = "cli",
    lang: Language = None,
) -> None:
    """整个单位移交：由另一单位的人负责 / another unit's people answer for it."""
    from tracker.cli import peopling
    from tracker.cli.house import house

    with house(lang) as place:
        peopling.unit_handed_over(place, programme, unit, to, on=on, by=by)


def away(
    person: Person,
    deputy: Annotated[str, typer.Option("--deputy", metavar="PERSON", help="代理人 / deputy")],
    until: Annotated[
        str, typer.Option("--until", metavar="DAY", help="哪天回来 / the first day back")
    ],
    on: On = "",
    copied: Annotated[
        bool, typer.Option("--copied", help="本人也收一份 / the person gets the mails, too")
    ] = False,
    programme: Slug = "",
    by: By = "cli",
    lang: Language = None,
) -> None:
    """请假：期间的信发给代理人，到期自动恢复 / mails go to the deputy until the day back."""
    from tracker.cli import peopling
    from tracker.cli.house import house

    with house(lang) as place:
        peopling.set_away(
            place, programme, person, deputy, on=on, until=until, copied=copied, by=by
        )


def back(
    person: Person,
    on: On = "",
    programme: Slug = "",
    by: By = "cli",
    lang: Language = None,
) -> None:
    """提前回来：代理结束 / back earlier than was said."""
    from tracker.cli import peopling
    from tracker.cli.house import house

    with house(lang) as place:
        peopling.set_back(place, programme, person, on=on, by=by)


def reachable(
    person: Person,
    programme: Slug = "",
    by: By = "cli",
    lang: Language = None,
) -> None:
    """退信的邮箱没有错，恢复发信 / a mail came back, but the address is right."""
    from tracker.cli import peopling
    from tracker.cli.house import house

    with house(lang) as place:
        peopling.set_reachable(place, programme, person, by=by)


def revoke(
    which: Annotated[
        str, typer.Argument(metavar="PERSON|LINK", help="姓名、邮箱、编号或一条链接 / or one link")
    ],
    programme: Slug = "",
    by: By = "cli",
    lang: Language = None,
) -> None:
    """撤回一条链接，或一个人的全部链接 / kill one link, or all of a person."""
    from tracker.cli import peopling
    from tracker.cli.house import house

    with house(lang) as place:
        peopling.revoked(place, programme, which, by=by)


def erase(
    person: Person,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="确实删除，不能恢复 / really; it does not come back")
    ] = False,
    programme: Slug = "",
    by: By = "cli",
    lang: Language = None,
) -> None:
    """删除一个人的个人信息 / forget who somebody was."""
    from tracker.cli import peopling
    from tracker.cli.house import house

    if not confirm:
        raise typer.BadParameter("加上 --confirm 才删除 / needs --confirm", param_hint="--confirm")
    with house(lang) as place:
        peopling.erased(place, programme, person, by=by)
