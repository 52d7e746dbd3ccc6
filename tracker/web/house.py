"""管理: how mail and the other channels are set up and whether they work, data, backups, health."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from notifiers.message import WAYS, Address, DeliveryError
from tracker import runtime
from tracker.services import backups, outlets
from tracker.web import vitals
from tracker.web.asking import Asked
from tracker.web.entry import Administering, Received
from tracker.web.intake import Unclear
from tracker.web.rendering import go, page
from tracker.wording import text

router = APIRouter()

UNPROCESSABLE = 422


@dataclass(frozen=True)
class Tried:
    """What a channel answered, or why it did not take the message."""

    channel: str
    accepted: bool
    told: str


@router.get("/service")
def service_page(asked: Administering, done: str = "") -> Response:
    """`done` is the backup that was made just now."""
    return _service(asked, backed_up=done[:60])


def _service(
    asked: Asked, tried: Tried | None = None, to: str = "", *, backed_up: str = ""
) -> Response:
    settings = asked.runtime.settings
    return page(
        asked, "service", outlets=list(outlets.outlets(settings)), settings=settings, tried=tried,
        to=to, state=vitals.vitals(asked), health=vitals.vitals(asked),
        mails=settings.mails, size=_size(settings.data), backups=backups.kept(settings.data),
        backed_up=backed_up,
        status=UNPROCESSABLE if tried is not None and not tried.accepted else 200,
    )  # fmt: skip


def _size(folder: Path) -> int:
    """Bytes of the database file; 0 where it is on a server."""
    file = folder / "tracker.sqlite"
    return file.stat().st_size if file.is_file() else 0


@router.post("/service/try")
async def try_channel(asked: Administering, form: Received) -> Response:
    """One message now, past the outbox: it says that it is a test. The answer is the proof."""
    name, to = form.text("channel", most=20), form.text("to", most=200)
    if name not in WAYS:
        raise Unclear("form")
    tried = await tried_now(asked, name, to)
    return await run_in_threadpool(_service, asked, tried, to)


async def tried_now(asked: Asked, name: str, to: str) -> Tried:
    settings = asked.runtime.settings
    if name == "mail" and not _is_address(to):
        return Tried(name, False, text("admin.no_address", {"to": to}, language=asked.language))
    try:
        channel = runtime.channel_of(settings, name)
        try:
            accepted = await outlets.tried(
                channel, settings, to=to, mobile="", language=asked.language, now=asked.now
            )
        finally:
            await channel.close()
    except (DeliveryError, ValueError) as failure:
        return Tried(name, False, f"{failure} ({type(failure).__name__})")
    return Tried(name, True, accepted.reply)


def _is_address(mail: str) -> bool:
    try:
        return bool(Address(mail))
    except ValueError:
        return False


@router.post("/service/backup")
def back_up(asked: Administering, form: Received) -> Response:
    """One file into the folder of the house, verified; the same as the command line's."""
    return go(asked, "/service#backups", done=back_up_now(asked).path.name)


def back_up_now(asked: Asked) -> backups.Written:
    settings = asked.runtime.settings
    target = settings.data / backups.FOLDER
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    return backups.backup(asked.runtime.database, settings.data, target, asked.now,
                          progress=_quiet)  # fmt: skip


def _quiet(done: int, all_: int) -> None:
    """Nobody watches the progress of a form."""
