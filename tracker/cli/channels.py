"""`tracker channel`: which channels there are, and whether one really takes a message."""

from __future__ import annotations

from typing import Annotated

import typer

from notifiers.message import WAYS
from tracker.cli.options import Json, Language, group, schema_of

channel = group("channel", "通道：邮件、网址推送、群机器人，按序发送 / channels and their order")


def add_to(tree: typer.Typer) -> None:
    tree.add_typer(channel)


@channel.command("list")
def list_(
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("channels")] = False,
) -> None:
    """有哪些通道、先后次序、还缺什么设置 / the channels, their order, what is not set."""
    from tracker.cli import outlets
    from tracker.cli.house import house

    with house(lang) as place:
        outlets.show(place, as_json=json)


@channel.command("test")
def try_one(
    name: Annotated[str, typer.Argument(help=f"{'、'.join(WAYS)} / which channel")],
    to: Annotated[
        str,
        typer.Option("--to", metavar="MAIL", help="收件邮箱，只用于 mail / mailbox, for mail only"),
    ] = "",
    mobile: Annotated[
        str, typer.Option("--mobile", help="群里提醒谁 / whom a robot calls in its group")
    ] = "",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("channel-test")] = False,
) -> None:
    """真的发一条测试消息，看对方怎么答 / send one test message and show the answer.

    Exit 1 where it was not accepted, with the setting to look at.
    """
    from tracker.cli import outlets
    from tracker.cli.house import house

    with house(lang) as place:
        outlets.test(place, name, to=to, mobile=mobile, as_json=json)
