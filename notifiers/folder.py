"""Mails as `.eml` files in a folder: the default, so that nobody is mailed by accident."""

import asyncio
import os
import re
from datetime import UTC
from email.utils import parsedate_to_datetime
from hashlib import sha256
from pathlib import Path
from tempfile import mkstemp

from notifiers.message import MAILING, Accepted, Message, PermanentFailure, TransientFailure
from notifiers.mime import build

_DATE = re.compile(rb"^Date: *([^\r\n]+)", re.MULTILINE | re.IGNORECASE)


class FolderChannel:
    """One file per message id, so a repeated attempt replaces its own file; made when needed."""

    name = "folder"
    way = MAILING

    def __init__(self, path: Path) -> None:
        self.path = path

    async def send(self, message: Message) -> Accepted:
        return await self.send_raw(
            build(message),
            sender=message.sender.mail,
            to=message.to.mail,
            message_id=message.message_id,
        )

    async def send_raw(self, raw: bytes, *, sender: str, to: str, message_id: str) -> Accepted:
        target = self.path / _file_name(raw, message_id)
        try:
            await asyncio.to_thread(_write, target, raw)
        except OSError as error:
            reason = error.strerror or str(error)
            raise TransientFailure(f"cannot write to {self.path}: {reason}") from error
        return Accepted(self.name, str(target))

    async def close(self) -> None:
        pass


def _file_name(raw: bytes, message_id: str) -> str:
    """Sorts by the instant of the Date header, in UTC; safe on every file system."""
    found = _DATE.search(raw.partition(b"\r\n\r\n")[0])
    try:
        date = parsedate_to_datetime(found[1].decode("ascii")) if found else None
    except ValueError:
        date = None
    if date is None:
        raise PermanentFailure(f"mail {message_id} has no readable Date header")
    mark = sha256(message_id.encode()).hexdigest()[:12]
    return f"{date.astimezone(UTC):%Y%m%d-%H%M%S}-{mark}.eml"


def _write(target: Path, raw: bytes) -> None:
    """All or nothing, and on the disk: the outbox will call this mail sent."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, unfinished = mkstemp(dir=target.parent, prefix=".unfinished-")
    try:
        with open(handle, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, target)
    except BaseException:
        os.unlink(unfinished)
        raise
