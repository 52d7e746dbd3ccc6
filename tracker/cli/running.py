"""Running it: the database, the clock, the mail, the pages, and what is still missing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tracker.cli.options import Json, Language, Slug, group, schema_of

trail = group("trail", "留痕：只增不改、环环相扣的事件链 / the trail of events")


def add_to(tree: typer.Typer) -> None:
    for command in (serve, work, tick, deliver, migrate, doctor, demo):
        tree.command()(command)
    tree.add_typer(trail)


def serve(
    host: Annotated[
        str, typer.Option("--host", help="地址，默认取设置 / address, default by settings")
    ] = "",
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="端口 / port; 0: a free one")
    ] = None,
) -> None:
    """网页、时钟、发信合为一个进程 / pages, clock and mail in one process.

    Ctrl-C 或 SIGTERM 时办完手头的再停 / what is under way is finished first.
    """
    from tracker.cli import serving

    serving.serve(host=host, port=port)


def work() -> None:
    """看钟、发信，不提供页面 / clock and mail without pages.

    多机运行（TRACKER_ENGINE=cluster）时每台机器可开任意多个；任何一个停了，其余的接手 /
    any number on any machine of a cluster: the others take over from one that stops.
    """
    from tracker.cli import serving

    serving.work()


def tick(
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("tick")] = False,
) -> None:
    """看一次钟：到点的催办写成待发件 / make what is due now, safe to repeat."""
    from tracker.cli import clockwork
    from tracker.cli.house import house

    with house(lang) as place:
        clockwork.tick(place, as_json=json)


def deliver(
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("deliver")] = False,
) -> None:
    """发出待发件 / send what waits."""
    from tracker.cli import clockwork
    from tracker.cli.house import house

    with house(lang) as place:
        clockwork.deliver(place, as_json=json)


def migrate(
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("migrate")] = False,
) -> None:
    """建立数据库或更新到本版 / make the database, or bring it up to date."""
    from tracker.cli import clockwork
    from tracker.cli.house import house

    with house(lang) as place:
        clockwork.migrate(place, as_json=json)


def doctor(
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("doctor")] = False,
) -> None:
    """还缺什么、怎么办 / what is missing, in plain words.

    数据库、邮件、联系人、日历、时钟、磁盘、密钥 / database, mail, contacts, calendar, clock,
    disk, secret.
    Exit 1 where something has to be put right.
    """
    from tracker.cli import health
    from tracker.cli.house import house

    with house(lang) as place:
        health.show(place, as_json=json)


def demo(
    no_serve: Annotated[
        bool, typer.Option("--no-serve", help="演完即止，不提供页面 / end instead of serving")
    ] = False,
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="DIR", help="数据目录 / folder, default ./tracker-demo"),
    ] = None,
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="端口 / port")] = 8000,
    lang: Language = None,
) -> None:
    """用随附的两份方案演一年，写出催办信和周报 / a year on a moved clock.

    催办信、周报、逾期台账都写成文件，然后提供页面 / everything is written as files, then served.
    """
    from tracker.cli import demonstrating
    from tracker.cli.house import spoken

    demonstrating.demonstrate(data=data, serve=not no_serve, port=port, lang=spoken(lang))


@trail.command("verify")
def verify(
    programme: Slug = "",
    head: Annotated[
        str,
        typer.Option(
            "--head", help="以前印出或寄出的链尾 / a head that was printed or mailed earlier"
        ),
    ] = "",
    json: Json = False,
    lang: Language = None,
    schema: Annotated[bool, schema_of("trail")] = False,
) -> None:
    """重算整条链，与封存的比对 / reckon every chain again. Exit 1 where one is broken.

    给出 --head 时，还要与那时的链尾相符 / with --head it must also pass the head of that time.
    """
    from tracker.cli import clockwork
    from tracker.cli.house import house

    with house(lang) as place:
        clockwork.verify(place, programme, head=head, as_json=json)
