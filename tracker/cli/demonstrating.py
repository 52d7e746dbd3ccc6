"""`tracker demo`: plays the shipped programmes, sums up on one screen, serves the pages."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from tracker.cli import show
from tracker.cli.words import Lang, heading, say
from tracker.demo import run
from tracker.demo.play import Played
from tracker.demo.run import Shown
from tracker.services import scoreboard
from tracker.services.scoreboard import Board
from tracker.wording.catalogue import text
from tracker.wording.forms import points

FOLDER = Path("tracker-demo")
REASONS = 5
HOST = "127.0.0.1"


def demonstrate(*, data: Path | None, serve: bool, port: int, lang: Lang) -> None:
    """Refused where the folder holds anything that is not a demonstration's."""
    settings = run.prepare(
        (data or FOLDER).absolute(), host=HOST, port=port, language="en" if lang == "en" else "zh"
    )
    shown = run.play(settings, Console())
    show.echo(*summary(shown, lang))
    if not serve:
        shown.runtime.database.close()
        return
    from tracker.cli import serving

    serving.show(shown.runtime)


def summary(shown: Shown, lang: Lang) -> Iterator[str]:
    """Score, points lost and why, mails by kind, where the files are."""
    for played in shown.played:
        yield ""
        yield from _programme(shown, played, lang)
    yield ""
    mails = "  ".join(f"{_kind(kind, lang)} {n}" for kind, n in sorted(shown.mails.items()))
    yield say("demo.mails", lang, mails=mails)
    for name, folder in _folders(shown):
        yield f"  {show.padded(say(f'demo.{name}', lang), 10)}{folder}"
    yield from _visitors(shown, lang)
    yield say("demo.took", lang, seconds=f"{shown.seconds:.0f}")


def _visitors(shown: Shown, lang: Lang) -> Iterator[str]:
    """Who sits at the machine is the office; these are for everybody else's eyes."""
    yield say("demo.visitors", lang, password=shown.visitors.password)
    for role, unit in shown.visitors.logins:
        called = text(f"role.{role}", language=lang)
        yield f"  {show.padded(role.value, 15)}{called}  {unit}".rstrip()


def _kind(name: str, lang: Lang) -> str:
    """ "reminder sent" -> 催办 已发."""
    return " ".join(say(f"demo.{word}", lang) for word in name.split())


def _folders(shown: Shown) -> Iterator[tuple[str, Path]]:
    yield "mail_files", shown.runtime.settings.mails
    yield "digests", shown.folder / "digests"
    yield "audits", shown.folder / "audit"


def _programme(shown: Shown, played: Played, lang: Lang) -> Iterator[str]:
    programme = played.programme
    with shown.runtime.database.read() as session:
        board = scoreboard.board(session, programme.id, as_of=played.ended_at)
    ledger = board.ledger
    yield f"{programme.title}  {played.ended_at.astimezone(programme.tz):%Y-%m-%d}"
    yield say(
        "score.line", lang,
        score=points(ledger.score), points=points(ledger.base_points), base=points(ledger.base),
        bonus=points(ledger.bonus), penalty=points(ledger.penalty),
    )  # fmt: skip
    yield say(
        "demo.played", lang,
        facts=played.facts, ticks=played.ticks, notices=played.notices, weeks=played.weeks,
    )  # fmt: skip
    keys = ("lost", "item", "title", "clause")
    yield from show.table([heading(key, lang) for key in keys], _reasons(board), right=[0])


def _reasons(board: Board) -> list[tuple[str, str, str, str]]:
    """The items that lost most, with the clauses that did it."""
    ledger = board.ledger
    lost = {
        item.id: (-sum(entry.points for entry in ledger.of_item(item.id)), item)
        for _, item in board.programme.items()
    }
    worst = sorted(lost.values(), key=lambda one: -one[0])[:REASONS]
    return [
        (
            points(amount),
            item.id,
            item.title,
            "、".join(dict.fromkeys(e.clause for e in ledger.of_item(item.id) if e.points < 0)),
        )
        for amount, item in worst
        if amount > 0
    ]
