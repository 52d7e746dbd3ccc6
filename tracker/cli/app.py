"""The tree of commands, and what happens when one of them fails.

A command's module is imported when the command is asked for; `tracker --help` reads only the list
below.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, MutableMapping
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

import tracker

if TYPE_CHECKING:
    from typer._click import Command, Context, HelpFormatter

COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("running", "用随附的两份方案演一年，写出催办信和周报 / a year on a moved clock"),
    "programme": ("documents", "方案文件：校验、发布、比较 / programme documents"),
    "clause": ("clauses", "读一句计分细则：规则、期限、歧义 / read one scoring sentence"),
    "contacts": ("loading", "联系人与角色 / people and their roles"),
    "facts": ("loading", "事实：填报、审核、交办、监测等 / facts"),
    "calendar": ("loading", "工作日历 / the working calendar"),
    "rules": ("kinds", "规则的种类：说法、事实、算法、例子 / the kinds of rules, explained"),
    "readings": ("loading", "口径登记：有歧义的计分句、各选项的分差 / the register of readings"),
    "due": ("scoring", "应办事项：谁欠什么、何时到期、亮什么灯 / obligations with lights"),
    "score": ("scoring", "得分台账：每一分失在哪里、怎么算的 / the ledger and its arithmetic"),
    "forecast": ("ahead", "再等失多少、现在办保多少 / what waiting costs, what acting keeps"),
    "what-if": ("ahead", "假设改期、办了几个、换口径，分数差多少 / what would be different"),
    "assign": ("signing", "责任划分：先看价，确认才生效 / who owes a clause, priced first"),
    "signoff": ("signing", "签定：把得分按当时的样子留存 / a score is signed and kept as it was"),
    "remind": ("scoring", "此时谁会收到什么催办、为什么 / who would be told what, and why"),
    "notices": ("notices", "催办：今后两周的信、推后与静默、现在催 / reminders seen to by hand"),
    "slips": ("post", "交办单、催办单、督办单：编号、PDF、作废 / order slips, numbered"),
    "calls": ("post", "电话清单：没有邮箱或退信的人 / whom to call, and what became of it"),
    "mailbox": ("post", "收信：回信签收、退信、来信 / replies and bounces by mail"),
    "digest": ("scoring", "周报：一句结论、五条要紧事、各单位的灯 / the weekly page"),
    "audit": ("scoring", "逾期台账：逾期、失分、催办与签收 / the audit of late items"),
    "bulletin": ("scoring", "通报：一月或一季的排名 / units ranked for a month or a quarter"),
    "trail": ("running", "留痕：只增不改、环环相扣的事件链 / the trail of events"),
    "migrate": ("running", "建立数据库或更新到本版 / make the database, or bring it up to date"),
    "backup": ("keeping", "备份：数据库、佐证、密钥一个文件 / one file with everything"),
    "restore": ("keeping", "恢复备份，什么都不发两次 / restore one; nothing is sent twice"),
    "held": ("keeping", "恢复后待定的邮件：补发，或认定已发 / mails that a restore holds"),
    "export": ("keeping", "导出：换数据库用，留痕链不断 / to move to another database"),
    "import": ("keeping", "导入到空库，全有或全无 / into an empty database, all or nothing"),
    "doctor": ("running", "还缺什么、怎么办 / what is missing, in plain words"),
    "serve": ("running", "网页、时钟、发信合为一个进程 / pages, clock and mail in one process"),
    "work": ("running", "看钟、发信，不提供页面 / clock and mail without pages"),
    "tick": ("running", "看一次钟：到点的催办写成待发件 / make what is due now, safe to repeat"),
    "channel": ("channels", "通道：邮件、网址推送、群机器人，按序发送 / channels and their order"),
    "feed": (
        "subscribing",
        "日历订阅：个人或单位的期限，地址保密 / calendar feeds at secret addresses",
    ),
    "user": ("doors", "账号与角色：新建、重设密码、停用 / accounts and roles"),
    "token": ("doors", "令牌：给程序用，只显示一次 / tokens for programs"),
    "deliver": ("running", "发出待发件 / send what waits"),
}  # fmt: skip
"""Each command's module, and the first line of its help."""


class Shelf(MutableMapping[str, "Command"]):
    """The commands by name, each made when it is taken."""

    def __init__(self) -> None:
        self._made: dict[str, Command] = {}

    def __getitem__(self, name: str) -> Command:
        if name not in self._made:
            tree = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
            import_module(f"tracker.cli.{COMMANDS[name][0]}").add_to(tree)
            self._made |= typer.main.get_group(tree).commands
        return self._made[name]

    def __setitem__(self, name: str, command: Command) -> None:
        self._made[name] = command

    def __delitem__(self, name: str) -> None:
        del self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class Commands(TyperGroup):
    """Expected failures become one message on standard error and exit 1, without a traceback.

    `TRACKER_DEBUG=1` shows the traceback.
    """

    def __init__(self, **parts: Any) -> None:
        super().__init__(**parts)
        self.commands = Shelf()

    def list_commands(self, ctx: Context) -> list[str]:
        return list(COMMANDS)

    def format_commands(self, ctx: Context, formatter: HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])

    def invoke(self, ctx: Context) -> object:
        try:
            return super().invoke(ctx)
        except Exception as failure:
            if isinstance(failure, OSError) and failure.errno == errno.EPIPE:
                raise  # somebody reads only the first lines: typer ends quietly
            from tracker.cli.failures import told

            message = told(failure)
            if message is None or os.environ.get("TRACKER_DEBUG") == "1":
                raise
            typer.echo(message, err=True)
            raise typer.Exit(1) from failure


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"tracker {tracker.__version__}")
        raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="版本 / version")
    ] = False,
) -> None:
    """目标责任书的时限与进度：谁欠什么、何时到期、失多少分、为何被催办。

    Deadline and progress tracking for responsibility lists: who owes what by when, what it costs,
    who was told. Every command has --help; those that print data have --json and --schema.
    """


app = typer.Typer(
    cls=Commands,
    callback=_root,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
