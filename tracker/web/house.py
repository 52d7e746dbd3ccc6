"""管理: how mail and the other channels are set up and whether they work, data, backups, health."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from notifiers.message import WAYS, DeliveryError
from tracker import runtime
from tracker.services import outlets
from tracker.web import vitals
from tracker.web.asking import Asked
from tracker.web.entry import Acting, Office, Received
from tracker.web.intake import Unclear
from tracker.web.rendering import page

router = APIRouter()

UNPROCESSABLE = 422


@dataclass(frozen=True)
class Tried:
    """What a channel answered, or why it did not take the message."""

    channel: str
    accepted: bool
    told: str


@router.get("/service")
def admin_page(asked: Office) -> Response:
    return _admin(asked)


def _admin(asked: Asked, tried: Tried | None = None, to: str = "") -> Response:
    settings = asked.runtime.settings
    return page(
        asked, "service", outlets=list(outlets.outlets(settings)), settings=settings, tried=tried,
        to=to, state=vitals.vitals(asked), health=vitals.vitals(asked),
        mails=settings.mails, size=_size(settings.data),
        status=UNPROCESSABLE if tried is not None and not tried.accepted else 200,
    )  # fmt: skip


def _size(folder: Path) -> int:
    """Bytes of the database file; 0 where it is on a server."""
    file = folder / "tracker.sqlite"
    return file.stat().st_size if file.is_file() else 0


@router.post("/service/try")
async def try_channel(asked: Acting, form: Received) -> Response:
    """One message now, past the outbox: it says that it is a test. The answer is the proof."""
    name, to = form.text("channel", most=20), form.text("to", most=200)
    if name not in WAYS:
        raise Unclear("form")
    settings = asked.runtime.settings
    try:
        channel = runtime.channel_of(settings, name)
        try:
            accepted = await outlets.tried(
                channel, settings, to=to, mobile="", language=asked.language, now=asked.now
            )
        finally:
            await channel.close()
        tried = Tried(name, True, accepted.reply)
    except (DeliveryError, ValueError) as failure:
        tried = Tried(name, False, f"{failure} ({type(failure).__name__})")
    return await run_in_threadpool(_admin, asked, tried, to)
